#include "crypto/tree.h"

#include "crypto/require.h"

#include <string.h>

enum {
    LEAF_PREFIX = 0x00,
    NODE_PREFIX = 0x01,
    /* One update over a copy takes 113 ns for a record of 112 bytes, two updates without a copy
     * 134: an update that leaves a block half filled costs more than the copying. */
    LEAF_COPY_MAX = 512,
};

static bool hash_equal(const struct tj_hash *a, const struct tj_hash *b)
{
    return memcmp(a->bytes, b->bytes, TJ_HASH_SIZE) == 0;
}

static bool is_power_of_two(uint64_t n)
{
    return n != 0 && (n & (n - 1)) == 0;
}

void tj_leaf_hash(struct tj_hasher *hasher, struct tj_hash *out, const void *data, size_t size)
{
    uint8_t buffer[1 + LEAF_COPY_MAX];
    buffer[0] = LEAF_PREFIX;
    if (size <= LEAF_COPY_MAX) {
        if (size > 0) {
            memcpy(buffer + 1, data, size);
        }
        tj_sha256(hasher, out, buffer, 1 + size);
        return;
    }
    tj_sha256_begin(hasher);
    tj_sha256_update(hasher, buffer, 1);
    tj_sha256_update(hasher, data, size);
    tj_sha256_finish(hasher, out);
}

void tj_node_hash(struct tj_hasher *hasher, struct tj_hash *out, const struct tj_hash *left,
                  const struct tj_hash *right)
{
    uint8_t buffer[1 + 2 * TJ_HASH_SIZE];
    buffer[0] = NODE_PREFIX;
    memcpy(buffer + 1, left->bytes, TJ_HASH_SIZE);
    memcpy(buffer + 1 + TJ_HASH_SIZE, right->bytes, TJ_HASH_SIZE);
    tj_sha256(hasher, out, buffer, sizeof buffer);
}

void tj_frontier_init(struct tj_frontier *frontier)
{
    memset(frontier, 0, sizeof *frontier);
}

uint32_t tj_frontier_append_nodes(struct tj_hasher *hasher, struct tj_frontier *frontier,
                                  struct tj_hash nodes[TJ_FRONTIER_NODES_MAX],
                                  const struct tj_hash *leaf)
{
    TJ_CRYPTO_REQUIRE(frontier->size < UINT64_MAX);
    struct tj_hash node = *leaf;
    uint32_t height = 0;
    /* Adding one to `size` carries once for each trailing 1 bit. Each such bit is a perfect
     * subtree at the end of `nodes`, as large as the one carried, which stands right of it. */
    for (uint64_t carry = frontier->size; (carry & 1) != 0; carry >>= 1) {
        TJ_CRYPTO_REQUIRE(frontier->count > 0);
        frontier->count--;
        tj_node_hash(hasher, &node, &frontier->nodes[frontier->count], &node);
        height++;
        if (height % 8 == 0) {
            nodes[height / 8 - 1] = node;
        }
    }
    TJ_CRYPTO_REQUIRE(frontier->count < TJ_FRONTIER_MAX);
    frontier->nodes[frontier->count] = node;
    frontier->count++;
    frontier->size++;
    return height / 8;
}

void tj_frontier_append(struct tj_hasher *hasher, struct tj_frontier *frontier,
                        const struct tj_hash *leaf)
{
    struct tj_hash nodes[TJ_FRONTIER_NODES_MAX];
    (void)tj_frontier_append_nodes(hasher, frontier, nodes, leaf);
}

void tj_frontier_root(struct tj_hasher *hasher, struct tj_hash *out,
                      const struct tj_frontier *frontier)
{
    if (frontier->count == 0) {
        tj_sha256(hasher, out, "", 0);
        return;
    }
    TJ_CRYPTO_REQUIRE(frontier->count <= TJ_FRONTIER_MAX);
    /* MTH splits off the largest power of two first, so the smallest subtrees join first. */
    struct tj_hash root = frontier->nodes[frontier->count - 1];
    for (uint32_t i = frontier->count - 1; i > 0; i--) {
        tj_node_hash(hasher, &root, &frontier->nodes[i - 1], &root);
    }
    *out = root;
}

void tj_tree_root_of_items(struct tj_hasher *hasher, struct tj_hash *out, const uint8_t *items,
                           size_t item_size, size_t count)
{
    struct tj_frontier frontier;
    frontier.size = 0;
    frontier.count = 0; /* nodes at and above `count` are never read: 2 KiB need no clearing */
    for (size_t i = 0; i < count; i++) {
        struct tj_hash leaf;
        tj_leaf_hash(hasher, &leaf, items + i * item_size, item_size);
        tj_frontier_append(hasher, &frontier, &leaf);
    }
    tj_frontier_root(hasher, out, &frontier);
}

bool tj_verify_inclusion(struct tj_hasher *hasher, const struct tj_hash *leaf, uint64_t index,
                         uint64_t size, const struct tj_hash *path, size_t path_count,
                         const struct tj_hash *root)
{
    if (index >= size) {
        return false;
    }
    uint64_t fn = index;
    uint64_t sn = size - 1;
    struct tj_hash r = *leaf;
    /* Invariant: r is the root of the subtree that holds the leaf at this level, fn its place in
     * the level and sn the last place of the level. */
    for (size_t i = 0; i < path_count; i++) {
        if (sn == 0) {
            return false;
        }
        if ((fn & 1) != 0 || fn == sn) {
            tj_node_hash(hasher, &r, &path[i], &r);
            /* The last place of a level that has no sibling rises unhashed. */
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            tj_node_hash(hasher, &r, &r, &path[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && hash_equal(&r, root);
}

bool tj_verify_consistency(struct tj_hasher *hasher, uint64_t m, const struct tj_hash *root_m,
                           uint64_t n, const struct tj_hash *root_n, const struct tj_hash *proof,
                           size_t proof_count)
{
    if (m == 0 || m > n) {
        return false;
    }
    if (m == n) {
        return proof_count == 0 && hash_equal(root_m, root_n);
    }
    if (proof_count == 0) {
        return false;
    }
    uint64_t fn = m - 1;
    uint64_t sn = n - 1;
    while ((fn & 1) != 0) {
        fn >>= 1;
        sn >>= 1;
    }
    /* A tree of a power of two leaves is one subtree of the larger: the proof leaves out its root,
     * which the verifier has. */
    const bool prepend = is_power_of_two(m);
    struct tj_hash fr = prepend ? *root_m : proof[0];
    struct tj_hash sr = fr;
    /* Invariant: fr and sr are the roots, in the old and the new tree, over what the nodes read so
     * far cover. */
    for (size_t i = prepend ? 0 : 1; i < proof_count; i++) {
        const struct tj_hash *c = &proof[i];
        if (sn == 0) {
            return false;
        }
        if ((fn & 1) != 0 || fn == sn) {
            tj_node_hash(hasher, &fr, c, &fr);
            tj_node_hash(hasher, &sr, c, &sr);
            while ((fn & 1) == 0 && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            tj_node_hash(hasher, &sr, &sr, c);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && hash_equal(&fr, root_m) && hash_equal(&sr, root_n);
}
