/* The report as text for a terminal. */

#include "text/audit_report.h"
#include "text/json.h"
#include "text/text.h"

#include <string.h>

static void print_word(FILE *out, const char *word)
{
    const char *code = strcmp(word, "PASS") == 0 ? "32" : strcmp(word, "FAIL") == 0 ? "31" : "33";
    if (text_colour(out)) {
        fprintf(out, "\x1b[%sm%s\x1b[0m", code, word);
    } else {
        fputs(word, out);
    }
}

static void print_safe(FILE *out, const char *text)
{
    char safe[4096];
    text_sanitise(safe, sizeof safe, text);
    fprintf(out, "%s", safe);
}

static bool print_facts(FILE *out, const json_t *report, const struct report_fact *facts)
{
    bool any = false;
    for (; facts != NULL && facts->label != NULL; facts++) {
        char *text = report_fill(report, NULL, facts->text);
        if (text != NULL) {
            fprintf(out, "%-14s ", facts->label);
            print_safe(out, text);
            fprintf(out, "\n");
            any = true;
        }
        free(text);
    }
    return any;
}

/* ---- checks: a line for what failed, else for what passed; and one for what was skipped ---- */

static void print_count(FILE *out, const json_t *row, const char *word, const char *member,
                        const char *text)
{
    char *filled = report_fill(row, NULL, text);
    if (filled == NULL) {
        document_incomplete();
        return;
    }
    print_word(out, word);
    fprintf(out, "  %10" JSON_INTEGER_FORMAT "  ",
            json_integer_value(json_object_get(row, member)));
    print_safe(out, filled);
    fprintf(out, "\n");
    free(filled);
}

static void print_counts(FILE *out, const json_t *row)
{
    if (json_integer_value(json_object_get(row, "failed")) > 0) {
        print_count(out, row, "FAIL", "failed", "{text}");
    } else if (json_integer_value(json_object_get(row, "passed")) > 0) {
        print_count(out, row, "PASS", "passed", "{text}");
    }
    if (json_integer_value(json_object_get(row, "skipped")) > 0) {
        print_count(out, row, "SKIP", "skipped", "{text}: {note}");
    }
}

/* ---- tables ---- */

static void print_row(struct table *table, const json_t *row, const struct table_column *columns)
{
    for (; columns->head != NULL; columns++) {
        char *cell = report_cell(row, columns->key);
        table_text(table, cell != NULL ? cell : "");
        free(cell);
    }
}

static void print_table(FILE *out, const struct report_section *section, const json_t *part,
                        bool apart)
{
    const json_t *rows = json_object_get(part, section->rows);
    const json_t *row;
    size_t count = 0;
    size_t i;
    if (json_array_size(rows) == 0) {
        return;
    }
    fprintf(out, "%s", apart ? "\n" : "");
    while (section->columns[count].head != NULL) {
        count++;
    }
    struct table *table =
        section->counts ? NULL : table_create(out, TABLE_TEXT, section->columns, count);
    json_array_foreach(rows, i, row)
    {
        if (section->counts) {
            print_counts(out, row);
        } else {
            print_row(table, row, section->columns);
        }
    }
    if (!section->counts) {
        if (section->sums != NULL) {
            print_row(table, json_object_get(part, section->sums), section->columns);
        }
        if (!table_end(table)) {
            document_incomplete();
        }
    }
}

/* One table for each part, under the section's title and what tells the parts apart. `any`:
 * something stands above. */
static void print_parts(FILE *out, const struct report_section *section, const json_t *report,
                        bool any)
{
    const json_t *part;
    size_t i;
    json_array_foreach(json_object_get(report, section->each), i, part)
    {
        char *is = report_fill(part, NULL, section->each_is);
        if (is != NULL && json_array_size(json_object_get(part, section->rows)) > 0) {
            fprintf(out, "%s%s, ", any ? "\n" : "", section->title);
            print_safe(out, is);
            fprintf(out, ":\n");
            print_table(out, section, part, false);
            any = true;
        }
        free(is);
    }
}

static void print_lines(FILE *out, const struct report_section *section, const json_t *lines)
{
    const json_t *line;
    size_t i;
    fprintf(out, "%s:\n", section->title);
    json_array_foreach(lines, i, line)
    {
        fprintf(out, "- ");
        print_safe(out, json_string_value(line));
        fprintf(out, "\n");
    }
}

bool audit_report_print_text(FILE *out, const json_t *report)
{
    document_begin();
    for (size_t i = 0; i < report_section_count; i++) {
        const struct report_section *section = &report_sections[i];
        if (!report_section_shown(section, report)) {
            continue;
        }
        bool facts = print_facts(out, report, section->facts);
        if (section->each != NULL) {
            print_parts(out, section, report, facts);
        } else if (section->rows != NULL) {
            print_table(out, section, report, facts);
        } else if (section->lines != NULL) {
            print_lines(out, section, json_object_get(report, section->lines));
        }
        fprintf(out, "\n");
    }
    print_word(out, json_string_value(json_object_get(report, "result")));
    fprintf(out, "\n");
    return document_whole();
}
