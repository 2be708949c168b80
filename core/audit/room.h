#ifndef TIJORI_CORE_AUDIT_ROOM_H
#define TIJORI_CORE_AUDIT_ROOM_H

/* Arrays that grow with what a log has. How much that is, a stranger decides: so memory that is not
 * there is an answer, and what the array held stays where it is. */

#include "core/base/status.h"

#include <string.h>

/* Makes room for one more item of `size` bytes after `count` of them. `array` is the address of the
 * array's pointer, NULL at first. False: no memory. */
static inline bool tj_make_room(void *array, size_t *capacity, size_t count,
                                size_t size) TJ_MUST_USE;
static inline bool tj_make_room(void *array, size_t *capacity, size_t count, size_t size)
{
    void *items;
    if (count < *capacity) {
        return true;
    }
    size_t wanted = *capacity * 2 + 16;
    memcpy(&items, array, sizeof items); /* a pointer to any type, as its bytes */
    items = realloc(items, wanted * size);
    if (items == NULL) {
        return false;
    }
    memcpy(array, &items, sizeof items);
    *capacity = wanted;
    return true;
}

#endif
