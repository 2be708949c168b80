#ifndef TIJORI_CORE_AUDIT_FOLDER_TILES_H
#define TIJORI_CORE_AUDIT_FOLDER_TILES_H

/* The tiles and entry bundles of a folder against the entries that were replayed: those of the tree
 * as it is, and the partial ones that earlier exports left (docs/FORMAT.md section 14). What they
 * find is in the report, under TILES; false: a failure. */

#include "core/audit/folder.h"

/* After an entry: what it completed, as wide as it gets. */
bool tj_folder_check_full_tiles(struct tj_folder *folder, struct tj_progress *progress) TJ_MUST_USE;

/* After the last entry: what is not full. */
bool tj_folder_check_last_tiles(struct tj_folder *folder, struct tj_progress *progress) TJ_MUST_USE;

#endif
