#include "cli/file.h"

#include "core/base/memory.h"
#include "storage/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

uint8_t *buffer_reserve(struct buffer *buffer, size_t size)
{
    size_t whole;
    if (buffer->failed || __builtin_add_overflow(buffer->size, size, &whole) ||
        !tj_grow(&buffer->bytes, &buffer->capacity, whole, 1)) {
        buffer->failed = true;
        return NULL;
    }
    return buffer->bytes + buffer->size;
}

void buffer_add(struct buffer *buffer, const void *bytes, size_t size)
{
    if (size == 0) {
        return;
    }
    uint8_t *room = buffer_reserve(buffer, size);
    if (room != NULL) {
        memcpy(room, bytes, size);
        buffer->size += size;
    }
}

void memory_needed_in(const struct buffer *buffer)
{
    if (buffer->failed) {
        out_of_memory();
    }
}

static bool is_standard(const char *path)
{
    return strcmp(path, "-") == 0;
}

bool xdg_base(const char **base, const char **below, const char *variable, const char *below_home)
{
    const char *home = getenv("HOME");
    *base = getenv(variable);
    *below = "";
    if (*base != NULL && (*base)[0] == '/') {
        return true;
    }
    *base = home;
    *below = below_home;
    return home != NULL && home[0] != '\0';
}

int file_load(uint8_t **out, size_t *size, const char *path, size_t max)
{
    if (is_standard(path)) {
        return tj_descriptor_load(out, size, STDIN_FILENO, max);
    }
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return errno;
    }
    const int error = tj_descriptor_load(out, size, descriptor, max);
    (void)close(descriptor);
    return error;
}

static int took(struct buffer *out, int error, const char *path, size_t max)
{
    if (error == EFBIG) {
        return fail(EXIT_DATA, "%s: larger than %zu bytes", path, max);
    }
    if (error != 0) {
        return fail_errno(error, path);
    }
    out->capacity = out->size;
    return EXIT_PASS;
}

int file_read(struct buffer *out, const char *path, size_t max)
{
    return took(out, file_load(&out->bytes, &out->size, path, max), path, max);
}

int file_read_open(struct buffer *out, int descriptor, const char *path, size_t max)
{
    return took(out, tj_descriptor_load(&out->bytes, &out->size, descriptor, max), path, max);
}

/* Of a file that takes the place of another, so that people know which it was. */
static int fail_replacing(int error, const struct tj_file_writer *writer, const char *path)
{
    if (writer->torn) {
        return fail(EXIT_IO, "%s: was overwritten in part: %s; all of the new file is in %s", path,
                    strerror(error), writer->temporary);
    }
    return fail_errno(error, path);
}

/* A new file beside the old one, and then in its place. */
static int replace_file(const char *path, const struct buffer *bytes)
{
    struct tj_file_writer writer;
    char where[TJ_FILE_PATH_MAX + 64];
    int error = tj_file_begin(&writer, AT_FDCWD, path, TJ_FILE_REPLACE, 0644);
    if (error == EACCES || error == EROFS) {
        snprintf(where, sizeof where, "%s: it, or its folder, cannot be written to", path);
        return fail_errno(error, where);
    }
    if (error == ENOTSUP) {
        return fail(EXIT_DATA, "%s: cannot be replaced: it is not a regular file under its name",
                    path);
    }
    if (error != 0) {
        return fail_errno(error, path);
    }
    error = tj_descriptor_write(fileno(writer.stream), bytes->bytes, bytes->size);
    if (error != 0) {
        tj_file_abandon(&writer);
        return fail_errno(error, path);
    }
    error = tj_file_end(&writer);
    return error == 0 ? EXIT_PASS : fail_replacing(error, &writer, path);
}

/* True for what cannot be replaced and takes bytes as they come. */
static bool is_stream(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

static int write_stream(const char *path, const struct buffer *bytes)
{
    const int descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (descriptor < 0) {
        return fail_errno(errno, path);
    }
    int error = tj_descriptor_write(descriptor, bytes->bytes, bytes->size);
    if (close(descriptor) != 0 && error == 0) {
        error = errno;
    }
    return error == 0 ? EXIT_PASS : fail_errno(error, path);
}

int file_write(const char *path, const struct buffer *bytes, bool replace)
{
    if (bytes->failed) {
        return fail_errno(ENOMEM, path);
    }
    if (is_standard(path)) {
        const int error = tj_descriptor_write(STDOUT_FILENO, bytes->bytes, bytes->size);
        return error == 0 ? EXIT_PASS : fail(EXIT_IO, "standard output: %s", strerror(error));
    }
    if (replace) {
        return is_stream(path) ? write_stream(path, bytes) : replace_file(path, bytes);
    }
    const int error = tj_file_write(AT_FDCWD, path, TJ_FILE_NEW, 0644, bytes->bytes, bytes->size);
    return error == 0 ? EXIT_PASS : fail_errno(error, path);
}

int file_lock(int *descriptor, const char *path)
{
    enum { WAIT_MS = 30000 }; /* whoever holds it signs and writes a file */
    bool locked = false;
    const int error = tj_file_lock(descriptor, &locked, AT_FDCWD, path, WAIT_MS);
    if (error == ENOTSUP) {
        return fail(EXIT_DATA,
                    "%s: not a regular file, so nothing can take its place; '-' is standard input, "
                    "and then standard output",
                    path);
    }
    if (error == EWOULDBLOCK) {
        return fail(EXIT_TRY_AGAIN, "%s: another program has it locked", path);
    }
    if (error != 0) {
        return fail_errno(error, path);
    }
    if (!locked) {
        message(
            "%s: its file system has no locks: of two who change it at the same time, one is lost",
            path);
    }
    return EXIT_PASS;
}

/* ---- texts ---- */

static bool starts(const char *bytes, size_t size, const char *with)
{
    return size >= strlen(with) && memcmp(bytes, with, strlen(with)) == 0;
}

const char *file_strangeness(const char *bytes, size_t size)
{
    const char *cr = memchr(bytes, '\r', size);
    if (size == 0) {
        return "it is empty";
    }
    if (starts(bytes, size, "\xff\xfe") || starts(bytes, size, "\xfe\xff")) {
        return "it is in UTF-16: save it as plain text (UTF-8)";
    }
    if (starts(bytes, size, "\xef\xbb\xbf")) {
        return "it begins with a byte order mark, which an editor put there: save it without one";
    }
    if (cr != NULL && cr + 1 < bytes + size && cr[1] == '\n') {
        return "its lines end with CRLF, which an editor or a mail program made of LF: "
               "dos2unix undoes it";
    }
    if (cr != NULL) {
        return "a carriage return (CR) stands in it";
    }
    return memchr(bytes, '\0', size) != NULL ? "it holds binary data" : NULL;
}

int fail_text(const char *path, const char *what, const char *bytes, size_t size)
{
    const char *strange = file_strangeness(bytes, size);
    return fail(EXIT_DATA, "%s: %s%s%s", path, what, strange != NULL ? ": " : "",
                strange != NULL ? strange : "");
}
