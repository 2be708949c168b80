/* An audit for which memory is not there, once at each place where it asks for some: the answer is
 * MEMORY, and never a verdict about the log. What the log decides the size of must not abort. */

#include "core/audit/replay.h"
#include "rules_support.h"
#include "tamper_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { DAY_0 = FIXTURE_CREATED_S / 86400, PLACES_MAX = 5000 };

/* ---- memory that is not there: the linker puts these in the place of the C library's ---- */

void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static uint64_t asked;
static uint64_t refused_at; /* 0: never */

static bool refuses(void)
{
    return refused_at != 0 && __atomic_add_fetch(&asked, 1, __ATOMIC_RELAXED) == refused_at;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return refuses() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return refuses() ? NULL : __real_realloc(old, size);
}

/* ---- one audit, in a process of its own ---- */

static struct fixture *world;
static char folder[300];

enum { DONE = 40, NO_MEMORY, WRONG_STATUS, SILENT, BLAMED };

static enum tijori_status open_source(struct tj_source **source, bool is_folder)
{
    struct tj_source_message what;
    if (is_folder) {
        return tj_source_open_folder(source, &what, folder);
    }
    return tj_source_open_ledger(source, NULL, world->dir);
}

/* How an audit ended in which the n-th request for memory was refused. */
static int audit_without(uint64_t n, bool is_folder, bool with_period)
{
    struct tj_source *source = NULL;
    struct tj_period *period = NULL;
    struct tj_replay_report report;
    asked = 0;
    refused_at = n;
    enum tijori_status status = open_source(&source, is_folder);
    if (status == TIJORI_OK && with_period) {
        period = tj_period_create(DAY_0, DAY_0 + 1);
        status = period != NULL ? TIJORI_OK : TIJORI_MEMORY;
    }
    if (status == TIJORI_OK) {
        const struct tj_replay_options options = {.threads = 1, .period = period};
        status = tj_replay(source, &report, NULL, &options);
    }
    bool refused = asked >= n;
    refused_at = 0;
    if (status == TIJORI_MEMORY) {
        return NO_MEMORY;
    }
    if (status != TIJORI_OK) {
        return WRONG_STATUS;
    }
    if (report.failed) {
        return BLAMED;
    }
    return refused ? SILENT : DONE;
}

/* In a child, since what hashes aborts (crypto/hash.h): what it says then is read. */
static int audit_apart(char said[1000], uint64_t n, bool is_folder, bool with_period)
{
    int pipes[2];
    int state = 0;
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(pipes[1], STDERR_FILENO);
        _exit(audit_without(n, is_folder, with_period));
    }
    close(pipes[1]);
    ssize_t size = read(pipes[0], said, 999);
    said[size > 0 ? size : 0] = '\0';
    close(pipes[0]);
    assert_int_equal(waitpid(child, &state, 0), child);
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

static void every_place(bool is_folder, bool with_period)
{
    char said[1000];
    uint64_t answered = 0;
    for (uint64_t n = 1; n < PLACES_MAX; n++) {
        int end = audit_apart(said, n, is_folder, with_period);
        if (end == DONE) {
            assert_true(answered > 10);
            return;
        }
        bool hashing = end == -1 && strstr(said, "crypto/hash.c") != NULL;
        if (end != NO_MEMORY && !hashing) {
            fail_msg("request %llu: ended with %d: %s", (unsigned long long)n, end, said);
        }
        answered += end == NO_MEMORY;
    }
    fail_msg("an audit asks for memory all the time");
}

/* ---- the tests ---- */

static void move(uint8_t kind, enum fixture_account from, enum fixture_account to, uint64_t amount,
                 uint8_t purpose)
{
    struct tj_record r = fixture_move(fixture_account(from), fixture_account(to), amount, purpose);
    r.kind = kind;
    world->now_ns++;
    rules_accept_one(world, tj_account_party(r.from), 1, &r);
}

static int set_up(void **state)
{
    (void)state;
    world = rules_world(false);
    move(TJ_MOVE, T_MARKET, T_RESERVE_A, 1000, TJ_PURCHASE);
    move(TJ_MOVE, C_EXTERNAL, C_CUSTODY_A, 500, TJ_CUSTOMER_DEPOSIT);
    move(TJ_PENDING, T_RESERVE_A, T_MARKET, 7, TJ_SALE);
    tamper_sign(world, 0);
    snprintf(folder, sizeof folder, "%s-export", world->dir);
    assert_int_equal(tamper_export(world, NULL, folder, false), TIJORI_OK);
    fixture_close(world);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_folder(folder);
    fixture_open(world);
    rules_end(world);
    return 0;
}

static void a_folder(void **state)
{
    (void)state;
    every_place(true, false);
    every_place(true, true);
}

static void a_ledger(void **state)
{
    (void)state;
    every_place(false, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_ledger, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
