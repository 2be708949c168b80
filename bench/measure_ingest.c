/* `ingest`: from signed envelopes to durable receipts, beside the raw verify rate and, for large
 * envelopes, what the disk takes. */

#include "bench/floors.h"
#include "bench/raw_secp256k1.h"
#include "bench/sections.h"

/* From here on the disk has more to do than the verifiers. */
enum { LARGE_BATCH = 512 };

/* What the rounds of a row add up to. */
struct rounds {
    struct series envelopes_per_s;
    struct series ratio; /* to the raw verify rate of all cores */
    struct series floor_per_s;
    struct series cpu_us;       /* an envelope */
    struct series other_cpu_us; /* the same without the signature */
    struct series sync_us;      /* of 8 MiB appended; for large envelopes only */
    struct histogram latency;
    uint64_t envelopes;
    double bytes_per_movement;
};

/* One round: floor, slice. The floor before it is that of the round before. */
static bool run_round(struct session *s, struct workload *w, struct verify_rate *before,
                      struct rounds *rounds, const struct ingest_options *o,
                      const struct raw_verifier *verifier)
{
    struct drive_result result;
    bool accepted = workload_drive(w, &result, &rounds->latency, o->in_flight);
    struct verify_rate after = raw_verify_rate(verifier, s->cores, s->floor_s);
    double count = w->envelopes.count;
    double floor_per_s = (before->per_s + after.per_s) / 2;
    double cpu_us = result.cpu_s * 1e6 / count;
    series_add(&rounds->envelopes_per_s, count / result.seconds);
    series_add(&rounds->floor_per_s, floor_per_s);
    series_add(&rounds->ratio, count / result.seconds / floor_per_s);
    series_add(&rounds->cpu_us, cpu_us);
    series_add(&rounds->other_cpu_us, cpu_us - (before->cpu_us + after.cpu_us) / 2);
    rounds->envelopes += w->envelopes.count;
    if (o->batch >= LARGE_BATCH) {
        sync_us(&rounds->sync_us, s->folder.path, SYNC_SIZE_MAX, s->floor_s / 2);
    }
    *before = after;
    return accepted || session_fail(s, "an envelope was refused");
}

static void add_row(struct session *s, const struct ingest_options *o, const struct rounds *r)
{
    json_t *row = report_row(s->report, "ingest");
    row_text(row, "id", o->id);
    row_text(row, "work", o->work);
    row_text(row, "scheme", tj_algorithm_names[o->algorithm]);
    row_count(row, "batch", o->batch);
    row_count(row, "accounts", s->accounts);
    row_count(row, "lanes", o->lanes);
    row_count(row, "in_flight", o->in_flight);
    row_count(row, "rounds", s->rounds);
    row_count(row, "envelopes", r->envelopes);
    row_series(row, "movements_per_s", &r->envelopes_per_s, o->batch);
    row_number(row, "envelopes_per_s", series_median(&r->envelopes_per_s));
    row_number(row, "raw_verify_per_s", series_median(&r->floor_per_s));
    row_series(row, "ratio", &r->ratio, 1);
    row_series(row, "cpu_us_per_envelope", &r->cpu_us, 1);
    row_series(row, "cpu_us_without_signature", &r->other_cpu_us, 1);
    row_latency(row, &r->latency);
    row_number(row, "bytes_per_movement", r->bytes_per_movement);
    row_number(row, "written_mib_per_s",
               series_median(&r->envelopes_per_s) * o->batch * r->bytes_per_movement / (1 << 20));
    if (r->sync_us.count > 0) {
        row_number(row, "sync_mib_per_s", 1e6 * (SYNC_SIZE_MAX >> 20) / series_median(&r->sync_us));
    }
    json_object_set_new(row, "totals_agree", json_true()); /* else there is no row */
}

static void add_targets(struct session *s, const char *id, const struct rounds *r)
{
    bool ecdsa = strcmp(id, "a.ecdsa") == 0;
    char name[32];
    if (ecdsa || strcmp(id, "a.bip340") == 0) {
        report_target(s->report, id, "envelopes of 1, 1,024 in flight", AT_LEAST, 0.93,
                      series_median(&r->ratio), "x raw verify");
        snprintf(name, sizeof name, "cpu.%s", id + 2);
        report_target(s->report, name, "CPU an envelope of 1, signature excluded", AT_MOST, 3,
                      series_median(&r->other_cpu_us), "us");
    } else if (strcmp(id, "b") == 0) {
        report_target(s->report, "b", "envelopes of 8,190", AT_LEAST, 1800000,
                      series_median(&r->envelopes_per_s) * TJ_RECORDS_MAX, "movements/s");
        report_target(s->report, "i", "disk, in b", AT_MOST, 140, r->bytes_per_movement,
                      "bytes a movement");
    }
}

static bool run_rounds(struct session *s, struct workload *w, struct rounds *rounds,
                       const struct ingest_options *o, const struct raw_verifier *verifier)
{
    uint32_t count =
        o->envelopes != 0 ? o->envelopes : session_calibrate(s, w, o->batch, o->in_flight);
    workload_prepare(w, o->batch, count);
    struct verify_rate floor = raw_verify_rate(verifier, s->cores, s->floor_s);
    for (uint32_t r = 0; r < s->rounds && !s->failed; r++) {
        if (r > 0) {
            workload_prepare(w, o->batch, count);
        }
        run_round(s, w, &floor, rounds, o, verifier);
        session_progress(s, o->id, r + 1, s->rounds);
    }
    return !s->failed;
}

bool measure_ingest_row(struct session *s, const struct ingest_options *o)
{
    static struct rounds rounds;
    memset(&rounds, 0, sizeof rounds);
    struct workload *w = session_workload(s, "ledger", o->algorithm, s->accounts);
    if (w == NULL) {
        return false;
    }
    w->options.lanes = o->lanes;
    workload_close(w);
    uint64_t bytes = workload_stored_bytes(w);
    struct raw_verifier *verifier = raw_verifier_create(o->algorithm);
    bool done = workload_open(w) && run_rounds(s, w, &rounds, o, verifier) &&
                (workload_check(w) || session_fail(s, "totals do not agree"));
    if (done) {
        workload_close(w);
        rounds.bytes_per_movement =
            (double)(workload_stored_bytes(w) - bytes) / (double)w->movements;
        add_row(s, o, &rounds);
        add_targets(s, o->id, &rounds);
    }
    raw_verifier_destroy(verifier);
    workload_destroy(w);
    return done;
}

bool measure_ingest(struct session *s)
{
    static const struct ingest_options rows[] = {
        {"a.ecdsa", "1 record, ECDSA", TJ_ALGORITHM_ECDSA, 1, 0, 256, 1024},
        {"a.bip340", "1 record, BIP-340", TJ_ALGORITHM_BIP340, 1, 0, 256, 1024},
        {"a.few", "1 record, ECDSA", TJ_ALGORITHM_ECDSA, 1, 0, 64, 64},
        {"b", "8,190 records, ECDSA", TJ_ALGORITHM_ECDSA, TJ_RECORDS_MAX, 0, 8, 32},
    };
    enum { ROWS = sizeof rows / sizeof rows[0] };
    bool done = true;
    for (int i = 0; i < ROWS && done; i++) {
        struct stretch whole = session_narrow(s, i, i + 1, ROWS);
        done = measure_ingest_row(s, &rows[i]);
        s->stretch = whole;
    }
    return done;
}
