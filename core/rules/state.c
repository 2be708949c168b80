#include "core/rules/state.h"

#include "core/base/memory.h"

const char *const tj_basis_names[TJ_BASIS_BROUGHT_IN + 1] = {
    [TJ_BASIS_DECLARED] = "declared",
    [TJ_BASIS_DOCUMENT] = "document",
    [TJ_BASIS_COUNTERSIGNED] = "countersigned",
    [TJ_BASIS_BROUGHT_IN] = "brought in",
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
    [TJ_T_RESTRICTED] = {"restricted accounts", sizeof(struct tj_account_object), 10, true},
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

/* ---- the beginning and the end ---- */

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
        if (!at->dirty || ++count > state->dirty_count || at->before_dirty != last ||
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
    tj_arena_free(&state->arena);
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
    const void *object = tj_state_peek(state, tj_table_of_account(account),
                                       tj_account_party(account), tj_account_number(account));
    if (object != NULL) {
        __builtin_prefetch(object, 1);
    }
}

struct tj_account_object *tj_state_touch_account(struct tj_state *state, uint64_t account)
{
    return tj_state_touch(state, tj_table_of_account(account), tj_account_party(account),
                          tj_account_number(account));
}

/* ---- notes of what is done, to take it back ---- */

/* Room for so many more notes and bytes. False: no memory, and nothing has changed. */
static bool note_room(struct tj_undo_log *log, size_t notes, size_t bytes)
{
    TJ_VERIFY_CHECK(log->count > 0 || log->bytes_count == 0);
    return tj_grow(&log->undo, &log->capacity, log->count + notes, sizeof *log->undo) &&
           tj_grow(&log->bytes, &log->bytes_capacity, log->bytes_count + bytes, 1);
}

/* There is room. */
static void note(struct tj_undo_log *log, enum tj_undo_kind kind, void *at, const void *bytes,
                 uint32_t size)
{
    TJ_VERIFY_CHECK(log->count < log->capacity && log->bytes_count + size <= log->bytes_capacity);
    log->undo[log->count++] = (struct tj_undo){at, size, kind};
    if (size > 0) {
        memcpy(log->bytes + log->bytes_count, bytes, size);
        log->bytes_count += size;
    }
}

/* ---- blocks ---- */

/* What a note of more room says: how many items there was room for. */
struct room {
    uint64_t capacity;
    uint32_t party;
    uint32_t table; /* 0: the array of parties */
};

/* Where the blocks of a table are. */
static struct tj_table *rows_of(struct tj_state *state, uint32_t table, uint32_t party)
{
    if (table < TJ_T_KEY) {
        return &state->tables[table];
    }
    return &state->parties[party].tables[table - TJ_T_KEY];
}

/* Room for `count` items of `array`, of which `room` says whose it is. False: no memory. */
static bool grow_room(struct tj_state *state, void *array, size_t *capacity, size_t count,
                      size_t size, struct room room, bool noted)
{
    if (count <= *capacity) {
        return true;
    }
    room.capacity = *capacity;
    if (noted && !note_room(state->undo, 1, sizeof room)) {
        return false;
    }
    if (!grow_clear(array, capacity, count, size)) {
        return false;
    }
    state->room_bytes += (*capacity - room.capacity) * size;
    if (noted) {
        note(state->undo, TJ_UNDO_ROOM, NULL, &room, sizeof room);
    }
    return true;
}

/* The table that a block belongs to, with room for it; NULL when there is no memory. */
static struct tj_table *room_for(struct tj_state *state, uint8_t table, uint32_t party,
                                 uint32_t number, bool noted)
{
    if (table >= TJ_T_KEY &&
        !grow_room(state, &state->parties, &state->parties_capacity, (size_t)party + 1,
                   sizeof *state->parties, (struct room){0, 0, 0}, noted)) {
        return NULL;
    }
    struct tj_table *rows = rows_of(state, table, party);
    if (!grow_room(state, &rows->blocks, &rows->capacity, (size_t)number + 1,
                   sizeof(struct tj_block *), (struct room){0, party, table}, noted)) {
        return NULL;
    }
    return rows;
}

/* NULL when there is no memory. */
static struct tj_block *make_block(struct tj_state *state, uint8_t table, uint32_t party,
                                   uint32_t number, bool noted)
{
    struct tj_block *block = NULL;
    if (!noted || note_room(state->undo, 1, 0)) {
        block = (struct tj_block *)(void *)tj_arena_take(&state->arena,
                                                         sizeof *block + tj_block_bytes(table));
    }
    if (block == NULL) {
        state->no_memory = true;
        return NULL;
    }
    block->table = table;
    block->party = party;
    block->number = number;
    if (noted) {
        note(state->undo, TJ_UNDO_BLOCK, block, NULL, 0);
    }
    return block;
}

/* A block is put into its table when all of it is there: what memory is lacking for on the way
 * leaves room that nothing stands in, and no block. */
static struct tj_block *block_at(struct tj_state *state, uint8_t table, uint32_t party,
                                 uint32_t number, bool noted)
{
    TJ_VERIFY_CHECK(party < TJ_PARTIES_MAX);
    struct tj_table *rows = room_for(state, table, party, number, noted);
    if (rows == NULL) {
        state->no_memory = true;
        return NULL;
    }
    if (rows->blocks[number] == NULL) {
        rows->blocks[number] = make_block(state, table, party, number, noted);
    }
    TJ_VERIFY_CHECK(rows->blocks[number] == NULL ||
                    stands_at(rows->blocks[number], table, party, number));
    return rows->blocks[number];
}

struct tj_block *tj_state_block(struct tj_state *state, uint8_t table, uint32_t party,
                                uint32_t number)
{
    return block_at(state, table, party, number, false);
}

/* False: no memory, and nothing is remembered. */
static bool remember(struct tj_undo_log *log, uint8_t *at, uint32_t size)
{
    if (!note_room(log, 1, size)) {
        return false;
    }
    note(log, TJ_UNDO_OBJECT, at, at, size);
    return true;
}

static void set_dirty(struct tj_state *state, struct tj_block *block)
{
    TJ_VERIFY_CHECK(block->stored_size <= state->entry); /* else it would be redone in vain */
    TJ_VERIFY_CHECK(state->dirty_last == NULL || state->dirty_last->dirty_since <= state->entry);
    block->dirty = true;
    block->dirty_since = state->entry;
    block->next_dirty = NULL;
    block->before_dirty = state->dirty_last;
    if (state->dirty_last == NULL) {
        state->dirty_first = block;
    } else {
        state->dirty_last->next_dirty = block;
    }
    state->dirty_last = block;
    state->dirty_count++;
}

static void unlink_dirty(struct tj_state *state, struct tj_block *block)
{
    TJ_VERIFY_CHECK(block->dirty && state->dirty_count > 0);
    if (block->before_dirty == NULL) {
        state->dirty_first = block->next_dirty;
    } else {
        block->before_dirty->next_dirty = block->next_dirty;
    }
    if (block->next_dirty == NULL) {
        state->dirty_last = block->before_dirty;
    } else {
        block->next_dirty->before_dirty = block->before_dirty;
    }
    block->next_dirty = NULL;
    block->before_dirty = NULL;
    block->dirty = false;
    state->dirty_count--;
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
        [TJ_T_RESTRICTED] = TJ_ACCOUNTS_MAX,
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
        block_at(state, (uint8_t)table, party, (uint32_t)(number >> shape->shift), !state->redo);
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
    if (!block->dirty && !state->redo) {
        if (!note_room(state->undo, 1, 0)) {
            return spare(state);
        }
        note(state->undo, TJ_UNDO_DIRTY, block, NULL, 0);
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

/* Its objects hold zeros again, and it was the last one made. */
static void unmake_block(struct tj_state *state, struct tj_block *block)
{
    struct tj_table *rows = rows_of(state, block->table, block->party);
    const size_t size = sizeof *block + tj_block_bytes(block->table);
    TJ_VERIFY_CHECK(!block->dirty && rows->blocks[block->number] == block);
    rows->blocks[block->number] = NULL;
    memset(block, 0, sizeof *block);
    tj_arena_give_back(&state->arena, (uint8_t *)block, size);
}

/* What of it was new has nothing in it any more. An array that cannot be moved keeps its room,
 * which costs memory and nothing else. */
static void shrink_room(struct tj_state *state, void *array, size_t *capacity, size_t before,
                        size_t size)
{
    void *items;
    memcpy(&items, array, sizeof items);
    TJ_VERIFY_CHECK(before < *capacity);
    TJ_VERIFY_CHECK(tj_all_zero((uint8_t *)items + before * size, (*capacity - before) * size));
    if (before == 0) {
        free(items);
        items = NULL;
    } else {
        void *moved = realloc(items, before * size);
        if (moved == NULL) {
            return;
        }
        items = moved;
    }
    memcpy(array, &items, sizeof items);
    state->room_bytes -= (*capacity - before) * size;
    *capacity = before;
}

static void take_back_room(struct tj_state *state, const uint8_t *noted)
{
    struct room room;
    memcpy(&room, noted, sizeof room);
    if (room.table == 0) {
        shrink_room(state, &state->parties, &state->parties_capacity, (size_t)room.capacity,
                    sizeof *state->parties);
    } else {
        struct tj_table *rows = rows_of(state, room.table, room.party);
        shrink_room(state, &rows->blocks, &rows->capacity, (size_t)room.capacity,
                    sizeof(struct tj_block *));
    }
}

static void take_back_slot(struct tj_index *index, const uint8_t *noted)
{
    struct tj_index_slot slot;
    memcpy(&slot, noted, sizeof slot);
    tj_index_remove(index, slot.key, slot.value);
}

/* Each kind of note with what undoes it. No `default`: a kind that nobody takes back would leave
 * its trace in the state, and the compiler finds it. */
static void take_back(struct tj_state *state, const struct tj_undo *undo, const uint8_t *noted)
{
    switch (undo->kind) {
    case TJ_UNDO_OBJECT:
        memcpy(undo->at, noted, undo->size);
        return;
    case TJ_UNDO_BLOCK:
        unmake_block(state, undo->at);
        return;
    case TJ_UNDO_DIRTY:
        unlink_dirty(state, undo->at);
        return;
    case TJ_UNDO_ROOM:
        take_back_room(state, noted);
        return;
    case TJ_UNDO_SLOT:
        take_back_slot(undo->at, noted);
        return;
    }
    abort();
}

/* In the reverse order: so what was made last is what is taken back next, and each step finds the
 * state as it left it. */
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
        take_back(state, undo, log->bytes + log->bytes_count);
    }
    TJ_VERIFY_CHECK(log->count > 0 || log->bytes_count == 0);
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
    unlink_dirty(state, block);
    return block;
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
    block->before_dirty = NULL;
    if (state->dirty_first == NULL) {
        state->dirty_last = block;
    } else {
        state->dirty_first->before_dirty = block;
    }
    state->dirty_first = block;
    state->dirty_count++;
}

/* ---- indexes ---- */

/* An object that was not kept is not to be found either. */
static void index_insert(struct tj_state *state, struct tj_index *index, uint64_t key,
                         uint64_t value, bool noted)
{
    const struct tj_index_slot slot = {key, value};
    const size_t count = index->count;
    if (state->no_memory || (noted && !note_room(state->undo, 1, sizeof slot)) ||
        !tj_index_insert(index, key, value)) {
        state->no_memory = true;
        return;
    }
    if (noted && index->count > count) { /* else the pair was there */
        note(state->undo, TJ_UNDO_SLOT, index, &slot, sizeof slot);
    }
}

static void index_key(struct tj_state *state, const struct tj_key_object *key, bool noted)
{
    index_insert(state, &state->key_index, tj_load64(tj_key_object_x(key)),
                 (uint64_t)key->party << 32 | key->ordinal, noted);
}

void tj_state_index_key(struct tj_state *state, const struct tj_key_object *key)
{
    index_key(state, key, !state->redo);
}

void tj_state_index_mark(struct tj_state *state, uint64_t record, uint64_t number)
{
    index_insert(state, &state->mark_index, record, number, !state->redo);
}

void tj_state_index_rule(struct tj_state *state, uint64_t holder, uint32_t rule)
{
    index_insert(state, &state->rule_index, holder, rule, !state->redo);
}

/* Of a snapshot, which is never taken back. */
static bool index_block(void *context, const struct tj_block *block)
{
    struct tj_state *state = context;
    const struct tj_table_shape *shape = &tj_table_shapes[block->table];
    uint64_t first = (uint64_t)block->number << shape->shift;
    for (uint64_t i = 0; i < (UINT64_C(1) << shape->shift); i++) {
        const void *object = block->content + i * shape->object_size;
        const struct tj_mark_object *mark = object;
        const struct tj_rule_object *rule = object;
        if (block->table == TJ_T_KEY && ((const struct tj_key_object *)object)->status != 0) {
            index_key(state, object, false);
        }
        if (block->table == TJ_T_MARK && mark->record != 0) {
            index_insert(state, &state->mark_index, mark->record, first + i, false);
        }
        if (block->table == TJ_T_RULE && rule->set != 0) {
            index_insert(state, &state->rule_index, rule->holder, (uint32_t)(first + i), false);
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
