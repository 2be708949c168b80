#include "core/rules/readiness.h"

/* The judges stop at the first slot that does not count. Here such slots are told one by one, and
 * everything else is asked of the envelope as it were without them: they have to be taken out
 * anyway. `whole` is the envelope as it is, `c` the one without them. */
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

/* The first bar stays. True when it is this one. */
static bool bar(struct asking *a, enum tj_bar why, uint32_t record)
{
    TJ_VERIFY_CHECK(record == TJ_NOWHERE || record < a->c.header->record_count);
    if (a->out->bar != TJ_BAR_NONE) {
        return false;
    }
    a->out->bar = why;
    a->out->bar_record = record;
    return true;
}

/* ---- slots ---- */

/* 7.1, APPROVED, of one slot: its key approved before what a record approves. The judge refuses the
 * record for it. To whom it is told here, it is the slot that is to be taken out. */
static enum tijori_status ask_approved(const struct asking *a, const struct tj_slot *slot,
                                       struct tj_verdict *verdict)
{
    const struct tj_key_object *key = tj_slot_key(a->state, slot);
    TJ_VERIFY_CHECK(key != NULL && key->role == TJ_APPROVE);
    if (!tj_header_approval(a->c.header)) {
        return TIJORI_OK;
    }
    for (uint32_t i = 0; i < a->c.header->record_count; i++) {
        const uint8_t *record = tj_case_record(&a->c, i);
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

/* Why a slot does not count. Entry 1 has a rule of its own. Without a state nothing is known of
 * keys; but whether a record wants possession, the envelope says by itself. */
static enum tijori_status ask_slot(const struct asking *a, uint8_t *role, uint32_t i,
                                   struct tj_verdict *verdict)
{
    const struct tj_slot *slot = &a->whole->slots->slots[i];
    *role = 0;
    if (a->state != NULL && tj_judge_key_known(a->state, slot, verdict) != TIJORI_OK) {
        return TIJORI_KEY_UNKNOWN;
    }
    if (!a->whole->signatures_valid && i == a->whole->invalid_slot) {
        return tj_refuse(verdict, TIJORI_SIGNATURE, "signature");
    }
    if (a->state == NULL && slot->use != TJ_USE_POSSESSION) {
        return TIJORI_OK;
    }
    if (a->state != NULL && a->c.index == 1) {
        return tj_judge_opening_slot(a->state, slot, verdict);
    }
    enum tijori_status status = tj_judge_slot(a->state, role, a->whole, slot, verdict);
    if (status != TIJORI_OK || slot->use != TJ_USE_SIGN || *role != TJ_APPROVE) {
        return status;
    }
    return ask_approved(a, slot, verdict);
}

/* The slots that count go into the case that is asked about, with their roles beside them. */
static void ask_slots(struct asking *a)
{
    for (uint32_t i = 0; i < a->whole->slots->count; i++) {
        struct tj_verdict *verdict = &a->out->slots[i];
        uint8_t role;
        tj_verdict_init(verdict);
        verdict->slot = i;
        if (ask_slot(a, &role, i, verdict) != TIJORI_OK) {
            a->out->refused++;
            continue;
        }
        a->roles[a->counting.count] = role;
        a->counting.slots[a->counting.count++] = a->whole->slots->slots[i];
    }
    TJ_VERIFY_CHECK(a->counting.count + a->out->refused == a->whole->slots->count);
}

/* ---- parties ---- */

/* How far one party has come. What it gave is counted of all its slots, and what counts of those
 * that do: the difference is what a person has to hear of. A party that is not known has no
 * threshold, so nothing is said of it but how many slots it gave. */
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
        out.status = tj_judge_active(a->state, party, &verdict);
    } else {
        out.status = tj_judge_own_party(a->state, a->whole, &verdict);
    }
    if (use == TJ_USE_SIGN && a->c.index == 1) {
        out.counting = tj_opening_quorum(a->state, &a->c);
    } else {
        out.counting = tj_quorum_of(a->state, &a->c, a->roles, use, party);
    }
    TJ_VERIFY_CHECK(out.counting.given <= out.given);
    return out;
}

static bool party_ready(const struct tj_signatures *s)
{
    return s->known && s->status == TIJORI_OK && tj_quorum_reached(&s->counting);
}

/* A party that countersigned or has to: each once. */
static void add_other(struct asking *a, uint32_t party)
{
    struct tj_readiness *out = a->out;
    TJ_VERIFY_CHECK(party != a->c.header->party);
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
    if (!tj_record_wants_possession(record)) {
        return;
    }
    a->out->possession_wanted++;
    a->out->possession_shown += tj_possession_shown(&a->c, record);
}

/* Another record of the envelope, before this one, approves the same. The keys that sign would then
 * have approved it before, by 7.1, APPROVED. */
static bool approved_twice(const struct asking *a, uint32_t position)
{
    uint64_t named = tj_movement_refers_to(tj_case_record(&a->c, position));
    TJ_VERIFY_CHECK(tj_header_approval(a->c.header));
    for (uint32_t i = 0; i < position; i++) {
        if (tj_movement_refers_to(tj_case_record(&a->c, i)) == named) {
            return true;
        }
    }
    return false;
}

/* The time of a tier: of a post it is counted from what it posts. A post that names nothing lacks
 * no key: the judges refuse it for what it names. */
static void ask_wait(struct asking *a, struct tj_passage *p, uint32_t position,
                     const struct tj_approvals *approvals)
{
    struct tj_named named = {.absent = true};
    uint64_t left_ns = 0;
    if (tj_record_kind(p->record) == TJ_POST) {
        uint64_t pending = tj_movement_refers_to(p->record);
        if (a->past == NULL || tj_record_entry(pending) >= a->c.index) {
            return;
        }
        if (!a->past->record(a->past->context, &named, pending)) {
            return;
        }
        p->named = &named;
    }
    enum tj_wait wait = tj_demand_wait(&left_ns, &approvals->wanted, p);
    TJ_VERIFY_CHECK((wait == TJ_WAIT_LEFT) == (left_ns > 0));
    if (wait == TJ_WAIT_NONE) {
        return;
    }
    if (!bar(a, wait == TJ_WAIT_LEFT ? TJ_BAR_WAIT : TJ_BAR_NEVER, position)) {
        return;
    }
    a->out->wait_rule = approvals->wanted.delay_rule;
    a->out->wait_s = approvals->wanted.delay_s;
    a->out->left_ns = left_ns;
}

/* 7.3, step 6. Of several records that want more approvals the first is told. */
static void ask_tiers(struct asking *a, struct tj_passage *p, uint32_t position)
{
    struct tj_approvals approvals;
    if (!tj_kind_posts(tj_record_kind(p->record))) {
        return;
    }
    tj_approvals_of(a->state, &approvals, p, &a->approvers, tj_pending_posted(p->record));
    if (approvals.wanted.tiers == 0) {
        return;
    }
    if (!tj_approvals_complete(&approvals) && a->out->approvals_record == TJ_NOWHERE) {
        a->out->approvals_record = position;
        a->out->approvals = approvals;
    }
    ask_wait(a, p, position, &approvals);
}

/* Of an opening: a treasury's is countersigned by the authority. Who may vouch for the authority's
 * own is not one party's name, so that it lacks one is told instead. */
static void ask_opening(struct asking *a, const uint8_t *record, uint32_t position)
{
    if (!tj_opening_wants_voucher(a->state, a->c.header, record)) {
        return;
    }
    if (a->c.header->party != 0) {
        add_other(a, 0);
        return;
    }
    if (!tj_opening_vouched(a->state, a->c.header, record, a->c.slots)) {
        (void)bar(a, TJ_BAR_VOUCHER, position);
    }
}

/* Who has to countersign and how many have to approve depends on the accounts: where one is not
 * there, nothing more can be said, and that is told instead. */
static void ask_movement(struct asking *a, uint32_t position)
{
    const uint8_t *record = tj_case_record(&a->c, position);
    uint32_t party;
    bool unbarred = a->out->bar == TJ_BAR_NONE; /* else the answer would change nothing */
    if (unbarred && tj_record_kind(record) == TJ_APPROVAL && approved_twice(a, position)) {
        (void)bar(a, TJ_BAR_TWICE, position);
    }
    struct tj_passage p = {
        .record = record,
        .id = tj_record_id(a->c.index, position),
        .received_ns = a->c.received_ns,
        .from = tj_state_account(a->state, tj_movement_from(record)),
        .to = tj_state_account(a->state, tj_movement_to(record)),
    };
    if (p.from == NULL || p.to == NULL) {
        (void)bar(a, TJ_BAR_ACCOUNT, position);
        return;
    }
    if (tj_wants_countersigner(&party, a->c.header, record, p.from, p.to)) {
        add_other(a, party);
    }
    ask_opening(a, record, position);
    ask_tiers(a, &p, position);
}

/* Movements and directives do not share an envelope, so the first record tells which they are. The
 * quorum of the authority is asked for where the judges ask for it (tj_judge_after). */
static void ask_records(struct asking *a)
{
    bool movements = tj_kind_is_movement(tj_record_kind(tj_case_record(&a->c, 0)));
    for (uint32_t i = 0; i < a->c.header->record_count; i++) {
        const uint8_t *record = tj_case_record(&a->c, i);
        if (tj_kind_is_detail(tj_record_kind(record))) {
            continue; /* no key is asked about it */
        }
        TJ_VERIFY_CHECK(tj_kind_is_movement(tj_record_kind(record)) == movements);
        ask_possession(a, record);
        if (movements && a->state != NULL) {
            ask_movement(a, i);
        }
    }
    if (movements || a->state == NULL || a->c.index <= 1) {
        return;
    }
    a->out->quorum_changes = tj_changes_quorum(&a->c);
    if (a->out->quorum_changes) {
        a->out->quorum = tj_new_quorum(a->state, &a->c);
    }
}

/* ---- the whole ---- */

/* Nothing that was found is left to be done. One thing that is forgotten here, and people send what
 * the ledger refuses. */
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

/* What is said to be complete has nothing in the lists of what is missing. */
#ifdef TIJORI_VERIFY
static bool nothing_missing(const struct tj_readiness *out)
{
    for (uint32_t i = 0; i < TJ_SLOTS_MAX; i++) {
        if (out->slots[i].status != TIJORI_OK) {
            return false;
        }
    }
    for (uint32_t i = 0; i < out->others; i++) {
        if (out->other[i].given != out->other[i].counting.given) {
            return false;
        }
    }
    return out->own.given == out->own.counting.given && out->bar_record == TJ_NOWHERE &&
           out->left_ns == 0 && out->approvals.wanted.tiers == 0;
}
#endif

/* First the slots, because all that follows counts only those that count. */
void tj_readiness_of(const struct tj_state *state, struct tj_readiness *out,
                     const struct tj_past *past, const struct tj_case *c)
{
    struct asking a = {.state = state, .past = past, .whole = c, .c = *c, .out = out};
    TIJORI_REQUIRE(state == NULL || !state->partial);
    memset(out, 0, sizeof *out);
    out->approvals_record = TJ_NOWHERE;
    out->bar_record = TJ_NOWHERE;
    a.c.slots = &a.counting;
    ask_slots(&a);
    if (state != NULL) {
        tj_approvers(state, a.approvers.keys, c->header, &a.counting);
    }
    out->own = ask_party(&a, TJ_USE_SIGN, c->header->party);
    ask_countersigned(&a);
    if (state != NULL && c->index == 1 && !tj_is_opening(c)) {
        (void)bar(&a, TJ_BAR_NOT_OPENING, TJ_NOWHERE);
    }
    ask_records(&a);
    out->ready = all_ready(out);
    TJ_VERIFY_CHECK(!out->ready || nothing_missing(out));
}

void tj_readiness_of_pending(const struct tj_state *state, struct tj_approvals *out,
                             const uint8_t record[TJ_RECORD_SIZE], uint64_t pending, uint64_t id,
                             uint64_t now_ns)
{
    const struct tj_passage passage = {
        .record = record,
        .id = id,
        .received_ns = now_ns,
        .from = tj_state_account(state, tj_movement_from(record)),
        .to = tj_state_account(state, tj_movement_to(record)),
    };
    TJ_VERIFY_CHECK(passage.from != NULL && passage.to != NULL);
    tj_approvals_of(state, out, &passage, NULL, pending);
}
