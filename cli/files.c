#include "cli/files.h"

#include "cli/exit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- reading ---- */

static int read_all(int fd, const char *path, size_t size_max, struct file_bytes *out)
{
    size_t room = 65536;
    out->bytes = malloc(room + 1);
    TIJORI_REQUIRE(out->bytes != NULL);
    for (;;) {
        ssize_t got = read(fd, out->bytes + out->size, room - out->size);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return fail_errno(errno, path);
        }
        out->size += (size_t)got;
        if (out->size > size_max) {
            return fail(EXIT_DATA, "%s: larger than %zu bytes", path, size_max);
        }
        if (got == 0) {
            out->bytes[out->size] = 0;
            return EXIT_PASS;
        }
        if (out->size == room) {
            room *= 2;
            uint8_t *larger = realloc(out->bytes, room + 1);
            if (larger == NULL) {
                return fail_errno(ENOMEM, path);
            }
            out->bytes = larger;
        }
    }
}

int file_read(const char *path, size_t size_max, struct file_bytes *out)
{
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    *out = (struct file_bytes){.bytes = NULL};
    if (fd < 0) {
        return fail_errno(errno, path);
    }
    int code = read_all(fd, standard ? "standard input" : path, size_max, out);
    if (!standard) {
        close(fd);
    }
    if (code != EXIT_PASS) {
        file_free(out);
    }
    return code;
}

void file_free(struct file_bytes *file)
{
    free(file->bytes);
    *file = (struct file_bytes){.bytes = NULL};
}

/* ---- writing ---- */

static int begin_beside(struct file_writer *writer, mode_t mode)
{
    int length = snprintf(writer->temporary, sizeof writer->temporary, "%s.XXXXXX", writer->path);
    if (length >= (int)sizeof writer->temporary) {
        writer->temporary[0] = '\0';
        return fail_errno(ENAMETOOLONG, writer->path);
    }
    writer->fd = mkstemp(writer->temporary);
    if (writer->fd < 0) {
        writer->temporary[0] = '\0';
        return fail_errno(errno, writer->path);
    }
    fchmod(writer->fd, mode);
    return EXIT_PASS;
}

int file_begin(struct file_writer *writer, const char *path, enum file_mode mode)
{
    struct stat info;
    *writer = (struct file_writer){.path = path, .fd = STDOUT_FILENO, .mode = mode};
    if (strcmp(path, "-") == 0) {
        return EXIT_PASS;
    }
    if (stat(path, &info) != 0) {
        mode_t mask = umask(0);
        umask(mask);
        return begin_beside(writer, 0666 & ~mask);
    }
    if (S_ISREG(info.st_mode)) {
        return mode == FILE_REPLACE ? begin_beside(writer, info.st_mode & 0777)
                                    : fail_errno(EEXIST, path);
    }
    writer->fd = open(path, O_WRONLY | O_CLOEXEC);
    return writer->fd >= 0 ? EXIT_PASS : fail_errno(errno, path);
}

int file_write(struct file_writer *writer, const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    while (size > 0) {
        ssize_t written = write(writer->fd, at, size);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return fail_errno(errno, writer->path);
        }
        at += written;
        size -= (size_t)written;
    }
    return EXIT_PASS;
}

/* The name itself is on the disk once its directory is. */
static void sync_directory(const char *path)
{
    char directory[4096];
    file_directory(path, directory, sizeof directory);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

/* A new file is put in its place by link, which fails when somebody else was quicker. */
static bool put_in_place(const struct file_writer *writer)
{
    if (writer->mode == FILE_REPLACE) {
        return rename(writer->temporary, writer->path) == 0;
    }
    return link(writer->temporary, writer->path) == 0 && unlink(writer->temporary) == 0;
}

int file_finish(struct file_writer *writer)
{
    if (writer->fd == STDOUT_FILENO) {
        return EXIT_PASS;
    }
    bool beside = writer->temporary[0] != '\0';
    bool synced = !beside || fsync(writer->fd) == 0;
    bool closed = close(writer->fd) == 0;
    if (!synced || !closed || (beside && !put_in_place(writer))) {
        int error = errno;
        if (beside) {
            unlink(writer->temporary);
        }
        return fail_errno(error, writer->path);
    }
    if (beside) {
        sync_directory(writer->path);
    }
    return EXIT_PASS;
}

void file_abandon(struct file_writer *writer)
{
    if (writer->fd != STDOUT_FILENO && writer->fd >= 0) {
        close(writer->fd);
    }
    if (writer->temporary[0] != '\0') {
        unlink(writer->temporary);
    }
}

int file_put(const char *path, enum file_mode mode, const void *bytes, size_t size)
{
    struct file_writer writer;
    int code = file_begin(&writer, path, mode);
    if (code != EXIT_PASS) {
        return code;
    }
    code = file_write(&writer, bytes, size);
    if (code != EXIT_PASS) {
        file_abandon(&writer);
        return code;
    }
    return file_finish(&writer);
}

void file_directory(const char *path, char *out, size_t size)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        snprintf(out, size, ".");
    } else {
        snprintf(out, size, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    }
}
