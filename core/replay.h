#ifndef TIJORI_CORE_REPLAY_H
#define TIJORI_CORE_REPLAY_H

/* The auditor's reading: every stored byte is hashed again, every link, signature and rule checked,
 * the whole state built anew and compared with the stored snapshot. Reads only. */

#include "core/snapshot.h"

/* One line of the report each, in this order. */
#define TJ_CHECKS(X)                                                                               \
    X(NUMBERS, "entries and bodies numbered without a gap")                                        \
    X(FORM, "form of every entry and record")                                                      \
    X(CHAIN, "each entry holds the leaf hash of the one before (I5)")                              \
    X(BODIES, "records hash to the body_root that was signed")                                     \
    X(SIGNATURES, "signatures")                                                                    \
    X(LANES, "party chains: sequences and previous envelopes (I6)")                                \
    X(RULES, "every rule, entry by entry (I3, I7)")                                                \
    X(DERIVED, "links and tails beside the records")                                               \
    X(ZERO, "balances of each asset sum to zero (I2)")                                             \
    X(SNAPSHOT, "stored blocks of the state against the replayed state (I4)")                      \
    X(HEAD, "stored head: size and tree frontier")                                                 \
    X(ATTACHMENTS, "attachments hash to their names")                                              \
    X(LEDGER_ID, "ledger id as pinned")                                                            \
    X(CHECKPOINT, "checkpoint of the log, signed and cosigned")

enum tj_check {
#define TJ_CHECK_ENUM(name, text) TJ_CHECK_##name,
    TJ_CHECKS(TJ_CHECK_ENUM)
#undef TJ_CHECK_ENUM
        TJ_CHECK_COUNT
};

struct tj_check_result {
    uint64_t passed; /* things checked and found right */
    uint64_t failed;
    uint64_t skipped; /* things not checked */
    char note[160];   /* why skipped, or more about a failure */
};
const char *tj_check_text(enum tj_check check);

struct tj_replay_options {
    uint32_t threads;                /* 0: one a core */
    const struct tj_hash *ledger_id; /* pinned; NULL: none given, LEDGER_ID is skipped */
    /* Called now and then with entries done and entries in all, by a thread of the replay's own,
     * one at a time; may be NULL. */
    void (*progress)(void *context, uint64_t done, uint64_t total);
    void *progress_context;
};

struct tj_replay_report {
    struct tj_check_result checks[TJ_CHECK_COUNT];
    /* The first failure: which check, which entry (UINT64_MAX: none in particular), what was found
     * and what it should have been (both zero when not a matter of hashes), in words. */
    bool failed;
    bool newer; /* what failed is intact but not known to this program: newer software is needed */
    enum tj_check first_check;
    uint64_t first_entry;
    struct tj_hash found;
    struct tj_hash expected;
    char failure[320];
    /* What was covered. */
    uint64_t entries; /* verified, from entry 0 */
    uint64_t records;
    uint64_t signatures;
    struct tj_hash ledger_id;
    struct tj_hash leaf; /* of the last entry verified */
    struct tj_hash root; /* tree over the entries verified */
    struct tj_hash state_digest;
    uint64_t first_received_ns;
    uint64_t last_received_ns;
};

/* Replays the store's log. The answer is about the reading itself (IO, CORRUPT storage, MEMORY);
 * what was found is in the report. *state (may be NULL) gets the replayed state, for the caller to
 * show and destroy; it is meaningful up to the last entry verified. */
enum tijori_status tj_replay(struct tj_store *store, const struct tj_replay_options *options,
                             struct tj_replay_report *report, struct tj_state **state) TJ_MUST_USE;

#endif
