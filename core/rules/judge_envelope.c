#include "core/rules/signing.h"

#include <inttypes.h>

/* docs/FORMAT.md section 7: steps 2 to 9 before the records, steps 11 and 12 after them. Each rule
 * of signatures is in signing.h; here is their order. */

/* ---- steps 2 to 5: the header ---- */

/* Step 3. */
static enum tijori_status judge_sequence(const struct tj_state *state, const struct tj_case *c,
                                         struct tj_verdict *verdict)
{
    static const struct tj_lane_object fresh;
    const struct tj_header *h = c->header;
    const struct tj_lane_object *lane = tj_state_lane(state, h->party, h->lane);
    if (lane == NULL) {
        lane = &fresh;
    }
    if (h->sequence != lane->sequence + 1) {
        return tj_refuse_detail(verdict, TIJORI_SEQUENCE, "sequence",
                                "party %" PRIu32 " lane %u is at %" PRIu64
                                ", the envelope says %" PRIu64,
                                h->party, h->lane, lane->sequence, h->sequence);
    }
    if (memcmp(h->previous_id.bytes, lane->envelope_id, TJ_HASH_SIZE) != 0) {
        return tj_refuse(verdict, TIJORI_PREVIOUS_ID, "previous_id");
    }
    return TIJORI_OK;
}

/* Step 4. */
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
    if (!tj_hash_equal(&leaf, &h->known_leaf)) {
        return tj_refuse_detail(verdict, TIJORI_FORK, "known_leaf", "entry %" PRIu64,
                                h->known_index);
    }
    return TIJORI_OK;
}

/* Step 5. */
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

static enum tijori_status refuse_quorum(struct tj_verdict *verdict, enum tijori_status status,
                                        uint32_t party, const struct tj_quorum *quorum)
{
    return tj_refuse_detail(verdict, status, "slots",
                            "party %" PRIu32 ": %" PRIu32 " of %" PRIu32 "%s", party, quorum->given,
                            quorum->needed, quorum->initiated ? "" : ", none of them initiates");
}

/* Step 8: slot by slot. `roles` gets what each is worth. */
static enum tijori_status judge_slots(const struct tj_state *state, const struct tj_case *c,
                                      uint8_t roles[TJ_SLOTS_MAX], struct tj_verdict *verdict)
{
    for (uint32_t i = 0; i < c->slots->count; i++) {
        verdict->slot = i;
        enum tijori_status status =
            tj_judge_slot(state, verdict, &roles[i], c, &c->slots->slots[i]);
        if (status != TIJORI_OK) {
            return status;
        }
    }
    verdict->slot = TJ_NOWHERE;
    return TIJORI_OK;
}

/* Step 9, the header's party: before the others, whatever place its number gives it. */
static enum tijori_status judge_threshold(const struct tj_state *state, const struct tj_case *c,
                                          const uint8_t *roles, struct tj_verdict *verdict)
{
    uint32_t party = c->header->party;
    struct tj_quorum own = tj_quorum_of(state, c, roles, TJ_USE_SIGN, party);
    if (own.given == 0) {
        return tj_refuse_detail(verdict, TIJORI_THRESHOLD, "slots",
                                "party %" PRIu32 " did not sign", party);
    }
    if (!tj_quorum_reached(&own)) {
        return refuse_quorum(verdict, TIJORI_THRESHOLD, party, &own);
    }
    return TIJORI_OK;
}

/* Step 9, countersigning parties by rising number, in which order their slots stand. */
static enum tijori_status judge_countersigners(const struct tj_state *state,
                                               const struct tj_case *c, const uint8_t *roles,
                                               struct tj_verdict *verdict)
{
    for (uint32_t i = 0; i < c->slots->count;) {
        const struct tj_slot *slot = &c->slots->slots[i];
        if (slot->use != TJ_USE_COUNTERSIGN) {
            i++;
            continue;
        }
        struct tj_quorum quorum = tj_quorum_of(state, c, roles, TJ_USE_COUNTERSIGN, slot->party);
        if (!tj_quorum_reached(&quorum)) {
            return refuse_quorum(verdict, TIJORI_COUNTERSIGN_THRESHOLD, slot->party, &quorum);
        }
        i += quorum.given; /* the slots of a party under one use stand together */
    }
    return TIJORI_OK;
}

/* Step 9, last: every record that wants possession has its slot. */
static enum tijori_status judge_possession(const struct tj_case *c, struct tj_verdict *verdict)
{
    for (uint32_t i = 0; c->records != NULL && i < c->header->record_count; i++) {
        const uint8_t *record = c->records + (size_t)i * TJ_RECORD_SIZE;
        if (tj_record_wants_possession(record) && !tj_possession_shown(c, record)) {
            verdict->record = i;
            return tj_refuse(verdict, TIJORI_POSSESSION, "key");
        }
    }
    return TIJORI_OK;
}

static enum tijori_status judge_keys(const struct tj_state *state, const struct tj_case *c,
                                     struct tj_verdict *verdict)
{
    uint8_t roles[TJ_SLOTS_MAX];
    enum tijori_status status = judge_slots(state, c, roles, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    status = judge_threshold(state, c, roles, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    status = judge_countersigners(state, c, roles, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    return judge_possession(c, verdict);
}

/* ---- entry 1 ---- */

/* Section 6, instead of steps 8 and 9: one endorse of entry 0, signed by every key of it. */
static enum tijori_status judge_opening(const struct tj_state *state, const struct tj_case *c,
                                        struct tj_verdict *verdict)
{
    if (!tj_is_opening(c)) {
        return tj_refuse(verdict, TIJORI_NOT_OPENED, NULL);
    }
    for (uint32_t i = 0; i < c->slots->count; i++) {
        if (tj_judge_opening_slot(state, verdict, &c->slots->slots[i]) != TIJORI_OK) {
            verdict->slot = i;
            return TIJORI_NOT_OPENED;
        }
    }
    struct tj_quorum keys = tj_opening_quorum(state, c);
    if (keys.given != keys.needed) {
        return tj_refuse_detail(verdict, TIJORI_NOT_OPENED, "slots",
                                "%" PRIu32 " of %" PRIu32 " keys signed", keys.given, keys.needed);
    }
    return TIJORI_OK;
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
    if (!reachable) {
        return tj_refuse_detail(
            verdict, TIJORI_UNREACHABLE, "threshold",
            "party %" PRIu32 ": administer %" PRIu32 " of %u, move %" PRIu32 " of %" PRIu32, number,
            administer, party->keys_active[TJ_ADMINISTER], move, movers);
    }
    return TIJORI_OK;
}

static enum tijori_status judge_all_reachable(const struct tj_state *state, const struct tj_case *c,
                                              struct tj_verdict *verdict)
{
    for (uint32_t i = 0; i < c->header->record_count; i++) {
        const uint8_t *record = c->records + (size_t)i * TJ_RECORD_SIZE;
        if (tj_record_kind(record) != TJ_REVOKE_KEY && tj_record_kind(record) != TJ_SET_THRESHOLD) {
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

static enum tijori_status judge_new_quorum(const struct tj_state *state, const struct tj_case *c,
                                           struct tj_verdict *verdict)
{
    if (!tj_changes_quorum(c)) {
        return TIJORI_OK;
    }
    struct tj_quorum quorum = tj_new_quorum(state, c);
    TJ_VERIFY_CHECK(quorum.needed == tj_state_party(state, 0)->threshold[TJ_DOMAIN_ADMINISTER]);
    if (quorum.given < quorum.needed) {
        return tj_refuse_detail(verdict, TIJORI_NEW_QUORUM, "slots", "%" PRIu32 " of %" PRIu32,
                                quorum.given, quorum.needed);
    }
    return TIJORI_OK;
}

/* ---- the whole ---- */

enum tijori_status tj_judge_envelope(const struct tj_state *state, const struct tj_past *past,
                                     const struct tj_case *c, struct tj_verdict *verdict)
{
    const struct tj_header *h = c->header;
    /* Step 2. */
    if (!tj_hash_equal(&h->ledger_id, &state->ledger_id)) {
        return tj_refuse(verdict, TIJORI_LEDGER_ID, "ledger_id");
    }
    const struct tj_party_object *party = tj_state_party(state, h->party);
    if (party == NULL) {
        return tj_refuse_detail(verdict, TIJORI_PARTY_UNKNOWN, "party", "party %" PRIu32, h->party);
    }
    enum tijori_status status = judge_sequence(state, c, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    status = judge_known(past, c, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    status = judge_time(state, c, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    /* Step 6. */
    if (!c->signatures_valid) {
        verdict->slot = c->invalid_slot;
        return tj_refuse(verdict, TIJORI_SIGNATURE, "signature");
    }
    /* Step 7. RESTRICTED is asked of the header, so that an audit without the records knows it. */
    status = tj_judge_own_party(state, verdict, c);
    if (status != TIJORI_OK) {
        return status;
    }
    if (tj_header_restricted(h) && tj_type_is_public(party->type)) {
        return tj_refuse(verdict, TIJORI_RESTRICTED, "flags");
    }
    if (c->index == 1) {
        return judge_opening(state, c, verdict);
    }
    return judge_keys(state, c, verdict);
}

enum tijori_status tj_judge_after(const struct tj_state *state, const struct tj_case *c,
                                  struct tj_verdict *verdict)
{
    enum tijori_status status = judge_all_reachable(state, c, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    if (tj_kind_is_movement(tj_record_kind(c->records)) || c->index <= 1) {
        return TIJORI_OK;
    }
    return judge_new_quorum(state, c, verdict);
}
