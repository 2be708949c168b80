#include "cli/tijori/show.h"

#include "text/assets.h"
#include "text/fingerprint.h"
#include "text/json.h"
#include "text/record_json.h"
#include "text/table.h"

#include <string.h>

static const char *const use_names[TJ_USE_END] = {
    [TJ_USE_SIGN] = "sign",
    [TJ_USE_COUNTERSIGN] = "countersign",
    [TJ_USE_POSSESSION] = "possession",
};

/* Text of a damaged store may not be text: then it is null. */
static void set(json_t *object, const char *member, json_t *value)
{
    member_set(object, member, value != NULL ? value : json_null());
}

static void set_party(json_t *object, const struct reading *reading, uint32_t party)
{
    char name[TJ_NAME_SIZE + 1];
    party_name(reading->state, party, name);
    set(object, "party", json_integer((json_int_t)party));
    set(object, "party_name", json_string(name));
}

/* ---- parts of an entry ---- */

static json_t *header_json(const struct reading *reading, const struct tj_header *header)
{
    json_t *object = json_object();
    set_party(object, reading, header->party);
    set(object, "lane", json_integer(header->lane));
    set(object, "sequence", json_integer((json_int_t)header->sequence));
    set(object, "restricted", json_boolean(tj_header_restricted(header)));
    set(object, "record_count", json_integer((json_int_t)header->record_count));
    member_time_s(object, "created", header->created_s);
    member_time_s(object, "expires", header->expires_s);
    set(object, "known_index", json_integer((json_int_t)header->known_index));
    member_hash(object, "known_leaf", &header->known_leaf);
    member_hash(object, "ledger_id", &header->ledger_id);
    member_hash(object, "previous_id", &header->previous_id);
    member_hash(object, "body_root", &header->body_root);
    return object;
}

static json_t *slot_json(const struct reading *reading, const struct tj_slot *slot)
{
    json_t *object = json_object();
    char fingerprint[FINGERPRINT_SIZE];
    uint8_t x[32];
    key_fingerprint(fingerprint, reading->view.digester->hasher, &slot->key);
    set(object, "use", json_string(name_of(use_names, TJ_USE_END, slot->use)));
    set_party(object, reading, slot->party);
    set(object, "algorithm", json_string(name_of(tj_algorithm_names, 4, slot->key.algorithm)));
    set(object, "fingerprint", json_string(fingerprint));
    tj_public_key_x(&slot->key, x);
    const struct tj_key_object *key = tj_state_find_key(reading->state, x);
    if (key != NULL) {
        set(object, "role", json_string(name_of(tj_role_names, TJ_ROLE_END, key->role)));
        set(object, "ordinal", json_integer((json_int_t)key->ordinal));
    }
    member_hex(object, "key", slot->key.bytes, slot->key.size);
    member_hex(object, "signature", slot->signature64, TJ_SIGNATURE_SIZE);
    return object;
}

static json_t *record_json(const struct reading *reading, const struct tj_entry_view *entry,
                           const struct tj_body_view *body, uint32_t position,
                           const struct assets *assets)
{
    const uint8_t *bytes = body->records + (size_t)position * TJ_RECORD_SIZE;
    char id[TEXT_SIZE];
    struct tj_hash leaf;
    struct tj_verdict verdict;
    json_t *object = json_object();
    text_format_record_id(id, tj_record_id(entry->index, position));
    set(object, "id", json_string(id));
    tj_leaf_hash(reading->view.digester->hasher, &leaf, bytes, TJ_RECORD_SIZE);
    tj_verdict_init(&verdict);
    if (tj_record_check(bytes, tj_header_restricted(&entry->header), &verdict) != TIJORI_OK) {
        char text[320];
        tj_verdict_format(&verdict, text, sizeof text);
        set(object, "damaged", json_string(text));
        member_hex(object, "bytes", bytes, TJ_RECORD_SIZE);
    } else {
        json_t *fields = record_to_json(bytes, assets);
        json_object_update(object, fields);
        json_decref(fields);
    }
    member_hash(object, "leaf_hash", &leaf);
    return object;
}

static json_t *records_json(const struct reading *reading, const struct tj_entry_view *entry,
                            const struct tj_body_view *body, uint32_t position)
{
    struct assets assets = assets_of_state(reading->state);
    json_t *array = json_array();
    for (uint32_t i = 0; i < entry->header.record_count; i++) {
        if (position == TJ_NOWHERE || position == i) {
            element_add(array, record_json(reading, entry, body, i, &assets));
        }
    }
    return array;
}

static void set_entry(json_t *object, const struct reading *reading,
                      const struct tj_entry_view *entry)
{
    char text[TEXT_SIZE];
    struct tj_hash hash;
    set(object, "index", json_integer((json_int_t)entry->index));
    tj_leaf_hash(reading->view.digester->hasher, &hash, entry->bytes, entry->size);
    member_hash(object, "leaf", &hash);
    member_hash(object, "previous", &entry->previous);
    set(object, "term", json_integer((json_int_t)entry->term));
    text_format_time_ns(text, entry->received_ns);
    set(object, "received", json_string(text));
    set(object, "received_ns", json_integer((json_int_t)entry->received_ns));
    tj_envelope_id(reading->view.digester, entry->header_bytes, &hash);
    member_hash(object, "envelope_id", &hash);
    set(object, "header", header_json(reading, &entry->header));
    json_t *slots = json_array();
    for (uint32_t i = 0; i < entry->slots.count; i++) {
        element_add(slots, slot_json(reading, &entry->slots.slots[i]));
    }
    set(object, "slots", slots);
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
    set(raw, "index", json_integer((json_int_t)index));
    member_hex(raw, "entry", entry->bytes, entry->size);
    member_hex(raw, "records", body->bytes, records);
    member_hex(raw, "links", body->bytes + records, links);
    member_hex(raw, "tail", body->bytes + records + links, body->size - records - links);
    return raw;
}

static json_t *entry_value(const struct reading *reading, uint64_t index, uint32_t position,
                           enum tijori_status *status)
{
    struct tj_view entry_bytes;
    struct tj_view body_bytes;
    struct tj_entry_view entry;
    struct tj_body_view body;
    struct tj_txn *txn = reading->view.txn;
    *status = tj_from_storage(tj_get_number(txn, TJ_J_ENTRIES, index, &entry_bytes));
    if (*status == TIJORI_OK) {
        *status = tj_from_storage(tj_get_number(txn, TJ_J_BODIES, index, &body_bytes));
    }
    if (*status != TIJORI_OK) {
        return NULL;
    }
    json_t *object = json_object();
    set(object, "raw", raw_json(index, &entry_bytes, &body_bytes));
    if (tj_journal_entry(txn, index, &entry) != TIJORI_OK) {
        set(object, "damaged", json_string("the entry's form is wrong"));
        return object;
    }
    set_entry(object, reading, &entry);
    if (tj_journal_body(txn, &entry, &body) != TIJORI_OK) {
        set(object, "damaged", json_string("the body's size is not that of its records"));
        return object;
    }
    set(object, "records", records_json(reading, &entry, &body, position));
    return object;
}

json_t *show_entry(const struct reading *reading, uint64_t index, uint32_t position,
                   enum tijori_status *status)
{
    document_begin();
    json_t *value = entry_value(reading, index, position, status);
    if (value != NULL && !document_whole()) {
        json_decref(value);
        *status = TIJORI_MEMORY;
        return NULL;
    }
    return value;
}
