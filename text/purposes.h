#ifndef TIJORI_TEXT_PURPOSES_H
#define TIJORI_TEXT_PURPOSES_H

/* How the reserve, or one account, came to hold what it holds: by purpose, as a table, and in text
 * what follows from it. */

#include "core/rules/state.h"
#include "text/table.h"
#include "text/text.h"

/* The reserve, from the totals that the state keeps. *same: the totals and the balances of the
 * reserve accounts agree; else the stored state is damaged. False: no memory. */
bool purposes_of_reserve(FILE *out, bool *same, const struct tj_state *state,
                         enum table_style style) TJ_MUST_USE;

/* What an account's movements of one purpose come to. */
struct purpose_sum {
    tj_i128 brought_in; /* net, by openings: in neither of the others */
    tj_i128 in;
    tj_i128 out;
    uint64_t movements;
    uint64_t corrections;
};
/* Counts a movement of the account. */
void purposes_add(struct purpose_sum sums[TJ_PURPOSE_END], const struct tijori_movement *movement,
                  uint64_t account);
/* False: no memory. */
bool purposes_of_account(FILE *out, const struct purpose_sum sums[TJ_PURPOSE_END],
                         const struct asset *asset, enum table_style style) TJ_MUST_USE;

#endif
