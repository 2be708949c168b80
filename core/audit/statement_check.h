#ifndef TIJORI_CORE_AUDIT_STATEMENT_CHECK_H
#define TIJORI_CORE_AUDIT_STATEMENT_CHECK_H

/* What an audit says of statements and of programmes: each figure that a statement record in the
 * log gives is recomputed, and a false one contradicted by name and amount; breaches, and
 * accumulation that nobody vouched for, are findings. docs/FORMAT.md section 17. */

#include "core/audit/figures.h"
#include "core/audit/report.h"

/* A statement record of an entry that was accepted; `figures` cover the log up to it. It is passed,
 * found false (a finding), or counted as skipped; what a party attests is none of these. */
void tj_audit_statement(struct tj_replay_report *report, const struct tj_state *state,
                        const struct tj_figures *figures, const struct tj_past *past,
                        uint64_t index, const struct tj_record *statement);

/* At the end: findings about programmes that are in force, or ended in this audit's entries. */
void tj_audit_programmes(struct tj_replay_report *report, const struct tj_state *state,
                         const struct tj_figures *figures, const struct tj_past *past);

#endif
