/* Limits: docs/FORMAT.md section 7.3 rules 1 to 5. Each story is played twice, the second time with
 * the ledger closed and opened before each envelope; after it an auditor's replay gives the same
 * state. */

#include "story.h"

/* Story world: party 2 has 10,000 in custody 2:0, party 1 has 10,000 in reserve 1:0. */

#define MOVED(what, how, source, target, base)                                                     \
    .party = (uint32_t)((source) >> 32), .lane = 1,                                                \
    .r = {.kind = (what), .from = (source), .to = (target), .amount = (base), .purpose = (how)}
#define DEPOSIT(base)   MOVED(TJ_MOVE, TJ_CUSTOMER_DEPOSIT, A(2, 2), A(2, 0), base)
#define WITHDRAW(base)  MOVED(TJ_MOVE, TJ_CUSTOMER_WITHDRAWAL, A(2, 0), A(2, 2), base)
#define TRANSFER(base)  MOVED(TJ_MOVE, TJ_CUSTOMER_TRANSFER, A(2, 0), A(2, 1), base)
#define PEND_OUT(base)  MOVED(TJ_PENDING, TJ_CUSTOMER_WITHDRAWAL, A(2, 0), A(2, 2), base)
#define POST(of, by)    .names = (of), .party = (by), .lane = 1, .r = {.kind = TJ_POST}
#define VOID(of, by)    .names = (of), .party = (by), .lane = 1, .r = {.kind = TJ_VOID}
#define CORRECT(of, by) .names = (of), .party = (by), .lane = 1, .r = {.kind = TJ_CORRECT}
#define LIMIT(number, what, whose, ...)                                                            \
    .r = {.kind = TJ_SET_LIMIT, .rule = (number), .type = (what), .holder = (whose), __VA_ARGS__}
#define OUTFLOW(number, whose, seconds, base)                                                      \
    LIMIT(number, TJ_LIMIT_OUTFLOW, whose, .asset = 1, .window_s = (seconds), .amount = (base))
#define BALANCE(number, whose, base)                                                               \
    LIMIT(number, TJ_LIMIT_BALANCE, whose, .asset = 1, .amount = (base))
#define END(number) .r = {.kind = TJ_END_RULE, .rule = (number)}

#define OVER(rest)                                                                                 \
    "record 0, amount: LIMIT_OUTFLOW: more than a limit lets out in its window (rule " rest ")"
#define TOO_MUCH(rest)                                                                             \
    "record 0, amount: LIMIT_BALANCE: more than a limit lets the balance grow to (rule " rest ")"
#define OTHER_PURPOSE(rest)                                                                        \
    "record 0, purpose: LIMIT_PURPOSES: a limit does not allow this purpose here (rule " rest ")"
#define OTHER_PARTY(side, rest)                                                                    \
    "record 0, " side ": LIMIT_COUNTERPARTY: a limit does not allow this counterparty (rule " rest \
    ")"
#define FROZEN(side, rest)                                                                         \
    "record 0, " side ": PARTY_FROZEN: a rule freezes the party in this direction (rule " rest ")"

static int world(bool reopens)
{
    f = rules_story_world(reopens);
    PLAY({DEPOSIT(10000)}, {MOVED(TJ_MOVE, TJ_PURCHASE, A(1, 2), A(1, 0), 10000)}, );
    return 0;
}

/* ---- outflow ---- */

/* A window of 1,600 s: steps of 100 s, which begin at multiples of 100 s since 1970, as a day does.
 * What left in a step counts in it and in the 16 after it. */
static void what_left_counts_for_sixteen_steps_more(void **state)
{
    (void)state;
    PLAY({.at_ns = 10 * S, OUTFLOW(0, A(2, 0), 1600, 100)},
         {WITHDRAW(101), .refused = OVER("0: 0.00000100 BTC in 1600 s, 0.00000000 used, "
                                         "0.00000100 left")},
         {.at_ns = 100 * S - 1, WITHDRAW(60)}, /* step 0, to its last nanosecond */
         {.at_ns = 100 * S,
          WITHDRAW(41),
          .refused = OVER("0: 0.00000100 BTC in 1600 s, 0.00000060 used, 0.00000040 left")},
         {.at_ns = 250 * S, WITHDRAW(40)}, /* step 2 */
         {WITHDRAW(1),
          .refused = OVER("0: 0.00000100 BTC in 1600 s, 0.00000100 used, 0.00000000 left")},
         /* 1,600 s after it is still counted, up to the end of step 16. */
         {.at_ns = 1699 * S,
          WITHDRAW(1),
          .refused = OVER("0: 0.00000100 BTC in 1600 s, 0.00000100 used, 0.00000000 left")},
         {.at_ns = 1700 * S - 1,
          WITHDRAW(1),
          .refused = OVER("0: 0.00000100 BTC in 1600 s, 0.00000100 used, 0.00000000 left")},
         {.at_ns = 1700 * S,
          WITHDRAW(61),
          .refused = OVER("0: 0.00000100 BTC in 1600 s, 0.00000040 used, 0.00000060 left")},
         {WITHDRAW(60)}, /* step 17, in the ring's place of step 0 */
         {.at_ns = 1899 * S,
          WITHDRAW(1),
          .refused = OVER("0: 0.00000100 BTC in 1600 s, 0.00000100 used, 0.00000000 left")},
         {.at_ns = 1900 * S, WITHDRAW(40)}, /* step 2 has rolled out */
         {WITHDRAW(1),
          .refused = OVER("0: 0.00000100 BTC in 1600 s, 0.00000100 used, 0.00000000 left")}, );
}

/* Long silence: everything is gone, the ring's places hold nothing old. */
static void after_silence_the_window_is_empty(void **state)
{
    (void)state;
    PLAY({OUTFLOW(0, A(2, 0), 160, 170)},
         /* A sum in each of the 17 steps of 10 s. */
         {.at_ns = 10 * S, WITHDRAW(10)}, {.at_ns = 20 * S, WITHDRAW(10)},
         {.at_ns = 30 * S, WITHDRAW(10)}, {.at_ns = 40 * S, WITHDRAW(10)},
         {.at_ns = 50 * S, WITHDRAW(10)}, {.at_ns = 60 * S, WITHDRAW(10)},
         {.at_ns = 70 * S, WITHDRAW(10)}, {.at_ns = 80 * S, WITHDRAW(10)},
         {.at_ns = 90 * S, WITHDRAW(10)}, {.at_ns = 100 * S, WITHDRAW(10)},
         {.at_ns = 110 * S, WITHDRAW(10)}, {.at_ns = 120 * S, WITHDRAW(10)},
         {.at_ns = 130 * S, WITHDRAW(10)}, {.at_ns = 140 * S, WITHDRAW(10)},
         {.at_ns = 150 * S, WITHDRAW(10)}, {.at_ns = 160 * S, WITHDRAW(10)},
         {.at_ns = 170 * S, WITHDRAW(10)},
         {WITHDRAW(1),
          .refused = OVER("0: 0.00000170 BTC in 160 s, 0.00000170 used, 0.00000000 left")},
         {.at_ns = 180 * S,
          WITHDRAW(11),
          .refused = OVER("0: 0.00000170 BTC in 160 s, 0.00000160 used, 0.00000010 left")},
         /* The ring's last step that still counts; a refusal moves nothing in the ring. */
         {.at_ns = 335 * S,
          WITHDRAW(161),
          .refused = OVER("0: 0.00000170 BTC in 160 s, 0.00000010 used, 0.00000160 left")},
         {.at_ns = 339 * S, WITHDRAW(160)},
         {.at_ns = 400 * S,
          WITHDRAW(11),
          .refused = OVER("0: 0.00000170 BTC in 160 s, 0.00000160 used, 0.00000010 left")},
         /* 17 rounds of the ring later, in the same place as the last sum. */
         {.at_ns = 330 * S + 17 * 17 * 10 * S, WITHDRAW(170)},
         {WITHDRAW(1),
          .refused = OVER("0: 0.00000170 BTC in 160 s, 0.00000170 used, 0.00000000 left")}, );
}

static void the_shortest_and_the_longest_window(void **state)
{
    (void)state;
    PLAY({.at_ns = 5 * S, OUTFLOW(0, A(2, 0), 16, 10)}, {OUTFLOW(1, A(2, 0), 31622400, 30)},
         {.at_ns = 6 * S, WITHDRAW(10)},
         {.at_ns = 23 * S - 1,
          WITHDRAW(1),
          .refused = OVER("0: 0.00000010 BTC in 16 s, 0.00000010 used, 0.00000000 left")},
         {.at_ns = 23 * S, WITHDRAW(10)}, {.at_ns = 100 * S, WITHDRAW(10)},
         {.at_ns = 365 * 86400 * S,
          WITHDRAW(1),
          .refused = OVER("1: 0.00000030 BTC in 31622400 s, 0.00000030 used, 0.00000000 left")}, );
}

/* Of all of a party: only what leaves its holding, from whichever account. */
static void outflow_of_an_account_and_of_a_party(void **state)
{
    (void)state;
    PLAY({TRANSFER(1000)}, {OUTFLOW(0, ALL(2), 1600, 100)}, {OUTFLOW(1, A(2, 1), 1600, 70)},
         /* From pocket to pocket: nothing leaves the party. The account 2:1 is another matter. */
         {TRANSFER(2000)},
         {MOVED(TJ_MOVE, TJ_CUSTOMER_TRANSFER, A(2, 1), A(2, 0), 71),
          .refused = OVER("1: 0.00000070 BTC in 1600 s, 0.00000000 used, 0.00000070 left")},
         {MOVED(TJ_MOVE, TJ_CUSTOMER_TRANSFER, A(2, 1), A(2, 0), 50)}, {WITHDRAW(90)},
         {MOVED(TJ_MOVE, TJ_FEE, A(2, 1), A(2, 3), 11),
          .refused = OVER("0: 0.00000100 BTC in 1600 s, 0.00000090 used, 0.00000010 left")},
         {MOVED(TJ_MOVE, TJ_FEE, A(2, 1), A(2, 3), 10)},
         {MOVED(TJ_MOVE, TJ_CUSTOMER_TRANSFER, A(2, 1), A(2, 0), 11),
          .refused = OVER("1: 0.00000070 BTC in 1600 s, 0.00000060 used, 0.00000010 left")},
         /* To another custodian it leaves; from a contra account nothing leaves a holding. */
         {MOVED(TJ_MOVE, TJ_CUSTOMER_TRANSFER, A(2, 0), A(4, 0), 1),
          .refused = OVER("0: 0.00000100 BTC in 1600 s, 0.00000100 used, 0.00000000 left")},
         {DEPOSIT(5000)},
         /* A limit of another asset looks away; so does one of another party. */
         {.r = {.kind = TJ_OPEN_ASSET,
                .asset = 2,
                .amount_max = 1000,
                .code = "XAU",
                .name = "Gold"}},
         {LIMIT(2, TJ_LIMIT_OUTFLOW, ALL(1), .asset = 2, .window_s = 16, .amount = 0)},
         {MOVED(TJ_MOVE, TJ_PAYMENT, A(1, 0), A(1, 7), 5)},
         /* Of a contra account. */
         {OUTFLOW(3, A(1, 2), 160, 100)},
         {MOVED(TJ_MOVE, TJ_PURCHASE, A(1, 2), A(1, 0), 101),
          .refused = OVER("3: 0.00000100 BTC in 160 s, 0.00000000 used, 0.00000100 left")},
         {MOVED(TJ_MOVE, TJ_PURCHASE, A(1, 2), A(1, 0), 100)}, );
}

/* Pending moves nothing and counts when it is posted, if it is; a correct counts like a move. */
static void when_a_pending_movement_counts(void **state)
{
    (void)state;
    PLAY({.id = "in", DEPOSIT(50)}, {.at_ns = 10 * S, OUTFLOW(0, A(2, 0), 1600, 100)},
         {.id = "a", PEND_OUT(80)}, {.id = "b", PEND_OUT(80)}, {.id = "c", PEND_OUT(101)},
         {WITHDRAW(20)},
         {POST("c", 2), .refused = OVER("0: 0.00000100 BTC in 1600 s, 0.00000020 used, "
                                        "0.00000080 left")},
         {.at_ns = 500 * S, POST("a", 2)},
         {POST("b", 2), .refused = OVER("0: 0.00000100 BTC in 1600 s, 0.00000100 used, "
                                        "0.00000000 left")},
         {VOID("c", 2)},
         {CORRECT("in", 2), .refused = OVER("0: 0.00000100 BTC in 1600 s, 0.00000100 used, "
                                            "0.00000000 left")},
         /* Posted in step 5: there it counts, not in step 0, where it was made. */
         {.at_ns = 1700 * S,
          CORRECT("in", 2),
          .refused = OVER("0: 0.00000100 BTC in 1600 s, "
                          "0.00000080 used, 0.00000020 left")},
         {.at_ns = 2200 * S, CORRECT("in", 2)},
         {WITHDRAW(51), .refused = OVER("0: 0.00000100 BTC in 1600 s, 0.00000050 used, "
                                        "0.00000050 left")},
         /* Taken back, it does not make room: used is what left. */
         {.id = "w", WITHDRAW(50)}, {CORRECT("w", 2)},
         {WITHDRAW(1), .refused = OVER("0: 0.00000100 BTC in 1600 s, 0.00000100 used, "
                                       "0.00000000 left")}, );
}

/* In one envelope each record is judged after those before it; a refusal takes all back. */
static void records_of_one_envelope_count_one_by_one(void **state)
{
    (void)state;
    PLAY({OUTFLOW(0, A(2, 0), 1600, 100)}, {OUTFLOW(1, ALL(2), 1600, 150)},
         {WITHDRAW(60), .more = true}, {WITHDRAW(40), .more = true},
         {WITHDRAW(1),
          .refused = "record 2, amount: LIMIT_OUTFLOW: more than a limit lets out in its window "
                     "(rule 0: 0.00000100 BTC in 1600 s, 0.00000100 used, 0.00000000 left)"},
         {WITHDRAW(60), .more = true}, {WITHDRAW(40)},
         {.at_ns = 50 * S,
          TRANSFER(1),
          .refused = OVER("0: 0.00000100 BTC in 1600 s, 0.00000100 used, 0.00000000 left")}, );
}

static void limits_are_set_and_ended(void **state)
{
    (void)state;
    PLAY({OUTFLOW(0, A(2, 0), 1600, 0)},
         {WITHDRAW(1), .refused = OVER("0: 0.00000000 BTC in 1600 s, 0.00000000 used, "
                                       "0.00000000 left")},
         {END(0), .more = true}, {OUTFLOW(1, A(2, 0), 1600, 100)}, {WITHDRAW(100)},
         /* What left before a limit was set does not count for it; the old one is forgotten. */
         {END(1), .more = true}, {OUTFLOW(2, A(2, 0), 1600, 100)}, {WITHDRAW(100)},
         {WITHDRAW(1), .refused = OVER("2: 0.00000100 BTC in 1600 s, 0.00000100 used, "
                                       "0.00000000 left")},
         {END(2)}, {OUTFLOW(3, A(2, 0), 1600, 0), .more = true}, {END(3)}, {WITHDRAW(1000)},
         /* Several at once: each by itself. */
         {OUTFLOW(4, A(2, 0), 1600, 100)}, {OUTFLOW(5, A(2, 0), 160, 50)},
         {WITHDRAW(51), .refused = OVER("5: 0.00000050 BTC in 160 s, 0.00000000 used, "
                                        "0.00000050 left")},
         {WITHDRAW(50)}, {.at_ns = 1000 * S, WITHDRAW(50)},
         {.at_ns = 1500 * S,
          WITHDRAW(1),
          .refused = OVER("4: 0.00000100 BTC in 1600 s, 0.00000100 used, 0.00000000 left")}, );
}

/* The largest sums there are do not wrap around. */
static void sums_up_to_2_to_the_63(void **state)
{
    (void)state;
    enum { ROUNDS = 1023 };
    static const uint64_t big = TJ_AMOUNT_MAX;
    struct tj_record r = {.kind = TJ_OPEN_ASSET, .asset = 2, .code = "XAU", .name = "Gold"};
    r.amount_max = big;
    rules_accept_one(f, 0, 0, &r);
    PLAY(
        {.party = 2,
         .lane = 1,
         .r = {.kind = TJ_OPEN_ACCOUNT, .account = A(2, 5), .asset = 2, .class = TJ_CLASS_CUSTODY}},
        {.party = 2,
         .lane = 1,
         .r =
             {.kind = TJ_OPEN_ACCOUNT, .account = A(2, 6), .asset = 2, .class = TJ_CLASS_EXTERNAL}},
        {LIMIT(0, TJ_LIMIT_OUTFLOW, A(2, 6), .asset = 2, .window_s = 16, .amount = INT64_MAX)},
        {LIMIT(1, TJ_LIMIT_BALANCE, A(2, 5), .asset = 2, .amount = INT64_MAX)}, );
    /* 1,023 x 2^53, then 2^53 - 1 more is 2^63 - 1. */
    r = fixture_move(A(2, 6), A(2, 5), big, TJ_CUSTOMER_DEPOSIT);
    fixture_begin(f, 2, 1);
    for (int i = 0; i < ROUNDS; i++) {
        fixture_add(f, &r);
    }
    rules_accept(f);
    PLAY({MOVED(TJ_MOVE, TJ_CUSTOMER_DEPOSIT, A(2, 6), A(2, 5), TJ_AMOUNT_MAX),
          .refused = OVER("0: 9223372036854775807 XAU in 16 s, 9214364837600034816 used, "
                          "9007199254740991 left")},
         {MOVED(TJ_MOVE, TJ_CUSTOMER_DEPOSIT, A(2, 6), A(2, 5), TJ_AMOUNT_MAX - 1)}, {END(0)},
         {MOVED(TJ_MOVE, TJ_CUSTOMER_DEPOSIT, A(2, 6), A(2, 5), 1),
          .refused = TOO_MUCH("1: at most 9223372036854775807 XAU, 9223372036854775807 there, "
                              "0 left")}, );
}

/* ---- balance ---- */

static void balances_have_ceilings(void **state)
{
    (void)state;
    PLAY({BALANCE(0, A(2, 0), 10100)},
         {DEPOSIT(101), .refused = TOO_MUCH("0: at most 0.00010100 BTC, 0.00010000 there, "
                                            "0.00000100 left")},
         {DEPOSIT(100)},
         {DEPOSIT(1), .refused = TOO_MUCH("0: at most 0.00010100 BTC, 0.00010100 there, "
                                          "0.00000000 left")},
         {WITHDRAW(10)},
         /* Pending in does not count; the post does. */
         {.id = "p", MOVED(TJ_PENDING, TJ_CUSTOMER_DEPOSIT, A(2, 2), A(2, 0), 11)},
         {.id = "q", MOVED(TJ_PENDING, TJ_CUSTOMER_DEPOSIT, A(2, 2), A(2, 0), 10)},
         {POST("p", 2), .refused = TOO_MUCH("0: at most 0.00010100 BTC, 0.00010090 there, "
                                            "0.00000010 left")},
         {POST("q", 2)},
         /* A correct that brings something back. */
         {.id = "w", WITHDRAW(5)}, {DEPOSIT(3)},
         {CORRECT("w", 2), .refused = TOO_MUCH("0: at most 0.00010100 BTC, 0.00010098 there, "
                                               "0.00000002 left")},
         /* Lower than what is there already: what leaves may leave, nothing enters. */
         {BALANCE(1, A(2, 0), 50)},
         {DEPOSIT(1), .refused = TOO_MUCH("1: at most 0.00000050 BTC, 0.00010098 there, "
                                          "0.00000000 left")},
         {WITHDRAW(10048)},
         {DEPOSIT(1), .refused = TOO_MUCH("1: at most 0.00000050 BTC, 0.00000050 there, "
                                          "0.00000000 left")},
         {END(1)}, {DEPOSIT(1)}, );
}

/* Of all of a party: what it holds in all accounts together, reserve and custody. */
static void balance_of_a_party(void **state)
{
    (void)state;
    PLAY({MOVED(TJ_MOVE, TJ_CUSTOMER_DEPOSIT, A(2, 2), A(2, 1), 500)}, {BALANCE(0, ALL(2), 10600)},
         {TRANSFER(10000)}, /* in between, nothing enters */
         {MOVED(TJ_MOVE, TJ_CUSTOMER_DEPOSIT, A(2, 2), A(2, 0), 101),
          .refused = TOO_MUCH("0: at most 0.00010600 BTC, 0.00010500 there, 0.00000100 left")},
         {MOVED(TJ_MOVE, TJ_CUSTOMER_DEPOSIT, A(2, 2), A(2, 0), 100)},
         /* What the state pays to a holder there enters, too. */
         {MOVED(TJ_MOVE, TJ_PAYMENT, A(1, 0), A(2, 0), 1),
          .refused = TOO_MUCH("0: at most 0.00010600 BTC, 0.00010600 there, 0.00000000 left")},
         {MOVED(TJ_MOVE, TJ_FEE, A(2, 1), A(2, 3), 1)},
         {MOVED(TJ_MOVE, TJ_PAYMENT, A(1, 0), A(2, 0), 1)},
         /* An account and its party: both. The account comes first. */
         {BALANCE(1, A(2, 0), 101)}, {MOVED(TJ_MOVE, TJ_FEE, A(2, 1), A(2, 3), 1)},
         {MOVED(TJ_MOVE, TJ_PAYMENT, A(1, 0), A(2, 0), 1),
          .refused = TOO_MUCH("1: at most 0.00000101 BTC, 0.00000101 there, 0.00000000 left")},
         {MOVED(TJ_MOVE, TJ_PAYMENT, A(1, 0), A(2, 1), 1)}, );
}

/* ---- purposes ---- */

static void purposes_by_direction(void **state)
{
    (void)state;
    PLAY(
        {LIMIT(0, TJ_LIMIT_PURPOSES, A(2, 0), .directions = TJ_FREEZE_OUT,
               .purposes = 1u << TJ_CUSTOMER_TRANSFER | 1u << TJ_FEE)},
        {WITHDRAW(1), .refused = OTHER_PURPOSE("0: customer_withdrawal is not among what may leave "
                                               "here")},
        {PEND_OUT(1), .refused = OTHER_PURPOSE("0: customer_withdrawal is not among what may leave "
                                               "here")},
        {TRANSFER(100)}, {DEPOSIT(1)}, {MOVED(TJ_MOVE, TJ_FEE, A(2, 0), A(2, 3), 1)},
        {LIMIT(1, TJ_LIMIT_PURPOSES, A(2, 1), .directions = TJ_FREEZE_IN,
               .purposes = 1u << TJ_CUSTOMER_DEPOSIT)},
        {TRANSFER(1), .refused = OTHER_PURPOSE("1: customer_transfer is not among what may enter "
                                               "here")},
        {MOVED(TJ_MOVE, TJ_CUSTOMER_TRANSFER, A(2, 1), A(2, 0), 1)},
        {LIMIT(2, TJ_LIMIT_PURPOSES, ALL(1), .directions = TJ_FREEZE_BOTH,
               .purposes = 1u << TJ_PURCHASE)},
        {MOVED(TJ_MOVE, TJ_PURCHASE, A(1, 2), A(1, 0), 1)},
        {MOVED(TJ_MOVE, TJ_PAYMENT, A(1, 0), A(1, 7), 1),
         .refused = OTHER_PURPOSE("2: payment is not among what may leave here")},
        {MOVED(TJ_MOVE, TJ_MINING, A(1, 3), A(1, 0), 1),
         .refused = OTHER_PURPOSE("2: mining is not among what may enter here")},
        {MOVED(TJ_MOVE, TJ_INTERNAL_TRANSFER, A(1, 0), A(1, 1), 1)}, );
}

/* Two of one holder: both must have the purpose. Judged again at the post; and at a correct, by the
 * way it goes. */
static void purposes_are_judged_again_at_the_post(void **state)
{
    (void)state;
    PLAY({.id = "p", PEND_OUT(5)}, {.id = "w", WITHDRAW(5)}, {.id = "d", DEPOSIT(5)},
         {LIMIT(0, TJ_LIMIT_PURPOSES, A(2, 0), .directions = TJ_FREEZE_BOTH,
                .purposes = 1u << TJ_CUSTOMER_DEPOSIT | 1u << TJ_FEE)},
         {POST("p", 2), .refused = OTHER_PURPOSE("0: customer_withdrawal is not among what may "
                                                 "leave here")},
         {CORRECT("w", 2),
          .refused = OTHER_PURPOSE("0: customer_withdrawal is not among what may enter "
                                   "here")},
         {CORRECT("d", 2)},
         {LIMIT(1, TJ_LIMIT_PURPOSES, A(2, 0), .directions = TJ_FREEZE_IN,
                .purposes = 1u << TJ_FEE)},
         {DEPOSIT(1), .refused = OTHER_PURPOSE("1: customer_deposit is not among what may enter "
                                               "here")},
         {END(1)}, {DEPOSIT(1)}, {VOID("p", 2)}, );
}

/* ---- counterparties ---- */

static void counterparties_are_listed(void **state)
{
    (void)state;
    PLAY({TRANSFER(100)},
         {LIMIT(0, TJ_LIMIT_COUNTERPARTY, A(2, 0), .directions = TJ_FREEZE_OUT,
                .counterparty = A(2, 1))},
         {TRANSFER(1)}, {DEPOSIT(1)},
         {WITHDRAW(1), .refused = OTHER_PARTY("to", "0 and those like it do not name account 2:2")},
         {.id = "p",
          PEND_OUT(1),
          .refused = OTHER_PARTY("to", "0 and those like it do not name account 2:2")},
         {MOVED(TJ_MOVE, TJ_CUSTOMER_TRANSFER, A(2, 0), A(4, 0), 1),
          .refused = OTHER_PARTY("to", "0 and those like it do not name account 4:0")},
         /* A second one of the same holder: either will do. This one is a whole party. */
         {LIMIT(1, TJ_LIMIT_COUNTERPARTY, A(2, 0), .directions = TJ_FREEZE_OUT,
                .counterparty = ALL(4))},
         {MOVED(TJ_MOVE, TJ_CUSTOMER_TRANSFER, A(2, 0), A(4, 0), 1)},
         {MOVED(TJ_MOVE, TJ_CUSTOMER_TRANSFER, A(2, 0), A(4, 1), 1)}, {TRANSFER(1)},
         {WITHDRAW(1), .refused = OTHER_PARTY("to", "0 and those like it do not name account 2:2")},
         /* Inwards it is another list. */
         {LIMIT(2, TJ_LIMIT_COUNTERPARTY, A(2, 0), .directions = TJ_FREEZE_IN,
                .counterparty = A(2, 1))},
         {DEPOSIT(1), .refused = OTHER_PARTY("from", "2 and those like it do not name account "
                                                     "2:2")},
         {MOVED(TJ_MOVE, TJ_CUSTOMER_TRANSFER, A(2, 1), A(2, 0), 1)}, {TRANSFER(1)},
         {END(0), .more = true}, {END(1)}, {WITHDRAW(1)}, {END(2)}, {DEPOSIT(1)}, );
}

/* The account's list and its party's list are two; a post is judged, and so is a correct. */
static void counterparties_of_an_account_and_of_its_party(void **state)
{
    (void)state;
    PLAY({.id = "p", MOVED(TJ_PENDING, TJ_CUSTOMER_TRANSFER, A(2, 0), A(4, 0), 5)},
         {.id = "m", MOVED(TJ_MOVE, TJ_CUSTOMER_TRANSFER, A(2, 0), A(4, 0), 5)},
         {LIMIT(0, TJ_LIMIT_COUNTERPARTY, ALL(2), .directions = TJ_FREEZE_BOTH,
                .counterparty = ALL(2))},
         {POST("p", 2), .refused = OTHER_PARTY("to", "0 and those like it do not name account "
                                                     "4:0")},
         {MOVED(TJ_MOVE, TJ_CUSTOMER_TRANSFER, A(4, 0), A(2, 0), 1),
          .refused = OTHER_PARTY("from", "0 and those like it do not name account 4:0")},
         {CORRECT("m", 4), .refused = OTHER_PARTY("from", "0 and those like it do not name account "
                                                          "4:0")},
         {TRANSFER(1)}, {WITHDRAW(1)}, {DEPOSIT(1)},
         {LIMIT(1, TJ_LIMIT_COUNTERPARTY, A(2, 0), .directions = TJ_FREEZE_OUT,
                .counterparty = ALL(4))},
         /* The account names party 4 alone, the party its own accounts alone. */
         {TRANSFER(1), .refused = OTHER_PARTY("to", "1 and those like it do not name account 2:1")},
         {WITHDRAW(1), .refused = OTHER_PARTY("to", "1 and those like it do not name account 2:2")},
         {MOVED(TJ_MOVE, TJ_CUSTOMER_TRANSFER, A(2, 0), A(4, 0), 1),
          .refused = OTHER_PARTY("to", "0 and those like it do not name account 4:0")},
         {LIMIT(2, TJ_LIMIT_COUNTERPARTY, ALL(2), .directions = TJ_FREEZE_OUT,
                .counterparty = A(4, 0))},
         {MOVED(TJ_MOVE, TJ_CUSTOMER_TRANSFER, A(2, 0), A(4, 0), 1)}, {POST("p", 2)}, );
}

/* ---- freeze ---- */

static void a_party_is_frozen(void **state)
{
    (void)state;
    PLAY({.id = "out", PEND_OUT(5)}, {.id = "w", WITHDRAW(5)}, {.id = "d", DEPOSIT(5)},
         {LIMIT(0, TJ_LIMIT_FREEZE, ALL(2), .directions = TJ_FREEZE_OUT)},
         {WITHDRAW(1), .refused = FROZEN("from", "0 freezes party 2 outwards")},
         {PEND_OUT(1), .refused = FROZEN("from", "0 freezes party 2 outwards")},
         {POST("out", 2), .refused = FROZEN("from", "0 freezes party 2 outwards")},
         {CORRECT("d", 2), .refused = FROZEN("from", "0 freezes party 2 outwards")},
         {MOVED(TJ_MOVE, TJ_FEE, A(2, 0), A(2, 3), 1),
          .refused = FROZEN("from", "0 freezes party 2 outwards")},
         {MOVED(TJ_MOVE, TJ_PURCHASE, A(2, 0), A(1, 0), 1), .countersign = "1",
          .refused = FROZEN("from", "0 freezes party 2 outwards")},
         /* In between and inwards it goes on; and a pending movement can be voided. */
         {TRANSFER(1)}, {DEPOSIT(1)}, {CORRECT("w", 2)}, {VOID("out", 2)},
         {MOVED(TJ_MOVE, TJ_PAYMENT, A(1, 0), A(2, 0), 1)},
         {LIMIT(1, TJ_LIMIT_FREEZE, ALL(2), .directions = TJ_FREEZE_IN)},
         {DEPOSIT(1), .refused = FROZEN("to", "1 freezes party 2 inwards")},
         {MOVED(TJ_MOVE, TJ_PAYMENT, A(1, 0), A(2, 0), 1),
          .refused = FROZEN("to", "1 freezes party 2 inwards")},
         {TRANSFER(1)}, {END(0)}, {WITHDRAW(1)},
         {DEPOSIT(1), .refused = FROZEN("to", "1 freezes party 2 inwards")}, {END(1)}, {DEPOSIT(1)},
         {LIMIT(2, TJ_LIMIT_FREEZE, ALL(2), .directions = TJ_FREEZE_BOTH)},
         {DEPOSIT(1), .refused = FROZEN("to", "2 freezes party 2 inwards")},
         {WITHDRAW(1), .refused = FROZEN("from", "2 freezes party 2 outwards")}, {TRANSFER(1)},
         /* Other parties are free, the authority's directives are. */
         {MOVED(TJ_MOVE, TJ_CUSTOMER_DEPOSIT, A(4, 2), A(4, 0), 1)}, );
}

/* ---- the order, and the directive itself ---- */

static void limits_are_looked_at_in_their_order(void **state)
{
    (void)state;
    PLAY(
        {.r = {.kind = TJ_SET_TIER, .rule = 0, .party = 2, .asset = 1, .approvals = 1}},
        {WITHDRAW(1), .refused = "record 0, amount: APPROVALS: not enough approvals for this "
                                 "amount (rule 0: 1 approvals wanted, 0 given)"},
        {BALANCE(1, ALL(4), 0)},
        {MOVED(TJ_MOVE, TJ_CUSTOMER_TRANSFER, A(2, 0), A(4, 0), 1),
         .refused = TOO_MUCH("1: at most 0.00000000 BTC, 0.00000000 there, 0.00000000 left")},
        {OUTFLOW(2, ALL(2), 160, 0)},
        {MOVED(TJ_MOVE, TJ_CUSTOMER_TRANSFER, A(2, 0), A(4, 0), 1),
         .refused = OVER("2: 0.00000000 BTC in 160 s, 0.00000000 used, 0.00000000 left")},
        {OUTFLOW(3, A(2, 0), 160, 0)}, /* the account's comes before the party's */
        {MOVED(TJ_MOVE, TJ_CUSTOMER_TRANSFER, A(2, 0), A(4, 0), 1),
         .refused = OVER("3: 0.00000000 BTC in 160 s, 0.00000000 used, 0.00000000 left")},
        {LIMIT(4, TJ_LIMIT_COUNTERPARTY, ALL(4), .directions = TJ_FREEZE_IN,
               .counterparty = A(1, 0))},
        {MOVED(TJ_MOVE, TJ_CUSTOMER_TRANSFER, A(2, 0), A(4, 0), 1),
         .refused = OTHER_PARTY("from", "4 and those like it do not name account 2:0")},
        {LIMIT(5, TJ_LIMIT_COUNTERPARTY, ALL(2), .directions = TJ_FREEZE_OUT,
               .counterparty = A(1, 0))},
        {MOVED(TJ_MOVE, TJ_CUSTOMER_TRANSFER, A(2, 0), A(4, 0), 1),
         .refused = OTHER_PARTY("to", "5 and those like it do not name account 4:0")},
        {LIMIT(6, TJ_LIMIT_PURPOSES, ALL(4), .directions = TJ_FREEZE_IN, .purposes = 1u << TJ_FEE)},
        {MOVED(TJ_MOVE, TJ_CUSTOMER_TRANSFER, A(2, 0), A(4, 0), 1),
         .refused = OTHER_PURPOSE("6: customer_transfer is not among what may enter here")},
        {LIMIT(7, TJ_LIMIT_FREEZE, ALL(4), .directions = TJ_FREEZE_IN)},
        {MOVED(TJ_MOVE, TJ_CUSTOMER_TRANSFER, A(2, 0), A(4, 0), 1),
         .refused = FROZEN("to", "7 freezes party 4 inwards")},
        {LIMIT(8, TJ_LIMIT_FREEZE, ALL(2), .directions = TJ_FREEZE_OUT)},
        {MOVED(TJ_MOVE, TJ_CUSTOMER_TRANSFER, A(2, 0), A(4, 0), 1),
         .refused = FROZEN("from", "8 freezes party 2 outwards")},
        /* And all of section 7.1 before. */
        {MOVED(TJ_MOVE, TJ_CUSTOMER_TRANSFER, A(2, 0), A(4, 0), 10001),
         .refused = "record 0, amount: BALANCE: the balance, less what is pending, does not cover "
                    "it (0.00010000 BTC left, 0.00010001 wanted)"}, );
}

static void what_a_limit_may_say(void **state)
{
    (void)state;
#define NOT_BY "NOT_ALLOWED: this party may not give this directive here"
    PLAY(
        {.r = {.kind = TJ_OPEN_ASSET,
               .asset = 2,
               .amount_max = 1000,
               .code = "XAU",
               .name = "Gold"}},
        {OUTFLOW(0, A(2, 99), 160, 1),
         .refused = "record 0, holder: ACCOUNT_UNKNOWN: no such account (account 2:99)"},
        {OUTFLOW(0, ALL(99), 160, 1),
         .refused = "record 0, holder: PARTY_UNKNOWN: no such party (party 99)"},
        {.party = 2,
         .lane = 1,
         OUTFLOW(0, A(2, 0), 160, 1),
         .refused = "record 0, holder: " NOT_BY},
        {.party = 4,
         .lane = 0,
         OUTFLOW(0, A(4, 0), 160, 1),
         .refused = "record 0, holder: " NOT_BY},
        {OUTFLOW(1, A(2, 0), 160, 1),
         .refused = "record 0, rule: NUMBER: not the next number (the next is 0)"},
        {LIMIT(0, TJ_LIMIT_OUTFLOW, A(2, 0), .asset = 3, .window_s = 16),
         .refused = "record 0, asset: ASSET_UNKNOWN: no such asset (asset 3)"},
        {LIMIT(0, TJ_LIMIT_OUTFLOW, A(2, 0), .asset = 2, .window_s = 16),
         .refused = "record 0, asset: ASSET_MIXED: the accounts hold different assets"},
        {LIMIT(0, TJ_LIMIT_BALANCE, A(2, 0), .asset = 2),
         .refused = "record 0, asset: ASSET_MIXED: the accounts hold different assets"},
        {BALANCE(0, A(2, 2), 1),
         .refused = "record 0, holder: CLASS: the class is not granted to the party, or cannot be"},
        {LIMIT(0, TJ_LIMIT_COUNTERPARTY, A(2, 0), .directions = 1, .counterparty = A(1, 99)),
         .refused = "record 0, counterparty: ACCOUNT_UNKNOWN: no such account (account 1:99)"},
        {LIMIT(0, TJ_LIMIT_COUNTERPARTY, A(2, 0), .directions = 1, .counterparty = ALL(5)),
         .refused = "record 0, counterparty: PARTY_UNKNOWN: no such party (party 5)"},
        /* What may be: an outflow of a contra account, of a party without accounts in the asset. */
        {OUTFLOW(0, A(2, 2), 160, 1)},
        {LIMIT(1, TJ_LIMIT_BALANCE, ALL(3), .asset = 2, .amount = 1)},
        {LIMIT(2, TJ_LIMIT_FREEZE, ALL(0), .directions = TJ_FREEZE_BOTH)},
        {LIMIT(3, TJ_LIMIT_COUNTERPARTY, ALL(3), .directions = 1, .counterparty = ALL(0))}, );
#undef NOT_BY
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_left_counts_for_sixteen_steps_more),
        TEST(after_silence_the_window_is_empty),
        TEST(the_shortest_and_the_longest_window),
        TEST(outflow_of_an_account_and_of_a_party),
        TEST(when_a_pending_movement_counts),
        TEST(records_of_one_envelope_count_one_by_one),
        TEST(limits_are_set_and_ended),
        TEST(sums_up_to_2_to_the_63),
        TEST(balances_have_ceilings),
        TEST(balance_of_a_party),
        TEST(purposes_by_direction),
        TEST(purposes_are_judged_again_at_the_post),
        TEST(counterparties_are_listed),
        TEST(counterparties_of_an_account_and_of_its_party),
        TEST(a_party_is_frozen),
        TEST(limits_are_looked_at_in_their_order),
        TEST(what_a_limit_may_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
