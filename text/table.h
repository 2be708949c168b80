#ifndef TIJORI_TEXT_TABLE_H
#define TIJORI_TEXT_TABLE_H

/* Rows of cells, printed as aligned text for people, as CSV, or as a JSON array of objects. One
 * call a cell, in the order of the columns; a row is complete with its last cell.
 *
 * Memory is bounded: the first rows decide how wide the columns are, later ones are printed as they
 * come and only move what does not fit. Text cells may hold anything: they are made harmless for
 * the terminal, the spreadsheet or JSON here. */

#include "crypto/must_use.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The numbers are those of the choice "text|json|jsonl|csv". JSONL is one object a line. */
enum table_style { TABLE_TEXT, TABLE_JSON, TABLE_JSONL, TABLE_CSV };

/* Whether a document has more than its rows in this style: CSV and JSONL are rows alone. */
static inline bool table_is_rows(enum table_style style)
{
    return style == TABLE_JSONL || style == TABLE_CSV;
}

struct table_column {
    const char *head; /* for people; NULL: not shown to them */
    const char *key;  /* for CSV and JSON; NULL: not given to machines */
    bool right;
};

struct table;
/* `columns` stays with the caller. NULL when there is no memory: all that is below takes it. */
struct table *table_create(FILE *out, enum table_style style, const struct table_column *columns,
                           size_t column_count) TJ_MUST_USE;

void table_text(struct table *table, const char *text);
void table_number(struct table *table, uint64_t number);
/* Digits that must not pass through a floating-point number: a string in JSON. */
void table_figure(struct table *table, const char *digits);
/* Nothing: "-" in text, an empty cell, null. */
void table_none(struct table *table);

/* Ends the table and frees it. In JSON the closing bracket is not followed by a line feed. False
 * when there was no memory for all of it: what was printed is then not the whole. */
bool table_end(struct table *table) TJ_MUST_USE;

/* The name of a number, "?" where there is none: what a damaged file holds may be anything. */
const char *name_of(const char *const *names, size_t count, uint64_t number);

#endif
