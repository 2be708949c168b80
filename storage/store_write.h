#ifndef TIJORI_STORAGE_STORE_WRITE_H
#define TIJORI_STORAGE_STORE_WRITE_H

/* The writing half of storage/store.h. One writer process (flock on writer.lock), one writing
 * transaction at a time, bound to the thread that began it. No NOSYNC, no WRITEMAP: a commit that
 * answers OK is on the disk. */

#include "storage/store.h"

/* Creates DIR (and only DIR, not its parents) when missing and a store in it. EXISTS when DIR
 * already holds one. The directory entries are synced as well. */
enum tj_storage_status tj_store_create(const char *dir, const struct tj_store_options *options,
                                       struct tj_store **out);

/* Opens for writing: takes the flock, clears stale readers. LOCKED when another process (or this
 * one) has it open for writing. */
enum tj_storage_status tj_store_open_write(const char *dir, const struct tj_store_options *options,
                                           struct tj_store **out, uint32_t *format_found);

/* FULL when not even the bookkeeping of a transaction fits. */
enum tj_storage_status tj_write_begin(struct tj_store *store, struct tj_txn **out);

/* Adds a row at the end of a numbered table and gives the place to write its `size` bytes to,
 * before the next call on this transaction. EXISTS when `number` is not above the last one. */
enum tj_storage_status tj_append(struct tj_txn *txn, size_t table, uint64_t number, size_t size,
                                 uint8_t **place);

/* Writes or replaces a named row; same way. */
enum tj_storage_status tj_put_name(struct tj_txn *txn, size_t table, const void *key,
                                   size_t key_size, size_t size, uint8_t **place);
enum tj_storage_status tj_delete_name(struct tj_txn *txn, size_t table, const void *key,
                                      size_t key_size);

/* Commits and syncs. On any failure nothing of the transaction is in the store; FULL: the store
 * goes on as before; IO: it is unknown what the disk holds, close the store and open it again.
 * The transaction is gone either way. */
enum tj_storage_status tj_write_commit(struct tj_txn *txn);
void tj_write_abort(struct tj_txn *txn);

/* Clears the slots of readers whose process died; how many. A reader that lingers makes the file
 * grow. */
int tj_store_clear_stale_readers(struct tj_store *store);

#endif
