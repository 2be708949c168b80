#include "core/log/snapshot.h"

#include "core/base/crc32c.h"

#include <inttypes.h>

static void store_big32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

static uint32_t load_big32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The largest block number that a table can have, whatever the log is. */
static uint64_t blocks_max(uint8_t table)
{
    static const uint64_t objects_max[TJ_T_END] = {
        [TJ_T_LEDGER] = 1,
        [TJ_T_PARTY] = TJ_PARTIES_MAX,
        [TJ_T_ASSET] = TJ_ASSETS_MAX + 1,
        [TJ_T_LOG_KEY] = TJ_LOG_KEYS_MAX,
        [TJ_T_TOTAL] = 64 * (TJ_ASSETS_MAX + 1),
        [TJ_T_MARK] = UINT64_C(1) << 40,
        [TJ_T_KEY] = TJ_KEYS_MAX,
        [TJ_T_LANE] = TJ_LANES_MAX,
        [TJ_T_ACCOUNT] = TJ_ACCOUNTS_MAX,
        [TJ_T_RULE] = TJ_RULES_MAX,
        [TJ_T_APPROVAL] = UINT64_C(1) << 40,
        [TJ_T_HOLDING] = TJ_ASSETS_MAX + 1,
        [TJ_T_RESTRICTED] = TJ_ACCOUNTS_MAX,
    };
    TJ_VERIFY_CHECK(objects_max[table] > 0); /* no table was forgotten */
    uint64_t per_block = UINT64_C(1) << tj_table_shapes[table].shift;
    return (objects_max[table] + per_block - 1) / per_block;
}

void tj_block_key(const struct tj_block *block, uint8_t key[TJ_BLOCK_KEY_SIZE])
{
    TJ_VERIFY_CHECK(block->table >= TJ_T_LEDGER && block->table < TJ_T_END);
    TJ_VERIFY_CHECK(block->party == 0 || tj_table_shapes[block->table].per_party);
    TJ_VERIFY_CHECK(block->number < blocks_max(block->table));
    key[0] = block->table;
    store_big32(key + 1, block->party);
    store_big32(key + 5, block->number);
}

enum { BLOCK_AT_CHECK = 8, BLOCK_AT_ZERO = 12 };

/* The check stands in the header, so that the content keeps its place; it covers all else. */
static uint32_t block_check(const uint8_t key[TJ_BLOCK_KEY_SIZE], const uint8_t as_of[8],
                            const uint8_t *content, uint32_t bytes)
{
    uint32_t crc = tj_crc32c(0, key, TJ_BLOCK_KEY_SIZE);
    crc = tj_crc32c(crc, as_of, BLOCK_AT_CHECK);
    return tj_crc32c(crc, content, bytes);
}

void tj_block_header_encode(uint8_t out[TJ_BLOCK_HEADER_SIZE], const uint8_t key[TJ_BLOCK_KEY_SIZE],
                            uint64_t as_of, const uint8_t *content, uint32_t bytes)
{
    TJ_VERIFY_CHECK(bytes == tj_block_bytes(key[0]));
    tj_store64(out, as_of);
    tj_store32(out + BLOCK_AT_CHECK, block_check(key, out, content, bytes));
    tj_store32(out + BLOCK_AT_ZERO, 0);
}

bool tj_block_key_decode(const struct tj_view *key, struct tj_block_row *out)
{
    if (key->size != TJ_BLOCK_KEY_SIZE || key->bytes[0] < TJ_T_LEDGER ||
        key->bytes[0] >= TJ_T_END) {
        return false;
    }
    out->table = key->bytes[0];
    out->party = load_big32(key->bytes + 1);
    out->number = load_big32(key->bytes + 5);
    return out->party < TJ_PARTIES_MAX &&
           (out->party == 0 || tj_table_shapes[out->table].per_party) &&
           out->number < blocks_max(out->table);
}

bool tj_block_row_decode(const struct tj_view *key, struct tj_block_row *out,
                         const struct tj_view *value)
{
    if (!tj_block_key_decode(key, out) ||
        value->size != TJ_BLOCK_HEADER_SIZE + tj_block_bytes(out->table)) {
        return false;
    }
    out->as_of = tj_load64(value->bytes);
    out->content = value->bytes + TJ_BLOCK_HEADER_SIZE;
    return tj_load32(value->bytes + BLOCK_AT_ZERO) == 0 &&
           tj_load32(value->bytes + BLOCK_AT_CHECK) ==
               block_check(key->bytes, value->bytes, out->content, tj_block_bytes(out->table));
}

void tj_block_name(char out[TJ_BLOCK_NAME_SIZE], const struct tj_view *key)
{
    struct tj_block_row row;
    if (tj_block_key_decode(key, &row)) {
        snprintf(out, TJ_BLOCK_NAME_SIZE, "the block of %s, party %" PRIu32 ", number %" PRIu32,
                 tj_table_shapes[row.table].name, row.party, row.number);
    } else {
        snprintf(out, TJ_BLOCK_NAME_SIZE, "a row whose key is that of no block");
    }
}

/* ---- loading ---- */

/* Accounts, marks and approvals are numbered as records make them, so a log of this size has no
 * more of them than records. What else is numbered is few. A damaged key would ask for gigabytes.
 */
static bool is_of_log(const struct tj_block_row *row, uint64_t size)
{
    uint64_t first = (uint64_t)row->number << tj_table_shapes[row->table].shift;
    return first <= TJ_RULES_MAX || first / TJ_RECORDS_MAX < size;
}

/* What loading the blocks found. */
struct loaded {
    uint64_t rows;
    bool damaged; /* a row was left out */
};

/* A row that cannot be believed is left out: the redo makes its block anew. */
static enum tijori_status load_block(struct tj_state *state, struct loaded *loaded,
                                     const struct tj_view *key, const struct tj_view *value,
                                     uint64_t size, struct tj_repairs *repairs)
{
    struct tj_block_row row;
    TJ_VERIFY_CHECK(!state->redo && state->dirty_count == 0);
    loaded->rows++;
    if (!tj_block_row_decode(key, &row, value) || row.as_of >= size || !is_of_log(&row, size)) {
        char name[TJ_BLOCK_NAME_SIZE];
        tj_block_name(name, key);
        tj_repairs_note(repairs, "state: %s is not what its check says", name);
        loaded->damaged = true;
        return TIJORI_OK;
    }
    struct tj_block *block = tj_state_block(state, row.table, row.party, row.number);
    if (block == NULL) {
        return TIJORI_MEMORY;
    }
    TJ_VERIFY_CHECK(block->table == row.table && block->party == row.party &&
                    block->number == row.number);
    memcpy(block->content, row.content, tj_block_bytes(row.table));
    block->stored_size = row.as_of + 1;
    return TIJORI_OK;
}

static enum tijori_status load_blocks(struct tj_txn *txn, struct tj_state *state,
                                      struct loaded *loaded, uint64_t size,
                                      struct tj_repairs *repairs)
{
    struct tj_cursor *cursor;
    struct tj_view key;
    struct tj_view value;
    enum tj_storage_status found = tj_cursor_open(txn, &cursor, TJ_J_STATE);
    if (found != TJ_STORAGE_OK) {
        return tj_from_storage(found);
    }
    enum tijori_status status = TIJORI_OK;
    while (status == TIJORI_OK && (found = tj_cursor_next(cursor, &key, &value)) == TJ_STORAGE_OK) {
        status = load_block(state, loaded, &key, &value, size, repairs);
    }
    tj_cursor_close(cursor);
    if (status == TIJORI_OK && found != TJ_STORAGE_NOT_FOUND) {
        status = tj_from_storage(found);
    }
    return status;
}

/* ---- the redo ---- */

/* What an entry must follow. */
struct before {
    struct tj_hash leaf;
    struct tj_directives directives;
};

static struct tj_directives newest_directives(const struct tj_entry_view *entry,
                                              const struct tj_body_view *body)
{
    return tj_directives_after(body->tail.previous, &entry->header, body->records, entry->index);
}

static enum tijori_status begin_after(struct tj_txn *txn, struct tj_digester *digester,
                                      struct before *before, struct tj_repairs *repairs,
                                      uint64_t from)
{
    struct tj_entry_view entry;
    struct tj_body_view body;
    memset(before, 0, sizeof *before);
    if (from == 0) {
        return TIJORI_OK;
    }
    enum tijori_status status = tj_journal_counted(txn, &entry, &body, from - 1);
    if (status == TIJORI_OK) {
        tj_leaf_hash(digester->hasher, &before->leaf, entry.bytes, entry.size);
        before->directives = newest_directives(&entry, &body);
        TJ_VERIFY_CHECK(entry.index == from - 1);
    }
    if (status == TIJORI_CORRUPT) {
        return tj_repairs_damage(repairs, "entry %" PRIu64 " or its body cannot be read", from - 1);
    }
    return status;
}

/* What the hashes say of an entry before its effects are taken over. NULL: it is sound. */
static const char *unsound(struct tj_digester *digester, const struct before *before,
                           const struct tj_entry_view *entry, const struct tj_body_view *body)
{
    struct tj_verdict verdict;
    tj_verdict_init(&verdict);
    if (!tj_hash_equal(&entry->previous, &before->leaf)) {
        return "previous: not the hash of the entry before it";
    }
    if (tj_body_check(digester, &entry->header, body->records, &verdict) != TIJORI_OK) {
        return "body_root: not the tree hash of its records";
    }
    if (body->tail.previous.in_public != before->directives.in_public) {
        return "directive_previous: not the newest public entry of directives";
    }
    if (body->tail.previous.in_restricted != before->directives.in_restricted) {
        return "restricted_previous: not the newest restricted entry of directives";
    }
    return NULL;
}

/* An entry is taken over only when the hashes of the log cover what it does: a redo is how damaged
 * blocks are mended, and must not bring in other damage. */
static enum tijori_status redo_entry(struct tj_journal_past *past, struct tj_state *state,
                                     struct before *before, uint64_t index,
                                     struct tj_repairs *repairs)
{
    struct tj_entry_view entry;
    struct tj_body_view body;
    struct tj_hash envelope_id;
    const char *why = NULL;
    enum tijori_status status = tj_journal_counted(past->txn, &entry, &body, index);
    if (status == TIJORI_CORRUPT) {
        return tj_repairs_damage(repairs, "entry %" PRIu64 " or its body cannot be read", index);
    }
    if (status != TIJORI_OK) {
        return status;
    }
    why = unsound(past->digester, before, &entry, &body);
    if (why == NULL) {
        tj_envelope_id(past->digester, &envelope_id, entry.header_bytes);
        (void)!tj_reapply(state, &past->past, &entry, &envelope_id, &body, &why);
    }
    if (state->no_memory) {
        return TIJORI_MEMORY;
    }
    if (why != NULL) {
        return tj_repairs_damage(repairs, "entry %" PRIu64 ", %s", index, why);
    }
    tj_leaf_hash(past->digester->hasher, &before->leaf, entry.bytes, entry.size);
    before->directives = newest_directives(&entry, &body);
    TJ_VERIFY_CHECK(state->entry == index);
    TJ_VERIFY_CHECK(tj_state_mark_undo(state) == 0); /* a redo is never taken back */
    return TIJORI_OK;
}

/* Which entries a block has already is known to the block (stored_size), and what touches the state
 * leaves such blocks alone. So entries are redone in one pass, whatever the ages of the blocks. */
static enum tijori_status redo(struct tj_txn *txn, struct tj_digester *digester,
                               struct tj_state *state, uint64_t from, uint64_t size,
                               struct tj_repairs *repairs)
{
    struct tj_journal_past past;
    struct before before;
    TJ_VERIFY_CHECK(from <= size && !state->redo);
    if (from == size) {
        return TIJORI_OK;
    }
    tj_journal_past_init(&past, txn, digester);
    enum tijori_status status = begin_after(txn, digester, &before, repairs, from);
    state->redo = true;
    for (uint64_t index = from; status == TIJORI_OK && index < size; index++) {
        status = redo_entry(&past, state, &before, index, repairs);
    }
    if (status != TIJORI_OK) {
        return status;
    }
    state->redo = false;
    TJ_VERIFY_CHECK(state->dirty_first == NULL || state->dirty_first->dirty_since >= from);
    TJ_VERIFY_CHECK(tj_dirty_in_order(state));
    return TIJORI_OK;
}

/* The ledger id is the leaf hash of entry 0. It is hashed again and not read, so that a state never
 * carries the name of another ledger. */
static enum tijori_status load_ledger_id(struct tj_txn *txn, struct tj_digester *digester,
                                         struct tj_state *state)
{
    struct tj_view value;
    enum tj_storage_status found = tj_get_number(txn, &value, TJ_J_ENTRIES, 0);
    if (found != TJ_STORAGE_OK) {
        if (found == TJ_STORAGE_NOT_FOUND) {
            return TIJORI_CORRUPT;
        }
        return tj_from_storage(found);
    }
    tj_leaf_hash(digester->hasher, &state->ledger_id, value.bytes, value.size);
    return TIJORI_OK;
}

/* From where on the redo must start. What is missing of the table only the number of its rows
 * tells. */
static uint64_t redo_from(const struct tj_head_row *head, const struct loaded *loaded,
                          struct tj_repairs *repairs)
{
    if (loaded->rows != head->blocks) {
        tj_repairs_note(repairs, "state: %" PRIu64 " rows, and the head counts %" PRIu64,
                        loaded->rows, head->blocks);
        return 0;
    }
    TJ_VERIFY_CHECK(head->redo_from <= head->size);
    return loaded->damaged ? 0 : head->redo_from;
}

/* The indexes are built between the blocks and the redo: the redo looks things up in them, and they
 * are built from whole tables. */
static enum tijori_status load_all(struct tj_txn *txn, struct tj_digester *digester,
                                   struct tj_state *state, const struct tj_head_row *head,
                                   struct tj_repairs *repairs)
{
    struct loaded loaded = {0};
    enum tijori_status status = load_ledger_id(txn, digester, state);
    if (status == TIJORI_OK) {
        status = load_blocks(txn, state, &loaded, head->size, repairs);
    }
    if (status == TIJORI_OK) {
        tj_state_index_all(state);
        status = redo(txn, digester, state, redo_from(head, &loaded, repairs), head->size, repairs);
    }
    if (status == TIJORI_OK && state->no_memory) { /* for an index, and nothing was redone */
        status = TIJORI_MEMORY;
    }
    return status;
}

/* Rules that this program does not know are refused last, when the ledger's object has all its
 * effects. */
enum tijori_status tj_snapshot_mend(struct tj_txn *txn, struct tj_digester *digester,
                                    struct tj_state **out, struct tj_repairs *repairs,
                                    const struct tj_head_row *head)
{
    struct tj_state *state = tj_state_create();
    if (state == NULL) {
        return TIJORI_MEMORY;
    }
    enum tijori_status status = load_all(txn, digester, state, head, repairs);
    if (status == TIJORI_OK && tj_state_ledger(state) == NULL) {
        status = TIJORI_CORRUPT;
    }
    if (status == TIJORI_OK && tj_state_ledger(state)->rules > TJ_RULES_LAST) {
        status = TIJORI_RULES;
    }
    if (status != TIJORI_OK) {
        tj_state_destroy(state);
        return status;
    }
    TJ_VERIFY_CHECK(!state->redo && state->undo == &state->undo_own);
    *out = state;
    return TIJORI_OK;
}

enum tijori_status tj_snapshot_load(struct tj_txn *txn, struct tj_digester *digester,
                                    struct tj_state **out, const struct tj_head_row *head)
{
    return tj_snapshot_mend(txn, digester, out, NULL, head);
}

enum tijori_status tj_snapshot_at(struct tj_txn *txn, struct tj_digester *digester,
                                  struct tj_state **out, uint64_t size)
{
    struct tj_state *state = tj_state_create();
    if (state == NULL) {
        return TIJORI_MEMORY;
    }
    enum tijori_status status = load_ledger_id(txn, digester, state);
    if (status == TIJORI_OK) {
        status = redo(txn, digester, state, 0, size, NULL);
    }
    if (status != TIJORI_OK) {
        tj_state_destroy(state);
        return status;
    }
    *out = state;
    return TIJORI_OK;
}
