#include "core/rules/state.h"

#include <sys/mman.h>

const char *const tj_basis_names[TJ_BASIS_PROVEN + 1] = {
    [TJ_BASIS_DECLARED] = "declared",
    [TJ_BASIS_DOCUMENT] = "document",
    [TJ_BASIS_COUNTERSIGNED] = "countersigned",
    [TJ_BASIS_PROVEN] = "proven",
};

const struct tj_table_shape tj_table_shapes[TJ_T_END] = {
    [TJ_T_LEDGER] = {"ledger", sizeof(struct tj_ledger_object), 0, false},
    [TJ_T_PARTY] = {"parties", sizeof(struct tj_party_object), 5, false},
    [TJ_T_ASSET] = {"assets", sizeof(struct tj_asset_object), 6, false},
    [TJ_T_LOG_KEY] = {"log keys", sizeof(struct tj_log_key_object), 6, false},
    [TJ_T_TOTAL] = {"purpose totals", sizeof(struct tj_total_object), 5, false},
    [TJ_T_MARK] = {"marks", sizeof(struct tj_mark_object), 12, false},
    [TJ_T_RULE] = {"rules", sizeof(struct tj_rule_object), 4, false},
    [TJ_T_APPROVAL] = {"approvals", sizeof(struct tj_approval_object), 10, false},
    [TJ_T_KEY] = {"keys", sizeof(struct tj_key_object), 6, true},
    [TJ_T_LANE] = {"lanes", sizeof(struct tj_lane_object), 6, true},
    [TJ_T_ACCOUNT] = {"accounts", sizeof(struct tj_account_object), 10, true},
    [TJ_T_HOLDING] = {"holdings", sizeof(struct tj_holding_object), 6, true},
};

static_assert(sizeof(struct tj_account_object) << 10 <= TJ_BLOCK_BYTES_MAX, "a block's bound");
static_assert(sizeof(struct tj_mark_object) << 12 <= TJ_BLOCK_BYTES_MAX, "a block's bound");

static void *grown(void *array, size_t old_count, size_t count, size_t size)
{
    uint8_t *more = realloc(array, count * size);
    TIJORI_REQUIRE(more != NULL);
    memset(more + old_count * size, 0, (count - old_count) * size);
    return more;
}

struct tj_state *tj_state_create(void)
{
    struct tj_state *state = aligned_alloc(64, (sizeof *state + 63) / 64 * 64);
    TIJORI_REQUIRE(state != NULL);
    memset(state, 0, sizeof *state);
    state->undo = &state->undo_own;
    return state;
}

/* ---- arena: blocks are never freed one by one, and fresh pages are zero and untouched ---- */

struct tj_arena_chunk {
    struct tj_arena_chunk *next;
    uint8_t padding[56];
};
/* A chunk is mapped in huge pages where the kernel gives them on request: accounts are touched at
 * random, and a gigabyte of small pages would cost a page walk each time. */
enum { HUGE_PAGE_BYTES = 2 << 20, ARENA_CHUNK_BYTES = 16 << 20 };

/* Aligned to a huge page: more is mapped than is wanted, and what is over is given back. */
static uint8_t *map_chunk(void)
{
    uint8_t *mapped = mmap(NULL, ARENA_CHUNK_BYTES + HUGE_PAGE_BYTES, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    TIJORI_REQUIRE(mapped != MAP_FAILED);
    size_t before = (size_t)(-(uintptr_t)mapped % HUGE_PAGE_BYTES);
    if (before > 0) {
        munmap(mapped, before);
    }
    munmap(mapped + before + ARENA_CHUNK_BYTES, HUGE_PAGE_BYTES - before);
    (void)madvise(mapped + before, ARENA_CHUNK_BYTES, MADV_HUGEPAGE); /* a wish */
    return mapped + before;
}

static uint8_t *arena_take(struct tj_state *state, size_t size)
{
    if (state->arena_left < size) {
        uint8_t *memory = map_chunk();
        struct tj_arena_chunk *chunk = (struct tj_arena_chunk *)(void *)memory;
        chunk->next = state->arena_chunks;
        state->arena_chunks = chunk;
        state->arena = memory + sizeof *chunk;
        state->arena_left = ARENA_CHUNK_BYTES - sizeof *chunk;
    }
    uint8_t *taken = state->arena;
    state->arena += size;
    state->arena_left -= size;
    return taken;
}

static void table_clear(struct tj_table *table)
{
    free(table->blocks);
}

void tj_state_destroy(struct tj_state *state)
{
    if (state == NULL) {
        return;
    }
    for (size_t t = 0; t < TJ_T_KEY; t++) {
        table_clear(&state->tables[t]);
    }
    for (uint32_t p = 0; p < state->parties_capacity; p++) {
        for (size_t t = 0; t < TJ_T_END - TJ_T_KEY; t++) {
            table_clear(&state->parties[p].tables[t]);
        }
    }
    free(state->parties);
    free(state->key_index.slots);
    free(state->mark_index.slots);
    free(state->rule_index.slots);
    free(state->rules_remembered);
    tj_undo_log_free(&state->undo_own);
    for (struct tj_arena_chunk *chunk = state->arena_chunks; chunk != NULL;) {
        struct tj_arena_chunk *next = chunk->next;
        munmap(chunk, ARENA_CHUNK_BYTES);
        chunk = next;
    }
    free(state);
}

/* ---- objects ---- */

static const struct tj_table *table_of(const struct tj_state *state, uint8_t table, uint32_t party)
{
    if (table < TJ_T_KEY) {
        return &state->tables[table];
    }
    if (party < state->parties_capacity) {
        return &state->parties[party].tables[table - TJ_T_KEY];
    }
    return NULL;
}

const void *tj_state_peek(const struct tj_state *state, enum tj_table_id table, uint32_t party,
                          uint64_t number)
{
    const struct tj_table_shape *shape = &tj_table_shapes[table];
    const struct tj_table *rows = table_of(state, (uint8_t)table, party);
    uint64_t block = number >> shape->shift;
    if (rows == NULL || block >= rows->capacity || rows->blocks[block] == NULL) {
        return NULL;
    }
    uint64_t place = number & ((UINT64_C(1) << shape->shift) - 1);
    return rows->blocks[block]->content + place * shape->object_size;
}

void tj_state_prefetch_account(const struct tj_state *state, uint64_t account)
{
    const void *object =
        tj_state_peek(state, TJ_T_ACCOUNT, tj_account_party(account), tj_account_local(account));
    if (object != NULL) {
        __builtin_prefetch(object, 1);
    }
}

struct tj_block *tj_state_block(struct tj_state *state, uint8_t table, uint32_t party,
                                uint32_t number)
{
    if (table >= TJ_T_KEY && party >= state->parties_capacity) {
        uint32_t capacity = party + 1 + party / 2;
        state->parties =
            grown(state->parties, state->parties_capacity, capacity, sizeof *state->parties);
        state->parties_capacity = capacity;
    }
    struct tj_table *rows =
        table < TJ_T_KEY ? &state->tables[table] : &state->parties[party].tables[table - TJ_T_KEY];
    if (number >= rows->capacity) {
        uint32_t capacity = number + 1 + number / 2;
        rows->blocks = grown(rows->blocks, rows->capacity, capacity, sizeof(struct tj_block *));
        rows->capacity = capacity;
    }
    if (rows->blocks[number] == NULL) {
        struct tj_block *block =
            (struct tj_block *)(void *)arena_take(state, sizeof *block + tj_block_bytes(table));
        block->table = table;
        block->party = party;
        block->number = number;
        rows->blocks[number] = block;
    }
    return rows->blocks[number];
}

static void remember(struct tj_undo_log *log, uint8_t *at, uint32_t size)
{
    if (log->count == log->capacity) {
        size_t capacity = log->capacity * 2 + 1024;
        log->undo = grown(log->undo, log->capacity, capacity, sizeof *log->undo);
        log->capacity = capacity;
    }
    if (log->bytes_count + size > log->bytes_capacity) {
        size_t capacity = log->bytes_capacity * 2 + 65536;
        log->bytes = grown(log->bytes, log->bytes_capacity, capacity, 1);
        log->bytes_capacity = capacity;
    }
    log->undo[log->count++] = (struct tj_undo){at, size};
    memcpy(log->bytes + log->bytes_count, at, size);
    log->bytes_count += size;
}

static void set_dirty(struct tj_state *state, struct tj_block *block)
{
    block->dirty = true;
    block->dirty_since = state->entry;
    block->next_dirty = NULL;
    if (state->dirty_last == NULL) {
        state->dirty_first = block;
    } else {
        state->dirty_last->next_dirty = block;
    }
    state->dirty_last = block;
    state->dirty_count++;
}

/* Whether the undo log has this object of this entry already; it will have it now. Of the two sorts
 * that many movements of an entry change alike: a purpose total, and the rules that count. */
static bool remembered(struct tj_state *state, enum tj_table_id table, uint64_t number,
                       const void *object)
{
    bool known = object == state->total_remembered;
    if (table == TJ_T_TOTAL) {
        state->total_remembered = object;
    }
    if (table == TJ_T_RULE && number < TJ_RULES_MAX) {
        if (state->rules_remembered == NULL) {
            state->rules_remembered = grown(NULL, 0, TJ_RULES_MAX, sizeof(uint64_t));
        }
        known = state->rules_remembered[number] == state->remembering;
        state->rules_remembered[number] = state->remembering;
    }
    return known;
}

void *tj_state_touch(struct tj_state *state, enum tj_table_id table, uint32_t party,
                     uint64_t number)
{
    const struct tj_table_shape *shape = &tj_table_shapes[table];
    struct tj_block *block =
        tj_state_block(state, (uint8_t)table, party, (uint32_t)(number >> shape->shift));
    if (state->redo && block->stored_size > state->entry) {
        return state->scratch;
    }
    uint64_t place = number & ((UINT64_C(1) << shape->shift) - 1);
    uint8_t *object = block->content + place * shape->object_size;
    if (!state->redo && !remembered(state, table, number, object)) {
        remember(state->undo, object, shape->object_size);
    }
    if (!block->dirty) {
        set_dirty(state, block);
    }
    return object;
}

/* ---- undo ---- */

void tj_undo_log_free(struct tj_undo_log *log)
{
    free(log->undo);
    free(log->bytes);
}

void tj_undo_log_settle(struct tj_undo_log *log)
{
    log->count = 0;
    log->bytes_count = 0;
}

void tj_state_begin_entry(struct tj_state *state, uint64_t entry)
{
    state->entry = entry;
    state->total_remembered = NULL;
    state->remembering++;
}

void tj_state_rollback(struct tj_state *state, size_t mark)
{
    struct tj_undo_log *log = state->undo;
    state->total_remembered = NULL;
    state->remembering++;
    while (log->count > mark) {
        const struct tj_undo *undo = &log->undo[--log->count];
        log->bytes_count -= undo->size;
        memcpy(undo->at, log->bytes + log->bytes_count, undo->size);
    }
}

void tj_state_rollback_to(struct tj_state *state, uint64_t size)
{
    tj_state_rollback(state, 0);
    for (struct tj_block *block = state->dirty_first; block != NULL; block = block->next_dirty) {
        if (block->dirty_since > size) {
            block->dirty_since = size;
        }
    }
}

/* ---- dirty blocks ---- */

struct tj_block *tj_state_pop_dirty(struct tj_state *state)
{
    struct tj_block *block = state->dirty_first;
    if (block == NULL) {
        return NULL;
    }
    state->dirty_first = block->next_dirty;
    if (state->dirty_first == NULL) {
        state->dirty_last = NULL;
    }
    state->dirty_count--;
    block->dirty = false;
    block->next_dirty = NULL;
    return block;
}

static void unlink_dirty(struct tj_state *state, struct tj_block *block)
{
    struct tj_block *before = NULL;
    for (struct tj_block *at = state->dirty_first; at != block; at = at->next_dirty) {
        before = at;
    }
    if (before == NULL) {
        state->dirty_first = block->next_dirty;
    } else {
        before->next_dirty = block->next_dirty;
    }
    if (state->dirty_last == block) {
        state->dirty_last = before;
    }
    state->dirty_count--;
}

void tj_state_unpop_dirty(struct tj_state *state, struct tj_block *block, uint64_t since)
{
    if (block->dirty) {
        unlink_dirty(state, block); /* it has changed again meanwhile */
    }
    block->dirty = true;
    block->dirty_since = since;
    block->next_dirty = state->dirty_first;
    state->dirty_first = block;
    if (state->dirty_last == NULL) {
        state->dirty_last = block;
    }
    state->dirty_count++;
}

/* ---- indexes ---- */

static uint64_t mix(uint64_t key)
{
    /* Record ids are nearly consecutive: spread them (the 64-bit finaliser of SplitMix). */
    key = (key ^ (key >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    key = (key ^ (key >> 27)) * UINT64_C(0x94d049bb133111eb);
    return key ^ (key >> 31);
}

static void index_place(struct tj_index *index, uint64_t key, uint64_t value)
{
    size_t at = mix(key) & (index->capacity - 1);
    while (index->slots[at].value != 0) {
        if (index->slots[at].key == key && index->slots[at].value == value + 1) {
            return;
        }
        at = (at + 1) & (index->capacity - 1);
    }
    index->slots[at] = (struct tj_index_slot){key, value + 1};
    index->count++;
}

static void index_insert(struct tj_index *index, uint64_t key, uint64_t value)
{
    if (index->count * 2 >= index->capacity) {
        struct tj_index old = *index;
        index->capacity = old.capacity == 0 ? 256 : old.capacity * 2;
        index->count = 0;
        index->slots = calloc(index->capacity, sizeof *index->slots);
        TIJORI_REQUIRE(index->slots != NULL);
        for (size_t i = 0; i < old.capacity; i++) {
            if (old.slots[i].value != 0) {
                index_place(index, old.slots[i].key, old.slots[i].value - 1);
            }
        }
        free(old.slots);
    }
    index_place(index, key, value);
}

/* The next value under `key` from slot *at on; false when there is none. */
static bool index_next(const struct tj_index *index, size_t *step, uint64_t *value, uint64_t key)
{
    if (index->capacity == 0) {
        return false;
    }
    for (;;) {
        size_t at = (mix(key) + *step) & (index->capacity - 1);
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

static const uint8_t *key_x(const struct tj_key_object *key)
{
    if (key->algorithm == TJ_ALGORITHM_ECDSA) {
        return key->key + 1;
    }
    return key->key;
}

const struct tj_key_object *tj_state_find_key(const struct tj_state *state, const uint8_t x32[32])
{
    size_t step = 0;
    uint64_t value;
    while (index_next(&state->key_index, &step, &value, tj_load64(x32))) {
        const struct tj_key_object *key =
            tj_state_key(state, (uint32_t)(value >> 32), (uint32_t)value);
        if (key != NULL && memcmp(key_x(key), x32, 32) == 0) {
            return key;
        }
    }
    return NULL;
}

const struct tj_mark_object *tj_state_find_mark(const struct tj_state *state, uint64_t *number,
                                                uint64_t record)
{
    size_t step = 0;
    while (index_next(&state->mark_index, &step, number, record)) {
        const struct tj_mark_object *mark = tj_state_peek(state, TJ_T_MARK, 0, *number);
        if (mark != NULL && mark->record == record) {
            return mark;
        }
    }
    return NULL;
}

void tj_state_index_key(struct tj_state *state, const struct tj_key_object *key)
{
    index_insert(&state->key_index, tj_load64(key_x(key)),
                 (uint64_t)key->party << 32 | key->ordinal);
}

void tj_state_index_mark(struct tj_state *state, uint64_t record, uint64_t number)
{
    index_insert(&state->mark_index, record, number);
}

void tj_state_index_rule(struct tj_state *state, uint64_t holder, uint32_t rule)
{
    index_insert(&state->rule_index, holder, rule);
}

bool tj_state_next_rule(const struct tj_state *state, size_t *step, uint32_t *rule, uint64_t holder)
{
    uint64_t value;
    bool found = index_next(&state->rule_index, step, &value, holder);
    *rule = found ? (uint32_t)value : 0;
    return found;
}

static bool index_block(void *context, const struct tj_block *block)
{
    struct tj_state *state = context;
    const struct tj_table_shape *shape = &tj_table_shapes[block->table];
    uint64_t first = (uint64_t)block->number << shape->shift;
    for (uint64_t i = 0; i < (UINT64_C(1) << shape->shift); i++) {
        const void *object = block->content + i * shape->object_size;
        if (block->table == TJ_T_KEY && ((const struct tj_key_object *)object)->status != 0) {
            tj_state_index_key(state, object);
        }
        if (block->table == TJ_T_MARK && ((const struct tj_mark_object *)object)->record != 0) {
            tj_state_index_mark(state, ((const struct tj_mark_object *)object)->record, first + i);
        }
        if (block->table == TJ_T_RULE && ((const struct tj_rule_object *)object)->set != 0) {
            tj_state_index_rule(state, ((const struct tj_rule_object *)object)->holder,
                                (uint32_t)(first + i));
        }
    }
    return true;
}

static bool visit_table(const struct tj_table *rows, tj_block_visitor *visit, void *context)
{
    for (uint32_t i = 0; i < rows->capacity; i++) {
        if (rows->blocks[i] != NULL && !visit(context, rows->blocks[i])) {
            return false;
        }
    }
    return true;
}

bool tj_state_visit(const struct tj_state *state, tj_block_visitor *visit, void *context)
{
    for (uint8_t table = TJ_T_LEDGER; table < TJ_T_END; table++) {
        uint32_t parties = tj_table_shapes[table].per_party ? state->parties_capacity : 1;
        for (uint32_t party = 0; party < parties; party++) {
            if (!visit_table(table_of(state, table, party), visit, context)) {
                return false;
            }
        }
    }
    return true;
}

void tj_state_index_all(struct tj_state *state)
{
    tj_state_visit(state, index_block, state);
}

/* ---- typed readers ---- */

const struct tj_ledger_object *tj_state_ledger(const struct tj_state *state)
{
    return tj_state_peek(state, TJ_T_LEDGER, 0, 0);
}

const struct tj_party_object *tj_state_party(const struct tj_state *state, uint32_t party)
{
    const struct tj_party_object *object = tj_state_peek(state, TJ_T_PARTY, 0, party);
    if (object != NULL && object->type != 0) {
        return object;
    }
    return NULL;
}

const struct tj_asset_object *tj_state_asset(const struct tj_state *state, uint32_t asset)
{
    const struct tj_asset_object *object = tj_state_peek(state, TJ_T_ASSET, 0, asset);
    if (object != NULL && object->amount_max != 0) {
        return object;
    }
    return NULL;
}

const struct tj_account_object *tj_state_account(const struct tj_state *state, uint64_t account)
{
    const struct tj_account_object *object =
        tj_state_peek(state, TJ_T_ACCOUNT, tj_account_party(account), tj_account_local(account));
    if (object != NULL && object->class != 0) {
        return object;
    }
    return NULL;
}

const struct tj_lane_object *tj_state_lane(const struct tj_state *state, uint32_t party,
                                           uint16_t lane)
{
    return tj_state_peek(state, TJ_T_LANE, party, lane);
}

const struct tj_key_object *tj_state_key(const struct tj_state *state, uint32_t party,
                                         uint32_t ordinal)
{
    const struct tj_key_object *object = tj_state_peek(state, TJ_T_KEY, party, ordinal);
    if (object != NULL && object->status != 0) {
        return object;
    }
    return NULL;
}

const struct tj_rule_object *tj_state_rule(const struct tj_state *state, uint32_t rule)
{
    const struct tj_rule_object *object = tj_state_peek(state, TJ_T_RULE, 0, rule);
    if (object != NULL && object->set != 0) {
        return object;
    }
    return NULL;
}

const struct tj_holding_object *tj_state_holding(const struct tj_state *state, uint32_t party,
                                                 uint32_t asset)
{
    return tj_state_peek(state, TJ_T_HOLDING, party, asset);
}

/* ---- digest ---- */

static bool digest_block(void *context, const struct tj_block *block)
{
    struct tj_hasher *hasher = context;
    if (!tj_all_zero(block->content, tj_block_bytes(block->table))) {
        uint8_t name[9] = {block->table};
        tj_store32(name + 1, block->party);
        tj_store32(name + 5, block->number);
        tj_sha256_update(hasher, name, sizeof name);
        tj_sha256_update(hasher, block->content, tj_block_bytes(block->table));
    }
    return true;
}

void tj_state_digest(const struct tj_state *state, struct tj_hasher *hasher, struct tj_hash *out)
{
    tj_sha256_begin(hasher);
    tj_state_visit(state, digest_block, hasher);
    tj_sha256_finish(hasher, out);
}
