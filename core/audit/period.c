#include "core/audit/period.h"

#include "core/rules/account_walk.h"
#include "core/rules/signing.h"
#include "core/base/memory.h"

struct opening {
    uint64_t account;
    tj_i128 balance;
};
struct label {
    uint64_t account;
    char *text;
};

/* While it is collected. */
struct tj_period_work {
    struct opening *openings; /* by account: the state is visited in that order */
    size_t opening_count, opening_capacity;
    struct label *labels;
    size_t label_count, label_capacity;
    size_t account_capacity, flow_capacity, pending_capacity, correction_capacity,
        attested_capacity, stated_capacity;
    uint32_t *slots; /* flows by (account, purpose): index plus one; at most half full */
    size_t slot_capacity;
};

/* One more item at the end of an array that grows; NULL when memory is out. */
#define ADD(array, count, capacity)                                                                \
    (tj_grow(&(array), &(capacity), (count) + 1, sizeof *(array)) ? &(array)[(count)++] : NULL)

struct tj_period *tj_period_create(uint32_t from, uint32_t as_of)
{
    struct tj_period *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return NULL;
    }
    p->from = from;
    p->as_of = as_of;
    p->work = calloc(1, sizeof *p->work);
    p->figures = tj_figures_create();
    if (p->work == NULL || p->figures == NULL) {
        tj_period_destroy(p);
        return NULL;
    }
    return p;
}

static void destroy_work(struct tj_period_work *w)
{
    if (w == NULL) {
        return;
    }
    for (size_t i = 0; i < w->label_count; i++) {
        free(w->labels[i].text);
    }
    free(w->labels);
    free(w->openings);
    free(w->slots);
    free(w);
}

void tj_period_destroy(struct tj_period *p)
{
    if (p == NULL) {
        return;
    }
    destroy_work(p->work);
    free(p->parties);
    free(p->assets);
    free(p->rules);
    free(p->rule_names);
    free(p->accounts);
    free(p->flows);
    free(p->pending);
    free(p->corrections);
    free(p->attested);
    free(p->stated);
    tj_figures_destroy(p->figures);
    free(p);
}

/* ---- flows ---- */

static size_t slot_of(const struct tj_period *p, uint64_t account, uint8_t purpose)
{
    const struct tj_period_work *w = p->work;
    uint64_t mixed = (account * 16 + purpose) * UINT64_C(0x9e3779b97f4a7c15);
    size_t at = (size_t)(mixed >> 20) & (w->slot_capacity - 1);
    while (w->slots[at] != 0) {
        const struct tj_period_flow *flow = &p->flows[w->slots[at] - 1];
        if (flow->account == account && flow->purpose == purpose) {
            break;
        }
        at = (at + 1) & (w->slot_capacity - 1);
    }
    return at;
}

static bool grow_slots(struct tj_period *p)
{
    struct tj_period_work *w = p->work;
    size_t capacity = w->slot_capacity * 2;
    if (capacity == 0) {
        capacity = 1024;
    }
    uint32_t *slots = calloc(capacity, sizeof *slots);
    if (slots == NULL) {
        return false;
    }
    free(w->slots);
    w->slots = slots;
    w->slot_capacity = capacity;
    for (size_t i = 0; i < p->flow_count; i++) {
        w->slots[slot_of(p, p->flows[i].account, p->flows[i].purpose)] = (uint32_t)i + 1;
    }
    return true;
}

/* NULL when memory is out. */
static struct tj_period_flow *flow_of(struct tj_period *p, uint64_t account, uint8_t purpose)
{
    struct tj_period_work *w = p->work;
    bool full = p->flow_count * 2 >= w->slot_capacity;
    if (full && !grow_slots(p)) {
        return NULL;
    }
    size_t at = slot_of(p, account, purpose);
    if (w->slots[at] != 0) {
        return &p->flows[w->slots[at] - 1];
    }
    if (p->flow_count == UINT32_MAX - 1) {
        return NULL; /* no machine has the memory, and a slot has no such number */
    }
    struct tj_period_flow *flow = ADD(p->flows, p->flow_count, w->flow_capacity);
    if (flow != NULL) {
        *flow = (struct tj_period_flow){.account = account, .purpose = purpose};
        w->slots[at] = (uint32_t)p->flow_count;
    }
    return flow;
}

static bool count_flows(struct tj_period *p, const struct tj_posting *posting)
{
    struct tj_period_flow *flow = flow_of(p, posting->from, posting->purpose);
    if (flow == NULL) {
        return false;
    }
    flow->out += posting->amount;
    flow->count++;
    flow = flow_of(p, posting->to, posting->purpose);
    if (flow == NULL) {
        return false;
    }
    flow->in += posting->amount;
    flow->count++;
    return true;
}

/* ---- single records ---- */

/* It is settled now whether this corrects a prior period. A statement that comes later does not
 * change that. */
static bool note_correction(struct tj_period *p, const struct tj_past *past,
                            const struct tj_posting *posting)
{
    struct tj_named named = {.absent = true};
    uint64_t refers_to = tj_movement_refers_to(posting->record);
    if (!past->record(past->context, &named, refers_to) || named.absent) {
        return true;
    }
    uint32_t stated = tj_figures_stated(p->figures, posting->asset);
    struct tj_period_record *correction =
        ADD(p->corrections, p->correction_count, p->work->correction_capacity);
    TJ_VERIFY_CHECK(refers_to < posting->id && named.received_ns <= posting->received_ns);
    if (correction == NULL) {
        return false;
    }
    *correction = (struct tj_period_record){
        .id = posting->id,
        .received_ns = posting->received_ns,
        .refers_to = refers_to,
        .refers_to_ns = named.received_ns,
        .prior = stated != 0 && tj_day_of(named.received_ns) <= stated,
    };
    memcpy(correction->record, posting->record, TJ_RECORD_SIZE);
    return true;
}

bool tj_period_post(struct tj_period *p, const struct tj_past *past,
                    const struct tj_posting *posting)
{
    if (p->closed || !p->opened) {
        return true;
    }
    TJ_VERIFY_CHECK(posting->day >= p->from && posting->day <= p->as_of);
    return count_flows(p, posting) && (!posting->corrects || note_correction(p, past, posting));
}

static struct tj_period_attested *attested_of(struct tj_period *p, uint32_t party, uint32_t asset)
{
    for (size_t i = 0; i < p->attested_count; i++) {
        if (p->attested[i].party == party && p->attested[i].asset == asset) {
            return &p->attested[i];
        }
    }
    return ADD(p->attested, p->attested_count, p->work->attested_capacity);
}

/* The newest that a party attested of an asset takes the place of the one before. */
static bool note_attested(struct tj_period *p, uint64_t id, const struct tj_record *r)
{
    struct tj_period_attested *attested = attested_of(p, r->party, r->asset);
    if (attested == NULL) {
        return false;
    }
    tj_i128 value = tj_statement_value(r->value);
    *attested = (struct tj_period_attested){r->party, r->asset, r->as_of, value, id};
    return true;
}

static bool note_stated(struct tj_period *p, uint64_t entry, const struct tj_record *r)
{
    if (r->period_from != p->from || r->as_of != p->as_of) {
        return true;
    }
    if (p->stated_count == 0 || p->stated[p->stated_count - 1].entry != entry) {
        struct tj_period_stated *stated = ADD(p->stated, p->stated_count, p->work->stated_capacity);
        if (stated == NULL) {
            return false;
        }
        *stated = (struct tj_period_stated){.entry = entry, .document = r->document};
    }
    TJ_VERIFY_CHECK(p->stated[p->stated_count - 1].entry == entry);
    p->stated[p->stated_count - 1].figures++;
    return true;
}

/* A statement about this period comes after the period's end, since a day is stated when it is
 * over. */
bool tj_period_state(struct tj_period *p, uint64_t id, const struct tj_record *statement)
{
    if (statement->figure != TJ_FIGURE_ATTESTED) {
        return note_stated(p, tj_record_entry(id), statement);
    }
    return p->closed || note_attested(p, id, statement);
}

bool tj_period_open_account(struct tj_period *p, const struct tj_record *opened)
{
    if (p->closed || opened->label[0] == '\0') {
        return true;
    }
    char *text = strdup(opened->label);
    if (text == NULL) {
        return false;
    }
    struct label *label = ADD(p->work->labels, p->work->label_count, p->work->label_capacity);
    if (label == NULL) {
        free(text);
        return false;
    }
    *label = (struct label){opened->account, text};
    return true;
}

/* ---- the beginning and the end ---- */

static bool add_opening(struct tj_period *p, uint64_t account,
                        const struct tj_account_object *object)
{
    if (tj_account_balance(object) == 0) {
        return true;
    }
    struct opening *opening =
        ADD(p->work->openings, p->work->opening_count, p->work->opening_capacity);
    if (opening == NULL) {
        return false;
    }
    *opening = (struct opening){.account = account, .balance = tj_account_balance(object)};
    return true;
}

/* In order of account numbers, so that a row is found by halving. */
static bool add_closing(struct tj_period *p, uint64_t account,
                        const struct tj_account_object *object)
{
    TJ_VERIFY_CHECK(p->account_count == 0 || p->accounts[p->account_count - 1].account < account);
    struct tj_period_account *row = ADD(p->accounts, p->account_count, p->work->account_capacity);
    if (row == NULL) {
        return false;
    }
    *row = (struct tj_period_account){
        .closing = tj_account_balance(object),
        .account = account,
        .pending_in = object->pending_in,
        .pending_out = object->pending_out,
        .asset = object->asset,
        .class = object->class,
        .flags = object->flags,
        .frozen_out = (object->flags & TJ_ACCOUNT_FROZEN_OUT) != 0,
        .encumbrance = object->encumbrance,
    };
    return true;
}

static int by_account(const void *a, const void *b)
{
    uint64_t x = ((const struct label *)a)->account;
    uint64_t y = ((const struct label *)b)->account;
    if (x < y) {
        return -1;
    }
    return x > y;
}

struct tj_period_account *tj_period_row(const struct tj_period *p, uint64_t account)
{
    size_t low = 0;
    size_t high = p->account_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (p->accounts[middle].account < account) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    TIJORI_REQUIRE(low < p->account_count && p->accounts[low].account == account);
    return &p->accounts[low];
}

static void join_rows(struct tj_period *p)
{
    struct tj_period_work *w = p->work;
    if (w->label_count > 0) {
        qsort(w->labels, w->label_count, sizeof *w->labels, by_account);
    }
    for (size_t i = 0; i < w->label_count; i++) {
        tj_period_row(p, w->labels[i].account)->label = w->labels[i].text;
    }
    for (size_t i = 0; i < w->opening_count; i++) {
        tj_period_row(p, w->openings[i].account)->opening = w->openings[i].balance;
    }
    /* From the last on, so that an account's flows stand in the order of the first. */
    for (size_t i = p->flow_count; i > 0; i--) {
        struct tj_period_account *row = tj_period_row(p, p->flows[i - 1].account);
        p->flows[i - 1].next = row->flow;
        row->flow = (uint32_t)i;
    }
}

/* Zeroed, with one item more than asked for: the array of none is there too. */
static void *copies(size_t count, size_t size)
{
    return calloc(count + 1, size);
}

/* A rule that freezes a party freezes all its accounts, so that a statement says of each what its
 * holder would: nothing may leave it. Parties are marked first, since there may be many accounts
 * and many rules. */
static bool freeze_parties(struct tj_period *p)
{
    bool *frozen = copies(p->ledger.parties, sizeof *frozen);
    if (frozen == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < p->ledger.rules_set; i++) {
        const struct tj_rule_object *rule = &p->rules[i];
        bool in_force = tj_rule_in_force(rule, UINT64_MAX, tj_period_last_ns(p));
        bool freezes = rule->kind == TJ_SET_LIMIT && rule->type == TJ_LIMIT_FREEZE &&
                       (rule->directions & TJ_FREEZE_OUT) != 0;
        if (in_force && freezes) {
            frozen[tj_account_party(rule->holder)] = true;
        }
    }
    for (size_t a = 0; a < p->account_count; a++) {
        struct tj_period_account *row = &p->accounts[a];
        row->frozen_out |=
            frozen[tj_account_party(row->account)] && !tj_class_is_contra(row->class);
    }
    free(frozen);
    return true;
}

/* What approves it as the keys are now: a revoked one does not count. */
static uint32_t count_approvals(const struct tj_state *state, uint64_t pending, uint32_t party)
{
    struct tj_key_set approved;
    uint32_t groups;
    tj_approved_before(state, &approved, pending);
    return tj_count_approvals(state, &groups, &approved, party);
}

static bool add_pending(struct tj_period *p, const struct tj_state *state, uint64_t record,
                        const struct tj_named *named)
{
    struct tj_period_record *pending = ADD(p->pending, p->pending_count, p->work->pending_capacity);
    if (pending == NULL) {
        return false;
    }
    uint32_t party = tj_account_party(tj_movement_from(named->record));
    *pending = (struct tj_period_record){.id = record,
                                         .received_ns = named->received_ns,
                                         .approvals = count_approvals(state, record, party)};
    memcpy(pending->record, named->record, TJ_RECORD_SIZE);
    return true;
}

static bool add_open_marks(struct tj_period *p, const struct tj_state *state,
                           const struct tj_past *past)
{
    for (uint64_t i = 0; i < p->ledger.marks; i++) {
        const struct tj_mark_object *mark = tj_state_peek(state, TJ_T_MARK, 0, i);
        struct tj_named named = {.absent = true};
        if (mark == NULL || mark->value != (TJ_MARK_PENDING | TJ_MARK_OPEN)) {
            continue;
        }
        if (!past->record(past->context, &named, mark->record) || named.absent) {
            continue; /* in a body that is not here */
        }
        if (!add_pending(p, state, mark->record, &named)) {
            return false;
        }
    }
    return true;
}

/* A programme's name stands in the record that set it alone. */
static void copy_rule_name(struct tj_period *p, const struct tj_past *past, uint32_t number)
{
    struct tj_named named = {.absent = true};
    struct tj_record r;
    if (p->rules[number].kind != TJ_PROGRAMME) {
        return;
    }
    if (past->record(past->context, &named, p->rules[number].set) && !named.absent) {
        tj_record_decode(&r, named.record);
        snprintf(p->rule_names[number], sizeof p->rule_names[number], "%s", r.name);
    }
}

/* Copies, since the replay goes on and the state with it, and the statement is written when the
 * replay is over. */
static bool copy_objects(struct tj_period *p, const struct tj_state *state,
                         const struct tj_past *past)
{
    const struct tj_ledger_object *ledger = tj_state_ledger(state);
    p->ledger = *ledger;
    p->parties = copies(ledger->parties, sizeof *p->parties);
    p->assets = copies(ledger->assets + 1, sizeof *p->assets);
    p->rules = copies(ledger->rules_set, sizeof *p->rules);
    p->rule_names = copies(ledger->rules_set, sizeof *p->rule_names);
    if (p->parties == NULL || p->assets == NULL || p->rules == NULL || p->rule_names == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < ledger->parties; i++) {
        p->parties[i] = *tj_state_party(state, i);
    }
    for (uint32_t i = 1; i <= ledger->assets; i++) {
        p->assets[i] = *tj_state_asset(state, i);
    }
    for (uint32_t i = 0; i < ledger->rules_set; i++) {
        p->rules[i] = *tj_state_rule(state, i);
        copy_rule_name(p, past, i);
    }
    return true;
}

static bool open_period(struct tj_period *p, const struct tj_state *state)
{
    TJ_VERIFY_CHECK(p->flow_count == 0 && p->work->opening_count == 0);
    p->opened = true;
    p->first_entry = p->entries;
    for (struct tj_account_walk walk = {.state = state}; tj_account_next(&walk);) {
        if (!add_opening(p, walk.account, walk.object)) {
            return false;
        }
    }
    return true;
}

#ifdef TIJORI_VERIFY
/* For every account: the opening is from the state before the period. With what the records moved
 * it must give the closing, which is from the state after the period. */
static bool flows_explain_balances(const struct tj_period *p)
{
    for (size_t i = 0; i < p->account_count; i++) {
        tj_i128 sum = p->accounts[i].opening;
        for (uint32_t at = p->accounts[i].flow; at != 0; at = p->flows[at - 1].next) {
            sum += (tj_i128)(p->flows[at - 1].in - p->flows[at - 1].out);
        }
        if (sum != p->accounts[i].closing) {
            return false;
        }
    }
    return true;
}
#endif

static bool close_period(struct tj_period *p, const struct tj_state *state,
                         const struct tj_past *past, const struct tj_hash *last_leaf)
{
    p->closed = true;
    p->partial = state->partial;
    p->last_leaf = *last_leaf;
    if (!copy_objects(p, state, past)) {
        return false;
    }
    for (struct tj_account_walk walk = {.state = state}; tj_account_next(&walk);) {
        if (!add_closing(p, walk.account, walk.object)) {
            return false;
        }
    }
    join_rows(p);
    TJ_VERIFY_CHECK(flows_explain_balances(p));
    return freeze_parties(p) && add_open_marks(p, state, past);
}

/* ---- as the replay passes ---- */

/* The state is looked at before the first entry of a later day, and not after the last entry of the
 * period. Only the next entry tells which one was the last. */
bool tj_period_before(struct tj_period *p, const struct tj_state *state, const struct tj_past *past,
                      uint64_t received_ns, const struct tj_hash *last_leaf)
{
    uint32_t day = tj_day_of(received_ns);
    if (p->entries == 0 && p->from == 0) {
        p->from = day;
    }
    bool begins = !p->opened && day >= p->from;
    if (begins && !open_period(p, state)) {
        return false;
    }
    bool ends = !p->closed && day > p->as_of;
    if (ends && p->entries > 0 && !close_period(p, state, past, last_leaf)) {
        return false;
    }
    p->closed |= day > p->as_of; /* a ledger that begins later has no such period */
    return true;
}

void tj_period_entry(struct tj_period *p, uint64_t index, uint64_t received_ns)
{
    if (!p->closed) {
        TJ_VERIFY_CHECK(index == p->entries);
        p->entries = index + 1;
        p->last_received_ns = received_ns;
    }
}

bool tj_period_end(struct tj_period *p, const struct tj_state *state, const struct tj_past *past,
                   const struct tj_hash *last_leaf)
{
    if (p->entries == 0) {
        return true; /* nothing was sound */
    }
    if (!p->opened && !open_period(p, state)) {
        return false;
    }
    return p->closed || close_period(p, state, past, last_leaf);
}
