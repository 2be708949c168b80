/* tijori checkpoint: signs the log as it stands, takes in cosignatures, and prints the result. */

#include "cli/commands.h"
#include "cli/keys.h"
#include "core/tijori.h"
#include "crypto/policy.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct note {
    size_t size;
    char bytes[TIJORI_NOTE_MAX];
};

static int read_note(const char *path, struct note *out)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "rb");
    if (file == NULL) {
        return fail_errno(errno, path);
    }
    out->size = fread(out->bytes, 1, sizeof out->bytes, file);
    bool failed = ferror(file) != 0;
    bool whole = feof(file) != 0;
    if (file != stdin) {
        fclose(file);
    }
    return failed  ? fail(EXIT_IO, "%s: reading failed", path)
           : whole ? EXIT_PASS
                   : fail(EXIT_DATA, "%s: longer than a checkpoint may be", path);
}

/* The newest that was signed, without the ledger's lock. */
static int print_newest(struct tijori *ledger, const char *dir, struct note *note)
{
    note->size = sizeof note->bytes;
    enum tijori_status status = tijori_signed(ledger, note->bytes, &note->size);
    if (status == TIJORI_NOT_FOUND) {
        return fail(EXIT_INCOMPLETE, "%s: no checkpoint was signed yet: give --log-key", dir);
    }
    return status == TIJORI_OK ? EXIT_PASS : fail_status(status, dir, NULL);
}

static int sign(struct tijori *ledger, const char *dir, const struct arguments *arguments,
                struct note *note)
{
    struct tj_secret_key key;
    const char *file = argument_value(arguments, "log-key");
    int code = key_load(arguments, file, &key);
    if (code != EXIT_PASS) {
        return code;
    }
    if (key.algorithm != TJ_ALGORITHM_ED25519) {
        tj_cleanse(&key, sizeof key);
        return fail(EXIT_DATA, "%s: a log signs with an ed25519 key", file);
    }
    note->size = sizeof note->bytes;
    enum tijori_status status = tijori_checkpoint(ledger, key.secret32, note->bytes, &note->size);
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

static int add_files(struct tijori *ledger, const struct arguments *arguments, struct note *note)
{
    struct note *other = malloc(sizeof *other);
    int code = EXIT_PASS;
    TIJORI_REQUIRE(other != NULL);
    for (size_t i = 0; i < argument_count(arguments, "add") && code == EXIT_PASS; i++) {
        const char *path = argument_item(arguments, "add", i);
        code = read_note(path, other);
        if (code != EXIT_PASS) {
            break;
        }
        note->size = sizeof note->bytes;
        enum tijori_status status =
            tijori_add_cosignatures(ledger, other->bytes, other->size, note->bytes, &note->size);
        code = status == TIJORI_NOT_FOUND
                   ? fail(EXIT_DATA, "%s: no checkpoint of this text is stored here", path)
               : status == TIJORI_VALUE ? fail(EXIT_DATA, "%s: not a checkpoint", path)
               : status == TIJORI_OK    ? EXIT_PASS
                                        : fail_status(status, path, NULL);
    }
    free(other);
    return code;
}

int cmd_checkpoint(const struct arguments *arguments)
{
    const char *dir = arguments->operands[0];
    bool writes =
        argument_value(arguments, "log-key") != NULL || argument_count(arguments, "add") > 0;
    struct tijori *ledger;
    struct tijori_message said;
    enum tijori_status status =
        tijori_open(dir, writes ? TIJORI_WRITE : TIJORI_READ, NULL, &ledger, &said);
    if (status != TIJORI_OK) {
        return fail(exit_code_of(status), "%s", said.text);
    }
    struct note *note = malloc(sizeof *note);
    TIJORI_REQUIRE(note != NULL);
    int code = argument_value(arguments, "log-key") != NULL ? sign(ledger, dir, arguments, note)
               : writes                                     ? EXIT_PASS
                                                            : print_newest(ledger, dir, note);
    if (code == EXIT_PASS) {
        code = add_files(ledger, arguments, note);
    }
    if (code == EXIT_PASS) {
        fwrite(note->bytes, 1, note->size, stdout);
    }
    free(note);
    tijori_close(ledger);
    return code;
}
