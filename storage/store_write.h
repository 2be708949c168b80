#ifndef TIJORI_STORAGE_STORE_WRITE_H
#define TIJORI_STORAGE_STORE_WRITE_H

/* The writing half of storage/store.h. There is one writer process (flock on writer.lock) and one
 * writing transaction at a time, bound to the thread that began it. NOSYNC and WRITEMAP are not
 * used: a commit that answers OK is on the disk. */

#include "storage/must_use.h"
#include "storage/store.h"

/* Creates a store in DIR, and DIR itself (but not its parents) when it is missing. EXISTS when DIR
 * already holds a store. The directory entries are synced as well. The store appears whole or not
 * at all, by a rename. A creation that was cut short is simply done again. */
enum tj_storage_status tj_store_create(struct tj_store **out, const char *dir,
                                       const struct tj_store_options *options) TJ_MUST_USE;

/* The same for a caller that has to fill the store before it may appear: until tj_store_publish its
 * data file has another name, and whoever looks finds no store. A process that dies leaves a
 * creation that was cut short. */
enum tj_storage_status tj_store_begin(struct tj_store **out, const char *dir,
                                      const struct tj_store_options *options) TJ_MUST_USE;
/* Names the data file of a store that tj_store_begin made, and syncs. The store can then only be
 * closed. When it is not OK it can be removed, too. */
enum tj_storage_status tj_store_publish(struct tj_store *store) TJ_MUST_USE;

/* Closes a store that was made just now and deletes its files again; the directory too, when that
 * leaves it empty. It is for a caller that could not fill the store. */
void tj_store_remove(struct tj_store *store);

/* Opens for writing: takes the flock and clears stale readers. LOCKED when another process has it
 * open for writing, or this one has it open at all. */
enum tj_storage_status tj_store_open_write(struct tj_store **out, uint32_t *format_found,
                                           const char *dir,
                                           const struct tj_store_options *options) TJ_MUST_USE;

/* Begins a writing transaction. FULL when not even the bookkeeping of one fits. IO after a failed
 * commit. Beginning a second one before the first has ended is a bug of the caller. */
enum tj_storage_status tj_write_begin(struct tj_store *store, struct tj_txn **out) TJ_MUST_USE;

/* Adds a row at the end of a numbered table. *place is where the caller writes the row's `size`
 * bytes: all of them (else the file gets what the heap held), and before the next call on this
 * transaction.
 *
 * EXISTS when `number` is not above the last one. After any other failure, here or in the two
 * below, the transaction can only be aborted; a commit does so and returns that failure.
 *
 * Space on the disk is taken here, so that a full disk is met before a commit begins. The size
 * limit of files (RLIMIT_FSIZE) is looked at and not run into: no SIGXFSZ. */
enum tj_storage_status tj_append(struct tj_txn *txn, uint8_t **place, size_t table, uint64_t number,
                                 size_t size) TJ_MUST_USE;

/* Writes or replaces a named row, in the same way. */
enum tj_storage_status tj_put_name(struct tj_txn *txn, uint8_t **place, size_t table,
                                   const void *key, size_t key_size, size_t size) TJ_MUST_USE;
/* Deletes a named row. NOT_FOUND when there is no such row. */
enum tj_storage_status tj_delete_name(struct tj_txn *txn, size_t table, const void *key,
                                      size_t key_size) TJ_MUST_USE;

/* Deletes all rows of a table, whatever their keys. */
enum tj_storage_status tj_clear_table(struct tj_txn *txn, size_t table) TJ_MUST_USE;

/* Commits and syncs. The transaction is gone whatever the answer. After FULL or MEMORY nothing of
 * it is in the store, which goes on as before. After IO it is unknown what the disk holds: close
 * the store and open it again. */
enum tj_storage_status tj_write_commit(struct tj_txn *txn) TJ_MUST_USE;
void tj_write_abort(struct tj_txn *txn);

/* Clears the slots of readers whose process died, and returns how many. A reader that lingers makes
 * the file grow. Transactions do so now and then. */
int tj_store_clear_stale_readers(struct tj_store *store);

#endif
