#ifndef TIJORI_CORE_EXCHANGE_REFERENCES_H
#define TIJORI_CORE_EXCHANGE_REFERENCES_H

/* Which movements of a party have which reference, so that what is booked is not booked again. An
 * index of 24 bytes an entry in memory, built by one pass over the log.
 *
 * Threads: none. */

#include "core/log/journal.h"
#include "core/rules/state.h"

enum { TJ_REFERENCE_KEY_SIZE = 16 };

/* What a reference is found by. */
struct tj_reference_key {
    uint8_t bytes[TJ_REFERENCE_KEY_SIZE];
};

/* The reference of a record; false when it has none. */
bool tj_reference_of(struct tj_reference_key *out,
                     const uint8_t record[TJ_RECORD_SIZE]) TJ_MUST_USE;

/* Keys with a number each, not 0; a key may have several. */
struct tj_references {
    struct tj_reference_slot {
        struct tj_reference_key key;
        uint64_t value; /* 0: free */
    } * slots;
    size_t room; /* a power of two */
    size_t count;
    /* The entry asked for last: rows come in the order in which they were booked. */
    bool cached;
    struct tj_entry_view entry;
    struct tj_body_view body;
};
void tj_references_clear(struct tj_references *references);
/* False when there is no memory. */
bool tj_references_add(struct tj_references *references, const struct tj_reference_key *key,
                       uint64_t value) TJ_MUST_USE;
/* The next value of a key, from *step on (0 at first); 0: there is none. */
uint64_t tj_references_next(const struct tj_references *references, size_t *step,
                            const struct tj_reference_key *key);

/* Adds what a party submitted in the first `size` entries. */
enum tijori_status tj_references_read(struct tj_references *references, struct tj_txn *txn,
                                      uint64_t size, uint32_t party) TJ_MUST_USE;

/* Whether a movement is booked: there is one of the same reference that was neither voided nor
 * taken back whole. It is the same when accounts, amount and purpose are. *id gets its record id.
 */
enum tj_booked { TJ_BOOKED_NOT, TJ_BOOKED_SAME, TJ_BOOKED_OTHERWISE };
enum tijori_status tj_references_booked(struct tj_references *references, enum tj_booked *booked,
                                        uint64_t *id, struct tj_txn *txn,
                                        const struct tj_state *state,
                                        const uint8_t record[TJ_RECORD_SIZE]) TJ_MUST_USE;

/* The same accounts, amount and purpose. */
bool tj_movement_same(const uint8_t a[TJ_RECORD_SIZE], const uint8_t b[TJ_RECORD_SIZE]) TJ_MUST_USE;

#endif
