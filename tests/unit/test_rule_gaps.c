/* Ways round the rules of docs/FORMAT.md sections 7.2 and 7.3: each test says what should hold. */

#include "rules_support.h"
#include "tamper_support.h"

#include "core/rules/apply.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define A(party, local) ((uint64_t)(party) << 32 | (local))

static struct tj_record programme(struct fixture *f, uint32_t rule, uint8_t type, uint8_t mode)
{
    struct tj_record r = {.kind = TJ_PROGRAMME, .rule = rule, .type = type, .mode = mode};
    r.asset = 1;
    r.purposes = 1u << TJ_PURCHASE | (type == TJ_PROGRAMME_MANDATE ? 1u << TJ_SALE : 0);
    r.starts = tj_day_of(f->now_ns);
    r.ends = r.starts + 365;
    r.amount = 1000000;
    memcpy(r.name, "Programme", 9);
    return r;
}

static struct tj_rule_object rule_now(struct fixture *f, uint32_t number)
{
    struct tj_ledger_view view;
    assert_int_equal(tj_ledger_view_begin(f->ledger, &view), TIJORI_OK);
    const struct tj_rule_object *rule = tj_state_rule(view.state, number);
    assert_non_null(rule);
    struct tj_rule_object copy = *rule;
    tj_ledger_view_end(f->ledger, &view);
    return copy;
}

static uint64_t move(struct fixture *f, uint64_t from, uint64_t to, uint64_t amount,
                     uint8_t purpose)
{
    struct tj_record r = fixture_move(from, to, amount, purpose);
    return rules_accept_one(f, tj_account_party(from), 1, &r);
}

/* The week of a recovery is there for those who hold the keys to object. The authority must not be
 * able to take their voice first. */
static void a_suspended_party_objects_to_its_recovery(void **state)
{
    (void)state;
    struct fixture *f = rules_world(true);
    struct tj_record r = {.kind = TJ_SUSPEND_PARTY, .party = 4};
    rules_accept_one(f, 0, 0, &r);
    r = (struct tj_record){.kind = TJ_RECOVER_PARTY, .party = 4, .delay_s = 604800};
    rules_accept_one(f, 0, 0, &r);
    /* Of itself, and nothing else: no other's, and no other record beside it. */
    r = (struct tj_record){.kind = TJ_OBJECT_RECOVERY, .party = 2};
    rules_refuse_one(f, 4, 0, &r, TIJORI_PARTY_SUSPENDED);
    r.party = 4;
    rules_one(f, 4, 0, &r);
    fixture_add(f, &r);
    rules_refuse(f, TIJORI_PARTY_SUSPENDED);
    rules_accept_one(f, 4, 0, &r);
    rules_refuse_one(f, 4, 0, &r, TIJORI_RECOVERY);
    rules_end(f);
}

/* What a tier lets wait when it is a payment must not leave at once as the correction of an old
 * purchase. */
static void a_correct_does_not_jump_the_delay(void **state)
{
    (void)state;
    struct fixture *f = rules_world(false);
    uint64_t purchase = move(f, A(1, 2), A(1, 0), 10000, TJ_PURCHASE);
    struct tj_record r = {.kind = TJ_SET_TIER, .party = 1, .asset = 1, .above = 100};
    r.delay_s = 604800;
    rules_accept_one(f, 0, 0, &r);
    r = fixture_move(A(1, 0), A(1, 7), 10000, TJ_PAYMENT);
    rules_refuse_one(f, 1, 1, &r, TIJORI_DELAY);
    f->now_ns += 3600 * TJ_NS_PER_S;
    r = rules_naming(f, TJ_CORRECT, purchase, 0);
    rules_refuse_one(f, 1, 1, &r, TIJORI_DELAY);
    rules_end(f);
}

/* Mining is accumulation as purchase is. A programme that counts purchases must show coins that
 * came in as mined. */
static void a_purchase_dressed_up_as_mining_shows(void **state)
{
    (void)state;
    struct fixture *f = rules_world(false);
    struct tj_record r = programme(f, 0, TJ_PROGRAMME_CEILING, TJ_MODE_ENFORCE);
    rules_accept_one(f, 0, 0, &r);
    move(f, A(1, 3), A(1, 0), 5000000, TJ_MINING); /* five times the ceiling */
    struct tj_rule_object rule = rule_now(f, 0);
    assert_true(rule.programme.counted_in + rule.programme.unclassified == 5000000);
    rules_end(f);
}

/* The state does not vouch for itself: party 3 is a treasury like party 1. */
static void the_public_sector_does_not_vouch_for_itself(void **state)
{
    (void)state;
    struct fixture *f = rules_world(false);
    struct tj_record r = programme(f, 0, TJ_PROGRAMME_CEILING, TJ_MODE_ENFORCE);
    rules_accept_one(f, 0, 0, &r);
    r = fixture_move(A(1, 5), A(1, 0), 5000000, TJ_DONATION);
    rules_one(f, 1, 1, &r);
    rules_countersign(f, 3);
    rules_accept(f);
    struct tj_rule_object rule = rule_now(f, 0);
    assert_true(rule.programme.unclassified == 5000000);
    rules_end(f);
}

/* What was counted on an earlier day is no breach of today's. */
static void a_correct_does_not_break_the_bound_of_a_past_day(void **state)
{
    (void)state;
    struct fixture *f = rules_world(false);
    struct tj_record r = programme(f, 0, TJ_PROGRAMME_MANDATE, TJ_MODE_REPORT);
    r.amount_day = 100;
    rules_accept_one(f, 0, 0, &r);
    move(f, A(1, 2), A(1, 0), 150, TJ_PURCHASE); /* a breach, and the only one */
    uint64_t sale = move(f, A(1, 0), A(1, 2), 10, TJ_SALE);
    f->now_ns += 23 * 3600 * TJ_NS_PER_S;
    r = rules_naming(f, TJ_CORRECT, sale, 0);
    rules_accept_one(f, 1, 1, &r);
    assert_int_equal(rule_now(f, 0).programme.breaches, 1);
    rules_end(f);
}

/* One custodian must not write into another's books what nobody there agreed to: balances out of
 * nothing, which fill a balance limit, or a pending one that keeps the account from closing. */
static void a_deposit_at_another_custodian_wants_its_signature(void **state)
{
    (void)state;
    struct fixture *f = rules_world(true);
    struct tj_record r = fixture_move(A(2, 2), A(4, 0), TJ_BTC_AMOUNT_MAX, TJ_CUSTOMER_DEPOSIT);
    rules_refuse_one(f, 2, 1, &r, TIJORI_COUNTERSIGN_MISSING);
    rules_end(f);
}

/* An approve moves nothing: whoever adds up the movements must leave it out. */
static void an_audit_does_not_add_up_approvals(void **state)
{
    (void)state;
    struct fixture *f = rules_world(false);
    struct tj_replay_report report;
    move(f, A(1, 2), A(1, 0), 10000, TJ_PURCHASE);
    struct tj_record r = fixture_move(A(1, 0), A(1, 7), 10000, TJ_PAYMENT);
    r.kind = TJ_PENDING;
    uint64_t pending = rules_accept_one(f, 1, 1, &r);
    r = rules_naming(f, TJ_APPROVAL, pending, 0);
    rules_one(f, 1, 2, &r);
    f->header.flags = TJ_FLAG_APPROVAL;
    fixture_sign_as(f, TJ_USE_SIGN, 1, 2);
    rules_accept_signed(f);
    fixture_close(f);
    fixture_audit(f, &report, 1);
    if (report.failed) {
        fail_msg("%s", report.failure);
    }
    rules_end(f);
}

/* A minimum that was broken, then ended and set anew: the breach is history, and stays a finding.
 */
static void a_new_minimum_does_not_hide_the_breaches_of_the_old(void **state)
{
    (void)state;
    struct fixture *f = rules_world(false);
    struct tj_replay_report report;
    move(f, A(1, 2), A(1, 0), 10000, TJ_PURCHASE);
    struct tj_record r = programme(f, 0, TJ_PROGRAMME_MINIMUM, TJ_MODE_REPORT);
    r.purposes = 0;
    r.amount = 9000;
    rules_accept_one(f, 0, 0, &r);
    move(f, A(1, 0), A(1, 7), 5000, TJ_PAYMENT); /* the breach */
    struct tj_record end = {.kind = TJ_END_RULE, .rule = 0};
    fixture_begin(f, 0, 0);
    fixture_add(f, &end);
    r.rule = 1;
    fixture_add(f, &r);
    rules_accept(f);
    fixture_close(f);
    fixture_audit(f, &report, 1);
    assert_false(report.failed);
    assert_int_equal(report.finding_count, 1);
    rules_end(f);
}

static void pendings(struct fixture *f, uint8_t kind, uint64_t named)
{
    enum { ALL = 8190 }; /* of 21 million BTC each: just below 2^64 together */
    struct tj_record r = fixture_move(A(2, 2), A(2, 0), TJ_BTC_AMOUNT_MAX, TJ_CUSTOMER_DEPOSIT);
    uint8_t pending[TJ_RECORD_SIZE];
    r.kind = TJ_PENDING;
    tj_record_encode(&r, pending);
    r.kind = kind;
    fixture_begin(f, 2, 1);
    for (uint32_t i = 0; i < ALL; i++) {
        if (kind == TJ_VOID) {
            f->header.flags = TJ_FLAG_RESTRICTED;
            r.refers_to = tj_record_id(named, i);
            tj_leaf_hash(f->digester.hasher, &r.hash, pending, sizeof pending);
        }
        fixture_add(f, &r);
    }
    rules_accept(f);
}

/* A custodian must not be able to make every audit of a public export fail: here the voids are in a
 * restricted body, and what is pending cannot be known. */
static void a_public_audit_knows_that_it_does_not_know_what_is_pending(void **state)
{
    (void)state;
    struct fixture *f = rules_world(false);
    struct tj_replay_report report;
    struct tj_export_done done;
    char folder[300];
    pendings(f, TJ_PENDING, 0);
    struct tijori_head head;
    tijori_head(f->ledger, &head);
    pendings(f, TJ_VOID, head.size - 1);
    pendings(f, TJ_PENDING, 0);
    tamper_sign(f, 0);
    snprintf(folder, sizeof folder, "%s.out", f->dir);
    assert_int_equal(tamper_export(f, &done, folder, true), TIJORI_OK);
    struct tj_pins pins = {.log_key = NULL};
    audit_folder(NULL, &report, folder, &pins, NULL);
    remove_folder(folder);
    if (report.failed) {
        fail_msg("entry %llu: %s", (unsigned long long)report.first_entry, report.failure);
    }
    rules_end(f);
}

static bool past_leaf(void *context, struct tj_hash *leaf, uint64_t index)
{
    const struct tj_header *header = context;
    *leaf = header->known_leaf;
    return index == header->known_index;
}

/* An auditor of a public export sees a restricted envelope of the treasury, and no body. Whatever
 * it holds breaks RESTRICTED: `from` would be an account of the public sector. */
static void an_envelope_of_the_treasury_is_not_hidden(void **state)
{
    (void)state;
    struct fixture *f = rules_world(false);
    struct tj_ledger_view view;
    struct tijori_head head;
    struct tj_tail tail;
    struct tj_verdict verdict;
    uint8_t links[TJ_LINK_SIZE];
    move(f, A(1, 2), A(1, 0), 10000, TJ_PURCHASE);
    struct tj_record r = fixture_move(A(1, 0), A(1, 7), 10000, TJ_PAYMENT);
    rules_one(f, 1, 1, &r);
    f->header.flags = TJ_FLAG_RESTRICTED;
    rules_sign(f);
    tijori_head(f->ledger, &head);
    assert_int_equal(tj_ledger_view_begin(f->ledger, &view), TIJORI_OK);
    struct tj_past past = {.context = &f->header, .leaf = past_leaf};
    struct tj_case c = {.index = head.size, .received_ns = f->now_ns + TJ_NS_PER_S};
    c.head_leaf = f->header.known_leaf;
    c.header = &f->header;
    c.slots = &f->slots;
    c.signatures_valid = true;
    fixture_seal(f, &c.envelope_id);
    struct tj_state *own;
    assert_int_equal(tj_snapshot_at(view.txn, view.digester, &own, head.size), TIJORI_OK);
    assert_int_equal(tj_apply(own, links, &tail, &past, &c, &verdict), TIJORI_RESTRICTED);
    tj_state_destroy(own);
    tj_ledger_view_end(f->ledger, &view);
    rules_end(f);
}

/* A damaged block of the state may say so: it is no reason to die of a division. */
static void a_damaged_window_divides_by_nothing(void **state)
{
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGFPE, SIG_DFL);
        struct tj_rule_object rule = {.kind = TJ_SET_LIMIT, .type = TJ_LIMIT_OUTFLOW};
        _exit(tj_window_used(&rule, TJ_NS_PER_S) != 0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_suspended_party_objects_to_its_recovery),
        cmocka_unit_test(a_correct_does_not_jump_the_delay),
        cmocka_unit_test(a_purchase_dressed_up_as_mining_shows),
        cmocka_unit_test(the_public_sector_does_not_vouch_for_itself),
        cmocka_unit_test(a_correct_does_not_break_the_bound_of_a_past_day),
        cmocka_unit_test(a_deposit_at_another_custodian_wants_its_signature),
        cmocka_unit_test(an_audit_does_not_add_up_approvals),
        cmocka_unit_test(a_new_minimum_does_not_hide_the_breaches_of_the_old),
        cmocka_unit_test(a_public_audit_knows_that_it_does_not_know_what_is_pending),
        cmocka_unit_test(an_envelope_of_the_treasury_is_not_hidden),
        cmocka_unit_test(a_damaged_window_divides_by_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
