#include "core/log/journal.h"

#include "core/base/crc32c.h"

#include <inttypes.h>

struct tj_store_options tj_journal_options(uint64_t map_size)
{
    static const struct tj_table_spec tables[TJ_J_COUNT] = {
        [TJ_J_ENTRIES] = {"entries", TJ_TABLE_NUMBERED},
        [TJ_J_BODIES] = {"bodies", TJ_TABLE_NUMBERED},
        [TJ_J_ATTACHMENTS] = {"attachments", TJ_TABLE_NAMED},
        [TJ_J_STATE] = {"state", TJ_TABLE_NAMED},
        [TJ_J_META] = {"meta", TJ_TABLE_NAMED},
        [TJ_J_NODES] = {"nodes", TJ_TABLE_NAMED},
        [TJ_J_CHECKPOINTS] = {"checkpoints", TJ_TABLE_NAMED},
    };
    return (struct tj_store_options){
        .tables = tables,
        .table_count = TJ_J_COUNT,
        .format = TJ_STORE_FORMAT,
        .map_size = map_size,
    };
}

/* A switch without a default: a new status of storage does not compile until it has its word here.
 */
enum tijori_status tj_from_storage(enum tj_storage_status status)
{
    switch (status) {
    case TJ_STORAGE_OK:
        return TIJORI_OK;
    case TJ_STORAGE_NOT_FOUND:
        return TIJORI_NOT_FOUND;
    case TJ_STORAGE_EXISTS:
        return TIJORI_EXISTS;
    case TJ_STORAGE_FULL:
        return TIJORI_FULL;
    case TJ_STORAGE_LOCKED:
        return TIJORI_LOCKED;
    case TJ_STORAGE_VERSION:
        return TIJORI_FORMAT_UNKNOWN;
    case TJ_STORAGE_CORRUPT:
        return TIJORI_CORRUPT;
    case TJ_STORAGE_DENIED:
        return TIJORI_DENIED;
    case TJ_STORAGE_MEMORY:
        return TIJORI_MEMORY;
    case TJ_STORAGE_BUSY:
        return TIJORI_BUSY;
    case TJ_STORAGE_IO:
        return TIJORI_IO;
    }
    abort();
}

/* ---- checked rows ---- */

uint32_t tj_row_check(const void *key, size_t key_size, const void *value, size_t size)
{
    return tj_crc32c(tj_crc32c(0, key, key_size), value, size);
}

enum tijori_status tj_get_checked(struct tj_txn *txn, struct tj_view *value, size_t table,
                                  const void *key, size_t key_size)
{
    enum tijori_status status = tj_from_storage(tj_get_name(txn, value, table, key, key_size));
    if (status != TIJORI_OK) {
        return status;
    }
    if (value->size < TJ_ROW_CHECK_SIZE) {
        return TIJORI_CORRUPT;
    }
    value->size -= TJ_ROW_CHECK_SIZE;
    if (tj_load32(value->bytes + value->size) !=
        tj_row_check(key, key_size, value->bytes, value->size)) {
        return TIJORI_CORRUPT;
    }
    return TIJORI_OK;
}

/* ---- entries ---- */

#ifdef TIJORI_VERIFY
/* An entry has one form only: what was decoded encodes to the same bytes again. */
static bool encodes_again(const struct tj_entry_view *entry)
{
    uint8_t bytes[TJ_ENTRY_SIZE_MAX];
    if (entry->size < TJ_ENTRY_FIXED_SIZE || entry->size > sizeof bytes) {
        return false;
    }
    tj_entry_encode(bytes, entry->index, entry->term, entry->received_ns, &entry->previous,
                    entry->header_bytes, entry->bytes + TJ_ENTRY_FIXED_SIZE,
                    entry->size - TJ_ENTRY_FIXED_SIZE);
    return memcmp(bytes, entry->bytes, entry->size) == 0;
}
#endif

enum tijori_status tj_journal_entry(struct tj_txn *txn, struct tj_entry_view *out, uint64_t index)
{
    struct tj_view value;
    struct tj_verdict verdict;
    enum tijori_status status = tj_from_storage(tj_get_number(txn, &value, TJ_J_ENTRIES, index));
    if (status != TIJORI_OK) {
        return status;
    }
    tj_verdict_init(&verdict);
    status = tj_entry_decode(out, value.bytes, value.size, &verdict);
    if (status == TIJORI_OK && out->index == index) {
        TJ_VERIFY_CHECK(index % 16 > 1 || encodes_again(out));
        return TIJORI_OK;
    }
    return TIJORI_CORRUPT;
}

enum tijori_status tj_journal_body(struct tj_txn *txn, struct tj_body_view *out,
                                   const struct tj_entry_view *entry)
{
    struct tj_view value;
    enum tijori_status status =
        tj_from_storage(tj_get_number(txn, &value, TJ_J_BODIES, entry->index));
    if (status != TIJORI_OK) {
        return status;
    }
    if (!tj_body_decode(out, value.bytes, value.size, entry->header.record_count)) {
        return TIJORI_CORRUPT;
    }
    TJ_VERIFY_CHECK(out->records + (size_t)entry->header.record_count * TJ_RECORD_SIZE ==
                    out->links);
    return TIJORI_OK;
}

enum tijori_status tj_journal_counted(struct tj_txn *txn, struct tj_entry_view *entry,
                                      struct tj_body_view *body, uint64_t index)
{
    enum tijori_status status = tj_journal_entry(txn, entry, index);
    if (status == TIJORI_OK && body != NULL) {
        status = tj_journal_body(txn, body, entry);
    }
    if (status == TIJORI_NOT_FOUND) {
        return TIJORI_CORRUPT;
    }
    return status;
}

/* ---- the tree ---- */

bool tj_journal_leaf(struct tj_txn *txn, struct tj_digester *digester, struct tj_hash *leaf,
                     uint64_t index)
{
    struct tj_view value;
    if (tj_get_number(txn, &value, TJ_J_ENTRIES, index + 1) == TJ_STORAGE_OK &&
        value.size >= TJ_ENTRY_FIXED_SIZE) {
        memcpy(leaf->bytes, tj_entry_previous(value.bytes), TJ_HASH_SIZE);
        return true;
    }
    if (tj_get_number(txn, &value, TJ_J_ENTRIES, index) != TJ_STORAGE_OK) {
        return false;
    }
    tj_leaf_hash(digester->hasher, leaf, value.bytes, value.size);
    return true;
}

void tj_node_key(uint8_t key[TJ_NODE_KEY_SIZE], unsigned level, uint64_t number)
{
    TJ_VERIFY_CHECK(level > 0 && level < TJ_TILE_LEVELS);
    TJ_VERIFY_CHECK(number <= UINT64_MAX >> (8 * level));
    key[0] = (uint8_t)level;
    for (int i = 0; i < 8; i++) {
        key[1 + i] = (uint8_t)(number >> (56 - 8 * i));
    }
}

uint64_t tj_node_rows(uint64_t size)
{
    uint64_t rows = 0;
    for (unsigned level = 1; level < TJ_TILE_LEVELS; level++) {
        rows += size >> (8 * level);
    }
    TJ_VERIFY_CHECK(rows <= size / (TJ_TILE_WIDTH - 1));
    return rows;
}

void tj_node_row_encode(uint8_t out[TJ_NODE_ROW_SIZE], const uint8_t key[TJ_NODE_KEY_SIZE],
                        const struct tj_hash *hash)
{
    memcpy(out, hash->bytes, TJ_HASH_SIZE);
    tj_row_check_store(out, TJ_HASH_SIZE, key, TJ_NODE_KEY_SIZE);
}

enum tijori_status tj_node_row_read(struct tj_txn *txn, struct tj_hash *out, unsigned level,
                                    uint64_t number)
{
    struct tj_view value;
    uint8_t key[TJ_NODE_KEY_SIZE];
    tj_node_key(key, level, number);
    enum tijori_status status = tj_get_checked(txn, &value, TJ_J_NODES, key, sizeof key);
    if (status != TIJORI_OK) {
        return status;
    }
    if (value.size != TJ_HASH_SIZE) {
        return TIJORI_CORRUPT;
    }
    memcpy(out->bytes, value.bytes, TJ_HASH_SIZE);
    return TIJORI_OK;
}

/* The newest entry has none after it that holds its hash. What stands against a change of that one
 * is the stored head, and what was signed. */
enum tijori_status tj_journal_hash(struct tj_txn *txn, struct tj_digester *digester,
                                   struct tj_hash *leaf, struct tj_repairs *repairs, uint64_t index)
{
    struct tj_view value;
    enum tijori_status status = tj_from_storage(tj_get_number(txn, &value, TJ_J_ENTRIES, index));
    if (status == TIJORI_NOT_FOUND) {
        return tj_repairs_damage(repairs, "entry %" PRIu64 " is missing", index);
    }
    if (status != TIJORI_OK) {
        return status;
    }
    tj_leaf_hash(digester->hasher, leaf, value.bytes, value.size);
    status = tj_from_storage(tj_get_number(txn, &value, TJ_J_ENTRIES, index + 1));
    if (status == TIJORI_NOT_FOUND) {
        return TIJORI_OK;
    }
    if (status == TIJORI_OK &&
        (value.size < TJ_ENTRY_FIXED_SIZE ||
         memcmp(leaf->bytes, tj_entry_previous(value.bytes), TJ_HASH_SIZE) != 0)) {
        return tj_repairs_damage(repairs,
                                 "entry %" PRIu64 ", or previous of the entry after it: the chain "
                                 "of hashes is broken between the two",
                                 index);
    }
    return status;
}

/* A node of the level below: an entry's hash, or a row, which is not believed when it is damaged.
 */
static enum tijori_status child(struct tj_log_nodes *nodes, struct tj_hash *out, unsigned level,
                                uint64_t number)
{
    if (level == 0) {
        return tj_journal_hash(nodes->txn, nodes->digester, out, nodes->repairs, number);
    }
    enum tijori_status status = tj_node_row_read(nodes->txn, out, level, number);
    if (status == TIJORI_NOT_FOUND || status == TIJORI_CORRUPT) {
        return tj_node_below(nodes, out, level, number);
    }
    return status;
}

/* It calls itself once a level, and there are seven. */
enum tijori_status tj_node_below(struct tj_log_nodes *nodes, struct tj_hash *out, unsigned level,
                                 uint64_t number)
{
    struct tj_frontier frontier;
    TJ_VERIFY_CHECK(level > 0 && level < TJ_TILE_LEVELS);
    tj_frontier_init(&frontier);
    for (unsigned i = 0; i < TJ_TILE_WIDTH; i++) {
        struct tj_hash below;
        enum tijori_status status = child(nodes, &below, level - 1, number * TJ_TILE_WIDTH + i);
        if (status != TIJORI_OK) {
            return status;
        }
        tj_frontier_append(nodes->digester->hasher, &frontier, &below);
    }
    TJ_VERIFY_CHECK(frontier.count == 1); /* it is perfect */
    tj_frontier_root(nodes->digester->hasher, out, &frontier);
    return TIJORI_OK;
}

static enum tijori_status node(struct tj_log_nodes *nodes, struct tj_hash *out, unsigned level,
                               uint64_t number)
{
    struct tj_hash below;
    enum tijori_status status = tj_node_row_read(nodes->txn, out, level, number);
    bool unsound = status == TIJORI_NOT_FOUND || status == TIJORI_CORRUPT;
    if (nodes->as_stored || (status != TIJORI_OK && !unsound)) {
        return status;
    }
    if (!unsound && (!nodes->compares || level == 1)) {
        return TIJORI_OK;
    }
    status = tj_node_below(nodes, &below, level, number);
    if (status == TIJORI_OK && (unsound || !tj_hash_equal(&below, out))) {
        tj_repairs_note(nodes->repairs, "nodes: the row of level %u, number %" PRIu64 " is %s",
                        level, number,
                        unsound ? "missing or damaged" : "not that of the level below");
        *out = below;
    }
    return status;
}

static bool read_node(void *context, struct tj_hash *out, unsigned level, uint64_t number)
{
    struct tj_log_nodes *nodes = context;
    TJ_VERIFY_CHECK(nodes->reader.context == nodes); /* it was not copied to another place */
    if (level == 0 && !nodes->compares) {
        return tj_journal_leaf(nodes->txn, nodes->digester, out, number);
    }
    enum tijori_status status =
        level == 0 ? tj_journal_hash(nodes->txn, nodes->digester, out, nodes->repairs, number)
                   : node(nodes, out, level, number);
    if (status != TIJORI_OK) {
        nodes->failed = status;
    }
    return status == TIJORI_OK;
}

void tj_log_nodes_init(struct tj_log_nodes *nodes, struct tj_txn *txn, struct tj_digester *digester)
{
    *nodes = (struct tj_log_nodes){
        .reader = {nodes, read_node}, .txn = txn, .digester = digester, .failed = TIJORI_OK};
}

/* ---- the head row ---- */

/* Offsets in it: docs/FORMAT.md section 9. */
enum {
    HEAD_AT_SIZE = 0,
    HEAD_AT_REDO_FROM = 8,
    HEAD_AT_BLOCKS = 16,
    HEAD_AT_COUNT = 24,
    HEAD_AT_FRONTIER = 32,
};
static_assert(HEAD_AT_FRONTIER + TJ_HASH_SIZE * TJ_FRONTIER_MAX + TJ_ROW_CHECK_SIZE ==
                  TJ_HEAD_ROW_MAX,
              "hashes and the check end it");

size_t tj_head_row_encode(const struct tj_head_row *row, uint8_t out[TJ_HEAD_ROW_MAX])
{
    TJ_VERIFY_CHECK(row->frontier.size == row->size);
    TJ_VERIFY_CHECK(row->frontier.count == (uint32_t)__builtin_popcountll(row->size));
    tj_store64(out + HEAD_AT_SIZE, row->size);
    tj_store64(out + HEAD_AT_REDO_FROM, row->redo_from);
    tj_store64(out + HEAD_AT_BLOCKS, row->blocks);
    tj_store64(out + HEAD_AT_COUNT, row->frontier.count);
    size_t hashes = (size_t)row->frontier.count * TJ_HASH_SIZE;
    memcpy(out + HEAD_AT_FRONTIER, row->frontier.nodes, hashes);
    tj_row_check_store(out, HEAD_AT_FRONTIER + hashes, TJ_META_HEAD, strlen(TJ_META_HEAD));
    return HEAD_AT_FRONTIER + hashes + TJ_ROW_CHECK_SIZE;
}

#ifdef TIJORI_VERIFY
static bool row_encodes_again(const struct tj_head_row *row, const struct tj_view *value)
{
    uint8_t bytes[TJ_HEAD_ROW_MAX];
    return tj_head_row_encode(row, bytes) == value->size + TJ_ROW_CHECK_SIZE &&
           memcmp(bytes, value->bytes, value->size) == 0;
}
#endif

/* The frontier needs no size of its own in the row: it has one node for each bit that is set in the
 * size of the log. */
enum tijori_status tj_head_row_read(struct tj_txn *txn, struct tj_head_row *out)
{
    struct tj_view value;
    enum tijori_status status =
        tj_get_checked(txn, &value, TJ_J_META, TJ_META_HEAD, strlen(TJ_META_HEAD));
    if (status != TIJORI_OK) {
        return status;
    }
    if (value.size < HEAD_AT_FRONTIER) {
        return TIJORI_CORRUPT;
    }
    memset(out, 0, sizeof *out);
    out->size = tj_load64(value.bytes + HEAD_AT_SIZE);
    out->redo_from = tj_load64(value.bytes + HEAD_AT_REDO_FROM);
    out->blocks = tj_load64(value.bytes + HEAD_AT_BLOCKS);
    uint64_t count = tj_load64(value.bytes + HEAD_AT_COUNT);
    if (count != (uint64_t)__builtin_popcountll(out->size) ||
        value.size != HEAD_AT_FRONTIER + count * TJ_HASH_SIZE || out->redo_from > out->size) {
        return TIJORI_CORRUPT;
    }
    out->frontier.size = out->size;
    out->frontier.count = (uint32_t)count;
    memcpy(out->frontier.nodes, value.bytes + HEAD_AT_FRONTIER, count * TJ_HASH_SIZE);
    TJ_VERIFY_CHECK(row_encodes_again(out, &value));
    return TIJORI_OK;
}

/* ---- the past ---- */

/* A post that stands where a pending movement should shows damage. To answer it here would let a
 * record that names itself, or a chain of them, decide how deep this calls itself. */
static bool past_record(void *context, struct tj_named *out, uint64_t record_id)
{
    struct tj_journal_past *past = context;
    TJ_VERIFY_CHECK(past->past.context == past); /* it was not copied to another place */
    struct tj_entry_view entry;
    struct tj_body_view body;
    uint32_t position = tj_record_position(record_id);
    if (tj_journal_entry(past->txn, &entry, tj_record_entry(record_id)) != TIJORI_OK ||
        position >= entry.header.record_count ||
        tj_journal_body(past->txn, &body, &entry) != TIJORI_OK) {
        return false;
    }
    const uint8_t *record = body.records + (size_t)position * TJ_RECORD_SIZE;
    if (past->nested && tj_record_kind(record) == TJ_POST) {
        return false;
    }
    memcpy(out->record, record, TJ_RECORD_SIZE);
    tj_group_hash(past->digester->hasher, &out->group, record,
                  tj_details_after(body.records, entry.header.record_count, position));
    out->absent = false;
    bool nested = past->nested;
    past->nested = true;
    tj_named_complete(&past->past, out, &entry);
    past->nested = nested;
    return true;
}

static bool past_leaf(void *context, struct tj_hash *leaf, uint64_t index)
{
    struct tj_journal_past *past = context;
    return tj_journal_leaf(past->txn, past->digester, leaf, index);
}

static bool past_envelope_id(void *context, struct tj_hash *id, uint64_t index)
{
    struct tj_journal_past *past = context;
    struct tj_entry_view entry;
    if (tj_journal_entry(past->txn, &entry, index) != TIJORI_OK) {
        return false;
    }
    tj_envelope_id(past->digester, id, entry.header_bytes);
    return true;
}

static bool read_tail(struct tj_txn *txn, struct tj_tail *tail, uint64_t index)
{
    struct tj_view value;
    struct tj_body_view body;
    if (tj_get_number(txn, &value, TJ_J_BODIES, index) != TJ_STORAGE_OK ||
        value.size < TJ_TAIL_SIZE ||
        (value.size - TJ_TAIL_SIZE) % (TJ_RECORD_SIZE + TJ_LINK_SIZE) != 0) {
        return false;
    }
    uint32_t count = (uint32_t)((value.size - TJ_TAIL_SIZE) / (TJ_RECORD_SIZE + TJ_LINK_SIZE));
    bool whole = tj_body_decode(&body, value.bytes, value.size, count);
    *tail = body.tail;
    return whole;
}

static bool past_lane_jump(void *context, uint64_t *jump, uint64_t index)
{
    struct tj_journal_past *past = context;
    struct tj_tail tail;
    bool found = read_tail(past->txn, &tail, index);
    *jump = found ? tail.lane_jump : 0;
    return found;
}

static bool past_root(void *context, struct tj_hash *root, uint64_t size)
{
    struct tj_journal_past *past = context;
    struct tj_log_nodes nodes;
    tj_log_nodes_init(&nodes, past->txn, past->digester);
    return tj_tile_root(past->digester->hasher, root, &nodes.reader, size);
}

void tj_journal_past_init(struct tj_journal_past *past, struct tj_txn *txn,
                          struct tj_digester *digester)
{
    past->txn = txn;
    past->digester = digester;
    past->nested = false;
    past->past =
        (struct tj_past){past, past_record, past_leaf, past_envelope_id, past_lane_jump, past_root};
}

enum tijori_status tj_journal_find_sequence(struct tj_txn *txn, uint64_t *entry, uint64_t from,
                                            uint64_t from_sequence, uint64_t sequence)
{
    /* Invariant: `from` is the entry of from_sequence >= sequence >= 1. */
    TJ_VERIFY_CHECK(from_sequence >= sequence && sequence >= 1);
    while (from_sequence > sequence) {
        struct tj_tail tail;
        if (!read_tail(txn, &tail, from)) {
            return TIJORI_CORRUPT;
        }
        tj_lane_step(&tail, &from, &from_sequence, sequence);
        TJ_VERIFY_CHECK(from_sequence >= sequence); /* no jump goes too far */
    }
    *entry = from;
    return TIJORI_OK;
}

/* Times rise from entry to entry, so the last one that was received by then is found by halves. No
 * index by time is kept that would have to be trusted or repaired. */
enum tijori_status tj_journal_count_at(struct tj_txn *txn, uint64_t *count, uint64_t size,
                                       uint64_t time_ns)
{
    /* Invariant: entries below `low` were received by then, entries from `high` on were not. */
    uint64_t low = 0;
    uint64_t high = size;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        struct tj_entry_view entry;
        enum tijori_status status = tj_journal_counted(txn, &entry, NULL, middle);
        if (status != TIJORI_OK) {
            return status;
        }
        if (entry.received_ns <= time_ns) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *count = low;
    return TIJORI_OK;
}
