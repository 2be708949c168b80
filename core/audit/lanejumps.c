#include "core/audit/lanejumps.h"

#include "core/base/memory.h"

enum { STACK_MAX = 64, BUCKETS_FIRST = 256 };

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
    TIJORI_REQUIRE(jumps != NULL);
    jumps->capacity = BUCKETS_FIRST;
    jumps->buckets = calloc(jumps->capacity, sizeof *jumps->buckets);
    TIJORI_REQUIRE(jumps->buckets != NULL);
    return jumps;
}

void tj_lane_jumps_destroy(struct tj_lane_jumps *jumps)
{
    for (size_t i = 0; jumps != NULL && i < jumps->count; i++) {
        free(jumps->order[i]->entries);
        free(jumps->order[i]);
    }
    if (jumps != NULL) {
        free(jumps->order);
        free(jumps->buckets);
    }
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

static void grow(struct tj_lane_jumps *jumps)
{
    bool grown =
        tj_grow(&jumps->order, &jumps->order_capacity, jumps->count + 1, sizeof *jumps->order);
    TIJORI_REQUIRE(grown);
    if (2 * (jumps->count + 1) > jumps->capacity) {
        free(jumps->buckets);
        jumps->capacity *= 2;
        jumps->buckets = calloc(jumps->capacity, sizeof *jumps->buckets);
        TIJORI_REQUIRE(jumps->buckets != NULL);
        for (size_t i = 0; i < jumps->count; i++) {
            jumps->buckets[place(jumps, jumps->order[i]->party, jumps->order[i]->lane)] =
                jumps->order[i];
        }
    }
}

static struct tj_lane_stack *find_or_add(struct tj_lane_jumps *jumps, uint32_t party, uint16_t lane)
{
    size_t at = place(jumps, party, lane);
    if (jumps->buckets[at] != NULL) {
        return jumps->buckets[at];
    }
    grow(jumps);
    struct tj_lane_stack *stack = calloc(1, sizeof *stack);
    TIJORI_REQUIRE(stack != NULL);
    stack->party = party;
    stack->lane = lane;
    jumps->buckets[place(jumps, party, lane)] = stack;
    jumps->order[jumps->count++] = stack;
    return stack;
}

/* Room for STACK_MAX entries is a cache line times eight; most lanes need a few. */
static void reserve(struct tj_lane_stack *stack)
{
    if ((stack->count & (stack->count - 1)) == 0) { /* 0, or a power of two: full */
        size_t room = stack->count == 0 ? 1 : 2u * stack->count;
        stack->entries = realloc(stack->entries, room * sizeof *stack->entries);
        TIJORI_REQUIRE(stack->entries != NULL);
    }
}

void tj_lane_jumps_push(struct tj_lane_jumps *jumps, uint32_t party, uint16_t lane, uint64_t entry)
{
    struct tj_lane_stack *stack = find_or_add(jumps, party, lane);
    stack->sequence++;
    /* The next term is a 1, unless the last two were equal: then they and it are one term. */
    uint64_t before = tj_lane_jump(stack->sequence);
    if (before != stack->sequence - 1) {
        TIJORI_REQUIRE(stack->count >= 2);
        stack->count = (uint16_t)(stack->count - 2);
    }
    TIJORI_REQUIRE(stack->count < STACK_MAX);
    reserve(stack);
    stack->entries[stack->count++] = entry;
}

bool tj_lane_jumps_before(const struct tj_lane_jumps *jumps, uint32_t party, uint16_t lane,
                          uint64_t entry, uint64_t *jump)
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

bool tj_lane_jumps_put(struct tj_lane_jumps *jumps, const struct tj_lane_stack *stack)
{
    uint64_t terms = 0;
    for (uint64_t s = stack->sequence; s > 0; s = tj_lane_jump(s)) {
        terms++;
    }
    struct tj_lane_stack *own = find_or_add(jumps, stack->party, stack->lane);
    if (terms != stack->count || terms > STACK_MAX || own->count != 0) {
        return false;
    }
    for (uint16_t i = 0; i < stack->count; i++) {
        reserve(own);
        own->entries[own->count++] = stack->entries[i];
    }
    own->sequence = stack->sequence;
    return true;
}
