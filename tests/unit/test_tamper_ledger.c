/* What a ledger's store holds beside the log: bytes of its tree's nodes and of its signed
 * checkpoints, changed one at a time in data.mdb under the open store (test_integrity.c does the
 * same to the log and the snapshot).
 *
 * A node belongs to the entry that completed it. Checkpoints belong to no entry; a checkpoint that
 * fails is named by the last entry that it covers. By nature not noticed: a cosignature that is
 * gone from a checkpoint that is not the newest. A signed note that lost one is a signed note, and
 * the newest covers all that it covered. It is counted, and nothing else may pass. */

#include "tamper_support.h"

#include "core/log/stored_checkpoint.h"

#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

static struct tamper_world *w;
static struct tj_store *store;
static int file;
static const uint8_t *map;
static struct tj_replay_report untouched;
static uint64_t tried;
static uint64_t by_nature;

static enum outcome audit(struct tj_replay_report *report)
{
    struct tj_source *source;
    tj_report_init(report);
    return tj_source_of_store(store, &source) == TIJORI_OK
               ? audit_source(source, NULL, report, &w->pins, &untouched)
               : OUTCOME_REFUSED;
}

static void flip(const uint8_t *byte, uint8_t mask)
{
    uint8_t changed = *byte ^ mask;
    assert_int_equal(pwrite(file, &changed, 1, byte - map), 1);
    assert_int_equal(*byte, changed); /* one page cache */
}

/* Has a checkpoint as it now stands the log's signature, and no cosignature that is wrong? */
static bool only_lost_a_cosignature(const struct tj_view *note)
{
    struct tj_note_view view;
    struct tj_policy_result result;
    bool by_the_log = false;
    if (!tj_note_decode(&view, (const char *)note->bytes, note->size)) {
        return false;
    }
    for (size_t k = 0; k < 3; k++) {
        by_the_log = by_the_log || tj_note_verify(&view, &w->log_keys[k]) == TJ_NOTE_VALID;
    }
    tj_policy_check(&w->policy, &result, &view);
    return by_the_log && result.invalid == 0 && result.valid == TAMPER_WITNESSES - 1;
}

struct place {
    const char *table;
    uint64_t row;
    uint64_t rows;
    const struct tj_view *value;
    size_t offset;
    bool key;
};

static void try_byte(const struct place *place, const uint8_t *byte)
{
    struct tj_replay_report report;
    bool node = strcmp(place->table, "nodes") == 0;
    bool older = strcmp(place->table, "checkpoints") == 0 && place->row + 1 < place->rows;
    flip(byte, 1);
    enum outcome outcome = audit(&report);
    bool lost = older && !place->key && only_lost_a_cosignature(place->value);
    flip(byte, 1);
    tried++;
    by_nature += lost;
    /* The line that nobody knows any more is told. */
    bool told = outcome == OUTCOME_INCOMPLETE && report.checks[TJ_CHECK_LINES].skipped > 0;
    bool right = lost                        ? outcome == OUTCOME_PASSED || told
                 : outcome == OUTCOME_PASSED ? false
                 : node                      ? report.first_entry == TJ_TILE_WIDTH - 1
                                             : true;
    if (!right) {
        fail_msg("%s row %" PRIu64 ", byte %zu of its %s: %s, entry %lld: %s", place->table,
                 place->row, place->offset, place->key ? "key" : "value", outcome_names[outcome],
                 (long long)report.first_entry, report.failure);
    }
}

static void try_table(enum tj_journal_table table, const char *name, size_t stride)
{
    struct tj_txn *txn;
    struct tj_cursor *cursor;
    struct tj_view key;
    struct tj_view value;
    struct place place = {.table = name, .rows = w->log.tables[table].count, .value = &value};
    uint64_t seed = number_from_env("TIJORI_SEED", (uint64_t)time(NULL));
    stride = number_from_env("TIJORI_EVERY_BYTE", 0) != 0 ? 1 : stride;
    tried = 0;
    by_nature = 0;
    assert_int_equal(tj_read_begin(store, &txn), TJ_STORAGE_OK);
    assert_int_equal(tj_cursor_open(txn, &cursor, table), TJ_STORAGE_OK);
    for (; tj_cursor_next(cursor, &key, &value) == TJ_STORAGE_OK; place.row++) {
        if (table == TJ_J_META && memcmp(key.bytes, TJ_META_SIGNED, 4) != 0) {
            continue; /* the head, which test_integrity.c changes */
        }
        for (int part = 0; part < 2; part++) {
            const struct tj_view *bytes = part == 0 ? &key : &value;
            place.key = part == 0;
            for (place.offset = 0; place.offset < bytes->size; place.offset++) {
                if (place.key || (place.offset + seed) % stride == 0) {
                    try_byte(&place, bytes->bytes + place.offset);
                }
            }
        }
    }
    tj_cursor_close(cursor);
    tj_read_end(txn);
    print_message("TIJORI_SEED=%" PRIu64 ": %s: %" PRIu64 " bytes changed, %" PRIu64
                  " noticed, %" PRIu64 " took a cosignature from an older checkpoint\n",
                  seed, name, tried, tried - by_nature, by_nature);
    assert_true(tried > 0);
}

static void a_changed_node_is_noticed(void **state)
{
    (void)state;
    try_table(TJ_J_NODES, "nodes", 1);
}

static void a_changed_checkpoint_is_noticed(void **state)
{
    (void)state;
    try_table(TJ_J_CHECKPOINTS, "checkpoints", 13);
}

/* The newest that was signed, beside the public one of its size. */
static void the_changed_newest_that_was_signed_is_noticed(void **state)
{
    (void)state;
    try_table(TJ_J_META, "signed", 5);
}

static void the_ledger_as_it_is(void **state)
{
    struct tj_replay_report report;
    (void)state;
    assert_int_equal(audit(&report), OUTCOME_INCOMPLETE); /* for lack of one to compare with */
    must_pass(&report);
    untouched = report;
    assert_int_equal(audit(&report), OUTCOME_PASSED);
    for (size_t i = 0; i < TJ_CHECK_COUNT; i++) {
        assert_int_equal(untouched.checks[i].skipped, i == TJ_CHECK_ATTACHMENTS ? 2 : 0);
    }
    assert_true(untouched.quorum);
}

static int setup(void **state)
{
    struct tj_store_options options = tj_journal_options(0);
    char path[300];
    (void)state;
    w = tamper_world();
    snprintf(path, sizeof path, "%s/data.mdb", w->f.dir);
    file = open(path, O_RDWR | O_CLOEXEC);
    assert_true(file >= 0);
    assert_int_equal(tj_store_open_read(&store, NULL, w->f.dir, &options), TJ_STORAGE_OK);
    map = store_map(w->f.dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tj_store_close(store);
    close(file);
    tamper_world_end(w);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ledger_as_it_is),
        cmocka_unit_test(a_changed_node_is_noticed),
        cmocka_unit_test(a_changed_checkpoint_is_noticed),
        cmocka_unit_test(the_changed_newest_that_was_signed_is_noticed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
