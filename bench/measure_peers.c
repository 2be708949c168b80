/* `peers`: the same movements, in the same batches, through SQLite and PostgreSQL; ledger and peers
 * take turns. */

#include "bench/clock.h"
#include "bench/memory.h"
#include "bench/peers.h"
#include "bench/sections.h"

#include <sys/stat.h>

enum {
    PEERS = 2,
    TOUCHED_BYTES = 256, /* of the page cache, a movement: a row, its index and the log of both */
};

struct contestant {
    const struct peer *peer;
    const char *id;
    double target; /* how many times faster the ledger is to be */
    struct peer_store *store;
    char version[128];
    uint64_t movements;
    uint64_t moved;
    uint32_t batches; /* a slice */
    struct series rates;
    struct series ratios; /* ledger to peer, of the same round */
};

/* The movements of one prepared envelope. */
static void read_movements(const struct workload *w, struct peer_movement out[TJ_RECORDS_MAX],
                           uint32_t envelope)
{
    const uint8_t *record =
        w->envelopes.bytes + (size_t)envelope * w->envelopes.size + TJ_HEADER_SIZE;
    for (uint32_t i = 0; i < w->envelopes.batch; i++, record += TJ_RECORD_SIZE) {
        out[i] = (struct peer_movement){(uint32_t)tj_movement_from(record),
                                        (uint32_t)tj_movement_to(record),
                                        tj_movement_amount(record).base};
    }
}

/* Enters the first `batches` of the prepared envelopes; movements a second, 0 when it fails. */
static double peer_slice(struct session *s, struct contestant *c, const struct workload *w,
                         uint32_t batches)
{
    static struct peer_movement movements[TJ_RECORDS_MAX];
    uint64_t spent_ns = 0;
    uint64_t entered = 0;
    for (uint32_t e = 0; e < batches && e < w->envelopes.count; e++) {
        read_movements(w, movements, e);
        uint64_t start = now_ns();
        if (!c->peer->batch(c->store, movements, w->envelopes.batch)) {
            session_fail(s, "a peer refused a batch");
            return 0;
        }
        spent_ns += now_ns() - start;
        entered += w->envelopes.batch;
        c->moved += w->envelopes.moved[e];
    }
    c->movements += entered;
    return (double)entered * 1e9 / (double)spent_ns;
}

static void peer_missing(struct session *s, const struct contestant *c, const char *name,
                         const char *why)
{
    json_t *row = report_row(s->report, "peers");
    row_text(row, "id", c->id);
    row_text(row, "store", name);
    row_text(row, "missing", why);
    fprintf(stderr, "tijori-bench: %s is left out: %s\n", name, why);
}

static void peer_open(struct session *s, struct contestant *c, const struct workload *w,
                      const char *name)
{
    char why[256] = "";
    char dir[4096];
    if (c->peer == NULL) {
        peer_missing(s, c, name, "its library was not there when this was built");
        return;
    }
    snprintf(dir, sizeof dir, "%s", session_path(s, c->id));
    mkdir(dir, 0700);
    c->store =
        c->peer->open(c->version, sizeof c->version, dir, w->options.accounts, why, sizeof why);
    if (c->store == NULL) {
        peer_missing(s, c, name, why);
        return;
    }
    double rate = peer_slice(s, c, w, s->quick ? 1 : 8); /* warm up */
    c->batches = (uint32_t)(rate * s->slice_s / w->envelopes.batch) + 1;
}

static void run_round(struct session *s, struct workload *w, struct contestant contestants[PEERS],
                      struct series *own, uint32_t count)
{
    double rate =
        session_slice(s, w, TJ_RECORDS_MAX, count, in_flight_for(TJ_RECORDS_MAX)) * TJ_RECORDS_MAX;
    series_add(own, rate);
    for (int i = 0; i < PEERS; i++) {
        struct contestant *c = &contestants[i];
        if (c->store != NULL) {
            memory_touch(s->folder.path, (size_t)c->batches * TJ_RECORDS_MAX * TOUCHED_BYTES);
            double theirs = peer_slice(s, c, w, c->batches);
            series_add(&c->rates, theirs);
            series_add(&c->ratios, theirs > 0 ? rate / theirs : 0);
        }
    }
}

static void peer_report(struct session *s, struct contestant *c)
{
    uint64_t movements = 0;
    uint64_t in = 0;
    uint64_t out = 0;
    if (c->store == NULL) {
        return;
    }
    if (!c->peer->totals(c->store, &movements, &in, &out) || movements != c->movements ||
        in != c->moved || out != c->moved) {
        session_fail(s, "a peer does not hold what was entered");
        return;
    }
    json_t *row = report_row(s->report, "peers");
    row_text(row, "id", c->id);
    row_text(row, "store", c->version);
    row_count(row, "movements", c->movements);
    row_series(row, "movements_per_s", &c->rates, 1);
    row_series(row, "ratio", &c->ratios, 1);
    json_object_set_new(row, "totals_agree", json_true());
    char id[32];
    snprintf(id, sizeof id, "b.%s", c->id);
    report_target(s->report, id, "b beside it, without hashes and signatures", AT_LEAST, c->target,
                  series_median(&c->ratios), c->peer->name);
}

static void own_report(struct session *s, const struct workload *w, const struct series *rates)
{
    json_t *row = report_row(s->report, "peers");
    row_text(row, "id", "tijori");
    row_text(row, "store", "Tijori, hashes and signatures included");
    row_count(row, "movements", w->movements);
    row_series(row, "movements_per_s", rates, 1);
    json_object_set_new(row, "totals_agree", json_true());
}

bool measure_peers(struct session *s)
{
    static struct contestant contestants[PEERS];
    static struct series own;
    static const char *const names[PEERS] = {"SQLite", "PostgreSQL"};
    memset(contestants, 0, sizeof contestants);
    contestants[0] = (struct contestant){.peer = peer_sqlite, .id = "sqlite", .target = 5};
    contestants[1] = (struct contestant){.peer = peer_postgres, .id = "postgres", .target = 15};
    own.count = 0;
    struct workload *w = session_workload(s, "ledger", TJ_ALGORITHM_ECDSA, s->accounts);
    if (w == NULL) {
        return false;
    }
    uint32_t count = session_calibrate(s, w, TJ_RECORDS_MAX, in_flight_for(TJ_RECORDS_MAX));
    for (int i = 0; i < PEERS; i++) {
        peer_open(s, &contestants[i], w, names[i]);
    }
    for (uint32_t r = 0; r < s->rounds && !s->failed; r++) {
        run_round(s, w, contestants, &own, count);
        session_progress(s, "peers", r + 1, s->rounds);
    }
    if (!s->failed && workload_check(w)) {
        own_report(s, w, &own);
    } else {
        session_fail(s, "totals do not agree");
    }
    for (int i = 0; i < PEERS; i++) {
        peer_report(s, &contestants[i]);
        if (contestants[i].store != NULL) {
            contestants[i].peer->close(contestants[i].store);
        }
    }
    workload_destroy(w);
    return !s->failed;
}
