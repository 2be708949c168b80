#include "crypto_support.h"

#include "crypto/tile.h"

#include <inttypes.h>

enum {
    LEAVES_MAX = 1025, /* four full tiles and a leaf: levels 0 and 1 */
    BUNDLE_MAX = 4 * 2 + 0 + 1 + 300 + UINT16_MAX,
};

static struct tj_hasher *hasher;

/* ---- the definitions of RFC 6962, section 2.1, over MTH(D[low:low + n]) of the tree at hand ----
 */

static struct tj_hash (*mth)(uint64_t low, uint64_t n);

static uint64_t split(uint64_t n)
{
    uint64_t k = 1;
    while (k < n - k) {
        k *= 2;
    }
    return k;
}

static size_t path_of(struct tj_hash *path, uint64_t m, uint64_t low, uint64_t n)
{
    if (n == 1) {
        return 0;
    }
    const uint64_t k = split(n);
    const size_t count = m < k ? path_of(path, m, low, k) : path_of(path, m - k, low + k, n - k);
    path[count] = m < k ? mth(low + k, n - k) : mth(low, k);
    return count + 1;
}

static size_t subproof(struct tj_hash *proof, uint64_t m, uint64_t low, uint64_t n, bool whole)
{
    if (m == n) {
        proof[0] = mth(low, n);
        return whole ? 0 : 1;
    }
    const uint64_t k = split(n);
    const size_t count =
        m <= k ? subproof(proof, m, low, k, whole) : subproof(proof, m - k, low + k, n - k, false);
    proof[count] = m <= k ? mth(low + k, n - k) : mth(low, k);
    return count + 1;
}

/* ---- a small tree of leaves that all differ ---- */

static struct tj_hash leaves[LEAVES_MAX];

/* Every range that was met, so that half a million proofs are soon compared. */
static struct tj_hash small_mth(uint64_t low, uint64_t n)
{
    static struct tj_hash memo[LEAVES_MAX][LEAVES_MAX + 1];
    static bool known[LEAVES_MAX][LEAVES_MAX + 1];
    struct tj_hash *out = &memo[low][n];
    if (!known[low][n] && n == 1) {
        *out = leaves[low];
    } else if (!known[low][n]) {
        const uint64_t k = split(n);
        const struct tj_hash left = small_mth(low, k);
        const struct tj_hash right = small_mth(low + k, n - k);
        tj_node_hash(hasher, out, &left, &right);
    }
    known[low][n] = true;
    return *out;
}

/* What a reader is asked for, and when it is to fail. */
struct tree {
    uint64_t size;  /* no node may reach beyond it */
    uint64_t reads; /* nodes asked for until now */
    uint64_t fails; /* the read of this number fails; 0: none */
    unsigned level; /* the highest that was asked for */
};

static void count_read(struct tree *tree, unsigned level, uint64_t number)
{
    if (level >= TJ_TILE_LEVELS || number >= tree->size >> 8 * level) {
        fail_msg("node %u, %" PRIu64 " of a tree of %" PRIu64, level, number, tree->size);
    }
    tree->reads++;
    tree->level = level > tree->level ? level : tree->level;
}

static bool small_node(void *context, struct tj_hash *out, unsigned level, uint64_t number)
{
    struct tree *tree = context;
    count_read(tree, level, number);
    *out = level == 0 ? leaves[number] : small_mth(number << 8 * level, UINT64_C(1) << 8 * level);
    return tree->reads != tree->fails;
}

/* ---- a tree of any size, whose leaves are equal but for one ---- */

enum { HEIGHTS = 64 };
static uint64_t odd_one;               /* its index */
static struct tj_hash plain[HEIGHTS];  /* perfect subtrees of equal leaves, by height */
static struct tj_hash marked[HEIGHTS]; /* those that the odd one is in */

static void plant(uint64_t index)
{
    odd_one = index;
    tj_leaf_hash(hasher, &plain[0], "same", 4);
    tj_leaf_hash(hasher, &marked[0], "other", 5);
    for (unsigned i = 0; i + 1 < HEIGHTS; i++) {
        const bool right = (index >> i & 1) != 0;
        tj_node_hash(hasher, &plain[i + 1], &plain[i], &plain[i]);
        tj_node_hash(hasher, &marked[i + 1], right ? &plain[i] : &marked[i],
                     right ? &marked[i] : &plain[i]);
    }
}

static struct tj_hash perfect(unsigned height, uint64_t number)
{
    return odd_one >> height == number ? marked[height] : plain[height];
}

static struct tj_hash large_mth(uint64_t low, uint64_t n)
{
    for (unsigned height = 0; height < HEIGHTS; height++) {
        if (n == UINT64_C(1) << height) {
            return perfect(height, low >> height);
        }
    }
    struct tj_hash out;
    const uint64_t k = split(n);
    const struct tj_hash left = large_mth(low, k);
    const struct tj_hash right = large_mth(low + k, n - k);
    tj_node_hash(hasher, &out, &left, &right);
    return out;
}

static bool large_node(void *context, struct tj_hash *out, unsigned level, uint64_t number)
{
    count_read(context, level, number);
    *out = perfect(8 * level, number);
    return true;
}

static int set_up(void **state)
{
    (void)state;
    hasher = tj_hasher_create();
    for (size_t i = 0; i < LEAVES_MAX; i++) {
        const uint8_t data[2] = {(uint8_t)(i >> 8), (uint8_t)i};
        tj_leaf_hash(hasher, &leaves[i], data, sizeof data);
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tj_hasher_destroy(hasher);
    return 0;
}

static bool same(const struct tj_hash *a, const struct tj_hash *b, size_t count)
{
    return memcmp(a, b, count * sizeof *a) == 0;
}

/* ---- roots and frontiers ---- */

static void the_root_of_nothing_reads_nothing(void **state)
{
    (void)state;
    struct tree tree = {.size = 0};
    const struct tj_node_reader reader = {&tree, small_node};
    struct tj_frontier frontier;
    struct tj_hash root;
    assert_true(tj_tile_root(hasher, &root, &reader, 0));
    assert_hash_hex(&root, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_true(tj_tile_frontier(hasher, &frontier, &reader, 0));
    assert_true(frontier.size == 0 && frontier.count == 0);
}

static void roots_and_frontiers_of_every_size(void **state)
{
    (void)state;
    mth = small_mth;
    struct tj_frontier appended;
    tj_frontier_init(&appended);
    for (uint64_t n = 1; n <= LEAVES_MAX; n++) {
        struct tree tree = {.size = n};
        const struct tj_node_reader reader = {&tree, small_node};
        const struct tj_hash expected = mth(0, n);
        struct tj_hash root;
        assert_true(tj_tile_root(hasher, &root, &reader, n));
        assert_true(same(&root, &expected, 1));
        /* At most a tile of each level, and of level 1 only four nodes exist. */
        assert_true(tree.reads <= 255 + 4);

        struct tj_frontier frontier;
        tj_frontier_append(hasher, &appended, &leaves[n - 1]);
        assert_true(tj_tile_frontier(hasher, &frontier, &reader, n));
        assert_true(frontier.size == n && frontier.count == appended.count);
        assert_true(same(frontier.nodes, appended.nodes, appended.count));
    }
}

/* ---- proofs ---- */

static void inclusion_of_every_leaf_of_every_size(void **state)
{
    (void)state;
    mth = small_mth;
    for (uint64_t n = 1; n <= LEAVES_MAX; n++) {
        struct tree tree = {.size = n};
        const struct tj_node_reader reader = {&tree, small_node};
        for (uint64_t i = 0; i < n; i++) {
            struct tj_hash expected[TJ_PATH_MAX];
            struct tj_hash path[TJ_PATH_MAX];
            size_t count = 0;
            const size_t expected_count = path_of(expected, i, 0, n);
            if (!tj_prove_inclusion(hasher, path, &count, &reader, i, n) ||
                count != expected_count || !same(path, expected, count)) {
                fail_msg("leaf %" PRIu64 " of %" PRIu64, i, n);
            }
        }
    }
}

static void check_consistency(const struct tj_node_reader *reader, uint64_t m, uint64_t n)
{
    struct tj_hash expected[TJ_PATH_MAX + 1];
    struct tj_hash proof[TJ_PATH_MAX];
    size_t count = 0;
    const size_t expected_count = subproof(expected, m, 0, n, true);
    if (!tj_prove_consistency(hasher, proof, &count, reader, m, n) || count != expected_count ||
        !same(proof, expected, count)) {
        fail_msg("sizes %" PRIu64 " and %" PRIu64, m, n);
    }
}

/* Every two sizes; under a sanitizer, which finds what it finds in fewer, above a full tile and
 * some one old size of sixteen, others for each new one. */
#if defined __has_feature
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#if defined SANITIZED || defined __SANITIZE_ADDRESS__
enum { STEP_ABOVE_A_TILE = 16 };
#else
enum { STEP_ABOVE_A_TILE = 1 };
#endif
static void consistency_of_two_sizes(void **state)
{
    (void)state;
    mth = small_mth;
    for (uint64_t n = 1; n <= LEAVES_MAX; n++) {
        struct tree tree = {.size = n};
        const struct tj_node_reader reader = {&tree, small_node};
        const uint64_t step = n <= 260 ? 1 : STEP_ABOVE_A_TILE;
        for (uint64_t m = 1 + n % step; m <= n; m += step) {
            check_consistency(&reader, m, n);
        }
    }
}

/* What is made by tiles and what is verified by tree.c were not written by one recipe. */
static void proofs_verify(void **state)
{
    (void)state;
    mth = small_mth;
    static const uint64_t sizes[] = {1, 2, 3, 255, 256, 257, 511, 513, 767, 1024, 1025};
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        const uint64_t n = sizes[k];
        struct tree tree = {.size = n};
        const struct tj_node_reader reader = {&tree, small_node};
        const struct tj_hash root = mth(0, n);
        for (uint64_t i = 0; i < n; i++) {
            struct tj_hash proof[TJ_PATH_MAX];
            size_t count = 0;
            assert_true(tj_prove_inclusion(hasher, proof, &count, &reader, i, n));
            assert_true(tj_verify_inclusion(hasher, &leaves[i], i, n, proof, count, &root));
            const struct tj_hash root_m = mth(0, i + 1);
            assert_true(tj_prove_consistency(hasher, proof, &count, &reader, i + 1, n));
            assert_true(tj_verify_consistency(hasher, i + 1, &root_m, n, &root, proof, count));
        }
    }
}

/* `work` is 0 to 3; true when it gave what it should. */
static bool work(struct tree *tree, int which)
{
    const struct tj_node_reader reader = {tree, small_node};
    struct tj_hash hashes[TJ_PATH_MAX];
    struct tj_frontier frontier;
    size_t count = 0;
    tree->reads = 0;
    switch (which) {
    case 0:
        return tj_tile_root(hasher, hashes, &reader, tree->size);
    case 1:
        return tj_tile_frontier(hasher, &frontier, &reader, tree->size);
    case 2:
        return tj_prove_inclusion(hasher, hashes, &count, &reader, 300, tree->size);
    default:
        return tj_prove_consistency(hasher, hashes, &count, &reader, 301, tree->size);
    }
}

static void a_reader_that_fails_is_told(void **state)
{
    (void)state;
    for (int which = 0; which < 4; which++) {
        struct tree tree = {.size = 1003};
        assert_true(work(&tree, which));
        const uint64_t reads = tree.reads;
        assert_true(reads > 0);
        for (uint64_t i = 1; i <= reads; i++) {
            tree.fails = i;
            assert_false(work(&tree, which));
            assert_true(tree.reads == i); /* and nothing is read after it */
        }
        tree.fails = reads + 1;
        assert_true(work(&tree, which));
    }
}

/* ---- large trees ---- */

static void check_large_inclusion(uint64_t index, uint64_t size)
{
    struct tree tree = {.size = size};
    const struct tj_node_reader reader = {&tree, large_node};
    struct tj_hash expected[TJ_PATH_MAX];
    struct tj_hash path[TJ_PATH_MAX];
    size_t count = 0;
    const struct tj_hash root = mth(0, size);
    const struct tj_hash leaf = mth(index, 1);
    assert_true(tj_prove_inclusion(hasher, path, &count, &reader, index, size));
    assert_int_equal(count, path_of(expected, index, 0, size));
    assert_true(same(path, expected, count));
    assert_true(tj_verify_inclusion(hasher, &leaf, index, size, path, count, &root));
}

static void check_large_consistency(uint64_t m, uint64_t n)
{
    struct tree tree = {.size = n};
    const struct tj_node_reader reader = {&tree, large_node};
    struct tj_hash proof[TJ_PATH_MAX];
    size_t count = 0;
    const struct tj_hash root_m = mth(0, m);
    const struct tj_hash root_n = mth(0, n);
    check_consistency(&reader, m, n);
    assert_true(tj_prove_consistency(hasher, proof, &count, &reader, m, n));
    assert_true(count <= TJ_PROOF_HASHES_MAX);
    assert_true(tj_verify_consistency(hasher, m, &root_m, n, &root_n, proof, count));
}

/* The odd one stands at `place`; what is asked for lies at, before and behind it. */
static void check_large(uint64_t size, uint64_t place, unsigned level)
{
    plant(place);
    struct tree tree = {.size = size};
    const struct tj_node_reader reader = {&tree, large_node};
    const struct tj_hash expected = mth(0, size);
    struct tj_frontier frontier;
    struct tj_hash root;
    assert_true(tj_tile_root(hasher, &root, &reader, size));
    assert_true(same(&root, &expected, 1));
    assert_int_equal(tree.level, level);
    assert_true(tj_tile_frontier(hasher, &frontier, &reader, size));
    assert_true(frontier.size == size);
    tj_frontier_root(hasher, &root, &frontier);
    assert_true(same(&root, &expected, 1));

    const uint64_t indexes[] = {0, 1, place, place ^ 1, place ^ 0x100, size / 3, size - 1};
    for (size_t i = 0; i < sizeof indexes / sizeof indexes[0]; i++) {
        if (indexes[i] < size) {
            check_large_inclusion(indexes[i], size);
        }
        if (indexes[i] < size && size <= UINT64_C(1) << 62) {
            check_large_consistency(indexes[i] + 1, size);
        }
    }
}

static void large_trees(void **state)
{
    (void)state;
    mth = large_mth;
    static const struct {
        uint64_t size;
        unsigned level; /* floor(log256(size)) */
    } cases[] = {
        {65535, 1},
        {65536, 2},
        {65537, 2},
        {(UINT64_C(1) << 24) + 1, 3},
        {(UINT64_C(1) << 32) - 1, 3},
        {(UINT64_C(1) << 40) + 1, 5},
        {(UINT64_C(1) << 40) + 123456789, 5},
        {(UINT64_C(1) << 62), 7},
        {UINT64_MAX, 7},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const uint64_t size = cases[i].size;
        check_large(size, 0, cases[i].level);
        check_large(size, size - 1, cases[i].level);
        check_large(size, size / 5 * 3, cases[i].level);
    }
}

/* Three leaves of 2^62 take 63 hashes, as many as a witness accepts; of more they would take more.
 */
static void a_consistency_proof_is_never_longer_than_a_witness_takes(void **state)
{
    (void)state;
    mth = large_mth;
    plant(2);
    struct tree tree = {.size = UINT64_MAX};
    const struct tj_node_reader reader = {&tree, large_node};
    struct tj_hash proof[TJ_PATH_MAX];
    size_t count = 0;
    check_large_consistency(3, UINT64_C(1) << 62);
    assert_true(tj_prove_consistency(hasher, proof, &count, &reader, 3, UINT64_C(1) << 62));
    assert_int_equal(count, TJ_PROOF_HASHES_MAX);
    assert_false(tj_prove_consistency(hasher, proof, &count, &reader, 3, (UINT64_C(1) << 62) + 1));
    assert_false(tj_prove_consistency(hasher, proof, &count, &reader, 3, UINT64_MAX));
}

static void inclusion_in_a_handful_of_leaves(void **state)
{
    (void)state;
    mth = small_mth;
    for (uint64_t n = 1; n <= LEAVES_MAX; n += n < 300 ? 1 : 145) {
        for (uint64_t i = 0; i < n; i++) {
            struct tj_hash expected[TJ_PATH_MAX];
            struct tj_hash path[TJ_PATH_MAX];
            size_t count = 0;
            tj_prove_inclusion_in(hasher, path, &count, leaves, n, i);
            assert_int_equal(count, path_of(expected, i, 0, n));
            assert_true(same(path, expected, count));
        }
    }
}

/* ---- tiles and their paths ---- */

static void widths_of_tiles(void **state)
{
    (void)state;
    static const struct {
        uint64_t size;
        unsigned level;
        uint64_t full;
        unsigned partial;
    } cases[] = {
        {0, 0, 0, 0},
        {1, 0, 0, 1},
        {255, 0, 0, 255},
        {256, 0, 1, 0},
        {256, 1, 0, 1},
        {70000, 0, 273, 112},
        {70000, 1, 1, 17},
        {70000, 2, 0, 1},
        {70000, 3, 0, 0},
        {UINT64_C(1) << 40, 4, 1, 0},
        {UINT64_C(1) << 40, 5, 0, 1},
        {UINT64_MAX, 0, UINT64_MAX >> 8, 255},
        {UINT64_MAX, 6, 255, 255},
        {UINT64_MAX, 7, 0, 255},
        {UINT64_MAX, 8, 0, 0},
        {UINT64_MAX, 63, 0, 0},
        {UINT64_MAX, TJ_TILE_ENTRIES, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_true(tj_tile_full(cases[i].size, cases[i].level) == cases[i].full);
        assert_int_equal(tj_tile_partial(cases[i].size, cases[i].level), cases[i].partial);
    }
}

static void check_path(unsigned level, uint64_t number, unsigned width, const char *expected)
{
    char path[TJ_TILE_PATH_MAX];
    unsigned read_level = 99;
    uint64_t read_number = 99;
    unsigned read_width = 999;
    tj_tile_path(path, level, number, width);
    if (expected != NULL) {
        assert_string_equal(path, expected);
    }
    assert_true(tj_tile_path_decode(&read_level, &read_number, &read_width, path));
    assert_int_equal(read_level, level);
    assert_true(read_number == number);
    assert_int_equal(read_width, width == 0 ? TJ_TILE_WIDTH : width);
}

static void paths_round_trip(void **state)
{
    (void)state;
    check_path(0, 0, 256, "tile/0/000");
    check_path(0, 0, 0, "tile/0/000");
    check_path(0, 255, 1, "tile/0/255.p/1");
    check_path(1, 256, 255, "tile/1/256.p/255");
    check_path(1, 999, 256, "tile/1/999");
    check_path(0, 1000, 256, "tile/0/x001/000");
    check_path(0, 1067, 5, "tile/0/x001/067.p/5");
    check_path(0, 1234067, 256, "tile/0/x001/x234/067");
    check_path(2, 1000000, 10, "tile/2/x001/x000/000.p/10");
    check_path(63, 7, 256, "tile/63/007");
    check_path(TJ_TILE_ENTRIES, 1234067, 256, "tile/entries/x001/x234/067");
    check_path(TJ_TILE_ENTRIES, 0, 99, "tile/entries/000.p/99");
    check_path(0, UINT64_C(1) << 40, 256, "tile/0/x001/x099/x511/x627/776");
    check_path(0, UINT64_MAX >> 8, 255, "tile/0/x072/x057/x594/x037/x927/935.p/255");
    check_path(0, UINT64_C(999999999999999999), 256, "tile/0/x999/x999/x999/x999/x999/999");
    /* No tree has these, but a path may name them. */
    check_path(0, UINT64_C(1000000000000000000), 256, "tile/0/x001/x000/x000/x000/x000/x000/000");
    check_path(TJ_TILE_ENTRIES, UINT64_MAX, 255,
               "tile/entries/x018/x446/x744/x073/x709/x551/615.p/255");
    uint64_t seed = 7;
    for (int i = 0; i < 20000; i++) {
        const uint64_t number = next_random(&seed) >> (8 + next_random(&seed) % 56);
        check_path((unsigned)(next_random(&seed) % 65), number,
                   (unsigned)(next_random(&seed) % 257), NULL);
    }
}

static void paths_have_one_spelling(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/0/x000",
        "tile/0/x000/000",
        "tile/0/x000/x001/000",
        "tile/0/x001",
        "tile/0/x001/",
        "tile/0/x001/00",
        "tile/0/x01/000",
        "tile/0/x0001/000",
        "tile/0/001/000",
        "tile/0/X001/000",
        "tile/0/x001x000",
        "tile/0/x001//000",
        "tile/0/xx001/000",
        "tile/0/000/",
        "tile/0/000.",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/00",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/1000",
        "tile/0/000.p/-1",
        "tile/0/000.p/+1",
        "tile/0/000.p/1 ",
        "tile/0/000.p/1/",
        "tile/0/000.p/1.p/1",
        "tile/0/000.p/18446744073709551617",
        "tile/0/x001.p/1/000",
        "tile/0/000\n",
        "tile/0/ 00",
        "tile/0/-01",
        "tile/64/000",
        "tile/65/000",
        "tile/00/000",
        "tile/01/000",
        "tile/-1/000",
        "tile/18446744073709551616/000",
        "tile//000",
        "tile/a/000",
        "tile/entries",
        "tile/entries/",
        "tile/entries/x000/000",
        "tile/entries000",
        "tile/entriesx/000",
        "tile/Entries/000",
        "tile/data/000",
        "Tile/0/000",
        "/tile/0/000",
        "./tile/0/000",
        "tile/0/../0/000",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "tile/0/x018/x446/x744/x073/x709/x552/000",
        "tile/0/x999/x999/x999/x999/x999/x999/999",
        "tile/0/x001/x000/x000/x000/x000/x000/x000/000",
        "tile/0/x000/x000/x000/x000/x000/x000/x000/x000/x000/x000/x000/x000/x000/x000/x000/001",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        unsigned level = 0;
        uint64_t number = 0;
        unsigned width = 0;
        if (tj_tile_path_decode(&level, &number, &width, bad[i])) {
            fail_msg("accepted '%s'", bad[i]);
        }
    }
}

/* Whatever one changed byte makes of a path is refused or is the spelling of another. */
static void changed_paths_are_refused_or_others(void **state)
{
    (void)state;
    static const char good[] = "tile/0/x001/x234/067.p/25";
    char text[sizeof good];
    size_t accepted = 0;
    for (size_t i = 0; i < sizeof good - 1; i++) {
        for (int byte = 0; byte < 256; byte++) {
            char again[TJ_TILE_PATH_MAX];
            unsigned level = 0;
            uint64_t number = 0;
            unsigned width = 0;
            memcpy(text, good, sizeof good);
            text[i] = (char)byte;
            if (tj_tile_path_decode(&level, &number, &width, text)) {
                tj_tile_path(again, level, number, width);
                assert_string_equal(again, text);
                accepted++;
            }
        }
    }
    assert_true(accepted > 70); /* most digits may be any other */
}

/* ---- bundles ---- */

static void bundles_end_where_their_bytes_do(void **state)
{
    (void)state;
    static const size_t sizes[] = {300, 0, 1, UINT16_MAX};
    enum { COUNT = 4 };
    static uint8_t bytes[BUNDLE_MAX];
    size_t ends[COUNT];
    size_t total = 0;
    for (size_t i = 0; i < COUNT; i++) {
        bytes[total] = (uint8_t)(sizes[i] >> 8);
        bytes[total + 1] = (uint8_t)sizes[i];
        memset(bytes + total + 2, (int)('a' + i), sizes[i]);
        total += 2 + sizes[i];
        ends[i] = total;
    }
    assert_int_equal(total, sizeof bytes);
    for (size_t cut = 0; cut <= total; cut++) {
        const uint8_t *at = bytes;
        const uint8_t *entry = NULL;
        size_t size = 0;
        size_t i = 0;
        for (; i < COUNT && ends[i] <= cut; i++) {
            assert_true(tj_bundle_next(&at, &entry, &size, bytes + cut));
            assert_true(size == sizes[i] && entry == bytes + ends[i] - size);
            assert_true(at == bytes + ends[i]);
        }
        const uint8_t *before = at;
        assert_false(tj_bundle_next(&at, &entry, &size, bytes + cut));
        assert_true(at == before);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_root_of_nothing_reads_nothing),
        cmocka_unit_test(roots_and_frontiers_of_every_size),
        cmocka_unit_test(inclusion_of_every_leaf_of_every_size),
        cmocka_unit_test(consistency_of_two_sizes),
        cmocka_unit_test(proofs_verify),
        cmocka_unit_test(a_reader_that_fails_is_told),
        cmocka_unit_test(large_trees),
        cmocka_unit_test(a_consistency_proof_is_never_longer_than_a_witness_takes),
        cmocka_unit_test(inclusion_in_a_handful_of_leaves),
        cmocka_unit_test(widths_of_tiles),
        cmocka_unit_test(paths_round_trip),
        cmocka_unit_test(paths_have_one_spelling),
        cmocka_unit_test(changed_paths_are_refused_or_others),
        cmocka_unit_test(bundles_end_where_their_bytes_do),
    };
    return cmocka_run_group_tests_name("tile", tests, set_up, tear_down);
}
