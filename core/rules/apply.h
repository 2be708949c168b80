#ifndef TIJORI_CORE_RULES_APPLY_H
#define TIJORI_CORE_RULES_APPLY_H

/* The state machine: an envelope is judged (judge.h), and has its effect (effect.h) or leaves no
 * trace. No I/O, no clock, no randomness, no thread. */

#include "core/rules/judge.h"

/* Judges and, when it answers OK, has applied the case to the state. When it refuses, the state is
 * as before. MEMORY is no verdict on the case: there was none for its effect, or the state says
 * no_memory already, and goes on saying so. `links` gets 16 bytes a record, `tail` the entry's
 * tail.
 */
enum tijori_status tj_apply(struct tj_state *state, uint8_t *links, struct tj_tail *tail,
                            const struct tj_past *past, const struct tj_case *c,
                            struct tj_verdict *verdict) TJ_MUST_USE;

/* The earliest status of section 7, steps 2 and 3, that an ingesting ledger needs by itself: is the
 * header's (party, lane, sequence) taken already? */
static inline bool tj_sequence_taken(const struct tj_state *state, const struct tj_header *header)
{
    const struct tj_lane_object *lane = tj_state_lane(state, header->party, header->lane);
    return lane != NULL && header->sequence <= lane->sequence;
}

#endif
