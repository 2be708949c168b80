#include "core/format/origin.h"

#include "crypto/hex.h"

#include <string.h>

bool tj_origin_ledger_id(const char *origin, struct tj_hash *out)
{
    const char *slash = strrchr(origin, '/');
    return slash != NULL && slash != origin &&
           tj_hex_decode(out->bytes, TJ_HASH_SIZE, slash + 1, strlen(slash + 1));
}
