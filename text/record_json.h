#ifndef TIJORI_TEXT_RECORD_JSON_H
#define TIJORI_TEXT_RECORD_JSON_H

/* A record as a JSON object and back, driven by tj_record_layout: docs/FORMAT.md section 11.
 *
 *     {"kind": "move", "purpose": "purchase", "from": "1:0", "to": "1:1", "amount": "1.5 BTC", ...}
 *
 * Members are named as the fields of section 3. Numbers are integers, or decimal strings above
 * 2^63 - 1; purposes, classes, roles and the like go by name, a set of them as an array of names,
 * of groups as one of numbers; accounts are "party:local", holders that or "party:*", records
 * "entry:position", dates "2021-09-06", times RFC 3339 in UTC (`timeout` for timeout_s); hashes,
 * keys and blinds are hex. An amount is `amount` with its unit where the asset is known, else
 * `amount_base`, an integer; so are other fields that hold amounts. Members that say "none", or
 * that the record's type does not use, may be left out, and are left out in what is written. */

#include "text/text.h"
#include "core/format/record.h"

#include <jansson.h>

struct record_json_error {
    char member[48];
    char rule[240];
};

/* A new reference. The record's form was checked. `assets` may be NULL. That there was no memory is
 * remembered as in text/json.h, and the answer then lacks members, or is NULL. */
json_t *record_to_json(const uint8_t record[TJ_RECORD_SIZE], const struct assets *assets);

/* False with the member and the rule when a member is missing, unknown, or not of its type. What is
 * written has the layout's form but for what tj_record_check finds. */
bool record_from_json(uint8_t record[TJ_RECORD_SIZE], struct record_json_error *error,
                      const json_t *object, const struct assets *assets) TJ_MUST_USE;

#endif
