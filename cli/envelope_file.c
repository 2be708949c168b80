#include "cli/envelope_file.h"

void envelope_add(struct buffer *out, const struct tj_header *header, const uint8_t *records,
                  const struct tj_slots *slots, const uint8_t *attachments, size_t attachments_size)
{
    uint8_t header_bytes[TJ_HEADER_SIZE];
    uint8_t slot_bytes[TJ_SLOTS_SIZE_MAX];
    tj_header_encode(header, header_bytes);
    buffer_add(out, header_bytes, sizeof header_bytes);
    buffer_add(out, records, (size_t)header->record_count * TJ_RECORD_SIZE);
    buffer_add(out, slot_bytes, tj_slots_encode(slots, slot_bytes));
    buffer_add(out, attachments, attachments_size);
}

enum tijori_status slots_sign(struct tj_slots *slots, uint32_t party, uint8_t use,
                              uint8_t algorithm, const uint8_t secret32[32],
                              const struct tj_hash *id)
{
    struct tj_slot slot = {.party = party, .use = use};
    if (!tj_public_key_of(&slot.key, algorithm, secret32) ||
        !tj_sign(slot.signature64, algorithm, secret32, id, NULL)) {
        return TIJORI_KEY_INVALID;
    }
    return tj_slots_insert(slots, &slot);
}
