#ifndef TIJORI_CORE_EXCHANGE_RULE_FIGURES_H
#define TIJORI_CORE_EXCHANGE_RULE_FIGURES_H

/* How far a tier, a limit or a programme is used, as of a time. People and programs look at it.
 * Amounts are in base units of the rule's asset. */

#include "core/rules/rule.h"

struct tj_rule_figures {
    bool bounded; /* `used` is held against `bound`; `left` is the difference, which may be below
                     zero */
    tj_i128 bound;
    tj_i128 used;
    tj_i128 left;
    bool counts; /* a programme's other sums */
    bool daily;
    tj_i128 today;
    tj_i128 unclassified;
    tj_i128 corrected;
    tj_i128 brought_in;
    bool judged; /* breaches are counted */
    uint64_t breaches;
    uint64_t breach_first; /* record ids */
    uint64_t breach_last;
};

void tj_rule_figures(const struct tj_state *state, struct tj_rule_figures *out,
                     const struct tj_rule_object *rule, uint32_t number, uint64_t now_ns);

#endif
