#include "core/ingest/checkpoints.h"

#include "core/log/witness_time.h"

/* A checkpoint is stored under its size, so that cosignatures which arrive later find it; the
 * newest one also under a name, where the next signing finds what it must not contradict. */
static enum tijori_status put_checkpoint(struct tj_ingest *ingest, uint64_t size, const char *note,
                                         size_t note_size, bool newest)
{
    uint8_t key[TJ_CHECKPOINT_KEY_SIZE];
    uint8_t *place;
    struct tj_txn *txn;
    TJ_VERIFY_CHECK(tj_lock_held(&ingest->committing));
    TJ_VERIFY_CHECK(!newest || size == ingest->durable.row.size);
    enum tj_storage_status status = tj_write_begin(ingest->store, &txn);
    if (status != TJ_STORAGE_OK) {
        return tj_from_storage(status);
    }
    tj_checkpoint_key(key, size);
    status = tj_put_name(txn, &place, TJ_J_CHECKPOINTS, key, sizeof key, note_size);
    if (status == TJ_STORAGE_OK) {
        memcpy(place, note, note_size);
    }
    if (status == TJ_STORAGE_OK && newest) {
        status = tj_put_meta(txn, TJ_META_SIGNED, note, note_size);
    }
    if (status != TJ_STORAGE_OK) {
        tj_write_abort(txn);
        return tj_from_storage(status);
    }
    return tj_from_storage(tj_write_commit(txn));
}

/* What was signed last must be a beginning of the log as it is now. */
static enum tijori_status check_last(struct tj_txn *txn, struct tj_digester *digester,
                                     uint64_t size, const char *origin)
{
    struct tj_stored_checkpoint last;
    struct tj_log_nodes nodes;
    struct tj_hash root;
    enum tijori_status status = tj_checkpoint_newest(txn, &last);
    if (status == TIJORI_NOT_FOUND) {
        return TIJORI_OK;
    }
    if (status != TIJORI_OK) {
        return status;
    }
    tj_log_nodes_init(&nodes, txn, digester);
    if (strcmp(last.checkpoint.origin, origin) != 0 || last.checkpoint.size > size) {
        return TIJORI_FORK;
    }
    if (!tj_tile_root(digester->hasher, &root, &nodes.reader, last.checkpoint.size)) {
        return TIJORI_CORRUPT;
    }
    if (!tj_hash_equal(&root, &last.checkpoint.root)) {
        return TIJORI_FORK;
    }
    return TIJORI_OK;
}

/* The frontier in memory is signed, but only after the stored log was held against what was signed
 * last: a ledger that was put back from a copy must not sign a second history. A checkpoint of this
 * size that is there already is kept, because witnesses may have cosigned its very text. */
enum tijori_status tj_checkpoint_make(struct tj_ingest *ingest, char *note, size_t *note_size,
                                      const uint8_t secret32[32])
{
    struct tj_txn *txn;
    struct tj_view stored;
    struct tj_public_key key;
    struct tj_checkpoint checkpoint = {.size = ingest->durable.row.size};
    uint32_t number;
    struct tj_digester *digester = &ingest->digester;
    TJ_VERIFY_CHECK(tj_lock_held(&ingest->judging) && tj_lock_held(&ingest->committing));
    if (ingest->failed) {
        return TIJORI_FAILED;
    }
    if (!tj_public_key_of(&key, TJ_ALGORITHM_ED25519, secret32) ||
        !tj_find_log_key(ingest->state, &number, key.bytes)) {
        return TIJORI_KEY_UNKNOWN;
    }
    tj_origin(ingest->state, checkpoint.origin);
    tj_frontier_root(digester->hasher, &checkpoint.root, &ingest->durable.row.frontier);
    enum tijori_status status = tj_from_storage(tj_read_begin(ingest->store, &txn));
    if (status != TIJORI_OK) {
        return status;
    }
    status = check_last(txn, digester, checkpoint.size, checkpoint.origin);
    *note_size = tj_checkpoint_sign(note, TJ_CHECKPOINT_NOTE_MAX, &checkpoint, secret32);
    TIJORI_REQUIRE(*note_size > 0);
    TJ_VERIFY_CHECK(tj_note_is_of(note, *note_size, checkpoint.size));
    bool there = status == TIJORI_OK && tj_checkpoint_stored(txn, &stored, checkpoint.size);
    /* One that another log key signed before gets this key's line as well. */
    if (there && stored.size <= TJ_CHECKPOINT_NOTE_MAX) {
        char own[TJ_SIGNED_NOTE_MAX];
        size_t own_size = *note_size;
        TIJORI_REQUIRE(own_size <= sizeof own);
        memcpy(own, note, own_size);
        memcpy(note, stored.bytes, stored.size);
        *note_size = stored.size;
        there = tj_note_merge(note, note_size, TJ_CHECKPOINT_NOTE_MAX, own, own_size) &&
                *note_size == stored.size;
    }
    tj_read_end(txn);
    if (status == TIJORI_OK && !there) {
        return put_checkpoint(ingest, checkpoint.size, note, *note_size, true);
    }
    return status;
}

/* No line that is new in `view` states a time that the audit will hold against the log: a line that
 * was stored stays, and with it the fault. Whose the lines are is not known here. */
static enum tijori_status check_times(struct tj_ingest *ingest, struct tj_txn *txn,
                                      const struct tj_note_view *stored,
                                      const struct tj_note_view *view, uint64_t size)
{
    struct tj_witness_bounds bounds;
    const uint64_t now_ns = tj_own_clock_now(&ingest->clock);
    enum tijori_status status =
        tj_witness_bounds_of(txn, &bounds, size, ingest->durable.row.size, now_ns);
    for (size_t i = 0; i < view->signature_count && status == TIJORI_OK; i++) {
        const struct tj_note_signature_view *line = &view->signatures[i];
        uint64_t time_s;
        if (!tj_note_has_line(stored, line) && tj_cosignature_time(line, &time_s) &&
            tj_witness_time_refused(&bounds, time_s) != NULL) {
            status = TIJORI_VALUE;
        }
    }
    return status;
}

/* A witness cosigns a text, and a stored checkpoint is found by its size. So what is merged is what
 * tj_note_merge takes: lines of a note of the very same text. Nothing here can change the text. */
static enum tijori_status merge_lines(struct tj_ingest *ingest, struct tj_txn *txn, char *note,
                                      size_t *note_size, const char *other, size_t other_size)
{
    struct tj_view stored;
    struct tj_note_view view;
    struct tj_note_view stored_view;
    struct tj_checkpoint checkpoint;
    if (!tj_checkpoint_note_decode(&view, &checkpoint, other, other_size)) {
        return TIJORI_VALUE;
    }
    if (!tj_checkpoint_stored(txn, &stored, checkpoint.size) ||
        stored.size > TJ_CHECKPOINT_NOTE_MAX ||
        !tj_note_decode(&stored_view, (const char *)stored.bytes, stored.size)) {
        return TIJORI_NOT_FOUND;
    }
    memcpy(note, stored.bytes, stored.size);
    *note_size = stored.size;
    if (!tj_note_merge(note, note_size, TJ_CHECKPOINT_NOTE_MAX, other, other_size)) {
        return TIJORI_NOT_FOUND;
    }
    TJ_VERIFY_CHECK(tj_note_is_of(note, *note_size, checkpoint.size));
    TJ_VERIFY_CHECK(*note_size >= stored.size && *note_size <= TJ_CHECKPOINT_NOTE_MAX);
    return check_times(ingest, txn, &stored_view, &view, checkpoint.size);
}

enum tijori_status tj_checkpoint_add(struct tj_ingest *ingest, char *note, size_t *note_size,
                                     const char *other, size_t other_size)
{
    struct tj_txn *txn;
    struct tj_note_view view;
    struct tj_checkpoint checkpoint;
    TJ_VERIFY_CHECK(tj_lock_held(&ingest->judging) && tj_lock_held(&ingest->committing));
    enum tijori_status status = tj_from_storage(tj_read_begin(ingest->store, &txn));
    if (status != TIJORI_OK) {
        return status;
    }
    status = merge_lines(ingest, txn, note, note_size, other, other_size);
    tj_read_end(txn);
    if (status != TIJORI_OK) {
        return status;
    }
    TIJORI_REQUIRE(tj_checkpoint_note_decode(&view, &checkpoint, note, *note_size));
    return put_checkpoint(ingest, checkpoint.size, note, *note_size, false);
}

/* The row `signed` is replaced by the next commit's checkpoint, and a cosignature is added only to
 * a stored note of its text. So what goes out is stored under its size, before it goes. */
enum tijori_status tj_checkpoint_publish(struct tj_ingest *ingest)
{
    char note[TJ_CHECKPOINT_NOTE_MAX];
    struct tj_txn *txn;
    struct tj_view kept;
    struct tj_stored_checkpoint newest;
    if (ingest->failed) {
        return TIJORI_FAILED;
    }
    enum tijori_status status = tj_from_storage(tj_read_begin(ingest->store, &txn));
    if (status != TIJORI_OK) {
        return status;
    }
    status = tj_checkpoint_newest(txn, &newest);
    bool stored = status == TIJORI_OK && tj_checkpoint_stored(txn, &kept, newest.checkpoint.size);
    if (status == TIJORI_OK && newest.note.size > sizeof note) {
        status = TIJORI_CORRUPT;
    }
    if (status == TIJORI_OK) {
        memcpy(note, newest.note.bytes, newest.note.size);
    }
    tj_read_end(txn);
    if (status != TIJORI_OK || stored) {
        return status;
    }
    return put_checkpoint(ingest, newest.checkpoint.size, note, newest.note.size, false);
}
