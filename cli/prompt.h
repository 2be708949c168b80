#ifndef TIJORI_CLI_PROMPT_H
#define TIJORI_CLI_PROMPT_H

/* Asks for a secret on the terminal, with the echo off. Whatever ends the program meanwhile,
 * Control-C or kill, ends it at once and leaves the terminal as it was; only SIGKILL does not. */

#include <stdbool.h>
#include <stddef.h>

enum prompt_answer {
    PROMPT_GIVEN,
    PROMPT_NONE,        /* an empty line, or the end of the input */
    PROMPT_TOO_LONG,    /* more than `size` - 1 bytes */
    PROMPT_NUL,         /* a NUL in it, which would end it */
    PROMPT_NO_TERMINAL, /* there is none to ask on */
};

/* The line without its newline. */
enum prompt_answer prompt_secret(char *out, size_t size, const char *prompt);

#endif
