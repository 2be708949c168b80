#ifndef TIJORI_CORE_RULES_GENESIS_H
#define TIJORI_CORE_RULES_GENESIS_H

/* Entry 0 and the envelope of entry 1, from the genesis's records: docs/FORMAT.md section 6. */

#include "core/format/entry.h"
#include "core/rules/state.h"

struct tj_genesis {
    uint8_t entry[TJ_ENTRY_FIXED_SIZE + 2]; /* entry 0; it has no slots */
    struct tj_hash ledger_id;               /* its leaf hash */
    struct tj_hash envelope_id;
};

/* Builds entry 0 of `count` records made at `created_s`. The first record is the ledger record.
 * Whether the records follow section 6 is judged when the ledger is made (and by tj_genesis_check).
 */
void tj_genesis_build(struct tj_digester *digester, struct tj_genesis *out, const uint8_t *records,
                      uint32_t count, uint64_t created_s);

/* Form and rules of the genesis, without a ledger. */
enum tijori_status tj_genesis_check(struct tj_digester *digester, const uint8_t *records,
                                    uint32_t count, uint64_t created_s,
                                    struct tj_verdict *verdict) TJ_MUST_USE;

/* The state after entry 0, of records that tj_genesis_check accepts: who the authority is, for who
 * has no ledger. Destroyed by the caller. NULL when there is no memory. */
struct tj_state *tj_genesis_state(const struct tj_genesis *genesis,
                                  const uint8_t *records) TJ_MUST_USE;

/* The envelope of entry 1, not yet signed: its header and its one record (endorse of entry 0). */
void tj_genesis_opening(struct tj_digester *digester, struct tj_header *header,
                        uint8_t record[TJ_RECORD_SIZE], const struct tj_genesis *genesis,
                        uint64_t created_s, uint64_t expires_s);

#endif
