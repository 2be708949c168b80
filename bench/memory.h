#ifndef TIJORI_BENCH_MEMORY_H
#define TIJORI_BENCH_MEMORY_H

/* A virtual machine gets its memory from its host page by page, at the first touch and again after
 * the kernel has given pages back: up to 10 us for each page of 4 KiB. A file that grows by 300
 * MB/s would be timed by that. */

#include <stddef.h>

/* Touches so much fresh memory (at most a quarter of the machine's) and gives it back to the
 * kernel, which hands it out next: to the page cache, in what is timed after this. */
void memory_touch(size_t bytes);

#endif
