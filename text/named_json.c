#include "text/named_json.h"

#include "text/assets.h"
#include "text/detail_json.h"
#include "text/fingerprint.h"
#include "text/json.h"
#include "text/record_json.h"
#include "text/state_words.h"
#include "text/table.h"

#include <string.h>

/* Behind a field's name: of the party that it names, and of the account. */
#define NAME_OF  "_name"
#define LABEL_OF "_label"
enum { MEMBER_SIZE = 48 };

static const char *const use_names[TJ_USE_END] = {
    [TJ_USE_SIGN] = "sign",
    [TJ_USE_COUNTERSIGN] = "countersign",
    [TJ_USE_POSSESSION] = "possession",
};

/* ---- names ---- */

static void set_stored(json_t *object, const char *field, const char *what, const char *text)
{
    char member[MEMBER_SIZE];
    snprintf(member, sizeof member, "%s%s", field, what);
    if (text[0] != '\0') {
        member_stored(object, member, text);
    }
}

static void set_party_name(json_t *object, const struct naming *naming, const char *field,
                           uint32_t party)
{
    char name[TJ_NAME_SIZE + 1] = "";
    if (naming->state != NULL) {
        party_name(naming->state, name, party);
    }
    set_stored(object, field, NAME_OF, name);
}

static void set_party(json_t *object, const struct naming *naming, uint32_t party)
{
    member_count(object, "party", party);
    set_party_name(object, naming, "party", party);
}

static void set_account_name(json_t *object, const struct naming *naming, const char *field,
                             uint64_t account)
{
    char label[TJ_LABEL_SIZE + 1];
    set_party_name(object, naming, field, tj_account_party(account));
    if (naming->labels != NULL && naming->state != NULL &&
        tj_state_account(naming->state, account) != NULL) {
        tj_labels_get(naming->labels, label, account);
        set_stored(object, field, LABEL_OF, label);
    }
}

/* ---- to JSON ---- */

json_t *named_header(const struct naming *naming, const struct tj_header *header)
{
    json_t *object = json_object();
    set_party(object, naming, header->party);
    member_count(object, "lane", header->lane);
    member_count(object, "sequence", header->sequence);
    member_bool(object, "restricted", tj_header_restricted(header));
    member_bool(object, "approval", tj_header_approval(header));
    member_count(object, "record_count", header->record_count);
    member_time_s(object, "created", header->created_s);
    member_time_s(object, "expires", header->expires_s);
    member_count(object, "known_index", header->known_index);
    member_hash(object, "known_leaf", &header->known_leaf);
    member_hash(object, "ledger_id", &header->ledger_id);
    member_hash(object, "previous_id", &header->previous_id);
    member_hash(object, "body_root", &header->body_root);
    return object;
}

static json_t *named_slot(const struct naming *naming, const struct tj_slot *slot)
{
    json_t *object = json_object();
    char fingerprint[FINGERPRINT_SIZE];
    uint8_t x[32];
    key_fingerprint(fingerprint, naming->digester->hasher, &slot->key);
    member_text(object, "use", name_of(use_names, TJ_USE_END, slot->use));
    set_party(object, naming, slot->party);
    member_text(object, "algorithm", name_of(tj_algorithm_names, 4, slot->key.algorithm));
    member_text(object, "fingerprint", fingerprint);
    if (naming->state != NULL) {
        tj_public_key_x(&slot->key, x);
        const struct tj_key_object *key = tj_state_find_key(naming->state, x);
        member_bool(object, "registered", key != NULL);
        if (key != NULL) {
            member_text(object, "role", name_of(tj_role_names, TJ_ROLE_END, key->role));
            member_count(object, "ordinal", key->ordinal);
        }
    }
    member_hex(object, "key", slot->key.bytes, slot->key.size);
    member_hex(object, "signature", slot->signature64, TJ_SIGNATURE_SIZE);
    return object;
}

json_t *named_slots(const struct naming *naming, const struct tj_slots *slots)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < slots->count; i++) {
        element_add(array, named_slot(naming, &slots->slots[i]));
    }
    return array;
}

/* The names of what the record's fields name. */
static void set_names(json_t *object, const struct naming *naming, const uint8_t *record)
{
    const struct tj_layout *layout = tj_record_layout(tj_record_kind(record));
    for (size_t i = 0; i < layout->count; i++) {
        const struct tj_field *field = &layout->fields[i];
        if (!tj_record_uses(record, field) || field->type != TJ_FIELD_NUMBER) {
            continue;
        }
        uint64_t value = tj_load_number(record + field->offset, field->size);
        if (field->unit == TJ_UNIT_ACCOUNT || field->unit == TJ_UNIT_HOLDER) {
            set_account_name(object, naming, field->name, value);
        } else if (strcmp(field->name, "party") == 0) {
            set_party_name(object, naming, field->name, (uint32_t)value);
        }
    }
}

/* Of a record and the details behind it. */
static enum tijori_status check_group(const struct tj_header *header, const uint8_t *record,
                                      uint32_t details, struct tj_verdict *verdict)
{
    tj_verdict_init(verdict);
    enum tijori_status status = tj_record_check(record, tj_header_restricted(header), verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    return tj_group_check(header, record, record + TJ_RECORD_SIZE, details, verdict);
}

/* What it is called by the records that name it. */
static void set_hashes(json_t *object, const struct naming *naming, const uint8_t *record,
                       uint32_t details)
{
    struct tj_hash hash;
    tj_leaf_hash(naming->digester->hasher, &hash, record, TJ_RECORD_SIZE);
    member_hash(object, "leaf_hash", &hash);
    if (details > 0) {
        tj_group_hash(naming->digester->hasher, &hash, record, details);
        member_hash(object, "group_hash", &hash);
    }
}

void named_record(json_t *object, const struct naming *naming, const struct tj_header *header,
                  const uint8_t *record, uint32_t details)
{
    struct tj_verdict verdict;
    if (check_group(header, record, details, &verdict) != TIJORI_OK) {
        char text[320];
        verdict.record = TJ_NOWHERE; /* the object is of one record */
        tj_verdict_format(&verdict, text, sizeof text);
        member_stored(object, "damaged", text);
        member_hex(object, "bytes", record, (size_t)(1 + details) * TJ_RECORD_SIZE);
    } else {
        struct assets assets = assets_bitcoin;
        if (naming->state != NULL) {
            assets = assets_of_state(naming->state);
        }
        member_all(object, record_to_json(record, &assets));
        details_to_json(object, record + TJ_RECORD_SIZE, details);
        set_names(object, naming, record);
    }
    set_hashes(object, naming, record, details);
}

/* ---- as text ---- */

void named_value(char out[NAMED_LINE_SIZE], const json_t *value)
{
    size_t index;
    const json_t *item;
    if (json_is_string(value)) {
        text_sanitise(out, NAMED_LINE_SIZE, json_string_value(value));
    } else if (json_is_integer(value)) {
        snprintf(out, NAMED_LINE_SIZE, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    } else if (json_is_boolean(value)) {
        snprintf(out, NAMED_LINE_SIZE, "%s", json_is_true(value) ? "yes" : "no");
    } else {
        size_t at = 0;
        out[0] = '\0';
        json_array_foreach(value, index, item)
        {
            const char *text = json_is_string(item) ? json_string_value(item) : "?";
            at += (size_t)snprintf(out + at, at < NAMED_LINE_SIZE ? NAMED_LINE_SIZE - at : 0,
                                   "%s%s", index > 0 ? ", " : "", text);
            at = at < NAMED_LINE_SIZE ? at : NAMED_LINE_SIZE;
        }
    }
}

void named_print_member(FILE *out, const json_t *object, const char *member, const char *name)
{
    char text[NAMED_LINE_SIZE];
    const json_t *value = json_object_get(object, member);
    if (value != NULL) {
        named_value(text, value);
        fprintf(out, "  %-12s %s\n", name, text);
    }
}

/* What is known of a field's party or account, in brackets: ' (Reserve Office, "vault")'. */
static void print_name(FILE *out, const json_t *object, const char *field)
{
    char member[MEMBER_SIZE];
    char name[NAMED_LINE_SIZE];
    char label[NAMED_LINE_SIZE];
    snprintf(member, sizeof member, "%s" NAME_OF, field);
    named_value(name, json_object_get(object, member));
    snprintf(member, sizeof member, "%s" LABEL_OF, field);
    named_value(label, json_object_get(object, member));
    if (name[0] != '\0' && label[0] != '\0') {
        fprintf(out, " (%s, \"%s\")", name, label);
    } else if (name[0] != '\0') {
        fprintf(out, " (%s)", name);
    }
}

static void print_slot(FILE *out, const json_t *slot)
{
    char use[NAMED_LINE_SIZE];
    char party[NAMED_LINE_SIZE];
    char algorithm[NAMED_LINE_SIZE];
    char fingerprint[NAMED_LINE_SIZE];
    char role[NAMED_LINE_SIZE];
    const json_t *registered = json_object_get(slot, "registered");
    named_value(use, json_object_get(slot, "use"));
    named_value(party, json_object_get(slot, "party"));
    named_value(algorithm, json_object_get(slot, "algorithm"));
    named_value(fingerprint, json_object_get(slot, "fingerprint"));
    named_value(role, json_object_get(slot, "role"));
    fprintf(out, "  %-12s party %s", use, party);
    print_name(out, slot, "party");
    fprintf(out, "  %s key %s", algorithm, fingerprint);
    if (registered != NULL) {
        fprintf(out, ", %s", json_is_true(registered) ? role : "not registered");
    }
    fputc('\n', out);
}

void named_print_slots(FILE *out, const json_t *slots)
{
    size_t index;
    const json_t *slot;
    json_array_foreach(slots, index, slot)
    {
        print_slot(out, slot);
    }
}

/* A member that stands elsewhere on the line: before the others, behind the field that it is of,
 * or not in text. */
static bool is_elsewhere(const json_t *record, const char *member)
{
    static const char *const elsewhere[] = {"id",        "position",   "kind",   "blind",
                                            "leaf_hash", "group_hash", "details"};
    static const char *const behind[] = {NAME_OF, LABEL_OF};
    for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) {
        if (strcmp(member, elsewhere[i]) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < sizeof behind / sizeof behind[0]; i++) {
        const size_t size = strlen(member);
        const size_t end = strlen(behind[i]);
        char field[MEMBER_SIZE];
        if (size > end && size < sizeof field && strcmp(member + size - end, behind[i]) == 0) {
            snprintf(field, sizeof field, "%.*s", (int)(size - end), member);
            return json_object_get(record, field) != NULL;
        }
    }
    return false;
}

/* A detail on a line of its own, and nothing of it cut off: it is signed with the record. */
static void print_detail(FILE *out, const char *name, const json_t *value)
{
    char safe[8 * TJ_DETAIL_TEXT_MAX + 1];
    const char *member;
    const json_t *part;
    fprintf(out, "  %-12s %s", "", name);
    if (json_is_string(value)) {
        text_sanitise(safe, sizeof safe, json_string_value(value));
        fprintf(out, " %s", safe);
    }
    const char *comma = " ";
    json_object_foreach((json_t *)(uintptr_t)value, member, part)
    {
        named_value(safe, part);
        fprintf(out, "%s%s %s", comma, member, safe);
        comma = ", ";
    }
    fputc('\n', out);
}

static void print_details(FILE *out, const json_t *details)
{
    const char *name;
    const json_t *value;
    json_object_foreach((json_t *)(uintptr_t)details, name, value)
    {
        print_detail(out, name, value);
    }
}

static void print_record(FILE *out, const json_t *record)
{
    const char *member;
    const json_t *value;
    char text[NAMED_LINE_SIZE];
    char what[NAMED_LINE_SIZE + 8];
    const char *comma = "";
    const json_t *position = json_object_get(record, "position");
    named_value(text, position != NULL ? position : json_object_get(record, "id"));
    snprintf(what, sizeof what, "%s%s", position != NULL ? "record " : "", text);
    fprintf(out, "  %-12s ", what);
    if (json_object_get(record, "kind") != NULL) {
        named_value(text, json_object_get(record, "kind"));
        fprintf(out, "%s: ", text);
    }
    json_object_foreach((json_t *)(uintptr_t)record, member, value)
    {
        if (!is_elsewhere(record, member)) {
            named_value(text, value);
            fprintf(out, "%s%s %s", comma, member, text);
            print_name(out, record, member);
            comma = ", ";
        }
    }
    fputc('\n', out);
    print_details(out, json_object_get(record, "details"));
}

void named_print_records(FILE *out, const json_t *records)
{
    size_t index;
    const json_t *record;
    json_array_foreach(records, index, record)
    {
        print_record(out, record);
    }
}

void named_print_header(FILE *out, const json_t *header)
{
    char text[NAMED_LINE_SIZE];
    char lane[NAMED_LINE_SIZE];
    char sequence[NAMED_LINE_SIZE];
    if (header == NULL) {
        return;
    }
    named_value(text, json_object_get(header, "party"));
    named_value(lane, json_object_get(header, "lane"));
    named_value(sequence, json_object_get(header, "sequence"));
    fprintf(out, "  %-12s %s", "party", text);
    print_name(out, header, "party");
    fprintf(out, ", lane %s, sequence %s, %s%s\n", lane, sequence,
            json_is_true(json_object_get(header, "restricted")) ? "restricted" : "public",
            json_is_true(json_object_get(header, "approval")) ? ", approvals" : "");
    named_value(text, json_object_get(header, "created"));
    named_value(lane, json_object_get(header, "expires"));
    fprintf(out, "  %-12s %s, expires %s\n", "created", text, lane);
    named_print_member(out, header, "previous_id", "follows");
    named_value(text, json_object_get(header, "known_index"));
    named_value(lane, json_object_get(header, "known_leaf"));
    fprintf(out, "  %-12s entry %s, leaf %s\n", "knew", text, lane);
    named_print_member(out, header, "body_root", "body root");
}
