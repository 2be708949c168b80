#include "cli/audit/statement.h"

#include "cli/audit/report_print.h"
#include "cli/log_source.h"
#include "cli/statement_order.h"
#include "text/text.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

struct making {
    const struct arguments *arguments;
    struct statement_order order;
    struct audit_pins pins;
};

/* What the log itself states about the same period. False when the document could not be hashed. */
static bool tell_stated(const struct making *m, const struct tj_period *period,
                        const struct tj_replay_report *report)
{
    struct tj_hash document;
    if (!statement_hash(period, &document, &report->ledger_id, &m->order.prices)) {
        return false;
    }
    for (size_t i = 0; i < period->stated_count; i++) {
        const struct tj_period_stated *stated = &period->stated[i];
        const char *of = tj_hash_equal(&stated->document, &document) ? "of this very document"
                         : tj_hash_zero(&stated->document)           ? "of no document"
                         : period->partial ? "of another document: what is restricted is not here"
                                           : "of another document, or one with other prices";
        message("entry %" PRIu64 " states this period: %" PRIu32 " figure%s, %s", stated->entry,
                stated->figures, stated->figures == 1 ? "" : "s", of);
    }
    if (period->stated_count == 0) {
        message("no entry of the log states this period");
    }
    for (uint64_t i = 0; i < report->finding_count && i < TJ_FINDINGS_MAX; i++) {
        char text[512];
        text_sanitise(text, sizeof text, report->findings[i].text);
        message("FINDING: %s", text);
    }
    return true;
}

/* As `verify` would: 4 when there are findings, 3 when something was not checked that could have
 * been. */
static int verdict_of(const struct making *m, const struct tj_replay_report *report)
{
    const struct audit_style style = {.without_documents = true,
                                      .public_export = true,
                                      .findings_ok = argument_flag(m->arguments, "findings-ok"),
                                      .policy = argument_value(m->arguments, "policy") != NULL};
    if (audit_incomplete(report, &style)) {
        message("the log was verified but not all of it was checked: 'tijori-audit verify' says "
                "what was skipped");
    }
    return audit_exit_code(report, &style);
}

static int make_here(void *context)
{
    struct making *m = context;
    struct tj_source *source;
    struct tj_replay_report report;
    struct tj_period *period = NULL;
    int code = audit_open_source(&source, m->arguments->operands[0]);
    if (code != EXIT_PASS) {
        return code;
    }
    code = statement_collect(source, &report, &period, &m->order, &m->pins.pins);
    tj_source_close(source);
    if (code == EXIT_PASS) {
        code = statement_put(&m->order, period, &report.ledger_id);
    }
    if (code == EXIT_PASS) {
        code =
            tell_stated(m, period, &report)
                ? verdict_of(m, &report)
                : fail(EXIT_IO, "the statement could not be hashed: no space for a temporary file");
    }
    tj_report_clear(&report);
    tj_period_destroy(period);
    return code;
}

int audit_statement(const struct arguments *arguments)
{
    struct making m = {.arguments = arguments};
    const char *path = arguments->operands[0];
    int number;
    int code = statement_order_read(arguments, &m.order);
    if (code != EXIT_PASS) {
        return code;
    }
    code = audit_read_pins(arguments, &m.pins);
    if (code == EXIT_PASS) {
        code = audit_guarded(&number, !tj_source_is_folder(path), make_here, &m);
    }
    if (code < 0) {
        code = fail(EXIT_FAIL, "%s: reading it ended with a crash: %s", path, strsignal(number));
    }
    audit_free_pins(&m.pins);
    return code;
}
