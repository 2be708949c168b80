#ifndef TIJORI_CLI_FILE_H
#define TIJORI_CLI_FILE_H

/* Files that are named on the command line, where "-" is standard input or standard output. */

#include "cli/exit.h"

#include <stddef.h>

/* Bytes that grow; free(bytes) when done. */
struct buffer {
    uint8_t *bytes;
    size_t size;
    size_t capacity;
    bool failed; /* there was no memory: bytes are missing, and file_write() says so */
};
/* Room for `size` bytes at the end, to be counted in `size` by who fills it; NULL: no memory. */
uint8_t *buffer_reserve(struct buffer *buffer, size_t size) TJ_MUST_USE;
void buffer_add(struct buffer *buffer, const void *bytes, size_t size);
/* Before the bytes are read: ends the program when some are missing (out_of_memory). */
void memory_needed_in(const struct buffer *buffer);

/* All of a file of at most `max` bytes, in memory that the caller frees, with a NUL behind. Answers
 * 0 or an errno, EFBIG when the file is larger, and says nothing. */
int file_load(uint8_t **out, size_t *size, const char *path, size_t max) TJ_MUST_USE;

/* The same into an empty buffer. Answers an exit code, and has said why. */
int file_read(struct buffer *out, const char *path, size_t max) TJ_MUST_USE;
/* Writes a new file, synced; with `replace`, puts it in the place of an old one in one step. */
int file_write(const char *path, const struct buffer *bytes, bool replace) TJ_MUST_USE;

#endif
