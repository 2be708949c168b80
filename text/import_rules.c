#include "text/import_rules.h"

#include "core/base/memory.h"
#include "text/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define IMPORT_NAME(name, word) [IMPORT_##name] = (word),
const char *const import_field_names[IMPORT_FIELD_COUNT] = {IMPORT_FIELDS(IMPORT_NAME)};

enum { WORDS_MAX = IMPORT_COLUMNS_MAX + 1 };

struct rules_parse {
    struct import_rules *out;
    const struct import_faults *faults;
    uint32_t line;
    char *words[WORDS_MAX];
    size_t word_count;
    uint32_t seen; /* bit by statement */
    bool wrong;
};

void import_faults_tell(const struct import_faults *faults, uint32_t line, const char *what,
                        const char *format, va_list arguments)
{
    char rule[400];
    vsnprintf(rule, sizeof rule, format, arguments);
    faults->tell(faults->context, line, what, rule);
}

static void refuse(struct rules_parse *parse, const char *what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void refuse(struct rules_parse *parse, const char *what, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    import_faults_tell(parse->faults, parse->line, what, format, arguments);
    va_end(arguments);
    parse->wrong = true;
}

/* ---- words ---- */

/* Takes a word that stands in quotation marks, in place; a doubled mark is one. NULL: not closed.
 */
static char *take_quoted(char *at)
{
    char *out = at;
    for (at++; *at != '\0'; at++) {
        if (*at == '"' && at[1] != '"') {
            *out = '\0';
            return at + 1;
        }
        at += *at == '"';
        *out++ = *at;
    }
    return NULL;
}

static bool take_words(struct rules_parse *parse, char *at)
{
    parse->word_count = 0;
    for (;;) {
        at += strspn(at, " \t");
        if (*at == '\0') {
            return true;
        }
        if (parse->word_count == WORDS_MAX) {
            refuse(parse, "", "has more than %d words", WORDS_MAX);
            return false;
        }
        parse->words[parse->word_count++] = at;
        char *end = *at == '"' ? take_quoted(at) : at + strcspn(at, " \t");
        if (end == NULL || (*end != '\0' && *end != ' ' && *end != '\t')) {
            refuse(parse, "", "a quotation mark is not closed, or text follows it");
            return false;
        }
        at = end + (*end != '\0');
        *end = '\0';
    }
}

/* ---- statements about the file ---- */

static void take_separator(struct rules_parse *parse)
{
    const char *word = parse->words[1];
    if (strcmp(word, "tab") == 0) {
        parse->out->separator = '\t';
        return;
    }
    if (strlen(word) != 1 || strchr(",;|:", word[0]) == NULL) {
        refuse(parse, "separator", "is to be one of , ; | : or the word tab");
        return;
    }
    parse->out->separator = word[0];
}

static void take_decimal(struct rules_parse *parse)
{
    const char *word = parse->words[1];
    if (strcmp(word, ",") != 0 && strcmp(word, ".") != 0) {
        refuse(parse, "decimal", "is to be , or .");
        return;
    }
    parse->out->decimal = word[0];
}

static void take_grouping(struct rules_parse *parse)
{
    const char *word = parse->words[1];
    if (strcmp(word, "space") == 0) {
        parse->out->grouping = ' ';
        return;
    }
    if (strlen(word) != 1 || strchr(",.'_", word[0]) == NULL) {
        refuse(parse, "grouping", "is to be one of , . ' _ or the word space");
        return;
    }
    parse->out->grouping = word[0];
}

static bool has_once(const char *pattern, const char *part)
{
    const char *first = strstr(pattern, part);
    return first != NULL && strstr(first + strlen(part), part) == NULL;
}

static void take_date(struct rules_parse *parse)
{
    const char *word = parse->words[1];
    if (strlen(word) > IMPORT_DATE_MAX || !has_once(word, "YYYY") || !has_once(word, "MM") ||
        !has_once(word, "DD")) {
        refuse(parse, "date",
               "is to have YYYY, MM and DD once each, as in DD.MM.YYYY; a * at its end stands for "
               "whatever follows");
        return;
    }
    snprintf(parse->out->date, sizeof parse->out->date, "%s", word);
}

static void take_skip(struct rules_parse *parse)
{
    uint64_t skip;
    if (!text_parse_number(&skip, parse->words[1], UINT32_MAX)) {
        refuse(parse, "skip", "is to be a number of lines");
        return;
    }
    parse->out->skip = (uint32_t)skip;
}

static void take_columns(struct rules_parse *parse)
{
    struct import_rules *out = parse->out;
    for (size_t i = 1; i < parse->word_count; i++) {
        for (size_t j = 0; j < out->column_count; j++) {
            if (strcmp(out->columns[j], parse->words[i]) == 0) {
                refuse(parse, "columns", "names '%.40s' twice", parse->words[i]);
            }
        }
        out->columns[out->column_count++] = parse->words[i];
    }
}

static void take_negative(struct rules_parse *parse)
{
    if (strcmp(parse->words[1], "swap") != 0 && strcmp(parse->words[1], "refuse") != 0) {
        refuse(parse, "negative", "is to be swap or refuse");
    }
    parse->out->swaps = strcmp(parse->words[1], "swap") == 0;
}

/* ---- statements about a field ---- */

/* Why a value cannot be one of the field; NULL: it can, or that depends on the ledger. */
static const char *why_not(enum import_field field, const char *value)
{
    uint64_t number;
    switch (field) {
    case IMPORT_KIND:
        return strcmp(value, "move") == 0 || strcmp(value, "pending") == 0
                   ? NULL
                   : "a kind is move or pending";
    case IMPORT_FROM:
    case IMPORT_TO:
        return text_parse_account(&number, value) ? NULL
                                                  : "an account is PARTY:NUMBER, as in 1:0 or 2:r0";
    case IMPORT_PURPOSE:
        return tj_name_find(&number, tj_purpose_names, TJ_PURPOSE_END, value)
                   ? NULL
                   : "there is no such purpose";
    case IMPORT_AMOUNT:
    case IMPORT_REFERENCE:
    case IMPORT_REFERENCE_ELSE:
    case IMPORT_EVIDENCE:
        return "it is another one in each row: name a column";
    case IMPORT_UNIT:
    case IMPORT_VALUE_DATE:
    case IMPORT_FIELD_COUNT:
        break;
    }
    return NULL;
}

static bool may_be_looked_up(enum import_field field)
{
    return field == IMPORT_KIND || field == IMPORT_FROM || field == IMPORT_TO ||
           field == IMPORT_PURPOSE || field == IMPORT_UNIT;
}

/* The field that the second word names, not given before; NULL otherwise, and that was told. */
static struct import_source *find_field(struct rules_parse *parse, enum import_field *field)
{
    for (size_t i = 0; i < IMPORT_FIELD_COUNT; i++) {
        struct import_source *source = &parse->out->fields[i];
        if (strcmp(parse->words[1], import_field_names[i]) != 0) {
            continue;
        }
        if (source->how != IMPORT_NOT_GIVEN) {
            refuse(parse, import_field_names[i], "was given in line %u already", source->line);
            return NULL;
        }
        *field = (enum import_field)i;
        source->line = parse->line;
        source->text = parse->words[2];
        return source;
    }
    refuse(parse, parse->words[0],
           "'%.40s' is no field: kind, from, to, amount, unit, purpose, value_date, reference, "
           "reference_else, evidence",
           parse->words[1]);
    return NULL;
}

static void take_constant(struct rules_parse *parse)
{
    enum import_field field;
    uint32_t days;
    struct import_source *source = find_field(parse, &field);
    if (source == NULL) {
        return;
    }
    source->how = IMPORT_CONSTANT;
    const char *why = why_not(field, source->text);
    if (field == IMPORT_VALUE_DATE && !text_parse_date(&days, source->text)) {
        why = "a constant date is YYYY-MM-DD";
    }
    if (why != NULL) {
        refuse(parse, import_field_names[field], "%s", why);
    }
}

static void take_column(struct rules_parse *parse)
{
    enum import_field field;
    struct import_source *source = find_field(parse, &field);
    if (source != NULL) {
        source->how = IMPORT_COLUMN;
    }
}

static void take_lookup(struct rules_parse *parse)
{
    enum import_field field;
    struct import_source *source = find_field(parse, &field);
    if (source == NULL) {
        return;
    }
    source->how = IMPORT_LOOKUP;
    source->file = parse->words[3];
    if (!may_be_looked_up(field)) {
        refuse(parse, import_field_names[field],
               "is not looked up: kind, from, to, unit and purpose are");
    }
}

/* ---- lines ---- */

enum { MANY_WORDS = WORDS_MAX };
static const struct statement {
    const char *name;
    size_t least; /* words behind the name */
    size_t most;
    bool repeats;
    void (*take)(struct rules_parse *parse);
    const char *form;
} statements[] = {
    {"separator", 1, 1, false, take_separator, "separator ;"},
    {"decimal", 1, 1, false, take_decimal, "decimal ,"},
    {"grouping", 1, 1, false, take_grouping, "grouping ."},
    {"date", 1, 1, false, take_date, "date DD.MM.YYYY"},
    {"skip", 1, 1, false, take_skip, "skip 3"},
    {"columns", 1, MANY_WORDS, false, take_columns, "columns date amount \"Our reference\""},
    {"negative", 1, 1, false, take_negative, "negative swap"},
    {"constant", 2, 2, true, take_constant, "constant purpose customer_transfer"},
    {"column", 2, 2, true, take_column, "column amount Betrag"},
    {"lookup", 3, 3, true, take_lookup, "lookup to Kunde customers.csv"},
};
enum { STATEMENTS = sizeof statements / sizeof statements[0] };

static void take_statement(struct rules_parse *parse)
{
    for (size_t i = 0; i < STATEMENTS; i++) {
        const struct statement *s = &statements[i];
        if (strcmp(parse->words[0], s->name) != 0) {
            continue;
        }
        if (parse->word_count - 1 < s->least || parse->word_count - 1 > s->most) {
            refuse(parse, s->name, "is written as in: %s", s->form);
            return;
        }
        if (!s->repeats && (parse->seen >> i & 1) != 0) {
            refuse(parse, s->name, "was given before");
            return;
        }
        parse->seen |= UINT32_C(1) << i;
        s->take(parse);
        return;
    }
    refuse(parse, "",
           "'%.40s' is no statement: separator, decimal, grouping, date, skip, columns, negative, "
           "constant, column, lookup",
           parse->words[0]);
}

/* What the statements have to say together. */
static void check_whole(struct rules_parse *parse)
{
    static const enum import_field needed[] = {IMPORT_FROM, IMPORT_TO, IMPORT_AMOUNT,
                                               IMPORT_PURPOSE, IMPORT_REFERENCE};
    const struct import_rules *out = parse->out;
    parse->line = 0;
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++) {
        if (out->fields[needed[i]].how == IMPORT_NOT_GIVEN) {
            refuse(parse, import_field_names[needed[i]], "no statement says where it comes from");
        }
    }
    if (out->grouping == out->decimal) {
        refuse(parse, "grouping", "is the decimal mark as well");
    }
}

/* The line that begins at `at`, terminated in place; where the next one begins. */
static char *end_line(char *at, const char *end)
{
    char *stop = memchr(at, '\n', (size_t)(end - at));
    if (stop == NULL) {
        return at + strlen(at) + 1;
    }
    *stop = '\0';
    if (stop > at && stop[-1] == '\r') {
        stop[-1] = '\0';
    }
    return stop + 1;
}

/* A copy with a NUL behind, without a byte order mark. NULL, and told: no memory, or a NUL in it.
 */
static char *copy_text(struct rules_parse *parse, const char *bytes, size_t size)
{
    if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        bytes += 3;
        size -= 3;
    }
    parse->line = 0;
    if (size > IMPORT_RULES_SIZE_MAX * (size_t)64 || memchr(bytes, '\0', size) != NULL) {
        refuse(parse, "", "is no text: it has a zero byte, or is too large");
        return NULL;
    }
    char *copy = malloc(size + 1);
    if (copy == NULL) {
        refuse(parse, "", "there is not enough memory");
        return NULL;
    }
    memcpy(copy, bytes, size);
    copy[size] = '\0';
    return copy;
}

bool import_rules_parse(struct import_rules *out, const char *bytes, size_t size,
                        const struct import_faults *faults)
{
    struct rules_parse parse = {.out = out, .faults = faults};
    *out = (struct import_rules){.separator = ',', .decimal = '.', .date = "YYYY-MM-DD"};
    out->bytes = copy_text(&parse, bytes, size);
    if (out->bytes == NULL) {
        return false;
    }
    char *next;
    const char *end = out->bytes + strlen(out->bytes);
    for (char *at = out->bytes; at < end; at = next) {
        parse.line++;
        next = end_line(at, end);
        at += strspn(at, " \t");
        if (*at != '#' && *at != '\0' && take_words(&parse, at)) {
            take_statement(&parse);
        }
    }
    check_whole(&parse);
    return !parse.wrong;
}

void import_rules_clear(struct import_rules *rules)
{
    for (size_t i = 0; i < IMPORT_FIELD_COUNT; i++) {
        free(rules->fields[i].pairs);
        free(rules->fields[i].bytes);
    }
    free(rules->bytes);
    *rules = (struct import_rules){.bytes = NULL};
}

/* ---- lookups ---- */

static int by_cell(const void *a, const void *b)
{
    const struct import_pair *x = a;
    const struct import_pair *y = b;
    return strcmp(x->cell, y->cell);
}

static bool add_pair(struct rules_parse *parse, struct import_source *source, size_t *capacity,
                     enum import_field field, char *at)
{
    char *comma = strrchr(at, ',');
    if (comma == NULL || comma == at) {
        refuse(parse, "", "is to be a cell's text, a comma, and what it stands for");
        return true;
    }
    *comma = '\0';
    const char *why = why_not(field, comma + 1);
    if (why != NULL) {
        refuse(parse, "", "'%.40s': %s", comma + 1, why);
        return true;
    }
    if (!tj_grow(&source->pairs, capacity, source->pair_count + 1, sizeof *source->pairs)) {
        refuse(parse, "", "there is not enough memory");
        return false;
    }
    source->pairs[source->pair_count++] = (struct import_pair){at, comma + 1, parse->line};
    return true;
}

static void check_pairs(struct rules_parse *parse, const struct import_source *source)
{
    for (size_t i = 1; i < source->pair_count; i++) {
        const struct import_pair *a = &source->pairs[i - 1];
        const struct import_pair *b = &source->pairs[i];
        if (strcmp(a->cell, b->cell) == 0) {
            parse->line = a->line > b->line ? a->line : b->line;
            refuse(parse, "", "'%.40s' stands in line %u already", a->cell,
                   a->line > b->line ? b->line : a->line);
        }
    }
}

bool import_lookup_parse(struct import_rules *rules, enum import_field field, const char *bytes,
                         size_t size, const struct import_faults *faults)
{
    struct import_source *source = &rules->fields[field];
    struct rules_parse parse = {.out = rules, .faults = faults};
    size_t capacity = 0;
    char *next;
    source->bytes = copy_text(&parse, bytes, size);
    if (source->bytes == NULL) {
        return false;
    }
    const char *end = source->bytes + strlen(source->bytes);
    for (char *at = source->bytes; at < end; at = next) {
        parse.line++;
        next = end_line(at, end);
        if (*at != '#' && *at != '\0' && !add_pair(&parse, source, &capacity, field, at)) {
            return false;
        }
    }
    if (source->pair_count > 1) {
        qsort(source->pairs, source->pair_count, sizeof *source->pairs, by_cell);
    }
    check_pairs(&parse, source);
    return !parse.wrong;
}

const char *import_lookup(const struct import_source *source, const char *cell)
{
    const struct import_pair wanted = {.cell = cell};
    const struct import_pair *found = NULL;
    if (source->pair_count > 0) {
        found = bsearch(&wanted, source->pairs, source->pair_count, sizeof wanted, by_cell);
    }
    return found == NULL ? NULL : found->value;
}

/* ---- dates ---- */

bool import_date(uint32_t *days, const char *pattern, const char *text)
{
    char date[] = "YYYY-MM-DD";
    for (; *pattern != '\0' && strcmp(pattern, "*") != 0; pattern++, text++) {
        const char *places = *pattern == 'Y' ? date : *pattern == 'M' ? date + 5 : date + 8;
        char *place = NULL;
        if (strchr("YMD", *pattern) != NULL) {
            place = strchr(places, *pattern);
        }
        if (place != NULL) {
            *place = *text;
        }
        if (*text == '\0' || (place == NULL && *text != *pattern)) {
            return false;
        }
    }
    return (*pattern == '*' || *text == '\0') && text_parse_date(days, date);
}
