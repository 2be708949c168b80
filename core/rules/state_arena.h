#ifndef TIJORI_CORE_RULES_STATE_ARENA_H
#define TIJORI_CORE_RULES_STATE_ARENA_H

/* The memory that the state's blocks are cut from. What was taken last can be given back first, and
 * only so: the blocks of a refused envelope are the last ones. All else stays until the state is
 * destroyed. */

#include "core/base/status.h"

#include <stddef.h>

/* The beginning of what blocks are cut from. */
struct tj_arena_chunk {
    struct tj_arena_chunk *next; /* the one before it */
    uint64_t next_left;          /* what was left of that one when it was given up */
    uint8_t padding[48];
};

struct tj_arena {
    uint8_t *at; /* where the next block begins */
    size_t left;
    struct tj_arena_chunk *chunks; /* the newest first */
    uint64_t taken;                /* bytes, of all blocks together */
};

/* Memory that is zero, for a block of at most 2 MiB. NULL when there is none. */
uint8_t *tj_arena_take(struct tj_arena *arena, size_t size) TJ_MUST_USE;

/* Gives back what was taken last. It must be zero again. */
void tj_arena_give_back(struct tj_arena *arena, const uint8_t *taken, size_t size);

void tj_arena_free(struct tj_arena *arena);

#endif
