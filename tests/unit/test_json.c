#include "text/json.h"

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
    member_set(object, "array", array);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_read_as_our_documents_write_them),
        cmocka_unit_test(a_document_without_memory_is_not_whole),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
