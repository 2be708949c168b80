#include "crypto/utf8.h"
#include "crypto_support.h"

static size_t encode(char out[4], uint32_t point)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xc0 | point >> 6);
        out[1] = (char)(0x80 | (point & 0x3f));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (char)(0xe0 | point >> 12);
        out[1] = (char)(0x80 | (point >> 6 & 0x3f));
        out[2] = (char)(0x80 | (point & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | point >> 18);
    out[1] = (char)(0x80 | (point >> 12 & 0x3f));
    out[2] = (char)(0x80 | (point >> 6 & 0x3f));
    out[3] = (char)(0x80 | (point & 0x3f));
    return 4;
}

/* What four bytes can spell, read whole and with each byte short of it. */
static void every_code_point_is_read_but_surrogates(void **state)
{
    (void)state;
    for (uint32_t point = 0; point < 0x200000; point++) {
        char bytes[4];
        uint32_t read = UINT32_MAX;
        const size_t size = encode(bytes, point);
        const bool valid = point < 0x110000 && (point < 0xd800 || point > 0xdfff);
        assert_int_equal(tj_utf8_next(&read, bytes, size), valid ? size : 0);
        assert_true(!valid || read == point);
        if (size > 1) {
            assert_int_equal(tj_utf8_next(&read, bytes, size - 1), 0);
        }
    }
}

/* Every pair of bytes: a character of two, one of one, or none. */
static void every_pair_of_bytes(void **state)
{
    (void)state;
    for (unsigned pair = 0; pair < 0x10000; pair++) {
        const uint8_t bytes[2] = {(uint8_t)(pair >> 8), (uint8_t)pair};
        uint32_t point = UINT32_MAX;
        size_t expected = 0;
        if (bytes[0] < 0x80) {
            expected = 1;
        } else if (bytes[0] >= 0xc2 && bytes[0] < 0xe0 && bytes[1] >> 6 == 2) {
            expected = 2;
        }
        assert_int_equal(tj_utf8_next(&point, bytes, sizeof bytes), expected);
    }
}

static void overlong_forms_are_none(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "\xc0\x80",         "\xc1\xbf", "\xe0\x80\x80",     "\xe0\x9f\xbf", "\xf0\x80\x80\x80",
        "\xf0\x8f\xbf\xbf", "\x80",     "\xf8\x88\x80\x80", "\xff",
    };
    uint32_t point;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(tj_utf8_next(&point, texts[i], strlen(texts[i])), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_is_read_but_surrogates),
        cmocka_unit_test(every_pair_of_bytes),
        cmocka_unit_test(overlong_forms_are_none),
    };
    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
