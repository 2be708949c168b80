#ifndef TIJORI_CORE_AUDIT_FIGURES_H
#define TIJORI_CORE_AUDIT_FIGURES_H

/* What statements give the values of (docs/FORMAT.md section 17), as it stood at the end of every
 * day: counted from the records as a replay passes them, so that a statement about any period can
 * be recomputed when its record comes, days or years later.
 *
 * A day is a UTC day by received-at. Each figure is a series of (day, value) where the value
 * changed; memory grows with days and figures, not with entries.
 *
 * Threads: none of its own. Out of memory aborts, as the state does. */

#include "core/rules/effect.h"

struct tj_figures;

struct tj_figures *tj_figures_create(void);
void tj_figures_destroy(struct tj_figures *figures);

/* An entry that was accepted, in order: `state` is that after it. `past` serves the records that
 * its corrections name. */
void tj_figures_entry(struct tj_figures *figures, const struct tj_state *state,
                      const struct tj_past *past, uint64_t received_ns, const uint8_t *records,
                      uint32_t count);

/* The body of an entry of that time is not there: what customers have is not known from its day on.
 */
void tj_figures_miss(struct tj_figures *figures, uint64_t received_ns);
/* Whether what customers had at the end of that day is known. */
bool tj_figures_know_customers(const struct tj_figures *figures, uint32_t day);

/* What a figure is of. */
struct tj_figure_key {
    uint8_t figure; /* enum tj_figure */
    uint8_t purpose;
    uint32_t asset;
    uint32_t party;
    uint32_t rule;
    uint32_t period_from; /* days; as_of included */
    uint32_t as_of;
};

/* The value of a figure; not of ATTESTED, which nobody can recompute. */
tj_i128 tj_figures_value(const struct tj_figures *figures, const struct tj_figure_key *key);

/* The day up to which a statement about this asset was in the log; 0: none. */
uint32_t tj_figures_stated(const struct tj_figures *figures, uint32_t asset);

/* To keep and to load again: every (series, day, value), each series by rising days. */
typedef void tj_figures_visitor(void *context, uint64_t series, uint32_t day, tj_i128 value);
void tj_figures_visit(const struct tj_figures *figures, tj_figures_visitor *visit, void *context);
void tj_figures_put(struct tj_figures *figures, uint64_t series, uint32_t day, tj_i128 value);

#endif
