/* storage/: both halves, on a file system, with processes that die and disks that fill up. */

#define _GNU_SOURCE 1 /* unshare: a small file system of our own */

#include "storage/store.h"
#include "storage/store_write.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* --- The Nth I/O call fails. These stand in front of the C library's, for LMDB's library as well.
 */

enum fault_kind { FAULT_ERROR, FAULT_SHORT, FAULT_KILL, FAULT_KILL_AFTER };

static struct {
    long countdown; /* 0: off */
    enum fault_kind kind;
    int error;
    bool for_good; /* all calls from the Nth on */
    bool struck;
} fault;

static bool strikes(void)
{
    if (fault.countdown == 0 || (fault.countdown > 1 && --fault.countdown > 0)) {
        return false;
    }
    if (fault.kind == FAULT_KILL) {
        (void)raise(SIGKILL);
    }
    if (fault.kind == FAULT_KILL_AFTER) {
        fault.struck = true; /* pwrite, which writes the meta page, looks at this */
        return false;
    }
    if (fault.struck && !fault.for_good) {
        return false;
    }
    fault.struck = true;
    return true;
}

static void arm(long nth, enum fault_kind kind, int error, bool for_good)
{
    fault.countdown = nth + 1;
    fault.kind = kind;
    fault.error = error;
    fault.for_good = for_good;
    fault.struck = false;
}

static bool disarm(void)
{
    fault.countdown = 0;
    return fault.struck;
}

#define IN_FRONT __attribute__((visibility("default")))

IN_FRONT ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    if (strikes()) {
        if (fault.kind == FAULT_SHORT && size > 1) {
            size /= 2;
        } else {
            errno = fault.error;
            return -1;
        }
    }
    ssize_t written = (ssize_t)syscall(SYS_pwrite64, fd, bytes, size, at);
    if (fault.struck && fault.kind == FAULT_KILL_AFTER) {
        (void)raise(SIGKILL);
    }
    return written;
}

IN_FRONT ssize_t writev(int fd, const struct iovec *parts, int count)
{
    if (strikes()) {
        if (fault.kind == FAULT_SHORT && count > 1) {
            count /= 2;
        } else {
            errno = fault.error;
            return -1;
        }
    }
    return (ssize_t)syscall(SYS_writev, fd, parts, count);
}

IN_FRONT int fdatasync(int fd)
{
    if (strikes()) {
        errno = fault.error;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, fd);
}

IN_FRONT int fsync(int fd)
{
    if (strikes()) {
        errno = fault.error;
        return -1;
    }
    return (int)syscall(SYS_fsync, fd);
}

IN_FRONT int posix_fallocate(int fd, off_t at, off_t size)
{
    if (strikes()) {
        return fault.error;
    }
    return syscall(SYS_fallocate, fd, 0, at, size) == 0 ? 0 : errno;
}

/* --- Scaffolding */

enum { JOURNAL, RECEIPTS, BLOCKS };
static const struct tj_table_spec tables[] = {
    [JOURNAL] = {"journal", TJ_TABLE_NUMBERED},
    [RECEIPTS] = {"receipts", TJ_TABLE_NUMBERED},
    [BLOCKS] = {"blocks", TJ_TABLE_NAMED},
};
static const struct tj_store_options options = {.tables = tables, .table_count = 3, .format = 7};

/* 250 KiB, more than any stack of ours holds twice. */
enum { BIG = 250000 };

static char base[256]; /* one directory a test */
static char dir[300];  /* the store in it */

static int set_up(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(base, sizeof base, "%s/tijori-store-XXXXXX", tmp != NULL ? tmp : "/tmp");
    if (mkdtemp(base) == NULL) {
        return -1;
    }
    (void)snprintf(dir, sizeof dir, "%s/ledger", base);
    return 0;
}

static const char *in_dir(const char *name)
{
    static char path[400];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return path;
}

static void remove_store(void)
{
    static const char *const names[] = {"data.mdb", "lock.mdb", "writer.lock", "data.mdb.new"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)unlink(in_dir(names[i]));
    }
    (void)rmdir(dir);
}

/* A failed assertion in a child jumps back into the child's copy of the runner, which comes here:
 * it is not to go on with the tests, nor to clear away its parent's files. */
static bool is_child;
enum { CHILD_FAILED = 99 };

static int tear_down(void **state)
{
    (void)state;
    if (is_child) {
        _exit(CHILD_FAILED);
    }
    (void)disarm();
    remove_store();
    return rmdir(base);
}

static struct tj_store *create(void)
{
    struct tj_store *store = NULL;
    assert_int_equal(tj_store_create(&store, dir, &options), TJ_STORAGE_OK);
    return store;
}

static struct tj_store *open_write(void)
{
    struct tj_store *store = NULL;
    assert_int_equal(tj_store_open_write(&store, NULL, dir, &options), TJ_STORAGE_OK);
    return store;
}

static struct tj_store *open_read(void)
{
    struct tj_store *store = NULL;
    assert_int_equal(tj_store_open_read(&store, NULL, dir, &options), TJ_STORAGE_OK);
    return store;
}

static uint8_t pattern(uint64_t number, size_t at)
{
    return (uint8_t)(number * 31 + at * 7 + (at >> 8));
}

static size_t size_of(uint64_t number)
{
    return number % 5 == 0 ? 9000 + number % 1000 : 40 + number % 300;
}

static enum tj_storage_status append_sized(struct tj_txn *txn, uint64_t number, size_t size)
{
    uint8_t *place;
    enum tj_storage_status status = tj_append(txn, &place, JOURNAL, number, size);
    for (size_t i = 0; i < size && status == TJ_STORAGE_OK; i++) {
        place[i] = pattern(number, i);
    }
    return status;
}

/* One row, one commit. */
static enum tj_storage_status commit_row(struct tj_store *store, uint64_t number, size_t size)
{
    struct tj_txn *txn;
    enum tj_storage_status status = tj_write_begin(store, &txn);
    if (status != TJ_STORAGE_OK) {
        return status;
    }
    status = append_sized(txn, number, size);
    if (status != TJ_STORAGE_OK) {
        tj_write_abort(txn);
        return status;
    }
    return tj_write_commit(txn);
}

static enum tj_storage_status put(struct tj_txn *txn, const char *name, const char *text)
{
    uint8_t *place;
    size_t size = strlen(text);
    enum tj_storage_status status = tj_put_name(txn, &place, BLOCKS, name, strlen(name), size);
    if (status == TJ_STORAGE_OK && size > 0) {
        memcpy(place, text, size);
    }
    return status;
}

static bool row_is(struct tj_txn *txn, uint64_t number, size_t size)
{
    struct tj_view view;
    if (tj_get_number(txn, &view, JOURNAL, number) != TJ_STORAGE_OK || view.size != size) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if (view.bytes[i] != pattern(number, i)) {
            return false;
        }
    }
    return true;
}

/* Rows 1..N of size_of() and no others; N. */
static uint64_t check_rows(struct tj_store *store)
{
    struct tj_txn *txn;
    uint64_t last;
    uint64_t count;
    assert_int_equal(tj_read_begin(store, &txn), TJ_STORAGE_OK);
    enum tj_storage_status status = tj_last_number(txn, &last, JOURNAL);
    assert_true(status == TJ_STORAGE_OK || status == TJ_STORAGE_NOT_FOUND);
    for (uint64_t i = 1; i <= last; i++) {
        assert_true(row_is(txn, i, size_of(i)));
    }
    assert_int_equal(tj_count(txn, &count, JOURNAL), TJ_STORAGE_OK);
    assert_int_equal(count, last);
    tj_read_end(txn);
    return last;
}

/* Runs `body` in a child; its answer, or minus the signal that ended it. */
static int in_child(int (*body)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        is_child = true;
        (void)alarm(60);
        _exit(body());
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static int child_opens_to_read(void)
{
    struct tj_store *store;
    enum tj_storage_status status = tj_store_open_read(&store, NULL, dir, &options);
    tj_store_close(store);
    return (int)status;
}

static int child_opens_to_write(void)
{
    struct tj_store *store;
    enum tj_storage_status status = tj_store_open_write(&store, NULL, dir, &options);
    tj_store_close(store);
    return (int)status;
}

static int child_creates(void)
{
    struct tj_store *store;
    enum tj_storage_status status = tj_store_create(&store, dir, &options);
    tj_store_close(store);
    return (int)status;
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

/* --- Creating, opening, locking */

static void test_create_open_reopen(void **state)
{
    (void)state;
    struct tj_store *store = create();
    assert_int_equal(commit_row(store, 1, size_of(1)), TJ_STORAGE_OK);
    tj_store_close(store);
    assert_false(exists(in_dir("data.mdb.new")));

    uint32_t format = 99;
    assert_int_equal(tj_store_open_write(&store, &format, dir, &options), TJ_STORAGE_OK);
    assert_int_equal(format, 7);
    assert_int_equal(commit_row(store, 2, size_of(2)), TJ_STORAGE_OK);
    tj_store_close(store);

    format = 99;
    assert_int_equal(tj_store_open_read(&store, &format, dir, &options), TJ_STORAGE_OK);
    assert_int_equal(format, 7);
    assert_int_equal(check_rows(store), 2);
    uint64_t bytes;
    struct stat st;
    assert_int_equal(tj_store_bytes(store, &bytes), TJ_STORAGE_OK);
    assert_int_equal(stat(in_dir("data.mdb"), &st), 0);
    assert_true(bytes > 0 && bytes <= (uint64_t)st.st_size);
    tj_store_close(store);
    tj_store_close(NULL);
}

static void test_create_where_one_exists(void **state)
{
    (void)state;
    struct tj_store *store = create();
    assert_int_equal(in_child(child_creates), TJ_STORAGE_EXISTS); /* not LOCKED */
    tj_store_close(store);
    assert_int_equal(tj_store_create(&store, dir, &options), TJ_STORAGE_EXISTS);
    assert_null(store);
    store = open_write(); /* the refused creation harmed nothing */
    tj_store_close(store);
}

static void test_create_takes_an_empty_directory_and_makes_no_parents(void **state)
{
    (void)state;
    assert_int_equal(mkdir(dir, 0700), 0);
    tj_store_close(create());
    remove_store();
    struct tj_store *store;
    assert_int_equal(tj_store_create(&store, in_dir("deeper"), &options), TJ_STORAGE_NOT_FOUND);
    assert_false(exists(dir));
}

static void test_remove_leaves_what_is_not_its_own(void **state)
{
    (void)state;
    tj_store_remove(create());
    assert_false(exists(dir));
    struct tj_store *store = create();
    int fd = open(in_dir("notes"), O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    (void)close(fd);
    assert_int_equal(commit_row(store, 1, size_of(1)), TJ_STORAGE_OK);
    tj_store_remove(store);
    assert_true(exists(in_dir("notes")));
    assert_false(exists(in_dir("data.mdb")) || exists(in_dir("lock.mdb")) ||
                 exists(in_dir("writer.lock")));
    store = create(); /* and the place is free again */
    assert_int_equal(check_rows(store), 0);
    tj_store_close(store);
    assert_int_equal(unlink(in_dir("notes")), 0);
    tj_store_remove(NULL);
}

static void test_opening_nothing_leaves_nothing(void **state)
{
    (void)state;
    struct tj_store *store;
    assert_int_equal(tj_store_open_read(&store, NULL, dir, &options), TJ_STORAGE_NOT_FOUND);
    assert_int_equal(tj_store_open_write(&store, NULL, dir, &options), TJ_STORAGE_NOT_FOUND);
    assert_false(exists(dir));
    assert_int_equal(mkdir(dir, 0700), 0);
    assert_int_equal(tj_store_open_read(&store, NULL, dir, &options), TJ_STORAGE_NOT_FOUND);
    assert_int_equal(tj_store_open_write(&store, NULL, dir, &options), TJ_STORAGE_NOT_FOUND);
    assert_int_equal(rmdir(dir), 0); /* still empty */
}

static void test_one_writer_and_one_opening_in_a_process(void **state)
{
    (void)state;
    struct tj_store *writer = create();
    struct tj_store *second;
    char other_name[320];
    (void)snprintf(other_name, sizeof other_name, "%s/../ledger", dir);
    assert_int_equal(tj_store_open_write(&second, NULL, dir, &options), TJ_STORAGE_LOCKED);
    assert_int_equal(tj_store_open_read(&second, NULL, other_name, &options), TJ_STORAGE_LOCKED);
    assert_null(second);
    assert_int_equal(in_child(child_opens_to_write), TJ_STORAGE_LOCKED);
    assert_int_equal(in_child(child_opens_to_read), TJ_STORAGE_OK);
    /* None of this loosened the lock. */
    assert_int_equal(in_child(child_opens_to_write), TJ_STORAGE_LOCKED);
    tj_store_close(writer);
    assert_int_equal(in_child(child_opens_to_write), TJ_STORAGE_OK);

    struct tj_store *reader = open_read();
    assert_int_equal(tj_store_open_read(&second, NULL, dir, &options), TJ_STORAGE_LOCKED);
    assert_int_equal(tj_store_open_write(&second, NULL, dir, &options), TJ_STORAGE_LOCKED);
    assert_int_equal(in_child(child_opens_to_write), TJ_STORAGE_OK);
    tj_store_close(reader);
    tj_store_close(open_write());
}

static void test_format_version(void **state)
{
    (void)state;
    tj_store_close(create());
    struct tj_store_options newer = options;
    newer.format = 8;
    struct tj_store *store;
    uint32_t found = 0;
    assert_int_equal(tj_store_open_read(&store, &found, dir, &newer), TJ_STORAGE_VERSION);
    assert_int_equal(found, 7);
    found = 0;
    assert_int_equal(tj_store_open_write(&store, &found, dir, &newer), TJ_STORAGE_VERSION);
    assert_int_equal(found, 7);
    assert_null(store);
    tj_store_close(open_write()); /* nothing was left locked */
}

static void test_a_missing_table_is_corruption(void **state)
{
    (void)state;
    tj_store_close(create());
    static const struct tj_table_spec other[] = {{"elsewhere", TJ_TABLE_NAMED}};
    struct tj_store_options wants = {.tables = other, .table_count = 1, .format = 7};
    struct tj_store *store;
    assert_int_equal(tj_store_open_read(&store, NULL, dir, &wants), TJ_STORAGE_CORRUPT);
}

static void test_descriptors_are_given_back(void **state)
{
    (void)state;
    struct tj_store *store = create();
    for (int fd = 3; fd < 64; fd++) { /* and none would be inherited by a program executed */
        int flags = fcntl(fd, F_GETFD);
        char link[32];
        char target[512];
        (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t size = readlink(link, target, sizeof target - 1);
        if (flags >= 0 && size > 0) {
            target[size] = '\0';
            assert_true(strstr(target, "tijori-store") == NULL || (flags & FD_CLOEXEC) != 0);
        }
    }
    tj_store_close(store);
    int before = dup(0);
    (void)close(before);
    for (int i = 0; i < 10; i++) {
        tj_store_close(open_write());
        tj_store_close(open_read());
        assert_int_equal(tj_store_create(&store, dir, &options), TJ_STORAGE_EXISTS);
    }
    int after = dup(0);
    (void)close(after);
    assert_int_equal(before, after);
}

/* --- Rows */

static void test_numbers_only_rise(void **state)
{
    (void)state;
    struct tj_store *store = create();
    struct tj_txn *txn;
    uint64_t last;
    struct tj_view view;
    assert_int_equal(tj_write_begin(store, &txn), TJ_STORAGE_OK);
    assert_int_equal(tj_last_number(txn, &last, JOURNAL), TJ_STORAGE_NOT_FOUND);
    assert_int_equal(append_sized(txn, 0, 10), TJ_STORAGE_OK);
    assert_int_equal(append_sized(txn, 255, 0), TJ_STORAGE_OK);
    assert_int_equal(append_sized(txn, 256, 5000), TJ_STORAGE_OK);
    assert_int_equal(append_sized(txn, 256, 10), TJ_STORAGE_EXISTS);
    assert_int_equal(append_sized(txn, 255, 10), TJ_STORAGE_EXISTS);
    assert_int_equal(append_sized(txn, 7, 10), TJ_STORAGE_EXISTS);
    /* A refused number spoils nothing. */
    assert_int_equal(append_sized(txn, 257, 10), TJ_STORAGE_OK);
    assert_int_equal(tj_last_number(txn, &last, JOURNAL), TJ_STORAGE_OK);
    assert_int_equal(last, 257);
    assert_true(row_is(txn, 256, 5000)); /* before the commit, from the transaction itself */
    assert_int_equal(tj_write_commit(txn), TJ_STORAGE_OK);

    assert_int_equal(commit_row(store, 256, 1), TJ_STORAGE_EXISTS);
    assert_int_equal(commit_row(store, UINT64_MAX, 77), TJ_STORAGE_OK);
    assert_int_equal(tj_read_begin(store, &txn), TJ_STORAGE_OK);
    assert_true(row_is(txn, 0, 10) && row_is(txn, 255, 0) && row_is(txn, 256, 5000));
    assert_true(row_is(txn, 257, 10) && row_is(txn, UINT64_MAX, 77));
    assert_int_equal(tj_get_number(txn, &view, JOURNAL, 258), TJ_STORAGE_NOT_FOUND);
    assert_null(view.bytes);
    assert_int_equal(tj_get_number(txn, &view, RECEIPTS, 0), TJ_STORAGE_NOT_FOUND);
    assert_int_equal(tj_last_number(txn, &last, RECEIPTS), TJ_STORAGE_NOT_FOUND);
    assert_int_equal(tj_count(txn, &last, JOURNAL), TJ_STORAGE_OK);
    assert_int_equal(last, 5);
    tj_read_end(txn);
    tj_store_close(store);
}

static bool name_is(struct tj_txn *txn, const char *name, const char *text)
{
    struct tj_view view;
    return tj_get_name(txn, &view, BLOCKS, name, strlen(name)) == TJ_STORAGE_OK &&
           view.size == strlen(text) && memcmp(view.bytes, text, view.size) == 0;
}

static void test_named_rows(void **state)
{
    (void)state;
    struct tj_store *store = create();
    struct tj_txn *txn;
    char longest[TJ_STORE_KEY_MAX + 2];
    memset(longest, 'k', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    struct tj_view view;
    assert_int_equal(tj_write_begin(store, &txn), TJ_STORAGE_OK);
    assert_int_equal(put(txn, "a", "first"), TJ_STORAGE_OK);
    assert_int_equal(put(txn, "b", ""), TJ_STORAGE_OK);
    assert_int_equal(put(txn, longest + 1, "edge"), TJ_STORAGE_OK);
    assert_int_equal(tj_delete_name(txn, BLOCKS, "c", 1), TJ_STORAGE_NOT_FOUND);
    assert_int_equal(tj_delete_name(txn, BLOCKS, "c", 0), TJ_STORAGE_NOT_FOUND);
    assert_int_equal(tj_write_commit(txn), TJ_STORAGE_OK);
    assert_int_equal(tj_write_begin(store, &txn), TJ_STORAGE_OK);
    assert_true(name_is(txn, "a", "first") && name_is(txn, "b", ""));
    assert_int_equal(put(txn, "a", "another, longer"), TJ_STORAGE_OK);
    assert_int_equal(tj_delete_name(txn, BLOCKS, "b", 1), TJ_STORAGE_OK);
    assert_int_equal(tj_write_commit(txn), TJ_STORAGE_OK);
    tj_store_close(store);

    store = open_read();
    uint64_t count;
    assert_int_equal(tj_read_begin(store, &txn), TJ_STORAGE_OK);
    assert_true(name_is(txn, "a", "another, longer") && name_is(txn, longest + 1, "edge"));
    assert_int_equal(tj_get_name(txn, &view, BLOCKS, "b", 1), TJ_STORAGE_NOT_FOUND);
    assert_int_equal(tj_get_name(txn, &view, BLOCKS, "", 0), TJ_STORAGE_NOT_FOUND);
    assert_int_equal(tj_get_name(txn, &view, BLOCKS, longest, sizeof longest - 1),
                     TJ_STORAGE_NOT_FOUND);
    assert_int_equal(tj_count(txn, &count, BLOCKS), TJ_STORAGE_OK);
    assert_int_equal(count, 2);
    tj_read_end(txn);
    tj_store_close(store);
}

static void expect_number(struct tj_cursor *cursor, uint64_t number)
{
    struct tj_view key;
    struct tj_view value;
    assert_int_equal(tj_cursor_next(cursor, &key, &value), TJ_STORAGE_OK);
    assert_int_equal(key.size, 8);
    uint64_t found = 0;
    for (size_t i = 0; i < 8; i++) {
        found = found << 8 | key.bytes[i];
    }
    assert_int_equal(found, number);
    assert_int_equal(value.size, size_of(number));
    assert_int_equal(value.bytes[value.size - 1], pattern(number, value.size - 1));
}

static void test_cursor(void **state)
{
    (void)state;
    struct tj_store *store = create();
    struct tj_txn *txn;
    struct tj_cursor *cursor;
    struct tj_view key;
    struct tj_view value;
    assert_int_equal(tj_write_begin(store, &txn), TJ_STORAGE_OK);
    for (uint64_t i = 250; i < 600; i += 2) {
        assert_int_equal(append_sized(txn, i, size_of(i)), TJ_STORAGE_OK);
    }
    assert_int_equal(put(txn, "b", "2"), TJ_STORAGE_OK);
    assert_int_equal(put(txn, "a", "1"), TJ_STORAGE_OK);
    assert_int_equal(put(txn, "aa", "11"), TJ_STORAGE_OK);
    assert_int_equal(tj_cursor_open(txn, &cursor, JOURNAL), TJ_STORAGE_OK); /* uncommitted rows */
    expect_number(cursor, 250);
    tj_cursor_close(cursor);
    assert_int_equal(tj_write_commit(txn), TJ_STORAGE_OK);

    assert_int_equal(tj_read_begin(store, &txn), TJ_STORAGE_OK);
    assert_int_equal(tj_cursor_open(txn, &cursor, JOURNAL), TJ_STORAGE_OK);
    for (uint64_t i = 250; i < 600; i += 2) {
        expect_number(cursor, i);
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(tj_cursor_next(cursor, &key, &value), TJ_STORAGE_NOT_FOUND);
    }
    assert_int_equal(tj_cursor_seek(cursor, 300), TJ_STORAGE_OK);
    expect_number(cursor, 300);
    expect_number(cursor, 302);
    assert_int_equal(tj_cursor_seek(cursor, 255), TJ_STORAGE_OK);
    expect_number(cursor, 256);
    assert_int_equal(tj_cursor_seek(cursor, 0), TJ_STORAGE_OK);
    expect_number(cursor, 250);
    assert_int_equal(tj_cursor_seek(cursor, 599), TJ_STORAGE_NOT_FOUND);
    assert_int_equal(tj_cursor_next(cursor, &key, &value), TJ_STORAGE_NOT_FOUND);
    assert_int_equal(tj_cursor_seek(cursor, 598), TJ_STORAGE_OK);
    expect_number(cursor, 598);
    tj_cursor_close(cursor);

    static const char *const names[] = {"a", "aa", "b"};
    assert_int_equal(tj_cursor_open(txn, &cursor, BLOCKS), TJ_STORAGE_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(tj_cursor_next(cursor, &key, &value), TJ_STORAGE_OK);
        assert_int_equal(key.size, strlen(names[i]));
        assert_memory_equal(key.bytes, names[i], key.size);
    }
    tj_cursor_close(cursor);
    assert_int_equal(tj_cursor_open(txn, &cursor, RECEIPTS), TJ_STORAGE_OK);
    assert_int_equal(tj_cursor_next(cursor, &key, &value), TJ_STORAGE_NOT_FOUND);
    tj_cursor_close(cursor);
    tj_read_end(txn);
    tj_store_close(store);
}

/* A table of numbers in which somebody put other keys: what a forger would do. */
static void test_keys_of_other_sizes(void **state)
{
    (void)state;
    static const struct tj_table_spec forged[] = {{"journal", TJ_TABLE_NAMED}};
    struct tj_store_options forger = {.tables = forged, .table_count = 1, .format = 7};
    struct tj_store *store = create();
    assert_int_equal(commit_row(store, 5, 50), TJ_STORAGE_OK);
    tj_store_close(store);
    struct tj_txn *txn;
    uint8_t *place;
    assert_int_equal(tj_store_open_write(&store, NULL, dir, &forger), TJ_STORAGE_OK);
    assert_int_equal(tj_write_begin(store, &txn), TJ_STORAGE_OK);
    assert_int_equal(tj_put_name(txn, &place, 0, "\xff", 1, 1), TJ_STORAGE_OK);
    *place = 0;
    assert_int_equal(tj_put_name(txn, &place, 0, "\0\0\0\0\0\0\0\5\0", 9, 1), TJ_STORAGE_OK);
    *place = 0;
    assert_int_equal(tj_write_commit(txn), TJ_STORAGE_OK);
    tj_store_close(store);

    store = open_read();
    uint64_t number;
    struct tj_view key;
    struct tj_view value;
    struct tj_cursor *cursor;
    assert_int_equal(tj_read_begin(store, &txn), TJ_STORAGE_OK);
    assert_int_equal(tj_last_number(txn, &number, JOURNAL), TJ_STORAGE_CORRUPT);
    assert_true(row_is(txn, 5, 50));
    assert_int_equal(tj_get_number(txn, &value, JOURNAL, 0xff), TJ_STORAGE_NOT_FOUND);
    assert_int_equal(tj_cursor_open(txn, &cursor, JOURNAL), TJ_STORAGE_OK);
    static const size_t sizes[] = {8, 9, 1};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(tj_cursor_next(cursor, &key, &value), TJ_STORAGE_OK);
        assert_int_equal(key.size, sizes[i]);
    }
    assert_int_equal(tj_cursor_next(cursor, &key, &value), TJ_STORAGE_NOT_FOUND);
    tj_cursor_close(cursor);
    tj_read_end(txn);
    tj_store_close(store);
}

/* --- Transactions */

static void test_a_picture_stays_as_it_was(void **state)
{
    (void)state;
    struct tj_store *store = create();
    assert_int_equal(commit_row(store, 1, size_of(1)), TJ_STORAGE_OK);
    struct tj_txn *reading;
    struct tj_view view;
    struct tj_view later;
    uint64_t last;
    assert_int_equal(tj_read_begin(store, &reading), TJ_STORAGE_OK);
    assert_int_equal(tj_get_number(reading, &view, JOURNAL, 1), TJ_STORAGE_OK);
    for (uint64_t i = 2; i < 40; i++) {
        assert_int_equal(commit_row(store, i, size_of(i)), TJ_STORAGE_OK);
        struct tj_txn *txn;
        char text[20];
        (void)snprintf(text, sizeof text, "%d", (int)i);
        assert_int_equal(tj_write_begin(store, &txn), TJ_STORAGE_OK);
        assert_int_equal(put(txn, "counter", text), TJ_STORAGE_OK);
        assert_int_equal(tj_write_commit(txn), TJ_STORAGE_OK);
    }
    assert_int_equal(tj_last_number(reading, &last, JOURNAL), TJ_STORAGE_OK);
    assert_int_equal(last, 1);
    assert_int_equal(tj_get_number(reading, &later, JOURNAL, 2), TJ_STORAGE_NOT_FOUND);
    assert_int_equal(tj_get_name(reading, &later, BLOCKS, "counter", 7), TJ_STORAGE_NOT_FOUND);
    for (size_t i = 0; i < view.size; i++) { /* the first view still holds */
        assert_int_equal(view.bytes[i], pattern(1, i));
    }
    assert_int_equal(tj_read_renew(reading), TJ_STORAGE_OK);
    assert_int_equal(tj_last_number(reading, &last, JOURNAL), TJ_STORAGE_OK);
    assert_int_equal(last, 39);
    assert_true(name_is(reading, "counter", "39"));
    tj_read_end(reading);
    assert_int_equal(check_rows(store), 39);
    tj_store_close(store);
}

static void test_abort_leaves_nothing(void **state)
{
    (void)state;
    struct tj_store *store = create();
    assert_int_equal(commit_row(store, 1, size_of(1)), TJ_STORAGE_OK);
    struct tj_txn *txn;
    assert_int_equal(tj_write_begin(store, &txn), TJ_STORAGE_OK);
    assert_int_equal(append_sized(txn, 2, BIG), TJ_STORAGE_OK);
    assert_int_equal(put(txn, "a", "x"), TJ_STORAGE_OK);
    tj_write_abort(txn);
    assert_int_equal(check_rows(store), 1);
    assert_int_equal(commit_row(store, 2, size_of(2)), TJ_STORAGE_OK);
    tj_store_close(store);
    store = open_read();
    assert_int_equal(check_rows(store), 2);
    assert_int_equal(tj_read_begin(store, &txn), TJ_STORAGE_OK);
    struct tj_view view;
    assert_int_equal(tj_get_name(txn, &view, BLOCKS, "a", 1), TJ_STORAGE_NOT_FOUND);
    tj_read_end(txn);
    tj_store_close(store);
}

static atomic_bool stop;

static void *read_along(void *argument)
{
    struct tj_store *store = argument;
    struct tj_txn *txn;
    uint64_t seen = 0;
    if (tj_read_begin(store, &txn) != TJ_STORAGE_OK) {
        return "begin";
    }
    while (!atomic_load(&stop)) {
        uint64_t last;
        if (tj_last_number(txn, &last, JOURNAL) == TJ_STORAGE_OK) {
            if (last < seen || !row_is(txn, last, size_of(last)) || !row_is(txn, 1, size_of(1))) {
                return "row";
            }
            seen = last;
        }
        if (tj_read_renew(txn) != TJ_STORAGE_OK) {
            return "renew";
        }
    }
    tj_read_end(txn);
    return NULL;
}

static void test_threads_read_while_one_writes(void **state)
{
    (void)state;
    enum { READERS = 3, ROWS = 150 };
    struct tj_store *store = create();
    pthread_t readers[READERS];
    atomic_store(&stop, false);
    for (int i = 0; i < READERS; i++) {
        assert_int_equal(pthread_create(&readers[i], NULL, read_along, store), 0);
    }
    for (uint64_t i = 1; i <= ROWS; i++) {
        assert_int_equal(commit_row(store, i, size_of(i)), TJ_STORAGE_OK);
    }
    atomic_store(&stop, true);
    for (int i = 0; i < READERS; i++) {
        void *failed;
        assert_int_equal(pthread_join(readers[i], &failed), 0);
        assert_null(failed);
    }
    assert_int_equal(check_rows(store), ROWS);
    tj_store_close(store);
}

static int child_begins_and_dies(void)
{
    struct tj_store *store;
    struct tj_txn *txn;
    if (tj_store_open_read(&store, NULL, dir, &options) != TJ_STORAGE_OK ||
        tj_read_begin(store, &txn) != TJ_STORAGE_OK) {
        return 1;
    }
    (void)raise(SIGKILL);
    return 2;
}

static void test_stale_readers_are_cleared(void **state)
{
    (void)state;
    struct tj_store *store = create();
    assert_int_equal(commit_row(store, 1, size_of(1)), TJ_STORAGE_OK);
    assert_int_equal(in_child(child_begins_and_dies), -SIGKILL);
    struct tj_txn *alive;
    assert_int_equal(tj_read_begin(store, &alive), TJ_STORAGE_OK);
    assert_int_equal(tj_store_clear_stale_readers(store), 1);
    assert_int_equal(tj_store_clear_stale_readers(store), 0);
    assert_int_equal(tj_read_renew(alive), TJ_STORAGE_OK);
    tj_read_end(alive);
    tj_store_close(store);
}

static void test_reader_slots_run_out_and_come_back(void **state)
{
    (void)state;
    struct tj_store *store = create();
    static struct tj_txn *txns[TJ_STORE_TRANSACTIONS_MAX];
    struct tj_txn *more;
    for (size_t i = 0; i < TJ_STORE_TRANSACTIONS_MAX; i++) {
        assert_int_equal(tj_read_begin(store, &txns[i]), TJ_STORAGE_OK);
    }
    assert_int_equal(tj_read_begin(store, &more), TJ_STORAGE_BUSY);
    tj_read_end(txns[0]);
    assert_int_equal(tj_read_begin(store, &txns[0]), TJ_STORAGE_OK);
    for (size_t i = 0; i < TJ_STORE_TRANSACTIONS_MAX; i++) {
        tj_read_end(txns[i]);
    }
    tj_store_close(store);
}

/* A reader that takes every slot there is, says so, and waits to be killed. */
static int slots_taken[2];
static int child_takes_all_slots(void)
{
    struct tj_store *store;
    struct tj_txn *txn;
    if (tj_store_open_read(&store, NULL, dir, &options) != TJ_STORAGE_OK) {
        return 1;
    }
    while (tj_read_begin(store, &txn) == TJ_STORAGE_OK) {
    }
    if (write(slots_taken[1], "", 1) != 1) {
        return 2;
    }
    (void)pause();
    return 3;
}

static pid_t begin_taking_slots(void)
{
    char byte;
    assert_int_equal(pipe(slots_taken), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        is_child = true;
        (void)alarm(60);
        _exit(child_takes_all_slots());
    }
    assert_int_equal(read(slots_taken[0], &byte, 1), 1);
    return child;
}

static void end_taking_slots(pid_t child)
{
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    (void)close(slots_taken[0]);
    (void)close(slots_taken[1]);
}

/* However many read, the writer goes on; and it notices by itself that they died. */
static void test_a_writer_keeps_its_slots(void **state)
{
    (void)state;
    struct tj_txn *txn;
    struct tj_store *store = create();
    pid_t child = begin_taking_slots();
    for (uint64_t i = 1; i <= 5; i++) {
        assert_int_equal(commit_row(store, i, size_of(i)), TJ_STORAGE_OK);
        assert_int_equal(tj_read_begin(store, &txn), TJ_STORAGE_OK);
        assert_int_equal(tj_read_renew(txn), TJ_STORAGE_OK);
        tj_read_end(txn);
    }
    assert_int_equal(in_child(child_opens_to_read), TJ_STORAGE_BUSY);
    end_taking_slots(child);
    for (uint64_t i = 6; i <= 6 + 64; i++) {
        assert_int_equal(commit_row(store, i, size_of(i)), TJ_STORAGE_OK);
    }
    assert_int_equal(tj_store_clear_stale_readers(store), 0);
    tj_store_close(store);
    child = begin_taking_slots();
    assert_int_equal(tj_store_open_write(&store, NULL, dir, &options), TJ_STORAGE_BUSY);
    assert_int_equal(tj_store_open_read(&store, NULL, dir, &options), TJ_STORAGE_BUSY);
    end_taking_slots(child);
    tj_store_close(open_read());
    tj_store_close(open_write());
}

/* --- What appears when */

static void test_a_store_appears_when_it_is_filled(void **state)
{
    (void)state;
    struct tj_store *store;
    struct tj_store *other;
    assert_int_equal(tj_store_begin(&store, dir, &options), TJ_STORAGE_OK);
    assert_int_equal(commit_row(store, 1, size_of(1)), TJ_STORAGE_OK);
    assert_int_equal(in_child(child_opens_to_read), TJ_STORAGE_NOT_FOUND);
    assert_int_equal(in_child(child_creates), TJ_STORAGE_LOCKED);
    tj_store_close(store); /* as one who died */
    assert_int_equal(tj_store_open_write(&other, NULL, dir, &options), TJ_STORAGE_NOT_FOUND);
    assert_int_equal(tj_store_begin(&store, dir, &options), TJ_STORAGE_OK);
    assert_int_equal(commit_row(store, 1, size_of(1)), TJ_STORAGE_OK);
    assert_int_equal(tj_store_publish(store), TJ_STORAGE_OK);
    tj_store_close(store);
    store = open_write();
    assert_int_equal(check_rows(store), 1);
    tj_store_close(store);
    assert_int_equal(tj_store_begin(&other, dir, &options), TJ_STORAGE_EXISTS);
    remove_store();
    assert_int_equal(tj_store_begin(&store, dir, &options), TJ_STORAGE_OK);
    tj_store_remove(store);
    assert_int_equal(access(dir, F_OK), -1);
}

/* --- Whose the files are */

enum { OWNER = 4321, OWNERS_GROUP = 4322, STRANGER = 5432 };

static void must_be_the_owners(const char *name)
{
    struct stat st;
    assert_int_equal(stat(in_dir(name), &st), 0);
    assert_int_equal(st.st_uid, OWNER);
    assert_int_equal(st.st_gid, OWNERS_GROUP);
    assert_int_equal(st.st_mode & 0777, 0660);
}

static int child_reads_as_a_stranger(void)
{
    if (setgid(STRANGER) != 0 || setuid(STRANGER) != 0) {
        return 99;
    }
    return child_opens_to_read();
}

static int child_is_denied(void)
{
    struct tj_store *store;
    if (setgid(STRANGER) != 0 || setuid(STRANGER) != 0) {
        return 99;
    }
    if (tj_store_open_write(&store, NULL, dir, &options) != TJ_STORAGE_DENIED) {
        return 98;
    }
    const char *name = tj_store_denied(dir, true);
    return name != NULL && strcmp(name, "data.mdb") == 0 ? 0 : 97;
}

/* Root, or somebody else, is the first to look at a store put back from a copy. */
static void test_files_that_others_make_are_the_owners(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    tj_store_close(create());
    assert_int_equal(chmod(base, 0755), 0);
    assert_int_equal(chmod(dir, 0777), 0);
    assert_int_equal(unlink(in_dir("lock.mdb")), 0);
    assert_int_equal(unlink(in_dir("writer.lock")), 0);
    assert_int_equal(chown(in_dir("data.mdb"), OWNER, OWNERS_GROUP), 0);
    assert_int_equal(chmod(in_dir("data.mdb"), 0664), 0);
    assert_int_equal(in_child(child_reads_as_a_stranger), TJ_STORAGE_OK);
    assert_int_equal(access(in_dir("lock.mdb"), F_OK), -1);
    assert_int_equal(in_child(child_is_denied), 0);
    assert_int_equal(chmod(in_dir("data.mdb"), 0660), 0);
    tj_store_close(open_read());
    must_be_the_owners("lock.mdb");
    assert_int_equal(access(in_dir("writer.lock"), F_OK), -1);
    tj_store_close(open_write());
    must_be_the_owners("writer.lock");
    assert_int_equal(access(in_dir("lock.mdb.new"), F_OK), -1);
}

/* --- No room */

/* Appends rows of 9 to 10 KB until one is refused, which must be FULL; the number refused. */
static uint64_t fill(struct tj_store *store, uint64_t first)
{
    for (uint64_t i = first;; i++) {
        enum tj_storage_status status = commit_row(store, i, size_of(i));
        if (status != TJ_STORAGE_OK) {
            assert_int_equal(status, TJ_STORAGE_FULL);
            return i;
        }
    }
}

static void test_full_map(void **state)
{
    (void)state;
    struct tj_store_options small = options;
    small.map_size = 1 << 20;
    struct tj_store *store;
    struct tj_txn *txn;
    assert_int_equal(tj_store_create(&store, dir, &small), TJ_STORAGE_OK);
    uint64_t refused = fill(store, 1);
    assert_true(refused > 50);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(commit_row(store, refused, BIG), TJ_STORAGE_FULL);
    }
    /* A failed row spoils its transaction, and a commit says so. */
    assert_int_equal(tj_write_begin(store, &txn), TJ_STORAGE_OK);
    assert_int_equal(append_sized(txn, refused, BIG), TJ_STORAGE_FULL);
    assert_int_equal(append_sized(txn, refused, 1), TJ_STORAGE_FULL);
    assert_int_equal(tj_write_commit(txn), TJ_STORAGE_FULL);
    assert_int_equal(check_rows(store), refused - 1);
    tj_store_close(store);

    small.map_size = 4 << 20;
    assert_int_equal(tj_store_open_write(&store, NULL, dir, &small), TJ_STORAGE_OK);
    assert_int_equal(commit_row(store, refused, size_of(refused)), TJ_STORAGE_OK);
    assert_int_equal(check_rows(store), refused);
    tj_store_close(store);
}

static void set_file_size_limit(uint64_t bytes)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes == 0 ? limit.rlim_max : (rlim_t)bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* SIGXFSZ keeps its deadly default: the limit is never run into. */
static void test_file_size_limit(void **state)
{
    (void)state;
    struct tj_store *store = create();
    assert_int_equal(commit_row(store, 1, size_of(1)), TJ_STORAGE_OK);
    uint64_t row = 2;
    for (uint64_t limit = 3000000; limit <= 5000000; limit += 1000001) { /* not whole pages */
        set_file_size_limit(limit);
        uint64_t refused = fill(store, row);
        assert_true(refused > row);
        row = refused;
        assert_int_equal(check_rows(store), row - 1);
    }
    struct stat st; /* below what is in the file already: not even bookkeeping */
    struct tj_txn *txn;
    assert_int_equal(stat(in_dir("data.mdb"), &st), 0);
    set_file_size_limit((uint64_t)st.st_size / 2 + 100);
    assert_int_equal(tj_write_begin(store, &txn), TJ_STORAGE_FULL);
    assert_int_equal(check_rows(store), row - 1);
    set_file_size_limit(0);
    assert_int_equal(commit_row(store, row, size_of(row)), TJ_STORAGE_OK);
    tj_store_close(store);
    store = open_read();
    assert_int_equal(check_rows(store), row);
    tj_store_close(store);
    remove_store();
    set_file_size_limit(8192);
    assert_int_equal(tj_store_create(&store, dir, &options), TJ_STORAGE_FULL);
    set_file_size_limit(0);
    tj_store_close(create());
}

enum { CHILD_SKIPS = 77 };

static int child_fills_a_disk(void)
{
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", base, "tmpfs", 0, "size=6m") != 0) {
        return CHILD_SKIPS;
    }
    char ballast[300];
    static const char filling[1 << 20];
    (void)snprintf(ballast, sizeof ballast, "%s/ballast", base);
    int fd = open(ballast, O_CREAT | O_WRONLY, 0600);
    if (fd < 0 || write(fd, filling, sizeof filling) != (ssize_t)sizeof filling) {
        return 1;
    }
    (void)close(fd);
    struct tj_store *store = create();
    uint64_t refused = fill(store, 1);
    if (refused < 300 || check_rows(store) != refused - 1) { /* 300 rows: 0.8 MB */
        return 2;
    }
    if (commit_row(store, refused, size_of(refused)) != TJ_STORAGE_FULL || unlink(ballast) != 0 ||
        commit_row(store, refused, size_of(refused)) != TJ_STORAGE_OK) {
        return 3;
    }
    uint64_t again = fill(store, refused + 1);
    if (check_rows(store) != again - 1) {
        return 4;
    }
    tj_store_close(store);
    store = open_read();
    return check_rows(store) == again - 1 ? 0 : 5;
}

static void test_full_disk(void **state)
{
    (void)state;
    int answer = in_child(child_fills_a_disk);
    if (answer == CHILD_SKIPS) {
        print_message("SKIP: mounting a small file system takes root\n");
        skip();
    }
    assert_int_equal(answer, 0);
}

/* --- The Nth I/O call fails, or is the last */

enum { ROWS_BEFORE = 12 };

/* One commit with a fault in it. False when the commit had fewer calls than that. */
static bool commit_with_fault(long nth, enum fault_kind kind, int error, bool for_good)
{
    struct tj_store *store = create();
    for (uint64_t i = 1; i <= ROWS_BEFORE; i++) {
        assert_int_equal(commit_row(store, i, size_of(i)), TJ_STORAGE_OK);
    }
    struct tj_txn *txn;
    uint64_t next = ROWS_BEFORE + 1;
    uint64_t after = next; /* rows that are to be found in the end */
    arm(nth, kind, error, for_good);
    enum tj_storage_status status = tj_write_begin(store, &txn);
    if (status == TJ_STORAGE_OK) {
        assert_int_equal(put(txn, "name", "something"), TJ_STORAGE_OK);
        /* Enough rows for the file to grow, and for more than one write. */
        for (uint64_t i = next; i < next + 300 && status == TJ_STORAGE_OK; i++) {
            status = append_sized(txn, i, size_of(i));
        }
        enum tj_storage_status committed = tj_write_commit(txn);
        assert_true(status == TJ_STORAGE_OK || status == committed);
        status = committed;
    }
    bool struck = disarm();
    bool unknown = false;
    if (status == TJ_STORAGE_OK) {
        after = next + 300;
        assert_int_equal(check_rows(store), after - 1);
    } else if (status == TJ_STORAGE_FULL) { /* goes on as if nothing had been */
        assert_int_not_equal(error, EIO);
        assert_int_equal(check_rows(store), next - 1);
        assert_int_equal(commit_row(store, next, size_of(next)), TJ_STORAGE_OK);
        after = next + 1;
    } else { /* closed to writing */
        assert_int_equal(status, TJ_STORAGE_IO);
        enum tj_storage_status later = tj_write_begin(store, &txn);
        if (later ==
            TJ_STORAGE_OK) { /* met before the transaction began: only space was asked for */
            tj_write_abort(txn);
        }
        unknown = true;
    }
    tj_store_close(store);
    store = open_write();
    uint64_t last = check_rows(store);
    assert_true(last == after - 1 || (unknown && last == next + 299));
    assert_int_equal(commit_row(store, last + 1, size_of(last + 1)), TJ_STORAGE_OK);
    assert_int_equal(check_rows(store), last + 1);
    tj_store_close(store);
    remove_store();
    return struck;
}

static void test_each_io_call_of_a_commit_fails(void **state)
{
    (void)state;
    static const struct {
        enum fault_kind kind;
        int error;
        bool for_good;
    } faults[] = {
        {FAULT_ERROR, ENOSPC, true},  {FAULT_ERROR, EIO, true},   {FAULT_SHORT, EIO, true},
        {FAULT_ERROR, ENOSPC, false}, {FAULT_ERROR, EIO, false},  {FAULT_SHORT, EIO, false},
        {FAULT_ERROR, EDQUOT, true},  {FAULT_ERROR, EFBIG, true},
    };
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        long nth = 1;
        while (commit_with_fault(nth, faults[i].kind, faults[i].error, faults[i].for_good)) {
            nth++;
        }
        assert_true(nth > 4); /* allocating, writing, syncing, the meta page */
    }
}

/* What a failing disk answers while nothing else is known: the store may not go on. */
static void test_a_failed_sync_closes_the_store_to_writing(void **state)
{
    (void)state;
    struct tj_store *store = create();
    struct tj_txn *txn;
    assert_int_equal(commit_row(store, 1, size_of(1)), TJ_STORAGE_OK);
    assert_int_equal(tj_write_begin(store, &txn), TJ_STORAGE_OK);
    assert_int_equal(append_sized(txn, 2, size_of(2)), TJ_STORAGE_OK);
    arm(1, FAULT_ERROR, EIO, true);
    assert_int_equal(tj_write_commit(txn), TJ_STORAGE_IO);
    assert_true(disarm());
    assert_int_equal(tj_write_begin(store, &txn), TJ_STORAGE_IO);
    tj_store_close(store);
    store = open_write();
    assert_int_equal(check_rows(store), 1);
    assert_int_equal(commit_row(store, 2, size_of(2)), TJ_STORAGE_OK);
    tj_store_close(store);
}

static long kill_at;

static int child_dies_creating(void)
{
    arm(kill_at, FAULT_KILL, 0, false);
    return child_creates();
}

static int child_dies_committing(void)
{
    struct tj_store *store = open_write();
    arm(kill_at, FAULT_KILL, 0, false);
    return (int)commit_row(store, 1, BIG);
}

static void test_killed_at_each_io_call(void **state)
{
    (void)state;
    kill_at = 1;
    for (;; kill_at++) {
        int answer = in_child(child_dies_creating);
        if (answer == TJ_STORAGE_OK) {
            break;
        }
        assert_int_equal(answer, -SIGKILL);
        int opened = in_child(child_opens_to_write);
        assert_true(opened == TJ_STORAGE_OK || opened == TJ_STORAGE_NOT_FOUND);
        assert_int_equal(in_child(child_creates),
                         opened == TJ_STORAGE_OK ? TJ_STORAGE_EXISTS : TJ_STORAGE_OK);
        assert_int_equal(in_child(child_opens_to_write), TJ_STORAGE_OK);
        remove_store();
    }
    assert_true(kill_at > 5);
    remove_store();

    kill_at = 1;
    for (;; kill_at++) {
        tj_store_close(create());
        int answer = in_child(child_dies_committing);
        struct tj_store *store = open_write();
        struct tj_txn *txn;
        assert_int_equal(tj_read_begin(store, &txn), TJ_STORAGE_OK);
        bool there = row_is(txn, 1, BIG);
        tj_read_end(txn);
        assert_int_equal(commit_row(store, 2, 10), TJ_STORAGE_OK);
        tj_store_close(store);
        remove_store();
        if (answer == TJ_STORAGE_OK) {
            assert_true(there);
            break;
        }
        assert_int_equal(answer, -SIGKILL);
        assert_false(there);
    }
    assert_true(kill_at > 3);
}

static int child_dies_after_writing(void)
{
    struct tj_store *store = open_write();
    arm(kill_at, FAULT_KILL_AFTER, 0, false);
    return (int)commit_row(store, check_rows(store) + 1, 20);
}

/* What is read after opening is what will be written after. */
static int child_appends_to_what_it_reads(void)
{
    struct tj_store *store = open_write();
    struct tj_txn *txn;
    uint64_t last;
    if (tj_read_begin(store, &txn) != TJ_STORAGE_OK) {
        return 50;
    }
    if (tj_last_number(txn, &last, JOURNAL) != TJ_STORAGE_OK) {
        last = 0;
    }
    tj_read_end(txn);
    enum tj_storage_status status = commit_row(store, last + 1, 20);
    tj_store_close(store);
    return (int)status;
}

static void test_a_writer_dies_beside_a_reader(void **state)
{
    (void)state;
    int answer = -SIGKILL;
    for (kill_at = 1; answer == -SIGKILL; kill_at++) {
        tj_store_close(create());
        struct tj_store *reader = open_read(); /* keeps lock.mdb as the dead one left it */
        struct tj_txn *txn;
        assert_int_equal(tj_read_begin(reader, &txn), TJ_STORAGE_OK);
        answer = in_child(child_dies_after_writing);
        assert_int_equal(in_child(child_appends_to_what_it_reads), TJ_STORAGE_OK);
        assert_int_equal(tj_read_renew(txn), TJ_STORAGE_OK);
        uint64_t last;
        assert_int_equal(tj_last_number(txn, &last, JOURNAL), TJ_STORAGE_OK);
        tj_read_end(txn);
        tj_store_close(reader);
        remove_store();
    }
    assert_int_equal(answer, TJ_STORAGE_OK);
    assert_true(kill_at > 3);
}

static int acknowledge_fd;

static int child_commits_forever(void)
{
    struct tj_store *store = open_write();
    for (uint64_t i = check_rows(store) + 1;; i++) {
        if (commit_row(store, i, size_of(i)) != TJ_STORAGE_OK ||
            write(acknowledge_fd, &i, sizeof i) != (ssize_t)sizeof i) {
            return 1;
        }
    }
}

static void test_a_killed_writer_loses_nothing_acknowledged(void **state)
{
    (void)state;
    tj_store_close(create());
    uint64_t acknowledged = 0;
    srand(1);
    for (int round = 0; round < 20; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        acknowledge_fd = ends[1];
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            is_child = true;
            _exit(child_commits_forever());
        }
        (void)close(ends[1]);
        uint64_t number;
        /* At least one, so that it is at work; then the rest until the pipe ends. */
        assert_int_equal(read(ends[0], &number, sizeof number), (ssize_t)sizeof number);
        acknowledged = number;
        (void)usleep((useconds_t)(rand() % 8000));
        assert_int_equal(kill(child, SIGKILL), 0);
        while (read(ends[0], &number, sizeof number) == (ssize_t)sizeof number) {
            assert_int_equal(number, acknowledged + 1);
            acknowledged = number;
        }
        (void)close(ends[0]);
        assert_int_equal(waitpid(child, NULL, 0), child);
        struct tj_store *store = open_write();
        uint64_t last = check_rows(store);
        assert_true(last == acknowledged || last == acknowledged + 1);
        tj_store_close(store);
    }
    assert_true(acknowledged >= 20);
}

/* --- Damaged files; in a child, since LMDB may crash over them */

static void write_data_file(const void *bytes, size_t size)
{
    int fd = open(in_dir("data.mdb"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    (void)close(fd);
}

static void test_data_that_is_none(void **state)
{
    (void)state;
    static uint8_t garbage[40000];
    srand(2);
    for (size_t i = 0; i < sizeof garbage; i++) {
        garbage[i] = (uint8_t)rand();
    }
    assert_int_equal(mkdir(dir, 0700), 0);
    static const size_t sizes[] = {0, 1, 100, 4096, 8192, sizeof garbage};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        write_data_file(garbage, sizes[i]);
        assert_int_equal(in_child(child_opens_to_read), TJ_STORAGE_CORRUPT);
        assert_int_equal(in_child(child_opens_to_write), TJ_STORAGE_CORRUPT);
        assert_int_equal(in_child(child_creates), TJ_STORAGE_EXISTS);
        struct stat st;
        assert_int_equal(stat(in_dir("data.mdb"), &st), 0);
        assert_int_equal(st.st_size, sizes[i]); /* evidence: left as it is */
    }
}

static void test_data_cut_off(void **state)
{
    (void)state;
    struct tj_store *store = create();
    uint64_t used;
    for (uint64_t i = 1; i <= 20; i++) {
        assert_int_equal(commit_row(store, i, size_of(i)), TJ_STORAGE_OK);
    }
    assert_int_equal(tj_store_bytes(store, &used), TJ_STORAGE_OK);
    tj_store_close(store);
    /* What was allocated ahead is of no consequence. */
    assert_int_equal(truncate(in_dir("data.mdb"), (off_t)used), 0);
    store = open_read();
    assert_int_equal(check_rows(store), 20);
    tj_store_close(store);
    for (off_t size = (off_t)used - 1; size > 0; size -= 5000) {
        assert_int_equal(truncate(in_dir("data.mdb"), size), 0);
        assert_int_equal(in_child(child_opens_to_read), TJ_STORAGE_CORRUPT);
        assert_int_equal(in_child(child_opens_to_write), TJ_STORAGE_CORRUPT);
    }
}

/* --- Without permission to write */

enum { NOBODY = 65534 };

static int as_nobody(int (*body)(void))
{
    if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0)) {
        return CHILD_SKIPS;
    }
    return body();
}

static int read_all(void)
{
    struct tj_store *store;
    enum tj_storage_status status = tj_store_open_read(&store, NULL, dir, &options);
    if (status != TJ_STORAGE_OK) {
        return (int)status;
    }
    uint64_t last = check_rows(store);
    tj_store_close(store);
    return last == 3 ? 0 : 50;
}

static int child_nobody_reads(void)
{
    return as_nobody(read_all);
}

static int child_nobody_writes(void)
{
    return as_nobody(child_opens_to_write);
}

static void permit(mode_t directory, mode_t files)
{
    assert_int_equal(chmod(base, 0755), 0);
    assert_int_equal(chmod(dir, directory), 0);
    assert_int_equal(chmod(in_dir("data.mdb"), files), 0);
    (void)chmod(in_dir("lock.mdb"), files);
    assert_int_equal(chmod(in_dir("writer.lock"), files), 0);
}

static void test_reading_without_write_permission(void **state)
{
    (void)state;
    struct tj_store *store = create();
    for (uint64_t i = 1; i <= 3; i++) {
        assert_int_equal(commit_row(store, i, size_of(i)), TJ_STORAGE_OK);
    }
    permit(0555, 0444);
    struct stat before;
    struct stat after;
    /* Without LMDB's lock, so not beside a writer. */
    int answer = in_child(child_nobody_reads);
    if (answer == CHILD_SKIPS) {
        print_message("SKIP: cannot become nobody\n");
        tj_store_close(store);
        skip();
    }
    assert_int_equal(answer, TJ_STORAGE_LOCKED);
    tj_store_close(store);
    assert_int_equal(stat(in_dir("data.mdb"), &before), 0);
    assert_int_equal(in_child(child_nobody_reads), 0);
    assert_int_equal(in_child(child_nobody_writes), TJ_STORAGE_DENIED);
    permit(0755, 0444);
    assert_int_equal(unlink(in_dir("lock.mdb")), 0); /* as on a copy on read-only media */
    permit(0555, 0444);
    assert_int_equal(in_child(child_nobody_reads), 0);
    assert_int_equal(stat(in_dir("data.mdb"), &after), 0);
    assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    assert_int_equal(before.st_size, after.st_size);
    permit(0555, 0400);
    if (geteuid() == 0) { /* else the files are ours */
        assert_int_equal(in_child(child_nobody_reads), TJ_STORAGE_DENIED);
    }
    permit(0700, 0600);
}

/* --- Bugs of the caller abort */

static int child_bug;

/* The call is to abort: what it answers is never seen. */
static void forget(enum tj_storage_status status)
{
    (void)status;
}

static int child_has_a_bug(void)
{
    if (freopen("/dev/null", "w", stderr) == NULL) {
        return 1;
    }
    (void)signal(SIGABRT, SIG_DFL);
    struct tj_store *store = open_write();
    struct tj_txn *txn;
    struct tj_cursor *cursor;
    uint8_t *place;
    forget(tj_write_begin(store, &txn));
    switch (child_bug) {
    case 0:
        forget(tj_append(txn, &place, BLOCKS, 1, 1));
        break;
    case 1:
        forget(tj_append(txn, &place, 3, 1, 1));
        break;
    case 2:
        forget(tj_put_name(txn, &place, BLOCKS, "", 0, 1));
        break;
    case 3:
        forget(tj_write_begin(store, &txn));
        break;
    case 4:
        forget(tj_cursor_open(txn, &cursor, JOURNAL));
        forget(tj_write_commit(txn));
        break;
    case 5:
        tj_store_close(store);
        break;
    }
    return 2;
}

static void test_bugs_of_the_caller_abort(void **state)
{
    (void)state;
    tj_store_close(create());
    for (child_bug = 0; child_bug < 6; child_bug++) {
        assert_int_equal(in_child(child_has_a_bug), -SIGABRT);
    }
}

static void test_every_status_has_a_text(void **state)
{
    (void)state;
    for (int i = TJ_STORAGE_OK; i <= TJ_STORAGE_IO; i++) {
        assert_true(strlen(tj_storage_status_text((enum tj_storage_status)i)) > 1);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_create_open_reopen),
        TEST(test_create_where_one_exists),
        TEST(test_create_takes_an_empty_directory_and_makes_no_parents),
        TEST(test_remove_leaves_what_is_not_its_own),
        TEST(test_opening_nothing_leaves_nothing),
        TEST(test_one_writer_and_one_opening_in_a_process),
        TEST(test_format_version),
        TEST(test_a_missing_table_is_corruption),
        TEST(test_descriptors_are_given_back),
        TEST(test_numbers_only_rise),
        TEST(test_named_rows),
        TEST(test_cursor),
        TEST(test_keys_of_other_sizes),
        TEST(test_a_picture_stays_as_it_was),
        TEST(test_abort_leaves_nothing),
        TEST(test_threads_read_while_one_writes),
        TEST(test_stale_readers_are_cleared),
        TEST(test_reader_slots_run_out_and_come_back),
        TEST(test_a_writer_keeps_its_slots),
        TEST(test_a_store_appears_when_it_is_filled),
        TEST(test_files_that_others_make_are_the_owners),
        TEST(test_full_map),
        TEST(test_file_size_limit),
        TEST(test_full_disk),
        TEST(test_each_io_call_of_a_commit_fails),
        TEST(test_a_failed_sync_closes_the_store_to_writing),
        TEST(test_killed_at_each_io_call),
        TEST(test_a_writer_dies_beside_a_reader),
        TEST(test_a_killed_writer_loses_nothing_acknowledged),
        TEST(test_data_that_is_none),
        TEST(test_data_cut_off),
        TEST(test_reading_without_write_permission),
        TEST(test_bugs_of_the_caller_abort),
        TEST(test_every_status_has_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
