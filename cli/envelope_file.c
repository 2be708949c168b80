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

void envelope_add_again(struct buffer *out, const struct tj_envelope_view *view,
                        const struct tj_slots *slots)
{
    const uint8_t *attachments = view->slot_bytes + view->slot_bytes_size;
    envelope_add(out, &view->header, view->records, slots, attachments,
                 (size_t)(view->bytes + view->size - attachments));
}

/* ---- reading ---- */

void envelopes_begin(struct envelopes *out, const char *path, const struct buffer *in)
{
    *out = (struct envelopes){.path = path, .in = in};
    digester_needed(&out->digester);
}

bool envelopes_next(struct envelopes *envelopes, int *code)
{
    const struct buffer *in = envelopes->in;
    const uint8_t *bytes = in->bytes + envelopes->at;
    struct tijori_message why;
    size_t size = 0;
    if (*code != EXIT_PASS || envelopes->at == in->size) {
        if (*code == EXIT_PASS && in->size == 0) {
            *code = fail(EXIT_DATA, "%s: holds no envelope", envelopes->path);
        }
        return false;
    }
    envelopes->number++;
    enum tijori_status status = tj_envelope_measure(&size, bytes, in->size - envelopes->at);
    if (status != TIJORI_OK) {
        *code = fail(exit_code_of(status), "%s: envelope %zu: %s: %s", envelopes->path,
                     envelopes->number, tijori_status_name(status), tijori_status_text(status));
        return false;
    }
    status = tj_envelope_check(&envelopes->digester, &envelopes->view, bytes, size, &why);
    if (status != TIJORI_OK) {
        *code = fail(exit_code_of(status), "%s: envelope %zu: %s", envelopes->path,
                     envelopes->number, why.text);
        return false;
    }
    tj_envelope_id(&envelopes->digester, &envelopes->id, bytes);
    envelopes->at += size;
    return true;
}

void envelopes_end(struct envelopes *envelopes)
{
    tj_digester_clear(&envelopes->digester);
}
