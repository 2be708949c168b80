#ifndef TIJORI_CRYPTO_PROOF_H
#define TIJORI_CRYPTO_PROOF_H

/* A proof that travels alone: C2SP tlog-proof.
 *     c2sp.org/tlog-proof@v1
 *     extra <base64>                 optional
 *     index <decimal>
 *     <base64 of 32 bytes>           one a line, from the leaf's sibling up
 *                                    (a blank line)
 *     the checkpoint, verbatim
 * It proves that a leaf at `index` of the checkpoint's tree hashes up to the tree's root. Which
 * leaf that is, the reader has to know. */

#include "crypto/must_use.h"
#include "crypto/checkpoint.h"
#include "crypto/tile.h"

enum { TJ_TLOG_PROOF_SIZE_MAX = 1 << 22 };

/* Everything points into the caller's bytes. */
struct tj_tlog_proof {
    const char *extra; /* base64, canonical; NULL when there is none */
    size_t extra_size; /* characters */
    uint64_t index;
    size_t path_count;
    struct tj_hash path[TJ_PATH_MAX];
    const char *checkpoint; /* the bytes of a note */
    size_t checkpoint_size;
};

/* False when the bytes are not a tlog-proof. The checkpoint is not looked into. */
bool tj_tlog_proof_decode(struct tj_tlog_proof *out, const char *bytes, size_t size) TJ_MUST_USE;

/* Writes a proof and returns its size; 0 when `out` is too small. */
size_t tj_tlog_proof_encode(char *out, size_t out_size,
                            const struct tj_tlog_proof *proof) TJ_MUST_USE;

#endif
