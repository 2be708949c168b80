/* Bytes that somebody says are envelopes: measured, decoded, hashed; what decodes encodes to the
 * same bytes, and the measure agrees with the decoder. */

#include "core/format/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_whole(const uint8_t *data, size_t size, const struct tj_envelope_view *view)
{
    uint8_t header[TJ_HEADER_SIZE];
    uint8_t slots[TJ_SLOTS_SIZE_MAX];
    size_t measured = 0;
    TIJORI_REQUIRE(tj_envelope_measure(&measured, data, size) == TIJORI_OK && measured == size);
    tj_header_encode(&view->header, header);
    TIJORI_REQUIRE(memcmp(header, data, sizeof header) == 0);
    TIJORI_REQUIRE(tj_slots_encode(&view->slots, slots) == view->slot_bytes_size &&
                   memcmp(slots, view->slot_bytes, view->slot_bytes_size) == 0);
    for (uint32_t i = 0; i < view->header.record_count; i++) {
        const uint8_t *bytes = view->records + (size_t)i * TJ_RECORD_SIZE;
        uint8_t again[TJ_RECORD_SIZE];
        struct tj_record record;
        tj_record_decode(&record, bytes);
        tj_record_encode(&record, again);
        /* A directive's blind is zero, a movement's is one of its fields. */
        TIJORI_REQUIRE(memcmp(bytes, again, TJ_RECORD_SIZE) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tj_digester digester;
    struct tj_envelope_view view;
    struct tj_verdict verdict;
    size_t measured = 0;
    if (digester.hasher == NULL) {
        TIJORI_REQUIRE(tj_digester_init(&digester));
    }
    tj_verdict_init(&verdict);
    if (tj_envelope_decode(&view, data, size, &verdict) != TIJORI_OK) {
        char text[320];
        TIJORI_REQUIRE(verdict.status != TIJORI_OK);
        tj_verdict_format(&verdict, text, sizeof text);
        if (size > 0) {
            (void)!tj_envelope_measure(&measured, data, size);
        }
        return 0;
    }
    check_whole(data, size, &view);
    (void)!tj_attachments_check(&digester, &view, &verdict);
    (void)!tj_body_check(&digester, &view.header, view.records, &verdict);
    return 0;
}
