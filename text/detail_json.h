#ifndef TIJORI_TEXT_DETAIL_JSON_H
#define TIJORI_TEXT_DETAIL_JSON_H

/* The details of a record, as members of its object: docs/FORMAT.md section 11.
 *
 *     {"kind": "move", ..., "reference": "longer than 16 bytes", "details": {"memo": "...",
 *      "transaction": {"txid": "...", "output": 0}, "price": {"total": "1.50", "currency": "USD"}}}
 *
 * Members of `details` are named by the types of section 3.3. A long_reference is shown as the
 * record's `reference`, and may be given as either. A txid is written as nodes write it: reversed.
 * An output that says "none in particular", and a source that is empty, are left out. */

#include "core/format/detail.h"
#include "text/record_json.h"
#include "text/words.h"

/* Sets `reference` and `details` in the object of the record that they belong to; none without
 * details. Their form was checked. */
void details_to_json(json_t *record, const uint8_t *details, uint32_t count);

/* Takes them out of the object of a record of this kind, which is then one without details. False
 * with the member and the rule; what is found has the form of section 3.3 but for what
 * tj_details_check finds. */
bool details_from_json(struct tj_details *out, struct record_json_error *error, json_t *record,
                       uint8_t kind) TJ_MUST_USE;

/* ", reference "..."; memo "..."": what a sentence about their record goes on with. */
void words_details(struct words *words, const struct tj_details *details);

/* As people write them: "8857500.00"; and the txid in hex. */
void text_format_price(char out[TJ_AMOUNT_TEXT_SIZE], const struct tj_details *details);
enum { TEXT_TXID_SIZE = 2 * TJ_TXID_SIZE + 1 };
void text_format_txid(char out[TEXT_TXID_SIZE], const struct tj_details *details);

#endif
