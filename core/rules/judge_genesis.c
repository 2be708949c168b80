#include "core/rules/judge.h"

/* docs/FORMAT.md section 6: entry 0. */

/* The phases of the genesis's records, in order; a record stays in its phase or opens a later one.
 */
static int genesis_phase(uint8_t kind)
{
    switch ((int)kind) {
    case TJ_LEDGER:
        return 0;
    case TJ_PREDECESSOR:
        return 1;
    case TJ_ADD_LOG_KEY:
        return 2;
    case TJ_REGISTER_PARTY:
        return 3;
    case TJ_ADD_KEY:
        return 4;
    case TJ_SET_THRESHOLD:
        return 5;
    case TJ_OPEN_ASSET:
        return 6;
    }
    return -1;
}
enum { GENESIS_PHASES = 7 };

static bool genesis_record_fits(const struct tj_record *r, uint32_t nth)
{
    struct tj_public_key key;
    switch ((int)r->kind) {
    case TJ_LEDGER:
    case TJ_PREDECESSOR:
        return nth == 0;
    case TJ_ADD_LOG_KEY:
        return r->number == nth;
    case TJ_REGISTER_PARTY:
        return nth == 0 && r->party == 0 && r->type == TJ_AUTHORITY;
    case TJ_ADD_KEY:
        tj_record_public_key(r, &key);
        return nth < TJ_SLOTS_MAX && r->party == 0 && r->ordinal == nth &&
               tj_public_key_valid(&key);
    case TJ_SET_THRESHOLD:
        return nth < 2 && r->party == 0;
    case TJ_OPEN_ASSET:
        return r->asset == nth + 1 && nth < TJ_ASSETS_MAX &&
               (nth > 0 || (strcmp(r->code, "BTC") == 0 && r->decimals == 8 &&
                            r->amount_max <= TJ_BTC_AMOUNT_MAX));
    }
    return false;
}

/* No log key, no x-coordinate and no asset code stands twice, and no threshold domain either. */
static bool genesis_records_collide(const uint8_t *a, const uint8_t *b)
{
    if (a[0] != b[0]) {
        return false;
    }
    switch ((int)a[0]) {
    case TJ_ADD_LOG_KEY:
        return memcmp(a + 16, b + 16, 32) == 0;
    case TJ_ADD_KEY:
        return memcmp(a + 16 + (a[2] == TJ_ALGORITHM_ECDSA), b + 16 + (b[2] == TJ_ALGORITHM_ECDSA),
                      32) == 0;
    case TJ_SET_THRESHOLD:
        return a[2] == b[2];
    case TJ_OPEN_ASSET:
        return memcmp(a + 16, b + 16, TJ_ASSET_CODE_SIZE) == 0;
    }
    return false;
}

static bool genesis_collision(const struct tj_case *c, uint32_t position)
{
    const uint8_t *record = c->records + (size_t)position * TJ_RECORD_SIZE;
    for (uint32_t i = 0; i < position; i++) {
        if (genesis_records_collide(c->records + (size_t)i * TJ_RECORD_SIZE, record)) {
            return true;
        }
    }
    return false;
}

static bool genesis_header_fits(const struct tj_case *c)
{
    const struct tj_header *h = c->header;
    uint32_t lifetime_max_s = tj_load32(c->records + 8);
    return c->records[0] == TJ_LEDGER && h->flags == 0 && h->lane == 0 && h->party == 0 &&
           h->sequence == 1 && tj_hash_zero(&h->previous_id) && tj_hash_zero(&h->ledger_id) &&
           tj_hash_zero(&h->known_leaf) && h->expires_s == h->created_s + lifetime_max_s &&
           h->created_s <= UINT64_MAX / TJ_NS_PER_S &&
           c->received_ns == h->created_s * TJ_NS_PER_S && c->slots->count == 0;
}

static enum tijori_status judge_genesis_thresholds(const struct tj_case *c,
                                                   struct tj_verdict *verdict)
{
    uint32_t keys[TJ_ROLE_END] = {0};
    uint32_t thresholds[TJ_DOMAIN_END] = {0};
    for (uint32_t i = 0; i < c->header->record_count; i++) {
        const uint8_t *record = c->records + (size_t)i * TJ_RECORD_SIZE;
        if (record[0] == TJ_ADD_KEY) {
            keys[record[3]]++;
        } else if (record[0] == TJ_SET_THRESHOLD) {
            thresholds[record[2]] = record[3];
        }
    }
    uint32_t move = thresholds[TJ_DOMAIN_MOVE];
    uint32_t administer = thresholds[TJ_DOMAIN_ADMINISTER];
    return administer > 0 && administer <= keys[TJ_ADMINISTER] &&
                   move <= keys[TJ_INITIATE] + keys[TJ_APPROVE] &&
                   (move == 0 || keys[TJ_INITIATE] > 0)
               ? TIJORI_OK
               : tj_refuse(verdict, TIJORI_UNREACHABLE, "threshold");
}

enum tijori_status tj_judge_genesis(const struct tj_case *c, struct tj_verdict *verdict)
{
    uint32_t counts[GENESIS_PHASES] = {0};
    int phase = 0;
    if (!genesis_header_fits(c)) {
        return tj_refuse(verdict, TIJORI_GENESIS, "header");
    }
    for (uint32_t i = 0; i < c->header->record_count; i++) {
        const uint8_t *record = c->records + (size_t)i * TJ_RECORD_SIZE;
        int next = genesis_phase(record[0]);
        struct tj_record r;
        verdict->record = i;
        if (next < phase) {
            return tj_refuse(verdict, TIJORI_GENESIS, "kind");
        }
        tj_record_decode(record, &r);
        phase = next;
        if (!genesis_record_fits(&r, counts[phase]++) || genesis_collision(c, i)) {
            return tj_refuse(verdict, TIJORI_GENESIS, tj_record_layout(r.kind)->name);
        }
    }
    verdict->record = TJ_NOWHERE;
    for (int p = 2; p < GENESIS_PHASES; p++) {
        if (counts[p] == 0) {
            return tj_refuse(verdict, TIJORI_GENESIS, "records");
        }
    }
    return judge_genesis_thresholds(c, verdict);
}
