#include "core/audit/source.h"

#include "core/base/memory.h"
#include "core/format/folder_layout.h"

#include <inttypes.h>
#include <sys/stat.h>

bool tj_source_is_folder(const char *path)
{
    char file[4096];
    struct stat st;
    int size = snprintf(file, sizeof file, "%s/" TJ_FOLDER_CHECKPOINT, path);
    return size > 0 && (size_t)size < sizeof file && stat(file, &st) == 0;
}

void tj_source_close(struct tj_source *source)
{
    if (source != NULL) {
        source->ops->close(source);
    }
}

bool tj_source_newest(struct tj_source *source, struct tj_view *note,
                      struct tj_checkpoint *checkpoint)
{
    struct tj_note_view view;
    size_t count = source->ops->checkpoint_count(source);
    return count > 0 && source->ops->checkpoint(source, note, count - 1) &&
           tj_checkpoint_note_decode(&view, checkpoint, note->bytes, note->size);
}

bool tj_source_entry(struct tj_source *source, struct tj_digester *digester,
                     struct tj_entry_view *out, struct tj_hash *leaf, uint64_t index)
{
    struct tj_view bytes;
    struct tj_verdict verdict;
    if (!source->ops->entry(source, &bytes, index)) {
        return false;
    }
    tj_verdict_init(&verdict);
    if (leaf != NULL) {
        tj_leaf_hash(digester->hasher, leaf, bytes.bytes, bytes.size);
    }
    return tj_entry_decode(out, bytes.bytes, bytes.size, &verdict) == TIJORI_OK &&
           out->index == index;
}

/* ---- the past ---- */

/* An entry of this index was judged, and what is there now is not it. */
static void past_differs(struct tj_source_past *past, uint64_t index)
{
    if (past->changed == UINT64_MAX) {
        past->changed = index;
    }
}

static void drop_records(struct tj_source_past *past, struct tj_past_entry *kept)
{
    if (kept->records != NULL) {
        past->records_kept -= (size_t)kept->entry.header.record_count * TJ_RECORD_SIZE;
        free(kept->records);
        kept->records = NULL;
    }
}

/* The one of this index, or else the one that was not asked for the longest. So the one that was
 * asked for last stays where it is while another is looked up. */
static struct tj_past_entry *past_place(struct tj_source_past *past, uint64_t index)
{
    struct tj_past_entry *oldest = &past->kept[0];
    for (size_t i = 0; i < TJ_PAST_KEPT; i++) {
        struct tj_past_entry *kept = &past->kept[i];
        if (kept->turn != 0 && kept->index == index) {
            return kept;
        }
        if (kept->turn < oldest->turn) {
            oldest = kept;
        }
    }
    return oldest;
}

/* What is asked for again is hashed again: it must be the entry that was judged. */
static bool load_entry(struct tj_source_past *past, struct tj_past_entry *kept, uint64_t index)
{
    struct tj_hash wanted;
    struct tj_hash leaf;
    struct tj_view bytes;
    struct tj_verdict verdict;
    uint64_t met = past->source->trouble.met;
    if (!past->leaves(past->leaves_context, &wanted, index)) {
        return false;
    }
    if (!past->source->ops->entry(past->source, &bytes, index)) {
        if (past->source->trouble.met == met) {
            past_differs(past, index);
        }
        return false;
    }
    drop_records(past, kept);
    kept->turn = 0;
    if (!tj_grow(&kept->bytes, &kept->capacity, bytes.size + 1, 1)) {
        tj_trouble_note(&past->source->trouble, TIJORI_MEMORY, "entry %" PRIu64 ": out of memory",
                        index);
        return false;
    }
    memcpy(kept->bytes, bytes.bytes, bytes.size);
    tj_leaf_hash(past->digester->hasher, &leaf, kept->bytes, bytes.size);
    tj_verdict_init(&verdict);
    if (!tj_hash_equal(&leaf, &wanted) ||
        tj_entry_decode(&kept->entry, kept->bytes, bytes.size, &verdict) != TIJORI_OK ||
        kept->entry.index != index) {
        past_differs(past, index);
        return false;
    }
    return true;
}

/* NULL: it was not judged, is another now, or could not be read. */
static struct tj_past_entry *past_entry(struct tj_source_past *past, uint64_t index)
{
    struct tj_past_entry *kept = past_place(past, index);
    bool there = kept->turn != 0 && kept->index == index;
    if (!there && !load_entry(past, kept, index)) {
        return NULL;
    }
    kept->index = index;
    kept->turn = ++past->turn;
    return kept;
}

static bool body_is_whole(struct tj_source_past *past, const struct tj_entry_view *entry,
                          const struct tj_view *records)
{
    struct tj_hash root;
    uint32_t count = entry->header.record_count;
    if (records->size != (size_t)count * TJ_RECORD_SIZE) {
        return false;
    }
    tj_tree_root_of_items(past->digester->hasher, &root, records->bytes, TJ_RECORD_SIZE, count);
    return tj_hash_equal(&root, &entry->header.body_root);
}

/* Room for so many more bytes of records: those that were not asked for the longest go. */
static void make_room(struct tj_source_past *past, size_t size)
{
    while (past->records_kept > 0 && past->records_kept + size > TJ_PAST_RECORDS_MAX) {
        struct tj_past_entry *oldest = NULL;
        for (size_t i = 0; i < TJ_PAST_KEPT; i++) {
            struct tj_past_entry *kept = &past->kept[i];
            if (kept->records != NULL && (oldest == NULL || kept->turn < oldest->turn)) {
                oldest = kept;
            }
        }
        drop_records(past, oldest);
    }
}

static bool keep_records(struct tj_source_past *past, struct tj_past_entry *kept,
                         const struct tj_view *records)
{
    if (!body_is_whole(past, &kept->entry, records)) {
        past_differs(past, kept->index);
        return false;
    }
    make_room(past, records->size);
    kept->records = malloc(records->size);
    if (kept->records == NULL) {
        tj_trouble_note(&past->source->trouble, TIJORI_MEMORY,
                        "the records of entry %" PRIu64 ": out of memory", kept->index);
        return false;
    }
    memcpy(kept->records, records->bytes, records->size);
    past->records_kept += records->size;
    return true;
}

static bool was_absent(const struct tj_source_past *past, uint64_t index)
{
    uint64_t bit = index - past->start;
    return index >= past->start && bit / 8 < past->absent_bytes &&
           (past->absent[bit / 8] >> (bit % 8) & 1) != 0;
}

bool tj_source_past_lacks(struct tj_source_past *past, uint64_t index)
{
    TJ_VERIFY_CHECK(index >= past->start);
    uint64_t bit = index - past->start;
    size_t bytes = (size_t)(bit / 8) + 1;
    if (!tj_grow(&past->absent, &past->absent_capacity, bytes, 1)) {
        return false;
    }
    if (bytes > past->absent_bytes) {
        memset(past->absent + past->absent_bytes, 0, bytes - past->absent_bytes);
        past->absent_bytes = bytes;
    }
    past->absent[bit / 8] |= (uint8_t)(1u << (bit % 8));
    return true;
}

/* Whether a body counts as absent must not depend on when it is asked for: what was judged without
 * it stays so, in this audit and the next. Of an entry that an earlier audit judged with its body,
 * the body may be gone: that audit read a full export, and this one reads a public one. */
static bool past_records(struct tj_source_past *past, bool *absent, struct tj_past_entry *kept)
{
    struct tj_view records;
    uint64_t met = past->source->trouble.met;
    bool restricted = tj_header_restricted(&kept->entry.header);
    *absent = restricted && (kept->index < past->unseen_below || was_absent(past, kept->index));
    if (*absent || kept->records != NULL) {
        return true;
    }
    if (past->source->ops->records(past->source, &records, &kept->entry)) {
        return keep_records(past, kept, &records);
    }
    if (past->source->trouble.met > met) {
        return false;
    }
    *absent = restricted && kept->index < past->start;
    if (!*absent) {
        past_differs(past, kept->index);
    }
    return *absent;
}

/* A post that stands where a pending movement should is in no log that was judged. To answer it
 * here would let a chain of them decide how deep this calls itself. */
static bool past_record(void *context, struct tj_named *out, uint64_t record_id)
{
    struct tj_source_past *past = context;
    uint32_t position = tj_record_position(record_id);
    struct tj_past_entry *kept = past_entry(past, tj_record_entry(record_id));
    out->absent = false;
    if (kept == NULL || position >= kept->entry.header.record_count ||
        !past_records(past, &out->absent, kept)) {
        return false;
    }
    if (out->absent) {
        out->received_ns = kept->entry.received_ns;
        return true;
    }
    const uint8_t *record = kept->records + (size_t)position * TJ_RECORD_SIZE;
    if (past->nested && tj_record_kind(record) == TJ_POST) {
        return false;
    }
    memcpy(out->record, record, TJ_RECORD_SIZE);
    tj_group_hash(past->digester->hasher, &out->group, record,
                  tj_details_after(kept->records, kept->entry.header.record_count, position));
    bool nested = past->nested;
    past->nested = true;
    tj_named_complete(&past->past, out, &kept->entry);
    past->nested = nested;
    return true;
}

static bool past_leaf(void *context, struct tj_hash *leaf, uint64_t index)
{
    struct tj_source_past *past = context;
    return past->leaves(past->leaves_context, leaf, index);
}

static bool past_envelope_id(void *context, struct tj_hash *id, uint64_t index)
{
    struct tj_source_past *past = context;
    const struct tj_past_entry *kept = past_entry(past, index);
    if (kept == NULL) {
        return false;
    }
    tj_envelope_id(past->digester, id, kept->entry.header_bytes);
    return true;
}

static bool past_lane_jump(void *context, uint64_t *jump, uint64_t index)
{
    struct tj_source_past *past = context;
    return tj_lane_jumps_before(past->jumps, jump, past->party, past->lane, index);
}

static bool past_root(void *context, struct tj_hash *root, uint64_t size)
{
    struct tj_source_past *past = context;
    struct tj_frontier frontier;
    tj_frontier_init(&frontier);
    for (uint64_t index = 0; index < size; index++) {
        struct tj_hash leaf;
        if (!past_leaf(context, &leaf, index)) {
            return false;
        }
        tj_frontier_append(past->digester->hasher, &frontier, &leaf);
    }
    TJ_VERIFY_CHECK(frontier.size == size);
    tj_frontier_root(past->digester->hasher, root, &frontier);
    return true;
}

void tj_source_past_init(struct tj_source_past *past, struct tj_source *source,
                         struct tj_digester *digester, struct tj_lane_jumps *jumps)
{
    *past = (struct tj_source_past){
        .past = {past, past_record, past_leaf, past_envelope_id, past_lane_jump, past_root},
        .source = source,
        .digester = digester,
        .jumps = jumps,
        .changed = UINT64_MAX,
    };
}

void tj_source_past_clear(struct tj_source_past *past)
{
    for (size_t i = 0; i < TJ_PAST_KEPT; i++) {
        free(past->kept[i].bytes);
        free(past->kept[i].records);
    }
    free(past->absent);
}
