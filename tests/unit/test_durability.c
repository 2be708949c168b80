/* What is acknowledged stays, whole and the same: I1, I4, I5; crashes, full disks and maps, failing
 * disks, other processes. (Kills at random moments: test_kill. Every mixture of blocks: test_redo.
 * Any number of threads, any schedule: test_schedule.) */

#include "history_support.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "storage/store_write.h"

/* ---- a disk that fails: these stand in front of the C library's, for LMDB's library as well ----
 */

enum { FAULT_NONE, FAULT_SYNC, FAULT_META };
static atomic_int fault;

#define IN_FRONT __attribute__((visibility("default")))

IN_FRONT int fdatasync(int fd)
{
    if (atomic_load(&fault) == FAULT_SYNC) {
        errno = EIO;
        return -1;
    }
    return (int)syscall(SYS_fdatasync, fd);
}

/* LMDB writes its meta page by a small pwrite into the first two pages, after the data's sync. */
IN_FRONT ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    if (atomic_load(&fault) == FAULT_META && at < 2 * 4096) {
        errno = EIO;
        return -1;
    }
    return (ssize_t)syscall(SYS_pwrite64, fd, bytes, size, at);
}

/* ---- scaffolding ---- */

struct world {
    struct fixture f;
    struct history history;
    char copy[300]; /* a place for a copy of the directory */
};

static struct world *new_world(void)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->history.f = &w->f;
    return w;
}

static struct world *new_parties(uint32_t threads)
{
    struct world *w = new_world();
    w->f.threads = threads;
    fixture_parties(&w->f);
    snprintf(w->copy, sizeof w->copy, "%s-copy", w->f.dir);
    return w;
}

static void end_world(struct world *w)
{
    fixture_destroy(&w->f);
    free(w);
}

static void assert_hash_equal(const struct tj_hash *a, const struct tj_hash *b)
{
    assert_memory_equal(a->bytes, b->bytes, TJ_HASH_SIZE);
}

/* ---- I4 ---- */

static void i4_replay_with_1_and_8_threads_gives_the_same_state(void **state)
{
    (void)state;
    struct world *w = new_parties(1);
    struct tj_hash live;
    struct tijori_head head;
    history_every_kind(&w->history);
    digest_live(&w->f, &live);
    tijori_head(w->f.ledger, &head);
    fixture_close(&w->f);
    for (uint32_t threads = 1; threads <= 8; threads += 7) {
        struct tj_replay_report report;
        fixture_audit(&w->f, threads, &report);
        must_pass(&report);
        assert_int_equal(report.entries, head.size);
        assert_hash_equal(&report.state_digest, &live);
        assert_memory_equal(report.leaf.bytes, head.leaf, TJ_HASH_SIZE);
        assert_memory_equal(report.root.bytes, head.root, TJ_HASH_SIZE);
    }
    end_world(w);
}

static void digest_at_the_end(struct fixture *f, struct tj_hash *out)
{
    struct tj_ledger_view view;
    struct tj_state *at;
    assert_int_equal(tj_ledger_view_begin(f->ledger, &view), TIJORI_OK);
    assert_int_equal(tj_snapshot_at(view.txn, view.digester, view.head.size, &at), TIJORI_OK);
    tj_state_digest(at, f->digester.hasher, out);
    tj_state_destroy(at);
    tj_ledger_view_end(f->ledger, &view);
}

static void i4_every_way_of_opening_gives_the_live_state(void **state)
{
    (void)state;
    static const uint64_t redo_max[] = {TJ_REDO_MAX, 40, 1};
    for (size_t i = 0; i < sizeof redo_max / sizeof redo_max[0]; i++) {
        struct world *w = new_parties(2);
        struct tj_hash live;
        struct tj_hash other;
        struct tj_replay_report report;
        tj_ledger_set_redo_max(w->f.ledger, redo_max[i]);
        history_every_kind(&w->history);
        history_marks(&w->history);
        digest_live(&w->f, &live);
        digest_at_the_end(&w->f, &other); /* from the journal alone */
        assert_hash_equal(&other, &live);
        copy_ledger(w->f.dir, w->copy); /* a crash */
        digest_as_opened(w->copy, &w->f.digester, &other);
        assert_hash_equal(&other, &live);
        audit_dir(w->copy, &w->f.genesis.ledger_id, 2, &report);
        must_pass(&report);
        assert_hash_equal(&report.state_digest, &live);
        remove_ledger(w->copy);
        fixture_close(&w->f);
        digest_as_opened(w->f.dir, &w->f.digester, &other);
        assert_hash_equal(&other, &live);
        fixture_open(&w->f); /* and it goes on from there */
        history_moves(&w->history, 3);
        digest_live(&w->f, &live);
        digest_at_the_end(&w->f, &other);
        assert_hash_equal(&other, &live);
        end_world(w);
    }
}

/* ---- I5 ---- */

/* RFC 6962 section 2.1, as it is written there. */
static struct tj_hash naive_root(struct tj_hasher *hasher, const struct tj_hash *leaves, size_t n)
{
    struct tj_hash root;
    uint8_t node[65] = {1};
    size_t k = 1;
    if (n == 1) {
        return leaves[0];
    }
    while (k * 2 < n) {
        k *= 2;
    }
    root = naive_root(hasher, leaves, k);
    memcpy(node + 1, root.bytes, TJ_HASH_SIZE);
    root = naive_root(hasher, leaves + k, n - k);
    memcpy(node + 33, root.bytes, TJ_HASH_SIZE);
    tj_sha256(hasher, &root, node, sizeof node);
    return root;
}

enum { LEAVES_MAX = 128 };

/* Reads the whole log through the public face and holds the head against it. */
static void check_chain_and_root(void *context)
{
    static uint8_t entry[TJ_ENTRY_SIZE_MAX];
    static uint8_t body[1 << 20];
    struct fixture *f = context;
    struct tj_hash leaves[LEAVES_MAX];
    struct tijori_head head;
    tijori_head(f->ledger, &head);
    assert_true(head.size <= LEAVES_MAX);
    for (uint64_t i = 0; i < head.size; i++) {
        struct tijori_entry out = {entry, sizeof entry, body, sizeof body};
        static const uint8_t zero[TJ_HASH_SIZE];
        uint8_t tagged[1 + TJ_ENTRY_SIZE_MAX] = {0};
        assert_int_equal(tijori_entry(f->ledger, &out, i), TIJORI_OK);
        assert_memory_equal(entry + 32, i == 0 ? zero : leaves[i - 1].bytes, TJ_HASH_SIZE);
        memcpy(tagged + 1, entry, out.entry_size);
        tj_sha256(f->digester.hasher, &leaves[i], tagged, 1 + out.entry_size);
    }
    struct tj_hash root = naive_root(f->digester.hasher, leaves, (size_t)head.size);
    assert_memory_equal(head.leaf, leaves[head.size - 1].bytes, TJ_HASH_SIZE);
    assert_memory_equal(head.root, root.bytes, TJ_HASH_SIZE);
    assert_memory_equal(head.ledger_id, leaves[0].bytes, TJ_HASH_SIZE);
}

static void i5_chain_and_rfc6962_root_at_every_size(void **state)
{
    (void)state;
    struct world *w = new_world();
    struct tijori_head head;
    struct log_copy log;
    struct tj_replay_report report;
    fixture_create(&w->f);
    check_chain_and_root(&w->f); /* 2 entries; those of the parties follow in the world below */
    end_world(w);
    w = new_parties(1);
    w->history.after = check_chain_and_root;
    w->history.context = &w->f;
    history_every_kind(&w->history);
    history_moves(&w->history, 8);
    tijori_head(w->f.ledger, &head);
    assert_true(head.size >= 40);
    fixture_close(&w->f);
    /* The sizes on the way of a replay, from 1 on: the root is that of what was reached. */
    log_read(w->f.dir, 0, &log);
    struct tj_hash leaves[LEAVES_MAX];
    size_t whole = log.tables[TJ_J_ENTRIES].count;
    for (size_t n = 1; n <= 40; n++) {
        const struct log_row *row = &log.tables[TJ_J_ENTRIES].rows[n - 1];
        tj_leaf_hash(w->f.digester.hasher, &leaves[n - 1], row->value, row->size);
        struct tj_hash root = naive_root(w->f.digester.hasher, leaves, n);
        log.tables[TJ_J_ENTRIES].count = n;
        log.tables[TJ_J_BODIES].count = n;
        log_write(w->copy, &log);
        audit_dir(w->copy, &w->f.genesis.ledger_id, 1, &report);
        remove_ledger(w->copy);
        assert_int_equal(report.entries, n);
        assert_hash_equal(&report.root, &root);
        assert_true(report.failed); /* the head counts more, and blocks are as of later entries */
    }
    log.tables[TJ_J_ENTRIES].count = whole;
    log.tables[TJ_J_BODIES].count = whole;
    log_free(&log);
    end_world(w);
}

/* ---- full ---- */

/* One envelope of the custodian with that many deposits, kept in f->bytes; not submitted. */
static void prepare_deposits(struct fixture *f, uint16_t lane, uint32_t count)
{
    struct tj_record r = fixture_move(fixture_account(C_EXTERNAL), fixture_account(C_CUSTODY_A), 10,
                                      TJ_CUSTOMER_DEPOSIT);
    f->now_ns += 1000;
    fixture_begin(f, 2, lane);
    for (uint32_t i = 0; i < count; i++) {
        fixture_add(f, &r);
    }
    fixture_sign_as(f, TJ_USE_SIGN, 2, 0);
    fixture_encode(f);
}

static void i1_a_full_map_refuses_and_keeps_what_is_acknowledged(void **state)
{
    (void)state;
    struct world *w = new_world();
    struct tijori_receipt receipt = {0};
    struct tijori_head before;
    struct tijori_head after;
    struct tj_replay_report report;
    struct tj_hash live;
    struct tj_hash reopened;
    w->f.map_size = 6 << 20;
    fixture_parties(&w->f);
    uint64_t accepted = 0;
    while (receipt.status == TIJORI_OK) {
        assert_true(accepted < 1000);
        tijori_head(w->f.ledger, &before);
        prepare_deposits(&w->f, 1, 300);
        fixture_submit(&w->f, &receipt);
        accepted += receipt.status == TIJORI_OK;
    }
    assert_int_equal(receipt.status, TIJORI_FULL);
    assert_true(accepted > 5);
    tijori_head(w->f.ledger, &after);
    assert_memory_equal(&after, &before, sizeof after);
    assert_int_equal(fixture_submit(&w->f, &receipt), TIJORI_FULL); /* and again, no worse */
    assert_int_equal(fixture_balance(&w->f, fixture_account(C_CUSTODY_A)), accepted * 3000);
    digest_live(&w->f, &live);
    fixture_close(&w->f);
    fixture_audit(&w->f, 2, &report);
    must_pass(&report);
    fixture_open(&w->f); /* as full as before */
    digest_live(&w->f, &reopened);
    assert_hash_equal(&reopened, &live);
    assert_int_equal(fixture_submit(&w->f, &receipt), TIJORI_FULL);
    fixture_close(&w->f);
    w->f.map_size = 64 << 20;
    fixture_open(&w->f);
    assert_int_equal(fixture_submit(&w->f, &receipt), TIJORI_OK); /* the very bytes */
    assert_int_equal(receipt.entry, before.size);
    assert_int_equal(fixture_balance(&w->f, fixture_account(C_CUSTODY_A)), (accepted + 1) * 3000);
    fixture_close(&w->f);
    fixture_audit(&w->f, 2, &report);
    must_pass(&report);
    end_world(w);
}

static void limit_file_size(rlim_t size)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size < limit.rlim_max ? size : limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Envelopes of several lanes, two parties and different blocks, all to be decided in one group. */
enum { BATCH = 12 };
struct batch {
    uint8_t *bytes[BATCH];
    size_t sizes[BATCH];
    enum tijori_status status[BATCH];
};

static void prepare_batch(struct world *w, uint16_t first_lane, struct batch *batch)
{
    for (uint32_t i = 0; i < BATCH; i++) {
        prepare_deposits(&w->f, (uint16_t)(first_lane + i * 64), 60 + i * 40);
        batch->bytes[i] = malloc(w->f.size);
        assert_non_null(batch->bytes[i]);
        memcpy(batch->bytes[i], w->f.bytes, w->f.size);
        batch->sizes[i] = w->f.size;
    }
}

/* How many were accepted. While the view is held nothing is decided, so they gather in one group
 * (but for the first, which the decider may have taken already). */
static uint32_t submit_batch(struct world *w, struct batch *batch)
{
    struct tj_ledger_view view;
    struct tijori_receipt receipt;
    uint32_t accepted = 0;
    assert_int_equal(tj_ledger_view_begin(w->f.ledger, &view), TIJORI_OK);
    for (uint32_t i = 0; i < BATCH; i++) {
        assert_int_equal(tijori_submit(w->f.ledger, batch->bytes[i], batch->sizes[i], i),
                         TIJORI_OK);
    }
    usleep(20000); /* let the workers verify; the outcome is right whether or not they have */
    tj_ledger_view_end(w->f.ledger, &view);
    for (uint32_t i = 0; i < BATCH; i++) {
        assert_int_equal(tijori_receive(w->f.ledger, &receipt), TIJORI_OK);
        assert_int_equal(receipt.tag, i);
        assert_true(receipt.status == TIJORI_OK || receipt.status == TIJORI_ALREADY ||
                    receipt.status == TIJORI_FULL);
        batch->status[i] = receipt.status;
        accepted += receipt.status == TIJORI_OK;
    }
    return accepted;
}

static void free_batch(struct batch *batch)
{
    for (uint32_t i = 0; i < BATCH; i++) {
        free(batch->bytes[i]);
    }
}

/* The state that a crash now would leave is the live one. */
static void check_crash(struct world *w)
{
    struct tj_hash live;
    struct tj_hash opened;
    struct tj_replay_report report;
    digest_live(&w->f, &live);
    copy_ledger(w->f.dir, w->copy);
    digest_as_opened(w->copy, &w->f.digester, &opened);
    audit_dir(w->copy, &w->f.genesis.ledger_id, 2, &report);
    remove_ledger(w->copy);
    must_pass(&report);
    assert_hash_equal(&opened, &live);
}

/* The room runs out at every place of a group: what was decided and not stored leaves no trace, not
 * even in what the ledger thinks its blocks lack. */
static void i1_a_full_disk_refuses_and_goes_on_when_there_is_room(void **state)
{
    (void)state;
    struct world *w = new_parties(2);
    struct tijori_receipt receipt;
    uint32_t full = 0;
    uint16_t lane = 1;
    char path[300];
    signal(SIGXFSZ, SIG_IGN);
    snprintf(path, sizeof path, "%s/data.mdb", w->f.dir);
    for (uint32_t round = 0; round < 24; round++) {
        struct batch batch;
        struct stat st;
        tj_ledger_set_redo_max(w->f.ledger, 3 + round % 5 * 3); /* shares of all sizes */
        prepare_batch(w, lane++, &batch);
        assert_int_equal(stat(path, &st), 0);
        /* The file is longer than what is in use: the sweep starts before its end. */
        limit_file_size((rlim_t)st.st_size - (1 << 20) + (rlim_t)round * (48 << 10));
        uint32_t accepted = submit_batch(w, &batch);
        full += accepted < BATCH;
        limit_file_size(RLIM_INFINITY);
        check_crash(w);
        /* A small one, whose share of the snapshot takes some of the oldest blocks. */
        fixture_send_move(&w->f, fixture_account(T_MARKET), fixture_account(T_RESERVE_A), 1,
                          TJ_PURCHASE, &receipt);
        assert_int_equal(receipt.status, TIJORI_OK);
        check_crash(w);
        /* The same bytes: those that were in are in, the others are accepted now. */
        assert_int_equal(accepted + submit_batch(w, &batch), BATCH);
        check_crash(w);
        free_batch(&batch);
    }
    print_message("full in %u of 24 rounds\n", full);
    assert_true(full >= 4);
    assert_true(full < 24);
    struct tj_replay_report report;
    fixture_close(&w->f);
    fixture_audit(&w->f, 2, &report);
    must_pass(&report);
    end_world(w);
}

/* ---- a failing disk ---- */

static void i1_a_failed_commit_stops_writing_and_loses_nothing(void **state)
{
    (void)state;
    for (int kind = FAULT_SYNC; kind <= FAULT_META; kind++) {
        struct world *w = new_parties(1);
        struct tijori_receipt receipt;
        struct tijori_receipt dry;
        struct tijori_head before;
        struct tijori_head after;
        struct tj_replay_report report;
        prepare_deposits(&w->f, 1, 3);
        assert_int_equal(fixture_submit(&w->f, &receipt), TIJORI_OK);
        tijori_head(w->f.ledger, &before);
        prepare_deposits(&w->f, 1, 5);
        atomic_store(&fault, kind);
        enum tijori_status failed = fixture_submit(&w->f, &receipt);
        atomic_store(&fault, FAULT_NONE);
        assert_int_equal(failed, TIJORI_FAILED);
        /* The disk is well again, but what it holds is not known: nothing more is written. */
        assert_int_equal(fixture_submit(&w->f, &receipt), TIJORI_FAILED);
        tijori_head(w->f.ledger, &after);
        assert_memory_equal(&after, &before, sizeof after);
        assert_int_equal(fixture_balance(&w->f, fixture_account(C_CUSTODY_A)), 30);
        assert_int_equal(tijori_dry_run(w->f.ledger, &dry, w->f.bytes, w->f.size), TIJORI_OK);
        fixture_close(&w->f);
        fixture_audit(&w->f, 1, &report);
        must_pass(&report);
        fixture_open(&w->f);
        tijori_head(w->f.ledger, &after);
        assert_true(after.size == before.size || after.size == before.size + 1);
        bool there = after.size > before.size;
        assert_int_equal(fixture_submit(&w->f, &receipt), there ? TIJORI_ALREADY : TIJORI_OK);
        assert_int_equal(receipt.entry, before.size);
        assert_int_equal(fixture_balance(&w->f, fixture_account(C_CUSTODY_A)), 80);
        fixture_close(&w->f);
        fixture_audit(&w->f, 1, &report);
        must_pass(&report);
        end_world(w);
    }
}

/* ---- other processes ---- */

/* Runs `body` in a child; its answer. */
static int in_child(int (*body)(const char *dir), const char *dir)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        alarm(60);
        _exit(body(dir));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int open_to_write(const char *dir)
{
    struct tijori *ledger;
    struct tijori_message message = {""};
    enum tijori_status status = tijori_open(&ledger, &message, dir, TIJORI_WRITE, NULL);
    if (status == TIJORI_OK) {
        tijori_close(ledger);
    } else if (strstr(message.text, dir) == NULL ||
               strstr(message.text, tijori_status_text(status)) == NULL) {
        return 255;
    }
    return (int)status;
}

static int open_to_read(const char *dir)
{
    struct tijori *ledger;
    enum tijori_status status = tijori_open(&ledger, NULL, dir, TIJORI_READ, NULL);
    if (status == TIJORI_OK) {
        tijori_close(ledger);
    }
    return (int)status;
}

static void a_second_writer_is_locked_out_and_readers_are_not(void **state)
{
    (void)state;
    struct world *w = new_parties(1);
    assert_int_equal(in_child(open_to_write, w->f.dir), TIJORI_LOCKED);
    assert_int_equal(in_child(open_to_read, w->f.dir), TIJORI_OK);
    assert_int_equal(open_to_write(w->f.dir), TIJORI_LOCKED);
    fixture_close(&w->f);
    assert_int_equal(in_child(open_to_write, w->f.dir), TIJORI_OK);
    fixture_open(&w->f);
    end_world(w);
}

static void an_unknown_storage_format_says_so(void **state)
{
    (void)state;
    struct world *w = new_parties(1);
    struct tj_store_options options = tj_journal_options(0);
    struct tj_store *store;
    options.format = 77;
    assert_int_equal(tj_store_create(w->copy, &options, &store), TJ_STORAGE_OK);
    tj_store_close(store);
    for (int mode = TIJORI_READ; mode <= TIJORI_WRITE; mode++) {
        struct tijori *ledger = NULL;
        struct tijori_message message;
        assert_int_equal(tijori_open(&ledger, &message, w->copy, (enum tijori_mode)mode, NULL),
                         TIJORI_FORMAT_UNKNOWN);
        assert_null(ledger);
        assert_non_null(strstr(message.text, w->copy));
        assert_non_null(strstr(message.text, "newer software needed"));
        assert_non_null(strstr(message.text, "format 77"));
    }
    remove_ledger(w->copy);
    end_world(w);
}

/* A child that reads until it is killed; says when it has its picture. */
static pid_t start_reader(const char *dir)
{
    int fds[2];
    char ready;
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct tijori *ledger;
        if (tijori_open(&ledger, NULL, dir, TIJORI_READ, NULL) == TIJORI_OK) {
            alarm(60);
            (void)!write(fds[1], "r", 1);
            pause();
        }
        _exit(1);
    }
    close(fds[1]);
    assert_int_equal(read(fds[0], &ready, 1), 1);
    close(fds[0]);
    return child;
}

static void kill_reader(pid_t reader)
{
    assert_int_equal(kill(reader, SIGKILL), 0);
    assert_int_equal(waitpid(reader, NULL, 0), reader);
}

static int stale_readers(const char *dir)
{
    struct tj_store *store;
    struct tj_store_options options = tj_journal_options(0);
    assert_int_equal(tj_store_open_read(dir, &options, &store, NULL), TJ_STORAGE_OK);
    int dead = tj_store_clear_stale_readers(store);
    tj_store_close(store);
    return dead;
}

static void opening_to_write_clears_stale_readers(void **state)
{
    (void)state;
    struct world *w = new_parties(1);
    fixture_close(&w->f);
    pid_t living = start_reader(w->f.dir); /* keeps lock.mdb as the dead one leaves it */
    kill_reader(start_reader(w->f.dir));
    assert_int_equal(stale_readers(w->f.dir), 1); /* so a dead one does leave its slot */
    kill_reader(start_reader(w->f.dir));
    fixture_open(&w->f);
    prepare_deposits(&w->f, 1, 3); /* a living reader does not keep the writer from writing */
    struct tijori_receipt receipt;
    assert_int_equal(fixture_submit(&w->f, &receipt), TIJORI_OK);
    fixture_close(&w->f);
    assert_int_equal(stale_readers(w->f.dir), 0);
    kill_reader(living);
    fixture_open(&w->f);
    end_world(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(i4_replay_with_1_and_8_threads_gives_the_same_state),
        cmocka_unit_test(i4_every_way_of_opening_gives_the_live_state),
        cmocka_unit_test(i5_chain_and_rfc6962_root_at_every_size),
        cmocka_unit_test(i1_a_full_map_refuses_and_keeps_what_is_acknowledged),
        cmocka_unit_test(i1_a_full_disk_refuses_and_goes_on_when_there_is_room),
        cmocka_unit_test(i1_a_failed_commit_stops_writing_and_loses_nothing),
        cmocka_unit_test(a_second_writer_is_locked_out_and_readers_are_not),
        cmocka_unit_test(an_unknown_storage_format_says_so),
        cmocka_unit_test(opening_to_write_clears_stale_readers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
