#include "text/proof_print.h"

#include "crypto/hex.h"
#include "text/detail_json.h"
#include "text/fingerprint.h"
#include "text/json.h"
#include "text/record_json.h"
#include "text/table.h"
#include "text/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

/* What a proof says is put into sentences once; text prints them, JSON has them beside the same
 * things in members. */

enum { SENTENCES_MAX = TJ_SLOTS_MAX + 16, SENTENCE_SIZE = 6144, PART_SIZE = 256 };

struct sentences {
    size_t count;
    char *list[SENTENCES_MAX];
};

__attribute__((format(printf, 2, 3))) static void say(struct sentences *sentences,
                                                      const char *format, ...)
{
    char text[SENTENCE_SIZE];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    TIJORI_REQUIRE(sentences->count < SENTENCES_MAX);
    char *sentence = strdup(text);
    if (sentence == NULL) {
        document_incomplete();
        return;
    }
    sentences->list[sentences->count++] = sentence;
}

static void sentences_clear(struct sentences *sentences)
{
    for (size_t i = 0; i < sentences->count; i++) {
        free(sentences->list[i]);
    }
}

/* ---- parts of sentences ---- */

/* "party 1 (Reserve Office)"; without the name where the proof does not have it. */
static void party_text(char out[PART_SIZE], const struct tj_exhibits *exhibits, uint32_t party)
{
    const struct tj_exhibit *s = tj_exhibit_of_party(exhibits, party);
    snprintf(out, PART_SIZE, "party %" PRIu32 "%s%s%s", party, s != NULL ? " (" : "",
             s != NULL ? s->fields.name : "", s != NULL ? ")" : "");
}

/* "account 1:0 (market)". */
static void account_text(char out[PART_SIZE], const struct tj_exhibits *exhibits, uint64_t account)
{
    char number[TEXT_SIZE];
    const struct tj_exhibit *s = tj_exhibit_of_account(exhibits, account);
    text_format_account(number, account);
    snprintf(out, PART_SIZE, "account %s (%s)", number,
             s != NULL ? name_of(tj_class_names, TJ_CLASS_END, s->fields.class) : "?");
}

static bool asset_by_number(const void *context, struct asset *out, uint32_t number)
{
    const struct tj_exhibit *s = tj_exhibit_of_asset(context, number);
    if (s != NULL) {
        out->number = s->fields.asset;
        out->decimals = s->fields.decimals;
        memcpy(out->code, s->fields.code, sizeof out->code);
    }
    return s != NULL;
}

static bool asset_of(const void *context, struct asset *out, uint64_t account)
{
    const struct tj_exhibit *opened = tj_exhibit_of_account(context, account);
    return opened != NULL && asset_by_number(context, out, opened->fields.asset);
}

static bool asset_by_code(const void *context, struct asset *out, const char *code)
{
    (void)context;
    (void)code;
    (void)out;
    return false; /* nothing is read here */
}

static struct assets assets_of(const struct tj_exhibits *exhibits)
{
    return (struct assets){exhibits, asset_by_code, asset_by_number, asset_of};
}

/* "entry 2 record 3". */
static void record_text(char out[PART_SIZE], const struct tj_exhibit *s)
{
    snprintf(out, PART_SIZE, "entry %" PRIu64 " record %" PRIu32, s->entry.index, s->position);
}

/* ---- what was done ---- */

static void movement_text(char out[SENTENCE_SIZE], const struct tj_exhibits *exhibits)
{
    static const char *const verbs[TJ_MOVEMENT_END] = {
        [TJ_MOVE] = "moved",
        [TJ_PENDING] = "announced, pending,",
        [TJ_POST] = "completed the pending movement of",
        [TJ_VOID] = "called off the pending movement of",
        [TJ_CORRECT] = "took back",
        [TJ_APPROVAL] = "approved the pending movement of",
    };
    const struct tj_record *r = &exhibits->list[0].fields;
    struct asset asset = {.code = "?"};
    char party[PART_SIZE];
    char from[PART_SIZE];
    char to[PART_SIZE];
    char amount[TEXT_AMOUNT_SIZE];
    char part[TEXT_SIZE];
    TIJORI_REQUIRE(tj_kind_is_movement(r->kind) && verbs[r->kind] != NULL);
    party_text(party, exhibits, exhibits->list[0].entry.header.party);
    account_text(from, exhibits, r->from);
    account_text(to, exhibits, r->to);
    asset_of(exhibits, &asset, r->from);
    text_format_amount(amount, (tj_i128)r->amount, &asset);
    size_t at = (size_t)snprintf(out, SENTENCE_SIZE, "%s %s %s from %s to %s as %s%s", party,
                                 verbs[r->kind], amount, from, to,
                                 name_of(tj_purpose_names, TJ_PURPOSE_END, r->purpose),
                                 r->opening != 0 ? ", opening" : "");
    if (r->refers_to != 0) {
        text_format_record_id(part, r->refers_to);
        at += (size_t)snprintf(out + at, SENTENCE_SIZE - at, ", of record %s", part);
    }
    if (r->value_date != 0) {
        text_format_date(part, r->value_date);
        at += (size_t)snprintf(out + at, SENTENCE_SIZE - at, ", value date %s", part);
    }
    if (r->reference[0] != '\0') {
        at += (size_t)snprintf(out + at, SENTENCE_SIZE - at, ", reference \"%s\"", r->reference);
    }
    const uint8_t *document = tj_movement_document(exhibits->list[0].record);
    if (document != NULL) {
        char hex[2 * TJ_HASH_SIZE + 1];
        tj_hex_encode(hex, document, TJ_HASH_SIZE);
        snprintf(out + at, SENTENCE_SIZE - at, ", citing the document of SHA-256 %s", hex);
    }
}

/* A directive's fields as its JSON has them: `party 0 (Authority) gave the directive add_key: party
 * 1, ordinal 0, ...`. */
static void directive_text(char out[SENTENCE_SIZE], const struct tj_exhibits *exhibits)
{
    struct assets assets = assets_of(exhibits);
    json_t *object = record_to_json(exhibits->list[0].record, &assets);
    const char *member;
    json_t *value;
    char party[PART_SIZE];
    party_text(party, exhibits, exhibits->list[0].entry.header.party);
    const char *kind = json_string_value(json_object_get(object, "kind"));
    size_t at = (size_t)snprintf(out, SENTENCE_SIZE, "%s gave the directive %s", party,
                                 kind != NULL ? kind : "?");
    const char *separator = ":";
    json_object_foreach(object, member, value)
    {
        char *text = json_dumps(value, JSON_ENCODE_ANY);
        if (text == NULL) {
            document_incomplete();
        }
        if (strcmp(member, "kind") != 0 && at < SENTENCE_SIZE) {
            at += (size_t)snprintf(out + at, SENTENCE_SIZE - at, "%s %s %s", separator, member,
                                   text != NULL ? text : "?");
            separator = ",";
        }
        free(text);
    }
    json_decref(object);
}

/* ", memo "..."": of a record with details. */
static void details_text(struct words *words, const struct tj_exhibit *s)
{
    struct tj_details details;
    tj_details_decode(&details, s->details, s->detail_count);
    words_details(words, &details);
}

static void say_what_was_done(struct sentences *out, const struct tj_exhibits *exhibits)
{
    const struct tj_exhibit *first = &exhibits->list[0];
    const struct tj_header *header = &first->entry.header;
    char received[TEXT_SIZE];
    char text[SENTENCE_SIZE];
    struct words details = {.used = 0};
    text_format_time_ns(received, first->entry.received_ns);
    if (first->record == NULL) {
        party_text(text, exhibits, header->party);
        say(out,
            "Entry %" PRIu64 ", received %s: an envelope of %" PRIu32 " record%s by %s, lane %u, "
            "sequence %" PRIu64 ".",
            first->entry.index, received, header->record_count,
            header->record_count == 1 ? "" : "s", text, header->lane, header->sequence);
        return;
    }
    if (tj_kind_is_movement(first->fields.kind)) {
        movement_text(text, exhibits);
    } else {
        directive_text(text, exhibits);
    }
    details_text(&details, first);
    say(out, "Entry %" PRIu64 ", received %s, record %" PRIu32 ": %s%s.", first->entry.index,
        received, first->position, text, details.text);
}

static void say_who_signed(struct sentences *out, const struct proof_result *result)
{
    const struct tj_exhibits *exhibits = &result->file->exhibits;
    const struct tj_slots *slots = &exhibits->list[0].entry.slots;
    for (uint32_t i = 0; i < slots->count; i++) {
        const struct tj_slot *slot = &slots->slots[i];
        const struct tj_exhibit *key = tj_exhibit_of_key(exhibits, slot);
        char fingerprint[FINGERPRINT_SIZE];
        char party[PART_SIZE];
        char record[PART_SIZE];
        if (slot->use == TJ_USE_POSSESSION || key == NULL) {
            continue;
        }
        key_fingerprint(fingerprint, result->digester->hasher, &slot->key);
        party_text(party, exhibits, slot->party);
        record_text(record, key);
        say(out, "%s by %s with %s key %s, role %s (registered by %s%s%s%s).",
            slot->use == TJ_USE_SIGN ? "Signed" : "Countersigned", party,
            name_of(tj_algorithm_names, 4, slot->key.algorithm), fingerprint,
            name_of(tj_role_names, TJ_ROLE_END, key->fields.role), record,
            key->fields.label[0] != '\0' ? ", \"" : "", key->fields.label,
            key->fields.label[0] != '\0' ? "\"" : "");
    }
    if (exhibits->list[0].entry.index == 0) {
        say(out, "Nobody signs the genesis: its leaf hash is the ledger id, and the signatures are "
                 "those of entry 1.");
    }
}

/* ---- what it proves, and what it does not ---- */

static void say_proven(struct sentences *out, const struct proof_result *result)
{
    const struct tj_checkpoint *checkpoint = &result->file->checkpoint;
    say_what_was_done(out, &result->file->exhibits);
    say_who_signed(out, result);
    say(out, "It stands at index %" PRIu64 " of the log %s, as %s over %" PRIu64 " entries has it.",
        result->file->proof.index, checkpoint->origin,
        result->judged.log_key != NULL ? "the checkpoint that the log signed"
                                       : "a checkpoint whose signature was not checked",
        checkpoint->size);
    if (result->judged.witnessed && result->judged.witness.quorum) {
        say(out,
            "%u witness%s saw that same log (the policy's quorum holds): whoever trusts them is "
            "shown this entry too.",
            result->judged.witness.valid, result->judged.witness.valid == 1 ? "" : "es");
    }
}

/* A movement says how many details it has; of a directive they say so themselves, when they are
 * shown. */
static bool may_hide_details(const struct tj_exhibit *s)
{
    return s->record != NULL && !tj_kind_is_movement(s->fields.kind) && s->detail_count == 0 &&
           s->entry.index > 0 && s->position + 1 < s->entry.header.record_count;
}

static void say_not_proven(struct sentences *out, const struct proof_result *result)
{
    const struct tj_exhibit *first = &result->file->exhibits.list[0];
    const char *one = first->record != NULL ? "it" : "one of its records";
    if (first->entry.index > 0) {
        say(out, "That none of these keys was revoked between its registration and this entry.");
        say(out, "That as many signatures as the thresholds ask are there.");
        say(out, "That the entries that registered the keys, parties, accounts and asset were "
                 "rightful themselves.");
    }
    if (may_hide_details(first)) {
        say(out, "That no details stand behind it: a directive does not say how many it has.");
    }
    say(out, "That the other rules held, the balance among them.");
    say(out, "When it was received: the time is the log's.");
    if (first->record == NULL || tj_kind_is_movement(first->fields.kind)) {
        say(out, "That no later record corrects or voids %s.", one);
    } else {
        say(out, "That no later directive takes it back.");
    }
    if (!result->judged.witnessed || !result->judged.witness.quorum) {
        say(out, "That everyone is shown this same log: %s.",
            result->judged.witnessed ? "too few witnesses of the policy saw it"
                                     : "no witnesses were asked for (--policy)");
    }
}

static const char no_log_key[] = "the checkpoint's signature: no log key given (--log-key)";
static const char no_quorum[] = "the policy's quorum: too few witnesses cosigned";

/* ---- text ---- */

static void print_list(FILE *out, const char *head, const struct sentences *sentences)
{
    fprintf(out, "%s\n", head);
    for (size_t i = 0; i < sentences->count; i++) {
        char safe[2 * SENTENCE_SIZE];
        text_sanitise(safe, sizeof safe, sentences->list[i]);
        fprintf(out, "- %s\n", safe);
    }
    fprintf(out, "\n");
}

static void print_text(FILE *out, const struct proof_result *result, const struct sentences *proven,
                       const struct sentences *not_proven)
{
    if (result->judged.verdict == TIJORI_FAIL) {
        char safe[2 * sizeof result->judged.failure];
        text_sanitise(safe, sizeof safe, result->judged.failure);
        fprintf(out, "FAIL  %s\n", safe);
        return;
    }
    if (result->judged.log_key == NULL) {
        fprintf(out, "SKIP  %s\n", no_log_key);
    }
    if (result->judged.witnessed && !result->judged.witness.quorum) {
        fprintf(out, "SKIP  %s\n", no_quorum);
    }
    print_list(out,
               result->judged.log_key != NULL ? "What this proves:"
                                              : "What this proves, if the checkpoint is the log's:",
               proven);
    print_list(out, "What is the log's word only:", not_proven);
    fprintf(out, "%s\n", text_verdict(result->judged.verdict));
}

/* ---- JSON ---- */

static json_t *sentences_json(const struct sentences *sentences)
{
    json_t *array = json_array();
    for (size_t i = 0; i < sentences->count; i++) {
        element_add(array, json_string(sentences->list[i]));
    }
    return array;
}

static uint64_t record_id(const struct tj_exhibit *s)
{
    return tj_record_id(s->entry.index, s->position);
}

/* Any exhibit's record by its fields, with its id. */
static json_t *record_json(const struct tj_exhibits *exhibits, const struct tj_exhibit *s)
{
    struct assets assets = assets_of(exhibits);
    json_t *object = json_object();
    member_record(object, "id", record_id(s));
    member_all(object, record_to_json(s->record, &assets));
    details_to_json(object, s->details, s->detail_count);
    return object;
}

static json_t *entry_json(const struct proof_result *result)
{
    const struct tj_entry_view *entry = &result->file->exhibits.list[0].entry;
    struct tj_hash hash;
    json_t *object = json_object();
    member_count(object, "index", entry->index);
    tj_leaf_hash(result->digester->hasher, &hash, entry->bytes, entry->size);
    member_hash(object, "leaf", &hash);
    tj_envelope_id(result->digester, &hash, entry->header_bytes);
    member_hash(object, "envelope_id", &hash);
    member_time_ns(object, "received", entry->received_ns);
    member_count(object, "received_ns", entry->received_ns);
    member_count(object, "party", entry->header.party);
    member_count(object, "lane", entry->header.lane);
    member_count(object, "sequence", entry->header.sequence);
    member_bool(object, "restricted", tj_header_restricted(&entry->header));
    member_count(object, "record_count", entry->header.record_count);
    return object;
}

static json_t *signers_json(const struct proof_result *result)
{
    const struct tj_exhibits *exhibits = &result->file->exhibits;
    const struct tj_slots *slots = &exhibits->list[0].entry.slots;
    json_t *array = json_array();
    for (uint32_t i = 0; i < slots->count; i++) {
        const struct tj_slot *slot = &slots->slots[i];
        const struct tj_exhibit *key = tj_exhibit_of_key(exhibits, slot);
        const struct tj_exhibit *party = tj_exhibit_of_party(exhibits, slot->party);
        char fingerprint[FINGERPRINT_SIZE];
        if (slot->use == TJ_USE_POSSESSION || key == NULL || party == NULL) {
            continue;
        }
        json_t *object = json_object();
        key_fingerprint(fingerprint, result->digester->hasher, &slot->key);
        member_text(object, "use", slot->use == TJ_USE_SIGN ? "sign" : "countersign");
        member_count(object, "party", slot->party);
        member_text(object, "party_name", party->fields.name);
        member_text(object, "algorithm", name_of(tj_algorithm_names, 4, slot->key.algorithm));
        member_text(object, "fingerprint", fingerprint);
        member_hex(object, "key", slot->key.bytes, slot->key.size);
        member_text(object, "role", name_of(tj_role_names, TJ_ROLE_END, key->fields.role));
        member_record(object, "registered", record_id(key));
        element_add(array, object);
    }
    return array;
}

static json_t *checkpoint_json(const struct proof_result *result)
{
    const struct tj_checkpoint *checkpoint = &result->file->checkpoint;
    json_t *object = json_object();
    member_text(object, "origin", checkpoint->origin);
    member_count(object, "size", checkpoint->size);
    member_hash(object, "root", &checkpoint->root);
    member_text(object, "signature", result->judged.log_key != NULL ? "PASS" : "SKIP");
    if (result->judged.witnessed) {
        member_bool(object, "quorum", result->judged.witness.quorum);
        member_count(object, "cosignatures", result->judged.witness.valid);
    }
    return object;
}

/* What the proof says and what it rests on. */
static void set_proven(json_t *object, const struct proof_result *result,
                       const struct sentences *proven, const struct sentences *not_proven)
{
    const struct tj_exhibits *exhibits = &result->file->exhibits;
    json_t *rests = json_array();
    member_set(object, checkpoint_json(result), "checkpoint");
    member_set(object, entry_json(result), "entry");
    if (exhibits->list[0].record != NULL) {
        member_set(object, record_json(exhibits, &exhibits->list[0]), "record");
    }
    member_set(object, signers_json(result), "signed");
    for (uint32_t i = 1; i < exhibits->count; i++) {
        element_add(rests, record_json(exhibits, &exhibits->list[i]));
    }
    member_set(object, rests, "rests_on");
    member_set(object, sentences_json(proven), "proves");
    member_set(object, sentences_json(not_proven), "logs_word_only");
}

static json_t *result_json(const struct proof_result *result, const struct sentences *proven,
                           const struct sentences *not_proven, int exit)
{
    json_t *object = json_object();
    member_text(object, "result", text_verdict(result->judged.verdict));
    member_set(object, json_integer(exit), "exit");
    if (result->judged.verdict == TIJORI_FAIL) {
        member_text(object, "text", result->judged.failure);
    } else {
        set_proven(object, result, proven, not_proven);
    }
    return object;
}

/* ---- the whole ---- */

bool proof_print(FILE *out, const struct proof_result *result, bool json, int exit)
{
    struct sentences proven = {0};
    struct sentences not_proven = {0};
    document_begin();
    if (result->judged.verdict != TIJORI_FAIL) {
        say_proven(&proven, result);
        say_not_proven(&not_proven, result);
    }
    json_t *object = json ? result_json(result, &proven, &not_proven, exit) : NULL;
    bool whole = document_whole();
    if (whole && json) {
        whole = json_print(out, object, JSON_INDENT(1));
        fprintf(out, "\n");
    } else if (whole) {
        print_text(out, result, &proven, &not_proven);
    } else {
        errno = ENOMEM;
    }
    json_decref(object);
    sentences_clear(&proven);
    sentences_clear(&not_proven);
    return whole;
}
