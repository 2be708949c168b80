#include "core/rules/readiness.h"

/* The case as it would be judged, with its slots that count and no others: what the ledger refuses
 * for one slot is first of all to be rid of that slot. */
struct asking {
    const struct tj_state *state; /* NULL: nothing is known */
    const struct tj_past *past;
    const struct tj_case *whole;
    struct tj_case c;
    struct tj_slots counting;
    uint8_t roles[TJ_SLOTS_MAX]; /* of `counting` */
    struct tj_key_set approvers; /* of `counting`, when the header's party is known */
    struct tj_readiness *out;
};

static const uint8_t *record_at(const struct asking *a, uint32_t position)
{
    return a->c.records + (size_t)position * TJ_RECORD_SIZE;
}

static void bar(struct asking *a, enum tj_bar why, uint32_t record)
{
    if (a->out->bar == TJ_BAR_NONE) {
        a->out->bar = why;
        a->out->bar_record = record;
    }
}

/* ---- slots ---- */

/* One of these keys approved before what a record approves: as the judge of that record says. */
static enum tijori_status ask_approved(const struct asking *a, struct tj_verdict *verdict,
                                       const struct tj_slot *slot)
{
    const struct tj_key_object *key = tj_slot_key(a->state, slot);
    if (!tj_header_approval(a->c.header)) {
        return TIJORI_OK;
    }
    for (uint32_t i = 0; i < a->c.header->record_count; i++) {
        const uint8_t *record = record_at(a, i);
        struct tj_key_set before;
        if (tj_record_kind(record) != TJ_APPROVAL) {
            continue;
        }
        tj_approved_before(a->state, &before, tj_movement_refers_to(record));
        if (tj_key_in_set(&before, key->ordinal)) {
            verdict->record = i;
            return tj_refuse(verdict, TIJORI_APPROVED, "refers_to");
        }
    }
    return TIJORI_OK;
}

static enum tijori_status ask_slot(const struct asking *a, struct tj_verdict *verdict,
                                   uint8_t *role, uint32_t i)
{
    const struct tj_slot *slot = &a->whole->slots->slots[i];
    *role = 0;
    if (!a->whole->signatures_valid && i == a->whole->invalid_slot) {
        return tj_refuse(verdict, TIJORI_SIGNATURE, "signature");
    }
    if (a->state == NULL && slot->use != TJ_USE_POSSESSION) {
        return TIJORI_OK;
    }
    if (a->state != NULL && a->c.index == 1) {
        return tj_judge_opening_slot(a->state, verdict, slot);
    }
    enum tijori_status status = tj_judge_slot(a->state, verdict, role, a->whole, slot);
    if (status != TIJORI_OK || slot->use != TJ_USE_SIGN || *role != TJ_APPROVE) {
        return status;
    }
    return ask_approved(a, verdict, slot);
}

static void ask_slots(struct asking *a)
{
    for (uint32_t i = 0; i < a->whole->slots->count; i++) {
        struct tj_verdict *verdict = &a->out->slots[i];
        uint8_t role;
        tj_verdict_init(verdict);
        verdict->slot = i;
        if (ask_slot(a, verdict, &role, i) != TIJORI_OK) {
            a->out->refused++;
            continue;
        }
        a->roles[a->counting.count] = role;
        a->counting.slots[a->counting.count++] = a->whole->slots->slots[i];
    }
}

/* ---- parties ---- */

static struct tj_signatures ask_party(const struct asking *a, uint8_t use, uint32_t party)
{
    struct tj_signatures out = {.party = party, .status = TIJORI_OK};
    struct tj_verdict verdict;
    tj_verdict_init(&verdict);
    for (uint32_t i = 0; i < a->whole->slots->count; i++) {
        const struct tj_slot *slot = &a->whole->slots->slots[i];
        out.given += slot->use == use && slot->party == party;
    }
    out.known = a->state != NULL && tj_state_party(a->state, party) != NULL;
    if (!out.known) {
        return out;
    }
    if (use == TJ_USE_COUNTERSIGN) {
        out.status = tj_judge_active(a->state, &verdict, party);
    } else {
        out.status = tj_judge_own_party(a->state, &verdict, a->whole);
    }
    if (use == TJ_USE_SIGN && a->c.index == 1) {
        out.counting = tj_opening_quorum(a->state, &a->c);
    } else {
        out.counting = tj_quorum_of(a->state, &a->c, a->roles, use, party);
    }
    return out;
}

static bool party_ready(const struct tj_signatures *s)
{
    return s->known && s->status == TIJORI_OK && tj_quorum_reached(&s->counting);
}

static void add_other(struct asking *a, uint32_t party)
{
    struct tj_readiness *out = a->out;
    for (uint32_t i = 0; i < out->others; i++) {
        if (out->other[i].party == party) {
            return;
        }
    }
    if (out->others < TJ_SLOTS_MAX) {
        out->other[out->others++] = ask_party(a, TJ_USE_COUNTERSIGN, party);
    }
}

static void ask_countersigned(struct asking *a)
{
    const struct tj_slots *slots = a->whole->slots;
    for (uint32_t i = 0; i < slots->count; i++) {
        if (slots->slots[i].use == TJ_USE_COUNTERSIGN) {
            add_other(a, slots->slots[i].party);
        }
    }
}

/* ---- records ---- */

static void ask_possession(struct asking *a, const uint8_t *record)
{
    if (tj_record_wants_possession(record)) {
        a->out->possession_wanted++;
        a->out->possession_shown += tj_possession_shown(&a->c, record);
    }
}

/* Another record of the envelope, before this one, approves the same. Most envelopes have one. */
static bool approved_twice(const struct asking *a, uint32_t position)
{
    uint64_t named = tj_movement_refers_to(record_at(a, position));
    for (uint32_t i = 0; i < position; i++) {
        if (tj_movement_refers_to(record_at(a, i)) == named) {
            return true;
        }
    }
    return false;
}

/* The time of a tier: of a post it is counted from what it posts. */
static void ask_wait(struct asking *a, struct tj_passage *p, uint32_t position,
                     const struct tj_approvals *approvals)
{
    struct tj_named named = {.absent = true};
    uint64_t left_ns = 0;
    if (tj_record_kind(p->record) == TJ_POST) {
        uint64_t pending = tj_movement_refers_to(p->record);
        if (a->past == NULL || tj_record_entry(pending) >= a->c.index ||
            !a->past->record(a->past->context, pending, &named)) {
            return; /* it names nothing: no key is lacking */
        }
        p->named = &named;
    }
    enum tj_wait wait = tj_tier_wait(&left_ns, approvals->tier, p);
    if (wait == TJ_WAIT_NONE || a->out->bar != TJ_BAR_NONE) {
        return;
    }
    bar(a, wait == TJ_WAIT_LEFT ? TJ_BAR_WAIT : TJ_BAR_NEVER, position);
    a->out->wait_rule = approvals->rule;
    a->out->wait_s = approvals->tier->window_s;
    a->out->left_ns = left_ns;
}

static void ask_tier(struct asking *a, struct tj_passage *p, uint32_t position)
{
    struct tj_approvals approvals;
    if (!tj_kind_posts(tj_record_kind(p->record))) {
        return;
    }
    tj_approvals_of(a->state, &approvals, p, &a->approvers, tj_pending_posted(p->record));
    if (approvals.tier == NULL) {
        return;
    }
    if (!tj_approvals_complete(&approvals) && a->out->approvals_record == TJ_NOWHERE) {
        a->out->approvals_record = position;
        a->out->approvals = approvals;
    }
    ask_wait(a, p, position, &approvals);
}

static void ask_movement(struct asking *a, uint32_t position)
{
    const uint8_t *record = record_at(a, position);
    uint32_t party;
    if (tj_record_kind(record) == TJ_APPROVAL && a->out->bar == TJ_BAR_NONE &&
        approved_twice(a, position)) {
        bar(a, TJ_BAR_TWICE, position);
    }
    struct tj_passage p = {
        .record = record,
        .id = tj_record_id(a->c.index, position),
        .received_ns = a->c.received_ns,
        .from = tj_state_account(a->state, tj_movement_from(record)),
        .to = tj_state_account(a->state, tj_movement_to(record)),
    };
    if (p.from == NULL || p.to == NULL) {
        bar(a, TJ_BAR_ACCOUNT, position);
        return;
    }
    if (tj_wants_countersigner(&party, a->c.header, record, p.from, p.to)) {
        add_other(a, party);
    }
    ask_tier(a, &p, position);
}

static void ask_records(struct asking *a)
{
    for (uint32_t i = 0; i < a->c.header->record_count; i++) {
        const uint8_t *record = record_at(a, i);
        ask_possession(a, record);
        if (a->state != NULL && tj_kind_is_movement(tj_record_kind(record))) {
            ask_movement(a, i);
        }
    }
    if (a->state != NULL && a->c.index > 1 && !tj_kind_is_movement(tj_record_kind(a->c.records))) {
        a->out->quorum_changes = tj_changes_quorum(&a->c);
    }
    if (a->out->quorum_changes) {
        a->out->quorum = tj_new_quorum(a->state, &a->c);
    }
}

/* ---- the whole ---- */

static bool all_ready(const struct tj_readiness *out)
{
    if (out->refused > 0 || out->bar != TJ_BAR_NONE || !party_ready(&out->own)) {
        return false;
    }
    for (uint32_t i = 0; i < out->others; i++) {
        if (!party_ready(&out->other[i])) {
            return false;
        }
    }
    if (out->quorum_changes && out->quorum.given < out->quorum.needed) {
        return false;
    }
    return out->possession_shown == out->possession_wanted && out->approvals_record == TJ_NOWHERE;
}

void tj_readiness_of(const struct tj_state *state, const struct tj_past *past,
                     struct tj_readiness *out, const struct tj_case *c)
{
    struct asking a = {.state = state, .past = past, .whole = c, .c = *c, .out = out};
    TIJORI_REQUIRE(state == NULL || !state->partial);
    memset(out, 0, sizeof *out);
    out->approvals_record = TJ_NOWHERE;
    out->bar_record = TJ_NOWHERE;
    a.c.slots = &a.counting;
    ask_slots(&a);
    if (state != NULL) {
        tj_approvers(state, c->header, &a.counting, a.approvers.keys);
    }
    out->own = ask_party(&a, TJ_USE_SIGN, c->header->party);
    ask_countersigned(&a);
    if (state != NULL && c->index == 1 && !tj_is_opening(c)) {
        bar(&a, TJ_BAR_NOT_OPENING, TJ_NOWHERE);
    }
    ask_records(&a);
    out->ready = all_ready(out);
}

void tj_readiness_of_pending(const struct tj_state *state, struct tj_approvals *out,
                             const uint8_t record[TJ_RECORD_SIZE], uint64_t pending, uint64_t id)
{
    const struct tj_passage passage = {
        .record = record,
        .id = id,
        .from = tj_state_account(state, tj_movement_from(record)),
        .to = tj_state_account(state, tj_movement_to(record)),
    };
    tj_approvals_of(state, out, &passage, NULL, pending);
}
