#ifndef TIJORI_CLI_AUDIT_RECEIPT_PRINT_H
#define TIJORI_CLI_AUDIT_RECEIPT_PRINT_H

/* What became of a receipt, as text and as JSON. */

#include "core/format/receipt.h"

/* What was found, and what shows it to others. */
struct audit_receipt_finding {
    int code; /* EXIT_PASS, EXIT_FAIL, EXIT_INCOMPLETE */
    char text[1024];
    const struct tj_receipt *receipt;
    const char *note; /* the signed receipt */
    size_t note_size;
    char *contrary; /* what the log signed besides, when the two contradict each other; or NULL */
    size_t contrary_size;
};

/* Prints it; answers its code. */
int audit_receipt_print(const struct audit_receipt_finding *finding, bool json);

#endif
