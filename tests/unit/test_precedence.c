/* Of several things wrong with an envelope the first is said, always the same (docs/FORMAT.md
 * sections 7 and 12). Each row breaks one rule; the rows stand in the order of precedence; every
 * pair of them is tried. */

#include "rules_support.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define A(party, local) ((uint64_t)(party) << 32 | (local))
enum { ASSET_2_RESERVE = 9, CLOSED = 10, FROZEN = 11, SLOTS_AT = 176 + 112 };

static struct fixture *f;
static unsigned signers;      /* of the header's party */
static bool unknown_key;      /* one more slot, by a key that nobody registered */
static size_t attachments_at; /* where their count stands in f->bytes */

/* ---- what can be wrong ---- */

/* Before the envelope is sealed: f->header, f->records. After: f->bytes, f->size. */
typedef void spoiler(void);

static void version(void)
{
    f->bytes[3] = 9;
}

static void flags(void)
{
    f->header.flags |= 4;
}

static void no_records(void)
{
    tj_store32(f->bytes + 12, 0);
}

static void unknown_kind(void)
{
    f->bytes[176] = 200;
}

static void value(void)
{
    f->records[2] = 14;
}

static void text(void)
{
    f->records[44] = 0xff;
}

static void amount_0(void)
{
    tj_store64(f->records + 20, 0);
}

static void same_account(void)
{
    memcpy(f->records + 12, f->records + 4, 8);
}

static void reserved(void)
{
    f->records[93] = 1;
}

static void blind(void)
{
    uint8_t *at = f->bytes + 176 + 96;
    memset(at, 0, 16);
    at[0] = (f->bytes[4] & 1) == 0;
}

static void slot_algorithm(void)
{
    f->bytes[SLOTS_AT + 2 + 4] = 9;
}

static void slot_use(void)
{
    f->bytes[SLOTS_AT + 2 + 5] = 9;
}

static void slot_size(void)
{
    f->bytes[SLOTS_AT + 2 + 8] = 65;
}

static void attachment_count(void)
{
    tj_store16(f->bytes + attachments_at, 257);
}

static void trailing(void)
{
    f->bytes[f->size++] = 0;
}

static void body_root(void)
{
    f->bytes[150] ^= 1;
}

static void ledger_id(void)
{
    f->header.ledger_id.bytes[0] ^= 1;
}

static void party(void)
{
    f->header.party = 77;
}

static void sequence(void)
{
    f->header.sequence += 5;
}

static void previous_id(void)
{
    f->header.previous_id.bytes[0] ^= 1;
}

static void known_index(void)
{
    f->header.known_index += 1000;
}

static void known_leaf(void)
{
    f->header.known_leaf.bytes[0] ^= 1;
}

static void lifetime(void)
{
    f->header.expires_s = f->header.created_s;
}

static void in_future(void)
{
    f->header.created_s += 1000;
    f->header.expires_s = f->header.created_s + 60;
}

static void expired(void)
{
    f->header.created_s -= 1000;
    f->header.expires_s = f->header.created_s + 60;
}

static void signature(void)
{
    f->bytes[SLOTS_AT + 2 + 60] ^= 1;
}

static void key_unknown(void)
{
    unknown_key = true;
}

static void threshold(void)
{
    signers = 1;
}

static void account_unknown(void)
{
    tj_store64(f->records + 12, A(1, 99));
}

static void not_owner(void)
{
    tj_store64(f->records + 4, A(2, 2));
}

static void closed(void)
{
    tj_store64(f->records + 12, A(1, CLOSED));
}

static void frozen(void)
{
    tj_store64(f->records + 4, A(1, FROZEN));
}

static void asset_mixed(void)
{
    tj_store64(f->records + 12, A(1, ASSET_2_RESERVE));
}

static void amount_max(void)
{
    tj_store64(f->records + 20, TJ_BTC_AMOUNT_MAX + 1);
}

static void purpose(void)
{
    f->records[2] = TJ_CORRECTION;
}

static void restricted(void)
{
    f->header.flags |= TJ_FLAG_RESTRICTED;
}

static void countersign(void)
{
    tj_store64(f->records + 12, A(3, 0));
}

static void timeout(void)
{
    f->records[0] = TJ_PENDING;
    tj_store32(f->records + 32, 1);
}

static void balance(void)
{
    tj_store64(f->records + 20, TJ_BTC_AMOUNT_MAX);
}

static const struct wrong {
    enum tijori_status status;
    spoiler *before_seal;
    spoiler *after;
} wrongs[] = {
    {TIJORI_VERSION_UNKNOWN, NULL, version},
    {TIJORI_FLAGS_UNKNOWN, flags, NULL},
    {TIJORI_RECORD_COUNT, NULL, no_records},
    {TIJORI_KIND_UNKNOWN, NULL, unknown_kind},
    {TIJORI_VALUE, value, NULL},
    {TIJORI_TEXT, text, NULL},
    {TIJORI_AMOUNT_ZERO, amount_0, NULL},
    {TIJORI_SAME_ACCOUNT, same_account, NULL},
    {TIJORI_RESERVED_NOT_ZERO, reserved, NULL},
    {TIJORI_BLIND, NULL, blind},
    {TIJORI_SLOT_ALGORITHM, NULL, slot_algorithm},
    {TIJORI_SLOT_USE, NULL, slot_use},
    {TIJORI_SLOT_SIZE, NULL, slot_size},
    {TIJORI_ATTACHMENT, NULL, attachment_count},
    {TIJORI_TRAILING_BYTES, NULL, trailing},
    {TIJORI_BODY_ROOT, NULL, body_root},
    {TIJORI_LEDGER_ID, ledger_id, NULL},
    {TIJORI_PARTY_UNKNOWN, party, NULL},
    {TIJORI_SEQUENCE, sequence, NULL},
    {TIJORI_PREVIOUS_ID, previous_id, NULL},
    {TIJORI_KNOWN_AHEAD, known_index, NULL},
    {TIJORI_FORK, known_leaf, NULL},
    {TIJORI_LIFETIME, lifetime, NULL},
    {TIJORI_CREATED_IN_FUTURE, in_future, NULL},
    {TIJORI_EXPIRED, expired, NULL},
    {TIJORI_KEY_UNKNOWN, key_unknown, NULL},
    {TIJORI_SIGNATURE, NULL, signature},
    {TIJORI_RESTRICTED, restricted, NULL}, /* of the public sector: judged with its party */
    {TIJORI_THRESHOLD, threshold, NULL},
    {TIJORI_ACCOUNT_UNKNOWN, account_unknown, NULL},
    {TIJORI_NOT_OWNER, not_owner, NULL},
    {TIJORI_ACCOUNT_CLOSED, closed, NULL},
    {TIJORI_ACCOUNT_FROZEN, frozen, NULL},
    {TIJORI_ASSET_MIXED, asset_mixed, NULL},
    {TIJORI_AMOUNT_MAX, amount_max, NULL},
    {TIJORI_PURPOSE, purpose, NULL},
    {TIJORI_COUNTERSIGN_MISSING, countersign, NULL},
    {TIJORI_TIMEOUT, timeout, NULL},
    {TIJORI_BALANCE, balance, NULL},
};
enum { WRONGS = sizeof wrongs / sizeof wrongs[0] };

/* ---- the pairs ---- */

/* An internal transfer of 1, with the later thing wrong put in first, so that the earlier one
 * surely stands. */
static void build(const struct wrong *later, const struct wrong *earlier)
{
    struct tj_record r = fixture_move(A(1, 0), A(1, 1), 1, TJ_INTERNAL_TRANSFER);
    const struct wrong *both[2] = {later, earlier};
    rules_one(f, 1, 1, &r);
    signers = 2;
    unknown_key = false;
    for (int i = 0; i < 2; i++) {
        if (both[i] != NULL && both[i]->before_seal != NULL) {
            both[i]->before_seal();
        }
    }
    for (uint32_t k = 0; k < signers; k++) {
        rules_slot(f, TJ_USE_SIGN, f->header.party, 1, k, TJ_ALGORITHM_BIP340);
    }
    if (unknown_key) {
        rules_slot(f, TJ_USE_SIGN, f->header.party, 1, 9, TJ_ALGORITHM_BIP340);
    }
    fixture_encode(f);
    attachments_at = f->size - 2;
    f->bytes = realloc(f->bytes, f->size + 8);
    assert_non_null(f->bytes);
    for (int i = 0; i < 2; i++) {
        if (both[i] != NULL && both[i]->after != NULL) {
            both[i]->after();
        }
    }
}

static void each_alone(void **state)
{
    (void)state;
    struct tijori_receipt receipt;
    enum tijori_status last = TIJORI_OK;
    for (size_t i = 0; i < WRONGS; i++) {
        /* RESTRICTED has its number where a custodian's records are judged. */
        assert_true(last < wrongs[i].status);
        last = wrongs[i].status != TIJORI_RESTRICTED ? wrongs[i].status : last;
        build(NULL, &wrongs[i]);
        rules_refuse_bytes(f, &receipt, wrongs[i].status);
    }
    build(NULL, NULL);
    rules_accept_signed(f);
}

static void of_two_the_earlier_one(void **state)
{
    (void)state;
    unsigned pairs = 0;
    for (size_t i = 0; i < WRONGS; i++) {
        for (size_t j = i + 1; j < WRONGS; j++) {
            struct tijori_receipt receipt;
            if (wrongs[i].before_seal == in_future && wrongs[j].before_seal == expired) {
                continue; /* both at once expire before they are created: LIFETIME */
            }
            build(&wrongs[j], &wrongs[i]);
            if (fixture_submit(f, &receipt) != wrongs[i].status) {
                fail_msg("%s and %s: %s", tijori_status_name(wrongs[i].status),
                         tijori_status_name(wrongs[j].status), receipt.text);
            }
            pairs++;
        }
    }
    print_message("%u pairs\n", pairs);
    build(NULL, NULL);
    rules_accept_signed(f);
}

/* A custodian's restricted record on an account of the public sector: after its purpose, before the
 * countersignature and the balance. */
static void restricted_among_the_records(void **state)
{
    (void)state;
    struct tijori_receipt receipt;
    for (int fits = 0; fits < 2; fits++) {
        struct tj_record r =
            fixture_move(A(2, 0), A(1, 0), TJ_BTC_AMOUNT_MAX, fits ? TJ_PAYMENT : TJ_CORRECTION);
        rules_one(f, 2, 1, &r);
        f->header.flags = TJ_FLAG_RESTRICTED;
        rules_sign(f);
        fixture_encode(f);
        rules_refuse_bytes(f, &receipt, fits ? TIJORI_RESTRICTED : TIJORI_PURPOSE);
        assert_int_equal(receipt.record, 0);
        assert_string_equal(receipt.field, fits ? "to" : "purpose");
    }
}

/* Three things of one sort: the first in its own order. */
static void of_two_records_the_first(void **state)
{
    (void)state;
    struct tijori_receipt receipt;
    struct tj_record good = fixture_move(A(1, 2), A(1, 0), 1, TJ_PURCHASE);
    struct tj_record poor = fixture_move(A(1, 1), A(1, 0), 1000000, TJ_INTERNAL_TRANSFER);
    struct tj_record lost = fixture_move(A(1, 2), A(1, 99), 1, TJ_PURCHASE);
    fixture_begin(f, 1, 1);
    fixture_add(f, &good);
    fixture_add(f, &poor); /* BALANCE stands after ACCOUNT_UNKNOWN, but comes first */
    fixture_add(f, &lost);
    rules_sign(f);
    fixture_encode(f);
    rules_refuse_bytes(f, &receipt, TIJORI_BALANCE);
    assert_int_equal(receipt.record, 1);
}

static void of_two_slots_the_first(void **state)
{
    (void)state;
    struct tijori_receipt receipt;
    struct tj_record r = fixture_move(A(1, 2), A(1, 0), 1, TJ_PURCHASE);
    rules_one(f, 1, 1, &r);
    rules_sign(f);
    rules_slot(f, TJ_USE_COUNTERSIGN, 4, 4, 0, TJ_ALGORITHM_ECDSA); /* KEY_ROLE */
    rules_slot(f, TJ_USE_COUNTERSIGN, 5, 4, 1, TJ_ALGORITHM_ECDSA); /* KEY_PARTY */
    fixture_encode(f);
    rules_refuse_bytes(f, &receipt, TIJORI_KEY_ROLE);
    assert_non_null(strstr(receipt.text, "signature 2"));
    rules_slot(f, TJ_USE_COUNTERSIGN, 6, 4, 9, TJ_ALGORITHM_ECDSA); /* KEY_UNKNOWN: a step before */
    fixture_encode(f);
    rules_refuse_bytes(f, &receipt, TIJORI_KEY_UNKNOWN);
    assert_non_null(strstr(receipt.text, "signature 4"));
}

static int setup(void **state)
{
    (void)state;
    struct tj_record r = {.kind = TJ_OPEN_ASSET, .asset = 2, .amount_max = 1};
    memcpy(r.code, "XAU", 3);
    memcpy(r.name, "Gold", 4);
    f = rules_world(true);
    rules_accept_one(f, 0, 0, &r);
    for (uint32_t local = ASSET_2_RESERVE; local <= FROZEN; local++) {
        r = (struct tj_record){.kind = TJ_OPEN_ACCOUNT, .class = TJ_CLASS_RESERVE};
        r.account = A(1, local);
        r.asset = local == ASSET_2_RESERVE ? 2 : 1;
        rules_accept_one(f, 1, 1, &r);
    }
    r = (struct tj_record){.kind = TJ_CLOSE_ACCOUNT, .account = A(1, CLOSED)};
    rules_accept_one(f, 1, 1, &r);
    r = (struct tj_record){.kind = TJ_FREEZE_ACCOUNT, .account = A(1, FROZEN), .directions = 2};
    rules_accept_one(f, 0, 0, &r);
    r = fixture_move(A(1, 2), A(1, 0), 1000, TJ_PURCHASE);
    rules_accept_one(f, 1, 1, &r);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rules_end(f);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_alone),
        cmocka_unit_test(of_two_the_earlier_one),
        cmocka_unit_test(restricted_among_the_records),
        cmocka_unit_test(of_two_records_the_first),
        cmocka_unit_test(of_two_slots_the_first),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
