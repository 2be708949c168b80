/* The tamper matrix: whatever is changed in an exported folder is noticed, and the entry that it
 * belongs to is named. Files are changed one at a time: bytes flipped, cut short, made longer,
 * removed, exchanged, added. test_integrity.c does the same to a ledger's log, and below to the
 * rows that hold its tree and its checkpoints; test_forgery.c is about an attacker who makes
 * everything that follows from a change fit again.
 *
 * The right entry:
 *     tile/entries/  the entry that the first changed byte belongs to, with the two bytes of its
 *                    size; where it is cut, the first entry that is not whole; where it goes on
 *                    after its last entry, that one. `term` and `received_ns` are covered by no
 *                    signature, and only the next entry's hash shows them: when that one is the
 *                    last, nothing tells which of the two was changed, and it may be the one named
 *     tile/0/        the entry whose leaf hash was changed or is the first that is missing; after
 *                    its end, the last that it has
 *     tile/L/        the first of the 256^L entries under the node
 *     body/          the first entry whose records these are
 *     attachment/    the first entry that cites it
 *     others         belong to no entry
 *
 * By nature not noticed is the absence of what an export need not have: a tile, bundle or
 * checkpoint of an earlier size. It is counted apart, and nothing else may be.
 *
 * Which bytes are tried depends on a seed, which is printed (TIJORI_SEED); TIJORI_EVERY_BYTE=1
 * tries all of them. */

#include "tamper_support.h"

#include "core/log/stored_checkpoint.h"

#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define ANY UINT64_MAX

static struct tamper_world *w;
static uint64_t seed;
static bool every_byte;

static uint64_t next_random(void)
{
    seed ^= seed << 13; /* xorshift64 */
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* ---- the table ---- */

enum { ROWS_MAX = 64 };
static struct row {
    char change[40];
    char what[32];
    uint64_t cases;
    uint64_t outcomes[OUTCOMES];
    uint64_t by_nature;
} rows[ROWS_MAX];
static size_t row_count;

static struct row *row_of(const char *change, const char *what)
{
    for (size_t i = 0; i < row_count; i++) {
        if (strcmp(rows[i].change, change) == 0 && strcmp(rows[i].what, what) == 0) {
            return &rows[i];
        }
    }
    assert_true(row_count < ROWS_MAX);
    snprintf(rows[row_count].change, sizeof rows[row_count].change, "%s", change);
    snprintf(rows[row_count].what, sizeof rows[row_count].what, "%s", what);
    return &rows[row_count++];
}

static void print_table(void)
{
    uint64_t cases = 0;
    print_message("%-22s %-14s %8s %8s %8s %10s %8s %9s\n", "change", "of", "cases", "failed",
                  "refused", "incomplete", "noted", "by nature");
    for (size_t i = 0; i < row_count; i++) {
        const struct row *row = &rows[i];
        print_message("%-22s %-14s %8" PRIu64 " %8" PRIu64 " %8" PRIu64 " %10" PRIu64 " %8" PRIu64
                      " %9" PRIu64 "\n",
                      row->change, row->what, row->cases, row->outcomes[OUTCOME_FAILED],
                      row->outcomes[OUTCOME_REFUSED], row->outcomes[OUTCOME_INCOMPLETE],
                      row->outcomes[OUTCOME_NOTED], row->by_nature);
        cases += row->cases;
    }
    print_message("%" PRIu64 " cases\n", cases);
}

/* What may be named: one of two entries, or ANY. */
struct expected {
    uint64_t entry;
    uint64_t or_entry;
    bool absent_by_nature;
};

static uint64_t misses; /* cases of this test that came out wrong; each was printed */

static void judge(const char *change, const char *what, const char *path, size_t offset,
                  const struct expected *expected, enum outcome outcome,
                  const struct tj_replay_report *report)
{
    struct row *row = row_of(change, what);
    bool named = outcome != OUTCOME_FAILED || expected->entry == ANY ||
                 report->first_entry == expected->entry ||
                 report->first_entry == expected->or_entry;
    row->cases++;
    row->outcomes[outcome]++;
    row->by_nature += expected->absent_by_nature;
    if (expected->absent_by_nature ? outcome != OUTCOME_PASSED
                                   : outcome == OUTCOME_PASSED || !named) {
        misses++;
        print_error("%s, %s at %zu: %s, entry %lld, not %lld: %s\n", path, change, offset,
                    outcome_names[outcome], (long long)report->first_entry,
                    (long long)expected->entry, report->failure);
    }
}

static void no_misses(void)
{
    uint64_t count = misses;
    misses = 0;
    assert_int_equal(count, 0);
}

/* ---- whose byte it is ---- */

/* The entry of a bundle that byte `offset` of it is in, and where in the entry: SIZE_MAX in its
 * size. After the last: the last. */
static uint64_t entry_at(const struct exported_file *file, size_t *in_entry, size_t offset)
{
    uint64_t entry = file->number * TJ_TILE_WIDTH;
    size_t at = 0;
    for (unsigned i = 0;; i++, entry++) {
        size_t size = w->log.tables[TJ_J_ENTRIES].rows[entry].size;
        if (offset < at + 2 + size || i + 1 == file->width) {
            *in_entry = offset < at + 2 ? SIZE_MAX : offset - at - 2;
            return entry;
        }
        at += 2 + size;
    }
}

static uint64_t entry_of_body(const struct exported_file *file)
{
    for (uint64_t i = 0; i < w->entries; i++) {
        char path[TAMPER_PATH_MAX];
        struct tj_hash root;
        memcpy(root.bytes, w->log.tables[TJ_J_ENTRIES].rows[i].value + 64 + 144, TJ_HASH_SIZE);
        content_file_path(path, "body", root.bytes);
        if (strcmp(path, file->path) == 0) {
            return i;
        }
    }
    fail_msg("%s: the body of no entry", file->path);
    return ANY;
}

static uint64_t entry_of_attachment(const struct exported_file *file)
{
    for (uint64_t i = 0; i < w->entries; i++) {
        const struct log_row *body = &w->log.tables[TJ_J_BODIES].rows[i];
        for (size_t at = 0; at + TJ_RECORD_SIZE <= body->size; at += TJ_RECORD_SIZE) {
            char path[TAMPER_PATH_MAX];
            content_file_path(path, "attachment", body->value + at + 60);
            if (strcmp(path, file->path) == 0) {
                return i;
            }
        }
    }
    fail_msg("%s: cited nowhere", file->path);
    return ANY;
}

/* When the first byte that differs is at `offset`, which is the file's size when bytes follow. */
static struct expected expected_at(const struct exported_file *file, size_t offset)
{
    struct expected e = {.entry = ANY, .or_entry = ANY};
    size_t in_entry;
    if (file->kind == TAMPERED_BUNDLE) {
        e.entry = entry_at(file, &in_entry, offset);
        bool chained = in_entry >= 16 && in_entry < 32;
        e.or_entry = chained && e.entry + 2 == w->entries ? e.entry + 1 : e.entry;
    } else if (file->kind == TAMPERED_TILE) {
        uint64_t hash =
            offset / TJ_HASH_SIZE < file->width ? offset / TJ_HASH_SIZE : file->width - 1;
        e.entry = e.or_entry = (file->number * TJ_TILE_WIDTH + hash) << (8 * file->level);
    } else if (file->kind == TAMPERED_BODY) {
        e.entry = e.or_entry = entry_of_body(file);
    } else if (file->kind == TAMPERED_ATTACHMENT) {
        e.entry = e.or_entry = entry_of_attachment(file);
    }
    return e;
}

static size_t first_difference(const struct exported_file *file, const uint8_t *bytes, size_t size)
{
    size_t at = 0;
    while (at < file->size && at < size && file->bytes[at] == bytes[at]) {
        at++;
    }
    return at;
}

/* ---- trying ---- */

static enum outcome audit(struct tj_replay_report *report)
{
    return audit_folder(NULL, report, w->folder, &w->pins, &w->untouched);
}

/* The newest checkpoint stands under checkpoints/ as well. Whoever changes it removes that one. */
static const struct exported_file *twin_of(const struct exported_file *file)
{
    for (size_t i = 0; file->kind == TAMPERED_CHECKPOINT && i < w->exported.count; i++) {
        const struct exported_file *other = &w->exported.files[i];
        if (other->kind == TAMPERED_CHECKPOINTS && other->size == file->size &&
            memcmp(other->bytes, file->bytes, file->size) == 0) {
            return other;
        }
    }
    return NULL;
}

/* Other bytes in the place of a file's. */
static void try_content(const char *change, const struct exported_file *file, const uint8_t *bytes,
                        size_t size)
{
    struct tj_replay_report report;
    size_t offset = first_difference(file, bytes, size);
    const struct expected expected = expected_at(file, offset);
    const struct exported_file *twin = twin_of(file);
    if (twin != NULL) {
        remove_file(w->folder, twin->path);
    }
    put_file(w->folder, file->path, bytes, size);
    enum outcome outcome = audit(&report);
    put_file(w->folder, file->path, file->bytes, file->size);
    if (twin != NULL) {
        put_file(w->folder, twin->path, twin->bytes, twin->size);
    }
    judge(change, tampered_kind_names[file->kind], file->path, offset, &expected, outcome, &report);
}

static void flip(const struct exported_file *file, size_t offset)
{
    static const uint8_t masks[] = {0x01, 0x80, 0x20, 0x04};
    uint8_t mask = masks[next_random() % sizeof masks];
    file->bytes[offset] ^= mask;
    uint8_t *changed = malloc(file->size);
    assert_non_null(changed);
    memcpy(changed, file->bytes, file->size);
    file->bytes[offset] ^= mask;
    try_content("byte flipped", file, changed, file->size);
    free(changed);
}

static void a_flipped_byte(void **state)
{
    /* Of each file some places, or all when it is small; of the log itself many more. */
    enum { OF_EACH = 10, OF_NEWEST_BUNDLE = 300, OF_CHECKPOINT = 200 };
    (void)state;
    for (size_t i = 0; i < w->exported.count; i++) {
        const struct exported_file *file = &w->exported.files[i];
        size_t places = file->kind == TAMPERED_BUNDLE && !file->stale ? OF_NEWEST_BUNDLE
                        : file->kind == TAMPERED_CHECKPOINT           ? OF_CHECKPOINT
                        : file->kind == TAMPERED_TILE                 ? 2 * OF_EACH
                                                                      : OF_EACH;
        if (every_byte || places >= file->size) {
            for (size_t offset = 0; offset < file->size; offset++) {
                flip(file, offset);
            }
            continue;
        }
        for (size_t k = 0; k < places; k++) { /* one in each of as many stretches */
            size_t from = file->size * k / places;
            size_t to = file->size * (k + 1) / places;
            flip(file, from + (size_t)(next_random() % (to - from)));
        }
    }
    no_misses();
}

static void a_size_that_is_another(void **state)
{
    (void)state;
    for (size_t i = 0; i < w->exported.count; i++) {
        const struct exported_file *file = &w->exported.files[i];
        try_content("emptied", file, file->bytes, 0);
        try_content("cut in half", file, file->bytes, file->size / 2);
        try_content("cut by a byte", file, file->bytes, file->size - 1);
        file->bytes[file->size] = (uint8_t)next_random(); /* there is room for it */
        try_content("a byte longer", file, file->bytes, file->size + 1);
    }
    no_misses();
}

static void a_file_that_is_missing(void **state)
{
    (void)state;
    for (size_t i = 0; i < w->exported.count; i++) {
        const struct exported_file *file = &w->exported.files[i];
        struct tj_replay_report report;
        struct expected expected = expected_at(file, 0);
        expected.absent_by_nature = file->stale || file->kind == TAMPERED_CHECKPOINTS;
        remove_file(w->folder, file->path);
        enum outcome outcome = audit(&report);
        put_file(w->folder, file->path, file->bytes, file->size);
        judge("removed", tampered_kind_names[file->kind], file->path, 0, &expected, outcome,
              &report);
        if (expected.absent_by_nature) {
            assert_memory_equal(report.root.bytes, w->untouched.root.bytes, TJ_HASH_SIZE);
            assert_int_equal(report.entries, w->untouched.entries);
        }
    }
    no_misses();
}

/* Each has the other's bytes: the entry named is the one that either alone would have named. */
static void exchange(const struct exported_file *a, const struct exported_file *b)
{
    struct tj_replay_report report;
    const struct expected of_a = expected_at(a, first_difference(a, b->bytes, b->size));
    const struct expected of_b = expected_at(b, first_difference(b, a->bytes, a->size));
    const struct expected expected = {.entry = of_a.entry, .or_entry = of_b.entry};
    put_file(w->folder, a->path, b->bytes, b->size);
    put_file(w->folder, b->path, a->bytes, a->size);
    enum outcome outcome = audit(&report);
    put_file(w->folder, a->path, a->bytes, a->size);
    put_file(w->folder, b->path, b->bytes, b->size);
    judge("exchanged", tampered_kind_names[a->kind], a->path, 0, &expected, outcome, &report);
}

static void two_files_exchanged(void **state)
{
    enum { OF_A_KIND = 60 };
    (void)state;
    for (int kind = 0; kind < TAMPERED_KINDS; kind++) {
        uint64_t pairs = 0;
        for (int pass = 0; pass < 2; pass++) { /* counted, then tried */
            uint64_t share = every_byte || pairs <= OF_A_KIND ? 1 : pairs / OF_A_KIND;
            for (size_t i = 0; i < w->exported.count; i++) {
                for (size_t j = i + 1; j < w->exported.count; j++) {
                    const struct exported_file *a = &w->exported.files[i];
                    const struct exported_file *b = &w->exported.files[j];
                    if (a->kind != (enum tampered_kind)kind || b->kind != a->kind ||
                        (a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0)) {
                        continue;
                    }
                    pairs += pass == 0;
                    if (pass == 1 && next_random() % share == 0) {
                        exchange(a, b);
                    }
                }
            }
        }
    }
    no_misses();
}

static void try_alien(const char *path, const void *bytes, size_t size)
{
    const struct expected expected = {.entry = ANY};
    struct tj_replay_report report;
    put_file(w->folder, path, bytes, size);
    enum outcome outcome = audit(&report);
    remove_file(w->folder, path);
    judge("a file too many", path[0] == 't' ? "tile/" : "elsewhere", path, 0, &expected, outcome,
          &report);
}

static void a_file_too_many(void **state)
{
    static const char *const paths[] = {
        "x",
        ".new",
        "checkpoint.old",
        "FORMAT.txt",
        "tile/x",
        "tile/0/x",
        "tile/0/002",
        "tile/0/001.p/7",
        "tile/0/001.p/256",
        "tile/0/001.p/x",
        "tile/0/x000/001",
        "tile/00/000",
        "tile/1/001.p/1",
        "tile/1/000.p/2",
        "tile/2/000.p/1",
        "tile/63/000",
        "tile/entries/x",
        "tile/entries/002",
        "tile/entries/001.p/7",
        "tile/entries/000.p/0",
        "tile/0/000.p/77",
        "tile/0/001.p/1",
        "tile/entries/000.p/77",
        "tile/entries/001.p/6.bak",
        "body/x",
        "body/aa/x",
        "body/aaa/x",
        "attachment/x",
        "attachment/aa/x",
        "checkpoints/x",
        "checkpoints/262",
        "checkpoints/262-0123456789abcdef",
        "checkpoints/0262-0123456789abcdef",
        "checkpoints/263-0123456789abcdeF",
    };
    uint8_t bytes[] = "not of this log\n";
    char path[TAMPER_PATH_MAX];
    struct tj_hash name;
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        try_alien(paths[i], bytes, sizeof bytes - 1);
    }
    /* Named by what they hold, as if they belonged. */
    tj_sha256(w->f.digester.hasher, &name, bytes, sizeof bytes - 1);
    content_file_path(path, "attachment", name.bytes);
    try_alien(path, bytes, sizeof bytes - 1);
    uint8_t record[TJ_RECORD_SIZE] = {1};
    tj_tree_root_of_items(w->f.digester.hasher, &name, record, sizeof record, 1);
    content_file_path(path, "body", name.bytes);
    try_alien(path, record, sizeof record);
    no_misses();
}

static bool is_restricted(uint64_t entry)
{
    return (w->log.tables[TJ_J_ENTRIES].rows[entry].value[64 + 4] & TJ_FLAG_RESTRICTED) != 0;
}

/* A link is not followed, even to the right bytes. In the place of a restricted body, which may be
 * missing, it is a file too many. */
static void a_link_for_a_file(void **state)
{
    char place[512];
    char elsewhere[400];
    (void)state;
    snprintf(elsewhere, sizeof elsewhere, "%s-elsewhere", w->f.dir);
    for (size_t i = 0; i < w->exported.count; i++) {
        const struct exported_file *file = &w->exported.files[i];
        struct tj_replay_report report;
        struct expected expected = expected_at(file, 0);
        if (file->kind == TAMPERED_BODY && is_restricted(expected.entry)) {
            expected.entry = ANY;
        }
        put_file(w->f.dir, "linked", file->bytes, file->size);
        snprintf(elsewhere, sizeof elsewhere, "%s/linked", w->f.dir);
        snprintf(place, sizeof place, "%s/%s", w->folder, file->path);
        assert_int_equal(unlink(place), 0);
        assert_int_equal(symlink(elsewhere, place), 0);
        enum outcome outcome = audit(&report);
        assert_int_equal(unlink(place), 0);
        put_file(w->folder, file->path, file->bytes, file->size);
        judge("a link", tampered_kind_names[file->kind], file->path, 0, &expected, outcome,
              &report);
    }
    remove_file(w->f.dir, "linked");
    no_misses();
}

static void the_folder_as_exported(void **state)
{
    struct tj_replay_report report;
    (void)state;
    assert_int_equal(audit(&report), OUTCOME_PASSED);
    must_pass(&report);
    assert_int_equal(report.checkpoints, 6); /* five sizes, the last one twice */
    assert_true(report.quorum && report.log_key == 2);
    /* Two documents are cited that stay elsewhere: all that is skipped. */
    for (size_t i = 0; i < TJ_CHECK_COUNT; i++) {
        assert_int_equal(report.checks[i].skipped, i == TJ_CHECK_ATTACHMENTS ? 2 : 0);
    }
}

static int setup(void **state)
{
    (void)state;
    every_byte = number_from_env("TIJORI_EVERY_BYTE", 0) != 0;
    seed = number_from_env("TIJORI_SEED", (uint64_t)time(NULL));
    print_message("TIJORI_SEED=%" PRIu64 "\n", seed);
    seed = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    w = tamper_world();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tamper_world_end(w);
    print_table();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_folder_as_exported),
        cmocka_unit_test(a_flipped_byte),
        cmocka_unit_test(a_size_that_is_another),
        cmocka_unit_test(a_file_that_is_missing),
        cmocka_unit_test(two_files_exchanged),
        cmocka_unit_test(a_file_too_many),
        cmocka_unit_test(a_link_for_a_file),
        /* The folder is whole again after all that. */
        cmocka_unit_test(the_folder_as_exported),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
