#ifndef TIJORI_CRYPTO_KEYFILE_H
#define TIJORI_CRYPTO_KEYFILE_H

/* Key files: PKCS#8 in PEM (RFC 5958, RFC 7468), plain or encrypted with PBES2 (scrypt,
 * AES-256-CBC). `openssl pkey` reads and writes them too. An EC key in the older form of SEC 1
 * (RFC 5915, "EC PRIVATE KEY") is read as well, and never written.
 *
 * PKCS#8 does not say whether a secp256k1 key signs ECDSA or BIP-340. RFC 7468 section 5.2 allows
 * explanatory text before the first boundary. There a BIP-340 key carries the line
 *     Tijori-Algorithm: bip340
 * A secp256k1 key without that line is an ECDSA key. */

#include "crypto/keyfile_fault.h"
#include "crypto/signature.h"

struct tj_secret_key {
    uint8_t algorithm; /* enum tj_algorithm */
    uint8_t secret32[TJ_SECRET_KEY_SIZE];
};

enum {
    TJ_KEYFILE_SIZE_MAX = 64 * 1024, /* bytes */
    /* What deriving a key from a passphrase may take; OpenSSL allows its own reader no more. */
    TJ_KEYFILE_SCRYPT_BYTES_MAX = 32 * 1024 * 1024,
};

/* A fresh key from the system's generator. False: no memory, no randomness or no such algorithm. */
bool tj_secret_key_generate(struct tj_secret_key *out, enum tj_algorithm algorithm) TJ_MUST_USE;

/* Writes the bytes of a key file, at most TJ_KEYFILE_SIZE_MAX. When `passphrase` is NULL it is left
 * plain. A key that is not valid is FORMAT. */
enum tj_keyfile_status tj_keyfile_encode(char out[TJ_KEYFILE_SIZE_MAX], size_t *size,
                                         const struct tj_secret_key *key, const char *passphrase);

/* Reads the bytes of a key file. *encrypted (may be NULL) tells whether a passphrase is needed.
 * Call it with `passphrase` NULL first. When PASSPHRASE comes back with *encrypted true, call it
 * again with one. `fault` (may be NULL) is set with FORMAT. */
enum tj_keyfile_status tj_keyfile_decode(struct tj_secret_key *out, bool *encrypted,
                                         const void *pem, size_t size, const char *passphrase,
                                         struct tj_keyfile_fault *fault);

#endif
