#ifndef TIJORI_CORE_EXCHANGE_EXPORT_H
#define TIJORI_CORE_EXCHANGE_EXPORT_H

/* A log as a folder of plain files, docs/FORMAT.md section 14. Files that are there already are
 * left alone. Only `checkpoint` and FORMAT.md are replaced, and they are written last. So a folder
 * whose export was cut short is still the export that it was before, with more in it. */

#include "core/base/message.h"
#include "core/log/stored_checkpoint.h"

struct tj_export_order {
    const char *dir; /* the ledger's, for messages */
    const char *out; /* made when missing; its parent must exist */
    bool public;     /* without the bodies of restricted entries */
    bool attachments;
};

struct tj_export_done {
    uint64_t entries;
    uint64_t files; /* written */
    uint64_t bytes;
    uint64_t restricted; /* bodies left out */
};

/* Exports the log that the transaction reads, up to its public checkpoint `newest`. `message` (may
 * be NULL) says why not.
 *     EXISTS       OUT is neither empty nor an export, or it is not a public one as was asked for
 *     LEDGER_ID    OUT is of another log
 *     KNOWN_AHEAD  OUT has more entries than the checkpoint: the ledger was rolled back
 *     FORK         OUT is of another history of this log
 *     CORRUPT      the ledger is damaged
 *     NOT_FOUND, DENIED, FULL, MEMORY, IO
 * What was written until a failure stays, and the next export goes on from it.
 *
 * Threads: one; the transaction's. */
enum tijori_status tj_export(struct tj_txn *txn, struct tj_digester *digester,
                             struct tj_export_done *done, const struct tj_stored_checkpoint *newest,
                             const struct tj_export_order *order,
                             struct tijori_message *message) TJ_MUST_USE;

#endif
