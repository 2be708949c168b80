/* The rest of tijori.h: what a program that embeds the ledger does without our command line. Each
 * call is shown to answer what the ledger holds, and to refuse what is wrong with its input. */

#include "tamper_support.h"

#include "core/format/receipt.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct fixture f;
static struct tijori_message message;

static int begin(void **state)
{
    (void)state;
    memset(&f, 0, sizeof f);
    fixture_parties(&f);
    return 0;
}

static int end(void **state)
{
    (void)state;
    fixture_destroy(&f);
    return 0;
}

static const char *log_key(void)
{
    static char text[512];
    struct tj_ledger_view view;
    struct tj_public_key public;
    struct tj_verifier_key key;
    char origin[TJ_ORIGIN_MAX];
    uint8_t secret32[32];
    fixture_log_secret(secret32, 0);
    assert_true(tj_public_key_of(&public, TJ_ALGORITHM_ED25519, secret32));
    assert_int_equal(tj_ledger_view_begin(f.ledger, &view), TIJORI_OK);
    tj_origin(view.state, origin);
    tj_ledger_view_end(f.ledger, &view);
    tj_verifier_key_make(&key, origin, TJ_NOTE_TYPE_ED25519, public.bytes);
    assert_true(tj_verifier_key_encode(&key, text, sizeof text));
    return text;
}

/* ---- lists ---- */

static void parties_and_keys(void **state)
{
    struct tijori_party party;
    struct tijori_key key;
    uint64_t cursor = 0;
    uint64_t keys = 0;
    uint32_t count = 0;
    (void)state;
    while (tijori_parties(f.ledger, &party, &cursor) == TIJORI_OK) {
        assert_int_equal(party.party, count++);
        assert_int_equal(party.status, TJ_PARTY_ACTIVE);
        assert_true(party.name[0] != '\0');
        uint64_t of_party = 0;
        uint32_t listed = 0;
        while (tijori_keys(f.ledger, &key, &of_party, party.party) == TIJORI_OK) {
            struct tj_public_key public;
            fixture_public(&public, party.party, key.ordinal);
            assert_int_equal(key.key_size, public.size);
            assert_memory_equal(key.key, public.bytes, public.size);
            assert_int_equal(key.algorithm, public.algorithm);
            assert_int_equal(key.revoked, 0);
            assert_true(key.label[0] != '\0');
            listed++;
        }
        assert_int_equal(listed, party.keys);
        keys += listed;
    }
    assert_int_equal(count, 4);
    assert_true(keys >= 8);
    assert_int_equal(tijori_parties(f.ledger, &party, &cursor), TIJORI_NOT_FOUND);
    cursor = 0;
    assert_int_equal(tijori_keys(f.ledger, &key, &cursor, 4), TIJORI_NOT_FOUND);
    cursor = UINT64_MAX; /* one that no call gave */
    assert_int_equal(tijori_parties(f.ledger, &party, &cursor), TIJORI_NOT_FOUND);
}

static void accounts_and_labels(void **state)
{
    struct tijori_account account;
    struct tijori_receipt receipt;
    uint64_t cursor = 0;
    uint32_t count = 0;
    char label[49];
    (void)state;
    assert_int_equal(fixture_send_move(&f, &receipt, fixture_account(T_MARKET),
                                       fixture_account(T_RESERVE_A), 700, TJ_PURCHASE),
                     TIJORI_OK);
    while (tijori_accounts(f.ledger, &account, &cursor) == TIJORI_OK) {
        struct tijori_balance balance;
        uint64_t id = tj_account_id(account.party, account.local);
        assert_int_equal(id, fixture_account((enum fixture_account)count++));
        assert_int_equal(tijori_balance(f.ledger, &balance, account.party, account.local),
                         TIJORI_OK);
        assert_memory_equal(&balance, &account.balance, sizeof balance);
        bool moved = id == fixture_account(T_MARKET) || id == fixture_account(T_RESERVE_A);
        assert_int_equal(account.latest_id, moved ? tj_record_id(receipt.entry, 0) : 0);
        assert_int_equal(tijori_account_label(f.ledger, label, account.party, account.local),
                         TIJORI_OK);
    }
    assert_int_equal(count, FIXTURE_ACCOUNTS);
    assert_int_equal(tijori_account_label(f.ledger, label, 1, 99), TIJORI_NOT_FOUND);
    assert_int_equal(tijori_account_label(f.ledger, label, 99, 0), TIJORI_NOT_FOUND);
}

static void records(void **state)
{
    uint8_t record[TIJORI_RECORD_SIZE];
    uint8_t group32[32];
    struct tijori_receipt receipt;
    (void)state;
    assert_int_equal(fixture_send_move(&f, &receipt, fixture_account(T_MARKET),
                                       fixture_account(T_RESERVE_A), 700, TJ_PURCHASE),
                     TIJORI_OK);
    assert_int_equal(tijori_record(f.ledger, record, group32, tj_record_id(receipt.entry, 0)),
                     TIJORI_OK);
    assert_memory_equal(record, f.records, sizeof record);
    /* An envelope of one record has its leaf as root. */
    assert_memory_equal(group32, f.header.body_root.bytes, sizeof group32);
    assert_int_equal(tijori_record(f.ledger, record, NULL, tj_record_id(receipt.entry, 1)),
                     TIJORI_NOT_FOUND);
    /* So has one of one record and its details, of which each is a record by itself. */
    struct tj_record move =
        fixture_move(fixture_account(T_MARKET), fixture_account(T_RESERVE_A), 7, TJ_PURCHASE);
    const struct tj_details details = {.present = 1u << TJ_DETAIL_MEMO, .memo = "a memo"};
    fixture_begin(&f, 1, 1);
    fixture_add(&f, &move);
    fixture_add_details(&f, &details);
    assert_int_equal(fixture_send(&f, &receipt), TIJORI_OK);
    assert_int_equal(tijori_record(f.ledger, record, group32, tj_record_id(receipt.entry, 0)),
                     TIJORI_OK);
    assert_memory_equal(group32, f.header.body_root.bytes, sizeof group32);
    assert_int_equal(tijori_record(f.ledger, record, NULL, tj_record_id(receipt.entry, 1)),
                     TIJORI_OK);
    assert_memory_equal(record, f.records + TJ_RECORD_SIZE, sizeof record);
    assert_int_equal(tijori_record(f.ledger, record, NULL, tj_record_id(receipt.entry + 1, 0)),
                     TIJORI_NOT_FOUND);
}

/* ---- envelopes ---- */

static uint8_t envelope[65536];
static size_t envelope_size;

static struct tijori_order order(uint8_t kind, uint64_t from, uint64_t to, uint64_t amount,
                                 uint8_t purpose)
{
    return (struct tijori_order){
        .kind = kind, .purpose = purpose, .from = from, .to = to, .amount = amount};
}

/* Proposes one record, at the ledger's time. */
static enum tijori_status propose(struct tijori_place *place, const uint8_t *record)
{
    const struct tijori_proposal proposal = {
        .records = record, .record_count = 1, .created_s = f.now_ns / TJ_NS_PER_S};
    envelope_size = sizeof envelope;
    return tijori_propose(envelope, &envelope_size, place, &proposal, &message);
}

static enum tijori_status sign(uint32_t party, uint32_t ordinal)
{
    uint8_t secret32[32];
    const struct tijori_signer signer = {.party = party,
                                         .algorithm = fixture_secret(secret32, party, ordinal),
                                         .secret32 = secret32};
    return tijori_sign(&message, envelope, &envelope_size, sizeof envelope, &signer);
}

static enum tijori_status submit(struct tijori_receipt *receipt)
{
    assert_int_equal(tijori_submit(f.ledger, envelope, envelope_size, 0), TIJORI_OK);
    assert_int_equal(tijori_receive(f.ledger, receipt), TIJORI_OK);
    return receipt->status;
}

/* Proposes, signs by two keys of the treasury, submits. */
static uint64_t send(const struct tijori_order *what)
{
    uint8_t record[TIJORI_RECORD_SIZE];
    struct tijori_place place;
    struct tijori_receipt receipt;
    assert_int_equal(tijori_place(f.ledger, &place, 1, 1), TIJORI_OK);
    assert_int_equal(tijori_order_record(record, what, &message), TIJORI_OK);
    assert_int_equal(propose(&place, record), TIJORI_OK);
    assert_int_equal(sign(1, 0), TIJORI_OK);
    assert_int_equal(sign(1, 1), TIJORI_OK);
    assert_int_equal(submit(&receipt), TIJORI_OK);
    return receipt.entry;
}

static void proposed_signed_and_accepted(void **state)
{
    struct tijori_place place;
    struct tijori_receipt receipt;
    uint8_t record[TIJORI_RECORD_SIZE];
    uint8_t id32[32];
    size_t measured;
    (void)state;
    struct tijori_order buy =
        order(TJ_MOVE, fixture_account(T_MARKET), fixture_account(T_RESERVE_A), 900, TJ_PURCHASE);
    snprintf(buy.reference, sizeof buy.reference, "lot 7");
    assert_int_equal(tijori_place(f.ledger, &place, 1, 1), TIJORI_OK);
    uint64_t sequence = place.sequence;
    assert_int_equal(tijori_order_record(record, &buy, &message), TIJORI_OK);
    assert_int_equal(propose(&place, record), TIJORI_OK);
    assert_int_equal(place.sequence, sequence + 1);
    assert_int_equal(tijori_envelope_id(id32, envelope, envelope_size), TIJORI_OK);
    assert_memory_equal(place.previous_id, id32, sizeof id32);
    assert_int_equal(sign(1, 0), TIJORI_OK);
    assert_int_equal(sign(1, 0), TIJORI_SLOT_DUPLICATE);
    assert_int_equal(sign(1, 1), TIJORI_OK);
    assert_int_equal(tijori_measure(&measured, envelope, sizeof envelope), TIJORI_OK);
    assert_int_equal(measured, envelope_size);
    assert_int_equal(submit(&receipt), TIJORI_OK);
    assert_memory_equal(receipt.envelope_id, id32, sizeof id32);
    assert_int_equal(fixture_balance(&f, fixture_account(T_RESERVE_A)), 900);
    /* The place has moved on: the next envelope needs no ledger to be made. */
    assert_int_equal(propose(&place, record), TIJORI_OK);
    assert_int_equal(sign(1, 0), TIJORI_OK);
    assert_int_equal(sign(1, 1), TIJORI_OK);
    assert_int_equal(submit(&receipt), TIJORI_OK);
    assert_int_equal(fixture_balance(&f, fixture_account(T_RESERVE_A)), 1800);
}

static void copies_signed_apart_are_merged(void **state)
{
    static uint8_t other[4096];
    struct tijori_place place;
    struct tijori_receipt receipt;
    uint8_t record[TIJORI_RECORD_SIZE];
    (void)state;
    const struct tijori_order buy =
        order(TJ_MOVE, fixture_account(T_MARKET), fixture_account(T_RESERVE_A), 900, TJ_PURCHASE);
    assert_int_equal(tijori_place(f.ledger, &place, 1, 1), TIJORI_OK);
    assert_int_equal(tijori_order_record(record, &buy, &message), TIJORI_OK);
    struct tijori_place again = place;
    assert_int_equal(propose(&place, record), TIJORI_OK);
    size_t bare = envelope_size;
    assert_int_equal(sign(1, 0), TIJORI_OK);
    size_t other_size = envelope_size;
    memcpy(other, envelope, envelope_size);
    assert_int_equal(propose(&again, record), TIJORI_OK); /* the same bytes once more */
    assert_int_equal(envelope_size, bare);
    assert_int_equal(sign(1, 1), TIJORI_OK);
    size_t room = envelope_size + TIJORI_SIGNATURE_ROOM;
    size_t before = envelope_size;
    assert_int_equal(tijori_merge(&message, envelope, &envelope_size, before, other, other_size),
                     TIJORI_FULL);
    assert_int_equal(envelope_size, before);
    for (int twice = 0; twice < 2; twice++) {
        assert_int_equal(tijori_merge(&message, envelope, &envelope_size, room, other, other_size),
                         TIJORI_OK);
    }
    assert_int_equal(submit(&receipt), TIJORI_OK);
    /* Another envelope has no place in it. */
    assert_int_equal(propose(&again, record), TIJORI_OK);
    assert_int_equal(
        tijori_merge(&message, envelope, &envelope_size, sizeof envelope, other, other_size),
        TIJORI_CONFLICT);
    assert_int_equal(
        tijori_merge(&message, envelope, &envelope_size, sizeof envelope, other, other_size - 1),
        TIJORI_TRUNCATED);
}

static void orders_that_have_no_form(void **state)
{
    uint8_t record[TIJORI_RECORD_SIZE];
    uint64_t a = fixture_account(T_MARKET);
    uint64_t b = fixture_account(T_RESERVE_A);
    const struct {
        struct tijori_order order;
        enum tijori_status expected;
    } cases[] = {
        {order(TJ_MOVE, a, b, 0, TJ_PURCHASE), TIJORI_AMOUNT_ZERO},
        {order(TJ_MOVE, a, a, 1, TJ_PURCHASE), TIJORI_SAME_ACCOUNT},
        {order(TJ_MOVE, a, b, 1, 0), TIJORI_VALUE},
        {order(TJ_MOVE, a, b, 1, TJ_PURPOSE_END), TIJORI_VALUE},
        {order(0, a, b, 1, TJ_PURCHASE), TIJORI_KIND_UNKNOWN},
        {order(TJ_OPEN_ACCOUNT, a, b, 1, TJ_PURCHASE), TIJORI_KIND_UNKNOWN},
        {order(255, a, b, 1, TJ_PURCHASE), TIJORI_KIND_UNKNOWN},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(tijori_order_record(record, &cases[i].order, &message), cases[i].expected);
        assert_non_null(strstr(message.text, tijori_status_name(cases[i].expected)));
        assert_int_equal(tijori_order_record(record, &cases[i].order, NULL), cases[i].expected);
    }
    struct tijori_order endless = order(TJ_MOVE, a, b, 1, TJ_PURCHASE);
    memset(endless.reference, 'x', sizeof endless.reference);
    assert_int_equal(tijori_order_record(record, &endless, &message), TIJORI_TEXT);
    struct tijori_order control = order(TJ_MOVE, a, b, 1, TJ_PURCHASE);
    control.reference[0] = '\n';
    assert_int_equal(tijori_order_record(record, &control, &message), TIJORI_TEXT);
}

static void proposals_that_are_refused(void **state)
{
    static const uint8_t many[2 * TIJORI_RECORD_SIZE];
    static const struct tijori_attachment unnamed = {(const uint8_t *)"x", 1};
    struct tijori_place place;
    struct tijori_place other;
    uint8_t record[TIJORI_RECORD_SIZE];
    size_t size = sizeof envelope;
    (void)state;
    assert_int_equal(tijori_place(f.ledger, &place, 99, 1), TIJORI_PARTY_UNKNOWN);
    assert_int_equal(tijori_place(f.ledger, &place, 1, TJ_LANES_MAX), TIJORI_LANE);
    assert_int_equal(tijori_place(f.ledger, &place, 1, 1), TIJORI_OK);
    const struct tijori_order buy =
        order(TJ_MOVE, fixture_account(T_MARKET), fixture_account(T_RESERVE_A), 900, TJ_PURCHASE);
    assert_int_equal(tijori_order_record(record, &buy, &message), TIJORI_OK);
    other = place;
    /* One that says that two details follow. */
    static uint8_t detailed[3 * TIJORI_RECORD_SIZE];
    struct tijori_order followed = buy;
    followed.details = 2;
    assert_int_equal(tijori_order_record(detailed, &followed, &message), TIJORI_OK);
    memcpy(detailed + TIJORI_RECORD_SIZE, "\x30\x02\x00\x02memo", 8);
    memcpy(detailed + 2 * TIJORI_RECORD_SIZE,
           "\x30\x05\x00\x01"
           "bc1q",
           8);
    struct tijori_proposal proposal = {.records = record, .record_count = 1};
    const struct {
        const uint8_t *records;
        uint32_t count;
        uint32_t lifetime_s;
        const struct tijori_attachment *attachments;
        size_t attachment_count;
        enum tijori_status expected;
    } cases[] = {
        {record, 0, 0, NULL, 0, TIJORI_RECORD_COUNT},
        {record, TJ_RECORDS_MAX + 1, 0, NULL, 0, TIJORI_RECORD_COUNT},
        {record, 1, place.lifetime_max_s + 1, NULL, 0, TIJORI_LIFETIME},
        {record, 1, 0, &unnamed, 1, TIJORI_ATTACHMENT_UNNAMED},
        {record, 1, 0, &unnamed, TJ_ATTACHMENTS_MAX + 1, TIJORI_ATTACHMENT},
        {many, 2, 0, NULL, 0, TIJORI_KIND_UNKNOWN},
        {detailed, 1, 0, NULL, 0, TIJORI_DETAIL},
        {detailed, 3, 0, NULL, 0, TIJORI_DETAIL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        proposal = (struct tijori_proposal){.records = cases[i].records,
                                            .record_count = cases[i].count,
                                            .lifetime_s = cases[i].lifetime_s,
                                            .attachments = cases[i].attachments,
                                            .attachment_count = cases[i].attachment_count};
        size = sizeof envelope;
        assert_int_equal(tijori_propose(envelope, &size, &place, &proposal, &message),
                         cases[i].expected);
        assert_memory_equal(&place, &other, sizeof place);
    }
    /* Too little room, by one byte; then what was asked for. */
    proposal = (struct tijori_proposal){.records = record, .record_count = 1};
    size = 0;
    assert_int_equal(tijori_propose(NULL, &size, &place, &proposal, &message), TIJORI_FULL);
    size_t needed = size--;
    assert_int_equal(tijori_propose(envelope, &size, &place, &proposal, &message), TIJORI_FULL);
    assert_int_equal(size, needed);
    assert_memory_equal(&place, &other, sizeof place);
    assert_int_equal(tijori_propose(envelope, &size, &place, &proposal, &message), TIJORI_OK);
}

static void documents_go_along(void **state)
{
    static const char text[] = "invoice 1";
    static const char more[] = "invoice 2";
    const struct tijori_attachment attachments[] = {{(const uint8_t *)text, sizeof text},
                                                    {(const uint8_t *)more, sizeof more}};
    struct tijori_place place;
    struct tijori_receipt receipt;
    uint8_t bytes[2 * TIJORI_RECORD_SIZE];
    struct tj_hash hash;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct tijori_order buy = order(TJ_MOVE, fixture_account(T_MARKET),
                                        fixture_account(T_RESERVE_A), 900, TJ_PURCHASE);
        tj_sha256(f.digester.hasher, &hash, attachments[i].bytes, attachments[i].size);
        memcpy(buy.hash, hash.bytes, sizeof buy.hash);
        assert_int_equal(tijori_order_record(bytes + i * TIJORI_RECORD_SIZE, &buy, &message),
                         TIJORI_OK);
    }
    struct tijori_proposal proposal = {.records = bytes,
                                       .record_count = 2,
                                       .created_s = f.now_ns / TJ_NS_PER_S,
                                       .attachments = attachments,
                                       .attachment_count = 2};
    assert_int_equal(tijori_place(f.ledger, &place, 1, 1), TIJORI_OK);
    envelope_size = sizeof envelope;
    assert_int_equal(tijori_propose(envelope, &envelope_size, &place, &proposal, &message),
                     TIJORI_OK);
    assert_int_equal(sign(1, 0), TIJORI_OK); /* between records and attachments */
    assert_int_equal(sign(1, 1), TIJORI_OK);
    assert_int_equal(submit(&receipt), TIJORI_OK);
}

static void signatures_that_are_refused(void **state)
{
    static const uint8_t zero[32];
    static const uint8_t one[32] = {[31] = 1};
    struct tijori_place place;
    uint8_t record[TIJORI_RECORD_SIZE];
    uint8_t id32[32];
    size_t measured;
    (void)state;
    const struct tijori_order buy =
        order(TJ_MOVE, fixture_account(T_MARKET), fixture_account(T_RESERVE_A), 900, TJ_PURCHASE);
    assert_int_equal(tijori_place(f.ledger, &place, 1, 1), TIJORI_OK);
    assert_int_equal(tijori_order_record(record, &buy, &message), TIJORI_OK);
    assert_int_equal(propose(&place, record), TIJORI_OK);
    const struct {
        struct tijori_signer signer;
        size_t room;
        enum tijori_status expected;
    } cases[] = {
        {{1, TJ_ALGORITHM_ECDSA, zero}, sizeof envelope, TIJORI_KEY_INVALID},
        {{1, 0, one}, sizeof envelope, TIJORI_KEY_INVALID},
        {{1, 9, one}, sizeof envelope, TIJORI_KEY_INVALID},
        {{0, TJ_ALGORITHM_ED25519, one}, sizeof envelope, TIJORI_SLOT_USE},
        {{1, TJ_ALGORITHM_ECDSA, one}, envelope_size + 106, TIJORI_FULL},
    };
    size_t before = envelope_size;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(
            tijori_sign(&message, envelope, &envelope_size, cases[i].room, &cases[i].signer),
            cases[i].expected);
        assert_int_equal(envelope_size, before);
    }
    const struct tijori_signer good = {1, TJ_ALGORITHM_ECDSA, one};
    size_t cut = before - 1;
    assert_int_equal(tijori_sign(&message, envelope, &cut, sizeof envelope, &good),
                     TIJORI_TRUNCATED);
    envelope[TJ_HEADER_SIZE + 20] ^= 1; /* the amount, which the header's root does not know of */
    assert_int_equal(tijori_sign(&message, envelope, &envelope_size, sizeof envelope, &good),
                     TIJORI_BODY_ROOT);
    envelope[0] ^= 1;
    assert_int_equal(tijori_measure(&measured, envelope, envelope_size), TIJORI_MAGIC);
    assert_int_equal(tijori_envelope_id(id32, envelope, envelope_size), TIJORI_MAGIC);
    assert_int_equal(tijori_envelope_id(id32, envelope, 100), TIJORI_TRUNCATED);
}

/* ---- pending movements and rules ---- */

static void pending_movements(void **state)
{
    struct tijori_pending pending;
    uint64_t cursor = 0;
    (void)state;
    assert_int_equal(tijori_pending(f.ledger, &pending, &cursor), TIJORI_NOT_FOUND);
    struct tijori_order later =
        order(TJ_PENDING, fixture_account(T_MARKET), fixture_account(T_RESERVE_A), 55, TJ_PURCHASE);
    snprintf(later.reference, sizeof later.reference, "sixteen letters_");
    uint64_t first = send(&later);
    uint64_t second = send(&later);
    cursor = 0;
    assert_int_equal(tijori_pending(f.ledger, &pending, &cursor), TIJORI_OK);
    assert_int_equal(pending.record_id, tj_record_id(first, 0));
    assert_int_equal(pending.amount, 55);
    assert_int_equal(pending.from, fixture_account(T_MARKET));
    assert_string_equal(pending.reference, "sixteen letters_");
    assert_int_equal(pending.rule, UINT32_MAX);
    assert_int_equal(tijori_pending(f.ledger, &pending, &cursor), TIJORI_OK);
    assert_int_equal(pending.record_id, tj_record_id(second, 0));
    assert_int_equal(tijori_pending(f.ledger, &pending, &cursor), TIJORI_NOT_FOUND);
    /* Posted, the first is pending no more. */
    uint8_t record[TIJORI_RECORD_SIZE];
    struct tijori_order post = later;
    post.kind = TJ_POST;
    post.refers_to = tj_record_id(first, 0);
    assert_int_equal(tijori_record(f.ledger, record, post.hash, post.refers_to), TIJORI_OK);
    send(&post);
    cursor = 0;
    assert_int_equal(tijori_pending(f.ledger, &pending, &cursor), TIJORI_OK);
    assert_int_equal(pending.record_id, tj_record_id(second, 0));
    assert_int_equal(tijori_pending(f.ledger, &pending, &cursor), TIJORI_NOT_FOUND);
}

static void rules_and_their_use(void **state)
{
    struct tijori_rule rule;
    struct tijori_receipt receipt;
    uint64_t cursor = 0;
    (void)state;
    assert_int_equal(tijori_rules(f.ledger, &rule, &cursor), TIJORI_NOT_FOUND);
    fixture_begin(&f, 0, 0);
    struct tj_record limit = {.kind = TJ_SET_LIMIT,
                              .type = TJ_LIMIT_BALANCE,
                              .number = 0,
                              .asset = 1,
                              .holder = fixture_account(T_RESERVE_A),
                              .amount = 1000};
    fixture_add(&f, &limit);
    assert_int_equal(fixture_send(&f, &receipt), TIJORI_OK);
    const struct tijori_order buy =
        order(TJ_MOVE, fixture_account(T_MARKET), fixture_account(T_RESERVE_A), 400, TJ_PURCHASE);
    send(&buy);
    cursor = 0;
    assert_int_equal(tijori_rules(f.ledger, &rule, &cursor), TIJORI_OK);
    assert_int_equal(rule.kind, TJ_SET_LIMIT);
    assert_int_equal(rule.type, TJ_LIMIT_BALANCE);
    assert_int_equal(rule.holder, fixture_account(T_RESERVE_A));
    assert_int_equal(rule.set_id, tj_record_id(receipt.entry, 0));
    assert_int_equal(rule.bounded, 1);
    assert_int_equal(rule.used.low, 400);
    assert_int_equal(rule.left.low, 600);
    assert_int_equal(tijori_rules(f.ledger, &rule, &cursor), TIJORI_NOT_FOUND);
}

/* ---- proofs ---- */

static char proof[TIJORI_PROOF_MAX];

static void proven_and_checked(void **state)
{
    struct tijori_proof checked;
    uint8_t record[TIJORI_RECORD_SIZE];
    size_t size = sizeof proof;
    (void)state;
    const struct tijori_order buy =
        order(TJ_MOVE, fixture_account(T_MARKET), fixture_account(T_RESERVE_A), 400, TJ_PURCHASE);
    uint64_t entry = send(&buy);
    assert_int_equal(tijori_prove(f.ledger, proof, &size, entry, 0, &message), TIJORI_KNOWN_AHEAD);
    tamper_sign(&f, 0);
    size = 0;
    assert_int_equal(tijori_prove(f.ledger, proof, &size, entry, 0, &message), TIJORI_FULL);
    size_t needed = size;
    assert_int_equal(tijori_prove(f.ledger, proof, &size, entry, 0, &message), TIJORI_OK);
    assert_int_equal(size, needed);
    assert_int_equal(tijori_record(f.ledger, record, NULL, tj_record_id(entry, 0)), TIJORI_OK);
    struct tijori_pins pins = {.log_key = log_key()};
    assert_int_equal(tijori_check_proof(&checked, proof, size, &pins, &message), TIJORI_OK);
    assert_int_equal(checked.verdict, TIJORI_PASS);
    assert_int_equal(checked.entry, entry);
    assert_int_equal(checked.record, 0);
    assert_int_equal(checked.party, 1);
    assert_int_equal(checked.signatures, 2);
    assert_memory_equal(checked.record_bytes, record, sizeof record);
    /* Nobody to trust: what it says is sound, and no more. */
    assert_int_equal(tijori_check_proof(&checked, proof, size, NULL, &message), TIJORI_OK);
    assert_int_equal(checked.verdict, TIJORI_INCOMPLETE);
    /* Every byte counts. */
    for (size_t at = 0; at < size; at += 37) {
        proof[at] ^= 1;
        enum tijori_status status = tijori_check_proof(&checked, proof, size, &pins, NULL);
        assert_true(status == TIJORI_VALUE ||
                    (status == TIJORI_OK && checked.verdict == TIJORI_FAIL));
        proof[at] ^= 1;
    }
    assert_int_equal(tijori_check_proof(&checked, proof, size - 1, &pins, &message), TIJORI_VALUE);
    /* Pins that are none. */
    pins.log_key = "no key";
    assert_int_equal(tijori_check_proof(&checked, proof, size, &pins, &message), TIJORI_VALUE);
    pins = (struct tijori_pins){.policy = "quorum nobody\n", .policy_size = 14};
    assert_int_equal(tijori_check_proof(&checked, proof, size, &pins, &message), TIJORI_VALUE);
    /* What is not there. */
    size = sizeof proof;
    assert_int_equal(tijori_prove(f.ledger, proof, &size, entry, 1, &message), TIJORI_NOT_FOUND);
    assert_int_equal(tijori_prove(f.ledger, proof, &size, entry + 1, 0, &message),
                     TIJORI_NOT_FOUND);
    assert_int_equal(tijori_prove(f.ledger, proof, &size, entry, UINT32_MAX, &message), TIJORI_OK);
}

/* ---- export and verification ---- */

static void exported_and_verified(void **state)
{
    static struct tijori_report report;
    struct tijori_exported exported;
    struct tijori_head head;
    struct tijori_pins pins = {.log_key = log_key()};
    char folder[300];
    char other[400];
    (void)state;
    snprintf(folder, sizeof folder, "%s-export", f.dir);
    assert_int_equal(tijori_export(f.ledger, &exported, folder, NULL, &message), TIJORI_NOT_FOUND);
    tamper_sign(&f, 0);
    snprintf(other, sizeof other, "%s/missing/export", f.dir);
    assert_int_equal(tijori_export(f.ledger, &exported, other, NULL, &message), TIJORI_NOT_FOUND);
    assert_int_equal(tijori_export(f.ledger, &exported, f.dir, NULL, &message), TIJORI_EXISTS);
    assert_non_null(strstr(message.text, "not empty and no export"));
    assert_int_equal(tijori_export(f.ledger, &exported, folder, NULL, NULL), TIJORI_OK);
    tijori_head(f.ledger, &head);
    assert_int_equal(exported.entries, head.size);
    assert_int_equal(tijori_verify(&report, folder, &pins, NULL, &message), TIJORI_OK);
    assert_string_equal(report.failure, "");
    assert_int_equal(report.verdict, TIJORI_PASS);
    assert_int_equal(report.entries, head.size);
    assert_int_equal(report.check_count, TJ_CHECK_COUNT);
    assert_memory_equal(report.root, head.root, sizeof head.root);
    pins.ledger_id = head.ledger_id;
    assert_int_equal(tijori_verify(&report, folder, &pins, NULL, &message), TIJORI_OK);
    assert_int_equal(report.verdict, TIJORI_PASS);
    /* Nothing pinned; another ledger pinned; pins that are none. */
    assert_int_equal(tijori_verify(&report, folder, NULL, NULL, &message), TIJORI_OK);
    assert_int_equal(report.verdict, TIJORI_INCOMPLETE);
    pins.ledger_id = head.leaf;
    assert_int_equal(tijori_verify(&report, folder, &pins, NULL, &message), TIJORI_OK);
    assert_int_equal(report.verdict, TIJORI_FAIL);
    assert_true(report.failure[0] != '\0');
    pins.log_key = "no key";
    assert_int_equal(tijori_verify(&report, folder, &pins, NULL, &message), TIJORI_VALUE);
    /* A file too many. */
    snprintf(other, sizeof other, "%s/notes.txt", folder);
    FILE *file = fopen(other, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    pins = (struct tijori_pins){.ledger_id = head.ledger_id, .log_key = log_key()};
    assert_int_equal(tijori_verify(&report, folder, &pins, NULL, &message), TIJORI_OK);
    assert_int_equal(report.verdict, TIJORI_INCOMPLETE);
    assert_int_equal(report.failed_entry, UINT64_MAX);
    remove_folder(folder);
    assert_int_equal(tijori_verify(&report, folder, NULL, NULL, &message), TIJORI_NOT_FOUND);
    /* The ledger itself. */
    fixture_close(&f);
    assert_int_equal(tijori_verify(&report, f.dir, NULL, NULL, &message), TIJORI_OK);
    assert_int_equal(report.verdict, TIJORI_INCOMPLETE);
    assert_int_equal(report.entries, head.size);
    fixture_open(&f);
}

/* ---- signed receipts ---- */

/* What the log signs of a receipt, when it had `head_size` entries. */
static size_t sign_receipt(char out[TIJORI_SIGNED_RECEIPT_MAX], const struct tijori_receipt *of,
                           const uint8_t root32[32], uint64_t head_size)
{
    struct tj_receipt receipt = {.status = of->status, .head_size = head_size};
    struct tj_verifier_key key;
    uint8_t secret32[32];
    fixture_log_secret(secret32, 0);
    assert_true(tj_verifier_key_decode(&key, log_key(), strlen(log_key())));
    memcpy(receipt.origin, key.name, sizeof receipt.origin);
    memcpy(receipt.envelope_id.bytes, of->envelope_id, TJ_HASH_SIZE);
    memcpy(receipt.head_root.bytes, root32, TJ_HASH_SIZE);
    if (tj_receipt_promises(&receipt)) {
        receipt.entry = of->entry;
        receipt.received_ns = of->received_ns;
        memcpy(receipt.leaf.bytes, of->leaf, TJ_HASH_SIZE);
    }
    size_t size = tj_receipt_sign(out, TIJORI_SIGNED_RECEIPT_MAX, &receipt, secret32);
    assert_true(size > 0);
    return size;
}

/* Sends a movement, and gives what the log signs of it. */
static size_t send_for_receipt(char out[TIJORI_SIGNED_RECEIPT_MAX], struct tijori_receipt *receipt,
                               uint64_t amount)
{
    struct tijori_head head;
    fixture_send_move(&f, receipt, fixture_account(T_MARKET), fixture_account(T_RESERVE_A), amount,
                      TJ_PURCHASE);
    tijori_head(f.ledger, &head);
    return sign_receipt(out, receipt, head.root, head.size);
}

static enum tijori_promise promise(struct tijori_signed_receipt *out, const char *note, size_t size,
                                   const char *path)
{
    const struct tijori_pins pins = {.log_key = log_key()};
    assert_int_equal(
        tijori_check_receipt(out, NULL, NULL, note, size, path, &pins, f.now_ns, &message),
        TIJORI_OK);
    return out->promise;
}

static void signed_receipts(void **state)
{
    static char note[TIJORI_SIGNED_RECEIPT_MAX];
    struct tijori_signed_receipt checked;
    struct tijori_receipt receipt;
    struct tijori_exported exported;
    char folder[300];
    (void)state;
    snprintf(folder, sizeof folder, "%s-receipts", f.dir);
    size_t size = send_for_receipt(note, &receipt, 700);
    /* The signature alone; then against an export that does not have the entry yet, and does. */
    assert_int_equal(promise(&checked, note, size, NULL), TIJORI_PROMISE_SIGNED);
    assert_int_equal(checked.verdict, TIJORI_INCOMPLETE);
    assert_int_equal(checked.status, TIJORI_OK);
    assert_int_equal(checked.entry, receipt.entry);
    assert_memory_equal(checked.leaf, receipt.leaf, sizeof receipt.leaf);
    assert_memory_equal(checked.envelope_id, receipt.envelope_id, sizeof receipt.envelope_id);
    tamper_sign(&f, 0);
    assert_int_equal(tijori_export(f.ledger, &exported, folder, NULL, &message), TIJORI_OK);
    assert_int_equal(promise(&checked, note, size, folder), TIJORI_PROMISE_KEPT);
    assert_int_equal(checked.verdict, TIJORI_PASS);
    assert_int_equal(checked.size, receipt.entry + 1);
    size = send_for_receipt(note, &receipt, 800);
    assert_int_equal(promise(&checked, note, size, folder), TIJORI_PROMISE_NOT_DUE);
    assert_int_equal(checked.verdict, TIJORI_INCOMPLETE);
    assert_true(checked.due_ns > f.now_ns);
    f.now_ns = checked.due_ns + 1;
    assert_int_equal(promise(&checked, note, size, folder), TIJORI_PROMISE_OVERDUE);
    assert_int_equal(checked.verdict, TIJORI_FAIL);
    assert_int_equal(checked.seen_s, 0);
    remove_folder(folder);
}

static void refused_receipts(void **state)
{
    static char note[TIJORI_SIGNED_RECEIPT_MAX];
    static char contrary[TIJORI_CONTRARY_MAX];
    struct tijori_signed_receipt checked;
    struct tijori_receipt receipt = {.status = TIJORI_BALANCE};
    struct tijori_exported exported;
    struct tijori_head head;
    const struct tijori_pins pins = {.log_key = log_key()};
    uint8_t root32[32] = {1};
    size_t room = sizeof contrary;
    char folder[300];
    (void)state;
    snprintf(folder, sizeof folder, "%s-refused", f.dir);
    memset(receipt.envelope_id, 7, sizeof receipt.envelope_id);
    tamper_sign(&f, 0);
    assert_int_equal(tijori_export(f.ledger, &exported, folder, NULL, &message), TIJORI_OK);
    tijori_head(f.ledger, &head);
    size_t size = sign_receipt(note, &receipt, head.root, head.size);
    assert_int_equal(promise(&checked, note, size, folder), TIJORI_PROMISE_REFUSED);
    assert_int_equal(checked.verdict, TIJORI_PASS);
    assert_int_equal(checked.status, TIJORI_BALANCE);
    /* Signed with the head of another history: both notes together show that. */
    size = sign_receipt(note, &receipt, root32, head.size);
    assert_int_equal(
        tijori_check_receipt(&checked, contrary, &room, note, size, folder, &pins, 0, &message),
        TIJORI_OK);
    assert_int_equal(checked.promise, TIJORI_PROMISE_FORKED);
    assert_int_equal(checked.verdict, TIJORI_FAIL);
    assert_in_range(room, 1, sizeof contrary);
    assert_memory_equal(contrary, checked.origin, strlen(checked.origin));
    size_t needed = room--;
    assert_int_equal(
        tijori_check_receipt(&checked, contrary, &room, note, size, folder, &pins, 0, &message),
        TIJORI_FULL);
    assert_int_equal(room, needed);
    assert_int_equal(checked.promise, TIJORI_PROMISE_FORKED);
    remove_folder(folder);
}

static void receipts_that_are_none(void **state)
{
    static char note[TIJORI_SIGNED_RECEIPT_MAX];
    struct tijori_signed_receipt checked;
    struct tijori_receipt receipt;
    struct tj_verifier_key key;
    struct tj_verifier_key other;
    struct tj_public_key public;
    struct tijori_pins pins = {.log_key = log_key()};
    uint8_t secret32[32];
    char text[512];
    (void)state;
    size_t size = send_for_receipt(note, &receipt, 700);
#define CHECK(length, path)                                                                        \
    tijori_check_receipt(&checked, NULL, NULL, note, length, path, &pins, 0, &message)
    assert_int_equal(CHECK(size - 1, NULL), TIJORI_VALUE);
    assert_int_equal(CHECK(0, NULL), TIJORI_VALUE);
    assert_int_equal(CHECK(size, "/nowhere/at/all"), TIJORI_NOT_FOUND);
    for (size_t at = 0; at < size; at += 13) {
        note[at] ^= 1;
        enum tijori_status status = CHECK(size, NULL);
        assert_true(status == TIJORI_VALUE ||
                    (status == TIJORI_OK && checked.verdict == TIJORI_FAIL));
        note[at] ^= 1;
    }
    /* Another key of the same name; no key; what is none. */
    assert_true(tj_verifier_key_decode(&key, log_key(), strlen(log_key())));
    memset(secret32, 9, sizeof secret32);
    assert_true(tj_public_key_of(&public, TJ_ALGORITHM_ED25519, secret32));
    tj_verifier_key_make(&other, key.name, TJ_NOTE_TYPE_ED25519, public.bytes);
    assert_true(tj_verifier_key_encode(&other, text, sizeof text));
    pins.log_key = text;
    assert_int_equal(CHECK(size, NULL), TIJORI_OK);
    assert_int_equal(checked.promise, TIJORI_PROMISE_FOREIGN);
    pins.log_key = NULL;
    assert_int_equal(CHECK(size, NULL), TIJORI_VALUE);
    pins.log_key = "no key";
    assert_int_equal(CHECK(size, NULL), TIJORI_VALUE);
    assert_int_equal(tijori_check_receipt(&checked, NULL, NULL, note, size, NULL, NULL, 0, NULL),
                     TIJORI_VALUE);
#undef CHECK
}

/* ---- witnesses ---- */

static char request[TIJORI_WITNESS_REQUEST_MAX];
static uint8_t witness_secret32[32] = {5, 6, 7};

static uint64_t witness_clock(void *context)
{
    return ((const struct fixture *)context)->now_ns;
}

static struct tijori_witness *open_witness(const char *dir, const char *name)
{
    const char *const keys[] = {log_key()};
    const struct tijori_witness_options options = {.name = name,
                                                   .secret32 = witness_secret32,
                                                   .log_keys = keys,
                                                   .log_key_count = 1,
                                                   .clock = witness_clock,
                                                   .clock_context = &f};
    struct tijori_witness *witness = NULL;
    assert_int_equal(tijori_witness_open(&witness, dir, &options, &message), TIJORI_OK);
    return witness;
}

static unsigned ask(struct tijori_witness *witness, struct tijori_witness_answer *answer,
                    uint64_t old_size)
{
    size_t size = sizeof request;
    assert_int_equal(tijori_witness_request(f.ledger, request, &size, old_size, &message),
                     TIJORI_OK);
    tijori_witness_answer(witness, answer, request, size);
    return answer->code;
}

static void witnessed(void **state)
{
    struct tijori_witness_answer answer;
    struct tijori_head first;
    struct tijori_head head;
    char key[TIJORI_VERIFIER_KEY_MAX];
    char note[TIJORI_NOTE_MAX];
    char dir[300];
    size_t size = sizeof request;
    (void)state;
    snprintf(dir, sizeof dir, "%s-witness", f.dir);
    assert_int_equal(tijori_witness_request(f.ledger, request, &size, 0, &message),
                     TIJORI_NOT_FOUND);
    tamper_sign(&f, 0);
    tijori_head(f.ledger, &first);
    struct tijori_witness *witness = open_witness(dir, "witness.example/w");
    tijori_witness_key(witness, key);
    assert_memory_equal(key, "witness.example/w+", 18);
    assert_int_equal(ask(witness, &answer, 0), 200);
    assert_string_equal(answer.trouble, "");
    /* The log takes the line in, under the text that was cosigned. */
    struct tj_note_view view;
    size_t note_size = sizeof note;
    assert_int_equal(tijori_signed(f.ledger, note, &note_size), TIJORI_OK);
    assert_true(tj_note_decode(&view, note, note_size));
    memmove(note + view.text_size + 1, answer.body, answer.body_size);
    size_t given = view.text_size + 1 + answer.body_size;
    char merged[TIJORI_NOTE_MAX];
    size_t merged_size = sizeof merged;
    assert_int_equal(tijori_add_cosignatures(f.ledger, merged, &merged_size, note, given),
                     TIJORI_OK);
    assert_int_equal(merged_size, note_size + answer.body_size);
    /* It goes on from there, and from nowhere else, after it was closed too. */
    f.now_ns += TJ_NS_PER_S;
    struct tijori_receipt receipt;
    fixture_send_move(&f, &receipt, fixture_account(T_MARKET), fixture_account(T_RESERVE_A), 700,
                      TJ_PURCHASE);
    tamper_sign(&f, 0);
    tijori_head(f.ledger, &head);
    tijori_witness_close(witness);
    witness = open_witness(dir, "witness.example/w");
    assert_int_equal(ask(witness, &answer, 0), 409);
    assert_int_equal(answer.last_size, first.size);
    assert_int_equal(ask(witness, &answer, first.size), 200);
    assert_int_equal(ask(witness, &answer, first.size), 409);
    assert_int_equal(answer.last_size, head.size);
    size = sizeof request;
    assert_int_equal(tijori_witness_request(f.ledger, request, &size, head.size + 1, &message),
                     TIJORI_KNOWN_AHEAD);
    size = 10;
    assert_int_equal(tijori_witness_request(f.ledger, request, &size, 0, &message), TIJORI_FULL);
    tijori_witness_close(witness);
    tijori_witness_close(NULL);
    remove_folder(dir);
}

static void requests_that_are_refused(void **state)
{
    static char large[TIJORI_WITNESS_REQUEST_MAX + 1];
    struct tijori_witness_answer answer;
    char dir[300];
    (void)state;
    snprintf(dir, sizeof dir, "%s-witness", f.dir);
    tamper_sign(&f, 0);
    struct tijori_witness *witness = open_witness(dir, "witness.example/w");
    size_t size = sizeof request;
    assert_int_equal(tijori_witness_request(f.ledger, request, &size, 0, &message), TIJORI_OK);
    tijori_witness_answer(witness, &answer, "", 0);
    assert_int_equal(answer.code, 400);
    tijori_witness_answer(witness, &answer, large, sizeof large);
    assert_int_equal(answer.code, 400);
    for (size_t at = 0; at < size; at += 7) {
        request[at] ^= 1;
        tijori_witness_answer(witness, &answer, request, size);
        assert_true(answer.code >= 400 && answer.code < 500);
        request[at] ^= 1;
    }
    tijori_witness_answer(witness, &answer, request, size);
    assert_int_equal(answer.code, 200);
    tijori_witness_close(witness);
    remove_folder(dir);
}

static void witnesses_that_do_not_open(void **state)
{
    static const char *const no_keys[] = {"no key"};
    const char *const keys[] = {log_key()};
    struct tijori_witness *witness;
    struct tijori_witness *second;
    char dir[300];
    char missing[400];
    (void)state;
    snprintf(dir, sizeof dir, "%s-witness", f.dir);
    snprintf(missing, sizeof missing, "%s/missing/w", f.dir);
    struct tijori_witness_options options = {
        .name = "w", .secret32 = witness_secret32, .log_keys = keys, .log_key_count = 1};
    assert_int_equal(tijori_witness_open(&witness, missing, &options, &message), TIJORI_NOT_FOUND);
    options.log_keys = no_keys;
    assert_int_equal(tijori_witness_open(&witness, dir, &options, &message), TIJORI_VALUE);
    options.log_keys = keys;
    options.name = "a name";
    assert_int_equal(tijori_witness_open(&witness, dir, &options, &message), TIJORI_TEXT);
    options.name = "auditor.example/replayed";
    assert_int_equal(tijori_witness_open(&witness, dir, &options, NULL), TIJORI_TEXT);
    assert_null(witness);
    options.replays = 1;
    assert_int_equal(tijori_witness_open(&witness, dir, &options, &message), TIJORI_OK);
    assert_int_equal(tijori_witness_open(&second, dir, &options, &message), TIJORI_LOCKED);
    assert_null(second);
    tijori_witness_close(witness);
    remove_folder(dir);
}

/* ---- threads ---- */

static bool stop;

/* Lists and proves for as long as the other thread writes. */
static void *read_on(void *context)
{
    uint64_t *listed = context;
    while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
        struct tijori_account account;
        struct tijori_place place;
        uint64_t cursor = 0;
        int64_t sum = 0;
        uint32_t count = 0;
        while (tijori_accounts(f.ledger, &account, &cursor) == TIJORI_OK) {
            sum += account.balance.frozen;
            count++;
        }
        if (count != FIXTURE_ACCOUNTS || sum != 0 ||
            tijori_place(f.ledger, &place, 1, 1) != TIJORI_OK) {
            return NULL;
        }
        ++*listed;
    }
    return listed;
}

static void lists_while_another_thread_writes(void **state)
{
    pthread_t thread;
    uint64_t listed = 0;
    void *answer = NULL;
    (void)state;
    const struct tijori_order buy =
        order(TJ_MOVE, fixture_account(T_MARKET), fixture_account(T_RESERVE_A), 1, TJ_PURCHASE);
    __atomic_store_n(&stop, false, __ATOMIC_RELEASE);
    assert_int_equal(pthread_create(&thread, NULL, read_on, &listed), 0);
    for (int i = 0; i < 50; i++) {
        send(&buy);
    }
    __atomic_store_n(&stop, true, __ATOMIC_RELEASE);
    assert_int_equal(pthread_join(thread, &answer), 0);
    assert_ptr_equal(answer, &listed);
    assert_int_equal(fixture_balance(&f, fixture_account(T_RESERVE_A)), 50);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(parties_and_keys),
        TEST(accounts_and_labels),
        TEST(records),
        TEST(proposed_signed_and_accepted),
        TEST(copies_signed_apart_are_merged),
        TEST(orders_that_have_no_form),
        TEST(proposals_that_are_refused),
        TEST(documents_go_along),
        TEST(signatures_that_are_refused),
        TEST(pending_movements),
        TEST(rules_and_their_use),
        TEST(proven_and_checked),
        TEST(exported_and_verified),
        TEST(signed_receipts),
        TEST(refused_receipts),
        TEST(receipts_that_are_none),
        TEST(witnessed),
        TEST(requests_that_are_refused),
        TEST(witnesses_that_do_not_open),
        TEST(lists_while_another_thread_writes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
