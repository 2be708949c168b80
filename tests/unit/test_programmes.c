/* Programmes: docs/FORMAT.md section 7.3 rule 7 and what a programme counts; and statements. Each
 * story is played twice, the second time with the ledger closed and opened before each envelope;
 * after it an auditor's replay gives the same state. */

#include "story.h"

/* Story world: 10,000 in reserve 1:0 since before any programme, 10,000 in custody 2:0. */

#define BIT(purpose) (1u << (purpose))
#define MOVED(what, how, source, target, base)                                                     \
    .party = (uint32_t)((source) >> 32), .lane = 1,                                                \
    .r = {.kind = (what), .from = (source), .to = (target), .amount = (base), .purpose = (how)}
#define BUY(base)    MOVED(TJ_MOVE, TJ_PURCHASE, A(1, 2), A(1, 0), base)
#define SELL(base)   MOVED(TJ_MOVE, TJ_SALE, A(1, 0), A(1, 2), base)
#define MINE(base)   MOVED(TJ_MOVE, TJ_MINING, A(1, 3), A(1, 0), base)
#define SEIZE(base)  MOVED(TJ_MOVE, TJ_SEIZURE, A(1, 4), A(1, 0), base)
#define GIFT(base)   MOVED(TJ_MOVE, TJ_DONATION, A(1, 5), A(1, 0), base)
#define PAY(base)    MOVED(TJ_MOVE, TJ_PAYMENT, A(1, 0), A(1, 7), base)
#define ARRIVE(base) MOVED(TJ_MOVE, TJ_UNSOLICITED_INFLOW, A(1, 8), A(1, 0), base)
#define SHIFT(base)  MOVED(TJ_MOVE, TJ_INTERNAL_TRANSFER, A(1, 0), A(1, 1), base)
#define POST(of)     .names = (of), .party = 1, .lane = 1, .r = {.kind = TJ_POST}
#define CORRECT(of)  .names = (of), .party = 1, .lane = 1, .r = {.kind = TJ_CORRECT}
#define CORRECTED(of, base)                                                                        \
    .names = (of), .party = 1, .lane = 1, .r = {.kind = TJ_CORRECT, .amount = (base)}
#define PROGRAMME(number, what, how, counted, first, last, ...)                                    \
    .r = {.kind = TJ_PROGRAMME,                                                                    \
          .rule = (number),                                                                        \
          .type = (what),                                                                          \
          .mode = (how),                                                                           \
          .asset = 1,                                                                              \
          .purposes = (counted),                                                                   \
          .starts = RULES_DAY + (first),                                                           \
          .ends = RULES_DAY + (last),                                                              \
          .name = "P",                                                                             \
          __VA_ARGS__}
#define CEILING(number, how, counted, base)                                                        \
    PROGRAMME(number, TJ_PROGRAMME_CEILING, how, counted, 0, 9, .amount = (base))
#define MANDATE(number, how, base, daily)                                                          \
    PROGRAMME(number, TJ_PROGRAMME_MANDATE, how, BIT(TJ_PURCHASE) | BIT(TJ_SALE), 0, 9,            \
              .amount = (base), .amount_day = (daily))
#define MINIMUM(number, how, base)                                                                 \
    PROGRAMME(number, TJ_PROGRAMME_MINIMUM, how, 0, 0, 9, .amount = (base))
#define END(number) .r = {.kind = TJ_END_RULE, .rule = (number)}
#define ENFORCE     TJ_MODE_ENFORCE
#define REPORT      TJ_MODE_REPORT

#define NOT_SO(rest)                                                                               \
    "record 0, amount: PROGRAMME: a programme in force does not allow it (rule " rest ")"

static int world(bool reopens)
{
    f = rules_story_world(reopens);
    PLAY({.id = "old", BUY(9900)}, {.id = "old", BUY(100)},
         {MOVED(TJ_MOVE, TJ_CUSTOMER_DEPOSIT, A(2, 2), A(2, 0), 10000)}, );
    return 0;
}

/* ---- what was counted ---- */

struct sums {
    int64_t in, out, unclassified, corrected;
    uint64_t day_amount, breaches;
};

static void counted(uint32_t number, struct sums wanted)
{
    struct tj_rule_object rule = rules_rule(f, number);
    const struct tj_programme_sums *sums = &rule.programme;
    struct sums got = {
        (int64_t)sums->counted_in, (int64_t)sums->counted_out, (int64_t)sums->unclassified,
        (int64_t)sums->corrected,  sums->day_amount,           sums->breaches};
    if (memcmp(&got, &wanted, sizeof got) != 0) {
        fail_msg("rule %u: in %lld, out %lld, unclassified %lld, corrected %lld, day %llu, "
                 "breaches %llu",
                 number, (long long)got.in, (long long)got.out, (long long)got.unclassified,
                 (long long)got.corrected, (unsigned long long)got.day_amount,
                 (unsigned long long)got.breaches);
    }
}

/* ---- ceilings ---- */

static void a_ceiling_to_the_bound(void **state)
{
    (void)state;
    PLAY({CEILING(0, ENFORCE, BIT(TJ_PURCHASE) | BIT(TJ_SALE), 100)},
         {BUY(101), .refused = NOT_SO("0, ceiling: 0.00000100 BTC net, 0.00000000 counted, "
                                      "0.00000100 left")},
         {BUY(90)},
         {BUY(11), .refused = NOT_SO("0, ceiling: 0.00000100 BTC net, 0.00000090 counted, "
                                     "0.00000010 left")},
         {BUY(10)},
         {BUY(1), .refused = NOT_SO("0, ceiling: 0.00000100 BTC net, 0.00000100 counted, "
                                    "0.00000000 left")},
         /* It is net: what is sold makes room. */
         {SELL(40)},
         {BUY(41), .refused = NOT_SO("0, ceiling: 0.00000100 BTC net, 0.00000060 "
                                     "counted, 0.00000040 left")},
         {BUY(40)},
         /* From a holder at a custodian it is a purchase like any other. */
         {MOVED(TJ_MOVE, TJ_PURCHASE, A(2, 0), A(1, 0), 1), .countersign = "1",
          .refused = NOT_SO("0, ceiling: 0.00000100 BTC net, 0.00000100 counted, 0.00000000 left")},
         /* Into another party's reserve too: the programme is the state's. */
         {MOVED(TJ_MOVE, TJ_PURCHASE, A(1, 2), A(3, 0), 1), .countersign = "3",
          .refused = NOT_SO("0, ceiling: 0.00000100 BTC net, 0.00000100 counted, 0.00000000 left")},
         /* Other purposes and movements inside the reserve do not break it. */
         {MINE(1000)}, {SHIFT(500)}, {PAY(1)},
         {MOVED(TJ_MOVE, TJ_INTERNAL_TRANSFER, A(1, 0), A(3, 0), 7), .countersign = "3"},
         {MOVED(TJ_MOVE, TJ_SALE, A(1, 0), A(2, 0), 3)}, {BUY(3)}, );
    counted(0, (struct sums){143, 43, 1000, 0, 143, 0});
}

/* A bound of 0, whole envelopes, pending movements. */
static void nothing_at_all(void **state)
{
    (void)state;
    PLAY({.id = "p", MOVED(TJ_PENDING, TJ_PURCHASE, A(1, 2), A(1, 0), 5)},
         {CEILING(0, ENFORCE, BIT(TJ_PURCHASE) | BIT(TJ_MINING) | BIT(TJ_SALE), 0)},
         {BUY(1), .refused = NOT_SO("0, ceiling: 0.00000000 BTC net, 0.00000000 counted, "
                                    "0.00000000 left")},
         {MINE(1), .refused = NOT_SO("0, ceiling: 0.00000000 BTC net, 0.00000000 counted, "
                                     "0.00000000 left")},
         /* Pending moves nothing; the post is judged. */
         {.id = "q", MOVED(TJ_PENDING, TJ_PURCHASE, A(1, 2), A(1, 0), 5)},
         {POST("p"), .refused = NOT_SO("0, ceiling: 0.00000000 BTC net, 0.00000000 counted, "
                                       "0.00000000 left")},
         {SELL(8), .more = true}, {BUY(8)}, {SELL(8), .more = true},
         {BUY(9), .refused = "record 1, amount: PROGRAMME: a programme in force does not allow it "
                             "(rule 0, ceiling: 0.00000000 BTC net, -0.00000008 counted, "
                             "0.00000008 left)"},
         {SELL(10)}, {POST("p")}, {POST("q")},
         {MINE(1), .refused = NOT_SO("0, ceiling: 0.00000000 BTC net, 0.00000000 counted, "
                                     "0.00000000 left")},
         /* Ended; set and ended in one envelope. */
         {END(0)}, {MINE(5)}, {CEILING(1, ENFORCE, BIT(TJ_MINING), 0), .more = true}, {END(1)},
         {MINE(5)}, );
    counted(0, (struct sums){18, 18, 0, 0, 18, 0});
    counted(1, (struct sums){0});
}

static void from_the_first_to_the_last_day(void **state)
{
    (void)state;
    PLAY({PROGRAMME(0, TJ_PROGRAMME_CEILING, ENFORCE, BIT(TJ_PURCHASE), 1, 2, .amount = 10)},
         {BUY(50)}, {.at_ns = DAY - 1, BUY(50)},
         {.at_ns = DAY,
          BUY(11),
          .refused = NOT_SO("0, ceiling: 0.00000010 BTC net, 0.00000000 "
                            "counted, 0.00000010 left")},
         {.at_ns = DAY + 1, BUY(6)},
         {.at_ns = 2 * DAY,
          BUY(5),
          .refused = NOT_SO("0, ceiling: 0.00000010 BTC net, 0.00000006 "
                            "counted, 0.00000004 left")},
         {.at_ns = 3 * DAY - 1,
          BUY(5),
          .refused = NOT_SO("0, ceiling: 0.00000010 BTC net, "
                            "0.00000006 counted, 0.00000004 left")},
         {.at_ns = 3 * DAY, BUY(50)}, {BUY(1)}, );
    counted(0, (struct sums){6, 0, 0, 0, 6, 0});
}

/* One day, and the day on which it is set. */
static void a_programme_of_one_day(void **state)
{
    (void)state;
    PLAY({.at_ns = 80000 * S,
          PROGRAMME(0, TJ_PROGRAMME_CEILING, ENFORCE, BIT(TJ_PURCHASE), 0, 0, .amount = 10)},
         {BUY(10)},
         {.at_ns = DAY - 1,
          BUY(1),
          .refused = NOT_SO("0, ceiling: 0.00000010 BTC net, 0.00000010 "
                            "counted, 0.00000000 left")},
         {.at_ns = DAY, BUY(1)},
         {PROGRAMME(1, TJ_PROGRAMME_CEILING, ENFORCE, BIT(TJ_PURCHASE), 0, 9, .amount = 10),
          .refused = "record 0, starts: VALUE: the value is outside what this field allows (before "
                     "the day on which it is set)"},
         {PROGRAMME(1, TJ_PROGRAMME_CEILING, ENFORCE, BIT(TJ_PURCHASE), 1, 1, .amount = 0)},
         {BUY(1), .refused = NOT_SO("1, ceiling: 0.00000000 BTC net, 0.00000000 counted, "
                                    "0.00000000 left")}, );
    counted(0, (struct sums){10, 0, 0, 0, 10, 0});
}

/* A report lets pass and writes down. */
static void breaches_are_counted(void **state)
{
    (void)state;
    PLAY({CEILING(0, REPORT, BIT(TJ_PURCHASE) | BIT(TJ_SALE), 100)}, {BUY(100)}, {SELL(10)},
         {.id = "sale", SELL(20)}, {BUY(31)}, {BUY(1), .more = true}, {BUY(1)}, {SELL(1)},
         {MINE(9)},
         /* What lowers net breaks nothing, though it is still above. */
         {CORRECTED("sale", 5)}, );
    counted(0, (struct sums){133, 26, 9, 5, 133, 4});
    struct tj_rule_object rule = rules_rule(f, 0);
    struct tijori_head head;
    tijori_head(f->ledger, &head);
    uint64_t last = head.size - 1;
    assert_int_equal(rule.programme.breach_last, tj_record_id(last, 0));
    assert_int_equal(rule.programme.breach_first, tj_record_id(last - 4, 0));
}

/* Two at once, of which one forbids; one of another asset looks away. */
static void several_programmes_each_by_itself(void **state)
{
    (void)state;
    PLAY({.r = {.kind = TJ_OPEN_ASSET,
                .asset = 2,
                .amount_max = 1000,
                .code = "XAU",
                .name = "Gold"}},
         {CEILING(0, REPORT, BIT(TJ_PURCHASE), 10)},
         {CEILING(1, ENFORCE, BIT(TJ_PURCHASE) | BIT(TJ_MINING), 20)},
         {.r = {.kind = TJ_PROGRAMME,
                .rule = 2,
                .type = TJ_PROGRAMME_CEILING,
                .mode = ENFORCE,
                .asset = 2,
                .purposes = BIT(TJ_PURCHASE),
                .starts = RULES_DAY,
                .ends = RULES_DAY + 9,
                .name = "P"}},
         {BUY(15)}, {MINE(5)},
         {BUY(1), .refused = NOT_SO("1, ceiling: 0.00000020 BTC net, 0.00000020 counted, "
                                    "0.00000000 left")},
         {END(1)}, {BUY(1)}, );
    counted(0, (struct sums){16, 0, 5, 0, 16, 2});
    counted(1, (struct sums){20, 0, 0, 0, 20, 0});
    counted(2, (struct sums){0});
}

/* ---- mandates ---- */

static void a_mandate_a_day_and_in_all(void **state)
{
    (void)state;
    PLAY({MANDATE(0, ENFORCE, 250, 100)}, {BUY(60)},
         {BUY(41), .refused = NOT_SO("0, mandate: 0.00000100 BTC a day, 0.00000060 counted, "
                                     "0.00000040 left")},
         {BUY(40)},
         /* What is sold on the day makes no room for the day. */
         {SELL(30)},
         {BUY(1), .refused = NOT_SO("0, mandate: 0.00000100 BTC a day, 0.00000100 "
                                    "counted, 0.00000000 left")},
         {.at_ns = DAY - 1,
          BUY(1),
          .refused = NOT_SO("0, mandate: 0.00000100 BTC a day, "
                            "0.00000100 counted, 0.00000000 left")},
         {.at_ns = DAY,
          BUY(101),
          .refused = NOT_SO("0, mandate: 0.00000100 BTC a day, "
                            "0.00000000 counted, 0.00000100 left")},
         {BUY(100)}, /* net 170 */
         {.at_ns = 2 * DAY,
          BUY(81),
          .refused = NOT_SO("0, mandate: 0.00000250 BTC net, 0.00000170 counted, 0.00000080 left")},
         {BUY(80)},
         {.at_ns = 3 * DAY,
          BUY(1),
          .refused = NOT_SO("0, mandate: 0.00000250 BTC net, 0.00000250 counted, 0.00000000 left")},
         {SELL(50)}, {BUY(50)}, );
    counted(0, (struct sums){330, 80, 0, 0, 50, 0});
}

static void a_mandate_without_a_daily_bound(void **state)
{
    (void)state;
    PLAY({MANDATE(0, ENFORCE, 250, 0)}, {BUY(250)},
         {.at_ns = DAY,
          BUY(1),
          .refused = NOT_SO("0, mandate: 0.00000250 BTC net, 0.00000250 "
                            "counted, 0.00000000 left")}, );
}

/* A correct gives back the day's amount when it takes off what was counted on that day. */
static void corrections_and_the_day(void **state)
{
    (void)state;
    PLAY({MANDATE(0, ENFORCE, 1000, 100)}, {.id = "a", BUY(100)}, {CORRECTED("a", 30)},
         {BUY(31), .refused = NOT_SO("0, mandate: 0.00000100 BTC a day, 0.00000070 counted, "
                                     "0.00000030 left")},
         {BUY(30)},
         /* On the next day, before anything counted on it: yesterday's is still the last day. */
         {.at_ns = DAY, CORRECTED("a", 10)}, );
    counted(0, (struct sums){90, 0, 0, 40, 90, 0});
    PLAY({.id = "b", BUY(100)}, {CORRECTED("b", 1)},
         {BUY(2), .refused = NOT_SO("0, mandate: 0.00000100 BTC a day, 0.00000099 counted, "
                                    "0.00000001 left")}, );
    counted(0, (struct sums){189, 0, 0, 41, 99, 0});
    PLAY({.id = "c", BUY(1)}, {.at_ns = DAY, .id = "d", BUY(100)},
         /* Of the day before: not off this day's. */
         {CORRECT("c")},
         {BUY(1), .refused = NOT_SO("0, mandate: 0.00000100 BTC a day, 0.00000100 "
                                    "counted, 0.00000000 left")}, );
    counted(0, (struct sums){289, 0, 0, 42, 100, 0});
}

/* A sale taken back raises net and buys nothing: only a purchase breaks the bound of a day. */
static void only_purchases_break_the_day(void **state)
{
    (void)state;
    PLAY({MANDATE(0, REPORT, 1000, 100)}, {.id = "s", SELL(50)}, {BUY(101)}, {CORRECT("s")},
         {BUY(1)}, );
    counted(0, (struct sums){102, 0, 0, 50, 102, 2});
}

/* ---- allocation, minimum ---- */

static void an_allocation_is_counted_and_never_broken(void **state)
{
    (void)state;
    PLAY({PROGRAMME(0, TJ_PROGRAMME_ALLOCATION, REPORT, BIT(TJ_MINING), 0, 9, .power_mw = 2000)},
         {MINE(100000)}, {BUY(50)}, {SEIZE(3)}, );
    counted(0, (struct sums){100000, 0, 53, 0, 100000, 0});
}

static void a_minimum_to_the_bound(void **state)
{
    (void)state;
    PLAY({MINIMUM(0, ENFORCE, 9000)},
         {PAY(1001), .refused = NOT_SO("0, minimum: 0.00009000 BTC, the reserve holds 0.00010000")},
         {PAY(900)},
         {SELL(101), .refused = NOT_SO("0, minimum: 0.00009000 BTC, the reserve holds 0.00009100")},
         {.id = "s", SELL(100)},
         {MOVED(TJ_MOVE, TJ_FEE, A(1, 0), A(1, 6), 1),
          .refused = NOT_SO("0, minimum: 0.00009000 BTC, the reserve holds 0.00009000")},
         /* All reserve accounts together, of all parties: in between nothing is lowered. */
         {SHIFT(5000)},
         {MOVED(TJ_MOVE, TJ_INTERNAL_TRANSFER, A(1, 0), A(3, 0), 3900), .countersign = "3"},
         {.id = "b", BUY(10)}, {CORRECT("b")}, {.id = "b", BUY(10)}, {PAY(5)},
         {CORRECT("b"), .refused = NOT_SO("0, minimum: 0.00009000 BTC, the reserve holds "
                                          "0.00009005")},
         {.id = "p", MOVED(TJ_PENDING, TJ_PAYMENT, A(1, 1), A(1, 7), 6)},
         {POST("p"), .refused = NOT_SO("0, minimum: 0.00009000 BTC, the reserve holds "
                                       "0.00009005")},
         {CORRECTED("s", 1)}, {POST("p")},
         {MINIMUM(1, REPORT, 1), .refused = "record 0, type: RULE_STATUS: the rule has ended, or "
                                            "another like it is in force (rule 0 is the asset's "
                                            "minimum)"},
         {END(0), .more = true}, {MINIMUM(1, ENFORCE, 8000)},
         {MOVED(TJ_MOVE, TJ_PAYMENT, A(1, 1), A(1, 7), 1000)},
         {PAY(1), .refused = NOT_SO("1, minimum: 0.00008000 BTC, the reserve holds 0.00008000")},
         {END(1)}, {MOVED(TJ_MOVE, TJ_PAYMENT, A(1, 1), A(1, 7), 3000)}, );
}

static void a_minimum_that_is_reported(void **state)
{
    (void)state;
    PLAY({PROGRAMME(0, TJ_PROGRAMME_MINIMUM, REPORT, 0, 1, 2, .amount = 9950)}, {PAY(60)},
         {BUY(10)}, {.at_ns = DAY, PAY(1)}, {PAY(1)}, {SHIFT(100)}, {BUY(5)}, {PAY(2)},
         {.at_ns = 3 * DAY, PAY(10)}, );
    struct tj_ledger_view view;
    assert_int_equal(tj_ledger_view_begin(f->ledger, &view), TIJORI_OK);
    const struct tj_asset_object *asset = tj_state_asset(view.state, 1);
    assert_int_equal(asset->breaches, 2);
    assert_int_equal(asset->breach_last, asset->breach_first + (UINT64_C(1) << TJ_POSITION_BITS));
    tj_ledger_view_end(f->ledger, &view);
}

/* ---- what is not vouched for ---- */

static void inflows_by_other_names(void **state)
{
    (void)state;
    PLAY({CEILING(0, ENFORCE, BIT(TJ_PURCHASE), 0)},
         {CEILING(1, REPORT, BIT(TJ_PURCHASE) | BIT(TJ_SEIZURE), 1000000)}, {SEIZE(1)}, {GIFT(20)},
         {ARRIVE(300)}, {MOVED(TJ_MOVE, TJ_UNSOLICITED_INFLOW, A(1, 7), A(1, 0), 4000)},
         {MOVED(TJ_MOVE, TJ_PAYMENT, A(2, 0), A(1, 0), 5000), .countersign = "1"},
         /* Mining too, when the mask does not have it; outflows and inside movements are none. */
         {MINE(7)}, {PAY(7)}, {SHIFT(7)}, {MOVED(TJ_MOVE, TJ_SEIZURE, A(1, 0), A(1, 4), 1)}, );
    counted(0, (struct sums){0, 0, 9328, 0, 0, 0});
    counted(1, (struct sums){1, 1, 9327, 0, 1, 0});
}

/* A party that owns neither account, and is not of the state, says it is so. The owner of the other
 * account does not suffice, another treasury neither. */
static void vouched_for_by_a_third_party(void **state)
{
    (void)state;
    PLAY({CEILING(0, ENFORCE, BIT(TJ_PURCHASE), 0)}, {SEIZE(1), .countersign = "4"},
         {GIFT(1), .countersign = "2"}, {ARRIVE(1), .countersign = "24"},
         {MINE(1), .countersign = "34"}, {SEIZE(300), .countersign = "3"},
         {MOVED(TJ_MOVE, TJ_SEIZURE, A(2, 0), A(1, 0), 20), .countersign = "1"},
         {MOVED(TJ_MOVE, TJ_DONATION, A(2, 0), A(1, 0), 1), .countersign = "14"},
         {MOVED(TJ_MOVE, TJ_SEIZURE, A(1, 4), A(3, 0), 5000), .countersign = "3"},
         {MOVED(TJ_MOVE, TJ_SEIZURE, A(1, 4), A(3, 0), 1), .countersign = "34"},
         /* A pending movement by itself, or its post. */
         {.id = "p", MOVED(TJ_PENDING, TJ_SEIZURE, A(1, 4), A(1, 0), 1), .countersign = "4"},
         {.id = "q", MOVED(TJ_PENDING, TJ_SEIZURE, A(1, 4), A(1, 0), 1)},
         {.id = "r", MOVED(TJ_PENDING, TJ_SEIZURE, A(1, 4), A(1, 0), 4000)},
         {.id = "s", MOVED(TJ_PENDING, TJ_SEIZURE, A(1, 4), A(1, 0), 60000), .countersign = "3"},
         {POST("p")}, {POST("q"), .countersign = "2"}, {POST("r")},
         {POST("s"), .countersign = "3"}, );
    counted(0, (struct sums){0, 0, 69320, 0, 0, 0});
}

static void corrections_of_what_was_not_vouched_for(void **state)
{
    (void)state;
    PLAY({CEILING(0, ENFORCE, BIT(TJ_PURCHASE), 0)}, {.id = "s", SEIZE(100)},
         {.id = "v", SEIZE(100), .countersign = "4"}, {CORRECTED("s", 30)}, {CORRECTED("v", 30)},
         {.id = "p", MOVED(TJ_PENDING, TJ_SEIZURE, A(1, 4), A(1, 0), 100), .countersign = "4"},
         {.id = "p", POST("p")}, {CORRECT("p")}, );
    counted(0, (struct sums){0, 0, 70, 0, 0, 0});
    PLAY(
        /* Vouched for when it is taken back: that takes off what it added all the same. */
        {.id = "s", SEIZE(50)}, {CORRECT("s"), .countersign = "4"}, );
    counted(0, (struct sums){0, 0, 70, 0, 0, 0});
}

/* ---- ways around a ceiling ---- */

/* Bought, taken back, entered as seized, bought again. */
static void purchase_corrected_into_a_seizure(void **state)
{
    (void)state;
    PLAY({CEILING(0, ENFORCE, BIT(TJ_PURCHASE), 100)}, {.id = "b", BUY(100)},
         {BUY(1), .refused = NOT_SO("0, ceiling: 0.00000100 BTC net, 0.00000100 counted, "
                                    "0.00000000 left")},
         {CORRECT("b")}, {SEIZE(100)}, {BUY(100)},
         {BUY(1), .refused = NOT_SO("0, ceiling: 0.00000100 BTC net, 0.00000100 counted, "
                                    "0.00000000 left")}, );
    counted(0, (struct sums){100, 0, 100, 100, 100, 0});
}

/* An old purchase, taken back, makes no room for a new one. */
static void corrections_of_what_was_before(void **state)
{
    (void)state;
    PLAY({.id = "sold", SELL(40)}, {.id = "paid", PAY(30)}, {.id = "seized", SEIZE(20)},
         {CEILING(0, ENFORCE, BIT(TJ_PURCHASE) | BIT(TJ_SALE), 0)},
         {.id = "b",
          BUY(1),
          .refused = NOT_SO("0, ceiling: 0.00000000 BTC net, 0.00000000 counted, 0.00000000 "
                            "left")},
         {CORRECT("seized")},
         /* An old sale taken back is an inflow that nothing explains; a third party may. */
         {CORRECTED("sold", 25)}, {CORRECTED("sold", 15), .countersign = "4"},
         {CORRECTED("paid", 10)},
         {BUY(1), .refused = NOT_SO("0, ceiling: 0.00000000 BTC net, 0.00000000 counted, "
                                    "0.00000000 left")}, );
    counted(0, (struct sums){0, 0, 35, 0, 0, 0});
}

static void an_old_purchase_taken_back_makes_no_room(void **state)
{
    (void)state;
    PLAY({.id = "b", BUY(500)}, {CEILING(0, ENFORCE, BIT(TJ_PURCHASE), 100)}, {CORRECT("b")},
         {BUY(101), .refused = NOT_SO("0, ceiling: 0.00000100 BTC net, 0.00000000 counted, "
                                      "0.00000100 left")}, );
    counted(0, (struct sums){0});
}

/* Of a record on a day before it starts, though it was set: not counted either. */
static void corrections_from_outside_the_days(void **state)
{
    (void)state;
    PLAY({PROGRAMME(0, TJ_PROGRAMME_CEILING, ENFORCE, BIT(TJ_PURCHASE), 1, 2, .amount = 100)},
         {.id = "before", BUY(70)}, {.at_ns = DAY, .id = "in", BUY(80)}, {CORRECT("before")},
         {BUY(21), .refused = NOT_SO("0, ceiling: 0.00000100 BTC net, 0.00000080 counted, "
                                     "0.00000020 left")},
         {.at_ns = 2 * DAY, CORRECTED("in", 10)},
         /* And a correct after the last day takes nothing off. */
         {.at_ns = 3 * DAY, CORRECTED("in", 10)}, );
    counted(0, (struct sums){70, 0, 0, 10, 70, 0});
}

/* A sale that is counted, taken back: net rises, and that can break the ceiling. */
static void a_sale_taken_back_raises_net(void **state)
{
    (void)state;
    PLAY({CEILING(0, ENFORCE, BIT(TJ_PURCHASE) | BIT(TJ_SALE), 100)}, {.id = "s", SELL(60)},
         {BUY(150)},
         {CORRECTED("s", 11), .refused = NOT_SO("0, ceiling: 0.00000100 BTC net, 0.00000090 "
                                                "counted, 0.00000010 left")},
         {CORRECTED("s", 10)},
         {CORRECTED("s", 1),
          .refused =
              NOT_SO("0, ceiling: 0.00000100 BTC net, 0.00000100 counted, 0.00000000 left")}, );
    counted(0, (struct sums){150, 50, 0, 10, 150, 0});
}

/* Bought through a custodian, a payment back, suspense, gifts: each shows. */
static void through_custody_suspense_and_gifts(void **state)
{
    (void)state;
    PLAY({CEILING(0, ENFORCE, BIT(TJ_PURCHASE), 0)},
         {MOVED(TJ_MOVE, TJ_CUSTOMER_DEPOSIT, A(2, 2), A(2, 0), 100)},
         {MOVED(TJ_MOVE, TJ_PURCHASE, A(2, 0), A(1, 0), 100), .countersign = "1",
          .refused = NOT_SO("0, ceiling: 0.00000000 BTC net, 0.00000000 counted, 0.00000000 left")},
         {MOVED(TJ_MOVE, TJ_PAYMENT, A(2, 0), A(1, 0), 100), .countersign = "1"}, {ARRIVE(50)},
         {GIFT(25)},
         /* A payment into suspense, taken back. */
         {.id = "lost", MOVED(TJ_MOVE, TJ_PAYMENT, A(1, 0), A(1, 8), 9)}, {CORRECT("lost")}, );
    counted(0, (struct sums){0, 0, 184, 0, 0, 0});
}

/* ---- the directives ---- */

static void what_a_programme_may_say(void **state)
{
    (void)state;
    PLAY({.party = 1,
          .lane = 1,
          CEILING(0, ENFORCE, BIT(TJ_PURCHASE), 1),
          .refused = "record 0, kind: NOT_ALLOWED: this party may not give this directive here"},
         {.party = 4,
          .lane = 0,
          CEILING(0, ENFORCE, BIT(TJ_PURCHASE), 1),
          .refused = "record 0, kind: NOT_ALLOWED: this party may not give this directive here"},
         {CEILING(1, ENFORCE, BIT(TJ_PURCHASE), 1),
          .refused = "record 0, rule: NUMBER: not the next number (the next is 0)"},
         {.r = {.kind = TJ_PROGRAMME,
                .type = TJ_PROGRAMME_CEILING,
                .mode = ENFORCE,
                .asset = 2,
                .purposes = BIT(TJ_PURCHASE),
                .starts = RULES_DAY,
                .ends = RULES_DAY,
                .name = "P"},
          .refused = "record 0, asset: ASSET_UNKNOWN: no such asset (asset 2)"},
         {.party = 1,
          .lane = 1,
          END(0),
          .refused = "record 0, kind: NOT_ALLOWED: this party may not give this directive here"}, );
}

#define STATE(what, ...)                                                                           \
    .r = {.kind = TJ_STATEMENT,                                                                    \
          .figure = (what),                                                                        \
          .asset = 1,                                                                              \
          .period_from = RULES_DAY - 9,                                                            \
          .as_of = RULES_DAY - 1,                                                                  \
          __VA_ARGS__}

static void who_may_state_what(void **state)
{
    (void)state;
#define NOT_BY  "record 0, figure: NOT_ALLOWED: this party may not give this directive here"
#define NO_RULE "record 0, rule: RULE_UNKNOWN: no such rule, or not of this kind"
    PLAY(
        {STATE(TJ_FIGURE_CLOSING, .purpose = 0)}, {STATE(TJ_FIGURE_INFLOW, .purpose = TJ_PURCHASE)},
        {STATE(TJ_FIGURE_CUSTOMERS, .party = 2)},
        {STATE(TJ_FIGURE_CUSTOMERS, .party = 5),
         .refused = "record 0, party: PARTY_UNKNOWN: no such party"},
        {.party = 4, .lane = 0, STATE(TJ_FIGURE_CUSTOMERS, .party = 4), .refused = NOT_BY},
        {.party = 4, .lane = 0, STATE(TJ_FIGURE_ATTESTED, .party = 4)},
        {.party = 4, .lane = 1, STATE(TJ_FIGURE_ATTESTED, .party = 4), .refused = NOT_BY},
        {.party = 4, .lane = 0, STATE(TJ_FIGURE_ATTESTED, .party = 2), .refused = NOT_BY},
        {STATE(TJ_FIGURE_ATTESTED, .party = 4), .refused = NOT_BY},
        {.party = 1, .lane = 1, STATE(TJ_FIGURE_CLOSING, .purpose = 0), .refused = NOT_BY},
        {STATE(TJ_FIGURE_COUNTED, .rule = 0), .refused = NO_RULE},
        {CEILING(0, ENFORCE, BIT(TJ_PURCHASE), 1)}, {STATE(TJ_FIGURE_COUNTED, .rule = 0)},
        {STATE(TJ_FIGURE_BREACHES, .rule = 1), .refused = NO_RULE},
        {.r = {.kind = TJ_SET_TIER, .rule = 1, .party = 2, .asset = 1, .approvals = 1}},
        {STATE(TJ_FIGURE_UNCLASSIFIED, .rule = 1), .refused = NO_RULE},
        {.r = {.kind = TJ_STATEMENT,
               .figure = TJ_FIGURE_CLOSING,
               .asset = 2,
               .period_from = 1,
               .as_of = 1},
         .refused = "record 0, asset: ASSET_UNKNOWN: no such asset (asset 2)"},
        {.r = {.kind = TJ_STATEMENT,
               .figure = TJ_FIGURE_CLOSING,
               .asset = 1,
               .period_from = 1,
               .as_of = RULES_DAY},
         .refused = "record 0, as_of: VALUE: the value is outside what this field allows (that day "
                    "is not over)"},
        {.at_ns = DAY - 1,
         .r = {.kind = TJ_STATEMENT,
               .figure = TJ_FIGURE_CLOSING,
               .asset = 1,
               .period_from = 1,
               .as_of = RULES_DAY},
         .refused = "record 0, as_of: VALUE: the value is outside what this field allows (that day "
                    "is not over)"},
        {.at_ns = DAY,
         .r = {.kind = TJ_STATEMENT,
               .figure = TJ_FIGURE_CLOSING,
               .asset = 1,
               .period_from = 1,
               .as_of = RULES_DAY}},
        /* A programme that has ended can still be reported on. */
        {END(0)}, {STATE(TJ_FIGURE_COUNTED, .rule = 0)}, );
#undef NOT_BY
#undef NO_RULE
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_ceiling_to_the_bound),
        TEST(nothing_at_all),
        TEST(from_the_first_to_the_last_day),
        TEST(a_programme_of_one_day),
        TEST(breaches_are_counted),
        TEST(several_programmes_each_by_itself),
        TEST(a_mandate_a_day_and_in_all),
        TEST(a_mandate_without_a_daily_bound),
        TEST(corrections_and_the_day),
        TEST(only_purchases_break_the_day),
        TEST(an_allocation_is_counted_and_never_broken),
        TEST(a_minimum_to_the_bound),
        TEST(a_minimum_that_is_reported),
        TEST(inflows_by_other_names),
        TEST(vouched_for_by_a_third_party),
        TEST(corrections_of_what_was_not_vouched_for),
        TEST(purchase_corrected_into_a_seizure),
        TEST(corrections_of_what_was_before),
        TEST(an_old_purchase_taken_back_makes_no_room),
        TEST(corrections_from_outside_the_days),
        TEST(a_sale_taken_back_raises_net),
        TEST(through_custody_suspense_and_gifts),
        TEST(what_a_programme_may_say),
        TEST(who_may_state_what),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
