#ifndef TIJORI_CORE_BASE_MEMORY_H
#define TIJORI_CORE_BASE_MEMORY_H

/* Arrays that grow. That there is no memory left is an answer, not an end: who calls says so. */

#include "core/base/status.h"

#include <stddef.h>

/* Makes room for `count` items of `item_size` bytes in an allocated array. `array` is the address
 * of the pointer to it (NULL: there is none yet), *capacity how many items have room. Room is at
 * least doubled, so that adding one by one costs a constant each. False when there is no memory, or
 * no such size: then nothing has changed. What is new is not cleared. */
bool tj_grow(void *array, size_t *capacity, size_t count, size_t item_size) TJ_MUST_USE;

#endif
