#ifndef TIJORI_CLI_TIJORI_SHOW_H
#define TIJORI_CLI_TIJORI_SHOW_H

/* One entry as JSON, decoded and raw: docs/FORMAT.md section 10. What is stored may be damaged; the
 * raw bytes are given all the same, and `damaged` says what could not be decoded. */

#include "cli/tijori/reading.h"

#include <jansson.h>

/* A new reference, or NULL when there is no such entry: then *status says why. With `position` not
 * TJ_NOWHERE, `records` has that record alone. */
json_t *show_entry(const struct reading *reading, enum tijori_status *status, uint64_t index,
                   uint32_t position);

#endif
