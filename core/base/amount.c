#include "core/base/amount.h"

#include <string.h>

void tj_amount_format(char out[TJ_AMOUNT_TEXT_SIZE], tj_i128 base, unsigned decimals)
{
    char digits[TJ_AMOUNT_TEXT_SIZE];
    size_t count = 0;
    bool negative = base < 0;
    /* Negate as unsigned: the most negative value has no positive counterpart. */
    tj_u128 rest = negative ? (tj_u128)0 - (tj_u128)base : (tj_u128)base;
    while (rest != 0 || count <= decimals) {
        if (decimals != 0 && count == decimals) {
            digits[count + 1] = (char)('0' + (int)(rest % 10));
            rest /= 10;
            digits[count] = '.';
            count += 2;
            decimals = 0;
            continue;
        }
        digits[count++] = (char)('0' + (int)(rest % 10));
        rest /= 10;
    }
    size_t at = 0;
    if (negative) {
        out[at++] = '-';
    }
    while (count > 0) {
        out[at++] = digits[--count];
    }
    out[at] = '\0';
}

void tj_amount_format_base(char out[TJ_AMOUNT_TEXT_SIZE], tj_i128 base)
{
    tj_amount_format(out, base, 0);
}

static bool append_digit(tj_u128 *value, unsigned digit)
{
    return !__builtin_mul_overflow(*value, (tj_u128)10, value) &&
           !__builtin_add_overflow(*value, (tj_u128)digit, value);
}

static bool parse(tj_u128 *out, const char *text, size_t size, unsigned decimals)
{
    tj_u128 value = 0;
    size_t whole = 0;
    size_t fraction = 0;
    bool point = false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '.' && !point) {
            point = true;
            continue;
        }
        if (text[i] < '0' || text[i] > '9' || (point && fraction == decimals) ||
            !append_digit(&value, (unsigned)(text[i] - '0'))) {
            return false;
        }
        *(point ? &fraction : &whole) += 1;
    }
    if (whole == 0 || (point && fraction == 0)) {
        return false;
    }
    for (; fraction < decimals; fraction++) {
        if (!append_digit(&value, 0)) {
            return false;
        }
    }
    *out = value;
    return true;
}

bool tj_amount_parse(tj_i128 *out, const char *text, size_t size, unsigned decimals)
{
    bool negative = size > 0 && text[0] == '-';
    tj_u128 most = ((tj_u128)1 << 127) - !negative;
    tj_u128 value;
    if (!parse(&value, text + negative, size - negative, decimals) || value > most) {
        return false;
    }
    *out = (tj_i128)(negative ? 0 - value : value);
    return true;
}
