#include "core/rules/state.h"

#include "core/base/memory.h"

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

/* Room for `count` items; what is new of it is zero. `array` as tj_grow has it. */
static bool grow_clear(void *array, size_t *capacity, size_t count, size_t size)
{
    uint8_t *items;
    size_t before = *capacity;
    if (!tj_grow(array, capacity, count, size)) {
        return false;
    }
    memcpy(&items, array, sizeof items);
    memset(items + before * size, 0, (*capacity - before) * size);
    return true;
}

struct tj_state *tj_state_create(void)
{
    struct tj_state *state = aligned_alloc(64, (sizeof *state + 63) / 64 * 64);
    if (state == NULL) {
        return NULL;
    }
    memset(state, 0, sizeof *state);
    state->undo = &state->undo_own;
    return state;
}

/* ---- arena: blocks are never freed one by one, and fresh pages are zero and untouched ---- */

/* A chunk is mapped in huge pages where the kernel gives them on request: accounts are touched at
 * random, and a gigabyte of small pages would cost a page walk each time. */
enum { HUGE_PAGE_BYTES = 2 << 20, ARENA_CHUNK_BYTES = 16 << 20 };

/* Aligned to a huge page: more is mapped than is wanted, and what is over is given back. NULL when
 * there is no memory. */
static uint8_t *map_chunk(void)
{
    uint8_t *mapped = mmap(NULL, ARENA_CHUNK_BYTES + HUGE_PAGE_BYTES, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) {
        return NULL;
    }
    size_t before = (size_t)(-(uintptr_t)mapped % HUGE_PAGE_BYTES);
    TJ_VERIFY_CHECK((uintptr_t)(mapped + before) % HUGE_PAGE_BYTES == 0);
    if (before > 0) {
        munmap(mapped, before);
    }
    munmap(mapped + before + ARENA_CHUNK_BYTES, HUGE_PAGE_BYTES - before);
    (void)madvise(mapped + before, ARENA_CHUNK_BYTES, MADV_HUGEPAGE); /* a wish */
    return mapped + before;
}

/* What is left of a chunk when the next block does not fit is given up: pages that nobody touches
 * cost no memory. NULL when there is none. */
static uint8_t *arena_take(struct tj_state *state, size_t size)
{
    TJ_VERIFY_CHECK(size <= ARENA_CHUNK_BYTES - sizeof(struct tj_arena_chunk));
    if (state->arena_left < size) {
        uint8_t *memory = map_chunk();
        if (memory == NULL) {
            return NULL;
        }
        struct tj_arena_chunk *chunk = (struct tj_arena_chunk *)(void *)memory;
        chunk->next = state->arena_chunks;
        state->arena_chunks = chunk;
        state->arena = memory + sizeof *chunk;
        state->arena_left = ARENA_CHUNK_BYTES - sizeof *chunk;
    }
    uint8_t *taken = state->arena;
    state->arena += size;
    state->arena_left -= size;
    TJ_VERIFY_CHECK((uintptr_t)taken % 64 == 0);
    TJ_VERIFY_CHECK(tj_all_zero(taken, size));
    return taken;
}

static void table_clear(struct tj_table *table)
{
    free(table->blocks);
}

/* Every block of the list is dirty, the oldest change comes first, and the count is right: the head
 * of the stored log takes from the first one where a redo has to begin. */
bool tj_dirty_in_order(const struct tj_state *state)
{
    uint64_t count = 0;
    const struct tj_block *last = NULL;
    for (const struct tj_block *at = state->dirty_first; at != NULL; at = at->next_dirty) {
        if (!at->dirty || ++count > state->dirty_count ||
            (last != NULL && last->dirty_since > at->dirty_since)) {
            return false;
        }
        last = at;
    }
    return count == state->dirty_count && last == state->dirty_last;
}

/* Blocks are not freed: the chunks that they lie in are. */
void tj_state_destroy(struct tj_state *state)
{
    if (state == NULL) {
        return;
    }
    TJ_VERIFY_CHECK(tj_dirty_in_order(state));
    for (size_t t = 0; t < TJ_T_KEY; t++) {
        table_clear(&state->tables[t]);
    }
    for (size_t p = 0; p < state->parties_capacity; p++) {
        for (size_t t = 0; t < TJ_T_END - TJ_T_KEY; t++) {
            table_clear(&state->parties[p].tables[t]);
        }
    }
    free(state->parties);
    tj_index_free(&state->key_index);
    tj_index_free(&state->mark_index);
    tj_index_free(&state->rule_index);
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
    TJ_VERIFY_CHECK(table >= TJ_T_LEDGER && table < TJ_T_END);
    if (table < TJ_T_KEY) {
        return &state->tables[table];
    }
    if (party < state->parties_capacity) {
        return &state->parties[party].tables[table - TJ_T_KEY];
    }
    return NULL;
}

/* A block lies where its own name says: by that it is stored. */
TJ_VERIFY_ONLY static bool stands_at(const struct tj_block *block, uint8_t table, uint32_t party,
                                     uint64_t number)
{
    return block->table == table && block->number == number &&
           (!tj_table_shapes[table].per_party || block->party == party);
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
    TJ_VERIFY_CHECK(stands_at(rows->blocks[block], (uint8_t)table, party, block));
    uint64_t place = number & ((UINT64_C(1) << shape->shift) - 1);
    return rows->blocks[block]->content + place * shape->object_size;
}

struct tj_block *tj_state_find_block(const struct tj_state *state, uint8_t table, uint32_t party,
                                     uint32_t number)
{
    const struct tj_table *rows = table_of(state, table, party);
    if (rows == NULL || number >= rows->capacity) {
        return NULL;
    }
    return rows->blocks[number];
}

bool tj_state_lacks(const struct tj_state *state, enum tj_table_id table, uint32_t party,
                    uint64_t number)
{
    const struct tj_block *block = tj_state_find_block(
        state, (uint8_t)table, party, (uint32_t)(number >> tj_table_shapes[table].shift));
    TJ_VERIFY_CHECK(state->redo);
    return block == NULL || block->stored_size <= state->entry;
}

void tj_state_prefetch_account(const struct tj_state *state, uint64_t account)
{
    const void *object =
        tj_state_peek(state, TJ_T_ACCOUNT, tj_account_party(account), tj_account_local(account));
    if (object != NULL) {
        __builtin_prefetch(object, 1);
    }
}

/* The table that a block belongs to, with room for it; NULL when there is no memory. */
static struct tj_table *room_for(struct tj_state *state, uint8_t table, uint32_t party,
                                 uint32_t number)
{
    if (table >= TJ_T_KEY && !grow_clear(&state->parties, &state->parties_capacity,
                                         (size_t)party + 1, sizeof *state->parties)) {
        return NULL;
    }
    struct tj_table *rows =
        table < TJ_T_KEY ? &state->tables[table] : &state->parties[party].tables[table - TJ_T_KEY];
    if (!grow_clear(&rows->blocks, &rows->capacity, (size_t)number + 1,
                    sizeof(struct tj_block *))) {
        return NULL;
    }
    return rows;
}

/* A block is put into its table when all of it is there: what memory is lacking for on the way
 * leaves room that nothing stands in, and no block. */
struct tj_block *tj_state_block(struct tj_state *state, uint8_t table, uint32_t party,
                                uint32_t number)
{
    TJ_VERIFY_CHECK(party < TJ_PARTIES_MAX);
    struct tj_table *rows = room_for(state, table, party, number);
    if (rows == NULL) {
        state->no_memory = true;
        return NULL;
    }
    if (rows->blocks[number] == NULL) {
        struct tj_block *block =
            (struct tj_block *)(void *)arena_take(state, sizeof *block + tj_block_bytes(table));
        if (block == NULL) {
            state->no_memory = true;
            return NULL;
        }
        block->table = table;
        block->party = party;
        block->number = number;
        rows->blocks[number] = block;
    }
    TJ_VERIFY_CHECK(stands_at(rows->blocks[number], table, party, number));
    return rows->blocks[number];
}

/* False: no memory, and nothing is remembered. */
static bool remember(struct tj_undo_log *log, uint8_t *at, uint32_t size)
{
    TJ_VERIFY_CHECK((log->count == 0) == (log->bytes_count == 0));
    if (!tj_grow(&log->undo, &log->capacity, log->count + 1, sizeof *log->undo) ||
        !tj_grow(&log->bytes, &log->bytes_capacity, log->bytes_count + size, 1)) {
        return false;
    }
    log->undo[log->count++] = (struct tj_undo){at, size};
    memcpy(log->bytes + log->bytes_count, at, size);
    log->bytes_count += size;
    return true;
}

static void set_dirty(struct tj_state *state, struct tj_block *block)
{
    TJ_VERIFY_CHECK(block->stored_size <= state->entry); /* else it would be redone in vain */
    TJ_VERIFY_CHECK(state->dirty_last == NULL || state->dirty_last->dirty_since <= state->entry);
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
 * that many movements of an entry change alike: a purpose total, and the rules that count. Without
 * memory for the turns of rules they are remembered each time, which is right as well. */
static bool remembered(struct tj_state *state, enum tj_table_id table, uint64_t number,
                       const void *object)
{
    bool known = object == state->total_remembered;
    if (table == TJ_T_TOTAL) {
        state->total_remembered = object;
    }
    if (table == TJ_T_RULE && number < TJ_RULES_MAX) {
        if (state->rules_remembered == NULL) {
            state->rules_remembered = calloc(TJ_RULES_MAX, sizeof(uint64_t));
        }
        if (state->rules_remembered != NULL) {
            known = state->rules_remembered[number] == state->remembering;
            state->rules_remembered[number] = state->remembering;
        }
    }
    return known;
}

/* What is given where no object can be: empty each time, so that one effect does not meet what
 * another wrote. */
static void *spare(struct tj_state *state)
{
    state->no_memory = true;
    memset(state->scratch, 0, sizeof state->scratch);
    return state->scratch;
}

/* Of what records number: no rule may let a larger number through. */
TJ_VERIFY_ONLY static bool is_number_of(enum tj_table_id table, uint64_t number)
{
    static const uint64_t max[TJ_T_END] = {
        [TJ_T_LEDGER] = 1,
        [TJ_T_PARTY] = TJ_PARTIES_MAX,
        [TJ_T_LOG_KEY] = TJ_LOG_KEYS_MAX,
        [TJ_T_RULE] = TJ_RULES_MAX,
        [TJ_T_KEY] = TJ_KEYS_MAX,
        [TJ_T_LANE] = TJ_LANES_MAX,
        [TJ_T_ACCOUNT] = TJ_ACCOUNTS_MAX,
    };
    return max[table] == 0 || number < max[table];
}

static_assert(sizeof(struct tj_ledger_object) <= sizeof((struct tj_state *)0)->scratch &&
                  sizeof(struct tj_rule_object) <= sizeof((struct tj_state *)0)->scratch,
              "the spare object is as large as the largest");

/* An object whose old content cannot be remembered must not be written either: it could not be
 * taken back. In a redo nothing is remembered: a redo that fails gives no state at all. */
void *tj_state_touch(struct tj_state *state, enum tj_table_id table, uint32_t party,
                     uint64_t number)
{
    const struct tj_table_shape *shape = &tj_table_shapes[table];
    TJ_VERIFY_CHECK(!tj_state_exact(state) || is_number_of(table, number));
    TJ_VERIFY_CHECK(shape->per_party || party == 0);
    if (state->no_memory) {
        return spare(state);
    }
    struct tj_block *block =
        tj_state_block(state, (uint8_t)table, party, (uint32_t)(number >> shape->shift));
    if (block == NULL) {
        return spare(state);
    }
    if (state->redo && block->stored_size > state->entry) {
        return state->scratch;
    }
    uint64_t place = number & ((UINT64_C(1) << shape->shift) - 1);
    uint8_t *object = block->content + place * shape->object_size;
    if (!state->redo && !remembered(state, table, number, object) &&
        !remember(state->undo, object, shape->object_size)) {
        return spare(state);
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
    TJ_VERIFY_CHECK(mark <= log->count);
    state->total_remembered = NULL;
    state->remembering++;
    while (log->count > mark) {
        const struct tj_undo *undo = &log->undo[--log->count];
        TJ_VERIFY_CHECK(undo->size <= log->bytes_count);
        log->bytes_count -= undo->size;
        memcpy(undo->at, log->bytes + log->bytes_count, undo->size);
    }
    TJ_VERIFY_CHECK((log->count == 0) == (log->bytes_count == 0));
}

void tj_state_rollback_to(struct tj_state *state, uint64_t size)
{
    tj_state_rollback(state, 0);
    for (struct tj_block *block = state->dirty_first; block != NULL; block = block->next_dirty) {
        if (block->dirty_since > size) {
            block->dirty_since = size;
        }
    }
    TJ_VERIFY_CHECK(tj_dirty_in_order(state));
}

/* ---- dirty blocks ---- */

struct tj_block *tj_state_pop_dirty(struct tj_state *state)
{
    struct tj_block *block = state->dirty_first;
    if (block == NULL) {
        TJ_VERIFY_CHECK(state->dirty_count == 0);
        return NULL;
    }
    TJ_VERIFY_CHECK(state->dirty_count % 64 != 0 || tj_dirty_in_order(state));
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
        TJ_VERIFY_CHECK(at != NULL); /* what is dirty is in the list */
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
    TJ_VERIFY_CHECK(state->dirty_first == NULL || since <= state->dirty_first->dirty_since);
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

/* An object that was not kept is not to be found either. */
static void index_insert(struct tj_state *state, struct tj_index *index, uint64_t key,
                         uint64_t value)
{
    if (state->no_memory || !tj_index_insert(index, key, value)) {
        state->no_memory = true;
    }
}

void tj_state_index_key(struct tj_state *state, const struct tj_key_object *key)
{
    index_insert(state, &state->key_index, tj_load64(tj_key_object_x(key)),
                 (uint64_t)key->party << 32 | key->ordinal);
}

void tj_state_index_mark(struct tj_state *state, uint64_t record, uint64_t number)
{
    index_insert(state, &state->mark_index, record, number);
}

void tj_state_index_rule(struct tj_state *state, uint64_t holder, uint32_t rule)
{
    index_insert(state, &state->rule_index, holder, rule);
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
    for (size_t i = 0; i < rows->capacity; i++) {
        if (rows->blocks[i] == NULL) {
            continue;
        }
        TJ_VERIFY_CHECK(rows->blocks[i]->number == i); /* the order is the numbers' */
        if (!visit(context, rows->blocks[i])) {
            return false;
        }
    }
    return true;
}

bool tj_state_visit(const struct tj_state *state, tj_block_visitor *visit, void *context)
{
    for (uint8_t table = TJ_T_LEDGER; table < TJ_T_END; table++) {
        size_t parties = tj_table_shapes[table].per_party ? state->parties_capacity : 1;
        for (size_t party = 0; party < parties; party++) {
            if (!visit_table(table_of(state, table, (uint32_t)party), visit, context)) {
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
