#include "core/exchange/export.h"

#include "core/exchange/folder_writer.h"
#include "core/exchange/hashed_log.h"
#include "core/format/format_document.h"
#include "storage/file.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

struct exporting {
    struct tj_txn *txn;
    struct tj_hasher *hasher;
    const struct tj_stored_checkpoint *newest;
    const struct tj_export_order *order;
    struct tijori_message *message;
    struct tj_hashed_log log;
    struct tj_folder_writer folder;
    uint8_t *bundle; /* TJ_BUNDLE_SIZE_MAX */
    uint64_t restricted;
};

/* ---- telling how far it is ---- */

/* Every entry is read three times: hashed, bundled, and its body written. */
static void tell_part(const struct exporting *x, unsigned part, uint64_t done)
{
    const uint64_t size = x->newest->checkpoint.size;
    tj_tell(x->order->told, part * size + done, 3 * size);
}

static void tell_hashed(void *context, uint64_t done, uint64_t total)
{
    (void)total;
    tell_part(context, 0, done);
}

/* ---- tiles and bundles ---- */

/* The files that earlier sizes left of a tile or bundle are beginnings of it. `ends` are the bytes
 * that the first n nodes or entries take. */
static enum tijori_status put_widths(struct exporting *x, unsigned level, uint64_t number,
                                     unsigned width, const uint8_t *bytes, const size_t *ends)
{
    char path[TJ_TILE_PATH_MAX];
    enum tijori_status status;
    bool there[TJ_TILE_WIDTH] = {false};
    tj_tile_path(path, level, number, width);
    status = tj_folder_put(&x->folder, path, bytes, ends[width]);
    if (status != TIJORI_OK) {
        return status;
    }
    status = tj_folder_widths(&x->folder, there, level, number);
    for (unsigned w = 1; w < width && status == TIJORI_OK; w++) {
        if (there[w]) {
            tj_tile_path(path, level, number, w);
            status = tj_folder_put(&x->folder, path, bytes, ends[w]);
        }
    }
    return status;
}

static enum tijori_status put_tile(struct exporting *x, unsigned level, uint64_t number,
                                   unsigned width, const struct tj_hash *nodes)
{
    uint8_t bytes[TJ_TILE_WIDTH * TJ_HASH_SIZE];
    size_t ends[TJ_TILE_WIDTH + 1] = {0};
    for (unsigned i = 0; i < width; i++) {
        memcpy(bytes + ends[i], nodes[i].bytes, TJ_HASH_SIZE);
        ends[i + 1] = ends[i] + TJ_HASH_SIZE;
    }
    return put_widths(x, level, number, width, bytes, ends);
}

/* 256 entries, or the last few: their bundle, and the tile of their leaf hashes. */
static enum tijori_status export_bundle(struct exporting *x, uint64_t number, unsigned width)
{
    struct tj_hash leaves[TJ_TILE_WIDTH];
    size_t ends[TJ_TILE_WIDTH + 1] = {0};
    for (unsigned i = 0; i < width; i++) {
        struct tj_entry_view entry;
        enum tijori_status status =
            tj_hashed_log_entry(&x->log, &entry, number * TJ_TILE_WIDTH + i);
        if (status != TIJORI_OK) {
            return status;
        }
        TIJORI_REQUIRE(entry.size <= TJ_ENTRY_SIZE_BOUND);
        uint8_t *at = x->bundle + ends[i];
        at[0] = (uint8_t)(entry.size >> 8);
        at[1] = (uint8_t)entry.size;
        memcpy(at + 2, entry.bytes, entry.size);
        ends[i + 1] = ends[i] + 2 + entry.size;
        tj_leaf_hash(x->hasher, &leaves[i], at + 2, entry.size);
    }
    if (!tj_hashed_log_has(&x->log, number, width, leaves)) {
        return tj_hashed_log_damaged(
            &x->log, "entry %" PRIu64 " or one of the 255 after it changed while it was read",
            number * TJ_TILE_WIDTH);
    }
    enum tijori_status status = put_widths(x, TJ_TILE_ENTRIES, number, width, x->bundle, ends);
    if (status == TIJORI_OK) {
        status = put_tile(x, 0, number, width, leaves);
    }
    return status;
}

static enum tijori_status export_bundles(struct exporting *x)
{
    const uint64_t size = x->newest->checkpoint.size;
    const uint64_t full = size / TJ_TILE_WIDTH;
    const unsigned partial = (unsigned)(size % TJ_TILE_WIDTH);
    enum tijori_status status = TIJORI_OK;
    for (uint64_t n = 0; n < full && status == TIJORI_OK; n++) {
        status = export_bundle(x, n, TJ_TILE_WIDTH);
        tell_part(x, 1, n * TJ_TILE_WIDTH);
    }
    if (partial > 0 && status == TIJORI_OK) {
        status = export_bundle(x, full, partial);
    }
    return status;
}

static enum tijori_status export_tiles(struct exporting *x)
{
    const uint64_t size = x->newest->checkpoint.size;
    enum tijori_status status = TIJORI_OK;
    for (unsigned level = 1; level < TJ_TILE_LEVELS && status == TIJORI_OK; level++) {
        const struct tj_hash *nodes = x->log.nodes[level];
        const uint64_t full = tj_tile_full(size, level);
        const unsigned partial = tj_tile_partial(size, level);
        for (uint64_t n = 0; n < full && status == TIJORI_OK; n++) {
            status = put_tile(x, level, n, TJ_TILE_WIDTH, nodes + n * TJ_TILE_WIDTH);
        }
        if (partial > 0 && status == TIJORI_OK) {
            status = put_tile(x, level, full, partial, nodes + full * TJ_TILE_WIDTH);
        }
    }
    return status;
}

/* ---- bodies and attachments ---- */

static enum tijori_status export_attachment(struct exporting *x, const uint8_t *name)
{
    char path[TJ_FOLDER_PATH_MAX];
    struct tj_view bytes;
    struct tj_hash hash;
    enum tj_storage_status found =
        tj_get_name(x->txn, &bytes, TJ_J_ATTACHMENTS, name, TJ_HASH_SIZE);
    if (found == TJ_STORAGE_NOT_FOUND) {
        return TIJORI_OK; /* that the ledger does not have it is no error */
    }
    if (found != TJ_STORAGE_OK) {
        return tj_say_status(x->message, tj_from_storage(found), x->order->dir, "an attachment");
    }
    tj_content_path(path, TJ_FOLDER_ATTACHMENTS, name);
    tj_sha256(x->hasher, &hash, bytes.bytes, bytes.size);
    if (memcmp(hash.bytes, name, TJ_HASH_SIZE) != 0) {
        return tj_say(x->message, TIJORI_CORRUPT,
                      "%s: the bytes of %s are not those that it is named for: the ledger is "
                      "damaged, they were not published",
                      x->order->dir, path);
    }
    return tj_folder_put(&x->folder, path, bytes.bytes, bytes.size);
}

static enum tijori_status export_cited(struct exporting *x, const struct tj_entry_view *entry,
                                       const uint8_t *records)
{
    enum tijori_status status = TIJORI_OK;
    for (uint32_t i = 0; i < entry->header.record_count && status == TIJORI_OK; i++) {
        const uint8_t *hash = tj_record_attachment(records + (size_t)i * TJ_RECORD_SIZE);
        status = hash != NULL ? export_attachment(x, hash) : TIJORI_OK;
    }
    return status;
}

/* A public folder has no restricted body, whoever put it there. */
static enum tijori_status leave_out(struct exporting *x, const char *path)
{
    x->restricted++;
    if (tj_folder_has(&x->folder, path)) {
        return tj_say(x->message, TIJORI_EXISTS,
                      "%s: holds the restricted body %s: it is no public export, and must not be "
                      "published",
                      x->order->out, path);
    }
    return TIJORI_OK;
}

static enum tijori_status export_body(struct exporting *x, uint64_t index)
{
    char path[TJ_FOLDER_PATH_MAX];
    struct tj_entry_view entry;
    struct tj_body_view body;
    enum tijori_status status = tj_hashed_log_entry(&x->log, &entry, index);
    if (status != TIJORI_OK) {
        return status;
    }
    tj_content_path(path, TJ_FOLDER_BODIES, entry.header.body_root.bytes);
    if (tj_header_restricted(&entry.header) && x->order->kind == TJ_FOLDER_PUBLIC) {
        return leave_out(x, path);
    }
    status = tj_hashed_log_body(&x->log, &body, &entry, index);
    if (status != TIJORI_OK) {
        return status;
    }
    status = tj_folder_put(&x->folder, path, body.records,
                           (size_t)entry.header.record_count * TJ_RECORD_SIZE);
    if (status != TIJORI_OK || !x->order->attachments) {
        return status;
    }
    return export_cited(x, &entry, body.records);
}

static enum tijori_status export_bodies(struct exporting *x)
{
    const uint64_t size = x->newest->checkpoint.size;
    enum tijori_status status = TIJORI_OK;
    for (uint64_t i = 0; i < size && status == TIJORI_OK; i++) {
        status = export_body(x, i);
        if (i % TJ_TILE_WIDTH == 0) {
            tell_part(x, 2, i);
        }
    }
    return status;
}

/* ---- checkpoints ---- */

static enum tijori_status export_checkpoint(struct exporting *x, const struct tj_view *bytes)
{
    char path[TJ_FOLDER_PATH_MAX];
    struct tj_hash hash;
    struct tj_note_view view;
    struct tj_checkpoint checkpoint;
    if (!tj_checkpoint_note_decode(&view, &checkpoint, bytes->bytes, bytes->size)) {
        return tj_say(x->message, TIJORI_CORRUPT,
                      "%s: a stored checkpoint is none: the ledger is damaged", x->order->dir);
    }
    if (view.signature_count < 2 || checkpoint.size > x->newest->checkpoint.size) {
        return TIJORI_OK; /* nobody cosigned it, or it comes later */
    }
    enum tj_note_verdict verdict = tj_signed_by_log(x->log.view->state, &view);
    if (verdict == TJ_NOTE_UNDECIDED) {
        return tj_say_status(x->message, tj_undecided(), x->order->dir, "checkpoints");
    }
    if (verdict != TJ_NOTE_VALID || !tj_hashed_log_begins(&x->log, &checkpoint)) {
        return tj_hashed_log_damaged(
            &x->log, "the stored checkpoint of %" PRIu64 " entries is not what was signed",
            checkpoint.size);
    }
    tj_sha256(x->hasher, &hash, bytes->bytes, bytes->size);
    tj_checkpoint_path(path, checkpoint.size, &hash);
    return tj_folder_put(&x->folder, path, bytes->bytes, bytes->size);
}

static enum tijori_status export_checkpoints(struct exporting *x)
{
    struct tj_cursor *cursor;
    struct tj_view key;
    struct tj_view note;
    enum tj_storage_status found = TJ_STORAGE_OK;
    enum tijori_status status = tj_from_storage(tj_cursor_open(x->txn, &cursor, TJ_J_CHECKPOINTS));
    if (status != TIJORI_OK) {
        return tj_say_status(x->message, status, x->order->dir, "checkpoints");
    }
    while (status == TIJORI_OK && found == TJ_STORAGE_OK) {
        found = tj_cursor_next(cursor, &key, &note);
        if (found == TJ_STORAGE_OK) {
            status = export_checkpoint(x, &note);
        }
    }
    tj_cursor_close(cursor);
    if (status == TIJORI_OK && found != TJ_STORAGE_NOT_FOUND) {
        return tj_say_status(x->message, tj_from_storage(found), x->order->dir, "checkpoints");
    }
    return status;
}

/* ---- what is there already ---- */

/* Without a checkpoint OUT is empty, or a first export that was cut short: what is published from a
 * folder is all that is in it. */
static enum tijori_status check_empty(struct exporting *x)
{
    char alien[TJ_FOLDER_PATH_MAX];
    enum tijori_status status = tj_folder_find_alien(&x->folder, alien);
    if (status == TIJORI_OK && alien[0] != '\0') {
        return tj_say(x->message, TIJORI_EXISTS, "%s: not empty and no export: it has %s",
                      x->order->out, alien);
    }
    return status;
}

/* A file of the folder's top; *size is 0 when there is none, or what is there cannot be that file
 * (empty after a power cut, longer than any). */
static enum tijori_status read_top(struct exporting *x, void *out, size_t capacity, size_t *size,
                                   const char *name)
{
    int error = tj_file_read(out, capacity, size, x->folder.dir, name);
    if (error == ENOENT || error == ELOOP || error == EISDIR) {
        *size = 0;
    } else if (error != 0) {
        return tj_say_errno(x->message, error, name);
    }
    return TIJORI_OK;
}

/* OUT may be missing, empty, or an earlier export of this very log. What is no checkpoint, or has
 * changed since the log's key signed it, counts as none: a power cut left it, or a failing disk. */
static enum tijori_status find_earlier(struct exporting *x)
{
    char bytes[TJ_CHECKPOINT_NOTE_MAX + 1];
    size_t size;
    struct tj_note_view view;
    struct tj_checkpoint earlier;
    enum tijori_status status = read_top(x, bytes, sizeof bytes, &size, TJ_FOLDER_CHECKPOINT);
    if (status != TIJORI_OK) {
        return status;
    }
    if (!tj_checkpoint_note_decode(&view, &earlier, bytes, size)) {
        return check_empty(x);
    }
    if (strcmp(earlier.origin, x->newest->checkpoint.origin) != 0) {
        return tj_say(x->message, TIJORI_LEDGER_ID, "%s: an export of another log (%s)",
                      x->order->out, earlier.origin);
    }
    enum tj_note_verdict verdict = tj_signed_by_log(x->log.view->state, &view);
    if (verdict == TJ_NOTE_UNDECIDED) {
        return tj_say_status(x->message, tj_undecided(), x->order->out, "the checkpoint");
    }
    if (verdict == TJ_NOTE_INVALID) {
        return check_empty(x);
    }
    if (earlier.size > x->newest->checkpoint.size) {
        return tj_say(x->message, TIJORI_KNOWN_AHEAD,
                      "%s: has %" PRIu64 " entries, the ledger's newest checkpoint %" PRIu64
                      ": the ledger was rolled back",
                      x->order->out, earlier.size, x->newest->checkpoint.size);
    }
    if (!tj_hashed_log_begins(&x->log, &earlier)) {
        return tj_say(x->message, TIJORI_FORK,
                      "%s: an export of a fork: its first %" PRIu64
                      " entries are not this ledger's",
                      x->order->out, earlier.size);
    }
    return TIJORI_OK;
}

/* What a folder shows is decided once. Without its file `kind` (lost, or from an export that was
 * cut short) it may become public, since then its bodies are looked at; it may become full only
 * when it has nothing yet. */
static enum tijori_status find_kind(struct exporting *x)
{
    uint8_t bytes[TJ_FOLDER_KIND_MAX];
    size_t size;
    enum tj_folder_kind found;
    enum tj_folder_kind wanted = x->order->kind;
    enum tijori_status status = read_top(x, bytes, sizeof bytes, &size, TJ_FOLDER_KIND);
    if (status != TIJORI_OK) {
        return status;
    }
    bool known = tj_folder_kind_decode(&found, bytes, size);
    if (!known && wanted == TJ_FOLDER_FULL && tj_folder_has(&x->folder, TJ_FOLDER_CHECKPOINT) &&
        !x->order->change_kind) {
        return tj_say(
            x->message, TIJORI_EXISTS,
            "%s: an export whose file " TJ_FOLDER_KIND
            " is missing or damaged: it may be a public one, and would get the records of "
            "restricted entries. If that is meant: --change-kind",
            x->order->out);
    }
    if (known && found == TJ_FOLDER_PUBLIC && wanted == TJ_FOLDER_FULL && !x->order->change_kind) {
        return tj_say(x->message, TIJORI_EXISTS,
                      "%s: a public export, which would get the records of restricted entries. Go "
                      "on with --public, or, if that is meant: --change-kind",
                      x->order->out);
    }
    if (known && found == TJ_FOLDER_FULL && wanted == TJ_FOLDER_PUBLIC) {
        return tj_say(x->message, TIJORI_EXISTS,
                      "%s: a full export, with the records of restricted entries: make the public "
                      "one in a folder of its own",
                      x->order->out);
    }
    const char *text = tj_folder_kind_text(wanted);
    return tj_folder_put_durably(&x->folder, TJ_FOLDER_KIND, text, strlen(text));
}

/* ---- all of it ---- */

static enum tijori_status put_document(struct exporting *x)
{
    return tj_folder_put(&x->folder, TJ_FOLDER_DOCUMENT, tj_format_document,
                         tj_format_document_size);
}

/* When all that it names is on the disk. Those of checkpoints/ come after it, since a folder in
 * which one of them counts more entries than this one would show a log that was cut off. */
static enum tijori_status put_checkpoint(struct exporting *x)
{
    return tj_folder_put_durably(&x->folder, TJ_FOLDER_CHECKPOINT, x->newest->note.bytes,
                                 x->newest->note.size);
}

static enum tijori_status fill_folder(struct exporting *x)
{
    enum tijori_status (*const steps[])(struct exporting *) = {
        find_earlier, find_kind,    export_bundles, export_bodies,
        export_tiles, put_document, put_checkpoint, export_checkpoints,
    };
    enum tijori_status status = TIJORI_OK;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0] && status == TIJORI_OK; i++) {
        status = steps[i](x);
    }
    if (status == TIJORI_OK) {
        status = tj_folder_sync(&x->folder);
    }
    return status;
}

/* The whole log is hashed before the folder is opened: a damaged ledger must not spoil a sound
 * folder. */
static enum tijori_status export_all(struct exporting *x, const struct tj_ledger_view *view)
{
    const struct tj_told hashed = {tell_hashed, x};
    enum tijori_status status =
        tj_hashed_log_read(&x->log, view, x->order->dir, x->newest, &hashed, x->message);
    if (status != TIJORI_OK) {
        return status;
    }
    status = tj_folder_writer_open(&x->folder, x->order->out, x->message);
    if (status != TIJORI_OK) {
        return status;
    }
    status = fill_folder(x);
    tj_folder_writer_close(&x->folder);
    return status;
}

enum tijori_status tj_export(const struct tj_ledger_view *view, struct tj_export_done *done,
                             const struct tj_stored_checkpoint *newest,
                             const struct tj_export_order *order, struct tijori_message *message)
{
    struct exporting *x = calloc(1, sizeof *x);
    uint8_t *bundle = malloc(TJ_BUNDLE_SIZE_MAX);
    enum tijori_status status = TIJORI_MEMORY;
    if (x != NULL && bundle != NULL) {
        *x = (struct exporting){.txn = view->txn,
                                .hasher = view->digester->hasher,
                                .newest = newest,
                                .order = order,
                                .message = message,
                                .bundle = bundle};
        status = export_all(x, view);
        *done = (struct tj_export_done){.entries = newest->checkpoint.size,
                                        .files = x->folder.files,
                                        .bytes = x->folder.bytes,
                                        .restricted = x->restricted};
        tj_hashed_log_clear(&x->log);
    } else {
        (void)tj_say_status(message, status, order->out, NULL);
    }
    free(bundle);
    free(x);
    return status;
}
