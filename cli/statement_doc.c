#include "cli/statement_doc.h"

#include "text/statement_print.h"
#include "text/text.h"

#include <inttypes.h>
#include <string.h>

/* ---- JSON members ---- */

static void set(json_t *object, const char *name, json_t *value)
{
    int done = json_object_set_new(object, name, value);
    TIJORI_REQUIRE(done == 0);
}

static void push(json_t *array, json_t *value)
{
    int done = json_array_append_new(array, value);
    TIJORI_REQUIRE(done == 0);
}

static void set_text(json_t *object, const char *name, const char *text)
{
    set(object, name, json_string(text));
}

static void set_name(json_t *object, const char *name, const char *text, size_t size)
{
    set(object, name, json_stringn(text, strnlen(text, size)));
}

static void set_count(json_t *object, const char *name, uint64_t count)
{
    set(object, name, json_integer((json_int_t)count));
}

static void set_hash(json_t *object, const char *name, const struct tj_hash *hash)
{
    char hex[2 * TJ_HASH_SIZE + 1];
    text_format_hex(hex, hash->bytes, TJ_HASH_SIZE);
    set_text(object, name, hex);
}

static void set_date(json_t *object, const char *name, uint32_t day)
{
    char text[TEXT_SIZE];
    text_format_date(text, day);
    set_text(object, name, text);
}

static void set_time(json_t *object, const char *name, uint64_t ns)
{
    char text[TEXT_SIZE];
    text_format_time_ns(text, ns);
    set_text(object, name, text);
}

static void set_record(json_t *object, const char *name, uint64_t id)
{
    char text[TEXT_SIZE];
    text_format_record_id(text, id);
    set_text(object, name, text);
}

static void set_account(json_t *object, const char *name, uint64_t account)
{
    char text[TEXT_SIZE];
    text_format_account(text, account);
    set_text(object, name, text);
}

static void set_amount(json_t *object, const char *name, tj_i128 base,
                       const struct tj_asset_object *asset)
{
    char text[TJ_AMOUNT_TEXT_SIZE];
    tj_amount_format(text, base, asset->decimals);
    set_text(object, name, text);
}

static void set_code(json_t *object, const struct tj_asset_object *asset)
{
    set_name(object, "asset", asset->code, TJ_ASSET_CODE_SIZE);
}

static void set_party(json_t *object, const struct tj_period *p, uint32_t party)
{
    set_count(object, "party", party);
    set_name(object, "name", tj_period_party(p, party), TJ_NAME_SIZE);
}

/* ---- accounts ---- */

/* What a custodian did in an envelope that is not here may have settled or corrected a movement
 * that is; the public sector has no such envelopes. */
static bool is_known(const struct tj_period *p, const struct tj_period_record *row)
{
    uint32_t from = tj_account_party(tj_movement_from(row->record));
    uint32_t to = tj_account_party(tj_movement_to(row->record));
    return !p->partial || tj_type_is_public(p->parties[from].type) ||
           tj_type_is_public(p->parties[to].type);
}

/* What a statement is about: coins that exist. In a public export those of custodians are not known
 * once a restricted body is missing. */
static bool is_shown(const struct tj_period *p, const struct tj_period_account *row)
{
    bool hidden = p->partial && !tj_type_is_public(p->parties[tj_account_party(row->account)].type);
    return !tj_class_is_contra(row->class) && !hidden;
}

static json_t *movements_json(const struct tj_period *p, const struct tj_period_account *row,
                              const struct tj_asset_object *asset)
{
    json_t *movements = json_array();
    tj_i128 sum = row->opening;
    for (uint32_t i = row->flow; i != 0; i = p->flows[i - 1].next) {
        const struct tj_period_flow *flow = &p->flows[i - 1];
        json_t *movement = json_object();
        set_text(movement, "purpose", tj_purpose_names[flow->purpose]);
        set_amount(movement, "in", (tj_i128)flow->in, asset);
        set_amount(movement, "out", (tj_i128)flow->out, asset);
        set_count(movement, "movements", flow->count);
        push(movements, movement);
        sum += (tj_i128)(flow->in - flow->out);
    }
    TIJORI_REQUIRE(sum == row->closing); /* counted in two ways */
    return movements;
}

static json_t *account_json(const struct tj_period *p, const struct tj_period_account *row)
{
    const struct tj_asset_object *asset = &p->assets[row->asset];
    json_t *account = json_object();
    set_account(account, "account", row->account);
    set_party(account, p, tj_account_party(row->account));
    set_text(account, "label", row->label != NULL ? row->label : "");
    set_code(account, asset);
    set_text(account, "class", tj_class_names[row->class]);
    set_amount(account, "opening", row->opening, asset);
    set(account, "movements", movements_json(p, row, asset));
    set_amount(account, "closing", row->closing, asset);
    set_amount(account, "pending_in", (tj_i128)row->pending_in, asset);
    set_amount(account, "pending_out", (tj_i128)row->pending_out, asset);
    set(account, "frozen_out", json_boolean(row->frozen_out));
    set(account, "closed", json_boolean((row->flags & TJ_ACCOUNT_CLOSED) != 0));
    return account;
}

/* ---- an asset's totals ---- */

static tj_i128 figure(const struct tj_period *p, uint8_t figure_number, uint32_t asset,
                      uint8_t purpose, uint32_t rule)
{
    const struct tj_figure_key key = {.figure = figure_number,
                                      .purpose = purpose,
                                      .asset = asset,
                                      .rule = rule,
                                      .period_from = p->from,
                                      .as_of = p->as_of};
    return tj_figures_value(p->figures, &key);
}

static json_t *reserve_json(const struct tj_period *p, uint32_t number)
{
    const struct tj_asset_object *asset = &p->assets[number];
    json_t *reserve = json_object();
    json_t *movements = json_array();
    tj_i128 sum = figure(p, TJ_FIGURE_OPENING, number, 0, 0);
    set_amount(reserve, "opening", sum, asset);
    for (uint8_t purpose = 1; purpose < TJ_PURPOSE_END; purpose++) {
        tj_i128 in = figure(p, TJ_FIGURE_INFLOW, number, purpose, 0);
        tj_i128 out = figure(p, TJ_FIGURE_OUTFLOW, number, purpose, 0);
        if (in == 0 && out == 0) {
            continue;
        }
        json_t *movement = json_object();
        set_text(movement, "purpose", tj_purpose_names[purpose]);
        set_amount(movement, "in", in, asset);
        set_amount(movement, "out", out, asset);
        push(movements, movement);
        sum += in - out;
    }
    tj_i128 closing = figure(p, TJ_FIGURE_CLOSING, number, 0, 0);
    TIJORI_REQUIRE(sum == closing);
    set(reserve, "movements", movements);
    set_amount(reserve, "closing", closing, asset);
    set_amount(reserve, "prior_period_adjustments", figure(p, TJ_FIGURE_ADJUSTMENTS, number, 0, 0),
               asset);
    return reserve;
}

/* In force in the period, or to come. */
static bool programme_counts(const struct tj_period *p, const struct tj_rule_object *rule,
                             uint32_t asset)
{
    return rule->kind == TJ_PROGRAMME && rule->asset == asset &&
           (rule->ended == 0 || tj_record_entry(rule->ended) >= p->first_entry);
}

static void set_breaches(json_t *object, uint64_t count, uint64_t first, uint64_t last)
{
    set_count(object, "breaches", count);
    if (count > 0) {
        set_record(object, "breach_first", first);
        set_record(object, "breach_last", last);
    }
}

static void set_sums(json_t *object, const struct tj_rule_object *rule,
                     const struct tj_asset_object *asset)
{
    const struct tj_programme_sums *sums = &rule->programme;
    tj_i128 net = tj_programme_net(sums);
    set_amount(object, "counted", net, asset);
    if (rule->type != TJ_PROGRAMME_ALLOCATION) {
        tj_i128 left = (tj_i128)rule->amount - net;
        set_amount(object, "bound", (tj_i128)rule->amount, asset);
        set_amount(object, "left", left > 0 ? left : 0, asset);
        set_amount(object, "over", left < 0 ? -left : 0, asset);
    }
    if (rule->amount_day != 0) {
        set_amount(object, "bound_a_day", (tj_i128)rule->amount_day, asset);
    }
    if (rule->power_mw != 0) {
        set_count(object, "power_mw", rule->power_mw);
    }
    set_amount(object, "corrected", (tj_i128)sums->corrected, asset);
    set_amount(object, "unclassified", (tj_i128)sums->unclassified, asset);
    set_breaches(object, sums->breaches, sums->breach_first, sums->breach_last);
}

static json_t *programme_json(const struct tj_period *p, uint32_t number,
                              const struct tj_asset_object *asset)
{
    const struct tj_rule_object *rule = &p->rules[number];
    json_t *programme = json_object();
    json_t *purposes = json_array();
    set_count(programme, "rule", number);
    set_text(programme, "name", p->rule_names[number]);
    set_text(programme, "type", tj_programme_names[rule->type]);
    set_text(programme, "mode", tj_mode_names[rule->mode]);
    set_date(programme, "starts", rule->starts);
    set_date(programme, "ends", rule->ends);
    set_text(programme, "status", rule->ended == 0 ? "in force" : "ended");
    for (uint8_t i = 1; i < TJ_PURPOSE_END; i++) {
        if ((rule->purposes >> i & 1) != 0) {
            push(purposes, json_string(tj_purpose_names[i]));
        }
    }
    set(programme, "purposes", purposes);
    if (rule->type != TJ_PROGRAMME_MINIMUM) {
        set_sums(programme, rule, asset);
        return programme;
    }
    set_amount(programme, "bound", (tj_i128)rule->amount, asset);
    set_amount(programme, "reserve", tj_reserve_of(asset), asset);
    set_count(programme, "breaches",
              (uint64_t)figure(p, TJ_FIGURE_BREACHES, rule->asset, 0, number));
    if (asset->minimum_rule == number && asset->breaches > 0) {
        set_record(programme, "breach_first", asset->breach_first);
        set_record(programme, "breach_last", asset->breach_last);
    }
    return programme;
}

static json_t *programmes_json(const struct tj_period *p, uint32_t asset)
{
    json_t *programmes = json_array();
    for (uint32_t i = 0; i < p->ledger.rules_set; i++) {
        if (programme_counts(p, &p->rules[i], asset)) {
            push(programmes, programme_json(p, i, &p->assets[asset]));
        }
    }
    return programmes;
}

/* ---- by party ---- */

struct party_sum {
    tj_i128 opening[TJ_CLASS_END];
    tj_i128 closing[TJ_CLASS_END];
    uint64_t accounts[TJ_CLASS_END];
};

static struct party_sum *sum_parties(const struct tj_period *p, uint32_t asset)
{
    struct party_sum *sums = calloc(p->ledger.parties + 1, sizeof *sums);
    TIJORI_REQUIRE(sums != NULL);
    for (size_t i = 0; i < p->account_count; i++) {
        const struct tj_period_account *row = &p->accounts[i];
        if (row->asset == asset && is_shown(p, row)) {
            struct party_sum *sum = &sums[tj_account_party(row->account)];
            sum->opening[row->class] += row->opening;
            sum->closing[row->class] += row->closing;
            sum->accounts[row->class]++;
        }
    }
    return sums;
}

static const struct tj_period_attested *attested_of(const struct tj_period *p, uint32_t party,
                                                    uint32_t asset)
{
    for (size_t i = 0; i < p->attested_count; i++) {
        if (p->attested[i].party == party && p->attested[i].asset == asset) {
            return &p->attested[i];
        }
    }
    return NULL;
}

/* Entities with their wallets' sums; of a custodian, customers' coins beside what it says it has.
 */
static void set_parties(json_t *object, const struct tj_period *p, uint32_t number)
{
    const struct tj_asset_object *asset = &p->assets[number];
    struct party_sum *sums = sum_parties(p, number);
    json_t *parties = json_array();
    json_t *customers = json_array();
    for (uint32_t i = 0; i < p->ledger.parties; i++) {
        for (int class = TJ_CLASS_RESERVE; class <= TJ_CLASS_CUSTODY; class ++) {
            bool custody = class == TJ_CLASS_CUSTODY;
            json_t *party = json_object();
            if (sums[i].accounts[class] == 0) {
                json_decref(party);
                continue;
            }
            set_party(party, p, i);
            set_count(party, "accounts", sums[i].accounts[class]);
            set_amount(party, "opening", sums[i].opening[class], asset);
            set_amount(party, "closing", sums[i].closing[class], asset);
            const struct tj_period_attested *attested = attested_of(p, i, number);
            if (custody && attested != NULL) {
                set_amount(party, "attested", attested->value, asset);
                set_date(party, "attested_as_of", attested->as_of);
                set_record(party, "attested_by", attested->id);
            } else if (custody) {
                set_text(party, "attested", "not attested");
            }
            push(custody ? customers : parties, party);
        }
    }
    free(sums);
    set(object, "reserve_by_party", parties);
    set(object, "customers_by_custodian", customers);
}

/* ---- what stands open ---- */

static json_t *moved_json(const struct tj_period *p, const struct tj_period_record *row,
                          uint32_t asset)
{
    json_t *moved = json_object();
    set_record(moved, "record", row->id);
    set_time(moved, "received", row->received_ns);
    set_account(moved, "from", tj_movement_from(row->record));
    set_account(moved, "to", tj_movement_to(row->record));
    set_text(moved, "purpose", tj_purpose_names[tj_movement_purpose(row->record)]);
    set_amount(moved, "amount", (tj_i128)tj_movement_amount(row->record).base, &p->assets[asset]);
    return moved;
}

static json_t *pending_json(const struct tj_period *p, uint32_t asset)
{
    json_t *array = json_array();
    for (size_t i = 0; i < p->pending_count; i++) {
        const struct tj_period_record *row = &p->pending[i];
        if (is_known(p, row) && tj_period_row(p, tj_movement_from(row->record))->asset == asset) {
            json_t *moved = moved_json(p, row, asset);
            uint32_t timeout_s = tj_movement_timeout_s(row->record);
            set_count(moved, "approvals", row->approvals);
            if (timeout_s != 0) {
                set_time(moved, "timeout", timeout_s * TJ_NS_PER_S);
            }
            push(array, moved);
        }
    }
    return array;
}

static json_t *adjustments_json(const struct tj_period *p, uint32_t asset)
{
    json_t *array = json_array();
    for (size_t i = 0; i < p->correction_count; i++) {
        const struct tj_period_record *row = &p->corrections[i];
        if (is_known(p, row) && tj_period_row(p, tj_movement_from(row->record))->asset == asset) {
            json_t *moved = moved_json(p, row, asset);
            set_record(moved, "corrects", row->refers_to);
            set_time(moved, "corrects_received", row->refers_to_ns);
            set(moved, "prior_period", json_boolean(row->prior));
            push(array, moved);
        }
    }
    return array;
}

static json_t *frozen_json(const struct tj_period *p, uint32_t asset)
{
    json_t *array = json_array();
    for (size_t i = 0; i < p->account_count; i++) {
        const struct tj_period_account *row = &p->accounts[i];
        if (row->asset == asset && row->frozen_out && is_shown(p, row)) {
            json_t *frozen = json_object();
            set_account(frozen, "account", row->account);
            set_party(frozen, p, tj_account_party(row->account));
            set_amount(frozen, "amount", row->closing, &p->assets[asset]);
            push(array, frozen);
        }
    }
    return array;
}

/* ---- prices ---- */

/* "95000.00": digits, and a point with digits after it. */
static bool read_price(const char *text, struct statement_price *out)
{
    const char *point = strchr(text, '.');
    size_t whole = point != NULL ? (size_t)(point - text) : strlen(text);
    size_t decimals = point != NULL ? strlen(point + 1) : 0;
    char digits[32];
    snprintf(digits, sizeof digits, "%.*s%s", (int)whole, text, point != NULL ? point + 1 : "");
    out->decimals = (uint8_t)decimals;
    /* So few digits that a product with any amount fits 128 bits. */
    return whole > 0 && decimals <= 8 && (point == NULL || decimals > 0) && strlen(digits) <= 14 &&
           strspn(digits, "0123456789") == strlen(digits) &&
           text_parse_number(digits + strspn(digits, "0") * (strlen(digits) > 1), UINT64_MAX,
                             &out->price);
}

int statement_add_price(const char *text, struct statement_prices *out)
{
    struct statement_price *price = &out->of[out->count];
    char number[32];
    const char *equals = strchr(text, '=');
    const char *space = equals != NULL ? strchr(equals, ' ') : NULL;
    const char *comma = space != NULL ? strstr(space, ", ") : NULL;
    if (out->count == STATEMENT_PRICES_MAX) {
        return fail(EXIT_USAGE, "--price: at most %d prices", STATEMENT_PRICES_MAX);
    }
    memset(price, 0, sizeof *price);
    if (!tj_text_valid((const uint8_t *)text, strlen(text))) {
        return fail(EXIT_USAGE, "--price: it is no text (UTF-8, without control characters)");
    }
    bool fits =
        comma != NULL && comma > space + 1 && (size_t)(equals - text) < sizeof price->code &&
        (size_t)(space - equals) < sizeof number && (size_t)(comma - space) < sizeof price->unit &&
        strlen(comma + 2) < sizeof price->source && comma[2] != '\0';
    if (fits) {
        snprintf(price->code, sizeof price->code, "%.*s", (int)(equals - text), text);
        snprintf(number, sizeof number, "%.*s", (int)(space - equals - 1), equals + 1);
        snprintf(price->unit, sizeof price->unit, "%.*s", (int)(comma - space - 1), space + 1);
        snprintf(price->source, sizeof price->source, "%s", comma + 2);
    }
    if (!fits || !read_price(number, price)) {
        return fail(EXIT_USAGE, "--price: '%s' is not of the form 'BTC=95000.00 USD, SOURCE'",
                    text);
    }
    for (size_t i = 0; i < out->count; i++) {
        if (strcmp(out->of[i].code, price->code) == 0) {
            return fail(EXIT_USAGE, "--price: %s has a price twice", price->code);
        }
    }
    out->count++;
    return EXIT_PASS;
}

int statement_know_prices(const struct tj_period *p, const struct statement_prices *prices)
{
    for (size_t i = 0; i < prices->count; i++) {
        bool known = false;
        for (uint32_t a = 1; a <= p->ledger.assets; a++) {
            known |= strncmp(prices->of[i].code, p->assets[a].code, TJ_ASSET_CODE_SIZE) == 0;
        }
        if (!known) {
            return fail(EXIT_DATA, "--price: the ledger had no asset %s in that period",
                        prices->of[i].code);
        }
    }
    return EXIT_PASS;
}

/* Rounded towards zero. */
static tj_i128 worth(tj_i128 amount, const struct tj_asset_object *asset,
                     const struct statement_price *price)
{
    tj_i128 product;
    TIJORI_REQUIRE(!__builtin_mul_overflow(amount, (tj_i128)price->price, &product));
    for (uint8_t i = 0; i < asset->decimals; i++) {
        product /= 10;
    }
    return product;
}

static void set_price(json_t *object, const struct tj_period *p, uint32_t number,
                      const struct statement_prices *prices)
{
    const struct tj_asset_object *asset = &p->assets[number];
    for (size_t i = 0; i < prices->count; i++) {
        const struct statement_price *price = &prices->of[i];
        char text[TJ_AMOUNT_TEXT_SIZE];
        if (strncmp(price->code, asset->code, TJ_ASSET_CODE_SIZE) != 0) {
            continue;
        }
        json_t *value = json_object();
        tj_amount_format(text, (tj_i128)price->price, price->decimals);
        set_text(value, "of_one", text);
        set_text(value, "unit", price->unit);
        set_text(value, "source", price->source);
        tj_amount_format(text, worth(figure(p, TJ_FIGURE_CLOSING, number, 0, 0), asset, price),
                         price->decimals);
        set_text(value, "reserve_closing", text);
        set(object, "price", value);
    }
}

/* ---- the document ---- */

static json_t *asset_json(const struct tj_period *p, uint32_t number,
                          const struct statement_prices *prices)
{
    json_t *asset = json_object();
    set_code(asset, &p->assets[number]);
    set_count(asset, "decimals", p->assets[number].decimals);
    set(asset, "reserve", reserve_json(p, number));
    set_parties(asset, p, number);
    set(asset, "programmes", programmes_json(p, number));
    set(asset, "pending", pending_json(p, number));
    set(asset, "frozen", frozen_json(p, number));
    set(asset, "corrections", adjustments_json(p, number));
    set_price(asset, p, number, prices);
    return asset;
}

/* All but the accounts, which come last. */
static json_t *head_json(const struct tj_period *p, const struct tj_hash *ledger_id,
                         const struct statement_prices *prices)
{
    json_t *head = json_object();
    json_t *assets = json_array();
    set_text(head, "format", "tijori-statement-1");
    set_name(head, "ledger", p->ledger.name, TJ_NAME_SIZE);
    set_hash(head, "ledger_id", ledger_id);
    set_date(head, "period_from", p->from);
    set_date(head, "as_of", p->as_of);
    set_count(head, "entries", p->entries);
    set_count(head, "first_entry", p->first_entry);
    set_time(head, "last_received", p->last_received_ns);
    set_hash(head, "last_leaf", &p->last_leaf);
    set_text(head, "custody",
             p->partial ? "not known: made from a public export, without restricted records"
                        : "in full");
    for (uint32_t i = 1; i <= p->ledger.assets; i++) {
        push(assets, asset_json(p, i, prices));
    }
    set(head, "assets", assets);
    return head;
}

/* The head's text without its last brace, and then the accounts, one a line. */
static bool write_json(FILE *out, const struct tj_period *p, const struct tj_hash *ledger_id,
                       const struct statement_prices *prices)
{
    json_t *head = head_json(p, ledger_id, prices);
    char *text = json_dumps(head, JSON_INDENT(1) | JSON_ENSURE_ASCII);
    bool first = true;
    TIJORI_REQUIRE(text != NULL);
    size_t size = strlen(text) - 2; /* "\n}" */
    fprintf(out, "%.*s,\n \"accounts\": [", (int)size, text);
    for (size_t i = 0; i < p->account_count; i++) {
        if (is_shown(p, &p->accounts[i])) {
            json_t *account = account_json(p, &p->accounts[i]);
            fprintf(out, first ? "\n  " : ",\n  ");
            json_dumpf(account, out, JSON_COMPACT | JSON_ENSURE_ASCII);
            json_decref(account);
            first = false;
        }
    }
    fprintf(out, "\n ]\n}\n");
    free(text);
    json_decref(head);
    return ferror(out) == 0;
}

bool statement_hash(const struct tj_period *period, const struct tj_hash *ledger_id,
                    const struct statement_prices *prices, struct tj_hash *out)
{
    /* Written to a file that has no name, since it may be larger than memory. */
    FILE *file = tmpfile();
    bool done = file != NULL && write_json(file, period, ledger_id, prices) && fflush(file) == 0;
    struct tj_hasher *hasher = tj_hasher_create();
    uint8_t buffer[65536];
    size_t size;
    tj_sha256_begin(hasher);
    if (done) {
        rewind(file);
    }
    while (done && (size = fread(buffer, 1, sizeof buffer, file)) > 0) {
        tj_sha256_update(hasher, buffer, size);
    }
    tj_sha256_finish(hasher, out);
    tj_hasher_destroy(hasher);
    done = done && ferror(file) == 0;
    if (file != NULL) {
        (void)fclose(file);
    }
    return done;
}

bool statement_write(FILE *out, enum statement_format format, const struct tj_period *period,
                     const struct tj_hash *ledger_id, const struct statement_prices *prices)
{
    if (format == STATEMENT_JSON) {
        return write_json(out, period, ledger_id, prices);
    }
    struct statement_printer printer = {.out = out, .html = format == STATEMENT_HTML};
    json_t *head = head_json(period, ledger_id, prices);
    statement_print_head(&printer, head);
    json_decref(head);
    for (size_t i = 0; i < period->account_count; i++) {
        if (is_shown(period, &period->accounts[i])) {
            json_t *account = account_json(period, &period->accounts[i]);
            statement_print_account(&printer, account);
            json_decref(account);
        }
    }
    statement_print_end(&printer);
    return ferror(out) == 0;
}

/* ---- the records ---- */

struct records {
    struct tj_record *of;
    size_t count;
};

static void add_record(struct records *records, const struct tj_period *p,
                       const struct tj_hash *document, struct tj_figure_key key, tj_i128 value)
{
    records->of = realloc(records->of, (records->count + 1) * sizeof *records->of);
    TIJORI_REQUIRE(records->of != NULL);
    struct tj_record *r = &records->of[records->count++];
    *r = (struct tj_record){.kind = TJ_STATEMENT,
                            .figure = key.figure,
                            .purpose = key.purpose,
                            .asset = key.asset,
                            .party = key.party,
                            .rule = key.rule,
                            .period_from = p->from,
                            .as_of = p->as_of,
                            .document = *document};
    tj_statement_value_store(r->value, value);
}

static void add_figure(struct records *records, const struct tj_period *p,
                       const struct tj_hash *document, struct tj_figure_key key, bool wanted)
{
    key.period_from = p->from;
    key.as_of = p->as_of;
    tj_i128 value = tj_figures_value(p->figures, &key);
    if (wanted || value != 0) {
        add_record(records, p, document, key, value);
    }
}

static void add_asset(struct records *records, const struct tj_period *p,
                      const struct tj_hash *document, uint32_t asset)
{
    struct tj_figure_key key = {.asset = asset};
    key.figure = TJ_FIGURE_OPENING;
    add_figure(records, p, document, key, true);
    for (key.purpose = 1; key.purpose < TJ_PURPOSE_END; key.purpose++) {
        key.figure = TJ_FIGURE_INFLOW;
        add_figure(records, p, document, key, false);
        key.figure = TJ_FIGURE_OUTFLOW;
        add_figure(records, p, document, key, false);
    }
    key.purpose = 0;
    key.figure = TJ_FIGURE_CLOSING;
    add_figure(records, p, document, key, true);
    key.figure = TJ_FIGURE_ADJUSTMENTS;
    add_figure(records, p, document, key, false);
    key.figure = TJ_FIGURE_CUSTOMERS;
    for (key.party = 0; key.party < p->ledger.parties && !p->partial; key.party++) {
        add_figure(records, p, document, key, false);
    }
    key.party = 0;
    for (key.rule = 0; key.rule < p->ledger.rules_set; key.rule++) {
        if (programme_counts(p, &p->rules[key.rule], asset)) {
            /* A minimum has no purposes that it counts. */
            bool counts = p->rules[key.rule].type != TJ_PROGRAMME_MINIMUM;
            for (key.figure = TJ_FIGURE_COUNTED; counts && key.figure < TJ_FIGURE_BREACHES;
                 key.figure++) {
                add_figure(records, p, document, key, true);
            }
            key.figure = TJ_FIGURE_BREACHES;
            add_figure(records, p, document, key, true);
        }
    }
}

struct tj_record *statement_records(const struct tj_period *period, const struct tj_hash *document,
                                    size_t *count)
{
    struct records records = {NULL, 0};
    for (uint32_t asset = 1; asset <= period->ledger.assets; asset++) {
        add_asset(&records, period, document, asset);
    }
    *count = records.count;
    return records.of;
}
