#ifndef TIJORI_CORE_INGEST_OWN_CLOCK_H
#define TIJORI_CORE_INGEST_OWN_CLOCK_H

/* Is this ledger's own clock believed? docs/FORMAT.md section 7 step 3, CLOCK_JUMP. Entries' times
 * only rise, so one wrong clock would bar every honest envelope for as long as it was wrong.
 *
 * A clock that follows the newest entry by 24 h at most is believed. After a quiet day it is held
 * against what does not depend on it, and one of these is enough:
 *     the envelope's created_s, by the clock of who signed it. That the signature verifies is no
 *         question here: where it does not, the envelope is refused for that.
 *     what keeps the clock, which says that it is synchronised
 *     the newest time of a cosignature under the newest public checkpoint. Whose it is was asked
 *         when the operator stored it. */

#include "core/log/journal.h"

struct tj_own_clock {
    tijori_clock *read;
    tijori_clock_synchronised *synchronised; /* NULL: nobody keeps it */
    void *context;                           /* of both */
    bool accepted;                           /* the operator's word */
};

/* Nanoseconds since 1970. */
static inline uint64_t tj_own_clock_now(const struct tj_own_clock *clock)
{
    return clock->read(clock->context);
}

/* `newest_ns`: the newest entry was received. `created_s`: what the envelope says.
 * OK; CLOCK_JUMP; a status of storage where the cosignatures could not be read. */
enum tijori_status tj_own_clock_judge(const struct tj_own_clock *clock, struct tj_txn *txn,
                                      struct tj_verdict *verdict, uint64_t now_ns,
                                      uint64_t newest_ns, uint64_t created_s) TJ_MUST_USE;

#endif
