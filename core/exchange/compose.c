#include "core/exchange/compose.h"

#include "crypto/tree.h"

enum tijori_status tj_header_place(struct tj_txn *txn, struct tj_digester *digester,
                                   struct tj_header *header, const struct tj_state *state,
                                   uint64_t size, uint32_t party, uint16_t lane)
{
    const struct tj_lane_object *last = tj_state_lane(state, party, lane);
    if (!tj_journal_leaf(txn, digester, &header->known_leaf, size - 1)) {
        return TIJORI_CORRUPT;
    }
    header->known_index = size - 1;
    header->ledger_id = state->ledger_id;
    header->party = party;
    header->lane = lane;
    header->sequence = 1;
    memset(&header->previous_id, 0, sizeof header->previous_id);
    if (last != NULL && last->sequence != 0) {
        header->sequence = last->sequence + 1;
        memcpy(header->previous_id.bytes, last->envelope_id, TJ_HASH_SIZE);
    }
    return TIJORI_OK;
}

bool tj_header_seal(struct tj_digester *digester, struct tj_header *header, uint8_t *records,
                    size_t count)
{
    if (tj_header_restricted(header)) {
        for (size_t i = 0; i < count; i++) {
            if (!tj_random(records + (i + 1) * TJ_RECORD_SIZE - TJ_BLIND_SIZE, TJ_BLIND_SIZE)) {
                return false;
            }
        }
    }
    if (records[0] == TJ_APPROVAL) {
        header->flags |= TJ_FLAG_APPROVAL;
    }
    header->record_count = (uint32_t)count;
    tj_tree_root_of_items(digester->hasher, &header->body_root, records, TJ_RECORD_SIZE, count);
    return true;
}

void tj_header_next(struct tj_digester *digester, struct tj_header *header)
{
    uint8_t bytes[TJ_HEADER_SIZE];
    tj_header_encode(header, bytes);
    tj_envelope_id(digester, &header->previous_id, bytes);
    header->sequence++;
}

/* Count u16, then size u32 and bytes of each. */
size_t tj_attachments_size(const struct tj_document *documents, size_t count)
{
    size_t size = 2;
    for (size_t i = 0; i < count; i++) {
        size += 4 + documents[i].size;
    }
    return size;
}

static int by_hash(const void *a, const void *b)
{
    const struct tj_document *x = a;
    const struct tj_document *y = b;
    return memcmp(x->hash.bytes, y->hash.bytes, TJ_HASH_SIZE);
}

void tj_attachments_encode(uint8_t *out, struct tj_document *documents, size_t count)
{
    if (count > 1) {
        qsort(documents, count, sizeof documents[0], by_hash);
    }
    tj_store16(out, (uint16_t)count);
    out += 2;
    for (size_t i = 0; i < count; i++) {
        tj_store32(out, (uint32_t)documents[i].size);
        if (documents[i].size > 0) {
            memcpy(out + 4, documents[i].bytes, documents[i].size);
        }
        out += 4 + documents[i].size;
    }
}

size_t tj_envelope_write(uint8_t *out, size_t room, const struct tj_header *header,
                         const uint8_t *records, const struct tj_slots *slots,
                         const uint8_t *attachments, size_t attachments_size)
{
    uint8_t slot_bytes[TJ_SLOTS_SIZE_MAX];
    size_t records_size = (size_t)header->record_count * TJ_RECORD_SIZE;
    size_t slots_size = tj_slots_encode(slots, slot_bytes);
    size_t size = TJ_HEADER_SIZE + records_size + slots_size + attachments_size;
    if (size > room) {
        return size;
    }
    tj_header_encode(header, out);
    memcpy(out + TJ_HEADER_SIZE, records, records_size);
    memcpy(out + TJ_HEADER_SIZE + records_size, slot_bytes, slots_size);
    memcpy(out + size - attachments_size, attachments, attachments_size);
    return size;
}

enum tijori_status tj_slots_sign(struct tj_slots *slots, uint32_t party, uint8_t use,
                                 uint8_t algorithm, const uint8_t secret32[TJ_SECRET_KEY_SIZE],
                                 const struct tj_hash *id)
{
    struct tj_slot slot = {.party = party, .use = use};
    if (!tj_public_key_of(&slot.key, algorithm, secret32)) {
        return TIJORI_KEY_INVALID;
    }
    if (!tj_sign(slot.signature64, algorithm, secret32, id, NULL)) {
        return tj_undecided(); /* it is a key: its public one was made */
    }
    return tj_slots_insert(slots, &slot);
}

enum tijori_status tj_envelope_check(struct tj_digester *digester, struct tj_envelope_view *out,
                                     const uint8_t *bytes, size_t size,
                                     struct tijori_message *message)
{
    struct tj_verdict verdict;
    tj_verdict_init(&verdict);
    enum tijori_status status = tj_envelope_decode(out, bytes, size, &verdict);
    if (status == TIJORI_OK) {
        status = tj_attachments_check(digester, out, &verdict);
    }
    if (status == TIJORI_OK) {
        status = tj_body_check(digester, &out->header, out->records, &verdict);
    }
    if (status != TIJORI_OK && message != NULL) {
        tj_verdict_format(&verdict, message->text, sizeof message->text);
    }
    return status;
}
