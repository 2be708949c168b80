#include "core/exchange/verdict.h"

static bool is_expected(const struct tj_replay_report *report, enum tj_check check,
                        const struct tj_expected *expected)
{
    bool of_bodies =
        check == TJ_CHECK_BODIES || check == TJ_CHECK_RULES || check == TJ_CHECK_STATEMENTS;
    /* A line by a key that nobody named is shown; nobody asked for it to be checked. */
    return check == TJ_CHECK_LINES ||
           (check == TJ_CHECK_ATTACHMENTS && expected->without_documents) ||
           (check == TJ_CHECK_WITNESSES && (expected->no_policy || report->quorum_none)) ||
           (of_bodies && expected->public_export);
}

bool tj_report_incomplete(const struct tj_replay_report *report, const struct tj_expected *expected)
{
    if (report->failed) {
        return true; /* for newer software, where nothing is wrong */
    }
    /* Whatever was expected to be missing; and of what was not looked at nothing passed. */
    if (report->trouble.status != TIJORI_OK || report->entries == 0) {
        return true;
    }
    for (int i = 0; i < TJ_CHECK_COUNT; i++) {
        if (report->checks[i].skipped > 0 && !is_expected(report, (enum tj_check)i, expected)) {
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
    if (report->finding_count > 0) {
        return TIJORI_FINDING;
    }
    return tj_report_incomplete(report, expected) ? TIJORI_INCOMPLETE : TIJORI_PASS;
}
