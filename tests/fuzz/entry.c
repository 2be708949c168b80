/* Bytes that are stored as an entry and its body: `size u16 || entry || body`. What decodes encodes
 * to the same bytes. */

#include "core/format/entry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_body(const struct tj_entry_view *entry, const uint8_t *body, size_t size)
{
    struct tj_body_view view;
    if (!tj_body_decode(&view, body, size, entry->header.record_count)) {
        return;
    }
    uint8_t *again = malloc(size);
    TIJORI_REQUIRE(again != NULL);
    tj_body_encode(again, view.records, entry->header.record_count, view.links, &view.tail);
    TIJORI_REQUIRE(memcmp(again, body, size) == 0);
    free(again);
    struct tj_verdict verdict;
    tj_verdict_init(&verdict);
    (void)!tj_records_check(&entry->header, view.records, &verdict);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tj_entry_view view;
    struct tj_verdict verdict;
    if (size < 2 || tj_load16(data) > size - 2) {
        return 0;
    }
    size_t entry_size = tj_load16(data);
    const uint8_t *body = data + 2 + entry_size;
    tj_verdict_init(&verdict);
    if (tj_entry_decode(&view, data + 2, entry_size, &verdict) != TIJORI_OK) {
        TIJORI_REQUIRE(verdict.status != TIJORI_OK);
        return 0;
    }
    uint8_t again[TJ_ENTRY_SIZE_MAX];
    uint8_t slots[TJ_SLOTS_SIZE_MAX];
    size_t slots_size = tj_slots_encode(&view.slots, slots);
    TIJORI_REQUIRE(tj_entry_size(slots_size) == entry_size);
    tj_entry_encode(again, view.index, view.term, view.received_ns, &view.previous,
                    view.header_bytes, slots, slots_size);
    TIJORI_REQUIRE(memcmp(again, data + 2, entry_size) == 0);
    check_body(&view, body, size - 2 - entry_size);
    return 0;
}
