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

/* Where a user's files of a kind are by the rule of XDG: *base and *below, one after the other. By
 * that rule a variable that is not absolute counts as none; then it is `below_home` under HOME.
 * False when that is not set either. */
bool xdg_base(const char **base, const char **below, const char *variable,
              const char *below_home) TJ_MUST_USE;

/* All of a file of at most `max` bytes, in memory that the caller frees, with a NUL behind. Answers
 * 0 or an errno, EFBIG when the file is larger, and says nothing. */
int file_load(uint8_t **out, size_t *size, const char *path, size_t max) TJ_MUST_USE;

/* The same into an empty buffer. Answers an exit code, and has said why. */
int file_read(struct buffer *out, const char *path, size_t max) TJ_MUST_USE;
/* The same from an open descriptor; `path` is for messages. */
int file_read_open(struct buffer *out, int descriptor, const char *path, size_t max) TJ_MUST_USE;
/* Writes a new file, synced; with `replace`, puts it in the place of an old one (storage/file.h,
 * TJ_FILE_REPLACE), or writes it to a device or pipe of that name. */
int file_write(const char *path, const struct buffer *bytes, bool replace) TJ_MUST_USE;

/* Opens a file to be read and then replaced, and keeps others who do the same waiting until the
 * descriptor is closed. Answers an exit code, and has said why. */
int file_lock(int *descriptor, const char *path) TJ_MUST_USE;

/* For messages about a text that is not what it should be: what an editor or a mail program did to
 * it, such as lines that end with CRLF, and the remedy; NULL when it shows nothing of the kind. */
const char *file_strangeness(const char *bytes, size_t size);
/* "PATH: WHAT" and, where there is one, what is strange about it. Returns EXIT_DATA. */
int fail_text(const char *path, const char *what, const char *bytes, size_t size);

#endif
