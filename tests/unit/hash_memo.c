/* A memory in front of tj_sha256, for a test that makes a million proofs of trees whose nodes are a
 * few thousand: nearly all of its time went into nodes that had been hashed before. The linker puts
 * __wrap_tj_sha256 where tj_sha256 is called (--wrap). One thread. */

#include "crypto/hash.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

void __real_tj_sha256(struct tj_hasher *hasher, struct tj_hash *out, const void *data, size_t size);
void __wrap_tj_sha256(struct tj_hasher *hasher, struct tj_hash *out, const void *data, size_t size);

enum {
    NODE_SIZE = 1 + 2 * TJ_HASH_SIZE, /* of what is hashed for a node: a prefix and its children */
    SLOTS = 1 << 15,
};

/* The newest of the nodes that share a slot. */
static struct {
    bool used;
    uint8_t node[NODE_SIZE];
    struct tj_hash hash;
} memory[SLOTS];

void __wrap_tj_sha256(struct tj_hasher *hasher, struct tj_hash *out, const void *data, size_t size)
{
    if (size != NODE_SIZE) {
        __real_tj_sha256(hasher, out, data, size);
        return;
    }
    uint32_t of_left;
    uint32_t of_right;
    memcpy(&of_left, (const uint8_t *)data + 1, sizeof of_left);
    memcpy(&of_right, (const uint8_t *)data + 1 + TJ_HASH_SIZE, sizeof of_right);
    const size_t slot = (of_left ^ of_right << 1) % SLOTS;
    if (!memory[slot].used || memcmp(memory[slot].node, data, NODE_SIZE) != 0) {
        __real_tj_sha256(hasher, &memory[slot].hash, data, size);
        memcpy(memory[slot].node, data, NODE_SIZE);
        memory[slot].used = true;
    }
    *out = memory[slot].hash;
}
