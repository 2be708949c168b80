#include "cli/tijori/envelope_show.h"

#include "core/base/memory.h"
#include "core/rules/judge.h"
#include "text/assets.h"
#include "text/json.h"
#include "text/log_words.h"
#include "text/named_json.h"
#include "text/table.h"
#include "text/words.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

/* ---- totals ---- */

/* What the records of one kind, purpose and asset come to; openings by themselves. */
struct total {
    uint8_t kind;
    uint8_t purpose;
    bool opening;
    uint32_t asset; /* 0: not known */
    uint32_t records;
    tj_i128 amount;
};
struct totals {
    size_t count;
    size_t capacity;
    struct total *rows; /* in the order in which they came up */
    bool failed;        /* no memory */
};

static struct total total_of(const struct tj_state *state, const uint8_t *record)
{
    struct total total = {.kind = tj_record_kind(record), .records = 1};
    if (tj_kind_is_movement(total.kind)) {
        const struct tj_account_object *from =
            state != NULL ? tj_state_account(state, tj_movement_from(record)) : NULL;
        total.purpose = tj_movement_purpose(record);
        total.opening = tj_movement_opening(record);
        total.asset = from != NULL ? from->asset : 0;
        total.amount = (tj_i128)tj_movement_amount(record).base;
    }
    return total;
}

static void totals_add(struct totals *totals, const struct total *one)
{
    for (size_t i = 0; i < totals->count; i++) {
        struct total *row = &totals->rows[i];
        if (row->kind == one->kind && row->purpose == one->purpose && row->asset == one->asset &&
            row->opening == one->opening) {
            row->records++;
            row->amount += one->amount;
            return;
        }
    }
    if (!tj_grow(&totals->rows, &totals->capacity, totals->count + 1, sizeof *totals->rows)) {
        totals->failed = true;
        return;
    }
    totals->rows[totals->count++] = *one;
}

static json_t *total_json(const struct total *total, const struct assets *assets)
{
    struct asset asset;
    char text[TEXT_AMOUNT_SIZE];
    json_t *object = json_object();
    member_text(object, "kind", tj_kind_name(total->kind));
    member_count(object, "records", total->records);
    if (tj_kind_is_movement(total->kind)) {
        member_text(object, "purpose", name_of(tj_purpose_names, TJ_PURPOSE_END, total->purpose));
        if (total->opening) {
            member_bool(object, "opening", true);
        }
        if (assets->by_number(assets->context, &asset, total->asset)) {
            text_format_amount(text, total->amount, &asset);
            member_text(object, "amount", text);
        } else {
            member_base(object, "amount_base", total->amount);
        }
    }
    return object;
}

static json_t *totals_json(const struct book *book, const struct tj_envelope_view *view)
{
    struct totals totals = {.count = 0};
    const struct tj_state *state = book->known.state;
    struct assets assets = state != NULL ? assets_of_state(state) : assets_bitcoin;
    json_t *array = json_array();
    for (uint32_t i = 0; i < view->header.record_count; i++) {
        const uint8_t *record = view->records + (size_t)i * TJ_RECORD_SIZE;
        const struct total one = total_of(state, record);
        if (!tj_kind_is_detail(one.kind)) {
            totals_add(&totals, &one);
        }
    }
    for (size_t i = 0; i < totals.count; i++) {
        element_add(array, total_json(&totals.rows[i], &assets));
    }
    if (totals.failed) {
        document_incomplete();
    }
    free(totals.rows);
    return array;
}

/* ---- the rules that are met ---- */

/* A bit for each rule that there may be. */
struct rule_set {
    uint8_t bits[TJ_RULES_MAX / 8];
};

static void set_rule(void *context, uint32_t rule)
{
    struct rule_set *set = context;
    if (rule < TJ_RULES_MAX) {
        set->bits[rule / 8] |= (uint8_t)(1u << rule % 8);
    }
}

/* What a correct names says by which programme it is counted. */
static void meet(struct rule_set *set, const struct book *book, const uint8_t *record,
                 uint32_t position)
{
    const struct known_keys *known = &book->known;
    const uint8_t kind = tj_record_kind(record);
    struct tj_named named;
    struct tj_passage p = {
        .record = record,
        .id = tj_record_id(known->entries, position),
        .received_ns = (uint64_t)time(NULL) * TJ_NS_PER_S,
        .from = tj_state_account(known->state, tj_movement_from(record)),
        .to = tj_state_account(known->state, tj_movement_to(record)),
    };
    if ((kind != TJ_PENDING && !tj_kind_posts(kind)) || p.from == NULL || p.to == NULL) {
        return;
    }
    const uint64_t refers_to = tj_movement_refers_to(record);
    if (refers_to != 0 && tj_record_entry(refers_to) < known->entries &&
        known->past->record(known->past->context, &named, refers_to)) {
        p.named = &named;
    }
    tj_rules_met(known->state, &p, set, set_rule);
}

/* The record that set a rule has the words of it. */
static json_t *rule_json(const struct book *book, uint32_t number)
{
    const struct tj_rule_object *rule = tj_state_rule(book->known.state, number);
    struct assets assets = assets_of_state(book->known.state);
    struct words words = {.used = 0};
    struct tj_named set;
    struct tj_record record;
    json_t *object = json_object();
    member_count(object, "rule", number);
    if (rule != NULL && book->known.past->record(book->known.past->context, &set, rule->set) &&
        tj_record_kind(set.record) == rule->kind) {
        tj_record_decode(&record, set.record);
        words_rule(&words, &record, &assets);
    } else {
        words_add(&words, "the record that set it is damaged");
    }
    member_text(object, "what", words.text);
    return object;
}

static json_t *rules_json(const struct book *book, const struct tj_envelope_view *view)
{
    struct rule_set *set = memory_needed(calloc(1, sizeof *set));
    json_t *array = json_array();
    if (tj_kind_is_movement(tj_record_kind(view->records))) {
        for (uint32_t i = 0; i < view->header.record_count; i++) {
            meet(set, book, view->records + (size_t)i * TJ_RECORD_SIZE, i);
        }
    }
    for (uint32_t rule = 0; rule < TJ_RULES_MAX; rule++) {
        if ((set->bits[rule / 8] >> rule % 8 & 1) != 0) {
            element_add(array, rule_json(book, rule));
        }
    }
    free(set);
    return array;
}

/* ---- parts ---- */

static json_t *records_json(const struct naming *naming, const struct tj_envelope_view *view)
{
    json_t *array = json_array();
    uint32_t details = 0;
    for (uint32_t i = 0; i < view->header.record_count; i += 1 + details) {
        json_t *object = json_object();
        details = tj_details_after(view->records, view->header.record_count, i);
        member_count(object, "position", i);
        named_record(object, naming, &view->header, view->records + (size_t)i * TJ_RECORD_SIZE,
                     details);
        element_add(array, object);
    }
    return array;
}

static json_t *attachments_json(const struct naming *naming, const struct tj_envelope_view *view)
{
    json_t *array = json_array();
    const uint8_t *at = view->attachments;
    for (uint32_t i = 0; i < view->attachment_count; i++) {
        size_t size;
        struct tj_hash hash;
        json_t *object = json_object();
        const uint8_t *bytes = tj_attachment_next(&at, &size);
        tj_sha256(naming->digester->hasher, &hash, bytes, size);
        member_hash(object, "sha256", &hash);
        member_count(object, "size", size);
        element_add(array, object);
    }
    return array;
}

/* Who signs a descriptor is told what it gives away, before it cannot be taken back. */
static const char descriptor_warning[] =
    "a descriptor is named here: once it is published, everybody sees all past and future "
    "addresses of that wallet";

static bool names_descriptor(const struct tj_envelope_view *view)
{
    for (uint32_t i = 0; i < view->header.record_count; i++) {
        const uint8_t *record = view->records + (size_t)i * TJ_RECORD_SIZE;
        if (tj_kind_is_detail(tj_record_kind(record)) &&
            record[TJ_DETAIL_AT_TYPE] == TJ_DETAIL_DESCRIPTOR) {
            return true;
        }
    }
    return false;
}

/* How what the envelope knows compares with the ledger at hand; NULL: nothing to compare. */
static const char *compare_known(const struct book *book, const struct tj_header *header)
{
    struct tj_hash leaf;
    if (book->ledger == NULL || tj_hash_zero(&header->known_leaf)) {
        return NULL;
    }
    if (header->known_index >= book->view.head.size) {
        return "newer than the ledger at hand";
    }
    if (!tj_journal_leaf(book->view.txn, book->view.digester, &leaf, header->known_index)) {
        return "damaged in the ledger at hand";
    }
    return tj_hash_equal(&leaf, &header->known_leaf) ? "as in the ledger at hand"
                                                     : "ANOTHER than in the ledger at hand";
}

static void set_readiness(json_t *object, const struct book *book, const struct envelopes *at)
{
    struct tj_readiness readiness;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        document_incomplete();
        return;
    }
    readiness_find(&book->known, &readiness, &at->view, &at->id);
    readiness_words(out, &readiness, at->view.records);
    if (fclose(out) != 0) {
        document_incomplete();
    } else {
        member_bool(object, "ready", readiness.ready);
        member_text(object, "signatures", text);
    }
    free(text);
}

static const char *looked_up(const struct book *book)
{
    return book->ledger != NULL ? "in the ledger at hand"
           : book->start != NULL
               ? "in the genesis alone: who and what came later is not known"
               : "nothing: numbers stand alone, and amounts are in the smallest unit of their "
                 "asset; --ledger DIR gives names, rules and thresholds";
}

static json_t *envelope_value(const struct book *book, struct envelopes *at)
{
    const struct tj_envelope_view *view = &at->view;
    const struct naming naming = {&at->digester, book->known.state, book->labels};
    json_t *object = json_object();
    member_text(object, "file", at->path);
    member_count(object, "envelope", at->number);
    member_hash(object, "envelope_id", &at->id);
    member_set(object, named_header(&naming, &view->header), "header");
    member_bool(object, "expired", tj_header_expired(&view->header, (uint64_t)time(NULL)));
    if (compare_known(book, &view->header) != NULL) {
        member_text(object, "known", compare_known(book, &view->header));
    }
    member_set(object, named_slots(&naming, &view->slots), "slots");
    member_set(object, records_json(&naming, view), "records");
    member_set(object, totals_json(book, view), "totals");
    member_set(object, attachments_json(&naming, view), "attachments");
    if (names_descriptor(view)) {
        member_text(object, "warning", descriptor_warning);
    }
    if (book->ledger != NULL) {
        member_set(object, rules_json(book, view), "rules");
    } else {
        member_null(object, "rules"); /* not looked up */
    }
    set_readiness(object, book, at);
    member_text(object, "looked_up", looked_up(book));
    return object;
}

json_t *envelope_to_json(const struct book *book, struct envelopes *envelopes)
{
    document_begin();
    json_t *object = envelope_value(book, envelopes);
    if (!document_whole()) {
        json_decref(object);
        return NULL;
    }
    return object;
}

/* ---- as text ---- */

static void print_total(FILE *out, const json_t *total)
{
    char kind[NAMED_LINE_SIZE];
    char records[NAMED_LINE_SIZE];
    char amount[NAMED_LINE_SIZE];
    char purpose[NAMED_LINE_SIZE];
    const json_t *known = json_object_get(total, "amount");
    const json_t *base = json_object_get(total, "amount_base");
    named_value(kind, json_object_get(total, "kind"));
    named_value(records, json_object_get(total, "records"));
    named_value(amount, known != NULL ? known : base);
    named_value(purpose, json_object_get(total, "purpose"));
    fprintf(out, "  %-12s %s: %s record%s", "in all", kind, records,
            strcmp(records, "1") == 0 ? "" : "s");
    if (purpose[0] != '\0') {
        fprintf(out, ", %s%s as %s%s", amount,
                base != NULL ? " in the smallest unit of assets that were not looked up" : "",
                purpose, json_is_true(json_object_get(total, "opening")) ? ", opening" : "");
    }
    fputc('\n', out);
}

static void print_totals(FILE *out, const json_t *totals)
{
    size_t index;
    const json_t *total;
    json_array_foreach(totals, index, total)
    {
        print_total(out, total);
    }
}

static void print_attachments(FILE *out, const json_t *attachments)
{
    size_t index;
    const json_t *one;
    json_array_foreach(attachments, index, one)
    {
        char hash[NAMED_LINE_SIZE];
        char size[NAMED_LINE_SIZE];
        named_value(hash, json_object_get(one, "sha256"));
        named_value(size, json_object_get(one, "size"));
        fprintf(out, "  %-12s SHA-256 %s, %s bytes\n", "attachment", hash, size);
    }
}

static void print_rules(FILE *out, const json_t *rules)
{
    size_t index;
    const json_t *rule;
    json_array_foreach(rules, index, rule)
    {
        char number[NAMED_LINE_SIZE];
        char what[NAMED_LINE_SIZE];
        char name[NAMED_LINE_SIZE + 8];
        named_value(number, json_object_get(rule, "rule"));
        named_value(what, json_object_get(rule, "what"));
        snprintf(name, sizeof name, "rule %s", number);
        fprintf(out, "  %-12s %s\n", name, what);
    }
}

void envelope_print(FILE *out, const json_t *envelope, bool summed)
{
    char file[NAMED_LINE_SIZE];
    char number[NAMED_LINE_SIZE];
    const json_t *header = json_object_get(envelope, "header");
    const json_t *records = json_object_get(envelope, "records");
    const bool sums = summed && json_array_size(records) > ENVELOPE_SHOWN_MAX;
    named_value(file, json_object_get(envelope, "file"));
    named_value(number, json_object_get(envelope, "envelope"));
    fprintf(out, "%s: envelope %s\n", file, number);
    named_print_member(out, envelope, "envelope_id", "envelope");
    named_print_member(out, header, "ledger_id", "ledger");
    named_print_header(out, header);
    named_print_member(out, envelope, "known", "that is");
    if (json_is_true(json_object_get(envelope, "expired"))) {
        fprintf(out, "  %-12s the ledger takes it no more\n", "EXPIRED");
    }
    named_print_slots(out, json_object_get(envelope, "slots"));
    if (!sums) {
        named_print_records(out, records);
    }
    if (json_array_size(records) > 1) {
        print_totals(out, json_object_get(envelope, "totals"));
    }
    if (sums) {
        fprintf(out, "  %-12s 'tijori show %s' prints each record\n", "", file);
    }
    print_attachments(out, json_object_get(envelope, "attachments"));
    named_print_member(out, envelope, "warning", "WARNING");
    print_rules(out, json_object_get(envelope, "rules"));
    named_print_member(out, envelope, "signatures", "signatures");
    named_print_member(out, envelope, "looked_up", "looked up");
}
