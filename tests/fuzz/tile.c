/* Paths of tiles and entry bundles: a path that decodes is the one that its numbers give; the
 * entries of a bundle stand one behind another and end where its bytes do. */

#include "crypto/tile.h"

#include <stdlib.h>
#include <string.h>

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void check_path(const uint8_t *data, size_t size)
{
    unsigned level = 0;
    uint64_t number = 0;
    unsigned width = 0;
    char *path = malloc(size + 1);
    require(path != NULL);
    if (size > 0) {
        memcpy(path, data, size);
    }
    path[size] = '\0';
    if (tj_tile_path_decode(&level, &number, &width, path)) {
        char again[TJ_TILE_PATH_MAX];
        require(level <= TJ_TILE_ENTRIES && width > 0 && width <= TJ_TILE_WIDTH);
        tj_tile_path(again, level, number, width);
        require(strcmp(again, path) == 0);
    }
    free(path);
}

static void check_bundle(const uint8_t *data, size_t size)
{
    const uint8_t *at = data;
    const uint8_t *end = data + size;
    const uint8_t *before = data;
    const uint8_t *entry = NULL;
    size_t entry_size = 0;
    unsigned sum = 0;
    while (tj_bundle_next(&at, &entry, &entry_size, end)) {
        require(entry == before + 2 && at == entry + entry_size && at <= end);
        require(entry_size == ((size_t)before[0] << 8 | before[1]));
        for (size_t i = 0; i < entry_size; i++) {
            sum += entry[i]; /* a sanitizer sees what lies beyond */
        }
        before = at;
    }
    (void)sum;
    require(at == before);
    const size_t left = (size_t)(end - at);
    require(left < 2 || left - 2 < ((size_t)at[0] << 8 | at[1]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    check_path(data, size);
    check_bundle(data, size);
    return 0;
}
