#ifndef TIJORI_CORE_AUDIT_SOURCE_H
#define TIJORI_CORE_AUDIT_SOURCE_H

/* Where an auditor reads a log from: a ledger's directory (source_ledger.c) or an exported folder
 * (source_folder.c, docs/FORMAT.md section 14). There is one interface, so that everything above it
 * is the same for both. Nothing that a source answers is trusted.
 *
 * A source is read once and in order, by `peek` and `take`. It may also keep things besides the
 * log, such as stored blocks or tiles. It compares those itself, each time it is told how far the
 * replay has come. The other calls may be made at any time. A view is valid until the next call of
 * the same kind.
 *
 * Threads: one at a time. */

#include "core/log/journal.h"
#include "core/audit/lanejumps.h"
#include "core/audit/recent_nodes.h"
#include "core/audit/report.h"

/* An entry as it was read. */
struct tj_source_item {
    struct tj_view entry;
    struct tj_view records; /* bytes NULL: the source does not have them */
    struct tj_view derived; /* links and tail; bytes NULL: this kind of source has none */
    bool unread;            /* the records are there and could not be read: see source.trouble */
};

/* The replay as a source sees it, after entry report->entries - 1. */
struct tj_progress {
    struct tj_replay_report *report;
    const struct tj_state *state;
    const struct tj_frontier *frontier;
    const struct tj_recent_nodes *recent;
    struct tj_digester *digester;
    uint64_t start; /* where this audit began */
};

enum tj_source_answer { TJ_SOURCE_ENTRY, TJ_SOURCE_END, TJ_SOURCE_GAP, TJ_SOURCE_TROUBLE };

struct tj_source;
struct tj_source_ops {
    /* Is there an entry `index`, and how much memory does it want? 0: none, since the source keeps
     * it as long as the source is open. GAP: `why` says what is missing. TROUBLE: it could not be
     * read, and trouble.what says why. */
    enum tj_source_answer (*peek)(struct tj_source *source, size_t *memory, uint64_t index,
                                  const char **why);
    /* Reads the entry that was peeked at into that memory. */
    void (*take)(struct tj_source *source, uint8_t *memory, struct tj_source_item *out);

    /* One entry, and the records of one. False when there is no such entry, the source lacks its
     * records, or trouble was met. So with all that follows. */
    bool (*entry)(struct tj_source *source, struct tj_view *out, uint64_t index);
    bool (*records)(struct tj_source *source, struct tj_view *out,
                    const struct tj_entry_view *entry);
    /* A node of the tree (crypto/tile.h). */
    bool (*node)(struct tj_source *source, struct tj_hash *out, unsigned level, uint64_t number);

    /* The checkpoints there are, in order of size. */
    size_t (*checkpoint_count)(struct tj_source *source);
    bool (*checkpoint)(struct tj_source *source, struct tj_view *note, size_t i);

    /* The names of the attachments there are, and the bytes of one. */
    void (*documents)(struct tj_source *source, void *context,
                      void (*visit)(void *context, const struct tj_view *name));
    bool (*document)(struct tj_source *source, struct tj_view *out,
                     const uint8_t name[TJ_HASH_SIZE]);

    /* Called before the first entry, after each entry that was accepted, and after the last. False:
     * something failed, and is in the report. `begin` may be NULL. `finish` is called only when
     * nothing failed before. */
    bool (*begin)(struct tj_source *source, struct tj_progress *progress);
    bool (*accepted)(struct tj_source *source, struct tj_progress *progress);
    void (*finish)(struct tj_source *source, struct tj_progress *progress,
                   const struct tj_hash *state_digest);
    /* Asked last of all: was it the same log all the time? False: somebody wrote meanwhile, so that
     * nothing that was read means anything. */
    bool (*settled)(struct tj_source *source);
    void (*close)(struct tj_source *source);
};

struct tj_source {
    const struct tj_source_ops *ops;
    uint64_t size;               /* entries it says it has */
    bool is_ledger;              /* it is read by LMDB, and therefore in a child process */
    struct tj_trouble trouble;   /* what it could not read; nothing is concluded from that */
    struct tj_node_reader nodes; /* its nodes, for crypto/tile.h */
};

/* Is there an exported folder here (it has a file `checkpoint`), rather than a ledger? */
bool tj_source_is_folder(const char *path) TJ_MUST_USE;

/* Opening answers NOT_FOUND, CORRUPT, FORMAT_UNKNOWN, DENIED, LOCKED, MEMORY or IO. `what` (may be
 * NULL) gets a sentence that says more. */
struct tj_source_message {
    char text[200];
};
enum tijori_status tj_source_open_ledger(struct tj_source **out, uint32_t *format_found,
                                         const char *path) TJ_MUST_USE;
/* A source over a store that is open. The store stays the caller's. */
enum tijori_status tj_source_of_store(struct tj_store *store, struct tj_source **out) TJ_MUST_USE;
enum tijori_status tj_source_open_folder(struct tj_source **out, struct tj_source_message *what,
                                         const char *path) TJ_MUST_USE;
/* The same for a replay, which goes on without what could not be listed, and answers for it: that
 * is in source->trouble. */
enum tijori_status tj_source_open_to_replay(struct tj_source **out, struct tj_source_message *what,
                                            const char *path) TJ_MUST_USE;
void tj_source_close(struct tj_source *source);

/* The newest checkpoint; false when there is none or it is malformed. */
bool tj_source_newest(struct tj_source *source, struct tj_view *note,
                      struct tj_checkpoint *checkpoint) TJ_MUST_USE;

/* An entry, decoded, with its leaf hash (may be NULL). */
bool tj_source_entry(struct tj_source *source, struct tj_digester *digester,
                     struct tj_entry_view *out, struct tj_hash *leaf, uint64_t index) TJ_MUST_USE;

/* An entry that was asked for again, with its records once they are wanted. Its bytes are a copy
 * that was hashed and found to be those that were judged. */
struct tj_past_entry {
    uint64_t turn; /* when it was asked for last; 0: nothing stands here */
    uint64_t index;
    struct tj_entry_view entry;
    uint8_t *bytes;
    size_t capacity;
    uint8_t *records; /* NULL: not asked for yet */
};
enum { TJ_PAST_KEPT = 64, TJ_PAST_RECORDS_MAX = 32 << 20 /* bytes */ };

/* The log before an entry, for the rules to ask about, read from a source. A source may answer
 * otherwise than when the entry was judged, in this audit or an earlier one: `leaves` knows each
 * judged entry's leaf hash, and what is read again is hashed again. It is kept, since one entry may
 * ask for records of another thousands of times. */
struct tj_source_past {
    struct tj_past past; /* context is this struct */
    struct tj_source *source;
    struct tj_digester *digester;
    struct tj_lane_jumps *jumps;
    uint32_t party; /* of the envelope that is judged; set before each */
    uint16_t lane;
    /* Restricted bodies that were absent when they were judged count as absent whatever the source
     * has now: those of entries below unseen_below in an earlier audit, and in this one, which
     * begins at `start`, those with a bit in `absent`. */
    uint64_t unseen_below;
    uint64_t start;
    uint8_t *absent; /* bit by bit from entry `start` on; beyond absent_bytes all are zero */
    size_t absent_bytes;
    size_t absent_capacity;
    void *leaves_context;
    bool (*leaves)(void *context, struct tj_hash *leaf, uint64_t index);
    uint64_t changed; /* the first entry that was met otherwise than judged; UINT64_MAX: none */
    bool nested;      /* what a post posts is being looked up */
    struct tj_past_entry kept[TJ_PAST_KEPT];
    size_t records_kept; /* bytes */
    uint64_t turn;
};
void tj_source_past_init(struct tj_source_past *past, struct tj_source *source,
                         struct tj_digester *digester, struct tj_lane_jumps *jumps);
/* Notes that an entry was judged without its body. False: no memory. */
bool tj_source_past_lacks(struct tj_source_past *past, uint64_t index) TJ_MUST_USE;
void tj_source_past_clear(struct tj_source_past *past);

#endif
