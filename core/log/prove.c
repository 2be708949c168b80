#include "core/log/prove.h"

struct proving {
    struct tj_txn *txn;
    const struct tj_state *state;
    struct tj_digester *digester;
    struct tj_log_nodes nodes;
    uint64_t size;
};

/* Record ids in rising order, each once. There is room for a key and a party of each slot, the
 * accounts that a record names, and their assets. */
enum { IDS_MAX = 2 * TJ_SLOTS_MAX + TJ_ACCOUNTS_NAMED_MAX + 2 };
static_assert(1 + IDS_MAX <= TJ_EXHIBITS_MAX, "what a record rests on fits the exhibits");
struct ids {
    uint32_t count;
    uint64_t ids[IDS_MAX];
};

static void add_id(struct ids *ids, uint64_t id)
{
    uint32_t at = ids->count;
    while (at > 0 && ids->ids[at - 1] >= id) {
        at--;
    }
    if (at < ids->count && ids->ids[at] == id) {
        return;
    }
    TIJORI_REQUIRE(ids->count < IDS_MAX);
    memmove(&ids->ids[at + 1], &ids->ids[at], (ids->count - at) * sizeof ids->ids[0]);
    ids->ids[at] = id;
    ids->count++;
    TJ_VERIFY_CHECK(at == 0 || ids->ids[at - 1] < id);
    TJ_VERIFY_CHECK(at + 1 == ids->count || id < ids->ids[at + 1]);
}

#ifdef TIJORI_VERIFY
/* The path that was made for a record verifies against the root over all records. */
static bool record_path_holds(const struct proving *p, const struct tj_exhibit *e,
                              const struct tj_body_view *body)
{
    struct tj_hash leaf;
    struct tj_hash root;
    const uint32_t records = e->entry.header.record_count;
    tj_leaf_hash(p->digester->hasher, &leaf, e->record, TJ_RECORD_SIZE);
    tj_tree_root_of_items(p->digester->hasher, &root, body->records, TJ_RECORD_SIZE, records);
    return tj_verify_inclusion(p->digester->hasher, &leaf, e->position, records, e->record_path,
                               e->record_path_count, &root);
}

/* The path that was made for an entry verifies against the root over the same leaves. Asked of a
 * log of one tile only: in a larger one a damaged node, which is no bug, makes another root. */
static bool entry_path_holds(const struct proving *p, const struct tj_hash *path, size_t count,
                             uint64_t index)
{
    struct tj_hash leaf;
    struct tj_hash root;
    const struct tj_node_reader *reader = &p->nodes.reader;
    return p->size >= TJ_TILE_WIDTH || !reader->node(reader->context, &leaf, 0, index) ||
           !tj_tile_root(p->digester->hasher, &root, reader, p->size) ||
           tj_verify_inclusion(p->digester->hasher, &leaf, index, p->size, path, count, &root);
}
#endif

/* ---- one exhibit ---- */

/* What was asked for is a detail. *out then gets the position of the record that has it, for who
 * asked. */
static enum tijori_status find_detailed(struct tj_exhibit *out, const struct tj_body_view *body)
{
    while (tj_kind_is_detail(tj_record_kind(out->record))) {
        if (out->record == body->records) {
            return TIJORI_CORRUPT;
        }
        out->record -= TJ_RECORD_SIZE;
        out->position--;
    }
    return TIJORI_DETAIL;
}

/* Each with its path, from the same leaves. */
static void prove_details(const struct proving *p, struct tj_exhibit *out,
                          const struct tj_hash *leaves, uint32_t details)
{
    memcpy(out->details, out->record + TJ_RECORD_SIZE, (size_t)details * TJ_RECORD_SIZE);
    out->detail_count = (uint8_t)details;
    for (uint32_t i = 0; i < details; i++) {
        size_t count;
        tj_prove_inclusion_in(p->digester->hasher, out->detail_path[i], &count, leaves,
                              out->entry.header.record_count, out->position + 1 + i);
        TJ_VERIFY_CHECK(count <= TJ_DETAIL_PATH_MAX);
        out->detail_path_count[i] = (uint8_t)count;
    }
}

/* The record's form is checked although its entry was accepted with it: what is printed of it later
 * is decoded, and a damaged store must not decide what a proof seems to say. */
static enum tijori_status prove_record(struct proving *p, struct tj_exhibit *out)
{
    struct tj_body_view body;
    struct tj_verdict verdict;
    size_t count;
    uint32_t records = out->entry.header.record_count;
    tj_verdict_init(&verdict);
    enum tijori_status status = tj_journal_body(p->txn, &body, &out->entry);
    if (status != TIJORI_OK) {
        return TIJORI_CORRUPT;
    }
    if (out->position >= records) {
        return TIJORI_NOT_FOUND;
    }
    out->record = body.records + (size_t)out->position * TJ_RECORD_SIZE;
    if (tj_kind_is_detail(tj_record_kind(out->record))) {
        return find_detailed(out, &body);
    }
    if (tj_record_check(out->record, tj_header_restricted(&out->entry.header), &verdict) !=
        TIJORI_OK) {
        return TIJORI_CORRUPT;
    }
    uint32_t details = tj_details_after(body.records, records, out->position);
    if (tj_group_check(&out->entry.header, out->record, out->record + TJ_RECORD_SIZE, details,
                       &verdict) != TIJORI_OK) {
        return TIJORI_CORRUPT;
    }
    tj_record_decode(&out->fields, out->record);
    struct tj_hash *leaves = malloc(records * sizeof *leaves);
    if (leaves == NULL) {
        return TIJORI_MEMORY;
    }
    for (uint32_t i = 0; i < records; i++) {
        tj_leaf_hash(p->digester->hasher, &leaves[i], body.records + (size_t)i * TJ_RECORD_SIZE,
                     TJ_RECORD_SIZE);
    }
    tj_prove_inclusion_in(p->digester->hasher, out->record_path, &count, leaves, records,
                          out->position);
    out->record_path_count = (uint8_t)count;
    prove_details(p, out, leaves, details);
    TJ_VERIFY_CHECK(record_path_holds(p, out, &body));
    free(leaves);
    return TIJORI_OK;
}

/* The entry and the record, with the record's path. */
static enum tijori_status prove_exhibit(struct proving *p, struct tj_exhibit *out, uint64_t index,
                                        uint32_t position)
{
    memset(out, 0, sizeof *out);
    out->position = position;
    if (index >= p->size) {
        return TIJORI_NOT_FOUND;
    }
    if (tj_journal_entry(p->txn, &out->entry, index) != TIJORI_OK) {
        return TIJORI_CORRUPT;
    }
    if (position != TJ_NOWHERE) {
        return prove_record(p, out);
    }
    return TIJORI_OK;
}

/* ---- what the first rests on ---- */

static bool add_signers(const struct proving *p, struct ids *ids, const struct tj_slots *slots)
{
    for (uint32_t i = 0; i < slots->count; i++) {
        const struct tj_slot *slot = &slots->slots[i];
        uint8_t x[32];
        if (slot->use == TJ_USE_POSSESSION) {
            continue;
        }
        tj_public_key_x(&slot->key, x);
        const struct tj_key_object *key = tj_state_find_key(p->state, x);
        const struct tj_party_object *party = tj_state_party(p->state, slot->party);
        if (key == NULL || party == NULL) {
            return false;
        }
        add_id(ids, key->added);
        add_id(ids, party->registered);
    }
    return true;
}

static bool add_asset(const struct proving *p, struct ids *ids, uint32_t number)
{
    const struct tj_asset_object *asset = tj_state_asset(p->state, number);
    if (asset != NULL) {
        add_id(ids, asset->opened);
    }
    return asset != NULL;
}

/* Takes the accounts that records before `end` of an entry open off the list. */
static void find_opened(const struct tj_entry_view *entry, uint64_t *accounts, uint32_t *left,
                        struct ids *ids, const struct tj_body_view *body, uint32_t end)
{
    for (uint32_t i = 0; i<end && * left> 0; i++) {
        const uint8_t *record = body->records + (size_t)i * TJ_RECORD_SIZE;
        bool opens = tj_record_kind(record) == TJ_OPEN_ACCOUNT;
        for (uint32_t k = 0; opens && k < *left; k++) {
            if (TJ_GET(record, TJ_OPEN_ACCOUNT, account) == accounts[k]) {
                add_id(ids, tj_record_id(entry->index, i));
                accounts[k] = accounts[--*left];
            }
        }
    }
}

/* The state does not say which record opened an account. But entries with directives are chained
 * backwards, the public ones and the restricted ones, and one of them did. */
static enum tijori_status add_openings(const struct proving *p, struct ids *ids,
                                       const struct tj_exhibit *first, uint64_t *accounts,
                                       uint32_t left, bool restricted)
{
    struct tj_entry_view entry = first->entry;
    TJ_VERIFY_CHECK(left == 0 || tj_account_restricted(accounts[0]) == restricted);
    uint32_t end = first->position;
    while (left > 0) {
        struct tj_body_view body;
        if (tj_journal_body(p->txn, &body, &entry) != TIJORI_OK) {
            return TIJORI_CORRUPT;
        }
        TJ_VERIFY_CHECK(left <= TJ_ACCOUNTS_NAMED_MAX && end <= entry.header.record_count);
        find_opened(&entry, accounts, &left, ids, &body, end);
        uint64_t previous = tj_directives_of(body.tail.previous, restricted);
        if (left > 0 &&
            (previous >= entry.index || tj_journal_entry(p->txn, &entry, previous) != TIJORI_OK)) {
            return TIJORI_CORRUPT;
        }
        end = entry.header.record_count;
    }
    return TIJORI_OK;
}

static enum tijori_status add_accounts(const struct proving *p, struct ids *ids,
                                       const struct tj_exhibit *first)
{
    uint64_t accounts[TJ_ACCOUNTS_NAMED_MAX];
    uint64_t of_kind[2][TJ_ACCOUNTS_NAMED_MAX];
    uint32_t counts[2] = {0, 0};
    uint32_t count = tj_accounts_named(&first->fields, accounts);
    for (uint32_t i = 0; i < count; i++) {
        const struct tj_account_object *account = tj_state_account(p->state, accounts[i]);
        const bool restricted = tj_account_restricted(accounts[i]);
        if (account == NULL || !add_asset(p, ids, account->asset)) {
            return TIJORI_CORRUPT;
        }
        of_kind[restricted][counts[restricted]++] = accounts[i];
    }
    enum tijori_status status = add_openings(p, ids, first, of_kind[false], counts[false], false);
    if (status != TIJORI_OK) {
        return status;
    }
    return add_openings(p, ids, first, of_kind[true], counts[true], true);
}

static enum tijori_status find_support(const struct proving *p, struct ids *ids,
                                       const struct tj_exhibit *first)
{
    if (!add_signers(p, ids, &first->entry.slots) ||
        (first->fields.kind == TJ_OPEN_ACCOUNT && !add_asset(p, ids, first->fields.asset))) {
        return TIJORI_CORRUPT;
    }
    return add_accounts(p, ids, first);
}

/* A stranger believes a record only with what it rests on: who could sign, what the accounts are.
 * So the first exhibit is the record, and the records that it rests on follow, each with a path of
 * its own to the same root. */
enum tijori_status tj_prove(struct tj_txn *txn, struct tj_digester *digester,
                            struct tj_exhibits *out, struct tj_hash path[TJ_PATH_MAX],
                            size_t *path_count, const struct tj_state *state, uint64_t size,
                            uint64_t index, uint32_t position)
{
    struct proving p = {.txn = txn, .state = state, .digester = digester, .size = size};
    struct ids ids = {0};
    tj_log_nodes_init(&p.nodes, txn, digester);
    enum tijori_status status = prove_exhibit(&p, &out->list[0], index, position);
    if (status == TIJORI_OK) {
        status = find_support(&p, &ids, &out->list[0]);
    }
    if (status == TIJORI_OK &&
        !tj_prove_inclusion(digester->hasher, path, path_count, &p.nodes.reader, index, size)) {
        status = TIJORI_CORRUPT;
    }
    TJ_VERIFY_CHECK(status != TIJORI_OK || entry_path_holds(&p, path, *path_count, index));
    for (uint32_t i = 0; i < ids.count && status == TIJORI_OK; i++) {
        struct tj_exhibit *s = &out->list[1 + i];
        uint64_t entry = tj_record_entry(ids.ids[i]);
        size_t count = 0;
        status = prove_exhibit(&p, s, entry, tj_record_position(ids.ids[i]));
        if (status == TIJORI_OK && !tj_prove_inclusion(digester->hasher, s->entry_path, &count,
                                                       &p.nodes.reader, entry, size)) {
            status = TIJORI_CORRUPT;
        }
        s->entry_path_count = (uint8_t)count;
        TJ_VERIFY_CHECK(status != TIJORI_OK || entry_path_holds(&p, s->entry_path, count, entry));
    }
    out->count = 1 + ids.count;
    return status;
}
