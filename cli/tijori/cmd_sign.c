#include "cli/tijori/commands.h"
#include "cli/tijori/book.h"
#include "cli/keys.h"
#include "text/text.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { SIGN_FILE_MAX = 1 << 30, SIGN_KEYS_MAX = TJ_SLOTS_MAX };

struct signers {
    size_t count;
    struct tj_secret_key keys[SIGN_KEYS_MAX];
    const char *names[SIGN_KEYS_MAX];
};

/* ---- one signature ---- */

/* The key as it is registered, NULL when it is not (or nothing is known). */
static const struct tj_key_object *registered(const struct book *book,
                                              const struct tj_public_key *key)
{
    const struct tj_slot slot = {.key = *key};
    const struct tj_key_object *known = NULL;
    if (book->known.state != NULL) {
        known = tj_slot_key(book->known.state, &slot);
    }
    return known != NULL && tj_slot_is_key(&slot, known) ? known : NULL;
}

/* True when a record of the envelope wants a possession slot by this key; the slot's party. */
static bool proves_possession(const struct tj_envelope_view *view, uint32_t *party,
                              const struct tj_public_key *key)
{
    for (uint32_t i = 0; i < view->header.record_count; i++) {
        const uint8_t *record = view->records + (size_t)i * TJ_RECORD_SIZE;
        if (tj_record_possession_by(party, record, key)) {
            return true;
        }
    }
    return false;
}

/* For whom and as what a key signs. */
static int find_use(const struct arguments *arguments, uint32_t *party, uint8_t *use,
                    const struct book *book, const struct tj_envelope_view *view,
                    const struct tj_public_key *key, const char *name)
{
    uint64_t given = view->header.party;
    *use = TJ_USE_POSSESSION;
    if (proves_possession(view, party, key)) {
        return EXIT_PASS;
    }
    if (key->algorithm == TJ_ALGORITHM_ED25519) {
        return fail(EXIT_DATA,
                    "%s: an ed25519 key signs an envelope only where a record adds it as log key "
                    "or retires it (without a last_good_size)",
                    name);
    }
    if (!argument_number(arguments, &given, "party", 0, UINT32_MAX)) {
        return EXIT_USAGE;
    }
    *party = (uint32_t)given;
    const struct tj_key_object *known = registered(book, key);
    if (book->ledger != NULL) {
        if (known == NULL) {
            return fail(EXIT_DATA, "%s: the ledger does not know this key", name);
        }
        if (argument_value(arguments, "party") != NULL && known->party != *party) {
            return fail(EXIT_DATA, "%s: the ledger has this key for party %" PRIu32, name,
                        known->party);
        }
        if (known->status != TJ_KEY_ACTIVE) {
            return fail(EXIT_DATA, "%s: this key is revoked", name);
        }
        *party = known->party;
    }
    *use = *party == view->header.party ? TJ_USE_SIGN : TJ_USE_COUNTERSIGN;
    if (*use == TJ_USE_SIGN && tj_header_approval(&view->header) && known != NULL &&
        known->party == *party && !tj_role_counts(&view->header, *use, known->role)) {
        return fail(EXIT_DATA, "%s: approvals are signed by keys of role approve, this one's is %s",
                    name, tj_role_names[known->role]);
    }
    return EXIT_PASS;
}

static int sign_envelope(const struct arguments *arguments, struct tj_envelope_view *view,
                         const struct book *book, const struct signers *signers,
                         const struct tj_hash *id)
{
    for (size_t i = 0; i < signers->count; i++) {
        const struct tj_secret_key *secret = &signers->keys[i];
        struct tj_public_key key;
        uint32_t party;
        uint8_t use;
        if (!tj_public_key_of(&key, secret->algorithm, secret->secret32)) {
            return fail(EXIT_DATA, "%s: not a valid key", signers->names[i]);
        }
        int code = find_use(arguments, &party, &use, book, view, &key, signers->names[i]);
        if (code != EXIT_PASS) {
            return code;
        }
        enum tijori_status status =
            tj_slots_sign(&view->slots, party, use, secret->algorithm, secret->secret32, id);
        if (status != TIJORI_OK) {
            return fail_status(status, signers->names[i], NULL);
        }
    }
    return EXIT_PASS;
}

/* ---- a file ---- */

/* Signs the envelope at `bytes` and writes it to `out`. */
static int sign_one(const struct arguments *arguments, struct tj_digester *digester,
                    struct buffer *out, const struct book *book, const struct signers *signers,
                    const char *path, const uint8_t *bytes, size_t size)
{
    struct tj_envelope_view view;
    struct tj_verdict verdict;
    struct tj_hash id;
    char text[320];
    tj_verdict_init(&verdict);
    enum tijori_status status = tj_envelope_decode(&view, bytes, size, &verdict);
    if (status == TIJORI_OK) {
        /* Nobody signs what does not hold together. */
        status = tj_attachments_check(digester, &view, &verdict);
    }
    if (status == TIJORI_OK) {
        status = tj_body_check(digester, &view.header, view.records, &verdict);
    }
    if (status != TIJORI_OK) {
        tj_verdict_format(&verdict, text, sizeof text);
        return fail(EXIT_DATA, "%s: %s", path, text);
    }
    tj_envelope_id(digester, &id, bytes);
    const uint8_t *attachments = view.slot_bytes + view.slot_bytes_size;
    int code = sign_envelope(arguments, &view, book, signers, &id);
    if (code == EXIT_PASS) {
        envelope_add(out, &view.header, view.records, &view.slots, attachments,
                     (size_t)(bytes + size - attachments));
        /* With the envelope itself on standard output this is not data. */
        readiness_print(strcmp(path, "-") == 0 ? stderr : stdout, path, &book->known, &view, &id);
    }
    return code;
}

/* Signs each envelope in `in`. */
static int sign_all(const struct arguments *arguments, struct buffer *out, const struct book *book,
                    const struct signers *signers, const char *path, const struct buffer *in)
{
    struct tj_digester digester;
    size_t at = 0;
    size_t size = 0;
    int code = in->size == 0 ? fail(EXIT_DATA, "%s: holds no envelope", path) : EXIT_PASS;
    digester_needed(&digester);
    while (code == EXIT_PASS && at < in->size) {
        enum tijori_status status = tj_envelope_measure(&size, in->bytes + at, in->size - at);
        code = status != TIJORI_OK
                   ? fail_status(status, path, NULL)
                   : sign_one(arguments, &digester, out, book, signers, path, in->bytes + at, size);
        at += size;
    }
    tj_digester_clear(&digester);
    return code;
}

/* The file stays locked from its reading to its replacement: of two people who sign one file at the
 * same time, the second signs what the first has written. */
static int sign_file(const struct arguments *arguments, const struct book *book,
                     const struct signers *signers, const char *path)
{
    struct buffer in = {0};
    struct buffer out = {0};
    const bool stream = strcmp(path, "-") == 0;
    int lock = STDIN_FILENO;
    int code = stream ? EXIT_PASS : file_lock(&lock, path);
    if (code != EXIT_PASS) {
        return code;
    }
    code = file_read_open(&in, lock, path, SIGN_FILE_MAX);
    if (code == EXIT_PASS) {
        code = sign_all(arguments, &out, book, signers, path, &in);
    }
    if (code == EXIT_PASS) {
        code = file_write(path, &out, true);
    }
    if (!stream) {
        (void)close(lock);
    }
    free(in.bytes);
    free(out.bytes);
    return code;
}

int cmd_sign(const struct arguments *arguments)
{
    struct book book = {0};
    struct signers signers = {0};
    size_t keys = argument_count(arguments, "key");
    if (keys > SIGN_KEYS_MAX) {
        return fail(EXIT_USAGE, "--key: at most %d keys sign an envelope", SIGN_KEYS_MAX);
    }
    int code = book_open(arguments, &book);
    for (size_t i = 0; i < keys && code == EXIT_PASS; i++) {
        signers.names[i] = argument_item(arguments, "key", i);
        code = key_load(arguments, &signers.keys[i], signers.names[i]);
        signers.count = i + 1;
    }
    for (size_t i = 0; i < arguments->operand_count && code == EXIT_PASS; i++) {
        code = sign_file(arguments, &book, &signers, arguments->operands[i]);
    }
    tj_cleanse(&signers, sizeof signers);
    book_close(&book);
    return code;
}
