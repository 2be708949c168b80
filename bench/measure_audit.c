/* `audit`: the whole log read again as the auditor does: every byte hashed, every signature and
 * rule checked, the state built anew and compared. */

#include "bench/clock.h"
#include "bench/raw_secp256k1.h"
#include "bench/sections.h"
#include "core/log/journal.h"
#include "core/base/pipeline.h"
#include "core/audit/replay.h"

struct audit_options {
    const char *id;
    const char *work;
    uint8_t algorithm;
    uint32_t batch;
    double part; /* of session->slice_s that is ingested before each audit of the whole log */
};

struct audit_rounds {
    struct series ingest_per_s; /* movements */
    struct series records_per_s;
    struct series signatures_per_s;
    struct series floor_per_s;
    struct series to_ingest;
    struct series to_verify;
};

static bool totals_agree(const struct workload *w, const struct tj_replay_report *report,
                         const struct tj_state *state)
{
    const struct tj_total_object *total = tj_state_peek(
        state, TJ_T_TOTAL, 0, tj_total_number(1, TJ_CUSTOMER_TRANSFER, TJ_BASIS_DECLARED));
    return !report->failed && report->entries == w->entries && total != NULL &&
           total->count[TJ_FLOW_OUTSIDE] == w->movements &&
           total->amount[TJ_FLOW_OUTSIDE] == w->moved;
}

/* Replays the closed ledger; the seconds it took, 0 when it does not hold what was submitted. */
static double audit(const struct workload *w, struct tj_replay_report *report)
{
    struct tj_store *store;
    struct tj_state *state = NULL;
    struct tj_replay_options replay = {.threads = w->options.threads};
    struct tj_store_options options = tj_journal_options(0);
    if (tj_store_open_read(&store, NULL, w->dir, &options) != TJ_STORAGE_OK) {
        return 0;
    }
    uint64_t start = now_ns();
    enum tijori_status status = tj_replay_store(store, report, &state, &replay);
    double seconds = seconds_since(start);
    tj_store_close(store);
    bool agree = status == TIJORI_OK && totals_agree(w, report, state);
    tj_state_destroy(state);
    tj_report_clear(report);
    return agree ? seconds : 0;
}

static bool run_round(struct session *s, struct workload *w, struct audit_rounds *rounds,
                      const struct raw_verifier *verifier, uint32_t batch, uint32_t count)
{
    struct tj_replay_report report;
    double ingest = session_slice(s, w, batch, count, in_flight_for(batch)) * batch;
    workload_close(w);
    double before = raw_verify_rate(verifier, s->cores, s->floor_s).per_s;
    double seconds = audit(w, &report);
    double after = raw_verify_rate(verifier, s->cores, s->floor_s).per_s;
    if (seconds <= 0 || ingest <= 0) {
        return session_fail(s, "the audit failed, or its totals do not agree");
    }
    double records = (double)report.records / seconds;
    double signatures = (double)report.signatures / seconds;
    series_add(&rounds->ingest_per_s, ingest);
    series_add(&rounds->records_per_s, records);
    series_add(&rounds->signatures_per_s, signatures);
    series_add(&rounds->floor_per_s, (before + after) / 2);
    series_add(&rounds->to_ingest, records / ingest);
    series_add(&rounds->to_verify, signatures / ((before + after) / 2));
    return workload_open(w) || session_fail(s, "the ledger does not open");
}

static void add_row(struct session *s, const struct audit_options *o, const struct audit_rounds *r)
{
    json_t *row = report_row(s->report, "audit");
    row_text(row, "id", o->id);
    row_text(row, "work", o->work);
    row_series(row, "records_per_s", &r->records_per_s, 1);
    row_series(row, "signatures_per_s", &r->signatures_per_s, 1);
    row_number(row, "ingest_movements_per_s", series_median(&r->ingest_per_s));
    row_number(row, "raw_verify_per_s", series_median(&r->floor_per_s));
    row_series(row, "ratio_to_ingest", &r->to_ingest, 1);
    row_series(row, "ratio_to_verify", &r->to_verify, 1);
    json_object_set_new(row, "totals_agree", json_true());
    if (o->batch == 1) {
        report_target(s->report, o->id, "audit of a's ledger", AT_LEAST, 0.95,
                      series_median(&r->to_verify), "x raw verify");
    } else {
        report_target(s->report, o->id, "audit of b's ledger", AT_LEAST, 1.5,
                      series_median(&r->to_ingest), "x ingest");
    }
}

static bool measure_row(struct session *s, const struct audit_options *o)
{
    static struct audit_rounds rounds;
    memset(&rounds, 0, sizeof rounds);
    struct workload *w = session_workload(s, "ledger", o->algorithm, s->accounts);
    if (w == NULL) {
        return false;
    }
    struct raw_verifier *verifier = raw_verifier_create(o->algorithm);
    uint32_t count = session_calibrate(s, w, o->batch, in_flight_for(o->batch));
    count = (uint32_t)(count * o->part) + 1;
    for (uint32_t r = 0; r < s->rounds && !s->failed; r++) {
        run_round(s, w, &rounds, verifier, o->batch, count);
        session_progress(s, o->id, r + 1, s->rounds);
    }
    if (!s->failed) {
        add_row(s, o, &rounds);
    }
    raw_verifier_destroy(verifier);
    workload_destroy(w);
    return !s->failed;
}

bool measure_audit(struct session *s)
{
    static const struct audit_options rows[] = {
        {"d.ecdsa", "1 record, ECDSA", TJ_ALGORITHM_ECDSA, 1, 0.33},
        {"d.bip340", "1 record, BIP-340", TJ_ALGORITHM_BIP340, 1, 0.33},
        {"d.b", "8,190 records, ECDSA", TJ_ALGORITHM_ECDSA, TJ_RECORDS_MAX, 1},
    };
    enum { ROWS = sizeof rows / sizeof rows[0] };
    bool done = true;
    for (int i = 0; i < ROWS && done; i++) {
        struct stretch whole = session_narrow(s, i, i + 1, ROWS);
        done = measure_row(s, &rows[i]);
        s->stretch = whole;
    }
    return done;
}
