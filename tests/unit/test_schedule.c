/* Whatever threads there are and however they are scheduled, what is stored is the same (I4); and a
 * disk that is slow makes submitters wait, not memory grow.
 *
 * The functions below stand in front of libsecp256k1's and of the C library's: they sleep at random
 * and then do what those do.
 *
 *     TIJORI_SEED  replays the delays (the scheduler's part it cannot) */

#define _GNU_SOURCE 1 /* RTLD_NEXT */

#include "history_support.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- delays ---- */

static atomic_uint verify_delay_us; /* at most; 0: none */
static atomic_uint sync_delay_us;
static _Atomic uint64_t delay_seed;
static atomic_uint verified; /* how often these were called */
static atomic_uint synced;
static atomic_bool sync_fails; /* after a while in which more arrives */

static void delay(unsigned most_us)
{
    if (most_us == 0) {
        return;
    }
    uint64_t z = atomic_fetch_add(&delay_seed, UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    if ((z & 3) == 0) { /* one in four; the others go through */
        usleep((unsigned)((z >> 8) % most_us) + 1);
    }
}

#define IN_FRONT __attribute__((visibility("default")))

/* Their types are libsecp256k1's, which only crypto/ sees; here they are pointers. */
IN_FRONT int secp256k1_ecdsa_verify(const void *context, const void *signature,
                                    const unsigned char *message32, const void *key);
IN_FRONT int secp256k1_ecdsa_verify(const void *context, const void *signature,
                                    const unsigned char *message32, const void *key)
{
    /* POSIX has dlsym give functions too; ISO C has no such conversion. */
    union {
        void *object;
        int (*function)(const void *, const void *, const unsigned char *, const void *);
    } next = {dlsym(RTLD_NEXT, "secp256k1_ecdsa_verify")};
    atomic_fetch_add(&verified, 1);
    delay(atomic_load(&verify_delay_us));
    return next.function(context, signature, message32, key);
}

IN_FRONT int fdatasync(int fd)
{
    atomic_fetch_add(&synced, 1);
    if (atomic_load(&sync_fails)) {
        usleep(200000);
        errno = EIO;
        return -1;
    }
    delay(atomic_load(&sync_delay_us));
    return (int)syscall(SYS_fdatasync, fd);
}

/* ---- I4 ---- */

/* The entries from 2 on of a log, submitted all at once to a new ledger with so many threads. */
static void ingest_again(const struct log_copy *log, struct log_copy *again,
                         struct tijori_head *head, struct tj_hash *digest, uint32_t threads)
{
    const struct log_table *entries = &log->tables[TJ_J_ENTRIES];
    uint64_t *times = calloc(entries->count, sizeof *times);
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(times);
    assert_non_null(f);
    f->threads = threads;
    fixture_create(f);
    for (size_t i = 2; i < entries->count; i++) {
        times[i] = tj_load64(entries->rows[i].value + 24);
    }
    f->times = times + 2;
    for (size_t i = 2; i < entries->count; i++) {
        size_t size;
        uint8_t *bytes = envelope_of(log, &size, i);
        assert_int_equal(tijori_submit(f->ledger, bytes, size, i), TIJORI_OK);
        free(bytes);
    }
    for (size_t i = 2; i < entries->count; i++) {
        struct tijori_receipt receipt;
        assert_int_equal(tijori_receive(f->ledger, &receipt), TIJORI_OK);
        if (receipt.status != TIJORI_OK) {
            fail_msg("entry %zu, %u threads: %s", i, threads, receipt.text);
        }
        assert_int_equal(receipt.tag, i);
        assert_int_equal(receipt.entry, i);
    }
    tijori_head(f->ledger, head);
    digest_live(f, digest);
    fixture_close(f);
    log_read(again, f->dir, 0);
    fixture_destroy(f);
    free(times);
    free(f);
}

static void assert_same_rows(const struct log_table *a, const struct log_table *b)
{
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_int_equal(a->rows[i].key_size, b->rows[i].key_size);
        assert_memory_equal(a->rows[i].key, b->rows[i].key, a->rows[i].key_size);
        assert_int_equal(a->rows[i].size, b->rows[i].size);
        assert_memory_equal(a->rows[i].value, b->rows[i].value, a->rows[i].size);
    }
}

/* Every kind of record, posts and corrections of what was accepted just before, a rotated key, and
 * many small envelopes: all submitted before the first is answered, so that what names an entry
 * finds it in every stage of its way to the disk. */
static void i4_any_threads_and_any_schedule_store_the_same_bytes(void **state)
{
    (void)state;
    static const uint32_t threads[] = {1, 2, 3, 8};
    struct fixture *f = calloc(1, sizeof *f);
    struct history history = {.f = f};
    struct tj_hash live;
    struct tijori_head head;
    struct log_copy log;
    assert_non_null(f);
    fixture_parties(f);
    history_every_kind(&history);
    history_moves(&history, 120);
    digest_live(f, &live);
    tijori_head(f->ledger, &head);
    fixture_close(f);
    log_read(&log, f->dir, 0);
    uint64_t seed = number_from_env("TIJORI_SEED", (uint64_t)getpid());
    print_message("seed %llu\n", (unsigned long long)seed);
    atomic_store(&delay_seed, seed);
    for (size_t i = 0; i < 2 * sizeof threads / sizeof threads[0]; i++) {
        struct log_copy again;
        struct tijori_head other;
        struct tj_hash digest;
        atomic_store(&verify_delay_us, i % 2 == 0 ? 300 : 3000);
        atomic_store(&sync_delay_us, i % 2 == 0 ? 3000 : 300);
        ingest_again(&log, &again, &other, &digest, threads[i / 2]);
        assert_same_rows(&again.tables[TJ_J_ENTRIES], &log.tables[TJ_J_ENTRIES]);
        assert_same_rows(&again.tables[TJ_J_BODIES], &log.tables[TJ_J_BODIES]);
        assert_memory_equal(other.root, head.root, TJ_HASH_SIZE);
        assert_memory_equal(digest.bytes, live.bytes, TJ_HASH_SIZE);
        log_free(&again);
    }
    atomic_store(&verify_delay_us, 0);
    atomic_store(&sync_delay_us, 0);
    assert_true(atomic_load(&verified) > 100); /* or nothing was delayed */
    assert_true(atomic_load(&synced) > 8);
    log_free(&log);
    fixture_destroy(f);
    free(f);
}

/* ---- a group that is lost ---- */

/* An envelope that waits for an entry on its way to the disk, which then is not stored, is answered
 * and does not wait for ever. */
static void what_waits_for_a_lost_entry_is_answered(void **state)
{
    (void)state;
    enum { LAST = 4 };
    struct fixture *f = calloc(1, sizeof *f);
    struct tijori_head head;
    struct tijori_receipt receipt;
    struct tj_record r = fixture_log_key(TJ_ADD_LOG_KEY, 1);
    assert_non_null(f);
    f->threads = 3;
    fixture_parties(f);
    fixture_begin(f, 0, 0);
    fixture_add(f, &r);
    fixture_prove_log_key(f, 1);
    assert_int_equal(fixture_send(f, &receipt), TIJORI_OK);
    tijori_head(f->ledger, &head);
    r = fixture_move(fixture_account(T_MARKET), fixture_account(T_RESERVE_A), 1, TJ_PURCHASE);
    fixture_begin(f, 1, 1);
    fixture_add(f, &r);
    fixture_sign_as(f, TJ_USE_SIGN, 1, 0);
    fixture_sign_as(f, TJ_USE_SIGN, 1, 1);
    fixture_encode(f);
    uint8_t *move = f->bytes;
    size_t move_size = f->size;
    f->bytes = NULL;
    /* Ballast: judging ahead is worth it from so many bytes on. It is refused for its form. */
    for (uint32_t i = 1; i < 8000; i++) {
        fixture_add(f, &r);
    }
    fixture_encode(f);
    uint8_t *large = f->bytes;
    size_t large_size = f->size;
    f->bytes = NULL;
    /* Names the root over the entry that the move becomes. */
    r = fixture_log_key(TJ_RETIRE_LOG_KEY, 0);
    r.size = head.size + 1;
    memset(r.root.bytes, 0x99, TJ_HASH_SIZE);
    fixture_begin(f, 0, 0);
    fixture_add(f, &r);
    fixture_sign_as(f, TJ_USE_SIGN, 0, 0);
    fixture_sign_as(f, TJ_USE_SIGN, 0, 1);
    fixture_encode(f);
    atomic_store(&sync_fails, true);
    assert_int_equal(tijori_submit(f->ledger, move, move_size, 1), TIJORI_OK);
    usleep(50000); /* it is being synced */
    assert_int_equal(tijori_submit(f->ledger, f->bytes, f->size, 2), TIJORI_OK);
    for (uint64_t tag = 3; tag <= LAST; tag++) {
        assert_int_equal(tijori_submit(f->ledger, large, large_size, tag), TIJORI_OK);
    }
    for (uint64_t tag = 1; tag <= LAST; tag++) {
        assert_int_equal(tijori_receive(f->ledger, &receipt), TIJORI_OK);
        assert_int_equal(receipt.tag, tag);
        assert_true(receipt.status == TIJORI_FAILED || tag > 2);
    }
    atomic_store(&sync_fails, false);
    fixture_destroy(f);
    free(move);
    free(large);
    free(f);
}

/* ---- back-pressure ---- */

/* Envelopes with an attachment of the largest size, one after another in one lane. */
struct flood {
    struct fixture *f;
    uint32_t count;
    atomic_uint submitted;
};

static void next_envelope(struct fixture *f)
{
    struct tj_hash id;
    f->slots.count = 0;
    fixture_sign_as(f, TJ_USE_SIGN, f->header.party, 0);
    fixture_encode(f);
    fixture_seal(f, &id);
    f->header.sequence++;
    f->header.previous_id = id;
}

static void *submit_all(void *context)
{
    struct flood *flood = context;
    for (uint32_t i = 0; i < flood->count; i++) {
        next_envelope(flood->f);
        enum tijori_status status =
            tijori_submit(flood->f->ledger, flood->f->bytes, flood->f->size, i);
        TIJORI_REQUIRE(status == TIJORI_OK);
        atomic_fetch_add(&flood->submitted, 1);
    }
    return NULL;
}

/* How much more the second half of a flood may take than the first. A sanitizer keeps what was
 * freed in a quarantine of its own, 256 MiB, which the first half does not fill. */
#if defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined SANITIZED || defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
enum { MORE_KIB_MAX = 128 << 10 };
#else
enum { MORE_KIB_MAX = 16 << 10 };
#endif

static long resident_kib(void)
{
    char line[256];
    long kib = -1;
    FILE *status = fopen("/proc/self/status", "re");
    assert_non_null(status);
    while (kib < 0 && fgets(line, sizeof line, status) != NULL) {
        if (sscanf(line, "RssAnon: %ld", &kib) != 1) {
            kib = -1;
        }
    }
    fclose(status);
    assert_true(kib >= 0);
    return kib;
}

static void begin_flood(struct fixture *f, const uint8_t *document, size_t size)
{
    struct tj_hash hash;
    struct tj_record move = fixture_move(fixture_account(C_EXTERNAL), fixture_account(C_CUSTODY_A),
                                         1, TJ_CUSTOMER_DEPOSIT);
    tj_sha256(f->digester.hasher, &hash, document, size);
    memcpy(move.hash.bytes, hash.bytes, TJ_HASH_SIZE);
    fixture_begin(f, 2, 1);
    fixture_add(f, &move);
    f->attachment = document;
    f->attachment_size = size;
}

static void a_slow_disk_makes_submitters_wait_and_memory_stay(void **state)
{
    (void)state;
    enum { FLOOD = 100, IN_FLIGHT_MAX = TJ_QUEUE_BYTES / TJ_ATTACHMENT_SIZE_MAX };
    struct fixture *f = calloc(1, sizeof *f);
    struct flood flood = {.f = f, .count = FLOOD};
    struct tijori_receipt receipt;
    pthread_t submitter;
    uint32_t outstanding_most = 0;
    long most[2] = {0, 0}; /* KiB, in each half */
    uint8_t *document = malloc(TJ_ATTACHMENT_SIZE_MAX);
    assert_non_null(f);
    assert_non_null(document);
    memset(document, 0x5a, TJ_ATTACHMENT_SIZE_MAX);
    fixture_parties(f);
    begin_flood(f, document, TJ_ATTACHMENT_SIZE_MAX);
    atomic_store(&sync_delay_us, 20000);
    assert_int_equal(pthread_create(&submitter, NULL, submit_all, &flood), 0);
    for (uint32_t i = 0; i < FLOOD; i++) {
        while (tijori_receive(f->ledger, &receipt) == TIJORI_NOT_FOUND) {
            usleep(100);
        }
        assert_int_equal(receipt.status, TIJORI_OK);
        uint32_t outstanding = atomic_load(&flood.submitted) - i;
        outstanding_most = outstanding > outstanding_most ? outstanding : outstanding_most;
        long kib = resident_kib();
        long *half = &most[i >= FLOOD / 2];
        *half = kib > *half ? kib : *half;
    }
    pthread_join(submitter, NULL);
    atomic_store(&sync_delay_us, 0);
    print_message("at most %u outstanding; at most %ld KiB, then %ld KiB\n", outstanding_most,
                  most[0], most[1]);
    assert_in_range(outstanding_most, 2, IN_FLIGHT_MAX + 1);
    assert_in_range(most[1], 0, most[0] + MORE_KIB_MAX);
    fixture_destroy(f);
    free(document);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(i4_any_threads_and_any_schedule_store_the_same_bytes),
        cmocka_unit_test(what_waits_for_a_lost_entry_is_answered),
        cmocka_unit_test(a_slow_disk_makes_submitters_wait_and_memory_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
