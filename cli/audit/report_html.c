/* The report as one HTML page that stands by itself: no script, nothing from outside, readable in
 * black and white, and made to be printed on A4. Heads of printed pages are CSS margin boxes (CSS
 * Paged Media 3); a browser without them prints the same page without those heads. */

#include "cli/audit/report.h"
#include "text/html.h"
#include "text/text.h"

#include <string.h>

/* ---- escaping ---- */

static void print_escaped(const char *text)
{
    html_print(stdout, text);
}

/* Inside a string of the style sheet: all but letters, digits and what is not ASCII as \hhhhhh, so
 * that neither the string nor the element can be ended. */
static void print_css_string(const char *text)
{
    char safe[4096];
    text_sanitise(safe, sizeof safe, text);
    for (const char *p = safe; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        bool plain =
            c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        printf(plain ? "%c" : "\\%06x", c);
    }
}

/* ---- parts of the page ---- */

static void print_page_rule(const json_t *report)
{
    printf("@page{size:A4;margin:24mm 15mm 18mm;\n@top-left{white-space:pre;vertical-align:bottom;"
           "padding-bottom:3mm;font:7pt/1.4 monospace;content:\"");
    for (const char *const *head = report_page_heads; *head != NULL; head++) {
        char *text = report_fill(report, NULL, *head);
        if (text != NULL) {
            print_css_string(text);
            printf("\\00000a");
        }
        free(text);
    }
    printf("\"}\n@bottom-right{font:8pt sans-serif;"
           "content:\"page \" counter(page) \" of \" counter(pages)}}\n");
}

static void print_facts(const json_t *report, const struct report_fact *facts)
{
    bool any = false;
    for (; facts != NULL && facts->label != NULL; facts++) {
        char *text = report_fill(report, NULL, facts->text);
        if (text != NULL) {
            printf("%s<tr><th scope=\"row\">", any ? "" : "<table class=\"facts\">\n<tbody>\n");
            print_escaped(facts->label);
            printf("</th><td>");
            print_escaped(text);
            printf("</td></tr>\n");
            any = true;
        }
        free(text);
    }
    printf("%s", any ? "</tbody>\n</table>\n" : "");
}

/* A word of a verdict is its cell's class. */
static void print_row(const json_t *row, const struct table_column *columns)
{
    printf("<tr>");
    for (const struct table_column *column = columns; column->head != NULL; column++) {
        char *cell = report_cell(row, column->key);
        const char *tag = column == columns ? "th" : "td";
        printf("<%s%s", tag, column == columns ? " scope=\"row\"" : "");
        if (strcmp(column->key, "result") == 0) {
            printf(" class=\"");
            print_escaped(cell);
            printf("\"");
        } else if (column->right) {
            printf(" class=\"n\"");
        }
        printf(">");
        print_escaped(cell);
        printf("</%s>", tag);
        free(cell);
    }
    printf("</tr>\n");
}

/* `caption`, of one table among several under a heading; NULL: the heading names it. */
static void print_table(const struct report_section *section, const json_t *part,
                        const char *caption)
{
    const json_t *rows = json_object_get(part, section->rows);
    const json_t *row;
    size_t i;
    if (json_array_size(rows) == 0) {
        return;
    }
    printf(caption != NULL ? "<table>\n<caption>" : "<table aria-label=\"");
    print_escaped(caption != NULL ? caption : section->title);
    printf(caption != NULL ? "</caption>\n" : "\">\n");
    printf("<thead>\n<tr>");
    for (const struct table_column *column = section->columns; column->head != NULL; column++) {
        printf("<th scope=\"col\"%s>", column->right ? " class=\"n\"" : "");
        print_escaped(column->head);
        printf("</th>");
    }
    printf("</tr>\n</thead>\n<tbody>\n");
    json_array_foreach(rows, i, row)
    {
        print_row(row, section->columns);
    }
    printf("</tbody>\n");
    if (section->sums != NULL) {
        printf("<tfoot>\n");
        print_row(json_object_get(part, section->sums), section->columns);
        printf("</tfoot>\n");
    }
    printf("</table>\n");
}

static void print_parts(const struct report_section *section, const json_t *report)
{
    const json_t *part;
    size_t i;
    json_array_foreach(json_object_get(report, section->each), i, part)
    {
        char *is = report_fill(part, NULL, section->each_is);
        if (is != NULL) {
            print_table(section, part, is);
        }
        free(is);
    }
}

static void print_section(const struct report_section *section, const json_t *report)
{
    const json_t *lines = section->lines != NULL ? json_object_get(report, section->lines) : NULL;
    const json_t *line;
    size_t i;
    printf("<section>\n<h2>");
    print_escaped(section->title);
    printf("</h2>\n");
    print_facts(report, section->facts);
    if (section->each != NULL) {
        print_parts(section, report);
    } else if (section->rows != NULL) {
        print_table(section, report, NULL);
    }
    printf("%s", json_array_size(lines) > 0 ? "<ul>\n" : "");
    json_array_foreach(lines, i, line)
    {
        printf("<li>");
        print_escaped(json_string_value(line));
        printf("</li>\n");
    }
    printf("%s</section>\n", json_array_size(lines) > 0 ? "</ul>\n" : "");
}

void audit_print_html(const json_t *report)
{
    char *title = report_fill(report, NULL, report_title);
    const char *result = json_string_value(json_object_get(report, "result"));
    printf("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
           "<meta name=\"viewport\" content=\"width=device-width\">\n<title>");
    print_escaped(title != NULL ? title : result);
    printf("</title>\n<style>\n%s", html_style);
    print_page_rule(report);
    printf("</style>\n</head>\n<body>\n<main>\n<h1 class=\"%s\">", result);
    print_escaped(title != NULL ? title : result);
    printf("</h1>\n");
    for (size_t i = 0; i < report_section_count; i++) {
        if (report_section_shown(&report_sections[i], report)) {
            print_section(&report_sections[i], report);
        }
    }
    printf("</main>\n</body>\n</html>\n");
    free(title);
}
