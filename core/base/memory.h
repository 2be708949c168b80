#ifndef TIJORI_CORE_BASE_MEMORY_H
#define TIJORI_CORE_BASE_MEMORY_H

/* Arrays that grow. When there is no memory left, the answer says so and the caller goes on from
 * there. */

#include "core/base/status.h"

#include <stddef.h>

/* Makes room for `count` items of `item_size` bytes in an allocated array. `array` is the address
 * of the pointer to it; the pointer is NULL when there is no array yet. *capacity says how many
 * items have room. Room is at least doubled, so that adding one by one costs a constant each.
 * False when there is no memory, or no such size; nothing has changed then. What is new is not
 * cleared. */
bool tj_grow(void *array, size_t *capacity, size_t count, size_t item_size) TJ_MUST_USE;

#endif
