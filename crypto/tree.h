#ifndef TIJORI_CRYPTO_TREE_H
#define TIJORI_CRYPTO_TREE_H

/* The Merkle tree of RFC 6962, section 2.1:
 *     MTH({})   = SHA-256()
 *     MTH({d})  = SHA-256(0x00 || d)
 *     MTH(D[n]) = SHA-256(0x01 || MTH(D[0:k]) || MTH(D[k:n])),  k = largest power of two < n
 *
 * The first leaves of a tree fall into perfect subtrees, and a frontier holds the roots of these.
 * So a root over any number of leaves takes O(log n) memory.
 *
 * Threads: as crypto/hash.h; a frontier is plain data. */

#include "crypto/must_use.h"
#include "crypto/hash.h"

#include <stdbool.h>

enum { TJ_FRONTIER_MAX = 64 };

/* nodes[0] is the root of the largest (leftmost) perfect subtree; count == popcount(size). */
struct tj_frontier {
    uint64_t size;
    uint32_t count;
    struct tj_hash nodes[TJ_FRONTIER_MAX];
};

/* SHA-256(0x00 || data). */
void tj_leaf_hash(struct tj_hasher *hasher, struct tj_hash *out, const void *data, size_t size);

/* SHA-256(0x01 || left || right). `out` may alias either input. */
void tj_node_hash(struct tj_hasher *hasher, struct tj_hash *out, const struct tj_hash *left,
                  const struct tj_hash *right);

void tj_frontier_init(struct tj_frontier *frontier);

/* Appends one leaf hash. */
void tj_frontier_append(struct tj_hasher *hasher, struct tj_frontier *frontier,
                        const struct tj_hash *leaf);

/* The same, and gives the roots of the subtrees of 256, 256^2, ... leaves that this leaf
 * completes, the smallest first. Returns how many. They are nodes (crypto/tile.h) that an append
 * makes anyway. */
enum { TJ_FRONTIER_NODES_MAX = 7 };
uint32_t tj_frontier_append_nodes(struct tj_hasher *hasher, struct tj_frontier *frontier,
                                  struct tj_hash nodes[TJ_FRONTIER_NODES_MAX],
                                  const struct tj_hash *leaf);

/* The root over all leaves appended so far; of none, SHA-256 of nothing. */
void tj_frontier_root(struct tj_hasher *hasher, struct tj_hash *out,
                      const struct tj_frontier *frontier);

/* The root over `count` items of `item_size` bytes that stand one after another in `items`:
 * every item is hashed as a leaf. Used for the records of an envelope (body_root). */
void tj_tree_root_of_items(struct tj_hasher *hasher, struct tj_hash *out, const uint8_t *items,
                           size_t item_size, size_t count);

/* Verifies inclusion (section 2.1.1, as RFC 9162 section 2.1.3.2 does): true when `leaf` stands at
 * `index` of a tree of `size` leaves with root `root`. index >= size is false. */
bool tj_verify_inclusion(struct tj_hasher *hasher, const struct tj_hash *leaf, uint64_t index,
                         uint64_t size, const struct tj_hash *path, size_t path_count,
                         const struct tj_hash *root) TJ_MUST_USE;

/* Verifies consistency (section 2.1.2, as RFC 9162 section 2.1.4.2 does) of two sizes, 0 < m <= n.
 * m == n wants an empty proof and equal roots. m == 0 is always false: it proves nothing. */
bool tj_verify_consistency(struct tj_hasher *hasher, uint64_t m, const struct tj_hash *root_m,
                           uint64_t n, const struct tj_hash *root_n, const struct tj_hash *proof,
                           size_t proof_count) TJ_MUST_USE;

#endif
