#ifndef TIJORI_CORE_AUDIT_CONCLUSION_H
#define TIJORI_CORE_AUDIT_CONCLUSION_H

/* What is done after the last entry. Some checks are of the whole log. And what was not checked
 * must not be called checked (I11). */

#include "core/audit/source.h"

/* Checks that balances sum to zero (I2), and that the tally explains them. False: no memory. */
bool tj_conclude_sums(struct tj_progress *progress) TJ_MUST_USE;

/* Every asset's balances, and its pending amounts, sum to zero (I2). */
bool tj_balances_are_zero(const struct tj_state *state) TJ_MUST_USE;

/* After a failure: notes of every check how much of its work was not done. */
void tj_skip_rest(struct tj_progress *progress, const struct tj_source *source);

/* Notes as skipped what a public export does not let an audit check: the records that are not here,
 * and the `unjudged` rules that depend on such records. */
void tj_skip_absent(struct tj_replay_report *report, uint64_t unjudged);

#endif
