#ifndef TIJORI_BENCH_SESSION_H
#define TIJORI_BENCH_SESSION_H

/* One run of the program: its settings, where its files go, and the report that the measurements
 * fill. Everything that is printed or plotted afterwards is read from the report alone. One thread.
 */

#include "bench/folder.h"
#include "bench/report.h"
#include "bench/workload.h"

/* A stretch of the progress bar, in parts of the whole. */
struct stretch {
    double from;
    double width;
};

struct session {
    bool quick; /* seconds, not minutes: shows that it runs */
    uint64_t seed;
    uint32_t threads;      /* of a ledger, that verify; 0: one a core */
    uint32_t cores;        /* of the machine: threads of a floor "all cores" */
    uint32_t rounds;       /* of floor and measured slice */
    double floor_s;        /* a slice of a floor */
    double slice_s;        /* a measured slice, about */
    uint32_t accounts;     /* where nothing else is said */
    uint64_t movements;    /* that the ledger is grown to by `scale` */
    uint32_t accounts_max; /* that `scale` goes up to */
    struct folder folder;
    json_t *report;
    bool failed;            /* something could not be measured or totals did not agree */
    struct stretch stretch; /* of the progress bar, for what is being measured */
    uint64_t started_ns;
};

/* Says on standard error what failed, and that the run did. Returns false. */
bool session_fail(struct session *session, const char *what);

/* `done` of `total` of what is being measured, on a terminal's standard error. */
void session_progress(const struct session *session, const char *what, double done, double total);
/* What is measured next fills the bar from `from` to `to` of `total` of the stretch at hand, which
 * is returned: give it back to session->stretch afterwards. */
struct stretch session_narrow(struct session *session, double from, double to, double total);

/* Ends the line of the bar. */
void session_progress_end(void);

/* A folder of this name for a ledger; the text is valid until the next call. */
const char *session_path(const struct session *session, const char *name);

/* A ledger as `ingest` and others want it: `accounts`, 256 lanes, the session's seed. NULL: failed,
 * and that was said. */
struct workload *session_workload(struct session *session, const char *name, uint8_t algorithm,
                                  uint32_t accounts);

/* Drives a first short run and answers how many envelopes of `batch` take about session->slice_s.
 */
uint32_t session_calibrate(struct session *session, struct workload *workload, uint32_t batch,
                           uint32_t in_flight);

/* Prepares and drives one slice; the rate in envelopes a second, 0 when one was refused. */
double session_slice(struct session *session, struct workload *workload, uint32_t batch,
                     uint32_t count, uint32_t in_flight);

#endif
