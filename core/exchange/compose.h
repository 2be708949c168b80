#ifndef TIJORI_CORE_EXCHANGE_COMPOSE_H
#define TIJORI_CORE_EXCHANGE_COMPOSE_H

/* How envelopes are made: the header says where in the ledger it belongs, the records stand under
 * their root, the signatures in their slots. docs/FORMAT.md section 4.
 *
 * Threads: any number, each with a digester of its own. */

#include "core/base/message.h"
#include "core/format/envelope.h"
#include "core/log/journal.h"

/* The default lifetime of an envelope, seconds: long enough for the hands that have to sign it. */
enum { TJ_LIFETIME_DEFAULT_S = 86400 };

/* Fills in what the header of the next envelope of a party's lane says of a ledger of `size`
 * entries: the ledger's id, party, lane, sequence, previous id, and the newest entry as the one
 * that is known. All else is left alone. CORRUPT when that entry cannot be read. */
enum tijori_status tj_header_place(struct tj_txn *txn, struct tj_digester *digester,
                                   struct tj_header *header, const struct tj_state *state,
                                   uint64_t size, uint32_t party, uint16_t lane) TJ_MUST_USE;

/* Fills in what the header says of its records: their number, their root, and the flag of
 * approvals. When the header is restricted, the records get fresh blinds first. False: there was no
 * randomness for them. */
bool tj_header_seal(struct tj_digester *digester, struct tj_header *header, uint8_t *records,
                    size_t count) TJ_MUST_USE;

/* Turns the header into that of the envelope that follows it in the lane. */
void tj_header_next(struct tj_digester *digester, struct tj_header *header);

/* A document that records cite. */
struct tj_document {
    struct tj_hash hash; /* SHA-256 of the bytes */
    const uint8_t *bytes;
    size_t size;
};
/* How many bytes attachments take in an envelope. */
size_t tj_attachments_size(const struct tj_document *documents, size_t count);
/* Writes that many: the documents in the order of their hashes, into which they are put. */
void tj_attachments_encode(uint8_t *out, struct tj_document *documents, size_t count);

/* Writes an envelope. `attachments` are in their encoded form: count u16, then size u32 and bytes
 * of each. Returns the size that it takes. Nothing is written when that is more than `room`. */
size_t tj_envelope_write(uint8_t *out, size_t room, const struct tj_header *header,
                         const uint8_t *records, const struct tj_slots *slots,
                         const uint8_t *attachments, size_t attachments_size);

/* Signs an envelope id and puts the signature into the slots. `party` says for whom, `use` as
 * what. KEY_INVALID; SLOT_DUPLICATE when this key signed already; SLOT_COUNT when there is no slot
 * left. */
enum tijori_status tj_slots_sign(struct tj_slots *slots, uint32_t party, uint8_t use,
                                 uint8_t algorithm, const uint8_t secret32[TJ_SECRET_KEY_SIZE],
                                 const struct tj_hash *id) TJ_MUST_USE;

/* Reads one envelope, and checks all of it that needs no ledger, except its signatures: step 1 of
 * docs/FORMAT.md section 7. `message` says where it fails. */
enum tijori_status tj_envelope_check(struct tj_digester *digester, struct tj_envelope_view *out,
                                     const uint8_t *bytes, size_t size,
                                     struct tijori_message *message) TJ_MUST_USE;

#endif
