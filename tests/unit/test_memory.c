#include "core/base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* realloc() in front of the C library's, so that it can fail. */
static bool none_left;
void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size)
{
    return none_left ? NULL : __real_realloc(memory, size);
}

static void what_is_there_stays(void **state)
{
    (void)state;
    uint32_t *items = NULL;
    size_t capacity = 0;
    unsigned moves = 0;
    for (size_t i = 0; i < 100000; i++) {
        const size_t before = capacity;
        assert_true(tj_grow(&items, &capacity, i + 1, sizeof *items));
        assert_true(capacity > i);
        moves += capacity != before;
        items[i] = (uint32_t)i;
    }
    for (size_t i = 0; i < 100000; i++) {
        assert_int_equal(items[i], i);
    }
    assert_true(moves < 20);
    const uint32_t *const same = items;
    assert_true(tj_grow(&items, &capacity, capacity, sizeof *items));
    assert_ptr_equal(items, same);
    assert_true(tj_grow(&items, &capacity, 1000000, sizeof *items));
    assert_int_equal(capacity, 1000000);
    free(items);
}

static void no_memory_and_no_such_size_change_nothing(void **state)
{
    (void)state;
    uint64_t *items = NULL;
    size_t capacity = 0;
    assert_true(tj_grow(&items, &capacity, 3, sizeof *items));
    const uint64_t *const same = items;
    const size_t room = capacity;
    none_left = true;
    assert_false(tj_grow(&items, &capacity, room + 1, sizeof *items));
    none_left = false;
    assert_ptr_equal(items, same);
    assert_int_equal(capacity, room);
    assert_false(tj_grow(&items, &capacity, SIZE_MAX / 8 + 2, sizeof *items));
    assert_false(tj_grow(&items, &capacity, SIZE_MAX, sizeof *items));
    assert_ptr_equal(items, same);
    assert_int_equal(capacity, room);
    free(items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_there_stays),
        cmocka_unit_test(no_memory_and_no_such_size_change_nothing),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
