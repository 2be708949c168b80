/* An attacker who rewrites the log and makes everything that follows from it fit again: indexes,
 * hashes of the entries before, body_roots, tiles, bundles, bodies, and the checkpoint as far as he
 * can. Four of them, from the weakest to the operator himself:
 *     left      the checkpoint stays as it was
 *     adapted   its size and root are made to fit, and the signatures stay
 *     stranger  the same, signed by a key of his own
 *     operator  the same, signed by the log's key
 * What stands against him are the parties' signatures and what they signed of the log (the lane's
 * sequence and previous envelope, the newest entry known to the signers). Each is caught, and the
 * entry is named where the log departs from what it was. Against the operator who leaves entries
 * out at the end, or makes a whole new history with the parties' help, only memory helps: an
 * auditor's state, or a witness. That is shown as well. */

#include "tamper_support.h"

#include "core/log/stored_checkpoint.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { ENTRIES_MAX = 512, MIDDLE = 130 };

static struct tamper_world *w;

/* ---- a log that is being forged ---- */

struct forged_entry {
    uint8_t *bytes;
    size_t size;
    uint8_t *records;
    size_t records_size;
    size_t body_size; /* of records with the links and the tail behind them, as a ledger has it */
};

struct forged {
    size_t count;
    struct forged_entry entries[ENTRIES_MAX];
};

static uint8_t *copied(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    return copy;
}

static struct forged *the_log(void)
{
    struct forged *log = calloc(1, sizeof *log);
    assert_non_null(log);
    log->count = w->entries;
    for (size_t i = 0; i < log->count; i++) {
        const struct log_row *entry = &w->log.tables[TJ_J_ENTRIES].rows[i];
        const struct log_row *body = &w->log.tables[TJ_J_BODIES].rows[i];
        struct forged_entry *out = &log->entries[i];
        out->size = entry->size;
        out->records_size = tj_load32(entry->value + 64 + 12) * (size_t)TJ_RECORD_SIZE;
        out->body_size = body->size;
        out->bytes = copied(entry->value, entry->size);
        out->records = copied(body->value, body->size);
    }
    return log;
}

static void free_entry(struct forged_entry *entry)
{
    free(entry->bytes);
    free(entry->records);
}

static void free_log(struct forged *log)
{
    for (size_t i = 0; i < log->count; i++) {
        free_entry(&log->entries[i]);
    }
    free(log);
}

static void leaf_of(const struct forged_entry *entry, struct tj_hash *leaf)
{
    tj_leaf_hash(w->f.digester.hasher, leaf, entry->bytes, entry->size);
}

/* What no signature covers, made to fit: index, previous, a time after the one before. */
static void fit_chain(struct forged *log)
{
    for (size_t i = 0; i < log->count; i++) {
        uint8_t *bytes = log->entries[i].bytes;
        struct tj_hash leaf = {{0}};
        uint64_t before_ns = 0;
        if (i > 0) {
            leaf_of(&log->entries[i - 1], &leaf);
            before_ns = tj_load64(log->entries[i - 1].bytes + 24);
        }
        tj_store64(bytes + 8, i);
        memcpy(bytes + 32, leaf.bytes, TJ_HASH_SIZE);
        if (tj_load64(bytes + 24) <= before_ns) {
            tj_store64(bytes + 24, before_ns + 1);
        }
    }
}

/* And the body_root of an entry whose records were changed; its signatures are then those of
 * another envelope. */
static void fit_body_root(struct forged_entry *entry)
{
    struct tj_hash root;
    tj_tree_root_of_items(w->f.digester.hasher, &root, entry->records, TJ_RECORD_SIZE,
                          entry->records_size / TJ_RECORD_SIZE);
    memcpy(entry->bytes + 64 + 144, root.bytes, TJ_HASH_SIZE);
}

/* ---- the checkpoint ---- */

enum attacker { LEFT, ADAPTED, STRANGER, OPERATOR, ATTACKERS };
static const char *const attacker_names[ATTACKERS] = {"left", "adapted", "stranger", "operator"};

static bool leaf_node(void *context, struct tj_hash *out, unsigned level, uint64_t number)
{
    struct forged *log = context;
    struct tj_frontier frontier;
    tj_frontier_init(&frontier);
    uint64_t width = UINT64_C(1) << (8 * level);
    for (uint64_t i = number * width; i < (number + 1) * width; i++) {
        struct tj_hash leaf;
        leaf_of(&log->entries[i], &leaf);
        tj_frontier_append(w->f.digester.hasher, &frontier, &leaf);
    }
    tj_frontier_root(w->f.digester.hasher, out, &frontier);
    return true;
}

static const struct exported_file *file_at(const char *path)
{
    for (size_t i = 0; i < w->exported.count; i++) {
        if (strcmp(w->exported.files[i].path, path) == 0) {
            return &w->exported.files[i];
        }
    }
    fail_msg("no file %s", path);
    return NULL;
}

/* The checkpoint that this attacker makes; its size. */
static size_t checkpoint_of(struct forged *log, char note[TJ_CHECKPOINT_NOTE_MAX],
                            enum attacker attacker)
{
    const struct exported_file *old = file_at("checkpoint");
    struct tj_note_view view;
    struct tj_checkpoint checkpoint;
    uint8_t secret32[32];
    const struct tj_node_reader nodes = {log, leaf_node};
    memcpy(note, old->bytes, old->size);
    assert_true(tj_note_decode(&view, (const char *)old->bytes, old->size));
    assert_true(tj_checkpoint_decode(&checkpoint, view.text, view.text_size));
    if (attacker == LEFT) {
        return old->size;
    }
    checkpoint.size = log->count;
    assert_true(tj_tile_root(w->f.digester.hasher, &checkpoint.root, &nodes, checkpoint.size));
    if (attacker == ADAPTED) {
        size_t size = tj_checkpoint_encode(note, TJ_CHECKPOINT_NOTE_MAX, &checkpoint);
        size_t signatures = old->size - view.text_size;
        assert_true(size > 0);
        memcpy(note + size, old->bytes + view.text_size, signatures);
        return size + signatures;
    }
    fixture_log_secret(secret32, attacker == OPERATOR ? 2 : 77);
    return tj_checkpoint_sign(note, TJ_CHECKPOINT_NOTE_MAX, &checkpoint, secret32);
}

/* ---- the folder ---- */

static void put_bundle(const char *folder, const struct forged *log, uint64_t number,
                       unsigned width, unsigned named)
{
    char path[TJ_TILE_PATH_MAX];
    static uint8_t bundle[TJ_TILE_WIDTH * 8192];
    size_t at = 0;
    for (uint64_t i = number * TJ_TILE_WIDTH; i < number * TJ_TILE_WIDTH + width; i++) {
        const struct forged_entry *entry = &log->entries[i];
        assert_true(at + 2 + entry->size <= sizeof bundle);
        bundle[at++] = (uint8_t)(entry->size >> 8);
        bundle[at++] = (uint8_t)entry->size;
        memcpy(bundle + at, entry->bytes, entry->size);
        at += entry->size;
    }
    tj_tile_path(path, TJ_TILE_ENTRIES, number, named);
    put_file(folder, path, bundle, at);
}

static void put_tile(struct forged *log, const char *folder, unsigned level, uint64_t number,
                     unsigned width, unsigned named)
{
    char path[TJ_TILE_PATH_MAX];
    struct tj_hash hashes[TJ_TILE_WIDTH];
    for (unsigned i = 0; i < width; i++) {
        leaf_node(log, &hashes[i], level, number * TJ_TILE_WIDTH + i);
    }
    tj_tile_path(path, level, number, named);
    put_file(folder, path, hashes, width * sizeof hashes[0]);
}

static unsigned width_of(uint64_t size, uint64_t number)
{
    uint64_t left = size - number * TJ_TILE_WIDTH;
    return left < TJ_TILE_WIDTH ? (unsigned)left : TJ_TILE_WIDTH;
}

/* A whole export of a log, with no checkpoint but this. Its files are named for the size that the
 * checkpoint says. */
static void put_log(struct forged *log, const char *folder, const char *note, size_t note_size)
{
    char path[TAMPER_PATH_MAX];
    struct tj_note_view view;
    struct tj_checkpoint checkpoint;
    assert_true(tj_note_decode(&view, note, note_size) &&
                tj_checkpoint_decode(&checkpoint, view.text, view.text_size));
    uint64_t size = checkpoint.size;
    for (uint64_t n = 0; n * TJ_TILE_WIDTH < log->count; n++) {
        unsigned width = width_of(log->count, n);
        put_bundle(folder, log, n, width, width_of(size, n));
        put_tile(log, folder, 0, n, width, width_of(size, n));
    }
    if (log->count >= TJ_TILE_WIDTH) {
        put_tile(log, folder, 1, 0, 1, 1);
    }
    for (size_t i = 0; i < log->count; i++) {
        struct tj_hash root;
        memcpy(root.bytes, log->entries[i].bytes + 64 + 144, TJ_HASH_SIZE);
        content_file_path(path, "body", root.bytes);
        put_file(folder, path, log->entries[i].records, log->entries[i].records_size);
    }
    for (size_t i = 0; i < w->exported.count; i++) {
        const struct exported_file *file = &w->exported.files[i];
        if (file->kind == TAMPERED_ATTACHMENT || file->kind == TAMPERED_DOCUMENT) {
            put_file(folder, file->path, file->bytes, file->size);
        }
    }
    put_file(folder, "checkpoint", note, note_size);
}

/* ---- the ledger ---- */

static struct log_row row_of(const void *key, size_t key_size, const void *value, size_t size)
{
    return (struct log_row){copied(key, key_size), key_size, copied(value, size), size};
}

static void add_row(struct log_table *table, const void *key, size_t key_size, const void *value,
                    size_t size)
{
    table->rows = realloc(table->rows, (table->count + 1) * sizeof *table->rows);
    assert_non_null(table->rows);
    table->rows[table->count++] = row_of(key, key_size, value, size);
}

static void put_head(struct log_table *meta, const struct forged *log)
{
    uint8_t bytes[TJ_HEAD_ROW_MAX];
    struct tj_head_row head = {
        .size = log->count, .redo_from = log->count, .blocks = w->log.tables[TJ_J_STATE].count};
    tj_frontier_init(&head.frontier);
    for (size_t i = 0; i < log->count; i++) {
        struct tj_hash leaf;
        leaf_of(&log->entries[i], &leaf);
        tj_frontier_append(w->f.digester.hasher, &head.frontier, &leaf);
    }
    size_t size = tj_head_row_encode(&head, bytes);
    add_row(meta, "head", 4, bytes, size);
}

/* The forged log as a ledger's directory, by the operator: with its head, its nodes and its
 * checkpoint; blocks of the state, attachments, links and tails as they were. */
static void put_ledger(struct forged *log, const char *dir, const char *note, size_t note_size)
{
    struct log_copy out = {0};
    static uint8_t checked[TJ_CHECKPOINT_NOTE_MAX + TJ_ROW_CHECK_SIZE];
    uint8_t key[TJ_NODE_KEY_SIZE];
    struct tj_hash node;
    for (size_t i = 0; i < log->count; i++) {
        const struct forged_entry *entry = &log->entries[i];
        tj_checkpoint_key(key, i); /* u64, big-endian */
        add_row(&out.tables[TJ_J_ENTRIES], key, 8, entry->bytes, entry->size);
        add_row(&out.tables[TJ_J_BODIES], key, 8, entry->records, entry->body_size);
    }
    for (size_t t = TJ_J_ATTACHMENTS; t <= TJ_J_STATE; t++) {
        for (size_t i = 0; i < w->log.tables[t].count; i++) {
            const struct log_row *row = &w->log.tables[t].rows[i];
            add_row(&out.tables[t], row->key, row->key_size, row->value, row->size);
        }
    }
    put_head(&out.tables[TJ_J_META], log);
    memcpy(checked, note, note_size);
    tj_row_check_store(checked, note_size, TJ_META_SIGNED, strlen(TJ_META_SIGNED));
    add_row(&out.tables[TJ_J_META], TJ_META_SIGNED, strlen(TJ_META_SIGNED), checked,
            note_size + TJ_ROW_CHECK_SIZE);
    leaf_node(log, &node, 1, 0);
    tj_node_key(key, 1, 0);
    tj_node_row_encode(checked, key, &node);
    add_row(&out.tables[TJ_J_NODES], key, TJ_NODE_KEY_SIZE, checked, TJ_NODE_ROW_SIZE);
    tj_checkpoint_key(key, log->count);
    add_row(&out.tables[TJ_J_CHECKPOINTS], key, TJ_CHECKPOINT_KEY_SIZE, note, note_size);
    log_write(dir, &out);
    log_free(&out);
}

/* ---- what comes of it ---- */

static enum outcome try_attacker(struct forged *log, struct tj_replica *replica,
                                 struct tj_replay_report *report, enum attacker attacker,
                                 const struct tj_pins *pins)
{
    static char note[TJ_CHECKPOINT_NOTE_MAX];
    char folder[400];
    snprintf(folder, sizeof folder, "%s-forged", w->f.dir);
    size_t size = checkpoint_of(log, note, attacker);
    assert_true(size > 0);
    assert_int_equal(mkdir(folder, 0700), 0);
    put_log(log, folder, note, size);
    enum outcome outcome = audit_folder(replica, report, folder, pins, &w->untouched);
    remove_folder(folder);
    return outcome;
}

/* The same of a ledger's directory, which the operator forged. */
static enum outcome try_ledger(struct forged *log, struct tj_replay_report *report,
                               const struct tj_pins *pins)
{
    static char note[TJ_CHECKPOINT_NOTE_MAX];
    struct tj_store *store;
    struct tj_source *source;
    struct tj_store_options options = tj_journal_options(0);
    char dir[400];
    snprintf(dir, sizeof dir, "%s-forged-ledger", w->f.dir);
    size_t size = checkpoint_of(log, note, OPERATOR);
    put_ledger(log, dir, note, size);
    assert_int_equal(tj_store_open_read(&store, NULL, dir, &options), TJ_STORAGE_OK);
    assert_int_equal(tj_source_of_store(store, &source), TIJORI_OK);
    enum outcome outcome = audit_source(source, NULL, report, pins, &w->untouched);
    tj_store_close(store);
    remove_ledger(dir);
    return outcome;
}

static void must_name(const char *what, const char *attacker, enum outcome outcome,
                      const struct tj_replay_report *report, uint64_t entry)
{
    print_message("%-22s %-9s %s, entry %lld: %.70s\n", what, attacker, outcome_names[outcome],
                  (long long)report->first_entry, report->failure);
    if (outcome != OUTCOME_FAILED || report->first_entry != entry) {
        fail_msg("%s, %s: entry %llu was to be named: %s", what, attacker,
                 (unsigned long long)entry, report->failure);
    }
}

/* Whoever makes the checkpoint, it fails at `entry`. With the log's key pinned and nothing else:
 * witnesses would have told as well. */
static void all_are_caught(struct forged *log, const char *what, uint64_t entry)
{
    const struct tj_pins pins = {.log_key = &w->log_keys[0]};
    fit_chain(log);
    for (int attacker = 0; attacker < ATTACKERS; attacker++) {
        struct tj_replay_report report;
        enum outcome outcome = try_attacker(log, NULL, &report, (enum attacker)attacker, &pins);
        must_name(what, attacker_names[attacker], outcome, &report, entry);
    }
    struct tj_replay_report report;
    enum outcome outcome = try_ledger(log, &report, &pins);
    must_name(what, "in LMDB", outcome, &report, entry);
    free_log(log);
}

static void nothing_changed(void **state)
{
    (void)state;
    struct forged *log = the_log();
    struct tj_replay_report report;
    const struct tj_pins pins = {.log_key = &w->log_keys[0]};
    fit_chain(log);
    for (int attacker = 0; attacker < ATTACKERS; attacker++) {
        enum outcome outcome = try_attacker(log, NULL, &report, (enum attacker)attacker, &pins);
        bool signed_by_the_log = attacker != STRANGER;
        if (!signed_by_the_log) { /* the log is what it was, but nobody says so */
            assert_int_equal(outcome, OUTCOME_FAILED);
            assert_int_equal(report.first_check, TJ_CHECK_CHECKPOINT);
            continue;
        }
        if (report.failed) {
            fail_msg("%s: %s", attacker_names[attacker], report.failure);
        }
    }
    try_ledger(log, &report, &pins);
    must_pass(&report);
    free_log(log);
}

static void swap(struct forged *log, size_t i, size_t j)
{
    struct forged_entry kept = log->entries[i];
    log->entries[i] = log->entries[j];
    log->entries[j] = kept;
}

static void neighbours_exchanged(void **state)
{
    static const size_t places[] = {0, 1, 2, 3, 9, 20, MIDDLE, 254, 255, 256, 259, 260};
    (void)state;
    for (size_t k = 0; k < sizeof places / sizeof places[0]; k++) {
        struct forged *log = the_log();
        swap(log, places[k], places[k] + 1);
        all_are_caught(log, "neighbours exchanged", places[k]);
    }
}

static void drop(struct forged *log, size_t at)
{
    free_entry(&log->entries[at]);
    memmove(&log->entries[at], &log->entries[at + 1],
            (log->count - at - 1) * sizeof log->entries[0]);
    log->count--;
}

static void an_entry_left_out(void **state)
{
    static const size_t places[] = {0, 1, 2, 8, 30, MIDDLE, 255, 256, 260};
    (void)state;
    for (size_t k = 0; k < sizeof places / sizeof places[0]; k++) {
        struct forged *log = the_log();
        drop(log, places[k]);
        all_are_caught(log, "an entry left out", places[k]);
    }
}

static void an_entry_twice(void **state)
{
    static const size_t places[] = {0, 1, 7, MIDDLE, 255, 260};
    (void)state;
    for (size_t k = 0; k < sizeof places / sizeof places[0]; k++) {
        struct forged *log = the_log();
        struct forged_entry *of = &log->entries[places[k]];
        struct forged_entry copy = *of;
        copy.bytes = copied(of->bytes, of->size);
        copy.records = copied(of->records, of->body_size);
        memmove(of + 2, of + 1, (log->count - places[k] - 1) * sizeof *of);
        of[1] = copy;
        log->count++;
        all_are_caught(log, "an entry twice", places[k] + 1);
    }
}

/* An amount, with everything up to the root that was signed: the party's signature is what stands
 * against that. */
static void a_record_changed(void **state)
{
    static const size_t places[] = {11, 12, MIDDLE, 255, 261};
    (void)state;
    for (size_t k = 0; k < sizeof places / sizeof places[0]; k++) {
        struct forged *log = the_log();
        struct forged_entry *entry = &log->entries[places[k]];
        assert_true(tj_kind_is_movement(entry->records[0]));
        entry->records[20] ^= 0x40;
        fit_body_root(entry);
        all_are_caught(log, "an amount changed", places[k]);
    }
}

/* The signatures of two envelopes by one party, exchanged. */
static void signatures_exchanged(void **state)
{
    (void)state;
    struct forged *log = the_log();
    struct forged_entry *a = &log->entries[MIDDLE];
    struct forged_entry *b = &log->entries[MIDDLE + 2];
    assert_int_equal(a->size, b->size);
    for (size_t at = TJ_ENTRY_FIXED_SIZE; at < a->size; at++) {
        uint8_t byte = a->bytes[at];
        a->bytes[at] = b->bytes[at];
        b->bytes[at] = byte;
    }
    all_are_caught(log, "signatures exchanged", MIDDLE);
}

/* ---- the operator alone ---- */

static struct tj_replica *replica_of(const char *dir)
{
    struct tj_replica *replica;
    assert_int_equal(tj_replica_open(&replica, dir), TIJORI_OK);
    return replica;
}

/* An auditor who verified the ledger as it was, and keeps that at `dir`. */
static void remember(const char *dir)
{
    struct tj_replay_report report;
    struct tj_replica *replica = replica_of(dir);
    audit_folder(replica, &report, w->folder, &w->pins, NULL);
    must_pass(&report);
    assert_int_equal(tj_replica_save(replica), TIJORI_OK);
    tj_replica_close(replica);
}

/* What the operator made of it: no failure for who pins the log's key alone; not complete for who
 * asks for witnesses; a failure at `entry` for who remembers. */
static void only_memory_helps(const char *what, const char *folder, uint64_t entry,
                              const char *words)
{
    const struct tj_pins key_alone = {.log_key = &w->log_keys[0]};
    struct tj_replay_report report;
    char dir[400];
    snprintf(dir, sizeof dir, "%s-state", w->f.dir);
    audit_folder(NULL, &report, folder, &key_alone, NULL);
    must_pass(&report);
    assert_int_equal(report.checks[TJ_CHECK_CHECKPOINT].skipped, 0);
    audit_folder(NULL, &report, folder, &w->pins, NULL);
    must_pass(&report);
    assert_true(report.checks[TJ_CHECK_WITNESSES].skipped > 0);
    remember(dir);
    struct tj_replica *replica = replica_of(dir);
    enum outcome outcome = audit_folder(replica, &report, folder, &key_alone, NULL);
    tj_replica_close(replica);
    must_name(what, "remembered", outcome, &report, entry);
    assert_int_equal(report.first_check, TJ_CHECK_EXTENDS);
    assert_non_null(strstr(report.failure, words));
    remove_folder(dir);
}

static void entries_left_out_at_the_end(void **state)
{
    static char note[TJ_CHECKPOINT_NOTE_MAX];
    char folder[400];
    (void)state;
    const struct tj_pins pins = {.log_key = &w->log_keys[0]};
    struct tj_replay_report report;
    struct forged *log = the_log();
    drop(log, log->count - 1);
    fit_chain(log);
    enum outcome outcome = try_attacker(log, NULL, &report, LEFT, &pins);
    must_name("the last left out", "left", outcome, &report, log->count);
    outcome = try_attacker(log, NULL, &report, ADAPTED, &pins);
    must_name("the last left out", "adapted", outcome, &report, log->count - 1);
    outcome = try_attacker(log, NULL, &report, STRANGER, &pins);
    must_name("the last left out", "stranger", outcome, &report, log->count - 1);
    snprintf(folder, sizeof folder, "%s-rolled-back", w->f.dir);
    assert_int_equal(mkdir(folder, 0700), 0);
    put_log(log, folder, note, checkpoint_of(log, note, OPERATOR));
    only_memory_helps("the last left out", folder, log->count, "rollback");
    remove_folder(folder);
    free_log(log);
}

/* The same genesis and keys, and other entries from the first one that the operator chose: a
 * history as sound as the true one. */
static void a_whole_other_history(void **state)
{
    enum { MOVES = 300, DEPARTS = 6 };
    struct fixture *f = calloc(1, sizeof *f);
    struct tijori_receipt receipt;
    char folder[400];
    (void)state;
    assert_non_null(f);
    fixture_parties(f);
    assert_memory_equal(f->genesis.ledger_id.bytes, w->f.genesis.ledger_id.bytes, TJ_HASH_SIZE);
    for (uint64_t i = 0; i < MOVES; i++) {
        f->now_ns += UINT64_C(1000000007);
        enum tijori_status status =
            fixture_send_move(f, &receipt, fixture_account(C_EXTERNAL),
                              fixture_account(C_CUSTODY_A), 1 + i, TJ_CUSTOMER_DEPOSIT);
        assert_int_equal(status, TIJORI_OK);
    }
    tamper_sign(f, 0);
    snprintf(folder, sizeof folder, "%s-export", f->dir);
    assert_int_equal(tamper_export(f, NULL, folder, false), TIJORI_OK);
    only_memory_helps("another history", folder, DEPARTS, "fork");
    remove_folder(folder);
    fixture_destroy(f);
    free(f);
}

static int setup(void **state)
{
    (void)state;
    w = tamper_world();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tamper_world_end(w);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_changed),
        cmocka_unit_test(neighbours_exchanged),
        cmocka_unit_test(an_entry_left_out),
        cmocka_unit_test(an_entry_twice),
        cmocka_unit_test(a_record_changed),
        cmocka_unit_test(signatures_exchanged),
        cmocka_unit_test(entries_left_out_at_the_end),
        cmocka_unit_test(a_whole_other_history),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
