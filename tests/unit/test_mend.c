/* What is derived from the log is not believed because it is stored. One bit is changed in copies
 * of a ledger: in each row of `state`, `nodes` and `meta`, key and value, and in the entries and
 * bodies that an opening passes. Whatever the bit, the ledger that opens has the balances and the
 * root of the log, says what it mended, and passes an audit; or it does not open, and names the
 * row.
 *
 * Which of the many bytes of a value are tried depends on a seed, which is printed (TIJORI_SEED);
 * TIJORI_EVERY_BYTE=1 tries them all. */

#include "tamper_support.h"

#include "core/log/stored_checkpoint.h"

#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { LOG_KEY = 2 }; /* the one that is active at the end of tamper_world */

/* What a ledger answers. */
struct answers {
    struct tj_hash state;
    uint8_t root[TJ_HASH_SIZE];
    char note[TIJORI_NOTE_MAX];
    size_t note_size;
    int64_t balance;
};

struct subject {
    char from[300]; /* the directory that copies are made of */
    char dir[320];  /* the copy */
    struct fixture *f;
    struct history *history;
    const struct tj_hash *ledger_id;
    struct answers right;
    uint64_t seed;
    uint64_t tried;
    uint64_t refused;
    /* The byte that is tried. */
    const char *table;
    uint64_t row;
    bool key;
    size_t offset;
    uint8_t mask;
};

static void complain(const struct subject *s, const char *what)
{
    fail_msg("TIJORI_SEED=%" PRIu64 ": %s row %" PRIu64 ", byte %zu of its %s, XOR %02x: %s",
             s->seed, s->table, s->row, s->offset, s->key ? "key" : "value", s->mask, what);
}

static void ask(struct subject *s, struct tijori *ledger, struct answers *out, bool sign)
{
    struct fixture f = *s->f;
    struct tijori_head head;
    uint8_t secret[32];
    f.ledger = ledger;
    digest_live(&f, &out->state);
    tijori_head(ledger, &head);
    memcpy(out->root, head.root, TJ_HASH_SIZE);
    out->balance = fixture_balance(&f, fixture_account(T_RESERVE_A));
    out->note_size = 0;
    if (sign) {
        fixture_log_secret(secret, LOG_KEY);
        out->note_size = sizeof out->note;
        enum tijori_status status = tijori_checkpoint(ledger, out->note, &out->note_size, secret);
        if (status != TIJORI_OK) {
            complain(s, tijori_status_text(status));
        }
    }
}

/* The text of a checkpoint, without the signatures: which of them a mended row has kept is not
 * asked. */
static bool same_text(const struct answers *a, const struct answers *b)
{
    struct tj_note_view x;
    struct tj_note_view y;
    return tj_note_decode(&x, a->note, a->note_size) && tj_note_decode(&y, b->note, b->note_size) &&
           x.text_size == y.text_size && memcmp(x.text, y.text, x.text_size) == 0;
}

static void must_be_right(const struct subject *s, const struct answers *got)
{
    if (memcmp(&got->state, &s->right.state, sizeof got->state) != 0 ||
        got->balance != s->right.balance) {
        complain(s, "another state");
    }
    if (memcmp(got->root, s->right.root, TJ_HASH_SIZE) != 0 ||
        (got->note_size > 0 && !same_text(got, &s->right))) {
        complain(s, "another root");
    }
}

static uint64_t clock_after(void *context)
{
    const struct subject *s = context;
    return s->f->now_ns;
}

/* A withdrawal of more than there is, then two that are covered; then an audit. */
static void go_on(struct subject *s, struct tijori *ledger)
{
    struct fixture f = *s->f;
    struct history history = *s->history;
    struct tijori_receipt receipt;
    struct tj_replay_report report;
    f.ledger = ledger;
    f.bytes = NULL; /* its own, not those of the fixture that it is a copy of */
    history.f = &f;
    history.after = NULL;
    enum tijori_status status =
        fixture_send_move(&f, &receipt, fixture_account(T_RESERVE_A), fixture_account(T_RESERVE_B),
                          (uint64_t)s->right.balance + 1, TJ_INTERNAL_TRANSFER);
    if (status != TIJORI_BALANCE) {
        complain(s, tijori_status_text(status));
    }
    history_moves(&history, 2);
    free(f.bytes);
    tijori_close(ledger);
    audit_dir(&report, s->dir, s->ledger_id, 1);
    if (report.failed) {
        complain(s, report.failure);
    }
}

static void flip(const struct subject *s, off_t at)
{
    char path[400];
    uint8_t byte;
    snprintf(path, sizeof path, "%s/data.mdb", s->dir);
    int file = open(path, O_RDWR | O_CLOEXEC);
    assert_true(file >= 0);
    assert_int_equal(pread(file, &byte, 1, at), 1);
    byte ^= s->mask;
    assert_int_equal(pwrite(file, &byte, 1, at), 1);
    close(file);
}

/* For writing and, now and then, for reading before. `said`: a change of derived rows is always
 * noticed; one of links and tails only where nothing newer hides it. */
static void try_byte(struct subject *s, off_t at, bool said, bool whole)
{
    struct tijori *ledger;
    struct tijori_message message;
    struct answers got;
    struct tijori_options options = {.threads = 1, .clock = clock_after, .clock_context = s};
    copy_ledger(s->from, s->dir);
    flip(s, at);
    s->tried++;
    if (whole && tijori_open(&ledger, s->dir, TIJORI_READ, &options, &message) == TIJORI_OK) {
        ask(s, ledger, &got, false);
        must_be_right(s, &got);
        tijori_close(ledger);
    }
    enum tijori_status status = tijori_open(&ledger, s->dir, TIJORI_WRITE, &options, &message);
    if (status != TIJORI_OK) {
        s->refused++;
        if (status != TIJORI_CORRUPT || said || strstr(message.text, "entr") == NULL) {
            complain(s, message.text);
        }
    } else {
        const struct tj_repairs *repairs = tj_ledger_repairs(ledger);
        if (said && (repairs->count == 0 || strstr(repairs->text[0], s->table) == NULL)) {
            complain(s, repairs->count == 0 ? "nothing was mended" : repairs->text[0]);
        }
        ask(s, ledger, &got, said);
        must_be_right(s, &got);
        if (whole) {
            go_on(s, ledger);
        } else {
            tijori_close(ledger);
        }
    }
    remove_ledger(s->dir);
}

/* All of the key and the first and last bytes of each value, and every `stride`-th byte. */
static bool is_chosen(const struct subject *s, size_t size, size_t stride)
{
    if (number_from_env("TIJORI_EVERY_BYTE", 0) != 0) {
        return true;
    }
    bool edge = s->key || s->offset < 17 || s->offset + 2 > size;
    return (edge && (s->offset + s->row + s->seed) % 4 == 0) ||
           (s->offset + s->seed + s->row) % stride == 0;
}

static void try_table(struct subject *s, enum tj_journal_table table, const char *name,
                      uint64_t from, size_t stride)
{
    struct tj_store_options options = tj_journal_options(0);
    struct tj_store *store;
    struct tj_txn *txn;
    struct tj_cursor *cursor;
    struct tj_view key;
    struct tj_view value;
    bool derived = table != TJ_J_ENTRIES && table != TJ_J_BODIES;
    s->table = name;
    s->tried = 0;
    s->refused = 0;
    assert_int_equal(tj_store_open_read(&store, NULL, s->from, &options), TJ_STORAGE_OK);
    const uint8_t *map = store_map(s->from);
    assert_int_equal(tj_read_begin(store, &txn), TJ_STORAGE_OK);
    assert_int_equal(tj_cursor_open(txn, &cursor, table), TJ_STORAGE_OK);
    for (s->row = 0; tj_cursor_next(cursor, &key, &value) == TJ_STORAGE_OK; s->row++) {
        for (int part = 0; part < 2 && s->row >= from; part++) {
            const struct tj_view *bytes = part == 0 ? &key : &value;
            s->key = part == 0;
            for (s->offset = 0; s->offset < bytes->size; s->offset++) {
                s->mask = (uint8_t)(1 << (s->offset + s->row) % 8);
                if (is_chosen(s, bytes->size, stride)) {
                    try_byte(s, bytes->bytes + s->offset - map, derived, s->tried % 4 == 0);
                }
            }
        }
    }
    tj_cursor_close(cursor);
    tj_read_end(txn);
    tj_store_close(store);
    print_message("TIJORI_SEED=%" PRIu64 ": %s: %" PRIu64 " bytes changed, %" PRIu64 " refused\n",
                  s->seed, name, s->tried, s->refused);
    assert_true(s->tried > 10);
    assert_true(derived ? s->refused == 0 : s->refused > 0);
}

static void find_right(struct subject *s, bool sign)
{
    struct tijori *ledger;
    struct tijori_message message;
    struct tijori_options options = {.threads = 1, .clock = clock_after, .clock_context = s};
    s->seed = number_from_env("TIJORI_SEED", (uint64_t)time(NULL));
    s->table = "none";
    snprintf(s->dir, sizeof s->dir, "%s-copy", s->from);
    copy_ledger(s->from, s->dir);
    assert_int_equal(tijori_open(&ledger, s->dir, TIJORI_WRITE, &options, &message), TIJORI_OK);
    assert_int_equal(tj_ledger_repairs(ledger)->count, 0);
    ask(s, ledger, &s->right, sign);
    tijori_close(ledger);
    remove_ledger(s->dir);
}

static void a_flipped_bit_of_a_derived_row_is_mended(void **state)
{
    (void)state;
    struct subject *s = calloc(1, sizeof *s);
    struct tamper_world *w = tamper_world();
    assert_non_null(s);
    snprintf(s->from, sizeof s->from, "%s", w->f.dir);
    s->f = &w->f;
    s->history = &w->history;
    s->ledger_id = &w->f.genesis.ledger_id;
    w->f.log_key = NULL;
    find_right(s, true);
    try_table(s, TJ_J_META, "meta", 0, 13);
    try_table(s, TJ_J_NODES, "nodes", 0, 3);
    try_table(s, TJ_J_STATE, "state", 0, 30011);
    tamper_world_end(w);
    free(s);
}

/* A crash left entries that only the log has: the redo passes them, and each is held against the
 * hashes before it counts. What is refused names the entry. */
static void a_flipped_bit_of_an_entry_that_is_redone_is_refused(void **state)
{
    (void)state;
    struct subject *s = calloc(1, sizeof *s);
    struct fixture *f = calloc(1, sizeof *f);
    struct history history = {.f = f};
    struct tijori_head head;
    assert_true(s != NULL && f != NULL);
    fixture_parties(f);
    history_every_kind(&history);
    fixture_close(f);
    fixture_open(f);
    tijori_head(f->ledger, &head);
    history_moves(&history, 4);
    snprintf(s->from, sizeof s->from, "%s-crashed", f->dir);
    copy_ledger(f->dir, s->from);
    s->f = f;
    s->history = &history;
    s->ledger_id = &f->genesis.ledger_id;
    find_right(s, false);
    try_table(s, TJ_J_ENTRIES, "entries", head.size - 2, 7);
    try_table(s, TJ_J_BODIES, "bodies", head.size, 5);
    remove_ledger(s->from);
    fixture_destroy(f);
    free(f);
    free(s);
}

/* ---- the scrub ---- */

/* A copy of `s->from` with the `offset`-th byte of a row's value changed. */
static void copy_with(struct subject *s, enum tj_journal_table table, uint64_t row, size_t offset)
{
    struct log_copy log;
    log_read(&log, s->from, 0);
    assert_true(row < log.tables[table].count && offset < log.tables[table].rows[row].size);
    struct log_row *changed = &log.tables[table].rows[row];
    changed->value[offset] ^= 1;
    if (table == TJ_J_NODES) { /* by somebody who knows how a check is made */
        tj_row_check_store(changed->value, TJ_HASH_SIZE, changed->key, changed->key_size);
    }
    log_write(s->dir, &log);
    log_free(&log);
}

/* No bit that fell over makes a right check: whether the head, the node or an entry is meant to
 * deceive is not guessed. */
static void must_be_refused(struct subject *s, const char *named)
{
    struct tijori *ledger;
    struct tijori_message message;
    assert_int_equal(tijori_open(&ledger, s->dir, TIJORI_WRITE, NULL, &message), TIJORI_CORRUPT);
    assert_non_null(strstr(message.text, named));
    remove_ledger(s->dir);
}

/* Scrubs the copy; `damaged` is what must be in the text of the row that is damaged; NULL: there is
 * none. */
static void must_find(struct subject *s, const char *damaged)
{
    struct tijori *ledger;
    struct tijori_message message;
    struct tj_scrub scrub;
    uint64_t rounds = 0; /* the ledger may have walked through itself while it was made */
    struct tijori_options options = {.threads = 1, .clock = clock_after, .clock_context = s};
    assert_int_equal(tijori_open(&ledger, s->dir, TIJORI_WRITE, &options, &message), TIJORI_OK);
    assert_int_equal(tj_ledger_repairs(ledger)->count, 0);
    for (int again = 0; again < 2; again++) {
        assert_int_equal(tj_ledger_scrub(ledger, &scrub, NULL), TIJORI_OK);
        assert_int_equal(scrub.entries, 262);
        assert_int_equal(scrub.nodes, 1);
        assert_true(scrub.blocks > 10 && scrub.attachments > 0);
        assert_int_equal(scrub.log.count, damaged != NULL);
        assert_int_equal(scrub.walk.damaged, damaged != NULL);
        assert_int_equal(scrub.derived.count, 0);
        if (damaged != NULL && strstr(scrub.log.text[0], damaged) == NULL) {
            fail_msg("%s, and not %s", scrub.log.text[0], damaged);
        }
        assert_int_equal(scrub.walk.mended, 0);
        assert_true(again == 0 || scrub.walk.rounds == rounds + 1);
        rounds = scrub.walk.rounds;
    }
    tijori_close(ledger);
    remove_ledger(s->dir);
}

/* What an opening does not look at: an old entry, its body, a document. And what it refuses: a node
 * that is wrong under a right check. */
static void a_scrub_finds_what_an_opening_passes_by(void **state)
{
    (void)state;
    struct subject *s = calloc(1, sizeof *s);
    struct tamper_world *w = tamper_world();
    assert_non_null(s);
    snprintf(s->from, sizeof s->from, "%s", w->f.dir);
    s->f = &w->f;
    w->f.log_key = NULL;
    snprintf(s->dir, sizeof s->dir, "%s-copy", s->from);
    copy_ledger(s->from, s->dir);
    must_find(s, NULL);
    copy_with(s, TJ_J_ENTRIES, 7, 20); /* of its time */
    must_find(s, "entry 7");
    copy_with(s, TJ_J_BODIES, 9, 20);
    must_find(s, "entry 9");
    copy_with(s, TJ_J_ATTACHMENTS, 0, 3);
    must_find(s, "attachments");
    copy_with(s, TJ_J_NODES, 0, 5);
    must_be_refused(s, "nodes");
    tamper_world_end(w);
    free(s);
}

/* A ledger that is left alone after a commit walks through itself, and keeps that it did. */
static void an_idle_ledger_walks_through_itself(void **state)
{
    (void)state;
    struct fixture *f = calloc(1, sizeof *f);
    struct tj_ledger_view view;
    struct tj_walk walk = {.rounds = 0};
    struct tj_replay_report report;
    assert_non_null(f);
    fixture_parties(f);
    for (int i = 0; i < 600 && walk.rounds == 0; i++) {
        usleep(50000);
        assert_int_equal(tj_ledger_view_begin(f->ledger, &view), TIJORI_OK);
        assert_int_equal(tj_walk_read(view.txn, &walk), TIJORI_OK);
        tj_ledger_view_end(f->ledger, &view);
    }
    assert_int_equal(walk.rounds, 1);
    assert_int_equal(walk.mended + walk.damaged, 0);
    assert_true(walk.finished_s > 0);
    fixture_close(f);
    audit_dir(&report, f->dir, &f->genesis.ledger_id, 1);
    must_pass(&report);
    fixture_open(f);
    fixture_destroy(f);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_flipped_bit_of_a_derived_row_is_mended),
        cmocka_unit_test(a_flipped_bit_of_an_entry_that_is_redone_is_refused),
        cmocka_unit_test(a_scrub_finds_what_an_opening_passes_by),
        cmocka_unit_test(an_idle_ledger_walks_through_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
