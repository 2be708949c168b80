#include "core/log/witness_time.h"

bool tj_witness_early(uint64_t time_s, uint64_t seen_ns)
{
    return seen_ns > ((tj_u128)time_s + TJ_CLOCK_SKEW_S) * TJ_NS_PER_S;
}

bool tj_witness_late(uint64_t time_s, uint64_t unseen_ns)
{
    return unseen_ns + (tj_u128)TJ_CLOCK_SKEW_S * TJ_NS_PER_S < (tj_u128)time_s * TJ_NS_PER_S;
}

/* An entry that is still to come is received no sooner than now, and later than the newest that is
 * there: a clock that runs behind the log does not make a witness wrong. */
enum tijori_status tj_witness_bounds_of(struct tj_txn *txn, struct tj_witness_bounds *out,
                                        uint64_t size, uint64_t head_size, uint64_t now_ns)
{
    struct tj_entry_view entry;
    *out = (struct tj_witness_bounds){.seen_ns = 0, .unseen_ns = now_ns};
    enum tijori_status status = TIJORI_OK;
    TJ_VERIFY_CHECK(size <= head_size);
    if (size > 0) {
        status = tj_journal_counted(txn, &entry, NULL, size - 1);
        out->seen_ns = status == TIJORI_OK ? entry.received_ns : 0;
        out->unseen_ns = out->seen_ns > now_ns ? out->seen_ns : now_ns;
    }
    if (status == TIJORI_OK && size < head_size) {
        status = tj_journal_counted(txn, &entry, NULL, size);
        out->unseen_ns = status == TIJORI_OK ? entry.received_ns : now_ns;
    }
    TJ_VERIFY_CHECK(status != TIJORI_OK || out->seen_ns <= out->unseen_ns);
    return status;
}

const char *tj_witness_time_refused(const struct tj_witness_bounds *bounds, uint64_t time_s)
{
    if (tj_witness_early(time_s, bounds->seen_ns)) {
        return "says that it cosigned more than 300 s before the newest entry of this checkpoint "
               "was received. Its clock is behind, or the ledger's is ahead";
    }
    if (tj_witness_late(time_s, bounds->unseen_ns)) {
        return "says that it cosigned more than 300 s from now, or more than 300 s after an entry "
               "was received that this checkpoint does not cover. Its clock is ahead, or it is to "
               "cosign a newer checkpoint";
    }
    return NULL;
}
