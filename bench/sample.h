#ifndef TIJORI_BENCH_SAMPLE_H
#define TIJORI_BENCH_SAMPLE_H

/* What is made of many measurements: a series of rounds (median, least, most) and a histogram of
 * times (percentiles). Plain data, one thread at a time. */

#include <stddef.h>
#include <stdint.h>

enum { SERIES_MAX = 4096 };

struct series {
    double values[SERIES_MAX];
    size_t count;
};

/* The first SERIES_MAX values count; more are dropped. */
void series_add(struct series *series, double value);
/* 0 when there are none. */
double series_median(const struct series *series);
double series_min(const struct series *series);
double series_max(const struct series *series);

/* Times up to 73 minutes in buckets at most 1/128 wide, so a percentile is right within 0.8 %; the
 * largest is kept exactly. */
enum { HISTOGRAM_BUCKETS = 128 * 37 };

struct histogram {
    uint64_t count;
    uint64_t max_ns;
    uint32_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_add(struct histogram *histogram, uint64_t ns);
/* The p-th percentile, 0 <= p <= 100, in microseconds; 0 when it is empty. */
double histogram_us(const struct histogram *histogram, double p);

#endif
