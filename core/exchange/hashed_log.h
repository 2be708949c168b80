#ifndef TIJORI_CORE_EXCHANGE_HASHED_LOG_H
#define TIJORI_CORE_EXCHANGE_HASHED_LOG_H

/* The log of a ledger, read and hashed again before it leaves the house. What a ledger stores
 * beside its entries (nodes of the tree, links to the entry before) is only compared: nothing is
 * published that does not hang together with a checkpoint that was signed.
 *
 * Memory: 32 bytes for 256 entries. Threads: one at a time. */

#include "core/base/told.h"
#include "core/base/message.h"
#include "core/ingest/ledger.h"
#include "core/log/stored_checkpoint.h"

struct tj_hashed_log {
    const struct tj_ledger_view *view;
    const char *dir;                       /* the ledger's, for messages */
    struct tijori_message *message;        /* may be NULL */
    struct tj_node_reader reader;          /* nodes as computed, for crypto/tile.h */
    struct tj_hash *nodes[TJ_TILE_LEVELS]; /* of level 1 and above; [0] stays empty */
    size_t counts[TJ_TILE_LEVELS];
    size_t capacities[TJ_TILE_LEVELS];
    struct tj_frontier frontier;
    struct tj_hash last[TJ_TILE_WIDTH]; /* leaves that make no full tile yet */
};

/* Hashes the entries that the checkpoint counts. CORRUPT when they are not those it was signed for,
 * or no key of the log signed it; MEMORY. Clear it either way; it stays where it is. */
enum tijori_status tj_hashed_log_read(struct tj_hashed_log *out, const struct tj_ledger_view *view,
                                      const char *dir, const struct tj_stored_checkpoint *newest,
                                      const struct tj_told *told,
                                      struct tijori_message *message) TJ_MUST_USE;
void tj_hashed_log_clear(struct tj_hashed_log *log);

/* An entry of the log; what is no entry is CORRUPT. */
enum tijori_status tj_hashed_log_entry(const struct tj_hashed_log *log, struct tj_entry_view *out,
                                       uint64_t index) TJ_MUST_USE;
/* Its records, which hash to its body_root. */
enum tijori_status tj_hashed_log_body(const struct tj_hashed_log *log, struct tj_body_view *out,
                                      const struct tj_entry_view *entry,
                                      uint64_t index) TJ_MUST_USE;

/* Are these the leaf hashes that the tree was made of? Entries that are read a second time are
 * hashed a second time: what storage answers may have changed. */
bool tj_hashed_log_has(const struct tj_hashed_log *log, uint64_t number, unsigned width,
                       const struct tj_hash *leaves) TJ_MUST_USE;

/* Is it a beginning of the log? */
bool tj_hashed_log_begins(const struct tj_hashed_log *log,
                          const struct tj_checkpoint *checkpoint) TJ_MUST_USE;

/* "LEDGER: WHAT: the ledger is damaged". Answers CORRUPT. */
enum tijori_status tj_hashed_log_damaged(const struct tj_hashed_log *log, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
