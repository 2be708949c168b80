#ifndef TIJORI_CORE_LOG_LOG_HEAD_H
#define TIJORI_CORE_LOG_LOG_HEAD_H

/* Where a log ends, as the log itself says it: docs/FORMAT.md section 9. The row `head` is a
 * shorter way to the same, and is held against it whenever a ledger is opened. */

#include "core/log/journal.h"

/* The head, with a frontier that was computed: the newest entries are hashed, and the nodes of the
 * tree are compared with those below them. A row that is damaged is worked out anew, which
 * `repairs` says. CORRUPT when the log is not what a sound row says of it; `repairs` has where. */
enum tijori_status tj_log_head(struct tj_txn *txn, struct tj_digester *digester,
                               struct tj_head_row *out, struct tj_repairs *repairs) TJ_MUST_USE;

#endif
