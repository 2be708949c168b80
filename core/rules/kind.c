#include "core/rules/kind.h"

/* clang-format off */

/* docs/FORMAT.md section 7.1. Who may give a movement, its judge says of all of them together. */
#define MOVEMENTS(X) \
    /*               since  judged by            effect */ \
    X(TJ_MOVE,           1, tj_judge_movement,   tj_effect_move) \
    X(TJ_PENDING,        1, tj_judge_movement,   tj_effect_pending) \
    X(TJ_POST,           1, tj_judge_movement,   tj_effect_post) \
    X(TJ_VOID,           1, tj_judge_movement,   tj_effect_void) \
    X(TJ_CORRECT,        1, tj_judge_movement,   tj_effect_correct) \
    X(TJ_APPROVAL,       1, tj_judge_movement,   tj_effect_approval)

/* docs/FORMAT.md section 7.2. What founds the ledger stands in entry 0, which has its own judge. */
#define DIRECTIVES(X) \
    /*               since  names    who (refused at)                         judged by, effect */ \
    X(TJ_LEDGER,           1, NOTHING, tj_by_nobody, "kind", \
      tj_judge_nothing_more, tj_effect_ledger) \
    X(TJ_PREDECESSOR,      1, NOTHING, tj_by_nobody, "kind", \
      tj_judge_nothing_more, tj_effect_none) \
    X(TJ_REGISTER_PARTY,   1, NOTHING, tj_by_authority, "kind", \
      tj_judge_register_party, tj_effect_register_party) \
    X(TJ_ADD_KEY,          1, PARTY, tj_by_itself_or_guardian, "party", \
      tj_judge_add_key, tj_effect_add_key) \
    X(TJ_REVOKE_KEY,       1, PARTY, tj_by_itself_or_authority, "party", \
      tj_judge_revoke_key, tj_effect_revoke_key) \
    X(TJ_SET_THRESHOLD,    1, PARTY, tj_by_itself_or_guardian, "party", \
      tj_judge_set_threshold, tj_effect_set_threshold) \
    X(TJ_SUSPEND_PARTY,    1, PARTY, tj_by_authority_of_another, "party", \
      tj_judge_suspend_party, tj_effect_suspend_party) \
    X(TJ_REINSTATE_PARTY,  1, PARTY, tj_by_authority_of_another, "party", \
      tj_judge_reinstate_party, tj_effect_reinstate_party) \
    X(TJ_GRANT_CLASSES,    1, PARTY, tj_by_authority, "party", \
      tj_judge_grant_classes, tj_effect_grant_classes) \
    X(TJ_OPEN_ASSET,       1, NOTHING, tj_by_authority, "kind", \
      tj_judge_open_asset, tj_effect_open_asset) \
    X(TJ_OPEN_ACCOUNT,     1, NOTHING, tj_by_owner, "account", \
      tj_judge_open_account, tj_effect_open_account) \
    X(TJ_FREEZE_ACCOUNT,   1, ACCOUNT, tj_by_authority, "account", \
      tj_judge_freeze_account, tj_effect_freeze_account) \
    X(TJ_UNFREEZE_ACCOUNT, 1, ACCOUNT, tj_by_authority, "account", \
      tj_judge_unfreeze_account, tj_effect_unfreeze_account) \
    X(TJ_CLOSE_ACCOUNT,    1, ACCOUNT, tj_by_owner, "account", \
      tj_judge_close_account, tj_effect_close_account) \
    X(TJ_ACTIVATE_RULES,   1, NOTHING, tj_by_authority, "kind", \
      tj_judge_activate_rules, tj_effect_activate_rules) \
    X(TJ_ADD_LOG_KEY,      1, NOTHING, tj_by_authority, "kind", \
      tj_judge_add_log_key, tj_effect_add_log_key) \
    X(TJ_RETIRE_LOG_KEY,   1, NOTHING, tj_by_authority, "kind", \
      tj_judge_retire_log_key, tj_effect_retire_log_key) \
    X(TJ_ENDORSE,          1, NOTHING, tj_by_anyone, "kind", \
      tj_judge_endorse, tj_effect_none) \
    X(TJ_RENAME_PARTY,     1, PARTY, tj_by_authority, "party", \
      tj_judge_rename_party, tj_effect_rename_party) \
    X(TJ_CLOSE_PARTY,      1, PARTY, tj_by_authority_of_another, "party", \
      tj_judge_close_party, tj_effect_close_party) \
    X(TJ_RECOVER_PARTY,    1, PARTY, tj_by_authority_of_another, "party", \
      tj_judge_recover_party, tj_effect_recover_party) \
    X(TJ_OBJECT_RECOVERY,  1, PARTY, tj_by_itself_or_authority, "party", \
      tj_judge_object_recovery, tj_effect_object_recovery) \
    X(TJ_END_RULE,         1, NOTHING, tj_by_authority, "kind", \
      tj_judge_end_rule, tj_effect_end_rule) \
    X(TJ_SET_TIER,         1, PARTY, tj_by_authority, "party", \
      tj_judge_set_tier, tj_effect_set_tier) \
    X(TJ_CLOSE_OPENING,    1, PARTY, tj_by_itself_or_authority, "party", \
      tj_judge_close_opening, tj_effect_close_opening) \
    X(TJ_SET_LIMIT,        1, HOLDER, tj_by_authority, "holder", \
      tj_judge_set_limit, tj_effect_set_limit) \
    X(TJ_PROGRAMME,        1, NOTHING, tj_by_authority, "kind", \
      tj_judge_programme, tj_effect_programme) \
    X(TJ_STATEMENT,        1, NOTHING, tj_by_who_states, "figure", \
      tj_judge_statement, tj_effect_none)
/* clang-format on */

/* Details are asked nothing beside their form, and have one effect: section 3.3. */
enum { DETAILS_SINCE = 1 };

/* A kind without a row does not compile. */
#define HAS_ROW(kind, ...)   kind##_HAS_RULE = 1,
#define WANTS_ROW(kind, ...) static_assert(kind##_HAS_RULE, "a row for each kind");
enum { MOVEMENTS(HAS_ROW) DIRECTIVES(HAS_ROW) };
TJ_KINDS(WANTS_ROW)

#define MOVEMENT_ROW(kind, since, judge, effect) [kind] = {since, judge, effect},
static const struct tj_movement_rule movements[TJ_MOVEMENT_END] = {MOVEMENTS(MOVEMENT_ROW)};

#define DIRECTIVE_ROW(kind, since, names, who, field, judge, effect)                               \
    [kind] = {since, TJ_NAMED_##names, who, field, judge, effect},
static const struct tj_directive_rule directives[TJ_KIND_END] = {DIRECTIVES(DIRECTIVE_ROW)};

const struct tj_movement_rule *tj_movement_rule(uint8_t kind)
{
    if (tj_kind_is_movement(kind)) {
        TJ_VERIFY_CHECK(tj_directive_rule(kind) == NULL); /* a kind has one row */
        return &movements[kind];
    }
    return NULL;
}

const struct tj_directive_rule *tj_directive_rule(uint8_t kind)
{
    if (kind < TJ_KIND_END && directives[kind].judge != NULL) {
        return &directives[kind];
    }
    return NULL;
}

/* The form of a record was checked, so there is a row of its kind; the ledger's rules may be older
 * than the kind. */
static enum tijori_status refuse_early(uint32_t since, struct tj_verdict *verdict)
{
    return tj_refuse_detail(verdict, TIJORI_KIND_UNKNOWN, "kind", "there since rules %u",
                            (unsigned)since);
}

/* A kind that the ledger's rules do not know yet is refused by the table, before its judge: so an
 * old ledger, audited by a newer program, comes to the same verdicts. */
enum tijori_status tj_judge_record(struct tj_state *state, const struct tj_past *past,
                                   const struct tj_case *c, const uint8_t record[TJ_RECORD_SIZE],
                                   struct tj_verdict *verdict)
{
    uint8_t kind = tj_record_kind(record);
    uint32_t rules = tj_state_ledger(state)->rules;
    TJ_VERIFY_CHECK(c->index > 0 && verdict->record < c->header->record_count);
    if (tj_kind_is_movement(kind)) {
        const struct tj_movement_rule *rule = &movements[kind];
        if (rule->since > rules) {
            return refuse_early(rule->since, verdict);
        }
        return rule->judge(state, past, c, record, verdict);
    }
    if (tj_kind_is_detail(kind)) {
        if (DETAILS_SINCE > rules) {
            return refuse_early(DETAILS_SINCE, verdict);
        }
        return TIJORI_OK;
    }
    const struct tj_directive_rule *rule = tj_directive_rule(kind);
    TIJORI_REQUIRE(rule != NULL);
    if (rule->since > rules) {
        return refuse_early(rule->since, verdict);
    }
    struct tj_record r;
    tj_record_decode(&r, record);
    const struct tj_asked asked = {state, past, c, &r};
    return tj_judge_directive(&asked, rule, verdict);
}

/* By the same tables as the judges. The link is that of a movement, which touches two accounts;
 * what is none has a link of zeros. */
void tj_effect_record(struct tj_state *state, struct tj_effect *effect, uint8_t *link,
                      uint32_t position, const uint8_t record[TJ_RECORD_SIZE])
{
    uint8_t kind = tj_record_kind(record);
    TJ_VERIFY_CHECK(position < effect->header->record_count);
    TJ_VERIFY_CHECK(state->redo == (link == NULL)); /* links are kept by who has them already */
    if (tj_kind_is_movement(kind)) {
        tj_effect_movement(state, effect, movements[kind].effect, link, position, record);
        return;
    }
    if (link != NULL) {
        memset(link, 0, TJ_LINK_SIZE);
    }
    if (tj_kind_is_detail(kind)) {
        tj_effect_detail(state, record);
        return;
    }
    const struct tj_directive_rule *rule = tj_directive_rule(kind);
    TIJORI_REQUIRE(rule != NULL);
    struct tj_record r;
    tj_record_decode(&r, record);
    const struct tj_given given = {effect, &r, tj_record_id(effect->entry, position)};
    rule->effect(state, &given);
}
