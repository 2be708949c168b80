#include "text/entry_json.h"

#include "text/assets.h"
#include "text/fingerprint.h"
#include "text/json.h"
#include "text/record_json.h"
#include "text/state_words.h"
#include "text/table.h"

#include <inttypes.h>
#include <string.h>

static const char *const use_names[TJ_USE_END] = {
    [TJ_USE_SIGN] = "sign",
    [TJ_USE_COUNTERSIGN] = "countersign",
    [TJ_USE_POSSESSION] = "possession",
};

static void set_party(json_t *object, const struct entry_reader *reader, uint32_t party)
{
    char name[TJ_NAME_SIZE + 1];
    party_name(reader->state, name, party);
    member_count(object, "party", party);
    member_stored(object, "party_name", name);
}

/* ---- parts of an entry ---- */

static json_t *header_json(const struct entry_reader *reader, const struct tj_header *header)
{
    json_t *object = json_object();
    set_party(object, reader, header->party);
    member_count(object, "lane", header->lane);
    member_count(object, "sequence", header->sequence);
    member_bool(object, "restricted", tj_header_restricted(header));
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

static json_t *slot_json(const struct entry_reader *reader, const struct tj_slot *slot)
{
    json_t *object = json_object();
    char fingerprint[FINGERPRINT_SIZE];
    uint8_t x[32];
    key_fingerprint(fingerprint, reader->digester->hasher, &slot->key);
    member_text(object, "use", name_of(use_names, TJ_USE_END, slot->use));
    set_party(object, reader, slot->party);
    member_text(object, "algorithm", name_of(tj_algorithm_names, 4, slot->key.algorithm));
    member_text(object, "fingerprint", fingerprint);
    tj_public_key_x(&slot->key, x);
    const struct tj_key_object *key = tj_state_find_key(reader->state, x);
    if (key != NULL) {
        member_text(object, "role", name_of(tj_role_names, TJ_ROLE_END, key->role));
        member_count(object, "ordinal", key->ordinal);
    }
    member_hex(object, "key", slot->key.bytes, slot->key.size);
    member_hex(object, "signature", slot->signature64, TJ_SIGNATURE_SIZE);
    return object;
}

static json_t *record_json(const struct entry_reader *reader, const struct tj_entry_view *entry,
                           const struct tj_body_view *body, uint32_t position,
                           const struct assets *assets)
{
    const uint8_t *bytes = body->records + (size_t)position * TJ_RECORD_SIZE;
    struct tj_hash leaf;
    struct tj_verdict verdict;
    json_t *object = json_object();
    member_record(object, "id", tj_record_id(entry->index, position));
    tj_leaf_hash(reader->digester->hasher, &leaf, bytes, TJ_RECORD_SIZE);
    tj_verdict_init(&verdict);
    if (tj_record_check(bytes, tj_header_restricted(&entry->header), &verdict) != TIJORI_OK) {
        char text[320];
        tj_verdict_format(&verdict, text, sizeof text);
        member_stored(object, "damaged", text);
        member_hex(object, "bytes", bytes, TJ_RECORD_SIZE);
    } else {
        member_all(object, record_to_json(bytes, assets));
    }
    member_hash(object, "leaf_hash", &leaf);
    return object;
}

static json_t *records_json(const struct entry_reader *reader, const struct tj_entry_view *entry,
                            const struct tj_body_view *body, uint32_t position)
{
    struct assets assets = assets_of_state(reader->state);
    json_t *array = json_array();
    for (uint32_t i = 0; i < entry->header.record_count; i++) {
        if (position == TJ_NOWHERE || position == i) {
            element_add(array, record_json(reader, entry, body, i, &assets));
        }
    }
    return array;
}

static void set_entry(json_t *object, const struct entry_reader *reader,
                      const struct tj_entry_view *entry)
{
    struct tj_hash hash;
    member_count(object, "index", entry->index);
    tj_leaf_hash(reader->digester->hasher, &hash, entry->bytes, entry->size);
    member_hash(object, "leaf", &hash);
    member_hash(object, "previous", &entry->previous);
    member_count(object, "term", entry->term);
    member_time_ns(object, "received", entry->received_ns);
    member_count(object, "received_ns", entry->received_ns);
    tj_envelope_id(reader->digester, &hash, entry->header_bytes);
    member_hash(object, "envelope_id", &hash);
    member_set(object, header_json(reader, &entry->header), "header");
    json_t *slots = json_array();
    for (uint32_t i = 0; i < entry->slots.count; i++) {
        element_add(slots, slot_json(reader, &entry->slots.slots[i]));
    }
    member_set(object, slots, "slots");
}

/* ---- raw ---- */

/* The parts of a body by its own size; all of it as records when it is of no body's size. */
static json_t *raw_json(uint64_t index, const struct tj_view *entry, const struct tj_view *body)
{
    const size_t per_record = TJ_RECORD_SIZE + TJ_LINK_SIZE;
    bool whole = body->size >= TJ_TAIL_SIZE && (body->size - TJ_TAIL_SIZE) % per_record == 0;
    size_t count = whole ? (body->size - TJ_TAIL_SIZE) / per_record : 0;
    size_t records = whole ? count * TJ_RECORD_SIZE : body->size;
    size_t links = count * TJ_LINK_SIZE;
    json_t *raw = json_object();
    member_count(raw, "index", index);
    member_hex(raw, "entry", entry->bytes, entry->size);
    member_hex(raw, "records", body->bytes, records);
    member_hex(raw, "links", body->bytes + records, links);
    member_hex(raw, "tail", body->bytes + records + links, body->size - records - links);
    return raw;
}

static json_t *entry_value(const struct entry_reader *reader, enum tijori_status *status,
                           uint64_t index, uint32_t position)
{
    struct tj_view entry_bytes;
    struct tj_view body_bytes;
    struct tj_entry_view entry;
    struct tj_body_view body;
    struct tj_txn *txn = reader->txn;
    *status = tj_from_storage(tj_get_number(txn, &entry_bytes, TJ_J_ENTRIES, index));
    if (*status == TIJORI_OK) {
        *status = tj_from_storage(tj_get_number(txn, &body_bytes, TJ_J_BODIES, index));
    }
    if (*status != TIJORI_OK) {
        return NULL;
    }
    json_t *object = json_object();
    member_set(object, raw_json(index, &entry_bytes, &body_bytes), "raw");
    if (tj_journal_entry(txn, &entry, index) != TIJORI_OK) {
        member_text(object, "damaged", "the entry's form is wrong");
        return object;
    }
    set_entry(object, reader, &entry);
    if (tj_journal_body(txn, &body, &entry) != TIJORI_OK) {
        member_text(object, "damaged", "the body's size is not that of its records");
        return object;
    }
    member_set(object, records_json(reader, &entry, &body, position), "records");
    return object;
}

json_t *entry_to_json(const struct entry_reader *reader, enum tijori_status *status, uint64_t index,
                      uint32_t position)
{
    document_begin();
    json_t *value = entry_value(reader, status, index, position);
    if (*status == TIJORI_OK && !document_whole()) {
        json_decref(value);
        *status = TIJORI_MEMORY;
        return NULL;
    }
    return value;
}

bool entry_is_damaged(const json_t *entry)
{
    size_t index;
    const json_t *record;
    bool damaged = json_object_get(entry, "damaged") != NULL;
    json_array_foreach(json_object_get(entry, "records"), index, record)
    {
        damaged = damaged || json_object_get(record, "damaged") != NULL;
    }
    return damaged;
}

/* ---- as text ---- */

enum { LINE_SIZE = 1024 };

/* A member's value as it reads in text. */
static void value_text(char out[LINE_SIZE], const json_t *value)
{
    size_t index;
    const json_t *item;
    if (json_is_string(value)) {
        text_sanitise(out, LINE_SIZE, json_string_value(value));
    } else if (json_is_integer(value)) {
        snprintf(out, LINE_SIZE, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    } else if (json_is_boolean(value)) {
        snprintf(out, LINE_SIZE, "%s", json_is_true(value) ? "yes" : "no");
    } else {
        size_t at = 0;
        out[0] = '\0';
        json_array_foreach(value, index, item)
        {
            const char *text = json_is_string(item) ? json_string_value(item) : "?";
            at += (size_t)snprintf(out + at, at < LINE_SIZE ? LINE_SIZE - at : 0, "%s%s",
                                   index > 0 ? ", " : "", text);
            at = at < LINE_SIZE ? at : LINE_SIZE;
        }
    }
}

static void print_member(FILE *out, const json_t *object, const char *member, const char *name)
{
    char text[LINE_SIZE];
    const json_t *value = json_object_get(object, member);
    if (value != NULL) {
        value_text(text, value);
        fprintf(out, "  %-12s %s\n", name, text);
    }
}

static void print_slot(FILE *out, const json_t *slot)
{
    char use[LINE_SIZE];
    char party[LINE_SIZE];
    char name[LINE_SIZE];
    char algorithm[LINE_SIZE];
    char fingerprint[LINE_SIZE];
    char role[LINE_SIZE] = "not registered";
    value_text(use, json_object_get(slot, "use"));
    value_text(party, json_object_get(slot, "party"));
    value_text(name, json_object_get(slot, "party_name"));
    value_text(algorithm, json_object_get(slot, "algorithm"));
    value_text(fingerprint, json_object_get(slot, "fingerprint"));
    if (json_object_get(slot, "role") != NULL) {
        value_text(role, json_object_get(slot, "role"));
    }
    fprintf(out, "  %-12s party %s (%s)  %s key %s, %s\n", use, party, name, algorithm, fingerprint,
            role);
}

static void print_record(FILE *out, const json_t *record)
{
    static const char *const elsewhere[] = {"id", "kind", "blind", "leaf_hash"};
    const char *member;
    const json_t *value;
    char text[LINE_SIZE];
    const char *comma = "";
    value_text(text, json_object_get(record, "id"));
    fprintf(out, "  %-12s ", text);
    if (json_object_get(record, "kind") != NULL) {
        value_text(text, json_object_get(record, "kind"));
        fprintf(out, "%s: ", text);
    }
    json_object_foreach((json_t *)(uintptr_t)record, member, value)
    {
        bool skip = false;
        for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) {
            skip = skip || strcmp(member, elsewhere[i]) == 0;
        }
        if (!skip) {
            value_text(text, value);
            fprintf(out, "%s%s %s", comma, member, text);
            comma = ", ";
        }
    }
    fputc('\n', out);
}

static void print_header(FILE *out, const json_t *header)
{
    char text[LINE_SIZE];
    char name[LINE_SIZE];
    char lane[LINE_SIZE];
    char sequence[LINE_SIZE];
    value_text(text, json_object_get(header, "party"));
    value_text(name, json_object_get(header, "party_name"));
    value_text(lane, json_object_get(header, "lane"));
    value_text(sequence, json_object_get(header, "sequence"));
    fprintf(out, "  %-12s %s (%s), lane %s, sequence %s, %s\n", "party", text, name, lane, sequence,
            json_is_true(json_object_get(header, "restricted")) ? "restricted" : "public");
    value_text(text, json_object_get(header, "created"));
    value_text(name, json_object_get(header, "expires"));
    fprintf(out, "  %-12s %s, expires %s\n", "created", text, name);
    print_member(out, header, "previous_id", "follows");
    value_text(text, json_object_get(header, "known_index"));
    value_text(name, json_object_get(header, "known_leaf"));
    fprintf(out, "  %-12s entry %s, leaf %s\n", "knew", text, name);
    print_member(out, header, "body_root", "body root");
}

void entry_print(FILE *out, const json_t *entry)
{
    size_t index;
    const json_t *item;
    char text[LINE_SIZE];
    value_text(text, json_object_get(json_object_get(entry, "raw"), "index"));
    fprintf(out, "entry %s\n", text);
    print_member(out, entry, "damaged", "DAMAGED");
    print_member(out, entry, "leaf", "leaf");
    print_member(out, entry, "previous", "previous");
    print_member(out, entry, "received", "received");
    print_member(out, entry, "term", "term");
    print_member(out, entry, "envelope_id", "envelope");
    const json_t *header = json_object_get(entry, "header");
    if (header != NULL) {
        print_header(out, header);
    }
    json_array_foreach(json_object_get(entry, "slots"), index, item)
    {
        print_slot(out, item);
    }
    json_array_foreach(json_object_get(entry, "records"), index, item)
    {
        print_record(out, item);
    }
}

void entry_print_record(FILE *out, const json_t *entry)
{
    const json_t *record = json_array_get(json_object_get(entry, "records"), 0);
    print_record(out, record);
    print_member(out, record, "leaf_hash", "leaf hash");
    print_member(out, entry, "received", "received");
    print_member(out, entry, "envelope_id", "envelope");
}
