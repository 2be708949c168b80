#ifndef TIJORI_CORE_INGEST_MEND_H
#define TIJORI_CORE_INGEST_MEND_H

/* Writing anew what is derived from the log and was found damaged: docs/FORMAT.md section 9. What
 * reading found, and how the state came to be right without it, is in core/log/log_head.h and
 * snapshot.h. Whoever calls holds both locks of the ingest (tj_ingest_hold). */

#include "core/ingest/ingest.h"

/* Looks at all rows of the nodes and of meta, and mends them; and the rows of the state and the
 * head where `repairs` says that loading found something. What is found here is added to `repairs`.
 * Blocks that are to be stored again are left to tj_ingest_store_all. */
enum tijori_status tj_mend(struct tj_ingest *ingest, struct tj_repairs *repairs) TJ_MUST_USE;

#endif
