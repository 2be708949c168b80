/* The ledger through its public face: from a signed envelope to a balance, across closes. */

#include "ledger_support.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct fixture *new_world(void)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    fixture_parties(f);
    return f;
}

static void end_world(struct fixture *f)
{
    fixture_destroy(f);
    free(f);
}

static void must_send(struct fixture *f, uint64_t from, uint64_t to, uint64_t amount,
                      uint8_t purpose)
{
    struct tijori_receipt receipt;
    if (fixture_send_move(f, &receipt, from, to, amount, purpose) != TIJORI_OK) {
        fail_msg("%s", receipt.text);
    }
}

static void must_pass(const struct tj_replay_report *report)
{
    if (report->failed) {
        fail_msg("entry %llu: %s: %s", (unsigned long long)report->first_entry,
                 tj_check_text(report->first_check), report->failure);
    }
}

static void purchase_and_consolidation(void **state)
{
    (void)state;
    struct fixture *f = new_world();
    struct tijori_receipt receipt;
    must_send(f, fixture_account(T_MARKET), fixture_account(T_RESERVE_A), 1000, TJ_PURCHASE);
    must_send(f, fixture_account(T_RESERVE_A), fixture_account(T_RESERVE_B), 400,
              TJ_INTERNAL_TRANSFER);
    assert_int_equal(fixture_balance(f, fixture_account(T_RESERVE_A)), 600);
    assert_int_equal(fixture_balance(f, fixture_account(T_RESERVE_B)), 400);
    assert_int_equal(fixture_balance(f, fixture_account(T_MARKET)), -1000);
    /* The dispute itself: coins the state has already are not bought again. */
    assert_int_equal(fixture_send_move(f, &receipt, fixture_account(T_RESERVE_A),
                                       fixture_account(T_RESERVE_B), 100, TJ_PURCHASE),
                     TIJORI_PURPOSE);
    assert_int_equal(receipt.record, 0);
    assert_string_equal(receipt.field, "purpose");
    assert_non_null(strstr(receipt.text, "not purchased"));
    assert_int_equal(fixture_balance(f, fixture_account(T_RESERVE_A)), 600);
    struct tj_replay_report report;
    fixture_close(f);
    fixture_audit(f, &report, 1);
    must_pass(&report);
    fixture_open(f);
    assert_int_equal(fixture_balance(f, fixture_account(T_RESERVE_A)), 600);
    end_world(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(purchase_and_consolidation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
