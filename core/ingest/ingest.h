#ifndef TIJORI_CORE_INGEST_INGEST_H
#define TIJORI_CORE_INGEST_INGEST_H

/* From envelopes to entries, on the threads of a pipeline. Many threads check what is a pure
 * function of the bytes (tj_ingest_check). One thread at a time judges a group in queue order by
 * the state in memory, and commits it while another thread judges the next group
 * (tj_ingest_decide). Receipts go out only after the commit.
 *
 * Two locks, taken in this order, each by one thread at a time:
 *     judging     the state, and the end of the log as judged
 *     committing  the writing side of storage, and the end of the log as the disk has it
 * A thread that has judged a group keeps `judging` until it has `committing`. Whoever holds both
 * therefore sees a state that is durable to the last entry. At most two groups are not durable: one
 * on its way to the disk, and one being judged. */

#include "core/ingest/commit.h"
#include "core/ingest/known_keys.h"
#include "core/ingest/own_clock.h"
#include "core/base/pipeline.h"

#include <pthread.h>
#include <stdatomic.h>

/* An envelope on its way. */
struct tj_ingest_item {
    uint64_t tag;
    const uint8_t *bytes;
    size_t size;
    /* What checking finds. */
    struct tj_hash envelope_id;
    bool has_id;
    bool judged; /* its verdict depended on the ledger */
    uint32_t invalid_slot;
    bool unverified; /* by a key of nobody: its signatures were not looked at */
    bool undecided;  /* this machine could not verify a signature */
    /* What became of it. */
    uint64_t clock_ns; /* what the clock said when it was first judged; 0: not judged yet */
    uint64_t entry;
    uint64_t received_ns;
    struct tj_hash leaf;
    struct tj_hash conflict_id;
    struct tj_verdict verdict; /* first on the form alone, in the end on everything */
    struct tj_envelope_view view;
};

/* Form, hashes, signatures: a function of the bytes, but that signatures by keys that the ingest
 * does not know are left out. (tj_pipeline_work; context is the ingest. NULL: none is left out.) */
void tj_ingest_check(void *context, struct tj_digester *digester, void **items, size_t count);

/* What is kept in memory of an entry that may not be on the disk yet. */
struct tj_recent {
    struct tj_hash leaf;
    struct tj_hash envelope_id;
    uint64_t received_ns;
    struct tj_tail tail;
};

struct tj_ingest {
    struct tj_store *store;
    struct tj_state *state;
    struct tj_own_clock clock;
    uint64_t
        redo_max; /* TJ_REDO_MAX; tests take less, so that a short log has blocks of all ages */
    struct tj_digester digester; /* for the thread that holds both locks */
    struct tj_known_keys known_keys;

    pthread_mutex_t judging;
    struct tj_log_end head; /* as judged */
    unsigned turn;          /* the group to judge next; the other one was judged last */
    uint64_t snapshot_credit;
    struct tj_hash refused[TJ_REFUSED_MAX]; /* envelope ids, a ring */
    size_t refused_next;
    struct tj_recent *recent; /* TJ_RECENT_MAX, by index */

    const struct tj_signer *signer; /* signs each group; NULL: none. Set before the first one */
    struct tj_public_key signer_key;

    pthread_mutex_t committing;
    struct tj_log_end durable;
    size_t note_size; /* of the newest checkpoint that the signer made for a group */
    char note[TJ_SIGNED_NOTE_MAX];
    _Atomic uint64_t durable_size; /* durable.row.size, for the thread that judges */
    _Atomic uint64_t signs_until;  /* the last size that the signer's key is active for */
    atomic_bool failed;            /* a commit ended in doubt, or memory: nothing more is written */
    bool lost;                     /* a group did not become durable and is still in the state */

    struct tj_group groups[2];
};

/* False when there is no memory. The caller sets store, state and head. */
bool tj_ingest_init(struct tj_ingest *ingest) TJ_MUST_USE;
void tj_ingest_clear(struct tj_ingest *ingest);

/* Says where the log ends, which the state reflects. To be called before the first envelope. */
void tj_ingest_start_from(struct tj_ingest *ingest, const struct tj_log_end *end);
/* Reads where the log ends. */
enum tijori_status tj_log_end_read(struct tj_txn *txn, struct tj_digester *digester,
                                   struct tj_log_end *out,
                                   const struct tj_head_row *row) TJ_MUST_USE;

/* Decides as many of the first items as make one group, and commits them. Every one then has its
 * final verdict. (tj_pipeline_decide_ready; context is the ingest) */
void tj_ingest_decide(void *context, struct tj_digester *digester, struct tj_pipeline *pipeline,
                      size_t ready);

/* Between these two calls the state, the head and storage are the caller's alone, and the state is
 * durable to the last entry. */
void tj_ingest_hold(struct tj_ingest *ingest);
void tj_ingest_let_go(struct tj_ingest *ingest);

#ifdef TIJORI_VERIFY
/* Is the lock held, by whatever thread? For assertions. */
bool tj_lock_held(pthread_mutex_t *lock) TJ_MUST_USE;
#endif

/* Judges one checked item as if it came now, changing nothing. `txn` is the picture of a ledger
 * that is open for reading; NULL: one is taken. */
void tj_ingest_dry_run(struct tj_ingest *ingest, struct tj_ingest_item *item, struct tj_txn *txn);

/* Stores every block that changed, so that the next open redoes nothing. */
void tj_ingest_store_all(struct tj_ingest *ingest);

/* Writes entries 0 and 1 into an empty store, both or none. */
enum tijori_status tj_ingest_found(struct tj_ingest *ingest, struct tj_ingest_item *genesis,
                                   struct tj_ingest_item *opening) TJ_MUST_USE;

#endif
