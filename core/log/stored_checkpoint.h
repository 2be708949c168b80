#ifndef TIJORI_CORE_LOG_STORED_CHECKPOINT_H
#define TIJORI_CORE_LOG_STORED_CHECKPOINT_H

/* The log's tree and its checkpoints as a ledger stores them: docs/FORMAT.md section 9 (nodes,
 * checkpoints, signed) and 14.
 *
 * Level 0 of the tree is the journal itself, since each entry holds the leaf hash of the one
 * before; the nodes above it have rows of their own, 32 bytes for 256 entries. Works in reading and
 * in writing transactions. */

#include "core/format/origin.h"
#include "core/log/journal.h"
#include "crypto/checkpoint.h"

#define TJ_META_SIGNED "signed" /* key in meta: the newest checkpoint that was signed */

enum { TJ_CHECKPOINT_KEY_SIZE = 8 };
/* `size u64 big-endian`. */
void tj_checkpoint_key(uint8_t key[TJ_CHECKPOINT_KEY_SIZE], uint64_t size);

/* A checkpoint as stored: its note points into the transaction. */
struct tj_stored_checkpoint {
    struct tj_view note;
    struct tj_checkpoint checkpoint;
};
/* The newest that was signed, public or not. NOT_FOUND when none was, CORRUPT when its row is no
 * checkpoint. */
enum tijori_status tj_checkpoint_newest(struct tj_txn *txn,
                                        struct tj_stored_checkpoint *out) TJ_MUST_USE;
/* The newest public one; same way. */
enum tijori_status tj_checkpoint_public(struct tj_txn *txn,
                                        struct tj_stored_checkpoint *out) TJ_MUST_USE;
/* The public one of a size. */
bool tj_checkpoint_stored(struct tj_txn *txn, struct tj_view *note, uint64_t size) TJ_MUST_USE;

/* The origin of a ledger's checkpoints. */
void tj_origin(const struct tj_state *state, char out[TJ_ORIGIN_MAX]);

/* Was the key retired by a record that names the last size it is trusted for? */
bool tj_log_key_compromised(const struct tj_log_key_object *key) TJ_MUST_USE;

/* The number of the log key that is active in the state and has these bytes; false when there is
 * none. */
bool tj_find_log_key(const struct tj_state *state, uint32_t *number,
                     const uint8_t public32[32]) TJ_MUST_USE;

#endif
