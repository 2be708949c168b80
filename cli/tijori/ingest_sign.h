#ifndef TIJORI_CLI_TIJORI_INGEST_SIGN_H
#define TIJORI_CLI_TIJORI_INGEST_SIGN_H

/* What `tijori ingest --log-key` adds to receipts: the newest checkpoint, and the receipt itself
 * signed (docs/FORMAT.md sections 14 and 15).
 *
 * Threads: whoever prints receipts, in their order, one at a time. */

#include "cli/options.h"
#include "core/format/receipt.h"
#include "crypto/checkpoint.h"
#include "crypto/tree.h"

struct ingest_signer {
    bool on;       /* there is a log key */
    bool receipts; /* each receipt is signed too */
    struct tijori *ledger;
    uint8_t secret32[TJ_SECRET_KEY_SIZE];
    /* The newest checkpoint that was fetched. It covers every receipt printed so far, so it is
     * fetched anew only when one is not. */
    struct tj_checkpoint newest;
    char note[TIJORI_NOTE_MAX + 1]; /* NUL-terminated */
    /* The tree as it was when the envelope of the last signed receipt was decided. A checkpoint may
     * cover later ones already; a receipt that named it would say, of what was refused, that the
     * log had by then what it accepted after. */
    struct tj_frontier decided;
    struct tj_hasher *hasher;
    bool retired; /* an entry retired the key, and that was said */
    int code;     /* not EXIT_PASS: why the checkpoint could not be had */
};

/* Reads the options of the command; answers an exit code and has said why. Clear in any case. */
int ingest_signer_init(struct ingest_signer *signer, const struct arguments *arguments);
void ingest_signer_clear(struct ingest_signer *signer);

/* After the ledger was opened with the signer's key, before anything is submitted. */
void ingest_signer_start(struct ingest_signer *signer, struct tijori *ledger);

/* Has signer->note cover the receipt's entry, where it has one. False when there is no checkpoint
 * to show: none could be had, or the entry or one before it retired the key. */
bool ingest_signer_cover(struct ingest_signer *signer, const struct tijori_receipt *receipt);

/* The signed receipt, NUL-terminated; false when there is none: the bytes had no envelope id,
 * nothing was decided (a commit failed: the envelope may be on the disk), or the key is retired.
 * Each receipt once, after ingest_signer_cover. */
bool ingest_signer_sign(struct ingest_signer *signer, char out[TJ_RECEIPT_NOTE_MAX + 1],
                        const struct tijori_receipt *receipt);

#endif
