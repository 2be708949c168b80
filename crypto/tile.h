#ifndef TIJORI_CRYPTO_TILE_H
#define TIJORI_CRYPTO_TILE_H

/* The tree in tiles of height 8 (C2SP tlog-tiles), and proofs made from it (RFC 6962, section 2.1.1
 * and 2.1.2).
 *
 * A *node* (level, number) is the root of a perfect subtree. It stands over 256^level leaves, and
 * the first of them is leaf number * 256^level. The nodes of level 0 are the leaf hashes. Tile
 * (level, n) holds the nodes (level, 256 n) to (level, 256 n + 255). So each node of level + 1 is
 * the root of a full tile. With the nodes of a tree at hand, a proof takes at most 255 of them a
 * level.
 *
 * Threads: none; pure functions of what the reader answers. */

#include "crypto/must_use.h"
#include "crypto/tree.h"

enum {
    TJ_TILE_WIDTH = 256,
    TJ_TILE_LEVELS = 8,      /* 256^8 leaves are 2^64 */
    TJ_PROOF_HASHES_MAX = 63 /* of a consistency proof, as tlog-witness has it; inclusion: 64 */
};
enum { TJ_PATH_MAX = 64 };

/* Gives the nodes of a tree of at least the size that is worked with. False when a node cannot be
 * had. What it answers is not trusted: proofs made from it are to be verified. */
struct tj_node_reader {
    void *context;
    bool (*node)(void *context, struct tj_hash *out, unsigned level, uint64_t number);
};

/* The functions below are false when the reader was false. This one computes the root over `size`
 * leaves. */
bool tj_tile_root(struct tj_hasher *hasher, struct tj_hash *root,
                  const struct tj_node_reader *reader, uint64_t size) TJ_MUST_USE;
/* Makes PATH(index, D[size]), index < size. `path` takes TJ_PATH_MAX. */
bool tj_prove_inclusion(struct tj_hasher *hasher, struct tj_hash *path, size_t *count,
                        const struct tj_node_reader *reader, uint64_t index,
                        uint64_t size) TJ_MUST_USE;
/* Makes PROOF(m, D[n]), 0 < m <= n. `proof` takes TJ_PROOF_HASHES_MAX. False as well when n is
 * above 2^62: such a proof may need more. */
bool tj_prove_consistency(struct tj_hasher *hasher, struct tj_hash *proof, size_t *count,
                          const struct tj_node_reader *reader, uint64_t m, uint64_t n) TJ_MUST_USE;

/* The frontier of the first `size` leaves. */
bool tj_tile_frontier(struct tj_hasher *hasher, struct tj_frontier *out,
                      const struct tj_node_reader *reader, uint64_t size) TJ_MUST_USE;

/* Makes a proof of inclusion for a handful of leaves in memory (the records of an envelope). */
void tj_prove_inclusion_in(struct tj_hasher *hasher, struct tj_hash *path, size_t *path_count,
                           const struct tj_hash *leaves, uint64_t count, uint64_t index);

/* How many nodes the last, partial tile of a level holds in a tree of `size` leaves; 0: none. */
static inline unsigned tj_tile_partial(uint64_t size, unsigned level)
{
    return (unsigned)(level < 8 ? size >> (8 * level) & 0xff : 0);
}
/* How many full tiles a level has. */
static inline uint64_t tj_tile_full(uint64_t size, unsigned level)
{
    return level < 7 ? size >> (8 * (level + 1)) : 0;
}

/* The path of a tile under a log's prefix: "tile/0/x001/067", or "tile/0/x001/067.p/5" when width
 * is 1 to 255. Width 256 (or 0) is a full tile. For an entry bundle the level is TJ_TILE_ENTRIES.
 * Writes at most TJ_TILE_PATH_MAX bytes with the NUL. */
enum { TJ_TILE_ENTRIES = 64, TJ_TILE_PATH_MAX = 64 };
#define TJ_TILE_FOLDER "tile"
void tj_tile_path(char out[TJ_TILE_PATH_MAX], unsigned level, uint64_t number, unsigned width);

/* Reads such a path, in its one spelling; false for any other string. */
bool tj_tile_path_decode(unsigned *level, uint64_t *number, unsigned *width,
                         const char *path) TJ_MUST_USE;

/* An entry bundle repeats u16 big-endian length || entry. Gets the next entry at *at, and moves *at
 * on. False when the bytes are not that. */
bool tj_bundle_next(const uint8_t **at, const uint8_t **entry, size_t *size,
                    const uint8_t *end) TJ_MUST_USE;

#endif
