#ifndef TIJORI_CRYPTO_HEX_H
#define TIJORI_CRYPTO_HEX_H

/* Bytes as hex digits, two a byte, the high half first. Digits are written in lower case. A text
 * that this software signs or derives has one spelling, so only lower case is read there. What
 * people write is read in either case. */

#include "crypto/must_use.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Writes 2 * size digits and a NUL. */
void tj_hex_encode(char *out, const uint8_t *bytes, size_t size);

/* Reads `size` bytes from a text of exactly 2 * size lower-case digits. On false `out` holds
 * nothing of use. */
bool tj_hex_decode(uint8_t *out, size_t size, const char *text, size_t text_size) TJ_MUST_USE;
/* The same, in either case. */
bool tj_hex_decode_any_case(uint8_t *out, size_t size, const char *text,
                            size_t text_size) TJ_MUST_USE;

#endif
