/* I10: one byte changed anywhere in the stored log makes the verification fail and name the entry;
 * so do rows that are missing, too many or out of place. I11: what was not checked is listed as
 * skipped, with its number, and nothing is counted as passed that was not reached.
 *
 * Bytes are changed in data.mdb itself, under the open store. Which of the many bytes of values are
 * tried depends on a seed, which is printed (TIJORI_SEED); TIJORI_EVERY_BYTE=1 tries them all. */

#include "history_support.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

struct world {
    struct fixture f;
    struct history history;
    char other[300]; /* a place for another directory */
    struct log_copy log;
    uint64_t entries;
    /* The store, open for reading, and its file. */
    struct tj_store *store;
    int fd;
    const uint8_t *map;
};

static struct world *new_world(void)
{
    struct world *w = calloc(1, sizeof *w);
    struct tj_store_options options = tj_journal_options(0);
    char path[300];
    assert_non_null(w);
    w->history.f = &w->f;
    w->f.predecessor = true;
    fixture_parties(&w->f);
    history_every_kind(&w->history);
    history_details(&w->history);
    fixture_close(&w->f);
    snprintf(w->other, sizeof w->other, "%s-other", w->f.dir);
    log_read(&w->log, w->f.dir, 0);
    w->entries = w->log.tables[TJ_J_ENTRIES].count;
    snprintf(path, sizeof path, "%s/data.mdb", w->f.dir);
    w->fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(w->fd >= 0);
    assert_int_equal(tj_store_open_read(&w->store, NULL, w->f.dir, &options), TJ_STORAGE_OK);
    w->map = store_map(w->f.dir);
    return w;
}

static void end_world(struct world *w)
{
    tj_store_close(w->store);
    close(w->fd);
    log_free(&w->log);
    fixture_destroy(&w->f);
    free(w);
}

static void replay(struct world *w, struct tj_replay_report *report)
{
    struct tj_replay_options options = {.threads = 1, .pins.ledger_id = &w->f.genesis.ledger_id};
    assert_int_equal(tj_replay_store(w->store, report, NULL, &options), TIJORI_OK);
    tj_report_clear(report);
}

/* ---- one byte ---- */

struct place {
    const char *table;
    uint64_t row;
    bool key;
    size_t offset;
    off_t at; /* in data.mdb */
};

static void flip(struct world *w, const struct place *place, uint8_t mask)
{
    uint8_t byte = w->map[place->at] ^ mask;
    assert_int_equal(pwrite(w->fd, &byte, 1, place->at), 1);
    assert_int_equal(w->map[place->at], byte); /* one page cache */
}

static void replay_with(struct world *w, struct tj_replay_report *report, const struct place *place,
                        uint8_t mask)
{
    flip(w, place, mask);
    replay(w, report);
    flip(w, place, mask);
}

static void complain(const struct place *place, uint8_t mask, const struct tj_replay_report *report)
{
    fail_msg("%s row %u, byte %u of its %s, XOR %02x: %s, entry %lld: %s", place->table,
             (unsigned)place->row, (unsigned)place->offset, place->key ? "key" : "value", mask,
             report->failed ? tj_check_text(report->first_check) : "passed",
             (long long)report->first_entry, report->failure);
}

typedef void try_byte(struct world *w, const struct place *place);

/* What of a table is tried: of some rows (the first, the last, every third) all of the key and the
 * first and last bytes of the value; of all rows every `stride`-th byte, from a place that depends
 * on the seed. A stride of 1 is everything. */
struct sample {
    size_t head;
    size_t tail;
    size_t stride;
    uint64_t seed;
};

static bool is_chosen(const struct sample *sample, const struct place *place, uint64_t rows,
                      size_t size)
{
    bool row = place->row < 3 || place->row + 4 >= rows || (place->row + sample->seed) % 3 == 0;
    bool edge = place->key || place->offset < sample->head || place->offset + sample->tail >= size;
    return (row && edge) || (place->offset + sample->seed + place->row) % sample->stride == 0;
}

static uint64_t try_table(struct world *w, try_byte *attempt, enum tj_journal_table table,
                          const char *name, const struct sample *sample)
{
    struct tj_txn *txn;
    struct tj_cursor *cursor;
    struct tj_view key;
    struct tj_view value;
    struct place place = {.table = name};
    uint64_t count = 0;
    assert_int_equal(tj_read_begin(w->store, &txn), TJ_STORAGE_OK);
    assert_int_equal(tj_cursor_open(txn, &cursor, table), TJ_STORAGE_OK);
    for (; tj_cursor_next(cursor, &key, &value) == TJ_STORAGE_OK; place.row++) {
        for (int part = 0; part < 2; part++) {
            const struct tj_view *bytes = part == 0 ? &key : &value;
            place.key = part == 0;
            for (place.offset = 0; place.offset < bytes->size; place.offset++) {
                if (is_chosen(sample, &place, w->log.tables[table].count, bytes->size)) {
                    place.at = bytes->bytes + place.offset - w->map;
                    attempt(w, &place);
                    count++;
                }
            }
        }
    }
    tj_cursor_close(cursor);
    tj_read_end(txn);
    return count;
}

/* The entry a changed byte belongs to, or, for term and received_ns, which no signature covers and
 * only the next entry's hash shows: when that next entry is the last, nothing tells which of the
 * two was changed, and the later is named. */
static void entry_byte_is_named(struct world *w, const struct place *place)
{
    struct tj_replay_report report;
    bool chained = strcmp(place->table, "entries") == 0 && !place->key && place->offset >= 16 &&
                   place->offset < 32;
    uint64_t last_named = chained && place->row + 2 == w->entries ? place->row + 1 : place->row;
    uint8_t mask = (place->offset + place->row) % 2 == 0 ? 1 : 0x80;
    replay_with(w, &report, place, mask);
    if (!report.failed || report.first_entry < place->row || report.first_entry > last_named) {
        complain(place, mask, &report);
    }
}

static uint64_t citing(const struct world *w, const uint8_t *hash)
{
    for (uint64_t i = 0; i < w->entries; i++) {
        const struct log_row *body = &w->log.tables[TJ_J_BODIES].rows[i];
        for (size_t at = 0; at + TJ_RECORD_SIZE <= body->size; at += TJ_RECORD_SIZE) {
            if (memcmp(body->value + at + 60, hash, TJ_HASH_SIZE) == 0) {
                return i;
            }
        }
    }
    fail_msg("the attachment is cited nowhere");
    return 0;
}

static void attachment_byte_is_named(struct world *w, const struct place *place)
{
    struct tj_replay_report report;
    uint64_t entry = citing(w, w->log.tables[TJ_J_ATTACHMENTS].rows[place->row].key);
    replay_with(w, &report, place, 1);
    if (!report.failed || report.first_check != TJ_CHECK_ATTACHMENTS ||
        report.first_entry != entry) {
        complain(place, 1, &report);
    }
}

static struct sample sample_of(size_t head, size_t tail, size_t stride)
{
    static uint64_t seed; /* one for all the tests of a run */
    if (seed == 0) {
        seed = number_from_env("TIJORI_SEED", (uint64_t)time(NULL));
        print_message("TIJORI_SEED=%llu\n", (unsigned long long)seed);
    }
    bool all = number_from_env("TIJORI_EVERY_BYTE", 0) != 0;
    return (struct sample){head, tail, all ? 1 : stride, seed};
}

static void i10_a_changed_byte_of_the_log_fails_and_names_the_entry(void **state)
{
    (void)state;
    struct world *w = new_world();
    struct tj_replay_report report;
    const struct sample entries = sample_of(64, 4, 37); /* prime to the sizes inside a row */
    const struct sample bodies = sample_of(4, TJ_TAIL_SIZE, 37);
    const struct sample attachments = sample_of(0, 0, 1);
    replay(w, &report);
    must_pass(&report);
    uint64_t tried = try_table(w, entry_byte_is_named, TJ_J_ENTRIES, "entries", &entries);
    tried += try_table(w, entry_byte_is_named, TJ_J_BODIES, "bodies", &bodies);
    tried += try_table(w, attachment_byte_is_named, TJ_J_ATTACHMENTS, "attachments", &attachments);
    print_message("%llu bytes changed\n", (unsigned long long)tried);
    replay(w, &report); /* all of them are what they were */
    must_pass(&report);
    end_world(w);
}

/* Derived tables: what is wrong in them is no entry's fault, but is told. The low byte of as_of and
 * of redo_from may say another number that is as true (a block that did not change in between, a
 * redo that starts earlier): there the number is moved beyond the end. */
static void block_byte_is_noticed(struct world *w, const struct place *place)
{
    struct tj_replay_report report;
    uint8_t mask = !place->key && place->offset == 0 ? 0x80 : 1;
    replay_with(w, &report, place, mask);
    if (!report.failed || report.first_check != TJ_CHECK_SNAPSHOT) {
        complain(place, mask, &report);
    }
}

static void head_byte_is_noticed(struct world *w, const struct place *place)
{
    struct tj_replay_report report;
    uint8_t mask = !place->key && place->offset == 8 ? 0x80 : 1;
    replay_with(w, &report, place, mask);
    if (!report.failed || report.first_check != TJ_CHECK_HEAD) {
        complain(place, mask, &report);
    }
}

static void a_changed_byte_of_the_snapshot_or_head_is_noticed(void **state)
{
    (void)state;
    struct world *w = new_world();
    struct sample blocks = sample_of(TJ_BLOCK_HEADER_SIZE, 1, 8191);
    const struct sample head = sample_of(0, 0, 1);
    blocks.stride = 8191; /* a million bytes of one sort */
    try_table(w, block_byte_is_noticed, TJ_J_STATE, "blocks", &blocks);
    try_table(w, head_byte_is_noticed, TJ_J_META, "meta", &head);
    end_world(w);
}

/* A crash leaves blocks that are older than the log. What a redo would write over is compared all
 * the same, with the state as it was at the block's age. */
static void a_changed_byte_that_a_redo_would_mend_is_noticed(void **state)
{
    (void)state;
    struct fixture *f = calloc(1, sizeof *f);
    struct log_copy crashed;
    struct tj_replay_report report;
    struct log_row *lane = NULL;
    char other[300];
    assert_non_null(f);
    fixture_parties(f);
    snprintf(other, sizeof other, "%s-other", f->dir);
    copy_ledger(f->dir, other);
    log_read(&crashed, other, 0);
    remove_ledger(other);
    for (size_t i = 0; i < crashed.tables[TJ_J_STATE].count; i++) {
        static const uint8_t name[TJ_BLOCK_KEY_SIZE] = {TJ_T_LANE}; /* of party 0, from lane 0 on */
        struct log_row *row = &crashed.tables[TJ_J_STATE].rows[i];
        lane = memcmp(row->key, name, sizeof name) == 0 ? row : lane;
    }
    assert_non_null(lane);
    for (int changed = 0; changed < 2; changed++) {
        /* The sequence of lane 0, under a check that is right: somebody meant to. */
        lane->value[TJ_BLOCK_HEADER_SIZE] ^= (uint8_t)changed;
        tj_block_header_encode(lane->value, lane->key, tj_load64(lane->value),
                               lane->value + TJ_BLOCK_HEADER_SIZE, tj_block_bytes(TJ_T_LANE));
        log_write(other, &crashed);
        audit_dir(&report, other, &f->genesis.ledger_id, 1);
        remove_ledger(other);
        assert_int_equal(report.failed, changed);
    }
    assert_int_equal(report.first_check, TJ_CHECK_SNAPSHOT);
    assert_int_equal(report.first_entry, tj_load64(lane->value));
    log_free(&crashed);
    fixture_destroy(f);
    free(f);
}

/* ---- whole rows ---- */

/* Writes the log as it stands in w->log elsewhere and audits that. */
static void audit_written(struct world *w, struct tj_replay_report *report)
{
    log_write(w->other, &w->log);
    audit_dir(report, w->other, &w->f.genesis.ledger_id, 1);
    remove_ledger(w->other);
}

static void must_name(const struct tj_replay_report *report, const char *what, uint64_t entry)
{
    if (!report->failed || report->first_entry != entry) {
        fail_msg("%s %u: %s, entry %lld: %s", what, (unsigned)entry,
                 report->failed ? tj_check_text(report->first_check) : "passed",
                 (long long)report->first_entry, report->failure);
    }
}

/* Takes row `index` out of a table while `test` runs, as an array without it. */
static void audit_without(struct world *w, struct tj_replay_report *report, uint64_t index,
                          bool entry, bool body)
{
    struct log_table saved[2] = {w->log.tables[TJ_J_ENTRIES], w->log.tables[TJ_J_BODIES]};
    const bool out[2] = {entry, body};
    for (size_t t = 0; t < 2; t++) {
        struct log_table *table = &w->log.tables[t];
        table->rows = calloc(saved[t].count, sizeof *table->rows);
        assert_non_null(table->rows);
        table->count = 0;
        for (size_t i = 0; i < saved[t].count; i++) {
            if (!out[t] || i != index) {
                table->rows[table->count++] = saved[t].rows[i];
            }
        }
    }
    audit_written(w, report);
    for (size_t t = 0; t < 2; t++) {
        free(w->log.tables[t].rows);
        w->log.tables[t] = saved[t];
    }
}

static void i10_a_missing_row_fails_and_names_the_entry(void **state)
{
    (void)state;
    struct world *w = new_world();
    struct tj_replay_report report;
    for (uint64_t i = 0; i < w->entries; i++) {
        audit_without(w, &report, i, true, true);
        must_name(&report, "without entry", i);
        audit_without(w, &report, i, true, false);
        must_name(&report, "without the entry of", i);
        audit_without(w, &report, i, false, true);
        must_name(&report, "without the body of", i);
    }
    end_world(w);
}

static void swap_values(struct log_row *a, struct log_row *b)
{
    struct log_row c = *a;
    a->value = b->value;
    a->size = b->size;
    b->value = c.value;
    b->size = c.size;
}

static void i10_swapped_rows_fail_and_name_the_first(void **state)
{
    (void)state;
    struct world *w = new_world();
    struct tj_replay_report report;
    struct log_row *entries = w->log.tables[TJ_J_ENTRIES].rows;
    struct log_row *bodies = w->log.tables[TJ_J_BODIES].rows;
    for (uint64_t i = 0; i + 1 < w->entries; i++) {
        uint64_t other = i + 1 + i % (w->entries - 1 - i);
        for (uint32_t which = 1; which <= 3; which++) {
            for (int turn = 0; turn < 2; turn++) { /* there and back */
                if ((which & 1) != 0) {
                    swap_values(&entries[i], &entries[other]);
                }
                if ((which & 2) != 0) {
                    swap_values(&bodies[i], &bodies[other]);
                }
                if (turn == 0) {
                    audit_written(w, &report);
                }
            }
            must_name(&report, "swapped from", i);
        }
    }
    end_world(w);
}

/* Adds rows at the end: the bytes of entry `of` (and its body) under the next number. */
static void audit_with_more(struct world *w, struct tj_replay_report *report, uint64_t of,
                            bool entry, bool body)
{
    struct log_table saved[2] = {w->log.tables[TJ_J_ENTRIES], w->log.tables[TJ_J_BODIES]};
    uint8_t key[8] = {0};
    const bool more[2] = {entry, body};
    key[7] = (uint8_t)w->entries;
    for (size_t t = 0; t < 2; t++) {
        struct log_table *table = &w->log.tables[t];
        table->rows = calloc(saved[t].count + 1, sizeof *table->rows);
        assert_non_null(table->rows);
        memcpy(table->rows, saved[t].rows, saved[t].count * sizeof *table->rows);
        if (more[t]) {
            table->rows[table->count] = saved[t].rows[of];
            table->rows[table->count++].key = key;
        }
    }
    audit_written(w, report);
    for (size_t t = 0; t < 2; t++) {
        free(w->log.tables[t].rows);
        w->log.tables[t] = saved[t];
    }
}

static void i10_a_row_too_many_fails_and_names_it(void **state)
{
    (void)state;
    struct world *w = new_world();
    struct tj_replay_report report;
    for (uint64_t of = 0; of < w->entries; of += 3) {
        audit_with_more(w, &report, of, true, true);
        must_name(&report, "another entry", w->entries);
        audit_with_more(w, &report, of, true, false);
        must_name(&report, "an entry without body", w->entries);
        audit_with_more(w, &report, of, false, true);
        must_name(&report, "a body without entry", w->entries);
    }
    end_world(w);
}

/* ---- I11 ---- */

static void must_count(const struct tj_replay_report *report, enum tj_check check, uint64_t passed,
                       uint64_t failed, uint64_t skipped)
{
    const struct tj_check_result *result = &report->checks[check];
    if (result->passed != passed || result->failed != failed || result->skipped != skipped) {
        fail_msg("%s: %u passed, %u failed, %u skipped; not %u, %u, %u (%s)", tj_check_text(check),
                 (unsigned)result->passed, (unsigned)result->failed, (unsigned)result->skipped,
                 (unsigned)passed, (unsigned)failed, (unsigned)skipped, result->note);
    }
}

static void i11_a_ledger_id_that_is_not_pinned_is_skipped(void **state)
{
    (void)state;
    struct world *w = new_world();
    struct tj_replay_report report;
    struct tj_hash wrong = w->f.genesis.ledger_id;
    struct tj_replay_options options = {.threads = 1};
    assert_int_equal(tj_replay_store(w->store, &report, NULL, &options), TIJORI_OK);
    tj_report_clear(&report);
    must_pass(&report);
    must_count(&report, TJ_CHECK_LEDGER_ID, 0, 0, 1);
    assert_true(report.checks[TJ_CHECK_LEDGER_ID].note[0] != '\0');
    must_count(&report, TJ_CHECK_CHECKPOINT, 0, 0, w->entries);
    replay(w, &report);
    must_pass(&report);
    must_count(&report, TJ_CHECK_LEDGER_ID, 1, 0, 0);
    must_count(&report, TJ_CHECK_CHECKPOINT, 0, 0, w->entries);
    wrong.bytes[31] ^= 1;
    options.pins.ledger_id = &wrong;
    assert_int_equal(tj_replay_store(w->store, &report, NULL, &options), TIJORI_OK);
    tj_report_clear(&report);
    assert_true(report.failed);
    assert_int_equal(report.first_check, TJ_CHECK_LEDGER_ID);
    must_count(&report, TJ_CHECK_LEDGER_ID, 0, 1, 0);
    end_world(w);
}

/* Cites a document in a purchase; NULL: does not attach it. */
static void cite(struct fixture *f, const char *text, bool attach, uint32_t times)
{
    struct tj_record r =
        fixture_move(fixture_account(T_MARKET), fixture_account(T_RESERVE_A), 5, TJ_PURCHASE);
    struct tijori_receipt receipt;
    tj_sha256(f->digester.hasher, &r.hash, text, strlen(text));
    f->now_ns += 1000000;
    fixture_begin(f, 1, 9);
    if (attach) {
        f->attachment = (const uint8_t *)text;
        f->attachment_size = strlen(text);
    }
    for (uint32_t i = 0; i < times; i++) {
        fixture_add(f, &r);
    }
    assert_int_equal(fixture_send(f, &receipt), TIJORI_OK);
}

static void i11_documents_that_are_not_here_are_counted_as_skipped(void **state)
{
    (void)state;
    struct fixture *f = calloc(1, sizeof *f);
    struct tj_replay_report report;
    assert_non_null(f);
    fixture_parties(f);
    cite(f, "never sent", false, 3);
    fixture_close(f);
    fixture_audit(f, &report, 1);
    must_pass(&report);
    must_count(&report, TJ_CHECK_ATTACHMENTS, 0, 0, 3);
    fixture_open(f);
    /* One that is there, cited four times in all: nothing about it is skipped. */
    cite(f, "sent", true, 3);
    cite(f, "sent", false, 1);
    fixture_close(f);
    fixture_audit(f, &report, 1);
    must_pass(&report);
    must_count(&report, TJ_CHECK_ATTACHMENTS, 1, 0, 3);
    assert_true(report.checks[TJ_CHECK_ATTACHMENTS].note[0] != '\0');
    fixture_destroy(f);
    free(f);
}

/* What no record names did not come with any envelope. */
static void an_attachment_that_nobody_cites_is_noticed(void **state)
{
    (void)state;
    struct world *w = new_world();
    struct tj_replay_report report;
    struct log_table *table = &w->log.tables[TJ_J_ATTACHMENTS];
    struct log_table saved = *table;
    uint8_t text[] = "slipped in";
    struct tj_hash name;
    tj_sha256(w->f.digester.hasher, &name, text, sizeof text);
    table->rows = calloc(saved.count + 1, sizeof *table->rows);
    assert_non_null(table->rows);
    memcpy(table->rows, saved.rows, saved.count * sizeof *table->rows);
    table->rows[table->count++] = (struct log_row){name.bytes, TJ_HASH_SIZE, text, sizeof text};
    audit_written(w, &report);
    free(table->rows);
    *table = saved;
    assert_true(report.failed);
    assert_int_equal(report.first_check, TJ_CHECK_ATTACHMENTS);
    end_world(w);
}

/* The checks of each entry, in the order in which an entry meets them. */
static const enum tj_check per_entry[] = {
    TJ_CHECK_BODIES, TJ_CHECK_CHAIN, TJ_CHECK_FORM,    TJ_CHECK_SIGNATURES,
    TJ_CHECK_LANES,  TJ_CHECK_RULES, TJ_CHECK_DERIVED,
};
enum { PER_ENTRY = sizeof per_entry / sizeof per_entry[0] };

/* How many things entries 0 to `entries` - 1 offer to a check. */
static uint64_t things(const struct world *w, enum tj_check check, uint64_t entries)
{
    uint64_t count = 0;
    for (uint64_t i = 0; i < entries; i++) {
        const uint8_t *entry = w->log.tables[TJ_J_ENTRIES].rows[i].value;
        uint64_t records = tj_load32(entry + 64 + 12);
        uint64_t slots = tj_load16(entry + TJ_ENTRY_FIXED_SIZE);
        bool each = check == TJ_CHECK_CHAIN || check == TJ_CHECK_LANES;
        bool both = check == TJ_CHECK_FORM || check == TJ_CHECK_DERIVED;
        count += each ? 1 : both ? 1 + records : check == TJ_CHECK_SIGNATURES ? slots : records;
    }
    return count;
}

/* After a failure of `failed` at `entry`: each check's counts are what was reached, and the entries
 * it did not reach are skipped. */
static void must_account(const struct world *w, const struct tj_replay_report *report,
                         enum tj_check failed, uint64_t entry)
{
    bool before = true; /* the failing check is still to come, in the order of an entry */
    assert_true(report->failed);
    assert_int_equal(report->first_check, failed);
    assert_int_equal(report->first_entry, entry);
    assert_int_equal(report->entries, entry);
    for (size_t i = 0; i < PER_ENTRY; i++) {
        bool here = per_entry[i] == failed;
        uint64_t passed_entries = before && !here ? entry + 1 : entry;
        uint64_t decided = before ? entry + 1 : entry;
        before = before && !here;
        must_count(report, per_entry[i], things(w, per_entry[i], passed_entries), here,
                   w->entries - decided);
    }
    must_count(report, TJ_CHECK_ZERO, 0, 0, 1);
    must_count(report, TJ_CHECK_HEAD, 0, 0, 1);
    must_count(report, TJ_CHECK_ATTACHMENTS, 0, 0, 1);
    assert_int_equal(report->checks[TJ_CHECK_SNAPSHOT].skipped, 1);
    const struct tj_check_result *numbers = &report->checks[TJ_CHECK_NUMBERS];
    assert_true(numbers->passed > entry && numbers->passed <= w->entries);
    assert_int_equal(numbers->passed + numbers->skipped, w->entries);
}

static void flip_row(struct world *w, struct tj_replay_report *report, enum tj_journal_table table,
                     uint64_t row, size_t offset)
{
    struct log_row *bytes = &w->log.tables[table].rows[row];
    assert_true(offset < bytes->size);
    bytes->value[offset] ^= 1;
    audit_written(w, report);
    bytes->value[offset] ^= 1;
}

static void i11_what_a_failure_kept_from_being_checked_is_skipped(void **state)
{
    (void)state;
    struct world *w = new_world();
    struct tj_replay_report report;
    for (uint64_t i = 2; i < w->entries; i += 7) {
        const struct log_row *body = &w->log.tables[TJ_J_BODIES].rows[i];
        flip_row(w, &report, TJ_J_BODIES, i, 5);
        must_account(w, &report, TJ_CHECK_BODIES, i);
        flip_row(w, &report, TJ_J_ENTRIES, i, 40); /* previous */
        must_account(w, &report, TJ_CHECK_CHAIN, i);
        flip_row(w, &report, TJ_J_ENTRIES, i, 64 + 24); /* created_s: signed */
        must_account(w, &report, TJ_CHECK_SIGNATURES, i);
        flip_row(w, &report, TJ_J_BODIES, i, body->size - 1); /* tail */
        must_account(w, &report, TJ_CHECK_DERIVED, i);
    }
    end_world(w);
}

/* Nothing that passed is counted twice, and all of it is counted. */
static void i11_a_whole_replay_counts_everything_once(void **state)
{
    (void)state;
    struct world *w = new_world();
    struct tj_replay_report report;
    replay(w, &report);
    must_pass(&report);
    assert_int_equal(report.entries, w->entries);
    must_count(&report, TJ_CHECK_NUMBERS, w->entries, 0, 0);
    for (size_t i = 0; i < PER_ENTRY; i++) {
        must_count(&report, per_entry[i], things(w, per_entry[i], w->entries), 0, 0);
    }
    assert_int_equal(report.records, things(w, TJ_CHECK_RULES, w->entries));
    assert_int_equal(report.signatures, things(w, TJ_CHECK_SIGNATURES, w->entries));
    must_count(&report, TJ_CHECK_ZERO, 2, 0, 0);
    /* Each stored block, and the state as opened. */
    must_count(&report, TJ_CHECK_SNAPSHOT, w->log.tables[TJ_J_STATE].count + 1, 0, 0);
    must_count(&report, TJ_CHECK_HEAD, 2, 0, 0); /* the head, and which rows there are */
    must_count(&report, TJ_CHECK_ATTACHMENTS, 1, 0, 2);
    end_world(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(i10_a_changed_byte_of_the_log_fails_and_names_the_entry),
        cmocka_unit_test(a_changed_byte_of_the_snapshot_or_head_is_noticed),
        cmocka_unit_test(a_changed_byte_that_a_redo_would_mend_is_noticed),
        cmocka_unit_test(i10_a_missing_row_fails_and_names_the_entry),
        cmocka_unit_test(i10_swapped_rows_fail_and_name_the_first),
        cmocka_unit_test(i10_a_row_too_many_fails_and_names_it),
        cmocka_unit_test(i11_a_ledger_id_that_is_not_pinned_is_skipped),
        cmocka_unit_test(i11_documents_that_are_not_here_are_counted_as_skipped),
        cmocka_unit_test(an_attachment_that_nobody_cites_is_noticed),
        cmocka_unit_test(i11_what_a_failure_kept_from_being_checked_is_skipped),
        cmocka_unit_test(i11_a_whole_replay_counts_everything_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
