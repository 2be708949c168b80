#include "crypto_support.h"

#include "crypto/base64.h"
#include "crypto/tree.h"

#include <dirent.h>
#include <sys/stat.h>

enum { LEAVES_MAX = 40, PROOF_MAX = 16 };

static struct tj_hasher *hasher;

static int open_hasher(void **state)
{
    (void)state;
    hasher = tj_hasher_create();
    return 0;
}

static int close_hasher(void **state)
{
    (void)state;
    tj_hasher_destroy(hasher);
    return 0;
}

/* ---- the definitions of RFC 6962, section 2.1, word for word, for what follows to agree with ----
 */

static size_t split(size_t n)
{
    size_t k = 1;
    while (k * 2 < n) {
        k *= 2;
    }
    return k;
}

static struct tj_hash mth(const struct tj_hash *leaves, size_t n)
{
    struct tj_hash out;
    if (n == 0) {
        tj_sha256(hasher, &out, NULL, 0);
        return out;
    }
    if (n == 1) {
        return leaves[0];
    }
    const size_t k = split(n);
    uint8_t bytes[65];
    const struct tj_hash left = mth(leaves, k);
    const struct tj_hash right = mth(leaves + k, n - k);
    bytes[0] = 1;
    memcpy(bytes + 1, left.bytes, 32);
    memcpy(bytes + 33, right.bytes, 32);
    tj_sha256(hasher, &out, bytes, sizeof bytes);
    return out;
}

static size_t path_of(struct tj_hash *path, size_t m, const struct tj_hash *leaves, size_t n)
{
    if (n == 1) {
        return 0;
    }
    const size_t k = split(n);
    size_t count = 0;
    if (m < k) {
        count = path_of(path, m, leaves, k);
        path[count] = mth(leaves + k, n - k);
    } else {
        count = path_of(path, m - k, leaves + k, n - k);
        path[count] = mth(leaves, k);
    }
    return count + 1;
}

static size_t subproof(struct tj_hash *proof, size_t m, const struct tj_hash *leaves, size_t n,
                       bool whole)
{
    if (m == n) {
        if (whole) {
            return 0;
        }
        proof[0] = mth(leaves, n);
        return 1;
    }
    const size_t k = split(n);
    size_t count = 0;
    if (m <= k) {
        count = subproof(proof, m, leaves, k, whole);
        proof[count] = mth(leaves + k, n - k);
    } else {
        count = subproof(proof, m - k, leaves + k, n - k, false);
        proof[count] = mth(leaves, k);
    }
    return count + 1;
}

static void fill_leaves(struct tj_hash leaves[LEAVES_MAX])
{
    for (size_t i = 0; i < LEAVES_MAX; i++) {
        const uint8_t data = (uint8_t)i;
        tj_leaf_hash(hasher, &leaves[i], &data, 1);
    }
}

/* ---- tests ---- */

static void published_roots_of_eight_leaves(void **state)
{
    (void)state;
    static const char *const leaves[8] = {"",
                                          "00",
                                          "10",
                                          "2021",
                                          "3031",
                                          "40414243",
                                          "5051525354555657",
                                          "606162636465666768696a6b6c6d6e6f"};
    static const char *const roots[9] = {
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
    struct tj_frontier frontier;
    tj_frontier_init(&frontier);
    for (size_t i = 0; i <= 8; i++) {
        struct tj_hash root;
        tj_frontier_root(hasher, &root, &frontier);
        assert_hash_hex(&root, roots[i]);
        if (i < 8) {
            uint8_t data[16];
            struct tj_hash leaf;
            const size_t size = hex_bytes(data, sizeof data, leaves[i]);
            tj_leaf_hash(hasher, &leaf, data, size);
            tj_frontier_append(hasher, &frontier, &leaf);
        }
    }
}

static void leaf_hash_is_prefixed_at_every_length(void **state)
{
    (void)state;
    uint8_t data[1 + 600];
    data[0] = 0;
    for (size_t i = 1; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 31);
    }
    for (size_t size = 0; size < sizeof data; size++) {
        struct tj_hash leaf;
        struct tj_hash expected;
        tj_leaf_hash(hasher, &leaf, size == 0 ? NULL : data + 1, size);
        tj_sha256(hasher, &expected, data, 1 + size);
        assert_memory_equal(leaf.bytes, expected.bytes, TJ_HASH_SIZE);
    }
}

static void node_hash_may_overwrite_an_input(void **state)
{
    (void)state;
    struct tj_hash leaves[LEAVES_MAX];
    fill_leaves(leaves);
    const struct tj_hash expected = mth(leaves, 2);
    struct tj_hash left = leaves[0];
    struct tj_hash right = leaves[1];
    tj_node_hash(hasher, &left, &left, &leaves[1]);
    tj_node_hash(hasher, &right, &leaves[0], &right);
    assert_memory_equal(left.bytes, expected.bytes, TJ_HASH_SIZE);
    assert_memory_equal(right.bytes, expected.bytes, TJ_HASH_SIZE);
}

static uint32_t bits_set(uint64_t n)
{
    uint32_t count = 0;
    for (; n != 0; n &= n - 1) {
        count++;
    }
    return count;
}

static void frontier_follows_the_definition(void **state)
{
    (void)state;
    struct tj_hash leaves[LEAVES_MAX];
    fill_leaves(leaves);
    struct tj_frontier frontier;
    tj_frontier_init(&frontier);
    for (size_t n = 0; n < LEAVES_MAX; n++) {
        struct tj_hash root;
        const struct tj_hash expected = mth(leaves, n);
        tj_frontier_root(hasher, &root, &frontier);
        assert_memory_equal(root.bytes, expected.bytes, TJ_HASH_SIZE);
        assert_true(frontier.size == n);
        assert_int_equal(frontier.count, bits_set(n));
        tj_frontier_append(hasher, &frontier, &leaves[n]);
    }
}

static void root_of_items_follows_the_definition(void **state)
{
    (void)state;
    static uint8_t items[LEAVES_MAX * 112];
    struct tj_hash leaves[LEAVES_MAX];
    uint64_t seed = 1;
    for (size_t i = 0; i < sizeof items; i++) {
        items[i] = (uint8_t)next_random(&seed);
    }
    for (size_t i = 0; i < LEAVES_MAX; i++) {
        tj_leaf_hash(hasher, &leaves[i], items + i * 112, 112);
    }
    for (size_t n = 0; n <= LEAVES_MAX; n++) {
        struct tj_hash root;
        const struct tj_hash expected = mth(leaves, n);
        tj_tree_root_of_items(hasher, &root, items, 112, n);
        assert_memory_equal(root.bytes, expected.bytes, TJ_HASH_SIZE);
    }
}

static void refuse_changed_inclusion(const struct tj_hash *leaf, struct tj_hash *path,
                                     uint64_t index, uint64_t size, size_t count,
                                     const struct tj_hash *root)
{
    const struct tj_hash other_leaf = flipped(*leaf, index);
    const struct tj_hash other_root = flipped(*root, size);
    assert_false(tj_verify_inclusion(hasher, &other_leaf, index, size, path, count, root));
    assert_false(tj_verify_inclusion(hasher, leaf, index, size, path, count, &other_root));
    assert_false(tj_verify_inclusion(hasher, leaf, size, size, path, count, root));
    assert_false(tj_verify_inclusion(hasher, leaf, UINT64_MAX, size, path, count, root));
    assert_false(tj_verify_inclusion(hasher, leaf, index, 0, path, count, root));
    for (uint64_t i = 0; i < size; i++) {
        if (i != index) {
            assert_false(tj_verify_inclusion(hasher, leaf, i, size, path, count, root));
        }
    }
    path[count] = *root;
    assert_false(tj_verify_inclusion(hasher, leaf, index, size, path, count + 1, root));
    for (size_t i = 0; i < count; i++) {
        assert_false(tj_verify_inclusion(hasher, leaf, index, size, path, i, root));
        const struct tj_hash kept = path[i];
        path[i] = flipped(kept, i * 37);
        assert_false(tj_verify_inclusion(hasher, leaf, index, size, path, count, root));
        path[i] = kept;
    }
}

static void inclusion_of_every_leaf_and_no_other(void **state)
{
    (void)state;
    struct tj_hash leaves[LEAVES_MAX];
    fill_leaves(leaves);
    for (size_t n = 1; n <= LEAVES_MAX; n++) {
        const struct tj_hash root = mth(leaves, n);
        for (size_t i = 0; i < n; i++) {
            struct tj_hash path[PROOF_MAX];
            const size_t count = path_of(path, i, leaves, n);
            assert_true(tj_verify_inclusion(hasher, &leaves[i], i, n, path, count, &root));
            refuse_changed_inclusion(&leaves[i], path, i, n, count, &root);
        }
    }
}

static void refuse_changed_consistency(struct tj_hash *proof, uint64_t m,
                                       const struct tj_hash *root_m, uint64_t n,
                                       const struct tj_hash *root_n, size_t count)
{
    const struct tj_hash other_m = flipped(*root_m, m);
    const struct tj_hash other_n = flipped(*root_n, n);
    assert_false(tj_verify_consistency(hasher, m, &other_m, n, root_n, proof, count));
    assert_false(tj_verify_consistency(hasher, m, root_m, n, &other_n, proof, count));
    assert_false(tj_verify_consistency(hasher, 0, root_m, n, root_n, proof, count));
    assert_false(tj_verify_consistency(hasher, m, root_m, 0, root_n, proof, count));
    if (m != n) {
        assert_false(tj_verify_consistency(hasher, n, root_m, m, root_n, proof, count));
        assert_false(tj_verify_consistency(hasher, m, root_n, n, root_m, proof, count));
        assert_false(tj_verify_consistency(hasher, m, root_m, n, root_n, NULL, 0));
    }
    proof[count] = *root_n;
    assert_false(tj_verify_consistency(hasher, m, root_m, n, root_n, proof, count + 1));
    for (size_t i = 0; i < count; i++) {
        assert_false(tj_verify_consistency(hasher, m, root_m, n, root_n, proof, i));
        const struct tj_hash kept = proof[i];
        proof[i] = flipped(kept, i * 41);
        assert_false(tj_verify_consistency(hasher, m, root_m, n, root_n, proof, count));
        proof[i] = kept;
    }
}

static void consistency_of_every_pair_and_no_other(void **state)
{
    (void)state;
    struct tj_hash leaves[LEAVES_MAX];
    fill_leaves(leaves);
    for (size_t n = 1; n <= LEAVES_MAX; n++) {
        const struct tj_hash root_n = mth(leaves, n);
        for (size_t m = 1; m <= n; m++) {
            struct tj_hash proof[PROOF_MAX];
            const struct tj_hash root_m = mth(leaves, m);
            const size_t count = subproof(proof, m, leaves, n, true);
            assert_true(tj_verify_consistency(hasher, m, &root_m, n, &root_n, proof, count));
            refuse_changed_consistency(proof, m, &root_m, n, &root_n, count);
        }
    }
}

/* A proof too long or too short for the sizes is refused even when the roots were made to fit it.
 */
static void proofs_must_fit_the_sizes(void **state)
{
    (void)state;
    struct tj_hash leaves[LEAVES_MAX];
    struct tj_hash proof[PROOF_MAX];
    fill_leaves(leaves);

    struct tj_hash above;
    tj_node_hash(hasher, &above, &leaves[1], &leaves[0]);
    assert_false(tj_verify_inclusion(hasher, &leaves[0], 0, 1, &leaves[1], 1, &above));
    const struct tj_hash root_2 = mth(leaves, 2);
    assert_false(tj_verify_inclusion(hasher, &leaves[0], 0, 4, &leaves[1], 1, &root_2));

    struct tj_hash root_3 = mth(leaves, 3);
    struct tj_hash root_4 = mth(leaves, 4);
    const size_t count = subproof(proof, 3, leaves, 4, true);
    assert_true(tj_verify_consistency(hasher, 3, &root_3, 4, &root_4, proof, count));
    assert_false(tj_verify_consistency(hasher, 3, &root_3, 8, &root_4, proof, count));
    proof[count] = leaves[9];
    tj_node_hash(hasher, &root_3, &leaves[9], &root_3);
    tj_node_hash(hasher, &root_4, &leaves[9], &root_4);
    assert_false(tj_verify_consistency(hasher, 3, &root_3, 4, &root_4, proof, count + 1));
}

static void consistency_with_nothing_proves_nothing(void **state)
{
    (void)state;
    const struct tj_hash root = mth(NULL, 0);
    assert_false(tj_verify_consistency(hasher, 0, &root, 0, &root, NULL, 0));
}

/* The largest tree there can be: no shift may wrap. */
static void proofs_at_the_largest_size(void **state)
{
    (void)state;
    struct tj_hash path[65];
    struct tj_hash leaf;
    tj_leaf_hash(hasher, &leaf, "x", 1);
    struct tj_hash root = leaf;
    for (size_t i = 0; i < 65; i++) {
        path[i] = flipped(leaf, i);
    }
    for (size_t i = 0; i < 64; i++) {
        tj_node_hash(hasher, &root, &root, &path[i]);
    }
    assert_true(tj_verify_inclusion(hasher, &leaf, 0, UINT64_MAX, path, 64, &root));
    assert_false(tj_verify_inclusion(hasher, &leaf, 0, UINT64_MAX, path, 63, &root));
    assert_false(tj_verify_inclusion(hasher, &leaf, 0, UINT64_MAX, path, 65, &root));
    assert_false(tj_verify_inclusion(hasher, &leaf, 1, UINT64_MAX, path, 64, &root));
    assert_true(tj_verify_consistency(hasher, 1, &leaf, UINT64_MAX, &root, path, 64));
    assert_false(tj_verify_consistency(hasher, 1, &leaf, UINT64_MAX, &root, path, 63));
    assert_false(tj_verify_consistency(hasher, UINT64_MAX, &root, 1, &leaf, path, 64));
}

/* ---- rfc6962/testdata ---- */

/* False for what is not a hash at all; the C type cannot even hold it, so it counts as refused. */
static bool json_hash(const json_t *value, struct tj_hash *out)
{
    size_t size = 0;
    const char *text = json_string_value(value);
    return text != NULL && tj_base64_decode(out->bytes, TJ_HASH_SIZE, &size, text, strlen(text)) &&
           size == TJ_HASH_SIZE;
}

static bool accepts(const json_t *vector)
{
    struct tj_hash path[128];
    size_t count = 0;
    size_t i = 0;
    json_t *node = NULL;
    json_array_foreach(json_object_get(vector, "proof"), i, node)
    {
        assert_true(count < 128);
        if (!json_hash(node, &path[count])) {
            return false;
        }
        count++;
    }
    struct tj_hash a;
    struct tj_hash b;
    if (json_object_get(vector, "leafIdx") != NULL) {
        return json_hash(json_object_get(vector, "leafHash"), &a) &&
               json_hash(json_object_get(vector, "root"), &b) &&
               tj_verify_inclusion(
                   hasher, &a, (uint64_t)json_integer_value(json_object_get(vector, "leafIdx")),
                   (uint64_t)json_integer_value(json_object_get(vector, "treeSize")), path, count,
                   &b);
    }
    return json_hash(json_object_get(vector, "root1"), &a) &&
           json_hash(json_object_get(vector, "root2"), &b) &&
           tj_verify_consistency(
               hasher, (uint64_t)json_integer_value(json_object_get(vector, "size1")), &a,
               (uint64_t)json_integer_value(json_object_get(vector, "size2")), &b, path, count);
}

struct tally {
    size_t accepted;
    size_t refused;
    size_t unreadable; /* numbers jansson cannot hold: above 2^63 */
};

static void check_file(struct tally *tally, const char *path)
{
    json_error_t error;
    json_t *vector = json_load_file(path, 0, &error);
    if (vector == NULL) {
        assert_int_equal(json_error_code(&error), json_error_numeric_overflow);
        (void)fprintf(stderr, "SKIP: %s: %s\n", path, error.text);
        tally->unreadable++;
        return;
    }
    const bool expected = !json_is_true(json_object_get(vector, "wantErr"));
    if (accepts(vector) != expected) {
        fail_msg("%s: expected %s", path, expected ? "acceptance" : "refusal");
    }
    tally->accepted += expected ? 1 : 0;
    tally->refused += expected ? 0 : 1;
    json_decref(vector);
}

static void check_folder(struct tally *tally, const char *folder)
{
    DIR *directory = opendir(folder);
    assert_non_null(directory);
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        char path[TEST_PATH_MAX];
        struct stat status;
        if (entry->d_name[0] == '.') {
            continue;
        }
        const int size = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        assert_true(size > 0 && size < (int)sizeof path);
        assert_int_equal(stat(path, &status), 0);
        if (S_ISDIR(status.st_mode)) {
            check_folder(tally, path);
        } else {
            check_file(tally, path);
        }
    }
    (void)closedir(directory);
}

static void check_shared(const char *name)
{
    char path[TEST_PATH_MAX];
    struct tally tally = {0, 0, 0};
    check_folder(&tally, shared_path_or_skip(path, name));
    (void)fprintf(stderr, "%s: %zu accepted, %zu refused, %zu not run (numbers above 2^63)\n", name,
                  tally.accepted, tally.refused, tally.unreadable);
    assert_true(tally.accepted > 0 && tally.refused > 0);
}

static void shared_inclusion_vectors(void **state)
{
    (void)state;
    check_shared("rfc6962/testdata/inclusion");
}

static void shared_consistency_vectors(void **state)
{
    (void)state;
    check_shared("rfc6962/testdata/consistency");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_roots_of_eight_leaves),
        cmocka_unit_test(leaf_hash_is_prefixed_at_every_length),
        cmocka_unit_test(node_hash_may_overwrite_an_input),
        cmocka_unit_test(frontier_follows_the_definition),
        cmocka_unit_test(root_of_items_follows_the_definition),
        cmocka_unit_test(inclusion_of_every_leaf_and_no_other),
        cmocka_unit_test(consistency_of_every_pair_and_no_other),
        cmocka_unit_test(proofs_must_fit_the_sizes),
        cmocka_unit_test(consistency_with_nothing_proves_nothing),
        cmocka_unit_test(proofs_at_the_largest_size),
        cmocka_unit_test(shared_inclusion_vectors),
        cmocka_unit_test(shared_consistency_vectors),
    };
    return cmocka_run_group_tests_name("tree", tests, open_hasher, close_hasher);
}
