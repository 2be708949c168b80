#include "core/format/exhibit.h"

#include "crypto/proof.h"

static const uint8_t magic[4] = {'T', 'J', 'P', 1};

/* Base64 takes four characters for three bytes; the other lines of a proof take a few KiB. */
static_assert((TJ_EXHIBITS_SIZE_MAX / 3 + 1) * 4 + TJ_CHECKPOINT_NOTE_MAX + 8192 <=
                  TJ_TLOG_PROOF_SIZE_MAX,
              "the exhibits fit a tlog-proof");

static bool faulty(struct tj_exhibit_fault *fault, uint32_t exhibit, const char *rule)
{
    *fault = (struct tj_exhibit_fault){rule, exhibit, TJ_NOWHERE, false};
    return false;
}

/* True when the one stands before the other in the log. An entry alone comes after the entry's
 * records. */
static bool before(const struct tj_exhibit *a, const struct tj_exhibit *b)
{
    if (a->entry.index != b->entry.index) {
        return a->entry.index < b->entry.index;
    }
    return a->position < b->position;
}

/* ---- encoding ---- */

static uint8_t *put(uint8_t *at, const void *bytes, size_t size)
{
    memcpy(at, bytes, size);
    return at + size;
}

static uint8_t *put_path(uint8_t *at, const struct tj_hash *path, uint8_t count)
{
    *at++ = count;
    return put(at, path, (size_t)count * TJ_HASH_SIZE);
}

/* Of the record with its path and its details with theirs. */
static size_t group_size(const struct tj_exhibit *exhibit)
{
    size_t size = TJ_RECORD_SIZE + 1 + (size_t)exhibit->record_path_count * TJ_HASH_SIZE + 1;
    for (uint32_t i = 0; i < exhibit->detail_count; i++) {
        size += TJ_RECORD_SIZE + 1 + (size_t)exhibit->detail_path_count[i] * TJ_HASH_SIZE;
    }
    return size;
}

static size_t exhibit_size(const struct tj_exhibit *exhibit)
{
    size_t group = exhibit->record != NULL ? group_size(exhibit) : 0;
    return 8 + 2 + exhibit->entry.size + 4 + group + 1 +
           (size_t)exhibit->entry_path_count * TJ_HASH_SIZE;
}

static uint8_t *put_details(uint8_t *at, const struct tj_exhibit *exhibit)
{
    *at++ = exhibit->detail_count;
    for (uint32_t i = 0; i < exhibit->detail_count; i++) {
        at = put(at, tj_exhibit_detail(exhibit, i), TJ_RECORD_SIZE);
        at = put_path(at, exhibit->detail_path[i], exhibit->detail_path_count[i]);
    }
    return at;
}

static uint8_t *put_exhibit(uint8_t *at, const struct tj_exhibit *exhibit)
{
    tj_store64(at, exhibit->entry.index);
    tj_store16(at + 8, (uint16_t)exhibit->entry.size);
    at = put(at + 10, exhibit->entry.bytes, exhibit->entry.size);
    tj_store32(at, exhibit->position);
    at += 4;
    if (exhibit->record != NULL) {
        at = put(at, exhibit->record, TJ_RECORD_SIZE);
        at = put_path(at, exhibit->record_path, exhibit->record_path_count);
        at = put_details(at, exhibit);
    }
    return put_path(at, exhibit->entry_path, exhibit->entry_path_count);
}

size_t tj_exhibits_encode(const struct tj_exhibits *exhibits, uint8_t *out, size_t out_size)
{
    size_t size = sizeof magic + 2;
    for (uint32_t i = 0; i < exhibits->count; i++) {
        size += exhibit_size(&exhibits->list[i]);
    }
    if (size > out_size) {
        return 0;
    }
    uint8_t *at = put(out, magic, sizeof magic);
    tj_store16(at, (uint16_t)exhibits->count);
    at += 2;
    for (uint32_t i = 0; i < exhibits->count; i++) {
        at = put_exhibit(at, &exhibits->list[i]);
    }
    return size;
}

/* ---- decoding ---- */

static bool take_path(struct tj_bytes *in, struct tj_hash *path, uint8_t *count, uint8_t max)
{
    const uint8_t *size = tj_take(in, 1);
    if (size == NULL || *size > max) {
        return false;
    }
    const uint8_t *hashes = tj_take(in, (size_t)*size * TJ_HASH_SIZE);
    if (hashes == NULL) {
        return false;
    }
    memcpy(path, hashes, (size_t)*size * TJ_HASH_SIZE);
    *count = *size;
    return true;
}

static const char short_exhibit[] =
    "the bytes end before the exhibit does, or a path is longer than it can be";

/* The details of the record, which was taken. Answers the rule that is broken, or NULL. */
static const char *take_details(struct tj_bytes *in, struct tj_exhibit *out)
{
    struct tj_verdict verdict;
    tj_verdict_init(&verdict);
    const uint8_t *count = tj_take(in, 1);
    if (count == NULL) {
        return short_exhibit;
    }
    bool counts = tj_kind_is_movement(tj_record_kind(out->record));
    if (*count > TJ_DETAILS_MAX || (counts && *count != tj_movement_details(out->record))) {
        return "another number of details than the record has";
    }
    if (*count >= out->entry.header.record_count - out->position) {
        return "the entry has no record at the position of a detail";
    }
    out->detail_count = *count;
    for (uint32_t i = 0; i < out->detail_count; i++) {
        const uint8_t *detail = tj_take(in, TJ_RECORD_SIZE);
        if (detail == NULL ||
            !take_path(in, out->detail_path[i], &out->detail_path_count[i], TJ_DETAIL_PATH_MAX)) {
            return short_exhibit;
        }
        if (!tj_kind_is_detail(tj_record_kind(detail))) {
            return "what stands among the details is none";
        }
        memcpy(out->details + (size_t)i * TJ_RECORD_SIZE, detail, TJ_RECORD_SIZE);
    }
    if (tj_group_check(&out->entry.header, out->record, out->details, out->detail_count,
                       &verdict) != TIJORI_OK) {
        return "the form of a detail is wrong";
    }
    return NULL;
}

/* Answers the rule that is broken, or NULL. */
static const char *take_record(struct tj_bytes *in, struct tj_exhibit *out)
{
    struct tj_verdict verdict;
    tj_verdict_init(&verdict);
    out->record = tj_take(in, TJ_RECORD_SIZE);
    if (out->record == NULL ||
        !take_path(in, out->record_path, &out->record_path_count, TJ_PATH_MAX)) {
        return short_exhibit;
    }
    if (tj_kind_is_detail(tj_record_kind(out->record))) {
        return "a detail is shown with its record, and not by itself";
    }
    if (out->position >= out->entry.header.record_count) {
        return "the entry has no record at this position";
    }
    if (tj_record_check(out->record, tj_header_restricted(&out->entry.header), &verdict) !=
        TIJORI_OK) {
        return "the record's form is wrong";
    }
    tj_record_decode(&out->fields, out->record);
    return take_details(in, out);
}

static const char *take_exhibit(struct tj_bytes *in, struct tj_exhibit *out)
{
    struct tj_verdict verdict;
    uint16_t size;
    tj_verdict_init(&verdict);
    const uint8_t *index = tj_take(in, 8);
    const uint8_t *entry = index != NULL && tj_take16(in, &size) ? tj_take(in, size) : NULL;
    if (entry == NULL || !tj_take32(in, &out->position)) {
        return "the bytes end before the exhibit does";
    }
    if (tj_entry_decode(&out->entry, entry, size, &verdict) != TIJORI_OK) {
        return "the entry's form is wrong";
    }
    if (out->entry.index != tj_load64(index)) {
        return "the entry has another index";
    }
    const char *broken = out->position != TJ_NOWHERE ? take_record(in, out) : NULL;
    if (broken == NULL && !take_path(in, out->entry_path, &out->entry_path_count, TJ_PATH_MAX)) {
        broken = short_exhibit;
    }
    return broken;
}

static const char *check_order(const struct tj_exhibits *exhibits, uint32_t i)
{
    const struct tj_exhibit *list = exhibits->list;
    if (i == 0) {
        if (list[0].entry_path_count == 0) {
            return NULL;
        }
        return "the first exhibit's path is the proof's own";
    }
    if (list[i].record == NULL) {
        return "only the first exhibit may be of an entry alone";
    }
    if (i > 1 && !before(&list[i - 1], &list[i])) {
        return "the exhibits are not in the order of their record ids, or one stands twice";
    }
    if (before(&list[i], &list[0])) {
        return NULL;
    }
    return "stands after what is proven";
}

bool tj_exhibits_decode(struct tj_exhibits *out, const uint8_t *bytes, size_t size,
                        struct tj_exhibit_fault *fault)
{
    struct tj_bytes in = {bytes, size};
    uint16_t count = 0;
    memset(out, 0, sizeof *out);
    const uint8_t *start = tj_take(&in, sizeof magic);
    if (start == NULL || memcmp(start, magic, sizeof magic) != 0 || !tj_take16(&in, &count)) {
        return faulty(fault, 0, "not exhibits of Tijori (TJP, version 1)");
    }
    if (count == 0 || count > TJ_EXHIBITS_MAX) {
        return faulty(fault, 0, "not 1 to 64 exhibits");
    }
    for (out->count = 0; out->count < count; out->count++) {
        const char *broken = take_exhibit(&in, &out->list[out->count]);
        broken = broken == NULL ? check_order(out, out->count) : broken;
        if (broken != NULL) {
            return faulty(fault, out->count, broken);
        }
    }
    return in.left == 0 || faulty(fault, count - 1u, "bytes after the last exhibit");
}

/* ---- what the first rests on ---- */

const struct tj_exhibit *tj_exhibit_of_key(const struct tj_exhibits *exhibits,
                                           const struct tj_slot *slot)
{
    for (uint32_t i = 1; i < exhibits->count; i++) {
        const struct tj_exhibit *s = &exhibits->list[i];
        if (s->fields.party == slot->party && tj_record_adds_key(s->record, &slot->key)) {
            return s;
        }
    }
    return NULL;
}

const struct tj_exhibit *tj_exhibit_of_party(const struct tj_exhibits *exhibits, uint32_t party)
{
    for (uint32_t i = 1; i < exhibits->count; i++) {
        const struct tj_record *fields = &exhibits->list[i].fields;
        if (fields->kind == TJ_REGISTER_PARTY && fields->party == party) {
            return &exhibits->list[i];
        }
    }
    return NULL;
}

const struct tj_exhibit *tj_exhibit_of_account(const struct tj_exhibits *exhibits, uint64_t account)
{
    for (uint32_t i = 1; i < exhibits->count; i++) {
        const struct tj_record *fields = &exhibits->list[i].fields;
        if (fields->kind == TJ_OPEN_ACCOUNT && fields->account == account) {
            return &exhibits->list[i];
        }
    }
    return NULL;
}

const struct tj_exhibit *tj_exhibit_of_asset(const struct tj_exhibits *exhibits, uint32_t asset)
{
    for (uint32_t i = 1; i < exhibits->count; i++) {
        const struct tj_record *fields = &exhibits->list[i].fields;
        if (fields->kind == TJ_OPEN_ASSET && fields->asset == asset) {
            return &exhibits->list[i];
        }
    }
    return NULL;
}

uint32_t tj_accounts_named(const struct tj_record *record, uint64_t out[TJ_ACCOUNTS_NAMED_MAX])
{
    if (tj_kind_is_movement(record->kind)) {
        out[0] = record->from;
        out[1] = record->to;
        return 2;
    }
    if (record->kind == TJ_FREEZE_ACCOUNT || record->kind == TJ_UNFREEZE_ACCOUNT ||
        record->kind == TJ_CLOSE_ACCOUNT) {
        out[0] = record->account;
        return 1;
    }
    return 0;
}
