#include "cli/record_json.h"

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
    return is_key(field) && record[2] == TJ_ALGORITHM_BIP340 ? 32 : field->size;
}

/* Whether all zero says "none" and the member is then left out. A kind's naming hash is not
 * optional, nor is anything that has a least value. */
static bool is_optional(uint8_t kind, const struct tj_field *field)
{
    static const char *const optional[] = {
        "value_date", "timeout_s",      "reference",      "label",
        "flags",      "last_good_size", "last_good_root", "blind",
    };
    for (size_t i = 0; i < sizeof optional / sizeof optional[0]; i++) {
        if (strcmp(optional[i], field->name) == 0) {
            return true;
        }
    }
    return (kind == TJ_MOVE || kind == TJ_PENDING) && strcmp(field->name, "hash") == 0;
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

/* jansson's integers are signed. */
static json_t *plain_number(uint64_t value)
{
    char text[TEXT_SIZE];
    if (value <= INT64_MAX) {
        return json_integer((json_int_t)value);
    }
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    return json_string(text);
}

static json_t *class_names(uint64_t mask)
{
    json_t *names = require(json_array());
    for (unsigned class = 1; class < TJ_CLASS_END; class ++) {
        if ((mask >> class & 1) != 0) {
            TIJORI_REQUIRE(json_array_append_new(names, json_string(tj_class_names[class])) == 0);
        }
    }
    return names;
}

static void set_amount(json_t *object, const uint8_t *record, uint64_t value,
                       const struct assets *assets)
{
    struct asset asset;
    char text[TEXT_AMOUNT_SIZE];
    if (assets != NULL && assets->of_account(assets->context, tj_movement_from(record), &asset)) {
        text_format_amount(text, (tj_i128)value, &asset);
        set(object, "amount", json_string(text));
    } else {
        set(object, "amount_base", plain_number(value));
    }
}

static void set_number(json_t *object, const uint8_t *record, const struct tj_field *field,
                       const struct assets *assets)
{
    char member[MEMBER_SIZE];
    char text[TEXT_SIZE];
    uint64_t value = tj_load_number(record + field->offset, field->size);
    member_name(field, member);
    switch ((enum tj_field_unit)field->unit) {
    case TJ_UNIT_PLAIN:
        set(object, member, plain_number(value));
        return;
    case TJ_UNIT_NAME:
        TIJORI_REQUIRE(value <= field->max && field->names[value] != NULL);
        set(object, member, json_string(field->names[value]));
        return;
    case TJ_UNIT_CLASSES:
        set(object, member, class_names(value));
        return;
    case TJ_UNIT_AMOUNT:
        set_amount(object, record, value, assets);
        return;
    case TJ_UNIT_ACCOUNT:
        text_format_account(text, value);
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
    }
    set(object, member, json_string(text));
}

static void set_field(json_t *object, const uint8_t *record, const struct tj_field *field,
                      const struct assets *assets)
{
    const uint8_t *at = record + field->offset;
    char hex[2 * TJ_NAME_SIZE + 1];
    switch ((enum tj_field_type)field->type) {
    case TJ_FIELD_NUMBER:
        set_number(object, record, field, assets);
        return;
    case TJ_FIELD_TEXT:
        set(object, field->name,
            json_stringn((const char *)at, strnlen((const char *)at, field->size)));
        return;
    case TJ_FIELD_BYTES:
        text_format_hex(hex, at, bytes_size(field, record));
        set(object, field->name, json_string(hex));
        return;
    }
    abort();
}

json_t *record_to_json(const uint8_t record[TJ_RECORD_SIZE], const struct assets *assets)
{
    const struct tj_layout *layout = tj_record_layout(record[0]);
    TIJORI_REQUIRE(layout != NULL);
    json_t *object = require(json_object());
    set(object, "kind", json_string(layout->name));
    for (size_t i = 0; i < layout->count; i++) {
        const struct tj_field *field = &layout->fields[i];
        if (!is_optional(record[0], field) || !tj_all_zero(record + field->offset, field->size)) {
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

/* "is to be one of move, administer" */
static bool refuse_name(const struct reader *reader, const char *member, const char *const *names,
                        uint64_t min, uint64_t max)
{
    char rule[sizeof reader->error->rule] = "is to be one of ";
    size_t used = strlen(rule);
    for (uint64_t i = min; i <= max && used < sizeof rule; i++) {
        int size =
            snprintf(rule + used, sizeof rule - used, "%s%s", i == min ? "" : ", ", names[i]);
        used += (size_t)size;
    }
    return refuse(reader, member, rule);
}

static bool read_name(const struct reader *reader, const char *member, const json_t *value,
                      const struct tj_field *field, uint64_t *out)
{
    const char *text = json_string_value(value);
    bool found =
        text != NULL && tj_name_find(field->names, field->max + 1, text, out) && *out >= field->min;
    return found || refuse_name(reader, member, field->names, field->min, field->max);
}

static bool read_classes(const struct reader *reader, const char *member, const json_t *value,
                         uint64_t *out)
{
    *out = 0;
    if (!json_is_array(value)) {
        return refuse(reader, member, "is to be an array of class names");
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *text = json_string_value(json_array_get(value, i));
        uint64_t class;
        if (text == NULL || !tj_name_find(tj_class_names, TJ_CLASS_END, text, &class)) {
            return refuse_name(reader, member, tj_class_names, 1, TJ_CLASS_END - 1);
        }
        if ((*out >> class & 1) != 0) {
            return refuse(reader, member, "names a class twice");
        }
        *out |= UINT64_C(1) << class;
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
        return read_classes(reader, member, value, out);
    case TJ_UNIT_ACCOUNT:
        return wants_string(reader, member, value, &text) &&
               (text_parse_account(text, out) ||
                refuse(reader, member, "is to be an account, PARTY:LOCAL, as in 1:0"));
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
        break; /* two members: read_amount */
    }
    abort();
}

/* The amount's unit and the account's asset must agree where both are known. */
static bool check_asset(const struct reader *reader, const struct asset *unit)
{
    struct asset held;
    char rule[128];
    uint64_t from = tj_movement_from(reader->record);
    if (!reader->assets->of_account(reader->assets->context, from, &held) ||
        held.number == unit->number) {
        return true;
    }
    snprintf(rule, sizeof rule, "is in %s, but account %u:%u holds %s", unit->code,
             tj_account_party(from), tj_account_local(from), held.code);
    return refuse(reader, "amount", rule);
}

static bool read_amount(const struct reader *reader, uint64_t *out)
{
    const json_t *value = json_object_get(reader->object, "amount");
    const json_t *base = json_object_get(reader->object, "amount_base");
    const struct assets *assets = reader->assets != NULL ? reader->assets : &assets_bitcoin;
    const char *why;
    const char *text;
    struct tj_amount amount;
    struct asset asset;
    if (base != NULL) {
        return value == NULL ? read_plain(reader, "amount_base", base, out)
                             : refuse(reader, "amount_base", "is given beside amount");
    }
    if (json_is_number(value)) {
        return refuse(reader, "amount", "is to be a string with its unit, as in \"1.5 BTC\"");
    }
    if (value == NULL) {
        return refuse(reader, "amount", "is missing");
    }
    if (!wants_string(reader, "amount", value, &text)) {
        return false;
    }
    if (!text_parse_amount(text, assets, &amount, &asset, &why)) {
        return refuse(reader, "amount", why);
    }
    *out = amount.base;
    return reader->assets == NULL || check_asset(reader, &asset);
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

static bool read_field(const struct reader *reader, const struct tj_field *field)
{
    char member[MEMBER_SIZE];
    uint64_t amount;
    member_name(field, member);
    const json_t *value = json_object_get(reader->object, member);
    if (field->unit == TJ_UNIT_AMOUNT && field->type == TJ_FIELD_NUMBER) {
        if (!read_amount(reader, &amount)) {
            return false;
        }
        tj_store_number(reader->record + field->offset, field->size, amount);
        return true;
    }
    if (value == NULL) {
        return is_optional(reader->record[0], field) || refuse(reader, member, "is missing");
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
    if (strcmp(name, "kind") == 0) {
        return true;
    }
    for (size_t i = 0; i < layout->count; i++) {
        const struct tj_field *field = &layout->fields[i];
        bool amount = field->type == TJ_FIELD_NUMBER && field->unit == TJ_UNIT_AMOUNT;
        member_name(field, member);
        if (strcmp(member, name) == 0 || (amount && strcmp(name, "amount_base") == 0)) {
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
    const struct tj_layout *layout = tj_record_layout(record[0]);
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
