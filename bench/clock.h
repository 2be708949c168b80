#ifndef TIJORI_BENCH_CLOCK_H
#define TIJORI_BENCH_CLOCK_H

/* Times of this process. Any thread. */

#include <stdint.h>

uint64_t now_ns(void);        /* monotonic */
uint64_t cpu_ns(void);        /* spent by all threads of this process */
uint64_t thread_cpu_ns(void); /* spent by this thread */

/* Seconds from `start_ns` to now. */
double seconds_since(uint64_t start_ns);

/* Sleeps until `at_ns` of now_ns(); not at all when that is past. Wakes some microseconds late. */
void sleep_until_ns(uint64_t at_ns);

#endif
