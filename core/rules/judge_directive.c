#include "core/rules/judge.h"

#include <inttypes.h>

/* docs/FORMAT.md section 7.2: who may give a directive, and the rules of its row, in the order they
 * stand there.
 *
 * The rules of a row may rely on what was asked before them (tj_judge_directive): a party, account
 * or holder that the row names (kind.c) exists. */

/* 7.2, NUMBER: numbers are given out without gaps, so that what is numbered so far is what there
 * is, and a record by itself says which object it makes. */
static enum tijori_status refuse_number(struct tj_verdict *verdict, const char *field,
                                        uint64_t next)
{
    return tj_refuse_detail(verdict, TIJORI_NUMBER, field, "the next is %" PRIu64, next);
}

/* 7.2, close_opening: once. */
enum tijori_status tj_judge_close_opening(const struct tj_asked *a, struct tj_verdict *verdict)
{
    if (!tj_opening_is_open(a->state, a->r->party)) {
        return tj_refuse_detail(verdict, TIJORI_OPENING, "party", "it is closed");
    }
    return TIJORI_OK;
}

/* ---- what an audit without the bodies of restricted entries cannot judge ---- */

/* What the party did was not seen: what accounts it opened and closed, whether it moved anything.
 */
static bool acts_unseen(const struct tj_state *state, uint32_t party)
{
    const struct tj_party_object *object = tj_state_party(state, party);
    return state->partial && object != NULL && !tj_type_is_public(object->type);
}

/* Of the kinds whose judges below let something pass unseen. An account field that a record
 * does not have is 0, which is no restricted account. */
uint64_t tj_directive_unjudged(const struct tj_state *state, const uint8_t record[TJ_RECORD_SIZE])
{
    struct tj_record r;
    const uint8_t kind = tj_record_kind(record);
    if (!state->partial || tj_kind_is_movement(kind) || tj_kind_is_detail(kind)) {
        return 0;
    }
    tj_record_decode(&r, record);
    if (r.kind == TJ_CLOSE_ACCOUNT) {
        return tj_balance_unknown(state, r.account);
    }
    if (r.kind == TJ_CLOSE_PARTY || r.kind == TJ_CLOSE_OPENING) {
        return acts_unseen(state, r.party);
    }
    return tj_account_hidden(state, r.account) || tj_account_hidden(state, r.holder) ||
           tj_account_hidden(state, r.counterparty);
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
    TJ_VERIFY_CHECK(party != NULL);
    TJ_VERIFY_CHECK((party->recovery == 0) == (party->recovery_ns == 0));
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
    TJ_VERIFY_CHECK(party != NULL); /* 7, step 2 */
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

/* 7.2, ACCOUNT_UNKNOWN, PARTY_UNKNOWN: of a holder, which is an account or all of a party. */
static enum tijori_status judge_holder(const struct tj_asked *a, uint64_t holder, const char *field,
                                       struct tj_verdict *verdict)
{
    uint32_t party = tj_account_party(holder);
    if (tj_holder_is_party(holder)) {
        return judge_party_known(a, party, field, verdict);
    }
    if (tj_state_account(a->state, holder) == NULL && !tj_account_hidden(a->state, holder)) {
        return tj_refuse_account(verdict, field, holder);
    }
    return TIJORI_OK;
}

/* 7.2, ACCOUNT_UNKNOWN, PARTY_UNKNOWN: asked before who may, because for some kinds that depends on
 * what is named. */
static enum tijori_status judge_named(const struct tj_asked *a, enum tj_named_thing named,
                                      struct tj_verdict *verdict)
{
    switch (named) {
    case TJ_NAMED_NOTHING:
        return TIJORI_OK;
    case TJ_NAMED_PARTY:
        return judge_party_known(a, a->r->party, "party", verdict);
    case TJ_NAMED_ACCOUNT:
        if (tj_state_account(a->state, a->r->account) == NULL &&
            !tj_account_hidden(a->state, a->r->account)) {
            return tj_refuse_account(verdict, "account", a->r->account);
        }
        return TIJORI_OK;
    case TJ_NAMED_HOLDER:
        return judge_holder(a, a->r->holder, "holder", verdict);
    }
    abort();
}

/* 7.2, PARTY_STATUS: a party that is named, by itself or as a holder that is all of it, is not
 * closed. Who is closed stays as it was when it closed. */
static enum tijori_status judge_named_open(const struct tj_asked *a, enum tj_named_thing named,
                                           struct tj_verdict *verdict)
{
    bool all_of_party = named == TJ_NAMED_HOLDER && tj_holder_is_party(a->r->holder);
    uint32_t number = all_of_party ? tj_account_party(a->r->holder) : a->r->party;
    if (named != TJ_NAMED_PARTY && !all_of_party) {
        return TIJORI_OK;
    }
    const struct tj_party_object *party = tj_state_party(a->state, number);
    TJ_VERIFY_CHECK(party != NULL);
    if (party->status == TJ_PARTY_CLOSED) {
        return tj_refuse_detail(verdict, TIJORI_PARTY_STATUS, all_of_party ? "holder" : "party",
                                "it is closed");
    }
    return TIJORI_OK;
}

/* In the order of section 7.2: what is named is there, who may, what is named is open, the row. Who
 * may not give the directive at all is told so before anything about the party that is named. */
enum tijori_status tj_judge_directive(const struct tj_asked *a,
                                      const struct tj_directive_rule *rule,
                                      struct tj_verdict *verdict)
{
    /* The verdict's position is that of this record, in an envelope that everybody may read if the
     * account may be known. */
    TJ_VERIFY_CHECK(tj_record_kind(tj_case_record(a->c, verdict->record)) == a->r->kind);
    TJ_VERIFY_CHECK(!tj_header_restricted(a->c->header) || tj_account_restricted(a->r->account));
    enum tijori_status status = judge_named(a, rule->named, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    /* 7.2, NOT_ALLOWED. */
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

/* 7.2, NAMED_PARTY: whom a rule names is to be able to say no to the state. A party that has its
 * keys from the authority, or is an office of it, is not. */
static enum tijori_status judge_named_party(const struct tj_asked *a, struct tj_verdict *verdict)
{
    if (a->r->named_party == 0) {
        return TIJORI_OK;
    }
    enum tijori_status status = judge_party_known(a, a->r->named_party, "named_party", verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    const struct tj_party_object *party = tj_state_party(a->state, a->r->named_party);
    if (tj_type_is_public(party->type) || party->status == TJ_PARTY_CLOSED ||
        party->threshold[TJ_DOMAIN_ADMINISTER] == 0) {
        return tj_refuse_detail(verdict, TIJORI_NAMED_PARTY, "named_party", "party %" PRIu32,
                                a->r->named_party);
    }
    return TIJORI_OK;
}

static enum tijori_status judge_next_rule(const struct tj_asked *a, struct tj_verdict *verdict)
{
    uint32_t next = tj_state_ledger(a->state)->rules_set;
    TJ_VERIFY_CHECK(next <= TJ_RULES_MAX && tj_state_rule(a->state, next) == NULL);
    if (a->r->rule != next || next == TJ_RULES_MAX) {
        return refuse_number(verdict, "rule", next);
    }
    return judge_named_party(a, verdict);
}

/* 7.2, ASSET_UNKNOWN. */
static enum tijori_status judge_asset(const struct tj_asked *a, struct tj_verdict *verdict)
{
    if (tj_state_asset(a->state, a->r->asset) == NULL) {
        return tj_refuse_detail(verdict, TIJORI_ASSET_UNKNOWN, "asset", "asset %" PRIu32,
                                a->r->asset);
    }
    return TIJORI_OK;
}

/* 7.2, set_tier: who wants to change a tier ends it first. One that runs out stands beside the new
 * one until its notice is over, and both are kept. */
enum tijori_status tj_judge_set_tier(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_record *r = a->r;
    enum tijori_status status = judge_next_rule(a, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    status = judge_asset(a, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    size_t step = 0;
    uint32_t number;
    uint64_t holder = tj_account_id(r->party, TJ_LOCAL_ALL);
    const struct tj_rule_object *rule;
    while ((rule = tj_next_rule(a->state, &step, &number, holder, UINT64_MAX, a->c->received_ns)) !=
           NULL) {
        TJ_VERIFY_CHECK(rule->kind == TJ_SET_TIER || rule->kind == TJ_SET_LIMIT);
        TJ_VERIFY_CHECK(number < tj_state_ledger(a->state)->rules_set);
        if (rule->kind == TJ_SET_TIER && rule->ended == 0 && rule->asset == r->asset &&
            rule->amount == r->above) {
            return tj_refuse_detail(verdict, TIJORI_RULE_STATUS, "above",
                                    "rule %" PRIu32 " says this of the same amount", number);
        }
    }
    return TIJORI_OK;
}

/* 7.2, set_limit: of the types that limit an amount. A contra account stands for the world outside,
 * whose balance nobody can bound. */
static enum tijori_status judge_limited_asset(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_record *r = a->r;
    enum tijori_status status = judge_asset(a, verdict);
    if (status != TIJORI_OK || tj_holder_is_party(r->holder)) {
        return status;
    }
    const struct tj_account_object *account = tj_state_account(a->state, r->holder);
    if (tj_account_hidden(a->state, r->holder)) {
        return TIJORI_OK;
    }
    TJ_VERIFY_CHECK(account != NULL && tj_state_asset(a->state, account->asset) != NULL);
    if (account->asset != r->asset) {
        return tj_refuse(verdict, TIJORI_ASSET_MIXED, "asset");
    }
    if (r->type == TJ_LIMIT_BALANCE && tj_class_is_contra(account->class)) {
        return tj_refuse(verdict, TIJORI_CLASS, "holder");
    }
    return TIJORI_OK;
}

/* 7.2, set_limit, of a counterparty limit: one beside another says *also to these*. So it waits at
 * least as long as the end of any that it widens would, or notice could be walked round. */
static enum tijori_status judge_widening(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_record *r = a->r;
    const struct tj_rule_object *rule;
    size_t step = 0;
    uint32_t number;
    while ((rule = tj_next_rule(a->state, &step, &number, r->holder, UINT64_MAX,
                                a->c->received_ns)) != NULL) {
        if (rule->kind == TJ_SET_LIMIT && rule->type == TJ_LIMIT_COUNTERPARTY &&
            (rule->directions & r->directions) != 0 && rule->notice_days > r->wait_days) {
            return tj_refuse_detail(verdict, TIJORI_VALUE, "wait_days",
                                    "rule %" PRIu32 " has a notice of %u days", number,
                                    rule->notice_days);
        }
    }
    return TIJORI_OK;
}

static enum tijori_status judge_counterparty(const struct tj_asked *a, struct tj_verdict *verdict)
{
    enum tijori_status status = judge_holder(a, a->r->counterparty, "counterparty", verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    return judge_widening(a, verdict);
}

/* 7.2, set_limit. */
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
        return judge_counterparty(a, verdict);
    case TJ_LIMIT_PURPOSES:
    case TJ_LIMIT_FREEZE:
        return TIJORI_OK;
    case TJ_LIMIT_END:
        break;
    }
    abort(); /* its form was checked */
}

/* 7.2, programme: one that started before it is set would have to count movements that nobody
 * counted for it. An asset keeps the number of its one minimum beside its reserve (state.h), so a
 * second one has no place. */
enum tijori_status tj_judge_programme(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_record *r = a->r;
    enum tijori_status status = judge_next_rule(a, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    status = judge_asset(a, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    if (r->starts < tj_day_of(a->c->received_ns)) {
        return tj_refuse_detail(verdict, TIJORI_VALUE, "starts",
                                "before the day on which it is set");
    }
    const struct tj_asset_object *asset = tj_state_asset(a->state, r->asset);
    if (r->type == TJ_PROGRAMME_MINIMUM && asset->minimum_set != 0 &&
        tj_rule_in_force(tj_state_rule(a->state, asset->minimum_rule), UINT64_MAX,
                         a->c->received_ns)) {
        return tj_refuse_detail(verdict, TIJORI_RULE_STATUS, "type",
                                "rule %" PRIu32 " is the asset's minimum", asset->minimum_rule);
    }
    return TIJORI_OK;
}

/* 7.2, end_rule: a rule keeps the record that ended it, so that a redo can ask whether it was in
 * force at an entry. A second end would move the first. */
enum tijori_status tj_judge_end_rule(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_rule_object *rule = tj_state_rule(a->state, a->r->rule);
    if (rule == NULL) {
        return tj_refuse_detail(verdict, TIJORI_RULE_UNKNOWN, "rule", "rule %" PRIu32, a->r->rule);
    }
    TJ_VERIFY_CHECK(a->r->rule < tj_state_ledger(a->state)->rules_set);
    if (rule->ended != 0) {
        return tj_refuse_detail(verdict, TIJORI_RULE_STATUS, "rule", "rule %" PRIu32 " has ended",
                                a->r->rule);
    }
    return TIJORI_OK;
}

/* 7.2, statement: it is compared with figures of what it names, so that has to exist; and with the
 * figures of a day that is over, or they could still change after it. A closed party may be named:
 * a statement is about a period in which it was open. */
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

/* 7.2, NAME_TAKEN: people know a party by its name. */
static enum tijori_status judge_name(const struct tj_asked *a, struct tj_verdict *verdict)
{
    for (uint32_t p = 0; p < tj_state_ledger(a->state)->parties; p++) {
        const struct tj_party_object *party = tj_state_party(a->state, p);
        TJ_VERIFY_CHECK(party != NULL);
        if (memcmp(party->name, a->r->name, TJ_NAME_SIZE) == 0) {
            return tj_refuse_detail(verdict, TIJORI_NAME_TAKEN, "name", "by party %" PRIu32, p);
        }
    }
    return TIJORI_OK;
}

/* 7.2, register_party: the one authority is party 0, of entry 0. */
enum tijori_status tj_judge_register_party(const struct tj_asked *a, struct tj_verdict *verdict)
{
    uint32_t parties = tj_state_ledger(a->state)->parties;
    TJ_VERIFY_CHECK(parties > 0 && tj_state_party(a->state, parties) == NULL);
    if (a->r->party != parties || parties == TJ_PARTIES_MAX) {
        return refuse_number(verdict, "party", parties);
    }
    if (a->r->type == TJ_AUTHORITY) {
        return tj_refuse(verdict, TIJORI_VALUE, "type");
    }
    return judge_name(a, verdict);
}

/* 7.2, suspend_party, reinstate_party: the authority's own keys are what could take a suspension
 * back, so it is never suspended (tj_by_authority_of_another). */
static enum tijori_status judge_status(const struct tj_asked *a, uint8_t status,
                                       struct tj_verdict *verdict)
{
    const struct tj_party_object *party = tj_state_party(a->state, a->r->party);
    TJ_VERIFY_CHECK(party != NULL && party->status != TJ_PARTY_CLOSED);
    if (party->status != status) {
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

/* 7.2, close_party: what is in an account of a closed party could never be moved again. */
enum tijori_status tj_judge_close_party(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_party_object *party = tj_state_party(a->state, a->r->party);
    TJ_VERIFY_CHECK(party->accounts_open <= party->accounts + party->accounts_restricted);
    if (party->accounts_open != 0 && !acts_unseen(a->state, a->r->party)) {
        return tj_refuse_detail(verdict, TIJORI_ACCOUNTS_OPEN, "party", "%" PRIu32 " accounts",
                                party->accounts_open);
    }
    return TIJORI_OK;
}

/* 7.2, grant_classes: the bounds of a type are not the authority's to move. A custodian with
 * reserve accounts could move them in restricted envelopes, which the public cannot read. */
enum tijori_status tj_judge_grant_classes(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_party_object *party = tj_state_party(a->state, a->r->party);
    TJ_VERIFY_CHECK((party->classes & ~tj_type_classes_max(party->type)) == 0);
    if ((a->r->classes & ~tj_type_classes_max(party->type)) != 0) {
        return tj_refuse_detail(verdict, TIJORI_CLASS, "classes", "the party is of type %s",
                                tj_party_type_names[party->type]);
    }
    return TIJORI_OK;
}

/* 7.2, rename_party. */
enum tijori_status tj_judge_rename_party(const struct tj_asked *a, struct tj_verdict *verdict)
{
    return judge_name(a, verdict);
}

/* 7.2, recover_party, VALUE: who recovers a party could agree in its name. So a party that rules
 * name is not recovered sooner than they could be lifted without it. */
static enum tijori_status judge_outlasts_notice(const struct tj_asked *a,
                                                struct tj_verdict *verdict)
{
    uint32_t rules = tj_state_ledger(a->state)->rules_set;
    for (uint32_t i = 0; i < rules; i++) {
        const struct tj_rule_object *rule = tj_state_rule(a->state, i);
        if (rule != NULL && rule->named_party == a->r->party &&
            tj_rule_in_force(rule, UINT64_MAX, a->c->received_ns) &&
            a->r->delay_s < rule->notice_days * 86400u) {
            return tj_refuse_detail(verdict, TIJORI_VALUE, "delay_s",
                                    "rule %" PRIu32 " names it, with a notice of %u days", i,
                                    rule->notice_days);
        }
    }
    return TIJORI_OK;
}

/* 7.2, recover_party: a second one would move the time until which the party may object. */
enum tijori_status tj_judge_recover_party(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_party_object *party = tj_state_party(a->state, a->r->party);
    TJ_VERIFY_CHECK(a->r->party != 0); /* nobody could object to the authority's */
    if (party->threshold[TJ_DOMAIN_ADMINISTER] == 0) {
        return tj_refuse_detail(verdict, TIJORI_RECOVERY, "party",
                                "the authority gives it keys as it is");
    }
    if (party->recovery != 0) {
        return tj_refuse_detail(verdict, TIJORI_RECOVERY, "party", "one is open already");
    }
    return judge_outlasts_notice(a, verdict);
}

/* 7.2, object_recovery. */
enum tijori_status tj_judge_object_recovery(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_party_object *party = tj_state_party(a->state, a->r->party);
    TJ_VERIFY_CHECK((party->recovery == 0) == (party->recovery_ns == 0));
    if (party->recovery == 0) {
        return tj_refuse_detail(verdict, TIJORI_RECOVERY, "party", "none is open");
    }
    return TIJORI_OK;
}

/* ---- keys of parties ---- */

/* 7.2, RECOVERY: the authority gives keys and thresholds to a party whose recovery is open, but not
 * before its time. Until then who holds the party's keys can say that they are not lost. */
static enum tijori_status judge_recovered(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_party_object *party = tj_state_party(a->state, a->r->party);
    uint64_t now = a->c->received_ns;
    if (by_itself(a) || party->threshold[TJ_DOMAIN_ADMINISTER] == 0) {
        return TIJORI_OK;
    }
    /* A recovery that is not open has the time 0, and would let the authority in at once. */
    TJ_VERIFY_CHECK(tj_by_authority(a) && party->recovery != 0);
    if (now < party->recovery_ns || party->recovery_ns == TJ_NEVER_NS) {
        return tj_refuse_detail(verdict, TIJORI_RECOVERY, "party", "%" PRIu64 " s left to object",
                                tj_s_of_ns_up(party->recovery_ns - now));
    }
    return TIJORI_OK;
}

/* 7.2, set_threshold. Whether the keys reach it is asked after the last record (7, step 12). */
enum tijori_status tj_judge_set_threshold(const struct tj_asked *a, struct tj_verdict *verdict)
{
    return judge_recovered(a, verdict);
}

/* 7.2, add_key: keys are found by their x-coordinate alone. One x-coordinate for two keys (of two
 * parties, or of two algorithms) would let one person's signature count for both. A revoked key
 * stays taken: entries that it signed must go on saying whose it was. That it is a point at all,
 * its possession slot has shown (7, steps 7 and 10). */
enum tijori_status tj_judge_add_key(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_party_object *party = tj_state_party(a->state, a->r->party);
    enum tijori_status status = judge_recovered(a, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    TJ_VERIFY_CHECK(party->keys <= TJ_KEYS_MAX);
    TJ_VERIFY_CHECK(tj_state_key(a->state, a->r->party, party->keys) == NULL);
    if (a->r->ordinal != party->keys || party->keys == TJ_KEYS_MAX) {
        return refuse_number(verdict, "ordinal", party->keys);
    }
    struct tj_public_key key;
    uint8_t x32[32];
    tj_record_public_key(a->r, &key);
    tj_public_key_x(&key, x32);
    const struct tj_key_object *taken = tj_state_find_key(a->state, x32);
    if (taken != NULL) {
        return tj_refuse_detail(verdict, TIJORI_KEY_TAKEN, "key", "party %" PRIu32 ", key %" PRIu32,
                                taken->party, taken->ordinal);
    }
    return TIJORI_OK;
}

/* 7.2, revoke_key: the record repeats what the key is, so that a wrong ordinal does not revoke
 * another key than the signers saw. */
enum tijori_status tj_judge_revoke_key(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_record *r = a->r;
    const struct tj_key_object *key = tj_state_key(a->state, r->party, r->ordinal);
    if (key == NULL) {
        return tj_refuse(verdict, TIJORI_KEY_UNKNOWN, "ordinal");
    }
    TJ_VERIFY_CHECK(key->party == r->party && key->ordinal == r->ordinal);
    if (key->algorithm != r->algorithm || key->role != r->role ||
        memcmp(key->key, r->key, sizeof key->key) != 0) {
        return tj_refuse(verdict, TIJORI_KEY_PARTY, "key");
    }
    if (key->status != TJ_KEY_ACTIVE) {
        return tj_refuse(verdict, TIJORI_KEY_REVOKED, "ordinal");
    }
    TJ_VERIFY_CHECK(tj_state_party(a->state, r->party)->keys_active[key->role] > 0);
    return TIJORI_OK;
}

/* ---- accounts ---- */

/* 7.2, open_account. */
enum tijori_status tj_judge_open_account(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_record *r = a->r;
    const struct tj_party_object *party = tj_state_party(a->state, a->c->header->party);
    const bool restricted = tj_account_restricted(r->account);
    const uint32_t next = restricted ? party->accounts_restricted : party->accounts;
    if (tj_account_number(r->account) != next || next == TJ_ACCOUNTS_MAX) {
        return tj_refuse_detail(verdict, TIJORI_NUMBER, "account", "the next is %s%" PRIu32,
                                restricted ? "r" : "", next);
    }
    TJ_VERIFY_CHECK(tj_state_account(a->state, r->account) == NULL);
    if (tj_state_asset(a->state, r->asset) == NULL) {
        return tj_refuse(verdict, TIJORI_ASSET_UNKNOWN, "asset");
    }
    if (!tj_in_mask(party->classes, r->class)) {
        return tj_refuse_detail(verdict, TIJORI_CLASS, "class", "%s is not granted",
                                tj_class_names[r->class]);
    }
    return TIJORI_OK;
}

/* 7.2, ACCOUNT_CLOSED: an account is closed for good. */
static enum tijori_status judge_unclosed(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_account_object *account = tj_state_account(a->state, a->r->account);
    TJ_VERIFY_CHECK(account != NULL);
    if ((account->flags & TJ_ACCOUNT_CLOSED) != 0) {
        return tj_refuse(verdict, TIJORI_ACCOUNT_CLOSED, "account");
    }
    return TIJORI_OK;
}

/* 7.2, freeze_account: a direction is frozen once, so that one unfreeze is sure to free it. Who
 * freezes what is frozen already has a wrong picture of the account. */
enum tijori_status tj_judge_freeze_account(const struct tj_asked *a, struct tj_verdict *verdict)
{
    if (tj_account_hidden(a->state, a->r->account)) {
        return TIJORI_OK;
    }
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

/* 7.2, unfreeze_account. */
enum tijori_status tj_judge_unfreeze_account(const struct tj_asked *a, struct tj_verdict *verdict)
{
    if (tj_account_hidden(a->state, a->r->account)) {
        return TIJORI_OK;
    }
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

/* 7.2, close_account: coins in a closed account, or on their way to it, could never be moved again.
 * The balance of a contra account is the other side of what others hold, and may stay. */
enum tijori_status tj_judge_close_account(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_account_object *account = tj_state_account(a->state, a->r->account);
    enum tijori_status status = judge_unclosed(a, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    TJ_VERIFY_CHECK(tj_state_party(a->state, a->c->header->party)->accounts_open > 0);
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

/* 7.2, open_asset: people know an asset by its code. */
enum tijori_status tj_judge_open_asset(const struct tj_asked *a, struct tj_verdict *verdict)
{
    uint32_t assets = tj_state_ledger(a->state)->assets;
    if (a->r->asset != assets + 1 || assets == TJ_ASSETS_MAX) {
        return refuse_number(verdict, "asset", (uint64_t)assets + 1);
    }
    for (uint32_t n = 1; n <= assets; n++) {
        const struct tj_asset_object *asset = tj_state_asset(a->state, n);
        TJ_VERIFY_CHECK(asset != NULL);
        if (memcmp(asset->code, a->r->code, TJ_ASSET_CODE_SIZE) == 0) {
            return tj_refuse(verdict, TIJORI_NAME_TAKEN, "code");
        }
    }
    return TIJORI_OK;
}

/* 7.2, activate_rules: rules never go back, or an old loophole could be opened again. */
enum tijori_status tj_judge_activate_rules(const struct tj_asked *a, struct tj_verdict *verdict)
{
    uint32_t active = tj_state_ledger(a->state)->rules;
    TJ_VERIFY_CHECK(active >= TJ_RULES_FIRST && active <= TJ_RULES_LAST);
    if (a->r->rules <= active || a->r->rules > TJ_RULES_LAST) {
        return tj_refuse(verdict, TIJORI_RULES, "rules");
    }
    return TIJORI_OK;
}

/* 7.2, add_log_key: a key that stood under two numbers could be retired under one and go on signing
 * under the other. */
enum tijori_status tj_judge_add_log_key(const struct tj_asked *a, struct tj_verdict *verdict)
{
    uint32_t keys = tj_state_ledger(a->state)->log_keys;
    if (a->r->number != keys || keys == TJ_LOG_KEYS_MAX) {
        return refuse_number(verdict, "number", keys);
    }
    for (uint32_t k = 0; k < keys; k++) {
        const struct tj_log_key_object *key = tj_state_peek(a->state, TJ_T_LOG_KEY, 0, k);
        TJ_VERIFY_CHECK(key != NULL && key->present);
        if (memcmp(key->key, a->r->key, sizeof key->key) == 0) {
            return tj_refuse(verdict, TIJORI_KEY_TAKEN, "key");
        }
    }
    return TIJORI_OK;
}

/* 7.2, retire_log_key: after a compromise, up to where what the key signed is still believed. The
 * root fixes which log of that size is meant. */
static enum tijori_status judge_last_good(const struct tj_asked *a, struct tj_verdict *verdict)
{
    struct tj_hash root;
    if (a->r->last_good_size > a->c->index) {
        return tj_refuse_detail(verdict, TIJORI_VALUE, "last_good_size",
                                "the ledger has %" PRIu64 " entries", a->c->index);
    }
    if (!a->past->root(a->past->context, &root, a->r->last_good_size) ||
        !tj_hash_equal(&root, &a->r->last_good_root)) {
        return tj_refuse(verdict, TIJORI_NAMED_HASH, "last_good_root");
    }
    return TIJORI_OK;
}

/* 7.2, retire_log_key: one key is always left, or no checkpoint could be signed again. */
enum tijori_status tj_judge_retire_log_key(const struct tj_asked *a, struct tj_verdict *verdict)
{
    const struct tj_log_key_object *key = tj_state_peek(a->state, TJ_T_LOG_KEY, 0, a->r->number);
    if (key == NULL || !key->present || memcmp(key->key, a->r->key, sizeof key->key) != 0) {
        return tj_refuse(verdict, TIJORI_KEY_UNKNOWN, "number");
    }
    if (key->retired != 0) {
        return tj_refuse(verdict, TIJORI_KEY_REVOKED, "number");
    }
    TJ_VERIFY_CHECK(a->r->number < tj_state_ledger(a->state)->log_keys);
    TJ_VERIFY_CHECK(tj_state_ledger(a->state)->log_keys_active > 0);
    if (tj_state_ledger(a->state)->log_keys_active <= 1) {
        return tj_refuse(verdict, TIJORI_UNREACHABLE, "number");
    }
    if (a->r->last_good_size == 0) {
        return TIJORI_OK; /* not compromised */
    }
    return judge_last_good(a, verdict);
}

/* Leaf hash and envelope id of an entry before this one. The log holds an entry's leaf hash in the
 * entry that follows, so the case brings that of the newest. */
static bool find_entry(const struct tj_asked *a, struct tj_hash *leaf, struct tj_hash *id,
                       uint64_t entry)
{
    const struct tj_past *past = a->past;
    if (entry >= a->c->index) {
        return false;
    }
    *leaf = a->c->head_leaf;
    bool head = entry + 1 == a->c->index;
    if (!head && !past->leaf(past->context, leaf, entry)) {
        return false;
    }
    return past->envelope_id(past->context, id, entry);
}

/* 7.2, endorse: a signature under the log as it stood. An entry holds the leaf hash of the one
 * before it, so the leaf hash of one entry fixes all entries up to it. */
enum tijori_status tj_judge_endorse(const struct tj_asked *a, struct tj_verdict *verdict)
{
    struct tj_hash leaf;
    struct tj_hash id;
    if (!find_entry(a, &leaf, &id, a->r->entry)) {
        return tj_refuse(verdict, TIJORI_NAMED_UNKNOWN, "entry");
    }
    TJ_VERIFY_CHECK(a->r->entry != 0 || tj_hash_equal(&leaf, &a->state->ledger_id));
    if (!tj_hash_equal(&leaf, &a->r->leaf)) {
        return tj_refuse(verdict, TIJORI_NAMED_HASH, "leaf");
    }
    if (!tj_hash_equal(&id, &a->r->envelope_id)) {
        return tj_refuse(verdict, TIJORI_NAMED_HASH, "envelope_id");
    }
    return TIJORI_OK;
}
