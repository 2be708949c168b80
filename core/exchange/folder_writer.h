#ifndef TIJORI_CORE_EXCHANGE_FOLDER_WRITER_H
#define TIJORI_CORE_EXCHANGE_FOLDER_WRITER_H

/* A folder of files that are published: each whole or not there, and what is there is believed by
 * its bytes, never by its name.
 *
 * One writer at a time: the folder itself is locked (flock), so no file has to stand for the lock.
 * Where locks are not known (some network file systems) two writers still cannot mix their bytes,
 * since each writes under a name of its own and renames.
 *
 * A power cut may leave any of what was put since the last sync, none of it, or empty files in its
 * place; so a writer syncs before it puts the file that names all others, and after it.
 *
 * Threads: one at a time. Errors: LOCKED (another writer), NOT_FOUND, DENIED, FULL, MEMORY, EXISTS,
 * IO, with a message that names the file. */

#include "core/base/message.h"
#include "core/format/folder_layout.h"

struct tj_folder_writer {
    struct tijori_message *message; /* may be NULL */
    int dir;                        /* open and locked until the end */
    bool locked;
    uint64_t files; /* written */
    uint64_t bytes;
    /* Paths put since the last sync, each ended by a NUL. */
    char *unsynced;
    size_t unsynced_size;
    bool many;     /* there were more than it has room for */
    bool believed; /* of what was there already: whoever put it may not have synced it */
};

/* Opens the folder `path`, which is made when it is missing (its parent must exist), locks it, and
 * removes the unfinished files of a writer that was cut short. */
enum tijori_status tj_folder_writer_open(struct tj_folder_writer *out, const char *path,
                                         struct tijori_message *message) TJ_MUST_USE;
/* Closes it, whatever happened; what was not synced may be lost. */
void tj_folder_writer_close(struct tj_folder_writer *writer);

/* Has these bytes under this path, whose folders are made. Nothing is written when the file there
 * has just these bytes; any other file there is replaced. */
enum tijori_status tj_folder_put(struct tj_folder_writer *writer, const char *path,
                                 const void *bytes, size_t size) TJ_MUST_USE;

/* All that was put is on the disk, under its name. */
enum tijori_status tj_folder_sync(struct tj_folder_writer *writer) TJ_MUST_USE;

/* The same for a file that says something about others: they are on the disk before it is there,
 * the old one or the new one stands in its place whatever happens, and it is on the disk after. */
enum tijori_status tj_folder_put_durably(struct tj_folder_writer *writer, const char *path,
                                         const void *bytes, size_t size) TJ_MUST_USE;

/* A name at the folder's top that no export has, or "". */
enum tijori_status tj_folder_find_alien(struct tj_folder_writer *writer,
                                        char alien[TJ_FOLDER_PATH_MAX]) TJ_MUST_USE;
/* Which widths of a partial tile (or bundle) have a file. */
enum tijori_status tj_folder_widths(struct tj_folder_writer *writer, bool there[TJ_TILE_WIDTH],
                                    unsigned level, uint64_t number) TJ_MUST_USE;

/* Does anything stand there? Also true when that cannot be told. */
bool tj_folder_has(const struct tj_folder_writer *writer, const char *path) TJ_MUST_USE;

#endif
