/* Exhibits of a proof: no input may crash, what decodes encodes to the same bytes, and none of it
 * verifies under a checkpoint that was not made for it. */

#include "core/rules/exhibit_check.h"

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tj_exhibits exhibits;
    static uint8_t again[TJ_EXHIBITS_SIZE_MAX];
    struct tj_exhibit_fault fault;
    if (!tj_exhibits_decode(&exhibits, data, size, &fault)) {
        require(fault.rule != NULL && fault.exhibit <= TJ_EXHIBITS_MAX);
        return 0;
    }
    require(tj_exhibits_encode(&exhibits, again, sizeof again) == size);
    require(memcmp(again, data, size) == 0);
    /* The right ledger, so that the hashing is reached; a root that nothing hashes to. */
    struct tj_checkpoint checkpoint = {.origin = "fuzz/", .size = UINT64_MAX};
    for (size_t i = 0; i < TJ_HASH_SIZE; i++) {
        snprintf(checkpoint.origin + 5 + 2 * i, 3, "%02x",
                 exhibits.list[0].entry.header.ledger_id.bytes[i]);
    }
    struct tj_digester digester;
    TIJORI_REQUIRE(tj_digester_init(&digester));
    require(!tj_exhibits_verify(&digester, &exhibits, &checkpoint, exhibits.list[0].record_path,
                                exhibits.list[0].record_path_count, &fault));
    tj_digester_clear(&digester);
    return 0;
}
