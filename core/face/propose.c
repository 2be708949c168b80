/* Making envelopes without a ledger at hand: include/tijori.h, "making envelopes". */

#include "core/exchange/compose.h"
#include "core/ingest/ledger.h"

#include <time.h>

static_assert(TIJORI_RECORD_SIZE == TJ_RECORD_SIZE, "one record");
static_assert(TIJORI_SIGNATURE_ROOM ==
                  TJ_SLOT_FIXED_SIZE + TJ_SLOT_KEY_MAX + TJ_SLOT_SIGNATURE_SIZE,
              "a slot of the longest key");

/* ---- the place ---- */

/* All that a place holds is read in one view: the lane, and the newest entry that the proposer is
 * said to know. So an envelope made from it cannot name a head of before its own predecessor. */
static enum tijori_status place_in(const struct tj_ledger_view *view, struct tijori_place *out,
                                   uint32_t party, uint16_t lane)
{
    struct tj_header header = {0};
    if (tj_state_party(view->state, party) == NULL) {
        return TIJORI_PARTY_UNKNOWN;
    }
    if (lane >= TJ_LANES_MAX) {
        return TIJORI_LANE;
    }
    enum tijori_status status = tj_header_place(view->txn, view->digester, &header, view->state,
                                                view->head.size, party, lane);
    if (status != TIJORI_OK) {
        return status;
    }
    memset(out, 0, sizeof *out);
    out->party = party;
    out->lane = lane;
    out->sequence = header.sequence;
    out->known_index = header.known_index;
    out->lifetime_max_s = tj_state_ledger(view->state)->lifetime_max_s;
    memcpy(out->ledger_id, header.ledger_id.bytes, TJ_HASH_SIZE);
    memcpy(out->previous_id, header.previous_id.bytes, TJ_HASH_SIZE);
    memcpy(out->known_leaf, header.known_leaf.bytes, TJ_HASH_SIZE);
    return TIJORI_OK;
}

enum tijori_status tijori_place(struct tijori *ledger, struct tijori_place *out, uint32_t party,
                                uint16_t lane)
{
    struct tj_ledger_view view;
    enum tijori_status status = tj_ledger_view_begin(ledger, &view);
    if (status != TIJORI_OK) {
        return status;
    }
    status = place_in(&view, out, party, lane);
    tj_ledger_view_end(ledger, &view);
    return status;
}

static struct tj_header header_of(const struct tijori_place *place)
{
    struct tj_header header = {
        .lane = place->lane,
        .party = place->party,
        .sequence = place->sequence,
        .known_index = place->known_index,
    };
    memcpy(header.ledger_id.bytes, place->ledger_id, TJ_HASH_SIZE);
    memcpy(header.previous_id.bytes, place->previous_id, TJ_HASH_SIZE);
    memcpy(header.known_leaf.bytes, place->known_leaf, TJ_HASH_SIZE);
    return header;
}

/* ---- records ---- */

static enum tijori_status say_verdict(struct tijori_message *message,
                                      const struct tj_verdict *verdict)
{
    if (message != NULL) {
        tj_verdict_format(verdict, message->text, sizeof message->text);
    }
    return verdict->status;
}

/* The offset in a movement is nobody's business here: what an order says goes in, and what its kind
 * does not have is refused by its form, or left out by the layout. */
enum tijori_status tijori_order_record(uint8_t record[TIJORI_RECORD_SIZE],
                                       const struct tijori_order *order,
                                       struct tijori_message *message)
{
    struct tj_verdict verdict;
    struct tj_record fields = {
        .kind = order->kind,
        .purpose = order->purpose,
        .from = order->from,
        .to = order->to,
        .amount = order->amount,
        .value_date = order->value_date,
        .timeout_s = order->timeout_s,
        .refers_to = order->refers_to,
        .details = order->details,
    };
    tj_verdict_init(&verdict);
    if (!tj_kind_is_movement(order->kind)) {
        tj_refuse(&verdict, TIJORI_KIND_UNKNOWN, "kind");
        return say_verdict(message, &verdict);
    }
    if (memchr(order->reference, '\0', sizeof order->reference) == NULL) {
        tj_refuse(&verdict, TIJORI_TEXT, "reference");
        return say_verdict(message, &verdict);
    }
    snprintf(fields.reference, sizeof fields.reference, "%s", order->reference);
    memcpy(fields.hash.bytes, order->hash, TJ_HASH_SIZE);
    tj_record_encode(&fields, record);
    if (tj_record_check(record, false, &verdict) != TIJORI_OK) {
        return say_verdict(message, &verdict);
    }
    return TIJORI_OK;
}

/* ---- attachments ---- */

static void hash_attachments(struct tj_digester *digester, struct tj_document *out,
                             const struct tijori_proposal *proposal)
{
    for (size_t i = 0; i < proposal->attachment_count; i++) {
        const struct tijori_attachment *attachment = &proposal->attachments[i];
        out[i] = (struct tj_document){.bytes = attachment->bytes, .size = attachment->size};
        tj_sha256(digester->hasher, &out[i].hash, attachment->bytes, attachment->size);
    }
}

/* So that sums of sizes stay small, and nothing is allocated for what no envelope may have. */
static enum tijori_status check_sizes(struct tijori_message *message,
                                      const struct tijori_proposal *proposal)
{
    size_t total = 0;
    if (proposal->record_count == 0 || proposal->record_count > TJ_RECORDS_MAX) {
        return tj_say_status(message, TIJORI_RECORD_COUNT, "record_count", NULL);
    }
    if (proposal->attachment_count > TJ_ATTACHMENTS_MAX) {
        return tj_say_status(message, TIJORI_ATTACHMENT, "attachments", NULL);
    }
    for (size_t i = 0; i < proposal->attachment_count; i++) {
        if (proposal->attachments[i].size > TJ_ATTACHMENT_SIZE_MAX) {
            return tj_say_status(message, TIJORI_ATTACHMENT, "attachments", NULL);
        }
        total += proposal->attachments[i].size;
    }
    if (total > TJ_ATTACHMENTS_SIZE_MAX) {
        return tj_say_status(message, TIJORI_ATTACHMENT, "attachments", NULL);
    }
    return TIJORI_OK;
}

/* ---- proposing ---- */

static enum tijori_status set_times(struct tj_header *header, const struct tijori_place *place,
                                    const struct tijori_proposal *proposal,
                                    struct tijori_message *message)
{
    uint32_t usual = place->lifetime_max_s < TJ_LIFETIME_DEFAULT_S ? place->lifetime_max_s
                                                                   : TJ_LIFETIME_DEFAULT_S;
    uint32_t lifetime_s = proposal->lifetime_s != 0 ? proposal->lifetime_s : usual;
    if (lifetime_s == 0 || lifetime_s > place->lifetime_max_s) {
        return tj_say(message, TIJORI_LIFETIME, "an envelope lives from 1 to %u seconds here",
                      place->lifetime_max_s);
    }
    header->created_s = proposal->created_s != 0 ? proposal->created_s : (uint64_t)time(NULL);
    header->expires_s = tj_s_after(header->created_s, lifetime_s);
    return TIJORI_OK;
}

/* What is written is read again, as a ledger would. */
static enum tijori_status write_envelope(struct tj_digester *digester, uint8_t *envelope,
                                         size_t *size, const struct tj_header *header,
                                         const uint8_t *records, const uint8_t *attachments,
                                         size_t attachments_bytes, struct tijori_message *message)
{
    const struct tj_slots none = {.count = 0};
    size_t room = *size;
    *size =
        tj_envelope_write(envelope, room, header, records, &none, attachments, attachments_bytes);
    if (*size > room) {
        return tj_say_status(message, TIJORI_FULL, "the envelope", NULL);
    }
    struct tj_envelope_view *view = malloc(sizeof *view);
    if (view == NULL) {
        return tj_say_status(message, TIJORI_MEMORY, "the envelope", NULL);
    }
    enum tijori_status status = tj_envelope_check(digester, view, envelope, *size, message);
    free(view);
    return status;
}

/* The sizes were checked before (check_sizes), so the sums here cannot overflow. Everything is
 * asked for at once, and what was got is freed whatever came of it. */
static enum tijori_status propose(struct tj_digester *digester, uint8_t *envelope, size_t *size,
                                  struct tj_header *header, const struct tijori_proposal *proposal,
                                  struct tijori_message *message)
{
    size_t records_size = (size_t)proposal->record_count * TJ_RECORD_SIZE;
    size_t count = proposal->attachment_count;
    uint8_t *records = malloc(records_size);
    struct tj_document *documents = calloc(count + 1, sizeof *documents);
    uint8_t *attachments = NULL;
    size_t attachments_bytes = 0;
    if (documents != NULL) {
        hash_attachments(digester, documents, proposal);
        attachments_bytes = tj_attachments_size(documents, count);
        attachments = malloc(attachments_bytes);
    }
    enum tijori_status status = TIJORI_MEMORY;
    if (records != NULL && attachments != NULL) {
        memcpy(records, proposal->records, records_size);
        header->flags = proposal->restricted != 0 ? TJ_FLAG_RESTRICTED : 0;
        tj_attachments_encode(attachments, documents, count);
        status = tj_header_seal(digester, header, records, proposal->record_count)
                     ? write_envelope(digester, envelope, size, header, records, attachments,
                                      attachments_bytes, message)
                     : tj_say_status(message, status, "the blinds", NULL);
    } else {
        tj_say_status(message, status, "the envelope", NULL);
    }
    free(records);
    free(attachments);
    free(documents);
    return status;
}

/* The place moves on by itself, so that a caller can propose one envelope after another without the
 * ledger at hand. It does so only when an envelope was made: a failed proposal takes no sequence.
 */
enum tijori_status tijori_propose(uint8_t *envelope, size_t *size, struct tijori_place *place,
                                  const struct tijori_proposal *proposal,
                                  struct tijori_message *message)
{
    struct tj_digester digester;
    struct tj_header header = header_of(place);
    enum tijori_status status = check_sizes(message, proposal);
    if (status == TIJORI_OK) {
        status = set_times(&header, place, proposal, message);
    }
    if (status != TIJORI_OK) {
        return status;
    }
    status = tj_digester_init(&digester)
                 ? propose(&digester, envelope, size, &header, proposal, message)
                 : tj_say_status(message, TIJORI_MEMORY, "the envelope", NULL);
    if (status == TIJORI_OK) {
        tj_header_next(&digester, &header);
        memcpy(place->previous_id, header.previous_id.bytes, TJ_HASH_SIZE);
        place->sequence = header.sequence;
    }
    tj_digester_clear(&digester);
    return status;
}

/* ---- signing ---- */

/* The envelope with these slots in the place of its own. */
static enum tijori_status put_slots(struct tijori_message *message, uint8_t *envelope, size_t *size,
                                    size_t room, const struct tj_envelope_view *view)
{
    uint8_t slots[TJ_SLOTS_SIZE_MAX];
    size_t slots_size = tj_slots_encode(&view->slots, slots);
    size_t at = (size_t)(view->slot_bytes - envelope);
    size_t rest = *size - at - view->slot_bytes_size;
    if (at + slots_size + rest > room) {
        return tj_say_status(message, TIJORI_FULL, "the envelope", NULL);
    }
    memmove(envelope + at + slots_size, envelope + at + view->slot_bytes_size, rest);
    memcpy(envelope + at, slots, slots_size);
    *size = at + slots_size + rest;
    return TIJORI_OK;
}

/* For whom and as what a key signs: it proves possession where a record registers it. */
static void find_use(uint32_t *party, uint8_t *use, const struct tj_envelope_view *view,
                     const struct tj_public_key *key, uint32_t signer)
{
    for (uint32_t i = 0; i < view->header.record_count; i++) {
        if (tj_record_possession_by(party, view->records + (size_t)i * TJ_RECORD_SIZE, key)) {
            *use = TJ_USE_POSSESSION;
            return;
        }
    }
    *party = signer;
    *use = signer == view->header.party ? TJ_USE_SIGN : TJ_USE_COUNTERSIGN;
}

static enum tijori_status add_signature(struct tj_digester *digester, struct tj_envelope_view *view,
                                        const struct tijori_signer *signer)
{
    struct tj_hash id;
    struct tj_public_key key;
    uint32_t party;
    uint8_t use;
    if (tj_public_key_size(signer->algorithm) == 0 ||
        !tj_public_key_of(&key, signer->algorithm, signer->secret32)) {
        return TIJORI_KEY_INVALID;
    }
    find_use(&party, &use, view, &key, signer->party);
    if (key.algorithm == TJ_ALGORITHM_ED25519 && use != TJ_USE_POSSESSION) {
        return TIJORI_SLOT_USE;
    }
    tj_envelope_id(digester, &id, view->bytes);
    return tj_slots_sign(&view->slots, party, use, signer->algorithm, signer->secret32, &id);
}

static enum tijori_status sign(struct tj_digester *digester, uint8_t *envelope, size_t *size,
                               struct tj_envelope_view *view, size_t room,
                               const struct tijori_signer *signer, struct tijori_message *message)
{
    enum tijori_status status = tj_envelope_check(digester, view, envelope, *size, message);
    if (status != TIJORI_OK) {
        return status;
    }
    status = add_signature(digester, view, signer);
    if (status != TIJORI_OK) {
        return tj_say_status(message, status, "the signature", NULL);
    }
    return put_slots(message, envelope, size, room, view);
}

enum tijori_status tijori_sign(struct tijori_message *message, uint8_t *envelope, size_t *size,
                               size_t room, const struct tijori_signer *signer)
{
    struct tj_digester digester;
    struct tj_envelope_view *view = malloc(sizeof *view);
    if (view == NULL) {
        return tj_say_status(message, TIJORI_MEMORY, "the envelope", NULL);
    }
    enum tijori_status status = tj_digester_init(&digester)
                                    ? sign(&digester, envelope, size, view, room, signer, message)
                                    : tj_say_status(message, TIJORI_MEMORY, "the envelope", NULL);
    tj_digester_clear(&digester);
    free(view);
    return status;
}

/* ---- merging ---- */

static enum tijori_status merge_slots(struct tj_slots *slots, const struct tj_slots *others)
{
    for (uint32_t i = 0; i < others->count; i++) {
        enum tijori_status status = tj_slots_insert(slots, &others->slots[i]);
        if (status != TIJORI_OK && status != TIJORI_SLOT_DUPLICATE) {
            return status;
        }
    }
    return TIJORI_OK;
}

static enum tijori_status merge(struct tj_digester *digester, uint8_t *envelope, size_t *size,
                                struct tj_envelope_view views[2], size_t room, const uint8_t *other,
                                size_t other_size, struct tijori_message *message)
{
    enum tijori_status status = tj_envelope_check(digester, &views[0], envelope, *size, message);
    if (status == TIJORI_OK) {
        status = tj_envelope_check(digester, &views[1], other, other_size, message);
    }
    if (status != TIJORI_OK) {
        return status;
    }
    if (memcmp(envelope, other, TJ_HEADER_SIZE) != 0) {
        return tj_say(message, TIJORI_CONFLICT, "these are two envelopes: their headers differ");
    }
    status = merge_slots(&views[0].slots, &views[1].slots);
    if (status != TIJORI_OK) {
        return tj_say_status(message, status, "the signatures", NULL);
    }
    return put_slots(message, envelope, size, room, &views[0]);
}

enum tijori_status tijori_merge(struct tijori_message *message, uint8_t *envelope, size_t *size,
                                size_t room, const uint8_t *other, size_t other_size)
{
    struct tj_digester digester;
    struct tj_envelope_view *views = malloc(2 * sizeof *views);
    if (views == NULL) {
        return tj_say_status(message, TIJORI_MEMORY, "the envelope", NULL);
    }
    enum tijori_status status =
        tj_digester_init(&digester)
            ? merge(&digester, envelope, size, views, room, other, other_size, message)
            : tj_say_status(message, TIJORI_MEMORY, "the envelope", NULL);
    tj_digester_clear(&digester);
    free(views);
    return status;
}

/* ---- bytes ---- */

enum tijori_status tijori_measure(size_t *size, const uint8_t *bytes, size_t available)
{
    return tj_envelope_measure(size, bytes, available);
}

enum tijori_status tijori_envelope_id(uint8_t id32[32], const uint8_t *envelope, size_t size)
{
    struct tj_digester digester;
    struct tj_header header;
    struct tj_verdict verdict;
    struct tj_hash id;
    tj_verdict_init(&verdict);
    if (size < TJ_HEADER_SIZE) {
        return TIJORI_TRUNCATED;
    }
    enum tijori_status status = tj_header_decode(&header, envelope, &verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    status = TIJORI_MEMORY;
    if (tj_digester_init(&digester)) {
        status = TIJORI_OK;
        tj_envelope_id(&digester, &id, envelope);
        memcpy(id32, id.bytes, TJ_HASH_SIZE);
    }
    tj_digester_clear(&digester);
    return status;
}
