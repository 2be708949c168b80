#ifndef TIJORI_CRYPTO_SIGNATURE_H
#define TIJORI_CRYPTO_SIGNATURE_H

/* Signatures over a 32-byte message hash: ECDSA and BIP-340 on secp256k1 (libsecp256k1), and
 * Ed25519 (OpenSSL; for the log's notes, never for envelopes).
 *
 * Verification is one batch call, a pure function of its items. Nothing above it may know which
 * engine answered. libsecp256k1 is the reference.
 *
 * Sizes (bytes):      public key   signature
 *     ECDSA              33          64    compressed point; r || s big-endian, low-S only
 *     BIP-340            32          64    x-only; R.x || s
 *     Ed25519            32          64    RFC 8032 */

#include "crypto/must_use.h"
#include "crypto/ed25519.h"
#include "crypto/hash.h"

#include <stdbool.h>

/* The numbers are those of slots and key records (docs/FORMAT.md). Others are not known. */
enum tj_algorithm {
    TJ_ALGORITHM_ECDSA = 1,
    TJ_ALGORITHM_BIP340 = 2,
    TJ_ALGORITHM_ED25519 = 3,
};

enum {
    TJ_PUBLIC_KEY_SIZE_MAX = 33,
    TJ_SIGNATURE_SIZE = 64,
    TJ_SECRET_KEY_SIZE = 32,
};

struct tj_public_key {
    uint8_t algorithm; /* enum tj_algorithm */
    uint8_t size;      /* of `bytes` in use: 33 or 32 */
    uint8_t bytes[TJ_PUBLIC_KEY_SIZE_MAX];
};

/* 33, 32 or 32; 0 for a number that is not a known algorithm. */
size_t tj_public_key_size(uint8_t algorithm) TJ_MUST_USE;

/* True for the right size and a point on the curve in its one encoding. For ECDSA that begins with
 * 02 or 03. For Ed25519 it is that of RFC 8032, and not of small order, under which one signature
 * fits many messages. */
bool tj_public_key_valid(const struct tj_public_key *key) TJ_MUST_USE;

/* The x-coordinate of a secp256k1 key (bytes 1..33 of ECDSA, all of BIP-340); for Ed25519 the key.
 */
void tj_public_key_x(const struct tj_public_key *key, uint8_t x32[32]);

struct tj_verify_item {
    struct tj_public_key key;
    struct tj_hash message;
    uint8_t signature64[TJ_SIGNATURE_SIZE];
};

/* Verifies `count` items. A key that does not parse and a high-S ECDSA signature are INVALID. Only
 * an Ed25519 signature can be UNDECIDED. Any number of threads may call it at once. */
void tj_verify_batch(enum tj_signature_verdict *verdicts, const struct tj_verify_item *items,
                     size_t count);

/* Signs with a 32-byte secret key. ECDSA takes the nonce of RFC 6979 and is normalised to low-S.
 * BIP-340 takes fresh auxiliary randomness unless `aux32` is given, which is for tests; the others
 * ignore it. False when the secret key is not valid for the algorithm, or there is no memory or no
 * randomness. The result is verified
 * before it is handed out, so a fault while signing cannot leak the key. */
bool tj_sign(uint8_t signature64[TJ_SIGNATURE_SIZE], uint8_t algorithm,
             const uint8_t secret32[TJ_SECRET_KEY_SIZE], const struct tj_hash *message,
             const uint8_t *aux32) TJ_MUST_USE;

/* An ECDSA signature as others write it, 64 bytes or DER, with s in its lower half. False when it
 * is neither. Nothing is verified. */
bool tj_ecdsa_signature_read(uint8_t signature64[TJ_SIGNATURE_SIZE], const uint8_t *bytes,
                             size_t size) TJ_MUST_USE;

/* The public key of a secret key; false when the secret key is not valid, or as above. */
bool tj_public_key_of(struct tj_public_key *out, uint8_t algorithm,
                      const uint8_t secret32[TJ_SECRET_KEY_SIZE]) TJ_MUST_USE;

/* Fills with random bytes of the operating system's generator, through OpenSSL. False when it gave
 * none. */
bool tj_random(void *out, size_t size) TJ_MUST_USE;

/* Overwrites a secret; never optimised away. */
void tj_cleanse(void *secret, size_t size);

#endif
