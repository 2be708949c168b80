#ifndef TIJORI_CORE_RULES_EFFECT_H
#define TIJORI_CORE_RULES_EFFECT_H

/* What an accepted record does to the state: docs/FORMAT.md section 8. Effects check nothing; they
 * serve the rules (apply.c), which have checked, and the redo after an open (reapply.c), which
 * trusts what was accepted before. Which kind has which effect is in kind.h.
 *
 * An effect on an object depends only on the record, its entry, the records it names, facts of
 * other objects that never change once they are there (an account's class and asset, a party's
 * type, what a rule says, from when to when it was in force), and that object itself. So a redo may
 * start from blocks of different ages. */

#include "core/rules/effect_directive.h"

/* True when one of the slots countersigns. */
bool tj_slots_countersigned(const struct tj_slots *slots) TJ_MUST_USE;

/* The lane moves on: sequence, id and entry of its last envelope. Returns nothing to undo by hand.
 */
void tj_effect_lane(struct tj_state *state, const struct tj_effect *effect, uint64_t lane_jump);

/* The jump of the lane's next entry: its previous one, or two jumps back from there. False when the
 * journal does not hold what the lane says: it is damaged. */
bool tj_next_jump(const struct tj_state *state, uint64_t *jump, const struct tj_past *past,
                  const struct tj_header *h) TJ_MUST_USE;

/* A movement on its way into the state. In a redo both accounts may be the one scratch object. */
struct tj_motion {
    struct tj_passage p;
    struct tj_account_object *from;
    struct tj_account_object *to;
};
typedef void tj_movement_effect(struct tj_state *state, struct tj_effect *effect,
                                const struct tj_motion *motion);

/* What each kind does to the two accounts, to the totals and to the marks. */
tj_movement_effect tj_effect_move, tj_effect_pending, tj_effect_post, tj_effect_void,
    tj_effect_correct, tj_effect_approval;

/* One movement: what its kind does, and what any does. `link` (16 bytes, NULL in a redo) gets the
 * record ids of the movements that touched its accounts before. */
void tj_effect_movement(struct tj_state *state, struct tj_effect *effect,
                        tj_movement_effect *of_kind, uint8_t *link, uint32_t position,
                        const uint8_t record[TJ_RECORD_SIZE]);

/* In an audit of a public export: one record that names one that is not there. A post or a void
 * settles it, whatever it is; nothing else is known. */
void tj_effect_absent(struct tj_state *state, struct tj_effect *effect,
                      const uint8_t record[TJ_RECORD_SIZE]);

/* After the last record: what the ledger counts. */
void tj_effect_end(struct tj_state *state, const struct tj_effect *effect);

/* Completes what `past` answers about out->record, of this entry: a post is as well founded, and as
 * well vouched for, as the pending movement it posts, which is not itself a post. */
void tj_named_complete(const struct tj_past *past, struct tj_named *out,
                       const struct tj_entry_view *entry);

/* What the effects of an entry begin with, by the state before it. A redo sets `marks` itself. */
void tj_effect_begin(const struct tj_state *state, struct tj_effect *out,
                     const struct tj_past *past, uint64_t index, uint64_t received_ns,
                     const struct tj_header *header, const struct tj_slots *slots,
                     const struct tj_hash *envelope_id);

/* Whether the party may still bring in what it held before the ledger. */
bool tj_opening_is_open(const struct tj_state *state, uint32_t party) TJ_MUST_USE;

/* The keys of role approve that signed for the header's party, bit by ordinal. */
void tj_approvers(const struct tj_state *state, uint8_t out[TJ_KEYS_MAX / 8],
                  const struct tj_header *header, const struct tj_slots *slots);

/* The basis of a movement by its own record and entry alone. */
enum tj_basis tj_basis_of(const uint8_t record[TJ_RECORD_SIZE], bool countersigned);

/* The accounts of the record that is so many further on. */
static inline void tj_prefetch_ahead(const struct tj_state *state, const uint8_t *records,
                                     uint32_t at, uint32_t count)
{
    enum { AHEAD = 12 };
    if (at + AHEAD < count) {
        const uint8_t *record = records + (size_t)(at + AHEAD) * TJ_RECORD_SIZE;
        tj_state_prefetch_account(state, tj_movement_from(record));
        tj_state_prefetch_account(state, tj_movement_to(record));
    }
}

#endif
