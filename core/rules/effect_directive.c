#include "core/rules/effect_directive.h"

#include "core/rules/rule.h"

static struct tj_party_object *touch_party(struct tj_state *state, uint32_t party)
{
    return tj_state_touch(state, TJ_T_PARTY, 0, party);
}

static struct tj_ledger_object *touch_ledger(struct tj_state *state)
{
    return tj_state_touch(state, TJ_T_LEDGER, 0, 0);
}

void tj_effect_none(struct tj_state *state, const struct tj_given *g)
{
    (void)state;
    (void)g;
}

/* ---- the ledger, its rules and keys ---- */

void tj_effect_ledger(struct tj_state *state, const struct tj_given *g)
{
    const struct tj_record *r = g->r;
    struct tj_ledger_object *ledger = touch_ledger(state);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || ledger->rules == 0); /* it begins once */
    memcpy(ledger->nonce, r->nonce.bytes, sizeof ledger->nonce);
    memcpy(ledger->name, r->name, sizeof ledger->name);
    ledger->network = r->network;
    ledger->founded = tj_day_of(g->effect->received_ns);
    ledger->rules = r->rules;
    ledger->lifetime_max_s = r->lifetime_max_s;
    ledger->checkpoint_delay_max_s = r->checkpoint_delay_max_s;
}

void tj_effect_activate_rules(struct tj_state *state, const struct tj_given *g)
{
    struct tj_ledger_object *ledger = touch_ledger(state);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || ledger->rules < g->r->rules);
    ledger->rules = g->r->rules;
}

void tj_effect_add_log_key(struct tj_state *state, const struct tj_given *g)
{
    struct tj_log_key_object *key = tj_state_touch(state, TJ_T_LOG_KEY, 0, g->r->number);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || key->present == 0);
    memcpy(key->key, g->r->key, sizeof key->key);
    key->present = 1;
    key->added = g->id;
    struct tj_ledger_object *ledger = touch_ledger(state);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || ledger->log_keys == g->r->number);
    ledger->log_keys = g->r->number + 1;
    ledger->log_keys_active++;
    TJ_VERIFY_CHECK(!tj_state_exact(state) || ledger->log_keys_active <= ledger->log_keys);
}

void tj_effect_retire_log_key(struct tj_state *state, const struct tj_given *g)
{
    struct tj_log_key_object *key = tj_state_touch(state, TJ_T_LOG_KEY, 0, g->r->number);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || (key->present != 0 && key->retired == 0));
    key->retired = g->id;
    key->last_good_size = g->r->last_good_size;
    struct tj_ledger_object *ledger = touch_ledger(state);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || ledger->log_keys_active > 1); /* one signs on */
    ledger->log_keys_active--;
}

void tj_effect_open_asset(struct tj_state *state, const struct tj_given *g)
{
    const struct tj_record *r = g->r;
    struct tj_asset_object *asset = tj_state_touch(state, TJ_T_ASSET, 0, r->asset);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || asset->amount_max == 0);
    asset->amount_max = r->amount_max;
    asset->opened = g->id;
    asset->decimals = r->decimals;
    memcpy(asset->code, r->code, TJ_ASSET_CODE_SIZE);
    struct tj_ledger_object *ledger = touch_ledger(state);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || ledger->assets + 1 == r->asset);
    ledger->assets = r->asset;
}

/* ---- parties ---- */

void tj_effect_register_party(struct tj_state *state, const struct tj_given *g)
{
    const struct tj_record *r = g->r;
    struct tj_party_object *party = touch_party(state, r->party);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || party->type == 0);
    memcpy(party->name, r->name, TJ_NAME_SIZE);
    party->type = r->type;
    party->status = TJ_PARTY_ACTIVE;
    party->classes = tj_type_classes_first(r->type);
    party->registered = g->id;
    struct tj_ledger_object *ledger = touch_ledger(state);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || ledger->parties == r->party);
    ledger->parties = r->party + 1;
}

void tj_effect_suspend_party(struct tj_state *state, const struct tj_given *g)
{
    struct tj_party_object *party = touch_party(state, g->r->party);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || party->status == TJ_PARTY_ACTIVE);
    party->status = TJ_PARTY_SUSPENDED;
}

void tj_effect_reinstate_party(struct tj_state *state, const struct tj_given *g)
{
    struct tj_party_object *party = touch_party(state, g->r->party);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || party->status == TJ_PARTY_SUSPENDED);
    party->status = TJ_PARTY_ACTIVE;
}

void tj_effect_close_party(struct tj_state *state, const struct tj_given *g)
{
    struct tj_party_object *party = touch_party(state, g->r->party);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || party->accounts_open == 0);
    party->status = TJ_PARTY_CLOSED;
}

void tj_effect_grant_classes(struct tj_state *state, const struct tj_given *g)
{
    struct tj_party_object *party = touch_party(state, g->r->party);
    TJ_VERIFY_CHECK(!tj_state_exact(state) ||
                    (g->r->classes & ~tj_type_classes_max(party->type)) == 0);
    party->classes = g->r->classes;
}

void tj_effect_rename_party(struct tj_state *state, const struct tj_given *g)
{
    memcpy(touch_party(state, g->r->party)->name, g->r->name, TJ_NAME_SIZE);
}

void tj_effect_recover_party(struct tj_state *state, const struct tj_given *g)
{
    struct tj_party_object *party = touch_party(state, g->r->party);
    party->recovery = g->id;
    party->recovery_ns = tj_ns_after(g->effect->received_ns, g->r->delay_s);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || party->recovery_ns >= g->effect->received_ns);
}

void tj_effect_object_recovery(struct tj_state *state, const struct tj_given *g)
{
    struct tj_party_object *party = touch_party(state, g->r->party);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || party->recovery != 0);
    party->recovery = 0;
    party->recovery_ns = 0;
}

/* ---- keys of parties ---- */

/* By its x-coordinate, as judges look for it. */
TJ_VERIFY_ONLY static bool is_found(const struct tj_state *state, const struct tj_key_object *key)
{
    return tj_state_find_key(state, tj_key_object_x(key)) == key;
}

/* The key is put into the index whether or not its block has it already: in a redo nobody else
 * does, when the block is older than the entry, and twice does no harm. */
void tj_effect_add_key(struct tj_state *state, const struct tj_given *g)
{
    const struct tj_record *r = g->r;
    struct tj_key_object *key = tj_state_touch(state, TJ_T_KEY, r->party, r->ordinal);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || key->status == 0); /* an ordinal is given once */
    memcpy(key->key, r->key, sizeof key->key);
    key->algorithm = r->algorithm;
    key->role = r->role;
    key->flags = r->flags;
    key->group = r->group;
    key->status = TJ_KEY_ACTIVE;
    key->ordinal = r->ordinal;
    key->party = r->party;
    key->added = g->id;
    key->revoked = 0;
    tj_state_index_key(state, key);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || is_found(state, key));
    struct tj_party_object *party = touch_party(state, r->party);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || party->keys == r->ordinal);
    party->keys = r->ordinal + 1;
    party->keys_active[r->role & 3]++;
    TJ_VERIFY_CHECK(!tj_state_exact(state) || party->keys_active[r->role & 3] <= party->keys);
}

void tj_effect_revoke_key(struct tj_state *state, const struct tj_given *g)
{
    const struct tj_record *r = g->r;
    struct tj_key_object *key = tj_state_touch(state, TJ_T_KEY, r->party, r->ordinal);
    TJ_VERIFY_CHECK(!tj_state_exact(state) ||
                    (key->status == TJ_KEY_ACTIVE && key->role == r->role));
    key->status = TJ_KEY_REVOKED;
    key->revoked = g->id;
    struct tj_party_object *party = touch_party(state, r->party);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || party->keys_active[r->role & 3] > 0);
    party->keys_active[r->role & 3]--;
}

void tj_effect_set_threshold(struct tj_state *state, const struct tj_given *g)
{
    const struct tj_record *r = g->r;
    struct tj_party_object *party = touch_party(state, r->party);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || (r->domain > 0 && r->domain < TJ_DOMAIN_END));
    party->threshold[r->domain % TJ_DOMAIN_END] = r->threshold;
    if (g->effect->header->party != r->party && r->domain == TJ_DOMAIN_ADMINISTER) {
        party->recovery = 0; /* the authority has given it a quorum again */
        party->recovery_ns = 0;
    }
}

void tj_close_opening(struct tj_state *state, uint32_t party)
{
    touch_party(state, party)->opening_closed = 1;
}

void tj_effect_close_opening(struct tj_state *state, const struct tj_given *g)
{
    tj_close_opening(state, g->r->party);
}

/* ---- accounts ---- */

void tj_effect_open_account(struct tj_state *state, const struct tj_given *g)
{
    const struct tj_record *r = g->r;
    struct tj_account_object *account = tj_state_touch_account(state, r->account);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || account->class == 0);
    account->asset = (uint16_t)r->asset;
    account->class = r->class;
    struct tj_party_object *party = touch_party(state, tj_account_party(r->account));
    const uint32_t number = tj_account_number(r->account);
    uint32_t *opened =
        tj_account_restricted(r->account) ? &party->accounts_restricted : &party->accounts;
    TJ_VERIFY_CHECK(!tj_state_exact(state) || *opened == number);
    *opened = number + 1;
    party->accounts_open++;
    TJ_VERIFY_CHECK(!tj_state_exact(state) ||
                    party->accounts_open <= party->accounts + party->accounts_restricted);
}

/* An account that an audit was not shown has no object to write to (judge.h, tj_account_hidden). */
static bool is_here(const struct tj_state *state, uint64_t account)
{
    return !state->partial || tj_state_account(state, account) != NULL;
}

void tj_effect_detail(struct tj_state *state, const uint8_t detail[TJ_RECORD_SIZE])
{
    const uint8_t *record = tj_detail_record(detail);
    if (detail[TJ_DETAIL_AT_TYPE] != TJ_DETAIL_ENCUMBRANCE) {
        return;
    }
    TJ_VERIFY_CHECK(tj_record_kind(record) == TJ_OPEN_ACCOUNT);
    tj_state_touch_account(state, TJ_GET(record, TJ_OPEN_ACCOUNT, account))->encumbrance =
        detail[TJ_DETAIL_ENCUMBRANCE_AT_encumbrance];
}

void tj_effect_freeze_account(struct tj_state *state, const struct tj_given *g)
{
    if (!is_here(state, g->r->account)) {
        return;
    }
    struct tj_account_object *account = tj_state_touch_account(state, g->r->account);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || (account->flags & g->r->directions) == 0);
    account->flags |= g->r->directions;
}

void tj_effect_unfreeze_account(struct tj_state *state, const struct tj_given *g)
{
    if (!is_here(state, g->r->account)) {
        return;
    }
    struct tj_account_object *account = tj_state_touch_account(state, g->r->account);
    TJ_VERIFY_CHECK(!tj_state_exact(state) ||
                    (account->flags & g->r->directions) == g->r->directions);
    account->flags &= (uint8_t)~g->r->directions;
}

void tj_effect_close_account(struct tj_state *state, const struct tj_given *g)
{
    struct tj_account_object *account = tj_state_touch_account(state, g->r->account);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || (account->flags & TJ_ACCOUNT_CLOSED) == 0);
    TJ_VERIFY_CHECK(!tj_state_exact(state) ||
                    (account->pending_in == 0 && account->pending_out == 0));
    account->flags |= TJ_ACCOUNT_CLOSED;
    struct tj_party_object *party = touch_party(state, tj_account_party(g->r->account));
    TJ_VERIFY_CHECK(!tj_state_exact(state) || party->accounts_open > 0);
    party->accounts_open--;
}

/* ---- rules ---- */

/* Whether it is still in force, its rule says. */
static void effect_minimum(struct tj_state *state, uint32_t number, uint32_t asset_number)
{
    struct tj_asset_object *asset = tj_state_touch(state, TJ_T_ASSET, 0, asset_number);
    asset->minimum_rule = number;
    asset->minimum_set = true;
    asset->breaches = asset->breach_first = asset->breach_last = 0;
}

/* What all rules keep of what their records say; fields that a kind does not have are zero. A table
 * of the kinds' fields would be longer, and would have to be kept right. */
static struct tj_rule_object *set_rule(struct tj_state *state, const struct tj_given *g,
                                       uint64_t holder)
{
    const struct tj_record *r = g->r;
    struct tj_rule_object *rule = tj_state_touch(state, TJ_T_RULE, 0, r->rule);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || rule->set == 0); /* a number is given once */
    TJ_VERIFY_CHECK(!tj_state_exact(state) || tj_state_ledger(state)->rules_set == r->rule);
    memset(rule, 0, sizeof *rule);
    rule->set = g->id;
    rule->kind = r->kind;
    rule->type = r->type;
    rule->directions = r->directions;
    rule->mode = r->mode;
    rule->approvals = r->approvals;
    rule->purposes = r->purposes;
    rule->groups = r->groups;
    rule->asset = r->asset;
    rule->window_s = r->window_s;
    rule->starts = r->starts;
    rule->ends = r->ends;
    rule->power_mw = r->power_mw;
    rule->holder = holder;
    rule->amount = r->amount;
    rule->amount_day = r->amount_day;
    rule->counterparty = r->counterparty;
    rule->named_party = r->named_party;
    rule->notice_days = r->notice_days;
    rule->wait_days = r->wait_days;
    rule->from_ns = r->wait_days != 0 ? tj_days_after(g->effect->received_ns, r->wait_days) : 0;
    tj_state_index_rule(state, holder, r->rule);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || tj_state_rule(state, r->rule) == rule);
    return rule;
}

void tj_effect_set_tier(struct tj_state *state, const struct tj_given *g)
{
    const struct tj_record *r = g->r;
    struct tj_rule_object *rule = set_rule(state, g, tj_account_id(r->party, TJ_LOCAL_ALL));
    rule->window_s = r->delay_s;
    rule->amount = r->above;
    struct tj_party_object *party = touch_party(state, r->party);
    bool first = (party->ruled & TJ_PARTY_TIERED) == 0;
    if (first || r->above < party->tier_least) {
        party->tier_least = r->above;
    }
    party->ruled |= TJ_PARTY_TIERED;
    touch_ledger(state)->rules_set = r->rule + 1;
}

void tj_effect_set_limit(struct tj_state *state, const struct tj_given *g)
{
    uint64_t holder = g->r->holder;
    set_rule(state, g, holder);
    /* The holder says that there is something to look for. It only ever goes up: a redo misses
     * nothing. */
    if (tj_holder_is_party(holder)) {
        touch_party(state, tj_account_party(holder))->ruled |= TJ_PARTY_LIMITED;
    } else if (is_here(state, holder)) {
        tj_state_touch_account(state, holder)->flags |= TJ_ACCOUNT_RULED;
    }
    touch_ledger(state)->rules_set = g->r->rule + 1;
}

void tj_effect_programme(struct tj_state *state, const struct tj_given *g)
{
    set_rule(state, g, tj_programmes_of(g->r->asset));
    if (g->r->type == TJ_PROGRAMME_MINIMUM) {
        effect_minimum(state, g->r->rule, g->r->asset);
    }
    touch_ledger(state)->rules_set = g->r->rule + 1;
}

/* The end of a rule with notice is known from here on, and comes later; whom the rule names may
 * agree to it at once. Which movements it is in force for follows from the rule's object alone. */
void tj_effect_end_rule(struct tj_state *state, const struct tj_given *g)
{
    struct tj_rule_object *ended = tj_state_touch(state, TJ_T_RULE, 0, g->r->rule);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || (ended->ended == 0 && ended->set < g->id));
    uint64_t now_ns = g->effect->received_ns;
    bool agreed =
        ended->named_party != 0 && tj_countersigned_by(g->effect->slots, ended->named_party);
    ended->ended = g->id;
    ended->until_ns = agreed ? now_ns : tj_days_after(now_ns, ended->notice_days);
}
