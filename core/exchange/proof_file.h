#ifndef TIJORI_CORE_EXCHANGE_PROOF_FILE_H
#define TIJORI_CORE_EXCHANGE_PROOF_FILE_H

/* A .tlog-proof file of Tijori. It holds the C2SP tlog-proof, its checkpoint, and the exhibits of
 * its extra line (docs/FORMAT.md section 16). It is made from a ledger, taken apart, and judged by
 * whoever trusts a log's key.
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

/* The checkpoint that a proof of entry `index` is made under. A public one, which may be cosigned,
 * is preferred to one that only signs a commit. NOT_FOUND when none was signed, CORRUPT. It may not
 * cover the entry yet: that is for the caller to say. */
enum tijori_status tj_proof_checkpoint(struct tj_txn *txn, struct tj_stored_checkpoint *out,
                                       uint64_t index) TJ_MUST_USE;

/* Makes the bytes of a proof; free() them. It is of record `position` of entry `index`; TJ_NOWHERE:
 * of the entry alone. `index` is below the size of `newest`. Before the proof is handed out it is
 * verified as a stranger would verify it: what we would not accept is never given to anyone.
 *     NOT_FOUND  no such record; `message` says which there are
 *     CORRUPT    the ledger is damaged
 *     MEMORY */
enum tijori_status tj_proof_make(struct tj_txn *txn, struct tj_digester *digester, char **out,
                                 size_t *size, const struct tj_state *state,
                                 const struct tj_stored_checkpoint *newest, uint64_t index,
                                 uint32_t position, struct tijori_message *message) TJ_MUST_USE;

/* ---- taking one apart ---- */

/* Decodes a proof and checks the form of everything in it: VALUE and why not, or MEMORY. Clear it
 * in either case. */
enum tijori_status tj_proof_decode(struct tj_proof_file *out, const char *bytes, size_t size,
                                   struct tijori_message *message) TJ_MUST_USE;
void tj_proof_clear(struct tj_proof_file *file);

/* Checks everything but who signed the checkpoint. VALUE: `message` names the rule and the place.
 * MEMORY, NO_ED25519: it could not be told. */
enum tijori_status tj_proof_verify(struct tj_digester *digester, const struct tj_proof_file *file,
                                   struct tijori_message *message) TJ_MUST_USE;

/* ---- judging one ---- */

/* What is to be said of a proof. */
struct tj_proof_judgement {
    const struct tj_verifier_key *log_key; /* the checkpoint was checked by it; NULL: by none */
    bool witnessed;                        /* a policy was asked: `witness` is what it says */
    struct tj_policy_result witness;
    enum tijori_verdict verdict; /* INCOMPLETE: no key was given, or the quorum was not reached */
    char failure[1100];          /* FAIL: the rule that is broken, and the place */
};

/* Judges a decoded proof by the log's key, and by the policy's witnesses. When `key` is NULL, the
 * policy's key for this log is taken. Both may be NULL. MEMORY, NO_ED25519: it could not be told,
 * and there is no verdict. */
enum tijori_status tj_proof_judge(struct tj_digester *digester, struct tj_proof_judgement *out,
                                  const struct tj_proof_file *file,
                                  const struct tj_verifier_key *key,
                                  const struct tj_policy *policy) TJ_MUST_USE;

#endif
