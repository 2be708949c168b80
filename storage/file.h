#ifndef TIJORI_STORAGE_FILE_H
#define TIJORI_STORAGE_FILE_H

/* Small files that are read whole, and files that are written whole or not at all. Every program
 * writes by this what it later relies on.
 *
 * A file is named by an open folder and a path in it. With AT_FDCWD the path is as the process sees
 * it. What can fail answers 0, or the errno of the call that failed. Signals interrupt nothing
 * here.
 *
 * Threads: these functions have no state; a file being written serves one thread at a time. */

#include <stdbool.h>
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

/* The same from a file, which must not be a symbolic link. What is beyond `capacity` stays unread.
 * A pipe under that name is not waited for. */
int tj_file_read(void *out, size_t capacity, size_t *size, int folder, const char *path)
    __attribute__((warn_unused_result));

/* Reads all that a descriptor gives, at most `max` bytes (EFBIG beyond), into memory that the
 * caller frees. A NUL follows the last byte. ENOMEM when there is no memory. */
int tj_descriptor_load(uint8_t **out, size_t *size, int descriptor, size_t max)
    __attribute__((warn_unused_result));

/* ---- writing ---- */

enum tj_file_way {
    /* A file that does not exist yet (EEXIST). Whatever stands under the name stays, a link that
     * leads nowhere as well. */
    TJ_FILE_NEW,
    /* In the place of an old one, which people name and others may use too. Where the name is a
     * symbolic link, the file that it leads to is replaced. Owner, group and mode are kept. What
     * a new file could not keep (other names of the old one, the owner when we are not root, an
     * access list) keeps the old file: it is overwritten, when all of the new one is on the disk
     * beside it. ENOTSUP for what is not a regular file, EISDIR for a folder. */
    TJ_FILE_REPLACE,
    /* In the place of an old one in a folder of our own, by whoever holds a lock on it. It is
     * written under PATH.new, which can only be a left-over and is removed, and a link is replaced
     * itself. */
    TJ_FILE_REPLACE_ALONE,
};

/* Until it is whole and on the disk a file has another name in the same folder: PATH.new for
 * REPLACE_ALONE, else one of its own, .new-PROCESS-NUMBER. What a killed program leaves of these
 * is in nobody's way. */
struct tj_file_writer {
    FILE *stream; /* write here */
    int folder;
    enum tj_file_way way;
    int overwritten; /* the old file, when it is the one to be kept; else -1 */
    bool torn;       /* the old file was overwritten in part; `temporary` stays and is whole */
    char path[TJ_FILE_PATH_MAX];
    char temporary[TJ_FILE_PATH_MAX];
};

/* Begins a file. `mode` is for a file that replaces none, and is cut by the umask. `folder` remains
 * the caller's, and stays open until the end. On failure nothing is there that was not before. */
int tj_file_begin(struct tj_file_writer *out, int folder, const char *path, enum tj_file_way way,
                  mode_t mode) __attribute__((warn_unused_result));
/* Ends a file. What was written is on the disk, and so is its name; or, on failure, all is as
 * before. Two failures are different. When only the folder could not be synced, the new file is in
 * the place of the old one, whole, and may be gone after a crash. When `torn` is set, the old file
 * was to be overwritten and is so in part. */
int tj_file_end(struct tj_file_writer *writer) __attribute__((warn_unused_result));
/* Gives a file up, and leaves all as before. */
void tj_file_abandon(struct tj_file_writer *writer);

/* Writes bytes in memory past the stream, whose buffer keeps nothing of them, and ends the file. */
int tj_file_fill(struct tj_file_writer *writer, const void *bytes, size_t size)
    __attribute__((warn_unused_result));

/* All of it in one, for bytes in memory. */
int tj_file_write(int folder, const char *path, enum tj_file_way way, mode_t mode,
                  const void *bytes, size_t size) __attribute__((warn_unused_result));

/* Writes all of the bytes to a descriptor. */
int tj_descriptor_write(int descriptor, const void *bytes, size_t size)
    __attribute__((warn_unused_result));

/* Makes a folder, and syncs the one that it stands in: else a power cut takes it back, with all
 * that is in it. 0 also when it was there. */
int tj_folder_make(int folder, const char *path, mode_t mode) __attribute__((warn_unused_result));

/* Calls `visit` for each name in a folder but . and .. of itself. What is no folder, a link to one
 * among them, is ENOTDIR; one that was removed while it was read is ESTALE. When it is not 0, names
 * may have been left out. */
int tj_folder_names(int folder, const char *path, void *context,
                    void (*visit)(void *context, const char *name))
    __attribute__((warn_unused_result));

/* ---- changing ---- */

/* Opens a file for reading and locks it, for whoever reads it to replace it afterwards: who locks
 * it next waits, and then gets the new one. Closing the descriptor unlocks. *locked is false where
 * the file system knows no locks; the file is open all the same. ENOTSUP for what is not a regular
 * file, EISDIR for a folder, EWOULDBLOCK when another process holds the lock for longer than
 * `wait_ms`. */
int tj_file_lock(int *descriptor, bool *locked, int folder, const char *path, unsigned wait_ms)
    __attribute__((warn_unused_result));

#endif
