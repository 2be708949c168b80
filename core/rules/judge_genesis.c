#include "core/rules/judge.h"

/* docs/FORMAT.md section 6: entry 0. Nobody signs it and there is no state yet, so its records are
 * judged by themselves, as a text with an order. */

/* ---- what each kind of record is like, where it stands as the nth of its kind ---- */

static bool first_of_kind(const struct tj_record *r, uint32_t nth)
{
    (void)r;
    return nth == 0;
}

/* Nobody shows in a genesis that he holds the log key, so that it is a key at all is asked here. */
static bool log_key_fits(const struct tj_record *r, uint32_t nth)
{
    return nth < TJ_LOG_KEYS_MAX && r->number == nth && tj_ed25519_public_key_valid(r->key);
}

static bool party_fits(const struct tj_record *r, uint32_t nth)
{
    return nth == 0 && r->party == 0 && r->type == TJ_AUTHORITY;
}

/* At most as many as an envelope has slots: each of them has to sign entry 1. */
static bool key_fits(const struct tj_record *r, uint32_t nth)
{
    struct tj_public_key key;
    tj_record_public_key(r, &key);
    TJ_VERIFY_CHECK(r->role > 0 && r->role < TJ_ROLE_END);
    return nth < TJ_SLOTS_MAX && r->party == 0 && r->ordinal == nth && tj_public_key_valid(&key);
}

static bool threshold_fits(const struct tj_record *r, uint32_t nth)
{
    TJ_VERIFY_CHECK(r->domain < TJ_DOMAIN_END);
    return nth < 2 && r->party == 0;
}

static bool is_bitcoin(const struct tj_record *r)
{
    TJ_VERIFY_CHECK(r->code[0] != '\0' && r->amount_max > 0);
    return strcmp(r->code, "BTC") == 0 && r->decimals == 8 && r->amount_max <= TJ_BTC_AMOUNT_MAX;
}

static bool asset_fits(const struct tj_record *r, uint32_t nth)
{
    if (r->asset != nth + 1 || nth >= TJ_ASSETS_MAX) {
        return false;
    }
    return nth > 0 || is_bitcoin(r);
}

/* ---- what does not stand twice: two records of one kind that collide ---- */

static bool same_log_key(const uint8_t *a, const uint8_t *b)
{
    return memcmp(TJ_AT(a, TJ_ADD_LOG_KEY, key), TJ_AT(b, TJ_ADD_LOG_KEY, key), 32) == 0;
}

/* The x-coordinate: an ecdsa key has one byte before it. */
static const uint8_t *x_of(const uint8_t *record)
{
    TJ_VERIFY_CHECK(tj_record_kind(record) == TJ_ADD_KEY);
    bool ecdsa = TJ_GET(record, TJ_ADD_KEY, algorithm) == TJ_ALGORITHM_ECDSA;
    return TJ_AT(record, TJ_ADD_KEY, key) + (ecdsa ? 1 : 0);
}

static bool same_x(const uint8_t *a, const uint8_t *b)
{
    return memcmp(x_of(a), x_of(b), 32) == 0;
}

static bool same_domain(const uint8_t *a, const uint8_t *b)
{
    TJ_VERIFY_CHECK(tj_record_kind(a) == TJ_SET_THRESHOLD && tj_record_kind(b) == TJ_SET_THRESHOLD);
    return TJ_GET(a, TJ_SET_THRESHOLD, domain) == TJ_GET(b, TJ_SET_THRESHOLD, domain);
}

static bool same_code(const uint8_t *a, const uint8_t *b)
{
    TJ_VERIFY_CHECK(tj_record_kind(a) == TJ_OPEN_ASSET && tj_record_kind(b) == TJ_OPEN_ASSET);
    return memcmp(TJ_AT(a, TJ_OPEN_ASSET, code), TJ_AT(b, TJ_OPEN_ASSET, code),
                  TJ_ASSET_CODE_SIZE) == 0;
}

static bool never_same(const uint8_t *a, const uint8_t *b)
{
    (void)a;
    (void)b;
    return false;
}

/* ---- the phases: the order of the kinds; a record stays in its phase or opens a later one ---- */

static const struct phase {
    uint8_t kind;
    bool optional;
    bool (*fits)(const struct tj_record *r, uint32_t nth);
    bool (*same)(const uint8_t *a, const uint8_t *b);
} phases[] = {
    {TJ_LEDGER, false, first_of_kind, never_same},
    {TJ_PREDECESSOR, true, first_of_kind, never_same},
    {TJ_ADD_LOG_KEY, false, log_key_fits, same_log_key},
    {TJ_REGISTER_PARTY, false, party_fits, never_same},
    {TJ_ADD_KEY, false, key_fits, same_x},
    {TJ_SET_THRESHOLD, false, threshold_fits, same_domain},
    {TJ_OPEN_ASSET, false, asset_fits, same_code},
};
enum { PHASES = sizeof phases / sizeof phases[0] };

/* The phase of a kind, from `phase` on; PHASES when it may not stand there. */
static uint32_t find_phase(uint32_t phase, uint8_t kind)
{
    while (phase < PHASES && phases[phase].kind != kind) {
        phase++;
    }
    return phase;
}

/* One like it stands before it. */
static bool stands_twice(const struct tj_case *c, uint32_t position, const struct phase *phase)
{
    const uint8_t *record = tj_case_record(c, position);
    TJ_VERIFY_CHECK(tj_record_kind(record) == phase->kind);
    for (uint32_t i = 0; i < position; i++) {
        const uint8_t *before = tj_case_record(c, i);
        if (tj_record_kind(before) == phase->kind && phase->same(before, record)) {
            return true;
        }
    }
    return false;
}

/* 6, GENESIS: of the records. Their order is fixed, so that two who found a ledger of the same
 * facts get the same ledger id. A phase is never gone back to: find_phase looks from the present
 * one on. What has to be there is asked last, when all were seen. */
static enum tijori_status judge_records(const struct tj_case *c, struct tj_verdict *verdict)
{
    uint32_t counts[PHASES] = {0};
    uint32_t phase = 0;
    for (uint32_t i = 0; i < c->header->record_count; i++) {
        struct tj_record r;
        verdict->record = i;
        const uint8_t *record = tj_case_record(c, i);
        phase = find_phase(phase, tj_record_kind(record));
        if (phase == PHASES) {
            return tj_refuse(verdict, TIJORI_GENESIS, "kind");
        }
        tj_record_decode(&r, record);
        if (!phases[phase].fits(&r, counts[phase]++) || stands_twice(c, i, &phases[phase])) {
            return tj_refuse(verdict, TIJORI_GENESIS, tj_record_layout(r.kind)->name);
        }
    }
    verdict->record = TJ_NOWHERE;
    for (uint32_t p = 0; p < PHASES; p++) {
        if (counts[p] == 0 && !phases[p].optional) {
            return tj_refuse(verdict, TIJORI_GENESIS, "records");
        }
    }
    return TIJORI_OK;
}

/* ---- header and thresholds ---- */

/* 6, GENESIS: entry 0 has no lane to follow, no ledger to name, and nobody to sign it. */
static bool header_fits(const struct tj_case *c)
{
    const struct tj_header *h = c->header;
    if (h->flags != 0 || h->lane != 0 || h->party != 0 || h->sequence != 1) {
        return false;
    }
    if (!tj_hash_zero(&h->previous_id) || !tj_hash_zero(&h->ledger_id) ||
        !tj_hash_zero(&h->known_leaf)) {
        return false;
    }
    return c->slots->count == 0;
}

/* 6, GENESIS: times follow from created_s and from the ledger record, the first. So the ledger id
 * follows from the records and created_s alone. */
static bool times_fit(const struct tj_case *c)
{
    const struct tj_header *h = c->header;
    if (tj_record_kind(c->records) != TJ_LEDGER) {
        return false;
    }
    if (h->expires_s != tj_s_after(h->created_s, TJ_GET(c->records, TJ_LEDGER, lifetime_max_s))) {
        return false;
    }
    if (h->created_s > UINT64_MAX / TJ_NS_PER_S) {
        return false;
    }
    return c->received_ns == h->created_s * TJ_NS_PER_S;
}

/* 6, UNREACHABLE: a ledger whose authority cannot reach its own threshold could do nothing, not
 * even lower the threshold. Counted from the records, since there is no state yet; a later entry is
 * asked the same of the state (7, step 12). */
static enum tijori_status judge_thresholds(const struct tj_case *c, struct tj_verdict *verdict)
{
    uint32_t keys[TJ_ROLE_END] = {0};
    uint32_t thresholds[TJ_DOMAIN_END] = {0};
    for (uint32_t i = 0; i < c->header->record_count; i++) {
        const uint8_t *record = tj_case_record(c, i);
        if (tj_record_kind(record) == TJ_ADD_KEY) {
            TJ_VERIFY_CHECK(TJ_GET(record, TJ_ADD_KEY, role) < TJ_ROLE_END);
            keys[TJ_GET(record, TJ_ADD_KEY, role)]++;
        }
        if (tj_record_kind(record) == TJ_SET_THRESHOLD) {
            thresholds[TJ_GET(record, TJ_SET_THRESHOLD, domain)] =
                TJ_GET(record, TJ_SET_THRESHOLD, threshold);
        }
    }
    uint32_t move = thresholds[TJ_DOMAIN_MOVE];
    uint32_t administer = thresholds[TJ_DOMAIN_ADMINISTER];
    /* Entry 1 has a slot for each of them. */
    TJ_VERIFY_CHECK(keys[TJ_INITIATE] + keys[TJ_APPROVE] + keys[TJ_ADMINISTER] <= TJ_SLOTS_MAX);
    if (administer == 0 || administer > keys[TJ_ADMINISTER]) {
        return tj_refuse(verdict, TIJORI_UNREACHABLE, "threshold");
    }
    if (move > keys[TJ_INITIATE] + keys[TJ_APPROVE] || (move > 0 && keys[TJ_INITIATE] == 0)) {
        return tj_refuse(verdict, TIJORI_UNREACHABLE, "threshold");
    }
    return TIJORI_OK;
}

enum tijori_status tj_judge_genesis(const struct tj_case *c, struct tj_verdict *verdict)
{
    TJ_VERIFY_CHECK(c->index == 0 && c->records != NULL);
    if (!header_fits(c) || !times_fit(c)) {
        return tj_refuse(verdict, TIJORI_GENESIS, "header");
    }
    enum tijori_status status = judge_records(c, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    return judge_thresholds(c, verdict);
}
