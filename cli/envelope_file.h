#ifndef TIJORI_CLI_ENVELOPE_FILE_H
#define TIJORI_CLI_ENVELOPE_FILE_H

/* Envelopes in memory and in files, for the commands that make and sign them. A file holds one or
 * more, one after another. */

#include "cli/exit.h"
#include "core/exchange/compose.h"

/* Bytes that grow; free(bytes) when done. */
struct buffer {
    uint8_t *bytes;
    size_t size;
    size_t capacity;
};
void buffer_add(struct buffer *buffer, const void *bytes, size_t size);

/* Writes one envelope at the end: header, records, slots, and attachments in their encoded form
 * (count u16, then size u32 and bytes of each). */
void envelope_add(struct buffer *out, const struct tj_header *header, const uint8_t *records,
                  const struct tj_slots *slots, const uint8_t *attachments,
                  size_t attachments_size);

/* Reads all of a file; "-" is standard input. At most `max` bytes. */
int file_read(const char *path, size_t max, struct buffer *out);
/* Writes a new file, synced; with `replace`, puts it in the place of an old one in one step. "-" is
 * standard output. */
int file_write(const char *path, const struct buffer *bytes, bool replace);

#endif
