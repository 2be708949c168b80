#ifndef TIJORI_CORE_EXCHANGE_PROOF_FILE_H
#define TIJORI_CORE_EXCHANGE_PROOF_FILE_H

/* A .tlog-proof of Tijori: the C2SP tlog-proof, its checkpoint, and the exhibits of its extra line
 * (docs/FORMAT.md section 16). Made from a ledger, taken apart, and judged by who trusts a log's
 * key.
 *
 * Threads: any number, each with a digester of its own. */

#include "core/base/message.h"
#include "core/format/exhibit.h"
#include "core/log/stored_checkpoint.h"
#include "crypto/policy.h"
#include "crypto/proof.h"

/* About 400 KiB: not for the stack. */
struct tj_proof_file {
    struct tj_tlog_proof proof; /* this and the note point into the file's bytes */
    struct tj_note_view note;
    struct tj_checkpoint checkpoint;
    struct tj_exhibits exhibits;
    uint8_t *extra; /* what the exhibits point into */
};

/* ---- making one ---- */

/* The checkpoint that a proof of entry `index` is made under: a public one, which may be cosigned,
 * before one that only signs a commit. NOT_FOUND when none was signed, CORRUPT. It may not reach
 * the entry yet: that is for the caller to say. */
enum tijori_status tj_proof_checkpoint(struct tj_txn *txn, struct tj_stored_checkpoint *out,
                                       uint64_t index) TJ_MUST_USE;

/* The bytes of a proof of record `position` (TJ_NOWHERE: the entry alone) of entry `index`, below
 * the size of `newest`; free() them. It was verified as a stranger would verify it, since what we
 * would not accept is never given to anyone.
 *     NOT_FOUND  no such record; `message` says which there are
 *     CORRUPT    the ledger is damaged
 *     MEMORY */
enum tijori_status tj_proof_make(struct tj_txn *txn, struct tj_digester *digester, char **out,
                                 size_t *size, const struct tj_state *state,
                                 const struct tj_stored_checkpoint *newest, uint64_t index,
                                 uint32_t position, struct tijori_message *message) TJ_MUST_USE;

/* ---- taking one apart ---- */

/* Checks the form of everything in it: VALUE and why not, or MEMORY. Clear either way. */
enum tijori_status tj_proof_decode(struct tj_proof_file *out, const char *bytes, size_t size,
                                   struct tijori_message *message) TJ_MUST_USE;
void tj_proof_clear(struct tj_proof_file *file);

/* Checks everything but who signed the checkpoint. VALUE: `message` names the rule and the place.
 */
enum tijori_status tj_proof_verify(struct tj_digester *digester, const struct tj_proof_file *file,
                                   struct tijori_message *message) TJ_MUST_USE;

/* ---- judging one ---- */

/* What is to be said of a proof. */
struct tj_proof_judgement {
    const struct tj_verifier_key *log_key; /* by which the checkpoint was checked; NULL: by none */
    bool witnessed;                        /* a policy was asked: `witness` is what it says */
    struct tj_policy_result witness;
    enum tijori_verdict verdict; /* INCOMPLETE: no key was given, or the quorum lacks */
    char failure[1100];          /* FAIL: the rule that is broken, and the place */
};

/* Judges a decoded proof by the log's key, or by the policy's of this log when `key` is NULL; and
 * by the policy's witnesses. Both may be NULL. */
void tj_proof_judge(struct tj_digester *digester, struct tj_proof_judgement *out,
                    const struct tj_proof_file *file, const struct tj_verifier_key *key,
                    const struct tj_policy *policy);

#endif
