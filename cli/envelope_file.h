#ifndef TIJORI_CLI_ENVELOPE_FILE_H
#define TIJORI_CLI_ENVELOPE_FILE_H

/* Envelopes in memory and in files, for the commands that make and sign them. A file holds one or
 * more, one after another. */

#include "cli/file.h"
#include "core/exchange/compose.h"

/* Writes one envelope at the end: header, records, slots, and attachments in their encoded form
 * (count u16, then size u32 and bytes of each). */
void envelope_add(struct buffer *out, const struct tj_header *header, const uint8_t *records,
                  const struct tj_slots *slots, const uint8_t *attachments,
                  size_t attachments_size);
/* The same envelope with these slots, at the end. */
void envelope_add_again(struct buffer *out, const struct tj_envelope_view *view,
                        const struct tj_slots *slots);

/* The envelopes of a file, one after another. Each is looked at whole, but for its signatures:
 *
 *     envelopes_begin(&envelopes, path, &bytes);
 *     while (envelopes_next(&envelopes, &code)) { ... envelopes.view ... }
 *     envelopes_end(&envelopes);
 */
struct envelopes {
    const char *path; /* for messages */
    const struct buffer *in;
    struct tj_digester digester;
    size_t at;
    size_t number; /* of this envelope in its file, from 1 */
    struct tj_envelope_view view;
    struct tj_hash id;
};
enum { ENVELOPES_SIZE_MAX = 1 << 30 }; /* of a file of them that is read whole */
void envelopes_begin(struct envelopes *out, const char *path, const struct buffer *in);
/* False at the end, or when *code is not EXIT_PASS: where there is no envelope, or none at all,
 * that gets an exit code, and it was said why. */
bool envelopes_next(struct envelopes *envelopes, int *code);
void envelopes_end(struct envelopes *envelopes);

#endif
