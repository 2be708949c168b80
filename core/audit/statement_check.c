#include "core/audit/statement_check.h"

#include <inttypes.h>

/* An amount with its unit, or a plain count. */
enum { VALUE_TEXT_SIZE = TJ_AMOUNT_TEXT_SIZE + 16 };

static const char *value_text(char out[VALUE_TEXT_SIZE], const struct tj_asset_object *asset,
                              bool is_count, tj_i128 value)
{
    char amount[TJ_AMOUNT_TEXT_SIZE];
    if (is_count) {
        tj_amount_format(amount, value, 0);
        snprintf(out, VALUE_TEXT_SIZE, "%s", amount);
        return out;
    }
    tj_amount_format(amount, value, asset->decimals);
    snprintf(out, VALUE_TEXT_SIZE, "%s %.8s", amount, asset->code);
    return out;
}

/* ---- statements ---- */

/* A programme's name stands in the record that set it. */
static void programme_name(const struct tj_past *past, char out[TJ_NAME_SIZE + 1],
                           const struct tj_rule_object *rule)
{
    struct tj_named named = {.absent = true};
    out[0] = '\0';
    if (past->record(past->context, &named, rule->set) && !named.absent) {
        struct tj_record r;
        tj_record_decode(&r, named.record);
        snprintf(out, TJ_NAME_SIZE + 1, "%s", r.name);
    }
}

/* "inflow of purpose purchase", "customers of party 2 (Bank)", "counted of rule 3 (No ...)". */
static void figure_text(const struct tj_state *state, char *out, size_t size,
                        const struct tj_past *past, const struct tj_record *r)
{
    const char *name = tj_figure_names[r->figure];
    const struct tj_rule_object *rule = tj_state_rule(state, r->rule);
    char called[TJ_NAME_SIZE + 1];
    switch ((enum tj_figure)r->figure) {
    case TJ_FIGURE_INFLOW:
    case TJ_FIGURE_OUTFLOW:
        snprintf(out, size, "%s of %s", name, tj_purpose_names[r->purpose]);
        return;
    case TJ_FIGURE_CUSTOMERS:
    case TJ_FIGURE_ATTESTED:
        snprintf(out, size, "%s of party %" PRIu32 " (%.48s)", name, r->party,
                 tj_state_party(state, r->party)->name);
        return;
    case TJ_FIGURE_COUNTED:
    case TJ_FIGURE_UNCLASSIFIED:
    case TJ_FIGURE_BREACHES:
        programme_name(past, called, rule);
        snprintf(out, size, "%s of rule %" PRIu32 " (%s)", name, r->rule, called);
        return;
    case TJ_FIGURE_OPENING:
    case TJ_FIGURE_CLOSING:
    case TJ_FIGURE_ADJUSTMENTS:
    case TJ_FIGURE_BROUGHT_IN:
    case TJ_FIGURE_END:
        break;
    }
    snprintf(out, size, "%s", name);
}

/* A figure that differs is a finding and no failure. The log is what it is; the statement about it
 * is wrong. Both amounts are named, so that a reader sees by how much. */
static void compare(struct tj_replay_report *report, const struct tj_state *state,
                    const struct tj_figures *figures, const struct tj_past *past, uint64_t index,
                    const struct tj_record *r)
{
    const struct tj_figure_key key = {.figure = r->figure,
                                      .purpose = r->purpose,
                                      .asset = r->asset,
                                      .party = r->party,
                                      .rule = r->rule,
                                      .period_from = r->period_from,
                                      .as_of = r->as_of};
    tj_i128 value = tj_figures_value(figures, &key);
    if (value == tj_statement_value(r->value)) {
        tj_pass(report, TJ_CHECK_STATEMENTS, 1);
        return;
    }
    const struct tj_asset_object *asset = tj_state_asset(state, r->asset);
    bool is_count = r->figure == TJ_FIGURE_BREACHES;
    char what[128];
    char stated[VALUE_TEXT_SIZE];
    char found[VALUE_TEXT_SIZE];
    figure_text(state, what, sizeof what, past, r);
    tj_find(report, index, "the statement says %s: %s; the log says %s", what,
            value_text(stated, asset, is_count, tj_statement_value(r->value)),
            value_text(found, asset, is_count, value));
}

void tj_audit_statement(struct tj_replay_report *report, const struct tj_state *state,
                        const struct tj_figures *figures, const struct tj_past *past,
                        uint64_t index, const struct tj_record *statement)
{
    TJ_VERIFY_CHECK(statement->kind == TJ_STATEMENT && statement->figure < TJ_FIGURE_END);
    if (statement->figure == TJ_FIGURE_ATTESTED) {
        return; /* its own word, which no log can contradict */
    }
    if (statement->figure == TJ_FIGURE_CUSTOMERS &&
        !tj_figures_know_customers(figures, statement->as_of)) {
        tj_skip(report, TJ_CHECK_STATEMENTS, 1,
                "customers' totals rest on restricted records that are not here");
        return;
    }
    compare(report, state, figures, past, index, statement);
}

/* ---- programmes ---- */

/* What a finding says of a programme's breaches. */
struct breaches {
    uint64_t count;
    uint64_t first;   /* record id of the first; 0: not known any more */
    const char *held; /* against the bound */
    tj_i128 now;
};

/* While a minimum is in force, its breaches are counted in the asset's object. How many there were
 * in all is a figure. */
static void breaches_of(struct breaches *out, const struct tj_asset_object *asset,
                        const struct tj_rule_object *rule, uint32_t number)
{
    out->held = "net";
    out->now = tj_programme_net(&rule->programme);
    out->first = rule->programme.breach_first;
    if (rule->type == TJ_PROGRAMME_MINIMUM) {
        out->held = "reserve";
        out->now = tj_reserve_of(asset);
        out->first = asset->minimum_rule == number ? asset->breach_first : 0;
    }
}

/* One sentence a programme, however many breaches: the first record is where a reader begins. */
static void find_breaches(struct tj_replay_report *report, const struct tj_asset_object *asset,
                          const struct tj_rule_object *rule, uint32_t number, const char *name,
                          const struct breaches *breaches)
{
    uint64_t entry = UINT64_MAX;
    char bound[VALUE_TEXT_SIZE];
    char now[VALUE_TEXT_SIZE];
    char where[64] = "";
    if (breaches->first != 0) {
        entry = tj_record_entry(breaches->first);
        snprintf(where, sizeof where, ", the first by record %" PRIu64 ":%" PRIu32, entry,
                 tj_record_position(breaches->first));
    }
    tj_find_standing(report, entry,
                     "programme %s (rule %" PRIu32 ", %s): %" PRIu64 " breach%s%s; %s %s, bound %s",
                     name, number, tj_programme_names[rule->type], breaches->count,
                     breaches->count == 1 ? "" : "es", where, breaches->held,
                     value_text(now, asset, false, breaches->now),
                     value_text(bound, asset, false, (tj_i128)rule->amount));
}

/* A rule may allow a breach to happen, and nobody may have vouched for an accumulation. Neither is
 * a failure of the log. But whoever relies on the programme must read of them. */
static void audit_programme(struct tj_replay_report *report, const struct tj_state *state,
                            const struct tj_figures *figures, const struct tj_past *past,
                            uint32_t number)
{
    const struct tj_rule_object *rule = tj_state_rule(state, number);
    const struct tj_asset_object *asset = tj_state_asset(state, rule->asset);
    const struct tj_figure_key key = {.figure = TJ_FIGURE_BREACHES,
                                      .asset = rule->asset,
                                      .rule = number,
                                      .period_from = 1,
                                      .as_of = UINT32_MAX};
    struct breaches breaches = {.count = (uint64_t)tj_figures_value(figures, &key)};
    char name[TJ_NAME_SIZE + 1];
    char amount[VALUE_TEXT_SIZE];
    programme_name(past, name, rule);
    breaches_of(&breaches, asset, rule, number);
    if (breaches.count > 0) {
        find_breaches(report, asset, rule, number, name, &breaches);
    }
    bool bounds = rule->type == TJ_PROGRAMME_CEILING || rule->type == TJ_PROGRAMME_MANDATE;
    if (bounds && rule->programme.unclassified != 0) {
        tj_find_standing(
            report, UINT64_MAX,
            "programme %s (rule %" PRIu32 "): beside it %s of unclassified accumulation, "
            "which nobody outside the public sector countersigned",
            name, number, value_text(amount, asset, false, (tj_i128)rule->programme.unclassified));
    }
}

/* What came in beside the programmes as openings: no finding, since openings may be, and yet
 * nothing that a reader of a programme's net should have to look for. The first of them are told
 * one by one. */
static void note_openings(struct tj_replay_report *report, const struct tj_state *state,
                          const struct tj_past *past)
{
    enum { TOLD_MAX = 16 };
    uint32_t count = 0;
    const uint32_t rules = tj_state_ledger(state)->rules_set;
    for (uint32_t i = 0; i < rules; i++) {
        const struct tj_rule_object *rule = tj_state_rule(state, i);
        if (rule == NULL || rule->kind != TJ_PROGRAMME || rule->programme.brought_in == 0) {
            continue;
        }
        if (count++ < TOLD_MAX) {
            char name[TJ_NAME_SIZE + 1];
            char amount[VALUE_TEXT_SIZE];
            programme_name(past, name, rule);
            tj_note(report, "programme %s (rule %" PRIu32 "): beside it openings brought in %s net",
                    name, i,
                    value_text(amount, tj_state_asset(state, rule->asset), false,
                               rule->programme.brought_in));
        }
    }
    if (count > TOLD_MAX) {
        tj_note(report, "openings were brought in beside %" PRIu32 " more programmes",
                count - TOLD_MAX);
    }
}

/* All of them in every audit: what one has come to is no news, but a reader of this report alone
 * has to know it. */
void tj_audit_programmes(struct tj_replay_report *report, const struct tj_state *state,
                         const struct tj_figures *figures, const struct tj_past *past)
{
    const struct tj_ledger_object *ledger = tj_state_ledger(state);
    for (uint32_t i = 0; ledger != NULL && i < ledger->rules_set; i++) {
        const struct tj_rule_object *rule = tj_state_rule(state, i);
        if (rule != NULL && rule->kind == TJ_PROGRAMME) {
            audit_programme(report, state, figures, past, i);
        }
    }
    if (ledger != NULL) {
        note_openings(report, state, past);
    }
}
