/* What statements give the values of (docs/FORMAT.md section 17): every figure computed here by
 * hand, and the audit asked about a statement that gives it and about one that is false by one
 * unit. Days are numbered from the day after the ledger began. */

#include "text/statement_doc.h"
#include "core/audit/figures.h"
#include "core/audit/period.h"
#include "rules_support.h"
#include "tamper_support.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define DAY_NS (UINT64_C(86400) * 1000000000)
enum { DAY_0 = FIXTURE_CREATED_S / 86400, STATEMENTS_MAX = 32 };

/* A statement record: its period is days from to as_of. */
struct stated {
    uint8_t figure;
    uint8_t purpose;
    uint8_t party;
    uint8_t rule;
    uint32_t from;
    uint32_t as_of;
    int64_t value;
};

static struct fixture *world;

static int set_up(void **state)
{
    (void)state;
    world = rules_world(false);
    world->clock_jumps = true;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    rules_end(world);
    return 0;
}

/* ---- steps ---- */

/* From now on it is this time. The next envelope may come later by more than a day. */
static void at(uint64_t now_ns)
{
    fixture_close(world);
    fixture_open(world);
    world->now_ns = now_ns;
}

/* From now on it is this day, an hour after midnight. */
static void day(uint32_t number)
{
    at((DAY_0 + number) * DAY_NS + DAY_NS / 24);
}

static uint64_t move_of(uint8_t kind, enum fixture_account from, enum fixture_account to,
                        uint64_t amount, uint8_t purpose)
{
    struct tj_record r = fixture_move(fixture_account(from), fixture_account(to), amount, purpose);
    r.kind = kind;
    world->now_ns++;
    return rules_accept_one(world, tj_account_party(r.from), 1, &r);
}

static uint64_t move(enum fixture_account from, enum fixture_account to, uint64_t amount,
                     uint8_t purpose)
{
    return move_of(TJ_MOVE, from, to, amount, purpose);
}

static uint64_t naming(uint8_t kind, uint64_t entry, uint64_t amount)
{
    struct tj_record r = rules_naming(world, kind, entry, 0);
    r.amount = amount != 0 ? amount : r.amount;
    world->now_ns++;
    return rules_accept_one(world, tj_account_party(r.from), 1, &r);
}

static uint64_t state_all(const struct stated *list, size_t count, int64_t off_by)
{
    world->now_ns++;
    fixture_begin(world, 0, 0);
    for (size_t i = 0; i < count; i++) {
        struct tj_record r = {.kind = TJ_STATEMENT, .figure = list[i].figure, .asset = 1};
        int64_t value = list[i].value + off_by;
        r.purpose = list[i].purpose;
        r.party = list[i].party;
        r.rule = list[i].rule;
        r.period_from = DAY_0 + list[i].from;
        r.as_of = DAY_0 + list[i].as_of;
        tj_store64(r.value, (uint64_t)value);
        tj_store64(r.value + 8, value < 0 ? UINT64_MAX : 0);
        fixture_add(world, &r);
    }
    return rules_accept(world);
}

/* A programme in force from the next entry on: from today, for good. */
static void programme(uint32_t rule, uint8_t type, uint16_t purposes, uint64_t amount)
{
    struct tj_record r = {.kind = TJ_PROGRAMME, .rule = rule, .type = type, .asset = 1};
    r.mode = TJ_MODE_REPORT;
    r.purposes = purposes;
    r.amount = amount;
    r.starts = tj_day_of(world->now_ns);
    r.ends = r.starts + 3650;
    snprintf(r.name, sizeof r.name, "Programme %u", rule);
    rules_accept_one(world, 0, 0, &r);
}

/* ---- verdicts ---- */

/* Replays the ledger; nothing may fail. */
static struct tj_replay_report audit(struct tj_replica *replica, struct tj_period *period)
{
    struct tj_store *store;
    struct tj_replay_report report;
    struct tj_store_options options = tj_journal_options(0);
    struct tj_replay_options replay = {.threads = 1, .replica = replica, .period = period};
    fixture_close(world);
    assert_int_equal(tj_store_open_read(world->dir, &options, &store, NULL), TJ_STORAGE_OK);
    assert_int_equal(tj_replay_store(store, &replay, &report, NULL), TIJORI_OK);
    tj_report_clear(&report);
    tj_store_close(store);
    fixture_open(world);
    if (report.failed) {
        fail_msg("%s", report.failure);
    }
    return report;
}

/* `right` records agree with the log, and nothing else is said. */
static void must_agree(struct tj_replica *replica, uint64_t right)
{
    struct tj_replay_report report = audit(replica, NULL);
    if (report.finding_count != 0) {
        fail_msg("%s", report.findings[0].text);
    }
    assert_int_equal(report.checks[TJ_CHECK_STATEMENTS].passed, right);
    assert_int_equal(report.checks[TJ_CHECK_STATEMENTS].skipped, 0);
}

/* One finding about this entry has all of these words. */
static void must_find(const struct tj_replay_report *report, uint64_t entry,
                      const char *const words[3])
{
    size_t found = 0;
    for (uint64_t i = 0; i < report->finding_count && i < TJ_FINDINGS_MAX; i++) {
        const struct tj_finding *finding = &report->findings[i];
        bool fits = finding->entry == entry;
        for (size_t w = 0; w < 3; w++) {
            fits = fits && (words[w] == NULL || strstr(finding->text, words[w]) != NULL);
        }
        found += fits;
    }
    if (found != 1) {
        fail_msg("%zu findings with \"%s\", \"%s\"", found, words[0],
                 words[1] != NULL ? words[1] : "");
    }
}

static const char *btc(char out[64], int64_t sat)
{
    char amount[TJ_AMOUNT_TEXT_SIZE];
    tj_amount_format(amount, sat, 8);
    snprintf(out, 64, "%s BTC", amount);
    return out;
}

/* Every figure is right as listed, and false by one unit, alone: then the audit names figure, what
 * was stated and what is so. */
static void all_true_and_each_false(const struct stated *list, size_t count)
{
    state_all(list, count, 0);
    must_agree(NULL, count);
    for (size_t i = 0; i < count; i++) {
        char stated[64];
        char is[64];
        uint64_t entry = state_all(&list[i], 1, 1);
        struct tj_replay_report report = audit(NULL, NULL);
        bool number = list[i].figure == TJ_FIGURE_BREACHES;
        assert_int_equal(report.checks[TJ_CHECK_STATEMENTS].passed, count);
        assert_int_equal(report.finding_count, i + 1);
        btc(stated, list[i].value + 1);
        btc(is, list[i].value);
        if (i < TJ_FINDINGS_MAX) {
            must_find(&report, entry,
                      (const char *const[3]){tj_figure_names[list[i].figure],
                                             number ? NULL : stated, number ? NULL : is});
        }
    }
}

/* ---- a period by hand ---- */

/* The entry of the purchase. */
static uint64_t a_history(void)
{
    day(1);
    uint64_t bought = move(T_MARKET, T_RESERVE_A, 1000, TJ_PURCHASE);
    move(C_EXTERNAL, C_CUSTODY_A, 500, TJ_CUSTOMER_DEPOSIT);
    day(2);
    move(T_MINING, T_RESERVE_B, 300, TJ_MINING);
    move(T_RESERVE_A, T_RESERVE_B, 100, TJ_INTERNAL_TRANSFER);
    move(C_CUSTODY_A, C_CUSTODY_B, 50, TJ_CUSTOMER_TRANSFER);
    move(C_CUSTODY_B, C_EXTERNAL, 20, TJ_CUSTOMER_WITHDRAWAL);
    day(3);
    uint64_t sale = move_of(TJ_PENDING, T_RESERVE_A, T_MARKET, 200, TJ_SALE);
    uint64_t no_sale = move_of(TJ_PENDING, T_RESERVE_A, T_MARKET, 7, TJ_SALE);
    day(4);
    naming(TJ_POST, sale, 0);
    naming(TJ_VOID, no_sale, 0);
    naming(TJ_CORRECT, bought, 100);
    day(6);
    return bought;
}

static void figures_of_periods(void **state)
{
    (void)state;
    static const struct stated list[] = {
        {TJ_FIGURE_OPENING, 0, 0, 0, 1, 1, 0},
        {TJ_FIGURE_CLOSING, 0, 0, 0, 1, 1, 1000},
        {TJ_FIGURE_INFLOW, TJ_PURCHASE, 0, 0, 1, 1, 1000},
        {TJ_FIGURE_CUSTOMERS, 0, 2, 0, 1, 1, 500},
        /* Days 2 to 4; and 3, before the sale was posted. */
        {TJ_FIGURE_OPENING, 0, 0, 0, 2, 4, 1000},
        {TJ_FIGURE_INFLOW, TJ_MINING, 0, 0, 2, 4, 300},
        {TJ_FIGURE_INFLOW, TJ_PURCHASE, 0, 0, 2, 4, 0},
        {TJ_FIGURE_INFLOW, TJ_INTERNAL_TRANSFER, 0, 0, 2, 4, 0},
        {TJ_FIGURE_OUTFLOW, TJ_SALE, 0, 0, 2, 4, 200},
        {TJ_FIGURE_OUTFLOW, TJ_CORRECTION, 0, 0, 2, 4, 100},
        {TJ_FIGURE_OUTFLOW, TJ_PURCHASE, 0, 0, 2, 4, 0},
        {TJ_FIGURE_CLOSING, 0, 0, 0, 2, 4, 1000},
        {TJ_FIGURE_CUSTOMERS, 0, 2, 0, 2, 4, 480},
        {TJ_FIGURE_OUTFLOW, TJ_SALE, 0, 0, 2, 3, 0},
        {TJ_FIGURE_CLOSING, 0, 0, 0, 2, 3, 1300},
        /* A day on which nothing happened; and all there was. */
        {TJ_FIGURE_OPENING, 0, 0, 0, 5, 5, 1000},
        {TJ_FIGURE_CLOSING, 0, 0, 0, 5, 5, 1000},
        {TJ_FIGURE_INFLOW, TJ_PURCHASE, 0, 0, 0, 5, 1000},
        {TJ_FIGURE_CUSTOMERS, 0, 3, 0, 0, 5, 0},
        {TJ_FIGURE_ADJUSTMENTS, 0, 0, 0, 0, 5, 0},
    };
    a_history();
    all_true_and_each_false(list, sizeof list / sizeof list[0]);
}

/* The last nanosecond of a day is of that day, the next one of the next. */
static void days_end_at_midnight(void **state)
{
    (void)state;
    static const struct stated list[] = {
        {TJ_FIGURE_CLOSING, 0, 0, 0, 1, 1, 10},
        {TJ_FIGURE_OPENING, 0, 0, 0, 2, 2, 10},
        {TJ_FIGURE_CLOSING, 0, 0, 0, 2, 2, 110},
        {TJ_FIGURE_INFLOW, TJ_PURCHASE, 0, 0, 1, 1, 10},
        {TJ_FIGURE_INFLOW, TJ_PURCHASE, 0, 0, 2, 2, 100},
    };
    at((DAY_0 + 2) * DAY_NS - 2);
    move(T_MARKET, T_RESERVE_A, 10, TJ_PURCHASE);
    move(T_MARKET, T_RESERVE_A, 100, TJ_PURCHASE);
    day(3);
    all_true_and_each_false(list, sizeof list / sizeof list[0]);
}

/* A correct counts as an adjustment when what it corrects is of a day that a closing was stated
 * for before; by that alone. */
static void adjustments_are_of_stated_days(void **state)
{
    (void)state;
    static const struct stated closing = {TJ_FIGURE_CLOSING, 0, 0, 0, 1, 2, 1500};
    static const struct stated opening = {TJ_FIGURE_OPENING, 0, 0, 0, 1, 2, 0};
    static const struct stated list[] = {
        {TJ_FIGURE_ADJUSTMENTS, 0, 0, 0, 1, 3, 0}, /* no closing was stated yet */
        {TJ_FIGURE_ADJUSTMENTS, 0, 0, 0, 4, 4, -30},
        {TJ_FIGURE_ADJUSTMENTS, 0, 0, 0, 5, 5, 25},
        {TJ_FIGURE_ADJUSTMENTS, 0, 0, 0, 1, 5, -5},
        {TJ_FIGURE_OUTFLOW, TJ_CORRECTION, 0, 0, 4, 4, 34},
        {TJ_FIGURE_INFLOW, TJ_CORRECTION, 0, 0, 5, 5, 25},
    };
    day(1);
    uint64_t first = move(T_MARKET, T_RESERVE_A, 1000, TJ_PURCHASE);
    day(2);
    uint64_t sold = move(T_RESERVE_A, T_MARKET, 100, TJ_SALE);
    move(T_MARKET, T_RESERVE_A, 610, TJ_PURCHASE);
    naming(TJ_CORRECT, first, 10);
    day(3);
    uint64_t later = move(T_MARKET, T_RESERVE_A, 50, TJ_PURCHASE);
    state_all(&opening, 1, 0); /* closes no day */
    naming(TJ_CORRECT, first, 3);
    state_all(&closing, 1, 0);
    day(4);
    naming(TJ_CORRECT, first, 30);
    naming(TJ_CORRECT, later, 4); /* of day 3, which no statement covers */
    day(5);
    naming(TJ_CORRECT, sold, 25);
    day(6);
    state_all(list, sizeof list / sizeof list[0], 0);
    must_agree(NULL, 2 + sizeof list / sizeof list[0]);
}

/* ---- programmes ---- */

static void programmes_as_they_stood(void **state)
{
    (void)state;
    static const struct stated list[] = {
        {TJ_FIGURE_COUNTED, 0, 0, 0, 1, 1, 100},     {TJ_FIGURE_BREACHES, 0, 0, 0, 1, 1, 0},
        {TJ_FIGURE_COUNTED, 0, 0, 0, 1, 2, 360},     {TJ_FIGURE_BREACHES, 0, 0, 0, 1, 2, 2},
        {TJ_FIGURE_UNCLASSIFIED, 0, 0, 0, 1, 2, 40}, {TJ_FIGURE_COUNTED, 0, 0, 0, 1, 3, 310},
        {TJ_FIGURE_BREACHES, 0, 0, 0, 1, 3, 2},      {TJ_FIGURE_BREACHES, 0, 0, 1, 1, 2, 0},
        {TJ_FIGURE_BREACHES, 0, 0, 1, 1, 3, 1},      {TJ_FIGURE_COUNTED, 0, 0, 1, 1, 3, 0},
        {TJ_FIGURE_UNCLASSIFIED, 0, 0, 0, 1, 1, 0},
    };
    day(1);
    programme(0, TJ_PROGRAMME_CEILING, 1u << TJ_PURCHASE | 1u << TJ_SALE, 150);
    world->now_ns++;
    programme(1, TJ_PROGRAMME_MINIMUM, 0, 380);
    move(T_MARKET, T_RESERVE_A, 100, TJ_PURCHASE);
    day(2);
    uint64_t bought = move(T_MARKET, T_RESERVE_A, 160, TJ_PURCHASE);
    move(T_MARKET, T_RESERVE_A, 100, TJ_PURCHASE);
    move(T_DONATION, T_RESERVE_A, 40, TJ_DONATION);
    day(3);
    move(T_RESERVE_A, T_MARKET, 20, TJ_SALE); /* 380: not below the minimum */
    naming(TJ_CORRECT, bought, 30);
    day(5);
    uint64_t entry = state_all(list, sizeof list / sizeof list[0], 0);
    struct tj_replay_report report = audit(NULL, NULL);
    assert_int_equal(report.checks[TJ_CHECK_STATEMENTS].passed, sizeof list / sizeof list[0]);
    assert_int_equal(report.finding_count, 3);
    must_find(&report, bought, (const char *const[3]){"Programme 0", "2 breaches", NULL});
    must_find(&report, entry - 1, (const char *const[3]){"Programme 1", "minimum", NULL});
    must_find(&report, UINT64_MAX,
              (const char *const[3]){"Programme 0", "0.00000040 BTC", "unclassified"});
    entry = state_all(&list[3], 1, -1);
    report = audit(NULL, NULL);
    assert_int_equal(report.finding_count, 4);
    must_find(&report, entry, (const char *const[3]){"Programme 0", "breaches", " 1"});
}

/* A minimum that another took the place of keeps the number of its breaches; where the first was is
 * not known any more. */
static void a_minimum_that_was_ended(void **state)
{
    (void)state;
    static const struct stated list[] = {
        {TJ_FIGURE_BREACHES, 0, 0, 0, 1, 1, 1},
        {TJ_FIGURE_BREACHES, 0, 0, 0, 1, 3, 1},
        {TJ_FIGURE_BREACHES, 0, 0, 1, 1, 2, 0},
        {TJ_FIGURE_BREACHES, 0, 0, 1, 1, 3, 2},
    };
    struct tj_record end = {.kind = TJ_END_RULE, .rule = 0};
    day(1);
    move(T_MARKET, T_RESERVE_A, 1000, TJ_PURCHASE);
    programme(0, TJ_PROGRAMME_MINIMUM, 0, 950);
    move(T_RESERVE_A, T_MARKET, 100, TJ_SALE);
    day(2);
    rules_accept_one(world, 0, 0, &end);
    world->now_ns++;
    programme(1, TJ_PROGRAMME_MINIMUM, 0, 850);
    day(3);
    uint64_t lower = move(T_RESERVE_A, T_MARKET, 100, TJ_SALE);
    move(T_RESERVE_A, T_MARKET, 1, TJ_SALE);
    day(4);
    state_all(list, sizeof list / sizeof list[0], 0);
    struct tj_replay_report report = audit(NULL, NULL);
    assert_int_equal(report.checks[TJ_CHECK_STATEMENTS].passed, sizeof list / sizeof list[0]);
    must_find(&report, UINT64_MAX, (const char *const[3]){"Programme 0", "1 breach;", NULL});
    must_find(&report, lower, (const char *const[3]){"Programme 1", "2 breaches", NULL});
    assert_int_equal(report.finding_count, 2);
}

/* ---- what is remembered, and what cannot be recomputed ---- */

static void replica_dir(char out[300])
{
    snprintf(out, 300, "%s-state", world->dir);
}

/* An audit from where an earlier one ended checks what a statement says of days before that. */
static void remembered_days(void **state)
{
    (void)state;
    static const struct stated list[] = {
        {TJ_FIGURE_OPENING, 0, 0, 0, 2, 4, 1000},
        {TJ_FIGURE_INFLOW, TJ_MINING, 0, 0, 2, 4, 300},
        {TJ_FIGURE_OUTFLOW, TJ_CORRECTION, 0, 0, 2, 4, 100},
        {TJ_FIGURE_CUSTOMERS, 0, 2, 0, 1, 1, 500},
        {TJ_FIGURE_CLOSING, 0, 0, 0, 2, 3, 1300},
        {TJ_FIGURE_CLOSING, 0, 0, 0, 2, 6, 975},
        {TJ_FIGURE_ADJUSTMENTS, 0, 0, 0, 5, 6, -30},
    };
    static const struct stated closing = {TJ_FIGURE_CLOSING, 0, 0, 0, 2, 4, 1000};
    char dir[300];
    struct tj_replica *replica;
    replica_dir(dir);
    uint64_t bought = a_history();
    state_all(&closing, 1, 0);
    naming(TJ_CORRECT, bought, 30);
    assert_int_equal(tj_replica_open(dir, &replica), TIJORI_OK);
    audit(replica, NULL);
    assert_int_equal(tj_replica_save(replica), TIJORI_OK);
    tj_replica_close(replica);
    move(T_MARKET, T_RESERVE_A, 5, TJ_PURCHASE);
    day(7);
    state_all(list, sizeof list / sizeof list[0], 0);
    assert_int_equal(tj_replica_open(dir, &replica), TIJORI_OK);
    assert_true(replica->size > 0);
    must_agree(replica, sizeof list / sizeof list[0]);
    assert_int_equal(tj_replica_save(replica), TIJORI_OK);
    tj_replica_close(replica);
    uint64_t entry = state_all(&list[1], 1, 1);
    assert_int_equal(tj_replica_open(dir, &replica), TIJORI_OK);
    struct tj_replay_report report = audit(replica, NULL);
    tj_replica_close(replica);
    remove_folder(dir);
    assert_int_equal(report.start, entry);
    must_find(&report, entry, (const char *const[3]){"mining", "0.00000301 BTC", "0.00000300 BTC"});
}

/* What a custodian attests is not compared with anything, and never called checked. */
static void attested_is_its_own_word(void **state)
{
    (void)state;
    struct tj_record r = {.kind = TJ_STATEMENT, .figure = TJ_FIGURE_ATTESTED, .asset = 1};
    rules_party_4(world);
    r.party = 4;
    r.period_from = r.as_of = DAY_0 + 1;
    tj_store64(r.value, 12345);
    day(2);
    rules_accept_one(world, 4, 0, &r);
    struct tj_replay_report report = audit(NULL, NULL);
    assert_int_equal(report.checks[TJ_CHECK_STATEMENTS].passed, 0);
    assert_int_equal(report.checks[TJ_CHECK_STATEMENTS].skipped, 0);
    assert_int_equal(report.finding_count, 0);
}

/* A public export lacks what customers moved: their totals from that day on are skipped, those
 * before it and the reserve's figures are checked; in full all are. */
static void customers_in_a_public_export(void **state)
{
    (void)state;
    static const struct stated list[] = {
        {TJ_FIGURE_CUSTOMERS, 0, 2, 0, 1, 2, 600},
        {TJ_FIGURE_CUSTOMERS, 0, 2, 0, 1, 1, 500},
        {TJ_FIGURE_CLOSING, 0, 0, 0, 1, 2, 1000},
        {TJ_FIGURE_INFLOW, TJ_PURCHASE, 0, 0, 1, 2, 1000},
    };
    static const bool public[] = {false, true};
    const struct tj_pins pins = {.ledger_id = &world->genesis.ledger_id};
    struct tj_record r = fixture_move(fixture_account(C_EXTERNAL), fixture_account(C_CUSTODY_A),
                                      100, TJ_CUSTOMER_DEPOSIT);
    char folder[300];
    day(1);
    move(T_MARKET, T_RESERVE_A, 1000, TJ_PURCHASE);
    move(C_EXTERNAL, C_CUSTODY_A, 500, TJ_CUSTOMER_DEPOSIT);
    day(2);
    rules_one(world, 2, 1, &r);
    world->header.flags = TJ_FLAG_RESTRICTED;
    rules_accept(world);
    day(3);
    state_all(list, sizeof list / sizeof list[0], 0);
    tamper_sign(world, 0);
    for (size_t i = 0; i < 2; i++) {
        struct tj_replay_report report;
        snprintf(folder, sizeof folder, "%s-export-%zu", world->dir, i);
        assert_int_equal(tamper_export(world, folder, public[i], NULL), TIJORI_OK);
        assert_int_not_equal(audit_folder(folder, &pins, NULL, NULL, &report), OUTCOME_FAILED);
        remove_folder(folder);
        assert_int_equal(report.finding_count, 0);
        assert_int_equal(report.checks[TJ_CHECK_STATEMENTS].passed, public[i] ? 3 : 4);
        assert_int_equal(report.checks[TJ_CHECK_STATEMENTS].skipped, public[i] ? 1 : 0);
    }
}

/* ---- the series by themselves ---- */

struct kept {
    uint64_t series[64];
    uint32_t days[64];
    tj_i128 values[64];
    size_t count;
};

static void keep(void *context, uint64_t series, uint32_t day_of, tj_i128 value)
{
    struct kept *kept = context;
    assert_true(kept->count < 64);
    kept->series[kept->count] = series;
    kept->days[kept->count] = day_of;
    kept->values[kept->count++] = value;
}

/* One day has one value, the last; and what is visited is what was put, also after growing. */
static void series_grow(void **state)
{
    (void)state;
    enum { SERIES = 1000, DAYS = 9 };
    struct tj_figures *figures = tj_figures_create();
    const uint64_t customers = UINT64_C(4) << 56 | UINT64_C(1) << 32;
    for (uint32_t d = 1; d <= DAYS; d++) {
        for (uint32_t i = 0; i < SERIES; i++) {
            assert_true(tj_figures_put(figures, customers + i, d * 10, -1));
            assert_true(tj_figures_put(figures, customers + i, d * 10, (tj_i128)d * 1000 + i));
        }
    }
    for (uint32_t d = 0; d <= DAYS * 10 + 5; d++) {
        for (uint32_t i = 0; i < SERIES; i += 37) {
            const struct tj_figure_key key = {.figure = TJ_FIGURE_CUSTOMERS,
                                              .asset = 1,
                                              .party = i,
                                              .period_from = 1,
                                              .as_of = d};
            tj_i128 want = d < 10 ? 0 : (tj_i128)(d / 10 > DAYS ? DAYS : d / 10) * 1000 + i;
            assert_true(tj_figures_value(figures, &key) == want);
        }
    }
    tj_figures_destroy(figures);
    figures = tj_figures_create();
    struct kept kept = {.count = 0};
    assert_true(tj_figures_put(figures, customers, 5, 7));
    assert_true(tj_figures_put(figures, customers, 6, -8));
    tj_figures_visit(figures, keep, &kept);
    tj_figures_destroy(figures);
    assert_int_equal(kept.count, 2);
    assert_true(kept.series[0] == customers && kept.days[0] == 5 && kept.values[0] == 7);
    assert_true(kept.series[1] == customers && kept.days[1] == 6 && kept.values[1] == -8);
}

/* ---- a period in full ---- */

static const struct tj_period_account *account_of(const struct tj_period *period,
                                                  enum fixture_account account)
{
    for (size_t i = 0; i < period->account_count; i++) {
        if (period->accounts[i].account == fixture_account(account)) {
            return &period->accounts[i];
        }
    }
    fail_msg("account %d is not there", (int)account);
    return NULL;
}

/* Each account's flows explain what it has more or less than at the beginning. */
static void flows_explain_balances(const struct tj_period *period)
{
    for (size_t i = 0; i < period->account_count; i++) {
        const struct tj_period_account *row = &period->accounts[i];
        tj_i128 balance = row->opening;
        for (uint32_t at = row->flow; at != 0; at = period->flows[at - 1].next) {
            assert_int_equal(period->flows[at - 1].account, row->account);
            balance += (tj_i128)(period->flows[at - 1].in - period->flows[at - 1].out);
        }
        assert_true(balance == row->closing);
        assert_true(i == 0 || period->accounts[i - 1].account < row->account);
    }
}

static void check_period(const struct tj_period *period, uint64_t entries,
                         const struct tj_replay_report *report)
{
    assert_true(period->opened && period->closed && !period->partial);
    assert_int_equal(period->entries, entries);
    assert_int_equal(period->account_count, FIXTURE_ACCOUNTS);
    flows_explain_balances(period);
    const struct tj_period_account *row = account_of(period, T_RESERVE_A);
    assert_true(row->opening == 1000 && row->closing == 900);
    assert_int_equal(row->pending_out, 207);
    assert_string_equal(row->label, "account 0");
    row = account_of(period, T_RESERVE_B);
    assert_true(row->opening == 0 && row->closing == 400);
    row = account_of(period, C_CUSTODY_A);
    assert_true(row->opening == 500 && row->closing == 450);
    assert_int_equal(period->pending_count, 2);
    assert_int_equal(period->pending[0].record[0], TJ_PENDING);
    assert_int_equal(period->correction_count, 0);
    assert_int_equal(report->checks[TJ_CHECK_STATEMENTS].skipped, 0);
}

/* Days 2 to 3 are the same when the log ends with them and when it went on. */
static void the_same_period_later(void **state)
{
    (void)state;
    struct tj_hash leaves[2];
    struct tijori_head head;
    day(1);
    move(T_MARKET, T_RESERVE_A, 1000, TJ_PURCHASE);
    move(C_EXTERNAL, C_CUSTODY_A, 500, TJ_CUSTOMER_DEPOSIT);
    day(2);
    move(T_MINING, T_RESERVE_B, 300, TJ_MINING);
    move(T_RESERVE_A, T_RESERVE_B, 100, TJ_INTERNAL_TRANSFER);
    move(C_CUSTODY_A, C_CUSTODY_B, 50, TJ_CUSTOMER_TRANSFER);
    day(3);
    uint64_t sale = move_of(TJ_PENDING, T_RESERVE_A, T_MARKET, 200, TJ_SALE);
    move_of(TJ_PENDING, T_RESERVE_A, T_MARKET, 7, TJ_SALE);
    tijori_head(world->ledger, &head);
    for (size_t i = 0; i < 2; i++) {
        struct tj_period *period = tj_period_create(DAY_0 + 2, DAY_0 + 3);
        struct tj_replay_report report = audit(NULL, period);
        check_period(period, head.size, &report);
        leaves[i] = period->last_leaf;
        tj_period_destroy(period);
        day(5);
        naming(TJ_POST, sale, 0);
        sale = move_of(TJ_PENDING, T_RESERVE_A, T_MARKET, 1, TJ_SALE);
    }
    assert_memory_equal(leaves[0].bytes, head.leaf, TJ_HASH_SIZE);
    assert_memory_equal(leaves[1].bytes, head.leaf, TJ_HASH_SIZE);
}

/* What is about a period is found in any entry of directives. */
static void entries_that_state_a_period(void **state)
{
    (void)state;
    static const struct stated closing = {TJ_FIGURE_CLOSING, 0, 0, 0, 1, 1, 10};
    static const struct stated other = {TJ_FIGURE_CLOSING, 0, 0, 0, 2, 2, 10};
    struct tj_record rename = {.kind = TJ_RENAME_PARTY, .party = 1};
    struct tj_record stated = {.kind = TJ_STATEMENT, .figure = TJ_FIGURE_CLOSING, .asset = 1};
    day(1);
    move(T_MARKET, T_RESERVE_A, 10, TJ_PURCHASE);
    day(3);
    uint64_t first = state_all(&closing, 1, 0);
    state_all(&other, 1, 0);
    memcpy(rename.name, "Reserve Office", 14);
    stated.period_from = stated.as_of = DAY_0 + 1;
    tj_store64(stated.value, 10);
    world->now_ns++;
    rules_one(world, 0, 0, &rename);
    fixture_add(world, &stated);
    fixture_add(world, &stated);
    uint64_t second = rules_accept(world);
    struct tj_period *period = tj_period_create(DAY_0 + 1, DAY_0 + 1);
    audit(NULL, period);
    assert_int_equal(period->stated_count, 2);
    assert_int_equal(period->stated[0].entry, first);
    assert_int_equal(period->stated[0].figures, 1);
    assert_int_equal(period->stated[1].entry, second);
    assert_int_equal(period->stated[1].figures, 2);
    tj_period_destroy(period);
}

static char *document_of(const struct tj_period *period, enum statement_format format)
{
    static const struct statement_prices none = {.count = 0};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    assert_true(statement_write(out, format, period, &world->genesis.ledger_id, &none));
    assert_int_equal(fclose(out), 0);
    return text;
}

/* Replays an export for the document of days 1 to 2. */
static struct tj_period *period_of_export(const char *folder)
{
    struct tj_source *source;
    struct tj_source_message what;
    struct tj_replay_report report;
    struct tj_period *period = tj_period_create(DAY_0 + 1, DAY_0 + 2);
    const struct tj_replay_options options = {.threads = 1, .period = period};
    assert_int_equal(tj_source_open_folder(folder, &source, &what), TIJORI_OK);
    assert_int_equal(tj_replay(source, &options, &report, NULL), TIJORI_OK);
    assert_false(report.failed);
    tj_report_clear(&report);
    tj_source_close(source);
    return period;
}

/* Two movements of customers were open and corrected, or not, in envelopes that a public export
 * leaves out: so it says neither that they are open nor how they were corrected. The reserve's
 * pending one is open for everybody. */
static void what_a_public_export_cannot_say(void **state)
{
    (void)state;
    static const bool public[] = {false, true};
    char folder[300];
    day(1);
    move(T_MARKET, T_RESERVE_A, 1000, TJ_PURCHASE);
    uint64_t came = move(C_EXTERNAL, C_CUSTODY_A, 500, TJ_CUSTOMER_DEPOSIT);
    move_of(TJ_PENDING, T_RESERVE_A, T_MARKET, 7, TJ_SALE);
    uint64_t sent = move_of(TJ_PENDING, C_CUSTODY_A, C_CUSTODY_B, 10, TJ_CUSTOMER_TRANSFER);
    day(2);
    struct tj_record post = rules_naming(world, TJ_POST, sent, 0);
    rules_one(world, 2, 1, &post);
    world->header.flags = TJ_FLAG_RESTRICTED;
    rules_accept(world);
    naming(TJ_CORRECT, came, 1);
    tamper_sign(world, 0);
    for (size_t i = 0; i < 2; i++) {
        snprintf(folder, sizeof folder, "%s-export-%zu", world->dir, i);
        assert_int_equal(tamper_export(world, folder, public[i], NULL), TIJORI_OK);
        struct tj_period *period = period_of_export(folder);
        char *text = document_of(period, STATEMENT_JSON);
        char *csv = document_of(period, STATEMENT_CSV);
        tj_period_destroy(period);
        remove_folder(folder);
        json_t *document = json_loads(text, 0, NULL);
        const json_t *asset = json_array_get(json_object_get(document, "assets"), 0);
        assert_int_equal(json_array_size(json_object_get(asset, "pending")), 1);
        assert_int_equal(json_array_size(json_object_get(asset, "corrections")), public[i] ? 0 : 1);
        assert_int_equal(json_array_size(json_object_get(asset, "customers_by_custodian")),
                         public[i] ? 0 : 1);
        assert_true((strstr(csv, ",\"not known: made from") != NULL) == public[i]);
        json_decref(document);
        free(text);
        free(csv);
    }
}

int main(void)
{
#define WORLD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WORLD(figures_of_periods),
        WORLD(days_end_at_midnight),
        WORLD(adjustments_are_of_stated_days),
        WORLD(programmes_as_they_stood),
        WORLD(a_minimum_that_was_ended),
        WORLD(remembered_days),
        WORLD(attested_is_its_own_word),
        WORLD(customers_in_a_public_export),
        cmocka_unit_test(series_grow),
        WORLD(the_same_period_later),
        WORLD(entries_that_state_a_period),
        WORLD(what_a_public_export_cannot_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
