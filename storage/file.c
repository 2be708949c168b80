#include "storage/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- reading ---- */

int tj_descriptor_read(void *out, size_t capacity, size_t *size, int descriptor)
{
    *size = 0;
    while (*size < capacity) {
        const ssize_t got = read(descriptor, (uint8_t *)out + *size, capacity - *size);
        if (got == 0) {
            return 0;
        }
        if (got < 0 && errno != EINTR) {
            return errno;
        }
        if (got > 0) {
            *size += (size_t)got;
        }
    }
    return 0;
}

int tj_file_read(void *out, size_t capacity, size_t *size, int folder, const char *path)
{
    *size = 0;
    const int descriptor = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) {
        return errno;
    }
    const int error = tj_descriptor_read(out, capacity, size, descriptor);
    (void)close(descriptor);
    return error;
}

/* Twice the room, and never more than a byte beyond `max`: that byte tells a longer file. */
static size_t next_room(size_t room, size_t max)
{
    enum { FIRST = 65536 };
    if (room == 0) {
        return max < FIRST ? max + 1 : FIRST;
    }
    return room > max / 2 ? max + 1 : 2 * room;
}

int tj_descriptor_load(uint8_t **out, size_t *size, int descriptor, size_t max)
{
    uint8_t *bytes = NULL;
    size_t room = 0;
    size_t got = 0;
    int error = max < SIZE_MAX - 1 ? 0 : EINVAL;
    *size = 0;
    while (error == 0 && *size == room && *size <= max) {
        room = next_room(room, max);
        uint8_t *more = realloc(bytes, room + 1);
        if (more == NULL) {
            error = ENOMEM;
            break;
        }
        bytes = more;
        error = tj_descriptor_read(bytes + *size, room - *size, &got, descriptor);
        *size += got;
    }
    if (error == 0 && *size > max) {
        error = EFBIG;
    }
    if (error != 0) {
        free(bytes);
        return error;
    }
    bytes[*size] = '\0';
    *out = bytes;
    return 0;
}

/* ---- writing ---- */

int tj_descriptor_write(int descriptor, const void *bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        const ssize_t put = write(descriptor, (const uint8_t *)bytes + done, size - done);
        if (put < 0 && errno != EINTR) {
            return errno;
        }
        if (put > 0) {
            done += (size_t)put;
        }
    }
    return 0;
}

/* A name is as durable as its file only when its folder is on the disk too. A folder that we may
 * write to and not read cannot be synced, and some file systems know no such thing. */
static int sync_folder_of(int folder, const char *path)
{
    char parent[TJ_FILE_PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');
    if (slash != NULL) {
        /* With the slash, so that the root is one. */
        snprintf(parent, sizeof parent, "%.*s", (int)(slash + 1 - path), path);
    }
    const int descriptor = openat(folder, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
        return errno == EACCES ? 0 : errno;
    }
    int error = fsync(descriptor) == 0 ? 0 : errno;
    if (error == EINVAL) {
        error = 0;
    }
    (void)close(descriptor);
    return error;
}

static int keep_permissions(int descriptor, int folder, const char *path)
{
    struct stat before;
    if (fstatat(folder, path, &before, 0) != 0) {
        return 0; /* there is none to replace */
    }
    return fchmod(descriptor, before.st_mode & 07777) == 0 ? 0 : errno;
}

static int name_it(struct tj_file_writer *writer, const char *path)
{
    const char *const ending = writer->way == TJ_FILE_NEW ? "" : ".new";
    const int length = snprintf(writer->temporary, sizeof writer->temporary, "%s%s", path, ending);
    if (length < 0 || (size_t)length >= sizeof writer->temporary) {
        return ENAMETOOLONG;
    }
    snprintf(writer->path, sizeof writer->path, "%s", path);
    return 0;
}

int tj_file_begin(struct tj_file_writer *out, int folder, const char *path, enum tj_file_way way,
                  mode_t mode)
{
    const int already = way == TJ_FILE_REPLACE_ALONE ? O_TRUNC : O_EXCL;
    *out = (struct tj_file_writer){.folder = folder, .way = way};
    int error = name_it(out, path);
    if (error != 0) {
        return error;
    }
    const int descriptor =
        openat(folder, out->temporary, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | already, mode);
    if (descriptor < 0) {
        return errno;
    }
    if (way != TJ_FILE_NEW) {
        error = keep_permissions(descriptor, folder, path);
    }
    if (error == 0) {
        out->stream = fdopen(descriptor, "w");
        error = out->stream == NULL ? errno : 0;
    }
    if (error != 0) {
        (void)close(descriptor);
        (void)unlinkat(folder, out->temporary, 0);
    }
    return error;
}

static int put_on_disk(FILE *stream)
{
    if (ferror(stream)) {
        return EIO; /* which error it was, the writer knows */
    }
    if (fflush(stream) != 0 || fsync(fileno(stream)) != 0) {
        return errno;
    }
    return 0;
}

static int put_in_place(const struct tj_file_writer *writer)
{
    if (writer->way != TJ_FILE_NEW &&
        renameat(writer->folder, writer->temporary, writer->folder, writer->path) != 0) {
        return errno;
    }
    return sync_folder_of(writer->folder, writer->path);
}

int tj_file_end(struct tj_file_writer *writer)
{
    int error = put_on_disk(writer->stream);
    if (fclose(writer->stream) != 0 && error == 0) {
        error = errno;
    }
    writer->stream = NULL;
    if (error == 0) {
        error = put_in_place(writer);
    }
    if (error != 0) {
        (void)unlinkat(writer->folder, writer->temporary, 0);
    }
    return error;
}

void tj_file_abandon(struct tj_file_writer *writer)
{
    (void)fclose(writer->stream);
    (void)unlinkat(writer->folder, writer->temporary, 0);
    writer->stream = NULL;
}

int tj_file_write(int folder, const char *path, enum tj_file_way way, mode_t mode,
                  const void *bytes, size_t size)
{
    struct tj_file_writer writer;
    int error = tj_file_begin(&writer, folder, path, way, mode);
    if (error != 0) {
        return error;
    }
    error = tj_descriptor_write(fileno(writer.stream), bytes, size);
    if (error != 0) {
        tj_file_abandon(&writer);
        return error;
    }
    return tj_file_end(&writer);
}
