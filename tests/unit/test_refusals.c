/* A refused envelope leaves nothing behind in memory, however often it is sent: envelopes of many
 * records with an effect each, and a last one that is refused. TIJORI_REFUSALS says how many are
 * sent; scripts/torture sends a million. What every other status leaves behind is looked at where
 * it is refused (rules_refuse_bytes). */

#include "rules_support.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { KEPT_MAX = 8, REFUSALS = 400, MANY = 600 };

static struct fixture *f;

static struct kept {
    const char *name;
    enum tijori_status status;
    uint8_t *bytes;
    size_t size;
} kept[KEPT_MAX];
static uint32_t kept_count;

static void keep(const char *name, enum tijori_status status)
{
    struct kept *k = &kept[kept_count++];
    rules_sign(f);
    fixture_encode(f);
    *k = (struct kept){name, status, malloc(f->size), f->size};
    assert_non_null(k->bytes);
    memcpy(k->bytes, f->bytes, f->size);
}

/* Blocks, room in tables, and slots of indexes. */
static void keep_all(void)
{
    struct tj_record r;
    fixture_begin(f, 1, 4000); /* its lane is in no block yet */
    for (uint32_t i = 0; i < MANY; i++) {
        r = fixture_move(fixture_account(T_MARKET), fixture_account(T_RESERVE_A), 1, TJ_PURCHASE);
        r.kind = TJ_PENDING;
        fixture_add(f, &r);
    }
    r = fixture_move(fixture_account(T_RESERVE_A), fixture_account(T_RESERVE_B), 1,
                     TJ_INTERNAL_TRANSFER);
    fixture_add(f, &r);
    keep("marks", TIJORI_BALANCE);
    fixture_begin(f, 1, 1);
    for (uint32_t i = 0; i < FIXTURE_RECORDS_MAX; i++) {
        r = (struct tj_record){.kind = TJ_OPEN_ACCOUNT, .asset = 1, .class = TJ_CLASS_RESERVE};
        r.account = tj_account_id(1, 9 + i + (i == FIXTURE_RECORDS_MAX - 1));
        fixture_add(f, &r);
    }
    keep("accounts", TIJORI_NUMBER);
    fixture_begin(f, 0, 0);
    for (uint32_t i = 0; i <= MANY; i++) {
        r = (struct tj_record){.kind = TJ_SET_LIMIT, .type = TJ_LIMIT_OUTFLOW, .asset = 1};
        r.rule = i + (i == MANY);
        r.holder = fixture_account((enum fixture_account)(i % T_SUSPENSE));
        r.window_s = 3600 + 16 * i;
        r.amount = 1000 + i;
        fixture_add(f, &r);
    }
    keep("rules", TIJORI_NUMBER);
    fixture_begin(f, 0, 0);
    for (uint32_t i = 0; i <= MANY; i++) {
        r = (struct tj_record){.kind = TJ_REGISTER_PARTY, .type = TJ_CUSTODIAN};
        r.party = 5 + i + (i == MANY);
        snprintf(r.name, sizeof r.name, "Custodian %u", (unsigned)i);
        fixture_add(f, &r);
    }
    keep("parties", TIJORI_NUMBER);
    fixture_begin(f, 0, 0);
    for (uint32_t i = 0; i < MANY; i++) {
        r = (struct tj_record){.kind = TJ_OPEN_ASSET, .amount_max = 1, .name = "X"};
        r.asset = 2 + i + (i == MANY - 1);
        snprintf(r.code, sizeof r.code, "A%u", (unsigned)i);
        fixture_add(f, &r);
    }
    keep("assets", TIJORI_NUMBER);
    fixture_begin(f, 0, 0);
    for (uint32_t i = 5; i < 7; i++) {
        r = (struct tj_record){.kind = TJ_REGISTER_PARTY, .party = i, .type = TJ_TREASURY};
        snprintf(r.name, sizeof r.name, "Treasury %u", (unsigned)i);
        fixture_add(f, &r);
        r = rules_key(TJ_ADD_KEY, i, 0, TJ_INITIATE);
        fixture_add(f, &r);
    }
    r = (struct tj_record){.kind = TJ_SET_THRESHOLD, .party = 6, .threshold = 2};
    r.domain = TJ_DOMAIN_MOVE;
    fixture_add(f, &r);
    for (uint32_t i = 5; i < 7; i++) {
        fixture_sign_as(f, TJ_USE_POSSESSION, i, 0);
    }
    keep("keys", TIJORI_UNREACHABLE);
}

static void refuse_once(const struct kept *k)
{
    struct tijori_receipt receipt;
    assert_int_equal(tijori_submit(f->ledger, k->bytes, k->size, 0), TIJORI_OK);
    assert_int_equal(tijori_receive(f->ledger, &receipt), TIJORI_OK);
    if (receipt.status != k->status) {
        fail_msg("%s: wanted %s, got: %s", k->name, tijori_status_name(k->status), receipt.text);
    }
}

static void refusals_cost_no_memory(void **state)
{
    (void)state;
    const char *wanted = getenv("TIJORI_REFUSALS");
    const uint64_t rounds = wanted != NULL ? strtoull(wanted, NULL, 10) : REFUSALS;
    struct rules_trace before;
    struct rules_trace after;
    struct tj_record r;
    f = rules_world(true);
    keep_all();
    rules_trace(f, &before);
    for (uint64_t i = 0; i < rounds; i++) {
        refuse_once(&kept[i % kept_count]);
        rules_trace(f, &after);
        if (after.state_bytes != before.state_bytes || after.dirty != before.dirty) {
            fail_msg("%s, %llu: %llu bytes were %llu, %llu dirty blocks were %llu",
                     kept[i % kept_count].name, (unsigned long long)i,
                     (unsigned long long)after.state_bytes, (unsigned long long)before.state_bytes,
                     (unsigned long long)after.dirty, (unsigned long long)before.dirty);
        }
    }
    rules_same_trace(f, &before);
    /* And what is accepted then finds everything in its place. */
    r = fixture_move(fixture_account(T_MARKET), fixture_account(T_RESERVE_A), 5, TJ_PURCHASE);
    rules_accept_one(f, 1, 4000, &r);
    rules_check_replay(f);
    rules_end(f);
    for (uint32_t i = 0; i < kept_count; i++) {
        free(kept[i].bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refusals_cost_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
