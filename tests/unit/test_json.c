#include "text/json.h"
#include "text/names.h"
#include "text/record_json.h"
#include "text/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What jansson asks for; the call that `countdown` names gets nothing. */
static long countdown;
static void *scarce(size_t size)
{
    if (countdown > 0 && --countdown == 0) {
        return NULL;
    }
    return malloc(size);
}

static json_t *make(void)
{
    static const uint8_t bytes[3] = {1, 0xab, 0xff};
    json_t *object = json_object();
    json_t *array = json_array();
    member_text(object, "text", "a\"b\\");
    member_text(object, "none", NULL);
    member_text(object, "odd", "x\xffy");
    member_padded(object, "padded", "abc\0\0\0", 6);
    member_bool(object, "bool", true);
    member_count(object, "count", INT64_MAX);
    member_count(object, "large", UINT64_MAX);
    member_hex(object, "hex", bytes, sizeof bytes);
    member_date(object, "date", 18876);
    member_account(object, "account", UINT64_C(7) << 32 | 12);
    member_record(object, "record", 12u << 13 | 5);
    member_amount(object, "amount", -150, 2);
    member_base(object, "base", -150);
    element_add(array, json_text("e"));
    member_set(object, array, "array");
    return object;
}

static const char expected[] =
    "{\"text\":\"a\\\"b\\\\\",\"none\":null,\"odd\":\"x\\\\xffy\",\"padded\":\"abc\",\"bool\":true,"
    "\"count\":9223372036854775807,\"large\":\"18446744073709551615\",\"hex\":\"01abff\","
    "\"date\":\"2021-09-06\",\"account\":\"7:12\",\"record\":\"12:5\",\"amount\":\"-1.50\","
    "\"base\":\"-150\",\"array\":[\"e\"]}";

static void members_read_as_our_documents_write_them(void **state)
{
    (void)state;
    document_begin();
    json_t *object = make();
    assert_true(document_whole());
    char *text = json_dumps(object, JSON_COMPACT);
    assert_string_equal(text, expected);
    free(text);
    json_decref(object);
}

/* Each allocation fails once: either that is told, or the document is the same. */
static void a_document_without_memory_is_not_whole(void **state)
{
    (void)state;
    long nth = 0;
    long told = 0;
    json_set_alloc_funcs(scarce, free);
    for (bool struck = true; struck;) {
        countdown = ++nth;
        document_begin();
        json_t *object = make();
        struck = countdown == 0;
        countdown = 0;
        if (document_whole()) {
            char *text = json_dumps(object, JSON_COMPACT);
            assert_string_equal(text, expected);
            free(text);
        } else {
            told++;
        }
        json_decref(object);
    }
    assert_true(nth > 30 && told > nth / 2);
    json_set_alloc_funcs(malloc, free);
}

/* ---- the same of what else is made of text ---- */

void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);

/* As `countdown`, of the calls that are not jansson's. */
static long refused_in;

static bool refuses(void)
{
    return refused_in > 0 && --refused_in == 0;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refuses() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return refuses() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
    return refuses() ? NULL : __real_strdup(text);
}

/* Prints a table; false when it said that it is not whole. */
static bool print_table(FILE *out, enum table_style style)
{
    static const struct table_column columns[] = {{"name", "name", false}, {"sum", "sum", true}};
    struct table *table = table_create(out, style, columns, 2);
    for (uint64_t i = 0; i < 5; i++) {
        table_text(table, "a \"name\"");
        table_number(table, i);
    }
    table_none(table);
    table_figure(table, "1.50");
    return table_end(table);
}

static void a_table_without_memory_is_not_whole(void **state)
{
    char whole[1024];
    char again[1024];
    (void)state;
    for (int style = TABLE_TEXT; style <= TABLE_CSV; style++) {
        long told = 0;
        FILE *out = fmemopen(whole, sizeof whole, "w");
        assert_non_null(out);
        assert_true(print_table(out, (enum table_style)style));
        assert_int_equal(fclose(out), 0);
        for (long nth = 1;; nth++) {
            out = fmemopen(again, sizeof again, "w");
            assert_non_null(out);
            refused_in = nth;
            bool printed = print_table(out, (enum table_style)style);
            bool struck = refused_in == 0;
            refused_in = 0;
            assert_int_equal(fclose(out), 0);
            assert_true(printed != struck);
            if (!struck) {
                break;
            }
            told++;
        }
        assert_string_equal(again, whole);
        assert_true(told >= 3);
    }
}

static void register_party(uint8_t record[TJ_RECORD_SIZE], uint32_t party)
{
    struct tj_record fields = {
        .kind = TJ_REGISTER_PARTY, .party = party, .type = TJ_TREASURY, .classes = 0x1e};
    snprintf(fields.name, sizeof fields.name, "party %u", (unsigned)party);
    tj_record_encode(&fields, record);
}

static void names_without_memory_are_not_whole(void **state)
{
    (void)state;
    for (long nth = 1;; nth++) {
        uint8_t record[TJ_RECORD_SIZE];
        refused_in = nth;
        struct names *names = names_create();
        for (uint32_t party = 0; names != NULL && party < 5; party++) {
            register_party(record, party);
            names_take(names, record);
        }
        bool struck = refused_in == 0;
        refused_in = 0;
        assert_true((names != NULL && names_whole(names)) != struck);
        assert_true(struck || strcmp(names_party(names, 4), "party 4") == 0);
        names_destroy(names);
        if (!struck) {
            assert_true(nth > 3);
            break;
        }
    }
}

static void a_record_without_memory_is_not_whole(void **state)
{
    uint8_t record[TJ_RECORD_SIZE];
    long told = 0;
    (void)state;
    register_party(record, 3);
    json_t *whole = record_to_json(record, NULL);
    json_set_alloc_funcs(scarce, free);
    for (bool struck = true; struck;) {
        countdown = ++told;
        document_begin();
        json_t *object = record_to_json(record, NULL);
        struck = countdown == 0;
        countdown = 0;
        assert_true(!document_whole() || json_equal(object, whole));
        json_decref(object);
    }
    assert_true(told > 10);
    json_set_alloc_funcs(malloc, free);
    json_decref(whole);
}

/* What is printed by hand is what jansson prints. */
static void strings_are_printed_as_jansson_does(void **state)
{
    static const char *const texts[] = {"",           "plain",        "\"quoted\" \\ back/slash",
                                        "\b\f\n\r\t", "\x01\x1f\x7f", "\xc3\xa9 \xe2\x82\xbf"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char printed[256];
        json_t *string = json_string(texts[i]);
        char *wanted = json_dumps(string, JSON_ENCODE_ANY);
        FILE *out = fmemopen(printed, sizeof printed, "w");
        assert_non_null(out);
        json_print_string(out, texts[i]);
        assert_int_equal(fclose(out), 0);
        assert_string_equal(printed, wanted);
        free(wanted);
        json_decref(string);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_without_memory_is_not_whole),
        cmocka_unit_test(names_without_memory_are_not_whole),
        cmocka_unit_test(a_record_without_memory_is_not_whole),
        cmocka_unit_test(strings_are_printed_as_jansson_does),
        cmocka_unit_test(members_read_as_our_documents_write_them),
        cmocka_unit_test(a_document_without_memory_is_not_whole),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
