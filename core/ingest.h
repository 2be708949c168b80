#ifndef TIJORI_CORE_INGEST_H
#define TIJORI_CORE_INGEST_H

/* From envelopes to entries: one thread decides in queue order, appends what is accepted, and
 * commits all that gathered while the last commit was being synced (group commit). Only then
 * receipts go out. Verification is done before, by the workers of the pipeline (tj_ingest_check).
 *
 * The seam to a cluster (design "commit a group of entries after this head") is commit_group in
 * ingest.c: nothing above it knows what makes entries durable. */

#include "core/pipeline.h"
#include "core/snapshot.h"
#include "storage/store_write.h"

#include <pthread.h>

/* An envelope on its way. */
struct tj_ingest_item {
    uint64_t tag;
    const uint8_t *bytes;
    size_t size;
    /* What the workers find. */
    struct tj_envelope_view view;
    struct tj_hash envelope_id;
    struct tj_verdict verdict; /* of the form; then of everything */
    bool has_id;
    uint32_t invalid_slot;
    /* What became of it. */
    bool judged; /* its verdict depended on the ledger */
    uint64_t entry;
    uint64_t received_ns;
    struct tj_hash leaf;
    struct tj_hash conflict_id;
};

/* A worker's part: form, hashes, signatures. A pure function of the bytes. (tj_pipeline_work) */
void tj_ingest_check(void *context, struct tj_digester *digester, void **items, size_t count);

/* Where the log ends. */
struct tj_ingest_head {
    struct tj_head_row row;
    struct tj_hash leaf;
    uint64_t received_ns;
    uint64_t directive; /* the newest entry that holds directives */
};

struct tj_ingest {
    struct tj_store *store;
    struct tj_state *state;
    struct tj_ingest_head head;
    struct tj_digester digester;
    tijori_clock *clock;
    void *clock_context;
    bool accept_clock_jump;
    /* Held while state and head are ahead of the disk; readers of the state take it. */
    pthread_mutex_t durable;
    bool failed; /* a commit ended in doubt: nothing more is written */
    uint64_t snapshot_credit;
    uint64_t
        redo_max; /* TJ_REDO_MAX; tests take less, so that a short log has blocks of all ages */
    struct tj_hash refused[TJ_REFUSED_MAX]; /* envelope ids, a ring */
    size_t refused_next;
    uint8_t links[TJ_RECORDS_MAX * TJ_LINK_SIZE];
};

/* Reads where the log ends; the state must be as of there. */
enum tijori_status tj_ingest_head_read(struct tj_txn *txn, struct tj_digester *digester,
                                       const struct tj_head_row *row,
                                       struct tj_ingest_head *out) TJ_MUST_USE;

/* Decides the first items of a queue, as many as make one group, and commits them; how many. The
 * i-th item is tj_pipeline_at(pipeline, i). Every one then has its final verdict. */
size_t tj_ingest_group(struct tj_ingest *ingest, struct tj_pipeline *pipeline, size_t ready);

/* Judges one checked item as if it came now, changing nothing. */
void tj_ingest_dry_run(struct tj_ingest *ingest, struct tj_ingest_item *item);

/* Stores every block that changed, so that the next open redoes nothing. */
void tj_ingest_store_all(struct tj_ingest *ingest);

/* Writes entries 0 and 1 into an empty store, both or none. */
enum tijori_status tj_ingest_found(struct tj_ingest *ingest, struct tj_ingest_item *genesis,
                                   struct tj_ingest_item *opening) TJ_MUST_USE;

#endif
