#ifndef TIJORI_CLI_AUDIT_VERIFY_H
#define TIJORI_CLI_AUDIT_VERIFY_H

/* tijori-audit verify: a replay of the stored log in a child process, and its report. */

#include "cli/exit.h"
#include "cli/options.h"
#include "core/replay.h"

int audit_verify(const struct arguments *arguments);

/* How the replay ended. */
enum audit_outcome {
    AUDIT_REPORT,      /* there is a report */
    AUDIT_NOT_OPENED,  /* `status` says why */
    AUDIT_NOT_READ,    /* the replay itself failed, `status` says why */
    AUDIT_CRASHED,     /* reading it killed the child: `signal`, or 0 */
    AUDIT_INTERRUPTED, /* something else killed it: `signal` */
};

struct audit_result {
    enum audit_outcome outcome;
    enum tijori_status status;
    uint32_t format_found;
    int signal;
    struct tj_replay_report report;
};

/* Runs the replay in a child process. `pinned` may be NULL. */
void audit_replay(const char *dir, uint32_t threads, const struct tj_hash *pinned,
                  struct audit_result *result);

struct audit_style {
    bool json;
    bool state_digest;
    bool without_documents; /* cited documents that are not stored do not count */
};
/* Prints what was found and returns the exit code. */
int audit_print(const char *dir, const struct audit_result *result,
                const struct audit_style *style);

#endif
