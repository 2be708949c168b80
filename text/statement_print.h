#ifndef TIJORI_TEXT_STATEMENT_PRINT_H
#define TIJORI_TEXT_STATEMENT_PRINT_H

/* A statement's JSON values as CSV (RFC 4180) or a page of HTML, one line a figure:
 * section, asset, party, name, account, label, item, purpose, amount. */

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

struct statement_printer {
    FILE *out;
    bool html;        /* else CSV */
    char section[32]; /* whose table is open */
};

/* All but the accounts; then each account; then the end. */
void statement_print_head(struct statement_printer *printer, const json_t *head);
void statement_print_account(struct statement_printer *printer, const json_t *account);
void statement_print_end(struct statement_printer *printer);

#endif
