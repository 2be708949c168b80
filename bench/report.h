#ifndef TIJORI_BENCH_REPORT_H
#define TIJORI_BENCH_REPORT_H

/* The report of a run: a JSON object of sections, each an array of flat rows. One thread. */

#include "bench/sample.h"

#include <jansson.h>

/* A new row at the end of the array `section` of the report, and its members. Keys end in the unit:
 * "latency_p50_us". */
json_t *report_row(json_t *report, const char *section);
void row_text(json_t *row, const char *key, const char *text);
void row_count(json_t *row, const char *key, uint64_t count);
/* What is no number, a ratio over nothing, is null: it was not measured. */
void row_number(json_t *row, const char *key, double number);
/* KEY, KEY_min and KEY_max: median, least and most of the rounds, each times `factor`. */
void row_series(json_t *row, const char *key, const struct series *series, double factor);
/* latency_p1_us, _p50_us, _p99_us, _p100_us. */
void row_latency(json_t *row, const struct histogram *latency);

/* Adds a row to the report's "targets". `unit` says what the figures are: "x raw verify". "met" is
 * true, false, or null when nothing was measured. */
enum target_kind { AT_LEAST, AT_MOST };
void report_target(json_t *report, const char *id, const char *work, enum target_kind kind,
                   double target, double measured, const char *unit);

#endif
