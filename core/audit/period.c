#include "core/audit/period.h"

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

/* Room for one more. */
static void *more(void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity) {
        return array;
    }
    *capacity = *capacity * 2 + 64;
    array = realloc(array, *capacity * size);
    TIJORI_REQUIRE(array != NULL);
    return array;
}
#define ADD(array, count, capacity)                                                                \
    ((array) = more((array), (count), &(capacity), sizeof *(array)), &(array)[(count)++])

struct tj_period *tj_period_create(uint32_t from, uint32_t as_of)
{
    struct tj_period *p = calloc(1, sizeof *p);
    TIJORI_REQUIRE(p != NULL);
    p->from = from;
    p->as_of = as_of;
    p->work = calloc(1, sizeof *p->work);
    TIJORI_REQUIRE(p->work != NULL);
    p->figures = tj_figures_create();
    return p;
}

void tj_period_destroy(struct tj_period *p)
{
    if (p == NULL) {
        return;
    }
    for (size_t i = 0; i < p->work->label_count; i++) {
        free(p->work->labels[i].text);
    }
    free(p->work->labels);
    free(p->work->openings);
    free(p->work->slots);
    free(p->work);
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

static void grow_slots(struct tj_period *p)
{
    struct tj_period_work *w = p->work;
    free(w->slots);
    w->slot_capacity = w->slot_capacity == 0 ? 1024 : w->slot_capacity * 2;
    w->slots = calloc(w->slot_capacity, sizeof *w->slots);
    TIJORI_REQUIRE(w->slots != NULL);
    for (size_t i = 0; i < p->flow_count; i++) {
        w->slots[slot_of(p, p->flows[i].account, p->flows[i].purpose)] = (uint32_t)i + 1;
    }
}

static struct tj_period_flow *flow_of(struct tj_period *p, uint64_t account, uint8_t purpose)
{
    struct tj_period_work *w = p->work;
    if (p->flow_count * 2 >= w->slot_capacity) {
        grow_slots(p);
    }
    size_t at = slot_of(p, account, purpose);
    if (w->slots[at] == 0) {
        TIJORI_REQUIRE(p->flow_count < UINT32_MAX);
        struct tj_period_flow *flow = ADD(p->flows, p->flow_count, w->flow_capacity);
        *flow = (struct tj_period_flow){.account = account, .purpose = purpose};
        w->slots[at] = (uint32_t)p->flow_count;
    }
    return &p->flows[w->slots[at] - 1];
}

static void count_flows(struct tj_period *p, const uint8_t *record)
{
    uint8_t kind = record[0];
    if (!tj_kind_posts(kind)) {
        return;
    }
    uint8_t purpose = kind == TJ_CORRECT ? TJ_CORRECTION : tj_movement_purpose(record);
    uint64_t amount = tj_movement_amount(record).base;
    struct tj_period_flow *flow = flow_of(p, tj_movement_from(record), purpose);
    flow->out += amount;
    flow->count++;
    flow = flow_of(p, tj_movement_to(record), purpose);
    flow->in += amount;
    flow->count++;
}

/* ---- single records ---- */

static void note_correction(struct tj_period *p, const struct tj_past *past, uint64_t id,
                            uint64_t received_ns, uint32_t asset, const uint8_t *record)
{
    struct tj_named named = {.absent = true};
    if (!past->record(past->context, tj_movement_refers_to(record), &named) || named.absent) {
        return;
    }
    uint32_t stated = tj_figures_stated(p->figures, asset);
    struct tj_period_record *correction =
        ADD(p->corrections, p->correction_count, p->work->correction_capacity);
    *correction = (struct tj_period_record){
        .id = id,
        .received_ns = received_ns,
        .refers_to = tj_movement_refers_to(record),
        .refers_to_ns = named.received_ns,
        .prior = stated != 0 && tj_day_of(named.received_ns) <= stated,
    };
    memcpy(correction->record, record, TJ_RECORD_SIZE);
}

/* The newest that a party attested of an asset takes the place of the one before. */
static void note_attested(struct tj_period *p, uint64_t id, const uint8_t *record)
{
    struct tj_record r;
    struct tj_period_attested *found = NULL;
    tj_record_decode(record, &r);
    for (size_t i = 0; i < p->attested_count && found == NULL; i++) {
        bool same = p->attested[i].party == r.party && p->attested[i].asset == r.asset;
        found = same ? &p->attested[i] : NULL;
    }
    if (found == NULL) {
        found = ADD(p->attested, p->attested_count, p->work->attested_capacity);
    }
    *found =
        (struct tj_period_attested){r.party, r.asset, r.as_of, tj_statement_value(r.value), id};
}

static void note_stated(struct tj_period *p, uint64_t entry, const uint8_t *record)
{
    struct tj_record r;
    tj_record_decode(record, &r);
    if (r.period_from != p->from || r.as_of != p->as_of || r.figure == TJ_FIGURE_ATTESTED) {
        return;
    }
    if (p->stated_count == 0 || p->stated[p->stated_count - 1].entry != entry) {
        struct tj_period_stated *stated = ADD(p->stated, p->stated_count, p->work->stated_capacity);
        *stated = (struct tj_period_stated){.entry = entry, .document = r.document};
    }
    p->stated[p->stated_count - 1].figures++;
}

static void note_label(struct tj_period *p, const uint8_t *record)
{
    struct tj_record r;
    tj_record_decode(record, &r);
    if (r.label[0] == '\0') {
        return;
    }
    struct label *label = ADD(p->work->labels, p->work->label_count, p->work->label_capacity);
    *label = (struct label){r.account, strdup(r.label)};
    TIJORI_REQUIRE(label->text != NULL);
}

/* ---- the beginning and the end ---- */

static bool add_openings(void *context, const struct tj_block *block)
{
    struct tj_period *p = context;
    if (block->table != TJ_T_ACCOUNT) {
        return true;
    }
    const struct tj_account_object *accounts = (const void *)block->content;
    uint32_t shift = tj_table_shapes[TJ_T_ACCOUNT].shift;
    for (uint32_t i = 0; i < 1u << shift; i++) {
        if (accounts[i].class != 0 && tj_account_balance(&accounts[i]) != 0) {
            struct opening *opening =
                ADD(p->work->openings, p->work->opening_count, p->work->opening_capacity);
            opening->account = tj_account_id(block->party, (block->number << shift) + i);
            opening->balance = tj_account_balance(&accounts[i]);
        }
    }
    return true;
}

static bool add_closings(void *context, const struct tj_block *block)
{
    struct tj_period *p = context;
    if (block->table != TJ_T_ACCOUNT) {
        return true;
    }
    const struct tj_account_object *accounts = (const void *)block->content;
    uint32_t shift = tj_table_shapes[TJ_T_ACCOUNT].shift;
    for (uint32_t i = 0; i < 1u << shift; i++) {
        if (accounts[i].class == 0) {
            continue;
        }
        struct tj_period_account *row =
            ADD(p->accounts, p->account_count, p->work->account_capacity);
        *row = (struct tj_period_account){
            .closing = tj_account_balance(&accounts[i]),
            .account = tj_account_id(block->party, (block->number << shift) + i),
            .pending_in = accounts[i].pending_in,
            .pending_out = accounts[i].pending_out,
            .asset = accounts[i].asset,
            .class = accounts[i].class,
            .flags = accounts[i].flags,
            .frozen_out = (accounts[i].flags & TJ_ACCOUNT_FROZEN_OUT) != 0,
        };
    }
    return true;
}

static int by_account(const void *a, const void *b)
{
    uint64_t x = ((const struct label *)a)->account;
    uint64_t y = ((const struct label *)b)->account;
    return x < y ? -1 : x > y;
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

static void *copies(size_t count, size_t size)
{
    void *array = calloc(count + 1, size);
    TIJORI_REQUIRE(array != NULL);
    return array;
}

static void freeze_parties(struct tj_period *p)
{
    bool *frozen = copies(p->ledger.parties, sizeof *frozen);
    for (uint32_t i = 0; i < p->ledger.rules_set; i++) {
        const struct tj_rule_object *rule = &p->rules[i];
        bool freezes = rule->set != 0 && rule->ended == 0 && rule->kind == TJ_SET_LIMIT &&
                       rule->type == TJ_LIMIT_FREEZE && (rule->directions & TJ_FREEZE_OUT) != 0;
        frozen[freezes ? tj_account_party(rule->holder) : p->ledger.parties] = freezes;
    }
    for (size_t a = 0; a < p->account_count; a++) {
        struct tj_period_account *row = &p->accounts[a];
        row->frozen_out |=
            frozen[tj_account_party(row->account)] && !tj_class_is_contra(row->class);
    }
    free(frozen);
}

/* What approves it as the keys are now: a revoked one does not count. */
static uint32_t count_approvals(const struct tj_state *state, uint64_t mark, uint32_t party)
{
    const struct tj_approval_object *approval = tj_state_peek(state, TJ_T_APPROVAL, 0, mark);
    uint32_t count = 0;
    for (uint32_t i = 0; approval != NULL && i < TJ_KEYS_MAX; i++) {
        if ((approval->keys[i / 8] >> i % 8 & 1) != 0) {
            const struct tj_key_object *key = tj_state_key(state, party, i);
            count += key != NULL && key->status == TJ_KEY_ACTIVE;
        }
    }
    return count;
}

static void add_pending(struct tj_period *p, const struct tj_state *state,
                        const struct tj_past *past)
{
    for (uint64_t i = 0; i < p->ledger.marks; i++) {
        const struct tj_mark_object *mark = tj_state_peek(state, TJ_T_MARK, 0, i);
        struct tj_named named = {.absent = true};
        if (mark == NULL || mark->value != (TJ_MARK_PENDING | TJ_MARK_OPEN) ||
            !past->record(past->context, mark->record, &named) || named.absent) {
            continue;
        }
        struct tj_period_record *pending =
            ADD(p->pending, p->pending_count, p->work->pending_capacity);
        uint32_t party = tj_account_party(tj_movement_from(named.record));
        *pending = (struct tj_period_record){.id = mark->record,
                                             .received_ns = named.received_ns,
                                             .approvals = count_approvals(state, i, party)};
        memcpy(pending->record, named.record, TJ_RECORD_SIZE);
    }
}

static void copy_objects(struct tj_period *p, const struct tj_state *state,
                         const struct tj_past *past)
{
    const struct tj_ledger_object *ledger = tj_state_ledger(state);
    p->ledger = *ledger;
    p->parties = copies(ledger->parties, sizeof *p->parties);
    p->assets = copies(ledger->assets + 1, sizeof *p->assets);
    p->rules = copies(ledger->rules_set, sizeof *p->rules);
    p->rule_names = copies(ledger->rules_set, sizeof *p->rule_names);
    for (uint32_t i = 0; i < ledger->parties; i++) {
        p->parties[i] = *tj_state_party(state, i);
    }
    for (uint32_t i = 1; i <= ledger->assets; i++) {
        p->assets[i] = *tj_state_asset(state, i);
    }
    for (uint32_t i = 0; i < ledger->rules_set; i++) {
        struct tj_named named = {.absent = true};
        p->rules[i] = *tj_state_rule(state, i);
        if (p->rules[i].kind == TJ_PROGRAMME &&
            past->record(past->context, p->rules[i].set, &named) && !named.absent) {
            struct tj_record r;
            tj_record_decode(named.record, &r);
            snprintf(p->rule_names[i], sizeof p->rule_names[i], "%s", r.name);
        }
    }
}

static void open_period(struct tj_period *p, const struct tj_state *state)
{
    p->opened = true;
    p->first_entry = p->entries;
    tj_state_visit(state, add_openings, p);
}

static void close_period(struct tj_period *p, const struct tj_state *state,
                         const struct tj_past *past, const struct tj_hash *last_leaf)
{
    p->closed = true;
    p->partial = state->partial;
    p->last_leaf = *last_leaf;
    copy_objects(p, state, past);
    tj_state_visit(state, add_closings, p);
    join_rows(p);
    freeze_parties(p);
    add_pending(p, state, past);
}

/* ---- as the replay passes ---- */

void tj_period_before(struct tj_period *p, const struct tj_state *state, const struct tj_past *past,
                      uint64_t received_ns, const struct tj_hash *last_leaf)
{
    uint32_t day = tj_day_of(received_ns);
    if (p->entries == 0 && p->from == 0) {
        p->from = day;
    }
    if (!p->opened && day >= p->from) {
        open_period(p, state);
    }
    if (!p->closed && day > p->as_of && p->entries > 0) {
        close_period(p, state, past, last_leaf);
    }
    p->closed |= day > p->as_of; /* a ledger that begins later has no such period */
}

void tj_period_entry(struct tj_period *p, const struct tj_state *state, const struct tj_past *past,
                     uint64_t index, uint64_t received_ns, const uint8_t *records, uint32_t count)
{
    for (uint32_t i = 0; records != NULL && !tj_kind_is_movement(records[0]) && i < count; i++) {
        const uint8_t *record = records + (size_t)i * TJ_RECORD_SIZE;
        if (record[0] == TJ_STATEMENT) {
            note_stated(p, index, record);
        }
    }
    if (p->closed) {
        return;
    }
    p->entries = index + 1;
    p->last_received_ns = received_ns;
    for (uint32_t i = 0; records != NULL && i < count; i++) {
        const uint8_t *record = records + (size_t)i * TJ_RECORD_SIZE;
        uint64_t id = tj_record_id(index, i);
        if (record[0] == TJ_OPEN_ACCOUNT) {
            note_label(p, record);
        }
        if (record[0] == TJ_STATEMENT &&
            TJ_GET(record, TJ_STATEMENT, figure) == TJ_FIGURE_ATTESTED) {
            note_attested(p, id, record);
        }
        if (!p->opened || !tj_kind_is_movement(record[0])) {
            continue;
        }
        count_flows(p, record);
        if (record[0] == TJ_CORRECT) {
            uint32_t asset = tj_state_account(state, tj_movement_from(record))->asset;
            note_correction(p, past, id, received_ns, asset, record);
        }
    }
    if (records != NULL) {
        tj_figures_entry(p->figures, state, past, received_ns, records, count);
    }
}

void tj_period_end(struct tj_period *p, const struct tj_state *state, const struct tj_past *past,
                   const struct tj_hash *last_leaf)
{
    if (p->entries == 0) {
        return; /* nothing was sound */
    }
    if (!p->opened) {
        open_period(p, state);
    }
    if (!p->closed) {
        close_period(p, state, past, last_leaf);
    }
}
