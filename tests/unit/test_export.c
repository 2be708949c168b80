/* An export that goes on: a later one writes what is new, and of what is sound changes
 * `checkpoint`, FORMAT.md and `kind` alone; a public one that is made full gets the bodies of
 * restricted entries, and nothing else. What is damaged or missing is written again. Each is a
 * folder that an auditor accepts. */

#include "tamper_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* Files as they stand on the disk: an export that left one alone left its inode alone. */
struct snapshot {
    struct exported files;
    ino_t inodes[TAMPER_FILES_MAX];
};

static void take(struct snapshot *out, const char *folder)
{
    exported_read(&out->files, folder);
    for (size_t i = 0; i < out->files.count; i++) {
        char path[512];
        struct stat st;
        snprintf(path, sizeof path, "%s/%s", folder, out->files.files[i].path);
        assert_int_equal(stat(path, &st), 0);
        out->inodes[i] = st.st_ino;
    }
}

static const struct exported_file *find(const struct snapshot *in, ino_t *inode, const char *path)
{
    for (size_t i = 0; i < in->files.count; i++) {
        if (strcmp(in->files.files[i].path, path) == 0) {
            *inode = in->inodes[i];
            return &in->files.files[i];
        }
    }
    return NULL;
}

/* Those that say something of the folder as a whole. */
static bool may_change(enum tampered_kind kind)
{
    return kind == TAMPERED_CHECKPOINT || kind == TAMPERED_DOCUMENT || kind == TAMPERED_KIND;
}

/* All of `before` is there, and written again only what has other bytes, which few may; how many
 * files are new. */
static size_t grew(const struct snapshot *before, const struct snapshot *after, size_t *changed)
{
    *changed = 0;
    for (size_t i = 0; i < before->files.count; i++) {
        const struct exported_file *old = &before->files.files[i];
        ino_t inode;
        const struct exported_file *new = find(after, &inode, old->path);
        if (new == NULL) {
            fail_msg("%s is gone", old->path);
            return 0;
        }
        bool differs = new->size != old->size || memcmp(new->bytes, old->bytes, old->size) != 0;
        if ((inode != before->inodes[i]) != differs || (differs && !may_change(old->kind))) {
            fail_msg("%s was written again", old->path);
        }
        *changed += differs;
    }
    return after->files.count - before->files.count;
}

static struct tamper_world *w;
static struct snapshot *before;
static struct snapshot *after;

static void sign_now(void)
{
    uint64_t now_s = w->f.now_ns / 1000000000u;
    const uint64_t times_s[TAMPER_WITNESSES] = {now_s + 1, now_s + 2};
    tamper_cosign(&w->f, 2, TAMPER_WITNESSES, times_s);
}

static uint64_t restricted_bodies(uint64_t *entries)
{
    struct tj_ledger_view view;
    uint64_t count = 0;
    assert_int_equal(tj_ledger_view_begin(w->f.ledger, &view), TIJORI_OK);
    for (uint64_t i = 0; i < view.head.size; i++) {
        struct tj_entry_view entry;
        assert_int_equal(tj_journal_entry(view.txn, &entry, i), TIJORI_OK);
        count += tj_header_restricted(&entry.header);
    }
    *entries = view.head.size;
    tj_ledger_view_end(w->f.ledger, &view);
    return count;
}

/* Exports, and compares with what was there: how many files are new. */
static size_t export(struct tj_export_done *done, bool public)
{
    struct snapshot *kept = before;
    exported_free(&before->files);
    before = after;
    after = kept;
    assert_int_equal(tamper_export(&w->f, done, w->folder, public), TIJORI_OK);
    take(after, w->folder);
    size_t changed;
    size_t new = grew(before, after, &changed);
    assert_int_equal(done->files, new + changed);
    return new;
}

static void audit(uint64_t entries, uint64_t restricted)
{
    struct tj_replay_report report;
    enum outcome outcome = audit_folder(NULL, &report, w->folder, &w->pins, NULL);
    if (outcome == OUTCOME_REFUSED || report.failed) {
        fail_msg("%s: %s", outcome_names[outcome], report.failure);
    }
    assert_int_equal(report.entries, entries);
    assert_int_equal(report.restricted, restricted);
    assert_int_equal(report.checks[TJ_CHECK_BODIES].skipped > 0, restricted > 0);
    assert_int_equal(report.checks[TJ_CHECK_WITNESSES].skipped, 0);
}

static void an_export_goes_on(void **state)
{
    struct tj_export_done done;
    uint64_t entries;
    (void)state;
    history_every_kind(&w->history);
    sign_now();
    uint64_t restricted = restricted_bodies(&entries);
    assert_true(restricted > 0);
    export(&done, true);
    assert_int_equal(done.restricted, restricted);
    audit(entries, restricted);
    /* Nothing new. */
    assert_int_equal(export(&done, true), 0);
    audit(entries, restricted);
    /* Past the end of a tile; one of the two bodies is new. */
    history_moves(&w->history, 256);
    sign_now();
    restricted = restricted_bodies(&entries);
    assert_true(export(&done, true) > 5);
    audit(entries, restricted);
    /* In full: what was left out, and no more. */
    size_t bodies = export(&done, false);
    assert_int_equal(bodies, restricted);
    for (size_t i = 0; i < after->files.count; i++) {
        ino_t inode;
        const struct exported_file *file = &after->files.files[i];
        assert_true(file->kind == TAMPERED_BODY || find(before, &inode, file->path) != NULL);
    }
    audit(entries, 0);
    /* And on; but it is no public one any more. */
    history_moves(&w->history, 3);
    sign_now();
    assert_true(export(&done, false) > 0);
    restricted_bodies(&entries);
    audit(entries, 0);
    assert_int_equal(tamper_export(&w->f, &done, w->folder, true), TIJORI_EXISTS);
    audit(entries, 0);
}

/* Cut short before `checkpoint` is written, it is the export that it was, with more in it: the next
 * export makes it whole. */
static void an_export_that_was_cut_short(void **state)
{
    struct tj_export_done done;
    struct tj_replay_report report;
    uint64_t entries;
    (void)state;
    ino_t inode;
    const struct exported_file *old = find(after, &inode, "checkpoint");
    history_moves(&w->history, 5);
    sign_now();
    export(&done, false); /* `after` is now `before` */
    put_file(w->folder, "checkpoint", old->bytes, old->size);
    for (size_t i = 0; i < after->files.count; i++) {
        const struct exported_file *file = &after->files.files[i];
        if (file->kind == TAMPERED_CHECKPOINTS && find(before, &inode, file->path) == NULL) {
            remove_file(w->folder, file->path);
        }
    }
    /* Files of a size that the old checkpoint does not know are not looked at, and told. */
    assert_int_equal(audit_folder(NULL, &report, w->folder, &w->pins, NULL), OUTCOME_INCOMPLETE);
    assert_true(report.checks[TJ_CHECK_FILES].skipped > 0);
    assert_int_equal(tamper_export(&w->f, &done, w->folder, false), TIJORI_OK);
    assert_int_equal(done.files, 2); /* and its copy under checkpoints/ */
    restricted_bodies(&entries);
    audit(entries, 0);
}

/* Whatever became of the files: the next export makes it the folder it was. */
static void what_is_damaged_is_written_again(void **state)
{
    struct tj_export_done done;
    struct snapshot *now = calloc(1, sizeof *now);
    uint64_t entries;
    (void)state;
    assert_non_null(now);
    restricted_bodies(&entries);
    for (size_t i = 0; i < after->files.count; i++) {
        const struct exported_file *file = &after->files.files[i];
        bool last_partial = (file->kind == TAMPERED_TILE || file->kind == TAMPERED_BUNDLE) &&
                            file->width < TJ_TILE_WIDTH;
        for (unsigned damage = 0; damage < 3; damage++) {
            if (damage == 0) {
                put_file(w->folder, file->path, "", 0);
            } else if (damage == 1) {
                file->bytes[file->size / 2] ^= 1;
                put_file(w->folder, file->path, file->bytes, file->size);
                file->bytes[file->size / 2] ^= 1;
            } else if (last_partial || file->kind == TAMPERED_KIND) {
                continue; /* earlier widths are not made again; `kind` has a case of its own */
            } else {
                remove_file(w->folder, file->path);
            }
            enum tijori_status status = tamper_export(&w->f, &done, w->folder, false);
            if (status != TIJORI_OK) {
                fail_msg("%s, damage %u: status %d", file->path, damage, status);
            }
            if (done.files != 1) {
                fail_msg("%s, damage %u: %llu files written", file->path, damage,
                         (unsigned long long)done.files);
            }
        }
    }
    take(now, w->folder);
    for (size_t i = 0; i < after->files.count; i++) {
        const struct exported_file *old = &after->files.files[i];
        ino_t inode;
        const struct exported_file *new = find(now, &inode, old->path);
        assert_non_null(new);
        assert_int_equal(new->size, old->size);
        assert_memory_equal(new->bytes, old->bytes, old->size);
    }
    exported_free(&now->files);
    free(now);
    audit(entries, 0);
}

static void a_folder_of_another_log(void **state)
{
    struct tj_export_done done;
    char folder[400];
    (void)state;
    struct fixture *other = calloc(1, sizeof *other);
    assert_non_null(other);
    other->predecessor = true; /* another genesis */
    fixture_parties(other);
    tamper_sign(other, 0);
    assert_int_equal(tamper_export(other, &done, w->folder, false), TIJORI_LEDGER_ID);
    fixture_destroy(other);
    /* The same genesis, another history. */
    other->predecessor = false;
    fixture_parties(other);
    other->now_ns += 1;
    struct tijori_receipt receipt;
    for (uint64_t i = 0; i < 400; i++) {
        other->now_ns += 1;
        assert_int_equal(fixture_send_move(other, &receipt, fixture_account(C_EXTERNAL),
                                           fixture_account(C_CUSTODY_A), 1 + i,
                                           TJ_CUSTOMER_DEPOSIT),
                         TIJORI_OK);
    }
    tamper_sign(other, 0);
    assert_int_equal(tamper_export(other, &done, w->folder, false), TIJORI_FORK);
    snprintf(folder, sizeof folder, "%s-export", other->dir);
    assert_int_equal(tamper_export(other, &done, folder, false), TIJORI_OK);
    remove_folder(folder);
    fixture_destroy(other);
    free(other);
    uint64_t entries;
    restricted_bodies(&entries);
    audit(entries, 0);
}

static int setup(void **state)
{
    (void)state;
    w = calloc(1, sizeof *w);
    before = calloc(1, sizeof *before);
    after = calloc(1, sizeof *after);
    assert_true(w != NULL && before != NULL && after != NULL);
    w->history.f = &w->f;
    fixture_parties(&w->f);
    tamper_pins(w);
    snprintf(w->folder, sizeof w->folder, "%s-export", w->f.dir);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    remove_folder(w->folder);
    exported_free(&before->files);
    exported_free(&after->files);
    free(before);
    free(after);
    fixture_destroy(&w->f);
    free(w);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_export_goes_on),
        cmocka_unit_test(an_export_that_was_cut_short),
        cmocka_unit_test(what_is_damaged_is_written_again),
        cmocka_unit_test(a_folder_of_another_log),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
