/* The last value that a rule allows, and the next one, which it refuses. */

#include "rules_support.h"

#include "crypto/checkpoint.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define A(party, local) ((uint64_t)(party) << 32 | (local))
#define S               UINT64_C(1000000000)

static struct fixture *f;

static void begin(uint8_t kind, uint64_t from, uint64_t to, uint64_t amount, uint8_t purpose)
{
    struct tj_record r = fixture_move(from, to, amount, purpose);
    r.kind = kind;
    rules_one(f, tj_account_party(from), 1, &r);
}

static void begin_purchase(void)
{
    begin(TJ_MOVE, A(1, 2), A(1, 0), 1, TJ_PURCHASE);
}

/* A clean second with room on both sides. */
static uint64_t next_second(void)
{
    f->now_ns = (f->now_ns / S + 10) * S;
    return f->now_ns / S;
}

static void the_whole_balance(void **state)
{
    (void)state;
    f = rules_world(false);
    begin(TJ_MOVE, A(1, 2), A(1, 0), 1000, TJ_PURCHASE);
    rules_accept(f);
    begin(TJ_MOVE, A(1, 0), A(1, 1), 1001, TJ_INTERNAL_TRANSFER);
    rules_refuse(f, TIJORI_BALANCE);
    begin(TJ_PENDING, A(1, 0), A(1, 1), 1001, TJ_INTERNAL_TRANSFER);
    rules_refuse(f, TIJORI_BALANCE);
    begin(TJ_PENDING, A(1, 0), A(1, 1), 400, TJ_INTERNAL_TRANSFER);
    rules_accept(f);
    begin(TJ_MOVE, A(1, 0), A(1, 1), 601, TJ_INTERNAL_TRANSFER);
    rules_refuse(f, TIJORI_BALANCE);
    begin(TJ_MOVE, A(1, 0), A(1, 1), 600, TJ_INTERNAL_TRANSFER);
    rules_accept(f);
    begin(TJ_MOVE, A(1, 0), A(1, 1), 1, TJ_INTERNAL_TRANSFER);
    rules_refuse(f, TIJORI_BALANCE);
    /* A record of the same envelope pays for the next. */
    begin(TJ_MOVE, A(1, 1), A(1, 0), 600, TJ_INTERNAL_TRANSFER);
    struct tj_record back = fixture_move(A(1, 0), A(1, 1), 600, TJ_INTERNAL_TRANSFER);
    fixture_add(f, &back);
    rules_accept(f);
    assert_int_equal(fixture_balance(f, A(1, 0)), 400);
    rules_end(f);
}

static void the_largest_amount(void **state)
{
    (void)state;
    f = rules_world(false);
    begin(TJ_MOVE, A(1, 2), A(1, 0), TJ_BTC_AMOUNT_MAX + 1, TJ_PURCHASE);
    rules_refuse(f, TIJORI_AMOUNT_MAX);
    begin(TJ_MOVE, A(1, 2), A(1, 0), TJ_BTC_AMOUNT_MAX, TJ_PURCHASE);
    rules_accept(f);
    assert_int_equal(fixture_balance(f, A(1, 0)), TJ_BTC_AMOUNT_MAX);
    assert_int_equal(fixture_balance(f, A(1, 2)), -(int64_t)TJ_BTC_AMOUNT_MAX);
    rules_end(f);
}

static void received_as_it_expires(void **state)
{
    (void)state;
    f = rules_world(false);
    uint64_t second = next_second();
    begin_purchase();
    f->header.created_s = second - 60;
    f->header.expires_s = second;
    f->now_ns = second * S + 1;
    rules_refuse(f, TIJORI_EXPIRED);
    begin_purchase();
    f->header.created_s = second - 60;
    f->header.expires_s = second;
    f->now_ns = second * S;
    rules_accept(f);
    rules_end(f);
}

static void created_300_s_ahead(void **state)
{
    (void)state;
    f = rules_world(false);
    uint64_t second = next_second();
    begin_purchase();
    f->header.created_s = second + 300;
    f->header.expires_s = second + 400;
    f->now_ns = second * S - 1;
    rules_refuse(f, TIJORI_CREATED_IN_FUTURE);
    begin_purchase();
    f->header.created_s = second + 301;
    f->header.expires_s = second + 400;
    f->now_ns = second * S;
    rules_refuse(f, TIJORI_CREATED_IN_FUTURE);
    begin_purchase();
    f->header.created_s = second + 300;
    f->header.expires_s = second + 400;
    rules_accept(f);
    rules_end(f);
}

static void the_longest_and_the_shortest_life(void **state)
{
    (void)state;
    f = rules_world(false);
    static const struct {
        uint64_t life_s;
        enum tijori_status status;
    } rows[] = {{86401, TIJORI_LIFETIME},
                {0, TIJORI_LIFETIME},
                {UINT64_MAX, TIJORI_LIFETIME}, /* a second before it is created */
                {86400, TIJORI_OK},
                {1, TIJORI_OK}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin_purchase();
        f->header.expires_s = f->header.created_s + rows[i].life_s;
        if (rows[i].status == TIJORI_OK) {
            rules_accept(f);
        } else {
            rules_refuse(f, rows[i].status);
        }
    }
    rules_end(f);
}

static void a_timeout_before_at_and_after(void **state)
{
    (void)state;
    f = rules_world(false);
    for (int after_ns = -1; after_ns <= 1; after_ns++) {
        uint64_t second = next_second();
        f->now_ns = after_ns < 0 ? second * S - 1 : second * S + (uint64_t)after_ns;
        begin(TJ_PENDING, A(1, 2), A(1, 0), 5, TJ_PURCHASE);
        tj_store32(f->records + 32, (uint32_t)second);
        if (after_ns < 0) {
            rules_accept(f);
        } else {
            rules_refuse(f, TIJORI_TIMEOUT);
        }
    }
    /* The same for its post. */
    for (int after_ns = -1; after_ns <= 1; after_ns++) {
        uint64_t second = next_second() + 5;
        begin(TJ_PENDING, A(1, 2), A(1, 0), 5, TJ_PURCHASE);
        tj_store32(f->records + 32, (uint32_t)second);
        uint64_t entry = rules_accept(f);
        f->now_ns = after_ns < 0 ? second * S - 1 : second * S + (uint64_t)after_ns;
        struct tj_record post = rules_naming(f, TJ_POST, entry, 0);
        rules_one(f, 1, 1, &post);
        if (after_ns < 0) {
            rules_accept(f);
        } else {
            rules_refuse(f, TIJORI_TIMEOUT);
        }
    }
    rules_end(f);
}

/* ---- the ledger's own clock ---- */

enum { DAY_S = 86400 };

/* Its envelopes live for weeks, so that an old one is refused for the clock alone. */
static void begin_idle_world(void)
{
    f = calloc(1, sizeof *f);
    assert_non_null(f);
    f->lifetime_max_s = 40 * DAY_S;
    fixture_parties(f);
}

static uint64_t newest_ns(void)
{
    struct tijori_head head;
    tijori_head(f->ledger, &head);
    return head.received_ns;
}

/* A purchase that was signed long before the clock's time, and before the newest entry. */
static void begin_old_purchase(void)
{
    begin_purchase();
    f->header.created_s = newest_ns() / S - 100;
    f->header.expires_s = f->header.created_s + 40 * DAY_S;
}

static void a_clock_24_hours_after_the_newest_entry(void **state)
{
    (void)state;
    begin_idle_world();
    const uint64_t limit_ns = newest_ns() + DAY_S * S;
    begin_old_purchase();
    f->now_ns = limit_ns + 1;
    rules_refuse(f, TIJORI_CLOCK_JUMP);
    begin_old_purchase();
    f->now_ns = limit_ns - 1;
    rules_accept(f);
    begin_old_purchase();
    f->now_ns = newest_ns() + DAY_S * S;
    rules_accept(f);
    rules_end(f);
}

static void a_clock_24_hours_after_created_s(void **state)
{
    (void)state;
    begin_idle_world();
    const uint64_t created_s = newest_ns() / S + 20 * DAY_S;
    for (int after_ns = 1; after_ns >= 0; after_ns--) {
        begin_purchase();
        f->header.created_s = created_s;
        f->header.expires_s = created_s + 2 * DAY_S;
        f->now_ns = (created_s + DAY_S) * S + (uint64_t)after_ns;
        if (after_ns > 0) {
            rules_refuse(f, TIJORI_CLOCK_JUMP);
        } else {
            rules_accept(f);
        }
    }
    rules_end(f);
}

/* The witness has no key here: whose line it is the ledger does not know. */
static void cosign_now(void)
{
    char note[TIJORI_NOTE_MAX];
    char merged[TIJORI_NOTE_MAX];
    uint8_t secret[32];
    const uint8_t witness[32] = {7};
    struct tj_note_view view;
    size_t size = sizeof note;
    size_t merged_size = sizeof merged;
    fixture_log_secret(secret, 0);
    assert_int_equal(tijori_checkpoint(f->ledger, note, &size, secret), TIJORI_OK);
    assert_true(tj_note_decode(&view, note, size));
    const size_t line = tj_cosign(note + size, sizeof note - size, view.text, view.text_size,
                                  "witness.example", f->now_ns / S, witness);
    assert_true(line > 0);
    assert_int_equal(tijori_add_cosignatures(f->ledger, merged, &merged_size, note, size + line),
                     TIJORI_OK);
}

static void a_clock_24_hours_after_a_cosignature(void **state)
{
    (void)state;
    begin_idle_world();
    f->now_ns = (newest_ns() / S + 20 * DAY_S) * S;
    const uint64_t limit_ns = f->now_ns + DAY_S * S;
    cosign_now();
    begin_old_purchase();
    f->now_ns = limit_ns + 1;
    rules_refuse(f, TIJORI_CLOCK_JUMP);
    begin_old_purchase();
    f->now_ns = limit_ns;
    rules_accept(f);
    rules_end(f);
}

/* A checkpoint without a cosignature says nothing of the time: its signer is the ledger. */
static void a_clock_that_only_the_kernel_confirms(void **state)
{
    (void)state;
    char note[TIJORI_NOTE_MAX];
    uint8_t secret[32];
    size_t size = sizeof note;
    begin_idle_world();
    begin_old_purchase();
    f->now_ns = newest_ns() + 20 * DAY_S * S;
    fixture_log_secret(secret, 0);
    assert_int_equal(tijori_checkpoint(f->ledger, note, &size, secret), TIJORI_OK);
    rules_refuse(f, TIJORI_CLOCK_JUMP);
    begin_old_purchase();
    f->synchronised = true;
    rules_accept(f);
    rules_end(f);
}

/* Two years ahead, and everything that was looked at is named. */
static void a_clock_that_nothing_confirms(void **state)
{
    (void)state;
    struct tijori_receipt receipt;
    begin_idle_world();
    cosign_now();
    begin_old_purchase();
    f->now_ns = newest_ns() + (730 * DAY_S + 100) * S;
    rules_sign(f);
    fixture_encode(f);
    rules_refuse_bytes(f, &receipt, TIJORI_CLOCK_JUMP);
    assert_string_equal(receipt.field, "received_ns");
    assert_non_null(strstr(receipt.text, "17520 h ahead of the newest entry, 17520 h of created_s, "
                                         "17520 h of the last cosignature; nothing says that it "
                                         "is synchronised"));
    f->now_ns = newest_ns() + 1; /* the clock was set right */
    assert_int_equal(fixture_submit(f, &receipt), TIJORI_OK);
    rules_end(f);
}

/* Party 5: 16 keys that initiate, all of which must sign. Its keys come in two envelopes: with two
 * signatures of the authority one has room for 14 possession slots. */
static void sixteen_slots(void **state)
{
    (void)state;
    f = rules_world(true);
    struct tj_record r = {.kind = TJ_REGISTER_PARTY, .party = 5, .type = TJ_CUSTODIAN};
    memcpy(r.name, "Sixteen", 7);
    for (uint32_t half = 0; half < 2; half++) {
        fixture_begin(f, 0, 0);
        if (half == 0) {
            fixture_add(f, &r);
        }
        for (uint32_t k = 8 * half; k < 8 * half + 8; k++) {
            r = rules_key(TJ_ADD_KEY, 5, k, TJ_INITIATE);
            fixture_add(f, &r);
        }
        if (half == 1) {
            r = (struct tj_record){.kind = TJ_SET_THRESHOLD, .party = 5, .threshold = 16};
            r.domain = TJ_DOMAIN_MOVE;
            fixture_add(f, &r);
        }
        for (uint32_t k = 8 * half; k < 8 * half + 8; k++) {
            fixture_sign_as(f, TJ_USE_POSSESSION, 5, k);
        }
        rules_accept(f);
    }
    for (uint32_t keys = 15; keys <= 16; keys++) {
        struct tijori_receipt receipt;
        r = rules_endorse(f, 1);
        rules_one(f, 5, 1, &r);
        for (uint32_t k = 0; k < keys; k++) {
            fixture_sign_as(f, TJ_USE_SIGN, 5, k);
        }
        fixture_encode(f);
        assert_int_equal(fixture_submit(f, &receipt), keys == 16 ? TIJORI_OK : TIJORI_THRESHOLD);
    }
    rules_end(f);
}

static void as_many_records_as_there_may_be(void **state)
{
    (void)state;
    f = rules_world(false);
    begin_purchase();
    for (uint32_t i = 1; i < 8190; i++) {
        memcpy(f->records + (size_t)i * TJ_RECORD_SIZE, f->records, TJ_RECORD_SIZE);
    }
    f->header.record_count = 8190;
    uint64_t entry = rules_accept(f);
    assert_int_equal(fixture_balance(f, A(1, 0)), 8190);
    /* The last of them can be named. */
    struct tj_record correct = rules_naming(f, TJ_CORRECT, entry, 8189);
    rules_accept_one(f, 1, 1, &correct);
    correct = rules_naming(f, TJ_CORRECT, entry, 8189);
    correct.refers_to++; /* position 8190: there is none */
    rules_refuse_one(f, 1, 1, &correct, TIJORI_NAMED_UNKNOWN);
    assert_int_equal(fixture_balance(f, A(1, 0)), 8189);
    /* One more does not fit the fixture, and is refused by its header alone. */
    begin_purchase();
    rules_sign(f);
    fixture_encode(f);
    tj_store32(f->bytes + 12, 8191);
    struct tijori_receipt receipt;
    rules_refuse_bytes(f, &receipt, TIJORI_RECORD_COUNT);
    assert_string_equal(receipt.field, "record_count");
    rules_end(f);
}

static void the_last_lane(void **state)
{
    (void)state;
    f = rules_world(false);
    struct tj_record r = fixture_move(A(1, 2), A(1, 0), 1, TJ_PURCHASE);
    rules_accept_one(f, 1, 4095, &r);
    rules_accept_one(f, 1, 4095, &r);
    rules_one(f, 1, 4095, &r);
    rules_sign(f);
    f->header.lane = 4096;
    fixture_encode(f);
    struct tijori_receipt receipt;
    rules_refuse_bytes(f, &receipt, TIJORI_VALUE);
    assert_string_equal(receipt.field, "lane");
    rules_end(f);
}

static void a_correction_to_the_last_unit(void **state)
{
    (void)state;
    f = rules_world(false);
    begin(TJ_MOVE, A(1, 2), A(1, 0), 1000, TJ_PURCHASE);
    uint64_t entry = rules_accept(f);
    struct tj_record r = rules_naming(f, TJ_CORRECT, entry, 0);
    r.amount = 1001;
    rules_refuse_one(f, 1, 1, &r, TIJORI_CORRECTION);
    r.amount = 999;
    rules_accept_one(f, 1, 1, &r);
    r.amount = 2;
    rules_refuse_one(f, 1, 1, &r, TIJORI_CORRECTION);
    r.amount = 1;
    rules_accept_one(f, 1, 1, &r);
    rules_refuse_one(f, 1, 1, &r, TIJORI_CORRECTION);
    assert_int_equal(fixture_balance(f, A(1, 0)), 0);
    rules_end(f);
}

/* The sum of what is pending stops one short of 2^64. */
static void pending_up_to_2_to_the_64(void **state)
{
    (void)state;
    f = rules_world(false);
    struct tj_record r = {.kind = TJ_OPEN_ASSET, .asset = 2, .amount_max = TJ_AMOUNT_MAX};
    memcpy(r.code, "XAU", 3);
    memcpy(r.name, "Gold", 4);
    rules_accept_one(f, 0, 0, &r);
    for (uint32_t local = 9; local <= 10; local++) {
        r = (struct tj_record){.kind = TJ_OPEN_ACCOUNT, .account = A(1, local), .asset = 2};
        r.class = local == 9 ? TJ_CLASS_MARKET : TJ_CLASS_RESERVE;
        rules_accept_one(f, 1, 1, &r);
    }
    begin(TJ_PENDING, A(1, 9), A(1, 10), TJ_AMOUNT_MAX, TJ_PURCHASE);
    for (uint32_t i = 1; i < 2047; i++) {
        memcpy(f->records + (size_t)i * TJ_RECORD_SIZE, f->records, TJ_RECORD_SIZE);
    }
    f->header.record_count = 2047;
    rules_accept(f);
    begin(TJ_PENDING, A(1, 9), A(1, 10), TJ_AMOUNT_MAX, TJ_PURCHASE);
    rules_refuse(f, TIJORI_OVERFLOW);
    begin(TJ_PENDING, A(1, 9), A(1, 10), TJ_AMOUNT_MAX - 1, TJ_PURCHASE);
    rules_accept(f);
    assert_true(rules_account(f, A(1, 10)).pending_in == UINT64_MAX);
    begin(TJ_PENDING, A(1, 9), A(1, 10), 1, TJ_PURCHASE);
    rules_refuse(f, TIJORI_OVERFLOW);
    /* What is posted at once has 128 bits. */
    begin(TJ_MOVE, A(1, 9), A(1, 10), TJ_AMOUNT_MAX, TJ_PURCHASE);
    rules_accept(f);
    rules_end(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_whole_balance),
        cmocka_unit_test(the_largest_amount),
        cmocka_unit_test(received_as_it_expires),
        cmocka_unit_test(created_300_s_ahead),
        cmocka_unit_test(the_longest_and_the_shortest_life),
        cmocka_unit_test(a_timeout_before_at_and_after),
        cmocka_unit_test(a_clock_24_hours_after_the_newest_entry),
        cmocka_unit_test(a_clock_24_hours_after_created_s),
        cmocka_unit_test(a_clock_24_hours_after_a_cosignature),
        cmocka_unit_test(a_clock_that_only_the_kernel_confirms),
        cmocka_unit_test(a_clock_that_nothing_confirms),
        cmocka_unit_test(sixteen_slots),
        cmocka_unit_test(as_many_records_as_there_may_be),
        cmocka_unit_test(the_last_lane),
        cmocka_unit_test(a_correction_to_the_last_unit),
        cmocka_unit_test(pending_up_to_2_to_the_64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
