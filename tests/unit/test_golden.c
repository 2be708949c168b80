/* The golden ledger (I4): a log with every kind of record that rules 1 accept, as bytes, in
 * tests/vectors/golden_ledger.jsonl. Every later release replays these bytes and finds these
 * hashes. The file and the constants are never made anew: a program that disagrees with them is
 * wrong. Before the first release the kinds of governance came to rules 1; their entries stand
 * after those from before, which kept every byte (FIRST_ENTRIES). So did all when rules got notice,
 * and those of 67 entries when restricted accounts and details came, but for their tails, which got
 * a field more. (activate_rules is missing,
 * since there is no second set of rules; it comes with that one's own golden ledger.) */

#include "history_support.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "storage/store_write.h"

#define GOLDEN_FILE TIJORI_SOURCE_DIR "/tests/vectors/golden_ledger.jsonl"

static const char golden_leaf[] =
    "149151c2677f047614d4a6edb227478479e7e862c954c420bf17aaea2c4836ca";
static const char golden_root[] =
    "0aefa5ef1f1148ab9c5c813cd120ae97e1a7945ad21d85be5c0d227206cd66c8";
static const char golden_state[] =
    "50d995014e4870875252a5c9e4df6c18467080225ddd67cb521d143845f7c638";
static const char first_root[] = "95fcce157741af9addd18adca86bbea7d91a9993c96f7c3ba8b1d1f34eb2bffd";
enum { FIRST_ENTRIES = 39, GOLDEN_ENTRIES = 80 };

static void hex(char *out, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    }
}

static void assert_hash_is(const struct tj_hash *hash, const char *expected)
{
    char text[2 * TJ_HASH_SIZE + 1];
    hex(text, hash->bytes, TJ_HASH_SIZE);
    assert_string_equal(text, expected);
}

/* ---- the file ---- */

static uint8_t *unhex(const json_t *object, size_t *size, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    assert_non_null(text);
    *size = strlen(text) / 2;
    assert_int_equal(strlen(text) % 2, 0);
    uint8_t *bytes = malloc(*size + 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < *size; i++) {
        unsigned value;
        assert_int_equal(sscanf(text + 2 * i, "%2x", &value), 1);
        bytes[i] = (uint8_t)value;
    }
    return bytes;
}

static struct log_row row_of(uint8_t *value, size_t size, uint64_t index)
{
    struct log_row row = {malloc(8), 8, value, size};
    assert_non_null(row.key);
    for (size_t i = 0; i < 8; i++) {
        row.key[i] = (uint8_t)(index >> (56 - 8 * i));
    }
    return row;
}

static void read_line(struct log_copy *log, const char *line, uint64_t index)
{
    json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    const json_t *raw = json_object_get(json, "raw");
    size_t size;
    size_t sizes[3];
    assert_non_null(raw);
    assert_int_equal(json_integer_value(json_object_get(raw, "index")), index);
    uint8_t *entry = unhex(raw, &size, "entry");
    log->tables[TJ_J_ENTRIES].rows[index] = row_of(entry, size, index);
    uint8_t *records = unhex(raw, &sizes[0], "records");
    uint8_t *links = unhex(raw, &sizes[1], "links");
    uint8_t *tail = unhex(raw, &sizes[2], "tail");
    size = sizes[0] + sizes[1] + sizes[2];
    uint8_t *body = malloc(size);
    assert_non_null(body);
    memcpy(body, records, sizes[0]);
    memcpy(body + sizes[0], links, sizes[1]);
    memcpy(body + sizes[0] + sizes[1], tail, sizes[2]);
    log->tables[TJ_J_BODIES].rows[index] = row_of(body, size, index);
    free(records);
    free(links);
    free(tail);
    json_decref(json);
}

/* The log of the golden file: entries and bodies, and no other table. */
static void read_golden(struct log_copy *log)
{
    static char line[1 << 20];
    FILE *file = fopen(GOLDEN_FILE, "r");
    uint64_t index = 0;
    if (file == NULL) {
        fail_msg("%s: cannot read", GOLDEN_FILE);
    }
    memset(log, 0, sizeof *log);
    log->tables[TJ_J_ENTRIES].rows = calloc(GOLDEN_ENTRIES, sizeof(struct log_row));
    log->tables[TJ_J_BODIES].rows = calloc(GOLDEN_ENTRIES, sizeof(struct log_row));
    while (fgets(line, sizeof line, file) != NULL) {
        assert_true(index < GOLDEN_ENTRIES);
        read_line(log, line, index++);
    }
    fclose(file);
    assert_int_equal(index, GOLDEN_ENTRIES);
    log->tables[TJ_J_ENTRIES].count = GOLDEN_ENTRIES;
    log->tables[TJ_J_BODIES].count = GOLDEN_ENTRIES;
}

static void put_hex(FILE *file, const char *name, const uint8_t *bytes, size_t size)
{
    fprintf(file, ", \"%s\": \"", name);
    for (size_t i = 0; i < size; i++) {
        fprintf(file, "%02x", bytes[i]);
    }
    fputc('"', file);
}

/* docs/FORMAT.md section 10. For the golden ledger of later rules: TIJORI_GOLDEN_OUT names a file.
 */
static void write_golden(const char *path, const struct log_copy *log)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    for (size_t i = 0; i < log->tables[TJ_J_ENTRIES].count; i++) {
        const struct log_row *entry = &log->tables[TJ_J_ENTRIES].rows[i];
        const struct log_row *body = &log->tables[TJ_J_BODIES].rows[i];
        size_t count = (body->size - TJ_TAIL_SIZE) / (TJ_RECORD_SIZE + TJ_LINK_SIZE);
        const uint8_t *links = body->value + count * TJ_RECORD_SIZE;
        fprintf(file, "{\"raw\": {\"index\": %zu", i);
        put_hex(file, "entry", entry->value, entry->size);
        put_hex(file, "records", body->value, count * TJ_RECORD_SIZE);
        put_hex(file, "links", links, count * TJ_LINK_SIZE);
        put_hex(file, "tail", body->value + body->size - TJ_TAIL_SIZE, TJ_TAIL_SIZE);
        fprintf(file, "}}\n");
    }
    assert_int_equal(fclose(file), 0);
}

/* ---- the tests ---- */

/* Adds the head, as it follows from the entries, so that the store is whole. */
static void add_head(struct tj_digester *digester, struct log_copy *log)
{
    static uint8_t bytes[TJ_HEAD_ROW_MAX];
    struct tj_head_row head = {0};
    const struct log_table *entries = &log->tables[TJ_J_ENTRIES];
    for (size_t i = 0; i < entries->count; i++) {
        struct tj_hash leaf;
        tj_leaf_hash(digester->hasher, &leaf, entries->rows[i].value, entries->rows[i].size);
        tj_frontier_append(digester->hasher, &head.frontier, &leaf);
    }
    head.size = entries->count;
    struct log_table *meta = &log->tables[TJ_J_META];
    size_t size = tj_head_row_encode(&head, bytes);
    meta->rows = calloc(1, sizeof *meta->rows);
    assert_non_null(meta->rows);
    meta->rows[0] = (struct log_row){malloc(4), 4, malloc(size), size};
    memcpy(meta->rows[0].key, "head", 4);
    memcpy(meta->rows[0].value, bytes, size);
    meta->count = 1;
}

static void i4_the_first_entries_kept_their_bytes(void **state)
{
    (void)state;
    struct log_copy log;
    struct tj_digester digester;
    struct tj_frontier frontier;
    struct tj_hash root;
    assert_true(tj_digester_init(&digester));
    tj_frontier_init(&frontier);
    read_golden(&log);
    for (size_t i = 0; i < FIRST_ENTRIES; i++) {
        const struct log_row *entry = &log.tables[TJ_J_ENTRIES].rows[i];
        struct tj_hash leaf;
        tj_leaf_hash(digester.hasher, &leaf, entry->value, entry->size);
        tj_frontier_append(digester.hasher, &frontier, &leaf);
    }
    tj_frontier_root(digester.hasher, &root, &frontier);
    assert_hash_is(&root, first_root);
    log_free(&log);
    tj_digester_clear(&digester);
}

static void i4_the_golden_bytes_give_the_golden_hashes(void **state)
{
    (void)state;
    struct log_copy log;
    struct tj_digester digester;
    struct tj_replay_report report;
    char dir[256];
    const char *tmp = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%s/tijori-golden-XXXXXX", tmp != NULL ? tmp : "/tmp");
    assert_non_null(mkdtemp(dir));
    assert_true(tj_digester_init(&digester));
    read_golden(&log);
    add_head(&digester, &log);
    log_write(dir, &log);
    for (uint32_t threads = 1; threads <= 8; threads *= 8) {
        audit_dir(&report, dir, NULL, threads);
        must_pass(&report);
        assert_int_equal(report.entries, GOLDEN_ENTRIES);
        assert_hash_is(&report.leaf, golden_leaf);
        assert_hash_is(&report.root, golden_root);
        assert_hash_is(&report.state_digest, golden_state);
    }
    remove_ledger(dir);
    log_free(&log);
    tj_digester_clear(&digester);
}

/* All kinds but those that nothing can accept yet. */
static void the_golden_ledger_has_every_kind(void **state)
{
    (void)state;
    struct log_copy log;
    bool seen[256] = {false};
    read_golden(&log);
    for (size_t i = 0; i < GOLDEN_ENTRIES; i++) {
        const struct log_row *body = &log.tables[TJ_J_BODIES].rows[i];
        size_t count = (body->size - TJ_TAIL_SIZE) / (TJ_RECORD_SIZE + TJ_LINK_SIZE);
        for (size_t r = 0; r < count; r++) {
            seen[body->value[r * TJ_RECORD_SIZE]] = true;
        }
    }
    for (unsigned kind = 0; kind < 256; kind++) {
        bool known = tj_record_layout((uint8_t)kind) != NULL || tj_kind_is_detail((uint8_t)kind);
        bool expected = known && kind != TJ_ACTIVATE_RULES;
        if (seen[kind] != expected) {
            fail_msg("kind %u", kind);
        }
    }
    log_free(&log);
}

/* The kinds are there, and what they set counted something: or the golden state says little. */
static void its_rules_count(struct fixture *f)
{
    struct tj_ledger_view view;
    assert_int_equal(tj_ledger_view_begin(f->ledger, &view), TIJORI_OK);
    const struct tj_asset_object *asset = tj_state_asset(view.state, 1);
    assert_int_equal(asset->breaches, 4);
    for (uint32_t number = 1; number <= 2; number++) {
        const struct tj_rule_object *window = tj_state_rule(view.state, number);
        assert_int_not_equal(window->window.sums[window->window.step % (TJ_WINDOW_STEPS + 1)], 0);
    }
    const struct tj_programme_sums *ceiling = &tj_state_rule(view.state, 7)->programme;
    assert_int_equal((int64_t)ceiling->counted_in, 600 - 100 + 5 * (402 + 208));
    assert_int_equal((int64_t)ceiling->counted_out, 90 - 40);
    assert_int_equal((int64_t)ceiling->unclassified, 30);
    assert_int_equal((int64_t)ceiling->corrected, 100 + 40);
    assert_int_equal(tj_state_rule(view.state, 8)->programme.breaches, 2);
    tj_ledger_view_end(f->ledger, &view);
}

/* Today's writer makes the same bytes from the same envelopes. Should the fixture ever have to
 * change, this test goes, not the file. */
static void i4_the_history_still_makes_the_golden_bytes(void **state)
{
    (void)state;
    struct fixture *f = calloc(1, sizeof *f);
    struct history history = {.f = f};
    struct log_copy made;
    struct log_copy golden;
    struct tj_hash digest;
    assert_non_null(f);
    f->predecessor = true;
    fixture_parties(f);
    history_every_kind(&history);
    history_details(&history);
    its_rules_count(f);
    digest_live(f, &digest);
    fixture_close(f);
    log_read(&made, f->dir, 0);
    if (getenv("TIJORI_GOLDEN_OUT") != NULL) {
        write_golden(getenv("TIJORI_GOLDEN_OUT"), &made);
    }
    read_golden(&golden);
    for (size_t t = TJ_J_ENTRIES; t <= TJ_J_BODIES; t++) {
        assert_int_equal(made.tables[t].count, golden.tables[t].count);
        for (size_t i = 0; i < GOLDEN_ENTRIES; i++) {
            const struct log_row *a = &made.tables[t].rows[i];
            const struct log_row *b = &golden.tables[t].rows[i];
            assert_int_equal(a->size, b->size);
            assert_memory_equal(a->value, b->value, a->size);
        }
    }
    assert_hash_is(&digest, golden_state);
    log_free(&made);
    log_free(&golden);
    fixture_destroy(f);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(i4_the_first_entries_kept_their_bytes),
        cmocka_unit_test(i4_the_golden_bytes_give_the_golden_hashes),
        cmocka_unit_test(the_golden_ledger_has_every_kind),
        cmocka_unit_test(i4_the_history_still_makes_the_golden_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
