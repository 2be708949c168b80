#ifndef TIJORI_TEXT_RECEIPT_PRINT_H
#define TIJORI_TEXT_RECEIPT_PRINT_H

/* What became of a receipt, as text and as JSON. */

#include "core/exchange/receipt_check.h"

#include <stdio.h>

/* What was found, and what shows it to others. */
struct receipt_result {
    const char *path; /* of the log */
    const struct tj_receipt *receipt;
    const char *note; /* the signed receipt */
    size_t note_size;
    struct tj_receipt_finding finding;
};

void receipt_print_text(FILE *out, const struct receipt_result *result);
/* `exit` is what the program will answer. */
void receipt_print_json(FILE *out, const struct receipt_result *result, int exit);

#endif
