/* `floors`: what the machine can do at best. */

#include "bench/floors.h"
#include "bench/raw_secp256k1.h"
#include "bench/sections.h"

static void floor_row(struct session *s, const char *what, double value, const char *unit)
{
    json_t *row = report_row(s->report, "floors");
    row_text(row, "floor", what);
    row_number(row, "value", value);
    row_text(row, "unit", unit);
}

/* Threads and ways take turns, so that a machine that slows down slows all. */
static void measure_verify(struct session *s, uint8_t algorithm)
{
    static struct series one, all, batch;
    struct raw_verifier *verifier = raw_verifier_create(algorithm);
    const char *name = tj_algorithm_names[algorithm];
    char what[64];
    one.count = all.count = batch.count = 0;
    raw_verify_rate(verifier, s->cores, s->floor_s / 3); /* warm up */
    for (uint32_t r = 0; r < s->rounds; r++) {
        series_add(&one, raw_verify_rate(verifier, 1, s->floor_s).per_s);
        series_add(&all, raw_verify_rate(verifier, s->cores, s->floor_s).per_s);
        series_add(&batch, batch_verify_rate(verifier, s->cores, s->floor_s).per_s);
        session_progress(s, "floors: signatures", (algorithm - 1) * (double)s->rounds + r + 1,
                         2 * (double)s->rounds);
    }
    snprintf(what, sizeof what, "%s verify, raw, one thread", name);
    floor_row(s, what, series_median(&one), "per_s");
    snprintf(what, sizeof what, "%s verify, raw, all cores", name);
    floor_row(s, what, series_median(&all), "per_s");
    snprintf(what, sizeof what, "%s verify, tj_verify_batch of 16, all cores", name);
    floor_row(s, what, series_median(&batch), "per_s");
    raw_verifier_destroy(verifier);
}

static void measure_disk(struct session *s)
{
    static struct series times;
    char what[64];
    for (size_t i = 0; i < SYNC_SIZES; i++) {
        times.count = 0;
        sync_us(&times, s->folder.path, sync_sizes[i], s->floor_s);
        snprintf(what, sizeof what, "append of %u KiB and fdatasync", sync_sizes[i] / 1024);
        floor_row(s, what, series_median(&times), "us");
    }
    times.count = 0;
    commit_us(&times, s->folder.path, s->floor_s);
    floor_row(s, "LMDB commit of one small row", series_median(&times), "us");
}

bool measure_floors(struct session *s)
{
    static const uint32_t sizes[] = {65, 113, 256};
    measure_verify(s, TJ_ALGORITHM_ECDSA);
    measure_verify(s, TJ_ALGORITHM_BIP340);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        char what[64];
        snprintf(what, sizeof what, "SHA-256 of %u bytes", sizes[i]);
        floor_row(s, what, hash_ns(sizes[i]), "ns");
    }
    floor_row(s, "tree root of 8,190 records, a record", record_root_ns(), "ns");
    measure_disk(s);
    return true;
}
