#include "bench/report.h"

#include <math.h>

#include "core/base/status.h"

json_t *report_row(json_t *report, const char *section)
{
    json_t *rows = json_object_get(report, section);
    if (rows == NULL) {
        rows = json_array();
        json_object_set_new(report, section, rows);
    }
    json_t *row = json_object();
    int failed = json_array_append_new(rows, row);
    TIJORI_REQUIRE(failed == 0);
    return row;
}

void row_text(json_t *row, const char *key, const char *text)
{
    json_object_set_new(row, key, json_string(text));
}

void row_count(json_t *row, const char *key, uint64_t count)
{
    json_object_set_new(row, key, json_integer((json_int_t)count));
}

void row_number(json_t *row, const char *key, double number)
{
    json_object_set_new(row, key, isfinite(number) ? json_real(number) : json_null());
}

void row_series(json_t *row, const char *key, const struct series *series, double factor)
{
    char name[64];
    row_number(row, key, series_median(series) * factor);
    snprintf(name, sizeof name, "%s_min", key);
    row_number(row, name, series_min(series) * factor);
    snprintf(name, sizeof name, "%s_max", key);
    row_number(row, name, series_max(series) * factor);
}

void row_latency(json_t *row, const struct histogram *latency)
{
    static const int percentiles[] = {1, 50, 99, 100};
    for (size_t i = 0; i < sizeof percentiles / sizeof percentiles[0]; i++) {
        char key[32];
        snprintf(key, sizeof key, "latency_p%d_us", percentiles[i]);
        row_number(row, key, histogram_us(latency, percentiles[i]));
    }
}

void report_target(json_t *report, const char *id, const char *work, enum target_kind kind,
                   double target, double measured, const char *unit)
{
    bool met = kind == AT_LEAST ? measured >= target : measured <= target;
    json_t *row = report_row(report, "targets");
    row_text(row, "id", id);
    row_text(row, "work", work);
    row_text(row, "kind", kind == AT_LEAST ? "at least" : "at most");
    row_number(row, "target", target);
    row_number(row, "measured", measured);
    row_text(row, "unit", unit);
    json_object_set_new(row, "met", isfinite(measured) ? json_boolean(met) : json_null());
}
