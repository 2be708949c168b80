#ifndef TIJORI_CLI_OPTIONS_PRINT_H
#define TIJORI_CLI_OPTIONS_PRINT_H

/* --help and man pages, from the tables of cli/option_table.h. */

#include "cli/option_table.h"

#include <stdio.h>

/* What follows a command's name, made from its table: operands, required options, and in brackets
 * what may be left out, each with a space in front. An option without a help text is not shown. */
enum { SYNOPSIS_SIZE = 1024 };
void options_synopsis(char out[SYNOPSIS_SIZE], const struct command *command);

/* The program's own help, one line a command; the command's; and the man page (man-pages(7), roff
 * with the man macros). */
void options_print_program(FILE *out, const struct program *program);
/* Of commands that begin with one word: "key" of "key new" and "key show". */
void options_print_group(FILE *out, const struct program *program, const char *group);
void options_print_command(FILE *out, const struct program *program, const struct command *command);
void options_print_exit_codes(FILE *out);
void options_print_man(FILE *out, const struct program *program, const char *version);

#endif
