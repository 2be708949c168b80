#include "ledger_support.h"

#include "crypto/tree.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define NS_PER_S UINT64_C(1000000000)

static const struct {
    uint32_t party;
    uint8_t class;
} accounts[FIXTURE_ACCOUNTS] = {
    [T_RESERVE_A] = {1, TJ_CLASS_RESERVE}, [T_RESERVE_B] = {1, TJ_CLASS_RESERVE},
    [T_MARKET] = {1, TJ_CLASS_MARKET},     [T_MINING] = {1, TJ_CLASS_MINING},
    [T_SEIZURE] = {1, TJ_CLASS_SEIZURE},   [T_DONATION] = {1, TJ_CLASS_DONATION},
    [T_FEE] = {1, TJ_CLASS_FEE},           [T_EXTERNAL] = {1, TJ_CLASS_EXTERNAL},
    [T_SUSPENSE] = {1, TJ_CLASS_SUSPENSE}, [C_CUSTODY_A] = {2, TJ_CLASS_CUSTODY},
    [C_CUSTODY_B] = {2, TJ_CLASS_CUSTODY}, [C_EXTERNAL] = {2, TJ_CLASS_EXTERNAL},
    [C_FEE] = {2, TJ_CLASS_FEE},           [C_SUSPENSE] = {2, TJ_CLASS_SUSPENSE},
    [U_RESERVE] = {3, TJ_CLASS_RESERVE},
};

static uint32_t local_of(enum fixture_account account)
{
    uint32_t local = 0;
    for (int i = 0; i < (int)account; i++) {
        local += accounts[i].party == accounts[account].party;
    }
    return local;
}

uint64_t fixture_account(enum fixture_account account)
{
    return tj_account_id(accounts[account].party, local_of(account));
}

static uint64_t fixture_clock(void *context)
{
    struct fixture *f = context;
    return f->times != NULL ? *f->times++ : f->now_ns;
}

static int fixture_synchronised(void *context)
{
    const struct fixture *f = context;
    return f->synchronised;
}

uint8_t fixture_secret(uint8_t secret32[32], uint32_t party, uint32_t ordinal)
{
    memset(secret32, 0, 32);
    secret32[0] = 0x51;
    tj_store32(secret32 + 8, party);
    tj_store32(secret32 + 16, ordinal);
    secret32[31] = 1;
    return party == 1 ? TJ_ALGORITHM_BIP340 : TJ_ALGORITHM_ECDSA;
}

void fixture_public(struct tj_public_key *key, uint32_t party, uint32_t ordinal)
{
    uint8_t secret32[32];
    uint8_t algorithm = fixture_secret(secret32, party, ordinal);
    assert_true(tj_public_key_of(key, algorithm, secret32));
}

void fixture_log_secret(uint8_t secret32[32], uint32_t number)
{
    memset(secret32, 0x10, 32);
    tj_store32(secret32, number);
}

/* ---- records ---- */

static struct tj_record add_key(uint32_t party, uint32_t ordinal, uint8_t role)
{
    struct tj_record r = {.kind = TJ_ADD_KEY, .party = party, .ordinal = ordinal, .role = role};
    struct tj_public_key key;
    fixture_public(&key, party, ordinal);
    r.algorithm = key.algorithm;
    memcpy(r.key, key.bytes, key.size);
    snprintf(r.label, sizeof r.label, "key %u of party %u", ordinal, party);
    return r;
}

struct tj_record fixture_log_key(uint8_t kind, uint32_t number)
{
    struct tj_record r = {.kind = kind, .number = number, .algorithm = TJ_ALGORITHM_ED25519};
    uint8_t secret32[32];
    struct tj_public_key key;
    fixture_log_secret(secret32, number);
    assert_true(tj_public_key_of(&key, TJ_ALGORITHM_ED25519, secret32));
    memcpy(r.key, key.bytes, key.size);
    return r;
}

struct tj_record fixture_move(uint64_t from, uint64_t to, uint64_t amount, uint8_t purpose)
{
    struct tj_record r = {.kind = TJ_MOVE, .from = from, .to = to, .amount = amount};
    r.purpose = purpose;
    r.value_date = 19000;
    memcpy(r.reference, "ref", 3);
    return r;
}

/* ---- envelopes ---- */

void fixture_begin(struct fixture *f, uint32_t party, uint16_t lane)
{
    struct tj_ledger_view view;
    struct tijori_head head;
    if (f->reopens) {
        fixture_close(f);
        fixture_open(f);
    }
    tijori_head(f->ledger, &head);
    memset(&f->header, 0, sizeof f->header);
    f->slots.count = 0;
    f->attachment = NULL;
    f->header.party = party;
    f->header.lane = lane;
    f->header.sequence = 1;
    f->header.created_s = f->now_ns / NS_PER_S;
    f->header.expires_s = f->header.created_s + 3600;
    f->header.ledger_id = f->genesis.ledger_id;
    f->header.known_index = head.size - 1;
    memcpy(f->header.known_leaf.bytes, head.leaf, TJ_HASH_SIZE);
    assert_int_equal(tj_ledger_view_begin(f->ledger, &view), TIJORI_OK);
    const struct tj_lane_object *object = tj_state_lane(view.state, party, lane);
    if (object != NULL) {
        f->header.sequence = object->sequence + 1;
        memcpy(f->header.previous_id.bytes, object->envelope_id, TJ_HASH_SIZE);
    }
    tj_ledger_view_end(f->ledger, &view);
}

void fixture_add(struct fixture *f, const struct tj_record *record)
{
    assert_true(f->header.record_count < FIXTURE_RECORDS_MAX);
    tj_record_encode(record, f->records + (size_t)f->header.record_count++ * TJ_RECORD_SIZE);
}

void fixture_add_details(struct fixture *f, const struct tj_details *details)
{
    uint8_t bytes[TJ_DETAILS_MAX * TJ_RECORD_SIZE];
    uint32_t count = tj_details_encode(details, bytes);
    uint8_t *record = f->records + (size_t)(f->header.record_count - 1) * TJ_RECORD_SIZE;
    assert_true(count <= TJ_DETAILS_MAX);
    assert_true(f->header.record_count + count <= FIXTURE_RECORDS_MAX);
    memcpy(record + TJ_RECORD_SIZE, bytes, (size_t)count * TJ_RECORD_SIZE);
    f->header.record_count += count;
    if (tj_kind_is_movement(tj_record_kind(record))) {
        TJ_PUT(record, TJ_MOVE, details, count);
    }
}

void fixture_seal(struct fixture *f, struct tj_hash *id)
{
    uint8_t bytes[TJ_HEADER_SIZE];
    for (uint32_t i = 0; tj_header_restricted(&f->header) && i < f->header.record_count; i++) {
        uint8_t *blind = f->records + (size_t)i * TJ_RECORD_SIZE + 96;
        memset(blind, 0xb1, TJ_BLIND_SIZE);
        tj_store32(blind, i);
    }
    tj_tree_root_of_items(f->digester.hasher, &f->header.body_root, f->records, TJ_RECORD_SIZE,
                          f->header.record_count);
    tj_header_encode(&f->header, bytes);
    tj_envelope_id(&f->digester, id, bytes);
}

void fixture_sign_as(struct fixture *f, uint8_t use, uint32_t party, uint32_t ordinal)
{
    const uint8_t aux32[32] = {0};
    uint8_t secret32[32];
    struct tj_hash id;
    struct tj_slot slot = {.party = party, .use = use};
    uint8_t algorithm = fixture_secret(secret32, party, ordinal);
    fixture_seal(f, &id);
    fixture_public(&slot.key, party, ordinal);
    assert_true(tj_sign(slot.signature64, algorithm, secret32, &id, aux32));
    assert_int_equal(tj_slots_insert(&f->slots, &slot), TIJORI_OK);
}

void fixture_prove_log_key(struct fixture *f, uint32_t number)
{
    uint8_t secret32[32];
    struct tj_hash id;
    struct tj_slot slot = {.use = TJ_USE_POSSESSION};
    fixture_log_secret(secret32, number);
    fixture_seal(f, &id);
    assert_true(tj_public_key_of(&slot.key, TJ_ALGORITHM_ED25519, secret32));
    assert_true(tj_sign(slot.signature64, TJ_ALGORITHM_ED25519, secret32, &id, NULL));
    assert_int_equal(tj_slots_insert(&f->slots, &slot), TIJORI_OK);
}

void fixture_encode(struct fixture *f)
{
    size_t records = (size_t)f->header.record_count * TJ_RECORD_SIZE;
    size_t size = TJ_HEADER_SIZE + records + TJ_SLOTS_SIZE_MAX + 6 + f->attachment_size;
    f->bytes = realloc(f->bytes, size);
    assert_non_null(f->bytes);
    tj_header_encode(&f->header, f->bytes);
    memcpy(f->bytes + TJ_HEADER_SIZE, f->records, records);
    uint8_t *at = f->bytes + TJ_HEADER_SIZE + records;
    at += tj_slots_encode(&f->slots, at);
    tj_store16(at, f->attachment != NULL);
    at += 2;
    if (f->attachment != NULL) {
        tj_store32(at, (uint32_t)f->attachment_size);
        memcpy(at + 4, f->attachment, f->attachment_size);
        at += 4 + f->attachment_size;
    }
    f->size = (size_t)(at - f->bytes);
}

enum tijori_status fixture_submit(struct fixture *f, struct tijori_receipt *receipt)
{
    assert_int_equal(tijori_submit(f->ledger, f->bytes, f->size, 7), TIJORI_OK);
    assert_int_equal(tijori_receive(f->ledger, receipt), TIJORI_OK);
    assert_int_equal(receipt->tag, 7);
    return receipt->status;
}

enum tijori_status fixture_send(struct fixture *f, struct tijori_receipt *receipt)
{
    uint32_t signers = f->header.party <= 1 ? 2 : 1;
    for (uint32_t k = 0; k < signers; k++) {
        fixture_sign_as(f, TJ_USE_SIGN, f->header.party, k);
    }
    fixture_encode(f);
    return fixture_submit(f, receipt);
}

enum tijori_status fixture_send_move(struct fixture *f, struct tijori_receipt *receipt,
                                     uint64_t from, uint64_t to, uint64_t amount, uint8_t purpose)
{
    struct tj_record record = fixture_move(from, to, amount, purpose);
    fixture_begin(f, tj_account_party(from), 1);
    fixture_add(f, &record);
    return fixture_send(f, receipt);
}

/* ---- the ledger ---- */

static uint32_t genesis_records(const struct fixture *f, uint8_t *out)
{
    uint32_t count = 0;
    struct tj_record r = {.kind = TJ_LEDGER, .rules = 1, .lifetime_max_s = 86400};
    if (f->lifetime_max_s != 0) {
        r.lifetime_max_s = f->lifetime_max_s;
    }
    r.network = TJ_REGTEST;
    r.checkpoint_delay_max_s = 86400;
    memset(r.nonce.bytes, 0x4e, TJ_HASH_SIZE);
    memcpy(r.name, "test.example/tijori", 19);
    tj_record_encode(&r, out + TJ_RECORD_SIZE * count++);
    if (f->predecessor) {
        r = (struct tj_record){.kind = TJ_PREDECESSOR, .size = 1000};
        memset(r.ledger_id.bytes, 0x1d, TJ_HASH_SIZE);
        memset(r.root.bytes, 0x2d, TJ_HASH_SIZE);
        tj_record_encode(&r, out + TJ_RECORD_SIZE * count++);
    }
    r = fixture_log_key(TJ_ADD_LOG_KEY, 0);
    tj_record_encode(&r, out + TJ_RECORD_SIZE * count++);
    r = (struct tj_record){.kind = TJ_REGISTER_PARTY, .type = TJ_AUTHORITY};
    memcpy(r.name, "Authority", 9);
    tj_record_encode(&r, out + TJ_RECORD_SIZE * count++);
    for (uint32_t k = 0; k < 3; k++) {
        r = add_key(0, k, TJ_ADMINISTER);
        tj_record_encode(&r, out + TJ_RECORD_SIZE * count++);
    }
    r = (struct tj_record){.kind = TJ_SET_THRESHOLD, .threshold = 2};
    r.domain = TJ_DOMAIN_ADMINISTER;
    tj_record_encode(&r, out + TJ_RECORD_SIZE * count++);
    r = (struct tj_record){.kind = TJ_OPEN_ASSET, .asset = 1, .decimals = 8};
    r.amount_max = TJ_BTC_AMOUNT_MAX;
    memcpy(r.code, "BTC", 3);
    memcpy(r.name, "Bitcoin", 7);
    tj_record_encode(&r, out + TJ_RECORD_SIZE * count++);
    return count;
}

void fixture_open(struct fixture *f)
{
    struct tijori_message message;
    struct tijori_options options = {.threads = f->threads,
                                     .clock = fixture_clock,
                                     .clock_synchronised = fixture_synchronised,
                                     .clock_context = f,
                                     .map_size = f->map_size,
                                     .accept_clock_jump = f->clock_jumps,
                                     .log_key = f->log_key};
    enum tijori_status status = tijori_open(&f->ledger, f->dir, TIJORI_WRITE, &options, &message);
    if (status != TIJORI_OK) {
        fail_msg("%s", message.text);
    }
}

void fixture_close(struct fixture *f)
{
    tijori_close(f->ledger);
    f->ledger = NULL;
}

void fixture_create(struct fixture *f)
{
    uint8_t records[16 * TJ_RECORD_SIZE];
    uint8_t opening_record[TJ_RECORD_SIZE];
    struct tijori_message message;
    struct tijori_options options = {.clock = fixture_clock, .clock_context = f};
    const char *tmp = getenv("TMPDIR");
    snprintf(f->dir, sizeof f->dir, "%s/tijori-test-XXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(f->dir));
    assert_true(tj_digester_init(&f->digester));
    options.map_size = f->map_size;
    uint32_t count = genesis_records(f, records);
    tj_genesis_build(&f->digester, &f->genesis, records, count, FIXTURE_CREATED_S);
    f->now_ns = (FIXTURE_CREATED_S + 60) * NS_PER_S;
    tj_genesis_opening(&f->digester, &f->header, opening_record, &f->genesis,
                       FIXTURE_CREATED_S + 60, FIXTURE_CREATED_S + 3660);
    memcpy(f->records, opening_record, TJ_RECORD_SIZE);
    f->slots.count = 0;
    for (uint32_t k = 0; k < 3; k++) {
        fixture_sign_as(f, TJ_USE_SIGN, 0, k);
    }
    fixture_encode(f);
    enum tijori_status status =
        tijori_create(&message, f->dir, f->genesis.entry, sizeof f->genesis.entry, records,
                      count * (size_t)TJ_RECORD_SIZE, f->bytes, f->size, &options);
    if (status != TIJORI_OK) {
        fail_msg("%s", message.text);
    }
    fixture_open(f);
}

static void add_party(struct fixture *f, uint32_t party, uint8_t type, const char *name,
                      const uint8_t *roles, uint32_t keys, uint8_t threshold)
{
    struct tj_record r = {.kind = TJ_REGISTER_PARTY, .party = party, .type = type};
    snprintf(r.name, sizeof r.name, "%s", name);
    fixture_add(f, &r);
    for (uint32_t k = 0; k < keys; k++) {
        r = add_key(party, k, roles[k]);
        fixture_add(f, &r);
    }
    r = (struct tj_record){.kind = TJ_SET_THRESHOLD, .party = party, .threshold = threshold};
    r.domain = TJ_DOMAIN_MOVE;
    fixture_add(f, &r);
    r = (struct tj_record){.kind = TJ_GRANT_CLASSES, .party = party};
    r.classes = tj_type_classes_max(type);
    fixture_add(f, &r);
}

static void open_accounts(struct fixture *f, uint32_t party)
{
    struct tijori_receipt receipt;
    fixture_begin(f, party, 1);
    for (int i = 0; i < FIXTURE_ACCOUNTS; i++) {
        if (accounts[i].party == party) {
            struct tj_record r = {.kind = TJ_OPEN_ACCOUNT, .asset = 1};
            r.account = fixture_account((enum fixture_account)i);
            r.class = accounts[i].class;
            snprintf(r.label, sizeof r.label, "account %d", i);
            fixture_add(f, &r);
        }
    }
    if (fixture_send(f, &receipt) != TIJORI_OK) {
        fail_msg("%s", receipt.text);
    }
}

void fixture_parties(struct fixture *f)
{
    static const uint8_t treasury[3] = {TJ_INITIATE, TJ_INITIATE, TJ_APPROVE};
    static const uint8_t single[1] = {TJ_INITIATE};
    struct tijori_receipt receipt;
    fixture_create(f);
    fixture_begin(f, 0, 0);
    add_party(f, 1, TJ_TREASURY, "Treasury", treasury, 3, 2);
    add_party(f, 2, TJ_CUSTODIAN, "Custodian", single, 1, 1);
    add_party(f, 3, TJ_TREASURY, "State Energy", single, 1, 1);
    for (uint32_t k = 0; k < 3; k++) {
        fixture_sign_as(f, TJ_USE_POSSESSION, 1, k);
    }
    fixture_sign_as(f, TJ_USE_POSSESSION, 2, 0);
    fixture_sign_as(f, TJ_USE_POSSESSION, 3, 0);
    if (fixture_send(f, &receipt) != TIJORI_OK) {
        fail_msg("%s", receipt.text);
    }
    for (uint32_t party = 1; party <= 3; party++) {
        open_accounts(f, party);
    }
}

void fixture_destroy(struct fixture *f)
{
    fixture_close(f);
    DIR *dir = opendir(f->dir);
    struct dirent *file;
    char path[600];
    while (dir != NULL && (file = readdir(dir)) != NULL) {
        snprintf(path, sizeof path, "%s/%s", f->dir, file->d_name);
        unlink(path);
    }
    if (dir != NULL) {
        closedir(dir);
    }
    rmdir(f->dir);
    tj_digester_clear(&f->digester);
    free(f->bytes);
    f->bytes = NULL;
}

int64_t fixture_balance(struct fixture *f, uint64_t account)
{
    struct tijori_balance balance;
    assert_int_equal(
        tijori_balance(f->ledger, &balance, tj_account_party(account), tj_account_local(account)),
        TIJORI_OK);
    return (int64_t)balance.balance.low;
}

void fixture_audit(struct fixture *f, struct tj_replay_report *report, uint32_t threads)
{
    struct tj_store *store;
    struct tj_store_options options = tj_journal_options(f->map_size);
    struct tj_replay_options replay = {.threads = threads, .pins.ledger_id = &f->genesis.ledger_id};
    assert_int_equal(tj_store_open_read(&store, NULL, f->dir, &options), TJ_STORAGE_OK);
    assert_int_equal(tj_replay_store(store, report, NULL, &replay), TIJORI_OK);
    tj_report_clear(report);
    tj_store_close(store);
}
