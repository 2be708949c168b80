/* CRC32C against published values, by the processor's instruction (where it has one) and by tables,
 * and both against each other on every length and alignment that their loops treat apart. */

#include "core/base/crc32c.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

typedef uint32_t sum(uint32_t crc, const void *bytes, size_t size);
static sum *const sums[] = {tj_crc32c, tj_crc32c_by_tables};

/* RFC 3720, appendix B.4, and the check value of the catalogue of CRCs. */
static void published_values(void **state)
{
    (void)state;
    uint8_t bytes[32];
    for (size_t s = 0; s < 2; s++) {
        memset(bytes, 0, sizeof bytes);
        assert_int_equal(sums[s](0, bytes, sizeof bytes), 0x8a9136aa);
        memset(bytes, 0xff, sizeof bytes);
        assert_int_equal(sums[s](0, bytes, sizeof bytes), 0x62a8ab43);
        for (uint8_t i = 0; i < sizeof bytes; i++) {
            bytes[i] = i;
        }
        assert_int_equal(sums[s](0, bytes, sizeof bytes), 0x46dd794e);
        for (uint8_t i = 0; i < sizeof bytes; i++) {
            bytes[i] = (uint8_t)(31 - i);
        }
        assert_int_equal(sums[s](0, bytes, sizeof bytes), 0x113fdb5c);
        assert_int_equal(sums[s](0, "123456789", 9), 0xe3069283);
        assert_int_equal(sums[s](0, "", 0), 0);
    }
}

static void both_ways_are_one(void **state)
{
    (void)state;
    uint8_t bytes[96];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 167 + 13);
    }
    for (size_t from = 0; from < 9; from++) {
        for (size_t size = 0; from + size <= sizeof bytes; size++) {
            uint32_t whole = tj_crc32c_by_tables(0, bytes + from, size);
            assert_int_equal(tj_crc32c(0, bytes + from, size), whole);
            for (size_t cut = 0; cut <= size; cut += 5) {
                for (size_t s = 0; s < 2; s++) {
                    uint32_t first = sums[s](0, bytes + from, cut);
                    assert_int_equal(sums[s](first, bytes + from + cut, size - cut), whole);
                }
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_values),
        cmocka_unit_test(both_ways_are_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
