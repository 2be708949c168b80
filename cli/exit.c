#include "cli/exit.h"

#include "cli/progress.h"
#include "text/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static const char *name_program = "tijori";
static const char *name_command = "";

void message_name(const char *program, const char *command)
{
    name_program = program;
    name_command = command;
}

/* ---- beginning and end ---- */

void program_begin(void)
{
    for (int descriptor = STDIN_FILENO; descriptor <= STDERR_FILENO; descriptor++) {
        if (fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) {
            continue;
        }
        /* The wrong way round, so that nothing is lost silently. A folder serves where there is no
         * such device. The lowest free number is the one that is missing. */
        const int way = descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY;
        if (open("/dev/null", way) != descriptor && open("/", O_RDONLY) != descriptor) {
            _exit(EXIT_IO);
        }
    }
}

/* Some file systems say only when a file is closed that they could not keep it. A copy is closed:
 * later messages flush the stream. */
static bool closes_well(int descriptor)
{
    const int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0);
    return copy < 0 || close(copy) == 0;
}

int program_end(int code)
{
    errno = 0;
    if (fflush(stdout) == 0 && ferror(stdout) == 0 && closes_well(STDOUT_FILENO)) {
        return code;
    }
    message("standard output: write failed%s%s", errno != 0 ? ": " : "",
            errno != 0 ? strerror(errno) : "");
    return exit_code_of_both(code, EXIT_IO);
}

/* ---- secrets ---- */

/* Both, since a core that goes to a program and not to a file obeys no limit. What fails leaves
 * things as they were without us. */
void secrets_begin(void)
{
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0);
}

void secret_lock(void *memory, size_t size)
{
    (void)mlock(memory, size);
}

/* ---- messages ---- */

/* Where what may be a name and a password ends, in the `size` bytes of a URL after its ://. That is
 * its last @, since passwords hold slashes, too. A message may show only the beginning of a URL:
 * there a colon before anything but a port tells. 0: there is none. */
static size_t userinfo_size(const char *text, size_t size, bool cut)
{
    for (size_t i = size; i > 0; i--) {
        if (text[i - 1] == '@') {
            return i - 1;
        }
    }
    if (cut) {
        return size;
    }
    const char *colon = memchr(text, ':', strcspn(text, "/"));
    if (text[0] == '[' || colon == NULL || colon >= text + size) {
        return 0;
    }
    const char *after = colon + 1 + strspn(colon + 1, "0123456789");
    return after >= text + size || strchr("/:?", *after) != NULL ? 0 : size;
}

/* Takes names and passwords out of the URLs of a message, which goes to logs and screens. */
static void mask_passwords(char *text, bool cut)
{
    static const char stars[] = "***";
    for (char *at = strstr(text, "://"); at != NULL; at = strstr(at, "://")) {
        at += strlen("://");
        const size_t size = strcspn(at, " \t\r\n'\"");
        const size_t secret = userinfo_size(at, size, cut && at[size] == '\0');
        const size_t shown = secret < strlen(stars) ? secret : strlen(stars);
        memcpy(at, stars, shown);
        memmove(at + shown, at + secret, strlen(at + secret) + 1);
    }
}

static void say(const char *format, va_list args)
{
    char text[1024];
    char safe[2048];
    const int length = vsnprintf(text, sizeof text, format, args);
    mask_passwords(text, length < 0 || (size_t)length >= sizeof text);
    text_sanitise(safe, sizeof safe, text);
    progress_wipe();
    fflush(stdout); /* so that the two streams stay in order on a terminal */
    fprintf(stderr, "%s%s%s: %s\n", name_program, name_command[0] != '\0' ? " " : "", name_command,
            safe);
}

void message(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
}

int fail(int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say(format, args);
    va_end(args);
    return code;
}

int fail_status(enum tijori_status status, const char *what, const char *detail)
{
    bool more = detail != NULL && detail[0] != '\0';
    return fail(exit_code_of(status), "%s: %s: %s%s%s%s", what, tijori_status_name(status),
                tijori_status_text(status), more ? " (" : "", more ? detail : "", more ? ")" : "");
}

int fail_said(enum tijori_status status, const struct tijori_message *said)
{
    return fail(exit_code_of(status), "%s", said->text);
}

int fail_errno(int error, const char *what)
{
    struct tijori_message said;
    enum tijori_status status = tj_say_errno(&said, error, what);
    return fail_said(status, &said);
}

/* Without message(), so that nothing between here and the end asks for memory. */
void out_of_memory(void)
{
    fprintf(stderr, "%s: out of memory\n", name_program);
    exit(EXIT_TRY_AGAIN);
}

void *memory_needed(void *memory)
{
    if (memory == NULL) {
        out_of_memory();
    }
    return memory;
}

void digester_needed(struct tj_digester *digester)
{
    if (!tj_digester_init(digester)) {
        out_of_memory();
    }
}

/* Operation has an exit code for each; whatever is wrong with an envelope is bad input. The list is
 * spelled out by hand where the answer is another than 65. */
int exit_code_of(enum tijori_status status)
{
    static const struct {
        enum tijori_status status;
        int code;
    } others[] = {
        {TIJORI_OK, EXIT_PASS},
        {TIJORI_ALREADY, EXIT_PASS},
        {TIJORI_FULL, EXIT_TRY_AGAIN},
        {TIJORI_NOT_FOUND, EXIT_NO_INPUT},
        {TIJORI_LOCKED, EXIT_TRY_AGAIN},
        {TIJORI_FORMAT_UNKNOWN, EXIT_INCOMPLETE},
        {TIJORI_RULES, EXIT_INCOMPLETE},
        {TIJORI_VERSION_UNKNOWN, EXIT_INCOMPLETE},
        {TIJORI_CORRUPT, EXIT_FAIL},
        {TIJORI_DENIED, EXIT_DENIED},
        {TIJORI_MEMORY, EXIT_TRY_AGAIN},
        {TIJORI_READ_ONLY, EXIT_BUG},
        {TIJORI_FAILED, EXIT_IO},
        {TIJORI_IO, EXIT_IO},
        {TIJORI_NO_ED25519, EXIT_IO},
        {TIJORI_BUSY, EXIT_TRY_AGAIN},
        {TIJORI_CLOCK_JUMP, EXIT_TRY_AGAIN},
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (others[i].status == status) {
            return others[i].code;
        }
    }
    return EXIT_DATA;
}

int exit_code_of_verdict(enum tijori_verdict verdict)
{
    switch (verdict) {
    case TIJORI_PASS:
        return EXIT_PASS;
    case TIJORI_FINDING:
        return EXIT_FINDING;
    case TIJORI_INCOMPLETE:
        return EXIT_INCOMPLETE;
    case TIJORI_FAIL:
        return EXIT_FAIL;
    }
    abort();
}

/* By how much it says; the larger the more. */
static int weight_of(int code)
{
    switch (code) {
    case EXIT_PASS:
        return 0;
    case EXIT_INCOMPLETE:
        return 1;
    case EXIT_FINDING:
        return 2;
    case EXIT_FAIL:
        return 4;
    default:
        return 3;
    }
}

int exit_code_of_both(int one, int other)
{
    return weight_of(other) > weight_of(one) ? other : one;
}

/* A disk may tell only when it is asked to write that it is full. What is no file has nothing to
 * sync, and says so. */
int output_kept(int code)
{
    bool written = fflush(stdout) == 0 && ferror(stdout) == 0;
    if (written && (fsync(STDOUT_FILENO) == 0 || errno == EINVAL || errno == EROFS)) {
        return code;
    }
    return exit_code_of_both(code, fail(EXIT_IO, "standard output: write failed"));
}
