#include "core/format/folder_layout.h"

#include "crypto/hex.h"
#include "crypto/note.h"

#include <inttypes.h>

const struct tj_folder_top tj_folder_tops[TJ_FOLDER_TOPS] = {
    {TJ_FOLDER_CHECKPOINT, false}, {TJ_FOLDER_CHECKPOINTS, true}, {TJ_FOLDER_TILES, true},
    {TJ_FOLDER_BODIES, true},      {TJ_FOLDER_ATTACHMENTS, true}, {TJ_FOLDER_DOCUMENT, false},
    {TJ_FOLDER_KIND, false},
};

const struct tj_folder_top *tj_folder_top_of(const char *name)
{
    for (size_t i = 0; i < TJ_FOLDER_TOPS; i++) {
        if (strcmp(tj_folder_tops[i].name, name) == 0) {
            return &tj_folder_tops[i];
        }
    }
    return NULL;
}

bool tj_folder_unfinished(const char *name)
{
    return strncmp(name, TJ_FOLDER_UNFINISHED, strlen(TJ_FOLDER_UNFINISHED)) == 0;
}

static const char *const kind_texts[TJ_FOLDER_KINDS] = {
    [TJ_FOLDER_FULL] = "full\n",
    [TJ_FOLDER_PUBLIC] = "public\n",
};

const char *tj_folder_kind_text(enum tj_folder_kind kind)
{
    return kind_texts[kind];
}

bool tj_folder_kind_decode(enum tj_folder_kind *kind, const void *bytes, size_t size)
{
    for (size_t i = 0; i < TJ_FOLDER_KINDS; i++) {
        if (size == strlen(kind_texts[i]) && memcmp(bytes, kind_texts[i], size) == 0) {
            *kind = (enum tj_folder_kind)i;
            return true;
        }
    }
    return false;
}

/* ---- paths ---- */

void tj_content_path(char out[TJ_FOLDER_PATH_MAX], const char *folder,
                     const uint8_t hash[TJ_HASH_SIZE])
{
    char hex[TJ_HASH_DIGITS + 1];
    tj_hex_encode(hex, hash, TJ_HASH_SIZE);
    snprintf(out, TJ_FOLDER_PATH_MAX, "%s/%.2s/%s", folder, hex, hex + 2);
}

bool tj_content_path_decode(uint8_t hash[TJ_HASH_SIZE], const char *first, const char *rest)
{
    return tj_hex_decode(hash, 1, first, strlen(first)) &&
           tj_hex_decode(hash + 1, TJ_HASH_SIZE - 1, rest, strlen(rest));
}

void tj_checkpoint_path(char out[TJ_FOLDER_PATH_MAX], uint64_t size, const struct tj_hash *hash)
{
    char hex[TJ_HASH_DIGITS + 1];
    tj_hex_encode(hex, hash->bytes, TJ_HASH_SIZE);
    snprintf(out, TJ_FOLDER_PATH_MAX, TJ_FOLDER_CHECKPOINTS "/%" PRIu64 "-%.*s", size,
             TJ_CHECKPOINT_NAME_DIGITS, hex);
}

bool tj_checkpoint_name_decode(uint64_t *size, const char *name)
{
    uint8_t hash[TJ_CHECKPOINT_NAME_DIGITS / 2];
    const char *dash = strchr(name, '-');
    return dash != NULL && tj_parse_decimal64(size, name, (size_t)(dash - name)) &&
           tj_hex_decode(hash, TJ_CHECKPOINT_NAME_DIGITS / 2, dash + 1, strlen(dash + 1));
}
