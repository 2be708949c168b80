/* A ledger whose rows were changed so that reading them would crash, never end, or take gigabytes.
 * It is damaged, and that is the answer. */

#include "history_support.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct damaged {
    struct fixture f; /* closed */
    struct log_copy log;
    uint64_t last; /* entry: two movements into the reserve */
    char dir[300];
    struct tj_store *store; /* of `dir`, with a transaction */
    struct tj_txn *txn;
    struct tj_digester digester;
};

static struct damaged *make(void)
{
    struct tijori_receipt receipt;
    struct damaged *d = calloc(1, sizeof *d);
    assert_non_null(d);
    fixture_parties(&d->f);
    fixture_begin(&d->f, 1, 1);
    for (int i = 0; i < 2; i++) {
        struct tj_record r = fixture_move(fixture_account(T_MARKET), fixture_account(T_RESERVE_A),
                                          1000, TJ_PURCHASE);
        fixture_add(&d->f, &r);
    }
    assert_int_equal(fixture_send(&d->f, &receipt), TIJORI_OK);
    d->last = receipt.entry;
    fixture_close(&d->f);
    log_read(&d->log, d->f.dir, 0);
    snprintf(d->dir, sizeof d->dir, "%s-damaged", d->f.dir);
    assert_true(tj_digester_init(&d->digester));
    return d;
}

static void end(struct damaged *d)
{
    tj_digester_clear(&d->digester);
    log_free(&d->log);
    fixture_open(&d->f);
    fixture_destroy(&d->f);
    free(d);
}

static void open_damaged(struct damaged *d)
{
    const struct tj_store_options options = tj_journal_options(0);
    log_write(d->dir, &d->log);
    assert_int_equal(tj_store_open_read(&d->store, NULL, d->dir, &options), TJ_STORAGE_OK);
    assert_int_equal(tj_read_begin(d->store, &d->txn), TJ_STORAGE_OK);
}

static void close_damaged(struct damaged *d)
{
    tj_read_end(d->txn);
    tj_store_close(d->store);
    remove_ledger(d->dir);
}

/* The block that begins with object 0 of a party's table. */
static struct log_row *block_of(struct damaged *d, uint8_t table, uint32_t party)
{
    const uint8_t name[TJ_BLOCK_KEY_SIZE] = {table, 0, 0, 0, (uint8_t)party};
    struct log_table *blocks = &d->log.tables[TJ_J_STATE];
    for (size_t i = 0; i < blocks->count; i++) {
        if (memcmp(blocks->rows[i].key, name, sizeof name) == 0) {
            return &blocks->rows[i];
        }
    }
    fail_msg("no block of table %u", table);
    return NULL;
}

/* With a check that fits, as somebody would make it who changes the file on purpose. */
static void seal(struct log_row *row)
{
    tj_block_header_encode(row->value, row->key, tj_load64(row->value),
                           row->value + TJ_BLOCK_HEADER_SIZE,
                           (uint32_t)(row->size - TJ_BLOCK_HEADER_SIZE));
}

/* ---- a post that names itself, or another post that names it ---- */

static void a_post_that_posts_a_post(void **state)
{
    (void)state;
    struct damaged *d = make();
    struct tj_journal_past past;
    uint8_t *records = d->log.tables[TJ_J_BODIES].rows[d->last].value;
    for (uint32_t named = 0; named < 2; named++) { /* itself; the other */
        for (uint32_t i = 0; i < 2; i++) {
            struct tj_record r;
            tj_record_decode(&r, records + (size_t)i * TJ_RECORD_SIZE);
            r.kind = TJ_POST;
            r.refers_to = tj_record_id(d->last, i ^ named);
            tj_record_encode(&r, records + (size_t)i * TJ_RECORD_SIZE);
        }
        struct tj_named out = {.absent = false};
        struct tj_state *at;
        open_damaged(d);
        tj_journal_past_init(&past, d->txn, &d->digester);
        assert_true(past.past.record(past.past.context, &out, tj_record_id(d->last, 0)));
        assert_int_equal(out.basis, TJ_BASIS_DECLARED);
        assert_int_equal(out.record[0], TJ_POST);
        if (tj_snapshot_at(d->txn, &d->digester, &at, d->last + 1) == TIJORI_OK) {
            tj_state_destroy(at);
        }
        close_damaged(d);
    }
    end(d);
}

/* ---- an account in an asset that there is not ---- */

static void an_account_of_no_asset(void **state)
{
    (void)state;
    struct damaged *d = make();
    struct tijori_balance balance;
    const uint16_t asset = 999;
    memcpy(block_of(d, TJ_T_ACCOUNT, 1)->value + TJ_BLOCK_HEADER_SIZE +
               offsetof(struct tj_account_object, asset),
           &asset, sizeof asset);
    seal(block_of(d, TJ_T_ACCOUNT, 1));
    log_write(d->dir, &d->log);
    struct tijori *ledger;
    enum tijori_status status = tijori_open(&ledger, d->dir, TIJORI_READ, NULL, NULL);
    if (status == TIJORI_OK) {
        assert_int_equal(tijori_balance(ledger, &balance, 1, 0), TIJORI_CORRUPT);
        tijori_close(ledger);
    } else {
        assert_int_equal(status, TIJORI_CORRUPT);
    }
    remove_ledger(d->dir);
    end(d);
}

/* ---- numbers that no log of this size has ---- */

static void a_block_far_beyond_the_log(void **state)
{
    (void)state;
    struct damaged *d = make();
    struct log_row *row = block_of(d, TJ_T_ACCOUNT, 1);
    struct tj_head_row head;
    struct tj_state *loaded;
    open_damaged(d);
    assert_int_equal(tj_head_row_read(d->txn, &head), TIJORI_OK);
    assert_int_equal(tj_snapshot_load(d->txn, &d->digester, &loaded, &head), TIJORI_OK);
    tj_state_destroy(loaded);
    close_damaged(d);
    row->key[TJ_BLOCK_KEY_SIZE - 3] = 1; /* account 2^16 times a block's and so on */
    seal(row);
    open_damaged(d);
    /* It is left out, and the log says what the state is. */
    assert_int_equal(tj_snapshot_load(d->txn, &d->digester, &loaded, &head), TIJORI_OK);
    tj_state_destroy(loaded);
    close_damaged(d);
    end(d);
}

static void an_account_that_no_log_counts_to(void **state)
{
    (void)state;
    struct damaged *d = make();
    struct log_table *bodies = &d->log.tables[TJ_J_BODIES];
    struct tj_state *at;
    uint64_t size = 0;
    bool found = false;
    for (; size < bodies->count && !found; size++) {
        struct log_row *row = &bodies->rows[size];
        struct tj_record r;
        tj_record_decode(&r, row->value);
        found = r.kind == TJ_OPEN_ACCOUNT;
        if (found) {
            r.account |= 1u << 29;
            tj_record_encode(&r, row->value);
        }
    }
    assert_true(found);
    open_damaged(d);
    assert_int_equal(tj_snapshot_at(d->txn, &d->digester, &at, size), TIJORI_CORRUPT);
    close_damaged(d);
    end(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_post_that_posts_a_post),
        cmocka_unit_test(an_account_of_no_asset),
        cmocka_unit_test(a_block_far_beyond_the_log),
        cmocka_unit_test(an_account_that_no_log_counts_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
