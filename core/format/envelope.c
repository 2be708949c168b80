#include "core/format/envelope.h"

#include "core/format/detail.h"
#include "crypto/tree.h"

/* ---- header ---- */

static const uint8_t MAGIC[TJ_HEADER_AT_VERSION] = {'T', 'J', 'E'};

enum tijori_status tj_header_decode(struct tj_header *out, const uint8_t bytes[TJ_HEADER_SIZE],
                                    struct tj_verdict *verdict)
{
    if (memcmp(bytes, MAGIC, TJ_HEADER_AT_VERSION) != 0) {
        return tj_refuse(verdict, TIJORI_MAGIC, "magic");
    }
    if (bytes[TJ_HEADER_AT_VERSION] != TJ_ENVELOPE_VERSION) {
        return tj_refuse_detail(verdict, TIJORI_VERSION_UNKNOWN, "version", "version %u",
                                (unsigned)bytes[TJ_HEADER_AT_VERSION]);
    }
    out->flags = tj_load16(bytes + TJ_HEADER_AT_FLAGS);
    out->lane = tj_load16(bytes + TJ_HEADER_AT_LANE);
    out->party = tj_load32(bytes + TJ_HEADER_AT_PARTY);
    out->record_count = tj_load32(bytes + TJ_HEADER_AT_RECORD_COUNT);
    out->sequence = tj_load64(bytes + TJ_HEADER_AT_SEQUENCE);
    out->created_s = tj_load64(bytes + TJ_HEADER_AT_CREATED_S);
    out->expires_s = tj_load64(bytes + TJ_HEADER_AT_EXPIRES_S);
    out->known_index = tj_load64(bytes + TJ_HEADER_AT_KNOWN_INDEX);
    memcpy(out->ledger_id.bytes, bytes + TJ_HEADER_AT_LEDGER_ID, TJ_HASH_SIZE);
    memcpy(out->previous_id.bytes, bytes + TJ_HEADER_AT_PREVIOUS_ID, TJ_HASH_SIZE);
    memcpy(out->known_leaf.bytes, bytes + TJ_HEADER_AT_KNOWN_LEAF, TJ_HASH_SIZE);
    memcpy(out->body_root.bytes, bytes + TJ_HEADER_AT_BODY_ROOT, TJ_HASH_SIZE);
    if ((out->flags & ~(TJ_FLAG_RESTRICTED | TJ_FLAG_APPROVAL)) != 0) {
        return tj_refuse(verdict, TIJORI_FLAGS_UNKNOWN, "flags");
    }
    if (out->lane >= TJ_LANES_MAX) {
        return tj_refuse(verdict, TIJORI_VALUE, "lane");
    }
    if (out->record_count == 0 || out->record_count > TJ_RECORDS_MAX) {
        return tj_refuse(verdict, TIJORI_RECORD_COUNT, "record_count");
    }
    if (out->sequence == 0) {
        return tj_refuse(verdict, TIJORI_VALUE, "sequence");
    }
    if (tj_hash_zero(&out->known_leaf) && out->known_index != 0) {
        return tj_refuse(verdict, TIJORI_VALUE, "known_index");
    }
    return TIJORI_OK;
}

void tj_header_encode(const struct tj_header *header, uint8_t out[TJ_HEADER_SIZE])
{
    memcpy(out, MAGIC, TJ_HEADER_AT_VERSION);
    out[TJ_HEADER_AT_VERSION] = TJ_ENVELOPE_VERSION;
    tj_store16(out + TJ_HEADER_AT_FLAGS, header->flags);
    tj_store16(out + TJ_HEADER_AT_LANE, header->lane);
    tj_store32(out + TJ_HEADER_AT_PARTY, header->party);
    tj_store32(out + TJ_HEADER_AT_RECORD_COUNT, header->record_count);
    tj_store64(out + TJ_HEADER_AT_SEQUENCE, header->sequence);
    tj_store64(out + TJ_HEADER_AT_CREATED_S, header->created_s);
    tj_store64(out + TJ_HEADER_AT_EXPIRES_S, header->expires_s);
    tj_store64(out + TJ_HEADER_AT_KNOWN_INDEX, header->known_index);
    memcpy(out + TJ_HEADER_AT_LEDGER_ID, header->ledger_id.bytes, TJ_HASH_SIZE);
    memcpy(out + TJ_HEADER_AT_PREVIOUS_ID, header->previous_id.bytes, TJ_HASH_SIZE);
    memcpy(out + TJ_HEADER_AT_KNOWN_LEAF, header->known_leaf.bytes, TJ_HASH_SIZE);
    memcpy(out + TJ_HEADER_AT_BODY_ROOT, header->body_root.bytes, TJ_HASH_SIZE);
}

/* ---- slots ---- */

/* Offsets of what stands before a slot's key: docs/FORMAT.md section 4.2. */
enum {
    SLOT_AT_PARTY = 0,
    SLOT_AT_ALGORITHM = 4,
    SLOT_AT_USE = 5,
    SLOT_AT_KEY_SIZE = 6,
    SLOT_AT_SIGNATURE_SIZE = 8,
};
static_assert(SLOT_AT_SIGNATURE_SIZE + 2 == TJ_SLOT_FIXED_SIZE, "the last field ends it");

static int compare_number(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

/* The order of slots: (party, use, algorithm, key). */
static int compare_slots(const struct tj_slot *a, const struct tj_slot *b)
{
    int order = compare_number(a->party, b->party);
    order = order != 0 ? order : compare_number(a->use, b->use);
    order = order != 0 ? order : compare_number(a->key.algorithm, b->key.algorithm);
    if (order != 0) {
        return order;
    }
    return memcmp(a->key.bytes, b->key.bytes, a->key.size);
}

/* A log key signs checkpoints and receipts. In an envelope it only shows that it is there. */
static bool use_fits(const struct tj_slot *slot, uint32_t header_party)
{
    bool own = slot->party == header_party;
    bool log_key = slot->key.algorithm == TJ_ALGORITHM_ED25519;
    switch ((enum tj_slot_use)slot->use) {
    case TJ_USE_SIGN:
        return own && !log_key;
    case TJ_USE_COUNTERSIGN:
        return !own && !log_key;
    case TJ_USE_POSSESSION:
        return slot->party == 0 || !log_key;
    case TJ_USE_END:
        break;
    }
    return false;
}

static enum tijori_status decode_slot(struct tj_bytes *in, struct tj_slot *slot, uint32_t party,
                                      struct tj_verdict *verdict)
{
    const uint8_t *fixed = tj_take(in, TJ_SLOT_FIXED_SIZE);
    if (fixed == NULL) {
        return tj_refuse(verdict, TIJORI_TRUNCATED, NULL);
    }
    memset(slot, 0, sizeof *slot);
    slot->party = tj_load32(fixed + SLOT_AT_PARTY);
    slot->key.algorithm = fixed[SLOT_AT_ALGORITHM];
    slot->use = fixed[SLOT_AT_USE];
    slot->key.size = (uint8_t)tj_public_key_size(slot->key.algorithm);
    if (slot->key.size == 0) {
        return tj_refuse(verdict, TIJORI_SLOT_ALGORITHM, "algorithm");
    }
    if (!use_fits(slot, party)) {
        return tj_refuse(verdict, TIJORI_SLOT_USE, "use");
    }
    if (tj_load16(fixed + SLOT_AT_KEY_SIZE) != slot->key.size ||
        tj_load16(fixed + SLOT_AT_SIGNATURE_SIZE) != TJ_SLOT_SIGNATURE_SIZE) {
        return tj_refuse(verdict, TIJORI_SLOT_SIZE, "size");
    }
    const uint8_t *rest = tj_take(in, (size_t)slot->key.size + TJ_SLOT_SIGNATURE_SIZE);
    if (rest == NULL) {
        return tj_refuse(verdict, TIJORI_TRUNCATED, NULL);
    }
    memcpy(slot->key.bytes, rest, slot->key.size);
    memcpy(slot->signature64, rest + slot->key.size, TJ_SLOT_SIGNATURE_SIZE);
    return TIJORI_OK;
}

enum tijori_status tj_slots_decode(struct tj_bytes *in, struct tj_slots *out, uint32_t party,
                                   struct tj_verdict *verdict)
{
    uint16_t count;
    if (!tj_take16(in, &count)) {
        return tj_refuse(verdict, TIJORI_TRUNCATED, NULL);
    }
    if (count > TJ_SLOTS_MAX) {
        return tj_refuse(verdict, TIJORI_SLOT_COUNT, "slots");
    }
    out->count = count;
    for (uint32_t i = 0; i < count; i++) {
        verdict->slot = i;
        enum tijori_status status = decode_slot(in, &out->slots[i], party, verdict);
        if (status != TIJORI_OK) {
            return status;
        }
        int order = i == 0 ? -1 : compare_slots(&out->slots[i - 1], &out->slots[i]);
        if (order >= 0) {
            return tj_refuse(verdict, order == 0 ? TIJORI_SLOT_DUPLICATE : TIJORI_SLOT_ORDER,
                             "slots");
        }
    }
    verdict->slot = TJ_NOWHERE;
    return TIJORI_OK;
}

size_t tj_slots_encode(const struct tj_slots *slots, uint8_t out[TJ_SLOTS_SIZE_MAX])
{
    uint8_t *at = out;
    tj_store16(at, (uint16_t)slots->count);
    at += 2;
    for (uint32_t i = 0; i < slots->count; i++) {
        const struct tj_slot *slot = &slots->slots[i];
        tj_store32(at + SLOT_AT_PARTY, slot->party);
        at[SLOT_AT_ALGORITHM] = slot->key.algorithm;
        at[SLOT_AT_USE] = slot->use;
        tj_store16(at + SLOT_AT_KEY_SIZE, slot->key.size);
        tj_store16(at + SLOT_AT_SIGNATURE_SIZE, TJ_SLOT_SIGNATURE_SIZE);
        at += TJ_SLOT_FIXED_SIZE;
        memcpy(at, slot->key.bytes, slot->key.size);
        at += slot->key.size;
        memcpy(at, slot->signature64, TJ_SLOT_SIGNATURE_SIZE);
        at += TJ_SLOT_SIGNATURE_SIZE;
    }
    return (size_t)(at - out);
}

enum tijori_status tj_slots_insert(struct tj_slots *slots, const struct tj_slot *slot)
{
    uint32_t at = 0;
    while (at < slots->count && compare_slots(&slots->slots[at], slot) < 0) {
        at++;
    }
    if (at < slots->count && compare_slots(&slots->slots[at], slot) == 0) {
        return TIJORI_SLOT_DUPLICATE;
    }
    if (slots->count == TJ_SLOTS_MAX) {
        return TIJORI_SLOT_COUNT;
    }
    memmove(&slots->slots[at + 1], &slots->slots[at], (slots->count - at) * sizeof slots->slots[0]);
    slots->slots[at] = *slot;
    slots->count++;
    return TIJORI_OK;
}

const struct tj_slot *tj_slots_find(const struct tj_slots *slots, const struct tj_slot *like)
{
    for (uint32_t i = 0; i < slots->count; i++) {
        if (compare_slots(&slots->slots[i], like) == 0) {
            return &slots->slots[i];
        }
    }
    return NULL;
}

/* ---- records together ---- */

/* Of a record that names a key: it is this one. */
static bool names_key(const uint8_t *record, const struct tj_public_key *key)
{
    return TJ_GET(record, TJ_ADD_KEY, algorithm) == key->algorithm &&
           memcmp(TJ_AT(record, TJ_ADD_KEY, key), key->bytes, key->size) == 0;
}

bool tj_record_adds_key(const uint8_t record[TJ_RECORD_SIZE], const struct tj_public_key *key)
{
    return tj_record_kind(record) == TJ_ADD_KEY && names_key(record, key);
}

void tj_record_public_key(const struct tj_record *record, struct tj_public_key *key)
{
    memset(key, 0, sizeof *key);
    key->algorithm = record->algorithm;
    key->size = (uint8_t)tj_public_key_size(record->algorithm);
    memcpy(key->bytes, record->key, key->size);
}

bool tj_record_wants_possession(const uint8_t record[TJ_RECORD_SIZE])
{
    uint8_t kind = tj_record_kind(record);
    if (kind == TJ_RETIRE_LOG_KEY) {
        return TJ_GET(record, TJ_RETIRE_LOG_KEY, last_good_size) == 0;
    }
    return kind == TJ_ADD_KEY || kind == TJ_ADD_LOG_KEY;
}

bool tj_record_possession_by(uint32_t *party, const uint8_t record[TJ_RECORD_SIZE],
                             const struct tj_public_key *key)
{
    bool of_party = tj_record_kind(record) == TJ_ADD_KEY;
    *party = of_party ? tj_record_party(record) : 0;
    return tj_record_wants_possession(record) && names_key(record, key);
}

/* May there be details here at all? Approvals add nothing to what they approve, and what founds the
 * ledger is read by itself. */
static enum tijori_status check_detailed(const struct tj_header *header, struct tj_verdict *verdict)
{
    if (tj_header_approval(header)) {
        return tj_refuse(verdict, TIJORI_KIND_MIXED, "flags");
    }
    if (tj_hash_zero(&header->ledger_id)) {
        return tj_refuse(verdict, TIJORI_DETAIL, "kind");
    }
    return TIJORI_OK;
}

enum tijori_status tj_group_check(const struct tj_header *header,
                                  const uint8_t record[TJ_RECORD_SIZE], const uint8_t *details,
                                  uint32_t count, struct tj_verdict *verdict)
{
    const uint32_t place = verdict->record;
    if (count > 0) {
        verdict->record = place + 1;
        enum tijori_status status = check_detailed(header, verdict);
        if (status != TIJORI_OK) {
            return status;
        }
        verdict->record = place;
    }
    return tj_details_check(record, details, count, tj_header_restricted(header), verdict);
}

/* Directives are public, but for those that open and close a restricted account: of that the public
 * is shown nothing. */
static enum tijori_status check_directive_shown(const struct tj_header *header,
                                                const uint8_t *record, struct tj_verdict *verdict)
{
    const uint8_t kind = tj_record_kind(record);
    const bool of_restricted = (kind == TJ_OPEN_ACCOUNT || kind == TJ_CLOSE_ACCOUNT) &&
                               tj_account_restricted(TJ_GET(record, TJ_OPEN_ACCOUNT, account));
    if (tj_header_restricted(header) && !of_restricted) {
        return tj_refuse(verdict, TIJORI_RESTRICTED_DIRECTIVE, "flags");
    }
    if (!tj_header_restricted(header) && of_restricted) {
        return tj_refuse(verdict, TIJORI_RESTRICTED_ACCOUNT, "account");
    }
    return TIJORI_OK;
}
static_assert((int)TJ_OPEN_ACCOUNT_AT_account == (int)TJ_CLOSE_ACCOUNT_AT_account,
              "the account of both is read by one name");

enum tijori_status tj_record_shown(const struct tj_header *header,
                                   const uint8_t record[TJ_RECORD_SIZE], struct tj_verdict *verdict)
{
    if (!tj_kind_is_movement(tj_record_kind(record))) {
        return check_directive_shown(header, record, verdict);
    }
    if (tj_header_restricted(header)) {
        return TIJORI_OK;
    }
    if (tj_account_restricted(tj_movement_from(record))) {
        return tj_refuse(verdict, TIJORI_RESTRICTED_ACCOUNT, "from");
    }
    if (tj_account_restricted(tj_movement_to(record))) {
        return tj_refuse(verdict, TIJORI_RESTRICTED_ACCOUNT, "to");
    }
    return TIJORI_OK;
}

/* May a record of this kind, which is neither reserved nor unknown, stand here? */
static enum tijori_status check_kind(const struct tj_header *header, bool movements,
                                     const uint8_t *record, struct tj_verdict *verdict)
{
    const uint8_t kind = tj_record_kind(record);
    const struct tj_layout *layout = tj_record_layout(kind);
    if (tj_kind_is_detail(kind)) { /* the first of its envelope: others are judged with a record */
        enum tijori_status status = check_detailed(header, verdict);
        if (status != TIJORI_OK) {
            return status;
        }
        return tj_refuse(verdict, TIJORI_DETAIL, "kind");
    }
    if (layout == NULL) {
        return TIJORI_OK; /* what is wrong with it, tj_record_check says */
    }
    if (tj_kind_is_movement(kind) != movements) {
        return tj_refuse(verdict, TIJORI_KIND_MIXED, "kind");
    }
    if ((kind == TJ_APPROVAL) != tj_header_approval(header)) {
        return tj_refuse(verdict, TIJORI_KIND_MIXED, "flags");
    }
    /* Entry 0 alone has no ledger to name yet. */
    if ((layout->says & TJ_FOUNDS) != 0 && !tj_hash_zero(&header->ledger_id)) {
        return tj_refuse(verdict, TIJORI_GENESIS_ONLY, "kind");
    }
    if (!movements) {
        return tj_record_shown(header, record, verdict);
    }
    return TIJORI_OK;
}

/* The parties whose accounts a restricted envelope touches. Two of them can be shown what is theirs
 * without a third one's affairs beside it. */
struct parties_touched {
    uint32_t parties[2];
    uint32_t count;
};

static bool touch_party(struct parties_touched *touched, uint32_t party)
{
    for (uint32_t i = 0; i < touched->count; i++) {
        if (touched->parties[i] == party) {
            return true;
        }
    }
    if (touched->count == 2) {
        return false;
    }
    touched->parties[touched->count++] = party;
    return true;
}

static enum tijori_status check_accounts(const struct tj_header *header,
                                         struct parties_touched *touched, const uint8_t *record,
                                         struct tj_verdict *verdict)
{
    enum tijori_status status = tj_record_shown(header, record, verdict);
    if (status != TIJORI_OK || !tj_header_restricted(header)) {
        return status;
    }
    if (!touch_party(touched, tj_account_party(tj_movement_from(record)))) {
        return tj_refuse(verdict, TIJORI_RESTRICTED_PARTIES, "from");
    }
    if (!touch_party(touched, tj_account_party(tj_movement_to(record)))) {
        return tj_refuse(verdict, TIJORI_RESTRICTED_PARTIES, "to");
    }
    return TIJORI_OK;
}

enum tijori_status tj_records_check(const struct tj_header *header, const uint8_t *records,
                                    struct tj_verdict *verdict)
{
    bool restricted = tj_header_restricted(header);
    bool movements = tj_kind_is_movement(tj_record_kind(records));
    struct parties_touched touched = {.count = 0};
    for (uint32_t i = 0; i < header->record_count; i++) {
        const uint8_t *record = records + (size_t)i * TJ_RECORD_SIZE;
        verdict->record = i;
        enum tijori_status status = check_kind(header, movements, record, verdict);
        if (status == TIJORI_OK) {
            status = tj_record_check(record, restricted, verdict);
        }
        if (status == TIJORI_OK && movements) {
            status = check_accounts(header, &touched, record, verdict);
        }
        if (status != TIJORI_OK) {
            return status;
        }
        uint32_t details = tj_details_after(records, header->record_count, i);
        if (details == 0 && (!movements || tj_movement_details(record) == 0)) {
            continue;
        }
        status = tj_group_check(header, record, record + TJ_RECORD_SIZE, details, verdict);
        if (status != TIJORI_OK) {
            return status;
        }
        i += details;
    }
    verdict->record = TJ_NOWHERE;
    return TIJORI_OK;
}

/* ---- the whole ---- */

/* Skips `count` parts, by the sizes that the parts themselves state. */
static bool skip_slots(struct tj_bytes *in)
{
    uint16_t count;
    if (!tj_take16(in, &count)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *fixed = tj_take(in, TJ_SLOT_FIXED_SIZE);
        if (fixed == NULL || tj_take(in, (size_t)tj_load16(fixed + SLOT_AT_KEY_SIZE) +
                                             tj_load16(fixed + SLOT_AT_SIGNATURE_SIZE)) == NULL) {
            return false;
        }
    }
    return true;
}

static bool skip_attachments(struct tj_bytes *in)
{
    uint16_t count;
    if (!tj_take16(in, &count)) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t size;
        if (!tj_take32(in, &size) || tj_take(in, size) == NULL) {
            return false;
        }
    }
    return true;
}

enum tijori_status tj_envelope_measure(size_t *size, const uint8_t *bytes, size_t available)
{
    struct tj_bytes in = {bytes, available};
    size_t look = available < sizeof MAGIC ? available : sizeof MAGIC;
    if (memcmp(bytes, MAGIC, look) != 0) {
        return TIJORI_MAGIC;
    }
    const uint8_t *header = tj_take(&in, TJ_HEADER_SIZE);
    if (header == NULL) {
        return TIJORI_TRUNCATED;
    }
    uint32_t record_count = tj_header_record_count(header);
    if (record_count == 0 || record_count > TJ_RECORDS_MAX) {
        return TIJORI_RECORD_COUNT;
    }
    bool whole = tj_take(&in, (size_t)record_count * TJ_RECORD_SIZE) != NULL && skip_slots(&in) &&
                 skip_attachments(&in);
    *size = available - in.left;
    if (!whole) {
        if (available > TJ_ENVELOPE_SIZE_MAX) {
            return TIJORI_OVERSIZED;
        }
        return TIJORI_TRUNCATED;
    }
    return TIJORI_OK;
}

static enum tijori_status decode_attachments(struct tj_bytes *in, struct tj_envelope_view *out,
                                             struct tj_verdict *verdict)
{
    uint16_t count;
    size_t total = 0;
    if (!tj_take16(in, &count)) {
        return tj_refuse(verdict, TIJORI_TRUNCATED, NULL);
    }
    if (count > TJ_ATTACHMENTS_MAX) {
        return tj_refuse(verdict, TIJORI_ATTACHMENT, "attachments");
    }
    out->attachment_count = count;
    out->attachments = in->at;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t size;
        if (!tj_take32(in, &size)) {
            return tj_refuse(verdict, TIJORI_TRUNCATED, NULL);
        }
        total += size;
        if (size == 0 || size > TJ_ATTACHMENT_SIZE_MAX || total > TJ_ATTACHMENTS_SIZE_MAX) {
            return tj_refuse(verdict, TIJORI_ATTACHMENT, "attachments");
        }
        if (tj_take(in, size) == NULL) {
            return tj_refuse(verdict, TIJORI_TRUNCATED, NULL);
        }
    }
    return TIJORI_OK;
}

enum tijori_status tj_envelope_decode(struct tj_envelope_view *out, const uint8_t *bytes,
                                      size_t size, struct tj_verdict *verdict)
{
    struct tj_bytes in = {bytes, size};
    if (size > TJ_ENVELOPE_SIZE_MAX) {
        return tj_refuse(verdict, TIJORI_OVERSIZED, NULL);
    }
    const uint8_t *header = tj_take(&in, TJ_HEADER_SIZE);
    if (header == NULL) {
        return tj_refuse(verdict, TIJORI_TRUNCATED, NULL);
    }
    enum tijori_status status = tj_header_decode(&out->header, header, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    out->bytes = bytes;
    out->size = size;
    out->records = tj_take(&in, (size_t)out->header.record_count * TJ_RECORD_SIZE);
    if (out->records == NULL) {
        return tj_refuse(verdict, TIJORI_TRUNCATED, NULL);
    }
    status = tj_records_check(&out->header, out->records, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    out->slot_bytes = in.at;
    status = tj_slots_decode(&in, &out->slots, out->header.party, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    out->slot_bytes_size = (size_t)(in.at - out->slot_bytes);
    status = decode_attachments(&in, out, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    if (in.left != 0) {
        return tj_refuse(verdict, TIJORI_TRAILING_BYTES, NULL);
    }
    return TIJORI_OK;
}

const uint8_t *tj_attachment_next(const uint8_t **at, size_t *size)
{
    const uint8_t *bytes = *at + 4;
    *size = tj_load32(*at);
    *at = bytes + *size;
    return bytes;
}

/* ---- hashing ---- */

void tj_envelope_id(struct tj_digester *digester, struct tj_hash *id,
                    const uint8_t header[TJ_HEADER_SIZE])
{
    tj_tagged_hash(digester->envelope_tag, id, header, TJ_HEADER_SIZE);
}

enum tijori_status tj_body_check(struct tj_digester *digester, const struct tj_header *header,
                                 const uint8_t *records, struct tj_verdict *verdict)
{
    struct tj_hash root;
    tj_tree_root_of_items(digester->hasher, &root, records, TJ_RECORD_SIZE, header->record_count);
    if (!tj_hash_equal(&root, &header->body_root)) {
        return tj_refuse(verdict, TIJORI_BODY_ROOT, "body_root");
    }
    return TIJORI_OK;
}

static bool record_names(const struct tj_envelope_view *view, const struct tj_hash *hash)
{
    for (uint32_t i = 0; i < view->header.record_count; i++) {
        const uint8_t *record = view->records + (size_t)i * TJ_RECORD_SIZE;
        const uint8_t *document = tj_record_attachment(record);
        if (document != NULL && memcmp(document, hash->bytes, TJ_HASH_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

enum tijori_status tj_attachments_check(struct tj_digester *digester,
                                        const struct tj_envelope_view *view,
                                        struct tj_verdict *verdict)
{
    struct tj_hash previous;
    const uint8_t *at = view->attachments;
    for (uint32_t i = 0; i < view->attachment_count; i++) {
        size_t size;
        const uint8_t *bytes = tj_attachment_next(&at, &size);
        struct tj_hash hash;
        tj_sha256(digester->hasher, &hash, bytes, size);
        if (i > 0 && memcmp(previous.bytes, hash.bytes, TJ_HASH_SIZE) >= 0) {
            return tj_refuse(verdict, TIJORI_ATTACHMENT_ORDER, "attachments");
        }
        if (!record_names(view, &hash)) {
            return tj_refuse_detail(verdict, TIJORI_ATTACHMENT_UNNAMED, "attachments",
                                    "attachment %u", i);
        }
        previous = hash;
    }
    return TIJORI_OK;
}

/* Signatures on their way into one batch call. */
enum { SIGNATURE_BATCH = 64 };
struct signature_batch {
    size_t count;
    struct tj_verify_item items[SIGNATURE_BATCH];
    uint32_t slots[SIGNATURE_BATCH];
    const struct tj_signed *of[SIGNATURE_BATCH];
};

static void batch_verify(struct signature_batch *batch)
{
    enum tj_signature_verdict verdicts[SIGNATURE_BATCH];
    tj_verify_batch(verdicts, batch->items, batch->count);
    for (size_t i = 0; i < batch->count; i++) {
        const struct tj_signed *of = batch->of[i];
        if (verdicts[i] == TJ_SIGNATURE_UNDECIDED) {
            *of->undecided = true;
        } else if (verdicts[i] == TJ_SIGNATURE_INVALID && batch->slots[i] < *of->first_invalid) {
            *of->first_invalid = batch->slots[i];
        }
    }
    batch->count = 0;
}

void tj_slots_verify(const struct tj_signed *envelopes, size_t count)
{
    struct signature_batch batch;
    static_assert(TJ_NOWHERE > TJ_SLOTS_MAX, "any slot is before none");
    batch.count = 0; /* what stands at and above `count` is never read */
    for (size_t e = 0; e < count; e++) {
        const struct tj_slots *slots = envelopes[e].slots;
        *envelopes[e].first_invalid = TJ_NOWHERE;
        *envelopes[e].undecided = false;
        for (uint32_t i = 0; i < slots->count; i++) {
            struct tj_verify_item *item = &batch.items[batch.count];
            item->key = slots->slots[i].key;
            item->message = *envelopes[e].envelope_id;
            memcpy(item->signature64, slots->slots[i].signature64, TJ_SIGNATURE_SIZE);
            batch.slots[batch.count] = i;
            batch.of[batch.count] = &envelopes[e];
            if (++batch.count == SIGNATURE_BATCH) {
                batch_verify(&batch);
            }
        }
    }
    batch_verify(&batch);
}
