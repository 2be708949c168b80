#ifndef TIJORI_CLI_AUDIT_DIFF_H
#define TIJORI_CLI_AUDIT_DIFF_H

/* tijori-audit diff: two logs, entry by entry. */

#include "cli/log_source.h"

int audit_diff(const struct arguments *arguments);

#endif
