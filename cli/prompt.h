#ifndef TIJORI_CLI_PROMPT_H
#define TIJORI_CLI_PROMPT_H

/* Asks on the terminal, whatever standard input is. A secret is asked for with the echo off.
 * Whatever ends the program meanwhile, Control-C or kill, ends it at once and leaves the terminal
 * as it was; only SIGKILL does not. */

#include <stdbool.h>
#include <stddef.h>

enum prompt_answer {
    PROMPT_GIVEN,
    PROMPT_NONE,        /* an empty line, or the end of the input */
    PROMPT_TOO_LONG,    /* more than `size` - 1 bytes */
    PROMPT_NUL,         /* a NUL in it, which would end it */
    PROMPT_NO_TERMINAL, /* there is none to ask on */
};

/* The line without its newline. Behind the name of a secret stands a colon; a question is asked as
 * it is. */
enum prompt_answer prompt_secret(char *out, size_t size, const char *prompt);
enum prompt_answer prompt_line(char *out, size_t size, const char *prompt);

#endif
