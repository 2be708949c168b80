#ifndef TIJORI_CLI_AUDIT_REPORT_PRINT_H
#define TIJORI_CLI_AUDIT_REPORT_PRINT_H

#include "text/audit_report.h"

/* What a report says made it. */
extern const char audit_program[];

/* Prints what was found and returns the exit code. */
int audit_print(const struct tj_replay_report *report, const struct audit_style *style);
/* There is no report, and that is a verdict: in words, as a report of the same format. */
void audit_print_failure(const char *why, const struct audit_style *style);

#endif
