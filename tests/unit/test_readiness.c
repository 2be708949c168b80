/* *Ready* and *accepted on keys* are one thing: what core/rules/readiness.h says an envelope lacks,
 * against what the judges say of it, on random envelopes and random states (parties with keys of
 * each role, thresholds, tiers, pending movements and who approved them; suspended, closed and
 * recovered parties; the authority's quorum changing hands).
 *
 *     ready       the judges refuse it by no rule of keys
 *     not ready   the judges refuse it, by a rule of keys or by one that comes before
 *     completed   what it lacks is added, one thing after another, until it is ready, or until the
 *                 keys that it wants are not there or no signature helps: and either is what the
 *                 judges say
 *
 * The kinds that stand in entry 0 only, ledger and predecessor, are signed for by entry 1: each
 * world tries that several times, on the state after its own random genesis. Signatures are not
 * made: the case says whether they verify.
 *
 * TIJORI_SEED replays one world and those after it, TIJORI_READINESS_ENVELOPES asks for more. */

#include "core/rules/apply.h"
#include "core/rules/genesis.h"
#include "core/rules/readiness.h"
#include "crypto/tree.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum {
    ENVELOPES = 60000,
    WORLD_ENVELOPES = 200,
    OPENINGS = 5,
    KIND_LEAST = 200,
    SIDE_LEAST = 20, /* of each kind, ready and not */
    ENTRIES_MAX = WORLD_ENVELOPES + 64,
    RECORDS_MAX = 24,
    POOL = 96,
    STRANGERS = 4, /* keys of the pool that nobody registers */
    PARTIES_MAX = 32,
    ACCOUNTS = 24,
    KEYS_LOOKED_AT = 64,
};

struct envelope {
    struct tj_header header;
    uint8_t records[RECORDS_MAX * TJ_RECORD_SIZE];
    struct tj_slots slots;
    bool signatures_valid;
    uint32_t invalid_slot;
};

struct stored {
    struct envelope e;
    struct tj_hash leaf;
    struct tj_hash id;
    uint64_t received_ns;
    uint64_t jump;
};

static struct {
    struct tj_digester digester;
    struct tj_public_key pool[POOL];
    uint32_t pool_used;
    uint64_t seed;   /* of this world */
    uint64_t random; /* drawn from it */
    uint64_t now_ns;
    struct tj_hash ledger_id;
    struct tj_state *state;
    struct stored entries[ENTRIES_MAX];
    uint32_t count;
    uint64_t accounts[ACCOUNTS];
    uint32_t account_count;
    struct tj_directives directives;
} world;

static struct {
    uint64_t envelopes;
    uint64_t malformed;
    uint64_t completed;
    uint64_t not_completable;
    uint64_t openings;             /* accepted */
    uint64_t of_kind[TJ_KIND_END]; /* envelopes; the rest are judgements, often two of one */
    uint64_t ready[TJ_KIND_END];
    uint64_t unready[TJ_KIND_END];
    uint64_t accepted[TJ_KIND_END];
    uint64_t by_status[TIJORI_STATUS_COUNT];
} counts;

static uint64_t draw(uint64_t below)
{
    world.random += UINT64_C(0x9e3779b97f4a7c15); /* SplitMix64 */
    uint64_t z = world.random;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % below;
}

static bool one_in(uint64_t n)
{
    return draw(n) == 0;
}

/* ---- the past ---- */

static const struct tj_past past;

static bool past_record(void *context, struct tj_named *out, uint64_t id)
{
    uint64_t index = tj_record_entry(id);
    uint32_t position = tj_record_position(id);
    (void)context;
    if (index >= world.count || position >= world.entries[index].e.header.record_count) {
        return false;
    }
    const struct stored *stored = &world.entries[index];
    const struct tj_entry_view view = {.index = index,
                                       .received_ns = stored->received_ns,
                                       .header = stored->e.header,
                                       .slots = stored->e.slots};
    memset(out, 0, sizeof *out);
    const uint8_t *record = stored->e.records + (size_t)position * TJ_RECORD_SIZE;
    memcpy(out->record, record, TJ_RECORD_SIZE);
    tj_group_hash(world.digester.hasher, &out->group, record,
                  tj_details_after(stored->e.records, stored->e.header.record_count, position));
    tj_named_complete(&past, out, &view);
    return true;
}

static bool past_leaf(void *context, struct tj_hash *leaf, uint64_t index)
{
    (void)context;
    *leaf = world.entries[index < world.count ? index : 0].leaf;
    return index < world.count;
}

static bool past_envelope_id(void *context, struct tj_hash *id, uint64_t index)
{
    (void)context;
    *id = world.entries[index < world.count ? index : 0].id;
    return index < world.count;
}

static bool past_lane_jump(void *context, uint64_t *jump, uint64_t index)
{
    (void)context;
    *jump = world.entries[index < world.count ? index : 0].jump;
    return index < world.count;
}

static bool past_root(void *context, struct tj_hash *root, uint64_t size)
{
    (void)context;
    (void)size;
    (void)root;
    return false;
}

static const struct tj_past past = {NULL,           past_record, past_leaf, past_envelope_id,
                                    past_lane_jump, past_root};

/* ---- one envelope, judged and asked about ---- */

static struct tj_case case_of(const struct envelope *e)
{
    uint8_t header[TJ_HEADER_SIZE];
    struct tj_case c = {
        .index = world.count,
        .received_ns = world.now_ns,
        .header = &e->header,
        .slots = &e->slots,
        .records = e->records,
        .previous = world.directives,
        .signatures_valid = e->signatures_valid,
        .invalid_slot = e->invalid_slot,
    };
    if (world.count > 0) {
        c.last_received_ns = world.entries[world.count - 1].received_ns;
        c.head_leaf = world.entries[world.count - 1].leaf;
    }
    tj_header_encode(&e->header, header);
    tj_envelope_id(&world.digester, &c.envelope_id, header);
    return c;
}

/* A rule of signatures; a record that names a key is refused by the same names. */
static bool of_keys(const struct tj_verdict *verdict)
{
    static const enum tijori_status statuses[] = {
        TIJORI_SIGNATURE,
        TIJORI_PARTY_SUSPENDED,
        TIJORI_PARTY_CLOSED,
        TIJORI_KEY_ROLE,
        TIJORI_POSSESSION,
        TIJORI_THRESHOLD,
        TIJORI_COUNTERSIGN_MISSING,
        TIJORI_COUNTERSIGN_THRESHOLD,
        TIJORI_NOT_OPENED,
        TIJORI_APPROVALS,
        TIJORI_DELAY,
        TIJORI_APPROVED,
        TIJORI_NEW_QUORUM,
    };
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (verdict->status == statuses[i]) {
            return true;
        }
    }
    return verdict->slot != TJ_NOWHERE &&
           (verdict->status == TIJORI_KEY_UNKNOWN || verdict->status == TIJORI_KEY_PARTY ||
            verdict->status == TIJORI_KEY_REVOKED);
}

static void fail_of(const struct envelope *e, const struct tj_readiness *r,
                    const struct tj_verdict *verdict, const char *what)
{
    char text[320];
    tj_verdict_format(verdict, text, sizeof text);
    fail_msg("TIJORI_SEED=%" PRIu64 ", entry %" PRIu32 ", a %s of party %" PRIu32
             " lane %u, %" PRIu32 " records, %" PRIu32 " slots: %s.\nready %d (bar %d, refused "
             "%" PRIu32 ", own %" PRIu32 " of %" PRIu32 ", others %" PRIu32 "); judges: %s",
             world.seed, world.count, tj_record_layout(e->records[0])->name, e->header.party,
             e->header.lane, e->header.record_count, e->slots.count, what, r->ready, (int)r->bar,
             r->refused, r->own.counting.given, r->own.counting.needed, r->others, text);
}

static struct tj_readiness ask(const struct envelope *e)
{
    struct tj_case c = case_of(e);
    struct tj_readiness r;
    tj_readiness_of(world.state, &r, &past, &c);
    return r;
}

static void count_kinds(const struct envelope *e, uint64_t by_kind[TJ_KIND_END])
{
    bool seen[TJ_KIND_END] = {false};
    for (uint32_t i = 0; i < e->header.record_count; i++) {
        uint8_t kind = e->records[(size_t)i * TJ_RECORD_SIZE];
        by_kind[kind] += !seen[kind];
        seen[kind] = true;
    }
}

static void append(const struct envelope *e, const struct tj_case *c, const struct tj_tail *tail)
{
    uint8_t bytes[TJ_ENTRY_FIXED_SIZE + TJ_SLOTS_SIZE_MAX];
    uint8_t header[TJ_HEADER_SIZE];
    uint8_t slots[TJ_SLOTS_SIZE_MAX];
    struct stored *stored = &world.entries[world.count];
    assert_true(world.count < ENTRIES_MAX);
    size_t slots_size = tj_slots_encode(&e->slots, slots);
    tj_header_encode(&e->header, header);
    tj_entry_encode(bytes, c->index, 1, c->received_ns, &c->head_leaf, header, slots, slots_size);
    tj_leaf_hash(world.digester.hasher, &stored->leaf, bytes, tj_entry_size(slots_size));
    stored->e = *e;
    stored->id = c->envelope_id;
    stored->received_ns = c->received_ns;
    stored->jump = tail->lane_jump;
    world.directives = tj_directives_after(world.directives, &e->header, e->records, world.count);
    world.count++;
    tj_undo_log_settle(world.state->undo);
}

/* Judges it, holds that against what is said of it, and appends it when it is accepted and `keep`.
 */
static enum tijori_status judge(const struct envelope *e, bool keep)
{
    uint8_t links[RECORDS_MAX * TJ_LINK_SIZE];
    struct tj_tail tail;
    struct tj_verdict verdict;
    world.now_ns++; /* no two entries are of one nanosecond */
    struct tj_readiness r = ask(e);
    struct tj_case c = case_of(e);
    size_t before = tj_state_mark_undo(world.state);
    enum tijori_status status = tj_apply(world.state, links, &tail, &past, &c, &verdict);
    if (r.ready && of_keys(&verdict)) {
        fail_of(e, &r, &verdict, "it was said to be ready, and a rule of keys refuses it");
    }
    if (!r.ready && status == TIJORI_OK) {
        fail_of(e, &r, &verdict, "it was said not to be ready, and is accepted");
    }
    counts.by_status[status]++;
    count_kinds(e, r.ready ? counts.ready : counts.unready);
    if (status != TIJORI_OK) {
        return status;
    }
    count_kinds(e, counts.accepted);
    counts.openings += tj_record_kind(e->records) == TJ_MOVE && tj_movement_opening(e->records);
    if (keep) {
        append(e, &c, &tail);
    } else {
        tj_state_rollback(world.state, before);
    }
    return status;
}

/* ---- adding what lacks ---- */

/* The keys that completing has tried, so that none is tried twice. */
struct tried {
    bool keys[TJ_USE_END][PARTIES_MAX][KEYS_LOOKED_AT];
};

static void add_slot(struct envelope *e, uint8_t use, uint32_t party, const uint8_t *key,
                     uint8_t algorithm)
{
    struct tj_slot slot = {.party = party, .use = use};
    slot.key.algorithm = algorithm;
    slot.key.size = (uint8_t)tj_public_key_size(algorithm);
    memcpy(slot.key.bytes, key, slot.key.size);
    (void)!tj_slots_insert(&e->slots, &slot);
}

/* What is looked for in a key: a role (0: any that signs), a group (0: any). */
struct wanted {
    uint8_t use;
    uint32_t party;
    uint8_t role;
    uint32_t groups;
};

static bool fits(const struct envelope *e, const struct wanted *w, const struct tj_key_object *key)
{
    bool administers = w->use == TJ_USE_SIGN && e->header.lane == 0;
    bool approves = w->use == TJ_USE_SIGN && tj_header_approval(&e->header);
    if (key == NULL || key->status != TJ_KEY_ACTIVE || (w->role != 0 && key->role != w->role) ||
        (w->groups != 0 && (w->groups >> key->group & 1) == 0)) {
        return false;
    }
    if (world.count == 1) {
        return true; /* entry 1: every key */
    }
    if (administers) {
        return key->role == TJ_ADMINISTER;
    }
    return key->role == TJ_APPROVE || (key->role == TJ_INITIATE && !approves);
}

static bool add_key(struct envelope *e, struct tried *tried, struct wanted w)
{
    for (uint32_t k = 0; w.party < PARTIES_MAX && k < KEYS_LOOKED_AT; k++) {
        const struct tj_key_object *key = tj_state_key(world.state, w.party, k);
        if (tried->keys[w.use][w.party][k] || !fits(e, &w, key)) {
            continue;
        }
        uint32_t before = e->slots.count;
        tried->keys[w.use][w.party][k] = true;
        add_slot(e, w.use, w.party, key->key, key->algorithm);
        if (e->slots.count > before) {
            return true;
        }
    }
    return false;
}

static void remove_refused(struct envelope *e, const struct tj_readiness *r)
{
    struct tj_slots kept = {.count = 0};
    for (uint32_t i = 0; i < e->slots.count; i++) {
        if (r->slots[i].status == TIJORI_OK) {
            kept.slots[kept.count++] = e->slots.slots[i];
        }
    }
    assert_int_equal(kept.count, e->slots.count - r->refused);
    e->slots = kept;
    e->signatures_valid = true; /* the one that was not is gone */
    e->invalid_slot = TJ_NOWHERE;
}

static bool add_signature(struct envelope *e, struct tried *tried, const struct tj_signatures *s,
                          uint8_t use)
{
    struct wanted w = {.use = use, .party = s->party};
    if (!s->known || s->status != TIJORI_OK || s->counting.needed == 0) {
        return false;
    }
    w.role = s->counting.initiated ? 0 : TJ_INITIATE;
    return add_key(e, tried, w);
}

static bool add_possession(struct envelope *e)
{
    uint32_t before = e->slots.count;
    for (uint32_t i = 0; i < e->header.record_count; i++) {
        const uint8_t *record = e->records + (size_t)i * TJ_RECORD_SIZE;
        struct tj_record r;
        if (tj_kind_is_detail(record[0])) {
            continue;
        }
        tj_record_decode(&r, record);
        if (r.kind == TJ_ADD_KEY || r.kind == TJ_ADD_LOG_KEY ||
            (r.kind == TJ_RETIRE_LOG_KEY && r.size == 0)) {
            add_slot(e, TJ_USE_POSSESSION, r.kind == TJ_ADD_KEY ? r.party : 0, r.key, r.algorithm);
        }
    }
    return e->slots.count > before;
}

/* One thing of those that are said to be lacking. False: what lacks cannot be had. */
static bool add_lacking(struct envelope *e, struct tried *tried, const struct tj_readiness *r)
{
    struct wanted w = {.use = TJ_USE_SIGN, .party = e->header.party};
    if (r->refused > 0) {
        remove_refused(e, r);
        return true;
    }
    if (!tj_quorum_reached(&r->own.counting)) {
        return add_signature(e, tried, &r->own, TJ_USE_SIGN);
    }
    for (uint32_t i = 0; i < r->others; i++) {
        if (!tj_quorum_reached(&r->other[i].counting)) {
            return add_signature(e, tried, &r->other[i], TJ_USE_COUNTERSIGN);
        }
    }
    if (r->possession_shown < r->possession_wanted) {
        return add_possession(e);
    }
    if (r->approvals_record != TJ_NOWHERE) {
        w.role = TJ_APPROVE;
        w.groups = r->approvals.groups_missing;
        return add_key(e, tried, w);
    }
    if (r->quorum_changes && r->quorum.given < r->quorum.needed) {
        w.role = TJ_ADMINISTER;
        return add_key(e, tried, w);
    }
    /* Then it is what no signature makes good: that has to be said. */
    bool said = r->bar != TJ_BAR_NONE || r->own.status != TIJORI_OK;
    for (uint32_t i = 0; i < r->others; i++) {
        said = said || r->other[i].status != TIJORI_OK;
    }
    assert_true(said);
    return false;
}

static bool complete(struct envelope *e)
{
    struct tried tried = {{{{false}}}};
    struct tj_readiness r = ask(e);
    while (!r.ready && add_lacking(e, &tried, &r)) {
        r = ask(e);
        judge(e, false); /* what is half done is judged as well */
    }
    return r.ready;
}

/* ---- making envelopes ---- */

static void begin(struct envelope *e, uint32_t party, uint16_t lane)
{
    struct tj_header *h = &e->header;
    memset(e, 0, sizeof *e);
    h->party = party;
    h->lane = lane;
    h->sequence = 1;
    h->created_s = world.now_ns / TJ_NS_PER_S;
    h->expires_s = h->created_s + 3600;
    h->ledger_id = world.ledger_id;
    const struct tj_lane_object *object = tj_state_lane(world.state, party, lane);
    if (object != NULL) {
        h->sequence = object->sequence + 1;
        memcpy(h->previous_id.bytes, object->envelope_id, TJ_HASH_SIZE);
    }
    e->signatures_valid = true;
    e->invalid_slot = TJ_NOWHERE;
}

static void add(struct envelope *e, const struct tj_record *record)
{
    assert_true(e->header.record_count < RECORDS_MAX);
    tj_record_encode(record, e->records + (size_t)e->header.record_count++ * TJ_RECORD_SIZE);
}

static void must_accept(struct envelope *e)
{
    world.now_ns += 1 + draw(5) * TJ_NS_PER_S;
    struct tj_readiness r = ask(e);
    struct tj_verdict verdict;
    tj_verdict_init(&verdict);
    if (!complete(e)) {
        r = ask(e);
        fail_of(e, &r, &verdict, "it belongs to the world, and cannot be completed");
    }
    counts.completed++;
    assert_int_equal(judge(e, true), TIJORI_OK);
}

static struct tj_record new_key(uint32_t party, uint32_t ordinal, uint8_t role)
{
    struct tj_record r = {.kind = TJ_ADD_KEY, .party = party, .ordinal = ordinal, .role = role};
    if (world.pool_used + STRANGERS < POOL) {
        world.pool_used++;
    }
    const struct tj_public_key *key = &world.pool[world.pool_used - 1];
    r.algorithm = key->algorithm;
    r.group = (uint8_t)draw(4);
    memcpy(r.key, key->bytes, key->size);
    return r;
}

static struct tj_record new_threshold(uint32_t party, uint8_t domain, uint32_t threshold)
{
    struct tj_record r = {.kind = TJ_SET_THRESHOLD, .party = party, .domain = domain};
    r.threshold = (uint8_t)threshold;
    return r;
}

static void random_bytes(uint8_t out[32])
{
    for (uint32_t i = 0; i < 32; i++) {
        out[i] = (uint8_t)draw(256);
    }
}

/* ---- the genesis and entry 1 ---- */

static void make_genesis(struct envelope *e)
{
    struct tj_record r = {.kind = TJ_LEDGER, .rules = 1, .lifetime_max_s = 86400};
    uint32_t keys[TJ_ROLE_END] = {0};
    uint32_t count = 1 + (uint32_t)draw(5);
    memset(e, 0, sizeof *e);
    r.network = TJ_REGTEST;
    r.checkpoint_delay_max_s = 86400;
    memcpy(r.name, "test.example/ready", 18);
    random_bytes(r.nonce.bytes);
    add(e, &r);
    if (one_in(2)) {
        r = (struct tj_record){.kind = TJ_PREDECESSOR, .size = 1000};
        random_bytes(r.root.bytes);
        random_bytes(r.ledger_id.bytes);
        add(e, &r);
    }
    r = (struct tj_record){.kind = TJ_ADD_LOG_KEY, .algorithm = TJ_ALGORITHM_ED25519};
    uint8_t secret32[32];
    random_bytes(secret32);
    assert_true(tj_ed25519_public_key_of(r.key, secret32));
    add(e, &r);
    r = (struct tj_record){.kind = TJ_REGISTER_PARTY, .type = TJ_AUTHORITY};
    memcpy(r.name, "Authority", 9);
    add(e, &r);
    for (uint32_t k = 0; k < count; k++) {
        uint8_t role = (uint8_t)(k == 0 || one_in(2) ? TJ_ADMINISTER : 1 + draw(3));
        r = new_key(0, k, role);
        add(e, &r);
        keys[role]++;
    }
    r = new_threshold(0, TJ_DOMAIN_ADMINISTER, 1 + (uint32_t)draw(keys[TJ_ADMINISTER]));
    add(e, &r);
    if (keys[TJ_INITIATE] > 0) {
        r = new_threshold(0, TJ_DOMAIN_MOVE, 1);
        add(e, &r);
    }
    r = (struct tj_record){.kind = TJ_OPEN_ASSET, .asset = 1, .decimals = 8};
    r.amount_max = TJ_BTC_AMOUNT_MAX;
    memcpy(r.code, "BTC", 3);
    memcpy(r.name, "Bitcoin", 7);
    add(e, &r);
}

static void random_slots(struct envelope *e);

/* Entry 1 in several forms; the last is completed and opens the ledger. */
static void open_world(const struct tj_genesis *genesis, const struct envelope *first)
{
    static struct envelope e;
    uint8_t record[TJ_RECORD_SIZE];
    uint64_t created_s = world.now_ns / TJ_NS_PER_S;
    for (int i = 0; i < OPENINGS; i++) {
        begin(&e, 0, 0);
        tj_genesis_opening(&world.digester, &e.header, record, genesis, created_s,
                           created_s + 3600);
        memcpy(e.records, record, TJ_RECORD_SIZE);
        if (one_in(4)) { /* something else in its place */
            struct tj_record r = new_threshold(0, TJ_DOMAIN_ADMINISTER, 1);
            e.header.record_count = 0;
            add(&e, &r);
        }
        random_slots(&e);
        count_kinds(first, counts.of_kind);
        count_kinds(first, ask(&e).ready ? counts.ready : counts.unready);
        judge(&e, false);
        counts.envelopes++;
    }
    begin(&e, 0, 0);
    tj_genesis_opening(&world.digester, &e.header, record, genesis, created_s, created_s + 3600);
    memcpy(e.records, record, TJ_RECORD_SIZE);
    must_accept(&e);
    count_kinds(first, counts.ready);
    count_kinds(first, counts.accepted);
}

static void found_world(void)
{
    static struct envelope e;
    uint8_t links[RECORDS_MAX * TJ_LINK_SIZE];
    struct tj_genesis genesis;
    struct tj_verdict verdict;
    struct tj_tail tail;
    struct tj_hash digests[2];
    uint64_t created_s = world.now_ns / TJ_NS_PER_S;
    make_genesis(&e);
    uint32_t count = e.header.record_count;
    if (tj_genesis_check(&world.digester, e.records, count, created_s, &verdict) != TIJORI_OK) {
        fail_msg("seed %" PRIu64 ": genesis: %s", world.seed, tijori_status_name(verdict.status));
    }
    tj_genesis_build(&world.digester, &genesis, e.records, count, created_s);
    assert_int_equal(tj_header_decode(&e.header, genesis.entry + 64, &verdict), TIJORI_OK);
    world.ledger_id = genesis.ledger_id;
    world.state->ledger_id = genesis.ledger_id;
    e.signatures_valid = true;
    struct tj_case c = case_of(&e);
    assert_int_equal(tj_apply(world.state, links, &tail, &past, &c, &verdict), TIJORI_OK);
    append(&e, &c, &tail);
    /* Who has the genesis alone knows the same. */
    struct tj_state *start = tj_genesis_state(&genesis, e.records);
    tj_state_digest(start, world.digester.hasher, &digests[0]);
    tj_state_digest(world.state, world.digester.hasher, &digests[1]);
    assert_memory_equal(&digests[0], &digests[1], sizeof digests[0]);
    tj_state_destroy(start);
    open_world(&genesis, &e);
}

/* ---- its parties ---- */

enum { FIRST_PARTIES = 5 }; /* 1 and 4 treasuries, 2 and 3 custodians */

static void register_party(uint32_t party)
{
    static struct envelope e;
    uint32_t keys[TJ_ROLE_END] = {0};
    uint32_t count = 3 + (uint32_t)draw(5);
    bool treasury = party == 1 || party == 4;
    struct tj_record r = {.kind = TJ_REGISTER_PARTY, .party = party};
    r.type = treasury ? TJ_TREASURY : TJ_CUSTODIAN;
    snprintf(r.name, sizeof r.name, "Party %" PRIu32, party);
    begin(&e, 0, 0);
    add(&e, &r);
    for (uint32_t k = 0; k < count; k++) {
        uint8_t role = (uint8_t)(k < 3 ? 1 + k : 1 + draw(3));
        r = new_key(party, k, role);
        add(&e, &r);
        keys[role]++;
    }
    uint32_t movers = keys[TJ_INITIATE] + keys[TJ_APPROVE];
    r = new_threshold(party, TJ_DOMAIN_MOVE, 1 + (uint32_t)draw(movers));
    add(&e, &r);
    r = (struct tj_record){.kind = TJ_GRANT_CLASSES, .party = party};
    r.classes = tj_type_classes_max(treasury ? TJ_TREASURY : TJ_CUSTODIAN);
    add(&e, &r);
    if (!one_in(5)) {
        r = new_threshold(party, TJ_DOMAIN_ADMINISTER, 1 + (uint32_t)draw(keys[TJ_ADMINISTER]));
        add(&e, &r);
    }
    must_accept(&e);
}

static void open_accounts(uint32_t party)
{
    static const uint8_t treasury[] = {TJ_CLASS_MARKET, TJ_CLASS_RESERVE, TJ_CLASS_RESERVE,
                                       TJ_CLASS_EXTERNAL};
    static const uint8_t custodian[] = {TJ_CLASS_EXTERNAL, TJ_CLASS_CUSTODY, TJ_CLASS_CUSTODY,
                                        TJ_CLASS_SUSPENSE};
    static struct envelope e;
    begin(&e, party, 1);
    for (uint32_t i = 0; i < sizeof treasury; i++) {
        struct tj_record r = {.kind = TJ_OPEN_ACCOUNT, .asset = 1};
        r.account = tj_account_id(party, i);
        r.class = party == 1 || party == 4 ? treasury[i] : custodian[i];
        add(&e, &r);
        world.accounts[world.account_count++] = r.account;
    }
    must_accept(&e);
}

static struct tj_record random_tier(uint32_t rule)
{
    struct tj_record r = {.kind = TJ_SET_TIER, .rule = rule, .asset = 1};
    r.party = 1 + (uint32_t)draw(FIRST_PARTIES - 1);
    r.above = draw(4) * 100 + draw(3);
    r.approvals = (uint8_t)draw(4);
    r.groups = one_in(2) ? (uint16_t)(draw(8) << 1) : 0;
    r.delay_s = one_in(2) ? (uint32_t)(1 + draw(200)) : 0;
    if (r.approvals == 0 && r.groups == 0 && r.delay_s == 0) {
        r.approvals = 1;
    }
    return r;
}

static void begin_world(uint64_t seed)
{
    static struct envelope e;
    world.seed = seed;
    world.random = seed;
    world.pool_used = 0;
    world.count = 0;
    world.account_count = 0;
    memset(&world.directives, 0, sizeof world.directives);
    world.now_ns = UINT64_C(1700000000) * TJ_NS_PER_S;
    world.state = tj_state_create();
    found_world();
    for (uint32_t party = 1; party < FIRST_PARTIES; party++) {
        register_party(party);
        open_accounts(party);
    }
    begin(&e, 0, 0);
    uint32_t tiers = (uint32_t)draw(6);
    for (uint32_t i = 0; i < tiers; i++) {
        struct tj_record r = random_tier(i);
        r.above += 1000 * (uint64_t)i; /* no two of the same amount */
        add(&e, &r);
    }
    if (e.header.record_count > 0) {
        must_accept(&e);
    }
}

/* ---- random movements ---- */

static uint64_t random_account(void)
{
    return world.accounts[draw(world.account_count)];
}

static struct tj_record random_new(uint8_t kind, uint32_t party)
{
    struct tj_record r = {.kind = kind};
    for (int tries = 0; tries < 200; tries++) {
        r.from = random_account();
        r.to = random_account();
        r.purpose = (uint8_t)(1 + draw(TJ_PURPOSE_END - 1));
        const struct tj_account_object *from = tj_state_account(world.state, r.from);
        const struct tj_account_object *to = tj_state_account(world.state, r.to);
        bool poor = !tj_class_is_contra(from->class) && tj_account_balance(from) == 0;
        if (tj_account_party(r.from) == party && r.from != r.to && !poor &&
            tj_purpose_allows(r.purpose, from->class, to->class)) {
            break;
        }
    }
    r.to += r.from == r.to;
    r.amount = one_in(3) ? 1 + draw(1200) : 1 + draw(30);
    if (one_in(60)) {
        r.to = tj_account_id(2, 99); /* an account that is not there */
    }
    if (kind == TJ_MOVE && one_in(4)) {
        r.opening = 1;
        r.value_date = 1;
    }
    return r;
}

/* The number of records tried that a record of this kind may name; 0: none is there. */
static uint64_t find_named(struct tj_named *named, uint8_t kind)
{
    for (int tries = 0; tries < 60; tries++) {
        uint64_t index = draw(world.count);
        uint32_t position = (uint32_t)draw(world.entries[index].e.header.record_count);
        const uint8_t *record = world.entries[index].e.records + (size_t)position * TJ_RECORD_SIZE;
        uint64_t number;
        uint64_t id = tj_record_id(index, position);
        bool corrects = kind == TJ_CORRECT;
        const struct tj_mark_object *mark = tj_state_find_mark(world.state, &number, id);
        bool open = record[0] == TJ_PENDING && mark != NULL &&
                    mark->value == (TJ_MARK_PENDING | TJ_MARK_OPEN);
        if (corrects ? record[0] == TJ_MOVE || record[0] == TJ_POST : open) {
            assert_true(past_record(NULL, named, id));
            return id;
        }
    }
    return 0;
}

/* False: there is nothing to name. */
static bool random_naming(struct tj_record *r, uint8_t kind)
{
    struct tj_named named;
    uint64_t id = find_named(&named, kind);
    if (id == 0) {
        return false;
    }
    bool swaps = kind == TJ_CORRECT;
    *r = (struct tj_record){.kind = kind, .refers_to = id};
    r->purpose = tj_movement_purpose(named.record);
    r->from = swaps ? tj_movement_to(named.record) : tj_movement_from(named.record);
    r->to = swaps ? tj_movement_from(named.record) : tj_movement_to(named.record);
    r->amount = tj_movement_amount(named.record).base;
    r->hash = named.group;
    if (swaps && one_in(2)) {
        r->amount = 1 + draw(r->amount);
    }
    return true;
}

/* Some have details, which no key is asked about. Details of an approve have no form. */
static void add_random(struct envelope *e, const struct tj_record *record)
{
    struct tj_details details = {.present = 1u << TJ_DETAIL_MEMO, .memo = "a memo"};
    uint8_t encoded[TJ_DETAILS_MAX * TJ_RECORD_SIZE];
    add(e, record);
    uint8_t *added = e->records + (size_t)(e->header.record_count - 1) * TJ_RECORD_SIZE;
    if (record->kind == TJ_APPROVAL || !one_in(6)) {
        return;
    }
    assert_int_equal(tj_details_encode(&details, encoded), 1);
    assert_true(e->header.record_count < RECORDS_MAX);
    memcpy(added + TJ_RECORD_SIZE, encoded, TJ_RECORD_SIZE);
    e->header.record_count++;
    if (tj_kind_is_movement(record->kind)) {
        TJ_PUT(added, TJ_MOVE, details, 1);
    }
}

static bool random_movements(struct envelope *e)
{
    static const uint8_t kinds[] = {TJ_MOVE,     TJ_MOVE,     TJ_PENDING, TJ_PENDING,
                                    TJ_PENDING,  TJ_POST,     TJ_POST,    TJ_POST,
                                    TJ_APPROVAL, TJ_APPROVAL, TJ_CORRECT, TJ_VOID};
    uint8_t kind = kinds[draw(sizeof kinds)];
    uint32_t party = 1 + (uint32_t)draw(FIRST_PARTIES - 1);
    uint32_t more = one_in(3) ? 1 + (uint32_t)draw(2) : 0;
    for (uint32_t i = 0; i <= more; i++) {
        struct tj_record r;
        if (kind <= TJ_PENDING) {
            r = random_new(kind, party);
        } else if (!random_naming(&r, kind)) {
            return e->header.record_count > 0;
        }
        if (i == 0) {
            party = tj_account_party(r.from);
            if (kind == TJ_VOID && one_in(4)) {
                party = 0;
            }
            begin(e, party, (uint16_t)(party == 0 || one_in(40) ? 0 : 1 + draw(2)));
            e->header.flags = kind == TJ_APPROVAL ? TJ_FLAG_APPROVAL : 0;
        } else if (tj_account_party(r.from) != party && !one_in(10)) {
            continue;
        }
        add_random(e, &r);
    }
    return true;
}

/* ---- random directives ---- */

static void random_key_record(struct tj_record *r)
{
    const struct tj_party_object *party = tj_state_party(world.state, r->party);
    uint32_t keys = party != NULL ? party->keys : 0;
    if (r->kind == TJ_ADD_KEY) {
        *r = new_key(r->party, keys, (uint8_t)(one_in(2) ? TJ_ADMINISTER : 1 + draw(3)));
        return;
    }
    if (r->kind == TJ_SET_THRESHOLD) {
        uint8_t domain = (uint8_t)(1 + draw(2));
        uint8_t role = domain == TJ_DOMAIN_MOVE ? TJ_INITIATE : TJ_ADMINISTER;
        uint32_t active = party != NULL ? party->keys_active[role] : 0;
        *r = new_threshold(r->party, domain, (uint32_t)draw(active + 2));
        return;
    }
    r->ordinal = keys > 0 ? (uint32_t)draw(keys) : 0;
    const struct tj_key_object *key = tj_state_key(world.state, r->party, r->ordinal);
    *r = key != NULL ? *r : new_key(r->party, r->ordinal, TJ_APPROVE);
    r->kind = TJ_REVOKE_KEY;
    r->group = 0;
    if (key != NULL) {
        r->algorithm = key->algorithm;
        r->role = key->role;
        memcpy(r->key, key->key, sizeof key->key);
    }
}

static void random_log_key_record(struct tj_record *r)
{
    const struct tj_ledger_object *ledger = tj_state_ledger(world.state);
    r->party = 0;
    r->algorithm = TJ_ALGORITHM_ED25519;
    r->number = ledger->log_keys;
    random_bytes(r->key);
    if (r->kind == TJ_RETIRE_LOG_KEY) {
        r->number = (uint32_t)draw(ledger->log_keys);
        const struct tj_log_key_object *key =
            tj_state_peek(world.state, TJ_T_LOG_KEY, 0, r->number);
        memcpy(r->key, key->key, sizeof key->key);
        if (one_in(5)) {
            r->size = 1;
            random_bytes(r->root.bytes);
        }
    }
}

static void random_account_record(struct tj_record *r)
{
    uint32_t party = r->party;
    const struct tj_party_object *object = tj_state_party(world.state, party);
    r->party = 0;
    if (r->kind == TJ_OPEN_ACCOUNT) {
        uint32_t locals = object != NULL ? object->accounts : 0;
        r->account = tj_account_id(party, locals);
        r->class = party == 1 || party == 4 ? TJ_CLASS_RESERVE : TJ_CLASS_CUSTODY;
        r->asset = 1;
        return;
    }
    r->account = random_account();
    if (r->kind == TJ_CLOSE_ACCOUNT && object != NULL && object->accounts > 4) {
        r->account = tj_account_id(party, object->accounts - 1);
    }
    r->directions = r->kind == TJ_CLOSE_ACCOUNT ? 0 : (uint8_t)(1 + draw(3));
}

static void random_rule_record(struct tj_record *r)
{
    uint32_t next = tj_state_ledger(world.state)->rules_set;
    uint32_t day = tj_day_of(world.now_ns);
    uint8_t kind = r->kind;
    switch ((int)kind) {
    case TJ_SET_TIER:
        *r = random_tier(next);
        return;
    case TJ_SET_LIMIT:
        *r = (struct tj_record){.kind = kind, .rule = next, .type = TJ_LIMIT_OUTFLOW, .asset = 1};
        r->window_s = 1600;
        r->holder = random_account();
        r->amount = 100000;
        return;
    case TJ_PROGRAMME:
        *r = (struct tj_record){.kind = kind, .rule = next, .type = TJ_PROGRAMME_CEILING};
        r->mode = TJ_MODE_REPORT;
        r->asset = 1;
        r->purposes = 1u << TJ_PURCHASE;
        r->starts = day;
        r->ends = day + 30;
        r->amount = 1000;
        r->name[0] = 'P';
        return;
    case TJ_END_RULE:
        *r = (struct tj_record){.kind = kind, .rule = (uint32_t)draw(next + 1)};
        return;
    case TJ_STATEMENT:
        *r = (struct tj_record){.kind = kind, .figure = TJ_FIGURE_CLOSING, .asset = 1};
        r->period_from = day - 10;
        r->as_of = day - 1;
        return;
    }
}

static void random_other_record(struct tj_record *r)
{
    const struct tj_ledger_object *ledger = tj_state_ledger(world.state);
    uint32_t party = r->party;
    switch ((int)r->kind) {
    case TJ_REGISTER_PARTY:
        r->party = ledger->parties;
        r->type = (uint8_t)(TJ_TREASURY + draw(4));
        snprintf(r->name, sizeof r->name, "Party %" PRIu32, r->party);
        return;
    case TJ_RENAME_PARTY:
        snprintf(r->name, sizeof r->name, "Name %" PRIu64, draw(1000000));
        return;
    case TJ_GRANT_CLASSES: {
        const struct tj_party_object *object = tj_state_party(world.state, party);
        r->classes = object != NULL ? tj_type_classes_max(object->type) : 0;
        return;
    }
    case TJ_RECOVER_PARTY:
        r->delay_s = TJ_RECOVERY_DELAY_MIN_S;
        return;
    case TJ_OPEN_ASSET:
        *r = (struct tj_record){.kind = TJ_OPEN_ASSET, .asset = ledger->assets + 1};
        r->amount_max = 1000;
        snprintf(r->code, sizeof r->code, "A%" PRIu32, r->asset);
        r->name[0] = 'A';
        return;
    case TJ_ACTIVATE_RULES:
        *r = (struct tj_record){.kind = TJ_ACTIVATE_RULES, .rules = 2};
        return;
    case TJ_ENDORSE:
        *r = (struct tj_record){.kind = TJ_ENDORSE, .entry = draw(world.count)};
        r->leaf = world.entries[r->entry].leaf;
        r->envelope_id = world.entries[r->entry].id;
        return;
    }
}

static struct tj_record random_directive(uint8_t kind)
{
    uint32_t parties = tj_state_ledger(world.state)->parties;
    struct tj_record r = {.kind = kind};
    parties = parties < PARTIES_MAX ? parties : PARTIES_MAX;
    r.party = (uint32_t)draw(one_in(3) ? parties : FIRST_PARTIES);
    for (uint32_t p = 1; kind == TJ_REINSTATE_PARTY && p < parties && !one_in(4); p++) {
        bool suspended = tj_state_party(world.state, p)->status == TJ_PARTY_SUSPENDED;
        r.party = suspended ? p : r.party;
    }
    if ((kind >= TJ_ADD_KEY && kind <= TJ_SET_THRESHOLD)) {
        r.party = one_in(3) ? 0 : r.party;
        random_key_record(&r);
    } else if (kind == TJ_ADD_LOG_KEY || kind == TJ_RETIRE_LOG_KEY) {
        random_log_key_record(&r);
    } else if (kind >= TJ_OPEN_ACCOUNT && kind <= TJ_CLOSE_ACCOUNT) {
        random_account_record(&r);
    } else if (kind >= TJ_END_RULE) {
        random_rule_record(&r);
    } else {
        random_other_record(&r);
    }
    return r;
}

/* Who may submit it, or now and then anybody. */
static void begin_directive(struct envelope *e, const struct tj_record *r)
{
    uint32_t party = 0;
    uint16_t lane = (uint16_t)(one_in(30) ? 1 : 0);
    bool itself = r->kind == TJ_ADD_KEY || r->kind == TJ_REVOKE_KEY ||
                  r->kind == TJ_SET_THRESHOLD || r->kind == TJ_OBJECT_RECOVERY;
    bool own = r->kind == TJ_OPEN_ACCOUNT || r->kind == TJ_CLOSE_ACCOUNT;
    if (own) {
        party = tj_account_party(r->account);
        lane = (uint16_t)draw(3);
    } else if (r->kind == TJ_ENDORSE || one_in(30)) {
        party = (uint32_t)draw(one_in(2) ? tj_state_ledger(world.state)->parties : FIRST_PARTIES);
        lane = (uint16_t)draw(3);
    } else if (itself && one_in(2)) {
        party = r->party;
    }
    begin(e, party, lane);
}

static void random_directives(struct envelope *e)
{
    uint8_t kinds[TJ_KIND_END];
    uint32_t count = 0;
    for (uint8_t kind = TJ_REGISTER_PARTY; kind < TJ_KIND_END; kind++) {
        if (tj_record_layout(kind) != NULL) {
            kinds[count++] = kind;
        }
    }
    uint8_t kind = one_in(20) ? TJ_REINSTATE_PARTY : kinds[draw(count)];
    struct tj_record r = random_directive(kind);
    begin_directive(e, &r);
    add_random(e, &r);
    if (kind >= TJ_ADD_KEY && kind <= TJ_SET_THRESHOLD && one_in(2)) {
        uint32_t party = r.party;
        uint32_t ordinal = r.ordinal + 1;
        struct tj_record next = {.kind = (uint8_t)(TJ_ADD_KEY + draw(3)), .party = party};
        random_key_record(&next);
        if (r.kind == TJ_ADD_KEY && next.kind == TJ_ADD_KEY) {
            next.ordinal = ordinal;
        }
        add_random(e, &next);
    }
}

/* ---- random signatures ---- */

/* Some of a party's keys, whatever they are. */
static void add_some_keys(struct envelope *e, uint8_t use, uint32_t party, uint64_t in_three)
{
    for (uint32_t k = 0; k < KEYS_LOOKED_AT; k++) {
        const struct tj_key_object *key = tj_state_key(world.state, party, k);
        const struct wanted any = {.use = use, .party = party};
        if (key != NULL && draw(3) < in_three && (fits(e, &any, key) || one_in(12))) {
            add_slot(e, use, party, key->key, key->algorithm);
        }
    }
}

/* A slot that has a form, and most likely does not count. */
static void add_stray(struct envelope *e)
{
    const struct tj_public_key *key = &world.pool[draw(POOL)];
    uint8_t use = (uint8_t)(TJ_USE_SIGN + draw(3));
    uint32_t other = (e->header.party + 1 + (uint32_t)draw(FIRST_PARTIES - 1)) % FIRST_PARTIES;
    uint32_t party = use == TJ_USE_SIGN ? e->header.party : other;
    if (party == e->header.party && use == TJ_USE_COUNTERSIGN) {
        return;
    }
    if (one_in(5)) { /* the right x-coordinate in another encoding */
        uint8_t x32[32];
        tj_public_key_x(key, x32);
        add_slot(e, use, party, x32, TJ_ALGORITHM_BIP340);
        return;
    }
    add_slot(e, use, party, key->bytes, key->algorithm);
}

static void random_slots(struct envelope *e)
{
    add_some_keys(e, TJ_USE_SIGN, e->header.party, draw(4));
    for (uint32_t party = 0; party < FIRST_PARTIES; party++) {
        if (party != e->header.party && one_in(4)) {
            add_some_keys(e, TJ_USE_COUNTERSIGN, party, 1 + draw(3));
        }
    }
    if (one_in(2)) {
        add_possession(e);
    }
    if (one_in(6)) {
        add_stray(e);
    }
    if (e->slots.count > 0 && one_in(40)) {
        e->signatures_valid = false;
        e->invalid_slot = (uint32_t)draw(e->slots.count);
    }
}

/* ---- the test ---- */

/* No record opens an opening again. Here it is done by hand, or the first movements of each party
 * would be the only openings that anybody has to countersign. */
static void open_openings(void)
{
    for (uint32_t party = 0; party < FIRST_PARTIES; party++) {
        const struct tj_party_object *object = tj_state_party(world.state, party);
        if (object != NULL && one_in(4)) {
            ((struct tj_party_object *)(uintptr_t)object)->opening_closed = 0;
        }
    }
}

static void pass_time(void)
{
    static const uint64_t steps_s[] = {0, 1, 1, 5, 60, 200, 3600, 8 * 86400};
    uint64_t longest = one_in(4) ? 8 : 6;
    world.now_ns += 1 + steps_s[draw(longest)] * TJ_NS_PER_S;
}

static bool well_formed(const struct envelope *e)
{
    struct tj_verdict verdict;
    tj_verdict_init(&verdict);
    return tj_records_check(&e->header, e->records, &verdict) == TIJORI_OK;
}

static void one_envelope(void)
{
    static struct envelope e;
    pass_time();
    open_openings();
    e.header.record_count = 0;
    if (one_in(2)) {
        random_directives(&e);
    } else if (!random_movements(&e)) {
        return;
    }
    if (!well_formed(&e)) {
        counts.malformed++;
        return;
    }
    counts.envelopes++;
    count_kinds(&e, counts.of_kind);
    if (!one_in(4)) {
        random_slots(&e);
    }
    if (judge(&e, true) == TIJORI_OK) {
        return;
    }
    if (complete(&e)) {
        counts.completed++;
        judge(&e, true);
    } else {
        counts.not_completable++;
        struct tj_readiness r = ask(&e);
        assert_false(r.ready);
        judge(&e, true);
    }
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 0) : otherwise;
}

static void make_pool(void)
{
    for (uint32_t i = 0; i < POOL; i++) {
        uint8_t secret32[32] = {0x52};
        tj_store32(secret32 + 8, i);
        secret32[31] = 1;
        uint8_t algorithm = i % 2 == 0 ? TJ_ALGORITHM_ECDSA : TJ_ALGORITHM_BIP340;
        assert_true(tj_public_key_of(&world.pool[i], algorithm, secret32));
    }
}

static void print_counts(void)
{
    print_message("%" PRIu64 " envelopes (%" PRIu64 " more had no form), %" PRIu64
                  " completed, %" PRIu64 " could not be\n",
                  counts.envelopes, counts.malformed, counts.completed, counts.not_completable);
    for (uint8_t kind = 1; kind < TJ_KIND_END; kind++) {
        if (tj_record_layout(kind) != NULL) {
            print_message("  %-16s %6" PRIu64 " envelopes; ready %6" PRIu64 ", not %6" PRIu64
                          ", accepted %6" PRIu64 "\n",
                          tj_record_layout(kind)->name, counts.of_kind[kind], counts.ready[kind],
                          counts.unready[kind], counts.accepted[kind]);
        }
    }
    for (int status = 0; status < TIJORI_STATUS_COUNT; status++) {
        if (counts.by_status[status] > 0) {
            print_message("%s %" PRIu64 ", ", tijori_status_name((enum tijori_status)status),
                          counts.by_status[status]);
        }
    }
    print_message("\n");
}

/* Tame histories show nothing. */
static void all_kinds_seen(void)
{
    for (uint8_t kind = 1; kind < TJ_KIND_END; kind++) {
        if (tj_record_layout(kind) == NULL) {
            continue;
        }
        if (counts.of_kind[kind] < KIND_LEAST || counts.ready[kind] < SIDE_LEAST ||
            counts.unready[kind] < SIDE_LEAST) {
            fail_msg("%s: %" PRIu64 " envelopes, ready %" PRIu64 " times, not %" PRIu64 " times",
                     tj_record_layout(kind)->name, counts.of_kind[kind], counts.ready[kind],
                     counts.unready[kind]);
        }
    }
}

static void all_rules_seen(void)
{
    static const enum tijori_status statuses[] = {
        TIJORI_OK,
        TIJORI_SIGNATURE,
        TIJORI_PARTY_SUSPENDED,
        TIJORI_PARTY_CLOSED,
        TIJORI_KEY_UNKNOWN,
        TIJORI_KEY_PARTY,
        TIJORI_KEY_REVOKED,
        TIJORI_KEY_ROLE,
        TIJORI_POSSESSION,
        TIJORI_THRESHOLD,
        TIJORI_COUNTERSIGN_MISSING,
        TIJORI_COUNTERSIGN_THRESHOLD,
        TIJORI_NOT_OPENED,
        TIJORI_APPROVALS,
        TIJORI_DELAY,
        TIJORI_APPROVED,
        TIJORI_NEW_QUORUM,
    };
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        if (counts.by_status[statuses[i]] < SIDE_LEAST) {
            fail_msg("%s: %" PRIu64 " times only", tijori_status_name(statuses[i]),
                     counts.by_status[statuses[i]]);
        }
    }
    assert_true(counts.openings >= SIDE_LEAST);
}

static void ready_is_accepted_on_keys(void **state)
{
    (void)state;
    uint64_t seed = number_from("TIJORI_SEED", 1);
    uint64_t envelopes = number_from("TIJORI_READINESS_ENVELOPES", ENVELOPES);
    print_message("from seed %" PRIu64 " on\n", seed);
    assert_true(tj_digester_init(&world.digester));
    make_pool();
    for (; counts.envelopes < envelopes; seed++) {
        begin_world(seed);
        for (int i = 0; i < WORLD_ENVELOPES; i++) {
            one_envelope();
        }
        tj_state_destroy(world.state);
    }
    tj_digester_clear(&world.digester);
    print_counts();
    assert_true(counts.malformed < counts.envelopes / 10);
    if (envelopes >= ENVELOPES) { /* a replay of one world need not have everything */
        all_kinds_seen();
        all_rules_seen();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ready_is_accepted_on_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
