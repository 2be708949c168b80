#ifndef TIJORI_STORAGE_STORE_H
#define TIJORI_STORAGE_STORE_H

/* Numbered and named byte strings in one LMDB environment: the reading half. The writing half is
 * storage/store_write.h, which a program that must not write does not link.
 *
 * Storage knows nothing of ledgers or of cryptography. Its statuses are its own; what calls it
 * translates them.
 *
 * Layout of a directory: data.mdb, lock.mdb (LMDB), writer.lock (an flock held by the writer,
 * since LMDB's own lock does not keep out a second program). Every table is one LMDB database:
 *   numbered   key = u64 big-endian (8 bytes), so the order of keys is the order of numbers
 *   named      key = 1..511 bytes, in byte order
 * A table `store` of storage's own holds the format version under the key "format" (u32 LE).
 *
 * Lifetimes: a view points into the memory map and is valid until its transaction ends, and, in a
 * writing transaction, until the next write.
 * Threads: a store may be shared; a transaction belongs to the thread that began it. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tj_storage_status {
    TJ_STORAGE_OK = 0,
    TJ_STORAGE_NOT_FOUND, /* no such key; no ledger in this directory */
    TJ_STORAGE_EXISTS,    /* create: there is one already; append: the number is not the next */
    TJ_STORAGE_FULL,      /* disk, quota, file size limit or map: nothing was written */
    TJ_STORAGE_LOCKED,    /* another process is writing */
    TJ_STORAGE_VERSION,   /* format version not known to this program */
    TJ_STORAGE_CORRUPT,
    TJ_STORAGE_DENIED, /* permissions */
    TJ_STORAGE_MEMORY,
    TJ_STORAGE_IO, /* all else; after a failed commit the store must be closed and reopened */
};

const char *tj_storage_status_text(enum tj_storage_status status);

struct tj_view {
    const uint8_t *bytes;
    size_t size;
};

enum tj_table_kind { TJ_TABLE_NUMBERED, TJ_TABLE_NAMED };
struct tj_table_spec {
    const char *name;
    enum tj_table_kind kind;
};
enum { TJ_STORE_TABLES_MAX = 16 };

struct tj_store_options {
    const struct tj_table_spec *tables; /* tables are then named by their place in this array */
    size_t table_count;
    uint32_t format;   /* the version written by create and demanded by open */
    uint64_t map_size; /* bytes; 0 means 1 TiB. Under ASan or TSan a smaller default is taken */
};

struct tj_store;
struct tj_txn;

/* Opens for reading. Works on a directory without write permission (then without LMDB's reader
 * lock, so only when nobody writes). `format_found` (may be NULL) gets the version in the file. */
enum tj_storage_status tj_store_open_read(const char *dir, const struct tj_store_options *options,
                                          struct tj_store **out, uint32_t *format_found);
void tj_store_close(struct tj_store *store);

/* A reading transaction: one consistent picture of the last commit, until ended or renewed. */
enum tj_storage_status tj_read_begin(struct tj_store *store, struct tj_txn **out);
enum tj_storage_status tj_read_renew(struct tj_txn *txn); /* moves to the newest commit */
void tj_read_end(struct tj_txn *txn);

/* Look-ups work in reading and in writing transactions. */
enum tj_storage_status tj_get_number(struct tj_txn *txn, size_t table, uint64_t number,
                                     struct tj_view *value);
enum tj_storage_status tj_get_name(struct tj_txn *txn, size_t table, const void *key,
                                   size_t key_size, struct tj_view *value);
/* The highest number in a table; NOT_FOUND when it is empty. */
enum tj_storage_status tj_last_number(struct tj_txn *txn, size_t table, uint64_t *number);
/* Rows in a table. */
enum tj_storage_status tj_count(struct tj_txn *txn, size_t table, uint64_t *count);

/* A cursor gives the raw rows in key order, keys of any size included: an auditor reads these. */
struct tj_cursor;
enum tj_storage_status tj_cursor_open(struct tj_txn *txn, size_t table, struct tj_cursor **out);
/* NOT_FOUND at the end. */
enum tj_storage_status tj_cursor_next(struct tj_cursor *cursor, struct tj_view *key,
                                      struct tj_view *value);
/* The next row returned is the first with a key >= the number. */
enum tj_storage_status tj_cursor_seek(struct tj_cursor *cursor, uint64_t number);
void tj_cursor_close(struct tj_cursor *cursor);

/* Bytes of data.mdb in use (pages up to the last one allocated, times the page size). */
enum tj_storage_status tj_store_bytes(struct tj_store *store, uint64_t *bytes);

#endif
