#define _GNU_SOURCE 1 /* renameat2() */

#include "storage/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <time.h>
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
    const int descriptor =
        openat(folder, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
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

/* ---- names ---- */

/* Where a symbolic link leads, seen from `folder`: its text, from the folder that it stands in. */
static int step_along_link(char path[TJ_FILE_PATH_MAX], const char *text)
{
    char next[TJ_FILE_PATH_MAX];
    const char *slash = strrchr(path, '/');
    const int before = slash == NULL || text[0] == '/' ? 0 : (int)(slash + 1 - path);
    const int length = snprintf(next, sizeof next, "%.*s%s", before, path, text);
    if (length < 0 || (size_t)length >= sizeof next) {
        return ENAMETOOLONG;
    }
    memcpy(path, next, (size_t)length + 1);
    return 0;
}

/* Replaces a name that is a symbolic link by the name of the file that it leads to, which a rename
 * can take. */
static int follow_links(char path[TJ_FILE_PATH_MAX], int folder)
{
    enum { LINKS_MAX = 40 }; /* as many as Linux follows */
    char text[TJ_FILE_PATH_MAX];
    int error = 0;
    for (int i = 0; i < LINKS_MAX; i++) {
        const ssize_t size = readlinkat(folder, path, text, sizeof text - 1);
        if (size < 0) {
            return errno == EINVAL || errno == ENOENT ? 0 : errno;
        }
        text[size] = '\0';
        error = step_along_link(path, text);
        if (error != 0) {
            return error;
        }
    }
    return ELOOP;
}

/* What stands under the name that is to be written, ENOENT when nothing does. The links of /proc
 * are followed by the kernel where their text leads nowhere: then there is no name to be replaced.
 */
static int look_at_old(struct stat *old, const struct tj_file_writer *writer, const char *path)
{
    struct stat opened;
    const int flags = writer->way == TJ_FILE_REPLACE ? 0 : AT_SYMLINK_NOFOLLOW;
    if (fstatat(writer->folder, path, &opened, flags) != 0) {
        return errno;
    }
    *old = opened;
    if (writer->way == TJ_FILE_NEW) {
        return 0;
    }
    if (writer->way == TJ_FILE_REPLACE_ALONE) {
        return S_ISREG(opened.st_mode) ? 0 : ENOENT; /* a link has a mode that lets all in */
    }
    if (S_ISDIR(opened.st_mode)) {
        return EISDIR;
    }
    if (!S_ISREG(opened.st_mode)) {
        return ENOTSUP;
    }
    const bool same = fstatat(writer->folder, writer->path, old, AT_SYMLINK_NOFOLLOW) == 0 &&
                      old->st_ino == opened.st_ino && old->st_dev == opened.st_dev;
    return same ? 0 : ENOTSUP;
}

static int name_it(struct tj_file_writer *writer, const char *path)
{
    const int length = snprintf(writer->path, sizeof writer->path, "%s", path);
    if (length < 0 || (size_t)length >= sizeof writer->path) {
        return ENAMETOOLONG;
    }
    return writer->way == TJ_FILE_REPLACE ? follow_links(writer->path, writer->folder) : 0;
}

/* The name while it is being written. It stands in the same folder, and does not grow with the
 * file's own, which may be as long as a name can be. */
static int name_temporary(struct tj_file_writer *writer, unsigned number)
{
    const char *slash = strrchr(writer->path, '/');
    const int before = slash == NULL ? 0 : (int)(slash + 1 - writer->path);
    const size_t size = sizeof writer->temporary;
    int length = 0;
    if (writer->way == TJ_FILE_REPLACE_ALONE) {
        length = snprintf(writer->temporary, size, "%s.new", writer->path);
    } else {
        length = snprintf(writer->temporary, size, "%.*s.new-%ld-%u", before, writer->path,
                          (long)getpid(), number);
    }
    return length < 0 || (size_t)length >= size ? ENAMETOOLONG : 0;
}

/* ---- beginning ---- */

static int open_temporary(int *descriptor, struct tj_file_writer *writer, mode_t mode)
{
    enum { TRIES = 1000 }; /* of other threads, and left by processes of the same number */
    int error = EEXIST;
    for (unsigned i = 0; i < TRIES && error == EEXIST; i++) {
        error = name_temporary(writer, i);
        if (error != 0) {
            return error;
        }
        if (writer->way == TJ_FILE_REPLACE_ALONE) {
            (void)unlinkat(writer->folder, writer->temporary, 0);
        }
        *descriptor = openat(writer->folder, writer->temporary,
                             O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
        error = *descriptor < 0 ? errno : 0;
    }
    return error;
}

/* True when the new file has owner, group and mode of the old one. Nothing is asked for that it has
 * already: file systems without owners and modes refuse even that. */
static bool takes_after(int descriptor, const struct stat *old)
{
    struct stat new;
    if (fstat(descriptor, &new) != 0) {
        return false;
    }
    if ((new.st_uid != old->st_uid || new.st_gid != old->st_gid) &&
        fchown(descriptor, old->st_uid, old->st_gid) != 0) {
        return false;
    }
    if (((new.st_mode ^ old->st_mode) & 07777) != 0 &&
        fchmod(descriptor, old->st_mode & 07777) != 0) {
        return false;
    }
    return true;
}

/* An access list says more than a mode: a new file does not have it. Where it cannot be asked for,
 * there is none, or the old file cannot be read and hence not be what a user is changing. */
static bool has_access_list(const struct tj_file_writer *writer)
{
    const int descriptor =
        openat(writer->folder, writer->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (descriptor < 0) {
        return false;
    }
    const bool has = fgetxattr(descriptor, "system.posix_acl_access", NULL, 0) > 0;
    (void)close(descriptor);
    return has;
}

/* Makes the new file like the old one; where that cannot be done, opens the old one to be
 * overwritten. In a folder of our own a file that is ours does as well. */
static int keep_what_the_old_has(struct tj_file_writer *writer, int descriptor,
                                 const struct stat *old)
{
    const bool alike = takes_after(descriptor, old);
    if (writer->way == TJ_FILE_REPLACE_ALONE) {
        return 0;
    }
    if (alike && old->st_nlink == 1 && !has_access_list(writer)) {
        return 0;
    }
    writer->overwritten =
        openat(writer->folder, writer->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    return writer->overwritten < 0 ? errno : 0;
}

static void give_up(struct tj_file_writer *writer)
{
    if (writer->overwritten >= 0) {
        (void)close(writer->overwritten);
        writer->overwritten = -1;
    }
    if (!writer->torn) {
        (void)unlinkat(writer->folder, writer->temporary, 0);
    }
}

int tj_file_begin(struct tj_file_writer *out, int folder, const char *path, enum tj_file_way way,
                  mode_t mode)
{
    struct stat old;
    int descriptor = -1;
    *out = (struct tj_file_writer){.folder = folder, .way = way, .overwritten = -1};
    int error = name_it(out, path);
    if (error != 0) {
        return error;
    }
    const int absent = look_at_old(&old, out, path);
    if (absent != 0 && absent != ENOENT) {
        return absent;
    }
    if (absent == 0 && way == TJ_FILE_NEW) {
        return EEXIST;
    }
    /* Nobody reads the new file who could not read the old one, not for a moment. */
    error = open_temporary(&descriptor, out, absent == 0 ? mode & 0600 : mode);
    if (error != 0) {
        return error;
    }
    if (absent == 0) {
        error = keep_what_the_old_has(out, descriptor, &old);
    }
    if (error == 0) {
        out->stream = fdopen(descriptor, "w+");
        error = out->stream == NULL ? errno : 0;
    }
    if (error != 0) {
        (void)close(descriptor);
        give_up(out);
    }
    return error;
}

/* ---- ending ---- */

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

/* Space for all of the new bytes, before the first of the old ones goes. */
static int reserve(int descriptor, off_t size)
{
    struct stat old;
    if (fstat(descriptor, &old) != 0) {
        return errno;
    }
    if (size <= old.st_size) {
        return 0;
    }
    const int error = posix_fallocate(descriptor, 0, size);
    if (error != ENOSPC && error != EDQUOT && error != EFBIG) {
        return 0; /* also where a file system knows no such thing */
    }
    return ftruncate(descriptor, old.st_size) == 0 ? error : errno;
}

static int copy_bytes(int to, int from, off_t size)
{
    uint8_t bytes[65536];
    int error = 0;
    if (lseek(from, 0, SEEK_SET) != 0 || lseek(to, 0, SEEK_SET) != 0) {
        return errno;
    }
    for (off_t done = 0; done < size && error == 0;) {
        size_t got = 0;
        error = tj_descriptor_read(bytes, sizeof bytes, &got, from);
        if (error == 0 && got == 0) {
            error = EIO;
        }
        if (error == 0) {
            error = tj_descriptor_write(to, bytes, got);
        }
        done += (off_t)got;
    }
    return error;
}

/* A crash in the middle leaves the old file half new. The whole new one is on the disk by then,
 * under its other name, and goes only when it is not needed. */
static int overwrite(struct tj_file_writer *writer)
{
    struct stat new;
    const int from = fileno(writer->stream);
    const int to = writer->overwritten;
    int error = fstat(from, &new) == 0 ? sync_folder_of(writer->folder, writer->temporary) : errno;
    if (error == 0) {
        error = reserve(to, new.st_size);
    }
    if (error != 0) {
        return error;
    }
    writer->torn = true;
    error = copy_bytes(to, from, new.st_size);
    if (error == 0 && (ftruncate(to, new.st_size) != 0 || fsync(to) != 0)) {
        error = errno;
    }
    writer->torn = error != 0;
    return error;
}

/* Gives the file its name where nothing has it. Network file systems cannot do that in one step,
 * but have links. What has neither gets an empty file under the name first. */
static int take_new_name(const struct tj_file_writer *writer)
{
    if (renameat2(writer->folder, writer->temporary, writer->folder, writer->path,
                  RENAME_NOREPLACE) == 0) {
        return 0;
    }
    if (errno == EEXIST) {
        return EEXIST;
    }
    if (linkat(writer->folder, writer->temporary, writer->folder, writer->path, 0) == 0) {
        (void)unlinkat(writer->folder, writer->temporary, 0);
        return 0;
    }
    if (errno == EEXIST) {
        return EEXIST;
    }
    const int descriptor = openat(writer->folder, writer->path,
                                  O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) {
        return errno;
    }
    (void)close(descriptor);
    if (renameat(writer->folder, writer->temporary, writer->folder, writer->path) != 0) {
        const int error = errno;
        (void)unlinkat(writer->folder, writer->path, 0);
        return error;
    }
    return 0;
}

static int put_in_place(const struct tj_file_writer *writer)
{
    int error = 0;
    if (writer->way == TJ_FILE_NEW) {
        error = take_new_name(writer);
    } else if (renameat(writer->folder, writer->temporary, writer->folder, writer->path) != 0) {
        error = errno;
    }
    if (error != 0) {
        return error;
    }
    error = sync_folder_of(writer->folder, writer->path);
    if (error != 0 && writer->way == TJ_FILE_NEW) {
        (void)unlinkat(writer->folder, writer->path, 0);
    }
    return error;
}

int tj_file_end(struct tj_file_writer *writer)
{
    const bool overwrites = writer->overwritten >= 0;
    int error = put_on_disk(writer->stream);
    if (error == 0 && overwrites) {
        error = overwrite(writer);
    }
    if (fclose(writer->stream) != 0 && error == 0) {
        error = errno;
    }
    writer->stream = NULL;
    if (error == 0 && !overwrites) {
        error = put_in_place(writer);
    }
    if (error != 0 || overwrites) {
        give_up(writer);
    }
    return error;
}

void tj_file_abandon(struct tj_file_writer *writer)
{
    (void)fclose(writer->stream);
    give_up(writer);
    writer->stream = NULL;
}

int tj_file_fill(struct tj_file_writer *writer, const void *bytes, size_t size)
{
    const int error = tj_descriptor_write(fileno(writer->stream), bytes, size);
    if (error != 0) {
        tj_file_abandon(writer);
        return error;
    }
    return tj_file_end(writer);
}

int tj_file_write(int folder, const char *path, enum tj_file_way way, mode_t mode,
                  const void *bytes, size_t size)
{
    struct tj_file_writer writer;
    const int error = tj_file_begin(&writer, folder, path, way, mode);
    return error != 0 ? error : tj_file_fill(&writer, bytes, size);
}

int tj_folder_make(int folder, const char *path, mode_t mode)
{
    if (mkdirat(folder, path, mode) != 0) {
        return errno == EEXIST ? 0 : errno;
    }
    /* By way of itself: the path may end with a slash. */
    const int made = openat(folder, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (made < 0) {
        return errno;
    }
    const int error = sync_folder_of(made, "../.");
    (void)close(made);
    return error;
}

/* readdir() tells an error from the end by errno alone. */
int tj_folder_names(int folder, const char *path, void *context,
                    void (*visit)(void *context, const char *name))
{
    const int descriptor = openat(folder, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (descriptor < 0) {
        return errno;
    }
    DIR *directory = fdopendir(descriptor);
    if (directory == NULL) {
        const int error = errno;
        (void)close(descriptor);
        return error;
    }
    errno = 0;
    for (struct dirent *row = readdir(directory); row != NULL; row = readdir(directory)) {
        if (strcmp(row->d_name, ".") != 0 && strcmp(row->d_name, "..") != 0) {
            visit(context, row->d_name);
        }
        errno = 0;
    }
    const int error = errno;
    (void)closedir(directory);
    return error == ENOENT ? ESTALE : error;
}

/* ---- changing ---- */

/* Network file systems lock for writing only what is opened for writing. */
static int open_to_lock(int *descriptor, int folder, const char *path)
{
    const int flags = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    struct stat info;
    if (fstatat(folder, path, &info, 0) != 0) {
        return errno;
    }
    if (S_ISDIR(info.st_mode)) {
        return EISDIR;
    }
    if (!S_ISREG(info.st_mode)) {
        return ENOTSUP; /* and not opened: that alone does something to some devices */
    }
    *descriptor = openat(folder, path, O_RDWR | flags);
    if (*descriptor < 0) {
        *descriptor = openat(folder, path, O_RDONLY | flags);
    }
    return *descriptor < 0 ? errno : 0;
}

static bool knows_no_locks(int error)
{
    return error == ENOLCK || error == ENOSYS || error == ENOTSUP || error == EINVAL;
}

static int lock_within(int descriptor, unsigned wait_ms)
{
    enum { STEP_MS = 10 };
    const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
    for (unsigned waited = 0;; waited += STEP_MS) {
        if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
            return 0;
        }
        if (errno != EWOULDBLOCK && errno != EINTR) {
            return errno;
        }
        if (waited >= wait_ms) {
            return EWOULDBLOCK;
        }
        (void)nanosleep(&step, NULL);
    }
}

/* Whoever held the lock may have put another file under the name meanwhile. */
static bool still_named(int descriptor, int folder, const char *path)
{
    struct stat opened;
    struct stat named;
    return fstat(descriptor, &opened) == 0 && fstatat(folder, path, &named, 0) == 0 &&
           opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

int tj_file_lock(int *descriptor, bool *locked, int folder, const char *path, unsigned wait_ms)
{
    for (;;) {
        int error = open_to_lock(descriptor, folder, path);
        if (error != 0) {
            return error;
        }
        error = lock_within(*descriptor, wait_ms);
        *locked = error == 0;
        if (knows_no_locks(error)) {
            return 0;
        }
        if (error == 0 && still_named(*descriptor, folder, path)) {
            return 0;
        }
        (void)close(*descriptor);
        if (error != 0) {
            return error;
        }
    }
}
