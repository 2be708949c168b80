#include "core/exchange/hashed_log.h"

#include "core/base/memory.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

enum tijori_status tj_hashed_log_damaged(const struct tj_hashed_log *log, const char *format, ...)
{
    char what[160];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(what, sizeof what, format, list);
    va_end(list);
    return tj_say(log->message, TIJORI_CORRUPT, "%s: %s: the ledger is damaged", log->dir, what);
}

/* ---- entries and bodies ---- */

enum tijori_status tj_hashed_log_entry(const struct tj_hashed_log *log, struct tj_entry_view *out,
                                       uint64_t index)
{
    enum tijori_status status = tj_journal_counted(log->view->txn, out, NULL, index);
    if (status == TIJORI_CORRUPT) {
        return tj_hashed_log_damaged(log, "entry %" PRIu64 " is missing or malformed", index);
    }
    if (status != TIJORI_OK) {
        return tj_say_status(log->message, status, log->dir, "an entry");
    }
    return TIJORI_OK;
}

enum tijori_status tj_hashed_log_body(const struct tj_hashed_log *log, struct tj_body_view *out,
                                      const struct tj_entry_view *entry, uint64_t index)
{
    struct tj_verdict verdict;
    tj_verdict_init(&verdict);
    enum tijori_status status = tj_journal_body(log->view->txn, out, entry);
    if (status == TIJORI_OK) {
        status = tj_body_check(log->view->digester, &entry->header, out->records, &verdict);
    }
    if (status == TIJORI_NOT_FOUND || status == TIJORI_CORRUPT || status == TIJORI_BODY_ROOT) {
        return tj_hashed_log_damaged(
            log, "the records of entry %" PRIu64 " are not those that were signed", index);
    }
    if (status != TIJORI_OK) {
        return tj_say_status(log->message, status, log->dir, "a body");
    }
    return TIJORI_OK;
}

/* ---- the tree ---- */

static bool keep_node(struct tj_hashed_log *log, unsigned level, const struct tj_hash *node)
{
    if (!tj_grow(&log->nodes[level], &log->capacities[level], log->counts[level] + 1,
                 sizeof *node)) {
        return false;
    }
    log->nodes[level][log->counts[level]++] = *node;
    return true;
}

/* `leaf` is that of the entry before, and gets this one's. */
static enum tijori_status hash_entry(struct tj_hashed_log *log, struct tj_hash *leaf,
                                     uint64_t index)
{
    struct tj_entry_view entry;
    struct tj_hash completed[TJ_FRONTIER_NODES_MAX];
    struct tj_hasher *hasher = log->view->digester->hasher;
    enum tijori_status status = tj_hashed_log_entry(log, &entry, index);
    if (status != TIJORI_OK) {
        return status;
    }
    if (index > 0 && memcmp(tj_entry_previous(entry.bytes), leaf->bytes, TJ_HASH_SIZE) != 0) {
        return tj_hashed_log_damaged(
            log, "entry %" PRIu64 " does not hold the hash of the one before", index);
    }
    tj_leaf_hash(hasher, leaf, entry.bytes, entry.size);
    log->last[index % TJ_TILE_WIDTH] = *leaf;
    uint32_t levels = tj_frontier_append_nodes(hasher, &log->frontier, completed, leaf);
    for (uint32_t level = 1; level <= levels; level++) {
        if (!keep_node(log, level, &completed[level - 1])) {
            return tj_say_status(log->message, TIJORI_MEMORY, log->dir, NULL);
        }
    }
    return TIJORI_OK;
}

static enum tijori_status hash_entries(struct tj_hashed_log *log,
                                       const struct tj_checkpoint *checkpoint,
                                       const struct tj_told *told)
{
    struct tj_hash leaf;
    struct tj_hash root;
    tj_frontier_init(&log->frontier);
    for (uint64_t i = 0; i < checkpoint->size; i++) {
        enum tijori_status status = hash_entry(log, &leaf, i);
        if (status != TIJORI_OK) {
            return status;
        }
        if (i % TJ_TILE_WIDTH == 0) {
            tj_tell(told, i, checkpoint->size);
        }
    }
    tj_frontier_root(log->view->digester->hasher, &root, &log->frontier);
    if (!tj_hash_equal(&root, &checkpoint->root)) {
        return tj_hashed_log_damaged(
            log, "its first %" PRIu64 " entries are not those of the signed checkpoint",
            checkpoint->size);
    }
    return TIJORI_OK;
}

static bool read_node(void *context, struct tj_hash *out, unsigned level, uint64_t number)
{
    const struct tj_hashed_log *log = context;
    struct tj_entry_view entry;
    if (level > 0) {
        if (level >= TJ_TILE_LEVELS || number >= log->counts[level]) {
            return false;
        }
        *out = log->nodes[level][number];
        return true;
    }
    if (tj_hashed_log_entry(log, &entry, number) != TIJORI_OK) {
        return false;
    }
    tj_leaf_hash(log->view->digester->hasher, out, entry.bytes, entry.size);
    return true;
}

bool tj_hashed_log_has(const struct tj_hashed_log *log, uint64_t number, unsigned width,
                       const struct tj_hash *leaves)
{
    struct tj_hasher *hasher = log->view->digester->hasher;
    struct tj_frontier frontier;
    struct tj_hash root;
    if (width < TJ_TILE_WIDTH) {
        return memcmp(leaves, log->last, width * sizeof *leaves) == 0;
    }
    tj_frontier_init(&frontier);
    for (unsigned i = 0; i < width; i++) {
        tj_frontier_append(hasher, &frontier, &leaves[i]);
    }
    tj_frontier_root(hasher, &root, &frontier);
    return tj_hash_equal(&root, &log->nodes[1][number]);
}

/* ---- checkpoints ---- */

bool tj_hashed_log_begins(const struct tj_hashed_log *log, const struct tj_checkpoint *checkpoint)
{
    struct tj_hash root;
    return checkpoint->size <= log->frontier.size &&
           tj_tile_root(log->view->digester->hasher, &root, &log->reader, checkpoint->size) &&
           tj_hash_equal(&root, &checkpoint->root);
}

/* ---- life ---- */

enum tijori_status tj_hashed_log_read(struct tj_hashed_log *out, const struct tj_ledger_view *view,
                                      const char *dir, const struct tj_stored_checkpoint *newest,
                                      const struct tj_told *told, struct tijori_message *message)
{
    struct tj_note_view note;
    *out = (struct tj_hashed_log){
        .view = view, .dir = dir, .message = message, .reader = {out, read_node}};
    enum tj_note_verdict verdict = TJ_NOTE_INVALID;
    if (tj_note_decode(&note, (const char *)newest->note.bytes, newest->note.size)) {
        verdict = tj_signed_by_log(view->state, &note);
    }
    if (verdict == TJ_NOTE_UNDECIDED) {
        return tj_say_status(message, tj_undecided(), dir, "the newest checkpoint");
    }
    if (verdict != TJ_NOTE_VALID) {
        return tj_hashed_log_damaged(
            out, "no key of the log signed its checkpoint of %" PRIu64 " entries",
            newest->checkpoint.size);
    }
    return hash_entries(out, &newest->checkpoint, told);
}

void tj_hashed_log_clear(struct tj_hashed_log *log)
{
    for (size_t level = 0; level < TJ_TILE_LEVELS; level++) {
        free(log->nodes[level]);
    }
    *log = (struct tj_hashed_log){.dir = NULL};
}
