#include "crypto/signature.h"

#include "crypto/ed25519.h"
#include "crypto/require.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <secp256k1.h>
#include <secp256k1_extrakeys.h>
#include <secp256k1_preallocated.h>
#include <secp256k1_schnorrsig.h>

#include <limits.h>
#include <pthread.h>
#include <string.h>

enum { ECDSA_KEY_SIZE = 33, BIP340_KEY_SIZE = 32, ED25519_KEY_SIZE = 32 };
/* Room for a context of libsecp256k1: 208 bytes in release 0.2. */
enum { SIGNING_MEMORY = 4096 };

/* A message shorter or longer than what these calls take is a type error, not a run-time one. */
_Static_assert(TJ_HASH_SIZE == 32, "secp256k1 signs 32-byte hashes");

/* Verification and parsing hold no secret, so the library's static context serves every thread,
 * with nothing to create, share or destroy. Its documentation asks for one self-test first: it
 * aborts on a miscompiled library. */
static void run_selftest(void)
{
    secp256k1_selftest();
}

static const secp256k1_context *verify_context(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    TJ_CRYPTO_REQUIRE(pthread_once(&once, run_selftest) == 0);
    return secp256k1_context_static;
}

/* What touches a secret key gets a context of its own, blinded afresh: 43 us more for a signature
 * of which an envelope of thousands of records needs a few. */
struct signing {
    _Alignas(16) uint8_t memory[SIGNING_MEMORY];
    secp256k1_context *context;
};

/* False: there is no randomness. The memory is ours, since the library ends the program when its
 * own malloc() gives none. */
static bool signing_begin(struct signing *signing)
{
    uint8_t seed32[32];
    (void)verify_context();
    TJ_CRYPTO_REQUIRE(secp256k1_context_preallocated_size(SECP256K1_CONTEXT_NONE) <=
                      sizeof signing->memory);
    if (!tj_random(seed32, sizeof seed32)) {
        return false;
    }
    signing->context =
        secp256k1_context_preallocated_create(signing->memory, SECP256K1_CONTEXT_NONE);
    TJ_CRYPTO_REQUIRE(signing->context != NULL);
    TJ_CRYPTO_REQUIRE(secp256k1_context_randomize(signing->context, seed32) == 1);
    tj_cleanse(seed32, sizeof seed32);
    return true;
}

static void signing_end(struct signing *signing)
{
    secp256k1_context_preallocated_destroy(signing->context);
    tj_cleanse(signing, sizeof *signing);
}

bool tj_random(void *out, size_t size)
{
    TJ_CRYPTO_REQUIRE(size <= INT_MAX);
    return RAND_priv_bytes(out, (int)size) == 1;
}

void tj_cleanse(void *secret, size_t size)
{
    OPENSSL_cleanse(secret, size);
}

size_t tj_public_key_size(uint8_t algorithm)
{
    switch ((enum tj_algorithm)algorithm) {
    case TJ_ALGORITHM_ECDSA:
        return ECDSA_KEY_SIZE;
    case TJ_ALGORITHM_BIP340:
        return BIP340_KEY_SIZE;
    case TJ_ALGORITHM_ED25519:
        return ED25519_KEY_SIZE;
    }
    return 0; /* a number from outside */
}

/* A parsed key of secp256k1. Parsing takes a square root, an eighth of a verification, and a
 * ledger's few registered keys sign again and again. */
struct parsed_key {
    bool usable;
    struct tj_public_key key;
    union {
        secp256k1_pubkey point;
        secp256k1_xonly_pubkey x_only;
    } as;
};

static bool parse_ecdsa(struct parsed_key *out, const struct tj_public_key *key)
{
    /* The library also takes 65-byte and hybrid forms, but not with a length of 33. */
    return key->size == ECDSA_KEY_SIZE &&
           secp256k1_ec_pubkey_parse(verify_context(), &out->as.point, key->bytes,
                                     ECDSA_KEY_SIZE) == 1;
}

static bool parse_bip340(struct parsed_key *out, const struct tj_public_key *key)
{
    return key->size == BIP340_KEY_SIZE &&
           secp256k1_xonly_pubkey_parse(verify_context(), &out->as.x_only, key->bytes) == 1;
}

bool tj_public_key_valid(const struct tj_public_key *key)
{
    struct parsed_key parsed;
    switch ((enum tj_algorithm)key->algorithm) {
    case TJ_ALGORITHM_ECDSA:
        return parse_ecdsa(&parsed, key);
    case TJ_ALGORITHM_BIP340:
        return parse_bip340(&parsed, key);
    case TJ_ALGORITHM_ED25519:
        return key->size == ED25519_KEY_SIZE && tj_ed25519_public_key_valid(key->bytes);
    }
    return false;
}

void tj_public_key_x(const struct tj_public_key *key, uint8_t x32[32])
{
    const size_t skip = key->algorithm == TJ_ALGORITHM_ECDSA ? 1 : 0;
    memcpy(x32, key->bytes + skip, 32);
}

/* What each thread has prepared of the keys it met: 28 KiB a thread, enough for the keys of a
 * country's custodians. The bytes of the whole key decide what is found, so a verdict remains a
 * function of the item alone, and a collision costs a parse. All zero, a slot is of no algorithm.
 */
enum { PARSED_KEYS = 256 };
static _Thread_local struct parsed_key parsed_keys[PARSED_KEYS];

static bool same_key(const struct tj_public_key *a, const struct tj_public_key *b)
{
    return a->algorithm == b->algorithm && a->size == b->size &&
           a->size <= TJ_PUBLIC_KEY_SIZE_MAX && memcmp(a->bytes, b->bytes, a->size) == 0;
}

static const struct parsed_key *parse_once(const struct tj_public_key *key)
{
    struct parsed_key *slot = &parsed_keys[key->bytes[BIP340_KEY_SIZE - 1] % PARSED_KEYS];
    if (!same_key(&slot->key, key)) {
        slot->key = *key;
        slot->usable =
            key->algorithm == TJ_ALGORITHM_ECDSA ? parse_ecdsa(slot, key) : parse_bip340(slot, key);
    }
    return slot;
}

static bool verify_ecdsa(const struct tj_verify_item *item)
{
    const struct parsed_key *parsed = parse_once(&item->key);
    secp256k1_ecdsa_signature signature;
    /* Parsing refuses r or s >= n; verifying refuses 0 and s > n / 2, so one signature has one
     * encoding. */
    return parsed->usable &&
           secp256k1_ecdsa_signature_parse_compact(verify_context(), &signature,
                                                   item->signature64) == 1 &&
           secp256k1_ecdsa_verify(verify_context(), &signature, item->message.bytes,
                                  &parsed->as.point) == 1;
}

static bool verify_bip340(const struct tj_verify_item *item)
{
    const struct parsed_key *parsed = parse_once(&item->key);
    return parsed->usable &&
           secp256k1_schnorrsig_verify(verify_context(), item->signature64, item->message.bytes,
                                       TJ_HASH_SIZE, &parsed->as.x_only) == 1;
}

static enum tj_signature_verdict verify_ed25519(const struct tj_verify_item *item)
{
    if (item->key.size != ED25519_KEY_SIZE) {
        return TJ_SIGNATURE_INVALID;
    }
    return tj_ed25519_verify(item->key.bytes, item->message.bytes, TJ_HASH_SIZE, item->signature64);
}

static enum tj_signature_verdict verify_item(const struct tj_verify_item *item)
{
    bool valid = false;
    switch ((enum tj_algorithm)item->key.algorithm) {
    case TJ_ALGORITHM_ECDSA:
        valid = verify_ecdsa(item);
        break;
    case TJ_ALGORITHM_BIP340:
        valid = verify_bip340(item);
        break;
    case TJ_ALGORITHM_ED25519:
        return verify_ed25519(item);
    }
    return valid ? TJ_SIGNATURE_VALID : TJ_SIGNATURE_INVALID;
}

void tj_verify_batch(enum tj_signature_verdict *verdicts, const struct tj_verify_item *items,
                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        verdicts[i] = verify_item(&items[i]);
    }
}

static bool secp256k1_key_of(struct tj_public_key *out, const secp256k1_context *context,
                             const uint8_t secret32[32])
{
    secp256k1_pubkey point;
    uint8_t compressed[ECDSA_KEY_SIZE];
    size_t size = sizeof compressed;
    if (secp256k1_ec_pubkey_create(context, &point, secret32) != 1 ||
        secp256k1_ec_pubkey_serialize(context, compressed, &size, &point,
                                      SECP256K1_EC_COMPRESSED) != 1) {
        return false;
    }
    /* A BIP-340 key is the x-coordinate alone, which stands for the point with even y. */
    const size_t skip = out->algorithm == TJ_ALGORITHM_ECDSA ? 0 : 1;
    memcpy(out->bytes, compressed + skip, sizeof compressed - skip);
    return true;
}

static void public_key_init(struct tj_public_key *out, uint8_t algorithm)
{
    memset(out, 0, sizeof *out);
    out->algorithm = algorithm;
    out->size = (uint8_t)tj_public_key_size(algorithm);
}

bool tj_public_key_of(struct tj_public_key *out, uint8_t algorithm,
                      const uint8_t secret32[TJ_SECRET_KEY_SIZE])
{
    public_key_init(out, algorithm);
    switch ((enum tj_algorithm)algorithm) {
    case TJ_ALGORITHM_ECDSA:
    case TJ_ALGORITHM_BIP340: {
        struct signing signing;
        if (!signing_begin(&signing)) {
            return false;
        }
        const bool done = secp256k1_key_of(out, signing.context, secret32);
        signing_end(&signing);
        return done;
    }
    case TJ_ALGORITHM_ED25519:
        return tj_ed25519_public_key_of(out->bytes, secret32);
    }
    return false;
}

static bool sign_ecdsa(struct tj_verify_item *item, const secp256k1_context *context,
                       const uint8_t secret32[32])
{
    secp256k1_ecdsa_signature signature;
    return secp256k1_ecdsa_sign(context, &signature, item->message.bytes, secret32,
                                secp256k1_nonce_function_rfc6979, NULL) == 1 &&
           secp256k1_ecdsa_signature_serialize_compact(context, item->signature64, &signature) == 1;
}

static bool sign_bip340(struct tj_verify_item *item, const secp256k1_context *context,
                        const uint8_t secret32[32], const uint8_t *aux32)
{
    uint8_t fresh32[32];
    if (aux32 == NULL && !tj_random(fresh32, sizeof fresh32)) {
        return false;
    }
    if (aux32 == NULL) {
        aux32 = fresh32;
    }
    secp256k1_keypair pair;
    const bool done = secp256k1_keypair_create(context, &pair, secret32) == 1 &&
                      secp256k1_schnorrsig_sign32(context, item->signature64, item->message.bytes,
                                                  &pair, aux32) == 1;
    tj_cleanse(&pair, sizeof pair);
    tj_cleanse(fresh32, sizeof fresh32);
    return done;
}

/* Signs item->message, and gives the item the key and the signature. */
static bool sign_secp256k1(struct tj_verify_item *item, const uint8_t secret32[32],
                           const uint8_t *aux32)
{
    struct signing signing;
    if (!signing_begin(&signing)) {
        return false;
    }
    bool done = secp256k1_key_of(&item->key, signing.context, secret32);
    if (done && item->key.algorithm == TJ_ALGORITHM_ECDSA) {
        done = sign_ecdsa(item, signing.context, secret32);
    } else if (done) {
        done = sign_bip340(item, signing.context, secret32, aux32);
    }
    signing_end(&signing);
    return done;
}

static bool sign_checked(struct tj_verify_item *item, const uint8_t secret32[32],
                         const uint8_t *aux32)
{
    if (!sign_secp256k1(item, secret32, aux32)) {
        return false;
    }
    enum tj_signature_verdict verdict = TJ_SIGNATURE_INVALID;
    tj_verify_batch(&verdict, item, 1);
    if (verdict != TJ_SIGNATURE_VALID) {
        tj_cleanse(item, sizeof *item);
        TJ_CRYPTO_REQUIRE(verdict == TJ_SIGNATURE_VALID && "a fresh signature verifies");
    }
    return true;
}

bool tj_sign(uint8_t signature64[TJ_SIGNATURE_SIZE], uint8_t algorithm,
             const uint8_t secret32[TJ_SECRET_KEY_SIZE], const struct tj_hash *message,
             const uint8_t *aux32)
{
    struct tj_verify_item item;
    bool done = false;
    public_key_init(&item.key, algorithm);
    item.message = *message;
    switch ((enum tj_algorithm)algorithm) {
    case TJ_ALGORITHM_ECDSA:
    case TJ_ALGORITHM_BIP340:
        done = sign_checked(&item, secret32, aux32);
        break;
    case TJ_ALGORITHM_ED25519:
        done = tj_ed25519_sign(item.signature64, secret32, message->bytes, TJ_HASH_SIZE);
        break;
    }
    if (!done) {
        memset(signature64, 0, TJ_SIGNATURE_SIZE);
        return false;
    }
    memcpy(signature64, item.signature64, TJ_SIGNATURE_SIZE);
    return true;
}

bool tj_ecdsa_signature_read(uint8_t signature64[TJ_SIGNATURE_SIZE], const uint8_t *bytes,
                             size_t size)
{
    secp256k1_ecdsa_signature read;
    secp256k1_ecdsa_signature low;
    const secp256k1_context *context = verify_context();
    const bool parsed = size == TJ_SIGNATURE_SIZE
                            ? secp256k1_ecdsa_signature_parse_compact(context, &read, bytes) == 1
                            : secp256k1_ecdsa_signature_parse_der(context, &read, bytes, size) == 1;
    if (!parsed) {
        return false;
    }
    (void)secp256k1_ecdsa_signature_normalize(context, &low, &read);
    return secp256k1_ecdsa_signature_serialize_compact(context, signature64, &low) == 1;
}
