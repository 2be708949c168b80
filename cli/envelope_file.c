#include "cli/envelope_file.h"

void envelope_add(struct buffer *out, const struct tj_header *header, const uint8_t *records,
                  const struct tj_slots *slots, const uint8_t *attachments, size_t attachments_size)
{
    size_t size = tj_envelope_write(NULL, 0, header, records, slots, attachments, attachments_size);
    uint8_t *room = buffer_reserve(out, size);
    if (room != NULL) {
        out->size +=
            tj_envelope_write(room, size, header, records, slots, attachments, attachments_size);
    }
}
