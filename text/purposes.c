#include "text/purposes.h"

#include "core/rules/account_walk.h"
#include "text/assets.h"
#include "text/state_words.h"

#include <inttypes.h>
#include <string.h>

/* ---- the reserve: from the totals that the state keeps (docs/FORMAT.md section 8) ---- */

static const struct table_column reserve_columns[] = {
    {"purpose", "purpose", false},
    {"basis", "basis", false},
    {"brought in", "brought_in", true},
    {"into reserve", "into", true},
    {"out of it", "out", true},
    {"within it", "within", true},
    {"net growth", "net_growth", true},
    {"asset", "asset", false},
    {NULL, "brought_in_base", true},
    {NULL, "into_base", true},
    {NULL, "out_base", true},
    {NULL, "within_base", true},
    {NULL, "net_growth_base", true},
    {"movements", "movements", true},
    {"corrections", "corrections", true},
};

/* What the rows of one asset come to. */
struct growth {
    tj_i128 brought_in; /* by openings: it was there before the ledger */
    tj_i128 net;
    tj_i128 within[TJ_PURPOSE_END];
    uint64_t movements_within[TJ_PURPOSE_END];
    uint64_t outside; /* movements that touch no reserve account */
};

static void reserve_row(struct table *table, struct growth *growth,
                        const struct tj_total_object *total, const struct asset *asset,
                        uint8_t purpose, bool opening)
{
    enum { FIGURES = 5 };
    tj_i128 into = (tj_i128)total->amount[TJ_FLOW_INTO];
    tj_i128 out = (tj_i128)total->amount[TJ_FLOW_OUT];
    tj_i128 within = (tj_i128)total->amount[TJ_FLOW_WITHIN];
    tj_i128 brought_in = opening ? into - out : 0;
    char amount[TJ_AMOUNT_TEXT_SIZE];
    into = opening ? 0 : into;
    out = opening ? 0 : out;
    tj_i128 figures[FIGURES] = {brought_in, into, out, within, into - out};
    for (int i = 0; i < FIGURES; i++) {
        tj_amount_format(amount, figures[i], asset->decimals);
        table_figure(table, amount);
    }
    table_text(table, asset->code);
    for (int i = 0; i < FIGURES; i++) {
        tj_amount_format_base(amount, figures[i]);
        table_figure(table, amount);
    }
    table_number(table, total->count[TJ_FLOW_INTO] + total->count[TJ_FLOW_OUT] +
                            total->count[TJ_FLOW_WITHIN]);
    table_number(table, total->corrections);
    growth->brought_in += brought_in;
    growth->net += into - out;
    growth->within[purpose] += within;
    growth->movements_within[purpose] += total->count[TJ_FLOW_WITHIN];
}

static void reserve_asset(const struct tj_state *state, struct table *table, struct growth *growth,
                          const struct asset *asset)
{
    memset(growth, 0, sizeof *growth);
    for (uint8_t purpose = TJ_PURCHASE; purpose < TJ_PURPOSE_END; purpose++) {
        for (uint8_t basis = TJ_BASIS_DECLARED; basis <= TJ_BASIS_BROUGHT_IN; basis++) {
            const struct tj_total_object *total =
                tj_state_peek(state, TJ_T_TOTAL, 0, tj_total_number(asset->number, purpose, basis));
            if (total == NULL) {
                continue;
            }
            growth->outside += total->count[TJ_FLOW_OUTSIDE];
            if (total->count[TJ_FLOW_INTO] + total->count[TJ_FLOW_OUT] +
                    total->count[TJ_FLOW_WITHIN] >
                0) {
                table_text(table, tj_purpose_names[purpose]);
                table_text(table, tj_basis_names[basis]);
                reserve_row(table, growth, total, asset, purpose, basis == TJ_BASIS_BROUGHT_IN);
            }
        }
    }
}

/* What reserve accounts hold, counted from the accounts. */
static tj_i128 reserve_held(const struct tj_state *state, uint32_t asset)
{
    tj_i128 held = 0;
    for (struct tj_account_walk walk = {.state = state}; tj_account_next(&walk);) {
        if (walk.object->class == TJ_CLASS_RESERVE && walk.object->asset == asset) {
            held += tj_account_balance(walk.object);
        }
    }
    return held;
}

static void print_growth_text(FILE *out, const struct asset *asset, const struct growth *growth,
                              tj_i128 held)
{
    char text[TEXT_AMOUNT_SIZE];
    char base[TJ_AMOUNT_TEXT_SIZE];
    for (uint8_t purpose = 0; purpose < TJ_PURPOSE_END; purpose++) {
        if (growth->movements_within[purpose] > 0) {
            text_format_amount(text, growth->within[purpose], asset);
            fprintf(out,
                    "%s moved %s from reserve accounts to reserve accounts: the reserve grew by "
                    "0\n",
                    tj_purpose_names[purpose], text);
        }
    }
    if (growth->outside > 0) {
        fprintf(out, "%" PRIu64 " %s in %s touched no reserve account: not shown\n",
                growth->outside, growth->outside == 1 ? "movement" : "movements", asset->code);
    }
    if (growth->brought_in != 0) {
        text_format_amount(text, growth->brought_in, asset);
        tj_amount_format_base(base, growth->brought_in);
        fprintf(out, "brought in by openings     %s  (%s %s)\n", text, base, base_unit(asset));
    }
    text_format_amount(text, growth->net, asset);
    tj_amount_format_base(base, growth->net);
    fprintf(out, "net growth of the reserve  %s  (%s %s)\n", text, base, base_unit(asset));
    text_format_amount(text, held, asset);
    fprintf(out, "held in reserve accounts   %s%s\n", text,
            held == growth->brought_in + growth->net ? ""
                                                     : "  DIFFERS: the stored state is damaged");
}

static void print_growth_json(FILE *out, const struct asset *asset, const struct growth *growth,
                              tj_i128 held)
{
    char text[TJ_AMOUNT_TEXT_SIZE];
    char base[TJ_AMOUNT_TEXT_SIZE];
    char held_base[TJ_AMOUNT_TEXT_SIZE];
    char brought_in_base[TJ_AMOUNT_TEXT_SIZE];
    tj_amount_format_base(brought_in_base, growth->brought_in);
    tj_amount_format(text, growth->net, asset->decimals);
    tj_amount_format_base(base, growth->net);
    tj_amount_format_base(held_base, held);
    fprintf(out,
            "{\"asset\": \"%s\", \"brought_in_base\": \"%s\", "
            "\"net_growth\": \"%s\", \"net_growth_base\": \"%s\", "
            "\"held_base\": \"%s\", \"movements_outside\": %" PRIu64 "}",
            asset->code, brought_in_base, text, base, held_base, growth->outside);
}

static void print_growth(FILE *out, const struct tj_state *state, const struct growth *growths,
                         bool *same, enum table_style style)
{
    uint32_t assets = tj_state_ledger(state)->assets;
    struct asset asset;
    if (!table_is_rows(style)) {
        fprintf(out, "%s", style == TABLE_JSON ? ",\n\"reserve\": [" : "\n");
    }
    for (uint32_t number = 1; number <= assets; number++) {
        if (!asset_by_number(state, &asset, number)) {
            continue;
        }
        tj_i128 held = reserve_held(state, number);
        *same = *same && held == growths[number].brought_in + growths[number].net;
        if (style == TABLE_JSON) {
            fprintf(out, "%s", number > 1 ? ", " : "");
            print_growth_json(out, &asset, &growths[number], held);
        } else if (style == TABLE_TEXT) {
            print_growth_text(out, &asset, &growths[number], held);
        }
    }
    fprintf(out, "%s", style == TABLE_JSON ? "]" : "");
}

bool purposes_of_reserve(FILE *out, bool *same, const struct tj_state *state,
                         enum table_style style)
{
    uint32_t assets = tj_state_ledger(state)->assets;
    struct growth *growths = calloc((size_t)assets + 1, sizeof *growths);
    struct asset asset;
    *same = true;
    if (growths == NULL) {
        return false;
    }
    struct table *table = table_create(out, style, reserve_columns,
                                       sizeof reserve_columns / sizeof reserve_columns[0]);
    for (uint32_t number = 1; number <= assets; number++) {
        if (asset_by_number(state, &asset, number)) {
            reserve_asset(state, table, &growths[number], &asset);
        }
    }
    bool whole = table_end(table);
    print_growth(out, state, growths, same, style);
    free(growths);
    return whole;
}

/* ---- one account: from its history ---- */

static const struct table_column account_columns[] = {
    {"purpose", "purpose", false},
    {"brought in", "brought_in", true},
    {"in", "in", true},
    {"out", "out", true},
    {"net", "net", true},
    {"asset", "asset", false},
    {NULL, "brought_in_base", true},
    {NULL, "in_base", true},
    {NULL, "out_base", true},
    {NULL, "net_base", true},
    {"movements", "movements", true},
    {"corrections", "corrections", true},
};

/* A correction runs backwards: what it takes from the account had come in. */
void purposes_add(struct purpose_sum sums[TJ_PURPOSE_END], const struct tijori_movement *movement,
                  uint64_t account)
{
    struct purpose_sum *sum = &sums[movement->purpose < TJ_PURPOSE_END ? movement->purpose : 0];
    tj_i128 amount = (tj_i128)movement->amount;
    bool from = movement->from == account;
    if (!tj_kind_posts(movement->kind)) {
        return; /* nothing has moved */
    }
    sum->corrections += movement->kind == TJ_CORRECT;
    sum->movements += movement->kind != TJ_CORRECT;
    if (movement->opening != 0) {
        sum->brought_in += from ? -amount : amount;
        return;
    }
    if (movement->kind == TJ_CORRECT) {
        *(from ? &sum->in : &sum->out) -= amount;
        return;
    }
    *(from ? &sum->out : &sum->in) += amount;
}

static void account_row(struct table *table, const struct purpose_sum *sum,
                        const struct asset *asset, uint8_t purpose)
{
    enum { FIGURES = 4 };
    tj_i128 figures[FIGURES] = {sum->brought_in, sum->in, sum->out,
                                sum->brought_in + sum->in - sum->out};
    char amount[TJ_AMOUNT_TEXT_SIZE];
    table_text(table, name_of(tj_purpose_names, TJ_PURPOSE_END, purpose));
    for (int i = 0; i < FIGURES; i++) {
        tj_amount_format(amount, figures[i], asset->decimals);
        table_figure(table, amount);
    }
    table_text(table, asset->code);
    for (int i = 0; i < FIGURES; i++) {
        tj_amount_format_base(amount, figures[i]);
        table_figure(table, amount);
    }
    table_number(table, sum->movements);
    table_number(table, sum->corrections);
}

bool purposes_of_account(FILE *out, const struct purpose_sum sums[TJ_PURPOSE_END],
                         const struct asset *asset, enum table_style style)
{
    tj_i128 net = 0;
    char amount[TJ_AMOUNT_TEXT_SIZE];
    struct table *table = table_create(out, style, account_columns,
                                       sizeof account_columns / sizeof account_columns[0]);
    for (uint8_t purpose = 0; purpose < TJ_PURPOSE_END; purpose++) {
        const struct purpose_sum *sum = &sums[purpose];
        net += sum->brought_in + sum->in - sum->out;
        if (sum->movements + sum->corrections > 0) {
            account_row(table, sum, asset, purpose);
        }
    }
    bool whole = table_end(table);
    if (style == TABLE_TEXT) {
        char text[TEXT_AMOUNT_SIZE];
        text_format_amount(text, net, asset);
        tj_amount_format_base(amount, net);
        fprintf(out, "\nbalance  %s  (%s %s)\n", text, amount, base_unit(asset));
    }
    return whole;
}
