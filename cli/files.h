#ifndef TIJORI_CLI_FILES_H
#define TIJORI_CLI_FILES_H

/* Whole files in and out. Each function returns an exit code, and has said what was wrong when it
 * is not EXIT_PASS. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file_bytes {
    uint8_t *bytes; /* one zero byte follows the last */
    size_t size;
};

/* Reads at most `size_max` bytes; "-" is standard input. */
int file_read(const char *path, size_t size_max, struct file_bytes *out);
void file_free(struct file_bytes *file);

enum file_mode {
    FILE_NEW,     /* refused when it exists */
    FILE_REPLACE, /* an existing one keeps its mode */
};

/* A file that comes to be whole or not at all: written beside its place, synced, then put there.
 * "-" is standard output; what is there and is no regular file (a pipe, /dev/null) is written to.
 */
struct file_writer {
    const char *path;
    char temporary[4096]; /* empty when written to directly */
    int fd;
    enum file_mode mode;
};
int file_begin(struct file_writer *writer, const char *path, enum file_mode mode);
int file_write(struct file_writer *writer, const void *bytes, size_t size);
int file_finish(struct file_writer *writer);
/* Drops what was written; after a failed file_write or instead of file_finish. */
void file_abandon(struct file_writer *writer);

/* All at once. */
int file_put(const char *path, enum file_mode mode, const void *bytes, size_t size);

/* The directory that a path is in, "." when it names none. */
void file_directory(const char *path, char *out, size_t size);

#endif
