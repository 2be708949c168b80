/* Signed receipts: docs/FORMAT.md section 15. */

#include "crypto_support.h"

#include "core/format/receipt.h"

#define ORIGIN                                                                                     \
    "test.example/tijori/4318dae318b0819c98a7da41e0daec86898c47b5aef6b9d54fdc0b4dd81e9055"
#define ROOT "V9yLrhjh82GDDb9P1uavaYKYBPVX9zOtFm6mDd+hknY="

static const uint8_t secret32[32] = {1, 2, 3, 4};

static struct tj_receipt example(enum tijori_status status)
{
    struct tj_receipt r = {.origin = ORIGIN, .status = status, .head_size = 18};
    memset(r.envelope_id.bytes, 0xab, TJ_HASH_SIZE);
    assert_true(tj_parse_hash64(&r.head_root, ROOT, strlen(ROOT)));
    if (tj_receipt_promises(&r)) {
        r.entry = 17;
        r.received_ns = UINT64_C(1700000000123456789);
        memset(r.leaf.bytes, 0xcd, TJ_HASH_SIZE);
    }
    return r;
}

static struct tj_verifier_key key_of(const char *name)
{
    struct tj_verifier_key key = {.type = TJ_NOTE_TYPE_ED25519};
    struct tj_public_key public;
    assert_true(tj_public_key_of(&public, TJ_ALGORITHM_ED25519, secret32));
    snprintf(key.name, sizeof key.name, "%s", name);
    memcpy(key.public32, public.bytes, 32);
    key.key_id = tj_note_key_id(key.name, key.type, key.public32);
    return key;
}

#define AB8  "abababababababab"
#define CD8  "cdcdcdcdcdcdcdcd"
#define ID   AB8 AB8 AB8 AB8
#define LEAF CD8 CD8 CD8 CD8

static const char accepted_text[] =
    "tijori/receipt/v1\n" ORIGIN "\nenvelope " ID "\nstatus OK\nentry 17\nleaf " LEAF
    "\nreceived 1700000000123456789\nhead 18 " ROOT "\n";
static const char refused_text[] =
    "tijori/receipt/v1\n" ORIGIN "\nenvelope " ID "\nstatus BALANCE\nhead 18 " ROOT "\n";

static void the_text_is_that_of_the_format(void **state)
{
    (void)state;
    char text[TJ_RECEIPT_TEXT_MAX];
    struct tj_receipt r = example(TIJORI_OK);
    size_t size = tj_receipt_encode(text, sizeof text, &r);
    assert_int_equal(size, sizeof accepted_text - 1);
    assert_memory_equal(text, accepted_text, size);
    assert_int_equal(tj_receipt_encode(text, size, &r), 0);
    r = example(TIJORI_BALANCE);
    size = tj_receipt_encode(text, sizeof text, &r);
    assert_int_equal(size, sizeof refused_text - 1);
    assert_memory_equal(text, refused_text, size);
    r.origin[0] = '\0';
    assert_int_equal(tj_receipt_encode(text, sizeof text, &r), 0);
}

static void every_status_round_trips(void **state)
{
    (void)state;
    for (int i = 0; i < (int)TIJORI_STATUS_COUNT; i++) {
        char text[TJ_RECEIPT_TEXT_MAX];
        char again[TJ_RECEIPT_TEXT_MAX];
        struct tj_receipt r = example((enum tijori_status)i);
        struct tj_receipt back;
        size_t size = tj_receipt_encode(text, sizeof text, &r);
        assert_true(tj_receipt_decode(&back, text, size));
        assert_int_equal(back.status, i);
        assert_string_equal(back.origin, ORIGIN);
        assert_int_equal(back.entry, r.entry);
        assert_true(back.received_ns == r.received_ns);
        assert_memory_equal(&back.leaf, &r.leaf, sizeof r.leaf);
        assert_memory_equal(&back.head_root, &r.head_root, sizeof r.head_root);
        assert_int_equal(tj_receipt_encode(again, sizeof again, &back), size);
        assert_memory_equal(again, text, size);
    }
}

static void the_longest_receipt_fits(void **state)
{
    (void)state;
    char note[TJ_RECEIPT_NOTE_MAX];
    struct tj_receipt r = example(TIJORI_ALREADY);
    struct tj_receipt back;
    memset(r.origin, 'x', TJ_NOTE_NAME_MAX);
    r.origin[TJ_NOTE_NAME_MAX] = '\0';
    r.entry = r.received_ns = r.head_size = UINT64_MAX;
    size_t size = tj_receipt_sign(note, sizeof note, &r, secret32);
    assert_true(size > 0);
    struct tj_verifier_key key = key_of(r.origin);
    assert_int_equal(tj_receipt_verify(&back, note, size, &key), TJ_RECEIPT_VALID);
    assert_true(back.head_size == UINT64_MAX);
}

static void what_is_not_a_receipt_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "tijori/receipt/v1\n",
        "tijori/receipt/v2\n" ORIGIN "\nenvelope " ID "\nstatus BALANCE\nhead 18 " ROOT "\n",
        "tijori/receipt/v1\n" ORIGIN "\nenvelope " ID "\nstatus NONE\nhead 18 " ROOT "\n",
        "tijori/receipt/v1\n" ORIGIN "\nenvelope " ID "\nstatus OK\nhead 18 " ROOT "\n",
        "tijori/receipt/v1\n" ORIGIN "\nenvelope " ID "\nstatus BALANCE\nentry 17\nleaf " LEAF
        "\nreceived 1\nhead 18 " ROOT "\n",
        "tijori/receipt/v1\n" ORIGIN "\nenvelope " ID "\nstatus BALANCE\nhead 018 " ROOT "\n",
        "tijori/receipt/v1\n" ORIGIN "\nenvelope " ID "\nstatus BALANCE\nhead 18  " ROOT "\n",
        "tijori/receipt/v1\n" ORIGIN "\nenvelope " ID "\nstatus BALANCE\nhead 18 " ROOT "\n\n",
        "tijori/receipt/v1\n" ORIGIN "\nenvelope " ID "\nstatus BALANCE\nhead 18 " ROOT "\nmore\n",
        "tijori/receipt/v1\n" ORIGIN "\nenvelope AB" AB8 AB8 AB8 "ababababababab"
        "\nstatus BALANCE\nhead 18 " ROOT "\n",
        "tijori/receipt/v1\nno origin\nenvelope " ID "\nstatus BALANCE\nhead 18 " ROOT "\n",
    };
    struct tj_receipt r;
    assert_true(tj_receipt_decode(&r, refused_text, strlen(refused_text)));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (tj_receipt_decode(&r, bad[i], strlen(bad[i]))) {
            fail_msg("case %zu is a receipt", i);
        }
    }
    for (size_t size = 0; size < sizeof accepted_text - 1; size++) {
        char *part = malloc(size + 1); /* so that a sanitizer sees a read beyond it */
        assert_non_null(part);
        memcpy(part, accepted_text, size);
        assert_false(tj_receipt_decode(&r, part, size));
        free(part);
    }
}

static void a_note_of_another_key_or_origin_is_none_of_this_log(void **state)
{
    (void)state;
    char note[TJ_RECEIPT_NOTE_MAX];
    struct tj_receipt r = example(TIJORI_OK);
    struct tj_receipt back;
    struct tj_verifier_key key = key_of(ORIGIN);
    size_t size = tj_receipt_sign(note, sizeof note, &r, secret32);
    assert_int_equal(tj_receipt_verify(&back, note, size, &key), TJ_RECEIPT_VALID);
    struct tj_verifier_key other = key_of("test.example/other");
    assert_int_equal(tj_receipt_verify(&back, note, size, &other), TJ_RECEIPT_UNKNOWN);
    /* Signed by the key under its name, but the text is of another origin. */
    char text[TJ_RECEIPT_TEXT_MAX];
    snprintf(r.origin, sizeof r.origin, "test.example/other");
    size_t text_size = tj_receipt_encode(text, sizeof text, &r);
    size = tj_note_sign(note, sizeof note, text, text_size, ORIGIN, secret32);
    assert_int_equal(tj_receipt_verify(&back, note, size, &key), TJ_RECEIPT_UNKNOWN);
    /* Another key of the same name. */
    snprintf(r.origin, sizeof r.origin, "%s", ORIGIN);
    size = tj_receipt_sign(note, sizeof note, &r, secret32);
    other = key;
    other.public32[0] ^= 1;
    other.key_id = tj_note_key_id(other.name, other.type, other.public32);
    assert_int_equal(tj_receipt_verify(&back, note, size, &other), TJ_RECEIPT_UNKNOWN);
}

static void every_flipped_byte_and_truncation_is_refused(void **state)
{
    (void)state;
    char note[TJ_RECEIPT_NOTE_MAX];
    struct tj_receipt r = example(TIJORI_OK);
    struct tj_receipt back;
    struct tj_verifier_key key = key_of(ORIGIN);
    size_t size = tj_receipt_sign(note, sizeof note, &r, secret32);
    for (size_t i = 0; i < size; i++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            note[i] = (char)(note[i] ^ (1 << bit));
            assert_int_not_equal(tj_receipt_verify(&back, note, size, &key), TJ_RECEIPT_VALID);
            note[i] = (char)(note[i] ^ (1 << bit));
        }
        assert_int_not_equal(tj_receipt_verify(&back, note, i, &key), TJ_RECEIPT_VALID);
    }
    assert_int_equal(tj_receipt_verify(&back, note, size, &key), TJ_RECEIPT_VALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_text_is_that_of_the_format),
        cmocka_unit_test(every_status_round_trips),
        cmocka_unit_test(the_longest_receipt_fits),
        cmocka_unit_test(what_is_not_a_receipt_is_refused),
        cmocka_unit_test(a_note_of_another_key_or_origin_is_none_of_this_log),
        cmocka_unit_test(every_flipped_byte_and_truncation_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
