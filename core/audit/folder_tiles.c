#include "core/audit/folder_tiles.h"

#include <fcntl.h>
#include <sys/stat.h>

/* Compares the first `width` nodes of the newest tile of a level. *wrong gets the first node that
 * is another or missing; or the last, when more follows it. */
static bool tile_is(const struct tj_progress *progress, unsigned *wrong,
                    const struct tj_file_bytes *file, unsigned level, unsigned width)
{
    TJ_VERIFY_CHECK(width > 0 && width <= TJ_TILE_WIDTH);
    for (unsigned i = 0; i < width; i++) {
        size_t end = (size_t)(i + 1) * TJ_HASH_SIZE;
        if (file->size < end ||
            memcmp(file->bytes + end - TJ_HASH_SIZE, progress->recent->nodes[level][i].bytes,
                   TJ_HASH_SIZE) != 0) {
            *wrong = i;
            return false;
        }
    }
    *wrong = width - 1;
    return file->size == (size_t)width * TJ_HASH_SIZE;
}

static const char *tile_fault(enum tj_read_answer answer)
{
    switch (answer) {
    case TJ_READ_OK:
        return "the hashes are not those of the entries";
    case TJ_READ_MISSING:
        return "this file is missing";
    case TJ_READ_BAD:
        return "too large, or not a regular file";
    case TJ_READ_UNREADABLE:
        return "could not be read";
    }
    abort();
}

static bool compare_tile(struct tj_folder *s, struct tj_progress *progress, unsigned level,
                         uint64_t number, unsigned width)
{
    char path[TJ_TILE_PATH_MAX];
    unsigned wrong = 0;
    struct tj_replay_report *report = progress->report;
    tj_tile_path(path, level, number, width);
    /* One byte more is read than it may have, so that one that is too long is seen. */
    enum tj_read_answer answer =
        tj_folder_read(s, &s->file, path, TJ_TILE_WIDTH * TJ_HASH_SIZE + 1);
    if (answer == TJ_READ_OK && tile_is(progress, &wrong, &s->file, level, width)) {
        s->tiles++;
        return tj_pass(report, TJ_CHECK_TILES, 1);
    }
    if (answer == TJ_READ_UNREADABLE) {
        return tj_skip_troubled(report, TJ_CHECK_TILES, 1, path);
    }
    uint64_t entry = (number * TJ_TILE_WIDTH + wrong) << (8 * level);
    return tj_fail(report, TJ_CHECK_TILES, entry < report->entries ? entry : UINT64_MAX, NULL, NULL,
                   "%s: %s", path, tile_fault(answer));
}

/* Compares a file with the first `count` entries of the newest bundle, by their leaf hashes, and
 * answers where they part: the first entry that is another or missing; or the last, when more
 * follows it; or `count`, when it has just these. */
static unsigned first_wrong(const struct tj_progress *progress, const struct tj_file_bytes *file,
                            unsigned count)
{
    const uint8_t *at = file->bytes;
    const uint8_t *end = file->bytes + file->size;
    for (unsigned i = 0; i < count; i++) {
        const uint8_t *entry;
        size_t size;
        struct tj_hash leaf;
        if (!tj_bundle_next(&at, &entry, &size, end)) {
            return i;
        }
        tj_leaf_hash(progress->digester->hasher, &leaf, entry, size);
        if (!tj_hash_equal(&leaf, &progress->recent->nodes[0][i])) {
            return i;
        }
    }
    if (at == end) {
        return count;
    }
    return count - 1;
}

/* A bundle of an earlier size must be a beginning of the one that was read in order. The entries of
 * that one are not read again here: their hashes are at hand. */
static bool compare_bundle(struct tj_folder *s, struct tj_progress *progress, uint64_t number,
                           unsigned width)
{
    char path[TJ_TILE_PATH_MAX];
    unsigned wrong = 0;
    tj_tile_path(path, TJ_TILE_ENTRIES, number, width);
    enum tj_read_answer answer = tj_folder_read(s, &s->file, path, TJ_BUNDLE_SIZE_MAX);
    if (answer == TJ_READ_UNREADABLE) {
        return tj_skip_troubled(progress->report, TJ_CHECK_TILES, 1, path);
    }
    if (answer == TJ_READ_OK) {
        wrong = first_wrong(progress, &s->file, width);
        if (wrong == width) {
            s->tiles++;
            return tj_pass(progress->report, TJ_CHECK_TILES, 1);
        }
    }
    return tj_fail(progress->report, TJ_CHECK_TILES, number * TJ_TILE_WIDTH + wrong, NULL, NULL,
                   "%s: not the beginning of the entries it is named for", path);
}

struct partials {
    struct tj_folder *s;
    struct tj_progress *progress;
    unsigned level;
    uint64_t number;
    unsigned below; /* widths below this one are of earlier sizes */
    bool sound;
};

/* A link or a folder in the place of a file. */
static bool is_no_file(const struct tj_folder *s, unsigned level, uint64_t number, unsigned width)
{
    char path[TJ_TILE_PATH_MAX];
    struct stat st;
    tj_tile_path(path, level, number, width);
    return fstatat(s->dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(st.st_mode);
}

static void compare_partial(void *context, const char *name)
{
    struct partials *p = context;
    uint64_t width;
    /* A name that is no width, a width that this tree never had, and what is no file are met by the
     * inventory. */
    if (!p->sound || !tj_parse_decimal64(&width, name, strlen(name)) || width == 0 ||
        width >= p->below || is_no_file(p->s, p->level, p->number, (unsigned)width)) {
        return;
    }
    if (p->level == TJ_TILE_ENTRIES) {
        p->sound = compare_bundle(p->s, p->progress, p->number, (unsigned)width);
        return;
    }
    p->sound = compare_tile(p->s, p->progress, p->level, p->number, (unsigned)width);
}

/* Checks what earlier sizes left of a tile or bundle that is `width` wide now. */
static bool compare_partials(struct tj_folder *s, struct tj_progress *progress, unsigned level,
                             uint64_t number, unsigned width)
{
    char path[TJ_TILE_PATH_MAX];
    struct partials partials = {s, progress, level, number, width, true};
    tj_tile_path(path, level, number, 1);
    *strrchr(path, '/') = '\0';
    if (tj_folder_list(s, compare_partial, &partials, path) == TJ_READ_UNREADABLE &&
        partials.sound) {
        return tj_skip_troubled(progress->report, TJ_CHECK_TILES, 1, path);
    }
    return partials.sound;
}

static bool compare_tiles(struct tj_folder *s, struct tj_progress *progress, unsigned level,
                          uint64_t number, unsigned width)
{
    TJ_VERIFY_CHECK(level < TJ_TILE_LEVELS && width > 0 && width <= TJ_TILE_WIDTH);
    return compare_tile(s, progress, level, number, width) &&
           compare_partials(s, progress, level, number, width);
}

/* The widest bundle was read in order, and every byte of it judged. */
static bool compare_bundles(struct tj_folder *s, struct tj_progress *progress, uint64_t number,
                            unsigned width)
{
    TJ_VERIFY_CHECK(number * TJ_TILE_WIDTH + width <= s->source.size);
    s->tiles++;
    tj_pass(progress->report, TJ_CHECK_TILES, 1);
    return compare_partials(s, progress, TJ_TILE_ENTRIES, number, width);
}

/* An entry completes a tile of a level when it completes one of every level below. */
bool tj_folder_check_full_tiles(struct tj_folder *s, struct tj_progress *progress)
{
    uint64_t size = progress->report->entries;
    if (size % TJ_TILE_WIDTH != 0) {
        return true;
    }
    if (!compare_bundles(s, progress, size / TJ_TILE_WIDTH - 1, TJ_TILE_WIDTH)) {
        return false;
    }
    for (unsigned level = 0; level < TJ_TILE_LEVELS - 1; level++) {
        uint64_t nodes = size >> (8 * level);
        if (nodes << (8 * level) != size || nodes % TJ_TILE_WIDTH != 0) {
            return true;
        }
        if (!compare_tiles(s, progress, level, nodes / TJ_TILE_WIDTH - 1, TJ_TILE_WIDTH)) {
            return false;
        }
    }
    return true;
}

bool tj_folder_check_last_tiles(struct tj_folder *s, struct tj_progress *progress)
{
    uint64_t size = progress->report->entries;
    unsigned left = (unsigned)(size % TJ_TILE_WIDTH);
    if (left != 0 && !compare_bundles(s, progress, size / TJ_TILE_WIDTH, left)) {
        return false;
    }
    for (unsigned level = 0; level < TJ_TILE_LEVELS; level++) {
        unsigned width = tj_tile_partial(size, level);
        if (width > 0 && !compare_tiles(s, progress, level, tj_tile_full(size, level), width)) {
            return false;
        }
    }
    return true;
}
