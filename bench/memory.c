#include "bench/memory.h"

#include <sys/mman.h>
#include <unistd.h>

void memory_touch(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t most = (size_t)sysconf(_SC_PHYS_PAGES) / 4 * page;
    size_t size = bytes < most ? bytes : most;
    volatile char *memory =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        return; /* then it is timed as it is */
    }
    for (size_t at = 0; at < size; at += page) {
        memory[at] = 1;
    }
    munmap((void *)memory, size);
}
