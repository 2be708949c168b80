#include "core/audit/entry_check.h"

static bool body_fits(const struct tj_read_entry *item)
{
    const struct tj_source_item *source = &item->source;
    size_t count = item->entry.header.record_count;
    if (item->body_missing) {
        return false;
    }
    if (!item->absent && source->records.size != count * TJ_RECORD_SIZE) {
        return false;
    }
    return source->derived.bytes == NULL ||
           source->derived.size == count * TJ_LINK_SIZE + TJ_TAIL_SIZE;
}

/* FORMAT 7, step 1. Before anything is hashed, its size is settled. A body of another size than the
 * header says would be hashed beyond its end. */
static enum tijori_status check_form(struct tj_digester *digester, struct tj_read_entry *item)
{
    const struct tj_source_item *source = &item->source;
    enum tijori_status status =
        tj_entry_decode(&item->entry, source->entry.bytes, source->entry.size, &item->form);
    if (status != TIJORI_OK) {
        return status;
    }
    const struct tj_header *header = &item->entry.header;
    item->absent = source->records.bytes == NULL && tj_header_restricted(header);
    item->body_missing = source->records.bytes == NULL && !item->absent;
    if (!body_fits(item)) {
        return tj_refuse(&item->form, TIJORI_RECORD_COUNT, "record_count");
    }
    item->entry_formed = true;
    tj_envelope_id(digester, &item->envelope_id, item->entry.header_bytes);
    if (item->absent) {
        return TIJORI_OK;
    }
    tj_tree_root_of_items(digester->hasher, &item->body_root, source->records.bytes, TJ_RECORD_SIZE,
                          header->record_count);
    return tj_records_check(header, source->records.bytes, &item->form);
}

/* Signatures come last, those of all entries of the batch together: the verifier is quicker that
 * way. */
void tj_check_entries(void *context, struct tj_digester *digester, void **items, size_t count)
{
    struct tj_signed entries[TJ_PIPELINE_BATCH_MAX];
    size_t formed = 0;
    (void)context;
    TIJORI_REQUIRE(count <= TJ_PIPELINE_BATCH_MAX);
    for (size_t i = 0; i < count; i++) {
        struct tj_read_entry *item = items[i];
        tj_verdict_init(&item->form);
        item->entry_formed = false;
        item->absent = false;
        item->body_missing = false;
        tj_leaf_hash(digester->hasher, &item->leaf, item->source.entry.bytes,
                     item->source.entry.size);
        item->form.status = check_form(digester, item);
        if (item->entry_formed) {
            entries[formed++] = (struct tj_signed){&item->entry.slots, &item->envelope_id,
                                                   &item->invalid_slot, &item->undecided};
        }
    }
    tj_slots_verify(entries, formed);
}
