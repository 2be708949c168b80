/* The tree and the checkpoints that a ledger keeps: nodes as they are completed, proofs from them,
 * what is signed and what is not, and a log of the storage format before they were kept. */

#include "history_support.h"

#include "core/log/stored_checkpoint.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { ENTRIES_MORE = 600, ACTIVE_LOG_KEY = 2, RETIRED_LOG_KEY = 1 };

static struct history history;
static struct fixture fixture;

static struct fixture *new_log(uint32_t moves)
{
    struct fixture *f = &fixture;
    memset(f, 0, sizeof *f);
    history = (struct history){.f = f};
    fixture_parties(f);
    history_every_kind(&history);
    history_moves(&history, moves);
    return f;
}

static void head_of(struct fixture *f, struct tijori_head *head)
{
    tijori_head(f->ledger, head);
}

/* Of the log key that the history left active: it rotates them. */
static void active_secret(uint8_t secret[32])
{
    fixture_log_secret(secret, ACTIVE_LOG_KEY);
}

static void sign(struct fixture *f, char note[TIJORI_NOTE_MAX], size_t *size)
{
    uint8_t secret[32];
    active_secret(secret);
    *size = TIJORI_NOTE_MAX;
    assert_int_equal(tijori_checkpoint(f->ledger, note, size, secret), TIJORI_OK);
}

static void read_checkpoint(struct tj_checkpoint *out, const char *note, size_t size)
{
    struct tj_note_view view;
    assert_true(tj_note_decode(&view, note, size));
    assert_true(tj_checkpoint_decode(out, view.text, view.text_size));
}

/* ---- nodes ---- */

/* Each proof from the stored nodes verifies against the root that the ledger says, at every size
 * that a proof may begin from. */
static void proofs_from_stored_nodes(void **state)
{
    (void)state;
    struct fixture *f = new_log(ENTRIES_MORE);
    struct tj_ledger_view view;
    struct tj_log_nodes nodes;
    struct tijori_head head;
    struct tj_hash root;
    struct tj_hash now;
    struct tj_hash proof[TJ_PATH_MAX];
    size_t count;
    head_of(f, &head);
    memcpy(now.bytes, head.root, TJ_HASH_SIZE);
    assert_int_equal(tj_ledger_view_begin(f->ledger, &view), TIJORI_OK);
    tj_log_nodes_init(&nodes, view.txn, view.digester);
    uint64_t rows = 0;
    assert_int_equal(tj_count(view.txn, &rows, TJ_J_NODES), TJ_STORAGE_OK);
    assert_int_equal(rows, head.size / 256);
    struct tj_hasher *hasher = view.digester->hasher;
    assert_true(tj_tile_root(hasher, &root, &nodes.reader, head.size));
    assert_memory_equal(root.bytes, now.bytes, TJ_HASH_SIZE);
    for (uint64_t i = 0; i < head.size; i++) {
        struct tj_hash leaf;
        assert_true(tj_journal_leaf(view.txn, view.digester, &leaf, i));
        assert_true(tj_prove_inclusion(hasher, proof, &count, &nodes.reader, i, head.size));
        assert_true(tj_verify_inclusion(hasher, &leaf, i, head.size, proof, count, &now));
        assert_true(tj_tile_root(hasher, &root, &nodes.reader, i + 1));
        assert_true(tj_prove_consistency(hasher, proof, &count, &nodes.reader, i + 1, head.size));
        assert_true(tj_verify_consistency(hasher, i + 1, &root, head.size, &now, proof, count));
    }
    tj_ledger_view_end(f->ledger, &view);
    fixture_destroy(f);
}

static void empty_table(const char *dir, enum tj_journal_table table)
{
    struct log_copy log;
    log_read(&log, dir, 0);
    size_t count = log.tables[table].count;
    log.tables[table].count = 0;
    remove_ledger(dir);
    log_write(dir, &log);
    log.tables[table].count = count;
    log_free(&log);
}

/* A ledger whose nodes are missing gets them when it is opened for writing; an audit of it before
 * that fails. */
static void nodes_that_are_missing_are_made(void **state)
{
    (void)state;
    struct fixture *f = new_log(ENTRIES_MORE);
    struct tj_replay_report report;
    fixture_close(f);
    empty_table(f->dir, TJ_J_NODES);
    audit_dir(&report, f->dir, &f->genesis.ledger_id, 1);
    assert_true(report.failed);
    assert_int_equal(report.first_check, TJ_CHECK_HEAD);
    assert_int_equal(report.first_entry, 255);
    fixture_open(f);
    fixture_close(f);
    audit_dir(&report, f->dir, &f->genesis.ledger_id, 1);
    must_pass(&report);
    fixture_destroy(f);
}

/* ---- signing ---- */

static void only_an_active_log_key_signs(void **state)
{
    (void)state;
    struct fixture *f = new_log(1);
    uint8_t secret[32];
    char note[TIJORI_NOTE_MAX];
    size_t size = sizeof note;
    fixture_log_secret(secret, RETIRED_LOG_KEY);
    assert_int_equal(tijori_checkpoint(f->ledger, note, &size, secret), TIJORI_KEY_UNKNOWN);
    fixture_log_secret(secret, 9); /* never one */
    assert_int_equal(tijori_checkpoint(f->ledger, note, &size, secret), TIJORI_KEY_UNKNOWN);
    size = sizeof note;
    assert_int_equal(tijori_signed(f->ledger, note, &size), TIJORI_NOT_FOUND);
    fixture_destroy(f);
}

static void a_checkpoint_says_the_head_and_stays(void **state)
{
    (void)state;
    struct fixture *f = new_log(3);
    struct tj_checkpoint checkpoint;
    struct tijori_head head;
    char note[TIJORI_NOTE_MAX];
    char again[TIJORI_NOTE_MAX];
    char line[512];
    uint8_t secret[32] = {7};
    size_t size;
    size_t again_size;
    sign(f, note, &size);
    head_of(f, &head);
    read_checkpoint(&checkpoint, note, size);
    assert_int_equal(checkpoint.size, head.size);
    assert_memory_equal(checkpoint.root.bytes, head.root, TJ_HASH_SIZE);
    /* With a cosignature, and after a restart, of the same size: the one that is stored. */
    struct tj_note_view view;
    assert_true(tj_note_decode(&view, note, size));
    size_t line_size = tj_cosign(line, sizeof line, view.text, view.text_size, "witness.example",
                                 f->now_ns / TJ_NS_PER_S, secret);
    memcpy(again, note, size);
    memcpy(again + size, line, line_size);
    again_size = size + line_size;
    size = sizeof note;
    assert_int_equal(tijori_add_cosignatures(f->ledger, note, &size, again, again_size), TIJORI_OK);
    assert_int_equal(size, again_size);
    fixture_close(f);
    fixture_open(f);
    sign(f, note, &size);
    assert_int_equal(size, again_size);
    assert_memory_equal(note, again, size);
    history_moves(&history, 1);
    sign(f, again, &again_size);
    read_checkpoint(&checkpoint, again, again_size);
    assert_int_equal(checkpoint.size, head.size + 1);
    /* What is added must be of a stored text. */
    note[0] ^= 1;
    assert_int_equal(tijori_add_cosignatures(f->ledger, again, &again_size, note, size),
                     TIJORI_NOT_FOUND);
    assert_int_equal(tijori_add_cosignatures(f->ledger, again, &again_size, "x\n", 2),
                     TIJORI_VALUE);
    fixture_destroy(f);
}

static void move_at(struct fixture *f, uint64_t at_s)
{
    struct tijori_receipt receipt;
    f->now_ns = at_s * TJ_NS_PER_S;
    assert_int_equal(fixture_send_move(f, &receipt, fixture_account(T_MARKET),
                                       fixture_account(T_RESERVE_A), 1, TJ_PURCHASE),
                     TIJORI_OK);
    assert_int_equal(receipt.received_ns, f->now_ns);
}

/* A line that was stored stays. So one whose time an audit would hold against the log is not taken,
 * on either side, and nothing of the note that brings it. */
static void a_time_that_cannot_be_is_not_taken(void **state)
{
    static const struct {
        int64_t after_s; /* of the newest entry, which is now; of the entry to come */
        bool more;       /* an entry came since, 1,000 s later */
        bool taken;
    } cases[] = {
        {-300, false, true}, {-301, false, false}, {300, false, true},  {301, false, false},
        {1300, true, true},  {1301, true, false},  {-301, true, false},
    };
    (void)state;
    struct fixture *f = new_log(3);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char note[TIJORI_NOTE_MAX];
        char merged[TIJORI_NOTE_MAX];
        uint8_t secret[32] = {7};
        struct tj_note_view view;
        size_t size;
        size_t merged_size = sizeof merged;
        const uint64_t newest_s = f->now_ns / TJ_NS_PER_S + 1000;
        move_at(f, newest_s);
        sign(f, note, &size);
        assert_true(tj_note_decode(&view, note, size));
        if (cases[i].more) {
            move_at(f, newest_s + 1000);
            f->now_ns += 500 * TJ_NS_PER_S; /* what it is by now is of no weight then */
        }
        size +=
            tj_cosign(note + size, sizeof note - size, view.text, view.text_size, "witness.example",
                      (uint64_t)((int64_t)newest_s + cases[i].after_s), secret);
        const enum tijori_status status =
            tijori_add_cosignatures(f->ledger, merged, &merged_size, note, size);
        assert_int_equal(status, cases[i].taken ? TIJORI_OK : TIJORI_VALUE);
    }
    fixture_destroy(f);
}

/* Each commit signs what it makes durable: what a receipt names is covered when it is given out. */
static void every_commit_signs(void **state)
{
    (void)state;
    struct fixture *f = new_log(1);
    uint8_t secret[32];
    fixture_close(f);
    active_secret(secret);
    f->log_key = secret;
    fixture_open(f);
    for (uint64_t i = 0; i < 300; i++) { /* past the end of a tile */
        char note[TIJORI_NOTE_MAX];
        size_t size = sizeof note;
        struct tj_checkpoint checkpoint;
        struct tijori_head head;
        struct tijori_receipt receipt;
        assert_int_equal(fixture_send_move(f, &receipt, fixture_account(T_MARKET),
                                           fixture_account(T_RESERVE_A), 1, TJ_PURCHASE),
                         TIJORI_OK);
        assert_int_equal(tijori_signed(f->ledger, note, &size), TIJORI_OK);
        read_checkpoint(&checkpoint, note, size);
        head_of(f, &head);
        assert_int_equal(checkpoint.size, receipt.entry + 1);
        assert_memory_equal(checkpoint.root.bytes, head.root, TJ_HASH_SIZE);
    }
    fixture_destroy(f);
}

/* A ledger that was rolled back behind what it signed does not sign. */
static void nothing_is_signed_that_contradicts_the_last(void **state)
{
    (void)state;
    struct fixture *f = new_log(4);
    char note[TIJORI_NOTE_MAX];
    size_t size;
    uint8_t secret[32];
    struct log_copy early;
    struct log_copy late;
    fixture_close(f);
    log_read(&early, f->dir, 0);
    fixture_open(f);
    history_moves(&history, 2);
    sign(f, note, &size);
    fixture_close(f);
    log_read(&late, f->dir, 0);
    /* The earlier log, but with what was signed later. */
    struct log_table rows = early.tables[TJ_J_CHECKPOINTS];
    struct log_table meta = early.tables[TJ_J_META];
    struct log_row both[2] = {meta.rows[0], late.tables[TJ_J_META].rows[1]};
    early.tables[TJ_J_CHECKPOINTS] = late.tables[TJ_J_CHECKPOINTS];
    early.tables[TJ_J_META] = (struct log_table){both, 2};
    remove_ledger(f->dir);
    log_write(f->dir, &early);
    early.tables[TJ_J_CHECKPOINTS] = rows;
    early.tables[TJ_J_META] = meta;
    fixture_open(f);
    active_secret(secret);
    size = sizeof note;
    assert_int_equal(tijori_checkpoint(f->ledger, note, &size, secret), TIJORI_FORK);
    log_free(&early);
    log_free(&late);
    fixture_destroy(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proofs_from_stored_nodes),
        cmocka_unit_test(nodes_that_are_missing_are_made),
        cmocka_unit_test(only_an_active_log_key_signs),
        cmocka_unit_test(a_checkpoint_says_the_head_and_stays),
        cmocka_unit_test(a_time_that_cannot_be_is_not_taken),
        cmocka_unit_test(every_commit_signs),
        cmocka_unit_test(nothing_is_signed_that_contradicts_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
