#include "core/exchange/proof_file.h"

#include "core/rules/exhibit_check.h"

#include "core/log/prove.h"
#include "core/rules/exhibit_check.h"
#include "crypto/base64.h"

#include <inttypes.h>

/* "exhibit 3 (record 2:4): the record is not in the entry's body_root". */
static enum tijori_status say_exhibit(struct tijori_message *message,
                                      const struct tj_exhibits *exhibits,
                                      const struct tj_exhibit_fault *fault)
{
    char place[64] = "";
    char slot[32] = "";
    if (fault->exhibit < exhibits->count) { /* else it was not read so far */
        const struct tj_exhibit *s = &exhibits->list[fault->exhibit];
        if (s->record != NULL) {
            snprintf(place, sizeof place, " (record %" PRIu64 ":%" PRIu32 ")", s->entry.index,
                     s->position);
        } else {
            snprintf(place, sizeof place, " (entry %" PRIu64 ")", s->entry.index);
        }
    }
    if (fault->slot != TJ_NOWHERE) {
        snprintf(slot, sizeof slot, ", signature %" PRIu32, fault->slot);
    }
    return tj_say(message, TIJORI_VALUE, "exhibit %" PRIu32 "%s%s: %s", fault->exhibit, place, slot,
                  fault->rule);
}

/* ---- taking one apart ---- */

enum tijori_status tj_proof_decode(struct tj_proof_file *out, const char *bytes, size_t size,
                                   struct tijori_message *message)
{
    struct tj_exhibit_fault fault;
    size_t extra_size = 0;
    out->extra = NULL;
    out->exhibits.count = 0;
    if (!tj_tlog_proof_decode(&out->proof, bytes, size)) {
        return tj_say(message, TIJORI_VALUE, "not a C2SP tlog-proof");
    }
    if (!tj_checkpoint_note_decode(&out->note, &out->checkpoint, out->proof.checkpoint,
                                   out->proof.checkpoint_size)) {
        return tj_say(message, TIJORI_VALUE, "what follows the path is not a C2SP checkpoint");
    }
    if (out->proof.extra == NULL) {
        return tj_say(message, TIJORI_VALUE,
                      "has no extra line, so it does not say what it proves: a tlog-proof, but "
                      "none that Tijori made");
    }
    out->extra = malloc(TJ_EXHIBITS_SIZE_MAX);
    if (out->extra == NULL) {
        return tj_say(message, TIJORI_MEMORY, "%s", tijori_status_text(TIJORI_MEMORY));
    }
    if (!tj_base64_decode(out->extra, TJ_EXHIBITS_SIZE_MAX, &extra_size, out->proof.extra,
                          out->proof.extra_size) ||
        extra_size > TJ_EXHIBITS_SIZE_MAX) {
        return tj_say(message, TIJORI_VALUE, "the extra line is longer than 64 exhibits are");
    }
    if (!tj_exhibits_decode(&out->exhibits, out->extra, extra_size, &fault)) {
        return say_exhibit(message, &out->exhibits, &fault);
    }
    if (out->exhibits.list[0].entry.index != out->proof.index) {
        return tj_say(message, TIJORI_VALUE, "exhibit 0: of another entry than the proof's index");
    }
    return TIJORI_OK;
}

void tj_proof_clear(struct tj_proof_file *file)
{
    free(file->extra);
    file->extra = NULL;
}

enum tijori_status tj_proof_verify(struct tj_digester *digester, const struct tj_proof_file *file,
                                   struct tijori_message *message)
{
    struct tj_exhibit_fault fault;
    if (tj_exhibits_verify(digester, &file->exhibits, &file->checkpoint, file->proof.path,
                           file->proof.path_count, &fault)) {
        return TIJORI_OK;
    }
    if (fault.undecided) {
        return tj_say_status(message, tj_undecided(), "a signature", NULL);
    }
    return say_exhibit(message, &file->exhibits, &fault);
}

/* ---- judging one ---- */

/* The policy's key for the log of this origin. When there are several, it is the one that
 * signed. */
static const struct tj_verifier_key *policy_log(const struct tj_policy *policy,
                                                const struct tj_proof_file *file)
{
    const struct tj_verifier_key *of_origin = NULL;
    for (size_t i = 0; policy != NULL && i < policy->log_count; i++) {
        const struct tj_verifier_key *key = &policy->logs[i].key;
        if (strcmp(key->name, file->checkpoint.origin) == 0 &&
            (of_origin == NULL || tj_note_verify(&file->note, key) != TJ_NOTE_UNKNOWN)) {
            of_origin = key;
        }
    }
    return of_origin;
}

static enum tijori_status fails(struct tj_proof_judgement *out, const char *what, const char *why)
{
    snprintf(out->failure, sizeof out->failure, "%s: %s", what, why);
    return TIJORI_VALUE;
}

/* OK when the log's key, where there is one, signed the checkpoint. */
static enum tijori_status judge_signature(struct tj_proof_judgement *out,
                                          const struct tj_proof_file *file)
{
    if (out->log_key == NULL) {
        return TIJORI_OK; /* the verdict says so */
    }
    if (strcmp(file->checkpoint.origin, out->log_key->name) != 0) {
        return fails(out, "checkpoint", "of another log than the key's");
    }
    switch (tj_note_verify(&file->note, out->log_key)) {
    case TJ_NOTE_UNKNOWN:
        return fails(out, "checkpoint", "not signed by the log's key");
    case TJ_NOTE_VALID:
        return TIJORI_OK;
    case TJ_NOTE_INVALID:
        return fails(out, "checkpoint", "the log's signature does not verify");
    case TJ_NOTE_UNDECIDED:
        return tj_undecided();
    }
    abort();
}

static enum tijori_status judge_witnesses(struct tj_proof_judgement *out,
                                          const struct tj_proof_file *file,
                                          const struct tj_policy *policy)
{
    if (policy == NULL) {
        return TIJORI_OK;
    }
    tj_policy_check(policy, &out->witness, &file->note);
    out->witnessed = true;
    if (out->witness.invalid > 0) {
        return fails(out, "checkpoint", "a witness' cosignature does not verify");
    }
    return out->witness.undecided > 0 ? tj_undecided() : TIJORI_OK;
}

/* VALUE: it does not hold, and out->failure says why. */
static enum tijori_status judge(struct tj_digester *digester, struct tj_proof_judgement *out,
                                const struct tj_proof_file *file, const struct tj_policy *policy)
{
    struct tijori_message why;
    enum tijori_status status = judge_signature(out, file);
    if (status == TIJORI_OK) {
        status = judge_witnesses(out, file, policy);
    }
    if (status != TIJORI_OK) {
        return status;
    }
    status = tj_proof_verify(digester, file, &why);
    return status == TIJORI_VALUE ? fails(out, "proof", why.text) : status;
}

enum tijori_status tj_proof_judge(struct tj_digester *digester, struct tj_proof_judgement *out,
                                  const struct tj_proof_file *file,
                                  const struct tj_verifier_key *key, const struct tj_policy *policy)
{
    memset(out, 0, sizeof *out);
    out->log_key = key != NULL ? key : policy_log(policy, file);
    enum tijori_status status = judge(digester, out, file, policy);
    if (status != TIJORI_OK && status != TIJORI_VALUE) {
        return status;
    }
    bool witnesses_lack = out->witnessed && !out->witness.quorum;
    out->verdict = out->log_key == NULL || witnesses_lack ? TIJORI_INCOMPLETE : TIJORI_PASS;
    if (status == TIJORI_VALUE) {
        out->verdict = TIJORI_FAIL;
    }
    return TIJORI_OK;
}

/* ---- making one ---- */

enum tijori_status tj_proof_checkpoint(struct tj_txn *txn, struct tj_stored_checkpoint *out,
                                       uint64_t index)
{
    enum tijori_status status = tj_checkpoint_public(txn, out);
    if (status == TIJORI_NOT_FOUND || (status == TIJORI_OK && out->checkpoint.size <= index)) {
        status = tj_checkpoint_newest(txn, out);
    }
    return status;
}

static enum tijori_status check_decoded(const struct tj_state *state, struct tj_digester *digester,
                                        const struct tj_proof_file *file,
                                        struct tijori_message *why)
{
    char origin[TJ_ORIGIN_MAX];
    tj_origin(state, origin);
    enum tj_note_verdict verdict = tj_signed_by_log(state, &file->note);
    if (verdict == TJ_NOTE_UNDECIDED) {
        return tj_undecided();
    }
    if (strcmp(file->checkpoint.origin, origin) != 0 || verdict != TJ_NOTE_VALID) {
        return tj_say(why, TIJORI_VALUE, "the checkpoint is not signed by a key of this log");
    }
    return tj_proof_verify(digester, file, why);
}

static enum tijori_status check_own(const struct tj_state *state, struct tj_digester *digester,
                                    const char *bytes, size_t size, struct tijori_message *message)
{
    struct tijori_message why;
    struct tj_proof_file *file = malloc(sizeof *file);
    if (file == NULL) {
        return TIJORI_MEMORY;
    }
    enum tijori_status status = tj_proof_decode(file, bytes, size, &why);
    if (status == TIJORI_OK) {
        status = check_decoded(state, digester, file, &why);
    }
    tj_proof_clear(file);
    free(file);
    if (status != TIJORI_VALUE) {
        return status;
    }
    return tj_say(message, TIJORI_CORRUPT,
                  "the ledger is damaged: a proof made from it does not verify, and was not "
                  "written: %.400s",
                  why.text);
}

static enum tijori_status encode(char **out, size_t *size, struct tj_tlog_proof *proof,
                                 const struct tj_exhibits *exhibits)
{
    uint8_t *bytes = malloc(TJ_EXHIBITS_SIZE_MAX);
    char *extra = malloc(tj_base64_encoded_size(TJ_EXHIBITS_SIZE_MAX));
    *out = malloc(TJ_TLOG_PROOF_SIZE_MAX);
    if (bytes != NULL && extra != NULL && *out != NULL) {
        size_t bytes_size = tj_exhibits_encode(exhibits, bytes, TJ_EXHIBITS_SIZE_MAX);
        tj_base64_encode(extra, bytes, bytes_size);
        proof->extra = extra;
        proof->extra_size = tj_base64_encoded_size(bytes_size);
        *size = tj_tlog_proof_encode(*out, TJ_TLOG_PROOF_SIZE_MAX, proof);
        /* Exhibits and note have their bounds (core/format/exhibit.c). */
        TIJORI_REQUIRE(bytes_size > 0 && *size > 0);
    }
    enum tijori_status status =
        bytes != NULL && extra != NULL && *out != NULL ? TIJORI_OK : TIJORI_MEMORY;
    free(extra);
    free(bytes);
    return status;
}

static enum tijori_status make(struct tj_txn *txn, struct tj_digester *digester, char **out,
                               size_t *size, struct tj_exhibits *exhibits,
                               const struct tj_state *state,
                               const struct tj_stored_checkpoint *newest, uint64_t index,
                               uint32_t position, struct tijori_message *message)
{
    struct tj_tlog_proof proof = {
        .index = index,
        .checkpoint = (const char *)newest->note.bytes,
        .checkpoint_size = newest->note.size,
    };
    enum tijori_status status = tj_prove(txn, digester, exhibits, proof.path, &proof.path_count,
                                         state, newest->checkpoint.size, index, position);
    if (status == TIJORI_NOT_FOUND) {
        return tj_say(message, status, "entry %" PRIu64 " has records 0 to %" PRIu32, index,
                      exhibits->list[0].entry.header.record_count - 1);
    }
    if (status == TIJORI_DETAIL) {
        return tj_say(message, status,
                      "record %" PRIu64 ":%" PRIu32 " is a detail, and is proven with its record: "
                      "ask for %" PRIu64 ":%" PRIu32,
                      index, position, index, exhibits->list[0].position);
    }
    if (status == TIJORI_OK) {
        status = encode(out, size, &proof, exhibits);
    }
    if (status == TIJORI_OK) {
        return check_own(state, digester, *out, *size, message);
    }
    return status;
}

enum tijori_status tj_proof_make(struct tj_txn *txn, struct tj_digester *digester, char **out,
                                 size_t *size, const struct tj_state *state,
                                 const struct tj_stored_checkpoint *newest, uint64_t index,
                                 uint32_t position, struct tijori_message *message)
{
    struct tj_exhibits *exhibits = calloc(1, sizeof *exhibits);
    enum tijori_status status = TIJORI_MEMORY;
    *out = NULL;
    tj_say(message, TIJORI_OK, "%s", "");
    if (exhibits != NULL) {
        status = make(txn, digester, out, size, exhibits, state, newest, index, position, message);
    }
    if (status != TIJORI_OK) {
        free(*out);
        *out = NULL;
    }
    free(exhibits);
    return status;
}
