/* What the documents print out of the code is what the code says: the statuses, the tables of the
 * state and the worked example of docs/FORMAT.md, and the purposes of docs/PURPOSES.md. Each block
 * is made here and looked for in the document, letter by letter. With TIJORI_PRINT=1 in the
 * environment the blocks are printed, for pasting.
 *
 * Section 9.1 of docs/FORMAT.md, the bytes of the stored state, is read the other way round: its
 * rows are taken apart and held against the structs. */

#include "history_support.h"

#include "core/rules/purpose.h"
#include "crypto/tree.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/read_document.h"

static void must_hold(const char *document, const char *block)
{
    if (getenv("TIJORI_PRINT") != NULL) {
        printf("%s", block);
        return;
    }
    char *text = read_document(document);
    const char *at = strstr(text, block);
    free(text);
    if (at == NULL) {
        fail_msg("docs/%s does not hold this block (TIJORI_PRINT=1 prints it):\n%s", document,
                 block);
    }
}

static void statuses_are_documented(void **state)
{
    (void)state;
    char *block = calloc(1, 1 << 16);
    size_t at = 0;
    assert_non_null(block);
    for (int s = 0; s < TIJORI_STATUS_COUNT; s++) {
        at += (size_t)snprintf(block + at, (1 << 16) - at, "| %s | %s |\n",
                               tijori_status_name((enum tijori_status)s),
                               tijori_status_text((enum tijori_status)s));
    }
    must_hold("FORMAT.md", block);
    free(block);
}

static void purposes_are_documented(void **state)
{
    (void)state;
    char *block = calloc(1, 1 << 16);
    size_t at = 0;
    assert_non_null(block);
    for (size_t i = 0; i < tj_purpose_rule_count; i++) {
        const struct tj_purpose_rule *rule = &tj_purpose_rules[i];
        at += (size_t)snprintf(block + at, (1 << 16) - at, "| %s | %s → %s | %s |\n",
                               tj_purpose_names[rule->purpose], tj_class_names[rule->from],
                               tj_class_names[rule->to], rule->reason);
    }
    must_hold("PURPOSES.md", block);
    free(block);
}

struct text {
    char bytes[1 << 15];
    size_t at;
};

static void line(struct text *out, const char *label, const uint8_t *bytes, size_t size)
{
    out->at += (size_t)snprintf(out->bytes + out->at, sizeof out->bytes - out->at, "%s\n", label);
    for (size_t i = 0; i < size; i++) {
        out->at += (size_t)snprintf(out->bytes + out->at, sizeof out->bytes - out->at, "%s%02x%s",
                                    i % 32 == 0 ? "    " : "", bytes[i],
                                    i % 32 == 31 || i + 1 == size ? "\n" : "");
    }
}

static void example_entry(struct fixture *f, struct text *out, uint64_t index)
{
    uint8_t entry[TJ_ENTRY_SIZE_MAX];
    uint8_t body[32 * 128];
    char label[160];
    struct tijori_entry stored = {entry, sizeof entry, body, sizeof body};
    struct tj_entry_view view;
    struct tj_verdict verdict;
    struct tj_hash hash;
    assert_int_equal(tijori_entry(f->ledger, &stored, index), TIJORI_OK);
    tj_verdict_init(&verdict);
    assert_int_equal(tj_entry_decode(&view, entry, stored.entry_size, &verdict), TIJORI_OK);
    for (uint32_t i = 0; i < view.header.record_count; i++) {
        const uint8_t *record = body + (size_t)i * TJ_RECORD_SIZE;
        snprintf(label, sizeof label, "entry %u, record %u: %s", (unsigned)index, i,
                 tj_record_layout(record[0])->name);
        line(out, label, record, TJ_RECORD_SIZE);
        tj_leaf_hash(f->digester.hasher, &hash, record, TJ_RECORD_SIZE);
        line(out, "  its leaf hash", hash.bytes, TJ_HASH_SIZE);
    }
    line(out, "body_root", view.header.body_root.bytes, TJ_HASH_SIZE);
    line(out, "header", view.header_bytes, TJ_HEADER_SIZE);
    tj_envelope_id(&f->digester, &hash, view.header_bytes);
    line(out, "envelope id", hash.bytes, TJ_HASH_SIZE);
    line(out, "entry", entry, stored.entry_size);
    tj_leaf_hash(f->digester.hasher, &hash, entry, stored.entry_size);
    line(out, index == 0 ? "leaf hash of the entry: the ledger id" : "leaf hash of the entry",
         hash.bytes, TJ_HASH_SIZE);
    size_t links = (size_t)view.header.record_count * TJ_LINK_SIZE;
    line(out, "links", body + (size_t)view.header.record_count * TJ_RECORD_SIZE, links);
    line(out, "tail", body + stored.body_size - TJ_TAIL_SIZE, TJ_TAIL_SIZE);
}

static void the_worked_example_is_what_the_code_makes(void **state)
{
    (void)state;
    struct fixture *f = calloc(1, sizeof *f);
    struct text *out = calloc(1, sizeof *out);
    struct tijori_head head;
    assert_true(f != NULL && out != NULL);
    fixture_create(f);
    example_entry(f, out, 0);
    example_entry(f, out, 1);
    tijori_head(f->ledger, &head);
    line(out, "tree root over both", head.root, TJ_HASH_SIZE);
    must_hold("FORMAT.md", out->bytes);
    fixture_destroy(f);
    free(out);
    free(f);
}

/* ---- the bytes of the stored state ---- */

static void tables_of_the_state_are_documented(void **state)
{
    (void)state;
    for (uint8_t table = TJ_T_LEDGER; table < TJ_T_END; table++) {
        const struct tj_table_shape *shape = &tj_table_shapes[table];
        unsigned objects = 1u << shape->shift;
        char count[16];
        char row[128];
        snprintf(count, sizeof count, objects < 1000 ? "%u" : "%u,%03u",
                 objects < 1000 ? objects : objects / 1000, objects % 1000);
        snprintf(row, sizeof row, "\n| %u | %s%s | %s | %u | ", table, shape->name,
                 shape->per_party ? ", per party" : "", count, shape->object_size);
        must_hold("FORMAT.md", row);
    }
}

/* A row of the document that lists bytes of an object: all from `from` up to `to`. */
struct object_row {
    const char *label;
    uint8_t table;
    size_t from;
    size_t to;
};
#define ROW_LEDGER    "1 ledger"
#define ROW_PARTY     "2 parties"
#define ROW_ASSET     "3 assets"
#define ROW_LOG_KEY   "4 log keys"
#define ROW_TOTAL     "5 purpose totals"
#define ROW_MARK      "6 marks"
#define ROW_RULE      "7 rules"
#define ROW_PROGRAMME "7 rules, a programme"
#define ROW_WINDOW    "7 rules, an outflow limit"
#define ROW_APPROVAL  "8 approvals"
#define ROW_KEY       "9 keys"
#define ROW_LANE      "10 lanes"
#define ROW_ACCOUNT   "11 accounts; 13 restricted accounts"
#define ROW_HOLDING   "12 holdings"
enum { COUNTS_AT = offsetof(struct tj_rule_object, programme) };
static const struct object_row object_rows[] = {
    {ROW_LEDGER, TJ_T_LEDGER, 0, sizeof(struct tj_ledger_object)},
    {ROW_PARTY, TJ_T_PARTY, 0, sizeof(struct tj_party_object)},
    {ROW_ASSET, TJ_T_ASSET, 0, sizeof(struct tj_asset_object)},
    {ROW_LOG_KEY, TJ_T_LOG_KEY, 0, sizeof(struct tj_log_key_object)},
    {ROW_TOTAL, TJ_T_TOTAL, 0, sizeof(struct tj_total_object)},
    {ROW_MARK, TJ_T_MARK, 0, sizeof(struct tj_mark_object)},
    {ROW_RULE, TJ_T_RULE, 0, COUNTS_AT},
    {ROW_PROGRAMME, TJ_T_RULE, COUNTS_AT, sizeof(struct tj_rule_object)},
    {ROW_WINDOW, TJ_T_RULE, COUNTS_AT, sizeof(struct tj_rule_object)},
    {ROW_APPROVAL, TJ_T_APPROVAL, 0, sizeof(struct tj_approval_object)},
    {ROW_KEY, TJ_T_KEY, 0, sizeof(struct tj_key_object)},
    {ROW_LANE, TJ_T_LANE, 0, sizeof(struct tj_lane_object)},
    {ROW_ACCOUNT, TJ_T_ACCOUNT, 0, sizeof(struct tj_account_object)},
    {ROW_HOLDING, TJ_T_HOLDING, 0, sizeof(struct tj_holding_object)},
};
enum { OBJECT_ROWS = sizeof object_rows / sizeof object_rows[0] };

/* A member of a struct, in the order of the bytes. One that is left out here leaves a gap. */
struct place {
    const char *row;
    const char *member;
    size_t offset;
    size_t size;
};
#define PLACE(row, type, member)                                                                   \
    {                                                                                              \
        row, #member, offsetof(struct type, member), sizeof(((struct type *)NULL)->member)         \
    }
#define LEDGER(member)    PLACE(ROW_LEDGER, tj_ledger_object, member)
#define PARTY(member)     PLACE(ROW_PARTY, tj_party_object, member)
#define ASSET(member)     PLACE(ROW_ASSET, tj_asset_object, member)
#define LOG_KEY(member)   PLACE(ROW_LOG_KEY, tj_log_key_object, member)
#define TOTAL(member)     PLACE(ROW_TOTAL, tj_total_object, member)
#define MARK(member)      PLACE(ROW_MARK, tj_mark_object, member)
#define RULE(member)      PLACE(ROW_RULE, tj_rule_object, member)
#define PROGRAMME(member) PLACE(ROW_PROGRAMME, tj_rule_object, programme.member)
#define WINDOW(member)    PLACE(ROW_WINDOW, tj_rule_object, window.member)
#define APPROVAL(member)  PLACE(ROW_APPROVAL, tj_approval_object, member)
#define KEY(member)       PLACE(ROW_KEY, tj_key_object, member)
#define LANE(member)      PLACE(ROW_LANE, tj_lane_object, member)
#define ACCOUNT(member)   PLACE(ROW_ACCOUNT, tj_account_object, member)
#define HOLDING(member)   PLACE(ROW_HOLDING, tj_holding_object, member)
static const struct place places[] = {
    LEDGER(nonce),
    LEDGER(name),
    LEDGER(network),
    LEDGER(rules),
    LEDGER(lifetime_max_s),
    LEDGER(checkpoint_delay_max_s),
    LEDGER(parties),
    LEDGER(assets),
    LEDGER(log_keys),
    LEDGER(log_keys_active),
    LEDGER(marks),
    LEDGER(rules_set),
    LEDGER(founded),
    LEDGER(reserved),

    PARTY(name),
    PARTY(type),
    PARTY(status),
    PARTY(threshold),
    PARTY(ruled),
    PARTY(classes),
    PARTY(keys_active),
    PARTY(keys),
    PARTY(accounts),
    PARTY(registered),
    PARTY(recovery),
    PARTY(recovery_ns),
    PARTY(tier_least),
    PARTY(accounts_open),
    PARTY(accounts_restricted),
    PARTY(opening_closed),
    PARTY(reserved),

    ASSET(reserve_in),
    ASSET(reserve_out),
    ASSET(amount_max),
    ASSET(opened),
    ASSET(code),
    ASSET(decimals),
    ASSET(reserved_0),
    ASSET(minimum_rule),
    ASSET(minimum_set),
    ASSET(reserved),
    ASSET(breaches),
    ASSET(breach_first),
    ASSET(breach_last),
    ASSET(reserved_1),

    LOG_KEY(key),
    LOG_KEY(added),
    LOG_KEY(retired),
    LOG_KEY(present),
    LOG_KEY(reserved),
    LOG_KEY(last_good_size),

    TOTAL(amount),
    TOTAL(count),
    TOTAL(corrections),
    TOTAL(reserved),

    MARK(record),
    MARK(value),

    RULE(set),
    RULE(ended),
    RULE(kind),
    RULE(type),
    RULE(directions),
    RULE(mode),
    RULE(approvals),
    RULE(reserved_0),
    RULE(purposes),
    RULE(groups),
    RULE(reserved_1),
    RULE(asset),
    RULE(window_s),
    RULE(starts),
    RULE(ends),
    RULE(power_mw),
    RULE(holder),
    RULE(amount),
    RULE(amount_day),
    RULE(counterparty),
    RULE(from_ns),
    RULE(until_ns),
    RULE(named_party),
    RULE(notice_days),
    RULE(wait_days),
    RULE(reserved_2),

    PROGRAMME(counted_in),
    PROGRAMME(counted_out),
    PROGRAMME(unclassified),
    PROGRAMME(corrected),
    PROGRAMME(day_amount),
    PROGRAMME(day),
    PROGRAMME(reserved),
    PROGRAMME(breaches),
    PROGRAMME(breach_first),
    PROGRAMME(breach_last),
    PROGRAMME(reserved_1),
    PROGRAMME(brought_in),
    PROGRAMME(reserved_2),

    WINDOW(step),
    WINDOW(sums),

    APPROVAL(keys),
    APPROVAL(reserved),

    KEY(key),
    KEY(algorithm),
    KEY(role),
    KEY(status),
    KEY(flags),
    KEY(group),
    KEY(reserved),
    KEY(ordinal),
    KEY(party),
    KEY(added),
    KEY(revoked),

    LANE(sequence),
    LANE(entry),
    LANE(jump),
    LANE(envelope_id),
    LANE(reserved),

    ACCOUNT(in),
    ACCOUNT(out),
    ACCOUNT(pending_in),
    ACCOUNT(pending_out),
    ACCOUNT(latest),
    ACCOUNT(asset),
    ACCOUNT(class),
    ACCOUNT(flags),
    ACCOUNT(encumbrance),
    ACCOUNT(reserved),

    HOLDING(in),
    HOLDING(out),
    HOLDING(reserved),
};
enum { PLACES = sizeof places / sizeof places[0] };

/* What the document calls it: `programme.day` is day there, and what is reserved is zero. */
static const char *name_of(const struct place *place)
{
    const char *dot = strrchr(place->member, '.');
    const char *name = dot != NULL ? dot + 1 : place->member;
    return strncmp(name, "reserved", strlen("reserved")) == 0 ? "zero" : name;
}

/* One "OFFSET SIZE FIELD (meaning)" of a row. Returns what follows it: the next one, or NULL after
 * the last. */
static const char *check_place(const struct place *place, const char *cell)
{
    size_t offset = 0;
    size_t size = 0;
    char name[32] = "";
    const char *end = strchr(cell, '\n');
    const char *next = strstr(cell, " · ");
    if (sscanf(cell, "%zu %zu %31[a-z_]", &offset, &size, name) != 3 || offset != place->offset ||
        size != place->size || strcmp(name, name_of(place)) != 0) {
        fail_msg("docs/FORMAT.md, row %s: %zu %zu %s stands where %zu %zu %s is", place->row,
                 offset, size, name, place->offset, place->size, name_of(place));
    }
    return next != NULL && next < end ? next + strlen(" · ") : NULL;
}

/* The places of a row follow each other without a gap, in the struct and in the document, and there
 * are no others. Returns how many there are. */
static size_t check_row(const struct object_row *row, const char *cell)
{
    size_t at = row->from;
    size_t count = 0;
    for (size_t i = 0; i < PLACES; i++) {
        if (strcmp(places[i].row, row->label) != 0) {
            continue;
        }
        if (cell == NULL) {
            fail_msg("docs/FORMAT.md, row %s ends before %s", row->label, places[i].member);
        }
        if (places[i].offset != at) {
            fail_msg("%s: %s begins at %zu, and what is before it ends at %zu", row->label,
                     places[i].member, places[i].offset, at);
        }
        cell = check_place(&places[i], cell);
        at += places[i].size;
        count++;
    }
    if (cell != NULL) {
        fail_msg("docs/FORMAT.md, row %s has more than the struct: %.40s", row->label, cell);
    }
    if (at != row->to) {
        fail_msg("%s: what is listed ends at %zu of %zu", row->label, at, row->to);
    }
    return count;
}

static void every_byte_of_the_objects_is_documented(void **state)
{
    (void)state;
    static const char head[] = "| Table | OFFSET SIZE FIELD |\n|---|---|\n";
    char *text = read_document("FORMAT.md");
    const char *at = strstr(text, head);
    size_t count = 0;
    assert_non_null(at);
    at += strlen(head);
    for (size_t i = 0; i < OBJECT_ROWS; i++) {
        char label[64];
        int size = snprintf(label, sizeof label, "| %s | ", object_rows[i].label);
        if (strncmp(at, label, (size_t)size) != 0) {
            fail_msg("docs/FORMAT.md: '%.40s' stands where '%s' begins", at, label);
        }
        count += check_row(&object_rows[i], at + size);
        at = strchr(at, '\n') + 1;
    }
    assert_int_equal(*at, '\n');     /* no row more */
    assert_int_equal(count, PLACES); /* none of a row that there is not */
    free(text);
}

/* ---- the stored state, read as the document says ---- */

static const struct object_row *counts_of(const uint8_t *rule)
{
    enum { KIND_AT = 16, TYPE_AT = 17, LIMIT = 64, PROGRAMME = 65, OUTFLOW = 1 };
    const char *label = NULL;
    if (rule[KIND_AT] == PROGRAMME) {
        label = ROW_PROGRAMME;
    } else if (rule[KIND_AT] == LIMIT && rule[TYPE_AT] == OUTFLOW) {
        label = ROW_WINDOW;
    }
    for (size_t i = 0; i < OBJECT_ROWS; i++) {
        if (label != NULL && strcmp(object_rows[i].label, label) == 0) {
            return &object_rows[i];
        }
    }
    return NULL;
}

/* Returns how many reserved places it has. */
static size_t check_zero(const char *row, const uint8_t *object)
{
    size_t count = 0;
    for (size_t i = 0; i < PLACES; i++) {
        if (strcmp(places[i].row, row) == 0 && strcmp(name_of(&places[i]), "zero") == 0) {
            assert_true(tj_all_zero(object + places[i].offset, places[i].size));
            count++;
        }
    }
    return count;
}

static size_t check_reserved(uint8_t table, const uint8_t *object)
{
    size_t row = 0;
    if (table == TJ_T_RESTRICTED) {
        table = TJ_T_ACCOUNT; /* one row has both */
    }
    while (object_rows[row].table != table) {
        row++;
    }
    size_t count = check_zero(object_rows[row].label, object);
    if (table != TJ_T_RULE) {
        return count;
    }
    const struct object_row *counts = counts_of(object);
    if (counts != NULL) {
        return count + check_zero(counts->label, object);
    }
    assert_true(tj_all_zero(object + COUNTS_AT, sizeof(struct tj_rule_object) - COUNTS_AT));
    return count;
}

/* As in the key of a row, and as in the digest. */
static void turn_around(uint8_t out[4], const uint8_t in[4])
{
    for (size_t i = 0; i < 4; i++) {
        out[i] = in[3 - i];
    }
}

enum { ROW_KEY_SIZE = 9, ROW_HEADER_SIZE = 16 };

/* A row's share of the digest. */
static void digest_row(struct tj_hasher *hasher, const struct log_row *row)
{
    uint8_t prefix[ROW_KEY_SIZE] = {row->key[0]};
    const uint8_t *content = row->value + ROW_HEADER_SIZE;
    size_t size = row->size - ROW_HEADER_SIZE;
    assert_int_equal(row->key_size, ROW_KEY_SIZE);
    turn_around(prefix + 1, row->key + 1);
    turn_around(prefix + 5, row->key + 5);
    if (!tj_all_zero(content, size)) {
        tj_sha256_update(hasher, prefix, sizeof prefix);
        tj_sha256_update(hasher, content, size);
    }
}

static void digest_rows(struct tj_hasher *hasher, struct tj_hash *out,
                        const struct log_table *table)
{
    tj_sha256_begin(hasher);
    for (size_t i = 0; i < table->count; i++) {
        const struct log_row *row = &table->rows[i];
        assert_true(i == 0 || memcmp(table->rows[i - 1].key, row->key, ROW_KEY_SIZE) < 0);
        digest_row(hasher, row);
    }
    tj_sha256_finish(hasher, out);
}

static size_t check_reserved_of_row(const struct log_row *row)
{
    const struct tj_table_shape *shape = &tj_table_shapes[row->key[0]];
    size_t count = 0;
    for (size_t at = ROW_HEADER_SIZE; at < row->size; at += shape->object_size) {
        count += check_reserved(row->key[0], row->value + at);
    }
    return count;
}

/* The row `head` says that no block lacks anything: its size is its redo_from. */
static bool lacks_nothing(const struct log_table *meta)
{
    for (size_t i = 0; i < meta->count; i++) {
        const struct log_row *row = &meta->rows[i];
        if (row->key_size == strlen("head") && memcmp(row->key, "head", row->key_size) == 0) {
            return tj_load64(row->value) == tj_load64(row->value + 8);
        }
    }
    return false;
}

/* A ledger in which every kind of record left something, closed by its writer: then the rows are
 * the newest state. */
static void the_stored_rows_are_the_state_by_the_document(void **state)
{
    (void)state;
    struct fixture *f = calloc(1, sizeof *f);
    struct history history = {.f = f};
    struct log_copy log;
    struct tj_hash live;
    struct tj_hash stored;
    size_t reserved = 0;
    bool seen[TJ_T_END] = {false};
    assert_non_null(f);
    fixture_parties(f);
    history_every_kind(&history);
    digest_live(f, &live);
    fixture_close(f);
    log_read(&log, f->dir, f->map_size);
    const struct log_table *blocks = &log.tables[TJ_J_STATE];
    assert_true(lacks_nothing(&log.tables[TJ_J_META]));
    digest_rows(f->digester.hasher, &stored, blocks);
    assert_memory_equal(stored.bytes, live.bytes, TJ_HASH_SIZE);
    for (size_t i = 0; i < blocks->count; i++) {
        reserved += check_reserved_of_row(&blocks->rows[i]);
        seen[blocks->rows[i].key[0]] = true;
    }
    assert_true(reserved > 0);
    for (uint8_t table = TJ_T_LEDGER; table < TJ_T_END; table++) {
        assert_true(seen[table]);
    }
    log_free(&log);
    fixture_destroy(f);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_are_documented),
        cmocka_unit_test(purposes_are_documented),
        cmocka_unit_test(the_worked_example_is_what_the_code_makes),
        cmocka_unit_test(tables_of_the_state_are_documented),
        cmocka_unit_test(every_byte_of_the_objects_is_documented),
        cmocka_unit_test(the_stored_rows_are_the_state_by_the_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
