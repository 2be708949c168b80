#ifndef TIJORI_CLI_OPTIONS_COMPLETION_H
#define TIJORI_CLI_OPTIONS_COMPLETION_H

/* Completion of a program's command line, as a script for a shell, from the tables of
 * cli/option_table.h: commands, options, and the values of options that name them. All else is
 * completed as files. */

#include "cli/option_table.h"

#include <stdio.h>

/* False when the shell is neither "bash" nor "zsh". */
bool options_print_completion(FILE *out, const struct program *program, const char *shell);

#endif
