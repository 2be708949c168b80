#ifndef TIJORI_CORE_INGEST_COMMIT_H
#define TIJORI_CORE_INGEST_COMMIT_H

/* Making a group of entries durable. One transaction of storage takes the entries, their bodies and
 * attachments, a slice of the snapshot and the head, and is synced.
 *
 * Nothing above this file knows what makes entries durable. A cluster would replace this file
 * alone: all it is asked for is to commit a group of entries after a given head.
 *
 * A commit has two halves, so that the state may move on while the disk works: tj_group_begin
 * copies what it takes of the state, and tj_group_commit does not look at the state.
 *
 * Threads: none of its own. A group belongs to one thread at a time. Begin and undo want the state
 * to be that thread's alone. LMDB wants begin and commit to be called by the same thread. */

#include "core/log/stored_checkpoint.h"
#include "core/log/snapshot.h"
#include "storage/store_write.h"

/* Where a log ends. */
struct tj_log_end {
    struct tj_head_row row;
    struct tj_hash leaf; /* of the last entry */
    uint64_t received_ns;
    struct tj_directives directives;
};

/* An entry on its way to the disk. What it points to must stay until the group is committed. */
struct tj_new_entry {
    uint64_t index;
    uint64_t received_ns;
    struct tj_hash previous;
    const struct tj_envelope_view *view;
    const uint8_t *links;
    struct tj_tail tail;
};

/* Writes the entry's bytes, tj_entry_size(view->slot_bytes_size) of them. */
void tj_new_entry_encode(const struct tj_new_entry *entry, uint8_t *out);

/* The root of a full subtree of 256^level leaves, which an entry of a group completed. */
struct tj_new_node {
    uint64_t number;
    unsigned level;
    struct tj_hash hash;
};

/* Who signs what a group makes durable. The origin and the key are the caller's. */
struct tj_signer {
    const char *origin;
    const uint8_t *secret32;
};

/* A block of the state that a group stores, and the first entry that had changed it. */
struct tj_sliced {
    struct tj_block *block;
    uint64_t since;
};

struct tj_group {
    size_t count; /* entries */
    uint64_t records;
    struct tj_new_entry *entries; /* TJ_GROUP_ENVELOPES_MAX */
    uint8_t *links;               /* of all records: TJ_GROUP_LINKS_MAX bytes */
    struct tj_log_end end;        /* after its last entry */
    struct tj_undo_log undo;      /* what its entries changed */
    size_t slice_count;
    struct tj_sliced *slice; /* TJ_SLICE_BLOCKS_MAX */
    size_t node_count;
    struct tj_new_node nodes[TJ_GROUP_NODES_MAX];
    size_t note_size; /* of the signed checkpoint over `end`; 0: not signed */
    char note[TJ_SIGNED_NOTE_MAX];
    struct tj_txn *txn;
};

/* False when there is no memory. */
bool tj_group_init(struct tj_group *group) TJ_MUST_USE;
void tj_group_clear(struct tj_group *group);

/* Begins the transaction with the head and the `blocks` blocks of the state that have waited
 * longest (at most TJ_SLICE_BLOCKS_MAX). On any failure the transaction is gone. */
enum tj_storage_status tj_group_begin(struct tj_group *group, struct tj_store *store,
                                      struct tj_state *state, uint64_t blocks) TJ_MUST_USE;
/* Appends the entries, the nodes of the tree and, when `signer` is not NULL, a checkpoint over all
 * of it. Then it commits and syncs. The checkpoint leaves the group only once that has succeeded.
 * After FULL nothing has happened. After anything else that is not OK, it is unknown what the disk
 * holds. The transaction is gone in every case. */
enum tj_storage_status tj_group_commit(struct tj_group *group, struct tj_digester *digester,
                                       const struct tj_signer *signer) TJ_MUST_USE;

/* Writes one node's row. Also used to mend a damaged one. */
enum tj_storage_status tj_put_node(struct tj_txn *txn, const struct tj_new_node *node) TJ_MUST_USE;
/* Writes a row of meta, with its check. */
enum tj_storage_status tj_put_meta(struct tj_txn *txn, const char *key, const void *bytes,
                                   size_t size) TJ_MUST_USE;
/* Writes a block's row as it is now, `size` entries being durable. */
enum tj_storage_status tj_put_block(struct tj_txn *txn, const struct tj_block *block,
                                    uint64_t size) TJ_MUST_USE;
/* Writes the head: which block is the oldest that is still to be stored, and how many rows are. */
enum tj_storage_status tj_put_head(struct tj_txn *txn, struct tj_head_row *row,
                                   const struct tj_state *state) TJ_MUST_USE;

/* To be called after a commit: what the group did can no longer be undone, and it is empty. */
void tj_group_settle(struct tj_group *group);
/* To be called after a failure: the state is again as the group found it, and the group is empty.
 * Of two groups the later one is undone first. `size` is how many entries are durable. */
void tj_group_undo(struct tj_group *group, struct tj_state *state, uint64_t size);

#endif
