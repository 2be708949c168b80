#ifndef TIJORI_CORE_EXCHANGE_WITNESS_REQUEST_H
#define TIJORI_CORE_EXCHANGE_WITNESS_REQUEST_H

/* The body of the request `POST <prefix>/add-checkpoint` of C2SP tlog-witness:
 *     old <size>\n            of the checkpoint that the witness cosigned last, 0 for none
 *     <base64 of 32 bytes>\n  up to 63 lines: the consistency proof from there
 *     \n
 *     the checkpoint, a signed note
 *
 * Threads: none; pure functions. */

#include "crypto/checkpoint.h"
#include "crypto/tile.h"

enum {
    TJ_WITNESS_REQUEST_MAX = 65536, /* bytes; more than the largest checkpoint and 63 hashes */
};
_Static_assert(TJ_CHECKPOINT_NOTE_MAX + 4 + 20 + 1 + 45 * TJ_PROOF_HASHES_MAX + 1 <=
                   TJ_WITNESS_REQUEST_MAX,
               "every checkpoint can be sent");

/* The note points into the request, and is valid as long as the request is. */
struct tj_witness_request {
    uint64_t old_size;
    size_t proof_count;
    struct tj_hash proof[TJ_PROOF_HASHES_MAX];
    struct tj_note_view note;
    struct tj_checkpoint checkpoint; /* what the note's text says */
};

/* NULL when the request was read, else what is wrong with it, for a person. What was read encodes
 * to the same bytes. No signature is looked at. */
const char *tj_witness_request_decode(struct tj_witness_request *out, const char *bytes,
                                      size_t size);

/* Writes the request for the checkpoint in `note` and returns its size; 0 when `out` is too small.
 * TJ_WITNESS_REQUEST_MAX bytes suffice for a note of TJ_CHECKPOINT_NOTE_MAX. */
size_t tj_witness_request_encode(char *out, size_t out_size, uint64_t old_size,
                                 const struct tj_hash *proof, size_t proof_count, const char *note,
                                 size_t note_size);

#endif
