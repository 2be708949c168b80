/* Random histories against a naive model: what each envelope does to every account, whether it is
 * accepted and why not, what purposes add up to, and an account's history. After every envelope:
 * for each asset balances sum to zero (I2), and no reserve or custody account is below zero,
 * pending outflows counted (I3).
 *
 * The rules are pure, so most of it drives tj_apply with a past kept in memory; a few histories go
 * through the ledger, and are audited. TIJORI_SEED replays one. */

#include "rules_support.h"

#include "core/rules/apply.h"
#include "crypto/tree.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { SEEDS = 20, ENVELOPES = 500, LEDGER_SEEDS = 2, LEDGER_ENVELOPES = 200 };
enum { RECORDS_MAX = 4, HISTORY_MAX = ENVELOPES * RECORDS_MAX, PARTIES = 4 };

/* ---- the model ---- */

struct past_record {
    uint8_t bytes[TJ_RECORD_SIZE];
    struct tj_record r;
    uint64_t id;
    uint8_t basis;
    uint8_t settled;    /* a pending: posted or voided */
    uint64_t corrected; /* a move or post: so much of it */
};

struct books {
    int64_t balance[FIXTURE_ACCOUNTS];
    int64_t pending_in[FIXTURE_ACCOUNTS];
    int64_t pending_out[FIXTURE_ACCOUNTS];
    int64_t totals[TJ_PURPOSE_END][5][4]; /* purpose, basis, flow */
    size_t count;
    struct past_record past[HISTORY_MAX];
};

static struct books books;
static struct books before; /* for taking an envelope back */
static uint8_t classes[FIXTURE_ACCOUNTS];

static int account_number(uint64_t account)
{
    for (int i = 0; i < FIXTURE_ACCOUNTS; i++) {
        if (fixture_account((enum fixture_account)i) == account) {
            return i;
        }
    }
    fail();
    return -1;
}

static bool may_go_below_zero(int account)
{
    return classes[account] != TJ_CLASS_RESERVE && classes[account] != TJ_CLASS_CUSTODY;
}

static struct past_record *find_past(uint64_t id)
{
    for (size_t i = 0; i < books.count; i++) {
        if (books.past[i].id == id) {
            return &books.past[i];
        }
    }
    return NULL;
}

static int64_t *total_of(const struct tj_record *r, uint8_t basis)
{
    bool from = classes[account_number(r->from)] == TJ_CLASS_RESERVE;
    bool to = classes[account_number(r->to)] == TJ_CLASS_RESERVE;
    return &books.totals[r->purpose][basis][from ? (to ? 2 : 1) : (to ? 0 : 3)];
}

static bool needs_countersignature(const struct tj_record *r, uint32_t party)
{
    bool coins = !may_go_below_zero(account_number(r->from)) &&
                 classes[account_number(r->to)] == TJ_CLASS_CUSTODY;
    return tj_account_party(r->to) != party && !coins;
}

static bool covered(const struct tj_record *r)
{
    int from = account_number(r->from);
    return may_go_below_zero(from) ||
           books.balance[from] - books.pending_out[from] >= (int64_t)r->amount;
}

/* docs/FORMAT.md section 7.1, as far as these records can break it. */
static enum tijori_status judge(const struct tj_record *r, uint32_t party,
                                const bool *countersigned)
{
    bool missing = needs_countersignature(r, party) && !countersigned[tj_account_party(r->to)];
    if (tj_account_party(r->from) != party) {
        return TIJORI_NOT_OWNER;
    }
    if (r->kind == TJ_MOVE || r->kind == TJ_PENDING) {
        return !tj_purpose_allows(r->purpose, classes[account_number(r->from)],
                                  classes[account_number(r->to)])
                   ? TIJORI_PURPOSE
               : missing     ? TIJORI_COUNTERSIGN_MISSING
               : !covered(r) ? TIJORI_BALANCE
                             : TIJORI_OK;
    }
    const struct past_record *named = find_past(r->refers_to);
    bool pending = named->r.kind == TJ_PENDING;
    if (r->kind == TJ_CORRECT) {
        return named->r.kind != TJ_MOVE && named->r.kind != TJ_POST ? TIJORI_NAMED_KIND
               : missing                                            ? TIJORI_COUNTERSIGN_MISSING
               : r->amount > named->r.amount - named->corrected     ? TIJORI_CORRECTION
               : !covered(r)                                        ? TIJORI_BALANCE
                                                                    : TIJORI_OK;
    }
    return !pending ? TIJORI_NAMED_KIND : named->settled ? TIJORI_SETTLED : TIJORI_OK;
}

/* docs/FORMAT.md section 8. */
static void book(const struct tj_record *r, uint64_t id, bool any_countersigned)
{
    int from = account_number(r->from);
    int to = account_number(r->to);
    int64_t amount = (int64_t)r->amount;
    struct past_record *named = r->refers_to != 0 ? find_past(r->refers_to) : NULL;
    bool cites = r->refers_to == 0 && !tj_all_zero(r->hash.bytes, 32);
    uint8_t basis = any_countersigned ? 3 : cites ? 2 : 1;
    if (r->kind == TJ_POST && named->basis > basis) {
        basis = named->basis;
    }
    if (r->kind == TJ_PENDING || r->kind == TJ_POST || r->kind == TJ_VOID) {
        int64_t change = r->kind == TJ_PENDING ? amount : -amount;
        books.pending_out[from] += change;
        books.pending_in[to] += change;
    }
    if (r->kind == TJ_MOVE || r->kind == TJ_POST || r->kind == TJ_CORRECT) {
        books.balance[from] -= amount;
        books.balance[to] += amount;
    }
    if (r->kind == TJ_MOVE || r->kind == TJ_POST) {
        *total_of(r, basis) += amount;
    }
    if (r->kind == TJ_CORRECT) {
        *total_of(&named->r, named->basis) -= amount;
        named->corrected += r->amount;
    }
    if (r->kind == TJ_POST || r->kind == TJ_VOID) {
        named->settled = 1;
    }
    struct past_record *past = &books.past[books.count++];
    memset(past, 0, sizeof *past);
    past->r = *r;
    past->id = id;
    past->basis = basis;
    tj_record_encode(r, past->bytes);
}

/* ---- what is tried ---- */

struct envelope {
    uint32_t party;
    uint32_t count;
    struct tj_record records[RECORDS_MAX];
    bool countersigned[PARTIES];
};

static uint64_t random_amount(uint64_t *seed, uint64_t from)
{
    int account = account_number(from);
    int64_t left = books.balance[account] - books.pending_out[account];
    if (may_go_below_zero(account)) {
        return 1 + rules_random(seed) % 5000;
    }
    uint64_t most = left > 0 ? (uint64_t)left : 1;
    switch (rules_random(seed) % 6) {
    case 0:
        return most;
    case 1:
        return most + 1;
    }
    return 1 + rules_random(seed) % most;
}

static struct tj_record random_new(uint64_t *seed, uint32_t party)
{
    struct tj_record r = {.kind = rules_random(seed) % 3 == 0 ? TJ_PENDING : TJ_MOVE};
    bool stranger = rules_random(seed) % 40 == 0;
    bool known = false;
    do {
        r.from = fixture_account((enum fixture_account)(rules_random(seed) % FIXTURE_ACCOUNTS));
    } while ((tj_account_party(r.from) == party) == stranger);
    for (int tries = 0; tries < 60 && !known; tries++) {
        r.to = fixture_account((enum fixture_account)(rules_random(seed) % FIXTURE_ACCOUNTS));
        r.purpose = (uint8_t)(1 + rules_random(seed) % 13);
        known = r.from != r.to && tj_purpose_allows(r.purpose, classes[account_number(r.from)],
                                                    classes[account_number(r.to)]);
    }
    r.to =
        r.from != r.to ? r.to : fixture_account(r.from == fixture_account(T_FEE) ? C_FEE : T_FEE);
    r.amount = random_amount(seed, r.from);
    memset(r.hash.bytes, rules_random(seed) % 3 == 0 ? 0xd0 : 0, 32);
    return r;
}

static struct tj_record random_naming(uint64_t *seed, struct tj_hasher *hasher, uint32_t party)
{
    uint8_t kind = (uint8_t)(TJ_POST + rules_random(seed) % 3);
    const struct past_record *named = NULL;
    bool found = false;
    for (int tries = 0; tries < 40 && !found; tries++) {
        named = &books.past[rules_random(seed) % books.count];
        bool fits = kind == TJ_CORRECT
                        ? named->r.kind == TJ_MOVE || named->r.kind == TJ_POST
                        : named->r.kind == TJ_PENDING && (!named->settled || tries % 8 == 0);
        uint64_t owner = kind == TJ_CORRECT ? named->r.to : named->r.from;
        found = fits && tj_account_party(owner) == party;
    }
    if (!found && rules_random(seed) % 10 != 0) { /* the rest names what it must not */
        return random_new(seed, party);
    }
    struct tj_record r = {.kind = kind, .purpose = named->r.purpose, .refers_to = named->id};
    r.from = kind == TJ_CORRECT ? named->r.to : named->r.from;
    r.to = kind == TJ_CORRECT ? named->r.from : named->r.to;
    r.amount = named->r.amount;
    if (kind == TJ_CORRECT && rules_random(seed) % 4 != 0) {
        r.amount = 1 + rules_random(seed) % named->r.amount;
    }
    tj_leaf_hash(hasher, &r.hash, named->bytes, TJ_RECORD_SIZE);
    return r;
}

static void random_envelope(uint64_t *seed, struct tj_hasher *hasher, struct envelope *e)
{
    memset(e, 0, sizeof *e);
    e->party = 1 + (uint32_t)(rules_random(seed) % 3);
    e->count = rules_random(seed) % 3 == 0 ? 1 + (uint32_t)(rules_random(seed) % RECORDS_MAX) : 1;
    for (uint32_t i = 0; i < e->count; i++) {
        struct tj_record *r = &e->records[i];
        *r = books.count > 3 && rules_random(seed) % 5 < 2 ? random_naming(seed, hasher, e->party)
                                                           : random_new(seed, e->party);
        if (needs_countersignature(r, e->party) && rules_random(seed) % 8 != 0) {
            e->countersigned[tj_account_party(r->to)] = true;
        }
    }
}

/* What the model says of it; when OK, it is booked as entry `index`. */
static enum tijori_status expect_envelope(const struct envelope *e, uint32_t *record,
                                          uint64_t index)
{
    bool any = false;
    for (int p = 0; p < PARTIES; p++) {
        any |= e->countersigned[p];
    }
    memcpy(&before, &books, offsetof(struct books, past) + books.count * sizeof books.past[0]);
    for (uint32_t i = 0; i < e->count; i++) {
        /* Only earlier entries can be named: ids of this one are not in the model yet. */
        enum tijori_status status = judge(&e->records[i], e->party, e->countersigned);
        if (status != TIJORI_OK) {
            memcpy(&books, &before,
                   offsetof(struct books, past) + before.count * sizeof books.past[0]);
            *record = i;
            return status;
        }
        book(&e->records[i], tj_record_id(index, i), any);
    }
    *record = TJ_NOWHERE;
    return TIJORI_OK;
}

/* ---- against a state ---- */

static void compare(const struct tj_state *state, uint64_t seed, int round)
{
    tj_i128 sum = 0;
    for (int i = 0; i < FIXTURE_ACCOUNTS; i++) {
        const struct tj_account_object *a =
            tj_state_account(state, fixture_account((enum fixture_account)i));
        tj_i128 balance = tj_account_balance(a);
        sum += balance;
        if (balance != books.balance[i] || a->pending_in != (uint64_t)books.pending_in[i] ||
            a->pending_out != (uint64_t)books.pending_out[i]) {
            fail_msg("seed %" PRIu64 ", envelope %d, account %d: %" PRId64 ", model %" PRId64, seed,
                     round, i, (int64_t)balance, books.balance[i]);
        }
        if (!may_go_below_zero(i) && balance < (tj_i128)a->pending_out) {
            fail_msg("I3, seed %" PRIu64 ", envelope %d: account %d is overdrawn", seed, round, i);
        }
    }
    if (sum != 0) {
        fail_msg("I2, seed %" PRIu64 ", envelope %d: balances sum to %" PRId64, seed, round,
                 (int64_t)sum);
    }
}

static void compare_totals(const struct tj_state *state)
{
    for (uint8_t purpose = 1; purpose < TJ_PURPOSE_END; purpose++) {
        for (uint8_t basis = 1; basis <= 4; basis++) {
            const struct tj_total_object *total =
                tj_state_peek(state, TJ_T_TOTAL, 0, tj_total_number(1, purpose, basis));
            for (int flow = 0; flow < 4; flow++) {
                tj_u128 amount = total != NULL ? total->amount[flow] : 0;
                assert_true(amount == (tj_u128)books.totals[purpose][basis][flow]);
            }
        }
    }
}

static void model_begin(struct fixture *f)
{
    memset(&books, 0, sizeof books);
    for (int i = 0; i < FIXTURE_ACCOUNTS; i++) {
        classes[i] = rules_account(f, fixture_account((enum fixture_account)i)).class;
    }
}

static void wrong_verdict(uint64_t seed, int round, enum tijori_status wanted,
                          enum tijori_status got, const char *text)
{
    fail_msg("seed %" PRIu64 ", envelope %d: model %s, ledger %s: %s", seed, round,
             tijori_status_name(wanted), tijori_status_name(got), text);
}

static unsigned seen[TIJORI_STATUS_COUNT];

/* The statuses that random histories must reach, or they are too tame. */
static void all_seen(void)
{
    static const enum tijori_status wanted[] = {
        TIJORI_OK,      TIJORI_NOT_OWNER,  TIJORI_NAMED_KIND,          TIJORI_SETTLED,
        TIJORI_PURPOSE, TIJORI_CORRECTION, TIJORI_COUNTERSIGN_MISSING, TIJORI_BALANCE,
    };
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        print_message("%s %u, ", tijori_status_name(wanted[i]), seen[wanted[i]]);
        assert_true(seen[wanted[i]] > 0);
    }
    print_message("\n");
}

static uint64_t first_seed(void)
{
    const char *text = getenv("TIJORI_SEED");
    return text != NULL ? strtoull(text, NULL, 0) : 1;
}

/* ---- driving tj_apply ---- */

struct machine {
    struct tj_state *state;
    struct tj_past past;
    uint64_t base;             /* entries of the world */
    uint64_t index;            /* the next entry */
    uint64_t jumps[ENVELOPES]; /* tail.lane_jump of the entries after it */
    struct tj_public_key keys[PARTIES][2];
    struct tj_digester *digester;
    struct tj_journal_past *world;
};

static bool machine_record(void *context, struct tj_named *out, uint64_t id)
{
    struct machine *m = context;
    const struct past_record *found = find_past(id);
    if (found != NULL) {
        memcpy(out->record, found->bytes, TJ_RECORD_SIZE);
        tj_leaf_hash(m->digester->hasher, &out->group, found->bytes, TJ_RECORD_SIZE);
        out->basis = found->basis;
    }
    return found != NULL;
}

static bool machine_no_hash(void *context, struct tj_hash *out, uint64_t index)
{
    (void)context;
    (void)index;
    (void)out;
    return false;
}

static bool machine_jump(void *context, uint64_t *jump, uint64_t index)
{
    struct machine *m = context;
    if (index < m->base) {
        return m->world->past.lane_jump(m->world, jump, index);
    }
    *jump = m->jumps[index - m->base];
    return true;
}

/* Slots with keys and without signatures: the case says that they verified. */
static void machine_slots(const struct machine *m, struct tj_slots *out, const struct envelope *e)
{
    memset(out, 0, sizeof *out);
    for (uint32_t p = 1; p < PARTIES; p++) {
        bool own = p == e->party;
        for (uint32_t k = 0; k < (p == 1 ? 2u : 1u) && (own || e->countersigned[p]); k++) {
            struct tj_slot slot = {.party = p, .key = m->keys[p][k]};
            slot.use = own ? TJ_USE_SIGN : TJ_USE_COUNTERSIGN;
            assert_int_equal(tj_slots_insert(out, &slot), TIJORI_OK);
        }
    }
}

static enum tijori_status machine_apply(struct machine *m, const struct envelope *e,
                                        struct tj_verdict *verdict)
{
    uint8_t records[RECORDS_MAX * TJ_RECORD_SIZE];
    uint8_t links[RECORDS_MAX * TJ_LINK_SIZE];
    uint8_t header_bytes[TJ_HEADER_SIZE];
    struct tj_slots slots;
    struct tj_tail tail;
    struct tj_header h = {.lane = 1, .party = e->party, .record_count = e->count};
    const struct tj_lane_object *lane = tj_state_lane(m->state, e->party, 1);
    h.sequence = lane->sequence + 1;
    memcpy(h.previous_id.bytes, lane->envelope_id, 32);
    h.ledger_id = m->state->ledger_id;
    h.created_s = FIXTURE_CREATED_S + m->index;
    h.expires_s = h.created_s + 3600;
    for (uint32_t i = 0; i < e->count; i++) {
        tj_record_encode(&e->records[i], records + (size_t)i * TJ_RECORD_SIZE);
    }
    tj_header_encode(&h, header_bytes);
    machine_slots(m, &slots, e);
    struct tj_case c = {.index = m->index, .header = &h, .slots = &slots, .records = records};
    c.last_received_ns = h.created_s * UINT64_C(1000000000);
    c.received_ns = c.last_received_ns + 1;
    c.signatures_valid = true;
    tj_envelope_id(m->digester, &c.envelope_id, header_bytes);
    enum tijori_status status = tj_apply(m->state, links, &tail, &m->past, &c, verdict);
    if (status == TIJORI_OK) {
        m->jumps[m->index - m->base] = tail.lane_jump;
        m->index++;
        tj_undo_log_settle(m->state->undo);
    }
    return status;
}

static void one_machine(struct fixture *f, uint64_t seed)
{
    static struct machine m;
    struct tj_ledger_view view;
    struct tj_journal_past world;
    uint64_t random = seed;
    model_begin(f);
    memset(&m, 0, sizeof m);
    assert_int_equal(tj_ledger_view_begin(f->ledger, &view), TIJORI_OK);
    assert_int_equal(tj_snapshot_load(view.txn, view.digester, &m.state, &view.head), TIJORI_OK);
    tj_journal_past_init(&world, view.txn, view.digester);
    m.past = (struct tj_past){&m,           machine_record, machine_no_hash, machine_no_hash,
                              machine_jump, machine_no_hash};
    m.base = view.head.size;
    m.index = m.base;
    m.digester = view.digester;
    m.world = &world;
    for (uint32_t p = 1; p < PARTIES; p++) {
        fixture_public(&m.keys[p][0], p, 0);
        fixture_public(&m.keys[p][1], p, 1);
    }
    for (int round = 0; round < ENVELOPES; round++) {
        struct envelope e;
        struct tj_verdict verdict;
        char text[320];
        uint32_t record;
        random_envelope(&random, f->digester.hasher, &e);
        enum tijori_status wanted = expect_envelope(&e, &record, m.index);
        enum tijori_status status = machine_apply(&m, &e, &verdict);
        if (status != wanted || verdict.record != record) {
            tj_verdict_format(&verdict, text, sizeof text);
            wrong_verdict(seed, round, wanted, status, text);
        }
        seen[status]++;
        compare(m.state, seed, round);
    }
    compare_totals(m.state);
    tj_state_destroy(m.state);
    tj_ledger_view_end(f->ledger, &view);
}

static void i2_i3_random_histories_against_a_model(void **state)
{
    (void)state;
    struct fixture *f = rules_world(false);
    uint64_t first = first_seed();
    memset(seen, 0, sizeof seen);
    for (uint64_t seed = first; seed < first + SEEDS; seed++) {
        one_machine(f, seed);
    }
    print_message("seeds %" PRIu64 " to %" PRIu64 ", %d envelopes each: ", first, first + SEEDS - 1,
                  ENVELOPES);
    all_seen();
    rules_end(f);
}

/* ---- through the ledger ---- */

static enum tijori_status ledger_apply(struct fixture *f, struct tijori_receipt *receipt,
                                       const struct envelope *e)
{
    fixture_begin(f, e->party, 1);
    for (uint32_t i = 0; i < e->count; i++) {
        fixture_add(f, &e->records[i]);
    }
    rules_sign(f);
    for (uint32_t p = 1; p < PARTIES; p++) {
        if (e->countersigned[p] && p != e->party) {
            rules_countersign(f, p);
        }
    }
    fixture_encode(f);
    return fixture_submit(f, receipt);
}

/* Newest first, with the balance after each: against every record the model has. */
static void compare_history(struct fixture *f, int account)
{
    uint64_t number = fixture_account((enum fixture_account)account);
    struct tijori_history_cursor cursor = {0};
    struct tijori_movement m;
    int64_t balance = books.balance[account];
    for (size_t i = books.count; i > 0; i--) {
        const struct past_record *past = &books.past[i - 1];
        const struct tj_record *r = &past->r;
        if (r->from != number && r->to != number) {
            continue;
        }
        assert_int_equal(tijori_history(f->ledger, &m, &cursor, tj_account_party(number),
                                        tj_account_local(number)),
                         TIJORI_OK);
        assert_int_equal(tj_record_id(m.entry, m.record), past->id);
        assert_int_equal(m.kind, r->kind);
        assert_int_equal(m.purpose, r->purpose);
        assert_int_equal(m.from, r->from);
        assert_int_equal(m.to, r->to);
        assert_int_equal(m.amount, r->amount);
        assert_int_equal((int64_t)m.balance.low, balance);
        assert_int_equal(m.balance.high, balance < 0 ? -1 : 0);
        if (r->kind == TJ_MOVE || r->kind == TJ_POST || r->kind == TJ_CORRECT) {
            balance += r->from == number ? (int64_t)r->amount : -(int64_t)r->amount;
        }
    }
    assert_int_equal(balance, 0);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(tijori_history(f->ledger, &m, &cursor, tj_account_party(number),
                                        tj_account_local(number)),
                         TIJORI_NOT_FOUND);
    }
}

static void compare_with_ledger(struct fixture *f, uint64_t seed, int round)
{
    struct tj_ledger_view view;
    assert_int_equal(tj_ledger_view_begin(f->ledger, &view), TIJORI_OK);
    compare(view.state, seed, round);
    tj_ledger_view_end(f->ledger, &view);
}

static void one_ledger(uint64_t seed)
{
    struct fixture *f = rules_world(false);
    uint64_t random = seed;
    model_begin(f);
    for (int round = 0; round < LEDGER_ENVELOPES; round++) {
        struct envelope e;
        struct tijori_head head;
        struct tijori_receipt receipt;
        uint32_t record;
        tijori_head(f->ledger, &head);
        random_envelope(&random, f->digester.hasher, &e);
        enum tijori_status wanted = expect_envelope(&e, &record, head.size);
        enum tijori_status status = ledger_apply(f, &receipt, &e);
        if (status != wanted || receipt.record != record) {
            wrong_verdict(seed, round, wanted, status, receipt.text);
        }
        compare_with_ledger(f, seed, round);
    }
    for (int i = 0; i < FIXTURE_ACCOUNTS; i++) {
        compare_history(f, i);
    }
    struct tj_replay_report report;
    fixture_close(f);
    fixture_audit(f, &report, 2);
    if (report.failed) {
        fail_msg("seed %" PRIu64 ": audit: %s", seed, report.failure);
    }
    fixture_open(f);
    compare_with_ledger(f, seed, LEDGER_ENVELOPES);
    struct tj_ledger_view view;
    assert_int_equal(tj_ledger_view_begin(f->ledger, &view), TIJORI_OK);
    compare_totals(view.state);
    tj_ledger_view_end(f->ledger, &view);
    for (int i = 0; i < FIXTURE_ACCOUNTS; i++) {
        compare_history(f, i);
    }
    rules_end(f);
}

static void i2_i3_random_histories_through_the_ledger(void **state)
{
    (void)state;
    uint64_t first = first_seed();
    for (uint64_t seed = first; seed < first + LEDGER_SEEDS; seed++) {
        print_message("seed %" PRIu64 "\n", seed);
        one_ledger(seed);
    }
}

/* An account that nothing touched has no history, and one that is none has none. */
static void history_of_nothing(void **state)
{
    (void)state;
    struct fixture *f = rules_world(false);
    struct tijori_movement m;
    static const uint32_t accounts[][2] = {{1, 0}, {1, 99}, {99, 0}, {UINT32_MAX, UINT32_MAX}};
    for (size_t i = 0; i < sizeof accounts / sizeof accounts[0]; i++) {
        struct tijori_history_cursor cursor = {0};
        assert_int_equal(tijori_history(f->ledger, &m, &cursor, accounts[i][0], accounts[i][1]),
                         TIJORI_NOT_FOUND);
    }
    rules_end(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(i2_i3_random_histories_against_a_model),
        cmocka_unit_test(i2_i3_random_histories_through_the_ledger),
        cmocka_unit_test(history_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
