#include "text/detail_json.h"

#include "crypto/hex.h"
#include "text/json.h"
#include "text/table.h"

#include <inttypes.h>
#include <string.h>

/* ---- parts ---- */

void text_format_price(char out[TJ_AMOUNT_TEXT_SIZE], const struct tj_details *details)
{
    tj_amount_format(out, (tj_i128)details->total, details->decimals);
}

static void turn(uint8_t out[TJ_TXID_SIZE], const uint8_t txid[TJ_TXID_SIZE])
{
    for (size_t i = 0; i < TJ_TXID_SIZE; i++) {
        out[i] = txid[TJ_TXID_SIZE - 1 - i];
    }
}

void text_format_txid(char out[TEXT_TXID_SIZE], const struct tj_details *details)
{
    uint8_t shown[TJ_TXID_SIZE];
    turn(shown, details->txid);
    tj_hex_encode(out, shown, TJ_TXID_SIZE);
}

/* ---- to JSON ---- */

static json_t *transaction_json(const struct tj_details *details)
{
    char txid[TEXT_TXID_SIZE];
    json_t *object = json_object();
    text_format_txid(txid, details);
    member_text(object, "txid", txid);
    if (details->output != TJ_NO_OUTPUT) {
        member_count(object, "output", details->output);
    }
    return object;
}

static json_t *price_json(const struct tj_details *details)
{
    char total[TJ_AMOUNT_TEXT_SIZE];
    json_t *object = json_object();
    text_format_price(total, details);
    member_text(object, "total", total);
    member_text(object, "currency", details->currency);
    if (details->source[0] != '\0') {
        member_text(object, "source", details->source);
    }
    return object;
}

static void set_type(json_t *object, const struct tj_details *d, enum tj_detail_type type)
{
    const char *name = tj_detail_names[type];
    switch (type) {
    case TJ_DETAIL_LONG_REFERENCE:
        return; /* it is the record's reference */
    case TJ_DETAIL_MEMO:
        member_text(object, name, d->memo);
        return;
    case TJ_DETAIL_TRANSACTION:
        member_set(object, transaction_json(d), name);
        return;
    case TJ_DETAIL_PRICE:
        member_set(object, price_json(d), name);
        return;
    case TJ_DETAIL_ADDRESS:
        member_text(object, name, d->address);
        return;
    case TJ_DETAIL_DESCRIPTOR:
        member_hash(object, name, &d->descriptor);
        return;
    case TJ_DETAIL_ATTACHMENT_NAME:
        member_text(object, name, d->attachment_name);
        return;
    case TJ_DETAIL_MEDIA_TYPE:
        member_text(object, name, d->media_type);
        return;
    case TJ_DETAIL_COUNTERPARTY:
        member_text(object, name, d->counterparty);
        return;
    case TJ_DETAIL_ENCUMBRANCE:
        member_text(object, name, tj_encumbrance_names[d->encumbrance]);
        return;
    case TJ_DETAIL_TYPE_END:
        break;
    }
    abort();
}

void details_to_json(json_t *record, const uint8_t *details, uint32_t count)
{
    struct tj_details d;
    if (count == 0) {
        return;
    }
    tj_details_decode(&d, details, count);
    if (tj_details_have(&d, TJ_DETAIL_LONG_REFERENCE)) {
        member_text(record, "reference", d.long_reference);
    }
    if (d.present == 1u << TJ_DETAIL_LONG_REFERENCE) {
        return;
    }
    json_t *object = json_object();
    for (int type = 1; type < TJ_DETAIL_TYPE_END; type++) {
        if (tj_details_have(&d, (enum tj_detail_type)type)) {
            set_type(object, &d, (enum tj_detail_type)type);
        }
    }
    member_set(record, object, "details");
}

/* ---- from JSON ---- */

static bool refuse(struct record_json_error *error, const char *member, const char *rule)
{
    snprintf(error->member, sizeof error->member, "%s", member);
    snprintf(error->rule, sizeof error->rule, "%s", rule);
    return false;
}

/* A text of 1 to `max` bytes. A detail that says nothing is left out, and not given empty. */
static bool read_text(char *out, struct record_json_error *error, const char *member,
                      const json_t *value, size_t max)
{
    char rule[96];
    const char *text = json_string_value(value);
    if (text == NULL) {
        return refuse(error, member, "is to be a string");
    }
    size_t size = json_string_length(value);
    if (size == 0) {
        return refuse(error, member, "is empty: leave it out");
    }
    if (size > max) {
        snprintf(rule, sizeof rule, "is %zu bytes long; %zu is the most", size, max);
        return refuse(error, member, rule);
    }
    if (memchr(text, 0, size) != NULL) {
        return refuse(error, member, "holds a control character");
    }
    if (text_is_blank(text)) {
        return refuse(error, member, "holds nothing but spaces");
    }
    memcpy(out, text, size + 1);
    return true;
}

static bool read_hash(uint8_t out[TJ_HASH_SIZE], struct record_json_error *error,
                      const char *member, const json_t *value)
{
    const char *text = json_string_value(value);
    if (text == NULL || !text_parse_hex(out, TJ_HASH_SIZE, text)) {
        return refuse(error, member, "is to be 64 hex digits");
    }
    return true;
}

/* Nothing is in the object that was not asked for. */
static bool check_members(struct record_json_error *error, const json_t *object,
                          const char *const *known, size_t known_count, const char *of)
{
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, name, value)
    {
        bool found = false;
        for (size_t i = 0; i < known_count; i++) {
            found = found || strcmp(name, known[i]) == 0;
        }
        if (!found) {
            char rule[64];
            snprintf(rule, sizeof rule, "is not a member of %s", of);
            return refuse(error, name, rule);
        }
    }
    return true;
}

static bool read_transaction(struct tj_details *out, struct record_json_error *error,
                             const json_t *value)
{
    static const char *const members[] = {"txid", "output"};
    uint8_t shown[TJ_TXID_SIZE];
    uint64_t number = TJ_NO_OUTPUT;
    if (!json_is_object(value)) {
        return refuse(error, "transaction", "is to be an object with txid and output");
    }
    if (!check_members(error, value, members, 2, "transaction") ||
        !read_hash(shown, error, "txid", json_object_get(value, "txid"))) {
        return false;
    }
    turn(out->txid, shown);
    const json_t *output = json_object_get(value, "output");
    if (output != NULL && (!json_read_count(&number, output) || number >= TJ_NO_OUTPUT)) {
        return refuse(error, "output", "is to be an integer from 0 to 4294967294");
    }
    out->output = (uint32_t)number;
    return true;
}

/* "8857500.00": digits, and up to four behind a point. */
static bool parse_total(struct tj_details *out, const char *text)
{
    const char *at = text;
    bool point = false;
    out->total = 0;
    out->decimals = 0;
    for (; *at != '\0'; at++) {
        if (*at == '.' && !point && at > text) {
            point = true;
            continue;
        }
        uint64_t digit = (uint64_t)(*at - '0');
        if (*at < '0' || *at > '9' || out->total > ((uint64_t)INT64_MAX - digit) / 10) {
            return false;
        }
        out->total = out->total * 10 + digit;
        out->decimals += point;
        if (out->decimals > TJ_PRICE_DECIMALS_MAX) {
            return false;
        }
    }
    return out->total != 0 && at[-1] != '.';
}

static bool read_price(struct tj_details *out, struct record_json_error *error, const json_t *value)
{
    static const char *const members[] = {"total", "currency", "source"};
    if (!json_is_object(value)) {
        return refuse(error, "price", "is to be an object with total, currency and source");
    }
    if (!check_members(error, value, members, 3, "price")) {
        return false;
    }
    const char *total = json_string_value(json_object_get(value, "total"));
    if (total == NULL || !parse_total(out, total)) {
        return refuse(
            error, "total",
            "is to be a string with what was paid for all of the amount, above 0 and with "
            "at most 4 digits behind the point, as in \"8857500.00\"");
    }
    if (!read_text(out->currency, error, "currency", json_object_get(value, "currency"),
                   TJ_CURRENCY_SIZE)) {
        return false;
    }
    const json_t *source = json_object_get(value, "source");
    return source == NULL || read_text(out->source, error, "source", source, TJ_PRICE_SOURCE_SIZE);
}

static bool read_encumbrance(struct tj_details *out, struct record_json_error *error,
                             const json_t *value)
{
    uint64_t number;
    const char *text = json_string_value(value);
    if (text == NULL || !tj_name_find(&number, tj_encumbrance_names, TJ_ENCUMBRANCE_END, text)) {
        return refuse(error, "encumbrance", "is to be one of pledged, lent");
    }
    out->encumbrance = (uint8_t)number;
    return true;
}

static bool read_type(struct tj_details *out, struct record_json_error *error, const json_t *value,
                      enum tj_detail_type type)
{
    const char *name = tj_detail_names[type];
    switch (type) {
    case TJ_DETAIL_LONG_REFERENCE:
        return read_text(out->long_reference, error, name, value, TJ_DETAIL_PAYLOAD);
    case TJ_DETAIL_MEMO:
        return read_text(out->memo, error, name, value, TJ_DETAIL_TEXT_MAX);
    case TJ_DETAIL_TRANSACTION:
        return read_transaction(out, error, value);
    case TJ_DETAIL_PRICE:
        return read_price(out, error, value);
    case TJ_DETAIL_ADDRESS:
        return read_text(out->address, error, name, value, TJ_DETAIL_PAYLOAD);
    case TJ_DETAIL_DESCRIPTOR:
        return read_hash(out->descriptor.bytes, error, name, value);
    case TJ_DETAIL_ATTACHMENT_NAME:
        return read_text(out->attachment_name, error, name, value, TJ_DETAIL_TEXT_MAX);
    case TJ_DETAIL_MEDIA_TYPE:
        return read_text(out->media_type, error, name, value, TJ_DETAIL_PAYLOAD);
    case TJ_DETAIL_COUNTERPARTY:
        return read_text(out->counterparty, error, name, value, TJ_LEI_SIZE);
    case TJ_DETAIL_ENCUMBRANCE:
        return read_encumbrance(out, error, value);
    case TJ_DETAIL_TYPE_END:
        break;
    }
    abort();
}

/* A reference that the record itself has no room for. An approve has no details. */
static bool take_reference(struct tj_details *out, struct record_json_error *error, json_t *record,
                           uint8_t kind)
{
    const json_t *reference = json_object_get(record, "reference");
    if (!tj_kind_is_movement(kind) || kind == TJ_APPROVAL ||
        json_string_length(reference) <= TJ_REFERENCE_SIZE) {
        return true;
    }
    if (tj_details_have(out, TJ_DETAIL_LONG_REFERENCE)) {
        return refuse(error, "reference", "is given beside long_reference");
    }
    out->present |= 1u << TJ_DETAIL_LONG_REFERENCE;
    if (!read_text(out->long_reference, error, "reference", reference, TJ_DETAIL_PAYLOAD)) {
        return false;
    }
    json_object_del(record, "reference");
    return true;
}

bool details_from_json(struct tj_details *out, struct record_json_error *error, json_t *record,
                       uint8_t kind)
{
    const json_t *given = json_object_get(record, "details");
    memset(out, 0, sizeof *out);
    if (given != NULL && (!json_is_object(given) || json_object_size(given) == 0)) {
        return refuse(error, "details", "is to be an object with one member at least");
    }
    if (!check_members(error, given, tj_detail_names + 1, TJ_DETAIL_TYPE_END - 1, "details")) {
        return false;
    }
    for (int type = 1; type < TJ_DETAIL_TYPE_END; type++) {
        const json_t *value = json_object_get(given, tj_detail_names[type]);
        if (value == NULL) {
            continue;
        }
        out->present |= 1u << type;
        if (!read_type(out, error, value, (enum tj_detail_type)type)) {
            return false;
        }
    }
    json_object_del(record, "details");
    return take_reference(out, error, record, kind);
}

/* ---- words ---- */

static void add_text(struct words *words, const char *before, const char *text)
{
    if (text[0] != '\0') {
        words_add(words, "%s", before);
        words_quoted(words, text);
    }
}

static void add_plain(struct words *words, const char *before, const char *text)
{
    if (text[0] != '\0') {
        words_add(words, "%s%s", before, text);
    }
}

static void add_transaction(struct words *words, const struct tj_details *d)
{
    char txid[TEXT_TXID_SIZE];
    if (tj_details_have(d, TJ_DETAIL_TRANSACTION)) {
        text_format_txid(txid, d);
        words_add(words, ", transaction %s", txid);
        if (d->output != TJ_NO_OUTPUT) {
            words_add(words, " output %" PRIu32, d->output);
        }
    }
}

static void add_price(struct words *words, const struct tj_details *d)
{
    char total[TJ_AMOUNT_TEXT_SIZE];
    if (tj_details_have(d, TJ_DETAIL_PRICE)) {
        text_format_price(total, d);
        words_add(words, ", price %s %s", total, d->currency);
        add_text(words, " by ", d->source);
    }
}

/* In the order of their types, which is that of what most people ask first. */
void words_details(struct words *words, const struct tj_details *details)
{
    add_text(words, ", reference ", details->long_reference);
    add_text(words, ", memo ", details->memo);
    add_transaction(words, details);
    add_price(words, details);
    add_plain(words, ", address ", details->address);
    if (tj_details_have(details, TJ_DETAIL_DESCRIPTOR)) {
        char hex[2 * TJ_HASH_SIZE + 1];
        tj_hex_encode(hex, details->descriptor.bytes, TJ_HASH_SIZE);
        words_add(words, ", descriptor of SHA-256 %s", hex);
    }
    add_text(words, ", document named ", details->attachment_name);
    add_plain(words, ", document of type ", details->media_type);
    add_plain(words, ", counterparty LEI ", details->counterparty);
    if (details->encumbrance != 0) {
        words_add(words, ", %s",
                  name_of(tj_encumbrance_names, TJ_ENCUMBRANCE_END, details->encumbrance));
    }
}
