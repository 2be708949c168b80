#ifndef TIJORI_TEXT_ASSETS_H
#define TIJORI_TEXT_ASSETS_H

/* The assets of a ledger, for reading and writing amounts. */

#include "text/text.h"
#include "core/rules/state.h"

/* Answers from the state, which outlives the result. */
struct assets assets_of_state(const struct tj_state *state);

/* One asset of the state by its number; false when there is none. */
bool asset_by_number(const struct tj_state *state, struct asset *out, uint32_t number) TJ_MUST_USE;

#endif
