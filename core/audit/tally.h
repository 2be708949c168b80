#ifndef TIJORI_CORE_AUDIT_TALLY_H
#define TIJORI_CORE_AUDIT_TALLY_H

/* What moved in an audit's entries, by asset, class of account and purpose. It is counted from the
 * records one by one. Beside it stands what the accounts of each class held before and after. The
 * two are counted in different ways, so that opening + movements = closing says something.
 *
 * A correct record stands under the purpose `correction`, in its own direction.
 *
 * Threads: none of its own. What can fail answers false when memory is out. What was counted until
 * then is right, but the tally is of no use any more. */

#include "core/audit/posting.h"

/* Base units. Openings, and corrects of them, stand in brought_in alone, under the purpose that
 * they say. */
struct tj_tally_flow {
    tj_u128 in;
    tj_u128 out;
    tj_i128 brought_in; /* net */
    uint64_t count;     /* movements in or out, openings among them */
};
struct tj_tally_class {
    tj_i128 opening;
    tj_i128 closing;
    uint64_t accounts; /* at the end */
    struct tj_tally_flow purposes[TJ_PURPOSE_END];
};
struct tj_tally_asset {
    char code[TJ_ASSET_CODE_SIZE + 1];
    uint8_t decimals;
    struct tj_tally_class classes[TJ_CLASS_END];
};
struct tj_tally {
    struct tj_tally_asset *assets[TJ_ASSETS_MAX + 1]; /* NULL: nothing of this asset yet */
};

/* NULL when memory is out. */
struct tj_tally *tj_tally_create(void) TJ_MUST_USE;
void tj_tally_destroy(struct tj_tally *tally);

/* Takes down the accounts as they stand: before the first of this audit's entries, and after the
 * last. */
bool tj_tally_opening(struct tj_tally *tally, const struct tj_state *state) TJ_MUST_USE;
bool tj_tally_closing(struct tj_tally *tally, const struct tj_state *state) TJ_MUST_USE;

bool tj_tally_post(struct tj_tally *tally, const struct tj_posting *posting) TJ_MUST_USE;

/* Does opening + brought in + in - out give closing? */
bool tj_tally_balances(const struct tj_tally_class *class) TJ_MUST_USE;

#endif
