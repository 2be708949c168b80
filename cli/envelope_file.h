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

#endif
