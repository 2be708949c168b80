#include "history_support.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "storage/store_write.h"

/* Between two envelopes; not a whole second, so that nanoseconds are seen to count. */
#define STEP_NS  UINT64_C(1000000007)
#define NS_PER_S UINT64_C(1000000000)

static const char document[] = "Contract of sale, 17 November 2021.";

/* ---- sending ---- */

static void begin(struct history *h, uint32_t party, uint16_t lane)
{
    h->f->now_ns += STEP_NS;
    fixture_begin(h->f, party, lane);
}

static void add(struct history *h, const struct tj_record *record)
{
    fixture_add(h->f, record);
}

static uint64_t send_by(struct history *h, uint32_t first, uint32_t count)
{
    struct tijori_receipt receipt;
    for (uint32_t k = first; k < first + count; k++) {
        fixture_sign_as(h->f, TJ_USE_SIGN, h->f->header.party, k);
    }
    fixture_encode(h->f);
    if (fixture_submit(h->f, &receipt) != TIJORI_OK) {
        fail_msg("%s", receipt.text);
    }
    if (h->after != NULL) {
        h->after(h->context);
    }
    return receipt.entry;
}

/* By the keys that suffice for party and lane; the entry it became. */
static uint64_t send(struct history *h)
{
    switch (h->f->header.party) {
    case 0:
    case 1:
        return send_by(h, 0, 2);
    case 2:
        return h->f->header.lane == 0 ? send_by(h, 1, 1) : send_by(h, h->custodian_key, 1);
    default:
        return send_by(h, 0, 1);
    }
}

static struct named_record sent(struct history *h, uint64_t entry, uint32_t position)
{
    struct named_record named = {.id = tj_record_id(entry, position)};
    const uint8_t *bytes = h->f->records + (size_t)position * TJ_RECORD_SIZE;
    tj_record_decode(&named.record, bytes);
    tj_group_hash(h->f->digester.hasher, &named.group, bytes,
                  tj_details_after(h->f->records, h->f->header.record_count, position));
    return named;
}

static struct tj_record movement(uint8_t kind, enum fixture_account from, enum fixture_account to,
                                 uint64_t amount, uint8_t purpose)
{
    struct tj_record r = fixture_move(fixture_account(from), fixture_account(to), amount, purpose);
    r.kind = kind;
    return r;
}

/* A post, void or correct of `named`. */
static struct tj_record naming(uint8_t kind, const struct named_record *named, uint64_t amount)
{
    bool turned = kind == TJ_CORRECT;
    const struct tj_record *old = &named->record;
    struct tj_record r = fixture_move(turned ? old->to : old->from, turned ? old->from : old->to,
                                      amount, old->purpose);
    r.kind = kind;
    r.refers_to = named->id;
    r.hash = named->group;
    return r;
}

/* One record, sent. */
static struct named_record single(struct history *h, uint32_t party, uint16_t lane, bool restricted,
                                  const struct tj_record *record)
{
    begin(h, party, lane);
    h->f->header.flags = restricted ? TJ_FLAG_RESTRICTED : 0;
    add(h, record);
    uint64_t entry = send(h);
    return sent(h, entry, 0);
}

static struct tj_record key_record(uint8_t kind, uint32_t party, uint32_t ordinal, uint8_t role)
{
    struct tj_record r = {.kind = kind, .party = party, .ordinal = ordinal, .role = role};
    struct tj_public_key key;
    fixture_public(&key, party, ordinal);
    r.algorithm = key.algorithm;
    memcpy(r.key, key.bytes, key.size);
    return r;
}

/* ---- the parts ---- */

/* The log key is rotated; then the new one is compromised. */
static void log_keys_change(struct history *h)
{
    struct tijori_head head;
    struct tj_record r = fixture_log_key(TJ_ADD_LOG_KEY, 1);
    begin(h, 0, 0);
    add(h, &r);
    r = fixture_log_key(TJ_RETIRE_LOG_KEY, 0);
    add(h, &r);
    fixture_prove_log_key(h->f, 0);
    fixture_prove_log_key(h->f, 1);
    send(h);
    begin(h, 0, 0);
    r = fixture_log_key(TJ_ADD_LOG_KEY, 2);
    add(h, &r);
    r = fixture_log_key(TJ_RETIRE_LOG_KEY, 1);
    tijori_head(h->f->ledger, &head);
    r.size = head.size;
    memcpy(r.root.bytes, head.root, TJ_HASH_SIZE);
    add(h, &r);
    fixture_prove_log_key(h->f, 2);
    send(h);
}

static void authority_prepares(struct history *h)
{
    struct tj_record r = {.kind = TJ_OPEN_ASSET, .asset = 2, .decimals = 3};
    r.amount_max = UINT64_C(1000000000000);
    memcpy(r.code, "XAU", 3);
    memcpy(r.name, "Gold", 4);
    single(h, 0, 0, false, &r);
    log_keys_change(h);
}

static void treasury_acquires(struct history *h)
{
    struct tj_record r = movement(TJ_MOVE, T_MARKET, T_RESERVE_A, 1000, TJ_PURCHASE);
    tj_sha256(h->f->digester.hasher, &r.hash, document, sizeof document - 1);
    begin(h, 1, 1);
    h->f->attachment = (const uint8_t *)document;
    h->f->attachment_size = sizeof document - 1;
    add(h, &r);
    uint64_t entry = send(h);
    struct named_record purchase = sent(h, entry, 0);
    r = movement(TJ_MOVE, T_MINING, T_RESERVE_A, 70, TJ_MINING);
    memset(r.hash.bytes, 0xd0, TJ_HASH_SIZE); /* a document that stays elsewhere */
    single(h, 1, 2, false, &r);
    /* The invoice was too high, twice. */
    r = naming(TJ_CORRECT, &purchase, 300);
    single(h, 1, 1, false, &r);
    r = naming(TJ_CORRECT, &purchase, 50);
    single(h, 1, 70, false, &r); /* a lane in the next block */
}

/* The other purposes a treasury has. */
static void treasury_trades(struct history *h)
{
    static const struct {
        enum fixture_account from;
        enum fixture_account to;
        uint64_t amount;
        uint8_t purpose;
    } moves[] = {
        {T_SEIZURE, T_RESERVE_B, 400, TJ_SEIZURE},
        {T_EXTERNAL, T_RESERVE_B, 3, TJ_UNSOLICITED_INFLOW},
        {T_RESERVE_B, T_MARKET, 200, TJ_SALE},
        {T_RESERVE_B, T_SUSPENSE, 7, TJ_PAYMENT},
        {T_RESERVE_B, T_FEE, 2, TJ_FEE},
    };
    begin(h, 1, 1);
    for (size_t i = 0; i < sizeof moves / sizeof moves[0]; i++) {
        struct tj_record r =
            movement(TJ_MOVE, moves[i].from, moves[i].to, moves[i].amount, moves[i].purpose);
        add(h, &r);
    }
    send(h);
}

static void treasury_pends(struct history *h)
{
    struct tj_record r = movement(TJ_PENDING, T_RESERVE_A, T_RESERVE_B, 100, TJ_INTERNAL_TRANSFER);
    r.timeout_s = FIXTURE_CREATED_S + 86400;
    begin(h, 1, 1);
    add(h, &r);
    r = movement(TJ_PENDING, T_RESERVE_A, T_RESERVE_B, 50, TJ_INTERNAL_TRANSFER);
    add(h, &r);
    r = movement(TJ_PENDING, T_DONATION, T_RESERVE_B, 9, TJ_DONATION);
    memset(r.hash.bytes, 0xd1, TJ_HASH_SIZE);
    add(h, &r);
    uint64_t entry = send(h);
    struct named_record first = sent(h, entry, 0);
    struct named_record second = sent(h, entry, 1);
    struct named_record third = sent(h, entry, 2);
    r = naming(TJ_POST, &first, 100);
    struct named_record post = single(h, 1, 1, false, &r);
    r = naming(TJ_VOID, &second, 50);
    single(h, 0, 0, false, &r); /* the authority may */
    r = naming(TJ_POST, &third, 9);
    single(h, 1, 2, false, &r);
    r = naming(TJ_CORRECT, &post, 10);
    single(h, 1, 2, false, &r);
}

static void custodian_serves(struct history *h)
{
    struct tj_record r = movement(TJ_MOVE, C_EXTERNAL, C_CUSTODY_A, 50000, TJ_CUSTOMER_DEPOSIT);
    begin(h, 2, 2);
    h->f->header.flags = TJ_FLAG_RESTRICTED;
    add(h, &r);
    r = movement(TJ_MOVE, C_CUSTODY_A, C_CUSTODY_B, 700, TJ_CUSTOMER_TRANSFER);
    add(h, &r);
    r = movement(TJ_MOVE, C_CUSTODY_B, C_FEE, 1, TJ_FEE);
    add(h, &r);
    send(h);
    r = movement(TJ_PENDING, C_CUSTODY_B, C_EXTERNAL, 40, TJ_CUSTOMER_WITHDRAWAL);
    struct named_record pending = single(h, 2, 3, true, &r);
    r = naming(TJ_POST, &pending, 40);
    single(h, 2, 2, false, &r);
    r = movement(TJ_PENDING, C_CUSTODY_B, C_EXTERNAL, 41, TJ_CUSTOMER_WITHDRAWAL);
    pending = single(h, 2, 3, true, &r);
    r = naming(TJ_VOID, &pending, 41);
    single(h, 2, 3, true, &r);
    r = movement(TJ_MOVE, T_RESERVE_A, C_CUSTODY_A, 5, TJ_PAYMENT);
    single(h, 1, 1, false, &r);
    /* Into another party's reserve: it countersigns. */
    r = movement(TJ_MOVE, T_RESERVE_A, U_RESERVE, 20, TJ_INTERNAL_TRANSFER);
    begin(h, 1, 1);
    add(h, &r);
    fixture_sign_as(h->f, TJ_USE_COUNTERSIGN, 3, 0);
    send(h);
}

/* Accounts of customers that the public is shown nothing of: opened, filled, frozen by the
 * authority in public, limited, emptied and closed. */
static void restricted_accounts(struct history *h)
{
    const uint64_t customer = tj_account_id(2, TJ_LOCAL_RESTRICTED);
    const uint64_t custody = fixture_account(C_CUSTODY_A);
    struct tj_record r = {.kind = TJ_OPEN_ACCOUNT, .account = customer, .asset = 1};
    r.class = TJ_CLASS_CUSTODY;
    begin(h, 2, 2);
    h->f->header.flags = TJ_FLAG_RESTRICTED;
    add(h, &r);
    r.account++;
    add(h, &r);
    send(h);
    r = fixture_move(custody, customer, 300, TJ_CUSTOMER_TRANSFER);
    single(h, 2, 2, true, &r);
    r = (struct tj_record){.kind = TJ_FREEZE_ACCOUNT, .account = customer, .directions = 2};
    single(h, 0, 0, false, &r);
    r.kind = TJ_UNFREEZE_ACCOUNT;
    single(h, 0, 0, false, &r);
    r = (struct tj_record){.kind = TJ_CLOSE_OPENING, .party = 3};
    single(h, 0, 0, false, &r);
    r = fixture_move(customer, customer + 1, 100, TJ_CUSTOMER_TRANSFER);
    single(h, 2, 3, true, &r);
    begin(h, 2, 2);
    h->f->header.flags = TJ_FLAG_RESTRICTED;
    r = fixture_move(customer, custody, 200, TJ_CUSTOMER_TRANSFER);
    add(h, &r);
    send(h);
    r = (struct tj_record){.kind = TJ_CLOSE_ACCOUNT, .account = customer};
    single(h, 2, 2, true, &r);
}

static void keys_are_rotated(struct history *h)
{
    struct tj_record r = key_record(TJ_ADD_KEY, 2, 1, TJ_ADMINISTER);
    begin(h, 0, 0);
    add(h, &r);
    r = (struct tj_record){.kind = TJ_SET_THRESHOLD, .party = 2, .threshold = 1};
    r.domain = TJ_DOMAIN_ADMINISTER;
    add(h, &r);
    fixture_sign_as(h->f, TJ_USE_POSSESSION, 2, 1);
    send(h);
    begin(h, 2, 0);
    r = key_record(TJ_ADD_KEY, 2, 2, TJ_INITIATE);
    add(h, &r);
    r = key_record(TJ_REVOKE_KEY, 2, 0, TJ_INITIATE);
    add(h, &r);
    fixture_sign_as(h->f, TJ_USE_POSSESSION, 2, 2);
    send(h);
    h->custodian_key = 2;
}

static void authority_governs(struct history *h)
{
    struct tj_record r = {.kind = TJ_FREEZE_ACCOUNT, .directions = TJ_FREEZE_BOTH};
    r.account = fixture_account(T_RESERVE_B);
    single(h, 0, 0, false, &r);
    r.kind = TJ_UNFREEZE_ACCOUNT;
    r.directions = TJ_FREEZE_OUT;
    single(h, 0, 0, false, &r);
    r.directions = TJ_FREEZE_IN;
    single(h, 0, 0, false, &r);
    r = (struct tj_record){.kind = TJ_SUSPEND_PARTY, .party = 3};
    single(h, 0, 0, false, &r);
    r.kind = TJ_REINSTATE_PARTY;
    single(h, 0, 0, false, &r);
    begin(h, 0, 0);
    r = (struct tj_record){.kind = TJ_REGISTER_PARTY, .party = 4, .type = TJ_AUDITOR};
    memcpy(r.name, "Court of Audit", 14);
    add(h, &r);
    r = (struct tj_record){.kind = TJ_REGISTER_PARTY, .party = 5, .type = TJ_CUSTODIAN};
    memcpy(r.name, "Second Custodian", 16);
    add(h, &r);
    r = key_record(TJ_ADD_KEY, 5, 0, TJ_INITIATE);
    add(h, &r);
    r = (struct tj_record){.kind = TJ_GRANT_CLASSES, .party = 5};
    r.classes = 1u << TJ_CLASS_CUSTODY;
    add(h, &r);
    fixture_sign_as(h->f, TJ_USE_POSSESSION, 5, 0);
    send(h);
}

static void late_accounts(struct history *h)
{
    struct tj_record r = {.kind = TJ_OPEN_ACCOUNT, .asset = 2, .class = TJ_CLASS_CUSTODY};
    uint64_t custody = tj_account_id(2, 5);
    uint64_t outside = tj_account_id(2, 6);
    begin(h, 2, 1);
    r.account = custody;
    add(h, &r);
    r.account = outside;
    r.class = TJ_CLASS_EXTERNAL;
    add(h, &r);
    r = (struct tj_record){.kind = TJ_CLOSE_ACCOUNT, .account = fixture_account(C_SUSPENSE)};
    add(h, &r);
    send(h);
    r = fixture_move(outside, custody, 12345, TJ_CUSTOMER_DEPOSIT);
    single(h, 2, 2, true, &r);
}

static void endorse_entry_2(struct history *h)
{
    static uint8_t entry[TJ_ENTRY_SIZE_MAX];
    static uint8_t body[64 * (TJ_RECORD_SIZE + TJ_LINK_SIZE)];
    struct tijori_entry out = {entry, sizeof entry, body, sizeof body};
    struct tj_record r = {.kind = TJ_ENDORSE, .entry = 2};
    assert_int_equal(tijori_entry(h->f->ledger, &out, 2), TIJORI_OK);
    tj_leaf_hash(h->f->digester.hasher, &r.leaf, entry, out.entry_size);
    tj_envelope_id(&h->f->digester, &r.envelope_id, entry + 64);
    single(h, 3, 1, false, &r);
}

/* ---- governance: after all that was before it, so that those entries stay what they were ---- */

enum { DAY_S = 86400 };
#define ALL(party) ((uint64_t)(party) << 32 | TJ_LOCAL_ALL)
#define BIT(n)     (1u << (n))

/* In force through all that comes after; nothing of it is refused by them. */
static const struct tj_record history_rules[] = {
    {.kind = TJ_SET_TIER,
     .party = 1,
     .asset = 1,
     .above = 500,
     .approvals = 2,
     .delay_s = 60,
     .groups = BIT(1)},
    {.kind = TJ_SET_LIMIT,
     .type = TJ_LIMIT_OUTFLOW,
     .holder = ALL(1),
     .asset = 1,
     .window_s = 160,
     .amount = 1000000},
    {.kind = TJ_SET_LIMIT,
     .type = TJ_LIMIT_OUTFLOW,
     .holder = (uint64_t)1 << 32,
     .asset = 1,
     .window_s = 1600,
     .amount = 1000000},
    {.kind = TJ_SET_LIMIT,
     .type = TJ_LIMIT_BALANCE,
     .holder = ALL(1),
     .asset = 1,
     .amount = 1000000},
    {.kind = TJ_SET_LIMIT,
     .type = TJ_LIMIT_COUNTERPARTY,
     .holder = ALL(3),
     .directions = 3,
     .counterparty = ALL(1)},
    {.kind = TJ_SET_LIMIT,
     .type = TJ_LIMIT_PURPOSES,
     .holder = ALL(5),
     .directions = 1,
     .purposes = BIT(TJ_CUSTOMER_DEPOSIT)},
    {.kind = TJ_SET_LIMIT, .type = TJ_LIMIT_FREEZE, .holder = ALL(5), .directions = 3},
    {.kind = TJ_PROGRAMME,
     .type = TJ_PROGRAMME_CEILING,
     .mode = TJ_MODE_ENFORCE,
     .asset = 1,
     .purposes = BIT(TJ_PURCHASE) | BIT(TJ_SALE),
     .amount = 100000,
     .name = "Ceiling"},
    {.kind = TJ_PROGRAMME,
     .type = TJ_PROGRAMME_MANDATE,
     .mode = TJ_MODE_REPORT,
     .asset = 1,
     .purposes = BIT(TJ_PURCHASE),
     .amount = 100000,
     .amount_day = 610,
     .name = "Mandate"},
    {.kind = TJ_PROGRAMME,
     .type = TJ_PROGRAMME_ALLOCATION,
     .mode = TJ_MODE_REPORT,
     .asset = 1,
     .purposes = BIT(TJ_MINING),
     .power_mw = 1500,
     .name = "Power"},
    {.kind = TJ_PROGRAMME,
     .type = TJ_PROGRAMME_MINIMUM,
     .mode = TJ_MODE_REPORT,
     .asset = 1,
     .amount = 1400,
     .name = "Minimum"},
    {.kind = TJ_SET_TIER, .party = 1, .asset = 2, .above = 5, .approvals = 16},
};
enum { RULES = sizeof history_rules / sizeof history_rules[0] };

static void rules_are_set(struct history *h)
{
    struct tj_record r = key_record(TJ_ADD_KEY, 1, 3, TJ_APPROVE);
    uint32_t today = (uint32_t)(h->f->now_ns / NS_PER_S / DAY_S);
    r.group = 1;
    begin(h, 0, 0);
    add(h, &r);
    for (uint32_t i = 0; i < RULES; i++) {
        r = history_rules[i];
        r.rule = i;
        r.starts = r.kind == TJ_PROGRAMME ? today : 0;
        r.ends = r.kind == TJ_PROGRAMME ? today + 5 : 0;
        add(h, &r);
    }
    r = (struct tj_record){.kind = TJ_END_RULE, .rule = RULES - 1};
    add(h, &r);
    fixture_sign_as(h->f, TJ_USE_POSSESSION, 1, 3);
    send(h);
}

static void approve_by(struct history *h, const struct named_record *pending, uint32_t key)
{
    struct tj_record r = naming(TJ_APPROVAL, pending, pending->record.amount);
    begin(h, 1, 3);
    h->f->header.flags = TJ_FLAG_APPROVAL;
    add(h, &r);
    send_by(h, key, 1);
}

/* Two pending movements above the tier: one is approved, waits, and is posted; one is voided. */
static void large_amounts_wait(struct history *h)
{
    struct tj_record r = movement(TJ_PENDING, T_MARKET, T_RESERVE_A, 600, TJ_PURCHASE);
    struct named_record first = single(h, 1, 1, false, &r);
    r.amount = 700;
    struct named_record second = single(h, 1, 1, false, &r);
    approve_by(h, &first, 2);
    approve_by(h, &first, 3);
    approve_by(h, &second, 3);
    r = naming(TJ_VOID, &second, 700);
    single(h, 0, 0, false, &r);
    h->f->now_ns += 60 * NS_PER_S;
    r = naming(TJ_POST, &first, 600);
    struct named_record post = single(h, 1, 1, false, &r);
    r = naming(TJ_CORRECT, &post, 100);
    single(h, 1, 1, false, &r);
}

/* Seizures that a custodian vouches for and that nobody does, a sale taken back. */
static void inflows_are_classified(struct history *h)
{
    struct tj_record r = movement(TJ_MOVE, T_SEIZURE, T_RESERVE_A, 30, TJ_SEIZURE);
    begin(h, 1, 1);
    add(h, &r);
    fixture_sign_as(h->f, TJ_USE_COUNTERSIGN, 2, h->custodian_key);
    send(h);
    single(h, 1, 1, false, &r);
    r = movement(TJ_MOVE, T_RESERVE_A, T_MARKET, 90, TJ_SALE);
    struct named_record sale = single(h, 1, 1, false, &r);
    r = naming(TJ_CORRECT, &sale, 40);
    single(h, 1, 1, false, &r);
}

static void parties_change(struct history *h)
{
    struct tj_record r = {.kind = TJ_RENAME_PARTY, .party = 3};
    memcpy(r.name, "National Energy", 15);
    single(h, 0, 0, false, &r);
    begin(h, 0, 0);
    r = (struct tj_record){.kind = TJ_REGISTER_PARTY, .party = 6, .type = TJ_CUSTODIAN};
    memcpy(r.name, "Third Custodian", 15);
    add(h, &r);
    r = (struct tj_record){.kind = TJ_CLOSE_PARTY, .party = 6};
    add(h, &r);
    r = (struct tj_record){.kind = TJ_RECOVER_PARTY, .party = 2, .delay_s = 604800};
    add(h, &r);
    send(h);
    r = (struct tj_record){.kind = TJ_OBJECT_RECOVERY, .party = 2};
    single(h, 2, 0, false, &r);
    r = (struct tj_record){.kind = TJ_RECOVER_PARTY, .party = 2, .delay_s = 604800};
    single(h, 0, 0, false, &r);
}

/* A week of purchases and payments, over the end of the programmes. */
static void days_pass(struct history *h)
{
    for (uint32_t day = 0; day < 7; day++) {
        struct tj_record r = movement(TJ_MOVE, T_MARKET, T_RESERVE_A, 400 + day, TJ_PURCHASE);
        h->f->now_ns += DAY_S * NS_PER_S - STEP_NS;
        begin(h, 1, 1);
        add(h, &r);
        r.amount = 208;
        add(h, &r);
        r = movement(TJ_MOVE, T_RESERVE_A, T_EXTERNAL, 480 + day, TJ_PAYMENT);
        add(h, &r);
        r.amount = 140;
        add(h, &r);
        send(h);
    }
}

/* True ones: an auditor has nothing to say to them. */
static void the_authority_states(struct history *h)
{
    uint32_t today = (uint32_t)(h->f->now_ns / NS_PER_S / DAY_S);
    struct tj_record r = {.kind = TJ_STATEMENT, .figure = TJ_FIGURE_OPENING, .asset = 1};
    r.period_from = today - 30;
    r.as_of = today - 1;
    begin(h, 0, 0);
    add(h, &r);
    r.figure = TJ_FIGURE_BREACHES;
    r.rule = 9;
    add(h, &r);
    send(h);
}

static void a_party_is_recovered(struct history *h)
{
    struct tj_record r = key_record(TJ_ADD_KEY, 2, 3, TJ_ADMINISTER);
    begin(h, 0, 0);
    add(h, &r);
    r = key_record(TJ_REVOKE_KEY, 2, 1, TJ_ADMINISTER);
    add(h, &r);
    r = (struct tj_record){.kind = TJ_SET_THRESHOLD, .party = 2, .threshold = 1};
    r.domain = TJ_DOMAIN_ADMINISTER;
    add(h, &r);
    fixture_sign_as(h->f, TJ_USE_POSSESSION, 2, 3);
    send(h);
}

void history_every_kind(struct history *h)
{
    authority_prepares(h);
    treasury_acquires(h);
    treasury_trades(h);
    treasury_pends(h);
    custodian_serves(h);
    keys_are_rotated(h);
    authority_governs(h);
    late_accounts(h);
    endorse_entry_2(h);
    history_moves(h, 2);
    rules_are_set(h);
    large_amounts_wait(h);
    inflows_are_classified(h);
    parties_change(h);
    days_pass(h);
    the_authority_states(h);
    a_party_is_recovered(h);
    history_moves(h, 2);
    restricted_accounts(h);
}

/* A custodian that comes late: the next number is its own. */
static uint32_t late_custodian(struct history *h)
{
    const struct tj_ledger_object *ledger;
    struct tj_ledger_view view;
    assert_int_equal(tj_ledger_view_begin(h->f->ledger, &view), TIJORI_OK);
    ledger = tj_state_ledger(view.state);
    const uint32_t party = ledger->parties;
    tj_ledger_view_end(h->f->ledger, &view);
    struct tj_record r = {.kind = TJ_REGISTER_PARTY, .party = party, .type = TJ_CUSTODIAN};
    snprintf(r.name, sizeof r.name, "Late Custodian %u", party);
    begin(h, 0, 0);
    add(h, &r);
    r = key_record(TJ_ADD_KEY, party, 0, TJ_INITIATE);
    add(h, &r);
    r = (struct tj_record){.kind = TJ_SET_THRESHOLD, .party = party, .threshold = 1};
    r.domain = TJ_DOMAIN_MOVE;
    add(h, &r);
    r = (struct tj_record){.kind = TJ_GRANT_CLASSES, .party = party};
    r.classes = 1u << TJ_CLASS_CUSTODY | 1u << TJ_CLASS_EXTERNAL;
    add(h, &r);
    fixture_sign_as(h->f, TJ_USE_POSSESSION, party, 0);
    send(h);
    begin(h, party, 1);
    for (uint32_t local = 0; local < 2; local++) {
        r = (struct tj_record){.kind = TJ_OPEN_ACCOUNT, .account = tj_account_id(party, local)};
        r.asset = 1;
        r.class = local == 0 ? TJ_CLASS_CUSTODY : TJ_CLASS_EXTERNAL;
        add(h, &r);
    }
    send(h);
    return party;
}

/* It brings in, takes some back, and closes its opening by a movement or by a directive. */
static void brings_in(struct history *h, bool by_movement)
{
    const uint32_t party = late_custodian(h);
    struct tj_record r =
        fixture_move(tj_account_id(party, 1), tj_account_id(party, 0), 100, TJ_CUSTOMER_DEPOSIT);
    r.opening = 1;
    struct named_record opened = single(h, party, 1, false, &r);
    single(h, party, 1, true, &r);
    r = naming(TJ_CORRECT, &opened, 40);
    r.opening = 1;
    single(h, party, 1, false, &r);
    if (by_movement) {
        r = fixture_move(tj_account_id(party, 1), tj_account_id(party, 0), 5, TJ_CUSTOMER_DEPOSIT);
        single(h, party, 1, false, &r);
    } else {
        r = (struct tj_record){.kind = TJ_CLOSE_OPENING, .party = party};
        single(h, 0, 0, false, &r);
    }
    r = naming(TJ_CORRECT, &opened, 10);
    r.opening = 1;
    single(h, party, 1, false, &r);
}

void history_openings(struct history *h)
{
    brings_in(h, true);
    brings_in(h, false);
}

static void payments(struct history *h, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct tj_record r = movement(TJ_MOVE, T_RESERVE_A, T_EXTERNAL, 3 + i, TJ_PAYMENT);
        single(h, 1, 1, false, &r);
    }
}

/* Ends a rule and sets another as rule `number`, in one envelope. */
static void replace_rule(struct history *h, uint32_t old, uint32_t number,
                         const struct tj_record *rule)
{
    struct tj_record r = {.kind = TJ_END_RULE, .rule = old};
    begin(h, 0, 0);
    add(h, &r);
    r = *rule;
    r.rule = number;
    add(h, &r);
    send(h);
}

/* A limit, a programme and a minimum with notice, from rule `number` on: set, counting, ended, and
 * counting still. */
static void rules_run_out(struct history *h, uint32_t number)
{
    static const uint32_t with_notice[] = {1, 8, 10};
    uint32_t today = (uint32_t)(h->f->now_ns / NS_PER_S / DAY_S);
    struct tj_record bought = movement(TJ_MOVE, T_MARKET, T_RESERVE_A, 12, TJ_PURCHASE);
    for (uint32_t i = 0; i < 3; i++) {
        struct tj_record r = history_rules[with_notice[i]];
        r.rule = number + i;
        r.notice_days = 1;
        r.starts = r.kind == TJ_PROGRAMME ? today : 0;
        r.ends = r.kind == TJ_PROGRAMME ? today + 5 : 0;
        single(h, 0, 0, false, &r);
    }
    for (uint32_t i = 0; i < 3; i++) {
        struct tj_record r = {.kind = TJ_END_RULE, .rule = number + i};
        payments(h, 1);
        single(h, 1, 1, false, &bought);
        single(h, 0, 0, false, &r);
    }
    payments(h, 1);
    single(h, 1, 1, false, &bought);
}

void history_rules_end(struct history *h)
{
    enum { WINDOW = 2, CEILING = 7, LOWEST = 10 };
    struct tj_record minimum = history_rules[LOWEST];
    struct tj_record ceiling = history_rules[CEILING];
    minimum.starts = ceiling.starts = (uint32_t)(h->f->now_ns / NS_PER_S / DAY_S);
    minimum.ends = ceiling.ends = minimum.starts + 5;
    minimum.amount = 100000; /* all that leaves is a breach */
    replace_rule(h, LOWEST, RULES, &minimum);
    payments(h, 2);
    replace_rule(h, WINDOW, RULES + 1, &history_rules[WINDOW]);
    payments(h, 2);
    replace_rule(h, CEILING, RULES + 2, &ceiling);
    struct tj_record r = movement(TJ_MOVE, T_MARKET, T_RESERVE_A, 11, TJ_PURCHASE);
    single(h, 1, 1, false, &r);
    for (uint32_t number = RULES; number <= RULES + 2; number++) {
        r = (struct tj_record){.kind = TJ_END_RULE, .rule = number};
        single(h, 0, 0, false, &r);
        payments(h, 1);
    }
    rules_run_out(h, RULES + 3);
}

void history_moves(struct history *h, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct tj_record r =
            i % 2 == 0 ? movement(TJ_MOVE, T_RESERVE_A, T_RESERVE_B, 1, TJ_INTERNAL_TRANSFER)
                       : movement(TJ_MOVE, C_CUSTODY_A, C_CUSTODY_B, 1, TJ_CUSTOMER_TRANSFER);
        single(h, i % 2 == 0 ? 1 : 2, 1, false, &r);
    }
}

static struct named_record with_details(struct history *h, uint32_t party, uint16_t lane,
                                        bool restricted, const struct tj_record *record,
                                        const struct tj_details *details)
{
    begin(h, party, lane);
    h->f->header.flags = restricted ? TJ_FLAG_RESTRICTED : 0;
    add(h, record);
    fixture_add_details(h->f, details);
    uint64_t entry = send(h);
    return sent(h, entry, 0);
}

static uint32_t next_account(struct history *h, uint32_t party)
{
    struct tj_ledger_view view;
    assert_int_equal(tj_ledger_view_begin(h->f->ledger, &view), TIJORI_OK);
    uint32_t local = tj_state_party(view.state, party)->accounts;
    tj_ledger_view_end(h->f->ledger, &view);
    return local;
}

void history_details(struct history *h)
{
    struct tj_details details = {.present = 1u << TJ_DETAIL_MEMO | 1u << TJ_DETAIL_ENCUMBRANCE,
                                 .encumbrance = TJ_LENT};
    memset(details.memo, 'm', 2 * TJ_DETAIL_PAYLOAD + 1);
    struct tj_record r = {.kind = TJ_OPEN_ACCOUNT, .class = TJ_CLASS_RESERVE, .asset = 1};
    r.account = tj_account_id(1, next_account(h, 1));
    with_details(h, 1, 1, false, &r, &details);
    details.present = 1u << TJ_DETAIL_MEMO;
    r = movement(TJ_PENDING, T_RESERVE_A, T_RESERVE_B, 5, TJ_INTERNAL_TRANSFER);
    struct named_record named = with_details(h, 1, 1, false, &r, &details);
    r = naming(TJ_POST, &named, 5);
    named = with_details(h, 1, 1, false, &r, &details);
    r = naming(TJ_CORRECT, &named, 2);
    with_details(h, 1, 1, false, &r, &details);
    r = movement(TJ_MOVE, C_CUSTODY_A, C_CUSTODY_B, 1, TJ_CUSTOMER_TRANSFER);
    with_details(h, 2, 1, true, &r, &details);
}

void history_marks(struct history *h)
{
    enum { PENDING = 4160, FIRST = 4070, LAST = 4110 };
    struct tj_record r = movement(TJ_PENDING, C_CUSTODY_A, C_CUSTODY_B, 3, TJ_CUSTOMER_TRANSFER);
    begin(h, 2, 4);
    h->f->header.flags = TJ_FLAG_RESTRICTED;
    for (uint32_t i = 0; i < PENDING; i++) {
        add(h, &r);
    }
    uint64_t entry = send(h);
    struct named_record pending[LAST - FIRST];
    struct named_record posts[LAST - FIRST];
    for (uint32_t i = FIRST; i < LAST; i++) {
        pending[i - FIRST] = sent(h, entry, i);
    }
    for (uint32_t half = 0; half < 2; half++) {
        begin(h, 2, (uint16_t)(1 + half));
        for (uint32_t i = half; i < LAST - FIRST; i += 2) {
            r = naming(i % 3 == 0 ? TJ_VOID : TJ_POST, &pending[i], 3);
            add(h, &r);
        }
        entry = send(h);
        for (uint32_t i = half, position = 0; i < LAST - FIRST; i += 2, position++) {
            posts[i] = sent(h, entry, position);
        }
    }
    /* Corrections make marks of their own; the second one of a record finds its first. */
    for (uint32_t amount = 1; amount <= 2; amount++) {
        begin(h, 2, 5);
        for (uint32_t i = amount; i < LAST - FIRST; i++) {
            if (i % 3 != 0) {
                r = naming(TJ_CORRECT, &posts[i], amount);
                add(h, &r);
            }
        }
        send(h);
    }
}

/* ---- the log as bytes ---- */

static void *copied(const void *bytes, size_t size)
{
    void *copy = malloc(size + 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    return copy;
}

static void read_table(struct tj_txn *txn, struct log_table *out, size_t table)
{
    struct tj_cursor *cursor;
    struct tj_view key;
    struct tj_view value;
    uint64_t count;
    assert_int_equal(tj_count(txn, &count, table), TJ_STORAGE_OK);
    out->rows = calloc((size_t)count + 1, sizeof *out->rows);
    assert_non_null(out->rows);
    assert_int_equal(tj_cursor_open(txn, &cursor, table), TJ_STORAGE_OK);
    for (out->count = 0; tj_cursor_next(cursor, &key, &value) == TJ_STORAGE_OK; out->count++) {
        assert_true(out->count < count);
        out->rows[out->count] = (struct log_row){copied(key.bytes, key.size), key.size,
                                                 copied(value.bytes, value.size), value.size};
    }
    tj_cursor_close(cursor);
}

void log_read(struct log_copy *out, const char *dir, uint64_t map_size)
{
    struct tj_store *store;
    struct tj_txn *txn;
    struct tj_store_options options = tj_journal_options(map_size);
    assert_int_equal(tj_store_open_read(&store, NULL, dir, &options), TJ_STORAGE_OK);
    assert_int_equal(tj_read_begin(store, &txn), TJ_STORAGE_OK);
    for (size_t t = 0; t < TJ_J_COUNT; t++) {
        read_table(txn, &out->tables[t], t);
    }
    tj_read_end(txn);
    tj_store_close(store);
}

void log_free(struct log_copy *log)
{
    for (size_t t = 0; t < TJ_J_COUNT; t++) {
        for (size_t i = 0; i < log->tables[t].count; i++) {
            free(log->tables[t].rows[i].key);
            free(log->tables[t].rows[i].value);
        }
        free(log->tables[t].rows);
    }
    memset(log, 0, sizeof *log);
}

void log_write_as(const char *dir, const struct log_copy *log,
                  const struct tj_store_options *options)
{
    struct tj_store *store;
    struct tj_txn *txn;
    assert_int_equal(tj_store_create(&store, dir, options), TJ_STORAGE_OK);
    assert_int_equal(tj_write_begin(store, &txn), TJ_STORAGE_OK);
    for (size_t t = 0; t < TJ_J_COUNT; t++) {
        for (size_t i = 0; i < log->tables[t].count; i++) {
            const struct log_row *row = &log->tables[t].rows[i];
            uint8_t *place;
            if (options->tables[t].kind == TJ_TABLE_NUMBERED) {
                uint64_t number = 0;
                for (size_t k = 0; k < 8; k++) {
                    number = number << 8 | row->key[k];
                }
                assert_int_equal(tj_append(txn, &place, t, number, row->size), TJ_STORAGE_OK);
            } else {
                assert_int_equal(tj_put_name(txn, &place, t, row->key, row->key_size, row->size),
                                 TJ_STORAGE_OK);
            }
            memcpy(place, row->value, row->size);
        }
    }
    assert_int_equal(tj_write_commit(txn), TJ_STORAGE_OK);
    tj_store_close(store);
}

void log_write(const char *dir, const struct log_copy *log)
{
    struct tj_store_options options = tj_journal_options(0);
    log_write_as(dir, log, &options);
}

/* ---- directories ---- */

const uint8_t *store_map(const char *dir)
{
    static char line[1024];
    char name[300];
    FILE *maps = fopen("/proc/self/maps", "r");
    const uint8_t *found = NULL;
    assert_non_null(maps);
    snprintf(name, sizeof name, "%s/data.mdb", dir);
    while (found == NULL && fgets(line, sizeof line, maps) != NULL) {
        if (strstr(line, name) != NULL) {
            found = (const uint8_t *)(uintptr_t)strtoull(line, NULL, 16);
        }
    }
    fclose(maps);
    assert_non_null(found);
    return found;
}

void copy_ledger(const char *from, const char *to)
{
    static uint8_t buffer[1 << 16];
    char path[512];
    ssize_t got;
    assert_int_equal(mkdir(to, 0700), 0);
    snprintf(path, sizeof path, "%s/data.mdb", from);
    int in = open(path, O_RDONLY);
    snprintf(path, sizeof path, "%s/data.mdb", to);
    int out = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(in >= 0 && out >= 0);
    while ((got = read(in, buffer, sizeof buffer)) > 0) {
        assert_int_equal(write(out, buffer, (size_t)got), got);
    }
    assert_int_equal(got, 0);
    /* Closing a descriptor of an open store's file would drop the process's locks on it, but LMDB
     * takes its locks on lock.mdb, and the writer's is an flock. */
    close(in);
    close(out);
}

void remove_ledger(const char *dir)
{
    static const char *const names[] = {"data.mdb", "lock.mdb", "writer.lock", "data.mdb.new"};
    char path[512];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        unlink(path);
    }
    rmdir(dir);
}

void digest_live(struct fixture *f, struct tj_hash *out)
{
    struct tj_ledger_view view;
    assert_int_equal(tj_ledger_view_begin(f->ledger, &view), TIJORI_OK);
    tj_state_digest(view.state, f->digester.hasher, out);
    tj_ledger_view_end(f->ledger, &view);
}

void digest_as_opened(struct tj_digester *digester, struct tj_hash *out, const char *dir)
{
    struct tijori *ledger;
    struct tj_ledger_view view;
    struct tijori_message message;
    enum tijori_status status = tijori_open(&ledger, dir, TIJORI_READ, NULL, &message);
    if (status != TIJORI_OK) {
        fail_msg("%s", message.text);
    }
    assert_int_equal(tj_ledger_view_begin(ledger, &view), TIJORI_OK);
    tj_state_digest(view.state, digester->hasher, out);
    tj_ledger_view_end(ledger, &view);
    tijori_close(ledger);
}

void audit_dir(struct tj_replay_report *report, const char *dir, const struct tj_hash *ledger_id,
               uint32_t threads)
{
    struct tj_store *store;
    struct tj_store_options options = tj_journal_options(0);
    struct tj_replay_options replay = {.threads = threads, .pins.ledger_id = ledger_id};
    assert_int_equal(tj_store_open_read(&store, NULL, dir, &options), TJ_STORAGE_OK);
    assert_int_equal(tj_replay_store(store, report, NULL, &replay), TIJORI_OK);
    tj_report_clear(report);
    tj_store_close(store);
}

void must_pass(const struct tj_replay_report *report)
{
    if (report->failed) {
        fail_msg("entry %llu: %s: %s", (unsigned long long)report->first_entry,
                 tj_check_text(report->first_check), report->failure);
    }
}

uint8_t *envelope_of(const struct log_copy *log, size_t *size, uint64_t index)
{
    const struct log_row *entry = &log->tables[TJ_J_ENTRIES].rows[index];
    const struct log_row *body = &log->tables[TJ_J_BODIES].rows[index];
    size_t records = (size_t)tj_load32(entry->value + 64 + 12) * TJ_RECORD_SIZE;
    size_t slots = entry->size - TJ_ENTRY_FIXED_SIZE;
    *size = TJ_HEADER_SIZE + records + slots + 2;
    uint8_t *bytes = calloc(1, *size);
    assert_non_null(bytes);
    assert_true(records <= body->size);
    memcpy(bytes, entry->value + 64, TJ_HEADER_SIZE);
    memcpy(bytes + TJ_HEADER_SIZE, body->value, records);
    memcpy(bytes + TJ_HEADER_SIZE + records, entry->value + TJ_ENTRY_FIXED_SIZE, slots);
    return bytes;
}

uint64_t number_from_env(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL && *text != '\0' ? strtoull(text, NULL, 0) : otherwise;
}
