#include "text/log_words.h"

#include "crypto/hex.h"
#include "text/detail_json.h"
#include "text/table.h"

#include <inttypes.h>

/* "party 1 (Reserve Office)". */
static void add_party(struct words *words, const struct names *names, uint32_t party)
{
    const char *name = names_party(names, party);
    words_add(words, "party %" PRIu32 "%s%s%s", party, name[0] != '\0' ? " (" : "", name,
              name[0] != '\0' ? ")" : "");
}

static void add_label(struct words *words, const char *label)
{
    if (label[0] != '\0') {
        words_add(words, " (");
        words_quoted(words, label);
        words_add(words, ")");
    }
}

static void add_hash(struct words *words, const char *before, const uint8_t *hash)
{
    char hex[2 * TJ_HASH_SIZE + 1];
    if (hash != NULL && !tj_all_zero(hash, TJ_HASH_SIZE)) {
        tj_hex_encode(hex, hash, TJ_HASH_SIZE);
        words_add(words, "%s %.16s", before, hex);
    }
}

/* What a sentence is made of. */
struct telling {
    const struct tj_record *r;
    const uint8_t *record;
    uint64_t received_ns;
    const struct names *names;
};
typedef void sentence(struct words *words, const struct telling *t);

/* ---- movements ---- */

const char *log_verb(uint8_t kind)
{
    static const char *const verbs[TJ_MOVEMENT_END] = {
        [TJ_MOVE] = "moved",  [TJ_PENDING] = "made pending", [TJ_POST] = "posted",
        [TJ_VOID] = "voided", [TJ_CORRECT] = "took back",    [TJ_APPROVAL] = "approved",
    };
    TIJORI_REQUIRE(tj_kind_is_movement(kind) && verbs[kind] != NULL);
    return verbs[kind];
}

static void moved(struct words *words, const struct telling *t)
{
    const struct tj_record *r = t->r;
    struct assets assets = names_assets(t->names);
    char from[TEXT_SIZE];
    char to[TEXT_SIZE];
    char text[TEXT_SIZE];
    text_format_account(from, r->from);
    text_format_account(to, r->to);
    words_add(words, "%s ", log_verb(r->kind));
    if (r->refers_to != 0) {
        text_format_record_id(text, r->refers_to);
        words_add(words, "%s%s, ", r->kind == TJ_CORRECT ? "of record " : "record ", text);
    }
    words_amount(words, &assets, names_account_asset(t->names, r->from), (tj_i128)r->amount);
    words_add(words, " from %s to %s as %s", from, to,
              name_of(tj_purpose_names, TJ_PURPOSE_END, r->purpose));
    if (r->timeout_s != 0) {
        text_format_time_s(text, r->timeout_s);
        words_add(words, ", until %s", text);
    }
    if (r->value_date != 0) {
        text_format_date(text, r->value_date);
        words_add(words, ", value date %s", text);
    }
    words_add(words, "%s", r->opening != 0 ? ", brought in from before the ledger" : "");
    if (r->reference[0] != '\0') {
        words_add(words, ", reference ");
        words_quoted(words, r->reference);
    }
    add_hash(words, ", document", tj_movement_document(t->record));
}

/* ---- the ledger, assets, the log's keys ---- */

static void made_ledger(struct words *words, const struct telling *t)
{
    words_add(words, "made the ledger %s (%s, rules %" PRIu32 ")", t->r->name,
              name_of(tj_network_names, TJ_NETWORK_END, t->r->network), t->r->rules);
}

static void went_on(struct words *words, const struct telling *t)
{
    words_add(words, "went on from the first %" PRIu64 " entries of", t->r->size);
    add_hash(words, " ledger", t->r->ledger_id.bytes);
}

static void activated_rules(struct words *words, const struct telling *t)
{
    words_add(words, "activated rules %" PRIu32, t->r->rules);
}

static void endorsed(struct words *words, const struct telling *t)
{
    words_add(words, "endorsed entry %" PRIu64, t->r->entry);
}

static void added_log_key(struct words *words, const struct telling *t)
{
    words_add(words, "added log key %" PRIu32, t->r->number);
    add_hash(words, ",", t->r->key);
}

static void retired_log_key(struct words *words, const struct telling *t)
{
    words_add(words, "retired log key %" PRIu32, t->r->number);
    if (t->r->last_good_size != 0) {
        words_add(words, ", good for the first %" PRIu64 " entries only", t->r->last_good_size);
    }
}

static void opened_asset(struct words *words, const struct telling *t)
{
    const struct tj_record *r = t->r;
    char most[TJ_AMOUNT_TEXT_SIZE];
    tj_amount_format(most, (tj_i128)r->amount_max, r->decimals);
    words_add(words, "opened asset %" PRIu32 ", %s (%s), at most %s a movement", r->asset, r->code,
              r->name, most);
}

/* ---- parties and their keys ---- */

static void registered_party(struct words *words, const struct telling *t)
{
    words_add(words, "registered party %" PRIu32 ", %s, as %s", t->r->party,
              name_of(tj_party_type_names, TJ_PARTY_TYPE_END, t->r->type), t->r->name);
}

static void added_key(struct words *words, const struct telling *t)
{
    const struct tj_record *r = t->r;
    words_add(words, "added key %" PRIu32, r->ordinal);
    add_label(words, r->label);
    words_add(words, " to ");
    add_party(words, t->names, r->party);
    words_add(words, ": %s, %s", name_of(tj_role_names, TJ_ROLE_END, r->role),
              name_of(tj_algorithm_names, 4, r->algorithm));
    if (r->group != 0) {
        words_add(words, ", group %u", r->group);
    }
    words_add(words, "%s", (r->flags & TJ_KEY_AGGREGATE) != 0 ? ", aggregate" : "");
}

static void revoked_key(struct words *words, const struct telling *t)
{
    const struct names_key *key = names_key(t->names, t->r->party, t->r->ordinal);
    words_add(words, "revoked key %" PRIu32, t->r->ordinal);
    add_label(words, key != NULL ? key->label : "");
    words_add(words, " of ");
    add_party(words, t->names, t->r->party);
}

static void set_threshold(struct words *words, const struct telling *t)
{
    words_add(words, "set the %s threshold of ",
              name_of(tj_domain_names, TJ_DOMAIN_END, t->r->domain));
    add_party(words, t->names, t->r->party);
    words_add(words, " to %u", t->r->threshold);
}

static void suspended_party(struct words *words, const struct telling *t)
{
    words_add(words, "suspended ");
    add_party(words, t->names, t->r->party);
}

static void reinstated_party(struct words *words, const struct telling *t)
{
    words_add(words, "reinstated ");
    add_party(words, t->names, t->r->party);
}

static void granted_classes(struct words *words, const struct telling *t)
{
    words_add(words, "granted ");
    add_party(words, t->names, t->r->party);
    words_add(words, "%s", t->r->classes != 0 ? " the classes " : " no class any more");
    words_mask(words, t->r->classes, tj_class_names);
}

static void renamed_party(struct words *words, const struct telling *t)
{
    words_add(words, "renamed ");
    add_party(words, t->names, t->r->party);
    words_add(words, " to %s", t->r->name);
}

static void closed_party(struct words *words, const struct telling *t)
{
    words_add(words, "closed ");
    add_party(words, t->names, t->r->party);
}

static void opened_recovery(struct words *words, const struct telling *t)
{
    char time[TEXT_SIZE];
    text_format_time_s(time, t->received_ns / TJ_NS_PER_S + t->r->delay_s);
    words_add(words, "opened a recovery of ");
    add_party(words, t->names, t->r->party);
    words_add(words, ": new keys may be given from %s on", time);
}

static void objected(struct words *words, const struct telling *t)
{
    words_add(words, "objected to the recovery of ");
    add_party(words, t->names, t->r->party);
}

static void closed_opening(struct words *words, const struct telling *t)
{
    words_add(words, "closed the opening of ");
    add_party(words, t->names, t->r->party);
    words_add(words, ": it brings in no more of what it held before the ledger");
}

/* ---- accounts ---- */

static void opened_account(struct words *words, const struct telling *t)
{
    char account[TEXT_SIZE];
    struct assets assets = names_assets(t->names);
    struct asset asset = {.code = "?"};
    text_format_account(account, t->r->account);
    assets.by_number(assets.context, &asset, t->r->asset);
    words_add(words, "opened account %s, %s, %s", account,
              name_of(tj_class_names, TJ_CLASS_END, t->r->class), asset.code);
    add_label(words, t->r->label);
}

static void froze_account(struct words *words, const struct telling *t)
{
    char account[TEXT_SIZE];
    text_format_account(account, t->r->account);
    words_add(words, "froze account %s %s", account, words_directions(t->r->directions));
}

static void unfroze_account(struct words *words, const struct telling *t)
{
    char account[TEXT_SIZE];
    text_format_account(account, t->r->account);
    words_add(words, "unfroze account %s %s", account, words_directions(t->r->directions));
}

static void closed_account(struct words *words, const struct telling *t)
{
    char account[TEXT_SIZE];
    text_format_account(account, t->r->account);
    words_add(words, "closed account %s", account);
}

/* ---- rules and statements ---- */

static void set_rule(struct words *words, const struct telling *t)
{
    struct assets assets = names_assets(t->names);
    words_add(words, "set rule %" PRIu32 ": ", t->r->rule);
    words_rule(words, t->r, &assets);
}

static void ended_rule(struct words *words, const struct telling *t)
{
    struct assets assets = names_assets(t->names);
    const uint8_t *set = names_rule(t->names, t->r->rule);
    struct tj_record rule;
    words_add(words, "ended rule %" PRIu32, t->r->rule);
    if (set != NULL) {
        tj_record_decode(&rule, set);
        words_add(words, ": ");
        words_rule(words, &rule, &assets);
    }
}

static void stated(struct words *words, const struct telling *t)
{
    struct assets assets = names_assets(t->names);
    words_add(words, "stated ");
    words_statement(words, t->r, &assets);
    add_hash(words, ", document", t->r->document.bytes);
}

/* ---- every kind has its sentence ---- */

/* clang-format off */
#define SENTENCES(X) \
    X(TJ_MOVE,             moved) \
    X(TJ_PENDING,          moved) \
    X(TJ_POST,             moved) \
    X(TJ_VOID,             moved) \
    X(TJ_CORRECT,          moved) \
    X(TJ_APPROVAL,         moved) \
    X(TJ_LEDGER,           made_ledger) \
    X(TJ_PREDECESSOR,      went_on) \
    X(TJ_REGISTER_PARTY,   registered_party) \
    X(TJ_ADD_KEY,          added_key) \
    X(TJ_REVOKE_KEY,       revoked_key) \
    X(TJ_SET_THRESHOLD,    set_threshold) \
    X(TJ_SUSPEND_PARTY,    suspended_party) \
    X(TJ_REINSTATE_PARTY,  reinstated_party) \
    X(TJ_GRANT_CLASSES,    granted_classes) \
    X(TJ_OPEN_ASSET,       opened_asset) \
    X(TJ_OPEN_ACCOUNT,     opened_account) \
    X(TJ_FREEZE_ACCOUNT,   froze_account) \
    X(TJ_UNFREEZE_ACCOUNT, unfroze_account) \
    X(TJ_CLOSE_ACCOUNT,    closed_account) \
    X(TJ_ACTIVATE_RULES,   activated_rules) \
    X(TJ_ADD_LOG_KEY,      added_log_key) \
    X(TJ_RETIRE_LOG_KEY,   retired_log_key) \
    X(TJ_ENDORSE,          endorsed) \
    X(TJ_RENAME_PARTY,     renamed_party) \
    X(TJ_CLOSE_PARTY,      closed_party) \
    X(TJ_RECOVER_PARTY,    opened_recovery) \
    X(TJ_OBJECT_RECOVERY,  objected) \
    X(TJ_END_RULE,         ended_rule) \
    X(TJ_SET_TIER,         set_rule) \
    X(TJ_CLOSE_OPENING,    closed_opening) \
    X(TJ_SET_LIMIT,        set_rule) \
    X(TJ_PROGRAMME,        set_rule) \
    X(TJ_STATEMENT,        stated)
/* clang-format on */

/* A kind without a row does not compile. */
#define HAS_ROW(kind, ...)   kind##_HAS_WORDS = 1,
#define WANTS_ROW(kind, ...) static_assert(kind##_HAS_WORDS, "a sentence for each kind");
enum { SENTENCES(HAS_ROW) };
TJ_KINDS(WANTS_ROW)

#define SENTENCE(kind, function) [kind] = function,
static sentence *const sentences[TJ_KIND_END] = {SENTENCES(SENTENCE)};

void log_words(struct words *words, const uint8_t *record, uint32_t details, uint64_t received_ns,
               const struct names *names)
{
    struct tj_record r;
    struct telling t = {&r, record, received_ns, names};
    tj_record_decode(&r, record);
    sentences[r.kind](words, &t);
    if (details > 0) {
        struct tj_details d;
        tj_details_decode(&d, record + TJ_RECORD_SIZE, details);
        words_details(words, &d);
    }
}

/* ---- signers ---- */

static void add_signers(struct words *words, const struct tj_slots *slots, uint8_t use,
                        const struct names *names, const char *before)
{
    for (uint32_t i = 0; i < slots->count; i++) {
        const struct tj_slot *slot = &slots->slots[i];
        uint32_t ordinal;
        if (slot->use != use) {
            continue;
        }
        const struct names_key *key = names_find_key(names, &ordinal, slot->party, &slot->key);
        words_add(words, "%s", before);
        before = ", ";
        if (key != NULL && key->label[0] != '\0') {
            words_quoted(words, key->label);
        } else if (key != NULL) {
            words_add(words, "key %" PRIu32, ordinal);
        } else {
            words_add(words, "a key that is not registered");
        }
        const char *name = names_party(names, slot->party);
        if (name[0] != '\0') {
            words_add(words, " of %s", name);
        } else {
            words_add(words, " of party %" PRIu32, slot->party);
        }
        words_add(words, " (%s)",
                  key != NULL ? name_of(tj_role_names, TJ_ROLE_END, key->role) : "?");
    }
}

void log_signers(struct words *words, const struct tj_slots *slots, const struct names *names)
{
    add_signers(words, slots, TJ_USE_SIGN, names, "");
    add_signers(words, slots, TJ_USE_COUNTERSIGN, names,
                words->used > 0 ? "; countersigned by " : "countersigned by ");
}
