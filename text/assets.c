#include "text/assets.h"

#include <string.h>

bool asset_by_number(const struct tj_state *state, struct asset *out, uint32_t number)
{
    const struct tj_asset_object *object = tj_state_asset(state, number);
    if (object == NULL) {
        return false;
    }
    out->number = number;
    out->decimals = object->decimals;
    memcpy(out->code, object->code, TJ_ASSET_CODE_SIZE);
    out->code[TJ_ASSET_CODE_SIZE] = '\0';
    return true;
}

static bool by_code(const void *context, struct asset *out, const char *code)
{
    const struct tj_state *state = context;
    uint32_t count = tj_state_ledger(state)->assets;
    for (uint32_t number = 1; number <= count; number++) {
        if (asset_by_number(state, out, number) && strcmp(out->code, code) == 0) {
            return true;
        }
    }
    return false;
}

static bool by_number(const void *context, struct asset *out, uint32_t number)
{
    return asset_by_number(context, out, number);
}

static bool of_account(const void *context, struct asset *out, uint64_t account)
{
    const struct tj_state *state = context;
    const struct tj_account_object *object = tj_state_account(state, account);
    return object != NULL && asset_by_number(state, out, object->asset);
}

struct assets assets_of_state(const struct tj_state *state)
{
    return (struct assets){state, by_code, by_number, of_account};
}
