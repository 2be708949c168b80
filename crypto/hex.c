#include "crypto/hex.h"

void tj_hex_encode(char *out, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
    *out = '\0';
}

/* 16 when it is none. */
static unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9') {
        return (unsigned)(c - '0');
    }
    if (c >= 'a' && c <= 'f') {
        return (unsigned)(c - 'a') + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return (unsigned)(c - 'A') + 10;
    }
    return 16;
}

bool tj_hex_decode_any_case(uint8_t *out, size_t size, const char *text, size_t text_size)
{
    if (text_size != 2 * size) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        const unsigned high = digit_value(text[2 * i]);
        const unsigned low = digit_value(text[2 * i + 1]);
        if (high > 15 || low > 15) {
            return false;
        }
        out[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

bool tj_hex_decode(uint8_t *out, size_t size, const char *text, size_t text_size)
{
    for (size_t i = 0; i < text_size; i++) {
        if (text[i] >= 'A' && text[i] <= 'F') {
            return false;
        }
    }
    return tj_hex_decode_any_case(out, size, text, text_size);
}
