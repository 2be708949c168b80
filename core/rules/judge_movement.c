#include "core/rules/signing.h"

#include <inttypes.h>

/* docs/FORMAT.md section 7.1. Its two halves are judge_new (move, pending) and judge_naming (post,
 * void, correct, approve); tj_judge_movement has what both begin with. */

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

enum tijori_status tj_refuse_account(struct tj_verdict *verdict, const char *field,
                                     uint64_t account)
{
    char text[TJ_ACCOUNT_TEXT_SIZE];
    tj_account_format(text, account);
    return tj_refuse_detail(verdict, TIJORI_ACCOUNT_UNKNOWN, field, "account %s", text);
}

/* 7.1, ACCOUNT_UNKNOWN: first of all, since every other rule looks at the accounts. */
static enum tijori_status find_sides(const struct tj_state *state, struct sides *s,
                                     const uint8_t *record, struct tj_verdict *verdict)
{
    uint64_t from = tj_movement_from(record);
    uint64_t to = tj_movement_to(record);
    s->from = tj_state_account(state, from);
    s->to = tj_state_account(state, to);
    if (s->from == NULL) {
        return tj_refuse_account(verdict, "from", from);
    }
    if (s->to == NULL) {
        return tj_refuse_account(verdict, "to", to);
    }
    s->asset = tj_state_asset(state, s->from->asset);
    TJ_VERIFY_CHECK(s->asset != NULL && s->from != s->to);
    return TIJORI_OK;
}

/* 7.1, ACCOUNT_CLOSED, ACCOUNT_FROZEN. */
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

/* 7.1, RESTRICTED: what the public sector does can be read by everybody. Only `to` has to be asked:
 * who submits a restricted envelope is not of the public sector (7, step 8), and owns `from`. */
static enum tijori_status judge_public(const struct tj_state *state, const struct tj_case *c,
                                       const uint8_t *record, struct tj_verdict *verdict)
{
    const struct tj_party_object *party =
        tj_state_party(state, tj_account_party(tj_movement_to(record)));
    TJ_VERIFY_CHECK(party != NULL);
    TJ_VERIFY_CHECK(!tj_header_restricted(c->header) ||
                    tj_account_party(tj_movement_from(record)) == c->header->party);
    if (tj_header_restricted(c->header) && tj_type_is_public(party->type)) {
        return tj_refuse(verdict, TIJORI_RESTRICTED, "to");
    }
    return TIJORI_OK;
}

/* 7.1, COUNTERSIGN_MISSING: one slot is enough to see here. That it is a key of the party, and that
 * the party's threshold is reached, was judged with the keys (7, steps 9 and 10). */
static enum tijori_status judge_countersigned(const struct tj_case *c, const struct sides *s,
                                              const uint8_t *record, struct tj_verdict *verdict)
{
    uint32_t party;
    if (!tj_wants_countersigner(&party, c->header, record, s->from, s->to)) {
        return TIJORI_OK;
    }
    if (!tj_countersigned_by(c->slots, party)) {
        return tj_refuse_detail(verdict, TIJORI_COUNTERSIGN_MISSING, "to", "party %" PRIu32, party);
    }
    return TIJORI_OK;
}

/* 7.1, OPENING: of a move with the flag. What a party held before the ledger came from outside it
 * and is its own; the public sector says of when it is. */
static enum tijori_status judge_opening(struct tj_state *state, const struct tj_case *c,
                                        const struct sides *s, const uint8_t *record,
                                        struct tj_verdict *verdict)
{
    const uint32_t number = c->header->party;
    const struct tj_party_object *party = tj_state_party(state, number);
    const bool is_public = tj_type_is_public(party->type);
    const uint32_t date = TJ_GET(record, TJ_MOVE, value_date);
    if (tj_account_party(tj_movement_to(record)) != number) {
        return tj_refuse_detail(verdict, TIJORI_OPENING, "to", "an account of another party");
    }
    if (is_public && !tj_crosses_reserve(s->from, s->to)) {
        return tj_refuse_detail(verdict, TIJORI_OPENING, "to",
                                "neither into the reserve nor out of it");
    }
    if (is_public && (date == 0 || date > tj_state_ledger(state)->founded)) {
        return tj_refuse_detail(verdict, TIJORI_OPENING, "value_date",
                                "not a day before the ledger began, nor its first");
    }
    if (!is_public && tj_movement_purpose(record) != TJ_CUSTOMER_DEPOSIT) {
        return tj_refuse_detail(verdict, TIJORI_OPENING, "purpose", "not a customer_deposit");
    }
    if (!tj_opening_is_open(state, number)) {
        return tj_refuse_detail(verdict, TIJORI_OPENING, "opening", "it is closed");
    }
    state->unjudged += state->partial && !is_public; /* it may be closed by what is not here */
    return TIJORI_OK;
}

/* 7.1, COUNTERSIGN_MISSING, of an opening by the public sector. */
static enum tijori_status judge_opening_countersigned(const struct tj_state *state,
                                                      const struct tj_case *c,
                                                      const uint8_t *record,
                                                      struct tj_verdict *verdict)
{
    if (!tj_opening_wants_voucher(state, c->header, record) ||
        tj_opening_vouched(state, c->header, record, c->slots)) {
        return TIJORI_OK;
    }
    if (c->header->party != 0) {
        return tj_refuse_detail(verdict, TIJORI_COUNTERSIGN_MISSING, "opening", "party 0");
    }
    return tj_refuse_detail(verdict, TIJORI_COUNTERSIGN_MISSING, "opening",
                            "a party that is not of the public sector");
}

/* A rule on this account's balance cannot be judged, because bodies that may move it are not here.
 * That is counted, so that a report says what was not checked. */
static bool not_known(struct tj_state *state, uint64_t account)
{
    bool unknown = tj_balance_unknown(state, account);
    state->unjudged += unknown;
    return unknown;
}

/* 7.1, BALANCE (I3): what is pending is no longer there to spend, or two pending movements could
 * promise the same coins. Where the balance is not known, only what this rule would refuse is
 * counted as not judged. */
static enum tijori_status judge_balance(struct tj_state *state, const struct sides *s,
                                        const uint8_t *record, struct tj_verdict *verdict)
{
    uint64_t amount = tj_movement_amount(record).base;
    tj_i128 available = tj_account_balance(s->from) - (tj_i128)s->from->pending_out;
    /* I3 held before this record. */
    TJ_VERIFY_CHECK(tj_class_is_contra(s->from->class) || available >= 0 ||
                    tj_balance_unknown(state, tj_movement_from(record)));
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

/* 7.1, PURPOSE: the table is in purpose.c. */
static enum tijori_status judge_purpose(const struct sides *s, const uint8_t *record,
                                        struct tj_verdict *verdict)
{
    uint8_t purpose = tj_movement_purpose(record);
    TJ_VERIFY_CHECK(purpose > 0 && purpose < TJ_PURPOSE_END);
    if (tj_purpose_allows(purpose, s->from->class, s->to->class)) {
        return TIJORI_OK;
    }
    return tj_refuse_detail(verdict, TIJORI_PURPOSE, "purpose", "%s, %s to %s: %s",
                            tj_purpose_names[purpose], tj_class_names[s->from->class],
                            tj_class_names[s->to->class],
                            tj_purpose_refusal(purpose, s->from->class, s->to->class));
}

/* 7.1, OVERFLOW: a post or void takes the pending amounts back. From a sum that wrapped around it
 * would take what is not in it. */
static enum tijori_status judge_pending(struct tj_state *state, const struct sides *s,
                                        const uint8_t *record, struct tj_verdict *verdict)
{
    struct tj_amount sum;
    struct tj_amount amount = tj_movement_amount(record);
    if (tj_record_kind(record) != TJ_PENDING) {
        return TIJORI_OK;
    }
    TJ_VERIFY_CHECK(amount.base > 0 && amount.base <= s->asset->amount_max);
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

/* Whether any rule of section 7.3 may have something to say. Most movements meet none, and this is
 * all that they pay for there being rules. It may be wrong on one side only: what it turns away, no
 * rule refuses. It can tell because a party or an account that any rule ever named has a flag. */
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
    if (tj_in_one_pocket(record, s->from, s->to)) {
        return false;
    }
    const struct tj_party_object *to =
        tj_state_party(state, tj_account_party(tj_movement_to(record)));
    return ((from->ruled | to->ruled) & TJ_PARTY_LIMITED) != 0;
}

/* What an account holds and an asset allows never change. */
static enum tijori_status judge_asset(const struct sides *s, const uint8_t *record,
                                      struct tj_verdict *verdict)
{
    /* 7.1, ASSET_MIXED. */
    if (s->from->asset != s->to->asset) {
        return tj_refuse(verdict, TIJORI_ASSET_MIXED, "to");
    }
    /* 7.1, AMOUNT_MAX. */
    if (tj_movement_amount(record).base > s->asset->amount_max) {
        return tj_refuse(verdict, TIJORI_AMOUNT_MAX, "amount");
    }
    return TIJORI_OK;
}

enum tijori_status tj_judge_foreseen(const struct tj_state *state, const uint8_t *record,
                                     struct tj_verdict *verdict)
{
    const uint8_t purpose = tj_movement_purpose(record);
    if (!tj_purpose_moves(purpose)) {
        return tj_refuse_detail(verdict, TIJORI_PURPOSE, "purpose", "%s",
                                tj_purpose_refusal(purpose, 0, 0));
    }
    struct sides s = {.from = NULL};
    const bool is_new = record[0] == TJ_MOVE || record[0] == TJ_PENDING;
    if (state != NULL && is_new) {
        s.from = tj_state_account(state, tj_movement_from(record));
        s.to = tj_state_account(state, tj_movement_to(record));
    }
    if (s.from == NULL || s.to == NULL) {
        return TIJORI_OK; /* they may be opened before */
    }
    s.asset = tj_state_asset(state, s.from->asset);
    return judge_asset(&s, record, verdict);
}

/* A move or a pending, in the order of section 7.1: the accounts by themselves, then the two
 * together, then who has to agree, and last what depends on the moment, so that a refusal names
 * first what no waiting makes good. */
static enum tijori_status judge_new(struct tj_state *state, const struct tj_case *c,
                                    const struct sides *s, const uint8_t *record,
                                    struct tj_verdict *verdict)
{
    enum tijori_status status = judge_open(s, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    status = judge_asset(s, record, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    status = judge_purpose(s, record, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    if (tj_movement_opening(record)) {
        status = judge_opening(state, c, s, record, verdict);
    }
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
    status = judge_opening_countersigned(state, c, record, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    /* 7.1, TIMEOUT: of a pending; a move has none. */
    if (timeout_passed(tj_movement_timeout_s(record), c->received_ns)) {
        return tj_refuse(verdict, TIJORI_TIMEOUT, "timeout_s");
    }
    status = judge_balance(state, s, record, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    status = judge_pending(state, s, record, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    if (!may_meet_rules(state, s, record)) {
        TJ_VERIFY_CHECK(tj_judge_rules(state, c, record, s->from, s->to, NULL, verdict) ==
                        TIJORI_OK);
        return TIJORI_OK;
    }
    return tj_judge_rules(state, c, record, s->from, s->to, NULL, verdict);
}

/* ---- post, void, correct ---- */

/* 7.1, NAMED_KIND: a post, void or approve names a pending movement, a correct what reached the
 * balances. A correct cannot be corrected: all that is taken back of a record is counted in one
 * mark, that of the record. */
static bool kinds_match(uint8_t kind, uint8_t named_kind)
{
    TJ_VERIFY_CHECK(tj_kind_names(kind));
    if (kind == TJ_CORRECT) {
        return named_kind == TJ_MOVE || named_kind == TJ_POST;
    }
    return named_kind == TJ_PENDING;
}

/* 7.1, NAMED_DIFFERS. For a correct, from and to are the other way round, and the amount is judged
 * later: a part may be corrected. */
static const char *differing_field(const uint8_t *record, const uint8_t *named)
{
    bool swapped = tj_record_kind(record) == TJ_CORRECT;
    TJ_VERIFY_CHECK(tj_kind_is_movement(tj_record_kind(named)));
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
    if (swapped && tj_movement_opening(record) != tj_movement_opening(named)) {
        return "opening";
    }
    if (!swapped && tj_movement_amount(record).base != tj_movement_amount(named).base) {
        return "amount";
    }
    return NULL;
}

/* The record that is named: NAMED_UNKNOWN, NAMED_KIND of a detail, NAMED_HASH, NAMED_KIND and
 * NAMED_DIFFERS of 7.1. It has
 * to be of an earlier entry, even where the log goes on after this one (an audit reads it whole).
 * The hash comes before the rest, because it shows that the signers meant the record that stands
 * here. Of a record that is absent nothing can be compared: judge_absent says what can be asked. */
static enum tijori_status judge_named(const struct tj_past *past, struct tj_named *named,
                                      const struct tj_case *c, const uint8_t *record,
                                      struct tj_verdict *verdict)
{
    uint64_t id = tj_movement_refers_to(record);
    /* 7.1, NAMED_UNKNOWN. */
    if (tj_record_entry(id) >= c->index || !past->record(past->context, named, id)) {
        return tj_refuse_detail(verdict, TIJORI_NAMED_UNKNOWN, "refers_to",
                                "record %" PRIu64 ":%" PRIu32, tj_record_entry(id),
                                tj_record_position(id));
    }
    if (named->absent) {
        return TIJORI_OK;
    }
    /* 7.1, NAMED_KIND: a detail is part of what its record says, and nothing by itself. */
    if (tj_kind_is_detail(tj_record_kind(named->record))) {
        return tj_refuse_detail(verdict, TIJORI_NAMED_KIND, "refers_to", "it is a %s",
                                tj_kind_name(tj_record_kind(named->record)));
    }
    /* 7.1, NAMED_HASH: over the record and its details, so that a signer vouches for all of it. */
    if (memcmp(named->group.bytes, tj_movement_hash(record), TJ_HASH_SIZE) != 0) {
        return tj_refuse(verdict, TIJORI_NAMED_HASH, "hash");
    }
    if (!kinds_match(tj_record_kind(record), tj_record_kind(named->record))) {
        return tj_refuse_detail(verdict, TIJORI_NAMED_KIND, "refers_to", "it is a %s",
                                tj_kind_name(tj_record_kind(named->record)));
    }
    const char *field = differing_field(record, named->record);
    if (field != NULL) {
        return tj_refuse(verdict, TIJORI_NAMED_DIFFERS, field);
    }
    return TIJORI_OK;
}

/* What 7.1 asks of a correct beside what it names. Corrections of one record add up: together they
 * take back no more than the record moved. */
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
    uint64_t corrected = mark != NULL ? mark->value : 0;
    TJ_VERIFY_CHECK(corrected <= tj_movement_amount(named->record).base);
    uint64_t left = tj_movement_amount(named->record).base - corrected;
    /* 7.1, CORRECTION. */
    if (tj_movement_amount(record).base > left) {
        char text[TJ_AMOUNT_TEXT_SIZE];
        return tj_refuse_detail(verdict, TIJORI_CORRECTION, "amount", "%s %.8s left",
                                amount_text(text, s, (tj_i128)left), s->asset->code);
    }
    return judge_balance(state, s, record, verdict);
}

/* In an audit: it names a restricted record that is not here. That one is on no account of the
 * public sector, so a record that names it for such an account is refused. What was not seen cannot
 * be compared, but the records that are here still say whether it is settled, whether the accounts
 * are open, and who has to countersign a correct. */
static enum tijori_status judge_absent(struct tj_state *state, const struct tj_case *c,
                                       const struct sides *s, const uint8_t *record,
                                       struct tj_verdict *verdict)
{
    uint64_t number;
    const struct tj_mark_object *mark =
        tj_state_find_mark(state, &number, tj_movement_refers_to(record));
    TJ_VERIFY_CHECK(state->partial);
    if (!not_known(state, tj_movement_from(record))) {
        return tj_refuse(verdict, TIJORI_NAMED_DIFFERS, "from");
    }
    if (!not_known(state, tj_movement_to(record))) {
        return tj_refuse(verdict, TIJORI_NAMED_DIFFERS, "to");
    }
    if (tj_record_kind(record) != TJ_CORRECT && mark != NULL) {
        return tj_refuse(verdict, TIJORI_SETTLED, "refers_to");
    }
    if (!tj_kind_posts(tj_record_kind(record))) {
        return TIJORI_OK;
    }
    enum tijori_status status = judge_open(s, verdict);
    if (status != TIJORI_OK || tj_record_kind(record) != TJ_CORRECT) {
        return status;
    }
    return judge_countersigned(c, s, record, verdict);
}

/* 7.1, APPROVED: none of the keys that sign approved it before. Such an approve would add nothing,
 * and its signers would think that it does. */
static enum tijori_status judge_approve(const struct tj_state *state, const struct tj_case *c,
                                        const uint8_t *record, struct tj_verdict *verdict)
{
    struct tj_key_set signed_by;
    struct tj_key_set before;
    TJ_VERIFY_CHECK(tj_header_approval(c->header));
    tj_approvers(state, signed_by.keys, c->header, c->slots);
    /* 7, steps 9 and 10: somebody signed, and by keys that approve. */
    TJ_VERIFY_CHECK(!tj_all_zero(signed_by.keys, sizeof signed_by.keys));
    tj_approved_before(state, &before, tj_movement_refers_to(record));
    for (uint32_t i = 0; i < TJ_KEYS_MAX; i++) {
        if (tj_key_in_set(&signed_by, i) && tj_key_in_set(&before, i)) {
            return tj_refuse_detail(verdict, TIJORI_APPROVED, "refers_to", "key %" PRIu32, i);
        }
    }
    return TIJORI_OK;
}

/* 7.1, SETTLED: what a post, void or approve names is still pending. A second post would move the
 * amount twice. Each pending movement has a mark, which says so. */
static enum tijori_status judge_settled(const struct tj_state *state, const uint8_t *record,
                                        struct tj_verdict *verdict)
{
    uint64_t number;
    const struct tj_mark_object *mark =
        tj_state_find_mark(state, &number, tj_movement_refers_to(record));
    TIJORI_REQUIRE(mark != NULL);
    TJ_VERIFY_CHECK((mark->value & TJ_MARK_PENDING) != 0);
    TJ_VERIFY_CHECK(number < tj_state_ledger(state)->marks);
    if (mark->value != (TJ_MARK_PENDING | TJ_MARK_OPEN)) {
        return tj_refuse(verdict, TIJORI_SETTLED, "refers_to");
    }
    return TIJORI_OK;
}

/* The second half of section 7.1: what is asked of a post, void, correct or approve beside what it
 * names. A void is asked the least. It frees what is bound, and has to be possible when the
 * accounts are frozen and when the time is over. */
static enum tijori_status judge_of_named(struct tj_state *state, const struct tj_case *c,
                                         const struct sides *s, const uint8_t *record,
                                         const struct tj_named *named, struct tj_verdict *verdict)
{
    uint8_t kind = tj_record_kind(record);
    enum tijori_status status = TIJORI_OK;
    if (kind != TJ_CORRECT) {
        status = judge_settled(state, record, verdict);
    }
    if (status != TIJORI_OK) {
        return status;
    }
    if (tj_kind_posts(kind)) {
        status = judge_open(s, verdict);
    }
    if (status != TIJORI_OK) {
        return status;
    }
    status = judge_public(state, c, record, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    /* 7.1, TIMEOUT: of the pending movement that is posted or approved. */
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

/* A post, void, correct or approve. Only a post and a correct meet rules of 7.3: the others reach
 * no balance. */
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
        status = judge_absent(state, c, s, record, verdict);
    } else {
        status = judge_of_named(state, c, s, record, &named, verdict);
    }
    if (status != TIJORI_OK) {
        return status;
    }
    if (!tj_kind_posts(tj_record_kind(record)) || tj_state_ledger(state)->rules_set == 0) {
        return TIJORI_OK;
    }
    TJ_VERIFY_CHECK(named.absent || s->from->asset == s->to->asset);
    return tj_judge_rules(state, c, record, s->from, s->to, &named, verdict);
}

/* 7.1: what all movements begin with. Lane 0 is signed by those who administer, who move nothing.
 * The void is the exception twice: it may stand in lane 0, and the authority may void for others,
 * so that a party that vanished cannot keep an amount bound for ever. */
enum tijori_status tj_judge_movement(struct tj_state *state, const struct tj_past *past,
                                     const struct tj_case *c, const uint8_t *record,
                                     struct tj_verdict *verdict)
{
    struct sides s;
    uint8_t kind = tj_record_kind(record);
    TJ_VERIFY_CHECK(record == tj_case_record(c, verdict->record));
    TJ_VERIFY_CHECK(tj_header_approval(c->header) == (kind == TJ_APPROVAL));
    /* 7.1, LANE. */
    if (c->header->lane == 0 && kind != TJ_VOID) {
        return tj_refuse(verdict, TIJORI_LANE, "kind");
    }
    enum tijori_status status = find_sides(state, &s, record, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    /* 7.1, NOT_OWNER. */
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
    if (!state->partial) { /* first, because every record of every ledger asks */
        return false;
    }
    struct tj_named named = {.absent = false};
    return tj_kind_names(tj_record_kind(record)) &&
           past->record(past->context, &named, tj_movement_refers_to(record)) && named.absent;
}
