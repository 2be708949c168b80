/* tijori checkpoint: signs the log as it stands, takes in cosignatures, and prints the result. */

#include "cli/log_source.h"
#include "cli/tijori/commands.h"
#include "cli/tijori/repairs_print.h"
#include "cli/file.h"
#include "cli/gather.h"
#include "cli/keys.h"
#include "text/text.h"
#include "core/ingest/ledger.h"
#include "core/log/witness_time.h"
#include "include/tijori.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

/* Whom to believe, and what time a cosignature of the checkpoint at hand can state. */
struct measure {
    const struct tj_policy *policy;
    struct tj_witness_bounds bounds;
};

static int measure_of(struct tijori *ledger, struct measure *out, const struct tj_policy *policy,
                      const struct note *note, const char *what)
{
    struct tj_ledger_view view;
    struct tj_note_view decoded;
    struct tj_checkpoint checkpoint;
    if (!tj_checkpoint_note_decode(&decoded, &checkpoint, note->bytes, note->size)) {
        return fail(EXIT_DATA,
                    "%s: not a checkpoint: a note of origin, size and root, with signatures", what);
    }
    out->policy = policy;
    enum tijori_status status = tj_ledger_view_begin(ledger, &view);
    if (status != TIJORI_OK) {
        return fail_status(status, what, NULL);
    }
    if (checkpoint.size > view.head.size) {
        status = TIJORI_KNOWN_AHEAD;
    } else {
        status = tj_witness_bounds_of(view.txn, &out->bounds, checkpoint.size, view.head.size,
                                      (uint64_t)time(NULL) * TJ_NS_PER_S);
    }
    tj_ledger_view_end(ledger, &view);
    return status == TIJORI_OK ? EXIT_PASS : fail_status(status, what, NULL);
}

/* Leaves of a note the lines of the policy's witnesses that verify and whose time can be. A line
 * that was stored keeps its place for good, so what nobody checked must not be. */
static size_t keep_trusted(const struct measure *measure, struct note *note, size_t *refused,
                           const char *what)
{
    struct tj_note_view view;
    struct tj_policy_result result;
    struct note *kept = memory_needed(malloc(sizeof *kept));
    size_t lines = 0;
    TIJORI_REQUIRE(tj_note_decode(&view, note->bytes, note->size));
    tj_policy_check(measure->policy, &result, &view);
    kept->size = view.text_size + 1;
    memcpy(kept->bytes, note->bytes, kept->size);
    for (size_t i = 0; i < measure->policy->node_count; i++) {
        const struct tj_verifier_key *key = &measure->policy->nodes[i].key;
        if (result.verdicts[i] != TJ_NOTE_VALID) {
            continue;
        }
        const char *why = tj_witness_time_refused(&measure->bounds, result.times_s[i]);
        if (why != NULL) {
            message("%s: not taken: witness %s %s", what, key->name, why);
            *refused += 1;
            continue;
        }
        const struct tj_note_signature_view *line = tj_note_find(&view, key);
        memcpy(kept->bytes + kept->size, tj_note_line_start(line), tj_note_line_size(line));
        kept->size += tj_note_line_size(line);
        lines++;
    }
    *note = *kept;
    free(kept);
    return lines;
}

/* Adds what can be trusted. When something else was refused, that is bad input all the same. */
static int add_note(struct tijori *ledger, struct note *other, struct note *note,
                    const struct tj_policy *policy, const char *what)
{
    struct measure measure;
    size_t refused = 0;
    int code = measure_of(ledger, &measure, policy, other, what);
    if (code != EXIT_PASS) {
        return code;
    }
    if (keep_trusted(&measure, other, &refused, what) == 0) {
        return refused > 0
                   ? EXIT_DATA
                   : fail(EXIT_DATA, "%s: no cosignature by a witness of the policy that verifies",
                          what);
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
    if (status == TIJORI_NOT_FOUND) {
        return fail(EXIT_DATA, "%s: no public checkpoint of this text is stored here", what);
    }
    if (status != TIJORI_OK) {
        return fail_status(status, what, NULL);
    }
    return refused > 0 ? EXIT_DATA : EXIT_PASS;
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
    size_t count = policy != NULL ? gather_of_policy(out, policy) : 0;
    for (size_t i = 0; i < argument_count(arguments, "witness"); i++) {
        const char *url = argument_item(arguments, "witness", i);
        bool known = false;
        for (size_t w = 0; w < count; w++) {
            known |= gather_same_url(out[w].url, url);
        }
        if (!known && count < GATHER_WITNESSES_MAX) {
            out[count++] = (struct gather_witness){.url = url, .policy = policy};
        }
    }
    return count;
}

/* Called when each line was verified by the key of its witness: *cosigned* means that it counts. */
static void report_witnesses(const struct measure *measure, const struct gather_witness *asked,
                             size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct gather_witness *w = &asked[i];
        const char *why = w->outcome == GATHER_COSIGNED
                              ? tj_witness_time_refused(&measure->bounds, w->time_s)
                              : NULL;
        if (why == NULL) { /* else it is said when the line is left out */
            message("%s: %s%s%s", w->url, gather_outcome_text(w->outcome),
                    w->detail[0] != '\0' ? ": " : "", w->detail);
        }
    }
}

static const char what_they_signed[] = "what the witnesses signed";

/* Another process may be writing just then: it is waited for a little. What cannot be stored is
 * printed, so nothing is lost. */
static int store(const char *dir, struct note *cosigned, struct note *note,
                 const struct tj_policy *policy)
{
    enum { TRIES = 20, PAUSE_MS = 250 };
    static const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
    struct tijori *ledger = NULL;
    struct tijori_message said;
    enum tijori_status status = tijori_open(&ledger, dir, TIJORI_WRITE, NULL, &said);
    for (int i = 1; i < TRIES && status == TIJORI_LOCKED; i++) {
        nanosleep(&pause, NULL);
        status = tijori_open(&ledger, dir, TIJORI_WRITE, NULL, &said);
    }
    if (status != TIJORI_OK) {
        *note = *cosigned;
        return fail(
            exit_code_of(status),
            "%s; what the witnesses signed is printed and not stored: keep it in a file, and "
            "give that to --add",
            said.text);
    }
    int code = add_note(ledger, cosigned, note, policy, what_they_signed);
    tijori_close(ledger);
    return code;
}

/* Asks with the ledger open for reading, since an answer may take long and others want to write. A
 * witness that does not answer is no error here: whether the rest suffices the policy says. */
static int ask(struct tijori *ledger, struct note *cosigned, size_t *signed_by,
               struct gather_witness *asked, size_t count, const struct tj_policy *policy,
               unsigned timeout_ms)
{
    struct tj_note_view view;
    struct tj_checkpoint checkpoint;
    struct measure measure;
    int code = measure_of(ledger, &measure, policy, cosigned, "the stored checkpoint");
    if (code != EXIT_PASS) {
        return code;
    }
    TIJORI_REQUIRE(tj_checkpoint_note_decode(&view, &checkpoint, cosigned->bytes, cosigned->size));
    struct prover prover = {ledger, checkpoint.size};
    *signed_by = gather_cosignatures(asked, cosigned->bytes, &cosigned->size, prove, &prover, count,
                                     sizeof cosigned->bytes, timeout_ms);
    report_witnesses(&measure, asked, count);
    return EXIT_PASS;
}

static int ask_witnesses(const char *dir, struct note *note, const struct arguments *arguments,
                         const struct tj_policy *policy, unsigned timeout_ms)
{
    struct gather_witness asked[GATHER_WITNESSES_MAX];
    struct tijori *ledger;
    struct tijori_message said;
    size_t signed_by = 0;
    const size_t count = whom_to_ask(arguments, asked, policy);
    if (count == 0) {
        return EXIT_PASS;
    }
    enum tijori_status status = tijori_open(&ledger, dir, TIJORI_READ, NULL, &said);
    if (status != TIJORI_OK) {
        return fail_said(status, &said);
    }
    struct note *cosigned = memory_needed(malloc(sizeof *cosigned));
    *cosigned = *note;
    int code = ask(ledger, cosigned, &signed_by, asked, count, policy, timeout_ms);
    tijori_close(ledger);
    if (code == EXIT_PASS && signed_by > 0) {
        code = store(dir, cosigned, note, policy);
    }
    free(cosigned);
    return code;
}

static size_t first_invalid(const struct tj_policy_result *result)
{
    size_t i = 0;
    while (result->verdicts[i] != TJ_NOTE_INVALID) {
        i++;
    }
    return i;
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
    if (result.undecided > 0) {
        return fail_status(tj_undecided(), "a cosignature could not be verified", NULL);
    }
    if (result.invalid > 0) {
        return fail(EXIT_FAIL, "the cosignature by witness %s of the policy does not verify",
                    policy->nodes[first_invalid(&result)].key.name);
    }
    return result.quorum ? EXIT_PASS
                         : fail(EXIT_INCOMPLETE,
                                "the quorum is missing: %u of the policy's witnesses cosigned; ask "
                                "again later",
                                result.valid);
}

/* ---- the command ---- */

/* Signs, and takes files in. The ledger is let go of before anybody is asked. */
static int make(const char *dir, struct note *note, const struct arguments *arguments,
                const struct tj_policy *policy)
{
    const bool signs = argument_value(arguments, "log-key") != NULL;
    const bool writes = signs || argument_count(arguments, "add") > 0;
    struct tijori *ledger;
    struct tijori_message said;
    enum tijori_status status =
        tijori_open(&ledger, dir, writes ? TIJORI_WRITE : TIJORI_READ, NULL, &said);
    if (status != TIJORI_OK) {
        return fail_said(status, &said);
    }
    repairs_say(ledger, dir);
    int code = signs ? sign(ledger, note, dir, arguments) : print_newest(ledger, note, dir);
    if (code == EXIT_PASS) {
        code = add_files(ledger, note, arguments, policy);
    }
    tijori_close(ledger);
    return code;
}

/* Whatever was got is stored and printed; the exit code tells what is missing. */
static int run(const struct arguments *arguments, const struct tj_policy *policy,
               unsigned timeout_ms)
{
    const char *dir = arguments->operands[0];
    struct note *note = memory_needed(malloc(sizeof *note));
    int code = make(dir, note, arguments, policy);
    if (code == EXIT_PASS) {
        code = ask_witnesses(dir, note, arguments, policy, timeout_ms);
        fwrite(note->bytes, 1, note->size, stdout);
        code = code == EXIT_PASS ? check_quorum(policy, note) : code;
    }
    free(note);
    return code;
}

int cmd_checkpoint(const struct arguments *arguments)
{
    enum { TIMEOUT_DEFAULT_S = 10, TIMEOUT_MAX_S = 3600 };
    const char *file = argument_value(arguments, "policy");
    const char *timeout = argument_value(arguments, "timeout");
    uint64_t timeout_s = TIMEOUT_DEFAULT_S;
    struct tj_policy *policy = NULL;
    if (file == NULL &&
        (argument_count(arguments, "add") > 0 || argument_count(arguments, "witness") > 0)) {
        return fail(EXIT_USAGE, "--add and --witness want --policy, which says whom to trust");
    }
    if (timeout != NULL && (!text_parse_duration(&timeout_s, timeout) || timeout_s == 0 ||
                            timeout_s > TIMEOUT_MAX_S)) {
        return fail(EXIT_USAGE, "--timeout takes a duration of 1s to 1h, not '%s'", timeout);
    }
    int code = file != NULL ? audit_read_policy(&policy, file) : EXIT_PASS;
    if (code == EXIT_PASS) {
        code = run(arguments, policy, (unsigned)timeout_s * 1000);
    }
    free(policy);
    return code;
}
