#ifndef TIJORI_CORE_LOG_JOURNAL_H
#define TIJORI_CORE_LOG_JOURNAL_H

/* The ledger's tables in storage, and reading the log from them: docs/FORMAT.md section 9.
 * Works in reading and in writing transactions. Views are valid as long as the transaction is. */

#include "core/log/repairs.h"
#include "core/rules/effect.h"
#include "crypto/tile.h"
#include "storage/store.h"

enum tj_journal_table {
    TJ_J_ENTRIES,
    TJ_J_BODIES,
    TJ_J_ATTACHMENTS,
    TJ_J_STATE,
    TJ_J_META,
    TJ_J_NODES,
    TJ_J_CHECKPOINTS,
    TJ_J_COUNT,
};
enum { TJ_STORE_FORMAT = 5 };

/* For tj_store_open_* and tj_store_create; `map_size` as there. */
struct tj_store_options tj_journal_options(uint64_t map_size);

/* What storage says, in the ledger's words. */
enum tijori_status tj_from_storage(enum tj_storage_status status) TJ_MUST_USE;

/* ---- checked rows ----
 * What is derived from the log is not believed because it is there: every such row has a check, the
 * CRC32C of its key and of all else of its value. docs/FORMAT.md section 9. */

enum { TJ_ROW_CHECK_SIZE = 4 };

/* Of a row whose value is these bytes and then the check. */
uint32_t tj_row_check(const void *key, size_t key_size, const void *value, size_t size);
/* Writes the check behind the `size` bytes of a value. */
static inline void tj_row_check_store(uint8_t *value, size_t size, const void *key, size_t key_size)
{
    tj_store32(value + size, tj_row_check(key, key_size, value, size));
}
/* Reads such a row; `value` is given without the check. NOT_FOUND when there is none, CORRUPT when
 * the check is not that of the row. */
enum tijori_status tj_get_checked(struct tj_txn *txn, struct tj_view *value, size_t table,
                                  const void *key, size_t key_size) TJ_MUST_USE;

/* Reads an entry and decodes it. CORRUPT when its form is wrong, NOT_FOUND when there is none. */
enum tijori_status tj_journal_entry(struct tj_txn *txn, struct tj_entry_view *out,
                                    uint64_t index) TJ_MUST_USE;
/* Reads the body of an entry and takes it apart. */
enum tijori_status tj_journal_body(struct tj_txn *txn, struct tj_body_view *out,
                                   const struct tj_entry_view *entry) TJ_MUST_USE;

/* Reads an entry that the head counts, and its body (`body` may be NULL). As above, except that an
 * entry which is not there is CORRUPT. */
enum tijori_status tj_journal_counted(struct tj_txn *txn, struct tj_entry_view *entry,
                                      struct tj_body_view *body, uint64_t index) TJ_MUST_USE;

/* The leaf hash of an entry. The next entry holds it, so only the newest entry must be hashed. */
bool tj_journal_leaf(struct tj_txn *txn, struct tj_digester *digester, struct tj_hash *leaf,
                     uint64_t index) TJ_MUST_USE;

/* ---- the tree ----
 * Level 0 is the journal itself, since each entry holds the leaf hash of the one before. The nodes
 * above level 0 have rows of their own, one hash for 256 entries. */

enum { TJ_NODE_KEY_SIZE = 9, TJ_NODE_ROW_SIZE = TJ_HASH_SIZE + TJ_ROW_CHECK_SIZE };
/* The key of a node's row: `level u8 || number u64 big-endian`. */
void tj_node_key(uint8_t key[TJ_NODE_KEY_SIZE], unsigned level, uint64_t number);

/* Writes the value of a node's row. */
void tj_node_row_encode(uint8_t out[TJ_NODE_ROW_SIZE], const uint8_t key[TJ_NODE_KEY_SIZE],
                        const struct tj_hash *hash);

/* How many rows the table of nodes has for a log of `size` entries. */
uint64_t tj_node_rows(uint64_t size);

/* Reads the nodes of the tree of a transaction's log, for crypto/tile.h. A node whose row is
 * missing or damaged is worked out from what it stands over, down to the entries. */
struct tj_log_nodes {
    struct tj_node_reader reader; /* context is this struct */
    struct tj_txn *txn;
    struct tj_digester *digester;
    bool as_stored;             /* an audit's: no node is worked out, its row is asked for */
    bool compares;              /* entries are hashed, nodes are compared with those below them */
    struct tj_repairs *repairs; /* where what was worked out is noted; may be NULL */
    enum tijori_status failed;  /* why the reader answered false; OK: a row is not there */
};
void tj_log_nodes_init(struct tj_log_nodes *nodes, struct tj_txn *txn,
                       struct tj_digester *digester);

/* Reads the node's row. NOT_FOUND, or CORRUPT when its check is wrong. */
enum tijori_status tj_node_row_read(struct tj_txn *txn, struct tj_hash *out, unsigned level,
                                    uint64_t number) TJ_MUST_USE;
/* Works a node out of the 256 below it, and those below level 1 out of the entries, which must
 * follow one another. */
enum tijori_status tj_node_below(struct tj_log_nodes *nodes, struct tj_hash *out, unsigned level,
                                 uint64_t number) TJ_MUST_USE;
/* Hashes an entry. CORRUPT when the next entry, below `size`, holds another hash. */
enum tijori_status tj_journal_hash(struct tj_txn *txn, struct tj_digester *digester,
                                   struct tj_hash *leaf, struct tj_repairs *repairs,
                                   uint64_t index) TJ_MUST_USE;

/* ---- the row `head` of meta ---- */

struct tj_head_row {
    uint64_t size;      /* entries */
    uint64_t redo_from; /* the first entry whose effect may be missing in a stored block */
    uint64_t blocks;    /* rows of the table of blocks */
    struct tj_frontier frontier;
};
enum { TJ_HEAD_ROW_MAX = 32 + 32 * TJ_FRONTIER_MAX + TJ_ROW_CHECK_SIZE };
#define TJ_META_HEAD "head" /* its key in meta */
#define TJ_META_WALK "walk" /* the key of what core/log/scrub.h keeps there */
/* Writes it with its check; the size. */
size_t tj_head_row_encode(const struct tj_head_row *row, uint8_t out[TJ_HEAD_ROW_MAX]);
/* Reads it as it is stored. CORRUPT when its check is wrong. */
enum tijori_status tj_head_row_read(struct tj_txn *txn, struct tj_head_row *out) TJ_MUST_USE;

/* ---- the past, as the rules see it ---- */

/* Answers the rules' questions from a transaction. For one thread; the digester is the caller's. */
struct tj_journal_past {
    struct tj_txn *txn;
    struct tj_digester *digester;
    struct tj_past past; /* what to hand to tj_apply; context is this struct */
    bool nested;         /* what a post posts is being looked up */
};
void tj_journal_past_init(struct tj_journal_past *past, struct tj_txn *txn,
                          struct tj_digester *digester);

/* One step of the walk of tj_journal_find_sequence, by the tail of entry *from: a jump where it
 * does not go too far, else to the sequence before. */
static inline void tj_lane_step(const struct tj_tail *tail, uint64_t *from, uint64_t *from_sequence,
                                uint64_t sequence)
{
    uint64_t jump = tj_lane_jump(*from_sequence);
    *from = jump >= sequence ? tail->lane_jump : tail->lane_previous;
    *from_sequence = jump >= sequence ? jump : *from_sequence - 1;
}

/* Finds the entry of an earlier sequence of a lane by a walk along the tails. `from` is the entry
 * of sequence `from_sequence`, which is not below `sequence`. O(log n) reads. */
enum tijori_status tj_journal_find_sequence(struct tj_txn *txn, uint64_t *entry, uint64_t from,
                                            uint64_t from_sequence, uint64_t sequence) TJ_MUST_USE;

/* How many entries were received at or before `time_ns` (binary search). */
enum tijori_status tj_journal_count_at(struct tj_txn *txn, uint64_t *count, uint64_t size,
                                       uint64_t time_ns) TJ_MUST_USE;

#endif
