#ifndef TIJORI_CORE_RULES_TRIAL_H
#define TIJORI_CORE_RULES_TRIAL_H

/* Movements on trial: what would the ledger say of each, if those before it that it takes were in
 * it? For who makes envelopes of many records, and wants to hear of all that would be refused
 * before anything is signed. The judges are those of the ledger (judge.h), and so are the effects;
 * but a record that is refused is left out here, where it would take its whole envelope with it.
 *
 * The state is used up: it is one that nobody else needs, and is thrown away afterwards.
 *
 * Threads: none. */

#include "core/rules/judge.h"

struct tj_trial {
    struct tj_state *state;
    const struct tj_past *past;
    struct tj_header header; /* of the envelopes, all alike but for what no record's verdict asks */
    struct tj_slots slots;   /* who would sign; the signatures are not looked at */
    struct tj_case c;
    struct tj_effect effect;
    uint8_t *records; /* of the envelope at hand: room for `most` */
    uint32_t count;
    uint32_t most;
};

/* `first` is the case of the first envelope. Its header, slots and times count; its records do not,
 * and its signatures are taken to be valid. With `signed_by` the envelope is judged as well:
 * whether these keys may sign it, and are enough. MEMORY; else what the judges say. Clear either
 * way. */
enum tijori_status tj_trial_begin(struct tj_trial *out, struct tj_state *state,
                                  const struct tj_past *past, const struct tj_case *first,
                                  uint32_t most, bool signed_by,
                                  struct tj_verdict *verdict) TJ_MUST_USE;
void tj_trial_clear(struct tj_trial *trial);

/* Judges a movement whose form was checked, and lets it take effect when nothing refuses it. */
enum tijori_status tj_trial_record(struct tj_trial *trial, const uint8_t record[TJ_RECORD_SIZE],
                                   struct tj_verdict *verdict) TJ_MUST_USE;

#endif
