#ifndef TIJORI_CORE_AUDIT_REPLAY_H
#define TIJORI_CORE_AUDIT_REPLAY_H

/* The auditor's reading of a log. Every byte is hashed again, every link, signature and rule is
 * checked, and the whole state is built anew. What else the source keeps is compared with that. The
 * log itself is compared with what ties it to the world (core/audit/anchor.h). Nothing is written.
 */

#include "core/audit/anchor.h"
#include "core/audit/period.h"
#include "core/audit/replica.h"
#include "core/base/told.h"

struct tj_replay_options {
    uint32_t threads; /* 0: one a core */
    struct tj_pins pins;
    /* Where an earlier audit ended; NULL: begin with entry 0. The replay takes it over. When
     * nothing failed, it says on return where this audit ended. */
    struct tj_replica *replica;
    /* Collects a period for a statement; NULL: none is wanted. It cannot go with a replica, since a
     * period wants the log from entry 0 on. */
    struct tj_period *period;
    /* Is told of the entries done and the entries in all, by a thread of the replay's own, one call
     * at a time. May be NULL. */
    const struct tj_told *told;
};

/* Replays the source's log. What was found is in the report, which tj_report_clear frees, whatever
 * the answer is. The answer is about the reading itself: OK; MEMORY, DENIED or IO when something
 * could not be read and nothing failed, and report->trouble says what; LOCKED when a writer came
 * meanwhile, and the report means nothing. *state (may be NULL) gets the replayed state when it is
 * OK, for the caller to show and destroy. It is meaningful up to the last entry verified. */
enum tijori_status tj_replay(struct tj_source *source, struct tj_replay_report *report,
                             struct tj_state **state,
                             const struct tj_replay_options *options) TJ_MUST_USE;

/* The same, of a ledger's store that is open. */
enum tijori_status tj_replay_store(struct tj_store *store, struct tj_replay_report *report,
                                   struct tj_state **state,
                                   const struct tj_replay_options *options) TJ_MUST_USE;

#endif
