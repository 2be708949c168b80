#ifndef TIJORI_TEXT_STATE_WORDS_H
#define TIJORI_TEXT_STATE_WORDS_H

/* How parts of a ledger's state are named for people. */

#include "text/text.h"
#include "core/rules/state.h"

/* A party's name, "" when there is none. */
void party_name(const struct tj_state *state, char out[TJ_NAME_SIZE + 1], uint32_t party);
/* "open", "closed", "frozen", "frozen in", "frozen out". */
const char *account_status(const struct tj_account_object *account);
/* "sat", or "base units". */
const char *base_unit(const struct asset *asset);
/* The account's asset; an unnamed one without decimals when the state is damaged. */
struct asset account_asset(const struct tj_state *state, const struct tj_account_object *account);

#endif
