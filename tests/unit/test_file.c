/* storage/file.h, on calls of the system that are cut short, interrupted, and refused. */

#define _GNU_SOURCE 1  /* syscall() */
#undef _FORTIFY_SOURCE /* the C library's own inline read() would stand in the way of ours */

#include "storage/file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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

static void a_left_over_is_told_from_another_writer(void **state)
{
    (void)state;
    put("file", old_text);
    put("file.new", "half");
    assert_int_equal(tj_file_write(folder, "file", TJ_FILE_REPLACE, 0600, new_text, NEW_SIZE),
                     EEXIST);
    assert_true(holds("file", old_text));
    assert_true(holds("file.new", "half"));
    assert_int_equal(tj_file_write(folder, "file", TJ_FILE_REPLACE_ALONE, 0600, new_text, NEW_SIZE),
                     0);
    assert_true(holds("file", new_text));
    assert_false(exists("file.new"));
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
    assert_false(exists("file.new"));
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
        TEST(a_left_over_is_told_from_another_writer),
        TEST(permissions_stay),
        TEST(a_stream_can_be_taken_back),
        TEST(a_path_has_its_limit),
        TEST(a_file_is_loaded_up_to_its_limit),
        TEST(loading_stops_where_reading_fails),
        TEST(a_link_is_not_followed),
    };
    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
