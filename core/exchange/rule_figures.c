#include "core/exchange/rule_figures.h"

static tj_i128 balance_of(const struct tj_state *state, const struct tj_rule_object *rule)
{
    uint32_t party = tj_account_party(rule->holder);
    if (!tj_holder_is_party(rule->holder)) {
        const struct tj_account_object *account = tj_state_account(state, rule->holder);
        if (account != NULL) {
            return tj_account_balance(account);
        }
        return 0;
    }
    const struct tj_holding_object *holding = tj_state_holding(state, party, rule->asset);
    if (holding != NULL) {
        return (tj_i128)(holding->in - holding->out);
    }
    return 0;
}

static void limit_figures(const struct tj_state *state, struct tj_rule_figures *out,
                          const struct tj_rule_object *rule, uint64_t now_ns)
{
    bool flows = rule->type == TJ_LIMIT_OUTFLOW;
    out->bounded = flows || rule->type == TJ_LIMIT_BALANCE;
    if (out->bounded) {
        out->bound = (tj_i128)rule->amount;
        out->used = flows ? (tj_i128)tj_window_used(rule, now_ns) : balance_of(state, rule);
        out->left = out->bound - out->used;
    }
}

/* The asset counts for the minimum that is in force. */
static void minimum_figures(const struct tj_state *state, struct tj_rule_figures *out,
                            const struct tj_rule_object *rule, uint32_t number, uint64_t now_ns)
{
    const struct tj_asset_object *asset = tj_state_asset(state, rule->asset);
    if (asset == NULL || asset->minimum_set == 0 || asset->minimum_rule != number ||
        !tj_rule_in_force(rule, UINT64_MAX, now_ns)) {
        return;
    }
    out->bounded = true;
    out->bound = (tj_i128)rule->amount;
    out->used = tj_reserve_of(asset);
    out->left = out->used - out->bound;
    out->judged = true;
    out->breaches = asset->breaches;
    out->breach_first = asset->breach_first;
    out->breach_last = asset->breach_last;
}

static void programme_figures(const struct tj_state *state, struct tj_rule_figures *out,
                              const struct tj_rule_object *rule, uint32_t number, uint64_t now_ns)
{
    const struct tj_programme_sums *sums = &rule->programme;
    if (rule->type == TJ_PROGRAMME_MINIMUM) {
        minimum_figures(state, out, rule, number, now_ns);
        return;
    }
    out->counts = true;
    out->used = tj_programme_net(sums);
    out->unclassified = (tj_i128)sums->unclassified;
    out->corrected = (tj_i128)sums->corrected;
    out->brought_in = sums->brought_in;
    if (rule->type == TJ_PROGRAMME_ALLOCATION) {
        return;
    }
    out->bounded = true;
    out->bound = (tj_i128)rule->amount;
    out->left = out->bound - out->used;
    out->daily = rule->type == TJ_PROGRAMME_MANDATE;
    out->today = sums->day == tj_day_of(now_ns) ? (tj_i128)sums->day_amount : 0;
    out->judged = true;
    out->breaches = sums->breaches;
    out->breach_first = sums->breach_first;
    out->breach_last = sums->breach_last;
}

void tj_rule_figures(const struct tj_state *state, struct tj_rule_figures *out,
                     const struct tj_rule_object *rule, uint32_t number, uint64_t now_ns)
{
    memset(out, 0, sizeof *out);
    if (rule->kind == TJ_SET_LIMIT) {
        limit_figures(state, out, rule, now_ns);
    } else if (rule->kind == TJ_PROGRAMME) {
        programme_figures(state, out, rule, number, now_ns);
    }
}
