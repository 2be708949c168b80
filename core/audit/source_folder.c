/* An exported folder as a source: core/audit/source.h, docs/FORMAT.md section 14. Plain files, read
 * by this code alone, in whatever state somebody left them. Beside the log it compares the tiles
 * and the entry bundles, partial ones of earlier sizes too, and looks for files that do not belong.
 */

#include "core/format/folder_layout.h"
#include "core/format/format_document.h"
#include "core/audit/source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file's bytes, in memory that grows and is used again. */
struct buffer {
    uint8_t *bytes;
    size_t size;
    size_t capacity;
};

struct listed {
    uint64_t size;
    char name[64];
};

struct folder_source {
    struct tj_source source;
    int dir;
    struct buffer checkpoint; /* the file `checkpoint` */
    size_t listed_count;
    struct listed *listed;          /* of checkpoints/, in order of size */
    char alien[TJ_FOLDER_PATH_MAX]; /* a file that does not belong, or empty */
    /* The bundle being read in order. */
    struct buffer bundle;
    uint64_t bundle_number; /* UINT64_MAX: none */
    const uint8_t *at;
    struct tj_view entry;
    struct tj_entry_view decoded;
    bool has_body;
    size_t body_room; /* that was asked for when the entry was peeked at */
    char why[160];
    /* Reading here and there. */
    struct buffer past_bundle;
    uint64_t past_number;
    struct buffer body;
    struct buffer file;
    struct buffer tile;
    char tile_path[TJ_TILE_PATH_MAX];
    /* What was looked at, to be compared with what there is. */
    uint64_t tiles;         /* files */
    struct tj_hash *bodies; /* the names of the files read, one an entry */
    size_t body_count;
};

static struct folder_source *own(struct tj_source *source)
{
    return (struct folder_source *)source;
}

/* ---- files ---- */

enum read_answer { READ_OK, READ_MISSING, READ_BAD };

static bool fill(int fd, struct buffer *buffer, size_t size)
{
    if (buffer->capacity < size + 1) {
        uint8_t *bytes = realloc(buffer->bytes, size + 1);
        TIJORI_REQUIRE(bytes != NULL);
        buffer->bytes = bytes;
        buffer->capacity = size + 1;
    }
    buffer->size = 0;
    while (buffer->size < size) {
        ssize_t got = read(fd, buffer->bytes + buffer->size, size - buffer->size);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return false;
        }
        buffer->size += got > 0 ? (size_t)got : 0;
    }
    return true;
}

/* A regular file of at most `max` bytes, whole. A link out of the folder is not followed. */
static enum read_answer read_file(const struct folder_source *s, const char *path, size_t max,
                                  struct buffer *out)
{
    struct stat st;
    int fd = openat(s->dir, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        return errno == ENOENT || errno == ENOTDIR ? READ_MISSING : READ_BAD;
    }
    bool good = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= 0 &&
                (uint64_t)st.st_size <= max && fill(fd, out, (size_t)st.st_size);
    close(fd);
    return good ? READ_OK : READ_BAD;
}

/* ---- entries ---- */

static unsigned bundle_width(const struct folder_source *s, uint64_t number)
{
    uint64_t left = s->source.size - number * TJ_TILE_WIDTH;
    return left < TJ_TILE_WIDTH ? (unsigned)left : TJ_TILE_WIDTH;
}

static enum read_answer read_bundle(struct folder_source *s, uint64_t number, struct buffer *out)
{
    char path[TJ_TILE_PATH_MAX];
    tj_tile_path(path, TJ_TILE_ENTRIES, number, bundle_width(s, number));
    return read_file(s, path, TJ_BUNDLE_SIZE_MAX, out);
}

static bool skip_entries(const uint8_t **at, const struct buffer *bundle, uint64_t count)
{
    const uint8_t *entry;
    size_t size;
    *at = bundle->bytes;
    for (uint64_t i = 0; i < count; i++) {
        if (!tj_bundle_next(at, bundle->bytes + bundle->size, &entry, &size)) {
            return false;
        }
    }
    return true;
}

static enum tj_source_answer gap(struct folder_source *s, const char **why, const char *what)
{
    char path[TJ_TILE_PATH_MAX];
    tj_tile_path(path, TJ_TILE_ENTRIES, s->bundle_number, bundle_width(s, s->bundle_number));
    snprintf(s->why, sizeof s->why, "%s: %s", path, what);
    *why = s->why;
    s->bundle_number = UINT64_MAX;
    return TJ_SOURCE_GAP;
}

/* The body of the entry at hand: its size follows from the header. */
static size_t body_size(struct folder_source *s)
{
    char path[TJ_FOLDER_PATH_MAX];
    struct stat st = {.st_mode = 0};
    tj_content_path(path, TJ_FOLDER_BODIES, s->decoded.header.body_root.bytes);
    /* Whatever stands there is a body, if a wrong one: only what is not there at all is missing. */
    s->has_body = fstatat(s->dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0 ||
                  (errno != ENOENT && errno != ENOTDIR);
    return s->has_body && S_ISREG(st.st_mode) && st.st_size <= TJ_BODY_FILE_MAX ? (size_t)st.st_size
                                                                                : 0;
}

static enum tj_source_answer folder_peek(struct tj_source *source, uint64_t index, size_t *memory,
                                         const char **why)
{
    struct folder_source *s = own(source);
    size_t size;
    struct tj_verdict verdict;
    uint64_t number = index / TJ_TILE_WIDTH;
    if (index >= s->source.size) {
        return TJ_SOURCE_END;
    }
    if (s->bundle_number != number) {
        s->bundle_number = number;
        enum read_answer answer = read_bundle(s, number, &s->bundle);
        if (answer != READ_OK) {
            return gap(s, why, answer == READ_MISSING ? "this file is missing" : "unreadable");
        }
        if (!skip_entries(&s->at, &s->bundle, index % TJ_TILE_WIDTH)) {
            return gap(s, why, "the file ends inside an entry");
        }
    }
    const uint8_t *end = s->bundle.bytes + s->bundle.size;
    if (!tj_bundle_next(&s->at, end, &s->entry.bytes, &size)) {
        return gap(s, why, "the file ends before this entry does");
    }
    s->entry.size = size;
    uint64_t in_bundle = index % TJ_TILE_WIDTH + 1;
    if (in_bundle == bundle_width(s, number) && s->at != end) {
        return gap(s, why, "bytes after the last entry");
    }
    tj_verdict_init(&verdict);
    bool formed =
        tj_entry_decode(s->entry.bytes, s->entry.size, &s->decoded, &verdict) == TIJORI_OK;
    s->has_body = false;
    s->body_room = formed ? body_size(s) : 0;
    *memory = s->entry.size + s->body_room;
    *memory += *memory == 0; /* an empty entry still needs a place to be refused from */
    return TJ_SOURCE_ENTRY;
}

static void note_body(struct folder_source *s, const struct tj_hash *name)
{
    if ((s->body_count & (s->body_count - 1)) == 0) {
        size_t room = s->body_count == 0 ? 1 : 2 * s->body_count;
        s->bodies = realloc(s->bodies, room * sizeof *s->bodies);
        TIJORI_REQUIRE(s->bodies != NULL);
    }
    s->bodies[s->body_count++] = *name;
}

static void folder_take(struct tj_source *source, uint8_t *memory, struct tj_source_item *out)
{
    struct folder_source *s = own(source);
    char path[TJ_FOLDER_PATH_MAX];
    memcpy(memory, s->entry.bytes, s->entry.size);
    *out = (struct tj_source_item){.entry = {memory, s->entry.size}};
    if (!s->has_body) {
        return;
    }
    tj_content_path(path, TJ_FOLDER_BODIES, s->decoded.header.body_root.bytes);
    /* Unreadable, or grown in between: there is one, and it is not what was signed. */
    out->records = (struct tj_view){memory, 0};
    if (read_file(s, path, TJ_BODY_FILE_MAX, &s->body) == READ_OK && s->body.size <= s->body_room) {
        memcpy(memory + s->entry.size, s->body.bytes, s->body.size);
        out->records = (struct tj_view){memory + s->entry.size, s->body.size};
        note_body(s, &s->decoded.header.body_root);
    }
}

static bool load_past_bundle(struct folder_source *s, uint64_t number)
{
    if (s->past_number != number) {
        s->past_number = UINT64_MAX;
        if (read_bundle(s, number, &s->past_bundle) != READ_OK) {
            return false;
        }
        s->past_number = number;
    }
    return true;
}

static bool folder_entry(struct tj_source *source, uint64_t index, struct tj_view *out)
{
    struct folder_source *s = own(source);
    const uint8_t *at;
    return index < s->source.size && load_past_bundle(s, index / TJ_TILE_WIDTH) &&
           skip_entries(&at, &s->past_bundle, index % TJ_TILE_WIDTH) &&
           tj_bundle_next(&at, s->past_bundle.bytes + s->past_bundle.size, &out->bytes, &out->size);
}

static bool folder_records(struct tj_source *source, const struct tj_entry_view *entry,
                           struct tj_view *out)
{
    struct folder_source *s = own(source);
    char path[TJ_FOLDER_PATH_MAX];
    tj_content_path(path, TJ_FOLDER_BODIES, entry->header.body_root.bytes);
    if (read_file(s, path, TJ_BODY_FILE_MAX, &s->body) != READ_OK ||
        s->body.size != (size_t)entry->header.record_count * TJ_RECORD_SIZE) {
        return false;
    }
    *out = (struct tj_view){s->body.bytes, s->body.size};
    return true;
}

static bool folder_node(struct tj_source *source, unsigned level, uint64_t number,
                        struct tj_hash *out)
{
    struct folder_source *s = own(source);
    char path[TJ_TILE_PATH_MAX];
    uint64_t tile = number / TJ_TILE_WIDTH;
    bool full = tile < tj_tile_full(s->source.size, level);
    unsigned width = full ? TJ_TILE_WIDTH : tj_tile_partial(s->source.size, level);
    if (width == 0 || number % TJ_TILE_WIDTH >= width) {
        return false;
    }
    tj_tile_path(path, level, tile, width);
    if (strcmp(path, s->tile_path) != 0) {
        s->tile_path[0] = '\0';
        if (read_file(s, path, TJ_TILE_WIDTH * TJ_HASH_SIZE, &s->tile) != READ_OK ||
            s->tile.size != (size_t)width * TJ_HASH_SIZE) {
            return false;
        }
        memcpy(s->tile_path, path, sizeof path);
    }
    memcpy(out->bytes, s->tile.bytes + (number % TJ_TILE_WIDTH) * TJ_HASH_SIZE, TJ_HASH_SIZE);
    return true;
}

static bool read_node(void *context, unsigned level, uint64_t number, struct tj_hash *out)
{
    return folder_node(context, level, number, out);
}

/* ---- checkpoints ---- */

/* A checkpoint of this size with a line beside the log's. */
static bool is_cosigned(const struct buffer *file, uint64_t size)
{
    struct tj_note_view view;
    struct tj_checkpoint checkpoint;
    return tj_note_decode(&view, (const char *)file->bytes, file->size) &&
           tj_checkpoint_decode(&checkpoint, view.text, view.text_size) &&
           checkpoint.size == size && view.signature_count > 1;
}

static size_t folder_checkpoint_count(struct tj_source *source)
{
    return own(source)->listed_count + 1;
}

static bool folder_checkpoint(struct tj_source *source, size_t i, struct tj_view *note)
{
    struct folder_source *s = own(source);
    char path[TJ_FOLDER_PATH_MAX];
    if (i == s->listed_count) {
        *note = (struct tj_view){s->checkpoint.bytes, s->checkpoint.size};
        return true;
    }
    struct tj_hasher *hasher = tj_hasher_create();
    struct tj_hash hash;
    snprintf(path, sizeof path, TJ_FOLDER_CHECKPOINTS "/%s", s->listed[i].name);
    bool read = read_file(s, path, TJ_CHECKPOINT_NOTE_MAX, &s->file) == READ_OK;
    if (read) {
        char named[TJ_FOLDER_PATH_MAX];
        tj_sha256(hasher, &hash, s->file.bytes, s->file.size);
        tj_checkpoint_path(named, s->listed[i].size, &hash);
        read = strcmp(path, named) == 0 && is_cosigned(&s->file, s->listed[i].size);
    }
    tj_hasher_destroy(hasher);
    *note = (struct tj_view){s->file.bytes, s->file.size};
    return read;
}

static int by_size(const void *a, const void *b)
{
    const struct listed *x = a;
    const struct listed *y = b;
    return x->size != y->size ? (x->size > y->size) - (x->size < y->size)
                              : strcmp(x->name, y->name);
}

/* Calls `visit` for each name in a directory under the folder; false when there is no such one. */
typedef void visitor(void *context, const char *name);
static bool visit_directory(const struct folder_source *s, const char *path, visitor *visit,
                            void *context)
{
    int fd = openat(s->dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *directory = fd >= 0 ? fdopendir(fd) : NULL;
    if (directory == NULL) {
        if (fd >= 0) {
            close(fd);
        }
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

static void list_checkpoint(void *context, const char *name)
{
    struct folder_source *s = context;
    uint64_t size;
    if (!tj_checkpoint_name_decode(&size, name) || strlen(name) >= sizeof s->listed->name) {
        snprintf(s->alien, sizeof s->alien, TJ_FOLDER_CHECKPOINTS "/%.100s", name);
        return;
    }
    if ((s->listed_count & (s->listed_count - 1)) == 0) {
        size_t room = s->listed_count == 0 ? 1 : 2 * s->listed_count;
        s->listed = realloc(s->listed, room * sizeof *s->listed);
        TIJORI_REQUIRE(s->listed != NULL);
    }
    struct listed *listed = &s->listed[s->listed_count++];
    listed->size = size;
    memcpy(listed->name, name, strlen(name) + 1);
}

/* ---- attachments ---- */

struct content_walk {
    struct folder_source *s;
    const char *folder;
    char first[16];
    void *context;
    void (*name)(void *context, const struct tj_view *name);
    uint64_t count;
    char alien[TJ_FOLDER_PATH_MAX];
};

static void content_file(void *context, const char *name)
{
    struct content_walk *walk = context;
    uint8_t hash[TJ_HASH_SIZE];
    struct tj_view view = {hash, sizeof hash};
    if (!tj_content_path_decode(hash, walk->first, name)) {
        snprintf(walk->alien, sizeof walk->alien, "%s/%s/%.80s", walk->folder, walk->first, name);
        return;
    }
    walk->count++;
    if (walk->name != NULL) {
        walk->name(walk->context, &view);
    }
}

static void content_directory(void *context, const char *name)
{
    struct content_walk *walk = context;
    char path[TJ_FOLDER_PATH_MAX];
    snprintf(path, sizeof path, "%s/%.80s", walk->folder, name);
    if (strlen(name) != 2) {
        memcpy(walk->alien, path, sizeof walk->alien);
        return;
    }
    snprintf(walk->first, sizeof walk->first, "%.2s", name);
    if (!visit_directory(walk->s, path, content_file, walk)) {
        memcpy(walk->alien, path, sizeof walk->alien);
    }
}

static void folder_documents(struct tj_source *source, void *context,
                             void (*visit)(void *context, const struct tj_view *name))
{
    struct content_walk walk = {
        .s = own(source), .folder = TJ_FOLDER_ATTACHMENTS, .context = context, .name = visit};
    visit_directory(walk.s, TJ_FOLDER_ATTACHMENTS, content_directory, &walk);
}

static bool folder_document(struct tj_source *source, const uint8_t name[TJ_HASH_SIZE],
                            struct tj_view *out)
{
    struct folder_source *s = own(source);
    char path[TJ_FOLDER_PATH_MAX];
    tj_content_path(path, TJ_FOLDER_ATTACHMENTS, name);
    if (read_file(s, path, TJ_ATTACHMENT_SIZE_MAX, &s->file) != READ_OK) {
        return false;
    }
    *out = (struct tj_view){s->file.bytes, s->file.size};
    return true;
}

/* ---- tiles ---- */

/* The nodes first to first + width - 1 of a tile, as far as this audit came by them. *wrong: the
 * first that is another or missing; the last, when more follows it. */
static bool tile_is(const struct tj_progress *progress, const struct buffer *file, unsigned level,
                    unsigned width, unsigned known_from, unsigned *wrong)
{
    for (unsigned i = 0; i < width; i++) {
        size_t end = (size_t)(i + 1) * TJ_HASH_SIZE;
        if (file->size < end || (i >= known_from && memcmp(file->bytes + end - TJ_HASH_SIZE,
                                                           progress->recent->nodes[level][i].bytes,
                                                           TJ_HASH_SIZE) != 0)) {
            *wrong = i;
            return false;
        }
    }
    *wrong = width - 1;
    return file->size == (size_t)width * TJ_HASH_SIZE;
}

/* Of the tile's nodes, those before this audit began are not at hand. */
static unsigned known_from(const struct tj_progress *progress, unsigned level, uint64_t number)
{
    uint64_t first = number * TJ_TILE_WIDTH;
    uint64_t known = progress->start >> (8 * level);
    return known <= first                   ? 0
           : known >= first + TJ_TILE_WIDTH ? TJ_TILE_WIDTH
                                            : (unsigned)(known - first);
}

static bool compare_tile(struct folder_source *s, struct tj_progress *progress, unsigned level,
                         uint64_t number, unsigned width)
{
    char path[TJ_TILE_PATH_MAX];
    unsigned wrong = 0;
    struct tj_replay_report *report = progress->report;
    unsigned from = known_from(progress, level, number);
    tj_tile_path(path, level, number, width);
    /* One byte more than it may have, so that it is seen to be too long. */
    enum read_answer answer = read_file(s, path, TJ_TILE_WIDTH * TJ_HASH_SIZE + 1, &s->file);
    if (answer == READ_OK && tile_is(progress, &s->file, level, width, from, &wrong)) {
        s->tiles++;
        return tj_pass(report, TJ_CHECK_TILES, 1);
    }
    uint64_t entry = (number * TJ_TILE_WIDTH + wrong) << (8 * level);
    return tj_fail(report, TJ_CHECK_TILES, entry < report->entries ? entry : UINT64_MAX, NULL, NULL,
                   "%s: %s", path,
                   answer == READ_MISSING ? "this file is missing"
                   : answer == READ_BAD   ? "unreadable"
                                          : "the hashes are not those of the entries");
}

/* Which of the first `count` entries of a bundle `file` has not: the first that is another or
 * missing; the last, when more follows it; `count` when it has just these. */
static unsigned first_wrong(const struct buffer *bundle, const struct buffer *file, unsigned count)
{
    const uint8_t *at = bundle->bytes;
    for (unsigned i = 0; i < count; i++) {
        const uint8_t *entry;
        size_t from = (size_t)(at - bundle->bytes);
        size_t size;
        if (!tj_bundle_next(&at, bundle->bytes + bundle->size, &entry, &size) ||
            file->size < from + 2 + size ||
            memcmp(file->bytes + from, bundle->bytes + from, 2 + size) != 0) {
            return i;
        }
    }
    return file->size == (size_t)(at - bundle->bytes) ? count : count - 1;
}

/* A bundle of an earlier size: a beginning of the one that was read in order, which is read again,
 * since the reading is ahead of the judgement. */
static bool compare_bundle(struct folder_source *s, struct tj_progress *progress, uint64_t number,
                           unsigned width)
{
    char path[TJ_TILE_PATH_MAX];
    unsigned wrong = 0;
    tj_tile_path(path, TJ_TILE_ENTRIES, number, width);
    if (load_past_bundle(s, number) &&
        read_file(s, path, TJ_BUNDLE_SIZE_MAX, &s->file) == READ_OK) {
        wrong = first_wrong(&s->past_bundle, &s->file, width);
        if (wrong == width) {
            s->tiles++;
            return tj_pass(progress->report, TJ_CHECK_TILES, 1);
        }
    }
    return tj_fail(progress->report, TJ_CHECK_TILES, number * TJ_TILE_WIDTH + wrong, NULL, NULL,
                   "%s: not the beginning of the entries it is named for", path);
}

struct partials {
    struct folder_source *s;
    struct tj_progress *progress;
    unsigned level;
    uint64_t number;
    unsigned below; /* widths below this one are of earlier sizes */
    bool sound;
};

static void compare_partial(void *context, const char *name)
{
    struct partials *p = context;
    uint64_t width;
    /* What is no width, or one that this tree did not have, is met by the walk over all files. */
    if (!p->sound || !tj_parse_decimal64(name, strlen(name), &width) || width == 0 ||
        width >= p->below) {
        return;
    }
    p->sound = p->level == TJ_TILE_ENTRIES
                   ? compare_bundle(p->s, p->progress, p->number, (unsigned)width)
                   : compare_tile(p->s, p->progress, p->level, p->number, (unsigned)width);
}

/* A tile or bundle of `width` as the tree now has it, and what earlier sizes left of it. */
static bool compare_all_widths(struct folder_source *s, struct tj_progress *progress,
                               unsigned level, uint64_t number, unsigned width)
{
    char path[TJ_TILE_PATH_MAX];
    struct partials partials = {s, progress, level, number, width, true};
    if (level != TJ_TILE_ENTRIES && !compare_tile(s, progress, level, number, width)) {
        return false;
    }
    if (level == TJ_TILE_ENTRIES) {
        s->tiles++; /* read in order, and every byte of it judged */
        tj_pass(progress->report, TJ_CHECK_TILES, 1);
    }
    tj_tile_path(path, level, number, 1);
    *strrchr(path, '/') = '\0';
    visit_directory(s, path, compare_partial, &partials);
    return partials.sound;
}

static bool folder_begin(struct tj_source *source, struct tj_progress *progress)
{
    struct folder_source *s = own(source);
    return s->alien[0] == '\0' ||
           tj_fail(progress->report, TJ_CHECK_FILES, UINT64_MAX, NULL, NULL,
                   "%s: a checkpoint's file is named by its size and the hash of its bytes",
                   s->alien);
}

static bool folder_accepted(struct tj_source *source, struct tj_progress *progress)
{
    struct folder_source *s = own(source);
    uint64_t size = progress->report->entries;
    if (size % TJ_TILE_WIDTH != 0) {
        return true;
    }
    bool sound =
        compare_all_widths(s, progress, TJ_TILE_ENTRIES, size / TJ_TILE_WIDTH - 1, TJ_TILE_WIDTH);
    for (unsigned level = 0; sound && level < TJ_TILE_LEVELS - 1; level++) {
        uint64_t nodes = size >> (8 * level);
        if (nodes << (8 * level) != size || nodes % TJ_TILE_WIDTH != 0) {
            break;
        }
        sound = compare_all_widths(s, progress, level, nodes / TJ_TILE_WIDTH - 1, TJ_TILE_WIDTH);
    }
    return sound;
}

/* ---- every file ---- */

struct file_walk {
    struct folder_source *s;
    struct tj_replay_report *report;
    char path[TJ_FOLDER_PATH_MAX];
    uint64_t tiles;
    char alien[TJ_FOLDER_PATH_MAX];
};

/* Is it a tile that a tree of this size has, or had on the way? */
static bool tile_belongs(const struct folder_source *s, const char *path)
{
    unsigned level;
    uint64_t number;
    unsigned width;
    if (!tj_tile_path_decode(path, &level, &number, &width)) {
        return false;
    }
    unsigned height = level == TJ_TILE_ENTRIES ? 0 : level;
    uint64_t nodes = height < TJ_TILE_LEVELS ? s->source.size >> (8 * height) : 0;
    return number <= nodes / TJ_TILE_WIDTH && number * TJ_TILE_WIDTH + width <= nodes;
}

static void walk_tiles(void *context, const char *name)
{
    struct file_walk *walk = context;
    struct stat st = {.st_mode = 0};
    size_t before = strlen(walk->path);
    int size = snprintf(walk->path + before, sizeof walk->path - before, "/%s", name);
    bool fits = size > 0 && (size_t)size < sizeof walk->path - before;
    if (fits && fstatat(walk->s->dir, walk->path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISDIR(st.st_mode)) {
        visit_directory(walk->s, walk->path, walk_tiles, walk);
    } else if (fits && S_ISREG(st.st_mode) && tile_belongs(walk->s, walk->path)) {
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
    if (known == NULL || !(known->directory ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode))) {
        snprintf(walk->alien, sizeof walk->alien, "%.100s", name);
    }
}

static void check_document(struct folder_source *s, struct tj_replay_report *report)
{
    enum read_answer answer = read_file(s, TJ_FOLDER_DOCUMENT, TJ_FOLDER_DOCUMENT_MAX, &s->file);
    if (answer == READ_OK && s->file.size == tj_format_document_size &&
        memcmp(s->file.bytes, tj_format_document, s->file.size) == 0) {
        tj_pass(report, TJ_CHECK_FILES, 1);
    } else {
        tj_skip(report, TJ_CHECK_FILES, 1, TJ_FOLDER_DOCUMENT " %s",
                answer == READ_MISSING ? "is missing" : "is not the one that this program knows");
    }
}

static void fail_alien(struct tj_replay_report *report, const char *path)
{
    tj_fail(report, TJ_CHECK_FILES, UINT64_MAX, NULL, NULL,
            "%s: the log does not account for this file", path);
}

static int by_hash(const void *a, const void *b)
{
    return memcmp(a, b, TJ_HASH_SIZE);
}

static void find_body(void *context, const struct tj_view *name)
{
    struct folder_source *s = context;
    if (bsearch(name->bytes, s->bodies, s->body_count, sizeof *s->bodies, by_hash) == NULL) {
        tj_content_path(s->alien, TJ_FOLDER_BODIES, name->bytes);
    }
}

static void check_bodies(struct folder_source *s, struct tj_progress *progress)
{
    /* What entries before this audit have is not known. */
    struct content_walk walk = {.s = s,
                                .folder = TJ_FOLDER_BODIES,
                                .context = s,
                                .name = progress->start == 0 ? find_body : NULL};
    if (s->body_count > 0) {
        qsort(s->bodies, s->body_count, sizeof *s->bodies, by_hash);
    }
    visit_directory(s, TJ_FOLDER_BODIES, content_directory, &walk);
    if (walk.alien[0] != '\0' || s->alien[0] != '\0') {
        fail_alien(progress->report, walk.alien[0] != '\0' ? walk.alien : s->alien);
    } else {
        tj_pass(progress->report, TJ_CHECK_FILES, s->body_count);
    }
}

static void check_files(struct folder_source *s, struct tj_progress *progress)
{
    struct file_walk walk = {.s = s, .report = progress->report, .path = TJ_FOLDER_TILES};
    struct content_walk attachments = {.s = s, .folder = TJ_FOLDER_ATTACHMENTS};
    visit_directory(s, ".", walk_top, &walk);
    visit_directory(s, TJ_FOLDER_TILES, walk_tiles, &walk);
    visit_directory(s, TJ_FOLDER_ATTACHMENTS, content_directory, &attachments);
    if (walk.alien[0] != '\0' || attachments.alien[0] != '\0') {
        fail_alien(progress->report, walk.alien[0] != '\0' ? walk.alien : attachments.alien);
    } else if (progress->start == 0 && walk.tiles != s->tiles) {
        tj_fail(progress->report, TJ_CHECK_FILES, UINT64_MAX, NULL, NULL,
                TJ_FOLDER_TILES ": %" PRIu64 " files, of which %" PRIu64 " were checked",
                walk.tiles, s->tiles);
    } else {
        tj_pass(progress->report, TJ_CHECK_FILES, s->tiles + s->listed_count + 1);
    }
}

static void folder_finish(struct tj_source *source, struct tj_progress *progress,
                          const struct tj_hash *state_digest)
{
    struct folder_source *s = own(source);
    uint64_t size = progress->report->entries;
    bool sound = true;
    (void)state_digest;
    if (size % TJ_TILE_WIDTH != 0) {
        sound = compare_all_widths(s, progress, TJ_TILE_ENTRIES, size / TJ_TILE_WIDTH,
                                   (unsigned)(size % TJ_TILE_WIDTH));
    }
    for (unsigned level = 0; sound && level < TJ_TILE_LEVELS; level++) {
        unsigned width = tj_tile_partial(size, level);
        if (width > 0) {
            sound = compare_all_widths(s, progress, level, tj_tile_full(size, level), width);
        }
    }
    if (sound) {
        check_files(s, progress);
        check_bodies(s, progress);
        check_document(s, progress->report);
    }
}

/* ---- life ---- */

static void folder_close(struct tj_source *source)
{
    struct folder_source *s = own(source);
    struct buffer *buffers[] = {&s->checkpoint, &s->bundle, &s->past_bundle,
                                &s->body,       &s->file,   &s->tile};
    for (size_t i = 0; i < sizeof buffers / sizeof buffers[0]; i++) {
        free(buffers[i]->bytes);
    }
    if (s->dir >= 0) {
        close(s->dir);
    }
    free(s->listed);
    free(s->bodies);
    free(s);
}

static const struct tj_source_ops folder_ops = {
    .peek = folder_peek,
    .take = folder_take,
    .entry = folder_entry,
    .records = folder_records,
    .node = folder_node,
    .checkpoint_count = folder_checkpoint_count,
    .checkpoint = folder_checkpoint,
    .documents = folder_documents,
    .document = folder_document,
    .begin = folder_begin,
    .accepted = folder_accepted,
    .finish = folder_finish,
    .close = folder_close,
};

static enum tijori_status open_checkpoint(struct folder_source *s, struct tj_source_message *what)
{
    struct tj_note_view view;
    struct tj_checkpoint checkpoint;
    enum read_answer answer =
        read_file(s, TJ_FOLDER_CHECKPOINT, TJ_CHECKPOINT_NOTE_MAX, &s->checkpoint);
    if (answer == READ_MISSING) {
        snprintf(what->text, sizeof what->text, "there is no checkpoint in this folder");
        return TIJORI_NOT_FOUND;
    }
    if (answer != READ_OK ||
        !tj_note_decode(&view, (const char *)s->checkpoint.bytes, s->checkpoint.size) ||
        !tj_checkpoint_decode(&checkpoint, view.text, view.text_size)) {
        snprintf(what->text, sizeof what->text, TJ_FOLDER_CHECKPOINT ": not a signed checkpoint");
        return TIJORI_CORRUPT;
    }
    s->source.size = checkpoint.size;
    return TIJORI_OK;
}

enum tijori_status tj_source_open_folder(const char *path, struct tj_source **out,
                                         struct tj_source_message *what)
{
    struct tj_source_message unused;
    struct folder_source *s = calloc(1, sizeof *s);
    if (s == NULL) {
        return TIJORI_MEMORY;
    }
    what = what != NULL ? what : &unused;
    what->text[0] = '\0';
    s->source.ops = &folder_ops;
    s->source.nodes = (struct tj_node_reader){&s->source, read_node};
    s->bundle_number = UINT64_MAX;
    s->past_number = UINT64_MAX;
    s->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum tijori_status status = s->dir >= 0       ? open_checkpoint(s, what)
                                : errno == EACCES ? TIJORI_DENIED
                                : errno == ENOENT ? TIJORI_NOT_FOUND
                                                  : TIJORI_IO;
    if (status != TIJORI_OK) {
        folder_close(&s->source);
        return status;
    }
    visit_directory(s, TJ_FOLDER_CHECKPOINTS, list_checkpoint, s);
    if (s->listed_count > 0) {
        qsort(s->listed, s->listed_count, sizeof *s->listed, by_size);
    }
    *out = &s->source;
    return TIJORI_OK;
}
