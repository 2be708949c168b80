#include "cli/file.h"

#include "core/base/memory.h"
#include "storage/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
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

int file_read(struct buffer *out, const char *path, size_t max)
{
    const int error = file_load(&out->bytes, &out->size, path, max);
    if (error == EFBIG) {
        return fail(EXIT_DATA, "%s: larger than %zu bytes", path, max);
    }
    if (error != 0) {
        return fail_errno(error, path);
    }
    out->capacity = out->size;
    return EXIT_PASS;
}

int file_write(const char *path, const struct buffer *bytes, bool replace)
{
    if (bytes->failed) {
        return fail_errno(ENOMEM, path);
    }
    if (is_standard(path)) {
        const int error = tj_descriptor_write(STDOUT_FILENO, bytes->bytes, bytes->size);
        return error == 0 ? EXIT_PASS : fail_errno(error, "standard output");
    }
    const enum tj_file_way way = replace ? TJ_FILE_REPLACE : TJ_FILE_NEW;
    const int error = tj_file_write(AT_FDCWD, path, way, 0644, bytes->bytes, bytes->size);
    if (error == EEXIST && replace) {
        return fail(EXIT_DATA, "%s.new: %s", path, strerror(error));
    }
    return error == 0 ? EXIT_PASS : fail_errno(error, path);
}
