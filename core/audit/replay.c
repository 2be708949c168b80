#include "core/audit/replay.h"

#include "core/audit/conclusion.h"
#include "core/audit/entry_check.h"
#include "core/audit/statement_check.h"
#include "core/audit/walk.h"
#include "core/rules/apply.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>

/* Entries in flight between reading and judging, and bytes of those that are copied. */
enum { WINDOW = 1024, RING_BYTES = 64 << 20, PROGRESS_EVERY = 64 };

struct replay {
    const struct tj_replay_options *options;
    struct tj_replay_report *report;
    struct tj_source *source;
    pthread_mutex_t reading; /* the source serves one thread at a time */
    struct tj_state *state;
    struct tj_digester digester;
    struct tj_lane_jumps *jumps;
    struct tj_figures *figures;
    struct tj_source_past past;
    struct tj_frontier frontier;
    struct tj_recent_nodes recent;
    struct tj_progress progress;
    struct tj_anchor anchor;
    struct tj_documents documents;
    struct tj_walk walk;
    struct tj_hash leaf; /* of the last entry */
    uint64_t received_ns;
    uint64_t term;
    uint64_t directive;
    uint64_t unjudged_before; /* of state->unjudged, by earlier audits */
    const char *gap;          /* why reading stopped before the end, or NULL */
    bool no_memory;
    atomic_bool broken; /* something failed, or memory is out */
    uint8_t links[TJ_RECORDS_MAX * TJ_LINK_SIZE];
};

/* ---- the report ---- */

static bool pass(struct replay *r, enum tj_check check, uint64_t count)
{
    return tj_pass(r->report, check, count);
}

static bool fail(struct replay *r, enum tj_check check, uint64_t entry, const struct tj_hash *found,
                 const struct tj_hash *expected, const char *text)
{
    return tj_fail(r->report, check, entry, found, expected, "%s", text);
}

static bool fail_verdict(struct replay *r, enum tj_check check, uint64_t entry,
                         const struct tj_verdict *verdict)
{
    char text[320];
    tj_verdict_format(verdict, text, sizeof text);
    return fail(r, check, entry, NULL, NULL, text);
}

/* Not a matter of the log: the replay stops, and answers MEMORY. */
static bool lack_memory(struct replay *r)
{
    r->no_memory = true;
    return false;
}

static bool lacks_memory(const struct replay *r)
{
    return r->no_memory || r->anchor.no_memory || r->source->no_memory;
}

/* ---- one entry, in order ---- */

static bool is_of_directives(const struct tj_read_entry *item)
{
    return !item->absent && !tj_kind_is_movement(item->source.records.bytes[0]);
}

static uint32_t records_here(const struct tj_read_entry *item)
{
    return item->absent ? 0 : item->entry.header.record_count;
}

/* The next entry holds this hash: the one before it is as it was written. */
static bool is_followed(struct replay *r, uint64_t index, const struct tj_hash *leaf)
{
    struct tj_view next;
    return r->source->ops->entry(r->source, index + 1, &next) && next.size >= TJ_ENTRY_FIXED_SIZE &&
           memcmp(tj_entry_previous(next.bytes), leaf->bytes, TJ_HASH_SIZE) == 0;
}

/* The chain is broken between entry i - 1 and entry i. Which of them was changed? When the entry
 * after i still holds the hash of i as it stands, i is what it was. */
static uint64_t changed_entry(struct replay *r, uint64_t index, const struct tj_hash *leaf)
{
    struct tj_view next;
    bool follows =
        r->source->ops->entry(r->source, index + 1, &next) && next.size >= TJ_ENTRY_FIXED_SIZE;
    bool intact = follows && memcmp(tj_entry_previous(next.bytes), leaf->bytes, TJ_HASH_SIZE) == 0;
    if (intact && index > 0) {
        return index - 1;
    }
    return index;
}

static bool fail_link_to_previous(struct replay *r, uint64_t index,
                                  const struct tj_read_entry *item)
{
    enum tj_check check = TJ_CHECK_CHAIN;
    const char *text = "the hash that an entry holds is not that of the entry before it";
    if (r->progress.start > 0 && index == r->progress.start) {
        check = TJ_CHECK_EXTENDS;
        text = "the log does not go on from what this auditor verified before";
    }
    return fail(r, check, changed_entry(r, index, &item->leaf), &item->entry.previous, &r->leaf,
                text);
}

/* FORMAT 7, step 0: its place. */
static bool judge_chain(struct replay *r, uint64_t index, const struct tj_read_entry *item)
{
    const struct tj_entry_view *entry = &item->entry;
    if (!tj_hash_equal(&entry->previous, &r->leaf)) {
        return fail_link_to_previous(r, index, item);
    }
    if (entry->index != index) {
        return fail(r, TJ_CHECK_CHAIN, index, NULL, NULL, "the entry says another index");
    }
    if (index == 0 && entry->term != 1) {
        return fail(r, TJ_CHECK_CHAIN, index, NULL, NULL,
                    "GENESIS: entry 0 is of the writer's term 1");
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
           status == TIJORI_RULES || status == TIJORI_VERSION_UNKNOWN ||
           status == TIJORI_SLOT_ALGORITHM;
}

/* Before anything is believed, the bytes must be those that were signed. */
static bool judge_bytes(struct replay *r, uint64_t index, const struct tj_read_entry *item)
{
    if (item->body_missing) {
        return fail(r, TJ_CHECK_BODIES, index, NULL, NULL, "the body of this entry is missing");
    }
    if (!item->entry_formed) {
        r->report->newer = means_newer(item->form.status) && is_followed(r, index, &item->leaf);
        return fail_verdict(r, TJ_CHECK_FORM, index, &item->form);
    }
    if (!item->absent && !tj_hash_equal(&item->body_root, &item->entry.header.body_root)) {
        return fail(r, TJ_CHECK_BODIES, index, &item->body_root, &item->entry.header.body_root,
                    "the records are not those that were signed");
    }
    pass(r, TJ_CHECK_BODIES, records_here(item));
    if (!judge_chain(r, index, item)) {
        return false;
    }
    if (item->form.status != TIJORI_OK) {
        r->report->newer = means_newer(item->form.status) && item->invalid_slot == TJ_NOWHERE;
        return fail_verdict(r, TJ_CHECK_FORM, index, &item->form);
    }
    pass(r, TJ_CHECK_FORM, 1u + records_here(item));
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

#ifdef TIJORI_VERIFY
/* Three that know where a lane's next jump goes: the rules' state, the tail made from it, and the
 * jumps that this audit works out from the log alone. */
static bool lane_agrees(const struct replay *r, uint64_t index, const struct tj_header *header,
                        const struct tj_tail *tail)
{
    const struct tj_lane_object *lane = tj_state_lane(r->state, header->party, header->lane);
    uint64_t jump;
    return tj_lane_jumps_before(r->jumps, header->party, header->lane, index, &jump) &&
           lane->sequence == header->sequence && lane->entry == index &&
           lane->jump == tail->lane_jump && jump == tail->lane_jump;
}
#endif

/* FORMAT 7, from step 2 on. The signatures were verified when the entry was read, and
 * judge_bytes looked at what was found: what the rules are told of them is so. A sequence that is
 * wrong (step 3) shows that something between two entries was taken out or put in, and stands in a
 * line of the report of its own. */
static bool judge_rules(struct replay *r, uint64_t index, const struct tj_read_entry *item,
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
        .records = item->absent ? NULL : item->source.records.bytes,
        .envelope_id = item->envelope_id,
        .signatures_valid = true,
        .invalid_slot = TJ_NOWHERE,
    };
    r->past.party = item->entry.header.party;
    r->past.lane = item->entry.header.lane;
    enum tijori_status status = tj_apply(r->state, &r->past.past, &c, r->links, tail, &verdict);
    tj_undo_log_settle(r->state->undo);
    if (status == TIJORI_SEQUENCE || status == TIJORI_PREVIOUS_ID) { /* step 3 */
        return fail_verdict(r, TJ_CHECK_LANES, index, &verdict);
    }
    if (status != TIJORI_OK) {
        r->report->newer = means_newer(status);
        return fail_verdict(r, TJ_CHECK_RULES, index, &verdict);
    }
    pass(r, TJ_CHECK_LANES, 1);
    if (!tj_lane_jumps_push(r->jumps, item->entry.header.party, item->entry.header.lane, index)) {
        return lack_memory(r);
    }
    TJ_VERIFY_CHECK(lane_agrees(r, index, &item->entry.header, tail));
    TJ_VERIFY_CHECK(tail->directive_previous == r->directive && tail->directive_previous <= index);
    return pass(r, TJ_CHECK_RULES, records_here(item));
}

static bool fail_link(struct replay *r, uint64_t index, const uint8_t *stored)
{
    char text[96];
    uint32_t i = 0;
    while (memcmp(r->links + (size_t)i * TJ_LINK_SIZE, stored + (size_t)i * TJ_LINK_SIZE,
                  TJ_LINK_SIZE) == 0) {
        i++;
    }
    snprintf(text, sizeof text, "the links of record %" PRIu32 " are wrong", i);
    return fail(r, TJ_CHECK_DERIVED, index, NULL, NULL, text);
}

/* FORMAT 9. They are in no hash, so nothing else vouches for them. */
static bool judge_derived(struct replay *r, uint64_t index, const struct tj_read_entry *item,
                          const struct tj_tail *tail)
{
    uint32_t records = item->entry.header.record_count;
    size_t links_size = (size_t)records * TJ_LINK_SIZE;
    const uint8_t *stored = item->source.derived.bytes;
    uint8_t bytes[TJ_TAIL_SIZE];
    if (stored == NULL) {
        return true;
    }
    if (memcmp(r->links, stored, links_size) != 0) {
        return fail_link(r, index, stored);
    }
    tj_tail_encode(bytes, tail);
    if (memcmp(bytes, stored + links_size, TJ_TAIL_SIZE) != 0) {
        return fail(r, TJ_CHECK_DERIVED, index, NULL, NULL, "the tail is wrong");
    }
    return pass(r, TJ_CHECK_DERIVED, records + 1u);
}

/* ---- accepted ---- */

/* False: no memory. */
static bool append_leaf(struct replay *r, const struct tj_hash *leaf)
{
    struct tj_hash nodes[TJ_FRONTIER_NODES_MAX];
    r->recent.nodes[0][r->frontier.size % TJ_TILE_WIDTH] = *leaf;
    r->recent.completed = tj_frontier_append_nodes(r->digester.hasher, &r->frontier, leaf, nodes);
    TJ_VERIFY_CHECK(r->recent.completed < TJ_TILE_LEVELS);
    for (uint32_t level = 1; level <= r->recent.completed; level++) {
        uint64_t number = (r->frontier.size >> (8 * level)) - 1;
        r->recent.nodes[level][number % TJ_TILE_WIDTH] = nodes[level - 1];
    }
    return r->options->replica == NULL || tj_replica_add_leaf(r->options->replica, leaf);
}

static bool count_absent(struct replay *r, uint64_t index, const struct tj_read_entry *item)
{
    struct tj_replay_report *report = r->report;
    if (report->restricted == 0) {
        report->restricted_first = index;
    }
    report->restricted++;
    report->restricted_records += item->entry.header.record_count;
    return tj_figures_miss(r->figures, tj_day_of(item->entry.received_ns));
}

static bool count_body(struct replay *r, uint64_t index, const struct tj_read_entry *item)
{
    const struct tj_header *header = &item->entry.header;
    r->report->restricted_seen += tj_header_restricted(header);
    r->report->records += header->record_count;
    return tj_walk_entry(&r->walk, index, item->entry.received_ns, item->source.records.bytes,
                         header->record_count);
}

/* What the entry leaves behind, when its judgement is over. */
static bool count_entry(struct replay *r, uint64_t index, const struct tj_read_entry *item)
{
    if (!append_leaf(r, &item->leaf)) {
        return false;
    }
    if (r->options->period != NULL) {
        tj_period_entry(r->options->period, index, item->entry.received_ns);
    }
    if (item->absent) {
        return count_absent(r, index, item);
    }
    return count_body(r, index, item);
}

/* What must be asked of the state as it was before the entry. False: no memory. */
static bool look_before(struct replay *r, uint64_t index, const struct tj_read_entry *item)
{
    const struct tj_header *header = &item->entry.header;
    if (r->options->period != NULL && !tj_period_before(r->options->period, r->state, &r->past.past,
                                                        item->entry.received_ns, &r->leaf)) {
        return false;
    }
    /* Every directive is public, so its body is there. */
    if (index > 0 && header->party == 0 && is_of_directives(item)) {
        tj_walk_recoveries(&r->walk, index, item->source.records.bytes, header->record_count);
    }
    return true;
}

/* The order is that of belief: the bytes are those that were signed, then the rules allow them,
 * then what is derived from them is right; only then is anything counted. */
static bool judge_entry(struct replay *r, const struct tj_read_entry *item)
{
    struct tj_replay_report *report = r->report;
    struct tj_tail tail;
    uint64_t index = report->entries;
    TJ_VERIFY_CHECK(r->frontier.size == index);
    if (!judge_bytes(r, index, item)) {
        return false;
    }
    if (index == 0) {
        r->state->ledger_id = item->leaf;
        report->ledger_id = item->leaf;
    }
    if (!look_before(r, index, item)) {
        return lack_memory(r);
    }
    if (!judge_rules(r, index, item, &tail) || !judge_derived(r, index, item, &tail)) {
        return false;
    }
    if (index == r->progress.start) {
        report->first_received_ns = item->entry.received_ns;
        pass(r, TJ_CHECK_EXTENDS, r->progress.start > 0);
    }
    r->leaf = item->leaf;
    r->received_ns = item->entry.received_ns;
    r->term = item->entry.term;
    if (is_of_directives(item)) {
        r->directive = index;
    }
    if (!count_entry(r, index, item)) {
        return lack_memory(r);
    }
    report->entries++;
    report->last_received_ns = item->entry.received_ns;
    TJ_VERIFY_CHECK(r->frontier.size == report->entries);
    TJ_VERIFY_CHECK(index % 64 != 0 || tj_balances_are_zero(r->state)); /* I2 */
    TJ_VERIFY_CHECK(index % 64 != 0 || tj_figures_agree(r->figures, r->state));
    return r->source->ops->accepted(r->source, &r->progress) &&
           tj_anchor_entry(&r->anchor, &r->progress);
}

/* ---- reading ---- */

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
            r->options->progress(r->options->progress_context, r->report->entries, r->source->size);
        }
    }
    tj_pipeline_judged(pipeline, ready);
    tj_pipeline_decide(pipeline, ready);
    tj_pipeline_drop(pipeline, ready);
}

/* Peeks at the next entry, and takes it when there is one. False at the end, and at a gap, which
 * r->gap then tells. */
static bool read_item(struct replay *r, struct tj_pipeline *pipeline, uint64_t index)
{
    size_t memory;
    uint8_t *bytes;
    pthread_mutex_lock(&r->reading);
    enum tj_source_answer answer = r->source->ops->peek(r->source, index, &memory, &r->gap);
    pthread_mutex_unlock(&r->reading);
    if (answer != TJ_SOURCE_ENTRY) {
        return false;
    }
    struct tj_read_entry *item =
        tj_pipeline_reserve(pipeline, memory, &bytes); /* may wait for the judge */
    pthread_mutex_lock(&r->reading);
    r->source->ops->take(r->source, bytes, &item->source);
    pass(r, TJ_CHECK_NUMBERS, 1);
    r->report->checks[TJ_CHECK_NUMBERS].reached = index + 1; /* ahead of the judgement */
    pthread_mutex_unlock(&r->reading);
    if (memory == 0) { /* what the source keeps weighs as much */
        memory = item->source.entry.size + item->source.records.size + item->source.derived.size;
    }
    tj_pipeline_publish(pipeline, memory);
    return true;
}

/* Reads until the end or the first failure, as far ahead as the window goes. What was read before a
 * gap in the numbers is judged first. */
static void replay_entries(struct replay *r, struct tj_pipeline *pipeline)
{
    uint64_t index = r->progress.start;
    r->gap = NULL;
    while (!atomic_load(&r->broken) && read_item(r, pipeline, index)) {
        index++;
    }
    tj_pipeline_drain(pipeline);
    if (!atomic_load(&r->broken) && r->gap != NULL) {
        fail(r, TJ_CHECK_NUMBERS, index, NULL, NULL, r->gap);
    }
}

/* ---- after the last entry ---- */

/* Each of these looks at the whole and none of them stops the others: a report of what is wrong
 * with a whole log is the better for being complete. */
static bool check_whole(struct replay *r)
{
    struct tj_replay_report *report = r->report;
    if (report->entries == 0) {
        return fail(r, TJ_CHECK_NUMBERS, 0, NULL, NULL, "this entry is missing");
    }
    if (!tj_conclude_sums(&r->progress)) {
        return lack_memory(r);
    }
    if (r->options->period != NULL &&
        !tj_period_end(r->options->period, r->state, &r->past.past, &r->leaf)) {
        return lack_memory(r);
    }
    tj_audit_programmes(report, r->state, r->figures, &r->past.past);
    r->source->ops->finish(r->source, &r->progress, &report->state_digest);
    tj_documents_check(&r->documents, r->source, &r->progress);
    if (report->restricted > 0 && report->restricted_seen > 0) {
        fail(r, TJ_CHECK_BODIES, report->restricted_first, NULL, NULL,
             "the body of a restricted entry is missing where others are there: a public export "
             "has none of them");
    }
    return true;
}

/* Whatever happened, the report says how far this audit came and what it did not look at. */
static void finish(struct replay *r)
{
    struct tj_replay_report *report = r->report;
    bool whole = !report->failed;
    TJ_VERIFY_CHECK(r->frontier.size == report->entries);
    report->leaf = r->leaf;
    tj_frontier_root(r->digester.hasher, &r->frontier, &report->root);
    tj_state_digest(r->state, r->digester.hasher, &report->state_digest);
    if (whole) {
        check_whole(r);
    } else {
        tj_skip_rest(&r->progress, r->source);
    }
    tj_skip_absent(report, r->state->unjudged - r->unjudged_before);
    tj_anchor_finish(&r->anchor, &r->progress, whole);
}

/* ---- life ---- */

/* Where an earlier audit ended. */
static void go_on_from(struct replay *r, struct tj_replica *replica)
{
    struct tj_replay_report *report = r->report;
    r->progress.start = replica->size;
    report->start = replica->size;
    report->left_open = replica->left_open;
    report->entries = replica->size;
    if (replica->size == 0) {
        return;
    }
    TJ_VERIFY_CHECK(replica->frontier.size == replica->size);
    tj_state_destroy(r->state);
    tj_lane_jumps_destroy(r->jumps);
    tj_figures_destroy(r->figures);
    r->state = replica->state;
    r->jumps = replica->jumps;
    r->figures = replica->figures;
    replica->state = NULL;
    replica->jumps = NULL;
    replica->figures = NULL;
    r->past.jumps = r->jumps;
    r->past.leaves = tj_replica_leaf;
    if (r->state->partial) {
        r->past.unseen_below = replica->size;
    }
    r->past.leaves_context = replica;
    r->unjudged_before = r->state->unjudged;
    r->frontier = replica->frontier;
    r->leaf = replica->leaf;
    r->received_ns = replica->received_ns;
    r->term = replica->term;
    r->directive = replica->directive;
    report->ledger_id = r->state->ledger_id;
    report->restricted_before = r->state->partial;
    report->last_received_ns = replica->received_ns;
}

/* The replica as of the last entry. It takes the state over. */
static void keep_in(struct replay *r, struct tj_replica *replica)
{
    TJ_VERIFY_CHECK(r->report->entries >= replica->size);
    tj_state_destroy(replica->state); /* of a replica that was empty */
    tj_lane_jumps_destroy(replica->jumps);
    tj_figures_destroy(replica->figures);
    replica->size = r->report->entries;
    replica->state = r->state;
    replica->jumps = r->jumps;
    replica->figures = r->figures;
    replica->frontier = r->frontier;
    replica->leaf = r->leaf;
    replica->received_ns = r->received_ns;
    replica->term = r->term;
    replica->directive = r->directive;
    replica->covered = r->anchor.covered;
    replica->covered_by = r->anchor.covered_by;
    replica->left_open += r->report->checks[TJ_CHECK_BODIES].skipped +
                          r->report->checks[TJ_CHECK_RULES].skipped +
                          r->report->checks[TJ_CHECK_ATTACHMENTS].skipped;
    r->state = NULL;
    r->jumps = NULL;
    r->figures = NULL;
}

/* The log must have at least what was verified before, and end it alike. */
static bool check_extends(struct replay *r)
{
    struct tj_hash leaf;
    struct tj_entry_view entry;
    uint64_t start = r->progress.start;
    if (start == 0) {
        return true;
    }
    if (!tj_source_entry(r->source, &r->digester, 0, &entry, &leaf) ||
        !tj_hash_equal(&leaf, &r->state->ledger_id)) {
        return tj_fail(r->report, TJ_CHECK_LEDGER_ID, 0, NULL, NULL,
                       "entry 0 is not that of the ledger that this auditor verified before");
    }
    if (r->source->size < start) {
        return tj_fail(r->report, TJ_CHECK_EXTENDS, r->source->size, NULL, NULL,
                       "a rollback: this auditor verified %" PRIu64
                       " entries before, now there are %" PRIu64,
                       start, r->source->size);
    }
    if (tj_source_entry(r->source, &r->digester, start - 1, &entry, &leaf) &&
        tj_hash_equal(&leaf, &r->leaf)) {
        return tj_pass(r->report, TJ_CHECK_EXTENDS, 1);
    }
    /* Where they part: leaf hashes are a chain, so the first that differs is where it was forked.
     */
    uint64_t low = 0;
    uint64_t high = start - 1;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        struct tj_hash known;
        bool same = tj_source_entry(r->source, &r->digester, middle, &entry, &leaf) &&
                    tj_replica_leaf(r->options->replica, middle, &known) &&
                    tj_hash_equal(&leaf, &known);
        if (same) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return tj_fail(r->report, TJ_CHECK_EXTENDS, low, NULL, NULL,
                   "a fork: entry %" PRIu64 " is not the one this auditor verified before", low);
}

/* What the entries are met by; all of it is of this audit's beginning. */
static bool begin(struct replay *r)
{
    if (!tj_documents_list(&r->documents, r->source, r->report) ||
        !tj_tally_opening(r->report->tally, r->state)) {
        return lack_memory(r);
    }
    tj_anchor_init(&r->anchor, r->source, &r->options->pins);
    if (check_extends(r) && r->source->ops->begin(r->source, &r->progress)) {
        tj_anchor_begin(&r->anchor, &r->progress, r->options->replica);
    }
    return !r->report->failed && !lacks_memory(r);
}

/* The pipeline is there before anything is listed: when it cannot be had, nothing is to be undone.
 * A ledger's bytes stay where LMDB has them, and are not copied. */
static enum tijori_status replay_run(struct replay *r)
{
    struct tj_pipeline_options options = {
        .capacity = WINDOW,
        .item_size = sizeof(struct tj_read_entry),
        .threads = r->options->threads,
        .ready_max = WINDOW,
        .work = tj_check_entries,
        .decide = decide_items,
        .context = r,
    };
    if (!r->source->is_ledger) {
        options.ring_bytes = RING_BYTES;
    }
    struct tj_pipeline *pipeline = tj_pipeline_create(&options);
    if (pipeline == NULL) {
        return TIJORI_MEMORY;
    }
    if (begin(r)) {
        replay_entries(r, pipeline);
    }
    tj_pipeline_destroy(pipeline);
    if (!lacks_memory(r)) {
        finish(r);
    }
    if (lacks_memory(r)) {
        return TIJORI_MEMORY;
    }
    return TIJORI_OK;
}

/* The figures that a period is asked about are those that statements are checked by: one counting,
 * which the period keeps when the replay is over. False: no memory. */
static bool create_parts(struct replay *r)
{
    const struct tj_replay_options *options = r->options;
    r->report->tally = tj_tally_create();
    r->jumps = tj_lane_jumps_create();
    if (options->period == NULL) {
        r->figures = tj_figures_create();
    } else {
        r->figures = options->period->figures;
    }
    r->state = tj_state_create();
    return r->report->tally != NULL && r->jumps != NULL && r->figures != NULL;
}

static void join_parts(struct replay *r)
{
    r->progress.report = r->report;
    r->progress.state = r->state;
    r->progress.frontier = &r->frontier;
    r->progress.recent = &r->recent;
    r->progress.digester = &r->digester;
    r->walk = (struct tj_walk){
        .state = r->state,
        .past = &r->past.past,
        .progress = &r->progress,
        .anchor = &r->anchor,
        .documents = &r->documents,
        .figures = r->figures,
        .period = r->options->period,
    };
}

static enum tijori_status replay(struct replay *r)
{
    struct tj_replica *replica = r->options->replica;
    if (!create_parts(r)) {
        return TIJORI_MEMORY;
    }
    tj_source_past_init(&r->past, r->source, &r->digester, r->jumps);
    if (replica != NULL) {
        go_on_from(r, replica);
    }
    join_parts(r);
    enum tijori_status status = replay_run(r);
    if (replica != NULL && status == TIJORI_OK && !r->report->failed) {
        keep_in(r, replica);
    }
    return status;
}

/* It answers for the reading, not for the log: a log that fails is OK here, and the report says so.
 */
enum tijori_status tj_replay(struct tj_source *source, const struct tj_replay_options *options,
                             struct tj_replay_report *report, struct tj_state **state)
{
    tj_report_init(report);
    TIJORI_REQUIRE(options->period == NULL || options->replica == NULL);
    struct replay *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return TIJORI_MEMORY;
    }
    r->options = options;
    r->report = report;
    r->source = source;
    pthread_mutex_init(&r->reading, NULL);
    tj_digester_init(&r->digester);
    enum tijori_status status = replay(r);
    if (state != NULL && status == TIJORI_OK) {
        *state = r->state; /* NULL when the replica keeps it */
    } else {
        tj_state_destroy(r->state);
    }
    tj_lane_jumps_destroy(r->jumps);
    if (options->period == NULL) {
        tj_figures_destroy(r->figures);
    }
    tj_documents_clear(&r->documents);
    tj_digester_clear(&r->digester);
    pthread_mutex_destroy(&r->reading);
    free(r);
    return status;
}

enum tijori_status tj_replay_store(struct tj_store *store, const struct tj_replay_options *options,
                                   struct tj_replay_report *report, struct tj_state **state)
{
    struct tj_source *source;
    tj_report_init(report);
    enum tijori_status status = tj_source_of_store(store, &source);
    if (status != TIJORI_OK) {
        return status;
    }
    status = tj_replay(source, options, report, state);
    tj_source_close(source);
    return status;
}
