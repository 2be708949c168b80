#include "cli/log_source.h"

#include "cli/file.h"
#include "crypto/ed25519.h"
#include "text/text.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

typedef enum tijori_status folder_opener(struct tj_source **out, struct tj_source_message *what,
                                         const char *path);

static int open_source(struct tj_source **out, folder_opener *open_folder, const char *path)
{
    struct tj_source_message what = {""};
    uint32_t format = 0;
    if (tj_source_is_folder(path)) {
        enum tijori_status status = open_folder(out, &what, path);
        return status == TIJORI_OK ? EXIT_PASS : fail_status(status, path, what.text);
    }
    enum tijori_status status = tj_source_open_ledger(out, &format, path);
    if (status == TIJORI_OK) {
        return EXIT_PASS;
    }
    if (status == TIJORI_FORMAT_UNKNOWN) {
        bool older = format < TJ_STORE_FORMAT;
        return fail(exit_code_of(status),
                    "%s: storage format %" PRIu32 ", this program knows %d: %s", path, format,
                    (int)TJ_STORE_FORMAT,
                    older ? "it was never released, and no program turns it into another"
                          : "newer software needed");
    }
    if (status == TIJORI_NOT_FOUND) {
        return fail(exit_code_of(status),
                    "%s: there is no ledger here, and no exported folder (it has a checkpoint)",
                    path);
    }
    if (status == TIJORI_CORRUPT) {
        return fail(exit_code_of(status),
                    "%s: the storage cannot be opened: damaged, or not a ledger", path);
    }
    return fail(exit_code_of(status), "%s: %s", path, tijori_status_text(status));
}

int audit_open_source(struct tj_source **out, const char *path)
{
    return open_source(out, tj_source_open_folder, path);
}

int audit_open_to_replay(struct tj_source **out, const char *path)
{
    return open_source(out, tj_source_open_to_replay, path);
}

int audit_read_file(char **out, size_t *size, const char *path, size_t max)
{
    uint8_t *bytes = NULL;
    const int error = file_load(&bytes, size, path, max);
    if (error == EFBIG) {
        return fail(EXIT_DATA, "%s: longer than %zu bytes", path, max);
    }
    if (error == EISDIR || error == EIO) {
        return fail(EXIT_IO, "%s: reading failed", path);
    }
    if (error != 0) {
        return fail_errno(error, path);
    }
    *out = (char *)bytes;
    return EXIT_PASS;
}

/* A file of one line. Editors and mail programs put a byte order mark before it or end it with
 * CRLF; neither can be part of a key. */
static bool decode_one_line(struct tj_verifier_key *out, const char *bytes, size_t size)
{
    const size_t mark = size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    while (size > mark && memchr(" \t\r\n", bytes[size - 1], 4) != NULL) {
        size--;
    }
    return tj_verifier_key_decode(out, bytes + mark, size - mark);
}

int audit_read_verifier_key(struct tj_verifier_key *out, const char *text)
{
    char *bytes;
    size_t size;
    if (decode_one_line(out, text, strlen(text))) {
        return EXIT_PASS;
    }
    if (access(text, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR || errno == ENAMETOOLONG)) {
        return fail(EXIT_USAGE, "%s: neither a verifier key (NAME+HASH+BASE64) nor a file with one",
                    text);
    }
    int code = audit_read_file(&bytes, &size, text, TJ_NOTE_NAME_MAX + 256);
    if (code != EXIT_PASS) {
        return code;
    }
    bool read = decode_one_line(out, bytes, size);
    code = read ? EXIT_PASS
                : fail_text(text, "not a verifier key (one line NAME+HASH+BASE64)", bytes, size);
    free(bytes);
    return code;
}

int audit_read_log_key(struct tj_verifier_key *out, const char *text)
{
    int code = audit_read_verifier_key(out, text);
    return code == EXIT_PASS && out->type != TJ_NOTE_TYPE_ED25519
               ? fail(EXIT_USAGE, "--log-key takes a log's key, this is a witness's")
               : code;
}

static int fail_policy(const char *path, const struct tj_policy_error *error, const char *text,
                       size_t size)
{
    const char *strange = file_strangeness(text, size);
    return fail(EXIT_DATA, "%s, line %u: %s%s%s", path, error->line, error->text,
                strange != NULL ? "; in this file: " : "", strange != NULL ? strange : "");
}

int audit_read_policy(struct tj_policy **out, const char *path)
{
    struct tj_policy_error error;
    char *text;
    size_t size;
    int code = audit_read_file(&text, &size, path, TJ_POLICY_SIZE_MAX);
    if (code != EXIT_PASS) {
        return code;
    }
    struct tj_policy *policy = memory_needed(calloc(1, sizeof *policy));
    bool read = tj_policy_decode(policy, &error, text, size);
    if (!read) {
        free(policy);
        code = fail_policy(path, &error, text, size);
        free(text);
        return code;
    }
    free(text);
    *out = policy;
    return EXIT_PASS;
}

int audit_read_pins(const struct arguments *arguments, struct audit_pins *out)
{
    const char *id = argument_value(arguments, "ledger-id");
    const char *key = argument_value(arguments, "log-key");
    const char *policy = argument_value(arguments, "policy");
    int code = EXIT_PASS;
    memset(out, 0, sizeof *out);
    if (id != NULL) {
        if (!text_parse_hex(out->ledger_id.bytes, sizeof out->ledger_id.bytes, id)) {
            return fail(EXIT_USAGE,
                        "--ledger-id takes the 64 hex digits that the authority published");
        }
        out->pins.ledger_id = &out->ledger_id;
    }
    if (key != NULL) {
        code = audit_read_log_key(&out->log_key, key);
        out->pins.log_key = &out->log_key;
    }
    if (code == EXIT_PASS && policy != NULL) {
        code = audit_read_policy(&out->policy, policy);
        out->pins.policy = out->policy;
    }
    return code;
}

void audit_free_pins(struct audit_pins *pins)
{
    free(pins->policy);
}

/* The signals of a program that read damaged pages. All others come from outside, as when memory is
 * out and the kernel ends somebody, or are this program's own abort(), which says why. */
static bool is_crash(int number)
{
    return number == SIGSEGV || number == SIGBUS || number == SIGILL || number == SIGFPE ||
           number == SIGTRAP || number == SIGSYS;
}

/* OpenSSL crashes when there is no memory for what it sets up at first use. That is before anything
 * of a log was read, and says nothing about it. */
static void set_up_signatures(void)
{
    const uint8_t secret32[32] = {1};
    uint8_t signature64[TJ_ED25519_SIGNATURE_SIZE];
    (void)!tj_ed25519_sign(signature64, secret32, "", 0);
}

/* The child's exit code; -1 when it crashed on what it read. */
static int code_of(int *signal, bool reading, int state)
{
    if (WIFEXITED(state)) {
        return WEXITSTATUS(state);
    }
    *signal = WTERMSIG(state);
    if (is_crash(*signal) && reading) {
        return -1;
    }
    if (is_crash(*signal)) {
        return fail(EXIT_TRY_AGAIN,
                    "crashed before anything was read (%s): out of memory, or a "
                    "bug; nothing was verified",
                    strsignal(*signal));
    }
    if (*signal == SIGABRT) {
        return fail(EXIT_TRY_AGAIN,
                    "the reading broke off (%s): out of memory, or a bug of this "
                    "program; nothing was verified",
                    strsignal(*signal));
    }
    return fail(EXIT_TRY_AGAIN, "the reading was stopped from outside (%s); nothing was verified",
                strsignal(*signal));
}

/* *reading: the child has come so far as to read. */
static int run_child(int *signal, bool *reading, int (*work)(void *context), void *context)
{
    int state = 0;
    pid_t pid = fork();
    if (pid < 0) {
        return fail_errno(errno, "fork");
    }
    if (pid == 0) {
        set_up_signatures();
        *reading = true;
        _exit(program_end(work(context)));
    }
    while (waitpid(pid, &state, 0) < 0 && errno == EINTR) {
    }
    return code_of(signal, *reading, state);
}

int audit_guarded(int *signal, bool guard, int (*work)(void *context), void *context)
{
    *signal = 0;
    if (!guard) {
        return work(context);
    }
    fflush(stdout);
    bool *reading =
        mmap(NULL, sizeof *reading, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (reading == MAP_FAILED) {
        return fail_errno(errno, "shared memory");
    }
    int code = run_child(signal, reading, work, context);
    (void)munmap(reading, sizeof *reading);
    return code;
}

int audit_guarded_at(int *signal, const char *path, int (*work)(void *context), void *context)
{
    struct tj_store_watch watch;
    tj_store_watch(&watch, path);
    int code = audit_guarded(signal, true, work, context);
    if (code < 0 && tj_store_disturbed(&watch, path)) {
        return fail(EXIT_TRY_AGAIN,
                    "%s: a writer came while the ledger was read: nothing was verified", path);
    }
    return code;
}
