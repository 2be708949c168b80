#ifndef TIJORI_CORE_AUDIT_FOLDER_TILES_H
#define TIJORI_CORE_AUDIT_FOLDER_TILES_H

/* Compares the tiles and entry bundles of a folder with the entries that were replayed
 * (docs/FORMAT.md section 14). That is done for those of the tree as it is now, and for the partial
 * ones that earlier exports left. The result is in the report, under TILES. False: a failure. */

#include "core/audit/folder.h"

/* After each entry: checks the tiles and bundles that it filled, at their full width. */
bool tj_folder_check_full_tiles(struct tj_folder *folder, struct tj_progress *progress) TJ_MUST_USE;

/* After the last entry: checks those that are not full. */
bool tj_folder_check_last_tiles(struct tj_folder *folder, struct tj_progress *progress) TJ_MUST_USE;

#endif
