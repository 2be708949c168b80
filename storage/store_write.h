#ifndef TIJORI_STORAGE_STORE_WRITE_H
#define TIJORI_STORAGE_STORE_WRITE_H

/* The writing half of storage/store.h. One writer process (flock on writer.lock), one writing
 * transaction at a time, bound to the thread that began it. No NOSYNC, no WRITEMAP: a commit that
 * answers OK is on the disk. */

#include "storage/must_use.h"
#include "storage/store.h"

/* Creates DIR (and only DIR, not its parents) when missing and a store in it. EXISTS when DIR
 * already holds one. The directory entries are synced as well. The store appears whole or not at
 * all (a rename); a creation that was cut short is simply done again. */
enum tj_storage_status tj_store_create(struct tj_store **out, const char *dir,
                                       const struct tj_store_options *options) TJ_MUST_USE;

/* Closes a store that tj_store_create made and deletes its files again (and the directory, when
 * that leaves it empty): the caller could not fill it. */
void tj_store_remove(struct tj_store *store);

/* Opens for writing: takes the flock, clears stale readers. LOCKED when another process has it
 * open for writing, or this one has it open at all. */
enum tj_storage_status tj_store_open_write(struct tj_store **out, uint32_t *format_found,
                                           const char *dir,
                                           const struct tj_store_options *options) TJ_MUST_USE;

/* FULL when not even the bookkeeping of a transaction fits. IO after a failed commit. A second
 * one before the first has ended is a bug of the caller. */
enum tj_storage_status tj_write_begin(struct tj_store *store, struct tj_txn **out) TJ_MUST_USE;

/* Adds a row at the end of a numbered table and gives the place to write its `size` bytes to, all
 * of them (else the file gets what the heap held), before the next call on this transaction.
 * EXISTS when `number` is not above the last one. After any other failure, here or in the two
 * below, the transaction can only be aborted; a commit does so and returns that failure.
 * Space on the disk is taken here, so that a full disk is met before a commit begins. The size
 * limit of files (RLIMIT_FSIZE) is looked at, not run into: no SIGXFSZ. */
enum tj_storage_status tj_append(struct tj_txn *txn, uint8_t **place, size_t table, uint64_t number,
                                 size_t size) TJ_MUST_USE;

/* Writes or replaces a named row; same way. */
enum tj_storage_status tj_put_name(struct tj_txn *txn, uint8_t **place, size_t table,
                                   const void *key, size_t key_size, size_t size) TJ_MUST_USE;
/* NOT_FOUND when there is no such row. */
enum tj_storage_status tj_delete_name(struct tj_txn *txn, size_t table, const void *key,
                                      size_t key_size) TJ_MUST_USE;

/* Commits and syncs. On any failure nothing of the transaction is in the store; FULL: the store
 * goes on as before; IO: it is unknown what the disk holds, close the store and open it again.
 * The transaction is gone either way. */
enum tj_storage_status tj_write_commit(struct tj_txn *txn) TJ_MUST_USE;
void tj_write_abort(struct tj_txn *txn);

/* Clears the slots of readers whose process died; how many. A reader that lingers makes the file
 * grow. */
int tj_store_clear_stale_readers(struct tj_store *store);

#endif
