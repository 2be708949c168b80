#include "cli/tijori/balance_purpose.h"

#include "core/exchange/value_dates.h"
#include "text/purposes.h"

#include <string.h>

int reserve_purposes(struct reading *reading, enum table_style style)
{
    bool same;
    if (!purposes_of_reserve(stdout, &same, reading->state, style)) {
        return fail_status(TIJORI_MEMORY, reading->dir, NULL);
    }
    return same ? EXIT_PASS
                : fail(EXIT_FAIL, "the totals by purpose and the balances of the reserve accounts "
                                  "differ: the stored state is damaged");
}

/* ---- by value date ---- */

static const struct table_column day_columns[] = {
    {"value date", "value_date", false},
    {"purpose", "purpose", false},
    {"brought in", "brought_in", true},
    {"into reserve", "into", true},
    {"out of it", "out", true},
    {"asset", "asset", false},
    {NULL, "brought_in_base", true},
    {NULL, "into_base", true},
    {NULL, "out_base", true},
    {"movements", "movements", true},
};

static void print_day(struct table *table, const struct tj_state *state,
                      const struct tj_value_day *row)
{
    const tj_i128 figures[] = {row->brought_in, (tj_i128)row->in, (tj_i128)row->out};
    struct asset asset =
        account_asset(state, &(struct tj_account_object){.asset = (uint16_t)row->asset});
    char text[TEXT_SIZE];
    text_format_date(text, row->day);
    table_text(table, text);
    table_text(table, name_of(tj_purpose_names, TJ_PURPOSE_END, row->purpose));
    for (int i = 0; i < 3; i++) {
        tj_amount_format(text, figures[i], asset.decimals);
        table_figure(table, text);
    }
    table_text(table, asset.code);
    for (int i = 0; i < 3; i++) {
        tj_amount_format_base(text, figures[i]);
        table_figure(table, text);
    }
    table_number(table, row->count);
}

int reserve_value_dates(struct reading *reading, enum table_style style)
{
    struct tj_value_days days;
    enum tijori_status status = tj_value_days_read(reading->view.txn, reading->view.digester, &days,
                                                   reading->state, reading->size);
    int code = EXIT_PASS;
    if (status == TIJORI_OK) {
        struct table *table =
            table_create(stdout, style, day_columns, sizeof day_columns / sizeof day_columns[0]);
        for (size_t i = 0; i < days.count; i++) {
            print_day(table, reading->state, &days.rows[i]);
        }
        code = reading_end(reading, table);
    }
    tj_value_days_free(&days);
    if (status != TIJORI_OK) {
        return fail_status(status, reading->dir, NULL);
    }
    return code;
}

/* ---- one account ---- */

static enum tijori_status sum_history(struct reading *reading,
                                      struct purpose_sum sums[TJ_PURPOSE_END], uint64_t account)
{
    struct tijori_history_cursor cursor = {0};
    struct tijori_movement movement;
    enum tijori_status status;
    tj_ledger_view_end(reading->ledger, &reading->view);
    reading->viewing = false;
    while ((status = tijori_history(reading->ledger, &movement, &cursor, tj_account_party(account),
                                    tj_account_local(account))) == TIJORI_OK) {
        if (movement.entry < reading->size) {
            purposes_add(sums, &movement, account);
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
    enum tijori_status status = sum_history(reading, sums, account);
    if (status == TIJORI_OK && !purposes_of_account(stdout, sums, &asset, style)) {
        status = TIJORI_MEMORY;
    }
    return status == TIJORI_OK ? EXIT_PASS : fail_status(status, reading->dir, NULL);
}
