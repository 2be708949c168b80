#ifndef TIJORI_TEXT_IMPORT_CSV_H
#define TIJORI_TEXT_IMPORT_CSV_H

/* The rows of any CSV as records, by a rules file. A row that cannot be one is told, with all that
 * is wrong with it, and the next one is read.
 *
 * Threads: a reader serves one thread at a time. */

#include "text/import_rules.h"
#include "text/text.h"

enum { IMPORT_ROW_MAX = 65536 }; /* bytes of a row */

struct import_reader {
    const struct import_rules *rules;
    const struct assets *assets;
    const struct import_faults *faults;
    const char *at;
    const char *end;
    uint32_t line;     /* that `at` stands in, from 1 */
    uint32_t row_line; /* that the last row begins in */
    bool faulty;       /* something was told of the last row */
    char separator;
    size_t width;                   /* cells of a row */
    int column[IMPORT_FIELD_COUNT]; /* where a field's cell stands; -1: it has none */
    char unit_text[32];             /* the unit read last, and what it is */
    struct asset unit;
    bool unit_base; /* base units, as sat are */
    size_t cell_count;
    char *cells[IMPORT_COLUMNS_MAX];
    char text[IMPORT_ROW_MAX + 2];
};

/* Reads up to the first row. False when the columns are not those that the rules name, and that was
 * told. All that is given outlives the reader. */
bool import_begin(struct import_reader *out, const struct import_rules *rules,
                  const struct assets *assets, const char *bytes, size_t size,
                  const struct import_faults *faults) TJ_MUST_USE;

/* FAULTY: it was told what is wrong; of the record only a reference can be counted on. */
enum import_next { IMPORT_RECORD, IMPORT_FAULTY, IMPORT_END };
enum import_next import_next(struct import_reader *reader,
                             uint8_t record[TJ_RECORD_SIZE]) TJ_MUST_USE;

#endif
