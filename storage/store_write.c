#include "storage/store_write.h"

#include "storage/store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

/* How a full disk is met.
 *
 * LMDB finds out in the middle of a commit. It then reports a write that was cut short as EIO, just
 * as it reports a failing disk. But the two want different answers. EIO has to stop the store.
 * After a full disk the store has to go on when there is room. So the file is made long enough
 * beforehand. Each row reserves an upper bound of the pages it may need. When their end lies beyond
 * what is allocated, posix_fallocate takes more, in steps. Refusing there is clean: nothing was
 * written.
 *
 * S1  data.mdb is never shorter than its last page in use, so a shorter file was cut off.
 *
 * S2  FULL is answered only while the last commit is what the disk holds: before a commit, or for
 * one that failed for want of space before it wrote its meta page. Until then it writes only pages
 * that no earlier commit refers to, whether or not they reach the disk.
 *
 * The bound is an estimate, since it cannot see how LMDB's list of free pages will change. Beyond
 * it nothing is lost: ENOSPC is FULL still, and a write that was cut short is IO, which closes the
 * store.
 *
 * Measured, 2 cores, ext4, per commit of one row of 200 B / 64 KiB / 1 MiB: 0.51 / 0.88 / 2.05 ms
 * without reserving, 0.61 / 1.14 / 1.74 ms with it, on a machine where two equal runs differ by
 * 30 %. Filling the reserve with zeros makes the median of 64 KiB 30 % faster, but it writes all
 * twice and makes the mean of 1 MiB slower. It is not done. */

enum {
    /* Pages for what no row pays for: the right edges of all tables (at most 16 of some 5 pages),
     * the table of tables, the list of free pages. */
    BOOKKEEPING_PAGES = 128,
    /* Beside its value: one leaf and one branch page that a row may split off. */
    ROW_PAGES = 2,
    /* Page numbers in a page of the list of free pages, less than there are. */
    FREED_PER_PAGE = 256,

    /* Dead readers are looked for after so many transactions, or seconds: it costs some 20 us. */
    LOOK_TRANSACTIONS = 64,
    LOOK_S = 10,

    LOCK_TRIES = 6,
    LOCK_PAUSE_NS = 10000000,
};

/* The file grows by 1/64 of itself, within these bounds (bytes), so that growing is rare and what
 * is taken in advance is little. */
static const uint64_t step_min = UINT64_C(1) << 20;
static const uint64_t step_max = UINT64_C(256) << 20;

/* A step is taken only when there is room on the disk for this many: the last room of a disk may be
 * somebody else's more urgent need. */
enum { STEPS_FREE_MIN = 8 };

static uint64_t file_size_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
        return UINT64_MAX;
    }
    return (uint64_t)limit.rlim_cur;
}

/* Readers without write permission look at the lock by taking it shared for a moment, hence more
 * than one try. */
static enum tj_storage_status take_writer_lock(struct tj_store *store)
{
    enum tj_storage_status status = tj_store_make_like_data(store, TJ_STORE_WRITER_FILE);
    if (status != TJ_STORAGE_OK && status != TJ_STORAGE_NOT_FOUND) { /* a creation makes it below */
        return status;
    }
    store->writer_fd = openat(store->dir_fd, TJ_STORE_WRITER_FILE,
                              O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, TJ_STORE_FILE_MODE);
    if (store->writer_fd < 0) {
        return tj_storage_status_of(errno);
    }
    for (int i = 0; i < LOCK_TRIES; i++) {
        if (flock(store->writer_fd, LOCK_EX | LOCK_NB) == 0) {
            return TJ_STORAGE_OK;
        }
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return tj_storage_status_of(errno);
        }
        struct timespec pause = {0, LOCK_PAUSE_NS};
        (void)nanosleep(&pause, NULL);
    }
    return TJ_STORAGE_LOCKED;
}

/* --- Allocating ahead */

/* Makes the data file `size` bytes long. */
static int extend(struct tj_store *store, int fd, uint64_t size)
{
    int rc;
    do {
        rc = posix_fallocate(fd, (off_t)store->allocated, (off_t)(size - store->allocated));
    } while (rc == EINTR);
    if (rc == EOPNOTSUPP || rc == EINVAL || rc == ENOSYS || rc == ENODEV) {
        /* A file system that cannot: nothing is reserved, but S1 is kept. */
        rc = ftruncate(fd, (off_t)size) == 0 ? 0 : errno;
    }
    if (rc != 0) {
        /* Gives back what was taken in part. Beyond `allocated` nothing is in use. */
        if (ftruncate(fd, (off_t)store->allocated) != 0) {
            return errno;
        }
        return rc;
    }
    store->allocated = size;
    return 0;
}

static enum tj_storage_status grow(struct tj_store *store, uint64_t end)
{
    mdb_filehandle_t fd;
    struct stat st;
    struct statvfs fs;
    if (mdb_env_get_fd(store->env, &fd) != 0 || fstat(fd, &st) != 0 || fstatvfs(fd, &fs) != 0) {
        return TJ_STORAGE_IO;
    }
    store->allocated = (uint64_t)st.st_size; /* a write of LMDB's may have made it longer */
    if (end <= store->allocated) {
        return TJ_STORAGE_OK;
    }
    uint64_t step = store->allocated / 64;
    step = step < step_min ? step_min : step > step_max ? step_max : step;
    uint64_t target = store->allocated + step;
    uint64_t most = store->map_size < store->size_limit ? store->map_size : store->size_limit;
    if (target < end || target > most ||
        (uint64_t)fs.f_bavail * fs.f_frsize / STEPS_FREE_MIN < target - store->allocated) {
        target = end;
    }
    int rc = extend(store, fd, target);
    if (target > end && tj_storage_status_of(rc) == TJ_STORAGE_FULL) {
        rc = extend(store, fd, end); /* a quota does not show in the free space */
    }
    return tj_storage_status_of(rc);
}

static enum tj_storage_status reserve(struct tj_txn *txn, uint64_t pages)
{
    struct tj_store *store = txn->store;
    txn->pages += pages;
    uint64_t end = store->used + txn->pages * store->page_size;
    if (end > store->map_size) {
        end = store->map_size; /* where the map ends LMDB knows to the page */
    }
    if (end > store->size_limit) {
        return TJ_STORAGE_FULL;
    }
    return end <= store->allocated ? TJ_STORAGE_OK : grow(store, end);
}

static enum tj_storage_status refresh_used(struct tj_store *store)
{
    return tj_store_bytes(store, &store->used);
}

/* --- Creating and opening */

static int put_format(MDB_txn *txn, MDB_dbi table, uint32_t format)
{
    uint8_t bytes[TJ_STORE_FORMAT_SIZE];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(format >> (8 * i));
    }
    MDB_val key = {strlen(TJ_STORE_FORMAT_KEY), (void *)TJ_STORE_FORMAT_KEY};
    MDB_val value = {sizeof bytes, bytes};
    return mdb_put(txn, table, &key, &value, 0);
}

/* Writes the format and makes all tables. Those that are there already stay as they are. */
static int write_tables(MDB_env *env, const struct tj_store_options *options)
{
    MDB_txn *txn;
    MDB_dbi table;
    int rc = mdb_txn_begin(env, NULL, 0, &txn);
    if (rc != 0) {
        return rc;
    }
    rc = mdb_dbi_open(txn, TJ_STORE_TABLE, MDB_CREATE, &table);
    if (rc == 0) {
        rc = put_format(txn, table, options->format);
    }
    for (size_t i = 0; i < options->table_count && rc == 0; i++) {
        rc = mdb_dbi_open(txn, options->tables[i].name, MDB_CREATE, &table);
    }
    if (rc != 0) {
        mdb_txn_abort(txn);
        return rc;
    }
    return mdb_txn_commit(txn);
}

#define NEW_FILE "data.mdb.new"

/* The path of the data file while it is made; to be freed. NULL when there is no memory. */
static char *new_path(const char *dir)
{
    size_t size = strlen(dir) + sizeof "/" NEW_FILE;
    char *path = malloc(size);
    if (path != NULL) {
        (void)snprintf(path, size, "%s/%s", dir, NEW_FILE);
    }
    return path;
}

/* The data file is made under another name, so that one that exists is whole. */
static enum tj_storage_status make_data_file(struct tj_store *store, const char *path,
                                             const struct tj_store_options *options)
{
    if (unlinkat(store->dir_fd, NEW_FILE, 0) != 0 && errno != ENOENT) {
        return tj_storage_status_of(errno);
    }
    if (file_size_limit() < step_min) {
        return TJ_STORAGE_FULL;
    }
    MDB_env *env = NULL;
    int rc = mdb_env_create(&env);
    if (rc == 0 && (rc = mdb_env_set_maxdbs(env, TJ_STORE_TABLES_MAX + 1)) == 0 &&
        (rc = mdb_env_set_mapsize(env, tj_store_map_size(options))) == 0 &&
        /* NOLOCK: nobody else knows of this file, and a lock file of its own would remain. */
        (rc = mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NOLOCK, TJ_STORE_FILE_MODE)) == 0) {
        rc = write_tables(env, options);
    }
    mdb_env_close(env);
    if (rc != 0) {
        (void)unlinkat(store->dir_fd, NEW_FILE, 0);
    }
    return tj_storage_status_of(rc);
}

enum tj_storage_status tj_store_publish(struct tj_store *store)
{
    TJ_STORAGE_REQUIRE(store->unnamed && atomic_load(&store->transactions) == 0);
    mdb_env_close(store->env);
    store->env = NULL;
    if (renameat(store->dir_fd, NEW_FILE, store->dir_fd, TJ_STORE_DATA_FILE) != 0) {
        return tj_storage_status_of(errno);
    }
    store->unnamed = false;
    return fsync(store->dir_fd) == 0 ? TJ_STORAGE_OK : tj_storage_status_of(errno);
}

/* Makes the directory's own entry durable. One that was there already may be the work of a creation
 * that was cut short, so it is synced as well, if we may. */
static enum tj_storage_status sync_parent(const struct tj_store *store, bool made_directory)
{
    int fd = openat(store->dir_fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return made_directory || errno != EACCES ? tj_storage_status_of(errno) : TJ_STORAGE_OK;
    }
    int code = fsync(fd) == 0 ? 0 : errno;
    (void)close(fd);
    return tj_storage_status_of(code);
}

static enum tj_storage_status open_env_to_write(struct tj_store *store, uint32_t *format_found,
                                                const char *dir,
                                                const struct tj_store_options *options)
{
    /* Whoever renamed the data file may have died before it synced the directory. */
    if (fsync(store->dir_fd) != 0) {
        return tj_storage_status_of(errno);
    }
    uint32_t format = 0;
    enum tj_storage_status status = tj_store_make_like_data(store, TJ_STORE_LOCK_FILE);
    if (status == TJ_STORAGE_OK) {
        status = tj_store_open_env(store, &format, dir, options, 0);
    }
    if (format_found != NULL) {
        *format_found = format;
    }
    if (status != TJ_STORAGE_OK) {
        return status;
    }
    (void)tj_store_clear_stale_readers(store);
    /* A writer may have died between its meta page and the end of its commit, beside a reader that
     * lives on. The number of the last commit in lock.mdb is then one behind. LMDB mends that when
     * somebody next writes. But our caller reads first, and would append to the commit before. */
    MDB_txn *txn;
    int rc = mdb_txn_begin(store->env, NULL, 0, &txn);
    if (rc != 0) {
        return tj_storage_status_of(rc);
    }
    mdb_txn_abort(txn);
    return tj_store_keep_slots(store);
}

static enum tj_storage_status create_in(struct tj_store *store, const char *dir,
                                        bool made_directory, const struct tj_store_options *options)
{
    /* It is looked twice, without the lock and with it. A store that exists must answer EXISTS and
     * not LOCKED; one that is being created may exist by the time the lock is had. */
    for (int locked = 0; locked < 2; locked++) {
        enum tj_storage_status status = tj_store_probe(store);
        if (status != TJ_STORAGE_NOT_FOUND) {
            return status == TJ_STORAGE_OK || status == TJ_STORAGE_CORRUPT ? TJ_STORAGE_EXISTS
                                                                           : status;
        }
        if (!locked && (status = take_writer_lock(store)) != TJ_STORAGE_OK) {
            return status;
        }
    }
    /* The parent first: after the rename nobody would do it again. */
    enum tj_storage_status status = sync_parent(store, made_directory);
    char *path = new_path(dir);
    if (path == NULL) {
        return TJ_STORAGE_MEMORY;
    }
    if (status == TJ_STORAGE_OK) {
        status = make_data_file(store, path, options);
    }
    if (status == TJ_STORAGE_OK) {
        store->unnamed = true;
        status = tj_store_open_env(store, NULL, path, options, MDB_NOSUBDIR | MDB_NOLOCK);
    }
    free(path);
    return status;
}

enum tj_storage_status tj_store_begin(struct tj_store **out, const char *dir,
                                      const struct tj_store_options *options)
{
    *out = NULL;
    bool made_directory = mkdir(dir, TJ_STORE_DIR_MODE) == 0;
    if (!made_directory && errno != EEXIST) {
        return tj_storage_status_of(errno);
    }
    struct tj_store *store;
    enum tj_storage_status status = tj_store_attach(&store, dir, options);
    if (status != TJ_STORAGE_OK) {
        return status;
    }
    status = create_in(store, dir, made_directory, options);
    if (status != TJ_STORAGE_OK) {
        tj_store_close(store);
        return status;
    }
    *out = store;
    return TJ_STORAGE_OK;
}

enum tj_storage_status tj_store_create(struct tj_store **out, const char *dir,
                                       const struct tj_store_options *options)
{
    struct tj_store *store;
    *out = NULL;
    enum tj_storage_status status = tj_store_begin(&store, dir, options);
    if (status != TJ_STORAGE_OK) {
        return status;
    }
    status = tj_store_publish(store);
    if (status == TJ_STORAGE_OK) {
        status = open_env_to_write(store, NULL, dir, options);
    }
    if (status != TJ_STORAGE_OK) {
        tj_store_close(store);
        return status;
    }
    *out = store;
    return TJ_STORAGE_OK;
}

void tj_store_remove(struct tj_store *store)
{
    if (store == NULL) {
        return;
    }
    TJ_STORAGE_REQUIRE(store->writer_fd >= 0 && atomic_load(&store->transactions) == 0);
    /* The data first: whoever comes now finds nothing. The writer's lock last: until then nobody
     * creates another store here, whose files these would be. */
    (void)unlinkat(store->dir_fd, store->unnamed ? NEW_FILE : TJ_STORE_DATA_FILE, 0);
    tj_store_drop_kept(store);
    mdb_env_close(store->env);
    store->env = NULL;
    if (!store->unnamed) {
        (void)unlinkat(store->dir_fd, TJ_STORE_LOCK_FILE, 0);
    }
    (void)unlinkat(store->dir_fd, TJ_STORE_WRITER_FILE, 0);
    (void)fsync(store->dir_fd);
    struct stat st; /* the path may be a relative one, and the working directory another */
    if (stat(store->path, &st) == 0 && st.st_dev == store->device && st.st_ino == store->inode) {
        (void)rmdir(store->path);
    }
    tj_store_close(store);
}

enum tj_storage_status tj_store_open_write(struct tj_store **out, uint32_t *format_found,
                                           const char *dir, const struct tj_store_options *options)
{
    *out = NULL;
    if (format_found != NULL) {
        *format_found = 0;
    }
    struct tj_store *store;
    enum tj_storage_status status = tj_store_attach(&store, dir, options);
    if (status != TJ_STORAGE_OK) {
        return status;
    }
    status = tj_store_probe(store); /* before the lock file, which would be created */
    if (status == TJ_STORAGE_OK) {
        status = take_writer_lock(store);
    }
    if (status == TJ_STORAGE_OK) {
        status = open_env_to_write(store, format_found, dir, options);
    }
    if (status != TJ_STORAGE_OK) {
        tj_store_close(store);
        return status;
    }
    *out = store;
    return TJ_STORAGE_OK;
}

int tj_store_clear_stale_readers(struct tj_store *store)
{
    int dead = 0;
    return mdb_reader_check(store->env, &dead) == 0 ? dead : 0;
}

/* --- Transactions */

/* A reader that died keeps the pages that it read: the file grows for as long as nobody notices. */
static void look_for_dead_readers(struct tj_store *store)
{
    struct timespec now = {0, 0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    if (++store->begun >= LOOK_TRANSACTIONS || now.tv_sec - store->looked_s >= LOOK_S) {
        store->begun = 0;
        store->looked_s = now.tv_sec;
        (void)tj_store_clear_stale_readers(store);
    }
}

enum tj_storage_status tj_write_begin(struct tj_store *store, struct tj_txn **out)
{
    *out = NULL;
    TJ_STORAGE_REQUIRE(store->writer_fd >= 0 && store->txn.mdb == NULL);
    if (store->failed) {
        return TJ_STORAGE_IO;
    }
    struct tj_txn *txn = &store->txn;
    *txn = (struct tj_txn){.store = store, .writing = true};
    store->size_limit = file_size_limit();
    look_for_dead_readers(store);
    enum tj_storage_status status = reserve(txn, BOOKKEEPING_PAGES);
    if (status == TJ_STORAGE_OK) {
        status = tj_storage_status_of(mdb_txn_begin(store->env, NULL, 0, &txn->mdb));
    }
    if (status != TJ_STORAGE_OK) {
        txn->mdb = NULL;
        return status;
    }
    atomic_fetch_add(&store->transactions, 1);
    *out = txn;
    return TJ_STORAGE_OK;
}

static void end(struct tj_txn *txn)
{
    txn->mdb = NULL;
    atomic_fetch_sub(&txn->store->transactions, 1);
}

static enum tj_storage_status fail(struct tj_txn *txn, enum tj_storage_status status)
{
    txn->failed = status;
    if (status == TJ_STORAGE_IO || status == TJ_STORAGE_CORRUPT) {
        txn->store->failed = true; /* the next transaction would meet the same */
    }
    return status;
}

static enum tj_storage_status reserve_row(struct tj_txn *txn, size_t size, unsigned depth)
{
    size_t page_size = txn->store->page_size;
    uint64_t pages = (size + page_size) / page_size + 1; /* a page's header may spill over */
    return reserve(txn, pages + pages / FREED_PER_PAGE + ROW_PAGES + depth);
}

/* The rows of a named table may each be on a path of their own. An appended row is on the right
 * edge, which the transaction's bookkeeping pays for. */
static enum tj_storage_status reserve_named(struct tj_txn *txn, MDB_dbi table, size_t size)
{
    MDB_stat st;
    int rc = mdb_stat(txn->mdb, table, &st);
    return rc == 0 ? reserve_row(txn, size, st.ms_depth) : tj_storage_status_of(rc);
}

enum tj_storage_status tj_append(struct tj_txn *txn, uint8_t **place, size_t table, uint64_t number,
                                 size_t size)
{
    *place = NULL;
    MDB_dbi dbi = tj_store_table(txn->store, table);
    TJ_STORAGE_REQUIRE(txn->writing && size <= TJ_STORE_VALUE_MAX);
    TJ_STORAGE_REQUIRE(txn->store->kinds[table] == TJ_TABLE_NUMBERED);
    if (txn->failed != TJ_STORAGE_OK) {
        return txn->failed;
    }
    enum tj_storage_status status = reserve_row(txn, size, 0);
    if (status != TJ_STORAGE_OK) {
        return fail(txn, status);
    }
    uint8_t bytes[TJ_STORE_NUMBER_SIZE];
    tj_store_number_key(bytes, number);
    MDB_val key = {sizeof bytes, bytes};
    MDB_val value = {size, NULL};
    /* MDB_APPEND compares with the last key: KEYEXIST when this one is not above it. */
    status = tj_storage_status_of(
        mdb_put(txn->mdb, dbi, &key, &value, MDB_APPEND | MDB_NOOVERWRITE | MDB_RESERVE));
    if (status == TJ_STORAGE_EXISTS) {
        return status;
    }
    if (status != TJ_STORAGE_OK) {
        return fail(txn, status);
    }
    *place = value.mv_data;
    return TJ_STORAGE_OK;
}

enum tj_storage_status tj_put_name(struct tj_txn *txn, uint8_t **place, size_t table,
                                   const void *key, size_t key_size, size_t size)
{
    *place = NULL;
    MDB_dbi dbi = tj_store_table(txn->store, table);
    TJ_STORAGE_REQUIRE(txn->writing && size <= TJ_STORE_VALUE_MAX);
    TJ_STORAGE_REQUIRE(txn->store->kinds[table] == TJ_TABLE_NAMED);
    TJ_STORAGE_REQUIRE(key_size > 0 && key_size <= TJ_STORE_KEY_MAX);
    if (txn->failed != TJ_STORAGE_OK) {
        return txn->failed;
    }
    enum tj_storage_status status = reserve_named(txn, dbi, key_size + size);
    if (status == TJ_STORAGE_OK) {
        MDB_val k = {key_size, (void *)(uintptr_t)key};
        MDB_val value = {size, NULL};
        status = tj_storage_status_of(mdb_put(txn->mdb, dbi, &k, &value, MDB_RESERVE));
        *place = status == TJ_STORAGE_OK ? value.mv_data : NULL;
    }
    return status == TJ_STORAGE_OK ? status : fail(txn, status);
}

enum tj_storage_status tj_delete_name(struct tj_txn *txn, size_t table, const void *key,
                                      size_t key_size)
{
    MDB_dbi dbi = tj_store_table(txn->store, table);
    TJ_STORAGE_REQUIRE(txn->writing && txn->store->kinds[table] == TJ_TABLE_NAMED);
    if (txn->failed != TJ_STORAGE_OK) {
        return txn->failed;
    }
    if (key_size == 0 || key_size > TJ_STORE_KEY_MAX) { /* no row has such a key */
        return TJ_STORAGE_NOT_FOUND;
    }
    enum tj_storage_status status = reserve_named(txn, dbi, 0);
    if (status == TJ_STORAGE_OK) {
        MDB_val k = {key_size, (void *)(uintptr_t)key};
        status = tj_storage_status_of(mdb_del(txn->mdb, dbi, &k, NULL));
    }
    if (status != TJ_STORAGE_OK && status != TJ_STORAGE_NOT_FOUND) {
        return fail(txn, status);
    }
    return status;
}

enum tj_storage_status tj_clear_table(struct tj_txn *txn, size_t table)
{
    MDB_dbi dbi = tj_store_table(txn->store, table);
    TJ_STORAGE_REQUIRE(txn->writing);
    if (txn->failed != TJ_STORAGE_OK) {
        return txn->failed;
    }
    enum tj_storage_status status = reserve_named(txn, dbi, 0);
    if (status == TJ_STORAGE_OK) {
        status = tj_storage_status_of(mdb_drop(txn->mdb, dbi, 0));
    }
    return status == TJ_STORAGE_OK ? status : fail(txn, status);
}

/* LMDB writes the pages, syncs, then writes the meta page, and does not say in which of these it
 * failed. When it was the last, it never begins another transaction (MDB_PANIC): the disk may then
 * hold either commit. Otherwise the disk holds the last one (S2), and what is left to judge is
 * whether it will fail again. */
static enum tj_storage_status commit_failed(struct tj_store *store, int code)
{
    enum tj_storage_status status = tj_storage_status_of(code);
    MDB_txn *probe;
    int rc = mdb_txn_begin(store->env, NULL, 0, &probe);
    if (rc == 0) {
        mdb_txn_abort(probe);
        if (status == TJ_STORAGE_FULL || status == TJ_STORAGE_MEMORY) {
            return status;
        }
    }
    store->failed = true;
    return rc == 0 && status == TJ_STORAGE_CORRUPT ? status : TJ_STORAGE_IO;
}

enum tj_storage_status tj_write_commit(struct tj_txn *txn)
{
    struct tj_store *store = txn->store;
    TJ_STORAGE_REQUIRE(txn->writing && txn->cursors == 0);
    if (txn->failed != TJ_STORAGE_OK) {
        enum tj_storage_status failed = txn->failed;
        tj_write_abort(txn);
        return failed;
    }
    int rc = mdb_txn_commit(txn->mdb);
    end(txn);
    if (rc != 0) {
        return commit_failed(store, rc);
    }
    /* The commit is durable. Should the estimate have been too low, and the last pages never been
     * written (LMDB leaves out pages that it took and freed), S1 is restored here. Should that
     * fail, the next transaction tries again. */
    if (refresh_used(store) == TJ_STORAGE_OK && store->used > store->allocated) {
        (void)grow(store, store->used);
    }
    return TJ_STORAGE_OK;
}

void tj_write_abort(struct tj_txn *txn)
{
    if (txn == NULL) {
        return;
    }
    TJ_STORAGE_REQUIRE(txn->writing && txn->cursors == 0);
    mdb_txn_abort(txn->mdb);
    end(txn);
}
