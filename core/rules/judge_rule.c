#include "core/rules/signing.h"

#include <inttypes.h>

/* docs/FORMAT.md section 7.3. What the rules count is in rule.c, which the effects use too: what is
 * judged and what is counted cannot differ. */

static const char *amount_text(char out[TJ_AMOUNT_TEXT_SIZE], const struct tj_asset_object *asset,
                               tj_i128 base)
{
    tj_amount_format(out, base, asset->decimals);
    return out;
}

/* A walk over the limits of one holder that look at a movement which leaves or enters it. */
struct walk {
    const struct tj_state *state;
    const struct tj_passage *passage;
    uint64_t holder;
    uint8_t direction; /* TJ_FREEZE_OUT: it leaves; TJ_FREEZE_IN: it enters */
    size_t step;
    uint32_t number; /* of the rule found last */
};

/* A limit of the walk's holder, in force, looks at the movement. */
static bool looks_at(const struct tj_rule_object *rule, const struct walk *walk)
{
    switch ((enum tj_limit_type)rule->type) {
    case TJ_LIMIT_FREEZE:
    case TJ_LIMIT_PURPOSES:
    case TJ_LIMIT_COUNTERPARTY:
        return (rule->directions & walk->direction) != 0;
    case TJ_LIMIT_OUTFLOW:
        return walk->direction == TJ_FREEZE_OUT && tj_limits_outflow(rule, walk->passage);
    case TJ_LIMIT_BALANCE:
        return walk->direction == TJ_FREEZE_IN && rule->asset == walk->passage->to->asset;
    case TJ_LIMIT_END:
        break;
    }
    return false; /* damaged storage */
}

/* Of one type, or of any: TJ_LIMIT_END. */
static const struct tj_rule_object *next_limit(struct walk *walk, uint8_t type)
{
    const struct tj_rule_object *rule;
    do {
        rule = tj_next_rule(walk->state, &walk->step, &walk->number, walk->holder,
                            walk->passage->id, walk->passage->received_ns);
    } while (rule != NULL &&
             (rule->kind != TJ_SET_LIMIT || (type != TJ_LIMIT_END && rule->type != type) ||
              !looks_at(rule, walk)));
    return rule;
}

/* ---- freeze, purposes, counterparties: what may never be ---- */

/* 7.3, step 1: who is frozen as a party is frozen whatever the movement is for, so this comes
 * before the rules that look at it. */
static enum tijori_status judge_freeze(struct walk walk, struct tj_verdict *verdict)
{
    const bool out = walk.direction == TJ_FREEZE_OUT;
    if (next_limit(&walk, TJ_LIMIT_FREEZE) == NULL) {
        return TIJORI_OK;
    }
    TJ_VERIFY_CHECK(tj_holder_is_party(walk.holder)); /* an account has a freeze of its own */
    return tj_refuse_detail(verdict, TIJORI_PARTY_FROZEN, out ? "from" : "to",
                            "rule %" PRIu32 " freezes party %" PRIu32 " %s", walk.number,
                            tj_account_party(walk.holder), out ? "outwards" : "inwards");
}

/* 7.3, step 2: every limit has to have the purpose, so that one more limit never allows more. */
static enum tijori_status judge_purposes(struct walk walk, struct tj_verdict *verdict)
{
    const struct tj_rule_object *rule;
    uint8_t purpose = tj_movement_purpose(walk.passage->record);
    while ((rule = next_limit(&walk, TJ_LIMIT_PURPOSES)) != NULL) {
        TJ_VERIFY_CHECK(rule->directions != 0 && rule->purposes != 0);
        if ((rule->purposes >> purpose & 1) == 0) {
            return tj_refuse_detail(verdict, TIJORI_LIMIT_PURPOSES, "purpose",
                                    "rule %" PRIu32 ": %s is not among what may %s here",
                                    walk.number, tj_purpose_names[purpose],
                                    walk.direction == TJ_FREEZE_OUT ? "leave" : "enter");
        }
    }
    return TIJORI_OK;
}

/* 7.3, step 3: unlike other limits these add up. Each names one more counterparty that is allowed,
 * and only where there is at least one are all others barred. So it takes the whole walk to refuse,
 * and the rule that a refusal names is the first of them. */
static enum tijori_status judge_counterparty(struct walk walk, struct tj_verdict *verdict)
{
    const struct tj_rule_object *rule;
    bool out = walk.direction == TJ_FREEZE_OUT;
    const uint8_t *record = walk.passage->record;
    uint64_t other = out ? tj_movement_to(record) : tj_movement_from(record);
    uint64_t other_all = tj_account_id(tj_account_party(other), TJ_LOCAL_ALL);
    uint32_t first = TJ_NOWHERE;
    while ((rule = next_limit(&walk, TJ_LIMIT_COUNTERPARTY)) != NULL) {
        if (rule->counterparty == other || rule->counterparty == other_all) {
            return TIJORI_OK;
        }
        if (first == TJ_NOWHERE) {
            first = walk.number;
        }
    }
    if (first == TJ_NOWHERE) {
        return TIJORI_OK; /* there is no such limit */
    }
    char text[TJ_ACCOUNT_TEXT_SIZE];
    tj_account_format(text, other);
    return tj_refuse_detail(verdict, TIJORI_LIMIT_COUNTERPARTY, out ? "to" : "from",
                            "rule %" PRIu32 " and those like it do not name account %s", first,
                            text);
}

/* ---- outflow and balance: how much ---- */

/* In an audit: bodies that would tell how much are not there. The rule is counted as not judged. */
static bool not_known(struct tj_state *state, const struct walk *walk)
{
    bool unknown = tj_balance_unknown(state, walk->holder);
    state->unjudged += unknown;
    return unknown;
}

/* 7.3, step 4: of a holder that the movement leaves. The sum has 128 bits, so that a large amount
 * cannot wrap around and fit. */
static enum tijori_status judge_outflow(struct tj_state *state, struct walk walk,
                                        const struct tj_asset_object *asset,
                                        struct tj_verdict *verdict)
{
    const struct tj_rule_object *rule;
    const struct tj_passage *p = walk.passage;
    uint64_t amount = tj_movement_amount(p->record).base;
    while ((rule = next_limit(&walk, TJ_LIMIT_OUTFLOW)) != NULL) {
        if (not_known(state, &walk)) {
            continue;
        }
        TJ_VERIFY_CHECK(rule->window.step <= tj_window_step(rule, p->received_ns));
        tj_u128 used = tj_window_used(rule, p->received_ns);
        TJ_VERIFY_CHECK(used <= rule->amount); /* all that it counts was judged */
        if (used + amount > rule->amount) {
            char max[TJ_AMOUNT_TEXT_SIZE];
            char out[TJ_AMOUNT_TEXT_SIZE];
            char left[TJ_AMOUNT_TEXT_SIZE];
            tj_i128 over = (tj_i128)rule->amount - (tj_i128)used;
            return tj_refuse_detail(verdict, TIJORI_LIMIT_OUTFLOW, "amount",
                                    "rule %" PRIu32 ": %s %.8s in %" PRIu32 " s, %s used, %s left",
                                    walk.number, amount_text(max, asset, (tj_i128)rule->amount),
                                    asset->code, rule->window_s,
                                    amount_text(out, asset, (tj_i128)used),
                                    amount_text(left, asset, over > 0 ? over : 0));
        }
    }
    return TIJORI_OK;
}

/* What the holder has in the movement's asset. A holding is the sum of its accounts' balances, kept
 * apart because a party may have millions of them. */
static tj_i128 balance_now(const struct walk *walk)
{
    if (!tj_holder_is_party(walk->holder)) {
        TJ_VERIFY_CHECK(!tj_class_is_contra(walk->passage->to->class));
        return tj_account_balance(walk->passage->to);
    }
    const struct tj_holding_object *holding =
        tj_state_holding(walk->state, tj_account_party(walk->holder), walk->passage->to->asset);
    if (holding == NULL) {
        return 0;
    }
    TJ_VERIFY_CHECK(holding->in >= holding->out);
    return (tj_i128)(holding->in - holding->out);
}

/* 7.3, step 5: of a holder that the movement enters. A holder that had more than the limit when it
 * was set may keep what it has, but gets no more. */
static enum tijori_status judge_balance_limit(struct tj_state *state, struct walk walk,
                                              const struct tj_asset_object *asset,
                                              struct tj_verdict *verdict)
{
    const struct tj_rule_object *rule;
    const struct tj_passage *p = walk.passage;
    tj_i128 amount = (tj_i128)tj_movement_amount(p->record).base;
    while ((rule = next_limit(&walk, TJ_LIMIT_BALANCE)) != NULL) {
        if (not_known(state, &walk)) {
            continue;
        }
        tj_i128 now = balance_now(&walk);
        TJ_VERIFY_CHECK(now >= 0); /* I3 */
        if (now + amount > (tj_i128)rule->amount) {
            char max[TJ_AMOUNT_TEXT_SIZE];
            char held[TJ_AMOUNT_TEXT_SIZE];
            char left[TJ_AMOUNT_TEXT_SIZE];
            tj_i128 over = (tj_i128)rule->amount - now;
            return tj_refuse_detail(verdict, TIJORI_LIMIT_BALANCE, "amount",
                                    "rule %" PRIu32 ": at most %s %.8s, %s there, %s left",
                                    walk.number, amount_text(max, asset, (tj_i128)rule->amount),
                                    asset->code, amount_text(held, asset, now),
                                    amount_text(left, asset, over > 0 ? over : 0));
        }
    }
    return TIJORI_OK;
}

/* ---- the four holders of a movement ---- */

/* 7.3, steps 1 to 5. The first three bar what may never be, the last two say how much. */
enum { FORBID_STEPS = 3, LIMIT_STEPS = 5 };
static enum tijori_status judge_limit_step(int step, struct tj_state *state, struct walk walk,
                                           const struct tj_asset_object *asset,
                                           struct tj_verdict *verdict)
{
    switch (step) {
    case 1:
        return judge_freeze(walk, verdict);
    case 2:
        return judge_purposes(walk, verdict);
    case 3:
        return judge_counterparty(walk, verdict);
    case 4:
        return judge_outflow(state, walk, asset, verdict);
    case 5:
        return judge_balance_limit(state, walk, asset, verdict);
    }
    abort();
}

/* Any limit of this holder is in force for the movement. */
#ifdef TIJORI_VERIFY
static bool is_limited(const struct tj_state *state, const struct tj_passage *p, uint64_t holder)
{
    size_t step = 0;
    const struct tj_rule_object *rule;
    while ((rule = tj_next_rule(state, &step, NULL, holder, p->id, p->received_ns)) != NULL) {
        if (rule->kind == TJ_SET_LIMIT) {
            return true;
        }
    }
    return false;
}
#endif

/* The account and all of its party, on the side that the movement leaves (enters), where there may
 * be limits: at most two, most often none. Both carry a flag that there ever was a limit, so that
 * most movements need not look for any. */
static uint32_t meet(const struct tj_state *state, struct walk out[2], const struct tj_passage *p,
                     uint8_t direction)
{
    bool leaving = direction == TJ_FREEZE_OUT;
    uint64_t account = leaving ? tj_movement_from(p->record) : tj_movement_to(p->record);
    const struct tj_account_object *object = leaving ? p->from : p->to;
    const struct tj_party_object *party = tj_state_party(state, tj_account_party(account));
    uint64_t all = tj_account_id(tj_account_party(account), TJ_LOCAL_ALL);
    bool account_ruled = (object->flags & TJ_ACCOUNT_RULED) != 0;
    bool party_limited = (party->ruled & TJ_PARTY_LIMITED) != 0;
    TJ_VERIFY_CHECK(account_ruled || !is_limited(state, p, account));
    TJ_VERIFY_CHECK(party_limited || !is_limited(state, p, all));
    uint32_t count = 0;
    if (account_ruled) {
        out[count++] = (struct walk){state, p, account, direction, 0, 0};
    }
    if (party_limited && (leaving ? tj_leaves(all, p) : tj_enters(all, p))) {
        out[count++] = (struct walk){state, p, all, direction, 0, 0};
    }
    return count;
}

/* 7.3, steps 1 to 5: step by step, and in each the holders in the order of section 7.3, leaving
 * before entering and the account before its party. A pending movement `moves` nothing yet; and of
 * one that names a record which is not here (in an audit) it cannot be judged how much. Both meet
 * only the steps that bar what may never be. */
static enum tijori_status judge_limits(struct tj_state *state, const struct tj_passage *p,
                                       bool moves, const struct tj_asset_object *asset,
                                       struct tj_verdict *verdict)
{
    struct walk met[4];
    uint32_t count = meet(state, met, p, TJ_FREEZE_OUT);
    count += meet(state, met + count, p, TJ_FREEZE_IN);
    for (int step = 1; step <= (moves ? LIMIT_STEPS : FORBID_STEPS) && count > 0; step++) {
        for (uint32_t i = 0; i < count; i++) {
            enum tijori_status status = judge_limit_step(step, state, met[i], asset, verdict);
            if (status != TIJORI_OK) {
                return status;
            }
        }
    }
    return TIJORI_OK;
}

/* ---- tiers ---- */

/* 7.3, step 6, APPROVALS. The rule that is told is one that is not kept. */
static enum tijori_status judge_approvals(const struct tj_approvals *given,
                                          struct tj_verdict *verdict)
{
    const struct tj_demand *wanted = &given->wanted;
    if (given->count < wanted->approvals) {
        return tj_refuse_detail(verdict, TIJORI_APPROVALS, "amount",
                                "rule %" PRIu32 ": %" PRIu32 " approvals wanted, %" PRIu32 " given",
                                wanted->rule, wanted->approvals, given->count);
    }
    if (given->groups_missing != 0) {
        int group = __builtin_ctz(given->groups_missing);
        TJ_VERIFY_CHECK(group > 0 && group <= (int)TJ_GROUP_MAX);
        return tj_refuse_detail(verdict, TIJORI_APPROVALS, "amount",
                                "rule %" PRIu32 ": none of group %d approved",
                                wanted->group_rules[group], group);
    }
    return TIJORI_OK;
}

/* 7.3, step 6, DELAY: asked after APPROVALS, because it is of no use to wait while approvals are
 * lacking. */
static enum tijori_status judge_delay(const struct tj_passage *p, const struct tj_demand *wanted,
                                      struct tj_verdict *verdict)
{
    uint64_t left_ns;
    TJ_VERIFY_CHECK(tj_record_kind(p->record) != TJ_POST || p->received_ns > p->named->received_ns);
    switch (tj_demand_wait(&left_ns, wanted, p)) {
    case TJ_WAIT_NONE:
        return TIJORI_OK;
    case TJ_WAIT_NEVER:
        return tj_refuse_detail(verdict, TIJORI_DELAY, "kind",
                                "rule %" PRIu32 ": waits %" PRIu32 " s", wanted->delay_rule,
                                wanted->delay_s);
    case TJ_WAIT_LEFT:
        return tj_refuse_detail(verdict, TIJORI_DELAY, "refers_to",
                                "rule %" PRIu32 ": waits %" PRIu32 " s, %" PRIu64 " s left",
                                wanted->delay_rule, wanted->delay_s, tj_s_of_ns_up(left_ns));
    }
    abort();
}

/* 7.3, step 6. A movement has to keep every tier below its amount: a weak one beside a strong one
 * would else take the strong one's place. The approvals of a post were gathered by approve records,
 * which may stand in bodies that an audit does not have. Its delay is known all the same: it counts
 * from an entry, and entries are all here. */
static enum tijori_status judge_tiers(struct tj_state *state, const struct tj_case *c,
                                      const struct tj_passage *p, struct tj_verdict *verdict)
{
    struct tj_demand wanted;
    tj_demand_met(state, &wanted, p);
    if (wanted.tiers == 0) {
        return TIJORI_OK;
    }
    if (tj_record_kind(p->record) == TJ_POST &&
        tj_balance_unknown(state, tj_movement_from(p->record))) {
        state->unjudged++;
        return judge_delay(p, &wanted, verdict);
    }
    struct tj_key_set signed_by;
    struct tj_approvals given;
    TJ_VERIFY_CHECK(tj_account_party(tj_movement_from(p->record)) == c->header->party);
    tj_approvers(state, signed_by.keys, c->header, c->slots);
    tj_approvals_of(state, &given, p, &signed_by, tj_pending_posted(p->record));
    enum tijori_status status = judge_approvals(&given, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    return judge_delay(p, &wanted, verdict);
}

/* ---- programmes ---- */

/* Says which bound was broken and how much of it was left before this movement. A bound that is
 * enforced was never passed before, since all that raises a sum is judged. */
static enum tijori_status refuse_counted(const struct tj_rule_object *before,
                                         const struct tj_rule_object *after, uint32_t number,
                                         const struct tj_asset_object *asset,
                                         struct tj_verdict *verdict)
{
    char max[TJ_AMOUNT_TEXT_SIZE];
    char net[TJ_AMOUNT_TEXT_SIZE];
    bool daily = tj_programme_net(&after->programme) <= (tj_i128)after->amount;
    tj_i128 bound = (tj_i128)(daily ? after->amount_day : after->amount);
    /* What was counted today before: the rest of what is counted now. */
    tj_i128 counted =
        daily ? (tj_i128)after->programme.day_amount -
                    (tj_i128)(after->programme.counted_in - before->programme.counted_in)
              : tj_programme_net(&before->programme);
    TJ_VERIFY_CHECK(counted <= bound);
    char left[TJ_AMOUNT_TEXT_SIZE];
    return tj_refuse_detail(
        verdict, TIJORI_PROGRAMME, "amount", "rule %" PRIu32 ", %s: %s %.8s%s, %s counted, %s left",
        number, tj_programme_names[after->type], amount_text(max, asset, bound), asset->code,
        daily ? " a day" : " net", amount_text(net, asset, counted),
        amount_text(left, asset, bound > counted ? bound - counted : 0));
}

/* 7.3, step 7, of a minimum: it counts nothing by itself, but looks at what the asset's reserve
 * accounts hold together. Only what lowers the reserve can break it. */
static enum tijori_status judge_minimum(const struct tj_state *state, const struct tj_passage *p,
                                        const struct tj_asset_object *asset,
                                        struct tj_verdict *verdict)
{
    if (asset->minimum_set == 0 || p->from->class != TJ_CLASS_RESERVE) {
        return TIJORI_OK;
    }
    const struct tj_rule_object *rule = tj_state_rule(state, asset->minimum_rule);
    if (rule == NULL) { /* damaged storage */
        return TIJORI_OK;
    }
    TJ_VERIFY_CHECK(rule->kind == TJ_PROGRAMME && rule->type == TJ_PROGRAMME_MINIMUM);
    if (rule->mode != TJ_MODE_ENFORCE || !tj_programme_runs(rule, p->id, p->received_ns)) {
        return TIJORI_OK;
    }
    tj_i128 reserve = tj_reserve_of(asset);
    TJ_VERIFY_CHECK(reserve >= (tj_i128)tj_movement_amount(p->record).base); /* I3 */
    if (reserve - (tj_i128)tj_movement_amount(p->record).base >= (tj_i128)rule->amount) {
        return TIJORI_OK;
    }
    char min[TJ_AMOUNT_TEXT_SIZE];
    char held[TJ_AMOUNT_TEXT_SIZE];
    return tj_refuse_detail(verdict, TIJORI_PROGRAMME, "amount",
                            "rule %" PRIu32 ", minimum: %s %.8s, the reserve holds %s",
                            asset->minimum_rule, amount_text(min, asset, (tj_i128)rule->amount),
                            asset->code, amount_text(held, asset, reserve));
}

/* 7.3, step 7. Whether a movement breaks a programme is asked of a copy in which it is counted
 * already: the effect counts in the same way, and finds the same breaches where a programme only
 * reports. */
static enum tijori_status judge_programmes(const struct tj_state *state, const struct tj_passage *p,
                                           const struct tj_asset_object *asset,
                                           struct tj_verdict *verdict)
{
    const struct tj_rule_object *rule;
    size_t step = 0;
    uint32_t number;
    uint64_t holder = tj_programmes_of(p->from->asset);
    while ((rule = tj_next_rule(state, &step, &number, holder, p->id, p->received_ns)) != NULL) {
        struct tj_programme_change change;
        TJ_VERIFY_CHECK(rule->kind == TJ_PROGRAMME && rule->asset == p->from->asset);
        if (rule->mode != TJ_MODE_ENFORCE || !tj_programme_change(rule, &change, p)) {
            continue;
        }
        struct tj_rule_object after = *rule;
        tj_programme_count(&after, p, &change);
        if (tj_programme_broken(&after, &change)) {
            return refuse_counted(rule, &after, number, asset, verdict);
        }
    }
    return judge_minimum(state, p, asset, verdict);
}

/* 7.3, in its order. A pending movement stops after what may never be: how much, who approves and
 * what a programme counts is asked when it is posted, by what is so then. What names a record that
 * is not here is on no reserve account, so no programme counts it. Who approves a correct and how
 * long a post waited is known all the same, from the slots and the times of entries. */
enum tijori_status tj_judge_rules(struct tj_state *state, const struct tj_case *c,
                                  const uint8_t *record, const struct tj_account_object *from,
                                  const struct tj_account_object *to, const struct tj_named *named,
                                  struct tj_verdict *verdict)
{
    struct tj_passage p = {
        .record = record,
        .id = tj_record_id(c->index, verdict->record),
        .received_ns = c->received_ns,
        .from = from,
        .to = to,
        .named = named,
    };
    const struct tj_asset_object *asset = tj_state_asset(state, p.from->asset);
    bool absent = named != NULL && named->absent;
    bool moves = (tj_record_kind(record) == TJ_MOVE || named != NULL) && !absent;
    TJ_VERIFY_CHECK(moves || tj_record_kind(record) == TJ_PENDING || state->partial);
    TJ_VERIFY_CHECK(from->asset == to->asset || state->partial);
    enum tijori_status status = judge_limits(state, &p, moves, asset, verdict);
    if (status != TIJORI_OK || tj_record_kind(record) == TJ_PENDING) {
        return status;
    }
    status = judge_tiers(state, c, &p, verdict);
    if (status != TIJORI_OK || absent) {
        return status;
    }
    /* 7.3, step 7: programmes count what crosses the reserve's border. */
    if (!tj_crosses_reserve(p.from, p.to)) {
        return TIJORI_OK;
    }
    p.vouched = tj_vouched(state, record, c->slots, named);
    p.named_vouched = named != NULL && tj_named_vouched(state, named);
    return judge_programmes(state, &p, asset, verdict);
}

/* ---- for people ---- */

/* The same walks, without a verdict. A minimum counts nothing by itself, so it is asked of the
 * asset, as the judge does. */
void tj_rules_met(const struct tj_state *state, const struct tj_passage *p, void *context,
                  void (*visit)(void *context, uint32_t rule))
{
    struct walk met[4];
    size_t step = 0;
    uint32_t number;
    uint32_t count = meet(state, met, p, TJ_FREEZE_OUT);
    count += meet(state, met + count, p, TJ_FREEZE_IN);
    for (uint32_t i = 0; i < count; i++) {
        while (next_limit(&met[i], TJ_LIMIT_END) != NULL) {
            visit(context, met[i].number);
        }
    }
    uint64_t owner = tj_account_id(tj_account_party(tj_movement_from(p->record)), TJ_LOCAL_ALL);
    const struct tj_rule_object *rule;
    while ((rule = tj_next_rule(state, &step, &number, owner, p->id, p->received_ns)) != NULL) {
        if (tj_is_tier_of(rule, p)) {
            visit(context, number);
        }
    }
    if (!tj_crosses_reserve(p->from, p->to)) {
        return;
    }
    const uint64_t holder = tj_programmes_of(p->from->asset);
    const bool corrects = tj_record_kind(p->record) == TJ_CORRECT;
    const bool told = !corrects || (p->named != NULL && !p->named->absent);
    step = 0;
    while ((rule = tj_next_rule(state, &step, &number, holder, p->id, p->received_ns)) != NULL) {
        struct tj_programme_change change;
        const bool looks = rule->type == TJ_PROGRAMME_MINIMUM
                               ? p->from->class == TJ_CLASS_RESERVE
                               : told && tj_programme_change(rule, &change, p);
        if (looks && tj_programme_runs(rule, p->id, p->received_ns)) {
            visit(context, number);
        }
    }
}
