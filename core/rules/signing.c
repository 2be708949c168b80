#include "core/rules/signing.h"

#include <inttypes.h>

/* ---- 7, step 6 ---- */

const struct tj_key_object *tj_slot_key(const struct tj_state *state, const struct tj_slot *slot)
{
    uint8_t x32[32];
    tj_public_key_x(&slot->key, x32);
    const struct tj_key_object *key = tj_state_find_key(state, x32);
    TJ_VERIFY_CHECK(key == NULL || tj_state_key(state, key->party, key->ordinal) == key);
    return key;
}

/* 7, step 6, KEY_UNKNOWN: asked before any signature is looked at. Anybody can make an envelope
 * with keys of nobody and sixteen signatures; it costs the ledger a look-up a slot. */
enum tijori_status tj_judge_key_known(const struct tj_state *state, const struct tj_slot *slot,
                                      struct tj_verdict *verdict)
{
    if (slot->use != TJ_USE_POSSESSION && tj_slot_key(state, slot) == NULL) {
        return tj_refuse(verdict, TIJORI_KEY_UNKNOWN, "key");
    }
    return TIJORI_OK;
}

enum tijori_status tj_judge_keys_known(const struct tj_state *state, const struct tj_slots *slots,
                                       struct tj_verdict *verdict)
{
    for (uint32_t i = 0; i < slots->count; i++) {
        if (tj_judge_key_known(state, &slots->slots[i], verdict) != TIJORI_OK) {
            verdict->slot = i;
            return TIJORI_KEY_UNKNOWN;
        }
    }
    return TIJORI_OK;
}

/* ---- 7, step 8 ---- */

/* 7, step 8, and step 9 of who countersigns. Closed comes first, since it is for good. */
enum tijori_status tj_judge_active(const struct tj_state *state, uint32_t party,
                                   struct tj_verdict *verdict)
{
    const struct tj_party_object *object = tj_state_party(state, party);
    TJ_VERIFY_CHECK(object != NULL);
    if (object->status == TJ_PARTY_CLOSED) {
        return tj_refuse_detail(verdict, TIJORI_PARTY_CLOSED, "party", "party %" PRIu32, party);
    }
    if (object->status != TJ_PARTY_ACTIVE) {
        return tj_refuse_detail(verdict, TIJORI_PARTY_SUSPENDED, "party", "party %" PRIu32, party);
    }
    return TIJORI_OK;
}

/* A party objects to its own recovery. It may do so while it is suspended, or whoever suspends it
 * could take it over. A body that is not here is no objection: a directive stands in no restricted
 * envelope. */
static bool objects(const struct tj_case *c)
{
    const struct tj_header *h = c->header;
    if (c->records == NULL || h->record_count != 1 || h->party == 0) {
        return false;
    }
    return tj_record_kind(c->records) == TJ_OBJECT_RECOVERY &&
           tj_record_party(c->records) == h->party;
}

enum tijori_status tj_judge_own_party(const struct tj_state *state, const struct tj_case *c,
                                      struct tj_verdict *verdict)
{
    if (objects(c)) {
        return TIJORI_OK;
    }
    return tj_judge_active(state, c->header->party, verdict);
}

/* ---- 7, step 9 ---- */

bool tj_slot_is_key(const struct tj_slot *slot, const struct tj_key_object *key)
{
    TJ_VERIFY_CHECK(slot->key.size > 0 && slot->key.size <= sizeof key->key);
    return key->algorithm == slot->key.algorithm &&
           memcmp(key->key, slot->key.bytes, slot->key.size) == 0;
}

bool tj_role_counts(const struct tj_header *header, uint8_t use, uint8_t role)
{
    bool signs = use == TJ_USE_SIGN;
    TJ_VERIFY_CHECK(signs || use == TJ_USE_COUNTERSIGN);
    TJ_VERIFY_CHECK(role > 0 && role < TJ_ROLE_END);
    if (signs && header->lane == 0) {
        return role == TJ_ADMINISTER;
    }
    if (signs && tj_header_approval(header)) {
        return role == TJ_APPROVE;
    }
    return role == TJ_INITIATE || role == TJ_APPROVE;
}

bool tj_shows_possession(const uint8_t record[TJ_RECORD_SIZE], const struct tj_slot *slot)
{
    uint32_t party;
    return slot->use == TJ_USE_POSSESSION && tj_record_possession_by(&party, record, &slot->key) &&
           party == slot->party;
}

/* A body that is not here has no record that wants possession: it is of a restricted envelope, and
 * directives stand in public ones. */
static bool possession_wanted(const struct tj_case *c, const struct tj_slot *slot)
{
    for (uint32_t i = 0; c->records != NULL && i < c->header->record_count; i++) {
        if (tj_shows_possession(tj_case_record(c, i), slot)) {
            return true;
        }
    }
    return false;
}

bool tj_possession_shown(const struct tj_case *c, const uint8_t record[TJ_RECORD_SIZE])
{
    TJ_VERIFY_CHECK(tj_record_wants_possession(record));
    for (uint32_t i = 0; i < c->slots->count; i++) {
        if (tj_shows_possession(record, &c->slots->slots[i])) {
            return true;
        }
    }
    return false;
}

/* 7, step 9. A possession slot is judged apart: its key is not registered yet, so there is nothing
 * to ask of it but that a record wants it. The other rules go from "who is this" to "may it sign
 * here". Whether the party that signs is active was asked before (step 8); whether one that
 * countersigns is, is asked last, because only now is it known that the slot is its own. */
enum tijori_status tj_judge_slot(const struct tj_state *state, uint8_t *role,
                                 const struct tj_case *c, const struct tj_slot *slot,
                                 struct tj_verdict *verdict)
{
    bool possession = slot->use == TJ_USE_POSSESSION;
    *role = 0;
    if (possession && !possession_wanted(c, slot)) {
        return tj_refuse(verdict, TIJORI_POSSESSION, "key");
    }
    if (possession) {
        return TIJORI_OK;
    }
    const struct tj_key_object *key = tj_slot_key(state, slot);
    TIJORI_REQUIRE(key != NULL); /* step 6 */
    if (key->party != slot->party || !tj_slot_is_key(slot, key)) {
        return tj_refuse_detail(verdict, TIJORI_KEY_PARTY, "key", "registered for party %" PRIu32,
                                key->party);
    }
    TJ_VERIFY_CHECK(tj_state_party(state, slot->party) != NULL);
    TJ_VERIFY_CHECK(key->ordinal < tj_state_party(state, slot->party)->keys);
    if (key->status != TJ_KEY_ACTIVE) {
        return tj_refuse_detail(verdict, TIJORI_KEY_REVOKED, "key",
                                "party %" PRIu32 ", key %" PRIu32, key->party, key->ordinal);
    }
    if (!tj_role_counts(c->header, slot->use, key->role)) {
        return tj_refuse_detail(verdict, TIJORI_KEY_ROLE, "key", "role %s, lane %u",
                                tj_role_names[key->role], c->header->lane);
    }
    *role = key->role;
    if (slot->use != TJ_USE_COUNTERSIGN) {
        return TIJORI_OK;
    }
    return tj_judge_active(state, slot->party, verdict);
}

/* ---- 7, step 10 ---- */

/* A threshold that the party's keys cannot reach would lock it out. Entries are asked for that (7,
 * step 12), so between two entries there is none. */
#ifdef TIJORI_VERIFY
static bool within_reach(const struct tj_party_object *party)
{
    uint32_t movers = (uint32_t)party->keys_active[TJ_INITIATE] + party->keys_active[TJ_APPROVE];
    return party->threshold[TJ_DOMAIN_MOVE] <= movers &&
           party->threshold[TJ_DOMAIN_ADMINISTER] <= party->keys_active[TJ_ADMINISTER];
}
#endif

/* 7, step 10. In lane 0 and under an approval nobody has to initiate: the keys there are of other
 * roles (step 9). An approval wants one signature only, because its approvers may sit in different
 * offices and each sends an envelope; how many are enough is asked of the post. */
struct tj_quorum tj_quorum_of(const struct tj_state *state, const struct tj_case *c,
                              const uint8_t *roles, uint8_t use, uint32_t party)
{
    const struct tj_party_object *object = tj_state_party(state, party);
    TJ_VERIFY_CHECK(object != NULL && within_reach(object));
    struct tj_quorum quorum = {.needed = object->threshold[TJ_DOMAIN_MOVE]};
    if (use == TJ_USE_SIGN && c->header->lane == 0) {
        quorum.needed = object->threshold[TJ_DOMAIN_ADMINISTER];
        quorum.initiated = true;
    } else if (use == TJ_USE_SIGN && tj_header_approval(c->header)) {
        quorum.needed = 1;
        quorum.initiated = true;
    }
    for (uint32_t i = 0; i < c->slots->count; i++) {
        const struct tj_slot *slot = &c->slots->slots[i];
        if (slot->use == use && slot->party == party) {
            TJ_VERIFY_CHECK(tj_role_counts(c->header, use, roles[i]));
            quorum.given++;
            quorum.initiated |= roles[i] == TJ_INITIATE;
        }
    }
    return quorum;
}

/* ---- 6, entry 1 ---- */

/* Its records are here in every audit: the authority, whose it is, submits in public. */
bool tj_is_opening(const struct tj_case *c)
{
    const struct tj_header *h = c->header;
    TJ_VERIFY_CHECK(c->records != NULL && h->record_count > 0);
    return h->party == 0 && h->lane == 0 && h->record_count == 1 &&
           tj_record_kind(c->records) == TJ_ENDORSE && TJ_GET(c->records, TJ_ENDORSE, entry) == 0;
}

enum tijori_status tj_judge_opening_slot(const struct tj_state *state, const struct tj_slot *slot,
                                         struct tj_verdict *verdict)
{
    if (slot->use != TJ_USE_SIGN) {
        return tj_refuse(verdict, TIJORI_NOT_OPENED, "key");
    }
    const struct tj_key_object *key = tj_slot_key(state, slot);
    TIJORI_REQUIRE(key != NULL); /* step 6 */
    if (!tj_slot_is_key(slot, key)) {
        return tj_refuse(verdict, TIJORI_NOT_OPENED, "key");
    }
    TJ_VERIFY_CHECK(key->party == 0 && key->status == TJ_KEY_ACTIVE);
    return TIJORI_OK;
}

struct tj_quorum tj_opening_quorum(const struct tj_state *state, const struct tj_case *c)
{
    return (struct tj_quorum){
        .given = c->slots->count,
        .needed = tj_state_party(state, 0)->keys,
        .initiated = true,
    };
}

/* ---- 7, step 13 ---- */

static bool of_authority(const uint8_t *record, uint8_t kind)
{
    return tj_record_kind(record) == kind && tj_record_party(record) == 0;
}

bool tj_changes_quorum(const struct tj_case *c)
{
    for (uint32_t i = 0; i < c->header->record_count; i++) {
        const uint8_t *record = tj_case_record(c, i);
        if (of_authority(record, TJ_ADD_KEY) || of_authority(record, TJ_REVOKE_KEY) ||
            of_authority(record, TJ_SET_THRESHOLD)) {
            return true;
        }
    }
    return false;
}

/* It administers for the authority after the last record. A key is added once and revoked once, so
 * the last record about it decides. The state is asked first, and the records after it: so it makes
 * no difference whether the state has the records in it already (the judge) or not (readiness). */
static bool administers_after(const struct tj_state *state, const struct tj_case *c,
                              const struct tj_slot *slot)
{
    const struct tj_key_object *key = tj_slot_key(state, slot);
    bool administers = key != NULL && key->party == 0 && key->role == TJ_ADMINISTER &&
                       key->status == TJ_KEY_ACTIVE && tj_slot_is_key(slot, key);
    for (uint32_t i = 0; i < c->header->record_count; i++) {
        const uint8_t *record = tj_case_record(c, i);
        struct tj_public_key named;
        struct tj_record r;
        if (!of_authority(record, TJ_ADD_KEY) && !of_authority(record, TJ_REVOKE_KEY)) {
            continue;
        }
        tj_record_decode(&r, record);
        tj_record_public_key(&r, &named);
        if (r.role == TJ_ADMINISTER && named.algorithm == slot->key.algorithm &&
            memcmp(named.bytes, slot->key.bytes, named.size) == 0) {
            administers = r.kind == TJ_ADD_KEY;
        }
    }
    return administers;
}

struct tj_quorum tj_new_quorum(const struct tj_state *state, const struct tj_case *c)
{
    struct tj_quorum quorum = {
        .needed = tj_state_party(state, 0)->threshold[TJ_DOMAIN_ADMINISTER],
        .initiated = true,
    };
    for (uint32_t i = 0; i < c->header->record_count; i++) {
        const uint8_t *record = tj_case_record(c, i);
        if (of_authority(record, TJ_SET_THRESHOLD) &&
            TJ_GET(record, TJ_SET_THRESHOLD, domain) == TJ_DOMAIN_ADMINISTER) {
            quorum.needed = TJ_GET(record, TJ_SET_THRESHOLD, threshold);
        }
    }
    for (uint32_t i = 0; i < c->slots->count; i++) {
        const struct tj_slot *slot = &c->slots->slots[i];
        quorum.given += slot->use != TJ_USE_COUNTERSIGN && administers_after(state, c, slot);
    }
    return quorum;
}

/* ---- 7.1 ---- */

/* 7.1, COUNTERSIGN_MISSING: a party is not given what it may have to answer for without its word. A
 * custodian is the exception, where coins come that a customer holds elsewhere. */
bool tj_wants_countersigner(uint32_t *party, const struct tj_header *header,
                            const uint8_t record[TJ_RECORD_SIZE],
                            const struct tj_account_object *from,
                            const struct tj_account_object *to)
{
    *party = tj_account_party(tj_movement_to(record));
    if (tj_record_kind(record) != TJ_MOVE && tj_record_kind(record) != TJ_PENDING &&
        tj_record_kind(record) != TJ_CORRECT) {
        return false;
    }
    if (*party == header->party) {
        return false;
    }
    /* Coins that a customer holds may come to any custodian; what a contra account says may not. */
    return tj_class_is_contra(from->class) || to->class != TJ_CLASS_CUSTODY;
}

bool tj_opening_wants_voucher(const struct tj_state *state, const struct tj_header *header,
                              const uint8_t record[TJ_RECORD_SIZE])
{
    if (tj_record_kind(record) != TJ_MOVE || !tj_movement_opening(record)) {
        return false;
    }
    const struct tj_party_object *party = tj_state_party(state, header->party);
    return party != NULL && tj_type_is_public(party->type);
}

/* 7.1, COUNTERSIGN_MISSING: what nobody saw enter is not believed on the word of one office. */
bool tj_opening_vouched(const struct tj_state *state, const struct tj_header *header,
                        const uint8_t record[TJ_RECORD_SIZE], const struct tj_slots *slots)
{
    if (header->party == 0) {
        return tj_vouched(state, record, slots, NULL);
    }
    return tj_countersigned_by(slots, 0);
}

void tj_approved_before(const struct tj_state *state, struct tj_key_set *out, uint64_t pending)
{
    uint64_t mark;
    memset(out, 0, sizeof *out);
    if (tj_state_find_mark(state, &mark, pending) == NULL) {
        return;
    }
    const struct tj_approval_object *approval = tj_state_peek(state, TJ_T_APPROVAL, 0, mark);
    TJ_VERIFY_CHECK(mark < tj_state_ledger(state)->marks);
    if (approval != NULL) {
        memcpy(out->keys, approval->keys, sizeof out->keys);
    }
}

/* ---- 7.3, step 6 ---- */

TJ_VERIFY_ONLY static bool is_below_all(const struct tj_state *state, const struct tj_passage *p)
{
    struct tj_demand wanted;
    tj_demand_of(state, &wanted, p);
    return wanted.tiers == 0;
}

void tj_demand_met(const struct tj_state *state, struct tj_demand *out, const struct tj_passage *p)
{
    const struct tj_party_object *owner =
        tj_state_party(state, tj_account_party(tj_movement_from(p->record)));
    /* Most movements are below all tiers: they need not look for theirs. */
    if ((owner->ruled & TJ_PARTY_TIERED) == 0 ||
        tj_movement_amount(p->record).base <= owner->tier_least) {
        TJ_VERIFY_CHECK(is_below_all(state, p));
        memset(out, 0, sizeof *out);
        return;
    }
    tj_demand_of(state, out, p);
}

/* A key that was revoked since no longer counts: when it approved, it may have been in other hands
 * already. */
uint32_t tj_count_approvals(const struct tj_state *state, uint32_t *groups,
                            const struct tj_key_set *approved, uint32_t party)
{
    uint32_t count = 0;
    *groups = 0;
    for (uint32_t i = 0; i < TJ_KEYS_MAX; i++) {
        if (!tj_key_in_set(approved, i)) {
            continue;
        }
        const struct tj_key_object *key = tj_state_key(state, party, i);
        if (key != NULL && key->status == TJ_KEY_ACTIVE) {
            count++;
            *groups |= 1u << (key->group & TJ_GROUP_MAX);
        }
    }
    return count;
}

void tj_approvals_of(const struct tj_state *state, struct tj_approvals *out,
                     const struct tj_passage *passage, const struct tj_key_set *signed_by,
                     uint64_t pending)
{
    memset(out, 0, sizeof *out);
    tj_demand_met(state, &out->wanted, passage);
    if (pending != 0) {
        tj_approved_before(state, &out->approved, pending);
    }
    for (size_t i = 0; signed_by != NULL && i < sizeof out->approved.keys; i++) {
        out->approved.keys[i] |= signed_by->keys[i];
    }
    uint32_t groups;
    uint32_t owner = tj_account_party(tj_movement_from(passage->record));
    TJ_VERIFY_CHECK(tj_state_party(state, owner) != NULL);
    out->count = tj_count_approvals(state, &groups, &out->approved, owner);
    out->groups_missing = out->wanted.groups & ~groups;
}

/* 7.3, step 6, DELAY: counted from the entry of the pending movement, whose time the ledger gave. A
 * move and a correct have no such entry: they cannot wait, and never pass. */
enum tj_wait tj_demand_wait(uint64_t *left_ns, const struct tj_demand *wanted,
                            const struct tj_passage *p)
{
    *left_ns = 0;
    if (wanted->delay_s == 0) {
        return TJ_WAIT_NONE;
    }
    if (tj_record_kind(p->record) != TJ_POST) {
        return TJ_WAIT_NEVER;
    }
    TJ_VERIFY_CHECK(p->named != NULL);
    /* Who only asks passes a clock, and that may be behind the pending entry's time. */
    uint64_t over_ns = tj_ns_after(p->named->received_ns, wanted->delay_s);
    if (over_ns == TJ_NEVER_NS) {
        *left_ns = TJ_NEVER_NS;
        return TJ_WAIT_LEFT;
    }
    if (p->received_ns >= over_ns) {
        return TJ_WAIT_NONE;
    }
    *left_ns = over_ns - p->received_ns;
    return TJ_WAIT_LEFT;
}
