#ifndef TIJORI_TEXT_AUDIT_REPORT_H
#define TIJORI_TEXT_AUDIT_REPORT_H

/* The report of an audit, made once and printed three times. What was found is one JSON value; what
 * stands where in it for people, and under which heads, is one table of sections. The JSON form is
 * the value, the text and the HTML page are printed from the value by the table, so that no form
 * can say what another does not.
 *
 * Nothing in a report comes from a clock: two audits of one log by one program with the same
 * options and pins give the same bytes. */

#include "core/audit/replay.h"
#include "text/table.h"

#include <jansson.h>

enum audit_format { AUDIT_TEXT, AUDIT_JSON, AUDIT_HTML };
struct audit_style {
    enum audit_format format;
    bool state_digest;
    bool without_documents; /* cited documents that are not stored do not count */
    bool public_export;     /* nor do restricted bodies */
    bool findings_ok;       /* the program ends as if there were none */
    bool policy;            /* one was given; else witnesses are not asked for */
    const char *program;    /* which made the report: name and version */
};

/* What the report comes to, given what the auditor said beforehand not to have. */
enum tijori_verdict audit_verdict_of(const struct tj_replay_report *report,
                                     const struct audit_style *style);

/* Whether something that was asked for was not checked, whatever the verdict. */
bool audit_incomplete(const struct tj_replay_report *report,
                      const struct audit_style *style) TJ_MUST_USE;

/* A new reference; NULL when there is no memory. `exit` is what the program will answer. Amounts
 * are strings with decimals, and `..._base` in base units. A member is null, or not there, when
 * there is nothing to say. */
json_t *audit_report(const struct tj_replay_report *report, const struct audit_style *style,
                     int exit) TJ_MUST_USE;
/* Of a log that could not be read at all. */
json_t *audit_report_unread(const char *why, const struct audit_style *style, int exit) TJ_MUST_USE;

/* ---- what stands where ---- */

/* A line of text in which {a.b} is a member of the value, or of the part of it that is printed. One
 * that names what is not there, or null, is left out. */
struct report_fact {
    const char *label; /* "" goes on from the line above; NULL ends a table */
    const char *text;
};
struct report_section {
    const char *title;
    const struct report_fact *facts;    /* or NULL */
    const char *rows;                   /* member: an array of objects, a table; or NULL */
    const struct table_column *columns; /* their members and heads; head NULL ends */
    const char *sums;                   /* member: an object, the table's last row; or NULL */
    const char *each;    /* member: an array; rows and sums are of each of its elements */
    const char *each_is; /* what tells one element from another, as a fact's text */
    const char *lines;   /* member: an array of strings; or NULL */
    bool counts;         /* the rows count what passed, failed and was skipped */
};
extern const struct report_section report_sections[];
extern const size_t report_section_count;

/* Of the whole report: its title, and what stands at the head of each printed page. */
extern const char *const report_title;
extern const char *const report_page_heads[]; /* NULL-ended */

/* Whether there is anything to print in it. */
bool report_section_shown(const struct report_section *section, const json_t *report) TJ_MUST_USE;

/* The text with its members put in, freed by the caller; NULL when one is not there, or when there
 * is no memory, which is remembered (text/json.h). They are looked for in `part` (may be NULL) and
 * then in `report`. */
char *report_fill(const json_t *report, const json_t *part, const char *text) TJ_MUST_USE;
/* A member of a row as text, freed by the caller: "-" for nothing. NULL: no memory, as above. */
char *report_cell(const json_t *row, const char *member) TJ_MUST_USE;

/* ---- printing ---- */

/* False when there was no memory for all of it. */
bool audit_report_print_text(FILE *out, const json_t *report) TJ_MUST_USE;
bool audit_report_print_html(FILE *out, const json_t *report) TJ_MUST_USE;

#endif
