#ifndef TIJORI_CLI_AUDIT_VERIFY_H
#define TIJORI_CLI_AUDIT_VERIFY_H

/* tijori-audit verify: a replay of a log, and its report. */

#include "cli/options.h"

int audit_verify(const struct arguments *arguments);

#endif
