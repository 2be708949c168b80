/* `scale`: throughput against the records of an envelope, the accounts touched, and the movements
 * that the ledger holds already, and the memory that each takes. */

#include "bench/machine.h"
#include "bench/sections.h"
#include "core/ingest/ingest.h"

#include <inttypes.h>

enum { MIB = 1 << 20, ACCOUNT_BYTES = 64 };

/* ---- records an envelope ---- */

static bool measure_batches(struct session *s)
{
    static const uint32_t batches[] = {1, 8, 64, 512, 4096, TJ_RECORDS_MAX};
    enum { BATCHES = sizeof batches / sizeof batches[0] };
    static struct series rates[BATCHES];
    uint32_t counts[BATCHES];
    struct workload *w = session_workload(s, "ledger", TJ_ALGORITHM_ECDSA, s->accounts);
    if (w == NULL) {
        return false;
    }
    for (size_t b = 0; b < BATCHES; b++) {
        rates[b].count = 0;
        counts[b] = session_calibrate(s, w, batches[b], in_flight_for(batches[b]));
    }
    for (uint32_t r = 0; r < s->rounds && !s->failed; r++) {
        for (size_t b = 0; b < BATCHES; b++) {
            uint32_t batch = batches[b];
            series_add(&rates[b],
                       session_slice(s, w, batch, counts[b], in_flight_for(batch)) * batch);
        }
        session_progress(s, "scale: records an envelope", r + 1, s->rounds * 4);
    }
    for (size_t b = 0; b < BATCHES; b++) {
        json_t *row = report_row(s->report, "scale_batch");
        row_count(row, "batch", batches[b]);
        row_series(row, "movements_per_s", &rates[b], 1);
    }
    bool done = !s->failed && (workload_check(w) || session_fail(s, "totals do not agree"));
    workload_destroy(w);
    return done;
}

/* ---- accounts ---- */

enum { SIZES_MAX = 4 };

struct sizes {
    uint32_t count;
    struct workload *workloads[SIZES_MAX];
    uint32_t envelopes[SIZES_MAX]; /* a slice */
    uint64_t anonymous[SIZES_MAX]; /* bytes that the ledger took */
    struct series rates[SIZES_MAX];
    struct series ratios[SIZES_MAX]; /* to the smallest, of the same round */
};

/* The smallest, ten and a hundred times that, the largest. */
static uint32_t choose_sizes(const struct session *s, uint32_t out[SIZES_MAX])
{
    uint32_t count = 0;
    for (uint32_t accounts = s->accounts; count < 3 && accounts < s->accounts_max; accounts *= 10) {
        out[count++] = accounts;
    }
    out[count++] = s->accounts_max;
    return count;
}

/* What may stand beside 64 bytes an account, MiB: the queue with its items, two undo logs (which
 * grow by doubling), the pages of a commit, and as much again as those for what malloc keeps of
 * them. */
static double rest_mib_max(void)
{
    const double undo = 2 * (sizeof(struct tj_account_object) + sizeof(struct tj_undo));
    const double records = TJ_GROUP_RECORDS_MAX + TJ_RECORDS_MAX;
    const double pages = records * (TJ_RECORD_SIZE + TJ_LINK_SIZE);
    const double items = TJ_QUEUE_MAX * (double)sizeof(struct tj_ingest_item);
    return (TJ_QUEUE_BYTES + items + 2 * 2 * records * undo + 2 * pages) / (1 << 20);
}

/* Makes a ledger of each size, drives it once, and sees what memory it took. */
static bool open_sizes(struct session *s, struct sizes *sizes)
{
    uint32_t wanted[SIZES_MAX];
    uint32_t count = choose_sizes(s, wanted);
    uint32_t in_flight = in_flight_for(TJ_RECORDS_MAX);
    for (uint32_t i = 0; i < count; i++) {
        char name[32];
        session_progress(s, "scale: setting up accounts", 1 + 0.25 * i, 4);
        snprintf(name, sizeof name, "ledger-%" PRIu32, wanted[i]);
        uint64_t before = anonymous_bytes();
        struct workload *w = session_workload(s, name, TJ_ALGORITHM_ECDSA, wanted[i]);
        if (w == NULL) {
            return false;
        }
        sizes->workloads[i] = w;
        sizes->count++;
        sizes->envelopes[i] = session_calibrate(s, w, TJ_RECORDS_MAX, in_flight);
        session_slice(s, w, TJ_RECORDS_MAX, sizes->envelopes[i], in_flight);
        sizes->anonymous[i] = anonymous_since(before);
    }
    return true;
}

static void run_sizes(struct session *s, struct sizes *sizes)
{
    for (uint32_t r = 0; r < s->rounds && !s->failed; r++) {
        double first = 0;
        for (size_t i = 0; i < sizes->count; i++) {
            double rate = session_slice(s, sizes->workloads[i], TJ_RECORDS_MAX, sizes->envelopes[i],
                                        in_flight_for(TJ_RECORDS_MAX)) *
                          TJ_RECORDS_MAX;
            first = i == 0 ? rate : first;
            series_add(&sizes->rates[i], rate);
            series_add(&sizes->ratios[i], rate / first);
        }
        session_progress(s, "scale: accounts", 2 + (double)r / s->rounds, 4);
    }
}

static void report_sizes(struct session *s, const struct sizes *sizes)
{
    for (size_t i = 0; i < sizes->count; i++) {
        double accounts = sizes->workloads[i]->options.accounts;
        double bytes = (double)sizes->anonymous[i];
        json_t *row = report_row(s->report, "scale_accounts");
        row_count(row, "accounts", sizes->workloads[i]->options.accounts);
        row_series(row, "movements_per_s", &sizes->rates[i], 1);
        row_series(row, "ratio", &sizes->ratios[i], 1);
        row_number(row, "anonymous_mib", bytes / MIB);
        row_number(row, "rest_mib", (bytes - accounts * ACCOUNT_BYTES) / MIB);
        if (accounts == 1e6) {
            report_target(s->report, "c.1m", "b with 1 M accounts", AT_LEAST, 0.6,
                          series_median(&sizes->ratios[i]), "x b");
        } else if (accounts == 2e7) {
            report_target(s->report, "c.20m", "b with 20 M accounts", AT_LEAST, 0.4,
                          series_median(&sizes->ratios[i]), "x b");
        }
    }
    size_t last = sizes->count - 1;
    double accounts = sizes->workloads[last]->options.accounts;
    report_target(s->report, "h", "anonymous memory beside 64 bytes an account", AT_MOST,
                  rest_mib_max(), ((double)sizes->anonymous[last] - accounts * ACCOUNT_BYTES) / MIB,
                  "MiB");
}

static bool measure_accounts(struct session *s)
{
    static struct sizes sizes;
    memset(&sizes, 0, sizeof sizes);
    if (open_sizes(s, &sizes)) {
        run_sizes(s, &sizes);
    }
    if (!s->failed) {
        report_sizes(s, &sizes);
    }
    for (uint32_t i = 0; i < sizes.count; i++) {
        if (!s->failed && !workload_check(sizes.workloads[i])) {
            session_fail(s, "totals do not agree");
        }
        /* The last is opened again, with no other ledger's threads about: it will fork. */
        if (!s->failed && i + 1 == sizes.count) {
            measure_opening(s, sizes.workloads[i]);
        }
        workload_destroy(sizes.workloads[i]);
    }
    return !s->failed;
}

/* ---- movements ---- */

enum { GROW_ENVELOPES = 200 };

static bool grow(struct session *s, struct workload *w, uint64_t movements)
{
    while (w->movements < movements && !s->failed) {
        uint64_t left = (movements - w->movements) / TJ_RECORDS_MAX + 1;
        uint32_t count = left < GROW_ENVELOPES ? (uint32_t)left : GROW_ENVELOPES;
        session_slice(s, w, TJ_RECORDS_MAX, count, in_flight_for(TJ_RECORDS_MAX));
        session_progress(s, "scale: movements",
                         3 + 0.9 * (double)w->movements / (double)s->movements, 4);
    }
    return !s->failed;
}

/* The grown ledger and an empty one take turns. */
static void compare_grown(struct session *s, struct workload *grown, struct workload *empty,
                          struct series rates[2], struct series *ratio)
{
    uint32_t in_flight = in_flight_for(TJ_RECORDS_MAX);
    uint32_t count = session_calibrate(s, empty, TJ_RECORDS_MAX, in_flight);
    for (uint32_t r = 0; r < s->rounds && !s->failed; r++) {
        double small = session_slice(s, empty, TJ_RECORDS_MAX, count, in_flight);
        double large = session_slice(s, grown, TJ_RECORDS_MAX, count, in_flight);
        series_add(&rates[0], small * TJ_RECORDS_MAX);
        series_add(&rates[1], large * TJ_RECORDS_MAX);
        series_add(ratio, large / small);
    }
}

static void report_grown(struct session *s, const struct workload *grown,
                         const struct series rates[2], const struct series *ratio,
                         const uint64_t anonymous[2])
{
    for (int i = 0; i < 2; i++) {
        json_t *row = report_row(s->report, "scale_movements");
        row_text(row, "ledger", i == 0 ? "empty" : "grown");
        row_count(row, "movements", i == 0 ? 0 : grown->movements);
        row_series(row, "movements_per_s", &rates[i], 1);
        row_number(row, "ratio", i == 0 ? 1 : series_median(ratio));
        row_number(row, "anonymous_mib", (double)anonymous[i] / MIB);
    }
    report_target(s->report, "f.rate", "b on a grown ledger", AT_LEAST, 0.9, series_median(ratio),
                  "x empty");
    report_target(s->report, "f.memory", "anonymous memory of a grown ledger", AT_MOST, 1.05,
                  (double)anonymous[1] / (double)anonymous[0], "x empty");
}

static bool measure_movements(struct session *s)
{
    static struct series rates[2], ratio;
    uint64_t anonymous[2];
    rates[0].count = rates[1].count = ratio.count = 0;
    uint64_t before = anonymous_bytes();
    struct workload *grown = session_workload(s, "grown", TJ_ALGORITHM_ECDSA, s->accounts);
    if (grown == NULL) {
        return false;
    }
    /* Everything bounded has reached its size by then. */
    grow(s, grown, s->movements / 20);
    anonymous[0] = anonymous_since(before);
    grow(s, grown, s->movements);
    anonymous[1] = anonymous_since(before);
    struct workload *empty = session_workload(s, "empty", TJ_ALGORITHM_ECDSA, s->accounts);
    if (empty != NULL) {
        compare_grown(s, grown, empty, rates, &ratio);
    }
    if (!s->failed && workload_check(grown) && workload_check(empty)) {
        report_grown(s, grown, rates, &ratio, anonymous);
    } else {
        session_fail(s, "totals do not agree");
    }
    workload_destroy(grown);
    workload_destroy(empty);
    return !s->failed;
}

/* ---- room ---- */

/* A record takes 128 bytes of the journal, an account's set-up two records; the snapshot, LMDB's
 * spare pages and the smaller ledgers come on top. What is measured last is made when the rest is
 * removed. Halves what does not fit, and says so. */
static void fit_disk(struct session *s)
{
    enum { RECORD_BYTES = 160, RECORDS_AN_ACCOUNT = 4 };
    uint64_t room = free_bytes(s->folder.path) / RECORD_BYTES;
    while ((s->movements > room || (uint64_t)s->accounts_max * RECORDS_AN_ACCOUNT > room) &&
           s->movements > s->accounts && s->accounts_max > s->accounts) {
        s->movements /= 2;
        s->accounts_max /= 2;
        fprintf(stderr,
                "tijori-bench: little room on the disk: %" PRIu32 " accounts, %" PRIu64
                " movements\n",
                s->accounts_max, s->movements);
    }
}

bool measure_scale(struct session *s)
{
    fit_disk(s);
    return measure_batches(s) && measure_accounts(s) && measure_movements(s);
}
