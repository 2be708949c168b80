#ifndef TIJORI_CLI_AUDIT_RECEIPT_H
#define TIJORI_CLI_AUDIT_RECEIPT_H

/* tijori-audit check-receipt: whether a log keeps what a signed receipt promised (docs/FORMAT.md
 * section 15). */

#include "cli/options.h"

int audit_receipt(const struct arguments *arguments);

#endif
