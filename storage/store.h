#ifndef TIJORI_STORAGE_STORE_H
#define TIJORI_STORAGE_STORE_H

/* Numbered and named byte strings in one LMDB environment: the reading half. The writing half is
 * storage/store_write.h, which a program that must not write does not link.
 *
 * Storage knows nothing of ledgers or of cryptography. Its statuses are its own; whoever calls it
 * translates them.
 *
 * Files of a directory:
 *     data.mdb      LMDB's. It may be longer than what is in use (tj_store_bytes): the writer
 *                   allocates ahead
 *     lock.mdb      LMDB's. Who finds none makes one of the owner, group and mode of data.mdb; a
 * reader who cannot makes none and reads without
 *     writer.lock   an flock that the writer holds, since LMDB's own lock does not keep out a
 * second program. Never delete it: a second writer would lock another file of that name
 *     data.mdb.new  a creation that was cut short; so are lock.mdb.new and writer.lock.new
 * Every table is one LMDB database:
 *     numbered   key = u64 big-endian (8 bytes), so the order of keys is the order of numbers
 *     named      key = 1..TJ_STORE_KEY_MAX bytes, in byte order
 * A table `store` of storage's own holds the format version under the key "format" (u32 LE).
 *
 * Lifetimes. A view points into the memory map. It is valid until its transaction ends or is
 * renewed, and, in a writing transaction, until the next write. A cursor is closed before its
 * transaction ends or is renewed. Transactions end before the store is closed.
 *
 * Threads. A store may be shared. A reading transaction and its cursors serve one thread at a time,
 * not always the same one. A writing transaction stays with the thread that began it.
 *
 * Processes. A process has a directory open at most once, for reading or for writing. The reason is
 * POSIX: it drops all locks of a process on a file when the process closes any descriptor of it.
 * Closing the second would unlock the first. The second open answers LOCKED; a writer reads through
 * its own store.
 *
 * A store is not for use in a forked child. A child that wants one opens its own. It cannot if it
 * inherited one open for writing: the parent's lock then outlives the parent, until the child ends
 * or executes.
 *
 * Bugs of the caller abort: a table's number out of range, a table of the wrong kind, a row beyond
 * the limits below, an object left open. */

#include "storage/must_use.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tj_storage_status {
    TJ_STORAGE_OK = 0,
    TJ_STORAGE_NOT_FOUND, /* no such key; no ledger in this directory */
    TJ_STORAGE_EXISTS,    /* create: there is one already; append: the number is not the next */
    TJ_STORAGE_FULL,      /* disk, quota, file size limit or map: nothing was written */
    TJ_STORAGE_LOCKED,    /* another process is writing; this process has it open already */
    TJ_STORAGE_VERSION,   /* format version not known to this program */
    TJ_STORAGE_CORRUPT,   /* not a store of ours, or damaged */
    TJ_STORAGE_DENIED,    /* permissions */
    TJ_STORAGE_MEMORY,    /* no memory, no address space */
    TJ_STORAGE_BUSY,      /* no free reader slot: nothing happened, and one will become free */
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
enum {
    TJ_STORE_TABLES_MAX = 16,        /* twice what a ledger has; sizes the handles in a store */
    TJ_STORE_KEY_MAX = 511,          /* bytes; LMDB's own limit as Debian builds it */
    TJ_STORE_VALUE_MAX = 1 << 30,    /* bytes; LMDB counts in 32 bits, this leaves room */
    TJ_STORE_TRANSACTIONS_MAX = 510, /* reading, of all processes together: slots in lock.mdb */
};

struct tj_store_options {
    const struct tj_table_spec *tables; /* tables are then named by their place in this array */
    size_t table_count;
    uint32_t format;   /* the version written by create and demanded by open */
    uint64_t map_size; /* bytes; 0 means 1 TiB. Under ASan or TSan a smaller default is taken */
};

struct tj_store;
struct tj_txn;

/* Opens for reading. Nothing is created where there is no store, and data.mdb is never changed.
 *
 * A directory without write permission works too, and one whose lock.mdb only its owner could make,
 * but without LMDB's reader lock. That lock would
 * keep the writer off the pages that are being read. So it works only when nobody writes: that is
 * asked here, and whenever a transaction begins or is renewed (LOCKED). A writer that comes later
 * is noticed by who asks for it: tj_read_settled.
 *
 * `format_found` (may be NULL) gets the version in the file, 0 when it could not be read. */
enum tj_storage_status tj_store_open_read(struct tj_store **out, uint32_t *format_found,
                                          const char *dir,
                                          const struct tj_store_options *options) TJ_MUST_USE;
void tj_store_close(struct tj_store *store);

/* After DENIED: the name of the file in `dir` that this user may not open; NULL when it is none of
 * them, but the directory. */
const char *tj_store_denied(const char *dir, bool writing);

/* Begins a reading transaction: one consistent picture of the last commit that is on the disk,
 * until it is ended or renewed. BUSY when no slot is free. Beginning beside a commit takes two
 * slots for a moment. A store that is open for writing keeps two of its own, which is enough for
 * one transaction at a time. */
enum tj_storage_status tj_read_begin(struct tj_store *store, struct tj_txn **out) TJ_MUST_USE;
/* Moves the transaction to the newest commit. After a failure it can only be renewed again or
 * ended. */
enum tj_storage_status tj_read_renew(struct tj_txn *txn) TJ_MUST_USE;
/* Asked last: was what the transaction read one picture all the time? LOCKED: without LMDB's reader
 * lock, and a writer has come since it began. Then it may have read pages that were being written,
 * and nothing that it read counts. */
enum tj_storage_status tj_read_settled(struct tj_txn *txn) TJ_MUST_USE;
void tj_read_end(struct tj_txn *txn);

/* Look-ups work in reading and in writing transactions. */
enum tj_storage_status tj_get_number(struct tj_txn *txn, struct tj_view *value, size_t table,
                                     uint64_t number) TJ_MUST_USE;
enum tj_storage_status tj_get_name(struct tj_txn *txn, struct tj_view *value, size_t table,
                                   const void *key, size_t key_size) TJ_MUST_USE;
/* The highest number in a table; NOT_FOUND when it is empty. */
enum tj_storage_status tj_last_number(struct tj_txn *txn, uint64_t *number,
                                      size_t table) TJ_MUST_USE;
/* The row with the highest key; NOT_FOUND when the table is empty. */
enum tj_storage_status tj_last_row(struct tj_txn *txn, struct tj_view *key, struct tj_view *value,
                                   size_t table) TJ_MUST_USE;
/* Rows in a table. */
enum tj_storage_status tj_count(struct tj_txn *txn, uint64_t *count, size_t table) TJ_MUST_USE;

/* A cursor gives the raw rows in key order, including rows with keys of a wrong size: an auditor
 * reads these. It has the kernel read large values whole, while look-ups read single pages.
 * (Measured on cold files: 400 MB/s in order, 140 us for one byte of a 1 MiB value; with the
 * kernel's own read-ahead 330 MB/s and 700 us.) */
struct tj_cursor;
enum tj_storage_status tj_cursor_open(struct tj_txn *txn, struct tj_cursor **out,
                                      size_t table) TJ_MUST_USE;
/* Gets the next row. NOT_FOUND at the end, and from then on. */
enum tj_storage_status tj_cursor_next(struct tj_cursor *cursor, struct tj_view *key,
                                      struct tj_view *value) TJ_MUST_USE;
/* Moves the cursor: the next row is the first with a key >= the number. NOT_FOUND when there is
 * none. */
enum tj_storage_status tj_cursor_seek(struct tj_cursor *cursor, uint64_t number) TJ_MUST_USE;
void tj_cursor_close(struct tj_cursor *cursor);

/* For a parent whose child reads a store: a child without LMDB's reader lock may crash on pages
 * that are being written. Watched before the child begins, a store tells afterwards whether
 * somebody wrote without that lock holding him off. A directory that cannot be looked at tells
 * nothing. */
struct tj_store_watch {
    bool lockless;
    int64_t modified_s;
    int64_t modified_ns;
    int64_t size;
};
void tj_store_watch(struct tj_store_watch *out, const char *dir);
bool tj_store_disturbed(const struct tj_store_watch *watch, const char *dir) TJ_MUST_USE;

/* Bytes of data.mdb in use (pages up to the last one allocated, times the page size). */
enum tj_storage_status tj_store_bytes(struct tj_store *store, uint64_t *bytes) TJ_MUST_USE;

#endif
