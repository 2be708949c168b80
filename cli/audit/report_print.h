#ifndef TIJORI_CLI_AUDIT_REPORT_PRINT_H
#define TIJORI_CLI_AUDIT_REPORT_PRINT_H

#include "cli/audit/report.h"

/* Prints what was found and returns the exit code. */
int audit_print(const struct tj_replay_report *report, const struct audit_style *style);
/* There is no report, and that is a verdict: in words, as a report of the same format. */
void audit_print_failure(const char *why, const struct audit_style *style);

#endif
