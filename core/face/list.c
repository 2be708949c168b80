/* What a ledger holds, one thing a call: include/tijori.h, "lists". */

#include "core/exchange/labels.h"
#include "core/exchange/rule_figures.h"
#include "core/ingest/ledger.h"
#include "core/rules/account_walk.h"
#include "core/rules/readiness.h"

/* What the calls below have in common: a picture of the ledger for the time of one call. */
typedef enum tijori_status lister(const struct tj_ledger_view *view, void *out, uint64_t *cursor,
                                  uint64_t of);

static enum tijori_status with_view(struct tijori *ledger, lister *list, void *out,
                                    uint64_t *cursor, uint64_t of)
{
    struct tj_ledger_view view;
    enum tijori_status status = tj_ledger_view_begin(ledger, &view);
    if (status != TIJORI_OK) {
        return status;
    }
    status = list(&view, out, cursor, of);
    tj_ledger_view_end(ledger, &view);
    return status;
}

static struct tijori_int128 wide(tj_i128 value)
{
    return (struct tijori_int128){(uint64_t)value, (int64_t)(value >> 64)};
}

/* *record points into the ledger; *details: how many follow it. */
static enum tijori_status find_record(const struct tj_ledger_view *view, const uint8_t **record,
                                      struct tj_entry_view *entry, uint32_t *details, uint64_t id)
{
    struct tj_body_view body;
    uint32_t position = tj_record_position(id);
    enum tijori_status status = tj_journal_entry(view->txn, entry, tj_record_entry(id));
    if (status != TIJORI_OK) {
        return status;
    }
    if (position >= entry->header.record_count) {
        return TIJORI_NOT_FOUND;
    }
    status = tj_journal_body(view->txn, &body, entry);
    if (status != TIJORI_OK) {
        return TIJORI_CORRUPT; /* an entry without its body */
    }
    *record = body.records + (size_t)position * TJ_RECORD_SIZE;
    *details = tj_details_after(body.records, entry->header.record_count, position);
    return TIJORI_OK;
}

/* A record that the state names: that it is not there, or another, is damage. */
static enum tijori_status find_named(const struct tj_ledger_view *view, const uint8_t **record,
                                     struct tj_entry_view *entry, uint32_t *details, uint64_t id,
                                     uint8_t kind)
{
    enum tijori_status status = find_record(view, record, entry, details, id);
    bool there = status == TIJORI_OK && tj_record_kind(*record) == kind;
    if (there || status == TIJORI_IO) {
        return status;
    }
    return TIJORI_CORRUPT;
}

static enum tijori_status read_named(const struct tj_ledger_view *view, uint8_t out[TJ_RECORD_SIZE],
                                     struct tj_entry_view *entry, uint64_t id, uint8_t kind)
{
    const uint8_t *record;
    uint32_t details;
    enum tijori_status status = find_named(view, &record, entry, &details, id, kind);
    if (status == TIJORI_OK) {
        memcpy(out, record, TJ_RECORD_SIZE);
    }
    return status;
}

/* ---- records ---- */

struct record_wanted {
    uint8_t *record;
    uint8_t *group32;
};

static enum tijori_status list_record(const struct tj_ledger_view *view, void *out,
                                      uint64_t *cursor, uint64_t of)
{
    struct record_wanted *wanted = out;
    struct tj_entry_view entry;
    struct tj_hash group;
    const uint8_t *record;
    uint32_t details;
    (void)cursor;
    enum tijori_status status = find_record(view, &record, &entry, &details, of);
    if (status != TIJORI_OK) {
        return status;
    }
    memcpy(wanted->record, record, TJ_RECORD_SIZE);
    if (wanted->group32 != NULL) {
        tj_group_hash(view->digester->hasher, &group, record, details);
        memcpy(wanted->group32, group.bytes, TJ_HASH_SIZE);
    }
    return TIJORI_OK;
}

enum tijori_status tijori_record(struct tijori *ledger, uint8_t record[TIJORI_RECORD_SIZE],
                                 uint8_t group32[32], uint64_t record_id)
{
    struct record_wanted wanted = {record, group32};
    return with_view(ledger, list_record, &wanted, NULL, record_id);
}

/* ---- parties and keys ---- */

/* The cursor is the number to look at next. Numbers without a party are passed over, so a caller
 * sees parties only and need not know how they are numbered. */
static enum tijori_status list_party(const struct tj_ledger_view *view, void *out, uint64_t *cursor,
                                     uint64_t of)
{
    struct tijori_party *party = out;
    const struct tj_party_object *object = NULL;
    uint64_t count = tj_state_ledger(view->state)->parties;
    (void)of;
    while (object == NULL && *cursor < count) {
        object = tj_state_party(view->state, (uint32_t)(*cursor)++);
    }
    if (object == NULL) {
        return TIJORI_NOT_FOUND;
    }
    memset(party, 0, sizeof *party);
    party->party = (uint32_t)(*cursor - 1);
    party->type = object->type;
    party->status = object->status;
    party->threshold_move = object->threshold[TJ_DOMAIN_MOVE];
    party->threshold_administer = object->threshold[TJ_DOMAIN_ADMINISTER];
    party->classes = object->classes;
    party->keys_initiate = object->keys_active[TJ_INITIATE];
    party->keys_approve = object->keys_active[TJ_APPROVE];
    party->keys_administer = object->keys_active[TJ_ADMINISTER];
    party->keys = object->keys;
    party->accounts = object->accounts;
    party->accounts_open = object->accounts_open;
    party->recovery_ns = object->recovery != 0 ? object->recovery_ns : 0;
    memcpy(party->name, object->name, TJ_NAME_SIZE);
    return TIJORI_OK;
}

enum tijori_status tijori_parties(struct tijori *ledger, struct tijori_party *out, uint64_t *cursor)
{
    return with_view(ledger, list_party, out, cursor, 0);
}

/* The state has what rules ask of a key, and the label is nothing they ask. So it is read from the
 * record that added the key. */
static enum tijori_status fill_key(const struct tj_ledger_view *view, struct tijori_key *out,
                                   const struct tj_key_object *object)
{
    uint8_t bytes[TJ_RECORD_SIZE];
    struct tj_entry_view entry;
    struct tj_record record;
    enum tijori_status status = read_named(view, bytes, &entry, object->added, TJ_ADD_KEY);
    if (status != TIJORI_OK) {
        return status;
    }
    tj_record_decode(&record, bytes);
    memset(out, 0, sizeof *out);
    out->party = object->party;
    out->ordinal = object->ordinal;
    out->algorithm = object->algorithm;
    out->role = object->role;
    out->group = object->group;
    out->revoked = object->status == TJ_KEY_REVOKED;
    out->key_size = (uint8_t)tj_public_key_size(object->algorithm);
    memcpy(out->key, object->key, out->key_size);
    out->added_id = object->added;
    out->revoked_id = object->revoked;
    memcpy(out->label, record.label, TJ_KEY_LABEL_SIZE);
    return TIJORI_OK;
}

static enum tijori_status list_key(const struct tj_ledger_view *view, void *out, uint64_t *cursor,
                                   uint64_t of)
{
    const struct tj_party_object *party = tj_state_party(view->state, (uint32_t)of);
    while (party != NULL && *cursor < party->keys) {
        const struct tj_key_object *key =
            tj_state_key(view->state, (uint32_t)of, (uint32_t)(*cursor)++);
        if (key != NULL) {
            return fill_key(view, out, key);
        }
    }
    return TIJORI_NOT_FOUND;
}

enum tijori_status tijori_keys(struct tijori *ledger, struct tijori_key *out, uint64_t *cursor,
                               uint32_t party)
{
    return with_view(ledger, list_key, out, cursor, party);
}

/* ---- accounts ---- */

/* The cursor is the next account's number, party and local. */
static enum tijori_status list_account(const struct tj_ledger_view *view, void *out,
                                       uint64_t *cursor, uint64_t of)
{
    struct tijori_account *account = out;
    struct tj_account_walk walk = {.state = view->state, .next = *cursor};
    (void)of;
    bool found = tj_account_next(&walk);
    *cursor = walk.next;
    if (!found) {
        return TIJORI_NOT_FOUND;
    }
    memset(account, 0, sizeof *account);
    account->party = tj_account_party(walk.account);
    account->local = tj_account_local(walk.account);
    account->latest_id = walk.object->latest;
    return tj_balance_fill(view->state, &account->balance, walk.object);
}

enum tijori_status tijori_accounts(struct tijori *ledger, struct tijori_account *out,
                                   uint64_t *cursor)
{
    return with_view(ledger, list_account, out, cursor, 0);
}

static enum tijori_status list_label(const struct tj_ledger_view *view, void *out, uint64_t *cursor,
                                     uint64_t of)
{
    (void)cursor;
    if (tj_state_account(view->state, of) == NULL) {
        return TIJORI_NOT_FOUND;
    }
    return tj_label_of(view->txn, out, of, view->head.size);
}

enum tijori_status tijori_account_label(struct tijori *ledger, char label[49], uint32_t party,
                                        uint32_t local)
{
    return with_view(ledger, list_label, label, NULL, tj_account_id(party, local));
}

/* ---- rules ---- */

/* When the newest entry was received: the ledger's own now. */
static enum tijori_status read_now(const struct tj_ledger_view *view, uint64_t *now_ns)
{
    struct tj_entry_view newest;
    enum tijori_status status = tj_journal_counted(view->txn, &newest, NULL, view->head.size - 1);
    if (status == TIJORI_OK) {
        *now_ns = newest.received_ns;
    }
    return status;
}

/* What a rule says is copied as it stands. What is used and left of it depends on the time, and is
 * figured by the same code as the rules' own judgement (tj_rule_figures). */
static void fill_rule(const struct tj_ledger_view *view, struct tijori_rule *out,
                      const struct tj_rule_object *object, uint32_t number, uint64_t now_ns)
{
    struct tj_rule_figures figures;
    tj_rule_figures(view->state, &figures, object, number, now_ns);
    memset(out, 0, sizeof *out);
    out->number = number;
    out->kind = object->kind;
    out->type = object->type;
    out->directions = object->directions;
    out->mode = object->mode;
    out->approvals = object->approvals;
    out->purposes = object->purposes;
    out->groups = object->groups;
    out->asset = object->asset;
    out->window_s = object->window_s;
    out->starts = object->starts;
    out->ends = object->ends;
    out->power_mw = object->power_mw;
    out->holder = object->holder;
    out->counterparty = object->counterparty;
    out->amount = object->amount;
    out->amount_day = object->amount_day;
    out->set_id = object->set;
    out->ended_id = object->ended;
    out->from_ns = object->from_ns;
    out->until_ns = object->until_ns;
    out->named_party = object->named_party;
    out->notice_days = object->notice_days;
    out->wait_days = object->wait_days;
    out->bounded = figures.bounded;
    out->used = wide(figures.used);
    out->left = wide(figures.left);
    out->breaches = figures.breaches;
}

static enum tijori_status list_rule(const struct tj_ledger_view *view, void *out, uint64_t *cursor,
                                    uint64_t of)
{
    uint64_t now_ns;
    const struct tj_rule_object *object = NULL;
    uint64_t count = tj_state_ledger(view->state)->rules_set;
    (void)of;
    while (object == NULL && *cursor < count) {
        object = tj_state_rule(view->state, (uint32_t)(*cursor)++);
    }
    if (object == NULL) {
        return TIJORI_NOT_FOUND;
    }
    enum tijori_status status = read_now(view, &now_ns);
    if (status != TIJORI_OK) {
        return status;
    }
    fill_rule(view, out, object, (uint32_t)(*cursor - 1), now_ns);
    return TIJORI_OK;
}

enum tijori_status tijori_rules(struct tijori *ledger, struct tijori_rule *out, uint64_t *cursor)
{
    return with_view(ledger, list_rule, out, cursor, 0);
}

/* ---- pending movements ---- */

static void fill_tier(const struct tj_ledger_view *view, struct tijori_pending *out,
                      const uint8_t bytes[TJ_RECORD_SIZE], uint64_t id, uint64_t now_ns)
{
    struct tj_approvals approvals;
    tj_readiness_of_pending(view->state, &approvals, bytes, id, tj_record_id(view->head.size, 0),
                            now_ns);
    out->approvals = approvals.count;
    out->rule = UINT32_MAX;
    if (approvals.wanted.tiers == 0) {
        return;
    }
    out->rule = approvals.wanted.rule;
    out->approvals_wanted = approvals.wanted.approvals;
    out->groups_missing = approvals.groups_missing;
    if (approvals.wanted.delay_s != 0) {
        out->not_before_ns = tj_ns_after(out->received_ns, approvals.wanted.delay_s);
    }
}

/* The state knows of a pending movement only that it is open. All else is read from its record, and
 * what is in there is checked before it is looked up: the record comes from the disk. */
static enum tijori_status fill_pending(const struct tj_ledger_view *view,
                                       struct tijori_pending *out, uint64_t id)
{
    const uint8_t *bytes;
    struct tj_entry_view entry;
    struct tj_record record;
    uint32_t details;
    uint64_t now_ns;
    enum tijori_status status = find_named(view, &bytes, &entry, &details, id, TJ_PENDING);
    if (status == TIJORI_OK) {
        status = read_now(view, &now_ns);
    }
    if (status != TIJORI_OK) {
        return status;
    }
    tj_record_decode(&record, bytes);
    if (tj_state_account(view->state, record.from) == NULL ||
        tj_state_account(view->state, record.to) == NULL) {
        return TIJORI_CORRUPT;
    }
    memset(out, 0, sizeof *out);
    out->record_id = id;
    out->received_ns = entry.received_ns;
    out->from = record.from;
    out->to = record.to;
    out->amount = record.amount;
    out->timeout_s = record.timeout_s;
    out->purpose = record.purpose;
    static_assert(sizeof out->reference == TJ_REFERENCE_TEXT_SIZE, "a long one fits");
    tj_group_reference(out->reference, bytes, details);
    fill_tier(view, out, bytes, id, now_ns);
    return TIJORI_OK;
}

static enum tijori_status list_pending(const struct tj_ledger_view *view, void *out,
                                       uint64_t *cursor, uint64_t of)
{
    uint64_t marks = tj_state_ledger(view->state)->marks;
    (void)of;
    while (*cursor < marks) {
        uint64_t number = (*cursor)++;
        const struct tj_mark_object *mark = tj_state_peek(view->state, TJ_T_MARK, 0, number);
        if (mark != NULL && mark->value == (TJ_MARK_PENDING | TJ_MARK_OPEN)) {
            return fill_pending(view, out, mark->record);
        }
    }
    return TIJORI_NOT_FOUND;
}

enum tijori_status tijori_pending(struct tijori *ledger, struct tijori_pending *out,
                                  uint64_t *cursor)
{
    return with_view(ledger, list_pending, out, cursor, 0);
}
