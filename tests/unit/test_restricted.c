/* Restricted accounts: docs/FORMAT.md section 3 (their numbers), section 7 step 1
 * (RESTRICTED_DIRECTIVE, RESTRICTED_ACCOUNT, RESTRICTED_PARTIES) and section 7.2. Each story is
 * played twice, the second time with the ledger closed and opened before each envelope; after it an
 * auditor's replay gives the same state. */

#include "story.h"

/* Story world. Party 4 is a custodian with accounts 4:0 and 4:1 (custody) and 4:2 (suspense), party
 * 1 a treasury, party 2 a custodian. */

#define R(party, number) A(party, TJ_LOCAL_RESTRICTED + (number))
#define HIDDEN           .flags = TJ_FLAG_RESTRICTED
#define BY(number)       .party = (number), .lane = 1
#define OPEN(number, of_class)                                                                     \
    .r = {.kind = TJ_OPEN_ACCOUNT, .account = (number), .asset = 1, .class = (of_class)}
#define CLOSE(number)        .r = {.kind = TJ_CLOSE_ACCOUNT, .account = (number)}
#define FREEZE(what, number) .r = {.kind = (what), .account = (number), .directions = 2}
#define MOVED(source, target, base)                                                                \
    .r = {.kind = TJ_MOVE,                                                                         \
          .from = (source),                                                                        \
          .to = (target),                                                                          \
          .amount = (base),                                                                        \
          .purpose = TJ_CUSTOMER_TRANSFER}
#define DEPOSIT(source, target, base)                                                              \
    .r = {.kind = TJ_MOVE,                                                                         \
          .from = (source),                                                                        \
          .to = (target),                                                                          \
          .amount = (base),                                                                        \
          .purpose = TJ_CUSTOMER_DEPOSIT}
#define ONLY_HIDDEN "RESTRICTED_ACCOUNT: a restricted account stands in restricted envelopes only"
#define ALWAYS_SHOWN                                                                               \
    "RESTRICTED_DIRECTIVE: directives are public, but those that open or close a restricted "      \
    "account"
#define TWO_PARTIES                                                                                \
    "RESTRICTED_PARTIES: a restricted envelope touches accounts of two parties at most"

static int world(bool reopens)
{
    f = rules_story_world(reopens);
    return 0;
}

/* They are numbered by themselves, beside those that are not restricted. */
static void they_are_opened_and_closed_where_nobody_sees(void **state)
{
    (void)state;
    PLAY({BY(4), OPEN(R(4, 0), TJ_CLASS_CUSTODY), .refused = "record 0, account: " ONLY_HIDDEN},
         {BY(4), HIDDEN, OPEN(A(4, 3), TJ_CLASS_CUSTODY),
          .refused = "record 0, flags: " ALWAYS_SHOWN},
         {BY(4), HIDDEN, OPEN(R(4, 1), TJ_CLASS_CUSTODY),
          .refused = "record 0, account: NUMBER: not the next number (the next is r0)"},
         {BY(4), HIDDEN, OPEN(R(4, TJ_ACCOUNTS_MAX), TJ_CLASS_CUSTODY),
          .refused = "record 0, account: NUMBER: not the next number (the next is r0)"},
         /* The number that all of a party has is no account. */
         {BY(4), HIDDEN, OPEN(ALL(4), TJ_CLASS_CUSTODY),
          .refused = "record 0, flags: " ALWAYS_SHOWN},
         {BY(4), OPEN(ALL(4), TJ_CLASS_CUSTODY),
          .refused = "record 0, account: NUMBER: not the next number (the next is 3)"},
         {BY(4), HIDDEN, OPEN(R(2, 0), TJ_CLASS_CUSTODY),
          .refused = "record 0, account: NOT_ALLOWED: this party may not give this directive here"},
         {BY(4), HIDDEN, OPEN(R(4, 0), TJ_CLASS_RESERVE),
          .refused = "record 0, class: CLASS: the class is not granted to the party, or cannot be "
                     "(reserve is not granted)"},
         {BY(1), HIDDEN, OPEN(R(1, 0), TJ_CLASS_RESERVE),
          .refused = "flags: RESTRICTED: movements of the public sector are public"},
         {BY(4), HIDDEN, OPEN(R(4, 0), TJ_CLASS_CUSTODY), .more = true},
         {BY(4), HIDDEN, OPEN(R(4, 1), TJ_CLASS_SUSPENSE)},
         {BY(4), OPEN(A(4, 3), TJ_CLASS_CUSTODY)},
         {BY(4), CLOSE(R(4, 0)), .refused = "record 0, account: " ONLY_HIDDEN},
         {BY(4), HIDDEN, CLOSE(A(4, 3)), .refused = "record 0, flags: " ALWAYS_SHOWN},
         {BY(4), HIDDEN, CLOSE(R(4, 2)),
          .refused = "record 0, account: ACCOUNT_UNKNOWN: no such account (account 4:r2)"},
         {BY(4), HIDDEN, CLOSE(R(4, 0))},
         {BY(4), HIDDEN, CLOSE(R(4, 0)),
          .refused = "record 0, account: ACCOUNT_CLOSED: the account is closed"},
         {BY(4), HIDDEN, OPEN(R(4, 2), TJ_CLASS_CUSTODY)}, );
    struct tj_ledger_view view;
    assert_int_equal(tj_ledger_view_begin(f->ledger, &view), TIJORI_OK);
    const struct tj_party_object *party = tj_state_party(view.state, 4);
    assert_int_equal(party->accounts, 4);
    assert_int_equal(party->accounts_restricted, 3);
    assert_int_equal(party->accounts_open, 6);
    assert_int_equal(tj_state_account(view.state, R(4, 1))->class, TJ_CLASS_SUSPENSE);
    assert_null(tj_state_account(view.state, R(4, 3)));
    tj_ledger_view_end(f->ledger, &view);
}

static void they_move_where_nobody_sees(void **state)
{
    (void)state;
    PLAY({BY(4), HIDDEN, OPEN(R(4, 0), TJ_CLASS_CUSTODY), .more = true},
         {BY(4), HIDDEN, OPEN(R(4, 1), TJ_CLASS_CUSTODY)},
         {BY(4), HIDDEN, DEPOSIT(A(4, 2), R(4, 0), 100)},
         {BY(4), DEPOSIT(A(4, 2), R(4, 0), 100), .refused = "record 0, to: " ONLY_HIDDEN},
         {BY(4), MOVED(R(4, 0), A(4, 0), 100), .refused = "record 0, from: " ONLY_HIDDEN},
         {BY(4), HIDDEN, MOVED(R(4, 0), R(4, 1), 101),
          .refused = "record 0, amount: BALANCE: the balance, less what is pending, does not cover "
                     "it (0.00000100 BTC left, 0.00000101 wanted)"},
         {BY(4), HIDDEN, MOVED(R(4, 0), R(4, 1), 60)},
         {BY(4), HIDDEN, MOVED(R(4, 0), R(4, 2), 1),
          .refused = "record 0, to: ACCOUNT_UNKNOWN: no such account (account 4:r2)"},
         /* By way of an account that everybody sees. */
         {BY(4), HIDDEN, MOVED(R(4, 0), A(4, 0), 40)},
         /* Of another custodian. */
         {BY(4), HIDDEN, MOVED(R(4, 1), A(2, 0), 10)},
         /* A pending one is posted where nobody sees, too. */
         {.id = "pending",
          BY(4),
          HIDDEN,
          .r = {.kind = TJ_PENDING,
                .from = R(4, 1),
                .to = A(4, 0),
                .amount = 5,
                .purpose = TJ_CUSTOMER_TRANSFER}},
         {.names = "pending",
          BY(4),
          .r = {.kind = TJ_POST},
          .refused = "record 0, from: " ONLY_HIDDEN},
         {.names = "pending",
          BY(4),
          .r = {.kind = TJ_VOID},
          .refused = "record 0, from: " ONLY_HIDDEN},
         {.names = "pending", BY(4), HIDDEN, .r = {.kind = TJ_POST}}, );
    assert_int_equal(rules_account(f, R(4, 1)).in, 60);
    assert_int_equal(rules_account(f, R(4, 1)).out, 15);
}

/* The third one is refused, wherever in the envelope it comes. */
static void an_envelope_touches_two_parties(void **state)
{
    (void)state;
    PLAY({BY(4), HIDDEN, DEPOSIT(A(4, 2), A(4, 0), 100)},
         {BY(4), HIDDEN, MOVED(A(4, 0), A(4, 1), 1), .more = true},
         {BY(4), HIDDEN, MOVED(A(4, 0), A(2, 0), 1), .more = true},
         {BY(4), HIDDEN, MOVED(A(4, 0), A(2, 1), 1)},
         {BY(4), HIDDEN, MOVED(A(4, 0), A(2, 0), 1), .more = true},
         {BY(4), HIDDEN, MOVED(A(4, 0), A(3, 0), 1), .refused = "record 1, to: " TWO_PARTIES},
         {BY(4), HIDDEN, MOVED(A(4, 0), A(2, 0), 1), .more = true},
         {BY(4), HIDDEN, MOVED(A(3, 0), A(4, 0), 1), .refused = "record 1, from: " TWO_PARTIES},
         /* In public as many as one likes. */
         {BY(4), MOVED(A(4, 0), A(2, 0), 1), .more = true}, {BY(4), MOVED(A(4, 0), A(4, 1), 1)}, );
}

/* The authority names them in public, as anything else. */
static void the_authority_freezes_and_limits_them(void **state)
{
    (void)state;
    PLAY({BY(4), HIDDEN, OPEN(R(4, 0), TJ_CLASS_CUSTODY)},
         {BY(4), HIDDEN, DEPOSIT(A(4, 2), R(4, 0), 100)},
         {FREEZE(TJ_FREEZE_ACCOUNT, R(4, 1)),
          .refused = "record 0, account: ACCOUNT_UNKNOWN: no such account (account 4:r1)"},
         {FREEZE(TJ_FREEZE_ACCOUNT, R(4, 0))},
         {BY(4), HIDDEN, MOVED(R(4, 0), A(4, 0), 1),
          .refused = "record 0, from: ACCOUNT_FROZEN: the account is frozen in this direction"},
         {FREEZE(TJ_UNFREEZE_ACCOUNT, R(4, 0))},
         {.r = {.kind = TJ_SET_LIMIT,
                .type = TJ_LIMIT_OUTFLOW,
                .holder = R(4, 0),
                .asset = 1,
                .window_s = 1600,
                .amount = 10}},
         {BY(4), HIDDEN, MOVED(R(4, 0), A(4, 0), 10)},
         {BY(4), HIDDEN, MOVED(R(4, 0), A(4, 0), 1),
          .refused = "record 0, amount: LIMIT_OUTFLOW: more than a limit lets out in its window "
                     "(rule 0: 0.00000010 BTC in 1600 s, 0.00000010 used, 0.00000000 left)"},
         {.r = {.kind = TJ_SET_LIMIT,
                .type = TJ_LIMIT_COUNTERPARTY,
                .rule = 1,
                .holder = A(4, 0),
                .directions = 2,
                .counterparty = R(4, 0)}},
         {BY(4), HIDDEN, MOVED(A(4, 0), R(4, 0), 1)},
         {BY(4), HIDDEN, MOVED(A(4, 0), A(4, 1), 1),
          .refused = "record 0, to: LIMIT_COUNTERPARTY: a limit does not allow this counterparty "
                     "(rule 1 and those like it do not name account 4:1)"}, );
}

/* A party closes with all its accounts, whether they are shown or not. */
static void a_party_closes_with_them(void **state)
{
    (void)state;
    PLAY({BY(4), HIDDEN, OPEN(R(4, 0), TJ_CLASS_CUSTODY)}, {BY(4), CLOSE(A(4, 0)), .more = true},
         {BY(4), CLOSE(A(4, 1)), .more = true}, {BY(4), CLOSE(A(4, 2))},
         {.r = {.kind = TJ_CLOSE_PARTY, .party = 4},
          .refused = "record 0, party: ACCOUNTS_OPEN: the party has open accounts (1 accounts)"},
         {BY(4), HIDDEN, CLOSE(R(4, 0))}, {.r = {.kind = TJ_CLOSE_PARTY, .party = 4}}, );
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(they_are_opened_and_closed_where_nobody_sees),
        TEST(they_move_where_nobody_sees),
        TEST(an_envelope_touches_two_parties),
        TEST(the_authority_freezes_and_limits_them),
        TEST(a_party_closes_with_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
