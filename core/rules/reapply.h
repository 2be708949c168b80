#ifndef TIJORI_CORE_RULES_REAPPLY_H
#define TIJORI_CORE_RULES_REAPPLY_H

/* The state again, from entries that were accepted before: no rule is judged. */

#include "core/rules/effect.h"

/* Applies an entry that was accepted before (redo, and state at an earlier entry). No rule is
 * judged; false when the bytes cannot have been accepted at all: the storage is damaged; or, when
 * state->no_memory says so, for lack of memory. `why`, unless it is NULL, gets the field that is
 * wrong and how (a string constant); and links and tail are then compared with what the state says
 * of them, where its blocks are as old as the entry. */
bool tj_reapply(struct tj_state *state, const struct tj_past *past,
                const struct tj_entry_view *entry, const struct tj_hash *envelope_id,
                const struct tj_body_view *body, const char **why) TJ_MUST_USE;

#endif
