/* The rules, by their effects. The bytes are read as operations: envelopes made of records that are
 * mostly right and sometimes not, signed by registered keys (their signatures count as checked),
 * commits that store some blocks of the state, and commits that fail. Held against the rules:
 *
 *     I2  per asset, balances sum to zero, and so do what is pending in and out
 *     I3  no account but a contra account holds less than it has pending outwards
 *     I6  a lane's sequence rises by one
 *     I7  what is accepted was signed by the threshold of distinct, active keys in the right roles
 *     -   what a party holds, and the reserve, are the sums of their accounts
 *     -   a refusal, and a commit that fails, leave the state as it was, bit for bit
 *     I4  what the log gives is the state: by redo of all entries, and by redo of the newest over
 *         blocks of different ages
 *     -   a damaged entry is refused or has some effect; the redo survives it
 *
 * An input that ends reads on as zeros, and zeros choose what is right. */

#include "core/rules/account_walk.h"
#include "core/rules/apply.h"
#include "crypto/tree.h"
#include "tests/unit/ledger_support.h"

#include <unistd.h>

#define NS_PER_S UINT64_C(1000000000)

enum {
    ENTRIES_MAX = 96,
    OPERATIONS_MAX = 256,
    ENVELOPE_RECORDS_MAX = 16, /* the fixture's largest has 14 */
    BODY_MAX = ENVELOPE_RECORDS_MAX * (TJ_RECORD_SIZE + TJ_LINK_SIZE) + TJ_TAIL_SIZE,
    KEY_PARTIES = 8,
    KEY_ORDINALS = 8,
    ASSETS_LOOKED_AT = ENTRIES_MAX * ENVELOPE_RECORDS_MAX,
};

struct stored {
    uint8_t entry[TJ_ENTRY_SIZE_MAX];
    size_t entry_size;
    uint8_t body[BODY_MAX];
    size_t body_size;
    struct tj_entry_view view;
    struct tj_body_view parts;
    struct tj_hash leaf;
    struct tj_hash envelope_id;
};

/* The fixture's world, made once, and what an input adds to it. */
static struct {
    struct tj_digester digester;
    struct tj_hash ledger_id;
    struct tj_public_key keys[KEY_PARTIES][KEY_ORDINALS];
    struct stored entries[ENTRIES_MAX];
    uint32_t first_count; /* entries of the fixture */
    uint32_t count;
} world;

struct run {
    struct tj_bytes in;
    struct tj_state *state;
    struct tj_state *disk; /* blocks as they were stored, with their ages */
    uint32_t durable;      /* entries that a commit covers */
    uint64_t now_ns;
    struct tj_header header; /* of the envelope that is being made */
    struct tj_slots slots;
    uint8_t records[ENVELOPE_RECORDS_MAX * TJ_RECORD_SIZE];
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t next(struct run *r)
{
    const uint8_t *byte = tj_take(&r->in, 1);
    return byte != NULL ? *byte : 0;
}

/* ---- the past, as core/log/journal.c has it ---- */

static const struct tj_past past;

static bool past_record(void *context, struct tj_named *out, uint64_t id)
{
    uint64_t entry = tj_record_entry(id);
    uint32_t position = tj_record_position(id);
    (void)context;
    if (entry >= world.count || position >= world.entries[entry].view.header.record_count) {
        return false;
    }
    const struct stored *stored = &world.entries[entry];
    memset(out, 0, sizeof *out);
    const uint8_t *record = stored->parts.records + (size_t)position * TJ_RECORD_SIZE;
    memcpy(out->record, record, TJ_RECORD_SIZE);
    tj_group_hash(
        world.digester.hasher, &out->group, record,
        tj_details_after(stored->parts.records, stored->view.header.record_count, position));
    tj_named_complete(&past, out, &stored->view);
    return true;
}

static bool past_leaf(void *context, struct tj_hash *leaf, uint64_t index)
{
    (void)context;
    if (index < world.count) {
        *leaf = world.entries[index].leaf;
    }
    return index < world.count;
}

static bool past_envelope_id(void *context, struct tj_hash *id, uint64_t index)
{
    (void)context;
    if (index < world.count) {
        *id = world.entries[index].envelope_id;
    }
    return index < world.count;
}

static bool past_lane_jump(void *context, uint64_t *jump, uint64_t index)
{
    (void)context;
    if (index < world.count) {
        *jump = world.entries[index].parts.tail.lane_jump;
    }
    return index < world.count;
}

static bool past_root(void *context, struct tj_hash *root, uint64_t size)
{
    struct tj_frontier frontier;
    (void)context;
    tj_frontier_init(&frontier);
    for (uint64_t i = 0; i < size && size <= world.count; i++) {
        tj_frontier_append(world.digester.hasher, &frontier, &world.entries[i].leaf);
    }
    tj_frontier_root(world.digester.hasher, root, &frontier);
    return size <= world.count;
}

static const struct tj_past past = {NULL,           past_record, past_leaf, past_envelope_id,
                                    past_lane_jump, past_root};

/* ---- the world ---- */

/* Reads what stands in entry and body of a place of the log; false when it has no form. */
static bool read_stored(struct stored *stored)
{
    struct tj_verdict verdict;
    tj_verdict_init(&verdict);
    if (tj_entry_decode(&stored->view, stored->entry, stored->entry_size, &verdict) != TIJORI_OK ||
        !tj_body_decode(&stored->parts, stored->body, stored->body_size,
                        stored->view.header.record_count)) {
        return false;
    }
    tj_leaf_hash(world.digester.hasher, &stored->leaf, stored->entry, stored->entry_size);
    tj_envelope_id(&world.digester, &stored->envelope_id, stored->view.header_bytes);
    return true;
}

static void make_world(void)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct tijori_head head;
    TIJORI_REQUIRE(f != NULL);
    f->threads = 1;
    f->map_size = UINT64_C(16) << 20;
    fixture_parties(f);
    tijori_head(f->ledger, &head);
    TIJORI_REQUIRE(head.size < ENTRIES_MAX / 2);
    TIJORI_REQUIRE(tj_digester_init(&world.digester));
    for (world.count = 0; world.count < head.size; world.count++) {
        struct stored *stored = &world.entries[world.count];
        struct tijori_entry entry = {stored->entry, sizeof stored->entry, stored->body,
                                     sizeof stored->body};
        TIJORI_REQUIRE(tijori_entry(f->ledger, &entry, world.count) == TIJORI_OK);
        stored->entry_size = entry.entry_size;
        stored->body_size = entry.body_size;
        TIJORI_REQUIRE(read_stored(stored));
    }
    world.first_count = world.count;
    world.ledger_id = world.entries[0].leaf;
    for (uint32_t p = 0; p < KEY_PARTIES; p++) {
        for (uint32_t k = 0; k < KEY_ORDINALS; k++) {
            fixture_public(&world.keys[p][k], p, k);
        }
    }
    fixture_destroy(f);
    free(f);
}

static void redo(struct tj_state *state, uint64_t from, uint64_t size)
{
    state->redo = true;
    for (uint64_t i = from; i < size; i++) {
        const struct stored *stored = &world.entries[i];
        TIJORI_REQUIRE(
            tj_reapply(state, &past, &stored->view, &stored->envelope_id, &stored->parts, NULL));
    }
    state->redo = false;
}

static struct tj_state *state_at(uint64_t size)
{
    struct tj_state *state = tj_state_create();
    state->ledger_id = world.ledger_id;
    redo(state, 0, size);
    return state;
}

static struct tj_hash digest_of(const struct tj_state *state)
{
    struct tj_hash digest;
    tj_state_digest(state, world.digester.hasher, &digest);
    return digest;
}

/* Block by block, which is much quicker than two digests. A block that is not there is zero. */
static bool same_block(void *context, const struct tj_block *block)
{
    static const uint8_t zero[TJ_BLOCK_BYTES_MAX];
    const struct tj_state *other = context;
    uint64_t first = (uint64_t)block->number << tj_table_shapes[block->table].shift;
    const void *content = tj_state_peek(other, block->table, block->party, first);
    return memcmp(block->content, content != NULL ? content : zero, tj_block_bytes(block->table)) ==
           0;
}

static void must_equal(struct tj_state *a, struct tj_state *b)
{
    TIJORI_REQUIRE(tj_state_visit(a, same_block, b));
    TIJORI_REQUIRE(tj_state_visit(b, same_block, a));
}

/* ---- making movements ---- */

/* How many records of the envelope so far have this kind and, where it has one, this u32 at 4. */
static uint32_t earlier(const struct run *r, uint8_t kind, uint32_t party)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->header.record_count; i++) {
        const uint8_t *record = r->records + (size_t)i * TJ_RECORD_SIZE;
        bool numbered = kind == TJ_OPEN_ACCOUNT || kind == TJ_ADD_KEY;
        uint32_t named = kind == TJ_OPEN_ACCOUNT ? tj_load32(record + 8) : tj_load32(record + 4);
        count += record[0] == kind && (!numbered || named == party);
    }
    return count;
}

/* In a restricted envelope half of the accounts are restricted ones. */
static uint64_t account_of(const struct run *r, uint32_t party, uint32_t local)
{
    if (tj_header_restricted(&r->header) && (local & 8u) != 0) {
        return tj_account_id(party, TJ_LOCAL_RESTRICTED + (local & 7u));
    }
    return tj_account_id(party, local);
}

static uint64_t choose_from(struct run *r)
{
    uint8_t choice = next(r);
    uint32_t party = (choice & 0x80) != 0 ? (choice >> 4) & 7u : r->header.party;
    return account_of(r, party, choice & 15u);
}

static uint64_t choose_to(struct run *r)
{
    uint8_t choice = next(r);
    uint32_t party = (choice & 0x80) != 0 ? (choice >> 4) & 7u : r->header.party;
    return account_of(r, party, (choice & 15u) ^ 2u); /* 0: from the market's account */
}

static uint64_t choose_amount(struct run *r, uint64_t from)
{
    uint8_t choice = next(r);
    const struct tj_account_object *account = tj_state_account(r->state, from);
    uint64_t amount = 0;
    switch (choice >> 6) {
    case 0:
        return choice + 1u;
    case 1:
        return (choice & 63u) * UINT64_C(10000000);
    case 2: /* all there is, and one more */
        amount = account == NULL
                     ? 0
                     : (uint64_t)(tj_account_balance(account) - (tj_i128)account->pending_out);
        return amount + (choice & 1u);
    case 3: /* the most there may be, and one more; or anything */
        for (int i = 0; choice == 255 && i < 8; i++) {
            amount = amount << 8 | next(r);
        }
        return choice == 255 ? amount : TJ_BTC_AMOUNT_MAX + (choice & 1u);
    }
    abort();
}

static uint8_t choose_purpose(struct run *r, uint64_t from, uint64_t to)
{
    uint8_t choice = next(r);
    const struct tj_account_object *a = tj_state_account(r->state, from);
    const struct tj_account_object *b = tj_state_account(r->state, to);
    for (uint8_t p = 1; choice == 0 && a != NULL && b != NULL && p < TJ_PURPOSE_END; p++) {
        if (tj_purpose_allows(p, a->class, b->class)) {
            return p;
        }
    }
    return choice % TJ_PURPOSE_END;
}

static struct tj_record make_new(struct run *r, uint8_t kind)
{
    struct tj_record m = {.kind = kind};
    m.from = choose_from(r);
    m.to = choose_to(r);
    /* What is there to be moved comes from the contra accounts: most inputs start with that. */
    if (m.to == (m.from ^ 2u)) {
        uint64_t swapped = m.from;
        m.from = m.to;
        m.to = swapped;
    }
    m.purpose = choose_purpose(r, m.from, m.to);
    m.amount = choose_amount(r, m.from);
    uint8_t extra = next(r);
    memset(m.hash.bytes, extra & 3, TJ_HASH_SIZE);
    if (kind == TJ_PENDING && (extra & 4) != 0) {
        m.timeout_s = (uint32_t)(r->now_ns / NS_PER_S) + (extra >> 3) - 8u;
    }
    return m;
}

/* The nth newest record of a kind that `kind` may name; 0 when there is none. */
static uint64_t find_named(uint8_t kind, uint32_t nth)
{
    for (uint32_t e = world.count; e-- > world.first_count;) {
        for (uint32_t i = 0; i < world.entries[e].view.header.record_count; i++) {
            uint8_t named = world.entries[e].parts.records[(size_t)i * TJ_RECORD_SIZE];
            bool fits =
                kind == TJ_CORRECT ? named == TJ_MOVE || named == TJ_POST : named == TJ_PENDING;
            if (fits && nth-- == 0) {
                return tj_record_id(e, i);
            }
        }
    }
    return 0;
}

static struct tj_record make_naming(struct run *r, uint8_t kind)
{
    struct tj_record m = {.kind = kind, .purpose = TJ_FEE, .from = 1, .amount = 1};
    struct tj_named named;
    uint8_t choice = next(r);
    m.refers_to = (choice & 0x80) != 0 ? tj_record_id((choice >> 2) & 31u, choice & 3u)
                                       : find_named(kind, choice);
    m.refers_to = m.refers_to != 0 ? m.refers_to : 1;
    if (past_record(NULL, &named, m.refers_to) && tj_kind_is_movement(named.record[0])) {
        bool swap = kind == TJ_CORRECT;
        m.purpose = tj_movement_purpose(named.record);
        m.from = swap ? tj_movement_to(named.record) : tj_movement_from(named.record);
        m.to = swap ? tj_movement_from(named.record) : tj_movement_to(named.record);
        m.amount = tj_movement_amount(named.record).base;
        m.hash = named.group;
    }
    uint8_t change = next(r);
    m.amount =
        kind == TJ_CORRECT && change < 128 && m.amount > change ? m.amount - change : m.amount;
    m.amount += change == 128;
    m.hash.bytes[0] ^= change == 129;
    m.from += change == 130;
    m.purpose = change == 131 ? TJ_SALE : m.purpose;
    return m;
}

static struct tj_record make_movement(struct run *r)
{
    static const uint8_t kinds[8] = {TJ_MOVE,    TJ_PENDING, TJ_POST, TJ_VOID,
                                     TJ_CORRECT, TJ_MOVE,    TJ_MOVE, TJ_PENDING};
    uint8_t choice = next(r);
    uint8_t kind = (choice & 8) != 0 ? TJ_APPROVAL : kinds[choice & 7];
    return kind <= TJ_PENDING ? make_new(r, kind) : make_naming(r, kind);
}

/* ---- making directives ---- */

static void name_party(struct run *r, struct tj_record *d)
{
    const struct tj_party_object *party = tj_state_party(r->state, d->party);
    uint8_t choice = next(r);
    switch ((int)d->kind) {
    case TJ_REGISTER_PARTY:
        d->party = tj_state_ledger(r->state)->parties + earlier(r, TJ_REGISTER_PARTY, 0);
        d->type = (uint8_t)(TJ_TREASURY + choice % 5); /* 5: one too many */
        snprintf(d->name, sizeof d->name, "party %u", d->party - (choice >> 6));
        return;
    case TJ_ADD_KEY: {
        const struct tj_public_key *key =
            &world.keys[choice % KEY_PARTIES][choice / KEY_PARTIES % KEY_ORDINALS];
        d->ordinal = (party != NULL ? party->keys : 0) + earlier(r, TJ_ADD_KEY, d->party);
        uint8_t role = next(r);
        d->role = (uint8_t)(TJ_INITIATE + role % 3);
        d->group = role / 3u % 4u;
        d->algorithm = key->algorithm;
        memcpy(d->key, key->bytes, key->size);
        d->key[5] ^= choice >> 6 == 3; /* likely not on the curve */
        return;
    }
    case TJ_REVOKE_KEY: {
        const struct tj_key_object *key = tj_state_key(r->state, d->party, choice & 15u);
        d->ordinal = choice & 15u;
        d->algorithm = key != NULL ? key->algorithm : TJ_ALGORITHM_BIP340;
        d->role = key != NULL ? key->role : TJ_APPROVE;
        memset(d->key, 1, 32);
        if (key != NULL) {
            memcpy(d->key, key->key, sizeof d->key);
        }
        return;
    }
    case TJ_SET_THRESHOLD:
        d->domain = (uint8_t)(TJ_DOMAIN_MOVE + choice % 2);
        d->threshold = (uint8_t)(choice / 2 % 5);
        return;
    case TJ_GRANT_CLASSES:
        d->classes = (uint16_t)(choice << 2 & 0x3fe);
        if (choice == 0 && party != NULL) {
            d->classes = tj_type_classes_max(party->type);
        }
        return;
    }
}

static void name_account(struct run *r, struct tj_record *d)
{
    const struct tj_party_object *own = tj_state_party(r->state, r->header.party);
    uint8_t choice = next(r);
    d->account = account_of(r, choice & 7u, choice >> 3);
    if (choice >= 0xC0) { /* the authority names restricted ones in public */
        d->account |= TJ_LOCAL_RESTRICTED;
    }
    d->directions = (uint8_t)(TJ_FREEZE_IN + next(r) % 3);
    if (d->kind == TJ_OPEN_ACCOUNT) {
        uint32_t local = own != NULL ? own->accounts : 0;
        local += earlier(r, TJ_OPEN_ACCOUNT, r->header.party);
        d->directions = 0;
        if (tj_header_restricted(&r->header)) {
            local = TJ_LOCAL_RESTRICTED + (own != NULL ? own->accounts_restricted : 0) +
                    earlier(r, TJ_OPEN_ACCOUNT, r->header.party);
        }
        d->account = tj_account_id(r->header.party, local);
        d->class = (uint8_t)(TJ_CLASS_RESERVE + choice % 9);
        d->asset = 1u + choice / 9u % 4u;
    } else if (d->kind == TJ_CLOSE_ACCOUNT) {
        d->directions = 0;
    }
}

static void name_log_key(struct run *r, struct tj_record *d)
{
    uint8_t choice = next(r);
    d->algorithm = TJ_ALGORITHM_ED25519;
    d->number = choice & 15u;
    memset(d->key, choice | 1, 32);
    if (d->kind == TJ_ADD_LOG_KEY) {
        d->number = tj_state_ledger(r->state)->log_keys + earlier(r, TJ_ADD_LOG_KEY, 0);
        return;
    }
    const struct tj_log_key_object *key = tj_state_peek(r->state, TJ_T_LOG_KEY, 0, d->number);
    if (key != NULL && key->present) {
        memcpy(d->key, key->key, sizeof key->key);
    }
    if ((choice & 0x40) != 0) { /* compromised; now and then what is named is not there */
        d->size = (choice & 0x10) != 0 ? 1 : world.count + (choice >> 5 & 1u);
        memset(d->root.bytes, 7, TJ_HASH_SIZE);
        if ((choice & 0x80) == 0) {
            past_root(NULL, &d->root, d->size);
        }
    }
}

static void name_rest(struct run *r, struct tj_record *d)
{
    uint8_t choice = next(r);
    switch ((int)d->kind) {
    case TJ_OPEN_ASSET:
        d->asset = tj_state_ledger(r->state)->assets + 1 + earlier(r, TJ_OPEN_ASSET, 0);
        d->decimals = choice % (TJ_DECIMALS_MAX + 1);
        d->amount_max = choice == 255 ? TJ_AMOUNT_MAX : choice * UINT64_C(1000) + 1;
        snprintf(d->code, sizeof d->code, "%s", choice == 254 ? "BTC" : "A");
        d->code[1] = choice == 254 ? d->code[1] : (char)('A' + choice % 26);
        snprintf(d->name, sizeof d->name, "asset %u", choice);
        return;
    case TJ_ACTIVATE_RULES:
        d->rules = choice;
        return;
    case TJ_ENDORSE:
        d->entry = choice % (world.count + 2);
        memset(d->leaf.bytes, 7, TJ_HASH_SIZE);
        memset(d->envelope_id.bytes, 7, TJ_HASH_SIZE);
        if (past_leaf(NULL, &d->leaf, d->entry) && choice < 200) {
            past_envelope_id(NULL, &d->envelope_id, d->entry);
        }
        return;
    }
}

/* ---- governance ---- */

static uint64_t choose_holder(struct run *r)
{
    uint8_t choice = next(r);
    return tj_account_id(choice & 7u, (choice & 0x80) != 0 ? TJ_LOCAL_ALL : choice >> 3 & 15u);
}

static void make_tier(struct run *r, struct tj_record *d)
{
    uint8_t choice = next(r);
    d->above = (uint64_t)choice << (choice & 31);
    choice = next(r);
    d->approvals = choice & 3;
    d->groups = (uint16_t)(choice >> 2 & 6u);
    d->delay_s = (choice >> 5) * 30u;
}

static void make_limit(struct run *r, struct tj_record *d)
{
    static const uint32_t windows_s[4] = {16, 160, 1600, TJ_RULE_TIME_MAX_S};
    uint8_t choice = next(r);
    d->party = 0;
    d->type = (uint8_t)(TJ_LIMIT_OUTFLOW + choice % 5);
    d->holder = choose_holder(r);
    bool sums = d->type <= TJ_LIMIT_BALANCE;
    if (d->type == TJ_LIMIT_FREEZE) {
        d->holder |= TJ_LOCAL_ALL;
    }
    if (sums) {
        uint8_t amount = next(r);
        d->asset = 1;
        d->amount = (uint64_t)amount << (amount & 31);
        d->window_s = d->type == TJ_LIMIT_OUTFLOW ? windows_s[choice >> 6] : 0;
        return;
    }
    d->directions = (uint8_t)(TJ_FREEZE_IN + (choice >> 6) % 3);
    if (d->type == TJ_LIMIT_COUNTERPARTY) {
        d->counterparty = choose_holder(r);
    } else if (d->type == TJ_LIMIT_PURPOSES) {
        d->purposes = (uint16_t)(1u << (1 + next(r) % 12) | 1u << (1 + next(r) % 12));
    }
}

static void make_programme(struct run *r, struct tj_record *d)
{
    uint8_t choice = next(r);
    uint8_t amount = next(r);
    d->party = 0;
    d->type = (uint8_t)(TJ_PROGRAMME_CEILING + choice % 4);
    d->mode =
        d->type == TJ_PROGRAMME_ALLOCATION || (choice & 4) != 0 ? TJ_MODE_REPORT : TJ_MODE_ENFORCE;
    d->asset = 1;
    d->starts = tj_day_of(r->now_ns) + (choice >> 3 & 1u);
    d->ends = d->starts + (choice >> 4 & 15u);
    d->power_mw = d->type == TJ_PROGRAMME_ALLOCATION;
    d->amount = d->power_mw != 0 ? 0 : ((uint64_t)amount << (amount & 31)) + 1;
    d->amount_day = d->type == TJ_PROGRAMME_MANDATE ? d->amount / 2 : 0;
    d->name[0] = 'P';
    if (d->type != TJ_PROGRAMME_MINIMUM) {
        uint8_t mask = next(r);
        d->purposes = (uint16_t)((mask << 1 | (mask == 0) << TJ_PURCHASE) & 0x1be);
        d->purposes |= d->purposes == 0 ? 1u << TJ_SALE : 0;
    }
}

static void make_statement(struct run *r, struct tj_record *d)
{
    uint8_t choice = next(r);
    d->figure = (uint8_t)(TJ_FIGURE_OPENING + choice % 10);
    bool flow = d->figure == TJ_FIGURE_INFLOW || d->figure == TJ_FIGURE_OUTFLOW;
    bool rule = d->figure >= TJ_FIGURE_COUNTED && d->figure <= TJ_FIGURE_BREACHES;
    bool party = d->figure == TJ_FIGURE_CUSTOMERS || d->figure == TJ_FIGURE_ATTESTED;
    d->party = party ? d->party : 0;
    d->purpose = flow ? TJ_PURCHASE : 0;
    d->rule = rule ? choice / 10u % 8u : 0;
    d->asset = 1;
    d->period_from = 1;
    d->as_of = tj_day_of(r->now_ns) - (choice < 250);
}

static struct tj_record make_governance(struct run *r, uint8_t choice)
{
    static const uint8_t kinds[16] = {
        TJ_SET_TIER,     TJ_SET_LIMIT,   TJ_PROGRAMME,     TJ_END_RULE,
        TJ_RENAME_PARTY, TJ_CLOSE_PARTY, TJ_RECOVER_PARTY, TJ_OBJECT_RECOVERY,
        TJ_STATEMENT,    TJ_SET_LIMIT,   TJ_PROGRAMME,     TJ_SET_LIMIT,
        TJ_SET_LIMIT,    TJ_SET_TIER,    TJ_END_RULE,      TJ_PROGRAMME,
    };
    struct tj_record d = {.kind = kinds[choice & 15], .party = choice >> 4 & 7u};
    d.rule = tj_state_ledger(r->state)->rules_set + earlier(r, TJ_SET_TIER, 0) +
             earlier(r, TJ_SET_LIMIT, 0) + earlier(r, TJ_PROGRAMME, 0);
    switch ((int)d.kind) {
    case TJ_SET_TIER:
        d.asset = 1;
        make_tier(r, &d);
        return d;
    case TJ_SET_LIMIT:
        make_limit(r, &d);
        return d;
    case TJ_PROGRAMME:
        make_programme(r, &d);
        return d;
    case TJ_STATEMENT:
        make_statement(r, &d);
        return d;
    case TJ_END_RULE:
        d.party = 0;
        d.rule = next(r) % 16;
        return d;
    case TJ_RENAME_PARTY:
        snprintf(d.name, sizeof d.name, "name %u", next(r) % 8u);
        break;
    case TJ_RECOVER_PARTY:
        d.delay_s = TJ_RECOVERY_DELAY_MIN_S;
        break;
    }
    d.rule = 0;
    return d;
}

static struct tj_record make_directive(struct run *r)
{
    static const uint8_t kinds[16] = {
        TJ_OPEN_ACCOUNT,   TJ_REGISTER_PARTY, TJ_ADD_KEY,          TJ_REVOKE_KEY,
        TJ_SET_THRESHOLD,  TJ_SUSPEND_PARTY,  TJ_REINSTATE_PARTY,  TJ_GRANT_CLASSES,
        TJ_OPEN_ASSET,     TJ_FREEZE_ACCOUNT, TJ_UNFREEZE_ACCOUNT, TJ_CLOSE_ACCOUNT,
        TJ_ACTIVATE_RULES, TJ_ADD_LOG_KEY,    TJ_RETIRE_LOG_KEY,   TJ_ENDORSE,
    };
    uint8_t choice = next(r);
    if ((choice & 0x80) != 0) {
        return make_governance(r, choice);
    }
    struct tj_record d = {.kind = kinds[choice & 15]};
    if (d.kind <= TJ_GRANT_CLASSES) {
        d.party = choice >> 4 & 7u;
        name_party(r, &d);
    } else if (d.kind >= TJ_OPEN_ACCOUNT && d.kind <= TJ_CLOSE_ACCOUNT) {
        name_account(r, &d);
    } else if (d.kind == TJ_ADD_LOG_KEY || d.kind == TJ_RETIRE_LOG_KEY) {
        name_log_key(r, &d);
    } else {
        name_rest(r, &d);
    }
    return d;
}

/* ---- signing ---- */

static void sign_as(struct run *r, uint8_t use, uint32_t party, const uint8_t *key,
                    uint8_t algorithm)
{
    struct tj_slot slot = {.party = party, .use = use};
    slot.key.algorithm = algorithm;
    slot.key.size = (uint8_t)tj_public_key_size(algorithm);
    memcpy(slot.key.bytes, key, slot.key.size);
    (void)!tj_slots_insert(&r->slots, &slot);
}

static bool role_counts(const struct run *r, uint8_t use, uint8_t role)
{
    bool approves = use == TJ_USE_SIGN && r->header.lane != 0 && tj_header_approval(&r->header);
    return approves ? role == TJ_APPROVE
                    : (use == TJ_USE_SIGN && r->header.lane == 0) == (role == TJ_ADMINISTER);
}

/* By every key of the party that counts, but for those in `without`. */
static void sign_by_all(struct run *r, uint8_t use, uint32_t party, uint8_t without)
{
    const struct tj_party_object *object = tj_state_party(r->state, party);
    for (uint32_t k = 0; object != NULL && k < object->keys; k++) {
        const struct tj_key_object *key = tj_state_key(r->state, party, k);
        bool counts = key->status == TJ_KEY_ACTIVE && role_counts(r, use, key->role);
        if (k < 4 && (without >> k & 1) != 0) {
            counts = (without & 0x10) != 0 && !counts; /* one that does not count, instead */
        }
        if (counts) {
            sign_as(r, use, party, key->key, key->algorithm);
        }
    }
}

static void sign(struct run *r)
{
    uint8_t own = next(r);
    uint8_t others = next(r);
    sign_by_all(r, TJ_USE_SIGN, r->header.party, own);
    for (uint32_t i = 0; i < r->header.record_count; i++) {
        const uint8_t *record = r->records + (size_t)i * TJ_RECORD_SIZE;
        uint32_t to = tj_account_party(tj_movement_to(record));
        if (tj_record_wants_possession(record) && (others & 0x20) == 0) {
            uint32_t party = record[0] == TJ_ADD_KEY ? tj_load32(record + 4) : 0;
            sign_as(r, TJ_USE_POSSESSION, party, record + 16, record[2]);
        }
        if (tj_kind_is_movement(record[0]) && to != r->header.party && (others & 0x40) == 0) {
            sign_by_all(r, TJ_USE_COUNTERSIGN, to, others);
        }
    }
    if ((others & 0x80) != 0) { /* any key, for any use */
        uint8_t key = next(r);
        uint8_t use = next(r);
        const struct tj_public_key *any = &world.keys[key % KEY_PARTIES][key / KEY_PARTIES % 4];
        sign_as(r, (uint8_t)(1 + use % 3), use >> 2 & 7u, any->bytes, any->algorithm);
    }
}

/* ---- an envelope ---- */

/* What is mostly right about a header, and wrong now and then. */
static void spoil_header(struct run *r, uint8_t how)
{
    struct tj_header *h = &r->header;
    switch ((how & 0x40) != 0 ? 0 : how & 31) {
    case 1:
        h->sequence += 1;
        return;
    case 2:
        h->sequence = h->sequence > 1 ? h->sequence - 1 : 1;
        return;
    case 3:
        h->previous_id.bytes[0] ^= 1;
        return;
    case 4:
        h->known_index = how >> 5;
        h->known_leaf = world.entries[h->known_index].leaf;
        return;
    case 5:
        h->known_index = world.count;
        memset(h->known_leaf.bytes, 1, TJ_HASH_SIZE);
        return;
    case 6:
        h->known_leaf.bytes[0] ^= 1;
        return;
    case 7:
        h->created_s += how & 0x20 ? 301 : 299;
        h->expires_s += 301;
        return;
    case 8:
        h->created_s -= 100;
        h->expires_s = h->created_s + (how & 0x20 ? 100 : 99);
        return;
    case 9:
        h->expires_s = h->created_s + (how & 0x20 ? 86401 : 0);
        return;
    case 10:
        h->ledger_id.bytes[0] ^= 1;
        return;
    case 11: /* KNOWN_AHEAD is asked for by no one who knows none */
        h->known_index = 0;
        memset(h->known_leaf.bytes, 0, TJ_HASH_SIZE);
        return;
    }
}

static void fill_header(struct run *r)
{
    struct tj_header *h = &r->header;
    const struct tj_lane_object *lane = tj_state_lane(r->state, h->party, h->lane);
    h->sequence = lane != NULL ? lane->sequence + 1 : 1;
    if (lane != NULL) {
        memcpy(h->previous_id.bytes, lane->envelope_id, TJ_HASH_SIZE);
    }
    h->created_s = r->now_ns / NS_PER_S;
    h->expires_s = h->created_s + 3600;
    h->ledger_id = world.ledger_id;
    h->known_index = world.count - 1;
    h->known_leaf = world.entries[world.count - 1].leaf;
}

/* Behind the last record: of an account an encumbrance too, where its class has one. */
static void add_details(struct run *r, bool lent)
{
    uint8_t *record = r->records + (size_t)(r->header.record_count - 1) * TJ_RECORD_SIZE;
    uint8_t class = TJ_GET(record, TJ_OPEN_ACCOUNT, class);
    struct tj_details details = {.present = 1u << TJ_DETAIL_MEMO, .memo = "m"};
    uint8_t encoded[TJ_DETAILS_MAX * TJ_RECORD_SIZE];
    if (record[0] == TJ_OPEN_ACCOUNT && (class == TJ_CLASS_RESERVE || class == TJ_CLASS_CUSTODY)) {
        details.present |= 1u << TJ_DETAIL_ENCUMBRANCE;
        details.encumbrance = lent ? TJ_LENT : TJ_PLEDGED;
    }
    uint32_t count = tj_details_encode(&details, encoded);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t *detail = record + (size_t)(1 + i) * TJ_RECORD_SIZE;
        memcpy(detail, encoded + (size_t)i * TJ_RECORD_SIZE, TJ_RECORD_SIZE);
        memcpy(TJ_AT(detail, TJ_MOVE, blind), TJ_AT(record, TJ_MOVE, blind), TJ_BLIND_SIZE);
    }
    if (tj_kind_is_movement(record[0])) {
        TJ_PUT(record, TJ_MOVE, details, count);
    }
    r->header.record_count += count;
}

static void make_envelope(struct run *r)
{
    uint8_t shape = next(r);
    uint8_t party = next(r);
    bool directives = (shape & 0x80) != 0;
    memset(&r->header, 0, sizeof r->header);
    r->slots.count = 0;
    r->header.party = party & 7u;
    if (!directives && party == 0) {
        r->header.party = 1; /* who has the accounts that most can be done with */
    }
    r->header.lane = (shape >> 2 & 3) + !directives;
    r->header.flags = (shape & 0x40) != 0;
    for (uint32_t i = 0; i <= (shape & 3u); i++) {
        struct tj_record record = directives ? make_directive(r) : make_movement(r);
        if ((party & 8) != 0 && i == 0 && !directives) {
            r->header.party = tj_account_party(record.from);
        }
        memset(record.blind, (shape & 0x40) != 0, TJ_BLIND_SIZE);
        tj_record_encode(&record, r->records + (size_t)i * TJ_RECORD_SIZE);
        r->header.record_count = i + 1;
    }
    if ((party & 0x20) != 0) {
        add_details(r, (party & 0x40) != 0);
    }
    r->header.flags |= r->records[0] == TJ_APPROVAL ? TJ_FLAG_APPROVAL : 0;
    if ((party & 0x10) != 0) {
        r->header.lane = 0;
    }
    fill_header(r);
    sign(r);
}

/* ---- what must hold ---- */

/* A suspended party may say no to its recovery. */
static bool may_speak(const struct tj_envelope_view *e, const struct tj_party_object *party)
{
    bool objects = e->header.record_count == 1 && e->records[0] == TJ_OBJECT_RECOVERY &&
                   tj_load32(e->records + 4) == e->header.party;
    return party->status == TJ_PARTY_ACTIVE || (objects && party->status == TJ_PARTY_SUSPENDED);
}

static bool authorised(const struct run *r, const struct tj_envelope_view *e)
{
    bool administer = e->header.lane == 0;
    bool approve = !administer && tj_header_approval(&e->header);
    const struct tj_party_object *party = tj_state_party(r->state, e->header.party);
    uint32_t signers = 0;
    bool initiated = administer || approve;
    for (uint32_t k = 0; party != NULL && k < party->keys; k++) {
        const struct tj_key_object *key = tj_state_key(r->state, e->header.party, k);
        if (key->status != TJ_KEY_ACTIVE || (key->role == TJ_ADMINISTER) != administer ||
            (approve && key->role != TJ_APPROVE)) {
            continue;
        }
        for (uint32_t i = 0; i < e->slots.count; i++) {
            const struct tj_slot *slot = &e->slots.slots[i];
            if (slot->use == TJ_USE_SIGN && slot->key.algorithm == key->algorithm &&
                memcmp(slot->key.bytes, key->key, slot->key.size) == 0) {
                signers++;
                initiated |= key->role == TJ_INITIATE;
            }
        }
    }
    if (party == NULL) {
        return false;
    }
    uint32_t needed =
        approve ? 1 : party->threshold[administer ? TJ_DOMAIN_ADMINISTER : TJ_DOMAIN_MOVE];
    return may_speak(e, party) && needed > 0 && signers >= needed && initiated;
}

/* I2 and I3 over all accounts; a holding is the sum of its accounts, the reserve that of its own.
 */
static void check_accounts(const struct tj_state *state)
{
    static struct {
        tj_i128 balance;
        tj_i128 pending;
        tj_i128 held; /* in holdings, less the accounts of which they are */
        tj_i128 reserve;
    } sums[ASSETS_LOOKED_AT];
    const struct tj_ledger_object *ledger = tj_state_ledger(state);
    TIJORI_REQUIRE(ledger->assets < ASSETS_LOOKED_AT);
    memset(sums, 0, (ledger->assets + 1) * sizeof sums[0]);
    for (uint32_t p = 0; p < ledger->parties; p++) {
        uint32_t seen = 0;
        struct tj_account_walk walk = {.state = state, .next = tj_account_id(p, 0)};
        while (tj_account_next(&walk) && tj_account_party(walk.account) == p) {
            const struct tj_account_object *a = walk.object;
            seen++;
            TIJORI_REQUIRE(a->asset >= 1 && a->asset <= ledger->assets);
            TIJORI_REQUIRE(tj_class_is_contra(a->class) ||
                           tj_account_balance(a) >= (tj_i128)a->pending_out);
            sums[a->asset].balance += tj_account_balance(a);
            sums[a->asset].pending += (tj_i128)a->pending_in - (tj_i128)a->pending_out;
            sums[a->asset].held -= tj_class_is_contra(a->class) ? 0 : tj_account_balance(a);
            sums[a->asset].reserve += a->class == TJ_CLASS_RESERVE ? tj_account_balance(a) : 0;
        }
        const struct tj_party_object *party = tj_state_party(state, p);
        TIJORI_REQUIRE(seen == party->accounts + party->accounts_restricted);
        for (uint32_t asset = 1; asset <= ledger->assets; asset++) {
            const struct tj_holding_object *holding = tj_state_holding(state, p, asset);
            sums[asset].held += holding != NULL ? (tj_i128)(holding->in - holding->out) : 0;
            TIJORI_REQUIRE(sums[asset].held == 0);
        }
    }
    for (uint32_t asset = 1; asset <= ledger->assets; asset++) {
        TIJORI_REQUIRE(sums[asset].balance == 0 && sums[asset].pending == 0);
        TIJORI_REQUIRE(sums[asset].reserve == tj_reserve_of(tj_state_asset(state, asset)));
    }
}

/* A link names an earlier movement of the same account. */
static void check_link(uint64_t link, uint64_t id, uint64_t account)
{
    struct tj_named named;
    if (link == 0) {
        return;
    }
    TIJORI_REQUIRE(link < id && past_record(NULL, &named, link));
    TIJORI_REQUIRE(tj_kind_is_movement(named.record[0]));
    TIJORI_REQUIRE(tj_movement_from(named.record) == account ||
                   tj_movement_to(named.record) == account);
}

static void check_newest(const struct run *r)
{
    const struct stored *newest = &world.entries[world.count - 1];
    const struct tj_header *h = &newest->view.header;
    const struct tj_lane_object *lane = tj_state_lane(r->state, h->party, h->lane);
    TIJORI_REQUIRE(lane->sequence == h->sequence && lane->entry == newest->view.index);
    TIJORI_REQUIRE(memcmp(lane->envelope_id, newest->envelope_id.bytes, TJ_HASH_SIZE) == 0);
    for (uint32_t i = 0; i < h->record_count; i++) {
        const uint8_t *record = newest->parts.records + (size_t)i * TJ_RECORD_SIZE;
        const uint8_t *link = newest->parts.links + (size_t)i * TJ_LINK_SIZE;
        uint64_t id = tj_record_id(newest->view.index, i);
        if (tj_kind_is_movement(record[0])) {
            check_link(tj_load64(link), id, tj_movement_from(record));
            check_link(tj_load64(link + 8), id, tj_movement_to(record));
        }
    }
    check_accounts(r->state);
}

/* ---- submitting ---- */

static struct tj_directives newest_directives(void)
{
    struct tj_directives found = {0};
    for (uint64_t i = 0; i < world.count; i++) {
        const struct stored *e = &world.entries[i];
        found = tj_directives_after(found, &e->view.header, e->parts.records, i);
    }
    return found;
}

static void append(const struct tj_case *c, const struct tj_envelope_view *e, const uint8_t *links,
                   const struct tj_tail *tail)
{
    struct stored *stored = &world.entries[world.count];
    tj_entry_encode(stored->entry, c->index, 1, c->received_ns, &c->head_leaf, e->bytes,
                    e->slot_bytes, e->slot_bytes_size);
    stored->entry_size = tj_entry_size(e->slot_bytes_size);
    stored->body_size = tj_body_size(e->header.record_count);
    tj_body_encode(stored->body, e->records, e->header.record_count, links, tail);
    TIJORI_REQUIRE(read_stored(stored));
    world.count++;
}

static void judge(struct run *r, const struct tj_envelope_view *e, uint8_t how)
{
    uint8_t links[ENVELOPE_RECORDS_MAX * TJ_LINK_SIZE];
    struct tj_tail tail;
    struct tj_verdict verdict;
    struct tj_hash before = {{0}};
    const struct stored *newest = &world.entries[world.count - 1];
    struct tj_case c = {
        .index = world.count,
        .received_ns = r->now_ns,
        .last_received_ns = newest->view.received_ns,
        .head_leaf = newest->leaf,
        .previous = newest_directives(),
        .header = &e->header,
        .slots = &e->slots,
        .records = e->records,
        .signatures_valid = (how & 0x5f) != 12,
        .invalid_slot = TJ_NOWHERE,
    };
    tj_envelope_id(&world.digester, &c.envelope_id, e->bytes);
    bool watched = how >> 5 == 7; /* digests are slow */
    bool signed_right = authorised(r, e);
    if (watched) {
        before = digest_of(r->state);
    }
    enum tijori_status status = tj_apply(r->state, links, &tail, &past, &c, &verdict);
    if (status == TIJORI_OK) {
        TIJORI_REQUIRE(signed_right && c.signatures_valid);
        append(&c, e, links, &tail);
        check_newest(r);
        return;
    }
    char text[512];
    TIJORI_REQUIRE(verdict.status == status);
    tj_verdict_format(&verdict, text, sizeof text);
    if (watched) {
        struct tj_hash after = digest_of(r->state);
        TIJORI_REQUIRE(tj_hash_equal(&after, &before));
    }
}

static void submit(struct run *r)
{
    uint8_t bytes[TJ_HEADER_SIZE + sizeof r->records + TJ_SLOTS_SIZE_MAX + 2];
    struct tj_envelope_view view;
    struct tj_verdict verdict;
    uint8_t how = next(r);
    make_envelope(r);
    spoil_header(r, how);
    size_t records = (size_t)r->header.record_count * TJ_RECORD_SIZE;
    tj_tree_root_of_items(world.digester.hasher, &r->header.body_root, r->records, TJ_RECORD_SIZE,
                          r->header.record_count);
    tj_header_encode(&r->header, bytes);
    memcpy(bytes + TJ_HEADER_SIZE, r->records, records);
    size_t size = TJ_HEADER_SIZE + records;
    size += tj_slots_encode(&r->slots, bytes + size);
    tj_store16(bytes + size, 0);
    tj_verdict_init(&verdict);
    if (tj_envelope_decode(&view, bytes, size + 2, &verdict) == TIJORI_OK &&
        tj_body_check(&world.digester, &view.header, view.records, &verdict) == TIJORI_OK) {
        judge(r, &view, how);
    }
}

/* ---- commits ---- */

/* As core/ingest/ingest.c stores a slice of the snapshot: the blocks that have waited longest. */
static void commit(struct run *r, uint8_t blocks)
{
    while (blocks-- > 0 && r->state->dirty_count > 0) {
        struct tj_block *block = tj_state_pop_dirty(r->state);
        struct tj_block *stored =
            tj_state_block(r->disk, block->table, block->party, block->number);
        memcpy(stored->content, block->content, tj_block_bytes(block->table));
        stored->stored_size = world.count;
        block->stored_size = world.count;
    }
    tj_undo_log_settle(r->state->undo);
    r->durable = world.count;
}

static void fail_commit(struct run *r)
{
    world.count = r->durable;
    tj_state_rollback(r->state, 0);
    struct tj_state *expected = state_at(world.count);
    must_equal(r->state, expected);
    tj_state_destroy(expected);
}

/* As core/log/snapshot.c opens a ledger: stored blocks, then what they do not reflect yet. */
static void check_open(struct run *r)
{
    const struct tj_block *oldest = r->state->dirty_first;
    r->disk->ledger_id = world.ledger_id;
    tj_state_index_all(r->disk);
    redo(r->disk, oldest != NULL ? oldest->dirty_since : world.count, world.count);
    must_equal(r->disk, r->state);
}

/* One entry of the log with some bytes of it, or of its body, changed: as storage that was damaged
 * gives it to an open. Which entry it is, is known from its key. */
static void redo_damaged(struct run *r)
{
    static struct stored damaged;
    uint32_t which = next(r) % world.count;
    struct tj_state *state = state_at(which);
    damaged = world.entries[which];
    uint8_t changes = next(r) & 7u;
    for (uint32_t i = 0; i <= changes; i++) {
        size_t at = (size_t)next(r) << 8;
        at |= next(r);
        uint8_t flip = next(r);
        if ((at & 0x8000) != 0) {
            damaged.entry[(at & 0x7fff) % damaged.entry_size] ^= flip;
        } else {
            damaged.body[at % damaged.body_size] ^= flip;
        }
    }
    if (read_stored(&damaged) && damaged.view.index == which) {
        state->redo = true;
        (void)!tj_reapply(state, &past, &damaged.view, &damaged.envelope_id, &damaged.parts, NULL);
    }
    tj_state_destroy(state);
}

/* ---- a run ---- */

static void run_operations(struct run *r)
{
    for (int i = 0; i < OPERATIONS_MAX && r->in.left > 0 && world.count < ENTRIES_MAX; i++) {
        uint8_t operation = next(r);
        if (operation < 0xc0) {
            uint64_t unit_ns = (operation & 32) != 0   ? NS_PER_S * 86400
                               : (operation & 16) != 0 ? NS_PER_S * 60
                                                       : 1;
            r->now_ns += 1 + (operation & 15) * unit_ns;
            submit(r);
        } else if (operation < 0xe0) {
            commit(r, operation & 31);
        } else if (operation < 0xf0) {
            fail_commit(r);
        } else {
            redo_damaged(r);
            return;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct run r;
    if (world.first_count == 0) {
        make_world();
    }
    world.count = world.first_count;
    memset(&r, 0, sizeof r);
    r.in = (struct tj_bytes){data, size};
    r.state = state_at(world.count);
    r.disk = tj_state_create();
    r.now_ns = world.entries[world.count - 1].view.received_ns;
    commit(&r, 0);
    run_operations(&r);
    commit(&r, 0);
    struct tj_state *replayed = state_at(world.count);
    must_equal(r.state, replayed);
    check_open(&r);
    tj_state_destroy(replayed);
    tj_state_destroy(r.disk);
    tj_state_destroy(r.state);
    return 0;
}
