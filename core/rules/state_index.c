#include "core/rules/state_index.h"

enum { CAPACITY_MIN = 256 };

uint64_t tj_mix64(uint64_t key)
{
    key = (key ^ (key >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    key = (key ^ (key >> 27)) * UINT64_C(0x94d049bb133111eb);
    return key ^ (key >> 31);
}

static void place(struct tj_index *index, uint64_t key, uint64_t value)
{
    TJ_VERIFY_CHECK((index->capacity & (index->capacity - 1)) == 0);
    TJ_VERIFY_CHECK(index->count < index->capacity); /* else no search ends */
    size_t at = tj_mix64(key) & (index->capacity - 1);
    while (index->slots[at].value != 0) {
        if (index->slots[at].key == key && index->slots[at].value == value + 1) {
            return;
        }
        at = (at + 1) & (index->capacity - 1);
    }
    index->slots[at] = (struct tj_index_slot){key, value + 1};
    index->count++;
}

bool tj_index_next(const struct tj_index *index, size_t *step, uint64_t *value, uint64_t key)
{
    if (index->capacity == 0) {
        return false;
    }
    for (;;) {
        TJ_VERIFY_CHECK(*step < index->capacity); /* an empty slot ends it before */
        size_t at = (tj_mix64(key) + *step) & (index->capacity - 1);
        *step += 1;
        if (index->slots[at].value == 0) {
            return false;
        }
        if (index->slots[at].key == key) {
            *value = index->slots[at].value - 1;
            return true;
        }
    }
}

TJ_VERIFY_ONLY static bool has(const struct tj_index *index, uint64_t key, uint64_t value)
{
    size_t step = 0;
    uint64_t found;
    while (tj_index_next(index, &step, &found, key)) {
        if (found == value) {
            return true;
        }
    }
    return false;
}

TJ_VERIFY_ONLY static bool has_all(const struct tj_index *index, const struct tj_index *other)
{
    for (size_t i = 0; i < other->capacity; i++) {
        const struct tj_index_slot *slot = &other->slots[i];
        if (slot->value != 0 && !has(index, slot->key, slot->value - 1)) {
            return false;
        }
    }
    return true;
}

/* The same pairs in other room. False: no memory, and it is as it was. */
static bool move_to(struct tj_index *index, size_t capacity)
{
    struct tj_index more = {.capacity = capacity};
    more.slots = calloc(more.capacity, sizeof *more.slots);
    if (more.slots == NULL) {
        return false;
    }
    for (size_t i = 0; i < index->capacity; i++) {
        if (index->slots[i].value != 0) {
            place(&more, index->slots[i].key, index->slots[i].value - 1);
        }
    }
    TJ_VERIFY_CHECK(more.count == index->count && has_all(&more, index));
    free(index->slots);
    *index = more;
    return true;
}

bool tj_index_insert(struct tj_index *index, uint64_t key, uint64_t value)
{
    if (index->count * 2 >= index->capacity &&
        !move_to(index, index->capacity == 0 ? CAPACITY_MIN : index->capacity * 2)) {
        return false;
    }
    place(index, key, value);
    TJ_VERIFY_CHECK(has(index, key, value));
    return true;
}

/* A search goes on until an empty slot. So what stands behind the gap moves into it, where its
 * search would otherwise end too early: each slot that began its search at the gap or before it. */
static void close_gap(struct tj_index *index, size_t gap)
{
    const size_t mask = index->capacity - 1;
    for (size_t at = (gap + 1) & mask; index->slots[at].value != 0; at = (at + 1) & mask) {
        const size_t wanted = tj_mix64(index->slots[at].key) & mask;
        if (((at - wanted) & mask) >= ((at - gap) & mask)) {
            index->slots[gap] = index->slots[at];
            gap = at;
        }
    }
    index->slots[gap] = (struct tj_index_slot){0, 0};
}

/* Room is halved when an eighth of it would do, and not sooner. So an envelope that is sent and
 * refused again and again, where one pair more wants more room, does not have all pairs moved each
 * time. Without memory to move to, the room stays. */
void tj_index_remove(struct tj_index *index, uint64_t key, uint64_t value)
{
    TIJORI_REQUIRE(index->capacity > 0);
    const size_t mask = index->capacity - 1;
    size_t at = tj_mix64(key) & mask;
    while (index->slots[at].key != key || index->slots[at].value != value + 1) {
        TIJORI_REQUIRE(index->slots[at].value != 0); /* it is there */
        at = (at + 1) & mask;
    }
    close_gap(index, at);
    index->count--;
    TJ_VERIFY_CHECK(!has(index, key, value));
    if (index->count == 0) {
        free(index->slots);
        *index = (struct tj_index){0};
    } else if (index->capacity > CAPACITY_MIN && index->count * 8 < index->capacity) {
        (void)move_to(index, index->capacity / 2);
    }
}

void tj_index_free(struct tj_index *index)
{
    free(index->slots);
}
