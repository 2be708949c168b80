#ifndef TIJORI_CRYPTO_ED25519_H
#define TIJORI_CRYPTO_ED25519_H

/* Internal to crypto/: what crypto/signature.c needs of Ed25519 beyond the public calls. */

#include <stdbool.h>
#include <stdint.h>

/* True for the one encoding (RFC 8032, section 5.1.3) of a point on the curve whose order is not
 * small. Under a key of small order one signature fits many messages. */
bool tj_ed25519_public_key_valid(const uint8_t public32[32]);

/* Any 32 bytes are a secret key. False only when OpenSSL has no Ed25519. */
bool tj_ed25519_public_key_of(uint8_t public32[32], const uint8_t secret32[32]);

#endif
