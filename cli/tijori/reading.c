#include "cli/tijori/reading.h"

#include "text/assets.h"

#include <inttypes.h>
#include <string.h>

int reading_open(const struct arguments *arguments, struct reading *out)
{
    struct tijori_message why;
    memset(out, 0, sizeof *out);
    out->dir = arguments->operands[0];
    enum tijori_status status = tijori_open(&out->ledger, out->dir, TIJORI_READ, NULL, &why);
    if (status != TIJORI_OK) {
        out->ledger = NULL;
        return fail(exit_code_of(status), "%s", why.text);
    }
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
}

/* The last nanosecond that "until" means: of the day, or of the second. */
static bool parse_until(uint64_t *ns, const char *at)
{
    uint32_t days;
    if (text_parse_date(&days, at)) {
        *ns = ((uint64_t)days + 1) * 86400 * TJ_NS_PER_S - 1;
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

void party_name(const struct tj_state *state, char out[TJ_NAME_SIZE + 1], uint32_t party)
{
    const struct tj_party_object *object = tj_state_party(state, party);
    memset(out, 0, TJ_NAME_SIZE + 1);
    if (object != NULL) {
        memcpy(out, object->name, TJ_NAME_SIZE);
    }
}

const char *account_status(const struct tj_account_object *account)
{
    static const char *const frozen[4] = {"open", "frozen in", "frozen out", "frozen"};
    return (account->flags & TJ_ACCOUNT_CLOSED) != 0 ? "closed"
                                                     : frozen[account->flags & TJ_FREEZE_BOTH];
}

const char *base_unit(const struct asset *asset)
{
    return asset->number == 1 ? "sat" : "base units";
}

struct asset account_asset(const struct tj_state *state, const struct tj_account_object *account)
{
    const struct asset unknown = {.number = account->asset, .decimals = 0, .code = "?"};
    struct asset asset;
    return asset_by_number(state, &asset, account->asset) ? asset : unknown;
}

void each_account(const struct tj_state *state, account_visitor *visit, void *context)
{
    uint32_t parties = tj_state_ledger(state)->parties;
    for (uint32_t p = 0; p < parties; p++) {
        const struct tj_party_object *party = tj_state_party(state, p);
        uint32_t accounts = party != NULL ? party->accounts : 0;
        for (uint32_t local = 0; local < accounts; local++) {
            uint64_t account = tj_account_id(p, local);
            const struct tj_account_object *object = tj_state_account(state, account);
            if (object != NULL) {
                visit(context, account, object);
            }
        }
    }
}

void reading_path(const struct reading *reading, char *out, size_t size, const char *file)
{
    size_t end = strlen(reading->dir);
    snprintf(out, size, "%s%s%s", reading->dir, end > 0 && reading->dir[end - 1] == '/' ? "" : "/",
             file);
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

struct labels {
    struct reading *reading;
    uint64_t **opened; /* by party, then by local number: the record that opened it */
    uint32_t *counts;
    uint32_t parties;
    /* The entry asked for last: accounts that follow each other were mostly opened together. */
    bool cached;
    struct tj_entry_view entry;
    struct tj_body_view body;
};

static void note_opened(struct labels *labels, const struct tj_entry_view *entry,
                        const struct tj_body_view *body)
{
    for (uint32_t i = 0; i < entry->header.record_count; i++) {
        const uint8_t *record = body->records + (size_t)i * TJ_RECORD_SIZE;
        if (tj_record_kind(record) != TJ_OPEN_ACCOUNT) {
            continue;
        }
        uint64_t account = TJ_GET(record, TJ_OPEN_ACCOUNT, account);
        uint32_t party = tj_account_party(account);
        if (party < labels->parties && tj_account_local(account) < labels->counts[party]) {
            labels->opened[party][tj_account_local(account)] = tj_record_id(entry->index, i);
        }
    }
}

/* Entries with directives are chained backwards, to entry 0. */
static enum tijori_status walk_directives(struct labels *labels)
{
    struct tj_txn *txn = labels->reading->view.txn;
    uint64_t index = labels->reading->size - 1;
    for (;;) {
        struct tj_entry_view entry;
        struct tj_body_view body;
        enum tijori_status status = tj_journal_entry(txn, &entry, index);
        if (status == TIJORI_OK) {
            status = tj_journal_body(txn, &body, &entry);
        }
        if (status != TIJORI_OK) {
            return status;
        }
        note_opened(labels, &entry, &body);
        if (index == 0) {
            return TIJORI_OK;
        }
        if (body.tail.directive_previous >= index) {
            return TIJORI_CORRUPT;
        }
        index = body.tail.directive_previous;
    }
}

int labels_create(struct reading *reading, struct labels **out)
{
    struct labels *labels = memory_needed(calloc(1, sizeof *labels));
    labels->reading = reading;
    labels->parties = tj_state_ledger(reading->state)->parties;
    labels->opened = memory_needed(calloc((size_t)labels->parties + 1, sizeof *labels->opened));
    labels->counts = memory_needed(calloc((size_t)labels->parties + 1, sizeof *labels->counts));
    for (uint32_t p = 0; p < labels->parties; p++) {
        const struct tj_party_object *party = tj_state_party(reading->state, p);
        labels->counts[p] = party != NULL ? party->accounts : 0;
        labels->opened[p] =
            memory_needed(calloc((size_t)labels->counts[p] + 1, sizeof **labels->opened));
    }
    enum tijori_status status = walk_directives(labels);
    if (status != TIJORI_OK) {
        labels_destroy(labels);
        return fail_status(status, reading->dir, NULL);
    }
    *out = labels;
    return EXIT_PASS;
}

void labels_destroy(struct labels *labels)
{
    if (labels == NULL) {
        return;
    }
    for (uint32_t p = 0; p < labels->parties; p++) {
        free(labels->opened[p]);
    }
    free(labels->opened);
    free(labels->counts);
    free(labels);
}

void labels_get(struct labels *labels, char out[TJ_LABEL_SIZE + 1], uint64_t account)
{
    uint32_t party = tj_account_party(account);
    uint32_t local = tj_account_local(account);
    memset(out, 0, TJ_LABEL_SIZE + 1);
    if (party >= labels->parties || local >= labels->counts[party] ||
        labels->opened[party][local] == 0) {
        return;
    }
    uint64_t id = labels->opened[party][local];
    struct tj_txn *txn = labels->reading->view.txn;
    if (!labels->cached || labels->entry.index != tj_record_entry(id)) {
        labels->cached = tj_journal_entry(txn, &labels->entry, tj_record_entry(id)) == TIJORI_OK &&
                         tj_journal_body(txn, &labels->body, &labels->entry) == TIJORI_OK;
    }
    if (labels->cached) {
        struct tj_record record;
        tj_record_decode(&record,
                         labels->body.records + (size_t)tj_record_position(id) * TJ_RECORD_SIZE);
        memcpy(out, record.label, TJ_LABEL_SIZE);
    }
}
