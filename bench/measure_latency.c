/* `latency`: how long from submit to receipt, for one at a time and under offered loads. */

#include "bench/floors.h"
#include "bench/raw_secp256k1.h"
#include "bench/sections.h"

/* ---- one at a time ---- */

struct closed_rounds {
    struct histogram latency; /* of all rounds */
    struct series p50_us;
    struct series verify_us;
    struct series commit_us;
    struct series ratio;
};

/* The floor of one envelope: one verification, one commit. */
struct closed_floor {
    double verify_us;
    double commit_us;
};

static struct closed_floor measure_floor(struct session *s, const struct raw_verifier *verifier)
{
    static struct series commits;
    commits.count = 0;
    commit_us(&commits, s->folder.path, s->floor_s);
    return (struct closed_floor){
        .verify_us = 1e6 / raw_verify_rate(verifier, 1, s->floor_s).per_s,
        .commit_us = series_median(&commits),
    };
}

static void merge(struct histogram *into, const struct histogram *from)
{
    into->count += from->count;
    into->max_ns = from->max_ns > into->max_ns ? from->max_ns : into->max_ns;
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        into->buckets[i] += from->buckets[i];
    }
}

static bool closed_round(struct session *s, struct workload *w, struct closed_floor *before,
                         struct closed_rounds *rounds, uint32_t count,
                         const struct raw_verifier *verifier)
{
    static struct histogram latency;
    struct drive_result result;
    memset(&latency, 0, sizeof latency);
    workload_prepare(w, 1, count);
    bool accepted = workload_drive(w, &result, &latency, 1);
    struct closed_floor after = measure_floor(s, verifier);
    double verify_us = (before->verify_us + after.verify_us) / 2;
    double commit = (before->commit_us + after.commit_us) / 2;
    double p50_us = histogram_us(&latency, 50);
    series_add(&rounds->p50_us, p50_us);
    series_add(&rounds->verify_us, verify_us);
    series_add(&rounds->commit_us, commit);
    series_add(&rounds->ratio, p50_us / (verify_us + commit));
    merge(&rounds->latency, &latency);
    *before = after;
    return accepted || session_fail(s, "an envelope was refused");
}

static bool measure_closed(struct session *s, struct workload *w)
{
    static struct closed_rounds rounds;
    memset(&rounds, 0, sizeof rounds);
    struct raw_verifier *verifier = raw_verifier_create(w->options.algorithm);
    uint32_t count = session_calibrate(s, w, 1, 1);
    struct closed_floor floor = measure_floor(s, verifier);
    for (uint32_t r = 0; r < s->rounds && !s->failed; r++) {
        closed_round(s, w, &floor, &rounds, count, verifier);
        session_progress(s, "latency: one at a time", r + 1, s->rounds * 2);
    }
    raw_verifier_destroy(verifier);
    json_t *row = report_row(s->report, "closed_loop");
    row_text(row, "id", "e");
    row_count(row, "in_flight", 1);
    row_latency(row, &rounds.latency);
    row_series(row, "p50_us", &rounds.p50_us, 1);
    row_number(row, "verify_us", series_median(&rounds.verify_us));
    row_number(row, "commit_us", series_median(&rounds.commit_us));
    row_series(row, "ratio", &rounds.ratio, 1);
    report_target(s->report, "e", "one at a time, p50", AT_MOST, 1.2, series_median(&rounds.ratio),
                  "x verify + commit");
    return !s->failed;
}

/* ---- offered loads ---- */

static bool measure_load(struct session *s, struct workload *w, uint32_t percent, double full_per_s)
{
    static struct histogram latency;
    struct drive_result result;
    double offered = full_per_s * percent / 100;
    uint32_t count = (uint32_t)(offered * s->slice_s * 1.5) + 1;
    memset(&latency, 0, sizeof latency);
    workload_prepare(w, 1, count);
    workload_count(w, count);
    drive_open(w->ledger, &result, &latency, &w->envelopes, offered, s->seed + percent);
    w->entries += count;
    json_t *row = report_row(s->report, "open_loop");
    row_count(row, "load_percent", percent);
    row_number(row, "offered_per_s", offered);
    row_number(row, "accepted_per_s", count / result.seconds);
    row_number(row, "closed_loop_per_s", full_per_s);
    row_count(row, "envelopes", count);
    row_latency(row, &latency);
    return result.refused == 0 || session_fail(s, "an envelope was refused");
}

/* What the ledger takes in a closed loop, the median of three slices. */
static double full_rate(struct session *s, struct workload *w)
{
    static struct series rates;
    uint32_t in_flight = in_flight_for(1);
    uint32_t count = session_calibrate(s, w, 1, in_flight);
    rates.count = 0;
    for (int i = 0; i < 3; i++) {
        series_add(&rates, session_slice(s, w, 1, count, in_flight));
    }
    return series_median(&rates);
}

static bool measure_open(struct session *s, struct workload *w)
{
    static const uint32_t loads[] = {10, 25, 50, 75, 90, 100, 110};
    enum { LOADS = sizeof loads / sizeof loads[0] };
    double full_per_s = full_rate(s, w);
    for (size_t i = 0; i < LOADS && !s->failed; i++) {
        measure_load(s, w, loads[i], full_per_s);
        session_progress(s, "latency: offered loads", LOADS + 1.0 + (double)i, LOADS * 2);
    }
    return !s->failed;
}

bool measure_latency(struct session *s)
{
    struct workload *w = session_workload(s, "ledger", TJ_ALGORITHM_ECDSA, s->accounts);
    if (w == NULL) {
        return false;
    }
    bool done = measure_closed(s, w) && measure_open(s, w) &&
                (workload_check(w) || session_fail(s, "totals do not agree"));
    workload_destroy(w);
    return done;
}
