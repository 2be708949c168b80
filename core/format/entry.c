#include "core/format/entry.h"

static const uint8_t MAGIC[TJ_ENTRY_AT_VERSION] = {'T', 'J', 'N'};

enum tijori_status tj_entry_decode(struct tj_entry_view *out, const uint8_t *bytes, size_t size,
                                   struct tj_verdict *verdict)
{
    struct tj_bytes in = {bytes, size};
    const uint8_t *fixed = tj_take(&in, TJ_ENTRY_FIXED_SIZE);
    if (fixed == NULL) {
        return tj_refuse(verdict, TIJORI_TRUNCATED, NULL);
    }
    if (memcmp(fixed, MAGIC, sizeof MAGIC) != 0) {
        return tj_refuse(verdict, TIJORI_MAGIC, "magic");
    }
    if (fixed[TJ_ENTRY_AT_VERSION] != TJ_ENTRY_VERSION) {
        return tj_refuse(verdict, TIJORI_VERSION_UNKNOWN, "version");
    }
    if (tj_load32(fixed + TJ_ENTRY_AT_ZERO) != 0) {
        return tj_refuse(verdict, TIJORI_RESERVED_NOT_ZERO, NULL);
    }
    out->bytes = bytes;
    out->size = size;
    out->index = tj_load64(fixed + TJ_ENTRY_AT_INDEX);
    out->term = tj_load64(fixed + TJ_ENTRY_AT_TERM);
    out->received_ns = tj_load64(fixed + TJ_ENTRY_AT_RECEIVED_NS);
    memcpy(out->previous.bytes, fixed + TJ_ENTRY_AT_PREVIOUS, TJ_HASH_SIZE);
    out->header_bytes = fixed + TJ_ENTRY_AT_HEADER;
    enum tijori_status status = tj_header_decode(&out->header, out->header_bytes, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    status = tj_slots_decode(&in, &out->slots, out->header.party, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    if (in.left != 0) {
        return tj_refuse(verdict, TIJORI_TRAILING_BYTES, NULL);
    }
    return TIJORI_OK;
}

void tj_entry_encode(uint8_t *out, uint64_t index, uint64_t term, uint64_t received_ns,
                     const struct tj_hash *previous, const uint8_t header[TJ_HEADER_SIZE],
                     const uint8_t *slot_bytes, size_t slot_bytes_size)
{
    memcpy(out, MAGIC, sizeof MAGIC);
    out[TJ_ENTRY_AT_VERSION] = TJ_ENTRY_VERSION;
    tj_store32(out + TJ_ENTRY_AT_ZERO, 0);
    tj_store64(out + TJ_ENTRY_AT_INDEX, index);
    tj_store64(out + TJ_ENTRY_AT_TERM, term);
    tj_store64(out + TJ_ENTRY_AT_RECEIVED_NS, received_ns);
    memcpy(out + TJ_ENTRY_AT_PREVIOUS, previous->bytes, TJ_HASH_SIZE);
    memcpy(out + TJ_ENTRY_AT_HEADER, header, TJ_HEADER_SIZE);
    memcpy(out + TJ_ENTRY_FIXED_SIZE, slot_bytes, slot_bytes_size);
}

/* Offsets in a tail: docs/FORMAT.md section 9. */
enum {
    TAIL_AT_LANE_PREVIOUS = 0,
    TAIL_AT_LANE_JUMP = 8,
    TAIL_AT_MARKS_BASE = 16,
    TAIL_AT_DIRECTIVE_PREVIOUS = 24,
    TAIL_AT_RESTRICTED_PREVIOUS = 32,
};

bool tj_body_decode(struct tj_body_view *out, const uint8_t *bytes, size_t size,
                    uint32_t record_count)
{
    if (size != tj_body_size(record_count)) {
        return false;
    }
    out->records = bytes;
    out->links = bytes + (size_t)record_count * TJ_RECORD_SIZE;
    const uint8_t *tail = out->links + (size_t)record_count * TJ_LINK_SIZE;
    out->tail.lane_previous = tj_load64(tail + TAIL_AT_LANE_PREVIOUS);
    out->tail.lane_jump = tj_load64(tail + TAIL_AT_LANE_JUMP);
    out->tail.marks_base = tj_load64(tail + TAIL_AT_MARKS_BASE);
    out->tail.previous.in_public = tj_load64(tail + TAIL_AT_DIRECTIVE_PREVIOUS);
    out->tail.previous.in_restricted = tj_load64(tail + TAIL_AT_RESTRICTED_PREVIOUS);
    return true;
}

void tj_tail_encode(uint8_t out[TJ_TAIL_SIZE], const struct tj_tail *tail)
{
    tj_store64(out + TAIL_AT_LANE_PREVIOUS, tail->lane_previous);
    tj_store64(out + TAIL_AT_LANE_JUMP, tail->lane_jump);
    tj_store64(out + TAIL_AT_MARKS_BASE, tail->marks_base);
    tj_store64(out + TAIL_AT_DIRECTIVE_PREVIOUS, tail->previous.in_public);
    tj_store64(out + TAIL_AT_RESTRICTED_PREVIOUS, tail->previous.in_restricted);
}

void tj_body_encode(uint8_t *out, const uint8_t *records, uint32_t record_count,
                    const uint8_t *links, const struct tj_tail *tail)
{
    size_t records_size = (size_t)record_count * TJ_RECORD_SIZE;
    size_t links_size = (size_t)record_count * TJ_LINK_SIZE;
    memcpy(out, records, records_size);
    memcpy(out + records_size, links, links_size);
    tj_tail_encode(out + records_size + links_size, tail);
}

uint64_t tj_lane_jump(uint64_t sequence)
{
    uint64_t rest = sequence;
    uint64_t term = 0;
    for (unsigned bits = 64; bits > 0 && rest > 0; bits--) {
        uint64_t tree = bits == 64 ? UINT64_MAX : (UINT64_C(1) << bits) - 1;
        while (tree <= rest) {
            rest -= tree;
            term = tree;
        }
    }
    return sequence - term;
}
