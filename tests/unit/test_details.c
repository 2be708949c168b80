/* Details, docs/FORMAT.md section 3.3: their form against a table written from the document (not
 * from core/format/detail.c), what an envelope may do with them, and what the judges make of them:
 * whoever approves, posts, voids or corrects a record signs its details too. */

#include "core/format/detail.h"
#include "core/format/envelope.h"
#include "crypto/tree.h"
#include "rules_support.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define A(party, local) tj_account_id(party, local)
#define COUNT(a)        (sizeof(a) / sizeof((a)[0]))

/* ---- a record and its details, as bytes ---- */

enum { RECORD = 112, MOST = 18 };
static struct {
    uint8_t bytes[MOST * 112];
    uint32_t details;
} group;

static uint8_t *detail(uint32_t i)
{
    return group.bytes + (size_t)(1 + i) * RECORD;
}

/* The least that a record of this kind may be. */
static void record(uint8_t kind)
{
    memset(&group, 0, sizeof group);
    group.bytes[0] = kind;
    if (kind <= 6) {
        group.bytes[2] = 1;      /* purpose */
        group.bytes[12] = 1;     /* to */
        group.bytes[20] = 1;     /* amount */
        group.bytes[36 + 5] = 1; /* refers_to */
    }
    if (kind == 1 || kind == 2) {
        memset(group.bytes + 36, 0, 8);
        group.bytes[60] = 0xab; /* the document's hash */
    }
    if (kind == 26) {
        group.bytes[2] = 1; /* class reserve */
        group.bytes[12] = 1;
    }
    if (kind == 66) {
        group.bytes[40] = 0xab; /* document */
    }
}

/* Sets what a movement and its details say of their number. */
static void count(uint32_t details)
{
    group.details = details;
    if (group.bytes[0] <= 6) {
        group.bytes[92] = (uint8_t)details;
    }
    for (uint32_t i = 0; i < details; i++) {
        detail(i)[3] = (uint8_t)details;
    }
}

static uint8_t *add(uint8_t type, uint8_t part)
{
    uint8_t *added = detail(group.details);
    memset(added, 0, RECORD);
    added[0] = 48;
    added[1] = type;
    added[2] = part;
    count(group.details + 1);
    return added;
}

static const char lei[] = "0000TIJORI0EXAMPLE35";

/* The least that a detail of this type may be. */
static uint8_t *add_least(uint8_t type)
{
    uint8_t *added = add(type, 0);
    switch (type) {
    case 1:
        memcpy(added + 4, "seventeen bytes..", 17);
        return added;
    case 2:
    case 5:
    case 7:
    case 8:
        added[4] = 'a';
        return added;
    case 3:
    case 6:
        added[35] = 1;
        return added;
    case 4:
        added[4] = 1;
        memcpy(added + 13, "USD", 3);
        return added;
    case 9:
        memcpy(added + 4, lei, 20);
        return added;
    case 10:
        added[4] = 1;
        return added;
    default:
        return added;
    }
}

/* Position of the refusal, 0 being the record; NOWHERE where it was not refused. */
static enum tijori_status check(uint32_t *at, const char **field, bool restricted)
{
    struct tj_verdict verdict;
    tj_verdict_init(&verdict);
    verdict.record = 0;
    enum tijori_status status =
        tj_details_check(group.bytes, group.bytes + RECORD, group.details, restricted, &verdict);
    *at = verdict.record;
    *field = verdict.field != NULL ? verdict.field : "";
    return status;
}

static void expect(const char *what, enum tijori_status wanted, uint32_t at, const char *field)
{
    uint32_t found_at;
    const char *found;
    enum tijori_status status = check(&found_at, &found, false);
    if (status != wanted ||
        (wanted != TIJORI_OK && (found_at != at || strcmp(found, field) != 0))) {
        fail_msg("%s: wanted %s at %u (%s), got %s at %u (%s)", what, tijori_status_name(wanted),
                 at, field, tijori_status_name(status), found_at, found);
    }
}

static void good(const char *what)
{
    expect(what, TIJORI_OK, 0, "");
}

/* ---- form ---- */

/* The column "Of". */
static bool may_stand(uint8_t type, uint8_t kind)
{
    bool moved = kind >= 1 && kind <= 3;
    switch (type) {
    case 1:
        return kind <= 5;
    case 2:
        return kind != 6;
    case 3:
    case 9:
        return moved;
    case 4:
        return moved || kind == 5;
    case 5:
        return moved || kind == 26;
    case 6:
    case 10:
        return kind == 26;
    case 7:
    case 8:
        return kind == 1 || kind == 2 || kind == 66;
    default:
        return false;
    }
}

static void each_type_stands_at_its_kinds(void **state)
{
    (void)state;
    for (unsigned kind = 1; kind <= 66; kind++) {
        bool movement = kind <= 6;
        bool directive = tj_record_layout((uint8_t)kind) != NULL && !movement;
        for (unsigned type = 0; type < 12 && (movement || directive); type++) {
            char what[64];
            snprintf(what, sizeof what, "type %u at kind %u", type, kind);
            record((uint8_t)kind);
            add_least((uint8_t)type);
            if (may_stand((uint8_t)type, (uint8_t)kind)) {
                good(what);
            } else {
                expect(what, TIJORI_VALUE, 1, "type");
            }
        }
    }
    record(1);
    add(255, 0);
    expect("type 255", TIJORI_VALUE, 1, "type");
}

/* All types that one record can have. */
static void several_types_stand_together(void **state)
{
    (void)state;
    record(1);
    for (uint8_t type = 1; type <= 9; type++) {
        if (type != 6) {
            add_least(type);
        }
    }
    good("eight types of a move");
    record(26);
    static const uint8_t of_account[] = {2, 5, 6, 10};
    for (size_t i = 0; i < COUNT(of_account); i++) {
        add_least(of_account[i]);
    }
    good("four types of an account");
}

static void details_are_counted(void **state)
{
    (void)state;
    record(1);
    good("none");
    for (uint8_t part = 0; part < 17; part++) {
        memset(add(2, part) + 4, 'm', 92);
        if (part < 16) {
            good("up to sixteen");
        }
    }
    expect("seventeen", TIJORI_DETAIL, 0, "details");
    for (unsigned kind = 1; kind <= 26; kind += 25) {
        record((uint8_t)kind);
        add_least(2);
        add_least(5);
        detail(1)[3] = 3;
        expect("the second says three", TIJORI_DETAIL, 2, "of");
        detail(0)[3] = 1;
        expect("the first says one", TIJORI_DETAIL, 1, "of");
    }
    record(1);
    group.bytes[92] = 1;
    expect("one is said, none follows", TIJORI_DETAIL, 0, "details");
    group.bytes[92] = 255;
    expect("255 are said, none follows", TIJORI_DETAIL, 0, "details");
    record(5);
    add_least(2);
    group.bytes[92] = 0;
    expect("none is said, one follows", TIJORI_DETAIL, 0, "details");
    group.bytes[92] = 2;
    expect("two are said, one follows", TIJORI_DETAIL, 0, "details");
    record(6);
    group.bytes[92] = 1;
    expect("an approve that says one", TIJORI_DETAIL, 0, "details");
}

static void details_have_one_order(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint8_t places[3][2]; /* type and part */
        enum tijori_status status;
        uint32_t at;
        const char *field;
    } rows[] = {
        {"rising", {{2, 0}, {2, 1}, {5, 0}}, TIJORI_OK, 0, ""},
        {"a type before a lower one", {{5, 0}, {2, 0}, {9, 0}}, TIJORI_DETAIL, 2, "part"},
        {"one twice", {{2, 0}, {2, 0}, {5, 0}}, TIJORI_DETAIL, 2, "part"},
        {"parts turned round", {{2, 1}, {2, 0}, {5, 0}}, TIJORI_DETAIL, 1, "part"},
        {"a part is left out", {{2, 0}, {2, 2}, {5, 0}}, TIJORI_DETAIL, 2, "part"},
        {"a type begins with part 1", {{2, 0}, {5, 1}, {9, 0}}, TIJORI_DETAIL, 2, "part"},
        {"a second part where there is none", {{2, 0}, {5, 0}, {5, 1}}, TIJORI_VALUE, 3, "part"},
        {"an unknown type after a known one", {{2, 0}, {5, 0}, {11, 0}}, TIJORI_VALUE, 3, "type"},
        {"an unknown type before a known one", {{11, 0}, {5, 0}, {9, 0}}, TIJORI_DETAIL, 2, "part"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        record(1);
        for (size_t k = 0; k < 3; k++) {
            uint8_t *added = add_least(rows[i].places[k][0]);
            added[2] = rows[i].places[k][1];
            if (rows[i].places[k][0] == 2) {
                memset(added + 4, 'm', 92);
            }
        }
        expect(rows[i].what, rows[i].status, rows[i].at, rows[i].field);
    }
}

static void numbers_keep_their_bounds(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint8_t kind, type;
        uint8_t offset, size;
        uint64_t value;
        const char *refused; /* the field; NULL: it may be */
    } rows[] = {
        {"a total of 0", 1, 4, 4, 8, 0, "total"},
        {"a total of 1", 1, 4, 4, 8, 1, NULL},
        {"the largest total", 1, 4, 4, 8, INT64_MAX, NULL},
        {"one more", 1, 4, 4, 8, (uint64_t)INT64_MAX + 1, "total"},
        {"no decimals", 1, 4, 12, 1, 0, NULL},
        {"four decimals", 1, 4, 12, 1, 4, NULL},
        {"five decimals", 1, 4, 12, 1, 5, "decimals"},
        {"a currency of AAA", 1, 4, 13, 2, 'A' | 'A' << 8, NULL},
        {"before A", 1, 4, 13, 1, 'A' - 1, "currency"},
        {"Z", 1, 4, 14, 1, 'Z', NULL},
        {"after Z", 1, 4, 14, 1, 'Z' + 1, "currency"},
        {"a small letter", 1, 4, 15, 1, 'd', "currency"},
        {"two letters", 1, 4, 15, 1, 0, "currency"},
        {"output 0", 1, 3, 36, 4, 0, NULL},
        {"no output", 1, 3, 36, 4, UINT32_MAX, NULL},
        {"a txid of zeros", 1, 3, 35, 1, 0, "txid"},
        {"a descriptor of zeros", 26, 6, 35, 1, 0, "descriptor"},
        {"no encumbrance", 26, 10, 4, 1, 0, "encumbrance"},
        {"pledged", 26, 10, 4, 1, 1, NULL},
        {"lent", 26, 10, 4, 1, 2, NULL},
        {"beyond lent", 26, 10, 4, 1, 3, "encumbrance"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        record(rows[i].kind);
        tj_store_number(add_least(rows[i].type) + rows[i].offset, rows[i].size, rows[i].value);
        if (rows[i].refused == NULL) {
            good(rows[i].what);
        } else {
            expect(rows[i].what, TIJORI_VALUE, 1, rows[i].refused);
        }
    }
}

/* Any one character changed breaks the check digits, or is none that an LEI has. */
static void a_counterparty_has_an_lei(void **state)
{
    (void)state;
    record(1);
    uint8_t *at = add_least(9) + 4;
    good("an LEI");
    memcpy(at, "529900T8BM49AURSDO55", 20); /* ISO 17442's check digits, another one */
    good("another");
    memcpy(at, lei, 20);
    for (size_t i = 0; i < 20; i++) {
        static const uint8_t others[] = {'/', ':', '@', '[', 'a', ' ', 0, 0x80};
        uint8_t kept = at[i];
        for (size_t k = 0; k < sizeof others; k++) {
            at[i] = others[k];
            expect("not a letter or digit", TIJORI_VALUE, 1, "counterparty");
        }
        at[i] = kept == '9' ? '8' : (uint8_t)(kept + 1);
        expect("other check digits", TIJORI_VALUE, 1, "counterparty");
        at[i] = kept;
    }
}

static void the_rest_of_a_payload_is_zero(void **state)
{
    (void)state;
    static const struct {
        uint8_t kind, type, used; /* bytes of the record that its fields take, from 4 on */
        const char *name;
    } rows[] = {{1, 3, 40, "transaction"},
                {26, 6, 36, "descriptor"},
                {1, 9, 24, "counterparty"},
                {26, 10, 5, "encumbrance"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        for (size_t offset = rows[i].used; offset < 96; offset++) {
            record(rows[i].kind);
            add_least(rows[i].type)[offset] = 1;
            expect("a byte beyond the fields", TIJORI_RESERVED_NOT_ZERO, 1, rows[i].name);
        }
    }
}

static void blinds_are_as_of_records(void **state)
{
    (void)state;
    uint32_t at;
    const char *field;
    record(1);
    uint8_t *added = add_least(2);
    assert_int_equal(check(&at, &field, true), TIJORI_BLIND);
    assert_int_equal(at, 1);
    for (size_t i = 96; i < RECORD; i++) {
        added[i] = 1;
        expect("a blind in public", TIJORI_BLIND, 1, "blind");
        assert_int_equal(check(&at, &field, true), TIJORI_OK);
        added[i] = 0;
    }
}

/* ---- texts ---- */

/* The text, cut into as many parts as it takes. */
static void add_text(uint8_t type, const char *text, size_t size)
{
    for (size_t at = 0; at < size; at += 92) {
        size_t part = size - at < 92 ? size - at : 92;
        memcpy(add(type, (uint8_t)(at / 92)) + 4, text + at, part);
    }
}

static void expect_text(uint8_t type, const char *text, size_t size, enum tijori_status wanted)
{
    static const char *const names[] = {[1] = "long_reference",
                                        [2] = "memo",
                                        [5] = "address",
                                        [7] = "attachment_name",
                                        [8] = "media_type"};
    char what[128];
    snprintf(what, sizeof what, "%s of %zu bytes: %.40s", names[type], size, text);
    record(1);
    add_text(type, text, size);
    expect(what, wanted, 1, names[type]);
}

static void texts_have_their_lengths(void **state)
{
    (void)state;
    char text[16 * 92];
    memset(text, 'x', sizeof text);
    expect_text(1, text, 1, TIJORI_VALUE);
    expect_text(1, text, 16, TIJORI_VALUE);
    expect_text(1, text, 17, TIJORI_OK);
    expect_text(1, text, 92, TIJORI_OK);
    static const uint8_t one_part[] = {5, 8};
    for (size_t i = 0; i < COUNT(one_part); i++) {
        expect_text(one_part[i], text, 1, TIJORI_OK);
        expect_text(one_part[i], text, 92, TIJORI_OK);
    }
    static const uint8_t parts[] = {2, 7};
    for (size_t i = 0; i < COUNT(parts); i++) {
        expect_text(parts[i], text, 1, TIJORI_OK);
        expect_text(parts[i], text, 92, TIJORI_OK);
        expect_text(parts[i], text, 93, TIJORI_OK);
        expect_text(parts[i], text, sizeof text, TIJORI_OK);
    }
    static const uint8_t texts[] = {1, 2, 5, 7, 8};
    for (size_t i = 0; i < COUNT(texts); i++) {
        expect_text(texts[i], "", 1, TIJORI_TEXT); /* a part of zeros */
    }
}

static void parts_are_one_text(void **state)
{
    (void)state;
    char text[300];
    memset(text, 'x', sizeof text);
    for (size_t at = 89; at <= 92; at++) { /* a character of four bytes across the border */
        memset(text, 'x', sizeof text);
        memcpy(text + at, "\xf0\x9f\xaa\x99", 4);
        expect_text(2, text, 200, TIJORI_OK);
        text[at + 2] = 'x';
        expect_text(2, text, 200, TIJORI_TEXT);
    }
    memset(text, 'x', sizeof text);
    text[91] = ' '; /* inside the text */
    expect_text(2, text, 200, TIJORI_OK);
    text[92] = ' ';
    expect_text(2, text, 200, TIJORI_OK);
    text[92] = 'x';
    text[91] = '\0'; /* the first part is not full */
    expect_text(2, text, 200, TIJORI_TEXT);
    text[91] = 'x';
    memset(text + 184, 0, 92); /* the last part is empty */
    expect_text(2, text, 276, TIJORI_TEXT);
    memset(text + 92, 0, 92); /* the one in the middle is */
    memset(text + 184, 'x', 92);
    expect_text(2, text, 276, TIJORI_TEXT);
}

static void texts_read_as_their_type_says(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool plain, name, ascii;
    } rows[] = {
        {"a plain text", true, true, false},     {"plain~!", true, true, true},
        {" begins", false, false, false},        {"ends ", false, false, false},
        {"a\x01z", false, false, false},         {"a\x7f", false, false, false},
        {"a\xc2\xa0z", true, false, false},      /* a space that does not break */
        {"a\xe2\x80\xaez", false, false, false}, /* turns what is read */
        {"caf\xc3\xa9", true, true, false},      {"a\xc3", false, false, false},
        {"a\xff", false, false, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t size = strlen(rows[i].text);
        expect_text(2, rows[i].text, size, rows[i].plain ? TIJORI_OK : TIJORI_TEXT);
        expect_text(7, rows[i].text, size, rows[i].name ? TIJORI_OK : TIJORI_TEXT);
        expect_text(5, rows[i].text, size, rows[i].ascii ? TIJORI_OK : TIJORI_TEXT);
        expect_text(8, rows[i].text, size, rows[i].ascii ? TIJORI_OK : TIJORI_TEXT);
        record(1);
        memcpy(add_least(4) + 16, rows[i].text, size);
        expect(rows[i].text, rows[i].plain ? TIJORI_OK : TIJORI_TEXT, 1, "source");
    }
    record(1);
    memset(add_least(4) + 16, 's', 80);
    good("a source of 80 bytes");
}

/* ---- what the record has to be like ---- */

static void details_fit_their_record(void **state)
{
    (void)state;
    for (uint8_t kind = 1; kind <= 5; kind++) {
        record(kind);
        add_least(1);
        good("a long reference alone");
        group.bytes[59] = 'r';
        expect("beside a short one", TIJORI_DETAIL, 1, "long_reference");
    }
    static const uint8_t citing[] = {1, 2, 66};
    for (size_t i = 0; i < COUNT(citing); i++) {
        uint8_t *hash = group.bytes + (citing[i] == 66 ? 40 : 60);
        record(citing[i]);
        add_least(7);
        add_least(8);
        good("a document with name and type");
        memset(hash, 0, 32);
        expect("the name of no document", TIJORI_DETAIL, 1, "attachment_name");
        record(citing[i]);
        add_least(8);
        memset(hash, 0, 32);
        expect("the type of no document", TIJORI_DETAIL, 1, "media_type");
    }
    for (uint8_t class = 1; class <= 9; class ++) {
        record(26);
        group.bytes[2] = class;
        add_least(10);
        expect("an encumbrance", class <= 2 ? TIJORI_OK : TIJORI_DETAIL, 1, "encumbrance");
    }
}

/* Of two things wrong, in whatever details, the one of the earlier round is told. */
static void what_is_wrong_is_said_in_one_order(void **state)
{
    (void)state;
    record(1);
    add_least(2)[4] = ' '; /* a text */
    add_least(4)[12] = 5;  /* a number */
    add_least(9)[3] = 9;   /* its place */
    group.bytes[92] = 9;   /* how many there are */
    expect("the number of details first", TIJORI_DETAIL, 0, "details");
    group.bytes[92] = 3;
    expect("then the places of all", TIJORI_DETAIL, 3, "of");
    detail(2)[3] = 3;
    detail(2)[24] = 1; /* beyond its fields */
    expect("then each by itself", TIJORI_VALUE, 2, "decimals");
    detail(1)[12] = 4;
    expect("its zeros after its numbers", TIJORI_RESERVED_NOT_ZERO, 3, "counterparty");
    detail(2)[24] = 0;
    detail(0)[96] = 1;
    expect("and its blind", TIJORI_BLIND, 1, "blind");
    detail(0)[96] = 0;
    expect("then texts", TIJORI_TEXT, 1, "memo");
    record(1);
    memcpy(add_least(1) + 4, "short\0\0\0\0\0\0\0\0\0\0\0\0", 17);
    add_least(2)[4] = ' ';
    group.bytes[44] = 'r';
    expect("a long reference is asked for its length with its text", TIJORI_VALUE, 1,
           "long_reference");
    memcpy(detail(0) + 4, "long enough for it", 18);
    expect("then the memo", TIJORI_TEXT, 2, "memo");
    detail(1)[4] = 'm';
    expect("last what the record is like", TIJORI_DETAIL, 1, "long_reference");
}

/* ---- decoding and encoding ---- */

static void what_is_encoded_is_decoded(void **state)
{
    (void)state;
    struct tj_details details = {.output = 7, .total = 885750000, .decimals = 2, .encumbrance = 2};
    struct tj_details back;
    uint8_t bytes[TJ_DETAILS_MAX * TJ_RECORD_SIZE];
    for (uint32_t type = 1; type <= 10; type++) {
        details.present |= 1u << type;
    }
    memset(details.long_reference, 'r', 92);
    memset(details.memo, 'm', 200);
    memset(details.txid, 0xab, 32);
    memcpy(details.currency, "USD", 3);
    memset(details.source, 's', 80);
    memset(details.address, 'b', 62);
    memset(details.descriptor.bytes, 0xcd, 32);
    memset(details.attachment_name, 'n', 93);
    memset(details.media_type, 't', 15);
    memcpy(details.counterparty, lei, 20);
    assert_int_equal(tj_details_encode(&details, bytes), 13);
    tj_details_decode(&back, bytes, 13);
    assert_memory_equal(&back, &details, sizeof details);
    memset(details.memo, 'm', 92 * 6);
    assert_int_equal(tj_details_encode(&details, bytes), 16);
    tj_details_decode(&back, bytes, 16);
    assert_memory_equal(&back, &details, sizeof details);
    details.memo[92 * 6] = 'm';
    assert_int_equal(tj_details_encode(&details, bytes), 17); /* which do not fit */
    assert_true(tj_all_zero(bytes, sizeof bytes));
}

/* Section 2: without details a leaf hash, else the tree over all of them. */
static void the_group_hash(void **state)
{
    (void)state;
    struct tj_hasher *hasher = tj_hasher_create();
    struct tj_hash leaves[3];
    struct tj_hash found;
    struct tj_hash wanted;
    record(1);
    tj_leaf_hash(hasher, &wanted, group.bytes, RECORD);
    tj_group_hash(hasher, &found, group.bytes, 0);
    assert_true(tj_hash_equal(&found, &wanted));
    add_least(2);
    add_least(5);
    for (size_t i = 0; i < 3; i++) {
        tj_leaf_hash(hasher, &leaves[i], group.bytes + i * RECORD, RECORD);
    }
    tj_node_hash(hasher, &wanted, &leaves[0], &leaves[1]);
    tj_node_hash(hasher, &wanted, &wanted, &leaves[2]);
    tj_group_hash(hasher, &found, group.bytes, 2);
    assert_true(tj_hash_equal(&found, &wanted));
    tj_hasher_destroy(hasher);
}

/* ---- in an envelope ---- */

static struct tj_details memo(const char *text)
{
    struct tj_details details = {.present = 1u << TJ_DETAIL_MEMO};
    snprintf(details.memo, sizeof details.memo, "%s", text);
    return details;
}

static struct fixture *f;

static int world(void **state)
{
    (void)state;
    f = rules_world(true);
    return 0;
}

static int world_end(void **state)
{
    (void)state;
    rules_end(f);
    return 0;
}

static void begin(uint32_t party, const struct tj_record *r, const char *text)
{
    const struct tj_details details = memo(text);
    rules_one(f, party, 1, r);
    fixture_add_details(f, &details);
}

static void refused_at(enum tijori_status status, uint32_t position)
{
    struct tijori_receipt receipt;
    char place[32];
    rules_sign(f);
    fixture_encode(f);
    rules_refuse_bytes(f, &receipt, status);
    snprintf(place, sizeof place, "record %u", position);
    if (strncmp(receipt.text, place, strlen(place)) != 0) {
        fail_msg("wanted %s, got: %s", place, receipt.text);
    }
}

static void an_envelope_has_details_behind_records(void **state)
{
    (void)state;
    struct tj_record move = fixture_move(A(1, 2), A(1, 0), 100, TJ_PURCHASE);
    begin(1, &move, "one");
    fixture_add(f, &move);
    fixture_add(f, &move);
    begin(1, &move, "two");
    rules_accept(f);
    assert_int_equal(fixture_balance(f, A(1, 0)), 100);
    /* One that is first belongs to nothing. */
    begin(1, &move, "three");
    memmove(f->records, f->records + TJ_RECORD_SIZE, TJ_RECORD_SIZE);
    f->header.record_count = 1;
    refused_at(TIJORI_DETAIL, 0);
    f->header.flags = TJ_FLAG_APPROVAL;
    f->slots.count = 0;
    refused_at(TIJORI_KIND_MIXED, 0);
    /* A 17th is too many, wherever the envelope ends. */
    struct tj_details most = memo("");
    memset(most.memo, 'm', TJ_DETAIL_TEXT_MAX);
    rules_one(f, 1, 1, &move);
    fixture_add_details(f, &most);
    rules_accept(f);
    rules_one(f, 1, 1, &move);
    fixture_add_details(f, &most);
    memcpy(f->records + (size_t)17 * TJ_RECORD_SIZE, f->records + TJ_RECORD_SIZE, TJ_RECORD_SIZE);
    f->header.record_count++;
    refused_at(TIJORI_DETAIL, 0);
}

static void a_wrong_detail_is_named_by_its_position(void **state)
{
    (void)state;
    struct tj_record move = fixture_move(A(1, 2), A(1, 0), 100, TJ_PURCHASE);
    begin(1, &move, "one");
    fixture_add(f, &move);
    const struct tj_details details = memo(" two");
    fixture_add_details(f, &details);
    refused_at(TIJORI_TEXT, 3);
    rules_one(f, 1, 1, &move);
    fixture_add(f, &move);
    f->records[TJ_RECORD_SIZE + 92] = 1;
    refused_at(TIJORI_DETAIL, 1);
}

static void approvals_have_no_details(void **state)
{
    (void)state;
    struct tj_record pending = fixture_move(A(4, 2), A(4, 0), 5, TJ_CUSTOMER_DEPOSIT);
    pending.kind = TJ_PENDING;
    uint64_t entry = rules_accept_one(f, 4, 1, &pending);
    struct tj_record approve = rules_naming(f, TJ_APPROVAL, entry, 0);
    begin(4, &approve, "I agree");
    f->header.flags = TJ_FLAG_APPROVAL;
    refused_at(TIJORI_KIND_MIXED, 1);
    rules_one(f, 4, 1, &approve);
    f->header.flags = TJ_FLAG_APPROVAL;
    f->records[92] = 1;
    refused_at(TIJORI_DETAIL, 0);
}

static void the_genesis_has_no_details(void **state)
{
    (void)state;
    struct tj_header header = {.record_count = 2, .sequence = 1};
    struct tj_verdict verdict;
    record(18);
    group.bytes[2] = 1;
    group.bytes[16] = 'n';
    add_least(2);
    tj_verdict_init(&verdict);
    assert_int_equal(tj_records_check(&header, group.bytes, &verdict), TIJORI_DETAIL);
    assert_int_equal(verdict.record, 1);
    header.ledger_id.bytes[0] = 1;
    tj_verdict_init(&verdict);
    assert_int_equal(tj_records_check(&header, group.bytes, &verdict), TIJORI_OK);
}

/* A restricted envelope's details have blinds of their own. */
static void restricted_details(void **state)
{
    (void)state;
    struct tj_record move = fixture_move(A(4, 2), A(4, 0), 5, TJ_CUSTOMER_DEPOSIT);
    begin(4, &move, "of a customer");
    f->header.flags = TJ_FLAG_RESTRICTED;
    rules_accept(f);
    assert_false(tj_all_zero(f->records + TJ_RECORD_SIZE + 96, TJ_BLIND_SIZE));
}

/* ---- what the judges make of them ---- */

static uint64_t pending_with(const char *text)
{
    struct tj_record r = fixture_move(A(1, 2), A(1, 0), 100, TJ_PURCHASE);
    r.kind = TJ_PENDING;
    if (text == NULL) {
        return rules_accept_one(f, 1, 1, &r);
    }
    begin(1, &r, text);
    return rules_accept(f);
}

/* The leaf hash of the record is not enough: it says nothing of the details. */
static void whoever_names_a_record_signs_its_details(void **state)
{
    (void)state;
    static const uint8_t kinds[] = {TJ_POST, TJ_VOID};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        uint64_t entry = pending_with("lot 1");
        struct tj_record r = rules_naming(f, kinds[i], entry, 0);
        struct tj_record other = r;
        tj_leaf_hash(f->digester.hasher, &other.hash, f->records, TJ_RECORD_SIZE);
        assert_false(tj_hash_equal(&other.hash, &r.hash));
        rules_refuse_one(f, 1, 1, &other, TIJORI_NAMED_HASH);
        /* Another memo makes another hash. */
        struct tj_record pending = fixture_move(A(1, 2), A(1, 0), 100, TJ_PURCHASE);
        pending.kind = TJ_PENDING;
        begin(1, &pending, "lot 2");
        tj_group_hash(f->digester.hasher, &other.hash, f->records, 1);
        rules_refuse_one(f, 1, 1, &other, TIJORI_NAMED_HASH);
        rules_accept_one(f, 1, 1, &r);
    }
    struct tj_record move = fixture_move(A(1, 2), A(1, 0), 100, TJ_PURCHASE);
    begin(1, &move, "lot 3");
    uint64_t entry = rules_accept(f);
    struct tj_record correct = rules_naming(f, TJ_CORRECT, entry, 0);
    struct tj_record other = correct;
    tj_leaf_hash(f->digester.hasher, &other.hash, f->records, TJ_RECORD_SIZE);
    rules_refuse_one(f, 1, 1, &other, TIJORI_NAMED_HASH);
    begin(1, &correct, "counted twice");
    rules_accept(f);
    rules_check_replay(f);
}

static void approvers_sign_the_details(void **state)
{
    (void)state;
    struct tj_record r = fixture_move(A(4, 2), A(4, 0), 5, TJ_CUSTOMER_DEPOSIT);
    r.kind = TJ_PENDING;
    begin(4, &r, "to 4:0 for order 7");
    uint64_t entry = rules_accept(f);
    struct tj_record approve = rules_naming(f, TJ_APPROVAL, entry, 0);
    struct tj_record other = approve;
    tj_leaf_hash(f->digester.hasher, &other.hash, f->records, TJ_RECORD_SIZE);
    for (int i = 0; i < 2; i++) {
        struct tijori_receipt receipt;
        rules_one(f, 4, 1, i == 0 ? &other : &approve);
        f->header.flags = TJ_FLAG_APPROVAL;
        fixture_sign_as(f, TJ_USE_SIGN, 4, 4);
        fixture_encode(f);
        if (i == 0) {
            rules_refuse_bytes(f, &receipt, TIJORI_NAMED_HASH);
        } else {
            assert_int_equal(fixture_submit(f, &receipt), TIJORI_OK);
        }
    }
}

/* Whatever hash is given for it. */
static void a_detail_is_nothing_to_name(void **state)
{
    (void)state;
    uint64_t entry = pending_with("lot 1");
    struct tj_record r = rules_naming(f, TJ_POST, entry, 0);
    r.refers_to = tj_record_id(entry, 1);
    rules_refuse_one(f, 1, 1, &r, TIJORI_NAMED_KIND);
    tj_leaf_hash(f->digester.hasher, &r.hash, f->records, TJ_RECORD_SIZE);
    rules_refuse_one(f, 1, 1, &r, TIJORI_NAMED_KIND);
    r.refers_to = tj_record_id(entry, 2);
    rules_refuse_one(f, 1, 1, &r, TIJORI_NAMED_UNKNOWN);
}

/* They take positions, so that what stands behind them is named by its own. */
static void details_take_positions(void **state)
{
    (void)state;
    struct tj_record r = fixture_move(A(1, 2), A(1, 0), 100, TJ_PURCHASE);
    r.kind = TJ_PENDING;
    begin(1, &r, "first");
    r.amount = 7;
    fixture_add(f, &r);
    uint64_t entry = rules_accept(f);
    struct tj_record post = rules_naming(f, TJ_POST, entry, 2);
    assert_int_equal(post.amount, 7);
    rules_accept_one(f, 1, 1, &post);
    assert_int_equal(fixture_balance(f, A(1, 0)), 7);
    rules_check_replay(f);
}

static void open_account(uint8_t class, uint8_t encumbrance, const char *text)
{
    struct tj_record r = {.kind = TJ_OPEN_ACCOUNT, .account = A(1, 9), .asset = 1, .class = class};
    struct tj_details details = memo(text);
    details.encumbrance = encumbrance;
    details.present |= encumbrance != 0 ? 1u << TJ_DETAIL_ENCUMBRANCE : 0;
    rules_one(f, 1, 1, &r);
    fixture_add_details(f, &details);
}

static void an_encumbrance_becomes_its_accounts(void **state)
{
    (void)state;
    open_account(TJ_CLASS_MARKET, TJ_LENT, "a market");
    refused_at(TIJORI_DETAIL, 2);
    open_account(TJ_CLASS_RESERVE, TJ_LENT, "to a bank");
    struct tj_record next = {.kind = TJ_OPEN_ACCOUNT, .account = A(1, 10), .asset = 1};
    next.class = TJ_CLASS_RESERVE;
    fixture_add(f, &next);
    rules_accept(f);
    assert_int_equal(rules_account(f, A(1, 9)).encumbrance, TJ_LENT);
    assert_int_equal(rules_account(f, A(1, 10)).encumbrance, 0);
    rules_check_replay(f);
    assert_int_equal(rules_account(f, A(1, 9)).encumbrance, TJ_LENT);
}

static void begin_with(uint16_t lane, const struct tj_record *r, const uint8_t *bytes, size_t size)
{
    rules_one(f, lane == 0 ? 0 : 1, lane, r); /* lane 0 is signed by who administers */
    f->attachment = bytes;
    f->attachment_size = size;
}

/* The document of a statement, and what a descriptor says. */
static void what_names_an_attachment(void **state)
{
    (void)state;
    static const uint8_t bytes[] = "wpkh([d34db33f/84h/0h/0h]xpub.../0/*)";
    struct tj_record open = {.kind = TJ_OPEN_ACCOUNT, .account = A(1, 9), .asset = 1};
    struct tj_details details = {.present = 1u << TJ_DETAIL_DESCRIPTOR};
    open.class = TJ_CLASS_RESERVE;
    tj_sha256(f->digester.hasher, &details.descriptor, bytes, sizeof bytes);
    details.descriptor.bytes[0] ^= 1;
    begin_with(1, &open, bytes, sizeof bytes);
    fixture_add_details(f, &details);
    rules_refuse(f, TIJORI_ATTACHMENT_UNNAMED);
    details.descriptor.bytes[0] ^= 1;
    begin_with(1, &open, bytes, sizeof bytes);
    fixture_add_details(f, &details);
    rules_accept(f);
    struct tj_record r = {.kind = TJ_STATEMENT, .figure = TJ_FIGURE_CLOSING, .asset = 1};
    uint32_t day = (uint32_t)(f->now_ns / (TJ_NS_PER_S * 86400u));
    r.period_from = day - 30;
    r.as_of = day - 1;
    begin_with(0, &r, bytes, sizeof bytes);
    rules_refuse(f, TIJORI_ATTACHMENT_UNNAMED);
    tj_sha256(f->digester.hasher, &r.document, bytes, sizeof bytes);
    begin_with(0, &r, bytes, sizeof bytes);
    details = memo("a statement");
    snprintf(details.attachment_name, sizeof details.attachment_name, "statement.json");
    snprintf(details.media_type, sizeof details.media_type, "application/json");
    details.present |= 1u << TJ_DETAIL_ATTACHMENT_NAME | 1u << TJ_DETAIL_MEDIA_TYPE;
    fixture_add_details(f, &details);
    rules_accept(f);
}

#define IN_WORLD(test) cmocka_unit_test_setup_teardown(test, world, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type_stands_at_its_kinds),
        cmocka_unit_test(several_types_stand_together),
        cmocka_unit_test(details_are_counted),
        cmocka_unit_test(details_have_one_order),
        cmocka_unit_test(numbers_keep_their_bounds),
        cmocka_unit_test(a_counterparty_has_an_lei),
        cmocka_unit_test(the_rest_of_a_payload_is_zero),
        cmocka_unit_test(blinds_are_as_of_records),
        cmocka_unit_test(texts_have_their_lengths),
        cmocka_unit_test(parts_are_one_text),
        cmocka_unit_test(texts_read_as_their_type_says),
        cmocka_unit_test(details_fit_their_record),
        cmocka_unit_test(what_is_wrong_is_said_in_one_order),
        cmocka_unit_test(what_is_encoded_is_decoded),
        cmocka_unit_test(the_group_hash),
        IN_WORLD(an_envelope_has_details_behind_records),
        IN_WORLD(a_wrong_detail_is_named_by_its_position),
        IN_WORLD(approvals_have_no_details),
        cmocka_unit_test(the_genesis_has_no_details),
        IN_WORLD(restricted_details),
        IN_WORLD(whoever_names_a_record_signs_its_details),
        IN_WORLD(approvers_sign_the_details),
        IN_WORLD(a_detail_is_nothing_to_name),
        IN_WORLD(details_take_positions),
        IN_WORLD(an_encumbrance_becomes_its_accounts),
        IN_WORLD(what_names_an_attachment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
