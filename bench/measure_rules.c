/* `rules`: what governance costs plain movements. Slices over a ledger with 100 limits and 10
 * programmes in force, beside slices over one without, in turns: transfers that no rule bars. */

#include "bench/sections.h"

enum { LIMITS = 100, PROGRAMMES = 10 };

struct pairs {
    struct workload *ledgers[2]; /* plain, ruled */
    struct series per_s[2];      /* envelopes */
    struct series ratio;
};

/* Ruled first in every other pair, so that what drifts favours neither. */
static bool run_pair(struct session *s, struct pairs *pairs, uint32_t batch, uint32_t count,
                     bool first)
{
    double rates[2];
    rates[first] = session_slice(s, pairs->ledgers[first], batch, count, in_flight_for(batch));
    rates[!first] = session_slice(s, pairs->ledgers[!first], batch, count, in_flight_for(batch));
    if (rates[0] <= 0 || rates[1] <= 0) {
        return session_fail(s, "an envelope was refused");
    }
    series_add(&pairs->per_s[0], rates[0]);
    series_add(&pairs->per_s[1], rates[1]);
    series_add(&pairs->ratio, rates[1] / rates[0]);
    return true;
}

static void add_row(struct session *s, uint32_t batch, const struct pairs *pairs)
{
    char id[32];
    char work[64];
    json_t *row = report_row(s->report, "rules");
    snprintf(id, sizeof id, "rules.%u", batch);
    snprintf(work, sizeof work, "envelopes of %u, %d limits, %d programmes", batch, LIMITS,
             PROGRAMMES);
    row_text(row, "id", id);
    row_count(row, "batch", batch);
    row_count(row, "rounds", s->rounds);
    row_series(row, "envelopes_per_s", &pairs->per_s[0], 1);
    row_series(row, "ruled_envelopes_per_s", &pairs->per_s[1], 1);
    row_series(row, "ratio", &pairs->ratio, 1);
    json_object_set_new(row, "totals_agree", json_true());
    report_target(s->report, id, work, AT_LEAST, 0.95, series_median(&pairs->ratio),
                  "x without rules");
}

static bool measure_batch(struct session *s, uint32_t batch)
{
    static struct pairs pairs;
    memset(&pairs, 0, sizeof pairs);
    pairs.ledgers[0] = session_workload(s, "plain", TJ_ALGORITHM_ECDSA, s->accounts);
    pairs.ledgers[1] = session_workload(s, "ruled", TJ_ALGORITHM_ECDSA, s->accounts);
    bool done = pairs.ledgers[0] != NULL && pairs.ledgers[1] != NULL &&
                workload_set_rules(pairs.ledgers[1], LIMITS, PROGRAMMES);
    uint32_t count = done ? session_calibrate(s, pairs.ledgers[0], batch, in_flight_for(batch)) : 0;
    for (uint32_t r = 0; r < s->rounds && done; r++) {
        done = run_pair(s, &pairs, batch, count, r % 2 == 1);
        session_progress(s, "rules", r + 1, s->rounds);
    }
    for (int i = 0; i < 2; i++) {
        done = done && (workload_check(pairs.ledgers[i]) || session_fail(s, "totals do not agree"));
    }
    if (done) {
        add_row(s, batch, &pairs);
    }
    workload_destroy(pairs.ledgers[0]);
    workload_destroy(pairs.ledgers[1]);
    return done;
}

bool measure_rules(struct session *s)
{
    struct stretch whole = session_narrow(s, 0, 1, 2);
    bool done = measure_batch(s, 1);
    s->stretch = whole;
    session_narrow(s, 1, 2, 2);
    done = done && measure_batch(s, TJ_RECORDS_MAX);
    s->stretch = whole;
    return done;
}
