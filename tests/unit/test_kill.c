/* I1 and I8 against SIGKILL: a writer is killed at random moments and the ledger opened again, many
 * times. Everything acknowledged is in the log exactly once, nothing is there twice, what was
 * acknowledged answers ALREADY with the same entry, and the whole log verifies.
 *
 *     TIJORI_KILL_ROUNDS  kills (50; fewer under a sanitizer); a new ledger every 50
 *     TIJORI_SEED         replays the moments and the choices (the scheduler's part it cannot) */

#include "history_support.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { LANES = 5, IN_FLIGHT = 64, ROUNDS_PER_LEDGER = 50, RESUBMITTED = 12 };

/* xorshift64*: the same numbers everywhere. */
static uint64_t next_random(uint64_t *random)
{
    *random ^= *random >> 12;
    *random ^= *random << 25;
    *random ^= *random >> 27;
    return *random * UINT64_C(2685821657736338717);
}

/* ---- the child: submits without end, and tells each receipt when it has it ---- */

/* One line of the pipe; written whole, being smaller than PIPE_BUF. */
struct acknowledged {
    uint8_t envelope_id[TJ_HASH_SIZE];
    uint8_t leaf[TJ_HASH_SIZE];
    uint64_t entry;
    uint64_t status;
};

/* Where a lane stands in what was submitted, which may be ahead of what was decided. */
struct lane {
    uint32_t party;
    uint16_t number;
    bool restricted;
    uint64_t sequence;
    struct tj_hash previous_id;
};

struct writer {
    struct fixture *f;
    int fd;
    struct lane lanes[LANES];
    pthread_mutex_t mutex;
    pthread_cond_t moved;
    uint64_t submitted;
    uint64_t received;
};

static void *receive(void *context)
{
    struct writer *w = context;
    for (;;) {
        struct tijori_receipt receipt;
        struct acknowledged line = {.entry = 0};
        pthread_mutex_lock(&w->mutex);
        while (w->received == w->submitted) {
            pthread_cond_wait(&w->moved, &w->mutex);
        }
        pthread_mutex_unlock(&w->mutex);
        if (tijori_receive(w->f->ledger, &receipt) != TIJORI_OK) {
            _exit(3);
        }
        memcpy(line.envelope_id, receipt.envelope_id, TJ_HASH_SIZE);
        memcpy(line.leaf, receipt.leaf, TJ_HASH_SIZE);
        line.entry = receipt.entry;
        line.status = receipt.status;
        if (write(w->fd, &line, sizeof line) != (ssize_t)sizeof line) {
            _exit(4);
        }
        pthread_mutex_lock(&w->mutex);
        w->received++;
        pthread_cond_signal(&w->moved);
        pthread_mutex_unlock(&w->mutex);
    }
    return NULL;
}

static void begin_in_lane(struct fixture *f, const struct lane *lane)
{
    fixture_begin(f, lane->party, lane->number);
    f->header.sequence = lane->sequence + 1;
    f->header.previous_id = lane->previous_id;
    f->header.flags = lane->restricted ? TJ_FLAG_RESTRICTED : 0;
}

/* Envelopes of 1 to 400 records, mostly small. */
static void fill(struct fixture *f, uint64_t *random, const struct lane *lane)
{
    uint64_t size = next_random(random) % 16;
    size = size == 0 ? 1 + next_random(random) % 400 : 1 + size % 4;
    for (uint64_t i = 0; i < size; i++) {
        uint64_t amount = 1 + next_random(random) % 9;
        struct tj_record r =
            lane->party == 1
                ? fixture_move(fixture_account(T_MARKET), fixture_account(T_RESERVE_A), amount,
                               TJ_PURCHASE)
                : fixture_move(fixture_account(C_EXTERNAL), fixture_account(C_CUSTODY_A), amount,
                               TJ_CUSTOMER_DEPOSIT);
        r.kind = next_random(random) % 8 == 0 ? TJ_PENDING : TJ_MOVE;
        if (i == 0) { /* no two envelopes of a seed are the same */
            snprintf(r.reference, sizeof r.reference, "%08x", (unsigned)next_random(random));
        }
        fixture_add(f, &r);
    }
}

static void submit_next(struct writer *w, uint64_t *random)
{
    struct fixture *f = w->f;
    struct lane *lane = &w->lanes[next_random(random) % LANES];
    begin_in_lane(f, lane);
    fill(f, random, lane);
    for (uint32_t k = 0; k < (lane->party == 1 ? 2u : 1u); k++) {
        fixture_sign_as(f, TJ_USE_SIGN, lane->party, k);
    }
    fixture_encode(f);
    fixture_seal(f, &lane->previous_id);
    lane->sequence++;
    pthread_mutex_lock(&w->mutex);
    while (w->submitted - w->received >= IN_FLIGHT) {
        pthread_cond_wait(&w->moved, &w->mutex);
    }
    pthread_mutex_unlock(&w->mutex);
    if (tijori_submit(f->ledger, f->bytes, f->size, 0) != TIJORI_OK) {
        _exit(5);
    }
    pthread_mutex_lock(&w->mutex);
    w->submitted++;
    pthread_cond_broadcast(&w->moved);
    pthread_mutex_unlock(&w->mutex);
}

static void write_until_killed(struct fixture *f, int fd, uint64_t random)
{
    static const struct lane lanes[LANES] = {
        {.party = 1, .number = 1},
        {.party = 1, .number = 2},
        {.party = 2, .number = 1},
        {.party = 2, .number = 2, .restricted = true},
        {.party = 2, .number = 130, .restricted = true},
    };
    static struct writer w = {.mutex = PTHREAD_MUTEX_INITIALIZER,
                              .moved = PTHREAD_COND_INITIALIZER};
    pthread_t receiver;
    alarm(120); /* should the parent be gone */
    w.f = f;
    w.fd = fd;
    memcpy(w.lanes, lanes, sizeof lanes);
    fixture_open(f);
    /* Shares of the snapshot of all sizes ride along with the commits. */
    tj_ledger_set_redo_max(f->ledger, UINT64_C(1) << (next_random(&random) % 16));
    for (size_t i = 0; i < LANES; i++) {
        fixture_begin(f, lanes[i].party, lanes[i].number);
        w.lanes[i].sequence = f->header.sequence - 1;
        w.lanes[i].previous_id = f->header.previous_id;
    }
    if (pthread_create(&receiver, NULL, receive, &w) != 0) {
        _exit(6);
    }
    for (;;) {
        submit_next(&w, &random);
    }
}

/* ---- the parent ---- */

struct acknowledgements {
    struct acknowledged *lines;
    size_t count;
    size_t capacity;
};

struct entry_id {
    struct tj_hash id;
    uint64_t entry;
};

struct torture {
    struct fixture f;
    uint64_t random;
    struct acknowledgements acknowledged; /* on this ledger, since it was made */
    struct tj_hash *leaves;               /* of its entries, as they were at the last opening */
    uint64_t size;
    uint64_t restored; /* entries that were durable without a receipt having been read */
};

static void keep(struct acknowledgements *all, const struct acknowledged *line)
{
    if (all->count == all->capacity) {
        all->capacity = all->capacity * 2 + 1024;
        all->lines = realloc(all->lines, all->capacity * sizeof *all->lines);
        assert_non_null(all->lines);
    }
    all->lines[all->count++] = *line;
}

/* What is in the pipe, waiting at most `wait_ms` for the first; false at its end. */
static bool drain(struct acknowledgements *all, int fd, int wait_ms)
{
    struct acknowledged line;
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    while (poll(&poll_fd, 1, wait_ms) > 0) {
        size_t got = 0;
        while (got < sizeof line) {
            ssize_t n = read(fd, (uint8_t *)&line + got, sizeof line - got);
            if (n < 0 && errno == EINTR) {
                continue;
            }
            if (n <= 0) {
                assert_int_equal(got, 0);
                return false;
            }
            got += (size_t)n;
        }
        if (line.status != TIJORI_OK) {
            fail_msg("the writer was refused: %s",
                     tijori_status_name((enum tijori_status)line.status));
        }
        keep(all, &line);
        wait_ms = 0;
    }
    return true;
}

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

static void kill_a_writer(struct torture *t)
{
    int fds[2];
    /* Some are killed while they open, most in the 150 ms after their first receipt. */
    bool opening = next_random(&t->random) % 8 == 0;
    uint64_t after_ns = next_random(&t->random) % (opening ? 10000000 : 150000000);
    uint64_t seed = next_random(&t->random) | 1;
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(fds[0]);
        write_until_killed(&t->f, fds[1], seed);
    }
    close(fds[1]);
    bool lives = opening || drain(&t->acknowledged, fds[0], 60000);
    uint64_t end = now_ns() + after_ns;
    while (lives && now_ns() < end) {
        lives = drain(&t->acknowledged, fds[0], 1);
    }
    assert_int_equal(kill(child, SIGKILL), 0);
    while (drain(&t->acknowledged, fds[0], -1)) {
    }
    close(fds[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) {
        fail_msg("the writer ended by itself: status %x", (unsigned)status);
    }
}

static int by_id(const void *a, const void *b)
{
    return memcmp(((const struct entry_id *)a)->id.bytes, ((const struct entry_id *)b)->id.bytes,
                  TJ_HASH_SIZE);
}

/* Every envelope id of the log, sorted. Entries seen at an earlier opening are the same still. */
static struct entry_id *read_ids(struct torture *t, const struct log_copy *log)
{
    const struct log_table *entries = &log->tables[TJ_J_ENTRIES];
    struct entry_id *ids = calloc(entries->count, sizeof *ids);
    assert_non_null(ids);
    assert_true(entries->count >= t->size);
    t->leaves = realloc(t->leaves, entries->count * sizeof *t->leaves);
    assert_non_null(t->leaves);
    for (size_t i = 0; i < entries->count; i++) {
        struct tj_hash leaf;
        const struct log_row *row = &entries->rows[i];
        tj_leaf_hash(t->f.digester.hasher, &leaf, row->value, row->size);
        if (i < t->size) {
            assert_memory_equal(leaf.bytes, t->leaves[i].bytes, TJ_HASH_SIZE);
        }
        t->leaves[i] = leaf;
        tj_envelope_id(&t->f.digester, &ids[i].id, row->value + 64);
        ids[i].entry = i;
    }
    t->size = entries->count;
    qsort(ids, entries->count, sizeof *ids, by_id);
    return ids;
}

static void check_acknowledged(struct torture *t, const struct log_copy *log)
{
    struct entry_id *ids = read_ids(t, log);
    for (uint64_t i = 1; i < t->size; i++) {
        assert_true(by_id(&ids[i - 1], &ids[i]) != 0); /* none twice */
    }
    for (size_t i = 0; i < t->acknowledged.count; i++) {
        const struct acknowledged *line = &t->acknowledged.lines[i];
        struct entry_id wanted;
        memcpy(wanted.id.bytes, line->envelope_id, TJ_HASH_SIZE);
        const struct entry_id *found = bsearch(&wanted, ids, t->size, sizeof wanted, by_id);
        if (found == NULL || found->entry != line->entry) {
            fail_msg("receipt %zu: entry %llu was acknowledged and is lost", i,
                     (unsigned long long)line->entry);
        }
        assert_memory_equal(line->leaf, t->leaves[line->entry].bytes, TJ_HASH_SIZE);
    }
    free(ids);
}

/* The ledger goes on: what was acknowledged answers ALREADY, and so does the newest entry, whether
 * or not its receipt was read. */
static void check_resubmitted(struct torture *t, const struct log_copy *log)
{
    fixture_open(&t->f);
    for (uint32_t i = 0; i < RESUBMITTED && t->size > 2; i++) {
        struct tijori_receipt receipt;
        size_t size;
        uint64_t entry = t->size - 1;
        if (i > 0 && t->acknowledged.count > 0) {
            uint64_t line = t->acknowledged.count - 1;
            line -= next_random(&t->random) % (i % 2 == 0 ? line + 1 : line % 40 + 1);
            entry = t->acknowledged.lines[line].entry;
        }
        uint8_t *bytes = envelope_of(log, &size, entry);
        assert_int_equal(tijori_submit(t->f.ledger, bytes, size, i), TIJORI_OK);
        free(bytes);
        assert_int_equal(tijori_receive(t->f.ledger, &receipt), TIJORI_OK);
        assert_int_equal(receipt.status, TIJORI_ALREADY);
        assert_int_equal(receipt.entry, entry);
        assert_memory_equal(receipt.leaf, t->leaves[entry].bytes, TJ_HASH_SIZE);
    }
    fixture_close(&t->f);
}

static void one_round(struct torture *t)
{
    struct log_copy log;
    struct tj_replay_report report;
    uint64_t before = t->size;
    size_t told = t->acknowledged.count;
    kill_a_writer(t);
    /* First as the crash left it: opened by nobody, blocks of many ages. */
    fixture_audit(&t->f, &report, 2);
    must_pass(&report);
    log_read(&log, t->f.dir, 0);
    check_acknowledged(t, &log);
    t->restored += t->size - before - (t->acknowledged.count - told);
    check_resubmitted(t, &log);
    log_free(&log);
}

static void new_ledger(struct torture *t)
{
    fixture_parties(&t->f);
    struct tijori_head head;
    tijori_head(t->f.ledger, &head);
    fixture_close(&t->f);
    t->acknowledged.count = 0;
    t->size = 0;
    struct log_copy log;
    log_read(&log, t->f.dir, 0);
    free(read_ids(t, &log));
    log_free(&log);
    assert_int_equal(t->size, head.size);
}

static void end_ledger(struct torture *t)
{
    struct tj_replay_report report;
    fixture_audit(&t->f, &report, 2);
    must_pass(&report);
    fixture_open(&t->f);
    fixture_destroy(&t->f);
}

static uint64_t default_rounds(void)
{
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
    return 10;
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    return 10;
#else
    return 50;
#endif
#else
    return 50;
#endif
}

static void i1_nothing_acknowledged_is_lost_or_doubled_by_kills(void **state)
{
    (void)state;
    struct torture *t = calloc(1, sizeof *t);
    uint64_t rounds = number_from_env("TIJORI_KILL_ROUNDS", default_rounds());
    uint64_t seed = number_from_env("TIJORI_SEED", (uint64_t)time(NULL));
    uint64_t told = 0;
    uint64_t entries = 0;
    assert_non_null(t);
    t->random = seed * 2 + 1;
    print_message("TIJORI_SEED=%llu TIJORI_KILL_ROUNDS=%llu\n", (unsigned long long)seed,
                  (unsigned long long)rounds);
    for (uint64_t round = 0; round < rounds; round++) {
        if (round % ROUNDS_PER_LEDGER == 0) {
            new_ledger(t);
        }
        one_round(t);
        if ((round + 1) % ROUNDS_PER_LEDGER == 0 || round + 1 == rounds) {
            told += t->acknowledged.count;
            entries += t->size;
            end_ledger(t);
        }
    }
    print_message(
        "%llu kills: %llu acknowledged, %llu entries, %llu durable before they were told; "
        "none lost, none twice\n",
        (unsigned long long)rounds, (unsigned long long)told, (unsigned long long)entries,
        (unsigned long long)t->restored);
    assert_true(rounds < 10 || told > 0);
    free(t->acknowledged.lines);
    free(t->leaves);
    free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(i1_nothing_acknowledged_is_lost_or_doubled_by_kills),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
