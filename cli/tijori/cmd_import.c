#include "text/assets.h"
#include "text/import_csv.h"
#include "cli/signer.h"
#include "cli/tijori/commands.h"
#include "cli/tijori/repairs_print.h"
#include "cli/envelope_file.h"
#include "core/base/memory.h"
#include "core/exchange/references.h"
#include "core/ingest/ledger.h"
#include "core/rules/signing.h"
#include "core/rules/trial.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

/* First all that is wrong is told, by a ledger that is open for reading: nothing is signed before.
 * Then the ledger is opened for writing, and what is missing is signed and ingested, an envelope at
 * a time. What decides is what the ledger holds, so a run that was cut short is simply run again.
 */

enum {
    BATCH_DEFAULT = 512,
    INPUT_MAX = 1 << 30,  /* bytes of one file */
    OUTSTANDING_MAX = 64, /* envelopes whose receipts were not received */
};

enum row_status { ROW_ERROR, ROW_ALREADY, ROW_NEW, ROW_BOOKED, ROW_REFUSED, ROW_STATUSES };

struct row {
    uint8_t bytes[TJ_RECORD_SIZE];
    uint64_t id; /* where it is booked; 0: nowhere */
    uint32_t line;
    uint16_t file;
    uint8_t status; /* enum row_status */
};

struct import {
    const struct arguments *arguments;
    const char *dir;
    const char *path; /* that faults are told of */
    bool dry_run;
    bool partial;
    uint32_t batch;
    struct import_rules rules;
    struct import_faults faults;
    uint64_t told; /* faults */
    struct row *rows;
    size_t row_count;
    size_t row_capacity;
    size_t counts[ROW_STATUSES];
    struct signer signers[TJ_SLOTS_MAX];
    struct tj_slot signs_as[TJ_SLOTS_MAX]; /* by signer: for whom, and as what */
    size_t signer_count;
    struct tj_slots slots;   /* who signs, and for whom; no signatures */
    struct tj_header header; /* of the next envelope, but for its records */
    uint64_t lifetime_s;
    /* A ledger that is open for reading, while what is wrong is looked for. */
    struct tijori *ledger;
    struct tj_ledger_view view;
    struct tj_journal_past past;
    struct tj_references references; /* of the ledger */
};

/* ---- faults ---- */

static void tell(void *context, uint32_t line, const char *what, const char *rule)
{
    struct import *import = context;
    char at[32] = "";
    import->told++;
    if (line != 0) {
        snprintf(at, sizeof at, "line %" PRIu32, line);
    }
    message("%s: %s%s%s%s%s", import->path, at, at[0] != '\0' && what[0] != '\0' ? ", " : "", what,
            at[0] != '\0' || what[0] != '\0' ? ": " : "", rule);
}

/* A row that was read, and is not to be booked as it is. */
static void tell_of_row(struct import *import, struct row *row, const char *what, const char *rule)
{
    struct asset asset;
    char from[TEXT_SIZE];
    char to[TEXT_SIZE];
    char amount[TEXT_AMOUNT_SIZE] = "?";
    char text[700];
    const struct tj_account_object *account =
        tj_state_account(import->view.state, tj_movement_from(row->bytes));
    if (account != NULL && asset_by_number(import->view.state, &asset, account->asset)) {
        text_format_amount(amount, (tj_i128)tj_movement_amount(row->bytes).base, &asset);
    }
    text_format_account(from, tj_movement_from(row->bytes));
    text_format_account(to, tj_movement_to(row->bytes));
    snprintf(text, sizeof text, "%s (%.16s, %s to %s, %s)", rule,
             (const char *)TJ_AT(row->bytes, TJ_MOVE, reference), from, to, amount);
    import->path = import->arguments->operands[row->file + 1];
    row->status = ROW_ERROR;
    tell(import, row->line, what, text);
}

/* ---- the rules file ---- */

/* A lookup's file is named as the rules file sees it. */
static int read_lookup(struct import *import, const char *rules_path, enum import_field field)
{
    struct buffer bytes = {0};
    char path[4096];
    const char *file = import->rules.fields[field].file;
    const char *slash = file[0] == '/' ? NULL : strrchr(rules_path, '/');
    snprintf(path, sizeof path, "%.*s%s", slash == NULL ? 0 : (int)(slash - rules_path + 1),
             rules_path, file);
    int code = file_read(&bytes, path, INPUT_MAX);
    import->path = path;
    if (code == EXIT_PASS && !import_lookup_parse(&import->rules, field, (const char *)bytes.bytes,
                                                  bytes.size, &import->faults)) {
        code = EXIT_DATA;
    }
    import->path = NULL;
    free(bytes.bytes);
    return code;
}

static int read_rules(struct import *import)
{
    const char *path = argument_value(import->arguments, "rules");
    struct buffer bytes = {0};
    int code = file_read(&bytes, path, IMPORT_RULES_SIZE_MAX);
    import->path = path;
    if (code == EXIT_PASS && !import_rules_parse(&import->rules, (const char *)bytes.bytes,
                                                 bytes.size, &import->faults)) {
        code = EXIT_DATA;
    }
    free(bytes.bytes);
    for (size_t i = 0; i < IMPORT_FIELD_COUNT; i++) {
        if (import->rules.fields[i].how == IMPORT_LOOKUP) {
            const int one = read_lookup(import, path, (enum import_field)i);
            code = code == EXIT_PASS ? one : code;
        }
    }
    return code;
}

/* ---- the rows ---- */

static struct row *add_row(struct import *import)
{
    if (!tj_grow(&import->rows, &import->row_capacity, import->row_count + 1,
                 sizeof *import->rows)) {
        out_of_memory();
    }
    return &import->rows[import->row_count++];
}

static void read_rows(struct import *import, struct import_reader *reader, size_t file)
{
    struct row row = {.file = (uint16_t)file};
    enum import_next next;
    while ((next = import_next(reader, row.bytes)) != IMPORT_END) {
        row.line = reader->row_line;
        row.status = next == IMPORT_RECORD ? ROW_NEW : ROW_ERROR;
        *add_row(import) = row;
    }
}

static int read_file(struct import *import, const struct assets *assets, size_t file)
{
    struct buffer bytes = {0};
    struct import_reader *reader = memory_needed(malloc(sizeof *reader));
    const char *path = import->arguments->operands[file + 1];
    int code = file_read(&bytes, path, INPUT_MAX);
    import->path = path;
    if (code == EXIT_PASS &&
        !import_begin(reader, &import->rules, assets, (const char *)bytes.bytes, bytes.size,
                      &import->faults)) {
        /* No row of it can be read. That was told, which holds the others back. */
    } else if (code == EXIT_PASS) {
        read_rows(import, reader, file);
    }
    free(reader);
    free(bytes.bytes);
    return code;
}

/* All files are read, whatever is wrong with one. */
static int read_files(struct import *import)
{
    const struct assets assets = assets_of_state(import->view.state);
    int code = EXIT_PASS;
    for (size_t i = 0; i + 1 < import->arguments->operand_count; i++) {
        const int one = read_file(import, &assets, i);
        code = code == EXIT_PASS ? one : code;
    }
    return code;
}

/* ---- the ledger, and who signs ---- */

static int open_reading(struct import *import)
{
    struct tijori_message why;
    enum tijori_status status = tijori_open(&import->ledger, import->dir, TIJORI_READ, NULL, &why);
    if (status != TIJORI_OK) {
        import->ledger = NULL;
        return fail(exit_code_of(status), "%s", why.text);
    }
    repairs_say(import->ledger, import->dir);
    status = tj_ledger_view_begin(import->ledger, &import->view);
    TIJORI_REQUIRE(status == TIJORI_OK); /* a reader has its picture since it was opened */
    tj_journal_past_init(&import->past, import->view.txn, import->view.digester);
    return EXIT_PASS;
}

static void close_reading(struct import *import)
{
    if (import->ledger != NULL) {
        tj_ledger_view_end(import->ledger, &import->view);
        tijori_close(import->ledger);
        import->ledger = NULL;
    }
}

static int add_signer(struct import *import, size_t number)
{
    const struct signer *signer = &import->signers[number];
    struct tj_slot slot = {.key = signer->key};
    const struct tj_key_object *known = tj_slot_key(import->view.state, &slot);
    if (known == NULL || !tj_slot_is_key(&slot, known)) {
        return fail(EXIT_DATA, "%s: the ledger does not know this key", signer->name);
    }
    if (number == 0 && argument_value(import->arguments, "party") == NULL) {
        import->header.party = known->party;
    }
    slot.party = known->party;
    slot.use = known->party == import->header.party ? TJ_USE_SIGN : TJ_USE_COUNTERSIGN;
    import->signs_as[number] = slot;
    enum tijori_status status = tj_slots_insert(&import->slots, &slot);
    return status == TIJORI_OK ? EXIT_PASS : fail_status(status, signer->name, NULL);
}

static int load_signers(struct import *import)
{
    const size_t keys = argument_count(import->arguments, "key");
    int code = signer_check(import->arguments, "key");
    if (keys > TJ_SLOTS_MAX) {
        return fail(EXIT_USAGE, "--key: at most %u keys sign an envelope", TJ_SLOTS_MAX);
    }
    if (keys == 0 && !import->dry_run) {
        return fail(EXIT_USAGE, "--key is needed: without --dry-run envelopes are signed");
    }
    if (keys == 0 && argument_value(import->arguments, "party") == NULL) {
        return fail(EXIT_USAGE, "--party or --key is needed: one of them says who submits");
    }
    for (size_t i = 0; i < keys && code == EXIT_PASS; i++) {
        struct signer *signer = &import->signers[i];
        code = signer_load(import->arguments, signer, argument_item(import->arguments, "key", i));
        import->signer_count = i + 1;
        if (code == EXIT_PASS) {
            code = add_signer(import, i);
        }
    }
    return code;
}

/* The place of the next envelope in its lane, by a view of the ledger. */
static int take_place(struct import *import, const struct tj_ledger_view *view)
{
    struct tj_header *header = &import->header;
    header->created_s = (uint64_t)time(NULL);
    header->expires_s = header->created_s + import->lifetime_s;
    enum tijori_status status = tj_header_place(view->txn, view->digester, header, view->state,
                                                view->head.size, header->party, header->lane);
    return status == TIJORI_OK ? EXIT_PASS : fail_status(status, import->dir, NULL);
}

static int begin_header(struct import *import)
{
    const uint32_t most = tj_state_ledger(import->view.state)->lifetime_max_s;
    import->lifetime_s = most < TJ_LIFETIME_DEFAULT_S ? most : (uint64_t)TJ_LIFETIME_DEFAULT_S;
    import->header.flags = argument_flag(import->arguments, "restricted") ? TJ_FLAG_RESTRICTED : 0;
    if (tj_state_party(import->view.state, import->header.party) == NULL) {
        return fail(EXIT_DATA, "--party: the ledger has no party %" PRIu32, import->header.party);
    }
    return take_place(import, &import->view);
}

/* ---- what is booked already ---- */

static void refuse_duplicate(struct import *import, struct row *row, const struct row *first)
{
    char text[400];
    snprintf(text, sizeof text, "stands in %.200s, line %" PRIu32 " already",
             import->arguments->operands[first->file + 1], first->line);
    tell_of_row(import, row, "reference", text);
}

static void look_for_duplicates(struct import *import)
{
    struct tj_references seen = {.slots = NULL};
    for (size_t i = 0; i < import->row_count; i++) {
        struct row *row = &import->rows[i];
        struct tj_reference_key key;
        size_t step = 0;
        if (row->status != ROW_NEW || !tj_reference_of(&key, row->bytes)) {
            continue;
        }
        const uint64_t first = tj_references_next(&seen, &step, &key);
        if (first != 0) {
            refuse_duplicate(import, row, &import->rows[first - 1]);
        } else if (!tj_references_add(&seen, &key, i + 1)) {
            out_of_memory();
        }
    }
    tj_references_clear(&seen);
}

static int look_for_booked(struct import *import)
{
    const struct tj_ledger_view *view = &import->view;
    enum tijori_status status =
        tj_references_read(&import->references, view->txn, view->head.size, import->header.party);
    for (size_t i = 0; i < import->row_count && status == TIJORI_OK; i++) {
        struct row *row = &import->rows[i];
        enum tj_booked booked;
        char text[160];
        char id[TEXT_SIZE];
        if (row->status != ROW_NEW) {
            continue;
        }
        status = tj_references_booked(&import->references, &booked, &row->id, view->txn,
                                      view->state, row->bytes);
        if (status == TIJORI_OK && booked == TJ_BOOKED_SAME) {
            row->status = ROW_ALREADY;
        } else if (status == TIJORI_OK && booked == TJ_BOOKED_OTHERWISE) {
            text_format_record_id(id, row->id);
            snprintf(text, sizeof text,
                     "record %s has it, with other accounts, another amount or another purpose",
                     id);
            tell_of_row(import, row, "reference", text);
        }
    }
    return status == TIJORI_OK ? EXIT_PASS : fail_status(status, import->dir, NULL);
}

/* ---- what the ledger would refuse ---- */

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * TJ_NS_PER_S + (uint64_t)now.tv_nsec;
}

static int make_case(struct import *import, struct tj_case *out)
{
    struct tj_entry_view newest;
    const struct tj_ledger_view *view = &import->view;
    enum tijori_status status = tj_journal_entry(view->txn, &newest, view->head.size - 1);
    if (status != TIJORI_OK) {
        return fail_status(status, import->dir, NULL);
    }
    *out = (struct tj_case){.index = view->head.size,
                            .received_ns = now_ns(),
                            .last_received_ns = newest.received_ns,
                            .head_leaf = import->header.known_leaf,
                            .header = &import->header,
                            .slots = &import->slots,
                            .envelope_id = {{1}}};
    if (out->received_ns <= newest.received_ns) {
        out->received_ns = newest.received_ns + 1;
    }
    return EXIT_PASS;
}

/* False: there was no memory. */
static bool try_row(struct import *import, struct tj_trial *trial, struct row *row)
{
    struct tj_verdict verdict;
    tj_verdict_init(&verdict);
    enum tijori_status status = tj_record_shown(&import->header, row->bytes, &verdict);
    if (status == TIJORI_OK) {
        status = tj_trial_record(trial, row->bytes, &verdict);
    }
    if (status != TIJORI_OK && status != TIJORI_MEMORY) {
        char text[400];
        snprintf(text, sizeof text, "%s: %s%s%s", tijori_status_name(status),
                 tijori_status_text(status), verdict.detail[0] != '\0' ? ": " : "", verdict.detail);
        tell_of_row(import, row, verdict.field != NULL ? verdict.field : "", text);
    }
    return status != TIJORI_MEMORY;
}

static int try_rows(struct import *import)
{
    struct tj_case c;
    struct tj_trial trial;
    struct tj_verdict verdict;
    char text[400];
    int code = make_case(import, &c);
    if (code != EXIT_PASS) {
        return code;
    }
    enum tijori_status status =
        tj_trial_begin(&trial, tj_ledger_use_up(import->ledger), &import->past.past, &c,
                       import->batch, import->signer_count > 0, &verdict);
    if (status != TIJORI_OK) {
        tj_trial_clear(&trial);
        tj_verdict_format(&verdict, text, sizeof text);
        return fail(exit_code_of(status), "%s: the ledger would take no envelope of these keys: %s",
                    import->dir, text);
    }
    for (size_t i = 0; i < import->row_count && code == EXIT_PASS; i++) {
        if (import->rows[i].status == ROW_NEW && !try_row(import, &trial, &import->rows[i])) {
            code = fail_status(TIJORI_MEMORY, import->dir, NULL);
        }
    }
    tj_trial_clear(&trial);
    return code;
}

/* ---- booking ---- */

/* An envelope's rows, and where their receipt will find them. */
struct envelope_rows {
    size_t first; /* from this row on, those that are new */
    uint32_t count;
};

struct booking {
    struct import *import;
    struct tijori *ledger;
    struct tj_digester digester;
    uint8_t *records;
    uint8_t *envelope;
    size_t at; /* the next row to be looked at */
    uint64_t submitted;
    uint64_t received;
    struct envelope_rows sent[OUTSTANDING_MAX];
    int code;
};

static int sign_envelope(struct booking *booking, struct tj_slots *slots)
{
    struct import *import = booking->import;
    uint8_t bytes[TJ_HEADER_SIZE];
    struct tj_hash id;
    int code = EXIT_PASS;
    tj_header_encode(&import->header, bytes);
    tj_envelope_id(&booking->digester, &id, bytes);
    for (size_t i = 0; i < import->signer_count && code == EXIT_PASS; i++) {
        const struct tj_slot *as = &import->signs_as[i];
        code = signer_sign(&import->signers[i], slots, as->party, as->use, &import->header, &id);
    }
    return code;
}

/* The next rows that are missing, as many as an envelope takes; 0 at the end. */
static uint32_t gather_rows(struct booking *booking, size_t *first)
{
    const struct import *import = booking->import;
    uint32_t count = 0;
    for (; booking->at < import->row_count && count < import->batch; booking->at++) {
        const struct row *row = &import->rows[booking->at];
        if (row->status != ROW_NEW) {
            continue;
        }
        *first = count == 0 ? booking->at : *first;
        memcpy(booking->records + (size_t)count++ * TJ_RECORD_SIZE, row->bytes, TJ_RECORD_SIZE);
    }
    return count;
}

static void note_receipt(struct booking *booking, const struct envelope_rows *sent,
                         const struct tijori_receipt *receipt)
{
    struct import *import = booking->import;
    uint32_t position = 0;
    for (size_t i = sent->first; position < sent->count; i++) {
        struct row *row = &import->rows[i];
        if (row->status != ROW_NEW) {
            continue;
        }
        row->status = receipt->status == TIJORI_OK ? ROW_BOOKED : ROW_REFUSED;
        row->id = receipt->status == TIJORI_OK ? tj_record_id(receipt->entry, position) : 0;
        if (receipt->status != TIJORI_OK && position == receipt->record) {
            import->path = import->arguments->operands[row->file + 1];
            tell(import, row->line, receipt->field, receipt->text);
        }
        position++;
    }
    if (receipt->status != TIJORI_OK && booking->code == EXIT_PASS) {
        booking->code = fail(exit_code_of(receipt->status), "%s: an envelope was not booked: %s",
                             import->dir, receipt->text);
    }
}

static void receive(struct booking *booking, uint64_t left)
{
    struct tijori_receipt receipt;
    while (booking->submitted - booking->received > left) {
        enum tijori_status status = tijori_receive(booking->ledger, &receipt);
        TIJORI_REQUIRE(status == TIJORI_OK);
        note_receipt(booking, &booking->sent[booking->received % OUTSTANDING_MAX], &receipt);
        booking->received++;
    }
}

static int submit(struct booking *booking, const struct envelope_rows *rows)
{
    struct import *import = booking->import;
    static const uint8_t no_attachments[2] = {0, 0};
    struct tj_slots slots = {.count = 0};
    if (!tj_header_seal(&booking->digester, &import->header, booking->records, rows->count)) {
        out_of_memory();
    }
    int code = sign_envelope(booking, &slots);
    if (code != EXIT_PASS) {
        return code;
    }
    size_t size =
        tj_envelope_write(booking->envelope, TJ_ENVELOPE_SIZE_MAX, &import->header,
                          booking->records, &slots, no_attachments, sizeof no_attachments);
    receive(booking, OUTSTANDING_MAX - 1);
    enum tijori_status status =
        tijori_submit(booking->ledger, booking->envelope, size, booking->submitted);
    if (status != TIJORI_OK) {
        return fail_status(status, import->dir, NULL);
    }
    booking->sent[booking->submitted++ % OUTSTANDING_MAX] = *rows;
    tj_header_next(&booking->digester, &import->header);
    return EXIT_PASS;
}

static int book_rows(struct booking *booking)
{
    struct envelope_rows rows = {.first = 0};
    int code = EXIT_PASS;
    booking->records = memory_needed(malloc((size_t)booking->import->batch * TJ_RECORD_SIZE));
    booking->envelope = memory_needed(malloc(TJ_ENVELOPE_SIZE_MAX));
    digester_needed(&booking->digester);
    while (code == EXIT_PASS && booking->code == EXIT_PASS &&
           (rows.count = gather_rows(booking, &rows.first)) > 0) {
        code = submit(booking, &rows);
    }
    receive(booking, 0);
    tj_digester_clear(&booking->digester);
    free(booking->records);
    free(booking->envelope);
    return code == EXIT_PASS ? booking->code : code;
}

/* What was found wrong was found in the ledger as it was then. */
static int check_unchanged(struct import *import, struct tijori *ledger, uint64_t size)
{
    struct tj_ledger_view view;
    enum tijori_status status = tj_ledger_view_begin(ledger, &view);
    if (status != TIJORI_OK) {
        return fail_status(status, import->dir, NULL);
    }
    int code = view.head.size == size
                   ? take_place(import, &view)
                   : fail(EXIT_TRY_AGAIN,
                          "%s: others wrote into the ledger meanwhile: import again", import->dir);
    tj_ledger_view_end(ledger, &view);
    return code;
}

static int book(struct import *import, uint64_t size)
{
    struct tijori_message why;
    struct booking booking = {.import = import};
    struct tijori_options options = {.accept_clock_jump =
                                         argument_flag(import->arguments, "accept-clock")};
    enum tijori_status status =
        tijori_open(&booking.ledger, import->dir, TIJORI_WRITE, &options, &why);
    if (status != TIJORI_OK) {
        return fail(exit_code_of(status), "%s", why.text);
    }
    repairs_say(booking.ledger, import->dir);
    int code = check_unchanged(import, booking.ledger, size);
    if (code == EXIT_PASS) {
        code = book_rows(&booking);
    }
    tijori_close(booking.ledger);
    return code;
}

/* ---- the result ---- */

static const char *status_word(const struct import *import, const struct row *row)
{
    switch ((enum row_status)row->status) {
    case ROW_ERROR:
        return "error";
    case ROW_ALREADY:
        return "already";
    case ROW_NEW:
        return import->dry_run && import->told == 0 ? "would_be_booked" : "held_back";
    case ROW_BOOKED:
        return "booked";
    case ROW_REFUSED:
    case ROW_STATUSES:
        break;
    }
    return "refused";
}

static void print_row(const struct import *import, FILE *out, const struct row *row)
{
    char reference[TJ_REFERENCE_SIZE + 1] = "";
    char id[TEXT_SIZE] = "";
    memcpy(reference, TJ_AT(row->bytes, TJ_MOVE, reference), TJ_REFERENCE_SIZE);
    if (row->status == ROW_BOOKED || row->status == ROW_ALREADY) {
        text_format_record_id(id, row->id);
    }
    text_csv_cell(out, import->arguments->operands[row->file + 1]);
    fprintf(out, ",%" PRIu32 ",", row->line);
    text_csv_cell(out, reference);
    fprintf(out, ",%s,%s\n", status_word(import, row), id);
}

static int write_result(const struct import *import)
{
    const char *path = argument_value(import->arguments, "result");
    char *bytes = NULL;
    size_t size = 0;
    if (path == NULL) {
        return EXIT_PASS;
    }
    FILE *out = memory_needed(open_memstream(&bytes, &size));
    fputs("file,line,reference,status,record\n", out);
    for (size_t i = 0; i < import->row_count; i++) {
        print_row(import, out, &import->rows[i]);
    }
    if (fclose(out) != 0) {
        out_of_memory();
    }
    const struct buffer result = {.bytes = (uint8_t *)bytes, .size = size};
    int code = file_write(path, &result, true);
    free(bytes);
    return code;
}

/* ---- the command ---- */

/* Everything that is wrong, before anything is changed. */
static int look(struct import *import)
{
    int code = load_signers(import);
    if (code == EXIT_PASS) {
        code = begin_header(import);
    }
    if (code == EXIT_PASS) {
        code = read_files(import);
    }
    if (code != EXIT_PASS) {
        return code;
    }
    look_for_duplicates(import);
    code = look_for_booked(import);
    return code == EXIT_PASS ? try_rows(import) : code;
}

static void count_rows(struct import *import)
{
    memset(import->counts, 0, sizeof import->counts);
    for (size_t i = 0; i < import->row_count; i++) {
        import->counts[import->rows[i].status]++;
    }
}

static int conclude(struct import *import, int code)
{
    const int written = write_result(import);
    count_rows(import);
    const size_t *counts = import->counts;
    message("%zu booked, %zu booked already, %zu with errors, %zu %s", counts[ROW_BOOKED],
            counts[ROW_ALREADY], counts[ROW_ERROR], counts[ROW_NEW] + counts[ROW_REFUSED],
            import->dry_run && import->told == 0 ? "would be booked" : "not booked");
    if (code == EXIT_PASS && import->told > 0) {
        code = EXIT_DATA;
    }
    return code == EXIT_PASS ? written : code;
}

static int run(struct import *import)
{
    int code = open_reading(import);
    if (code == EXIT_PASS) {
        code = look(import);
    }
    const uint64_t size = code == EXIT_PASS ? import->view.head.size : 0;
    close_reading(import);
    if (code != EXIT_PASS) {
        return code;
    }
    count_rows(import);
    if (import->counts[ROW_NEW] > 0 && !import->dry_run && (import->partial || import->told == 0)) {
        code = book(import, size);
    }
    return conclude(import, code);
}

static int read_arguments(struct import *import, const struct arguments *arguments)
{
    uint64_t party = 0;
    uint64_t lane = 1;
    uint64_t batch = BATCH_DEFAULT;
    import->arguments = arguments;
    import->dir = arguments->operands[0];
    import->dry_run = argument_flag(arguments, "dry-run");
    import->partial = argument_flag(arguments, "partial");
    import->faults = (struct import_faults){import, tell};
    if (!argument_number(arguments, &party, "party", 0, UINT32_MAX) ||
        !argument_number(arguments, &lane, "lane", 1, TJ_LANES_MAX - 1) ||
        !argument_number(arguments, &batch, "batch", 1, TJ_RECORDS_MAX)) {
        return EXIT_USAGE;
    }
    if (arguments->operand_count > UINT16_MAX) {
        return fail(EXIT_USAGE, "more than %d files", UINT16_MAX - 1);
    }
    import->header.party = (uint32_t)party;
    import->header.lane = (uint16_t)lane;
    import->batch = (uint32_t)batch;
    return EXIT_PASS;
}

int cmd_import(const struct arguments *arguments)
{
    struct import *import = memory_needed(calloc(1, sizeof *import));
    int code = read_arguments(import, arguments);
    if (code == EXIT_PASS) {
        code = read_rules(import);
    }
    if (code == EXIT_PASS) {
        code = run(import);
    }
    tj_cleanse(import->signers, sizeof import->signers);
    tj_references_clear(&import->references);
    import_rules_clear(&import->rules);
    free(import->rows);
    free(import);
    return code;
}
