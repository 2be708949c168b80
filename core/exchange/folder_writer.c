#define _GNU_SOURCE /* syncfs */

#include "core/exchange/folder_writer.h"

#include "crypto/note.h"
#include "storage/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    /* Bytes of the paths that are synced one by one. Beyond (some thousand files) one call for the
     * whole file system is cheaper, though it waits for what others wrote to it as well. */
    UNSYNCED_MAX = 256 * 1024,
    COMPARED_AT_ONCE = 64 * 1024,
};

/* ---- what is to be synced ---- */

static void note(struct tj_folder_writer *w, const char *path)
{
    size_t size = strlen(path) + 1;
    if (w->unsynced_size + size > UNSYNCED_MAX) {
        w->many = true;
        return;
    }
    memcpy(w->unsynced + w->unsynced_size, path, size);
    w->unsynced_size += size;
}

/* The folder in which `path` stands. */
static void parent_of(char out[TJ_FOLDER_PATH_MAX], const char *path)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL) {
        memcpy(out, ".", 2);
        return;
    }
    snprintf(out, TJ_FOLDER_PATH_MAX, "%.*s", (int)(slash - path), path);
}

static enum tijori_status sync_one(struct tj_folder_writer *w, const char *path)
{
    int fd = openat(w->dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return tj_say_errno(w->message, errno, path);
    }
    int error = fsync(fd) == 0 ? 0 : errno;
    (void)close(fd);
    /* EINVAL: this file system has no such thing for folders. */
    if (error != 0 && error != EINVAL) {
        return tj_say_errno(w->message, error, path);
    }
    return TIJORI_OK;
}

/* A name is on the disk when the folder that has it is: once for those that follow one another. */
static enum tijori_status sync_each(struct tj_folder_writer *w)
{
    char folder[TJ_FOLDER_PATH_MAX] = "";
    char parent[TJ_FOLDER_PATH_MAX];
    enum tijori_status status = TIJORI_OK;
    for (const char *path = w->unsynced;
         path < w->unsynced + w->unsynced_size && status == TIJORI_OK; path += strlen(path) + 1) {
        status = sync_one(w, path);
        parent_of(parent, path);
        if (status == TIJORI_OK && strcmp(parent, folder) != 0) {
            snprintf(folder, sizeof folder, "%s", parent);
            status = sync_one(w, folder);
        }
    }
    return status;
}

enum tijori_status tj_folder_sync(struct tj_folder_writer *w)
{
    enum tijori_status status = TIJORI_OK;
    if (!w->many) {
        status = sync_each(w);
    }
    if (status == TIJORI_OK && (w->many || w->believed) && syncfs(w->dir) != 0) {
        status = tj_say_errno(w->message, errno, "the folder");
    }
    if (status == TIJORI_OK) {
        w->unsynced_size = 0;
        w->many = false;
        w->believed = false;
    }
    return status;
}

/* ---- files ---- */

bool tj_folder_has(const struct tj_folder_writer *w, const char *path)
{
    return faccessat(w->dir, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
           (errno != ENOENT && errno != ENOTDIR);
}

static bool same_bytes(int fd, const uint8_t *bytes, size_t size)
{
    uint8_t there[COMPARED_AT_ONCE];
    for (size_t at = 0; at < size;) {
        size_t wanted = size - at < sizeof there ? size - at : sizeof there;
        size_t got;
        if (tj_descriptor_read(there, wanted, &got, fd) != 0 || got != wanted ||
            memcmp(there, bytes + at, wanted) != 0) {
            return false;
        }
        at += wanted;
    }
    return true;
}

/* A link there, or a file that cannot be read, is not what was asked for. */
static bool is_there(const struct tj_folder_writer *w, const char *path, const void *bytes,
                     size_t size)
{
    struct stat st;
    int fd = openat(w->dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return false;
    }
    bool same = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == size &&
                same_bytes(fd, bytes, size);
    (void)close(fd);
    return same;
}

/* The folders of a path. */
static bool make_folders(struct tj_folder_writer *w, const char *path)
{
    char folder[TJ_FOLDER_PATH_MAX];
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
        if (mkdirat(w->dir, folder, 0755) == 0) {
            note(w, folder);
        } else if (errno != EEXIST) {
            return false;
        }
    }
    return true;
}

static int put_in_place(struct tj_folder_writer *w, const char *temporary, const char *path)
{
    if (renameat(w->dir, temporary, w->dir, path) == 0) {
        return 0;
    }
    if (errno != ENOENT || !make_folders(w, path)) {
        return errno;
    }
    return renameat(w->dir, temporary, w->dir, path) == 0 ? 0 : errno;
}

/* 0 or the errno. The file has its final name only when all of it is written; `synced`: and is on
 * the disk, so that a power cut cannot leave an empty file in the place of an old one. */
static int write_whole(struct tj_folder_writer *w, const char *path, const void *bytes, size_t size,
                       bool synced)
{
    char temporary[64];
    snprintf(temporary, sizeof temporary, TJ_FOLDER_UNFINISHED "-%ld", (long)getpid());
    (void)unlinkat(w->dir, temporary, 0);
    int fd = openat(w->dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0) {
        return errno;
    }
    int error = tj_descriptor_write(fd, bytes, size);
    if (error == 0 && synced && fsync(fd) != 0) {
        error = errno;
    }
    if (close(fd) != 0 && error == 0) {
        error = errno;
    }
    if (error == 0) {
        error = put_in_place(w, temporary, path);
    }
    if (error != 0) {
        (void)unlinkat(w->dir, temporary, 0);
    }
    return error;
}

static enum tijori_status put(struct tj_folder_writer *w, const char *path, const void *bytes,
                              size_t size, bool synced)
{
    if (is_there(w, path, bytes, size)) {
        w->believed = true;
        return TIJORI_OK;
    }
    int error = write_whole(w, path, bytes, size, synced);
    if (error != 0) {
        return tj_say_errno(w->message, error, path);
    }
    note(w, path);
    w->files++;
    w->bytes += size;
    return TIJORI_OK;
}

enum tijori_status tj_folder_put(struct tj_folder_writer *w, const char *path, const void *bytes,
                                 size_t size)
{
    return put(w, path, bytes, size, false);
}

enum tijori_status tj_folder_put_durably(struct tj_folder_writer *w, const char *path,
                                         const void *bytes, size_t size)
{
    enum tijori_status status = tj_folder_sync(w);
    if (status == TIJORI_OK) {
        status = put(w, path, bytes, size, true);
    }
    if (status == TIJORI_OK) {
        status = tj_folder_sync(w);
    }
    return status;
}

/* ---- what is there ---- */

/* A folder that is not there has no names. */
static enum tijori_status each_name(struct tj_folder_writer *w, const char *path, void *context,
                                    void (*visit)(void *context, const char *name))
{
    int error = tj_folder_names(w->dir, path, context, visit);
    if (error != 0 && error != ENOENT && error != ENOTDIR) {
        return tj_say_errno(w->message, error, path);
    }
    return TIJORI_OK;
}

static void note_alien(void *context, const char *name)
{
    if (!tj_folder_unfinished(name) && tj_folder_top_of(name) == NULL) {
        snprintf(context, TJ_FOLDER_PATH_MAX, "%.100s", name);
    }
}

enum tijori_status tj_folder_find_alien(struct tj_folder_writer *w, char alien[TJ_FOLDER_PATH_MAX])
{
    alien[0] = '\0';
    return each_name(w, ".", alien, note_alien);
}

static void note_width(void *context, const char *name)
{
    bool *there = context;
    uint64_t width;
    if (tj_parse_decimal64(&width, name, strlen(name)) && width < TJ_TILE_WIDTH) {
        there[width] = true;
    }
}

enum tijori_status tj_folder_widths(struct tj_folder_writer *w, bool there[TJ_TILE_WIDTH],
                                    unsigned level, uint64_t number)
{
    char path[TJ_TILE_PATH_MAX];
    tj_tile_path(path, level, number, 1);
    *strrchr(path, '/') = '\0';
    memset(there, 0, TJ_TILE_WIDTH * sizeof *there);
    return each_name(w, path, there, note_width);
}

/* ---- life ---- */

static void remove_unfinished(void *context, const char *name)
{
    const struct tj_folder_writer *w = context;
    if (tj_folder_unfinished(name)) {
        (void)unlinkat(w->dir, name, 0); /* one that stays takes room, and is in nobody's way */
    }
}

static enum tijori_status open_locked(struct tj_folder_writer *w, const char *path)
{
    int error = tj_folder_make(AT_FDCWD, path, 0755);
    if (error != 0) {
        return tj_say_errno(w->message, error, path);
    }
    w->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (w->dir < 0) {
        return tj_say_errno(w->message, errno, path);
    }
    w->locked = flock(w->dir, LOCK_EX | LOCK_NB) == 0;
    if (!w->locked && errno == EWOULDBLOCK) {
        return tj_say(w->message, TIJORI_LOCKED, "%s: another export is writing into this folder",
                      path);
    }
    if (w->locked) {
        return each_name(w, ".", w, remove_unfinished);
    }
    return TIJORI_OK;
}

enum tijori_status tj_folder_writer_open(struct tj_folder_writer *out, const char *path,
                                         struct tijori_message *message)
{
    *out = (struct tj_folder_writer){.message = message, .dir = -1};
    out->unsynced = malloc(UNSYNCED_MAX);
    enum tijori_status status = TIJORI_OK;
    if (out->unsynced == NULL) {
        status = tj_say_status(message, TIJORI_MEMORY, path, NULL);
    } else {
        status = open_locked(out, path);
    }
    if (status != TIJORI_OK) {
        tj_folder_writer_close(out);
    }
    return status;
}

void tj_folder_writer_close(struct tj_folder_writer *w)
{
    if (w->dir >= 0) {
        (void)close(w->dir); /* and with it goes the lock */
    }
    free(w->unsynced);
    w->unsynced = NULL;
    w->dir = -1;
}
