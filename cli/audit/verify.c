#include "cli/audit/verify.h"

#include "cli/audit/cosign.h"
#include "cli/audit/report_print.h"
#include "cli/log_source.h"
#include "cli/progress.h"
#include "crypto/hex.h"
#include "text/text.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

struct verification {
    const struct arguments *arguments;
    const char *path;
    struct audit_pins pins;
    struct audit_style style;
    uint32_t threads;
};

/* ---- what the auditor keeps ---- */

/* The pinned key is remembered from the first audit that was given one. */
static int take_pin(struct verification *v, struct tj_replica *replica)
{
    bool remembered = replica->log_key.name[0] != '\0';
    if (v->pins.pins.log_key == NULL && remembered) {
        v->pins.log_key = replica->log_key;
        v->pins.pins.log_key = &v->pins.log_key;
    } else if (v->pins.pins.log_key != NULL && remembered &&
               strcmp(v->pins.log_key.name, replica->log_key.name) != 0) {
        return fail(EXIT_USAGE, "--log-key is of another log than the one that --state remembers");
    }
    return EXIT_PASS;
}

static int open_state(struct verification *v, struct tj_replica **out, const char *dir)
{
    enum tijori_status status = tj_replica_open(out, dir);
    if (status == TIJORI_CORRUPT) { /* which says nothing about the log */
        return fail(
            EXIT_DATA,
            "%s: the state of earlier audits is damaged, or of another version, and nothing "
            "was verified: take a copy of it, or begin anew in an empty directory",
            dir);
    }
    return status == TIJORI_OK ? take_pin(v, *out)
                               : fail_status(status, dir, "the state of earlier audits");
}

static void take_checkpoint(struct tj_source *source, char *note, size_t *size)
{
    struct tj_view newest;
    struct tj_checkpoint checkpoint;
    *size = 0;
    if (tj_source_newest(source, &newest, &checkpoint) && newest.size <= TJ_CHECKPOINT_NOTE_MAX) {
        memcpy(note, newest.bytes, newest.size);
        *size = newest.size;
    }
}

/* A checkpoint that contradicts another, named by what it is, so that none takes another's place.
 */
static enum tijori_status keep_note(const char *dir, const char *when, const char *note,
                                    size_t size)
{
    char name[64];
    struct tj_hash hash;
    if (size == 0) {
        return TIJORI_OK; /* there was none */
    }
    if (!tj_sha256_alone(&hash, note, size)) {
        return TIJORI_MEMORY;
    }
    int at = snprintf(name, sizeof name, "%s-", when);
    tj_hex_encode(name + at, hash.bytes, 8);
    fprintf(stderr, "%s:\n%.*s", name, (int)size, note);
    return tj_replica_keep(dir, name, note, size);
}

/* Both checkpoints of a fork or a rollback, for whoever is to be shown them. */
static void keep_evidence(struct tj_source *source, const struct tj_replica *replica,
                          const char *dir)
{
    char *note = memory_needed(malloc(TJ_CHECKPOINT_NOTE_MAX));
    size_t size;
    take_checkpoint(source, note, &size);
    if (size > 0 && size == replica->note_size && memcmp(note, replica->note, size) == 0) {
        message("the checkpoint is the one seen before, so what is shown now is damaged, and no "
                "second history was signed");
        free(note);
        return;
    }
    enum tijori_status seen = keep_note(dir, "seen-before", replica->note, replica->note_size);
    enum tijori_status now = keep_note(dir, "shown-now", note, size);
    message(seen == TIJORI_OK && now == TIJORI_OK
                ? "the checkpoint seen before and the one shown now are kept in %s/evidence"
                : "the checkpoints could not be kept in %s/evidence",
            dir);
    free(note);
}

static int end_with_state(struct verification *v, struct tj_source *source,
                          struct tj_replica *replica, const char *dir,
                          const struct tj_replay_report *report, int code)
{
    if (report->failed) {
        if (report->first_check == TJ_CHECK_EXTENDS) {
            keep_evidence(source, replica, dir);
        }
        return code;
    }
    if (code != EXIT_PASS && code != EXIT_INCOMPLETE && code != EXIT_FINDING) {
        /* What nobody was told must not count as told: the next audit is to find it again. */
        message("%s: left as it was, since the report was not written", dir);
        return code;
    }
    if (v->pins.pins.log_key != NULL) {
        replica->log_key = *v->pins.pins.log_key;
    }
    take_checkpoint(source, replica->note, &replica->note_size);
    enum tijori_status status = tj_replica_save(replica);
    if (status == TIJORI_OK) {
        return code;
    }
    return exit_code_of_both(code, fail_status(status, dir, "the state was not kept"));
}

/* ---- the work ---- */

static int replay_source(struct verification *v, struct tj_source *source,
                         struct tj_replica *replica)
{
    struct tj_replay_report report;
    const char *state_dir = argument_value(v->arguments, "state");
    struct tj_replay_options options = {
        .threads = v->threads,
        .pins = v->pins.pins,
        .replica = replica,
        .told = &progress_told,
    };
    progress_begin("entries");
    enum tijori_status status = tj_replay(source, &report, NULL, &options);
    progress_end();
    if (report.trouble.status != TIJORI_OK) {
        message("%s: could not be read: %s", v->path, report.trouble.what);
    }
    if (status == TIJORI_LOCKED) { /* what was read is no picture of any log */
        tj_report_clear(&report);
        return exit_code_of(status);
    }
    int code = audit_print(&report, &v->style);
    if (status != TIJORI_OK) { /* nothing failed, and nothing is concluded */
        tj_report_clear(&report);
        return code;
    }
    if (replica != NULL) {
        code = end_with_state(v, source, replica, state_dir, &report, code);
    }
    if (argument_value(v->arguments, "cosign-key") != NULL) {
        code = audit_cosign_replayed(v->arguments, source, &report, code);
    }
    tj_report_clear(&report);
    return code;
}

/* All of it is done in a child: LMDB may crash on what a hostile ledger holds, and hashing aborts
 * when there is no memory for it. Neither is to be the end of the program without a word. */
static int verify_here(void *context)
{
    struct verification *v = context;
    struct tj_source *source;
    struct tj_replica *replica = NULL;
    const char *dir = argument_value(v->arguments, "state");
    int code = audit_read_pins(v->arguments, &v->pins);
    if (code != EXIT_PASS) {
        return code;
    }
    code = audit_open_to_replay(&source, v->path);
    if (code == EXIT_FAIL) { /* what is there is no log: that is a verdict */
        audit_print_failure("the log cannot be opened: damaged", &v->style);
    }
    if (code != EXIT_PASS) {
        return code;
    }
    if (dir != NULL) {
        code = open_state(v, &replica, dir);
    }
    if (code == EXIT_PASS && replica != NULL && source->is_ledger && replica->state->partial) {
        code =
            fail(EXIT_USAGE,
                 "%s: the state of audits of a public export; a ledger wants one of its own", dir);
    }
    if (code == EXIT_PASS) {
        code = replay_source(v, source, replica);
    }
    tj_replica_close(replica);
    tj_source_close(source);
    audit_free_pins(&v->pins);
    return code;
}

int audit_verify(const struct arguments *arguments)
{
    struct verification v = {
        .arguments = arguments,
        .path = arguments->operands[0],
        .style = {(enum audit_format)argument_choice(arguments, "format"),
                  argument_flag(arguments, "state-digest"),
                  argument_flag(arguments, "without-documents"), argument_flag(arguments, "public"),
                  argument_flag(arguments, "findings-ok"),
                  argument_value(arguments, "policy") != NULL, audit_program},
    };
    uint64_t threads = 0;
    int signal;
    if (!argument_number(arguments, &threads, "threads", 1, TJ_THREADS_MAX)) {
        return EXIT_USAGE;
    }
    v.threads = (uint32_t)threads;
    int code = audit_guarded_at(&signal, v.path, verify_here, &v);
    if (code < 0) {
        char why[256];
        snprintf(why, sizeof why, "the storage is damaged so badly that reading it crashed: %s",
                 strsignal(signal));
        audit_print_failure(why, &v.style);
        code = fail(EXIT_FAIL, "%s: %s", v.path, why);
    }
    return code;
}
