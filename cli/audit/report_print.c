/* The report in the form that was asked for. */

#include "cli/audit/report_print.h"

#include "cli/exit.h"

static void print_report(const json_t *report, enum audit_format format)
{
    switch (format) {
    case AUDIT_TEXT:
        audit_print_text(report);
        return;
    case AUDIT_JSON:
        json_dumpf(report, stdout, JSON_INDENT(1));
        printf("\n");
        return;
    case AUDIT_HTML:
        audit_print_html(report);
        return;
    }
    abort();
}

int audit_print(const struct tj_replay_report *report, const struct audit_style *style)
{
    int code;
    json_t *value = audit_report(report, style, &code);
    print_report(value, style->format);
    json_decref(value);
    return code;
}

void audit_print_failure(const char *why, const struct audit_style *style)
{
    json_t *value = audit_report_unread(why);
    print_report(value, style->format);
    json_decref(value);
}
