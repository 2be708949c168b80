/* Every status from TRUNCATED to NEW_QUORUM, each by an envelope that breaks one rule of
 * docs/FORMAT.md: it gets that status, says where, and leaves no trace; then a good envelope is
 * accepted. And the order of precedence: of two things wrong the earlier one is said.
 *
 * One world serves all rows: a refusal changes nothing, so there is nothing to set up again. */

#include "rules_support.h"

#include "core/rules/apply.h"
#include "crypto/checkpoint.h"
#include "crypto/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#define A(party, local) ((uint64_t)(party) << 32 | (local))
#define S               UINT64_C(1000000000)
#define NO_RECORD       UINT32_MAX

/* Accounts of party 1 beyond the fixture's. */
enum {
    ASSET_2_RESERVE = 9,
    ASSET_2_MARKET = 10,
    CLOSED_EXTERNAL = 11,
    FROZEN_OUT = 12,
    FROZEN_IN = 13,
    CLOSED_RESERVE = 14,
    ASSET_2_MARKET_B = 15,
    LATE_FROZEN = 16,
    PARTY_1_ACCOUNTS = 17,
};

static struct fixture *f;
/* Entries that rows name. */
static struct {
    uint64_t purchase;   /* 10,000 into 1:0, of which 4,000 corrected */
    uint64_t correction; /* these 4,000 */
    uint64_t open;       /* pending 100, 1:0 to 1:1 */
    uint64_t posted;     /* pending, posted */
    uint64_t post;       /* that post */
    uint64_t voided;     /* pending, voided */
    uint64_t late;       /* pending whose timeout has passed */
    uint64_t to_frozen;  /* pending to an account frozen since */
    uint64_t to_closed;  /* move into an account closed since */
    uint64_t passed_on;  /* move into 1:1, which is empty again */
    uint64_t paid_out;   /* 50 from 1:0 to the custodian's external account */
    uint64_t paying_in;  /* pending 50 from the custodian's customers to 1:0 */
    uint64_t custody;    /* pending between customers, restricted */
    uint64_t directive;  /* an entry of directives */
    uint64_t approved;   /* pending, approved by key 2 of party 1 */
} stage;
static bool covered[TIJORI_STATUS_COUNT];

/* ---- the stage ---- */

static uint64_t accept_move(uint8_t kind, uint64_t from, uint64_t to, uint64_t amount,
                            uint8_t purpose)
{
    struct tj_record r = fixture_move(from, to, amount, purpose);
    r.kind = kind;
    return rules_accept_one(f, tj_account_party(from), 1, &r);
}

static uint64_t accept_naming(uint8_t kind, uint64_t entry, uint64_t amount)
{
    struct tj_record r = rules_naming(f, kind, entry, 0);
    r.amount = amount != 0 ? amount : r.amount;
    return rules_accept_one(f, tj_account_party(r.from), 1, &r);
}

static void accept_account(uint8_t kind, uint64_t account, uint8_t directions)
{
    bool close = kind == TJ_CLOSE_ACCOUNT;
    struct tj_record r = {.kind = kind, .account = account, .directions = directions};
    rules_accept_one(f, close ? tj_account_party(account) : 0, close ? 1 : 0, &r);
}

/* Party 5: a custodian that is suspended; party 6: an operator without keys; party 7: closed. Key 2
 * of party 4 is revoked. Asset 2 takes 2^53 in one movement. */
static void stage_parties(void)
{
    struct tj_record r = {.kind = TJ_REGISTER_PARTY, .party = 5, .type = TJ_CUSTODIAN};
    memcpy(r.name, "Suspended", 9);
    fixture_begin(f, 0, 0);
    fixture_add(f, &r);
    r = rules_key(TJ_ADD_KEY, 5, 0, TJ_INITIATE);
    fixture_add(f, &r);
    r = (struct tj_record){.kind = TJ_SET_THRESHOLD, .party = 5, .threshold = 1};
    r.domain = TJ_DOMAIN_MOVE;
    fixture_add(f, &r);
    r = (struct tj_record){.kind = TJ_GRANT_CLASSES, .party = 5};
    r.classes = 1u << TJ_CLASS_CUSTODY | 1u << TJ_CLASS_EXTERNAL;
    fixture_add(f, &r);
    r = (struct tj_record){.kind = TJ_REGISTER_PARTY, .party = 6, .type = TJ_OPERATOR};
    memcpy(r.name, "Operator", 8);
    fixture_add(f, &r);
    r = (struct tj_record){.kind = TJ_REGISTER_PARTY, .party = 7, .type = TJ_CUSTODIAN};
    memcpy(r.name, "Closed", 6);
    fixture_add(f, &r);
    r = rules_key(TJ_ADD_KEY, 7, 0, TJ_INITIATE);
    fixture_add(f, &r);
    r = (struct tj_record){.kind = TJ_CLOSE_PARTY, .party = 7};
    fixture_add(f, &r);
    r = rules_key(TJ_REVOKE_KEY, 4, 2, TJ_INITIATE);
    fixture_add(f, &r);
    r = (struct tj_record){.kind = TJ_OPEN_ASSET, .asset = 2, .amount_max = TJ_AMOUNT_MAX};
    memcpy(r.code, "XAU", 3);
    memcpy(r.name, "Gold", 4);
    fixture_add(f, &r);
    fixture_sign_as(f, TJ_USE_POSSESSION, 5, 0);
    fixture_sign_as(f, TJ_USE_POSSESSION, 7, 0);
    stage.directive = rules_accept(f);
    r = (struct tj_record){.kind = TJ_OPEN_ACCOUNT, .account = A(5, 0), .asset = 1};
    r.class = TJ_CLASS_EXTERNAL;
    rules_accept_one(f, 5, 1, &r);
    r = (struct tj_record){.kind = TJ_SUSPEND_PARTY, .party = 5};
    rules_accept_one(f, 0, 0, &r);
}

static void stage_accounts(void)
{
    static const struct {
        uint8_t class, asset;
    } more[] = {{TJ_CLASS_RESERVE, 2}, {TJ_CLASS_MARKET, 2},  {TJ_CLASS_EXTERNAL, 1},
                {TJ_CLASS_RESERVE, 1}, {TJ_CLASS_RESERVE, 1}, {TJ_CLASS_RESERVE, 1},
                {TJ_CLASS_MARKET, 2},  {TJ_CLASS_RESERVE, 1}};
    static_assert(sizeof more / sizeof more[0] + 9 == PARTY_1_ACCOUNTS, "one row an account");
    fixture_begin(f, 1, 1);
    for (uint32_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        struct tj_record r = {.kind = TJ_OPEN_ACCOUNT, .account = A(1, 9 + i)};
        r.class = more[i].class;
        r.asset = more[i].asset;
        fixture_add(f, &r);
    }
    rules_accept(f);
}

static void stage_movements(void)
{
    struct tj_record r;
    stage.purchase = accept_move(TJ_MOVE, A(1, 2), A(1, 0), 10000, TJ_PURCHASE);
    stage.correction = accept_naming(TJ_CORRECT, stage.purchase, 4000);
    accept_move(TJ_MOVE, A(2, 2), A(2, 0), 10000, TJ_CUSTOMER_DEPOSIT);
    stage.open = accept_move(TJ_PENDING, A(1, 0), A(1, 1), 100, TJ_INTERNAL_TRANSFER);
    stage.posted = accept_move(TJ_PENDING, A(1, 0), A(1, 1), 100, TJ_INTERNAL_TRANSFER);
    stage.post = accept_naming(TJ_POST, stage.posted, 0);
    stage.voided = accept_move(TJ_PENDING, A(1, 0), A(1, 1), 100, TJ_INTERNAL_TRANSFER);
    accept_naming(TJ_VOID, stage.voided, 0);
    stage.approved = accept_move(TJ_PENDING, A(1, 0), A(1, 1), 10, TJ_INTERNAL_TRANSFER);
    r = rules_naming(f, TJ_APPROVAL, stage.approved, 0);
    rules_one(f, 1, 1, &r);
    f->header.flags = TJ_FLAG_APPROVAL;
    fixture_sign_as(f, TJ_USE_SIGN, 1, 2);
    fixture_encode(f);
    rules_accept_signed(f);
    stage.to_frozen =
        accept_move(TJ_PENDING, A(1, 0), A(1, LATE_FROZEN), 100, TJ_INTERNAL_TRANSFER);
    stage.to_closed = accept_move(TJ_MOVE, A(1, 2), A(1, CLOSED_RESERVE), 5, TJ_PURCHASE);
    accept_move(TJ_MOVE, A(1, CLOSED_RESERVE), A(1, 0), 5, TJ_INTERNAL_TRANSFER);
    accept_move(TJ_MOVE, A(1, 1), A(1, 0), 100, TJ_INTERNAL_TRANSFER);
    stage.passed_on = accept_move(TJ_MOVE, A(1, 2), A(1, 1), 700, TJ_PURCHASE);
    accept_move(TJ_MOVE, A(1, 1), A(1, 0), 700, TJ_INTERNAL_TRANSFER);
    r = fixture_move(A(1, 0), A(2, 2), 50, TJ_PAYMENT);
    rules_one(f, 1, 1, &r);
    rules_countersign(f, 2);
    stage.paid_out = rules_accept(f);
    accept_move(TJ_MOVE, A(2, 2), A(2, 1), 50, TJ_CUSTOMER_DEPOSIT);
    r = fixture_move(A(2, 1), A(1, 0), 50, TJ_PAYMENT);
    r.kind = TJ_PENDING;
    rules_one(f, 2, 1, &r);
    rules_countersign(f, 1);
    stage.paying_in = rules_accept(f);
    r = fixture_move(A(1, 0), A(3, 0), 10, TJ_INTERNAL_TRANSFER);
    rules_one(f, 1, 1, &r);
    rules_countersign(f, 3);
    rules_accept(f);
    r = fixture_move(A(4, 2), A(4, 0), 60, TJ_CUSTOMER_DEPOSIT);
    rules_one(f, 4, 1, &r);
    rules_accept(f);
    r = fixture_move(A(4, 0), A(4, 1), 60, TJ_CUSTOMER_TRANSFER);
    r.kind = TJ_PENDING;
    rules_one(f, 4, 1, &r);
    f->header.flags = TJ_FLAG_RESTRICTED;
    stage.custody = rules_accept(f);
    r = fixture_move(A(1, 0), A(1, 1), 1, TJ_INTERNAL_TRANSFER);
    r.kind = TJ_PENDING;
    r.timeout_s = (uint32_t)(f->now_ns / S) + 100;
    stage.late = rules_accept_one(f, 1, 1, &r);
    f->now_ns += 200 * S;
    /* 2,047 x 2^53: one more would be 2^64. */
    fixture_begin(f, 1, 1);
    r = fixture_move(A(1, ASSET_2_MARKET), A(1, ASSET_2_RESERVE), TJ_AMOUNT_MAX, TJ_PURCHASE);
    r.kind = TJ_PENDING;
    for (int i = 0; i < 2047; i++) {
        fixture_add(f, &r);
    }
    rules_accept(f);
}

/* Rules 0 to 8; none looks at what most rows do. */
static void stage_rules(void)
{
    static const struct tj_record rules[] = {
        {.kind = TJ_SET_TIER, .party = 1, .asset = 2, .above = 200, .approvals = 1},
        {.kind = TJ_SET_TIER, .party = 1, .asset = 2, .above = 100, .delay_s = 60},
        {.kind = TJ_SET_LIMIT,
         .type = TJ_LIMIT_OUTFLOW,
         .holder = A(1, ASSET_2_MARKET),
         .asset = 2,
         .window_s = 160,
         .amount = 500},
        {.kind = TJ_SET_LIMIT,
         .type = TJ_LIMIT_BALANCE,
         .holder = A(1, ASSET_2_RESERVE),
         .asset = 2,
         .amount = 700},
        {.kind = TJ_SET_LIMIT,
         .type = TJ_LIMIT_FREEZE,
         .holder = A(3, TJ_LOCAL_ALL),
         .directions = TJ_FREEZE_BOTH},
        {.kind = TJ_SET_LIMIT,
         .type = TJ_LIMIT_PURPOSES,
         .holder = A(1, 3),
         .directions = TJ_FREEZE_OUT,
         .purposes = 1u << TJ_SEIZURE},
        {.kind = TJ_SET_LIMIT,
         .type = TJ_LIMIT_COUNTERPARTY,
         .holder = A(1, 4),
         .directions = TJ_FREEZE_OUT,
         .counterparty = A(1, 1)},
        {.kind = TJ_PROGRAMME,
         .type = TJ_PROGRAMME_CEILING,
         .mode = TJ_MODE_ENFORCE,
         .asset = 1,
         .purposes = 1u << TJ_DONATION,
         .ends = UINT32_MAX,
         .name = "No gifts"},
        {.kind = TJ_SET_TIER, .party = 6, .asset = 1, .approvals = 1},
    };
    enum { RULES = sizeof rules / sizeof rules[0] };
    fixture_begin(f, 0, 0);
    for (uint32_t i = 0; i < RULES; i++) {
        struct tj_record r = rules[i];
        r.rule = i;
        r.starts = r.kind == TJ_PROGRAMME ? (uint32_t)(f->now_ns / S / 86400) : 0;
        fixture_add(f, &r);
    }
    fixture_add(f, &(struct tj_record){.kind = TJ_END_RULE, .rule = RULES - 1});
    rules_accept(f);
}

static int stage_setup(void **state)
{
    (void)state;
    f = rules_world(true);
    stage_parties();
    stage_accounts();
    stage_movements();
    accept_account(TJ_CLOSE_ACCOUNT, A(1, CLOSED_EXTERNAL), 0);
    accept_account(TJ_CLOSE_ACCOUNT, A(1, CLOSED_RESERVE), 0);
    accept_account(TJ_FREEZE_ACCOUNT, A(1, FROZEN_OUT), TJ_FREEZE_OUT);
    accept_account(TJ_FREEZE_ACCOUNT, A(1, FROZEN_IN), TJ_FREEZE_IN);
    accept_account(TJ_FREEZE_ACCOUNT, A(1, LATE_FROZEN), TJ_FREEZE_BOTH);
    stage_rules();
    return 0;
}

static int stage_teardown(void **state)
{
    (void)state;
    rules_end(f);
    return 0;
}

/* ---- a refusal ---- */

static void good_envelope_is_accepted(const char *name)
{
    struct tijori_receipt receipt;
    if (fixture_send_move(f, &receipt, A(1, 2), A(1, 0), 1, TJ_PURCHASE) != TIJORI_OK) {
        fail_msg("after \"%s\" a good envelope is refused: %s", name, receipt.text);
    }
}

static void judge_receipt(const char *name, const struct tijori_receipt *receipt,
                          enum tijori_status status, uint32_t record, const char *field)
{
    if (receipt->status != status || receipt->record != record ||
        strcmp(receipt->field, field) != 0) {
        fail_msg("%s: wanted %s, record %d, field \"%s\"; got record %d, field \"%s\": %s", name,
                 tijori_status_name(status), (int)record, field, (int)receipt->record,
                 receipt->field, receipt->text);
    }
    /* A message that a person understands: the rule by name and in words, and the field. */
    if (strstr(receipt->text, tijori_status_name(status)) == NULL ||
        strstr(receipt->text, tijori_status_text(status)) == NULL ||
        strstr(receipt->text, field) == NULL) {
        fail_msg("%s: the text says too little: %s", name, receipt->text);
    }
    covered[status] = true;
}

/* f->bytes are refused so, and change nothing; a dry run says the same. */
static void must_refuse(const char *name, enum tijori_status status, uint32_t record,
                        const char *field)
{
    struct tijori_receipt receipt;
    struct rules_trace before;
    rules_trace(f, &before);
    assert_int_equal(tijori_dry_run(f->ledger, &receipt, f->bytes, f->size), TIJORI_OK);
    judge_receipt(name, &receipt, status, record, field);
    rules_same_trace(f, &before);
    fixture_submit(f, &receipt);
    judge_receipt(name, &receipt, status, record, field);
    rules_same_trace(f, &before);
    good_envelope_is_accepted(name);
}

/* ---- movements ---- */

struct move_row {
    const char *name;
    uint32_t party;
    uint16_t lane, flags;
    uint32_t countersigner;
    uint8_t kind, purpose;
    uint64_t from, to, amount;
    uint32_t timeout_s;
    enum tijori_status status;
    const char *field;
};

static const struct move_row move_rows[] = {
    {"a move in lane 0", 4, 0, 0, 0, 1, TJ_CUSTOMER_TRANSFER, A(4, 0), A(4, 1), 1, 0, TIJORI_LANE,
     "kind"},
    {"a pending in lane 0", 4, 0, 0, 0, 2, TJ_CUSTOMER_TRANSFER, A(4, 0), A(4, 1), 1, 0,
     TIJORI_LANE, "kind"},
    {"from no account", 1, 1, 0, 0, 1, TJ_PURCHASE, A(1, 99), A(1, 0), 1, 0, TIJORI_ACCOUNT_UNKNOWN,
     "from"},
    {"to no account", 1, 1, 0, 0, 1, TJ_PURCHASE, A(1, 2), A(1, 17), 1, 0, TIJORI_ACCOUNT_UNKNOWN,
     "to"},
    {"to no party", 1, 1, 0, 0, 1, TJ_PURCHASE, A(1, 2), A(70000, 0), 1, 0, TIJORI_ACCOUNT_UNKNOWN,
     "to"},
    {"to the last number there is", 1, 1, 0, 0, 1, TJ_PURCHASE, A(1, 2), UINT64_MAX, 1, 0,
     TIJORI_ACCOUNT_UNKNOWN, "to"},
    {"from another's account", 2, 1, 0, 0, 1, TJ_PURCHASE, A(1, 2), A(1, 0), 1, 0, TIJORI_NOT_OWNER,
     "from"},
    {"from another's, who countersigns", 2, 1, 0, 1, 1, TJ_PURCHASE, A(1, 2), A(1, 0), 1, 0,
     TIJORI_NOT_OWNER, "from"},
    {"from a closed account", 1, 1, 0, 0, 1, TJ_UNSOLICITED_INFLOW, A(1, CLOSED_EXTERNAL), A(1, 0),
     1, 0, TIJORI_ACCOUNT_CLOSED, "from"},
    {"to a closed account", 1, 1, 0, 0, 1, TJ_PAYMENT, A(1, 0), A(1, CLOSED_EXTERNAL), 1, 0,
     TIJORI_ACCOUNT_CLOSED, "to"},
    {"pending to a closed account", 1, 1, 0, 0, 2, TJ_PAYMENT, A(1, 0), A(1, CLOSED_EXTERNAL), 1, 0,
     TIJORI_ACCOUNT_CLOSED, "to"},
    {"from an account frozen out", 1, 1, 0, 0, 1, TJ_INTERNAL_TRANSFER, A(1, FROZEN_OUT), A(1, 0),
     1, 0, TIJORI_ACCOUNT_FROZEN, "from"},
    {"to an account frozen in", 1, 1, 0, 0, 1, TJ_PURCHASE, A(1, 2), A(1, FROZEN_IN), 1, 0,
     TIJORI_ACCOUNT_FROZEN, "to"},
    {"pending to an account frozen both ways", 1, 1, 0, 0, 2, TJ_PURCHASE, A(1, 2),
     A(1, LATE_FROZEN), 1, 0, TIJORI_ACCOUNT_FROZEN, "to"},
    {"two assets", 1, 1, 0, 0, 1, TJ_PURCHASE, A(1, 2), A(1, ASSET_2_RESERVE), 1, 0,
     TIJORI_ASSET_MIXED, "to"},
    {"above the asset's largest", 1, 1, 0, 0, 1, TJ_PURCHASE, A(1, 2), A(1, 0),
     TJ_BTC_AMOUNT_MAX + 1, 0, TIJORI_AMOUNT_MAX, "amount"},
    {"2^64 - 1", 1, 1, 0, 0, 1, TJ_PURCHASE, A(1, 2), A(1, 0), UINT64_MAX, 0, TIJORI_AMOUNT_MAX,
     "amount"},
    {"a purchase of one's own coins", 1, 1, 0, 0, 1, TJ_PURCHASE, A(1, 0), A(1, 1), 1, 0,
     TIJORI_PURPOSE, "purpose"},
    {"bought coins as an internal transfer", 1, 1, 0, 0, 1, TJ_INTERNAL_TRANSFER, A(1, 2), A(1, 0),
     1, 0, TIJORI_PURPOSE, "purpose"},
    {"the public sector, restricted", 1, 1, 1, 0, 1, TJ_PURCHASE, A(1, 2), A(1, 0), 1, 0,
     TIJORI_RESTRICTED, "flags"},
    {"to the public sector, restricted", 2, 1, 1, 1, 1, TJ_PAYMENT, A(2, 0), A(1, 0), 1, 0,
     TIJORI_RESTRICTED, "to"},
    {"to another's reserve", 2, 1, 0, 0, 1, TJ_PAYMENT, A(2, 0), A(1, 0), 1, 0,
     TIJORI_COUNTERSIGN_MISSING, "to"},
    {"a deposit at another's", 2, 1, 0, 0, 1, TJ_CUSTOMER_DEPOSIT, A(2, 2), A(4, 0), 1, 0,
     TIJORI_COUNTERSIGN_MISSING, "to"},
    {"a pending deposit at another's", 4, 1, 0, 0, 2, TJ_CUSTOMER_DEPOSIT, A(4, 2), A(2, 0), 1, 0,
     TIJORI_COUNTERSIGN_MISSING, "to"},
    {"to another's contra account", 1, 1, 0, 0, 1, TJ_PAYMENT, A(1, 0), A(2, 2), 1, 0,
     TIJORI_COUNTERSIGN_MISSING, "to"},
    {"to one, countersigned by another", 1, 1, 0, 4, 1, TJ_PAYMENT, A(1, 0), A(2, 2), 1, 0,
     TIJORI_COUNTERSIGN_MISSING, "to"},
    {"pending to another's reserve", 1, 1, 0, 0, 2, TJ_INTERNAL_TRANSFER, A(1, 0), A(3, 0), 1, 0,
     TIJORI_COUNTERSIGN_MISSING, "to"},
    {"a timeout that has passed", 1, 1, 0, 0, 2, TJ_PURCHASE, A(1, 2), A(1, 0), 1, 1700000000,
     TIJORI_TIMEOUT, "timeout_s"},
    {"more than there is, reserve", 1, 1, 0, 0, 1, TJ_INTERNAL_TRANSFER, A(1, 0), A(1, 1), 1000000,
     0, TIJORI_BALANCE, "amount"},
    {"more than there is, custody", 2, 1, 0, 0, 1, TJ_CUSTOMER_TRANSFER, A(2, 0), A(2, 1), 10001, 0,
     TIJORI_BALANCE, "amount"},
    {"pending more than there is", 2, 1, 0, 0, 2, TJ_CUSTOMER_TRANSFER, A(2, 0), A(2, 1), 10001, 0,
     TIJORI_BALANCE, "amount"},
    {"what is pending already", 4, 1, 0, 0, 1, TJ_CUSTOMER_TRANSFER, A(4, 0), A(4, 1), 1, 0,
     TIJORI_BALANCE, "amount"},
    {"2^64 pending outwards", 1, 1, 0, 0, 2, TJ_PURCHASE, A(1, ASSET_2_MARKET),
     A(1, ASSET_2_RESERVE), TJ_AMOUNT_MAX, 0, TIJORI_OVERFLOW, "from"},
    {"2^64 pending inwards", 1, 1, 0, 0, 2, TJ_PURCHASE, A(1, ASSET_2_MARKET_B),
     A(1, ASSET_2_RESERVE), TJ_AMOUNT_MAX, 0, TIJORI_OVERFLOW, "to"},
    {"a suspended party countersigns", 1, 1, 0, 5, 1, TJ_PAYMENT, A(1, 0), A(5, 0), 1, 0,
     TIJORI_PARTY_SUSPENDED, "party"},
    {"a closed party countersigns", 1, 1, 0, 7, 1, TJ_PAYMENT, A(1, 0), A(5, 0), 1, 0,
     TIJORI_PARTY_CLOSED, "party"},
    {"a closed party submits", 7, 1, 0, 0, 1, TJ_CUSTOMER_DEPOSIT, A(5, 0), A(2, 0), 1, 0,
     TIJORI_PARTY_CLOSED, "party"},
    /* The rules of stage_rules. */
    {"from a frozen party", 3, 1, 0, 1, 1, TJ_INTERNAL_TRANSFER, A(3, 0), A(1, 0), 1, 0,
     TIJORI_PARTY_FROZEN, "from"},
    {"to a frozen party", 1, 1, 0, 3, 1, TJ_INTERNAL_TRANSFER, A(1, 0), A(3, 0), 1, 0,
     TIJORI_PARTY_FROZEN, "to"},
    {"pending to a frozen party", 1, 1, 0, 3, 2, TJ_INTERNAL_TRANSFER, A(1, 0), A(3, 0), 1, 0,
     TIJORI_PARTY_FROZEN, "to"},
    {"a purpose that a limit does not name", 1, 1, 0, 0, 1, TJ_MINING, A(1, 3), A(1, 0), 1, 0,
     TIJORI_LIMIT_PURPOSES, "purpose"},
    {"pending under such a purpose", 1, 1, 0, 0, 2, TJ_MINING, A(1, 3), A(1, 0), 1, 0,
     TIJORI_LIMIT_PURPOSES, "purpose"},
    {"to an account that is not listed", 1, 1, 0, 0, 1, TJ_SEIZURE, A(1, 4), A(1, 0), 1, 0,
     TIJORI_LIMIT_COUNTERPARTY, "to"},
    {"pending to an account that is not listed", 1, 1, 0, 0, 2, TJ_SEIZURE, A(1, 4), A(1, 0), 1, 0,
     TIJORI_LIMIT_COUNTERPARTY, "to"},
    {"more than may leave", 1, 1, 0, 0, 1, TJ_PURCHASE, A(1, ASSET_2_MARKET), A(1, ASSET_2_RESERVE),
     501, 0, TIJORI_LIMIT_OUTFLOW, "amount"},
    {"more than may be there", 1, 1, 0, 0, 1, TJ_PURCHASE, A(1, ASSET_2_MARKET_B),
     A(1, ASSET_2_RESERVE), 701, 0, TIJORI_LIMIT_BALANCE, "amount"},
    {"an amount that wants an approval", 1, 1, 0, 0, 1, TJ_PURCHASE, A(1, ASSET_2_MARKET_B),
     A(1, ASSET_2_RESERVE), 201, 0, TIJORI_APPROVALS, "amount"},
    {"an amount that waits", 1, 1, 0, 0, 1, TJ_PURCHASE, A(1, ASSET_2_MARKET_B),
     A(1, ASSET_2_RESERVE), 101, 0, TIJORI_DELAY, "kind"},
    {"above a programme's ceiling", 1, 1, 0, 0, 1, TJ_DONATION, A(1, 5), A(1, 0), 1, 0,
     TIJORI_PROGRAMME, "amount"},
    {"a suspended party submits", 5, 1, 0, 0, 1, TJ_CUSTOMER_DEPOSIT, A(5, 0), A(2, 0), 1, 0,
     TIJORI_PARTY_SUSPENDED, "party"},
};

static void new_movements(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof move_rows / sizeof move_rows[0]; i++) {
        const struct move_row *row = &move_rows[i];
        struct tj_record r = fixture_move(row->from, row->to, row->amount, row->purpose);
        r.kind = row->kind;
        r.timeout_s = row->timeout_s;
        bool whole = strcmp(row->field, "party") == 0 || strcmp(row->field, "flags") == 0;
        /* The second record of the envelope: a verdict says which. */
        struct tj_record first = fixture_move(A(1, 2), A(1, 0), 1, TJ_PURCHASE);
        bool second = row->party == 1 && row->lane == 1 && row->flags == 0;
        fixture_begin(f, row->party, row->lane);
        if (second) {
            fixture_add(f, &first);
        }
        fixture_add(f, &r);
        f->header.flags = row->flags;
        rules_sign(f);
        if (row->countersigner != 0) {
            rules_countersign(f, row->countersigner);
        }
        fixture_encode(f);
        must_refuse(row->name, row->status, whole ? NO_RECORD : second, row->field);
    }
}

/* ---- records that name others ---- */

enum twist {
    AS_IS,
    OTHER_ENTRY,
    OTHER_POSITION,
    SAME_ENTRY,
    ENTRY_0,
    HASH,
    AMOUNT,
    LESS,
    PURPOSE,
    FROM,
    TO,
    UNSWAPPED
};
struct naming_row {
    const char *name;
    uint32_t party;
    uint16_t lane, flags;
    uint8_t kind;
    uint8_t twist;
    const uint64_t *entry;
    uint64_t amount; /* 0: as named */
    enum tijori_status status;
    const char *field;
};

static const struct naming_row naming_rows[] = {
    {"a post in lane 0", 4, 0, 0, TJ_POST, AS_IS, &stage.custody, 0, TIJORI_LANE, "kind"},
    {"a correct in lane 0", 4, 0, 0, TJ_CORRECT, AS_IS, &stage.custody, 0, TIJORI_LANE, "kind"},
    {"another posts", 2, 1, 0, TJ_POST, AS_IS, &stage.open, 0, TIJORI_NOT_OWNER, "from"},
    {"another voids", 2, 1, 0, TJ_VOID, AS_IS, &stage.open, 0, TIJORI_NOT_OWNER, "from"},
    {"the receiver voids", 2, 1, 0, TJ_VOID, AS_IS, &stage.custody, 0, TIJORI_NOT_OWNER, "from"},
    {"another corrects", 2, 1, 0, TJ_CORRECT, AS_IS, &stage.purchase, 1, TIJORI_NOT_OWNER, "from"},
    {"posts from no account", 1, 1, 0, TJ_POST, FROM, &stage.open, 0, TIJORI_ACCOUNT_UNKNOWN,
     "from"},
    {"an entry still to come", 1, 1, 0, TJ_POST, OTHER_ENTRY, &stage.open, 0, TIJORI_NAMED_UNKNOWN,
     "refers_to"},
    {"a record of the same entry", 1, 1, 0, TJ_VOID, SAME_ENTRY, &stage.open, 0,
     TIJORI_NAMED_UNKNOWN, "refers_to"},
    {"a position the entry does not have", 1, 1, 0, TJ_POST, OTHER_POSITION, &stage.open, 0,
     TIJORI_NAMED_UNKNOWN, "refers_to"},
    {"post with another hash", 1, 1, 0, TJ_POST, HASH, &stage.open, 0, TIJORI_NAMED_HASH, "hash"},
    {"void with another hash", 1, 1, 0, TJ_VOID, HASH, &stage.open, 0, TIJORI_NAMED_HASH, "hash"},
    {"correct with another hash", 1, 1, 0, TJ_CORRECT, HASH, &stage.purchase, 1, TIJORI_NAMED_HASH,
     "hash"},
    {"posts a move", 1, 1, 0, TJ_POST, AS_IS, &stage.purchase, 0, TIJORI_NAMED_KIND, "refers_to"},
    {"voids a move", 1, 1, 0, TJ_VOID, AS_IS, &stage.purchase, 0, TIJORI_NAMED_KIND, "refers_to"},
    {"posts a post", 1, 1, 0, TJ_POST, AS_IS, &stage.post, 0, TIJORI_NAMED_KIND, "refers_to"},
    {"voids a post", 1, 1, 0, TJ_VOID, AS_IS, &stage.post, 0, TIJORI_NAMED_KIND, "refers_to"},
    {"corrects a pending", 1, 1, 0, TJ_CORRECT, AS_IS, &stage.open, 0, TIJORI_NAMED_KIND,
     "refers_to"},
    {"corrects a posted pending, not its post", 1, 1, 0, TJ_CORRECT, AS_IS, &stage.posted, 0,
     TIJORI_NAMED_KIND, "refers_to"},
    {"corrects a correction", 1, 1, 0, TJ_CORRECT, AS_IS, &stage.correction, 1, TIJORI_NAMED_KIND,
     "refers_to"},
    {"posts a directive", 1, 1, 0, TJ_POST, ENTRY_0, &stage.open, 0, TIJORI_NAMED_KIND,
     "refers_to"},
    {"post of another amount", 1, 1, 0, TJ_POST, AMOUNT, &stage.open, 0, TIJORI_NAMED_DIFFERS,
     "amount"},
    {"post of a part", 1, 1, 0, TJ_POST, LESS, &stage.open, 0, TIJORI_NAMED_DIFFERS, "amount"},
    {"void of a part", 1, 1, 0, TJ_VOID, LESS, &stage.open, 0, TIJORI_NAMED_DIFFERS, "amount"},
    {"post under another purpose", 1, 1, 0, TJ_POST, PURPOSE, &stage.open, 0, TIJORI_NAMED_DIFFERS,
     "purpose"},
    {"correct under another purpose", 1, 1, 0, TJ_CORRECT, PURPOSE, &stage.purchase, 1,
     TIJORI_NAMED_DIFFERS, "purpose"},
    {"post to another account", 1, 1, 0, TJ_POST, TO, &stage.open, 0, TIJORI_NAMED_DIFFERS, "to"},
    {"correct to another account", 1, 1, 0, TJ_CORRECT, TO, &stage.purchase, 1,
     TIJORI_NAMED_DIFFERS, "to"},
    {"correct the same way round", 1, 1, 0, TJ_CORRECT, UNSWAPPED, &stage.purchase, 1,
     TIJORI_NAMED_DIFFERS, "from"},
    {"posted twice", 1, 1, 0, TJ_POST, AS_IS, &stage.posted, 0, TIJORI_SETTLED, "refers_to"},
    {"void after the post", 1, 1, 0, TJ_VOID, AS_IS, &stage.posted, 0, TIJORI_SETTLED, "refers_to"},
    {"post after the void", 1, 1, 0, TJ_POST, AS_IS, &stage.voided, 0, TIJORI_SETTLED, "refers_to"},
    {"voided twice", 1, 1, 0, TJ_VOID, AS_IS, &stage.voided, 0, TIJORI_SETTLED, "refers_to"},
    {"correct from a closed account", 1, 1, 0, TJ_CORRECT, AS_IS, &stage.to_closed, 0,
     TIJORI_ACCOUNT_CLOSED, "from"},
    {"post to a frozen account", 1, 1, 0, TJ_POST, AS_IS, &stage.to_frozen, 0,
     TIJORI_ACCOUNT_FROZEN, "to"},
    {"post of the public sector, restricted", 1, 1, 1, TJ_POST, AS_IS, &stage.open, 0,
     TIJORI_RESTRICTED, "flags"},
    {"void of the public sector, restricted", 1, 1, 1, TJ_VOID, AS_IS, &stage.open, 0,
     TIJORI_RESTRICTED, "flags"},
    {"post to the public sector, restricted", 2, 1, 1, TJ_POST, AS_IS, &stage.paying_in, 0,
     TIJORI_RESTRICTED, "to"},
    {"void to the public sector, restricted", 2, 1, 1, TJ_VOID, AS_IS, &stage.paying_in, 0,
     TIJORI_RESTRICTED, "to"},
    {"correct to the public sector, restricted", 2, 1, 1, TJ_CORRECT, AS_IS, &stage.paid_out, 0,
     TIJORI_RESTRICTED, "to"},
    {"correct of the public sector, restricted", 1, 1, 1, TJ_CORRECT, AS_IS, &stage.purchase, 1,
     TIJORI_RESTRICTED, "flags"},
    {"post after the timeout", 1, 1, 0, TJ_POST, AS_IS, &stage.late, 0, TIJORI_TIMEOUT,
     "refers_to"},
    {"approved twice by a key", 1, 1, TJ_FLAG_APPROVAL, TJ_APPROVAL, AS_IS, &stage.approved, 0,
     TIJORI_APPROVED, "refers_to"},
    {"approve with another hash", 1, 1, TJ_FLAG_APPROVAL, TJ_APPROVAL, HASH, &stage.approved, 0,
     TIJORI_NAMED_HASH, "hash"},
    {"approve of a move", 1, 1, TJ_FLAG_APPROVAL, TJ_APPROVAL, AS_IS, &stage.purchase, 0,
     TIJORI_NAMED_KIND, "refers_to"},
    {"approve of a part", 1, 1, TJ_FLAG_APPROVAL, TJ_APPROVAL, LESS, &stage.approved, 0,
     TIJORI_NAMED_DIFFERS, "amount"},
    {"approve after the post", 1, 1, TJ_FLAG_APPROVAL, TJ_APPROVAL, AS_IS, &stage.posted, 0,
     TIJORI_SETTLED, "refers_to"},
    {"approve after the void", 1, 1, TJ_FLAG_APPROVAL, TJ_APPROVAL, AS_IS, &stage.voided, 0,
     TIJORI_SETTLED, "refers_to"},
    {"approve after the timeout", 1, 1, TJ_FLAG_APPROVAL, TJ_APPROVAL, AS_IS, &stage.late, 0,
     TIJORI_TIMEOUT, "refers_to"},
    {"approve restricted", 1, 1, TJ_FLAG_APPROVAL | TJ_FLAG_RESTRICTED, TJ_APPROVAL, AS_IS,
     &stage.approved, 0, TIJORI_RESTRICTED, "flags"},
    {"correct into another's reserve", 2, 1, 0, TJ_CORRECT, AS_IS, &stage.paid_out, 0,
     TIJORI_COUNTERSIGN_MISSING, "to"},
    {"more than is left to correct", 1, 1, 0, TJ_CORRECT, AS_IS, &stage.purchase, 6001,
     TIJORI_CORRECTION, "amount"},
    {"the whole, of which a part is corrected", 1, 1, 0, TJ_CORRECT, AS_IS, &stage.purchase, 0,
     TIJORI_CORRECTION, "amount"},
    {"correct what is no longer there", 1, 1, 0, TJ_CORRECT, AS_IS, &stage.passed_on, 0,
     TIJORI_BALANCE, "amount"},
};

static void twist_naming(struct tj_record *r, enum twist twist)
{
    struct tijori_head head;
    uint64_t from = r->from;
    tijori_head(f->ledger, &head);
    switch (twist) {
    case AS_IS:
        return;
    case OTHER_ENTRY:
        r->refers_to = tj_record_id(head.size + 1, 0);
        return;
    case SAME_ENTRY:
        r->refers_to = tj_record_id(head.size, 0);
        return;
    case OTHER_POSITION:
        r->refers_to += 1;
        return;
    case ENTRY_0:
        *r = rules_naming(f, TJ_POST, stage.directive, 0);
        r->from = A(1, 0);
        r->to = A(1, 1);
        r->amount = 100;
        r->purpose = TJ_INTERNAL_TRANSFER;
        return;
    case HASH:
        r->hash.bytes[31] ^= 1;
        return;
    case AMOUNT:
        r->amount++;
        return;
    case LESS:
        r->amount--;
        return;
    case PURPOSE:
        r->purpose = TJ_MINING;
        return;
    case FROM:
        r->from = A(1, 99);
        return;
    case TO:
        r->to = A(1, 3);
        return;
    case UNSWAPPED:
        r->from = r->to;
        r->to = from;
        return;
    }
}

static void movements_that_name_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof naming_rows / sizeof naming_rows[0]; i++) {
        const struct naming_row *row = &naming_rows[i];
        struct tj_record r = rules_naming(f, row->kind, *row->entry, 0);
        r.amount = row->amount != 0 ? row->amount : r.amount;
        twist_naming(&r, (enum twist)row->twist);
        rules_one(f, row->party, row->lane, &r);
        f->header.flags = row->flags;
        if (row->kind == TJ_APPROVAL) {
            fixture_sign_as(f, TJ_USE_SIGN, 1, 2);
        } else {
            rules_sign(f);
        }
        fixture_encode(f);
        bool whole = strcmp(row->field, "flags") == 0;
        must_refuse(row->name, row->status, whole ? NO_RECORD : 0, row->field);
    }
}

/* ---- directives ---- */

struct directive_row {
    const char *name;
    uint32_t party;
    uint16_t lane;
    struct tj_record r;
    enum tijori_status status;
    uint32_t record;
    const char *field;
};

#define D(...)                                                                                     \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }
static const struct directive_row directive_rows[] = {
    {"register a party by a treasury", 1, 1,
     D(.kind = TJ_REGISTER_PARTY, .party = 8, .type = TJ_AUDITOR, .name = "N"), TIJORI_NOT_ALLOWED,
     0, "kind"},
    {"register a party in its own lane 0", 4, 0,
     D(.kind = TJ_REGISTER_PARTY, .party = 8, .type = TJ_AUDITOR, .name = "N"), TIJORI_NOT_ALLOWED,
     0, "kind"},
    {"leave a party number out", 0, 0,
     D(.kind = TJ_REGISTER_PARTY, .party = 9, .type = TJ_AUDITOR, .name = "N"), TIJORI_NUMBER, 0,
     "party"},
    {"a party number twice", 0, 0,
     D(.kind = TJ_REGISTER_PARTY, .party = 7, .type = TJ_AUDITOR, .name = "N"), TIJORI_NUMBER, 0,
     "party"},
    {"a second authority", 0, 0,
     D(.kind = TJ_REGISTER_PARTY, .party = 8, .type = TJ_AUTHORITY, .name = "N"), TIJORI_VALUE, 0,
     "type"},
    {"a party's name twice", 0, 0,
     D(.kind = TJ_REGISTER_PARTY, .party = 8, .type = TJ_AUDITOR, .name = "Treasury"),
     TIJORI_NAME_TAKEN, 0, "name"},
    {"a threshold of no party", 0, 0,
     D(.kind = TJ_SET_THRESHOLD, .party = 99, .domain = 1, .threshold = 1), TIJORI_PARTY_UNKNOWN, 0,
     "party"},
    {"a threshold of another party", 4, 0,
     D(.kind = TJ_SET_THRESHOLD, .party = 2, .domain = 1, .threshold = 1), TIJORI_NOT_ALLOWED, 0,
     "party"},
    {"a threshold of a party that administers itself", 0, 0,
     D(.kind = TJ_SET_THRESHOLD, .party = 4, .domain = 1, .threshold = 1), TIJORI_NOT_ALLOWED, 0,
     "party"},
    {"a threshold in lane 1", 4, 1,
     D(.kind = TJ_SET_THRESHOLD, .party = 4, .domain = 1, .threshold = 1), TIJORI_NOT_ALLOWED, 0,
     "party"},
    {"a move threshold above the movers", 4, 0,
     D(.kind = TJ_SET_THRESHOLD, .party = 4, .domain = 1, .threshold = 4), TIJORI_UNREACHABLE, 0,
     "threshold"},
    {"an administer threshold above the administrators", 4, 0,
     D(.kind = TJ_SET_THRESHOLD, .party = 4, .domain = 2, .threshold = 2), TIJORI_UNREACHABLE, 0,
     "threshold"},
    {"the authority without administration", 0, 0,
     D(.kind = TJ_SET_THRESHOLD, .party = 0, .domain = 2, .threshold = 0), TIJORI_UNREACHABLE, 0,
     "threshold"},
    {"the authority above its keys", 0, 0,
     D(.kind = TJ_SET_THRESHOLD, .party = 0, .domain = 2, .threshold = 4), TIJORI_UNREACHABLE, 0,
     "threshold"},
    {"an operator's move threshold without keys", 0, 0,
     D(.kind = TJ_SET_THRESHOLD, .party = 6, .domain = 1, .threshold = 1), TIJORI_UNREACHABLE, 0,
     "threshold"},
    {"suspend no party", 0, 0, D(.kind = TJ_SUSPEND_PARTY, .party = 99), TIJORI_PARTY_UNKNOWN, 0,
     "party"},
    {"suspend the authority", 0, 0, D(.kind = TJ_SUSPEND_PARTY, .party = 0), TIJORI_NOT_ALLOWED, 0,
     "party"},
    {"suspend oneself", 4, 0, D(.kind = TJ_SUSPEND_PARTY, .party = 4), TIJORI_NOT_ALLOWED, 0,
     "party"},
    {"suspend a suspended party", 0, 0, D(.kind = TJ_SUSPEND_PARTY, .party = 5),
     TIJORI_PARTY_STATUS, 0, "party"},
    {"reinstate an active party", 0, 0, D(.kind = TJ_REINSTATE_PARTY, .party = 4),
     TIJORI_PARTY_STATUS, 0, "party"},
    {"reinstate by a party", 4, 0, D(.kind = TJ_REINSTATE_PARTY, .party = 5), TIJORI_NOT_ALLOWED, 0,
     "party"},
    {"rename by a party", 4, 0, D(.kind = TJ_RENAME_PARTY, .party = 4, .name = "N"),
     TIJORI_NOT_ALLOWED, 0, "party"},
    {"rename to another's name", 0, 0, D(.kind = TJ_RENAME_PARTY, .party = 4, .name = "Treasury"),
     TIJORI_NAME_TAKEN, 0, "name"},
    {"rename a closed party", 0, 0, D(.kind = TJ_RENAME_PARTY, .party = 7, .name = "N"),
     TIJORI_PARTY_STATUS, 0, "party"},
    {"close the authority", 0, 0, D(.kind = TJ_CLOSE_PARTY, .party = 0), TIJORI_NOT_ALLOWED, 0,
     "party"},
    {"close a party with accounts", 0, 0, D(.kind = TJ_CLOSE_PARTY, .party = 2),
     TIJORI_ACCOUNTS_OPEN, 0, "party"},
    {"close a party twice", 0, 0, D(.kind = TJ_CLOSE_PARTY, .party = 7), TIJORI_PARTY_STATUS, 0,
     "party"},
    {"recover a party that has no quorum", 0, 0,
     D(.kind = TJ_RECOVER_PARTY, .party = 2, .delay_s = 604800), TIJORI_RECOVERY, 0, "party"},
    {"object to no recovery", 4, 0, D(.kind = TJ_OBJECT_RECOVERY, .party = 4), TIJORI_RECOVERY, 0,
     "party"},
    {"end no rule", 0, 0, D(.kind = TJ_END_RULE, .rule = 99), TIJORI_RULE_UNKNOWN, 0, "rule"},
    {"end a rule twice", 0, 0, D(.kind = TJ_END_RULE, .rule = 8), TIJORI_RULE_STATUS, 0, "rule"},
    {"end a rule by a party", 4, 0, D(.kind = TJ_END_RULE, .rule = 0), TIJORI_NOT_ALLOWED, 0,
     "kind"},
    {"a tier twice", 0, 0,
     D(.kind = TJ_SET_TIER, .rule = 9, .party = 1, .asset = 2, .above = 100, .approvals = 2),
     TIJORI_RULE_STATUS, 0, "above"},
    {"name a treasury in a rule", 0, 0,
     D(.kind = TJ_SET_TIER, .rule = 9, .party = 1, .asset = 2, .above = 99, .approvals = 2,
       .named_party = 1),
     TIJORI_NAMED_PARTY, 0, "named_party"},
    {"leave a rule number out", 0, 0,
     D(.kind = TJ_SET_TIER, .rule = 10, .party = 1, .asset = 2, .above = 99, .approvals = 2),
     TIJORI_NUMBER, 0, "rule"},
    {"a quorum that did not sign", 0, 0,
     D(.kind = TJ_SET_THRESHOLD, .party = 0, .domain = 2, .threshold = 3), TIJORI_NEW_QUORUM,
     NO_RECORD, "slots"},
    {"grant oneself", 4, 0, D(.kind = TJ_GRANT_CLASSES, .party = 4, .classes = 4),
     TIJORI_NOT_ALLOWED, 0, "party"},
    {"custody for a treasury", 0, 0,
     D(.kind = TJ_GRANT_CLASSES, .party = 1, .classes = 1u << TJ_CLASS_CUSTODY), TIJORI_CLASS, 0,
     "classes"},
    {"reserve for a custodian", 0, 0,
     D(.kind = TJ_GRANT_CLASSES, .party = 2, .classes = 1u << TJ_CLASS_RESERVE), TIJORI_CLASS, 0,
     "classes"},
    {"market for a custodian", 0, 0,
     D(.kind = TJ_GRANT_CLASSES, .party = 2, .classes = 1u << TJ_CLASS_MARKET), TIJORI_CLASS, 0,
     "classes"},
    {"any class for an operator", 0, 0,
     D(.kind = TJ_GRANT_CLASSES, .party = 6, .classes = 1u << TJ_CLASS_FEE), TIJORI_CLASS, 0,
     "classes"},
    {"grant no party", 0, 0, D(.kind = TJ_GRANT_CLASSES, .party = 8), TIJORI_PARTY_UNKNOWN, 0,
     "party"},
    {"open an asset by a party", 4, 0,
     D(.kind = TJ_OPEN_ASSET, .asset = 3, .amount_max = 1, .code = "X", .name = "X"),
     TIJORI_NOT_ALLOWED, 0, "kind"},
    {"leave an asset number out", 0, 0,
     D(.kind = TJ_OPEN_ASSET, .asset = 4, .amount_max = 1, .code = "X", .name = "X"), TIJORI_NUMBER,
     0, "asset"},
    {"an asset code twice", 0, 0,
     D(.kind = TJ_OPEN_ASSET, .asset = 3, .amount_max = 1, .code = "BTC", .name = "X"),
     TIJORI_NAME_TAKEN, 0, "code"},
    {"open another's account", 1, 1,
     D(.kind = TJ_OPEN_ACCOUNT, .account = A(2, 5), .asset = 1, .class = TJ_CLASS_CUSTODY),
     TIJORI_NOT_ALLOWED, 0, "account"},
    {"open another's account by the authority", 0, 0,
     D(.kind = TJ_OPEN_ACCOUNT, .account = A(2, 5), .asset = 1, .class = TJ_CLASS_CUSTODY),
     TIJORI_NOT_ALLOWED, 0, "account"},
    {"leave an account number out", 1, 1,
     D(.kind = TJ_OPEN_ACCOUNT, .account = A(1, PARTY_1_ACCOUNTS + 1), .asset = 1,
       .class = TJ_CLASS_RESERVE),
     TIJORI_NUMBER, 0, "account"},
    {"an account number twice", 1, 1,
     D(.kind = TJ_OPEN_ACCOUNT, .account = A(1, 0), .asset = 1, .class = TJ_CLASS_RESERVE),
     TIJORI_NUMBER, 0, "account"},
    {"an account in no asset", 1, 1,
     D(.kind = TJ_OPEN_ACCOUNT, .account = A(1, PARTY_1_ACCOUNTS), .asset = 3,
       .class = TJ_CLASS_RESERVE),
     TIJORI_ASSET_UNKNOWN, 0, "asset"},
    {"a class that is not granted", 1, 1,
     D(.kind = TJ_OPEN_ACCOUNT, .account = A(1, PARTY_1_ACCOUNTS), .asset = 1,
       .class = TJ_CLASS_CUSTODY),
     TIJORI_CLASS, 0, "class"},
    {"a reserve account for a custodian", 2, 1,
     D(.kind = TJ_OPEN_ACCOUNT, .account = A(2, 5), .asset = 1, .class = TJ_CLASS_RESERVE),
     TIJORI_CLASS, 0, "class"},
    {"freeze no account", 0, 0, D(.kind = TJ_FREEZE_ACCOUNT, .account = A(1, 99), .directions = 1),
     TIJORI_ACCOUNT_UNKNOWN, 0, "account"},
    {"freeze by its owner", 1, 1, D(.kind = TJ_FREEZE_ACCOUNT, .account = A(1, 0), .directions = 1),
     TIJORI_NOT_ALLOWED, 0, "account"},
    {"freeze what is frozen", 0, 0,
     D(.kind = TJ_FREEZE_ACCOUNT, .account = A(1, FROZEN_OUT), .directions = 2),
     TIJORI_ACCOUNT_STATUS, 0, "directions"},
    {"freeze both where one is frozen", 0, 0,
     D(.kind = TJ_FREEZE_ACCOUNT, .account = A(1, FROZEN_OUT), .directions = 3),
     TIJORI_ACCOUNT_STATUS, 0, "directions"},
    {"unfreeze what is not frozen", 0, 0,
     D(.kind = TJ_UNFREEZE_ACCOUNT, .account = A(1, 0), .directions = 1), TIJORI_ACCOUNT_STATUS, 0,
     "directions"},
    {"unfreeze both where one is frozen", 0, 0,
     D(.kind = TJ_UNFREEZE_ACCOUNT, .account = A(1, FROZEN_OUT), .directions = 3),
     TIJORI_ACCOUNT_STATUS, 0, "directions"},
    {"unfreeze by its owner", 1, 1,
     D(.kind = TJ_UNFREEZE_ACCOUNT, .account = A(1, FROZEN_OUT), .directions = 2),
     TIJORI_NOT_ALLOWED, 0, "account"},
    {"freeze a closed account", 0, 0,
     D(.kind = TJ_FREEZE_ACCOUNT, .account = A(1, CLOSED_EXTERNAL), .directions = 1),
     TIJORI_ACCOUNT_CLOSED, 0, "account"},
    {"unfreeze a closed account", 0, 0,
     D(.kind = TJ_UNFREEZE_ACCOUNT, .account = A(1, CLOSED_EXTERNAL), .directions = 1),
     TIJORI_ACCOUNT_CLOSED, 0, "account"},
    {"close no account", 1, 1, D(.kind = TJ_CLOSE_ACCOUNT, .account = A(1, 99)),
     TIJORI_ACCOUNT_UNKNOWN, 0, "account"},
    {"close another's account", 1, 1, D(.kind = TJ_CLOSE_ACCOUNT, .account = A(2, 3)),
     TIJORI_NOT_ALLOWED, 0, "account"},
    {"close by the authority", 0, 0, D(.kind = TJ_CLOSE_ACCOUNT, .account = A(2, 3)),
     TIJORI_NOT_ALLOWED, 0, "account"},
    {"close twice", 1, 1, D(.kind = TJ_CLOSE_ACCOUNT, .account = A(1, CLOSED_EXTERNAL)),
     TIJORI_ACCOUNT_CLOSED, 0, "account"},
    {"close with something pending in", 1, 1,
     D(.kind = TJ_CLOSE_ACCOUNT, .account = A(1, ASSET_2_RESERVE)), TIJORI_ACCOUNT_PENDING, 0,
     "account"},
    {"close a contra account with something pending out", 1, 1,
     D(.kind = TJ_CLOSE_ACCOUNT, .account = A(1, ASSET_2_MARKET)), TIJORI_ACCOUNT_PENDING, 0,
     "account"},
    {"close with a balance", 2, 1, D(.kind = TJ_CLOSE_ACCOUNT, .account = A(2, 0)),
     TIJORI_ACCOUNT_BALANCE, 0, "account"},
    {"the rules that are active", 0, 0, D(.kind = TJ_ACTIVATE_RULES, .rules = 1), TIJORI_RULES, 0,
     "rules"},
    {"rules nobody knows", 0, 0, D(.kind = TJ_ACTIVATE_RULES, .rules = 2), TIJORI_RULES, 0,
     "rules"},
    {"rules by a party", 4, 0, D(.kind = TJ_ACTIVATE_RULES, .rules = 2), TIJORI_NOT_ALLOWED, 0,
     "kind"},
    {"endorse an entry still to come", 1, 1, D(.kind = TJ_ENDORSE, .entry = 1000000),
     TIJORI_NAMED_UNKNOWN, 0, "entry"},
    {"endorse entry 2^64 - 1", 1, 1, D(.kind = TJ_ENDORSE, .entry = UINT64_MAX),
     TIJORI_NAMED_UNKNOWN, 0, "entry"},
    {"endorse by another leaf hash", 1, 1, D(.kind = TJ_ENDORSE, .entry = 1), TIJORI_NAMED_HASH, 0,
     "leaf"},
};

static void directives(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof directive_rows / sizeof directive_rows[0]; i++) {
        const struct directive_row *row = &directive_rows[i];
        rules_one(f, row->party, row->lane, &row->r);
        rules_sign(f);
        fixture_encode(f);
        must_refuse(row->name, row->status, row->record, row->field);
    }
}

/* ---- directives on keys, and those that need what the ledger holds ---- */

static void send_directive(const char *name, uint32_t party, const struct tj_record *r,
                           enum tijori_status status, uint32_t record, const char *field)
{
    rules_one(f, party, 0, r);
    rules_sign(f);
    fixture_encode(f);
    must_refuse(name, status, record, field);
}

static void keys_added(void **state)
{
    (void)state;
    struct tj_record r = rules_key(TJ_ADD_KEY, 3, 1, TJ_APPROVE);
    r.ordinal = 2;
    rules_one(f, 0, 0, &r);
    rules_slot(f, TJ_USE_POSSESSION, 3, 3, 1, TJ_ALGORITHM_ECDSA);
    rules_sign(f);
    fixture_encode(f);
    must_refuse("leave a key ordinal out", TIJORI_NUMBER, 0, "ordinal");
    r.ordinal = 1;
    send_directive("a key without its signature", 0, &r, TIJORI_POSSESSION, 0, "key");
    rules_one(f, 0, 0, &r);
    rules_slot(f, TJ_USE_POSSESSION, 3, 3, 2, TJ_ALGORITHM_ECDSA);
    rules_sign(f);
    fixture_encode(f);
    must_refuse("another key's signature", TIJORI_POSSESSION, NO_RECORD, "key");
    rules_one(f, 0, 0, &r);
    rules_slot(f, TJ_USE_POSSESSION, 2, 3, 1, TJ_ALGORITHM_ECDSA);
    rules_sign(f);
    fixture_encode(f);
    must_refuse("possession for another party", TIJORI_POSSESSION, NO_RECORD, "key");
    r = rules_key(TJ_ADD_KEY, 4, 9, TJ_APPROVE);
    r.ordinal = 5;
    rules_one(f, 0, 0, &r);
    rules_slot(f, TJ_USE_POSSESSION, 4, 4, 9, TJ_ALGORITHM_ECDSA);
    rules_sign(f);
    fixture_encode(f);
    must_refuse("a key of a party that administers itself", TIJORI_NOT_ALLOWED, 0, "party");
    r.party = 99;
    rules_one(f, 0, 0, &r);
    rules_slot(f, TJ_USE_POSSESSION, 99, 4, 9, TJ_ALGORITHM_ECDSA);
    rules_sign(f);
    fixture_encode(f);
    must_refuse("a key of no party", TIJORI_PARTY_UNKNOWN, 0, "party");
}

static void keys_taken(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint32_t party, ordinal;
        uint8_t algorithm;
    } rows[] = {
        {"another party's key", 2, 0, TJ_ALGORITHM_ECDSA},
        {"another party's x-coordinate as bip340", 2, 0, TJ_ALGORITHM_BIP340},
        {"a bip340 key's x-coordinate as ecdsa", 1, 0, TJ_ALGORITHM_ECDSA},
        {"a revoked key", 4, 2, TJ_ALGORITHM_ECDSA},
        {"a key of the authority", 0, 2, TJ_ALGORITHM_ECDSA},
        {"the party's own key", 3, 0, TJ_ALGORITHM_ECDSA},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t secret32[32];
        struct tj_public_key key;
        struct tj_record r = {.kind = TJ_ADD_KEY, .party = 3, .ordinal = 1, .role = TJ_APPROVE};
        fixture_secret(secret32, rows[i].party, rows[i].ordinal);
        assert_true(tj_public_key_of(&key, rows[i].algorithm, secret32));
        r.algorithm = rows[i].algorithm;
        memcpy(r.key, key.bytes, key.size);
        rules_one(f, 0, 0, &r);
        rules_slot(f, TJ_USE_POSSESSION, 3, rows[i].party, rows[i].ordinal, rows[i].algorithm);
        rules_sign(f);
        fixture_encode(f);
        must_refuse(rows[i].name, TIJORI_KEY_TAKEN, 0, "key");
    }
}

static void keys_revoked(void **state)
{
    (void)state;
    struct tj_record r = rules_key(TJ_REVOKE_KEY, 4, 7, TJ_INITIATE);
    send_directive("revoke an ordinal that is none", 0, &r, TIJORI_KEY_UNKNOWN, 0, "ordinal");
    r = rules_key(TJ_REVOKE_KEY, 4, 3, TJ_INITIATE);
    send_directive("revoke by another role", 0, &r, TIJORI_KEY_PARTY, 0, "key");
    r = rules_key(TJ_REVOKE_KEY, 4, 3, TJ_APPROVE);
    r.key[5] ^= 1;
    send_directive("revoke by another key", 0, &r, TIJORI_KEY_PARTY, 0, "key");
    r = rules_key(TJ_REVOKE_KEY, 4, 2, TJ_INITIATE);
    send_directive("revoke twice", 4, &r, TIJORI_KEY_REVOKED, 0, "ordinal");
    r = rules_key(TJ_REVOKE_KEY, 2, 0, TJ_INITIATE);
    send_directive("revoke another's key", 4, &r, TIJORI_NOT_ALLOWED, 0, "party");
    send_directive("revoke the only mover", 0, &r, TIJORI_UNREACHABLE, 0, "threshold");
    r = rules_key(TJ_REVOKE_KEY, 4, 1, TJ_INITIATE);
    send_directive("two approve, none initiates", 4, &r, TIJORI_UNREACHABLE, 0, "threshold");
    r = rules_key(TJ_REVOKE_KEY, 4, 0, TJ_ADMINISTER);
    send_directive("revoke the only administrator", 4, &r, TIJORI_UNREACHABLE, 0, "threshold");
    r = rules_endorse(f, stage.purchase);
    r.envelope_id.bytes[0] ^= 1;
    send_directive("endorse by another id", 0, &r, TIJORI_NAMED_HASH, 0, "envelope_id");
}

/* ---- bytes ---- */

/* A purchase of 1 by party 1 in lane 1. */
static void begin(void)
{
    struct tj_record r = fixture_move(A(1, 2), A(1, 0), 1, TJ_PURCHASE);
    rules_one(f, 1, 1, &r);
}

static void finish(void)
{
    rules_sign(f);
    fixture_encode(f);
}

enum { SLOTS_AT = 176 + 112, SLOT = 106 };

struct byte_row {
    const char *name;
    size_t offset;
    uint8_t value; /* xored */
    enum tijori_status status;
    uint32_t record;
    const char *field;
};

static const struct byte_row byte_rows[] = {
    {"magic", 0, 0x20, TIJORI_MAGIC, NO_RECORD, "magic"},
    {"version 3", 3, 2, TIJORI_VERSION_UNKNOWN, NO_RECORD, "version"},
    {"a flag", 5, 1, TIJORI_FLAGS_UNKNOWN, NO_RECORD, "flags"},
    {"lane 4097", 7, 0x10, TIJORI_VALUE, NO_RECORD, "lane"},
    {"no records", 12, 1, TIJORI_RECORD_COUNT, NO_RECORD, "record_count"},
    {"an unknown kind", 176, 0x28, TIJORI_KIND_UNKNOWN, 0, "kind"},
    {"a reserved kind", 176, 0x42, TIJORI_KIND_RESERVED, 0, "kind"},
    {"a programme among movements", 176, 0x40, TIJORI_VALUE, 0, "mode"},
    {"an approve that is not flagged", 176, 7, TIJORI_KIND_MIXED, 0, "flags"},
    {"a move that is flagged as approval", 4, 2, TIJORI_KIND_MIXED, 0, "flags"},
    {"restricted without a blind", 4, 1, TIJORI_BLIND, 0, "blind"},
    {"a flag of the record", 177, 2, TIJORI_RESERVED_NOT_ZERO, 0, ""},
    {"purpose 0", 178, TJ_PURCHASE, TIJORI_VALUE, 0, "purpose"},
    {"amount 0", 176 + 20, 1, TIJORI_AMOUNT_ZERO, 0, "amount"},
    {"from is to", 176 + 4, 2, TIJORI_SAME_ACCOUNT, 0, "to"},
    {"a control in the reference", 176 + 44, 'r' ^ '\n', TIJORI_TEXT, 0, "reference"},
    {"no UTF-8 in the reference", 176 + 44, 'r' ^ 0xff, TIJORI_TEXT, 0, "reference"},
    {"a blind in a public envelope", 176 + 96, 1, TIJORI_BLIND, 0, "blind"},
    {"18 slots", SLOTS_AT, 18 ^ 2, TIJORI_SLOT_COUNT, NO_RECORD, "slots"},
    {"a slot's algorithm", SLOTS_AT + 2 + 4, 8, TIJORI_SLOT_ALGORITHM, NO_RECORD, "algorithm"},
    {"a slot's use", SLOTS_AT + 2 + 5, 8, TIJORI_SLOT_USE, NO_RECORD, "use"},
    {"sign for another party", SLOTS_AT + 2, 3, TIJORI_SLOT_USE, NO_RECORD, "use"},
    {"a slot's key size", SLOTS_AT + 2 + 6, 1, TIJORI_SLOT_SIZE, NO_RECORD, "size"},
    {"a slot's signature size", SLOTS_AT + 2 + 8, 1, TIJORI_SLOT_SIZE, NO_RECORD, "size"},
    {"body_root", 144, 1, TIJORI_BODY_ROOT, NO_RECORD, "body_root"},
    {"a byte of a record", 176 + 28, 1, TIJORI_BODY_ROOT, NO_RECORD, "body_root"},
    {"ledger_id", 48, 1, TIJORI_LEDGER_ID, NO_RECORD, "ledger_id"},
    {"previous_id", 80, 1, TIJORI_PREVIOUS_ID, NO_RECORD, "previous_id"},
    {"known_leaf", 112, 1, TIJORI_FORK, NO_RECORD, "known_leaf"},
    {"known_index", 40 + 4, 1, TIJORI_KNOWN_AHEAD, NO_RECORD, "known_index"},
    {"a bit of a signature", SLOTS_AT + 2 + 50, 1, TIJORI_SIGNATURE, NO_RECORD, "signature"},
    {"a bit of a key", SLOTS_AT + 2 + SLOT + 41, 1, TIJORI_KEY_UNKNOWN, NO_RECORD, "key"},
    {"the header after it was signed", 32, 1, TIJORI_SIGNATURE, NO_RECORD, "signature"},
};

static void bytes_changed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof byte_rows / sizeof byte_rows[0]; i++) {
        begin();
        finish();
        f->bytes[byte_rows[i].offset] ^= byte_rows[i].value;
        must_refuse(byte_rows[i].name, byte_rows[i].status, byte_rows[i].record,
                    byte_rows[i].field);
    }
}

static void cut_and_overlong(void **state)
{
    (void)state;
    struct tijori_receipt receipt;
    begin();
    finish();
    size_t size = f->size;
    for (f->size = 0; f->size < size; f->size++) { /* each of these is a truncated envelope */
        assert_int_equal(fixture_submit(f, &receipt), TIJORI_TRUNCATED);
        judge_receipt("truncated", &receipt, TIJORI_TRUNCATED, NO_RECORD, "");
    }
    f->size = 5;
    must_refuse("truncated", TIJORI_TRUNCATED, NO_RECORD, "");
    f->size = size;
    f->bytes = realloc(f->bytes, size + 1);
    assert_non_null(f->bytes);
    f->bytes[f->size++] = 0;
    must_refuse("a byte more", TIJORI_TRAILING_BYTES, NO_RECORD, "");
    /* Too large is not even queued. */
    size_t max = tijori_envelope_size_max();
    uint8_t *bytes = calloc(1, max + 1);
    assert_non_null(bytes);
    assert_int_equal(tijori_submit(f->ledger, bytes, max + 1, 1), TIJORI_OVERSIZED);
    assert_int_equal(tijori_receive(f->ledger, &receipt), TIJORI_NOT_FOUND);
    assert_int_equal(tijori_dry_run(f->ledger, &receipt, bytes, max + 1), TIJORI_OVERSIZED);
    covered[TIJORI_OVERSIZED] = true;
    free(bytes);
    good_envelope_is_accepted("oversized");
}

static void slots_out_of_order_or_twice(void **state)
{
    (void)state;
    uint8_t slot[SLOT];
    begin();
    finish();
    uint8_t *at = f->bytes + SLOTS_AT + 2;
    memcpy(slot, at, SLOT);
    memcpy(at, at + SLOT, SLOT);
    memcpy(at + SLOT, slot, SLOT);
    must_refuse("slots the other way round", TIJORI_SLOT_ORDER, NO_RECORD, "slots");
    begin();
    finish();
    memcpy(f->bytes + SLOTS_AT + 2 + SLOT, f->bytes + SLOTS_AT + 2, SLOT);
    must_refuse("one signature twice", TIJORI_SLOT_DUPLICATE, NO_RECORD, "slots");
}

static void kinds_where_they_do_not_belong(void **state)
{
    (void)state;
    struct tj_record close = {.kind = TJ_CLOSE_ACCOUNT, .account = A(1, 7)};
    struct tj_record ledger = {.kind = TJ_LEDGER, .rules = 1, .lifetime_max_s = 60};
    ledger.checkpoint_delay_max_s = 1;
    ledger.name[0] = 'n';
    begin();
    fixture_add(f, &close);
    finish();
    must_refuse("movement, then directive", TIJORI_KIND_MIXED, 1, "kind");
    rules_one(f, 1, 1, &close);
    f->header.flags = TJ_FLAG_RESTRICTED;
    finish();
    must_refuse("a restricted directive", TIJORI_RESTRICTED_DIRECTIVE, 0, "flags");
    close.account = A(1, TJ_LOCAL_RESTRICTED);
    rules_one(f, 1, 1, &close);
    finish();
    must_refuse("a restricted account in public", TIJORI_RESTRICTED_ACCOUNT, 0, "account");
    struct tj_record opening = fixture_move(A(4, 2), A(4, 0), 1, TJ_CUSTOMER_DEPOSIT);
    opening.opening = 1;
    rules_one(f, 4, 1, &opening);
    finish();
    must_refuse("an opening that is closed", TIJORI_OPENING, 0, "opening");
    for (uint32_t third = 2; third <= 3; third++) {
        struct tj_record move = fixture_move(A(4, 0), A(third, 0), 1, TJ_CUSTOMER_TRANSFER);
        fixture_begin(f, 4, 1);
        f->header.flags = TJ_FLAG_RESTRICTED;
        fixture_add(f, &move);
        move.to = A(2, 0);
        fixture_add(f, &move);
        finish();
        if (third == 3) {
            must_refuse("a third party's account", TIJORI_RESTRICTED_PARTIES, 1, "to");
        }
    }
    rules_one(f, 0, 0, &ledger);
    finish();
    must_refuse("a second ledger record", TIJORI_GENESIS_ONLY, 0, "kind");
    begin();
    f->records[0] = TJ_DETAIL;
    finish();
    must_refuse("a detail of nothing", TIJORI_DETAIL, 0, "kind");
    begin();
    TJ_PUT(f->records, TJ_MOVE, details, 1);
    finish();
    must_refuse("a detail that is said and does not follow", TIJORI_DETAIL, 0, "details");
}

/* The world's fixture knows one attachment; two are put in by hand. */
static void attachments(void **state)
{
    (void)state;
    static const uint8_t deed[4] = {'d', 'e', 'e', 'd'};
    begin();
    f->attachment = deed;
    f->attachment_size = 4;
    finish();
    must_refuse("a document nobody names", TIJORI_ATTACHMENT_UNNAMED, NO_RECORD, "attachments");
    begin();
    tj_sha256(f->digester.hasher, (struct tj_hash *)(void *)(f->records + 60), deed, 4);
    f->attachment = deed;
    f->attachment_size = 4;
    finish();
    size_t one = f->size;
    f->bytes = realloc(f->bytes, one + 8);
    assert_non_null(f->bytes);
    tj_store32(f->bytes + one - 8, 0);
    must_refuse("an empty document", TIJORI_ATTACHMENT, NO_RECORD, "attachments");
    begin();
    tj_sha256(f->digester.hasher, (struct tj_hash *)(void *)(f->records + 60), deed, 4);
    f->attachment = deed;
    f->attachment_size = 4;
    finish();
    f->bytes = realloc(f->bytes, one + 8);
    assert_non_null(f->bytes);
    memcpy(f->bytes + one, f->bytes + one - 8, 8);
    tj_store16(f->bytes + one - 10, 2);
    f->size = one + 8;
    must_refuse("a document twice", TIJORI_ATTACHMENT_ORDER, NO_RECORD, "attachments");
    /* Leaving it out changes no verdict, and it may be there. */
    begin();
    tj_sha256(f->digester.hasher, (struct tj_hash *)(void *)(f->records + 60), deed, 4);
    f->attachment = deed;
    f->attachment_size = 4;
    rules_accept(f);
}

/* ---- the header against the ledger ---- */

static void sign_by(uint32_t party)
{
    rules_slot(f, TJ_USE_SIGN, party, 1, 0, TJ_ALGORITHM_BIP340);
    rules_slot(f, TJ_USE_SIGN, party, 1, 1, TJ_ALGORITHM_BIP340);
    fixture_encode(f);
}

static void headers(void **state)
{
    (void)state;
    begin();
    f->header.party = 99;
    sign_by(99);
    must_refuse("no such party", TIJORI_PARTY_UNKNOWN, NO_RECORD, "party");
    begin();
    f->header.party = UINT32_MAX;
    sign_by(UINT32_MAX);
    must_refuse("party 2^32 - 1", TIJORI_PARTY_UNKNOWN, NO_RECORD, "party");
    begin();
    f->header.sequence++;
    finish();
    must_refuse("a sequence left out", TIJORI_SEQUENCE, NO_RECORD, "sequence");
    begin();
    f->header.lane = 2;
    finish();
    must_refuse("another lane's sequence", TIJORI_SEQUENCE, NO_RECORD, "sequence");
    begin();
    f->header.lane = 2;
    f->header.sequence = 1;
    finish();
    must_refuse("a lane's first with a previous id", TIJORI_PREVIOUS_ID, NO_RECORD, "previous_id");
    begin();
    f->header.known_index = 1;
    finish();
    must_refuse("an old entry with another leaf", TIJORI_FORK, NO_RECORD, "known_leaf");
    begin();
    f->header.known_index++;
    finish();
    must_refuse("the entry it would become", TIJORI_KNOWN_AHEAD, NO_RECORD, "known_index");
    begin();
    f->header.expires_s = f->header.created_s;
    finish();
    must_refuse("expires as it is created", TIJORI_LIFETIME, NO_RECORD, "expires_s");
    begin();
    f->header.expires_s = f->header.created_s + 86401;
    finish();
    must_refuse("lives too long", TIJORI_LIFETIME, NO_RECORD, "expires_s");
    begin();
    f->header.created_s = UINT64_MAX - 10;
    f->header.expires_s = UINT64_MAX;
    finish();
    must_refuse("created at the end of time", TIJORI_CREATED_IN_FUTURE, NO_RECORD, "created_s");
    begin();
    f->header.created_s = 0;
    f->header.expires_s = UINT64_MAX;
    finish();
    must_refuse("lives for ever", TIJORI_LIFETIME, NO_RECORD, "expires_s");
    begin();
    f->header.created_s -= 3700;
    f->header.expires_s -= 3700;
    finish();
    must_refuse("a hundred seconds late", TIJORI_EXPIRED, NO_RECORD, "expires_s");
}

static void conflicts_and_successors(void **state)
{
    (void)state;
    struct tijori_receipt first;
    struct tijori_receipt receipt;
    begin();
    f->header.flags = 0;
    finish();
    assert_int_equal(fixture_submit(f, &first), TIJORI_OK);
    struct tj_record r = fixture_move(A(1, 2), A(1, 0), 77, TJ_PURCHASE);
    begin();
    tj_record_encode(&r, f->records);
    f->header.sequence--;
    finish();
    assert_int_equal(fixture_submit(f, &receipt), TIJORI_CONFLICT);
    assert_int_equal(receipt.entry, first.entry);
    assert_memory_equal(receipt.conflict_id, first.envelope_id, 32);
    assert_memory_not_equal(receipt.envelope_id, first.envelope_id, 32);
    must_refuse("another id with a used sequence", TIJORI_CONFLICT, NO_RECORD, "sequence");
    /* The first of two is refused, the second was made to follow it. */
    begin();
    f->records[2] = TJ_MINING;
    finish();
    assert_int_equal(fixture_submit(f, &receipt), TIJORI_PURPOSE);
    begin();
    f->header.sequence++;
    memcpy(f->header.previous_id.bytes, receipt.envelope_id, 32);
    finish();
    must_refuse("after a refused one", TIJORI_PREDECESSOR_REFUSED, NO_RECORD, "previous_id");
    uint64_t now_ns = f->now_ns;
    begin();
    finish();
    f->now_ns += (86400 + 3600) * S;
    assert_int_equal(fixture_submit(f, &receipt), TIJORI_CLOCK_JUMP);
    judge_receipt("the clock jumped", &receipt, TIJORI_CLOCK_JUMP, NO_RECORD, "received_ns");
    f->now_ns = now_ns;
    good_envelope_is_accepted("the clock jumped");
}

/* ---- keys of the slots ---- */

struct key_row {
    const char *name;
    uint32_t party;
    uint16_t lane;
    struct {
        uint8_t use;
        uint32_t party, key_party, ordinal;
        uint8_t algorithm;
    } slots[4];
    enum tijori_status status;
    const char *field;
};
#define SIGN    TJ_USE_SIGN
#define COUNTER TJ_USE_COUNTERSIGN
#define ECDSA   TJ_ALGORITHM_ECDSA
#define BIP340  TJ_ALGORITHM_BIP340

static const struct key_row key_rows[] = {
    {"a key nobody registered", 1, 1, {{SIGN, 1, 1, 9, BIP340}}, TIJORI_KEY_UNKNOWN, "key"},
    {"one such beside two good ones",
     1,
     1,
     {{SIGN, 1, 1, 0, BIP340}, {SIGN, 1, 1, 1, BIP340}, {SIGN, 1, 1, 9, BIP340}},
     TIJORI_KEY_UNKNOWN,
     "key"},
    {"another party's key", 1, 1, {{SIGN, 1, 2, 0, ECDSA}}, TIJORI_KEY_PARTY, "key"},
    {"an ecdsa key as bip340", 2, 1, {{SIGN, 2, 2, 0, BIP340}}, TIJORI_KEY_PARTY, "key"},
    {"a bip340 key as ecdsa", 1, 1, {{SIGN, 1, 1, 0, ECDSA}}, TIJORI_KEY_PARTY, "key"},
    {"a revoked key", 4, 1, {{SIGN, 4, 4, 2, ECDSA}}, TIJORI_KEY_REVOKED, "key"},
    {"a revoked key beside two good ones",
     4,
     1,
     {{SIGN, 4, 4, 1, ECDSA}, {SIGN, 4, 4, 2, ECDSA}, {SIGN, 4, 4, 3, ECDSA}},
     TIJORI_KEY_REVOKED,
     "key"},
    {"an administer key in lane 1", 4, 1, {{SIGN, 4, 4, 0, ECDSA}}, TIJORI_KEY_ROLE, "key"},
    {"an initiate key in lane 0", 4, 0, {{SIGN, 4, 4, 1, ECDSA}}, TIJORI_KEY_ROLE, "key"},
    {"an administer key countersigns",
     2,
     1,
     {{SIGN, 2, 2, 0, ECDSA}, {COUNTER, 4, 4, 0, ECDSA}},
     TIJORI_KEY_ROLE,
     "key"},
    {"possession of a key that is not added",
     2,
     1,
     {{SIGN, 2, 2, 0, ECDSA}, {TJ_USE_POSSESSION, 2, 2, 5, ECDSA}},
     TIJORI_POSSESSION,
     "key"},
    {"one of two", 1, 1, {{SIGN, 1, 1, 0, BIP340}}, TIJORI_THRESHOLD, "slots"},
    {"nobody signs", 1, 1, {{0}}, TIJORI_THRESHOLD, "slots"},
    {"countersigned, not signed", 1, 1, {{COUNTER, 2, 2, 0, ECDSA}}, TIJORI_THRESHOLD, "slots"},
    {"two approve, none initiates",
     4,
     1,
     {{SIGN, 4, 4, 3, ECDSA}, {SIGN, 4, 4, 4, ECDSA}},
     TIJORI_THRESHOLD,
     "slots"},
    {"one of the authority", 0, 0, {{SIGN, 0, 0, 2, ECDSA}}, TIJORI_THRESHOLD, "slots"},
    {"one of two countersigns",
     2,
     1,
     {{SIGN, 2, 2, 0, ECDSA}, {COUNTER, 1, 1, 0, BIP340}},
     TIJORI_COUNTERSIGN_THRESHOLD,
     "slots"},
    {"one countersigner too few of two parties",
     2,
     1,
     {{SIGN, 2, 2, 0, ECDSA}, {COUNTER, 3, 3, 0, ECDSA}, {COUNTER, 1, 1, 0, BIP340}},
     TIJORI_COUNTERSIGN_THRESHOLD,
     "slots"},
    {"two approve the countersignature",
     2,
     1,
     {{SIGN, 2, 2, 0, ECDSA}, {COUNTER, 4, 4, 3, ECDSA}, {COUNTER, 4, 4, 4, ECDSA}},
     TIJORI_COUNTERSIGN_THRESHOLD,
     "slots"},
    {"a countersign for one party by another's key",
     2,
     1,
     {{SIGN, 2, 2, 0, ECDSA}, {COUNTER, 1, 3, 0, ECDSA}},
     TIJORI_KEY_PARTY,
     "key"},
};

static void keys_of_slots(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof key_rows / sizeof key_rows[0]; i++) {
        const struct key_row *row = &key_rows[i];
        struct tj_record r = rules_endorse(f, stage.purchase); /* any party may, in any lane */
        rules_one(f, row->party, row->lane, &r);
        fixture_seal(f, &(struct tj_hash){{0}});
        for (size_t s = 0; s < 4 && row->slots[s].use != 0; s++) {
            rules_slot(f, row->slots[s].use, row->slots[s].party, row->slots[s].key_party,
                       row->slots[s].ordinal, row->slots[s].algorithm);
        }
        fixture_encode(f);
        must_refuse(row->name, row->status, NO_RECORD, row->field);
    }
}

/* s becomes n - s, big-endian: as valid an ECDSA signature as the other, and not the one encoding.
 */
static void make_high_s(uint8_t s[32])
{
    static const uint8_t n[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                  0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
                                  0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};
    int borrow = 0;
    for (int i = 31; i >= 0; i--) {
        int digit = n[i] - s[i] - borrow;
        borrow = digit < 0;
        s[i] = (uint8_t)(digit & 0xff);
    }
}

static void signatures_of_other_forms(void **state)
{
    (void)state;
    struct tj_record r = rules_endorse(f, stage.purchase);
    rules_one(f, 2, 1, &r);
    rules_sign(f);
    fixture_encode(f);
    uint8_t *s = f->bytes + SLOTS_AT + 2 + 10 + 33 + 32;
    make_high_s(s);
    must_refuse("high-S", TIJORI_SIGNATURE, NO_RECORD, "signature");
    rules_one(f, 2, 1, &r);
    rules_sign(f);
    fixture_encode(f);
    memset(f->bytes + SLOTS_AT + 2 + 10 + 33, 0, 64);
    must_refuse("r and s zero", TIJORI_SIGNATURE, NO_RECORD, "signature");
    rules_one(f, 2, 1, &r);
    rules_sign(f);
    fixture_encode(f);
    f->bytes[SLOTS_AT + 2 + 10] = 4;
    must_refuse("a key of no known encoding", TIJORI_SIGNATURE, NO_RECORD, "signature");
    /* The other parity is another point: its signature does not verify. */
    rules_one(f, 2, 1, &r);
    rules_sign(f);
    fixture_encode(f);
    f->bytes[SLOTS_AT + 2 + 10] ^= 1;
    must_refuse("the other parity", TIJORI_SIGNATURE, NO_RECORD, "signature");
}

/* A key that is no point has no signature that verifies. So no add_key of one is ever judged: its
 * possession slot fails first, or is missing. */
static void a_key_that_is_no_point(void **state)
{
    (void)state;
    struct tj_record r = rules_key(TJ_ADD_KEY, 3, 1, TJ_APPROVE);
    rules_one(f, 0, 0, &r);
    rules_slot(f, TJ_USE_POSSESSION, 3, 3, 1, ECDSA);
    rules_sign(f);
    memset(f->records + 16, 0xff, 33); /* x above the field's prime */
    f->records[16] = 2;
    struct tj_slot *possession = &f->slots.slots[2];
    assert_int_equal(possession->use, TJ_USE_POSSESSION);
    memcpy(possession->key.bytes, f->records + 16, 33);
    fixture_seal(f, &(struct tj_hash){{0}});
    fixture_encode(f);
    must_refuse("a key that is no point", TIJORI_SIGNATURE, NO_RECORD, "signature");
    rules_one(f, 0, 0, &r);
    memset(f->records + 16, 0xff, 33);
    f->records[16] = 2;
    rules_sign(f);
    fixture_encode(f);
    must_refuse("without its slot", TIJORI_POSSESSION, 0, "key");
}

/* ---- entries 0 and 1 ---- */

struct founding {
    uint8_t entry[TJ_ENTRY_FIXED_SIZE + 2];
    uint8_t records[16 * TJ_RECORD_SIZE];
    uint32_t count;
    struct tj_hash ledger_id;
    char dir[256];
};

static void founding_begin(struct founding *g)
{
    uint8_t body[16 * (TJ_RECORD_SIZE + TJ_LINK_SIZE) + TJ_TAIL_SIZE];
    struct tijori_entry out = {g->entry, sizeof g->entry, body, sizeof body};
    assert_int_equal(tijori_entry(f->ledger, &out, 0), TIJORI_OK);
    g->count = tj_load32(g->entry + 64 + 12);
    memcpy(g->records, body, (size_t)g->count * TJ_RECORD_SIZE);
    g->ledger_id = f->genesis.ledger_id;
    snprintf(g->dir, sizeof g->dir, "%.200s-founding", f->dir);
}

static uint64_t founding_clock(void *context)
{
    (void)context;
    return (FIXTURE_CREATED_S + 60) * S;
}

/* A ledger of these records and of the envelope in f->bytes; when refused, nothing is left. */
static void must_found(const struct founding *g, const char *name, enum tijori_status wanted)
{
    struct tijori_message message = {""};
    struct tijori *ledger;
    struct tijori_options options = {.threads = 1, .clock = founding_clock, .map_size = 1 << 24};
    enum tijori_status status =
        tijori_create(&message, g->dir, g->entry, sizeof g->entry, g->records,
                      (size_t)g->count * TJ_RECORD_SIZE, f->bytes, f->size, &options);
    if (status != wanted) {
        fail_msg("%s: wanted %s, got %s: %s", name, tijori_status_name(wanted),
                 tijori_status_name(status), message.text);
    }
    if (status != TIJORI_OK) {
        assert_non_null(strstr(message.text, tijori_status_name(status)));
        assert_int_equal(tijori_open(&ledger, g->dir, TIJORI_READ, NULL, NULL), TIJORI_NOT_FOUND);
        covered[status] = true;
    }
}

/* The envelope of entry 1, not signed. */
static void opening_begin(const struct founding *g)
{
    struct tj_genesis genesis = {.ledger_id = g->ledger_id};
    memcpy(genesis.entry, g->entry, sizeof genesis.entry);
    tj_envelope_id(&f->digester, &genesis.envelope_id, g->entry + 64);
    f->slots.count = 0;
    f->attachment = NULL;
    tj_genesis_opening(&f->digester, &f->header, f->records, &genesis, FIXTURE_CREATED_S + 60,
                       FIXTURE_CREATED_S + 3660);
}

static void opening_sign(uint32_t keys)
{
    for (uint32_t k = 0; k < keys; k++) {
        fixture_sign_as(f, TJ_USE_SIGN, 0, k);
    }
    fixture_encode(f);
}

static void entry_1_is_the_authoritys_endorsement(void **state)
{
    (void)state;
    struct founding g;
    struct tj_record r = {.kind = TJ_SUSPEND_PARTY};
    founding_begin(&g);
    opening_begin(&g);
    opening_sign(2);
    must_found(&g, "two of three keys, though two are the threshold", TIJORI_NOT_OPENED);
    opening_begin(&g);
    tj_record_encode(&r, f->records);
    opening_sign(3);
    must_found(&g, "another directive", TIJORI_NOT_OPENED);
    opening_begin(&g);
    memcpy(f->records + TJ_RECORD_SIZE, f->records, TJ_RECORD_SIZE);
    f->header.record_count = 2;
    opening_sign(3);
    must_found(&g, "endorsed twice", TIJORI_NOT_OPENED);
    opening_begin(&g);
    f->records[8] = 1;
    opening_sign(3);
    must_found(&g, "endorse of entry 1", TIJORI_NOT_OPENED);
    opening_begin(&g);
    rules_slot(f, TJ_USE_POSSESSION, 0, 0, 5, TJ_ALGORITHM_ECDSA);
    opening_sign(3);
    must_found(&g, "a slot too many", TIJORI_NOT_OPENED);
    opening_begin(&g);
    rules_slot(f, TJ_USE_SIGN, 0, 0, 5, TJ_ALGORITHM_ECDSA);
    opening_sign(3);
    must_found(&g, "a key of nobody", TIJORI_KEY_UNKNOWN);
    opening_begin(&g);
    f->records[16] ^= 1;
    opening_sign(3);
    must_found(&g, "another leaf hash", TIJORI_NAMED_HASH);
    opening_begin(&g);
    f->header.sequence = 1;
    opening_sign(3);
    must_found(&g, "the genesis's sequence", TIJORI_CONFLICT);
    opening_begin(&g);
    opening_sign(3);
    f->bytes[f->size - 3] ^= 1;
    must_found(&g, "a wrong signature", TIJORI_SIGNATURE);
}

enum change { COPY, SWAP, SET, DROP };
struct genesis_row {
    const char *name;
    uint8_t change;
    uint8_t record, other; /* SET: `record`, byte `other` becomes `value` */
    uint8_t value;
    enum tijori_status status;
};

/* The fixture's genesis: 0 ledger, 1 add_log_key, 2 register_party, 3-5 add_key, 6 set_threshold
 * (administer, 2), 7 open_asset. */
static const struct genesis_row genesis_rows[] = {
    {"no asset", DROP, 7, 0, 0, TIJORI_GENESIS},
    {"no threshold", DROP, 6, 0, 0, TIJORI_GENESIS},
    {"no party", DROP, 2, 0, 0, TIJORI_GENESIS},
    {"no log key", DROP, 1, 0, 0, TIJORI_GENESIS},
    {"no ledger", DROP, 0, 0, 0, TIJORI_GENESIS},
    {"a key left out", DROP, 4, 0, 0, TIJORI_GENESIS},
    {"ledger not first", SWAP, 0, 1, 0, TIJORI_GENESIS},
    {"keys before the party", SWAP, 2, 3, 0, TIJORI_GENESIS},
    {"asset before the threshold", SWAP, 6, 7, 0, TIJORI_GENESIS},
    {"keys not in order", SWAP, 3, 4, 0, TIJORI_GENESIS},
    {"two ledgers", COPY, 0, 1, 0, TIJORI_GENESIS},
    {"two parties", COPY, 2, 3, 0, TIJORI_GENESIS},
    {"a log key where a key should be", COPY, 1, 4, 0, TIJORI_GENESIS},
    {"party 1", SET, 2, 4, 1, TIJORI_GENESIS},
    {"a treasury for an authority", SET, 2, 2, TJ_TREASURY, TIJORI_GENESIS},
    {"a key of party 1", SET, 3, 4, 1, TIJORI_GENESIS},
    {"ordinals from 1", SET, 3, 8, 1, TIJORI_GENESIS},
    {"a key that is no point", SET, 3, 16, 4, TIJORI_GENESIS},
    {"log keys from 1", SET, 1, 4, 1, TIJORI_GENESIS},
    {"a log key that is no point", SET, 1, 16, 1, TIJORI_GENESIS},
    {"assets from 2", SET, 7, 4, 2, TIJORI_GENESIS},
    {"asset 1 is not BTC", SET, 7, 16, 'X', TIJORI_GENESIS},
    {"BTC with 7 decimals", SET, 7, 2, 7, TIJORI_GENESIS},
    {"more than all bitcoin in one movement", SET, 7, 8, 1, TIJORI_GENESIS},
    {"a threshold of party 1", SET, 6, 4, 1, TIJORI_GENESIS},
    {"a directive that founds nothing", SET, 6, 0, TJ_GRANT_CLASSES, TIJORI_GENESIS},
    {"no administer threshold", SET, 6, 2, 1, TIJORI_UNREACHABLE},
    {"administer threshold 0", SET, 6, 3, 0, TIJORI_UNREACHABLE},
    {"administer threshold 4 of 3", SET, 6, 3, 4, TIJORI_UNREACHABLE},
    {"two administer, two should", SET, 5, 3, TJ_INITIATE, TIJORI_OK},
    {"one administers, two should", SET, 5, 3, 0xff, TIJORI_UNREACHABLE}, /* and key 1 too */
};

static void change_genesis(struct founding *g, const struct genesis_row *row)
{
    uint8_t keep[TJ_RECORD_SIZE];
    uint8_t *at = g->records + (size_t)row->record * TJ_RECORD_SIZE;
    uint8_t *other = g->records + (size_t)row->other * TJ_RECORD_SIZE;
    switch ((enum change)row->change) {
    case DROP:
        memmove(at, at + TJ_RECORD_SIZE, (size_t)(g->count - row->record - 1u) * TJ_RECORD_SIZE);
        g->count--;
        return;
    case SWAP:
        memcpy(keep, at, TJ_RECORD_SIZE);
        memcpy(at, other, TJ_RECORD_SIZE);
        memcpy(other, keep, TJ_RECORD_SIZE);
        return;
    case COPY:
        memcpy(other, at, TJ_RECORD_SIZE);
        return;
    case SET:
        at[row->other] = row->value;
        if (row->value == 0xff) {
            at[row->other] = TJ_INITIATE;
            at[(int)row->other - (int)TJ_RECORD_SIZE] = TJ_INITIATE;
        }
        return;
    }
}

/* A log has 256 keys over its whole life, those of its genesis among them. */
static void a_genesis_has_256_log_keys_at_most(void **state)
{
    (void)state;
    struct founding g;
    struct tj_verdict verdict;
    founding_begin(&g);
    for (uint32_t keys = TJ_LOG_KEYS_MAX; keys <= TJ_LOG_KEYS_MAX + 1; keys++) {
        uint8_t *records = calloc(g.count + keys, TJ_RECORD_SIZE);
        uint32_t count = 1;
        assert_non_null(records);
        memcpy(records, g.records, TJ_RECORD_SIZE);
        for (uint32_t k = 0; k < keys; k++) {
            struct tj_record r = {.kind = TJ_ADD_LOG_KEY, .algorithm = TJ_ALGORITHM_ED25519};
            uint8_t secret32[32] = {1};
            r.number = k;
            tj_store32(secret32 + 4, k);
            assert_true(tj_ed25519_public_key_of(r.key, secret32));
            tj_record_encode(&r, records + TJ_RECORD_SIZE * count++);
        }
        memcpy(records + TJ_RECORD_SIZE * count, g.records + 2 * TJ_RECORD_SIZE,
               (size_t)(g.count - 2) * TJ_RECORD_SIZE);
        count += g.count - 2;
        assert_int_equal(
            tj_genesis_check(&f->digester, records, count, FIXTURE_CREATED_S, &verdict),
            keys == TJ_LOG_KEYS_MAX ? TIJORI_OK : TIJORI_GENESIS);
        free(records);
    }
}

static void the_genesis_follows_its_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof genesis_rows / sizeof genesis_rows[0]; i++) {
        struct founding g;
        struct tj_verdict verdict;
        struct tj_genesis genesis;
        founding_begin(&g);
        change_genesis(&g, &genesis_rows[i]);
        enum tijori_status status =
            tj_genesis_check(&f->digester, g.records, g.count, FIXTURE_CREATED_S, &verdict);
        if (status != genesis_rows[i].status) {
            fail_msg("%s: %s", genesis_rows[i].name, tijori_status_name(status));
        }
        if (status == TIJORI_OK) {
            continue;
        }
        tj_genesis_build(&f->digester, &genesis, g.records, g.count, FIXTURE_CREATED_S);
        memcpy(g.entry, genesis.entry, sizeof g.entry);
        g.ledger_id = genesis.ledger_id;
        opening_begin(&g);
        opening_sign(3);
        must_found(&g, genesis_rows[i].name, status);
    }
}

/* "a" and a character: its bytes, NUL-terminated. */
static void name_with(char out[8], uint32_t c)
{
    size_t size = 0;
    out[size++] = 'a';
    if (c < 0x80) {
        out[size++] = (char)c;
    } else if (c < 0x800) {
        out[size++] = (char)(0xc0 | c >> 6);
        out[size++] = (char)(0x80 | (c & 0x3f));
    } else {
        out[size++] = (char)(0xe0 | c >> 12);
        out[size++] = (char)(0x80 | (c >> 6 & 0x3f));
        out[size++] = (char)(0x80 | (c & 0x3f));
    }
    out[size] = '\0';
}

/* A ledger whose checkpoints could not be signed is not founded; every other name will do. */
static void what_is_founded_can_sign_checkpoints(void **state)
{
    (void)state;
    unsigned refused = 0;
    unsigned hidden = 0;
    for (uint32_t c = 1; c < 0x3100; c++) {
        struct founding g;
        struct tj_verdict verdict;
        struct tj_checkpoint checkpoint = {.size = 2};
        char name[8];
        char text[TJ_CHECKPOINT_TEXT_MAX];
        founding_begin(&g);
        name_with(name, c);
        memset(g.records + 48, 0, TJ_NAME_SIZE);
        memcpy(g.records + 48, name, strlen(name));
        enum tijori_status status =
            tj_genesis_check(&f->digester, g.records, g.count, FIXTURE_CREATED_S, &verdict);
        snprintf(checkpoint.origin, sizeof checkpoint.origin, "%s/%064d", name, 0);
        const bool can = tj_checkpoint_encode(text, sizeof text, &checkpoint) > 0;
        if (status != TIJORI_TEXT && (status != TIJORI_OK || !can)) {
            fail_msg("U+%04X: %s", (unsigned)c, tijori_status_name(status));
        }
        refused += !can;
        hidden += can && status == TIJORI_TEXT; /* a checkpoint could, a name may not */
    }
    assert_int_equal(hidden, 1 + 1 + 2 + 5 + 10);
    assert_int_equal(refused, 31 + 1 + 1 + 33 + 1 + 1 + 11 + 2 + 1 + 1 + 1);
}

static void entry_0_is_made_in_one_way(void **state)
{
    (void)state;
    /* Bytes of entry 0: its own index, term and time, then the header from 64 on. */
    static const struct {
        const char *name;
        uint8_t offset;
        enum tijori_status status;
    } rows[] = {
        {"restricted", 64 + 4, TIJORI_RESTRICTED_DIRECTIVE},
        {"lane 1", 64 + 6, TIJORI_GENESIS},
        {"party 1", 64 + 8, TIJORI_GENESIS},
        {"sequence 0", 64 + 16, TIJORI_VALUE},
        {"expires at another time", 64 + 32, TIJORI_GENESIS},
        {"knows an entry", 64 + 40, TIJORI_VALUE},
        {"names a ledger", 64 + 48, TIJORI_GENESIS_ONLY},
        {"has a predecessor", 64 + 80, TIJORI_GENESIS},
        {"knows a leaf", 64 + 112, TIJORI_GENESIS},
        {"another body", 64 + 144, TIJORI_BODY_ROOT},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct founding g;
        founding_begin(&g);
        opening_begin(&g);
        opening_sign(3);
        g.entry[rows[i].offset] ^= 1;
        must_found(&g, rows[i].name, rows[i].status);
    }
}

/* ---- all of them ---- */

/* Runs last. What no row reached is not known to be refused. */
static void every_status_is_reached(void **state)
{
    (void)state;
    unsigned missing = 0;
    for (int s = TIJORI_TRUNCATED; s <= TIJORI_NEW_QUORUM; s++) {
        if (!covered[s]) {
            print_message("no row reaches %s\n", tijori_status_name((enum tijori_status)s));
            missing++;
        }
    }
    assert_int_equal(missing, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_changed),
        cmocka_unit_test(cut_and_overlong),
        cmocka_unit_test(slots_out_of_order_or_twice),
        cmocka_unit_test(kinds_where_they_do_not_belong),
        cmocka_unit_test(attachments),
        cmocka_unit_test(headers),
        cmocka_unit_test(conflicts_and_successors),
        cmocka_unit_test(keys_of_slots),
        cmocka_unit_test(signatures_of_other_forms),
        cmocka_unit_test(a_key_that_is_no_point),
        cmocka_unit_test(new_movements),
        cmocka_unit_test(movements_that_name_others),
        cmocka_unit_test(directives),
        cmocka_unit_test(keys_added),
        cmocka_unit_test(keys_taken),
        cmocka_unit_test(keys_revoked),
        cmocka_unit_test(entry_1_is_the_authoritys_endorsement),
        cmocka_unit_test(the_genesis_follows_its_rules),
        cmocka_unit_test(a_genesis_has_256_log_keys_at_most),
        cmocka_unit_test(what_is_founded_can_sign_checkpoints),
        cmocka_unit_test(entry_0_is_made_in_one_way),
        cmocka_unit_test(every_status_is_reached),
    };
    return cmocka_run_group_tests(tests, stage_setup, stage_teardown);
}
