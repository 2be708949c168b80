#include "cli/file.h"

#include "storage/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

void buffer_add(struct buffer *buffer, const void *bytes, size_t size)
{
    if (buffer->capacity - buffer->size < size) {
        buffer->capacity = (buffer->size + size) * 2;
        buffer->bytes = realloc(buffer->bytes, buffer->capacity);
        TIJORI_REQUIRE(buffer->bytes != NULL);
    }
    if (size > 0) {
        memcpy(buffer->bytes + buffer->size, bytes, size);
    }
    buffer->size += size;
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

int file_read(const char *path, size_t max, struct buffer *out)
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
