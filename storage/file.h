#ifndef TIJORI_STORAGE_FILE_H
#define TIJORI_STORAGE_FILE_H

/* Small files that are read whole, and files that are written whole or not at all.
 *
 * A file is named by an open folder and a path in it. With AT_FDCWD the path is as the process sees
 * it. What can fail answers 0, or the errno of the call that failed. Signals interrupt nothing
 * here.
 *
 * Threads: these functions have no state; a file being written serves one thread at a time. */

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

enum {
    TJ_FILE_PATH_MAX = 4096 /* bytes of a path, NUL included; what Linux takes */
};

/* ---- reading ---- */

/* Fills `out` from a descriptor until the descriptor ends or `capacity` bytes are there. *size gets
 * how many. */
int tj_descriptor_read(void *out, size_t capacity, size_t *size, int descriptor)
    __attribute__((warn_unused_result));

/* The same from a file, which must not be a symbolic link. What is beyond `capacity` stays
 * unread. */
int tj_file_read(void *out, size_t capacity, size_t *size, int folder, const char *path)
    __attribute__((warn_unused_result));

/* Reads all that a descriptor gives, at most `max` bytes (EFBIG beyond), into memory that the
 * caller frees. A NUL follows the last byte. ENOMEM when there is no memory. */
int tj_descriptor_load(uint8_t **out, size_t *size, int descriptor, size_t max)
    __attribute__((warn_unused_result));

/* ---- writing ---- */

enum tj_file_way {
    /* A file that does not exist yet (EEXIST). It stands under its own name from the beginning: not
     * every file system that people carry files on has links. A failure removes it. */
    TJ_FILE_NEW,
    /* In the place of an old one, in one step, by way of PATH.new. The old one's permissions are
     * kept. When PATH.new is there already, another program is writing, or one was cut short:
     * EEXIST. */
    TJ_FILE_REPLACE,
    /* The same for whoever holds a lock on the folder: a PATH.new can only be a left-over. */
    TJ_FILE_REPLACE_ALONE,
};

struct tj_file_writer {
    FILE *stream; /* write here */
    int folder;
    enum tj_file_way way;
    char path[TJ_FILE_PATH_MAX];
    char temporary[TJ_FILE_PATH_MAX]; /* where it is written: `path` when that is new */
};

/* Begins a file. `mode` is for a file that replaces none, and is cut by the umask. `folder` remains
 * the caller's, and stays open until the end. On failure nothing is there that was not before. */
int tj_file_begin(struct tj_file_writer *out, int folder, const char *path, enum tj_file_way way,
                  mode_t mode) __attribute__((warn_unused_result));
/* Ends a file. What was written is on the disk, and so is its name; or, on failure, all is as
 * before. One failure is different: when only the folder could not be synced, the new file is in
 * the place of the old one, whole, and may be gone after a crash. */
int tj_file_end(struct tj_file_writer *writer) __attribute__((warn_unused_result));
/* Gives a file up, and leaves all as before. */
void tj_file_abandon(struct tj_file_writer *writer);

/* The three in one, for bytes in memory. */
int tj_file_write(int folder, const char *path, enum tj_file_way way, mode_t mode,
                  const void *bytes, size_t size) __attribute__((warn_unused_result));

/* Writes all of the bytes to a descriptor. */
int tj_descriptor_write(int descriptor, const void *bytes, size_t size)
    __attribute__((warn_unused_result));

#endif
