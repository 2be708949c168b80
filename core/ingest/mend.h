#ifndef TIJORI_CORE_INGEST_MEND_H
#define TIJORI_CORE_INGEST_MEND_H

/* Writing anew what is derived from the log and was found damaged: docs/FORMAT.md section 9. What
 * reading found, and how the state came to be right without it, is in core/log/log_head.h and
 * snapshot.h. Whoever calls holds both locks of the ingest (tj_ingest_hold). */

#include "core/ingest/ingest.h"
#include "core/log/scrub.h"

/* Looks at all rows of the nodes and of meta, and mends them; and the rows of the state and the
 * head where `repairs` says that something was found. What is found here is added to `repairs`; how
 * many there were is kept in the row `walk`. With `entries` the lowest nodes are compared with the
 * entries too, all of which are hashed. Blocks that have no row are left to tj_ingest_store_all. */
enum tijori_status tj_mend(struct tj_ingest *ingest, struct tj_repairs *repairs,
                           bool entries) TJ_MUST_USE;

/* Writes how far a scrub has come. */
enum tj_storage_status tj_put_walk(struct tj_txn *txn, const struct tj_walk *walk) TJ_MUST_USE;

#endif
