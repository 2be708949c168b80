#ifndef TIJORI_CORE_EXCHANGE_VERDICT_H
#define TIJORI_CORE_EXCHANGE_VERDICT_H

/* The verdict that an audit's report comes to, for whoever asked for the audit. */

#include "core/audit/report.h"

/* What the auditor said beforehand to do without. Its lack does not make a verification
 * incomplete. */
struct tj_expected {
    bool without_documents; /* cited documents that are not stored do not count */
    bool public_export;     /* nor do restricted bodies */
    bool no_policy;         /* nor witnesses, where none were asked for */
};

/* Of several: FAIL, then FINDING, then INCOMPLETE. The report has all of them. */
enum tijori_verdict tj_report_verdict(const struct tj_replay_report *report,
                                      const struct tj_expected *expected);

/* Something was not checked that was asked for, whatever the verdict. */
bool tj_report_incomplete(const struct tj_replay_report *report,
                          const struct tj_expected *expected) TJ_MUST_USE;

#endif
