#ifndef TIJORI_CLI_ENVELOPE_FILE_H
#define TIJORI_CLI_ENVELOPE_FILE_H

/* Envelopes in memory and in files, for the commands that make and sign them. A file holds one or
 * more, one after another. */

#include "cli/file.h"
#include "core/format/envelope.h"

/* Writes one envelope at the end: header, records, slots, and attachments in their encoded form
 * (count u16, then size u32 and bytes of each). */
void envelope_add(struct buffer *out, const struct tj_header *header, const uint8_t *records,
                  const struct tj_slots *slots, const uint8_t *attachments,
                  size_t attachments_size);

/* Signs an envelope id into the slots: `party` for whom, `use` as what. SLOT_DUPLICATE when this
 * key signed already, SLOT_COUNT when there is no slot left. */
enum tijori_status slots_sign(struct tj_slots *slots, uint32_t party, uint8_t use,
                              uint8_t algorithm, const uint8_t secret32[32],
                              const struct tj_hash *id);

#endif
