/* What leaves a ledger, and how a stranger checks it: include/tijori.h, "export and proofs" and
 * "verification". */

#include "core/audit/replay.h"
#include "core/exchange/export.h"
#include "core/exchange/proof_file.h"
#include "core/exchange/verdict.h"
#include "core/face/given.h"
#include "core/ingest/ledger.h"

/* ---- export ---- */

static enum tijori_status export_view(const struct tj_ledger_view *view,
                                      struct tijori_exported *out,
                                      const struct tj_export_order *order,
                                      struct tijori_message *message)
{
    struct tj_stored_checkpoint newest;
    struct tj_export_done done;
    enum tijori_status status = tj_checkpoint_newest(view->txn, &newest);
    if (status == TIJORI_NOT_FOUND) {
        return tj_say(message, status, "no checkpoint was signed yet: there is nothing to export");
    }
    if (status != TIJORI_OK) {
        return tj_say_status(message, status, "the newest checkpoint", NULL);
    }
    status = tj_export(view, &done, &newest, order, message);
    if (status == TIJORI_OK) {
        *out = (struct tijori_exported){done.entries, done.files, done.bytes, done.restricted};
    }
    return status;
}

enum tijori_status tijori_export(struct tijori *ledger, struct tijori_exported *out,
                                 const char *folder, const struct tijori_export_options *options,
                                 struct tijori_message *message)
{
    static const struct tijori_export_options defaults;
    struct tj_ledger_view view;
    options = options != NULL ? options : &defaults;
    const struct tj_export_order order = {
        .dir = "the ledger",
        .out = folder,
        .kind = options->public_only != 0 ? TJ_FOLDER_PUBLIC : TJ_FOLDER_FULL,
        .change_kind = options->change_kind != 0,
        .attachments = options->attachments != 0,
    };
    enum tijori_status status = tj_ledger_publish(ledger);
    if (status == TIJORI_OK || status == TIJORI_READ_ONLY || status == TIJORI_NOT_FOUND) {
        status = tj_ledger_view_begin(ledger, &view);
    }
    if (status != TIJORI_OK) {
        return tj_say_status(message, status, order.dir, NULL);
    }
    status = export_view(&view, out, &order, message);
    tj_ledger_view_end(ledger, &view);
    return status;
}

/* ---- proofs ---- */

/* A proof rests on a checkpoint. So an entry that no checkpoint covers yet is another answer than
 * one that is not there: the first is worth asking for again. */
static enum tijori_status prove_view(const struct tj_ledger_view *view, char **out, size_t *size,
                                     uint64_t entry, uint32_t record,
                                     struct tijori_message *message)
{
    struct tj_stored_checkpoint newest;
    struct tijori_message why;
    if (entry >= view->head.size) {
        return tj_say(message, TIJORI_NOT_FOUND, "there is no such entry");
    }
    enum tijori_status status = tj_proof_checkpoint(view->txn, &newest, entry);
    if (status == TIJORI_NOT_FOUND || (status == TIJORI_OK && newest.checkpoint.size <= entry)) {
        return tj_say(message, TIJORI_KNOWN_AHEAD, "no checkpoint covers the entry yet");
    }
    if (status != TIJORI_OK) {
        return tj_say_status(message, status, "the newest checkpoint", NULL);
    }
    status = tj_proof_make(view->txn, view->digester, out, size, view->state, &newest, entry,
                           record, &why);
    if (status != TIJORI_OK && why.text[0] != '\0') {
        return tj_say(message, status, "%s", why.text);
    }
    if (status == TIJORI_OK) {
        return status;
    }
    return tj_say_status(message, status, "the proof", NULL);
}

/* The proof is made in memory of its own, because its size is known only then. The ledger is let go
 * before anything is copied. */
enum tijori_status tijori_prove(struct tijori *ledger, char *proof, size_t *size, uint64_t entry,
                                uint32_t record, struct tijori_message *message)
{
    struct tj_ledger_view view;
    char *made = NULL;
    size_t made_size = 0;
    enum tijori_status status = tj_ledger_view_begin(ledger, &view);
    if (status != TIJORI_OK) {
        return tj_say_status(message, status, "the ledger", NULL);
    }
    status = prove_view(&view, &made, &made_size, entry, record, message);
    tj_ledger_view_end(ledger, &view);
    if (status != TIJORI_OK) {
        return status;
    }
    size_t room = *size;
    *size = made_size;
    if (made_size <= room) {
        memcpy(proof, made, made_size);
    }
    free(made);
    if (made_size > room) {
        return tj_say_status(message, TIJORI_FULL, "the proof", NULL);
    }
    return TIJORI_OK;
}

/* ---- checking a proof ---- */

static void fill_proof(struct tijori_proof *out, const struct tj_proof_file *file,
                       const struct tj_proof_judgement *judged)
{
    const struct tj_exhibit *first = &file->exhibits.list[0];
    memset(out, 0, sizeof *out);
    out->verdict = judged->verdict;
    out->entry = first->entry.index;
    out->record = first->position;
    out->received_ns = first->entry.received_ns;
    if (first->record != NULL) {
        memcpy(out->record_bytes, first->record, TJ_RECORD_SIZE);
    }
    out->party = first->entry.header.party;
    out->signatures = first->entry.slots.count;
    out->size = file->checkpoint.size;
    memcpy(out->origin, file->checkpoint.origin, sizeof out->origin);
    out->cosignatures = judged->witness.valid;
    snprintf(out->text, sizeof out->text, "%.1023s", judged->failure);
}

static enum tijori_status judge_proof(struct tijori_proof *out, struct tj_proof_file *file,
                                      const char *proof, size_t size, const struct tj_pins *pins,
                                      struct tijori_message *message)
{
    struct tj_digester digester;
    struct tj_proof_judgement *judged = malloc(sizeof *judged);
    if (judged == NULL) {
        return tj_say_status(message, TIJORI_MEMORY, "the proof", NULL);
    }
    enum tijori_status status = tj_proof_decode(file, proof, size, message);
    if (status == TIJORI_OK) {
        status = tj_digester_init(&digester)
                     ? tj_proof_judge(&digester, judged, file, pins->log_key, pins->policy)
                     : TIJORI_MEMORY;
        tj_digester_clear(&digester);
        if (status == TIJORI_OK) {
            fill_proof(out, file, judged);
        } else {
            tj_say_status(message, status, "the proof", NULL);
        }
    }
    tj_proof_clear(file);
    free(judged);
    return status;
}

enum tijori_status tijori_check_proof(struct tijori_proof *out, const char *proof, size_t size,
                                      const struct tijori_pins *pins,
                                      struct tijori_message *message)
{
    struct tj_pinned pinned;
    enum tijori_status status = tj_pins_read(&pinned, pins, message);
    struct tj_proof_file *file = status == TIJORI_OK ? malloc(sizeof *file) : NULL;
    if (status == TIJORI_OK && file == NULL) {
        status = tj_say_status(message, TIJORI_MEMORY, "the proof", NULL);
    }
    if (status == TIJORI_OK) {
        status = judge_proof(out, file, proof, size, &pinned.pins, message);
    }
    free(file);
    tj_pins_clear(&pinned);
    return status;
}

/* ---- verification ---- */

static const char *const check_names[TJ_CHECK_COUNT] = {
#define CHECK_NAME(name, text) #name,
    TJ_CHECKS(CHECK_NAME)
#undef CHECK_NAME
};
static_assert(TJ_CHECK_COUNT <= TIJORI_CHECKS_MAX, "a report has room for every check");
static_assert((int)TJ_FINDINGS_MAX == TIJORI_FINDINGS_MAX, "and for every finding");

static void fill_checks(struct tijori_report *out, const struct tj_replay_report *report)
{
    out->check_count = TJ_CHECK_COUNT;
    for (int i = 0; i < TJ_CHECK_COUNT; i++) {
        const struct tj_check_result *result = &report->checks[i];
        struct tijori_check *check = &out->checks[i];
        check->name = check_names[i];
        check->text = tj_check_text((enum tj_check)i);
        check->passed = result->passed;
        check->failed = result->failed;
        check->skipped = result->skipped;
        memcpy(check->note, result->note, sizeof check->note);
    }
}

static void fill_findings(struct tijori_report *out, const struct tj_replay_report *report)
{
    out->finding_count = report->finding_count;
    for (size_t i = 0; i < report->finding_count && i < TJ_FINDINGS_MAX; i++) {
        memcpy(out->findings[i], report->findings[i].text, sizeof out->findings[i]);
    }
}

/* The face has a report of its own, of fixed size and without pointers, so that the inside may
 * change and a caller has nothing to free. */
static void fill_report(struct tijori_report *out, const struct tj_replay_report *report,
                        const struct tj_expected *expected)
{
    memset(out, 0, sizeof *out);
    out->verdict = tj_report_verdict(report, expected);
    out->incomplete = tj_report_incomplete(report, expected);
    fill_checks(out, report);
    fill_findings(out, report);
    out->failed_entry = UINT64_MAX;
    if (report->failed) {
        memcpy(out->failure, report->failure, sizeof out->failure);
        out->failed_entry = report->first_entry;
        out->newer_software_needed = report->newer;
    }
    out->entries = report->entries;
    out->records = report->records;
    out->signatures = report->signatures;
    memcpy(out->ledger_id, report->ledger_id.bytes, TJ_HASH_SIZE);
    memcpy(out->leaf, report->leaf.bytes, TJ_HASH_SIZE);
    memcpy(out->root, report->root.bytes, TJ_HASH_SIZE);
    out->last_received_ns = report->last_received_ns;
    out->checkpoint_size = report->checkpoint.size;
    for (size_t i = 0; i < report->witness_count && i < TJ_WITNESSES_SHOWN_MAX; i++) {
        out->cosignatures += report->witnesses[i].verdict == TJ_NOTE_VALID;
    }
    memcpy(out->origin, report->origin, sizeof out->origin);
}

/* A report is too large for a stack. What is expected of an export follows from what the caller
 * said of it, so that a public export is not reported as one with parts missing. */
static enum tijori_status replay(struct tijori_report *out, const char *path,
                                 const struct tj_pins *pins,
                                 const struct tijori_verify_options *options,
                                 struct tijori_message *message)
{
    struct tj_source *source;
    const struct tj_replay_options how = {.threads = options->threads, .pins = *pins};
    const struct tj_expected expected = {.without_documents = options->without_documents != 0,
                                         .public_export = options->public_only != 0,
                                         .no_policy = pins->policy == NULL};
    enum tijori_status status = tj_face_source(&source, path, message);
    if (status != TIJORI_OK) {
        return status;
    }
    struct tj_replay_report *report = malloc(sizeof *report);
    status = report != NULL ? tj_replay(source, report, NULL, &how) : TIJORI_MEMORY;
    if (status == TIJORI_OK) {
        fill_report(out, report, &expected);
    } else {
        tj_say_status(message, status, path,
                      report != NULL ? report->trouble.what : "reading stopped");
    }
    if (report != NULL) {
        tj_report_clear(report);
    }
    free(report);
    tj_source_close(source);
    return status;
}

enum tijori_status tijori_verify(struct tijori_report *out, const char *path,
                                 const struct tijori_pins *pins,
                                 const struct tijori_verify_options *options,
                                 struct tijori_message *message)
{
    static const struct tijori_verify_options defaults;
    struct tj_pinned pinned;
    options = options != NULL ? options : &defaults;
    if (options->threads > TJ_THREADS_MAX) {
        return tj_say(message, TIJORI_VALUE, "more than %u threads", TJ_THREADS_MAX);
    }
    enum tijori_status status = tj_pins_read(&pinned, pins, message);
    if (status == TIJORI_OK) {
        status = replay(out, path, &pinned.pins, options, message);
    }
    tj_pins_clear(&pinned);
    return status;
}
