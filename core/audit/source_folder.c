/* An exported folder as a source: core/audit/source.h, docs/FORMAT.md section 14. Plain files, read
 * by this code alone, in whatever state somebody left them. */

#include "core/audit/folder_inventory.h"
#include "core/audit/folder_tiles.h"
#include "core/base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- entries ---- */

static enum tj_source_answer gap(struct tj_folder *s, const char *what, const char **why)
{
    char path[TJ_TILE_PATH_MAX];
    tj_tile_path(path, TJ_TILE_ENTRIES, s->bundle_number,
                 tj_folder_bundle_width(s, s->bundle_number));
    snprintf(s->why, sizeof s->why, "%s: %s", path, what);
    *why = s->why;
    s->bundle_number = UINT64_MAX;
    return TJ_SOURCE_GAP;
}

/* The body of the entry at hand: its size follows from the header. */
static size_t body_size(struct tj_folder *s)
{
    char path[TJ_FOLDER_PATH_MAX];
    struct stat st = {.st_mode = 0};
    tj_content_path(path, TJ_FOLDER_BODIES, s->decoded.header.body_root.bytes);
    /* Whatever stands there is a body, if a wrong one. Only a body that is not there at all is
     * missing. */
    enum tj_read_answer answer = tj_folder_look(s, &st, path);
    s->has_body = answer != TJ_READ_MISSING;
    s->unread = answer == TJ_READ_UNREADABLE;
    if (!s->has_body || !S_ISREG(st.st_mode) || st.st_size > TJ_BODY_FILE_MAX) {
        return 0;
    }
    return (size_t)st.st_size;
}

/* Has the bundle of entry `index` at hand, and stands before the entry. */
static enum tj_source_answer open_bundle(struct tj_folder *s, uint64_t index, const char **why)
{
    uint64_t number = index / TJ_TILE_WIDTH;
    if (s->bundle_number == number) {
        return TJ_SOURCE_ENTRY;
    }
    s->bundle_number = number;
    enum tj_read_answer answer = tj_folder_bundle(s, &s->bundle, number);
    if (answer == TJ_READ_UNREADABLE) {
        s->bundle_number = UINT64_MAX;
        return TJ_SOURCE_TROUBLE;
    }
    if (answer != TJ_READ_OK) {
        return gap(s,
                   answer == TJ_READ_MISSING ? "this file is missing"
                                             : "too large, or not a regular file",
                   why);
    }
    if (!tj_bundle_skip(&s->at, &s->bundle, index % TJ_TILE_WIDTH)) {
        return gap(s, "the file ends inside an entry", why);
    }
    return TJ_SOURCE_ENTRY;
}

/* The entry is decoded here already, to learn where its body is and how much memory both want.
 * Whether it is well formed is for the replay to say. */
static enum tj_source_answer folder_peek(struct tj_source *source, size_t *memory, uint64_t index,
                                         const char **why)
{
    struct tj_folder *s = tj_folder_of(source);
    struct tj_verdict verdict;
    if (index >= s->source.size) {
        return TJ_SOURCE_END;
    }
    enum tj_source_answer opened = open_bundle(s, index, why);
    if (opened != TJ_SOURCE_ENTRY) {
        return opened;
    }
    const uint8_t *end = s->bundle.bytes + s->bundle.size;
    if (!tj_bundle_next(&s->at, &s->entry.bytes, &s->entry.size, end)) {
        return gap(s, "the file ends before this entry does", why);
    }
    uint64_t in_bundle = index % TJ_TILE_WIDTH + 1;
    if (in_bundle == tj_folder_bundle_width(s, s->bundle_number) && s->at != end) {
        return gap(s, "bytes after the last entry", why);
    }
    tj_verdict_init(&verdict);
    bool formed =
        tj_entry_decode(&s->decoded, s->entry.bytes, s->entry.size, &verdict) == TIJORI_OK;
    s->has_body = false;
    s->unread = false;
    s->body_room = 0;
    if (formed) {
        s->body_room = body_size(s);
    }
    *memory = s->entry.size + s->body_room;
    *memory += *memory == 0; /* an empty entry still needs a place to be refused from */
    return TJ_SOURCE_ENTRY;
}

static void note_body(struct tj_folder *s)
{
    if (!tj_grow(&s->bodies, &s->body_capacity, s->body_count + 1, sizeof *s->bodies)) {
        tj_trouble_note(&s->source.trouble, TIJORI_MEMORY, "the names of bodies: out of memory");
        return;
    }
    s->bodies[s->body_count++] = s->decoded.header.body_root;
}

/* What stands in a body's place is handed on as it is, for the judge to say what is wrong with it.
 * Only what could not be read is marked: of that nothing can be said. */
static void folder_take(struct tj_source *source, uint8_t *memory, struct tj_source_item *out)
{
    struct tj_folder *s = tj_folder_of(source);
    char path[TJ_FOLDER_PATH_MAX];
    memcpy(memory, s->entry.bytes, s->entry.size);
    *out = (struct tj_source_item){.entry = {memory, s->entry.size}};
    if (!s->has_body) {
        return;
    }
    tj_content_path(path, TJ_FOLDER_BODIES, s->decoded.header.body_root.bytes);
    /* Something else than a body, or grown in between: there is one, and it is not what was signed.
     */
    out->records = (struct tj_view){memory, 0};
    enum tj_read_answer answer = TJ_READ_UNREADABLE;
    if (!s->unread) {
        answer = tj_folder_read(s, &s->body, path, TJ_BODY_FILE_MAX);
    }
    out->unread = answer == TJ_READ_UNREADABLE;
    if (answer == TJ_READ_OK && s->body.size <= s->body_room) {
        TJ_VERIFY_CHECK(s->body.size <= TJ_BODY_FILE_MAX);
        memcpy(memory + s->entry.size, s->body.bytes, s->body.size);
        out->records = (struct tj_view){memory + s->entry.size, s->body.size};
        note_body(s);
    }
}

static bool folder_entry(struct tj_source *source, struct tj_view *out, uint64_t index)
{
    struct tj_folder *s = tj_folder_of(source);
    const uint8_t *at;
    return index < s->source.size && tj_folder_past_bundle(s, index / TJ_TILE_WIDTH) &&
           tj_bundle_skip(&at, &s->past_bundle, index % TJ_TILE_WIDTH) &&
           tj_bundle_next(&at, &out->bytes, &out->size, s->past_bundle.bytes + s->past_bundle.size);
}

static bool folder_records(struct tj_source *source, struct tj_view *out,
                           const struct tj_entry_view *entry)
{
    struct tj_folder *s = tj_folder_of(source);
    char path[TJ_FOLDER_PATH_MAX];
    tj_content_path(path, TJ_FOLDER_BODIES, entry->header.body_root.bytes);
    if (tj_folder_read(s, &s->body, path, TJ_BODY_FILE_MAX) != TJ_READ_OK ||
        s->body.size != (size_t)entry->header.record_count * TJ_RECORD_SIZE) {
        return false;
    }
    *out = (struct tj_view){s->body.bytes, s->body.size};
    return true;
}

/* A tile is kept, since who asks for a node asks for its neighbours next. */
static bool folder_node(struct tj_source *source, struct tj_hash *out, unsigned level,
                        uint64_t number)
{
    struct tj_folder *s = tj_folder_of(source);
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
        if (tj_folder_read(s, &s->tile, path, TJ_TILE_WIDTH * TJ_HASH_SIZE) != TJ_READ_OK ||
            s->tile.size != (size_t)width * TJ_HASH_SIZE) {
            return false;
        }
        memcpy(s->tile_path, path, sizeof path);
    }
    memcpy(out->bytes, s->tile.bytes + (number % TJ_TILE_WIDTH) * TJ_HASH_SIZE, TJ_HASH_SIZE);
    return true;
}

static bool read_node(void *context, struct tj_hash *out, unsigned level, uint64_t number)
{
    return folder_node(context, out, level, number);
}

/* ---- checkpoints ---- */

/* A checkpoint of this size with a line beside the log's. */
static bool is_cosigned(const struct tj_file_bytes *file, uint64_t size)
{
    struct tj_note_view view;
    struct tj_checkpoint checkpoint;
    return tj_checkpoint_note_decode(&view, &checkpoint, file->bytes, file->size) &&
           checkpoint.size == size && view.signature_count > 1;
}

static bool is_named_for(struct tj_folder *s, const struct tj_file_bytes *file, const char *path,
                         uint64_t size)
{
    struct tj_hash hash;
    char named[TJ_FOLDER_PATH_MAX];
    if (!tj_sha256_alone(&hash, file->bytes, file->size)) {
        tj_trouble_note(&s->source.trouble, TIJORI_MEMORY, "%s: out of memory", path);
        return false;
    }
    tj_checkpoint_path(named, size, &hash);
    return strcmp(path, named) == 0;
}

static size_t folder_checkpoint_count(struct tj_source *source)
{
    return tj_folder_of(source)->listed_count + 1;
}

/* Those of checkpoints/ by rising size, then the file `checkpoint`, which is read once. */
static bool folder_checkpoint(struct tj_source *source, struct tj_view *note, size_t i)
{
    struct tj_folder *s = tj_folder_of(source);
    char path[TJ_FOLDER_PATH_MAX];
    if (i == s->listed_count) {
        *note = (struct tj_view){s->checkpoint.bytes, s->checkpoint.size};
        return true;
    }
    snprintf(path, sizeof path, TJ_FOLDER_CHECKPOINTS "/%s", s->listed[i].name);
    if (tj_folder_read(s, &s->file, path, TJ_CHECKPOINT_NOTE_MAX) != TJ_READ_OK ||
        !is_named_for(s, &s->file, path, s->listed[i].size) ||
        !is_cosigned(&s->file, s->listed[i].size)) {
        return false;
    }
    *note = (struct tj_view){s->file.bytes, s->file.size};
    return true;
}

static int by_size(const void *a, const void *b)
{
    const struct tj_listed_checkpoint *x = a;
    const struct tj_listed_checkpoint *y = b;
    if (x->size == y->size) {
        return strcmp(x->name, y->name);
    }
    if (x->size < y->size) {
        return -1;
    }
    return 1;
}

static void list_checkpoint(void *context, const char *name)
{
    struct tj_folder *s = context;
    uint64_t size;
    if (!tj_checkpoint_name_decode(&size, name) || strlen(name) >= sizeof s->listed->name) {
        tj_folder_note_alien(s, TJ_FOLDER_CHECKPOINTS "/%.100s", name);
        return;
    }
    if (!tj_grow(&s->listed, &s->listed_capacity, s->listed_count + 1, sizeof *s->listed)) {
        tj_trouble_note(&s->source.trouble, TIJORI_MEMORY,
                        "the names in " TJ_FOLDER_CHECKPOINTS ": out of memory");
        return;
    }
    struct tj_listed_checkpoint *listed = &s->listed[s->listed_count++];
    listed->size = size;
    memcpy(listed->name, name, strlen(name) + 1);
}

/* ---- attachments ---- */

static void folder_documents(struct tj_source *source, void *context,
                             void (*visit)(void *context, const struct tj_view *name))
{
    struct tj_content_walk walk = {.folder = tj_folder_of(source), .path = TJ_FOLDER_ATTACHMENTS};
    walk.context = context;
    walk.name = visit;
    tj_folder_walk_content(&walk);
}

static bool folder_document(struct tj_source *source, struct tj_view *out,
                            const uint8_t name[TJ_HASH_SIZE])
{
    struct tj_folder *s = tj_folder_of(source);
    char path[TJ_FOLDER_PATH_MAX];
    tj_content_path(path, TJ_FOLDER_ATTACHMENTS, name);
    if (tj_folder_read(s, &s->file, path, TJ_ATTACHMENT_SIZE_MAX) != TJ_READ_OK) {
        return false;
    }
    *out = (struct tj_view){s->file.bytes, s->file.size};
    return true;
}

/* ---- told by the replay ---- */

static bool folder_accepted(struct tj_source *source, struct tj_progress *progress)
{
    return tj_folder_check_full_tiles(tj_folder_of(source), progress);
}

static void folder_finish(struct tj_source *source, struct tj_progress *progress,
                          const struct tj_hash *state_digest)
{
    struct tj_folder *s = tj_folder_of(source);
    (void)state_digest;
    if (tj_folder_check_last_tiles(s, progress)) {
        tj_folder_check_inventory(s, progress);
    }
}

/* Every file is read once, or held against what was judged. */
static bool folder_settled(struct tj_source *source)
{
    (void)source;
    return true;
}

/* ---- life ---- */

static void folder_close(struct tj_source *source)
{
    struct tj_folder *s = tj_folder_of(source);
    struct tj_file_bytes *buffers[] = {&s->checkpoint, &s->bundle, &s->past_bundle,
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
    .accepted = folder_accepted,
    .finish = folder_finish,
    .settled = folder_settled,
    .close = folder_close,
};

/* When something else stands in the place of a checkpoint, that is damage, and leads to a verdict.
 * When nothing stands there, it is not: the folder is no export, or not yet. */
static enum tijori_status open_checkpoint(struct tj_folder *s, struct tj_source_message *what)
{
    struct tj_note_view view;
    struct tj_checkpoint checkpoint;
    enum tj_read_answer answer =
        tj_folder_read(s, &s->checkpoint, TJ_FOLDER_CHECKPOINT, TJ_CHECKPOINT_NOTE_MAX);
    if (answer == TJ_READ_UNREADABLE) {
        return s->source.trouble.status;
    }
    if (answer == TJ_READ_MISSING) {
        snprintf(what->text, sizeof what->text, "there is no checkpoint in this folder");
        return TIJORI_NOT_FOUND;
    }
    if (answer != TJ_READ_OK ||
        !tj_checkpoint_note_decode(&view, &checkpoint, s->checkpoint.bytes, s->checkpoint.size)) {
        snprintf(what->text, sizeof what->text, TJ_FOLDER_CHECKPOINT ": not a signed checkpoint");
        return TIJORI_CORRUPT;
    }
    s->source.size = checkpoint.size;
    return TIJORI_OK;
}

static enum tijori_status open_directory(struct tj_folder *s, const char *path)
{
    s->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->dir >= 0) {
        return TIJORI_OK;
    }
    if (errno == ENOENT || errno == ENOTDIR) {
        return TIJORI_NOT_FOUND;
    }
    tj_trouble_note(&s->source.trouble, errno == EACCES ? TIJORI_DENIED : TIJORI_IO,
                    "it cannot be listed: %s", strerror(errno));
    return s->source.trouble.status;
}

/* The checkpoint is read once, and kept: what the audit judges is what it began with, whatever
 * becomes of the file. That checkpoints/ cannot be listed is only noted. */
static enum tijori_status open_folder(struct tj_folder *s, struct tj_source_message *what,
                                      const char *path)
{
    enum tijori_status status = open_directory(s, path);
    if (status != TIJORI_OK) {
        return status;
    }
    status = open_checkpoint(s, what);
    if (status != TIJORI_OK) {
        return status;
    }
    if (tj_folder_list(s, list_checkpoint, s, TJ_FOLDER_CHECKPOINTS) == TJ_READ_OK &&
        s->listed_count == 0 && s->aliens.count == 0) {
        tj_folder_note_alien(s, TJ_FOLDER_CHECKPOINTS "/ (nothing in it)");
    }
    if (s->listed_count > 0) {
        qsort(s->listed, s->listed_count, sizeof *s->listed, by_size);
    }
    return TIJORI_OK;
}

/* The checkpoint says how many entries there are. A folder has no other end, and one that was cut
 * short is found out by it. */
enum tijori_status tj_source_open_to_replay(struct tj_source **out, struct tj_source_message *what,
                                            const char *path)
{
    struct tj_source_message unused;
    struct tj_folder *s = calloc(1, sizeof *s);
    if (what == NULL) {
        what = &unused;
    }
    what->text[0] = '\0';
    if (s == NULL) {
        return TIJORI_MEMORY;
    }
    s->dir = -1;
    s->source.ops = &folder_ops;
    s->source.nodes = (struct tj_node_reader){&s->source, read_node};
    s->bundle_number = UINT64_MAX;
    s->past_number = UINT64_MAX;
    enum tijori_status status = open_folder(s, what, path);
    if (status != TIJORI_OK) {
        if (s->source.trouble.met > 0) {
            snprintf(what->text, sizeof what->text, "%.199s", s->source.trouble.what);
        }
        folder_close(&s->source);
        return status;
    }
    *out = &s->source;
    return TIJORI_OK;
}

enum tijori_status tj_source_open_folder(struct tj_source **out, struct tj_source_message *what,
                                         const char *path)
{
    struct tj_source *source;
    enum tijori_status status = tj_source_open_to_replay(&source, what, path);
    if (status != TIJORI_OK) {
        return status;
    }
    status = source->trouble.status;
    if (status != TIJORI_OK) {
        if (what != NULL) {
            snprintf(what->text, sizeof what->text, "%.199s", source->trouble.what);
        }
        tj_source_close(source);
        return status;
    }
    *out = source;
    return TIJORI_OK;
}
