#include "text/state_words.h"

#include "text/assets.h"

#include <string.h>

void party_name(const struct tj_state *state, char out[TJ_NAME_SIZE + 1], uint32_t party)
{
    const struct tj_party_object *object = tj_state_party(state, party);
    memset(out, 0, TJ_NAME_SIZE + 1);
    if (object != NULL) {
        memcpy(out, object->name, TJ_NAME_SIZE);
    }
}

const char *account_status(const struct tj_account_object *account)
{
    static const char *const frozen[4] = {"open", "frozen in", "frozen out", "frozen"};
    return (account->flags & TJ_ACCOUNT_CLOSED) != 0 ? "closed"
                                                     : frozen[account->flags & TJ_FREEZE_BOTH];
}

const char *base_unit(const struct asset *asset)
{
    return asset->number == 1 ? "sat" : "base units";
}

struct asset account_asset(const struct tj_state *state, const struct tj_account_object *account)
{
    const struct asset unknown = {.number = account->asset, .decimals = 0, .code = "?"};
    struct asset asset;
    return asset_by_number(state, &asset, account->asset) ? asset : unknown;
}
