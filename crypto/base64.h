#ifndef TIJORI_CRYPTO_BASE64_H
#define TIJORI_CRYPTO_BASE64_H

/* Standard base64 with padding (RFC 4648, section 4). Only the canonical form is read: no white
 * space, the length a multiple of 4, padding complete, unused bits zero (section 3.5). What is read
 * therefore re-encodes to the same characters. */

#include "crypto/must_use.h"

#include <stdbool.h>
#include <stddef.h>

/* Characters that `size` bytes take, without a NUL. `size` is at most SIZE_MAX / 2. */
size_t tj_base64_encoded_size(size_t size) TJ_MUST_USE;

/* Writes tj_base64_encoded_size(size) characters, no NUL. */
void tj_base64_encode(char *out, const void *data, size_t size);

/* Decodes `size` characters. *decoded_size gets the number of all bytes of the result. The first
 * `out_size` of them are written to `out`, which may be NULL when out_size is 0. False when the
 * text is not canonical; `out` then holds nothing of use. */
bool tj_base64_decode(void *out, size_t out_size, size_t *decoded_size, const char *text,
                      size_t size) TJ_MUST_USE;

#endif
