#ifndef TIJORI_CLI_TIJORI_REPAIRS_PRINT_H
#define TIJORI_CLI_TIJORI_REPAIRS_PRINT_H

#include "core/ingest/ledger.h"

/* Says on standard error what of the ledger in `dir` was found damaged when it was opened, a line
 * each; nothing when nothing was. */
void repairs_say(const struct tijori *ledger, const char *dir);

#endif
