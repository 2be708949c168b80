#include "core/audit/statement_check.h"

#include <inttypes.h>

/* An amount with its unit, or a plain count. */
enum { VALUE_TEXT_SIZE = TJ_AMOUNT_TEXT_SIZE + 16 };

static const char *value_text(char out[VALUE_TEXT_SIZE], const struct tj_asset_object *asset,
                              bool is_count, tj_i128 value)
{
    char amount[TJ_AMOUNT_TEXT_SIZE];
    tj_amount_format(amount, value, is_count ? 0 : asset->decimals);
    snprintf(out, VALUE_TEXT_SIZE, "%s%s%.8s", amount, is_count ? "" : " ",
             is_count ? "" : asset->code);
    return out;
}

/* ---- statements ---- */

/* A programme's name stands in the record that set it. */
static void programme_name(const struct tj_past *past, const struct tj_rule_object *rule,
                           char out[TJ_NAME_SIZE + 1])
{
    struct tj_named named = {.absent = true};
    out[0] = '\0';
    if (past->record(past->context, rule->set, &named) && !named.absent) {
        struct tj_record r;
        tj_record_decode(named.record, &r);
        snprintf(out, TJ_NAME_SIZE + 1, "%s", r.name);
    }
}

/* "inflow of purpose purchase", "customers of party 2 (Bank)", "counted of rule 3 (No ...)". */
static void figure_text(const struct tj_state *state, const struct tj_past *past,
                        const struct tj_record *r, char *out, size_t size)
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
        programme_name(past, rule, called);
        snprintf(out, size, "%s of rule %" PRIu32 " (%s)", name, r->rule, called);
        return;
    case TJ_FIGURE_OPENING:
    case TJ_FIGURE_CLOSING:
    case TJ_FIGURE_ADJUSTMENTS:
    case TJ_FIGURE_END:
        break;
    }
    snprintf(out, size, "%s", name);
}

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
    figure_text(state, past, r, what, sizeof what);
    tj_find(report, index, "the statement says %s: %s; the log says %s", what,
            value_text(stated, asset, is_count, tj_statement_value(r->value)),
            value_text(found, asset, is_count, value));
}

void tj_audit_statements(struct tj_replay_report *report, const struct tj_state *state,
                         const struct tj_figures *figures, const struct tj_past *past,
                         uint64_t index, const uint8_t *records, uint32_t count)
{
    /* Movements and directives share no entry. */
    for (uint32_t i = 0; i < count && !tj_kind_is_movement(records[0]); i++) {
        const uint8_t *record = records + (size_t)i * TJ_RECORD_SIZE;
        struct tj_record r;
        if (record[0] != TJ_STATEMENT) {
            continue;
        }
        tj_record_decode(record, &r);
        if (r.figure == TJ_FIGURE_ATTESTED) {
            continue; /* its own word, which no log can contradict */
        }
        if (r.figure == TJ_FIGURE_CUSTOMERS && !tj_figures_know_customers(figures, r.as_of)) {
            tj_skip(report, TJ_CHECK_STATEMENTS, 1,
                    "customers' totals rest on restricted records that are not here");
        } else {
            compare(report, state, figures, past, index, &r);
        }
    }
}

/* ---- programmes ---- */

/* A minimum's breaches lie with the asset while it is in force; how many there were in all is a
 * figure. */
static void find_breaches(struct tj_replay_report *report, const struct tj_asset_object *asset,
                          const struct tj_rule_object *rule, uint32_t number, const char *name,
                          uint64_t breaches)
{
    bool minimum = rule->type == TJ_PROGRAMME_MINIMUM;
    bool known = !minimum || asset->minimum_rule == number;
    uint64_t first = minimum ? asset->breach_first : rule->programme.breach_first;
    char bound[VALUE_TEXT_SIZE];
    char now[VALUE_TEXT_SIZE];
    char where[64] = "";
    if (breaches == 0) {
        return;
    }
    if (known) {
        snprintf(where, sizeof where, ", the first by record %" PRIu64 ":%" PRIu32,
                 tj_record_entry(first), tj_record_position(first));
    }
    tj_find(report, known ? tj_record_entry(first) : UINT64_MAX,
            "programme %s (rule %" PRIu32 ", %s): %" PRIu64 " breach%s%s; %s %s, bound %s", name,
            number, tj_programme_names[rule->type], breaches, breaches == 1 ? "" : "es", where,
            minimum ? "reserve" : "net",
            value_text(now, asset, false,
                       minimum ? tj_reserve_of(asset) : tj_programme_net(&rule->programme)),
            value_text(bound, asset, false, (tj_i128)rule->amount));
}

void tj_audit_programmes(struct tj_replay_report *report, const struct tj_state *state,
                         const struct tj_figures *figures, const struct tj_past *past)
{
    const struct tj_ledger_object *ledger = tj_state_ledger(state);
    for (uint32_t i = 0; ledger != NULL && i < ledger->rules_set; i++) {
        const struct tj_rule_object *rule = tj_state_rule(state, i);
        char name[TJ_NAME_SIZE + 1];
        char amount[VALUE_TEXT_SIZE];
        if (rule == NULL || rule->kind != TJ_PROGRAMME ||
            (rule->ended != 0 && tj_record_entry(rule->ended) < report->start)) {
            continue;
        }
        const struct tj_asset_object *asset = tj_state_asset(state, rule->asset);
        programme_name(past, rule, name);
        const struct tj_figure_key key = {.figure = TJ_FIGURE_BREACHES,
                                          .asset = rule->asset,
                                          .rule = i,
                                          .period_from = 1,
                                          .as_of = UINT32_MAX};
        find_breaches(report, asset, rule, i, name, (uint64_t)tj_figures_value(figures, &key));
        bool bounds = rule->type == TJ_PROGRAMME_CEILING || rule->type == TJ_PROGRAMME_MANDATE;
        if (bounds && rule->programme.unclassified != 0) {
            tj_find(report, UINT64_MAX,
                    "programme %s (rule %" PRIu32 "): beside it %s of unclassified accumulation, "
                    "which nobody outside the public sector countersigned",
                    name, i,
                    value_text(amount, asset, false, (tj_i128)rule->programme.unclassified));
        }
    }
}
