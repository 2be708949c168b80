#ifndef TIJORI_CORE_INGEST_CHECKPOINTS_H
#define TIJORI_CORE_INGEST_CHECKPOINTS_H

/* Signing and storing checkpoints: docs/FORMAT.md section 14. This is the writing half; the reading
 * half is core/log/stored_checkpoint.h. Whoever calls holds both locks of the ingest
 * (tj_ingest_hold). */

#include "core/ingest/ingest.h"

/* Signs the log as it is on the disk, and stores the checkpoint. When there is one of this size
 * already, that one is given, with its cosignatures. `note` takes TJ_CHECKPOINT_NOTE_MAX bytes.
 *     KEY_UNKNOWN  the key is not an active log key of this ledger
 *     FORK         what was signed last is not a beginning of this log: nothing is signed */
enum tijori_status tj_checkpoint_make(struct tj_ingest *ingest, char *note, size_t *note_size,
                                      const uint8_t secret32[32]) TJ_MUST_USE;

/* Adds to the stored checkpoint the signatures of `other`, a note of the same text, and gives the
 * result. Which of the signatures count is for the verifier to say. NOT_FOUND when no checkpoint of
 * that text is stored, VALUE when `other` is not a checkpoint, or when a line that is new states
 * a time that an audit would hold against the log (core/log/witness_time.h): then nothing is
 * stored. */
enum tijori_status tj_checkpoint_add(struct tj_ingest *ingest, char *note, size_t *note_size,
                                     const char *other, size_t other_size) TJ_MUST_USE;

/* Stores the newest checkpoint that was signed among those that are kept, so that cosignatures can
 * be added to it when it has gone out. A commit's own is kept until the next commit only. NOT_FOUND
 * when none was signed. */
enum tijori_status tj_checkpoint_publish(struct tj_ingest *ingest) TJ_MUST_USE;

#endif
