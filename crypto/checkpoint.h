#ifndef TIJORI_CRYPTO_CHECKPOINT_H
#define TIJORI_CRYPTO_CHECKPOINT_H

/* Checkpoints and cosignatures: C2SP tlog-checkpoint and tlog-cosignature (type 0x04).
 *
 * A checkpoint is a signed note whose text is three lines: the origin, the size of the tree in
 * decimal, and its root in base64. The name of the log's key is the origin. Extension lines are
 * refused: nothing here reads them, and what nobody reads must not look signed.
 *
 * A cosignature says that a witness saw a checkpoint at a time, and found it consistent with all
 * that it had seen before of that origin. Its line stands in the note beside the log's.
 *
 * Threads: none; pure functions. */

#include "crypto/must_use.h"
#include "crypto/note.h"
#include "crypto/tree.h"

enum {
    TJ_CHECKPOINT_TEXT_MAX = TJ_NOTE_NAME_MAX + 1 + 20 + 1 + 44 + 1,
    /* Of a note with up to TJ_NOTE_SIGNATURES_MAX Ed25519 lines; what is larger is refused. */
    TJ_CHECKPOINT_NOTE_MAX = 32768,
};

struct tj_checkpoint {
    char origin[TJ_NOTE_NAME_MAX + 1];
    uint64_t size;
    struct tj_hash root;
};

/* Reads the text of a note. False when it is anything but origin, size without leading zeros, and
 * root. */
bool tj_checkpoint_decode(struct tj_checkpoint *out, const char *text, size_t size) TJ_MUST_USE;

/* Reads a note that is a checkpoint. Its signatures are not verified. `view` points into `note`. */
bool tj_checkpoint_note_decode(struct tj_note_view *view, struct tj_checkpoint *out,
                               const void *note, size_t size) TJ_MUST_USE;

/* Writes the text and returns its size; 0 when `out` is too small or the origin is not a valid
 * name. TJ_CHECKPOINT_TEXT_MAX bytes always suffice. No NUL is written. */
size_t tj_checkpoint_encode(char *out, size_t out_size,
                            const struct tj_checkpoint *checkpoint) TJ_MUST_USE;

/* Writes the note, signed by the log's key, and returns its size; 0 as above, or when
 * OpenSSL could not sign. */
size_t tj_checkpoint_sign(char *out, size_t out_size, const struct tj_checkpoint *checkpoint,
                          const uint8_t secret32[32]) TJ_MUST_USE;

/* Writes one cosignature line over the note's text and returns its size; 0 when `out` is too small,
 * the name is not valid or OpenSSL could not sign. `time_s` are POSIX seconds. */
size_t tj_cosign(char *out, size_t out_size, const char *text, size_t text_size, const char *name,
                 uint64_t time_s, const uint8_t secret32[32]) TJ_MUST_USE;

/* Verifies the line of a type 0x04 key: UNKNOWN when there is none, INVALID when it does not
 * verify, UNDECIDED when that could not be told. When it is VALID, *time_s (may be NULL) gets the
 * time that it states. */
enum tj_note_verdict tj_cosignature_verify(const struct tj_note_view *note, uint64_t *time_s,
                                           const struct tj_verifier_key *key) TJ_MUST_USE;

/* The time that a line of a cosignature's size states, whoever wrote it: nothing is verified. False
 * for a line of another size, such as the log's. */
bool tj_cosignature_time(const struct tj_note_signature_view *line, uint64_t *time_s) TJ_MUST_USE;

/* Appends the signature lines of `other` to the note in `note` (`*size` bytes of `capacity`), where
 * the note does not have them yet. Lines are compared by (name, key id), so of two cosignatures by
 * one key the first that was stored stays. False, and nothing changed, when either is not a note,
 * their texts differ, there is no room, or the result would be no note.
 *
 * The lines are not verified. One that was taken in keeps its place, so verify `other` first. */
bool tj_note_merge(char *note, size_t *size, size_t capacity, const char *other,
                   size_t other_size) TJ_MUST_USE;

/* True when the note has a line by the (name, key id) of this one. */
bool tj_note_has_line(const struct tj_note_view *note,
                      const struct tj_note_signature_view *line) TJ_MUST_USE;

#endif
