#ifndef TIJORI_CORE_LOG_STORED_CHECKPOINT_H
#define TIJORI_CORE_LOG_STORED_CHECKPOINT_H

/* The checkpoints of a log as its ledger stores them: docs/FORMAT.md section 9 (checkpoints,
 * signed) and 14. Works in reading and in writing transactions. */

#include "core/format/origin.h"
#include "core/log/journal.h"
#include "crypto/checkpoint.h"

#define TJ_META_SIGNED "signed" /* key in meta: the newest checkpoint that was signed */

enum { TJ_CHECKPOINT_KEY_SIZE = 8 };
/* The key of a checkpoint's row: `size u64 big-endian`. */
void tj_checkpoint_key(uint8_t key[TJ_CHECKPOINT_KEY_SIZE], uint64_t size);

/* A checkpoint as it is stored. Its note points into the transaction. */
struct tj_stored_checkpoint {
    struct tj_view note;
    struct tj_checkpoint checkpoint;
};
/* The row that every signing writes, as it is stored. NOT_FOUND when there is none, CORRUPT when
 * its check is wrong or it is no checkpoint. */
enum tijori_status tj_checkpoint_signed(struct tj_txn *txn,
                                        struct tj_stored_checkpoint *out) TJ_MUST_USE;
/* The newest that was signed, public or not. NOT_FOUND when none was, CORRUPT when its row is no
 * checkpoint. */
enum tijori_status tj_checkpoint_newest(struct tj_txn *txn,
                                        struct tj_stored_checkpoint *out) TJ_MUST_USE;
/* The newest public one; it answers as the one above does. */
enum tijori_status tj_checkpoint_public(struct tj_txn *txn,
                                        struct tj_stored_checkpoint *out) TJ_MUST_USE;
/* The public one over the first `size` entries; false when there is none. */
bool tj_checkpoint_stored(struct tj_txn *txn, struct tj_view *note, uint64_t size) TJ_MUST_USE;

/* The origin of a ledger's checkpoints. */
void tj_origin(const struct tj_state *state, char out[TJ_ORIGIN_MAX]);

/* True when the key was retired by a record that names the last size it is trusted for. */
bool tj_log_key_compromised(const struct tj_log_key_object *key) TJ_MUST_USE;

/* The number of the log key that is active in the state and has these bytes; false when there is
 * none. */
bool tj_find_log_key(const struct tj_state *state, uint32_t *number,
                     const uint8_t public32[32]) TJ_MUST_USE;

/* A log key by its number, retired ones too, and what verifies its checkpoints. NULL when there is
 * no such key. */
const struct tj_log_key_object *tj_log_key_verifier(const struct tj_state *state,
                                                    struct tj_verifier_key *out, uint32_t number,
                                                    const char *origin);

/* VALID when a key that this log has, active or retired, signed the note; else UNDECIDED when that
 * could not be told of one of them, INVALID when a line of one does not verify, UNKNOWN. */
enum tj_note_verdict tj_signed_by_log(const struct tj_state *state,
                                      const struct tj_note_view *note) TJ_MUST_USE;

#ifdef TIJORI_VERIFY
/* The note is a checkpoint over the first `size` entries. For assertions. */
bool tj_note_is_of(const char *note, size_t note_size, uint64_t size) TJ_MUST_USE;
#endif

#endif
