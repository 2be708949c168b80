#include "core/exchange/receipt_check.h"

#include "core/log/stored_checkpoint.h"
#include "crypto/proof.h"

struct checking {
    struct tj_source *source;
    struct tj_digester *digester;
    struct tj_receipt_finding *out;
    const struct tj_receipt *receipt;
    const struct tj_verifier_key *key;
    const struct tj_policy *policy; /* NULL: none */
    uint64_t at_ns;
    bool undecided; /* this machine could not verify a signature */
    /* The newest checkpoint of the source that the key signed. */
    size_t checkpoint_size;
    struct tj_note_view checkpoint_view;
    struct tj_checkpoint checkpoint;
    char checkpoint_note[TJ_CHECKPOINT_NOTE_MAX];
};

enum tijori_verdict tj_receipt_judgement(enum tj_receipt_outcome outcome)
{
    switch (outcome) {
    case TJ_RECEIPT_KEPT:
    case TJ_RECEIPT_REFUSED:
    case TJ_RECEIPT_LATER:
        return TIJORI_PASS;
    case TJ_RECEIPT_UNBOUND:
    case TJ_RECEIPT_NOT_DUE:
    case TJ_RECEIPT_AHEAD:
        return TIJORI_INCOMPLETE;
    case TJ_RECEIPT_FOREIGN:
    case TJ_RECEIPT_FORGED:
    case TJ_RECEIPT_DAMAGED:
    case TJ_RECEIPT_GENESIS:
    case TJ_RECEIPT_TREE:
    case TJ_RECEIPT_ENTRIES:
    case TJ_RECEIPT_FORKED:
    case TJ_RECEIPT_OTHER_ENTRY:
    case TJ_RECEIPT_CONTRADICTS:
    case TJ_RECEIPT_OVERDUE:
    case TJ_RECEIPT_BROKEN:
        return TIJORI_FAIL;
    }
    abort();
}

/* Answers OK: that something was found out is no failure of the check. */
static enum tijori_status found(struct checking *c, enum tj_receipt_outcome outcome)
{
    c->out->outcome = outcome;
    return TIJORI_OK;
}

static enum tijori_status damaged(struct checking *c, const char *what, uint64_t index)
{
    c->out->what = what;
    c->out->index = index;
    return found(c, TJ_RECEIPT_DAMAGED);
}

/* ---- the receipt ---- */

/* What no log signs, whatever its key did. NULL: nothing of that. */
static const char *contradiction(const struct tj_receipt *receipt)
{
    if (!tj_receipt_decides(receipt->status)) {
        return "its status says that nothing was decided, and of that no receipt is signed";
    }
    if (tj_receipt_promises(receipt) && receipt->entry >= receipt->head_size) {
        return "the log that it was signed at does not reach to its entry";
    }
    return NULL;
}

enum tijori_status tj_receipt_read(struct tj_receipt *receipt, struct tj_receipt_finding *out,
                                   const char *note, size_t note_size,
                                   const struct tj_verifier_key *key)
{
    memset(out, 0, sizeof *out);
    switch (tj_receipt_verify(receipt, note, note_size, key)) {
    case TJ_RECEIPT_VALID:
        out->what = contradiction(receipt);
        out->outcome = out->what == NULL ? TJ_RECEIPT_KEPT : TJ_RECEIPT_CONTRADICTS;
        return TIJORI_OK;
    case TJ_RECEIPT_MALFORMED:
        return TIJORI_VALUE;
    case TJ_RECEIPT_UNKNOWN:
        out->outcome = TJ_RECEIPT_FOREIGN;
        return TIJORI_OK;
    case TJ_RECEIPT_INVALID:
        out->outcome = TJ_RECEIPT_FORGED;
        return TIJORI_OK;
    case TJ_RECEIPT_UNDECIDED:
        return tj_undecided();
    }
    abort();
}

/* ---- the log ---- */

static bool find_checkpoint(struct checking *c)
{
    struct tj_view note;
    for (size_t i = c->source->ops->checkpoint_count(c->source); i > 0; i--) {
        if (!c->source->ops->checkpoint(c->source, &note, i - 1) ||
            note.size > sizeof c->checkpoint_note) {
            continue;
        }
        memcpy(c->checkpoint_note, note.bytes, note.size);
        c->checkpoint_size = note.size;
        if (tj_checkpoint_note_decode(&c->checkpoint_view, &c->checkpoint, c->checkpoint_note,
                                      note.size) &&
            strcmp(c->checkpoint.origin, c->key->name) == 0) {
            enum tj_note_verdict verdict = tj_note_verify(&c->checkpoint_view, c->key);
            c->undecided = c->undecided || verdict == TJ_NOTE_UNDECIDED;
            if (verdict == TJ_NOTE_VALID || verdict == TJ_NOTE_UNDECIDED) {
                return verdict == TJ_NOTE_VALID;
            }
        }
    }
    return false;
}

/* Reads an entry and makes the proof that the checkpoint covers it. NULL, or what is wrong with
 * it. */
static const char *entry_fault(struct checking *c, struct tj_entry_view *entry,
                               struct tj_hash *leaf, struct tj_tlog_proof *proof, uint64_t index)
{
    struct tj_hasher *hasher = c->digester->hasher;
    *proof = (struct tj_tlog_proof){
        .index = index, .checkpoint = c->checkpoint_note, .checkpoint_size = c->checkpoint_size};
    if (!tj_source_entry(c->source, c->digester, entry, leaf, index) ||
        !tj_prove_inclusion(hasher, proof->path, &proof->path_count, &c->source->nodes, index,
                            c->checkpoint.size)) {
        return "or its place in the tree cannot be read";
    }
    if (!tj_verify_inclusion(hasher, leaf, index, c->checkpoint.size, proof->path,
                             proof->path_count, &c->checkpoint.root)) {
        return "is not in the tree of its checkpoint";
    }
    return NULL;
}

/* The log of the receipt had entries that are not shown here, so nobody can compare the two. */
static bool is_ahead(const struct checking *c)
{
    return c->receipt->head_size > c->checkpoint.size;
}

/* Checks that the head at which the receipt was signed is a beginning of the log. When it is,
 * nothing is set. */
static enum tijori_status check_head(struct checking *c, bool *same)
{
    struct tj_hasher *hasher = c->digester->hasher;
    struct tj_hash then;
    struct tj_hash now;
    *same = c->receipt->head_size == 0 || is_ahead(c);
    if (*same) {
        return TIJORI_OK; /* nothing to compare */
    }
    if (!tj_tile_root(hasher, &now, &c->source->nodes, c->checkpoint.size) ||
        !tj_tile_root(hasher, &then, &c->source->nodes, c->receipt->head_size) ||
        !tj_hash_equal(&now, &c->checkpoint.root)) {
        return found(c, TJ_RECEIPT_TREE);
    }
    *same = tj_hash_equal(&then, &c->receipt->head_root);
    if (*same) {
        return TIJORI_OK;
    }
    c->out->contrary = malloc(c->checkpoint_size);
    if (c->out->contrary == NULL) {
        return TIJORI_MEMORY;
    }
    c->out->contrary_size = c->checkpoint_size;
    memcpy(c->out->contrary, c->checkpoint_note, c->checkpoint_size);
    return found(c, TJ_RECEIPT_FORKED);
}

/* ---- a promise ---- */

static enum tijori_status other_entry(struct checking *c, const struct tj_hash *leaf,
                                      const struct tj_tlog_proof *proof)
{
    c->out->leaf = *leaf;
    c->out->contrary = malloc(TJ_TLOG_PROOF_SIZE_MAX);
    if (c->out->contrary == NULL) {
        return TIJORI_MEMORY;
    }
    c->out->contrary_size = tj_tlog_proof_encode(c->out->contrary, TJ_TLOG_PROOF_SIZE_MAX, proof);
    return found(c, TJ_RECEIPT_OTHER_ENTRY);
}

/* Looks for the promised entry, or another one in its place. Another entry says more than another
 * root. */
static enum tijori_status check_entry(struct checking *c)
{
    struct tj_entry_view entry;
    struct tj_tlog_proof proof;
    struct tj_hash leaf;
    struct tj_hash id;
    bool same;
    const char *fault = entry_fault(c, &entry, &leaf, &proof, c->receipt->entry);
    if (fault != NULL) {
        return damaged(c, fault, c->receipt->entry);
    }
    if (!tj_hash_equal(&leaf, &c->receipt->leaf)) {
        return other_entry(c, &leaf, &proof);
    }
    tj_envelope_id(c->digester, &id, entry.header_bytes);
    if (!tj_hash_equal(&id, &c->receipt->envelope_id) ||
        entry.received_ns != c->receipt->received_ns) {
        c->out->what =
            "the entry of its leaf hash is another envelope's, or was received at another "
            "time";
        return found(c, TJ_RECEIPT_CONTRADICTS);
    }
    if (is_ahead(c)) {
        return found(c, TJ_RECEIPT_AHEAD);
    }
    found(c, TJ_RECEIPT_KEPT);
    return check_head(c, &same);
}

/* The ledger record, which the ledger id binds. */
static bool is_genesis(struct checking *c, struct tj_view *records,
                       const struct tj_entry_view *entry, const struct tj_hash *leaf)
{
    struct tj_hash ledger_id;
    struct tj_verdict verdict;
    tj_verdict_init(&verdict);
    return tj_origin_ledger_id(&ledger_id, c->key->name) && tj_hash_equal(leaf, &ledger_id) &&
           c->source->ops->records(c->source, records, entry) &&
           records->size == (size_t)entry->header.record_count * TJ_RECORD_SIZE &&
           tj_body_check(c->digester, &entry->header, records->bytes, &verdict) == TIJORI_OK &&
           records->bytes[0] == TJ_LEDGER;
}

/* Finds when a checkpoint that covers the promised entry was due. False: what was found instead is
 * set. */
static bool find_due(struct checking *c)
{
    struct tj_entry_view entry;
    struct tj_tlog_proof proof;
    struct tj_hash leaf;
    struct tj_view records;
    struct tj_record record;
    const char *fault = entry_fault(c, &entry, &leaf, &proof, 0);
    if (fault != NULL) {
        damaged(c, fault, 0);
        return false;
    }
    if (!is_genesis(c, &records, &entry, &leaf)) {
        found(c, TJ_RECEIPT_GENESIS);
        return false;
    }
    tj_record_decode(&record, records.bytes);
    c->out->due_ns = tj_ns_after(c->receipt->received_ns, record.checkpoint_delay_max_s);
    return true;
}

/* The newest time at which a witness of the policy saw the checkpoint; 0: none did. */
static uint64_t cosigned_s(struct checking *c)
{
    struct tj_policy_result result;
    uint64_t newest = 0;
    if (c->policy == NULL) {
        return 0;
    }
    tj_policy_check(c->policy, &result, &c->checkpoint_view);
    c->undecided = c->undecided || result.undecided > 0;
    for (size_t i = 0; i < c->policy->node_count; i++) {
        if (result.verdicts[i] == TJ_NOTE_VALID && result.times_s[i] > newest) {
            newest = result.times_s[i];
        }
    }
    return newest;
}

/* The checkpoint does not reach the promised entry. */
static enum tijori_status check_delay(struct checking *c)
{
    if (!find_due(c)) {
        return TIJORI_OK;
    }
    if (c->at_ns <= c->out->due_ns) {
        return found(c, TJ_RECEIPT_NOT_DUE);
    }
    uint64_t newest_s = cosigned_s(c);
    if (newest_s > c->out->due_ns / TJ_NS_PER_S) {
        c->out->seen_s = newest_s;
    }
    return found(c, TJ_RECEIPT_OVERDUE);
}

/* ---- a refusal ---- */

/* Looks whether the envelope is in the log all the same. Every entry is hashed, so what is not
 * found is not there. */
static enum tijori_status check_refusal(struct checking *c)
{
    struct tj_frontier frontier;
    struct tj_hash root;
    uint64_t index = UINT64_MAX;
    tj_frontier_init(&frontier);
    for (uint64_t i = 0; i < c->checkpoint.size; i++) {
        struct tj_entry_view entry;
        struct tj_hash leaf;
        struct tj_hash id;
        if (!tj_source_entry(c->source, c->digester, &entry, &leaf, i)) {
            return damaged(c, "cannot be read", i);
        }
        tj_frontier_append(c->digester->hasher, &frontier, &leaf);
        tj_envelope_id(c->digester, &id, entry.header_bytes);
        if (tj_hash_equal(&id, &c->receipt->envelope_id)) {
            index = i;
        }
    }
    tj_frontier_root(c->digester->hasher, &root, &frontier);
    if (!tj_hash_equal(&root, &c->checkpoint.root)) {
        return found(c, TJ_RECEIPT_ENTRIES);
    }
    c->out->index = index;
    if (index == UINT64_MAX) {
        return found(c, is_ahead(c) ? TJ_RECEIPT_AHEAD : TJ_RECEIPT_REFUSED);
    }
    return found(c, index >= c->receipt->head_size ? TJ_RECEIPT_LATER : TJ_RECEIPT_BROKEN);
}

/* ---- all of it ---- */

static enum tijori_status check_log(struct checking *c)
{
    bool same;
    bool promises = tj_receipt_promises(c->receipt);
    if (!find_checkpoint(c)) {
        return found(c, TJ_RECEIPT_UNBOUND);
    }
    c->out->size = c->checkpoint.size;
    if (promises && c->receipt->entry < c->checkpoint.size) {
        return check_entry(c);
    }
    enum tijori_status status = check_head(c, &same);
    if (status != TIJORI_OK || !same) {
        return status;
    }
    if (promises) {
        return check_delay(c);
    }
    return check_refusal(c);
}

enum tijori_status tj_receipt_check(struct tj_source *source, struct tj_digester *digester,
                                    struct tj_receipt_finding *out,
                                    const struct tj_receipt *receipt,
                                    const struct tj_verifier_key *key,
                                    const struct tj_policy *policy, uint64_t at_ns)
{
    memset(out, 0, sizeof *out);
    struct checking *c = malloc(sizeof *c);
    if (c == NULL) {
        return TIJORI_MEMORY;
    }
    *c = (struct checking){.source = source,
                           .digester = digester,
                           .out = out,
                           .receipt = receipt,
                           .key = key,
                           .policy = policy,
                           .at_ns = at_ns};
    enum tijori_status status = check_log(c);
    if (c->undecided) {
        status = tj_undecided();
    } else if (source->trouble.status != TIJORI_OK) {
        status = source->trouble.status; /* what could not be read decides nothing */
    }
    free(c);
    return status;
}
