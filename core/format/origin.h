#ifndef TIJORI_CORE_FORMAT_ORIGIN_H
#define TIJORI_CORE_FORMAT_ORIGIN_H

/* The origin names the log that a checkpoint is of: `<name>/<ledger id in hex>`. docs/FORMAT.md
 * section 14. */

#include "crypto/must_use.h"
#include "core/base/limits.h"
#include "crypto/hash.h"

#include <stdbool.h>

/* Bytes with the NUL, at most. */
enum { TJ_ORIGIN_MAX = TJ_NAME_SIZE + 1 + 64 + 1 };

/* True when an origin may begin with this name: then the whole origin is a key name of C2SP
 * signed-note. */
bool tj_origin_name_valid(const char *name, size_t size) TJ_MUST_USE;

/* The ledger id that an origin ends in: lower-case hex after the last slash. False when it does not
 * end so. */
bool tj_origin_ledger_id(struct tj_hash *out, const char *origin) TJ_MUST_USE;

#endif
