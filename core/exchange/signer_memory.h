#ifndef TIJORI_CORE_EXCHANGE_SIGNER_MEMORY_H
#define TIJORI_CORE_EXCHANGE_SIGNER_MEMORY_H

/* What a signer remembers of one ledger, so that nobody who shows two histories, or goes back to an
 * old copy, gets signatures on both. Of every envelope signed it keeps the newest entry that the
 * envelope knows, with its leaf hash; and of its party and lane the sequence and the envelope id,
 * and those of the envelope before, which the signature vouches for too.
 *
 * Kept are the TJ_SIGNER_KNOWN_MAX entries of the highest index, and of each lane the
 * TJ_SIGNER_CHAIN_MAX envelopes of the highest sequence. What is dropped is not compared any more:
 * an entry below all that are kept is accepted with any leaf hash, and a sequence below all that
 * are kept is objected to whatever its id is.
 *
 * As a file it is text:
 *     tijori/signer/v1
 *     ledger <id>
 *     known <index> <leaf>                      by rising index
 *     lane <party> <lane> <sequence> <id>       by rising party, lane and sequence
 *     sha256 <hash of all bytes before this line>
 * Numbers are decimal, hashes hex. The last line tells damage from what was written; it keeps
 * nobody out who may write the file.
 *
 * Threads: none; functions of their arguments. */

#include "core/base/digester.h"
#include "core/format/envelope.h"

enum { TJ_SIGNER_KNOWN_MAX = 64, TJ_SIGNER_CHAIN_MAX = 64 };

/* A number and the hash that goes with it: an entry and its leaf, a sequence and an envelope id. */
struct tj_signer_pair {
    uint64_t number;
    struct tj_hash hash;
};

struct tj_signer_lane {
    uint32_t party;
    uint16_t lane;
    size_t count;
    struct tj_signer_pair chain[TJ_SIGNER_CHAIN_MAX]; /* by rising sequence */
};

struct tj_signer_memory {
    struct tj_hash ledger_id;
    size_t known_count;
    struct tj_signer_pair known[TJ_SIGNER_KNOWN_MAX]; /* by rising index */
    size_t lane_count;
    size_t lane_capacity;
    struct tj_signer_lane *lanes; /* by rising party and lane */
};

/* One that remembers nothing yet. */
void tj_signer_begin(struct tj_signer_memory *out, const struct tj_hash *ledger_id);
void tj_signer_clear(struct tj_signer_memory *memory);

/* How an envelope contradicts what is remembered. */
enum tj_signer_objection {
    TJ_SIGNER_AGREES,
    TJ_SIGNER_LEDGER,  /* it is for another ledger */
    TJ_SIGNER_FORK,    /* it knows another entry under a number that is remembered */
    TJ_SIGNER_TAKEN,   /* another envelope of this sequence was signed */
    TJ_SIGNER_FOLLOWS, /* it follows another envelope than the one that was signed */
    TJ_SIGNER_BEHIND,  /* its sequence is below what was signed, and it is not remembered itself */
};
struct tj_signer_finding {
    enum tj_signer_objection objection;
    struct tj_signer_pair seen; /* what is remembered instead; BEHIND: the newest */
};

/* `id` is the envelope's. */
struct tj_signer_finding tj_signer_judge(const struct tj_signer_memory *memory,
                                         const struct tj_header *header, const struct tj_hash *id);
/* True for what only says that a lane went another way, which may have reasons: an envelope that
 * was refused is made and signed anew. */
static inline bool tj_signer_may_replace(enum tj_signer_objection objection)
{
    return objection == TJ_SIGNER_TAKEN || objection == TJ_SIGNER_FOLLOWS ||
           objection == TJ_SIGNER_BEHIND;
}

/* Remembers an envelope that is going to be signed, with what it names. What its lane held from its
 * sequence on and contradicts it is forgotten. False: no memory, nothing has changed. */
bool tj_signer_remember(struct tj_signer_memory *memory, const struct tj_header *header,
                        const struct tj_hash *id) TJ_MUST_USE;

/* ---- as a file ---- */

/* VERSION_UNKNOWN: of a newer program; CORRUPT: not whole, or not as it was written; MEMORY. *out
 * is cleared then. */
enum tijori_status tj_signer_decode(struct tj_hasher *hasher, struct tj_signer_memory *out,
                                    const char *text, size_t size) TJ_MUST_USE;
/* Text that the caller frees; NULL: no memory. */
char *tj_signer_encode(struct tj_hasher *hasher, size_t *size,
                       const struct tj_signer_memory *memory) TJ_MUST_USE;

#endif
