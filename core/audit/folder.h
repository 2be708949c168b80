#ifndef TIJORI_CORE_AUDIT_FOLDER_H
#define TIJORI_CORE_AUDIT_FOLDER_H

/* An exported folder that is open (docs/FORMAT.md section 14), and how its files are read, whatever
 * state somebody left them in. Three files stand on it: source_folder.c reads the log,
 * folder_tiles.c compares the tiles and bundles beside it, folder_inventory.c finds files that do
 * not belong.
 *
 * Nothing read is trusted. A link out of the folder is not followed, a file has a largest size, and
 * a name is compared with what it must be. What this machine could not read is in source.trouble.
 *
 * Threads: one at a time. */

#include "core/audit/source.h"
#include "core/format/folder_layout.h"

#include <sys/stat.h>

/* A file's bytes, in memory that grows and is used again. */
struct tj_file_bytes {
    uint8_t *bytes;
    size_t size;
    size_t capacity;
};

/* A file of checkpoints/. */
struct tj_listed_checkpoint {
    uint64_t size;
    char name[64];
};

/* What stands in the folder and the log does not account for: nothing of it was looked at. */
enum { TJ_ALIENS_SHOWN_MAX = 3 };
struct tj_aliens {
    uint64_t count;
    char shown[TJ_ALIENS_SHOWN_MAX][TJ_FOLDER_PATH_MAX]; /* the first of them */
};

struct tj_folder {
    struct tj_source source; /* the first member: a source is this folder */
    int dir;
    struct tj_file_bytes checkpoint; /* the file `checkpoint` */
    size_t listed_count;
    size_t listed_capacity;
    struct tj_listed_checkpoint *listed; /* in order of size */
    struct tj_aliens aliens;
    /* The bundle being read in order. */
    struct tj_file_bytes bundle;
    uint64_t bundle_number; /* UINT64_MAX: none */
    const uint8_t *at;
    struct tj_view entry;
    struct tj_entry_view decoded;
    bool has_body;
    bool unread;      /* whether it has one could not be seen */
    size_t body_room; /* what was asked for when the entry was peeked at */
    char why[160];
    /* For reading out of order. */
    struct tj_file_bytes past_bundle;
    uint64_t past_number; /* UINT64_MAX: none */
    struct tj_file_bytes body;
    struct tj_file_bytes file;
    struct tj_file_bytes tile;
    char tile_path[TJ_TILE_PATH_MAX];
    /* What was looked at. At the end it is compared with the files that there are. */
    uint64_t tiles;         /* files */
    struct tj_hash *bodies; /* the names of the files read, one an entry */
    size_t body_count;
    size_t body_capacity;
};

static inline struct tj_folder *tj_folder_of(struct tj_source *source)
{
    return (struct tj_folder *)source;
}

/* BAD: something else stands there than should. UNREADABLE: it may be as it should, and could not
 * be read for want of permission, descriptors or memory, or because reading failed. That is noted
 * in source.trouble, and is no answer about the folder. */
enum tj_read_answer { TJ_READ_OK, TJ_READ_MISSING, TJ_READ_BAD, TJ_READ_UNREADABLE };

/* Reads a regular file of at most `max` bytes, whole. BAD: it is too long, or no regular file. */
enum tj_read_answer tj_folder_read(struct tj_folder *folder, struct tj_file_bytes *out,
                                   const char *path, size_t max) TJ_MUST_USE;

/* Looks what stands at a path, without following a link; its mode is 0 when the answer is not OK.
 */
enum tj_read_answer tj_folder_look(struct tj_folder *folder, struct stat *out,
                                   const char *path) TJ_MUST_USE;

/* Calls `visit` for each name in a directory under the folder. UNREADABLE: there may be more names
 * than were visited. */
typedef void tj_name_visitor(void *context, const char *name);
enum tj_read_answer tj_folder_list(struct tj_folder *folder, tj_name_visitor *visit, void *context,
                                   const char *path) TJ_MUST_USE;

/* Notes a path that does not belong; one that does not fit is cut. */
void tj_folder_note_alien(struct tj_folder *folder, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Walks body/ or attachment/, and stops nowhere: what is not named by a hash, and a folder with
 * nothing in it, is noted as alien. What could not be listed is in source.trouble. */
struct tj_content_walk {
    struct tj_folder *folder;
    const char *path; /* of the directory */
    void *context;
    void (*name)(void *context, const struct tj_view *name); /* may be NULL */
    char first[16];                                          /* of the directory being read */
    uint64_t count;                                          /* files with a hash for a name */
};
void tj_folder_walk_content(struct tj_content_walk *walk);

/* How many entries a bundle has, in a log of this size: 1 to 256. */
unsigned tj_folder_bundle_width(const struct tj_folder *folder, uint64_t number);
/* The widest file of a bundle there should be. */
enum tj_read_answer tj_folder_bundle(struct tj_folder *folder, struct tj_file_bytes *out,
                                     uint64_t number) TJ_MUST_USE;
/* Moves *at beyond the first `count` entries. False: the bundle has not so many. */
bool tj_bundle_skip(const uint8_t **at, const struct tj_file_bytes *bundle,
                    uint64_t count) TJ_MUST_USE;
/* Has the bundle in folder->past_bundle. */
bool tj_folder_past_bundle(struct tj_folder *folder, uint64_t number) TJ_MUST_USE;

#endif
