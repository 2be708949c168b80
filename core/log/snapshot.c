#include "core/log/snapshot.h"

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

bool tj_block_row_decode(const struct tj_view *key, struct tj_block_row *out,
                         const struct tj_view *value)
{
    if (key->size != TJ_BLOCK_KEY_SIZE || key->bytes[0] < TJ_T_LEDGER ||
        key->bytes[0] >= TJ_T_END) {
        return false;
    }
    out->table = key->bytes[0];
    out->party = load_big32(key->bytes + 1);
    out->number = load_big32(key->bytes + 5);
    if (out->party >= TJ_PARTIES_MAX ||
        (out->party != 0 && !tj_table_shapes[out->table].per_party) ||
        out->number >= blocks_max(out->table) ||
        value->size != TJ_BLOCK_HEADER_SIZE + tj_block_bytes(out->table)) {
        return false;
    }
    out->as_of = tj_load64(value->bytes);
    out->content = value->bytes + TJ_BLOCK_HEADER_SIZE;
    return tj_load64(value->bytes + 8) == 0;
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

/* Sets *found_any when a block is stored at all. */
static enum tijori_status load_blocks(struct tj_txn *txn, struct tj_state *state, bool *found_any,
                                      uint64_t size)
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
        struct tj_block_row row;
        *found_any = true;
        if (!tj_block_row_decode(&key, &row, &value) || row.as_of >= size ||
            !is_of_log(&row, size)) {
            status = TIJORI_CORRUPT;
            break;
        }
        struct tj_block *block = tj_state_block(state, row.table, row.party, row.number);
        if (block == NULL) {
            status = TIJORI_MEMORY;
            break;
        }
        TJ_VERIFY_CHECK(block->table == row.table && block->party == row.party &&
                        block->number == row.number);
        memcpy(block->content, row.content, tj_block_bytes(row.table));
        block->stored_size = row.as_of + 1;
    }
    tj_cursor_close(cursor);
    if (status == TIJORI_OK && found != TJ_STORAGE_NOT_FOUND) {
        status = tj_from_storage(found);
    }
    return status;
}

/* Which entries a block has already is known to the block (stored_size), and what touches the state
 * leaves such blocks alone. So entries are redone in one pass, whatever the ages of the blocks. */
static enum tijori_status redo(struct tj_txn *txn, struct tj_digester *digester,
                               struct tj_state *state, uint64_t from, uint64_t size)
{
    struct tj_journal_past past;
    tj_journal_past_init(&past, txn, digester);
    state->redo = true;
    for (uint64_t index = from; index < size; index++) {
        struct tj_entry_view entry;
        struct tj_body_view body;
        struct tj_hash envelope_id;
        enum tijori_status status = tj_journal_counted(txn, &entry, &body, index);
        if (status != TIJORI_OK) {
            return status;
        }
        tj_envelope_id(digester, &envelope_id, entry.header_bytes);
        if (!tj_reapply(state, &past.past, &entry, &envelope_id, &body)) {
            return state->no_memory ? TIJORI_MEMORY : TIJORI_CORRUPT;
        }
        TJ_VERIFY_CHECK(state->entry == index);
        TJ_VERIFY_CHECK(tj_state_mark_undo(state) == 0); /* a redo is never taken back */
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

/* The indexes are built between the blocks and the redo: the redo looks things up in them, and they
 * are built from whole tables. Rules that this program does not know are refused last, when the
 * ledger's object has all its effects. */
enum tijori_status tj_snapshot_load(struct tj_txn *txn, struct tj_digester *digester,
                                    struct tj_state **out, const struct tj_head_row *head)
{
    struct tj_state *state = tj_state_create();
    bool stored = false;
    if (state == NULL) {
        return TIJORI_MEMORY;
    }
    enum tijori_status status = load_ledger_id(txn, digester, state);
    if (status == TIJORI_OK) {
        status = load_blocks(txn, state, &stored, head->size);
    }
    if (status == TIJORI_OK) {
        tj_state_index_all(state);
        /* A ledger of an older storage format has no block of this one yet. */
        status = redo(txn, digester, state, stored ? head->redo_from : 0, head->size);
    }
    if (status == TIJORI_OK && state->no_memory) { /* for an index, and nothing was redone */
        status = TIJORI_MEMORY;
    }
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

enum tijori_status tj_snapshot_at(struct tj_txn *txn, struct tj_digester *digester,
                                  struct tj_state **out, uint64_t size)
{
    struct tj_state *state = tj_state_create();
    if (state == NULL) {
        return TIJORI_MEMORY;
    }
    enum tijori_status status = load_ledger_id(txn, digester, state);
    if (status == TIJORI_OK) {
        status = redo(txn, digester, state, 0, size);
    }
    if (status != TIJORI_OK) {
        tj_state_destroy(state);
        return status;
    }
    *out = state;
    return TIJORI_OK;
}
