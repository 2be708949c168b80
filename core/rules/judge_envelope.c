#include "core/rules/signing.h"

#include <inttypes.h>

/* docs/FORMAT.md section 7: steps 2 to 10 before the records, steps 12 and 13 after them; and of
 * section 6 what entry 1 is judged by. What the rules of signatures say is in signing.h. Their
 * order is here. */

/* ---- steps 3 to 5: the header ---- */

/* 7, step 3: the envelopes of a lane are a chain, so that none is lost, repeated or put in between
 * without being seen. A lane that was never used is at 0 and has no last envelope. */
static enum tijori_status judge_sequence(const struct tj_state *state, const struct tj_case *c,
                                         struct tj_verdict *verdict)
{
    static const struct tj_lane_object fresh;
    const struct tj_header *h = c->header;
    const struct tj_lane_object *lane = tj_state_lane(state, h->party, h->lane);
    if (lane == NULL) {
        lane = &fresh;
    }
    TJ_VERIFY_CHECK((lane->sequence == 0) == tj_all_zero(lane->envelope_id, TJ_HASH_SIZE));
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

/* 7, step 4: what signers saw of the log binds the ledger to it. A ledger that showed them another
 * history cannot take their envelope into this one. The log does not hold the leaf hash of the
 * newest entry yet: it stands in the entry that follows. So the case brings it. */
static enum tijori_status judge_known(const struct tj_past *past, const struct tj_case *c,
                                      struct tj_verdict *verdict)
{
    const struct tj_header *h = c->header;
    if (tj_hash_zero(&h->known_leaf)) {
        return TIJORI_OK;
    }
    TJ_VERIFY_CHECK(!tj_hash_zero(&c->head_leaf));
    if (h->known_index >= c->index) {
        return tj_refuse_detail(verdict, TIJORI_KNOWN_AHEAD, "known_index",
                                "knows entry %" PRIu64 ", the ledger has %" PRIu64, h->known_index,
                                c->index);
    }
    struct tj_hash leaf = c->head_leaf;
    if (h->known_index + 1 < c->index && !past->leaf(past->context, &leaf, h->known_index)) {
        return tj_refuse(verdict, TIJORI_FORK, "known_leaf");
    }
    if (!tj_hash_equal(&leaf, &h->known_leaf)) {
        return tj_refuse_detail(verdict, TIJORI_FORK, "known_leaf", "entry %" PRIu64,
                                h->known_index);
    }
    return TIJORI_OK;
}

/* 7, step 5: an envelope lives for a bounded time, or one that was signed and forgotten could be
 * submitted years later. FORMAT compares nanoseconds. Here whole seconds are compared, because the
 * product of any u64 and 10^9 could overflow: ns >= s x 10^9 is "ns / 10^9 rounded down >= s", and
 * ns <= s x 10^9 is "ns / 10^9 rounded up <= s". */
static enum tijori_status judge_time(const struct tj_state *state, const struct tj_case *c,
                                     struct tj_verdict *verdict)
{
    const struct tj_header *h = c->header;
    uint32_t lifetime_max_s = tj_state_ledger(state)->lifetime_max_s;
    if (h->expires_s <= h->created_s || h->expires_s - h->created_s > lifetime_max_s) {
        return tj_refuse_detail(verdict, TIJORI_LIFETIME, "expires_s",
                                "at most %" PRIu32 " s after created_s", lifetime_max_s);
    }
    uint64_t floor_s = c->received_ns / TJ_NS_PER_S;
    uint64_t ceiling_s = floor_s + (c->received_ns % TJ_NS_PER_S != 0);
    if (h->created_s > TJ_CLOCK_SKEW_S && floor_s < h->created_s - TJ_CLOCK_SKEW_S) {
        return tj_refuse_detail(verdict, TIJORI_CREATED_IN_FUTURE, "created_s",
                                "%" PRIu64 " s ahead", h->created_s - floor_s);
    }
    if (tj_header_expired(h, ceiling_s)) {
        return tj_refuse_detail(verdict, TIJORI_EXPIRED, "expires_s", "%" PRIu64 " s late",
                                ceiling_s - h->expires_s);
    }
    TJ_VERIFY_CHECK(c->received_ns + (tj_u128)TJ_CLOCK_SKEW_S * TJ_NS_PER_S >=
                    (tj_u128)h->created_s * TJ_NS_PER_S);
    TJ_VERIFY_CHECK(c->received_ns <= (tj_u128)h->expires_s * TJ_NS_PER_S);
    TIJORI_REQUIRE(c->received_ns > c->last_received_ns);
    return TIJORI_OK;
}

/* ---- steps 9 and 10: keys and thresholds ---- */

static enum tijori_status refuse_quorum(struct tj_verdict *verdict, enum tijori_status status,
                                        uint32_t party, const struct tj_quorum *quorum)
{
    TJ_VERIFY_CHECK(!tj_quorum_reached(quorum));
    return tj_refuse_detail(verdict, status, "slots",
                            "party %" PRIu32 ": %" PRIu32 " of %" PRIu32 "%s", party, quorum->given,
                            quorum->needed, quorum->initiated ? "" : ", none of them initiates");
}

/* 7, step 9: slot by slot, in the order in which they stand. `roles` gets the role of each slot's
 * key. Step 10 counts all slots: it may, because none is left here that does not count. */
static enum tijori_status judge_slots(const struct tj_state *state, uint8_t roles[TJ_SLOTS_MAX],
                                      const struct tj_case *c, struct tj_verdict *verdict)
{
    for (uint32_t i = 0; i < c->slots->count; i++) {
        const struct tj_slot *slot = &c->slots->slots[i];
        verdict->slot = i;
        enum tijori_status status = tj_judge_slot(state, &roles[i], c, slot, verdict);
        if (status != TIJORI_OK) {
            return status;
        }
        TJ_VERIFY_CHECK((roles[i] == 0) == (slot->use == TJ_USE_POSSESSION));
    }
    verdict->slot = TJ_NOWHERE;
    return TIJORI_OK;
}

/* 7, step 10: the header's party first, whatever place its number gives it among the slots. That
 * nobody signed is said by itself: "0 of 2" would hide that the slots are all of others. */
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

/* 7, step 10: then the countersigning parties by rising number, which is the order of their slots.
 * The slots of a party under one use stand together (section 4.2), so that a party is judged once
 * and its slots are stepped over. */
static enum tijori_status judge_countersigners(const struct tj_state *state,
                                               const struct tj_case *c, const uint8_t *roles,
                                               struct tj_verdict *verdict)
{
    uint32_t i = 0;
    while (i < c->slots->count) {
        const struct tj_slot *slot = &c->slots->slots[i];
        if (slot->use != TJ_USE_COUNTERSIGN) {
            i++;
            continue;
        }
        struct tj_quorum quorum = tj_quorum_of(state, c, roles, TJ_USE_COUNTERSIGN, slot->party);
        TJ_VERIFY_CHECK(quorum.given > 0 && quorum.given <= c->slots->count - i);
        TJ_VERIFY_CHECK(slot[quorum.given - 1].use == TJ_USE_COUNTERSIGN &&
                        slot[quorum.given - 1].party == slot->party);
        if (!tj_quorum_reached(&quorum)) {
            return refuse_quorum(verdict, TIJORI_COUNTERSIGN_THRESHOLD, slot->party, &quorum);
        }
        i += quorum.given;
    }
    return TIJORI_OK;
}

/* 7, step 10: last, every record that wants possession has its slot. Step 9 asked the other way
 * round, whether each possession slot has a record. */
static enum tijori_status judge_possession(const struct tj_case *c, struct tj_verdict *verdict)
{
    for (uint32_t i = 0; c->records != NULL && i < c->header->record_count; i++) {
        const uint8_t *record = tj_case_record(c, i);
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
    enum tijori_status status = judge_slots(state, roles, c, verdict);
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

/* 6, NOT_OPENED: entry 1 is one endorse of entry 0, signed by every key that entry 0 registered.
 * Nobody proved possession of those keys before. A ledger that began with a key which nobody holds
 * might never reach its threshold again. */
static enum tijori_status judge_opening(const struct tj_state *state, const struct tj_case *c,
                                        struct tj_verdict *verdict)
{
    if (!tj_is_opening(c)) {
        return tj_refuse(verdict, TIJORI_NOT_OPENED, NULL);
    }
    for (uint32_t i = 0; i < c->slots->count; i++) {
        if (tj_judge_opening_slot(state, &c->slots->slots[i], verdict) != TIJORI_OK) {
            verdict->slot = i;
            return TIJORI_NOT_OPENED;
        }
    }
    struct tj_quorum keys = tj_opening_quorum(state, c);
    TJ_VERIFY_CHECK(keys.given <= keys.needed);
    if (keys.given != keys.needed) {
        return tj_refuse_detail(verdict, TIJORI_NOT_OPENED, "slots",
                                "%" PRIu32 " of %" PRIu32 " keys signed", keys.given, keys.needed);
    }
    return TIJORI_OK;
}

/* ---- step 12 ---- */

/* 7, step 12: of one party. A threshold above the keys that are left could never be reached again,
 * not even to lower it. */
static enum tijori_status judge_reachable(const struct tj_state *state, uint32_t number,
                                          struct tj_verdict *verdict)
{
    const struct tj_party_object *party = tj_state_party(state, number);
    TJ_VERIFY_CHECK(party != NULL);
    uint32_t administer = party->threshold[TJ_DOMAIN_ADMINISTER];
    uint32_t move = party->threshold[TJ_DOMAIN_MOVE];
    uint32_t movers = (uint32_t)party->keys_active[TJ_INITIATE] + party->keys_active[TJ_APPROVE];
    TJ_VERIFY_CHECK(movers + party->keys_active[TJ_ADMINISTER] <= party->keys);
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

/* Asked after the last record. Between two records a party may be out of reach: one that replaces
 * its keys may revoke the old ones before it adds the new ones. */
static enum tijori_status judge_all_reachable(const struct tj_state *state, const struct tj_case *c,
                                              struct tj_verdict *verdict)
{
    for (uint32_t i = 0; i < c->header->record_count; i++) {
        const uint8_t *record = tj_case_record(c, i);
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

/* ---- step 13 ---- */

/* 7, step 13: those who administer for the authority from now on have shown that they hold their
 * keys. One wrong letter in a key could else lock everybody out of the ledger for good. */
static enum tijori_status judge_new_quorum(const struct tj_state *state, const struct tj_case *c,
                                           struct tj_verdict *verdict)
{
    if (!tj_changes_quorum(c)) {
        return TIJORI_OK;
    }
    TJ_VERIFY_CHECK(c->header->party == 0 && c->header->lane == 0);
    struct tj_quorum quorum = tj_new_quorum(state, c);
    TJ_VERIFY_CHECK(quorum.needed == tj_state_party(state, 0)->threshold[TJ_DOMAIN_ADMINISTER]);
    if (quorum.given < quorum.needed) {
        return tj_refuse_detail(verdict, TIJORI_NEW_QUORUM, "slots", "%" PRIu32 " of %" PRIu32,
                                quorum.given, quorum.needed);
    }
    return TIJORI_OK;
}

/* ---- the whole ---- */

/* The order is that of section 7, from what costs nothing and tells most to what costs most: an
 * envelope for another ledger, or one that came already, is not worth a look at its keys. Later
 * steps rest on earlier ones: the party that step 2 found is the one whose type step 8 asks for. */
enum tijori_status tj_judge_envelope(const struct tj_state *state, const struct tj_past *past,
                                     const struct tj_case *c, struct tj_verdict *verdict)
{
    const struct tj_header *h = c->header;
    TJ_VERIFY_CHECK(c->index > 0 && state->entry == c->index);
    TJ_VERIFY_CHECK(c->records != NULL || tj_header_restricted(h));
    /* 7, step 2. */
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
    status = tj_judge_keys_known(state, c->slots, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    /* 7, step 7: all were verified beforehand, in batches and on other threads. */
    if (!c->signatures_valid) {
        verdict->slot = c->invalid_slot;
        return tj_refuse(verdict, TIJORI_SIGNATURE, "signature");
    }
    /* 7, step 8. RESTRICTED is asked of the header, so that an audit without the records knows it.
     */
    status = tj_judge_own_party(state, c, verdict);
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

/* Entry 0 is signed by nobody, and entry 1 by all: neither is asked for a new quorum. A movement
 * changes no key. */
enum tijori_status tj_judge_after(const struct tj_state *state, const struct tj_case *c,
                                  struct tj_verdict *verdict)
{
    /* Nothing was refused on the way here and then forgotten. */
    TJ_VERIFY_CHECK(verdict->status == TIJORI_OK && verdict->slot == TJ_NOWHERE);
    enum tijori_status status = judge_all_reachable(state, c, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    if (tj_kind_is_movement(tj_record_kind(c->records)) || c->index <= 1) {
        return TIJORI_OK;
    }
    return judge_new_quorum(state, c, verdict);
}
