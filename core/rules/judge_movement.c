#include "core/rules/signing.h"

#include <inttypes.h>

/* docs/FORMAT.md section 7.1. */

/* What the rules of one movement look at. */
struct sides {
    const struct tj_account_object *from;
    const struct tj_account_object *to;
    const struct tj_asset_object *asset;
};

static const char *amount_text(char out[TJ_AMOUNT_TEXT_SIZE], const struct sides *s, tj_i128 base)
{
    tj_amount_format(out, base, s->asset->decimals);
    return out;
}

static enum tijori_status refuse_account(struct tj_verdict *verdict, const char *field,
                                         uint64_t account)
{
    return tj_refuse_detail(verdict, TIJORI_ACCOUNT_UNKNOWN, field, "account %" PRIu32 ":%" PRIu32,
                            tj_account_party(account), tj_account_local(account));
}

static enum tijori_status find_sides(const struct tj_state *state, struct sides *s,
                                     const uint8_t *record, struct tj_verdict *verdict)
{
    uint64_t from = tj_movement_from(record);
    uint64_t to = tj_movement_to(record);
    s->from = tj_state_account(state, from);
    s->to = tj_state_account(state, to);
    if (s->from == NULL) {
        return refuse_account(verdict, "from", from);
    }
    if (s->to == NULL) {
        return refuse_account(verdict, "to", to);
    }
    s->asset = tj_state_asset(state, s->from->asset);
    return TIJORI_OK;
}

static enum tijori_status judge_open(const struct sides *s, struct tj_verdict *verdict)
{
    if ((s->from->flags & TJ_ACCOUNT_CLOSED) != 0) {
        return tj_refuse(verdict, TIJORI_ACCOUNT_CLOSED, "from");
    }
    if ((s->to->flags & TJ_ACCOUNT_CLOSED) != 0) {
        return tj_refuse(verdict, TIJORI_ACCOUNT_CLOSED, "to");
    }
    if ((s->from->flags & TJ_ACCOUNT_FROZEN_OUT) != 0) {
        return tj_refuse(verdict, TIJORI_ACCOUNT_FROZEN, "from");
    }
    if ((s->to->flags & TJ_ACCOUNT_FROZEN_IN) != 0) {
        return tj_refuse(verdict, TIJORI_ACCOUNT_FROZEN, "to");
    }
    return TIJORI_OK;
}

/* Who submits a restricted envelope is not of the public sector (step 7), nor then is `from`. */
static enum tijori_status judge_public(const struct tj_state *state, const struct tj_case *c,
                                       const uint8_t *record, struct tj_verdict *verdict)
{
    uint32_t party = tj_account_party(tj_movement_to(record));
    if (tj_header_restricted(c->header) && tj_type_is_public(tj_state_party(state, party)->type)) {
        return tj_refuse(verdict, TIJORI_RESTRICTED, "to");
    }
    return TIJORI_OK;
}

static enum tijori_status judge_countersigned(const struct tj_case *c, const struct sides *s,
                                              const uint8_t *record, struct tj_verdict *verdict)
{
    uint32_t party;
    if (!tj_wants_countersigner(&party, c->header, record, s->from, s->to)) {
        return TIJORI_OK;
    }
    if (!tj_countersigned_by(c->slots, party)) { /* its threshold was judged with the keys */
        return tj_refuse_detail(verdict, TIJORI_COUNTERSIGN_MISSING, "to", "party %" PRIu32, party);
    }
    return TIJORI_OK;
}

/* A rule on this account's balance cannot be judged, and that is counted. */
static bool not_known(struct tj_state *state, uint64_t account)
{
    bool unknown = tj_balance_unknown(state, account);
    state->unjudged += unknown;
    return unknown;
}

/* I3: pending outflows count. */
static enum tijori_status judge_balance(struct tj_state *state, const struct sides *s,
                                        const uint8_t *record, struct tj_verdict *verdict)
{
    uint64_t amount = tj_movement_amount(record).base;
    tj_i128 available = tj_account_balance(s->from) - (tj_i128)s->from->pending_out;
    if (tj_class_is_contra(s->from->class) || available >= (tj_i128)amount) {
        return TIJORI_OK;
    }
    if (not_known(state, tj_movement_from(record))) {
        return TIJORI_OK;
    }
    char left[TJ_AMOUNT_TEXT_SIZE];
    char wanted[TJ_AMOUNT_TEXT_SIZE];
    return tj_refuse_detail(verdict, TIJORI_BALANCE, "amount", "%s %.8s left, %s wanted",
                            amount_text(left, s, available), s->asset->code,
                            amount_text(wanted, s, (tj_i128)amount));
}

static enum tijori_status judge_purpose(const struct sides *s, const uint8_t *record,
                                        struct tj_verdict *verdict)
{
    uint8_t purpose = tj_movement_purpose(record);
    if (tj_purpose_allows(purpose, s->from->class, s->to->class)) {
        return TIJORI_OK;
    }
    return tj_refuse_detail(verdict, TIJORI_PURPOSE, "purpose", "%s, %s to %s: %s",
                            tj_purpose_names[purpose], tj_class_names[s->from->class],
                            tj_class_names[s->to->class],
                            tj_purpose_refusal(purpose, s->from->class, s->to->class));
}

static enum tijori_status judge_pending(struct tj_state *state, const struct sides *s,
                                        const uint8_t *record, struct tj_verdict *verdict)
{
    struct tj_amount sum;
    struct tj_amount amount = tj_movement_amount(record);
    if (!tj_amount_add(&sum, (struct tj_amount){s->from->pending_out}, amount) &&
        !not_known(state, tj_movement_from(record))) {
        return tj_refuse(verdict, TIJORI_OVERFLOW, "from");
    }
    if (!tj_amount_add(&sum, (struct tj_amount){s->to->pending_in}, amount) &&
        !not_known(state, tj_movement_to(record))) {
        return tj_refuse(verdict, TIJORI_OVERFLOW, "to");
    }
    return TIJORI_OK;
}

static bool timeout_passed(uint32_t timeout_s, uint64_t received_ns)
{
    return timeout_s != 0 && received_ns >= timeout_s * TJ_NS_PER_S;
}

/* Whether any rule of section 7.3 may have something to say: most movements meet none, and this is
 * all that they pay for there being rules. */
static bool may_meet_rules(const struct tj_state *state, const struct sides *s,
                           const uint8_t *record)
{
    if (tj_state_ledger(state)->rules_set == 0) {
        return false;
    }
    const struct tj_party_object *from =
        tj_state_party(state, tj_account_party(tj_movement_from(record)));
    bool tiered =
        (from->ruled & TJ_PARTY_TIERED) != 0 && tj_movement_amount(record).base > from->tier_least;
    bool named = ((s->from->flags | s->to->flags) & TJ_ACCOUNT_RULED) != 0;
    bool reserve = s->from->class == TJ_CLASS_RESERVE || s->to->class == TJ_CLASS_RESERVE;
    if (tiered || named || reserve) {
        return true;
    }
    return !tj_in_one_pocket(record, s->from, s->to) &&
           ((from->ruled | tj_state_party(state, tj_account_party(tj_movement_to(record)))->ruled) &
            TJ_PARTY_LIMITED) != 0;
}

/* A move or a pending, in the order of section 7.1. */
static enum tijori_status judge_new(struct tj_state *state, const struct tj_case *c,
                                    const struct sides *s, const uint8_t *record,
                                    struct tj_verdict *verdict)
{
    enum tijori_status status = judge_open(s, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    if (s->from->asset != s->to->asset) {
        return tj_refuse(verdict, TIJORI_ASSET_MIXED, "to");
    }
    if (tj_movement_amount(record).base > s->asset->amount_max) {
        return tj_refuse(verdict, TIJORI_AMOUNT_MAX, "amount");
    }
    status = judge_purpose(s, record, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    status = judge_public(state, c, record, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    status = judge_countersigned(c, s, record, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    if (timeout_passed(tj_movement_timeout_s(record), c->received_ns)) {
        return tj_refuse(verdict, TIJORI_TIMEOUT, "timeout_s");
    }
    status = judge_balance(state, s, record, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    if (tj_record_kind(record) == TJ_PENDING) {
        status = judge_pending(state, s, record, verdict);
        if (status != TIJORI_OK) {
            return status;
        }
    }
    if (!may_meet_rules(state, s, record)) {
        return TIJORI_OK;
    }
    return tj_judge_rules(state, c, record, s->from, s->to, NULL, verdict);
}

/* ---- post, void, correct ---- */

static bool kinds_match(uint8_t kind, uint8_t named_kind)
{
    if (kind == TJ_CORRECT) {
        return named_kind == TJ_MOVE || named_kind == TJ_POST;
    }
    return named_kind == TJ_PENDING;
}

/* For a correct, from and to are the other way round, and the amount is judged later. */
static const char *differing_field(const uint8_t *record, const uint8_t *named)
{
    bool swapped = tj_record_kind(record) == TJ_CORRECT;
    uint64_t from = swapped ? tj_movement_to(named) : tj_movement_from(named);
    uint64_t to = swapped ? tj_movement_from(named) : tj_movement_to(named);
    if (tj_movement_purpose(record) != tj_movement_purpose(named)) {
        return "purpose";
    }
    if (tj_movement_from(record) != from) {
        return "from";
    }
    if (tj_movement_to(record) != to) {
        return "to";
    }
    if (!swapped && tj_movement_amount(record).base != tj_movement_amount(named).base) {
        return "amount";
    }
    return NULL;
}

static enum tijori_status judge_named(const struct tj_past *past, struct tj_named *named,
                                      const struct tj_case *c, const uint8_t *record,
                                      struct tj_verdict *verdict)
{
    uint64_t id = tj_movement_refers_to(record);
    if (tj_record_entry(id) >= c->index || !past->record(past->context, named, id)) {
        return tj_refuse_detail(verdict, TIJORI_NAMED_UNKNOWN, "refers_to",
                                "record %" PRIu64 ":%" PRIu32, tj_record_entry(id),
                                tj_record_position(id));
    }
    if (named->absent) {
        return TIJORI_OK;
    }
    if (memcmp(named->leaf.bytes, tj_movement_hash(record), TJ_HASH_SIZE) != 0) {
        return tj_refuse(verdict, TIJORI_NAMED_HASH, "hash");
    }
    if (!kinds_match(tj_record_kind(record), tj_record_kind(named->record))) {
        return tj_refuse_detail(verdict, TIJORI_NAMED_KIND, "refers_to", "it is a %s",
                                tj_record_layout(tj_record_kind(named->record))->name);
    }
    const char *field = differing_field(record, named->record);
    if (field != NULL) {
        return tj_refuse(verdict, TIJORI_NAMED_DIFFERS, field);
    }
    return TIJORI_OK;
}

static enum tijori_status judge_correction(struct tj_state *state, const struct tj_case *c,
                                           const struct sides *s, const uint8_t *record,
                                           const struct tj_named *named, struct tj_verdict *verdict)
{
    enum tijori_status status = judge_countersigned(c, s, record, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    uint64_t number;
    const struct tj_mark_object *mark =
        tj_state_find_mark(state, &number, tj_movement_refers_to(record));
    uint64_t left = tj_movement_amount(named->record).base - (mark != NULL ? mark->value : 0);
    if (tj_movement_amount(record).base > left) {
        char text[TJ_AMOUNT_TEXT_SIZE];
        return tj_refuse_detail(verdict, TIJORI_CORRECTION, "amount", "%s %.8s left",
                                amount_text(text, s, (tj_i128)left), s->asset->code);
    }
    return judge_balance(state, s, record, verdict);
}

/* It names a restricted record that is not here. That one is on no account of the public sector;
 * and what the records that are here say of it and of the accounts still holds. */
static enum tijori_status judge_absent(struct tj_state *state, const struct sides *s,
                                       const uint8_t *record, struct tj_verdict *verdict)
{
    uint64_t number;
    const struct tj_mark_object *mark =
        tj_state_find_mark(state, &number, tj_movement_refers_to(record));
    if (!not_known(state, tj_movement_from(record))) {
        return tj_refuse(verdict, TIJORI_NAMED_DIFFERS, "from");
    }
    if (!not_known(state, tj_movement_to(record))) {
        return tj_refuse(verdict, TIJORI_NAMED_DIFFERS, "to");
    }
    if (tj_record_kind(record) != TJ_CORRECT && mark != NULL) {
        return tj_refuse(verdict, TIJORI_SETTLED, "refers_to");
    }
    if (tj_record_kind(record) == TJ_POST || tj_record_kind(record) == TJ_CORRECT) {
        return judge_open(s, verdict);
    }
    return TIJORI_OK;
}

/* None of the keys that sign approved it before. */
static enum tijori_status judge_approve(const struct tj_state *state, const struct tj_case *c,
                                        const uint8_t *record, struct tj_verdict *verdict)
{
    struct tj_key_set signed_by;
    struct tj_key_set before;
    tj_approvers(state, signed_by.keys, c->header, c->slots);
    tj_approved_before(state, &before, tj_movement_refers_to(record));
    for (uint32_t i = 0; i < TJ_KEYS_MAX; i++) {
        if (tj_key_in_set(&signed_by, i) && tj_key_in_set(&before, i)) {
            return tj_refuse_detail(verdict, TIJORI_APPROVED, "refers_to", "key %" PRIu32, i);
        }
    }
    return TIJORI_OK;
}

/* What post, void and approve name is still pending. */
static enum tijori_status judge_settled(const struct tj_state *state, const uint8_t *record,
                                        struct tj_verdict *verdict)
{
    uint64_t number;
    const struct tj_mark_object *mark =
        tj_state_find_mark(state, &number, tj_movement_refers_to(record));
    TIJORI_REQUIRE(mark != NULL);
    if (mark->value != (TJ_MARK_PENDING | TJ_MARK_OPEN)) {
        return tj_refuse(verdict, TIJORI_SETTLED, "refers_to");
    }
    return TIJORI_OK;
}

/* The second half of section 7.1: what is asked of a post, void, correct or approve beside what it
 * names. */
static enum tijori_status judge_of_named(struct tj_state *state, const struct tj_case *c,
                                         const struct sides *s, const uint8_t *record,
                                         const struct tj_named *named, struct tj_verdict *verdict)
{
    uint8_t kind = tj_record_kind(record);
    enum tijori_status status = TIJORI_OK;
    if (kind != TJ_CORRECT) {
        status = judge_settled(state, record, verdict);
        if (status != TIJORI_OK) {
            return status;
        }
    }
    if (kind == TJ_POST || kind == TJ_CORRECT) {
        status = judge_open(s, verdict);
        if (status != TIJORI_OK) {
            return status;
        }
    }
    status = judge_public(state, c, record, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    if ((kind == TJ_POST || kind == TJ_APPROVAL) &&
        timeout_passed(tj_movement_timeout_s(named->record), c->received_ns)) {
        return tj_refuse(verdict, TIJORI_TIMEOUT, "refers_to");
    }
    if (kind == TJ_APPROVAL) {
        return judge_approve(state, c, record, verdict);
    }
    if (kind == TJ_CORRECT) {
        return judge_correction(state, c, s, record, named, verdict);
    }
    return TIJORI_OK;
}

static enum tijori_status judge_naming(struct tj_state *state, const struct tj_past *past,
                                       const struct tj_case *c, const struct sides *s,
                                       const uint8_t *record, struct tj_verdict *verdict)
{
    struct tj_named named = {.absent = false};
    enum tijori_status status = judge_named(past, &named, c, record, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    if (named.absent) {
        status = judge_absent(state, s, record, verdict);
    } else {
        status = judge_of_named(state, c, s, record, &named, verdict);
    }
    if (status != TIJORI_OK) {
        return status;
    }
    if (!tj_kind_posts(tj_record_kind(record)) || tj_state_ledger(state)->rules_set == 0) {
        return TIJORI_OK;
    }
    return tj_judge_rules(state, c, record, s->from, s->to, named.absent ? NULL : &named, verdict);
}

enum tijori_status tj_judge_movement(struct tj_state *state, const struct tj_past *past,
                                     const struct tj_case *c, const uint8_t *record,
                                     struct tj_verdict *verdict)
{
    struct sides s;
    uint8_t kind = tj_record_kind(record);
    if (c->header->lane == 0 && kind != TJ_VOID) {
        return tj_refuse(verdict, TIJORI_LANE, "kind");
    }
    enum tijori_status status = find_sides(state, &s, record, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    bool authority_voids = kind == TJ_VOID && c->header->party == 0;
    if (tj_account_party(tj_movement_from(record)) != c->header->party && !authority_voids) {
        return tj_refuse_detail(verdict, TIJORI_NOT_OWNER, "from",
                                "party %" PRIu32 " submits, party %" PRIu32 " owns",
                                c->header->party, tj_account_party(tj_movement_from(record)));
    }
    if (tj_kind_names(kind)) {
        return judge_naming(state, past, c, &s, record, verdict);
    }
    return judge_new(state, c, &s, record, verdict);
}

bool tj_names_absent(const struct tj_state *state, const struct tj_past *past,
                     const uint8_t record[TJ_RECORD_SIZE])
{
    if (!state->partial) { /* asked of every record: before anything is made ready */
        return false;
    }
    struct tj_named named = {.absent = false};
    return tj_kind_names(tj_record_kind(record)) &&
           past->record(past->context, &named, tj_movement_refers_to(record)) && named.absent;
}
