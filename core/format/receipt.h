#ifndef TIJORI_CORE_FORMAT_RECEIPT_H
#define TIJORI_CORE_FORMAT_RECEIPT_H

/* Signed receipts: docs/FORMAT.md section 15. A receipt is a C2SP signed-note. A log key, named by
 * the origin, signs it. Its text is
 *     tijori/receipt/v1
 *     <origin>
 *     envelope <envelope id, hex>
 *     status <name>
 *     entry <decimal>                 OK and ALREADY only, as the two below
 *     leaf <hex>
 *     received <nanoseconds, decimal>
 *     head <size> <base64 tree root>
 *
 * With the three lines of an entry the log makes a promise: this entry stands at this index, and a
 * public checkpoint covers it in time. Without them the envelope was refused when the log had this
 * head.
 *
 * Threads: none; pure functions. */

#include "core/base/status.h"
#include "crypto/note.h"

enum {
    TJ_RECEIPT_TEXT_MAX = 1024,
    TJ_RECEIPT_NOTE_MAX = 2048,
};

struct tj_receipt {
    char origin[TJ_NOTE_NAME_MAX + 1];
    struct tj_hash envelope_id;
    enum tijori_status status;
    /* Of OK and ALREADY; otherwise zero. */
    uint64_t entry;
    struct tj_hash leaf;
    uint64_t received_ns;
    /* The log when the envelope was decided, its own entry included when it got one. */
    uint64_t head_size;
    struct tj_hash head_root;
};

/* True when the log promised an entry. */
static inline bool tj_receipt_promises(const struct tj_receipt *receipt)
{
    return receipt->status == TIJORI_OK || receipt->status == TIJORI_ALREADY;
}

/* True for a status with which an envelope can end. A log signs no other: of what the machine
 * failed to do, only that there was no space is an answer. */
static inline bool tj_receipt_decides(enum tijori_status status)
{
    return status <= TIJORI_FULL;
}

/* False when the text is not exactly of that form. What is read encodes to the same characters. */
bool tj_receipt_decode(struct tj_receipt *out, const char *text, size_t size) TJ_MUST_USE;

/* Writes the text and returns its size; 0 when `out` is too small (TJ_RECEIPT_TEXT_MAX always
 * suffices) or the origin is not a valid name. */
size_t tj_receipt_encode(char *out, size_t out_size, const struct tj_receipt *receipt);

/* Writes the note, signed by the log's key, and returns its size, or 0 as above
 * (TJ_RECEIPT_NOTE_MAX suffices). */
size_t tj_receipt_sign(char *out, size_t out_size, const struct tj_receipt *receipt,
                       const uint8_t secret32[32]);

enum tj_receipt_verdict {
    TJ_RECEIPT_VALID,
    TJ_RECEIPT_MALFORMED, /* not a note, or its text not a receipt */
    TJ_RECEIPT_UNKNOWN,   /* not signed by this key, or of another origin than the key's name */
    TJ_RECEIPT_INVALID,   /* the signature does not verify */
    TJ_RECEIPT_UNDECIDED, /* this machine could not verify it */
};
/* Reads a note and checks that `key`, the log's, signed it. *out is set unless MALFORMED. */
enum tj_receipt_verdict tj_receipt_verify(struct tj_receipt *out, const char *note, size_t size,
                                          const struct tj_verifier_key *key) TJ_MUST_USE;

#endif
