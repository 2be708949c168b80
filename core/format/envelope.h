#ifndef TIJORI_CORE_FORMAT_ENVELOPE_H
#define TIJORI_CORE_FORMAT_ENVELOPE_H

/* The envelope: what a party submits. docs/FORMAT.md section 4.
 *
 *     header (176) || records (112 x record_count) || slots || attachments
 *
 *     OFFSET SIZE FIELD         UNIT
 *          0    3 magic         "TJE"
 *          3    1 version       1
 *          4    2 flags         bit 0 restricted, bit 1 approval
 *          6    2 lane          0..4095
 *          8    4 party
 *         12    4 record_count  1..8190
 *         16    8 sequence      from 1
 *         24    8 created_s     POSIX seconds
 *         32    8 expires_s     POSIX seconds
 *         40    8 known_index
 *         48   32 ledger_id
 *         80   32 previous_id
 *        112   32 known_leaf
 *        144   32 body_root
 *
 * A slot holds one signature and the key that made it. The key's algorithm is ecdsa or bip340. An
 * ed25519 key is a log's, and stands in possession slots of party 0 only.
 *
 * Everything here is a pure function of the bytes. Views point into the caller's bytes. */

#include "core/base/digester.h"
#include "core/format/record.h"
#include "crypto/signature.h"

enum { TJ_ENVELOPE_VERSION = 1, TJ_FLAG_RESTRICTED = 1, TJ_FLAG_APPROVAL = 2 };

/* Offsets of a header's fields. */
enum {
    TJ_HEADER_AT_VERSION = 3,
    TJ_HEADER_AT_FLAGS = 4,
    TJ_HEADER_AT_LANE = 6,
    TJ_HEADER_AT_PARTY = 8,
    TJ_HEADER_AT_RECORD_COUNT = 12,
    TJ_HEADER_AT_SEQUENCE = 16,
    TJ_HEADER_AT_CREATED_S = 24,
    TJ_HEADER_AT_EXPIRES_S = 32,
    TJ_HEADER_AT_KNOWN_INDEX = 40,
    TJ_HEADER_AT_LEDGER_ID = 48,
    TJ_HEADER_AT_PREVIOUS_ID = 80,
    TJ_HEADER_AT_KNOWN_LEAF = 112,
    TJ_HEADER_AT_BODY_ROOT = 144,
};
static_assert(TJ_HEADER_AT_BODY_ROOT + TJ_HASH_SIZE == TJ_HEADER_SIZE, "the last field ends it");

/* The count of records in a header whose form was not checked yet. */
static inline uint32_t tj_header_record_count(const uint8_t header[TJ_HEADER_SIZE])
{
    return tj_load32(header + TJ_HEADER_AT_RECORD_COUNT);
}

struct tj_header {
    uint16_t flags;
    uint16_t lane;
    uint32_t party;
    uint32_t record_count;
    uint64_t sequence;
    uint64_t created_s;
    uint64_t expires_s;
    uint64_t known_index;
    struct tj_hash ledger_id;
    struct tj_hash previous_id;
    struct tj_hash known_leaf;
    struct tj_hash body_root;
};

enum tj_slot_use {
    TJ_USE_SIGN = 1,
    TJ_USE_COUNTERSIGN = 2,
    TJ_USE_POSSESSION = 3,
    TJ_USE_END = 4,
};

struct tj_slot {
    uint32_t party;
    uint8_t use; /* enum tj_slot_use */
    struct tj_public_key key;
    uint8_t signature64[TJ_SIGNATURE_SIZE];
};

struct tj_slots {
    uint32_t count;
    struct tj_slot slots[TJ_SLOTS_MAX];
};

struct tj_envelope_view {
    const uint8_t *bytes;
    size_t size;
    struct tj_header header;
    const uint8_t *records; /* header.record_count x 112 */
    const uint8_t *slot_bytes;
    size_t slot_bytes_size;
    struct tj_slots slots;
    uint32_t attachment_count;
    const uint8_t *attachments; /* size u32 || bytes, attachment_count times */
};

static inline bool tj_hash_equal(const struct tj_hash *a, const struct tj_hash *b)
{
    return memcmp(a->bytes, b->bytes, TJ_HASH_SIZE) == 0;
}

static inline bool tj_hash_zero(const struct tj_hash *hash)
{
    return tj_all_zero(hash->bytes, TJ_HASH_SIZE);
}

static inline bool tj_header_restricted(const struct tj_header *header)
{
    return (header->flags & TJ_FLAG_RESTRICTED) != 0;
}

/* An envelope of approvals: its records approve pending movements and do nothing else. Keys of role
 * approve sign it. */
static inline bool tj_header_approval(const struct tj_header *header)
{
    return (header->flags & TJ_FLAG_APPROVAL) != 0;
}

/* The last second in which a ledger takes the envelope is over. */
static inline bool tj_header_expired(const struct tj_header *header, uint64_t second)
{
    return second > header->expires_s;
}

/* Reads a header and checks its form; `bytes` holds at least 176. */
enum tijori_status tj_header_decode(struct tj_header *out, const uint8_t bytes[TJ_HEADER_SIZE],
                                    struct tj_verdict *verdict) TJ_MUST_USE;
void tj_header_encode(const struct tj_header *header, uint8_t out[TJ_HEADER_SIZE]);

/* Reads slots from a cursor; `party` is the header's. */
enum tijori_status tj_slots_decode(struct tj_bytes *in, struct tj_slots *out, uint32_t party,
                                   struct tj_verdict *verdict) TJ_MUST_USE;
/* Writes the slots in the order they stand in; returns the size. */
size_t tj_slots_encode(const struct tj_slots *slots, uint8_t out[TJ_SLOTS_SIZE_MAX]);

/* Puts a slot in its place. DUPLICATE when its (party, use, algorithm, key) is there already, COUNT
 * when there are 16 slots. */
enum tijori_status tj_slots_insert(struct tj_slots *slots, const struct tj_slot *slot) TJ_MUST_USE;

/* The slot of the same (party, use, algorithm, key), whatever its signature; NULL: there is none.
 */
const struct tj_slot *tj_slots_find(const struct tj_slots *slots, const struct tj_slot *like);

/* True when the record is an add_key of exactly this key, for whichever party. */
bool tj_record_adds_key(const uint8_t record[TJ_RECORD_SIZE],
                        const struct tj_public_key *key) TJ_MUST_USE;

/* The key that an add_key or revoke_key record names. */
void tj_record_public_key(const struct tj_record *record, struct tj_public_key *key);

/* True when the record wants a possession slot by the key it names. An add_key and an add_log_key
 * do. A retire_log_key does when it has no last good size; with one, the key was compromised, and
 * its word counts for nothing. */
bool tj_record_wants_possession(const uint8_t record[TJ_RECORD_SIZE]) TJ_MUST_USE;
/* True when the possession slot that the record wants is one by exactly this key. *party gets the
 * slot's party; 0 for a log key. */
bool tj_record_possession_by(uint32_t *party, const uint8_t record[TJ_RECORD_SIZE],
                             const struct tj_public_key *key) TJ_MUST_USE;

/* Whether a record of this kind and with these accounts may stand in a public envelope, or in a
 * restricted one: RESTRICTED_DIRECTIVE, RESTRICTED_ACCOUNT. The record's form may be unchecked. */
enum tijori_status tj_record_shown(const struct tj_header *header,
                                   const uint8_t record[TJ_RECORD_SIZE],
                                   struct tj_verdict *verdict) TJ_MUST_USE;

/* Checks the details of one record, whose own form was checked: that there may be details in this
 * envelope, and tj_details_check. `details` are `count` records; verdict->record as there. */
enum tijori_status tj_group_check(const struct tj_header *header,
                                  const uint8_t record[TJ_RECORD_SIZE], const uint8_t *details,
                                  uint32_t count, struct tj_verdict *verdict) TJ_MUST_USE;

/* Checks the form of each record with its details, and that the kinds of all of them may stand
 * together. */
enum tijori_status tj_records_check(const struct tj_header *header, const uint8_t *records,
                                    struct tj_verdict *verdict) TJ_MUST_USE;

/* Tells from its own counts how many bytes the first envelope in `bytes` takes. TRUNCATED when
 * there are not enough bytes to tell; more input may help. Nothing else is checked but the header's
 * magic. */
enum tijori_status tj_envelope_measure(size_t *size, const uint8_t *bytes,
                                       size_t available) TJ_MUST_USE;

/* Reads exactly one envelope of `size` bytes. Checks all of its form that needs no hashing. */
enum tijori_status tj_envelope_decode(struct tj_envelope_view *out, const uint8_t *bytes,
                                      size_t size, struct tj_verdict *verdict) TJ_MUST_USE;

/* Walks the attachments; `at` starts as view->attachments. */
const uint8_t *tj_attachment_next(const uint8_t **at, size_t *size);

/* ---- hashing ---- */

/* BIP-340 tagged hash, tag "tijori/envelope/v1", of the header as it stands in bytes. */
void tj_envelope_id(struct tj_digester *digester, struct tj_hash *id,
                    const uint8_t header[TJ_HEADER_SIZE]);

/* Checks body_root against the records. */
enum tijori_status tj_body_check(struct tj_digester *digester, const struct tj_header *header,
                                 const uint8_t *records, struct tj_verdict *verdict) TJ_MUST_USE;

/* Checks the order of the attachments, and that a record names each. */
enum tijori_status tj_attachments_check(struct tj_digester *digester,
                                        const struct tj_envelope_view *view,
                                        struct tj_verdict *verdict) TJ_MUST_USE;

/* Slots with the envelope id that each of their signatures is over. */
struct tj_signed {
    const struct tj_slots *slots;
    const struct tj_hash *envelope_id;
    uint32_t *first_invalid; /* gets the first slot that does not verify, or TJ_NOWHERE */
    bool *undecided; /* gets whether one could not be verified on this machine; then first_invalid
                      * is not the last word */
};

/* Verifies the slots of `count` envelopes, with many signatures in one batch call. */
void tj_slots_verify(const struct tj_signed *envelopes, size_t count);

#endif
