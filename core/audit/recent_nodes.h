#ifndef TIJORI_CORE_AUDIT_RECENT_NODES_H
#define TIJORI_CORE_AUDIT_RECENT_NODES_H

/* The newest nodes of each level of the tree. A folder's tiles are compared with them, which takes
 * all the nodes of the last tile of a level, also those of entries before this audit. */

#include "crypto/tile.h"

/* Node (level, number) is at nodes[level][number % 256]. */
struct tj_recent_nodes {
    struct tj_hash nodes[TJ_TILE_LEVELS][TJ_TILE_WIDTH];
    uint32_t completed; /* levels above 0 that the last entry completed a node of */
};

/* Appends a leaf to the frontier, and notes the nodes that it completes. */
static inline void tj_recent_append(struct tj_hasher *hasher, struct tj_recent_nodes *recent,
                                    struct tj_frontier *frontier, const struct tj_hash *leaf)
{
    struct tj_hash nodes[TJ_FRONTIER_NODES_MAX];
    recent->nodes[0][frontier->size % TJ_TILE_WIDTH] = *leaf;
    recent->completed = tj_frontier_append_nodes(hasher, frontier, nodes, leaf);
    for (uint32_t level = 1; level <= recent->completed; level++) {
        uint64_t number = (frontier->size >> (8 * level)) - 1;
        recent->nodes[level][number % TJ_TILE_WIDTH] = nodes[level - 1];
    }
}

#endif
