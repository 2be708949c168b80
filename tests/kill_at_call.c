/* Preloaded into a program, ends it like a kill before the KILL_AT-th of the calls by which it
 * changes what is on the disk. */

#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static uint64_t kill_at; /* 0: never */
static uint64_t calls;

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("KILL_AT");
    kill_at = at != NULL ? strtoull(at, NULL, 10) : 0;
}

static void count(void)
{
    if (__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) == kill_at) {
        _exit(137);
    }
}

/* The C library's function behind NAME, by way of a pointer that is no data pointer. */
#define REAL(name)                                                                                 \
    __extension__ static __typeof__(&name) real;                                                   \
    if (real == NULL) {                                                                            \
        *(void **)&real = dlsym(RTLD_NEXT, #name);                                                 \
    }                                                                                              \
    count()

static mode_t mode_of(int flags, va_list rest)
{
    return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
}

#define OPEN(name)                                                                                 \
    int name(const char *path, int flags, ...)                                                     \
    {                                                                                              \
        va_list rest;                                                                              \
        REAL(name);                                                                                \
        va_start(rest, flags);                                                                     \
        const mode_t mode = mode_of(flags, rest);                                                  \
        va_end(rest);                                                                              \
        return real(path, flags, mode);                                                            \
    }

#define OPENAT(name)                                                                               \
    int name(int folder, const char *path, int flags, ...)                                         \
    {                                                                                              \
        va_list rest;                                                                              \
        REAL(name);                                                                                \
        va_start(rest, flags);                                                                     \
        const mode_t mode = mode_of(flags, rest);                                                  \
        va_end(rest);                                                                              \
        return real(folder, path, flags, mode);                                                    \
    }

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

#define CALL(type, name, parameters, arguments)                                                    \
    type name parameters                                                                           \
    {                                                                                              \
        REAL(name);                                                                                \
        return real arguments;                                                                     \
    }

CALL(ssize_t, write, (int fd, const void *bytes, size_t size), (fd, bytes, size))
CALL(ssize_t, pwrite, (int fd, const void *bytes, size_t size, off_t at), (fd, bytes, size, at))
CALL(ssize_t, pwrite64, (int fd, const void *bytes, size_t size, off64_t at), (fd, bytes, size, at))
CALL(ssize_t, writev, (int fd, const struct iovec *parts, int number), (fd, parts, number))
CALL(ssize_t, pwritev, (int fd, const struct iovec *parts, int number, off_t at),
     (fd, parts, number, at))
CALL(ssize_t, pwritev64, (int fd, const struct iovec *parts, int number, off64_t at),
     (fd, parts, number, at))
CALL(int, rename, (const char *from, const char *to), (from, to))
CALL(int, renameat, (int folder, const char *from, int other, const char *to),
     (folder, from, other, to))
CALL(int, linkat, (int folder, const char *from, int other, const char *to, int flags),
     (folder, from, other, to, flags))
CALL(int, unlink, (const char *path), (path))
CALL(int, unlinkat, (int folder, const char *path, int flags), (folder, path, flags))
CALL(int, fsync, (int fd), (fd))
CALL(int, fdatasync, (int fd), (fd))
CALL(int, mkdir, (const char *path, mode_t mode), (path, mode))
CALL(int, ftruncate, (int fd, off_t size), (fd, size))
CALL(int, ftruncate64, (int fd, off64_t size), (fd, size))
CALL(int, posix_fallocate, (int fd, off_t at, off_t size), (fd, at, size))
CALL(int, posix_fallocate64, (int fd, off64_t at, off64_t size), (fd, at, size))
