#ifndef TIJORI_CLI_GENESIS_FILE_H
#define TIJORI_CLI_GENESIS_FILE_H

/* The genesis in a file that the command line names. Functions that answer an int answer an exit
 * code and have said why on standard error. */

#include "cli/exit.h"
#include "text/genesis_json.h"

/* Reads FILE ("-" is standard input), checks it, and builds entry 0. */
int genesis_file_read(const char *path, struct tj_digester *digester,
                      struct genesis_file *out) TJ_MUST_USE;
/* Writes FILE, which must not exist; "-" is standard output. */
int genesis_file_write(const char *path, const struct genesis_file *genesis) TJ_MUST_USE;
/* Checks and builds, for records made in memory. */
int genesis_file_build(const char *name, struct tj_digester *digester,
                       struct genesis_file *genesis) TJ_MUST_USE;

#endif
