#include "cli/envelope_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void buffer_reserve(struct buffer *buffer, size_t size)
{
    if (buffer->capacity - buffer->size < size) {
        buffer->capacity = (buffer->size + size) * 2;
        buffer->bytes = realloc(buffer->bytes, buffer->capacity);
        TIJORI_REQUIRE(buffer->bytes != NULL);
    }
}

void buffer_add(struct buffer *buffer, const void *bytes, size_t size)
{
    buffer_reserve(buffer, size);
    if (size > 0) {
        memcpy(buffer->bytes + buffer->size, bytes, size);
    }
    buffer->size += size;
}

void envelope_add(struct buffer *out, const struct tj_header *header, const uint8_t *records,
                  const struct tj_slots *slots, const uint8_t *attachments, size_t attachments_size)
{
    size_t size = tj_envelope_write(NULL, 0, header, records, slots, attachments, attachments_size);
    buffer_reserve(out, size);
    out->size += tj_envelope_write(out->bytes + out->size, size, header, records, slots,
                                   attachments, attachments_size);
}

int file_read(const char *path, size_t max, struct buffer *out)
{
    uint8_t piece[65536];
    size_t got;
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (file == NULL) {
        return fail_errno(errno, path);
    }
    while ((got = fread(piece, 1, sizeof piece, file)) > 0 && out->size + got <= max) {
        buffer_add(out, piece, got);
    }
    bool failed = ferror(file) != 0;
    int error = errno;
    if (file != stdin) {
        fclose(file);
    }
    if (failed) {
        return fail_errno(error, path);
    }
    return got == 0 ? EXIT_PASS : fail(EXIT_DATA, "%s: larger than %zu bytes", path, max);
}

static bool write_all(int descriptor, const struct buffer *bytes)
{
    size_t done = 0;
    while (done < bytes->size) {
        ssize_t wrote = write(descriptor, bytes->bytes + done, bytes->size - done);
        if (wrote < 0 && errno != EINTR) {
            return false;
        }
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    return true;
}

int file_write(const char *path, const struct buffer *bytes, bool replace)
{
    char temporary[4096];
    if (strcmp(path, "-") == 0) {
        return write_all(STDOUT_FILENO, bytes) ? EXIT_PASS : fail_errno(errno, "standard output");
    }
    int length = snprintf(temporary, sizeof temporary, "%s%s", path, replace ? ".new" : "");
    if (length < 0 || (size_t)length >= sizeof temporary) {
        return fail_errno(ENAMETOOLONG, path);
    }
    int descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (descriptor < 0) {
        return fail_errno(errno, temporary);
    }
    struct stat before;
    bool done = write_all(descriptor, bytes) && fsync(descriptor) == 0;
    if (done && replace && stat(path, &before) == 0) {
        done = fchmod(descriptor, before.st_mode & 07777) == 0;
    }
    int error = errno;
    done = close(descriptor) == 0 && done;
    if (done && replace && rename(temporary, path) != 0) {
        error = errno;
        done = false;
    }
    if (!done) {
        unlink(temporary);
    }
    return done ? EXIT_PASS : fail_errno(error, path);
}
