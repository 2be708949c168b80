#include "core/rules/effect_directive.h"

static struct tj_account_object *touch_account(struct tj_state *state, uint64_t account)
{
    return tj_state_touch(state, TJ_T_ACCOUNT, tj_account_party(account),
                          tj_account_local(account));
}

static struct tj_party_object *touch_party(struct tj_state *state, uint32_t party)
{
    return tj_state_touch(state, TJ_T_PARTY, 0, party);
}

static struct tj_ledger_object *touch_ledger(struct tj_state *state)
{
    return tj_state_touch(state, TJ_T_LEDGER, 0, 0);
}

/* ---- parties and keys ---- */

static void effect_register_party(struct tj_state *state, const struct tj_record *r, uint64_t id)
{
    struct tj_party_object *party = touch_party(state, r->party);
    memcpy(party->name, r->name, TJ_NAME_SIZE);
    party->type = r->type;
    party->status = TJ_PARTY_ACTIVE;
    party->classes = tj_type_classes_first(r->type);
    party->registered = id;
    struct tj_ledger_object *ledger = touch_ledger(state);
    ledger->parties = r->party + 1;
}

static void effect_add_key(struct tj_state *state, const struct tj_record *r, uint64_t id)
{
    struct tj_key_object *key = tj_state_touch(state, TJ_T_KEY, r->party, r->ordinal);
    memcpy(key->key, r->key, sizeof key->key);
    key->algorithm = r->algorithm;
    key->role = r->role;
    key->flags = r->flags;
    key->group = r->group;
    key->status = TJ_KEY_ACTIVE;
    key->ordinal = r->ordinal;
    key->party = r->party;
    key->added = id;
    key->revoked = 0;
    tj_state_index_key(state, key);
    struct tj_party_object *party = touch_party(state, r->party);
    party->keys = r->ordinal + 1;
    party->keys_active[r->role & 3]++;
}

static void effect_revoke_key(struct tj_state *state, const struct tj_record *r, uint64_t id)
{
    struct tj_key_object *key = tj_state_touch(state, TJ_T_KEY, r->party, r->ordinal);
    key->status = TJ_KEY_REVOKED;
    key->revoked = id;
    struct tj_party_object *party = touch_party(state, r->party);
    party->keys_active[r->role & 3]--;
}

static void effect_open_asset(struct tj_state *state, const struct tj_record *r, uint64_t id)
{
    struct tj_asset_object *asset = tj_state_touch(state, TJ_T_ASSET, 0, r->asset);
    asset->amount_max = r->amount_max;
    asset->opened = id;
    asset->decimals = r->decimals;
    memcpy(asset->code, r->code, TJ_ASSET_CODE_SIZE);
    struct tj_ledger_object *ledger = touch_ledger(state);
    ledger->assets = r->asset;
}

static void effect_open_account(struct tj_state *state, const struct tj_record *r)
{
    struct tj_account_object *account = touch_account(state, r->account);
    account->asset = (uint16_t)r->asset;
    account->class = r->class;
    struct tj_party_object *party = touch_party(state, tj_account_party(r->account));
    party->accounts = tj_account_local(r->account) + 1;
    party->accounts_open++;
}

static void effect_close_account(struct tj_state *state, const struct tj_record *r)
{
    touch_account(state, r->account)->flags |= TJ_ACCOUNT_CLOSED;
    touch_party(state, tj_account_party(r->account))->accounts_open--;
}

/* ---- parties ---- */

static void effect_set_threshold(struct tj_state *state, const struct tj_effect *effect,
                                 const struct tj_record *r)
{
    struct tj_party_object *party = touch_party(state, r->party);
    party->threshold[r->domain % TJ_DOMAIN_END] = r->threshold;
    if (effect->header->party != r->party && r->domain == TJ_DOMAIN_ADMINISTER) {
        party->recovery = 0; /* the authority has given it a quorum again */
        party->recovery_ns = 0;
    }
}

static void effect_recovery(struct tj_state *state, const struct tj_effect *effect,
                            const struct tj_record *r, uint64_t id)
{
    bool opened = r->kind == TJ_RECOVER_PARTY;
    struct tj_party_object *party = touch_party(state, r->party);
    party->recovery = opened ? id : 0;
    party->recovery_ns = opened ? effect->received_ns + r->delay_s * TJ_NS_PER_S : 0;
}

/* ---- rules ---- */

static void effect_minimum(struct tj_state *state, uint32_t number, uint32_t asset_number, bool set)
{
    struct tj_asset_object *asset = tj_state_touch(state, TJ_T_ASSET, 0, asset_number);
    asset->minimum_rule = number;
    asset->minimum_set = set;
    if (set) {
        asset->breaches = asset->breach_first = asset->breach_last = 0;
    }
}

/* The holder says that there is something to look for. It only ever goes up: a redo misses nothing.
 */
static void effect_limited(struct tj_state *state, uint64_t holder)
{
    if (tj_holder_is_party(holder)) {
        touch_party(state, tj_account_party(holder))->ruled |= TJ_PARTY_LIMITED;
    } else {
        touch_account(state, holder)->flags |= TJ_ACCOUNT_RULED;
    }
}

static void effect_tiered(struct tj_state *state, const struct tj_record *r)
{
    struct tj_party_object *party = touch_party(state, r->party);
    bool first = (party->ruled & TJ_PARTY_TIERED) == 0;
    party->tier_least = first || r->above < party->tier_least ? r->above : party->tier_least;
    party->ruled |= TJ_PARTY_TIERED;
}

static void effect_set_rule(struct tj_state *state, const struct tj_record *r, uint64_t id)
{
    bool tier = r->kind == TJ_SET_TIER;
    struct tj_rule_object *rule = tj_state_touch(state, TJ_T_RULE, 0, r->rule);
    memset(rule, 0, sizeof *rule);
    rule->set = id;
    rule->kind = r->kind;
    rule->type = r->type;
    rule->directions = r->directions;
    rule->mode = r->mode;
    rule->approvals = r->approvals;
    rule->purposes = r->purposes;
    rule->groups = r->groups;
    rule->asset = r->asset;
    rule->window_s = tier ? r->delay_s : r->window_s;
    rule->starts = r->starts;
    rule->ends = r->ends;
    rule->power_mw = r->power_mw;
    rule->amount = tier ? r->above : r->amount;
    rule->amount_day = r->amount_day;
    rule->counterparty = r->counterparty;
    rule->holder = tier                      ? tj_account_id(r->party, TJ_LOCAL_ALL)
                   : r->kind == TJ_PROGRAMME ? tj_programmes_of(r->asset)
                                             : r->holder;
    tj_state_index_rule(state, rule->holder, r->rule);
    if (tier) {
        effect_tiered(state, r);
    } else if (r->kind == TJ_SET_LIMIT) {
        effect_limited(state, r->holder);
    } else if (r->type == TJ_PROGRAMME_MINIMUM) {
        effect_minimum(state, r->rule, r->asset, true);
    }
    touch_ledger(state)->rules_set = r->rule + 1;
}

static void effect_end_rule(struct tj_state *state, const struct tj_record *r, uint64_t id)
{
    const struct tj_rule_object *rule = tj_state_rule(state, r->rule);
    TIJORI_REQUIRE(rule != NULL);
    uint32_t asset = rule->asset;
    bool minimum = rule->kind == TJ_PROGRAMME && rule->type == TJ_PROGRAMME_MINIMUM;
    struct tj_rule_object *ended = tj_state_touch(state, TJ_T_RULE, 0, r->rule);
    ended->ended = id;
    if (minimum) {
        effect_minimum(state, r->rule, asset, false);
    }
}

static void effect_log_key(struct tj_state *state, const struct tj_record *r, uint64_t id)
{
    bool add = r->kind == TJ_ADD_LOG_KEY;
    struct tj_log_key_object *key = tj_state_touch(state, TJ_T_LOG_KEY, 0, r->number);
    if (add) {
        memcpy(key->key, r->key, sizeof key->key);
        key->present = 1;
        key->added = id;
    } else {
        key->retired = id;
        key->last_good_size = r->size;
    }
    struct tj_ledger_object *ledger = touch_ledger(state);
    if (add) {
        ledger->log_keys = r->number + 1;
    }
    ledger->log_keys_active += add ? 1u : UINT32_MAX; /* plus or minus one */
}

static void effect_ledger(struct tj_state *state, const struct tj_record *r)
{
    struct tj_ledger_object *ledger = touch_ledger(state);
    memcpy(ledger->nonce, r->nonce.bytes, sizeof ledger->nonce);
    memcpy(ledger->name, r->name, sizeof ledger->name);
    ledger->network = r->network;
    ledger->rules = r->rules;
    ledger->lifetime_max_s = r->lifetime_max_s;
    ledger->checkpoint_delay_max_s = r->checkpoint_delay_max_s;
}

/* The state of one account. */
static void effect_account(struct tj_state *state, const struct tj_record *r)
{
    if (r->kind == TJ_OPEN_ACCOUNT) {
        effect_open_account(state, r);
    } else if (r->kind == TJ_CLOSE_ACCOUNT) {
        effect_close_account(state, r);
    } else if (r->kind == TJ_FREEZE_ACCOUNT) {
        touch_account(state, r->account)->flags |= r->directions;
    } else {
        touch_account(state, r->account)->flags &= (uint8_t)~r->directions;
    }
}

static void effect_decoded(struct tj_state *state, const struct tj_effect *effect,
                           const struct tj_record *r, uint64_t id)
{
    switch ((int)r->kind) {
    case TJ_LEDGER:
        effect_ledger(state, r);
        return;
    case TJ_REGISTER_PARTY:
        effect_register_party(state, r, id);
        return;
    case TJ_ADD_KEY:
        effect_add_key(state, r, id);
        return;
    case TJ_REVOKE_KEY:
        effect_revoke_key(state, r, id);
        return;
    case TJ_SET_THRESHOLD:
        effect_set_threshold(state, effect, r);
        return;
    case TJ_SUSPEND_PARTY:
    case TJ_REINSTATE_PARTY:
    case TJ_CLOSE_PARTY:
        touch_party(state, r->party)->status = r->kind == TJ_SUSPEND_PARTY ? TJ_PARTY_SUSPENDED
                                               : r->kind == TJ_CLOSE_PARTY ? TJ_PARTY_CLOSED
                                                                           : TJ_PARTY_ACTIVE;
        return;
    case TJ_RENAME_PARTY:
        memcpy(touch_party(state, r->party)->name, r->name, TJ_NAME_SIZE);
        return;
    case TJ_RECOVER_PARTY:
    case TJ_OBJECT_RECOVERY:
        effect_recovery(state, effect, r, id);
        return;
    case TJ_SET_TIER:
    case TJ_SET_LIMIT:
    case TJ_PROGRAMME:
        effect_set_rule(state, r, id);
        return;
    case TJ_END_RULE:
        effect_end_rule(state, r, id);
        return;
    case TJ_GRANT_CLASSES:
        touch_party(state, r->party)->classes = r->classes;
        return;
    case TJ_OPEN_ASSET:
        effect_open_asset(state, r, id);
        return;
    case TJ_OPEN_ACCOUNT:
    case TJ_FREEZE_ACCOUNT:
    case TJ_UNFREEZE_ACCOUNT:
    case TJ_CLOSE_ACCOUNT:
        effect_account(state, r);
        return;
    case TJ_ACTIVATE_RULES:
        touch_ledger(state)->rules = r->rules;
        return;
    case TJ_ADD_LOG_KEY:
    case TJ_RETIRE_LOG_KEY:
        effect_log_key(state, r, id);
        return;
    case TJ_PREDECESSOR: /* facts of the log that no rule asks for */
    case TJ_STATEMENT:
    case TJ_ENDORSE:
        return;
    }
    abort();
}

void tj_effect_directive(struct tj_state *state, const struct tj_effect *effect, uint64_t id,
                         const uint8_t record[TJ_RECORD_SIZE])
{
    struct tj_record decoded;
    tj_record_decode(record, &decoded);
    effect_decoded(state, effect, &decoded, id);
}
