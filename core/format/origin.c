#include "core/format/origin.h"

#include "crypto/hex.h"
#include "crypto/note.h"

#include <assert.h>
#include <string.h>

/* What follows the name, a slash and hex digits, is valid in every key name, and leaves room. */
static_assert(TJ_ORIGIN_MAX - 1 <= TJ_NOTE_NAME_MAX, "an origin is not too long for a key name");

bool tj_origin_name_valid(const char *name, size_t size)
{
    return size <= TJ_NAME_SIZE && tj_note_name_valid(name, size);
}

bool tj_origin_ledger_id(struct tj_hash *out, const char *origin)
{
    const char *slash = strrchr(origin, '/');
    return slash != NULL && slash != origin &&
           tj_hex_decode(out->bytes, TJ_HASH_SIZE, slash + 1, strlen(slash + 1));
}
