#ifndef TIJORI_CORE_AUDIT_FOLDER_INVENTORY_H
#define TIJORI_CORE_AUDIT_FOLDER_INVENTORY_H

/* Every file of a folder is one that the log accounts for (docs/FORMAT.md section 14): nobody can
 * hide anything beside a log, and nothing that was not checked passes for checked (I11). */

#include "core/audit/folder.h"

/* After the last entry, when all tiles were right. What is found is in the report, under FILES. */
void tj_folder_check_inventory(struct tj_folder *folder, struct tj_progress *progress);

#endif
