#ifndef TIJORI_BENCH_PARALLEL_H
#define TIJORI_BENCH_PARALLEL_H

/* Work that is split among threads. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The share of one of `threads` threads, numbered from 0. */
typedef void parallel_share(void *context, uint32_t thread, uint32_t threads);

/* Runs the shares at once, each on a thread of its own, and waits for all; at most TJ_THREADS_MAX.
 */
void run_parallel(parallel_share *share, void *context, uint32_t threads);

/* `bytes` of zeroed memory, touched, so that nothing is paid while something is timed. It is shared
 * memory: a forked child sees the same bytes, and it does not count as anonymous, which is how the
 * ledger's own memory is told from the workload's. Aborts when there is none. */
void *shared_memory(size_t bytes);
void shared_memory_free(void *memory, size_t bytes);

#endif
