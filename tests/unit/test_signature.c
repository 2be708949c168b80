#include "crypto_support.h"

#include "crypto/signature.h"

#include <pthread.h>

enum { MESSAGE_MAX = 16384, LINE_MAX_SIZE = 4096 };

static uint8_t algorithm_of(const char *name)
{
    if (strcmp(name, "ecdsa") == 0) {
        return TJ_ALGORITHM_ECDSA;
    }
    if (strcmp(name, "bip340") == 0) {
        return TJ_ALGORITHM_BIP340;
    }
    assert_string_equal(name, "ed25519");
    return TJ_ALGORITHM_ED25519;
}

static bool verify(const struct tj_verify_item *item)
{
    /* The verdict must be written, whatever it was before. */
    enum tj_signature_verdict as_true = TJ_SIGNATURE_VALID;
    enum tj_signature_verdict as_false = TJ_SIGNATURE_INVALID;
    tj_verify_batch(&as_true, item, 1);
    tj_verify_batch(&as_false, item, 1);
    assert_true(as_true == as_false);
    return as_true == TJ_SIGNATURE_VALID;
}

static struct tj_hash sha256_of(const void *data, size_t size)
{
    struct tj_hasher *hasher = tj_hasher_create();
    struct tj_hash hash;
    tj_sha256(hasher, &hash, data, size);
    tj_hasher_destroy(hasher);
    return hash;
}

/* ---- our own vectors ---- */

static void load_case(const json_t *entry, struct tj_verify_item *item)
{
    memset(item, 0, sizeof *item);
    item->key.algorithm = algorithm_of(json_text(entry, "algorithm"));
    item->key.size =
        (uint8_t)hex_bytes(item->key.bytes, sizeof item->key.bytes, json_text(entry, "key"));
    assert_int_equal(hex_bytes(item->message.bytes, TJ_HASH_SIZE, json_text(entry, "message")), 32);
    assert_int_equal(hex_bytes(item->signature64, TJ_SIGNATURE_SIZE, json_text(entry, "signature")),
                     64);
}

static void own_vectors_verify_or_are_refused(void **state)
{
    (void)state;
    json_t *file = load_json(TEST_VECTORS "/signatures.json");
    size_t i = 0;
    json_t *entry = NULL;
    json_array_foreach(json_object_get(file, "cases"), i, entry)
    {
        struct tj_verify_item item;
        load_case(entry, &item);
        const bool expected = json_is_true(json_object_get(entry, "valid"));
        if (verify(&item) != expected) {
            fail_msg("%s: expected %s", json_text(entry, "name"), expected ? "valid" : "invalid");
        }
    }
    assert_true(i > 80);
    json_decref(file);
}

/* The whole file in one call, many times over in another order: what one item leaves behind in
 * the batch (parsed keys) must not reach another. */
static void a_batch_answers_as_one_by_one(void **state)
{
    (void)state;
    enum { ITEMS = 600 };
    static struct tj_verify_item cases[ITEMS];
    static struct tj_verify_item items[ITEMS];
    static bool expected[ITEMS];
    static enum tj_signature_verdict verdicts[ITEMS];
    json_t *file = load_json(TEST_VECTORS "/signatures.json");
    const json_t *list = json_object_get(file, "cases");
    const size_t count = json_array_size(list);
    assert_true(count > 0 && count < ITEMS);
    for (size_t i = 0; i < count; i++) {
        load_case(json_array_get(list, i), &cases[i]);
    }
    uint64_t seed = 42;
    for (size_t i = 0; i < ITEMS; i++) {
        const size_t pick = next_random(&seed) % count;
        items[i] = cases[pick];
        expected[i] = json_is_true(json_object_get(json_array_get(list, pick), "valid"));
        verdicts[i] = expected[i] ? TJ_SIGNATURE_INVALID : TJ_SIGNATURE_VALID;
    }
    tj_verify_batch(verdicts, items, ITEMS);
    for (size_t i = 0; i < ITEMS; i++) {
        assert_true((verdicts[i] == TJ_SIGNATURE_VALID) == expected[i]);
    }
    tj_verify_batch(NULL, NULL, 0);
    json_decref(file);
}

static void sign_with(struct tj_verify_item *item, uint8_t algorithm, uint8_t seed)
{
    uint8_t secret32[32];
    memset(secret32, seed, sizeof secret32);
    memset(item, 0, sizeof *item);
    item->message = sha256_of(&seed, 1);
    assert_true(tj_public_key_of(&item->key, algorithm, secret32));
    assert_true(tj_sign(item->signature64, algorithm, secret32, &item->message, NULL));
}

/* More keys than a batch remembers. Each meets its own signature and that of another. */
static void a_batch_of_many_keys_confuses_none(void **state)
{
    (void)state;
    enum { KEYS = 48 };
    static struct tj_verify_item items[4 * KEYS];
    static enum tj_signature_verdict verdicts[4 * KEYS];
    for (size_t i = 0; i < KEYS; i++) {
        sign_with(&items[i], i % 2 == 0 ? TJ_ALGORITHM_ECDSA : TJ_ALGORITHM_BIP340,
                  (uint8_t)(i + 1));
        items[i + KEYS] = items[i];
    }
    for (size_t i = 0; i < KEYS; i++) {
        items[i + 2 * KEYS] = items[i];
        items[i + 2 * KEYS].key = items[(i + 2) % KEYS].key;
        items[i + 3 * KEYS] = items[i];
    }
    tj_verify_batch(verdicts, items, 4 * KEYS);
    for (size_t i = 0; i < 4 * KEYS; i++) {
        assert_true((verdicts[i] == TJ_SIGNATURE_VALID) == (i / KEYS != 2));
    }
}

static void a_key_of_wrong_size_never_verifies(void **state)
{
    (void)state;
    static const uint8_t sizes[] = {0, 1, 31, 32, 33, 34, 64, 65, 255};
    for (uint8_t algorithm = 1; algorithm <= 3; algorithm++) {
        struct tj_verify_item item;
        sign_with(&item, algorithm, 9);
        const uint8_t right = item.key.size;
        for (size_t i = 0; i < sizeof sizes; i++) {
            item.key.size = sizes[i];
            assert_true(verify(&item) == (sizes[i] == right));
        }
    }
    /* The bytes of an ECDSA key, called BIP-340, right after the same bytes as what they are. */
    struct tj_verify_item items[2];
    enum tj_signature_verdict verdicts[2] = {TJ_SIGNATURE_INVALID, TJ_SIGNATURE_VALID};
    sign_with(&items[0], TJ_ALGORITHM_ECDSA, 9);
    sign_with(&items[1], TJ_ALGORITHM_BIP340, 9);
    items[1].key = items[0].key;
    items[1].key.algorithm = TJ_ALGORITHM_BIP340;
    tj_verify_batch(verdicts, items, 2);
    assert_true(verdicts[0]);
    assert_false(verdicts[1]);
}

static void an_unknown_algorithm_never_verifies(void **state)
{
    (void)state;
    struct tj_verify_item item;
    sign_with(&item, TJ_ALGORITHM_ED25519, 9);
    for (unsigned int number = 0; number < 256; number++) {
        item.key.algorithm = (uint8_t)number;
        assert_true(verify(&item) == (number == TJ_ALGORITHM_ED25519));
    }
}

/* ECDSA and Ed25519 are deterministic, BIP-340 is with its auxiliary randomness given. */
static void own_vectors_sign_to_the_same_bytes(void **state)
{
    (void)state;
    json_t *file = load_json(TEST_VECTORS "/signatures.json");
    size_t i = 0;
    size_t signed_count = 0;
    json_t *entry = NULL;
    json_array_foreach(json_object_get(file, "cases"), i, entry)
    {
        if (json_object_get(entry, "secret") == NULL) {
            continue;
        }
        struct tj_verify_item item;
        struct tj_public_key key;
        uint8_t secret32[32];
        uint8_t aux32[32];
        uint8_t signature64[64];
        load_case(entry, &item);
        assert_int_equal(hex_bytes(secret32, 32, json_text(entry, "secret")), 32);
        const bool with_aux = json_object_get(entry, "aux") != NULL;
        if (with_aux) {
            assert_int_equal(hex_bytes(aux32, 32, json_text(entry, "aux")), 32);
        }
        assert_true(tj_sign(signature64, item.key.algorithm, secret32, &item.message,
                            with_aux ? aux32 : NULL));
        assert_memory_equal(signature64, item.signature64, 64);
        assert_true(tj_public_key_of(&key, item.key.algorithm, secret32));
        assert_int_equal(key.size, item.key.size);
        assert_memory_equal(key.bytes, item.key.bytes, key.size);
        signed_count++;
    }
    assert_int_equal(signed_count, 14);
    json_decref(file);
}

/* ---- keys ---- */

static struct tj_public_key key_from_hex(uint8_t algorithm, const char *hex)
{
    struct tj_public_key key = {.algorithm = algorithm};
    key.size = (uint8_t)hex_bytes(key.bytes, sizeof key.bytes, hex);
    return key;
}

#define G_X        "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
#define OFF_CURVE  "0000000000000000000000000000000000000000000000000000000000000005"
#define FIELD_SIZE "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f"
#define ED_BASE    "5866666666666666666666666666666666666666666666666666666666666666"

static void public_keys_are_valid_in_one_encoding(void **state)
{
    (void)state;
    static const struct {
        uint8_t algorithm;
        bool valid;
        const char *hex;
    } cases[] = {
        {TJ_ALGORITHM_ECDSA, true, "02" G_X},
        {TJ_ALGORITHM_ECDSA, true, "03" G_X},
        {TJ_ALGORITHM_ECDSA, false, "04" G_X},
        {TJ_ALGORITHM_ECDSA, false, "06" G_X},
        {TJ_ALGORITHM_ECDSA, false, "07" G_X},
        {TJ_ALGORITHM_ECDSA, false, "00" G_X},
        {TJ_ALGORITHM_ECDSA, false, "02" OFF_CURVE},
        {TJ_ALGORITHM_ECDSA, false, "02" FIELD_SIZE},
        {TJ_ALGORITHM_ECDSA, false, G_X},
        {TJ_ALGORITHM_BIP340, true, G_X},
        {TJ_ALGORITHM_BIP340, false, OFF_CURVE},
        {TJ_ALGORITHM_BIP340, false, FIELD_SIZE},
        {TJ_ALGORITHM_BIP340, false, "02" G_X},
        {TJ_ALGORITHM_ED25519, true, ED_BASE},
        {TJ_ALGORITHM_ED25519, false, ED_BASE "00"},
        /* y = 2 is on no point; y = 1, -1, 0 and two of order 8; then y + p. */
        {TJ_ALGORITHM_ED25519, false,
         "0200000000000000000000000000000000000000000000000000000000000000"},
        {TJ_ALGORITHM_ED25519, false,
         "0100000000000000000000000000000000000000000000000000000000000000"},
        {TJ_ALGORITHM_ED25519, false,
         "0100000000000000000000000000000000000000000000000000000000000080"},
        {TJ_ALGORITHM_ED25519, false,
         "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
        {TJ_ALGORITHM_ED25519, false,
         "0000000000000000000000000000000000000000000000000000000000000000"},
        {TJ_ALGORITHM_ED25519, false,
         "0000000000000000000000000000000000000000000000000000000000000080"},
        {TJ_ALGORITHM_ED25519, false,
         "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"},
        {TJ_ALGORITHM_ED25519, false,
         "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"},
        {TJ_ALGORITHM_ED25519, false,
         "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
        {TJ_ALGORITHM_ED25519, false,
         "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
        {0, false, G_X},
        {4, false, G_X},
        {255, false, "02" G_X},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct tj_public_key key = key_from_hex(cases[i].algorithm, cases[i].hex);
        if (tj_public_key_valid(&key) != cases[i].valid) {
            fail_msg("algorithm %u, key %s", cases[i].algorithm, cases[i].hex);
        }
    }
    struct tj_public_key huge = key_from_hex(TJ_ALGORITHM_ECDSA, "02" G_X);
    huge.size = 255;
    assert_false(tj_public_key_valid(&huge));
}

static void public_key_sizes(void **state)
{
    (void)state;
    assert_int_equal(tj_public_key_size(TJ_ALGORITHM_ECDSA), 33);
    assert_int_equal(tj_public_key_size(TJ_ALGORITHM_BIP340), 32);
    assert_int_equal(tj_public_key_size(TJ_ALGORITHM_ED25519), 32);
    assert_int_equal(tj_public_key_size(0), 0);
    assert_int_equal(tj_public_key_size(4), 0);
    assert_int_equal(tj_public_key_size(255), 0);
}

static void x_coordinate_is_one_for_both_algorithms(void **state)
{
    (void)state;
    uint8_t secret32[32];
    uint8_t x_ecdsa[32];
    uint8_t x_bip340[32];
    struct tj_public_key ecdsa;
    struct tj_public_key bip340;
    memset(secret32, 0x11, sizeof secret32);
    assert_true(tj_public_key_of(&ecdsa, TJ_ALGORITHM_ECDSA, secret32));
    assert_true(tj_public_key_of(&bip340, TJ_ALGORITHM_BIP340, secret32));
    tj_public_key_x(&ecdsa, x_ecdsa);
    tj_public_key_x(&bip340, x_bip340);
    assert_memory_equal(x_ecdsa, x_bip340, 32);
    assert_memory_equal(x_ecdsa, ecdsa.bytes + 1, 32);

    struct tj_public_key ed25519;
    assert_true(tj_public_key_of(&ed25519, TJ_ALGORITHM_ED25519, secret32));
    tj_public_key_x(&ed25519, x_ecdsa);
    assert_memory_equal(x_ecdsa, ed25519.bytes, 32);
}

/* ---- signing ---- */

#define ORDER          "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
#define ORDER_LESS_ONE "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140"

static void signing_refuses_what_is_not_a_secret_key(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "0000000000000000000000000000000000000000000000000000000000000000", ORDER,
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};
    const struct tj_hash message = sha256_of("m", 1);
    uint8_t secret32[32];
    uint8_t signature64[64];
    const uint8_t zero[64] = {0};
    struct tj_public_key key;
    for (size_t i = 0; i < 3; i++) {
        (void)hex_bytes(secret32, 32, bad[i]);
        for (uint8_t algorithm = 1; algorithm <= 2; algorithm++) {
            memset(signature64, 0xaa, sizeof signature64);
            assert_false(tj_sign(signature64, algorithm, secret32, &message, NULL));
            assert_memory_equal(signature64, zero, 64);
            assert_false(tj_public_key_of(&key, algorithm, secret32));
        }
    }
    (void)hex_bytes(secret32, 32, ORDER_LESS_ONE);
    assert_true(tj_sign(signature64, TJ_ALGORITHM_ECDSA, secret32, &message, NULL));
    assert_true(tj_sign(signature64, TJ_ALGORITHM_BIP340, secret32, &message, NULL));
    assert_false(tj_sign(signature64, 0, secret32, &message, NULL));
    assert_false(tj_sign(signature64, 4, secret32, &message, NULL));
    assert_false(tj_public_key_of(&key, 4, secret32));
}

/* s - 1 < n / 2 is what low means; half of all nonces give a high s before normalising. */
static void ecdsa_signs_low_s_only(void **state)
{
    (void)state;
    uint8_t half[32];
    uint8_t secret32[32];
    uint8_t signature64[64];
    (void)hex_bytes(half, 32, "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0");
    memset(secret32, 0x42, sizeof secret32);
    for (uint8_t i = 0; i < 32; i++) {
        const struct tj_hash message = sha256_of(&i, 1);
        assert_true(tj_sign(signature64, TJ_ALGORITHM_ECDSA, secret32, &message, NULL));
        assert_true(memcmp(signature64 + 32, half, 32) <= 0);
    }
}

static void bip340_draws_fresh_randomness(void **state)
{
    (void)state;
    uint8_t secret32[32];
    uint8_t first[64];
    uint8_t second[64];
    memset(secret32, 0x42, sizeof secret32);
    const struct tj_hash message = sha256_of("m", 1);
    assert_true(tj_sign(first, TJ_ALGORITHM_BIP340, secret32, &message, NULL));
    assert_true(tj_sign(second, TJ_ALGORITHM_BIP340, secret32, &message, NULL));
    assert_memory_not_equal(first, second, 64);
}

static void ed25519_signs_messages_of_any_length(void **state)
{
    (void)state;
    struct tj_public_key key;
    uint8_t secret32[32];
    uint8_t signature64[64];
    uint8_t message[300];
    memset(secret32, 7, sizeof secret32);
    memset(message, 9, sizeof message);
    assert_true(tj_public_key_of(&key, TJ_ALGORITHM_ED25519, secret32));
    for (size_t size = 0; size < sizeof message; size += 23) {
        assert_true(tj_ed25519_sign(signature64, secret32, message, size));
        assert_true(tj_ed25519_verify(key.bytes, message, size, signature64));
        assert_false(tj_ed25519_verify(key.bytes, message, size + 1, signature64));
        signature64[size % 64] ^= 1;
        assert_false(tj_ed25519_verify(key.bytes, message, size, signature64));
    }
}

static void random_bytes_differ_and_cleansing_clears(void **state)
{
    (void)state;
    uint8_t a[32] = {0};
    uint8_t b[32] = {0};
    const uint8_t zero[32] = {0};
    assert_true(tj_random(a, sizeof a));
    assert_true(tj_random(b, sizeof b));
    assert_memory_not_equal(a, b, sizeof a);
    tj_cleanse(a, sizeof a);
    assert_memory_equal(a, zero, sizeof a);
}

/* ---- threads ---- */

static void *verify_in_thread(void *argument)
{
    const struct tj_verify_item *item = argument;
    struct tj_verify_item items[8];
    enum tj_signature_verdict verdicts[8];
    for (size_t i = 0; i < 8; i++) {
        items[i] = *item;
        items[i].signature64[63] ^= (uint8_t)(i % 2);
    }
    tj_verify_batch(verdicts, items, 8);
    for (size_t i = 0; i < 8; i++) {
        if ((verdicts[i] == TJ_SIGNATURE_VALID) != (i % 2 == 0)) {
            return argument;
        }
    }
    return NULL;
}

/* Runs first, so that the threads meet in the library's one-time set-up. */
static void threads_verify_at_once(void **state)
{
    (void)state;
    struct tj_verify_item item = {.key = key_from_hex(TJ_ALGORITHM_BIP340, G_X)};
    json_t *file = load_json(TEST_VECTORS "/signatures.json");
    load_case(json_array_get(json_object_get(file, "cases"), 0), &item);
    json_decref(file);
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, verify_in_thread, &item), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        void *failed = NULL;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
}

/* ---- published vectors ---- */

/* One DER integer that fits 32 bytes, in its shortest form. False for any other. */
static bool der_integer(uint8_t out[32], const uint8_t **at, const uint8_t *end)
{
    if (end - *at < 2 || (*at)[0] != 0x02) {
        return false;
    }
    size_t length = (*at)[1];
    const uint8_t *bytes = *at + 2;
    if (length == 0 || length > 33 || length > (size_t)(end - bytes) || (bytes[0] & 0x80) != 0) {
        return false;
    }
    *at = bytes + length;
    if (bytes[0] == 0 && length > 1) {
        if ((bytes[1] & 0x80) == 0) {
            return false;
        }
        bytes++;
        length--;
    }
    if (length > 32) {
        return false;
    }
    memset(out, 0, 32);
    memcpy(out + 32 - length, bytes, length);
    return true;
}

static bool der_to_compact(uint8_t signature64[64], const uint8_t *der, size_t size)
{
    const uint8_t *at = der + 2;
    const uint8_t *end = der + size;
    return size >= 8 && size <= 72 && der[0] == 0x30 && der[1] == size - 2 &&
           der_integer(signature64, &at, end) && der_integer(signature64 + 32, &at, end) &&
           at == end;
}

static bool check_ecdsa(const json_t *test, const struct tj_public_key *key)
{
    uint8_t message[MESSAGE_MAX];
    uint8_t der[MESSAGE_MAX];
    struct tj_verify_item item = {.key = *key};
    const size_t message_size = hex_bytes(message, sizeof message, json_text(test, "msg"));
    const size_t der_size = hex_bytes(der, sizeof der, json_text(test, "sig"));
    item.message = sha256_of(message, message_size);
    return der_to_compact(item.signature64, der, der_size) && verify(&item);
}

static void wycheproof_ecdsa_bitcoin(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX];
    json_t *file =
        load_json(shared_path_or_skip(path, "wycheproof/ecdsa_secp256k1_sha256_bitcoin_test.json"));
    size_t valid = 0;
    size_t invalid = 0;
    size_t g = 0;
    json_t *group = NULL;
    json_array_foreach(json_object_get(file, "testGroups"), g, group)
    {
        uint8_t point[65];
        struct tj_public_key key = {.algorithm = TJ_ALGORITHM_ECDSA, .size = 33};
        const char *hex = json_text(json_object_get(group, "publicKey"), "uncompressed");
        assert_int_equal(hex_bytes(point, sizeof point, hex), 65);
        key.bytes[0] = (uint8_t)(2 + (point[64] & 1));
        memcpy(key.bytes + 1, point + 1, 32);
        size_t t = 0;
        json_t *test = NULL;
        json_array_foreach(json_object_get(group, "tests"), t, test)
        {
            const bool expected = strcmp(json_text(test, "result"), "valid") == 0;
            if (check_ecdsa(test, &key) != expected) {
                fail_msg("tcId %lld: %s",
                         (long long)json_integer_value(json_object_get(test, "tcId")),
                         json_text(test, "comment"));
            }
            valid += expected ? 1 : 0;
            invalid += expected ? 0 : 1;
        }
    }
    (void)fprintf(stderr, "wycheproof ecdsa bitcoin: %zu valid, %zu invalid\n", valid, invalid);
    assert_true(valid + invalid ==
                (size_t)json_integer_value(json_object_get(file, "numberOfTests")));
    json_decref(file);
}

static bool check_ed25519(const json_t *test, const uint8_t public32[32])
{
    uint8_t message[MESSAGE_MAX];
    uint8_t signature[MESSAGE_MAX];
    const size_t message_size = hex_bytes(message, sizeof message, json_text(test, "msg"));
    const size_t size = hex_bytes(signature, sizeof signature, json_text(test, "sig"));
    /* The API takes 64 bytes; another length cannot be passed. */
    return size == 64 && tj_ed25519_verify(public32, message, message_size, signature);
}

static void wycheproof_ed25519(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX];
    json_t *file = load_json(shared_path_or_skip(path, "wycheproof/ed25519_test.json"));
    size_t count = 0;
    size_t g = 0;
    json_t *group = NULL;
    json_array_foreach(json_object_get(file, "testGroups"), g, group)
    {
        uint8_t public32[32];
        const char *hex = json_text(json_object_get(group, "publicKey"), "pk");
        assert_int_equal(hex_bytes(public32, 32, hex), 32);
        size_t t = 0;
        json_t *test = NULL;
        json_array_foreach(json_object_get(group, "tests"), t, test)
        {
            const bool expected = strcmp(json_text(test, "result"), "valid") == 0;
            if (check_ed25519(test, public32) != expected) {
                fail_msg("tcId %lld: %s",
                         (long long)json_integer_value(json_object_get(test, "tcId")),
                         json_text(test, "comment"));
            }
            count++;
        }
    }
    (void)fprintf(stderr, "wycheproof ed25519: %zu tests\n", count);
    assert_true(count == (size_t)json_integer_value(json_object_get(file, "numberOfTests")));
    json_decref(file);
}

struct bip340_row {
    const char *fields[8]; /* index, secret, public, aux, message, signature, result, comment */
    size_t sizes[8];
};

static void split_row(struct bip340_row *row, const char *line)
{
    for (size_t i = 0; i < 8; i++) {
        row->fields[i] = line;
        row->sizes[i] = strcspn(line, i < 7 ? ",\r\n" : "\r\n");
        line += row->sizes[i];
        if (i < 7) {
            assert_int_equal(*line, ',');
            line++;
        }
    }
}

static void check_bip340(const struct bip340_row *row)
{
    struct tj_verify_item item = {.key = {.algorithm = TJ_ALGORITHM_BIP340, .size = 32}};
    assert_int_equal(hex_part(item.key.bytes, 32, row->fields[2], row->sizes[2]), 32);
    assert_int_equal(hex_part(item.message.bytes, 32, row->fields[4], row->sizes[4]), 32);
    assert_int_equal(hex_part(item.signature64, 64, row->fields[5], row->sizes[5]), 64);
    const bool expected = row->sizes[6] == 4 && memcmp(row->fields[6], "TRUE", 4) == 0;
    if (verify(&item) != expected) {
        fail_msg("vector %.*s", (int)row->sizes[0], row->fields[0]);
    }
    if (row->sizes[1] > 0) {
        uint8_t secret32[32];
        uint8_t aux32[32];
        uint8_t signature64[64];
        assert_int_equal(hex_part(secret32, 32, row->fields[1], row->sizes[1]), 32);
        assert_int_equal(hex_part(aux32, 32, row->fields[3], row->sizes[3]), 32);
        assert_true(tj_sign(signature64, TJ_ALGORITHM_BIP340, secret32, &item.message, aux32));
        assert_memory_equal(signature64, item.signature64, 64);
    }
}

static void bip340_test_vectors(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX];
    char line[LINE_MAX_SIZE];
    FILE *file = fopen(shared_path_or_skip(path, "bips/bip-0340/test-vectors.csv"), "r");
    assert_non_null(file);
    size_t run = 0;
    assert_non_null(fgets(line, sizeof line, file));
    while (fgets(line, sizeof line, file) != NULL) {
        struct bip340_row row;
        split_row(&row, line);
        if (row.sizes[4] != 64) {
            (void)fprintf(stderr, "SKIP: bip-0340 vector %.*s: %.*s\n", (int)row.sizes[0],
                          row.fields[0], (int)row.sizes[7], row.fields[7]);
            continue;
        }
        check_bip340(&row);
        run++;
    }
    (void)fclose(file);
    (void)fprintf(stderr, "bip-0340: %zu vectors\n", run);
    assert_true(run >= 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_verify_at_once),
        cmocka_unit_test(own_vectors_verify_or_are_refused),
        cmocka_unit_test(a_batch_answers_as_one_by_one),
        cmocka_unit_test(a_batch_of_many_keys_confuses_none),
        cmocka_unit_test(a_key_of_wrong_size_never_verifies),
        cmocka_unit_test(an_unknown_algorithm_never_verifies),
        cmocka_unit_test(own_vectors_sign_to_the_same_bytes),
        cmocka_unit_test(public_keys_are_valid_in_one_encoding),
        cmocka_unit_test(public_key_sizes),
        cmocka_unit_test(x_coordinate_is_one_for_both_algorithms),
        cmocka_unit_test(signing_refuses_what_is_not_a_secret_key),
        cmocka_unit_test(ecdsa_signs_low_s_only),
        cmocka_unit_test(bip340_draws_fresh_randomness),
        cmocka_unit_test(ed25519_signs_messages_of_any_length),
        cmocka_unit_test(random_bytes_differ_and_cleansing_clears),
        cmocka_unit_test(wycheproof_ecdsa_bitcoin),
        cmocka_unit_test(wycheproof_ed25519),
        cmocka_unit_test(bip340_test_vectors),
    };
    return cmocka_run_group_tests_name("signature", tests, NULL, NULL);
}
