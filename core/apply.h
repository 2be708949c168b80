#ifndef TIJORI_CORE_APPLY_H
#define TIJORI_CORE_APPLY_H

/* The rules: may this envelope become this entry, and what follows. docs/FORMAT.md section 7, in
 * its order. A function of the state, the log before the entry, and the case: no I/O, no clock, no
 * randomness, no thread. The form of the bytes (step 1) was checked before.
 *
 * Files: apply.c the envelope, apply_movement.c and apply_directive.c the records, apply_rule.c the
 * tiers, limits and programmes that a movement meets. */

#include "core/effect.h"

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

/* Judges and, when it answers OK, has applied the case to the state. When it refuses, the state is
 * as before. `links` gets 16 bytes a record, `tail` the entry's tail. */
enum tijori_status tj_apply(struct tj_state *state, const struct tj_past *past,
                            const struct tj_case *c, uint8_t *links, struct tj_tail *tail,
                            struct tj_verdict *verdict) TJ_MUST_USE;

/* Applies an entry that was accepted before (redo, and state at an earlier entry). No rule is
 * judged; false when the bytes cannot have been accepted at all: the storage is damaged. */
bool tj_reapply(struct tj_state *state, const struct tj_past *past,
                const struct tj_entry_view *entry, const struct tj_hash *envelope_id,
                const struct tj_body_view *body);

/* The earliest status of section 7, steps 2 and 3, that an ingesting ledger needs by itself: is the
 * header's (party, lane, sequence) taken already? */
static inline bool tj_sequence_taken(const struct tj_state *state, const struct tj_header *header)
{
    const struct tj_lane_object *lane = tj_state_lane(state, header->party, header->lane);
    return lane != NULL && header->sequence <= lane->sequence;
}

/* ---- shared by the files of this module ---- */

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
/* Section 6: the records of entry 0, in their order. */
enum tijori_status tj_judge_genesis(const struct tj_case *c,
                                    struct tj_verdict *verdict) TJ_MUST_USE;
/* Section 7 step 11 for one party. */
enum tijori_status tj_judge_reachable(const struct tj_state *state, uint32_t party,
                                      struct tj_verdict *verdict) TJ_MUST_USE;

#endif
