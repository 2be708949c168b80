#include "cli/tijori/reading.h"

#include "cli/tijori/repairs_print.h"

#include <inttypes.h>
#include <string.h>

int reading_open(const struct arguments *arguments, struct reading *out)
{
    return reading_open_at(arguments->operands[0], out);
}

int reading_open_at(const char *dir, struct reading *out)
{
    struct tijori_message why;
    memset(out, 0, sizeof *out);
    out->dir = dir;
    enum tijori_status status = tijori_open(&out->ledger, out->dir, TIJORI_READ, NULL, &why);
    if (status != TIJORI_OK) {
        out->ledger = NULL;
        return fail(exit_code_of(status), "%s", why.text);
    }
    repairs_say(out->ledger, out->dir);
    status = tj_ledger_view_begin(out->ledger, &out->view);
    if (status != TIJORI_OK) {
        return fail_status(status, out->dir, NULL);
    }
    out->viewing = true;
    out->state = out->view.state;
    out->size = out->view.head.size;
    return EXIT_PASS;
}

int reading_open_of(const struct arguments *arguments, struct reading *out, uint64_t *party)
{
    memset(out, 0, sizeof *out);
    *party = UINT64_MAX;
    if (!argument_number(arguments, party, "party", 0, UINT32_MAX)) {
        return EXIT_USAGE;
    }
    int code = reading_open(arguments, out);
    if (code != EXIT_PASS || *party > UINT32_MAX) {
        return code;
    }
    if (tj_state_party(out->state, (uint32_t)*party) == NULL) {
        return fail(EXIT_NO_INPUT, "no party %" PRIu64 " in this ledger", *party);
    }
    return EXIT_PASS;
}

void reading_close(struct reading *reading)
{
    if (reading->past != NULL) {
        tj_state_destroy(reading->past);
    }
    if (reading->viewing) {
        tj_ledger_view_end(reading->ledger, &reading->view);
    }
    tijori_close(reading->ledger);
    memset(reading, 0, sizeof *reading);
}

/* The last nanosecond that "until" means: of the day, or of the second. */
static bool parse_until(uint64_t *ns, const char *at)
{
    uint32_t days;
    if (text_parse_date(&days, at)) {
        *ns = text_date_ns(days + 1) - 1;
        return true;
    }
    return text_parse_time_ns(ns, at);
}

int reading_size_at(struct reading *reading, uint64_t *size, const char *at)
{
    uint64_t newest = reading->view.head.size;
    uint64_t number;
    if (text_parse_number(&number, at, UINT64_MAX - 1)) {
        if (number >= newest) {
            return fail(EXIT_NO_INPUT, "no entry %" PRIu64 ": the newest is %" PRIu64, number,
                        newest - 1);
        }
        *size = number + 1;
        return EXIT_PASS;
    }
    if (!parse_until(&number, at)) {
        return fail(EXIT_USAGE,
                    "'%s' is neither an entry's number, nor a date (2021-09-06), nor a time "
                    "(2021-09-06T12:00:00Z)",
                    at);
    }
    enum tijori_status status = tj_journal_count_at(reading->view.txn, size, newest, number);
    if (status != TIJORI_OK) {
        return fail_status(status, reading->dir, NULL);
    }
    if (*size == 0) {
        return fail(EXIT_NO_INPUT, "%s is before the ledger's first entry", at);
    }
    return EXIT_PASS;
}

int reading_go_back(struct reading *reading, uint64_t size)
{
    if (size == reading->size) {
        return EXIT_PASS;
    }
    enum tijori_status status =
        tj_snapshot_at(reading->view.txn, reading->view.digester, &reading->past, size);
    if (status != TIJORI_OK) {
        reading->past = NULL;
        return fail_status(status, reading->dir, NULL);
    }
    reading->state = reading->past;
    reading->size = size;
    return EXIT_PASS;
}

int reading_account(const struct reading *reading, uint64_t *account, const char *text)
{
    if (!text_parse_account(account, text)) {
        return fail(EXIT_USAGE, "'%s' is not an account: PARTY:NUMBER, as in 1:0", text);
    }
    if (tj_state_account(reading->state, *account) == NULL) {
        return fail(EXIT_NO_INPUT, "no account %s in this ledger%s", text,
                    reading->past != NULL ? " at that time" : "");
    }
    return EXIT_PASS;
}

void reading_path(const struct reading *reading, char *out, size_t size, const char *file)
{
    size_t end = strlen(reading->dir);
    snprintf(out, size, "%s%s%s", reading->dir, end > 0 && reading->dir[end - 1] == '/' ? "" : "/",
             file);
}

int reading_now(const struct reading *reading, uint64_t *now_ns)
{
    struct tj_entry_view newest;
    enum tijori_status status = tj_journal_entry(reading->view.txn, &newest, reading->size - 1);
    if (status != TIJORI_OK) {
        return fail_status(status, reading->dir, NULL);
    }
    *now_ns = newest.received_ns;
    return EXIT_PASS;
}

bool reading_record(const struct reading *reading, uint8_t out[TJ_RECORD_SIZE], uint64_t record_id)
{
    struct tj_entry_view entry;
    struct tj_body_view body;
    uint32_t position = tj_record_position(record_id);
    if (tj_journal_entry(reading->view.txn, &entry, tj_record_entry(record_id)) != TIJORI_OK ||
        position >= entry.header.record_count ||
        tj_journal_body(reading->view.txn, &body, &entry) != TIJORI_OK) {
        return false;
    }
    memcpy(out, body.records + (size_t)position * TJ_RECORD_SIZE, TJ_RECORD_SIZE);
    return true;
}

void reading_key_label(const struct reading *reading, char out[TJ_KEY_LABEL_SIZE + 1],
                       const struct tj_key_object *key)
{
    uint8_t bytes[TJ_RECORD_SIZE];
    out[0] = '\0';
    if (reading_record(reading, bytes, key->added) && bytes[0] == TJ_ADD_KEY) {
        struct tj_record record;
        tj_record_decode(&record, bytes);
        snprintf(out, TJ_KEY_LABEL_SIZE + 1, "%.*s", (int)TJ_KEY_LABEL_SIZE, record.label);
    }
}

/* ---- labels ---- */

int labels_create(struct reading *reading, struct tj_labels **out)
{
    enum tijori_status status =
        tj_labels_create(reading->view.txn, out, reading->state, reading->size);
    return status == TIJORI_OK ? EXIT_PASS : fail_status(status, reading->dir, NULL);
}

int reading_end(const struct reading *reading, struct table *table)
{
    return table_end(table) ? EXIT_PASS : fail_status(TIJORI_MEMORY, reading->dir, NULL);
}
