#ifndef TIJORI_STORAGE_STORE_INTERNAL_H
#define TIJORI_STORAGE_STORE_INTERNAL_H

/* What the two halves of storage/ share. Nobody else includes this. */

#include "storage/must_use.h"
#include "storage/store.h"

#include <lmdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

#define TJ_STORE_DATA_FILE   "data.mdb"
#define TJ_STORE_LOCK_FILE   "lock.mdb" /* these two names are LMDB's */
#define TJ_STORE_WRITER_FILE "writer.lock"

/* Members of the group may read, such as an auditor of the office. Who they are is for the operator
 * to say, by umask and chgrp. */
enum { TJ_STORE_FILE_MODE = 0640, TJ_STORE_DIR_MODE = 0750 };

_Noreturn static inline void tj_storage_abort(const char *file, int line, const char *what)
{
    (void)fprintf(stderr, "%s:%d: required: %s\n", file, line, what);
    abort();
}

#define TJ_STORAGE_REQUIRE(cond) ((cond) ? (void)0 : tj_storage_abort(__FILE__, __LINE__, #cond))

/* What changes whenever somebody writes data.mdb. */
struct tj_store_picture {
    uint64_t commit; /* the number of the last one */
    struct tj_store_watch file;
};

struct tj_txn {
    struct tj_store *store;
    MDB_txn *mdb;
    bool writing;
    unsigned cursors;                /* open ones */
    struct tj_store_picture picture; /* without a reader lock: when it began */
    /* When it is not OK, LMDB would refuse all else; or (FULL) could fail in the middle of a
     * commit. */
    enum tj_storage_status failed;
    uint64_t pages; /* writing: new pages so far, by estimate at most so many */
};

/* What a writer has at hand even when readers have taken all slots: one for its transaction, one to
 * look beside a commit (begin_settled). */
enum { TJ_STORE_KEPT_SLOTS = 2 };

struct tj_store {
    MDB_env *env;
    MDB_dbi tables[TJ_STORE_TABLES_MAX];
    enum tj_table_kind kinds[TJ_STORE_TABLES_MAX];
    size_t table_count;
    size_t page_size;
    char *path;    /* of the directory, as given */
    int dir_fd;    /* also keeps the inode in the registry's key from being reused */
    int writer_fd; /* writer.lock, flocked; -1 in a reader */
    bool lockless; /* no reader lock: nobody may write meanwhile */
    atomic_uint transactions;
    bool keeps;                                   /* the writer's: it keeps slots */
    _Atomic(MDB_txn *) kept[TJ_STORE_KEPT_SLOTS]; /* ended, each with its slot; NULL: in use */

    /* The registry of what this process has open; see store.c. */
    struct tj_store *next;
    dev_t device;
    ino_t inode;
    pid_t process;

    /* The writer's. */
    struct tj_txn txn; /* there is only one at a time, so it is kept here: no allocation */
    bool failed;       /* a commit failed in a way that leaves the disk's state unknown */
    uint64_t map_size;
    uint64_t used;       /* bytes of data.mdb up to the last page of the last commit */
    uint64_t allocated;  /* size of data.mdb */
    uint64_t size_limit; /* RLIMIT_FSIZE when the transaction began */
    bool unnamed;        /* being created: the data file has not got its name yet */
    unsigned begun;      /* transactions since dead readers were last looked for, */
    int64_t looked_s;    /* and when that was, by the monotonic clock */
};

enum tj_storage_status tj_storage_status_of(int code) TJ_MUST_USE; /* of an errno or an LMDB code */

/* Makes a store with its directory open and registered, and nothing else. LOCKED when this process
 * has the directory open. tj_store_close undoes any of it. */
enum tj_storage_status tj_store_attach(struct tj_store **out, const char *dir,
                                       const struct tj_store_options *options) TJ_MUST_USE;

/* NOT_FOUND when there is no data file, CORRUPT when it is no regular file or empty. */
enum tj_storage_status tj_store_probe(const struct tj_store *store) TJ_MUST_USE;

/* Opens the environment and its tables, and compares the format. `flags`: MDB_RDONLY and the like.
 */
enum tj_storage_status tj_store_open_env(struct tj_store *store, uint32_t *format_found,
                                         const char *dir, const struct tj_store_options *options,
                                         unsigned flags) TJ_MUST_USE;

/* Takes the slots that a writer keeps. BUSY when there are not so many. */
enum tj_storage_status tj_store_keep_slots(struct tj_store *store) TJ_MUST_USE;
void tj_store_drop_kept(struct tj_store *store);

/* Makes an empty file of this name, unless there is one, with the owner, the group and the mode of
 * the data file: whoever looks at a ledger first, root among them, must not lock out those whose it
 * is. When it is not OK, nothing was made: DENIED to whoever is neither root nor the owner,
 * NOT_FOUND without a data file. */
enum tj_storage_status tj_store_make_like_data(const struct tj_store *store,
                                               const char *name) TJ_MUST_USE;

/* options->map_size, or the default; whole pages. */
uint64_t tj_store_map_size(const struct tj_store_options *options) TJ_MUST_USE;

/* The name and the key of the format's row. */
#define TJ_STORE_TABLE      "store"
#define TJ_STORE_FORMAT_KEY "format"
enum { TJ_STORE_FORMAT_SIZE = 4 };

/* Numbered keys: big-endian, so that byte order is the order of numbers. */
enum { TJ_STORE_NUMBER_SIZE = 8 };
void tj_store_number_key(uint8_t key[TJ_STORE_NUMBER_SIZE], uint64_t number);

/* The handle of a table; aborts on a number out of range. */
MDB_dbi tj_store_table(const struct tj_store *store, size_t table);

#endif
