#include "bench/sample.h"

#include <stdlib.h>
#include <string.h>

void series_add(struct series *series, double value)
{
    if (series->count < SERIES_MAX) {
        series->values[series->count++] = value;
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* At a place in the order, 0 the least, 1 the most. */
static double ordered(const struct series *series, double place)
{
    struct series sorted;
    if (series->count == 0) {
        return 0;
    }
    memcpy(sorted.values, series->values, series->count * sizeof sorted.values[0]);
    qsort(sorted.values, series->count, sizeof sorted.values[0], by_value);
    double at = place * (double)(series->count - 1);
    size_t below = (size_t)at;
    size_t above = below + 1 < series->count ? below + 1 : below;
    return sorted.values[below] +
           (at - (double)below) * (sorted.values[above] - sorted.values[below]);
}

double series_median(const struct series *series)
{
    return ordered(series, 0.5);
}

double series_min(const struct series *series)
{
    return ordered(series, 0);
}

double series_max(const struct series *series)
{
    return ordered(series, 1);
}

/* ---- histogram ---- */

/* Below 128 a bucket each; above, the 7 bits after the leading one tell the bucket. */
static uint32_t bucket_of(uint64_t ns)
{
    if (ns < 128) {
        return (uint32_t)ns;
    }
    uint32_t octave = 63u - (uint32_t)__builtin_clzll(ns) - 7u; /* 0 for 128..255 */
    uint32_t bucket = (octave + 1) * 128 + (uint32_t)((ns >> octave) & 127);
    return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

/* The middle of a bucket. */
static double value_of(uint32_t bucket)
{
    if (bucket < 128) {
        return bucket;
    }
    uint32_t octave = bucket / 128 - 1;
    return ((double)(128 + bucket % 128) + 0.5) * (double)(UINT64_C(1) << octave);
}

void histogram_add(struct histogram *histogram, uint64_t ns)
{
    histogram->count++;
    histogram->max_ns = ns > histogram->max_ns ? ns : histogram->max_ns;
    histogram->buckets[bucket_of(ns)]++;
}

double histogram_us(const struct histogram *histogram, double p)
{
    double max_us = (double)histogram->max_ns / 1e3;
    if (histogram->count == 0 || p >= 100) {
        return max_us;
    }
    uint64_t wanted = (uint64_t)(p / 100 * (double)(histogram->count - 1)) + 1;
    uint32_t bucket = 0;
    for (uint64_t seen = histogram->buckets[0]; seen < wanted;) {
        seen += histogram->buckets[++bucket];
    }
    double us = value_of(bucket) / 1e3;
    return us < max_us ? us : max_us;
}
