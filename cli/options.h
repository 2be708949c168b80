#ifndef TIJORI_CLI_OPTIONS_H
#define TIJORI_CLI_OPTIONS_H

/* One table says what a program's commands take; parsing, --help, --version and the man page all
 * come from it, so none of them can say anything else than the others.
 *
 * Spelling: `--name value`, `--name=value`, `-o value`, `-ovalue`; options and operands in any
 * order;
 * `--` ends the options; `-` alone is an operand. A list option takes every argument up to the next
 * option (`--key A B`), and may be repeated (`--key A --key B`); `--key=A` takes just that one. */

#include "cli/option_table.h"

/* An option as it was given. Pointers into argv. */
struct option_value {
    const struct option_row *row;
    const char *value; /* NULL for a flag */
};

struct arguments {
    const struct program *program;
    const struct command *command;
    const char *const *operands;
    size_t operand_count;
    const struct option_value *values; /* in the order given */
    size_t value_count;
};

/* Parses, runs the command, flushes standard output, and returns the exit code. */
int program_main(const struct program *program, char **argv, int argc);

/* What was given for an option of the command; asking for one that is not in its table is a bug. */
bool argument_flag(const struct arguments *arguments, const char *name);
/* NULL when it was not given. */
const char *argument_value(const struct arguments *arguments, const char *name);
/* Of "text|json": 0 for text, and when it was not given. */
unsigned argument_choice(const struct arguments *arguments, const char *name);
/* How often a list was given a value; and its values. */
size_t argument_count(const struct arguments *arguments, const char *name);
const char *argument_item(const struct arguments *arguments, const char *name, size_t index);
/* A decimal number from min to max; leaves *out as it is when the option was not given. False when
 * it is not one, and that was said on standard error: return EXIT_USAGE. */
bool argument_number(const struct arguments *arguments, uint64_t *out, const char *name,
                     uint64_t min, uint64_t max);

#endif
