#include "bench/workload.h"

#include "bench/folder.h"
#include "bench/memory.h"
#include "bench/parallel.h"
#include "bench/random.h"
#include "bench/raw_secp256k1.h"
#include "core/log/journal.h"
#include "core/ingest/ledger.h"
#include "core/base/pipeline.h"
#include "crypto/tree.h"

#include <time.h>

enum {
    PARTY = 1,
    FUNDED = 1000000000, /* base units an account: no run of transfers empties one */
    AMOUNT_MAX = 1000,
    SETUP_ENVELOPES = 64, /* made at a time */
    LIFETIME_S = 86400,
};

/* Everything is made here, so keys may be fixed. */
enum { AUTHORITY_KEY = 1, CUSTODIAN_KEY = 2 };

static void secret_of(uint8_t secret32[TJ_SECRET_KEY_SIZE], uint8_t number)
{
    memset(secret32, 0, TJ_SECRET_KEY_SIZE);
    secret32[0] = 0x71;
    secret32[31] = number;
}

static struct tj_public_key public_key(uint8_t algorithm, uint8_t number)
{
    struct tj_public_key key;
    uint8_t secret32[TJ_SECRET_KEY_SIZE];
    secret_of(secret32, number);
    bool made = tj_public_key_of(&key, algorithm, secret32);
    TIJORI_REQUIRE(made);
    return key;
}

/* ---- envelopes, one at a time ---- */

static void add_signature(struct tj_slots *slots, uint32_t party, uint8_t use, uint8_t algorithm,
                          uint8_t key, const struct tj_hash *id)
{
    struct tj_slot slot = {.party = party, .use = use, .key = public_key(algorithm, key)};
    uint8_t secret32[TJ_SECRET_KEY_SIZE];
    secret_of(secret32, key);
    bool made = tj_sign(slot.signature64, algorithm, secret32, id, NULL) &&
                tj_slots_insert(slots, &slot) == TIJORI_OK;
    TIJORI_REQUIRE(made);
}

/* Writes a header around a body root; the lane moves on. */
static void seal(struct workload *w, uint8_t out[TJ_HEADER_SIZE], struct tj_hash *id,
                 uint32_t party, uint16_t lane, bool restricted, uint32_t count,
                 const struct tj_hash *body_root)
{
    struct tj_header header = {
        .flags = restricted ? TJ_FLAG_RESTRICTED : 0,
        .party = party,
        .lane = lane,
        .record_count = count,
        .sequence = ++w->sequence[lane],
        .created_s = w->created_s,
        .expires_s = w->created_s + LIFETIME_S,
        .ledger_id = w->genesis.ledger_id,
        .previous_id = w->previous[lane],
        .body_root = *body_root,
    };
    tj_header_encode(&header, out);
    tj_envelope_id(&w->digester, id, out);
    w->previous[lane] = *id;
}

static size_t assemble(uint8_t *out, const uint8_t *header, const uint8_t *records, uint32_t count,
                       const struct tj_slots *slots)
{
    size_t size = TJ_HEADER_SIZE + (size_t)count * TJ_RECORD_SIZE;
    memcpy(out, header, TJ_HEADER_SIZE);
    memcpy(out + TJ_HEADER_SIZE, records, (size_t)count * TJ_RECORD_SIZE);
    size += tj_slots_encode(slots, out + size);
    tj_store16(out + size, 0); /* attachments */
    return size + 2;
}

/* ---- the ledger, before its accounts ---- */

static struct tj_record key_record(uint32_t party, uint8_t role, uint8_t algorithm, uint8_t number)
{
    struct tj_record r = {.kind = TJ_ADD_KEY, .party = party, .role = role};
    struct tj_public_key key = public_key(algorithm, number);
    r.algorithm = algorithm;
    memcpy(r.key, key.bytes, key.size);
    return r;
}

static bool say(const char *text)
{
    fprintf(stderr, "tijori-bench: %s\n", text);
    return false;
}

static const uint8_t log_secret[TJ_SECRET_KEY_SIZE] = {1};

static bool found_ledger(struct workload *w)
{
    struct tj_public_key log_key;
    struct tj_record records[6] = {
        {.kind = TJ_LEDGER,
         .rules = 1,
         .lifetime_max_s = LIFETIME_S,
         .checkpoint_delay_max_s = 3600,
         .name = "bench.example/ledger"},
        {.kind = TJ_ADD_LOG_KEY, .algorithm = TJ_ALGORITHM_ED25519},
        {.kind = TJ_REGISTER_PARTY, .type = TJ_AUTHORITY, .name = "Authority"},
        key_record(0, TJ_ADMINISTER, TJ_ALGORITHM_ECDSA, AUTHORITY_KEY),
        {.kind = TJ_SET_THRESHOLD, .domain = TJ_DOMAIN_ADMINISTER, .threshold = 1},
        {.kind = TJ_OPEN_ASSET,
         .asset = 1,
         .decimals = 8,
         .amount_max = TJ_BTC_AMOUNT_MAX,
         .code = "BTC",
         .name = "Bitcoin"},
    };
    uint8_t encoded[6 * TJ_RECORD_SIZE];
    uint8_t record[TJ_RECORD_SIZE];
    uint8_t bytes[TJ_HEADER_SIZE + TJ_RECORD_SIZE + TJ_SLOTS_SIZE_MAX + 2];
    uint8_t header_bytes[TJ_HEADER_SIZE];
    struct tj_header header;
    struct tj_slots slots = {.count = 0};
    struct tijori_message why;
    TIJORI_REQUIRE(tj_public_key_of(&log_key, TJ_ALGORITHM_ED25519, log_secret));
    memcpy(records[1].key, log_key.bytes, log_key.size);
    for (size_t i = 0; i < 6; i++) {
        tj_record_encode(&records[i], encoded + i * TJ_RECORD_SIZE);
    }
    tj_genesis_build(&w->digester, &w->genesis, encoded, 6, w->created_s);
    tj_genesis_opening(&w->digester, &header, record, &w->genesis, w->created_s,
                       w->created_s + 3600);
    tj_header_encode(&header, header_bytes);
    tj_envelope_id(&w->digester, &w->previous[0], header_bytes);
    w->sequence[0] = 2;
    w->entries = 2;
    add_signature(&slots, 0, TJ_USE_SIGN, TJ_ALGORITHM_ECDSA, AUTHORITY_KEY, &w->previous[0]);
    size_t size = assemble(bytes, header_bytes, record, 1, &slots);
    enum tijori_status status =
        tijori_create(&why, w->dir, w->genesis.entry, sizeof w->genesis.entry, encoded,
                      sizeof encoded, bytes, size, NULL);
    return status == TIJORI_OK || say(why.text);
}

static bool submit_one(struct workload *w, const uint8_t *bytes, size_t size)
{
    struct tijori_receipt receipt;
    if (tijori_submit(w->ledger, bytes, size, 0) != TIJORI_OK ||
        tijori_receive(w->ledger, &receipt) != TIJORI_OK) {
        return say("the ledger takes no envelope");
    }
    w->entries++;
    return receipt.status == TIJORI_OK || say(receipt.text);
}

static bool register_custodian(struct workload *w)
{
    uint8_t algorithm = w->options.algorithm;
    struct tj_record records[4] = {
        {.kind = TJ_REGISTER_PARTY, .party = PARTY, .type = TJ_CUSTODIAN, .name = "Custodian"},
        key_record(PARTY, TJ_INITIATE, algorithm, CUSTODIAN_KEY),
        {.kind = TJ_SET_THRESHOLD, .party = PARTY, .domain = TJ_DOMAIN_MOVE, .threshold = 1},
        {.kind = TJ_GRANT_CLASSES,
         .party = PARTY,
         .classes = 1u << TJ_CLASS_CUSTODY | 1u << TJ_CLASS_EXTERNAL},
    };
    uint8_t encoded[4 * TJ_RECORD_SIZE];
    uint8_t header[TJ_HEADER_SIZE];
    uint8_t bytes[TJ_HEADER_SIZE + sizeof encoded + TJ_SLOTS_SIZE_MAX + 2];
    struct tj_slots slots = {.count = 0};
    struct tj_hash root;
    struct tj_hash id;
    for (size_t i = 0; i < 4; i++) {
        tj_record_encode(&records[i], encoded + i * TJ_RECORD_SIZE);
    }
    tj_tree_root_of_items(w->digester.hasher, &root, encoded, TJ_RECORD_SIZE, 4);
    seal(w, header, &id, 0, 0, false, 4, &root);
    add_signature(&slots, 0, TJ_USE_SIGN, TJ_ALGORITHM_ECDSA, AUTHORITY_KEY, &id);
    add_signature(&slots, PARTY, TJ_USE_POSSESSION, algorithm, CUSTODIAN_KEY, &id);
    return submit_one(w, bytes, assemble(bytes, header, encoded, 4, &slots));
}

/* Every tenth limit is a tier of the custodian, every tenth one of all its accounts. */
static struct tj_record limit_record(const struct workload *w, uint32_t number, uint32_t limits)
{
    uint32_t account = 1 + (uint32_t)((uint64_t)number * w->options.accounts / limits);
    struct tj_record r = {.kind = TJ_SET_LIMIT, .rule = number, .asset = 1, .amount = INT64_MAX};
    if (number % 10 == 0) {
        r = (struct tj_record){.kind = TJ_SET_TIER, .rule = number, .party = PARTY, .asset = 1};
        r.above = AMOUNT_MAX + number;
        r.approvals = 1;
        return r;
    }
    r.type = number % 2 == 0 ? TJ_LIMIT_BALANCE : TJ_LIMIT_OUTFLOW;
    r.window_s = r.type == TJ_LIMIT_OUTFLOW ? 86400 : 0;
    r.holder = tj_account_id(PARTY, number % 10 == 1 ? TJ_LOCAL_ALL : account);
    return r;
}

static struct tj_record programme_record(uint32_t number, uint32_t today)
{
    struct tj_record r = {.kind = TJ_PROGRAMME, .rule = number, .mode = TJ_MODE_REPORT, .asset = 1};
    r.type = (uint8_t)(TJ_PROGRAMME_CEILING + number % 3); /* a minimum there is only one of */
    r.purposes = 1u << TJ_PURCHASE | 1u << TJ_MINING;
    r.starts = today;
    r.ends = today + 366;
    r.amount = r.type != TJ_PROGRAMME_ALLOCATION;
    r.power_mw = r.type == TJ_PROGRAMME_ALLOCATION;
    memcpy(r.name, "Programme", 9);
    return r;
}

bool workload_set_rules(struct workload *w, uint32_t limits, uint32_t programmes)
{
    uint8_t record[TJ_RECORD_SIZE];
    uint8_t header[TJ_HEADER_SIZE];
    uint8_t bytes[TJ_HEADER_SIZE + TJ_RECORD_SIZE + TJ_SLOTS_SIZE_MAX + 2];
    uint32_t today = (uint32_t)(w->created_s / 86400) + 1; /* it may be midnight meanwhile */
    bool done = true;
    for (uint32_t i = 0; i < limits + programmes && done; i++) {
        struct tj_record r = i < limits ? limit_record(w, i, limits) : programme_record(i, today);
        struct tj_slots slots = {.count = 0};
        struct tj_hash root;
        struct tj_hash id;
        tj_record_encode(&r, record);
        tj_tree_root_of_items(w->digester.hasher, &root, record, TJ_RECORD_SIZE, 1);
        seal(w, header, &id, 0, 0, false, 1, &root);
        add_signature(&slots, 0, TJ_USE_SIGN, TJ_ALGORITHM_ECDSA, AUTHORITY_KEY, &id);
        done = submit_one(w, bytes, assemble(bytes, header, record, 1, &slots));
    }
    return done;
}

/* ---- envelopes, many at a time ---- */

/* What the records of a preparation do. Account 0 is the outside, 1 to N are the customers'. */
enum content { OPEN_OUTSIDE, OPEN_ACCOUNTS, FUND_ACCOUNTS, TRANSFERS };

struct preparation {
    struct workload *workload;
    enum content content;
    uint32_t first_account; /* OPEN_ACCOUNTS, FUND_ACCOUNTS: of the first envelope */
    uint8_t template[TJ_RECORD_SIZE];
    struct tj_hash *ids;
    uint8_t slots[TJ_SLOTS_SIZE_MAX]; /* of one signature, to be filled in at the end */
    size_t slots_size;
};

static void make_template(struct preparation *p)
{
    struct tj_record r = {.kind = TJ_OPEN_ACCOUNT};
    switch (p->content) {
    case OPEN_OUTSIDE:
    case OPEN_ACCOUNTS:
        r.account = tj_account_id(PARTY, 0);
        r.asset = 1;
        r.class = p->content == OPEN_OUTSIDE ? TJ_CLASS_EXTERNAL : TJ_CLASS_CUSTODY;
        break;
    case FUND_ACCOUNTS:
        r.kind = TJ_MOVE;
        r.from = tj_account_id(PARTY, 0);
        r.amount = FUNDED;
        r.purpose = TJ_CUSTOMER_DEPOSIT;
        break;
    case TRANSFERS:
        r.kind = TJ_MOVE;
        r.purpose = TJ_CUSTOMER_TRANSFER;
        r.value_date = 20000;
        break;
    }
    tj_record_encode(&r, p->template);
}

/* Fields are stored straight into their places: encoding field by field costs as much as hashing
 * the record, and there are tens of millions to make. */
static uint64_t make_record(const struct preparation *p, uint64_t *random, uint8_t *record,
                            uint32_t account)
{
    uint32_t accounts = p->workload->options.accounts;
    memcpy(record, p->template, TJ_RECORD_SIZE);
    switch (p->content) {
    case OPEN_OUTSIDE:
        return 0;
    case OPEN_ACCOUNTS:
        TJ_PUT(record, TJ_OPEN_ACCOUNT, account, tj_account_id(PARTY, account));
        return 0;
    case FUND_ACCOUNTS:
        TJ_PUT(record, TJ_MOVE, to, tj_account_id(PARTY, account));
        return 0;
    case TRANSFERS:
        break;
    }
    uint32_t from = 1 + (uint32_t)(random_next(random) % accounts);
    uint32_t to = 1 + (uint32_t)(random_next(random) % accounts);
    uint64_t amount = 1 + random_next(random) % AMOUNT_MAX;
    to = to != from ? to : to % accounts + 1;
    TJ_PUT(record, TJ_MOVE, from, tj_account_id(PARTY, from));
    TJ_PUT(record, TJ_MOVE, to, tj_account_id(PARTY, to));
    TJ_PUT(record, TJ_MOVE, amount, amount);
    tj_store64(TJ_AT(record, TJ_MOVE, blind), random_next(random) | 1);
    return amount;
}

/* Records and their root, which goes to where the header will have it. */
static void make_bodies(void *context, uint32_t thread, uint32_t threads)
{
    struct preparation *p = context;
    struct envelopes *envelopes = &p->workload->envelopes;
    struct tj_hasher *hasher = tj_hasher_create();
    for (uint32_t e = thread; e < envelopes->count; e += threads) {
        uint8_t *at = envelopes->bytes + (size_t)e * envelopes->size;
        uint8_t *records = at + TJ_HEADER_SIZE;
        uint64_t random = p->workload->options.seed ^ (p->workload->prepared + e) << 32;
        uint32_t account = p->first_account + e * envelopes->batch;
        struct tj_hash root;
        random = random_next(&random);
        envelopes->moved[e] = 0;
        for (uint32_t i = 0; i < envelopes->batch; i++) {
            envelopes->moved[e] +=
                make_record(p, &random, records + (size_t)i * TJ_RECORD_SIZE, account + i);
        }
        tj_tree_root_of_items(hasher, &root, records, TJ_RECORD_SIZE, envelopes->batch);
        memcpy(at + TJ_HEADER_AT_BODY_ROOT, root.bytes, TJ_HASH_SIZE);
    }
    tj_hasher_destroy(hasher);
}

/* Each header holds the id of the lane's last: one after another. */
static void make_headers(struct preparation *p)
{
    struct workload *w = p->workload;
    for (uint32_t e = 0; e < w->envelopes.count; e++) {
        uint8_t *at = w->envelopes.bytes + (size_t)e * w->envelopes.size;
        uint16_t lane = (uint16_t)(1 + e % w->options.lanes);
        struct tj_hash root;
        memcpy(root.bytes, at + TJ_HEADER_AT_BODY_ROOT, TJ_HASH_SIZE);
        seal(w, at, &p->ids[e], PARTY, lane, p->content == TRANSFERS, w->envelopes.batch, &root);
    }
}

static void make_signatures(void *context, uint32_t thread, uint32_t threads)
{
    struct preparation *p = context;
    struct envelopes *envelopes = &p->workload->envelopes;
    uint8_t secret32[TJ_SECRET_KEY_SIZE];
    secret_of(secret32, CUSTODIAN_KEY);
    struct raw_signer *signer = raw_signer_create(p->workload->options.algorithm, secret32);
    for (uint32_t e = thread; e < envelopes->count; e += threads) {
        uint8_t *end = envelopes->bytes + (size_t)(e + 1) * envelopes->size;
        uint8_t *slots = end - 2 - p->slots_size;
        memcpy(slots, p->slots, p->slots_size);
        raw_sign(signer, slots + p->slots_size - TJ_SIGNATURE_SIZE, &p->ids[e]);
        tj_store16(end - 2, 0); /* attachments */
    }
    raw_signer_destroy(signer);
}

static void resize(struct workload *w, size_t bytes, size_t moved_bytes)
{
    if (bytes > w->room) {
        shared_memory_free(w->envelopes.bytes, w->room);
        w->envelopes.bytes = shared_memory(bytes);
        w->room = bytes;
    }
    if (moved_bytes > w->moved_room) {
        shared_memory_free(w->envelopes.moved, w->moved_room);
        w->envelopes.moved = shared_memory(moved_bytes);
        w->moved_room = moved_bytes;
    }
}

static void prepare(struct workload *w, enum content content, uint32_t first_account,
                    uint32_t batch, uint32_t count)
{
    struct preparation p = {.workload = w, .content = content, .first_account = first_account};
    struct tj_slot slot = {.party = PARTY, .use = TJ_USE_SIGN};
    struct tj_slots slots = {.count = 1};
    uint32_t cores = tj_core_count();
    slot.key = public_key(w->options.algorithm, CUSTODIAN_KEY);
    slots.slots[0] = slot;
    p.slots_size = tj_slots_encode(&slots, p.slots);
    w->envelopes.size = TJ_HEADER_SIZE + (size_t)batch * TJ_RECORD_SIZE + p.slots_size + 2;
    w->envelopes.count = count;
    w->envelopes.batch = batch;
    resize(w, w->envelopes.size * count, sizeof *w->envelopes.moved * count);
    p.ids = malloc(count * sizeof *p.ids);
    TIJORI_REQUIRE(p.ids != NULL);
    make_template(&p);
    run_parallel(make_bodies, &p, cores);
    make_headers(&p);
    run_parallel(make_signatures, &p, cores);
    free(p.ids);
}

void workload_prepare(struct workload *w, uint32_t batch, uint32_t count)
{
    enum { MUCH = 128 << 20 }; /* bytes */
    prepare(w, TRANSFERS, 0, batch, count);
    w->prepared += count;
    /* Once, more than all its slices write; but only where that is much: what is left of it to
     * write to the disk would stand in the way of small commits. */
    if (!w->touched && w->envelopes.size * count > MUCH) {
        w->touched = true;
        memory_touch(w->dir, (size_t)4 << 30);
    }
}

/* ---- driving ---- */

uint32_t in_flight_for(uint32_t batch)
{
    uint32_t few = 32 * TJ_RECORDS_MAX / batch;
    return few < 1024 ? few : 1024;
}

static bool drive_all(struct workload *w, struct drive_result *out, struct histogram *latency,
                      uint32_t in_flight)
{
    drive_closed(w->ledger, out, latency, &w->envelopes, in_flight);
    w->entries += w->envelopes.count - out->refused;
    return out->refused == 0;
}

void workload_count(struct workload *w, uint32_t count)
{
    w->movements += (uint64_t)count * w->envelopes.batch;
    for (uint32_t e = 0; e < count; e++) {
        w->moved += w->envelopes.moved[e];
    }
}

bool workload_drive(struct workload *w, struct drive_result *out, struct histogram *latency,
                    uint32_t in_flight)
{
    workload_count(w, w->envelopes.count);
    return drive_all(w, out, latency, in_flight);
}

static bool set_up_accounts(struct workload *w, enum content content)
{
    struct drive_result result;
    for (uint32_t done = 0; done < w->options.accounts;) {
        uint32_t left = w->options.accounts - done;
        uint32_t batch = left < TJ_RECORDS_MAX ? left : TJ_RECORDS_MAX;
        uint32_t count = left / batch < SETUP_ENVELOPES ? left / batch : SETUP_ENVELOPES;
        prepare(w, content, 1 + done, batch, count);
        if (!drive_all(w, &result, NULL, in_flight_for(batch))) {
            return say("the accounts could not be set up");
        }
        done += batch * count;
    }
    return true;
}

static bool open_outside(struct workload *w)
{
    struct drive_result result;
    prepare(w, OPEN_OUTSIDE, 0, 1, 1);
    return drive_all(w, &result, NULL, 1);
}

/* ---- life ---- */

bool workload_open(struct workload *w)
{
    struct tijori_message why;
    struct tijori_options options = {
        .threads = w->options.threads,
        .log_key = w->sign ? log_secret : NULL,
    };
    enum tijori_status status = tijori_open(&w->ledger, w->dir, TIJORI_WRITE, &options, &why);
    return status == TIJORI_OK || say(why.text);
}

void workload_close(struct workload *w)
{
    tijori_close(w->ledger);
    w->ledger = NULL;
}

struct workload *workload_create(const struct workload_options *options, const char *dir)
{
    struct workload *w = calloc(1, sizeof *w);
    TIJORI_REQUIRE(w != NULL);
    w->options = *options;
    w->created_s = (uint64_t)time(NULL);
    snprintf(w->dir, sizeof w->dir, "%s", dir);
    bool hashing = tj_digester_init(&w->digester);
    TIJORI_REQUIRE(hashing);
    if (found_ledger(w) && workload_open(w) && register_custodian(w) && open_outside(w) &&
        set_up_accounts(w, OPEN_ACCOUNTS) && set_up_accounts(w, FUND_ACCOUNTS)) {
        return w;
    }
    workload_destroy(w);
    return NULL;
}

void workload_destroy(struct workload *w)
{
    if (w == NULL) {
        return;
    }
    workload_close(w);
    folder_clear(w->dir);
    shared_memory_free(w->envelopes.bytes, w->room);
    shared_memory_free(w->envelopes.moved, w->moved_room);
    tj_digester_clear(&w->digester);
    free(w);
}

/* ---- what the ledger holds ---- */

static tj_i128 sum_of_balances(const struct workload *w, const struct tj_state *state)
{
    tj_i128 sum = 0;
    for (uint32_t i = 0; i <= w->options.accounts; i++) {
        const struct tj_account_object *account = tj_state_account(state, tj_account_id(PARTY, i));
        sum += account != NULL ? tj_account_balance(account) : 1;
    }
    return sum;
}

bool workload_check(const struct workload *w)
{
    struct tj_ledger_view view;
    if (tj_ledger_view_begin(w->ledger, &view) != TIJORI_OK) {
        return say("the ledger cannot be read");
    }
    const struct tj_total_object *total = tj_state_peek(
        view.state, TJ_T_TOTAL, 0, tj_total_number(1, TJ_CUSTOMER_TRANSFER, TJ_BASIS_DECLARED));
    uint64_t count = total != NULL ? total->count[TJ_FLOW_OUTSIDE] : 0;
    tj_u128 moved = total != NULL ? total->amount[TJ_FLOW_OUTSIDE] : 0;
    bool agree = view.head.size == w->entries && count == w->movements && moved == w->moved &&
                 sum_of_balances(w, view.state) == 0;
    tj_ledger_view_end(w->ledger, &view);
    return agree || say("the ledger does not hold what was submitted");
}

uint64_t workload_stored_bytes(const struct workload *w)
{
    struct tj_store *store;
    struct tj_store_options options = tj_journal_options(0);
    uint64_t bytes = 0;
    TIJORI_REQUIRE(w->ledger == NULL);
    if (tj_store_open_read(&store, NULL, w->dir, &options) == TJ_STORAGE_OK) {
        enum tj_storage_status status = tj_store_bytes(store, &bytes);
        TIJORI_REQUIRE(status == TJ_STORAGE_OK);
        tj_store_close(store);
    }
    return bytes;
}
