#ifndef TIJORI_TEXT_ENTRY_JSON_H
#define TIJORI_TEXT_ENTRY_JSON_H

/* One entry of a ledger as JSON, decoded and raw: docs/FORMAT.md section 10. What is stored may be
 * damaged; the raw bytes are given all the same, and `damaged` says what could not be decoded. */

#include "text/named_json.h"

/* Where entries are read, and the names that go with them. */
struct entry_reader {
    struct tj_txn *txn;
    struct naming naming;
};

/* A new reference, or NULL when there is no such entry, or no memory: then *status says why. With
 * `position` not TJ_NOWHERE, `records` has that record alone. */
json_t *entry_to_json(const struct entry_reader *reader, enum tijori_status *status, uint64_t index,
                      uint32_t position) TJ_MUST_USE;

/* Not all of it could be decoded. */
bool entry_is_damaged(const json_t *entry) TJ_MUST_USE;

/* The entry for a person; or its one record, with the hash that a post, void or correct of it
 * has to name. */
void entry_print(FILE *out, const json_t *entry);
void entry_print_record(FILE *out, const json_t *entry);

#endif
