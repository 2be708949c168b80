#include "core/audit/folder_inventory.h"

#include "core/format/format_document.h"

#include <inttypes.h>

struct file_walk {
    struct tj_folder *s;
    char path[TJ_FOLDER_PATH_MAX];
    uint64_t tiles;
    uint64_t names; /* in the directory being read */
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
    enum tj_read_answer found = TJ_READ_BAD;
    if (fits) {
        found = tj_folder_look(walk->s, &st, walk->path);
    }
    uint64_t names = walk->names;
    if (found == TJ_READ_UNREADABLE) {
        /* Nothing is said of it. */
    } else if (found == TJ_READ_OK && S_ISDIR(st.st_mode)) {
        walk->names = 0;
        enum tj_read_answer listed = tj_folder_list(walk->s, walk_tiles, walk, walk->path);
        if (listed == TJ_READ_OK && walk->names == 0) {
            tj_folder_note_alien(walk->s, "%s/ (nothing in it)", walk->path);
        }
    } else if (found == TJ_READ_OK && S_ISREG(st.st_mode) && tile_belongs(walk->s, walk->path)) {
        walk->tiles++;
    } else {
        tj_folder_note_alien(walk->s, "%s", walk->path);
    }
    walk->names = names + 1;
    walk->path[before] = '\0';
}

static void walk_top(void *context, const char *name)
{
    struct tj_folder *s = context;
    struct stat st = {.st_mode = 0};
    const struct tj_folder_top *known = tj_folder_top_of(name);
    if (tj_folder_look(s, &st, name) == TJ_READ_UNREADABLE) {
        return;
    }
    if (known == NULL || (st.st_mode & S_IFMT) != (known->directory ? S_IFDIR : S_IFREG)) {
        tj_folder_note_alien(s, "%.100s", name);
    }
}

/* Nothing depends on it, so that it is another edition, or missing, is no more than a note. */
static void check_format_document(struct tj_folder *s, struct tj_replay_report *report)
{
    tj_watch(report);
    enum tj_read_answer answer =
        tj_folder_read(s, &s->file, TJ_FOLDER_DOCUMENT, TJ_FOLDER_DOCUMENT_MAX);
    if (answer == TJ_READ_OK && s->file.size == tj_format_document_size &&
        memcmp(s->file.bytes, tj_format_document, s->file.size) == 0) {
        tj_pass(report, TJ_CHECK_FILES, 1);
        return;
    }
    if (answer == TJ_READ_UNREADABLE) {
        tj_skip_troubled(report, TJ_CHECK_FILES, 1, TJ_FOLDER_DOCUMENT);
        return;
    }
    tj_note(report, TJ_FOLDER_DOCUMENT " %s",
            answer == TJ_READ_MISSING ? "is missing"
                                      : "is not the edition that this program knows");
}

/* What the folder shows is its maker's word; what it lacks is judged body by body. */
static void check_kind(struct tj_folder *s, struct tj_replay_report *report)
{
    enum tj_folder_kind kind;
    tj_watch(report);
    enum tj_read_answer answer = tj_folder_read(s, &s->file, TJ_FOLDER_KIND, TJ_FOLDER_KIND_MAX);
    if (answer == TJ_READ_UNREADABLE) {
        tj_skip_troubled(report, TJ_CHECK_FILES, 1, TJ_FOLDER_KIND);
        return;
    }
    if (answer != TJ_READ_OK || !tj_folder_kind_decode(&kind, s->file.bytes, s->file.size)) {
        tj_skip(report, TJ_CHECK_FILES, 1, TJ_FOLDER_KIND ": %s",
                answer == TJ_READ_MISSING ? "this file is missing" : "says no kind of folder");
        return;
    }
    tj_pass(report, TJ_CHECK_FILES, 1);
    if (kind == TJ_FOLDER_PUBLIC && report->restricted_seen > 0) {
        tj_find(report, UINT64_MAX,
                "a public folder that has the records of %" PRIu64
                " restricted entries: whoever reads it sees what was to stay confidential",
                report->restricted_seen);
    }
}

/* The first few by name. */
static void tell_aliens(struct tj_folder *s, struct tj_replay_report *report)
{
    const struct tj_aliens *aliens = &s->aliens;
    char names[TJ_ALIENS_SHOWN_MAX * (TJ_FOLDER_PATH_MAX + 2)] = "";
    if (aliens->count == 0) {
        return;
    }
    for (uint64_t i = 0; i < aliens->count && i < TJ_ALIENS_SHOWN_MAX; i++) {
        size_t at = strlen(names);
        snprintf(names + at, sizeof names - at, " %s;", aliens->shown[i]);
    }
    tj_skip(report, TJ_CHECK_FILES, aliens->count,
            "not looked at, as the log does not account for it:%s %" PRIu64 " in all", names,
            aliens->count);
}

static int by_hash(const void *a, const void *b)
{
    return memcmp(a, b, TJ_HASH_SIZE);
}

static void find_body(void *context, const struct tj_view *name)
{
    struct tj_folder *s = context;
    if (bsearch(name->bytes, s->bodies, s->body_count, sizeof *s->bodies, by_hash) == NULL) {
        char path[TJ_FOLDER_PATH_MAX];
        tj_content_path(path, TJ_FOLDER_BODIES, name->bytes);
        tj_folder_note_alien(s, "%s", path);
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
    tj_watch(progress->report);
    tj_folder_walk_content(&walk);
    if (tj_troubled(progress->report)) {
        tj_skip_troubled(progress->report, TJ_CHECK_FILES, 1, TJ_FOLDER_BODIES);
    }
    tj_pass(progress->report, TJ_CHECK_FILES, s->body_count);
}

static void check_files(struct tj_folder *s, struct tj_progress *progress)
{
    struct file_walk walk = {.s = s, .path = TJ_FOLDER_TILES};
    struct tj_content_walk attachments = {.folder = s, .path = TJ_FOLDER_ATTACHMENTS};
    tj_watch(progress->report);
    (void)!tj_folder_list(s, walk_top, s, ".");
    (void)!tj_folder_list(s, walk_tiles, &walk, TJ_FOLDER_TILES);
    tj_folder_walk_content(&attachments);
    if (tj_troubled(progress->report)) {
        tj_skip_troubled(progress->report, TJ_CHECK_FILES, 1, "the names in the folder");
    } else if (progress->start == 0 && walk.tiles != s->tiles) {
        tj_skip(progress->report, TJ_CHECK_FILES, 1,
                TJ_FOLDER_TILES ": %" PRIu64 " files, of which %" PRIu64 " were checked",
                walk.tiles, s->tiles);
    }
    tj_pass(progress->report, TJ_CHECK_FILES, s->tiles + s->listed_count + 1);
}

void tj_folder_check_inventory(struct tj_folder *folder, struct tj_progress *progress)
{
    check_files(folder, progress);
    check_bodies(folder, progress);
    check_format_document(folder, progress->report);
    check_kind(folder, progress->report);
    tell_aliens(folder, progress->report);
}
