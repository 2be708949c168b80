#ifndef TIJORI_BENCH_MEASURE_H
#define TIJORI_BENCH_MEASURE_H

/* Clocks, percentiles, and the floors: what the machine can do at best, measured beside what is
 * judged by it. Floating point is allowed here; no amount passes through it. */

#include <stddef.h>
#include <stdint.h>

uint64_t now_ns(void); /* monotonic */
uint64_t cpu_ns(void); /* of the whole process */

/* Sorts `values` and gives the p-th percentile, 0 <= p <= 100. */
uint64_t percentile(uint64_t *values, size_t count, double p);

struct floors {
    double ecdsa_one; /* verifications a second, one thread */
    double ecdsa_all; /* all cores at once */
    double bip340_one;
    double bip340_all;
    double sha256_65_ns; /* one digest */
    double sha256_113_ns;
    double sha256_256_ns;
    double record_root_ns;  /* tree root of 8,190 records, a record */
    double fdatasync_4k_us; /* median, after an append */
    double fdatasync_64k_us;
    double fdatasync_1m_us;
    double commit_us; /* median of a commit of one small row through storage */
};

/* Measures all of them, taking about `seconds`. `dir` is on the file system to measure; what is
 * made there is removed. Memory is touched before it is timed; each figure is the median of its
 * rounds. */
void floors_measure(struct floors *out, const char *dir, double seconds);

/* The mean of two measurements, before and after what they judge. */
void floors_mean(struct floors *out, const struct floors *a, const struct floors *b);

#endif
