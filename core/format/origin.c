#include "core/format/origin.h"

#include "core/base/cursor.h"

#include <string.h>

bool tj_origin_ledger_id(const char *origin, struct tj_hash *out)
{
    const char *slash = strrchr(origin, '/');
    return slash != NULL && slash != origin && strlen(slash + 1) == (size_t)2 * TJ_HASH_SIZE &&
           tj_read_hex(slash + 1, out->bytes, TJ_HASH_SIZE);
}
