#ifndef TIJORI_CLI_AUDIT_RECEIPT_PRINT_H
#define TIJORI_CLI_AUDIT_RECEIPT_PRINT_H

/* What became of a receipt, as text and as JSON. */

#include "core/exchange/receipt_check.h"

/* What was found, and what shows it to others. */
struct audit_receipt_result {
    const char *path; /* of the log */
    const struct tj_receipt *receipt;
    const char *note; /* the signed receipt */
    size_t note_size;
    struct tj_receipt_finding finding;
};

/* Prints it; answers its exit code. */
int audit_receipt_print(const struct audit_receipt_result *result, bool json);

#endif
