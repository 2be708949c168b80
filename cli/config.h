#ifndef TIJORI_CLI_CONFIG_H
#define TIJORI_CLI_CONFIG_H

/* What is the same every day, in a file: `option = value`, a line each, and `dir = DIR` for the
 * ledger. Empty lines and those that begin with # say nothing. Which options there are, and which
 * of them a command takes, is asked by cli/options.c.
 *
 * The file can name a program that signs (--signer), so it must be the user's own. */

#include "cli/option_table.h"

struct config_line {
    const char *name;
    const char *value;
    unsigned number; /* in the file, from 1 */
};

struct config {
    char path[4096];
    char *text;
    struct config_line *lines;
    size_t count;
};

/* --config, --verbose: what every command of a configured program takes. END_OF_OPTIONS ends it. */
extern const struct option_row config_options[];

/* `named`: --config, or NULL for the user's own, which need not be there. Answers an exit code, and
 * has said why; to be cleared either way. */
int config_read(struct config *out, const char *named);
void config_clear(struct config *config);
/* Says what is wrong with a line. Returns EXIT_CONFIG. */
int config_fail(const struct config *config, const struct config_line *line, const char *what);

#endif
