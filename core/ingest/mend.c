#include "core/ingest/mend.h"

#include <inttypes.h>

enum { DAMAGED_MAX = 256 };

struct mending {
    struct tj_ingest *ingest;
    struct tj_repairs *repairs;
    struct tj_txn *txn;
    bool entries; /* nodes of level 1 are compared with the entries */
    bool changed; /* something was written */
};

/* The rows of a table come in the order of their keys, unless a key was changed in its place. Then
 * LMDB no longer finds what is there, and only a table that is made anew is sound. */
struct order {
    uint8_t key[TJ_STORE_KEY_MAX];
    size_t size;
};

static bool in_order(struct order *last, const struct tj_view *key)
{
    if (key->size > sizeof last->key) {
        return false;
    }
    size_t common = key->size < last->size ? key->size : last->size;
    int sign = memcmp(last->key, key->bytes, common);
    bool rises = last->size == 0 || sign < 0 || (sign == 0 && last->size < key->size);
    memcpy(last->key, key->bytes, key->size);
    last->size = key->size;
    return rises;
}

/* ---- nodes ---- */

/* All leaves are appended to an empty frontier once more, as the ingest appended them: the nodes
 * are what that completes on its way. */
static enum tijori_status write_all_nodes(struct mending *m)
{
    struct tj_frontier frontier;
    struct tj_digester *digester = &m->ingest->digester;
    tj_frontier_init(&frontier);
    enum tijori_status status = tj_from_storage(tj_clear_table(m->txn, TJ_J_NODES));
    for (uint64_t i = 0; status == TIJORI_OK && i < m->ingest->durable.row.size; i++) {
        struct tj_hash leaf;
        struct tj_hash nodes[TJ_FRONTIER_NODES_MAX];
        status = tj_journal_hash(m->txn, digester, &leaf, m->repairs, i);
        if (status != TIJORI_OK) {
            return status;
        }
        uint32_t levels = tj_frontier_append_nodes(digester->hasher, &frontier, nodes, &leaf);
        TJ_VERIFY_CHECK((levels > 0) == (frontier.size % TJ_TILE_WIDTH == 0));
        for (uint32_t level = 1; status == TIJORI_OK && level <= levels; level++) {
            struct tj_new_node node = {(frontier.size >> (8 * level)) - 1, level, nodes[level - 1]};
            status = tj_from_storage(tj_put_node(m->txn, &node));
        }
    }
    return status;
}

/* A node has a row with the right check; above level 1 it is the root of those below as well. The
 * nodes of level 1 are held against the entries by a scrub, and after it here. */
static enum tijori_status mend_node(struct mending *m, struct tj_log_nodes *nodes, unsigned level,
                                    uint64_t number)
{
    struct tj_new_node node = {number, level, {{0}}};
    struct tj_hash stored;
    enum tijori_status row = tj_node_row_read(m->txn, &stored, level, number);
    if (row != TIJORI_OK && row != TIJORI_NOT_FOUND && row != TIJORI_CORRUPT) {
        return row;
    }
    if (row == TIJORI_OK && level == 1 && !m->entries) {
        return TIJORI_OK;
    }
    enum tijori_status status = tj_node_below(nodes, &node.hash, level, number);
    if (status != TIJORI_OK || (row == TIJORI_OK && tj_hash_equal(&node.hash, &stored))) {
        return status;
    }
    tj_repairs_note(m->repairs, "nodes: the row of level %u, number %" PRIu64 " is %s", level,
                    number,
                    row == TIJORI_NOT_FOUND ? "missing"
                    : row == TIJORI_CORRUPT ? "not what its check says"
                                            : "not that of the level below");
    m->changed = true;
    return tj_from_storage(tj_put_node(m->txn, &node));
}

/* All levels by their numbers, the lowest first: what is compared with those below it comes after
 * they were mended. A row too many has no number, and only the count shows it. */
static enum tijori_status mend_nodes(struct mending *m)
{
    struct tj_log_nodes nodes;
    uint64_t rows = 0;
    const uint64_t size = m->ingest->durable.row.size;
    tj_log_nodes_init(&nodes, m->txn, &m->ingest->digester);
    nodes.repairs = m->repairs;
    for (unsigned level = 1; level < TJ_TILE_LEVELS; level++) {
        for (uint64_t number = 0; number < size >> (8 * level); number++) {
            enum tijori_status status = mend_node(m, &nodes, level, number);
            if (status != TIJORI_OK) {
                return status;
            }
        }
    }
    enum tijori_status status = tj_from_storage(tj_count(m->txn, &rows, TJ_J_NODES));
    if (status == TIJORI_OK && rows != tj_node_rows(size)) {
        tj_repairs_note(m->repairs, "nodes: %" PRIu64 " rows, and the tree has %" PRIu64, rows,
                        tj_node_rows(size));
        m->changed = true;
        return write_all_nodes(m);
    }
    return status;
}

/* ---- state ---- */

/* What the rows of the table of blocks are like. */
struct rows {
    bool reachable; /* by the keys that blocks are stored under */
    size_t damaged_count;
    struct tj_block *damaged[DAMAGED_MAX]; /* whose rows are, but not their keys */
};

/* What is more than there is room for is found again, by the next opening or scrub. */
static enum tijori_status look_at_state(struct mending *m, struct rows *rows)
{
    struct tj_cursor *cursor;
    struct tj_view key;
    struct tj_view value;
    struct order order = {.size = 0};
    enum tj_storage_status found = tj_cursor_open(m->txn, &cursor, TJ_J_STATE);
    if (found != TJ_STORAGE_OK) {
        return tj_from_storage(found);
    }
    rows->reachable = true;
    rows->damaged_count = 0;
    while ((found = tj_cursor_next(cursor, &key, &value)) == TJ_STORAGE_OK) {
        struct tj_block_row row;
        struct tj_block *block = NULL;
        if (in_order(&order, &key) && tj_block_key_decode(&key, &row)) {
            block = tj_state_find_block(m->ingest->state, row.table, row.party, row.number);
        }
        rows->reachable = rows->reachable && block != NULL;
        if (block != NULL && rows->damaged_count < DAMAGED_MAX &&
            !tj_block_row_decode(&key, &row, &value)) {
            rows->damaged[rows->damaged_count++] = block;
        }
    }
    tj_cursor_close(cursor);
    return found == TJ_STORAGE_NOT_FOUND ? TIJORI_OK : tj_from_storage(found);
}

static bool put_one(void *context, const struct tj_block *block)
{
    struct mending *m = context;
    return tj_put_block(m->txn, block, m->ingest->durable.row.size) == TJ_STORAGE_OK;
}

/* Rows whose values alone are damaged are written over. Where a key is damaged, all rows are
 * written anew. A block without a row is dirty since the redo that made it, and is stored as any
 * other. */
static enum tijori_status mend_state(struct mending *m)
{
    struct rows rows = {.reachable = true};
    enum tijori_status status = look_at_state(m, &rows);
    if (status != TIJORI_OK || (rows.reachable && rows.damaged_count == 0)) {
        return status;
    }
    m->changed = true;
    if (!rows.reachable) {
        status = tj_from_storage(tj_clear_table(m->txn, TJ_J_STATE));
        if (status == TIJORI_OK && !tj_state_visit(m->ingest->state, put_one, m)) {
            status = TIJORI_FULL;
        }
        return status;
    }
    for (size_t i = 0; status == TIJORI_OK && i < rows.damaged_count; i++) {
        status =
            tj_from_storage(tj_put_block(m->txn, rows.damaged[i], m->ingest->durable.row.size));
    }
    return status;
}

/* ---- meta ---- */

struct meta {
    bool sound; /* all rows are */
    bool has_head;
    bool has_signed;
    struct tj_walk walk;
    struct tj_view signed_note; /* the row's; or that of the newest public checkpoint */
};

static bool key_is(const struct tj_view *key, const char *name)
{
    return key->size == strlen(name) && memcmp(key->bytes, name, key->size) == 0;
}

/* Only rows that this program writes are kept. One whose key is another was one of them before a
 * bit of its key changed, and its check says so. */
static void look_at_row(struct mending *m, struct meta *meta, const struct tj_view *key,
                        const struct tj_view *value)
{
    size_t size = value->size - TJ_ROW_CHECK_SIZE;
    bool is_head = key_is(key, TJ_META_HEAD);
    bool is_signed = key_is(key, TJ_META_SIGNED);
    bool fits =
        value->size >= TJ_ROW_CHECK_SIZE &&
        tj_load32(value->bytes + size) == tj_row_check(key->bytes, key->size, value->bytes, size);
    if (fits && is_signed) {
        meta->has_signed = true;
        meta->signed_note = (struct tj_view){value->bytes, size};
    }
    meta->has_head |= fits && is_head;
    bool known = is_head || is_signed || key_is(key, TJ_META_WALK);
    if (fits && known) {
        return;
    }
    meta->sound = false;
    if (!is_head) { /* that was said when the head was worked out */
        tj_repairs_note(m->repairs, "meta: %s%.16s is not what its check says",
                        known ? "the row " : "a row whose key is none",
                        known ? (is_signed ? TJ_META_SIGNED : TJ_META_WALK) : "");
    }
}

/* A table of at most three rows: all of it is looked at on every opening. Whoever signs publicly
 * writes both rows, so a public checkpoint without the other shows that the other was lost. */
static enum tijori_status look_at_meta(struct mending *m, struct meta *meta)
{
    struct tj_cursor *cursor;
    struct tj_view key;
    struct tj_view value;
    struct order order = {.size = 0};
    struct tj_stored_checkpoint public;
    enum tj_storage_status found = tj_cursor_open(m->txn, &cursor, TJ_J_META);
    if (found != TJ_STORAGE_OK) {
        return tj_from_storage(found);
    }
    *meta = (struct meta){.sound = true};
    while ((found = tj_cursor_next(cursor, &key, &value)) == TJ_STORAGE_OK) {
        look_at_row(m, meta, &key, &value);
        meta->sound = in_order(&order, &key) && meta->sound;
    }
    tj_cursor_close(cursor);
    if (found != TJ_STORAGE_NOT_FOUND) {
        return tj_from_storage(found);
    }
    meta->sound = meta->sound && meta->has_head;
    enum tijori_status status = tj_walk_read(m->txn, &meta->walk);
    if (status != TIJORI_OK) {
        return status;
    }
    status = tj_checkpoint_public(m->txn, &public);
    if (!meta->has_signed && status == TIJORI_OK) {
        meta->sound = false;
        meta->signed_note = public.note;
    }
    return TIJORI_OK;
}

/* What was signed last cannot be worked out, for no log holds the log's signatures. The newest
 * public checkpoint takes its place, or none; what is signed next is held against that. */
static enum tijori_status mend_meta(struct mending *m)
{
    struct meta meta = {.sound = false};
    char note[TJ_CHECKPOINT_NOTE_MAX];
    enum tijori_status status = look_at_meta(m, &meta);
    if (status != TIJORI_OK || (meta.sound && m->repairs->count == 0)) {
        return status;
    }
    m->changed = true;
    size_t note_size = meta.signed_note.size;
    if (note_size > sizeof note) {
        note_size = 0;
    }
    if (note_size > 0) {
        memcpy(note, meta.signed_note.bytes, note_size);
    }
    if (!meta.has_signed) {
        tj_repairs_note(m->repairs, "meta: the row signed: %s",
                        note_size > 0 ? "the newest public checkpoint takes its place"
                                      : "it is gone, and there is no public checkpoint");
    }
    status = tj_from_storage(tj_clear_table(m->txn, TJ_J_META));
    if (status == TIJORI_OK) {
        status = tj_from_storage(tj_put_head(m->txn, &m->ingest->durable.row, m->ingest->state));
    }
    if (status == TIJORI_OK && note_size > 0) {
        status = tj_from_storage(tj_put_meta(m->txn, TJ_META_SIGNED, note, note_size));
    }
    if (status == TIJORI_OK) {
        meta.walk.mended += m->repairs->count;
        status = tj_from_storage(tj_put_walk(m->txn, &meta.walk));
    }
    return status;
}

enum tj_storage_status tj_put_walk(struct tj_txn *txn, const struct tj_walk *walk)
{
    uint8_t bytes[TJ_WALK_SIZE];
    tj_walk_encode(walk, bytes);
    return tj_put_meta(txn, TJ_META_WALK, bytes, sizeof bytes);
}

/* ---- all of it ---- */

/* One transaction takes all of it. A ledger that nothing is wrong with is left as it is, without a
 * commit. The head comes last: it counts the rows of the state. */
enum tijori_status tj_mend(struct tj_ingest *ingest, struct tj_repairs *repairs, bool entries)
{
    struct mending m = {.ingest = ingest, .repairs = repairs, .entries = entries};
    TJ_VERIFY_CHECK(tj_lock_held(&ingest->committing) && tj_lock_held(&ingest->judging));
    enum tijori_status status = tj_from_storage(tj_write_begin(ingest->store, &m.txn));
    if (status != TIJORI_OK) {
        return status;
    }
    status = mend_nodes(&m);
    if (status == TIJORI_OK && repairs->count > 0) {
        status = mend_state(&m);
    }
    if (status == TIJORI_OK) {
        status = mend_meta(&m);
    }
    if (status != TIJORI_OK || !m.changed) {
        tj_write_abort(m.txn);
        return status;
    }
    return tj_from_storage(tj_write_commit(m.txn));
}
