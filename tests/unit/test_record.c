/* Every record kind, byte by byte, against a table written from docs/FORMAT.md section 3 (not from
 * core/format/record.c): boundaries, reserved bytes, texts, blinds; and the hot path of movements
 * against the table of layouts. */

#include "core/format/record.h"
#include "core/format/text_form.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* ---- docs/FORMAT.md section 3 ---- */

enum shape { NUM, FLAG, FIX, TXT, RAW };
struct field {
    const char *name;
    uint8_t offset;
    uint8_t size;
    uint8_t shape;
    uint64_t min; /* TXT, RAW: 1 when it must not be empty */
    uint64_t max;
};
/* What a kind uses can depend on the number in one of its fields: then a row for each number, which
 * stands in it as FIX. */
struct kind {
    uint8_t number;
    const char *name;
    struct field fields[14];
};

#define U32    UINT32_MAX
#define U64    UINT64_MAX
#define YEAR_S 31622400
/* A holder: all of party 3. */
#define A_PARTY (UINT64_C(3) << 32 | U32)
#define MOVEMENT_FIELDS                                                                            \
    {"purpose", 2, 1, NUM, 1, 13}, {"from", 4, 8, NUM, 0, U64}, {"to", 12, 8, NUM, 0, U64},        \
        {"amount", 20, 8, NUM, 1, U64}, {"value_date", 28, 4, NUM, 0, U32},                        \
        {"reference", 44, 16, TXT, 0, 0},                                                          \
    {                                                                                              \
        "hash", 60, 32, RAW, 0, 0                                                                  \
    }
#define DETAILS                                                                                    \
    {                                                                                              \
        "details", 92, 1, NUM, 0, 255                                                              \
    }
#define REFERS_TO                                                                                  \
    {                                                                                              \
        "refers_to", 36, 8, NUM, 1, U64                                                            \
    }
#define PARTY                                                                                      \
    {                                                                                              \
        "party", 4, 4, NUM, 0, U32                                                                 \
    }
#define ACCOUNT                                                                                    \
    {                                                                                              \
        "account", 4, 8, NUM, 0, U64                                                               \
    }
#define DIRECTIONS                                                                                 \
    {                                                                                              \
        "directions", 2, 1, NUM, 1, 3                                                              \
    }

#define RULE                                                                                       \
    {                                                                                              \
        "rule", 4, 4, NUM, 0, U32                                                                  \
    }
#define HOLDER                                                                                     \
    {                                                                                              \
        "holder", 8, 8, NUM, 0, U64                                                                \
    }
#define LIMIT_ASSET                                                                                \
    {                                                                                              \
        "asset", 16, 4, NUM, 1, U32                                                                \
    }
#define RULE_AMOUNT(min)                                                                           \
    {                                                                                              \
        "amount", 24, 8, NUM, min, INT64_MAX                                                       \
    }
#define COUNTED                                                                                    \
    {                                                                                              \
        "purposes", 12, 2, NUM, 2, 0x1fbe                                                          \
    }
/* `ends` is held against the `starts` of good_record. */
#define NOTICE(days_at, party_at)                                                                  \
    {"notice_days", days_at, 2, NUM, 0, 366},                                                      \
    {                                                                                              \
        "named_party", party_at, 4, NUM, 0, U32                                                    \
    }
#define PROGRAMME_FIELDS(mode_min)                                                                 \
    {"mode", 1, 1, NUM, mode_min, 2}, RULE, {"asset", 8, 4, NUM, 1, U32}, NOTICE(14, 44),          \
        {"starts", 16, 4, NUM, 0, U32}, {"ends", 20, 4, NUM, 1, U32},                              \
    {                                                                                              \
        "name", 48, 48, TXT, 1, 0                                                                  \
    }
/* And `as_of` against its `period_from`. */
#define STATEMENT_FIELDS                                                                           \
    {"asset", 8, 4, NUM, 1, U32}, {"period_from", 16, 4, NUM, 1, U32},                             \
        {"as_of", 20, 4, NUM, 2, U32}, {"value", 24, 16, RAW, 0, 0},                               \
    {                                                                                              \
        "document", 40, 32, RAW, 0, 0                                                              \
    }

static const struct kind kinds[] = {
    {1, "move", {{"opening", 1, 1, FLAG, 0, 1}, MOVEMENT_FIELDS, DETAILS}},
    {2, "pending", {MOVEMENT_FIELDS, DETAILS, {"timeout_s", 32, 4, NUM, 0, U32}}},
    {3, "post", {MOVEMENT_FIELDS, DETAILS, REFERS_TO}},
    {4, "void", {MOVEMENT_FIELDS, DETAILS, REFERS_TO}},
    {5, "correct", {{"opening", 1, 1, FLAG, 0, 1}, MOVEMENT_FIELDS, DETAILS, REFERS_TO}},
    {6, "approve", {MOVEMENT_FIELDS, DETAILS, REFERS_TO}},
    {16,
     "ledger",
     {{"network", 2, 1, NUM, 0, 3},
      {"rules", 4, 4, NUM, 1, 1},
      {"lifetime_max_s", 8, 4, NUM, 60, 31622400},
      {"checkpoint_delay_max_s", 12, 4, NUM, 1, U32},
      {"nonce", 16, 32, RAW, 0, 0},
      {"name", 48, 48, TXT, 1, 0}}},
    {17,
     "predecessor",
     {{"size", 8, 8, NUM, 1, U64}, {"ledger_id", 16, 32, RAW, 0, 0}, {"root", 48, 32, RAW, 0, 0}}},
    {18, "register_party", {{"type", 2, 1, NUM, 1, 5}, PARTY, {"name", 16, 48, TXT, 1, 0}}},
    {19,
     "add_key",
     {{"flags", 1, 1, NUM, 0, 1},
      {"algorithm", 2, 1, NUM, 1, 2},
      {"role", 3, 1, NUM, 1, 3},
      PARTY,
      {"ordinal", 8, 4, NUM, 0, U32},
      {"group", 12, 1, NUM, 0, 15},
      {"key", 16, 33, RAW, 1, 0},
      {"label", 56, 32, TXT, 0, 0}}},
    {20,
     "revoke_key",
     {{"algorithm", 2, 1, NUM, 1, 2},
      {"role", 3, 1, NUM, 1, 3},
      PARTY,
      {"ordinal", 8, 4, NUM, 0, U32},
      {"key", 16, 33, RAW, 1, 0}}},
    {21, "set_threshold", {{"domain", 2, 1, NUM, 1, 2}, {"threshold", 3, 1, NUM, 0, 16}, PARTY}},
    {22, "suspend_party", {PARTY}},
    {23, "reinstate_party", {PARTY}},
    {24, "grant_classes", {{"classes", 2, 2, NUM, 0, 0x3fe}, PARTY}},
    {25,
     "open_asset",
     {{"decimals", 2, 1, NUM, 0, 18},
      {"asset", 4, 4, NUM, 1, U32},
      {"amount_max", 8, 8, NUM, 1, UINT64_C(9007199254740992)},
      {"code", 16, 8, TXT, 1, 0},
      {"name", 24, 48, TXT, 1, 0}}},
    {26,
     "open_account",
     {{"class", 2, 1, NUM, 1, 9},
      ACCOUNT,
      {"asset", 12, 4, NUM, 1, U32},
      {"label", 16, 48, TXT, 0, 0}}},
    {27, "freeze_account", {DIRECTIONS, ACCOUNT}},
    {28, "unfreeze_account", {DIRECTIONS, ACCOUNT}},
    {29, "close_account", {ACCOUNT}},
    {30, "activate_rules", {{"rules", 4, 4, NUM, 1, U32}}},
    {31,
     "add_log_key",
     {{"algorithm", 2, 1, NUM, 3, 3}, {"number", 4, 4, NUM, 0, U32}, {"key", 16, 32, RAW, 1, 0}}},
    {32,
     "retire_log_key",
     {{"algorithm", 2, 1, NUM, 3, 3},
      {"number", 4, 4, NUM, 0, U32},
      {"last_good_size", 8, 8, NUM, 1, U64}, /* 0 goes with a zero root alone: tested apart */
      {"key", 16, 32, RAW, 1, 0},
      {"last_good_root", 48, 32, RAW, 1, 0}}},
    {33,
     "endorse",
     {{"entry", 8, 8, NUM, 0, U64},
      {"leaf", 16, 32, RAW, 0, 0},
      {"envelope_id", 48, 32, RAW, 0, 0}}},
    {34, "rename_party", {PARTY, {"name", 16, 48, TXT, 1, 0}}},
    {35, "close_party", {PARTY}},
    {36, "recover_party", {PARTY, {"delay_s", 8, 4, NUM, 604800, YEAR_S}}},
    {37, "object_recovery", {PARTY}},
    {38, "end_rule", {RULE}},
    {39,
     "set_tier",
     {{"approvals", 2, 1, NUM, 0, 16},
      RULE,
      {"party", 8, 4, NUM, 0, U32},
      {"asset", 12, 4, NUM, 1, U32},
      {"groups", 16, 2, NUM, 0, 0xfffe},
      NOTICE(18, 32),
      {"delay_s", 20, 4, NUM, 0, YEAR_S},
      {"above", 24, 8, NUM, 0, UINT64_C(9007199254740992)}}},
    {40, "close_opening", {PARTY}},
    {64,
     "set_limit",
     {{"type", 1, 1, FIX, 1, 1},
      RULE,
      HOLDER,
      NOTICE(34, 36),
      LIMIT_ASSET,
      {"window_s", 20, 4, NUM, 16, YEAR_S},
      RULE_AMOUNT(0)}},
    {64,
     "set_limit",
     {{"type", 1, 1, FIX, 2, 2}, RULE, HOLDER, NOTICE(34, 36), LIMIT_ASSET, RULE_AMOUNT(0)}},
    {64,
     "set_limit",
     {{"type", 1, 1, FIX, 3, 3},
      RULE,
      HOLDER,
      NOTICE(34, 36),
      DIRECTIONS,
      {"counterparty", 40, 8, NUM, 0, U64},
      {"wait_days", 48, 2, NUM, 0, 366}}},
    {64,
     "set_limit",
     {{"type", 1, 1, FIX, 4, 4},
      RULE,
      HOLDER,
      NOTICE(34, 36),
      DIRECTIONS,
      {"purposes", 32, 2, NUM, 2, 0x1ffe}}},
    /* All of a party: the local number is the largest. */
    {64,
     "set_limit",
     {{"type", 1, 1, FIX, 5, 5},
      RULE,
      {"holder", 8, 8, NUM, U32, U64},
      NOTICE(34, 36),
      DIRECTIONS}},
    {65, "programme", {{"type", 2, 1, FIX, 1, 1}, PROGRAMME_FIELDS(1), COUNTED, RULE_AMOUNT(0)}},
    {65,
     "programme",
     {{"type", 2, 1, FIX, 2, 2},
      PROGRAMME_FIELDS(1),
      COUNTED,
      RULE_AMOUNT(1),
      {"amount_day", 32, 8, NUM, 0, INT64_MAX}}},
    {65,
     "programme",
     {{"type", 2, 1, FIX, 3, 3}, PROGRAMME_FIELDS(2), COUNTED, {"power_mw", 40, 4, NUM, 1, U32}}},
    {65, "programme", {{"type", 2, 1, FIX, 4, 4}, PROGRAMME_FIELDS(1), RULE_AMOUNT(1)}},
    {66, "statement", {{"figure", 1, 1, FIX, 1, 1}, STATEMENT_FIELDS}},
    {66, "statement", {{"figure", 1, 1, FIX, 2, 2}, STATEMENT_FIELDS}},
    {66,
     "statement",
     {{"figure", 1, 1, FIX, 3, 3}, STATEMENT_FIELDS, {"purpose", 2, 1, NUM, 1, 13}}},
    {66,
     "statement",
     {{"figure", 1, 1, FIX, 4, 4}, STATEMENT_FIELDS, {"purpose", 2, 1, NUM, 1, 13}}},
    {66, "statement", {{"figure", 1, 1, FIX, 5, 5}, STATEMENT_FIELDS, PARTY}},
    {66,
     "statement",
     {{"figure", 1, 1, FIX, 6, 6}, STATEMENT_FIELDS, {"rule", 12, 4, NUM, 0, U32}}},
    {66,
     "statement",
     {{"figure", 1, 1, FIX, 7, 7}, STATEMENT_FIELDS, {"rule", 12, 4, NUM, 0, U32}}},
    {66,
     "statement",
     {{"figure", 1, 1, FIX, 8, 8}, STATEMENT_FIELDS, {"rule", 12, 4, NUM, 0, U32}}},
    {66, "statement", {{"figure", 1, 1, FIX, 9, 9}, STATEMENT_FIELDS, PARTY}},
    {66, "statement", {{"figure", 1, 1, FIX, 10, 10}, STATEMENT_FIELDS}},
    {66, "statement", {{"figure", 1, 1, FIX, 11, 11}, STATEMENT_FIELDS}},
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* ---- help ---- */

static void put_number(uint8_t *at, size_t size, uint64_t value)
{
    for (size_t i = 0; i < size; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

/* The first row of this kind. */
static const struct kind *kind_of(uint8_t number)
{
    const struct kind *kind = kinds;
    while (kind->number != number) {
        kind++;
    }
    return kind;
}

static bool is_mask(const struct field *f)
{
    return strcmp(f->name, "classes") == 0 || strcmp(f->name, "groups") == 0 ||
           strcmp(f->name, "purposes") == 0;
}

static uint64_t good_number(const struct field *f)
{
    return is_mask(f)                                                      ? 2
           : strcmp(f->name, "window_s") == 0                              ? 32
           : strcmp(f->name, "holder") == 0                                ? A_PARTY
           : strcmp(f->name, "ends") == 0 || strcmp(f->name, "as_of") == 0 ? f->max
           : f->min + 1 <= f->max                                          ? f->min + 1
                                                                           : f->min;
}

/* A record of this kind with something in every field, valid in a public envelope. */
static void good_record(const struct kind *kind, uint8_t out[TJ_RECORD_SIZE])
{
    memset(out, 0, TJ_RECORD_SIZE);
    out[0] = kind->number;
    for (const struct field *f = kind->fields; f->name != NULL; f++) {
        uint64_t number = good_number(f);
        switch ((enum shape)f->shape) {
        case FIX:
        case FLAG:
        case NUM:
            put_number(out + f->offset, f->size, number + (strcmp(f->name, "to") == 0));
            break;
        case TXT:
            memcpy(out + f->offset, "ABC", 3);
            break;
        case RAW:
            memset(out + f->offset, 0xa5, f->size);
            break;
        }
    }
    if (kind->number == 19 || kind->number == 20) {
        out[16 + 32] = 0; /* so that the key fits both algorithms */
    }
}

static enum tijori_status check(const char **field, const uint8_t record[TJ_RECORD_SIZE],
                                bool restricted)
{
    struct tj_verdict verdict;
    tj_verdict_init(&verdict);
    enum tijori_status status = tj_record_check(record, restricted, &verdict);
    if (status != TIJORI_OK) {
        assert_int_equal(status, verdict.status);
    }
    if (field != NULL) {
        *field = verdict.field;
    }
    return status;
}

static void expect(const uint8_t record[TJ_RECORD_SIZE], enum tijori_status wanted,
                   const char *kind, const char *field, const char *what)
{
    const char *named = NULL;
    enum tijori_status status = check(&named, record, false);
    if (status != wanted) {
        fail_msg("%s, %s, %s: wanted %s, got %s", kind, field, what, tijori_status_name(wanted),
                 tijori_status_name(status));
    }
    if (wanted != TIJORI_OK && wanted != TIJORI_RESERVED_NOT_ZERO &&
        (named == NULL || strcmp(named, field) != 0)) {
        fail_msg("%s, %s, %s: refused for field %s", kind, field, what,
                 named != NULL ? named : "(none)");
    }
}

static bool in_a_field(const struct kind *kind, size_t offset)
{
    for (const struct field *f = kind->fields; f->name != NULL; f++) {
        if (offset >= f->offset && offset < (size_t)f->offset + f->size) {
            return true;
        }
    }
    return false;
}

/* ---- tests ---- */

static void encode_check_decode_is_the_same(void **state)
{
    (void)state;
    for (size_t k = 0; k < KINDS; k++) {
        uint8_t bytes[TJ_RECORD_SIZE];
        uint8_t again[TJ_RECORD_SIZE];
        struct tj_record decoded;
        struct tj_record twice;
        good_record(&kinds[k], bytes);
        expect(bytes, TIJORI_OK, kinds[k].name, "", "good record");
        tj_record_decode(&decoded, bytes);
        assert_int_equal(decoded.kind, kinds[k].number);
        tj_record_encode(&decoded, again);
        assert_memory_equal(bytes, again, TJ_RECORD_SIZE);
        memset(&twice, 0xee, sizeof twice); /* decoding leaves nothing as it was */
        tj_record_decode(&twice, again);
        assert_memory_equal(&decoded, &twice, sizeof twice);
        assert_string_equal(tj_record_layout(kinds[k].number)->name, kinds[k].name);
        assert_int_equal(tj_kind_by_name(kinds[k].name), kinds[k].number);
    }
}

static bool in_document(uint8_t number, const char *name)
{
    for (size_t k = 0; k < KINDS; k++) {
        const struct field *f = kinds[k].fields;
        while (f->name != NULL && strcmp(f->name, name) != 0) {
            f++;
        }
        if (kinds[k].number == number && f->name != NULL) {
            return true;
        }
    }
    /* Movements have the blind as a field too. */
    return number <= 6 && strcmp(name, "blind") == 0;
}

/* Each field's bytes land in the member of its name, and nowhere else. */
static void fields_are_decoded_where_format_puts_them(void **state)
{
    (void)state;
    for (size_t k = 0; k < KINDS; k++) {
        const struct tj_layout *layout = tj_record_layout(kinds[k].number);
        for (const struct field *f = kinds[k].fields; f->name != NULL; f++) {
            const struct tj_field *found = NULL;
            for (size_t i = 0; i < layout->count; i++) {
                if (strcmp(layout->fields[i].name, f->name) == 0) {
                    found = &layout->fields[i];
                }
            }
            if (found == NULL || found->offset != f->offset || found->size != f->size) {
                fail_msg("%s, %s: not where docs/FORMAT.md puts it", kinds[k].name, f->name);
            }
        }
        for (size_t i = 0; i < layout->count; i++) {
            if (!in_document(kinds[k].number, layout->fields[i].name)) {
                fail_msg("%s, %s: not in docs/FORMAT.md", kinds[k].name, layout->fields[i].name);
            }
        }
    }
}

static void numbers_keep_their_bounds(void **state)
{
    (void)state;
    for (size_t k = 0; k < KINDS; k++) {
        for (const struct field *f = kinds[k].fields; f->name != NULL; f++) {
            uint8_t bytes[TJ_RECORD_SIZE];
            bool amount = kinds[k].number <= 6 && strcmp(f->name, "amount") == 0;
            uint64_t limit = f->size >= 8 ? U64 : (UINT64_C(1) << (8 * f->size)) - 1;
            if (f->shape == FLAG) {
                good_record(&kinds[k], bytes);
                put_number(bytes + f->offset, 1, 2);
                expect(bytes, TIJORI_RESERVED_NOT_ZERO, kinds[k].name, f->name, "another bit");
                put_number(bytes + f->offset, 1, 0x81);
                expect(bytes, TIJORI_RESERVED_NOT_ZERO, kinds[k].name, f->name, "another bit, too");
            }
            if (f->shape != NUM) {
                continue;
            }
            good_record(&kinds[k], bytes);
            put_number(bytes + f->offset, f->size, f->min);
            expect(bytes, TIJORI_OK, kinds[k].name, f->name, "least value");
            put_number(bytes + f->offset, f->size, f->max);
            expect(bytes, TIJORI_OK, kinds[k].name, f->name, "largest value");
            if (f->min > 0) {
                put_number(bytes + f->offset, f->size, f->min - 1);
                expect(bytes, amount ? TIJORI_AMOUNT_ZERO : TIJORI_VALUE, kinds[k].name, f->name,
                       "below the least");
            }
            if (f->max < limit) {
                put_number(bytes + f->offset, f->size, f->max + 1);
                expect(bytes, TIJORI_VALUE, kinds[k].name, f->name, "above the largest");
                put_number(bytes + f->offset, f->size, limit);
                expect(bytes, TIJORI_VALUE, kinds[k].name, f->name, "all ones");
            }
        }
    }
}

/* Classes 1 to 9, groups 1 to 15, purposes 1 to 12; a programme counts no internal transfer. */
static void masks_have_the_bits_of_their_kind(void **state)
{
    (void)state;
    size_t masks = 0;
    for (size_t k = 0; k < KINDS; k++) {
        for (const struct field *f = kinds[k].fields; f->name != NULL; f++) {
            for (unsigned bit = 0; is_mask(f) && bit < 16; bit++) {
                uint8_t bytes[TJ_RECORD_SIZE];
                bool fits = (f->max >> bit & 1) != 0;
                good_record(&kinds[k], bytes);
                put_number(bytes + f->offset, f->size, UINT64_C(1) << bit);
                expect(bytes, fits ? TIJORI_OK : TIJORI_VALUE, kinds[k].name, f->name, "one bit");
                put_number(bytes + f->offset, f->size, (UINT64_C(1) << bit) | 0x8);
                expect(bytes, fits ? TIJORI_OK : TIJORI_VALUE, kinds[k].name, f->name, "two bits");
                masks++;
            }
        }
    }
    assert_int_equal(masks, 6 * 16);
}

static void windows_are_sixteen_steps(void **state)
{
    (void)state;
    for (uint32_t window_s = 0; window_s < 100; window_s++) {
        uint8_t bytes[TJ_RECORD_SIZE];
        good_record(kind_of(64), bytes);
        put_number(bytes + 20, 4, window_s);
        expect(bytes, window_s != 0 && window_s % 16 == 0 ? TIJORI_OK : TIJORI_VALUE, "set_limit",
               "window_s", "a number of seconds");
    }
}

static void a_tier_asks_for_something(void **state)
{
    (void)state;
    static const uint8_t asks[] = {2, 16, 20}; /* approvals, groups, delay_s */
    for (size_t i = 0; i <= sizeof asks; i++) {
        uint8_t bytes[TJ_RECORD_SIZE];
        good_record(kind_of(39), bytes);
        bytes[2] = 0;
        memset(bytes + 16, 0, 8);
        if (i < sizeof asks) {
            bytes[asks[i]] = 2;
        }
        expect(bytes, i < sizeof asks ? TIJORI_OK : TIJORI_VALUE, "set_tier", "approvals",
               "one of three");
    }
}

/* Dates that are out of order, by one day and by all. */
static void periods_run_forward(void **state)
{
    (void)state;
    static const uint8_t numbers[] = {65, 66};
    for (size_t i = 0; i < sizeof numbers; i++) {
        const struct kind *kind = kind_of(numbers[i]);
        const char *end = numbers[i] == 65 ? "ends" : "as_of";
        uint8_t bytes[TJ_RECORD_SIZE];
        good_record(kind, bytes);
        put_number(bytes + 16, 4, 20000);
        put_number(bytes + 20, 4, 20000);
        expect(bytes, TIJORI_OK, kind->name, end, "one day");
        put_number(bytes + 20, 4, 19999);
        expect(bytes, TIJORI_VALUE, kind->name, end, "a day before");
        put_number(bytes + 16, 4, U32);
        expect(bytes, TIJORI_VALUE, kind->name, end, "long before");
    }
}

/* One thing wrong of each sort, in any field: VALUE, TEXT, RESERVED_NOT_ZERO, BLIND is the order.
 */
static void what_is_wrong_is_said_in_one_order(void **state)
{
    (void)state;
    for (size_t k = 0; k < KINDS; k++) {
        for (const struct field *f = kinds[k].fields; f->name != NULL; f++) {
            uint8_t bytes[TJ_RECORD_SIZE];
            if (f->shape != NUM || f->min == 0 || kinds[k].number <= 6) {
                continue;
            }
            size_t free_byte = 1;
            while (in_a_field(&kinds[k], free_byte)) {
                free_byte++;
            }
            good_record(&kinds[k], bytes);
            bytes[TJ_RECORD_SIZE - 1] = 1;
            expect(bytes, TIJORI_BLIND, kinds[k].name, "blind", "a blind");
            bytes[free_byte] = 1;
            expect(bytes, TIJORI_RESERVED_NOT_ZERO, kinds[k].name, "", "and a byte no field has");
            const struct field *text = kinds[k].fields;
            while (text->name != NULL && text->shape != TXT) {
                text++;
            }
            if (text->name != NULL) {
                bytes[text->offset] = 1;
                expect(bytes, TIJORI_TEXT, kinds[k].name, text->name, "and a text");
            }
            put_number(bytes + f->offset, f->size, f->min - 1);
            expect(bytes, TIJORI_VALUE, kinds[k].name, f->name, "and a number");
        }
    }
}

static void bytes_that_must_be_filled(void **state)
{
    (void)state;
    for (size_t k = 0; k < KINDS; k++) {
        for (const struct field *f = kinds[k].fields; f->name != NULL; f++) {
            uint8_t bytes[TJ_RECORD_SIZE];
            bool root = strcmp(f->name, "last_good_root") == 0;
            if (f->shape != RAW) {
                continue;
            }
            good_record(&kinds[k], bytes);
            memset(bytes + f->offset, 0, f->size);
            expect(bytes, f->min == 0 ? TIJORI_OK : TIJORI_VALUE, kinds[k].name,
                   root ? "last_good_size" : f->name, "all zero");
        }
    }
}

static void last_good_size_and_root_go_together(void **state)
{
    (void)state;
    uint8_t bytes[TJ_RECORD_SIZE];
    good_record(kind_of(32), bytes);
    put_number(bytes + 8, 8, 0);
    expect(bytes, TIJORI_VALUE, "retire_log_key", "last_good_size", "a root without a size");
    memset(bytes + 48, 0, 32);
    expect(bytes, TIJORI_OK, "retire_log_key", "", "neither");
    put_number(bytes + 8, 8, 1);
    expect(bytes, TIJORI_VALUE, "retire_log_key", "last_good_size", "a size without a root");
}

static void bip340_keys_end_in_a_zero(void **state)
{
    (void)state;
    for (size_t k = 0; k < KINDS; k++) {
        uint8_t bytes[TJ_RECORD_SIZE];
        if (kinds[k].number != 19 && kinds[k].number != 20) {
            continue;
        }
        good_record(&kinds[k], bytes);
        bytes[16 + 32] = 1;
        bytes[2] = 1;
        expect(bytes, TIJORI_OK, kinds[k].name, "key", "33 bytes, ecdsa");
        bytes[2] = 2;
        expect(bytes, TIJORI_VALUE, kinds[k].name, "key", "33 bytes, bip340");
    }
}

static bool in_another_row(const struct kind *kind, size_t offset)
{
    for (size_t k = 0; k < KINDS; k++) {
        if (kinds[k].number == kind->number && in_a_field(&kinds[k], offset)) {
            return true;
        }
    }
    return false;
}

static void field_of_another_row(const struct kind *kind, const struct field *f)
{
    if (!in_a_field(kind, f->offset)) {
        uint8_t bytes[TJ_RECORD_SIZE];
        good_record(kind, bytes);
        put_number(bytes + f->offset, f->size, good_number(f));
        expect(bytes, TIJORI_RESERVED_NOT_ZERO, kind->name, f->name, "filled, though not used");
        put_number(bytes + f->offset, f->size, f->max);
        expect(bytes, TIJORI_RESERVED_NOT_ZERO, kind->name, f->name, "as large as it can be");
        memset(bytes + f->offset, 0xff, f->size); /* what is not used has no range either */
        expect(bytes, TIJORI_RESERVED_NOT_ZERO, kind->name, f->name, "larger than it can be");
    }
}

/* What another type or figure uses and this one does not. */
static void fields_that_are_not_used_are_zero(void **state)
{
    (void)state;
    for (size_t k = 0; k < KINDS; k++) {
        for (size_t other = 0; other < KINDS; other++) {
            const struct field *f = kinds[other].fields;
            while (kinds[other].number == kinds[k].number && f->name != NULL) {
                field_of_another_row(&kinds[k], f++);
            }
        }
    }
}

static void reserved_bytes_are_zero(void **state)
{
    (void)state;
    static const uint8_t values[] = {1, 0x80, 0xff};
    for (size_t k = 0; k < KINDS; k++) {
        for (size_t offset = 1; offset < 96; offset++) {
            bool field = in_a_field(&kinds[k], offset) || in_another_row(&kinds[k], offset);
            for (size_t v = 0; v < sizeof values && !field; v++) {
                uint8_t bytes[TJ_RECORD_SIZE];
                char what[32];
                good_record(&kinds[k], bytes);
                bytes[offset] = values[v];
                snprintf(what, sizeof what, "byte %zu is %02x", offset, values[v]);
                expect(bytes, TIJORI_RESERVED_NOT_ZERO, kinds[k].name, "reserved", what);
            }
        }
    }
}

/* ---- texts ---- */

struct text {
    const char *what;
    const char *bytes;
    uint8_t size;
};

static const struct text good_texts[] = {
    {"ascii to the tilde, a space inside", "! ~", 3},
    {"U+00A1", "\xc2\xa1", 2},
    {"U+200C and U+200D, as Urdu writes them", "\xe2\x80\x8c\xe2\x80\x8d", 6},
    {"U+07FF", "\xdf\xbf", 2},
    {"U+0800", "\xe0\xa0\x80", 3},
    {"U+D7FF", "\xed\x9f\xbf", 3},
    {"U+E000", "\xee\x80\x80", 3},
    {"U+FFFF", "\xef\xbf\xbf", 3},
    {"U+10000", "\xf0\x90\x80\x80", 4},
    {"U+10FFFF", "\xf4\x8f\xbf\xbf", 4},
};

static const struct text bad_texts[] = {
    {"overlong 2, NUL", "\xc0\x80", 2},
    {"overlong 2, U+007F", "\xc1\xbf", 2},
    {"overlong 3, U+07FF", "\xe0\x9f\xbf", 3},
    {"overlong 4, U+FFFF", "\xf0\x8f\xbf\xbf", 4},
    {"surrogate U+D800", "\xed\xa0\x80", 3},
    {"surrogate U+DFFF", "\xed\xbf\xbf", 3},
    {"beyond U+10FFFF", "\xf4\x90\x80\x80", 4},
    {"lead byte F5", "\xf5\x80\x80\x80", 4},
    {"lead byte F8", "\xf8\x88\x80\x80", 4},
    {"byte FF", "\xff", 1},
    {"lone continuation", "\x80", 1},
    {"lone continuation BF", "\xbf", 1},
    {"truncated 2", "\xc3", 1},
    {"truncated 3", "\xe2\x82", 2},
    {"truncated 4", "\xf0\x9f\x98", 3},
    {"continuation missing in the middle", "\xe2\x41\x82", 3},
    {"C0 U+0001", "\x01", 1},
    {"C0 tab", "\t", 1},
    {"C0 newline", "\n", 1},
    {"C0 U+001F", "\x1f", 1},
    {"delete", "\x7f", 1},
    {"C1 U+0080", "\xc2\x80", 2},
    {"C1 U+009F", "\xc2\x9f", 2},
    {"NUL, then text", "\0A", 2},
    {"NUL, then a control", "\0\x01", 2},
};

static bool plain_only(const struct kind *kind, const struct field *f)
{
    /* The ledger's name bars spaces, an asset's code all but A-Z and 0-9. */
    return kind->number == 16 || strcmp(f->name, "code") == 0;
}

static void text_field(const struct kind *kind, const struct field *f)
{
    uint8_t bytes[TJ_RECORD_SIZE];
    good_record(kind, bytes);
    memset(bytes + f->offset, 'Z', f->size);
    expect(bytes, TIJORI_OK, kind->name, f->name, "filled to the last byte");
    memset(bytes + f->offset, 0, f->size);
    expect(bytes, f->min == 0 ? TIJORI_OK : TIJORI_TEXT, kind->name, f->name, "empty");
    for (size_t i = 0; i < sizeof good_texts / sizeof good_texts[0] && !plain_only(kind, f); i++) {
        memset(bytes + f->offset, 0, f->size);
        memcpy(bytes + f->offset, good_texts[i].bytes, good_texts[i].size);
        expect(bytes, TIJORI_OK, kind->name, f->name, good_texts[i].what);
        memset(bytes + f->offset, 'Z', f->size);
        memcpy(bytes + f->offset + f->size - good_texts[i].size, good_texts[i].bytes,
               good_texts[i].size);
        expect(bytes, TIJORI_OK, kind->name, f->name, good_texts[i].what);
    }
    for (size_t i = 0; i < sizeof bad_texts / sizeof bad_texts[0]; i++) {
        memset(bytes + f->offset, 0, f->size);
        memcpy(bytes + f->offset, bad_texts[i].bytes, bad_texts[i].size);
        expect(bytes, TIJORI_TEXT, kind->name, f->name, bad_texts[i].what);
        /* At the end of the field too, where a sequence may not run into what follows. */
        memset(bytes + f->offset, 'Z', f->size);
        memcpy(bytes + f->offset + f->size - bad_texts[i].size, bad_texts[i].bytes,
               bad_texts[i].size);
        expect(bytes, TIJORI_TEXT, kind->name, f->name, bad_texts[i].what);
    }
}

static void texts_are_utf8_without_controls(void **state)
{
    (void)state;
    size_t fields = 0;
    for (size_t k = 0; k < KINDS; k++) {
        for (const struct field *f = kinds[k].fields; f->name != NULL; f++) {
            if (f->shape == TXT) {
                text_field(&kinds[k], f);
                fields++;
            }
        }
    }
    assert_int_equal(fields, 6 + 7 + 4);
}

static size_t put_utf8(uint8_t *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (uint8_t)(0xc0 | c >> 6);
        out[1] = (uint8_t)(0x80 | (c & 63));
        return 2;
    }
    out[0] = (uint8_t)(0xe0 | c >> 12);
    out[1] = (uint8_t)(0x80 | (c >> 6 & 63));
    out[2] = (uint8_t)(0x80 | (c & 63));
    return 3;
}

/* The document's list, in its words: "every text", "name texts", "origin texts". */
static bool in_no_text(uint32_t c)
{
    return c <= 0x1f || (c >= 0x7f && c <= 0x9f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}
static bool in_no_name(uint32_t c)
{
    return in_no_text(c) || c == 0xa0 || c == 0xad || c == 0x1680 || (c >= 0x2000 && c <= 0x200b) ||
           c == 0x200e || c == 0x200f || c == 0x202f || (c >= 0x205f && c <= 0x2065) ||
           c == 0x3000 || c == 0xfeff;
}

/* Each code point of the first plane in the middle of a text, and a space at its ends. */
static void each_code_point(void **state)
{
    (void)state;
    const struct {
        const char *name;
        uint8_t kind, offset, size;
        bool names, origin;
    } rows[] = {{"reference", 1, 44, 16, false, false},
                {"label", 26, 16, 48, false, false},
                {"name", 34, 16, 48, true, false},
                {"name", 16, 48, 48, true, true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[TJ_RECORD_SIZE];
        char what[32];
        good_record(kind_of(rows[i].kind), bytes);
        for (uint32_t c = 1; c <= 0xffff; c++) {
            if (c >= 0xd800 && c <= 0xdfff) {
                continue;
            }
            bool refused = rows[i].names ? in_no_name(c) : in_no_text(c);
            refused = refused || (rows[i].origin && (c == ' ' || c == '+'));
            uint8_t *at = bytes + rows[i].offset;
            memset(at, 0, rows[i].size);
            *at++ = 'a';
            at += put_utf8(at, c);
            *at = 'b';
            snprintf(what, sizeof what, "U+%04X", (unsigned)c);
            expect(bytes, refused ? TIJORI_TEXT : TIJORI_OK, "", rows[i].name, what);
        }
        const char *const ends[] = {" ab", "ab ", " ", "  "};
        for (size_t e = 0; e < sizeof ends / sizeof ends[0]; e++) {
            memset(bytes + rows[i].offset, 0, rows[i].size);
            memcpy(bytes + rows[i].offset, ends[e], strlen(ends[e]));
            expect(bytes, TIJORI_TEXT, "", rows[i].name, "a space at an end");
        }
        memset(bytes + rows[i].offset, 'a', rows[i].size);
        bytes[rows[i].offset + rows[i].size - 1] = ' ';
        expect(bytes, TIJORI_TEXT, "", rows[i].name, "a space at the end of the field");
    }
}

/* A sequence that the field cuts off must not be completed by the bytes after the field. */
static void a_sequence_ends_inside_its_field(void **state)
{
    (void)state;
    uint8_t bytes[TJ_RECORD_SIZE];
    good_record(&kinds[0], bytes);
    memset(bytes + 44, 'Z', 15);
    bytes[59] = 0xc3;
    bytes[60] = 0xa9; /* first byte of the hash: together they would be U+00E9 */
    expect(bytes, TIJORI_TEXT, "move", "reference", "cut off by the field");
}

static void names_with_rules_of_their_own(void **state)
{
    (void)state;
    uint8_t bytes[TJ_RECORD_SIZE];
    static const char *const refused[] = {"a b", "a+b", " a", "a ", "+"};
    static const char *const codes[] = {"a", "BTC-", "bTC", "B C", "\xc3\xa9", "@", "[", "/", ":"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        good_record(kind_of(16), bytes);
        memset(bytes + 48, 0, 48);
        memcpy(bytes + 48, refused[i], strlen(refused[i]));
        expect(bytes, TIJORI_TEXT, "ledger", "name", refused[i]);
    }
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        good_record(kind_of(25), bytes);
        memset(bytes + 16, 0, 8);
        memcpy(bytes + 16, codes[i], strlen(codes[i]));
        expect(bytes, TIJORI_TEXT, "open_asset", "code", codes[i]);
    }
    good_record(kind_of(25), bytes);
    memcpy(bytes + 16, "AZ09ZZ99", 8);
    expect(bytes, TIJORI_OK, "open_asset", "code", "all of its letters");
}

/* ---- blinds, kinds, accounts ---- */

static void blinds_are_zero_in_public_and_filled_in_restricted(void **state)
{
    (void)state;
    for (size_t k = 0; k < KINDS; k++) {
        uint8_t bytes[TJ_RECORD_SIZE];
        good_record(&kinds[k], bytes);
        assert_int_equal(check(NULL, bytes, true), TIJORI_BLIND);
        for (size_t i = 96; i < TJ_RECORD_SIZE; i++) {
            bytes[i] = 0x40;
            expect(bytes, TIJORI_BLIND, kinds[k].name, "blind", "one byte set, public");
            assert_int_equal(check(NULL, bytes, true), TIJORI_OK);
            bytes[i] = 0;
        }
    }
}

static void every_kind_number(void **state)
{
    (void)state;
    for (unsigned number = 0; number < 256; number++) {
        uint8_t bytes[TJ_RECORD_SIZE] = {(uint8_t)number};
        const struct kind *known = NULL;
        for (size_t k = 0; k < KINDS; k++) {
            known = kinds[k].number == number ? &kinds[k] : known;
        }
        if (known != NULL) {
            good_record(known, bytes);
            assert_int_equal(check(NULL, bytes, false), TIJORI_OK);
            continue;
        }
        assert_null(tj_record_layout((uint8_t)number));
        if (number == 48) { /* it belongs to the record before it: test_details.c */
            expect(bytes, TIJORI_DETAIL, "detail", "kind", "by itself");
            continue;
        }
        bool reserved = number >= 67 && number <= 76;
        expect(bytes, reserved ? TIJORI_KIND_RESERVED : TIJORI_KIND_UNKNOWN, "any", "kind", "");
    }
}

static void from_is_not_to(void **state)
{
    (void)state;
    for (size_t k = 0; kinds[k].number <= 6; k++) {
        uint8_t bytes[TJ_RECORD_SIZE];
        good_record(&kinds[k], bytes);
        memcpy(bytes + 12, bytes + 4, 8);
        expect(bytes, TIJORI_SAME_ACCOUNT, kinds[k].name, "to", "the same account");
        bytes[19] ^= 0x80;
        expect(bytes, TIJORI_OK, kinds[k].name, "to", "another party's");
    }
}

/* ---- the hot path against the layouts ---- */

static uint64_t next_random(uint64_t *seed)
{
    *seed += UINT64_C(0x9e3779b97f4a7c15); /* SplitMix64 */
    uint64_t z = *seed;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t get_number(const uint8_t *at, size_t size)
{
    uint64_t value = 0;
    for (size_t i = size; i > 0; i--) {
        value = value << 8 | at[i - 1];
    }
    return value;
}

/* docs/FORMAT.md section 7, step 1, by the table of layouts: ranges, texts, amount and accounts,
 * zero bytes, blind; what is wrong first wins. */
static enum tijori_status by_layout(const uint8_t *r, bool restricted)
{
    const struct tj_layout *layout = tj_record_layout(r[0]);
    uint8_t rest[TJ_RECORD_SIZE];
    memcpy(rest, r, sizeof rest);
    rest[0] = 0;
    bool value = true;
    bool text = true;
    for (size_t i = 0; i < layout->count; i++) {
        const struct tj_field *f = &layout->fields[i];
        if (f->type == TJ_FIELD_NUMBER) {
            uint64_t number = get_number(r + f->offset, f->size);
            bool is_flag = strcmp(f->name, "opening") == 0;
            value = value && (is_flag || (number >= f->min && number <= f->max));
            if (is_flag) {
                rest[f->offset] &= 0xfe;
                continue;
            }
        } else if (f->type == TJ_FIELD_TEXT) {
            text = text && tj_text_valid(r + f->offset, f->size); /* movements have no name */
        }
        memset(rest + f->offset, 0, f->size);
    }
    if (!value || !text) {
        return !value ? TIJORI_VALUE : TIJORI_TEXT;
    }
    if (get_number(r + 20, 8) == 0 || get_number(r + 4, 8) == get_number(r + 12, 8)) {
        return get_number(r + 20, 8) == 0 ? TIJORI_AMOUNT_ZERO : TIJORI_SAME_ACCOUNT;
    }
    if (!tj_all_zero(rest, sizeof rest)) {
        return TIJORI_RESERVED_NOT_ZERO;
    }
    return tj_all_zero(r + 96, 16) != restricted ? TIJORI_OK : TIJORI_BLIND;
}

static void mutate(uint8_t *r, uint64_t *seed)
{
    static const uint8_t values[] = {0, 1, 2, 13, 14, 0x7f, 0x80, 0xc2, 0xff};
    size_t offset = 1 + next_random(seed) % (TJ_RECORD_SIZE - 1);
    switch (next_random(seed) % 4) {
    case 0:
        r[offset] = values[next_random(seed) % sizeof values];
        return;
    case 1:
        r[offset] = (uint8_t)next_random(seed);
        return;
    case 2: /* a whole field emptied */
        memset(r + (offset & ~7u), 0, 8);
        return;
    case 3:
        memcpy(r + 12, r + 4, 8);
        return;
    }
}

static void hot_path_agrees_with_the_layouts(void **state)
{
    (void)state;
    uint64_t start = UINT64_C(0x7e57);
    uint64_t seed = start;
    unsigned seen[TIJORI_STATUS_COUNT] = {0};
    print_message("seed %#llx\n", (unsigned long long)start);
    for (unsigned round = 0; round < 200000; round++) {
        uint8_t bytes[TJ_RECORD_SIZE];
        bool restricted = (next_random(&seed) & 1) != 0;
        good_record(&kinds[next_random(&seed) % 6], bytes);
        if (restricted) {
            bytes[96 + next_random(&seed) % 16] = 0x5a;
        }
        for (uint64_t left = next_random(&seed) % 4; left > 0; left--) {
            mutate(bytes, &seed);
        }
        if (bytes[0] < 1 || bytes[0] > 6) { /* mutate() may empty the first field */
            continue;
        }
        enum tijori_status hot = check(NULL, bytes, restricted);
        enum tijori_status slow = by_layout(bytes, restricted);
        if (hot != slow) {
            fail_msg("seed %#llx, round %u: hot path %s, layouts %s", (unsigned long long)start,
                     round, tijori_status_name(hot), tijori_status_name(slow));
        }
        seen[hot]++;
    }
    static const enum tijori_status all[] = {
        TIJORI_OK,    TIJORI_VALUE,       TIJORI_RESERVED_NOT_ZERO,
        TIJORI_TEXT,  TIJORI_AMOUNT_ZERO, TIJORI_SAME_ACCOUNT,
        TIJORI_BLIND,
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        assert_true(seen[all[i]] > 1000); /* or the mutations are too tame */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encode_check_decode_is_the_same),
        cmocka_unit_test(fields_are_decoded_where_format_puts_them),
        cmocka_unit_test(numbers_keep_their_bounds),
        cmocka_unit_test(masks_have_the_bits_of_their_kind),
        cmocka_unit_test(windows_are_sixteen_steps),
        cmocka_unit_test(a_tier_asks_for_something),
        cmocka_unit_test(periods_run_forward),
        cmocka_unit_test(what_is_wrong_is_said_in_one_order),
        cmocka_unit_test(bytes_that_must_be_filled),
        cmocka_unit_test(last_good_size_and_root_go_together),
        cmocka_unit_test(bip340_keys_end_in_a_zero),
        cmocka_unit_test(reserved_bytes_are_zero),
        cmocka_unit_test(fields_that_are_not_used_are_zero),
        cmocka_unit_test(texts_are_utf8_without_controls),
        cmocka_unit_test(each_code_point),
        cmocka_unit_test(a_sequence_ends_inside_its_field),
        cmocka_unit_test(names_with_rules_of_their_own),
        cmocka_unit_test(blinds_are_zero_in_public_and_filled_in_restricted),
        cmocka_unit_test(every_kind_number),
        cmocka_unit_test(from_is_not_to),
        cmocka_unit_test(hot_path_agrees_with_the_layouts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
