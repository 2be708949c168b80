/* storage/file.h, on calls of the system that are cut short, interrupted, and refused. */

#define _GNU_SOURCE 1  /* syscall() */
#undef _FORTIFY_SOURCE /* the C library's own inline read() would stand in the way of ours */

#include "storage/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- the calls, in front of the C library's ---- */

static long countdown; /* the call that fails; 0: none */
static bool struck;
static bool slow; /* a byte at a time, and every other call is interrupted */
static bool interrupted;
static const char *last_failed;

static bool refused(const char *call)
{
    if (countdown == 0 || --countdown > 0) {
        return false;
    }
    struck = true;
    last_failed = call;
    errno = EIO;
    return true;
}

static bool is_interrupted(void)
{
    interrupted = slow && !interrupted;
    if (interrupted) {
        errno = EINTR;
    }
    return interrupted;
}

#define IN_FRONT __attribute__((visibility("default")))

IN_FRONT ssize_t write(int fd, const void *bytes, size_t size)
{
    if (refused("write") || is_interrupted()) {
        return -1;
    }
    return (ssize_t)syscall(SYS_write, fd, bytes, slow && size > 1 ? 1 : size);
}

IN_FRONT ssize_t read(int fd, void *bytes, size_t size)
{
    if (refused("read") || is_interrupted()) {
        return -1;
    }
    return (ssize_t)syscall(SYS_read, fd, bytes, slow && size > 1 ? 1 : size);
}

IN_FRONT int fsync(int fd)
{
    return refused("fsync") ? -1 : (int)syscall(SYS_fsync, fd);
}

IN_FRONT int renameat(int old_dir, const char *old, int new_dir, const char *new)
{
    return refused("renameat") ? -1 : (int)syscall(SYS_renameat2, old_dir, old, new_dir, new, 0);
}

static bool no_renames; /* a file system that renames only over what is there */
static bool no_links;   /* one without hard links */
static bool no_owners;  /* a user who gives no files away */

IN_FRONT int renameat2(int old_dir, const char *old, int new_dir, const char *new,
                       unsigned int flags)
{
    if (no_renames) {
        errno = EINVAL;
        return -1;
    }
    return (int)syscall(SYS_renameat2, old_dir, old, new_dir, new, flags);
}

IN_FRONT int linkat(int old_dir, const char *old, int new_dir, const char *new, int flags)
{
    if (no_links) {
        errno = EPERM;
        return -1;
    }
    return (int)syscall(SYS_linkat, old_dir, old, new_dir, new, flags);
}

IN_FRONT int fchown(int fd, uid_t owner, gid_t group)
{
    if (no_owners) {
        errno = EPERM;
        return -1;
    }
    return (int)syscall(SYS_fchown, fd, owner, group);
}

static bool no_locks;

IN_FRONT int flock(int fd, int operation)
{
    if (no_locks) {
        errno = ENOLCK;
        return -1;
    }
    return (int)syscall(SYS_flock, fd, operation);
}

/* ---- scaffolding ---- */

static const char old_text[] = "the old one";
static const char new_text[] = "the new one, which is a little longer";
enum { OLD_SIZE = sizeof old_text - 1, NEW_SIZE = sizeof new_text - 1 };

static char base[] = "/tmp/tijori-file-XXXXXX";
static int folder = -1;

static int set_up(void **state)
{
    (void)state;
    snprintf(base, sizeof base, "/tmp/tijori-file-XXXXXX");
    folder = mkdtemp(base) == NULL ? -1 : open(base, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return folder >= 0 && mkdirat(folder, "in", 0755) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const names[] = {"file", "file.new", "link", "in/file", "in/file.new"};
    countdown = 0;
    slow = false;
    no_renames = false;
    no_links = false;
    no_owners = false;
    no_locks = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)unlinkat(folder, names[i], 0);
    }
    (void)unlinkat(folder, "in", AT_REMOVEDIR);
    (void)close(folder);
    return rmdir(base);
}

static bool exists(const char *name)
{
    return faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool holds(const char *name, const char *text)
{
    char bytes[100];
    size_t size;
    return tj_file_read(bytes, sizeof bytes, &size, folder, name) == 0 && size == strlen(text) &&
           memcmp(bytes, text, size) == 0;
}

static void put(const char *name, const char *text)
{
    (void)unlinkat(folder, name, 0);
    assert_int_equal(tj_file_write(folder, name, TJ_FILE_NEW, 0600, text, strlen(text)), 0);
}

/* Names of files being written that stand in a folder. */
static int unfinished(const char *in)
{
    int count = 0;
    const int descriptor = openat(folder, in, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *names = fdopendir(descriptor);
    assert_non_null(names);
    for (struct dirent *row = readdir(names); row != NULL; row = readdir(names)) {
        count += strncmp(row->d_name, ".new-", 5) == 0;
    }
    (void)closedir(names);
    return count;
}

/* ---- writing ---- */

static void what_is_interrupted_goes_on(void **state)
{
    (void)state;
    slow = true;
    put("in/file", new_text);
    assert_true(holds("in/file", new_text));
    assert_int_equal(tj_file_write(folder, "in/file", TJ_FILE_REPLACE, 0600, old_text, OLD_SIZE),
                     0);
    assert_true(holds("in/file", old_text));
}

/* Each call of each way of writing fails once: the old file is there, or the whole new one, and
 * nothing beside it. */
static void a_call_that_fails_leaves_all_as_it_was(void **state)
{
    (void)state;
    static const enum tj_file_way ways[] = {TJ_FILE_NEW, TJ_FILE_REPLACE, TJ_FILE_REPLACE_ALONE};
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        const bool new = ways[w] == TJ_FILE_NEW;
        unsigned renames = 0;
        long nth = 0;
        for (struck = true; struck;) {
            (void)unlinkat(folder, "in/file", 0);
            if (!new) {
                put("in/file", old_text);
            }
            struck = false;
            countdown = ++nth;
            const int error = tj_file_write(folder, "in/file", ways[w], 0600, new_text, NEW_SIZE);
            countdown = 0;
            assert_int_equal(error, struck ? EIO : 0);
            assert_int_equal(unfinished("in"), 0);
            assert_false(exists("in/file.new"));
            renames += struck && strcmp(last_failed, "renameat") == 0;
            if (struck && new) {
                assert_false(exists("in/file"));
            } else if (struck && renames > 0 && strcmp(last_failed, "fsync") == 0) {
                assert_true(holds("in/file", new_text)); /* the folder's sync */
            } else {
                assert_true(holds("in/file", struck ? old_text : new_text));
            }
        }
        /* write, fsync, rename, fsync of the folder. */
        assert_int_equal(nth, new ? 4 : 5);
        assert_int_equal(renames, new ? 0 : 1);
    }
}

static void a_new_file_replaces_none(void **state)
{
    (void)state;
    put("file", old_text);
    assert_int_equal(tj_file_write(folder, "file", TJ_FILE_NEW, 0600, new_text, NEW_SIZE), EEXIST);
    assert_true(holds("file", old_text));
}

static void a_left_over_is_in_nobodys_way(void **state)
{
    (void)state;
    char own[64];
    put("file", old_text);
    put("file.new", "half");
    (void)snprintf(own, sizeof own, ".new-%ld-0", (long)getpid());
    put("in/file", "half");
    assert_int_equal(linkat(folder, "in/file", folder, own, 0), 0);
    assert_int_equal(tj_file_write(folder, "file", TJ_FILE_REPLACE, 0600, new_text, NEW_SIZE), 0);
    assert_true(holds("file", new_text));
    assert_true(holds("file.new", "half")); /* may be somebody's */
    assert_true(holds(own, "half"));
    assert_int_equal(tj_file_write(folder, "file", TJ_FILE_REPLACE_ALONE, 0600, old_text, OLD_SIZE),
                     0);
    assert_true(holds("file", old_text));
    assert_false(exists("file.new"));
    assert_int_equal(unlinkat(folder, own, 0), 0);
}

/* For whoever holds the lock the left-over can be anything that can be removed. */
static void a_left_over_link_is_not_written_through(void **state)
{
    (void)state;
    put("file", old_text);
    put("in/file", "another's");
    assert_int_equal(symlinkat("in/file", folder, "file.new"), 0);
    assert_int_equal(tj_file_write(folder, "file", TJ_FILE_REPLACE_ALONE, 0600, new_text, NEW_SIZE),
                     0);
    assert_true(holds("file", new_text));
    assert_true(holds("in/file", "another's"));
}

static void two_at_once_do_not_share_a_name(void **state)
{
    (void)state;
    static const enum tj_file_way ways[] = {TJ_FILE_REPLACE, TJ_FILE_NEW};
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        struct tj_file_writer first;
        struct tj_file_writer second;
        (void)unlinkat(folder, "file", 0);
        if (ways[w] == TJ_FILE_REPLACE) {
            put("file", old_text);
        }
        assert_int_equal(tj_file_begin(&first, folder, "file", ways[w], 0600), 0);
        assert_int_equal(tj_file_begin(&second, folder, "file", ways[w], 0600), 0);
        assert_string_not_equal(first.temporary, second.temporary);
        assert_true(fputs("first", first.stream) >= 0);
        assert_true(fputs("second", second.stream) >= 0);
        /* Not there, or the old one, until it is whole. */
        assert_int_equal(exists("file"), ways[w] == TJ_FILE_REPLACE);
        assert_int_equal(tj_file_end(&second), 0);
        assert_true(holds("file", "second"));
        assert_int_equal(tj_file_end(&first), ways[w] == TJ_FILE_NEW ? EEXIST : 0);
        assert_true(holds("file", ways[w] == TJ_FILE_NEW ? "second" : "first"));
        assert_int_equal(unfinished("."), 0);
    }
}

static void a_new_file_needs_no_links(void **state)
{
    (void)state;
    no_renames = true;
    for (int without = 0; without <= 1; without++) {
        no_links = without == 1;
        (void)unlinkat(folder, "in/file", 0);
        put("in/file", new_text);
        assert_true(holds("in/file", new_text));
        assert_int_equal(tj_file_write(folder, "in/file", TJ_FILE_NEW, 0600, old_text, OLD_SIZE),
                         EEXIST);
        assert_true(holds("in/file", new_text));
        assert_int_equal(unfinished("in"), 0);
    }
    struck = true;
    for (long nth = 1; struck; nth++) {
        (void)unlinkat(folder, "in/file", 0);
        struck = false;
        countdown = nth;
        const int error = tj_file_write(folder, "in/file", TJ_FILE_NEW, 0600, new_text, NEW_SIZE);
        countdown = 0;
        assert_int_equal(error, struck ? EIO : 0);
        assert_int_equal(exists("in/file"), !struck);
        assert_int_equal(unfinished("in"), 0);
    }
}

/* The longest name that a file can have leaves no room to add to it. */
static void the_longest_name_can_be_written(void **state)
{
    (void)state;
    char name[NAME_MAX + 1];
    memset(name, 'n', NAME_MAX);
    name[NAME_MAX] = '\0';
    put(name, old_text);
    assert_int_equal(tj_file_write(folder, name, TJ_FILE_REPLACE, 0600, new_text, NEW_SIZE), 0);
    assert_true(holds(name, new_text));
    assert_int_equal(unlinkat(folder, name, 0), 0);
}

/* ---- what the old file is besides its bytes ---- */

static ino_t number_of(const char *name)
{
    struct stat info;
    assert_int_equal(fstatat(folder, name, &info, 0), 0);
    return info.st_ino;
}

/* From link to link, by names relative to where each stands, and absolute ones. */
static void a_link_stays_and_its_file_is_replaced(void **state)
{
    (void)state;
    char absolute[sizeof base + 16];
    struct stat info;
    (void)snprintf(absolute, sizeof absolute, "%s/in/link", base);
    put("in/file", old_text);
    assert_int_equal(symlinkat("file", folder, "in/link"), 0);
    assert_int_equal(symlinkat(absolute, folder, "link"), 0);
    assert_int_equal(tj_file_write(folder, "link", TJ_FILE_REPLACE, 0600, new_text, NEW_SIZE), 0);
    assert_true(holds("in/file", new_text));
    assert_int_equal(fstatat(folder, "link", &info, AT_SYMLINK_NOFOLLOW), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_int_equal(tj_file_write(folder, "link", TJ_FILE_NEW, 0600, new_text, NEW_SIZE), EEXIST);
    /* In a folder of our own the link itself goes. */
    assert_int_equal(tj_file_write(folder, "link", TJ_FILE_REPLACE_ALONE, 0600, old_text, OLD_SIZE),
                     0);
    assert_true(holds("in/file", new_text));
    assert_true(holds("link", old_text));
    assert_int_equal(fstatat(folder, "link", &info, 0), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(unlinkat(folder, "in/link", 0), 0);
    /* Leading in a circle, it leads nowhere. */
    assert_int_equal(unlinkat(folder, "link", 0), 0);
    assert_int_equal(symlinkat("link", folder, "link"), 0);
    assert_int_equal(tj_file_write(folder, "link", TJ_FILE_REPLACE, 0600, new_text, NEW_SIZE),
                     ELOOP);
}

static void a_second_name_keeps_the_file(void **state)
{
    (void)state;
    static char large[200000];
    memset(large, 'L', sizeof large - 1);
    put("file", old_text);
    assert_int_equal(linkat(folder, "file", folder, "in/file", 0), 0);
    const ino_t number = number_of("file");
    const char *const texts[] = {new_text, "short", large};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct stat info;
        assert_int_equal(
            tj_file_write(folder, "file", TJ_FILE_REPLACE, 0600, texts[i], strlen(texts[i])), 0);
        assert_int_equal(number_of("file"), number);
        assert_int_equal(number_of("in/file"), number);
        assert_int_equal(fstatat(folder, "in/file", &info, 0), 0);
        assert_int_equal(info.st_size, strlen(texts[i]));
        assert_int_equal(unfinished("."), 0);
    }
}

/* Overwriting is not one step: whatever fails, the old bytes or the new ones are there whole, under
 * one name or the other. */
static void overwriting_loses_nothing(void **state)
{
    (void)state;
    struct tj_file_writer writer;
    unsigned torn = 0;
    for (long nth = 1;; nth++) {
        put("file", old_text);
        (void)unlinkat(folder, "in/file", 0);
        assert_int_equal(linkat(folder, "file", folder, "in/file", 0), 0);
        assert_int_equal(tj_file_begin(&writer, folder, "file", TJ_FILE_REPLACE, 0600), 0);
        assert_int_equal(fwrite(new_text, 1, NEW_SIZE, writer.stream), NEW_SIZE);
        struck = false;
        countdown = nth;
        const int error = tj_file_end(&writer);
        countdown = 0;
        assert_int_equal(error, struck ? EIO : 0);
        if (writer.torn) {
            torn++;
            assert_true(holds(writer.temporary, new_text));
            assert_int_equal(unlinkat(folder, writer.temporary, 0), 0);
        } else {
            assert_true(holds("in/file", struck ? old_text : new_text));
        }
        assert_int_equal(unfinished("."), 0);
        if (!struck) {
            break;
        }
    }
    assert_in_range(torn, 2, 9); /* the copying, and its sync */
}

static void what_is_no_file_is_not_replaced(void **state)
{
    (void)state;
    struct stat info;
    assert_int_equal(mkfifoat(folder, "file", 0600), 0);
    assert_int_equal(tj_file_write(folder, "file", TJ_FILE_REPLACE, 0600, new_text, NEW_SIZE),
                     ENOTSUP);
    assert_int_equal(fstatat(folder, "file", &info, 0), 0);
    assert_true(S_ISFIFO(info.st_mode));
    assert_int_equal(tj_file_write(folder, "in", TJ_FILE_REPLACE, 0600, new_text, NEW_SIZE),
                     EISDIR);
    assert_int_equal(tj_file_write(folder, "in", TJ_FILE_NEW, 0600, new_text, NEW_SIZE), EEXIST);
    assert_int_equal(
        tj_file_write(AT_FDCWD, "/dev/null", TJ_FILE_REPLACE, 0600, new_text, NEW_SIZE), ENOTSUP);
    assert_int_equal(stat("/dev/null", &info), 0);
    assert_true(S_ISCHR(info.st_mode));
}

static void owner_and_group_stay(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        (void)fprintf(stderr, "SKIP: owner_and_group_stay: only root gives files away\n");
        skip();
    }
    struct stat info;
    for (int refuse = 0; refuse <= 1; refuse++) {
        put("file", old_text);
        assert_int_equal(fchownat(folder, "file", 1234, 4321, 0), 0);
        assert_int_equal(fchmodat(folder, "file", 0664, 0), 0);
        no_owners = refuse == 1; /* as for a user who is not root: the file itself is kept */
        assert_int_equal(tj_file_write(folder, "file", TJ_FILE_REPLACE, 0600, new_text, NEW_SIZE),
                         0);
        no_owners = false;
        assert_true(holds("file", new_text));
        assert_int_equal(fstatat(folder, "file", &info, 0), 0);
        assert_int_equal(info.st_uid, 1234);
        assert_int_equal(info.st_gid, 4321);
        assert_int_equal(info.st_mode & 07777, 0664);
    }
}

/* ---- locking ---- */

static void who_locks_next_gets_the_new_file(void **state)
{
    (void)state;
    int first = -1;
    int second = -1;
    bool locked = false;
    char bytes[100];
    size_t size;
    put("file", old_text);
    assert_int_equal(tj_file_lock(&first, &locked, folder, "file", 0), 0);
    assert_true(locked);
    assert_int_equal(tj_file_lock(&second, &locked, folder, "file", 30), EWOULDBLOCK);
    const pid_t child = fork();
    if (child == 0) { /* waits, while the file is replaced below */
        (void)close(first);
        const bool got = tj_file_lock(&second, &locked, folder, "file", 60000) == 0 &&
                         tj_descriptor_read(bytes, sizeof bytes, &size, second) == 0 &&
                         size == NEW_SIZE && memcmp(bytes, new_text, NEW_SIZE) == 0;
        _exit(got ? 0 : 1);
    }
    (void)usleep(50000);
    assert_int_equal(tj_file_write(folder, "file", TJ_FILE_REPLACE, 0600, new_text, NEW_SIZE), 0);
    (void)close(first);
    int status = 1;
    assert_true(waitpid(child, &status, 0) == child);
    assert_int_equal(status, 0);
}

static void without_locks_that_is_told(void **state)
{
    (void)state;
    int descriptor = -1;
    bool locked = true;
    put("file", old_text);
    no_locks = true;
    assert_int_equal(tj_file_lock(&descriptor, &locked, folder, "file", 0), 0);
    assert_false(locked);
    (void)close(descriptor);
}

static void what_is_no_file_is_not_locked(void **state)
{
    (void)state;
    int descriptor = -1;
    bool locked = false;
    assert_int_equal(mkfifoat(folder, "file", 0600), 0);
    assert_int_equal(tj_file_lock(&descriptor, &locked, folder, "file", 0), ENOTSUP);
    assert_int_equal(tj_file_lock(&descriptor, &locked, folder, "in", 0), EISDIR);
    assert_int_equal(tj_file_lock(&descriptor, &locked, folder, "none", 0), ENOENT);
    assert_int_equal(tj_file_lock(&descriptor, &locked, AT_FDCWD, "/dev/null", 0), ENOTSUP);
}

static void permissions_stay(void **state)
{
    (void)state;
    struct stat info;
    put("file", old_text);
    assert_int_equal(fchmodat(folder, "file", 0640, 0), 0);
    assert_int_equal(tj_file_write(folder, "file", TJ_FILE_REPLACE, 0600, new_text, NEW_SIZE), 0);
    assert_int_equal(fstatat(folder, "file", &info, 0), 0);
    assert_int_equal(info.st_mode & 07777, 0640);
}

static void a_stream_can_be_taken_back(void **state)
{
    (void)state;
    struct tj_file_writer writer;
    put("file", old_text);
    assert_int_equal(tj_file_begin(&writer, folder, "file", TJ_FILE_REPLACE, 0600), 0);
    assert_true(fputs(new_text, writer.stream) >= 0);
    tj_file_abandon(&writer);
    assert_true(holds("file", old_text));
    assert_int_equal(unfinished("."), 0);
    assert_int_equal(tj_file_begin(&writer, folder, "file", TJ_FILE_REPLACE, 0600), 0);
    assert_true(fputs(new_text, writer.stream) >= 0);
    assert_int_equal(tj_file_end(&writer), 0);
    assert_true(holds("file", new_text));
}

static void a_path_has_its_limit(void **state)
{
    (void)state;
    char path[TJ_FILE_PATH_MAX + 1];
    memset(path, 'a', sizeof path);
    path[sizeof path - 1] = '\0';
    assert_int_equal(tj_file_write(folder, path, TJ_FILE_NEW, 0600, "", 0), ENAMETOOLONG);
    assert_int_equal(tj_file_write(folder, path + 2, TJ_FILE_REPLACE, 0600, "", 0), ENAMETOOLONG);
}

/* ---- reading ---- */

static void a_file_is_loaded_up_to_its_limit(void **state)
{
    (void)state;
    enum { SIZE = 200000 };
    static char text[SIZE + 1];
    memset(text, 'x', SIZE);
    put("file", text);
    for (size_t max = SIZE - 1; max <= SIZE + 1; max++) {
        uint8_t *bytes = NULL;
        size_t size = 0;
        const int descriptor = openat(folder, "file", O_RDONLY | O_CLOEXEC);
        const int error = tj_descriptor_load(&bytes, &size, descriptor, max);
        (void)close(descriptor);
        assert_int_equal(error, max < SIZE ? EFBIG : 0);
        if (error == 0) {
            assert_int_equal(size, SIZE);
            assert_memory_equal(bytes, text, SIZE + 1);
        }
        free(bytes);
    }
}

static void loading_stops_where_reading_fails(void **state)
{
    (void)state;
    uint8_t *bytes = NULL;
    size_t size = 0;
    put("file", old_text);
    const int descriptor = openat(folder, "file", O_RDONLY | O_CLOEXEC);
    countdown = 2;
    assert_int_equal(tj_descriptor_load(&bytes, &size, descriptor, 100), EIO);
    assert_null(bytes);
    slow = true;
    assert_int_equal(lseek(descriptor, 0, SEEK_SET), 0);
    assert_int_equal(tj_descriptor_load(&bytes, &size, descriptor, 100), 0);
    assert_int_equal(size, OLD_SIZE);
    assert_string_equal((const char *)bytes, old_text);
    free(bytes);
    (void)close(descriptor);
}

static void a_link_is_not_followed(void **state)
{
    (void)state;
    char bytes[4];
    size_t size = 9;
    put("file", old_text);
    assert_int_equal(symlinkat("file", folder, "link"), 0);
    assert_int_equal(tj_file_read(bytes, sizeof bytes, &size, folder, "link"), ELOOP);
    assert_int_equal(size, 0);
    assert_int_equal(tj_file_read(bytes, sizeof bytes, &size, folder, "none"), ENOENT);
    assert_int_equal(tj_file_read(bytes, sizeof bytes, &size, folder, "file"), 0);
    assert_int_equal(size, sizeof bytes);
    assert_memory_equal(bytes, old_text, sizeof bytes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_interrupted_goes_on),
        TEST(a_call_that_fails_leaves_all_as_it_was),
        TEST(a_new_file_replaces_none),
        TEST(a_left_over_is_in_nobodys_way),
        TEST(a_left_over_link_is_not_written_through),
        TEST(two_at_once_do_not_share_a_name),
        TEST(a_new_file_needs_no_links),
        TEST(the_longest_name_can_be_written),
        TEST(a_link_stays_and_its_file_is_replaced),
        TEST(a_second_name_keeps_the_file),
        TEST(overwriting_loses_nothing),
        TEST(what_is_no_file_is_not_replaced),
        TEST(owner_and_group_stay),
        TEST(who_locks_next_gets_the_new_file),
        TEST(without_locks_that_is_told),
        TEST(what_is_no_file_is_not_locked),
        TEST(permissions_stay),
        TEST(a_stream_can_be_taken_back),
        TEST(a_path_has_its_limit),
        TEST(a_file_is_loaded_up_to_its_limit),
        TEST(loading_stops_where_reading_fails),
        TEST(a_link_is_not_followed),
    };
    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
