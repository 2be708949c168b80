#ifndef TIJORI_CLI_AUDIT_VERIFY_H
#define TIJORI_CLI_AUDIT_VERIFY_H

/* tijori-audit verify: a replay of a log, and its report. */

#include "cli/audit_source.h"
#include "core/replay.h"

int audit_verify(const struct arguments *arguments);

enum audit_format { AUDIT_TEXT, AUDIT_JSON, AUDIT_HTML };
struct audit_style {
    enum audit_format format;
    bool state_digest;
    bool without_documents; /* cited documents that are not stored do not count */
    bool public_export;     /* nor do restricted bodies */
    bool policy;            /* one was given; else witnesses are not asked for */
};

/* Prints what was found and returns the exit code. */
int audit_print(const struct tj_replay_report *report, const struct audit_style *style);
/* There is no report, and that is a verdict: in words, as a report of the same format. */
void audit_print_failure(const char *why, const struct audit_style *style);

#endif
