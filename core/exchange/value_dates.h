#ifndef TIJORI_CORE_EXCHANGE_VALUE_DATES_H
#define TIJORI_CORE_EXCHANGE_VALUE_DATES_H

/* What came into the reserve and went out of it, by value date and purpose: for people who ask when
 * it was bought, and not when the ledger heard of it. A movement without a value date counts on the
 * day of its receipt, a post on the value date of its pending movement. A later entry may tell of
 * an earlier day, so such a list is as known at an entry; no signed figure is by value date.
 *
 * Read from the records of the log, one by one. Threads: none of its own. */

#include "core/log/journal.h"

struct tj_value_day {
    uint32_t day; /* from 1970-01-01 */
    uint32_t asset;
    uint8_t purpose;    /* a correct stands under `correction`, one of an opening under its own */
    tj_i128 brought_in; /* by openings, net: in neither of the others */
    tj_u128 in;
    tj_u128 out;
    uint64_t count; /* movements */
};

struct tj_value_days {
    struct tj_value_day *rows; /* by day, asset and purpose */
    size_t count;
    size_t capacity;
};

/* Of the first `size` entries; `state` is the state after them or after more. CORRUPT, IO, MEMORY.
 */
enum tijori_status tj_value_days_read(struct tj_txn *txn, struct tj_digester *digester,
                                      struct tj_value_days *out, const struct tj_state *state,
                                      uint64_t size) TJ_MUST_USE;
void tj_value_days_free(struct tj_value_days *days);

#endif
