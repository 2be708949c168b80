#include "text/entry_json.h"

#include "text/json.h"

#include <inttypes.h>
#include <string.h>

/* ---- parts of an entry ---- */

static json_t *records_json(const struct entry_reader *reader, const struct tj_entry_view *entry,
                            const struct tj_body_view *body, uint32_t position)
{
    json_t *array = json_array();
    uint32_t details = 0;
    for (uint32_t i = 0; i < entry->header.record_count; i += 1 + details) {
        details = tj_details_after(body->records, entry->header.record_count, i);
        if (position != TJ_NOWHERE && (position < i || position > i + details)) {
            continue; /* a detail is shown with its record */
        }
        json_t *object = json_object();
        member_record(object, "id", tj_record_id(entry->index, i));
        named_record(object, &reader->naming, &entry->header,
                     body->records + (size_t)i * TJ_RECORD_SIZE, details);
        element_add(array, object);
    }
    return array;
}

static void set_entry(json_t *object, const struct entry_reader *reader,
                      const struct tj_entry_view *entry)
{
    struct tj_digester *digester = reader->naming.digester;
    struct tj_hash hash;
    member_count(object, "index", entry->index);
    tj_leaf_hash(digester->hasher, &hash, entry->bytes, entry->size);
    member_hash(object, "leaf", &hash);
    member_hash(object, "previous", &entry->previous);
    member_count(object, "term", entry->term);
    member_time_ns(object, "received", entry->received_ns);
    member_count(object, "received_ns", entry->received_ns);
    tj_envelope_id(digester, &hash, entry->header_bytes);
    member_hash(object, "envelope_id", &hash);
    member_set(object, named_header(&reader->naming, &entry->header), "header");
    member_set(object, named_slots(&reader->naming, &entry->slots), "slots");
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

void entry_print(FILE *out, const json_t *entry)
{
    char index[NAMED_LINE_SIZE];
    named_value(index, json_object_get(json_object_get(entry, "raw"), "index"));
    fprintf(out, "entry %s\n", index);
    named_print_member(out, entry, "damaged", "DAMAGED");
    named_print_member(out, entry, "leaf", "leaf");
    named_print_member(out, entry, "previous", "previous");
    named_print_member(out, entry, "received", "received");
    named_print_member(out, entry, "term", "term");
    named_print_member(out, entry, "envelope_id", "envelope");
    named_print_header(out, json_object_get(entry, "header"));
    named_print_slots(out, json_object_get(entry, "slots"));
    named_print_records(out, json_object_get(entry, "records"));
}

void entry_print_record(FILE *out, const json_t *entry)
{
    const json_t *records = json_object_get(entry, "records");
    named_print_records(out, records);
    named_print_member(out, json_array_get(records, 0), "leaf_hash", "leaf hash");
    named_print_member(out, json_array_get(records, 0), "group_hash", "group hash");
    named_print_member(out, entry, "received", "received");
    named_print_member(out, entry, "envelope_id", "envelope");
}
