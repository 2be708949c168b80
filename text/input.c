#include "text/input.h"

#include "core/base/memory.h"
#include "core/format/text_form.h"
#include "crypto/hex.h"
#include "storage/file.h"
#include "text/detail_json.h"
#include "text/json.h"
#include "text/record_json.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COLUMNS = 8 };
static const char *const columns[COLUMNS] = {
    "kind", "from", "to", "amount", "purpose", "value_date", "reference", "evidence",
};

struct parse {
    const struct input_options *options;
    struct input *out;
    struct input_error *error;
    struct tj_hasher *hasher;
    uint32_t line;
    int32_t attachment; /* of the record at hand */
    char *scratch;      /* INPUT_LINE_MAX + 1 */
};

static bool refuse(const struct parse *parse, const char *member, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool refuse(const struct parse *parse, const char *member, const char *format, ...)
{
    va_list args;
    parse->error->line = parse->line;
    snprintf(parse->error->member, sizeof parse->error->member, "%s", member);
    va_start(args, format);
    vsnprintf(parse->error->rule, sizeof parse->error->rule, format, args);
    va_end(args);
    return false;
}

static bool no_memory(const struct parse *parse, const char *member)
{
    parse->error->no_memory = true;
    return refuse(parse, member, "there is not enough memory");
}

void input_error_format(const struct input_error *error, char *out, size_t size)
{
    char line[32] = "";
    if (error->line != 0) {
        snprintf(line, sizeof line, "line %u", error->line);
    }
    bool member = error->member[0] != '\0';
    snprintf(out, size, "%s%s%s%s%s", line, line[0] != '\0' && member ? ", " : "", error->member,
             line[0] != '\0' || member ? ": " : "", error->rule);
}

/* ---- evidence ---- */

/* A file beside the input and nowhere else: what it holds is attached and goes out with the
 * envelope, so an input from elsewhere must not be able to name just any file. */
static bool name_is_safe(const char *name)
{
    if (name[0] == '\0' || name[0] == '/') {
        return false;
    }
    for (const char *at = name; at != NULL; at = strchr(at, '/')) {
        at += *at == '/';
        size_t size = strcspn(at, "/");
        if (size == 0 || (size == 2 && memcmp(at, "..", 2) == 0)) {
            return false;
        }
    }
    return true;
}

/* Reads a whole regular file of 1 to TJ_ATTACHMENT_SIZE_MAX bytes. */
static bool read_attachment(const struct parse *parse, struct input_attachment *out,
                            const char *member, const char *name)
{
    char path[4096];
    struct stat info;
    int length = snprintf(path, sizeof path, "%s/%s", parse->options->directory, name);
    errno = ENAMETOOLONG;
    /* Not blocking: the name may be a pipe's, which is refused below. */
    int fd = length < (int)sizeof path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    if (fd < 0) {
        return refuse(parse, member, "%s: %s", name, strerror(errno));
    }
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size < 1 ||
        info.st_size > (off_t)TJ_ATTACHMENT_SIZE_MAX) {
        close(fd);
        return refuse(parse, member, "%s is to be a file of 1 to %u bytes", name,
                      TJ_ATTACHMENT_SIZE_MAX);
    }
    const int error = tj_descriptor_load(&out->bytes, &out->size, fd, (size_t)info.st_size);
    close(fd);
    if (error == ENOMEM) {
        return refuse(parse, member, "%s: %s", name, strerror(error));
    }
    if (error != 0) {
        return refuse(parse, member, "%s: cannot be read whole", name);
    }
    if (out->size != (size_t)info.st_size) {
        free(out->bytes);
        return refuse(parse, member, "%s: cannot be read whole", name);
    }
    return true;
}

static int32_t find_by_name(const struct input *input, const char *name)
{
    for (size_t i = 0; i < input->attachment_count; i++) {
        if (strcmp(input->attachments[i].name, name) == 0) {
            return (int32_t)i;
        }
    }
    return INPUT_ATTACHMENT_NONE;
}

static int32_t find_by_hash(const struct input *input, const struct tj_hash *hash)
{
    for (size_t i = 0; i < input->attachment_count; i++) {
        if (memcmp(input->attachments[i].hash.bytes, hash->bytes, TJ_HASH_SIZE) == 0) {
            return (int32_t)i;
        }
    }
    return INPUT_ATTACHMENT_NONE;
}

/* Takes a file that was not named before, unless one with the same bytes was. */
static bool attach_new(struct parse *parse, const char *member, const char *name)
{
    struct input *out = parse->out;
    struct input_attachment added = {.name = NULL};
    if (!read_attachment(parse, &added, member, name)) {
        return false;
    }
    tj_sha256(parse->hasher, &added.hash, added.bytes, added.size);
    parse->attachment = find_by_hash(out, &added.hash);
    if (parse->attachment != INPUT_ATTACHMENT_NONE) {
        free(added.bytes);
        return true;
    }
    added.name = strdup(name);
    if (added.name == NULL || !tj_grow(&out->attachments, &out->attachment_capacity,
                                       out->attachment_count + 1, sizeof *out->attachments)) {
        free(added.name);
        free(added.bytes);
        return no_memory(parse, member);
    }
    parse->attachment = (int32_t)out->attachment_count;
    out->attachments[out->attachment_count++] = added;
    return true;
}

static bool attach(struct parse *parse, struct tj_hash *hash, const char *member, const char *name)
{
    const struct input *out = parse->out;
    if (parse->options->directory == NULL) {
        return refuse(parse, member, "files cannot be named here; give the SHA-256");
    }
    if (!name_is_safe(name)) {
        return refuse(parse, member,
                      "a file is named relative to the input, and not outside its directory");
    }
    parse->attachment = find_by_name(out, name);
    if (parse->attachment == INPUT_ATTACHMENT_NONE && !attach_new(parse, member, name)) {
        return false;
    }
    *hash = out->attachments[parse->attachment].hash;
    return true;
}

/* Of a move or a pending one: the SHA-256 of a document, or the document. */
static bool take_document(struct parse *parse, json_t *object, const char *evidence)
{
    struct tj_hash hash;
    if (strncmp(evidence, "file:", 5) == 0) {
        if (!attach(parse, &hash, "evidence", evidence + 5)) {
            return false;
        }
    } else if (!text_parse_hex(hash.bytes, TJ_HASH_SIZE, evidence)) {
        return refuse(parse, "evidence", "is to be 64 hex digits (a SHA-256) or file:NAME");
    } else if (tj_all_zero(hash.bytes, TJ_HASH_SIZE)) {
        return refuse(
            parse, "evidence",
            "64 zeros are how a record writes that there is none: leave it empty, or give "
            "the SHA-256 of a document");
    }
    if (json_object_get(object, "hash") != NULL) {
        return refuse(parse, "evidence", "is given beside hash");
    }
    member_hash(object, "hash", &hash);
    return true;
}

static bool look_up_group(struct parse *parse, json_t *object, const char *member, uint64_t id)
{
    struct tj_hash group;
    char text[TEXT_SIZE];
    text_format_record_id(text, id);
    if (parse->options->group == NULL) {
        return refuse(parse, member,
                      "without the ledger the group hash of record %s is needed as well: "
                      "ENTRY:POSITION:HASH",
                      text);
    }
    if (!parse->options->group(parse->options->group_context, &group, id)) {
        return refuse(parse, member, "there is no record %s in the ledger", text);
    }
    member_hash(object, "hash", &group);
    return true;
}

/* Of post, void, correct and approve: ENTRY:POSITION or ENTRY:POSITION:HASH. */
static bool take_named(struct parse *parse, json_t *object, const char *evidence)
{
    char record[TEXT_SIZE];
    struct tj_hash group;
    uint64_t id;
    const char *first = strchr(evidence, ':');
    const char *second = first != NULL ? strchr(first + 1, ':') : NULL;
    size_t size = second != NULL ? (size_t)(second - evidence) : strlen(evidence);
    snprintf(record, sizeof record, "%.*s", (int)(size < sizeof record ? size : 0), evidence);
    if (!text_parse_record_id(&id, record) ||
        (second != NULL && !text_parse_hex(group.bytes, TJ_HASH_SIZE, second + 1))) {
        return refuse(parse, "evidence",
                      "is to name a record: ENTRY:POSITION, or ENTRY:POSITION:HASH with 64 hex "
                      "digits");
    }
    if (json_object_get(object, "refers_to") != NULL || json_object_get(object, "hash") != NULL) {
        return refuse(parse, "evidence", "is given beside refers_to or hash");
    }
    member_text(object, "refers_to", record);
    if (second != NULL) {
        member_hash(object, "hash", &group);
        return true;
    }
    return look_up_group(parse, object, "evidence", id);
}

/* Puts `hash` and `refers_to` in place of `evidence`. */
static bool take_evidence(struct parse *parse, json_t *object)
{
    const char *kind_name = json_string_value(json_object_get(object, "kind"));
    uint8_t kind = kind_name != NULL ? tj_kind_by_name(kind_name) : 0;
    const json_t *value = json_object_get(object, "evidence");
    bool naming = tj_kind_names(kind);
    uint64_t id;
    if (!tj_kind_is_movement(kind)) {
        return true; /* not a member there, or not a kind: record_from_json says so */
    }
    if (value != NULL) {
        char evidence[512];
        const char *text = json_string_value(value);
        if (text == NULL || strlen(text) >= sizeof evidence) {
            return refuse(parse, "evidence", "is to be a string of at most 511 bytes");
        }
        snprintf(evidence, sizeof evidence, "%s", text);
        json_object_del(object, "evidence");
        return naming ? take_named(parse, object, evidence)
                      : take_document(parse, object, evidence);
    }
    if (!naming) {
        return true;
    }
    const char *refers_to = json_string_value(json_object_get(object, "refers_to"));
    if (refers_to == NULL) {
        return refuse(parse, "evidence", "is missing: the record it names, ENTRY:POSITION");
    }
    if (json_object_get(object, "hash") == NULL && text_parse_record_id(&id, refers_to)) {
        return look_up_group(parse, object, "refers_to", id);
    }
    return true;
}

/* The SHA-256 of a file that is named in the place of one: in the document of a statement, or a
 * descriptor among details. `object` may be NULL. */
static bool take_file(struct parse *parse, json_t *object, const char *member)
{
    struct tj_hash hash;
    const char *given = json_string_value(json_object_get(object, member));
    if (given == NULL || strncmp(given, "file:", 5) != 0) {
        return true;
    }
    char name[512];
    if (strlen(given) >= sizeof name) {
        return refuse(parse, member, "is to be a string of at most 511 bytes");
    }
    snprintf(name, sizeof name, "%s", given + 5);
    if (!attach(parse, &hash, member, name)) {
        return false;
    }
    member_hash(object, member, &hash);
    return true;
}

/* ---- one record ---- */

static bool refuse_form(const struct parse *parse, const struct tj_verdict *verdict)
{
    return refuse(parse, verdict->field != NULL ? verdict->field : "", "%s%s%s",
                  tijori_status_text(verdict->status), verdict->detail[0] != '\0' ? ": " : "",
                  verdict->detail);
}

static bool add_record(struct parse *parse, const uint8_t bytes[TJ_RECORD_SIZE])
{
    struct input *out = parse->out;
    if (!tj_grow(&out->records, &out->capacity, out->count + 1, sizeof *out->records)) {
        return no_memory(parse, "");
    }
    struct input_record *record = &out->records[out->count++];
    memcpy(record->bytes, bytes, TJ_RECORD_SIZE);
    record->line = parse->line;
    record->attachment = parse->attachment;
    return true;
}

/* A record whose form was checked, and its details, which are not yet. */
static bool add_group(struct parse *parse, uint8_t bytes[TJ_RECORD_SIZE],
                      const struct tj_details *details)
{
    uint8_t encoded[TJ_DETAILS_MAX * TJ_RECORD_SIZE];
    struct tj_verdict verdict;
    uint32_t count = tj_details_encode(details, encoded);
    if (count > TJ_DETAILS_MAX) {
        return refuse(parse, "details", "take %" PRIu32 " records of 92 bytes; %u is the most",
                      count, TJ_DETAILS_MAX);
    }
    if (tj_kind_is_movement(tj_record_kind(bytes))) {
        TJ_PUT(bytes, TJ_MOVE, details, count);
    }
    tj_verdict_init(&verdict);
    if (tj_details_check(bytes, encoded, count, false, &verdict) != TIJORI_OK) {
        return refuse_form(parse, &verdict);
    }
    for (uint32_t i = 0; i <= count; i++) {
        if (!add_record(parse, i == 0 ? bytes : encoded + (size_t)(i - 1) * TJ_RECORD_SIZE)) {
            return false;
        }
    }
    return true;
}

static bool take_object(struct parse *parse, json_t *object)
{
    struct record_json_error wrong;
    struct tj_verdict verdict;
    struct tj_details details;
    uint8_t bytes[TJ_RECORD_SIZE];
    const char *kind = json_string_value(json_object_get(object, "kind"));
    parse->attachment = INPUT_ATTACHMENT_NONE;
    if (json_object_get(object, "blind") != NULL) {
        return refuse(parse, "blind", "is not written by hand; --restricted makes blinds");
    }
    if (!take_evidence(parse, object) || !take_file(parse, object, "document") ||
        !take_file(parse, json_object_get(object, "details"), "descriptor")) {
        return false;
    }
    if (!document_whole()) {
        return no_memory(parse, "");
    }
    if (!details_from_json(&details, &wrong, object, kind != NULL ? tj_kind_by_name(kind) : 0) ||
        !record_from_json(bytes, &wrong, object, parse->options->assets)) {
        return refuse(parse, wrong.member, "%s", wrong.rule);
    }
    tj_verdict_init(&verdict);
    if (tj_record_check(bytes, false, &verdict) != TIJORI_OK) {
        return refuse_form(parse, &verdict);
    }
    return add_group(parse, bytes, &details);
}

/* ---- lines ---- */

/* Takes the next line off, without its end (LF or CR LF), into scratch. False and an error when it
 * is too long or holds a NUL. */
static bool take_line(struct parse *parse, const char **at, size_t *left, size_t *size)
{
    const char *end = memchr(*at, '\n', *left);
    size_t whole = end != NULL ? (size_t)(end - *at) : *left;
    parse->line++;
    *size = whole > 0 && (*at)[whole - 1] == '\r' ? whole - 1 : whole;
    if (*size > INPUT_LINE_MAX) {
        return refuse(parse, "", "longer than %d bytes", INPUT_LINE_MAX);
    }
    memcpy(parse->scratch, *at, *size);
    parse->scratch[*size] = '\0';
    if (memchr(parse->scratch, 0, *size) != NULL) {
        return refuse(parse, "", "holds a zero byte");
    }
    *left -= end != NULL ? whole + 1 : whole;
    *at += end != NULL ? whole + 1 : whole;
    return true;
}

static bool parse_json_lines(struct parse *parse, const char *at, size_t left)
{
    size_t size;
    json_error_t wrong;
    while (left > 0) {
        if (!take_line(parse, &at, &left, &size)) {
            return false;
        }
        if (parse->scratch[strspn(parse->scratch, " \t")] == '\0') {
            continue;
        }
        json_t *object = json_loadb(parse->scratch, size, JSON_REJECT_DUPLICATES, &wrong);
        if (object == NULL) {
            return refuse(parse, "", "not JSON: %s (column %d)%s", wrong.text, wrong.column,
                          strchr(parse->scratch, '}') == NULL
                              ? ". One object stands on one line, from { to }"
                              : "");
        }
        bool taken = json_is_object(object) ? take_object(parse, object)
                                            : refuse(parse, "", "is to be one JSON object");
        json_decref(object);
        if (!taken) {
            return false;
        }
    }
    return true;
}

/* ---- CSV: RFC 4180, but that a cell does not go on on the next line ---- */

/* Unquotes the cell at *at in place and ends it with a NUL; *at moves behind its comma, or becomes
 * NULL at the end of the line. */
static bool take_cell(const struct parse *parse, char **at, char **cell)
{
    char *read = *at;
    char *write = *at;
    bool quoted = *read == '"';
    bool closed = !quoted;
    *cell = *at;
    read += quoted;
    while (*read != '\0' && (quoted || *read != ',')) {
        if (*read == '"' && !quoted) {
            return refuse(parse, "", "a quotation mark inside a cell that does not start with one");
        }
        if (*read == '"' && *++read != '"') {
            closed = true;
            break;
        }
        *write++ = *read++;
    }
    if (!closed) {
        return refuse(parse, "", "a quoted cell does not end on its line");
    }
    if (*read != ',' && *read != '\0') {
        return refuse(parse, "", "text after the closing quotation mark of a cell");
    }
    *at = *read == ',' ? read + 1 : NULL;
    *write = '\0';
    return true;
}

static bool take_cells(const struct parse *parse, char *cells[COLUMNS])
{
    char *at = parse->scratch;
    for (size_t i = 0; i < COLUMNS; i++) {
        if (at == NULL) {
            return refuse(parse, columns[i], "is missing: a line has %d columns", COLUMNS);
        }
        if (!take_cell(parse, &at, &cells[i])) {
            return false;
        }
    }
    return at == NULL || refuse(parse, "", "has more than %d columns", COLUMNS);
}

static bool take_text(struct parse *parse, size_t size)
{
    return tj_utf8_plain((const uint8_t *)parse->scratch, size) ||
           refuse(parse, "", "is not UTF-8, or holds a control character");
}

static const char header[] = "kind,from,to,amount,purpose,value_date,reference,evidence";

/* Cells may be quoted, also those of the first line. */
static bool is_header(struct parse *parse, const char *line)
{
    char *cells[COLUMNS];
    char *at = parse->scratch;
    if (strcmp(line, header) == 0) {
        return true;
    }
    for (size_t i = 0; i < COLUMNS; i++) {
        if (at == NULL || !take_cell(parse, &at, &cells[i]) || strcmp(cells[i], columns[i]) != 0) {
            return false;
        }
    }
    return at == NULL;
}

static bool refuse_header(const struct parse *parse, const char *found)
{
    const bool semicolons = strchr(found, ';') != NULL && strchr(found, ',') == NULL;
    const bool tabs = strchr(found, '\t') != NULL && strchr(found, ',') == NULL;
    return refuse(parse, "", "the header is to be %s, not '%s'%s", header, found,
                  semicolons ? ": columns are separated by commas, not by semicolons"
                  : tabs     ? ": columns are separated by commas, not by tabs"
                             : "");
}

/* A spreadsheet may write before the header what separates the columns. */
static bool take_header(struct parse *parse, const char **at, size_t *left)
{
    enum { SHOWN_MAX = 100 };
    char found[SHOWN_MAX + 1];
    size_t size;
    if (!take_line(parse, at, left, &size)) {
        return false;
    }
    if (strcmp(parse->scratch, "sep=,") == 0 && !take_line(parse, at, left, &size)) {
        return false;
    }
    snprintf(found, sizeof found, "%s", parse->scratch);
    if (strchr(found, '\t') == NULL && !take_text(parse, size)) {
        return false;
    }
    return is_header(parse, parse->scratch) || refuse_header(parse, found);
}

/* As spreadsheets write rows that were emptied. */
static bool is_empty_row(const char *line)
{
    return line[strspn(line, ", \t\"")] == '\0';
}

/* Cells that a program reads. A space that nobody sees is named, and not what it makes of a cell.
 */
static bool check_cells(const struct parse *parse, char *cells[COLUMNS])
{
    for (size_t i = 0; i < COLUMNS; i++) {
        const char *odd = text_odd_character(cells[i]);
        const bool free_text =
            strcmp(columns[i], "reference") == 0 || strncmp(cells[i], "file:", 5) == 0;
        if (odd != NULL && !free_text) {
            return refuse(parse, columns[i], "%s", odd);
        }
    }
    return true;
}

static bool take_movement(struct parse *parse, char *cells[COLUMNS])
{
    uint8_t kind = tj_kind_by_name(cells[0]);
    if (!check_cells(parse, cells)) {
        return false;
    }
    if (!tj_kind_is_movement(kind)) {
        return refuse(parse, "kind",
                      "is to be move, pending, post, void, correct or approve, not '%.40s'%s",
                      cells[0], kind != 0 ? "; directives are given as JSON Lines" : "");
    }
    json_t *object = json_object();
    if (object == NULL) {
        return no_memory(parse, "");
    }
    for (size_t i = 0; i < COLUMNS; i++) {
        if (cells[i][0] != '\0') {
            member_text(object, columns[i], cells[i]);
        }
    }
    bool taken = take_object(parse, object);
    json_decref(object);
    return taken;
}

static bool parse_csv(struct parse *parse, const char *at, size_t left)
{
    char *cells[COLUMNS];
    size_t size;
    if (!take_header(parse, &at, &left)) {
        return false;
    }
    while (left > 0) {
        if (!take_line(parse, &at, &left, &size)) {
            return false;
        }
        if (!is_empty_row(parse->scratch) &&
            (!take_text(parse, size) || !take_cells(parse, cells) ||
             !take_movement(parse, cells))) {
            return false;
        }
    }
    return true;
}

/* ---- the whole ---- */

static bool parse_any(struct parse *parse, const char *bytes, size_t size)
{
    if (size > INPUT_SIZE_MAX) {
        return refuse(parse, "", "larger than %d bytes", INPUT_SIZE_MAX);
    }
    if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) { /* as spreadsheets write it */
        bytes += 3;
        size -= 3;
    }
    if (size >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0)) {
        return refuse(parse, "", "is UTF-16: save it as UTF-8");
    }
    size_t first = 0;
    while (first < size && strchr(" \t\r\n", bytes[first]) != NULL && bytes[first] != '\0') {
        first++;
    }
    if (first == size) {
        return refuse(parse, "", "there is nothing in it");
    }
    if (bytes[first] == '[') {
        return refuse(
            parse, "",
            "is a JSON array: write JSON Lines, one object on each line, without brackets "
            "around them and commas between them");
    }
    bool read =
        bytes[first] == '{' ? parse_json_lines(parse, bytes, size) : parse_csv(parse, bytes, size);
    if (read && parse->out->count == 0) {
        parse->line = 0;
        return refuse(parse, "", "there are no records in it");
    }
    return read;
}

bool input_parse(struct input *out, struct input_error *error, const char *bytes, size_t size,
                 const struct input_options *options)
{
    struct parse parse = {
        .options = options,
        .out = out,
        .error = error,
        .hasher = tj_hasher_create(),
        .scratch = malloc(INPUT_LINE_MAX + 1),
    };
    *out = (struct input){.records = NULL};
    *error = (struct input_error){.line = 0};
    document_begin();
    bool read = parse.scratch != NULL && parse.hasher != NULL ? parse_any(&parse, bytes, size)
                                                              : no_memory(&parse, "");
    if (!read) {
        input_clear(out);
    }
    free(parse.scratch);
    tj_hasher_destroy(parse.hasher);
    return read;
}

void input_clear(struct input *input)
{
    for (size_t i = 0; i < input->attachment_count; i++) {
        free(input->attachments[i].name);
        free(input->attachments[i].bytes);
    }
    free(input->attachments);
    free(input->records);
    *input = (struct input){.records = NULL};
}
