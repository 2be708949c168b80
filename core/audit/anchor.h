#ifndef TIJORI_CORE_AUDIT_ANCHOR_H
#define TIJORI_CORE_AUDIT_ANCHOR_H

/* What ties a log to the world outside it: docs/FORMAT.md section 14. The auditor pins a ledger id
 * and a log key. A log key signed checkpoints. Witnesses cosigned them, and stated the time at
 * which they did.
 *
 * A checkpoint holds when three things are so: its origin is this log's, its root is that of the
 * log's first `size` entries, and a log key that is active after those entries signed it. */

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

/* Witnesses of the policy had seen `size` entries by `time_s`, the earliest of the times that they
 * state. */
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
    uint64_t covered_before;   /* what `covered` was at the end of the audit before */
    uint64_t covered_by;       /* the log key that signed it */
    uint64_t agreed;           /* entries under the newest one with the policy's quorum */
    uint64_t cosigned;         /* entries under the newest one with a valid cosignature */
    uint64_t waiting_since_ns; /* received-at of entry `cosigned` */
    uint64_t not_before_s;     /* no entry to come was received before this, less the skew */
    /* The latest time that each witness of the policy stated, by node; 0: none that counts. */
    uint64_t stated_s[TJ_POLICY_WITNESSES_MAX + TJ_POLICY_GROUPS_MAX];
    bool doubted[TJ_POLICY_WITNESSES_MAX + TJ_POLICY_GROUPS_MAX]; /* a finding has named it */
    struct tj_seen *seen;                                         /* by rising size */
    size_t seen_count;
    size_t seen_capacity;
    bool no_memory;         /* `seen` could not grow: what is said from then on is not the whole */
    bool undecided;         /* this machine could not verify a signature: the same */
    uint64_t lines_unknown; /* signature lines of keys that nobody named here */
    char lines_text[160];   /* those keys, as far as there is room */
    uint64_t short_waits;   /* waits that the witnesses' times do not show in full */
    uint64_t short_entry;   /* of the first */
    char short_wait[200];
};

void tj_anchor_init(struct tj_anchor *anchor, struct tj_source *source, const struct tj_pins *pins);

/* To be called before the first entry of this audit. Checkpoints of earlier sizes were checked by
 * the audit before. It left what it knew in `replica`; NULL: there was no such audit. */
void tj_anchor_begin(struct tj_anchor *anchor, struct tj_progress *progress,
                     const struct tj_replica *replica);

/* To be called after each entry that was accepted. False: a checkpoint does not hold, or a time
 * cannot be. */
bool tj_anchor_entry(struct tj_anchor *anchor, struct tj_progress *progress) TJ_MUST_USE;

/* The entry to come does something that had to wait `delay_s` from entry `since` on. `what` says
 * what waited. By the ledger's own clock it waited, or a rule was broken.
 *
 * The witnesses' clocks may show less. They show the time between a witness who had seen `since`
 * and the last who had not seen the entry to come. When that is less than `delay_s`, it is a
 * finding. There is one finding for all such waits. */
void tj_anchor_wait(struct tj_anchor *anchor, const struct tj_progress *progress, uint64_t since,
                    uint64_t delay_s, const char *what);

/* To be called after the last entry: checks what is pinned, and says what no checkpoint covers.
 * `whole`: nothing failed. */
void tj_anchor_finish(struct tj_anchor *anchor, struct tj_progress *progress, bool whole);
/* Frees what the anchor owns. */
void tj_anchor_clear(struct tj_anchor *anchor);

/* A key's name tells how its holder cosigns. Who has a name that ends with this replayed the log;
 * any other witness checked consistency only. Tijori's programs keep to it. */
#define TJ_REPLAYED_SUFFIX "/replayed"
bool tj_name_replays(const char *name) TJ_MUST_USE;

#endif
