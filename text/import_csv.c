#include "text/import_csv.h"

#include <stdarg.h>
#include <string.h>

static void refuse(struct import_reader *reader, const char *what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void refuse(struct import_reader *reader, const char *what, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    import_faults_tell(reader->faults, reader->row_line, what, format, arguments);
    va_end(arguments);
    reader->faulty = true;
}

/* ---- rows: RFC 4180 ---- */

static bool at_line_end(const struct import_reader *r, const char *at)
{
    return at == r->end || *at == '\n' || (*at == '\r' && at + 1 < r->end && at[1] == '\n');
}

static void skip_line(struct import_reader *r)
{
    const char *stop = memchr(r->at, '\n', (size_t)(r->end - r->at));
    r->at = stop == NULL ? r->end : stop + 1;
    r->line++;
}

/* One cell into the text at *out. NULL, or why it cannot be. */
static const char *take_quoted(struct import_reader *r, char **out, const char *stop)
{
    for (r->at++; r->at < stop; r->at++) {
        if (*r->at == '"' && (r->at + 1 == r->end || r->at[1] != '"')) {
            r->at++;
            return at_line_end(r, r->at) || *r->at == r->separator
                       ? NULL
                       : "text stands behind a cell in quotation marks";
        }
        r->at += *r->at == '"';
        r->line += *r->at == '\n';
        *(*out)++ = *r->at;
    }
    return "a quotation mark is not closed";
}

static const char *take_plain(struct import_reader *r, char **out, const char *stop)
{
    for (; r->at < stop && !at_line_end(r, r->at) && *r->at != r->separator; r->at++) {
        if (*r->at == '"') {
            return "a quotation mark stands inside a cell that does not begin with one";
        }
        *(*out)++ = *r->at;
    }
    return NULL;
}

/* A reference keeps its spaces inside; those at the ends of any cell are the program's that wrote
 * it. */
static char *trim(char *begin, char *end)
{
    while (end > begin && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }
    *end = '\0';
    return begin + strspn(begin, " \t");
}

static const char *take_cells(struct import_reader *r, const char *stop)
{
    char *out = r->text;
    r->cell_count = 0;
    for (;;) {
        char *begin = out;
        if (r->cell_count == IMPORT_COLUMNS_MAX) {
            return "has more than 256 cells";
        }
        const char *why =
            r->at < stop && *r->at == '"' ? take_quoted(r, &out, stop) : take_plain(r, &out, stop);
        if (why != NULL) {
            return why;
        }
        r->cells[r->cell_count++] = trim(begin, out++);
        if (at_line_end(r, r->at)) {
            skip_line(r);
            return NULL;
        }
        if (r->at == stop) {
            return "is longer than 65,536 bytes";
        }
        r->at++;
    }
}

static bool is_blank(const struct import_reader *r)
{
    for (size_t i = 0; i < r->cell_count; i++) {
        if (r->cells[i][0] != '\0') {
            return false;
        }
    }
    return true;
}

/* The next row that is not blank; false at the end. What cannot be taken apart is told, and reading
 * goes on in the line after the one in which it began: a quotation mark that was forgotten hides no
 * more than its own row. */
static bool take_row(struct import_reader *r)
{
    while (r->at < r->end) {
        const char *begin = r->at;
        size_t left = (size_t)(r->end - r->at);
        r->row_line = r->line;
        r->faulty = false;
        const char *why = take_cells(r, begin + (left < IMPORT_ROW_MAX ? left : IMPORT_ROW_MAX));
        if (why != NULL) {
            r->at = begin;
            r->line = r->row_line;
            skip_line(r);
            refuse(r, "", "%s", why);
            return true;
        }
        if (!is_blank(r)) {
            return true;
        }
    }
    return false;
}

/* ---- columns ---- */

static int find_column(const char *const *names, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static bool find_columns(struct import_reader *r, const char *const *names, size_t count)
{
    r->width = count;
    for (size_t i = 0; i < IMPORT_FIELD_COUNT; i++) {
        const struct import_source *source = &r->rules->fields[i];
        r->column[i] = -1;
        if (source->how != IMPORT_COLUMN && source->how != IMPORT_LOOKUP) {
            continue;
        }
        r->column[i] = find_column(names, count, source->text);
        if (r->column[i] < 0) {
            refuse(r, import_field_names[i], "there is no column '%.60s' (line %u of the rules)",
                   source->text, source->line);
        }
    }
    return !r->faulty;
}

bool import_begin(struct import_reader *out, const struct import_rules *rules,
                  const struct assets *assets, const char *bytes, size_t size,
                  const struct import_faults *faults)
{
    memset(out, 0, offsetof(struct import_reader, text));
    out->rules = rules;
    out->assets = assets;
    out->faults = faults;
    out->separator = rules->separator;
    out->at = bytes;
    out->end = bytes + size;
    out->line = 1;
    out->row_line = 1;
    if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) { /* as spreadsheets write it */
        out->at += 3;
    }
    if (memchr(bytes, '\0', size) != NULL) {
        refuse(out, "", "is no text in UTF-8: it has a zero byte; save it as UTF-8");
        return false;
    }
    if (out->end - out->at >= 5 && memcmp(out->at, "sep=", 4) == 0) { /* so do they */
        out->separator = out->at[4];
        skip_line(out);
    }
    for (uint32_t i = 0; i < rules->skip && out->at < out->end; i++) {
        skip_line(out);
    }
    if (rules->column_count > 0) {
        return find_columns(out, rules->columns, rules->column_count);
    }
    if (!take_row(out)) {
        refuse(out, "", "there is no row that names the columns");
        return false;
    }
    return !out->faulty && find_columns(out, (const char *const *)out->cells, out->cell_count);
}

/* ---- fields ---- */

/* The text of a field; NULL when a lookup has none, which is told. */
static const char *text_of(struct import_reader *r, enum import_field field)
{
    const struct import_source *source = &r->rules->fields[field];
    if (source->how == IMPORT_CONSTANT) {
        return source->text;
    }
    if (r->column[field] < 0) {
        return "";
    }
    const char *cell = r->cells[r->column[field]];
    if (source->how != IMPORT_LOOKUP) {
        return cell;
    }
    const char *found = import_lookup(source, cell);
    if (found == NULL) {
        refuse(r, import_field_names[field], "%.200s has no line for '%.60s'", source->file, cell);
    }
    return found;
}

static void take_kind(struct import_reader *r, struct tj_record *record)
{
    const char *text = text_of(r, IMPORT_KIND);
    record->kind = TJ_MOVE;
    if (text == NULL || text[0] == '\0' || strcmp(text, "move") == 0) {
        return;
    }
    record->kind = TJ_PENDING;
    if (strcmp(text, "pending") != 0) {
        refuse(r, "kind", "is to be move or pending, not '%.40s'", text);
    }
}

static void take_account(struct import_reader *r, uint64_t *account, enum import_field field)
{
    const char *text = text_of(r, field);
    if (text != NULL && !text_parse_account(account, text)) {
        refuse(r, import_field_names[field], "'%.40s' is not an account: PARTY:NUMBER, as in 1:0",
               text);
    }
}

static void take_purpose(struct import_reader *r, struct tj_record *record)
{
    const char *text = text_of(r, IMPORT_PURPOSE);
    uint64_t number = 0;
    if (text != NULL && !tj_name_find(&number, tj_purpose_names, TJ_PURPOSE_END, text)) {
        refuse(r, "purpose", "there is no purpose '%.40s'", text);
    }
    record->purpose = (uint8_t)number;
}

static void take_value_date(struct import_reader *r, struct tj_record *record)
{
    const bool constant = r->rules->fields[IMPORT_VALUE_DATE].how == IMPORT_CONSTANT;
    const char *text = text_of(r, IMPORT_VALUE_DATE);
    const char *pattern = constant ? "YYYY-MM-DD" : r->rules->date;
    if (text[0] != '\0' && !import_date(&record->value_date, pattern, text)) {
        refuse(r, "value_date", "'%.40s' is no date of the form %s", text, pattern);
    }
}

static bool names_nothing(const char *reference)
{
    return reference[0] == '\0' || strcmp(reference, "NOTPROVIDED") == 0;
}

static void take_reference(struct import_reader *r, struct tj_record *record)
{
    const char *text = text_of(r, IMPORT_REFERENCE);
    if (names_nothing(text)) {
        text = text_of(r, IMPORT_REFERENCE_ELSE);
    }
    if (names_nothing(text)) {
        refuse(r, "reference",
               "there is none: without it nobody can tell whether the row is booked already");
        return;
    }
    if (strlen(text) > TJ_REFERENCE_SIZE) {
        refuse(r, "reference", "'%.40s' is longer than %u bytes", text, TJ_REFERENCE_SIZE);
        return;
    }
    memcpy(record->reference, text, strlen(text));
}

static void take_evidence(struct import_reader *r, struct tj_record *record)
{
    const char *text = text_of(r, IMPORT_EVIDENCE);
    if (text[0] != '\0' && (!text_parse_hex(record->hash.bytes, TJ_HASH_SIZE, text) ||
                            tj_all_zero(record->hash.bytes, TJ_HASH_SIZE))) {
        refuse(r, "evidence", "is to be a SHA-256, 64 hex digits");
    }
}

/* ---- amounts ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The number as we write numbers: digits, and a point. False when marks stand where they cannot:
 * `1.234` is one thousand and more where the point groups, and never one and a bit. */
static bool take_number(const struct import_rules *rules, char out[64], const char *text)
{
    size_t size = 0;
    size_t group = 0;     /* digits since the last mark */
    bool grouped = false; /* there was a grouping mark */
    bool point = false;
    for (; *text != '\0'; text++) {
        if (size == 62) {
            return false;
        }
        if (*text == rules->decimal && !point && size > 0 && (!grouped || group == 3)) {
            out[size++] = '.';
            point = true;
        } else if (*text == rules->grouping && !point && group > 0 &&
                   (grouped ? group == 3 : group <= 3)) {
            grouped = true;
            group = 0;
        } else if (is_digit(*text)) {
            out[size++] = *text;
            group++;
        } else {
            return false;
        }
    }
    out[size] = '\0';
    return size > 0 && is_digit(out[size - 1]) && (point || !grouped || group == 3);
}

/* Rows have one unit, or take turns among few. */
static bool take_unit(struct import_reader *r, const char *text)
{
    if (text[0] != '\0' && strcmp(text, r->unit_text) == 0) {
        return true;
    }
    r->unit_base = strcmp(text, "sat") == 0;
    r->unit_text[0] = '\0';
    if (!r->assets->by_code(r->assets->context, &r->unit, r->unit_base ? "BTC" : text)) {
        return false;
    }
    snprintf(r->unit_text, sizeof r->unit_text, "%s", text);
    return true;
}

/* `1.234,5 BTC`: the number's text, apart from its unit; the cell is changed. */
static const char *split_unit(char *cell)
{
    char *space = strrchr(cell, ' ');
    if (space == NULL || is_digit(space[1])) {
        return "";
    }
    *space = '\0';
    return space + 1;
}

/* Takes the sign off a cell; true when it was a minus. */
static bool take_sign(char **cell)
{
    const bool below = **cell == '-';
    *cell += below || **cell == '+';
    return below;
}

/* What a row says of unit and account must not contradict; the account's word is asked for where
 * there is one. */
static void check_asset(struct import_reader *r, const struct tj_record *record)
{
    struct asset held;
    if (r->assets->of_account(r->assets->context, &held, record->from) &&
        held.number != r->unit.number) {
        refuse(r, "unit", "account from holds %s, and the amount is in %s", held.code,
               r->unit.code);
    }
}

static void take_amount(struct import_reader *r, struct tj_record *record)
{
    char number[64];
    tj_i128 value = 0;
    char *cell = r->cells[r->column[IMPORT_AMOUNT]];
    const bool below = take_sign(&cell);
    const bool separate = r->rules->fields[IMPORT_UNIT].how != IMPORT_NOT_GIVEN;
    const char *unit = separate ? text_of(r, IMPORT_UNIT) : split_unit(cell);
    if (unit == NULL) {
        return;
    }
    if (!take_unit(r, unit)) {
        refuse(r, "unit", "'%.40s' is no unit: BTC, sat, or the code of an asset", unit);
        return;
    }
    if (!take_number(r->rules, number, cell)) {
        refuse(r, "amount", "'%.40s' is no number as the rules have them", cell);
        return;
    }
    if (!tj_amount_parse(&value, number, strlen(number), r->unit_base ? 0 : r->unit.decimals) ||
        value > (tj_i128)UINT64_MAX) {
        refuse(r, "amount", "'%.40s' has more digits than %s", cell, r->unit.code);
        return;
    }
    if (below && !r->rules->swaps) {
        refuse(r, "amount", "'-%.40s' is below zero: 'negative swap' in the rules turns it round",
               cell);
        return;
    }
    if (below) {
        uint64_t from = record->from;
        record->from = record->to;
        record->to = from;
    }
    record->amount = (uint64_t)value;
    check_asset(r, record);
}

/* ---- records ---- */

static void take_record(struct import_reader *r, struct tj_record *record)
{
    if (r->cell_count != r->width) {
        refuse(r, "", "has %zu cells, and there are %zu columns", r->cell_count, r->width);
        return;
    }
    take_kind(r, record);
    take_account(r, &record->from, IMPORT_FROM);
    take_account(r, &record->to, IMPORT_TO);
    take_purpose(r, record);
    take_value_date(r, record);
    take_reference(r, record);
    take_evidence(r, record);
    take_amount(r, record);
}

enum import_next import_next(struct import_reader *reader, uint8_t record[TJ_RECORD_SIZE])
{
    struct tj_record fields = {.kind = TJ_MOVE};
    struct tj_verdict verdict;
    if (!take_row(reader)) {
        return IMPORT_END;
    }
    if (!reader->faulty) {
        take_record(reader, &fields);
    }
    tj_record_encode(&fields, record);
    if (reader->faulty) {
        return IMPORT_FAULTY;
    }
    tj_verdict_init(&verdict);
    if (tj_record_check(record, false, &verdict) != TIJORI_OK) {
        refuse(reader, verdict.field != NULL ? verdict.field : "", "%s",
               verdict.detail[0] != '\0' ? verdict.detail : tijori_status_text(verdict.status));
        return IMPORT_FAULTY;
    }
    return IMPORT_RECORD;
}
