#include "core/ingest/commit.h"

enum { TERM_SINGLE_MACHINE = 1 };

bool tj_group_init(struct tj_group *group)
{
    memset(group, 0, sizeof *group);
    group->entries = calloc(TJ_GROUP_ENVELOPES_MAX, sizeof *group->entries);
    group->links = malloc(TJ_GROUP_LINKS_MAX);
    group->slice = calloc(TJ_SLICE_BLOCKS_MAX, sizeof *group->slice);
    return group->entries != NULL && group->links != NULL && group->slice != NULL;
}

void tj_group_clear(struct tj_group *group)
{
    free(group->entries);
    free(group->links);
    free(group->slice);
    tj_undo_log_free(&group->undo);
}

/* ---- the state's part ---- */

#ifdef TIJORI_VERIFY
/* What a block's row holds is what an open will make of it. */
static bool block_reads_back(const struct tj_block *block, uint64_t size,
                             const uint8_t key[TJ_BLOCK_KEY_SIZE], const uint8_t *place)
{
    struct tj_block_row row;
    const struct tj_view name = {key, TJ_BLOCK_KEY_SIZE};
    const struct tj_view value = {place, TJ_BLOCK_HEADER_SIZE + tj_block_bytes(block->table)};
    return tj_block_row_decode(&name, &row, &value) && row.table == block->table &&
           row.party == block->party && row.number == block->number && row.as_of == size - 1 &&
           memcmp(row.content, block->content, tj_block_bytes(block->table)) == 0;
}

static bool head_reads_back(struct tj_txn *txn, const struct tj_head_row *row)
{
    struct tj_head_row read;
    return tj_head_row_read(txn, &read) == TIJORI_OK && read.size == row->size &&
           read.redo_from == row->redo_from && read.blocks == row->blocks &&
           read.frontier.count == row->frontier.count &&
           memcmp(read.frontier.nodes, row->frontier.nodes,
                  row->frontier.count * sizeof row->frontier.nodes[0]) == 0;
}
#endif

enum tj_storage_status tj_put_block(struct tj_txn *txn, const struct tj_block *block, uint64_t size)
{
    uint8_t key[TJ_BLOCK_KEY_SIZE];
    uint8_t *place;
    uint32_t bytes = tj_block_bytes(block->table);
    tj_block_key(block, key);
    enum tj_storage_status status =
        tj_put_name(txn, &place, TJ_J_STATE, key, sizeof key, TJ_BLOCK_HEADER_SIZE + bytes);
    if (status == TJ_STORAGE_OK) {
        tj_block_header_encode(place, key, size - 1, block->content, bytes);
        memcpy(place + TJ_BLOCK_HEADER_SIZE, block->content, bytes);
        TJ_VERIFY_CHECK(block->number % 8 != 0 || block_reads_back(block, size, key, place));
    }
    TJ_VERIFY_CHECK(block->stored_size <= size);
    return status;
}

static enum tj_storage_status put_slice(struct tj_group *group, struct tj_state *state,
                                        uint64_t blocks)
{
    enum tj_storage_status status = TJ_STORAGE_OK;
    while (status == TJ_STORAGE_OK && group->slice_count < blocks &&
           group->slice_count < TJ_SLICE_BLOCKS_MAX && state->dirty_first != NULL) {
        struct tj_block *block = tj_state_pop_dirty(state);
        group->slice[group->slice_count++] = (struct tj_sliced){block, block->dirty_since};
        TJ_VERIFY_CHECK(state->dirty_first == NULL ||
                        state->dirty_first->dirty_since >= block->dirty_since);
        TJ_VERIFY_CHECK(block->dirty_since <= group->end.row.size);
        status = tj_put_block(group->txn, block, group->end.row.size);
    }
    return status;
}

enum tj_storage_status tj_put_meta(struct tj_txn *txn, const char *key, const void *bytes,
                                   size_t size)
{
    uint8_t *place;
    enum tj_storage_status status =
        tj_put_name(txn, &place, TJ_J_META, key, strlen(key), size + TJ_ROW_CHECK_SIZE);
    if (status == TJ_STORAGE_OK) {
        memcpy(place, bytes, size);
        tj_row_check_store(place, size, key, strlen(key));
    }
    return status;
}

/* The head goes in after the slice: an open redoes the log from the oldest change that no stored
 * block has, and that is now the oldest of those that are still dirty. */
enum tj_storage_status tj_put_head(struct tj_txn *txn, struct tj_head_row *row,
                                   const struct tj_state *state)
{
    uint8_t bytes[TJ_HEAD_ROW_MAX];
    const struct tj_block *oldest = state->dirty_first;
    row->redo_from = oldest != NULL ? oldest->dirty_since : row->size;
    TJ_VERIFY_CHECK(row->redo_from <= row->size && row->frontier.size == row->size);
    TJ_VERIFY_CHECK(row->size % 64 != 0 || tj_dirty_in_order(state));
    enum tj_storage_status status = tj_count(txn, &row->blocks, TJ_J_STATE);
    if (status != TJ_STORAGE_OK) {
        return status;
    }
    size_t size = tj_head_row_encode(row, bytes);
    status = tj_put_meta(txn, TJ_META_HEAD, bytes, size - TJ_ROW_CHECK_SIZE);
    TJ_VERIFY_CHECK(status != TJ_STORAGE_OK || head_reads_back(txn, row));
    return status;
}

enum tj_storage_status tj_group_begin(struct tj_group *group, struct tj_store *store,
                                      struct tj_state *state, uint64_t blocks)
{
    TJ_VERIFY_CHECK(group->slice_count == 0);
    enum tj_storage_status status = tj_write_begin(store, &group->txn);
    if (status != TJ_STORAGE_OK) {
        return status;
    }
    status = put_slice(group, state, blocks);
    if (status == TJ_STORAGE_OK) {
        status = tj_put_head(group->txn, &group->end.row, state);
    }
    if (status != TJ_STORAGE_OK) {
        tj_write_abort(group->txn);
    }
    return status;
}

/* ---- the entries' part ---- */

/* An attachment is named by its hash. So one that several entries name is stored once, and putting
 * it again changes nothing. */
static enum tj_storage_status append_attachments(struct tj_txn *txn, struct tj_digester *digester,
                                                 const struct tj_envelope_view *view)
{
    const uint8_t *at = view->attachments;
    for (uint32_t i = 0; i < view->attachment_count; i++) {
        size_t size;
        const uint8_t *bytes = tj_attachment_next(&at, &size);
        struct tj_hash hash;
        uint8_t *place;
        tj_sha256(digester->hasher, &hash, bytes, size);
        enum tj_storage_status status =
            tj_put_name(txn, &place, TJ_J_ATTACHMENTS, hash.bytes, TJ_HASH_SIZE, size);
        if (status != TJ_STORAGE_OK) {
            return status;
        }
        memcpy(place, bytes, size);
    }
    return TJ_STORAGE_OK;
}

#ifdef TIJORI_VERIFY
/* What was appended is what the journal will answer. */
static bool entry_reads_back(struct tj_txn *txn, const struct tj_new_entry *entry)
{
    struct tj_entry_view read;
    struct tj_body_view body;
    const struct tj_envelope_view *view = entry->view;
    const size_t records = view->header.record_count;
    return tj_journal_counted(txn, &read, &body, entry->index) == TIJORI_OK &&
           read.received_ns == entry->received_ns &&
           tj_hash_equal(&read.previous, &entry->previous) &&
           memcmp(read.header_bytes, view->bytes, TJ_HEADER_SIZE) == 0 &&
           memcmp(body.records, view->records, records * TJ_RECORD_SIZE) == 0 &&
           memcmp(body.links, entry->links, records * TJ_LINK_SIZE) == 0 &&
           memcmp(&body.tail, &entry->tail, sizeof body.tail) == 0;
}
#endif

/* Entry and body are two rows: whoever follows the chain of entries, or makes a proof of one, reads
 * nothing of the records. */
static enum tj_storage_status append_entry(struct tj_txn *txn, struct tj_digester *digester,
                                           const struct tj_new_entry *entry)
{
    const struct tj_envelope_view *view = entry->view;
    uint32_t records = view->header.record_count;
    uint8_t *place;
    enum tj_storage_status status =
        tj_append(txn, &place, TJ_J_ENTRIES, entry->index, tj_entry_size(view->slot_bytes_size));
    if (status != TJ_STORAGE_OK) {
        return status;
    }
    tj_new_entry_encode(entry, place);
    status = tj_append(txn, &place, TJ_J_BODIES, entry->index, tj_body_size(records));
    if (status != TJ_STORAGE_OK) {
        return status;
    }
    tj_body_encode(place, view->records, records, entry->links, &entry->tail);
    TJ_VERIFY_CHECK(entry->index % 16 > 1 || entry_reads_back(txn, entry));
    return append_attachments(txn, digester, view);
}

void tj_new_entry_encode(const struct tj_new_entry *entry, uint8_t *out)
{
    tj_entry_encode(out, entry->index, TERM_SINGLE_MACHINE, entry->received_ns, &entry->previous,
                    entry->view->bytes, entry->view->slot_bytes, entry->view->slot_bytes_size);
}

/* ---- the tree's part ---- */

enum tj_storage_status tj_put_node(struct tj_txn *txn, const struct tj_new_node *node)
{
    uint8_t key[TJ_NODE_KEY_SIZE];
    uint8_t *place;
    tj_node_key(key, node->level, node->number);
    TJ_VERIFY_CHECK(node->level > 0); /* the leaves are in the journal */
    enum tj_storage_status status =
        tj_put_name(txn, &place, TJ_J_NODES, key, sizeof key, TJ_NODE_ROW_SIZE);
    if (status == TJ_STORAGE_OK) {
        tj_node_row_encode(place, key, &node->hash);
    }
    return status;
}

static enum tj_storage_status put_signed(struct tj_group *group, struct tj_digester *digester,
                                         const struct tj_signer *signer)
{
    struct tj_checkpoint checkpoint = {.size = group->end.row.size};
    snprintf(checkpoint.origin, sizeof checkpoint.origin, "%s", signer->origin);
    tj_frontier_root(digester->hasher, &checkpoint.root, &group->end.row.frontier);
    group->note_size =
        tj_checkpoint_sign(group->note, sizeof group->note, &checkpoint, signer->secret32);
    TIJORI_REQUIRE(group->note_size > 0);
    TJ_VERIFY_CHECK(tj_note_is_of(group->note, group->note_size, group->end.row.size));
    return tj_put_meta(group->txn, TJ_META_SIGNED, group->note, group->note_size);
}

#ifdef TIJORI_VERIFY
static bool follow_one_another(const struct tj_new_entry *entries, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (entries[i].index != entries[i - 1].index + 1 ||
            entries[i].received_ns <= entries[i - 1].received_ns) {
            return false;
        }
    }
    return true;
}

static bool has_all_nodes(struct tj_txn *txn, uint64_t size)
{
    uint64_t rows = 0;
    return tj_count(txn, &rows, TJ_J_NODES) != TJ_STORAGE_OK || rows >= tj_node_rows(size);
}
#endif

static enum tj_storage_status fill(struct tj_group *group, struct tj_digester *digester,
                                   const struct tj_signer *signer)
{
    enum tj_storage_status status = TJ_STORAGE_OK;
    TJ_VERIFY_CHECK(group->count == 0 ||
                    group->entries[0].index + group->count == group->end.row.size);
    TJ_VERIFY_CHECK(follow_one_another(group->entries, group->count));
    for (size_t i = 0; i < group->count && status == TJ_STORAGE_OK; i++) {
        status = append_entry(group->txn, digester, &group->entries[i]);
    }
    for (size_t i = 0; i < group->node_count && status == TJ_STORAGE_OK; i++) {
        status = tj_put_node(group->txn, &group->nodes[i]);
    }
    TJ_VERIFY_CHECK(status != TJ_STORAGE_OK || has_all_nodes(group->txn, group->end.row.size));
    if (status == TJ_STORAGE_OK && signer != NULL && group->count > 0) {
        status = put_signed(group, digester, signer);
    }
    return status;
}

enum tj_storage_status tj_group_commit(struct tj_group *group, struct tj_digester *digester,
                                       const struct tj_signer *signer)
{
    enum tj_storage_status status = fill(group, digester, signer);
    if (status != TJ_STORAGE_OK) {
        tj_write_abort(group->txn);
        return status;
    }
    return tj_write_commit(group->txn);
}

/* ---- afterwards ---- */

static void empty(struct tj_group *group)
{
    group->count = 0;
    group->records = 0;
    group->slice_count = 0;
    group->node_count = 0;
    group->note_size = 0;
}

void tj_group_settle(struct tj_group *group)
{
    for (size_t i = 0; i < group->slice_count; i++) {
        TJ_VERIFY_CHECK(group->slice[i].block->stored_size <= group->end.row.size);
        group->slice[i].block->stored_size = group->end.row.size;
    }
    tj_undo_log_settle(&group->undo);
    empty(group);
}

/* The blocks of the slice go back to the front of the list, last popped first, so that the list is
 * in order again. None may say that it changed later than `size`: another entry will have that
 * number. Only then is the rest taken back: some of the blocks may be the group's own, and go. */
void tj_group_undo(struct tj_group *group, struct tj_state *state, uint64_t size)
{
    struct tj_undo_log *log = state->undo;
    TJ_VERIFY_CHECK(group->count == 0 || size + group->count <= group->end.row.size);
    while (group->slice_count > 0) {
        const struct tj_sliced *sliced = &group->slice[--group->slice_count];
        tj_state_unpop_dirty(state, sliced->block, sliced->since < size ? sliced->since : size);
    }
    state->undo = &group->undo;
    tj_state_rollback(state, 0);
    state->undo = log;
    TJ_VERIFY_CHECK(group->undo.count == 0);
    TJ_VERIFY_CHECK(tj_dirty_in_order(state));
    empty(group);
}
