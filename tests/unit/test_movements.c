/* Movements and accounts over their lives: pending, post, void, correct; freeze and close; what
 * purposes add up to, by how well they are founded. Invariants are named by their number in the
 * design. */

#include "rules_support.h"

#include "core/rules/apply.h"
#include "crypto/tree.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define A(party, local) ((uint64_t)(party) << 32 | (local))
#define S               UINT64_C(1000000000)

static struct fixture *f;

static int setup(void **state)
{
    (void)state;
    f = rules_world(true);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rules_end(f);
    return 0;
}

/* ---- help ---- */

static uint64_t moved(uint8_t kind, uint64_t from, uint64_t to, uint64_t amount, uint8_t purpose)
{
    struct tj_record r = fixture_move(from, to, amount, purpose);
    r.kind = kind;
    return rules_accept_one(f, tj_account_party(from), 1, &r);
}

static void not_moved(uint8_t kind, uint64_t from, uint64_t to, uint64_t amount, uint8_t purpose,
                      enum tijori_status status)
{
    struct tj_record r = fixture_move(from, to, amount, purpose);
    r.kind = kind;
    rules_refuse_one(f, tj_account_party(from), 1, &r, status);
}

static uint64_t named(uint8_t kind, uint64_t entry)
{
    struct tj_record r = rules_naming(f, kind, entry, 0);
    return rules_accept_one(f, tj_account_party(r.from), 1, &r);
}

static void not_named(uint8_t kind, uint64_t entry, enum tijori_status status)
{
    struct tj_record r = rules_naming(f, kind, entry, 0);
    rules_refuse_one(f, tj_account_party(r.from), 1, &r, status);
}

static void funded(uint64_t amount)
{
    moved(TJ_MOVE, A(1, 2), A(1, 0), amount, TJ_PURCHASE);
}

static void holds(uint64_t account, int64_t balance, uint64_t pending_in, uint64_t pending_out)
{
    struct tj_account_object object = rules_account(f, account);
    assert_int_equal((int64_t)tj_account_balance(&object), balance);
    assert_int_equal(object.pending_in, pending_in);
    assert_int_equal(object.pending_out, pending_out);
}

static void directive(uint32_t party, uint8_t kind, uint64_t account, uint8_t directions)
{
    struct tj_record r = {.kind = kind, .account = account, .directions = directions};
    rules_accept_one(f, party, party == 0 ? 0 : 1, &r);
}

static void party_directive(uint8_t kind, uint32_t party)
{
    struct tj_record r = {.kind = kind, .party = party};
    rules_accept_one(f, 0, 0, &r);
}

/* ---- pending ---- */

static void i3_pending_counts_against_the_balance(void **state)
{
    (void)state;
    funded(1000);
    /* Blnk issues 181 and 182: what is pending was spent again, and a refused one was posted. */
    uint64_t first = moved(TJ_PENDING, A(1, 0), A(1, 1), 700, TJ_INTERNAL_TRANSFER);
    holds(A(1, 0), 1000, 0, 700);
    holds(A(1, 1), 0, 700, 0);
    not_moved(TJ_MOVE, A(1, 0), A(1, 1), 301, TJ_INTERNAL_TRANSFER, TIJORI_BALANCE);
    not_moved(TJ_PENDING, A(1, 0), A(1, 1), 301, TJ_INTERNAL_TRANSFER, TIJORI_BALANCE);
    uint64_t second = moved(TJ_PENDING, A(1, 0), A(1, 7), 300, TJ_PAYMENT);
    not_moved(TJ_MOVE, A(1, 0), A(1, 1), 1, TJ_INTERNAL_TRANSFER, TIJORI_BALANCE);
    /* What is pending inwards is not there yet. */
    not_moved(TJ_MOVE, A(1, 1), A(1, 0), 1, TJ_INTERNAL_TRANSFER, TIJORI_BALANCE);
    named(TJ_POST, first);
    holds(A(1, 0), 300, 0, 300);
    holds(A(1, 1), 700, 0, 0);
    not_moved(TJ_MOVE, A(1, 0), A(1, 1), 1, TJ_INTERNAL_TRANSFER, TIJORI_BALANCE);
    named(TJ_VOID, second);
    holds(A(1, 0), 300, 0, 0);
    moved(TJ_MOVE, A(1, 0), A(1, 1), 300, TJ_INTERNAL_TRANSFER);
    holds(A(1, 0), 0, 0, 0);
    /* A refused pending is nothing that could be posted. */
    struct tijori_head head;
    not_moved(TJ_PENDING, A(1, 0), A(1, 1), 5, TJ_INTERNAL_TRANSFER, TIJORI_BALANCE);
    tijori_head(f->ledger, &head);
    struct tj_record post = rules_naming(f, TJ_POST, first, 0);
    post.refers_to = tj_record_id(head.size, 0);
    rules_refuse_one(f, 1, 1, &post, TIJORI_NAMED_UNKNOWN);
}

static void a_pending_is_posted_once(void **state)
{
    (void)state;
    funded(100);
    uint64_t entry = moved(TJ_PENDING, A(1, 0), A(1, 1), 100, TJ_INTERNAL_TRANSFER);
    /* Twice in one envelope: the second one breaks the rule, and neither has an effect. */
    struct tj_record post = rules_naming(f, TJ_POST, entry, 0);
    struct tj_record empty = rules_naming(f, TJ_VOID, entry, 0);
    rules_one(f, 1, 1, &post);
    fixture_add(f, &empty);
    rules_refuse(f, TIJORI_SETTLED);
    rules_one(f, 1, 1, &empty);
    fixture_add(f, &post);
    rules_refuse(f, TIJORI_SETTLED);
    holds(A(1, 0), 100, 0, 100);
    rules_accept_one(f, 1, 1, &post);
    holds(A(1, 0), 0, 0, 0);
    holds(A(1, 1), 100, 0, 0);
    not_named(TJ_POST, entry, TIJORI_SETTLED);
    not_named(TJ_VOID, entry, TIJORI_SETTLED);
    holds(A(1, 1), 100, 0, 0);
}

static void a_pending_cannot_be_posted_by_its_own_envelope(void **state)
{
    (void)state;
    struct tj_record pending = fixture_move(A(1, 2), A(1, 0), 5, TJ_PURCHASE);
    struct tijori_head head;
    uint8_t bytes[TJ_RECORD_SIZE];
    pending.kind = TJ_PENDING;
    tijori_head(f->ledger, &head);
    tj_record_encode(&pending, bytes);
    struct tj_record post = {.kind = TJ_POST, .from = A(1, 2), .to = A(1, 0), .amount = 5};
    post.purpose = TJ_PURCHASE;
    post.refers_to = tj_record_id(head.size, 0);
    tj_leaf_hash(f->digester.hasher, &post.hash, bytes, sizeof bytes);
    rules_one(f, 1, 1, &pending);
    fixture_add(f, &post);
    rules_refuse(f, TIJORI_NAMED_UNKNOWN);
}

static void void_by_the_owner_and_by_the_authority(void **state)
{
    (void)state;
    moved(TJ_MOVE, A(4, 2), A(4, 0), 100, TJ_CUSTOMER_DEPOSIT);
    uint64_t first = moved(TJ_PENDING, A(4, 0), A(4, 1), 30, TJ_CUSTOMER_TRANSFER);
    uint64_t second = moved(TJ_PENDING, A(4, 0), A(4, 1), 30, TJ_CUSTOMER_TRANSFER);
    uint64_t third = moved(TJ_PENDING, A(4, 0), A(4, 1), 30, TJ_CUSTOMER_TRANSFER);
    struct tj_record r = rules_naming(f, TJ_VOID, second, 0);
    holds(A(4, 0), 100, 0, 90);
    named(TJ_VOID, first); /* the owner, in a lane of movements */
    holds(A(4, 0), 100, 0, 60);
    rules_refuse_one(f, 1, 1, &r, TIJORI_NOT_OWNER);
    rules_accept_one(f, 0, 0, &r); /* the authority, in lane 0 */
    holds(A(4, 0), 100, 0, 30);
    r = rules_naming(f, TJ_VOID, third, 0);
    rules_accept_one(f, 4, 0, &r); /* the owner, by administer keys */
    holds(A(4, 0), 100, 0, 0);
    holds(A(4, 1), 0, 0, 0);
    rules_refuse_one(f, 0, 0, &r, TIJORI_SETTLED);
}

static void a_timeout_bars_the_post_and_not_the_void(void **state)
{
    (void)state;
    struct tj_record r = fixture_move(A(1, 2), A(1, 0), 5, TJ_PURCHASE);
    r.kind = TJ_PENDING;
    r.timeout_s = (uint32_t)(f->now_ns / S) + 60;
    uint64_t in_time = rules_accept_one(f, 1, 1, &r);
    uint64_t late = rules_accept_one(f, 1, 1, &r);
    named(TJ_POST, in_time);
    f->now_ns += 120 * S;
    not_named(TJ_POST, late, TIJORI_TIMEOUT);
    holds(A(1, 0), 5, 5, 0); /* nothing happens without a record */
    named(TJ_VOID, late);
    holds(A(1, 0), 5, 0, 0);
    not_named(TJ_POST, late, TIJORI_SETTLED);
}

static void a_suspended_partys_pending_is_released_by_the_authority(void **state)
{
    (void)state;
    moved(TJ_MOVE, A(4, 2), A(4, 0), 100, TJ_CUSTOMER_DEPOSIT);
    moved(TJ_MOVE, A(2, 2), A(2, 0), 7, TJ_CUSTOMER_DEPOSIT);
    uint64_t entry = moved(TJ_PENDING, A(4, 0), A(4, 1), 30, TJ_CUSTOMER_TRANSFER);
    party_directive(TJ_SUSPEND_PARTY, 4);
    not_named(TJ_POST, entry, TIJORI_PARTY_SUSPENDED);
    not_named(TJ_VOID, entry, TIJORI_PARTY_SUSPENDED);
    not_moved(TJ_MOVE, A(4, 0), A(4, 1), 1, TJ_CUSTOMER_TRANSFER, TIJORI_PARTY_SUSPENDED);
    struct tj_record r = rules_endorse(f, entry);
    rules_refuse_one(f, 4, 0, &r, TIJORI_PARTY_SUSPENDED);
    /* Others may still pay its customers, with coins that they hold: what only a contra account
     * says it has to countersign, which it cannot now. */
    r = fixture_move(A(2, 2), A(4, 1), 7, TJ_CUSTOMER_DEPOSIT);
    rules_refuse_one(f, 2, 1, &r, TIJORI_COUNTERSIGN_MISSING);
    struct tijori_receipt receipt;
    rules_one(f, 2, 1, &r);
    rules_countersign(f, 4);
    rules_sign(f);
    fixture_encode(f);
    rules_refuse_bytes(f, &receipt, TIJORI_PARTY_SUSPENDED);
    moved(TJ_MOVE, A(2, 0), A(4, 1), 7, TJ_CUSTOMER_TRANSFER);
    r = rules_naming(f, TJ_VOID, entry, 0);
    rules_accept_one(f, 0, 0, &r);
    holds(A(4, 0), 100, 0, 0);
    party_directive(TJ_REINSTATE_PARTY, 4);
    moved(TJ_MOVE, A(4, 0), A(4, 1), 1, TJ_CUSTOMER_TRANSFER);
    holds(A(4, 1), 8, 0, 0);
    r = fixture_move(A(2, 2), A(4, 1), 7, TJ_CUSTOMER_DEPOSIT);
    rules_one(f, 2, 1, &r);
    rules_countersign(f, 4);
    rules_accept(f);
    holds(A(4, 1), 15, 0, 0);
}

/* ---- correct ---- */

static void corrections_of_a_move_add_up_to_its_amount(void **state)
{
    (void)state;
    static const uint64_t parts[] = {400, 350, 250};
    funded(1000);
    uint64_t entry = moved(TJ_MOVE, A(1, 0), A(1, 7), 1000, TJ_PAYMENT);
    uint64_t corrected = 0;
    for (size_t i = 0; i < 3; i++) {
        struct tj_record r = rules_naming(f, TJ_CORRECT, entry, 0);
        r.amount = 1000 - corrected + 1;
        rules_refuse_one(f, 1, 1, &r, TIJORI_CORRECTION);
        r.amount = parts[i];
        rules_accept_one(f, 1, 1, &r);
        corrected += parts[i];
        holds(A(1, 0), (int64_t)corrected, 0, 0);
        holds(A(1, 7), 1000 - (int64_t)corrected, 0, 0);
    }
    struct tj_record r = rules_naming(f, TJ_CORRECT, entry, 0);
    r.amount = 1;
    rules_refuse_one(f, 1, 1, &r, TIJORI_CORRECTION);
    struct tj_total_object total = rules_total(f, 1, TJ_PAYMENT, TJ_BASIS_DECLARED);
    assert_true(total.amount[TJ_FLOW_OUT] == 0);
    assert_int_equal(total.count[TJ_FLOW_OUT], 1);
    assert_int_equal(total.corrections, 3);
}

/* Within one envelope too: its second record sees what its first one corrected. */
static void two_corrections_in_one_envelope(void **state)
{
    (void)state;
    funded(100);
    uint64_t entry = moved(TJ_MOVE, A(1, 0), A(1, 7), 100, TJ_PAYMENT);
    struct tj_record r = rules_naming(f, TJ_CORRECT, entry, 0);
    r.amount = 60;
    rules_one(f, 1, 1, &r);
    fixture_add(f, &r);
    rules_refuse(f, TIJORI_CORRECTION);
    holds(A(1, 0), 0, 0, 0);
    rules_one(f, 1, 1, &r);
    r.amount = 40;
    fixture_add(f, &r);
    rules_accept(f);
    holds(A(1, 0), 100, 0, 0);
}

static void a_correction_lowers_what_its_purpose_adds_up_to(void **state)
{
    (void)state;
    funded(1000);
    uint64_t wrong = moved(TJ_MOVE, A(1, 2), A(1, 0), 300, TJ_PURCHASE);
    struct tj_total_object total = rules_total(f, 1, TJ_PURCHASE, TJ_BASIS_DECLARED);
    assert_true(total.amount[TJ_FLOW_INTO] == 1300);
    named(TJ_CORRECT, wrong);
    total = rules_total(f, 1, TJ_PURCHASE, TJ_BASIS_DECLARED);
    assert_true(total.amount[TJ_FLOW_INTO] == 1000);
    assert_int_equal(total.count[TJ_FLOW_INTO], 2);
    assert_int_equal(total.corrections, 1);
    /* It went out of a reserve account, and is no sale: no other cell has changed. */
    for (uint8_t flow = TJ_FLOW_OUT; flow <= TJ_FLOW_OUTSIDE; flow++) {
        assert_true(total.amount[flow] == 0);
        assert_int_equal(total.count[flow], 0);
    }
    holds(A(1, 0), 1000, 0, 0);
    holds(A(1, 2), -1000, 0, 0);
}

static void a_post_is_corrected_by_its_own_id(void **state)
{
    (void)state;
    uint64_t pending = moved(TJ_PENDING, A(1, 2), A(1, 0), 50, TJ_PURCHASE);
    not_named(TJ_CORRECT, pending, TIJORI_NAMED_KIND);
    uint64_t post = named(TJ_POST, pending);
    not_named(TJ_CORRECT, pending, TIJORI_NAMED_KIND);
    named(TJ_CORRECT, post);
    not_named(TJ_CORRECT, post, TIJORI_CORRECTION);
    holds(A(1, 0), 0, 0, 0);
    struct tj_total_object total = rules_total(f, 1, TJ_PURCHASE, TJ_BASIS_DECLARED);
    assert_true(total.amount[TJ_FLOW_INTO] == 0);
    assert_int_equal(total.count[TJ_FLOW_INTO], 1);
}

/* A correction is the receiver's: it gives back, and another's reserve countersigns what it gets.
 */
static void a_correction_between_parties(void **state)
{
    (void)state;
    moved(TJ_MOVE, A(2, 2), A(2, 0), 100, TJ_CUSTOMER_DEPOSIT);
    struct tj_record r = fixture_move(A(2, 0), A(1, 0), 100, TJ_PAYMENT);
    rules_one(f, 2, 1, &r);
    rules_countersign(f, 1);
    uint64_t entry = rules_accept(f);
    r = rules_naming(f, TJ_CORRECT, entry, 0);
    rules_refuse_one(f, 2, 1, &r, TIJORI_NOT_OWNER);
    r.amount = 30;
    rules_accept_one(f, 1, 1, &r); /* into custody: nobody countersigns */
    holds(A(2, 0), 30, 0, 0);
    struct tj_total_object total = rules_total(f, 1, TJ_PAYMENT, TJ_BASIS_COUNTERSIGNED);
    assert_true(total.amount[TJ_FLOW_INTO] == 70); /* the cell of what it corrects */
    assert_int_equal(total.corrections, 1);
    r = fixture_move(A(1, 0), A(2, 2), 20, TJ_PAYMENT);
    rules_one(f, 1, 1, &r);
    rules_countersign(f, 2);
    entry = rules_accept(f);
    r = rules_naming(f, TJ_CORRECT, entry, 0);
    rules_refuse_one(f, 2, 1, &r, TIJORI_COUNTERSIGN_MISSING);
    rules_one(f, 2, 1, &r);
    rules_countersign(f, 1);
    rules_accept(f);
    holds(A(1, 0), 70, 0, 0);
}

/* ---- purposes by basis ---- */

static uint64_t founded(uint8_t kind, uint64_t amount, bool document, bool countersigned)
{
    struct tj_record r = fixture_move(A(1, 2), A(1, 0), amount, TJ_PURCHASE);
    r.kind = kind;
    memset(r.hash.bytes, document ? 0xd0 : 0, 32);
    rules_one(f, 1, 1, &r);
    if (countersigned) {
        rules_countersign(f, 3);
    }
    return rules_accept(f);
}

static void totals_are(uint64_t declared, uint64_t document, uint64_t countersigned)
{
    const uint64_t wanted[5] = {0, declared, document, countersigned, 0};
    for (uint8_t basis = TJ_BASIS_DECLARED; basis <= TJ_BASIS_BROUGHT_IN; basis++) {
        struct tj_total_object total = rules_total(f, 1, TJ_PURCHASE, basis);
        assert_true(total.amount[TJ_FLOW_INTO] == wanted[basis]);
    }
}

static void purposes_add_up_by_basis(void **state)
{
    (void)state;
    founded(TJ_MOVE, 1, false, false);
    totals_are(1, 0, 0);
    uint64_t cited = founded(TJ_MOVE, 20, true, false);
    totals_are(1, 20, 0);
    founded(TJ_MOVE, 300, false, true);
    founded(TJ_MOVE, 4000, true, true);
    totals_are(1, 20, 4300);
    /* A correction takes off the cell of what it corrects, whatever its own basis would be. */
    struct tj_record r = rules_naming(f, TJ_CORRECT, cited, 0);
    r.amount = 5;
    rules_one(f, 1, 1, &r);
    rules_countersign(f, 3);
    rules_accept(f);
    totals_are(1, 15, 4300);
}

static void a_post_takes_the_higher_basis(void **state)
{
    (void)state;
    uint64_t declared = founded(TJ_PENDING, 1, false, false);
    uint64_t cited = founded(TJ_PENDING, 20, true, false);
    uint64_t countersigned = founded(TJ_PENDING, 300, false, true);
    uint64_t raised = founded(TJ_PENDING, 4000, true, false);
    uint64_t voided = founded(TJ_PENDING, 50000, true, true);
    totals_are(0, 0, 0); /* what is pending is not acquired */
    named(TJ_POST, declared);
    uint64_t post = named(TJ_POST, cited);
    named(TJ_POST, countersigned);
    named(TJ_VOID, voided);
    totals_are(1, 20, 300);
    struct tj_record r = rules_naming(f, TJ_POST, raised, 0);
    rules_one(f, 1, 1, &r);
    rules_countersign(f, 3);
    uint64_t raised_post = rules_accept(f);
    totals_are(1, 20, 4300);
    named(TJ_CORRECT, post);
    totals_are(1, 0, 4300);
    named(TJ_CORRECT, raised_post);
    totals_are(1, 0, 300);
}

static void flows_into_out_within_and_outside(void **state)
{
    (void)state;
    funded(1000);
    moved(TJ_MOVE, A(1, 0), A(1, 1), 600, TJ_INTERNAL_TRANSFER);
    moved(TJ_MOVE, A(1, 1), A(1, 0), 100, TJ_INTERNAL_TRANSFER);
    moved(TJ_MOVE, A(1, 0), A(1, 2), 30, TJ_SALE);
    moved(TJ_MOVE, A(2, 2), A(2, 0), 4, TJ_CUSTOMER_DEPOSIT);
    struct tj_total_object total = rules_total(f, 1, TJ_INTERNAL_TRANSFER, TJ_BASIS_DECLARED);
    assert_true(total.amount[TJ_FLOW_WITHIN] == 700);
    assert_int_equal(total.count[TJ_FLOW_WITHIN], 2);
    assert_true(total.amount[TJ_FLOW_INTO] == 0); /* consolidation is no growth */
    assert_true(rules_total(f, 1, TJ_SALE, TJ_BASIS_DECLARED).amount[TJ_FLOW_OUT] == 30);
    assert_true(rules_total(f, 1, TJ_CUSTOMER_DEPOSIT, TJ_BASIS_DECLARED).amount[TJ_FLOW_OUTSIDE] ==
                4);
}

/* ---- accounts ---- */

static void frozen_in_out_and_both(void **state)
{
    (void)state;
    funded(1000);
    directive(0, TJ_FREEZE_ACCOUNT, A(1, 0), TJ_FREEZE_IN);
    not_moved(TJ_MOVE, A(1, 2), A(1, 0), 1, TJ_PURCHASE, TIJORI_ACCOUNT_FROZEN);
    moved(TJ_MOVE, A(1, 0), A(1, 1), 100, TJ_INTERNAL_TRANSFER);
    directive(0, TJ_FREEZE_ACCOUNT, A(1, 0), TJ_FREEZE_OUT);
    not_moved(TJ_MOVE, A(1, 0), A(1, 1), 1, TJ_INTERNAL_TRANSFER, TIJORI_ACCOUNT_FROZEN);
    not_moved(TJ_MOVE, A(1, 2), A(1, 0), 1, TJ_PURCHASE, TIJORI_ACCOUNT_FROZEN);
    directive(0, TJ_UNFREEZE_ACCOUNT, A(1, 0), TJ_FREEZE_IN);
    moved(TJ_MOVE, A(1, 2), A(1, 0), 1, TJ_PURCHASE);
    not_moved(TJ_MOVE, A(1, 0), A(1, 1), 1, TJ_INTERNAL_TRANSFER, TIJORI_ACCOUNT_FROZEN);
    directive(0, TJ_UNFREEZE_ACCOUNT, A(1, 0), TJ_FREEZE_OUT);
    moved(TJ_MOVE, A(1, 0), A(1, 1), 1, TJ_INTERNAL_TRANSFER);
    directive(0, TJ_FREEZE_ACCOUNT, A(1, 0), TJ_FREEZE_BOTH);
    struct tijori_balance balance;
    assert_int_equal(tijori_balance(f->ledger, &balance, 1, 0), TIJORI_OK);
    assert_int_equal(balance.frozen, 3);
    assert_int_equal(balance.closed, 0);
    directive(0, TJ_UNFREEZE_ACCOUNT, A(1, 0), TJ_FREEZE_BOTH);
    holds(A(1, 0), 900, 0, 0);
}

static void frozen_with_something_pending(void **state)
{
    (void)state;
    funded(1000);
    uint64_t move = moved(TJ_MOVE, A(1, 0), A(1, 7), 10, TJ_PAYMENT);
    uint64_t first = moved(TJ_PENDING, A(1, 0), A(1, 1), 100, TJ_INTERNAL_TRANSFER);
    uint64_t second = moved(TJ_PENDING, A(1, 0), A(1, 1), 100, TJ_INTERNAL_TRANSFER);
    directive(0, TJ_FREEZE_ACCOUNT, A(1, 1), TJ_FREEZE_IN);
    not_named(TJ_POST, first, TIJORI_ACCOUNT_FROZEN);
    directive(0, TJ_FREEZE_ACCOUNT, A(1, 0), TJ_FREEZE_BOTH);
    not_named(TJ_POST, first, TIJORI_ACCOUNT_FROZEN);
    not_named(TJ_CORRECT, move, TIJORI_ACCOUNT_FROZEN);
    named(TJ_VOID, first); /* takes nothing from anybody */
    holds(A(1, 0), 990, 0, 100);
    directive(0, TJ_UNFREEZE_ACCOUNT, A(1, 0), TJ_FREEZE_BOTH);
    directive(0, TJ_UNFREEZE_ACCOUNT, A(1, 1), TJ_FREEZE_IN);
    named(TJ_POST, second);
    named(TJ_CORRECT, move);
    holds(A(1, 0), 900, 0, 0);
}

static void an_account_is_closed_when_nothing_is_left_of_it(void **state)
{
    (void)state;
    struct tj_record close = {.kind = TJ_CLOSE_ACCOUNT, .account = A(2, 0)};
    moved(TJ_MOVE, A(2, 2), A(2, 0), 10, TJ_CUSTOMER_DEPOSIT);
    rules_refuse_one(f, 2, 1, &close, TIJORI_ACCOUNT_BALANCE);
    uint64_t out = moved(TJ_PENDING, A(2, 0), A(2, 1), 10, TJ_CUSTOMER_TRANSFER);
    rules_refuse_one(f, 2, 1, &close, TIJORI_ACCOUNT_PENDING);
    named(TJ_POST, out);
    uint64_t in = moved(TJ_PENDING, A(2, 1), A(2, 0), 10, TJ_CUSTOMER_TRANSFER);
    rules_refuse_one(f, 2, 1, &close, TIJORI_ACCOUNT_PENDING);
    named(TJ_VOID, in);
    rules_accept_one(f, 2, 1, &close);
    rules_refuse_one(f, 2, 1, &close, TIJORI_ACCOUNT_CLOSED);
    not_moved(TJ_MOVE, A(2, 1), A(2, 0), 1, TJ_CUSTOMER_TRANSFER, TIJORI_ACCOUNT_CLOSED);
    not_moved(TJ_MOVE, A(2, 0), A(2, 1), 1, TJ_CUSTOMER_TRANSFER, TIJORI_ACCOUNT_CLOSED);
    struct tijori_balance balance;
    assert_int_equal(tijori_balance(f->ledger, &balance, 2, 0), TIJORI_OK);
    assert_int_equal(balance.closed, 1);
    /* Its number is not given out again. */
    struct tj_record open = {.kind = TJ_OPEN_ACCOUNT, .account = A(2, 0), .asset = 1};
    open.class = TJ_CLASS_CUSTODY;
    rules_refuse_one(f, 2, 1, &open, TIJORI_NUMBER);
    /* A contra account stands for the outside: it may be closed below zero. */
    close.account = A(2, 2);
    rules_accept_one(f, 2, 1, &close);
    holds(A(2, 2), -10, 0, 0);
}

/* Directives of one envelope see each other, and stand or fall together. */
static void an_envelope_is_atomic(void **state)
{
    (void)state;
    struct tj_record open = {.kind = TJ_OPEN_ACCOUNT, .account = A(2, 5), .asset = 1};
    struct tj_record close = {.kind = TJ_CLOSE_ACCOUNT, .account = A(2, 5)};
    open.class = TJ_CLASS_CUSTODY;
    rules_one(f, 2, 1, &open);
    fixture_add(f, &close);
    fixture_add(f, &close);
    rules_refuse(f, TIJORI_ACCOUNT_CLOSED);
    struct tijori_balance balance;
    assert_int_equal(tijori_balance(f->ledger, &balance, 2, 5), TIJORI_NOT_FOUND);
    rules_one(f, 2, 1, &open);
    fixture_add(f, &close);
    rules_accept(f);
    assert_int_equal(tijori_balance(f->ledger, &balance, 2, 5), TIJORI_OK);
    assert_int_equal(balance.closed, 1);
}

/* ---- endorse ---- */

struct content {
    struct tj_hasher *hasher;
};

static bool digest_but_lanes(void *context, const struct tj_block *block)
{
    struct content *content = context;
    if (block->table != TJ_T_LANE) {
        tj_sha256_update(content->hasher, block->content, tj_block_bytes(block->table));
    }
    return true;
}

static void digest_without_lanes(struct tj_hash *out)
{
    struct tj_ledger_view view;
    struct content content = {tj_hasher_create()};
    assert_int_equal(tj_ledger_view_begin(f->ledger, &view), TIJORI_OK);
    tj_sha256_begin(content.hasher);
    tj_state_visit(view.state, digest_but_lanes, &content);
    tj_sha256_finish(content.hasher, out);
    tj_ledger_view_end(f->ledger, &view);
    tj_hasher_destroy(content.hasher);
}

static void an_endorsement_changes_nothing_but_its_lane(void **state)
{
    (void)state;
    struct tj_hash before;
    struct tj_hash after;
    struct rules_trace trace;
    uint64_t entry = moved(TJ_MOVE, A(1, 2), A(1, 0), 5, TJ_PURCHASE);
    digest_without_lanes(&before);
    rules_trace(f, &trace);
    struct tj_record r = rules_endorse(f, entry);
    rules_accept_one(f, 3, 1, &r);
    rules_accept_one(f, 2, 7, &r);
    r = rules_endorse(f, 0);
    rules_accept_one(f, 4, 0, &r);
    digest_without_lanes(&after);
    assert_memory_equal(before.bytes, after.bytes, 32);
    struct rules_trace now;
    rules_trace(f, &now);
    assert_int_equal(now.head.size, trace.head.size + 3);
    assert_memory_not_equal(now.digest.bytes, trace.digest.bytes, 32);
    /* An endorsement later than a refusal's reason changes no verdict either. */
    not_moved(TJ_MOVE, A(1, 2), A(3, 0), 5, TJ_PURCHASE, TIJORI_COUNTERSIGN_MISSING);
}

/* An audit reads a log that goes on after the entry it judges: what stands there is not yet known.
 * Judges the envelope in f, signed, as entry `index`. */
static enum tijori_status judged_as(uint64_t index, const struct tj_hash *head_leaf)
{
    struct tj_ledger_view view;
    struct tj_state *own;
    struct tj_journal_past past;
    struct tj_verdict verdict;
    struct tj_tail tail;
    uint8_t links[TJ_LINK_SIZE];
    uint8_t header[TJ_HEADER_SIZE];
    struct tj_case c = {.index = index, .header = &f->header, .slots = &f->slots};
    assert_int_equal(tj_ledger_view_begin(f->ledger, &view), TIJORI_OK);
    assert_int_equal(tj_snapshot_load(view.txn, view.digester, &own, &view.head), TIJORI_OK);
    tj_journal_past_init(&past, view.txn, view.digester);
    tj_header_encode(&f->header, header);
    tj_envelope_id(view.digester, &c.envelope_id, header);
    c.received_ns = f->now_ns + 1;
    c.head_leaf = *head_leaf;
    c.records = f->records;
    c.signatures_valid = true;
    enum tijori_status status = tj_apply(own, links, &tail, &past.past, &c, &verdict);
    tj_state_destroy(own);
    tj_ledger_view_end(f->ledger, &view);
    return status;
}

static void what_comes_later_is_not_known_yet(void **state)
{
    (void)state;
    uint64_t entry = moved(TJ_PENDING, A(1, 2), A(1, 0), 5, TJ_PURCHASE);
    const struct tj_record names[2] = {rules_naming(f, TJ_POST, entry, 0), rules_endorse(f, entry)};
    for (int i = 0; i < 2; i++) {
        rules_one(f, 1, 1, &names[i]);
        f->header.known_index = 0;
        memset(f->header.known_leaf.bytes, 0, TJ_HASH_SIZE);
        rules_sign(f);
        assert_int_equal(judged_as(entry - 1, &names[1].leaf), TIJORI_NAMED_UNKNOWN);
        assert_int_equal(judged_as(entry, &names[1].leaf), TIJORI_NAMED_UNKNOWN);
        assert_int_equal(judged_as(entry + 1, &names[1].leaf), TIJORI_OK);
    }
}

/* ---- customers ---- */

static void restricted_between_customers(void **state)
{
    (void)state;
    struct tj_record r = fixture_move(A(2, 2), A(2, 0), 100, TJ_CUSTOMER_DEPOSIT);
    rules_one(f, 2, 1, &r);
    f->header.flags = TJ_FLAG_RESTRICTED;
    rules_accept(f);
    r = fixture_move(A(2, 0), A(4, 0), 40,
                     TJ_CUSTOMER_TRANSFER); /* to another custodian's customer */
    r.kind = TJ_PENDING;
    rules_one(f, 2, 1, &r);
    f->header.flags = TJ_FLAG_RESTRICTED;
    uint64_t entry = rules_accept(f);
    r = rules_naming(f, TJ_POST, entry, 0);
    rules_one(f, 2, 1, &r);
    f->header.flags = TJ_FLAG_RESTRICTED;
    entry = rules_accept(f);
    r = rules_naming(f, TJ_CORRECT, entry, 0);
    rules_one(f, 4, 1, &r);
    f->header.flags = TJ_FLAG_RESTRICTED;
    rules_accept(f);
    holds(A(2, 0), 100, 0, 0);
    holds(A(4, 0), 0, 0, 0);
    /* They may be public too. */
    moved(TJ_MOVE, A(2, 0), A(2, 1), 1, TJ_CUSTOMER_TRANSFER);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(i3_pending_counts_against_the_balance),
        TEST(a_pending_is_posted_once),
        TEST(a_pending_cannot_be_posted_by_its_own_envelope),
        TEST(void_by_the_owner_and_by_the_authority),
        TEST(a_timeout_bars_the_post_and_not_the_void),
        TEST(a_suspended_partys_pending_is_released_by_the_authority),
        TEST(corrections_of_a_move_add_up_to_its_amount),
        TEST(two_corrections_in_one_envelope),
        TEST(a_correction_lowers_what_its_purpose_adds_up_to),
        TEST(a_post_is_corrected_by_its_own_id),
        TEST(a_correction_between_parties),
        TEST(purposes_add_up_by_basis),
        TEST(a_post_takes_the_higher_basis),
        TEST(flows_into_out_within_and_outside),
        TEST(frozen_in_out_and_both),
        TEST(frozen_with_something_pending),
        TEST(an_account_is_closed_when_nothing_is_left_of_it),
        TEST(an_envelope_is_atomic),
        TEST(an_endorsement_changes_nothing_but_its_lane),
        TEST(what_comes_later_is_not_known_yet),
        TEST(restricted_between_customers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
