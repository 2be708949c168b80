#include "bench/floors.h"

#include "bench/clock.h"
#include "bench/memory.h"
#include "core/base/limits.h"
#include "core/base/status.h"
#include "crypto/tree.h"
#include "storage/store_write.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum {
    ROUNDS = 5,
    SMALL_ROW = 512,
    ROWS_BEFORE = 10000, /* a small row's commit writes the path to it: as deep as a ledger's */
};
static const double SYNC_BYTES_PER_S = 2e9; /* at most so much is written */

const uint32_t sync_sizes[SYNC_SIZES] = {4096, 65536, 1 << 20, SYNC_SIZE_MAX};

double hash_ns(uint32_t size)
{
    enum { CALLS = 20000 };
    static uint8_t bytes[256];
    static struct series rounds;
    struct tj_hasher *hasher = tj_hasher_create();
    struct tj_hash hash;
    TIJORI_REQUIRE(size <= sizeof bytes);
    memset(bytes, 0x5a, sizeof bytes);
    rounds.count = 0;
    for (size_t r = 0; r < ROUNDS; r++) {
        uint64_t start = now_ns();
        for (int i = 0; i < CALLS; i++) {
            tj_sha256(hasher, &hash, bytes, size);
        }
        series_add(&rounds, (double)(now_ns() - start) / CALLS);
    }
    tj_hasher_destroy(hasher);
    return series_median(&rounds);
}

double record_root_ns(void)
{
    static struct series rounds;
    struct tj_hasher *hasher = tj_hasher_create();
    struct tj_hash root;
    size_t size = (size_t)TJ_RECORDS_MAX * TJ_RECORD_SIZE;
    uint8_t *bytes = malloc(size);
    TIJORI_REQUIRE(bytes != NULL);
    memset(bytes, 0x5a, size);
    rounds.count = 0;
    for (size_t r = 0; r < ROUNDS; r++) {
        uint64_t start = now_ns();
        tj_tree_root_of_items(hasher, &root, bytes, TJ_RECORD_SIZE, TJ_RECORDS_MAX);
        series_add(&rounds, (double)(now_ns() - start) / TJ_RECORDS_MAX);
    }
    free(bytes);
    tj_hasher_destroy(hasher);
    return series_median(&rounds);
}

void sync_us(struct series *out, const char *dir, uint32_t size, double seconds)
{
    char path[4096];
    uint8_t *bytes = malloc(size);
    TIJORI_REQUIRE(bytes != NULL);
    memset(bytes, 0x5a, size);
    snprintf(path, sizeof path, "%s/floor", dir);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    TIJORI_REQUIRE(file >= 0);
    memory_touch(dir, (size_t)(seconds * SYNC_BYTES_PER_S));
    for (uint64_t begin = now_ns(); seconds_since(begin) < seconds;) {
        uint64_t start = now_ns();
        bool synced = write(file, bytes, size) == (ssize_t)size && fdatasync(file) == 0;
        TIJORI_REQUIRE(synced);
        series_add(out, (double)(now_ns() - start) / 1e3);
    }
    close(file);
    unlink(path);
    free(bytes);
}

static void commit_rows(struct tj_store *store, uint64_t first, uint64_t count)
{
    struct tj_txn *txn;
    uint8_t *place;
    enum tj_storage_status status = tj_write_begin(store, &txn);
    TIJORI_REQUIRE(status == TJ_STORAGE_OK);
    for (uint64_t row = first; row < first + count; row++) {
        status = tj_append(txn, &place, 0, row, SMALL_ROW);
        TIJORI_REQUIRE(status == TJ_STORAGE_OK);
        memset(place, 0x5a, SMALL_ROW);
    }
    status = tj_write_commit(txn);
    TIJORI_REQUIRE(status == TJ_STORAGE_OK);
}

void commit_us(struct series *out, const char *dir, double seconds)
{
    static const struct tj_table_spec table = {"floor", TJ_TABLE_NUMBERED};
    const struct tj_store_options options = {
        .tables = &table, .table_count = 1, .format = 1, .map_size = UINT64_C(1) << 30};
    char path[4096];
    struct tj_store *store;
    snprintf(path, sizeof path, "%s/floor.store", dir);
    enum tj_storage_status status = tj_store_create(&store, path, &options);
    TIJORI_REQUIRE(status == TJ_STORAGE_OK);
    commit_rows(store, 0, ROWS_BEFORE);
    uint64_t begin = now_ns();
    for (uint64_t row = ROWS_BEFORE; seconds_since(begin) < seconds; row++) {
        uint64_t start = now_ns();
        commit_rows(store, row, 1);
        series_add(out, (double)(now_ns() - start) / 1e3);
    }
    tj_store_remove(store);
    rmdir(path);
}
