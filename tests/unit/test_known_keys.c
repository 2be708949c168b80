/* Signatures by keys of nobody are not verified (docs/FORMAT.md section 7, step 6): which of a
 * checked envelope's are looked at, and that it changes no verdict when a key is registered
 * meanwhile. */

#include "rules_support.h"

#include "core/ingest/ingest.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct fixture *f;

static struct tj_ingest_item checked(struct tj_ingest *ingest)
{
    struct tj_ingest_item item = {.bytes = f->bytes, .size = f->size};
    void *items[1] = {&item};
    tj_ingest_check(ingest, &f->digester, items, 1);
    assert_int_equal(item.verdict.status, TIJORI_OK);
    return item;
}

/* By party 1's first key and, when there is a wish for it, by one that nobody registered. */
static void encode_move(bool unknown, bool spoilt)
{
    struct tj_record r =
        fixture_move(fixture_account(T_MARKET), fixture_account(T_RESERVE_A), 5, TJ_PURCHASE);
    rules_one(f, 1, 1, &r);
    rules_sign(f);
    if (unknown) {
        rules_slot(f, TJ_USE_SIGN, 1, 1, 9, TJ_ALGORITHM_BIP340);
    }
    if (spoilt) {
        f->slots.slots[0].signature64[5] ^= 1;
    }
    fixture_encode(f);
}

static void only_known_keys_are_verified(void **state)
{
    (void)state;
    static struct tj_ingest ingest;
    struct tj_ledger_view view;
    f = rules_world(true);
    tj_known_keys_init(&ingest.known_keys);
    encode_move(false, true);
    assert_true(checked(&ingest).unverified); /* it knows no key yet */
    assert_false(checked(NULL).unverified);
    assert_int_equal(checked(NULL).invalid_slot, 0);
    assert_int_equal(tj_ledger_view_begin(f->ledger, &view), TIJORI_OK);
    tj_known_keys_of_state(&ingest.known_keys, view.state);
    tj_ledger_view_end(f->ledger, &view);
    struct tj_ingest_item item = checked(&ingest);
    assert_false(item.unverified);
    assert_int_equal(item.invalid_slot, 0);
    encode_move(false, false);
    item = checked(&ingest);
    assert_false(item.unverified);
    assert_int_equal(item.invalid_slot, TJ_NOWHERE);
    encode_move(true, false);
    item = checked(&ingest);
    assert_true(item.unverified);
    assert_int_equal(item.invalid_slot, 0);
    assert_int_equal(checked(NULL).invalid_slot, TJ_NOWHERE);
    struct tj_record added = rules_key(TJ_ADD_KEY, 1, 9, TJ_INITIATE);
    added.algorithm = TJ_ALGORITHM_BIP340;
    uint8_t record[TJ_RECORD_SIZE];
    memset(added.key, 0, sizeof added.key);
    for (uint32_t i = 0; i < f->slots.count; i++) { /* the slots are in the order of their keys */
        memcpy(added.key, f->slots.slots[i].key.bytes, 32);
        tj_record_encode(&added, record);
        tj_known_keys_of_records(&ingest.known_keys, record, 1);
    }
    assert_false(checked(&ingest).unverified);
    tj_known_keys_clear(&ingest.known_keys);
    rules_end(f);
}

/* An envelope that registers a key, and one by that key right behind it: it is checked before the
 * other is judged. The ledger's threads decide when, so it is done a few times. */
static void registered_meanwhile(void **state)
{
    (void)state;
    enum { ROUNDS = 16, ORDINAL = 1 };
    f = rules_world(true);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct tijori_receipt receipt;
        const bool spoilt = i % 2 == 1;
        struct tj_record r = rules_key(TJ_ADD_KEY, 2, ORDINAL + i, TJ_INITIATE);
        rules_one(f, 0, 0, &r); /* party 2 has no quorum of its own */
        fixture_sign_as(f, TJ_USE_POSSESSION, 2, ORDINAL + i);
        rules_sign(f);
        fixture_encode(f);
        uint8_t *first = malloc(f->size);
        size_t size = f->size;
        assert_non_null(first);
        memcpy(first, f->bytes, size);
        r = rules_endorse(f, 1);
        rules_one(f, 2, (uint16_t)(1 + i), &r);
        fixture_sign_as(f, TJ_USE_SIGN, 2, ORDINAL + i);
        f->slots.slots[0].signature64[5] ^= spoilt;
        fixture_encode(f);
        assert_int_equal(tijori_submit(f->ledger, first, size, 1), TIJORI_OK);
        assert_int_equal(tijori_submit(f->ledger, f->bytes, f->size, 2), TIJORI_OK);
        assert_int_equal(tijori_receive(f->ledger, &receipt), TIJORI_OK);
        if (receipt.status != TIJORI_OK) {
            fail_msg("the key: %s", receipt.text);
        }
        assert_int_equal(tijori_receive(f->ledger, &receipt), TIJORI_OK);
        if (receipt.status != (spoilt ? TIJORI_SIGNATURE : TIJORI_OK)) {
            fail_msg("by the key: %s", receipt.text);
        }
        free(first);
    }
    rules_check_replay(f);
    rules_end(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_known_keys_are_verified),
        cmocka_unit_test(registered_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
