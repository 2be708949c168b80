#include "bench/session.h"

#include "bench/clock.h"

#include <unistd.h>

/* ---- the report ---- */

json_t *report_row(struct session *session, const char *section)
{
    json_t *rows = json_object_get(session->report, section);
    if (rows == NULL) {
        rows = json_array();
        json_object_set_new(session->report, section, rows);
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
    json_object_set_new(row, key, json_real(number));
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

void report_target(struct session *session, const char *id, const char *work, enum target_kind kind,
                   double target, double measured, const char *unit)
{
    bool met = kind == AT_LEAST ? measured >= target : measured <= target;
    json_t *row = report_row(session, "targets");
    row_text(row, "id", id);
    row_text(row, "work", work);
    row_text(row, "kind", kind == AT_LEAST ? "at least" : "at most");
    row_number(row, "target", target);
    row_number(row, "measured", measured);
    row_text(row, "unit", unit);
    json_object_set_new(row, "met", json_boolean(met));
}

/* ---- the run ---- */

bool session_fail(struct session *session, const char *what)
{
    fprintf(stderr, "tijori-bench: %s\n", what);
    session->failed = true;
    return false;
}

void session_progress(struct session *session, const char *what, double done, double total)
{
    enum { WIDTH = 40 };
    if (!isatty(STDERR_FILENO)) {
        return;
    }
    double part = session->progress_from + session->progress_width * done / total;
    int filled = (int)(part * WIDTH);
    char bar[WIDTH + 1];
    for (int i = 0; i < WIDTH; i++) {
        bar[i] = i < filled ? '#' : '.';
    }
    bar[WIDTH] = '\0';
    fprintf(stderr, "\r%s %3.0f %% %4.0f s  %-44s", bar, part * 100,
            seconds_since(session->started_ns), what);
}

void session_progress_end(void)
{
    if (isatty(STDERR_FILENO)) {
        fputc('\n', stderr);
    }
}

const char *session_path(const struct session *session, const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%.80s", session->folder.path, name);
    return path;
}

struct workload *session_workload(struct session *session, const char *name, uint8_t algorithm,
                                  uint32_t accounts)
{
    const struct workload_options options = {.accounts = accounts,
                                             .lanes = 256,
                                             .threads = session->threads,
                                             .algorithm = algorithm,
                                             .seed = session->seed};
    struct workload *workload = workload_create(&options, session_path(session, name));
    if (workload == NULL) {
        session_fail(session, "no ledger to measure");
    }
    return workload;
}

uint32_t session_calibrate(struct session *session, struct workload *workload, uint32_t batch,
                           uint32_t in_flight)
{
    /* Enough to see a rate, not so many that it takes as long as a slice. */
    uint32_t first = 8 * in_flight + 256;
    uint32_t most = 8192 / batch > in_flight ? 8192 / batch : in_flight;
    first = session->quick && most > 256 ? 256 : first < most ? first : most;
    double rate = session_slice(session, workload, batch, first, in_flight);
    /* The first envelopes run into an empty pipeline: the rate is rather low. */
    uint32_t count = (uint32_t)(rate * session->slice_s);
    return count > in_flight / 4 + 1 ? count : in_flight / 4 + 1;
}

double session_slice(struct session *session, struct workload *workload, uint32_t batch,
                     uint32_t count, uint32_t in_flight)
{
    struct drive_result result;
    workload_prepare(workload, batch, count);
    if (!workload_drive(workload, in_flight, &result, NULL)) {
        session_fail(session, "an envelope was refused");
        return 0;
    }
    return count / result.seconds;
}
