/* Preloaded into a program, refuses one request for memory: the REFUSE_AT-th that the program
 * itself makes. With REFUSE_ALL those of the libraries that it is linked with are counted as well,
 * and with REFUSE_ON all that follow the REFUSE_AT-th are refused too. With REFUSE_COUNT the
 * program ends by saying on standard error how many there were. */

#include "preloaded_program.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* What the C library has under these names as well, so that nothing must be looked up here. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static uint64_t refused_at; /* 0: none */
static uint64_t asked;
static int of_all, from_there_on;

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("REFUSE_AT");
    find_program();
    of_all = getenv("REFUSE_ALL") != NULL;
    from_there_on = getenv("REFUSE_ON") != NULL;
    refused_at = at != NULL ? strtoull(at, NULL, 10) : 0;
}

__attribute__((destructor)) static void end(void)
{
    if (getenv("REFUSE_COUNT") != NULL) {
        fprintf(stderr, "asked %llu\n", (unsigned long long)asked);
    }
}

static int refuses(const void *caller)
{
    if (!of_all && !is_of_program(caller)) {
        return 0;
    }
    const uint64_t nth = __atomic_add_fetch(&asked, 1, __ATOMIC_RELAXED);
    if (refused_at == 0 || nth < refused_at || (nth > refused_at && !from_there_on)) {
        return 0;
    }
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t size)
{
    return refuses(__builtin_return_address(0)) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    return refuses(__builtin_return_address(0)) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
    return refuses(__builtin_return_address(0)) ? NULL : __libc_realloc(old, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return refuses(__builtin_return_address(0)) ? NULL : __libc_memalign(alignment, size);
}
