#ifndef TIJORI_CORE_RULES_SIGNING_H
#define TIJORI_CORE_RULES_SIGNING_H

/* Who has to sign an envelope, and whose signature counts. Of docs/FORMAT.md these are entry 1 in
 * section 6; steps 6, 8 to 10 and 13 of section 7; COUNTERSIGN_MISSING and APPROVED of 7.1; and
 * step 6 of 7.3.
 *
 * The judges refuse by these rules, and readiness.h says by them what an envelope still lacks. So
 * no rule stands twice, and the two cannot differ. All are functions of the state before the entry
 * and of the case: no I/O, no clock, no thread. */

#include "core/rules/judge.h"

/* ---- step 6: known keys ---- */

/* The key that is registered with the slot's x-coordinate; NULL when there is none. */
const struct tj_key_object *tj_slot_key(const struct tj_state *state, const struct tj_slot *slot);
/* Who signs or countersigns does so by a key that somebody registered; a possession slot is not
 * asked. KEY_UNKNOWN. */
enum tijori_status tj_judge_key_known(const struct tj_state *state, const struct tj_slot *slot,
                                      struct tj_verdict *verdict) TJ_MUST_USE;
/* Of each slot; verdict->slot is the first one that is not known. */
enum tijori_status tj_judge_keys_known(const struct tj_state *state, const struct tj_slots *slots,
                                       struct tj_verdict *verdict) TJ_MUST_USE;

/* ---- step 8: parties ---- */

/* A party, which exists, whose signatures count. PARTY_SUSPENDED, PARTY_CLOSED. */
enum tijori_status tj_judge_active(const struct tj_state *state, uint32_t party,
                                   struct tj_verdict *verdict) TJ_MUST_USE;
/* The header's party, which exists. It may object to its own recovery while it is suspended. */
enum tijori_status tj_judge_own_party(const struct tj_state *state, const struct tj_case *c,
                                      struct tj_verdict *verdict) TJ_MUST_USE;

/* ---- step 9: whose signature counts ---- */

/* It is this key, in this algorithm and encoding. */
bool tj_slot_is_key(const struct tj_slot *slot, const struct tj_key_object *key) TJ_MUST_USE;
/* The role of a key counts in a slot of this use (sign, countersign). */
bool tj_role_counts(const struct tj_header *header, uint8_t use, uint8_t role) TJ_MUST_USE;
/* A key that the record adds (or retires) shows by the slot that it is there. */
bool tj_shows_possession(const uint8_t record[TJ_RECORD_SIZE],
                         const struct tj_slot *slot) TJ_MUST_USE;
/* The record has such a slot. */
bool tj_possession_shown(const struct tj_case *c, const uint8_t record[TJ_RECORD_SIZE]) TJ_MUST_USE;

/* One slot of an entry after entry 1, its key known: POSSESSION, KEY_PARTY, KEY_REVOKED, KEY_ROLE,
 * PARTY_SUSPENDED, PARTY_CLOSED. *role: of its key, 0 for a possession slot. */
enum tijori_status tj_judge_slot(const struct tj_state *state, uint8_t *role,
                                 const struct tj_case *c, const struct tj_slot *slot,
                                 struct tj_verdict *verdict) TJ_MUST_USE;

/* ---- step 10: thresholds ---- */

/* How far the signatures of a party have come. */
struct tj_quorum {
    uint32_t given;  /* slots */
    uint32_t needed; /* 0: never reached */
    bool initiated;  /* one of role initiate is among them, or none is asked for */
};

/* Of a party, which exists, the slots under this use (sign, countersign). All of them count;
 * `roles` are those of c->slots. */
struct tj_quorum tj_quorum_of(const struct tj_state *state, const struct tj_case *c,
                              const uint8_t *roles, uint8_t use, uint32_t party);

static inline bool tj_quorum_reached(const struct tj_quorum *quorum)
{
    return quorum->needed > 0 && quorum->given >= quorum->needed && quorum->initiated;
}

/* ---- entry 1 ---- */

/* Section 6: one endorse of entry 0. */
bool tj_is_opening(const struct tj_case *c) TJ_MUST_USE;
/* A slot, its key known, is signed by a key of entry 0: all keys there are party 0's, and none can
 * be revoked yet. NOT_OPENED. */
enum tijori_status tj_judge_opening_slot(const struct tj_state *state, const struct tj_slot *slot,
                                         struct tj_verdict *verdict) TJ_MUST_USE;
/* It has to be signed by every one of them, whatever its role. */
struct tj_quorum tj_opening_quorum(const struct tj_state *state, const struct tj_case *c);

/* ---- step 13: the authority hands over only to a quorum that has signed ---- */

/* A record changes the authority's quorum. */
bool tj_changes_quorum(const struct tj_case *c) TJ_MUST_USE;
/* Of the keys that administer for the authority after the last record, how many signed or showed
 * possession; `needed` are enough. The state may be the one before the records or the one after
 * them: the answer is the same. */
struct tj_quorum tj_new_quorum(const struct tj_state *state, const struct tj_case *c);

/* ---- section 7.1 ---- */

/* An opening by the public sector: a treasury's wants the authority's countersignature, one of the
 * authority itself that of a party outside the public sector. */
bool tj_opening_wants_voucher(const struct tj_state *state, const struct tj_header *header,
                              const uint8_t record[TJ_RECORD_SIZE]) TJ_MUST_USE;
/* And has it. */
bool tj_opening_vouched(const struct tj_state *state, const struct tj_header *header,
                        const uint8_t record[TJ_RECORD_SIZE],
                        const struct tj_slots *slots) TJ_MUST_USE;
/* Another party that has to countersign this record, whose accounts are given: false when there is
 * none. */
bool tj_wants_countersigner(uint32_t *party, const struct tj_header *header,
                            const uint8_t record[TJ_RECORD_SIZE],
                            const struct tj_account_object *from,
                            const struct tj_account_object *to) TJ_MUST_USE;

/* A set of a party's keys, bit by ordinal. */
struct tj_key_set {
    uint8_t keys[TJ_KEYS_MAX / 8];
};
static inline bool tj_key_in_set(const struct tj_key_set *set, uint32_t ordinal)
{
    return ordinal < TJ_KEYS_MAX && (set->keys[ordinal / 8] >> ordinal % 8 & 1) != 0;
}
/* Those that approved a pending movement before; none when it is not one. */
void tj_approved_before(const struct tj_state *state, struct tj_key_set *out, uint64_t pending);

/* ---- section 7.3, step 6 ---- */

/* What a movement's amount wants before it is posted, and how much of it is there. */
struct tj_approvals {
    struct tj_demand wanted;
    struct tj_key_set approved; /* by whom, of the owner's keys */
    uint32_t count;             /* of those, how many are not revoked */
    uint32_t groups_missing;    /* mask */
};

/* What tiers would want of a movement, were it posted as `passage` says. */
void tj_demand_met(const struct tj_state *state, struct tj_demand *out,
                   const struct tj_passage *passage);
/* How many of these keys of the party count, being not revoked; and the mask of their groups. */
uint32_t tj_count_approvals(const struct tj_state *state, uint32_t *groups,
                            const struct tj_key_set *approved, uint32_t party);
/* What a movement wants, and what it has with the approvals of `signed_by` (NULL: none) and those
 * that the pending movement (0: none) was given before. */
void tj_approvals_of(const struct tj_state *state, struct tj_approvals *out,
                     const struct tj_passage *passage, const struct tj_key_set *signed_by,
                     uint64_t pending);

/* The pending movement that a post posts; 0 of any other record. */
static inline uint64_t tj_pending_posted(const uint8_t record[TJ_RECORD_SIZE])
{
    return tj_record_kind(record) == TJ_POST ? tj_movement_refers_to(record) : 0;
}

static inline bool tj_approvals_complete(const struct tj_approvals *approvals)
{
    return approvals->count >= approvals->wanted.approvals && approvals->groups_missing == 0;
}

/* When its tiers let a movement be posted. */
enum tj_wait {
    TJ_WAIT_NONE,
    TJ_WAIT_LEFT,  /* *left_ns from now on */
    TJ_WAIT_NEVER, /* a move and a correct do not wait, and have to */
};
/* passage->named is given for a post. */
enum tj_wait tj_demand_wait(uint64_t *left_ns, const struct tj_demand *wanted,
                            const struct tj_passage *passage);

#endif
