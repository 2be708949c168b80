/* A statement as CSV and as a page: one line a figure, from the JSON values. */

#include "text/html.h"
#include "text/statement_print.h"
#include "text/text.h"

#include <inttypes.h>
#include <string.h>

enum { COLUMNS = 9 };
static const char *const columns[COLUMNS] = {"section", "asset", "party",   "name",  "account",
                                             "label",   "item",  "purpose", "amount"};

/* One line, by column; NULL: nothing. */
struct line {
    const char *cells[COLUMNS];
};
enum { SECTION, ASSET, PARTY, NAME, ACCOUNT, LABEL, ITEM, PURPOSE, AMOUNT };

static const char *text_of(const json_t *object, const char *member)
{
    return json_string_value(json_object_get(object, member));
}

/* ---- printing a line ---- */

/* A cell that is a number, its minus included, is no formula for a spreadsheet. */
static bool is_number(const char *cell)
{
    const char *digits = cell + (cell[0] == '-');
    return digits[0] != '\0' && strspn(digits, "0123456789.") == strlen(digits);
}

static void print_csv(FILE *out, const struct line *line)
{
    for (int i = 0; i < COLUMNS; i++) {
        const char *cell = line->cells[i] != NULL ? line->cells[i] : "";
        fprintf(out, "%s", i > 0 ? "," : "");
        if (is_number(cell)) {
            fprintf(out, "%s", cell);
        } else {
            text_csv_cell(out, cell);
        }
    }
    fprintf(out, "\r\n");
}

static void print_html(struct statement_printer *printer, const struct line *line)
{
    FILE *out = printer->out;
    const char *section = line->cells[SECTION];
    if (strcmp(printer->section, section) != 0) {
        fprintf(out, "%s<section>\n<h2>",
                printer->section[0] != '\0' ? "</table>\n</section>\n" : "");
        snprintf(printer->section, sizeof printer->section, "%s", section);
        html_print(out, section);
        fprintf(out, "</h2>\n<table>\n<thead><tr>");
        for (int i = 1; i < COLUMNS; i++) {
            fprintf(out, "<th scope=\"col\"%s>%s</th>", i == AMOUNT ? " class=\"n\"" : "",
                    columns[i]);
        }
        fprintf(out, "</tr></thead>\n");
    }
    fprintf(out, "<tr>");
    for (int i = 1; i < COLUMNS; i++) {
        fprintf(out, "<td%s>", i == AMOUNT ? " class=\"n\"" : "");
        html_print(out, line->cells[i] != NULL ? line->cells[i] : "");
        fprintf(out, "</td>");
    }
    fprintf(out, "</tr>\n");
}

static void emit(struct statement_printer *printer, const struct line *line)
{
    if (line->cells[AMOUNT] == NULL) {
        return; /* a member that this one has not */
    }
    if (printer->html) {
        print_html(printer, line);
    } else {
        print_csv(printer->out, line);
    }
}

/* ---- what there is to say ---- */

static void emit_members(struct statement_printer *printer, struct line line, const json_t *object,
                         const char *const *members)
{
    for (; *members != NULL; members++) {
        const json_t *value = json_object_get(object, *members);
        char number[24];
        snprintf(number, sizeof number, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        line.cells[ITEM] = *members;
        line.cells[AMOUNT] = json_is_integer(value) ? number : json_string_value(value);
        emit(printer, &line);
    }
}

static void emit_movements(struct statement_printer *printer, struct line line,
                           const json_t *movements)
{
    static const char *const flows[] = {"brought_in", "in", "out", NULL};
    const json_t *movement;
    size_t i;
    json_array_foreach(movements, i, movement)
    {
        line.cells[PURPOSE] = text_of(movement, "purpose");
        emit_members(printer, line, movement, flows);
    }
}

/* opening, movements, closing, and what else there is. */
static void emit_books(struct statement_printer *printer, struct line line, const json_t *object,
                       const char *const *after)
{
    static const char *const opening[] = {"opening", "brought_in", NULL};
    emit_members(printer, line, object, opening);
    emit_movements(printer, line, json_object_get(object, "movements"));
    emit_members(printer, line, object, after);
}

static struct line line_of(char party[24], const char *section, const char *asset,
                           const json_t *object)
{
    const json_t *number = json_object_get(object, "party");
    struct line line = {{[SECTION] = section, [ASSET] = asset}};
    snprintf(party, 24, "%" JSON_INTEGER_FORMAT, json_integer_value(number));
    line.cells[PARTY] = number != NULL ? party : NULL;
    line.cells[NAME] = text_of(object, "name");
    line.cells[ACCOUNT] = text_of(object, "account");
    line.cells[LABEL] = text_of(object, "label");
    return line;
}

static void emit_parties(struct statement_printer *printer, const json_t *asset, const char *member,
                         const char *const *members)
{
    const json_t *party;
    size_t i;
    char number[24];
    json_array_foreach(json_object_get(asset, member), i, party)
    {
        struct line line = line_of(number, member, text_of(asset, "asset"), party);
        emit_members(printer, line, party, members);
    }
}

static void emit_programmes(struct statement_printer *printer, const json_t *asset)
{
    static const char *const members[] = {"counted",    "reserve",      "bound",    "left",
                                          "over",       "bound_a_day",  "power_mw", "corrected",
                                          "brought_in", "unclassified", "breaches", "breach_first",
                                          NULL};
    const json_t *programme;
    size_t i;
    char number[24];
    json_array_foreach(json_object_get(asset, "programmes"), i, programme)
    {
        char label[128];
        struct line line = line_of(number, "programmes", text_of(asset, "asset"), programme);
        snprintf(label, sizeof label, "rule %" JSON_INTEGER_FORMAT ", %s, %s, %s to %s, %s",
                 json_integer_value(json_object_get(programme, "rule")), text_of(programme, "type"),
                 text_of(programme, "mode"), text_of(programme, "starts"),
                 text_of(programme, "ends"), text_of(programme, "status"));
        line.cells[LABEL] = label;
        emit_members(printer, line, programme, members);
    }
}

/* What of the reserve is pledged or lent, the word in the place of a label. */
static void emit_encumbered(struct statement_printer *printer, const json_t *asset)
{
    static const char *const closing[] = {"closing", NULL};
    const json_t *encumbered = json_object_get(json_object_get(asset, "reserve"), "encumbered");
    const json_t *row;
    size_t i;
    json_array_foreach(encumbered, i, row)
    {
        struct line line = {{[SECTION] = "encumbered", [ASSET] = text_of(asset, "asset")}};
        line.cells[LABEL] = text_of(row, "encumbrance");
        emit_members(printer, line, row, closing);
    }
}

/* Pending movements and corrections. */
static void emit_records(struct statement_printer *printer, const json_t *asset, const char *member)
{
    static const char *const amount[] = {"amount", NULL};
    const json_t *row;
    size_t i;
    json_array_foreach(json_object_get(asset, member), i, row)
    {
        char label[160];
        const char *corrects = text_of(row, "corrects");
        struct line line = {{[SECTION] = member, [ASSET] = text_of(asset, "asset")}};
        snprintf(label, sizeof label, "record %s, to %s%s%s%s", text_of(row, "record"),
                 text_of(row, "to"), corrects != NULL ? ", corrects " : "",
                 corrects != NULL ? corrects : "",
                 json_is_true(json_object_get(row, "prior_period")) ? ", of a prior period" : "");
        line.cells[ACCOUNT] = text_of(row, "from");
        line.cells[LABEL] = label;
        line.cells[PURPOSE] = text_of(row, "purpose");
        emit_members(printer, line, row, amount);
    }
}

static void emit_asset(struct statement_printer *printer, const json_t *asset)
{
    static const char *const after[] = {"closing", "prior_period_adjustments", NULL};
    static const char *const sums[] = {"opening", "closing", NULL};
    static const char *const custody[] = {"opening",        "closing",     "attested",
                                          "attested_as_of", "attested_by", NULL};
    static const char *const amount[] = {"amount", NULL};
    static const char *const price[] = {"of_one", "reserve_closing", NULL};
    char number[24];
    const json_t *reserve = json_object_get(asset, "reserve");
    emit_books(printer, line_of(number, "reserve", text_of(asset, "asset"), reserve), reserve,
               after);
    emit_encumbered(printer, asset);
    emit_parties(printer, asset, "reserve_by_party", sums);
    emit_parties(printer, asset, "customers_by_custodian", custody);
    emit_programmes(printer, asset);
    emit_records(printer, asset, "pending");
    emit_parties(printer, asset, "frozen", amount);
    emit_records(printer, asset, "corrections");
    const json_t *value = json_object_get(asset, "price");
    struct line line = {{[SECTION] = "price", [ASSET] = text_of(asset, "asset")}};
    line.cells[NAME] = text_of(value, "unit");
    line.cells[LABEL] = text_of(value, "source");
    emit_members(printer, line, value, price);
}

void statement_print_head(struct statement_printer *printer, const json_t *head)
{
    static const char *const facts[] = {"ledger",    "ledger_id", "period_from",
                                        "as_of",     "entries",   "last_received",
                                        "last_leaf", "custody",   NULL};
    const json_t *asset;
    size_t i;
    if (printer->html) {
        fprintf(printer->out,
                "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                "<title>Statement of ");
        html_print(printer->out, text_of(head, "ledger"));
        fprintf(printer->out,
                "</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n<h1>"
                "Statement, ",
                html_style);
        html_print(printer->out, text_of(head, "period_from"));
        fprintf(printer->out, " to ");
        html_print(printer->out, text_of(head, "as_of"));
        fprintf(printer->out, "</h1>\n");
    } else {
        for (int c = 0; c < COLUMNS; c++) {
            fprintf(printer->out, "%s%s", c > 0 ? "," : "", columns[c]);
        }
        fprintf(printer->out, "\r\n");
    }
    const struct line about = {{[SECTION] = "about"}};
    emit_members(printer, about, head, facts);
    json_array_foreach(json_object_get(head, "assets"), i, asset)
    {
        emit_asset(printer, asset);
    }
}

void statement_print_account(struct statement_printer *printer, const json_t *account)
{
    static const char *const after[] = {"closing", "pending_in", "pending_out", "encumbrance",
                                        NULL};
    char number[24];
    emit_books(printer, line_of(number, "accounts", text_of(account, "asset"), account), account,
               after);
}

void statement_print_end(struct statement_printer *printer)
{
    if (printer->html) {
        fprintf(printer->out, "</table>\n</section>\n</main>\n</body>\n</html>\n");
    }
}
