#ifndef TIJORI_TESTS_LOG_SUPPORT_H
#define TIJORI_TESTS_LOG_SUPPORT_H

/* A log for tests of those who read one: any number of entries up to TEST_LOG_SIZE_MAX, and a
 * second history that departs from it. */

#include "core/exchange/witness_request.h"

#include <stdbool.h>

enum { TEST_LOG_SIZE_MAX = 255, TEST_LOG_HONEST = UINT8_MAX };

struct test_log {
    const char *origin;
    uint8_t secret32[32];
    unsigned fork; /* the first entry that is another; TEST_LOG_HONEST: none */
};

/* A log whose key follows from `seed`. */
struct test_log test_log(const char *origin, unsigned seed);

struct tj_verifier_key test_log_key(const struct test_log *log);
struct tj_hash test_log_root(const struct test_log *log, uint64_t size);
/* The checkpoint; its size. `out` takes TJ_CHECKPOINT_NOTE_MAX. */
size_t test_log_checkpoint(const struct test_log *log, char *out, uint64_t size);
/* Hashes that prove old -> size, none when either is 0. */
size_t test_log_proof(const struct test_log *log, struct tj_hash proof[TJ_PROOF_HASHES_MAX],
                      uint64_t old, uint64_t size);
/* A request with its proof; its size. `out` takes TJ_WITNESS_REQUEST_MAX. */
size_t test_log_request(const struct test_log *log, char *out, uint64_t old, uint64_t size);

/* A verifier key of type 0x04. */
struct tj_verifier_key test_witness_key(const char *name, const uint8_t secret32[32]);

#endif
