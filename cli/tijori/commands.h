#ifndef TIJORI_CLI_TIJORI_COMMANDS_H
#define TIJORI_CLI_TIJORI_COMMANDS_H

/* The commands of tijori, one file each (cli/cmd_*.c); what they take stands in the table of
 * cli/tijori/tijori_table.c. Each returns an exit code. */

#include "cli/exit.h"
#include "cli/options.h"

extern const struct program tijori_program_table;

int cmd_key_new(const struct arguments *arguments);
int cmd_key_convert(const struct arguments *arguments);
int cmd_key_show(const struct arguments *arguments);
int cmd_checkpoint(const struct arguments *arguments);
int cmd_export(const struct arguments *arguments);
int cmd_genesis(const struct arguments *arguments);
int cmd_init(const struct arguments *arguments);
int cmd_propose(const struct arguments *arguments);
int cmd_sign(const struct arguments *arguments);
int cmd_merge(const struct arguments *arguments);
int cmd_unsign(const struct arguments *arguments);
int cmd_import(const struct arguments *arguments);
int cmd_ingest(const struct arguments *arguments);
int cmd_statement(const struct arguments *arguments);
int cmd_status(const struct arguments *arguments);
int cmd_parties(const struct arguments *arguments);
int cmd_accounts(const struct arguments *arguments);
int cmd_balance(const struct arguments *arguments);
int cmd_history(const struct arguments *arguments);
int cmd_log(const struct arguments *arguments);
int cmd_rules(const struct arguments *arguments);
int cmd_pending(const struct arguments *arguments);
int cmd_scrub(const struct arguments *arguments);
int cmd_show(const struct arguments *arguments);
int cmd_prove(const struct arguments *arguments);

#endif
