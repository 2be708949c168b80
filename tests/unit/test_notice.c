/* Rules that cannot be lifted in a minute: notice, the party that a rule names, and the wait of a
 * second whitelist. docs/FORMAT.md sections 7.2 and 7.3. Each story is played twice, the second
 * time with the ledger closed and opened before each envelope; after it an auditor's replay gives
 * the same state. */

#include "story.h"

/* Story world: party 4 administers itself, party 2 does not, parties 1 and 3 are treasuries. */

#define BUY(base)                                                                                  \
    .party = 1, .lane = 1,                                                                         \
    .r = {                                                                                         \
        .kind = TJ_MOVE, .from = A(1, 2), .to = A(1, 0), .amount = (base), .purpose = TJ_PURCHASE}
#define OUT(target, how, base)                                                                     \
    .party = 1, .lane = 1,                                                                         \
    .r = {.kind = TJ_MOVE, .from = A(1, 0), .to = (target), .amount = (base), .purpose = (how)}
#define TIER(number, ...)                                                                          \
    .r = {.kind = TJ_SET_TIER,                                                                     \
          .rule = (number),                                                                        \
          .party = 1,                                                                              \
          .asset = 1,                                                                              \
          .above = 100,                                                                            \
          .approvals = 9,                                                                          \
          __VA_ARGS__}
#define ONLY_TO(number, whom, ...)                                                                 \
    .r = {.kind = TJ_SET_LIMIT,                                                                    \
          .type = TJ_LIMIT_COUNTERPARTY,                                                           \
          .rule = (number),                                                                        \
          .holder = A(1, 0),                                                                       \
          .directions = TJ_FREEZE_OUT,                                                             \
          .counterparty = (whom),                                                                  \
          __VA_ARGS__}
#define PROGRAMME(number, what, base, ...)                                                         \
    .r = {.kind = TJ_PROGRAMME,                                                                    \
          .rule = (number),                                                                        \
          .type = (what),                                                                          \
          .mode = TJ_MODE_ENFORCE,                                                                 \
          .asset = 1,                                                                              \
          .ends = RULES_DAY + 99,                                                                  \
          .amount = (base),                                                                        \
          .name = "P",                                                                             \
          __VA_ARGS__}
#define END(number) .r = {.kind = TJ_END_RULE, .rule = (number)}

#define TOO_FEW                                                                                    \
    "record 0, amount: APPROVALS: not enough approvals for this amount (rule 0: 9 approvals "      \
    "wanted, 0 given)"
#define NOT_LISTED                                                                                 \
    "record 0, to: LIMIT_COUNTERPARTY: a limit does not allow this counterparty (rule 0 and "      \
    "those like it do not name account 1:7)"
#define NO_NAMED_PARTY(number)                                                                     \
    "record 0, named_party: NAMED_PARTY: a rule names no party that is public, closed or has its " \
    "keys from the authority (party " number ")"

/* With 10,000 in reserve 1:0. */
static int world(bool reopens)
{
    f = rules_story_world(reopens);
    struct tj_record r = fixture_move(A(1, 2), A(1, 0), 10000, TJ_PURCHASE);
    rules_accept_one(f, 1, 1, &r);
    return 0;
}

/* ---- notice ---- */

static void it_stays_in_force_to_the_nanosecond(void **state)
{
    (void)state;
    PLAY({TIER(0, .notice_days = 2)}, {BUY(101), .refused = TOO_FEW}, {.at_ns = 10 * S, END(0)},
         {BUY(101), .refused = TOO_FEW}, {BUY(100)},
         {END(0), .refused = "record 0, rule: RULE_STATUS: the rule has ended, or another like it "
                             "is in force (rule 0 has ended)"},
         {.at_ns = DAY, BUY(101), .refused = TOO_FEW}, {.at_ns = DAY + 1, BUY(1)},
         {.at_ns = 2 * DAY + 10 * S - 1, BUY(101), .refused = TOO_FEW},
         {.at_ns = 2 * DAY + 10 * S, BUY(101)});
}

/* Without notice it ends with its record, as a rule that runs out does not keep another from being
 * set in its place. */
static void without_notice_and_with_a_new_one(void **state)
{
    (void)state;
    PLAY({TIER(0, .notice_days = 0)}, {END(0)}, {BUY(101)}, {TIER(1, .notice_days = 1)},
         {TIER(2, .notice_days = 0),
          .refused = "record 0, above: RULE_STATUS: the rule has ended, or another like "
                     "it is in force (rule 1 says this of the same amount)"},
         {END(1)}, {TIER(2, .groups = 2)}, {END(2)},
         {BUY(101), .refused = "record 0, amount: APPROVALS: not enough approvals for this amount "
                               "(rule 1: 9 approvals wanted, 0 given)"});
}

static void whom_it_names_may_agree(void **state)
{
    (void)state;
    PLAY({TIER(0, .notice_days = 366, .named_party = 4)}, {BUY(101), .refused = TOO_FEW},
         {END(0), .countersign = "4"}, {BUY(101)});
    /* Nobody else, and not without notice having been asked for. */
    PLAY({TIER(1, .notice_days = 1, .named_party = 4)}, {END(1), .countersign = "2"},
         {BUY(101), .refused = "record 0, amount: APPROVALS: not enough approvals for this amount "
                               "(rule 1: 9 approvals wanted, 0 given)"},
         {PROGRAMME(2, TJ_PROGRAMME_MINIMUM, 1, .notice_days = 1, .starts = RULES_DAY)},
         {END(2), .countersign = "4"},
         {PROGRAMME(3, TJ_PROGRAMME_MINIMUM, 1, .notice_days = 0, .starts = RULES_DAY),
          .refused = "record 0, type: RULE_STATUS: the rule has ended, or another like it is in "
                     "force (rule 2 is the asset's minimum)"},
         {BUY(102), .refused = "record 0, amount: APPROVALS: not enough approvals for this amount "
                               "(rule 1: 9 approvals wanted, 0 given)"});
}

static void who_can_be_named(void **state)
{
    (void)state;
    PLAY({TIER(0, .named_party = 1), .refused = NO_NAMED_PARTY("1")},
         {TIER(0, .named_party = 2), .refused = NO_NAMED_PARTY("2")},
         {TIER(0, .named_party = 9),
          .refused = "record 0, named_party: PARTY_UNKNOWN: no such party (party 9)"},
         {PROGRAMME(0, TJ_PROGRAMME_MINIMUM, 1, .named_party = 3, .starts = RULES_DAY),
          .refused = NO_NAMED_PARTY("3")},
         {ONLY_TO(0, A(2, 0), .named_party = 2), .refused = NO_NAMED_PARTY("2")},
         {TIER(0, .named_party = 4)});
}

/* ---- minimum, programmes ---- */

static void a_minimum_that_runs_out(void **state)
{
    (void)state;
    PLAY({PROGRAMME(0, TJ_PROGRAMME_MINIMUM, 9000, .notice_days = 1, .starts = RULES_DAY)},
         {.at_ns = 10 * S, END(0)},
         {PROGRAMME(1, TJ_PROGRAMME_MINIMUM, 1, .notice_days = 0, .starts = RULES_DAY + 1),
          .refused = "record 0, type: RULE_STATUS: the rule has ended, or another like it is in "
                     "force (rule 0 is the asset's minimum)"},
         {OUT(A(1, 2), TJ_SALE, 1001),
          .refused = "record 0, amount: PROGRAMME: a programme in force does not allow it (rule 0, "
                     "minimum: 0.00009000 BTC, the reserve holds 0.00010000)"},
         {.at_ns = DAY + 10 * S - 1,
          PROGRAMME(1, TJ_PROGRAMME_MINIMUM, 1, .notice_days = 0, .starts = RULES_DAY + 1),
          .refused = "record 0, type: RULE_STATUS: the rule has ended, or another like it is in "
                     "force (rule 0 is the asset's minimum)"},
         {.at_ns = DAY + 10 * S, OUT(A(1, 2), TJ_SALE, 1001)},
         {PROGRAMME(1, TJ_PROGRAMME_MINIMUM, 8999, .notice_days = 0, .starts = RULES_DAY + 1)},
         {OUT(A(1, 2), TJ_SALE, 1),
          .refused = "record 0, amount: PROGRAMME: a programme in force does not allow it (rule 1, "
                     "minimum: 0.00008999 BTC, the reserve holds 0.00008999)"});
}

static void a_ceiling_that_runs_out_counts_on(void **state)
{
    (void)state;
    PLAY({PROGRAMME(0, TJ_PROGRAMME_CEILING, 100, .notice_days = 1, .purposes = 1u << TJ_PURCHASE,
                    .starts = RULES_DAY)},
         {.at_ns = 10 * S, END(0)}, {BUY(60)},
         {BUY(41), .refused = "record 0, amount: PROGRAMME: a programme in force does not allow it "
                              "(rule 0, ceiling: 0.00000100 BTC net, 0.00000060 counted, "
                              "0.00000040 left)"},
         {.at_ns = DAY + 10 * S, BUY(41)});
    struct tj_rule_object rule = rules_rule(f, 0);
    assert_int_equal((uint64_t)rule.programme.counted_in, 60);
}

/* ---- the wait of a second whitelist ---- */

static void a_second_whitelist_waits(void **state)
{
    (void)state;
    PLAY({ONLY_TO(0, A(1, 1), .notice_days = 2)},
         {OUT(A(1, 7), TJ_PAYMENT, 1), .refused = NOT_LISTED},
         {ONLY_TO(1, A(1, 7), .wait_days = 0),
          .refused = "record 0, wait_days: VALUE: the value is outside what "
                     "this field allows (rule 0 has a notice of 2 days)"},
         {ONLY_TO(1, A(1, 7), .wait_days = 1),
          .refused = "record 0, wait_days: VALUE: the value is outside what this field allows "
                     "(rule 0 has a notice of 2 days)"},
         {.at_ns = 10 * S, ONLY_TO(1, A(1, 7), .wait_days = 2)},
         {OUT(A(1, 7), TJ_PAYMENT, 1), .refused = NOT_LISTED},
         {OUT(A(1, 1), TJ_INTERNAL_TRANSFER, 1)}, {.at_ns = DAY, BUY(1)},
         {.at_ns = 2 * DAY + 10 * S - 1, OUT(A(1, 7), TJ_PAYMENT, 1), .refused = NOT_LISTED},
         {.at_ns = 2 * DAY + 10 * S, OUT(A(1, 7), TJ_PAYMENT, 1)});
}

/* The first of a holder may be set for later; one of the other direction widens nothing. */
static void a_first_whitelist_may_wait(void **state)
{
    (void)state;
    PLAY({.at_ns = 10 * S, ONLY_TO(0, A(1, 1), .wait_days = 1, .notice_days = 2)},
         {OUT(A(1, 7), TJ_PAYMENT, 1)},
         {.at_ns = DAY + 10 * S, OUT(A(1, 7), TJ_PAYMENT, 1), .refused = NOT_LISTED},
         {.r = {.kind = TJ_SET_LIMIT,
                .type = TJ_LIMIT_COUNTERPARTY,
                .rule = 1,
                .holder = A(1, 0),
                .directions = TJ_FREEZE_IN,
                .counterparty = A(1, 2)}},
         {.r = {.kind = TJ_SET_LIMIT,
                .type = TJ_LIMIT_COUNTERPARTY,
                .rule = 2,
                .holder = A(1, 0),
                .directions = TJ_FREEZE_BOTH,
                .counterparty = A(1, 7)},
          .refused = "record 0, wait_days: VALUE: the value is outside what this field allows "
                     "(rule 0 has a notice of 2 days)"});
}

/* ---- recovery ---- */

static void a_named_party_is_not_recovered_sooner(void **state)
{
    (void)state;
    PLAY({TIER(0, .notice_days = 8, .named_party = 4)},
         {.r = {.kind = TJ_RECOVER_PARTY, .party = 4, .delay_s = 8 * 86400 - 1},
          .refused = "record 0, delay_s: VALUE: the value is outside what this field allows "
                     "(rule 0 names it, with a notice of 8 days)"},
         {.r = {.kind = TJ_RECOVER_PARTY, .party = 4, .delay_s = 8 * 86400}},
         {.r = {.kind = TJ_OBJECT_RECOVERY, .party = 4}}, {END(0), .countersign = "4"},
         {.r = {.kind = TJ_RECOVER_PARTY, .party = 4, .delay_s = 604800}});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_stays_in_force_to_the_nanosecond),
        TEST(without_notice_and_with_a_new_one),
        TEST(whom_it_names_may_agree),
        TEST(who_can_be_named),
        TEST(a_minimum_that_runs_out),
        TEST(a_ceiling_that_runs_out_counts_on),
        TEST(a_second_whitelist_waits),
        TEST(a_first_whitelist_may_wait),
        TEST(a_named_party_is_not_recovered_sooner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
