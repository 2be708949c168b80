#include "crypto/ed25519.h"

#include "crypto/require.h"

#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <string.h>

/* The field is that of p = 2^255 - 19, the curve -x^2 + y^2 = 1 + d x^2 y^2 (RFC 8032, 5.1). */
static const char p_hex[] = "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed";
static const char d_hex[] = "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3";

/* With y2 = y^2, a point is on the curve when x^2 = (y2 - 1) / (d y2 + 1) is a square, and so when
 * (y2 - 1)(d y2 + 1) is; d is none, so d y2 + 1 is never 0. The points of small order:
 *     order 1, 2    y = 1, -1: x = 0, so the product is 0 and has the symbol 0, not 1
 *     order 4       y = 0, as doubling gives y3 = -1
 *     order 8       doubling gives y3 = 0, so y2 = -x^2, so d y2^2 + 2 y2 - 1 = 0
 * With these refused x is never 0, so both values of the sign bit are canonical. */
static bool y_is_of_large_order_point(BN_CTX *context, const BIGNUM *y, const BIGNUM *p,
                                      const BIGNUM *d)
{
    BIGNUM *y2 = BN_CTX_get(context);
    BIGNUM *dy2 = BN_CTX_get(context);
    BIGNUM *left = BN_CTX_get(context);
    BIGNUM *right = BN_CTX_get(context);
    TJ_CRYPTO_REQUIRE(right != NULL);

    /* left = d y2^2 + 2 y2 - 1 + 1 = y2 (d y2 + 2) */
    bool ok = BN_mod_sqr(y2, y, p, context) == 1 && BN_mod_mul(dy2, d, y2, p, context) == 1 &&
              BN_copy(left, dy2) != NULL && BN_add_word(left, 2) == 1 &&
              BN_mod_mul(left, left, y2, p, context) == 1;
    TJ_CRYPTO_REQUIRE(ok);
    if (BN_is_zero(y) || BN_is_one(left)) {
        return false;
    }
    /* y is not 0, so y2 - 1 is not negative. */
    ok = BN_copy(left, y2) != NULL && BN_sub_word(left, 1) == 1 && BN_copy(right, dy2) != NULL &&
         BN_add_word(right, 1) == 1 && BN_mod_mul(left, left, right, p, context) == 1;
    TJ_CRYPTO_REQUIRE(ok);
    const int symbol = BN_kronecker(left, p, context);
    TJ_CRYPTO_REQUIRE(symbol >= -1);
    return symbol == 1;
}

bool tj_ed25519_public_key_valid(const uint8_t public32[32])
{
    uint8_t bytes[32];
    memcpy(bytes, public32, sizeof bytes);
    bytes[31] &= 0x7f; /* the sign of x */

    BN_CTX *context = BN_CTX_new();
    TJ_CRYPTO_REQUIRE(context != NULL);
    BN_CTX_start(context);
    BIGNUM *p = BN_CTX_get(context);
    BIGNUM *d = BN_CTX_get(context);
    BIGNUM *y = BN_CTX_get(context);
    TJ_CRYPTO_REQUIRE(y != NULL);
    TJ_CRYPTO_REQUIRE(BN_hex2bn(&p, p_hex) > 0 && BN_hex2bn(&d, d_hex) > 0);
    TJ_CRYPTO_REQUIRE(BN_lebin2bn(bytes, sizeof bytes, y) != NULL);

    const bool valid = BN_cmp(y, p) < 0 && y_is_of_large_order_point(context, y, p, d);
    BN_CTX_end(context);
    BN_CTX_free(context);
    return valid;
}

bool tj_ed25519_public_key_of(uint8_t public32[32], const uint8_t secret32[32])
{
    (void)ERR_set_mark();
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret32, 32);
    size_t size = 32;
    const bool done =
        key != NULL && EVP_PKEY_get_raw_public_key(key, public32, &size) == 1 && size == 32;
    EVP_PKEY_free(key);
    (void)ERR_pop_to_mark();
    return done;
}

bool tj_ed25519_sign(uint8_t signature64[64], const uint8_t secret32[32], const void *message,
                     size_t size)
{
    uint8_t public32[32];
    if (!tj_ed25519_public_key_of(public32, secret32)) {
        return false;
    }
    (void)ERR_set_mark();
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret32, 32);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t written = TJ_ED25519_SIGNATURE_SIZE;
    const bool done = key != NULL && context != NULL &&
                      EVP_DigestSignInit(context, NULL, NULL, NULL, key) == 1 &&
                      EVP_DigestSign(context, signature64, &written, message, size) == 1 &&
                      written == TJ_ED25519_SIGNATURE_SIZE;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    (void)ERR_pop_to_mark();
    if (!done) {
        OPENSSL_cleanse(signature64, TJ_ED25519_SIGNATURE_SIZE);
        return false;
    }
    /* Two signatures of one message of which one is faulty give the secret key away. */
    if (!tj_ed25519_verify(public32, message, size, signature64)) {
        OPENSSL_cleanse(signature64, TJ_ED25519_SIGNATURE_SIZE);
        TJ_CRYPTO_REQUIRE(false && "a fresh Ed25519 signature verifies");
    }
    return true;
}

bool tj_ed25519_verify(const uint8_t public32[32], const void *message, size_t size,
                       const uint8_t signature64[64])
{
    if (!tj_ed25519_public_key_valid(public32)) {
        return false;
    }
    (void)ERR_set_mark();
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public32, 32);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    const bool valid =
        key != NULL && context != NULL &&
        EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
        EVP_DigestVerify(context, signature64, TJ_ED25519_SIGNATURE_SIZE, message, size) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    (void)ERR_pop_to_mark();
    return valid;
}
