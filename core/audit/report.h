#ifndef TIJORI_CORE_AUDIT_REPORT_H
#define TIJORI_CORE_AUDIT_REPORT_H

/* What an audit found: how many things each check passed, failed and could not look at; the first
 * failure in full; and what was covered. What was not checked is never called checked (I11). */

#include "core/audit/tally.h"
#include "crypto/checkpoint.h"

/* Each is one line of the report, in this order. */
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
    X(TOTALS, "opening balance + movements = closing balance, by asset and class")                 \
    X(STATEMENTS, "figures of statements against the log")                                         \
    X(SNAPSHOT, "stored blocks of the state against the replayed state (I4)")                      \
    X(HEAD, "stored head: size, tree frontier and nodes")                                          \
    X(TILES, "hash tiles and entry bundles against the entries")                                   \
    X(FILES, "every file of the folder is one that the log accounts for")                          \
    X(ATTACHMENTS, "attachments hash to their names")                                              \
    X(EXTENDS, "the log goes on from what this auditor verified before")                           \
    X(LEDGER_ID, "ledger id as pinned")                                                            \
    X(LOG_KEY, "log key as pinned")                                                                \
    X(CHECKPOINT, "entries covered by a signed checkpoint whose root is theirs (I5)")              \
    X(WITNESSES, "cosignatures of witnesses, and their quorum")                                    \
    X(LINES, "signature lines of checkpoints by keys of neither the log nor the policy")           \
    X(CLOCK, "times of receipt against the times of cosignatures")

enum tj_check {
#define TJ_CHECK_ENUM(name, text) TJ_CHECK_##name,
    TJ_CHECKS(TJ_CHECK_ENUM)
#undef TJ_CHECK_ENUM
        TJ_CHECK_COUNT
};
const char *tj_check_text(enum tj_check check);

struct tj_check_result {
    uint64_t passed; /* things checked and found right */
    uint64_t failed;
    uint64_t skipped; /* things not checked */
    uint64_t reached; /* entries, from 0 on, that this check has decided about */
    char note[200];   /* why skipped, or more about a failure */
};

/* Sound, and yet something that a reader of the report must know. */
struct tj_finding {
    uint64_t entry; /* UINT64_MAX: none in particular */
    bool standing;  /* every audit finds it again, in what the whole log has come to */
    char text[240];
};
enum { TJ_FINDINGS_MAX = 16 };

/* Worth a line, and of no weight: it changes no verdict. */
enum { TJ_NOTES_MAX = 24 };

/* What one witness of the policy says of the newest checkpoint. */
struct tj_witness_result {
    char name[TJ_NOTE_NAME_MAX + 1]; /* of its key */
    enum tj_note_verdict verdict;
    uint64_t time_s; /* VALID */
};
enum { TJ_WITNESSES_SHOWN_MAX = 64 };

/* What this machine could not do: read a file for want of permission, descriptors or memory. It
 * says nothing about the log, and is neither a failure nor a thing that is missing. Whoever meets
 * it notes it (tj_trouble_note). */
struct tj_trouble {
    enum tijori_status status; /* of the first: MEMORY, DENIED, LOCKED or IO; OK: there is none */
    uint64_t met;              /* how often */
    char what[240];            /* of the first: the file, and why it could not be read */
};

struct tj_replay_report {
    struct tj_check_result checks[TJ_CHECK_COUNT];
    struct tj_trouble trouble;
    /* While the replay runs: the source's trouble, and how much of it the check at hand knew when
     * it began. What fails or is found after more was met rests on it, and is not noted. */
    const struct tj_trouble *watched; /* NULL: none */
    uint64_t met_before;
    /* The first failure: which check, which entry (UINT64_MAX: none in particular), and what failed
     * in words. Where it is a matter of hashes: what was found and what it should have been; both
     * are zero otherwise. */
    bool failed;
    bool newer; /* what failed is intact but not known to this program: newer software is needed */
    enum tj_check first_check;
    uint64_t first_entry;
    struct tj_hash found;
    struct tj_hash expected;
    char failure[400];
    /* Of all, those of earlier audits included. TJ_FINDINGS_MAX are kept in full: the earlier ones
     * first, which give way to new ones. */
    uint64_t finding_count;
    uint64_t standing_count;
    size_t earlier_kept; /* of findings[], found by earlier audits */
    uint64_t earlier_count;
    struct tj_finding findings[TJ_FINDINGS_MAX];
    size_t note_count; /* of notes[]; those beyond TJ_NOTES_MAX are not kept */
    char notes[TJ_NOTES_MAX][160];
    /* What was covered. */
    uint64_t start;     /* entries verified in an earlier audit and not again; 0: none */
    uint64_t left_open; /* things those audits could not check */
    uint64_t entries;   /* verified in all: entries start to entries - 1 in this one */
    uint64_t records;   /* of this audit's entries, as signatures */
    uint64_t signatures;
    uint64_t restricted;               /* entries without their bodies: a public export */
    uint64_t restricted_first;         /* the first of them */
    uint64_t restricted_records;       /* records in them */
    bool restricted_before;            /* an earlier audit lacked bodies: balances begin so */
    uint64_t restricted_seen;          /* restricted entries whose bodies are there */
    char origin[TJ_NOTE_NAME_MAX + 1]; /* the log's name; empty: not even entry 0 was sound */
    struct tj_hash ledger_id;
    struct tj_hash leaf; /* of the last entry verified */
    struct tj_hash root; /* tree over the entries verified */
    struct tj_hash state_digest;
    uint64_t first_received_ns; /* of entry `start` */
    uint64_t last_received_ns;
    /* The newest checkpoint that holds. size 0: there is none. */
    struct tj_checkpoint checkpoint;
    struct tj_hash checkpoint_hash; /* SHA-256 of its note */
    uint64_t checkpoints;           /* that were checked */
    uint64_t covered;               /* entries, in the end: docs/FORMAT.md section 14.3 */
    uint32_t log_key;               /* that signed it: its number in the log */
    bool log_key_pinned;            /* it is the pinned one */
    /* The newest checkpoint that a witness of the policy cosigned, or the newest. */
    uint64_t cosigned_size;
    bool quorum;
    bool quorum_none; /* the policy asks for none */
    size_t witness_count;
    struct tj_witness_result witnesses[TJ_WITNESSES_SHOWN_MAX];
    struct tj_tally *tally; /* balances and movements of the period; the report's own */
};

void tj_report_init(struct tj_replay_report *report);
/* Frees what the report owns. */
void tj_report_clear(struct tj_replay_report *report);

void tj_trouble_note(struct tj_trouble *trouble, enum tijori_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same of a system call on a file that failed with `error`. */
void tj_trouble_errno(struct tj_trouble *trouble, int error, const char *path);

/* A check begins that rests on nothing read before. */
void tj_watch(struct tj_replay_report *report);
/* Whether trouble was met since then: what the check came to is not known. */
bool tj_troubled(const struct tj_replay_report *report) TJ_MUST_USE;
/* Notes that `count` things were not checked for the trouble just met, which `what` names, and goes
 * on as if a new check began. Answers true, to go on. */
bool tj_skip_troubled(struct tj_replay_report *report, enum tj_check check, uint64_t count,
                      const char *what);

/* Notes that `count` more things were found right, and that the check has decided about `entries +
 * 1` entries. Answers true, to go on. */
bool tj_pass(struct tj_replay_report *report, enum tj_check check, uint64_t count);

/* Notes a failure; the first one is told in full. Not when trouble was met since the check began:
 * what was not read does not fail. Answers false, to stop. `found` and `expected`
 * may both be NULL. */
bool tj_fail(struct tj_replay_report *report, enum tj_check check, uint64_t entry,
             const struct tj_hash *found, const struct tj_hash *expected, const char *format, ...)
    __attribute__((format(printf, 6, 7)));

void tj_skip(struct tj_replay_report *report, enum tj_check check, uint64_t count,
             const char *format, ...) __attribute__((format(printf, 4, 5)));

void tj_note(struct tj_replay_report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void tj_find(struct tj_replay_report *report, uint64_t entry, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same, of a standing finding. */
void tj_find_standing(struct tj_replay_report *report, uint64_t entry, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
