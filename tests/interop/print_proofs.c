/* Prints inclusion and consistency proofs made from an exported folder's tiles, for another
 * implementation to check:
 *     print_proofs FOLDER COUNT SEED
 *     inclusion INDEX SIZE [BASE64...]
 *     consistency M N [BASE64...]
 * COUNT of each, for random places. Sizes are up to that of the folder's checkpoint; the folder has
 * whole tiles and the partial ones of that size, which is all that smaller sizes need. */

#include "core/audit/source.h"
#include "crypto/base64.h"

#include <inttypes.h>

static uint64_t random_below(uint64_t *seed, uint64_t bound)
{
    /* SplitMix64: any sequence will do that the seed repeats. */
    uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % bound;
}

static void print_hashes(const struct tj_hash *hashes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[45];
        tj_base64_encode(text, hashes[i].bytes, TJ_HASH_SIZE);
        printf(" %.44s", text);
    }
    printf("\n");
}

static bool print_pair(struct tj_source *source, struct tj_hasher *hasher, uint64_t *seed)
{
    struct tj_hash proof[TJ_PATH_MAX];
    size_t count;
    uint64_t size = 1 + random_below(seed, source->size);
    uint64_t index = random_below(seed, size);
    if (!tj_prove_inclusion(hasher, proof, &count, &source->nodes, index, size)) {
        return false;
    }
    printf("inclusion %" PRIu64 " %" PRIu64, index, size);
    print_hashes(proof, count);
    if (!tj_prove_consistency(hasher, proof, &count, &source->nodes, index + 1, size)) {
        return false;
    }
    printf("consistency %" PRIu64 " %" PRIu64, index + 1, size);
    print_hashes(proof, count);
    return true;
}

int main(int argc, char **argv)
{
    struct tj_source *source;
    struct tj_source_message what;
    if (argc != 4) {
        fprintf(stderr, "usage: print_proofs FOLDER COUNT SEED\n");
        return 2;
    }
    uint64_t seed = strtoull(argv[3], NULL, 10);
    uint64_t count = strtoull(argv[2], NULL, 10);
    if (tj_source_open_folder(&source, &what, argv[1]) != TIJORI_OK) {
        fprintf(stderr, "%s: %s\n", argv[1], what.text);
        return 1;
    }
    struct tj_hasher *hasher = tj_hasher_create();
    bool printed = true;
    for (uint64_t i = 0; i < count && printed; i++) {
        printed = print_pair(source, hasher, &seed);
    }
    tj_hasher_destroy(hasher);
    tj_source_close(source);
    return printed ? 0 : 1;
}
