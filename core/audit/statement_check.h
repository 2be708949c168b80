#ifndef TIJORI_CORE_AUDIT_STATEMENT_CHECK_H
#define TIJORI_CORE_AUDIT_STATEMENT_CHECK_H

/* What an audit says of statements and of programmes: docs/FORMAT.md section 17. Each figure that a
 * statement record gives is recomputed, and a false one is contradicted by name and amount.
 * Breaches of a programme are findings. So is accumulation that nobody vouched for. */

#include "core/audit/figures.h"
#include "core/audit/report.h"

/* Checks a statement record of an entry that was accepted. `figures` cover the log up to it. The
 * record is passed, found false (a finding), or counted as skipped. What a party attests is none of
 * these. */
void tj_audit_statement(struct tj_replay_report *report, const struct tj_state *state,
                        const struct tj_figures *figures, const struct tj_past *past,
                        uint64_t index, const struct tj_record *statement);

/* To be called at the end: findings about programmes that are in force, or that ended in this
 * audit's entries. */
void tj_audit_programmes(struct tj_replay_report *report, const struct tj_state *state,
                         const struct tj_figures *figures, const struct tj_past *past);

#endif
