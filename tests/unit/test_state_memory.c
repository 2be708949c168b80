/* A ledger for which memory is not there, once at each place where it asks for some. It is created,
 * or is not; it opens, or says MEMORY; it accepts an envelope, or says that it failed, and then
 * nothing more until it is opened again. Never does it end the program, refuse an envelope for a
 * rule that it keeps, or forget what it acknowledged. */

#include "history_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { PLACES_MAX = 5000, PENDINGS = 90 };

/* ---- memory that is not there: the linker puts these in the place of the C library's ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__real_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);

static atomic_uint_fast64_t asked;
static atomic_uint_fast64_t refused_at; /* 0: never */

static bool refuses(void)
{
    uint64_t at = atomic_load(&refused_at);
    return at != 0 && atomic_fetch_add(&asked, 1) + 1 == at;
}

void *__wrap_malloc(size_t size)
{
    return refuses() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refuses() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return refuses() ? NULL : __real_realloc(old, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return refuses() ? NULL : __real_aligned_alloc(alignment, size);
}

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    return refuses() ? MAP_FAILED : __real_mmap(at, size, protection, flags, fd, offset);
}

static void refuse_the(uint64_t n)
{
    atomic_store(&asked, 0);
    atomic_store(&refused_at, n);
}

/* Whether it came to that. */
static bool was_refused(void)
{
    uint64_t n = atomic_exchange(&refused_at, 0);
    return atomic_load(&asked) >= n;
}

/* ---- the ledger, and envelopes that make its state grow ---- */

static struct fixture f;

static uint64_t clock_of_fixture(void *context)
{
    (void)context;
    return f.now_ns;
}

static const struct tijori_options options = {
    .threads = 1,
    .clock = clock_of_fixture,
};

enum { ENVELOPES = 4 };
static uint8_t *bytes[ENVELOPES];
static size_t sizes[ENVELOPES];

static void keep(uint32_t which)
{
    for (uint32_t k = 0; k < (f.header.party <= 1 ? 2u : 1u); k++) {
        fixture_sign_as(&f, TJ_USE_SIGN, f.header.party, k);
    }
    fixture_encode(&f);
    free(bytes[which]);
    bytes[which] = malloc(f.size);
    assert_non_null(bytes[which]);
    memcpy(bytes[which], f.bytes, f.size);
    sizes[which] = f.size;
}

static uint32_t rounds; /* so that each finds numbers that are free */

/* A key and an account of a party's, in a block that is there; marks, so many that their index
 * grows; lanes, each in a new block; a rule that counts, and what it counts. */
static void prepare(void)
{
    struct tj_record r = {.kind = TJ_OPEN_ACCOUNT, .asset = 1, .class = TJ_CLASS_RESERVE};
    uint16_t lane = (uint16_t)(64 * (rounds % 60) + 2 + rounds / 60);
    f.now_ns += 1000;
    fixture_begin(&f, 3, lane);
    r.account = tj_account_id(3, 1 + rounds);
    fixture_add(&f, &r);
    keep(0);
    fixture_begin(&f, 1, lane);
    for (uint32_t i = 0; i < PENDINGS; i++) {
        r = fixture_move(fixture_account(T_MARKET), fixture_account(T_RESERVE_A), 1, TJ_PURCHASE);
        r.kind = TJ_PENDING;
        fixture_add(&f, &r);
    }
    keep(1);
    fixture_begin(&f, 0, 0);
    r = (struct tj_record){.kind = TJ_SET_LIMIT, .rule = rounds, .type = TJ_LIMIT_OUTFLOW};
    r.holder = fixture_account(T_MARKET);
    r.asset = 1;
    r.window_s = 3600;
    r.amount = TJ_AMOUNT_MAX;
    fixture_add(&f, &r);
    keep(2);
    fixture_begin(&f, 2, lane);
    r = fixture_move(fixture_account(C_EXTERNAL), fixture_account(C_CUSTODY_A), 5,
                     TJ_CUSTOMER_DEPOSIT);
    fixture_add(&f, &r);
    keep(3);
    rounds++;
}

/* ---- one life of a ledger, with the n-th request refused ---- */

/* In order. Once one fails, so does all that follows. */
static uint32_t submit_all(uint64_t entries[ENVELOPES])
{
    uint32_t accepted = 0;
    for (uint32_t i = 0; i < ENVELOPES; i++) {
        struct tijori_receipt receipt;
        assert_int_equal(tijori_submit(f.ledger, bytes[i], sizes[i], i), TIJORI_OK);
        assert_int_equal(tijori_receive(f.ledger, &receipt), TIJORI_OK);
        assert_int_equal(receipt.tag, i);
        if (receipt.status != TIJORI_OK && receipt.status != TIJORI_FAILED &&
            receipt.status != TIJORI_MEMORY) {
            fail_msg("envelope %u: %s", (unsigned)i, receipt.text);
        }
        if (receipt.status == TIJORI_OK) {
            assert_int_equal(accepted, i);
            entries[accepted++] = receipt.entry;
        } else {
            assert_int_equal(receipt.entry, 0);
        }
    }
    return accepted;
}

/* A dry run that lacks memory says so, and is not the last word on the envelope. */
static void ask_before(void)
{
    struct tijori_receipt receipt;
    assert_int_equal(tijori_dry_run(f.ledger, &receipt, bytes[1], sizes[1]), TIJORI_OK);
    if (receipt.status != TIJORI_OK && receipt.status != TIJORI_MEMORY) {
        fail_msg("a dry run: %s", receipt.text);
    }
}

/* Opened again, it has what it had and what was acknowledged since, the state is what the log
 * gives, and the very same envelopes are accepted, or were. */
static void must_be_sound(const struct tijori_head *before, const uint64_t entries[ENVELOPES],
                          uint32_t accepted)
{
    struct tijori_head head;
    struct tj_ledger_view view;
    struct tj_state *again;
    struct tj_hash live;
    struct tj_hash replayed;
    fixture_open(&f);
    tijori_head(f.ledger, &head);
    assert_int_equal(head.size, before->size + accepted);
    digest_live(&f, &live);
    assert_int_equal(tj_ledger_view_begin(f.ledger, &view), TIJORI_OK);
    assert_int_equal(tj_snapshot_at(view.txn, view.digester, &again, head.size), TIJORI_OK);
    tj_state_digest(again, f.digester.hasher, &replayed);
    tj_state_destroy(again);
    tj_ledger_view_end(f.ledger, &view);
    assert_memory_equal(live.bytes, replayed.bytes, TJ_HASH_SIZE);
    for (uint32_t i = 0; i < ENVELOPES; i++) {
        struct tijori_receipt receipt;
        assert_int_equal(tijori_submit(f.ledger, bytes[i], sizes[i], i), TIJORI_OK);
        assert_int_equal(tijori_receive(f.ledger, &receipt), TIJORI_OK);
        assert_int_equal(receipt.status, i < accepted ? TIJORI_ALREADY : TIJORI_OK);
        assert_true(i >= accepted || receipt.entry == entries[i]);
    }
}

static void open_and_ingest(void **state)
{
    (void)state;
    struct tj_replay_report report;
    uint32_t not_opened = 0;
    uint32_t failed = 0;
    bool refused = true;
    fixture_parties(&f);
    for (uint64_t n = 1; refused; n++) {
        struct tijori_head before;
        struct tijori_message message;
        uint64_t entries[ENVELOPES] = {0};
        uint32_t accepted = 0;
        assert_true(n < PLACES_MAX);
        prepare();
        tijori_head(f.ledger, &before);
        fixture_close(&f);
        refuse_the(n);
        enum tijori_status status = tijori_open(&f.ledger, f.dir, TIJORI_WRITE, &options, &message);
        if (status == TIJORI_OK) {
            if (n % 3 == 0) {
                ask_before();
            }
            accepted = submit_all(entries);
            tijori_close(f.ledger);
        } else if (status != TIJORI_MEMORY) {
            fail_msg("request %llu: %s", (unsigned long long)n, message.text);
        }
        refused = was_refused();
        not_opened += status != TIJORI_OK;
        failed += status == TIJORI_OK && accepted < ENVELOPES;
        assert_true(refused || accepted == ENVELOPES);
        must_be_sound(&before, entries, accepted);
    }
    print_message("not opened %u times, not ingested %u times\n", not_opened, failed);
    assert_true(not_opened > 20);
    assert_true(failed > 5);
    fixture_close(&f);
    fixture_audit(&f, &report, 2);
    must_pass(&report);
    fixture_open(&f);
    fixture_destroy(&f);
}

/* ---- the beginning: a genesis, and a ledger made of it ---- */

/* Records of entry 0, as the journal has them. */
static uint32_t genesis_records(uint8_t *out)
{
    struct tj_ledger_view view;
    struct tj_entry_view entry;
    struct tj_body_view body;
    assert_int_equal(tj_ledger_view_begin(f.ledger, &view), TIJORI_OK);
    assert_int_equal(tj_journal_counted(view.txn, &entry, &body, 0), TIJORI_OK);
    uint32_t count = entry.header.record_count;
    memcpy(out, body.records, (size_t)count * TJ_RECORD_SIZE);
    tj_ledger_view_end(f.ledger, &view);
    return count;
}

static void state_of_genesis(void **state)
{
    (void)state;
    uint8_t records[16 * TJ_RECORD_SIZE];
    bool refused = true;
    uint32_t lacking = 0;
    fixture_create(&f);
    genesis_records(records);
    for (uint64_t n = 1; refused; n++) {
        assert_true(n < PLACES_MAX);
        refuse_the(n);
        struct tj_state *start = tj_genesis_state(&f.genesis, records);
        refused = was_refused();
        assert_true((start == NULL) == refused);
        lacking += start == NULL;
        tj_state_destroy(start);
    }
    assert_true(lacking > 5);
    fixture_destroy(&f);
}

static void create(void **state)
{
    (void)state;
    uint8_t records[16 * TJ_RECORD_SIZE];
    char dir[300];
    bool refused = true;
    uint32_t lacking = 0;
    fixture_create(&f); /* its last envelope is the opening */
    size_t records_size = (size_t)genesis_records(records) * TJ_RECORD_SIZE;
    snprintf(dir, sizeof dir, "%s-made", f.dir);
    for (uint64_t n = 1; refused; n++) {
        struct tijori_message message;
        assert_true(n < PLACES_MAX);
        refuse_the(n);
        enum tijori_status status =
            tijori_create(&message, dir, f.genesis.entry, sizeof f.genesis.entry, records,
                          records_size, f.bytes, f.size, &options);
        refused = was_refused();
        if (status == TIJORI_MEMORY) { /* nothing stands in the way of trying again */
            lacking++;
            status = tijori_create(&message, dir, f.genesis.entry, sizeof f.genesis.entry, records,
                                   records_size, f.bytes, f.size, &options);
        }
        if (status != TIJORI_OK) {
            fail_msg("request %llu: %s", (unsigned long long)n, message.text);
        }
        remove_ledger(dir);
    }
    print_message("not created %u times\n", lacking);
    assert_true(lacking > 20);
    fixture_destroy(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_of_genesis),
        cmocka_unit_test(create),
        cmocka_unit_test(open_and_ingest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
