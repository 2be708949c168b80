#ifndef TIJORI_TEXT_STATEMENT_DOC_H
#define TIJORI_TEXT_STATEMENT_DOC_H

/* The statement of a period as a document (docs/FORMAT.md section 17), the same for the operator
 * and for an auditor: JSON is the form that is hashed and signed; CSV and HTML are made from the
 * JSON values. Accounts are written one by one, so millions of them do not stand in memory twice.
 *
 * Nothing here comes from a clock: one log, one period, the same prices, the same bytes. */

#include "core/audit/period.h"

#include <jansson.h>
#include <stdio.h>

enum statement_format { STATEMENT_JSON, STATEMENT_CSV, STATEMENT_HTML };

/* "BTC=95000.00 USD, SOURCE": what one unit of an asset is worth, and who says so. */
struct statement_price {
    char code[TJ_ASSET_CODE_SIZE + 1];
    uint64_t price; /* in units of 10^-decimals */
    uint8_t decimals;
    char unit[16];
    char source[160];
};
enum { STATEMENT_PRICES_MAX = 16 };
struct statement_prices {
    struct statement_price of[STATEMENT_PRICES_MAX];
    size_t count;
};
/* What is wrong with a price, as a sentence. */
struct statement_message {
    char text[512];
};
/* Adds a price. On false *why says what is wrong with it. */
bool statement_add_price(struct statement_message *why, struct statement_prices *prices,
                         const char *text) TJ_MUST_USE;
/* Each price is of an asset that the ledger had in the period. As above. */
bool statement_know_prices(struct statement_message *why, const struct tj_period *period,
                           const struct statement_prices *prices) TJ_MUST_USE;

/* Writes the document. False when writing failed. */
bool statement_write(FILE *out, enum statement_format format, const struct tj_period *period,
                     const struct tj_hash *ledger_id,
                     const struct statement_prices *prices) TJ_MUST_USE;

/* SHA-256 of the JSON form. */
bool statement_hash(const struct tj_period *period, const struct tj_hash *ledger_id,
                    const struct statement_prices *prices, struct tj_hash *out) TJ_MUST_USE;

/* The statement records that give the document's totals; *out is freed by the caller, either way.
 * `document` is its hash. Figures that are 0 and say nothing are left out. False: no memory. */
bool statement_records(struct tj_record **out, size_t *count, const struct tj_period *period,
                       const struct tj_hash *document) TJ_MUST_USE;

#endif
