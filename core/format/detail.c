#include "core/format/detail.h"

#include "core/format/text_form.h"
#include "crypto/tree.h"

/* ---- the table: what record_tables.h says of a type, spelled out ---- */

#define NAME(constant, number, name, ...) [constant] = name,
const char *const tj_detail_names[TJ_DETAIL_TYPE_END] = {TJ_DETAIL_TYPES(NAME)};

#define OF(kind)     (1u << (kind))
#define TJ_OF_ALL    (OF(TJ_MOVE) | OF(TJ_PENDING) | OF(TJ_POST) | OF(TJ_VOID) | OF(TJ_CORRECT))
#define TJ_OF_MOVED  (OF(TJ_MOVE) | OF(TJ_PENDING) | OF(TJ_POST))
#define TJ_OF_PRICED (TJ_OF_MOVED | OF(TJ_CORRECT))
#define TJ_OF_CITING (OF(TJ_MOVE) | OF(TJ_PENDING))
enum { TJ_OF_DIRECTIVES = 0xff }; /* every directive; no kind has this number */

enum form { PLAIN, ASCII, NAME_TEXT };
#define FORM_PLAIN PLAIN
#define FORM_ASCII ASCII
#define FORM_NAME  NAME_TEXT

struct type_layout {
    uint8_t movements; /* mask of the kinds that may have it */
    uint8_t directive; /* the kind that may; TJ_OF_DIRECTIVES: every one; 0: none */
    uint8_t parts;     /* how many a text may have */
    uint8_t form;      /* enum form, of its text */
    uint8_t count;
    struct tj_field fields[4];
};

#define NUMBER(u, lo, hi) .type = TJ_FIELD_NUMBER, .unit = TJ_UNIT_##u, .min = lo, .max = hi
#define NUMBER_NAMED(n, lo, hi)                                                                    \
    .type = TJ_FIELD_NUMBER, .unit = TJ_UNIT_NAME, .names = n, .min = lo, .max = hi
#define TEXT     .type = TJ_FIELD_TEXT
#define BYTES    .type = TJ_FIELD_BYTES
#define FILLED   .min = 1
#define OPTIONAL .optional = true

#define MEMBER_SIZE(field) sizeof(((struct tj_details *)0)->field)
#define FIELD(kind, field, at, bytes, ...)                                                         \
    {.name = #field,                                                                               \
     .offset = at,                                                                                 \
     .size = bytes,                                                                                \
     .member = offsetof(struct tj_details, field),                                                 \
     .member_size = MEMBER_SIZE(field) & 0xff,                                                     \
     __VA_ARGS__},
#define ONE(...) +1
#define LAYOUT(constant, number, name, of_movements, of_directive, most, reads)                    \
    [constant] = {.movements = of_movements,                                                       \
                  .directive = of_directive,                                                       \
                  .parts = most,                                                                   \
                  .form = FORM_##reads,                                                            \
                  .fields = {constant##_FIELDS(FIELD)},                                            \
                  .count = constant##_FIELDS(ONE)},
static const struct type_layout types[TJ_DETAIL_TYPE_END] = {TJ_DETAIL_TYPES(LAYOUT)};

#define FIELD_FITS(kind, field, at, bytes, ...)                                                    \
    static_assert((at) + (bytes) <= TJ_MOVE_AT_blind && MEMBER_SIZE(field) >= (bytes), #field);
#define LAYOUT_FITS(constant, ...) constant##_FIELDS(FIELD_FITS)
TJ_DETAIL_TYPES(LAYOUT_FITS)

static uint8_t type_of(const uint8_t *detail)
{
    return detail[TJ_DETAIL_AT_TYPE];
}

/* The whole payload is one text. */
static bool is_text(const struct type_layout *layout)
{
    return layout->fields[0].size == TJ_DETAIL_PAYLOAD;
}

/* ---- groups ---- */

uint32_t tj_details_after(const uint8_t *records, uint32_t count, uint32_t position)
{
    uint32_t end = position + 1;
    while (end < count && tj_kind_is_detail(records[(size_t)end * TJ_RECORD_SIZE])) {
        end++;
    }
    return end - position - 1;
}

const uint8_t *tj_detail_record(const uint8_t *detail)
{
    while (tj_kind_is_detail(tj_record_kind(detail))) {
        detail -= TJ_RECORD_SIZE;
    }
    return detail;
}

void tj_group_hash(struct tj_hasher *hasher, struct tj_hash *out, const uint8_t *record,
                   uint32_t details)
{
    if (details == 0) {
        tj_leaf_hash(hasher, out, record, TJ_RECORD_SIZE);
        return;
    }
    tj_tree_root_of_items(hasher, out, record, TJ_RECORD_SIZE, 1 + details);
}

/* A long one is the first detail, because its type is the lowest. */
void tj_group_reference(char out[TJ_REFERENCE_TEXT_SIZE], const uint8_t *record, uint32_t details)
{
    const uint8_t *first = record + TJ_RECORD_SIZE;
    memset(out, 0, TJ_REFERENCE_TEXT_SIZE);
    if (details > 0 && type_of(first) == TJ_DETAIL_LONG_REFERENCE) {
        memcpy(out, first + TJ_DETAIL_AT_PAYLOAD, TJ_DETAIL_PAYLOAD);
        return;
    }
    memcpy(out, TJ_AT(record, TJ_MOVE, reference), TJ_REFERENCE_SIZE);
}

const uint8_t *tj_record_attachment(const uint8_t record[TJ_RECORD_SIZE])
{
    uint8_t kind = tj_record_kind(record);
    if (tj_kind_is_movement(kind)) {
        return tj_movement_document(record);
    }
    if (kind == TJ_STATEMENT) {
        const uint8_t *document = TJ_AT(record, TJ_STATEMENT, document);
        return tj_all_zero(document, TJ_HASH_SIZE) ? NULL : document;
    }
    if (tj_kind_is_detail(kind) && type_of(record) == TJ_DETAIL_DESCRIPTOR) {
        return TJ_AT(record, TJ_DETAIL_DESCRIPTOR, descriptor);
    }
    return NULL;
}

/* ---- form: each detail in its place ---- */

/* Of type and part: the next part of the same type, or the first of a higher one. */
static bool is_in_place(const uint8_t *detail, bool follows)
{
    uint8_t part = detail[TJ_DETAIL_AT_PART];
    if (!follows) {
        return part == 0;
    }
    const uint8_t *before = detail - TJ_RECORD_SIZE;
    if (type_of(before) == type_of(detail)) {
        return part == before[TJ_DETAIL_AT_PART] + 1;
    }
    return part == 0 && type_of(before) < type_of(detail);
}

static enum tijori_status check_place(const uint8_t *detail, bool follows, uint32_t count,
                                      struct tj_verdict *verdict)
{
    if (detail[TJ_DETAIL_AT_OF] != count) {
        return tj_refuse(verdict, TIJORI_DETAIL, "of");
    }
    if (!is_in_place(detail, follows)) {
        return tj_refuse(verdict, TIJORI_DETAIL, "part");
    }
    return TIJORI_OK;
}

/* ---- form: each detail by itself ---- */

static bool may_stand_at(const struct type_layout *layout, uint8_t kind)
{
    if (tj_kind_is_movement(kind)) {
        return tj_in_mask(layout->movements, kind);
    }
    return layout->directive == TJ_OF_DIRECTIVES || layout->directive == kind;
}

static bool is_upper(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z';
}

static bool is_digit(uint8_t byte)
{
    return byte >= '0' && byte <= '9';
}

static bool is_currency(const uint8_t *at)
{
    for (size_t i = 0; i < TJ_CURRENCY_SIZE; i++) {
        if (!is_upper(at[i])) {
            return false;
        }
    }
    return true;
}

/* ISO 17442: the check digits make the number, letters read as 10 to 35, 1 modulo 97. */
static bool is_lei(const uint8_t *at)
{
    uint32_t rest = 0;
    for (size_t i = 0; i < TJ_LEI_SIZE; i++) {
        if (is_digit(at[i])) {
            rest = (rest * 10 + at[i] - '0') % 97;
        } else if (is_upper(at[i])) {
            rest = (rest * 100 + at[i] - 'A' + 10) % 97;
        } else {
            return false;
        }
    }
    return rest == 1;
}

/* What is no text: numbers, and bytes that are not all zero. */
static bool value_fits(const struct tj_field *field, const uint8_t *at)
{
    switch ((enum tj_field_type)field->type) {
    case TJ_FIELD_NUMBER: {
        uint64_t value = tj_load_number(at, field->size);
        return value >= field->min && value <= field->max;
    }
    case TJ_FIELD_BYTES:
        return !tj_all_zero(at, field->size);
    case TJ_FIELD_TEXT:
        return true;
    }
    abort();
}

static enum tijori_status check_values(const uint8_t *detail, const struct type_layout *layout,
                                       struct tj_verdict *verdict)
{
    for (size_t i = 0; i < layout->count; i++) {
        const struct tj_field *field = &layout->fields[i];
        if (!value_fits(field, detail + field->offset)) {
            return tj_refuse(verdict, TIJORI_VALUE, field->name);
        }
    }
    if (type_of(detail) == TJ_DETAIL_PRICE &&
        !is_currency(TJ_AT(detail, TJ_DETAIL_PRICE, currency))) {
        return tj_refuse(verdict, TIJORI_VALUE, "currency");
    }
    if (type_of(detail) == TJ_DETAIL_COUNTERPARTY &&
        !is_lei(TJ_AT(detail, TJ_DETAIL_COUNTERPARTY, counterparty))) {
        return tj_refuse(verdict, TIJORI_VALUE, "counterparty");
    }
    return TIJORI_OK;
}

/* What the fields leave of the payload. */
static bool rest_is_zero(const uint8_t *detail, const struct type_layout *layout)
{
    uint8_t rest[TJ_RECORD_SIZE];
    memcpy(rest, detail, sizeof rest);
    for (size_t i = 0; i < layout->count; i++) {
        memset(rest + layout->fields[i].offset, 0, layout->fields[i].size);
    }
    return tj_all_zero(rest + TJ_DETAIL_AT_PAYLOAD, TJ_DETAIL_PAYLOAD);
}

static enum tijori_status check_alone(const uint8_t *record, const uint8_t *detail, bool restricted,
                                      struct tj_verdict *verdict)
{
    uint8_t type = type_of(detail);
    if (type == 0 || type >= TJ_DETAIL_TYPE_END) {
        return tj_refuse(verdict, TIJORI_VALUE, "type");
    }
    const struct type_layout *layout = &types[type];
    if (!may_stand_at(layout, tj_record_kind(record))) {
        return tj_refuse_detail(verdict, TIJORI_VALUE, "type", "a %s has no %s",
                                tj_kind_name(tj_record_kind(record)), tj_detail_names[type]);
    }
    if (detail[TJ_DETAIL_AT_PART] >= layout->parts) {
        return tj_refuse(verdict, TIJORI_VALUE, "part");
    }
    enum tijori_status status = check_values(detail, layout, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    if (!rest_is_zero(detail, layout)) {
        return tj_refuse(verdict, TIJORI_RESERVED_NOT_ZERO, tj_detail_names[type]);
    }
    if (tj_all_zero(TJ_AT(detail, TJ_MOVE, blind), TJ_BLIND_SIZE) == restricted) {
        return tj_refuse(verdict, TIJORI_BLIND, "blind");
    }
    return TIJORI_OK;
}

/* ---- form: texts ---- */

static bool is_ascii(const uint8_t *text, size_t size)
{
    size_t used = 0;
    while (used < size && text[used] >= 0x21 && text[used] <= 0x7e) {
        used++;
    }
    return tj_all_zero(text + used, size - used);
}

static bool reads_as(enum form form, const uint8_t *text, size_t size)
{
    switch (form) {
    case PLAIN:
        return tj_text_valid(text, size);
    case ASCII:
        return is_ascii(text, size);
    case NAME_TEXT:
        return tj_name_valid(text, size);
    }
    abort();
}

/* A text whose parts are the details from `first` on. It is padded at its end only, so that when
 * its last part has a byte the parts before it are full. */
static enum tijori_status check_joined(const uint8_t *first, uint32_t parts,
                                       struct tj_verdict *verdict)
{
    uint8_t text[TJ_DETAIL_TEXT_MAX];
    uint8_t type = type_of(first);
    size_t last = (size_t)(parts - 1) * TJ_DETAIL_PAYLOAD;
    TJ_VERIFY_CHECK(parts > 0 && parts <= TJ_DETAILS_MAX);
    for (uint32_t i = 0; i < parts; i++) {
        memcpy(text + (size_t)i * TJ_DETAIL_PAYLOAD,
               first + (size_t)i * TJ_RECORD_SIZE + TJ_DETAIL_AT_PAYLOAD, TJ_DETAIL_PAYLOAD);
    }
    if (text[last] == 0 || !reads_as((enum form)types[type].form, text, last + TJ_DETAIL_PAYLOAD)) {
        return tj_refuse(verdict, TIJORI_TEXT, tj_detail_names[type]);
    }
    /* Whatever fits a record's own reference stands there. */
    if (type == TJ_DETAIL_LONG_REFERENCE && text[TJ_REFERENCE_SIZE] == 0) {
        return tj_refuse(verdict, TIJORI_VALUE, tj_detail_names[type]);
    }
    return TIJORI_OK;
}

/* The text of one type, or the source of a price. */
static enum tijori_status check_text(const uint8_t *first, uint32_t parts,
                                     struct tj_verdict *verdict)
{
    if (is_text(&types[type_of(first)])) {
        return check_joined(first, parts, verdict);
    }
    if (type_of(first) == TJ_DETAIL_PRICE &&
        !tj_text_valid(TJ_AT(first, TJ_DETAIL_PRICE, source), TJ_PRICE_SOURCE_SIZE)) {
        return tj_refuse(verdict, TIJORI_TEXT, "source");
    }
    return TIJORI_OK;
}

/* ---- form: what the record must be like ---- */

static bool fits_record(const uint8_t *record, uint8_t type)
{
    switch ((enum tj_detail_type)type) {
    case TJ_DETAIL_LONG_REFERENCE:
        return tj_all_zero(TJ_AT(record, TJ_MOVE, reference), TJ_REFERENCE_SIZE);
    case TJ_DETAIL_ATTACHMENT_NAME:
    case TJ_DETAIL_MEDIA_TYPE:
        return tj_record_attachment(record) != NULL;
    case TJ_DETAIL_ENCUMBRANCE: {
        uint8_t class = TJ_GET(record, TJ_OPEN_ACCOUNT, class);
        return class == TJ_CLASS_RESERVE || class == TJ_CLASS_CUSTODY;
    }
    case TJ_DETAIL_MEMO:
    case TJ_DETAIL_TRANSACTION:
    case TJ_DETAIL_PRICE:
    case TJ_DETAIL_ADDRESS:
    case TJ_DETAIL_DESCRIPTOR:
    case TJ_DETAIL_COUNTERPARTY:
    case TJ_DETAIL_TYPE_END:
        break;
    }
    return true;
}

static enum tijori_status check_fits(const uint8_t *record, const uint8_t *detail,
                                     struct tj_verdict *verdict)
{
    uint8_t type = type_of(detail);
    if (fits_record(record, type)) {
        return TIJORI_OK;
    }
    return tj_refuse_detail(verdict, TIJORI_DETAIL, tj_detail_names[type],
                            "not beside what its record says");
}

/* ---- form: the whole group ---- */

/* One of the rounds over a group: of each detail in its order, or of the first of each type. */
enum round { PLACES, ALONE, TEXTS, FITS, ROUNDS };

static enum tijori_status check_one(enum round round, const uint8_t *record, const uint8_t *details,
                                    uint32_t i, uint32_t count, bool restricted,
                                    struct tj_verdict *verdict)
{
    const uint8_t *detail = details + (size_t)i * TJ_RECORD_SIZE;
    uint32_t parts = 1;
    if (round == PLACES) {
        return check_place(detail, i > 0, count, verdict);
    }
    if (round == ALONE) {
        return check_alone(record, detail, restricted, verdict);
    }
    if (detail[TJ_DETAIL_AT_PART] > 0) {
        return TIJORI_OK; /* asked about with the first part */
    }
    if (round == FITS) {
        return check_fits(record, detail, verdict);
    }
    while (i + parts < count && detail[(size_t)parts * TJ_RECORD_SIZE + TJ_DETAIL_AT_PART] > 0) {
        parts++;
    }
    return check_text(detail, parts, verdict);
}

/* docs/FORMAT.md section 7, step 1: first all of the group in its place, then each detail by
 * itself, then texts, which may take several, and last what the record has to be like. So the first
 * rule that is broken is the same for whoever judges. */
enum tijori_status tj_details_check(const uint8_t record[TJ_RECORD_SIZE], const uint8_t *details,
                                    uint32_t count, bool restricted, struct tj_verdict *verdict)
{
    const uint32_t place = verdict->record; /* where it is nowhere, the caller does not look */
    bool counted = tj_kind_is_movement(tj_record_kind(record));
    if (count > TJ_DETAILS_MAX || (counted && tj_movement_details(record) != count)) {
        return tj_refuse_detail(verdict, TIJORI_DETAIL, "details", "%u follow", count);
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < count; i++) {
            verdict->record = place + 1 + i;
            enum tijori_status status =
                check_one((enum round)round, record, details, i, count, restricted, verdict);
            if (status != TIJORI_OK) {
                return status;
            }
        }
    }
    verdict->record = place;
    return TIJORI_OK;
}

/* ---- decoding and encoding ---- */

static void decode_field(struct tj_details *out, const uint8_t *detail,
                         const struct tj_field *field)
{
    uint8_t *member = (uint8_t *)out + field->member;
    const uint8_t *at = detail + field->offset;
    size_t part = detail[TJ_DETAIL_AT_PART];
    if (field->type != TJ_FIELD_NUMBER) {
        memcpy(member + part * TJ_DETAIL_PAYLOAD, at, field->size);
        return;
    }
    uint64_t value = tj_load_number(at, field->size);
    if (field->size == 8) {
        memcpy(member, &value, 8);
    } else if (field->size == 4) {
        memcpy(member, &(uint32_t){(uint32_t)value}, 4);
    } else {
        *member = (uint8_t)value;
    }
}

static void encode_field(const struct tj_details *details, uint8_t *detail,
                         const struct tj_field *field)
{
    const uint8_t *member = (const uint8_t *)details + field->member;
    uint8_t *at = detail + field->offset;
    size_t part = detail[TJ_DETAIL_AT_PART];
    uint64_t v64;
    uint32_t v32;
    if (field->type != TJ_FIELD_NUMBER) {
        memcpy(at, member + part * TJ_DETAIL_PAYLOAD, field->size);
    } else if (field->size == 8) {
        memcpy(&v64, member, 8);
        tj_store_number(at, 8, v64);
    } else if (field->size == 4) {
        memcpy(&v32, member, 4);
        tj_store_number(at, 4, v32);
    } else {
        *at = *member;
    }
}

void tj_details_decode(struct tj_details *out, const uint8_t *details, uint32_t count)
{
    memset(out, 0, sizeof *out);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *detail = details + (size_t)i * TJ_RECORD_SIZE;
        uint8_t type = type_of(detail);
        TIJORI_REQUIRE(type != 0 && type < TJ_DETAIL_TYPE_END &&
                       detail[TJ_DETAIL_AT_PART] < types[type].parts);
        out->present |= 1u << type;
        for (size_t k = 0; k < types[type].count; k++) {
            decode_field(out, detail, &types[type].fields[k]);
        }
    }
}

static uint32_t parts_of(const struct tj_details *details, const struct type_layout *layout)
{
    if (!is_text(layout) || layout->parts == 1) {
        return 1;
    }
    const char *text = (const char *)details + layout->fields[0].member;
    size_t last = strnlen(text + 1, TJ_DETAIL_TEXT_MAX - 1); /* an empty one has a part too */
    return (uint32_t)(last / TJ_DETAIL_PAYLOAD + 1);
}

static void encode_parts(const struct tj_details *details, uint8_t *out, uint8_t type,
                         uint32_t parts, uint32_t count)
{
    for (uint32_t part = 0; part < parts; part++) {
        uint8_t *detail = out + (size_t)part * TJ_RECORD_SIZE;
        detail[0] = TJ_DETAIL;
        detail[TJ_DETAIL_AT_TYPE] = type;
        detail[TJ_DETAIL_AT_PART] = (uint8_t)part;
        detail[TJ_DETAIL_AT_OF] = (uint8_t)count;
        for (size_t k = 0; k < types[type].count; k++) {
            encode_field(details, detail, &types[type].fields[k]);
        }
    }
}

uint32_t tj_details_encode(const struct tj_details *details,
                           uint8_t out[TJ_DETAILS_MAX * TJ_RECORD_SIZE])
{
    uint32_t count = 0;
    for (uint8_t type = 1; type < TJ_DETAIL_TYPE_END; type++) {
        if (tj_details_have(details, type)) {
            count += parts_of(details, &types[type]);
        }
    }
    memset(out, 0, (size_t)TJ_DETAILS_MAX * TJ_RECORD_SIZE);
    if (count > TJ_DETAILS_MAX) {
        return count;
    }
    uint32_t at = 0;
    for (uint8_t type = 1; type < TJ_DETAIL_TYPE_END; type++) {
        if (tj_details_have(details, type)) {
            uint32_t parts = parts_of(details, &types[type]);
            encode_parts(details, out + (size_t)at * TJ_RECORD_SIZE, type, parts, count);
            at += parts;
        }
    }
    TJ_VERIFY_CHECK(at == count);
    return count;
}
