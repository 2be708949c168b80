#include "bench/session.h"

#include "bench/clock.h"

#include <unistd.h>

bool session_fail(struct session *session, const char *what)
{
    fprintf(stderr, "tijori-bench: %s\n", what);
    session->failed = true;
    return false;
}

void session_progress(const struct session *session, const char *what, double done, double total)
{
    enum { WIDTH = 40 };
    if (!isatty(STDERR_FILENO)) {
        return;
    }
    double part = session->stretch.from + session->stretch.width * done / total;
    int filled = (int)(part * WIDTH);
    char bar[WIDTH + 1];
    for (int i = 0; i < WIDTH; i++) {
        bar[i] = i < filled ? '#' : '.';
    }
    bar[WIDTH] = '\0';
    fprintf(stderr, "\r%s %3.0f %% %4.0f s  %-44s", bar, part * 100,
            seconds_since(session->started_ns), what);
}

struct stretch session_narrow(struct session *session, double from, double to, double total)
{
    struct stretch before = session->stretch;
    session->stretch.from += before.width * from / total;
    session->stretch.width *= (to - from) / total;
    return before;
}

void session_progress_end(void)
{
    if (isatty(STDERR_FILENO)) {
        fputc('\n', stderr);
    }
}

const char *session_path(const struct session *session, const char *name)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%.80s", session->folder.path, name);
    return path;
}

struct workload *session_workload(struct session *session, const char *name, uint8_t algorithm,
                                  uint32_t accounts)
{
    const struct workload_options options = {.accounts = accounts,
                                             .lanes = 256,
                                             .threads = session->threads,
                                             .algorithm = algorithm,
                                             .seed = session->seed};
    struct workload *workload = workload_create(&options, session_path(session, name));
    if (workload == NULL) {
        session_fail(session, "no ledger to measure");
    }
    return workload;
}

uint32_t session_calibrate(struct session *session, struct workload *workload, uint32_t batch,
                           uint32_t in_flight)
{
    /* Enough to see a rate, not so many that it takes as long as a slice. */
    uint32_t first = 8 * in_flight + 256;
    uint32_t most = 8192 / batch > in_flight ? 8192 / batch : in_flight;
    first = session->quick && most > 256 ? 256 : first < most ? first : most;
    double rate = session_slice(session, workload, batch, first, in_flight);
    /* The first envelopes run into an empty pipeline: the rate is rather low. */
    uint32_t count = (uint32_t)(rate * session->slice_s);
    return count > in_flight / 4 + 1 ? count : in_flight / 4 + 1;
}

double session_slice(struct session *session, struct workload *workload, uint32_t batch,
                     uint32_t count, uint32_t in_flight)
{
    struct drive_result result;
    workload_prepare(workload, batch, count);
    if (!workload_drive(workload, &result, NULL, in_flight)) {
        session_fail(session, "an envelope was refused");
        return 0;
    }
    return count / result.seconds;
}
