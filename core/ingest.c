#include "core/ingest.h"

#include <inttypes.h>

enum { TERM_SINGLE_MACHINE = 1, STORE_ALL_BLOCKS = 512 };

/* ---- workers ---- */

static enum tijori_status check_form(struct tj_digester *digester, struct tj_ingest_item *item)
{
    struct tj_verdict *verdict = &item->verdict;
    if (item->size >= TJ_HEADER_SIZE) {
        tj_envelope_id(digester, item->bytes, &item->envelope_id);
        item->has_id = true;
    }
    enum tijori_status status = tj_envelope_decode(item->bytes, item->size, &item->view, verdict);
    if (status == TIJORI_OK) {
        status = tj_attachments_check(digester, &item->view, verdict);
    }
    if (status == TIJORI_OK) {
        status = tj_body_check(digester, &item->view.header, item->view.records, verdict);
    }
    return status;
}

void tj_ingest_check(void *context, struct tj_digester *digester, void **items, size_t count)
{
    struct tj_signed envelopes[TJ_PIPELINE_BATCH_MAX];
    size_t formed = 0;
    (void)context;
    TIJORI_REQUIRE(count <= TJ_PIPELINE_BATCH_MAX);
    for (size_t i = 0; i < count; i++) {
        struct tj_ingest_item *item = items[i];
        tj_verdict_init(&item->verdict);
        item->has_id = false;
        item->judged = false;
        item->verdict.status = check_form(digester, item);
        if (item->verdict.status == TIJORI_OK) {
            envelopes[formed++] =
                (struct tj_signed){&item->view.slots, &item->envelope_id, &item->invalid_slot};
        }
    }
    tj_slots_verify(envelopes, formed);
}

/* ---- what only an ingesting ledger knows ---- */

static void remember_refused(struct tj_ingest *ingest, const struct tj_hash *id)
{
    ingest->refused[ingest->refused_next] = *id;
    ingest->refused_next = (ingest->refused_next + 1) % TJ_REFUSED_MAX;
}

/* A refused envelope may be signed again and accepted under the same id, so what the lane holds
 * goes before what is remembered. */
static bool follows_refused(const struct tj_ingest *ingest, const struct tj_header *h)
{
    const struct tj_lane_object *lane = tj_state_lane(ingest->state, h->party, h->lane);
    bool follows_last =
        lane != NULL && memcmp(lane->envelope_id, h->previous_id.bytes, TJ_HASH_SIZE) == 0;
    if (follows_last || tj_hash_zero(&h->previous_id)) {
        return false;
    }
    for (size_t i = 0; i < TJ_REFUSED_MAX; i++) {
        if (tj_hash_equal(&ingest->refused[i], &h->previous_id)) {
            return true;
        }
    }
    return false;
}

/* I8: the sequence is taken. By this very envelope: its first receipt; by another: a conflict. */
static enum tijori_status answer_taken(struct tj_ingest *ingest, struct tj_journal_past *past,
                                       struct tj_ingest_item *item)
{
    const struct tj_header *h = &item->view.header;
    const struct tj_lane_object *lane = tj_state_lane(ingest->state, h->party, h->lane);
    struct tj_entry_view entry;
    struct tj_hash id;
    enum tijori_status status =
        tj_journal_find_sequence(past->txn, lane->entry, lane->sequence, h->sequence, &item->entry);
    if (status == TIJORI_OK) {
        status = tj_journal_entry(past->txn, item->entry, &entry);
    }
    if (status != TIJORI_OK) {
        return tj_refuse(&item->verdict, TIJORI_CORRUPT, "journal");
    }
    tj_envelope_id(past->digester, entry.header_bytes, &id);
    if (tj_hash_equal(&id, &item->envelope_id)) {
        item->received_ns = entry.received_ns;
        tj_leaf_hash(past->digester->hasher, &item->leaf, entry.bytes, entry.size);
        return tj_refuse(&item->verdict, TIJORI_ALREADY, NULL);
    }
    item->conflict_id = id;
    return tj_refuse_detail(&item->verdict, TIJORI_CONFLICT, "sequence",
                            "party %" PRIu32 " lane %u sequence %" PRIu64 " is entry %" PRIu64
                            ", envelope %02x%02x%02x%02x…; this one is %02x%02x%02x%02x…",
                            h->party, h->lane, h->sequence, item->entry, id.bytes[0], id.bytes[1],
                            id.bytes[2], id.bytes[3], item->envelope_id.bytes[0],
                            item->envelope_id.bytes[1], item->envelope_id.bytes[2],
                            item->envelope_id.bytes[3]);
}

static enum tijori_status judge_before(struct tj_ingest *ingest, struct tj_journal_past *past,
                                       struct tj_ingest_item *item, uint64_t now_ns)
{
    const struct tj_header *h = &item->view.header;
    if (!tj_hash_equal(&h->ledger_id, &ingest->state->ledger_id) ||
        tj_state_party(ingest->state, h->party) == NULL) {
        return TIJORI_OK; /* the rules will say so */
    }
    if (tj_sequence_taken(ingest->state, h)) {
        return answer_taken(ingest, past, item);
    }
    if (follows_refused(ingest, h)) {
        return tj_refuse(&item->verdict, TIJORI_PREDECESSOR_REFUSED, "previous_id");
    }
    uint64_t limit = ingest->head.received_ns + TJ_CLOCK_JUMP_S * TJ_NS_PER_S;
    if (now_ns > limit && !ingest->accept_clock_jump) {
        return tj_refuse_detail(&item->verdict, TIJORI_CLOCK_JUMP, "received_ns",
                                "%" PRIu64 " h ahead",
                                (now_ns - ingest->head.received_ns) / TJ_NS_PER_S / 3600);
    }
    return TIJORI_OK;
}

/* ---- one envelope ---- */

static void fill_case(const struct tj_ingest *ingest, const struct tj_ingest_item *item,
                      uint64_t received_ns, struct tj_case *c)
{
    *c = (struct tj_case){
        .index = ingest->head.row.size,
        .received_ns = received_ns,
        .last_received_ns = ingest->head.received_ns,
        .head_leaf = ingest->head.leaf,
        .directive_previous = ingest->head.directive,
        .header = &item->view.header,
        .slots = &item->view.slots,
        .records = item->view.records,
        .envelope_id = item->envelope_id,
        .signatures_valid = item->invalid_slot == TJ_NOWHERE,
        .invalid_slot = item->invalid_slot,
    };
}

static enum tijori_status judge(struct tj_ingest *ingest, struct tj_journal_past *past,
                                struct tj_ingest_item *item, struct tj_tail *tail)
{
    uint64_t now_ns = ingest->clock(ingest->clock_context);
    struct tj_case c;
    item->judged = true;
    enum tijori_status status = judge_before(ingest, past, item, now_ns);
    if (status != TIJORI_OK) {
        return status;
    }
    item->received_ns = now_ns > ingest->head.received_ns ? now_ns : ingest->head.received_ns + 1;
    fill_case(ingest, item, item->received_ns, &c);
    return tj_apply(ingest->state, &past->past, &c, ingest->links, tail, &item->verdict);
}

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
            tj_put_name(txn, TJ_J_ATTACHMENTS, hash.bytes, TJ_HASH_SIZE, size, &place);
        if (status != TJ_STORAGE_OK) {
            return status;
        }
        memcpy(place, bytes, size);
    }
    return TJ_STORAGE_OK;
}

/* Writes the entry of an accepted item and moves the head on. */
static enum tj_storage_status append_entry(struct tj_ingest *ingest, struct tj_txn *txn,
                                           struct tj_ingest_item *item, const struct tj_tail *tail)
{
    const struct tj_envelope_view *view = &item->view;
    struct tj_ingest_head *head = &ingest->head;
    uint32_t records = view->header.record_count;
    uint8_t entry[TJ_ENTRY_SIZE_MAX];
    size_t size = tj_entry_size(view->slot_bytes_size);
    uint8_t *place;
    TIJORI_REQUIRE(size <= sizeof entry);
    item->entry = head->row.size;
    tj_entry_encode(entry, item->entry, TERM_SINGLE_MACHINE, item->received_ns, &head->leaf,
                    view->bytes, view->slot_bytes, view->slot_bytes_size);
    tj_leaf_hash(ingest->digester.hasher, &item->leaf, entry, size);
    enum tj_storage_status status = tj_append(txn, TJ_J_ENTRIES, item->entry, size, &place);
    if (status != TJ_STORAGE_OK) {
        return status;
    }
    memcpy(place, entry, size);
    status = tj_append(txn, TJ_J_BODIES, item->entry, tj_body_size(records), &place);
    if (status != TJ_STORAGE_OK) {
        return status;
    }
    tj_body_encode(place, view->records, records, ingest->links, tail);
    head->leaf = item->leaf;
    head->received_ns = item->received_ns;
    head->row.size++;
    tj_frontier_append(ingest->digester.hasher, &head->row.frontier, &item->leaf);
    if (!tj_kind_is_movement(view->records[0])) {
        head->directive = item->entry;
    }
    return append_attachments(txn, &ingest->digester, view);
}

/* ---- the snapshot's share of a commit ---- */

/* Each record and entry earns its share of one round over the dirty blocks in redo_max of them,
 * so the redo window stays near that, and small commits seldom carry a block. */
static size_t snapshot_share(struct tj_ingest *ingest, uint64_t work)
{
    ingest->snapshot_credit += work * ingest->state->dirty_count;
    uint64_t share = ingest->snapshot_credit / ingest->redo_max;
    ingest->snapshot_credit %= ingest->redo_max;
    return share < ingest->state->dirty_count ? (size_t)share : (size_t)ingest->state->dirty_count;
}

static enum tj_storage_status put_block(struct tj_txn *txn, const struct tj_block *block,
                                        uint64_t size)
{
    uint8_t key[TJ_BLOCK_KEY_SIZE];
    uint8_t *place;
    uint32_t bytes = tj_block_bytes(block->table);
    tj_block_key(block, key);
    enum tj_storage_status status =
        tj_put_name(txn, TJ_J_BLOCKS, key, sizeof key, TJ_BLOCK_HEADER_SIZE + bytes, &place);
    if (status == TJ_STORAGE_OK) {
        tj_store64(place, size - 1);
        tj_store64(place + 8, 0);
        memcpy(place + TJ_BLOCK_HEADER_SIZE, block->content, bytes);
    }
    return status;
}

/* Blocks taken off the dirty list, newest first, until it is known whether they were stored. */
struct slice {
    struct tj_block *blocks;
};

static enum tj_storage_status put_slice(struct tj_ingest *ingest, struct tj_txn *txn, size_t count,
                                        struct slice *slice)
{
    for (size_t i = 0; i < count; i++) {
        struct tj_block *block = tj_state_pop_dirty(ingest->state);
        block->next_dirty = slice->blocks;
        slice->blocks = block;
        enum tj_storage_status status = put_block(txn, block, ingest->head.row.size);
        if (status != TJ_STORAGE_OK) {
            return status;
        }
    }
    return TJ_STORAGE_OK;
}

static void settle_slice(struct tj_ingest *ingest, struct slice *slice, bool stored)
{
    while (slice->blocks != NULL) {
        struct tj_block *block = slice->blocks;
        slice->blocks = block->next_dirty;
        block->next_dirty = NULL;
        if (stored) {
            block->stored_size = ingest->head.row.size;
        } else {
            tj_state_unpop_dirty(ingest->state, block);
        }
    }
}

static enum tj_storage_status put_head(struct tj_ingest *ingest, struct tj_txn *txn)
{
    uint8_t row[TJ_HEAD_ROW_MAX];
    uint8_t *place;
    const struct tj_block *oldest = ingest->state->dirty_first;
    struct tj_head_row *head = &ingest->head.row;
    head->redo_from = oldest != NULL ? oldest->dirty_since : head->size;
    size_t size = tj_head_row_encode(head, row);
    enum tj_storage_status status = tj_put_name(txn, TJ_J_META, "head", 4, size, &place);
    if (status == TJ_STORAGE_OK) {
        memcpy(place, row, size);
    }
    return status;
}

/* ---- a group ---- */

/* Makes a group durable: the head and a slice of the snapshot ride along. FULL: nothing happened.
 * Anything else that is not OK: in doubt. The transaction is gone either way. */
static enum tj_storage_status commit_group(struct tj_ingest *ingest, struct tj_txn *txn,
                                           size_t blocks)
{
    struct slice slice = {NULL};
    enum tj_storage_status status = put_slice(ingest, txn, blocks, &slice);
    if (status == TJ_STORAGE_OK) {
        status = put_head(ingest, txn);
    }
    if (status == TJ_STORAGE_OK) {
        status = tj_write_commit(txn);
    } else {
        tj_write_abort(txn);
    }
    settle_slice(ingest, &slice, status == TJ_STORAGE_OK);
    return status;
}

struct group {
    size_t items;    /* decided so far */
    size_t accepted; /* of them, appended */
    uint64_t work;   /* their records and entries */
    enum tj_storage_status storage;
};

static void decide_item(struct tj_ingest *ingest, struct tj_journal_past *past,
                        struct tj_ingest_item *item, struct group *group)
{
    struct tj_tail tail;
    if (item->verdict.status == TIJORI_OK) {
        item->verdict.status = judge(ingest, past, item, &tail);
        if (item->verdict.status == TIJORI_OK) {
            group->storage = append_entry(ingest, past->txn, item, &tail);
            group->accepted++;
            group->work += item->view.header.record_count + 1u;
        }
    }
    bool refused = item->verdict.status > TIJORI_ALREADY;
    if (refused && item->has_id && item->verdict.status != TIJORI_CONFLICT) {
        remember_refused(ingest, &item->envelope_id);
    }
}

/* What was decided on a state that did not become durable was not decided. */
static void take_back(struct tj_pipeline *pipeline, const struct group *group,
                      enum tijori_status status)
{
    for (size_t i = 0; i < group->items; i++) {
        struct tj_ingest_item *item = tj_pipeline_at(pipeline, i);
        if (item->judged) {
            tj_verdict_init(&item->verdict);
            tj_refuse(&item->verdict, status, NULL);
        }
    }
}

static void decide_group(struct tj_ingest *ingest, struct tj_pipeline *pipeline, size_t ready,
                         struct tj_txn *txn, struct group *group)
{
    struct tj_journal_past past;
    tj_journal_past_init(&past, txn, &ingest->digester);
    while (group->items < ready && group->items < TJ_GROUP_ENVELOPES_MAX &&
           group->work < TJ_GROUP_RECORDS_MAX && group->storage == TJ_STORAGE_OK) {
        decide_item(ingest, &past, tj_pipeline_at(pipeline, group->items++), group);
    }
}

static enum tj_storage_status run_group(struct tj_ingest *ingest, struct tj_pipeline *pipeline,
                                        size_t ready, struct group *group)
{
    struct tj_txn *txn;
    size_t refused_next = ingest->refused_next;
    group->storage = tj_write_begin(ingest->store, &txn);
    if (group->storage != TJ_STORAGE_OK) {
        group->items = ready;
        for (size_t i = 0; i < ready; i++) {
            struct tj_ingest_item *item = tj_pipeline_at(pipeline, i);
            item->judged = item->verdict.status == TIJORI_OK;
        }
        return group->storage;
    }
    decide_group(ingest, pipeline, ready, txn, group);
    if (group->storage != TJ_STORAGE_OK || group->accepted == 0) {
        tj_write_abort(txn);
    } else {
        group->storage = commit_group(ingest, txn, snapshot_share(ingest, group->work));
    }
    if (group->storage != TJ_STORAGE_OK) {
        ingest->refused_next = refused_next;
    }
    return group->storage;
}

size_t tj_ingest_group(struct tj_ingest *ingest, struct tj_pipeline *pipeline, size_t ready)
{
    struct group group = {0};
    pthread_mutex_lock(&ingest->durable);
    struct tj_ingest_head before = ingest->head;
    if (ingest->failed) {
        group.items = ready;
        for (size_t i = 0; i < ready; i++) {
            ((struct tj_ingest_item *)tj_pipeline_at(pipeline, i))->judged = true;
        }
        take_back(pipeline, &group, TIJORI_FAILED);
    } else if (run_group(ingest, pipeline, ready, &group) == TJ_STORAGE_OK) {
        tj_state_settle(ingest->state);
    } else {
        bool full = group.storage == TJ_STORAGE_FULL;
        ingest->failed = !full;
        ingest->head = before;
        tj_state_rollback_to(ingest->state, before.row.size);
        take_back(pipeline, &group, full ? TIJORI_FULL : TIJORI_FAILED);
    }
    pthread_mutex_unlock(&ingest->durable);
    return group.items;
}

void tj_ingest_dry_run(struct tj_ingest *ingest, struct tj_ingest_item *item)
{
    struct tj_txn *txn;
    struct tj_journal_past past;
    struct tj_tail tail;
    pthread_mutex_lock(&ingest->durable);
    enum tj_storage_status storage = tj_read_begin(ingest->store, &txn);
    if (storage != TJ_STORAGE_OK) {
        tj_refuse(&item->verdict, tj_from_storage(storage), NULL);
    } else if (item->verdict.status == TIJORI_OK) {
        tj_journal_past_init(&past, txn, &ingest->digester);
        item->verdict.status = judge(ingest, &past, item, &tail);
        if (item->verdict.status == TIJORI_OK) {
            item->entry = ingest->head.row.size;
            tj_state_rollback(ingest->state, 0);
        }
    }
    if (storage == TJ_STORAGE_OK) {
        tj_read_end(txn);
    }
    pthread_mutex_unlock(&ingest->durable);
}

void tj_ingest_store_all(struct tj_ingest *ingest)
{
    pthread_mutex_lock(&ingest->durable);
    while (!ingest->failed && ingest->state->dirty_count > 0) {
        struct tj_txn *txn;
        size_t count = ingest->state->dirty_count < STORE_ALL_BLOCKS
                           ? (size_t)ingest->state->dirty_count
                           : STORE_ALL_BLOCKS;
        /* Without room the blocks stay behind, and the next open redoes more. */
        if (tj_write_begin(ingest->store, &txn) != TJ_STORAGE_OK ||
            commit_group(ingest, txn, count) != TJ_STORAGE_OK) {
            break;
        }
    }
    pthread_mutex_unlock(&ingest->durable);
}

/* ---- the beginning ---- */

enum tijori_status tj_ingest_head_read(struct tj_txn *txn, struct tj_digester *digester,
                                       const struct tj_head_row *row, struct tj_ingest_head *out)
{
    struct tj_entry_view entry;
    struct tj_body_view body;
    enum tijori_status status =
        row->size == 0 ? TIJORI_CORRUPT : tj_journal_entry(txn, row->size - 1, &entry);
    if (status == TIJORI_OK) {
        status = tj_journal_body(txn, &entry, &body);
    }
    if (status != TIJORI_OK) {
        return status == TIJORI_NOT_FOUND ? TIJORI_CORRUPT : status;
    }
    out->row = *row;
    out->received_ns = entry.received_ns;
    out->directive =
        tj_kind_is_movement(body.records[0]) ? body.tail.directive_previous : entry.index;
    tj_leaf_hash(digester->hasher, &out->leaf, entry.bytes, entry.size);
    return TIJORI_OK;
}

static enum tijori_status found_in(struct tj_ingest *ingest, struct tj_txn *txn,
                                   struct tj_ingest_item *genesis, struct tj_ingest_item *opening)
{
    struct tj_journal_past past;
    struct tj_tail tail;
    struct tj_case c;
    enum tijori_status status;
    tj_journal_past_init(&past, txn, &ingest->digester);
    genesis->received_ns = genesis->view.header.created_s * TJ_NS_PER_S;
    fill_case(ingest, genesis, genesis->received_ns, &c);
    status = tj_apply(ingest->state, &past.past, &c, ingest->links, &tail, &genesis->verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    status = tj_from_storage(append_entry(ingest, txn, genesis, &tail));
    if (status != TIJORI_OK) {
        return status;
    }
    ingest->state->ledger_id = genesis->leaf;
    status = judge(ingest, &past, opening, &tail);
    return status != TIJORI_OK ? status
                               : tj_from_storage(append_entry(ingest, txn, opening, &tail));
}

enum tijori_status tj_ingest_found(struct tj_ingest *ingest, struct tj_ingest_item *genesis,
                                   struct tj_ingest_item *opening)
{
    struct tj_txn *txn;
    enum tj_storage_status storage = tj_write_begin(ingest->store, &txn);
    if (storage != TJ_STORAGE_OK) {
        return tj_from_storage(storage);
    }
    enum tijori_status status = found_in(ingest, txn, genesis, opening);
    if (status != TIJORI_OK) {
        tj_write_abort(txn);
        return status;
    }
    return tj_from_storage(commit_group(ingest, txn, (size_t)ingest->state->dirty_count));
}
