#include "text/statement_doc.h"

#include "core/base/memory.h"
#include "core/format/text_form.h"
#include "crypto/hex.h"
#include "text/json.h"
#include "text/statement_print.h"
#include "text/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

/* ---- JSON members ---- */

static void set_amount(json_t *object, const char *name, tj_i128 base,
                       const struct tj_asset_object *asset)
{
    member_amount(object, name, base, asset->decimals);
}

static void set_code(json_t *object, const struct tj_asset_object *asset)
{
    member_padded(object, "asset", asset->code, TJ_ASSET_CODE_SIZE);
}

static void set_party(json_t *object, const struct tj_period *p, uint32_t party)
{
    member_count(object, "party", party);
    member_padded(object, "name", tj_period_party(p, party), TJ_NAME_SIZE);
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
        member_text(movement, "purpose", tj_purpose_names[flow->purpose]);
        set_amount(movement, "in", (tj_i128)flow->in, asset);
        set_amount(movement, "out", (tj_i128)flow->out, asset);
        member_count(movement, "movements", flow->count);
        element_add(movements, movement);
        sum += (tj_i128)(flow->in - flow->out);
    }
    TIJORI_REQUIRE(sum == row->closing); /* counted in two ways */
    return movements;
}

static json_t *account_json(const struct tj_period *p, const struct tj_period_account *row)
{
    const struct tj_asset_object *asset = &p->assets[row->asset];
    json_t *account = json_object();
    member_account(account, "account", row->account);
    set_party(account, p, tj_account_party(row->account));
    member_text(account, "label", row->label != NULL ? row->label : "");
    set_code(account, asset);
    member_text(account, "class", tj_class_names[row->class]);
    if (row->encumbrance != 0) {
        member_text(account, "encumbrance", tj_encumbrance_names[row->encumbrance]);
    }
    set_amount(account, "opening", row->opening, asset);
    member_set(account, movements_json(p, row, asset), "movements");
    set_amount(account, "closing", row->closing, asset);
    set_amount(account, "pending_in", (tj_i128)row->pending_in, asset);
    set_amount(account, "pending_out", (tj_i128)row->pending_out, asset);
    member_bool(account, "frozen_out", row->frozen_out);
    member_bool(account, "closed", (row->flags & TJ_ACCOUNT_CLOSED) != 0);
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

/* What of the reserve is pledged, and what is lent; NULL where nothing is. A closed account counts:
 * it was the reserve's. */
static json_t *encumbered_json(const struct tj_period *p, uint32_t number)
{
    tj_i128 closing[TJ_ENCUMBRANCE_END] = {0};
    bool any[TJ_ENCUMBRANCE_END] = {false};
    json_t *array = NULL;
    for (size_t i = 0; i < p->account_count; i++) {
        const struct tj_period_account *row = &p->accounts[i];
        if (row->asset == number && row->class == TJ_CLASS_RESERVE) {
            any[row->encumbrance] = true;
            closing[row->encumbrance] += row->closing;
        }
    }
    for (int e = 1; e < TJ_ENCUMBRANCE_END; e++) {
        if (any[e]) {
            json_t *row = json_object();
            array = array != NULL ? array : json_array();
            member_text(row, "encumbrance", tj_encumbrance_names[e]);
            set_amount(row, "closing", closing[e], &p->assets[number]);
            element_add(array, row);
        }
    }
    return array;
}

static json_t *reserve_json(const struct tj_period *p, uint32_t number)
{
    const struct tj_asset_object *asset = &p->assets[number];
    json_t *reserve = json_object();
    json_t *movements = json_array();
    tj_i128 sum = figure(p, TJ_FIGURE_OPENING, number, 0, 0);
    set_amount(reserve, "opening", sum, asset);
    set_amount(reserve, "brought_in", figure(p, TJ_FIGURE_BROUGHT_IN, number, 0, 0), asset);
    for (uint8_t purpose = 1; purpose < TJ_PURPOSE_END; purpose++) {
        tj_i128 in = figure(p, TJ_FIGURE_INFLOW, number, purpose, 0);
        tj_i128 out = figure(p, TJ_FIGURE_OUTFLOW, number, purpose, 0);
        tj_i128 brought_in = figure(p, TJ_FIGURE_BROUGHT_IN, number, purpose, 0);
        if (in == 0 && out == 0 && brought_in == 0) {
            continue;
        }
        json_t *movement = json_object();
        member_text(movement, "purpose", tj_purpose_names[purpose]);
        set_amount(movement, "brought_in", brought_in, asset);
        set_amount(movement, "in", in, asset);
        set_amount(movement, "out", out, asset);
        element_add(movements, movement);
        sum += brought_in + in - out;
    }
    tj_i128 closing = figure(p, TJ_FIGURE_CLOSING, number, 0, 0);
    TIJORI_REQUIRE(sum == closing);
    member_set(reserve, movements, "movements");
    set_amount(reserve, "closing", closing, asset);
    set_amount(reserve, "prior_period_adjustments", figure(p, TJ_FIGURE_ADJUSTMENTS, number, 0, 0),
               asset);
    json_t *encumbered = encumbered_json(p, number);
    if (encumbered != NULL) {
        member_set(reserve, encumbered, "encumbered");
    }
    return reserve;
}

/* In force in the period, or to come. */
static bool programme_counts(const struct tj_period *p, const struct tj_rule_object *rule,
                             uint32_t asset)
{
    return rule->kind == TJ_PROGRAMME && rule->asset == asset &&
           (rule->ended == 0 || rule->until_ns >= tj_period_first_ns(p));
}

static void set_breaches(json_t *object, uint64_t count, uint64_t first, uint64_t last)
{
    member_count(object, "breaches", count);
    if (count > 0) {
        member_record(object, "breach_first", first);
        member_record(object, "breach_last", last);
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
        member_count(object, "power_mw", rule->power_mw);
    }
    set_amount(object, "corrected", (tj_i128)sums->corrected, asset);
    if (sums->brought_in != 0) {
        set_amount(object, "brought_in", sums->brought_in, asset);
    }
    set_amount(object, "unclassified", (tj_i128)sums->unclassified, asset);
    set_breaches(object, sums->breaches, sums->breach_first, sums->breach_last);
}

/* As it stood at the end of the period. */
static void set_status(json_t *programme, const struct tj_period *p,
                       const struct tj_rule_object *rule)
{
    if (rule->ended != 0 && rule->until_ns > tj_period_last_ns(p)) {
        member_text(programme, "status", "running out");
        member_time_ns(programme, "until", rule->until_ns);
        return;
    }
    member_text(programme, "status", rule->ended == 0 ? "in force" : "ended");
}

static json_t *programme_json(const struct tj_period *p, uint32_t number,
                              const struct tj_asset_object *asset)
{
    const struct tj_rule_object *rule = &p->rules[number];
    json_t *programme = json_object();
    json_t *purposes = json_array();
    member_count(programme, "rule", number);
    member_text(programme, "name", p->rule_names[number]);
    member_text(programme, "type", tj_programme_names[rule->type]);
    member_text(programme, "mode", tj_mode_names[rule->mode]);
    member_date(programme, "starts", rule->starts);
    member_date(programme, "ends", rule->ends);
    set_status(programme, p, rule);
    for (uint8_t i = 1; i < TJ_PURPOSE_END; i++) {
        if ((rule->purposes >> i & 1) != 0) {
            element_add(purposes, json_string(tj_purpose_names[i]));
        }
    }
    member_set(programme, purposes, "purposes");
    if (rule->type != TJ_PROGRAMME_MINIMUM) {
        set_sums(programme, rule, asset);
        return programme;
    }
    set_amount(programme, "bound", (tj_i128)rule->amount, asset);
    set_amount(programme, "reserve", tj_reserve_of(asset), asset);
    member_count(programme, "breaches",
                 (uint64_t)figure(p, TJ_FIGURE_BREACHES, rule->asset, 0, number));
    if (asset->minimum_rule == number && asset->breaches > 0) {
        member_record(programme, "breach_first", asset->breach_first);
        member_record(programme, "breach_last", asset->breach_last);
    }
    return programme;
}

static json_t *programmes_json(const struct tj_period *p, uint32_t asset)
{
    json_t *programmes = json_array();
    for (uint32_t i = 0; i < p->ledger.rules_set; i++) {
        if (programme_counts(p, &p->rules[i], asset)) {
            element_add(programmes, programme_json(p, i, &p->assets[asset]));
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

/* NULL: no memory, which is remembered. */
static struct party_sum *sum_parties(const struct tj_period *p, uint32_t asset)
{
    struct party_sum *sums = calloc(p->ledger.parties + 1, sizeof *sums);
    if (sums == NULL) {
        document_incomplete();
        return NULL;
    }
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
    for (uint32_t i = 0; sums != NULL && i < p->ledger.parties; i++) {
        for (int class = TJ_CLASS_RESERVE; class <= TJ_CLASS_CUSTODY; class ++) {
            bool custody = class == TJ_CLASS_CUSTODY;
            json_t *party = json_object();
            if (sums[i].accounts[class] == 0) {
                json_decref(party);
                continue;
            }
            set_party(party, p, i);
            member_count(party, "accounts", sums[i].accounts[class]);
            set_amount(party, "opening", sums[i].opening[class], asset);
            set_amount(party, "closing", sums[i].closing[class], asset);
            const struct tj_period_attested *attested = attested_of(p, i, number);
            if (custody && attested != NULL) {
                set_amount(party, "attested", attested->value, asset);
                member_date(party, "attested_as_of", attested->as_of);
                member_record(party, "attested_by", attested->id);
            } else if (custody) {
                member_text(party, "attested", "not attested");
            }
            element_add(custody ? customers : parties, party);
        }
    }
    free(sums);
    member_set(object, parties, "reserve_by_party");
    member_set(object, customers, "customers_by_custodian");
}

/* ---- what stands open ---- */

static json_t *moved_json(const struct tj_period *p, const struct tj_period_record *row,
                          uint32_t asset)
{
    json_t *moved = json_object();
    member_record(moved, "record", row->id);
    member_time_ns(moved, "received", row->received_ns);
    member_account(moved, "from", tj_movement_from(row->record));
    member_account(moved, "to", tj_movement_to(row->record));
    member_text(moved, "purpose", tj_purpose_names[tj_movement_purpose(row->record)]);
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
            member_count(moved, "approvals", row->approvals);
            if (timeout_s != 0) {
                member_time_ns(moved, "timeout", timeout_s * TJ_NS_PER_S);
            }
            element_add(array, moved);
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
            member_record(moved, "corrects", row->refers_to);
            member_time_ns(moved, "corrects_received", row->refers_to_ns);
            member_bool(moved, "prior_period", row->prior);
            element_add(array, moved);
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
            member_account(frozen, "account", row->account);
            set_party(frozen, p, tj_account_party(row->account));
            set_amount(frozen, "amount", row->closing, &p->assets[asset]);
            element_add(array, frozen);
        }
    }
    return array;
}

/* ---- prices ---- */

/* "95000.00": digits, and a point with digits after it. */
static bool read_price(struct statement_price *out, const char *text)
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
           text_parse_number(&out->price, digits + strspn(digits, "0") * (strlen(digits) > 1),
                             UINT64_MAX);
}

static bool refuse(struct statement_message *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static bool refuse(struct statement_message *why, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why->text, sizeof why->text, format, arguments);
    va_end(arguments);
    return false;
}

bool statement_add_price(struct statement_message *why, struct statement_prices *prices,
                         const char *text)
{
    struct statement_price *price = &prices->of[prices->count];
    char number[32];
    const char *equals = strchr(text, '=');
    const char *space = equals != NULL ? strchr(equals, ' ') : NULL;
    const char *comma = space != NULL ? strstr(space, ", ") : NULL;
    if (prices->count == STATEMENT_PRICES_MAX) {
        return refuse(why, "at most %d prices", STATEMENT_PRICES_MAX);
    }
    memset(price, 0, sizeof *price);
    if (!tj_utf8_plain((const uint8_t *)text, strlen(text))) {
        return refuse(why, "it is no text (UTF-8, without control characters)");
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
    if (!fits || !read_price(price, number)) {
        return refuse(why, "'%s' is not of the form 'BTC=95000.00 USD, SOURCE'", text);
    }
    for (size_t i = 0; i < prices->count; i++) {
        if (strcmp(prices->of[i].code, price->code) == 0) {
            return refuse(why, "%s has a price twice", price->code);
        }
    }
    prices->count++;
    return true;
}

bool statement_know_prices(struct statement_message *why, const struct tj_period *p,
                           const struct statement_prices *prices)
{
    for (size_t i = 0; i < prices->count; i++) {
        bool known = false;
        for (uint32_t a = 1; a <= p->ledger.assets; a++) {
            known |= strncmp(prices->of[i].code, p->assets[a].code, TJ_ASSET_CODE_SIZE) == 0;
        }
        if (!known) {
            return refuse(why, "the ledger had no asset %s in that period", prices->of[i].code);
        }
    }
    return true;
}

/* Rounded once, half away from zero: docs/FORMAT.md section 17. */
static tj_i128 worth(tj_i128 amount, const struct tj_asset_object *asset,
                     const struct statement_price *price)
{
    tj_i128 product;
    TIJORI_REQUIRE(!__builtin_mul_overflow(amount, (tj_i128)price->price, &product));
    tj_i128 one = 1;
    for (uint8_t i = 0; i < asset->decimals; i++) {
        one *= 10;
    }
    const tj_i128 rest = product % one;
    const tj_i128 away = product < 0 ? -1 : 1;
    return product / one + (away * rest * 2 >= one ? away : 0);
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
        member_text(value, "of_one", text);
        member_text(value, "unit", price->unit);
        member_text(value, "source", price->source);
        tj_amount_format(text, worth(figure(p, TJ_FIGURE_CLOSING, number, 0, 0), asset, price),
                         price->decimals);
        member_text(value, "reserve_closing", text);
        member_set(object, value, "price");
    }
}

/* ---- the document ---- */

static json_t *asset_json(const struct tj_period *p, uint32_t number,
                          const struct statement_prices *prices)
{
    json_t *asset = json_object();
    set_code(asset, &p->assets[number]);
    member_count(asset, "decimals", p->assets[number].decimals);
    member_set(asset, reserve_json(p, number), "reserve");
    set_parties(asset, p, number);
    member_set(asset, programmes_json(p, number), "programmes");
    member_set(asset, pending_json(p, number), "pending");
    member_set(asset, frozen_json(p, number), "frozen");
    member_set(asset, adjustments_json(p, number), "corrections");
    set_price(asset, p, number, prices);
    return asset;
}

/* All but the accounts, which come last. */
static json_t *head_json(const struct tj_period *p, const struct tj_hash *ledger_id,
                         const struct statement_prices *prices)
{
    json_t *head = json_object();
    json_t *assets = json_array();
    member_text(head, "format", "tijori-statement-1");
    member_padded(head, "ledger", p->ledger.name, TJ_NAME_SIZE);
    member_hash(head, "ledger_id", ledger_id);
    member_date(head, "period_from", p->from);
    member_date(head, "as_of", p->as_of);
    member_count(head, "entries", p->entries);
    member_count(head, "first_entry", p->first_entry);
    member_time_ns(head, "last_received", p->last_received_ns);
    member_hash(head, "last_leaf", &p->last_leaf);
    member_text(head, "custody",
                p->partial ? "not known: made from a public export, without restricted records"
                           : "in full");
    for (uint32_t i = 1; i <= p->ledger.assets; i++) {
        element_add(assets, asset_json(p, i, prices));
    }
    member_set(head, assets, "assets");
    return head;
}

static bool no_memory(void)
{
    errno = ENOMEM;
    return false;
}

/* All but the accounts, and without the last brace. */
static bool write_head(FILE *out, const json_t *head)
{
    char *text = json_dumps(head, JSON_INDENT(1) | JSON_ENSURE_ASCII);
    if (text == NULL) {
        return no_memory();
    }
    size_t size = strlen(text) - 2; /* "\n}" */
    fprintf(out, "%.*s,\n \"accounts\": [", (int)size, text);
    free(text);
    return true;
}

/* The head, and then the accounts, one a line. */
static bool write_json(FILE *out, const struct tj_period *p, const struct tj_hash *ledger_id,
                       const struct statement_prices *prices)
{
    document_begin();
    json_t *head = head_json(p, ledger_id, prices);
    bool done = write_head(out, head);
    bool first = true;
    json_decref(head);
    for (size_t i = 0; i < p->account_count && done; i++) {
        if (is_shown(p, &p->accounts[i])) {
            json_t *account = account_json(p, &p->accounts[i]);
            fprintf(out, first ? "\n  " : ",\n  ");
            done = json_print(out, account, JSON_COMPACT | JSON_ENSURE_ASCII);
            json_decref(account);
            first = false;
        }
    }
    fprintf(out, "\n ]\n}\n");
    if (!document_whole()) {
        return no_memory();
    }
    return done && ferror(out) == 0;
}

bool statement_hash(const struct tj_period *period, struct tj_hash *out,
                    const struct tj_hash *ledger_id, const struct statement_prices *prices)
{
    /* Written to a file that has no name, since it may be larger than memory. */
    struct tj_hasher *hasher = tj_hasher_create();
    FILE *file = hasher != NULL ? tmpfile() : NULL;
    bool done = file != NULL && write_json(file, period, ledger_id, prices) && fflush(file) == 0;
    uint8_t buffer[65536];
    size_t size;
    if (file == NULL) {
        tj_hasher_destroy(hasher);
        return false;
    }
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
    (void)fclose(file);
    return done;
}

bool statement_write(FILE *out, enum statement_format format, const struct tj_period *period,
                     const struct tj_hash *ledger_id, const struct statement_prices *prices)
{
    if (format == STATEMENT_JSON) {
        return write_json(out, period, ledger_id, prices);
    }
    document_begin();
    struct statement_printer printer = {.out = out, .html = format == STATEMENT_HTML};
    json_t *head = head_json(period, ledger_id, prices);
    if (document_whole()) { /* else it lacks what is printed */
        statement_print_head(&printer, head);
    }
    json_decref(head);
    for (size_t i = 0; i < period->account_count && document_whole(); i++) {
        if (is_shown(period, &period->accounts[i])) {
            json_t *account = account_json(period, &period->accounts[i]);
            if (document_whole()) {
                statement_print_account(&printer, account);
            }
            json_decref(account);
        }
    }
    if (!document_whole()) {
        return no_memory();
    }
    statement_print_end(&printer);
    return ferror(out) == 0;
}

/* ---- the records ---- */

struct records {
    struct tj_record *of;
    size_t count;
    size_t capacity;
    bool failed; /* no memory */
};

static void add_record(struct records *records, const struct tj_period *p,
                       const struct tj_hash *document, struct tj_figure_key key, tj_i128 value)
{
    records->failed = records->failed || !tj_grow(&records->of, &records->capacity,
                                                  records->count + 1, sizeof *records->of);
    if (records->failed) {
        return;
    }
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
    key.figure = TJ_FIGURE_BROUGHT_IN;
    add_figure(records, p, document, key, false);
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

bool statement_records(struct tj_record **out, size_t *count, const struct tj_period *period,
                       const struct tj_hash *document)
{
    struct records records = {.of = NULL};
    for (uint32_t asset = 1; asset <= period->ledger.assets; asset++) {
        add_asset(&records, period, document, asset);
    }
    *out = records.of;
    *count = records.count;
    return !records.failed;
}
