#ifndef TIJORI_BENCH_FLOORS_H
#define TIJORI_BENCH_FLOORS_H

/* The floors: what the machine can do at best, measured beside what is judged by it. Memory is
 * touched before it is timed. `dir` is on the file system to measure; what is made there is
 * removed. */

#include "bench/sample.h"

#include <stdint.h>

enum { SYNC_SIZES = 4 };
extern const uint32_t sync_sizes[SYNC_SIZES]; /* bytes appended before a sync */

/* The largest: about what a commit of full envelopes writes. */
enum { SYNC_SIZE_MAX = 8 << 20 };

/* Nanoseconds of one SHA-256 of `size` bytes, at most 256; median of rounds. */
double hash_ns(uint32_t size);
/* Nanoseconds a record of the tree root of a full envelope; median of rounds. */
double record_root_ns(void);

/* Microseconds of appending and fdatasync, as many as fit in `seconds`; added to `out`. */
void sync_us(struct series *out, const char *dir, uint32_t size, double seconds);

/* Microseconds of an LMDB commit of one small row through storage/, as many as fit in `seconds`;
 * added to `out`. */
void commit_us(struct series *out, const char *dir, double seconds);

#endif
