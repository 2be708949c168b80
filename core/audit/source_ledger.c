/* A ledger's directory as a source: core/audit/source.h. One reading transaction serves all of it.
 * A ledger stores more than the log, to be quick: links and tails, blocks of the state, the head
 * and the nodes of the tree. All of that is compared here. */

#include "core/log/stored_checkpoint.h"
#include "core/log/snapshot.h"
#include "core/base/memory.h"
#include "core/audit/source.h"

/* A stored block, to be compared when the replay reaches the entry it is as of. */
struct stored_block {
    uint64_t as_of;
    uint8_t key[TJ_BLOCK_KEY_SIZE];
};

struct ledger_source {
    struct tj_source source;
    struct tj_store *store; /* NULL: the caller's */
    struct tj_txn *txn;
    struct tj_cursor *entries;
    struct tj_cursor *bodies;
    struct tj_source_item item;
    struct tj_digester digester;
    struct tj_log_nodes nodes;
    uint64_t next; /* what the cursors stand before */
    size_t checkpoint_count;
    size_t checkpoint_capacity;
    uint64_t *checkpoint_sizes;
    size_t signed_at;            /* where in the order the newest that was signed stands */
    struct stored_block *blocks; /* in order of as_of */
    size_t block_count;
    size_t block_capacity;
    size_t block_next;
    const char *unreadable; /* what of the tables could not be listed, or NULL */
};

static struct ledger_source *own(struct tj_source *source)
{
    return (struct ledger_source *)source;
}

/* What storage answered: found or not. What it could not do for want of memory, or because the file
 * could not be read, says nothing about the ledger. */
static bool found(struct ledger_source *s, enum tijori_status status)
{
    if (status == TIJORI_MEMORY || status == TIJORI_IO || status == TIJORI_LOCKED ||
        status == TIJORI_DENIED) {
        tj_trouble_note(&s->source.trouble, status, "the ledger's storage: %s",
                        tijori_status_text(status));
    }
    return status == TIJORI_OK;
}

static bool got(struct ledger_source *s, enum tj_storage_status status)
{
    return found(s, tj_from_storage(status));
}

/* ---- reading in order ---- */

static bool is_number(const struct tj_view *key, uint64_t number)
{
    uint64_t read = 0;
    for (size_t i = 0; i < key->size && i < 8; i++) {
        read = read << 8 | key->bytes[i];
    }
    return key->size == 8 && read == number;
}

/* Two cursors run side by side, since entries and bodies are read once and in order. Both are moved
 * before either is judged: a number that is missing in one table shows by what stands in its place.
 */
static enum tj_source_answer ledger_peek(struct tj_source *source, size_t *memory, uint64_t index,
                                         const char **why)
{
    struct ledger_source *s = own(source);
    struct tj_view entry_key;
    struct tj_view body_key;
    struct tj_view body;
    *memory = 0;
    enum tj_storage_status entry = TJ_STORAGE_OK;
    enum tj_storage_status records = TJ_STORAGE_OK;
    if (s->next != index) {
        entry = tj_cursor_seek(s->entries, index);
        records = tj_cursor_seek(s->bodies, index);
    }
    if (entry == TJ_STORAGE_OK) {
        entry = tj_cursor_next(s->entries, &entry_key, &s->item.entry);
    }
    if (records == TJ_STORAGE_OK) {
        records = tj_cursor_next(s->bodies, &body_key, &body);
    }
    s->next = index + 1;
    uint64_t met = s->source.trouble.met;
    (void)!got(s, entry);
    (void)!got(s, records);
    if (s->source.trouble.met > met) {
        return TJ_SOURCE_TROUBLE;
    }
    if (entry == TJ_STORAGE_NOT_FOUND && records == TJ_STORAGE_NOT_FOUND) {
        return TJ_SOURCE_END;
    }
    if (entry != TJ_STORAGE_OK || !is_number(&entry_key, index)) {
        *why = "this entry is missing";
        return TJ_SOURCE_GAP;
    }
    if (records != TJ_STORAGE_OK || !is_number(&body_key, index)) {
        *why = "the body of this entry is missing";
        return TJ_SOURCE_GAP;
    }
    /* Where the records end follows from their number, which the sizes of a body give. */
    uint64_t count = body.size >= TJ_TAIL_SIZE
                         ? (body.size - TJ_TAIL_SIZE) / (TJ_RECORD_SIZE + TJ_LINK_SIZE)
                         : 0;
    size_t records_size = (size_t)count * TJ_RECORD_SIZE;
    s->item.records = (struct tj_view){body.bytes, records_size};
    s->item.derived = (struct tj_view){body.bytes + records_size, body.size - records_size};
    return TJ_SOURCE_ENTRY;
}

static void ledger_take(struct tj_source *source, uint8_t *memory, struct tj_source_item *out)
{
    (void)memory;
    *out = own(source)->item;
}

/* ---- reading here and there ---- */

static bool ledger_entry(struct tj_source *source, struct tj_view *out, uint64_t index)
{
    struct ledger_source *s = own(source);
    return got(s, tj_get_number(s->txn, out, TJ_J_ENTRIES, index));
}

static bool ledger_records(struct tj_source *source, struct tj_view *out,
                           const struct tj_entry_view *entry)
{
    struct tj_body_view body;
    if (!found(own(source), tj_journal_body(own(source)->txn, &body, entry))) {
        return false;
    }
    *out = (struct tj_view){body.records, (size_t)entry->header.record_count * TJ_RECORD_SIZE};
    return true;
}

static bool ledger_node(struct tj_source *source, struct tj_hash *out, unsigned level,
                        uint64_t number)
{
    const struct tj_node_reader *reader = &own(source)->nodes.reader;
    return reader->node(reader->context, out, level, number);
}

static size_t ledger_checkpoint_count(struct tj_source *source)
{
    return own(source)->checkpoint_count + (own(source)->signed_at != SIZE_MAX);
}

static bool ledger_checkpoint(struct tj_source *source, struct tj_view *note, size_t i)
{
    struct ledger_source *s = own(source);
    if (i == s->signed_at) {
        return found(
            s, tj_get_checked(s->txn, note, TJ_J_META, TJ_META_SIGNED, strlen(TJ_META_SIGNED)));
    }
    return tj_checkpoint_stored(s->txn, note, s->checkpoint_sizes[i - (i > s->signed_at)]);
}

static void ledger_documents(struct tj_source *source, void *context,
                             void (*visit)(void *context, const struct tj_view *name))
{
    struct ledger_source *s = own(source);
    struct tj_cursor *cursor;
    struct tj_view key;
    struct tj_view value;
    if (!got(s, tj_cursor_open(s->txn, &cursor, TJ_J_ATTACHMENTS))) {
        return;
    }
    while (got(s, tj_cursor_next(cursor, &key, &value))) {
        visit(context, &key);
    }
    tj_cursor_close(cursor);
}

static bool ledger_document(struct tj_source *source, struct tj_view *out,
                            const uint8_t name[TJ_HASH_SIZE])
{
    struct ledger_source *s = own(source);
    return got(s, tj_get_name(s->txn, out, TJ_J_ATTACHMENTS, name, TJ_HASH_SIZE));
}

/* ---- the stored state ---- */

static int by_as_of(const void *a, const void *b)
{
    const struct stored_block *x = a;
    const struct stored_block *y = b;
    return (x->as_of > y->as_of) - (x->as_of < y->as_of);
}

/* False: the row is none, which is in the report; or no memory. */
static bool list_block(struct ledger_source *s, struct tj_replay_report *report,
                       const struct tj_view *key, const struct tj_view *value)
{
    struct tj_block_row row;
    if (!tj_block_row_decode(key, &row, value)) {
        char name[TJ_BLOCK_NAME_SIZE];
        tj_block_name(name, key);
        return tj_fail(report, TJ_CHECK_SNAPSHOT, UINT64_MAX, NULL, NULL,
                       "%s is not what its check says", name);
    }
    if (!tj_grow(&s->blocks, &s->block_capacity, s->block_count + 1, sizeof *s->blocks)) {
        tj_trouble_note(&s->source.trouble, TIJORI_MEMORY, "the table of blocks: out of memory");
        return false;
    }
    struct stored_block *block = &s->blocks[s->block_count++];
    block->as_of = row.as_of;
    memcpy(block->key, key->bytes, TJ_BLOCK_KEY_SIZE);
    return true;
}

/* The list grows row by row: how many there are is a number that a damaged file makes up. */
static bool list_blocks(struct ledger_source *s, struct tj_replay_report *report)
{
    uint64_t count = 0;
    struct tj_cursor *cursor;
    struct tj_view key;
    struct tj_view value;
    if (!got(s, tj_count(s->txn, &count, TJ_J_STATE)) ||
        !got(s, tj_cursor_open(s->txn, &cursor, TJ_J_STATE))) {
        return tj_fail(report, TJ_CHECK_SNAPSHOT, UINT64_MAX, NULL, NULL,
                       "the table of blocks is unreadable");
    }
    bool sound = true;
    while (s->block_count < count && !tj_troubled(report) &&
           got(s, tj_cursor_next(cursor, &key, &value))) {
        sound = list_block(s, report, &key, &value) && sound;
    }
    tj_cursor_close(cursor);
    if (s->block_count > 0) {
        qsort(s->blocks, s->block_count, sizeof *s->blocks, by_as_of);
    }
    return sound;
}

/* What was never written is all zero; `content` is NULL then. */
static bool holds(const uint8_t *content, const uint8_t *stored, uint32_t bytes)
{
    if (content == NULL) {
        return tj_all_zero(stored, bytes);
    }
    return memcmp(content, stored, bytes) == 0;
}

/* A block is compared when the replay has come to the entry that it is as of. Blocks are stored one
 * by one, and each shows the state at another time (docs/FORMAT.md section 9). */
static bool compare_block(struct ledger_source *s, struct tj_progress *progress, uint64_t index,
                          const uint8_t *name)
{
    struct tj_view key = {name, TJ_BLOCK_KEY_SIZE};
    struct tj_view value;
    struct tj_block_row row;
    if (!got(s, tj_get_name(s->txn, &value, TJ_J_STATE, name, TJ_BLOCK_KEY_SIZE)) ||
        !tj_block_row_decode(&key, &row, &value)) {
        return tj_fail(progress->report, TJ_CHECK_SNAPSHOT, index, NULL, NULL,
                       "a stored block is unreadable");
    }
    uint64_t first = (uint64_t)row.number << tj_table_shapes[row.table].shift;
    const uint8_t *content =
        tj_state_peek(progress->state, (enum tj_table_id)row.table, row.party, first);
    uint32_t bytes = tj_block_bytes(row.table);
    if (!holds(content, row.content, bytes)) {
        return tj_fail(progress->report, TJ_CHECK_SNAPSHOT, index, NULL, NULL,
                       "the stored block of %s, party %u, number %u is not what the log gives",
                       tj_table_shapes[row.table].name, row.party, row.number);
    }
    return tj_pass(progress->report, TJ_CHECK_SNAPSHOT, 1);
}

/* ---- the tree ---- */

/* The nodes that the last entry completed, against those stored. */
static bool compare_nodes(struct ledger_source *s, struct tj_progress *progress)
{
    struct tj_replay_report *report = progress->report;
    for (uint32_t level = 1; level <= progress->recent->completed; level++) {
        uint64_t number = (report->entries >> (8 * level)) - 1;
        const struct tj_hash *node = &progress->recent->nodes[level][number % TJ_TILE_WIDTH];
        struct tj_hash stored = {{0}};
        if (!ledger_node(&s->source, &stored, level, number) || !tj_hash_equal(&stored, node)) {
            return tj_fail(report, TJ_CHECK_HEAD, report->entries - 1, &stored, node,
                           "a stored node of the tree is not that of the entries");
        }
        tj_pass(report, TJ_CHECK_HEAD, 1);
    }
    return true;
}

/* How many rows the derived tables have. A damaged row counts as one that does not belong here. */
static void check_rows(struct ledger_source *s, struct tj_replay_report *report)
{
    uint64_t meta = 0;
    uint64_t nodes = 0;
    struct tj_view row;
    bool has_signed =
        got(s, tj_get_name(s->txn, &row, TJ_J_META, TJ_META_SIGNED, strlen(TJ_META_SIGNED)));
    bool has_walk =
        found(s, tj_get_checked(s->txn, &row, TJ_J_META, TJ_META_WALK, strlen(TJ_META_WALK)));
    if (!got(s, tj_count(s->txn, &meta, TJ_J_META)) || meta != 1u + has_signed + has_walk) {
        tj_fail(report, TJ_CHECK_HEAD, UINT64_MAX, NULL, NULL, "there are rows beside the head");
        return;
    }
    if (!got(s, tj_count(s->txn, &nodes, TJ_J_NODES)) || nodes != tj_node_rows(report->entries)) {
        tj_fail(report, TJ_CHECK_HEAD, UINT64_MAX, NULL, NULL,
                "the tree has other nodes stored than its size asks for");
        return;
    }
    tj_pass(report, TJ_CHECK_HEAD, 1);
}

/* FORMAT 9: the size, then the frontier. What the head says of a redo is tried by check_open. */
static void check_head(struct ledger_source *s, struct tj_progress *progress,
                       const struct tj_head_row *head)
{
    struct tj_replay_report *report = progress->report;
    const struct tj_frontier *frontier = progress->frontier;
    struct tj_hash stored;
    if (head->size != report->entries) {
        tj_fail(report, TJ_CHECK_HEAD, report->entries, NULL, NULL,
                "the stored head counts other entries than there are");
        return;
    }
    tj_frontier_root(progress->digester->hasher, &stored, &head->frontier);
    if (!tj_hash_equal(&stored, &report->root) ||
        memcmp(head->frontier.nodes, frontier->nodes,
               frontier->count * sizeof frontier->nodes[0]) != 0) {
        tj_fail(report, TJ_CHECK_HEAD, report->entries - 1, &stored, &report->root,
                "the stored tree is not that of the entries");
        return;
    }
    tj_pass(report, TJ_CHECK_HEAD, 1);
    check_rows(s, report);
}

/* Opening the ledger must give the state that the log gives: blocks, redo and all. */
static void check_open(struct ledger_source *s, struct tj_progress *progress,
                       const struct tj_head_row *head, const struct tj_hash *state_digest)
{
    struct tj_replay_report *report = progress->report;
    struct tj_state *opened;
    struct tj_hash digest;
    if (s->block_next < s->block_count) {
        tj_fail(report, TJ_CHECK_SNAPSHOT, UINT64_MAX, NULL, NULL,
                "a stored block is as of no entry");
        return;
    }
    enum tijori_status status = tj_snapshot_load(s->txn, progress->digester, &opened, head);
    if (!found(s, status)) {
        tj_fail(report, TJ_CHECK_SNAPSHOT, UINT64_MAX, NULL, NULL,
                "the stored state does not load");
        return;
    }
    tj_state_digest(opened, progress->digester->hasher, &digest);
    tj_state_destroy(opened);
    if (!tj_hash_equal(&digest, state_digest)) {
        tj_fail(report, TJ_CHECK_SNAPSHOT, UINT64_MAX, &digest, state_digest,
                "the state as opened (blocks and redo) is not what the log gives");
        return;
    }
    tj_pass(report, TJ_CHECK_SNAPSHOT, 1);
}

/* ---- told by the replay ---- */

static bool ledger_begin(struct tj_source *source, struct tj_progress *progress)
{
    struct ledger_source *s = own(source);
    if (s->unreadable != NULL) {
        return tj_fail(progress->report, TJ_CHECK_CHECKPOINT, UINT64_MAX, NULL, NULL, "%s",
                       s->unreadable);
    }
    if (!list_blocks(s, progress->report)) {
        return false;
    }
    /* What an earlier audit compared is not compared again one by one; check_open sees it. */
    while (s->block_next < s->block_count && s->blocks[s->block_next].as_of < progress->start) {
        s->block_next++;
    }
    return true;
}

static bool ledger_accepted(struct tj_source *source, struct tj_progress *progress)
{
    struct ledger_source *s = own(source);
    uint64_t index = progress->report->entries - 1;
    for (; s->block_next < s->block_count && s->blocks[s->block_next].as_of == index;
         s->block_next++) {
        if (!compare_block(s, progress, index, s->blocks[s->block_next].key)) {
            return false;
        }
    }
    TJ_VERIFY_CHECK(s->block_next == s->block_count || s->blocks[s->block_next].as_of > index);
    return compare_nodes(s, progress);
}

static void ledger_finish(struct tj_source *source, struct tj_progress *progress,
                          const struct tj_hash *state_digest)
{
    struct ledger_source *s = own(source);
    struct tj_head_row head;
    if (!found(s, tj_head_row_read(s->txn, &head))) {
        tj_fail(progress->report, TJ_CHECK_HEAD, UINT64_MAX, NULL, NULL,
                "the stored head is unreadable");
        return;
    }
    check_head(s, progress, &head);
    check_open(s, progress, &head, state_digest);
}

/* Where LMDB's lock keeps the writer off what is read, it always is. */
static bool ledger_settled(struct tj_source *source)
{
    return tj_read_settled(own(source)->txn) == TJ_STORAGE_OK;
}

/* ---- life ---- */

static void ledger_close(struct tj_source *source)
{
    struct ledger_source *s = own(source);
    if (s->entries != NULL) {
        tj_cursor_close(s->entries);
    }
    if (s->bodies != NULL) {
        tj_cursor_close(s->bodies);
    }
    if (s->txn != NULL) {
        tj_read_end(s->txn);
        tj_digester_clear(&s->digester);
    }
    tj_store_close(s->store);
    free(s->checkpoint_sizes);
    free(s->blocks);
    free(s);
}

static const struct tj_source_ops ledger_ops = {
    .peek = ledger_peek,
    .take = ledger_take,
    .entry = ledger_entry,
    .records = ledger_records,
    .node = ledger_node,
    .checkpoint_count = ledger_checkpoint_count,
    .checkpoint = ledger_checkpoint,
    .documents = ledger_documents,
    .document = ledger_document,
    .begin = ledger_begin,
    .accepted = ledger_accepted,
    .finish = ledger_finish,
    .settled = ledger_settled,
    .close = ledger_close,
};

/* One row of the table of public checkpoints; a key that is no size is told as damage. */
static void list_checkpoint(struct ledger_source *s, const struct tj_view *key,
                            const struct tj_view *value)
{
    struct tj_note_view view;
    struct tj_checkpoint checkpoint;
    if (!tj_checkpoint_note_decode(&view, &checkpoint, value->bytes, value->size) ||
        !is_number(key, checkpoint.size)) {
        s->unreadable = "a stored checkpoint is none";
        return;
    }
    if (!tj_grow(&s->checkpoint_sizes, &s->checkpoint_capacity, s->checkpoint_count + 1,
                 sizeof *s->checkpoint_sizes)) {
        tj_trouble_note(&s->source.trouble, TIJORI_MEMORY, "the checkpoints: out of memory");
        return;
    }
    s->checkpoint_sizes[s->checkpoint_count++] = checkpoint.size;
}

/* The sizes of the public checkpoints, in order. */
static enum tj_storage_status list_checkpoints(struct ledger_source *s)
{
    uint64_t count = 0;
    struct tj_cursor *cursor;
    struct tj_view key;
    struct tj_view value;
    enum tj_storage_status status = tj_count(s->txn, &count, TJ_J_CHECKPOINTS);
    if (status != TJ_STORAGE_OK) {
        return status;
    }
    status = tj_cursor_open(s->txn, &cursor, TJ_J_CHECKPOINTS);
    if (status != TJ_STORAGE_OK) {
        return status;
    }
    while (s->checkpoint_count < count && s->source.trouble.met == 0 &&
           got(s, tj_cursor_next(cursor, &key, &value))) {
        list_checkpoint(s, &key, &value);
    }
    tj_cursor_close(cursor);
    return TJ_STORAGE_OK;
}

/* The newest checkpoint that was signed comes after the public ones. When one of those has the same
 * size, and then the cosignatures, the newest comes just before it. */
static void find_signed(struct ledger_source *s)
{
    struct tj_stored_checkpoint newest;
    size_t count = s->checkpoint_count;
    uint64_t last = 0;
    if (count > 0) {
        last = s->checkpoint_sizes[count - 1];
    }
    enum tijori_status status = tj_checkpoint_signed(s->txn, &newest);
    (void)!found(s, status);
    s->signed_at = SIZE_MAX;
    if (status == TIJORI_NOT_FOUND && count == 0) {
        return;
    }
    if (status != TIJORI_OK || newest.checkpoint.size < last) {
        s->unreadable = "the newest signed checkpoint is none";
        return;
    }
    s->signed_at = count - (newest.checkpoint.size == last);
    TJ_VERIFY_CHECK(s->signed_at <= count);
}

static enum tj_storage_status open_tables(struct ledger_source *s)
{
    enum tj_storage_status status = tj_count(s->txn, &s->source.size, TJ_J_ENTRIES);
    if (status != TJ_STORAGE_OK) {
        return status;
    }
    status = tj_cursor_open(s->txn, &s->entries, TJ_J_ENTRIES);
    if (status != TJ_STORAGE_OK) {
        return status;
    }
    status = tj_cursor_open(s->txn, &s->bodies, TJ_J_BODIES);
    if (status != TJ_STORAGE_OK) {
        return status;
    }
    return list_checkpoints(s);
}

/* Whatever fails, ledger_close frees what was opened before it. */
static enum tijori_status open_store(struct ledger_source *s, struct tj_store *store)
{
    enum tj_storage_status status = tj_read_begin(store, &s->txn);
    if (status != TJ_STORAGE_OK) {
        return tj_from_storage(status);
    }
    if (!tj_digester_init(&s->digester)) {
        return TIJORI_MEMORY;
    }
    tj_log_nodes_init(&s->nodes, s->txn, &s->digester);
    s->nodes.as_stored = true;
    s->source.nodes = s->nodes.reader;
    status = open_tables(s);
    if (status != TJ_STORAGE_OK) {
        return tj_from_storage(status);
    }
    find_signed(s);
    return s->source.trouble.status;
}

enum tijori_status tj_source_of_store(struct tj_store *store, struct tj_source **out)
{
    struct ledger_source *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return TIJORI_MEMORY;
    }
    s->source.ops = &ledger_ops;
    s->source.is_ledger = true;
    enum tijori_status status = open_store(s, store);
    if (status != TIJORI_OK) {
        ledger_close(&s->source);
        return status;
    }
    *out = &s->source;
    return TIJORI_OK;
}

enum tijori_status tj_source_open_ledger(struct tj_source **out, uint32_t *format_found,
                                         const char *path)
{
    struct tj_store *store;
    struct tj_store_options options = tj_journal_options(0);
    enum tijori_status status =
        tj_from_storage(tj_store_open_read(&store, format_found, path, &options));
    if (status != TIJORI_OK) {
        return status;
    }
    status = tj_source_of_store(store, out);
    if (status != TIJORI_OK) {
        tj_store_close(store);
        return status;
    }
    own(*out)->store = store;
    return TIJORI_OK;
}
