#ifndef TIJORI_CORE_INGEST_KNOWN_KEYS_H
#define TIJORI_CORE_INGEST_KNOWN_KEYS_H

/* Which keys are registered, for the threads that check envelopes and may not look at the state:
 * another thread writes to it. So that they need not verify signatures by keys of nobody
 * (docs/FORMAT.md section 7, step 6).
 *
 * It is a hint, and either mistake costs time only. It knows a key by the beginning of its
 * x-coordinate, keeps those of entries that were lost, and learns of a key when the entry that adds
 * it is judged, which may be after an envelope by that key was checked. Who judges asks the state.
 *
 * Threads: any. */

#include "core/format/envelope.h"
#include "core/rules/state.h"

#include <pthread.h>

struct tj_known_keys {
    pthread_rwlock_t lock;
    struct tj_index keys;
};

void tj_known_keys_init(struct tj_known_keys *known);
void tj_known_keys_clear(struct tj_known_keys *known);

/* Learns every key of the state; and those that an entry's records register. A key that there is no
 * memory for stays unknown. */
void tj_known_keys_of_state(struct tj_known_keys *known, const struct tj_state *state);
void tj_known_keys_of_records(struct tj_known_keys *known, const uint8_t *records, uint32_t count);

/* Every slot but those of possession is by a key that may be registered. */
bool tj_known_keys_have(struct tj_known_keys *known, const struct tj_slots *slots) TJ_MUST_USE;

#endif
