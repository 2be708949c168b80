#ifndef TIJORI_BENCH_SECTIONS_H
#define TIJORI_BENCH_SECTIONS_H

/* What can be measured. Each fills its part of the session's report, targets included, and answers
 * false when it could not or when totals did not agree with the ledger; that was said. */

#include "bench/session.h"

bool measure_floors(struct session *session);
bool measure_ingest(struct session *session);
bool measure_log(struct session *session);
bool measure_rules(struct session *session);
bool measure_audit(struct session *session);
bool measure_latency(struct session *session);
bool measure_scale(struct session *session);
bool measure_peers(struct session *session);
/* Closes, kills and opens again the ledger of a workload, which is open, before and after. */
bool measure_opening(struct session *session, struct workload *workload);
/* All of these, one after another. */
bool measure_all(struct session *session);

/* One row of `ingest`, as asked for. */
struct ingest_options {
    const char *id;
    const char *work;
    uint8_t algorithm;
    uint32_t batch;
    uint32_t envelopes; /* a round; 0: as many as take session->slice_s */
    uint32_t lanes;
    uint32_t in_flight;
};
bool measure_ingest_row(struct session *session, const struct ingest_options *options);

#endif
