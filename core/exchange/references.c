#include "core/exchange/references.h"

#include <stdlib.h>
#include <string.h>

bool tj_reference_of(struct tj_reference_key *out, const uint8_t record[TJ_RECORD_SIZE])
{
    static_assert(TJ_REFERENCE_SIZE <= TJ_REFERENCE_KEY_SIZE, "a reference is its own key");
    if (record[0] != TJ_MOVE && record[0] != TJ_PENDING) {
        return false;
    }
    memset(out, 0, sizeof *out);
    memcpy(out->bytes, TJ_AT(record, TJ_MOVE, reference), TJ_REFERENCE_SIZE);
    return !tj_all_zero(out->bytes, sizeof out->bytes);
}

/* The post of a pending movement stands in the same index. Its key is no text: no reference is it.
 */
static void key_of_post(struct tj_reference_key *out, uint64_t pending)
{
    memset(out->bytes, 0xff, sizeof out->bytes);
    tj_store64(out->bytes + 8, pending);
}

/* ---- the index: open addressing, at most three quarters full ---- */

enum { ROOM_LEAST = 1024 };

static size_t place_of(const struct tj_references *references, const struct tj_reference_key *key)
{
    uint64_t x = tj_load64(key->bytes) * UINT64_C(0x9e3779b97f4a7c15);
    x ^= x >> 29;
    x = (x + tj_load64(key->bytes + 8)) * UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 32;
    return (size_t)x & (references->room - 1);
}

static void put(struct tj_references *references, const struct tj_reference_slot *slot)
{
    size_t at = place_of(references, &slot->key);
    while (references->slots[at].value != 0) {
        at = (at + 1) & (references->room - 1);
    }
    references->slots[at] = *slot;
}

static bool make_room(struct tj_references *references)
{
    const struct tj_references old = *references;
    references->room = old.room < ROOM_LEAST ? ROOM_LEAST : 2 * old.room;
    references->slots = calloc(references->room, sizeof *references->slots);
    if (references->slots == NULL) {
        *references = old;
        return false;
    }
    for (size_t i = 0; i < old.room; i++) {
        if (old.slots[i].value != 0) {
            put(references, &old.slots[i]);
        }
    }
    free(old.slots);
    return true;
}

void tj_references_clear(struct tj_references *references)
{
    free(references->slots);
    *references = (struct tj_references){.slots = NULL};
}

bool tj_references_add(struct tj_references *references, const struct tj_reference_key *key,
                       uint64_t value)
{
    TJ_VERIFY_CHECK(value != 0);
    if (references->count >= references->room / 4 * 3 && !make_room(references)) {
        return false;
    }
    put(references, &(struct tj_reference_slot){*key, value});
    references->count++;
    return true;
}

uint64_t tj_references_next(const struct tj_references *references, size_t *step,
                            const struct tj_reference_key *key)
{
    while (references->room > 0) {
        const size_t at = (place_of(references, key) + *step) & (references->room - 1);
        const struct tj_reference_slot *slot = &references->slots[at];
        if (slot->value == 0) {
            return 0;
        }
        ++*step;
        if (memcmp(&slot->key, key, sizeof *key) == 0) {
            return slot->value;
        }
    }
    return 0;
}

/* ---- from the log ---- */

static bool add_record(struct tj_references *references, const uint8_t *record, uint64_t id)
{
    struct tj_reference_key key;
    if (tj_record_kind(record) == TJ_POST) {
        key_of_post(&key, tj_movement_refers_to(record));
        return tj_references_add(references, &key, id);
    }
    return !tj_reference_of(&key, record) || tj_references_add(references, &key, id);
}

static enum tijori_status add_entry(struct tj_references *references, struct tj_txn *txn,
                                    const struct tj_entry_view *entry)
{
    struct tj_body_view body;
    struct tj_entry_view again;
    enum tijori_status status = tj_journal_counted(txn, &again, &body, entry->index);
    if (status != TIJORI_OK) {
        return status;
    }
    for (uint32_t i = 0; i < entry->header.record_count; i++) {
        const uint8_t *record = body.records + (size_t)i * TJ_RECORD_SIZE;
        if (!add_record(references, record, tj_record_id(entry->index, i))) {
            return TIJORI_MEMORY;
        }
    }
    return TIJORI_OK;
}

enum tijori_status tj_references_read(struct tj_references *references, struct tj_txn *txn,
                                      uint64_t size, uint32_t party)
{
    for (uint64_t index = 0; index < size; index++) {
        struct tj_entry_view entry;
        enum tijori_status status = tj_journal_counted(txn, &entry, NULL, index);
        if (status == TIJORI_OK && entry.header.party == party && index > 0) {
            status = add_entry(references, txn, &entry);
        }
        if (status != TIJORI_OK) {
            return status;
        }
    }
    return TIJORI_OK;
}

/* ---- what is booked ---- */

static enum tijori_status read_record(struct tj_references *references, struct tj_txn *txn,
                                      uint8_t out[TJ_RECORD_SIZE], uint64_t id)
{
    if (!references->cached || references->entry.index != tj_record_entry(id)) {
        enum tijori_status status =
            tj_journal_counted(txn, &references->entry, &references->body, tj_record_entry(id));
        references->cached = status == TIJORI_OK;
        if (status != TIJORI_OK) {
            return status;
        }
    }
    memcpy(out, references->body.records + (size_t)tj_record_position(id) * TJ_RECORD_SIZE,
           TJ_RECORD_SIZE);
    return TIJORI_OK;
}

/* Taken back whole: its mark counts what corrections took back. */
static bool taken_back(const struct tj_state *state, uint64_t id, struct tj_amount amount)
{
    uint64_t number;
    const struct tj_mark_object *mark = tj_state_find_mark(state, &number, id);
    return mark != NULL && mark->value == amount.base;
}

/* A reference is free again when what had it never reached the balances, or left them whole. Of a
 * pending movement that was posted the post is asked. */
static bool is_freed(const struct tj_references *references, const struct tj_state *state,
                     const uint8_t *record, uint64_t id)
{
    struct tj_reference_key key;
    uint64_t number;
    size_t step = 0;
    if (tj_record_kind(record) == TJ_MOVE) {
        return taken_back(state, id, tj_movement_amount(record));
    }
    const struct tj_mark_object *mark = tj_state_find_mark(state, &number, id);
    if (mark == NULL || mark->value == (TJ_MARK_PENDING | TJ_MARK_OPEN)) {
        return false;
    }
    if (mark->value == (TJ_MARK_PENDING | TJ_MARK_VOIDED)) {
        return true;
    }
    key_of_post(&key, id);
    const uint64_t post = tj_references_next(references, &step, &key);
    return post != 0 && taken_back(state, post, tj_movement_amount(record));
}

bool tj_movement_same(const uint8_t a[TJ_RECORD_SIZE], const uint8_t b[TJ_RECORD_SIZE])
{
    return tj_movement_from(a) == tj_movement_from(b) && tj_movement_to(a) == tj_movement_to(b) &&
           tj_movement_amount(a).base == tj_movement_amount(b).base &&
           tj_movement_purpose(a) == tj_movement_purpose(b);
}

enum tijori_status tj_references_booked(struct tj_references *references, enum tj_booked *booked,
                                        uint64_t *id, struct tj_txn *txn,
                                        const struct tj_state *state,
                                        const uint8_t record[TJ_RECORD_SIZE])
{
    struct tj_reference_key key;
    uint8_t other[TJ_RECORD_SIZE];
    size_t step = 0;
    uint64_t found;
    *booked = TJ_BOOKED_NOT;
    *id = 0;
    if (!tj_reference_of(&key, record)) {
        return TIJORI_OK;
    }
    while (*booked != TJ_BOOKED_SAME &&
           (found = tj_references_next(references, &step, &key)) != 0) {
        enum tijori_status status = read_record(references, txn, other, found);
        if (status != TIJORI_OK) {
            return status;
        }
        if (!is_freed(references, state, other, found)) {
            *booked = tj_movement_same(record, other) ? TJ_BOOKED_SAME : TJ_BOOKED_OTHERWISE;
            *id = found;
        }
    }
    return TIJORI_OK;
}
