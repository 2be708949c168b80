/* The report as one HTML page that stands by itself: no script, nothing from outside, readable in
 * black and white, and made to be printed on A4. Heads of printed pages are CSS margin boxes (CSS
 * Paged Media 3); a browser without them prints the same page without those heads. */

#include "text/audit_report.h"
#include "text/html.h"
#include "text/json.h"
#include "text/text.h"

#include <string.h>

/* ---- escaping ---- */

/* Inside a string of the style sheet: all but letters, digits and what is not ASCII as \hhhhhh, so
 * that neither the string nor the element can be ended. */
static void print_css_string(FILE *out, const char *text)
{
    char safe[4096];
    text_sanitise(safe, sizeof safe, text);
    for (const char *p = safe; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        bool plain =
            c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        fprintf(out, plain ? "%c" : "\\%06x", c);
    }
}

/* ---- parts of the page ---- */

static void print_page_rule(FILE *out, const json_t *report)
{
    fprintf(out,
            "@page{size:A4;margin:24mm 15mm 18mm;\n@top-left{white-space:pre;vertical-align:bottom;"
            "padding-bottom:3mm;font:7pt/1.4 monospace;content:\"");
    for (const char *const *head = report_page_heads; *head != NULL; head++) {
        char *text = report_fill(report, NULL, *head);
        if (text != NULL) {
            print_css_string(out, text);
            fprintf(out, "\\00000a");
        }
        free(text);
    }
    fprintf(out, "\"}\n@bottom-right{font:8pt sans-serif;"
                 "content:\"page \" counter(page) \" of \" counter(pages)}}\n");
}

static void print_facts(FILE *out, const json_t *report, const struct report_fact *facts)
{
    bool any = false;
    for (; facts != NULL && facts->label != NULL; facts++) {
        char *text = report_fill(report, NULL, facts->text);
        if (text != NULL) {
            fprintf(out, "%s<tr><th scope=\"row\">",
                    any ? "" : "<table class=\"facts\">\n<tbody>\n");
            html_print(out, facts->label);
            fprintf(out, "</th><td>");
            html_print(out, text);
            fprintf(out, "</td></tr>\n");
            any = true;
        }
        free(text);
    }
    fprintf(out, "%s", any ? "</tbody>\n</table>\n" : "");
}

/* A word of a verdict is its cell's class. */
static void print_row(FILE *out, const json_t *row, const struct table_column *columns)
{
    fprintf(out, "<tr>");
    for (const struct table_column *column = columns; column->head != NULL; column++) {
        char *cell = report_cell(row, column->key);
        const char *text = cell != NULL ? cell : "";
        const char *tag = column == columns ? "th" : "td";
        fprintf(out, "<%s%s", tag, column == columns ? " scope=\"row\"" : "");
        if (strcmp(column->key, "result") == 0) {
            fprintf(out, " class=\"");
            html_print(out, text);
            fprintf(out, "\"");
        } else if (column->right) {
            fprintf(out, " class=\"n\"");
        }
        fprintf(out, ">");
        html_print(out, text);
        fprintf(out, "</%s>", tag);
        free(cell);
    }
    fprintf(out, "</tr>\n");
}

/* `caption`, of one table among several under a heading; NULL: the heading names it. */
static void print_table(FILE *out, const struct report_section *section, const json_t *part,
                        const char *caption)
{
    const json_t *rows = json_object_get(part, section->rows);
    const json_t *row;
    size_t i;
    if (json_array_size(rows) == 0) {
        return;
    }
    fprintf(out, caption != NULL ? "<table>\n<caption>" : "<table aria-label=\"");
    html_print(out, caption != NULL ? caption : section->title);
    fprintf(out, caption != NULL ? "</caption>\n" : "\">\n");
    fprintf(out, "<thead>\n<tr>");
    for (const struct table_column *column = section->columns; column->head != NULL; column++) {
        fprintf(out, "<th scope=\"col\"%s>", column->right ? " class=\"n\"" : "");
        html_print(out, column->head);
        fprintf(out, "</th>");
    }
    fprintf(out, "</tr>\n</thead>\n<tbody>\n");
    json_array_foreach(rows, i, row)
    {
        print_row(out, row, section->columns);
    }
    fprintf(out, "</tbody>\n");
    if (section->sums != NULL) {
        fprintf(out, "<tfoot>\n");
        print_row(out, json_object_get(part, section->sums), section->columns);
        fprintf(out, "</tfoot>\n");
    }
    fprintf(out, "</table>\n");
}

static void print_parts(FILE *out, const struct report_section *section, const json_t *report)
{
    const json_t *part;
    size_t i;
    json_array_foreach(json_object_get(report, section->each), i, part)
    {
        char *is = report_fill(part, NULL, section->each_is);
        if (is != NULL) {
            print_table(out, section, part, is);
        }
        free(is);
    }
}

static void print_section(FILE *out, const struct report_section *section, const json_t *report)
{
    const json_t *lines = section->lines != NULL ? json_object_get(report, section->lines) : NULL;
    const json_t *line;
    size_t i;
    fprintf(out, "<section>\n<h2>");
    html_print(out, section->title);
    fprintf(out, "</h2>\n");
    print_facts(out, report, section->facts);
    if (section->each != NULL) {
        print_parts(out, section, report);
    } else if (section->rows != NULL) {
        print_table(out, section, report, NULL);
    }
    fprintf(out, "%s", json_array_size(lines) > 0 ? "<ul>\n" : "");
    json_array_foreach(lines, i, line)
    {
        fprintf(out, "<li>");
        html_print(out, json_string_value(line));
        fprintf(out, "</li>\n");
    }
    fprintf(out, "%s</section>\n", json_array_size(lines) > 0 ? "</ul>\n" : "");
}

bool audit_report_print_html(FILE *out, const json_t *report)
{
    document_begin();
    char *title = report_fill(report, NULL, report_title);
    const char *result = json_string_value(json_object_get(report, "result"));
    fprintf(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                 "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
    html_print(out, title != NULL ? title : result);
    fprintf(out, "</title>\n<style>\n%s", html_style);
    print_page_rule(out, report);
    fprintf(out, "</style>\n</head>\n<body>\n<main>\n<h1 class=\"%s\">", result);
    html_print(out, title != NULL ? title : result);
    fprintf(out, "</h1>\n");
    for (size_t i = 0; i < report_section_count; i++) {
        if (report_section_shown(&report_sections[i], report)) {
            print_section(out, &report_sections[i], report);
        }
    }
    fprintf(out, "</main>\n</body>\n</html>\n");
    free(title);
    return document_whole();
}
