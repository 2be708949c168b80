#ifndef TIJORI_CORE_LOG_PROVE_H
#define TIJORI_CORE_LOG_PROVE_H

/* Making a proof of one entry or record from a ledger: docs/FORMAT.md section 16.
 *
 * Threads: one; reads a transaction and the state that goes with it. */

#include "core/log/stored_checkpoint.h"
#include "core/format/exhibit.h"

/* Fills in the exhibits of record `position` of entry `index` (TJ_NOWHERE: of the entry alone), and
 * the path of the entry in the tree of the first `size` entries. Entries and records point into the
 * transaction. What comes out is as right as the store is, so it is to be verified before it is
 * given to anyone.
 *     NOT_FOUND  no such entry among the first `size`, or no such record in it
 *     DETAIL     the record is a detail: out->list[0].position is that of the record that has it
 *     CORRUPT    the store is damaged */
enum tijori_status tj_prove(struct tj_txn *txn, struct tj_digester *digester,
                            struct tj_exhibits *out, struct tj_hash path[TJ_PATH_MAX],
                            size_t *path_count, const struct tj_state *state, uint64_t size,
                            uint64_t index, uint32_t position) TJ_MUST_USE;

#endif
