#include "cli/export.h"

#include "cli/exit.h"
#include "crypto/hex.h"
#include "text/text.h"
#include "core/format/format_document.h"
#include "core/log/stored_checkpoint.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_SIZE = 160, BUNDLE_MAX = TJ_TILE_WIDTH * (2 + 65535) };

struct exporting {
    const struct export_order *what;
    const struct tj_ledger_view *view;
    int dir;
    struct tj_log_nodes nodes;
    struct tj_stored_checkpoint newest;
    uint64_t before; /* entries of the export that is there; 0: none */
    uint8_t *bundle; /* BUNDLE_MAX */
    struct export_done done;
};

/* ---- files ---- */

/* The folders of a path under OUT. */
static bool make_folders(struct exporting *x, const char *path)
{
    char folder[PATH_SIZE];
    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
        if (mkdirat(x->dir, folder, 0755) != 0 && errno != EEXIST) {
            return false;
        }
    }
    return true;
}

/* Whole or not at all, whatever happens in between. */
static int write_file(struct exporting *x, const char *path, const void *bytes, size_t size)
{
    static const char temporary[] = ".new";
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
            return fail_errno(errno, path);
        }
    }
    x->done.files++;
    x->done.bytes += size;
    return EXIT_PASS;
}

static bool is_there(const struct exporting *x, const char *path)
{
    return faccessat(x->dir, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void content_path(char out[PATH_SIZE], const char *folder, const uint8_t *hash)
{
    char hex[2 * TJ_HASH_SIZE + 1];
    tj_hex_encode(hex, hash, TJ_HASH_SIZE);
    snprintf(out, PATH_SIZE, "%s/%.2s/%s", folder, hex, hex + 2);
}

/* ---- tiles and bundles ---- */

static int export_tile(struct exporting *x, unsigned level, uint64_t number, unsigned width)
{
    char path[TJ_TILE_PATH_MAX];
    uint8_t hashes[TJ_TILE_WIDTH * TJ_HASH_SIZE];
    tj_tile_path(path, level, number, width);
    if (is_there(x, path)) {
        return EXIT_PASS;
    }
    for (unsigned i = 0; i < width; i++) {
        struct tj_hash node;
        if (!x->nodes.reader.node(x->nodes.reader.context, level, number * TJ_TILE_WIDTH + i,
                                  &node)) {
            return fail(EXIT_FAIL, "%s: the ledger has no such node: it is damaged", path);
        }
        memcpy(hashes + (size_t)i * TJ_HASH_SIZE, node.bytes, TJ_HASH_SIZE);
    }
    return write_file(x, path, hashes, (size_t)width * TJ_HASH_SIZE);
}

static int export_tiles(struct exporting *x)
{
    uint64_t size = x->newest.checkpoint.size;
    int code = EXIT_PASS;
    for (unsigned level = 0; level < TJ_TILE_LEVELS && code == EXIT_PASS; level++) {
        uint64_t full = tj_tile_full(size, level);
        unsigned partial = tj_tile_partial(size, level);
        for (uint64_t n = tj_tile_full(x->before, level); n < full && code == EXIT_PASS; n++) {
            code = export_tile(x, level, n, TJ_TILE_WIDTH);
        }
        if (partial > 0 && code == EXIT_PASS) {
            code = export_tile(x, level, full, partial);
        }
    }
    return code;
}

static int read_entry(struct exporting *x, uint64_t index, struct tj_entry_view *out)
{
    enum tijori_status status = tj_journal_entry(x->view->txn, index, out);
    return status == TIJORI_OK ? EXIT_PASS : fail_status(status, x->what->dir, "an entry");
}

static int export_bundle(struct exporting *x, uint64_t number, unsigned width)
{
    char path[TJ_TILE_PATH_MAX];
    size_t at = 0;
    tj_tile_path(path, TJ_TILE_ENTRIES, number, width);
    if (is_there(x, path)) {
        return EXIT_PASS;
    }
    for (unsigned i = 0; i < width; i++) {
        struct tj_entry_view entry;
        int code = read_entry(x, number * TJ_TILE_WIDTH + i, &entry);
        if (code != EXIT_PASS) {
            return code;
        }
        TIJORI_REQUIRE(entry.size <= TJ_ENTRY_SIZE_BOUND);
        x->bundle[at++] = (uint8_t)(entry.size >> 8);
        x->bundle[at++] = (uint8_t)entry.size;
        memcpy(x->bundle + at, entry.bytes, entry.size);
        at += entry.size;
    }
    return write_file(x, path, x->bundle, at);
}

static int export_bundles(struct exporting *x)
{
    uint64_t size = x->newest.checkpoint.size;
    int code = EXIT_PASS;
    for (uint64_t n = x->before / TJ_TILE_WIDTH; n < size / TJ_TILE_WIDTH && code == EXIT_PASS;
         n++) {
        code = export_bundle(x, n, TJ_TILE_WIDTH);
    }
    unsigned partial = (unsigned)(size % TJ_TILE_WIDTH);
    return partial > 0 && code == EXIT_PASS ? export_bundle(x, size / TJ_TILE_WIDTH, partial)
                                            : code;
}

/* ---- bodies and attachments ---- */

static int export_attachment(struct exporting *x, const uint8_t *hash)
{
    char path[PATH_SIZE];
    struct tj_view bytes;
    content_path(path, "attachment", hash);
    if (is_there(x, path) ||
        tj_get_name(x->view->txn, TJ_J_ATTACHMENTS, hash, TJ_HASH_SIZE, &bytes) != TJ_STORAGE_OK) {
        return EXIT_PASS; /* or the ledger does not have it, which is no error */
    }
    return write_file(x, path, bytes.bytes, bytes.size);
}

static int export_cited(struct exporting *x, const struct tj_entry_view *entry,
                        const uint8_t *records)
{
    int code = EXIT_PASS;
    for (uint32_t i = 0; i < entry->header.record_count && code == EXIT_PASS; i++) {
        const uint8_t *hash = tj_movement_document(records + (size_t)i * TJ_RECORD_SIZE);
        code = hash != NULL ? export_attachment(x, hash) : EXIT_PASS;
    }
    return code;
}

/* An earlier export may have left out what this one is to have, so all entries are looked at. */
static int export_body(struct exporting *x, uint64_t index)
{
    char path[PATH_SIZE];
    struct tj_entry_view entry;
    struct tj_body_view body;
    int code = read_entry(x, index, &entry);
    if (code != EXIT_PASS) {
        return code;
    }
    bool restricted = tj_header_restricted(&entry.header);
    content_path(path, "body", entry.header.body_root.bytes);
    if (restricted && x->what->public) {
        x->done.restricted++;
        return is_there(x, path)
                   ? fail(EXIT_DATA, "%s: holds restricted bodies already: not a public export",
                          x->what->out)
                   : EXIT_PASS;
    }
    bool there = (index < x->before && !restricted) || is_there(x, path);
    if (there && !x->what->attachments) {
        return EXIT_PASS;
    }
    enum tijori_status status = tj_journal_body(x->view->txn, &entry, &body);
    if (status != TIJORI_OK) {
        return fail_status(status, x->what->dir, "a body");
    }
    if (!there) {
        code =
            write_file(x, path, body.records, (size_t)entry.header.record_count * TJ_RECORD_SIZE);
    }
    return code == EXIT_PASS && x->what->attachments ? export_cited(x, &entry, body.records) : code;
}

static int export_bodies(struct exporting *x)
{
    int code = EXIT_PASS;
    for (uint64_t i = 0; i < x->newest.checkpoint.size && code == EXIT_PASS; i++) {
        code = export_body(x, i);
    }
    return code;
}

/* ---- checkpoints ---- */

static int export_checkpoint(struct exporting *x, const struct tj_view *note)
{
    char path[PATH_SIZE];
    char hex[2 * TJ_HASH_SIZE + 1];
    struct tj_hash hash;
    struct tj_note_view view;
    struct tj_checkpoint checkpoint;
    if (!tj_note_decode(&view, (const char *)note->bytes, note->size) ||
        !tj_checkpoint_decode(&checkpoint, view.text, view.text_size)) {
        return fail(EXIT_FAIL, "%s: a stored checkpoint is none: damaged", x->what->dir);
    }
    if (view.signature_count < 2 || checkpoint.size > x->newest.checkpoint.size) {
        return EXIT_PASS; /* nobody cosigned it */
    }
    tj_sha256(x->view->digester->hasher, &hash, note->bytes, note->size);
    tj_hex_encode(hex, hash.bytes, TJ_HASH_SIZE);
    snprintf(path, sizeof path, "checkpoints/%" PRIu64 "-%.16s", checkpoint.size, hex);
    return is_there(x, path) ? EXIT_PASS : write_file(x, path, note->bytes, note->size);
}

static int export_checkpoints(struct exporting *x)
{
    struct tj_cursor *cursor;
    struct tj_view key;
    struct tj_view note;
    int code = EXIT_PASS;
    enum tj_storage_status status = tj_cursor_open(x->view->txn, TJ_J_CHECKPOINTS, &cursor);
    if (status != TJ_STORAGE_OK) {
        return fail_status(tj_from_storage(status), x->what->dir, "checkpoints");
    }
    while (code == EXIT_PASS && tj_cursor_next(cursor, &key, &note) == TJ_STORAGE_OK) {
        code = export_checkpoint(x, &note);
    }
    tj_cursor_close(cursor);
    return code;
}

/* ---- what is there already ---- */

/* Without a checkpoint OUT is empty, or a first export that was cut short: what is published from a
 * folder is all that is in it. */
static int check_empty(struct exporting *x)
{
    static const char *const own[] = {".",           "..",   ".new",       "tile",
                                      "checkpoints", "body", "attachment", "FORMAT.md"};
    int code = EXIT_PASS;
    DIR *out = opendir(x->what->out);
    if (out == NULL) {
        return fail_errno(errno, x->what->out);
    }
    for (struct dirent *row = readdir(out); row != NULL; row = readdir(out)) {
        bool known = false;
        for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
            known |= strcmp(row->d_name, own[i]) == 0;
        }
        if (!known && code == EXIT_PASS) {
            code = fail(EXIT_DATA, "%s: not empty and no export: it has %s", x->what->out,
                        row->d_name);
        }
    }
    closedir(out);
    return code;
}

/* OUT may be missing, empty, or an earlier export of this very log. */
static int find_earlier(struct exporting *x)
{
    char bytes[TJ_CHECKPOINT_NOTE_MAX];
    struct tj_note_view view;
    struct tj_checkpoint earlier;
    struct tj_hash root;
    int fd = openat(x->dir, "checkpoint", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT ? check_empty(x) : fail_errno(errno, "checkpoint");
    }
    ssize_t size = read(fd, bytes, sizeof bytes);
    close(fd);
    if (size < 0 || !tj_note_decode(&view, bytes, (size_t)size) ||
        !tj_checkpoint_decode(&earlier, view.text, view.text_size)) {
        return fail(EXIT_DATA, "%s: its file checkpoint is none: not an export to go on with",
                    x->what->out);
    }
    if (strcmp(earlier.origin, x->newest.checkpoint.origin) != 0) {
        return fail(EXIT_DATA, "%s: an export of another log (%s)", x->what->out, earlier.origin);
    }
    if (earlier.size > x->newest.checkpoint.size) {
        return fail(EXIT_DATA,
                    "%s: has %" PRIu64 " entries, the ledger's newest checkpoint %" PRIu64
                    ": the ledger was rolled back",
                    x->what->out, earlier.size, x->newest.checkpoint.size);
    }
    if (!tj_tile_root(x->view->digester->hasher, &x->nodes.reader, earlier.size, &root) ||
        !tj_hash_equal(&root, &earlier.root)) {
        return fail(EXIT_DATA,
                    "%s: an export of a fork: its first %" PRIu64 " entries are not this ledger's",
                    x->what->out, earlier.size);
    }
    x->before = earlier.size;
    return EXIT_PASS;
}

/* ---- the command ---- */

static int export_all(struct exporting *x)
{
    int code = find_earlier(x);
    if (code == EXIT_PASS) {
        code = export_bundles(x);
    }
    if (code == EXIT_PASS) {
        code = export_bodies(x);
    }
    if (code == EXIT_PASS) {
        code = export_tiles(x);
    }
    if (code == EXIT_PASS) {
        code = export_checkpoints(x);
    }
    if (code == EXIT_PASS) {
        code = write_file(x, "FORMAT.md", tj_format_document, tj_format_document_size);
    }
    if (code == EXIT_PASS) {
        sync(); /* what the checkpoint will name is on the disk before it */
    }
    return code == EXIT_PASS
               ? write_file(x, "checkpoint", x->newest.note.bytes, x->newest.note.size)
               : code;
}

static int open_out(struct exporting *x)
{
    if (mkdir(x->what->out, 0755) != 0 && errno != EEXIST) {
        return fail_errno(errno, x->what->out);
    }
    x->dir = open(x->what->out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return x->dir >= 0 ? EXIT_PASS : fail_errno(errno, x->what->out);
}

int export_folder(const struct tj_ledger_view *view, const struct export_order *what,
                  struct export_done *done)
{
    struct exporting x = {.what = what, .view = view};
    enum tijori_status status = tj_checkpoint_public(view->txn, &x.newest);
    if (status == TIJORI_NOT_FOUND) {
        return fail(EXIT_INCOMPLETE,
                    "%s: no checkpoint was signed yet: tijori checkpoint %s --log-key FILE",
                    what->dir, what->dir);
    }
    if (status != TIJORI_OK) {
        return fail_status(status, what->dir, "the newest checkpoint");
    }
    tj_log_nodes_init(&x.nodes, view->txn, view->digester);
    int code = open_out(&x);
    if (code != EXIT_PASS) {
        return code;
    }
    x.bundle = malloc(BUNDLE_MAX);
    TIJORI_REQUIRE(x.bundle != NULL);
    code = export_all(&x);
    free(x.bundle);
    close(x.dir);
    x.done.entries = x.newest.checkpoint.size;
    *done = x.done;
    return code;
}
