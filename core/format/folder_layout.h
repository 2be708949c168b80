#ifndef TIJORI_CORE_FORMAT_FOLDER_LAYOUT_H
#define TIJORI_CORE_FORMAT_FOLDER_LAYOUT_H

/* The exported folder: every file that it has, named once. docs/FORMAT.md section 14.
 *
 *     checkpoint              the newest checkpoint that was signed, a note
 *     checkpoints/SIZE-HASH   those that somebody cosigned; HASH are the first 8 bytes of
 *                             the note's SHA-256 in hex
 *     tile/L/N                nodes of the tree (crypto/tile.h has the paths)
 *     tile/entries/N          entries in bundles of 256
 *     body/HH/REST            the records of an entry, named by its body_root
 *     attachment/HH/REST      a document, named by its SHA-256
 *     FORMAT.md               the document that says all this
 *     kind                    what the folder shows: all of the log, or what is public
 *
 * The layout stands here and not beside the exporter: the auditor reads folders, and must not know
 * who writes them.
 *
 * Threads: none; pure functions. */

#include "core/base/limits.h"
#include "core/format/entry.h"
#include "crypto/tile.h"

#define TJ_FOLDER_CHECKPOINT  "checkpoint"
#define TJ_FOLDER_CHECKPOINTS "checkpoints"
#define TJ_FOLDER_TILES       TJ_TILE_FOLDER
#define TJ_FOLDER_BODIES      "body"
#define TJ_FOLDER_ATTACHMENTS "attachment"
#define TJ_FOLDER_DOCUMENT    "FORMAT.md"
#define TJ_FOLDER_KIND        "kind"
/* How the name of a file begins that is being written, or that an export left when it was cut
 * short. */
#define TJ_FOLDER_UNFINISHED ".new"
bool tj_folder_unfinished(const char *name) TJ_MUST_USE;

enum {
    /* Bytes of any path under the folder, with its NUL. */
    TJ_FOLDER_PATH_MAX = 128,
    /* Bytes of the largest bundle, and of the largest body. */
    TJ_BUNDLE_SIZE_MAX = TJ_TILE_WIDTH * (2 + TJ_ENTRY_SIZE_BOUND),
    TJ_BODY_FILE_MAX = TJ_RECORDS_MAX * TJ_RECORD_SIZE,
    /* Bytes of FORMAT.md that a reader takes at most: many times what it has. */
    TJ_FOLDER_DOCUMENT_MAX = 1 << 24,
    /* Hex digits of a hash, and how many of them are in the name of a file of checkpoints/. */
    TJ_HASH_DIGITS = 2 * TJ_HASH_SIZE,
    TJ_CHECKPOINT_NAME_DIGITS = 16,
};

/* The names that stand at the top of a folder. */
struct tj_folder_top {
    const char *name;
    bool directory;
};
enum { TJ_FOLDER_TOPS = 7 };
extern const struct tj_folder_top tj_folder_tops[TJ_FOLDER_TOPS];

/* The row of a name, or NULL. */
const struct tj_folder_top *tj_folder_top_of(const char *name);

/* What a folder shows, and how its file `kind` says it: one word and a newline. */
enum tj_folder_kind {
    TJ_FOLDER_FULL,   /* "full": every body of its entries */
    TJ_FOLDER_PUBLIC, /* "public": none of a restricted entry */
    TJ_FOLDER_KINDS,
};
enum { TJ_FOLDER_KIND_MAX = 16 }; /* bytes of the file */
const char *tj_folder_kind_text(enum tj_folder_kind kind);
/* False for any other bytes. */
bool tj_folder_kind_decode(enum tj_folder_kind *kind, const void *bytes, size_t size) TJ_MUST_USE;

/* "body/HH/REST": the file of this name under `folder`, BODIES or ATTACHMENTS. */
void tj_content_path(char out[TJ_FOLDER_PATH_MAX], const char *folder,
                     const uint8_t hash[TJ_HASH_SIZE]);
/* The hash that `HH` and `REST` spell; false for any others. */
bool tj_content_path_decode(uint8_t hash[TJ_HASH_SIZE], const char *first,
                            const char *rest) TJ_MUST_USE;

/* "checkpoints/SIZE-HASH": the file of a note of this size and SHA-256. */
void tj_checkpoint_path(char out[TJ_FOLDER_PATH_MAX], uint64_t size, const struct tj_hash *hash);
/* The size in SIZE-HASH. False for a name that no file there can have. */
bool tj_checkpoint_name_decode(uint64_t *size, const char *name) TJ_MUST_USE;

#endif
