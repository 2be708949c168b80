#include "core/rules/judge.h"

#include <inttypes.h>

/* docs/FORMAT.md section 7.2. */

static enum tijori_status refuse_number(struct tj_verdict *verdict, const char *field,
                                        uint64_t next)
{
    return tj_refuse_detail(verdict, TIJORI_NUMBER, field, "the next is %" PRIu64, next);
}

static bool by_authority(const struct tj_case *c)
{
    return c->header->party == 0 && c->header->lane == 0;
}

static bool by_itself(const struct tj_case *c, uint32_t party)
{
    return c->header->party == party && c->header->lane == 0;
}

/* ---- tiers, limits, programmes, statements ---- */

static enum tijori_status judge_next_rule(const struct tj_state *state, const struct tj_record *r,
                                          struct tj_verdict *verdict)
{
    uint32_t next = tj_state_ledger(state)->rules_set;
    return r->rule == next && next < TJ_RULES_MAX ? TIJORI_OK
                                                  : refuse_number(verdict, "rule", next);
}

static enum tijori_status judge_asset(const struct tj_state *state, const struct tj_record *r,
                                      struct tj_verdict *verdict)
{
    return tj_state_asset(state, r->asset) != NULL
               ? TIJORI_OK
               : tj_refuse_detail(verdict, TIJORI_ASSET_UNKNOWN, "asset", "asset %" PRIu32,
                                  r->asset);
}

static enum tijori_status judge_set_tier(const struct tj_state *state, const struct tj_record *r,
                                         struct tj_verdict *verdict)
{
    enum tijori_status status = judge_next_rule(state, r, verdict);
    if (status == TIJORI_OK) {
        status = judge_asset(state, r, verdict);
    }
    if (status != TIJORI_OK) {
        return status;
    }
    size_t step = 0;
    uint32_t number;
    uint64_t holder = tj_account_id(r->party, TJ_LOCAL_ALL);
    const struct tj_rule_object *rule;
    while ((rule = tj_next_rule(state, holder, UINT64_MAX, &step, &number)) != NULL) {
        if (rule->kind == TJ_SET_TIER && rule->asset == r->asset && rule->amount == r->above) {
            return tj_refuse_detail(verdict, TIJORI_RULE_STATUS, "above",
                                    "rule %" PRIu32 " says this of the same amount", number);
        }
    }
    return TIJORI_OK;
}

/* There is such an account, or party. */
static enum tijori_status judge_holder(const struct tj_state *state, uint64_t holder,
                                       const char *field, struct tj_verdict *verdict)
{
    uint32_t party = tj_account_party(holder);
    if (tj_holder_is_party(holder)) {
        return tj_state_party(state, party) != NULL
                   ? TIJORI_OK
                   : tj_refuse_detail(verdict, TIJORI_PARTY_UNKNOWN, field, "party %" PRIu32,
                                      party);
    }
    return tj_state_account(state, holder) != NULL
               ? TIJORI_OK
               : tj_refuse_detail(verdict, TIJORI_ACCOUNT_UNKNOWN, field,
                                  "account %" PRIu32 ":%" PRIu32, party, tj_account_local(holder));
}

static enum tijori_status judge_limited_asset(const struct tj_state *state,
                                              const struct tj_record *r, struct tj_verdict *verdict)
{
    enum tijori_status status = judge_asset(state, r, verdict);
    if (status != TIJORI_OK || tj_holder_is_party(r->holder)) {
        return status;
    }
    const struct tj_account_object *account = tj_state_account(state, r->holder);
    if (account->asset != r->asset) {
        return tj_refuse(verdict, TIJORI_ASSET_MIXED, "asset");
    }
    return r->type == TJ_LIMIT_BALANCE && tj_class_is_contra(account->class)
               ? tj_refuse(verdict, TIJORI_CLASS, "holder")
               : TIJORI_OK;
}

static enum tijori_status judge_set_limit(const struct tj_state *state, const struct tj_case *c,
                                          const struct tj_record *r, struct tj_verdict *verdict)
{
    enum tijori_status status = judge_holder(state, r->holder, "holder", verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    if (!by_authority(c)) {
        return tj_refuse(verdict, TIJORI_NOT_ALLOWED, "holder");
    }
    if (tj_holder_is_party(r->holder) &&
        tj_state_party(state, tj_account_party(r->holder))->status == TJ_PARTY_CLOSED) {
        return tj_refuse_detail(verdict, TIJORI_PARTY_STATUS, "holder", "it is closed");
    }
    status = judge_next_rule(state, r, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    if (r->type == TJ_LIMIT_OUTFLOW || r->type == TJ_LIMIT_BALANCE) {
        return judge_limited_asset(state, r, verdict);
    }
    return r->type == TJ_LIMIT_COUNTERPARTY
               ? judge_holder(state, r->counterparty, "counterparty", verdict)
               : TIJORI_OK;
}

static enum tijori_status judge_programme(const struct tj_state *state, const struct tj_case *c,
                                          const struct tj_record *r, struct tj_verdict *verdict)
{
    enum tijori_status status = judge_next_rule(state, r, verdict);
    if (status == TIJORI_OK) {
        status = judge_asset(state, r, verdict);
    }
    if (status != TIJORI_OK) {
        return status;
    }
    if (r->starts < tj_day_of(c->received_ns)) {
        return tj_refuse_detail(verdict, TIJORI_VALUE, "starts",
                                "before the day on which it is set");
    }
    const struct tj_asset_object *asset = tj_state_asset(state, r->asset);
    return r->type == TJ_PROGRAMME_MINIMUM && asset->minimum_set != 0
               ? tj_refuse_detail(verdict, TIJORI_RULE_STATUS, "type",
                                  "rule %" PRIu32 " is the asset's minimum", asset->minimum_rule)
               : TIJORI_OK;
}

static enum tijori_status judge_end_rule(const struct tj_state *state, const struct tj_record *r,
                                         struct tj_verdict *verdict)
{
    const struct tj_rule_object *rule = tj_state_rule(state, r->rule);
    if (rule == NULL) {
        return tj_refuse_detail(verdict, TIJORI_RULE_UNKNOWN, "rule", "rule %" PRIu32, r->rule);
    }
    return rule->ended == 0 ? TIJORI_OK
                            : tj_refuse_detail(verdict, TIJORI_RULE_STATUS, "rule",
                                               "rule %" PRIu32 " has ended", r->rule);
}

static enum tijori_status judge_statement(const struct tj_state *state, const struct tj_case *c,
                                          const struct tj_record *r, struct tj_verdict *verdict)
{
    bool attested = r->figure == TJ_FIGURE_ATTESTED;
    bool of_party = attested || r->figure == TJ_FIGURE_CUSTOMERS;
    bool of_rule = r->figure == TJ_FIGURE_COUNTED || r->figure == TJ_FIGURE_UNCLASSIFIED ||
                   r->figure == TJ_FIGURE_BREACHES;
    bool stated_by_state = tj_type_is_public(tj_state_party(state, c->header->party)->type);
    if (c->header->lane != 0 || (attested ? c->header->party != r->party : !stated_by_state)) {
        return tj_refuse(verdict, TIJORI_NOT_ALLOWED, "figure");
    }
    enum tijori_status status = judge_asset(state, r, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    if (of_party && tj_state_party(state, r->party) == NULL) {
        return tj_refuse(verdict, TIJORI_PARTY_UNKNOWN, "party");
    }
    const struct tj_rule_object *rule = tj_state_rule(state, r->rule);
    if (of_rule && (rule == NULL || rule->kind != TJ_PROGRAMME || rule->asset != r->asset)) {
        return tj_refuse(verdict, TIJORI_RULE_UNKNOWN, "rule");
    }
    return r->as_of < tj_day_of(c->received_ns)
               ? TIJORI_OK
               : tj_refuse_detail(verdict, TIJORI_VALUE, "as_of", "that day is not over");
}

/* ---- parties and keys ---- */

static enum tijori_status judge_name(const struct tj_state *state, const struct tj_record *r,
                                     struct tj_verdict *verdict)
{
    for (uint32_t p = 0; p < tj_state_ledger(state)->parties; p++) {
        if (memcmp(tj_state_party(state, p)->name, r->name, TJ_NAME_SIZE) == 0) {
            return tj_refuse_detail(verdict, TIJORI_NAME_TAKEN, "name", "by party %" PRIu32, p);
        }
    }
    return TIJORI_OK;
}

static enum tijori_status judge_register(const struct tj_state *state, const struct tj_record *r,
                                         struct tj_verdict *verdict)
{
    uint32_t parties = tj_state_ledger(state)->parties;
    if (r->party != parties || parties == TJ_PARTIES_MAX) {
        return refuse_number(verdict, "party", parties);
    }
    if (r->type == TJ_AUTHORITY) {
        return tj_refuse(verdict, TIJORI_VALUE, "type");
    }
    return judge_name(state, r, verdict);
}

static enum tijori_status judge_add_key(const struct tj_state *state,
                                        const struct tj_party_object *party,
                                        const struct tj_record *r, struct tj_verdict *verdict)
{
    if (r->ordinal != party->keys || party->keys == TJ_KEYS_MAX) {
        return refuse_number(verdict, "ordinal", party->keys);
    }
    struct tj_public_key key;
    uint8_t x32[32];
    tj_record_public_key(r, &key);
    if (!tj_public_key_valid(&key)) {
        return tj_refuse(verdict, TIJORI_KEY_INVALID, "key");
    }
    tj_public_key_x(&key, x32);
    const struct tj_key_object *taken = tj_state_find_key(state, x32);
    return taken == NULL
               ? TIJORI_OK
               : tj_refuse_detail(verdict, TIJORI_KEY_TAKEN, "key",
                                  "party %" PRIu32 ", key %" PRIu32, taken->party, taken->ordinal);
}

static enum tijori_status judge_revoke_key(const struct tj_state *state, const struct tj_record *r,
                                           struct tj_verdict *verdict)
{
    const struct tj_key_object *key = tj_state_key(state, r->party, r->ordinal);
    if (key == NULL) {
        return tj_refuse(verdict, TIJORI_KEY_UNKNOWN, "ordinal");
    }
    if (key->algorithm != r->algorithm || key->role != r->role ||
        memcmp(key->key, r->key, sizeof key->key) != 0) {
        return tj_refuse(verdict, TIJORI_KEY_PARTY, "key");
    }
    return key->status == TJ_KEY_ACTIVE ? TIJORI_OK
                                        : tj_refuse(verdict, TIJORI_KEY_REVOKED, "ordinal");
}

static bool may_direct_party(const struct tj_case *c, const struct tj_party_object *party,
                             const struct tj_record *r)
{
    bool own = by_itself(c, r->party);
    /* Whom the authority gives keys to: a party that has no quorum yet, or that lost it. */
    bool ward =
        by_authority(c) && (party->threshold[TJ_DOMAIN_ADMINISTER] == 0 || party->recovery != 0);
    switch ((int)r->kind) {
    case TJ_ADD_KEY:
    case TJ_SET_THRESHOLD:
        return own || ward;
    case TJ_REVOKE_KEY:
    case TJ_OBJECT_RECOVERY:
        return own || by_authority(c);
    case TJ_SUSPEND_PARTY:
    case TJ_REINSTATE_PARTY:
    case TJ_CLOSE_PARTY:
    case TJ_RECOVER_PARTY:
        return by_authority(c) && r->party != 0;
    }
    return by_authority(c);
}

static enum tijori_status judge_recovery(const struct tj_party_object *party,
                                         const struct tj_record *r, struct tj_verdict *verdict)
{
    if (r->kind == TJ_OBJECT_RECOVERY) {
        return party->recovery != 0
                   ? TIJORI_OK
                   : tj_refuse_detail(verdict, TIJORI_RECOVERY, "party", "none is open");
    }
    if (party->threshold[TJ_DOMAIN_ADMINISTER] == 0) {
        return tj_refuse_detail(verdict, TIJORI_RECOVERY, "party",
                                "the authority gives it keys as it is");
    }
    return party->recovery == 0
               ? TIJORI_OK
               : tj_refuse_detail(verdict, TIJORI_RECOVERY, "party", "one is open already");
}

/* The authority gives keys and thresholds to a party whose recovery is open: not before its time.
 */
static enum tijori_status judge_recovered(const struct tj_case *c,
                                          const struct tj_party_object *party,
                                          const struct tj_record *r, struct tj_verdict *verdict)
{
    bool own = by_itself(c, r->party);
    if (own || party->threshold[TJ_DOMAIN_ADMINISTER] == 0 ||
        c->received_ns >= party->recovery_ns) {
        return TIJORI_OK;
    }
    return tj_refuse_detail(verdict, TIJORI_RECOVERY, "party", "%" PRIu64 " s left to object",
                            (party->recovery_ns - c->received_ns + TJ_NS_PER_S - 1) / TJ_NS_PER_S);
}

static enum tijori_status judge_party_status(const struct tj_state *state,
                                             const struct tj_party_object *party,
                                             const struct tj_record *r, struct tj_verdict *verdict)
{
    bool fits = r->kind == TJ_SUSPEND_PARTY     ? party->status == TJ_PARTY_ACTIVE
                : r->kind == TJ_REINSTATE_PARTY ? party->status == TJ_PARTY_SUSPENDED
                                                : true;
    if (!fits) {
        return tj_refuse(verdict, TIJORI_PARTY_STATUS, "party");
    }
    if (r->kind == TJ_CLOSE_PARTY && party->accounts_open != 0) {
        return tj_refuse_detail(verdict, TIJORI_ACCOUNTS_OPEN, "party", "%" PRIu32 " accounts",
                                party->accounts_open);
    }
    if (r->kind == TJ_GRANT_CLASSES && (r->classes & ~tj_type_classes_max(party->type)) != 0) {
        return tj_refuse_detail(verdict, TIJORI_CLASS, "classes", "the party is of type %s",
                                tj_party_type_names[party->type]);
    }
    return r->kind == TJ_RENAME_PARTY ? judge_name(state, r, verdict) : TIJORI_OK;
}

static enum tijori_status judge_party_directive(const struct tj_state *state,
                                                const struct tj_case *c, const struct tj_record *r,
                                                struct tj_verdict *verdict)
{
    const struct tj_party_object *party = tj_state_party(state, r->party);
    if (party == NULL) {
        return tj_refuse_detail(verdict, TIJORI_PARTY_UNKNOWN, "party", "party %" PRIu32, r->party);
    }
    if (!may_direct_party(c, party, r)) {
        return tj_refuse(verdict, TIJORI_NOT_ALLOWED, "party");
    }
    if (party->status == TJ_PARTY_CLOSED) {
        return tj_refuse_detail(verdict, TIJORI_PARTY_STATUS, "party", "it is closed");
    }
    switch ((int)r->kind) {
    case TJ_ADD_KEY:
    case TJ_SET_THRESHOLD: {
        enum tijori_status status = judge_recovered(c, party, r, verdict);
        return status == TIJORI_OK && r->kind == TJ_ADD_KEY
                   ? judge_add_key(state, party, r, verdict)
                   : status;
    }
    case TJ_REVOKE_KEY:
        return judge_revoke_key(state, r, verdict);
    case TJ_RECOVER_PARTY:
    case TJ_OBJECT_RECOVERY:
        return judge_recovery(party, r, verdict);
    case TJ_SET_TIER:
        return judge_set_tier(state, r, verdict);
    }
    return judge_party_status(state, party, r, verdict);
}

/* ---- accounts ---- */

static enum tijori_status judge_open_account(const struct tj_state *state, const struct tj_case *c,
                                             const struct tj_record *r, struct tj_verdict *verdict)
{
    const struct tj_party_object *party = tj_state_party(state, c->header->party);
    if (tj_account_party(r->account) != c->header->party) {
        return tj_refuse(verdict, TIJORI_NOT_ALLOWED, "account");
    }
    if (tj_account_local(r->account) != party->accounts || party->accounts == TJ_ACCOUNTS_MAX) {
        return refuse_number(verdict, "account", party->accounts);
    }
    if (tj_state_asset(state, r->asset) == NULL) {
        return tj_refuse(verdict, TIJORI_ASSET_UNKNOWN, "asset");
    }
    return (party->classes >> r->class & 1) != 0
               ? TIJORI_OK
               : tj_refuse_detail(verdict, TIJORI_CLASS, "class", "%s is not granted",
                                  tj_class_names[r->class]);
}

static enum tijori_status judge_close_account(const struct tj_account_object *account,
                                              struct tj_verdict *verdict)
{
    if (account->pending_in != 0 || account->pending_out != 0) {
        return tj_refuse(verdict, TIJORI_ACCOUNT_PENDING, "account");
    }
    return tj_class_is_contra(account->class) || tj_account_balance(account) == 0
               ? TIJORI_OK
               : tj_refuse(verdict, TIJORI_ACCOUNT_BALANCE, "account");
}

static enum tijori_status judge_account_directive(const struct tj_state *state,
                                                  const struct tj_case *c,
                                                  const struct tj_record *r,
                                                  struct tj_verdict *verdict)
{
    const struct tj_account_object *account = tj_state_account(state, r->account);
    if (account == NULL) {
        return tj_refuse(verdict, TIJORI_ACCOUNT_UNKNOWN, "account");
    }
    bool close = r->kind == TJ_CLOSE_ACCOUNT;
    if (close ? tj_account_party(r->account) != c->header->party : !by_authority(c)) {
        return tj_refuse(verdict, TIJORI_NOT_ALLOWED, "account");
    }
    if ((account->flags & TJ_ACCOUNT_CLOSED) != 0) {
        return tj_refuse(verdict, TIJORI_ACCOUNT_CLOSED, "account");
    }
    if (close) {
        return tj_balance_unknown(state, r->account) ? TIJORI_OK
                                                     : judge_close_account(account, verdict);
    }
    uint8_t frozen = account->flags & r->directions;
    bool fits = r->kind == TJ_FREEZE_ACCOUNT ? frozen == 0 : frozen == r->directions;
    return fits ? TIJORI_OK : tj_refuse(verdict, TIJORI_ACCOUNT_STATUS, "directions");
}

/* ---- assets, rules, log keys, endorsements ---- */

static enum tijori_status judge_open_asset(const struct tj_state *state, const struct tj_record *r,
                                           struct tj_verdict *verdict)
{
    uint32_t assets = tj_state_ledger(state)->assets;
    if (r->asset != assets + 1 || assets == TJ_ASSETS_MAX) {
        return refuse_number(verdict, "asset", (uint64_t)assets + 1);
    }
    for (uint32_t a = 1; a <= assets; a++) {
        if (memcmp(tj_state_asset(state, a)->code, r->code, TJ_ASSET_CODE_SIZE) == 0) {
            return tj_refuse(verdict, TIJORI_NAME_TAKEN, "code");
        }
    }
    return TIJORI_OK;
}

static enum tijori_status judge_add_log_key(const struct tj_state *state, const struct tj_record *r,
                                            struct tj_verdict *verdict)
{
    uint32_t keys = tj_state_ledger(state)->log_keys;
    if (r->number != keys || keys == TJ_LOG_KEYS_MAX) {
        return refuse_number(verdict, "number", keys);
    }
    for (uint32_t k = 0; k < keys; k++) {
        const struct tj_log_key_object *key = tj_state_peek(state, TJ_T_LOG_KEY, 0, k);
        if (memcmp(key->key, r->key, sizeof key->key) == 0) {
            return tj_refuse(verdict, TIJORI_KEY_TAKEN, "key");
        }
    }
    return TIJORI_OK;
}

/* After a compromise: up to where what the key signed is still believed. */
static enum tijori_status judge_last_good(const struct tj_past *past, const struct tj_case *c,
                                          const struct tj_record *r, struct tj_verdict *verdict)
{
    struct tj_hash root;
    if (r->size > c->index) {
        return tj_refuse_detail(verdict, TIJORI_VALUE, "last_good_size",
                                "the ledger has %" PRIu64 " entries", c->index);
    }
    return past->root(past->context, r->size, &root) && tj_hash_equal(&root, &r->root)
               ? TIJORI_OK
               : tj_refuse(verdict, TIJORI_NAMED_HASH, "last_good_root");
}

static enum tijori_status judge_retire_log_key(const struct tj_state *state,
                                               const struct tj_past *past, const struct tj_case *c,
                                               const struct tj_record *r,
                                               struct tj_verdict *verdict)
{
    const struct tj_log_key_object *key = tj_state_peek(state, TJ_T_LOG_KEY, 0, r->number);
    if (key == NULL || !key->present || memcmp(key->key, r->key, sizeof key->key) != 0) {
        return tj_refuse(verdict, TIJORI_KEY_UNKNOWN, "number");
    }
    if (key->retired != 0) {
        return tj_refuse(verdict, TIJORI_KEY_REVOKED, "number");
    }
    if (tj_state_ledger(state)->log_keys_active <= 1) {
        return tj_refuse(verdict, TIJORI_UNREACHABLE, "number");
    }
    return r->size == 0 ? TIJORI_OK : judge_last_good(past, c, r, verdict);
}

static enum tijori_status judge_endorse(const struct tj_past *past, const struct tj_case *c,
                                        const struct tj_record *r, struct tj_verdict *verdict)
{
    struct tj_hash leaf = c->head_leaf;
    struct tj_hash id;
    bool head = r->entry + 1 == c->index;
    if (r->entry >= c->index || (!head && !past->leaf(past->context, r->entry, &leaf)) ||
        !past->envelope_id(past->context, r->entry, &id)) {
        return tj_refuse(verdict, TIJORI_NAMED_UNKNOWN, "entry");
    }
    if (!tj_hash_equal(&leaf, &r->leaf)) {
        return tj_refuse(verdict, TIJORI_NAMED_HASH, "leaf");
    }
    return tj_hash_equal(&id, &r->envelope_id)
               ? TIJORI_OK
               : tj_refuse(verdict, TIJORI_NAMED_HASH, "envelope_id");
}

/* What the authority alone may do, and what that asks for. */
static enum tijori_status judge_authority_directive(const struct tj_state *state,
                                                    const struct tj_past *past,
                                                    const struct tj_case *c,
                                                    const struct tj_record *r,
                                                    struct tj_verdict *verdict)
{
    if (!by_authority(c)) {
        return tj_refuse(verdict, TIJORI_NOT_ALLOWED, "kind");
    }
    switch ((int)r->kind) {
    case TJ_REGISTER_PARTY:
        return judge_register(state, r, verdict);
    case TJ_OPEN_ASSET:
        return judge_open_asset(state, r, verdict);
    case TJ_ACTIVATE_RULES:
        return r->rules > tj_state_ledger(state)->rules && r->rules <= TJ_RULES_LAST
                   ? TIJORI_OK
                   : tj_refuse(verdict, TIJORI_RULES, "rules");
    case TJ_ADD_LOG_KEY:
        return judge_add_log_key(state, r, verdict);
    case TJ_RETIRE_LOG_KEY:
        return judge_retire_log_key(state, past, c, r, verdict);
    case TJ_PROGRAMME:
        return judge_programme(state, c, r, verdict);
    case TJ_END_RULE:
        return judge_end_rule(state, r, verdict);
    }
    abort();
}

enum tijori_status tj_judge_directive(const struct tj_state *state, const struct tj_past *past,
                                      const struct tj_case *c, const uint8_t *record,
                                      struct tj_verdict *verdict)
{
    struct tj_record r;
    tj_record_decode(record, &r);
    switch ((int)r.kind) {
    case TJ_ADD_KEY:
    case TJ_REVOKE_KEY:
    case TJ_SET_THRESHOLD:
    case TJ_SUSPEND_PARTY:
    case TJ_REINSTATE_PARTY:
    case TJ_GRANT_CLASSES:
    case TJ_RENAME_PARTY:
    case TJ_CLOSE_PARTY:
    case TJ_RECOVER_PARTY:
    case TJ_OBJECT_RECOVERY:
    case TJ_SET_TIER:
        return judge_party_directive(state, c, &r, verdict);
    case TJ_SET_LIMIT:
        return judge_set_limit(state, c, &r, verdict);
    case TJ_STATEMENT:
        return judge_statement(state, c, &r, verdict);
    case TJ_OPEN_ACCOUNT:
        return judge_open_account(state, c, &r, verdict);
    case TJ_FREEZE_ACCOUNT:
    case TJ_UNFREEZE_ACCOUNT:
    case TJ_CLOSE_ACCOUNT:
        return judge_account_directive(state, c, &r, verdict);
    case TJ_ENDORSE:
        return judge_endorse(past, c, &r, verdict);
    }
    return judge_authority_directive(state, past, c, &r, verdict);
}
