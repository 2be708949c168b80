/* Part of `scale`: how long a large ledger takes to open again, after a clean close and after a
 * kill in the middle of an ingest; and that a kill loses nothing that was acknowledged. */

#include "bench/clock.h"
#include "bench/parallel.h"
#include "bench/sections.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Seconds of opening for writing; negative when it failed or the ledger does not hold what was
 * submitted. */
static double open_seconds(struct workload *w)
{
    uint64_t start = now_ns();
    bool opened = workload_open(w);
    double seconds = seconds_since(start);
    return opened && workload_check(w) ? seconds : -1;
}

/* In a child: the prepared envelopes, until it is killed, by us or by our end. Should all be done
 * before, it waits: nothing was closed yet. */
static _Noreturn void ingest_until_killed(struct workload *w, _Atomic uint32_t *received)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!workload_open(w)) {
        _exit(1);
    }
    drive_counted(w->ledger, received, &w->envelopes, in_flight_for(w->envelopes.batch));
    for (;;) {
        pause();
    }
}

/* Kills a child that ingests, once it has `wanted` receipts; false when it ended by
 * itself. */
static bool kill_in_the_middle(struct workload *w, _Atomic uint32_t *received, uint32_t wanted)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        ingest_until_killed(w, received);
    }
    while (child > 0 && atomic_load(received) < wanted && waitpid(child, &status, WNOHANG) == 0) {
        usleep(200);
    }
    if (child <= 0 || atomic_load(received) < wanted) {
        return false;
    }
    kill(child, SIGKILL);
    return waitpid(child, &status, 0) == child && WIFSIGNALED(status);
}

/* What was acknowledged must be there, and with it a prefix of what was submitted and no more. */
static bool count_survivors(struct workload *w, uint32_t received)
{
    struct tijori_head head;
    tijori_head(w->ledger, &head);
    uint64_t survived = head.size - w->entries;
    if (survived < received || survived > w->envelopes.count) {
        return false;
    }
    w->entries = head.size;
    workload_count(w, (uint32_t)survived);
    return workload_check(w);
}

static bool open_after_kill(struct session *s, struct workload *w, double *seconds,
                            uint32_t *received_out)
{
    /* As many records as a redo can ever have to go through, and some. */
    uint32_t records = s->quick ? 64 * TJ_RECORDS_MAX : TJ_REDO_MAX * 5 / 4;
    uint32_t count = records / TJ_RECORDS_MAX;
    _Atomic uint32_t *received = shared_memory(sizeof *received);
    workload_close(w);
    workload_prepare(w, TJ_RECORDS_MAX, count);
    bool killed = kill_in_the_middle(w, received, count - count / 8);
    *received_out = atomic_load(received);
    shared_memory_free((void *)received, sizeof *received);
    if (!killed) {
        return session_fail(s, "the child was not killed in the middle");
    }
    uint64_t start = now_ns();
    bool opened = workload_open(w);
    *seconds = seconds_since(start);
    return (opened && count_survivors(w, *received_out)) ||
           session_fail(s, "after a kill the ledger does not hold what it acknowledged");
}

bool measure_opening(struct session *s, struct workload *w)
{
    double killed_s = 0;
    uint32_t received = 0;
    uint64_t start = now_ns();
    workload_close(w);
    double close_s = seconds_since(start);
    double clean_s = open_seconds(w);
    if (clean_s < 0 || !open_after_kill(s, w, &killed_s, &received)) {
        return session_fail(s, "the ledger does not open as it was");
    }
    json_t *row = report_row(s->report, "open");
    row_count(row, "accounts", w->options.accounts);
    row_number(row, "close_s", close_s);
    row_number(row, "open_clean_s", clean_s);
    row_number(row, "open_killed_s", killed_s);
    row_count(row, "receipts_before_kill", received);
    report_target(s->report, "g.clean", "open after a clean close", AT_MOST, 3, clean_s, "s");
    report_target(s->report, "g.killed", "open after SIGKILL in b", AT_MOST, 8, killed_s, "s");
    return true;
}
