/* Preloaded into a program, has a call that reads files fail, or answer otherwise the second time.
 * Only calls that the program itself makes are counted, not those of the libraries it is linked
 * with.
 *
 *     REFUSE_CALL=openat REFUSE_AT=7 REFUSE_ERROR=24   the 7th openat() fails with this errno
 *     REFUSE_MARK=FILE                                 is made when a call was refused
 *     SECOND_NAME=body/aa/bb SECOND_FILE=FILE          from its second opening on, a path that ends
 *                                                      like this is FILE
 *     PAUSE_UNTIL=FILE                                 isatty() waits until there is such a file:
 *                                                      the auditor asks it when a log is open */

#include "preloaded_program.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const char *call_refused, *mark, *second_name, *second_file;
static uint64_t refused_at;
static uint64_t asked, opened;
static int error_given;

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("REFUSE_AT");
    const char *error = getenv("REFUSE_ERROR");
    find_program();
    call_refused = getenv("REFUSE_CALL");
    mark = getenv("REFUSE_MARK");
    second_name = getenv("SECOND_NAME");
    second_file = getenv("SECOND_FILE");
    refused_at = at != NULL ? strtoull(at, NULL, 10) : 0;
    error_given = error != NULL ? (int)strtol(error, NULL, 10) : EIO;
}

static int refuses(const char *call, const void *caller)
{
    if (call_refused == NULL || strcmp(call_refused, call) != 0 || !is_of_program(caller) ||
        __atomic_add_fetch(&asked, 1, __ATOMIC_RELAXED) != refused_at) {
        return 0;
    }
    if (mark != NULL) {
        long fd = syscall(SYS_openat, AT_FDCWD, mark, O_WRONLY | O_CREAT, 0644);
        syscall(SYS_close, fd);
    }
    errno = error_given;
    return 1;
}

static const char *path_now(const char *path)
{
    if (second_name == NULL || second_file == NULL) {
        return path;
    }
    const size_t size = strlen(path);
    const size_t end = strlen(second_name);
    if (size < end || strcmp(path + size - end, second_name) != 0 ||
        __atomic_add_fetch(&opened, 1, __ATOMIC_RELAXED) < 2) {
        return path;
    }
    return second_file;
}

static unsigned mode_of(int flags, va_list arguments)
{
    return (flags & O_CREAT) != 0 ? va_arg(arguments, unsigned) : 0;
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    const unsigned mode = mode_of(flags, arguments);
    va_end(arguments);
    if (refuses("open", __builtin_return_address(0))) {
        return -1;
    }
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    const unsigned mode = mode_of(flags, arguments);
    va_end(arguments);
    if (refuses("openat", __builtin_return_address(0))) {
        return -1;
    }
    return (int)syscall(SYS_openat, folder, path_now(path), flags, mode);
}

ssize_t read(int fd, void *out, size_t size)
{
    if (refuses("read", __builtin_return_address(0))) {
        return -1;
    }
    return syscall(SYS_read, fd, out, size);
}

/* The next one of this name, as a function of the given type. */
#define NEXT(out, name)                                                                            \
    do {                                                                                           \
        void *found = dlsym(RTLD_NEXT, name);                                                      \
        memcpy(&(out), &found, sizeof(out));                                                       \
    } while (0)

DIR *fdopendir(int fd)
{
    DIR *(*next)(int);
    NEXT(next, "fdopendir");
    return refuses("fdopendir", __builtin_return_address(0)) ? NULL : next(fd);
}

struct dirent *readdir(DIR *directory)
{
    struct dirent *(*next)(DIR *);
    NEXT(next, "readdir");
    return refuses("readdir", __builtin_return_address(0)) ? NULL : next(directory);
}

int fstatat(int folder, const char *restrict path, struct stat *restrict out, int flags)
{
    int (*next)(int, const char *, struct stat *, int);
    NEXT(next, "fstatat");
    return refuses("fstatat", __builtin_return_address(0)) ? -1 : next(folder, path, out, flags);
}

int isatty(int fd)
{
    const char *until = getenv("PAUSE_UNTIL");
    const struct timespec moment = {0, 10000000};
    (void)fd;
    while (until != NULL && access(until, F_OK) != 0) {
        nanosleep(&moment, NULL);
    }
    return 0;
}

int fstat(int fd, struct stat *out)
{
    int (*next)(int, struct stat *);
    NEXT(next, "fstat");
    return refuses("fstat", __builtin_return_address(0)) ? -1 : next(fd, out);
}
