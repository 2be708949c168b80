#ifndef TIJORI_CORE_EXCHANGE_LABELS_H
#define TIJORI_CORE_EXCHANGE_LABELS_H

/* The labels of accounts, which stand in the journal and not in the state: found along the entries
 * with directives, which are chained backwards from the newest to entry 0.
 *
 * Threads: one, the transaction's. */

#include "core/log/journal.h"

/* The label that an account of the first `size` entries was opened with; empty when it has none.
 * CORRUPT when nothing opened it, IO. */
enum tijori_status tj_label_of(struct tj_txn *txn, char label[TJ_LABEL_SIZE + 1], uint64_t account,
                               uint64_t size) TJ_MUST_USE;

/* For all accounts of a state, by one walk: the record that opened each, 8 bytes an account. A
 * label is read from there when it is asked for. */
struct tj_labels;
/* The state is that after the first `size` entries; the transaction outlives the labels. CORRUPT,
 * MEMORY, IO: *out is NULL. */
enum tijori_status tj_labels_create(struct tj_txn *txn, struct tj_labels **out,
                                    const struct tj_state *state, uint64_t size) TJ_MUST_USE;
/* NULL is accepted. */
void tj_labels_destroy(struct tj_labels *labels);
/* Empty when there is none. */
void tj_labels_get(struct tj_labels *labels, char out[TJ_LABEL_SIZE + 1], uint64_t account);

#endif
