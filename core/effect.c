#include "core/effect.h"

bool tj_slots_countersigned(const struct tj_slots *slots)
{
    for (uint32_t i = 0; i < slots->count; i++) {
        if (slots->slots[i].use == TJ_USE_COUNTERSIGN) {
            return true;
        }
    }
    return false;
}

enum tj_basis tj_basis_of(const uint8_t record[TJ_RECORD_SIZE], bool countersigned)
{
    return countersigned                          ? TJ_BASIS_COUNTERSIGNED
           : tj_movement_document(record) != NULL ? TJ_BASIS_DOCUMENT
                                                  : TJ_BASIS_DECLARED;
}

void tj_effect_lane(struct tj_state *state, const struct tj_effect *effect, uint64_t lane_jump)
{
    struct tj_lane_object *lane =
        tj_state_touch(state, TJ_T_LANE, effect->header->party, effect->header->lane);
    lane->sequence = effect->header->sequence;
    lane->entry = effect->entry;
    lane->jump = lane_jump;
    memcpy(lane->envelope_id, effect->envelope_id->bytes, TJ_HASH_SIZE);
}

/* ---- movements ---- */

static struct tj_account_object *touch_account(struct tj_state *state, uint64_t account)
{
    return tj_state_touch(state, TJ_T_ACCOUNT, tj_account_party(account),
                          tj_account_local(account));
}

static struct tj_party_object *touch_party(struct tj_state *state, uint32_t party)
{
    return tj_state_touch(state, TJ_T_PARTY, 0, party);
}

static struct tj_ledger_object *touch_ledger(struct tj_state *state)
{
    return tj_state_touch(state, TJ_T_LEDGER, 0, 0);
}

static void add_total(struct tj_state *state, uint64_t from, uint64_t to, uint8_t purpose,
                      enum tj_basis basis, struct tj_amount amount)
{
    const struct tj_account_object *source = tj_state_account(state, from);
    const struct tj_account_object *target = tj_state_account(state, to);
    TIJORI_REQUIRE(source != NULL && target != NULL);
    enum tj_flow flow = tj_flow_of(source->class, target->class);
    struct tj_total_object *total = tj_state_touch(
        state, TJ_T_TOTAL, 0, tj_total_number(source->asset, purpose, (uint8_t)basis));
    total->amount[flow] += amount.base;
    total->count[flow]++;
}

/* A correction runs from the corrected record's `to` to its `from`: the cell and the direction are
 * those of the record it corrects. */
static void subtract_total(struct tj_state *state, const uint8_t *record, enum tj_basis basis)
{
    const struct tj_account_object *source = tj_state_account(state, tj_movement_to(record));
    const struct tj_account_object *target = tj_state_account(state, tj_movement_from(record));
    TIJORI_REQUIRE(source != NULL && target != NULL);
    uint8_t purpose = tj_movement_purpose(record);
    struct tj_total_object *total = tj_state_touch(
        state, TJ_T_TOTAL, 0, tj_total_number(source->asset, purpose, (uint8_t)basis));
    total->amount[tj_flow_of(source->class, target->class)] -= tj_movement_amount(record).base;
    total->corrections++;
}

/* A mark that exists already keeps its number. In a redo the index may know a mark from a block
 * that is newer than this entry: it was made here exactly when its number is the next one. */
static struct tj_mark_object *touch_mark(struct tj_state *state, struct tj_effect *effect,
                                         uint64_t record)
{
    uint64_t number;
    if (tj_state_find_mark(state, record, &number) == NULL || number >= effect->marks) {
        number = effect->marks++;
        tj_state_index_mark(state, record, number);
    }
    struct tj_mark_object *mark = tj_state_touch(state, TJ_T_MARK, 0, number);
    mark->record = record;
    return mark;
}

bool tj_named_basis(const struct tj_past *past, const struct tj_slots *slots, struct tj_named *out)
{
    out->basis = 0;
    if (!tj_kind_is_movement(out->record[0])) {
        return true;
    }
    out->basis = (uint8_t)tj_basis_of(out->record, tj_slots_countersigned(slots));
    struct tj_named pending = {.absent = false};
    if (out->record[0] == TJ_POST &&
        past->record(past->context, tj_movement_refers_to(out->record), &pending) &&
        !pending.absent && pending.basis > out->basis) {
        out->basis = pending.basis;
    }
    return true;
}

static enum tj_basis named_basis(const struct tj_effect *effect, uint64_t record_id)
{
    struct tj_named named = {.absent = false};
    bool found = effect->past->record(effect->past->context, record_id, &named);
    TIJORI_REQUIRE(found);
    return (enum tj_basis)named.basis;
}

static void effect_settle(struct tj_state *state, struct tj_effect *effect, const uint8_t *record,
                          struct tj_account_object *from, struct tj_account_object *to)
{
    uint64_t amount = tj_movement_amount(record).base;
    bool post = record[0] == TJ_POST;
    from->pending_out -= amount;
    to->pending_in -= amount;
    if (post) {
        from->out += amount;
        to->in += amount;
        enum tj_basis basis = named_basis(effect, tj_movement_refers_to(record));
        enum tj_basis own = tj_basis_of(record, effect->countersigned);
        add_total(state, tj_movement_from(record), tj_movement_to(record),
                  tj_movement_purpose(record), own > basis ? own : basis,
                  tj_movement_amount(record));
    }
    touch_mark(state, effect, tj_movement_refers_to(record))->value =
        TJ_MARK_PENDING | (post ? TJ_MARK_POSTED : TJ_MARK_VOIDED);
}

static void effect_movement(struct tj_state *state, struct tj_effect *effect, uint32_t position,
                            const uint8_t *record, uint8_t *link)
{
    uint64_t id = tj_record_id(effect->entry, position);
    struct tj_amount amount = tj_movement_amount(record);
    struct tj_account_object *from = touch_account(state, tj_movement_from(record));
    uint64_t from_previous = from->latest;
    from->latest = id;
    /* In a redo both may be the one scratch object; then neither is kept. */
    struct tj_account_object *to = touch_account(state, tj_movement_to(record));
    if (link != NULL) {
        tj_store64(link, from_previous);
        tj_store64(link + 8, to->latest);
    }
    to->latest = id;
    switch (record[0]) {
    case TJ_MOVE:
        from->out += amount.base;
        to->in += amount.base;
        add_total(state, tj_movement_from(record), tj_movement_to(record),
                  tj_movement_purpose(record), tj_basis_of(record, effect->countersigned), amount);
        return;
    case TJ_PENDING:
        from->pending_out += amount.base;
        to->pending_in += amount.base;
        touch_mark(state, effect, id)->value = TJ_MARK_PENDING | TJ_MARK_OPEN;
        return;
    case TJ_POST:
    case TJ_VOID:
        effect_settle(state, effect, record, from, to);
        return;
    case TJ_CORRECT:
        from->out += amount.base;
        to->in += amount.base;
        subtract_total(state, record, named_basis(effect, tj_movement_refers_to(record)));
        touch_mark(state, effect, tj_movement_refers_to(record))->value += amount.base;
        return;
    }
    abort();
}

/* ---- directives ---- */

static void effect_register_party(struct tj_state *state, const struct tj_record *r, uint64_t id)
{
    struct tj_party_object *party = touch_party(state, r->party);
    memcpy(party->name, r->name, TJ_NAME_SIZE);
    party->type = r->type;
    party->status = TJ_PARTY_ACTIVE;
    party->classes = tj_type_classes_first(r->type);
    party->registered = id;
    struct tj_ledger_object *ledger = touch_ledger(state);
    ledger->parties = r->party + 1;
}

static void effect_add_key(struct tj_state *state, const struct tj_record *r, uint64_t id)
{
    struct tj_key_object *key = tj_state_touch(state, TJ_T_KEY, r->party, r->ordinal);
    memcpy(key->key, r->key, sizeof key->key);
    key->algorithm = r->algorithm;
    key->role = r->role;
    key->flags = r->flags;
    key->status = TJ_KEY_ACTIVE;
    key->ordinal = r->ordinal;
    key->party = r->party;
    key->added = id;
    key->revoked = 0;
    tj_state_index_key(state, key);
    struct tj_party_object *party = touch_party(state, r->party);
    party->keys = r->ordinal + 1;
    party->keys_active[r->role & 3]++;
}

static void effect_revoke_key(struct tj_state *state, const struct tj_record *r, uint64_t id)
{
    struct tj_key_object *key = tj_state_touch(state, TJ_T_KEY, r->party, r->ordinal);
    key->status = TJ_KEY_REVOKED;
    key->revoked = id;
    struct tj_party_object *party = touch_party(state, r->party);
    party->keys_active[r->role & 3]--;
}

static void effect_open_asset(struct tj_state *state, const struct tj_record *r, uint64_t id)
{
    struct tj_asset_object *asset = tj_state_touch(state, TJ_T_ASSET, 0, r->asset);
    asset->amount_max = r->amount_max;
    asset->opened = id;
    asset->decimals = r->decimals;
    memcpy(asset->code, r->code, TJ_ASSET_CODE_SIZE);
    struct tj_ledger_object *ledger = touch_ledger(state);
    ledger->assets = r->asset;
}

static void effect_open_account(struct tj_state *state, const struct tj_record *r)
{
    struct tj_account_object *account = touch_account(state, r->account);
    account->asset = (uint16_t)r->asset;
    account->class = r->class;
    struct tj_party_object *party = touch_party(state, tj_account_party(r->account));
    party->accounts = tj_account_local(r->account) + 1;
}

static void effect_log_key(struct tj_state *state, const struct tj_record *r, uint64_t id)
{
    bool add = r->kind == TJ_ADD_LOG_KEY;
    struct tj_log_key_object *key = tj_state_touch(state, TJ_T_LOG_KEY, 0, r->number);
    if (add) {
        memcpy(key->key, r->key, sizeof key->key);
        key->present = 1;
        key->added = id;
    } else {
        key->retired = id;
        key->last_good_size = r->size;
    }
    struct tj_ledger_object *ledger = touch_ledger(state);
    if (add) {
        ledger->log_keys = r->number + 1;
    }
    ledger->log_keys_active += add ? 1u : UINT32_MAX; /* plus or minus one */
}

static void effect_ledger(struct tj_state *state, const struct tj_record *r)
{
    struct tj_ledger_object *ledger = touch_ledger(state);
    memcpy(ledger->nonce, r->nonce.bytes, sizeof ledger->nonce);
    memcpy(ledger->name, r->name, sizeof ledger->name);
    ledger->network = r->network;
    ledger->rules = r->rules;
    ledger->lifetime_max_s = r->lifetime_max_s;
    ledger->checkpoint_delay_max_s = r->checkpoint_delay_max_s;
}

static void effect_directive(struct tj_state *state, const struct tj_record *r, uint64_t id)
{
    switch ((int)r->kind) {
    case TJ_LEDGER:
        effect_ledger(state, r);
        return;
    case TJ_REGISTER_PARTY:
        effect_register_party(state, r, id);
        return;
    case TJ_ADD_KEY:
        effect_add_key(state, r, id);
        return;
    case TJ_REVOKE_KEY:
        effect_revoke_key(state, r, id);
        return;
    case TJ_SET_THRESHOLD:
        touch_party(state, r->party)->threshold[r->domain] = r->threshold;
        return;
    case TJ_SUSPEND_PARTY:
    case TJ_REINSTATE_PARTY:
        touch_party(state, r->party)->status =
            r->kind == TJ_SUSPEND_PARTY ? TJ_PARTY_SUSPENDED : TJ_PARTY_ACTIVE;
        return;
    case TJ_GRANT_CLASSES:
        touch_party(state, r->party)->classes = r->classes;
        return;
    case TJ_OPEN_ASSET:
        effect_open_asset(state, r, id);
        return;
    case TJ_OPEN_ACCOUNT:
        effect_open_account(state, r);
        return;
    case TJ_FREEZE_ACCOUNT:
        touch_account(state, r->account)->flags |= r->directions;
        return;
    case TJ_UNFREEZE_ACCOUNT:
        touch_account(state, r->account)->flags &= (uint8_t)~r->directions;
        return;
    case TJ_CLOSE_ACCOUNT:
        touch_account(state, r->account)->flags |= TJ_ACCOUNT_CLOSED;
        return;
    case TJ_ACTIVATE_RULES:
        touch_ledger(state)->rules = r->rules;
        return;
    case TJ_ADD_LOG_KEY:
    case TJ_RETIRE_LOG_KEY:
        effect_log_key(state, r, id);
        return;
    case TJ_PREDECESSOR: /* facts of the log that no rule asks for */
    case TJ_ENDORSE:
        return;
    }
    abort();
}

void tj_effect_record(struct tj_state *state, struct tj_effect *effect, uint32_t position,
                      const uint8_t record[TJ_RECORD_SIZE], uint8_t *link)
{
    if (tj_kind_is_movement(record[0])) {
        effect_movement(state, effect, position, record, link);
        return;
    }
    struct tj_record decoded;
    tj_record_decode(record, &decoded);
    if (link != NULL) {
        memset(link, 0, TJ_LINK_SIZE);
    }
    effect_directive(state, &decoded, tj_record_id(effect->entry, position));
}

void tj_effect_absent(struct tj_state *state, struct tj_effect *effect,
                      const uint8_t record[TJ_RECORD_SIZE])
{
    if (record[0] == TJ_POST || record[0] == TJ_VOID) {
        touch_mark(state, effect, tj_movement_refers_to(record))->value =
            TJ_MARK_PENDING | (record[0] == TJ_POST ? TJ_MARK_POSTED : TJ_MARK_VOIDED);
    }
}

void tj_effect_end(struct tj_state *state, const struct tj_effect *effect)
{
    const struct tj_ledger_object *ledger = tj_state_ledger(state);
    if (ledger != NULL && ledger->marks != effect->marks) {
        touch_ledger(state)->marks = effect->marks;
    }
}
