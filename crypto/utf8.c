#include "crypto/utf8.h"

/* What a sequence's first byte says: how many bytes it has; 0 when no sequence begins so. */
static size_t announced_size(uint32_t first)
{
    if (first < 0x80) {
        return 1;
    }
    if (first < 0xc0) {
        return 0;
    }
    if (first < 0xe0) {
        return 2;
    }
    if (first < 0xf0) {
        return 3;
    }
    if (first < 0xf8) {
        return 4;
    }
    return 0;
}

size_t tj_utf8_next(uint32_t *code_point, const void *text, size_t size)
{
    static const uint32_t first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const uint8_t *bytes = text;
    const size_t length = announced_size(bytes[0]);
    if (length == 0 || length > size) {
        return 0;
    }
    uint32_t value = bytes[0] & first_bits[length];
    for (size_t i = 1; i < length; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return 0;
        }
        value = value << 6 | (bytes[i] & 0x3f);
    }
    if (value < smallest[length] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) {
        return 0;
    }
    *code_point = value;
    return length;
}
