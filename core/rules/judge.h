#ifndef TIJORI_CORE_RULES_JUDGE_H
#define TIJORI_CORE_RULES_JUDGE_H

/* The judges: may this envelope become this entry? docs/FORMAT.md section 7, in its order.
 * Functions of the state, the log before the entry, and the case: no I/O, no clock, no randomness,
 * no thread. The form of the bytes (step 1) was checked before; what follows from them is apply's
 * business.
 *
 * What the rules of keys and signatures say is in signing.h; the judges have the order.
 * A file a judge: judge_envelope.c the envelope, judge_movement.c and judge_directive.c a record,
 * judge_rule.c the tiers, limits and programmes that a movement meets, judge_genesis.c entry 0. */

#include "core/rules/effect.h"

struct tj_case {
    uint64_t index; /* the entry it would become */
    uint64_t received_ns;
    uint64_t last_received_ns;   /* of entry index - 1 */
    struct tj_hash head_leaf;    /* leaf hash of entry index - 1 */
    uint64_t directive_previous; /* the newest entry before this one that holds directives */
    const struct tj_header *header;
    const struct tj_slots *slots;
    const uint8_t *records; /* NULL, in an audit only: the body of a restricted envelope that the
                             * auditor does not have. What needs no records is judged */
    struct tj_hash envelope_id;
    bool signatures_valid; /* all slots, each over envelope_id */
    uint32_t invalid_slot; /* the first that is not, when not */
};

/* Steps 2 to 9, of an entry after entry 0. */
enum tijori_status tj_judge_envelope(const struct tj_state *state, const struct tj_past *past,
                                     const struct tj_case *c,
                                     struct tj_verdict *verdict) TJ_MUST_USE;
/* Section 6: entry 0, whole. */
enum tijori_status tj_judge_genesis(const struct tj_case *c,
                                    struct tj_verdict *verdict) TJ_MUST_USE;
/* Step 10, one record; verdict->record is its position. */
enum tijori_status tj_judge_movement(struct tj_state *state, const struct tj_past *past,
                                     const struct tj_case *c, const uint8_t *record,
                                     struct tj_verdict *verdict) TJ_MUST_USE;
enum tijori_status tj_judge_directive(const struct tj_state *state, const struct tj_past *past,
                                      const struct tj_case *c, const uint8_t *record,
                                      struct tj_verdict *verdict) TJ_MUST_USE;
/* Section 7.3, of a move, pending, post or correct that nothing else bars; verdict->record is its
 * position. `named` is what a post or a correct names; else, or when that is not here, NULL. */
enum tijori_status tj_judge_rules(struct tj_state *state, const struct tj_case *c,
                                  const uint8_t *record, const struct tj_account_object *from,
                                  const struct tj_account_object *to, const struct tj_named *named,
                                  struct tj_verdict *verdict) TJ_MUST_USE;
/* In an audit of a public export: bodies that may move this account were not seen. */
static inline bool tj_balance_unknown(const struct tj_state *state, uint64_t account)
{
    return state->partial &&
           !tj_type_is_public(tj_state_party(state, tj_account_party(account))->type);
}
/* There, a record that names one that was not seen: of its effect only that the named one is
 * settled is known. It is on custodians' accounts alone: the rules see to that. */
bool tj_names_absent(const struct tj_state *state, const struct tj_past *past,
                     const uint8_t record[TJ_RECORD_SIZE]);
/* Steps 11 and 12, after the last record took effect. */
enum tijori_status tj_judge_after(const struct tj_state *state, const struct tj_case *c,
                                  struct tj_verdict *verdict) TJ_MUST_USE;

#endif
