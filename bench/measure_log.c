/* `log`: what the transparency log costs an ingest. Slices with a log key, with which every commit
 * signs and stores a checkpoint, beside slices without, in turns; and the tree's own work, which an
 * ingest does either way: one append of a leaf with the nodes it completes. */

#include "bench/clock.h"
#include "bench/sections.h"
#include "crypto/tree.h"

enum { TREE_LEAVES = 1 << 18 };

/* ns of one leaf appended to the tree, as core/ingest/ingest.c does it. */
static double tree_ns(void)
{
    struct tj_hasher *hasher = tj_hasher_create();
    struct tj_frontier frontier;
    struct tj_hash leaf = {{1}};
    struct tj_hash nodes[TJ_FRONTIER_NODES_MAX];
    tj_frontier_init(&frontier);
    uint64_t start = now_ns();
    for (uint32_t i = 0; i < TREE_LEAVES; i++) {
        uint32_t levels = tj_frontier_append_nodes(hasher, &frontier, nodes, &leaf);
        leaf = levels > 0 ? nodes[0] : frontier.nodes[frontier.count - 1];
    }
    double ns = (double)(now_ns() - start) / TREE_LEAVES;
    tj_hasher_destroy(hasher);
    return ns;
}

struct pairs {
    struct series plain_per_s; /* envelopes */
    struct series signed_per_s;
    struct series ratio;
};

/* One slice: opened anew, with the log key or without. */
static double slice(struct session *s, struct workload *w, uint32_t batch, uint32_t count,
                    bool sign)
{
    workload_close(w);
    w->sign = sign;
    return workload_open(w) ? session_slice(s, w, batch, count, in_flight_for(batch)) : 0;
}

/* Signed first in every other pair, so that what drifts favours neither. */
static bool run_pair(struct session *s, struct workload *w, struct pairs *pairs, uint32_t batch,
                     uint32_t count, bool first)
{
    double rates[2];
    rates[first] = slice(s, w, batch, count, first);
    rates[!first] = slice(s, w, batch, count, !first);
    if (rates[0] <= 0 || rates[1] <= 0) {
        return session_fail(s, "an envelope was refused");
    }
    series_add(&pairs->plain_per_s, rates[0]);
    series_add(&pairs->signed_per_s, rates[1]);
    series_add(&pairs->ratio, rates[1] / rates[0]);
    return true;
}

static void add_row(struct session *s, uint32_t batch, const struct pairs *pairs, double node_ns)
{
    char id[32];
    char work[64];
    json_t *row = report_row(s->report, "log");
    double rate = series_median(&pairs->plain_per_s);
    /* Of the time that an envelope takes, on one of the cores. */
    double share = node_ns * rate / 1e9;
    snprintf(id, sizeof id, "log.%u", batch);
    snprintf(work, sizeof work, "envelopes of %u, each commit signed", batch);
    row_text(row, "id", id);
    row_count(row, "batch", batch);
    row_count(row, "rounds", s->rounds);
    row_series(row, "envelopes_per_s", &pairs->plain_per_s, 1);
    row_series(row, "signed_envelopes_per_s", &pairs->signed_per_s, 1);
    row_series(row, "ratio", &pairs->ratio, 1);
    row_number(row, "tree_ns", node_ns);
    row_number(row, "tree_percent", 100 * share);
    json_object_set_new(row, "totals_agree", json_true());
    report_target(s->report, id, work, AT_LEAST, 0.97, series_median(&pairs->ratio),
                  "x without a log key");
    snprintf(id, sizeof id, "tree.%u", batch);
    report_target(s->report, id, "the tree's part of an ingest", AT_MOST, 3, 100 * share,
                  "% of a core");
}

static bool measure_batch(struct session *s, uint32_t batch, double node_ns)
{
    static struct pairs pairs;
    memset(&pairs, 0, sizeof pairs);
    struct workload *w = session_workload(s, "ledger", TJ_ALGORITHM_ECDSA, s->accounts);
    if (w == NULL) {
        return false;
    }
    uint32_t count = session_calibrate(s, w, batch, in_flight_for(batch));
    bool done = true;
    for (uint32_t r = 0; r < s->rounds && done; r++) {
        done = run_pair(s, w, &pairs, batch, count, r % 2 == 1);
        session_progress(s, "log", r + 1, s->rounds);
    }
    done = done && (workload_check(w) || session_fail(s, "totals do not agree"));
    if (done) {
        add_row(s, batch, &pairs, node_ns);
    }
    workload_destroy(w);
    return done;
}

bool measure_log(struct session *s)
{
    double node_ns = tree_ns();
    struct stretch whole = session_narrow(s, 0, 1, 2);
    bool done = measure_batch(s, 1, node_ns);
    s->stretch = whole;
    session_narrow(s, 1, 2, 2);
    done = done && measure_batch(s, TJ_RECORDS_MAX, node_ns);
    s->stretch = whole;
    return done;
}
