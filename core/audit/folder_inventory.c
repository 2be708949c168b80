#include "core/audit/folder_inventory.h"

#include "core/format/format_document.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>

struct file_walk {
    struct tj_folder *s;
    char path[TJ_FOLDER_PATH_MAX];
    uint64_t tiles;
    char alien[TJ_FOLDER_PATH_MAX];
};

/* Is it a tile that a tree of this size has, or had on the way? */
static bool tile_belongs(const struct tj_folder *s, const char *path)
{
    unsigned level;
    uint64_t number;
    unsigned width;
    if (!tj_tile_path_decode(&level, &number, &width, path)) {
        return false;
    }
    if (level == TJ_TILE_ENTRIES) {
        level = 0; /* a bundle is as wide as the tile of its leaves */
    }
    if (level >= TJ_TILE_LEVELS) {
        return false;
    }
    uint64_t nodes = s->source.size >> (8 * level);
    return number <= nodes / TJ_TILE_WIDTH && number * TJ_TILE_WIDTH + width <= nodes;
}

/* Looks into directories, as deep as a path has room for. A longer path does not belong. */
static void walk_tiles(void *context, const char *name)
{
    struct file_walk *walk = context;
    struct stat st = {.st_mode = 0};
    size_t before = strlen(walk->path);
    size_t room = sizeof walk->path - before;
    int size = snprintf(walk->path + before, room, "/%s", name);
    bool fits = size > 0 && (size_t)size < room;
    bool found = fits && fstatat(walk->s->dir, walk->path, &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (found && S_ISDIR(st.st_mode)) {
        tj_folder_visit(walk->s, walk_tiles, walk, walk->path);
    } else if (found && S_ISREG(st.st_mode) && tile_belongs(walk->s, walk->path)) {
        walk->tiles++;
    } else {
        memcpy(walk->alien, walk->path, sizeof walk->alien);
    }
    walk->path[before] = '\0';
}

static void walk_top(void *context, const char *name)
{
    struct file_walk *walk = context;
    struct stat st = {.st_mode = 0};
    const struct tj_folder_top *known = tj_folder_top_of(name);
    (void)fstatat(walk->s->dir, name, &st, AT_SYMLINK_NOFOLLOW);
    if (known != NULL && (st.st_mode & S_IFMT) == (known->directory ? S_IFDIR : S_IFREG)) {
        return;
    }
    snprintf(walk->alien, sizeof walk->alien, "%.100s", name);
}

/* Nothing depends on FORMAT.md, so another edition of it is no failure. */
static void check_format_document(struct tj_folder *s, struct tj_replay_report *report)
{
    enum tj_read_answer answer =
        tj_folder_read(s, &s->file, TJ_FOLDER_DOCUMENT, TJ_FOLDER_DOCUMENT_MAX);
    if (answer == TJ_READ_OK && s->file.size == tj_format_document_size &&
        memcmp(s->file.bytes, tj_format_document, s->file.size) == 0) {
        tj_pass(report, TJ_CHECK_FILES, 1);
        return;
    }
    tj_skip(report, TJ_CHECK_FILES, 1, TJ_FOLDER_DOCUMENT " %s",
            answer == TJ_READ_MISSING ? "is missing" : "is not the one that this program knows");
}

/* The first that was met; in either of two places. Answers whether there is one. */
static bool fail_alien(struct tj_replay_report *report, const char *first, const char *second)
{
    const char *path = first[0] != '\0' ? first : second;
    if (path[0] == '\0') {
        return false;
    }
    tj_fail(report, TJ_CHECK_FILES, UINT64_MAX, NULL, NULL,
            "%s: the log does not account for this file", path);
    return true;
}

static int by_hash(const void *a, const void *b)
{
    return memcmp(a, b, TJ_HASH_SIZE);
}

static void find_body(void *context, const struct tj_view *name)
{
    struct tj_folder *s = context;
    if (bsearch(name->bytes, s->bodies, s->body_count, sizeof *s->bodies, by_hash) == NULL) {
        tj_content_path(s->alien, TJ_FOLDER_BODIES, name->bytes);
    }
}

static void check_bodies(struct tj_folder *s, struct tj_progress *progress)
{
    struct tj_content_walk walk = {.folder = s, .path = TJ_FOLDER_BODIES, .context = s};
    if (progress->start == 0) { /* what entries before this audit have is not known */
        walk.name = find_body;
    }
    if (s->body_count > 0) {
        qsort(s->bodies, s->body_count, sizeof *s->bodies, by_hash);
    }
    tj_folder_walk_content(&walk);
    if (!fail_alien(progress->report, walk.alien, s->alien)) {
        tj_pass(progress->report, TJ_CHECK_FILES, s->body_count);
    }
}

static void check_files(struct tj_folder *s, struct tj_progress *progress)
{
    struct file_walk walk = {.s = s, .path = TJ_FOLDER_TILES};
    struct tj_content_walk attachments = {.folder = s, .path = TJ_FOLDER_ATTACHMENTS};
    tj_folder_visit(s, walk_top, &walk, ".");
    tj_folder_visit(s, walk_tiles, &walk, TJ_FOLDER_TILES);
    tj_folder_walk_content(&attachments);
    if (fail_alien(progress->report, walk.alien, attachments.alien)) {
        return;
    }
    if (progress->start == 0 && walk.tiles != s->tiles) {
        tj_fail(progress->report, TJ_CHECK_FILES, UINT64_MAX, NULL, NULL,
                TJ_FOLDER_TILES ": %" PRIu64 " files, of which %" PRIu64 " were checked",
                walk.tiles, s->tiles);
        return;
    }
    tj_pass(progress->report, TJ_CHECK_FILES, s->tiles + s->listed_count + 1);
}

void tj_folder_check_inventory(struct tj_folder *folder, struct tj_progress *progress)
{
    check_files(folder, progress);
    check_bodies(folder, progress);
    check_format_document(folder, progress->report);
}
