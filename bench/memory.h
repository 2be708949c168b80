#ifndef TIJORI_BENCH_MEMORY_H
#define TIJORI_BENCH_MEMORY_H

/* A virtual machine gets its memory from its host page by page, at the first touch and again after
 * the kernel has given pages back: up to 10 us for each page of 4 KiB. A file that grows by 300
 * MB/s would be timed by that and not by the disk. */

#include <stddef.h>

/* Fills the page cache with so much of a file in `dir` (at most a quarter of the machine's memory)
 * and deletes it: the kernel hands out those pages next, to what is timed after this. */
void memory_touch(const char *dir, size_t bytes);

#endif
