#include "tamper_support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

const char *const tampered_kind_names[TAMPERED_KINDS] = {
    "checkpoint", "checkpoints/", "tile/entries/", "tile/L/",
    "body/",      "attachment/",  "FORMAT.md",     "kind"};
const char *const outcome_names[OUTCOMES] = {"passed", "noted", "incomplete", "failed", "refused"};

/* ---- keys ---- */

void witness_secret(uint8_t secret32[32], unsigned witness)
{
    memset(secret32, 0xa0 + (int)witness, 32);
}

static struct tj_verifier_key key_named(const char *name, uint8_t type, const uint8_t secret32[32])
{
    struct tj_public_key public;
    struct tj_verifier_key key;
    assert_true(tj_public_key_of(&public, TJ_ALGORITHM_ED25519, secret32));
    tj_verifier_key_make(&key, name, type, public.bytes);
    return key;
}

static void witness_name(char out[64], unsigned witness)
{
    snprintf(out, 64, "witness-%u.example/replayed", witness);
}

void tamper_pins(struct tamper_world *w)
{
    static const char name[] = "test.example/tijori/";
    char origin[sizeof name + 64];
    char text[4096];
    char vkey[512];
    uint8_t secret32[32];
    struct tj_policy_error error;
    int at = 0;
    memcpy(origin, name, sizeof name);
    for (size_t i = 0; i < TJ_HASH_SIZE; i++) {
        snprintf(origin + sizeof name - 1 + 2 * i, 3, "%02x", w->f.genesis.ledger_id.bytes[i]);
    }
    for (uint32_t k = 0; k < 3; k++) {
        fixture_log_secret(secret32, k);
        w->log_keys[k] = key_named(origin, TJ_NOTE_TYPE_ED25519, secret32);
    }
    for (unsigned i = 0; i < TAMPER_WITNESSES; i++) {
        char witness[64];
        witness_name(witness, i);
        witness_secret(secret32, i);
        const struct tj_verifier_key key = key_named(witness, TJ_NOTE_TYPE_COSIGNATURE, secret32);
        assert_true(tj_verifier_key_encode(&key, vkey, sizeof vkey));
        at += snprintf(text + at, sizeof text - (size_t)at, "witness w%u %s\n", i, vkey);
    }
    at += snprintf(text + at, sizeof text - (size_t)at, "group both all w0 w1\nquorum both\n");
    assert_true(tj_policy_decode(&w->policy, &error, text, (size_t)at));
    w->pins = (struct tj_pins){.log_key = &w->log_keys[0], .policy = &w->policy};
}

/* ---- signing and exporting ---- */

static void sign_into(struct fixture *f, char *note, size_t *size, uint32_t number)
{
    uint8_t secret32[32];
    fixture_log_secret(secret32, number);
    *size = TIJORI_NOTE_MAX;
    assert_int_equal(tijori_checkpoint(f->ledger, note, size, secret32), TIJORI_OK);
}

void tamper_sign(struct fixture *f, uint32_t number)
{
    static char note[TIJORI_NOTE_MAX];
    size_t size;
    sign_into(f, note, &size, number);
}

size_t tamper_cosigned(struct fixture *f, char note[TIJORI_NOTE_MAX], uint32_t number,
                       unsigned count, const uint64_t times_s[TAMPER_WITNESSES])
{
    struct tj_note_view view;
    size_t size;
    sign_into(f, note, &size, number);
    assert_true(tj_note_decode(&view, note, size));
    size_t text_size = view.text_size;
    for (unsigned i = 0; i < count; i++) {
        char name[64];
        uint8_t secret32[32];
        witness_name(name, i);
        witness_secret(secret32, i);
        size_t line = tj_cosign(note + size, TIJORI_NOTE_MAX - size, note, text_size, name,
                                times_s[i], secret32);
        assert_true(line > 0);
        size += line;
    }
    return size;
}

void tamper_cosign(struct fixture *f, uint32_t number, unsigned count,
                   const uint64_t times_s[TAMPER_WITNESSES])
{
    static char note[TIJORI_NOTE_MAX];
    static char merged[TIJORI_NOTE_MAX];
    size_t size = tamper_cosigned(f, note, number, count, times_s);
    size_t merged_size = sizeof merged;
    assert_int_equal(tijori_add_cosignatures(f->ledger, merged, &merged_size, note, size),
                     TIJORI_OK);
    assert_int_equal(merged_size, size);
}

enum tijori_status tamper_export(struct fixture *f, struct tj_export_done *done, const char *out,
                                 bool public)
{
    struct tj_ledger_view view;
    struct tj_stored_checkpoint newest;
    struct tj_export_done unused;
    struct tijori_message said;
    const struct tj_export_order order = {.dir = f->dir,
                                          .out = out,
                                          .kind = public ? TJ_FOLDER_PUBLIC : TJ_FOLDER_FULL,
                                          .change_kind = true,
                                          .attachments = true};
    assert_int_equal(tj_ledger_view_begin(f->ledger, &view), TIJORI_OK);
    assert_int_equal(tj_checkpoint_public(view.txn, &newest), TIJORI_OK);
    enum tijori_status status =
        tj_export(&view, done != NULL ? done : &unused, &newest, &order, &said);
    tj_ledger_view_end(f->ledger, &view);
    return status;
}

/* ---- folders ---- */

static void place(char out[512], const char *folder, const char *path)
{
    int size = snprintf(out, 512, "%s/%s", folder, path);
    assert_true(size > 0 && size < 512);
}

void put_file(const char *folder, const char *path, const void *bytes, size_t size)
{
    char name[512];
    place(name, folder, path);
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    for (char *slash = strchr(name + strlen(folder) + 1, '/'); fd < 0 && slash != NULL;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        assert_true(mkdir(name, 0700) == 0 || errno == EEXIST);
        *slash = '/';
    }
    fd = fd >= 0 ? fd : open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    close(fd);
}

void remove_file(const char *folder, const char *path)
{
    char name[512];
    place(name, folder, path);
    assert_int_equal(unlink(name), 0);
    /* And the folders that are empty without it. */
    for (char *slash = strrchr(name, '/'); slash != NULL && (size_t)(slash - name) > strlen(folder);
         slash = strrchr(name, '/')) {
        *slash = '\0';
        if (rmdir(name) != 0) {
            return;
        }
    }
}

void content_file_path(char out[TAMPER_PATH_MAX], const char *folder,
                       const uint8_t hash[TJ_HASH_SIZE])
{
    int at = snprintf(out, TAMPER_PATH_MAX, "%s/%02x/", folder, hash[0]);
    for (size_t i = 1; i < TJ_HASH_SIZE; i++) {
        at += snprintf(out + at, TAMPER_PATH_MAX - (size_t)at, "%02x", hash[i]);
    }
}

/* Calls `visit` for each file under `path` (relative; "" is the folder), folders after what they
 * hold. */
static void walk(void *context, const char *folder, const char *path,
                 void (*visit)(void *context, const char *path, bool is_folder))
{
    char name[512];
    struct dirent *row;
    place(name, folder, path);
    DIR *directory = opendir(name);
    assert_non_null(directory);
    while ((row = readdir(directory)) != NULL) {
        char below[TAMPER_PATH_MAX + 64];
        struct stat st;
        if (strcmp(row->d_name, ".") == 0 || strcmp(row->d_name, "..") == 0) {
            continue;
        }
        int size = snprintf(below, sizeof below, "%s%s%.100s", path, *path != '\0' ? "/" : "",
                            row->d_name);
        assert_true(size > 0 && (size_t)size < sizeof below);
        place(name, folder, below);
        assert_int_equal(lstat(name, &st), 0);
        if (S_ISDIR(st.st_mode)) {
            walk(context, folder, below, visit);
        }
        visit(context, below, S_ISDIR(st.st_mode));
    }
    closedir(directory);
}

struct reading_all {
    const char *folder;
    struct exported *out;
};

static enum tampered_kind kind_of(struct exported_file *file)
{
    static const struct {
        const char *prefix;
        enum tampered_kind kind;
    } prefixes[] = {
        {"checkpoints/", TAMPERED_CHECKPOINTS},
        {"checkpoint", TAMPERED_CHECKPOINT},
        {"tile/entries/", TAMPERED_BUNDLE},
        {"tile/", TAMPERED_TILE},
        {"body/", TAMPERED_BODY},
        {"attachment/", TAMPERED_ATTACHMENT},
        {"FORMAT.md", TAMPERED_DOCUMENT},
        {"kind", TAMPERED_KIND},
    };
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (strncmp(file->path, prefixes[i].prefix, strlen(prefixes[i].prefix)) == 0) {
            return prefixes[i].kind;
        }
    }
    fail_msg("%s is no file of an export", file->path);
    return TAMPERED_KINDS;
}

static void read_exported(void *context, const char *path, bool is_folder)
{
    struct reading_all *all = context;
    char name[512];
    struct stat st;
    if (is_folder) {
        return;
    }
    assert_true(all->out->count < TAMPER_FILES_MAX && strlen(path) < TAMPER_PATH_MAX);
    struct exported_file *file = &all->out->files[all->out->count++];
    memcpy(file->path, path, strlen(path) + 1);
    file->kind = kind_of(file);
    if (file->kind == TAMPERED_BUNDLE || file->kind == TAMPERED_TILE) {
        assert_true(tj_tile_path_decode(&file->level, &file->number, &file->width, path));
    }
    place(name, all->folder, path);
    int fd = open(name, O_RDONLY);
    assert_true(fd >= 0 && fstat(fd, &st) == 0);
    file->size = (size_t)st.st_size;
    file->bytes = malloc(file->size + 1); /* one more, for those who extend it */
    assert_non_null(file->bytes);
    assert_int_equal(read(fd, file->bytes, file->size), (ssize_t)file->size);
    close(fd);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct exported_file *)a)->path, ((const struct exported_file *)b)->path);
}

void exported_read(struct exported *out, const char *folder)
{
    struct reading_all all = {folder, out};
    memset(out, 0, sizeof *out);
    walk(&all, folder, "", read_exported);
    qsort(out->files, out->count, sizeof out->files[0], by_path);
}

void exported_free(struct exported *exported)
{
    for (size_t i = 0; i < exported->count; i++) {
        free(exported->files[i].bytes);
    }
    exported->count = 0;
}

static void remove_one(void *context, const char *path, bool is_folder)
{
    char name[512];
    place(name, context, path);
    assert_int_equal(is_folder ? rmdir(name) : unlink(name), 0);
}

void remove_folder(const char *folder)
{
    walk((void *)folder, folder, "", remove_one);
    assert_int_equal(rmdir(folder), 0);
}

/* ---- verdicts ---- */

enum outcome audit_source(struct tj_source *source, struct tj_replica *replica,
                          struct tj_replay_report *report, const struct tj_pins *pins,
                          const struct tj_replay_report *untouched)
{
    const struct tj_replay_options options = {.threads = 1, .pins = *pins, .replica = replica};
    assert_int_equal(tj_replay(source, report, NULL, &options), TIJORI_OK);
    tj_report_clear(report);
    tj_source_close(source);
    if (report->failed) {
        return OUTCOME_FAILED;
    }
    for (size_t i = 0; i < TJ_CHECK_COUNT; i++) {
        uint64_t before = untouched != NULL ? untouched->checks[i].skipped : 0;
        if (report->checks[i].skipped > before) {
            return OUTCOME_INCOMPLETE;
        }
    }
    return report->note_count > 0 ? OUTCOME_NOTED : OUTCOME_PASSED;
}

enum outcome audit_folder(struct tj_replica *replica, struct tj_replay_report *report,
                          const char *folder, const struct tj_pins *pins,
                          const struct tj_replay_report *untouched)
{
    struct tj_source *source;
    struct tj_source_message what;
    tj_report_init(report);
    if (!tj_source_is_folder(folder) ||
        tj_source_open_folder(&source, &what, folder) != TIJORI_OK) {
        return OUTCOME_REFUSED;
    }
    return audit_source(source, replica, report, pins, untouched);
}

/* ---- the world ---- */

/* Sizes at which it is cosigned and exported: under log key 0; inside the first tile; shortly
 * before its end; inside the second. And at the end. */
static const uint64_t stops[] = {7, 120, 251, 258};
enum { LAST = 262, KEY_0_UNTIL = 7 };

static void stop_here(struct tamper_world *w)
{
    struct tijori_head head;
    tijori_head(w->f.ledger, &head);
    uint64_t now_s = w->f.now_ns / 1000000000u;
    const uint64_t times_s[TAMPER_WITNESSES] = {now_s + 10, now_s + 20};
    tamper_cosign(&w->f, head.size <= KEY_0_UNTIL ? 0 : 2, TAMPER_WITNESSES, times_s);
    assert_int_equal(tamper_export(&w->f, NULL, w->folder, false), TIJORI_OK);
}

static void after_entry(void *context)
{
    struct tamper_world *w = context;
    struct tijori_head head;
    tijori_head(w->f.ledger, &head);
    for (size_t i = 0; i < sizeof stops / sizeof stops[0]; i++) {
        if (head.size == stops[i]) {
            stop_here(w);
        }
    }
}

static void mark_stale(struct tamper_world *w)
{
    for (size_t i = 0; i < w->exported.count; i++) {
        struct exported_file *file = &w->exported.files[i];
        unsigned height = file->level == TJ_TILE_ENTRIES ? 0 : file->level;
        bool tile = file->kind == TAMPERED_BUNDLE || file->kind == TAMPERED_TILE;
        file->stale = tile && file->width < TJ_TILE_WIDTH &&
                      (file->number != tj_tile_full(w->entries, height) ||
                       file->width != tj_tile_partial(w->entries, height));
    }
}

/* Small moves of the custodian's, one signature each, so that a replay takes no longer than it
 * must; of the same records over and over, so that entries share their bodies. */
static void moves(struct tamper_world *w, uint64_t count)
{
    struct tijori_receipt receipt;
    for (uint64_t i = 0; i < count; i++) {
        struct tj_record r = fixture_move(fixture_account(i % 2 == 0 ? C_CUSTODY_A : C_CUSTODY_B),
                                          fixture_account(i % 2 == 0 ? C_CUSTODY_B : C_CUSTODY_A),
                                          1 + i % 8, TJ_CUSTOMER_TRANSFER);
        w->f.now_ns += UINT64_C(1000000007);
        fixture_begin(&w->f, 2, 1);
        fixture_add(&w->f, &r);
        fixture_sign_as(&w->f, TJ_USE_SIGN, 2, w->history.custodian_key);
        fixture_encode(&w->f);
        assert_int_equal(fixture_submit(&w->f, &receipt), TIJORI_OK);
        after_entry(w);
    }
}

struct tamper_world *tamper_world(void)
{
    struct tamper_world *w = calloc(1, sizeof *w);
    struct tijori_head head;
    assert_non_null(w);
    w->history = (struct history){.f = &w->f, .after = after_entry, .context = w};
    fixture_parties(&w->f);
    snprintf(w->folder, sizeof w->folder, "%s-export", w->f.dir);
    tamper_pins(w);
    history_every_kind(&w->history);
    tijori_head(w->f.ledger, &head);
    moves(w, LAST - head.size);
    stop_here(w);
    fixture_close(&w->f);
    log_read(&w->log, w->f.dir, 0);
    w->entries = w->log.tables[TJ_J_ENTRIES].count;
    assert_int_equal(w->entries, LAST);
    exported_read(&w->exported, w->folder);
    mark_stale(w);
    enum outcome outcome = audit_folder(NULL, &w->untouched, w->folder, &w->pins, NULL);
    if (outcome == OUTCOME_FAILED || outcome == OUTCOME_REFUSED) {
        fail_msg("untouched: %s: %s", outcome_names[outcome], w->untouched.failure);
    }
    return w;
}

void tamper_world_end(struct tamper_world *w)
{
    remove_folder(w->folder);
    exported_free(&w->exported);
    log_free(&w->log);
    fixture_destroy(&w->f);
    free(w);
}
