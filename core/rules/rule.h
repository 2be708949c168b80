#ifndef TIJORI_CORE_RULES_RULE_H
#define TIJORI_CORE_RULES_RULE_H

/* Tiers, limits and programmes: what of docs/FORMAT.md section 7.3 both the rules (judge_rule.c and
 * effect_directive.c) and the effects (effect.c) need, so that what is judged and what is counted
 * cannot differ.
 *
 * Everything here is a function of a rule's own object, of facts that never change, and of one
 * movement with its entry: that is what lets a redo count again. */

#include "core/format/detail.h"
#include "core/format/entry.h"
#include "core/rules/state.h"

/* An earlier record that a record names. */
struct tj_named {
    uint8_t record[TJ_RECORD_SIZE];
    struct tj_hash group; /* group hash: of the record and its details */
    uint64_t received_ns; /* of its entry */
    uint8_t basis;        /* enum tj_basis, of a movement */
    uint8_t countersigner_count;
    uint32_t countersigners[TJ_SLOTS_MAX]; /* of its entry, and of the pending one that it posts */
    bool absent; /* there is such a record, in a body that a public export leaves out: then
                  * only received_ns is known of it */
};

/* A movement that is posted (move, post, correct), or would be, as the rules look at it. */
struct tj_passage {
    const uint8_t *record;
    uint64_t id; /* its record id */
    uint64_t received_ns;
    const struct tj_account_object *from;
    const struct tj_account_object *to;
    const struct tj_named *named; /* by a post or a correct; else NULL */
    bool vouched;                 /* tj_vouched, of a movement into or out of the reserve */
    bool named_vouched;           /* tj_named_vouched */
};

/* The day of a time, from 1970-01-01. */
static inline uint32_t tj_day_of(uint64_t received_ns)
{
    return (uint32_t)(received_ns / (TJ_NS_PER_S * 86400u));
}

/* True when a party outside the public sector that owns neither account of the record has a
 * countersign slot; of a post (`named` is what it posts) in its own entry or the pending one's. */
bool tj_vouched(const struct tj_state *state, const uint8_t record[TJ_RECORD_SIZE],
                const struct tj_slots *slots, const struct tj_named *named) TJ_MUST_USE;
/* The same of a record that is named. */
bool tj_named_vouched(const struct tj_state *state, const struct tj_named *named) TJ_MUST_USE;
/* The party has a countersign slot. */
bool tj_countersigned_by(const struct tj_slots *slots, uint32_t party) TJ_MUST_USE;
/* The parties that countersign, each once, as a record that names one of this entry will know them.
 */
void tj_add_countersigner(struct tj_named *named, uint32_t party);
void tj_add_countersigners(struct tj_named *named, const struct tj_slots *slots);

/* Set before this record and not waiting any more; not ended before it, or with notice that still
 * runs. Times never fall, so who compares an entry's with until_ns need not ask which came first.
 */
static inline bool tj_rule_in_force(const struct tj_rule_object *rule, uint64_t record_id,
                                    uint64_t received_ns)
{
    if (rule->set == 0 || rule->set >= record_id || received_ns < rule->from_ns) {
        return false;
    }
    return rule->ended == 0 || rule->ended > record_id || received_ns < rule->until_ns;
}

/* What a programme is found by, where tiers and limits have a holder: no party has this number. */
static inline uint64_t tj_programmes_of(uint32_t asset)
{
    return tj_account_id(UINT32_MAX, asset);
}

/* The next rule of this holder, from *step on (0 at first), that is in force for the record of an
 * entry received then; NULL when there is no more. *number (may be NULL) gets the rule's. */
const struct tj_rule_object *tj_next_rule(const struct tj_state *state, size_t *step,
                                          uint32_t *number, uint64_t holder, uint64_t record_id,
                                          uint64_t received_ns);

/* The movement leaves, or enters, this holder. */
bool tj_leaves(uint64_t holder, const struct tj_passage *passage) TJ_MUST_USE;
bool tj_enters(uint64_t holder, const struct tj_passage *passage) TJ_MUST_USE;

/* A rule of the owner of `from` is a tier that the movement's amount is above. */
static inline bool tj_is_tier_of(const struct tj_rule_object *rule,
                                 const struct tj_passage *passage)
{
    return rule->kind == TJ_SET_TIER && rule->asset == passage->from->asset &&
           rule->amount < tj_movement_amount(passage->record).base;
}

/* What the tiers of a movement's amount want of it together: of those in force for the party and
 * asset of `from`, all whose bound is below the amount. Each has to be kept, so the most approvals,
 * every group and the longest wait. */
struct tj_demand {
    uint32_t tiers; /* how many; 0: nothing is wanted */
    uint32_t approvals;
    uint32_t groups; /* mask */
    uint32_t delay_s;
    uint32_t rule;                          /* the first of those that want so many approvals */
    uint32_t delay_rule;                    /* and of those that wait so long */
    uint32_t group_rules[TJ_GROUP_MAX + 1]; /* and, of each group wanted, that want it */
};
void tj_demand_of(const struct tj_state *state, struct tj_demand *out,
                  const struct tj_passage *passage);

/* Between two of a party's own reserve and custody accounts: no rule of all of a party sees it. */
static inline bool tj_in_one_pocket(const uint8_t *record, const struct tj_account_object *from,
                                    const struct tj_account_object *to)
{
    return tj_account_party(tj_movement_from(record)) == tj_account_party(tj_movement_to(record)) &&
           !tj_class_is_contra(from->class) && !tj_class_is_contra(to->class);
}

/* Into the reserve or out of it: what programmes and the reserve's own sums count. */
static inline bool tj_crosses_reserve(const struct tj_account_object *from,
                                      const struct tj_account_object *to)
{
    return (from->class == TJ_CLASS_RESERVE) != (to->class == TJ_CLASS_RESERVE);
}

/* ---- outflow limits ---- */

/* It is one, and the movement leaves its holder in its asset. */
static inline bool tj_limits_outflow(const struct tj_rule_object *rule,
                                     const struct tj_passage *passage)
{
    return rule->kind == TJ_SET_LIMIT && rule->type == TJ_LIMIT_OUTFLOW &&
           rule->asset == passage->from->asset && tj_leaves(rule->holder, passage);
}

/* The step that a time falls in. */
uint64_t tj_window_step(const struct tj_rule_object *rule, uint64_t received_ns);
/* What left in the last window, as of this time: the step of now and the 16 before it. */
uint64_t tj_window_used(const struct tj_rule_object *rule, uint64_t received_ns);
/* The same in a later step: the sum to add to. */
uint64_t *tj_window_sum(struct tj_rule_object *rule, uint64_t received_ns);

/* ---- programmes ---- */

/* What one movement adds to a programme's sums; what it takes off is negative. */
struct tj_programme_change {
    tj_i128 counted_in;
    tj_i128 counted_out;
    tj_i128 unclassified;
    tj_u128 corrected;
    tj_i128
        brought_in; /* by an opening, or a correct of one: nothing else but unclassified changes */
    bool day_of_named; /* counted_in is taken off what was counted on the named record's day */
};

/* False when it changes nothing. */
bool tj_programme_change(const struct tj_rule_object *rule, struct tj_programme_change *change,
                         const struct tj_passage *passage) TJ_MUST_USE;

/* Counts it; `passage` says on which day. */
void tj_programme_count(struct tj_rule_object *rule, const struct tj_passage *passage,
                        const struct tj_programme_change *change);

static inline tj_i128 tj_programme_net(const struct tj_programme_sums *sums)
{
    return (tj_i128)(sums->counted_in - sums->counted_out);
}

/* With the change counted already, a ceiling or a mandate is broken by it. */
bool tj_programme_broken(const struct tj_rule_object *rule,
                         const struct tj_programme_change *change) TJ_MUST_USE;

/* In force, and the day of the movement within its dates. */
bool tj_programme_runs(const struct tj_rule_object *rule, uint64_t record_id,
                       uint64_t received_ns) TJ_MUST_USE;

static inline tj_i128 tj_reserve_of(const struct tj_asset_object *asset)
{
    return (tj_i128)(asset->reserve_in - asset->reserve_out);
}

#endif
