#ifndef TIJORI_CORE_EXCHANGE_WITNESS_H
#define TIJORI_CORE_EXCHANGE_WITNESS_H

/* A witness of logs: C2SP tlog-witness, without the HTTP around it. Of each log it is configured
 * for it remembers the last checkpoint it cosigned, and it cosigns another only when that one is
 * consistent with it. So of what a witness cosigned no two checkpoints of a log contradict each
 * other, whatever the log or who asks; that holds while its state is neither lost nor set back.
 *
 * The state is a directory:
 *     lock                  held (flock) from tj_witness_open to tj_witness_close, by one process
 *     HASH                  of one log; HASH is the SHA-256 of its origin in hex
 *     evidence/HASH-SIZE-stored, evidence/HASH-SIZE-other
 *                           two checkpoints of one size, signed by the log, with different roots;
 *                           or of two sizes, by tj_witness_keep_evidence
 *
 * A file HASH is text; it is made by the first cosignature and replaced as a whole, on the disk
 * before the cosignature is handed out:
 *     tijori/witness/v1
 *     witness <name>        whose state this is
 *     log <vkey>            the log's key that signed what follows
 *                           (a blank line)
 *     the checkpoint: the log's line and the witness's, in this order
 * Nothing is stored of an origin that is not configured.
 *
 * How a witness is used is in its name: one that ends with "/replayed" is an auditor's who replays
 * every entry by the ledger's rules before each cosignature; every other stands for consistency
 * alone. The state belongs to a name, so one is never taken for the other.
 *
 * What goes wrong on the way to the disk ends in 500, and the state there may be the old one or the
 * new one, of which nobody has the cosignature: either is safe to go on from. */

#include "core/exchange/witness_request.h"

#include "core/base/message.h"

struct tj_witness;

struct tj_witness_config {
    const char *dir;  /* is made when it is missing; its parent is there */
    const char *name; /* of the witness's key */
    const uint8_t *secret32;
    const struct tj_verifier_key *logs; /* type 0x01; several of one name are one log's keys */
    size_t log_count;
    bool replays; /* the caller replays before it asks; the name must say so, and only then may */
    uint64_t (*now_s)(void *context); /* POSIX seconds; NULL: the system's clock */
    void *now_context;
};

/* Reads the state of each log, and holds its lock. `message` (may be NULL) says why not.
 *     LOCKED     another process holds the lock
 *     TEXT       the name is none, or does not go with `replays`
 *     KEY_INVALID not the secret of an ed25519 key
 *     CORRUPT    a state cannot be read, or belongs to another name: a witness that went on without
 *                it could contradict itself
 *     NOT_FOUND, DENIED, FULL, EXISTS, MEMORY, IO
 * The configuration is copied. */
enum tijori_status tj_witness_open(struct tj_witness **out, const struct tj_witness_config *config,
                                   struct tijori_message *message) TJ_MUST_USE;
/* NULL is fine. No thread may be in a call. */
void tj_witness_close(struct tj_witness *witness);

/* The key by which cosignatures are verified, type 0x04. */
const struct tj_verifier_key *tj_witness_key(const struct tj_witness *witness);

/* The log's key that a state directory remembers for an origin; false when it knows none. Takes no
 * lock: for who then opens the state with it. */
bool tj_witness_remembered_key(struct tj_verifier_key *out, const char *dir,
                               const char *origin) TJ_MUST_USE;

/* What was cosigned last of this log. */
enum tj_witness_memory {
    TJ_WITNESS_NEVER,   /* nothing; *out has size 0 */
    TJ_WITNESS_KNOWN,   /* *out is that checkpoint */
    TJ_WITNESS_UNKNOWN, /* the origin is not configured */
    TJ_WITNESS_DAMAGED, /* the state cannot be read */
};
enum tj_witness_memory tj_witness_last(struct tj_witness *witness, struct tj_checkpoint *out,
                                       const char *origin);

enum { TJ_WITNESS_BODY_MAX = 512 };

struct tj_witness_reply {
    unsigned code;      /* of HTTP: 200, 400, 403, 404, 409, 422, 500 */
    uint64_t last_size; /* 409: the size cosigned last */
    const char *content_type;
    size_t body_size;
    char body[TJ_WITNESS_BODY_MAX];    /* 200: the cosignature's line. 409: the size. Else: what is
                                        * wrong
                                        */
    char log[TJ_WITNESS_BODY_MAX];     /* one line for the witness's operator, without a newline */
    char trouble[TJ_WITNESS_BODY_MAX]; /* another one before it, or empty: what the disk says */
};

/* Answers one add-checkpoint request. In this order:
 *     400  not of that form
 *     404  no such log
 *     403  no line by a key of the log, or one that does not verify
 *     400  old is larger than the checkpoint
 *     409  old is not the size cosigned last, which is the body
 *     422  size 0 without the root of nothing; a proof where old is 0; the proof is wrong; of one
 *          size, another root
 *     500  the state cannot be read or written
 *     200  cosigned; at a time that is never before that of the last cosignature
 * Another root at the size cosigned last is kept as evidence, whatever the answer.
 * Threads: any number. */
void tj_witness_add_checkpoint(struct tj_witness *witness, struct tj_witness_reply *out,
                               const char *request, size_t size);

/* The same of a request's checkpoint of any size, with the last one cosigned: for who has the log
 * at hand, and was refused because the one does not lead to the other. One pair for each size that
 * was cosigned last. False when it is signed by none of the log's keys, nothing of this log was
 * cosigned, or the disk says no. */
bool tj_witness_keep_evidence(struct tj_witness *witness, const char *request,
                              size_t size) TJ_MUST_USE;

#endif
