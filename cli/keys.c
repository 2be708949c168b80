#include "cli/keys.h"

#include "cli/key_file.h"
#include "cli/prompt.h"
#include "text/text.h"
#include "core/format/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- passphrases ---- */

/* The first line, byte by byte: what follows in a descriptor is another's, and a stream would keep
 * the secret in its buffer. *newline: the line has one. */
static int read_first_line(char *out, size_t capacity, size_t *size, bool *newline, int file)
{
    char c = 0;
    *size = 0;
    *newline = false;
    while (*size < capacity) {
        const ssize_t got = read(file, &c, 1);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return errno;
        }
        *newline = got == 1 && c == '\n';
        if (got == 0 || *newline) {
            break;
        }
        out[(*size)++] = c;
    }
    return 0;
}

/* Nothing of a passphrase is left out silently: what cannot be used whole is refused. */
static int check_line(char *line, size_t size, bool newline, const char *path)
{
    if (size > 0 && newline && line[size - 1] == '\r') {
        size--; /* of a CRLF */
    }
    if (memchr(line, '\0', size) != NULL) {
        return fail(EXIT_DATA, "%s: a passphrase has no NUL in it, and the first line has", path);
    }
    if (size >= PASSPHRASE_SIZE) {
        return fail(EXIT_DATA,
                    "%s: the first line is longer than a passphrase, which has at most "
                    "%d bytes",
                    path, PASSPHRASE_SIZE - 1);
    }
    line[size] = '\0';
    if (size == 0) {
        return newline ? fail(EXIT_DATA, "%s: the first line is empty", path)
                       : fail(EXIT_DATA, "%s: holds no passphrase", path);
    }
    return EXIT_PASS;
}

/* A file with a second line may be a passphrase that was meant to have two. A descriptor is left
 * alone: what follows there is another's. */
static void note_more_lines(int file, const char *path)
{
    struct stat info;
    char c;
    if (fstat(file, &info) == 0 && S_ISREG(info.st_mode) && read(file, &c, 1) == 1) {
        message("%s: only its first line is the passphrase; the file goes on after it", path);
    }
}

int passphrase_read(char out[PASSPHRASE_SIZE], const char *path)
{
    char line[PASSPHRASE_SIZE + 2]; /* a CRLF may follow the longest */
    size_t size = 0;
    bool newline = false;
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0) {
        return fail_errno(errno, path);
    }
    secrets_begin();
    secret_lock(line, sizeof line);
    secret_lock(out, PASSPHRASE_SIZE);
    const int error = read_first_line(line, sizeof line - 1, &size, &newline, file);
    int code = error == 0 ? check_line(line, size, newline, path) : fail_errno(error, path);
    if (code == EXIT_PASS) {
        note_more_lines(file, path);
        memcpy(out, line, strlen(line) + 1);
    }
    (void)close(file);
    tj_cleanse(line, sizeof line);
    return code;
}

static int fail_prompt(enum prompt_answer answer)
{
    switch (answer) {
    case PROMPT_GIVEN:
        return EXIT_PASS;
    case PROMPT_NONE:
        return fail(EXIT_DENIED, "no passphrase was given");
    case PROMPT_TOO_LONG:
        return fail(EXIT_DENIED, "a passphrase has at most %d bytes", PASSPHRASE_SIZE - 1);
    case PROMPT_NUL:
        return fail(EXIT_DENIED, "a passphrase has no NUL in it");
    case PROMPT_NO_TERMINAL:
        return fail(EXIT_DENIED, "a passphrase is needed and there is no terminal to ask on: "
                                 "use --passphrase-file");
    }
    abort();
}

int passphrase_ask(char out[PASSPHRASE_SIZE], const char *prompt, bool twice)
{
    char again[PASSPHRASE_SIZE];
    secrets_begin();
    secret_lock(out, PASSPHRASE_SIZE);
    enum prompt_answer answer = prompt_secret(out, PASSPHRASE_SIZE, prompt);
    if (answer != PROMPT_GIVEN || !twice) {
        return fail_prompt(answer);
    }
    secret_lock(again, sizeof again);
    answer = prompt_secret(again, sizeof again, "the same again");
    const bool same = strcmp(out, again) == 0;
    tj_cleanse(again, sizeof again);
    if (same) {
        return EXIT_PASS;
    }
    tj_cleanse(out, PASSPHRASE_SIZE);
    if (answer == PROMPT_GIVEN || answer == PROMPT_NONE) {
        return fail(EXIT_DENIED, "the two passphrases differ");
    }
    return fail_prompt(answer);
}

/* ---- key files ---- */

static int exit_code_of_keyfile(enum tj_keyfile_status status)
{
    switch (status) {
    case TJ_KEYFILE_OK:
        return EXIT_PASS;
    case TJ_KEYFILE_NOT_FOUND:
        return EXIT_NO_INPUT;
    case TJ_KEYFILE_EXISTS:
    case TJ_KEYFILE_DENIED:
    case TJ_KEYFILE_PASSPHRASE:
        return EXIT_DENIED;
    case TJ_KEYFILE_IO:
        return EXIT_IO;
    case TJ_KEYFILE_FORMAT:
        return EXIT_DATA;
    }
    abort();
}

/* What --passphrase-file gave. Read once: a descriptor (/dev/fd/N) gives its line only once, and
 * several keys may want it. */
static struct {
    char (*texts)[PASSPHRASE_SIZE];
    size_t count;
    bool read;
} known;

static void forget_known(void)
{
    tj_cleanse(known.texts, known.count * PASSPHRASE_SIZE);
    free(known.texts);
}

static int read_known(const struct arguments *arguments)
{
    size_t count = argument_count(arguments, "passphrase-file");
    if (known.read || count == 0) {
        return EXIT_PASS;
    }
    known.texts = memory_needed(calloc(count, PASSPHRASE_SIZE));
    if (atexit(forget_known) != 0) {
        out_of_memory();
    }
    known.read = true;
    known.count = count;
    for (size_t i = 0; i < count; i++) {
        int code = passphrase_read(known.texts[i], argument_item(arguments, "passphrase-file", i));
        if (code != EXIT_PASS) {
            return code;
        }
    }
    return EXIT_PASS;
}

/* Says what the file holds instead of a key, and the command that helps. */
static int fail_format(const char *path, const struct tj_keyfile_fault *fault)
{
    static const char place[] = "FILE";
    if (fault->remedy == NULL) {
        return fail(EXIT_DATA, "%s: no key that can be used: %s", path, fault->found);
    }
    const char *at = strstr(fault->remedy, place);
    const int before = (int)(at != NULL ? (size_t)(at - fault->remedy) : strlen(fault->remedy));
    return fail(EXIT_DATA, "%s: no key that can be used: %s; this helps: %.*s%s%s", path,
                fault->found, before, fault->remedy, at != NULL ? path : "",
                at != NULL ? at + strlen(place) : "");
}

static int fail_key(const char *path, enum tj_keyfile_status status,
                    const struct tj_keyfile_fault *fault)
{
    if (status == TJ_KEYFILE_FORMAT) {
        return fail_format(path, fault);
    }
    if (status == TJ_KEYFILE_PASSPHRASE) {
        return fail(EXIT_DENIED,
                    "%s: the key is encrypted, and the passphrase that was given is not its own; "
                    "--passphrase-file F takes it from the first line of F",
                    path);
    }
    return fail(exit_code_of_keyfile(status), "%s: %s", path, tj_keyfile_status_text(status));
}

/* Tries every --passphrase-file; without any, asks. */
static int open_encrypted(const struct arguments *arguments, struct tj_secret_key *out,
                          const struct key_file *file, const char *path)
{
    char passphrase[PASSPHRASE_SIZE];
    char prompt[256];
    struct tj_keyfile_fault fault;
    enum tj_keyfile_status status = TJ_KEYFILE_PASSPHRASE;
    int code = read_known(arguments);
    if (code != EXIT_PASS) {
        return code;
    }
    for (size_t i = 0; i < known.count && status == TJ_KEYFILE_PASSPHRASE; i++) {
        status = tj_keyfile_decode(out, NULL, file->bytes, file->size, known.texts[i], &fault);
    }
    if (known.count == 0) {
        snprintf(prompt, sizeof prompt, "passphrase of %.200s", path);
        code = passphrase_ask(passphrase, prompt, false);
        if (code != EXIT_PASS) {
            return code;
        }
        status = tj_keyfile_decode(out, NULL, file->bytes, file->size, passphrase, &fault);
        tj_cleanse(passphrase, sizeof passphrase);
    }
    return status == TJ_KEYFILE_OK ? EXIT_PASS : fail_key(path, status, &fault);
}

static int open_key(const struct arguments *arguments, struct tj_secret_key *out,
                    const struct key_file *file, const char *path)
{
    bool encrypted = false;
    struct tj_keyfile_fault fault;
    enum tj_keyfile_status status =
        tj_keyfile_decode(out, &encrypted, file->bytes, file->size, NULL, &fault);
    if (status == TJ_KEYFILE_PASSPHRASE && encrypted) {
        return open_encrypted(arguments, out, file, path);
    }
    if (status != TJ_KEYFILE_OK) {
        return fail_key(path, status, &fault);
    }
    if (file->exposed != 0) {
        message("%s: has no passphrase, and others than its owner can use the file: chmod 600 %s",
                path, path);
    }
    return EXIT_PASS;
}

int key_load(const struct arguments *arguments, struct tj_secret_key *out, const char *path)
{
    struct key_file file;
    secret_lock(out, sizeof *out);
    memset(out, 0, sizeof *out);
    const enum tj_keyfile_status status = key_file_read(&file, path);
    int code = status == TJ_KEYFILE_OK ? open_key(arguments, out, &file, path)
                                       : fail(exit_code_of_keyfile(status), "%s: %s", path,
                                              tj_keyfile_status_text(status));
    key_file_clear(&file);
    return code;
}

/* The algorithm that "ecdsa:..." names before its colon; 0 for what is no such text. */
static uint8_t named_algorithm(const char *text)
{
    const size_t size = strcspn(text, ":");
    for (uint8_t a = TJ_ALGORITHM_ECDSA; a <= TJ_ALGORITHM_ED25519; a++) {
        const char *name = tj_algorithm_names[a];
        if (text[size] == ':' && strlen(name) == size && memcmp(name, text, size) == 0) {
            return a;
        }
    }
    return 0;
}

bool key_is_public_text(const char *text)
{
    return named_algorithm(text) != 0;
}

int key_load_public(const struct arguments *arguments, struct tj_public_key *out, const char *text)
{
    memset(out, 0, sizeof *out);
    out->algorithm = named_algorithm(text);
    if (out->algorithm != 0) {
        const char *name = tj_algorithm_names[out->algorithm];
        out->size = (uint8_t)tj_public_key_size(out->algorithm);
        return text_parse_hex(out->bytes, out->size, text + strlen(name) + 1) &&
                       tj_public_key_valid(out)
                   ? EXIT_PASS
                   : fail(EXIT_DATA, "%s: not a public key of type %s", text, name);
    }
    struct tj_secret_key secret;
    int code = key_load(arguments, &secret, text);
    if (code == EXIT_PASS && !tj_public_key_of(out, secret.algorithm, secret.secret32)) {
        code = fail(EXIT_DATA, "%s: not a valid key", text);
    }
    tj_cleanse(&secret, sizeof secret);
    return code;
}
