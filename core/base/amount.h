#ifndef TIJORI_CORE_BASE_AMOUNT_H
#define TIJORI_CORE_BASE_AMOUNT_H

/* Amounts in base units (satoshi for BTC). An amount is a struct, so that no bare integer is ever
 * taken for one. Its arithmetic is checked. There is no floating point anywhere. */

#include "crypto/must_use.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

__extension__ typedef unsigned __int128 tj_u128;
__extension__ typedef __int128 tj_i128;

/* The amount of one movement, in base units. 0 is never valid in a movement. */
struct tj_amount {
    uint64_t base;
};

static inline bool tj_amount_add(struct tj_amount *sum, struct tj_amount a, struct tj_amount b)
{
    return !__builtin_add_overflow(a.base, b.base, &sum->base);
}

/* Room for any 128-bit amount with sign, point and NUL. */
enum { TJ_AMOUNT_TEXT_SIZE = 48 };

/* Writes base units with `decimals` digits after the point: 150000000, 8 -> "1.50000000". */
void tj_amount_format(char out[TJ_AMOUNT_TEXT_SIZE], tj_i128 base, unsigned decimals);

/* Writes base units as a plain integer. */
void tj_amount_format_base(char out[TJ_AMOUNT_TEXT_SIZE], tj_i128 base);

/* Reads a decimal number such as "1.5", "150" or "-1.5" into base units. False when it is not one,
 * has more digits after the point than `decimals`, or does not fit. */
bool tj_amount_parse(tj_i128 *out, const char *text, size_t size, unsigned decimals) TJ_MUST_USE;

#endif
