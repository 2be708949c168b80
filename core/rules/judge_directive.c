#include "core/rules/judge.h"

#include <inttypes.h>

/* docs/FORMAT.md section 7.2: who may give a directive, and the rules of its row, in the order they
 * stand there. */

static enum tijori_status refuse_number(struct tj_verdict *verdict, const char *field,
                                        uint64_t next)
{
    return tj_refuse_detail(verdict, TIJORI_NUMBER, field, "the next is %" PRIu64, next);
}

/* ---- who may ---- */

bool tj_by_authority(const struct tj_asked *a)
{
    return a->c->header->party == 0 && a->c->header->lane == 0;
}

bool tj_by_authority_of_another(const struct tj_asked *a)
{
    return tj_by_authority(a) && a->r->party != 0;
}

static bool by_itself(const struct tj_asked *a)
{
    return a->c->header->party == a->r->party && a->c->header->lane == 0;
}

bool tj_by_itself_or_authority(const struct tj_asked *a)
{
    return by_itself(a) || tj_by_authority(a);
}

bool tj_by_itself_or_guardian(const struct tj_asked *a)
{
    const struct tj_party_object *party = tj_state_party(a->state, a->r->party);
    if (by_itself(a)) {
        return true;
    }
    /* Whom the authority gives keys to: a party that has no quorum yet, or that lost it. */
    bool ward = party->threshold[TJ_DOMAIN_ADMINISTER] == 0 || party->recovery != 0;
    return tj_by_authority(a) && ward;
}

bool tj_by_owner(const struct tj_asked *a)
{
    return tj_account_party(a->r->account) == a->c->header->party;
}

bool tj_by_who_states(const struct tj_asked *a)
{
    if (a->r->figure == TJ_FIGURE_ATTESTED) {
        return by_itself(a);
    }
    const struct tj_party_object *party = tj_state_party(a->state, a->c->header->party);
    return a->c->header->lane == 0 && tj_type_is_public(party->type);
}

bool tj_by_anyone(const struct tj_asked *a)
{
    (void)a;
    return true;
}

bool tj_by_nobody(const struct tj_asked *a)
{
    (void)a;
    return false;
}

/* ---- what is named ---- */

static enum tijori_status judge_party_known(const struct tj_asked *a, uint32_t party,
                                            const char *field, struct tj_verdict *verdict)
{
    if (tj_state_party(a->state, party) == NULL) {
        return tj_refuse_detail(verdict, TIJORI_PARTY_UNKNOWN, field, "party %" PRIu32, party);
    }
    return TIJORI_OK;
}

/* There is such an account, or party. */
static enum tijori_status judge_holder(const struct tj_asked *a, uint64_t holder, const char *field,
                                       struct tj_verdict *verdict)
{
    uint32_t party = tj_account_party(holder);
    if (tj_holder_is_party(holder)) {
        return judge_party_known(a, party, field, verdict);
    }
    if (tj_state_account(a->state, holder) == NULL) {
        return tj_refuse_detail(verdict, TIJORI_ACCOUNT_UNKNOWN, field,
                                "account %" PRIu32 ":%" PRIu32, party, tj_account_local(holder));
    }
    return TIJORI_OK;
}

static enum tijori_status judge_named(const struct tj_asked *a, enum tj_named_thing named,
                                      struct tj_verdict *verdict)
{
    switch (named) {
    case TJ_NAMED_NOTHING:
        return TIJORI_OK;
    case TJ_NAMED_PARTY:
        return judge_party_known(a, a->r->party, "party", verdict);
    case TJ_NAMED_ACCOUNT:
        if (tj_state_account(a->state, a->r->account) == NULL) {
            return tj_refuse(verdict, TIJORI_ACCOUNT_UNKNOWN, "account");
        }
        return TIJORI_OK;
    case TJ_NAMED_HOLDER:
        return judge_holder(a, a->r->holder, "holder", verdict);
    }
    abort();
}

/* A party that is named, by itself or as a holder that is all of it, is not closed. */
static enum tijori_status judge_named_open(const struct tj_asked *a, enum tj_named_thing named,
                                           struct tj_verdict *verdict)
{
    uint32_t party = a->r->party;
    const char *field = "party";
    if (named == TJ_NAMED_NOTHING || named == TJ_NAMED_ACCOUNT) {
        return TIJORI_OK;
    }
    if (named == TJ_NAMED_HOLDER) {
        if (!tj_holder_is_party(a->r->holder)) {
            return TIJORI_OK;
        }
        party = tj_account_party(a->r->holder);
        field = "holder";
    }
    if (tj_state_party(a->state, party)->status == TJ_PARTY_CLOSED) {
        return tj_refuse_detail(verdict, TIJORI_PARTY_STATUS, field, "it is closed");
    }
    return TIJORI_OK;
}

/* In the order of section 7.2: what is named is there, who may, what is named is open, the row. */
enum tijori_status tj_judge_directive(const struct tj_asked *a,
                                      const struct tj_directive_rule *rule,
                                      struct tj_verdict *verdict)
{
    enum tijori_status status = judge_named(a, rule->named, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    if (!rule->who(a)) {
        return tj_refuse(verdict, TIJORI_NOT_ALLOWED, rule->field);
    }
    status = judge_named_open(a, rule->named, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    return rule->judge(a, verdict);
}

/* ---- tiers, limits, programmes, statements ---- */

static enum tijori_status judge_next_rule(const struct tj_asked *a, struct tj_verdict *verdict)
{
    uint32_t next = tj_state_ledger(a->state)->rules_set;
    if (a->r->rule != next || next == TJ_RULES_MAX) {
        return refuse_number(verdict, "rule", next);
    }
    return TIJORI_OK;
}

static enum tijori_status judge_asset(const struct tj_asked *a, struct tj_verdict *verdict)
{
    if (tj_state_asset(a->state, a->r->asset) == NULL) {
        return tj_refuse_detail(verdict, TIJORI_ASSET_UNKNOWN, "asset", "asset %" PRIu32,
                                a->r->asset);
    }
    return TIJORI_OK;
}

enum tijori_status tj_judge_set_tier(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_record *r = a->r;
    enum tijori_status status = judge_next_rule(a, verdict);
    if (status == TIJORI_OK) {
        status = judge_asset(a, verdict);
    }
    if (status != TIJORI_OK) {
        return status;
    }
    size_t step = 0;
    uint32_t number;
    uint64_t holder = tj_account_id(r->party, TJ_LOCAL_ALL);
    const struct tj_rule_object *rule;
    while ((rule = tj_next_rule(a->state, holder, UINT64_MAX, &step, &number)) != NULL) {
        if (rule->kind == TJ_SET_TIER && rule->asset == r->asset && rule->amount == r->above) {
            return tj_refuse_detail(verdict, TIJORI_RULE_STATUS, "above",
                                    "rule %" PRIu32 " says this of the same amount", number);
        }
    }
    return TIJORI_OK;
}

static enum tijori_status judge_limited_asset(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_record *r = a->r;
    enum tijori_status status = judge_asset(a, verdict);
    if (status != TIJORI_OK || tj_holder_is_party(r->holder)) {
        return status;
    }
    const struct tj_account_object *account = tj_state_account(a->state, r->holder);
    if (account->asset != r->asset) {
        return tj_refuse(verdict, TIJORI_ASSET_MIXED, "asset");
    }
    if (r->type == TJ_LIMIT_BALANCE && tj_class_is_contra(account->class)) {
        return tj_refuse(verdict, TIJORI_CLASS, "holder");
    }
    return TIJORI_OK;
}

enum tijori_status tj_judge_set_limit(const struct tj_asked *a, struct tj_verdict *verdict)
{
    enum tijori_status status = judge_next_rule(a, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    switch ((enum tj_limit_type)a->r->type) {
    case TJ_LIMIT_OUTFLOW:
    case TJ_LIMIT_BALANCE:
        return judge_limited_asset(a, verdict);
    case TJ_LIMIT_COUNTERPARTY:
        return judge_holder(a, a->r->counterparty, "counterparty", verdict);
    case TJ_LIMIT_PURPOSES:
    case TJ_LIMIT_FREEZE:
        return TIJORI_OK;
    case TJ_LIMIT_END:
        break;
    }
    abort(); /* its form was checked */
}

enum tijori_status tj_judge_programme(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_record *r = a->r;
    enum tijori_status status = judge_next_rule(a, verdict);
    if (status == TIJORI_OK) {
        status = judge_asset(a, verdict);
    }
    if (status != TIJORI_OK) {
        return status;
    }
    if (r->starts < tj_day_of(a->c->received_ns)) {
        return tj_refuse_detail(verdict, TIJORI_VALUE, "starts",
                                "before the day on which it is set");
    }
    const struct tj_asset_object *asset = tj_state_asset(a->state, r->asset);
    if (r->type == TJ_PROGRAMME_MINIMUM && asset->minimum_set != 0) {
        return tj_refuse_detail(verdict, TIJORI_RULE_STATUS, "type",
                                "rule %" PRIu32 " is the asset's minimum", asset->minimum_rule);
    }
    return TIJORI_OK;
}

enum tijori_status tj_judge_end_rule(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_rule_object *rule = tj_state_rule(a->state, a->r->rule);
    if (rule == NULL) {
        return tj_refuse_detail(verdict, TIJORI_RULE_UNKNOWN, "rule", "rule %" PRIu32, a->r->rule);
    }
    if (rule->ended != 0) {
        return tj_refuse_detail(verdict, TIJORI_RULE_STATUS, "rule", "rule %" PRIu32 " has ended",
                                a->r->rule);
    }
    return TIJORI_OK;
}

enum tijori_status tj_judge_statement(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_record *r = a->r;
    enum tijori_status status = judge_asset(a, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    bool of_party = tj_in_mask(TJ_FIGURES_OF_PARTY, r->figure);
    if (of_party && tj_state_party(a->state, r->party) == NULL) {
        return tj_refuse(verdict, TIJORI_PARTY_UNKNOWN, "party");
    }
    const struct tj_rule_object *rule = tj_state_rule(a->state, r->rule);
    bool programme = rule != NULL && rule->kind == TJ_PROGRAMME && rule->asset == r->asset;
    if (tj_in_mask(TJ_FIGURES_OF_RULE, r->figure) && !programme) {
        return tj_refuse(verdict, TIJORI_RULE_UNKNOWN, "rule");
    }
    if (r->as_of >= tj_day_of(a->c->received_ns)) {
        return tj_refuse_detail(verdict, TIJORI_VALUE, "as_of", "that day is not over");
    }
    return TIJORI_OK;
}

/* ---- parties ---- */

static enum tijori_status judge_name(const struct tj_asked *a, struct tj_verdict *verdict)
{
    for (uint32_t p = 0; p < tj_state_ledger(a->state)->parties; p++) {
        if (memcmp(tj_state_party(a->state, p)->name, a->r->name, TJ_NAME_SIZE) == 0) {
            return tj_refuse_detail(verdict, TIJORI_NAME_TAKEN, "name", "by party %" PRIu32, p);
        }
    }
    return TIJORI_OK;
}

enum tijori_status tj_judge_register_party(const struct tj_asked *a, struct tj_verdict *verdict)
{
    uint32_t parties = tj_state_ledger(a->state)->parties;
    if (a->r->party != parties || parties == TJ_PARTIES_MAX) {
        return refuse_number(verdict, "party", parties);
    }
    if (a->r->type == TJ_AUTHORITY) {
        return tj_refuse(verdict, TIJORI_VALUE, "type");
    }
    return judge_name(a, verdict);
}

static enum tijori_status judge_status(const struct tj_asked *a, uint8_t status,
                                       struct tj_verdict *verdict)
{
    if (tj_state_party(a->state, a->r->party)->status != status) {
        return tj_refuse(verdict, TIJORI_PARTY_STATUS, "party");
    }
    return TIJORI_OK;
}

enum tijori_status tj_judge_suspend_party(const struct tj_asked *a, struct tj_verdict *verdict)
{
    return judge_status(a, TJ_PARTY_ACTIVE, verdict);
}

enum tijori_status tj_judge_reinstate_party(const struct tj_asked *a, struct tj_verdict *verdict)
{
    return judge_status(a, TJ_PARTY_SUSPENDED, verdict);
}

enum tijori_status tj_judge_close_party(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_party_object *party = tj_state_party(a->state, a->r->party);
    if (party->accounts_open != 0) {
        return tj_refuse_detail(verdict, TIJORI_ACCOUNTS_OPEN, "party", "%" PRIu32 " accounts",
                                party->accounts_open);
    }
    return TIJORI_OK;
}

enum tijori_status tj_judge_grant_classes(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_party_object *party = tj_state_party(a->state, a->r->party);
    if ((a->r->classes & ~tj_type_classes_max(party->type)) != 0) {
        return tj_refuse_detail(verdict, TIJORI_CLASS, "classes", "the party is of type %s",
                                tj_party_type_names[party->type]);
    }
    return TIJORI_OK;
}

enum tijori_status tj_judge_rename_party(const struct tj_asked *a, struct tj_verdict *verdict)
{
    return judge_name(a, verdict);
}

enum tijori_status tj_judge_recover_party(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_party_object *party = tj_state_party(a->state, a->r->party);
    if (party->threshold[TJ_DOMAIN_ADMINISTER] == 0) {
        return tj_refuse_detail(verdict, TIJORI_RECOVERY, "party",
                                "the authority gives it keys as it is");
    }
    if (party->recovery != 0) {
        return tj_refuse_detail(verdict, TIJORI_RECOVERY, "party", "one is open already");
    }
    return TIJORI_OK;
}

enum tijori_status tj_judge_object_recovery(const struct tj_asked *a, struct tj_verdict *verdict)
{
    if (tj_state_party(a->state, a->r->party)->recovery == 0) {
        return tj_refuse_detail(verdict, TIJORI_RECOVERY, "party", "none is open");
    }
    return TIJORI_OK;
}

/* ---- keys of parties ---- */

/* The authority gives keys and thresholds to a party whose recovery is open: not before its time.
 */
static enum tijori_status judge_recovered(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_party_object *party = tj_state_party(a->state, a->r->party);
    uint64_t now = a->c->received_ns;
    if (by_itself(a) || party->threshold[TJ_DOMAIN_ADMINISTER] == 0) {
        return TIJORI_OK;
    }
    if (now < party->recovery_ns) {
        return tj_refuse_detail(verdict, TIJORI_RECOVERY, "party", "%" PRIu64 " s left to object",
                                (party->recovery_ns - now + TJ_NS_PER_S - 1) / TJ_NS_PER_S);
    }
    return TIJORI_OK;
}

enum tijori_status tj_judge_set_threshold(const struct tj_asked *a, struct tj_verdict *verdict)
{
    return judge_recovered(a, verdict);
}

enum tijori_status tj_judge_add_key(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_party_object *party = tj_state_party(a->state, a->r->party);
    enum tijori_status status = judge_recovered(a, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    if (a->r->ordinal != party->keys || party->keys == TJ_KEYS_MAX) {
        return refuse_number(verdict, "ordinal", party->keys);
    }
    struct tj_public_key key;
    uint8_t x32[32];
    tj_record_public_key(a->r, &key);
    if (!tj_public_key_valid(&key)) {
        return tj_refuse(verdict, TIJORI_KEY_INVALID, "key");
    }
    tj_public_key_x(&key, x32);
    const struct tj_key_object *taken = tj_state_find_key(a->state, x32);
    if (taken != NULL) {
        return tj_refuse_detail(verdict, TIJORI_KEY_TAKEN, "key", "party %" PRIu32 ", key %" PRIu32,
                                taken->party, taken->ordinal);
    }
    return TIJORI_OK;
}

enum tijori_status tj_judge_revoke_key(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_record *r = a->r;
    const struct tj_key_object *key = tj_state_key(a->state, r->party, r->ordinal);
    if (key == NULL) {
        return tj_refuse(verdict, TIJORI_KEY_UNKNOWN, "ordinal");
    }
    if (key->algorithm != r->algorithm || key->role != r->role ||
        memcmp(key->key, r->key, sizeof key->key) != 0) {
        return tj_refuse(verdict, TIJORI_KEY_PARTY, "key");
    }
    if (key->status != TJ_KEY_ACTIVE) {
        return tj_refuse(verdict, TIJORI_KEY_REVOKED, "ordinal");
    }
    return TIJORI_OK;
}

/* ---- accounts ---- */

enum tijori_status tj_judge_open_account(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_record *r = a->r;
    const struct tj_party_object *party = tj_state_party(a->state, a->c->header->party);
    if (tj_account_local(r->account) != party->accounts || party->accounts == TJ_ACCOUNTS_MAX) {
        return refuse_number(verdict, "account", party->accounts);
    }
    if (tj_state_asset(a->state, r->asset) == NULL) {
        return tj_refuse(verdict, TIJORI_ASSET_UNKNOWN, "asset");
    }
    if (!tj_in_mask(party->classes, r->class)) {
        return tj_refuse_detail(verdict, TIJORI_CLASS, "class", "%s is not granted",
                                tj_class_names[r->class]);
    }
    return TIJORI_OK;
}

static enum tijori_status judge_unclosed(const struct tj_asked *a, struct tj_verdict *verdict)
{
    if ((tj_state_account(a->state, a->r->account)->flags & TJ_ACCOUNT_CLOSED) != 0) {
        return tj_refuse(verdict, TIJORI_ACCOUNT_CLOSED, "account");
    }
    return TIJORI_OK;
}

enum tijori_status tj_judge_freeze_account(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_account_object *account = tj_state_account(a->state, a->r->account);
    enum tijori_status status = judge_unclosed(a, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    if ((account->flags & a->r->directions) != 0) {
        return tj_refuse(verdict, TIJORI_ACCOUNT_STATUS, "directions");
    }
    return TIJORI_OK;
}

enum tijori_status tj_judge_unfreeze_account(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_account_object *account = tj_state_account(a->state, a->r->account);
    enum tijori_status status = judge_unclosed(a, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    if ((account->flags & a->r->directions) != a->r->directions) {
        return tj_refuse(verdict, TIJORI_ACCOUNT_STATUS, "directions");
    }
    return TIJORI_OK;
}

enum tijori_status tj_judge_close_account(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_account_object *account = tj_state_account(a->state, a->r->account);
    enum tijori_status status = judge_unclosed(a, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    if (tj_balance_unknown(a->state, a->r->account)) {
        return TIJORI_OK; /* an audit without the bodies: it is counted as not judged */
    }
    if (account->pending_in != 0 || account->pending_out != 0) {
        return tj_refuse(verdict, TIJORI_ACCOUNT_PENDING, "account");
    }
    if (!tj_class_is_contra(account->class) && tj_account_balance(account) != 0) {
        return tj_refuse(verdict, TIJORI_ACCOUNT_BALANCE, "account");
    }
    return TIJORI_OK;
}

/* ---- the ledger: assets, rules, log keys, endorsements ---- */

enum tijori_status tj_judge_nothing_more(const struct tj_asked *a, struct tj_verdict *verdict)
{
    (void)a;
    (void)verdict;
    return TIJORI_OK;
}

enum tijori_status tj_judge_open_asset(const struct tj_asked *a, struct tj_verdict *verdict)
{
    uint32_t assets = tj_state_ledger(a->state)->assets;
    if (a->r->asset != assets + 1 || assets == TJ_ASSETS_MAX) {
        return refuse_number(verdict, "asset", (uint64_t)assets + 1);
    }
    for (uint32_t n = 1; n <= assets; n++) {
        if (memcmp(tj_state_asset(a->state, n)->code, a->r->code, TJ_ASSET_CODE_SIZE) == 0) {
            return tj_refuse(verdict, TIJORI_NAME_TAKEN, "code");
        }
    }
    return TIJORI_OK;
}

enum tijori_status tj_judge_activate_rules(const struct tj_asked *a, struct tj_verdict *verdict)
{
    if (a->r->rules <= tj_state_ledger(a->state)->rules || a->r->rules > TJ_RULES_LAST) {
        return tj_refuse(verdict, TIJORI_RULES, "rules");
    }
    return TIJORI_OK;
}

enum tijori_status tj_judge_add_log_key(const struct tj_asked *a, struct tj_verdict *verdict)
{
    uint32_t keys = tj_state_ledger(a->state)->log_keys;
    if (a->r->number != keys || keys == TJ_LOG_KEYS_MAX) {
        return refuse_number(verdict, "number", keys);
    }
    for (uint32_t k = 0; k < keys; k++) {
        const struct tj_log_key_object *key = tj_state_peek(a->state, TJ_T_LOG_KEY, 0, k);
        if (memcmp(key->key, a->r->key, sizeof key->key) == 0) {
            return tj_refuse(verdict, TIJORI_KEY_TAKEN, "key");
        }
    }
    return TIJORI_OK;
}

/* After a compromise: up to where what the key signed is still believed. */
static enum tijori_status judge_last_good(const struct tj_asked *a, struct tj_verdict *verdict)
{
    struct tj_hash root;
    if (a->r->last_good_size > a->c->index) {
        return tj_refuse_detail(verdict, TIJORI_VALUE, "last_good_size",
                                "the ledger has %" PRIu64 " entries", a->c->index);
    }
    if (!a->past->root(a->past->context, a->r->last_good_size, &root) ||
        !tj_hash_equal(&root, &a->r->last_good_root)) {
        return tj_refuse(verdict, TIJORI_NAMED_HASH, "last_good_root");
    }
    return TIJORI_OK;
}

enum tijori_status tj_judge_retire_log_key(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_log_key_object *key = tj_state_peek(a->state, TJ_T_LOG_KEY, 0, a->r->number);
    if (key == NULL || !key->present || memcmp(key->key, a->r->key, sizeof key->key) != 0) {
        return tj_refuse(verdict, TIJORI_KEY_UNKNOWN, "number");
    }
    if (key->retired != 0) {
        return tj_refuse(verdict, TIJORI_KEY_REVOKED, "number");
    }
    if (tj_state_ledger(a->state)->log_keys_active <= 1) {
        return tj_refuse(verdict, TIJORI_UNREACHABLE, "number");
    }
    if (a->r->last_good_size == 0) {
        return TIJORI_OK; /* not compromised */
    }
    return judge_last_good(a, verdict);
}

/* Leaf hash and envelope id of an entry before this one. */
static bool find_entry(const struct tj_asked *a, uint64_t entry, struct tj_hash *leaf,
                       struct tj_hash *id)
{
    const struct tj_past *past = a->past;
    if (entry >= a->c->index) {
        return false;
    }
    *leaf = a->c->head_leaf;
    bool head = entry + 1 == a->c->index;
    if (!head && !past->leaf(past->context, entry, leaf)) {
        return false;
    }
    return past->envelope_id(past->context, entry, id);
}

enum tijori_status tj_judge_endorse(const struct tj_asked *a, struct tj_verdict *verdict)
{
    struct tj_hash leaf;
    struct tj_hash id;
    if (!find_entry(a, a->r->entry, &leaf, &id)) {
        return tj_refuse(verdict, TIJORI_NAMED_UNKNOWN, "entry");
    }
    if (!tj_hash_equal(&leaf, &a->r->leaf)) {
        return tj_refuse(verdict, TIJORI_NAMED_HASH, "leaf");
    }
    if (!tj_hash_equal(&id, &a->r->envelope_id)) {
        return tj_refuse(verdict, TIJORI_NAMED_HASH, "envelope_id");
    }
    return TIJORI_OK;
}
