/* tlog-proofs: one that decodes stays inside its bytes and encodes to them. */

#include "crypto/proof.h"

#include <stdlib.h>
#include <string.h>

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    struct tj_tlog_proof proof;
    if (!tj_tlog_proof_decode(&proof, bytes, size)) {
        return 0;
    }
    require(proof.path_count <= TJ_PATH_MAX);
    require(proof.checkpoint_size > 0 && proof.checkpoint + proof.checkpoint_size == bytes + size);
    require(proof.extra == NULL || proof.extra + proof.extra_size < proof.checkpoint);
    char *again = malloc(size);
    require(again != NULL);
    require(tj_tlog_proof_encode(again, size, &proof) == size);
    require(memcmp(again, bytes, size) == 0);
    require(tj_tlog_proof_encode(again, size - 1, &proof) == 0);
    free(again);
    return 0;
}
