#include "core/exchange/export.h"

#include "core/format/folder_layout.h"
#include "core/format/format_document.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct exporting {
    struct tj_txn *txn;
    struct tj_digester *digester;
    const struct tj_stored_checkpoint *newest;
    const struct tj_export_order *order;
    struct tijori_message *message;
    int dir;
    struct tj_log_nodes nodes;
    uint64_t before; /* entries of the export that is there; 0: none */
    uint8_t *bundle; /* TJ_BUNDLE_SIZE_MAX */
    struct tj_export_done done;
};

/* ---- files ---- */

/* The folders of a path under OUT. */
static bool make_folders(struct exporting *x, const char *path)
{
    char folder[TJ_FOLDER_PATH_MAX];
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
        if (mkdirat(x->dir, folder, 0755) != 0 && errno != EEXIST) {
            return false;
        }
    }
    return true;
}

/* Whole or not at all, whatever happens in between. */
static enum tijori_status write_file(struct exporting *x, const char *path, const void *bytes,
                                     size_t size)
{
    static const char temporary[] = TJ_FOLDER_UNFINISHED;
    size_t done = 0;
    int fd = openat(x->dir, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    while (fd >= 0 && done < size) {
        ssize_t put = write(fd, (const uint8_t *)bytes + done, size - done);
        if (put < 0 && errno != EINTR) {
            break;
        }
        done += put > 0 ? (size_t)put : 0;
    }
    bool written = fd >= 0 && done == size;
    written = fd >= 0 && close(fd) == 0 && written;
    if (!written || renameat(x->dir, temporary, x->dir, path) != 0) {
        if (errno != ENOENT || !make_folders(x, path) ||
            renameat(x->dir, temporary, x->dir, path) != 0) {
            return tj_say_errno(x->message, errno, path);
        }
    }
    x->done.files++;
    x->done.bytes += size;
    return TIJORI_OK;
}

static bool is_there(const struct exporting *x, const char *path)
{
    return faccessat(x->dir, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* ---- tiles and bundles ---- */

static enum tijori_status export_tile(struct exporting *x, unsigned level, uint64_t number,
                                      unsigned width)
{
    char path[TJ_TILE_PATH_MAX];
    uint8_t hashes[TJ_TILE_WIDTH * TJ_HASH_SIZE];
    tj_tile_path(path, level, number, width);
    if (is_there(x, path)) {
        return TIJORI_OK;
    }
    for (unsigned i = 0; i < width; i++) {
        struct tj_hash node;
        if (!x->nodes.reader.node(x->nodes.reader.context, &node, level,
                                  number * TJ_TILE_WIDTH + i)) {
            return tj_say(x->message, TIJORI_CORRUPT,
                          "%s: the ledger has no such node: it is damaged", path);
        }
        memcpy(hashes + (size_t)i * TJ_HASH_SIZE, node.bytes, TJ_HASH_SIZE);
    }
    return write_file(x, path, hashes, (size_t)width * TJ_HASH_SIZE);
}

static enum tijori_status export_tiles(struct exporting *x)
{
    uint64_t size = x->newest->checkpoint.size;
    enum tijori_status status = TIJORI_OK;
    for (unsigned level = 0; level < TJ_TILE_LEVELS && status == TIJORI_OK; level++) {
        uint64_t full = tj_tile_full(size, level);
        unsigned partial = tj_tile_partial(size, level);
        for (uint64_t n = tj_tile_full(x->before, level); n < full && status == TIJORI_OK; n++) {
            status = export_tile(x, level, n, TJ_TILE_WIDTH);
        }
        if (partial > 0 && status == TIJORI_OK) {
            status = export_tile(x, level, full, partial);
        }
    }
    return status;
}

static enum tijori_status read_entry(struct exporting *x, struct tj_entry_view *out, uint64_t index)
{
    enum tijori_status status = tj_journal_entry(x->txn, out, index);
    if (status != TIJORI_OK) {
        return tj_say_status(x->message, status, x->order->dir, "an entry");
    }
    return TIJORI_OK;
}

static enum tijori_status export_bundle(struct exporting *x, uint64_t number, unsigned width)
{
    char path[TJ_TILE_PATH_MAX];
    size_t at = 0;
    tj_tile_path(path, TJ_TILE_ENTRIES, number, width);
    if (is_there(x, path)) {
        return TIJORI_OK;
    }
    for (unsigned i = 0; i < width; i++) {
        struct tj_entry_view entry;
        enum tijori_status status = read_entry(x, &entry, number * TJ_TILE_WIDTH + i);
        if (status != TIJORI_OK) {
            return status;
        }
        TIJORI_REQUIRE(entry.size <= TJ_ENTRY_SIZE_BOUND);
        x->bundle[at++] = (uint8_t)(entry.size >> 8);
        x->bundle[at++] = (uint8_t)entry.size;
        memcpy(x->bundle + at, entry.bytes, entry.size);
        at += entry.size;
    }
    return write_file(x, path, x->bundle, at);
}

static enum tijori_status export_bundles(struct exporting *x)
{
    uint64_t size = x->newest->checkpoint.size;
    enum tijori_status status = TIJORI_OK;
    for (uint64_t n = x->before / TJ_TILE_WIDTH; n < size / TJ_TILE_WIDTH && status == TIJORI_OK;
         n++) {
        status = export_bundle(x, n, TJ_TILE_WIDTH);
    }
    unsigned partial = (unsigned)(size % TJ_TILE_WIDTH);
    if (partial > 0 && status == TIJORI_OK) {
        return export_bundle(x, size / TJ_TILE_WIDTH, partial);
    }
    return status;
}

/* ---- bodies and attachments ---- */

static enum tijori_status export_attachment(struct exporting *x, const uint8_t *hash)
{
    char path[TJ_FOLDER_PATH_MAX];
    struct tj_view bytes;
    tj_content_path(path, TJ_FOLDER_ATTACHMENTS, hash);
    if (is_there(x, path) ||
        tj_get_name(x->txn, &bytes, TJ_J_ATTACHMENTS, hash, TJ_HASH_SIZE) != TJ_STORAGE_OK) {
        return TIJORI_OK; /* or the ledger does not have it, which is no error */
    }
    return write_file(x, path, bytes.bytes, bytes.size);
}

static enum tijori_status export_cited(struct exporting *x, const struct tj_entry_view *entry,
                                       const uint8_t *records)
{
    enum tijori_status status = TIJORI_OK;
    for (uint32_t i = 0; i < entry->header.record_count && status == TIJORI_OK; i++) {
        const uint8_t *hash = tj_movement_document(records + (size_t)i * TJ_RECORD_SIZE);
        status = hash != NULL ? export_attachment(x, hash) : TIJORI_OK;
    }
    return status;
}

/* An earlier export may have left out bodies that this one is to have. So all entries are looked
 * at. */
static enum tijori_status export_body(struct exporting *x, uint64_t index)
{
    char path[TJ_FOLDER_PATH_MAX];
    struct tj_entry_view entry;
    struct tj_body_view body;
    enum tijori_status status = read_entry(x, &entry, index);
    if (status != TIJORI_OK) {
        return status;
    }
    bool restricted = tj_header_restricted(&entry.header);
    tj_content_path(path, TJ_FOLDER_BODIES, entry.header.body_root.bytes);
    if (restricted && x->order->public) {
        x->done.restricted++;
        if (is_there(x, path)) {
            return tj_say(x->message, TIJORI_EXISTS,
                          "%s: holds restricted bodies already: not a public export",
                          x->order->out);
        }
        return TIJORI_OK;
    }
    bool there = (index < x->before && !restricted) || is_there(x, path);
    if (there && !x->order->attachments) {
        return TIJORI_OK;
    }
    status = tj_journal_body(x->txn, &body, &entry);
    if (status != TIJORI_OK) {
        return tj_say_status(x->message, status, x->order->dir, "a body");
    }
    if (!there) {
        status =
            write_file(x, path, body.records, (size_t)entry.header.record_count * TJ_RECORD_SIZE);
    }
    if (status != TIJORI_OK || !x->order->attachments) {
        return status;
    }
    return export_cited(x, &entry, body.records);
}

static enum tijori_status export_bodies(struct exporting *x)
{
    enum tijori_status status = TIJORI_OK;
    for (uint64_t i = 0; i < x->newest->checkpoint.size && status == TIJORI_OK; i++) {
        status = export_body(x, i);
    }
    return status;
}

/* ---- checkpoints ---- */

static enum tijori_status export_checkpoint(struct exporting *x, const struct tj_view *note)
{
    char path[TJ_FOLDER_PATH_MAX];
    struct tj_hash hash;
    struct tj_note_view view;
    struct tj_checkpoint checkpoint;
    if (!tj_note_decode(&view, (const char *)note->bytes, note->size) ||
        !tj_checkpoint_decode(&checkpoint, view.text, view.text_size)) {
        return tj_say(x->message, TIJORI_CORRUPT, "%s: a stored checkpoint is none: damaged",
                      x->order->dir);
    }
    if (view.signature_count < 2 || checkpoint.size > x->newest->checkpoint.size) {
        return TIJORI_OK; /* nobody cosigned it */
    }
    tj_sha256(x->digester->hasher, &hash, note->bytes, note->size);
    tj_checkpoint_path(path, checkpoint.size, &hash);
    if (!is_there(x, path)) {
        return write_file(x, path, note->bytes, note->size);
    }
    return TIJORI_OK;
}

static enum tijori_status export_checkpoints(struct exporting *x)
{
    struct tj_cursor *cursor;
    struct tj_view key;
    struct tj_view note;
    enum tijori_status status = tj_from_storage(tj_cursor_open(x->txn, &cursor, TJ_J_CHECKPOINTS));
    if (status != TIJORI_OK) {
        return tj_say_status(x->message, status, x->order->dir, "checkpoints");
    }
    while (status == TIJORI_OK && tj_cursor_next(cursor, &key, &note) == TJ_STORAGE_OK) {
        status = export_checkpoint(x, &note);
    }
    tj_cursor_close(cursor);
    return status;
}

/* ---- what is there already ---- */

static bool is_own(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
           strcmp(name, TJ_FOLDER_UNFINISHED) == 0 || tj_folder_top_of(name) != NULL;
}

/* Without a checkpoint, OUT must be empty or a first export that was cut short. A folder is
 * published with all that is in it, so nothing else may be there. */
static enum tijori_status check_empty(struct exporting *x)
{
    enum tijori_status status = TIJORI_OK;
    DIR *out = opendir(x->order->out);
    if (out == NULL) {
        return tj_say_errno(x->message, errno, x->order->out);
    }
    for (struct dirent *row = readdir(out); row != NULL; row = readdir(out)) {
        if (status == TIJORI_OK && !is_own(row->d_name)) {
            status = tj_say(x->message, TIJORI_EXISTS, "%s: not empty and no export: it has %s",
                            x->order->out, row->d_name);
        }
    }
    closedir(out);
    return status;
}

/* OUT may be missing, empty, or an earlier export of this very log. */
static enum tijori_status find_earlier(struct exporting *x)
{
    char bytes[TJ_CHECKPOINT_NOTE_MAX];
    struct tj_note_view view;
    struct tj_checkpoint earlier;
    struct tj_hash root;
    int fd = openat(x->dir, TJ_FOLDER_CHECKPOINT, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        if (errno == ENOENT) {
            return check_empty(x);
        }
        return tj_say_errno(x->message, errno, TJ_FOLDER_CHECKPOINT);
    }
    ssize_t size = read(fd, bytes, sizeof bytes);
    close(fd);
    if (size < 0 || !tj_note_decode(&view, bytes, (size_t)size) ||
        !tj_checkpoint_decode(&earlier, view.text, view.text_size)) {
        return tj_say(x->message, TIJORI_EXISTS,
                      "%s: its file checkpoint is none: not an export to go on with",
                      x->order->out);
    }
    if (strcmp(earlier.origin, x->newest->checkpoint.origin) != 0) {
        return tj_say(x->message, TIJORI_LEDGER_ID, "%s: an export of another log (%s)",
                      x->order->out, earlier.origin);
    }
    if (earlier.size > x->newest->checkpoint.size) {
        return tj_say(x->message, TIJORI_KNOWN_AHEAD,
                      "%s: has %" PRIu64 " entries, the ledger's newest checkpoint %" PRIu64
                      ": the ledger was rolled back",
                      x->order->out, earlier.size, x->newest->checkpoint.size);
    }
    if (!tj_tile_root(x->digester->hasher, &root, &x->nodes.reader, earlier.size) ||
        !tj_hash_equal(&root, &earlier.root)) {
        return tj_say(x->message, TIJORI_FORK,
                      "%s: an export of a fork: its first %" PRIu64
                      " entries are not this ledger's",
                      x->order->out, earlier.size);
    }
    x->before = earlier.size;
    return TIJORI_OK;
}

/* ---- all of it ---- */

static enum tijori_status export_all(struct exporting *x)
{
    enum tijori_status (*const parts[])(struct exporting *) = {
        find_earlier, export_bundles, export_bodies, export_tiles, export_checkpoints,
    };
    enum tijori_status status = TIJORI_OK;
    for (size_t i = 0; i < sizeof parts / sizeof parts[0] && status == TIJORI_OK; i++) {
        status = parts[i](x);
    }
    if (status == TIJORI_OK) {
        status = write_file(x, TJ_FOLDER_DOCUMENT, tj_format_document, tj_format_document_size);
    }
    if (status != TIJORI_OK) {
        return status;
    }
    sync(); /* what the checkpoint will name is on the disk before it */
    return write_file(x, TJ_FOLDER_CHECKPOINT, x->newest->note.bytes, x->newest->note.size);
}

static enum tijori_status open_out(struct exporting *x)
{
    if (mkdir(x->order->out, 0755) != 0 && errno != EEXIST) {
        return tj_say_errno(x->message, errno, x->order->out);
    }
    x->dir = open(x->order->out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (x->dir < 0) {
        return tj_say_errno(x->message, errno, x->order->out);
    }
    return TIJORI_OK;
}

enum tijori_status tj_export(struct tj_txn *txn, struct tj_digester *digester,
                             struct tj_export_done *done, const struct tj_stored_checkpoint *newest,
                             const struct tj_export_order *order, struct tijori_message *message)
{
    struct exporting x = {
        .txn = txn, .digester = digester, .newest = newest, .order = order, .message = message};
    tj_log_nodes_init(&x.nodes, txn, digester);
    enum tijori_status status = open_out(&x);
    if (status != TIJORI_OK) {
        return status;
    }
    x.bundle = malloc(TJ_BUNDLE_SIZE_MAX);
    status =
        x.bundle != NULL ? export_all(&x) : tj_say_status(message, TIJORI_MEMORY, order->out, NULL);
    free(x.bundle);
    close(x.dir);
    x.done.entries = newest->checkpoint.size;
    *done = x.done;
    return status;
}
