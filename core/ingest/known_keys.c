#include "core/ingest/known_keys.h"

void tj_known_keys_init(struct tj_known_keys *known)
{
    pthread_rwlock_init(&known->lock, NULL);
    known->keys = (struct tj_index){0};
}

void tj_known_keys_clear(struct tj_known_keys *known)
{
    tj_index_free(&known->keys);
    pthread_rwlock_destroy(&known->lock);
}

/* Under the x-coordinate nothing is kept but that it is there. */
static void learn(struct tj_known_keys *known, const uint8_t *x)
{
    pthread_rwlock_wrlock(&known->lock);
    (void)!tj_index_insert(&known->keys, tj_load64(x), 0);
    pthread_rwlock_unlock(&known->lock);
}

void tj_known_keys_of_state(struct tj_known_keys *known, const struct tj_state *state)
{
    uint32_t parties = tj_state_ledger(state)->parties;
    for (uint32_t party = 0; party < parties; party++) {
        uint32_t keys = tj_state_party(state, party)->keys;
        for (uint32_t ordinal = 0; ordinal < keys; ordinal++) {
            const struct tj_key_object *key = tj_state_key(state, party, ordinal);
            TJ_VERIFY_CHECK(key != NULL);
            learn(known, tj_key_object_x(key));
        }
    }
}

void tj_known_keys_of_records(struct tj_known_keys *known, const uint8_t *records, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct tj_record r;
        struct tj_public_key key;
        uint8_t x32[32];
        if (tj_record_kind(records + (size_t)i * TJ_RECORD_SIZE) != TJ_ADD_KEY) {
            continue;
        }
        tj_record_decode(&r, records + (size_t)i * TJ_RECORD_SIZE);
        tj_record_public_key(&r, &key);
        tj_public_key_x(&key, x32);
        learn(known, x32);
    }
}

bool tj_known_keys_have(struct tj_known_keys *known, const struct tj_slots *slots)
{
    bool all = true;
    pthread_rwlock_rdlock(&known->lock);
    for (uint32_t i = 0; all && i < slots->count; i++) {
        const struct tj_slot *slot = &slots->slots[i];
        uint8_t x32[32];
        size_t step = 0;
        uint64_t value;
        tj_public_key_x(&slot->key, x32);
        all = slot->use == TJ_USE_POSSESSION ||
              tj_index_next(&known->keys, &step, &value, tj_load64(x32));
    }
    pthread_rwlock_unlock(&known->lock);
    return all;
}
