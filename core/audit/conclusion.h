#ifndef TIJORI_CORE_AUDIT_CONCLUSION_H
#define TIJORI_CORE_AUDIT_CONCLUSION_H

/* After the last entry: what is checked of the whole, and what must not be called checked (I11). */

#include "core/audit/source.h"

/* Balances sum to zero (I2), and the tally explains them. False: no memory. */
bool tj_conclude_sums(struct tj_progress *progress) TJ_MUST_USE;

/* Every asset's balances, and its pending amounts, sum to zero (I2). */
bool tj_balances_are_zero(const struct tj_state *state) TJ_MUST_USE;

/* After a failure: every check says how much of its work was not done. */
void tj_skip_rest(struct tj_progress *progress, const struct tj_source *source);

/* Records that are not here, in a public export; `unjudged`: rules that depend on such. */
void tj_skip_absent(struct tj_replay_report *report, uint64_t unjudged);

#endif
