#include "text/table.h"

#include "text/json.h"
#include "text/text.h"

#include <inttypes.h>
#include <string.h>

enum {
    CELL_SIZE = 256,     /* a label of 48 bytes, each made harmless as \u{NNNN}, fits */
    BUFFERED_ROWS = 512, /* rows that decide how wide the columns are */
};

struct table {
    FILE *out;
    enum table_style style;
    const struct table_column *columns;
    size_t column_count;
    size_t column;   /* of the next cell */
    uint64_t rows;   /* complete */
    char **cells;    /* text: those of the buffered rows, in order */
    size_t buffered; /* cells */
    size_t *widths;
    bool head_done;
    bool lacking; /* there was no memory for a cell, which is empty then */
};

static void table_free(struct table *table)
{
    for (size_t i = 0; table->cells != NULL && i < table->buffered; i++) {
        free(table->cells[i]);
    }
    free(table->cells);
    free(table->widths);
    free(table);
}

struct table *table_create(FILE *out, enum table_style style, const struct table_column *columns,
                           size_t column_count)
{
    struct table *table = calloc(1, sizeof *table);
    if (table == NULL) {
        return NULL;
    }
    *table = (struct table){.out = out,
                            .style = style,
                            .columns = columns,
                            .column_count = column_count,
                            .cells = calloc(BUFFERED_ROWS * column_count, sizeof(char *)),
                            .widths = calloc(column_count, sizeof(size_t))};
    if (table->cells == NULL || table->widths == NULL) {
        table_free(table);
        return NULL;
    }
    return table;
}

/* Columns on a terminal, near enough: one a code point. */
static size_t display_width(const char *text)
{
    size_t width = 0;
    for (; text != NULL && *text != '\0'; text++) {
        width += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return width;
}

static void print_padded(struct table *table, size_t column, const char *text, bool last)
{
    size_t width = display_width(text);
    int pad = width < table->widths[column] ? (int)(table->widths[column] - width) : 0;
    if (table->columns[column].right) {
        fprintf(table->out, "%*s%s%s", pad, "", text, last ? "\n" : "  ");
    } else {
        fprintf(table->out, "%s%*s%s", text, last ? 0 : pad, "", last ? "\n" : "  ");
    }
}

static size_t last_shown(const struct table *table)
{
    size_t last = table->column_count;
    while (last > 1 && table->columns[last - 1].head == NULL) {
        last--;
    }
    return last - 1;
}

static void print_row(struct table *table, char *const *cells)
{
    size_t last = last_shown(table);
    for (size_t i = 0; i <= last; i++) {
        if (table->columns[i].head != NULL) {
            const char *text = cells != NULL ? cells[i] : table->columns[i].head;
            print_padded(table, i, text != NULL ? text : "", i == last);
        }
    }
}

static void measure(struct table *table)
{
    for (size_t i = 0; i < table->buffered; i++) {
        size_t width = display_width(table->cells[i]);
        size_t *widest = &table->widths[i % table->column_count];
        *widest = width > *widest ? width : *widest;
    }
}

static void flush_text(struct table *table)
{
    if (!table->head_done) {
        for (size_t i = 0; i < table->column_count; i++) {
            table->widths[i] =
                table->columns[i].head != NULL ? display_width(table->columns[i].head) : 0;
        }
        measure(table);
        print_row(table, NULL);
        table->head_done = true;
    }
    measure(table);
    for (size_t at = 0; at < table->buffered; at += table->column_count) {
        print_row(table, table->cells + at);
    }
    for (size_t i = 0; i < table->buffered; i++) {
        free(table->cells[i]);
    }
    table->buffered = 0;
}

static void add_text(struct table *table, const char *text)
{
    char safe[CELL_SIZE];
    text_sanitise(safe, sizeof safe, text);
    char *cell = strdup(safe);
    table->lacking = table->lacking || cell == NULL;
    table->cells[table->buffered++] = cell;
}

static void csv_head(struct table *table)
{
    const char *comma = "";
    for (size_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].key != NULL) {
            fprintf(table->out, "%s%s", comma, table->columns[i].key);
            comma = ",";
        }
    }
    fputc('\n', table->out);
    table->head_done = true;
}

/* What stands before a machine's cell; false when the column is not for machines. */
static bool open_cell(struct table *table)
{
    const struct table_column *column = &table->columns[table->column];
    bool first = true;
    for (size_t i = 0; i < table->column; i++) {
        first = first && table->columns[i].key == NULL;
    }
    if (table->style == TABLE_CSV) {
        if (!table->head_done) {
            csv_head(table);
        }
        fputs(column->key == NULL || first ? "" : ",", table->out);
    } else {
        if (table->column == 0) {
            fputs(table->style == TABLE_JSONL ? "{"
                  : table->rows == 0          ? "[\n  {"
                                              : ",\n  {",
                  table->out);
        }
        if (column->key != NULL) {
            fprintf(table->out, "%s\"%s\": ", first ? "" : ", ", column->key);
        }
    }
    return column->key != NULL;
}

static void close_cell(struct table *table)
{
    if (++table->column < table->column_count) {
        return;
    }
    table->column = 0;
    table->rows++;
    if (table->style == TABLE_CSV) {
        fputc('\n', table->out);
    } else if (table->style == TABLE_JSON) {
        fputc('}', table->out);
    } else if (table->style == TABLE_JSONL) {
        fputs("}\n", table->out);
    } else if (table->buffered == BUFFERED_ROWS * table->column_count) {
        flush_text(table);
    }
}

void table_text(struct table *table, const char *text)
{
    if (table == NULL) {
        return;
    }
    if (table->style == TABLE_TEXT) {
        add_text(table, text[0] != '\0' ? text : "-");
    } else if (open_cell(table)) {
        if (table->style == TABLE_CSV) {
            text_csv_cell(table->out, text);
        } else {
            json_print_string(table->out, text);
        }
    }
    close_cell(table);
}

void table_number(struct table *table, uint64_t number)
{
    char text[24];
    if (table == NULL) {
        return;
    }
    snprintf(text, sizeof text, "%" PRIu64, number);
    if (table->style == TABLE_TEXT) {
        add_text(table, text);
    } else if (open_cell(table)) {
        fputs(text, table->out);
    }
    close_cell(table);
}

void table_figure(struct table *table, const char *digits)
{
    if (table == NULL) {
        return;
    }
    if (table->style == TABLE_TEXT) {
        add_text(table, digits);
    } else if (open_cell(table)) {
        fprintf(table->out, table->style == TABLE_CSV ? "%s" : "\"%s\"", digits);
    }
    close_cell(table);
}

void table_none(struct table *table)
{
    if (table == NULL) {
        return;
    }
    if (table->style == TABLE_TEXT) {
        add_text(table, "-");
    } else if (open_cell(table)) {
        fputs(table->style == TABLE_CSV ? "" : "null", table->out);
    }
    close_cell(table);
}

bool table_end(struct table *table)
{
    if (table == NULL) {
        return false;
    }
    uint64_t rows = table->rows;
    TIJORI_REQUIRE(table->column == 0);
    if (table->style == TABLE_TEXT) {
        flush_text(table);
    } else if (table->style == TABLE_JSON) {
        fputs(rows == 0 ? "[]" : "\n]", table->out);
    } else if (table->style == TABLE_CSV && !table->head_done) {
        csv_head(table);
    }
    bool whole = !table->lacking;
    table_free(table);
    return whole;
}

const char *name_of(const char *const *names, size_t count, uint64_t number)
{
    return number < count && names[number] != NULL ? names[number] : "?";
}
