#ifndef TIJORI_CORE_AUDIT_FOLDER_INVENTORY_H
#define TIJORI_CORE_AUDIT_FOLDER_INVENTORY_H

/* Checks that the log accounts for every file of a folder (docs/FORMAT.md section 14). So nobody
 * can hide anything beside a log, and nothing that was not checked passes for checked (I11). */

#include "core/audit/folder.h"

/* To be called after the last entry, when all tiles were right. The result is in the report, under
 * FILES. */
void tj_folder_check_inventory(struct tj_folder *folder, struct tj_progress *progress);

#endif
