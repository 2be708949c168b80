#include "cli/tijori/commands.h"
#include "cli/tijori/reading.h"
#include "text/table.h"

static const struct table_column columns[] = {
    {"account", "account", false},    {"class", "class", false},
    {"status", "status", false},      {"balance", "balance", true},
    {"asset", "asset", false},        {NULL, "balance_base", true},
    {NULL, "pending_in_base", true},  {NULL, "pending_out_base", true},
    {NULL, "latest_movement", false}, {"label", "label", false},
};

struct listing {
    const struct tj_state *state;
    struct tj_labels *labels;
    struct table *table;
    uint64_t party; /* above UINT32_MAX: all */
};

static void print_account(struct listing *listing, uint64_t account,
                          const struct tj_account_object *object)
{
    struct asset asset = account_asset(listing->state, object);
    char name[TEXT_SIZE];
    char amount[TJ_AMOUNT_TEXT_SIZE];
    char label[TJ_LABEL_SIZE + 1];
    if (listing->party <= UINT32_MAX && listing->party != tj_account_party(account)) {
        return;
    }
    text_format_account(name, account);
    table_text(listing->table, name);
    table_text(listing->table, name_of(tj_class_names, TJ_CLASS_END, object->class));
    table_text(listing->table, account_status(object));
    tj_amount_format(amount, tj_account_balance(object), asset.decimals);
    table_figure(listing->table, amount);
    table_text(listing->table, asset.code);
    tj_amount_format_base(amount, tj_account_balance(object));
    table_figure(listing->table, amount);
    tj_amount_format_base(amount, (tj_i128)object->pending_in);
    table_figure(listing->table, amount);
    tj_amount_format_base(amount, (tj_i128)object->pending_out);
    table_figure(listing->table, amount);
    if (object->latest != 0) {
        text_format_record_id(name, object->latest);
        table_text(listing->table, name);
    } else {
        table_none(listing->table);
    }
    tj_labels_get(listing->labels, label, account);
    table_text(listing->table, label);
}

int cmd_accounts(const struct arguments *arguments)
{
    struct reading reading;
    enum table_style style = (enum table_style)argument_choice(arguments, "format");
    struct listing listing = {0};
    int code = reading_open_of(arguments, &reading, &listing.party);
    if (code == EXIT_PASS) {
        code = labels_create(&reading, &listing.labels);
    }
    if (code == EXIT_PASS) {
        listing.state = reading.state;
        listing.table = table_create(stdout, style, columns, sizeof columns / sizeof columns[0]);
        for (struct tj_account_walk walk = {.state = reading.state}; tj_account_next(&walk);) {
            print_account(&listing, walk.account, walk.object);
        }
        code = reading_end(&reading, listing.table);
        printf("%s", style == TABLE_JSON ? "\n" : "");
    }
    tj_labels_destroy(listing.labels);
    reading_close(&reading);
    return code;
}
