/* Preloaded into a program, records what it does to the files below one folder, so that a test can
 * work out what a power cut would have left of them: RECORD_FOLDER is the folder (an absolute
 * path), RECORD_TO the file that gets a line a call:
 *
 *     create PATH          open for writing of a file that was not there
 *     write PATH HEX       bytes at its end
 *     rename FROM TO
 *     mkdir PATH
 *     unlink PATH
 *     sync PATH            fsync or fdatasync of a file or a folder
 *     syncfs
 *
 * Paths are relative to the folder, "." is itself. Files are written by their end only: the
 * programs whose files are looked at this way do no more. */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static FILE *record;
static char folder[PATH_MAX];

__attribute__((constructor)) static void begin(void)
{
    const char *below = getenv("RECORD_FOLDER");
    const char *to = getenv("RECORD_TO");
    if (below != NULL && to != NULL) {
        snprintf(folder, sizeof folder, "%s", below);
        record = fopen(to, "ae");
    }
}

/* The next definition of a name: the C library's. */
static void *next_of(const char *name)
{
    return dlsym(RTLD_NEXT, name);
}

/* What `path` seen from `dir` is called below the folder; NULL when it is not below it. */
static const char *below(char out[PATH_MAX], int dir, const char *path)
{
    char full[PATH_MAX] = "";
    char link[64];
    if (record == NULL) {
        return NULL;
    }
    if (path == NULL || path[0] != '/') {
        snprintf(link, sizeof link, dir == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", dir);
        ssize_t size = readlink(link, full, sizeof full - 1);
        if (size < 0) {
            return NULL;
        }
        full[size] = '\0';
    }
    if (path != NULL) {
        size_t at = strlen(full);
        snprintf(full + at, sizeof full - at, "%s%s", at > 0 ? "/" : "", path);
    }
    size_t prefix = strlen(folder);
    if (strncmp(full, folder, prefix) != 0 || (full[prefix] != '/' && full[prefix] != '\0')) {
        return NULL;
    }
    snprintf(out, PATH_MAX, "%s", full[prefix] == '/' ? full + prefix + 1 : ".");
    return out;
}

static void tell(const char *what, const char *first, const char *second)
{
    fprintf(record, "%s %s%s%s\n", what, first, second[0] != '\0' ? " " : "", second);
    fflush(record);
}

/* ---- calls ---- */

static int open_at(int dir, const char *path, int flags, mode_t mode)
{
    int (*real)(int, const char *, int, ...) =
        (int (*)(int, const char *, int, ...))next_of("openat");
    char name[PATH_MAX];
    const char *known = (flags & O_CREAT) != 0 ? below(name, dir, path) : NULL;
    struct stat st;
    int was_there = known == NULL || fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
    int fd = real(dir, path, flags, mode);
    if (fd >= 0 && !was_there) {
        tell("create", known, "");
    }
    return fd;
}

int openat(int dir, const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return open_at(dir, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return open_at(AT_FDCWD, path, flags, mode);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    ssize_t (*real)(int, const void *, size_t) =
        (ssize_t(*)(int, const void *, size_t))next_of("write");
    char name[PATH_MAX];
    const char *known = below(name, fd, NULL);
    ssize_t done = real(fd, bytes, size);
    if (known != NULL && done > 0) {
        fprintf(record, "write %s ", known);
        for (ssize_t i = 0; i < done; i++) {
            fprintf(record, "%02x", ((const unsigned char *)bytes)[i]);
        }
        fprintf(record, "\n");
        fflush(record);
    }
    return done;
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
    int (*real)(int, const char *, int, const char *) =
        (int (*)(int, const char *, int, const char *))next_of("renameat");
    char first[PATH_MAX];
    char second[PATH_MAX];
    const char *old = below(first, from_dir, from);
    const char *new = below(second, to_dir, to);
    int rc = real(from_dir, from, to_dir, to);
    if (rc == 0 && old != NULL && new != NULL) {
        tell("rename", old, new);
    }
    return rc;
}

int rename(const char *from, const char *to)
{
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int mkdirat(int dir, const char *path, mode_t mode)
{
    int (*real)(int, const char *, mode_t) = (int (*)(int, const char *, mode_t))next_of("mkdirat");
    char name[PATH_MAX];
    const char *known = below(name, dir, path);
    int rc = real(dir, path, mode);
    if (rc == 0 && known != NULL) {
        tell("mkdir", known, "");
    }
    return rc;
}

int mkdir(const char *path, mode_t mode)
{
    return mkdirat(AT_FDCWD, path, mode);
}

int unlinkat(int dir, const char *path, int flags)
{
    int (*real)(int, const char *, int) = (int (*)(int, const char *, int))next_of("unlinkat");
    char name[PATH_MAX];
    const char *known = below(name, dir, path);
    int rc = real(dir, path, flags);
    if (rc == 0 && known != NULL) {
        tell("unlink", known, "");
    }
    return rc;
}

static int sync_by(const char *call, int fd)
{
    int (*real)(int) = (int (*)(int))next_of(call);
    char name[PATH_MAX];
    const char *known = below(name, fd, NULL);
    int rc = real(fd);
    if (rc == 0 && known != NULL) {
        tell("sync", known, "");
    }
    return rc;
}

int fsync(int fd)
{
    return sync_by("fsync", fd);
}

int fdatasync(int fd)
{
    return sync_by("fdatasync", fd);
}

int syncfs(int fd)
{
    int (*real)(int) = (int (*)(int))next_of("syncfs");
    char name[PATH_MAX];
    const char *known = below(name, fd, NULL);
    int rc = real(fd);
    if (rc == 0 && known != NULL) {
        tell("syncfs", "", "");
    }
    return rc;
}
