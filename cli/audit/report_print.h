#ifndef TIJORI_CLI_AUDIT_REPORT_PRINT_H
#define TIJORI_CLI_AUDIT_REPORT_PRINT_H

#include "text/audit_report.h"

/* What a report says made it. */
extern const char audit_program[];

/* What the report comes to as an exit code. */
int audit_exit_code(const struct tj_replay_report *report, const struct audit_style *style);
/* Prints what was found, to the disk where it goes to a file, and returns the exit code: another
 * than 0, 1, 3 and 4 when nobody can read the report. */
int audit_print(const struct tj_replay_report *report, const struct audit_style *style);
/* There is no report, and that is a verdict: in words, as a report of the same format. */
void audit_print_failure(const char *why, const struct audit_style *style);

#endif
