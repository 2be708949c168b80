#include "cli/exit.h"

#include "text/text.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

static const char *name_program = "tijori";
static const char *name_command = "";

void message_name(const char *program, const char *command)
{
    name_program = program;
    name_command = command;
}

static void say(const char *format, va_list args)
{
    char text[1024];
    char safe[2048];
    vsnprintf(text, sizeof text, format, args);
    text_sanitise(safe, sizeof safe, text);
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
        {TIJORI_OK, EXIT_PASS},          {TIJORI_ALREADY, EXIT_PASS},
        {TIJORI_FULL, EXIT_TRY_AGAIN},   {TIJORI_NOT_FOUND, EXIT_NO_INPUT},
        {TIJORI_LOCKED, EXIT_TRY_AGAIN}, {TIJORI_FORMAT_UNKNOWN, EXIT_INCOMPLETE},
        {TIJORI_RULES, EXIT_INCOMPLETE}, {TIJORI_VERSION_UNKNOWN, EXIT_INCOMPLETE},
        {TIJORI_CORRUPT, EXIT_FAIL},     {TIJORI_DENIED, EXIT_DENIED},
        {TIJORI_MEMORY, EXIT_TRY_AGAIN}, {TIJORI_READ_ONLY, EXIT_BUG},
        {TIJORI_FAILED, EXIT_IO},        {TIJORI_IO, EXIT_IO},
        {TIJORI_NO_ED25519, EXIT_IO},
        {TIJORI_BUSY, EXIT_TRY_AGAIN},
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
