#include "cli/genesis_file.h"

#include "text/record_json.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char format_name[] = "tijori-genesis-1";

int genesis_file_build(const char *name, struct tj_digester *digester, struct genesis_file *genesis)
{
    struct tj_verdict verdict;
    char text[320];
    if (genesis->created_s > UINT64_MAX / TJ_NS_PER_S) {
        return fail(EXIT_DATA, "%s: created: after 2554 nanoseconds no longer fit 64 bits", name);
    }
    enum tijori_status status = tj_genesis_check(digester, genesis->records, genesis->record_count,
                                                 genesis->created_s, &verdict);
    if (status != TIJORI_OK) {
        tj_verdict_format(&verdict, text, sizeof text);
        return fail(EXIT_DATA, "%s: %s", name, text);
    }
    tj_genesis_build(digester, genesis->records, genesis->record_count, genesis->created_s,
                     &genesis->built);
    return EXIT_PASS;
}

static int decode_records(const char *path, const json_t *records, struct genesis_file *out)
{
    size_t count = json_array_size(records);
    struct record_json_error error;
    if (!json_is_array(records) || count == 0 || count > GENESIS_RECORDS_MAX) {
        return fail(EXIT_DATA, "%s: records: an array of 1 to %d records", path,
                    GENESIS_RECORDS_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        uint8_t *record = out->records + i * TJ_RECORD_SIZE;
        if (!record_from_json(json_array_get(records, i), NULL, record, &error)) {
            return fail(EXIT_DATA, "%s: record %zu, %s: %s", path, i, error.member, error.rule);
        }
    }
    out->record_count = (uint32_t)count;
    return EXIT_PASS;
}

static int decode(const char *path, const json_t *root, struct genesis_file *out)
{
    const char *format = json_string_value(json_object_get(root, "format"));
    const char *created = json_string_value(json_object_get(root, "created"));
    if (format == NULL || strcmp(format, format_name) != 0) {
        return fail(EXIT_DATA, "%s: format: not \"%s\"", path, format_name);
    }
    if (json_object_size(root) != 3) {
        return fail(EXIT_DATA, "%s: has exactly the members format, created and records", path);
    }
    if (created == NULL || !text_parse_time_s(created, &out->created_s)) {
        return fail(EXIT_DATA, "%s: created: not an RFC 3339 time in whole seconds", path);
    }
    return decode_records(path, json_object_get(root, "records"), out);
}

int genesis_file_read(const char *path, struct tj_digester *digester, struct genesis_file *out)
{
    json_error_t error;
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (file == NULL) {
        return fail_errno(errno, path);
    }
    json_t *root = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
    if (file != stdin) {
        fclose(file);
    }
    if (root == NULL) {
        return fail(EXIT_DATA, "%s: line %d: %s", path, error.line, error.text);
    }
    memset(out, 0, sizeof *out);
    int code = decode(path, root, out);
    json_decref(root);
    return code == EXIT_PASS ? genesis_file_build(path, digester, out) : code;
}

static FILE *create(const char *path)
{
    if (strcmp(path, "-") == 0) {
        return stdout;
    }
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    return descriptor < 0 ? NULL : fdopen(descriptor, "w");
}

int genesis_file_write(const char *path, const struct genesis_file *genesis)
{
    char created[TEXT_SIZE];
    FILE *file = create(path);
    if (file == NULL) {
        return fail_errno(errno, path);
    }
    text_format_time_s(created, genesis->created_s);
    fprintf(file, "{\n  \"format\": \"%s\",\n  \"created\": \"%s\",\n  \"records\": [\n",
            format_name, created);
    for (uint32_t i = 0; i < genesis->record_count; i++) {
        json_t *record = record_to_json(genesis->records + (size_t)i * TJ_RECORD_SIZE, NULL);
        fprintf(file, "    ");
        json_dumpf(record, file, JSON_PRESERVE_ORDER);
        fprintf(file, "%s\n", i + 1 < genesis->record_count ? "," : "");
        json_decref(record);
    }
    fprintf(file, "  ]\n}\n");
    bool written = fflush(file) == 0 && (file == stdout || fsync(fileno(file)) == 0);
    if (file != stdout) {
        written = fclose(file) == 0 && written;
    }
    return written ? EXIT_PASS : fail(EXIT_IO, "%s: %s", path, strerror(errno));
}

/* ---- assets ---- */

/* By code, or where that is NULL by number. */
static bool find_asset(const struct genesis_file *genesis, const char *code, uint32_t number,
                       struct asset *out)
{
    for (uint32_t i = 0; i < genesis->record_count; i++) {
        const uint8_t *record = genesis->records + (size_t)i * TJ_RECORD_SIZE;
        struct tj_record r;
        if (tj_record_kind(record) != TJ_OPEN_ASSET) {
            continue;
        }
        tj_record_decode(record, &r);
        if (code != NULL ? strcmp(r.code, code) == 0 : r.asset == number) {
            out->number = r.asset;
            out->decimals = r.decimals;
            memcpy(out->code, r.code, sizeof out->code);
            return true;
        }
    }
    return false;
}

static bool by_code(const void *context, const char *code, struct asset *out)
{
    return find_asset(context, code, 0, out);
}

static bool by_number(const void *context, uint32_t number, struct asset *out)
{
    return find_asset(context, NULL, number, out);
}

static bool of_account(const void *context, uint64_t account, struct asset *out)
{
    (void)context;
    (void)account;
    (void)out;
    return false;
}

struct assets genesis_file_assets(const struct genesis_file *genesis)
{
    return (struct assets){genesis, by_code, by_number, of_account};
}
