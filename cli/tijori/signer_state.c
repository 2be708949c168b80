#include "cli/tijori/signer_state.h"

#include "crypto/hex.h"
#include "storage/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STATE_SIZE_MAX = 1 << 26 };

/* ---- where ---- */

static int too_long(const char *path)
{
    return fail(EXIT_USAGE, "%.64s...: the name of the signer's state is too long", path);
}

/* Says what of the environment decides. */
static int find_path(struct signer_state *out, const struct tj_hash *ledger_id)
{
    const char *base;
    const char *below;
    char hex[2 * TJ_HASH_SIZE + 1];
    if (!xdg_base(&base, &below, "XDG_STATE_HOME", "/.local/state")) {
        return fail(EXIT_CONFIG, "neither XDG_STATE_HOME nor HOME says where what was signed is "
                                 "remembered: give --signer-state FILE");
    }
    tj_hex_encode(hex, ledger_id->bytes, TJ_HASH_SIZE);
    const int size =
        snprintf(out->path, sizeof out->path, "%s%s/tijori/signers/%s", base, below, hex);
    return size > 0 && (size_t)size < sizeof out->path ? EXIT_PASS : too_long(out->path);
}

int signer_state_begin(const struct arguments *arguments, struct signer_state *out,
                       const struct tj_hash *ledger_id)
{
    const char *given = argument_value(arguments, "signer-state");
    memset(out, 0, sizeof *out);
    out->lock = -1;
    digester_needed(&out->digester);
    if (given == NULL) {
        out->own = true;
        return find_path(out, ledger_id);
    }
    const int size = snprintf(out->path, sizeof out->path, "%s", given);
    return size >= 0 && (size_t)size < sizeof out->path ? EXIT_PASS : too_long(given);
}

static void unlock(struct signer_state *state)
{
    if (state->lock >= 0) {
        (void)close(state->lock);
        state->lock = -1;
    }
    tj_signer_clear(&state->memory);
    state->loaded = false;
}

void signer_state_end(struct signer_state *state)
{
    unlock(state);
    tj_digester_clear(&state->digester);
}

/* ---- reading ---- */

static int decode(struct signer_state *state, const struct buffer *bytes)
{
    const enum tijori_status status = tj_signer_decode(state->digester.hasher, &state->memory,
                                                       (const char *)bytes->bytes, bytes->size);
    if (status == TIJORI_CORRUPT) {
        return fail(EXIT_DATA,
                    "%s: the signer's state is damaged, so nothing is signed: take it from a "
                    "backup; moving it away makes this signer forget what it signed",
                    state->path);
    }
    if (status != TIJORI_OK) {
        return fail_status(status, state->path, NULL);
    }
    state->loaded = true;
    return EXIT_PASS;
}

static int read_open(struct signer_state *state, int descriptor)
{
    struct buffer bytes = {0};
    int code = file_read_open(&bytes, descriptor, state->path, STATE_SIZE_MAX);
    if (code == EXIT_PASS) {
        code = decode(state, &bytes);
    }
    free(bytes.bytes);
    return code;
}

int signer_state_peek(struct signer_state *state, const struct tj_hash *ledger_id)
{
    const int descriptor = open(state->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    unlock(state);
    if (descriptor < 0 && errno == ENOENT) {
        tj_signer_begin(&state->memory, ledger_id);
        state->loaded = true;
        return EXIT_PASS;
    }
    if (descriptor < 0) {
        return fail_errno(errno, state->path);
    }
    const int code = read_open(state, descriptor);
    (void)close(descriptor);
    return code;
}

/* ---- beginning and writing ---- */

/* The folders above the file, for their owner alone. */
static int make_folders(const struct signer_state *state)
{
    char path[sizeof state->path];
    snprintf(path, sizeof path, "%s", state->path);
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        const int error = tj_folder_make(AT_FDCWD, path, 0700);
        if (error != 0 && access(path, F_OK) != 0) {
            return fail_errno(error, path);
        }
        *slash = '/';
    }
    return EXIT_PASS;
}

/* Answers an errno. */
static int write_as(struct signer_state *state, enum tj_file_way way)
{
    size_t size = 0;
    char *text = tj_signer_encode(state->digester.hasher, &size, &state->memory);
    const int error =
        text == NULL ? ENOMEM : tj_file_write(AT_FDCWD, state->path, way, 0600, text, size);
    free(text);
    return error;
}

/* Of two that begin it at once the second finds the first one's. */
static int begin_file(struct signer_state *state, const struct tj_hash *ledger_id)
{
    const int code = state->own ? make_folders(state) : EXIT_PASS;
    if (code != EXIT_PASS) {
        return code;
    }
    tj_signer_begin(&state->memory, ledger_id);
    const int error = write_as(state, TJ_FILE_NEW);
    if (error == EEXIST) {
        return EXIT_PASS;
    }
    if (error != 0) {
        return fail_errno(error, state->path);
    }
    message("%s: begun here: from now on it remembers what is signed for this ledger", state->path);
    return EXIT_PASS;
}

int signer_state_lock(struct signer_state *state, const struct tj_hash *ledger_id)
{
    struct stat info;
    unlock(state);
    if (lstat(state->path, &info) != 0 && errno == ENOENT) {
        const int code = begin_file(state, ledger_id);
        tj_signer_clear(&state->memory);
        if (code != EXIT_PASS) {
            return code;
        }
    }
    const int code = file_lock(&state->lock, state->path);
    if (code != EXIT_PASS) {
        state->lock = -1;
        return code;
    }
    return read_open(state, state->lock);
}

int signer_state_write(struct signer_state *state)
{
    TIJORI_REQUIRE(state->loaded && state->lock >= 0);
    const int error = write_as(state, TJ_FILE_REPLACE);
    return error == 0 ? EXIT_PASS : fail_errno(error, state->path);
}

/* ---- judging ---- */

/* What the objection is, and what to do. */
static int object(const struct signer_state *state, const struct envelopes *at,
                  const struct tj_signer_finding *finding)
{
    const struct tj_header *h = &at->view.header;
    char seen[2 * TJ_HASH_SIZE + 1];
    tj_hex_encode(seen, finding->seen.hash.bytes, TJ_HASH_SIZE);
    switch (finding->objection) {
    case TJ_SIGNER_AGREES:
        return EXIT_PASS;
    case TJ_SIGNER_LEDGER:
        return fail(EXIT_DATA,
                    "%s: envelope %zu, ledger_id: %s remembers what was signed for ledger %.16s, "
                    "and this envelope is for another",
                    at->path, at->number, state->path, seen);
    case TJ_SIGNER_FORK:
        return fail(EXIT_DATA,
                    "%s: envelope %zu, known_leaf: it knows another entry %" PRIu64
                    " than an envelope that was signed before (leaf %.16s): the ledger has two "
                    "histories, or went back to an old copy; ask who runs it, and sign nothing",
                    at->path, at->number, finding->seen.number, seen);
    case TJ_SIGNER_TAKEN:
        return fail(EXIT_DATA,
                    "%s: envelope %zu, sequence: another envelope %" PRIu64 " of party %" PRIu32
                    ", lane %u was signed before (%.16s); when that one was refused or given up, "
                    "--replace signs this one in its place",
                    at->path, at->number, h->sequence, h->party, h->lane, seen);
    case TJ_SIGNER_FOLLOWS:
        return fail(EXIT_DATA,
                    "%s: envelope %zu, previous_id: it does not follow the envelope %" PRIu64
                    " of party %" PRIu32 ", lane %u that was signed before (%.16s); when that one "
                    "was refused or given up, --replace signs this one",
                    at->path, at->number, finding->seen.number, h->party, h->lane, seen);
    case TJ_SIGNER_BEHIND:
        return fail(EXIT_DATA,
                    "%s: envelope %zu, sequence: it is envelope %" PRIu64 " of party %" PRIu32
                    ", lane %u, and envelope %" PRIu64 " was signed before: the ledger may have "
                    "gone back to an old copy; when you know why it is right, --replace signs it",
                    at->path, at->number, h->sequence, h->party, h->lane, finding->seen.number);
    }
    abort();
}

int signer_state_take(struct signer_state *state, const struct envelopes *at, bool replace)
{
    TIJORI_REQUIRE(state->loaded);
    const struct tj_signer_finding finding =
        tj_signer_judge(&state->memory, &at->view.header, &at->id);
    if (!replace || !tj_signer_may_replace(finding.objection)) {
        const int code = object(state, at, &finding);
        if (code != EXIT_PASS) {
            return code;
        }
    }
    return tj_signer_remember(&state->memory, &at->view.header, &at->id)
               ? EXIT_PASS
               : fail_status(TIJORI_MEMORY, at->path, NULL);
}

int signer_state_compare(const struct signer_state *state, const struct book *book)
{
    const struct tj_signer_memory *memory = &state->memory;
    for (size_t i = 0; book->ledger != NULL && i < memory->known_count; i++) {
        const struct tj_signer_pair *known = &memory->known[i];
        struct tj_hash leaf;
        if (known->number >= book->view.head.size) {
            break; /* a copy may be older than what was signed since */
        }
        if (!tj_journal_leaf(book->view.txn, book->view.digester, &leaf, known->number)) {
            return fail(EXIT_FAIL, "%s: entry %" PRIu64 " is damaged", book->dir, known->number);
        }
        if (!tj_hash_equal(&leaf, &known->hash)) {
            return fail(EXIT_DATA,
                        "%s: its entry %" PRIu64 " is another than the one that signatures were "
                        "given on before (%s): the ledger has two histories, or went back to an "
                        "old copy; ask who runs it, and sign nothing",
                        book->dir, known->number, state->path);
        }
    }
    return EXIT_PASS;
}
