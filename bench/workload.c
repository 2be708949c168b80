#include "bench/workload.h"

#include "bench/measure.h"
#include "core/genesis.h"
#include "core/pipeline.h"
#include "crypto/tree.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

enum { PARTY = 1, FUNDED = 1000000000, SETUP_LANE = 1 };

/* Everything is made here, so keys may be fixed. */
static void secret_of(uint8_t secret32[32], uint8_t number)
{
    memset(secret32, 0, 32);
    secret32[0] = 0x71;
    secret32[31] = number;
}

struct maker {
    struct workload *workload;
    struct tj_digester digester;
    struct tj_genesis genesis;
    uint64_t created_s;
    uint64_t random;
    /* Of each lane of the custodian, and of the authority's lane 0 in [0]. */
    uint64_t sequence[TJ_LANES_MAX];
    struct tj_hash previous[TJ_LANES_MAX];
};

/* SplitMix64: small, seeded, the same everywhere. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* ---- envelopes ---- */

static void sign_slot(struct tj_slots *slots, uint32_t party, uint8_t use, uint8_t algorithm,
                      uint8_t secret_number, const struct tj_hash *id)
{
    struct tj_slot slot = {.party = party, .use = use};
    uint8_t secret32[32];
    secret_of(secret32, secret_number);
    bool made = tj_public_key_of(&slot.key, algorithm, secret32) &&
                tj_sign(slot.signature64, algorithm, secret32, id, NULL) &&
                tj_slots_insert(slots, &slot) == TIJORI_OK;
    TIJORI_REQUIRE(made);
}

/* Header and records, with an empty place for slots and no attachments; the lane moves on. */
static void seal(struct maker *m, uint32_t party, uint16_t lane, bool restricted,
                 const uint8_t *records, uint32_t count, uint8_t header_bytes[TJ_HEADER_SIZE],
                 struct tj_hash *id)
{
    struct tj_header header = {
        .flags = restricted ? TJ_FLAG_RESTRICTED : 0,
        .party = party,
        .lane = lane,
        .record_count = count,
        .sequence = ++m->sequence[lane],
        .created_s = m->created_s,
        .expires_s = m->created_s + 86400,
        .ledger_id = m->genesis.ledger_id,
        .previous_id = m->previous[lane],
    };
    tj_tree_root_of_items(m->digester.hasher, &header.body_root, records, TJ_RECORD_SIZE, count);
    tj_header_encode(&header, header_bytes);
    tj_envelope_id(&m->digester, header_bytes, id);
    m->previous[lane] = *id;
}

static size_t assemble(uint8_t *out, const uint8_t *header, const uint8_t *records, uint32_t count,
                       const struct tj_slots *slots)
{
    size_t size = (size_t)count * TJ_RECORD_SIZE;
    memcpy(out, header, TJ_HEADER_SIZE);
    memcpy(out + TJ_HEADER_SIZE, records, size);
    size += TJ_HEADER_SIZE;
    size += tj_slots_encode(slots, out + size);
    tj_store16(out + size, 0);
    return size + 2;
}

/* ---- the ledger ---- */

static struct tj_record key_record(uint32_t party, uint8_t role, uint8_t algorithm, uint8_t secret)
{
    struct tj_record r = {.kind = TJ_ADD_KEY, .party = party, .role = role};
    struct tj_public_key key;
    uint8_t secret32[32];
    secret_of(secret32, secret);
    bool made = tj_public_key_of(&key, algorithm, secret32);
    TIJORI_REQUIRE(made);
    r.algorithm = algorithm;
    memcpy(r.key, key.bytes, key.size);
    return r;
}

static bool found_ledger(struct maker *m, const char *dir)
{
    struct tj_record records[6] = {
        {.kind = TJ_LEDGER, .rules = 1, .lifetime_max_s = 86400, .checkpoint_delay_max_s = 3600},
        {.kind = TJ_ADD_LOG_KEY, .algorithm = TJ_ALGORITHM_ED25519, .key = {1}},
        {.kind = TJ_REGISTER_PARTY, .type = TJ_AUTHORITY, .name = "Authority"},
        key_record(0, TJ_ADMINISTER, TJ_ALGORITHM_ECDSA, 1),
        {.kind = TJ_SET_THRESHOLD, .domain = TJ_DOMAIN_ADMINISTER, .threshold = 1},
        {.kind = TJ_OPEN_ASSET, .asset = 1, .decimals = 8, .code = "BTC", .name = "Bitcoin"},
    };
    uint8_t encoded[6 * TJ_RECORD_SIZE];
    uint8_t record[TJ_RECORD_SIZE];
    uint8_t bytes[TJ_HEADER_SIZE + TJ_RECORD_SIZE + TJ_SLOTS_SIZE_MAX + 2];
    uint8_t header_bytes[TJ_HEADER_SIZE];
    struct tj_header header;
    struct tj_slots slots = {.count = 0};
    struct tijori_message why;
    memcpy(records[0].name, "bench.example/ledger", 20);
    records[5].amount_max = TJ_BTC_AMOUNT_MAX;
    for (size_t i = 0; i < 6; i++) {
        tj_record_encode(&records[i], encoded + i * TJ_RECORD_SIZE);
    }
    tj_genesis_build(&m->digester, encoded, 6, m->created_s, &m->genesis);
    tj_genesis_opening(&m->digester, &m->genesis, m->created_s, m->created_s + 3600, &header,
                       record);
    tj_header_encode(&header, header_bytes);
    tj_envelope_id(&m->digester, header_bytes, &m->previous[0]);
    m->sequence[0] = 2;
    sign_slot(&slots, 0, TJ_USE_SIGN, TJ_ALGORITHM_ECDSA, 1, &m->previous[0]);
    size_t size = assemble(bytes, header_bytes, record, 1, &slots);
    enum tijori_status status = tijori_create(dir, m->genesis.entry, sizeof m->genesis.entry,
                                              encoded, sizeof encoded, bytes, size, NULL, &why);
    if (status != TIJORI_OK) {
        fprintf(stderr, "tijori-bench: %s\n", why.text);
    }
    return status == TIJORI_OK;
}

static bool submit(struct tijori *ledger, const uint8_t *bytes, size_t size)
{
    struct tijori_receipt receipt;
    if (tijori_submit(ledger, bytes, size, 0) != TIJORI_OK ||
        tijori_receive(ledger, &receipt) != TIJORI_OK || receipt.status != TIJORI_OK) {
        fprintf(stderr, "tijori-bench: set-up refused: %s\n", receipt.text);
        return false;
    }
    return true;
}

static bool register_custodian(struct maker *m, struct tijori *ledger)
{
    uint8_t algorithm = m->workload->options.algorithm;
    struct tj_record records[4] = {
        {.kind = TJ_REGISTER_PARTY, .party = PARTY, .type = TJ_CUSTODIAN, .name = "Custodian"},
        key_record(PARTY, TJ_INITIATE, algorithm, 2),
        {.kind = TJ_SET_THRESHOLD, .party = PARTY, .domain = TJ_DOMAIN_MOVE, .threshold = 1},
        {.kind = TJ_GRANT_CLASSES,
         .party = PARTY,
         .classes = 1u << TJ_CLASS_CUSTODY | 1u << TJ_CLASS_EXTERNAL},
    };
    uint8_t encoded[4 * TJ_RECORD_SIZE];
    uint8_t header[TJ_HEADER_SIZE];
    uint8_t bytes[TJ_HEADER_SIZE + sizeof encoded + TJ_SLOTS_SIZE_MAX + 2];
    struct tj_slots slots = {.count = 0};
    struct tj_hash id;
    for (size_t i = 0; i < 4; i++) {
        tj_record_encode(&records[i], encoded + i * TJ_RECORD_SIZE);
    }
    seal(m, 0, 0, false, encoded, 4, header, &id);
    sign_slot(&slots, 0, TJ_USE_SIGN, TJ_ALGORITHM_ECDSA, 1, &id);
    sign_slot(&slots, PARTY, TJ_USE_POSSESSION, algorithm, 2, &id);
    return submit(ledger, bytes, assemble(bytes, header, encoded, 4, &slots));
}

/* Account 0 is the outside, 1 to N are customers'. First they are opened, then funded. */
static struct tj_record setup_record(bool open, uint32_t i)
{
    struct tj_record r = {.kind = open ? TJ_OPEN_ACCOUNT : TJ_MOVE};
    if (open) {
        r.account = tj_account_id(PARTY, i);
        r.asset = 1;
        r.class = i == 0 ? TJ_CLASS_EXTERNAL : TJ_CLASS_CUSTODY;
    } else {
        r.from = tj_account_id(PARTY, 0);
        r.to = tj_account_id(PARTY, i);
        r.amount = FUNDED;
        r.purpose = TJ_CUSTOMER_DEPOSIT;
    }
    return r;
}

static bool set_up_accounts(struct maker *m, struct tijori *ledger, bool open)
{
    uint32_t last = m->workload->options.accounts;
    uint8_t *records = malloc((size_t)TJ_RECORDS_MAX * TJ_RECORD_SIZE);
    uint8_t *bytes =
        malloc(TJ_HEADER_SIZE + (size_t)TJ_RECORDS_MAX * TJ_RECORD_SIZE + TJ_SLOTS_SIZE_MAX + 2);
    TIJORI_REQUIRE(records != NULL && bytes != NULL);
    bool done = true;
    for (uint32_t next = open ? 0 : 1; next <= last && done;) {
        uint8_t header[TJ_HEADER_SIZE];
        struct tj_slots slots = {.count = 0};
        struct tj_hash id;
        uint32_t count = 0;
        for (; count < TJ_RECORDS_MAX && next <= last; next++) {
            struct tj_record r = setup_record(open, next);
            tj_record_encode(&r, records + (size_t)count++ * TJ_RECORD_SIZE);
        }
        seal(m, PARTY, SETUP_LANE, false, records, count, header, &id);
        sign_slot(&slots, PARTY, TJ_USE_SIGN, m->workload->options.algorithm, 2, &id);
        done = submit(ledger, bytes, assemble(bytes, header, records, count, &slots));
    }
    free(records);
    free(bytes);
    return done;
}

/* ---- the envelopes that are measured ---- */

static void make_transfer(struct maker *m, uint8_t *record)
{
    uint32_t accounts = m->workload->options.accounts;
    uint32_t from = 1 + (uint32_t)(next_random(&m->random) % accounts);
    uint32_t to = 1 + (uint32_t)(next_random(&m->random) % accounts);
    struct tj_record r = {.kind = TJ_MOVE, .amount = 1 + next_random(&m->random) % 1000};
    to = to != from ? to : to % accounts + 1;
    r.from = tj_account_id(PARTY, from);
    r.to = tj_account_id(PARTY, to);
    r.purpose = TJ_CUSTOMER_TRANSFER;
    r.value_date = 20000;
    tj_store64(r.blind, next_random(&m->random) | 1);
    m->workload->moved += r.amount;
    tj_record_encode(&r, record);
}

struct signer {
    const struct workload *workload;
    const struct tj_hash *ids;
    uint32_t first;
    uint32_t step;
};

static void *sign_share(void *context)
{
    const struct signer *signer = context;
    const struct workload *w = signer->workload;
    for (uint32_t e = signer->first; e < w->options.envelopes; e += signer->step) {
        struct tj_slots slots = {.count = 0};
        uint8_t encoded[TJ_SLOTS_SIZE_MAX];
        sign_slot(&slots, PARTY, TJ_USE_SIGN, w->options.algorithm, 2, &signer->ids[e]);
        size_t size = tj_slots_encode(&slots, encoded);
        memcpy(w->bytes + w->offsets[e + 1] - 2 - size, encoded, size);
    }
    return NULL;
}

static void sign_all(const struct workload *w, const struct tj_hash *ids)
{
    struct signer signers[TJ_THREADS_MAX];
    pthread_t threads[TJ_THREADS_MAX];
    uint32_t count = tj_core_count();
    for (uint32_t t = 0; t < count; t++) {
        signers[t] = (struct signer){w, ids, t, count};
        int failed = pthread_create(&threads[t], NULL, sign_share, &signers[t]);
        TIJORI_REQUIRE(failed == 0);
    }
    for (uint32_t t = 0; t < count; t++) {
        pthread_join(threads[t], NULL);
    }
}

static void make_envelopes(struct maker *m)
{
    struct workload *w = m->workload;
    const struct workload_options *o = &w->options;
    size_t key = tj_public_key_size(o->algorithm);
    size_t slots = 2 + TJ_SLOT_FIXED_SIZE + key + TJ_SLOT_SIGNATURE_SIZE;
    size_t size = TJ_HEADER_SIZE + (size_t)o->batch * TJ_RECORD_SIZE + slots + 2;
    struct tj_hash *ids = calloc(o->envelopes, sizeof *ids);
    w->bytes = calloc(o->envelopes, size);
    w->offsets = calloc((size_t)o->envelopes + 1, sizeof *w->offsets);
    TIJORI_REQUIRE(ids != NULL && w->bytes != NULL && w->offsets != NULL);
    for (uint32_t e = 0; e < o->envelopes; e++) {
        uint8_t *at = w->bytes + (size_t)e * size;
        /* Lane 1 was for the set-up; it goes on. */
        uint16_t lane = (uint16_t)(1 + e % o->lanes);
        for (uint32_t i = 0; i < o->batch; i++) {
            make_transfer(m, at + TJ_HEADER_SIZE + (size_t)i * TJ_RECORD_SIZE);
        }
        seal(m, PARTY, lane, true, at + TJ_HEADER_SIZE, o->batch, at, &ids[e]);
        w->offsets[e + 1] = (size_t)(e + 1) * size;
    }
    sign_all(w, ids);
    free(ids);
}

bool workload_create(struct workload *out, const struct workload_options *options, const char *dir)
{
    struct tijori *ledger;
    struct tijori_message why;
    struct maker *m = calloc(1, sizeof *m);
    TIJORI_REQUIRE(m != NULL);
    memset(out, 0, sizeof *out);
    out->options = *options;
    out->dir = dir;
    m->workload = out;
    m->random = options->seed;
    m->created_s = (uint64_t)time(NULL);
    tj_digester_init(&m->digester);
    bool made = found_ledger(m, dir);
    if (made && tijori_open(dir, TIJORI_WRITE, NULL, &ledger, &why) != TIJORI_OK) {
        fprintf(stderr, "tijori-bench: %s\n", why.text);
        made = false;
    } else if (made) {
        made = register_custodian(m, ledger) && set_up_accounts(m, ledger, true) &&
               set_up_accounts(m, ledger, false);
        tijori_close(ledger);
    }
    if (made) {
        make_envelopes(m);
    }
    tj_digester_clear(&m->digester);
    free(m);
    return made;
}

void workload_destroy(struct workload *workload)
{
    free(workload->bytes);
    free(workload->offsets);
}
