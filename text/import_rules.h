#ifndef TIJORI_TEXT_IMPORT_RULES_H
#define TIJORI_TEXT_IMPORT_RULES_H

/* Rules files: how the CSV of a bank, a wallet or an accounting system becomes movements.
 * docs/FORMAT.md section 11. Nothing here is trusted; everything that is wrong is told, with its
 * line.
 *
 * Threads: any number read one that is parsed. */

#include "core/format/record.h"

#include <stdarg.h>
#include <stddef.h>

/* What makes a record, and the statement's word for it. */
/* clang-format off */
#define IMPORT_FIELDS(X) \
    X(KIND, "kind") \
    X(FROM, "from") \
    X(TO, "to") \
    X(AMOUNT, "amount") \
    X(UNIT, "unit") \
    X(PURPOSE, "purpose") \
    X(VALUE_DATE, "value_date") \
    X(REFERENCE, "reference") \
    X(REFERENCE_ELSE, "reference_else") \
    X(EVIDENCE, "evidence")
/* clang-format on */

enum import_field {
#define IMPORT_ENUM(name, word) IMPORT_##name,
    IMPORT_FIELDS(IMPORT_ENUM)
#undef IMPORT_ENUM
        IMPORT_FIELD_COUNT
};
extern const char *const import_field_names[IMPORT_FIELD_COUNT];

enum {
    IMPORT_RULES_SIZE_MAX = 1 << 20, /* bytes of a rules file */
    IMPORT_COLUMNS_MAX = 256,
    IMPORT_DATE_MAX = 32, /* bytes of a date pattern */
};

enum import_how { IMPORT_NOT_GIVEN, IMPORT_CONSTANT, IMPORT_COLUMN, IMPORT_LOOKUP };

/* Where a field comes from. */
struct import_source {
    enum import_how how;
    uint32_t line;
    const char *text; /* the constant, or the column's name */
    const char *file; /* of a lookup, as it is named */
    struct import_pair {
        const char *cell;
        const char *value;
        uint32_t line;
    } * pairs; /* of a lookup, in the order of their cells */
    size_t pair_count;
    char *bytes; /* that they point into */
};

struct import_rules {
    char separator;
    char decimal;
    char grouping; /* 0: amounts have none */
    bool swaps;    /* an amount below zero goes the other way */
    uint32_t skip; /* lines before the header, or before the first row */
    char date[IMPORT_DATE_MAX + 1];
    const char *columns[IMPORT_COLUMNS_MAX]; /* none: the first row names them */
    size_t column_count;
    struct import_source fields[IMPORT_FIELD_COUNT];
    char *bytes; /* that all of it points into */
};

/* Is told each thing that is wrong. `what` is a statement, a column or a field, or empty. */
struct import_faults {
    void *context;
    void (*tell)(void *context, uint32_t line, const char *what, const char *rule);
};

/* Says one, of a format and its arguments. */
void import_faults_tell(const struct import_faults *faults, uint32_t line, const char *what,
                        const char *format, va_list arguments)
    __attribute__((format(printf, 4, 0)));

/* Reads a rules file. False when anything was wrong, and that was told. Clear *out either way. */
bool import_rules_parse(struct import_rules *out, const char *bytes, size_t size,
                        const struct import_faults *faults) TJ_MUST_USE;
void import_rules_clear(struct import_rules *rules);

/* Reads the file of a lookup: `cell,value` a line. The same. */
bool import_lookup_parse(struct import_rules *rules, enum import_field field, const char *bytes,
                         size_t size, const struct import_faults *faults) TJ_MUST_USE;
/* The value of a cell; NULL: the file has none. */
const char *import_lookup(const struct import_source *source, const char *cell);

/* A date by the pattern of the rules, in days. */
bool import_date(uint32_t *days, const char *pattern, const char *text) TJ_MUST_USE;

#endif
