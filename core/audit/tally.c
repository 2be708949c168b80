#include "core/audit/tally.h"

struct tj_tally *tj_tally_create(void)
{
    struct tj_tally *tally = calloc(1, sizeof *tally);
    TIJORI_REQUIRE(tally != NULL);
    return tally;
}

void tj_tally_destroy(struct tj_tally *tally)
{
    for (uint32_t i = 0; tally != NULL && i <= TJ_ASSETS_MAX; i++) {
        free(tally->assets[i]);
    }
    free(tally);
}

static struct tj_tally_class *class_of(struct tj_tally *tally,
                                       const struct tj_account_object *account)
{
    struct tj_tally_asset **asset = &tally->assets[account->asset];
    if (*asset == NULL) {
        *asset = calloc(1, sizeof **asset);
        TIJORI_REQUIRE(*asset != NULL);
    }
    return &(*asset)->classes[account->class];
}

struct visit {
    struct tj_tally *tally;
    bool closing;
};

static bool add_accounts(void *context, const struct tj_block *block)
{
    const struct visit *visit = context;
    if (block->table != TJ_T_ACCOUNT) {
        return true;
    }
    const struct tj_account_object *accounts = (const void *)block->content;
    for (uint32_t i = 0; i < 1u << tj_table_shapes[TJ_T_ACCOUNT].shift; i++) {
        if (accounts[i].class == 0) {
            continue;
        }
        struct tj_tally_class *class = class_of(visit->tally, &accounts[i]);
        if (visit->closing) {
            class->closing += tj_account_balance(&accounts[i]);
            class->accounts++;
        } else {
            class->opening += tj_account_balance(&accounts[i]);
        }
    }
    return true;
}

void tj_tally_opening(struct tj_tally *tally, const struct tj_state *state)
{
    struct visit visit = {tally, false};
    tj_state_visit(state, add_accounts, &visit);
}

void tj_tally_closing(struct tj_tally *tally, const struct tj_state *state)
{
    struct visit visit = {tally, true};
    tj_state_visit(state, add_accounts, &visit);
    for (uint32_t i = 1; i <= TJ_ASSETS_MAX; i++) {
        const struct tj_asset_object *asset = tj_state_asset(state, i);
        if (asset != NULL && tally->assets[i] != NULL) {
            memcpy(tally->assets[i]->code, asset->code, TJ_ASSET_CODE_SIZE);
            tally->assets[i]->decimals = asset->decimals;
        }
    }
}

void tj_tally_record(struct tj_tally *tally, const struct tj_state *state,
                     const uint8_t record[TJ_RECORD_SIZE])
{
    if (!tj_kind_posts(record[0])) {
        return;
    }
    const struct tj_account_object *from = tj_state_account(state, tj_movement_from(record));
    const struct tj_account_object *to = tj_state_account(state, tj_movement_to(record));
    uint8_t purpose = record[0] == TJ_CORRECT ? TJ_CORRECTION : tj_movement_purpose(record);
    uint64_t amount = tj_movement_amount(record).base;
    TIJORI_REQUIRE(from != NULL && to != NULL && purpose < TJ_PURPOSE_END);
    struct tj_tally_flow *out = &class_of(tally, from)->purposes[purpose];
    out->out += amount;
    out->count++;
    struct tj_tally_flow *in = &class_of(tally, to)->purposes[purpose];
    in->in += amount;
    in->count += in != out;
}

bool tj_tally_balances(const struct tj_tally_class *class)
{
    tj_i128 sum = class->opening;
    for (int i = 0; i < TJ_PURPOSE_END; i++) {
        sum += (tj_i128)(class->purposes[i].in - class->purposes[i].out);
    }
    return sum == class->closing;
}
