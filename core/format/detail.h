#ifndef TIJORI_CORE_FORMAT_DETAIL_H
#define TIJORI_CORE_FORMAT_DETAIL_H

/* Details: what a record has no room for. docs/FORMAT.md section 3.3.
 *
 *     OFFSET SIZE FIELD
 *          0    1 kind     48
 *          1    1 type
 *          2    1 part     from 0: a text goes on in the next detail
 *          3    1 of       how many details the group has
 *          4   92 payload  by type
 *         96   16 blind
 *
 * The details of a record stand directly behind it, and with it are its group. Each has a position
 * and a leaf of its own. record_tables.h has the table of their types.
 *
 * Pure functions of their arguments: any thread may call them. */

#include "core/format/record.h"

enum tj_detail_type { TJ_DETAIL_TYPES(TJ_ENUMERATOR) TJ_DETAIL_TYPE_END };

#define TJ_DETAIL_OFFSETS_OF(type, ...) type##_FIELDS(TJ_OFFSET)
enum { TJ_DETAIL_TYPES(TJ_DETAIL_OFFSETS_OF) };

enum {
    TJ_DETAIL_AT_TYPE = 1,
    TJ_DETAIL_AT_PART = 2,
    TJ_DETAIL_AT_OF = 3,
    TJ_DETAIL_AT_PAYLOAD = 4,
};
static_assert(TJ_DETAIL_AT_PAYLOAD + TJ_DETAIL_PAYLOAD == TJ_MOVE_AT_blind, "the blind follows");

/* A transaction detail's output that says "none in particular". */
#define TJ_NO_OUTPUT UINT32_MAX

enum { TJ_TXID_SIZE = 32, TJ_CURRENCY_SIZE = 3, TJ_PRICE_SOURCE_SIZE = 80, TJ_LEI_SIZE = 20 };

/* All details of one record, decoded: texts joined and NUL-terminated. */
struct tj_details {
    uint32_t present; /* mask of the types that are there; what is not is zero */
    char long_reference[TJ_DETAIL_PAYLOAD + 1];
    char memo[TJ_DETAIL_TEXT_MAX + 1];
    uint8_t txid[TJ_TXID_SIZE]; /* as SHA-256 gives it: people write it reversed */
    uint32_t output;
    uint64_t total; /* of the price, in units of 10^-decimals */
    uint8_t decimals;
    char currency[TJ_CURRENCY_SIZE + 1];
    char source[TJ_PRICE_SOURCE_SIZE + 1];
    char address[TJ_DETAIL_PAYLOAD + 1];
    struct tj_hash descriptor; /* SHA-256 of the attachment that holds it */
    char attachment_name[TJ_DETAIL_TEXT_MAX + 1];
    char media_type[TJ_DETAIL_PAYLOAD + 1];
    char counterparty[TJ_LEI_SIZE + 1];
    uint8_t encumbrance;
};

static inline bool tj_details_have(const struct tj_details *details, enum tj_detail_type type)
{
    return (details->present >> type & 1) != 0;
}

/* By type. */
extern const char *const tj_detail_names[TJ_DETAIL_TYPE_END];

/* How many details follow the record at `position`; below `count`, which is how many records there
 * are. */
uint32_t tj_details_after(const uint8_t *records, uint32_t count, uint32_t position);

/* The record that a detail belongs to. The form of both was checked: there is one before it. */
const uint8_t *tj_detail_record(const uint8_t *detail);

/* Checks the details of a record whose own form was checked, in the order of section 7, step 1;
 * `details` may be 0 of them. verdict->record is the record's position, and becomes that of the
 * detail that is refused. */
enum tijori_status tj_details_check(const uint8_t record[TJ_RECORD_SIZE], const uint8_t *details,
                                    uint32_t count, bool restricted,
                                    struct tj_verdict *verdict) TJ_MUST_USE;

/* Decodes details whose form was checked. */
void tj_details_decode(struct tj_details *out, const uint8_t *details, uint32_t count);
/* Encodes them and returns how many there are; more than TJ_DETAILS_MAX do not fit, and `out` is
 * then none. The form is not checked here. */
uint32_t tj_details_encode(const struct tj_details *details,
                           uint8_t out[TJ_DETAILS_MAX * TJ_RECORD_SIZE]);

/* The group hash (section 2) of a record with so many details behind it. It is what a post, void,
 * correct or approve holds of the record that it names. */
void tj_group_hash(struct tj_hasher *hasher, struct tj_hash *out, const uint8_t *record,
                   uint32_t details);

/* A movement's reference, NUL-terminated: its own, or the long one among its details. */
enum { TJ_REFERENCE_TEXT_SIZE = TJ_DETAIL_PAYLOAD + 1 };
void tj_group_reference(char out[TJ_REFERENCE_TEXT_SIZE], const uint8_t *record, uint32_t details);

/* The attachment that a record names (its SHA-256, 32 bytes), or NULL: the document of a move, a
 * pending or a statement, or what a descriptor says. Section 4.3. */
const uint8_t *tj_record_attachment(const uint8_t record[TJ_RECORD_SIZE]);

#endif
