#include "cli/audit/cosign.h"

#include "cli/audit/witness.h"
#include "cli/file.h"
#include "cli/keys.h"
#include "cli/log_source.h"
#include "text/text.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

/* ---- a request to ourselves, as a log would make it ---- */

/* `old <size>`, the proof from there, and the checkpoint; its size, 0 when the source does not give
 * the proof. */
static size_t make_request(struct tj_source *source, char out[TJ_WITNESS_REQUEST_MAX], uint64_t old,
                           const struct tj_view *note, const struct tj_checkpoint *checkpoint)
{
    struct tj_hash proof[TJ_PATH_MAX];
    size_t count = 0;
    struct tj_hasher *hasher = memory_needed(tj_hasher_create());
    bool proven =
        old == 0 || old > checkpoint->size ||
        tj_prove_consistency(hasher, proof, &count, &source->nodes, old, checkpoint->size);
    tj_hasher_destroy(hasher);
    if (!proven) {
        return 0;
    }
    return tj_witness_request_encode(out, TJ_WITNESS_REQUEST_MAX, old, proof, count,
                                     (const char *)note->bytes, note->size);
}

/* The checkpoint with the new line, to --output or standard output. An older one gives way to it.
 */
static int write_cosigned(const struct arguments *arguments, const struct tj_view *note,
                          const char *line, size_t line_size)
{
    const char *path = argument_value(arguments, "output");
    struct buffer bytes = {0};
    buffer_add(&bytes, note->bytes, note->size);
    buffer_add(&bytes, line, line_size);
    const int code = file_write(path != NULL ? path : "-", &bytes, true);
    free(bytes.bytes);
    return code;
}

static void keep_both(struct tj_witness *witness, const char *state, const char *request,
                      size_t size)
{
    message(tj_witness_keep_evidence(witness, request, size)
                ? "the checkpoint cosigned before and this one are kept in %s/evidence"
                : "the checkpoints could not be kept in %s/evidence",
            state);
}

static int add(struct tj_witness *witness, struct tj_source *source,
               const struct arguments *arguments, const char *state)
{
    struct tj_view note;
    struct tj_checkpoint checkpoint;
    struct tj_checkpoint last;
    struct tj_witness_reply reply;
    if (!tj_source_newest(source, &note, &checkpoint)) {
        return fail(EXIT_INCOMPLETE, "%s: there is no signed checkpoint to cosign",
                    arguments->operands[0]);
    }
    enum tj_witness_memory memory = tj_witness_last(witness, &last, checkpoint.origin);
    char *request = memory_needed(malloc(TJ_WITNESS_REQUEST_MAX));
    size_t size = make_request(source, request, memory == TJ_WITNESS_KNOWN ? last.size : 0, &note,
                               &checkpoint);
    if (size == 0) {
        free(request);
        return fail(EXIT_FAIL, "%s: the tree does not lead from %" PRIu64 " to %" PRIu64 " entries",
                    arguments->operands[0], last.size, checkpoint.size);
    }
    audit_ask_witness(witness, &reply, request, size);
    if (reply.code == 400 || reply.code == 422) { /* by a key of the log: it does not go on */
        keep_both(witness, state, request, size);
    }
    free(request);
    if (reply.code == 200) {
        return write_cosigned(arguments, &note, reply.body, reply.body_size);
    }
    /* 400 is a rollback here, 409 cannot come, 422 a fork. */
    int code = reply.code == 500 ? EXIT_IO : EXIT_FAIL;
    if (memory == TJ_WITNESS_KNOWN && last.size > checkpoint.size) {
        return fail(
            code, "%s: a rollback: cosigned before at %" PRIu64 " entries, now there are %" PRIu64,
            arguments->operands[0], last.size, checkpoint.size);
    }
    return fail(code, "%s: not cosigned: %.*s", arguments->operands[0], (int)reply.body_size,
                reply.body);
}

/* ---- who signs ---- */

static uint64_t system_time(void *context)
{
    (void)context;
    return (uint64_t)time(NULL);
}

/* The key of the log: given, or remembered by the state of earlier cosignatures. */
static int log_key(const struct arguments *arguments, struct tj_verifier_key *out,
                   const char *state, const char *origin)
{
    const char *given = argument_value(arguments, "log-key");
    if (given != NULL) {
        return audit_read_verifier_key(out, given);
    }
    return tj_witness_remembered_key(out, state, origin)
               ? EXIT_PASS
               : fail(EXIT_USAGE, "--log-key is needed the first time: the key to trust");
}

static int cosign_as(const struct arguments *arguments, struct tj_source *source,
                     const char *key_file, const char *name, const char *state, bool replays)
{
    struct tj_secret_key key;
    struct tj_verifier_key log;
    struct tj_witness *witness;
    struct tj_view note;
    struct tj_checkpoint checkpoint;
    if (!tj_source_newest(source, &note, &checkpoint)) {
        return fail(EXIT_INCOMPLETE, "%s: there is no signed checkpoint to cosign",
                    arguments->operands[0]);
    }
    int code = log_key(arguments, &log, state, checkpoint.origin);
    if (code == EXIT_PASS) {
        code = key_load(arguments, &key, key_file);
    }
    if (code != EXIT_PASS) {
        return code;
    }
    if (key.algorithm != TJ_ALGORITHM_ED25519) {
        tj_cleanse(&key, sizeof key);
        return fail(EXIT_DATA, "%s: a witness signs with an ed25519 key", key_file);
    }
    const struct tj_witness_config config = {
        .dir = state,
        .name = name,
        .secret32 = key.secret32,
        .logs = &log,
        .log_count = 1,
        .replays = replays,
        .now_s = system_time,
    };
    code = audit_open_witness(&witness, &config);
    tj_cleanse(&key, sizeof key);
    if (code != EXIT_PASS) {
        return code;
    }
    code = add(witness, source, arguments, state);
    tj_witness_close(witness);
    return code;
}

static int cosign_here(void *context)
{
    const struct arguments *arguments = context;
    struct tj_source *source;
    int code = audit_open_source(&source, arguments->operands[0]);
    if (code != EXIT_PASS) {
        return code;
    }
    code = cosign_as(arguments, source, argument_value(arguments, "key"),
                     argument_value(arguments, "name"), argument_value(arguments, "state"), false);
    tj_source_close(source);
    return code;
}

int audit_cosign(const struct arguments *arguments)
{
    int signal;
    int code = audit_guarded(&signal, !tj_source_is_folder(arguments->operands[0]), cosign_here,
                             (void *)arguments);
    return code >= 0 ? code
                     : fail(EXIT_FAIL, "%s: reading it crashed: %s", arguments->operands[0],
                            strsignal(signal));
}

/* What is cosigned is the note that the replay judged, byte for byte. */
static bool is_verified(struct tj_source *source, const struct tj_replay_report *report)
{
    struct tj_view note;
    struct tj_checkpoint checkpoint;
    struct tj_hash hash;
    if (!tj_source_newest(source, &note, &checkpoint)) {
        return false;
    }
    if (!tj_sha256_alone(&hash, note.bytes, note.size)) {
        out_of_memory();
    }
    return tj_hash_equal(&hash, &report->checkpoint_hash);
}

int audit_cosign_replayed(const struct arguments *arguments, struct tj_source *source,
                          const struct tj_replay_report *report, int code)
{
    const char *state = argument_value(arguments, "cosign-state");
    const char *name = argument_value(arguments, "cosign-name");
    if (name == NULL || state == NULL || argument_value(arguments, "output") == NULL) {
        return fail(EXIT_USAGE, "--cosign-key wants --cosign-name, --cosign-state and -o");
    }
    if (code != EXIT_PASS) {
        message(code == EXIT_FINDING ? "not cosigned: there are findings (--findings-ok cosigns "
                                       "all the same)"
                                     : "not cosigned: the verification did not pass");
        return code;
    }
    if (report->left_open > 0 || report->restricted > 0) {
        return fail(EXIT_INCOMPLETE, "not cosigned: not every body was there to be replayed");
    }
    if (!is_verified(source, report)) {
        return fail(EXIT_FAIL, "not cosigned: the checkpoint is not the one that was verified");
    }
    if (report->checkpoint.size != report->entries) {
        return fail(EXIT_INCOMPLETE, "not cosigned: no checkpoint covers all that was verified");
    }
    return cosign_as(arguments, source, argument_value(arguments, "cosign-key"), name, state, true);
}
