#include "core/audit/figures.h"

#include "core/base/memory.h"

/* The kinds of series that are kept, each from the first day on. Amounts in and out are sums; the
 * others are values as they stand. */
enum series_kind {
    RESERVE = 1,
    INFLOW,
    OUTFLOW,
    CUSTOMERS,
    COUNTED,
    UNCLASSIFIED,
    BREACHES,
    ADJUSTED,
    BROUGHT_IN, /* net; of each purpose, and of all: purpose 0 */
    STATED,     /* the newest day that a statement was about */
    MISSING,    /* 1 from the day of the first body that is not there */
};

struct point {
    uint32_t day;
    tj_i128 value;
};
struct series {
    uint64_t name; /* kind << 56 | asset << 32 | purpose, party or rule; 0: an empty slot */
    struct point *points;
    size_t count;
    size_t capacity;
};

struct tj_figures {
    struct series *slots; /* open addressing, at most half full */
    size_t capacity;
    size_t count;
};

static uint64_t name_of(enum series_kind kind, uint32_t asset, uint32_t of)
{
    return (uint64_t)kind << 56 | (uint64_t)asset << 32 | of;
}

struct tj_figures *tj_figures_create(void)
{
    return calloc(1, sizeof(struct tj_figures));
}

void tj_figures_destroy(struct tj_figures *figures)
{
    if (figures == NULL) {
        return;
    }
    for (size_t i = 0; i < figures->capacity; i++) {
        free(figures->slots[i].points);
    }
    free(figures->slots);
    free(figures);
}

/* ---- series ---- */

static size_t slot_of(const struct tj_figures *figures, uint64_t name)
{
    uint64_t mixed = name * UINT64_C(0x9e3779b97f4a7c15);
    size_t at = (size_t)(mixed >> 32) & (figures->capacity - 1);
    TJ_VERIFY_CHECK((figures->capacity & (figures->capacity - 1)) == 0);
    while (figures->slots[at].name != 0 && figures->slots[at].name != name) {
        at = (at + 1) & (figures->capacity - 1);
    }
    return at;
}

/* The table is never more than half full, so that a search soon meets an empty slot. */
static bool make_room_for_a_series(struct tj_figures *figures)
{
    if (figures->count * 2 < figures->capacity) {
        return true;
    }
    struct tj_figures more = {.capacity = figures->capacity * 2};
    if (more.capacity == 0) {
        more.capacity = 64;
    }
    more.slots = calloc(more.capacity, sizeof *more.slots);
    if (more.slots == NULL) {
        return false;
    }
    more.count = figures->count;
    for (size_t i = 0; i < figures->capacity; i++) {
        if (figures->slots[i].name != 0) {
            more.slots[slot_of(&more, figures->slots[i].name)] = figures->slots[i];
        }
    }
    free(figures->slots);
    *figures = more;
    return true;
}

static const struct series *find(const struct tj_figures *figures, uint64_t name)
{
    if (figures->capacity == 0) {
        return NULL;
    }
    const struct series *found = &figures->slots[slot_of(figures, name)];
    if (found->name != 0) {
        return found;
    }
    return NULL;
}

static tj_i128 newest(const struct tj_figures *figures, uint64_t name)
{
    const struct series *series = find(figures, name);
    if (series == NULL) {
        return 0;
    }
    return series->points[series->count - 1].value;
}

/* At the end of that day. */
static tj_i128 value_at(const struct tj_figures *figures, uint64_t name, uint32_t day)
{
    const struct series *series = find(figures, name);
    size_t low = 0;
    if (series == NULL) {
        return 0;
    }
    size_t high = series->count;
    while (low < high) { /* before `low`: that day or earlier; from `high` on: later */
        size_t middle = low + (high - low) / 2;
        if (series->points[middle].day <= day) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0) {
        return 0;
    }
    return series->points[low - 1].value;
}

/* An empty series goes into the table only when it has room for a point. When memory is out, the
 * table is thus as it was. */
bool tj_figures_put(struct tj_figures *figures, uint64_t name, uint32_t day, tj_i128 value)
{
    TIJORI_REQUIRE(name != 0);
    if (!make_room_for_a_series(figures)) {
        return false;
    }
    TJ_VERIFY_CHECK(figures->count * 2 <= figures->capacity);
    struct series *series = &figures->slots[slot_of(figures, name)];
    size_t count = series->count;
    if (count > 0 && series->points[count - 1].day >= day) {
        TJ_VERIFY_CHECK(series->points[count - 1].day == day); /* a day that is over stays */
        series->points[count - 1].value = value;
        return true;
    }
    if (!tj_grow(&series->points, &series->capacity, count + 1, sizeof *series->points)) {
        return false;
    }
    figures->count += series->name == 0;
    series->name = name;
    series->points[series->count++] = (struct point){day, value};
    return true;
}

static bool set(struct tj_figures *figures, uint64_t name, uint32_t day, tj_i128 value)
{
    return newest(figures, name) == value || tj_figures_put(figures, name, day, value);
}

void tj_figures_visit(const struct tj_figures *figures, tj_figures_visitor *visit, void *context)
{
    for (size_t i = 0; i < figures->capacity; i++) {
        const struct series *series = &figures->slots[i];
        for (size_t p = 0; p < series->count; p++) {
            visit(context, series->name, series->points[p].day, series->points[p].value);
        }
    }
}

/* ---- counting ---- */

uint32_t tj_figures_stated(const struct tj_figures *figures, uint32_t asset)
{
    return (uint32_t)newest(figures, name_of(STATED, asset, 0));
}

/* A posting, and what it is counted in. */
struct counting {
    struct tj_figures *figures;
    const struct tj_state *state;
    const struct tj_past *past;
    const struct tj_posting *posting;
};

static bool add(const struct counting *c, enum series_kind kind, uint32_t of, tj_i128 amount)
{
    uint64_t name = name_of(kind, c->posting->asset, of);
    return tj_figures_put(c->figures, name, c->posting->day, newest(c->figures, name) + amount);
}

static bool set_now(const struct counting *c, enum series_kind kind, uint32_t of, tj_i128 value)
{
    return set(c->figures, name_of(kind, c->posting->asset, of), c->posting->day, value);
}

/* A correction of what a statement was about already. */
static bool count_adjustment(const struct counting *c, tj_i128 amount)
{
    struct tj_named named = {.absent = true};
    uint32_t stated = tj_figures_stated(c->figures, c->posting->asset);
    uint64_t corrected = tj_movement_refers_to(c->posting->record);
    if (stated == 0) {
        return true;
    }
    if (!c->past->record(c->past->context, &named, corrected) || named.absent) {
        return true;
    }
    return tj_day_of(named.received_ns) > stated || add(c, ADJUSTED, 0, amount);
}

static bool count_programme(const struct counting *c, const struct tj_rule_object *rule,
                            uint32_t number)
{
    const struct tj_programme_sums *sums = &rule->programme;
    if (!set_now(c, COUNTED, number, tj_programme_net(sums)) ||
        !set_now(c, UNCLASSIFIED, number, (tj_i128)sums->unclassified)) {
        return false;
    }
    /* The breaches of a minimum lie with the asset. */
    return rule->type == TJ_PROGRAMME_MINIMUM ||
           set_now(c, BREACHES, number, (tj_i128)sums->breaches);
}

static bool count_programmes(const struct counting *c)
{
    uint64_t holder = tj_programmes_of(c->posting->asset);
    size_t step = 0;
    uint32_t number;
    while (tj_state_next_rule(c->state, &step, &number, holder)) {
        const struct tj_rule_object *rule = tj_state_rule(c->state, number);
        bool is_its = rule != NULL && rule->holder == holder;
        if (is_its && !count_programme(c, rule, number)) {
            return false;
        }
    }
    const struct tj_asset_object *asset = tj_state_asset(c->state, c->posting->asset);
    return asset->minimum_set == 0 ||
           set_now(c, BREACHES, asset->minimum_rule, (tj_i128)asset->breaches);
}

/* What is brought in is neither an inflow nor an outflow, and a correction of it takes from it. */
static bool count_flow(const struct counting *c, bool in, tj_i128 amount)
{
    if (!tj_movement_opening(c->posting->record)) {
        return add(c, in ? INFLOW : OUTFLOW, c->posting->purpose, amount);
    }
    const tj_i128 net = in ? amount : -amount;
    return add(c, BROUGHT_IN, 0, net) &&
           add(c, BROUGHT_IN, tj_movement_purpose(c->posting->record), net);
}

/* The state has the reserve and the programmes' counts as they stand after the whole entry. The
 * last value of a day is the one that remains. So nothing is worked out record by record. */
static bool count_reserve(const struct counting *c)
{
    bool in = c->posting->flow == TJ_FLOW_INTO;
    tj_i128 amount = (tj_i128)c->posting->amount;
    const struct tj_asset_object *asset = tj_state_asset(c->state, c->posting->asset);
    if (!count_flow(c, in, amount)) {
        return false;
    }
    if (c->posting->corrects && !count_adjustment(c, in ? amount : -amount)) {
        return false;
    }
    if (!set_now(c, RESERVE, 0, tj_reserve_of(asset))) {
        return false;
    }
    return count_programmes(c);
}

static bool count_customers(const struct counting *c, uint64_t account,
                            const struct tj_account_object *object)
{
    uint32_t party = tj_account_party(account);
    const struct tj_holding_object *holding = tj_state_holding(c->state, party, object->asset);
    if (object->class != TJ_CLASS_CUSTODY || holding == NULL) {
        return true;
    }
    return set_now(c, CUSTOMERS, party, (tj_i128)(holding->in - holding->out));
}

static bool count_between_pockets(const struct counting *c)
{
    const struct tj_posting *p = c->posting;
    bool crosses = p->flow == TJ_FLOW_INTO || p->flow == TJ_FLOW_OUT;
    if (crosses && !count_reserve(c)) {
        return false;
    }
    return count_customers(c, p->from, p->from_account) && count_customers(c, p->to, p->to_account);
}

/* Most movements are transfers between two customers of one custodian and change no figure. What
 * stays in one pocket is therefore left at once. */
bool tj_figures_post(struct tj_figures *figures, const struct tj_state *state,
                     const struct tj_past *past, const struct tj_posting *posting)
{
    TJ_VERIFY_CHECK(posting->asset != 0);
    bool one_party = tj_account_party(posting->from) == tj_account_party(posting->to);
    if (one_party && posting->from_account->class == posting->to_account->class) {
        return true;
    }
    return count_between_pockets(&(struct counting){figures, state, past, posting});
}

/* A statement counts for an asset when it gives the reserve's closing balance. */
bool tj_figures_state(struct tj_figures *figures, uint32_t day, const struct tj_record *statement)
{
    if (statement->figure != TJ_FIGURE_CLOSING ||
        statement->as_of <= tj_figures_stated(figures, statement->asset)) {
        return true;
    }
    TJ_VERIFY_CHECK(statement->as_of < day); /* a rule: so no figure of it changes any more */
    return tj_figures_put(figures, name_of(STATED, statement->asset, 0), day, statement->as_of);
}

/* The flows are summed record by record; the reserve is the state's. FORMAT 17 wants opening +
 * brought in + inflows - outflows = closing. From the first day on that is flows = reserve. */
static bool flows_give_reserve(const struct tj_figures *figures, const struct tj_state *state,
                               uint32_t asset)
{
    tj_i128 sum = newest(figures, name_of(BROUGHT_IN, asset, 0));
    for (uint32_t purpose = 1; purpose < TJ_PURPOSE_END; purpose++) {
        sum += newest(figures, name_of(INFLOW, asset, purpose)) -
               newest(figures, name_of(OUTFLOW, asset, purpose));
    }
    return sum == tj_reserve_of(tj_state_asset(state, asset)) &&
           sum == newest(figures, name_of(RESERVE, asset, 0));
}
bool tj_figures_agree(const struct tj_figures *figures, const struct tj_state *state)
{
    const struct tj_ledger_object *ledger = tj_state_ledger(state);
    for (uint32_t asset = 1; ledger != NULL && asset <= ledger->assets; asset++) {
        if (!flows_give_reserve(figures, state, asset)) {
            return false;
        }
    }
    return true;
}

bool tj_figures_miss(struct tj_figures *figures, uint32_t day)
{
    return set(figures, name_of(MISSING, 0, 0), day, 1);
}

/* ---- asking ---- */

bool tj_figures_know_customers(const struct tj_figures *figures, uint32_t day)
{
    return value_at(figures, name_of(MISSING, 0, 0), day) == 0;
}

/* A value as it stands is asked for at the end of as_of. A sum over the period is the sum from the
 * first day on, less the sum until the day before the period. */
tj_i128 tj_figures_value(const struct tj_figures *f, const struct tj_figure_key *key)
{
    uint32_t before = key->period_from - 1;
    switch ((enum tj_figure)key->figure) {
    case TJ_FIGURE_OPENING:
        return value_at(f, name_of(RESERVE, key->asset, 0), before);
    case TJ_FIGURE_CLOSING:
        return value_at(f, name_of(RESERVE, key->asset, 0), key->as_of);
    case TJ_FIGURE_INFLOW:
        return value_at(f, name_of(INFLOW, key->asset, key->purpose), key->as_of) -
               value_at(f, name_of(INFLOW, key->asset, key->purpose), before);
    case TJ_FIGURE_OUTFLOW:
        return value_at(f, name_of(OUTFLOW, key->asset, key->purpose), key->as_of) -
               value_at(f, name_of(OUTFLOW, key->asset, key->purpose), before);
    case TJ_FIGURE_CUSTOMERS:
        return value_at(f, name_of(CUSTOMERS, key->asset, key->party), key->as_of);
    case TJ_FIGURE_COUNTED:
        return value_at(f, name_of(COUNTED, key->asset, key->rule), key->as_of);
    case TJ_FIGURE_UNCLASSIFIED:
        return value_at(f, name_of(UNCLASSIFIED, key->asset, key->rule), key->as_of);
    case TJ_FIGURE_BREACHES:
        return value_at(f, name_of(BREACHES, key->asset, key->rule), key->as_of);
    case TJ_FIGURE_ADJUSTMENTS:
        return value_at(f, name_of(ADJUSTED, key->asset, 0), key->as_of) -
               value_at(f, name_of(ADJUSTED, key->asset, 0), before);
    case TJ_FIGURE_BROUGHT_IN:
        return value_at(f, name_of(BROUGHT_IN, key->asset, key->purpose), key->as_of) -
               value_at(f, name_of(BROUGHT_IN, key->asset, key->purpose), before);
    case TJ_FIGURE_ATTESTED:
    case TJ_FIGURE_END:
        break;
    }
    abort();
}
