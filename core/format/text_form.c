#include "core/format/text_form.h"

#include "core/base/cursor.h"
#include "crypto/utf8.h"

/* ---- code points ---- */

struct range {
    uint32_t first, last;
};

static bool is_in(const struct range *ranges, size_t count, uint32_t code_point)
{
    for (size_t i = 0; i < count; i++) {
        if (code_point >= ranges[i].first && code_point <= ranges[i].last) {
            return true;
        }
    }
    return false;
}

/* C0, DEL and C1. */
static bool is_control(uint32_t code_point)
{
    return code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0);
}

/* Line and paragraph separators; embeddings, overrides and isolates: a text must read as what it
 * says, whatever stands before or after it. */
static bool turns(uint32_t code_point)
{
    static const struct range ranges[] = {{0x2028, 0x202e}, {0x2066, 0x2069}};
    return code_point >= 0x2028 && is_in(ranges, sizeof ranges / sizeof ranges[0], code_point);
}

/* White space but the one space, and what is not seen at all. The zero-width joiner and non-joiner
 * are ordinary in Urdu and Persian, and are not here. */
static bool hides(uint32_t code_point)
{
    static const struct range ranges[] = {
        {0x00a0, 0x00a0}, {0x00ad, 0x00ad}, {0x1680, 0x1680}, {0x2000, 0x200b}, {0x200e, 0x200f},
        {0x2028, 0x202f}, {0x205f, 0x205f}, {0x2060, 0x2069}, {0x3000, 0x3000}, {0xfeff, 0xfeff},
    };
    return code_point >= 0xa0 && is_in(ranges, sizeof ranges / sizeof ranges[0], code_point);
}

static bool never(uint32_t code_point)
{
    (void)code_point;
    return false;
}

/* ---- texts ---- */

/* *used: bytes before the zeros. */
static bool is_made_of(const uint8_t *text, size_t size, size_t *used,
                       bool (*refused)(uint32_t code_point))
{
    size_t at = 0;
    while (at < size && text[at] != 0) {
        uint32_t code_point = 0;
        const size_t step = tj_utf8_next(&code_point, text + at, size - at);
        if (step == 0 || is_control(code_point) || refused(code_point)) {
            return false;
        }
        at += step;
    }
    *used = at;
    return tj_all_zero(text + at, size - at);
}

static bool is_trimmed(const uint8_t *text, size_t used)
{
    return used == 0 || (text[0] != ' ' && text[used - 1] != ' ');
}

bool tj_utf8_plain(const uint8_t *text, size_t size)
{
    size_t used;
    return is_made_of(text, size, &used, never);
}

bool tj_text_valid(const uint8_t *text, size_t size)
{
    size_t used;
    return is_made_of(text, size, &used, turns) && is_trimmed(text, used);
}

bool tj_name_valid(const uint8_t *text, size_t size)
{
    size_t used;
    return is_made_of(text, size, &used, hides) && is_trimmed(text, used) && used > 0;
}
