#include "cli/tijori/commands.h"
#include "crypto/hex.h"
#include "text/fingerprint.h"
#include "text/json.h"
#include "cli/key_file.h"
#include "cli/keys.h"
#include "text/text.h"
#include "core/format/record.h"
#include "crypto/note.h"

#include <string.h>

/* ---- key new ---- */

static int new_passphrase(const struct arguments *arguments, char out[PASSPHRASE_SIZE], bool *given)
{
    const char *file = argument_value(arguments, "passphrase-file");
    bool ask = argument_flag(arguments, "passphrase");
    *given = file != NULL || ask;
    if (file != NULL && ask) {
        return fail(EXIT_USAGE, "--passphrase and --passphrase-file exclude each other");
    }
    return file != NULL ? passphrase_read(out, file)
           : ask        ? passphrase_ask(out, "passphrase for the new key", true)
                        : EXIT_PASS;
}

static int fail_new(const char *path, enum tj_keyfile_status status, int error)
{
    if (status == TJ_KEYFILE_IO) {
        return fail_errno(error, path);
    }
    return fail(EXIT_DENIED, "%s: %s", path, tj_keyfile_status_text(status));
}

int cmd_key_new(const struct arguments *arguments)
{
    const char *path = arguments->operands[0];
    char passphrase[PASSPHRASE_SIZE];
    bool given;
    unsigned exposed;
    int error;
    struct tj_secret_key key;
    int code = new_passphrase(arguments, passphrase, &given);
    if (code != EXIT_PASS) {
        return code;
    }
    secrets_begin();
    secret_lock(&key, sizeof key);
    if (!tj_secret_key_generate(&key,
                                (enum tj_algorithm)(argument_choice(arguments, "type") + 1))) {
        return fail_status(tj_undecided(), path, NULL);
    }
    enum tj_keyfile_status status =
        key_file_write(path, &exposed, &error, &key, given ? passphrase : NULL);
    tj_cleanse(&key, sizeof key);
    tj_cleanse(passphrase, sizeof passphrase);
    if (status != TJ_KEYFILE_OK) {
        return fail_new(path, status, error);
    }
    if (!given) {
        message("%s: written without a passphrase: whoever reads the file has the key", path);
    }
    if (exposed != 0) {
        message("%s: others than its owner can use the file (mode %04o), and its file system does "
                "not let that be changed",
                path, exposed);
    }
    return EXIT_PASS;
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

/* `option` is --origin or --witness, as which `name` was given. */
static int verifier_key(const struct tj_public_key *key, char out[512], const char *option,
                        const char *name, uint8_t type)
{
    struct tj_verifier_key verifier;
    if (key->algorithm != TJ_ALGORITHM_ED25519) {
        return fail(EXIT_USAGE, "%s: only ed25519 keys have a verifier key", option);
    }
    if (strlen(name) > TJ_NOTE_NAME_MAX || !tj_note_name_valid(name, strlen(name))) {
        return fail(EXIT_USAGE, "%s: a name has no space, no plus sign and is not empty", option);
    }
    tj_verifier_key_make(&verifier, name, type, key->bytes);
    return tj_verifier_key_encode(&verifier, out, 512) ? EXIT_PASS
                                                       : fail(EXIT_USAGE, "%s: too long", option);
}

int cmd_key_show(const struct arguments *arguments)
{
    struct tj_public_key key;
    struct shown_key shown = {.verifier = ""};
    const char *origin = argument_value(arguments, "origin");
    const char *witness = argument_value(arguments, "witness");
    if (origin != NULL && witness != NULL) {
        return fail(EXIT_USAGE, "--origin and --witness exclude each other");
    }
    int code = key_load_public(arguments, &key, arguments->operands[0]);
    if (code == EXIT_PASS && origin != NULL) {
        code = verifier_key(&key, shown.verifier, "--origin", origin, TJ_NOTE_TYPE_ED25519);
    }
    if (code == EXIT_PASS && witness != NULL) {
        code = verifier_key(&key, shown.verifier, "--witness", witness, TJ_NOTE_TYPE_COSIGNATURE);
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
