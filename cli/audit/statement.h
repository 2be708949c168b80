#ifndef TIJORI_CLI_AUDIT_STATEMENT_H
#define TIJORI_CLI_AUDIT_STATEMENT_H

/* tijori-audit statement: the statement of a period, made from an exported folder or a ledger that
 * verifies, without the operator. */

#include "cli/options.h"

int audit_statement(const struct arguments *arguments);

#endif
