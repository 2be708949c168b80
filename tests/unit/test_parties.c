/* Parties that are renamed, closed and recovered, and the authority's quorum: docs/FORMAT.md
 * section 7 steps 8, 9 and 13, and section 7.2. Each story is played twice, the second time with
 * the ledger closed and opened before each envelope; after it an auditor's replay gives the same
 * state. */

#include "story.h"

#define WEEK (604800 * S)
/* PLAY, where a record holds a key. */
#define PLAY_KEYS(...)                                                                             \
    do {                                                                                           \
        struct rules_step steps[] = {__VA_ARGS__};                                                 \
        RULES_PLAY(f, steps);                                                                      \
    } while (0)

/* Story world. Party 4 administers itself by key 0; the authority has keys 0 to 2, of which two
 * must sign; parties 1 to 3 have no quorum of their own. */

#define OF(what, number)      .r = {.kind = (what), .party = (number)}
#define RENAME(number, text)  .r = {.kind = TJ_RENAME_PARTY, .party = (number), .name = text}
#define RECOVER(number, secs) .r = {.kind = TJ_RECOVER_PARTY, .party = (number), .delay_s = (secs)}
#define THRESHOLD(number, what, needed)                                                            \
    .r = {.kind = TJ_SET_THRESHOLD, .party = (number), .domain = (what), .threshold = (needed)}
#define MOVED(how, source, target, base)                                                           \
    .party = (uint32_t)((source) >> 32), .lane = 1,                                                \
    .r = {.kind = TJ_MOVE, .from = (source), .to = (target), .amount = (base), .purpose = (how)}
#define DEPOSIT_4 MOVED(TJ_CUSTOMER_DEPOSIT, A(4, 2), A(4, 0), 5)
#define IS_CLOSED "PARTY_STATUS: the party is not in the state that this changes (it is closed)"
#define NOT_RECOVERING(why)                                                                        \
    "record 0, party: RECOVERY: the party is not in the state of recovery that this needs (" why ")"
#define NOT_BY "NOT_ALLOWED: this party may not give this directive here"
#define NOT_SIGNED(how_many)                                                                       \
    "slots: NEW_QUORUM: the authority's new quorum did not sign (" how_many ")"

static int world(bool reopens)
{
    f = rules_story_world(reopens);
    return 0;
}

/* ---- names ---- */

static void parties_are_renamed(void **state)
{
    (void)state;
#define TAKEN(by) "record 0, name: NAME_TAKEN: the name or code is taken (by party " by ")"
    PLAY({RENAME(2, "First Custodian")}, {RENAME(1, "First Custodian"), .refused = TAKEN("2")},
         {RENAME(2, "First Custodian"), .refused = TAKEN("2")},
         {RENAME(1, "Authority"), .refused = TAKEN("0")},
         /* A name that was given up is free. */
         {RENAME(3, "Custodian")}, {RENAME(0, "Ministry of Finance")},
         {.r = {.kind = TJ_REGISTER_PARTY, .party = 5, .type = TJ_AUDITOR, .name = "Custodian"},
          .refused = TAKEN("3")},
         {.r = {.kind = TJ_REGISTER_PARTY, .party = 5, .type = TJ_AUDITOR, .name = "Authority"}},
         /* Two swap by way of a third name, in one envelope. */
         {RENAME(2, "X"), .more = true}, {RENAME(3, "First Custodian"), .more = true},
         {RENAME(2, "Custodian")},
         {RENAME(9, "N"), .refused = "record 0, party: PARTY_UNKNOWN: no such party (party 9)"},
         {.party = 4, .lane = 0, RENAME(4, "N"), .refused = "record 0, party: " NOT_BY},
         {.party = 1, .lane = 1, RENAME(1, "N"), .refused = "record 0, party: " NOT_BY}, );
#undef TAKEN
    struct tj_ledger_view view;
    assert_int_equal(tj_ledger_view_begin(f->ledger, &view), TIJORI_OK);
    assert_string_equal(tj_state_party(view.state, 2)->name, "Custodian");
    assert_string_equal(tj_state_party(view.state, 3)->name, "First Custodian");
    tj_ledger_view_end(f->ledger, &view);
}

/* ---- closing ---- */

#define CLOSE_ACCOUNT(number)                                                                      \
    .party = (uint32_t)((number) >> 32), .lane = 1,                                                \
    .r = {.kind = TJ_CLOSE_ACCOUNT, .account = (number)}

static void a_party_is_closed_with_its_accounts(void **state)
{
    (void)state;
#define OPEN(how_many)                                                                             \
    "record 0, party: ACCOUNTS_OPEN: the party has open accounts (" how_many " accounts)"
    PLAY(
        {OF(TJ_CLOSE_PARTY, 2), .refused = OPEN("5")}, {CLOSE_ACCOUNT(A(2, 0)), .more = true},
        {CLOSE_ACCOUNT(A(2, 1)), .more = true}, {CLOSE_ACCOUNT(A(2, 2))},
        {OF(TJ_CLOSE_PARTY, 2), .refused = OPEN("2")}, {CLOSE_ACCOUNT(A(2, 3)), .more = true},
        {CLOSE_ACCOUNT(A(2, 4)), .more = true},
        /* One opened counts like those from before. */
        {.party = 2,
         .lane = 1,
         .r = {.kind = TJ_OPEN_ACCOUNT, .account = A(2, 5), .asset = 1, .class = TJ_CLASS_CUSTODY}},
        {OF(TJ_CLOSE_PARTY, 2), .refused = OPEN("1")}, {CLOSE_ACCOUNT(A(2, 5))},
        {.party = 4, .lane = 0, OF(TJ_CLOSE_PARTY, 4), .refused = "record 0, party: " NOT_BY},
        {OF(TJ_CLOSE_PARTY, 0), .refused = "record 0, party: " NOT_BY}, {OF(TJ_CLOSE_PARTY, 2)},
        {OF(TJ_CLOSE_PARTY, 2), .refused = "record 0, party: " IS_CLOSED},
        /* It submits nothing and countersigns nothing. */
        {.party = 2,
         .lane = 1,
         .r = {.kind = TJ_OPEN_ACCOUNT, .account = A(2, 6), .asset = 1, .class = TJ_CLASS_CUSTODY},
         .refused = "party: PARTY_CLOSED: the party is closed (party 2)"},
        {MOVED(TJ_PURCHASE, A(1, 2), A(1, 0), 5), .countersign = "2",
         .refused = "signature 2, party: PARTY_CLOSED: the party is closed (party 2)"},
        {MOVED(TJ_PAYMENT, A(1, 2), A(2, 0), 5),
         .refused = "record 0, to: ACCOUNT_CLOSED: the account is closed"}, );
#undef OPEN
}

/* Without accounts from the first, or suspended before. */
static void what_is_not_said_of_a_closed_party(void **state)
{
    (void)state;
    PLAY_KEYS(
        {.r = {.kind = TJ_REGISTER_PARTY, .party = 5, .type = TJ_CUSTODIAN, .name = "Fifth"},
         .more = true},
        {.r = rules_key(TJ_ADD_KEY, 5, 0, TJ_INITIATE), .possession = "50"},
        {OF(TJ_SUSPEND_PARTY, 5)}, {OF(TJ_CLOSE_PARTY, 5)},
        {OF(TJ_SUSPEND_PARTY, 5), .refused = "record 0, party: " IS_CLOSED},
        {OF(TJ_REINSTATE_PARTY, 5), .refused = "record 0, party: " IS_CLOSED},
        {RENAME(5, "N"), .refused = "record 0, party: " IS_CLOSED},
        {OF(TJ_GRANT_CLASSES, 5), .refused = "record 0, party: " IS_CLOSED},
        {.r = rules_key(TJ_ADD_KEY, 5, 1, TJ_INITIATE),
         .possession = "51",
         .refused = "record 0, party: " IS_CLOSED},
        {.r = rules_key(TJ_REVOKE_KEY, 5, 0, TJ_INITIATE),
         .refused = "record 0, party: " IS_CLOSED},
        {THRESHOLD(5, TJ_DOMAIN_MOVE, 1), .refused = "record 0, party: " IS_CLOSED},
        {RECOVER(5, 604800), .refused = "record 0, party: " IS_CLOSED},
        {OF(TJ_OBJECT_RECOVERY, 5), .refused = "record 0, party: " IS_CLOSED},
        {.r = {.kind = TJ_SET_TIER, .party = 5, .asset = 1, .approvals = 1},
         .refused = "record 0, party: " IS_CLOSED},
        {.r = {.kind = TJ_SET_LIMIT, .type = TJ_LIMIT_FREEZE, .holder = ALL(5), .directions = 1},
         .refused = "record 0, holder: " IS_CLOSED},
        /* It can still be named as a counterparty, and stated about. Its name stays its own. */
        {.r = {.kind = TJ_SET_LIMIT,
               .type = TJ_LIMIT_COUNTERPARTY,
               .holder = ALL(1),
               .directions = 2,
               .counterparty = ALL(5)}},
        {.r = {.kind = TJ_STATEMENT,
               .figure = TJ_FIGURE_CUSTOMERS,
               .party = 5,
               .asset = 1,
               .period_from = 1,
               .as_of = 1}},
        {RENAME(2, "Fifth"),
         .refused = "record 0, name: NAME_TAKEN: the name or code is taken (by party 5)"}, );
}

static void accounts_of_a_closed_party(void **state)
{
    (void)state;
    PLAY({.r = {.kind = TJ_SET_LIMIT,
                .rule = 0,
                .type = TJ_LIMIT_OUTFLOW,
                .holder = ALL(3),
                .asset = 1,
                .window_s = 16,
                .amount = 1}},
         {CLOSE_ACCOUNT(A(3, 0))}, {OF(TJ_CLOSE_PARTY, 3)},
         {.r = {.kind = TJ_FREEZE_ACCOUNT, .account = A(3, 0), .directions = 1},
          .refused = "record 0, account: ACCOUNT_CLOSED: the account is closed"},
         /* A rule about it can be ended, and one about its account set: it says nothing more. */
         {.r = {.kind = TJ_END_RULE, .rule = 0}},
         {.r = {.kind = TJ_SET_LIMIT,
                .rule = 1,
                .type = TJ_LIMIT_OUTFLOW,
                .holder = A(3, 0),
                .asset = 1,
                .window_s = 16,
                .amount = 1}}, );
}

/* ---- recovery ---- */

static void a_recovery_waits_for_its_time(void **state)
{
    (void)state;
#define TOO_EARLY(left) NOT_RECOVERING(left " s left to object")
    PLAY_KEYS(
        {RECOVER(2, 604800), .refused = NOT_RECOVERING("the authority gives it keys as it is")},
        {RECOVER(0, 604800), .refused = "record 0, party: " NOT_BY},
        {.party = 4, .lane = 0, RECOVER(4, 604800), .refused = "record 0, party: " NOT_BY},
        {RECOVER(9, 604800), .refused = "record 0, party: PARTY_UNKNOWN: no such party (party 9)"},
        {.r = rules_key(TJ_ADD_KEY, 4, 5, TJ_ADMINISTER),
         .possession = "45",
         .refused = "record 0, party: " NOT_BY},
        {.at_ns = 10 * S, RECOVER(4, 604800)},
        {RECOVER(4, 604800), .refused = NOT_RECOVERING("one is open already")},
        {.r = rules_key(TJ_ADD_KEY, 4, 5, TJ_ADMINISTER),
         .possession = "45",
         .refused = TOO_EARLY("604800")},
        {THRESHOLD(4, TJ_DOMAIN_ADMINISTER, 1), .refused = TOO_EARLY("604800")},
        {.at_ns = 20 * S, THRESHOLD(4, TJ_DOMAIN_MOVE, 1), .refused = TOO_EARLY("604790")},
        /* Nothing of this stops the party, nor the authority's other directives. */
        {DEPOSIT_4}, {.r = rules_key(TJ_REVOKE_KEY, 4, 4, TJ_APPROVE)},
        {.party = 4, .lane = 0, .r = rules_key(TJ_ADD_KEY, 4, 5, TJ_APPROVE), .possession = "45"},
        {.at_ns = WEEK + 10 * S - 1,
         .r = rules_key(TJ_ADD_KEY, 4, 6, TJ_ADMINISTER),
         .possession = "46",
         .refused = TOO_EARLY("1")},
        {.at_ns = WEEK + 10 * S,
         .r = rules_key(TJ_ADD_KEY, 4, 6, TJ_ADMINISTER),
         .possession = "46"}, );
#undef TOO_EARLY
}

static void the_old_quorum_or_the_authority_objects(void **state)
{
    (void)state;
    PLAY_KEYS(
        {OF(TJ_OBJECT_RECOVERY, 4), .refused = NOT_RECOVERING("none is open")},
        {.party = 4,
         .lane = 0,
         OF(TJ_OBJECT_RECOVERY, 4),
         .refused = NOT_RECOVERING("none is open")},
        {RECOVER(4, 604800)},
        {.party = 1, .lane = 1, OF(TJ_OBJECT_RECOVERY, 4), .refused = "record 0, party: " NOT_BY},
        {.party = 4, .lane = 1, OF(TJ_OBJECT_RECOVERY, 4), .refused = "record 0, party: " NOT_BY},
        {.party = 4, .lane = 0, OF(TJ_OBJECT_RECOVERY, 4)},
        {OF(TJ_OBJECT_RECOVERY, 4), .refused = NOT_RECOVERING("none is open")},
        {.at_ns = WEEK + S,
         .r = rules_key(TJ_ADD_KEY, 4, 5, TJ_ADMINISTER),
         .possession = "45",
         .refused = "record 0, party: " NOT_BY},
        /* A second one waits anew. It is open, and objected to, until the authority ends it. */
        {.at_ns = WEEK + 2 * S, RECOVER(4, 700000)},
        {.at_ns = WEEK + 3 * S,
         .r = rules_key(TJ_ADD_KEY, 4, 5, TJ_ADMINISTER),
         .possession = "45",
         .refused = NOT_RECOVERING("699999 s left to object")},
        {OF(TJ_OBJECT_RECOVERY, 4)}, {RECOVER(4, 604800)},
        {.at_ns = 3 * WEEK, .party = 4, .lane = 0, OF(TJ_OBJECT_RECOVERY, 4), .more = true},
        {.party = 4,
         .lane = 0,
         .r = rules_key(TJ_ADD_KEY, 4, 5, TJ_ADMINISTER),
         .possession = "45"}, );
}

/* New keys and thresholds, the old keys revoked, in one envelope; then the party is its own. */
static void a_recovered_party_lives_on(void **state)
{
    (void)state;
#define REVOKED(which)                                                                             \
    "signature 0, key: KEY_REVOKED: the key is revoked or retired (party 4, key " which ")"
    PLAY_KEYS({DEPOSIT_4}, {RECOVER(4, 604800)},
              {.at_ns = WEEK + S, .r = rules_key(TJ_ADD_KEY, 4, 5, TJ_ADMINISTER), .more = true},
              {.r = rules_key(TJ_ADD_KEY, 4, 6, TJ_INITIATE), .more = true},
              {.r = rules_key(TJ_REVOKE_KEY, 4, 0, TJ_ADMINISTER), .more = true},
              {.r = rules_key(TJ_REVOKE_KEY, 4, 1, TJ_INITIATE), .more = true},
              {THRESHOLD(4, TJ_DOMAIN_MOVE, 1), .more = true},
              {THRESHOLD(4, TJ_DOMAIN_ADMINISTER, 1), .possession = "4546"},
              /* The recovery is over. */
              {OF(TJ_OBJECT_RECOVERY, 4), .refused = NOT_RECOVERING("none is open")},
              {.r = rules_key(TJ_ADD_KEY, 4, 7, TJ_INITIATE),
               .possession = "47",
               .refused = "record 0, party: " NOT_BY},
              {.party = 4,
               .lane = 0,
               THRESHOLD(4, TJ_DOMAIN_MOVE, 2),
               .sign = "0",
               .refused = REVOKED("0")},
              {DEPOSIT_4, .sign = "1", .refused = REVOKED("1")}, {DEPOSIT_4, .sign = "6"},
              /* Keys that nobody revoked still count: 2 initiates. */
              {DEPOSIT_4, .sign = "2"},
              {.party = 4,
               .lane = 0,
               .r = rules_key(TJ_ADD_KEY, 4, 7, TJ_INITIATE),
               .sign = "5",
               .possession = "47"},
              {.party = 4, .lane = 0, THRESHOLD(4, TJ_DOMAIN_MOVE, 2), .sign = "5"},
              {DEPOSIT_4, .sign = "67"}, );
#undef REVOKED
    assert_int_equal(fixture_balance(f, A(4, 0)), 20);
}

/* Over several envelopes: it is open until the authority sets the administer threshold. What the
 * party itself does ends nothing. */
static void a_recovery_over_several_envelopes(void **state)
{
    (void)state;
    PLAY_KEYS(
        {RECOVER(4, 604800)},
        {.at_ns = WEEK + S, .r = rules_key(TJ_ADD_KEY, 4, 5, TJ_ADMINISTER), .possession = "45"},
        {THRESHOLD(4, TJ_DOMAIN_MOVE, 1)},
        {.party = 4, .lane = 0, THRESHOLD(4, TJ_DOMAIN_ADMINISTER, 1), .sign = "0"},
        {.r = rules_key(TJ_ADD_KEY, 4, 6, TJ_ADMINISTER), .possession = "46"},
        {THRESHOLD(4, TJ_DOMAIN_ADMINISTER, 4),
         .refused = "record 0, threshold: UNREACHABLE: would leave a party without a reachable "
                    "threshold (party 4: administer 4 of 3, move 1 of 4)"},
        {THRESHOLD(4, TJ_DOMAIN_ADMINISTER, 2)},
        {THRESHOLD(4, TJ_DOMAIN_MOVE, 2), .refused = "record 0, party: " NOT_BY},
        {.party = 4,
         .lane = 0,
         THRESHOLD(4, TJ_DOMAIN_MOVE, 2),
         .sign = "0",
         .refused = "slots: THRESHOLD: not enough signatures of the party (party 4: 1 of 2)"},
        {.party = 4, .lane = 0, THRESHOLD(4, TJ_DOMAIN_MOVE, 2), .sign = "56"},
        /* Another can be opened. */
        {RECOVER(4, 604800)}, );
}

/* ---- the authority's own quorum ---- */

static void the_new_quorum_signs(void **state)
{
    (void)state;
    PLAY_KEYS(
        {.r = rules_key(TJ_REVOKE_KEY, 0, 0, TJ_ADMINISTER),
         .sign = "01",
         .refused = NOT_SIGNED("1 of 2")},
        {.r = rules_key(TJ_REVOKE_KEY, 0, 0, TJ_ADMINISTER),
         .sign = "02",
         .refused = NOT_SIGNED("1 of 2")},
        {THRESHOLD(0, TJ_DOMAIN_ADMINISTER, 3), .sign = "01", .refused = NOT_SIGNED("2 of 3")},
        {THRESHOLD(0, TJ_DOMAIN_ADMINISTER, 3), .sign = "012"},
        {THRESHOLD(0, TJ_DOMAIN_ADMINISTER, 2), .sign = "012"},
        /* Nobody can be revoked below what is needed, whoever signs. */
        {THRESHOLD(0, TJ_DOMAIN_ADMINISTER, 4), .sign = "012",
         .refused = "record 0, threshold: UNREACHABLE: would leave a party without a reachable "
                    "threshold (party 0: administer 4 of 3, move 0 of 0)"},
        /* A key more: those that sign are enough, and of the new one the possession counts. */
        {.r = rules_key(TJ_ADD_KEY, 0, 3, TJ_ADMINISTER), .sign = "01", .possession = "03"},
        {THRESHOLD(0, TJ_DOMAIN_ADMINISTER, 3), .sign = "03", .refused = NOT_SIGNED("2 of 3")},
        {.r = rules_key(TJ_ADD_KEY, 0, 4, TJ_ADMINISTER), .more = true},
        {THRESHOLD(0, TJ_DOMAIN_ADMINISTER, 3), .sign = "03", .possession = "04"},
        /* The other domain is judged too: three of three sign. */
        {THRESHOLD(0, TJ_DOMAIN_MOVE, 0), .sign = "024"}, );
}

/* All keys go and new ones come, in one envelope, signed by both quorums. */
static void the_authority_hands_over(void **state)
{
    (void)state;
    PLAY_KEYS(
        /* One comes where two are needed; one that initiates does not administer. */
        {.r = rules_key(TJ_ADD_KEY, 0, 3, TJ_ADMINISTER), .more = true},
        {.r = rules_key(TJ_ADD_KEY, 0, 4, TJ_INITIATE), .more = true},
        {.r = rules_key(TJ_REVOKE_KEY, 0, 0, TJ_ADMINISTER), .more = true},
        {.r = rules_key(TJ_REVOKE_KEY, 0, 1, TJ_ADMINISTER),
         .sign = "01",
         .possession = "0304",
         .refused = NOT_SIGNED("1 of 2")},
        {.r = rules_key(TJ_ADD_KEY, 0, 3, TJ_ADMINISTER), .more = true},
        {.r = rules_key(TJ_ADD_KEY, 0, 4, TJ_ADMINISTER), .more = true},
        {.r = rules_key(TJ_REVOKE_KEY, 0, 0, TJ_ADMINISTER), .more = true},
        {.r = rules_key(TJ_REVOKE_KEY, 0, 1, TJ_ADMINISTER), .more = true},
        {.r = rules_key(TJ_REVOKE_KEY, 0, 2, TJ_ADMINISTER), .sign = "01", .possession = "0304"},
        {RENAME(2, "N"), .sign = "01",
         .refused = "signature 0, key: KEY_REVOKED: the key is revoked or retired (party 0, key "
                    "1)"},
        {RENAME(2, "N"), .sign = "34"},
        /* A key added and revoked in the same envelope administers nothing. */
        {.r = rules_key(TJ_ADD_KEY, 0, 5, TJ_ADMINISTER), .more = true},
        {.r = rules_key(TJ_REVOKE_KEY, 0, 3, TJ_ADMINISTER), .more = true},
        {.r = rules_key(TJ_ADD_KEY, 0, 6, TJ_ADMINISTER), .more = true},
        {.r = rules_key(TJ_REVOKE_KEY, 0, 6, TJ_ADMINISTER), .sign = "34", .possession = "0506"},
        {RENAME(2, "M"), .sign = "45"}, );
}

/* Of other parties it asks nothing. */
static void other_parties_change_keys_as_they_did(void **state)
{
    (void)state;
    PLAY_KEYS(
        {.party = 4, .lane = 0, .r = rules_key(TJ_ADD_KEY, 4, 5, TJ_ADMINISTER), .more = true},
        {.party = 4,
         .lane = 0,
         .r = rules_key(TJ_REVOKE_KEY, 4, 0, TJ_ADMINISTER),
         .sign = "0",
         .possession = "45"},
        {.party = 4,
         .lane = 0,
         .r = rules_key(TJ_ADD_KEY, 4, 6, TJ_ADMINISTER),
         .sign = "5",
         .possession = "46"},
        {.party = 4, .lane = 0, THRESHOLD(4, TJ_DOMAIN_ADMINISTER, 2), .sign = "5"}, );
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(parties_are_renamed),
        TEST(a_party_is_closed_with_its_accounts),
        TEST(what_is_not_said_of_a_closed_party),
        TEST(accounts_of_a_closed_party),
        TEST(a_recovery_waits_for_its_time),
        TEST(the_old_quorum_or_the_authority_objects),
        TEST(a_recovered_party_lives_on),
        TEST(a_recovery_over_several_envelopes),
        TEST(the_new_quorum_signs),
        TEST(the_authority_hands_over),
        TEST(other_parties_change_keys_as_they_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
