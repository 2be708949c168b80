#ifndef TIJORI_CORE_AUDIT_TALLY_H
#define TIJORI_CORE_AUDIT_TALLY_H

/* What moved in a period, by asset, class of account and purpose, counted from the records one by
 * one; beside it what the accounts of each class held before and after. The two are counted in
 * different ways, so that opening + movements = closing says something.
 *
 * A correct record stands under the purpose `correction`, in its own direction. */

#include "core/rules/effect.h"

struct tj_tally_flow {
    tj_u128 in;
    tj_u128 out;
    uint64_t count; /* movements in or out */
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

/* Aborts when memory is out, as the state does. */
struct tj_tally *tj_tally_create(void);
void tj_tally_destroy(struct tj_tally *tally);

/* The accounts as they stand: before the period, and after it. */
void tj_tally_opening(struct tj_tally *tally, const struct tj_state *state);
void tj_tally_closing(struct tj_tally *tally, const struct tj_state *state);

/* A movement that was accepted; the state knows both accounts. Pending, void and approve move
 * nothing. */
void tj_tally_record(struct tj_tally *tally, const struct tj_state *state,
                     const uint8_t record[TJ_RECORD_SIZE]);

/* Does opening + in - out give closing? */
bool tj_tally_balances(const struct tj_tally_class *class);

#endif
