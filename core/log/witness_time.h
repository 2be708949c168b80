#ifndef TIJORI_CORE_LOG_WITNESS_TIME_H
#define TIJORI_CORE_LOG_WITNESS_TIME_H

/* When the time that a witness states contradicts the log: docs/FORMAT.md section 14. Who cosigns a
 * log has seen its entries, so they were received before, and nothing else was received by then.
 * Both hold give or take 300 s, since two clocks are compared.
 *
 * A ledger asks before it stores a cosignature, because one that was stored stays. An audit asks
 * when it has replayed the entries.
 *
 * Threads: none; pure functions, and one that reads a transaction. */

#include "core/log/journal.h"

/* The entry was received more than 300 s after the witness says that it had seen it. */
bool tj_witness_early(uint64_t time_s, uint64_t seen_ns) TJ_MUST_USE;

/* The entry was received more than 300 s before the witness says that it had not seen it. */
bool tj_witness_late(uint64_t time_s, uint64_t unseen_ns) TJ_MUST_USE;

/* What is known of the time at which a checkpoint over the first `size` entries can have been
 * cosigned. */
struct tj_witness_bounds {
    uint64_t seen_ns;   /* the newest entry under it was received */
    uint64_t unseen_ns; /* the first entry beyond it was received, or no sooner than this will be */
};

/* `head_size`: entries that there are, at least `size`. `now_ns`: the ledger's clock, for an entry
 * that is still to come. */
enum tijori_status tj_witness_bounds_of(struct tj_txn *txn, struct tj_witness_bounds *out,
                                        uint64_t size, uint64_t head_size,
                                        uint64_t now_ns) TJ_MUST_USE;

/* NULL when an audit will find nothing against the time; else why not, for a person: it follows the
 * witness's name. A string constant. */
const char *tj_witness_time_refused(const struct tj_witness_bounds *bounds, uint64_t time_s);

#endif
