#ifndef TIJORI_CORE_RULES_STATE_INDEX_H
#define TIJORI_CORE_RULES_STATE_INDEX_H

/* What the state finds objects by that records do not number: a hash table in memory only, made
 * again at each opening. */

#include "core/base/status.h"

/* A hash index from a u64 to numbers; what it finds is a hint that the caller checks against the
 * object. Nothing is taken out of it but what an envelope put in that was refused then. */
struct tj_index {
    struct tj_index_slot {
        uint64_t key;
        uint64_t value; /* plus one; 0: empty */
    } * slots;
    size_t capacity;
    size_t count;
};

/* Spreads keys over all 64 bits: record ids are nearly consecutive (the finaliser of SplitMix). */
uint64_t tj_mix64(uint64_t key);

/* A pair that is there already is not put in twice. False when there is no memory: nothing has
 * changed then. */
bool tj_index_insert(struct tj_index *index, uint64_t key, uint64_t value) TJ_MUST_USE;

/* The next value under `key`, from *step on (0 at first); false when there is no more. */
bool tj_index_next(const struct tj_index *index, size_t *step, uint64_t *value,
                   uint64_t key) TJ_MUST_USE;

/* Takes out a pair that is there. Room that few pairs are left for is given up. */
void tj_index_remove(struct tj_index *index, uint64_t key, uint64_t value);

void tj_index_free(struct tj_index *index);

#endif
