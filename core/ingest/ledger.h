#ifndef TIJORI_CORE_INGEST_LEDGER_H
#define TIJORI_CORE_INGEST_LEDGER_H

/* Inside an open ledger, for the programs of this tree that show more than tijori.h does. */

#include "core/base/told.h"
#include "core/log/scrub.h"

/* A picture of the ledger at its newest durable entry: a transaction, and the state that goes with
 * it. While somebody holds it the ledger commits nothing, so a ledger that is open for writing
 * wants it back soon. For one thread at a time. */
struct tj_ledger_view {
    struct tj_txn *txn;
    const struct tj_state *state;
    struct tj_head_row head;
    struct tj_digester *digester;
};
enum tijori_status tj_ledger_view_begin(struct tijori *ledger,
                                        struct tj_ledger_view *out) TJ_MUST_USE;
void tj_ledger_view_end(struct tijori *ledger, struct tj_ledger_view *view);

/* While a view is held of a ledger that is open for reading: its state, for who tries on it what
 * may come (core/rules/trial.h). The ledger is then good for nothing but to be closed. NULL of one
 * that is open for writing. */
struct tj_state *tj_ledger_use_up(struct tijori *ledger);

/* Keeps the newest checkpoint that was signed (tj_checkpoint_publish). READ_ONLY when the ledger is
 * open for reading. */
enum tijori_status tj_ledger_publish(struct tijori *ledger) TJ_MUST_USE;

/* The last size of the log that options->log_key is active for; UINT64_MAX while no entry that is
 * on the disk has retired it. */
uint64_t tj_ledger_signs_until(const struct tijori *ledger) TJ_MUST_USE;

/* Fills in what tijori.h says of an account. CORRUPT: it holds an asset that there is not. */
enum tijori_status tj_balance_fill(const struct tj_state *state, struct tijori_balance *out,
                                   const struct tj_account_object *account) TJ_MUST_USE;

/* What of the derived rows was found damaged when the ledger was opened. Opened for writing, it was
 * mended; for reading, what the ledger answers is what the log says all the same. */
const struct tj_repairs *tj_ledger_repairs(const struct tijori *ledger);

/* Looks at everything that is stored, at once, and mends what follows from the log. `out` says what
 * was looked at and what was damaged; `told` (may be NULL) how many rows. READ_ONLY when the ledger
 * is not open for writing. */
enum tijori_status tj_ledger_scrub(struct tijori *ledger, struct tj_scrub *out,
                                   const struct tj_told *told) TJ_MUST_USE;

/* For tests: stores the snapshot as if TJ_REDO_MAX were this. To be called right after an open for
 * writing. */
void tj_ledger_set_redo_max(struct tijori *ledger, uint64_t redo_max);

#endif
