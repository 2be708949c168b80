#include "core/rules/reapply.h"

/* A limit's holder, whose flag its effect sets. */
static bool reapply_holder_fits(const struct tj_state *state, const struct tj_record *r)
{
    return r->kind != TJ_SET_LIMIT || tj_holder_is_party(r->holder)
               ? tj_account_party(r->holder) < TJ_PARTIES_MAX
               : tj_state_account(state, r->holder) != NULL;
}

/* What keeps an effect on damaged bytes from asking for memory or for accounts that are not there.
 */
static bool reapply_fits(const struct tj_state *state, const struct tj_past *past,
                         const uint8_t *record)
{
    if (tj_kind_is_movement(record[0])) {
        struct tj_named named = {.absent = false};
        return tj_state_account(state, tj_movement_from(record)) != NULL &&
               tj_state_account(state, tj_movement_to(record)) != NULL &&
               tj_state_party(state, tj_account_party(tj_movement_from(record))) != NULL &&
               (record[0] <= TJ_PENDING ||
                (past->record(past->context, tj_movement_refers_to(record), &named) &&
                 tj_kind_is_movement(named.record[0])));
    }
    struct tj_record r;
    tj_record_decode(record, &r);
    const struct tj_rule_object *rule = r.kind == TJ_END_RULE ? tj_state_rule(state, r.rule) : NULL;
    if (r.kind == TJ_END_RULE && (rule == NULL || rule->asset > TJ_ASSETS_MAX)) {
        return false;
    }
    return r.party < TJ_PARTIES_MAX && r.rule < TJ_RULES_MAX && reapply_holder_fits(state, &r) &&
           r.ordinal < TJ_KEYS_MAX && r.number < TJ_LOG_KEYS_MAX && r.asset <= TJ_ASSETS_MAX &&
           tj_account_party(r.account) < TJ_PARTIES_MAX &&
           tj_account_local(r.account) < TJ_ACCOUNTS_MAX;
}

/* A record makes at most one mark. The tail is in no hash, and a mark's number asks for memory. */
static bool marks_base_fits(const struct tj_entry_view *entry, const struct tj_body_view *body)
{
    return body->tail.marks_base / TJ_RECORDS_MAX <= entry->index;
}

bool tj_reapply(struct tj_state *state, const struct tj_past *past,
                const struct tj_entry_view *entry, const struct tj_hash *envelope_id,
                const struct tj_body_view *body)
{
    struct tj_verdict verdict;
    const struct tj_ledger_object *ledger = tj_state_ledger(state);
    struct tj_effect effect = {
        .entry = entry->index,
        .received_ns = entry->received_ns,
        .header = &entry->header,
        .slots = &entry->slots,
        .envelope_id = envelope_id,
        .past = past,
        .countersigned = tj_slots_countersigned(&entry->slots),
        .rules = ledger != NULL && ledger->rules_set != 0,
        .marks = body->tail.marks_base,
    };
    tj_state_begin_entry(state, entry->index);
    tj_verdict_init(&verdict);
    if (tj_records_check(&entry->header, body->records, &verdict) != TIJORI_OK ||
        entry->header.party >= TJ_PARTIES_MAX || !marks_base_fits(entry, body)) {
        return false;
    }
    for (uint32_t i = 0; i < entry->header.record_count; i++) {
        const uint8_t *record = body->records + (size_t)i * TJ_RECORD_SIZE;
        if (tj_kind_is_movement(record[0])) {
            tj_prefetch_ahead(state, body->records, i, entry->header.record_count);
        }
        if (!reapply_fits(state, past, record)) {
            return false;
        }
        tj_effect_record(state, &effect, i, record, NULL);
    }
    tj_effect_lane(state, &effect, body->tail.lane_jump);
    tj_effect_end(state, &effect);
    return true;
}
