#ifndef TIJORI_CLI_OPTION_TABLE_H
#define TIJORI_CLI_OPTION_TABLE_H

/* What a program's commands take, as tables: cli/options.h reads command lines by them,
 * cli/options_print.h prints help, synopses and man pages from them. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_kind {
    OPTION_FLAG,
    OPTION_VALUE, /* given once at most */
    OPTION_LIST,
};

struct option_row {
    const char *name; /* without the dashes; NULL ends a table */
    char letter;      /* short form, 0 for none */
    uint8_t kind;     /* enum option_kind */
    bool required;
    const char *metavar; /* NULL for a flag; "text|json": one of these, the first is the default */
    const char *help;    /* NULL: for tests, not shown */
};

/* Flags of an operand. A ledger that is left out is the one of TIJORI_DIR or of the configuration;
 * "DIR" is told from what follows it by being a directory, "DIR|FILE" by being there. */
enum operand_kind {
    OPERAND_NEEDED = 0,
    OPERAND_OPTIONAL = 1,
    OPERAND_LEDGER = 2,
};

struct operand_row {
    const char *name; /* NULL ends a table; the last may be "FILE...", as many as are given */
    uint8_t kind;     /* enum operand_kind */
    const char *help;
};

struct example_row {
    const char *command; /* NULL ends a table */
    const char *text;
};

/* clang-format off */
#define END_OF_OPTIONS {NULL, 0, 0, false, NULL, NULL}
#define END_OF_OPERANDS {NULL, OPERAND_NEEDED, NULL}
#define END_OF_EXAMPLES {NULL, NULL}
/* What a command prints in. */
#define FORMAT_OPTION(choices) {"format", 0, OPTION_VALUE, false, choices, "how to print"}
/* clang-format on */

struct arguments;

struct command {
    const char *name;              /* "status", "key new"; "" when the program has one command */
    const char *summary;           /* one line, lower case, no full stop */
    const char *const *paragraphs; /* NULL-ended; may be NULL, as the three below */
    const struct operand_row *operands;
    const struct option_row *options;
    const struct example_row *examples;
    int (*run)(const struct arguments *arguments); /* returns an exit code, cli/exit.h */
};

struct program {
    const char *name;
    const char *summary;
    const char *const *paragraphs; /* NULL-ended */
    const struct command *commands;
    size_t command_count;
    const char *see_also; /* for the man page: "tijori-audit" */
    bool configured;      /* what is left out may come from the environment and cli/config.h */
};

#endif
