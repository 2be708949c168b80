#include "core/rules/purpose.h"

#define RESERVE TJ_CLASS_RESERVE
#define CUSTODY TJ_CLASS_CUSTODY

/* What is not here is refused. Each row says why it is here. */
/* clang-format off */
#define RULES(X) \
    X(TJ_PURCHASE, TJ_CLASS_MARKET, RESERVE, \
      "the state buys coins on the market") \
    X(TJ_PURCHASE, CUSTODY, RESERVE, \
      "the state buys coins from a holder at a licensed custodian: an accumulation like any other") \
    X(TJ_MINING, TJ_CLASS_MINING, RESERVE, \
      "newly issued coins and fees from the state's own mining") \
    X(TJ_SEIZURE, TJ_CLASS_SEIZURE, RESERVE, \
      "coins taken by a court's order, from outside") \
    X(TJ_SEIZURE, CUSTODY, RESERVE, \
      "coins taken by a court's order, held at a licensed custodian") \
    X(TJ_SEIZURE, RESERVE, TJ_CLASS_SEIZURE, \
      "seized coins given back by a court's order") \
    X(TJ_DONATION, TJ_CLASS_DONATION, RESERVE, \
      "a gift to the state, accepted") \
    X(TJ_DONATION, CUSTODY, RESERVE, \
      "a gift from a holder at a licensed custodian") \
    X(TJ_UNSOLICITED_INFLOW, TJ_CLASS_EXTERNAL, RESERVE, \
      "somebody sent coins to a published address: nobody decided to accumulate") \
    X(TJ_UNSOLICITED_INFLOW, TJ_CLASS_SUSPENSE, RESERVE, \
      "coins arrived and are not explained yet: the wallet holds them, the question stays open") \
    X(TJ_INTERNAL_TRANSFER, RESERVE, RESERVE, \
      "between the state's own wallets: the reserve neither grows nor shrinks") \
    X(TJ_SALE, RESERVE, TJ_CLASS_MARKET, \
      "the state sells coins on the market") \
    X(TJ_SALE, RESERVE, CUSTODY, \
      "the state sells coins to a holder at a licensed custodian") \
    X(TJ_PAYMENT, RESERVE, TJ_CLASS_EXTERNAL, \
      "the state pays somebody outside in coins") \
    X(TJ_PAYMENT, RESERVE, CUSTODY, \
      "the state pays a holder at a licensed custodian") \
    X(TJ_PAYMENT, RESERVE, TJ_CLASS_SUSPENSE, \
      "coins left and it is not explained yet, a theft included: it stays visible until corrected") \
    X(TJ_PAYMENT, CUSTODY, RESERVE, \
      "a holder pays the state: a tax, a fee, a fine") \
    X(TJ_FEE, RESERVE, TJ_CLASS_FEE, \
      "network fees of the state's transactions") \
    X(TJ_FEE, CUSTODY, TJ_CLASS_FEE, \
      "network and custody fees of holders") \
    X(TJ_CUSTOMER_DEPOSIT, TJ_CLASS_EXTERNAL, CUSTODY, \
      "a holder brings coins to a custodian") \
    X(TJ_CUSTOMER_DEPOSIT, TJ_CLASS_SUSPENSE, CUSTODY, \
      "coins that reached a custodian without a name, now credited to their holder") \
    X(TJ_CUSTOMER_WITHDRAWAL, CUSTODY, TJ_CLASS_EXTERNAL, \
      "a holder takes coins away") \
    X(TJ_CUSTOMER_TRANSFER, CUSTODY, CUSTODY, \
      "between holders, at one custodian or two")
/* clang-format on */

const struct tj_purpose_rule tj_purpose_rules[] = {
#define RULE_ROW(purpose, from, to, why) {purpose, from, to, why},
    RULES(RULE_ROW)
#undef RULE_ROW
};

const size_t tj_purpose_rule_count = sizeof tj_purpose_rules / sizeof tj_purpose_rules[0];

/* The same rows by what they allow: every movement asks. */
static const bool allowed[TJ_PURPOSE_END][TJ_CLASS_END][TJ_CLASS_END] = {
#define RULE_ALLOWED(purpose, from, to, why) [purpose][from][to] = true,
    RULES(RULE_ALLOWED)
#undef RULE_ALLOWED
};

/* What tj_purpose_refusal tells people for good must be so of every row. */
static bool row_is_sensible(const struct tj_purpose_rule *row)
{
    bool inside = row->from == RESERVE && row->to == RESERVE;
    return row->purpose != TJ_CORRECTION && inside == (row->purpose == TJ_INTERNAL_TRANSFER) &&
           !(tj_class_is_contra(row->from) && tj_class_is_contra(row->to));
}

TJ_VERIFY_ONLY static bool rows_are_sensible(void)
{
    for (size_t i = 0; i < tj_purpose_rule_count; i++) {
        if (!row_is_sensible(&tj_purpose_rules[i])) {
            return false;
        }
    }
    return true;
}

bool tj_purpose_allows(uint8_t purpose, uint8_t from_class, uint8_t to_class)
{
    return purpose < TJ_PURPOSE_END && from_class < TJ_CLASS_END && to_class < TJ_CLASS_END &&
           allowed[purpose][from_class][to_class];
}

bool tj_purpose_moves(uint8_t purpose)
{
    for (size_t i = 0; i < tj_purpose_rule_count; i++) {
        if (tj_purpose_rules[i].purpose == purpose) {
            return true;
        }
    }
    return false;
}

/* The commonest mistakes have an answer of their own, which teaches the rule behind the table. The
 * narrowest comes first: a transfer inside the reserve is called a purchase more often than
 * anything else is. */
const char *tj_purpose_refusal(uint8_t purpose, uint8_t from_class, uint8_t to_class)
{
    TJ_VERIFY_CHECK(!tj_purpose_allows(purpose, from_class, to_class));
    TJ_VERIFY_CHECK(rows_are_sensible());
    bool inside = from_class == RESERVE && to_class == RESERVE;
    if (inside && purpose == TJ_PURCHASE) {
        return "coins between two reserve accounts are not purchased: the state has them already";
    }
    if (inside) {
        return "between two reserve accounts only internal_transfer is true";
    }
    if (purpose == TJ_INTERNAL_TRANSFER) {
        return "internal_transfer is between two reserve accounts only";
    }
    if (purpose == TJ_CORRECTION) {
        return "only a correct record corrects, and it repeats the purpose of what it corrects";
    }
    if (tj_class_is_contra(from_class) && tj_class_is_contra(to_class)) {
        return "nothing moves between two contra accounts: neither holds coins";
    }
    return "see docs/PURPOSES.md for the pairs that this purpose allows";
}

uint16_t tj_type_classes_max(uint8_t party_type)
{
    switch ((enum tj_party_type)party_type) {
    case TJ_AUTHORITY:
    case TJ_TREASURY:
        return TJ_CLASSES_ALL & ~(1 << CUSTODY);
    case TJ_CUSTODIAN:
        return 1 << CUSTODY | 1 << TJ_CLASS_FEE | 1 << TJ_CLASS_EXTERNAL | 1 << TJ_CLASS_SUSPENSE;
    case TJ_OPERATOR:
    case TJ_AUDITOR:
    case TJ_PARTY_TYPE_END:
        break;
    }
    return 0;
}

uint16_t tj_type_classes_first(uint8_t party_type)
{
    if (party_type == TJ_CUSTODIAN) {
        TJ_VERIFY_CHECK((tj_type_classes_max(party_type) >> CUSTODY & 1) != 0);
        return 1 << CUSTODY;
    }
    return 0;
}
