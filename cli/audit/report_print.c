/* The report in the form that was asked for. */

#include "cli/audit/report_print.h"

#include "cli/exit.h"

#include "tijori_build.h"

#include <errno.h>
#include <string.h>

static void print_report(const json_t *report, enum audit_format format)
{
    switch (format) {
    case AUDIT_TEXT:
        audit_report_print_text(stdout, report);
        return;
    case AUDIT_JSON:
        if (json_dumpf(report, stdout, JSON_INDENT(1)) != 0 && !ferror(stdout)) {
            out_of_memory();
        }
        printf("\n");
        return;
    case AUDIT_HTML:
        audit_report_print_html(stdout, report);
        return;
    }
    abort();
}

const char audit_program[] =
    "tijori-audit " TIJORI_VERSION " (" TIJORI_GIT_COMMIT ", " TIJORI_COMPILER ")";

int audit_print(const struct tj_replay_report *report, const struct audit_style *style)
{
    const int code = exit_code_of_verdict(audit_verdict_of(report, style));
    json_t *value = audit_report(report, style, code);
    if (value == NULL) {
        return fail_errno(ENOMEM, "report");
    }
    print_report(value, style->format);
    json_decref(value);
    return code;
}

void audit_print_failure(const char *why, const struct audit_style *style)
{
    json_t *value = audit_report_unread(why, style, EXIT_FAIL);
    if (value == NULL) {
        message("report: %s", strerror(ENOMEM));
        return;
    }
    print_report(value, style->format);
    json_decref(value);
}
