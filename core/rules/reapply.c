#include "core/rules/reapply.h"

#include "core/rules/kind.h"

/* Both accounts are there, and the movement that it names. */
static bool movement_fits(const struct tj_state *state, const struct tj_past *past,
                          const uint8_t *record)
{
    uint64_t from = tj_movement_from(record);
    struct tj_named named = {.absent = false};
    if (tj_state_account(state, from) == NULL ||
        tj_state_account(state, tj_movement_to(record)) == NULL ||
        tj_state_party(state, tj_account_party(from)) == NULL) {
        return false;
    }
    if (!tj_kind_names(tj_record_kind(record))) {
        return true;
    }
    return past->record(past->context, &named, tj_movement_refers_to(record)) &&
           memcmp(named.group.bytes, tj_movement_hash(record), TJ_HASH_SIZE) == 0 &&
           tj_kind_is_movement(tj_record_kind(named.record));
}

/* Numbers that ask for memory; what a kind does not have is zero. A party's accounts are numbered
 * as they are opened, one a record: no log has more of them than records. */
static bool numbers_fit(const struct tj_state *state, const struct tj_record *r)
{
    return r->party < TJ_PARTIES_MAX && r->rule < TJ_RULES_MAX && r->ordinal < TJ_KEYS_MAX &&
           r->number < TJ_LOG_KEYS_MAX && r->asset <= TJ_ASSETS_MAX &&
           tj_account_party(r->account) < TJ_PARTIES_MAX &&
           tj_account_number(r->account) < TJ_ACCOUNTS_MAX &&
           tj_account_number(r->account) / TJ_RECORDS_MAX <= state->entry &&
           tj_account_party(r->holder) < TJ_PARTIES_MAX;
}

/* What keeps an effect on damaged bytes from asking for memory or for accounts that are not there.
 */
static bool reapply_fits(const struct tj_state *state, const struct tj_past *past,
                         const uint8_t *record)
{
    struct tj_record r;
    if (tj_kind_is_movement(tj_record_kind(record))) {
        return movement_fits(state, past, record);
    }
    if (tj_kind_is_detail(tj_record_kind(record))) {
        return true; /* its record was asked about */
    }
    tj_record_decode(&r, record);
    if (!numbers_fit(state, &r)) {
        return false;
    }
    if (r.kind == TJ_END_RULE) {
        const struct tj_rule_object *rule = tj_state_rule(state, r.rule);
        return rule != NULL && rule->asset <= TJ_ASSETS_MAX;
    }
    /* A limit's holder, whose flag its effect sets. */
    if (r.kind == TJ_SET_LIMIT && !tj_holder_is_party(r.holder)) {
        return tj_state_account(state, r.holder) != NULL;
    }
    return true;
}

/* A record makes at most one mark. The tail is in no hash, and a mark's number asks for memory. */
static bool marks_base_fits(const struct tj_entry_view *entry, const struct tj_body_view *body)
{
    return body->tail.marks_base / TJ_RECORDS_MAX <= entry->index;
}

/* ---- what is derived ----
 * Links and tails are in no hash. An object whose block is newer than the entry says nothing of
 * what was before it, and then they are believed; an audit compares all of them. */

static bool link_fits(const struct tj_state *state, uint64_t account, uint64_t link)
{
    const struct tj_account_object *object = tj_state_account(state, account);
    return !tj_state_lacks(state, tj_table_of_account(account), tj_account_party(account),
                           tj_account_number(account)) ||
           (object != NULL && object->latest == link);
}

static bool links_fit(const struct tj_state *state, const uint8_t *record, const uint8_t *link)
{
    if (!tj_kind_is_movement(tj_record_kind(record))) {
        return tj_all_zero(link, TJ_LINK_SIZE);
    }
    return link_fits(state, tj_movement_from(record), tj_link_from(link)) &&
           link_fits(state, tj_movement_to(record), tj_link_to(link));
}

/* In the order of FORMAT section 9, of its tail. The lane is looked at as tj_apply left it for the
 * entry: with the sequence before. */
static const char *tail_unfit(const struct tj_state *state, const struct tj_past *past,
                              const struct tj_header *header, const struct tj_tail *tail)
{
    const struct tj_ledger_object *ledger = tj_state_ledger(state);
    const struct tj_lane_object *lane = tj_state_lane(state, header->party, header->lane);
    uint64_t jump = 0;
    if (tj_state_lacks(state, TJ_T_LEDGER, 0, 0) &&
        tail->marks_base != (ledger != NULL ? ledger->marks : 0)) {
        return "marks_base: not the number of marks before it";
    }
    if (!tj_state_lacks(state, TJ_T_LANE, header->party, header->lane)) {
        return NULL;
    }
    if (tail->lane_previous != (lane != NULL ? lane->entry : 0)) {
        return "lane_previous: not the entry before it in its lane";
    }
    if ((lane == NULL && header->sequence != 1) || !tj_next_jump(state, &jump, past, header) ||
        jump != tail->lane_jump) {
        return "lane_jump: not the entry of the sequence that it jumps to";
    }
    return NULL;
}

/* ---- one entry ---- */

static bool reapply_record(struct tj_state *state, struct tj_effect *effect,
                           const struct tj_body_view *body, uint32_t i, const char **why)
{
    const uint8_t *record = body->records + (size_t)i * TJ_RECORD_SIZE;
    if (!reapply_fits(state, effect->past, record)) {
        if (why != NULL) {
            *why = "records: one of them names what is not there, or was changed";
        }
        return false;
    }
    if (why != NULL && !links_fit(state, record, body->links + (size_t)i * TJ_LINK_SIZE)) {
        *why = "links: not the movements before it of its accounts";
        return false;
    }
    tj_effect_record(state, effect, NULL, i, record);
    return !state->no_memory;
}

static bool entry_fits(const struct tj_state *state, const struct tj_past *past,
                       const struct tj_entry_view *entry, const struct tj_body_view *body,
                       const char **why)
{
    struct tj_verdict verdict;
    const char *unfit = NULL;
    tj_verdict_init(&verdict);
    if (tj_records_check(&entry->header, body->records, &verdict) != TIJORI_OK ||
        entry->header.party >= TJ_PARTIES_MAX) {
        unfit = "header or records: not what an entry can have";
    }
    if (unfit == NULL && !marks_base_fits(entry, body)) {
        unfit = "marks_base: more marks than records";
    }
    if (unfit == NULL && why != NULL) {
        unfit = tail_unfit(state, past, &entry->header, &body->tail);
    }
    if (why != NULL) {
        *why = unfit;
    }
    return unfit == NULL;
}

/* What is asked here is only what keeps damaged bytes from doing harm, record by record, since a
 * record may open the account that the next one moves. The tail's number of the first mark is
 * believed where the marks' table is newer than this entry, and cannot tell it. */
bool tj_reapply(struct tj_state *state, const struct tj_past *past,
                const struct tj_entry_view *entry, const struct tj_hash *envelope_id,
                const struct tj_body_view *body, const char **why)
{
    struct tj_effect effect;
    tj_effect_begin(state, &effect, past, entry->index, entry->received_ns, &entry->header,
                    &entry->slots, envelope_id);
    effect.marks = body->tail.marks_base;
    TJ_VERIFY_CHECK(state->redo);
    tj_state_begin_entry(state, entry->index);
    if (!entry_fits(state, past, entry, body, why)) {
        return false;
    }
    for (uint32_t i = 0; i < entry->header.record_count; i++) {
        if (tj_kind_is_movement(tj_record_kind(body->records + (size_t)i * TJ_RECORD_SIZE))) {
            tj_prefetch_ahead(state, body->records, i, entry->header.record_count);
        }
        if (!reapply_record(state, &effect, body, i, why)) {
            return false;
        }
    }
    TJ_VERIFY_CHECK(effect.marks - body->tail.marks_base <= entry->header.record_count);
    tj_effect_lane(state, &effect, body->tail.lane_jump);
    tj_effect_end(state, &effect);
    return !state->no_memory;
}
