#ifndef TIJORI_CORE_AUDIT_FIGURES_H
#define TIJORI_CORE_AUDIT_FIGURES_H

/* The figures that statements give (docs/FORMAT.md section 17), as each stood at the end of every
 * day. A replay counts them from the records it passes. A statement about any period can then be
 * recomputed when its record comes, days or years later.
 *
 * A day is a UTC day by received-at, numbered from 1970-01-01. Each figure is a series of (day,
 * value), with one pair for each day on which the value changed. So memory grows with days and
 * figures, not with entries. A day's value never changes once a later day has come: the figures of
 * a whole log serve every period in it.
 *
 * Threads: none of its own. What can fail answers false when memory is out. The figures are of no
 * use then. */

#include "core/audit/posting.h"

struct tj_figures;

/* NULL when memory is out. */
struct tj_figures *tj_figures_create(void) TJ_MUST_USE;
void tj_figures_destroy(struct tj_figures *figures);

/* Counts a movement. Movements come in the order of the log, and `state` is the state after the
 * movement's entry. `past` serves the record that a correction names. */
bool tj_figures_post(struct tj_figures *figures, const struct tj_state *state,
                     const struct tj_past *past, const struct tj_posting *posting) TJ_MUST_USE;

/* Notes a statement record that came on that day. */
bool tj_figures_state(struct tj_figures *figures, uint32_t day,
                      const struct tj_record *statement) TJ_MUST_USE;

/* Notes that the body of an entry of that day is not there. What customers have is unknown from
 * then on. */
bool tj_figures_miss(struct tj_figures *figures, uint32_t day) TJ_MUST_USE;
/* Whether what customers had at the end of that day is known. */
bool tj_figures_know_customers(const struct tj_figures *figures, uint32_t day) TJ_MUST_USE;

/* For the expensive checks: do the flows of every asset's reserve sum to what the state holds? True
 * of any log whose entries were all accepted. */
bool tj_figures_agree(const struct tj_figures *figures, const struct tj_state *state) TJ_MUST_USE;

/* What a figure is of. */
struct tj_figure_key {
    uint8_t figure; /* enum tj_figure */
    uint8_t purpose;
    uint32_t asset;
    uint32_t party;
    uint32_t rule;
    uint32_t period_from; /* days, at least 1; as_of included */
    uint32_t as_of;
};

/* The value of a figure, in base units or as a plain count. ATTESTED must not be asked for: nobody
 * can recompute it. */
tj_i128 tj_figures_value(const struct tj_figures *figures, const struct tj_figure_key *key);

/* The last day that a statement in the log covers for this asset; 0: there is no such statement. */
uint32_t tj_figures_stated(const struct tj_figures *figures, uint32_t asset);

/* For keeping the figures and loading them again: every (series, day, value), each series by rising
 * days. A series is never 0. */
typedef void tj_figures_visitor(void *context, uint64_t series, uint32_t day, tj_i128 value);
void tj_figures_visit(const struct tj_figures *figures, tj_figures_visitor *visit, void *context);
bool tj_figures_put(struct tj_figures *figures, uint64_t series, uint32_t day,
                    tj_i128 value) TJ_MUST_USE;

#endif
