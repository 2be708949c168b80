#include "core/base/memory.h"

#include <string.h>

static size_t next_capacity(size_t capacity, size_t count)
{
    enum { FIRST = 16 };
    if (count < FIRST) {
        return FIRST;
    }
    if (capacity > SIZE_MAX / 2 || count > 2 * capacity) {
        return count;
    }
    return 2 * capacity;
}

bool tj_grow(void *array, size_t *capacity, size_t count, size_t item_size)
{
    if (count <= *capacity) {
        return true;
    }
    const size_t room = next_capacity(*capacity, count);
    size_t bytes;
    if (__builtin_mul_overflow(room, item_size, &bytes)) {
        return false;
    }
    void *items;
    memcpy(&items, array, sizeof items); /* whatever it points to */
    items = realloc(items, bytes);
    if (items == NULL) {
        return false;
    }
    memcpy(array, &items, sizeof items);
    *capacity = room;
    return true;
}
