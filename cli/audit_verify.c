#include "cli/audit_verify.h"

#include "cli/text.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A hostile data.mdb can crash LMDB itself, which trusts its own pages. So the reading is done in a
 * child, whose death is a finding and not the end of the audit. What comes back through the pipe is
 * plain data of this same program. */

enum message_kind { SAYS_PROGRESS = 1, SAYS_NOT_OPENED, SAYS_NOT_READ, SAYS_REPORT };

struct message {
    uint32_t kind;
    uint32_t status; /* enum tijori_status, or the format found */
    uint64_t done;
    uint64_t total;
};

/* ---- the child ---- */

static bool write_all(int fd, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    while (size > 0) {
        ssize_t put = write(fd, at, size);
        if (put < 0 && errno != EINTR) {
            return false;
        }
        at += put > 0 ? put : 0;
        size -= put > 0 ? (size_t)put : 0;
    }
    return true;
}

static void say(int fd, enum message_kind kind, uint32_t status, uint64_t done, uint64_t total)
{
    struct message m = {kind, status, done, total};
    /* Nobody reads: there is nobody to report to. */
    if (!write_all(fd, &m, sizeof m)) {
        _exit(EXIT_IO);
    }
}

static void on_progress(void *context, uint64_t done, uint64_t total)
{
    say(*(const int *)context, SAYS_PROGRESS, 0, done, total);
}

static void child(const char *dir, uint32_t threads, const struct tj_hash *pinned, int fd)
{
    struct tj_store *store;
    struct tj_replay_report report;
    uint32_t format = 0;
    struct tj_store_options options = tj_journal_options(0);
    enum tijori_status status = tj_from_storage(tj_store_open_read(dir, &options, &store, &format));
    if (status != TIJORI_OK) {
        say(fd, SAYS_NOT_OPENED, (uint32_t)status, format, 0);
        return;
    }
    struct tj_replay_options replay = {
        .threads = threads,
        .ledger_id = pinned,
        .progress = on_progress,
        .progress_context = &fd,
    };
    status = tj_replay(store, &replay, &report, NULL);
    if (status != TIJORI_OK) {
        say(fd, SAYS_NOT_READ, (uint32_t)status, 0, 0);
    } else {
        say(fd, SAYS_REPORT, 0, 0, 0);
        (void)!write_all(fd, &report, sizeof report);
    }
    tj_store_close(store);
}

/* ---- the parent ---- */

static bool read_all(int fd, void *bytes, size_t size)
{
    uint8_t *at = bytes;
    while (size > 0) {
        ssize_t got = read(fd, at, size);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return false;
        }
        at += got > 0 ? got : 0;
        size -= got > 0 ? (size_t)got : 0;
    }
    return true;
}

enum { BAR_WIDTH = 40 };

static void show_progress(uint64_t done, uint64_t total, uint64_t *shown)
{
    uint64_t percent = total == 0 ? 0 : done >= total ? 100 : done * 100 / total;
    char bar[BAR_WIDTH + 1];
    if (percent == *shown) {
        return;
    }
    *shown = percent;
    size_t full = (size_t)percent * BAR_WIDTH / 100;
    memset(bar, '.', BAR_WIDTH);
    memset(bar, '#', full);
    bar[BAR_WIDTH] = '\0';
    fprintf(stderr, "\r[%s] %3" PRIu64 " %%  entry %" PRIu64 " of %" PRIu64, bar, percent, done,
            total);
}

/* Reads messages until the child has said how it ended, or has stopped talking. */
static bool listen_to(int fd, struct audit_result *result)
{
    struct message m;
    bool terminal = isatty(STDERR_FILENO) == 1;
    uint64_t shown = UINT64_MAX;
    bool ended = false;
    while (!ended && read_all(fd, &m, sizeof m)) {
        switch ((enum message_kind)m.kind) {
        case SAYS_PROGRESS:
            if (terminal) {
                show_progress(m.done, m.total, &shown);
            }
            break;
        case SAYS_NOT_OPENED:
        case SAYS_NOT_READ:
            result->outcome = m.kind == SAYS_NOT_OPENED ? AUDIT_NOT_OPENED : AUDIT_NOT_READ;
            result->status = (enum tijori_status)m.status;
            result->format_found = (uint32_t)m.done;
            ended = true;
            break;
        case SAYS_REPORT:
            result->outcome = AUDIT_REPORT;
            ended = read_all(fd, &result->report, sizeof result->report);
            break;
        }
    }
    if (shown != UINT64_MAX) {
        fprintf(stderr, "\r\x1b[K");
    }
    return ended;
}

/* A signal that bad memory brings; any other came from outside. */
static bool is_crash(int signal)
{
    return signal == 0 || signal == SIGSEGV || signal == SIGBUS || signal == SIGABRT ||
           signal == SIGILL || signal == SIGFPE || signal == SIGTRAP;
}

void audit_replay(const char *dir, uint32_t threads, const struct tj_hash *pinned,
                  struct audit_result *result)
{
    int ends[2];
    int state = 0;
    memset(result, 0, sizeof *result);
    result->outcome = AUDIT_NOT_READ;
    result->status = TIJORI_IO;
    if (pipe(ends) != 0) {
        return;
    }
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        child(dir, threads, pinned, ends[1]);
        _exit(EXIT_PASS);
    }
    close(ends[1]);
    if (pid < 0) {
        close(ends[0]);
        return;
    }
    bool ended = listen_to(ends[0], result);
    close(ends[0]);
    while (waitpid(pid, &state, 0) < 0 && errno == EINTR) {
    }
    if (!ended) {
        result->signal = WIFSIGNALED(state) ? WTERMSIG(state) : 0;
        result->outcome = is_crash(result->signal) ? AUDIT_CRASHED : AUDIT_INTERRUPTED;
    }
}

int audit_verify(const struct arguments *arguments)
{
    struct audit_result result;
    struct tj_hash pinned;
    uint64_t threads = 0;
    const char *dir = arguments->operands[0];
    const char *id = argument_value(arguments, "ledger-id");
    struct audit_style style = {
        .json = argument_choice(arguments, "format") == 1,
        .state_digest = argument_flag(arguments, "state-digest"),
        .without_documents = argument_flag(arguments, "without-documents"),
    };
    if (id != NULL && !text_parse_hex(id, pinned.bytes, sizeof pinned.bytes)) {
        return fail(EXIT_USAGE, "--ledger-id takes the 64 hex digits that the authority published");
    }
    if (!argument_number(arguments, "threads", 1, TJ_THREADS_MAX, &threads)) {
        return EXIT_USAGE;
    }
    audit_replay(dir, (uint32_t)threads, id != NULL ? &pinned : NULL, &result);
    return audit_print(dir, &result, &style);
}
