/* The report in the form that was asked for. */

#include "cli/audit/report_print.h"

#include "cli/exit.h"
#include "text/json.h"

#include "tijori_build.h"

#include <errno.h>
#include <string.h>

static bool print_report(const json_t *report, enum audit_format format)
{
    bool whole = false;
    switch (format) {
    case AUDIT_TEXT:
        return audit_report_print_text(stdout, report);
    case AUDIT_JSON:
        whole = json_print(stdout, report, JSON_INDENT(1));
        printf("\n");
        return whole;
    case AUDIT_HTML:
        return audit_report_print_html(stdout, report);
    }
    abort();
}

const char audit_program[] =
    "tijori-audit " TIJORI_VERSION " (" TIJORI_GIT_COMMIT ", " TIJORI_COMPILER ")";

/* A failure stands. Short of one, nothing is concluded where something could not be read. */
int audit_exit_code(const struct tj_replay_report *report, const struct audit_style *style)
{
    enum tijori_verdict verdict = audit_verdict_of(report, style);
    if (verdict != TIJORI_FAIL && report->trouble.status != TIJORI_OK) {
        return exit_code_of(report->trouble.status);
    }
    if (verdict == TIJORI_FINDING && style->findings_ok) {
        verdict = audit_incomplete(report, style) ? TIJORI_INCOMPLETE : TIJORI_PASS;
    }
    return exit_code_of_verdict(verdict);
}

int audit_print(const struct tj_replay_report *report, const struct audit_style *style)
{
    int code = audit_exit_code(report, style);
    json_t *value = audit_report(report, style, code);
    if (value == NULL) {
        return exit_code_of_both(code, fail_errno(ENOMEM, "report"));
    }
    if (!print_report(value, style->format)) {
        code = exit_code_of_both(code, fail_errno(ENOMEM, "report"));
    }
    json_decref(value);
    return output_kept(code);
}

void audit_print_failure(const char *why, const struct audit_style *style)
{
    json_t *value = audit_report_unread(why, style, EXIT_FAIL);
    if (value == NULL) {
        message("report: %s", strerror(ENOMEM));
        return;
    }
    if (!print_report(value, style->format)) {
        message("report: %s", strerror(ENOMEM));
    }
    json_decref(value);
}
