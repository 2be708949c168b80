/* Two engines for one function, SHA-256 of OpenSSL.
 *
 * Leaves and nodes are so short that EVP's dispatch costs as much as the hashing. Measured with
 * OpenSSL 3.0.19 on an EPYC with SHA extensions, ns for one digest:
 *
 *     bytes                                65      113      tagged, 32
 *     one-shot SHA256()                   499      581
 *     EVP, algorithm fetched once         167   156-225      151
 *     SHA256_Init, _Update, _Final         96      103       64
 *
 * So the low-level calls are the default, although OpenSSL 3 advises against them. With
 * TIJORI_SHA256_EVP, or an OpenSSL that lacks them, everything goes through EVP, which obeys the
 * administrator's choice of provider (FIPS). Both give the same digests; the tests run both. */

#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/hash.h"

#include "crypto/require.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <string.h>

#if defined(OPENSSL_NO_DEPRECATED_3_0) && !defined(TIJORI_SHA256_EVP)
#define TIJORI_SHA256_EVP 1
#endif

/* Of what a tagged hash begins with: one block of SHA-256. */
enum { PREFIX_SIZE = 2 * TJ_HASH_SIZE };

#ifdef TIJORI_SHA256_EVP

struct digest {
    EVP_MD *algorithm;
    EVP_MD_CTX *context;
};

/* The first that is hashed shows that memory was there for all of it: what OpenSSL keeps of a
 * digest it asks for once. */
static bool digest_open(struct digest *digest)
{
    uint8_t unused[EVP_MAX_MD_SIZE];
    digest->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
    digest->context = EVP_MD_CTX_new();
    return digest->algorithm != NULL && digest->context != NULL &&
           EVP_DigestInit_ex2(digest->context, digest->algorithm, NULL) == 1 &&
           EVP_DigestUpdate(digest->context, "", 0) == 1 &&
           EVP_DigestFinal_ex(digest->context, unused, NULL) == 1 &&
           EVP_DigestInit_ex2(digest->context, NULL, NULL) == 1;
}

static void digest_close(struct digest *digest)
{
    EVP_MD_CTX_free(digest->context);
    EVP_MD_free(digest->algorithm);
}

static void digest_begin(struct digest *digest)
{
    /* NULL keeps the algorithm of digest_open: no second fetch. */
    TJ_CRYPTO_REQUIRE(EVP_DigestInit_ex2(digest->context, NULL, NULL) == 1);
}

static void digest_update(struct digest *digest, const void *data, size_t size)
{
    TJ_CRYPTO_REQUIRE(EVP_DigestUpdate(digest->context, data, size) == 1);
}

static void digest_finish(struct digest *digest, struct tj_hash *out)
{
    TJ_CRYPTO_REQUIRE(EVP_DigestFinal_ex(digest->context, out->bytes, NULL) == 1);
}

/* The block is absorbed again for each message: a copy of a context asks for memory. */
struct prefix {
    uint8_t block[PREFIX_SIZE];
};

static void prefix_set(struct prefix *prefix, struct digest *work, const uint8_t block[PREFIX_SIZE])
{
    (void)work;
    memcpy(prefix->block, block, PREFIX_SIZE);
}

static void digest_resume(struct digest *digest, const struct prefix *prefix)
{
    digest_begin(digest);
    digest_update(digest, prefix->block, PREFIX_SIZE);
}

#else

struct digest {
    SHA256_CTX state;
};

static void digest_begin(struct digest *digest)
{
    TJ_CRYPTO_REQUIRE(SHA256_Init(&digest->state) == 1);
}

static bool digest_open(struct digest *digest)
{
    digest_begin(digest);
    return true;
}

static void digest_close(struct digest *digest)
{
    OPENSSL_cleanse(&digest->state, sizeof digest->state);
}

static void digest_update(struct digest *digest, const void *data, size_t size)
{
    TJ_CRYPTO_REQUIRE(SHA256_Update(&digest->state, data, size) == 1);
}

static void digest_finish(struct digest *digest, struct tj_hash *out)
{
    TJ_CRYPTO_REQUIRE(SHA256_Final(out->bytes, &digest->state) == 1);
}

struct prefix {
    SHA256_CTX absorbed;
};

static void prefix_set(struct prefix *prefix, struct digest *work, const uint8_t block[PREFIX_SIZE])
{
    digest_begin(work);
    digest_update(work, block, PREFIX_SIZE);
    prefix->absorbed = work->state;
}

static void digest_resume(struct digest *digest, const struct prefix *prefix)
{
    digest->state = prefix->absorbed;
}

#endif

struct tj_hasher {
    struct digest digest;
};

struct tj_tag {
    struct prefix prefix; /* SHA-256(tag) twice */
    struct digest work;
};

struct tj_hasher *tj_hasher_create(void)
{
    struct tj_hasher *hasher = calloc(1, sizeof *hasher);
    if (hasher != NULL && !digest_open(&hasher->digest)) {
        tj_hasher_destroy(hasher);
        return NULL;
    }
    return hasher;
}

void tj_hasher_destroy(struct tj_hasher *hasher)
{
    if (hasher == NULL) {
        return;
    }
    digest_close(&hasher->digest);
    free(hasher);
}

void tj_sha256(struct tj_hasher *hasher, struct tj_hash *out, const void *data, size_t size)
{
    digest_begin(&hasher->digest);
    digest_update(&hasher->digest, data, size);
    digest_finish(&hasher->digest, out);
}

bool tj_sha256_alone(struct tj_hash *out, const void *data, size_t size)
{
    struct digest digest = {0};
    const bool opened = digest_open(&digest);
    if (opened) {
        digest_begin(&digest);
        digest_update(&digest, data, size);
        digest_finish(&digest, out);
    }
    digest_close(&digest);
    return opened;
}

void tj_sha256_begin(struct tj_hasher *hasher)
{
    digest_begin(&hasher->digest);
}

void tj_sha256_update(struct tj_hasher *hasher, const void *data, size_t size)
{
    digest_update(&hasher->digest, data, size);
}

void tj_sha256_finish(struct tj_hasher *hasher, struct tj_hash *out)
{
    digest_finish(&hasher->digest, out);
}

struct tj_tag *tj_tag_create(const char *name)
{
    struct tj_tag *tag = calloc(1, sizeof *tag);
    if (tag == NULL) {
        return NULL;
    }
    if (!digest_open(&tag->work)) {
        tj_tag_destroy(tag);
        return NULL;
    }
    struct tj_hash hash;
    uint8_t block[PREFIX_SIZE];
    digest_update(&tag->work, name, strlen(name));
    digest_finish(&tag->work, &hash);
    memcpy(block, hash.bytes, TJ_HASH_SIZE);
    memcpy(block + TJ_HASH_SIZE, hash.bytes, TJ_HASH_SIZE);
    prefix_set(&tag->prefix, &tag->work, block);
    return tag;
}

void tj_tag_destroy(struct tj_tag *tag)
{
    if (tag == NULL) {
        return;
    }
    digest_close(&tag->work);
    free(tag);
}

void tj_tagged_hash(struct tj_tag *tag, struct tj_hash *out, const void *data, size_t size)
{
    digest_resume(&tag->work, &tag->prefix);
    digest_update(&tag->work, data, size);
    digest_finish(&tag->work, out);
}
