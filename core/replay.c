#include "core/replay.h"

#include "core/pipeline.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>

/* Entries in flight between reading and judging. */
enum { WINDOW = 1024, PROGRESS_EVERY = 64 };

static const char *const check_texts[TJ_CHECK_COUNT] = {
#define TJ_CHECK_TEXT(name, text) text,
    TJ_CHECKS(TJ_CHECK_TEXT)
#undef TJ_CHECK_TEXT
};

const char *tj_check_text(enum tj_check check)
{
    return check_texts[check];
}

/* One entry as stored, and what a worker found: a pure function of the bytes. */
struct item {
    struct tj_view entry_bytes;
    struct tj_view body_bytes;
    struct tj_entry_view entry;
    struct tj_body_view body;
    struct tj_verdict form;
    struct tj_hash leaf;
    struct tj_hash body_root;
    struct tj_hash envelope_id;
    uint32_t invalid_slot;
    bool entry_formed; /* entry and body came apart; the hashes below are there */
};

/* A stored block, to be compared when the replay reaches the entry it is as of. */
struct stored_block {
    uint64_t as_of;
    uint8_t key[TJ_BLOCK_KEY_SIZE];
};

/* A stored attachment. */
struct document {
    uint8_t name[TJ_HASH_SIZE];
    bool cited; /* by a record that was reached */
};

struct replay {
    const struct tj_replay_options *options;
    struct tj_replay_report *report;
    uint64_t reached[TJ_CHECK_COUNT]; /* entries, from 0 on, that a check has decided about */
    pthread_mutex_t reading;          /* the transaction serves one thread at a time */
    struct tj_txn *txn;
    struct tj_cursor *entries;
    struct tj_cursor *bodies;
    struct tj_state *state;
    struct tj_digester digester;
    struct tj_journal_past past;
    struct tj_frontier frontier;
    struct tj_hash leaf; /* of the last entry */
    uint64_t received_ns;
    uint64_t term;
    uint64_t directive;
    uint64_t total;             /* entries in the store */
    struct document *documents; /* in order of their names */
    size_t document_count;
    uint64_t documents_missing;  /* citations of documents that are not stored */
    struct stored_block *blocks; /* in order of as_of */
    size_t block_count;
    size_t block_next;
    const char *gap;    /* why reading stopped before the end, or NULL */
    atomic_bool broken; /* something failed */
    uint8_t links[TJ_RECORDS_MAX * TJ_LINK_SIZE];
};

/* ---- the report ---- */

static bool pass(struct replay *r, enum tj_check check, uint64_t count)
{
    r->report->checks[check].passed += count;
    r->reached[check] = r->report->entries + 1;
    return true;
}

/* The first failure is the one told in full. Answers false, to stop. */
static bool fail(struct replay *r, enum tj_check check, uint64_t entry, const struct tj_hash *found,
                 const struct tj_hash *expected, const char *text)
{
    struct tj_replay_report *report = r->report;
    report->checks[check].failed++;
    r->reached[check] = report->entries + 1;
    if (!report->failed) {
        report->failed = true;
        report->first_check = check;
        report->first_entry = entry;
        if (found != NULL) {
            report->found = *found;
            report->expected = *expected;
        }
        snprintf(report->failure, sizeof report->failure, "%s", text);
    }
    return false;
}

static bool fail_verdict(struct replay *r, enum tj_check check, uint64_t entry,
                         const struct tj_verdict *verdict)
{
    char text[320];
    tj_verdict_format(verdict, text, sizeof text);
    return fail(r, check, entry, NULL, NULL, text);
}

static void skip(struct replay *r, enum tj_check check, uint64_t count, const char *why)
{
    struct tj_check_result *result = &r->report->checks[check];
    result->skipped += count;
    snprintf(result->note, sizeof result->note, "%s", why);
}

/* ---- workers ---- */

static enum tijori_status check_form(struct tj_digester *digester, struct item *item)
{
    enum tijori_status status =
        tj_entry_decode(item->entry_bytes.bytes, item->entry_bytes.size, &item->entry, &item->form);
    if (status != TIJORI_OK) {
        return status;
    }
    if (!tj_body_decode(item->body_bytes.bytes, item->body_bytes.size,
                        item->entry.header.record_count, &item->body)) {
        return tj_refuse(&item->form, TIJORI_RECORD_COUNT, "record_count");
    }
    item->entry_formed = true;
    tj_envelope_id(digester, item->entry.header_bytes, &item->envelope_id);
    tj_tree_root_of_items(digester->hasher, &item->body_root, item->body.records, TJ_RECORD_SIZE,
                          item->entry.header.record_count);
    return tj_records_check(&item->entry.header, item->body.records, &item->form);
}

static void check_items(void *context, struct tj_digester *digester, void **items, size_t count)
{
    struct tj_signed entries[TJ_PIPELINE_BATCH_MAX];
    size_t formed = 0;
    (void)context;
    TIJORI_REQUIRE(count <= TJ_PIPELINE_BATCH_MAX);
    for (size_t i = 0; i < count; i++) {
        struct item *item = items[i];
        tj_verdict_init(&item->form);
        item->entry_formed = false;
        tj_leaf_hash(digester->hasher, &item->leaf, item->entry_bytes.bytes,
                     item->entry_bytes.size);
        item->form.status = check_form(digester, item);
        if (item->entry_formed) {
            entries[formed++] =
                (struct tj_signed){&item->entry.slots, &item->envelope_id, &item->invalid_slot};
        }
    }
    tj_slots_verify(entries, formed);
}

/* ---- one entry, in order ---- */

/* The chain is broken between entry i - 1 and entry i. Which of them was changed? When the entry
 * after i still holds the hash of i as it stands, i is what it was. */
static uint64_t changed_entry(struct replay *r, uint64_t index, const struct tj_hash *leaf)
{
    struct tj_view next;
    bool follows = tj_get_number(r->txn, TJ_J_ENTRIES, index + 1, &next) == TJ_STORAGE_OK &&
                   next.size >= TJ_ENTRY_FIXED_SIZE;
    bool intact = follows && memcmp(next.bytes + 32, leaf->bytes, TJ_HASH_SIZE) == 0;
    return intact && index > 0 ? index - 1 : index;
}

static bool judge_chain(struct replay *r, uint64_t index, const struct item *item)
{
    const struct tj_entry_view *entry = &item->entry;
    if (!tj_hash_equal(&entry->previous, &r->leaf)) {
        return fail(r, TJ_CHECK_CHAIN, changed_entry(r, index, &item->leaf), &entry->previous,
                    &r->leaf, "the hash that an entry holds is not that of the entry before it");
    }
    if (entry->index != index) {
        return fail(r, TJ_CHECK_CHAIN, index, NULL, NULL, "the entry says another index");
    }
    if (entry->term < r->term || entry->term == 0) {
        return fail(r, TJ_CHECK_CHAIN, index, NULL, NULL, "the writer's term fell");
    }
    if (index > 0 && entry->received_ns <= r->received_ns) {
        return fail(r, TJ_CHECK_CHAIN, index, NULL, NULL, "received_ns did not rise");
    }
    return pass(r, TJ_CHECK_CHAIN, 1);
}

static bool means_newer(enum tijori_status status)
{
    return status == TIJORI_KIND_UNKNOWN || status == TIJORI_KIND_RESERVED ||
           status == TIJORI_RULES;
}

/* Before anything is believed, the bytes must be those that were signed. */
static bool judge_bytes(struct replay *r, uint64_t index, const struct item *item)
{
    if (!item->entry_formed) {
        return fail_verdict(r, TJ_CHECK_FORM, index, &item->form);
    }
    if (!tj_hash_equal(&item->body_root, &item->entry.header.body_root)) {
        return fail(r, TJ_CHECK_BODIES, index, &item->body_root, &item->entry.header.body_root,
                    "the records are not those that were signed");
    }
    pass(r, TJ_CHECK_BODIES, item->entry.header.record_count);
    if (!judge_chain(r, index, item)) {
        return false;
    }
    if (item->form.status != TIJORI_OK) {
        r->report->newer = means_newer(item->form.status) && item->invalid_slot == TJ_NOWHERE;
        return fail_verdict(r, TJ_CHECK_FORM, index, &item->form);
    }
    pass(r, TJ_CHECK_FORM, 1u + item->entry.header.record_count);
    if (item->invalid_slot != TJ_NOWHERE) {
        struct tj_verdict verdict;
        tj_verdict_init(&verdict);
        verdict.slot = item->invalid_slot;
        tj_refuse(&verdict, TIJORI_SIGNATURE, "signature");
        return fail_verdict(r, TJ_CHECK_SIGNATURES, index, &verdict);
    }
    r->report->signatures += item->entry.slots.count;
    return pass(r, TJ_CHECK_SIGNATURES, item->entry.slots.count);
}

static bool judge_rules(struct replay *r, uint64_t index, const struct item *item,
                        struct tj_tail *tail)
{
    struct tj_verdict verdict;
    const struct tj_case c = {
        .index = index,
        .received_ns = item->entry.received_ns,
        .last_received_ns = r->received_ns,
        .head_leaf = r->leaf,
        .directive_previous = r->directive,
        .header = &item->entry.header,
        .slots = &item->entry.slots,
        .records = item->body.records,
        .envelope_id = item->envelope_id,
        .signatures_valid = true,
        .invalid_slot = TJ_NOWHERE,
    };
    enum tijori_status status = tj_apply(r->state, &r->past.past, &c, r->links, tail, &verdict);
    tj_undo_log_settle(r->state->undo);
    bool lane = status == TIJORI_SEQUENCE || status == TIJORI_PREVIOUS_ID;
    if (status != TIJORI_OK) {
        r->report->newer = means_newer(status);
        return fail_verdict(r, lane ? TJ_CHECK_LANES : TJ_CHECK_RULES, index, &verdict);
    }
    pass(r, TJ_CHECK_LANES, 1);
    return pass(r, TJ_CHECK_RULES, item->entry.header.record_count);
}

static bool judge_derived(struct replay *r, uint64_t index, const struct item *item,
                          const struct tj_tail *tail)
{
    uint32_t records = item->entry.header.record_count;
    for (uint32_t i = 0; i < records; i++) {
        size_t at = (size_t)i * TJ_LINK_SIZE;
        if (memcmp(r->links + at, item->body.links + at, TJ_LINK_SIZE) != 0) {
            char text[96];
            snprintf(text, sizeof text, "the links of record %" PRIu32 " are wrong", i);
            return fail(r, TJ_CHECK_DERIVED, index, NULL, NULL, text);
        }
    }
    const struct tj_tail *stored = &item->body.tail;
    if (stored->lane_previous != tail->lane_previous || stored->lane_jump != tail->lane_jump ||
        stored->marks_base != tail->marks_base ||
        stored->directive_previous != tail->directive_previous) {
        return fail(r, TJ_CHECK_DERIVED, index, NULL, NULL, "the tail is wrong");
    }
    return pass(r, TJ_CHECK_DERIVED, records + 1u);
}

static bool compare_blocks(struct replay *r, uint64_t index)
{
    for (; r->block_next < r->block_count && r->blocks[r->block_next].as_of == index;
         r->block_next++) {
        const uint8_t *name = r->blocks[r->block_next].key;
        struct tj_view key = {name, TJ_BLOCK_KEY_SIZE};
        struct tj_view value;
        struct tj_block_row row;
        if (tj_get_name(r->txn, TJ_J_BLOCKS, name, TJ_BLOCK_KEY_SIZE, &value) != TJ_STORAGE_OK ||
            !tj_block_row_decode(&key, &value, &row)) {
            return fail(r, TJ_CHECK_SNAPSHOT, index, NULL, NULL, "a stored block is unreadable");
        }
        uint64_t first = (uint64_t)row.number << tj_table_shapes[row.table].shift;
        const uint8_t *content =
            tj_state_peek(r->state, (enum tj_table_id)row.table, row.party, first);
        uint32_t bytes = tj_block_bytes(row.table);
        if (content == NULL ? !tj_all_zero(row.content, bytes)
                            : memcmp(content, row.content, bytes) != 0) {
            char text[160];
            snprintf(text, sizeof text,
                     "the stored block of %s, party %" PRIu32 ", number %" PRIu32
                     " is not what the log gives",
                     tj_table_shapes[row.table].name, row.party, row.number);
            return fail(r, TJ_CHECK_SNAPSHOT, index, NULL, NULL, text);
        }
        pass(r, TJ_CHECK_SNAPSHOT, 1);
    }
    return true;
}

static int by_name(const void *a, const void *b)
{
    return memcmp(((const struct document *)a)->name, ((const struct document *)b)->name,
                  TJ_HASH_SIZE);
}

static struct document *find_document(struct replay *r, const uint8_t name[TJ_HASH_SIZE])
{
    struct document wanted;
    memcpy(wanted.name, name, TJ_HASH_SIZE);
    return bsearch(&wanted, r->documents, r->document_count, sizeof wanted, by_name);
}

static void note_citations(struct replay *r, const struct item *item)
{
    for (uint32_t i = 0; i < item->entry.header.record_count; i++) {
        const uint8_t *record = item->body.records + (size_t)i * TJ_RECORD_SIZE;
        const uint8_t *hash = tj_movement_document(record);
        if (hash == NULL) {
            continue;
        }
        struct document *document = find_document(r, hash);
        if (document != NULL) {
            document->cited = true;
        } else {
            r->documents_missing++;
        }
    }
}

static bool judge_entry(struct replay *r, const struct item *item)
{
    struct tj_replay_report *report = r->report;
    struct tj_tail tail;
    uint64_t index = report->entries;
    if (!judge_bytes(r, index, item)) {
        return false;
    }
    if (index == 0) {
        r->state->ledger_id = item->leaf;
        report->ledger_id = item->leaf;
        report->first_received_ns = item->entry.received_ns;
    }
    if (!judge_rules(r, index, item, &tail) || !judge_derived(r, index, item, &tail)) {
        return false;
    }
    r->leaf = item->leaf;
    r->received_ns = item->entry.received_ns;
    r->term = item->entry.term;
    if (!tj_kind_is_movement(item->body.records[0])) {
        r->directive = index;
    }
    tj_frontier_append(r->digester.hasher, &r->frontier, &item->leaf);
    note_citations(r, item);
    report->entries++;
    report->records += item->entry.header.record_count;
    report->last_received_ns = item->entry.received_ns;
    return compare_blocks(r, index);
}

/* ---- reading ---- */

static bool is_number(const struct tj_view *key, uint64_t number)
{
    uint64_t read = 0;
    for (size_t i = 0; i < key->size && i < 8; i++) {
        read = read << 8 | key->bytes[i];
    }
    return key->size == 8 && read == number;
}

/* The next entry with its body; false at the end, and at a gap, which r->gap then tells. */
static bool read_item(struct replay *r, uint64_t index, struct item *item)
{
    struct tj_view entry_key;
    struct tj_view body_key;
    enum tj_storage_status entry = tj_cursor_next(r->entries, &entry_key, &item->entry_bytes);
    enum tj_storage_status body = tj_cursor_next(r->bodies, &body_key, &item->body_bytes);
    if (entry == TJ_STORAGE_NOT_FOUND && body == TJ_STORAGE_NOT_FOUND) {
        return false;
    }
    if (entry != TJ_STORAGE_OK || !is_number(&entry_key, index)) {
        r->gap = "this entry is missing";
        return false;
    }
    if (body != TJ_STORAGE_OK || !is_number(&body_key, index)) {
        r->gap = "the body of this entry is missing";
        return false;
    }
    return true;
}

/* In order, one thread at a time; after the first failure nothing is judged any more. An entry that
 * is judged is decided: should the thread that judges the next ones come first to say so, the count
 * is the same. */
static void decide_items(void *context, struct tj_digester *digester, struct tj_pipeline *pipeline,
                         size_t ready)
{
    struct replay *r = context;
    (void)digester;
    for (size_t i = 0; i < ready && !atomic_load(&r->broken); i++) {
        pthread_mutex_lock(&r->reading);
        bool sound = judge_entry(r, tj_pipeline_at(pipeline, i));
        pthread_mutex_unlock(&r->reading);
        if (!sound) {
            atomic_store(&r->broken, true);
        }
        if (r->options->progress != NULL && r->report->entries % PROGRESS_EVERY == 0) {
            r->options->progress(r->options->progress_context, r->report->entries, r->total);
        }
    }
    tj_pipeline_judged(pipeline, ready);
    tj_pipeline_decide(pipeline, ready);
    tj_pipeline_drop(pipeline, ready);
}

/* Reads until the end or the first failure, as far ahead as the window goes. What was read before a
 * gap in the numbers is judged first. */
static void replay_entries(struct replay *r, struct tj_pipeline *pipeline)
{
    uint64_t read = 0;
    while (!atomic_load(&r->broken)) {
        uint8_t *none;
        struct item *item = tj_pipeline_reserve(pipeline, 0, &none);
        pthread_mutex_lock(&r->reading);
        bool more = read_item(r, read, item);
        pthread_mutex_unlock(&r->reading);
        if (!more) {
            tj_pipeline_cancel(pipeline);
            break;
        }
        r->report->checks[TJ_CHECK_NUMBERS].passed++;
        r->reached[TJ_CHECK_NUMBERS] = ++read; /* ahead of the judgement */
        tj_pipeline_publish(pipeline, item->entry_bytes.size + item->body_bytes.size);
    }
    tj_pipeline_drain(pipeline);
    if (!atomic_load(&r->broken) && r->gap != NULL) {
        fail(r, TJ_CHECK_NUMBERS, read, NULL, NULL, r->gap);
    }
}

/* ---- blocks ---- */

static int by_as_of(const void *a, const void *b)
{
    const struct stored_block *x = a;
    const struct stored_block *y = b;
    return (x->as_of > y->as_of) - (x->as_of < y->as_of);
}

static enum tijori_status list_blocks(struct replay *r)
{
    uint64_t count = 0;
    struct tj_cursor *cursor;
    struct tj_view key;
    struct tj_view value;
    enum tj_storage_status status = tj_count(r->txn, TJ_J_BLOCKS, &count);
    if (status == TJ_STORAGE_OK) {
        status = tj_cursor_open(r->txn, TJ_J_BLOCKS, &cursor);
    }
    if (status != TJ_STORAGE_OK) {
        return tj_from_storage(status);
    }
    r->blocks = calloc((size_t)count + 1, sizeof *r->blocks);
    TIJORI_REQUIRE(r->blocks != NULL);
    while (r->block_count < count &&
           (status = tj_cursor_next(cursor, &key, &value)) == TJ_STORAGE_OK) {
        struct tj_block_row row;
        if (!tj_block_row_decode(&key, &value, &row)) {
            fail(r, TJ_CHECK_SNAPSHOT, UINT64_MAX, NULL, NULL, "a row of blocks is not a block");
            continue;
        }
        struct stored_block *block = &r->blocks[r->block_count++];
        block->as_of = row.as_of;
        memcpy(block->key, key.bytes, TJ_BLOCK_KEY_SIZE);
    }
    tj_cursor_close(cursor);
    qsort(r->blocks, r->block_count, sizeof *r->blocks, by_as_of);
    return TIJORI_OK;
}

/* The names of the attachments. Sorted again: in a damaged store they may be out of order. */
static enum tijori_status list_documents(struct replay *r)
{
    uint64_t count = 0;
    struct tj_cursor *cursor;
    struct tj_view key;
    struct tj_view value;
    enum tj_storage_status status = tj_count(r->txn, TJ_J_ATTACHMENTS, &count);
    if (status == TJ_STORAGE_OK) {
        status = tj_cursor_open(r->txn, TJ_J_ATTACHMENTS, &cursor);
    }
    if (status != TJ_STORAGE_OK) {
        return tj_from_storage(status);
    }
    r->documents = calloc((size_t)count + 1, sizeof *r->documents);
    TIJORI_REQUIRE(r->documents != NULL);
    while (r->document_count < count && tj_cursor_next(cursor, &key, &value) == TJ_STORAGE_OK) {
        memcpy(r->documents[r->document_count++].name, key.bytes,
               key.size < TJ_HASH_SIZE ? key.size : TJ_HASH_SIZE);
    }
    tj_cursor_close(cursor);
    qsort(r->documents, r->document_count, sizeof *r->documents, by_name);
    return TIJORI_OK;
}

/* Opening the ledger must give the state that the log gives: blocks, redo and all. */
static void check_open(struct replay *r, const struct tj_head_row *head)
{
    struct tj_state *opened;
    struct tj_hash digest;
    if (r->block_next < r->block_count) {
        fail(r, TJ_CHECK_SNAPSHOT, UINT64_MAX, NULL, NULL, "a stored block is as of no entry");
        return;
    }
    if (tj_snapshot_load(r->txn, &r->digester, head, &opened) != TIJORI_OK) {
        fail(r, TJ_CHECK_SNAPSHOT, UINT64_MAX, NULL, NULL, "the stored state does not load");
        return;
    }
    tj_state_digest(opened, r->digester.hasher, &digest);
    tj_state_destroy(opened);
    if (!tj_hash_equal(&digest, &r->report->state_digest)) {
        fail(r, TJ_CHECK_SNAPSHOT, UINT64_MAX, &digest, &r->report->state_digest,
             "the state as opened (blocks and redo) is not what the log gives");
        return;
    }
    pass(r, TJ_CHECK_SNAPSHOT, 1);
}

/* ---- after the last entry ---- */

struct sums {
    tj_i128 balance[TJ_ASSETS_MAX + 1];
    tj_i128 pending[TJ_ASSETS_MAX + 1];
};

static bool add_accounts(void *context, const struct tj_block *block)
{
    struct sums *sums = context;
    if (block->table != TJ_T_ACCOUNT) {
        return true;
    }
    const struct tj_account_object *accounts = (const void *)block->content;
    for (uint32_t i = 0; i < 1u << tj_table_shapes[TJ_T_ACCOUNT].shift; i++) {
        if (accounts[i].class != 0) {
            sums->balance[accounts[i].asset] += tj_account_balance(&accounts[i]);
            sums->pending[accounts[i].asset] +=
                (tj_i128)accounts[i].pending_in - (tj_i128)accounts[i].pending_out;
        }
    }
    return true;
}

static void check_sums(struct replay *r)
{
    struct sums *sums = calloc(1, sizeof *sums);
    TIJORI_REQUIRE(sums != NULL);
    tj_state_visit(r->state, add_accounts, sums);
    const struct tj_ledger_object *ledger = tj_state_ledger(r->state);
    for (uint32_t a = 1; ledger != NULL && a <= ledger->assets; a++) {
        if (sums->balance[a] != 0 || sums->pending[a] != 0) {
            fail(r, TJ_CHECK_ZERO, UINT64_MAX, NULL, NULL,
                 "the balances of an asset do not sum to 0");
        } else {
            pass(r, TJ_CHECK_ZERO, 1);
        }
    }
    free(sums);
}

static void check_head(struct replay *r, const struct tj_head_row *head)
{
    struct tj_hash stored;
    uint64_t rows = 0;
    tj_frontier_root(r->digester.hasher, &head->frontier, &stored);
    if (head->size != r->report->entries) {
        fail(r, TJ_CHECK_HEAD, r->report->entries, NULL, NULL,
             "the stored head counts other entries than there are");
    } else if (!tj_hash_equal(&stored, &r->report->root) ||
               memcmp(head->frontier.nodes, r->frontier.nodes,
                      r->frontier.count * sizeof r->frontier.nodes[0]) != 0) {
        fail(r, TJ_CHECK_HEAD, r->report->entries - 1, &stored, &r->report->root,
             "the stored tree is not that of the entries");
    } else if (tj_count(r->txn, TJ_J_META, &rows) != TJ_STORAGE_OK || rows != 1) {
        fail(r, TJ_CHECK_HEAD, UINT64_MAX, NULL, NULL, "there are rows beside the head");
    } else {
        pass(r, TJ_CHECK_HEAD, 1);
    }
}

/* The first entry with a record that cites this document. */
static uint64_t citing_entry(struct replay *r, const uint8_t hash[TJ_HASH_SIZE])
{
    for (uint64_t index = 0; index < r->report->entries; index++) {
        struct tj_entry_view entry;
        struct tj_body_view body;
        if (tj_journal_entry(r->txn, index, &entry) != TIJORI_OK ||
            tj_journal_body(r->txn, &entry, &body) != TIJORI_OK) {
            return UINT64_MAX;
        }
        for (uint32_t i = 0; i < entry.header.record_count; i++) {
            const uint8_t *record = body.records + (size_t)i * TJ_RECORD_SIZE;
            const uint8_t *document = tj_movement_document(record);
            if (document != NULL && memcmp(document, hash, TJ_HASH_SIZE) == 0) {
                return index;
            }
        }
    }
    return UINT64_MAX;
}

static void check_attachment(struct replay *r, const struct tj_view *key,
                             const struct tj_view *value)
{
    struct tj_hash hash;
    struct tj_hash name = {{0}};
    tj_sha256(r->digester.hasher, &hash, value->bytes, value->size);
    memcpy(name.bytes, key->bytes, key->size < TJ_HASH_SIZE ? key->size : TJ_HASH_SIZE);
    if (key->size == TJ_HASH_SIZE && tj_hash_equal(&hash, &name)) {
        const struct document *document = find_document(r, name.bytes);
        if (document != NULL && document->cited) {
            pass(r, TJ_CHECK_ATTACHMENTS, 1);
        } else {
            fail(r, TJ_CHECK_ATTACHMENTS, UINT64_MAX, NULL, NULL, "no record cites an attachment");
        }
        return;
    }
    /* Either the content or the name was changed; the log knows the other. */
    uint64_t entry = citing_entry(r, name.bytes);
    entry = entry != UINT64_MAX ? entry : citing_entry(r, hash.bytes);
    fail(r, TJ_CHECK_ATTACHMENTS, entry, &hash, &name, "an attachment does not hash to its name");
}

static void check_attachments(struct replay *r)
{
    struct tj_cursor *cursor;
    struct tj_view key;
    struct tj_view value;
    if (tj_cursor_open(r->txn, TJ_J_ATTACHMENTS, &cursor) != TJ_STORAGE_OK) {
        fail(r, TJ_CHECK_ATTACHMENTS, UINT64_MAX, NULL, NULL, "the table is unreadable");
        return;
    }
    while (tj_cursor_next(cursor, &key, &value) == TJ_STORAGE_OK) {
        check_attachment(r, &key, &value);
    }
    tj_cursor_close(cursor);
    if (r->documents_missing > 0) {
        skip(r, TJ_CHECK_ATTACHMENTS, r->documents_missing,
             "citations of documents whose bytes are not in this ledger");
    }
}

static void check_pinned(struct replay *r)
{
    const struct tj_hash *pinned = r->options->ledger_id;
    if (pinned == NULL) {
        skip(r, TJ_CHECK_LEDGER_ID, 1, "no ledger id was given to compare with");
    } else if (tj_hash_equal(pinned, &r->report->ledger_id)) {
        pass(r, TJ_CHECK_LEDGER_ID, 1);
    } else {
        fail(r, TJ_CHECK_LEDGER_ID, 0, &r->report->ledger_id, pinned,
             "this is another ledger than the one pinned");
    }
    skip(r, TJ_CHECK_CHECKPOINT, 1, "this log has no signed checkpoint");
}

static void skip_rest(struct replay *r)
{
    static const char why[] = "not reached: the replay stopped at the first failure";
    static const enum tj_check per_entry[] = {
        TJ_CHECK_NUMBERS,    TJ_CHECK_FORM,  TJ_CHECK_CHAIN, TJ_CHECK_BODIES,
        TJ_CHECK_SIGNATURES, TJ_CHECK_LANES, TJ_CHECK_RULES, TJ_CHECK_DERIVED,
    };
    static const enum tj_check at_end[] = {
        TJ_CHECK_ZERO,
        TJ_CHECK_SNAPSHOT,
        TJ_CHECK_HEAD,
        TJ_CHECK_ATTACHMENTS,
    };
    for (size_t i = 0; i < sizeof per_entry / sizeof per_entry[0]; i++) {
        uint64_t reached = r->reached[per_entry[i]];
        if (reached < r->total) {
            skip(r, per_entry[i], r->total - reached, why); /* entries */
        }
    }
    for (size_t i = 0; i < sizeof at_end / sizeof at_end[0]; i++) {
        skip(r, at_end[i], 1, why);
    }
}

static void finish(struct replay *r, const struct tj_head_row *head, enum tijori_status head_status)
{
    struct tj_replay_report *report = r->report;
    report->leaf = r->leaf;
    tj_frontier_root(r->digester.hasher, &r->frontier, &report->root);
    tj_state_digest(r->state, r->digester.hasher, &report->state_digest);
    if (report->failed) {
        skip_rest(r);
    } else if (report->entries == 0) {
        fail(r, TJ_CHECK_NUMBERS, 0, NULL, NULL, "this entry is missing");
    } else {
        check_sums(r);
        if (head_status != TIJORI_OK) {
            fail(r, TJ_CHECK_HEAD, UINT64_MAX, NULL, NULL, "the stored head is unreadable");
        } else {
            check_head(r, head);
            check_open(r, head);
        }
        check_attachments(r);
    }
    check_pinned(r);
}

/* ---- life ---- */

static enum tijori_status replay_run(struct replay *r)
{
    struct tj_head_row head;
    struct tj_pipeline_options options = {
        .capacity = WINDOW,
        .item_size = sizeof(struct item),
        .threads = r->options->threads,
        .ready_max = WINDOW,
        .work = check_items,
        .decide = decide_items,
        .context = r,
    };
    enum tj_storage_status storage = tj_count(r->txn, TJ_J_ENTRIES, &r->total);
    if (storage == TJ_STORAGE_OK) {
        storage = tj_cursor_open(r->txn, TJ_J_ENTRIES, &r->entries);
    }
    if (storage == TJ_STORAGE_OK) {
        storage = tj_cursor_open(r->txn, TJ_J_BODIES, &r->bodies);
    }
    enum tijori_status status = tj_from_storage(storage);
    if (status == TIJORI_OK) {
        status = list_blocks(r);
    }
    if (status == TIJORI_OK) {
        status = list_documents(r);
    }
    if (status != TIJORI_OK) {
        return status;
    }
    struct tj_pipeline *pipeline = tj_pipeline_create(&options);
    if (pipeline == NULL) {
        return TIJORI_MEMORY;
    }
    enum tijori_status head_status = tj_head_row_read(r->txn, &head);
    replay_entries(r, pipeline);
    tj_pipeline_destroy(pipeline);
    finish(r, &head, head_status);
    return TIJORI_OK;
}

enum tijori_status tj_replay(struct tj_store *store, const struct tj_replay_options *options,
                             struct tj_replay_report *report, struct tj_state **state)
{
    struct replay *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return TIJORI_MEMORY;
    }
    memset(report, 0, sizeof *report);
    report->first_entry = UINT64_MAX;
    r->options = options;
    r->report = report;
    enum tijori_status status = tj_from_storage(tj_read_begin(store, &r->txn));
    if (status == TIJORI_OK) {
        pthread_mutex_init(&r->reading, NULL);
        tj_digester_init(&r->digester);
        tj_journal_past_init(&r->past, r->txn, &r->digester);
        r->state = tj_state_create();
        status = replay_run(r);
        if (r->entries != NULL) {
            tj_cursor_close(r->entries);
        }
        if (r->bodies != NULL) {
            tj_cursor_close(r->bodies);
        }
        tj_read_end(r->txn);
        tj_digester_clear(&r->digester);
        pthread_mutex_destroy(&r->reading);
    }
    free(r->blocks);
    free(r->documents);
    if (state != NULL && status == TIJORI_OK) {
        *state = r->state;
    } else {
        tj_state_destroy(r->state);
    }
    free(r);
    return status;
}
