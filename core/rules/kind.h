#ifndef TIJORI_CORE_RULES_KIND_H
#define TIJORI_CORE_RULES_KIND_H

/* The table of kinds: for each, since which rules there is one, who may give it, what judges it and
 * what it does. docs/FORMAT.md sections 7.1, 7.2 and 8 have the same rows; the names and layouts of
 * kinds are in core/format/record_tables.h. A kind without a row does not compile.
 *
 * Pure functions of their arguments: any thread may call them, one at a time on one state. */

#include "core/rules/judge.h"

struct tj_movement_rule {
    uint32_t since; /* the first rules number that knows the kind */
    tj_movement_judge *judge;
    tj_movement_effect *effect;
};

/* The row of a kind; NULL when it is not a movement's, or a directive's. */
const struct tj_movement_rule *tj_movement_rule(uint8_t kind);
const struct tj_directive_rule *tj_directive_rule(uint8_t kind);

/* Step 10 of section 7: one record of an entry after entry 0; verdict->record is its position. */
enum tijori_status tj_judge_record(struct tj_state *state, const struct tj_past *past,
                                   const struct tj_case *c, const uint8_t record[TJ_RECORD_SIZE],
                                   struct tj_verdict *verdict) TJ_MUST_USE;

/* One record takes effect. `link` (16 bytes, NULL in a redo) gets the record ids of the movements
 * that touched its accounts before; zero for a directive. */
void tj_effect_record(struct tj_state *state, struct tj_effect *effect, uint32_t position,
                      const uint8_t record[TJ_RECORD_SIZE], uint8_t *link);

#endif
