#include "core/audit/folder.h"

#include "core/base/memory.h"
#include "storage/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- files ---- */

/* What the error of a system call says of what stands at a path: nothing does, something else than
 * was asked for, or this machine could not tell. */
static enum tj_read_answer answer_of(struct tj_folder *s, int error, const char *path)
{
    if (error == ENOENT || error == ENOTDIR) {
        return TJ_READ_MISSING;
    }
    if (error == ELOOP || error == ENXIO || error == ENAMETOOLONG) {
        return TJ_READ_BAD;
    }
    tj_trouble_errno(&s->source.trouble, error, path);
    return TJ_READ_UNREADABLE;
}

static enum tj_read_answer fill(struct tj_folder *s, struct tj_file_bytes *buffer, int fd,
                                size_t size, const char *path)
{
    /* One byte more than the file has, so that an empty one has a place too. */
    if (!tj_grow(&buffer->bytes, &buffer->capacity, size + 1, 1)) {
        tj_trouble_errno(&s->source.trouble, ENOMEM, path);
        return TJ_READ_UNREADABLE;
    }
    int error = tj_descriptor_read(buffer->bytes, size, &buffer->size, fd);
    if (error != 0) {
        tj_trouble_errno(&s->source.trouble, error, path);
        return TJ_READ_UNREADABLE;
    }
    if (buffer->size != size) {
        tj_trouble_note(&s->source.trouble, TIJORI_IO, "%s: became shorter while it was read",
                        path);
        return TJ_READ_UNREADABLE;
    }
    return TJ_READ_OK;
}

/* A link is not followed, and a pipe not waited for: the folder may come from anybody. */
enum tj_read_answer tj_folder_read(struct tj_folder *s, struct tj_file_bytes *out, const char *path,
                                   size_t max)
{
    struct stat st;
    int fd = openat(s->dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return answer_of(s, errno, path);
    }
    enum tj_read_answer answer = TJ_READ_BAD;
    if (fstat(fd, &st) != 0) {
        answer = answer_of(s, errno, path);
    } else if (S_ISREG(st.st_mode) && st.st_size >= 0 && (uint64_t)st.st_size <= max) {
        answer = fill(s, out, fd, (size_t)st.st_size, path);
    }
    close(fd);
    return answer;
}

enum tj_read_answer tj_folder_look(struct tj_folder *s, struct stat *out, const char *path)
{
    if (fstatat(s->dir, path, out, AT_SYMLINK_NOFOLLOW) == 0) {
        return TJ_READ_OK;
    }
    out->st_mode = 0;
    return answer_of(s, errno, path);
}

/* ---- entry bundles ---- */

unsigned tj_folder_bundle_width(const struct tj_folder *s, uint64_t number)
{
    TJ_VERIFY_CHECK(number < UINT64_MAX / TJ_TILE_WIDTH);
    TJ_VERIFY_CHECK(number * TJ_TILE_WIDTH < s->source.size);
    uint64_t left = s->source.size - number * TJ_TILE_WIDTH;
    if (left < TJ_TILE_WIDTH) {
        return (unsigned)left;
    }
    return TJ_TILE_WIDTH;
}

enum tj_read_answer tj_folder_bundle(struct tj_folder *s, struct tj_file_bytes *out,
                                     uint64_t number)
{
    char path[TJ_TILE_PATH_MAX];
    tj_tile_path(path, TJ_TILE_ENTRIES, number, tj_folder_bundle_width(s, number));
    return tj_folder_read(s, out, path, TJ_BUNDLE_SIZE_MAX);
}

bool tj_bundle_skip(const uint8_t **at, const struct tj_file_bytes *bundle, uint64_t count)
{
    const uint8_t *entry;
    size_t size;
    *at = bundle->bytes;
    for (uint64_t i = 0; i < count; i++) {
        if (!tj_bundle_next(at, &entry, &size, bundle->bytes + bundle->size)) {
            return false;
        }
    }
    return true;
}

bool tj_folder_past_bundle(struct tj_folder *s, uint64_t number)
{
    if (s->past_number != number) {
        s->past_number = UINT64_MAX;
        if (tj_folder_bundle(s, &s->past_bundle, number) != TJ_READ_OK) {
            return false;
        }
        s->past_number = number;
    }
    return true;
}

/* ---- directories ---- */

/* A directory that was not read to its end counts as not read: what is missing from it is not known
 * to be missing. */
enum tj_read_answer tj_folder_list(struct tj_folder *s, tj_name_visitor *visit, void *context,
                                   const char *path)
{
    int error = tj_folder_names(s->dir, path, context, visit);
    if (error != 0) {
        return answer_of(s, error, path);
    }
    return TJ_READ_OK;
}

/* ---- what is named by its hash ---- */

void tj_folder_note_alien(struct tj_folder *s, const char *format, ...)
{
    va_list arguments;
    if (s->aliens.count < TJ_ALIENS_SHOWN_MAX) {
        va_start(arguments, format);
        (void)vsnprintf(s->aliens.shown[s->aliens.count], TJ_FOLDER_PATH_MAX, format, arguments);
        va_end(arguments);
    }
    s->aliens.count++;
}

struct counted_walk {
    struct tj_content_walk *walk;
    uint64_t names; /* in the directory being read */
};

static void content_file(void *context, const char *name)
{
    struct counted_walk *counted = context;
    struct tj_content_walk *walk = counted->walk;
    uint8_t hash[TJ_HASH_SIZE];
    struct tj_view view = {hash, sizeof hash};
    counted->names++;
    if (!tj_content_path_decode(hash, walk->first, name)) {
        tj_folder_note_alien(walk->folder, "%s/%s/%.80s", walk->path, walk->first, name);
        return;
    }
    walk->count++;
    if (walk->name != NULL) {
        walk->name(walk->context, &view);
    }
}

static void content_directory(void *context, const char *name)
{
    struct counted_walk *all = context;
    struct tj_content_walk *walk = all->walk;
    struct counted_walk counted = {walk, 0};
    char path[TJ_FOLDER_PATH_MAX];
    all->names++;
    snprintf(path, sizeof path, "%s/%.80s", walk->path, name);
    if (strlen(name) != 2) {
        tj_folder_note_alien(walk->folder, "%s", path);
        return;
    }
    snprintf(walk->first, sizeof walk->first, "%.2s", name);
    enum tj_read_answer answer = tj_folder_list(walk->folder, content_file, &counted, path);
    if (answer == TJ_READ_MISSING || answer == TJ_READ_BAD) {
        tj_folder_note_alien(walk->folder, "%s", path);
    } else if (answer == TJ_READ_OK && counted.names == 0) {
        tj_folder_note_alien(walk->folder, "%s/ (nothing in it)", path);
    }
}

void tj_folder_walk_content(struct tj_content_walk *walk)
{
    struct counted_walk all = {walk, 0};
    if (tj_folder_list(walk->folder, content_directory, &all, walk->path) == TJ_READ_OK &&
        all.names == 0) {
        tj_folder_note_alien(walk->folder, "%s/ (nothing in it)", walk->path);
    }
}
