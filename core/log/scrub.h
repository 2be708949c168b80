#ifndef TIJORI_CORE_LOG_SCRUB_H
#define TIJORI_CORE_LOG_SCRUB_H

/* Looking at every row that a ledger stores, slice by slice, before somebody needs it:
 * docs/FORMAT.md section 9, "Scrub". Nothing is written here; what was found is told, and
 * core/ingest/mend.h mends what can be. Signatures and rules are an audit's.
 *
 * Threads: none; a scrub belongs to one thread at a time. */

#include "core/log/snapshot.h"

/* In this order. A round ends with the last. */
enum tj_scrub_stage {
    TJ_SCRUB_ENTRIES,     /* chain, body root, the node that every 256th completes */
    TJ_SCRUB_NODES,       /* checks; each node against the 256 below it */
    TJ_SCRUB_STATE,       /* checks */
    TJ_SCRUB_ATTACHMENTS, /* each is what its hash says */
    TJ_SCRUB_STAGES,
};
extern const char *const tj_scrub_stage_names[TJ_SCRUB_STAGES];

/* How far a scrub has come: the row `walk` of meta. */
struct tj_walk {
    uint64_t stage;      /* enum tj_scrub_stage */
    uint64_t at;         /* the next entry or node (level << 56 | number), or how its key begins */
    uint64_t rounds;     /* that came to their end */
    uint64_t finished_s; /* when the last one did, POSIX; 0: none */
    uint64_t mended;     /* rows ever */
    uint64_t damaged;    /* rows of the log, since the round began */
};
enum { TJ_WALK_SIZE = 48 };
void tj_walk_encode(const struct tj_walk *walk, uint8_t out[TJ_WALK_SIZE]);
/* All zero where there is no such row, or a damaged one: a scrub then begins again. */
enum tijori_status tj_walk_read(struct tj_txn *txn, struct tj_walk *out) TJ_MUST_USE;

struct tj_scrub {
    struct tj_txn *txn; /* the caller's, of this slice */
    struct tj_digester *digester;
    uint64_t size; /* entries that there are */
    struct tj_walk walk;
    /* What this scrub looked at. */
    uint64_t entries;
    uint64_t records;
    uint64_t nodes;
    uint64_t blocks;
    uint64_t attachments;
    struct tj_repairs derived; /* what is damaged and follows from the log */
    struct tj_repairs log;     /* what is damaged and is the log, or a document that it cites */
};

/* Goes on for about so many bytes, at most to the end of the round; walk.stage is then
 * TJ_SCRUB_STAGES. Not OK: it could not be told (MEMORY, IO), and the place is where that was. */
enum tijori_status tj_scrub_slice(struct tj_scrub *scrub, uint64_t bytes) TJ_MUST_USE;
/* All of it, from the beginning. */
enum tijori_status tj_scrub_all(struct tj_txn *txn, struct tj_digester *digester,
                                struct tj_scrub *out) TJ_MUST_USE;

#endif
