#include "core/audit/source.h"

#include "core/format/folder_layout.h"

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
           tj_note_decode(&view, (const char *)note->bytes, note->size) &&
           tj_checkpoint_decode(checkpoint, view.text, view.text_size);
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

/* What was not hashed in this audit is hashed when it is asked for. */
static bool past_entry(struct tj_source_past *past, struct tj_entry_view *out, uint64_t index)
{
    struct tj_hash leaf;
    struct tj_hash wanted;
    if (past->leaves == NULL || !past->leaves(past->leaves_context, &wanted, index)) {
        return tj_source_entry(past->source, past->digester, out, NULL, index);
    }
    return tj_source_entry(past->source, past->digester, out, &leaf, index) &&
           tj_hash_equal(&leaf, &wanted);
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

/* Whether a body counts as absent must not depend on when it is asked for. What was judged without
 * it stays so, in this audit and the next. And what an earlier audit read is hashed again, since
 * the source may have changed since. */
static bool past_record(void *context, struct tj_named *out, uint64_t record_id)
{
    struct tj_source_past *past = context;
    struct tj_entry_view entry;
    struct tj_view records;
    uint32_t position = tj_record_position(record_id);
    out->absent = false;
    if (!past_entry(past, &entry, tj_record_entry(record_id)) ||
        position >= entry.header.record_count) {
        return false;
    }
    bool unseen =
        tj_record_entry(record_id) < past->unseen_below && tj_header_restricted(&entry.header);
    if (unseen || !past->source->ops->records(past->source, &records, &entry)) {
        out->absent = tj_header_restricted(&entry.header);
        out->received_ns = entry.received_ns;
        return out->absent;
    }
    if (past->leaves != NULL && !body_is_whole(past, &entry, &records)) {
        return false;
    }
    memcpy(out->record, records.bytes + (size_t)position * TJ_RECORD_SIZE, TJ_RECORD_SIZE);
    tj_leaf_hash(past->digester->hasher, &out->leaf, out->record, TJ_RECORD_SIZE);
    tj_named_complete(&past->past, out, &entry);
    return true;
}

static bool past_leaf(void *context, struct tj_hash *leaf, uint64_t index)
{
    struct tj_source_past *past = context;
    struct tj_view bytes;
    if (past->leaves != NULL && past->leaves(past->leaves_context, leaf, index)) {
        return true;
    }
    if (past->source->ops->entry(past->source, &bytes, index + 1) &&
        bytes.size >= TJ_ENTRY_FIXED_SIZE) {
        memcpy(leaf->bytes, tj_entry_previous(bytes.bytes), TJ_HASH_SIZE);
        return true;
    }
    if (!past->source->ops->entry(past->source, &bytes, index)) {
        return false;
    }
    tj_leaf_hash(past->digester->hasher, leaf, bytes.bytes, bytes.size);
    return true;
}

static bool past_envelope_id(void *context, struct tj_hash *id, uint64_t index)
{
    struct tj_source_past *past = context;
    struct tj_entry_view entry;
    if (!past_entry(past, &entry, index)) {
        return false;
    }
    tj_envelope_id(past->digester, id, entry.header_bytes);
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
    };
}
