/* The rules alone, for tests/model_test.py: one history, judged by tj_apply on a state in memory.
 *
 * Standard input: any number of `received_ns u64 || size u32 || envelope`, little-endian; the first
 * is the genesis. Nothing is verified: a signature of zero bytes counts as valid, any other does
 * not. Standard output: `STATUS RECORD` a line for each (RECORD - where there is none), then the
 * state as one line of JSON, amounts as decimal text. */

#include "core/rules/apply.h"
#include "crypto/tree.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

enum { HISTORY_MAX = 1 << 16, LANES = 4096 };

struct kept {
    struct tj_entry_view view;
    struct tj_hash leaf;
    struct tj_hash envelope_id;
    uint8_t *records;
    struct tj_tail tail;
};

struct history {
    struct tj_state *state;
    struct tj_digester digester;
    struct tj_past past;
    uint64_t directive_previous;
    uint64_t size;
    struct kept kept[HISTORY_MAX];
};

/* ---- the past ---- */

static bool past_record(void *context, struct tj_named *out, uint64_t id)
{
    const struct history *h = context;
    uint64_t index = tj_record_entry(id);
    uint32_t position = tj_record_position(id);
    if (index >= h->size || position >= h->kept[index].view.header.record_count) {
        return false;
    }
    memset(out, 0, sizeof *out);
    memcpy(out->record, h->kept[index].records + (size_t)position * TJ_RECORD_SIZE, TJ_RECORD_SIZE);
    tj_leaf_hash(h->digester.hasher, &out->leaf, out->record, TJ_RECORD_SIZE);
    tj_named_complete(&h->past, out, &h->kept[index].view);
    return true;
}

static bool past_leaf(void *context, struct tj_hash *leaf, uint64_t index)
{
    const struct history *h = context;
    *leaf = h->kept[index < h->size ? index : 0].leaf;
    return index < h->size;
}

static bool past_envelope_id(void *context, struct tj_hash *id, uint64_t index)
{
    const struct history *h = context;
    *id = h->kept[index < h->size ? index : 0].envelope_id;
    return index < h->size;
}

static bool past_lane_jump(void *context, uint64_t *jump, uint64_t index)
{
    const struct history *h = context;
    *jump = h->kept[index < h->size ? index : 0].tail.lane_jump;
    return index < h->size;
}

static bool past_root(void *context, struct tj_hash *root, uint64_t size)
{
    const struct history *h = context;
    struct tj_frontier frontier;
    tj_frontier_init(&frontier);
    for (uint64_t i = 0; i < size && i < h->size; i++) {
        tj_frontier_append(h->digester.hasher, &frontier, &h->kept[i].leaf);
    }
    tj_frontier_root(h->digester.hasher, root, &frontier);
    return size <= h->size;
}

/* ---- one envelope ---- */

static uint32_t first_invalid(const struct tj_slots *slots)
{
    for (uint32_t i = 0; i < slots->count; i++) {
        if (!tj_all_zero(slots->slots[i].signature64, TJ_SIGNATURE_SIZE)) {
            return i;
        }
    }
    return TJ_NOWHERE;
}

static void *copy(const void *bytes, size_t size)
{
    void *out = malloc(size);
    TIJORI_REQUIRE(out != NULL);
    memcpy(out, bytes, size);
    return out;
}

static void keep(struct history *h, const struct tj_envelope_view *e, const struct tj_case *c,
                 const struct tj_tail *tail)
{
    static uint8_t entry[TJ_ENTRY_SIZE_MAX];
    struct tj_verdict verdict;
    struct kept *k = &h->kept[h->size];
    size_t size = tj_entry_size(e->slot_bytes_size);
    tj_entry_encode(entry, c->index, 1, c->received_ns, &c->head_leaf, e->bytes, e->slot_bytes,
                    e->slot_bytes_size);
    tj_verdict_init(&verdict);
    TIJORI_REQUIRE(tj_entry_decode(&k->view, copy(entry, size), size, &verdict) == TIJORI_OK);
    tj_leaf_hash(h->digester.hasher, &k->leaf, entry, size);
    k->envelope_id = c->envelope_id;
    k->records = copy(e->records, (size_t)e->header.record_count * TJ_RECORD_SIZE);
    k->tail = *tail;
    if (!tj_kind_is_movement(k->records[0])) {
        h->directive_previous = c->index;
    }
    if (h->size == 0) {
        h->state->ledger_id = k->leaf;
    }
    h->size++;
    tj_undo_log_settle(h->state->undo);
}

static enum tijori_status judge(struct history *h, uint64_t received_ns, const uint8_t *bytes,
                                size_t size, struct tj_verdict *verdict)
{
    static uint8_t links[TJ_RECORDS_MAX * TJ_LINK_SIZE];
    struct tj_envelope_view e;
    struct tj_tail tail;
    struct tj_case c = {.index = h->size, .received_ns = received_ns};
    tj_verdict_init(verdict);
    enum tijori_status status = tj_envelope_decode(&e, bytes, size, verdict);
    if (status == TIJORI_OK) {
        status = tj_body_check(&h->digester, &e.header, e.records, verdict);
    }
    if (status != TIJORI_OK) {
        return status;
    }
    if (h->size > 0) {
        c.last_received_ns = h->kept[h->size - 1].view.received_ns;
        c.head_leaf = h->kept[h->size - 1].leaf;
    }
    c.directive_previous = h->directive_previous;
    c.header = &e.header;
    c.slots = &e.slots;
    c.records = e.records;
    c.invalid_slot = first_invalid(&e.slots);
    c.signatures_valid = c.invalid_slot == TJ_NOWHERE;
    tj_envelope_id(&h->digester, &c.envelope_id, bytes);
    status = tj_apply(h->state, links, &tail, &h->past, &c, verdict);
    if (status == TIJORI_OK) {
        keep(h, &e, &c, &tail);
    }
    return status;
}

/* ---- the state as JSON ---- */

static json_t *decimal(tj_u128 value)
{
    char text[48];
    size_t at = sizeof text - 1;
    text[at] = '\0';
    do {
        text[--at] = (char)('0' + (int)(value % 10));
        value /= 10;
    } while (value != 0);
    return json_string(text + at);
}

static void put(json_t *object, const char *name, tj_u128 value)
{
    TIJORI_REQUIRE(json_object_set_new(object, name, decimal(value)) == 0);
}

/* Of two's complement. */
static void put_signed(json_t *object, const char *name, tj_u128 value)
{
    if (value >> 127 == 0) {
        put(object, name, value);
        return;
    }
    json_t *digits = decimal(~value + 1);
    TIJORI_REQUIRE(
        json_object_set_new(object, name, json_sprintf("-%s", json_string_value(digits))) == 0);
    json_decref(digits);
}

static void put_json(json_t *object, json_t *value, const char *name)
{
    TIJORI_REQUIRE(json_object_set_new(object, name, value) == 0);
}

static void append(json_t *array, json_t *value)
{
    TIJORI_REQUIRE(json_array_append_new(array, value) == 0);
}

static json_t *keys_json(const struct tj_state *s, uint32_t party, uint32_t count)
{
    json_t *out = json_array();
    for (uint32_t i = 0; i < count; i++) {
        const struct tj_key_object *key = tj_state_key(s, party, i);
        json_t *one = json_object();
        put(one, "algorithm", key->algorithm);
        put(one, "role", key->role);
        put(one, "group", key->group);
        put(one, "revoked", key->status == TJ_KEY_REVOKED);
        append(out, one);
    }
    return out;
}

static json_t *parties_json(const struct tj_state *s)
{
    json_t *out = json_array();
    for (uint32_t i = 0; i < tj_state_ledger(s)->parties; i++) {
        const struct tj_party_object *party = tj_state_party(s, i);
        json_t *one = json_object();
        put_json(one, json_stringn(party->name, strnlen(party->name, TJ_NAME_SIZE)), "name");
        put(one, "type", party->type);
        put(one, "status", party->status);
        put(one, "move", party->threshold[TJ_DOMAIN_MOVE]);
        put(one, "administer", party->threshold[TJ_DOMAIN_ADMINISTER]);
        put(one, "classes", party->classes);
        put(one, "accounts", party->accounts);
        put(one, "accounts_open", party->accounts_open);
        put(one, "accounts_restricted", party->accounts_restricted);
        put(one, "opening_closed", party->opening_closed);
        put(one, "recovery_ns", party->recovery != 0 ? party->recovery_ns : 0);
        for (int role = TJ_INITIATE; role < TJ_ROLE_END; role++) {
            static const char *const names[TJ_ROLE_END] = {"", "initiate", "approve",
                                                           "administer_keys"};
            put(one, names[role], party->keys_active[role]);
        }
        put_json(one, keys_json(s, i, party->keys), "keys");
        append(out, one);
    }
    return out;
}

static json_t *lanes_json(const struct tj_state *s)
{
    json_t *out = json_object();
    for (uint32_t party = 0; party < tj_state_ledger(s)->parties; party++) {
        for (uint16_t lane = 0; lane < LANES; lane++) {
            const struct tj_lane_object *found = tj_state_lane(s, party, lane);
            char name[32];
            if (found != NULL && found->sequence != 0) {
                json_t *one = json_object();
                put(one, "sequence", found->sequence);
                put(one, "entry", found->entry);
                snprintf(name, sizeof name, "%" PRIu32 ":%u", party, lane);
                put_json(out, one, name);
            }
        }
    }
    return out;
}

static json_t *account_json(const struct tj_account_object *a)
{
    json_t *one = json_object();
    put(one, "class", a->class);
    put(one, "asset", a->asset);
    put(one, "flags", a->flags & (TJ_FREEZE_BOTH | TJ_ACCOUNT_CLOSED));
    put(one, "encumbrance", a->encumbrance);
    put(one, "in", a->in);
    put(one, "out", a->out);
    put(one, "pending_in", a->pending_in);
    put(one, "pending_out", a->pending_out);
    put(one, "latest", a->latest);
    return one;
}

static json_t *accounts_json(const struct tj_state *s)
{
    json_t *out = json_object();
    for (uint32_t party = 0; party < tj_state_ledger(s)->parties; party++) {
        const struct tj_party_object *owner = tj_state_party(s, party);
        char name[32];
        for (uint32_t local = 0; local < owner->accounts; local++) {
            snprintf(name, sizeof name, "%" PRIu32 ":%" PRIu32, party, local);
            put_json(out, account_json(tj_state_account(s, tj_account_id(party, local))), name);
        }
        for (uint32_t number = 0; number < owner->accounts_restricted; number++) {
            uint64_t id = tj_account_id(party, UINT32_C(1) << 31 | number);
            snprintf(name, sizeof name, "%" PRIu32 ":r%" PRIu32, party, number);
            put_json(out, account_json(tj_state_account(s, id)), name);
        }
    }
    return out;
}

static json_t *holdings_json(const struct tj_state *s)
{
    json_t *out = json_object();
    for (uint32_t party = 0; party < tj_state_ledger(s)->parties; party++) {
        for (uint32_t asset = 1; asset <= tj_state_ledger(s)->assets; asset++) {
            const struct tj_holding_object *h = tj_state_holding(s, party, asset);
            char name[32];
            if (h != NULL && (h->in != 0 || h->out != 0)) {
                json_t *one = json_object();
                put(one, "in", h->in);
                put(one, "out", h->out);
                snprintf(name, sizeof name, "%" PRIu32 ":%" PRIu32, party, asset);
                put_json(out, one, name);
            }
        }
    }
    return out;
}

static json_t *approvals_json(const struct tj_state *s, uint64_t mark)
{
    json_t *out = json_array();
    const struct tj_approval_object *found = tj_state_peek(s, TJ_T_APPROVAL, 0, mark);
    for (unsigned ordinal = 0; found != NULL && ordinal < TJ_KEYS_MAX; ordinal++) {
        if ((found->keys[ordinal / 8] >> (ordinal % 8) & 1) != 0) {
            append(out, json_integer(ordinal));
        }
    }
    return out;
}

static json_t *marks_json(const struct tj_state *s)
{
    json_t *out = json_array();
    for (uint64_t i = 0; i < tj_state_ledger(s)->marks; i++) {
        const struct tj_mark_object *mark = tj_state_peek(s, TJ_T_MARK, 0, i);
        bool pending = (mark->value & TJ_MARK_PENDING) != 0;
        json_t *one = json_object();
        put(one, "record", mark->record);
        put(one, "settled", pending ? mark->value & ~TJ_MARK_PENDING : 0);
        put(one, "corrected", pending ? 0 : mark->value);
        put_json(one, approvals_json(s, i), "approvals");
        append(out, one);
    }
    return out;
}

static json_t *steps_json(const struct tj_window_sums *window)
{
    json_t *out = json_object();
    for (uint64_t back = 0; back <= TJ_WINDOW_STEPS && back <= window->step; back++) {
        uint64_t step = window->step - back;
        char name[32];
        if (window->sums[step % (TJ_WINDOW_STEPS + 1)] != 0) {
            snprintf(name, sizeof name, "%" PRIu64, step);
            put(out, name, window->sums[step % (TJ_WINDOW_STEPS + 1)]);
        }
    }
    return out;
}

static void put_breaches(json_t *out, uint64_t count, uint64_t first, uint64_t last)
{
    put(out, "breaches", count);
    put(out, "breach_first", first);
    put(out, "breach_last", last);
}

/* The breaches of a minimum are counted with its asset, while it is in force. */
static void put_programme(json_t *out, const struct tj_state *s, const struct tj_rule_object *rule)
{
    const struct tj_programme_sums *sums = &rule->programme;
    put(out, "counted_in", sums->counted_in);
    put(out, "counted_out", sums->counted_out);
    put(out, "unclassified", sums->unclassified);
    put(out, "corrected", sums->corrected);
    put_signed(out, "brought_in", (tj_u128)sums->brought_in);
    put(out, "day", sums->day);
    put(out, "day_amount", sums->day_amount);
    if (rule->type != TJ_PROGRAMME_MINIMUM) {
        put_breaches(out, sums->breaches, sums->breach_first, sums->breach_last);
    } else if (rule == tj_state_rule(s, tj_state_asset(s, rule->asset)->minimum_rule)) {
        const struct tj_asset_object *asset = tj_state_asset(s, rule->asset);
        put_breaches(out, asset->breaches, asset->breach_first, asset->breach_last);
    }
}

static json_t *rules_json(const struct tj_state *s)
{
    json_t *out = json_array();
    for (uint32_t i = 0; i < tj_state_ledger(s)->rules_set; i++) {
        const struct tj_rule_object *rule = tj_state_rule(s, i);
        json_t *one = json_object();
        put(one, "kind", rule->kind);
        put(one, "set", rule->set);
        put(one, "ended", rule->ended);
        put(one, "from_ns", rule->from_ns);
        put(one, "until_ns", rule->until_ns);
        put(one, "named_party", rule->named_party);
        put(one, "notice_days", rule->notice_days);
        put(one, "wait_days", rule->wait_days);
        if (rule->kind == TJ_PROGRAMME) {
            put_programme(one, s, rule);
        } else if (rule->kind == TJ_SET_LIMIT && rule->type == TJ_LIMIT_OUTFLOW) {
            put_json(one, steps_json(&rule->window), "steps");
        }
        append(out, one);
    }
    return out;
}

static json_t *total_json(const struct tj_total_object *total)
{
    static const char *const flows[4] = {"in", "out", "within", "outside"};
    json_t *one = json_object();
    for (int flow = 0; flow < 4; flow++) {
        json_t *pair = json_object();
        put(pair, "amount", total->amount[flow]);
        put(pair, "number", total->count[flow]);
        put_json(one, pair, flows[flow]);
    }
    put(one, "corrections", total->corrections);
    return one;
}

static json_t *totals_json(const struct tj_state *s)
{
    static const struct tj_total_object none;
    json_t *out = json_object();
    for (uint32_t asset = 1; asset <= tj_state_ledger(s)->assets; asset++) {
        for (uint8_t purpose = 1; purpose < TJ_PURPOSE_END; purpose++) {
            for (uint8_t basis = 1; basis <= TJ_BASIS_PROVEN; basis++) {
                const struct tj_total_object *total =
                    tj_state_peek(s, TJ_T_TOTAL, 0, tj_total_number(asset, purpose, basis));
                char name[48];
                if (total != NULL && memcmp(total, &none, sizeof none) != 0) {
                    snprintf(name, sizeof name, "%" PRIu32 ":%u:%u", asset, purpose, basis);
                    put_json(out, total_json(total), name);
                }
            }
        }
    }
    return out;
}

static json_t *assets_json(const struct tj_state *s)
{
    json_t *out = json_array();
    for (uint32_t i = 1; i <= tj_state_ledger(s)->assets; i++) {
        const struct tj_asset_object *asset = tj_state_asset(s, i);
        json_t *one = json_object();
        put(one, "reserve_in", asset->reserve_in);
        put(one, "reserve_out", asset->reserve_out);
        append(out, one);
    }
    return out;
}

static json_t *log_keys_json(const struct tj_state *s)
{
    json_t *out = json_array();
    for (uint32_t i = 0; i < tj_state_ledger(s)->log_keys; i++) {
        const struct tj_log_key_object *key = tj_state_peek(s, TJ_T_LOG_KEY, 0, i);
        json_t *one = json_object();
        put(one, "added", tj_record_entry(key->added));
        put(one, "retired", tj_record_entry(key->retired));
        put(one, "last_good_size", key->last_good_size);
        append(out, one);
    }
    return out;
}

static void print_state(const struct tj_state *s)
{
    json_t *out = json_object();
    put_json(out, parties_json(s), "parties");
    put_json(out, lanes_json(s), "lanes");
    put_json(out, assets_json(s), "assets");
    put_json(out, log_keys_json(s), "log_keys");
    put_json(out, accounts_json(s), "accounts");
    put_json(out, holdings_json(s), "holdings");
    put_json(out, marks_json(s), "marks");
    put_json(out, rules_json(s), "rules");
    put_json(out, totals_json(s), "totals");
    TIJORI_REQUIRE(json_dumpf(out, stdout, JSON_COMPACT) == 0);
    printf("\n");
    json_decref(out);
}

/* ---- the stream ---- */

/* False at the end of the input. */
static bool read_case(uint64_t *received_ns, uint8_t **bytes, size_t *size)
{
    uint8_t head[12];
    size_t got = fread(head, 1, sizeof head, stdin);
    if (got == 0) {
        return false;
    }
    TIJORI_REQUIRE(got == sizeof head);
    *received_ns = tj_load64(head);
    *size = tj_load32(head + 8);
    *bytes = malloc(*size + 1);
    TIJORI_REQUIRE(*bytes != NULL && fread(*bytes, 1, *size, stdin) == *size);
    return true;
}

static void print_verdict(enum tijori_status status, const struct tj_verdict *verdict)
{
    if (status == TIJORI_OK || verdict->record == TJ_NOWHERE) {
        printf("%s -\n", tijori_status_name(status));
    } else {
        printf("%s %" PRIu32 "\n", tijori_status_name(status), verdict->record);
    }
}

static void finish(struct history *h)
{
    for (uint64_t i = 0; i < h->size; i++) {
        free((void *)(uintptr_t)h->kept[i].view.bytes);
        free(h->kept[i].records);
    }
    tj_state_destroy(h->state);
    tj_digester_clear(&h->digester);
}

int main(void)
{
    static struct history h;
    uint64_t received_ns;
    uint8_t *bytes;
    size_t size;
    h.state = tj_state_create();
    TIJORI_REQUIRE(tj_digester_init(&h.digester));
    h.past =
        (struct tj_past){&h, past_record, past_leaf, past_envelope_id, past_lane_jump, past_root};
    while (read_case(&received_ns, &bytes, &size)) {
        struct tj_verdict verdict;
        TIJORI_REQUIRE(h.size < HISTORY_MAX);
        enum tijori_status status = judge(&h, received_ns, bytes, size, &verdict);
        print_verdict(status, &verdict);
        free(bytes);
    }
    if (h.size > 0) {
        print_state(h.state);
    }
    finish(&h);
    return fflush(stdout) == 0 ? 0 : 1;
}
