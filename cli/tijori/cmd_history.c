#include "cli/tijori/commands.h"
#include "cli/tijori/reading.h"
#include "text/table.h"

#include <inttypes.h>

static const struct table_column columns[] = {
    {"record", "record", false},         {"received", "received", false},
    {"value date", "value_date", false}, {"kind", "kind", false},
    {"purpose", "purpose", false},       {"with", "counter_account", false},
    {"amount", "amount", true},          {"balance", "balance", true},
    {"asset", "asset", false},           {NULL, "amount_base", true},
    {NULL, "balance_base", true},        {"opening", "opening", false},
    {"reference", "reference", false},
};

static tj_i128 join(struct tijori_int128 value)
{
    return (tj_i128)((tj_u128)(uint64_t)value.high << 64 | value.low);
}

/* The sign says which way; a pending or voided movement, which moved nothing, shows by its kind and
 * by a balance that stays. */
static void print_movement(struct table *table, const struct tijori_movement *movement,
                           uint64_t account, const struct asset *asset)
{
    bool from = movement->from == account;
    tj_i128 amount = from ? -(tj_i128)movement->amount : (tj_i128)movement->amount;
    char text[TEXT_SIZE];
    text_format_record_id(text, tj_record_id(movement->entry, movement->record));
    table_text(table, text);
    text_format_time_s(text, movement->received_ns / TJ_NS_PER_S);
    table_text(table, text);
    if (movement->value_date != 0) {
        text_format_date(text, movement->value_date);
        table_text(table, text);
    } else {
        table_none(table);
    }
    table_text(table, tj_record_layout(movement->kind)->name);
    table_text(table, name_of(tj_purpose_names, TJ_PURPOSE_END, movement->purpose));
    text_format_account(text, from ? movement->to : movement->from);
    table_text(table, text);
    tj_amount_format(text, amount, asset->decimals);
    table_figure(table, text);
    tj_amount_format(text, join(movement->balance), asset->decimals);
    table_figure(table, text);
    table_text(table, asset->code);
    tj_amount_format_base(text, amount);
    table_figure(table, text);
    tj_amount_format_base(text, join(movement->balance));
    table_figure(table, text);
    if (movement->opening != 0) {
        table_text(table, "opening");
    } else {
        table_none(table);
    }
    table_text(table, movement->reference);
}

static int print_history(struct reading *reading, uint64_t account, uint64_t limit,
                         enum table_style style)
{
    struct tijori_history_cursor cursor = {0};
    struct tijori_movement movement;
    struct asset asset = account_asset(reading->state, tj_state_account(reading->state, account));
    enum tijori_status status = TIJORI_OK;
    uint64_t shown = 0;
    /* The library's own calls take the lock that a view holds. */
    tj_ledger_view_end(reading->ledger, &reading->view);
    reading->viewing = false;
    struct table *table = table_create(stdout, style, columns, sizeof columns / sizeof columns[0]);
    while (shown < limit &&
           (status = tijori_history(reading->ledger, &movement, &cursor, tj_account_party(account),
                                    tj_account_local(account))) == TIJORI_OK) {
        print_movement(table, &movement, account, &asset);
        shown++;
    }
    int code = reading_end(reading, table);
    printf("%s", style == TABLE_JSON ? "\n" : "");
    if (style == TABLE_TEXT && status == TIJORI_OK && cursor.next != 0) {
        printf("%" PRIu64 " shown, there are older ones\n", shown);
    }
    return status == TIJORI_OK || status == TIJORI_NOT_FOUND
               ? code
               : fail_status(status, reading->dir, NULL);
}

int cmd_history(const struct arguments *arguments)
{
    struct reading reading;
    uint64_t account;
    uint64_t limit = UINT64_MAX;
    enum table_style style = (enum table_style)argument_choice(arguments, "format");
    if (!argument_number(arguments, &limit, "limit", 1, UINT64_MAX)) {
        return EXIT_USAGE;
    }
    int code = reading_open(arguments, &reading);
    if (code == EXIT_PASS) {
        code = reading_account(&reading, &account, arguments->operands[1]);
    }
    if (code == EXIT_PASS) {
        code = print_history(&reading, account, limit, style);
    }
    reading_close(&reading);
    return code;
}
