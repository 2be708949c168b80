#include "core/rules/rule.h"

/* A treasury's word is not made better by another office of the same state. */
static bool vouches(const struct tj_state *state, uint32_t party, const uint8_t *record)
{
    const struct tj_party_object *object = tj_state_party(state, party);
    return object != NULL && !tj_type_is_public(object->type) &&
           party != tj_account_party(tj_movement_from(record)) &&
           party != tj_account_party(tj_movement_to(record));
}

bool tj_named_vouched(const struct tj_state *state, const struct tj_named *named)
{
    bool vouched = false;
    for (uint32_t i = 0; i < named->countersigner_count; i++) {
        vouched |= vouches(state, named->countersigners[i], named->record);
    }
    return vouched;
}

bool tj_vouched(const struct tj_state *state, const uint8_t record[TJ_RECORD_SIZE],
                const struct tj_slots *slots, const struct tj_named *named)
{
    bool vouched = tj_record_kind(record) == TJ_POST && tj_named_vouched(state, named);
    for (uint32_t i = 0; i < slots->count; i++) {
        vouched |= slots->slots[i].use == TJ_USE_COUNTERSIGN &&
                   vouches(state, slots->slots[i].party, record);
    }
    return vouched;
}

bool tj_countersigned_by(const struct tj_slots *slots, uint32_t party)
{
    for (uint32_t i = 0; i < slots->count; i++) {
        if (slots->slots[i].use == TJ_USE_COUNTERSIGN && slots->slots[i].party == party) {
            return true;
        }
    }
    return false;
}

void tj_add_countersigner(struct tj_named *named, uint32_t party)
{
    TJ_VERIFY_CHECK(named->countersigner_count <= TJ_SLOTS_MAX);
    for (uint32_t i = 0; i < named->countersigner_count; i++) {
        if (named->countersigners[i] == party) {
            return;
        }
    }
    if (named->countersigner_count < TJ_SLOTS_MAX) {
        named->countersigners[named->countersigner_count++] = party;
    }
}

void tj_add_countersigners(struct tj_named *named, const struct tj_slots *slots)
{
    for (uint32_t i = 0; i < slots->count; i++) {
        if (slots->slots[i].use == TJ_USE_COUNTERSIGN) {
            tj_add_countersigner(named, slots->slots[i].party);
        }
    }
}

const struct tj_rule_object *tj_next_rule(const struct tj_state *state, size_t *step,
                                          uint32_t *number, uint64_t holder, uint64_t record_id,
                                          uint64_t received_ns)
{
    uint32_t found;
    while (tj_state_next_rule(state, step, &found, holder)) {
        TJ_VERIFY_CHECK(found < TJ_RULES_MAX);
        const struct tj_rule_object *rule = tj_state_rule(state, found);
        if (rule != NULL && rule->holder == holder &&
            tj_rule_in_force(rule, record_id, received_ns)) {
            if (number != NULL) {
                *number = found;
            }
            return rule;
        }
    }
    return NULL;
}

static bool in_holding(uint32_t party, uint64_t account, const struct tj_account_object *object)
{
    return tj_account_party(account) == party && !tj_class_is_contra(object->class);
}

bool tj_leaves(uint64_t holder, const struct tj_passage *p)
{
    uint32_t party = tj_account_party(holder);
    uint64_t from = tj_movement_from(p->record);
    TJ_VERIFY_CHECK(p->from != NULL && p->to != NULL);
    if (tj_holder_is_party(holder)) {
        return in_holding(party, from, p->from) &&
               !in_holding(party, tj_movement_to(p->record), p->to);
    }
    return from == holder;
}

bool tj_enters(uint64_t holder, const struct tj_passage *p)
{
    uint32_t party = tj_account_party(holder);
    uint64_t to = tj_movement_to(p->record);
    if (tj_holder_is_party(holder)) {
        return in_holding(party, to, p->to) &&
               !in_holding(party, tj_movement_from(p->record), p->from);
    }
    return to == holder;
}

/* Rules are found in no order, and the first of those that want the same is named. */
static bool wants_more(uint32_t wanted, uint32_t number, uint32_t most, uint32_t rule, bool first)
{
    return first || wanted > most || (wanted == most && number < rule);
}

/* A demand grows by what one more tier wants: of each thing the most, and whose it is. */
static void add_tier(struct tj_demand *out, const struct tj_rule_object *tier, uint32_t number)
{
    bool first = out->tiers == 0;
    if (wants_more(tier->approvals, number, out->approvals, out->rule, first)) {
        out->approvals = tier->approvals;
        out->rule = number;
    }
    if (wants_more(tier->window_s, number, out->delay_s, out->delay_rule, first)) {
        out->delay_s = tier->window_s;
        out->delay_rule = number;
    }
    for (uint32_t group = 1; group <= TJ_GROUP_MAX; group++) {
        bool wanted = (tier->groups >> group & 1) != 0;
        bool known = (out->groups >> group & 1) != 0;
        if (wanted && (!known || number < out->group_rules[group])) {
            out->group_rules[group] = number;
        }
    }
    out->groups |= tier->groups;
    out->tiers++;
}

void tj_demand_of(const struct tj_state *state, struct tj_demand *out, const struct tj_passage *p)
{
    const struct tj_rule_object *rule;
    size_t step = 0;
    uint32_t number;
    uint64_t holder = tj_account_id(tj_account_party(tj_movement_from(p->record)), TJ_LOCAL_ALL);
    memset(out, 0, sizeof *out);
    while ((rule = tj_next_rule(state, &step, &number, holder, p->id, p->received_ns)) != NULL) {
        if (tj_is_tier_of(rule, p)) {
            add_tier(out, rule, number);
        }
    }
    TJ_VERIFY_CHECK(out->tiers == 0 || out->approvals > 0 || out->groups > 0 || out->delay_s > 0);
}

/* ---- outflow limits ---- */

enum { RING = TJ_WINDOW_STEPS + 1 };

uint64_t tj_window_step(const struct tj_rule_object *rule, uint64_t received_ns)
{
    uint32_t step_s = rule->window_s / TJ_WINDOW_STEPS;
    return received_ns / TJ_NS_PER_S / (step_s > 0 ? step_s : 1); /* 0: damaged storage */
}

uint64_t tj_window_used(const struct tj_rule_object *rule, uint64_t received_ns)
{
    uint64_t now = tj_window_step(rule, received_ns);
    uint64_t used = 0;
    /* Of the ring's steps, newest - 16 to newest, those that are not older than now - 16. */
    for (uint64_t back = 0; back < RING && back <= rule->window.step; back++) {
        uint64_t step = rule->window.step - back;
        if (step + TJ_WINDOW_STEPS >= now) {
            used += rule->window.sums[step % RING];
        }
    }
    return used;
}

/* What the ring forgets on the way to `now` must be too old to count there. */
uint64_t *tj_window_sum(struct tj_rule_object *rule, uint64_t received_ns)
{
    uint64_t now = tj_window_step(rule, received_ns);
    TJ_VERIFY_ONLY const bool later = now >= rule->window.step; /* else damaged storage */
    TJ_VERIFY_ONLY const uint64_t used = TJ_VERIFYING ? tj_window_used(rule, received_ns) : 0;
    if (now - rule->window.step >= RING) {
        memset(rule->window.sums, 0, sizeof rule->window.sums);
        rule->window.step = now;
    }
    while (rule->window.step < now) {
        rule->window.sums[++rule->window.step % RING] = 0;
    }
    TJ_VERIFY_CHECK(rule->window.step == now || !later);
    TJ_VERIFY_CHECK(tj_window_used(rule, received_ns) == used || !later);
    return &rule->window.sums[now % RING];
}

/* ---- programmes ---- */

bool tj_programme_runs(const struct tj_rule_object *rule, uint64_t record_id, uint64_t received_ns)
{
    uint32_t day = tj_day_of(received_ns);
    return tj_rule_in_force(rule, record_id, received_ns) && day >= rule->starts &&
           day <= rule->ends;
}

/* What the reserve gains by it, or loses. */
static tj_i128 gain_of(const struct tj_passage *p, bool in)
{
    tj_i128 amount = (tj_i128)tj_movement_amount(p->record).base;
    if (in) {
        return amount;
    }
    return -amount;
}

/* What was there before the ledger was bought under no programme. But who was there before the
 * programme has to hear of it, or a treasury that is registered late could open with any amount. */
static void change_of_opening(struct tj_programme_change *change, const struct tj_passage *p,
                              bool in)
{
    change->brought_in = gain_of(p, in);
    if (in && !p->vouched) {
        change->unclassified = change->brought_in;
    }
}

static void change_of_new(const struct tj_rule_object *rule, struct tj_programme_change *change,
                          const struct tj_passage *p, bool in)
{
    tj_i128 amount = (tj_i128)tj_movement_amount(p->record).base;
    uint8_t purpose = tj_movement_purpose(p->record);
    if (tj_movement_opening(p->record)) {
        change_of_opening(change, p, in);
        return;
    }
    if ((rule->purposes >> purpose & 1) != 0) {
        *(in ? &change->counted_in : &change->counted_out) = amount;
    } else if (in && !p->vouched) {
        change->unclassified = amount;
    }
}

/* What change_of_opening did for the record that it corrects, by this amount. */
static void change_back_opening(struct tj_programme_change *change, const struct tj_passage *p,
                                bool in)
{
    change->brought_in = gain_of(p, in);
    if (!in && !p->named_vouched) {
        change->unclassified = change->brought_in;
    }
}

/* What it corrects counted the other way round, if it did. */
static void change_of_correct(const struct tj_rule_object *rule, struct tj_programme_change *change,
                              const struct tj_passage *p, bool in)
{
    tj_i128 amount = (tj_i128)tj_movement_amount(p->record).base;
    uint8_t purpose = tj_movement_purpose(p->record);
    uint32_t day = tj_day_of(p->named->received_ns);
    bool named_counted =
        tj_movement_refers_to(p->record) > rule->set && day >= rule->starts && day <= rule->ends;
    bool opening = tj_movement_opening(p->record);
    bool taken_off = named_counted && !opening && (rule->purposes >> purpose & 1) != 0;
    if (named_counted && opening) {
        change_back_opening(change, p, in);
        return;
    }
    if (taken_off) {
        *(in ? &change->counted_out : &change->counted_in) = -amount;
        change->corrected = (tj_u128)amount;
        change->day_of_named = !in;
    } else if (named_counted && !in && !p->named_vouched) {
        change->unclassified = -amount;
    }
    if (in && !taken_off && !p->vouched) {
        change->unclassified = amount;
    }
}

bool tj_programme_change(const struct tj_rule_object *rule, struct tj_programme_change *change,
                         const struct tj_passage *p)
{
    bool to_reserve = p->to->class == TJ_CLASS_RESERVE;
    memset(change, 0, sizeof *change);
    if (!tj_crosses_reserve(p->from, p->to) || !tj_programme_runs(rule, p->id, p->received_ns)) {
        return false;
    }
    if (tj_record_kind(p->record) == TJ_CORRECT) {
        change_of_correct(rule, change, p, to_reserve);
    } else {
        change_of_new(rule, change, p, to_reserve);
    }
    TJ_VERIFY_CHECK(change->counted_in == 0 || change->counted_out == 0);
    TJ_VERIFY_CHECK(change->corrected == 0 || change->counted_in < 0 || change->counted_out < 0);
    TJ_VERIFY_CHECK(!change->day_of_named || change->counted_in < 0);
    TJ_VERIFY_CHECK(change->brought_in == 0 || (change->counted_in == 0 && change->corrected == 0));
    return change->counted_in != 0 || change->counted_out != 0 || change->unclassified != 0 ||
           change->brought_in != 0;
}

void tj_programme_count(struct tj_rule_object *rule, const struct tj_passage *p,
                        const struct tj_programme_change *change)
{
    struct tj_programme_sums *sums = &rule->programme;
    uint32_t today = tj_day_of(p->received_ns);
    TJ_VERIFY_CHECK(tj_programme_runs(rule, p->id, p->received_ns));
    sums->counted_in += (tj_u128)change->counted_in;
    sums->counted_out += (tj_u128)change->counted_out;
    sums->unclassified += (tj_u128)change->unclassified;
    sums->corrected += change->corrected;
    sums->brought_in += change->brought_in;
    if (change->day_of_named) {
        if (tj_day_of(p->named->received_ns) == sums->day) {
            sums->day_amount += (uint64_t)change->counted_in;
        }
    } else if (change->counted_in != 0) {
        sums->day_amount =
            (sums->day == today ? sums->day_amount : 0) + (uint64_t)change->counted_in;
        sums->day = today;
    }
}

bool tj_programme_broken(const struct tj_rule_object *rule,
                         const struct tj_programme_change *change)
{
    const struct tj_programme_sums *sums = &rule->programme;
    bool raised = change->counted_in > change->counted_out;
    bool bounded = rule->type == TJ_PROGRAMME_CEILING || rule->type == TJ_PROGRAMME_MANDATE;
    return bounded && raised &&
           (tj_programme_net(sums) > (tj_i128)rule->amount ||
            (change->counted_in > 0 && rule->amount_day != 0 &&
             sums->day_amount > rule->amount_day));
}
