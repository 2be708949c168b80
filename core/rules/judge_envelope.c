#include "core/rules/judge.h"

#include <inttypes.h>

/* docs/FORMAT.md section 7: steps 2 to 9 before the records, steps 11 and 12 after them. */

/* ---- steps 2 to 5: the header ---- */

static enum tijori_status judge_sequence(const struct tj_state *state, const struct tj_case *c,
                                         struct tj_verdict *verdict)
{
    static const struct tj_lane_object fresh;
    const struct tj_header *h = c->header;
    const struct tj_lane_object *lane = tj_state_lane(state, h->party, h->lane);
    lane = lane != NULL ? lane : &fresh;
    if (h->sequence != lane->sequence + 1) {
        return tj_refuse_detail(verdict, TIJORI_SEQUENCE, "sequence",
                                "party %" PRIu32 " lane %u is at %" PRIu64
                                ", the envelope says %" PRIu64,
                                h->party, h->lane, lane->sequence, h->sequence);
    }
    return memcmp(h->previous_id.bytes, lane->envelope_id, TJ_HASH_SIZE) == 0
               ? TIJORI_OK
               : tj_refuse(verdict, TIJORI_PREVIOUS_ID, "previous_id");
}

static enum tijori_status judge_known(const struct tj_past *past, const struct tj_case *c,
                                      struct tj_verdict *verdict)
{
    const struct tj_header *h = c->header;
    if (tj_hash_zero(&h->known_leaf)) {
        return TIJORI_OK;
    }
    if (h->known_index >= c->index) {
        return tj_refuse_detail(verdict, TIJORI_KNOWN_AHEAD, "known_index",
                                "knows entry %" PRIu64 ", the ledger has %" PRIu64, h->known_index,
                                c->index);
    }
    struct tj_hash leaf = c->head_leaf;
    if (h->known_index + 1 < c->index && !past->leaf(past->context, h->known_index, &leaf)) {
        return tj_refuse(verdict, TIJORI_FORK, "known_leaf");
    }
    return tj_hash_equal(&leaf, &h->known_leaf)
               ? TIJORI_OK
               : tj_refuse_detail(verdict, TIJORI_FORK, "known_leaf", "entry %" PRIu64,
                                  h->known_index);
}

static enum tijori_status judge_time(const struct tj_state *state, const struct tj_case *c,
                                     struct tj_verdict *verdict)
{
    const struct tj_header *h = c->header;
    uint32_t lifetime_max_s = tj_state_ledger(state)->lifetime_max_s;
    if (h->expires_s <= h->created_s || h->expires_s - h->created_s > lifetime_max_s) {
        return tj_refuse_detail(verdict, TIJORI_LIFETIME, "expires_s",
                                "at most %" PRIu32 " s after created_s", lifetime_max_s);
    }
    /* Compared in whole seconds where a product could overflow: ns >= s x 10^9 is ns / 10^9 >= s,
     * and ns <= s x 10^9 is "ns / 10^9 rounded up <= s". */
    uint64_t floor_s = c->received_ns / TJ_NS_PER_S;
    uint64_t ceiling_s = floor_s + (c->received_ns % TJ_NS_PER_S != 0);
    if (h->created_s > TJ_CLOCK_SKEW_S && floor_s < h->created_s - TJ_CLOCK_SKEW_S) {
        return tj_refuse_detail(verdict, TIJORI_CREATED_IN_FUTURE, "created_s",
                                "%" PRIu64 " s ahead", h->created_s - floor_s);
    }
    if (ceiling_s > h->expires_s) {
        return tj_refuse_detail(verdict, TIJORI_EXPIRED, "expires_s", "%" PRIu64 " s late",
                                ceiling_s - h->expires_s);
    }
    TIJORI_REQUIRE(c->received_ns > c->last_received_ns);
    return TIJORI_OK;
}

/* ---- steps 8 and 9: keys and thresholds ---- */

static bool same_key(const struct tj_key_object *key, const struct tj_slot *slot)
{
    return key->algorithm == slot->key.algorithm &&
           memcmp(key->key, slot->key.bytes, slot->key.size) == 0;
}

/* A key that a record adds (or retires), and a slot by which that key shows it is there. */
static bool shows_possession(const uint8_t *record, const struct tj_slot *slot)
{
    uint32_t party;
    return slot->use == TJ_USE_POSSESSION && tj_record_possession_by(record, &slot->key, &party) &&
           party == slot->party;
}

static bool possession_wanted(const struct tj_case *c, const struct tj_slot *slot)
{
    for (uint32_t i = 0; c->records != NULL && i < c->header->record_count; i++) {
        if (shows_possession(c->records + (size_t)i * TJ_RECORD_SIZE, slot)) {
            return true;
        }
    }
    return false;
}

static const struct tj_key_object *slot_key(const struct tj_state *state,
                                            const struct tj_slot *slot)
{
    uint8_t x32[32];
    tj_public_key_x(&slot->key, x32);
    return tj_state_find_key(state, x32);
}

/* A party whose signatures count. */
static enum tijori_status judge_active(const struct tj_party_object *party, uint32_t number,
                                       struct tj_verdict *verdict)
{
    return party->status == TJ_PARTY_ACTIVE
               ? TIJORI_OK
               : tj_refuse_detail(verdict,
                                  party->status == TJ_PARTY_CLOSED ? TIJORI_PARTY_CLOSED
                                                                   : TIJORI_PARTY_SUSPENDED,
                                  "party", "party %" PRIu32, number);
}

static bool role_counts(const struct tj_case *c, const struct tj_slot *slot, uint8_t role)
{
    bool administers = slot->use == TJ_USE_SIGN && c->header->lane == 0;
    bool approves = slot->use == TJ_USE_SIGN && tj_header_approval(c->header);
    return administers ? role == TJ_ADMINISTER
           : approves  ? role == TJ_APPROVE
                       : role == TJ_INITIATE || role == TJ_APPROVE;
}

/* *role: of the slot's key, 0 for a possession slot. */
static enum tijori_status judge_slot(const struct tj_state *state, const struct tj_case *c,
                                     const struct tj_slot *slot, uint8_t *role,
                                     struct tj_verdict *verdict)
{
    *role = 0;
    if (slot->use == TJ_USE_POSSESSION) {
        return possession_wanted(c, slot) ? TIJORI_OK
                                          : tj_refuse(verdict, TIJORI_POSSESSION, "key");
    }
    const struct tj_key_object *key = slot_key(state, slot);
    if (key == NULL) {
        return tj_refuse(verdict, TIJORI_KEY_UNKNOWN, "key");
    }
    if (key->party != slot->party || !same_key(key, slot)) {
        return tj_refuse_detail(verdict, TIJORI_KEY_PARTY, "key", "registered for party %" PRIu32,
                                key->party);
    }
    if (key->status != TJ_KEY_ACTIVE) {
        return tj_refuse_detail(verdict, TIJORI_KEY_REVOKED, "key",
                                "party %" PRIu32 ", key %" PRIu32, key->party, key->ordinal);
    }
    if (!role_counts(c, slot, key->role)) {
        return tj_refuse_detail(verdict, TIJORI_KEY_ROLE, "key", "role %s, lane %u",
                                tj_role_names[key->role], c->header->lane);
    }
    *role = key->role;
    return slot->use == TJ_USE_COUNTERSIGN
               ? judge_active(tj_state_party(state, slot->party), slot->party, verdict)
               : TIJORI_OK;
}

/* The slots of one party under one use stand together: count them from `first` on. */
static enum tijori_status judge_group(const struct tj_state *state, const struct tj_case *c,
                                      const uint8_t *roles, uint32_t first, uint32_t *end,
                                      struct tj_verdict *verdict)
{
    const struct tj_slots *slots = c->slots;
    const struct tj_slot *slot = &slots->slots[first];
    bool administer = slot->use == TJ_USE_SIGN && c->header->lane == 0;
    bool approve = slot->use == TJ_USE_SIGN && !administer && tj_header_approval(c->header);
    bool initiated = administer || approve;
    for (*end = first; *end < slots->count; ++*end) {
        const struct tj_slot *next = &slots->slots[*end];
        if (next->party != slot->party || next->use != slot->use) {
            break;
        }
        initiated |= roles[*end] == TJ_INITIATE;
    }
    const struct tj_party_object *party = tj_state_party(state, slot->party);
    uint32_t needed =
        approve ? 1 : party->threshold[administer ? TJ_DOMAIN_ADMINISTER : TJ_DOMAIN_MOVE];
    if (needed > 0 && *end - first >= needed && initiated) {
        return TIJORI_OK;
    }
    enum tijori_status status =
        slot->use == TJ_USE_SIGN ? TIJORI_THRESHOLD : TIJORI_COUNTERSIGN_THRESHOLD;
    return tj_refuse_detail(verdict, status, "slots",
                            "party %" PRIu32 ": %" PRIu32 " of %" PRIu32 "%s", slot->party,
                            *end - first, needed, initiated ? "" : ", none of them initiates");
}

static bool possession_shown(const struct tj_case *c, const uint8_t *record)
{
    for (uint32_t i = 0; i < c->slots->count; i++) {
        if (shows_possession(record, &c->slots->slots[i])) {
            return true;
        }
    }
    return false;
}

static enum tijori_status judge_possession(const struct tj_case *c, struct tj_verdict *verdict)
{
    for (uint32_t i = 0; c->records != NULL && i < c->header->record_count; i++) {
        const uint8_t *record = c->records + (size_t)i * TJ_RECORD_SIZE;
        if (tj_record_wants_possession(record) && !possession_shown(c, record)) {
            verdict->record = i;
            return tj_refuse(verdict, TIJORI_POSSESSION, "key");
        }
    }
    return TIJORI_OK;
}

static enum tijori_status judge_keys(const struct tj_state *state, const struct tj_case *c,
                                     struct tj_verdict *verdict)
{
    enum tijori_status status = TIJORI_OK;
    uint8_t roles[TJ_SLOTS_MAX];
    bool has_sign = false;
    for (uint32_t i = 0; i < c->slots->count; i++) {
        verdict->slot = i;
        status = judge_slot(state, c, &c->slots->slots[i], &roles[i], verdict);
        if (status != TIJORI_OK) {
            return status;
        }
        has_sign |= c->slots->slots[i].use == TJ_USE_SIGN;
    }
    verdict->slot = TJ_NOWHERE;
    if (!has_sign) {
        return tj_refuse_detail(verdict, TIJORI_THRESHOLD, "slots",
                                "party %" PRIu32 " did not sign", c->header->party);
    }
    /* Own signatures first, whatever place their party number gives them. */
    for (int use = TJ_USE_SIGN; use <= TJ_USE_COUNTERSIGN; use++) {
        for (uint32_t i = 0; i < c->slots->count;) {
            if (c->slots->slots[i].use != use) {
                i++;
                continue;
            }
            status = judge_group(state, c, roles, i, &i, verdict);
            if (status != TIJORI_OK) {
                return status;
            }
        }
    }
    return judge_possession(c, verdict);
}

/* ---- entry 1 ---- */

/* Section 6: one endorse of entry 0, signed by every key that entry 0 registered. All of them are
 * party 0's and none can be revoked yet. */
static enum tijori_status judge_opening(const struct tj_state *state, const struct tj_case *c,
                                        struct tj_verdict *verdict)
{
    const struct tj_header *h = c->header;
    if (h->party != 0 || h->lane != 0 || h->record_count != 1 || c->records[0] != TJ_ENDORSE ||
        TJ_GET(c->records, TJ_ENDORSE, entry) != 0) {
        return tj_refuse(verdict, TIJORI_NOT_OPENED, NULL);
    }
    for (uint32_t i = 0; i < c->slots->count; i++) {
        const struct tj_slot *slot = &c->slots->slots[i];
        const struct tj_key_object *key = slot_key(state, slot);
        if (slot->use != TJ_USE_SIGN || key == NULL || !same_key(key, slot)) {
            verdict->slot = i;
            return tj_refuse(verdict, TIJORI_NOT_OPENED, "key");
        }
    }
    uint32_t keys = tj_state_party(state, 0)->keys;
    return c->slots->count == keys
               ? TIJORI_OK
               : tj_refuse_detail(verdict, TIJORI_NOT_OPENED, "slots",
                                  "%" PRIu32 " of %" PRIu32 " keys signed", c->slots->count, keys);
}

/* ---- step 11 ---- */

/* For one party. */
static enum tijori_status judge_reachable(const struct tj_state *state, uint32_t number,
                                          struct tj_verdict *verdict)
{
    const struct tj_party_object *party = tj_state_party(state, number);
    uint32_t administer = party->threshold[TJ_DOMAIN_ADMINISTER];
    uint32_t move = party->threshold[TJ_DOMAIN_MOVE];
    uint32_t movers = (uint32_t)party->keys_active[TJ_INITIATE] + party->keys_active[TJ_APPROVE];
    bool reachable = administer <= party->keys_active[TJ_ADMINISTER] && move <= movers &&
                     (move == 0 || party->keys_active[TJ_INITIATE] > 0) &&
                     (number != 0 || administer > 0);
    return reachable ? TIJORI_OK
                     : tj_refuse_detail(verdict, TIJORI_UNREACHABLE, "threshold",
                                        "party %" PRIu32 ": administer %" PRIu32
                                        " of %u, move %" PRIu32 " of %" PRIu32,
                                        number, administer, party->keys_active[TJ_ADMINISTER], move,
                                        movers);
}

static enum tijori_status judge_all_reachable(const struct tj_state *state, const struct tj_case *c,
                                              struct tj_verdict *verdict)
{
    for (uint32_t i = 0; i < c->header->record_count; i++) {
        const uint8_t *record = c->records + (size_t)i * TJ_RECORD_SIZE;
        if (record[0] != TJ_REVOKE_KEY && record[0] != TJ_SET_THRESHOLD) {
            continue;
        }
        verdict->record = i;
        enum tijori_status status = judge_reachable(state, tj_record_party(record), verdict);
        if (status != TIJORI_OK) {
            return status;
        }
    }
    verdict->record = TJ_NOWHERE;
    return TIJORI_OK;
}

/* ---- step 12 ---- */

/* A key that signed, or showed possession, and administers after the last record. */
static bool administers_now(const struct tj_state *state, const struct tj_slot *slot)
{
    const struct tj_key_object *key = slot_key(state, slot);
    return slot->use != TJ_USE_COUNTERSIGN && key != NULL && key->party == 0 &&
           key->role == TJ_ADMINISTER && key->status == TJ_KEY_ACTIVE && same_key(key, slot);
}

/* The authority hands over only to a quorum that has signed. */
static enum tijori_status judge_new_quorum(const struct tj_state *state, const struct tj_case *c,
                                           struct tj_verdict *verdict)
{
    bool changes = false;
    for (uint32_t i = 0; i < c->header->record_count; i++) {
        const uint8_t *record = c->records + (size_t)i * TJ_RECORD_SIZE;
        bool of_quorum =
            record[0] == TJ_ADD_KEY || record[0] == TJ_REVOKE_KEY || record[0] == TJ_SET_THRESHOLD;
        changes |= of_quorum && tj_record_party(record) == 0;
    }
    uint32_t signed_by = 0;
    for (uint32_t i = 0; changes && i < c->slots->count; i++) {
        signed_by += administers_now(state, &c->slots->slots[i]);
    }
    uint32_t needed = tj_state_party(state, 0)->threshold[TJ_DOMAIN_ADMINISTER];
    return !changes || signed_by >= needed
               ? TIJORI_OK
               : tj_refuse_detail(verdict, TIJORI_NEW_QUORUM, "slots", "%" PRIu32 " of %" PRIu32,
                                  signed_by, needed);
}

/* ---- the whole ---- */

/* A party objects to its own recovery, which it may do while it is suspended too: or whoever
 * suspends it could take it over. */
static bool objects(const struct tj_case *c)
{
    const struct tj_header *h = c->header;
    return c->records != NULL && h->record_count == 1 && c->records[0] == TJ_OBJECT_RECOVERY &&
           tj_record_party(c->records) == h->party && h->party != 0;
}

enum tijori_status tj_judge_envelope(const struct tj_state *state, const struct tj_past *past,
                                     const struct tj_case *c, struct tj_verdict *verdict)
{
    const struct tj_header *h = c->header;
    if (!tj_hash_equal(&h->ledger_id, &state->ledger_id)) {
        return tj_refuse(verdict, TIJORI_LEDGER_ID, "ledger_id");
    }
    const struct tj_party_object *party = tj_state_party(state, h->party);
    if (party == NULL) {
        return tj_refuse_detail(verdict, TIJORI_PARTY_UNKNOWN, "party", "party %" PRIu32, h->party);
    }
    enum tijori_status status = judge_sequence(state, c, verdict);
    if (status == TIJORI_OK) {
        status = judge_known(past, c, verdict);
    }
    if (status == TIJORI_OK) {
        status = judge_time(state, c, verdict);
    }
    if (status != TIJORI_OK) {
        return status;
    }
    if (!c->signatures_valid) {
        verdict->slot = c->invalid_slot;
        return tj_refuse(verdict, TIJORI_SIGNATURE, "signature");
    }
    status = objects(c) ? TIJORI_OK : judge_active(party, h->party, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    /* Asked of the header, so that an audit without the records knows it. */
    if (tj_header_restricted(h) && tj_type_is_public(party->type)) {
        return tj_refuse(verdict, TIJORI_RESTRICTED, "flags");
    }
    return c->index == 1 ? judge_opening(state, c, verdict) : judge_keys(state, c, verdict);
}

enum tijori_status tj_judge_after(const struct tj_state *state, const struct tj_case *c,
                                  struct tj_verdict *verdict)
{
    enum tijori_status status = judge_all_reachable(state, c, verdict);
    bool movements = tj_kind_is_movement(c->records[0]);
    return status == TIJORI_OK && !movements && c->index > 1 ? judge_new_quorum(state, c, verdict)
                                                             : status;
}
