/* Every cell of purpose x class x class: against a table written from docs/FORMAT.md section 7.1
 * (not from core/rules/purpose.c), and through the ledger. */

#include "rules_support.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { PURPOSES = 13, CLASSES = 9, CELLS = PURPOSES * CLASSES * CLASSES };

static const struct {
    const char *purpose, *from, *to;
} pairs[] = {
    {"purchase", "market", "reserve"},
    {"purchase", "custody", "reserve"},
    {"mining", "mining", "reserve"},
    {"seizure", "seizure", "reserve"},
    {"seizure", "custody", "reserve"},
    {"seizure", "reserve", "seizure"},
    {"donation", "donation", "reserve"},
    {"donation", "custody", "reserve"},
    {"unsolicited_inflow", "external", "reserve"},
    {"unsolicited_inflow", "suspense", "reserve"},
    {"internal_transfer", "reserve", "reserve"},
    {"sale", "reserve", "market"},
    {"sale", "reserve", "custody"},
    {"payment", "reserve", "external"},
    {"payment", "reserve", "custody"},
    {"payment", "reserve", "suspense"},
    {"payment", "custody", "reserve"},
    {"fee", "reserve", "fee"},
    {"fee", "custody", "fee"},
    {"customer_deposit", "external", "custody"},
    {"customer_deposit", "suspense", "custody"},
    {"customer_withdrawal", "custody", "external"},
    {"customer_transfer", "custody", "custody"},
    /* correction: none */
};
enum { PAIRS = sizeof pairs / sizeof pairs[0] };

static const char *const purposes[PURPOSES + 1] = {
    NULL,
    "purchase",
    "mining",
    "seizure",
    "donation",
    "unsolicited_inflow",
    "internal_transfer",
    "sale",
    "payment",
    "fee",
    "customer_deposit",
    "customer_withdrawal",
    "customer_transfer",
    "correction",
};
static const char *const classes[CLASSES + 1] = {NULL,       "reserve", "custody",  "market",
                                                 "mining",   "seizure", "donation", "fee",
                                                 "external", "suspense"};

static bool allowed(unsigned purpose, unsigned from, unsigned to)
{
    for (size_t i = 0; i < PAIRS; i++) {
        if (strcmp(pairs[i].purpose, purposes[purpose]) == 0 &&
            strcmp(pairs[i].from, classes[from]) == 0 && strcmp(pairs[i].to, classes[to]) == 0) {
            return true;
        }
    }
    return false;
}

static void every_cell_of_the_table(void **state)
{
    (void)state;
    size_t found = 0;
    for (unsigned purpose = 0; purpose < 16; purpose++) {
        for (unsigned from = 0; from < 12; from++) {
            for (unsigned to = 0; to < 12; to++) {
                bool known = purpose >= 1 && purpose <= PURPOSES && from >= 1 && from <= CLASSES &&
                             to >= 1 && to <= CLASSES;
                bool wanted = known && allowed(purpose, from, to);
                bool is = tj_purpose_allows((uint8_t)purpose, (uint8_t)from, (uint8_t)to);
                if (is != wanted) {
                    fail_msg("purpose %u, %u to %u: %s", purpose, from, to,
                             is ? "allowed" : "refused");
                }
                found += is;
            }
        }
    }
    assert_int_equal(found, PAIRS);
    assert_int_equal(tj_purpose_rule_count, PAIRS);
    assert_false(tj_purpose_allows(255, 255, 255));
    for (size_t i = 0; i < tj_purpose_rule_count; i++) {
        assert_true(strlen(tj_purpose_rules[i].reason) > 20);
    }
}

/* What no table may ever allow, whatever rows are added. */
static void what_the_table_must_not_say(void **state)
{
    (void)state;
    for (uint8_t purpose = 1; purpose <= PURPOSES; purpose++) {
        for (uint8_t from = 1; from <= CLASSES; from++) {
            for (uint8_t to = 1; to <= CLASSES; to++) {
                bool is = tj_purpose_allows(purpose, from, to);
                bool inside = from == TJ_CLASS_RESERVE && to == TJ_CLASS_RESERVE;
                bool outside = tj_class_is_contra(from) && tj_class_is_contra(to);
                assert_true(!is || inside == (purpose == TJ_INTERNAL_TRANSFER));
                assert_false(is && outside);
                assert_false(is && purpose == TJ_CORRECTION);
                assert_true(is || strlen(tj_purpose_refusal(purpose, from, to)) > 20);
            }
        }
    }
}

/* The n-th account (0 or 1) of a class; its owner follows from the class. */
static uint64_t account_of(unsigned class, unsigned nth)
{
    switch (class) {
    case TJ_CLASS_RESERVE:
        return fixture_account(nth == 0 ? T_RESERVE_A : T_RESERVE_B);
    case TJ_CLASS_CUSTODY:
        return fixture_account(nth == 0 ? C_CUSTODY_A : C_CUSTODY_B);
    }
    /* The fixture opens 1:2 to 1:8 in the order of the classes, open_seconds 1:9 to 1:15. */
    return tj_account_id(1, (nth == 0 ? 2 : 9) + class - TJ_CLASS_MARKET);
}

static void open_seconds(struct fixture *f)
{
    fixture_begin(f, 1, 1);
    for (unsigned class = TJ_CLASS_MARKET; class <= TJ_CLASS_SUSPENSE; class ++) {
        struct tj_record r = {.kind = TJ_OPEN_ACCOUNT, .asset = 1, .class = (uint8_t) class};
        r.account = account_of(class, 1);
        fixture_add(f, &r);
    }
    rules_accept(f);
    for (unsigned nth = 0; nth < 2; nth++) {
        struct tj_record r = fixture_move(account_of(TJ_CLASS_MARKET, 0),
                                          account_of(TJ_CLASS_RESERVE, nth), 1000000, TJ_PURCHASE);
        rules_accept_one(f, 1, 1, &r);
        r = fixture_move(fixture_account(C_EXTERNAL), account_of(TJ_CLASS_CUSTODY, nth), 1000000,
                         TJ_CUSTOMER_DEPOSIT);
        rules_accept_one(f, 2, 1, &r);
    }
    for (unsigned class = 1; class <= CLASSES; class ++) {
        assert_int_equal(rules_account(f, account_of(class, 0)).class, class);
        assert_int_equal(rules_account(f, account_of(class, 1)).class, class);
    }
}

static void accept_cell(struct fixture *f, struct tj_record *r)
{
    uint32_t owner = tj_account_party(r->to);
    rules_one(f, tj_account_party(r->from), 1, r);
    if (owner != f->header.party) {
        rules_countersign(f, owner);
    }
    rules_accept(f);
}

/* Not countersigned, and more than any account holds, and every third one of a custodian
 * restricted: the purpose is what is said. A restricted one of the public sector is not read so
 * far. */
static void refuse_cell(struct fixture *f, struct tj_record *r, unsigned cell)
{
    struct tijori_receipt receipt;
    r->amount = TJ_BTC_AMOUNT_MAX;
    rules_one(f, tj_account_party(r->from), 1, r);
    f->header.flags = cell % 3 == 0 ? TJ_FLAG_RESTRICTED : 0;
    rules_sign(f);
    fixture_encode(f);
    if (cell % 3 == 0 && f->header.party == 1) {
        rules_refuse_bytes(f, &receipt, TIJORI_RESTRICTED);
        assert_string_equal(receipt.field, "flags");
        rules_one(f, 1, 1, r);
        rules_sign(f);
        fixture_encode(f);
    }
    if (fixture_submit(f, &receipt) != TIJORI_PURPOSE) {
        fail_msg("cell %u: %s", cell, receipt.text);
    }
    assert_int_equal(receipt.record, 0);
    assert_string_equal(receipt.field, "purpose");
    assert_non_null(strstr(receipt.text, purposes[r->purpose]));
}

static void every_cell_through_the_ledger(void **state)
{
    (void)state;
    struct fixture *f = rules_world(false);
    struct rules_trace before;
    unsigned cells = 0;
    unsigned accepted = 0;
    open_seconds(f);
    rules_trace(f, &before);
    for (unsigned purpose = 1; purpose <= PURPOSES; purpose++) {
        for (unsigned from = 1; from <= CLASSES; from++) {
            for (unsigned to = 1; to <= CLASSES; to++, cells++) {
                struct tj_record r = fixture_move(account_of(from, 0), account_of(to, from == to),
                                                  100 + cells, (uint8_t)purpose);
                r.kind = cells % 2 == 0 ? TJ_MOVE : TJ_PENDING;
                if (!allowed(purpose, from, to)) {
                    refuse_cell(f, &r, cells);
                    continue;
                }
                rules_same_trace(f, &before); /* the refused ones since the last left nothing */
                accept_cell(f, &r);
                r.kind = r.kind == TJ_MOVE ? TJ_PENDING : TJ_MOVE;
                accept_cell(f, &r);
                rules_trace(f, &before);
                accepted++;
            }
        }
    }
    rules_same_trace(f, &before);
    assert_int_equal(cells, CELLS);
    assert_int_equal(accepted, PAIRS);
    rules_end(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_cell_of_the_table),
        cmocka_unit_test(what_the_table_must_not_say),
        cmocka_unit_test(every_cell_through_the_ledger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
