#include "crypto/keyfile.h"

#include "crypto/require.h"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509.h>

#include <limits.h>
#include <string.h>

enum {
    EC_POINT_SIZE_MAX = 65,
    /* RFC 7914: interactive use, 16 MiB. OpenSSL's own reader refuses more than 32 MiB. */
    SCRYPT_N = 16384,
    SCRYPT_R = 8,
    SCRYPT_P = 1,
};

static const char algorithm_field[] = "Tijori-Algorithm:";
static const char bip340_line[] = "Tijori-Algorithm: bip340";
static const char pem_boundary[] = "-----BEGIN ";

bool tj_secret_key_generate(struct tj_secret_key *out, enum tj_algorithm algorithm)
{
    TJ_CRYPTO_REQUIRE(tj_public_key_size((uint8_t)algorithm) != 0);
    struct tj_public_key ignored;
    out->algorithm = (uint8_t)algorithm;
    /* Of the 2^256 strings all but 2^128 are keys of secp256k1: one that is none means that the
     * machine lacks something. */
    return tj_random(out->secret32, sizeof out->secret32) &&
           tj_public_key_of(&ignored, out->algorithm, out->secret32);
}

/* ---- writing ---- */

/* The public key as OpenSSL wants it for its EC keys: 65 bytes would take a second multiplication,
 * the compressed form is as good. */
static EVP_PKEY *ec_key_of(const struct tj_secret_key *key)
{
    struct tj_public_key public_key;
    if (!tj_public_key_of(&public_key, TJ_ALGORITHM_ECDSA, key->secret32)) {
        return NULL;
    }
    EVP_PKEY *made = NULL;
    OSSL_PARAM *params = NULL;
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *scalar = BN_secure_new();
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    bool done = builder != NULL && scalar != NULL && context != NULL &&
                BN_bin2bn(key->secret32, TJ_SECRET_KEY_SIZE, scalar) != NULL;
    done = done &&
           OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "secp256k1", 0) &&
           OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, public_key.bytes,
                                            public_key.size) &&
           OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, scalar);
    params = done ? OSSL_PARAM_BLD_to_param(builder) : NULL;
    done = params != NULL && EVP_PKEY_fromdata_init(context) == 1 &&
           EVP_PKEY_fromdata(context, &made, EVP_PKEY_KEYPAIR, params) == 1;
    OSSL_PARAM_free(params); /* clears: the secret stands in its secure part */
    EVP_PKEY_CTX_free(context);
    BN_clear_free(scalar);
    OSSL_PARAM_BLD_free(builder);
    return done ? made : NULL;
}

static EVP_PKEY *openssl_key_of(const struct tj_secret_key *key)
{
    switch ((enum tj_algorithm)key->algorithm) {
    case TJ_ALGORITHM_ECDSA:
    case TJ_ALGORITHM_BIP340:
        return ec_key_of(key);
    case TJ_ALGORITHM_ED25519:
        return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key->secret32,
                                            TJ_SECRET_KEY_SIZE);
    }
    return NULL;
}

static bool write_encrypted(BIO *to, PKCS8_PRIV_KEY_INFO *info, const char *passphrase)
{
    const size_t size = strlen(passphrase);
    X509_ALGOR *algorithm =
        size <= INT_MAX
            ? PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, 0, NULL, SCRYPT_N, SCRYPT_R, SCRYPT_P)
            : NULL;
    if (algorithm == NULL) {
        return false;
    }
    X509_SIG *sealed = PKCS8_set0_pbe(passphrase, (int)size, info, algorithm);
    if (sealed == NULL) {
        X509_ALGOR_free(algorithm); /* set0 takes it only when it succeeds */
        return false;
    }
    const bool done = PEM_write_bio_PKCS8(to, sealed) == 1;
    X509_SIG_free(sealed);
    return done;
}

/* The file's bytes into a memory BIO that clears its buffers; NULL when the key is not valid. */
static BIO *encode(const struct tj_secret_key *key, const char *passphrase)
{
    EVP_PKEY *openssl_key = openssl_key_of(key);
    if (openssl_key == NULL) {
        return NULL;
    }
    BIO *to = BIO_new(BIO_s_secmem());
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(openssl_key);
    bool done = to != NULL && info != NULL;
    if (done && key->algorithm == TJ_ALGORITHM_BIP340) {
        done = BIO_puts(to, bip340_line) > 0 && BIO_puts(to, "\n") > 0;
    }
    done = done && (passphrase != NULL ? write_encrypted(to, info, passphrase)
                                       : PEM_write_bio_PKCS8_PRIV_KEY_INFO(to, info) == 1);
    PKCS8_PRIV_KEY_INFO_free(info);
    EVP_PKEY_free(openssl_key);
    if (!done) {
        (void)BIO_free(to);
        return NULL;
    }
    return to;
}

enum tj_keyfile_status tj_keyfile_encode(char out[TJ_KEYFILE_SIZE_MAX], size_t *size,
                                         const struct tj_secret_key *key, const char *passphrase)
{
    (void)ERR_set_mark();
    BIO *encoded = encode(key, passphrase);
    (void)ERR_pop_to_mark();
    *size = 0;
    if (encoded == NULL) {
        return TJ_KEYFILE_FORMAT;
    }
    char *bytes = NULL;
    const long encoded_size = BIO_get_mem_data(encoded, &bytes);
    TJ_CRYPTO_REQUIRE(encoded_size > 0 && encoded_size <= TJ_KEYFILE_SIZE_MAX);
    memcpy(out, bytes, (size_t)encoded_size);
    *size = (size_t)encoded_size;
    (void)BIO_free(encoded);
    return TJ_KEYFILE_OK;
}

/* ---- reading ---- */

static const char *find(const char *in, size_t size, const char *what)
{
    const size_t length = strlen(what);
    for (size_t i = 0; i + length <= size; i++) {
        if (memcmp(in + i, what, length) == 0) {
            return in + i;
        }
    }
    return NULL;
}

/* Reads the explanatory text before the boundary. False for an algorithm that is not known: a key
 * must not be taken for another kind than what it says it is. */
static bool read_preamble(bool *bip340, const char *text, size_t size)
{
    *bip340 = false;
    while (size > 0) {
        const char *newline = memchr(text, '\n', size);
        const size_t taken = newline != NULL ? (size_t)(newline - text) + 1 : size;
        size_t length = newline != NULL ? taken - 1 : size;
        if (length > 0 && text[length - 1] == '\r') {
            length--;
        }
        if (length >= sizeof algorithm_field - 1 &&
            memcmp(text, algorithm_field, sizeof algorithm_field - 1) == 0) {
            if (length != sizeof bip340_line - 1 || memcmp(text, bip340_line, length) != 0) {
                return false;
            }
            *bip340 = true;
        }
        text += taken;
        size -= taken;
    }
    return true;
}

/* The scalar of an EC key, with its public key held against it: OpenSSL takes what the file says
 * for it and does not look. */
static enum tj_keyfile_status read_ec(EVP_PKEY *key, uint8_t secret32[TJ_SECRET_KEY_SIZE],
                                      struct tj_keyfile_fault *fault)
{
    char group[64];
    size_t size = 0;
    uint8_t point[EC_POINT_SIZE_MAX];
    BIGNUM *scalar = NULL;
    if (EVP_PKEY_get_group_name(key, group, sizeof group, &size) != 1) {
        return tj_keyfile_blame(fault, tj_keyfile_new_key,
                                "an EC key of a curve without a name; the curve here "
                                "is secp256k1");
    }
    if (strcmp(group, "secp256k1") != 0) {
        return tj_keyfile_blame(fault, tj_keyfile_new_key,
                                "an EC key of the curve %s; the curve here is "
                                "secp256k1",
                                group);
    }
    bool fits = EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) == 1 &&
                BN_bn2binpad(scalar, secret32, TJ_SECRET_KEY_SIZE) == TJ_SECRET_KEY_SIZE;
    BN_clear_free(scalar);
    struct tj_public_key computed;
    if (!fits || !tj_public_key_of(&computed, TJ_ALGORITHM_ECDSA, secret32)) {
        return tj_keyfile_blame(fault, NULL, "its number is not a key of secp256k1");
    }
    fits = EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point,
                                           &size) == 1 &&
           (size == 33 || size == EC_POINT_SIZE_MAX);
    /* 02 or 03 says whether y is even; the long form holds y itself. */
    const uint8_t sign = size == 33 ? point[0] : (uint8_t)(2 + (point[EC_POINT_SIZE_MAX - 1] & 1));
    if (!fits || sign != computed.bytes[0] || memcmp(point + 1, computed.bytes + 1, 32) != 0) {
        return tj_keyfile_blame(fault, NULL, "the public half in it belongs to another key");
    }
    return TJ_KEYFILE_OK;
}

static bool read_ed25519(EVP_PKEY *key, uint8_t secret32[TJ_SECRET_KEY_SIZE])
{
    size_t size = TJ_SECRET_KEY_SIZE;
    return EVP_PKEY_get_raw_private_key(key, secret32, &size) == 1 && size == TJ_SECRET_KEY_SIZE;
}

/* The name of an object of ASN.1, or its number where OpenSSL has no name for it. */
static const char *object_name(char out[80], const ASN1_OBJECT *object)
{
    return OBJ_obj2txt(out, 80, object, 0) > 0 ? out : "an unknown name";
}

static enum tj_keyfile_status read_info(struct tj_secret_key *out, const PKCS8_PRIV_KEY_INFO *info,
                                        bool bip340, struct tj_keyfile_fault *fault)
{
    char name[80];
    const ASN1_OBJECT *algorithm = NULL;
    EVP_PKEY *key = EVP_PKCS82PKEY(info);
    (void)PKCS8_pkey_get0(&algorithm, NULL, NULL, NULL, info);
    const int kind = algorithm != NULL ? OBJ_obj2nid(algorithm) : NID_undef;
    enum tj_keyfile_status status = TJ_KEYFILE_FORMAT;
    if (kind == NID_rsaEncryption) {
        status = tj_keyfile_blame(fault, tj_keyfile_new_key,
                                  "an RSA key; the types here are EC on secp256k1 and "
                                  "ED25519");
    } else if (kind != NID_X9_62_id_ecPublicKey && kind != NID_ED25519) {
        status = tj_keyfile_blame(fault, tj_keyfile_new_key,
                                  "a key of the type %s; the types here are EC on secp256k1 and "
                                  "ED25519",
                                  object_name(name, algorithm));
    } else if (key == NULL) {
        status = tj_keyfile_blame(fault, NULL,
                                  "a key of the type %s, damaged or of a curve that "
                                  "is not known",
                                  object_name(name, algorithm));
    } else if (kind == NID_X9_62_id_ecPublicKey) {
        out->algorithm = bip340 ? TJ_ALGORITHM_BIP340 : TJ_ALGORITHM_ECDSA;
        status = read_ec(key, out->secret32, fault);
    } else if (bip340) {
        status = tj_keyfile_blame(fault, NULL, "an ED25519 key under the line '%s'", bip340_line);
    } else {
        out->algorithm = TJ_ALGORITHM_ED25519;
        status = read_ed25519(key, out->secret32)
                     ? TJ_KEYFILE_OK
                     : tj_keyfile_blame(fault, NULL, "a damaged ED25519 key");
    }
    EVP_PKEY_free(key);
    return status;
}

static enum tj_keyfile_status read_plain(struct tj_secret_key *out, const uint8_t *der, long size,
                                         bool bip340, struct tj_keyfile_fault *fault)
{
    const uint8_t *at = der;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, size);
    enum tj_keyfile_status status = TJ_KEYFILE_FORMAT;
    if (info == NULL || at != der + size) {
        status = tj_keyfile_blame(fault, NULL,
                                  "what is between its BEGIN and END is not PKCS#8: "
                                  "damaged, or of another form");
    } else {
        status = read_info(out, info, bip340, fault);
    }
    PKCS8_PRIV_KEY_INFO_free(info);
    return status;
}

/* A SEQUENCE that begins as an ECPrivateKey of SEC 1 does: its version 1, then an octet string. The
 * reader below takes other forms too, and nothing is to be read as what it does not say it is. */
static bool begins_as_sec1(const uint8_t *der, long size)
{
    static const uint8_t begins[] = {V_ASN1_INTEGER, 1, 1, V_ASN1_OCTET_STRING};
    const long head = size > 1 && (der[1] & 0x80) != 0 ? 2 + (der[1] & 0x7f) : 2;
    return size >= head + (long)sizeof begins && der[0] == (V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED) &&
           memcmp(der + head, begins, sizeof begins) == 0;
}

/* "EC PRIVATE KEY", the older form: the number, and in it the curve and the public key. */
static enum tj_keyfile_status read_sec1(struct tj_secret_key *out, const uint8_t *der, long size,
                                        bool bip340, struct tj_keyfile_fault *fault)
{
    const uint8_t *at = der;
    EVP_PKEY *key = begins_as_sec1(der, size) ? d2i_PrivateKey(EVP_PKEY_EC, NULL, &at, size) : NULL;
    enum tj_keyfile_status status = TJ_KEYFILE_FORMAT;
    if (key == NULL || at != der + size) {
        status = tj_keyfile_blame(fault, NULL,
                                  "what is between its BEGIN and END is no EC key of SEC 1 that "
                                  "names its curve: damaged, or of a curve that is not known");
    } else {
        out->algorithm = bip340 ? TJ_ALGORITHM_BIP340 : TJ_ALGORITHM_ECDSA;
        status = read_ec(key, out->secret32, fault);
    }
    EVP_PKEY_free(key);
    return status;
}

/* ---- reading what is encrypted ---- */

/* What OpenSSL counts: of N blocks of 128 r bytes and a little more. Saturates. */
static uint64_t scrypt_bytes(uint64_t n, uint64_t r, uint64_t p)
{
    const uint64_t limit = (uint64_t)1 << 60;
    if (n > limit || r > 1 << 20 || p > 1 << 20 || n + 2 > limit / (128 * (r + 1))) {
        return limit;
    }
    return 128 * r * (n + 2) + 128 * r * p;
}

/* OpenSSL answers that the passphrase is wrong when the memory for it is not allowed. */
static enum tj_keyfile_status check_scrypt(const ASN1_TYPE *parameters,
                                           struct tj_keyfile_fault *fault)
{
    uint64_t n = 0;
    uint64_t r = 0;
    uint64_t p = 0;
    SCRYPT_PARAMS *scrypt = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(SCRYPT_PARAMS), parameters);
    const bool read = scrypt != NULL && ASN1_INTEGER_get_uint64(&n, scrypt->costParameter) == 1 &&
                      ASN1_INTEGER_get_uint64(&r, scrypt->blockSize) == 1 &&
                      ASN1_INTEGER_get_uint64(&p, scrypt->parallelizationParameter) == 1;
    SCRYPT_PARAMS_free(scrypt);
    if (!read) {
        return tj_keyfile_blame(fault, NULL,
                                "encrypted, with parameters of scrypt that make no "
                                "sense");
    }
    enum { MIB = 1024 * 1024 };
    const uint64_t bytes = scrypt_bytes(n, r, p);
    if (bytes <= TJ_KEYFILE_SCRYPT_BYTES_MAX) {
        return TJ_KEYFILE_OK;
    }
    return tj_keyfile_blame(
        fault, NULL,
        "encrypted by scrypt with N=%llu, r=%llu, p=%llu, which takes %llu MiB of memory; at most "
        "%d MiB are allowed (N=16384, r=8): encrypt it with less by the program that made it",
        (unsigned long long)n, (unsigned long long)r, (unsigned long long)p,
        (unsigned long long)((bytes + MIB - 1) / MIB), TJ_KEYFILE_SCRYPT_BYTES_MAX / MIB);
}

static bool cipher_is_offered(const ASN1_OBJECT *object)
{
    char number[80];
    if (OBJ_obj2txt(number, sizeof number, object, 1) <= 0) {
        return false;
    }
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, number, NULL);
    EVP_CIPHER_free(cipher);
    return cipher != NULL;
}

/* Refuses before a passphrase is asked for what no passphrase opens. */
static enum tj_keyfile_status check_pbes2(const X509_ALGOR *algorithm,
                                          struct tj_keyfile_fault *fault)
{
    char name[80];
    enum tj_keyfile_status status = TJ_KEYFILE_OK;
    PBE2PARAM *pbes2 = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM), algorithm->parameter);
    if (pbes2 == NULL) {
        return tj_keyfile_blame(fault, NULL,
                                "encrypted, and how is not said in a form that is "
                                "known");
    }
    const int derivation = OBJ_obj2nid(pbes2->keyfunc->algorithm);
    if (derivation == NID_id_scrypt) {
        status = check_scrypt(pbes2->keyfunc->parameter, fault);
    } else if (derivation != NID_id_pbkdf2) {
        status = tj_keyfile_blame(fault, NULL,
                                  "encrypted, and the key for that is derived by %s; "
                                  "scrypt and PBKDF2 are known",
                                  object_name(name, pbes2->keyfunc->algorithm));
    }
    if (status == TJ_KEYFILE_OK && !cipher_is_offered(pbes2->encryption->algorithm)) {
        status = tj_keyfile_blame(
            fault, "openssl pkcs8 -topk8 -provider legacy -provider default -in FILE -out NEW.pem",
            "encrypted with the cipher %s, which is not offered here",
            object_name(name, pbes2->encryption->algorithm));
    }
    PBE2PARAM_free(pbes2);
    return status;
}

static enum tj_keyfile_status decrypt(struct tj_secret_key *out, const X509_SIG *sealed,
                                      const char *passphrase, bool bip340,
                                      struct tj_keyfile_fault *fault)
{
    if (passphrase == NULL || strlen(passphrase) > INT_MAX) {
        return TJ_KEYFILE_PASSPHRASE;
    }
    PKCS8_PRIV_KEY_INFO *info = PKCS8_decrypt(sealed, passphrase, (int)strlen(passphrase));
    if (info == NULL) {
        return TJ_KEYFILE_PASSPHRASE;
    }
    const enum tj_keyfile_status status = read_info(out, info, bip340, fault);
    PKCS8_PRIV_KEY_INFO_free(info);
    return status;
}

static enum tj_keyfile_status read_encrypted(struct tj_secret_key *out, const uint8_t *der,
                                             long size, const char *passphrase, bool bip340,
                                             struct tj_keyfile_fault *fault)
{
    char name[80];
    const uint8_t *at = der;
    X509_SIG *sealed = d2i_X509_SIG(NULL, &at, size);
    if (sealed == NULL || at != der + size) {
        X509_SIG_free(sealed);
        return tj_keyfile_blame(fault, NULL,
                                "what is between its BEGIN and END is not an "
                                "encrypted PKCS#8: damaged, or of another form");
    }
    const X509_ALGOR *algorithm = NULL;
    X509_SIG_get0(sealed, &algorithm, NULL);
    enum tj_keyfile_status status = TJ_KEYFILE_OK;
    if (OBJ_obj2nid(algorithm->algorithm) == NID_pbes2) {
        status = check_pbes2(algorithm, fault);
    } else { /* PBES1 and PKCS#12 stand on DES, RC2 and MD5 */
        status = tj_keyfile_blame(fault, "openssl pkcs8 -topk8 -scrypt -in FILE -out NEW.pem",
                                  "encrypted by %s, which is too weak; PBES2 is taken",
                                  object_name(name, algorithm->algorithm));
    }
    if (status == TJ_KEYFILE_OK) {
        status = decrypt(out, sealed, passphrase, bip340, fault);
    }
    X509_SIG_free(sealed);
    return status;
}

/* ---- reading ---- */

static bool only_white_space(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (memchr(" \t\r\n", text[i], 4) == NULL) {
            return false;
        }
    }
    return true;
}

/* The PEM block at the start of `pem`, which must be the last thing in it: of two keys in one file
 * nobody could say which was meant. PEM_read_bio_ex decodes base64 and nothing else, so nothing in
 * OpenSSL gets to ask for a passphrase on the terminal. */
static enum tj_keyfile_status decode_block(struct tj_secret_key *out, bool *encrypted,
                                           const char *pem, size_t size, const char *passphrase,
                                           bool bip340, struct tj_keyfile_fault *fault)
{
    static const char damaged[] = "the key is cut short or damaged: between its BEGIN and END "
                                  "stands base64, and nothing else";
    static const char cr[] = "it is one line, or its lines end with CR alone: mac2unix makes lines "
                             "of it";
    const unsigned int flags = PEM_FLAG_SECURE | PEM_FLAG_ONLY_B64;
    char *name = NULL;
    char *header = NULL;
    unsigned char *der = NULL;
    long der_size = 0;
    BIO *from = BIO_new_mem_buf(pem, (int)size);
    TJ_CRYPTO_REQUIRE(from != NULL);
    enum tj_keyfile_status status = TJ_KEYFILE_FORMAT;
    if (PEM_read_bio_ex(from, &name, &header, &der, &der_size, flags) == 1) {
        char *rest = NULL;
        const long rest_size = BIO_get_mem_data(from, &rest);
        if (rest_size < 0 || !only_white_space(rest, (size_t)rest_size)) {
            status = tj_keyfile_blame(fault, NULL,
                                      "something follows the key: a file holds one "
                                      "key and no more");
        } else if (header[0] != '\0') { /* RFC 1421: the key of the cipher is one MD5 */
            status = tj_keyfile_blame(fault, "openssl pkcs8 -topk8 -scrypt -in FILE -out NEW.pem",
                                      "encrypted by OpenSSL's older way (Proc-Type: 4,ENCRYPTED), "
                                      "which is too weak; PKCS#8 with PBES2 is taken");
        } else if (strcmp(name, PEM_STRING_PKCS8INF) == 0) {
            status = read_plain(out, der, der_size, bip340, fault);
        } else if (strcmp(name, PEM_STRING_ECPRIVATEKEY) == 0) {
            status = read_sec1(out, der, der_size, bip340, fault);
        } else {
            *encrypted = true;
            status = read_encrypted(out, der, der_size, passphrase, bip340, fault);
        }
        OPENSSL_secure_clear_free(der, (size_t)der_size);
        OPENSSL_secure_free(header);
        OPENSSL_secure_free(name);
    } else {
        status =
            tj_keyfile_blame(fault, NULL, "%s", memchr(pem, '\n', size) != NULL ? damaged : cr);
    }
    (void)BIO_free(from);
    return status;
}

/* 'openssl ecparam -genkey' writes the curve before the key, which says it too. */
static const char *skip_parameters(const char *block, size_t size)
{
    static const char parameters[] = "-----BEGIN EC PARAMETERS-----";
    static const char key[] = "\n-----BEGIN EC PRIVATE KEY-----";
    const char *next = NULL;
    if (find(block, size, parameters) == block) {
        next = find(block, size, key);
    }
    return next != NULL ? next + 1 : block;
}

/* What the first boundary says decides; a label that is not ours needs no decoding. */
static enum tj_keyfile_status decode_labelled(struct tj_secret_key *out, bool *encrypted,
                                              const char *block, size_t size,
                                              const char *passphrase, bool bip340,
                                              struct tj_keyfile_fault *fault)
{
    const char *label = block + sizeof pem_boundary - 1;
    const char *end = find(label, size - (sizeof pem_boundary - 1), "-----");
    if (end == NULL) {
        return tj_keyfile_blame(fault, NULL, "its first line is cut short");
    }
    const size_t length = (size_t)(end - label);
    const char *const ours[] = {PEM_STRING_PKCS8INF, PEM_STRING_PKCS8, PEM_STRING_ECPRIVATEKEY};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++) {
        if (strlen(ours[i]) == length && memcmp(label, ours[i], length) == 0) {
            (void)ERR_set_mark();
            const enum tj_keyfile_status status =
                decode_block(out, encrypted, block, size, passphrase, bip340, fault);
            (void)ERR_pop_to_mark();
            return status;
        }
    }
    return tj_keyfile_blame_label(fault, label, length, end, (size_t)(block + size - end));
}

static enum tj_keyfile_status decode_text(struct tj_secret_key *out, bool *encrypted,
                                          const char *text, size_t size, const char *passphrase,
                                          struct tj_keyfile_fault *fault)
{
    bool bip340 = false;
    if (size > TJ_KEYFILE_SIZE_MAX) {
        return tj_keyfile_blame(fault, NULL, "larger than a key file, which has at most %d bytes",
                                TJ_KEYFILE_SIZE_MAX);
    }
    const char *block = find(text, size, pem_boundary);
    if (block == NULL || (block != text && block[-1] != '\n')) {
        return tj_keyfile_blame_text(fault, text, size);
    }
    if (!read_preamble(&bip340, text, (size_t)(block - text))) {
        return tj_keyfile_blame(fault, NULL,
                                "a line '%s' before the key names an algorithm that is "
                                "not known; '%s' is",
                                algorithm_field, bip340_line);
    }
    block = skip_parameters(block, size - (size_t)(block - text));
    return decode_labelled(out, encrypted, block, size - (size_t)(block - text), passphrase, bip340,
                           fault);
}

enum tj_keyfile_status tj_keyfile_decode(struct tj_secret_key *out, bool *encrypted,
                                         const void *pem, size_t size, const char *passphrase,
                                         struct tj_keyfile_fault *fault)
{
    static const char mark[] = "\xef\xbb\xbf"; /* editors put it before a text in UTF-8 */
    const char *text = pem;
    bool needs_passphrase = false;
    memset(out, 0, sizeof *out);
    const size_t skipped = size >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;
    const enum tj_keyfile_status status =
        decode_text(out, &needs_passphrase, text + skipped, size - skipped, passphrase, fault);
    if (status != TJ_KEYFILE_OK) {
        tj_cleanse(out, sizeof *out);
    }
    if (encrypted != NULL) {
        *encrypted = needs_passphrase;
    }
    return status;
}
