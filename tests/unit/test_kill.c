/* I1: a writer killed with SIGKILL at random moments, reopened each time: every acknowledged
 * envelope is there, none twice, and the log verifies. The seed is printed; TIJORI_SEED replays it,
 * TIJORI_KILL_ROUNDS sets the number of rounds. */

#include "ledger_support.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { ACKNOWLEDGED_MAX = 1 << 17, LANES = 5 };

struct acknowledged {
    uint8_t envelope_id[32];
    uint64_t entry;
};

static struct acknowledged acknowledged[ACKNOWLEDGED_MAX];
static size_t acknowledged_count;

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

/* The child: submits several envelopes at a time, of one to forty movements, in several lanes,
 * public and restricted, and writes a receipt to the pipe only once it has it. Never returns. */
static void write_until_killed(struct fixture *f, int out, uint64_t seed)
{
    f->ledger = NULL;
    fixture_open(f);
    for (;;) {
        uint32_t group = 1 + (uint32_t)(next_random(&seed) % LANES);
        for (uint32_t lane = 1; lane <= group; lane++) {
            bool custody = next_random(&seed) % 2 == 0;
            uint32_t records = 1 + (uint32_t)(next_random(&seed) % 40);
            fixture_begin(f, custody ? 2 : 1, (uint16_t)(lane + 1));
            f->header.flags = custody && next_random(&seed) % 2 == 0 ? TJ_FLAG_RESTRICTED : 0;
            for (uint32_t i = 0; i < records; i++) {
                struct tj_record r =
                    custody ? fixture_move(fixture_account(C_EXTERNAL),
                                           fixture_account(C_CUSTODY_A), 5, TJ_CUSTOMER_DEPOSIT)
                            : fixture_move(fixture_account(T_MARKET), fixture_account(T_RESERVE_A),
                                           7, TJ_PURCHASE);
                fixture_add(f, &r);
            }
            for (uint32_t k = 0; k < (custody ? 1u : 2u); k++) {
                fixture_sign_as(f, TJ_USE_SIGN, f->header.party, k);
            }
            fixture_encode(f);
            if (tijori_submit(f->ledger, f->bytes, f->size, lane) != TIJORI_OK) {
                _exit(3);
            }
        }
        struct tijori_receipt receipt;
        while (tijori_receive(f->ledger, &receipt) == TIJORI_OK) {
            struct acknowledged line = {.entry = receipt.entry};
            memcpy(line.envelope_id, receipt.envelope_id, 32);
            if (receipt.status != TIJORI_OK ||
                write(out, &line, sizeof line) != (ssize_t)sizeof line) {
                fprintf(stderr, "%s\n", receipt.text);
                _exit(4);
            }
        }
        f->now_ns += 1000000;
    }
}

static void read_acknowledged(int in)
{
    struct acknowledged line;
    while (read(in, &line, sizeof line) == (ssize_t)sizeof line) {
        assert_true(acknowledged_count < ACKNOWLEDGED_MAX);
        acknowledged[acknowledged_count++] = line;
    }
}

static void one_round(struct fixture *f, uint64_t *seed)
{
    int pipes[2];
    int status;
    assert_int_equal(pipe(pipes), 0);
    uint64_t child_seed = next_random(seed);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(pipes[0]);
        write_until_killed(f, pipes[1], child_seed);
    }
    close(pipes[1]);
    /* From before the ledger is open to deep in its work. */
    usleep((useconds_t)(next_random(seed) % 120000));
    kill(child, SIGKILL);
    read_acknowledged(pipes[0]);
    close(pipes[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* What entry holds each envelope id, over the whole log: none twice, all acknowledged where they
 * were said to be. */
static void check_log(struct fixture *f)
{
    struct tj_ledger_view view;
    static uint8_t *ids;
    assert_int_equal(tj_ledger_view_begin(f->ledger, &view), TIJORI_OK);
    ids = realloc(ids, (size_t)view.head.size * TJ_HASH_SIZE);
    assert_non_null(ids);
    for (uint64_t i = 0; i < view.head.size; i++) {
        struct tj_entry_view entry;
        struct tj_hash id;
        assert_int_equal(tj_journal_entry(view.txn, i, &entry), TIJORI_OK);
        tj_envelope_id(view.digester, entry.header_bytes, &id);
        memcpy(ids + i * TJ_HASH_SIZE, id.bytes, TJ_HASH_SIZE);
    }
    for (size_t a = 0; a < acknowledged_count; a++) {
        assert_true(acknowledged[a].entry < view.head.size);
        assert_memory_equal(ids + acknowledged[a].entry * TJ_HASH_SIZE, acknowledged[a].envelope_id,
                            TJ_HASH_SIZE);
    }
    /* Later entries only: the earlier ones were compared in the rounds before. */
    uint64_t recent = view.head.size > 300 ? view.head.size - 300 : 0;
    for (uint64_t i = recent; i < view.head.size; i++) {
        for (uint64_t j = 0; j < i; j++) {
            assert_memory_not_equal(ids + i * TJ_HASH_SIZE, ids + j * TJ_HASH_SIZE, TJ_HASH_SIZE);
        }
    }
    tj_ledger_view_end(f->ledger, &view);
}

/* The last acknowledged envelope, submitted again, gets its first receipt (I8). */
static void check_again(struct fixture *f)
{
    if (acknowledged_count == 0) {
        return;
    }
    static uint8_t entry[TJ_ENTRY_SIZE_MAX];
    static uint8_t body[1 << 16];
    const struct acknowledged *last = &acknowledged[acknowledged_count - 1];
    struct tijori_entry stored = {entry, sizeof entry, body, sizeof body};
    struct tijori_receipt receipt;
    assert_int_equal(tijori_entry(f->ledger, last->entry, &stored), TIJORI_OK);
    size_t records = (size_t)tj_load32(entry + 64 + 12) * TJ_RECORD_SIZE;
    size_t slots = stored.entry_size - TJ_ENTRY_FIXED_SIZE;
    f->size = TJ_HEADER_SIZE + records + slots + 2;
    f->bytes = realloc(f->bytes, f->size);
    assert_non_null(f->bytes);
    memcpy(f->bytes, entry + 64, TJ_HEADER_SIZE);
    memcpy(f->bytes + TJ_HEADER_SIZE, body, records);
    memcpy(f->bytes + TJ_HEADER_SIZE + records, entry + TJ_ENTRY_FIXED_SIZE, slots);
    memset(f->bytes + f->size - 2, 0, 2);
    assert_int_equal(fixture_submit(f, &receipt), TIJORI_ALREADY);
    assert_int_equal(receipt.entry, last->entry);
}

static void i1_a_killed_writer_loses_nothing_it_acknowledged(void **state)
{
    (void)state;
    uint64_t seed = number_from("TIJORI_SEED", (uint64_t)time(NULL));
    uint64_t rounds = number_from("TIJORI_KILL_ROUNDS", 50);
    struct fixture *f = calloc(1, sizeof *f);
    struct tj_replay_report report;
    assert_non_null(f);
    print_message("seed %llu, %llu rounds\n", (unsigned long long)seed, (unsigned long long)rounds);
    fixture_parties(f);
    fixture_close(f);
    for (uint64_t round = 0; round < rounds; round++) {
        one_round(f, &seed);
        /* The child's clock ran ahead of ours. */
        f->now_ns += UINT64_C(3600) * 1000000000;
        fixture_open(f);
        check_log(f);
        check_again(f);
        fixture_close(f);
    }
    fixture_audit(f, 2, &report);
    if (report.failed) {
        fail_msg("entry %llu: %s", (unsigned long long)report.first_entry, report.failure);
    }
    print_message("%zu envelopes acknowledged, %llu entries, none lost, none twice\n",
                  acknowledged_count, (unsigned long long)report.entries);
    assert_true(acknowledged_count > 0);
    fixture_destroy(f);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(i1_a_killed_writer_loses_nothing_it_acknowledged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
