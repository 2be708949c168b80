#include "cli/tijori/balance_purpose.h"

#include "text/assets.h"

#include <inttypes.h>
#include <string.h>

/* ---- the reserve: from the totals that the state keeps (docs/FORMAT.md section 8) ---- */

static const struct table_column reserve_columns[] = {
    {"purpose", "purpose", false},
    {"basis", "basis", false},
    {"into reserve", "into", true},
    {"out of it", "out", true},
    {"within it", "within", true},
    {"net growth", "net_growth", true},
    {"asset", "asset", false},
    {NULL, "into_base", true},
    {NULL, "out_base", true},
    {NULL, "within_base", true},
    {NULL, "net_growth_base", true},
    {"movements", "movements", true},
    {"corrections", "corrections", true},
};

/* What the rows of one asset come to. */
struct growth {
    tj_i128 net;
    tj_i128 within[TJ_PURPOSE_END];
    uint64_t movements_within[TJ_PURPOSE_END];
    uint64_t outside; /* movements that touch no reserve account */
};

static void reserve_row(struct table *table, const struct tj_total_object *total,
                        const struct asset *asset, struct growth *growth, uint8_t purpose)
{
    tj_i128 into = (tj_i128)total->amount[TJ_FLOW_INTO];
    tj_i128 out = (tj_i128)total->amount[TJ_FLOW_OUT];
    tj_i128 within = (tj_i128)total->amount[TJ_FLOW_WITHIN];
    tj_i128 figures[4] = {into, out, within, into - out};
    char amount[TJ_AMOUNT_TEXT_SIZE];
    for (int i = 0; i < 4; i++) {
        tj_amount_format(amount, figures[i], asset->decimals);
        table_figure(table, amount);
    }
    table_text(table, asset->code);
    for (int i = 0; i < 4; i++) {
        tj_amount_format_base(amount, figures[i]);
        table_figure(table, amount);
    }
    table_number(table, total->count[TJ_FLOW_INTO] + total->count[TJ_FLOW_OUT] +
                            total->count[TJ_FLOW_WITHIN]);
    table_number(table, total->corrections);
    growth->net += into - out;
    growth->within[purpose] += within;
    growth->movements_within[purpose] += total->count[TJ_FLOW_WITHIN];
}

static void reserve_asset(const struct reading *reading, struct table *table,
                          const struct asset *asset, struct growth *growth)
{
    memset(growth, 0, sizeof *growth);
    for (uint8_t purpose = TJ_PURCHASE; purpose < TJ_PURPOSE_END; purpose++) {
        for (uint8_t basis = TJ_BASIS_DECLARED; basis <= TJ_BASIS_PROVEN; basis++) {
            const struct tj_total_object *total = tj_state_peek(
                reading->state, TJ_T_TOTAL, 0, tj_total_number(asset->number, purpose, basis));
            if (total == NULL) {
                continue;
            }
            growth->outside += total->count[TJ_FLOW_OUTSIDE];
            if (total->count[TJ_FLOW_INTO] + total->count[TJ_FLOW_OUT] +
                    total->count[TJ_FLOW_WITHIN] >
                0) {
                table_text(table, tj_purpose_names[purpose]);
                table_text(table, tj_basis_names[basis]);
                reserve_row(table, total, asset, growth, purpose);
            }
        }
    }
}

struct held {
    tj_i128 balance;
    uint32_t asset;
};

static void add_held(void *context, uint64_t account, const struct tj_account_object *object)
{
    struct held *held = context;
    (void)account;
    if (object->class == TJ_CLASS_RESERVE && object->asset == held->asset) {
        held->balance += tj_account_balance(object);
    }
}

static void print_growth_text(const struct asset *asset, const struct growth *growth,
                              const struct held *held)
{
    char text[TEXT_AMOUNT_SIZE];
    char base[TJ_AMOUNT_TEXT_SIZE];
    for (uint8_t purpose = 0; purpose < TJ_PURPOSE_END; purpose++) {
        if (growth->movements_within[purpose] > 0) {
            text_format_amount(text, growth->within[purpose], asset);
            printf("%s moved %s from reserve accounts to reserve accounts: the reserve grew by "
                   "0\n",
                   tj_purpose_names[purpose], text);
        }
    }
    if (growth->outside > 0) {
        printf("%" PRIu64 " %s in %s touched no reserve account: not shown\n", growth->outside,
               growth->outside == 1 ? "movement" : "movements", asset->code);
    }
    text_format_amount(text, growth->net, asset);
    tj_amount_format_base(base, growth->net);
    printf("net growth of the reserve  %s  (%s %s)\n", text, base, base_unit(asset));
    text_format_amount(text, held->balance, asset);
    printf("held in reserve accounts   %s%s\n", text,
           held->balance == growth->net ? "" : "  DIFFERS: the stored state is damaged");
}

static void print_growth_json(const struct asset *asset, const struct growth *growth,
                              const struct held *held)
{
    char text[TJ_AMOUNT_TEXT_SIZE];
    char base[TJ_AMOUNT_TEXT_SIZE];
    char held_base[TJ_AMOUNT_TEXT_SIZE];
    tj_amount_format(text, growth->net, asset->decimals);
    tj_amount_format_base(base, growth->net);
    tj_amount_format_base(held_base, held->balance);
    printf("{\"asset\": \"%s\", \"net_growth\": \"%s\", \"net_growth_base\": \"%s\", "
           "\"held_base\": \"%s\", \"movements_outside\": %" PRIu64 "}",
           asset->code, text, base, held_base, growth->outside);
}

int reserve_purposes(struct reading *reading, enum table_style style)
{
    uint32_t assets = tj_state_ledger(reading->state)->assets;
    struct growth *growths = calloc((size_t)assets + 1, sizeof *growths);
    struct asset asset;
    bool same = true;
    TIJORI_REQUIRE(growths != NULL);
    struct table *table = table_create(stdout, style, reserve_columns,
                                       sizeof reserve_columns / sizeof reserve_columns[0]);
    for (uint32_t number = 1; number <= assets; number++) {
        if (asset_by_number(reading->state, number, &asset)) {
            reserve_asset(reading, table, &asset, &growths[number]);
        }
    }
    table_end(table);
    if (!table_is_rows(style)) {
        printf("%s", style == TABLE_JSON ? ",\n\"reserve\": [" : "\n");
    }
    for (uint32_t number = 1; number <= assets; number++) {
        struct held held = {.asset = number};
        if (!asset_by_number(reading->state, number, &asset)) {
            continue;
        }
        each_account(reading->state, add_held, &held);
        same = same && held.balance == growths[number].net;
        if (style == TABLE_JSON) {
            printf("%s", number > 1 ? ", " : "");
            print_growth_json(&asset, &growths[number], &held);
        } else if (style == TABLE_TEXT) {
            print_growth_text(&asset, &growths[number], &held);
        }
    }
    printf("%s", style == TABLE_JSON ? "]" : "");
    free(growths);
    return same ? EXIT_PASS
                : fail(EXIT_FAIL, "the totals by purpose and the balances of the reserve accounts "
                                  "differ: the stored state is damaged");
}

/* ---- one account: from its history ---- */

static const struct table_column account_columns[] = {
    {"purpose", "purpose", false},
    {"in", "in", true},
    {"out", "out", true},
    {"net", "net", true},
    {"asset", "asset", false},
    {NULL, "in_base", true},
    {NULL, "out_base", true},
    {NULL, "net_base", true},
    {"movements", "movements", true},
    {"corrections", "corrections", true},
};

struct purpose_sum {
    tj_i128 in;
    tj_i128 out;
    uint64_t movements;
    uint64_t corrections;
};

/* A correction runs backwards: what it takes from the account had come in. */
static void add_movement(struct purpose_sum *sum, const struct tijori_movement *movement,
                         uint64_t account)
{
    tj_i128 amount = (tj_i128)movement->amount;
    bool from = movement->from == account;
    if (!tj_kind_posts(movement->kind)) {
        return; /* nothing has moved */
    }
    if (movement->kind == TJ_CORRECT) {
        *(from ? &sum->in : &sum->out) -= amount;
        sum->corrections++;
        return;
    }
    *(from ? &sum->out : &sum->in) += amount;
    sum->movements++;
}

static enum tijori_status sum_history(struct reading *reading, uint64_t account,
                                      struct purpose_sum sums[TJ_PURPOSE_END])
{
    struct tijori_history_cursor cursor = {0};
    struct tijori_movement movement;
    enum tijori_status status;
    tj_ledger_view_end(reading->ledger, &reading->view);
    reading->viewing = false;
    while ((status = tijori_history(reading->ledger, &movement, &cursor, tj_account_party(account),
                                    tj_account_local(account))) == TIJORI_OK) {
        if (movement.entry < reading->size) {
            add_movement(&sums[movement.purpose < TJ_PURPOSE_END ? movement.purpose : 0], &movement,
                         account);
        }
    }
    return status == TIJORI_NOT_FOUND ? TIJORI_OK : status;
}

int account_purposes(struct reading *reading, uint64_t account, enum table_style style)
{
    struct purpose_sum sums[TJ_PURPOSE_END];
    /* Before the view ends: the newest state is the ledger's, and stays while it is open. */
    struct asset asset = account_asset(reading->state, tj_state_account(reading->state, account));
    memset(sums, 0, sizeof sums);
    enum tijori_status status = sum_history(reading, account, sums);
    if (status != TIJORI_OK) {
        return fail_status(status, reading->dir, NULL);
    }
    tj_i128 net = 0;
    char amount[TJ_AMOUNT_TEXT_SIZE];
    struct table *table = table_create(stdout, style, account_columns,
                                       sizeof account_columns / sizeof account_columns[0]);
    for (uint8_t purpose = 0; purpose < TJ_PURPOSE_END; purpose++) {
        const struct purpose_sum *sum = &sums[purpose];
        tj_i128 figures[3] = {sum->in, sum->out, sum->in - sum->out};
        net += figures[2];
        if (sum->movements + sum->corrections == 0) {
            continue;
        }
        table_text(table, name_of(tj_purpose_names, TJ_PURPOSE_END, purpose));
        for (int i = 0; i < 3; i++) {
            tj_amount_format(amount, figures[i], asset.decimals);
            table_figure(table, amount);
        }
        table_text(table, asset.code);
        for (int i = 0; i < 3; i++) {
            tj_amount_format_base(amount, figures[i]);
            table_figure(table, amount);
        }
        table_number(table, sum->movements);
        table_number(table, sum->corrections);
    }
    table_end(table);
    if (style == TABLE_TEXT) {
        char text[TEXT_AMOUNT_SIZE];
        text_format_amount(text, net, &asset);
        tj_amount_format_base(amount, net);
        printf("\nbalance  %s  (%s %s)\n", text, amount, base_unit(&asset));
    }
    return EXIT_PASS;
}
