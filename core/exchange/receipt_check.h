#ifndef TIJORI_CORE_EXCHANGE_RECEIPT_CHECK_H
#define TIJORI_CORE_EXCHANGE_RECEIPT_CHECK_H

/* Checks whether a log keeps what a signed receipt promised: docs/FORMAT.md section 15. The receipt
 * is compared with the log as it is shown now, under the newest checkpoint that the same key
 * signed.
 *
 * Threads: one; the source's. */

#include "core/audit/source.h"
#include "core/base/message.h"
#include "core/format/receipt.h"
#include "crypto/policy.h"

enum tj_receipt_outcome {
    /* The log keeps its word. */
    TJ_RECEIPT_KEPT,    /* the entry stands as promised */
    TJ_RECEIPT_REFUSED, /* the refused envelope is not in the log */
    TJ_RECEIPT_LATER,   /* it is, submitted again: as entry `index` */
    /* Whether it does is not known. */
    TJ_RECEIPT_UNBOUND, /* the key signed no checkpoint here */
    TJ_RECEIPT_NOT_DUE, /* no checkpoint covers the entry yet; one does by due_ns */
    TJ_RECEIPT_AHEAD,   /* the log had more entries at the receipt than are shown here */
    /* The log does not keep its word, or what is shown is damaged. */
    TJ_RECEIPT_FOREIGN,     /* the receipt is not signed by the key, or of another log */
    TJ_RECEIPT_FORGED,      /* its signature does not verify */
    TJ_RECEIPT_DAMAGED,     /* entry `index`: `what` */
    TJ_RECEIPT_GENESIS,     /* entry 0 is not the genesis of the key's log */
    TJ_RECEIPT_TREE,        /* the tree is not that of the checkpoint */
    TJ_RECEIPT_ENTRIES,     /* the entries are not those of the checkpoint */
    TJ_RECEIPT_FORKED,      /* the log that signed the receipt is no beginning of this one */
    TJ_RECEIPT_OTHER_ENTRY, /* another entry, of leaf hash `leaf`, stands in its place */
    TJ_RECEIPT_CONTRADICTS, /* the receipt speaks against itself: `what` */
    TJ_RECEIPT_OVERDUE,     /* a checkpoint that covers the entry was due by due_ns */
    TJ_RECEIPT_BROKEN,      /* the envelope that it refused was entry `index` already */
};

struct tj_receipt_finding {
    enum tj_receipt_outcome outcome;
    uint64_t size; /* entries under the checkpoint */
    uint64_t index;
    const char *what; /* a string constant */
    struct tj_hash leaf;
    uint64_t due_ns;
    uint64_t seen_s; /* OVERDUE: when a witness saw that checkpoint, after due_ns; 0: not known */
    /* FORKED, OTHER_ENTRY: what else the log signed, which contradicts the receipt; free() it.
     * Otherwise NULL. */
    char *contrary;
    size_t contrary_size;
};

enum tijori_verdict tj_receipt_judgement(enum tj_receipt_outcome outcome);

/* Reads a receipt and checks that the key signed it. OK: out->outcome is KEPT, FOREIGN, FORGED or,
 * when what the key signed is nothing that a log signs, CONTRADICTS. VALUE: the bytes are no signed
 * receipt. MEMORY, NO_ED25519: it could not be told. */
enum tijori_status tj_receipt_read(struct tj_receipt *receipt, struct tj_receipt_finding *out,
                                   const char *note, size_t note_size,
                                   const struct tj_verifier_key *key) TJ_MUST_USE;

/* Compares a receipt that the key signed with the log. Deadlines are judged by `at_ns`. The times
 * that the witnesses of a policy (may be NULL) state can prove that a deadline was missed. MEMORY
 * or NO_ED25519, or OK and what was found. */
enum tijori_status tj_receipt_check(struct tj_source *source, struct tj_digester *digester,
                                    struct tj_receipt_finding *out,
                                    const struct tj_receipt *receipt,
                                    const struct tj_verifier_key *key,
                                    const struct tj_policy *policy, uint64_t at_ns) TJ_MUST_USE;

#endif
