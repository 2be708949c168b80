#include "core/audit/lanejumps.h"

#include "core/base/memory.h"

enum { BUCKETS_FIRST = 256 };

/* A hash table by (party, lane); `order` lists what is in it. */
struct tj_lane_jumps {
    struct tj_lane_stack **buckets;
    size_t capacity; /* a power of two */
    struct tj_lane_stack **order;
    size_t count;
    size_t order_capacity;
};

struct tj_lane_jumps *tj_lane_jumps_create(void)
{
    struct tj_lane_jumps *jumps = calloc(1, sizeof *jumps);
    if (jumps == NULL) {
        return NULL;
    }
    jumps->capacity = BUCKETS_FIRST;
    jumps->buckets = calloc(jumps->capacity, sizeof *jumps->buckets);
    if (jumps->buckets == NULL) {
        free(jumps);
        return NULL;
    }
    return jumps;
}

void tj_lane_jumps_destroy(struct tj_lane_jumps *jumps)
{
    if (jumps == NULL) {
        return;
    }
    for (size_t i = 0; i < jumps->count; i++) {
        free(jumps->order[i]->entries);
        free(jumps->order[i]);
    }
    free(jumps->order);
    free(jumps->buckets);
    free(jumps);
}

static size_t place(const struct tj_lane_jumps *jumps, uint32_t party, uint16_t lane)
{
    uint64_t key = ((uint64_t)party << 16 | lane) * UINT64_C(0x9e3779b97f4a7c15);
    size_t at = (size_t)(key >> 32) & (jumps->capacity - 1);
    while (jumps->buckets[at] != NULL &&
           (jumps->buckets[at]->party != party || jumps->buckets[at]->lane != lane)) {
        at = (at + 1) & (jumps->capacity - 1);
    }
    return at;
}

/* The table is never more than half full, so that a search soon meets an empty bucket. */
static bool grow_buckets(struct tj_lane_jumps *jumps)
{
    if (2 * (jumps->count + 1) <= jumps->capacity) {
        return true;
    }
    struct tj_lane_stack **buckets = calloc(jumps->capacity * 2, sizeof(struct tj_lane_stack *));
    if (buckets == NULL) {
        return false;
    }
    free(jumps->buckets);
    jumps->buckets = buckets;
    jumps->capacity *= 2;
    for (size_t i = 0; i < jumps->count; i++) {
        struct tj_lane_stack *stack = jumps->order[i];
        jumps->buckets[place(jumps, stack->party, stack->lane)] = stack;
    }
    return true;
}

/* NULL when memory is out. */
static struct tj_lane_stack *find_or_add(struct tj_lane_jumps *jumps, uint32_t party, uint16_t lane)
{
    size_t at = place(jumps, party, lane);
    if (jumps->buckets[at] != NULL) {
        return jumps->buckets[at];
    }
    if (!grow_buckets(jumps) || !tj_grow(&jumps->order, &jumps->order_capacity, jumps->count + 1,
                                         sizeof(struct tj_lane_stack *))) {
        return NULL;
    }
    struct tj_lane_stack *stack = calloc(1, sizeof *stack);
    if (stack == NULL) {
        return NULL;
    }
    stack->party = party;
    stack->lane = lane;
    jumps->buckets[place(jumps, party, lane)] = stack;
    jumps->order[jumps->count++] = stack;
    TJ_VERIFY_CHECK(2 * jumps->count <= jumps->capacity);
    return stack;
}

/* Makes room for one more. All that a stack may ever need is eight cache lines; most lanes need a
 * few entries. */
static bool reserve(struct tj_lane_stack *stack)
{
    if ((stack->count & (stack->count - 1)) != 0) {
        return true; /* it is full when it holds none, or a power of two */
    }
    size_t room = 2u * stack->count;
    if (room == 0) {
        room = 1;
    }
    uint64_t *entries = realloc(stack->entries, room * sizeof *entries);
    if (entries == NULL) {
        return false;
    }
    stack->entries = entries;
    return true;
}

#ifdef TIJORI_VERIFY
/* How many terms a sequence is the sum of. As many entries are kept. */
static bool has_all_terms(const struct tj_lane_stack *stack)
{
    uint64_t terms = 0;
    for (uint64_t s = stack->sequence; s > 0; s = tj_lane_jump(s)) {
        terms++;
    }
    return terms == stack->count;
}
#endif

/* Room is asked for before anything is written: when there is none, the lane is as it was. */
bool tj_lane_jumps_push(struct tj_lane_jumps *jumps, uint32_t party, uint16_t lane, uint64_t entry)
{
    struct tj_lane_stack *stack = find_or_add(jumps, party, lane);
    if (stack == NULL) {
        return false;
    }
    /* The next term is a 1, unless the last two were equal: then they and it are one term. */
    bool merges = tj_lane_jump(stack->sequence + 1) != stack->sequence;
    TIJORI_REQUIRE(!merges || stack->count >= 2);
    uint16_t count = merges ? (uint16_t)(stack->count - 2) : stack->count;
    TIJORI_REQUIRE(count < TJ_LANE_STACK_MAX);
    if (!merges && !reserve(stack)) {
        return false;
    }
    TJ_VERIFY_CHECK(count == 0 || stack->entries[count - 1] < entry);
    stack->sequence++;
    stack->entries[count] = entry;
    stack->count = (uint16_t)(count + 1);
    TJ_VERIFY_CHECK(has_all_terms(stack));
    return true;
}

bool tj_lane_jumps_before(const struct tj_lane_jumps *jumps, uint64_t *jump, uint32_t party,
                          uint16_t lane, uint64_t entry)
{
    const struct tj_lane_stack *stack = jumps->buckets[place(jumps, party, lane)];
    for (size_t i = 0; stack != NULL && i < stack->count; i++) {
        if (stack->entries[i] == entry) {
            *jump = i > 0 ? stack->entries[i - 1] : 0;
            return true;
        }
    }
    return false;
}

size_t tj_lane_jumps_count(const struct tj_lane_jumps *jumps)
{
    return jumps->count;
}

const struct tj_lane_stack *tj_lane_jumps_at(const struct tj_lane_jumps *jumps, size_t i)
{
    return jumps->order[i];
}

/* A replica comes from a file: its count is compared with what its sequence asks for before it is
 * believed. */
enum tijori_status tj_lane_jumps_put(struct tj_lane_jumps *jumps, const struct tj_lane_stack *stack)
{
    uint64_t terms = 0;
    for (uint64_t s = stack->sequence; s > 0; s = tj_lane_jump(s)) {
        terms++;
    }
    if (terms != stack->count || terms > TJ_LANE_STACK_MAX) {
        return TIJORI_CORRUPT;
    }
    struct tj_lane_stack *own = find_or_add(jumps, stack->party, stack->lane);
    if (own == NULL) {
        return TIJORI_MEMORY;
    }
    if (own->count != 0) {
        return TIJORI_CORRUPT;
    }
    while (own->count < stack->count) {
        if (!reserve(own)) {
            return TIJORI_MEMORY;
        }
        own->entries[own->count] = stack->entries[own->count];
        own->count++;
    }
    own->sequence = stack->sequence;
    return TIJORI_OK;
}
