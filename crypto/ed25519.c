#include "crypto/ed25519.h"

#include "crypto/require.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include <string.h>

/* ---- is it a point, and of large order? ----
 *
 * OpenSSL does not say. Its big numbers could, but they ask for memory at each step, and a key must
 * not be called bad because a machine has none. So the few operations stand here. All of it is
 * public: the time that they take gives nothing away. */

/* An element of the field of p = 2^255 - 19: the sum of limbs[i] * 2^(51 i). A limb may exceed 51
 * bits by a little, so one element has several forms. */
enum { LIMBS = 5, LIMB_BITS = 51 };
#define LIMB_MASK (((uint64_t)1 << LIMB_BITS) - 1)
struct element {
    uint64_t limbs[LIMBS];
};
__extension__ typedef unsigned __int128 wide;

/* d of the curve -x^2 + y^2 = 1 + d x^2 y^2 (RFC 8032, 5.1), little-endian as keys are. */
static const uint8_t d_bytes[32] = {
    0xa3, 0x78, 0x59, 0x13, 0xca, 0x4d, 0xeb, 0x75, 0xab, 0xd8, 0x41, 0x41, 0x4d, 0x0a, 0x70, 0x00,
    0x98, 0xe8, 0x79, 0x77, 0x79, 0x40, 0xc7, 0x8c, 0x73, 0xfe, 0x6f, 0x2b, 0xee, 0x6c, 0x03, 0x52};

/* Of the low 255 bits. */
static struct element element_of(const uint8_t bytes[32])
{
    struct element e = {{0}};
    for (unsigned bit = 0; bit < 255; bit++) {
        const uint64_t value = bytes[bit / 8] >> (bit % 8) & 1;
        e.limbs[bit / LIMB_BITS] |= value << (bit % LIMB_BITS);
    }
    return e;
}

/* 2^255 is 19: what leaves the last limb comes back into the first. */
static void carry(struct element *e)
{
    for (int i = 0; i < LIMBS; i++) {
        const uint64_t over = e->limbs[i] >> LIMB_BITS;
        e->limbs[i] &= LIMB_MASK;
        e->limbs[(i + 1) % LIMBS] += i + 1 < LIMBS ? over : 19 * over;
    }
}

static struct element times(const struct element *a, const struct element *b)
{
    wide sums[LIMBS] = {0};
    struct element product;
    /* Limbs below 2^54 make products below 2^108, and five of them times 19 fit 128 bits. */
    for (int i = 0; i < LIMBS; i++) {
        for (int j = 0; j < LIMBS; j++) {
            const wide of_limbs = (wide)a->limbs[i] * b->limbs[j];
            sums[(i + j) % LIMBS] += i + j < LIMBS ? of_limbs : 19 * of_limbs;
        }
    }
    for (int i = 0; i + 1 < LIMBS; i++) {
        sums[i + 1] += sums[i] >> LIMB_BITS;
        sums[i] &= LIMB_MASK;
    }
    sums[0] += 19 * (sums[LIMBS - 1] >> LIMB_BITS);
    sums[LIMBS - 1] &= LIMB_MASK;
    sums[1] += sums[0] >> LIMB_BITS;
    sums[0] &= LIMB_MASK;
    for (int i = 0; i < LIMBS; i++) {
        product.limbs[i] = (uint64_t)sums[i];
    }
    return product;
}

static struct element plus(const struct element *a, uint64_t number)
{
    struct element sum = *a;
    sum.limbs[0] += number;
    return sum;
}

/* p - 1 is added, which keeps every limb from going below 0. */
static struct element minus_1(const struct element *a)
{
    struct element difference = *a;
    difference.limbs[0] += LIMB_MASK - 19;
    for (int i = 1; i < LIMBS; i++) {
        difference.limbs[i] += LIMB_MASK;
    }
    carry(&difference);
    return difference;
}

/* Compares with a number below 2^51. */
static bool equals(const struct element *a, uint64_t number)
{
    struct element e = *a;
    uint64_t rest = 0;
    carry(&e);
    carry(&e);
    carry(&e); /* below 2^255 now: it is the number, or the number and p */
    for (int i = 1; i < LIMBS; i++) {
        rest |= e.limbs[i];
    }
    if (rest == 0 && e.limbs[0] == number) {
        return true;
    }
    e.limbs[0] += 19; /* p is 2^255 - 19: with it the sum is the number and 2^255 */
    rest = 0;
    for (int i = 0; i + 1 < LIMBS; i++) {
        e.limbs[i + 1] += e.limbs[i] >> LIMB_BITS;
        e.limbs[i] &= LIMB_MASK;
    }
    for (int i = 1; i + 1 < LIMBS; i++) {
        rest |= e.limbs[i];
    }
    return rest == 0 && e.limbs[0] == number && e.limbs[LIMBS - 1] == LIMB_MASK + 1;
}

/* True for a square that is not 0: by Euler, a^((p - 1) / 2) is 1. The exponent is 2^254 - 10, all
 * ones but bits 0 and 3. */
static bool is_square(const struct element *a)
{
    struct element power = *a; /* of bit 253 */
    for (int bit = 252; bit >= 0; bit--) {
        power = times(&power, &power);
        if (bit != 0 && bit != 3) {
            power = times(&power, a);
        }
    }
    return equals(&power, 1);
}

/* Keys have one encoding: y below p. */
static bool is_canonical(const uint8_t y[32])
{
    if (y[31] != 0x7f || y[0] < 0xed) {
        return true;
    }
    for (int i = 1; i < 31; i++) {
        if (y[i] != 0xff) {
            return true;
        }
    }
    return false;
}

/* With y2 = y^2, a point is on the curve when x^2 = (y2 - 1) / (d y2 + 1) is a square, and so when
 * (y2 - 1)(d y2 + 1) is; d is none, so d y2 + 1 is never 0. The points of small order:
 *     order 1, 2    y = 1, -1: x = 0, so the product is 0
 *     order 4       y = 0, as doubling gives y3 = -1
 *     order 8       doubling gives y3 = 0, so y2 = -x^2, so d y2^2 + 2 y2 - 1 = 0
 * With these refused x is never 0, so both values of the sign bit are canonical. */
bool tj_ed25519_public_key_valid(const uint8_t public32[32])
{
    uint8_t bytes[32];
    memcpy(bytes, public32, sizeof bytes);
    bytes[31] &= 0x7f; /* the sign of x */
    if (!is_canonical(bytes)) {
        return false;
    }
    const struct element y = element_of(bytes);
    const struct element d = element_of(d_bytes);
    const struct element y2 = times(&y, &y);
    const struct element dy2 = times(&d, &y2);
    const struct element dy2_plus_2 = plus(&dy2, 2);
    const struct element of_order_8 = times(&dy2_plus_2, &y2); /* d y2^2 + 2 y2 */
    if (equals(&y, 0) || equals(&of_order_8, 1)) {
        return false;
    }
    const struct element left = minus_1(&y2);
    const struct element right = plus(&dy2, 1);
    const struct element product = times(&left, &right);
    return is_square(&product);
}

/* ---- through OpenSSL ---- */

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
    const enum tj_signature_verdict verdict =
        tj_ed25519_verify(public32, message, size, signature64);
    if (verdict != TJ_SIGNATURE_VALID) {
        OPENSSL_cleanse(signature64, TJ_ED25519_SIGNATURE_SIZE);
        TJ_CRYPTO_REQUIRE(verdict == TJ_SIGNATURE_UNDECIDED &&
                          "a fresh Ed25519 signature verifies");
        return false;
    }
    return true;
}

/* What OpenSSL says of it once: 1 for yes. Its 0 is a no, or a lack of memory somewhere inside;
 * what is below 0 is trouble. */
static int ask_openssl(const uint8_t public32[32], const void *message, size_t size,
                       const uint8_t signature64[64])
{
    int answer = -1;
    /* Without it OpenSSL 3.0 reads through NULL: memory was out when it began. */
    if (OSSL_LIB_CTX_get0_global_default() == NULL) {
        return answer;
    }
    (void)ERR_set_mark();
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public32, 32);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (key != NULL && context != NULL &&
        EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1) {
        answer = EVP_DigestVerify(context, signature64, TJ_ED25519_SIGNATURE_SIZE, message, size);
    }
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    (void)ERR_pop_to_mark();
    return answer;
}

/* RFC 8032, section 7.1, TEST 1: the empty message. OpenSSL has to say yes to it. */
static bool openssl_works(void)
{
    static const uint8_t public32[32] = {0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7,
                                         0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
                                         0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25,
                                         0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a};
    static const uint8_t signature64[64] = {
        0xe5, 0x56, 0x43, 0x00, 0xc3, 0x60, 0xac, 0x72, 0x90, 0x86, 0xe2, 0xcc, 0x80,
        0x6e, 0x82, 0x8a, 0x84, 0x87, 0x7f, 0x1e, 0xb8, 0xe5, 0xd9, 0x74, 0xd8, 0x73,
        0xe0, 0x65, 0x22, 0x49, 0x01, 0x55, 0x5f, 0xb8, 0x82, 0x15, 0x90, 0xa3, 0x3b,
        0xac, 0xc6, 0x1e, 0x39, 0x70, 0x1c, 0xf9, 0xb4, 0x6b, 0xd2, 0x5b, 0xf5, 0xf0,
        0x59, 0x5b, 0xbe, 0x24, 0x65, 0x51, 0x41, 0x43, 0x8e, 0x7a, 0x10, 0x0b};
    return ask_openssl(public32, "", 0, signature64) == 1;
}

/* A yes is a yes. A no accuses somebody, so it is believed only when it comes twice, and when
 * OpenSSL says yes in between to a signature that is known to be right. */
enum tj_signature_verdict tj_ed25519_verify(const uint8_t public32[32], const void *message,
                                            size_t size, const uint8_t signature64[64])
{
    if (!tj_ed25519_public_key_valid(public32)) {
        return TJ_SIGNATURE_INVALID;
    }
    if (ask_openssl(public32, message, size, signature64) == 1) {
        return TJ_SIGNATURE_VALID;
    }
    if (!openssl_works()) {
        return TJ_SIGNATURE_UNDECIDED;
    }
    const int again = ask_openssl(public32, message, size, signature64);
    if (again == 1) {
        return TJ_SIGNATURE_VALID;
    }
    return again == 0 ? TJ_SIGNATURE_INVALID : TJ_SIGNATURE_UNDECIDED;
}

bool tj_ed25519_offered(void)
{
    if (OSSL_LIB_CTX_get0_global_default() == NULL) {
        return true;
    }
    (void)ERR_set_mark();
    EVP_SIGNATURE *fetched = EVP_SIGNATURE_fetch(NULL, "ED25519", NULL);
    const bool unsupported =
        fetched == NULL && ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_UNSUPPORTED;
    EVP_SIGNATURE_free(fetched);
    (void)ERR_pop_to_mark();
    return !unsupported;
}
