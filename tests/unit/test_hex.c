#include "crypto/hex.h"
#include "crypto_support.h"

static void every_byte_is_read_back(void **state)
{
    (void)state;
    uint8_t bytes[256];
    uint8_t back[256];
    char text[2 * sizeof bytes + 1];
    char expected[3];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)i;
    }
    tj_hex_encode(text, bytes, sizeof bytes);
    assert_int_equal(strlen(text), 2 * sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++) {
        snprintf(expected, sizeof expected, "%02x", (unsigned)i);
        assert_memory_equal(text + 2 * i, expected, 2);
    }
    assert_true(tj_hex_decode(back, sizeof back, text, strlen(text)));
    assert_memory_equal(back, bytes, sizeof bytes);
    assert_true(tj_hex_decode_any_case(back, sizeof back, text, strlen(text)));
    assert_memory_equal(back, bytes, sizeof bytes);
}

/* Every character in either place of a byte: what is a digit, and in which case. */
static void only_digits_are_read(void **state)
{
    (void)state;
    uint8_t byte;
    for (int c = -128; c < 128; c++) {
        for (size_t place = 0; place < 2; place++) {
            char text[2] = {'0', '0'};
            text[place] = (char)c;
            const bool lower = c != 0 && strchr("0123456789abcdef", c) != NULL;
            const bool upper = c != 0 && strchr("ABCDEF", c) != NULL;
            assert_int_equal(tj_hex_decode(&byte, 1, text, 2), lower);
            assert_int_equal(tj_hex_decode_any_case(&byte, 1, text, 2), lower || upper);
        }
    }
    assert_true(tj_hex_decode_any_case(&byte, 1, "fF", 2));
    assert_int_equal(byte, 0xff);
}

static void the_length_is_exact(void **state)
{
    (void)state;
    uint8_t bytes[2];
    for (size_t size = 0; size < 8; size++) {
        assert_int_equal(tj_hex_decode(bytes, 2, "00000000", size), size == 4);
        assert_int_equal(tj_hex_decode_any_case(bytes, 2, "00000000", size), size == 4);
    }
    assert_true(tj_hex_decode(bytes, 0, "", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_is_read_back),
        cmocka_unit_test(only_digits_are_read),
        cmocka_unit_test(the_length_is_exact),
    };
    return cmocka_run_group_tests_name("hex", tests, NULL, NULL);
}
