#include "core/rules/apply.h"

#include "core/rules/kind.h"

/* I3, looked at once more after the effect; for the builds that check what cannot happen. */
TJ_VERIFY_ONLY static bool covered(const struct tj_state *state, uint64_t account)
{
    const struct tj_account_object *object = tj_state_account(state, account);
    return tj_balance_unknown(state, account) || tj_class_is_contra(object->class) ||
           tj_account_balance(object) >= (tj_i128)object->pending_out;
}

/* Record by record, each judged on what those before it in the envelope have done: an account may
 * be opened, filled and closed by one entry. So a refusal may come when a part has its effect
 * already, which tj_apply takes back. Memory is asked about after each effect, before another
 * record is judged by it. */
static enum tijori_status apply_records(struct tj_state *state, struct tj_effect *effect,
                                        uint8_t *links, const struct tj_case *c,
                                        struct tj_verdict *verdict)
{
    if (c->records == NULL) {
        state->partial = true;
        return TIJORI_OK;
    }
    bool movements = tj_kind_is_movement(tj_record_kind(c->records));
    for (uint32_t i = 0; i < c->header->record_count; i++) {
        const uint8_t *record = c->records + (size_t)i * TJ_RECORD_SIZE;
        enum tijori_status status = TIJORI_OK;
        verdict->record = i;
        if (movements) {
            tj_prefetch_ahead(state, c->records, i, c->header->record_count);
        }
        if (c->index > 0) {
            status = tj_judge_record(state, effect->past, c, record, verdict);
        }
        if (status != TIJORI_OK) {
            return status;
        }
        if (tj_names_absent(state, effect->past, record)) {
            tj_effect_absent(state, effect, record);
            continue;
        }
        state->unjudged += tj_directive_unjudged(state, record);
        tj_effect_record(state, effect, links + (size_t)i * TJ_LINK_SIZE, i, record);
        if (state->no_memory) {
            return tj_refuse(verdict, TIJORI_MEMORY, NULL);
        }
        TJ_VERIFY_CHECK(
            !tj_kind_is_movement(tj_record_kind(record)) ||
            (covered(state, tj_movement_from(record)) && covered(state, tj_movement_to(record))));
    }
    verdict->record = TJ_NOWHERE;
    return tj_judge_after(state, c, verdict);
}

static enum tijori_status apply_lane(struct tj_state *state, struct tj_effect *effect,
                                     struct tj_tail *tail, const struct tj_case *c,
                                     struct tj_verdict *verdict)
{
    const struct tj_lane_object *lane = tj_state_lane(state, c->header->party, c->header->lane);
    tail->lane_previous = lane != NULL ? lane->entry : 0;
    if (!tj_next_jump(state, &tail->lane_jump, effect->past, c->header)) {
        return tj_refuse(verdict, TIJORI_CORRUPT, "lane_jump");
    }
    tj_effect_lane(state, effect, tail->lane_jump);
    return TIJORI_OK;
}

/* What the entry has left behind: its lane stands at it, and a record makes at most one mark. */
TJ_VERIFY_ONLY static bool stands_in_state(const struct tj_state *state, const struct tj_tail *tail,
                                           const struct tj_case *c)
{
    const struct tj_lane_object *lane = tj_state_lane(state, c->header->party, c->header->lane);
    uint64_t marks = tj_state_ledger(state)->marks;
    return lane != NULL && lane->entry == c->index && lane->sequence == c->header->sequence &&
           marks >= tail->marks_base && marks - tail->marks_base <= c->header->record_count;
}

static enum tijori_status apply_judged(struct tj_state *state, struct tj_effect *effect,
                                       uint8_t *links, struct tj_tail *tail,
                                       const struct tj_case *c, struct tj_verdict *verdict)
{
    enum tijori_status status = apply_records(state, effect, links, c, verdict);
    if (status == TIJORI_OK) {
        status = apply_lane(state, effect, tail, c, verdict);
    }
    if (status != TIJORI_OK) {
        return status;
    }
    tj_effect_end(state, effect);
    if (state->no_memory) {
        return tj_refuse(verdict, TIJORI_MEMORY, NULL);
    }
    return TIJORI_OK;
}

/* Everything that the state consists of: a refused envelope leaves nothing of itself behind. */
TJ_VERIFY_ONLY static uint64_t extent(const struct tj_state *state)
{
    return state->arena.taken + state->room_bytes + state->dirty_count + state->key_index.count +
           state->mark_index.count + state->rule_index.count;
}

/* All or nothing: whatever refuses, at whatever record, the undo log makes the state what it was.
 * The effect is told what the state says at its beginning (the number of the next mark, whether a
 * rule was ever set), because a redo has to be told the same. */
enum tijori_status tj_apply(struct tj_state *state, uint8_t *links, struct tj_tail *tail,
                            const struct tj_past *past, const struct tj_case *c,
                            struct tj_verdict *verdict)
{
    struct tj_effect effect;
    size_t before = tj_state_mark_undo(state);
    TJ_VERIFY_CHECK(!state->redo); /* that takes nothing back */
    tj_effect_begin(state, &effect, past, c->index, c->received_ns, c->header, c->slots,
                    &c->envelope_id);
    tj_state_begin_entry(state, c->index);
    TJ_VERIFY_ONLY const uint64_t sample = TJ_VERIFYING ? tj_state_sample(state) : 0;
    TJ_VERIFY_ONLY const uint64_t extent_before = extent(state);
    tail->marks_base = effect.marks;
    tail->previous = c->previous;
    tj_verdict_init(verdict);
    if (state->no_memory) {
        return tj_refuse(verdict, TIJORI_MEMORY, NULL);
    }
    enum tijori_status status =
        c->index == 0 ? tj_judge_genesis(c, verdict) : tj_judge_envelope(state, past, c, verdict);
    if (status == TIJORI_OK) {
        status = apply_judged(state, &effect, links, tail, c, verdict);
    }
    if (status != TIJORI_OK) {
        TJ_VERIFY_CHECK(state->undo->count >= before);
        tj_state_rollback(state, before);
        TJ_VERIFY_CHECK(sample == 0 || tj_state_sample_again(state) == sample);
        TJ_VERIFY_CHECK(extent(state) == extent_before);
        return status;
    }
    TJ_VERIFY_CHECK(stands_in_state(state, tail, c));
    return TIJORI_OK;
}
