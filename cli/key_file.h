#ifndef TIJORI_CLI_KEY_FILE_H
#define TIJORI_CLI_KEY_FILE_H

/* The files that keys stand in: read whole, written whole or not at all. What is in them is
 * crypto/keyfile.h's. These functions say nothing themselves. */

#include "crypto/keyfile.h"

struct key_file {
    size_t size;
    unsigned exposed; /* the bits of the mode by which others than the owner can use it */
    char bytes[TJ_KEYFILE_SIZE_MAX + 1]; /* a file that is too large fills it to the last byte */
};

/* Reads FILE; wants key_file_clear() whatever it answers. */
enum tj_keyfile_status key_file_read(struct key_file *out, const char *path) TJ_MUST_USE;

/* Writes a new FILE that only its owner can use, whatever the umask. Where the file system knows no
 * such thing it is written all the same, and *exposed has the bits by which others can read it.
 * When `passphrase` is NULL it is left plain. *error is the errno of an IO. */
enum tj_keyfile_status key_file_write(const char *path, unsigned *exposed, int *error,
                                      const struct tj_secret_key *key,
                                      const char *passphrase) TJ_MUST_USE;

/* Wipes what was read. */
void key_file_clear(struct key_file *file);

#endif
