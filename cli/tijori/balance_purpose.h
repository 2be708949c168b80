#ifndef TIJORI_CLI_TIJORI_BALANCE_PURPOSE_H
#define TIJORI_CLI_TIJORI_BALANCE_PURPOSE_H

/* tijori balance --by purpose: how the reserve, or one account, came to hold what it holds. Both
 * print in `style` the rows, and in text what follows from them. */

#include "cli/tijori/reading.h"
#include "text/table.h"

int reserve_purposes(struct reading *reading, enum table_style style);
/* The reserve again, by the days that the movements say they are of. */
int reserve_value_dates(struct reading *reading, enum table_style style);
/* As of the reading's entry, by a walk along the account's movements. */
int account_purposes(struct reading *reading, uint64_t account, enum table_style style);

#endif
