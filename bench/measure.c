#include "bench/measure.h"

#include "core/pipeline.h"
#include "crypto/tree.h"
#include "storage/store_write.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { KEYS = 16, ROUNDS = 5, RECORDS = 8190, RECORD_BYTES = 112 };

static uint64_t read_clock(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

uint64_t now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t cpu_ns(void)
{
    return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

uint64_t percentile(uint64_t *values, size_t count, double p)
{
    if (count == 0) {
        return 0;
    }
    qsort(values, count, sizeof *values, by_value);
    size_t at = (size_t)(p / 100.0 * (double)(count - 1) + 0.5);
    return values[at];
}

/* ---- signatures ---- */

struct verifier {
    struct tj_verify_item items[KEYS];
    uint64_t until_ns;
    uint64_t done;
};

static void make_items(struct tj_verify_item *items, uint8_t algorithm)
{
    for (size_t i = 0; i < KEYS; i++) {
        uint8_t secret32[32] = {0x33};
        secret32[31] = (uint8_t)(i + 1);
        memset(items[i].message.bytes, (int)i + 1, TJ_HASH_SIZE);
        bool made = tj_public_key_of(&items[i].key, algorithm, secret32) &&
                    tj_sign(items[i].signature64, algorithm, secret32, &items[i].message, NULL);
        TIJORI_REQUIRE(made);
    }
}

/* One item a call: as an envelope with one signature comes. */
static void *verify_until(void *context)
{
    struct verifier *verifier = context;
    while (now_ns() < verifier->until_ns) {
        for (size_t i = 0; i < KEYS; i++) {
            bool valid;
            tj_verify_batch(&valid, &verifier->items[i], 1);
            TIJORI_REQUIRE(valid);
        }
        verifier->done += KEYS;
    }
    return NULL;
}

static double verify_rate(uint8_t algorithm, uint32_t threads, double seconds)
{
    static struct verifier verifiers[TJ_THREADS_MAX];
    pthread_t ids[TJ_THREADS_MAX];
    uint64_t done = 0;
    for (uint32_t t = 0; t < threads; t++) {
        make_items(verifiers[t].items, algorithm);
        verifiers[t].done = 0;
    }
    uint64_t start = now_ns();
    for (uint32_t t = 0; t < threads; t++) {
        verifiers[t].until_ns = start + (uint64_t)(seconds * 1e9);
        int failed = pthread_create(&ids[t], NULL, verify_until, &verifiers[t]);
        TIJORI_REQUIRE(failed == 0);
    }
    for (uint32_t t = 0; t < threads; t++) {
        pthread_join(ids[t], NULL);
        done += verifiers[t].done;
    }
    return (double)done * 1e9 / (double)(now_ns() - start);
}

/* ---- hashing ---- */

static double hash_ns(struct tj_hasher *hasher, const uint8_t *bytes, size_t size)
{
    enum { CALLS = 20000 };
    uint64_t rounds[ROUNDS];
    struct tj_hash hash;
    for (size_t r = 0; r < ROUNDS; r++) {
        uint64_t start = now_ns();
        for (int i = 0; i < CALLS; i++) {
            tj_sha256(hasher, &hash, bytes, size);
        }
        rounds[r] = now_ns() - start;
    }
    return (double)percentile(rounds, ROUNDS, 50) / CALLS;
}

static void measure_hashing(struct floors *out)
{
    struct tj_hasher *hasher = tj_hasher_create();
    uint8_t *bytes = malloc((size_t)RECORDS * RECORD_BYTES);
    uint64_t rounds[ROUNDS];
    struct tj_hash root;
    TIJORI_REQUIRE(bytes != NULL);
    memset(bytes, 0x5a, (size_t)RECORDS * RECORD_BYTES);
    out->sha256_65_ns = hash_ns(hasher, bytes, 65);
    out->sha256_113_ns = hash_ns(hasher, bytes, 113);
    out->sha256_256_ns = hash_ns(hasher, bytes, 256);
    for (size_t r = 0; r < ROUNDS; r++) {
        uint64_t start = now_ns();
        tj_tree_root_of_items(hasher, &root, bytes, RECORD_BYTES, RECORDS);
        rounds[r] = now_ns() - start;
    }
    out->record_root_ns = (double)percentile(rounds, ROUNDS, 50) / RECORDS;
    free(bytes);
    tj_hasher_destroy(hasher);
}

/* ---- the disk ---- */

static double sync_us(const char *dir, size_t size)
{
    enum { SYNCS = 60 };
    uint64_t rounds[SYNCS];
    char path[4096];
    uint8_t *bytes = malloc(size);
    TIJORI_REQUIRE(bytes != NULL);
    memset(bytes, 0x5a, size);
    snprintf(path, sizeof path, "%s/floor", dir);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    TIJORI_REQUIRE(file >= 0);
    for (size_t r = 0; r < SYNCS; r++) {
        uint64_t start = now_ns();
        bool synced = write(file, bytes, size) == (ssize_t)size && fdatasync(file) == 0;
        TIJORI_REQUIRE(synced);
        rounds[r] = now_ns() - start;
    }
    close(file);
    unlink(path);
    free(bytes);
    return (double)percentile(rounds, SYNCS, 50) / 1e3;
}

static double commit_us(const char *dir)
{
    enum { COMMITS = 60 };
    static const struct tj_table_spec table = {"floor", TJ_TABLE_NUMBERED};
    const struct tj_store_options options = {&table, 1, 1, UINT64_C(1) << 30};
    uint64_t rounds[COMMITS];
    char path[4096];
    struct tj_store *store;
    snprintf(path, sizeof path, "%s/floor.store", dir);
    enum tj_storage_status status = tj_store_create(path, &options, &store);
    TIJORI_REQUIRE(status == TJ_STORAGE_OK);
    for (uint64_t r = 0; r < COMMITS; r++) {
        struct tj_txn *txn;
        uint8_t *place;
        uint64_t start = now_ns();
        status = tj_write_begin(store, &txn);
        TIJORI_REQUIRE(status == TJ_STORAGE_OK);
        status = tj_append(txn, 0, r, 512, &place);
        TIJORI_REQUIRE(status == TJ_STORAGE_OK);
        memset(place, 0x5a, 512);
        status = tj_write_commit(txn);
        TIJORI_REQUIRE(status == TJ_STORAGE_OK);
        rounds[r] = now_ns() - start;
    }
    tj_store_remove(store);
    rmdir(path);
    return (double)percentile(rounds, COMMITS, 50) / 1e3;
}

void floors_measure(struct floors *out, const char *dir, double seconds)
{
    uint32_t cores = tj_core_count();
    verify_rate(TJ_ALGORITHM_ECDSA, cores, seconds / 16); /* warm up */
    out->ecdsa_one = verify_rate(TJ_ALGORITHM_ECDSA, 1, seconds / 5);
    out->ecdsa_all = verify_rate(TJ_ALGORITHM_ECDSA, cores, seconds / 5);
    out->bip340_one = verify_rate(TJ_ALGORITHM_BIP340, 1, seconds / 5);
    out->bip340_all = verify_rate(TJ_ALGORITHM_BIP340, cores, seconds / 5);
    measure_hashing(out);
    out->fdatasync_4k_us = sync_us(dir, 4096);
    out->fdatasync_64k_us = sync_us(dir, 65536);
    out->fdatasync_1m_us = sync_us(dir, 1 << 20);
    out->commit_us = commit_us(dir);
}

void floors_mean(struct floors *out, const struct floors *a, const struct floors *b)
{
    /* All members are doubles. */
    const double *x = (const double *)a;
    const double *y = (const double *)b;
    double *mean = (double *)out;
    for (size_t i = 0; i < sizeof *out / sizeof *mean; i++) {
        mean[i] = (x[i] + y[i]) / 2;
    }
}
