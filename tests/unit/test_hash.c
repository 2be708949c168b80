#include "crypto_support.h"

/* NIST's examples (FIPS 180-4, CAVP), and lengths around the borders of a block. */
static void sha256_gives_the_published_digests(void **state)
{
    (void)state;
    struct tj_hasher *hasher = tj_hasher_create();
    struct tj_hash hash;
    tj_sha256(hasher, &hash, NULL, 0);
    assert_hash_hex(&hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    tj_sha256(hasher, &hash, "abc", 3);
    assert_hash_hex(&hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    tj_sha256(hasher, &hash, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56);
    assert_hash_hex(&hash, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");

    static char million[1000000];
    memset(million, 'a', sizeof million);
    tj_sha256(hasher, &hash, million, sizeof million);
    assert_hash_hex(&hash, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    tj_hasher_destroy(hasher);
}

static void pieces_hash_like_the_whole(void **state)
{
    (void)state;
    struct tj_hasher *hasher = tj_hasher_create();
    uint8_t data[300];
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 7);
    }
    for (size_t size = 0; size <= sizeof data; size++) {
        struct tj_hash whole;
        struct tj_hash pieces;
        tj_sha256(hasher, &whole, data, size);
        tj_sha256_begin(hasher);
        tj_sha256_update(hasher, data, size / 3);
        tj_sha256_update(hasher, data, 0);
        tj_sha256_update(hasher, data + size / 3, size - size / 3);
        tj_sha256_finish(hasher, &pieces);
        assert_memory_equal(whole.bytes, pieces.bytes, TJ_HASH_SIZE);
    }
    tj_hasher_destroy(hasher);
}

static void begin_drops_what_was_unfinished(void **state)
{
    (void)state;
    struct tj_hasher *hasher = tj_hasher_create();
    struct tj_hash hash;
    tj_sha256_begin(hasher);
    tj_sha256_update(hasher, "dropped", 7);
    tj_sha256_begin(hasher);
    tj_sha256_update(hasher, "abc", 3);
    tj_sha256_finish(hasher, &hash);
    assert_hash_hex(&hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");

    tj_sha256_begin(hasher);
    tj_sha256_update(hasher, "dropped", 7);
    tj_sha256(hasher, &hash, "abc", 3);
    assert_hash_hex(&hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    tj_hasher_destroy(hasher);
}

/* SHA-256(SHA-256(tag) || SHA-256(tag) || message), written out. */
static void reference_tagged_hash(struct tj_hasher *hasher, struct tj_hash *out, const char *tag,
                                  const void *data, size_t size)
{
    struct tj_hash tag_hash;
    tj_sha256(hasher, &tag_hash, tag, strlen(tag));
    tj_sha256_begin(hasher);
    tj_sha256_update(hasher, tag_hash.bytes, TJ_HASH_SIZE);
    tj_sha256_update(hasher, tag_hash.bytes, TJ_HASH_SIZE);
    tj_sha256_update(hasher, data, size);
    tj_sha256_finish(hasher, out);
}

static void tagged_hash_is_that_of_bip340(void **state)
{
    (void)state;
    struct tj_hasher *hasher = tj_hasher_create();
    struct tj_tag *tag = tj_tag_create("BIP0322-signed-message");
    struct tj_hash hash;
    /* BIP-322's own vectors. */
    tj_tagged_hash(tag, &hash, "", 0);
    assert_hash_hex(&hash, "c90c269c4f8fcbe6880f72a721ddfbf1914268a794cbb21cfafee13770ae19f1");
    tj_tagged_hash(tag, &hash, "Hello World", 11);
    assert_hash_hex(&hash, "f0eb03b1a75ac6d9847f55c624a99169b5dccba2a31f5b23bea77ba270de0a7a");

    uint8_t data[200];
    memset(data, 0x5a, sizeof data);
    for (size_t size = 0; size <= sizeof data; size++) {
        struct tj_hash expected;
        reference_tagged_hash(hasher, &expected, "BIP0322-signed-message", data, size);
        tj_tagged_hash(tag, &hash, data, size);
        assert_memory_equal(hash.bytes, expected.bytes, TJ_HASH_SIZE);
    }
    tj_tag_destroy(tag);
    tj_hasher_destroy(hasher);
}

static void tags_do_not_share_state(void **state)
{
    (void)state;
    struct tj_hasher *hasher = tj_hasher_create();
    struct tj_tag *a = tj_tag_create("a");
    struct tj_tag *b = tj_tag_create("b");
    struct tj_hash hash_a;
    struct tj_hash hash_b;
    struct tj_hash expected;
    tj_tagged_hash(a, &hash_a, "x", 1);
    tj_tagged_hash(b, &hash_b, "x", 1);
    reference_tagged_hash(hasher, &expected, "a", "x", 1);
    assert_memory_equal(hash_a.bytes, expected.bytes, TJ_HASH_SIZE);
    reference_tagged_hash(hasher, &expected, "b", "x", 1);
    assert_memory_equal(hash_b.bytes, expected.bytes, TJ_HASH_SIZE);
    assert_memory_not_equal(hash_a.bytes, hash_b.bytes, TJ_HASH_SIZE);
    tj_tag_destroy(a);
    tj_tag_destroy(b);
    tj_hasher_destroy(hasher);
}

static void destroying_nothing_is_allowed(void **state)
{
    (void)state;
    tj_hasher_destroy(NULL);
    tj_tag_destroy(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_gives_the_published_digests),
        cmocka_unit_test(pieces_hash_like_the_whole),
        cmocka_unit_test(begin_drops_what_was_unfinished),
        cmocka_unit_test(tagged_hash_is_that_of_bip340),
        cmocka_unit_test(tags_do_not_share_state),
        cmocka_unit_test(destroying_nothing_is_allowed),
    };
    return cmocka_run_group_tests_name("hash", tests, NULL, NULL);
}
