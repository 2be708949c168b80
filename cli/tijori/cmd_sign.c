#include "cli/tijori/commands.h"
#include "cli/tijori/envelope_show.h"
#include "cli/tijori/signer_state.h"
#include "cli/signer.h"
#include "cli/prompt.h"
#include "text/text.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SIGN_KEYS_MAX = TJ_SLOTS_MAX };

struct signers {
    size_t count;
    struct signer keys[SIGN_KEYS_MAX];
};

/* The command, and one file of it. */
struct signing {
    const struct arguments *arguments;
    const struct book *book;
    const struct signers *signers;
    const char *path;
    bool stream; /* the path is "-" */
    bool replace;
};

/* ---- one key ---- */

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

/* To sign again changes nothing, unless what is there is no signature. */
static int check_signed(const struct signing *signing, const struct envelopes *at,
                        const struct tj_slot *slot, const char *name)
{
    const struct tj_slots one = {.count = 1, .slots = {*slot}};
    uint32_t invalid;
    bool undecided;
    const struct tj_signed claim = {&one, &at->id, &invalid, &undecided};
    tj_slots_verify(&claim, 1);
    if (undecided) {
        return fail_status(tj_undecided(), signing->path, NULL);
    }
    return invalid == TJ_NOWHERE
               ? EXIT_PASS
               : fail(EXIT_DATA,
                      "%s: envelope %zu: it holds a signature by %s that does not verify: 'tijori "
                      "unsign' takes it off",
                      signing->path, at->number, name);
}

/* ---- the slots of an envelope ---- */

/* A pass over the keys: first to see what would be added, then to add it. */
struct adding {
    bool really;
    struct tj_slots slots; /* of the envelope, and those that are added */
    size_t added;
};

static int add_slot(const struct signing *signing, const struct envelopes *at,
                    struct adding *adding, size_t i)
{
    const struct signer *signer = &signing->signers->keys[i];
    const char *name = signer->name;
    struct tj_slot slot = {.key = signer->key};
    int code = find_use(signing->arguments, &slot.party, &slot.use, signing->book, &at->view,
                        &slot.key, name);
    if (code != EXIT_PASS) {
        return code;
    }
    const struct tj_slot *before = tj_slots_find(&adding->slots, &slot);
    if (before != NULL && adding->really) {
        message("%s: envelope %zu: %s signed it already", signing->path, at->number, name);
    }
    if (before != NULL) {
        /* In the first pass what was added before holds no signature yet. */
        return tj_slots_find(&at->view.slots, &slot) != NULL
                   ? check_signed(signing, at, before, name)
                   : EXIT_PASS;
    }
    if (adding->really) {
        code = signer_sign(signer, &adding->slots, slot.party, slot.use, &at->view.header, &at->id);
    } else {
        const enum tijori_status status = tj_slots_insert(&adding->slots, &slot);
        if (status != TIJORI_OK) {
            code = fail(exit_code_of(status), "%s: envelope %zu: %s: %s: %s", signing->path,
                        at->number, name, tijori_status_name(status), tijori_status_text(status));
        }
    }
    adding->added += code == EXIT_PASS;
    return code;
}

static int add_slots(const struct signing *signing, const struct envelopes *at,
                     struct adding *adding)
{
    int code = EXIT_PASS;
    adding->slots = at->view.slots;
    adding->added = 0;
    for (size_t i = 0; i < signing->signers->count && code == EXIT_PASS; i++) {
        code = add_slot(signing, at, adding, i);
    }
    return code;
}

/* ---- what is not signed ---- */

/* The rules of keys would refuse a slot that is added: such a signature spoils the envelope. */
static int check_counts(const struct signing *signing, const struct envelopes *at,
                        const struct adding *adding)
{
    struct tj_readiness readiness;
    char why[320];
    if (signing->book->ledger == NULL) {
        return EXIT_PASS;
    }
    readiness_with(&signing->book->known, &readiness, &at->view, &adding->slots, &at->id);
    for (uint32_t i = 0; i < adding->slots.count; i++) {
        const struct tj_slot *slot = &adding->slots.slots[i];
        const bool added = tj_slots_find(&at->view.slots, slot) == NULL;
        if (added && readiness.slots[i].status != TIJORI_OK) {
            tj_verdict_format(&readiness.slots[i], why, sizeof why);
            return fail(EXIT_DATA,
                        "%s: envelope %zu: the signature would not count, and the ledger would "
                        "refuse the envelope for it: %s",
                        signing->path, at->number, why);
        }
    }
    return EXIT_PASS;
}

static int check_time(const struct signing *signing, const struct envelopes *at)
{
    char expired[TEXT_SIZE];
    if (!tj_header_expired(&at->view.header, (uint64_t)time(NULL))) {
        return EXIT_PASS;
    }
    text_format_time_s(expired, at->view.header.expires_s);
    return fail(EXIT_DATA,
                "%s: envelope %zu, expires_s: it expired at %s, and the ledger takes it no more: "
                "propose it anew",
                signing->path, at->number, expired);
}

/* One envelope that gets a signature. */
static int check_envelope(const struct signing *signing, const struct envelopes *at,
                          const struct adding *adding, struct signer_state *state)
{
    int code = check_time(signing, at);
    if (code == EXIT_PASS) {
        code = book_check_place(signing->book, at);
    }
    if (code == EXIT_PASS) {
        code = check_counts(signing, at, adding);
    }
    return code == EXIT_PASS ? signer_state_take(state, at, signing->replace) : code;
}

/* ---- before the question ---- */

/* The state of a signer is of one ledger: that of the first envelope. */
static int state_of(const struct signing *signing, struct signer_state *state,
                    const struct buffer *in, struct tj_hash *ledger_id)
{
    if (in->size >= TJ_HEADER_SIZE) {
        memcpy(ledger_id->bytes, in->bytes + TJ_HEADER_AT_LEDGER_ID, TJ_HASH_SIZE);
    }
    return signer_state_begin(signing->arguments, state, ledger_id);
}

/* What is wrong with any envelope is said before anything is shown. *added gets how many
 * signatures there are to be given. */
static int look_at(const struct signing *signing, const struct buffer *in,
                   struct signer_state *state, const struct tj_hash *ledger_id, size_t *added)
{
    struct envelopes envelopes;
    struct adding adding = {.really = false};
    int code = EXIT_PASS;
    *added = 0;
    envelopes_begin(&envelopes, signing->path, in);
    while (envelopes_next(&envelopes, &code)) {
        code = add_slots(signing, &envelopes, &adding);
        if (code == EXIT_PASS && adding.added > 0 && *added == 0) {
            code = signer_state_peek(state, ledger_id);
        }
        if (code == EXIT_PASS && adding.added > 0) {
            code = check_envelope(signing, &envelopes, &adding, state);
        }
        *added += adding.added;
    }
    envelopes_end(&envelopes);
    return code == EXIT_PASS && *added > 0 ? signer_state_compare(state, signing->book) : code;
}

static int show_all(const struct signing *signing, const struct buffer *in)
{
    struct envelopes envelopes;
    int code = EXIT_PASS;
    fflush(stdout);
    envelopes_begin(&envelopes, signing->path, in);
    while (envelopes_next(&envelopes, &code)) {
        json_t *envelope = envelope_to_json(signing->book, &envelopes);
        if (envelope == NULL) {
            code = fail_status(TIJORI_MEMORY, signing->path, NULL);
        } else {
            envelope_print(stderr, envelope, true);
        }
        json_decref(envelope);
    }
    envelopes_end(&envelopes);
    return code;
}

/* A person is there to be asked: standard input is a terminal; or it is the file, and what is said
 * goes to one. */
static bool is_asked(const struct signing *signing)
{
    return !argument_flag(signing->arguments, "yes") &&
           (isatty(STDIN_FILENO) || (signing->stream && isatty(STDERR_FILENO)));
}

static int ask(const struct signing *signing, const struct buffer *in)
{
    char answer[16];
    const int code = show_all(signing, in);
    if (code != EXIT_PASS) {
        return code;
    }
    switch (prompt_line(answer, sizeof answer, "Sign? [y/N]")) {
    case PROMPT_GIVEN:
        if (strcmp(answer, "y") == 0 || strcmp(answer, "Y") == 0 || strcmp(answer, "yes") == 0) {
            return EXIT_PASS;
        }
        break;
    case PROMPT_NO_TERMINAL:
        return fail(EXIT_DENIED,
                    "%s: there is no terminal to ask on whether it is to be signed: --yes signs "
                    "without asking",
                    signing->path);
    case PROMPT_NONE:
    case PROMPT_TOO_LONG:
    case PROMPT_NUL:
        break;
    }
    return fail(EXIT_DENIED, "%s: not signed", signing->path);
}

/* ---- signing ---- */

static int sign_all(const struct signing *signing, const struct buffer *in, struct buffer *out,
                    struct signer_state *state, size_t *added)
{
    struct envelopes envelopes;
    struct adding adding = {.really = true};
    int code = EXIT_PASS;
    *added = 0;
    envelopes_begin(&envelopes, signing->path, in);
    while (envelopes_next(&envelopes, &code)) {
        code = add_slots(signing, &envelopes, &adding);
        if (code == EXIT_PASS && adding.added > 0) {
            code = check_envelope(signing, &envelopes, &adding, state);
        }
        if (code == EXIT_PASS) {
            envelope_add_again(out, &envelopes.view, &adding.slots);
            *added += adding.added;
        }
    }
    envelopes_end(&envelopes);
    return code;
}

/* What was signed is remembered before it is given out: who forgets it could sign another. */
static int sign_bytes(const struct signing *signing, const struct buffer *in,
                      struct signer_state *state)
{
    struct buffer out = {0};
    size_t added;
    int code = sign_all(signing, in, &out, state, &added);
    if (code == EXIT_PASS && added > 0) {
        code = signer_state_compare(state, signing->book);
    }
    if (code == EXIT_PASS && added > 0) {
        code = signer_state_write(state);
    }
    if (code == EXIT_PASS && (added > 0 || signing->stream)) {
        code = file_write(signing->path, &out, true);
    }
    if (code == EXIT_PASS) {
        /* With the envelope itself on standard output this is not data. */
        readiness_print_all(signing->stream ? stderr : stdout, signing->path, &signing->book->known,
                            &out);
    }
    free(out.bytes);
    return code;
}

/* Others may have signed while a person looked at it, and nothing else. */
static int check_same(const struct signing *signing, const struct buffer *seen,
                      const struct buffer *now)
{
    struct envelopes before;
    struct envelopes after;
    int code = EXIT_PASS;
    bool same = true;
    envelopes_begin(&before, signing->path, seen);
    envelopes_begin(&after, signing->path, now);
    while (same && envelopes_next(&before, &code)) {
        same = envelopes_next(&after, &code) && tj_hash_equal(&before.id, &after.id);
    }
    same = same && (code != EXIT_PASS || after.at == now->size);
    envelopes_end(&before);
    envelopes_end(&after);
    return code == EXIT_PASS && !same
               ? fail(EXIT_TRY_AGAIN, "%s: it was changed meanwhile: look at it again",
                      signing->path)
               : code;
}

/* The file stays locked from its second reading to its replacement: of two people who sign one
 * file at the same time, the second signs what the first has written. It is not locked while a
 * person looks at it. */
static int sign_locked(const struct signing *signing, const struct buffer *seen,
                       struct signer_state *state)
{
    struct buffer now = {0};
    int lock = -1;
    int code = file_lock(&lock, signing->path);
    if (code != EXIT_PASS) {
        return code;
    }
    code = file_read_open(&now, lock, signing->path, ENVELOPES_SIZE_MAX);
    if (code == EXIT_PASS) {
        code = check_same(signing, seen, &now);
    }
    if (code == EXIT_PASS) {
        code = sign_bytes(signing, &now, state);
    }
    (void)close(lock);
    free(now.bytes);
    return code;
}

/* What cannot be locked cannot be replaced, and is not read either: a pipe would be emptied. */
static int read_file(const struct signing *signing, struct buffer *seen)
{
    int lock = -1;
    if (signing->stream) {
        return file_read(seen, signing->path, ENVELOPES_SIZE_MAX);
    }
    int code = file_lock(&lock, signing->path);
    if (code == EXIT_PASS) {
        code = file_read_open(seen, lock, signing->path, ENVELOPES_SIZE_MAX);
        (void)close(lock);
    }
    return code;
}

static int sign_file(const struct signing *signing)
{
    struct buffer seen = {0};
    struct signer_state state;
    struct tj_hash ledger_id = {{0}};
    size_t added = 0;
    int code = read_file(signing, &seen);
    if (code != EXIT_PASS) {
        return code;
    }
    code = state_of(signing, &state, &seen, &ledger_id);
    if (code == EXIT_PASS) {
        code = look_at(signing, &seen, &state, &ledger_id, &added);
    }
    if (code == EXIT_PASS && added > 0 && is_asked(signing)) {
        code = ask(signing, &seen);
    }
    if (code == EXIT_PASS && added > 0) {
        code = signer_state_lock(&state, &ledger_id);
    }
    if (code == EXIT_PASS) {
        /* With nothing to add, nothing is written either. */
        code = signing->stream || added == 0 ? sign_bytes(signing, &seen, &state)
                                             : sign_locked(signing, &seen, &state);
    }
    signer_state_end(&state);
    free(seen.bytes);
    return code;
}

static int load_keys(const struct arguments *arguments, struct signers *signers)
{
    const size_t keys = argument_count(arguments, "key");
    int code = signer_check(arguments, "key");
    if (keys > SIGN_KEYS_MAX) {
        return fail(EXIT_USAGE, "--key: at most %d keys sign an envelope", SIGN_KEYS_MAX);
    }
    for (size_t i = 0; i < keys && code == EXIT_PASS; i++) {
        code = signer_load(arguments, &signers->keys[i], argument_item(arguments, "key", i));
        signers->count = i + 1;
    }
    return code;
}

int cmd_sign(const struct arguments *arguments)
{
    struct book book;
    struct signers signers = {0};
    struct signing signing = {.arguments = arguments,
                              .book = &book,
                              .signers = &signers,
                              .replace = argument_flag(arguments, "replace")};
    int code = book_open(arguments, &book);
    if (code == EXIT_PASS) {
        code = load_keys(arguments, &signers);
    }
    if (code == EXIT_PASS && !argument_flag(arguments, "yes") &&
        (isatty(STDIN_FILENO) || isatty(STDERR_FILENO))) {
        code = book_read_labels(&book); /* for what may be shown */
    }
    for (size_t i = 0; i < arguments->operand_count && code == EXIT_PASS; i++) {
        signing.path = arguments->operands[i];
        signing.stream = strcmp(signing.path, "-") == 0;
        code = sign_file(&signing);
    }
    tj_cleanse(&signers, sizeof signers);
    book_close(&book);
    return code;
}
