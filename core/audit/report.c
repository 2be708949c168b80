#include "core/audit/report.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

static const char *const check_texts[TJ_CHECK_COUNT] = {
#define TJ_CHECK_TEXT(name, text) text,
    TJ_CHECKS(TJ_CHECK_TEXT)
#undef TJ_CHECK_TEXT
};

const char *tj_check_text(enum tj_check check)
{
    return check_texts[check];
}

void tj_report_init(struct tj_replay_report *report)
{
    memset(report, 0, sizeof *report);
    report->first_entry = UINT64_MAX;
}

void tj_report_clear(struct tj_replay_report *report)
{
    tj_tally_destroy(report->tally);
    report->tally = NULL;
}

/* ---- what could not be read ---- */

void tj_trouble_note(struct tj_trouble *trouble, enum tijori_status status, const char *format, ...)
{
    TJ_VERIFY_CHECK(status != TIJORI_OK);
    trouble->met++;
    if (trouble->status == TIJORI_OK) {
        va_list arguments;
        trouble->status = status;
        va_start(arguments, format);
        (void)vsnprintf(trouble->what, sizeof trouble->what, format, arguments);
        va_end(arguments);
    }
}

static enum tijori_status status_of(int error)
{
    if (error == EACCES || error == EPERM) {
        return TIJORI_DENIED;
    }
    if (error == ENOMEM) {
        return TIJORI_MEMORY;
    }
    return TIJORI_IO;
}

void tj_trouble_errno(struct tj_trouble *trouble, int error, const char *path)
{
    tj_trouble_note(trouble, status_of(error), "%s: %s", path, strerror(error));
}

void tj_watch(struct tj_replay_report *report)
{
    if (report->watched != NULL) {
        report->met_before = report->watched->met;
    }
}

bool tj_troubled(const struct tj_replay_report *report)
{
    return report->watched != NULL && report->watched->met > report->met_before;
}

bool tj_skip_troubled(struct tj_replay_report *report, enum tj_check check, uint64_t count,
                      const char *what)
{
    tj_skip(report, check, count, "%s: could not be read", what);
    tj_watch(report);
    return true;
}

/* ---- what was found ---- */

bool tj_pass(struct tj_replay_report *report, enum tj_check check, uint64_t count)
{
    TJ_VERIFY_CHECK(check < TJ_CHECK_COUNT);
    report->checks[check].passed += count;
    report->checks[check].reached = report->entries + 1;
    return true;
}

/* The first failure explains those that follow from it, so it alone is told in full. */
bool tj_fail(struct tj_replay_report *report, enum tj_check check, uint64_t entry,
             const struct tj_hash *found, const struct tj_hash *expected, const char *format, ...)
{
    TJ_VERIFY_CHECK((found == NULL) == (expected == NULL));
    if (tj_troubled(report)) {
        return false;
    }
    report->checks[check].failed++;
    report->checks[check].reached = report->entries + 1;
    if (!report->failed) {
        va_list arguments;
        report->failed = true;
        report->first_check = check;
        report->first_entry = entry;
        if (found != NULL) {
            report->found = *found;
            report->expected = *expected;
        }
        va_start(arguments, format);
        vsnprintf(report->failure, sizeof report->failure, format, arguments);
        va_end(arguments);
    }
    return false;
}

void tj_skip(struct tj_replay_report *report, enum tj_check check, uint64_t count,
             const char *format, ...)
{
    struct tj_check_result *result = &report->checks[check];
    va_list arguments;
    result->skipped += count;
    va_start(arguments, format);
    vsnprintf(result->note, sizeof result->note, format, arguments);
    va_end(arguments);
}

/* Room for one more. What earlier audits told already gives way to what nobody was told. */
static struct tj_finding *next_finding(struct tj_replay_report *report)
{
    uint64_t kept = report->finding_count++;
    if (kept < TJ_FINDINGS_MAX) {
        return &report->findings[kept];
    }
    if (report->earlier_kept == 0) {
        return NULL;
    }
    report->earlier_kept--;
    memmove(report->findings, report->findings + 1,
            (TJ_FINDINGS_MAX - 1) * sizeof report->findings[0]);
    return &report->findings[TJ_FINDINGS_MAX - 1];
}

__attribute__((format(printf, 4, 0))) static void find(struct tj_replay_report *report,
                                                       uint64_t entry, bool standing,
                                                       const char *format, va_list arguments)
{
    if (tj_troubled(report)) {
        return;
    }
    struct tj_finding *finding = next_finding(report);
    report->standing_count += standing;
    if (finding != NULL) {
        finding->entry = entry;
        finding->standing = standing;
        (void)vsnprintf(finding->text, sizeof finding->text, format, arguments);
    }
}

void tj_find(struct tj_replay_report *report, uint64_t entry, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    find(report, entry, false, format, arguments);
    va_end(arguments);
}

void tj_find_standing(struct tj_replay_report *report, uint64_t entry, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    find(report, entry, true, format, arguments);
    va_end(arguments);
}

void tj_note(struct tj_replay_report *report, const char *format, ...)
{
    va_list arguments;
    if (report->note_count == TJ_NOTES_MAX) {
        return;
    }
    va_start(arguments, format);
    (void)vsnprintf(report->notes[report->note_count++], sizeof report->notes[0], format,
                    arguments);
    va_end(arguments);
}
