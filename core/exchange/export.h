#ifndef TIJORI_CORE_EXCHANGE_EXPORT_H
#define TIJORI_CORE_EXCHANGE_EXPORT_H

/* A log as a folder of plain files, docs/FORMAT.md section 14.
 *
 * All that leaves the ledger is hashed first, and nothing leaves one that is damaged. What is in
 * the folder already is believed when its bytes are the right ones: a hole, an emptied or a changed
 * file is written again. `checkpoint` comes when all that it names is on the disk, so that an
 * export that was cut short is the one it was before, with more in it. */

#include "core/base/message.h"
#include "core/base/told.h"
#include "core/format/folder_layout.h"
#include "core/ingest/ledger.h"
#include "core/log/stored_checkpoint.h"

struct tj_export_order {
    const char *dir; /* the ledger's, for messages */
    const char *out; /* made when missing; its parent must exist */
    enum tj_folder_kind kind;
    bool change_kind; /* a public folder may become a full one */
    bool attachments;
    const struct tj_told *told; /* may be NULL */
};

struct tj_export_done {
    uint64_t entries;
    uint64_t files; /* written */
    uint64_t bytes;
    uint64_t restricted; /* bodies left out */
};

/* Exports up to the checkpoint `newest` of the log that is viewed. `message` (may be NULL) says why
 * not:
 *     EXISTS       the folder is neither empty nor an export, or one of another kind
 *     LOCKED       another export is writing into it
 *     LEDGER_ID    it is of another log
 *     KNOWN_AHEAD  it has more entries than the checkpoint: the ledger was rolled back
 *     FORK         it is of another history of this log
 *     CORRUPT      the ledger is damaged
 *     NOT_FOUND, DENIED, FULL, MEMORY, IO
 * What was written before stays, and the next export goes on from it. Threads: one; the view's. */
enum tijori_status tj_export(const struct tj_ledger_view *view, struct tj_export_done *done,
                             const struct tj_stored_checkpoint *newest,
                             const struct tj_export_order *order,
                             struct tijori_message *message) TJ_MUST_USE;

#endif
