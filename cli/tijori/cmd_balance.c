#include "cli/tijori/balance_purpose.h"
#include "cli/tijori/commands.h"
#include "cli/tijori/reading.h"
#include "text/table.h"

#include <inttypes.h>
#include <string.h>

/* The numbers are those of the choice "account|purpose|class|party|value-date". */
enum by { BY_ACCOUNT, BY_PURPOSE, BY_CLASS, BY_PARTY, BY_VALUE_DATE };

/* One sum for each asset, by its number. */
struct sums {
    tj_i128 balance[TJ_ASSETS_MAX + 1];
    uint64_t accounts[TJ_ASSETS_MAX + 1];
};

/* NULL: no memory. */
static struct sums *sums_create(size_t count)
{
    return calloc(count, sizeof(struct sums));
}

static int lacks_memory(const struct reading *reading)
{
    return fail_status(TIJORI_MEMORY, reading->dir, NULL);
}

static void add_to(struct sums *sums, const struct tj_account_object *object)
{
    size_t asset = object->asset <= TJ_ASSETS_MAX ? object->asset : 0;
    sums->balance[asset] += tj_account_balance(object);
    sums->accounts[asset]++;
}

/* A balance as three cells: with decimals, its unit, in base units. */
static void amount_cells(struct table *table, tj_i128 base, const struct asset *asset)
{
    char amount[TJ_AMOUNT_TEXT_SIZE];
    tj_amount_format(amount, base, asset->decimals);
    table_figure(table, amount);
    table_text(table, asset->code);
    tj_amount_format_base(amount, base);
    table_figure(table, amount);
}

/* "sum of all balances 0", for each asset: what goes out of one account comes into another (I2). */
static void print_sums(const struct reading *reading, enum table_style style,
                       const struct sums *sums)
{
    uint32_t assets = tj_state_ledger(reading->state)->assets;
    const char *comma = "";
    if (table_is_rows(style)) {
        return;
    }
    printf("%s", style == TABLE_JSON ? ",\n\"sums\": [" : "\n");
    for (uint32_t number = 1; number <= assets && number <= TJ_ASSETS_MAX; number++) {
        struct asset asset =
            account_asset(reading->state, &(struct tj_account_object){.asset = (uint16_t)number});
        char sum[TJ_AMOUNT_TEXT_SIZE];
        tj_amount_format_base(sum, sums->balance[number]);
        if (style == TABLE_JSON) {
            printf("%s{\"asset\": \"%s\", \"accounts\": %" PRIu64 ", \"balance_base\": \"%s\"}",
                   comma, asset.code, sums->accounts[number], sum);
        } else if (sums->accounts[number] > 0) {
            printf("sum of all balances %s %s\n", sum, asset.code);
        }
        comma = ", ";
    }
    printf("%s", style == TABLE_JSON ? "]" : "");
}

/* ---- by account ---- */

static const struct table_column account_columns[] = {
    {"account", "account", false},
    {"class", "class", false},
    {"balance", "balance", true},
    {"asset", "asset", false},
    {"in base units", "balance_base", true},
    {NULL, "pending_in_base", true},
    {NULL, "pending_out_base", true},
    {"status", "status", false},
    {"label", "label", false},
};

struct listing {
    const struct reading *reading;
    struct tj_labels *labels;
    struct table *table;
    struct sums *sums;
};

static void print_account(struct listing *listing, uint64_t account,
                          const struct tj_account_object *object)
{
    struct asset asset = account_asset(listing->reading->state, object);
    char text[TEXT_SIZE];
    char label[TJ_LABEL_SIZE + 1];
    text_format_account(text, account);
    table_text(listing->table, text);
    table_text(listing->table, name_of(tj_class_names, TJ_CLASS_END, object->class));
    amount_cells(listing->table, tj_account_balance(object), &asset);
    tj_amount_format_base(text, (tj_i128)object->pending_in);
    table_figure(listing->table, text);
    tj_amount_format_base(text, (tj_i128)object->pending_out);
    table_figure(listing->table, text);
    table_text(listing->table, account_status(object));
    tj_labels_get(listing->labels, label, account);
    table_text(listing->table, label);
    add_to(listing->sums, object);
}

/* What is promised but not moved, for a person. */
static void print_pending(const struct reading *reading, const struct tj_account_object *object)
{
    struct asset asset = account_asset(reading->state, object);
    char text[TEXT_AMOUNT_SIZE];
    if (object->pending_in != 0) {
        text_format_amount(text, (tj_i128)object->pending_in, &asset);
        printf("pending in   %s\n", text);
    }
    if (object->pending_out != 0) {
        text_format_amount(text, (tj_i128)object->pending_out, &asset);
        printf("pending out  %s, not available\n", text);
    }
}

static int list_accounts(struct reading *reading, struct listing *listing, const uint64_t *only,
                         enum table_style style)
{
    listing->table = table_create(stdout, style, account_columns,
                                  sizeof account_columns / sizeof account_columns[0]);
    if (only != NULL) {
        const struct tj_account_object *object = tj_state_account(reading->state, *only);
        print_account(listing, *only, object);
        int code = reading_end(reading, listing->table);
        if (style == TABLE_TEXT) {
            print_pending(reading, object);
        }
        return code;
    }
    for (struct tj_account_walk walk = {.state = reading->state}; tj_account_next(&walk);) {
        print_account(listing, walk.account, walk.object);
    }
    int code = reading_end(reading, listing->table);
    print_sums(reading, style, listing->sums);
    return code;
}

static int by_account(struct reading *reading, const uint64_t *only, enum table_style style)
{
    struct listing listing = {.reading = reading, .sums = sums_create(1)};
    int code =
        listing.sums != NULL ? labels_create(reading, &listing.labels) : lacks_memory(reading);
    if (code == EXIT_PASS) {
        code = list_accounts(reading, &listing, only, style);
    }
    tj_labels_destroy(listing.labels);
    free(listing.sums);
    return code;
}

/* ---- by class ---- */

static const struct table_column class_columns[] = {
    {"class", "class", false},
    {"accounts", "accounts", true},
    {"balance", "balance", true},
    {"asset", "asset", false},
    {"in base units", "balance_base", true},
};

static int print_classes(const struct reading *reading, const struct sums classes[TJ_CLASS_END],
                         enum table_style style)
{
    struct table *table =
        table_create(stdout, style, class_columns, sizeof class_columns / sizeof class_columns[0]);
    for (uint8_t class = 0; class < TJ_CLASS_END; class ++) {
        for (uint16_t number = 0; number <= TJ_ASSETS_MAX; number++) {
            if (classes[class].accounts[number] > 0) {
                struct asset asset =
                    account_asset(reading->state, &(struct tj_account_object){.asset = number});
                table_text(table, name_of(tj_class_names, TJ_CLASS_END, class));
                table_number(table, classes[class].accounts[number]);
                amount_cells(table, classes[class].balance[number], &asset);
            }
        }
    }
    return reading_end(reading, table);
}

static int by_class(struct reading *reading, enum table_style style)
{
    struct sums *classes = sums_create(TJ_CLASS_END);
    struct sums *all = sums_create(1);
    bool room = classes != NULL && all != NULL;
    struct tj_account_walk walk = {.state = reading->state};
    while (room && tj_account_next(&walk)) {
        uint8_t class = walk.object->class;
        add_to(&classes[class < TJ_CLASS_END ? class : 0], walk.object);
        add_to(all, walk.object);
    }
    int code = room ? print_classes(reading, classes, style) : lacks_memory(reading);
    if (room) {
        print_sums(reading, style, all);
    }
    free(classes);
    free(all);
    return code;
}

/* ---- by party ---- */

static const struct table_column party_columns[] = {
    {"party", "party", true},     {"type", "type", false},      {"reserve", "reserve", true},
    {"custody", "custody", true}, {"contra", "contra", true},   {"asset", "asset", false},
    {NULL, "reserve_base", true}, {NULL, "custody_base", true}, {NULL, "contra_base", true},
    {"name", "name", false},
};

enum { GROUP_RESERVE, GROUP_CUSTODY, GROUP_CONTRA, GROUPS };

static void print_party(struct reading *reading, struct table *table, uint32_t number,
                        uint16_t asset_number, const struct sums groups[GROUPS])
{
    struct asset asset =
        account_asset(reading->state, &(struct tj_account_object){.asset = asset_number});
    const struct tj_party_object *party = tj_state_party(reading->state, number);
    char amount[TJ_AMOUNT_TEXT_SIZE];
    char name[TJ_NAME_SIZE + 1];
    table_number(table, number);
    table_text(table, name_of(tj_party_type_names, TJ_PARTY_TYPE_END, party->type));
    for (int group = 0; group < GROUPS; group++) {
        tj_amount_format(amount, groups[group].balance[asset_number], asset.decimals);
        table_figure(table, amount);
    }
    table_text(table, asset.code);
    for (int group = 0; group < GROUPS; group++) {
        tj_amount_format_base(amount, groups[group].balance[asset_number]);
        table_figure(table, amount);
    }
    party_name(reading->state, name, number);
    table_text(table, name);
}

static int group_of(uint8_t class)
{
    return class == TJ_CLASS_RESERVE   ? GROUP_RESERVE
           : class == TJ_CLASS_CUSTODY ? GROUP_CUSTODY
                                       : GROUP_CONTRA;
}

/* A row for each asset that the party has accounts of. */
static void print_groups(struct reading *reading, struct table *table, uint32_t party,
                         const struct sums groups[GROUPS])
{
    for (uint16_t number = 0; number <= TJ_ASSETS_MAX; number++) {
        if (groups[0].accounts[number] + groups[1].accounts[number] + groups[2].accounts[number] >
            0) {
            print_party(reading, table, party, number, groups);
        }
    }
}

/* Accounts come in the order of their parties, so the sums of one party suffice. */
static void print_by_party(struct reading *reading, struct table *table, struct sums groups[GROUPS],
                           struct sums *all)
{
    struct tj_account_walk walk = {.state = reading->state};
    uint32_t party = 0;
    while (tj_account_next(&walk)) {
        if (tj_account_party(walk.account) != party) {
            print_groups(reading, table, party, groups);
            memset(groups, 0, GROUPS * sizeof groups[0]);
            party = tj_account_party(walk.account);
        }
        add_to(&groups[group_of(walk.object->class)], walk.object);
        add_to(all, walk.object);
    }
    print_groups(reading, table, party, groups);
}

static int by_party(struct reading *reading, enum table_style style)
{
    struct sums *all = sums_create(1);
    struct sums *groups = sums_create(GROUPS);
    if (all == NULL || groups == NULL) {
        free(all);
        free(groups);
        return lacks_memory(reading);
    }
    struct table *table =
        table_create(stdout, style, party_columns, sizeof party_columns / sizeof party_columns[0]);
    print_by_party(reading, table, groups, all);
    int code = reading_end(reading, table);
    print_sums(reading, style, all);
    free(groups);
    free(all);
    return code;
}

/* ---- one account at an earlier entry: a walk along its own movements, not a replay ---- */

static const struct table_column earlier_columns[] = {
    {"account", "account", false},
    {"class", "class", false},
    {"balance", "balance", true},
    {"asset", "asset", false},
    {"in base units", "balance_base", true},
    {"last movement", "last_movement", false},
};

static int earlier_balance(struct reading *reading, tj_i128 *balance, uint64_t *record,
                           uint64_t account, uint64_t size)
{
    struct tijori_history_cursor cursor = {0};
    struct tijori_movement movement;
    enum tijori_status status;
    *balance = 0;
    *record = 0;
    /* The library's own calls take the lock that a view holds. */
    tj_ledger_view_end(reading->ledger, &reading->view);
    do {
        status = tijori_history(reading->ledger, &movement, &cursor, tj_account_party(account),
                                tj_account_local(account));
    } while (status == TIJORI_OK && movement.entry >= size);
    if (status == TIJORI_OK) {
        *balance = (tj_i128)((tj_u128)(uint64_t)movement.balance.high << 64 | movement.balance.low);
        *record = tj_record_id(movement.entry, movement.record);
    }
    enum tijori_status again = tj_ledger_view_begin(reading->ledger, &reading->view);
    reading->viewing = again == TIJORI_OK;
    status = status == TIJORI_NOT_FOUND ? again : status;
    return status == TIJORI_OK ? EXIT_PASS : fail_status(status, reading->dir, NULL);
}

static int earlier_account(struct reading *reading, uint64_t account, uint64_t size,
                           enum table_style style)
{
    tj_i128 balance;
    uint64_t record;
    char text[TEXT_SIZE];
    int code = earlier_balance(reading, &balance, &record, account, size);
    if (code != EXIT_PASS) {
        return code;
    }
    const struct tj_account_object *object = tj_state_account(reading->state, account);
    struct asset asset = account_asset(reading->state, object);
    struct table *table = table_create(stdout, style, earlier_columns,
                                       sizeof earlier_columns / sizeof earlier_columns[0]);
    text_format_account(text, account);
    table_text(table, text);
    table_text(table, name_of(tj_class_names, TJ_CLASS_END, object->class));
    amount_cells(table, balance, &asset);
    if (record != 0) {
        text_format_record_id(text, record);
        table_text(table, text);
    } else {
        table_none(table);
    }
    return reading_end(reading, table);
}

/* ---- the command ---- */

static int print_balances(struct reading *reading, enum by by, const uint64_t *account,
                          enum table_style style)
{
    switch (by) {
    case BY_ACCOUNT:
        return by_account(reading, account, style);
    case BY_PURPOSE:
        return account != NULL ? account_purposes(reading, *account, style)
                               : reserve_purposes(reading, style);
    case BY_CLASS:
        return by_class(reading, style);
    case BY_PARTY:
        return by_party(reading, style);
    case BY_VALUE_DATE:
        return reserve_value_dates(reading, style);
    }
    abort();
}

/* What later entries may still tell of is as known at an entry, and not as it was after it. */
static void print_when(const struct reading *reading, enum by by, enum table_style style,
                       uint64_t size)
{
    struct tj_entry_view last;
    char time[TEXT_SIZE] = "?";
    if (table_is_rows(style)) {
        return;
    }
    if (tj_journal_entry(reading->view.txn, &last, size - 1) == TIJORI_OK) {
        text_format_time_ns(time, last.received_ns);
    }
    const bool known = by == BY_VALUE_DATE;
    if (style == TABLE_JSON) {
        printf("{\"%s\": %" PRIu64 ", \"received\": \"%s\", \"balances\": ",
               known ? "as_known_at_entry" : "after_entry", size - 1, time);
    } else {
        printf("%s entry %" PRIu64 ", received %s\n\n", known ? "as known at" : "after", size - 1,
               time);
    }
}

int cmd_balance(const struct arguments *arguments)
{
    struct reading reading;
    uint64_t account = 0;
    const char *at = argument_value(arguments, "at");
    enum by by = (enum by)argument_choice(arguments, "by");
    enum table_style style = (enum table_style)argument_choice(arguments, "format");
    bool one = arguments->operand_count > 1;
    if (one && by != BY_ACCOUNT && by != BY_PURPOSE) {
        return fail(EXIT_USAGE,
                    by == BY_VALUE_DATE
                        ? "value dates are listed of the reserve, and not of one account"
                        : "one account has one class and one party: --by purpose, or none");
    }
    int code = reading_open(arguments, &reading);
    uint64_t size = reading.size;
    if (code == EXIT_PASS && one) {
        code = reading_account(&reading, &account, arguments->operands[1]);
    }
    if (code == EXIT_PASS && at != NULL) {
        code = reading_size_at(&reading, &size, at);
    }
    bool walk = one && by == BY_ACCOUNT && size < reading.size;
    if (code == EXIT_PASS && !walk) {
        code = reading_go_back(&reading, size);
    }
    if (code == EXIT_PASS && one && !walk) {
        /* Once more: it may have been opened later than that. */
        code = reading_account(&reading, &account, arguments->operands[1]);
    }
    if (code == EXIT_PASS) {
        print_when(&reading, by, style, size);
        code = walk ? earlier_account(&reading, account, size, style)
                    : print_balances(&reading, by, one ? &account : NULL, style);
        printf("%s", style == TABLE_JSON ? "}\n" : "");
    }
    reading_close(&reading);
    return code;
}
