#ifndef TIJORI_CORE_EXCHANGE_WITNESS_H
#define TIJORI_CORE_EXCHANGE_WITNESS_H

/* A witness of logs: C2SP tlog-witness, without the HTTP around it. The witness is configured for
 * certain logs. Of each it remembers the last checkpoint that it cosigned. It cosigns another only
 * when that one is consistent with it. So no two checkpoints that a witness cosigned for one log
 * contradict each other, whatever the log does and whoever asks. That holds while the witness's
 * state is neither lost nor set back.
 *
 * The state is a directory:
 *     lock                  held (flock) from tj_witness_open to tj_witness_close, by one process
 *     HASH                  of one log; HASH is the SHA-256 of its origin in hex
 *     evidence/HASH-SIZE-stored, evidence/HASH-SIZE-other
 *                           two checkpoints of one size, signed by the log, with different roots;
 *                           or of two sizes, by tj_witness_keep_evidence
 *
 * A file HASH is text. The first cosignature makes it, and each later one replaces it as a whole.
 * It is on the disk before the cosignature is handed out:
 *     tijori/witness/v1
 *     witness <name>        whose state this is
 *     log <vkey>            the log's key that signed what follows
 *                           (a blank line)
 *     the checkpoint: the log's line and the witness's, in this order
 * Nothing is stored of an origin that is not configured.
 *
 * A witness's name says how it is used. A name that ends with "/replayed" is that of an auditor who
 * replays every entry by the ledger's rules before each cosignature. Every other name stands for
 * consistency alone. The state belongs to a name, so the one is never taken for the other.
 *
 * When something goes wrong on the way to the disk, the answer is 500. The state there may then be
 * the old one, or a new one whose cosignature nobody has. It is safe to go on from either. */

#include "core/exchange/witness_request.h"

#include "core/base/message.h"

struct tj_witness;

struct tj_witness_config {
    const char *dir;  /* is made when it is missing; its parent is there */
    const char *name; /* of the witness's key */
    const uint8_t *secret32;
    const struct tj_verifier_key *logs; /* type 0x01; several of one name are one log's keys */
    size_t log_count;
    bool replays; /* the caller replays before it asks; then, and only then, the name says so */
    uint64_t (*now_s)(void *context); /* POSIX seconds; NULL: the system's clock */
    void *now_context;
};

/* Reads the state of each log, and takes the lock. `message` (may be NULL) says why not.
 *     LOCKED      another process holds the lock
 *     TEXT        the name is not valid, or does not go with `replays`
 *     KEY_INVALID not the secret of an ed25519 key
 *     CORRUPT     a state cannot be read, or belongs to another name: a witness that went on
 * without it could contradict itself NOT_FOUND, DENIED, FULL, EXISTS, MEMORY, IO The configuration
 * is copied. */
enum tijori_status tj_witness_open(struct tj_witness **out, const struct tj_witness_config *config,
                                   struct tijori_message *message) TJ_MUST_USE;
/* NULL is fine. No thread may be inside another call. */
void tj_witness_close(struct tj_witness *witness);

/* The key by which cosignatures are verified, type 0x04. */
const struct tj_verifier_key *tj_witness_key(const struct tj_witness *witness);

/* The log's key that a state directory remembers for an origin. False when it knows none. It takes
 * no lock: it is for a caller that opens the state with this key next. */
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

/* Answers one add-checkpoint request. The reasons are looked at in this order:
 *     400  not of that form
 *     404  no such log
 *     403  no line by a key of the log, or one that does not verify
 *     400  `old` is larger than the checkpoint
 *     409  `old` is not the size cosigned last; the body says that size
 *     422  size 0 without the root of nothing; a proof where `old` is 0; the proof is wrong; or
 *          another root at the same size
 *     500  the state cannot be read or written
 *     200  cosigned; the time is never before that of the last cosignature
 * Another root at the size cosigned last is kept as evidence, whatever the answer.
 *
 * Threads: any number. */
void tj_witness_add_checkpoint(struct tj_witness *witness, struct tj_witness_reply *out,
                               const char *request, size_t size);

/* Keeps a request's checkpoint of any size as evidence, together with the last one cosigned. It is
 * for a caller that has the log at hand and was refused because the one does not lead to the other.
 * One pair is kept for each size that was cosigned last. False when none of the log's keys signed
 * the checkpoint, when nothing of this log was cosigned, or when the disk fails. */
bool tj_witness_keep_evidence(struct tj_witness *witness, const char *request,
                              size_t size) TJ_MUST_USE;

#endif
