#ifndef TIJORI_CORE_RULES_ACCOUNT_WALK_H
#define TIJORI_CORE_RULES_ACCOUNT_WALK_H

/* Every account of a state, in order of party and local number:
 *
 *     for (struct tj_account_walk walk = {.state = state}; tj_account_next(&walk);) {
 *         ... walk.account, walk.object ...
 *     }
 *
 * Local numbers have no gaps, so a party's accounts are those below how many it opened, and then
 * its restricted ones. */

#include "core/rules/state.h"

struct tj_account_walk {
    const struct tj_state *state;
    uint64_t next; /* where to go on: 0 for all accounts, an account's number to begin with it */
    /* The one at hand. */
    uint64_t account;
    const struct tj_account_object *object;
};

/* Moves on to the next account; false behind the last. A damaged state ends the walk or leaves
 * accounts out, no more. */
bool tj_account_next(struct tj_account_walk *walk) TJ_MUST_USE;

#endif
