#ifndef TIJORI_TESTS_STORY_H
#define TIJORI_TESTS_STORY_H

/* What the files of stories share. A story is steps on a ledger; it is played twice, the second
 * time with the ledger closed and opened before each envelope, and after it an auditor's replay
 * gives the same state. Included by one file a program, which says in which world its stories
 * begin. */

#include "rules_support.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define A(party, local) ((uint64_t)(party) << 32 | (local))
#define ALL(party)      A(party, TJ_LOCAL_ALL)
#define S               UINT64_C(1000000000)
#define DAY             (86400 * S)
#define PLAY(...)                                                                                  \
    do {                                                                                           \
        static const struct rules_step steps[] = {__VA_ARGS__};                                    \
        RULES_PLAY(f, steps);                                                                      \
    } while (0)
/* A function is a story: both ways, in a table of tests. */
#define TEST(name)                                                                                 \
    {#name, name, setup, teardown, NULL},                                                          \
    {                                                                                              \
#name ", reopening", name, setup_reopening, teardown, NULL                                 \
    }

static struct fixture *f;

/* The including file's: sets f. Answers 0. */
static int world(bool reopens);

static int setup(void **state)
{
    (void)state;
    return world(false);
}

static int setup_reopening(void **state)
{
    (void)state;
    return world(true);
}

static int teardown(void **state)
{
    (void)state;
    rules_check_replay(f);
    rules_end(f);
    return 0;
}

#endif
