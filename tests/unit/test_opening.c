/* Openings: docs/FORMAT.md section 7.1 (OPENING, COUNTERSIGN_MISSING), what a programme counts of
 * them (section 7.3), and what they are shown by (section 8). Each story is played twice, the
 * second time with the ledger closed and opened before each envelope; after it an auditor's replay
 * gives the same state. */

#include "story.h"

/* Story world. Party 1 and 3 are treasuries, 2 and 4 custodians (4:0 and 4:1 custody, 4:2
 * suspense). The authority has key 3 to move and countersign with. Entry 0 is of this day. */
enum { FOUNDED = RULES_DAY - 1 };

#define BIT(purpose) (1u << (purpose))
#define MOVED(how, source, target, base, date)                                                     \
    .party = (uint32_t)((source) >> 32), .lane = 1,                                                \
    .r = {.kind = TJ_MOVE,                                                                         \
          .from = (source),                                                                        \
          .to = (target),                                                                          \
          .amount = (base),                                                                        \
          .purpose = (how),                                                                        \
          .value_date = (date),                                                                    \
          .opening = 1}
#define BOUGHT(base, date) MOVED(TJ_PURCHASE, A(1, 2), A(1, 0), base, date)
#define SOLD(base, date)   MOVED(TJ_SALE, A(1, 0), A(1, 2), base, date)
#define HELD(base)         MOVED(TJ_CUSTOMER_DEPOSIT, A(4, 2), A(4, 0), base, 0)
#define BUY(base)                                                                                  \
    .party = 1, .lane = 1,                                                                         \
    .r = {                                                                                         \
        .kind = TJ_MOVE, .from = A(1, 2), .to = A(1, 0), .amount = (base), .purpose = TJ_PURCHASE}
#define CORRECT(of, base, flag)                                                                    \
    .names = (of), .party = 1, .lane = 1,                                                          \
    .r = {.kind = TJ_CORRECT, .amount = (base), .opening = (flag)}
#define CLOSE(number) .r = {.kind = TJ_CLOSE_OPENING, .party = (number)}
#define NOT(why)      "OPENING: not an opening that may be, or the party's opening is closed (" why ")"
#define CLOSED        NOT("it is closed")
#define MISSING(who)                                                                               \
    "record 0, opening: COUNTERSIGN_MISSING: a party that must countersign did not (" who ")"

static int world(bool reopens)
{
    f = rules_story_world(reopens);
    struct rules_step steps[] = {
        {.r = {.kind = TJ_SET_THRESHOLD, .party = 0, .domain = TJ_DOMAIN_MOVE, .threshold = 1},
         .more = true},
        {.r = rules_key(TJ_ADD_KEY, 0, 3, TJ_INITIATE), .possession = "03"},
    };
    RULES_PLAY(f, steps);
    return 0;
}

static int64_t into(uint8_t purpose, uint8_t basis)
{
    struct tj_total_object total = rules_total(f, 1, purpose, basis);
    return (int64_t)total.amount[TJ_FLOW_INTO] - (int64_t)total.amount[TJ_FLOW_OUT];
}

/* The dates of what was bought before the ledger: none, the day of entry 0, and the one after. */
static void a_treasury_brings_in_what_it_held(void **state)
{
    (void)state;
    PLAY({BOUGHT(5, 0), .countersign = "0",
          .refused =
              "record 0, value_date: " NOT("not a day before the ledger began, nor its first")},
         {BOUGHT(5, FOUNDED + 1), .countersign = "0",
          .refused =
              "record 0, value_date: " NOT("not a day before the ledger began, nor its first")},
         {BOUGHT(5, FOUNDED), .refused = MISSING("party 0")},
         {BOUGHT(5, FOUNDED), .countersign = "2", .refused = MISSING("party 0")},
         {BOUGHT(5, FOUNDED), .countersign = "0"}, {BOUGHT(7, 1), .countersign = "0"},
         /* What it had sold before leaves it again. */
         {SOLD(2, 1), .countersign = "0"},
         {MOVED(TJ_INTERNAL_TRANSFER, A(1, 0), A(1, 1), 1, 1), .countersign = "0",
          .refused = "record 0, to: " NOT("neither into the reserve nor out of it")},
         {MOVED(TJ_PAYMENT, A(1, 0), A(2, 0), 1, 1), .countersign = "02",
          .refused = "record 0, to: " NOT("an account of another party")},
         /* The table of purposes holds for them as for any. */
         {MOVED(TJ_MINING, A(1, 2), A(1, 0), 1, 1), .countersign = "0",
          .refused =
              "record 0, purpose: PURPOSE: this purpose does not allow this pair of account "
              "classes (mining, market to reserve: see docs/PURPOSES.md for the pairs that this "
              "purpose allows)"}, );
    assert_int_equal(into(TJ_PURCHASE, TJ_BASIS_BROUGHT_IN), 12);
    assert_int_equal(into(TJ_SALE, TJ_BASIS_BROUGHT_IN), -2);
    assert_int_equal(into(TJ_PURCHASE, TJ_BASIS_COUNTERSIGNED), 0);
    assert_int_equal(into(TJ_PURCHASE, TJ_BASIS_DECLARED), 0);
}

/* A party that moved anything in the ledger has begun. */
static void an_opening_is_closed_by_what_comes_after(void **state)
{
    (void)state;
    PLAY({BOUGHT(10, 1), .countersign = "0", .more = true}, {BUY(3), .more = true},
         {BOUGHT(5, 1), .countersign = "0", .refused = "record 2, opening: " CLOSED},
         {.id = "held", BOUGHT(10, 1), .countersign = "0"},
         /* Neither a refused one nor another party's closes it. */
         {.party = 3,
          .lane = 1,
          .r = {.kind = TJ_PENDING,
                .from = A(3, 0),
                .to = A(3, 1),
                .amount = 1,
                .purpose = TJ_PAYMENT},
          .refused = "record 0, to: ACCOUNT_UNKNOWN: no such account (account 3:1)"},
         {BOUGHT(1, 1), .countersign = "0"}, {BUY(3)},
         {BOUGHT(1, 1), .countersign = "0", .refused = "record 0, opening: " CLOSED},
         /* A correction of an opening comes whenever the mistake is seen, and says what it is. */
         {CORRECT("held", 4, 0),
          .refused = "record 0, opening: NAMED_DIFFERS: differs from the record it names"},
         {CORRECT("held", 4, 1)},
         {CORRECT("held", 7, 1),
          .refused = "record 0, amount: CORRECTION: corrects more than is left of the record "
                     "(0.00000006 BTC left)"},
         {CORRECT("held", 6, 1)}, );
    assert_int_equal(into(TJ_PURCHASE, TJ_BASIS_BROUGHT_IN), 1);
    assert_int_equal(into(TJ_PURCHASE, TJ_BASIS_DECLARED), 3);
}

static void a_pending_one_and_a_correct_close_it_too(void **state)
{
    (void)state;
    PLAY({.id = "deposit", HELD(100)}, {HELD(1)},
         {.id = "pending",
          .party = 4,
          .lane = 1,
          .r = {.kind = TJ_PENDING,
                .from = A(4, 0),
                .to = A(4, 1),
                .amount = 5,
                .purpose = TJ_CUSTOMER_TRANSFER}},
         {HELD(1), .refused = "record 0, opening: " CLOSED},
         {.names = "pending", .party = 4, .lane = 1, .r = {.kind = TJ_VOID}},
         {HELD(1), .refused = "record 0, opening: " CLOSED}, );
    struct tj_ledger_view view;
    assert_int_equal(tj_ledger_view_begin(f->ledger, &view), TIJORI_OK);
    for (uint32_t party = 0; party <= 4; party++) {
        assert_int_equal(tj_opening_is_open(view.state, party), party != 4);
    }
    tj_ledger_view_end(f->ledger, &view);
}

/* By a word of its own, once: the party's or the authority's. */
static void an_opening_is_closed_by_directive(void **state)
{
    (void)state;
    PLAY({HELD(1)},
         {.party = 4,
          .lane = 1,
          CLOSE(4),
          .refused = "record 0, party: NOT_ALLOWED: this party may not give this directive here"},
         {.party = 4,
          .lane = 0,
          CLOSE(2),
          .refused = "record 0, party: NOT_ALLOWED: this party may not give this directive here"},
         {.party = 4, .lane = 0, CLOSE(4)}, {HELD(1), .refused = "record 0, opening: " CLOSED},
         {CLOSE(4), .refused = "record 0, party: " CLOSED},
         {CLOSE(9), .refused = "record 0, party: PARTY_UNKNOWN: no such party (party 9)"},
         {CLOSE(1)}, {BOUGHT(1, 1), .countersign = "0", .refused = "record 0, opening: " CLOSED},
         {CLOSE(1), .refused = "record 0, party: " CLOSED}, );
}

/* A custodian's customers are its own affair, and nobody else's to vouch for. */
static void a_custodian_brings_in_deposits(void **state)
{
    (void)state;
    PLAY({HELD(100)}, {HELD(50), .flags = TJ_FLAG_RESTRICTED},
         {MOVED(TJ_CUSTOMER_DEPOSIT, A(4, 2), A(4, 0), 1, FOUNDED + 100)},
         {MOVED(TJ_CUSTOMER_TRANSFER, A(4, 0), A(4, 1), 1, 0),
          .refused = "record 0, purpose: " NOT("not a customer_deposit")},
         {MOVED(TJ_CUSTOMER_DEPOSIT, A(4, 2), A(2, 0), 1, 0), .countersign = "2",
          .refused = "record 0, to: " NOT("an account of another party")}, );
    assert_int_equal(rules_account(f, A(4, 0)).in, 151);
}

/* The authority's own reserve: somebody outside the public sector has seen it. */
static void the_authority_needs_a_voucher(void **state)
{
    (void)state;
#define OWN(base, date) MOVED(TJ_PURCHASE, A(0, 1), A(0, 0), base, date), .sign = "3"
    PLAY({.r = {.kind = TJ_GRANT_CLASSES, .classes = BIT(TJ_CLASS_RESERVE) | BIT(TJ_CLASS_MARKET)}},
         {.party = 0,
          .lane = 1,
          .r = {.kind = TJ_OPEN_ACCOUNT, .account = A(0, 0), .asset = 1, .class = TJ_CLASS_RESERVE},
          .sign = "3",
          .more = true},
         {.party = 0,
          .lane = 1,
          .r = {.kind = TJ_OPEN_ACCOUNT, .account = A(0, 1), .asset = 1, .class = TJ_CLASS_MARKET},
          .sign = "3"},
         {OWN(5, 1), .refused = MISSING("a party that is not of the public sector")},
         {OWN(5, 1), .countersign = "3",
          .refused = MISSING("a party that is not of the public sector")},
         {OWN(5, 1), .countersign = "2"},
         {OWN(5, FOUNDED + 1), .countersign = "2",
          .refused =
              "record 0, value_date: " NOT("not a day before the ledger began, nor its first")}, );
#undef OWN
}

static void brought_in(uint32_t number, int64_t amount, int64_t unclassified, int64_t in)
{
    struct tj_rule_object rule = rules_rule(f, number);
    assert_int_equal((int64_t)rule.programme.brought_in, amount);
    assert_int_equal((int64_t)rule.programme.unclassified, unclassified);
    assert_int_equal((int64_t)rule.programme.counted_in, in);
    assert_int_equal((int64_t)rule.programme.corrected, 0);
    assert_int_equal(rule.programme.breaches, 0);
}

/* No programme bounds what was there before; each that was there first tells of it. */
static void programmes_tell_what_was_brought_in(void **state)
{
    (void)state;
#define PROGRAMME(number, what, how, base)                                                         \
    .r = {.kind = TJ_PROGRAMME,                                                                    \
          .rule = (number),                                                                        \
          .type = (what),                                                                          \
          .mode = (how),                                                                           \
          .asset = 1,                                                                              \
          .purposes = (what) == TJ_PROGRAMME_MINIMUM ? 0 : BIT(TJ_PURCHASE),                       \
          .starts = RULES_DAY,                                                                     \
          .ends = RULES_DAY + 9,                                                                   \
          .name = "P",                                                                             \
          .amount = (base)}
    PLAY({.id = "before", BOUGHT(100, 1), .countersign = "0"},
         {PROGRAMME(0, TJ_PROGRAMME_CEILING, TJ_MODE_ENFORCE, 0)},
         {PROGRAMME(1, TJ_PROGRAMME_CEILING, TJ_MODE_REPORT, 0)},
         {PROGRAMME(2, TJ_PROGRAMME_MINIMUM, TJ_MODE_ENFORCE, 100)},
         {.id = "unseen", BOUGHT(10, 1), .countersign = "0"},
         {.id = "seen", BOUGHT(20, 1), .countersign = "02"},
         {.id = "out", SOLD(5, 1), .countersign = "0"},
         {SOLD(26, 1), .countersign = "0",
          .refused = "record 0, amount: PROGRAMME: a programme in force does not allow it (rule 2, "
                     "minimum: 0.00000100 BTC, the reserve holds 0.00000125)"},
         /* Turned back by its own amount; of one from before the programme there is nothing to turn
          * back. */
         {CORRECT("unseen", 4, 1)}, {CORRECT("seen", 1, 1)}, {CORRECT("out", 2, 1)},
         {CORRECT("before", 3, 1)}, );
    brought_in(0, 22, 6, 0);
    brought_in(1, 22, 6, 0);
#undef PROGRAMME
}

/* Limits and tiers hold for them as for any movement. */
static void limits_hold(void **state)
{
    (void)state;
    PLAY(
        {.r = {.kind = TJ_SET_LIMIT,
               .type = TJ_LIMIT_BALANCE,
               .holder = ALL(1),
               .asset = 1,
               .amount = 100}},
        {BOUGHT(100, 1), .countersign = "0"},
        {BOUGHT(1, 1), .countersign = "0",
         .refused = "record 0, amount: LIMIT_BALANCE: more than a limit lets the balance grow to "
                    "(rule 0: at most 0.00000100 BTC, 0.00000100 there, 0.00000000 left)"},
        {.r = {.kind = TJ_SET_TIER, .rule = 1, .party = 1, .asset = 1, .above = 9, .approvals = 1}},
        {SOLD(9, 1), .countersign = "0"},
        {SOLD(10, 1), .countersign = "0",
         .refused = "record 0, amount: APPROVALS: not enough approvals for this amount (rule 1: 1 "
                    "approvals wanted, 0 given)"}, );
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_treasury_brings_in_what_it_held),
        TEST(an_opening_is_closed_by_what_comes_after),
        TEST(a_pending_one_and_a_correct_close_it_too),
        TEST(an_opening_is_closed_by_directive),
        TEST(a_custodian_brings_in_deposits),
        TEST(the_authority_needs_a_voucher),
        TEST(programmes_tell_what_was_brought_in),
        TEST(limits_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
