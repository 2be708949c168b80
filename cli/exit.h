#ifndef TIJORI_CLI_EXIT_H
#define TIJORI_CLI_EXIT_H

/* Exit codes (the numbers above 64 are those of BSD's sysexits.h) and how a program says what went
 * wrong: one line on standard error, "tijori sign: ...". */

#include "core/base/digester.h"
#include "core/base/message.h"

/* clang-format off */
#define EXIT_CODES(X) \
    X(PASS, 0, "all went well; a verification passed") \
    X(FAIL, 1, "a verification failed, or the stored ledger is damaged") \
    X(USAGE, 2, "the command line is wrong") \
    X(INCOMPLETE, 3, "something is missing: part of a verification was skipped, a quorum is not there, or newer software is needed") \
    X(FINDING, 4, "nothing failed, and there is something that a reader must know: a statement that the log contradicts, a delay or a promise that was not kept, a programme that was broken") \
    X(DATA, 65, "bad input; an envelope was refused") \
    X(NO_INPUT, 66, "a file, a ledger or a part of it is not there") \
    X(UNAVAILABLE, 69, "a service is not available") \
    X(BUG, 70, "a bug in the program") \
    X(IO, 74, "reading or writing failed") \
    X(TRY_AGAIN, 75, "not now: another process is writing, no space, no memory, a clock that nothing confirms; try again") \
    X(DENIED, 77, "permission denied, or a passphrase is wrong or missing") \
    X(CONFIG, 78, "the configuration is wrong")
/* clang-format on */

enum exit_code {
#define EXIT_CODE_ENUM(name, number, text) EXIT_##name = number,
    EXIT_CODES(EXIT_CODE_ENUM)
#undef EXIT_CODE_ENUM
};

/* The exit code of a command that ended with this status. */
int exit_code_of(enum tijori_status status);

/* The exit code of a check that came to this verdict. */
int exit_code_of_verdict(enum tijori_verdict verdict);
/* The one that a program ends with where two things came to codes of their own: 1 says the most,
 * then what kept the program from telling, then 4, then 3. */
int exit_code_of_both(int one, int other);
/* Writes out what standard output still holds, to the disk where it is a file. `code`, or both
 * where that failed, which is said. */
int output_kept(int code);

/* First in main(). A program that was started with one of the descriptors 0 to 2 closed would give
 * its number to the next file it opens, and print into that. Such a descriptor is taken here by
 * one that can be neither read nor written, so that a read or a print fails. */
void program_begin(void);

/* Last in main(), and in a child process that printed: sees to it that standard output was written.
 * Returns `code`, or EXIT_IO where what should have passed lost its output; says so in any case. */
int program_end(int code);

/* Once there is a secret in the process: leaves no core file, which would hold it, and lets nobody
 * else of this user read the memory. */
void secrets_begin(void);
/* Keeps memory that holds a secret out of the swap space, where the system allows that. */
void secret_lock(void *memory, size_t size);

/* The name that messages start with: "tijori sign". Points into the caller's memory. */
void message_name(const char *program, const char *command);

/* Prints one line to standard error, control characters made harmless. */
void message(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, and returns `code`. */
int fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "what: the status's text (detail)", and its exit code. `detail` may be NULL or empty. */
int fail_status(enum tijori_status status, const char *what, const char *detail);
/* What a function below the command line said of its failure, and the status's exit code. */
int fail_said(enum tijori_status status, const struct tijori_message *said);
/* The error of a system call on a file: "what: No such file or directory". */
int fail_errno(int error, const char *what);

/* Says "tijori: out of memory" and ends the program with EXIT_TRY_AGAIN. A ledger that is open may
 * be left like that, since a process may die at any time. A file that is being written may not:
 * until it is complete or gone, answer fail_errno(ENOMEM, ...) instead. */
_Noreturn void out_of_memory(void);
/* What malloc() and its kin answered: the memory, or the program ends as above. */
void *memory_needed(void *memory) TJ_MUST_USE;
/* A digester that is set up, or the program ends as above. */
void digester_needed(struct tj_digester *digester);

#endif
