#include "core/rules/trial.h"

#include "core/rules/kind.h"

#include <stdlib.h>
#include <string.h>

/* As tj_apply begins an entry. Of envelopes before this one nothing has to be taken back. */
static void begin_entry(struct tj_trial *trial, uint64_t index)
{
    trial->c.index = index;
    trial->count = 0;
    tj_effect_begin(trial->state, &trial->effect, trial->past, index, trial->c.received_ns,
                    &trial->header, &trial->slots, &trial->c.envelope_id);
    tj_undo_log_settle(trial->state->undo);
    tj_state_begin_entry(trial->state, index);
}

/* The records of the first envelope are not known when it is judged: what its signers may, and
 * whether they are enough, is asked for moves, of which it gets no worse. */
enum tijori_status tj_trial_begin(struct tj_trial *out, struct tj_state *state,
                                  const struct tj_past *past, const struct tj_case *first,
                                  uint32_t most, bool signed_by, struct tj_verdict *verdict)
{
    TJ_VERIFY_CHECK(first->index > 1 && most > 0 && most <= TJ_RECORDS_MAX);
    *out = (struct tj_trial){.state = state,
                             .past = past,
                             .header = *first->header,
                             .slots = *first->slots,
                             .c = *first,
                             .most = most};
    tj_verdict_init(verdict);
    out->records = calloc(most, TJ_RECORD_SIZE);
    if (out->records == NULL) {
        return tj_refuse(verdict, TIJORI_MEMORY, NULL);
    }
    for (uint32_t i = 0; i < most; i++) {
        out->records[(size_t)i * TJ_RECORD_SIZE] = TJ_MOVE;
    }
    out->header.record_count = most;
    out->c.header = &out->header;
    out->c.slots = &out->slots;
    out->c.records = out->records;
    out->c.signatures_valid = true;
    state->undo = &state->undo_own;
    begin_entry(out, first->index);
    if (!signed_by) {
        return TIJORI_OK;
    }
    return tj_judge_envelope(state, past, &out->c, verdict);
}

void tj_trial_clear(struct tj_trial *trial)
{
    free(trial->records);
    trial->records = NULL;
}

/* What a record that is refused has touched is taken back by itself, so that the next one is judged
 * as if it had never been there. Its place in the envelope goes to the next one: record ids only
 * rise, and marks are found by them. */
enum tijori_status tj_trial_record(struct tj_trial *trial, const uint8_t record[TJ_RECORD_SIZE],
                                   struct tj_verdict *verdict)
{
    uint8_t link[TJ_LINK_SIZE];
    struct tj_state *state = trial->state;
    if (trial->count == trial->most) {
        tj_effect_end(state, &trial->effect);
        begin_entry(trial, trial->c.index + 1);
    }
    uint8_t *place = trial->records + (size_t)trial->count * TJ_RECORD_SIZE;
    memcpy(place, record, TJ_RECORD_SIZE);
    tj_verdict_init(verdict);
    verdict->record = trial->count;
    const size_t before = tj_state_mark_undo(state);
    enum tijori_status status = tj_judge_record(state, trial->past, &trial->c, place, verdict);
    if (status != TIJORI_OK) {
        tj_state_rollback(state, before);
        return status;
    }
    tj_effect_record(state, &trial->effect, link, trial->count, place);
    if (state->no_memory) {
        return tj_refuse(verdict, TIJORI_MEMORY, NULL);
    }
    trial->count++;
    return TIJORI_OK;
}
