#include "core/rules/state.h"

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
    const struct tj_account_object *object = tj_state_peek(
        state, tj_table_of_account(account), tj_account_party(account), tj_account_number(account));
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

/* ---- by index ---- */

const struct tj_key_object *tj_state_find_key(const struct tj_state *state, const uint8_t x32[32])
{
    size_t step = 0;
    uint64_t value;
    while (tj_index_next(&state->key_index, &step, &value, tj_load64(x32))) {
        const struct tj_key_object *key =
            tj_state_key(state, (uint32_t)(value >> 32), (uint32_t)value);
        if (key != NULL && memcmp(tj_key_object_x(key), x32, 32) == 0) {
            return key;
        }
    }
    return NULL;
}

const struct tj_mark_object *tj_state_find_mark(const struct tj_state *state, uint64_t *number,
                                                uint64_t record)
{
    size_t step = 0;
    while (tj_index_next(&state->mark_index, &step, number, record)) {
        const struct tj_mark_object *mark = tj_state_peek(state, TJ_T_MARK, 0, *number);
        if (mark != NULL && mark->record == record) {
            return mark;
        }
    }
    return NULL;
}

bool tj_state_next_rule(const struct tj_state *state, size_t *step, uint32_t *rule, uint64_t holder)
{
    uint64_t value;
    bool found = tj_index_next(&state->rule_index, step, &value, holder);
    *rule = found ? (uint32_t)value : 0;
    return found;
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

/* ---- memory ---- */

uint64_t tj_state_bytes(const struct tj_state *state)
{
    const size_t slots =
        state->key_index.capacity + state->mark_index.capacity + state->rule_index.capacity;
    return state->arena.taken + state->room_bytes + slots * sizeof(struct tj_index_slot);
}

/* ---- sample ---- */

/* Words that are zero count for nothing: a block that was made and not written changes nothing. */
static bool sample_block(void *context, const struct tj_block *block)
{
    uint64_t *sample = context;
    uint64_t name = (uint64_t)block->party << 40 ^ (uint64_t)block->number << 8 ^ block->table;
    for (uint32_t at = 0; at < tj_block_bytes(block->table); at += 8) {
        uint64_t word;
        memcpy(&word, block->content + at, sizeof word);
        if (word != 0) {
            *sample += tj_mix64(word ^ tj_mix64(name + ((uint64_t)at << 48)));
        }
    }
    return true;
}

uint64_t tj_state_sample_again(const struct tj_state *state)
{
    uint64_t sample = 1;
    tj_state_visit(state, sample_block, &sample);
    return sample;
}

uint64_t tj_state_sample(const struct tj_state *state)
{
    bool small = state->arena.chunks != NULL && state->arena.chunks->next == NULL;
    if (state->remembering % 16 == 0 && small) {
        return tj_state_sample_again(state);
    }
    return 0;
}
