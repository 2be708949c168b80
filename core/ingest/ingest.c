#include "core/ingest/ingest.h"

#include "core/rules/apply.h"
#include "core/rules/signing.h"

#include <inttypes.h>

enum { STORE_ALL_BLOCKS = 512 };

/* ---- checking ---- */

static enum tijori_status check_form(struct tj_digester *digester, struct tj_ingest_item *item)
{
    struct tj_verdict *verdict = &item->verdict;
    if (item->size >= TJ_HEADER_SIZE) {
        tj_envelope_id(digester, &item->envelope_id, item->bytes);
        item->has_id = true;
    }
    enum tijori_status status = tj_envelope_decode(&item->view, item->bytes, item->size, verdict);
    if (status == TIJORI_OK) {
        status = tj_attachments_check(digester, &item->view, verdict);
    }
    if (status == TIJORI_OK) {
        status = tj_body_check(digester, &item->view.header, item->view.records, verdict);
    }
    TJ_VERIFY_CHECK(status != TIJORI_OK || item->has_id);
    return status;
}

#ifdef TIJORI_VERIFY
/* A signature that does not verify is one that the envelope has. */
static bool slots_named_exist(void **items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct tj_ingest_item *item = items[i];
        if (item->verdict.status == TIJORI_OK && item->invalid_slot != TJ_NOWHERE &&
            item->invalid_slot >= item->view.slots.count) {
            return false;
        }
    }
    return true;
}
#endif

/* All envelopes of a batch are decoded before any signature is looked at: verifying the signatures
 * of several envelopes at once is cheaper than one envelope after the other. */
void tj_ingest_check(void *context, struct tj_digester *digester, void **items, size_t count)
{
    struct tj_signed envelopes[TJ_PIPELINE_BATCH_MAX];
    size_t formed = 0;
    struct tj_ingest *ingest = context;
    TIJORI_REQUIRE(count <= TJ_PIPELINE_BATCH_MAX);
    for (size_t i = 0; i < count; i++) {
        struct tj_ingest_item *item = items[i];
        tj_verdict_init(&item->verdict);
        item->has_id = false;
        item->judged = false;
        item->undecided = false;
        item->clock_ns = 0;
        item->verdict.status = check_form(digester, item);
        item->unverified = item->verdict.status == TIJORI_OK && ingest != NULL &&
                           !tj_known_keys_have(&ingest->known_keys, &item->view.slots);
        if (item->unverified) {
            item->invalid_slot = 0; /* as far as it is known */
        } else if (item->verdict.status == TIJORI_OK) {
            envelopes[formed++] = (struct tj_signed){&item->view.slots, &item->envelope_id,
                                                     &item->invalid_slot, &item->undecided};
        }
    }
    if (formed > 0) {
        tj_slots_verify(envelopes, formed);
    }
    for (size_t i = 0; i < count; i++) {
        struct tj_ingest_item *item = items[i];
        if (item->verdict.status == TIJORI_OK && item->undecided) {
            item->verdict.status = tj_undecided();
        }
    }
    TJ_VERIFY_CHECK(slots_named_exist(items, count));
}

/* ---- the past: on the disk, or still in memory ---- */

struct past {
    struct tj_past past;
    struct tj_journal_past journal;
    const struct tj_ingest *ingest;
    uint64_t durable; /* entries from here on are in memory only */
    bool waits;       /* a rule asked for what can be read only once it is on the disk */
    bool lent;        /* the transaction is the caller's */
};

#ifdef TIJORI_VERIFY
/* The transaction sees every entry that is not answered from memory. What storage cannot read is no
 * business of an assertion. */
static bool sees_durable(const struct past *p)
{
    struct tj_head_row row;
    const enum tijori_status status = tj_head_row_read(p->journal.txn, &row);
    return status != TIJORI_OK || row.size >= p->durable;
}
#endif

static const struct tj_recent *recent_entry(const struct past *p, uint64_t index)
{
    bool at_hand = index >= p->durable && index < p->ingest->head.row.size;
    if (at_hand) {
        TJ_VERIFY_CHECK(p->ingest->head.row.size - index <= TJ_RECENT_MAX);
        return &p->ingest->recent[index % TJ_RECENT_MAX];
    }
    return NULL;
}

static bool past_record(void *context, struct tj_named *out, uint64_t record_id)
{
    struct past *p = context;
    if (recent_entry(p, tj_record_entry(record_id)) != NULL) {
        p->waits = true;
        return false;
    }
    return p->journal.past.record(&p->journal, out, record_id);
}

static bool past_leaf(void *context, struct tj_hash *leaf, uint64_t index)
{
    struct past *p = context;
    const struct tj_recent *recent = recent_entry(p, index);
    if (recent == NULL) {
        return p->journal.past.leaf(&p->journal, leaf, index);
    }
    *leaf = recent->leaf;
    TJ_VERIFY_CHECK(index + 1 != p->ingest->head.row.size ||
                    tj_hash_equal(leaf, &p->ingest->head.leaf));
    return true;
}

static bool past_envelope_id(void *context, struct tj_hash *id, uint64_t index)
{
    struct past *p = context;
    const struct tj_recent *recent = recent_entry(p, index);
    if (recent == NULL) {
        return p->journal.past.envelope_id(&p->journal, id, index);
    }
    *id = recent->envelope_id;
    return true;
}

static bool past_lane_jump(void *context, uint64_t *jump, uint64_t index)
{
    struct past *p = context;
    const struct tj_recent *recent = recent_entry(p, index);
    if (recent == NULL) {
        return p->journal.past.lane_jump(&p->journal, jump, index);
    }
    *jump = recent->tail.lane_jump;
    return true;
}

static bool past_root(void *context, struct tj_hash *root, uint64_t size)
{
    struct past *p = context;
    if (size > p->durable) {
        p->waits = true;
        return false;
    }
    return p->journal.past.root(&p->journal, root, size);
}

/* How much is durable is read before the transaction begins. So the transaction sees at least that
 * much, and no entry is missing both on the disk and in memory. */
static enum tj_storage_status past_begin(struct past *p, struct tj_ingest *ingest,
                                         struct tj_digester *digester, struct tj_txn *lent)
{
    struct tj_txn *txn = lent;
    p->past =
        (struct tj_past){p, past_record, past_leaf, past_envelope_id, past_lane_jump, past_root};
    p->ingest = ingest;
    p->waits = false;
    p->durable = atomic_load(&ingest->durable_size);
    p->lent = lent != NULL;
    enum tj_storage_status status = TJ_STORAGE_OK;
    if (!p->lent) {
        status = tj_read_begin(ingest->store, &txn);
    }
    tj_journal_past_init(&p->journal, status == TJ_STORAGE_OK ? txn : NULL, digester);
    TJ_VERIFY_CHECK(p->durable <= ingest->head.row.size);
    TJ_VERIFY_CHECK(status != TJ_STORAGE_OK || sees_durable(p));
    return status;
}

static void past_end(struct past *p)
{
    if (!p->lent) {
        tj_read_end(p->journal.txn);
    }
}

/* ---- what only an ingesting ledger knows ---- */

static void remember_refused(struct tj_ingest *ingest, const struct tj_hash *id)
{
    ingest->refused[ingest->refused_next] = *id;
    ingest->refused_next = (ingest->refused_next + 1) % TJ_REFUSED_MAX;
}

/* Does the envelope follow one that was refused? An envelope that was refused may be signed again
 * and then be accepted under the same id. So the lane is asked before the list of refused ones. */
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

/* Finds the entry that took a sequence of a lane: what its first receipt said (I8), and its
 * envelope id. The walk along the lane begins in memory, because the newest entries may not be on
 * the disk yet, and goes on in the journal. */
static enum tijori_status find_taken(struct past *p, struct tj_ingest_item *item,
                                     struct tj_hash *id)
{
    const struct tj_header *h = &item->view.header;
    const struct tj_lane_object *lane = tj_state_lane(p->ingest->state, h->party, h->lane);
    uint64_t index = lane->entry;
    uint64_t sequence = lane->sequence;
    const struct tj_recent *recent;
    while ((recent = recent_entry(p, index)) != NULL && sequence > h->sequence) {
        tj_lane_step(&recent->tail, &index, &sequence, h->sequence);
    }
    TJ_VERIFY_CHECK(sequence >= h->sequence);
    if (recent != NULL) {
        TJ_VERIFY_CHECK(sequence == h->sequence);
        TJ_VERIFY_CHECK(recent->received_ns <= p->ingest->head.received_ns);
        item->entry = index;
        item->received_ns = recent->received_ns;
        item->leaf = recent->leaf;
        *id = recent->envelope_id;
        return TIJORI_OK;
    }
    struct tj_entry_view entry;
    enum tijori_status status =
        tj_journal_find_sequence(p->journal.txn, &item->entry, index, sequence, h->sequence);
    if (status == TIJORI_OK) {
        status = tj_journal_entry(p->journal.txn, &entry, item->entry);
    }
    if (status == TIJORI_OK) {
        item->received_ns = entry.received_ns;
        tj_leaf_hash(p->journal.digester->hasher, &item->leaf, entry.bytes, entry.size);
        tj_envelope_id(p->journal.digester, id, entry.header_bytes);
    }
    return status;
}

/* I8: an entry has taken the sequence already. If that was this very envelope, it gets its first
 * receipt again; if it was another, the two are in conflict. */
static enum tijori_status answer_taken(struct past *p, struct tj_ingest_item *item)
{
    const struct tj_header *h = &item->view.header;
    struct tj_hash id;
    if (find_taken(p, item, &id) != TIJORI_OK) {
        return tj_refuse(&item->verdict, TIJORI_CORRUPT, "journal");
    }
    if (tj_hash_equal(&id, &item->envelope_id)) {
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

/* What no auditor can judge from the log, and what the rules therefore do not ask: whether an
 * envelope came before, whether its predecessor was refused, whether this machine's clock can be
 * believed. A ledger or a party that is unknown is left to the rules, which refuse it first. */
static enum tijori_status judge_before(struct tj_ingest *ingest, struct past *past,
                                       struct tj_ingest_item *item, uint64_t now_ns)
{
    const struct tj_header *h = &item->view.header;
    if (!tj_hash_equal(&h->ledger_id, &ingest->state->ledger_id) ||
        tj_state_party(ingest->state, h->party) == NULL) {
        return TIJORI_OK;
    }
    if (tj_sequence_taken(ingest->state, h)) {
        return answer_taken(past, item);
    }
    if (follows_refused(ingest, h)) {
        return tj_refuse(&item->verdict, TIJORI_PREDECESSOR_REFUSED, "previous_id");
    }
    return tj_own_clock_judge(&ingest->clock, past->journal.txn, &item->verdict, now_ns,
                              ingest->head.received_ns, h->created_s);
}

/* ---- one envelope ---- */

/* Between its check and now its keys may have been registered, by the envelope before it, say. Then
 * its signatures are verified after all, before the rules are asked. */
static enum tijori_status verify_late(const struct tj_ingest *ingest, struct tj_ingest_item *item)
{
    struct tj_verdict unknown;
    if (!item->unverified ||
        tj_judge_keys_known(ingest->state, &item->view.slots, &unknown) != TIJORI_OK) {
        return TIJORI_OK; /* the rules refuse it before they come to its signatures */
    }
    const struct tj_signed envelope = {&item->view.slots, &item->envelope_id, &item->invalid_slot,
                                       &item->undecided};
    tj_slots_verify(&envelope, 1);
    item->unverified = false;
    if (item->undecided) {
        return tj_undecided();
    }
    return TIJORI_OK;
}

static void fill_case(const struct tj_ingest *ingest, struct tj_case *c,
                      const struct tj_ingest_item *item, uint64_t received_ns)
{
    *c = (struct tj_case){
        .index = ingest->head.row.size,
        .received_ns = received_ns,
        .last_received_ns = ingest->head.received_ns,
        .head_leaf = ingest->head.leaf,
        .previous = ingest->head.directives,
        .header = &item->view.header,
        .slots = &item->view.slots,
        .records = item->view.records,
        .envelope_id = item->envelope_id,
        .signatures_valid = item->invalid_slot == TJ_NOWHERE,
        .invalid_slot = item->invalid_slot,
    };
}

/* An entry's time is that of the clock, or just after the newest entry's when the clock is behind:
 * times rise from entry to entry whatever the clock does. The clock is read when an envelope is
 * first judged, so that none expires because it had to wait for the disk. */
static enum tijori_status judge(struct tj_ingest *ingest, struct past *past,
                                struct tj_ingest_item *item, uint8_t *links, struct tj_tail *tail)
{
    struct tj_case c;
    TJ_VERIFY_CHECK(tj_lock_held(&ingest->judging));
    if (item->clock_ns == 0) { /* else it was judged before, and had to wait for the disk */
        item->clock_ns = tj_own_clock_now(&ingest->clock);
    }
    uint64_t now_ns = item->clock_ns;
    item->judged = true;
    enum tijori_status status = judge_before(ingest, past, item, now_ns);
    if (status != TIJORI_OK) {
        return status;
    }
    status = verify_late(ingest, item);
    if (status != TIJORI_OK) {
        return status;
    }
    item->received_ns = now_ns > ingest->head.received_ns ? now_ns : ingest->head.received_ns + 1;
    fill_case(ingest, &c, item, item->received_ns);
    const size_t before = tj_state_mark_undo(ingest->state);
    status = tj_apply(ingest->state, links, tail, &past->past, &c, &item->verdict);
    TJ_VERIFY_CHECK(status == TIJORI_OK || tj_state_mark_undo(ingest->state) == before);
    TJ_VERIFY_CHECK(status != TIJORI_OK ||
                    tj_directives_equal(tail->previous, ingest->head.directives));
    (void)before;
    return status;
}

/* ---- a group ---- */

/* Where the links of the group's next entry go. */
static uint8_t *group_links(const struct tj_group *group)
{
    TJ_VERIFY_CHECK(group->records < TJ_GROUP_RECORDS_MAX);
    return group->links + group->records * TJ_LINK_SIZE;
}

/* The tree grows by a leaf; the subtrees it completes are stored with the group. */
static void append_leaf(struct tj_digester *digester, struct tj_group *group,
                        struct tj_frontier *frontier, const struct tj_hash *leaf)
{
    struct tj_hash nodes[TJ_FRONTIER_NODES_MAX];
    uint32_t levels = tj_frontier_append_nodes(digester->hasher, frontier, nodes, leaf);
    TJ_VERIFY_CHECK((levels > 0) == (frontier->size % TJ_TILE_WIDTH == 0));
    for (uint32_t level = 1; level <= levels; level++) {
        TIJORI_REQUIRE(group->node_count < TJ_GROUP_NODES_MAX);
        group->nodes[group->node_count++] = (struct tj_new_node){
            (frontier->size >> (8 * level)) - 1,
            level,
            nodes[level - 1],
        };
    }
}

/* Puts an accepted item into the group, and moves the end of the log behind it. The entry is
 * encoded here once to get its leaf, which the next entry holds; the commit encodes it again into
 * storage, so that no group needs room for its entries' bytes. */
static void add_entry(struct tj_ingest *ingest, struct tj_digester *digester,
                      struct tj_group *group, struct tj_ingest_item *item,
                      const struct tj_tail *tail)
{
    struct tj_log_end *head = &ingest->head;
    TJ_VERIFY_CHECK(tj_lock_held(&ingest->judging));
    TJ_VERIFY_CHECK(group->count < TJ_GROUP_ENVELOPES_MAX);
    struct tj_new_entry *entry = &group->entries[group->count++];
    uint8_t bytes[TJ_ENTRY_SIZE_MAX];
    item->entry = head->row.size;
    *entry = (struct tj_new_entry){item->entry, item->received_ns,  head->leaf,
                                   &item->view, group_links(group), *tail};
    group->records += item->view.header.record_count;
    TJ_VERIFY_CHECK(group->records * TJ_LINK_SIZE <= TJ_GROUP_LINKS_MAX);
    TJ_VERIFY_CHECK(head->row.size == 0 || item->received_ns > head->received_ns);
    tj_new_entry_encode(entry, bytes);
    tj_leaf_hash(digester->hasher, &item->leaf, bytes, tj_entry_size(item->view.slot_bytes_size));
    ingest->recent[item->entry % TJ_RECENT_MAX] =
        (struct tj_recent){item->leaf, item->envelope_id, item->received_ns, *tail};
    head->leaf = item->leaf;
    head->received_ns = item->received_ns;
    head->row.size++;
    append_leaf(digester, group, &head->row.frontier, &item->leaf);
    TJ_VERIFY_CHECK(head->row.frontier.size == head->row.size);
    TJ_VERIFY_CHECK(ingest->state->entry == item->entry);
    head->directives =
        tj_directives_after(head->directives, &item->view.header, item->view.records, item->entry);
    if (!tj_kind_is_movement(tj_record_kind(item->view.records))) {
        tj_known_keys_of_records(&ingest->known_keys, item->view.records,
                                 item->view.header.record_count);
    }
}

/* False: the item waits for an entry that is on its way to the disk, and was not judged. Refused
 * envelopes are remembered, so that what follows one is told so and not of a gap; one in conflict
 * is not, since its place in the lane is taken by an entry. */
static bool judge_item(struct tj_ingest *ingest, struct past *past, struct tj_group *group,
                       struct tj_ingest_item *item)
{
    struct tj_tail tail;
    TJ_VERIFY_CHECK(!past->waits);
    if (item->verdict.status == TIJORI_OK) {
        item->verdict.status = judge(ingest, past, item, group_links(group), &tail);
        if (past->waits) {
            TJ_VERIFY_CHECK(item->verdict.status != TIJORI_OK);
            tj_verdict_init(&item->verdict);
            item->judged = false;
            return false;
        }
        if (item->verdict.status == TIJORI_OK) {
            add_entry(ingest, past->journal.digester, group, item, &tail);
        }
    }
    bool refused = item->verdict.status > TIJORI_ALREADY && !item->undecided;
    if (refused && item->has_id && item->verdict.status != TIJORI_CONFLICT) {
        remember_refused(ingest, &item->envelope_id);
    }
    return true;
}

/* Waits until the group before is on the disk. If it was lost, what is judged on top of it is lost
 * as well. */
static enum tj_storage_status wait_for_the_disk(struct tj_ingest *ingest)
{
    pthread_mutex_lock(&ingest->committing);
    bool lost = ingest->lost;
    TJ_VERIFY_CHECK(lost || ingest->durable.row.size == ingest->head.row.size);
    pthread_mutex_unlock(&ingest->committing);
    if (lost) {
        return TJ_STORAGE_FULL;
    }
    return TJ_STORAGE_OK;
}

/* Asks the processor for what judging the items after the i-th will look at: others wrote the
 * items, and of thousands of accounts and lanes few are in a cache. */
static void prefetch_ahead(const struct tj_ingest *ingest, struct tj_pipeline *pipeline, size_t i,
                           size_t ready)
{
    enum { ITEM_AHEAD = 8, STATE_AHEAD = 4, LINE = 64 };
    if (i + ITEM_AHEAD < ready) {
        const uint8_t *item = tj_pipeline_at(pipeline, i + ITEM_AHEAD);
        for (size_t at = 0; at < offsetof(struct tj_ingest_item, view) + 6 * LINE; at += LINE) {
            __builtin_prefetch(item + at);
        }
    }
    if (i + STATE_AHEAD < ready) {
        const struct tj_ingest_item *item = tj_pipeline_at(pipeline, i + STATE_AHEAD);
        const struct tj_header *h = &item->view.header;
        if (item->verdict.status == TIJORI_OK &&
            tj_kind_is_movement(tj_record_kind(item->view.records))) {
            __builtin_prefetch(tj_state_lane(ingest->state, h->party, h->lane), 1);
            tj_state_prefetch_account(ingest->state, tj_movement_from(item->view.records));
            tj_state_prefetch_account(ingest->state, tj_movement_to(item->view.records));
        }
    }
}

/* Judges items until they make one group, and says how many they are. An item that must wait for
 * the disk closes the group, so that the others need not wait with it; the first of a group waits
 * here, since there is nothing else to do. Without memory the state has not kept what was judged:
 * the group is lost, as one that the disk did not take, and nothing is judged any more until the
 * ledger is opened again. */
static size_t judge_group(struct tj_ingest *ingest, struct tj_digester *digester,
                          struct tj_pipeline *pipeline, struct tj_group *group,
                          enum tj_storage_status *status, size_t ready)
{
    struct past past;
    size_t items = 0;
    TJ_VERIFY_CHECK(group->count == 0 && group->records == 0 && group->slice_count == 0);
    TJ_VERIFY_CHECK(group->undo.count == 0 && group->node_count == 0);
    ingest->state->undo = &group->undo;
    *status = past_begin(&past, ingest, digester, NULL);
    while (*status == TJ_STORAGE_OK && items < ready && group->count < TJ_GROUP_ENVELOPES_MAX &&
           group->records < TJ_GROUP_RECORDS_MAX) {
        prefetch_ahead(ingest, pipeline, items, ready);
        bool judged = judge_item(ingest, &past, group, tj_pipeline_at(pipeline, items));
        if (ingest->state->no_memory) {
            past_end(&past);
            *status = TJ_STORAGE_MEMORY;
        } else if (judged) {
            items++;
        } else if (items > 0) {
            break; /* first of the next group */
        } else {
            past_end(&past);
            *status = wait_for_the_disk(ingest);
            if (*status == TJ_STORAGE_OK) {
                *status = past_begin(&past, ingest, digester, NULL);
            }
        }
    }
    group->end = ingest->head;
    TJ_VERIFY_CHECK(group->count == 0 ||
                    group->entries[0].index + group->count == ingest->head.row.size);
    if (*status == TJ_STORAGE_OK) {
        past_end(&past);
        return items;
    }
    return ready;
}

/* How many blocks of the state a commit stores. By the time redo_max records and entries have been
 * written, every dirty block must have had its turn once. So each record and entry earns its share
 * of such a round. The redo window stays near redo_max, and a small commit seldom carries a block.
 */
static uint64_t snapshot_share(struct tj_ingest *ingest, uint64_t work)
{
    ingest->snapshot_credit += work * ingest->state->dirty_count;
    uint64_t share = ingest->snapshot_credit / ingest->redo_max;
    ingest->snapshot_credit %= ingest->redo_max;
    return share;
}

/* Brings the state and the end of the log back to what the disk has. Both groups are undone, the
 * later one first: what was judged on top of a lost entry is lost with it. Wants both locks. */
static void take_back(struct tj_ingest *ingest)
{
    uint64_t size = ingest->durable.row.size;
    TJ_VERIFY_CHECK(tj_lock_held(&ingest->judging) && tj_lock_held(&ingest->committing));
    TJ_VERIFY_CHECK(size <= ingest->head.row.size);
    tj_group_undo(&ingest->groups[ingest->turn ^ 1], ingest->state, size);
    tj_group_undo(&ingest->groups[ingest->turn], ingest->state, size);
    ingest->head = ingest->durable;
    ingest->lost = false;
    TJ_VERIFY_CHECK(tj_dirty_in_order(ingest->state));
    TJ_VERIFY_CHECK(ingest->state->dirty_last == NULL ||
                    ingest->state->dirty_last->dirty_since <= size);
}

/* Whether a storage that answered so is as it was, and can go on: it has no room, or readers have
 * all that it has for them. */
static bool nothing_written(enum tj_storage_status status)
{
    return status == TJ_STORAGE_FULL || status == TJ_STORAGE_BUSY;
}

/* Begins to commit a group. Not OK: the group is lost, and what was lost is out of the state again.
 * Wants both locks: the one on judging, because the slice of the snapshot is copied out of the
 * state. */
static enum tj_storage_status begin_commit(struct tj_ingest *ingest, struct tj_group *group,
                                           enum tj_storage_status status)
{
    if (status == TJ_STORAGE_OK && (ingest->failed || ingest->lost)) {
        status = ingest->failed ? TJ_STORAGE_IO : TJ_STORAGE_FULL;
    }
    TJ_VERIFY_CHECK(tj_lock_held(&ingest->judging) && tj_lock_held(&ingest->committing));
    TJ_VERIFY_CHECK(group->end.row.size == ingest->head.row.size);
    if (status == TJ_STORAGE_OK && group->count > 0) {
        TJ_VERIFY_CHECK(ingest->durable.row.size + group->count == ingest->head.row.size);
        uint64_t blocks = snapshot_share(ingest, group->records + group->count);
        status = tj_group_begin(group, ingest->store, ingest->state, blocks);
    }
    if (status != TJ_STORAGE_OK) {
        atomic_store(&ingest->failed, ingest->failed || !nothing_written(status));
        take_back(ingest);
    }
    return status;
}

/* The last size that the signer's key is active for, when the group's entries have their effect:
 * the index of the entry that retired it. Wants the lock on judging. */
static uint64_t signer_ends(const struct tj_ingest *ingest)
{
    const struct tj_public_key *own = &ingest->signer_key;
    uint32_t number;
    uint64_t ends = 0;
    if (ingest->signer == NULL || tj_find_log_key(ingest->state, &number, own->bytes)) {
        return UINT64_MAX;
    }
    uint32_t count = tj_state_ledger(ingest->state)->log_keys;
    for (uint32_t i = 0; i < count; i++) {
        const struct tj_log_key_object *key = tj_state_peek(ingest->state, TJ_T_LOG_KEY, 0, i);
        if (key != NULL && memcmp(key->key, own->bytes, sizeof key->key) == 0) {
            ends = tj_record_entry(key->retired);
        }
    }
    return ends;
}

/* Commits a group and, when that succeeds, moves the durable end of the log. A group whose entries
 * retire the signer's key is not signed, nor is any after it: the key is not active for its size,
 * and every audit would say so (docs/FORMAT.md section 14). When the commit fails, the
 * state cannot be put right at once, because another thread may be judging on it: `lost` asks the
 * next holder of both locks to take the group back. Wants `committing`. */
static enum tj_storage_status end_commit(struct tj_ingest *ingest, struct tj_digester *digester,
                                         struct tj_group *group, uint64_t signs_until)
{
    TJ_VERIFY_CHECK(tj_lock_held(&ingest->committing));
    TJ_VERIFY_CHECK(!ingest->lost && !ingest->failed);
    if (group->count == 0) {
        return TJ_STORAGE_OK;
    }
    TJ_VERIFY_CHECK(ingest->durable.row.size + group->count == group->end.row.size);
    const bool active = signs_until >= group->end.row.size;
    enum tj_storage_status status =
        tj_group_commit(group, digester, active ? ingest->signer : NULL);
    if (status == TJ_STORAGE_OK) {
        ingest->durable = group->end;
        if (group->note_size > 0) {
            memcpy(ingest->note, group->note, group->note_size);
            ingest->note_size = group->note_size;
        }
        atomic_store(&ingest->signs_until, signs_until);
        tj_group_settle(group);
        atomic_store(&ingest->durable_size, ingest->durable.row.size);
    } else {
        atomic_store(&ingest->failed, !nothing_written(status));
        ingest->lost = true;
    }
    return status;
}

#ifdef TIJORI_VERIFY
/* The entries of accepted items follow one another in the order of the queue, and the last of them
 * ends the log as the disk has it. */
static bool entries_in_order(struct tj_pipeline *pipeline, size_t items, uint64_t size)
{
    uint64_t next = size;
    for (size_t i = items; i-- > 0;) {
        const struct tj_ingest_item *item = tj_pipeline_undecided(pipeline, i);
        if (item->verdict.status != TIJORI_OK) {
            continue;
        }
        next--;
        if (item->entry != next) {
            return false;
        }
    }
    return true;
}
#endif

/* What was decided on a state that did not become durable was not decided. */
static void refuse_group(struct tj_pipeline *pipeline, size_t items, enum tijori_status status)
{
    for (size_t i = 0; i < items; i++) {
        struct tj_ingest_item *item = tj_pipeline_undecided(pipeline, i);
        if (item->judged || item->verdict.status == TIJORI_OK) {
            tj_verdict_init(&item->verdict);
            tj_refuse(&item->verdict, status, NULL);
        }
    }
}

/* The order of the locks makes the overlap: `judging` is given up as soon as the group's part of
 * the state is copied, and the next group is judged while this one is written. Receipts become
 * visible (tj_pipeline_decide) only when the disk has the group. */
void tj_ingest_decide(void *context, struct tj_digester *digester, struct tj_pipeline *pipeline,
                      size_t ready)
{
    struct tj_ingest *ingest = context;
    enum tj_storage_status status;
    pthread_mutex_lock(&ingest->judging);
    struct tj_group *group = &ingest->groups[ingest->turn];
    ingest->turn ^= 1;
    size_t items = judge_group(ingest, digester, pipeline, group, &status, ready);
    pthread_mutex_lock(&ingest->committing);
    status = begin_commit(ingest, group, status);
    const uint64_t signs_until = signer_ends(ingest);
    pthread_mutex_unlock(&ingest->judging);
    tj_pipeline_judged(pipeline, items);
    if (status == TJ_STORAGE_OK) {
        status = end_commit(ingest, digester, group, signs_until);
    }
    if (status != TJ_STORAGE_OK) {
        refuse_group(pipeline, items, ingest->failed ? TIJORI_FAILED : tj_from_storage(status));
    }
    TJ_VERIFY_CHECK(status != TJ_STORAGE_OK ||
                    entries_in_order(pipeline, items, ingest->durable.row.size));
    tj_pipeline_decide(pipeline, items);
    bool lost = ingest->lost;
    pthread_mutex_unlock(&ingest->committing);
    if (lost) {
        tj_ingest_hold(ingest); /* takes back what was lost, if nobody else has by then */
        tj_ingest_let_go(ingest);
    }
}

void tj_ingest_hold(struct tj_ingest *ingest)
{
    pthread_mutex_lock(&ingest->judging);
    pthread_mutex_lock(&ingest->committing);
    if (ingest->lost) {
        take_back(ingest);
    }
    TJ_VERIFY_CHECK(ingest->head.row.size == ingest->durable.row.size);
    TJ_VERIFY_CHECK(tj_hash_equal(&ingest->head.leaf, &ingest->durable.leaf));
    TJ_VERIFY_CHECK(ingest->groups[0].count == 0 && ingest->groups[1].count == 0);
}

void tj_ingest_let_go(struct tj_ingest *ingest)
{
    TJ_VERIFY_CHECK(tj_lock_held(&ingest->judging) && tj_lock_held(&ingest->committing));
    pthread_mutex_unlock(&ingest->committing);
    pthread_mutex_unlock(&ingest->judging);
}

#ifdef TIJORI_VERIFY
bool tj_lock_held(pthread_mutex_t *lock)
{
    const bool held = pthread_mutex_trylock(lock) != 0;
    if (!held) {
        pthread_mutex_unlock(lock);
    }
    return held;
}
#endif

/* Judging writes into the state, for that is how rules see the effects of earlier records. So a dry
 * run does the same into the undo log of an empty group, and takes all of it back. */
void tj_ingest_dry_run(struct tj_ingest *ingest, struct tj_ingest_item *item, struct tj_txn *txn)
{
    struct past past;
    struct tj_tail tail;
    tj_ingest_hold(ingest);
    struct tj_group *group = &ingest->groups[ingest->turn];
    enum tj_storage_status storage = past_begin(&past, ingest, &ingest->digester, txn);
    if (storage != TJ_STORAGE_OK) {
        tj_refuse(&item->verdict, tj_from_storage(storage), NULL);
    } else if (item->verdict.status == TIJORI_OK) {
        ingest->state->undo = &group->undo;
        item->verdict.status = judge(ingest, &past, item, group_links(group), &tail);
        if (item->verdict.status == TIJORI_OK) {
            item->entry = ingest->head.row.size;
            tj_state_rollback(ingest->state, 0);
        }
        if (ingest->state->no_memory) {
            atomic_store(&ingest->failed, true); /* it must be opened again */
        }
        TJ_VERIFY_CHECK(ingest->failed || (group->undo.count == 0 && group->count == 0));
    }
    if (storage == TJ_STORAGE_OK) {
        past_end(&past);
    }
    tj_ingest_let_go(ingest);
}

/* Blocks go to the disk some hundreds at a time, so that no transaction becomes too large for the
 * memory that it dirties. Each one is a whole commit: a store that breaks off in between is merely
 * one with more to redo. */
void tj_ingest_store_all(struct tj_ingest *ingest)
{
    enum tj_storage_status status = TJ_STORAGE_OK;
    tj_ingest_hold(ingest);
    struct tj_group *group = &ingest->groups[ingest->turn];
    while (status == TJ_STORAGE_OK && !ingest->failed && ingest->state->dirty_count > 0) {
        group->end = ingest->head;
        TJ_VERIFY_CHECK(tj_dirty_in_order(ingest->state));
        status = tj_group_begin(group, ingest->store, ingest->state, STORE_ALL_BLOCKS);
        TJ_VERIFY_CHECK(status != TJ_STORAGE_OK || group->slice_count > 0); /* it comes to an end */
        if (status == TJ_STORAGE_OK) {
            status = tj_group_commit(group, &ingest->digester, NULL);
        }
        if (status == TJ_STORAGE_OK) {
            tj_group_settle(group);
        } else {
            /* Without room the blocks stay behind, and the next open redoes more. */
            tj_group_undo(group, ingest->state, ingest->head.row.size);
        }
    }
    tj_ingest_let_go(ingest);
}

/* ---- the beginning ---- */

bool tj_ingest_init(struct tj_ingest *ingest)
{
    pthread_mutex_init(&ingest->judging, NULL);
    pthread_mutex_init(&ingest->committing, NULL);
    tj_known_keys_init(&ingest->known_keys);
    bool hashing = tj_digester_init(&ingest->digester);
    ingest->redo_max = TJ_REDO_MAX;
    atomic_store(&ingest->signs_until, UINT64_MAX);
    ingest->recent = calloc(TJ_RECENT_MAX, sizeof *ingest->recent);
    bool first = tj_group_init(&ingest->groups[0]);
    bool second = tj_group_init(&ingest->groups[1]);
    return hashing && first && second && ingest->recent != NULL;
}

void tj_ingest_clear(struct tj_ingest *ingest)
{
    tj_group_clear(&ingest->groups[0]);
    tj_group_clear(&ingest->groups[1]);
    free(ingest->recent);
    tj_known_keys_clear(&ingest->known_keys);
    tj_digester_clear(&ingest->digester);
    pthread_mutex_destroy(&ingest->judging);
    pthread_mutex_destroy(&ingest->committing);
}

void tj_ingest_start_from(struct tj_ingest *ingest, const struct tj_log_end *end)
{
    TJ_VERIFY_CHECK(end->row.frontier.size == end->row.size && end->row.redo_from <= end->row.size);
    ingest->head = *end;
    ingest->durable = *end;
    atomic_store(&ingest->durable_size, end->row.size);
}

enum tijori_status tj_log_end_read(struct tj_txn *txn, struct tj_digester *digester,
                                   struct tj_log_end *out, const struct tj_head_row *row)
{
    struct tj_entry_view entry;
    struct tj_body_view body;
    if (row->size == 0) {
        return TIJORI_CORRUPT;
    }
    enum tijori_status status = tj_journal_counted(txn, &entry, &body, row->size - 1);
    if (status != TIJORI_OK) {
        return status;
    }
    out->row = *row;
    out->received_ns = entry.received_ns;
    out->directives =
        tj_directives_after(body.tail.previous, &entry.header, body.records, entry.index);
    tj_leaf_hash(digester->hasher, &out->leaf, entry.bytes, entry.size);
    return TIJORI_OK;
}

/* Entry 0 is judged at the time that it states, since before it there is no clock to compare with;
 * entry 1 is judged as any other. Both go into one group, so that no ledger has only the first. */
static enum tijori_status found_in(struct tj_ingest *ingest, struct past *past,
                                   struct tj_group *group, struct tj_ingest_item *genesis,
                                   struct tj_ingest_item *opening)
{
    struct tj_tail tail;
    struct tj_case c;
    genesis->received_ns = tj_ns_after(0, genesis->view.header.created_s);
    fill_case(ingest, &c, genesis, genesis->received_ns);
    enum tijori_status status =
        tj_apply(ingest->state, group_links(group), &tail, &past->past, &c, &genesis->verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    add_entry(ingest, &ingest->digester, group, genesis, &tail);
    ingest->state->ledger_id = genesis->leaf;
    status = judge(ingest, past, opening, group_links(group), &tail);
    if (status == TIJORI_OK) {
        add_entry(ingest, &ingest->digester, group, opening, &tail);
        group->end = ingest->head;
        TJ_VERIFY_CHECK(group->count == 2 && genesis->entry == 0 && opening->entry == 1);
        TJ_VERIFY_CHECK(tj_hash_equal(&group->entries[1].previous, &genesis->leaf));
    }
    return status;
}

/* The whole state goes to the disk with the two entries, so that from the beginning a store has
 * everything that an open looks for. */
enum tijori_status tj_ingest_found(struct tj_ingest *ingest, struct tj_ingest_item *genesis,
                                   struct tj_ingest_item *opening)
{
    struct past past;
    struct tj_group *group = &ingest->groups[0];
    tj_ingest_hold(ingest);
    TJ_VERIFY_CHECK(ingest->head.row.size == 0 && ingest->state->dirty_count == 0);
    enum tijori_status status = tj_from_storage(past_begin(&past, ingest, &ingest->digester, NULL));
    if (status == TIJORI_OK) {
        status = found_in(ingest, &past, group, genesis, opening);
        past_end(&past);
    }
    if (status == TIJORI_OK) {
        status = tj_from_storage(
            tj_group_begin(group, ingest->store, ingest->state, ingest->state->dirty_count));
    }
    if (status == TIJORI_OK) {
        status = tj_from_storage(tj_group_commit(group, &ingest->digester, NULL));
    }
    tj_ingest_let_go(ingest);
    return status;
}
