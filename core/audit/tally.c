#include "core/audit/tally.h"

#include "core/rules/account_walk.h"

struct tj_tally *tj_tally_create(void)
{
    return calloc(1, sizeof(struct tj_tally));
}

void tj_tally_destroy(struct tj_tally *tally)
{
    for (uint32_t i = 0; tally != NULL && i <= TJ_ASSETS_MAX; i++) {
        free(tally->assets[i]);
    }
    free(tally);
}

/* NULL when memory is out. */
static struct tj_tally_asset *asset_of(struct tj_tally *tally, uint32_t number)
{
    TJ_VERIFY_CHECK(number <= TJ_ASSETS_MAX);
    if (tally->assets[number] == NULL) {
        tally->assets[number] = calloc(1, sizeof(struct tj_tally_asset));
    }
    return tally->assets[number];
}

static bool add_account(struct tj_tally *tally, const struct tj_account_object *account,
                        bool closing)
{
    struct tj_tally_asset *asset = asset_of(tally, account->asset);
    if (asset == NULL) {
        return false;
    }
    TJ_VERIFY_CHECK(account->class < TJ_CLASS_END && account->asset != 0);
    struct tj_tally_class *class = &asset->classes[account->class];
    if (closing) {
        class->closing += tj_account_balance(account);
        class->accounts++;
    } else {
        class->opening += tj_account_balance(account);
    }
    return true;
}

static bool add_accounts(struct tj_tally *tally, const struct tj_state *state, bool closing)
{
    for (struct tj_account_walk walk = {.state = state}; tj_account_next(&walk);) {
        if (!add_account(tally, walk.object, closing)) {
            return false;
        }
    }
    return true;
}

bool tj_tally_opening(struct tj_tally *tally, const struct tj_state *state)
{
    return add_accounts(tally, state, false);
}

bool tj_tally_closing(struct tj_tally *tally, const struct tj_state *state)
{
    if (!add_accounts(tally, state, true)) {
        return false;
    }
    for (uint32_t i = 1; i <= TJ_ASSETS_MAX; i++) {
        const struct tj_asset_object *asset = tj_state_asset(state, i);
        if (asset != NULL && tally->assets[i] != NULL) {
            memcpy(tally->assets[i]->code, asset->code, TJ_ASSET_CODE_SIZE);
            tally->assets[i]->decimals = asset->decimals;
        }
    }
    return true;
}

/* An opening moves both classes as any movement does, so that a class's opening and closing still
 * meet; only its column is another. */
bool tj_tally_post(struct tj_tally *tally, const struct tj_posting *posting)
{
    struct tj_tally_asset *asset = asset_of(tally, posting->asset);
    if (asset == NULL) {
        return false;
    }
    struct tj_tally_class *from = &asset->classes[posting->from_account->class];
    struct tj_tally_class *to = &asset->classes[posting->to_account->class];
    TJ_VERIFY_CHECK(posting->purpose != 0 && posting->purpose < TJ_PURPOSE_END);
    struct tj_tally_flow *out = &from->purposes[posting->purpose];
    struct tj_tally_flow *in = &to->purposes[posting->purpose];
    if (tj_movement_opening(posting->record)) {
        const uint8_t purpose = tj_movement_purpose(posting->record);
        from->purposes[purpose].brought_in -= (tj_i128)posting->amount;
        to->purposes[purpose].brought_in += (tj_i128)posting->amount;
    } else {
        out->out += posting->amount;
        in->in += posting->amount;
    }
    out->count++;
    in->count += in != out; /* within one class it is one movement */
    return true;
}

bool tj_tally_balances(const struct tj_tally_class *class)
{
    tj_i128 sum = class->opening;
    for (int i = 0; i < TJ_PURPOSE_END; i++) {
        sum += (tj_i128)(class->purposes[i].in - class->purposes[i].out) +
               class->purposes[i].brought_in;
    }
    return sum == class->closing;
}
