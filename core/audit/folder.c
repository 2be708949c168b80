#include "core/audit/folder.h"

#include "core/base/memory.h"
#include "storage/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- files ---- */

static bool fill(struct tj_folder *s, struct tj_file_bytes *buffer, int fd, size_t size)
{
    /* One byte more than the file has, so that an empty one has a place too. */
    if (!tj_grow(&buffer->bytes, &buffer->capacity, size + 1, 1)) {
        s->source.no_memory = true;
        return false;
    }
    return tj_descriptor_read(buffer->bytes, size, &buffer->size, fd) == 0 && buffer->size == size;
}

/* A link is not followed, and a pipe not waited for: the folder may come from anybody. */
enum tj_read_answer tj_folder_read(struct tj_folder *s, struct tj_file_bytes *out, const char *path,
                                   size_t max)
{
    struct stat st;
    int fd = openat(s->dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        if (errno == ENOENT || errno == ENOTDIR) {
            return TJ_READ_MISSING;
        }
        return TJ_READ_BAD;
    }
    bool fits = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= 0 &&
                (uint64_t)st.st_size <= max;
    bool good = fits && fill(s, out, fd, (size_t)st.st_size);
    close(fd);
    if (!good) {
        return TJ_READ_BAD;
    }
    return TJ_READ_OK;
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

bool tj_folder_visit(struct tj_folder *s, tj_name_visitor *visit, void *context, const char *path)
{
    int fd = openat(s->dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return false;
    }
    DIR *directory = fdopendir(fd);
    if (directory == NULL) {
        s->source.no_memory = true;
        close(fd);
        return false;
    }
    for (struct dirent *row = readdir(directory); row != NULL; row = readdir(directory)) {
        if (strcmp(row->d_name, ".") != 0 && strcmp(row->d_name, "..") != 0) {
            visit(context, row->d_name);
        }
    }
    closedir(directory);
    return true;
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
    if (!tj_folder_visit(walk->folder, content_file, &counted, path)) {
        tj_folder_note_alien(walk->folder, "%s", path);
    } else if (counted.names == 0) {
        tj_folder_note_alien(walk->folder, "%s/ (nothing in it)", path);
    }
}

void tj_folder_walk_content(struct tj_content_walk *walk)
{
    struct counted_walk all = {walk, 0};
    if (tj_folder_visit(walk->folder, content_directory, &all, walk->path) && all.names == 0) {
        tj_folder_note_alien(walk->folder, "%s/ (nothing in it)", walk->path);
    }
}
