#include "text/names.h"

#include "core/base/memory.h"

#include <string.h>

struct party {
    char name[TJ_NAME_SIZE + 1];
    struct names_key *keys;
    uint32_t key_count;
    /* Of its accounts, what they hold: of those that are not restricted, and of those that are. */
    struct held {
        uint16_t *assets;
        uint32_t count;
    } held[2];
};

struct names {
    struct party *parties;
    uint32_t party_count;
    struct asset *assets; /* from number 1 on */
    uint32_t asset_count;
    struct rule {
        uint8_t record[TJ_RECORD_SIZE];
    } * rules;
    uint32_t rule_count;
    bool lacking; /* there was no memory for a record */
};

/* Room for one more in the array at `array`, of `count`; it is doubled at powers of two. */
static bool grow(struct names *names, void *array, uint32_t count, size_t size)
{
    size_t capacity = count;
    if (count != 0 && (count & (count - 1)) != 0) {
        return true;
    }
    if (!tj_grow(array, &capacity, (size_t)count + 1, size)) {
        names->lacking = true;
        return false;
    }
    return true;
}

struct names *names_create(void)
{
    return calloc(1, sizeof(struct names));
}

void names_destroy(struct names *names)
{
    if (names == NULL) {
        return;
    }
    for (uint32_t p = 0; p < names->party_count; p++) {
        free(names->parties[p].keys);
        free(names->parties[p].held[0].assets);
        free(names->parties[p].held[1].assets);
    }
    free(names->parties);
    free(names->assets);
    free(names->rules);
    free(names);
}

static struct party *party_of(const struct names *names, uint32_t party)
{
    return party < names->party_count ? &names->parties[party] : NULL;
}

/* ---- taking records ---- */

static void take_party(struct names *names, const struct tj_record *r)
{
    if (r->party != names->party_count || r->party >= TJ_PARTIES_MAX ||
        !grow(names, &names->parties, names->party_count, sizeof *names->parties)) {
        return;
    }
    struct party *party = &names->parties[names->party_count++];
    memset(party, 0, sizeof *party);
    memcpy(party->name, r->name, sizeof party->name);
}

static void take_key(struct names *names, struct party *party, const struct tj_record *r)
{
    if (party == NULL || r->ordinal != party->key_count || r->ordinal >= TJ_KEYS_MAX ||
        !grow(names, &party->keys, party->key_count, sizeof *party->keys)) {
        return;
    }
    struct names_key *key = &party->keys[party->key_count++];
    memset(key, 0, sizeof *key);
    key->key.algorithm = r->algorithm;
    key->key.size = (uint8_t)tj_public_key_size(r->algorithm);
    memcpy(key->key.bytes, r->key, key->key.size);
    key->role = r->role;
    memcpy(key->label, r->label, TJ_KEY_LABEL_SIZE);
}

static void take_account(struct names *names, const struct tj_record *r)
{
    struct party *party = party_of(names, tj_account_party(r->account));
    if (party == NULL) {
        return;
    }
    struct held *held = &party->held[tj_account_restricted(r->account)];
    if (tj_account_number(r->account) != held->count || held->count == TJ_ACCOUNTS_MAX ||
        !grow(names, &held->assets, held->count, sizeof *held->assets)) {
        return;
    }
    held->assets[held->count++] = (uint16_t)(r->asset <= names->asset_count ? r->asset : 0);
}

static void take_asset(struct names *names, const struct tj_record *r)
{
    if (r->asset != names->asset_count + 1 || r->asset > TJ_ASSETS_MAX ||
        !grow(names, &names->assets, names->asset_count, sizeof *names->assets)) {
        return;
    }
    struct asset *asset = &names->assets[names->asset_count++];
    *asset = (struct asset){.number = r->asset, .decimals = r->decimals};
    memcpy(asset->code, r->code, sizeof asset->code);
}

static void take_rule(struct names *names, const struct tj_record *r, const uint8_t *record)
{
    if (r->rule != names->rule_count || r->rule >= TJ_RULES_MAX ||
        !grow(names, &names->rules, names->rule_count, sizeof *names->rules)) {
        return;
    }
    memcpy(names->rules[names->rule_count++].record, record, TJ_RECORD_SIZE);
}

void names_take(struct names *names, const uint8_t record[TJ_RECORD_SIZE])
{
    struct tj_record r;
    if (tj_kind_is_movement(tj_record_kind(record))) {
        return;
    }
    tj_record_decode(&r, record);
    struct party *party = party_of(names, r.party);
    if (r.kind == TJ_REGISTER_PARTY) {
        take_party(names, &r);
    } else if (r.kind == TJ_RENAME_PARTY && party != NULL) {
        memcpy(party->name, r.name, sizeof party->name);
    } else if (r.kind == TJ_ADD_KEY) {
        take_key(names, party, &r);
    } else if (r.kind == TJ_OPEN_ACCOUNT) {
        take_account(names, &r);
    } else if (r.kind == TJ_OPEN_ASSET) {
        take_asset(names, &r);
    } else if (r.kind == TJ_SET_TIER || r.kind == TJ_SET_LIMIT || r.kind == TJ_PROGRAMME) {
        take_rule(names, &r, record);
    }
}

bool names_whole(const struct names *names)
{
    return !names->lacking;
}

/* ---- asking ---- */

const char *names_party(const struct names *names, uint32_t party)
{
    const struct party *found = party_of(names, party);
    return found != NULL ? found->name : "";
}

const struct names_key *names_key(const struct names *names, uint32_t party, uint32_t ordinal)
{
    const struct party *found = party_of(names, party);
    return found != NULL && ordinal < found->key_count ? &found->keys[ordinal] : NULL;
}

const struct names_key *names_find_key(const struct names *names, uint32_t *ordinal, uint32_t party,
                                       const struct tj_public_key *key)
{
    const struct party *found = party_of(names, party);
    for (*ordinal = 0; found != NULL && *ordinal < found->key_count; ++*ordinal) {
        const struct names_key *at = &found->keys[*ordinal];
        if (at->key.algorithm == key->algorithm &&
            memcmp(at->key.bytes, key->bytes, at->key.size) == 0) {
            return at;
        }
    }
    return NULL;
}

const uint8_t *names_rule(const struct names *names, uint32_t rule)
{
    return rule < names->rule_count ? names->rules[rule].record : NULL;
}

uint32_t names_account_asset(const struct names *names, uint64_t account)
{
    const struct party *party = party_of(names, tj_account_party(account));
    if (party == NULL) {
        return 0;
    }
    const struct held *held = &party->held[tj_account_restricted(account)];
    uint32_t number = tj_account_number(account);
    return number < held->count ? held->assets[number] : 0;
}

static bool by_number(const void *context, struct asset *out, uint32_t number)
{
    const struct names *names = context;
    bool known = number >= 1 && number <= names->asset_count;
    if (known) {
        *out = names->assets[number - 1];
    }
    return known;
}

static bool by_code(const void *context, struct asset *out, const char *code)
{
    const struct names *names = context;
    for (uint32_t number = 1; by_number(context, out, number); number++) {
        if (strcmp(names->assets[number - 1].code, code) == 0) {
            return true;
        }
    }
    return false;
}

static bool of_account(const void *context, struct asset *out, uint64_t account)
{
    return by_number(context, out, names_account_asset(context, account));
}

struct assets names_assets(const struct names *names)
{
    return (struct assets){names, by_code, by_number, of_account};
}
