#include "text/log_words.h"

#include "crypto/hex.h"
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

/* ---- movements ---- */

const char *log_verb(uint8_t kind)
{
    static const char *const verbs[TJ_APPROVAL + 1] = {
        [TJ_MOVE] = "moved",  [TJ_PENDING] = "made pending", [TJ_POST] = "posted",
        [TJ_VOID] = "voided", [TJ_CORRECT] = "took back",    [TJ_APPROVAL] = "approved",
    };
    return verbs[kind];
}

static void movement(struct words *words, const struct tj_record *r, const uint8_t *record,
                     const struct names *names)
{
    struct assets assets = names_assets(names);
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
    words_amount(words, &assets, names_account_asset(names, r->from), (tj_i128)r->amount);
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
    if (r->reference[0] != '\0') {
        words_add(words, ", reference ");
        words_quoted(words, r->reference);
    }
    add_hash(words, ", document", tj_movement_document(record));
}

/* ---- directives ---- */

static void of_ledger(struct words *words, const struct tj_record *r)
{
    if (r->kind == TJ_LEDGER) {
        words_add(words, "made the ledger %s (%s, rules %" PRIu32 ")", r->name,
                  name_of(tj_network_names, TJ_NETWORK_END, r->network), r->rules);
    } else if (r->kind == TJ_PREDECESSOR) {
        words_add(words, "went on from the first %" PRIu64 " entries of", r->size);
        add_hash(words, " ledger", r->ledger_id.bytes);
    } else if (r->kind == TJ_ACTIVATE_RULES) {
        words_add(words, "activated rules %" PRIu32, r->rules);
    } else if (r->kind == TJ_ENDORSE) {
        words_add(words, "endorsed entry %" PRIu64, r->entry);
    } else if (r->kind == TJ_ADD_LOG_KEY) {
        words_add(words, "added log key %" PRIu32, r->number);
        add_hash(words, ",", r->key);
    } else if (r->kind == TJ_RETIRE_LOG_KEY) {
        words_add(words, "retired log key %" PRIu32, r->number);
        if (r->size != 0) {
            words_add(words, ", good for the first %" PRIu64 " entries only", r->size);
        }
    } else {
        char most[TJ_AMOUNT_TEXT_SIZE];
        tj_amount_format(most, (tj_i128)r->amount_max, r->decimals);
        words_add(words, "opened asset %" PRIu32 ", %s (%s), at most %s a movement", r->asset,
                  r->code, r->name, most);
    }
}

static void of_key(struct words *words, const struct tj_record *r, const struct names *names)
{
    if (r->kind == TJ_ADD_KEY) {
        words_add(words, "added key %" PRIu32, r->ordinal);
        add_label(words, r->label);
        words_add(words, " to ");
        add_party(words, names, r->party);
        words_add(words, ": %s, %s", name_of(tj_role_names, TJ_ROLE_END, r->role),
                  name_of(tj_algorithm_names, 4, r->algorithm));
        if (r->group != 0) {
            words_add(words, ", group %u", r->group);
        }
        words_add(words, "%s", (r->flags & TJ_KEY_AGGREGATE) != 0 ? ", aggregate" : "");
        return;
    }
    const struct names_key *key = names_key(names, r->party, r->ordinal);
    words_add(words, "revoked key %" PRIu32, r->ordinal);
    add_label(words, key != NULL ? key->label : "");
    words_add(words, " of ");
    add_party(words, names, r->party);
}

static void of_party(struct words *words, const struct tj_record *r, uint64_t received_ns,
                     const struct names *names)
{
    static const char *const verbs[TJ_KIND_END] = {
        [TJ_SUSPEND_PARTY] = "suspended ",
        [TJ_REINSTATE_PARTY] = "reinstated ",
        [TJ_CLOSE_PARTY] = "closed ",
        [TJ_RECOVER_PARTY] = "opened a recovery of ",
        [TJ_OBJECT_RECOVERY] = "objected to the recovery of ",
        [TJ_RENAME_PARTY] = "renamed ",
        [TJ_GRANT_CLASSES] = "granted ",
    };
    char time[TEXT_SIZE];
    if (r->kind == TJ_REGISTER_PARTY) {
        words_add(words, "registered party %" PRIu32 ", %s, as %s", r->party,
                  name_of(tj_party_type_names, TJ_PARTY_TYPE_END, r->type), r->name);
        return;
    }
    if (r->kind == TJ_SET_THRESHOLD) {
        words_add(words, "set the %s threshold of ",
                  r->domain == TJ_DOMAIN_MOVE ? "move" : "administer");
    } else {
        words_add(words, "%s", verbs[r->kind]);
    }
    add_party(words, names, r->party);
    if (r->kind == TJ_RECOVER_PARTY) {
        text_format_time_s(time, received_ns / TJ_NS_PER_S + r->delay_s);
        words_add(words, ": new keys may be given from %s on", time);
    } else if (r->kind == TJ_RENAME_PARTY) {
        words_add(words, " to %s", r->name);
    } else if (r->kind == TJ_SET_THRESHOLD) {
        words_add(words, " to %u", r->threshold);
    } else if (r->kind == TJ_GRANT_CLASSES) {
        words_add(words, "%s", r->classes != 0 ? " the classes " : " no class any more");
        words_mask(words, r->classes, tj_class_names);
    }
}

static void of_account(struct words *words, const struct tj_record *r, const struct names *names)
{
    char account[TEXT_SIZE];
    struct assets assets = names_assets(names);
    struct asset asset = {.code = "?"};
    text_format_account(account, r->account);
    if (r->kind == TJ_OPEN_ACCOUNT) {
        assets.by_number(assets.context, r->asset, &asset);
        words_add(words, "opened account %s, %s, %s", account,
                  name_of(tj_class_names, TJ_CLASS_END, r->class), asset.code);
        add_label(words, r->label);
    } else if (r->kind == TJ_CLOSE_ACCOUNT) {
        words_add(words, "closed account %s", account);
    } else {
        words_add(words, "%s account %s %s", r->kind == TJ_FREEZE_ACCOUNT ? "froze" : "unfroze",
                  account, words_directions(r->directions));
    }
}

static void of_rule(struct words *words, const struct tj_record *r, const struct names *names)
{
    struct assets assets = names_assets(names);
    const uint8_t *set = names_rule(names, r->rule);
    struct tj_record ended;
    if (r->kind != TJ_END_RULE) {
        words_add(words, "set rule %" PRIu32 ": ", r->rule);
        words_rule(words, r, &assets);
        return;
    }
    words_add(words, "ended rule %" PRIu32, r->rule);
    if (set != NULL) {
        tj_record_decode(set, &ended);
        words_add(words, ": ");
        words_rule(words, &ended, &assets);
    }
}

void log_words(struct words *words, const uint8_t record[TJ_RECORD_SIZE], uint64_t received_ns,
               const struct names *names)
{
    struct assets assets = names_assets(names);
    struct tj_record r;
    tj_record_decode(record, &r);
    switch ((enum tj_kind)r.kind) {
    case TJ_MOVE:
    case TJ_PENDING:
    case TJ_POST:
    case TJ_VOID:
    case TJ_CORRECT:
    case TJ_APPROVAL:
        movement(words, &r, record, names);
        return;
    case TJ_LEDGER:
    case TJ_PREDECESSOR:
    case TJ_OPEN_ASSET:
    case TJ_ACTIVATE_RULES:
    case TJ_ADD_LOG_KEY:
    case TJ_RETIRE_LOG_KEY:
    case TJ_ENDORSE:
        of_ledger(words, &r);
        return;
    case TJ_ADD_KEY:
    case TJ_REVOKE_KEY:
        of_key(words, &r, names);
        return;
    case TJ_REGISTER_PARTY:
    case TJ_SET_THRESHOLD:
    case TJ_SUSPEND_PARTY:
    case TJ_REINSTATE_PARTY:
    case TJ_GRANT_CLASSES:
    case TJ_RENAME_PARTY:
    case TJ_CLOSE_PARTY:
    case TJ_RECOVER_PARTY:
    case TJ_OBJECT_RECOVERY:
        of_party(words, &r, received_ns, names);
        return;
    case TJ_OPEN_ACCOUNT:
    case TJ_FREEZE_ACCOUNT:
    case TJ_UNFREEZE_ACCOUNT:
    case TJ_CLOSE_ACCOUNT:
        of_account(words, &r, names);
        return;
    case TJ_END_RULE:
    case TJ_SET_TIER:
    case TJ_SET_LIMIT:
    case TJ_PROGRAMME:
        of_rule(words, &r, names);
        return;
    case TJ_STATEMENT:
        words_add(words, "stated ");
        words_statement(words, &r, &assets);
        add_hash(words, ", document", r.document.bytes);
        return;
    case TJ_RESERVED_WATCH_SCRIPT:
    case TJ_RESERVED_BITCOIN_HEADER:
    case TJ_RESERVED_EVIDENCE:
    case TJ_RESERVED_CLAIM_OUTPOINT:
    case TJ_RESERVED_COIN:
    case TJ_RESERVED_SPEND:
    case TJ_RESERVED_ERASED:
    case TJ_RESERVED_STATE_DIGEST:
    case TJ_RESERVED_EQUIVOCATION:
    case TJ_RESERVED_CLOSE_LEDGER:
        break; /* their form is not known, so it was not checked */
    }
    abort();
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
        const struct names_key *key = names_find_key(names, slot->party, &slot->key, &ordinal);
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
