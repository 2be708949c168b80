#include "core/format/folder_layout.h"

#include "crypto/note.h"

#include <inttypes.h>

static const char digits[] = "0123456789abcdef";

const struct tj_folder_top tj_folder_tops[TJ_FOLDER_TOPS] = {
    {TJ_FOLDER_CHECKPOINT, false}, {TJ_FOLDER_CHECKPOINTS, true}, {TJ_FOLDER_TILES, true},
    {TJ_FOLDER_BODIES, true},      {TJ_FOLDER_ATTACHMENTS, true}, {TJ_FOLDER_DOCUMENT, false},
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

/* ---- hex ---- */

void tj_hash_digits(char out[TJ_HASH_DIGITS + 1], const uint8_t hash[TJ_HASH_SIZE])
{
    for (size_t i = 0; i < TJ_HASH_SIZE; i++) {
        out[2 * i] = digits[hash[i] >> 4];
        out[2 * i + 1] = digits[hash[i] & 15];
    }
    out[TJ_HASH_DIGITS] = '\0';
}

static bool hex_byte(uint8_t *out, const char *text)
{
    const char *high = text[0] != '\0' ? strchr(digits, text[0]) : NULL;
    const char *low = high != NULL && text[1] != '\0' ? strchr(digits, text[1]) : NULL;
    if (low == NULL) {
        return false;
    }
    *out = (uint8_t)((high - digits) << 4 | (low - digits));
    return true;
}

/* ---- paths ---- */

void tj_content_path(char out[TJ_FOLDER_PATH_MAX], const char *folder,
                     const uint8_t hash[TJ_HASH_SIZE])
{
    char hex[TJ_HASH_DIGITS + 1];
    tj_hash_digits(hex, hash);
    snprintf(out, TJ_FOLDER_PATH_MAX, "%s/%.2s/%s", folder, hex, hex + 2);
}

bool tj_content_path_decode(uint8_t hash[TJ_HASH_SIZE], const char *first, const char *rest)
{
    if (strlen(first) != 2 || strlen(rest) != TJ_HASH_DIGITS - 2 || !hex_byte(hash, first)) {
        return false;
    }
    for (size_t i = 1; i < TJ_HASH_SIZE; i++) {
        if (!hex_byte(hash + i, rest + 2 * (i - 1))) {
            return false;
        }
    }
    return true;
}

void tj_checkpoint_path(char out[TJ_FOLDER_PATH_MAX], uint64_t size, const struct tj_hash *hash)
{
    char hex[TJ_HASH_DIGITS + 1];
    tj_hash_digits(hex, hash->bytes);
    snprintf(out, TJ_FOLDER_PATH_MAX, TJ_FOLDER_CHECKPOINTS "/%" PRIu64 "-%.*s", size,
             TJ_CHECKPOINT_NAME_DIGITS, hex);
}

bool tj_checkpoint_name_decode(uint64_t *size, const char *name)
{
    const char *dash = strchr(name, '-');
    return dash != NULL && tj_parse_decimal64(name, (size_t)(dash - name), size) &&
           strlen(dash + 1) == TJ_CHECKPOINT_NAME_DIGITS &&
           strspn(dash + 1, digits) == TJ_CHECKPOINT_NAME_DIGITS;
}
