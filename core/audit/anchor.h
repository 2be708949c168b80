#ifndef TIJORI_CORE_AUDIT_ANCHOR_H
#define TIJORI_CORE_AUDIT_ANCHOR_H

/* What ties a log to the world outside it: the ledger id and the log key that the auditor pinned,
 * the checkpoints that a log key signed, the witnesses that cosigned them, and the times at which
 * they did. docs/FORMAT.md section 14.
 *
 * A checkpoint holds when its origin is this log's, its root is that of its first `size` entries,
 * and a log key that is active after those entries signed it. */

#include "core/audit/replica.h"
#include "core/audit/source.h"
#include "crypto/policy.h"

/* What an auditor trusts. All may be NULL. */
struct tj_pins {
    const struct tj_hash *ledger_id;
    const struct tj_verifier_key
        *log_key;                   /* its name is the origin, so it pins the ledger id too */
    const struct tj_policy *policy; /* witnesses; and a log key, when log_key is NULL */
};

/* Witnesses of the policy had seen so many entries at this time (the earliest of theirs). */
struct tj_seen {
    uint64_t size;
    uint64_t time_s;
};

struct tj_anchor {
    const struct tj_pins *pins;
    const struct tj_verifier_key *log_key; /* pinned, or the policy's for this origin */
    struct tj_source *source;
    size_t next; /* the checkpoint to come */
    bool has_next;
    uint64_t next_size;
    uint64_t covered;          /* entries under the newest checkpoint that holds */
    uint64_t covered_before;   /* as the audit before left it */
    uint64_t covered_by;       /* the log key that signed it */
    uint64_t agreed;           /* entries under the newest one with the policy's quorum */
    uint64_t cosigned;         /* entries under the newest one with a valid cosignature */
    uint64_t waiting_since_ns; /* received-at of entry `cosigned` */
    uint64_t not_before_s;     /* entries to come were received at or after this, less the skew */
    struct tj_seen *seen;      /* by rising size */
    size_t seen_count;
    size_t seen_capacity;
    bool no_memory;       /* for what was seen: what is said from then on is not the whole */
    uint64_t short_waits; /* that witnesses' times do not show in full */
    uint64_t short_entry; /* of the first */
    char short_wait[200];
};

void tj_anchor_init(struct tj_anchor *anchor, struct tj_source *source, const struct tj_pins *pins);

/* Before the first entry of this audit: checkpoints of earlier sizes were checked by the audit
 * before, which left what it knew in `replica` (NULL: there was none). */
void tj_anchor_begin(struct tj_anchor *anchor, struct tj_progress *progress,
                     const struct tj_replica *replica);

/* After each entry that was accepted. False: a checkpoint does not hold, or a time cannot be. */
bool tj_anchor_entry(struct tj_anchor *anchor, struct tj_progress *progress) TJ_MUST_USE;

/* The entry to come does what entry `since` had to wait `delay_s` for. By the ledger's own clock it
 * waited, or a rule was broken; that so much time passed between witnesses who had seen `since` and
 * the last who had not seen what is to come is a finding when it did not: one, for all. `what` says
 * what waited. */
void tj_anchor_wait(struct tj_anchor *anchor, const struct tj_progress *progress, uint64_t since,
                    uint64_t delay_s, const char *what);

/* After the last entry: what is pinned, and what no checkpoint covers. `whole`: nothing failed.
 */
void tj_anchor_finish(struct tj_anchor *anchor, struct tj_progress *progress, bool whole);
/* Frees what the anchor owns. */
void tj_anchor_clear(struct tj_anchor *anchor);

/* A key's name tells how its holder cosigns: one that ends with this replayed the log, and any
 * other checked consistency only. Tijori's programs keep to it. */
#define TJ_REPLAYED_SUFFIX "/replayed"
bool tj_name_replays(const char *name) TJ_MUST_USE;

#endif
