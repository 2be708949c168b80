#ifndef TIJORI_TEXT_FINGERPRINT_H
#define TIJORI_TEXT_FINGERPRINT_H

/* A public key's short name for people (docs/FORMAT.md section 2): the first 8 bytes of
 * SHA-256(algorithm u8 || key), in hex. */

#include "crypto/signature.h"

enum { FINGERPRINT_BYTES = 8, FINGERPRINT_SIZE = 2 * FINGERPRINT_BYTES + 1 };

void key_fingerprint(char out[FINGERPRINT_SIZE], struct tj_hasher *hasher,
                     const struct tj_public_key *key);

#endif
