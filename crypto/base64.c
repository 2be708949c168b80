#include "crypto/base64.h"

#include "crypto/require.h"

#include <stdint.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum { NOT_A_DIGIT = 64 };

size_t tj_base64_encoded_size(size_t size)
{
    TJ_CRYPTO_REQUIRE(size <= SIZE_MAX / 2);
    return size / 3 * 4 + (size % 3 != 0 ? 4 : 0);
}

void tj_base64_encode(char *out, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    size_t i = 0;
    for (; size - i >= 3; i += 3) {
        const uint32_t group =
            (uint32_t)bytes[i] << 16 | (uint32_t)bytes[i + 1] << 8 | bytes[i + 2];
        *out++ = alphabet[group >> 18];
        *out++ = alphabet[group >> 12 & 63];
        *out++ = alphabet[group >> 6 & 63];
        *out++ = alphabet[group & 63];
    }
    if (i == size) {
        return;
    }
    const bool two = size - i == 2;
    const uint32_t group = (uint32_t)bytes[i] << 16 | (two ? (uint32_t)bytes[i + 1] << 8 : 0);
    *out++ = alphabet[group >> 18];
    *out++ = alphabet[group >> 12 & 63];
    *out++ = two ? alphabet[group >> 6 & 63] : '=';
    *out++ = '=';
}

static uint32_t digit_of(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return (uint32_t)(c - 'A');
    }
    if (c >= 'a' && c <= 'z') {
        return (uint32_t)(c - 'a') + 26;
    }
    if (c >= '0' && c <= '9') {
        return (uint32_t)(c - '0') + 52;
    }
    if (c == '+') {
        return 62;
    }
    return c == '/' ? 63 : NOT_A_DIGIT;
}

/* One group of four characters, of which the last `padding` are '='. False when not canonical. */
static bool decode_group(uint8_t bytes[3], const char text[4], size_t padding)
{
    uint32_t group = 0;
    for (size_t i = 0; i < 4 - padding; i++) {
        const uint32_t digit = digit_of(text[i]);
        if (digit == NOT_A_DIGIT) {
            return false;
        }
        group |= digit << (18 - 6 * i);
    }
    bytes[0] = (uint8_t)(group >> 16);
    bytes[1] = (uint8_t)(group >> 8);
    bytes[2] = (uint8_t)group;
    /* The bits that padding leaves over carry nothing and must say so. */
    return (padding < 1 || bytes[2] == 0) && (padding < 2 || bytes[1] == 0);
}

bool tj_base64_decode(void *out, size_t out_size, size_t *decoded_size, const char *text,
                      size_t size)
{
    uint8_t *to = out;
    size_t total = 0;
    *decoded_size = 0;
    if (size % 4 != 0) {
        return false;
    }
    for (size_t i = 0; i < size; i += 4) {
        size_t padding = 0;
        if (size - i == 4 && text[i + 3] == '=') {
            padding = text[i + 2] == '=' ? 2 : 1;
        }
        uint8_t bytes[3];
        if (!decode_group(bytes, text + i, padding)) {
            return false;
        }
        for (size_t k = 0; k < 3 - padding; k++) {
            if (total < out_size) {
                to[total] = bytes[k];
            }
            total++;
        }
    }
    *decoded_size = total;
    return true;
}
