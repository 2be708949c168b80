#include "core/exchange/verdict.h"

static bool is_expected(enum tj_check check, const struct tj_expected *expected)
{
    bool of_bodies =
        check == TJ_CHECK_BODIES || check == TJ_CHECK_RULES || check == TJ_CHECK_STATEMENTS;
    return (check == TJ_CHECK_ATTACHMENTS && expected->without_documents) ||
           (check == TJ_CHECK_WITNESSES && expected->no_policy) ||
           (of_bodies && expected->public_export);
}

static bool is_incomplete(const struct tj_replay_report *report, const struct tj_expected *expected)
{
    if (report->trouble.status != TIJORI_OK) { /* whatever was expected to be missing */
        return true;
    }
    for (int i = 0; i < TJ_CHECK_COUNT; i++) {
        if (report->checks[i].skipped > 0 && !is_expected((enum tj_check)i, expected)) {
            return true;
        }
    }
    /* Running it again does not check what was not checked. */
    return report->left_open > 0 && !expected->public_export && !expected->without_documents;
}

enum tijori_verdict tj_report_verdict(const struct tj_replay_report *report,
                                      const struct tj_expected *expected)
{
    if (report->failed && !report->newer) {
        return TIJORI_FAIL;
    }
    if (report->failed || is_incomplete(report, expected)) {
        return TIJORI_INCOMPLETE;
    }
    if (report->finding_count > 0) {
        return TIJORI_FINDING;
    }
    return TIJORI_PASS;
}
