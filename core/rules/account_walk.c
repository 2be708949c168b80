#include "core/rules/account_walk.h"

/* A party's accounts that are not restricted, then those that are, then the next party's. */
bool tj_account_next(struct tj_account_walk *walk)
{
    const struct tj_ledger_object *ledger = tj_state_ledger(walk->state);
    while (ledger != NULL && tj_account_party(walk->next) < ledger->parties) {
        const struct tj_party_object *party =
            tj_state_party(walk->state, tj_account_party(walk->next));
        const bool restricted = tj_account_restricted(walk->next);
        if (!restricted && (party == NULL || tj_account_local(walk->next) >= party->accounts)) {
            walk->next = tj_account_id(tj_account_party(walk->next), TJ_LOCAL_RESTRICTED);
            continue;
        }
        if (restricted &&
            (party == NULL || tj_account_number(walk->next) >= party->accounts_restricted)) {
            walk->next = tj_account_id(tj_account_party(walk->next) + 1, 0);
            continue;
        }
        walk->account = walk->next++;
        walk->object = tj_state_account(walk->state, walk->account);
        if (walk->object != NULL) {
            return true;
        }
    }
    return false;
}
