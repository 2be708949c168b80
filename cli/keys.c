#include "cli/keys.h"

#include "text/text.h"
#include "core/format/record.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

int passphrase_read(char out[PASSPHRASE_SIZE], const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return fail_errno(errno, path);
    }
    /* Unbuffered, so that the secret is nowhere but in `out`. */
    setvbuf(file, NULL, _IONBF, 0);
    bool read = fgets(out, PASSPHRASE_SIZE, file) != NULL;
    fclose(file);
    if (!read) {
        return fail(EXIT_DATA, "%s: holds no passphrase", path);
    }
    out[strcspn(out, "\r\n")] = '\0';
    return out[0] != '\0' ? EXIT_PASS : fail(EXIT_DATA, "%s: the first line is empty", path);
}

enum { CONTROL_C = 3 };

static bool ask_once(char out[PASSPHRASE_SIZE], int tty, const char *prompt)
{
    size_t size = 0;
    char c = '\n';
    dprintf(tty, "%s: ", prompt);
    while (size + 1 < PASSPHRASE_SIZE && read(tty, &c, 1) == 1 && c != '\n' && c != CONTROL_C) {
        out[size++] = c;
    }
    if (c == CONTROL_C) {
        tj_cleanse(out, size);
        size = 0;
    }
    out[size] = '\0';
    dprintf(tty, "\n");
    return size > 0;
}

int passphrase_ask(char out[PASSPHRASE_SIZE], const char *prompt, bool twice)
{
    struct termios before;
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (tty < 0 || tcgetattr(tty, &before) != 0) {
        if (tty >= 0) {
            close(tty);
        }
        return fail(EXIT_DENIED, "a passphrase is needed and there is no terminal to ask on: "
                                 "use --passphrase-file");
    }
    struct termios silent = before;
    /* Control-C arrives as a character: a signal would leave the terminal without its echo. */
    silent.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
    tcsetattr(tty, TCSAFLUSH, &silent);
    bool given = ask_once(out, tty, prompt);
    bool same = true;
    if (given && twice) {
        char again[PASSPHRASE_SIZE];
        ask_once(again, tty, "the same again");
        same = strcmp(out, again) == 0;
        tj_cleanse(again, sizeof again);
    }
    tcsetattr(tty, TCSAFLUSH, &before);
    close(tty);
    if (!given) {
        return fail(EXIT_DENIED, "no passphrase was given");
    }
    return same ? EXIT_PASS : fail(EXIT_DENIED, "the two passphrases differ");
}

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

/* Tries every --passphrase-file; without any, asks. */
static int load_encrypted(const struct arguments *arguments, struct tj_secret_key *out,
                          const char *path)
{
    char passphrase[PASSPHRASE_SIZE];
    char prompt[256];
    enum tj_keyfile_status status = TJ_KEYFILE_PASSPHRASE;
    int code = read_known(arguments);
    if (code != EXIT_PASS) {
        return code;
    }
    for (size_t i = 0; i < known.count && status == TJ_KEYFILE_PASSPHRASE; i++) {
        status = tj_keyfile_read(out, NULL, path, known.texts[i]);
    }
    if (known.count == 0) {
        snprintf(prompt, sizeof prompt, "passphrase of %.200s", path);
        code = passphrase_ask(passphrase, prompt, false);
        if (code != EXIT_PASS) {
            return code;
        }
        status = tj_keyfile_read(out, NULL, path, passphrase);
        tj_cleanse(passphrase, sizeof passphrase);
    }
    return status == TJ_KEYFILE_OK
               ? EXIT_PASS
               : fail(exit_code_of_keyfile(status), "%s: %s", path, tj_keyfile_status_text(status));
}

int key_load(const struct arguments *arguments, struct tj_secret_key *out, const char *path)
{
    bool encrypted = false;
    enum tj_keyfile_status status = tj_keyfile_read(out, &encrypted, path, NULL);
    if (status == TJ_KEYFILE_PASSPHRASE && encrypted) {
        return load_encrypted(arguments, out, path);
    }
    return status == TJ_KEYFILE_OK
               ? EXIT_PASS
               : fail(exit_code_of_keyfile(status), "%s: %s", path, tj_keyfile_status_text(status));
}

int key_load_public(const struct arguments *arguments, struct tj_public_key *out, const char *text)
{
    const char *colon = strchr(text, ':');
    memset(out, 0, sizeof *out);
    for (uint8_t a = TJ_ALGORITHM_ECDSA; colon != NULL && a <= TJ_ALGORITHM_ED25519; a++) {
        const char *name = tj_algorithm_names[a];
        if (strlen(name) != (size_t)(colon - text) || strncmp(name, text, strlen(name)) != 0) {
            continue;
        }
        out->algorithm = a;
        out->size = (uint8_t)tj_public_key_size(a);
        return text_parse_hex(out->bytes, out->size, colon + 1) && tj_public_key_valid(out)
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
