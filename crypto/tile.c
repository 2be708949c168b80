#include "crypto/tile.h"

#include "crypto/note.h"
#include "crypto/require.h"

#include <stdio.h>
#include <string.h>

/* ---- subtrees ---- */

/* The root of the perfect subtree over 2^height leaves from number * 2^height on: of the 2^(height
 * mod 8) nodes of its level. */
static bool perfect_root(struct tj_hasher *hasher, struct tj_hash *out,
                         const struct tj_node_reader *reader, unsigned height, uint64_t number)
{
    const unsigned level = height / 8;
    const unsigned over = height % 8;
    struct tj_frontier frontier;
    frontier.size = 0;
    frontier.count = 0;
    for (uint64_t i = 0; i < (uint64_t)1 << over; i++) {
        struct tj_hash node;
        if (!reader->node(reader->context, &node, level, (number << over) + i)) {
            return false;
        }
        tj_frontier_append(hasher, &frontier, &node);
    }
    tj_frontier_root(hasher, out, &frontier);
    return true;
}

static unsigned trailing_zeros(uint64_t n)
{
    return n == 0 ? 64 : (unsigned)__builtin_ctzll(n);
}

/* log2 of the largest power of two <= n. */
static unsigned floor_log2(uint64_t n)
{
    return 63u - (unsigned)__builtin_clzll(n);
}

/* MTH(D[low:high]), high > low, where the range is one that the recursion of section 2.1 meets:
 * `low` is a multiple of the largest power of two in its length. */
static bool range_root(struct tj_hasher *hasher, struct tj_hash *out,
                       const struct tj_node_reader *reader, uint64_t low, uint64_t high)
{
    struct tj_hash roots[TJ_FRONTIER_MAX];
    size_t count = 0;
    while (low < high) {
        const unsigned height = floor_log2(high - low);
        TJ_CRYPTO_REQUIRE(height <= trailing_zeros(low));
        if (!perfect_root(hasher, &roots[count], reader, height, low >> height)) {
            return false;
        }
        count++;
        low += (uint64_t)1 << height;
    }
    *out = roots[count - 1];
    for (size_t i = count - 1; i > 0; i--) {
        tj_node_hash(hasher, out, &roots[i - 1], out);
    }
    return true;
}

bool tj_tile_root(struct tj_hasher *hasher, struct tj_hash *root,
                  const struct tj_node_reader *reader, uint64_t size)
{
    if (size == 0) {
        tj_sha256(hasher, root, "", 0);
        return true;
    }
    return range_root(hasher, root, reader, 0, size);
}

bool tj_tile_frontier(struct tj_hasher *hasher, struct tj_frontier *out,
                      const struct tj_node_reader *reader, uint64_t size)
{
    uint64_t low = 0;
    tj_frontier_init(out);
    out->size = size;
    while (low < size) {
        const unsigned height = floor_log2(size - low);
        if (!perfect_root(hasher, &out->nodes[out->count], reader, height, low >> height)) {
            return false;
        }
        out->count++;
        low += (uint64_t)1 << height;
    }
    return true;
}

/* The largest power of two below n, n >= 2. */
static uint64_t split(uint64_t n)
{
    return (uint64_t)1 << floor_log2(n - 1);
}

/* The siblings are met from the root down and stand from the leaf up. */
static void reverse(struct tj_hash *hashes, size_t count)
{
    for (size_t i = 0; i < count / 2; i++) {
        struct tj_hash swapped = hashes[i];
        hashes[i] = hashes[count - 1 - i];
        hashes[count - 1 - i] = swapped;
    }
}

bool tj_prove_inclusion(struct tj_hasher *hasher, struct tj_hash *path, size_t *count,
                        const struct tj_node_reader *reader, uint64_t index, uint64_t size)
{
    uint64_t low = 0;
    uint64_t high = size;
    TJ_CRYPTO_REQUIRE(index < size);
    *count = 0;
    while (high - low > 1) {
        const uint64_t middle = low + split(high - low);
        const bool left = index < middle;
        TJ_CRYPTO_REQUIRE(*count < TJ_PATH_MAX);
        if (!range_root(hasher, &path[*count], reader, left ? middle : low, left ? high : middle)) {
            return false;
        }
        (*count)++;
        *(left ? &high : &low) = middle;
    }
    reverse(path, *count);
    return true;
}

bool tj_prove_consistency(struct tj_hasher *hasher, struct tj_hash *proof, size_t *count,
                          const struct tj_node_reader *reader, uint64_t m, uint64_t n)
{
    uint64_t low = 0;
    uint64_t high = n;
    TJ_CRYPTO_REQUIRE(m > 0 && m <= n);
    *count = 0;
    if (n > (uint64_t)1 << (TJ_PROOF_HASHES_MAX - 1)) {
        return false;
    }
    /* SUBPROOF(m - low, D[low:high]): until the range ends where the old tree did. */
    while (high != m) {
        const uint64_t middle = low + split(high - low);
        const bool left = m <= middle;
        TJ_CRYPTO_REQUIRE(*count < TJ_PROOF_HASHES_MAX);
        if (!range_root(hasher, &proof[*count], reader, left ? middle : low,
                        left ? high : middle)) {
            return false;
        }
        (*count)++;
        *(left ? &high : &low) = middle;
    }
    /* The old tree whole is known to the verifier; any other last range is not. */
    if (low != 0) {
        TJ_CRYPTO_REQUIRE(*count < TJ_PROOF_HASHES_MAX);
        if (!range_root(hasher, &proof[*count], reader, low, high)) {
            return false;
        }
        (*count)++;
    }
    reverse(proof, *count);
    return true;
}

/* ---- leaves in memory ---- */

struct leaves {
    struct tj_hasher *hasher;
    const struct tj_hash *leaves;
};

static bool read_leaf(void *context, struct tj_hash *out, unsigned level, uint64_t number)
{
    const struct leaves *leaves = context;
    const uint64_t width = (uint64_t)1 << (8 * level);
    struct tj_frontier frontier;
    frontier.size = 0;
    frontier.count = 0;
    for (uint64_t i = 0; i < width; i++) {
        tj_frontier_append(leaves->hasher, &frontier, &leaves->leaves[number * width + i]);
    }
    tj_frontier_root(leaves->hasher, out, &frontier);
    return true;
}

void tj_prove_inclusion_in(struct tj_hasher *hasher, struct tj_hash *path, size_t *path_count,
                           const struct tj_hash *leaves, uint64_t count, uint64_t index)
{
    struct leaves context = {hasher, leaves};
    struct tj_node_reader reader = {&context, read_leaf};
    bool proven = tj_prove_inclusion(hasher, path, path_count, &reader, index, count);
    TJ_CRYPTO_REQUIRE(proven);
}

/* ---- paths ---- */

void tj_tile_path(char out[TJ_TILE_PATH_MAX], unsigned level, uint64_t number, unsigned width)
{
    char kind[16];
    char digits[7 * 5]; /* 2^64 - 1 has seven groups */
    TJ_CRYPTO_REQUIRE(level <= TJ_TILE_ENTRIES && width <= TJ_TILE_WIDTH);
    snprintf(kind, sizeof kind, level == TJ_TILE_ENTRIES ? "entries" : "%u", level);
    /* Groups of three digits, all but the last marked with x; written back to front. */
    char *at = digits + sizeof digits - 1;
    *at = '\0';
    bool last = true;
    do {
        at -= 3;
        const unsigned group = (unsigned)(number % 1000);
        at[0] = (char)('0' + group / 100);
        at[1] = (char)('0' + group / 10 % 10);
        at[2] = (char)('0' + group % 10);
        if (!last) {
            *--at = 'x';
        }
        number /= 1000;
        last = false;
        if (number > 0) {
            *--at = '/';
        }
    } while (number > 0);
    if (width > 0 && width < TJ_TILE_WIDTH) {
        snprintf(out, TJ_TILE_PATH_MAX, TJ_TILE_FOLDER "/%s/%s.p/%u", kind, at, width);
    } else {
        snprintf(out, TJ_TILE_PATH_MAX, TJ_TILE_FOLDER "/%s/%s", kind, at);
    }
}

static bool skip_text(const char **at, const char *text)
{
    const size_t size = strlen(text);
    if (strncmp(*at, text, size) != 0) {
        return false;
    }
    *at += size;
    return true;
}

/* Digits up to a character that is none. */
static bool skip_number(const char **at, uint64_t *out)
{
    const char *end = *at + strspn(*at, "0123456789");
    const bool read = tj_parse_decimal64(out, *at, (size_t)(end - *at));
    *at = end;
    return read;
}

bool tj_tile_path_decode(unsigned *level, uint64_t *number, unsigned *width, const char *path)
{
    const char *at = path;
    char again[TJ_TILE_PATH_MAX];
    uint64_t read = 0;
    if (!skip_text(&at, TJ_TILE_FOLDER "/")) {
        return false;
    }
    if (skip_text(&at, "entries/")) {
        *level = TJ_TILE_ENTRIES;
    } else if (skip_number(&at, &read) && read < TJ_TILE_ENTRIES && skip_text(&at, "/")) {
        *level = (unsigned)read;
    } else {
        return false;
    }
    *number = 0;
    for (bool more = true; more;) {
        more = skip_text(&at, "x");
        for (int i = 0; i < 3; i++, at++) {
            if (*at < '0' || *at > '9') {
                return false;
            }
            *number = *number * 10 + (uint64_t)(*at - '0');
        }
        if (more && !skip_text(&at, "/")) {
            return false;
        }
    }
    *width = TJ_TILE_WIDTH;
    if (skip_text(&at, ".p/")) {
        if (!skip_number(&at, &read) || read == 0 || read >= TJ_TILE_WIDTH) {
            return false;
        }
        *width = (unsigned)read;
    }
    /* One spelling: no group of zeros in front, no number above 2^64 - 1. */
    tj_tile_path(again, *level, *number, *width);
    return strcmp(again, path) == 0;
}

bool tj_bundle_next(const uint8_t **at, const uint8_t **entry, size_t *size, const uint8_t *end)
{
    if (end - *at < 2) {
        return false;
    }
    *size = (size_t)(*at)[0] << 8 | (*at)[1];
    if ((size_t)(end - *at) - 2 < *size) {
        return false;
    }
    *entry = *at + 2;
    *at = *entry + *size;
    return true;
}
