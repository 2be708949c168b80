#include "text/fingerprint.h"

#include "crypto/hex.h"
#include "text/text.h"

#include <string.h>

void key_fingerprint(char out[FINGERPRINT_SIZE], struct tj_hasher *hasher,
                     const struct tj_public_key *key)
{
    uint8_t bytes[1 + TJ_PUBLIC_KEY_SIZE_MAX];
    struct tj_hash hash;
    bytes[0] = key->algorithm;
    memcpy(bytes + 1, key->bytes, key->size);
    tj_sha256(hasher, &hash, bytes, (size_t)1 + key->size);
    tj_hex_encode(out, hash.bytes, FINGERPRINT_BYTES);
}
