#ifndef TIJORI_CLI_EXPORT_H
#define TIJORI_CLI_EXPORT_H

/* A log as a folder of plain files, docs/FORMAT.md section 14. Files that are there already are
 * left alone, but for `checkpoint` and FORMAT.md, which are written last: a folder whose export was
 * cut short is the export it was before, with more in it. */

#include "core/ingest/ledger.h"

struct export_order {
    const char *dir; /* the ledger's, for messages */
    const char *out; /* made when missing; its parent must exist */
    bool public;     /* without the bodies of restricted entries */
    bool attachments;
};

struct export_done {
    uint64_t entries;
    uint64_t files; /* written */
    uint64_t bytes;
    uint64_t restricted; /* bodies left out */
};

/* Exports up to the newest checkpoint that was signed. An exit code; on anything but EXIT_PASS it
 * was said why. INCOMPLETE: none was signed. DATA: OUT is no earlier export of this log. */
int export_folder(const struct tj_ledger_view *view, const struct export_order *what,
                  struct export_done *done);

#endif
