#include "core/format/record.h"

#include <inttypes.h>
#include <stdio.h>

#include "core/format/origin.h"
#include "core/format/text_form.h"
#include "crypto/signature.h"

/* ---- names ---- */

#define NAME(constant, number, name) [constant] = name,

const char *const tj_purpose_names[TJ_PURPOSE_END] = {TJ_PURPOSES(NAME)};
const char *const tj_class_names[TJ_CLASS_END] = {TJ_CLASSES(NAME)};
const char *const tj_party_type_names[TJ_PARTY_TYPE_END] = {TJ_PARTY_TYPES(NAME)};
const char *const tj_role_names[TJ_ROLE_END] = {TJ_ROLES(NAME)};
const char *const tj_domain_names[TJ_DOMAIN_END] = {TJ_DOMAINS(NAME)};
const char *const tj_direction_names[TJ_DIRECTION_END] = {TJ_DIRECTIONS(NAME)};
const char *const tj_network_names[TJ_NETWORK_END] = {TJ_NETWORKS(NAME)};
const char *const tj_encumbrance_names[TJ_ENCUMBRANCE_END] = {TJ_ENCUMBRANCES(NAME)};
const char *const tj_limit_names[TJ_LIMIT_END] = {TJ_LIMIT_TYPES(NAME)};
const char *const tj_programme_names[TJ_PROGRAMME_END] = {TJ_PROGRAMME_TYPES(NAME)};
const char *const tj_mode_names[TJ_MODE_END] = {TJ_MODES(NAME)};
const char *const tj_figure_names[TJ_FIGURE_END] = {TJ_FIGURES(NAME)};
const char *const tj_algorithm_names[4] = {
    [TJ_ALGORITHM_ECDSA] = "ecdsa",
    [TJ_ALGORITHM_BIP340] = "bip340",
    [TJ_ALGORITHM_ED25519] = "ed25519",
};

bool tj_name_find(uint64_t *number, const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (names[i] != NULL && strcmp(names[i], name) == 0) {
            *number = i;
            return true;
        }
    }
    return false;
}

/* ---- the layouts: what record_tables.h says of a field, spelled out ---- */

#define NUMBER(u, lo, hi) .type = TJ_FIELD_NUMBER, .unit = TJ_UNIT_##u, .min = lo, .max = hi
#define NUMBER_NAMED(n, lo, hi)                                                                    \
    .type = TJ_FIELD_NUMBER, .unit = TJ_UNIT_NAME, .names = n, .min = lo, .max = hi
#define TEXT           .type = TJ_FIELD_TEXT
#define BYTES          .type = TJ_FIELD_BYTES
#define SIGNED(u)      .type = TJ_FIELD_BYTES, .unit = TJ_UNIT_##u
#define FILLED         .min = 1
#define OPTIONAL       .optional = true
#define SELECTS        .selects = true
#define USED(by, full) .used = by, .filled = full

#define BIT(type)      (1u << (type))
#define LIMIT_SUMS     (BIT(TJ_LIMIT_OUTFLOW) | BIT(TJ_LIMIT_BALANCE))
#define LIMIT_DIRECTED (BIT(TJ_LIMIT_COUNTERPARTY) | BIT(TJ_LIMIT_PURPOSES) | BIT(TJ_LIMIT_FREEZE))
#define PROGRAMME_COUNTS                                                                           \
    (BIT(TJ_PROGRAMME_CEILING) | BIT(TJ_PROGRAMME_MANDATE) | BIT(TJ_PROGRAMME_ALLOCATION))
#define PROGRAMME_BOUNDS                                                                           \
    (BIT(TJ_PROGRAMME_CEILING) | BIT(TJ_PROGRAMME_MANDATE) | BIT(TJ_PROGRAMME_MINIMUM))

#define MEMBER_SIZE(field) sizeof(((struct tj_record *)0)->field)
#define FIELD(kind, field, at, bytes, ...)                                                         \
    {.name = #field,                                                                               \
     .offset = at,                                                                                 \
     .size = bytes,                                                                                \
     .member = offsetof(struct tj_record, field),                                                  \
     .member_size = MEMBER_SIZE(field),                                                            \
     __VA_ARGS__},
#define ONE(...) +1
#define LAYOUT(kind, number, kind_name, what)                                                      \
    [kind] = {.name = kind_name,                                                                   \
              .says = what,                                                                        \
              .fields = {kind##_FIELDS(FIELD)},                                                    \
              .count = kind##_FIELDS(ONE)},

static const struct tj_layout layouts[TJ_KIND_END] = {TJ_KINDS(LAYOUT)};

#define FIELD_FITS(kind, field, at, bytes, ...)                                                    \
    static_assert((at) + (bytes) <= TJ_RECORD_SIZE && MEMBER_SIZE(field) >= (bytes), #field);
#define LAYOUT_FITS(kind, ...) kind##_FIELDS(FIELD_FITS)
TJ_KINDS(LAYOUT_FITS)

const struct tj_layout *tj_record_layout(uint8_t kind)
{
    if (kind < TJ_KIND_END && layouts[kind].name != NULL) {
        return &layouts[kind];
    }
    return NULL;
}

const char *tj_kind_name(uint8_t kind)
{
    static const char *const details[] = {TJ_DETAIL_KINDS(NAME)};
    if (tj_kind_is_detail(kind)) {
        return details[kind];
    }
    const struct tj_layout *layout = tj_record_layout(kind);
    TIJORI_REQUIRE(layout != NULL);
    return layout->name;
}

uint8_t tj_kind_by_name(const char *name)
{
    for (uint8_t kind = 1; kind < TJ_KIND_END; kind++) {
        if (layouts[kind].name != NULL && strcmp(layouts[kind].name, name) == 0) {
            return kind;
        }
    }
    return 0;
}

/* ---- form ---- */

static bool is_mask(const struct tj_field *field)
{
    return field->unit == TJ_UNIT_CLASSES || field->unit == TJ_UNIT_PURPOSES ||
           field->unit == TJ_UNIT_GROUPS;
}

static bool number_fits(const struct tj_field *field, uint64_t value)
{
    if (is_mask(field) && (value & ~field->max) != 0) {
        return false;
    }
    return value >= field->min && value <= field->max;
}

/* A text that may not be empty is a name. */
static bool text_fits(const struct tj_field *field, const uint8_t *at)
{
    return field->min == 0 ? tj_text_valid(at, field->size) : tj_name_valid(at, field->size);
}

static enum tijori_status check_field(const uint8_t *record, const struct tj_field *field,
                                      struct tj_verdict *verdict)
{
    const uint8_t *at = record + field->offset;
    bool filled = field->min == 0 || !tj_all_zero(at, field->size);
    switch ((enum tj_field_type)field->type) {
    case TJ_FIELD_NUMBER:
        if (!number_fits(field, tj_load_number(at, field->size))) {
            return tj_refuse(verdict, TIJORI_VALUE, field->name);
        }
        return TIJORI_OK;
    case TJ_FIELD_TEXT:
        if (!text_fits(field, at)) {
            return tj_refuse(verdict, TIJORI_TEXT, field->name);
        }
        return TIJORI_OK;
    case TJ_FIELD_BYTES:
        if (!filled) {
            return tj_refuse(verdict, TIJORI_VALUE, field->name);
        }
        return TIJORI_OK;
    }
    abort();
}

/* Checks that every byte between the fields is zero. The table lists fields in no particular order,
 * so the bytes that they cover are marked first. */
static enum tijori_status check_reserved(const uint8_t *record, const struct tj_layout *layout,
                                         struct tj_verdict *verdict)
{
    uint8_t rest[TJ_RECORD_SIZE];
    memcpy(rest, record, sizeof rest);
    rest[0] = 0; /* the kind */
    memset(TJ_AT(rest, TJ_MOVE, blind), 0, TJ_BLIND_SIZE);
    for (size_t i = 0; i < layout->count; i++) {
        memset(rest + layout->fields[i].offset, 0, layout->fields[i].size);
    }
    if (!tj_all_zero(rest, sizeof rest)) {
        return tj_refuse(verdict, TIJORI_RESERVED_NOT_ZERO, NULL);
    }
    return TIJORI_OK;
}

static enum tijori_status check_blind(const uint8_t *record, bool restricted,
                                      struct tj_verdict *verdict)
{
    bool zero = tj_all_zero(TJ_AT(record, TJ_MOVE, blind), TJ_BLIND_SIZE);
    if (zero == restricted) {
        return tj_refuse(verdict, TIJORI_BLIND, "blind");
    }
    return TIJORI_OK;
}

/* The bytes that no movement uses, and those that this kind does not. */
static bool movement_reserved_zero(const uint8_t *r)
{
    enum {
        FLAGS = TJ_MOVE_AT_opening,
        ZERO_1 = TJ_MOVE_AT_purpose + 1,
    };
    static_assert(ZERO_1 + 1 == TJ_MOVE_AT_from, "the gap");
    static_assert(TJ_MOVE_AT_details + 4 == TJ_MOVE_AT_blind, "what follows it, in one load");
    uint8_t kind = tj_record_kind(r);
    uint32_t timeout_s = kind == TJ_PENDING ? 0 : tj_movement_timeout_s(r);
    uint64_t refers_to = tj_kind_names(kind) ? 0 : tj_movement_refers_to(r);
    uint8_t flags_known = kind == TJ_MOVE || kind == TJ_CORRECT;
    uint32_t after_details = tj_load32(TJ_AT(r, TJ_MOVE, details)) >> 8;
    return ((r[FLAGS] & ~flags_known) | r[ZERO_1]) == 0 &&
           (timeout_s | after_details | refers_to) == 0;
}

/* The hot path: checks what the layouts of movements say, without walking the layouts.
 * test_record.c holds the two against each other. */
static enum tijori_status check_movement(const uint8_t *r, bool restricted,
                                         struct tj_verdict *verdict)
{
    uint8_t purpose = tj_movement_purpose(r);
    if (purpose == 0 || purpose >= TJ_PURPOSE_END) {
        return tj_refuse(verdict, TIJORI_VALUE, "purpose");
    }
    if (tj_kind_names(tj_record_kind(r)) && tj_movement_refers_to(r) == 0) {
        return tj_refuse(verdict, TIJORI_VALUE, "refers_to");
    }
    if (!tj_text_valid(TJ_AT(r, TJ_MOVE, reference), TJ_REFERENCE_SIZE)) {
        return tj_refuse(verdict, TIJORI_TEXT, "reference");
    }
    if (tj_movement_amount(r).base == 0) {
        return tj_refuse(verdict, TIJORI_AMOUNT_ZERO, "amount");
    }
    if (tj_movement_from(r) == tj_movement_to(r)) {
        return tj_refuse(verdict, TIJORI_SAME_ACCOUNT, "to");
    }
    if (!movement_reserved_zero(r)) {
        return tj_refuse(verdict, TIJORI_RESERVED_NOT_ZERO, NULL);
    }
    return check_blind(r, restricted, verdict);
}

/* ---- what the use of a field depends on ---- */

/* The record's type or figure, as a bit; 0 where its kind has none. */
static uint32_t type_bit(const uint8_t *record, const struct tj_layout *layout)
{
    for (size_t i = 0; i < layout->count; i++) {
        const struct tj_field *field = &layout->fields[i];
        if (field->selects) {
            return BIT(tj_load_number(record + field->offset, field->size) & 31);
        }
    }
    return 0;
}

static bool is_used(const struct tj_field *field, uint32_t type)
{
    return field->used == 0 || (field->used & type) != 0;
}

bool tj_record_uses(const uint8_t record[TJ_RECORD_SIZE], const struct tj_field *field)
{
    return is_used(field, type_bit(record, tj_record_layout(tj_record_kind(record))));
}

/* Checks the fields whose use depends on the record's type: those that are used are filled. */
static enum tijori_status check_used(const uint8_t *record, const struct tj_layout *layout,
                                     struct tj_verdict *verdict)
{
    uint32_t type = type_bit(record, layout);
    for (size_t i = 0; i < layout->count; i++) {
        const struct tj_field *field = &layout->fields[i];
        if ((field->filled & type) != 0 && tj_all_zero(record + field->offset, field->size)) {
            return tj_refuse(verdict, TIJORI_VALUE, field->name);
        }
    }
    return TIJORI_OK;
}

/* The others are zero. */
static enum tijori_status check_unused(const uint8_t *record, const struct tj_layout *layout,
                                       struct tj_verdict *verdict)
{
    uint32_t type = type_bit(record, layout);
    for (size_t i = 0; i < layout->count; i++) {
        const struct tj_field *field = &layout->fields[i];
        if (!is_used(field, type) && !tj_all_zero(record + field->offset, field->size)) {
            return tj_refuse(verdict, TIJORI_RESERVED_NOT_ZERO, field->name);
        }
    }
    return TIJORI_OK;
}

/* ---- what a range cannot say of a number or a key, by kind ---- */

typedef enum tijori_status check_function(const uint8_t *record, struct tj_verdict *verdict);

/* A BIP-340 key has 32 bytes of the 33. */
static enum tijori_status check_key(const uint8_t *r, struct tj_verdict *verdict)
{
    static_assert((int)TJ_REVOKE_KEY_AT_key == (int)TJ_ADD_KEY_AT_key, "one check serves both");
    bool bip340 = TJ_GET(r, TJ_ADD_KEY, algorithm) == TJ_ALGORITHM_BIP340;
    if (bip340 && TJ_AT(r, TJ_ADD_KEY, key)[TJ_SLOT_KEY_MAX - 1] != 0) {
        return tj_refuse(verdict, TIJORI_VALUE, "key");
    }
    return TIJORI_OK;
}

static enum tijori_status check_retire_log_key(const uint8_t *r, struct tj_verdict *verdict)
{
    bool size = TJ_GET(r, TJ_RETIRE_LOG_KEY, last_good_size) != 0;
    bool root = !tj_all_zero(TJ_AT(r, TJ_RETIRE_LOG_KEY, last_good_root), TJ_HASH_SIZE);
    if (size != root) {
        return tj_refuse(verdict, TIJORI_VALUE, "last_good_size");
    }
    return TIJORI_OK;
}

static enum tijori_status check_set_tier(const uint8_t *r, struct tj_verdict *verdict)
{
    bool approvals = TJ_GET(r, TJ_SET_TIER, approvals) != 0;
    bool groups = TJ_GET(r, TJ_SET_TIER, groups) != 0;
    if (!approvals && !groups && TJ_GET(r, TJ_SET_TIER, delay_s) == 0) {
        return tj_refuse(verdict, TIJORI_VALUE, "approvals");
    }
    return TIJORI_OK;
}

static enum tijori_status check_set_limit(const uint8_t *r, struct tj_verdict *verdict)
{
    uint8_t type = TJ_GET(r, TJ_SET_LIMIT, type);
    uint32_t window_s = TJ_GET(r, TJ_SET_LIMIT, window_s);
    if (type == TJ_LIMIT_FREEZE && !tj_holder_is_party(TJ_GET(r, TJ_SET_LIMIT, holder))) {
        return tj_refuse(verdict, TIJORI_VALUE, "holder");
    }
    bool steps = window_s % TJ_WINDOW_STEPS == 0 && window_s <= TJ_RULE_TIME_MAX_S;
    if (type == TJ_LIMIT_OUTFLOW && !steps) {
        return tj_refuse(verdict, TIJORI_VALUE, "window_s");
    }
    return TIJORI_OK;
}

static enum tijori_status check_programme(const uint8_t *r, struct tj_verdict *verdict)
{
    bool allocates = TJ_GET(r, TJ_PROGRAMME, type) == TJ_PROGRAMME_ALLOCATION;
    if (allocates && TJ_GET(r, TJ_PROGRAMME, mode) != TJ_MODE_REPORT) {
        return tj_refuse(verdict, TIJORI_VALUE, "mode");
    }
    if (TJ_GET(r, TJ_PROGRAMME, ends) < TJ_GET(r, TJ_PROGRAMME, starts)) {
        return tj_refuse(verdict, TIJORI_VALUE, "ends");
    }
    return TIJORI_OK;
}

static enum tijori_status check_statement(const uint8_t *r, struct tj_verdict *verdict)
{
    if (TJ_GET(r, TJ_STATEMENT, as_of) < TJ_GET(r, TJ_STATEMENT, period_from)) {
        return tj_refuse(verdict, TIJORI_VALUE, "as_of");
    }
    return TIJORI_OK;
}

static check_function *const value_checks[TJ_KIND_END] = {
    [TJ_ADD_KEY] = check_key,         [TJ_REVOKE_KEY] = check_key,
    [TJ_SET_TIER] = check_set_tier,   [TJ_RETIRE_LOG_KEY] = check_retire_log_key,
    [TJ_SET_LIMIT] = check_set_limit, [TJ_PROGRAMME] = check_programme,
    [TJ_STATEMENT] = check_statement,
};

/* ---- what the form of a text cannot say, by kind ---- */

/* A ledger whose name the origin of a checkpoint cannot begin with could never sign one. */
static enum tijori_status check_ledger_name(const uint8_t *r, struct tj_verdict *verdict)
{
    const char *name = (const char *)TJ_AT(r, TJ_LEDGER, name);
    if (!tj_origin_name_valid(name, strnlen(name, TJ_NAME_SIZE))) {
        return tj_refuse_detail(verdict, TIJORI_TEXT, "name",
                                "a ledger's name stands in its checkpoints: without white space of "
                                "any kind, '+' and control characters");
    }
    return TIJORI_OK;
}

static enum tijori_status check_asset_code(const uint8_t *r, struct tj_verdict *verdict)
{
    const uint8_t *code = TJ_AT(r, TJ_OPEN_ASSET, code);
    for (size_t i = 0; i < TJ_ASSET_CODE_SIZE && code[i] != 0; i++) {
        bool letter = code[i] >= 'A' && code[i] <= 'Z';
        bool digit = code[i] >= '0' && code[i] <= '9';
        if (!letter && !digit) {
            return tj_refuse(verdict, TIJORI_TEXT, "code");
        }
    }
    return TIJORI_OK;
}

static check_function *const text_checks[TJ_KIND_END] = {
    [TJ_LEDGER] = check_ledger_name,
    [TJ_OPEN_ASSET] = check_asset_code,
};

/* ---- the whole record ---- */

static enum tijori_status check_special(check_function *const *checks, const uint8_t *record,
                                        struct tj_verdict *verdict)
{
    check_function *check = checks[tj_record_kind(record)];
    if (check != NULL) {
        return check(record, verdict);
    }
    return TIJORI_OK;
}

static enum tijori_status check_fields(const uint8_t *record, const struct tj_layout *layout,
                                       bool texts, struct tj_verdict *verdict)
{
    enum tijori_status status = TIJORI_OK;
    uint32_t type = type_bit(record, layout);
    for (size_t i = 0; i < layout->count && status == TIJORI_OK; i++) {
        const struct tj_field *field = &layout->fields[i];
        if ((field->type == TJ_FIELD_TEXT) == texts && is_used(field, type)) {
            status = check_field(record, field, verdict);
        }
    }
    return status;
}

/* The order of refusals is VALUE, TEXT, RESERVED_NOT_ZERO, BLIND, whichever fields they are
 * about. A field that is not used has no range: it is zero. */
static enum tijori_status check_directive(const uint8_t *record, const struct tj_layout *layout,
                                          bool restricted, struct tj_verdict *verdict)
{
    enum tijori_status status = check_fields(record, layout, false, verdict);
    if (status == TIJORI_OK) {
        status = check_special(value_checks, record, verdict);
    }
    if (status == TIJORI_OK) {
        status = check_used(record, layout, verdict);
    }
    if (status == TIJORI_OK) {
        status = check_fields(record, layout, true, verdict);
    }
    if (status == TIJORI_OK) {
        status = check_special(text_checks, record, verdict);
    }
    if (status == TIJORI_OK) {
        status = check_unused(record, layout, verdict);
    }
    if (status == TIJORI_OK) {
        status = check_reserved(record, layout, verdict);
    }
    if (status == TIJORI_OK) {
        return check_blind(record, restricted, verdict);
    }
    return status;
}

static bool is_reserved(uint8_t kind)
{
    return kind >= TJ_RESERVED_WATCH_SCRIPT && kind <= TJ_RESERVED_CLOSE_LEDGER;
}

enum tijori_status tj_record_check(const uint8_t record[TJ_RECORD_SIZE], bool restricted,
                                   struct tj_verdict *verdict)
{
    uint8_t kind = tj_record_kind(record);
    if (tj_kind_is_movement(kind)) {
        return check_movement(record, restricted, verdict);
    }
    const struct tj_layout *layout = tj_record_layout(kind);
    if (layout != NULL) {
        return check_directive(record, layout, restricted, verdict);
    }
    if (tj_kind_is_detail(kind)) { /* its record is asked about it: tj_details_check */
        return tj_refuse(verdict, TIJORI_DETAIL, "kind");
    }
    if (is_reserved(kind)) {
        return tj_refuse(verdict, TIJORI_KIND_RESERVED, "kind");
    }
    return tj_refuse(verdict, TIJORI_KIND_UNKNOWN, "kind");
}

void tj_account_format(char out[TJ_ACCOUNT_TEXT_SIZE], uint64_t account)
{
    uint32_t party = tj_account_party(account);
    if (tj_holder_is_party(account)) {
        snprintf(out, TJ_ACCOUNT_TEXT_SIZE, "%" PRIu32 ":*", party);
        return;
    }
    const char *mark = tj_account_restricted(account) ? "r" : "";
    snprintf(out, TJ_ACCOUNT_TEXT_SIZE, "%" PRIu32 ":%s%" PRIu32, party, mark,
             tj_account_number(account));
}

/* ---- decoding and encoding ---- */

static void store_member(struct tj_record *out, const struct tj_field *field, uint64_t value)
{
    uint8_t *member = (uint8_t *)out + field->member;
    switch (field->member_size) {
    case 1:
        *member = (uint8_t)value;
        return;
    case 2:
        memcpy(member, &(uint16_t){(uint16_t)value}, 2);
        return;
    case 4:
        memcpy(member, &(uint32_t){(uint32_t)value}, 4);
        return;
    case 8:
        memcpy(member, &value, 8);
        return;
    }
    abort();
}

static uint64_t load_member(const struct tj_record *record, const struct tj_field *field)
{
    const uint8_t *member = (const uint8_t *)record + field->member;
    uint16_t v16;
    uint32_t v32;
    uint64_t v64;
    switch (field->member_size) {
    case 1:
        return *member;
    case 2:
        memcpy(&v16, member, 2);
        return v16;
    case 4:
        memcpy(&v32, member, 4);
        return v32;
    case 8:
        memcpy(&v64, member, 8);
        return v64;
    }
    abort();
}

void tj_record_decode(struct tj_record *out, const uint8_t record[TJ_RECORD_SIZE])
{
    const struct tj_layout *layout = tj_record_layout(tj_record_kind(record));
    TIJORI_REQUIRE(layout != NULL);
    memset(out, 0, sizeof *out);
    out->kind = tj_record_kind(record);
    for (size_t i = 0; i < layout->count; i++) {
        const struct tj_field *field = &layout->fields[i];
        if (field->type == TJ_FIELD_NUMBER) {
            store_member(out, field, tj_load_number(record + field->offset, field->size));
        } else {
            memcpy((uint8_t *)out + field->member, record + field->offset, field->size);
        }
    }
}

void tj_record_encode(const struct tj_record *record, uint8_t out[TJ_RECORD_SIZE])
{
    const struct tj_layout *layout = tj_record_layout(record->kind);
    TIJORI_REQUIRE(layout != NULL);
    memset(out, 0, TJ_RECORD_SIZE);
    out[0] = record->kind;
    for (size_t i = 0; i < layout->count; i++) {
        const struct tj_field *field = &layout->fields[i];
        if (field->type == TJ_FIELD_NUMBER) {
            tj_store_number(out + field->offset, field->size, load_member(record, field));
        } else {
            memcpy(out + field->offset, (const uint8_t *)record + field->member, field->size);
        }
    }
}
