#include "core/audit/entry_judge.h"

#include "core/audit/conclusion.h"
#include "core/base/memory.h"
#include "core/rules/apply.h"

#include <inttypes.h>

static bool pass(struct tj_replaying *r, enum tj_check check, uint64_t count)
{
    return tj_pass(r->report, check, count);
}

static bool fail(struct tj_replaying *r, enum tj_check check, uint64_t entry,
                 const struct tj_hash *found, const struct tj_hash *expected, const char *text)
{
    return tj_fail(r->report, check, entry, found, expected, "%s", text);
}

static bool fail_verdict(struct tj_replaying *r, enum tj_check check, uint64_t entry,
                         const struct tj_verdict *verdict)
{
    char text[320];
    tj_verdict_format(verdict, text, sizeof text);
    return fail(r, check, entry, NULL, NULL, text);
}

static bool is_of_directives(const struct tj_read_entry *item)
{
    return !item->absent && !tj_kind_is_movement(item->source.records.bytes[0]);
}

static uint32_t records_here(const struct tj_read_entry *item)
{
    if (item->absent) {
        return 0;
    }
    return item->entry.header.record_count;
}

/* Does the next entry hold this hash? Then this entry is as it was written. */
static bool is_followed(struct tj_replaying *r, uint64_t index, const struct tj_hash *leaf)
{
    struct tj_view next;
    return r->source->ops->entry(r->source, &next, index + 1) && next.size >= TJ_ENTRY_FIXED_SIZE &&
           memcmp(tj_entry_previous(next.bytes), leaf->bytes, TJ_HASH_SIZE) == 0;
}

/* The chain is broken between entry i - 1 and entry i. Which of them was changed? When the entry
 * after i still holds the hash of i as it stands, i is what it was. */
static uint64_t changed_entry(struct tj_replaying *r, uint64_t index, const struct tj_hash *leaf)
{
    struct tj_view next;
    bool follows =
        r->source->ops->entry(r->source, &next, index + 1) && next.size >= TJ_ENTRY_FIXED_SIZE;
    bool intact = follows && memcmp(tj_entry_previous(next.bytes), leaf->bytes, TJ_HASH_SIZE) == 0;
    if (intact && index > 0) {
        return index - 1;
    }
    return index;
}

static bool fail_link_to_previous(struct tj_replaying *r, uint64_t index,
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
static bool judge_chain(struct tj_replaying *r, uint64_t index, const struct tj_read_entry *item)
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

/* A rules number that this program knows is refused for being none above the active one. */
static bool rules_are_newer(const struct tj_read_entry *item, uint32_t position)
{
    const uint8_t *record = item->source.records.bytes + (size_t)position * TJ_RECORD_SIZE;
    TJ_VERIFY_CHECK(!item->absent && tj_record_kind(record) == TJ_ACTIVATE_RULES);
    return TJ_GET(record, TJ_ACTIVATE_RULES, rules) > TJ_RULES_LAST;
}

/* Before anything is believed, the bytes must be those that were signed. What is there and could
 * not be read is no failure: the replay cannot go on. */
static bool judge_bytes(struct tj_replaying *r, uint64_t index, const struct tj_read_entry *item)
{
    if (item->source.unread) {
        r->stopped = true;
        return false;
    }
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
    if (item->undecided) {
        enum tijori_status why = tj_undecided();
        tj_trouble_note(&r->source->trouble, why,
                        "a signature of entry %" PRIu64 " could not be verified: %s",
                        r->report->entries, tijori_status_text(why));
        return false;
    }
    if (item->invalid_slot == TJ_NOWHERE) {
        r->report->signatures += item->entry.slots.count;
        return pass(r, TJ_CHECK_SIGNATURES, item->entry.slots.count);
    }
    return true; /* judge_rules says so in its turn: step 7 */
}

/* What was asked of the log before an entry must be as it was judged. Otherwise nothing that rests
 * on it counts, neither what it shows nor what it hides. */
bool tj_past_holds(struct tj_replaying *r)
{
    if (tj_troubled(r->report)) {
        r->stopped = true;
        return false;
    }
    if (r->past.changed != UINT64_MAX) {
        return fail(r, TJ_CHECK_BODIES, r->past.changed, NULL, NULL,
                    "the entry or its body is not what it was when it was verified: it was "
                    "changed while it was read, or since the earlier audit");
    }
    return true;
}

#ifdef TIJORI_VERIFY
/* Three parties know where a lane's next jump goes: the rules' state, the tail made from it, and
 * the jumps that this audit works out from the log alone. */
static bool lane_agrees(const struct tj_replaying *r, uint64_t index,
                        const struct tj_header *header, const struct tj_tail *tail)
{
    const struct tj_lane_object *lane = tj_state_lane(r->state, header->party, header->lane);
    uint64_t jump;
    return tj_lane_jumps_before(r->jumps, &jump, header->party, header->lane, index) &&
           lane->sequence == header->sequence && lane->entry == index &&
           lane->jump == tail->lane_jump && jump == tail->lane_jump;
}
#endif

/* FORMAT 7, from step 2 on. The signatures were verified when the entry was read, and the rules are
 * told what came of it. Two steps have a line of their own in the report: a sequence that is wrong
 * (step 3), which shows that something between two entries was taken out or put in, and a signature
 * (step 7). */
static bool judge_rules(struct tj_replaying *r, struct tj_tail *tail, uint64_t index,
                        const struct tj_read_entry *item)
{
    struct tj_verdict verdict;
    const struct tj_case c = {
        .index = index,
        .received_ns = item->entry.received_ns,
        .last_received_ns = r->received_ns,
        .head_leaf = r->leaf,
        .previous = r->directives,
        .header = &item->entry.header,
        .slots = &item->entry.slots,
        .records = item->absent ? NULL : item->source.records.bytes,
        .envelope_id = item->envelope_id,
        .signatures_valid = item->invalid_slot == TJ_NOWHERE,
        .invalid_slot = item->invalid_slot,
    };
    r->past.party = item->entry.header.party;
    r->past.lane = item->entry.header.lane;
    enum tijori_status status = tj_apply(r->state, r->links, tail, &r->past.past, &c, &verdict);
    tj_undo_log_settle(r->state->undo);
    if (status == TIJORI_MEMORY) {
        return tj_lack_memory(r);
    }
    if (!tj_past_holds(r)) {
        return false;
    }
    if (status == TIJORI_SEQUENCE || status == TIJORI_PREVIOUS_ID) { /* step 3 */
        return fail_verdict(r, TJ_CHECK_LANES, index, &verdict);
    }
    if (status == TIJORI_SIGNATURE) {
        return fail_verdict(r, TJ_CHECK_SIGNATURES, index, &verdict);
    }
    if (status != TIJORI_OK) {
        r->report->newer = means_newer(status) &&
                           (status != TIJORI_RULES || rules_are_newer(item, verdict.record));
        return fail_verdict(r, TJ_CHECK_RULES, index, &verdict);
    }
    pass(r, TJ_CHECK_LANES, 1);
    if (!tj_lane_jumps_push(r->jumps, item->entry.header.party, item->entry.header.lane, index)) {
        return tj_lack_memory(r);
    }
    TJ_VERIFY_CHECK(lane_agrees(r, index, &item->entry.header, tail));
    TJ_VERIFY_CHECK(tj_directives_equal(tail->previous, r->directives));
    TJ_VERIFY_CHECK(tail->previous.in_public <= index && tail->previous.in_restricted <= index);
    return pass(r, TJ_CHECK_RULES, records_here(item));
}

static bool fail_link(struct tj_replaying *r, uint64_t index, const uint8_t *stored)
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

/* FORMAT 9. Links and tail are in no hash, so nothing else vouches for them. */
static bool judge_derived(struct tj_replaying *r, uint64_t index, const struct tj_read_entry *item,
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
static bool append_leaf(struct tj_replaying *r, const struct tj_hash *leaf)
{
    if (r->replica != NULL) {
        if (!tj_replica_add_leaf(r->replica, leaf)) {
            return false;
        }
    } else {
        if (!tj_grow(&r->leaves, &r->leaf_capacity, r->leaf_count + 1, sizeof *leaf)) {
            return false;
        }
        r->leaves[r->leaf_count++] = *leaf;
    }
    tj_recent_append(r->digester.hasher, &r->recent, &r->frontier, leaf);
    TJ_VERIFY_CHECK(r->recent.completed < TJ_TILE_LEVELS);
    return true;
}

static bool count_absent(struct tj_replaying *r, uint64_t index, const struct tj_read_entry *item)
{
    struct tj_replay_report *report = r->report;
    if (report->restricted == 0) {
        report->restricted_first = index;
    }
    report->restricted++;
    report->restricted_seen += item->source.records.bytes != NULL;
    report->restricted_records += item->entry.header.record_count;
    return tj_source_past_lacks(&r->past, index) &&
           tj_figures_miss(r->figures, tj_day_of(item->entry.received_ns));
}

static bool count_body(struct tj_replaying *r, uint64_t index, const struct tj_read_entry *item)
{
    const struct tj_header *header = &item->entry.header;
    r->report->restricted_seen += tj_header_restricted(header);
    r->report->records += header->record_count;
    return tj_walk_entry(&r->walk, index, item->entry.received_ns, item->source.records.bytes,
                         header->record_count);
}

/* What the entry leaves behind, when its judgement is over. */
static bool count_entry(struct tj_replaying *r, uint64_t index, const struct tj_read_entry *item)
{
    if (!append_leaf(r, &item->leaf)) {
        return false;
    }
    if (r->period != NULL) {
        tj_period_entry(r->period, index, item->entry.received_ns);
    }
    if (item->absent) {
        return count_absent(r, index, item);
    }
    return count_body(r, index, item);
}

/* What must be asked of the state as it was before the entry. False: no memory. */
static bool look_before(struct tj_replaying *r, uint64_t index, const struct tj_read_entry *item)
{
    const struct tj_header *header = &item->entry.header;
    if (r->period != NULL &&
        !tj_period_before(r->period, r->state, &r->past.past, item->entry.received_ns, &r->leaf)) {
        return false;
    }
    /* The authority's directives are public, so their bodies are there. */
    if (index > 0 && header->party == 0 && is_of_directives(item)) {
        tj_walk_recoveries(&r->walk, index, item->source.records.bytes, header->record_count);
    }
    return true;
}

/* From the first body on that is not here, what a restricted record rests on may not have been
 * seen, the opening of its accounts among it. So it is judged as if it were not here either. */
static bool unseen_from_here(const struct tj_replaying *r, const struct tj_read_entry *item)
{
    return r->state->partial && tj_header_restricted(&item->entry.header);
}

/* Each step may believe what the one before it checked. The bytes are those that were signed, then
 * the rules allow them, then what is derived from them is right. Only then is anything counted. */
bool tj_replay_entry(struct tj_replaying *r, struct tj_read_entry *item)
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
    item->absent = item->absent || unseen_from_here(r, item);
    if (!look_before(r, index, item)) {
        return tj_lack_memory(r);
    }
    if (!judge_rules(r, &tail, index, item) || !judge_derived(r, index, item, &tail)) {
        return false;
    }
    if (index == r->progress.start) {
        report->first_received_ns = item->entry.received_ns;
        pass(r, TJ_CHECK_EXTENDS, r->progress.start > 0);
    }
    r->leaf = item->leaf;
    r->received_ns = item->entry.received_ns;
    r->term = item->entry.term;
    if (!item->absent) {
        r->directives = tj_directives_after(r->directives, &item->entry.header,
                                            item->source.records.bytes, index);
    }
    if (!count_entry(r, index, item)) {
        return tj_lack_memory(r);
    }
    report->entries++;
    report->last_received_ns = item->entry.received_ns;
    TJ_VERIFY_CHECK(r->frontier.size == report->entries);
    TJ_VERIFY_CHECK(index % 64 != 0 || tj_balances_are_zero(r->state)); /* I2 */
    TJ_VERIFY_CHECK(index % 64 != 0 || tj_figures_agree(r->figures, r->state));
    return tj_past_holds(r) && r->source->ops->accepted(r->source, &r->progress) &&
           tj_anchor_entry(&r->anchor, &r->progress);
}
