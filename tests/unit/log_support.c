#include "log_support.h"

#include "core/base/status.h"

#include <inttypes.h>
#include <string.h>

struct test_log test_log(const char *origin, unsigned seed)
{
    struct test_log log = {.origin = origin, .fork = TEST_LOG_HONEST};
    memset(log.secret32, (int)seed, sizeof log.secret32);
    return log;
}

static struct tj_verifier_key key_of(const char *name, uint8_t type, const uint8_t secret32[32])
{
    struct tj_public_key public;
    struct tj_verifier_key key;
    TIJORI_REQUIRE(tj_public_key_of(&public, TJ_ALGORITHM_ED25519, secret32));
    tj_verifier_key_make(&key, name, type, public.bytes);
    return key;
}

struct tj_verifier_key test_log_key(const struct test_log *log)
{
    return key_of(log->origin, TJ_NOTE_TYPE_ED25519, log->secret32);
}

struct tj_verifier_key test_witness_key(const char *name, const uint8_t secret32[32])
{
    return key_of(name, TJ_NOTE_TYPE_COSIGNATURE, secret32);
}

static bool leaf(void *context, struct tj_hash *out, unsigned level, uint64_t number)
{
    const struct test_log *log = context;
    char text[64];
    int size = snprintf(text, sizeof text, "%s %" PRIu64, number >= log->fork ? "forged" : "entry",
                        number);
    struct tj_hasher *hasher = tj_hasher_create();
    tj_leaf_hash(hasher, out, text, (size_t)size);
    tj_hasher_destroy(hasher);
    return level == 0; /* a tree of less than 256 leaves has no other nodes */
}

static struct tj_node_reader reader_of(struct test_log *log)
{
    return (struct tj_node_reader){.context = log, .node = leaf};
}

struct tj_hash test_log_root(const struct test_log *log, uint64_t size)
{
    struct test_log copy = *log;
    const struct tj_node_reader reader = reader_of(&copy);
    struct tj_hasher *hasher = tj_hasher_create();
    struct tj_hash root;
    TIJORI_REQUIRE(size <= TEST_LOG_SIZE_MAX && tj_tile_root(hasher, &root, &reader, size));
    tj_hasher_destroy(hasher);
    return root;
}

size_t test_log_checkpoint(const struct test_log *log, char *out, uint64_t size)
{
    struct tj_checkpoint checkpoint = {.size = size, .root = test_log_root(log, size)};
    snprintf(checkpoint.origin, sizeof checkpoint.origin, "%s", log->origin);
    size_t written = tj_checkpoint_sign(out, TJ_CHECKPOINT_NOTE_MAX, &checkpoint, log->secret32);
    TIJORI_REQUIRE(written > 0);
    return written;
}

size_t test_log_proof(const struct test_log *log, struct tj_hash proof[TJ_PROOF_HASHES_MAX],
                      uint64_t old, uint64_t size)
{
    struct test_log copy = *log;
    const struct tj_node_reader reader = reader_of(&copy);
    size_t count = 0;
    if (old == 0 || old >= size) {
        return 0;
    }
    struct tj_hasher *hasher = tj_hasher_create();
    TIJORI_REQUIRE(tj_prove_consistency(hasher, proof, &count, &reader, old, size));
    tj_hasher_destroy(hasher);
    return count;
}

size_t test_log_request(const struct test_log *log, char *out, uint64_t old, uint64_t size)
{
    char note[TJ_CHECKPOINT_NOTE_MAX];
    struct tj_hash proof[TJ_PROOF_HASHES_MAX];
    const size_t note_size = test_log_checkpoint(log, note, size);
    const size_t count = test_log_proof(log, proof, old, size);
    size_t written =
        tj_witness_request_encode(out, TJ_WITNESS_REQUEST_MAX, old, proof, count, note, note_size);
    TIJORI_REQUIRE(written > 0);
    return written;
}
