/* tijori checkpoint: signs the log as it stands, takes in cosignatures, and prints the result. */

#include "cli/log_source.h"
#include "cli/tijori/commands.h"
#include "cli/file.h"
#include "cli/gather.h"
#include "cli/keys.h"
#include "text/text.h"
#include "core/ingest/ledger.h"
#include "include/tijori.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct note {
    size_t size;
    char bytes[TIJORI_NOTE_MAX];
};

static int read_note(struct note *out, const char *path)
{
    uint8_t *bytes = NULL;
    const int error = file_load(&bytes, &out->size, path, sizeof out->bytes);
    if (error == EFBIG) {
        return fail(EXIT_DATA, "%s: longer than a checkpoint may be", path);
    }
    if (error == EISDIR || error == EIO) {
        return fail(EXIT_IO, "%s: reading failed", path);
    }
    if (error != 0) {
        return fail_errno(error, path);
    }
    memcpy(out->bytes, bytes, out->size);
    free(bytes);
    struct tj_note_view view;
    /* A byte order mark may stand in a note, and spoils what was signed. */
    if (file_strangeness(out->bytes, out->size) != NULL ||
        !tj_note_decode(&view, out->bytes, out->size)) {
        return fail_text(path, "not a signed checkpoint", out->bytes, out->size);
    }
    return EXIT_PASS;
}

/* The newest that was signed, without the ledger's lock. */
static int print_newest(struct tijori *ledger, struct note *note, const char *dir)
{
    note->size = sizeof note->bytes;
    enum tijori_status status = tijori_signed(ledger, note->bytes, &note->size);
    if (status == TIJORI_NOT_FOUND) {
        return fail(EXIT_INCOMPLETE, "%s: no checkpoint was signed yet: give --log-key", dir);
    }
    return status == TIJORI_OK ? EXIT_PASS : fail_status(status, dir, NULL);
}

static int sign(struct tijori *ledger, struct note *note, const char *dir,
                const struct arguments *arguments)
{
    struct tj_secret_key key;
    const char *file = argument_value(arguments, "log-key");
    int code = key_load(arguments, &key, file);
    if (code != EXIT_PASS) {
        return code;
    }
    if (key.algorithm != TJ_ALGORITHM_ED25519) {
        tj_cleanse(&key, sizeof key);
        return fail(EXIT_DATA, "%s: a log signs with an ed25519 key", file);
    }
    note->size = sizeof note->bytes;
    enum tijori_status status = tijori_checkpoint(ledger, note->bytes, &note->size, key.secret32);
    tj_cleanse(&key, sizeof key);
    if (status == TIJORI_KEY_UNKNOWN) {
        return fail(EXIT_DATA, "%s: not an active log key of %s", file, dir);
    }
    if (status == TIJORI_FORK) {
        return fail(EXIT_FAIL,
                    "%s: not signed: what was signed last is not a beginning of this log. It was "
                    "rolled back or changed",
                    dir);
    }
    return status == TIJORI_OK ? EXIT_PASS : fail_status(status, dir, NULL);
}

/* ---- what is taken in ---- */

/* Leaves of a note the lines of the policy's witnesses that verify. A line that was stored keeps
 * its place for good, so what nobody checked must not be. */
static size_t keep_trusted(const struct tj_policy *policy, struct note *note)
{
    struct tj_note_view view;
    struct tj_policy_result result;
    struct note *kept = memory_needed(malloc(sizeof *kept));
    size_t lines = 0;
    if (tj_note_decode(&view, note->bytes, note->size)) {
        tj_policy_check(policy, &result, &view);
        kept->size = view.text_size + 1;
        memcpy(kept->bytes, note->bytes, kept->size);
        for (size_t i = 0; i < policy->node_count; i++) {
            if (result.verdicts[i] == TJ_NOTE_VALID) {
                const struct tj_note_signature_view *line =
                    tj_note_find(&view, &policy->nodes[i].key);
                memcpy(kept->bytes + kept->size, tj_note_line_start(line), tj_note_line_size(line));
                kept->size += tj_note_line_size(line);
                lines++;
            }
        }
        *note = *kept;
    }
    free(kept);
    return lines;
}

static int add_note(struct tijori *ledger, struct note *other, struct note *note,
                    const struct tj_policy *policy, const char *what)
{
    if (keep_trusted(policy, other) == 0) {
        return fail(EXIT_DATA, "%s: no cosignature by a witness of the policy that verifies", what);
    }
    struct note *merged = memory_needed(malloc(sizeof *merged));
    merged->size = sizeof merged->bytes;
    enum tijori_status status =
        tijori_add_cosignatures(ledger, merged->bytes, &merged->size, other->bytes, other->size);
    if (status == TIJORI_OK) { /* else what is printed stays what it was */
        note->size = merged->size;
        memcpy(note->bytes, merged->bytes, merged->size);
    }
    free(merged);
    return status == TIJORI_NOT_FOUND
               ? fail(EXIT_DATA, "%s: no public checkpoint of this text is stored here", what)
           : status == TIJORI_OK ? EXIT_PASS
                                 : fail_status(status, what, NULL);
}

static int add_files(struct tijori *ledger, struct note *note, const struct arguments *arguments,
                     const struct tj_policy *policy)
{
    struct note *other = memory_needed(malloc(sizeof *other));
    int code = EXIT_PASS;
    for (size_t i = 0; i < argument_count(arguments, "add") && code == EXIT_PASS; i++) {
        const char *path = argument_item(arguments, "add", i);
        code = read_note(other, path);
        if (code == EXIT_PASS) {
            code = add_note(ledger, other, note, policy, path);
        }
    }
    free(other);
    return code;
}

/* ---- witnesses ---- */

/* The proof that a witness asks for, from the ledger's tree. */
struct prover {
    struct tijori *ledger;
    uint64_t size; /* of the checkpoint */
};

static bool prove(void *context, struct tj_hash *proof, size_t *count, uint64_t old_size)
{
    const struct prover *prover = context;
    struct tj_ledger_view view;
    struct tj_log_nodes nodes;
    if (tj_ledger_view_begin(prover->ledger, &view) != TIJORI_OK) {
        return false;
    }
    tj_log_nodes_init(&nodes, view.txn, view.digester);
    bool proven = tj_prove_consistency(view.digester->hasher, proof, count, &nodes.reader, old_size,
                                       prover->size);
    tj_ledger_view_end(prover->ledger, &view);
    return proven;
}

static size_t whom_to_ask(const struct arguments *arguments, struct gather_witness *out,
                          const struct tj_policy *policy)
{
    size_t count = gather_of_policy(out, policy);
    for (size_t i = 0; i < argument_count(arguments, "witness"); i++) {
        const char *url = argument_item(arguments, "witness", i);
        bool known = false;
        for (size_t w = 0; w < count; w++) {
            known |= strcmp(out[w].url, url) == 0;
        }
        if (!known && count < GATHER_WITNESSES_MAX) {
            out[count++] = (struct gather_witness){.url = url};
        }
    }
    return count;
}

static void report_witnesses(const struct gather_witness *asked, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct gather_witness *w = &asked[i];
        message("%s: %s%s%s", w->url, gather_outcome_text(w->outcome),
                w->detail[0] != '\0' ? ": " : "", w->detail);
    }
}

/* Asks, adds what came back to the stored checkpoint. That some did not answer is no error here:
 * whether it suffices the policy says. */
static int ask_witnesses(struct tijori *ledger, struct note *note,
                         const struct arguments *arguments, const struct tj_policy *policy)
{
    struct gather_witness asked[GATHER_WITNESSES_MAX];
    struct tj_note_view view;
    struct tj_checkpoint checkpoint;
    const char *text = argument_value(arguments, "timeout");
    uint64_t timeout_s = 10;
    size_t count = policy != NULL ? whom_to_ask(arguments, asked, policy) : 0;
    if (count == 0) {
        return EXIT_PASS;
    }
    if (text != NULL &&
        (!text_parse_duration(&timeout_s, text) || timeout_s == 0 || timeout_s > 3600)) {
        return fail(EXIT_USAGE, "--timeout takes a duration of 1s to 1h");
    }
    if (!tj_note_decode(&view, note->bytes, note->size) ||
        !tj_checkpoint_decode(&checkpoint, view.text, view.text_size)) {
        return fail(EXIT_FAIL, "the stored checkpoint is none: damaged");
    }
    struct note *cosigned = memory_needed(malloc(sizeof *cosigned));
    struct prover prover = {ledger, checkpoint.size};
    *cosigned = *note;
    size_t signed_by =
        gather_cosignatures(asked, cosigned->bytes, &cosigned->size, prove, &prover, count,
                            sizeof cosigned->bytes, (unsigned)timeout_s * 1000);
    report_witnesses(asked, count);
    int code = signed_by > 0 ? add_note(ledger, cosigned, note, policy, "what the witnesses signed")
                             : EXIT_PASS; /* the quorum is looked at next */
    free(cosigned);
    return code;
}

static int check_quorum(const struct tj_policy *policy, const struct note *note)
{
    struct tj_note_view view;
    struct tj_policy_result result;
    if (policy == NULL) {
        return EXIT_PASS;
    }
    if (!tj_note_decode(&view, note->bytes, note->size)) {
        return fail(EXIT_FAIL, "the checkpoint is none: damaged");
    }
    tj_policy_check(policy, &result, &view);
    if (result.invalid > 0) {
        return fail(EXIT_FAIL, "a cosignature by a witness of the policy does not verify");
    }
    return result.quorum ? EXIT_PASS
                         : fail(EXIT_INCOMPLETE,
                                "the quorum is missing: %u of the policy's witnesses cosigned; ask "
                                "again later",
                                result.valid);
}

/* ---- the command ---- */

/* Whatever was got is stored and printed; the exit code tells what is missing. */
static int run(struct tijori *ledger, struct note *note, const struct arguments *arguments,
               const struct tj_policy *policy)
{
    const char *dir = arguments->operands[0];
    bool signs = argument_value(arguments, "log-key") != NULL;
    int code = signs ? sign(ledger, note, dir, arguments) : print_newest(ledger, note, dir);
    if (code == EXIT_PASS) {
        code = add_files(ledger, note, arguments, policy);
    }
    if (code != EXIT_PASS) {
        return code;
    }
    code = ask_witnesses(ledger, note, arguments, policy);
    fwrite(note->bytes, 1, note->size, stdout);
    return code == EXIT_PASS ? check_quorum(policy, note) : code;
}

int cmd_checkpoint(const struct arguments *arguments)
{
    const char *dir = arguments->operands[0];
    bool writes =
        argument_value(arguments, "log-key") != NULL || argument_count(arguments, "add") > 0 ||
        argument_count(arguments, "witness") > 0 || argument_value(arguments, "policy") != NULL;
    struct tijori *ledger;
    struct tijori_message said;
    struct tj_policy *policy = NULL;
    if (argument_value(arguments, "policy") == NULL &&
        (argument_count(arguments, "add") > 0 || argument_count(arguments, "witness") > 0)) {
        return fail(EXIT_USAGE, "--add and --witness want --policy, which says whom to trust");
    }
    int code = argument_value(arguments, "policy") != NULL
                   ? audit_read_policy(&policy, argument_value(arguments, "policy"))
                   : EXIT_PASS;
    if (code != EXIT_PASS) {
        return code;
    }
    enum tijori_status status =
        tijori_open(&ledger, dir, writes ? TIJORI_WRITE : TIJORI_READ, NULL, &said);
    if (status != TIJORI_OK) {
        free(policy);
        return fail(exit_code_of(status), "%s", said.text);
    }
    struct note *note = memory_needed(malloc(sizeof *note));
    code = run(ledger, note, arguments, policy);
    free(note);
    tijori_close(ledger);
    free(policy);
    return code;
}
