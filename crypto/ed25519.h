#ifndef TIJORI_CRYPTO_ED25519_H
#define TIJORI_CRYPTO_ED25519_H

/* Ed25519 (RFC 8032), through OpenSSL. Added are the checks of a public key that OpenSSL leaves
 * out.
 *
 * Threads: any. */

#include "crypto/must_use.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TJ_ED25519_SIGNATURE_SIZE = 64 };

/* True for the one encoding (RFC 8032, section 5.1.3) of a point on the curve whose order is not
 * small. Under a key of small order, one signature fits many messages. */
bool tj_ed25519_public_key_valid(const uint8_t public32[32]) TJ_MUST_USE;

/* Any 32 bytes are a secret key. False only when OpenSSL has no Ed25519, or no memory. */
bool tj_ed25519_public_key_of(uint8_t public32[32], const uint8_t secret32[32]) TJ_MUST_USE;

/* Signs a message of any length (signed notes). False as above. */
bool tj_ed25519_sign(uint8_t signature64[64], const uint8_t secret32[32], const void *message,
                     size_t size) TJ_MUST_USE;

enum tj_signature_verdict {
    TJ_SIGNATURE_INVALID, /* the signature or the public key is wrong */
    TJ_SIGNATURE_VALID,
    TJ_SIGNATURE_UNDECIDED, /* OpenSSL could not tell: no memory, or no Ed25519 (tj_ed25519_offered)
                             */
};
/* Verifies a signature. */
enum tj_signature_verdict tj_ed25519_verify(const uint8_t public32[32], const void *message,
                                            size_t size, const uint8_t signature64[64]) TJ_MUST_USE;

/* False when this machine's OpenSSL has no Ed25519 at all, as without its default provider. True,
 * too, when that cannot be told. */
bool tj_ed25519_offered(void) TJ_MUST_USE;

#endif
