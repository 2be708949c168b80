#ifndef TIJORI_CORE_RULES_JUDGE_H
#define TIJORI_CORE_RULES_JUDGE_H

/* The judges: may this envelope become this entry? docs/FORMAT.md section 7, in its order.
 * They are functions of the state, the log before the entry, and the case: no I/O, no clock, no
 * randomness, no thread. The form of the bytes (step 1) was checked before. What an accepted record
 * does to the state is in effect.h.
 *
 * Each judge has a file: judge_envelope.c the envelope, judge_movement.c and judge_directive.c a
 * record (kind.h has the table of who judges which), judge_rule.c the tiers, limits and programmes
 * that a movement meets, judge_genesis.c entry 0. What the rules of keys and signatures say is in
 * signing.h; the judges call them in order.
 *
 * The order matters: the first rule that is broken gives the status, and a second implementation
 * has to give the same. So each rule is one early refusal, and a comment names its place in
 * FORMAT.md: the section and the step (`7, step 9:`). Sections 6, 7.1 and 7.2 have an order without
 * numbers. There the step is named by its status (`7.1, BALANCE:`) or the row by its kind
 * (`7.2, add_key:`). */

#include "core/rules/effect.h"

struct tj_case {
    uint64_t index; /* the entry it would become */
    uint64_t received_ns;
    uint64_t last_received_ns;     /* of entry index - 1 */
    struct tj_hash head_leaf;      /* leaf hash of entry index - 1 */
    struct tj_directives previous; /* before this entry */
    const struct tj_header *header;
    const struct tj_slots *slots;
    const uint8_t *records; /* NULL in an audit that does not have the body of a restricted
                             * envelope: then only what needs no records is judged */
    struct tj_hash envelope_id;
    bool signatures_valid; /* all slots, each over envelope_id */
    uint32_t invalid_slot; /* the first that is not, when not */
};

/* A record of the body, which is here. The position is below the header's record_count. */
static inline const uint8_t *tj_case_record(const struct tj_case *c, uint32_t position)
{
    TJ_VERIFY_CHECK(c->records != NULL && position < c->header->record_count);
    return c->records + (size_t)position * TJ_RECORD_SIZE;
}

/* A directive that asks to take effect. */
struct tj_asked {
    const struct tj_state *state;
    const struct tj_past *past;
    const struct tj_case *c;
    const struct tj_record *r;
};

/* What a directive names that has to be there already. */
enum tj_named_thing { TJ_NAMED_NOTHING, TJ_NAMED_PARTY, TJ_NAMED_ACCOUNT, TJ_NAMED_HOLDER };

typedef bool tj_who(const struct tj_asked *asked);
typedef enum tijori_status tj_directive_judge(const struct tj_asked *asked,
                                              struct tj_verdict *verdict);

/* A row of section 7.2: kind.c has the table of them. */
struct tj_directive_rule {
    uint32_t since; /* the first rules number that knows the kind */
    enum tj_named_thing named;
    tj_who *who;
    const char *field; /* that NOT_ALLOWED is about */
    tj_directive_judge *judge;
    tj_directive_effect *effect;
};

/* Who may give it. */
tj_who tj_by_authority, tj_by_authority_of_another, tj_by_itself_or_authority;
tj_who tj_by_itself_or_guardian; /* the authority guards who has no quorum, or lost it */
tj_who tj_by_owner;              /* of the account */
tj_who tj_by_who_states;         /* the public sector; what is attested, the party itself */
tj_who tj_by_anyone, tj_by_nobody;

/* The rules of a row, once it may be given. */
tj_directive_judge tj_judge_nothing_more; /* there are none */
tj_directive_judge tj_judge_register_party, tj_judge_suspend_party, tj_judge_reinstate_party,
    tj_judge_grant_classes, tj_judge_rename_party, tj_judge_close_party, tj_judge_recover_party,
    tj_judge_object_recovery, tj_judge_close_opening;
tj_directive_judge tj_judge_add_key, tj_judge_revoke_key, tj_judge_set_threshold;
tj_directive_judge tj_judge_open_account, tj_judge_freeze_account, tj_judge_unfreeze_account,
    tj_judge_close_account;
tj_directive_judge tj_judge_open_asset, tj_judge_activate_rules, tj_judge_add_log_key,
    tj_judge_retire_log_key, tj_judge_endorse;
tj_directive_judge tj_judge_set_tier, tj_judge_set_limit, tj_judge_programme, tj_judge_end_rule,
    tj_judge_statement;

/* Steps 2 to 10, of an entry after entry 0. */
enum tijori_status tj_judge_envelope(const struct tj_state *state, const struct tj_past *past,
                                     const struct tj_case *c,
                                     struct tj_verdict *verdict) TJ_MUST_USE;
/* Section 6: entry 0, whole. */
enum tijori_status tj_judge_genesis(const struct tj_case *c,
                                    struct tj_verdict *verdict) TJ_MUST_USE;
/* Step 11, one record; verdict->record is its position. A movement, of any kind: section 7.1. */
typedef enum tijori_status tj_movement_judge(struct tj_state *state, const struct tj_past *past,
                                             const struct tj_case *c, const uint8_t *record,
                                             struct tj_verdict *verdict);
tj_movement_judge tj_judge_movement TJ_MUST_USE;
/* A directive, by the row of its kind: section 7.2. */
enum tijori_status tj_judge_directive(const struct tj_asked *asked,
                                      const struct tj_directive_rule *rule,
                                      struct tj_verdict *verdict) TJ_MUST_USE;
/* Section 7.3, of a move, pending, post or correct that nothing else bars; verdict->record is its
 * position. `named` is what a post or a correct names, which may be absent in an audit; NULL for
 * the others. */
enum tijori_status tj_judge_rules(struct tj_state *state, const struct tj_case *c,
                                  const uint8_t *record, const struct tj_account_object *from,
                                  const struct tj_account_object *to, const struct tj_named *named,
                                  struct tj_verdict *verdict) TJ_MUST_USE;
/* For people: the rules that look at a movement whose accounts exist, whether they refuse it or
 * not; `visit` gets the number of each, some twice. A tier and a programme are told of a pending
 * movement as well, which meets them when it is posted. What a correct takes back is counted by
 * what it names: without passage->named no programme is told of it. */
void tj_rules_met(const struct tj_state *state, const struct tj_passage *p, void *context,
                  void (*visit)(void *context, uint32_t rule));
/* What of a movement no moment and no signature changes: a purpose that nothing moves under; of a
 * move or a pending also ASSET_MIXED and AMOUNT_MAX, where the accounts are there already. For who
 * makes it, so that it is refused before it is signed. `state` may be NULL: nothing is known. */
enum tijori_status tj_judge_foreseen(const struct tj_state *state, const uint8_t *record,
                                     struct tj_verdict *verdict) TJ_MUST_USE;
/* In an audit of a public export: bodies that may move this account, which exists, were not seen.
 * The public sector's are always there. */
static inline bool tj_balance_unknown(const struct tj_state *state, uint64_t account)
{
    if (!state->partial) {
        return false;
    }
    const struct tj_party_object *party = tj_state_party(state, tj_account_party(account));
    TJ_VERIFY_CHECK(party != NULL);
    return !tj_type_is_public(party->type);
}
/* ACCOUNT_UNKNOWN of a field. */
enum tijori_status tj_refuse_account(struct tj_verdict *verdict, const char *field,
                                     uint64_t account) TJ_MUST_USE;
/* In such an audit: nobody was shown what opens, closes or moves this account, so whether it exists
 * is not known either. */
static inline bool tj_account_hidden(const struct tj_state *state, uint64_t account)
{
    return state->partial && tj_account_restricted(account);
}
/* In such an audit: how many rules of this directive were not judged. */
uint64_t tj_directive_unjudged(const struct tj_state *state, const uint8_t record[TJ_RECORD_SIZE]);
/* In such an audit: the record names one that was not seen. Of its effect no more is known than
 * that the named one is settled. Such a record is on custodians' accounts alone: the rules see to
 * that. */
bool tj_names_absent(const struct tj_state *state, const struct tj_past *past,
                     const uint8_t record[TJ_RECORD_SIZE]) TJ_MUST_USE;
/* Steps 12 and 13, after the last record took effect. */
enum tijori_status tj_judge_after(const struct tj_state *state, const struct tj_case *c,
                                  struct tj_verdict *verdict) TJ_MUST_USE;

#endif
