#include "text/record_json.h"

#include "crypto/hex.h"
#include "crypto/signature.h"

#include <string.h>

/* Room for a member's name: the longest field is checkpoint_delay_max_s. */
enum { MEMBER_SIZE = 32 };

/* A time reads as RFC 3339, so its name does not end in the unit. */
static void member_name(const struct tj_field *field, char out[MEMBER_SIZE])
{
    size_t size = strlen(field->name);
    if (field->unit == TJ_UNIT_TIME_S) {
        size -= 2;
    }
    snprintf(out, MEMBER_SIZE, "%.*s", (int)size, field->name);
}

static bool is_key(const struct tj_field *field)
{
    return field->type == TJ_FIELD_BYTES && field->size == TJ_SLOT_KEY_MAX;
}

/* Of 33 bytes a bip340 key takes 32. */
static size_t bytes_size(const struct tj_field *field, const uint8_t *record)
{
    return is_key(field) && TJ_GET(record, TJ_ADD_KEY, algorithm) == TJ_ALGORITHM_BIP340
               ? 32
               : field->size;
}

/* All zero says "none", and the member is then left out; or the record's type does not use it. */
static bool is_optional(const uint8_t *record, const struct tj_field *field)
{
    return field->optional || !tj_record_uses(record, field);
}

/* An amount may stand in base units instead, under its name with _base behind. */
static bool is_amount(const struct tj_field *field)
{
    return field->unit == TJ_UNIT_AMOUNT || field->unit == TJ_UNIT_ASSET_AMOUNT ||
           field->unit == TJ_UNIT_VALUE;
}

/* A value that is no amount but a number of something. */
static bool is_count(const uint8_t *record, const struct tj_field *field)
{
    return field->unit == TJ_UNIT_VALUE &&
           TJ_GET(record, TJ_STATEMENT, figure) == TJ_FIGURE_BREACHES;
}

/* The number of the asset that the record itself names. */
static uint32_t record_asset(const uint8_t *record)
{
    struct tj_record fields;
    tj_record_decode(record, &fields);
    return fields.asset;
}

/* What an amount is of; false when that is not known. */
static bool find_asset(const struct assets *assets, const uint8_t *record,
                       const struct tj_field *field, struct asset *out)
{
    return field->unit == TJ_UNIT_AMOUNT
               ? assets->of_account(assets->context, tj_movement_from(record), out)
               : assets->by_number(assets->context, record_asset(record), out);
}

/* ---- to JSON ---- */

static json_t *require(json_t *value)
{
    TIJORI_REQUIRE(value != NULL); /* out of memory, or text that was not checked */
    return value;
}

static void set(json_t *object, const char *member, json_t *value)
{
    TIJORI_REQUIRE(json_object_set_new(object, member, require(value)) == 0);
}

/* jansson's integers are signed and have 64 bits. */
static json_t *whole_number(tj_i128 value)
{
    char text[TJ_AMOUNT_TEXT_SIZE];
    if (value >= 0 && value <= INT64_MAX) {
        return json_integer((json_int_t)value);
    }
    tj_amount_format_base(text, value);
    return json_string(text);
}

/* The names of a mask's bits; their numbers where they have none. */
static json_t *mask_names(uint64_t mask, const char *const *names)
{
    json_t *array = require(json_array());
    for (unsigned bit = 0; bit < 16; bit++) {
        if ((mask >> bit & 1) != 0) {
            json_t *item = names != NULL ? json_string(names[bit]) : json_integer(bit);
            TIJORI_REQUIRE(json_array_append_new(array, item) == 0);
        }
    }
    return array;
}

static void set_amount(json_t *object, const uint8_t *record, const struct tj_field *field,
                       const struct assets *assets)
{
    const uint8_t *at = record + field->offset;
    tj_i128 value = field->unit == TJ_UNIT_VALUE ? tj_statement_value(at)
                                                 : (tj_i128)tj_load_number(at, field->size);
    struct asset asset;
    char text[TEXT_AMOUNT_SIZE];
    char base[MEMBER_SIZE];
    if (is_count(record, field)) {
        set(object, field->name, whole_number(value));
    } else if (assets != NULL && find_asset(assets, record, field, &asset)) {
        text_format_amount(text, value, &asset);
        set(object, field->name, json_string(text));
    } else {
        snprintf(base, sizeof base, "%s_base", field->name);
        set(object, base, whole_number(value));
    }
}

static void set_number(json_t *object, const uint8_t *record, const struct tj_field *field)
{
    char member[MEMBER_SIZE];
    char text[TEXT_SIZE];
    uint64_t value = tj_load_number(record + field->offset, field->size);
    member_name(field, member);
    switch ((enum tj_field_unit)field->unit) {
    case TJ_UNIT_PLAIN:
        set(object, member, whole_number((tj_i128)value));
        return;
    case TJ_UNIT_NAME:
        TIJORI_REQUIRE(value <= field->max && field->names[value] != NULL);
        set(object, member, json_string(field->names[value]));
        return;
    case TJ_UNIT_CLASSES:
        set(object, member, mask_names(value, tj_class_names));
        return;
    case TJ_UNIT_PURPOSES:
        set(object, member, mask_names(value, tj_purpose_names));
        return;
    case TJ_UNIT_GROUPS:
        set(object, member, mask_names(value, NULL));
        return;
    case TJ_UNIT_ACCOUNT:
        text_format_account(text, value);
        break;
    case TJ_UNIT_HOLDER:
        text_format_holder(text, value);
        break;
    case TJ_UNIT_DATE:
        text_format_date(text, (uint32_t)value);
        break;
    case TJ_UNIT_TIME_S:
        text_format_time_s(text, value);
        break;
    case TJ_UNIT_RECORD:
        text_format_record_id(text, value);
        break;
    case TJ_UNIT_AMOUNT:
    case TJ_UNIT_ASSET_AMOUNT:
    case TJ_UNIT_VALUE:
        abort(); /* set_amount */
    }
    set(object, member, json_string(text));
}

static void set_field(json_t *object, const uint8_t *record, const struct tj_field *field,
                      const struct assets *assets)
{
    const uint8_t *at = record + field->offset;
    char hex[2 * TJ_NAME_SIZE + 1];
    if (is_amount(field)) {
        set_amount(object, record, field, assets);
        return;
    }
    switch ((enum tj_field_type)field->type) {
    case TJ_FIELD_NUMBER:
        set_number(object, record, field);
        return;
    case TJ_FIELD_TEXT:
        set(object, field->name,
            json_stringn((const char *)at, strnlen((const char *)at, field->size)));
        return;
    case TJ_FIELD_BYTES:
        tj_hex_encode(hex, at, bytes_size(field, record));
        set(object, field->name, json_string(hex));
        return;
    }
    abort();
}

json_t *record_to_json(const uint8_t record[TJ_RECORD_SIZE], const struct assets *assets)
{
    const struct tj_layout *layout = tj_record_layout(tj_record_kind(record));
    TIJORI_REQUIRE(layout != NULL);
    json_t *object = require(json_object());
    set(object, "kind", json_string(layout->name));
    for (size_t i = 0; i < layout->count; i++) {
        const struct tj_field *field = &layout->fields[i];
        if (!is_optional(record, field) || !tj_all_zero(record + field->offset, field->size)) {
            set_field(object, record, field, assets);
        }
    }
    return object;
}

/* ---- from JSON ---- */

struct reader {
    const json_t *object;
    const struct assets *assets;
    uint8_t *record;
    struct record_json_error *error;
};

static bool refuse(const struct reader *reader, const char *member, const char *rule)
{
    snprintf(reader->error->member, sizeof reader->error->member, "%s", member);
    snprintf(reader->error->rule, sizeof reader->error->rule, "%s", rule);
    return false;
}

static bool wants_string(const struct reader *reader, const char *member, const json_t *value,
                         const char **out)
{
    *out = json_string_value(value);
    return *out != NULL || refuse(reader, member, "is to be a string");
}

static bool read_plain(const struct reader *reader, const char *member, const json_t *value,
                       uint64_t *out)
{
    const char *text = json_string_value(value);
    if (text != NULL) {
        return text_parse_number(text, UINT64_MAX, out) ||
               refuse(reader, member, "is to be an integer from 0");
    }
    if (!json_is_integer(value) || json_integer_value(value) < 0) {
        return refuse(reader, member, "is to be an integer from 0");
    }
    *out = (uint64_t)json_integer_value(value);
    return true;
}

/* "is to be one of move, administer": the names of the numbers in the mask. */
static bool refuse_name(const struct reader *reader, const char *member, const char *const *names,
                        uint64_t mask)
{
    char rule[sizeof reader->error->rule] = "is to be one of ";
    size_t used = strlen(rule);
    const char *comma = "";
    for (unsigned i = 0; i < 16 && used < sizeof rule; i++) {
        if ((mask >> i & 1) != 0 && names[i] != NULL) {
            used += (size_t)snprintf(rule + used, sizeof rule - used, "%s%s", comma, names[i]);
            comma = ", ";
        }
    }
    return refuse(reader, member, rule);
}

static bool read_name(const struct reader *reader, const char *member, const json_t *value,
                      const struct tj_field *field, uint64_t *out)
{
    const char *text = json_string_value(value);
    uint64_t mask = (UINT64_C(2) << field->max) - (UINT64_C(1) << field->min);
    bool found =
        text != NULL && tj_name_find(field->names, field->max + 1, text, out) && *out >= field->min;
    return found || refuse_name(reader, member, field->names, mask);
}

/* An array of names, or of numbers where `names` is NULL; field->max has the bits that may be. */
static bool read_mask(const struct reader *reader, const char *member, const json_t *value,
                      const struct tj_field *field, const char *const *names, uint64_t *out)
{
    const size_t bits = 64 - (size_t)__builtin_clzll(field->max); /* names there are */
    *out = 0;
    if (!json_is_array(value)) {
        return refuse(reader, member,
                      names != NULL ? "is to be an array of names"
                                    : "is to be an array of numbers");
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        const json_t *item = json_array_get(value, i);
        const char *text = json_string_value(item);
        uint64_t bit = (uint64_t)json_integer_value(item);
        bool known = names != NULL ? text != NULL && tj_name_find(names, bits, text, &bit)
                                   : json_is_integer(item);
        if (!known || bit >= 16 || (field->max >> bit & 1) == 0) {
            return names != NULL ? refuse_name(reader, member, names, field->max)
                                 : refuse(reader, member, "holds numbers from 1 to 15");
        }
        if ((*out >> bit & 1) != 0) {
            return refuse(reader, member, "names one twice");
        }
        *out |= UINT64_C(1) << bit;
    }
    return true;
}

static bool read_date(const char *text, uint64_t *out)
{
    uint32_t days;
    bool valid = text_parse_date(text, &days) && days != 0; /* day 0 says "not stated" */
    *out = valid ? days : 0;
    return valid;
}

static bool read_number(const struct reader *reader, const char *member, const json_t *value,
                        const struct tj_field *field, uint64_t *out)
{
    const char *text;
    switch ((enum tj_field_unit)field->unit) {
    case TJ_UNIT_PLAIN:
        return read_plain(reader, member, value, out);
    case TJ_UNIT_NAME:
        return read_name(reader, member, value, field, out);
    case TJ_UNIT_CLASSES:
        return read_mask(reader, member, value, field, tj_class_names, out);
    case TJ_UNIT_PURPOSES:
        return read_mask(reader, member, value, field, tj_purpose_names, out);
    case TJ_UNIT_GROUPS:
        return read_mask(reader, member, value, field, NULL, out);
    case TJ_UNIT_ACCOUNT:
        return wants_string(reader, member, value, &text) &&
               (text_parse_account(text, out) ||
                refuse(reader, member, "is to be an account, PARTY:LOCAL, as in 1:0"));
    case TJ_UNIT_HOLDER:
        return wants_string(reader, member, value, &text) &&
               (text_parse_holder(text, out) ||
                refuse(reader, member, "is to be an account or all of a party, as in 1:0 or 1:*"));
    case TJ_UNIT_DATE:
        return wants_string(reader, member, value, &text) &&
               (read_date(text, out) ||
                refuse(reader, member, "is to be a date after 1970-01-01, as in 2021-09-06"));
    case TJ_UNIT_TIME_S:
        return wants_string(reader, member, value, &text) &&
               (text_parse_time_s(text, out) ||
                refuse(reader, member, "is to be a time, as in 2021-09-06T12:00:00Z"));
    case TJ_UNIT_RECORD:
        return wants_string(reader, member, value, &text) &&
               (text_parse_record_id(text, out) ||
                refuse(reader, member, "is to be a record, ENTRY:POSITION, as in 12:0"));
    case TJ_UNIT_AMOUNT:
    case TJ_UNIT_ASSET_AMOUNT:
    case TJ_UNIT_VALUE:
        break; /* read_amount */
    }
    abort();
}

/* The amount's unit and what it is to be of must agree where both are known. */
static bool check_asset(const struct reader *reader, const struct tj_field *field,
                        const struct asset *unit)
{
    struct asset held;
    char rule[128];
    uint64_t from = tj_movement_from(reader->record);
    if (field->unit != TJ_UNIT_AMOUNT) {
        uint32_t number = record_asset(reader->record);
        snprintf(rule, sizeof rule, "is in %s, but the record names asset %u", unit->code,
                 (unsigned)number);
        return number == unit->number || refuse(reader, field->name, rule);
    }
    if (reader->assets == NULL ||
        !reader->assets->of_account(reader->assets->context, from, &held) ||
        held.number == unit->number) {
        return true;
    }
    snprintf(rule, sizeof rule, "is in %s, but account %u:%u holds %s", unit->code,
             tj_account_party(from), tj_account_local(from), held.code);
    return refuse(reader, field->name, rule);
}

/* An integer, or decimal digits where it does not fit one. */
static bool read_whole(const struct reader *reader, const char *member, const json_t *value,
                       tj_i128 *out)
{
    const char *text = json_string_value(value);
    *out = json_integer_value(value);
    bool whole =
        text != NULL ? tj_amount_parse(text, strlen(text), 0, out) : json_is_integer(value);
    return whole || refuse(reader, member, "is to be an integer");
}

/* One of two members: NAME with its unit, or NAME_base in base units. */
static bool read_amount(const struct reader *reader, const struct tj_field *field, tj_i128 *out)
{
    char base_name[MEMBER_SIZE];
    snprintf(base_name, sizeof base_name, "%s_base", field->name);
    const json_t *value = json_object_get(reader->object, field->name);
    const json_t *base = json_object_get(reader->object, base_name);
    const struct assets *assets = reader->assets != NULL ? reader->assets : &assets_bitcoin;
    const char *why;
    const char *text;
    struct asset asset;
    if (base != NULL) {
        return value == NULL ? read_whole(reader, base_name, base, out)
                             : refuse(reader, base_name, "is given beside its amount with a unit");
    }
    if (is_count(reader->record, field)) {
        return read_whole(reader, field->name, value, out);
    }
    if (json_is_number(value)) {
        return refuse(reader, field->name, "is to be a string with its unit, as in \"1.5 BTC\"");
    }
    if (!wants_string(reader, field->name, value, &text)) {
        return false;
    }
    if (!text_parse_signed(text, assets, out, &asset, &why)) {
        return refuse(reader, field->name, why);
    }
    return check_asset(reader, field, &asset);
}

static bool read_amount_field(const struct reader *reader, const struct tj_field *field)
{
    uint8_t *at = reader->record + field->offset;
    char rule[160];
    tj_i128 value;
    if (!read_amount(reader, field, &value)) {
        return false;
    }
    if (field->unit == TJ_UNIT_VALUE) {
        tj_statement_value_store(at, value);
        return true;
    }
    if (value < (tj_i128)field->min || value > (tj_i128)field->max) {
        snprintf(rule, sizeof rule, "is to be from %llu to %llu base units",
                 (unsigned long long)field->min, (unsigned long long)field->max);
        return refuse(reader, field->name, rule);
    }
    tj_store_number(at, field->size, (uint64_t)value);
    return true;
}

static bool read_text(const struct reader *reader, const json_t *value,
                      const struct tj_field *field)
{
    char rule[96];
    const char *text;
    if (!wants_string(reader, field->name, value, &text)) {
        return false;
    }
    size_t size = json_string_length(value);
    if (size > field->size) {
        snprintf(rule, sizeof rule, "is %zu bytes long; %u is the most", size,
                 (unsigned)field->size);
        return refuse(reader, field->name, rule);
    }
    if (memchr(text, 0, size) != NULL) {
        return refuse(reader, field->name, "holds a control character");
    }
    memcpy(reader->record + field->offset, text, size);
    return true;
}

static bool read_bytes(const struct reader *reader, const json_t *value,
                       const struct tj_field *field)
{
    char rule[64];
    const char *text;
    size_t size = bytes_size(field, reader->record);
    if (!wants_string(reader, field->name, value, &text)) {
        return false;
    }
    if (!text_parse_hex(text, reader->record + field->offset, size)) {
        snprintf(rule, sizeof rule, "is to be %zu hex digits", 2 * size);
        return refuse(reader, field->name, rule);
    }
    return true;
}

static bool read_number_field(const struct reader *reader, const char *member, const json_t *value,
                              const struct tj_field *field)
{
    char rule[160];
    uint64_t number = 0;
    if (!read_number(reader, member, value, field, &number)) {
        return false;
    }
    if (number < field->min || number > field->max) {
        snprintf(rule, sizeof rule, "is to be from %llu to %llu", (unsigned long long)field->min,
                 (unsigned long long)field->max);
        return refuse(reader, member, rule);
    }
    tj_store_number(reader->record + field->offset, field->size, number);
    return true;
}

/* What the record's type does not use is not given, so that nobody thinks it counts. */
static bool refuse_unused(const struct reader *reader, const char *member)
{
    char rule[96];
    const struct tj_layout *layout = tj_record_layout(tj_record_kind(reader->record));
    const char *selector = "type";
    for (size_t i = 0; i < layout->count; i++) {
        selector = layout->fields[i].selects ? layout->fields[i].name : selector;
    }
    snprintf(rule, sizeof rule, "is not used by a %s of this %s", layout->name, selector);
    return refuse(reader, member, rule);
}

static bool read_field(const struct reader *reader, const struct tj_field *field)
{
    char member[MEMBER_SIZE];
    char base[MEMBER_SIZE];
    member_name(field, member);
    snprintf(base, sizeof base, "%s_base", field->name);
    const json_t *value = json_object_get(reader->object, member);
    bool given = value != NULL || json_object_get(reader->object, base) != NULL;
    if (!given) {
        return is_optional(reader->record, field) || refuse(reader, member, "is missing");
    }
    if (!tj_record_uses(reader->record, field)) {
        return refuse_unused(reader, member);
    }
    if (is_amount(field)) {
        return read_amount_field(reader, field);
    }
    switch ((enum tj_field_type)field->type) {
    case TJ_FIELD_NUMBER:
        return read_number_field(reader, member, value, field);
    case TJ_FIELD_TEXT:
        return read_text(reader, value, field);
    case TJ_FIELD_BYTES:
        return read_bytes(reader, value, field);
    }
    abort();
}

static bool is_member(const struct tj_layout *layout, const char *name)
{
    char member[MEMBER_SIZE];
    char base[MEMBER_SIZE];
    if (strcmp(name, "kind") == 0) {
        return true;
    }
    for (size_t i = 0; i < layout->count; i++) {
        const struct tj_field *field = &layout->fields[i];
        member_name(field, member);
        snprintf(base, sizeof base, "%s_base", field->name);
        if (strcmp(member, name) == 0 || (is_amount(field) && strcmp(base, name) == 0)) {
            return true;
        }
    }
    return false;
}

static bool check_members(const struct reader *reader, const struct tj_layout *layout)
{
    char rule[64];
    const char *name;
    json_t *value;
    /* The macro takes no pointer to const; nothing is changed. */
    json_object_foreach((json_t *)(uintptr_t)reader->object, name, value)
    {
        if (!is_member(layout, name)) {
            snprintf(rule, sizeof rule, "is not a member of %s", layout->name);
            return refuse(reader, name, rule);
        }
    }
    return true;
}

bool record_from_json(const json_t *object, const struct assets *assets,
                      uint8_t record[TJ_RECORD_SIZE], struct record_json_error *error)
{
    struct reader reader = {object, assets, record, error};
    memset(record, 0, TJ_RECORD_SIZE);
    if (!json_is_object(object)) {
        return refuse(&reader, "", "is to be an object");
    }
    const char *kind = json_string_value(json_object_get(object, "kind"));
    if (kind == NULL) {
        return refuse(&reader, "kind", "is missing, or not a string");
    }
    record[0] = tj_kind_by_name(kind);
    const struct tj_layout *layout = tj_record_layout(tj_record_kind(record));
    if (layout == NULL) {
        return refuse(&reader, "kind", "is not a kind of record");
    }
    if (!check_members(&reader, layout)) {
        return false;
    }
    for (size_t i = 0; i < layout->count; i++) {
        if (!read_field(&reader, &layout->fields[i])) {
            return false;
        }
    }
    return true;
}
