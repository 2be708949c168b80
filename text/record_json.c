#include "text/record_json.h"

#include "crypto/signature.h"
#include "text/json.h"

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

/* It follows from what stands behind the record, and is no member. */
static bool is_derived(const struct tj_field *field)
{
    return field->unit == TJ_UNIT_DETAILS;
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
    tj_record_decode(&fields, record);
    return fields.asset;
}

/* What an amount is of; false when that is not known. */
static bool find_asset(const struct assets *assets, struct asset *out, const uint8_t *record,
                       const struct tj_field *field)
{
    return field->unit == TJ_UNIT_AMOUNT
               ? assets->of_account(assets->context, out, tj_movement_from(record))
               : assets->by_number(assets->context, out, record_asset(record));
}

/* ---- to JSON ---- */

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
        member_whole(object, field->name, value);
    } else if (assets != NULL && find_asset(assets, &asset, record, field)) {
        text_format_amount(text, value, &asset);
        member_text(object, field->name, text);
    } else {
        snprintf(base, sizeof base, "%s_base", field->name);
        member_whole(object, base, value);
    }
}

static void set_number(json_t *object, const uint8_t *record, const struct tj_field *field)
{
    char member[MEMBER_SIZE];
    uint64_t value = tj_load_number(record + field->offset, field->size);
    member_name(field, member);
    switch ((enum tj_field_unit)field->unit) {
    case TJ_UNIT_PLAIN:
        member_count(object, member, value);
        return;
    case TJ_UNIT_FLAG:
        member_bool(object, member, value != 0);
        return;
    case TJ_UNIT_NAME:
        TIJORI_REQUIRE(value <= field->max && field->names[value] != NULL);
        member_text(object, member, field->names[value]);
        return;
    case TJ_UNIT_CLASSES:
        member_mask(object, member, value, tj_class_names);
        return;
    case TJ_UNIT_PURPOSES:
        member_mask(object, member, value, tj_purpose_names);
        return;
    case TJ_UNIT_GROUPS:
        member_mask(object, member, value, NULL);
        return;
    case TJ_UNIT_ACCOUNT:
        member_account(object, member, value);
        return;
    case TJ_UNIT_HOLDER:
        member_holder(object, member, value);
        return;
    case TJ_UNIT_DATE:
        member_date(object, member, (uint32_t)value);
        return;
    case TJ_UNIT_TIME_S:
        member_time_s(object, member, value);
        return;
    case TJ_UNIT_RECORD:
        member_record(object, member, value);
        return;
    case TJ_UNIT_AMOUNT:
    case TJ_UNIT_ASSET_AMOUNT:
    case TJ_UNIT_VALUE:
    case TJ_UNIT_DETAILS:
        break; /* set_amount; is_derived */
    }
    abort();
}

static void set_field(json_t *object, const uint8_t *record, const struct tj_field *field,
                      const struct assets *assets)
{
    const uint8_t *at = record + field->offset;
    if (is_amount(field)) {
        set_amount(object, record, field, assets);
        return;
    }
    switch ((enum tj_field_type)field->type) {
    case TJ_FIELD_NUMBER:
        set_number(object, record, field);
        return;
    case TJ_FIELD_TEXT:
        member_padded(object, field->name, (const char *)at, field->size);
        return;
    case TJ_FIELD_BYTES:
        member_hex(object, field->name, at, bytes_size(field, record));
        return;
    }
    abort();
}

json_t *record_to_json(const uint8_t record[TJ_RECORD_SIZE], const struct assets *assets)
{
    const struct tj_layout *layout = tj_record_layout(tj_record_kind(record));
    TIJORI_REQUIRE(layout != NULL);
    json_t *object = json_object();
    member_text(object, "kind", layout->name);
    for (size_t i = 0; i < layout->count; i++) {
        const struct tj_field *field = &layout->fields[i];
        if (is_derived(field)) {
            continue;
        }
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

static bool wants_string(const struct reader *reader, const char **out, const char *member,
                         const json_t *value)
{
    *out = json_string_value(value);
    return *out != NULL || refuse(reader, member, "is to be a string");
}

static bool read_plain(const struct reader *reader, uint64_t *out, const char *member,
                       const json_t *value)
{
    return json_read_count(out, value) || refuse(reader, member, "is to be an integer from 0");
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

static bool read_name(const struct reader *reader, uint64_t *out, const char *member,
                      const json_t *value, const struct tj_field *field)
{
    const char *text = json_string_value(value);
    uint64_t mask = (UINT64_C(2) << field->max) - (UINT64_C(1) << field->min);
    bool found =
        text != NULL && tj_name_find(out, field->names, field->max + 1, text) && *out >= field->min;
    return found || refuse_name(reader, member, field->names, mask);
}

/* An array of names, or of numbers where `names` is NULL; field->max has the bits that may be. */
static bool read_mask(const struct reader *reader, uint64_t *out, const char *member,
                      const json_t *value, const struct tj_field *field, const char *const *names)
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
        bool known = names != NULL ? text != NULL && tj_name_find(&bit, names, bits, text)
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

static bool read_date(uint64_t *out, const char *text)
{
    uint32_t days;
    bool valid = text_parse_date(&days, text) && days != 0; /* day 0 says "not stated" */
    *out = valid ? days : 0;
    return valid;
}

static bool read_number(const struct reader *reader, uint64_t *out, const char *member,
                        const json_t *value, const struct tj_field *field)
{
    const char *text;
    switch ((enum tj_field_unit)field->unit) {
    case TJ_UNIT_PLAIN:
        return read_plain(reader, out, member, value);
    case TJ_UNIT_FLAG:
        *out = json_is_true(value);
        return json_is_true(value) || refuse(reader, member, "is true, or is left out");
    case TJ_UNIT_NAME:
        return read_name(reader, out, member, value, field);
    case TJ_UNIT_CLASSES:
        return read_mask(reader, out, member, value, field, tj_class_names);
    case TJ_UNIT_PURPOSES:
        return read_mask(reader, out, member, value, field, tj_purpose_names);
    case TJ_UNIT_GROUPS:
        return read_mask(reader, out, member, value, field, NULL);
    case TJ_UNIT_ACCOUNT:
        return wants_string(reader, &text, member, value) &&
               (text_parse_account(out, text) ||
                refuse(reader, member, "is to be an account, PARTY:LOCAL, as in 1:0"));
    case TJ_UNIT_HOLDER:
        return wants_string(reader, &text, member, value) &&
               (text_parse_holder(out, text) ||
                refuse(reader, member, "is to be an account or all of a party, as in 1:0 or 1:*"));
    case TJ_UNIT_DATE:
        return wants_string(reader, &text, member, value) &&
               (read_date(out, text) ||
                refuse(reader, member,
                       "is to be a date after 1970-01-01 with a year of four digits, as in "
                       "2021-09-06"));
    case TJ_UNIT_TIME_S:
        return wants_string(reader, &text, member, value) &&
               (text_parse_time_s(out, text) ||
                refuse(reader, member,
                       "is to be a time in whole seconds with a year of four digits, as in "
                       "2021-09-06T12:00:00Z"));
    case TJ_UNIT_RECORD:
        return wants_string(reader, &text, member, value) &&
               (text_parse_record_id(out, text) ||
                refuse(reader, member, "is to be a record, ENTRY:POSITION, as in 12:0"));
    case TJ_UNIT_AMOUNT:
    case TJ_UNIT_ASSET_AMOUNT:
    case TJ_UNIT_VALUE:
    case TJ_UNIT_DETAILS:
        break; /* read_amount; is_derived */
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
        !reader->assets->of_account(reader->assets->context, &held, from) ||
        held.number == unit->number) {
        return true;
    }
    snprintf(rule, sizeof rule, "is in %s, but account %u:%u holds %s", unit->code,
             tj_account_party(from), tj_account_local(from), held.code);
    return refuse(reader, field->name, rule);
}

/* An integer, or decimal digits where it does not fit one. */
static bool read_whole(const struct reader *reader, tj_i128 *out, const char *member,
                       const json_t *value)
{
    return json_read_whole(out, value) || refuse(reader, member, "is to be an integer");
}

/* One of two members: NAME with its unit, or NAME_base in base units. */
static bool read_amount(const struct reader *reader, tj_i128 *out, const struct tj_field *field)
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
        return value == NULL ? read_whole(reader, out, base_name, base)
                             : refuse(reader, base_name, "is given beside its amount with a unit");
    }
    if (is_count(reader->record, field)) {
        return read_whole(reader, out, field->name, value);
    }
    if (json_is_number(value)) {
        return refuse(reader, field->name, "is to be a string with its unit, as in \"1.5 BTC\"");
    }
    if (!wants_string(reader, &text, field->name, value)) {
        return false;
    }
    if (!text_parse_signed(out, &asset, text, assets, &why)) {
        return refuse(reader, field->name, why);
    }
    return check_asset(reader, field, &asset);
}

static bool read_amount_field(const struct reader *reader, const struct tj_field *field)
{
    uint8_t *at = reader->record + field->offset;
    char rule[160];
    tj_i128 value;
    if (!read_amount(reader, &value, field)) {
        return false;
    }
    if (field->unit == TJ_UNIT_VALUE) {
        tj_statement_value_store(at, value);
        return true;
    }
    if (field->unit == TJ_UNIT_AMOUNT && value < 0) {
        return refuse(
            reader, field->name,
            "is below zero: an amount is above zero, and from and to say which way it goes");
    }
    if (field->unit == TJ_UNIT_AMOUNT && value > (tj_i128)TJ_AMOUNT_MAX) {
        snprintf(rule, sizeof rule,
                 "is more than %llu base units, the most that any asset allows for one movement",
                 (unsigned long long)TJ_AMOUNT_MAX);
        return refuse(reader, field->name, rule);
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
    if (!wants_string(reader, &text, field->name, value)) {
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
    if (size > 0 && text_is_blank(text)) {
        return refuse(reader, field->name, "holds nothing but spaces");
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
    if (!wants_string(reader, &text, field->name, value)) {
        return false;
    }
    if (!text_parse_hex(reader->record + field->offset, size, text)) {
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
    const char *text = json_string_value(value);
    const char *odd = text != NULL ? text_odd_character(text) : NULL;
    if (odd != NULL) {
        return refuse(reader, member, odd);
    }
    if (!read_number(reader, &number, member, value, field)) {
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

/* A value that a record cannot tell from "none": the first second of 1970, a hash of zeros, number
 * 0. Who gave it meant something, and it would be lost. An empty text or list says "none" in words,
 * and means it. */
static bool refuse_none(const struct reader *reader, const char *member, const json_t *value)
{
    char rule[192];
    const char *text = json_string_value(value);
    if (text != NULL ? text[0] == '\0' : json_is_array(value)) {
        return true;
    }
    snprintf(rule, sizeof rule,
             "%.64s is how a record writes that there is none: leave the member out, or give "
             "another value",
             text != NULL ? text : "0");
    return refuse(reader, member, rule);
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

static bool read_value(const struct reader *reader, const char *member, const json_t *value,
                       const struct tj_field *field)
{
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

static bool read_field(const struct reader *reader, const struct tj_field *field)
{
    char member[MEMBER_SIZE];
    char base[MEMBER_SIZE];
    member_name(field, member);
    snprintf(base, sizeof base, "%s_base", field->name);
    if (is_derived(field)) {
        return true;
    }
    const json_t *value = json_object_get(reader->object, member);
    bool given = value != NULL || json_object_get(reader->object, base) != NULL;
    if (!given) {
        return is_optional(reader->record, field) || refuse(reader, member, "is missing");
    }
    if (!tj_record_uses(reader->record, field)) {
        return refuse_unused(reader, member);
    }
    if (!read_value(reader, member, value, field)) {
        return false;
    }
    const uint8_t *at = reader->record + field->offset;
    return !field->optional || !tj_all_zero(at, field->size) || refuse_none(reader, member, value);
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
        if (is_derived(field)) {
            continue;
        }
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

bool record_from_json(uint8_t record[TJ_RECORD_SIZE], struct record_json_error *error,
                      const json_t *object, const struct assets *assets)
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
    if (text_odd_character(kind) != NULL) {
        return refuse(&reader, "kind", text_odd_character(kind));
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
