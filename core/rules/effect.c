#include "core/rules/effect.h"

bool tj_slots_countersigned(const struct tj_slots *slots)
{
    TJ_VERIFY_CHECK(slots->count <= TJ_SLOTS_MAX);
    for (uint32_t i = 0; i < slots->count; i++) {
        if (slots->slots[i].use == TJ_USE_COUNTERSIGN) {
            return true;
        }
    }
    return false;
}

enum tj_basis tj_basis_of(const uint8_t record[TJ_RECORD_SIZE], bool countersigned)
{
    if (tj_movement_opening(record)) {
        return TJ_BASIS_BROUGHT_IN;
    }
    if (countersigned) {
        return TJ_BASIS_COUNTERSIGNED;
    }
    if (tj_movement_document(record) != NULL) {
        return TJ_BASIS_DOCUMENT;
    }
    return TJ_BASIS_DECLARED;
}

void tj_effect_lane(struct tj_state *state, const struct tj_effect *effect, uint64_t lane_jump)
{
    struct tj_lane_object *lane =
        tj_state_touch(state, TJ_T_LANE, effect->header->party, effect->header->lane);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || lane->sequence + 1 == effect->header->sequence);
    lane->sequence = effect->header->sequence;
    lane->entry = effect->entry;
    lane->jump = lane_jump;
    memcpy(lane->envelope_id, effect->envelope_id->bytes, TJ_HASH_SIZE);
}

bool tj_next_jump(const struct tj_state *state, uint64_t *jump, const struct tj_past *past,
                  const struct tj_header *h)
{
    const struct tj_lane_object *lane = tj_state_lane(state, h->party, h->lane);
    uint64_t target = tj_lane_jump(h->sequence);
    TJ_VERIFY_CHECK(target < h->sequence && (target == 0 || lane != NULL));
    *jump = target != 0 ? lane->entry : 0;
    return target == 0 || target == h->sequence - 1 ||
           past->lane_jump(past->context, jump, lane->jump);
}

/* ---- movements ---- */

static struct tj_total_object *touch_total(struct tj_state *state, const struct tj_passage *p,
                                           enum tj_basis basis)
{
    return tj_state_touch(
        state, TJ_T_TOTAL, 0,
        tj_total_number(p->from->asset, tj_movement_purpose(p->record), (uint8_t)basis));
}

static void add_total(struct tj_state *state, const struct tj_passage *p, enum tj_basis basis)
{
    enum tj_flow flow = tj_flow_of(p->from->class, p->to->class);
    struct tj_total_object *total = touch_total(state, p, basis);
    total->amount[flow] += tj_movement_amount(p->record).base;
    total->count[flow]++;
    TJ_VERIFY_CHECK(!tj_state_exact(state) || total->amount[flow] > 0); /* it did not wrap */
}

/* A correction runs from the corrected record's `to` to its `from`: the cell and the direction are
 * those of the record it corrects. */
static void subtract_total(struct tj_state *state, const struct tj_passage *p)
{
    enum tj_flow flow = tj_flow_of(p->to->class, p->from->class);
    struct tj_total_object *total = touch_total(state, p, (enum tj_basis)p->named->basis);
    TJ_VERIFY_CHECK(!tj_state_exact(state) ||
                    total->amount[flow] >= tj_movement_amount(p->record).base);
    total->amount[flow] -= tj_movement_amount(p->record).base;
    total->corrections++;
}

/* A mark that exists already keeps its number. In a redo the index may know a mark from a block
 * that is newer than this entry: it was made here exactly when its number is the next one. */
static uint64_t mark_number(struct tj_state *state, struct tj_effect *effect, uint64_t record)
{
    uint64_t number;
    if (tj_state_find_mark(state, &number, record) == NULL || number >= effect->marks) {
        number = effect->marks++;
        tj_state_index_mark(state, record, number);
    }
    return number;
}

TJ_VERIFY_ONLY static bool is_mark_of(const struct tj_state *state,
                                      const struct tj_mark_object *mark, uint64_t record)
{
    uint64_t number;
    return tj_state_find_mark(state, &number, record) == mark &&
           tj_state_peek(state, TJ_T_MARK, 0, number) == mark;
}

static struct tj_mark_object *touch_mark(struct tj_state *state, struct tj_effect *effect,
                                         uint64_t record)
{
    struct tj_mark_object *mark =
        tj_state_touch(state, TJ_T_MARK, 0, mark_number(state, effect, record));
    TJ_VERIFY_CHECK(!tj_state_exact(state) || mark->record == 0 || mark->record == record);
    mark->record = record;
    TJ_VERIFY_CHECK(!tj_state_exact(state) || is_mark_of(state, mark, record));
    return mark;
}

/* A post vouches with what its pending movement was vouched for with, so that one is looked up too:
 * one step and no more, since it is not itself a post. Where that one's body is not there (a public
 * export) the post's own entry is all that is known. */
void tj_named_complete(const struct tj_past *past, struct tj_named *out,
                       const struct tj_entry_view *entry)
{
    out->received_ns = entry->received_ns;
    out->basis = 0;
    out->countersigner_count = 0;
    if (!tj_kind_is_movement(tj_record_kind(out->record))) {
        return;
    }
    out->basis = (uint8_t)tj_basis_of(out->record, tj_slots_countersigned(&entry->slots));
    tj_add_countersigners(out, &entry->slots);
    struct tj_named pending = {.absent = false};
    if (tj_record_kind(out->record) != TJ_POST ||
        !past->record(past->context, &pending, tj_movement_refers_to(out->record)) ||
        pending.absent) {
        return;
    }
    if (pending.basis > out->basis) {
        out->basis = pending.basis;
    }
    for (uint32_t i = 0; i < pending.countersigner_count; i++) {
        tj_add_countersigner(out, pending.countersigners[i]);
    }
    TJ_VERIFY_CHECK(out->basis >= TJ_BASIS_DECLARED && out->basis <= TJ_BASIS_BROUGHT_IN);
    TJ_VERIFY_CHECK(out->countersigner_count >= pending.countersigner_count);
}

/* ---- approvals ---- */

void tj_approvers(const struct tj_state *state, uint8_t out[TJ_KEYS_MAX / 8],
                  const struct tj_header *header, const struct tj_slots *slots)
{
    memset(out, 0, TJ_KEYS_MAX / 8);
    for (uint32_t i = 0; i < slots->count; i++) {
        const struct tj_slot *slot = &slots->slots[i];
        uint8_t x32[32];
        if (slot->use != TJ_USE_SIGN || slot->party != header->party) {
            continue;
        }
        tj_public_key_x(&slot->key, x32);
        const struct tj_key_object *key = tj_state_find_key(state, x32);
        if (key != NULL && key->party == header->party && key->role == TJ_APPROVE) {
            out[key->ordinal / 8 % (TJ_KEYS_MAX / 8)] |= (uint8_t)(1u << key->ordinal % 8);
        }
    }
}

/* The entry's approvers are among those of the pending movement with this mark from now on. */
static void effect_approvals(struct tj_state *state, const struct tj_effect *effect, uint64_t mark)
{
    uint8_t keys[TJ_KEYS_MAX / 8];
    tj_approvers(state, keys, effect->header, effect->slots);
    if (tj_all_zero(keys, sizeof keys)) {
        return;
    }
    TJ_VERIFY_CHECK(!tj_state_exact(state) || mark < effect->marks);
    struct tj_approval_object *approval = tj_state_touch(state, TJ_T_APPROVAL, 0, mark);
    for (size_t i = 0; i < sizeof keys; i++) {
        approval->keys[i] |= keys[i];
    }
}

/* ---- what is posted: by move, post, correct ---- */

/* A party's holding answers what limits on a balance ask. What moves between two of its own
 * accounts changes neither side: an in and an out for each such movement would say that it had
 * traded. */
static void effect_holdings(struct tj_state *state, const struct tj_passage *p)
{
    uint32_t from = tj_account_party(tj_movement_from(p->record));
    uint32_t to = tj_account_party(tj_movement_to(p->record));
    bool from_holds = !tj_class_is_contra(p->from->class);
    bool to_holds = !tj_class_is_contra(p->to->class);
    uint64_t amount = tj_movement_amount(p->record).base;
    TJ_VERIFY_CHECK(!tj_state_exact(state) || p->from->asset == p->to->asset);
    if (tj_in_one_pocket(p->record, p->from, p->to)) {
        return;
    }
    if (from_holds) {
        struct tj_holding_object *holding =
            tj_state_touch(state, TJ_T_HOLDING, from, p->from->asset);
        holding->out += amount;
        TJ_VERIFY_CHECK(!tj_state_exact(state) || holding->out >= amount);
    }
    if (to_holds) {
        struct tj_holding_object *holding = tj_state_touch(state, TJ_T_HOLDING, to, p->to->asset);
        holding->in += amount;
        TJ_VERIFY_CHECK(!tj_state_exact(state) || holding->in >= amount);
    }
}

/* What the judge of the limit found used before, and this movement: nothing else. */
static void count_outflow(struct tj_state *state, const struct tj_passage *p, uint64_t holder)
{
    size_t step = 0;
    uint32_t number;
    const struct tj_rule_object *rule;
    while ((rule = tj_next_rule(state, &step, &number, holder, p->id, p->received_ns)) != NULL) {
        if (!tj_limits_outflow(rule, p)) {
            continue;
        }
        struct tj_rule_object *counting = tj_state_touch(state, TJ_T_RULE, 0, number);
        if (counting == rule) { /* else a redo, and it is counted already; or no memory */
            TJ_VERIFY_ONLY const uint64_t used =
                TJ_VERIFYING ? tj_window_used(rule, p->received_ns) : 0;
            *tj_window_sum(counting, p->received_ns) += tj_movement_amount(p->record).base;
            TJ_VERIFY_CHECK(!tj_state_exact(state) ||
                            tj_window_used(rule, p->received_ns) ==
                                used + tj_movement_amount(p->record).base);
        }
    }
}

static void note_breach(uint64_t *count, uint64_t *first, uint64_t *last, uint64_t id)
{
    if (*count == 0) {
        *first = id;
    }
    *last = id;
    ++*count;
}

/* A programme that only watches counts as well, and notes what broke it: a report says it. One that
 * is enforced was asked by its judge before, with the same functions. In a redo the rule's object
 * may have counted this movement already: then a scratch object is given, and nothing is counted.
 */
static void count_programmes(struct tj_state *state, const struct tj_passage *p)
{
    size_t step = 0;
    uint32_t number;
    const struct tj_rule_object *rule;
    uint64_t asset = tj_programmes_of(p->from->asset);
    while ((rule = tj_next_rule(state, &step, &number, asset, p->id, p->received_ns)) != NULL) {
        struct tj_programme_change change;
        if (!tj_programme_change(rule, &change, p)) {
            continue;
        }
        struct tj_rule_object *counting = tj_state_touch(state, TJ_T_RULE, 0, number);
        if (counting != rule) {
            continue;
        }
        tj_programme_count(counting, p, &change);
        if (tj_programme_broken(counting, &change)) {
            struct tj_programme_sums *sums = &counting->programme;
            note_breach(&sums->breaches, &sums->breach_first, &sums->breach_last, p->id);
        }
    }
}

/* Below the asset's minimum, when there is one that runs. */
static bool breaks_minimum(const struct tj_state *state, const struct tj_asset_object *asset,
                           const struct tj_passage *p)
{
    if (asset->minimum_set == 0) {
        return false;
    }
    const struct tj_rule_object *minimum = tj_state_rule(state, asset->minimum_rule);
    TJ_VERIFY_CHECK(!tj_state_exact(state) ||
                    (minimum != NULL && minimum->type == TJ_PROGRAMME_MINIMUM));
    return minimum != NULL && tj_programme_runs(minimum, p->id, p->received_ns) &&
           tj_reserve_of(asset) < (tj_i128)minimum->amount;
}

static void count_reserve(struct tj_state *state, const struct tj_passage *p)
{
    uint64_t amount = tj_movement_amount(p->record).base;
    struct tj_asset_object *asset = tj_state_touch(state, TJ_T_ASSET, 0, p->from->asset);
    if (p->from->class != TJ_CLASS_RESERVE) {
        asset->reserve_in += amount;
        return;
    }
    asset->reserve_out += amount;
    TJ_VERIFY_CHECK(!tj_state_exact(state) || asset->reserve_out >= amount);
    if (breaks_minimum(state, asset, p)) {
        note_breach(&asset->breaches, &asset->breach_first, &asset->breach_last, p->id);
    }
}

/* What is counted beyond the two accounts. Most ledgers have no rule, and most accounts and parties
 * none that names them: the flags that say so keep a movement from looking through an index. */
static void effect_posted(struct tj_state *state, const struct tj_effect *effect,
                          const struct tj_passage *p)
{
    uint64_t from = tj_movement_from(p->record);
    effect_holdings(state, p);
    if (tj_crosses_reserve(p->from, p->to)) {
        count_reserve(state, p);
        if (effect->rules) {
            count_programmes(state, p);
        }
    }
    if (!effect->rules) {
        return;
    }
    if ((p->from->flags & TJ_ACCOUNT_RULED) != 0) {
        count_outflow(state, p, from);
    }
    if (tj_in_one_pocket(p->record, p->from, p->to)) {
        return;
    }
    uint64_t all = tj_account_id(tj_account_party(from), TJ_LOCAL_ALL);
    bool limited = (tj_state_party(state, tj_account_party(from))->ruled & TJ_PARTY_LIMITED) != 0;
    if (limited && tj_leaves(all, p)) {
        count_outflow(state, p, all);
    }
}

/* ---- movements ---- */

/* The amount is bound on both sides, and free again. */
static void bind_amount(TJ_VERIFY_ONLY const struct tj_state *state, const struct tj_motion *m)
{
    uint64_t amount = tj_movement_amount(m->p.record).base;
    m->from->pending_out += amount;
    m->to->pending_in += amount;
    TJ_VERIFY_CHECK(!tj_state_exact(state) ||
                    (m->from->pending_out >= amount && m->to->pending_in >= amount));
}

static void free_amount(TJ_VERIFY_ONLY const struct tj_state *state, const struct tj_motion *m)
{
    uint64_t amount = tj_movement_amount(m->p.record).base;
    TJ_VERIFY_CHECK(!tj_state_exact(state) ||
                    (m->from->pending_out >= amount && m->to->pending_in >= amount));
    m->from->pending_out -= amount;
    m->to->pending_in -= amount;
}

/* Of both accounts together: a movement leaves it as it is, so that all balances of an asset go on
 * adding up to zero (I2). */
TJ_VERIFY_ONLY static tj_i128 both_balances(const struct tj_motion *m)
{
    return (tj_i128)((tj_u128)tj_account_balance(m->from) + (tj_u128)tj_account_balance(m->to));
}

static void move_amount(TJ_VERIFY_ONLY const struct tj_state *state, const struct tj_motion *m)
{
    uint64_t amount = tj_movement_amount(m->p.record).base;
    TJ_VERIFY_ONLY const tj_i128 both = TJ_VERIFYING ? both_balances(m) : 0;
    m->from->out += amount;
    m->to->in += amount;
    TJ_VERIFY_CHECK(both_balances(m) == both);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || (m->from->out >= amount && m->to->in >= amount));
}

/* What was open is settled, once. */
static void settle_mark(struct tj_state *state, struct tj_effect *effect, const uint8_t *record,
                        uint64_t how)
{
    struct tj_mark_object *mark = touch_mark(state, effect, tj_movement_refers_to(record));
    TJ_VERIFY_CHECK(!tj_state_exact(state) || mark->value == (TJ_MARK_PENDING | TJ_MARK_OPEN));
    mark->value = TJ_MARK_PENDING | how;
}

void tj_effect_move(struct tj_state *state, struct tj_effect *effect, const struct tj_motion *m)
{
    TJ_VERIFY_CHECK(tj_record_kind(m->p.record) == TJ_MOVE);
    TJ_VERIFY_CHECK(effect->countersigned == tj_slots_countersigned(effect->slots));
    move_amount(state, m);
    add_total(state, &m->p, tj_basis_of(m->p.record, effect->countersigned));
}

void tj_effect_pending(struct tj_state *state, struct tj_effect *effect, const struct tj_motion *m)
{
    TJ_VERIFY_CHECK(tj_record_kind(m->p.record) == TJ_PENDING);
    TJ_VERIFY_ONLY const uint64_t number = effect->marks;
    bind_amount(state, m);
    touch_mark(state, effect, m->p.id)->value = TJ_MARK_PENDING | TJ_MARK_OPEN;
    TJ_VERIFY_CHECK(!tj_state_exact(state) || effect->marks == number + 1); /* a mark of its own */
    effect_approvals(state, effect, effect->marks - 1);
}

/* As well founded as the pending movement, when its own entry is not better. */
void tj_effect_post(struct tj_state *state, struct tj_effect *effect, const struct tj_motion *m)
{
    enum tj_basis basis = tj_basis_of(m->p.record, effect->countersigned);
    if (m->p.named->basis > basis) {
        basis = (enum tj_basis)m->p.named->basis;
    }
    TJ_VERIFY_CHECK(tj_record_kind(m->p.record) == TJ_POST);
    free_amount(state, m);
    move_amount(state, m);
    add_total(state, &m->p, basis);
    settle_mark(state, effect, m->p.record, TJ_MARK_POSTED);
}

void tj_effect_void(struct tj_state *state, struct tj_effect *effect, const struct tj_motion *m)
{
    TJ_VERIFY_CHECK(tj_record_kind(m->p.record) == TJ_VOID);
    free_amount(state, m);
    settle_mark(state, effect, m->p.record, TJ_MARK_VOIDED);
}

void tj_effect_correct(struct tj_state *state, struct tj_effect *effect, const struct tj_motion *m)
{
    TJ_VERIFY_CHECK(tj_record_kind(m->p.record) == TJ_CORRECT);
    move_amount(state, m);
    subtract_total(state, &m->p);
    struct tj_mark_object *mark = touch_mark(state, effect, tj_movement_refers_to(m->p.record));
    mark->value += tj_movement_amount(m->p.record).base;
    TJ_VERIFY_CHECK(!tj_state_exact(state) ||
                    mark->value <= tj_movement_amount(m->p.named->record).base);
}

void tj_effect_approval(struct tj_state *state, struct tj_effect *effect, const struct tj_motion *m)
{
    uint64_t mark;
    TJ_VERIFY_CHECK(tj_record_kind(m->p.record) == TJ_APPROVAL);
    if (tj_state_find_mark(state, &mark, tj_movement_refers_to(m->p.record)) != NULL) {
        effect_approvals(state, effect, mark);
    }
}

/* ---- any movement ---- */

/* Both accounts know it as their latest; the link keeps what was before. */
static void touch_accounts(struct tj_state *state, struct tj_motion *m, uint8_t *link)
{
    uint64_t from = tj_movement_from(m->p.record);
    uint64_t to = tj_movement_to(m->p.record);
    m->from = tj_state_touch_account(state, from);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || (from != to && m->from->latest < m->p.id));
    uint64_t from_previous = m->from->latest;
    m->from->latest = m->p.id;
    /* In a redo both may be the one scratch object; then neither is kept. */
    m->to = tj_state_touch_account(state, to);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || m->to->latest < m->p.id);
    if (link != NULL) {
        tj_link_encode(link, from_previous, m->to->latest);
    }
    m->to->latest = m->p.id;
    m->p.from = state->redo ? tj_state_account(state, from) : m->from;
    m->p.to = state->redo ? tj_state_account(state, to) : m->to;
}

bool tj_opening_is_open(const struct tj_state *state, uint32_t party)
{
    const struct tj_party_object *object = tj_state_party(state, party);
    return object != NULL && object->opening_closed == 0;
}

/* Who moves something in the ledger has begun: what it brings in after that it would have had
 * before. */
static void effect_opening(struct tj_state *state, struct tj_effect *effect, const uint8_t *record)
{
    uint8_t kind = tj_record_kind(record);
    bool moves = kind == TJ_MOVE || kind == TJ_PENDING || kind == TJ_CORRECT;
    if (effect->opening && moves && !tj_movement_opening(record)) {
        effect->opening = false;
        tj_close_opening(state, effect->header->party);
    }
}

/* The accounts are touched first, so that in one place a redo learns which of the two it may write;
 * what a kind does to them comes next; and what rules count last, when it is known who vouches.
 * That is asked only of what crosses the reserve: it costs a look at each countersigner. */
void tj_effect_movement(struct tj_state *state, struct tj_effect *effect,
                        tj_movement_effect *of_kind, uint8_t *link, uint32_t position,
                        const uint8_t record[TJ_RECORD_SIZE])
{
    uint8_t kind = tj_record_kind(record);
    struct tj_named named = {.absent = false};
    struct tj_motion m = {.p = {.record = record,
                                .id = tj_record_id(effect->entry, position),
                                .received_ns = effect->received_ns}};
    touch_accounts(state, &m, link);
    effect_opening(state, effect, record);
    if (tj_kind_posts(kind) && tj_kind_names(kind)) {
        bool found =
            effect->past->record(effect->past->context, &named, tj_movement_refers_to(record));
        TIJORI_REQUIRE(found);
        m.p.named = &named;
    }
    of_kind(state, effect, &m);
    if (!tj_kind_posts(kind)) {
        return;
    }
    if (tj_crosses_reserve(m.p.from, m.p.to)) {
        m.p.vouched = tj_vouched(state, record, effect->slots, m.p.named);
        m.p.named_vouched = m.p.named != NULL && tj_named_vouched(state, m.p.named);
    }
    effect_posted(state, effect, &m.p);
}

/* ---- any record ---- */

void tj_effect_absent(struct tj_state *state, struct tj_effect *effect,
                      const uint8_t record[TJ_RECORD_SIZE])
{
    uint64_t named = tj_movement_refers_to(record);
    TJ_VERIFY_CHECK(state->partial);
    effect_opening(state, effect, record);
    if (tj_record_kind(record) == TJ_POST) {
        touch_mark(state, effect, named)->value = TJ_MARK_PENDING | TJ_MARK_POSTED;
    }
    if (tj_record_kind(record) == TJ_VOID) {
        touch_mark(state, effect, named)->value = TJ_MARK_PENDING | TJ_MARK_VOIDED;
    }
}

void tj_effect_begin(const struct tj_state *state, struct tj_effect *out,
                     const struct tj_past *past, uint64_t index, uint64_t received_ns,
                     const struct tj_header *header, const struct tj_slots *slots,
                     const struct tj_hash *envelope_id)
{
    const struct tj_ledger_object *ledger = tj_state_ledger(state);
    *out = (struct tj_effect){
        .entry = index,
        .received_ns = received_ns,
        .header = header,
        .slots = slots,
        .envelope_id = envelope_id,
        .past = past,
        .countersigned = tj_slots_countersigned(slots),
        .rules = ledger != NULL && ledger->rules_set != 0,
        .opening = tj_opening_is_open(state, header->party),
        .marks = ledger != NULL ? ledger->marks : 0,
    };
}

void tj_effect_end(struct tj_state *state, const struct tj_effect *effect)
{
    const struct tj_ledger_object *ledger = tj_state_ledger(state);
    TJ_VERIFY_CHECK(!tj_state_exact(state) || ledger->marks <= effect->marks);
    if (ledger != NULL && ledger->marks != effect->marks) {
        struct tj_ledger_object *counting = tj_state_touch(state, TJ_T_LEDGER, 0, 0);
        counting->marks = effect->marks;
    }
}
