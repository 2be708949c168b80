#include "cli/tijori/commands.h"
#include "cli/tijori/reading.h"
#include "cli/genesis_file.h"
#include "crypto/hex.h"
#include "text/fingerprint.h"
#include "text/json.h"
#include "cli/key_file.h"
#include "cli/keys.h"
#include "text/text.h"
#include "core/format/origin.h"
#include "core/format/record.h"
#include "core/log/stored_checkpoint.h"
#include "crypto/note.h"

#include <string.h>
#include <unistd.h>

/* ---- key new, key convert ---- */

/* `ask` and `from` are the options by which a passphrase for the new file may be given. */
static int new_passphrase(const struct arguments *arguments, char out[PASSPHRASE_SIZE], bool *given,
                          const char *ask, const char *from)
{
    const char *file = argument_value(arguments, from);
    *given = file != NULL || argument_flag(arguments, ask);
    if (file != NULL && argument_flag(arguments, ask)) {
        return fail(EXIT_USAGE, "--%s and --%s exclude each other", ask, from);
    }
    return file != NULL ? passphrase_read(out, file)
           : *given     ? passphrase_ask(out, "passphrase for the new key", true)
                        : EXIT_PASS;
}

static int fail_new(const char *path, enum tj_keyfile_status status, int error)
{
    if (status == TJ_KEYFILE_IO) {
        return fail_errno(error, path);
    }
    return fail(EXIT_DENIED, "%s: %s", path, tj_keyfile_status_text(status));
}

static int write_new(const char *path, const struct tj_secret_key *key, const char *passphrase)
{
    unsigned exposed;
    int error;
    enum tj_keyfile_status status = key_file_write(path, &exposed, &error, key, passphrase);
    if (status != TJ_KEYFILE_OK) {
        return fail_new(path, status, error);
    }
    if (passphrase == NULL) {
        message("%s: written without a passphrase: whoever reads the file has the key", path);
    }
    if (exposed != 0) {
        message("%s: others than its owner can use the file (mode %04o), and its file system does "
                "not let that be changed",
                path, exposed);
    }
    return EXIT_PASS;
}

int cmd_key_new(const struct arguments *arguments)
{
    const char *path = arguments->operands[0];
    char passphrase[PASSPHRASE_SIZE];
    bool given;
    struct tj_secret_key key;
    int code = new_passphrase(arguments, passphrase, &given, "passphrase", "passphrase-file");
    if (code != EXIT_PASS) {
        return code;
    }
    secrets_begin();
    secret_lock(&key, sizeof key);
    if (!tj_secret_key_generate(&key,
                                (enum tj_algorithm)(argument_choice(arguments, "type") + 1))) {
        return fail_status(tj_undecided(), path, NULL);
    }
    code = write_new(path, &key, given ? passphrase : NULL);
    tj_cleanse(&key, sizeof key);
    tj_cleanse(passphrase, sizeof passphrase);
    return code;
}

int cmd_key_convert(const struct arguments *arguments)
{
    char passphrase[PASSPHRASE_SIZE];
    bool given = false;
    struct tj_secret_key key;
    int code = key_load(arguments, &key, arguments->operands[0]);
    if (code == EXIT_PASS) {
        code =
            new_passphrase(arguments, passphrase, &given, "new-passphrase", "new-passphrase-file");
    }
    if (code == EXIT_PASS) {
        code = write_new(argument_value(arguments, "output"), &key, given ? passphrase : NULL);
    }
    tj_cleanse(&key, sizeof key);
    tj_cleanse(passphrase, sizeof passphrase);
    return code;
}

/* ---- key show ---- */

struct shown_key {
    const char *type;
    char hex[2 * TJ_PUBLIC_KEY_SIZE_MAX + 1];
    char fingerprint[FINGERPRINT_SIZE];
    char verifier[512]; /* empty when not asked for */
};

static void print_key(const struct shown_key *key, bool json)
{
    if (!json) {
        printf("type         %s\npublic key   %s\nfingerprint  %s\n", key->type, key->hex,
               key->fingerprint);
        if (key->verifier[0] != '\0') {
            printf("verifier key %s\n", key->verifier);
        }
        return;
    }
    document_begin();
    json_t *object = memory_needed(json_object());
    member_text(object, "type", key->type);
    member_text(object, "public_key", key->hex);
    member_text(object, "fingerprint", key->fingerprint);
    if (key->verifier[0] != '\0') {
        member_text(object, "verifier_key", key->verifier);
    }
    if (!document_whole() || (json_dumpf(object, stdout, 0) != 0 && !ferror(stdout))) {
        out_of_memory();
    }
    printf("\n");
    json_decref(object);
}

static int encode(const struct tj_verifier_key *verifier, struct shown_key *shown)
{
    return tj_verifier_key_encode(verifier, shown->verifier, sizeof shown->verifier)
               ? EXIT_PASS
               : fail_status(tj_undecided(), "the verifier key", NULL);
}

/* A verifier key of another origin is well formed, gets pinned, and fails every audit. So it comes
 * from what founds or holds the ledger, which also tells whether the key is the log's at all. */
static int verifier_of_log(const struct tj_state *state, struct shown_key *shown,
                           const struct tj_public_key *key, const char *name, const char *where)
{
    char origin[TJ_ORIGIN_MAX] = {0};
    const uint32_t count = tj_state_ledger(state)->log_keys;
    tj_origin(state, origin);
    for (uint32_t i = 0; i < count; i++) {
        struct tj_verifier_key verifier;
        const struct tj_log_key_object *known = tj_log_key_verifier(state, &verifier, i, origin);
        if (known == NULL || key->algorithm != TJ_ALGORITHM_ED25519 ||
            memcmp(known->key, key->bytes, sizeof known->key) != 0) {
            continue;
        }
        if (known->retired != 0) {
            message("%s: this log key is retired and signs no new checkpoints", name);
        }
        return encode(&verifier, shown);
    }
    return fail(EXIT_DATA, "%s: this key is no log key of %s, which has the origin %s", name, where,
                origin);
}

static int verifier_by_genesis(const struct arguments *arguments, struct shown_key *shown,
                               const struct tj_public_key *key)
{
    struct tj_digester digester;
    struct genesis_file genesis;
    const char *path = argument_value(arguments, "genesis");
    digester_needed(&digester);
    int code = genesis_file_read(&digester, &genesis, path);
    tj_digester_clear(&digester);
    if (code == EXIT_PASS) {
        struct tj_state *state = memory_needed(tj_genesis_state(&genesis.built, genesis.records));
        code = verifier_of_log(state, shown, key, arguments->operands[0], path);
        tj_state_destroy(state);
    }
    return code;
}

static int verifier_by_ledger(const struct arguments *arguments, struct shown_key *shown,
                              const struct tj_public_key *key)
{
    struct reading reading;
    int code = reading_open_at(argument_value(arguments, "ledger"), &reading);
    if (code == EXIT_PASS) {
        code = verifier_of_log(reading.state, shown, key, arguments->operands[0], reading.dir);
    }
    reading_close(&reading);
    return code;
}

/* Who has neither the ledger nor its genesis at hand may have been told the origin. Its form is
 * checked (a ledger's name, a slash, the ledger id); a person is told that nothing else was. */
static int verifier_as_told(const struct arguments *arguments, struct shown_key *shown,
                            const struct tj_public_key *key)
{
    struct tj_verifier_key verifier;
    struct tj_hash ledger_id;
    const char *origin = argument_value(arguments, "origin");
    if (key->algorithm != TJ_ALGORITHM_ED25519) {
        return fail(EXIT_USAGE, "--origin: only ed25519 keys have a verifier key");
    }
    if (strlen(origin) >= TJ_ORIGIN_MAX || !tj_note_name_valid(origin, strlen(origin)) ||
        !tj_origin_ledger_id(&ledger_id, origin)) {
        return fail(EXIT_USAGE, "--origin: an origin is the ledger's name, a slash and its ledger "
                                "id in 64 hex digits: 'tijori status DIR' shows it");
    }
    if (isatty(STDERR_FILENO)) {
        message("%s: nothing tells that this is a log key of %s: --ledger or --genesis compares it",
                arguments->operands[0], origin);
    }
    tj_verifier_key_make(&verifier, origin, TJ_NOTE_TYPE_ED25519, key->bytes);
    return encode(&verifier, shown);
}

/* A witness names itself. */
static int verifier_of_witness(const struct arguments *arguments, struct shown_key *shown,
                               const struct tj_public_key *key)
{
    struct tj_verifier_key verifier;
    const char *name = argument_value(arguments, "witness");
    if (key->algorithm != TJ_ALGORITHM_ED25519) {
        return fail(EXIT_USAGE, "--witness: only ed25519 keys have a verifier key");
    }
    if (strlen(name) > TJ_NOTE_NAME_MAX || !tj_note_name_valid(name, strlen(name))) {
        return fail(EXIT_USAGE, "--witness: a name has no space, no plus sign and is not empty");
    }
    tj_verifier_key_make(&verifier, name, TJ_NOTE_TYPE_COSIGNATURE, key->bytes);
    return encode(&verifier, shown);
}

static int show_verifier(const struct arguments *arguments, struct shown_key *shown,
                         const struct tj_public_key *key)
{
    if (argument_value(arguments, "witness") != NULL) {
        return verifier_of_witness(arguments, shown, key);
    }
    if (argument_value(arguments, "genesis") != NULL) {
        return verifier_by_genesis(arguments, shown, key);
    }
    if (argument_value(arguments, "origin") != NULL) {
        return verifier_as_told(arguments, shown, key);
    }
    return argument_value(arguments, "ledger") != NULL ? verifier_by_ledger(arguments, shown, key)
                                                       : EXIT_PASS;
}

int cmd_key_show(const struct arguments *arguments)
{
    struct tj_public_key key;
    struct shown_key shown = {.verifier = ""};
    if ((argument_value(arguments, "genesis") != NULL) +
            (argument_value(arguments, "ledger") != NULL) +
            (argument_value(arguments, "origin") != NULL) +
            (argument_value(arguments, "witness") != NULL) >
        1) {
        return fail(EXIT_USAGE, "--genesis, --ledger, --origin and --witness exclude each other");
    }
    int code = key_load_public(arguments, &key, arguments->operands[0]);
    if (code == EXIT_PASS) {
        code = show_verifier(arguments, &shown, &key);
    }
    if (code != EXIT_PASS) {
        return code;
    }
    struct tj_hasher *hasher = memory_needed(tj_hasher_create());
    shown.type = tj_algorithm_names[key.algorithm];
    tj_hex_encode(shown.hex, key.bytes, key.size);
    key_fingerprint(shown.fingerprint, hasher, &key);
    tj_hasher_destroy(hasher);
    print_key(&shown, argument_choice(arguments, "format") == 1);
    return EXIT_PASS;
}
