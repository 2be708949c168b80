#include "core/rules/state_arena.h"

#include "core/base/cursor.h"

#include <sys/mman.h>

/* A chunk is mapped in huge pages where the kernel gives them on request: accounts are touched at
 * random, and a gigabyte of small pages would cost a page walk each time. */
enum { HUGE_PAGE_BYTES = 2 << 20, ARENA_CHUNK_BYTES = 16 << 20 };

/* Aligned to a huge page: more is mapped than is wanted, and what is over is given back. NULL when
 * there is no memory. */
static uint8_t *map_chunk(void)
{
    uint8_t *mapped = mmap(NULL, ARENA_CHUNK_BYTES + HUGE_PAGE_BYTES, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) {
        return NULL;
    }
    size_t before = (size_t)(-(uintptr_t)mapped % HUGE_PAGE_BYTES);
    TJ_VERIFY_CHECK((uintptr_t)(mapped + before) % HUGE_PAGE_BYTES == 0);
    if (before > 0) {
        munmap(mapped, before);
    }
    munmap(mapped + before + ARENA_CHUNK_BYTES, HUGE_PAGE_BYTES - before);
    (void)madvise(mapped + before, ARENA_CHUNK_BYTES, MADV_HUGEPAGE); /* a wish */
    return mapped + before;
}

static uint8_t *begin_of(const struct tj_arena_chunk *chunk)
{
    return (uint8_t *)(uintptr_t)chunk + sizeof *chunk;
}

/* What is left of a chunk when the next block does not fit is given up: pages that nobody touches
 * cost no memory. */
uint8_t *tj_arena_take(struct tj_arena *arena, size_t size)
{
    TJ_VERIFY_CHECK(size <= ARENA_CHUNK_BYTES - sizeof(struct tj_arena_chunk));
    if (arena->left < size) {
        uint8_t *memory = map_chunk();
        if (memory == NULL) {
            return NULL;
        }
        struct tj_arena_chunk *chunk = (struct tj_arena_chunk *)(void *)memory;
        chunk->next = arena->chunks;
        chunk->next_left = arena->left;
        arena->chunks = chunk;
        arena->at = begin_of(chunk);
        arena->left = ARENA_CHUNK_BYTES - sizeof *chunk;
    }
    uint8_t *taken = arena->at;
    arena->at += size;
    arena->left -= size;
    arena->taken += size;
    TJ_VERIFY_CHECK((uintptr_t)taken % 64 == 0);
    TJ_VERIFY_CHECK(tj_all_zero(taken, size));
    return taken;
}

/* A chunk that is empty again goes back to the kernel, but for the first. */
void tj_arena_give_back(struct tj_arena *arena, const uint8_t *taken, size_t size)
{
    struct tj_arena_chunk *chunk = arena->chunks;
    TIJORI_REQUIRE(taken + size == arena->at);
    TJ_VERIFY_CHECK(tj_all_zero(taken, size));
    arena->at -= size;
    arena->left += size;
    arena->taken -= size;
    if (arena->at == begin_of(chunk) && chunk->next != NULL) {
        arena->chunks = chunk->next;
        arena->left = (size_t)chunk->next_left;
        arena->at = (uint8_t *)arena->chunks + ARENA_CHUNK_BYTES - arena->left;
        munmap(chunk, ARENA_CHUNK_BYTES);
    }
}

void tj_arena_free(struct tj_arena *arena)
{
    for (struct tj_arena_chunk *chunk = arena->chunks; chunk != NULL;) {
        struct tj_arena_chunk *next = chunk->next;
        munmap(chunk, ARENA_CHUNK_BYTES);
        chunk = next;
    }
    *arena = (struct tj_arena){0};
}
