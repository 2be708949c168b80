#include "cli/signer.h"

#include "core/exchange/compose.h"
#include "text/json.h"
#include "text/text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum {
    ANSWER_SIZE = 1024,
    DER_SIZE_MAX = 80,
    NOT_RUN = 127, /* the shell's own */
};

/* ---- which keys ---- */

int signer_check(const struct arguments *arguments, const char *keys)
{
    size_t elsewhere = 0;
    const bool given = argument_value(arguments, "signer") != NULL;
    for (size_t i = 0; i < argument_count(arguments, keys); i++) {
        const char *text = argument_item(arguments, keys, i);
        if (!key_is_public_text(text)) {
            continue;
        }
        elsewhere++;
        if (!given) {
            return fail(EXIT_USAGE,
                        "--%s: %s: a public key signs nothing by itself: give its key file, or "
                        "--signer CMD, a command that signs with its private half",
                        keys, text);
        }
    }
    return elsewhere > 0 || !given
               ? EXIT_PASS
               : fail(EXIT_USAGE,
                      "--signer: signs for keys that --%s names as ecdsa:HEX or bip340:HEX, and "
                      "none of them is",
                      keys);
}

int signer_load(const struct arguments *arguments, struct signer *out, const char *text)
{
    memset(out, 0, sizeof *out);
    out->name = text;
    if (key_is_public_text(text)) {
        out->command = argument_value(arguments, "signer");
        return key_load_public(arguments, &out->key, text);
    }
    int code = key_load(arguments, &out->secret, text);
    if (code == EXIT_PASS &&
        !tj_public_key_of(&out->key, out->secret.algorithm, out->secret.secret32)) {
        code = fail(EXIT_DATA, "%s: not a valid key", text);
    }
    return code;
}

/* ---- the request ---- */

static void what_for(char *out, size_t size, uint32_t party, uint8_t use,
                     const struct tj_header *header)
{
    const char *const words[] = {[TJ_USE_SIGN] = "sign",
                                 [TJ_USE_COUNTERSIGN] = "countersign",
                                 [TJ_USE_POSSESSION] = "show possession of this key"};
    snprintf(out, size,
             "%s for party %" PRIu32 ": the envelope of party %" PRIu32 ", lane %u, sequence "
             "%" PRIu64 ", with %" PRIu32 " record%s",
             words[use], party, header->party, (unsigned)header->lane, header->sequence,
             header->record_count, header->record_count == 1 ? "" : "s");
}

/* One line; it fits a pipe, so that it is written before anybody reads. */
static char *make_request(const struct signer *signer, uint32_t party, uint8_t use,
                          const struct tj_header *header, const struct tj_hash *id)
{
    char purpose[256];
    what_for(purpose, sizeof purpose, party, use, header);
    document_begin();
    json_t *request = memory_needed(json_object());
    member_text(request, "format", "tijori-signing-request-1");
    member_hash(request, "envelope_id", id);
    member_text(request, "algorithm", tj_algorithm_names[signer->key.algorithm]);
    member_hex(request, "public_key", signer->key.bytes, signer->key.size);
    member_text(request, "what_for", purpose);
    char *line =
        document_whole() ? json_dumps(request, JSON_PRESERVE_ORDER | JSON_ENSURE_ASCII) : NULL;
    json_decref(request);
    return memory_needed(line);
}

/* ---- the command ---- */

struct pipe {
    int read;
    int write;
};

static int open_pipe(struct pipe *out)
{
    int ends[2];
    if (pipe(ends) != 0) {
        return fail_errno(errno, "--signer");
    }
    (void)fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    (void)fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    *out = (struct pipe){.read = ends[0], .write = ends[1]};
    return EXIT_PASS;
}

/* A pipe with the request in it, closed behind it: the command reads that and the end. */
static int request_pipe(int *out, const char *request)
{
    struct pipe pipe;
    const size_t size = strlen(request);
    int code = open_pipe(&pipe);
    if (code != EXIT_PASS) {
        return code;
    }
    if (write(pipe.write, request, size) != (ssize_t)size || write(pipe.write, "\n", 1) != 1) {
        code = fail_errno(errno, "--signer");
    }
    (void)close(pipe.write);
    if (code != EXIT_PASS) {
        (void)close(pipe.read);
    }
    *out = pipe.read;
    return code;
}

static int start(pid_t *child, const char *command, int in, int out)
{
    char shell[] = "/bin/sh";
    char option[] = "-c";
    posix_spawn_file_actions_t actions;
    if (posix_spawn_file_actions_init(&actions) != 0) {
        out_of_memory();
    }
    int error = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    error = error == 0 ? posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO) : error;
    /* posix_spawn() changes none of the arguments. */
    char *const arguments[] = {shell, option, (char *)(uintptr_t)command, NULL};
    error = error == 0 ? posix_spawn(child, shell, &actions, NULL, arguments, environ) : error;
    (void)posix_spawn_file_actions_destroy(&actions);
    return error == 0 ? EXIT_PASS : fail_errno(error, "--signer: /bin/sh");
}

/* Reads to the end, or until there is more than any signature has. */
static size_t read_answer(char out[ANSWER_SIZE], int from)
{
    size_t size = 0;
    while (size < ANSWER_SIZE - 1) {
        const ssize_t got = read(from, out + size, ANSWER_SIZE - 1 - size);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            break;
        }
        size += (size_t)got;
    }
    out[size] = '\0';
    return size;
}

static int wait_for(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return fail_errno(errno, "--signer");
        }
    }
    if (WIFSIGNALED(status)) {
        return fail(EXIT_UNAVAILABLE, "--signer: the command was ended by signal %d",
                    WTERMSIG(status));
    }
    if (WEXITSTATUS(status) != 0) {
        return fail(EXIT_UNAVAILABLE,
                    "--signer: the command ended with exit status %d%s; what it said itself stands "
                    "above",
                    WEXITSTATUS(status),
                    WEXITSTATUS(status) == NOT_RUN ? " (there is no such program)" : "");
    }
    return EXIT_PASS;
}

static int run_command(char answer[ANSWER_SIZE], size_t *size, const char *command,
                       const char *request)
{
    struct pipe out;
    int in;
    pid_t child;
    int code = request_pipe(&in, request);
    if (code != EXIT_PASS) {
        return code;
    }
    code = open_pipe(&out);
    if (code != EXIT_PASS) {
        (void)close(in);
        return code;
    }
    fflush(stdout); /* what was printed stands before what the command says */
    code = start(&child, command, in, out.write);
    (void)close(in);
    (void)close(out.write);
    if (code == EXIT_PASS) {
        *size = read_answer(answer, out.read);
        (void)close(out.read);
        return wait_for(child);
    }
    (void)close(out.read);
    return code;
}

/* ---- the answer ---- */

/* Hex digits, with white space anywhere, as tools wrap them. */
static bool read_hex(uint8_t out[DER_SIZE_MAX], size_t *size, const char *text)
{
    char digits[2 * DER_SIZE_MAX + 1];
    size_t count = 0;
    for (; *text != '\0'; text++) {
        if (strchr(" \t\r\n", *text) != NULL) {
            continue;
        }
        if (count == 2 * DER_SIZE_MAX) {
            return false;
        }
        digits[count++] = *text;
    }
    digits[count] = '\0';
    *size = count / 2;
    return count > 0 && text_parse_hex(out, *size, digits);
}

static int read_signature(struct tj_verify_item *item, const struct signer *signer,
                          const char *answer, size_t answer_size)
{
    uint8_t bytes[DER_SIZE_MAX];
    size_t size = 0;
    const bool ecdsa = item->key.algorithm == TJ_ALGORITHM_ECDSA;
    bool read = strlen(answer) == answer_size && read_hex(bytes, &size, answer);
    if (read && ecdsa) {
        read = tj_ecdsa_signature_read(item->signature64, bytes, size);
    } else if (read) {
        read = size == TJ_SIGNATURE_SIZE;
        memcpy(item->signature64, bytes, TJ_SIGNATURE_SIZE);
    }
    if (read) {
        return EXIT_PASS;
    }
    return fail(
        EXIT_DATA,
        "--signer: the command printed no signature of %s: asked for are 64 bytes in hex%s; "
        "it printed %zu bytes: '%.80s'",
        signer->name, ecdsa ? ", r and s, or the DER of them in hex" : "", answer_size, answer);
}

static int verify(const struct tj_verify_item *item, const struct signer *signer)
{
    enum tj_signature_verdict verdict = TJ_SIGNATURE_INVALID;
    tj_verify_batch(&verdict, item, 1);
    if (verdict == TJ_SIGNATURE_INVALID) {
        return fail(EXIT_DATA,
                    "--signer: the command's signature is not one of %s over the envelope id, and "
                    "was not used: it is by another key, or over other bytes (the 32 bytes of the "
                    "id are signed as they are, not hashed again)",
                    signer->name);
    }
    return verdict == TJ_SIGNATURE_VALID ? EXIT_PASS
                                         : fail_status(tj_undecided(), signer->name, NULL);
}

/* ---- signing ---- */

static int sign_elsewhere(const struct signer *signer, struct tj_slots *slots, uint32_t party,
                          uint8_t use, const struct tj_header *header, const struct tj_hash *id)
{
    char answer[ANSWER_SIZE];
    size_t size = 0;
    struct tj_verify_item item = {.key = signer->key, .message = *id};
    struct tj_slot slot = {.party = party, .use = use, .key = signer->key};
    char *request = make_request(signer, party, use, header, id);
    int code = run_command(answer, &size, signer->command, request);
    free(request);
    code = code == EXIT_PASS ? read_signature(&item, signer, answer, size) : code;
    code = code == EXIT_PASS ? verify(&item, signer) : code;
    if (code != EXIT_PASS) {
        return code;
    }
    memcpy(slot.signature64, item.signature64, TJ_SIGNATURE_SIZE);
    enum tijori_status status = tj_slots_insert(slots, &slot);
    return status == TIJORI_OK ? EXIT_PASS : fail_status(status, signer->name, NULL);
}

int signer_sign(const struct signer *signer, struct tj_slots *slots, uint32_t party, uint8_t use,
                const struct tj_header *header, const struct tj_hash *id)
{
    if (signer->command != NULL) {
        return sign_elsewhere(signer, slots, party, use, header, id);
    }
    enum tijori_status status =
        tj_slots_sign(slots, party, use, signer->secret.algorithm, signer->secret.secret32, id);
    return status == TIJORI_OK ? EXIT_PASS : fail_status(status, signer->name, NULL);
}
