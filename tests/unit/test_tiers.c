/* Approvals, tiers and delays: docs/FORMAT.md section 7.3 rule 6, and approve records. Each story
 * is played twice, the second time with the ledger closed and opened before each envelope; after
 * it an auditor's replay gives the same state. */

#include "story.h"

/* Party 1 of rules_world, with more keys of role approve: 2 of no group, 3 of group 1, 4 and 5 of
 * group 2. It has 10,000 in 1:0 and its `from` of most stories is its market account, which has no
 * bottom. */

#define BUY(base)                                                                                  \
    .party = 1, .lane = 1,                                                                         \
    .r = {                                                                                         \
        .kind = TJ_MOVE, .from = A(1, 2), .to = A(1, 0), .amount = (base), .purpose = TJ_PURCHASE}
#define PEND(base)                                                                                 \
    .party = 1, .lane = 1,                                                                         \
    .r = {.kind = TJ_PENDING,                                                                      \
          .from = A(1, 2),                                                                         \
          .to = A(1, 0),                                                                           \
          .amount = (base),                                                                        \
          .purpose = TJ_PURCHASE}
#define POST(of) .names = (of), .party = 1, .lane = 1, .r = {.kind = TJ_POST}
#define CORRECTED(of, base)                                                                        \
    .names = (of), .party = 1, .lane = 1, .r = {.kind = TJ_CORRECT, .amount = (base)}
#define APPROVE(of)                                                                                \
    .names = (of), .party = 1, .lane = 2, .flags = TJ_FLAG_APPROVAL, .r = {.kind = TJ_APPROVAL}
#define TIER(number, over, ...)                                                                    \
    .r = {.kind = TJ_SET_TIER,                                                                     \
          .rule = (number),                                                                        \
          .party = 1,                                                                              \
          .asset = 1,                                                                              \
          .above = (over),                                                                         \
          __VA_ARGS__}
#define END(number) .r = {.kind = TJ_END_RULE, .rule = (number)}

#define NOT_APPROVED(rule_wanted_given)                                                            \
    "record 0, amount: APPROVALS: not enough approvals for this amount (rule " rule_wanted_given ")"
#define WAITS                                                                                      \
    "DELAY: an amount like this waits: submit it as pending, and post it when its delay has "      \
    "passed (rule "

static void give_keys(void)
{
    static const uint8_t groups[] = {1, 2, 2};
    fixture_begin(f, 0, 0);
    for (uint32_t i = 0; i < sizeof groups; i++) {
        struct tj_record r = rules_key(TJ_ADD_KEY, 1, 3 + i, TJ_APPROVE);
        r.group = groups[i];
        fixture_add(f, &r);
    }
    for (uint32_t i = 0; i < sizeof groups; i++) {
        fixture_sign_as(f, TJ_USE_POSSESSION, 1, 3 + i);
    }
    rules_accept(f);
}

static int world(bool reopens)
{
    f = rules_story_world(reopens);
    give_keys();
    struct tj_record r = fixture_move(A(1, 2), A(1, 0), 10000, TJ_PURCHASE);
    rules_accept_one(f, 1, 1, &r);
    return 0;
}

/* ---- amounts ---- */

/* A weak tier just above a strong one takes nothing from it, whichever was set first; and where
 * several want the same the first is told. */
static void a_weak_tier_beside_a_strong_one(void **state)
{
    (void)state;
    PLAY({TIER(0, 501, .approvals = 1)}, {TIER(1, 500, .approvals = 2)},
         {TIER(2, 502, .approvals = 2, .groups = 1u << 1)},
         {BUY(501), .sign = "02", .refused = NOT_APPROVED("1: 2 approvals wanted, 1 given")},
         {BUY(502), .sign = "02", .refused = NOT_APPROVED("1: 2 approvals wanted, 1 given")},
         {BUY(503), .sign = "02", .refused = NOT_APPROVED("1: 2 approvals wanted, 1 given")},
         {BUY(503), .sign = "024", .refused = NOT_APPROVED("2: none of group 1 approved")},
         {BUY(503), .sign = "023"}, {END(1)}, {BUY(502), .sign = "02"},
         {BUY(503), .sign = "02", .refused = NOT_APPROVED("2: 2 approvals wanted, 1 given")},
         {BUY(503), .sign = "023"});
}

/* The longest wait, and that of the first rule that waits so long. */
static void every_delay(void **state)
{
    (void)state;
    PLAY({TIER(0, 200, .delay_s = 60)}, {TIER(1, 100, .delay_s = 100)},
         {TIER(2, 300, .delay_s = 100)},
         {BUY(101), .refused = "record 0, kind: " WAITS "1: waits 100 s)"},
         {BUY(301), .refused = "record 0, kind: " WAITS "1: waits 100 s)"},
         {.at_ns = 10 * S, .id = "p", PEND(301)},
         {.at_ns = 70 * S,
          POST("p"),
          .refused = "record 0, refers_to: " WAITS "1: waits 100 s, 40 s left)"},
         {END(1)},
         {.at_ns = 110 * S - 1,
          POST("p"),
          .refused = "record 0, refers_to: " WAITS "2: waits 100 s, 1 s left)"},
         {.at_ns = 110 * S, POST("p")});
}

static void the_tier_of_an_amount(void **state)
{
    (void)state;
    PLAY({TIER(0, 100, .approvals = 1)}, {TIER(1, 500, .approvals = 2)},
         {TIER(2, 800, .groups = 1u << 1 | 1u << 2)},
         /* Of the same party in another asset, and of another party: they say nothing here. */
         {.r = {.kind = TJ_OPEN_ASSET,
                .asset = 2,
                .amount_max = 1000,
                .code = "XAU",
                .name = "Gold"}},
         {.r = {.kind = TJ_SET_TIER, .rule = 3, .party = 1, .asset = 2, .approvals = 9}},
         {.r = {.kind = TJ_SET_TIER, .rule = 4, .party = 2, .asset = 1, .approvals = 9}},
         {BUY(1), .sign = "01"}, {BUY(100), .sign = "01"},
         {BUY(101), .sign = "01", .refused = NOT_APPROVED("0: 1 approvals wanted, 0 given")},
         {BUY(101), .sign = "02"}, {BUY(101), .sign = "15"}, {BUY(101), .sign = "0123"},
         {BUY(500), .sign = "02"},
         {BUY(501), .sign = "01", .refused = NOT_APPROVED("1: 2 approvals wanted, 0 given")},
         {BUY(501), .sign = "013", .refused = NOT_APPROVED("1: 2 approvals wanted, 1 given")},
         {BUY(501), .sign = "023"}, {BUY(800), .sign = "045"},
         /* Every tier below it is asked: the highest wants groups, and one below it a number. */
         {BUY(801), .sign = "023", .refused = NOT_APPROVED("2: none of group 2 approved")},
         {BUY(801), .sign = "02", .refused = NOT_APPROVED("1: 2 approvals wanted, 1 given")},
         {BUY(801), .sign = "03", .refused = NOT_APPROVED("1: 2 approvals wanted, 1 given")},
         {BUY(801), .sign = "0245", .refused = NOT_APPROVED("2: none of group 1 approved")},
         {BUY(801), .sign = "034"}, {BUY(2000000000000000), .sign = "035"},
         /* Amounts are of one record: two of 100 in an envelope are 100 each. */
         {BUY(100), .more = true}, {BUY(100), .sign = "01"}, {BUY(100), .more = true},
         {BUY(101), .sign = "01",
          .refused = "record 1, amount: APPROVALS: not enough approvals for this amount "
                     "(rule 0: 1 approvals wanted, 0 given)"},
         /* Whatever leaves: out of the reserve too. The tier is that of the owner of `from`. */
         {.party = 1,
          .lane = 1,
          .sign = "01",
          .r = {.kind = TJ_MOVE,
                .from = A(1, 0),
                .to = A(1, 7),
                .amount = 101,
                .purpose = TJ_PAYMENT},
          .refused = NOT_APPROVED("0: 1 approvals wanted, 0 given")},
         {.party = 3,
          .lane = 1,
          .countersign = "1",
          .r = {.kind = TJ_MOVE,
                .from = A(3, 0),
                .to = A(1, 0),
                .amount = 101,
                .purpose = TJ_INTERNAL_TRANSFER},
          .refused = "record 0, amount: BALANCE: the balance, less what is pending, does not cover "
                     "it (0.00000000 BTC left, 0.00000101 wanted)"},
         {.party = 2,
          .lane = 1,
          .r = {.kind = TJ_MOVE,
                .from = A(2, 2),
                .to = A(2, 0),
                .amount = 1,
                .purpose = TJ_CUSTOMER_DEPOSIT},
          .refused = NOT_APPROVED("4: 9 approvals wanted, 0 given")}, );
}

/* `above` 0: every amount; and the largest bound there is, which no amount is above. */
static void the_least_and_the_largest_bound(void **state)
{
    (void)state;
    PLAY({TIER(0, TJ_AMOUNT_MAX, .approvals = 16)}, {BUY(TJ_BTC_AMOUNT_MAX), .sign = "01"},
         {TIER(1, TJ_BTC_AMOUNT_MAX - 1, .approvals = 1)},
         {BUY(TJ_BTC_AMOUNT_MAX - 1), .sign = "01"},
         {BUY(TJ_BTC_AMOUNT_MAX), .sign = "01",
          .refused = NOT_APPROVED("1: 1 approvals wanted, 0 given")},
         {TIER(2, 0, .approvals = 1)},
         {BUY(1), .sign = "01", .refused = NOT_APPROVED("2: 1 approvals wanted, 0 given")},
         {BUY(1), .sign = "02"}, );
}

static void tiers_are_set_and_ended(void **state)
{
    (void)state;
    PLAY({TIER(0, 100, .approvals = 1)},
         {TIER(1, 100, .approvals = 2),
          .refused = "record 0, above: RULE_STATUS: the rule has ended, or another like it is in "
                     "force (rule 0 says this of the same amount)"},
         {TIER(2, 101, .approvals = 2),
          .refused = "record 0, rule: NUMBER: not the next number (the next is 1)"},
         /* Changed in one envelope; in it nothing moves, so both orders of words are one. */
         {END(0), .more = true}, {TIER(1, 100, .approvals = 2)},
         {BUY(101), .sign = "02", .refused = NOT_APPROVED("1: 2 approvals wanted, 1 given")},
         /* Set and ended in one envelope: never in force. */
         {TIER(2, 50, .approvals = 3), .more = true}, {END(2)}, {BUY(51), .sign = "01"},
         {TIER(3, 50, .approvals = 1)},
         {BUY(51), .sign = "01", .refused = NOT_APPROVED("3: 1 approvals wanted, 0 given")},
         {END(3)}, {BUY(51), .sign = "01"}, {BUY(100), .sign = "01"},
         {END(3), .refused = "record 0, rule: RULE_STATUS: the rule has ended, or another like it "
                             "is in force (rule 3 has ended)"},
         {END(4), .refused = "record 0, rule: RULE_UNKNOWN: no such rule, or not of this kind "
                             "(rule 4)"},
         {END(1)}, {BUY(5000), .sign = "01"}, );
}

/* ---- approvals ---- */

/* In the pending envelope, by approve records, in the post: one approval a key, wherever it is. */
static void approvals_come_from_three_places(void **state)
{
    (void)state;
    PLAY({TIER(0, 100, .approvals = 3)}, {.id = "plain", PEND(101), .sign = "01"},
         {POST("plain"), .sign = "01", .refused = NOT_APPROVED("0: 3 approvals wanted, 0 given")},
         {APPROVE("plain"), .sign = "2"},
         {POST("plain"), .sign = "01", .refused = NOT_APPROVED("0: 3 approvals wanted, 1 given")},
         {POST("plain"), .sign = "02", .refused = NOT_APPROVED("0: 3 approvals wanted, 1 given")},
         {POST("plain"), .sign = "03", .refused = NOT_APPROVED("0: 3 approvals wanted, 2 given")},
         {POST("plain"), .sign = "034"}, {.id = "signed", PEND(102), .sign = "0123"},
         {POST("signed"), .sign = "01", .refused = NOT_APPROVED("0: 3 approvals wanted, 2 given")},
         {APPROVE("signed"), .sign = "5"}, {POST("signed"), .sign = "01"},
         {.id = "records", PEND(103), .sign = "01"}, {APPROVE("records"), .sign = "23"},
         {APPROVE("records"), .sign = "4"}, {POST("records"), .sign = "01"},
         /* Two pending movements, approved in one envelope. */
         {.id = "one", PEND(104), .more = true}, {.id = "two", PEND(105), .sign = "01"},
         {APPROVE("one"), .more = true}, {APPROVE("two"), .sign = "245"},
         {POST("one"), .more = true}, {POST("two"), .sign = "01"}, );
}

static void groups_over_several_places(void **state)
{
    (void)state;
    PLAY({TIER(0, 100, .approvals = 3, .groups = 1u << 1 | 1u << 2)},
         {.id = "p", PEND(101), .sign = "02"}, {APPROVE("p"), .sign = "4"},
         {POST("p"), .sign = "01", .refused = NOT_APPROVED("0: 3 approvals wanted, 2 given")},
         {POST("p"), .sign = "05", .refused = NOT_APPROVED("0: none of group 1 approved")},
         {APPROVE("p"), .sign = "3"}, {POST("p"), .sign = "01"},
         /* A group that no key has. */
         {TIER(1, 200, .groups = 1u << 15)},
         {BUY(201), .sign = "02345", .refused = NOT_APPROVED("1: none of group 15 approved")}, );
}

static void what_does_not_approve(void **state)
{
    (void)state;
#define NO_SUCH(why) "record 0, refers_to: " why
    PLAY({TIER(0, 100, .approvals = 1)}, {.id = "p", PEND(101), .sign = "01"},
         {APPROVE("p"), .sign = "0",
          .refused = "signature 0, key: KEY_ROLE: the key's role does not count here (role "
                     "initiate, lane 2)"},
         {APPROVE("p"), .sign = "02",
          .refused = "signature 0, key: KEY_ROLE: the key's role does not count here (role "
                     "initiate, lane 2)"},
         {APPROVE("p"), .sign = "",
          .refused = "slots: THRESHOLD: not enough signatures of the party (party 1 did not sign)"},
         /* One key is enough, whatever the threshold; the same key again is not. */
         {APPROVE("p"), .sign = "3"},
         {APPROVE("p"), .sign = "3",
          .refused = NO_SUCH("APPROVED: one of these keys approved it before (key 3)")},
         {APPROVE("p"), .sign = "23",
          .refused = NO_SUCH("APPROVED: one of these keys approved it before (key 3)")},
         {APPROVE("p"), .more = true},
         {APPROVE("p"), .sign = "2",
          .refused = "record 1, refers_to: APPROVED: one of these keys approved it before (key 2)"},
         {.id = "q", PEND(102), .sign = "02"},
         {APPROVE("q"), .sign = "2",
          .refused = NO_SUCH("APPROVED: one of these keys approved it before (key 2)")},
         /* Another party's, in lane 0, of what is no pending movement, of what differs. */
         {.names = "q",
          .party = 4,
          .lane = 2,
          .flags = TJ_FLAG_APPROVAL,
          .r = {.kind = TJ_APPROVAL},
          .sign = "3",
          .refused =
              "record 0, from: NOT_OWNER: moves only from accounts of the party that submits "
              "(party 4 submits, party 1 owns)"},
         {.names = "q",
          .party = 4,
          .lane = 0,
          .flags = TJ_FLAG_APPROVAL,
          .r = {.kind = TJ_APPROVAL},
          .sign = "0",
          .refused = "record 0, kind: LANE: lane 0 takes no movement but void"},
         {.id = "moved", BUY(1)},
         {APPROVE("moved"), .sign = "2",
          .refused = NO_SUCH("NAMED_KIND: names a record of a kind that this cannot refer to (it "
                             "is a move)")},
         {.names = "q",
          .party = 1,
          .lane = 2,
          .flags = TJ_FLAG_APPROVAL,
          .sign = "3",
          .r = {.kind = TJ_APPROVAL, .amount = 101},
          .refused = "record 0, amount: NAMED_DIFFERS: differs from the record it names"}, );
#undef NO_SUCH
}

static void what_is_settled_or_too_late_is_not_approved(void **state)
{
    (void)state;
#define SETTLED "record 0, refers_to: SETTLED: the pending movement was posted or voided before"
    uint32_t timeout_s = (uint32_t)(f->now_ns / S) + 100;
    PLAY({.id = "posted", PEND(1)}, {POST("posted")},
         {APPROVE("posted"), .sign = "2", .refused = SETTLED}, {.id = "voided", PEND(1)},
         {.names = "voided", .party = 1, .lane = 1, .r = {.kind = TJ_VOID}},
         {APPROVE("voided"), .sign = "2", .refused = SETTLED}, );
    struct rules_step late[] = {
        {.id = "late", PEND(1)},
        {.at_ns = 100 * S - 1, APPROVE("late"), .sign = "2"},
        {.at_ns = 100 * S,
         APPROVE("late"),
         .sign = "3",
         .refused = "record 0, refers_to: TIMEOUT: the timeout has passed"},
    };
    late[0].r.timeout_s = timeout_s;
    RULES_PLAY(f, late);
#undef SETTLED
}

/* Who approved stays who approved; the money does not move on a key that is revoked. */
static void revoked_keys_approve_no_more(void **state)
{
    (void)state;
    struct tj_record revoke = rules_key(TJ_REVOKE_KEY, 1, 3, TJ_APPROVE);
    struct rules_step steps[] = {
        {TIER(0, 100, .approvals = 2, .groups = 1u << 2)},
        {.id = "p", PEND(101), .sign = "013"},
        {APPROVE("p"), .sign = "4"},
        {.r = revoke},
        {POST("p"), .sign = "01", .refused = NOT_APPROVED("0: 2 approvals wanted, 1 given")},
        {APPROVE("p"), .sign = "3",
         .refused = "signature 0, key: KEY_REVOKED: the key is revoked or retired (party 1, key "
                    "3)"},
        {.r = rules_key(TJ_REVOKE_KEY, 1, 4, TJ_APPROVE)},
        {POST("p"), .sign = "01", .refused = NOT_APPROVED("0: 2 approvals wanted, 0 given")},
        {APPROVE("p"), .sign = "2"},
        {POST("p"), .sign = "01", .refused = NOT_APPROVED("0: 2 approvals wanted, 1 given")},
        {POST("p"), .sign = "015"},
    };
    RULES_PLAY(f, steps);
}

/* A restricted pending movement: its approve may be restricted too, or public. */
static void approvals_of_restricted_movements(void **state)
{
    (void)state;
    enum { HIDDEN = TJ_FLAG_RESTRICTED | TJ_FLAG_APPROVAL };
#define TRANSFER(base)                                                                             \
    {.kind = TJ_PENDING,                                                                           \
     .from = A(4, 0),                                                                              \
     .to = A(4, 1),                                                                                \
     .amount = (base),                                                                             \
     .purpose = TJ_CUSTOMER_TRANSFER}
    PLAY(
        {.party = 4,
         .lane = 1,
         .r = {.kind = TJ_MOVE,
               .from = A(4, 2),
               .to = A(4, 0),
               .amount = 1000,
               .purpose = TJ_CUSTOMER_DEPOSIT}},
        {.r =
             {.kind = TJ_SET_TIER, .rule = 0, .party = 4, .asset = 1, .above = 10, .approvals = 2}},
        {.id = "p",
         .party = 4,
         .lane = 1,
         .flags = TJ_FLAG_RESTRICTED,
         .r = TRANSFER(11),
         .sign = "13"},
        {.names = "p",
         .party = 4,
         .lane = 1,
         .flags = TJ_FLAG_RESTRICTED,
         .r = {.kind = TJ_POST},
         .sign = "12",
         .refused = NOT_APPROVED("0: 2 approvals wanted, 1 given")},
        {.names = "p",
         .party = 4,
         .lane = 7,
         .flags = HIDDEN,
         .r = {.kind = TJ_APPROVAL},
         .sign = "4"},
        {.names = "p",
         .party = 4,
         .lane = 1,
         .flags = TJ_FLAG_RESTRICTED,
         .r = {.kind = TJ_POST},
         .sign = "12"},
        {.id = "q",
         .party = 4,
         .lane = 1,
         .flags = TJ_FLAG_RESTRICTED,
         .r = TRANSFER(12),
         .sign = "12"},
        {.names = "q",
         .party = 4,
         .lane = 7,
         .flags = TJ_FLAG_APPROVAL,
         .r = {.kind = TJ_APPROVAL},
         .sign = "34"},
        {.names = "q", .party = 4, .lane = 1, .r = {.kind = TJ_POST}, .sign = "12"},
        {.id = "public", PEND(1)},
        {.names = "public",
         .party = 1,
         .lane = 2,
         .flags = HIDDEN,
         .r = {.kind = TJ_APPROVAL},
         .sign = "2",
         .refused = "flags: RESTRICTED: movements of the public sector are public"}, );
#undef TRANSFER
}

/* A correct that moves what a tier is above needs what a move of it would. Since it cannot be
 * pending, it is made in parts where a tier waits. */
static void corrections_above_a_tier(void **state)
{
    (void)state;
    PLAY({.id = "m", BUY(900)}, {TIER(0, 100, .approvals = 1)},
         {TIER(1, 300, .delay_s = 3600, .approvals = 2)}, {CORRECTED("m", 100), .sign = "01"},
         {CORRECTED("m", 101), .sign = "01",
          .refused = NOT_APPROVED("0: 1 approvals wanted, 0 given")},
         {CORRECTED("m", 300), .sign = "02"},
         {CORRECTED("m", 301), .sign = "02",
          .refused = NOT_APPROVED("1: 2 approvals wanted, 1 given")},
         {CORRECTED("m", 301), .sign = "023",
          .refused = "record 0, kind: " WAITS "1: waits 3600 s)"},
         {CORRECTED("m", 300), .sign = "02"}, );
}

/* ---- delays ---- */

static void a_delay_to_the_nanosecond(void **state)
{
    (void)state;
    PLAY({TIER(0, 100, .delay_s = 3600)},
         {BUY(101), .refused = "record 0, kind: " WAITS "0: waits 3600 s)"}, {BUY(100)},
         {.at_ns = 10 * S, .id = "p", PEND(101)}, {.id = "small", PEND(100)}, {POST("small")},
         {.at_ns = 10 * S + 5,
          POST("p"),
          .refused = "record 0, refers_to: " WAITS "0: waits 3600 s, 3600 s left)"},
         {.at_ns = 11 * S,
          POST("p"),
          .refused = "record 0, refers_to: " WAITS "0: waits 3600 s, 3599 s left)"},
         {.at_ns = 3609 * S,
          POST("p"),
          .refused = "record 0, refers_to: " WAITS "0: waits 3600 s, 1 s left)"},
         {.at_ns = 3610 * S - 1,
          POST("p"),
          .refused = "record 0, refers_to: " WAITS "0: waits 3600 s, 1 s left)"},
         {.at_ns = 3610 * S, POST("p")}, );
}

/* The delay counts from the pending movement, whenever the tier was set; an ended tier waits no
 * more. Approvals are looked at first. */
static void delays_that_come_and_go(void **state)
{
    (void)state;
    PLAY({.at_ns = 10 * S, .id = "p", PEND(101), .sign = "01"},
         {.at_ns = 100 * S, .id = "q", PEND(102), .sign = "01"},
         {.at_ns = 200 * S, TIER(0, 100, .delay_s = 300, .approvals = 1)},
         {.at_ns = 210 * S,
          POST("p"),
          .sign = "01",
          .refused = NOT_APPROVED("0: 1 approvals wanted, 0 given")},
         {.at_ns = 220 * S,
          POST("p"),
          .sign = "02",
          .refused = "record 0, refers_to: " WAITS "0: waits 300 s, 90 s left)"},
         {.at_ns = 310 * S, POST("p"), .sign = "02"},
         {.at_ns = 320 * S,
          POST("q"),
          .sign = "02",
          .refused = "record 0, refers_to: " WAITS "0: waits 300 s, 80 s left)"},
         {END(0)}, {POST("q"), .sign = "01"}, );
}

/* While a movement waits, its owner's lane 0 and the authority can say no. */
static void a_veto_while_it_waits(void **state)
{
    (void)state;
#define SETTLED "record 0, refers_to: SETTLED: the pending movement was posted or voided before"
    static const struct tj_record transfer = {.kind = TJ_PENDING,
                                              .from = A(4, 0),
                                              .to = A(4, 1),
                                              .amount = 11,
                                              .purpose = TJ_CUSTOMER_TRANSFER};
    struct rules_step steps[] = {
        {.party = 4,
         .lane = 1,
         .r = {.kind = TJ_MOVE,
               .from = A(4, 2),
               .to = A(4, 0),
               .amount = 33,
               .purpose = TJ_CUSTOMER_DEPOSIT}},
        {.r = {.kind = TJ_SET_TIER,
               .rule = 0,
               .party = 4,
               .asset = 1,
               .above = 10,
               .delay_s = 86400}},
        {.id = "a", .party = 4, .lane = 1, .r = transfer},
        {.id = "b", .party = 4, .lane = 1, .r = transfer},
        {.id = "c", .party = 4, .lane = 1, .r = transfer},
        {.names = "a", .party = 4, .lane = 0, .r = {.kind = TJ_VOID}},
        {.names = "b", .party = 0, .lane = 0, .r = {.kind = TJ_VOID}},
        {.names = "b", .party = 4, .lane = 0, .r = {.kind = TJ_VOID}, .refused = SETTLED},
        {.at_ns = 86000 * S,
         .names = "a",
         .party = 4,
         .lane = 1,
         .r = {.kind = TJ_POST},
         .refused = SETTLED},
        {.at_ns = 86401 * S,
         .names = "a",
         .party = 4,
         .lane = 1,
         .r = {.kind = TJ_POST},
         .refused = SETTLED},
        {.names = "b", .party = 4, .lane = 1, .r = {.kind = TJ_POST}, .refused = SETTLED},
        {.names = "c", .party = 4, .lane = 1, .r = {.kind = TJ_POST}},
        {.names = "c", .party = 0, .lane = 0, .r = {.kind = TJ_VOID}, .refused = SETTLED},
    };
    RULES_PLAY(f, steps);
    assert_int_equal(fixture_balance(f, A(4, 1)), 11);
#undef SETTLED
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_tier_of_an_amount),
        TEST(a_weak_tier_beside_a_strong_one),
        TEST(every_delay),
        TEST(the_least_and_the_largest_bound),
        TEST(tiers_are_set_and_ended),
        TEST(approvals_come_from_three_places),
        TEST(groups_over_several_places),
        TEST(what_does_not_approve),
        TEST(what_is_settled_or_too_late_is_not_approved),
        TEST(revoked_keys_approve_no_more),
        TEST(approvals_of_restricted_movements),
        TEST(corrections_above_a_tier),
        TEST(a_delay_to_the_nanosecond),
        TEST(delays_that_come_and_go),
        TEST(a_veto_while_it_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
