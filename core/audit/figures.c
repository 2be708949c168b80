#include "core/audit/figures.h"

#include "core/rules/judge.h"

/* What is kept, each from the first day on: amounts in and out are sums, the others as they stand.
 */
enum series_kind {
    RESERVE = 1,
    INFLOW,
    OUTFLOW,
    CUSTOMERS,
    COUNTED,
    UNCLASSIFIED,
    BREACHES,
    ADJUSTED,
    STATED,  /* the newest day that a statement was about */
    MISSING, /* 1 from the day of the first body that is not there */
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
    struct tj_figures *figures = calloc(1, sizeof *figures);
    TIJORI_REQUIRE(figures != NULL);
    return figures;
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
    while (figures->slots[at].name != 0 && figures->slots[at].name != name) {
        at = (at + 1) & (figures->capacity - 1);
    }
    return at;
}

static void grow(struct tj_figures *figures)
{
    struct tj_figures more = {.capacity = figures->capacity == 0 ? 64 : figures->capacity * 2};
    more.slots = calloc(more.capacity, sizeof *more.slots);
    TIJORI_REQUIRE(more.slots != NULL);
    more.count = figures->count;
    for (size_t i = 0; i < figures->capacity; i++) {
        if (figures->slots[i].name != 0) {
            more.slots[slot_of(&more, figures->slots[i].name)] = figures->slots[i];
        }
    }
    free(figures->slots);
    *figures = more;
}

static const struct series *find(const struct tj_figures *figures, uint64_t name)
{
    const struct series *found =
        figures->capacity == 0 ? NULL : &figures->slots[slot_of(figures, name)];
    return found != NULL && found->name != 0 ? found : NULL;
}

static tj_i128 newest(const struct tj_figures *figures, uint64_t name)
{
    const struct series *series = find(figures, name);
    return series == NULL ? 0 : series->points[series->count - 1].value;
}

/* At the end of that day. */
static tj_i128 value_at(const struct tj_figures *figures, uint64_t name, uint32_t day)
{
    const struct series *series = find(figures, name);
    size_t low = 0;
    size_t high = series == NULL ? 0 : series->count;
    while (low < high) { /* points before `low` are of that day or earlier, from `high` on later */
        size_t middle = low + (high - low) / 2;
        if (series->points[middle].day <= day) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low == 0 ? 0 : series->points[low - 1].value;
}

void tj_figures_put(struct tj_figures *figures, uint64_t name, uint32_t day, tj_i128 value)
{
    TIJORI_REQUIRE(name != 0);
    if (figures->count * 2 >= figures->capacity) {
        grow(figures);
    }
    struct series *series = &figures->slots[slot_of(figures, name)];
    figures->count += series->name == 0;
    series->name = name;
    if (series->count > 0 && series->points[series->count - 1].day >= day) {
        series->points[series->count - 1].value = value;
        return;
    }
    if (series->count == series->capacity) {
        series->capacity = series->capacity * 2 + 4;
        series->points = realloc(series->points, series->capacity * sizeof *series->points);
        TIJORI_REQUIRE(series->points != NULL);
    }
    series->points[series->count++] = (struct point){day, value};
}

static void set(struct tj_figures *figures, uint64_t name, uint32_t day, tj_i128 value)
{
    if (newest(figures, name) != value) {
        tj_figures_put(figures, name, day, value);
    }
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

/* What an entry's day and its record's accounts are. */
struct counting {
    struct tj_figures *figures;
    const struct tj_state *state;
    const struct tj_past *past;
    uint32_t day;
};

static void add(const struct counting *c, uint64_t name, tj_i128 amount)
{
    tj_figures_put(c->figures, name, c->day, newest(c->figures, name) + amount);
}

/* A correction of what a statement was about already. */
static void count_adjustment(const struct counting *c, const uint8_t *record, uint32_t asset,
                             tj_i128 amount)
{
    struct tj_named named = {.absent = true};
    uint32_t stated = tj_figures_stated(c->figures, asset);
    if (stated != 0 && c->past->record(c->past->context, tj_movement_refers_to(record), &named) &&
        !named.absent && tj_day_of(named.received_ns) <= stated) {
        add(c, name_of(ADJUSTED, asset, 0), amount);
    }
}

static void count_programmes(const struct counting *c, uint32_t asset)
{
    uint64_t holder = tj_programmes_of(asset);
    size_t step = 0;
    uint32_t number;
    while (tj_state_next_rule(c->state, holder, &step, &number)) {
        const struct tj_rule_object *rule = tj_state_rule(c->state, number);
        if (rule == NULL || rule->holder != holder) {
            continue;
        }
        const struct tj_programme_sums *sums = &rule->programme;
        set(c->figures, name_of(COUNTED, asset, number), c->day, tj_programme_net(sums));
        set(c->figures, name_of(UNCLASSIFIED, asset, number), c->day, (tj_i128)sums->unclassified);
        if (rule->type != TJ_PROGRAMME_MINIMUM) {
            set(c->figures, name_of(BREACHES, asset, number), c->day, (tj_i128)sums->breaches);
        }
    }
    const struct tj_asset_object *object = tj_state_asset(c->state, asset);
    if (object->minimum_set != 0) {
        set(c->figures, name_of(BREACHES, asset, object->minimum_rule), c->day,
            (tj_i128)object->breaches);
    }
}

static void count_reserve(const struct counting *c, const uint8_t *record, uint32_t asset, bool in)
{
    tj_i128 amount = (tj_i128)tj_movement_amount(record).base;
    bool corrects = record[0] == TJ_CORRECT;
    uint8_t purpose = corrects ? TJ_CORRECTION : tj_movement_purpose(record);
    add(c, name_of(in ? INFLOW : OUTFLOW, asset, purpose), amount);
    if (corrects) {
        count_adjustment(c, record, asset, in ? amount : -amount);
    }
    set(c->figures, name_of(RESERVE, asset, 0), c->day,
        tj_reserve_of(tj_state_asset(c->state, asset)));
    count_programmes(c, asset);
}

static void count_customers(const struct counting *c, uint64_t account,
                            const struct tj_account_object *object)
{
    uint32_t party = tj_account_party(account);
    const struct tj_holding_object *holding = tj_state_holding(c->state, party, object->asset);
    if (object->class == TJ_CLASS_CUSTODY && holding != NULL) {
        set(c->figures, name_of(CUSTOMERS, object->asset, party), c->day,
            (tj_i128)(holding->in - holding->out));
    }
}

/* From custody to custody by the table of purposes: most movements, and they change no figure. */
static bool changes_nothing(const uint8_t *record)
{
    return tj_movement_purpose(record) == TJ_CUSTOMER_TRANSFER &&
           tj_account_party(tj_movement_from(record)) == tj_account_party(tj_movement_to(record));
}

static void count_movement(const struct counting *c, const uint8_t *record)
{
    uint64_t from_id = tj_movement_from(record);
    uint64_t to_id = tj_movement_to(record);
    const struct tj_account_object *from = tj_state_account(c->state, from_id);
    const struct tj_account_object *to = tj_state_account(c->state, to_id);
    bool posted = tj_kind_posts(record[0]);
    bool one_pocket =
        tj_account_party(from_id) == tj_account_party(to_id) && from->class == to->class;
    if (!posted || one_pocket) {
        return;
    }
    if (tj_crosses_reserve(from, to)) {
        count_reserve(c, record, from->asset, to->class == TJ_CLASS_RESERVE);
    }
    count_customers(c, from_id, from);
    count_customers(c, to_id, to);
}

void tj_figures_entry(struct tj_figures *figures, const struct tj_state *state,
                      const struct tj_past *past, uint64_t received_ns, const uint8_t *records,
                      uint32_t count)
{
    const struct counting c = {figures, state, past, tj_day_of(received_ns)};
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *record = records + (size_t)i * TJ_RECORD_SIZE;
        if (tj_kind_is_movement(record[0])) {
            if (!changes_nothing(record) && !tj_names_absent(state, past, record)) {
                count_movement(&c, record);
            }
            continue;
        }
        uint32_t asset = TJ_GET(record, TJ_STATEMENT, asset);
        uint32_t as_of = TJ_GET(record, TJ_STATEMENT, as_of);
        if (record[0] == TJ_STATEMENT &&
            TJ_GET(record, TJ_STATEMENT, figure) == TJ_FIGURE_CLOSING &&
            as_of > tj_figures_stated(figures, asset)) {
            tj_figures_put(figures, name_of(STATED, asset, 0), c.day, as_of);
        }
    }
}

void tj_figures_miss(struct tj_figures *figures, uint64_t received_ns)
{
    set(figures, name_of(MISSING, 0, 0), tj_day_of(received_ns), 1);
}

/* ---- asking ---- */

bool tj_figures_know_customers(const struct tj_figures *figures, uint32_t day)
{
    return value_at(figures, name_of(MISSING, 0, 0), day) == 0;
}

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
    case TJ_FIGURE_ATTESTED:
    case TJ_FIGURE_END:
        break;
    }
    abort();
}
