#include "text/genesis_json.h"

#include "text/json.h"
#include "text/record_json.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

static const char format_name[] = "tijori-genesis-1";

static bool refuse(struct genesis_message *why, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static bool refuse(struct genesis_message *why, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why->text, sizeof why->text, format, arguments);
    va_end(arguments);
    return false;
}

/* The record that has the key of this one already; TJ_NOWHERE for none. A point of the curve is one
 * key in either encoding: its last 32 bytes. */
static uint32_t same_key_before(const struct genesis_file *genesis, uint32_t position)
{
    struct tj_record own;
    tj_record_decode(&own, genesis->records + (size_t)position * TJ_RECORD_SIZE);
    for (uint32_t i = 0; i < position; i++) {
        struct tj_record other;
        tj_record_decode(&other, genesis->records + (size_t)i * TJ_RECORD_SIZE);
        if (other.kind == own.kind &&
            memcmp(other.key + (other.algorithm == TJ_ALGORITHM_ECDSA),
                   own.key + (own.algorithm == TJ_ALGORITHM_ECDSA), 32) == 0) {
            return i;
        }
    }
    return TJ_NOWHERE;
}

static uint32_t count_kind(const struct genesis_file *genesis, uint8_t kind)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < genesis->record_count; i++) {
        count += genesis->records[(size_t)i * TJ_RECORD_SIZE] == kind;
    }
    return count;
}

/* The rules of a genesis have one status. The commonest mistakes are told in words. */
static void explain(const struct genesis_file *genesis, struct tj_verdict *verdict)
{
    const uint32_t position = verdict->record;
    if (position >= genesis->record_count || verdict->detail[0] != '\0') {
        return;
    }
    const uint8_t kind = genesis->records[(size_t)position * TJ_RECORD_SIZE];
    const bool has_key = kind == TJ_ADD_KEY || kind == TJ_ADD_LOG_KEY;
    const uint32_t before = has_key ? same_key_before(genesis, position) : TJ_NOWHERE;
    if (before != TJ_NOWHERE) {
        snprintf(verdict->detail, sizeof verdict->detail, "record %u has the same key",
                 (unsigned)before);
    } else if (kind == TJ_ADD_KEY && count_kind(genesis, kind) > TJ_SLOTS_MAX) {
        snprintf(verdict->detail, sizeof verdict->detail,
                 "%u keys of the authority: %u is the most", (unsigned)count_kind(genesis, kind),
                 TJ_SLOTS_MAX);
    } else if (kind == TJ_LEDGER && verdict->status == TIJORI_TEXT) {
        snprintf(verdict->detail, sizeof verdict->detail,
                 "the name of a ledger is not empty and has no space and no plus sign");
    }
}

bool genesis_build(struct genesis_message *why, struct tj_digester *digester,
                   struct genesis_file *genesis)
{
    struct tj_verdict verdict;
    if (genesis->created_s > UINT64_MAX / TJ_NS_PER_S) {
        return refuse(why, "created: after 2554 nanoseconds no longer fit 64 bits");
    }
    enum tijori_status status = tj_genesis_check(digester, genesis->records, genesis->record_count,
                                                 genesis->created_s, &verdict);
    if (status != TIJORI_OK) {
        explain(genesis, &verdict);
        tj_verdict_format(&verdict, why->text, sizeof why->text);
        return false;
    }
    tj_genesis_build(digester, &genesis->built, genesis->records, genesis->record_count,
                     genesis->created_s);
    return true;
}

static bool decode_records(struct genesis_message *why, struct genesis_file *out,
                           const json_t *records)
{
    size_t count = json_array_size(records);
    struct record_json_error error;
    if (!json_is_array(records) || count == 0 || count > GENESIS_RECORDS_MAX) {
        return refuse(why, "records: an array of 1 to %d records", GENESIS_RECORDS_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        uint8_t *record = out->records + i * TJ_RECORD_SIZE;
        if (!record_from_json(record, &error, json_array_get(records, i), NULL)) {
            return refuse(why, "record %zu, %s: %s", i, error.member, error.rule);
        }
    }
    out->record_count = (uint32_t)count;
    return true;
}

static bool decode(struct genesis_message *why, struct genesis_file *out, const json_t *root)
{
    const char *format = json_string_value(json_object_get(root, "format"));
    const char *created = json_string_value(json_object_get(root, "created"));
    if (format == NULL || strcmp(format, format_name) != 0) {
        return refuse(why, "format: not \"%s\"", format_name);
    }
    if (json_object_size(root) != 3) {
        return refuse(why, "has exactly the members format, created and records");
    }
    if (created == NULL || !text_parse_time_s(&out->created_s, created)) {
        return refuse(why, "created: not an RFC 3339 time in whole seconds");
    }
    return decode_records(why, out, json_object_get(root, "records"));
}

bool genesis_read(struct genesis_message *why, struct genesis_file *out,
                  struct tj_digester *digester, FILE *in)
{
    json_error_t error;
    json_t *root = json_loadf(in, JSON_REJECT_DUPLICATES, &error);
    memset(out, 0, sizeof *out);
    if (root == NULL) {
        return refuse(why, "line %d: %s", error.line, error.text);
    }
    bool read = decode(why, out, root);
    json_decref(root);
    return read && genesis_build(why, digester, out);
}

bool genesis_print(FILE *out, const struct genesis_file *genesis)
{
    char created[TEXT_SIZE];
    text_format_time_s(created, genesis->created_s);
    bool written = true;
    document_begin();
    fprintf(out, "{\n  \"format\": \"%s\",\n  \"created\": \"%s\",\n  \"records\": [\n",
            format_name, created);
    for (uint32_t i = 0; i < genesis->record_count && written; i++) {
        json_t *record = record_to_json(genesis->records + (size_t)i * TJ_RECORD_SIZE, NULL);
        fprintf(out, "    ");
        written = document_whole() && json_print(out, record, JSON_PRESERVE_ORDER);
        if (!document_whole()) {
            errno = ENOMEM;
        }
        fprintf(out, "%s\n", i + 1 < genesis->record_count ? "," : "");
        json_decref(record);
    }
    fprintf(out, "  ]\n}\n");
    return written && fflush(out) == 0 && ferror(out) == 0;
}

/* ---- assets ---- */

/* By code, or where that is NULL by number. */
static bool find_asset(const struct genesis_file *genesis, struct asset *out, const char *code,
                       uint32_t number)
{
    for (uint32_t i = 0; i < genesis->record_count; i++) {
        const uint8_t *record = genesis->records + (size_t)i * TJ_RECORD_SIZE;
        struct tj_record r;
        if (record[0] != TJ_OPEN_ASSET) {
            continue;
        }
        tj_record_decode(&r, record);
        if (code != NULL ? strcmp(r.code, code) == 0 : r.asset == number) {
            out->number = r.asset;
            out->decimals = r.decimals;
            memcpy(out->code, r.code, sizeof out->code);
            return true;
        }
    }
    return false;
}

static bool by_code(const void *context, struct asset *out, const char *code)
{
    return find_asset(context, out, code, 0);
}

static bool by_number(const void *context, struct asset *out, uint32_t number)
{
    return find_asset(context, out, NULL, number);
}

static bool of_account(const void *context, struct asset *out, uint64_t account)
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
