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

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILE_SIZE_MAX = 64 * 1024,
    PATH_SIZE_MAX = 4096,
    EC_POINT_SIZE_MAX = 65,
    /* RFC 7914: interactive use, 16 MiB. OpenSSL's own reader refuses more than 32 MiB. */
    SCRYPT_N = 16384,
    SCRYPT_R = 8,
    SCRYPT_P = 1,
};

static const char algorithm_field[] = "Tijori-Algorithm:";
static const char bip340_line[] = "Tijori-Algorithm: bip340";
static const char pem_boundary[] = "-----BEGIN ";

const char *tj_keyfile_status_text(enum tj_keyfile_status status)
{
    switch (status) {
    case TJ_KEYFILE_OK:
        return "ok";
    case TJ_KEYFILE_NOT_FOUND:
        return "no such key file";
    case TJ_KEYFILE_EXISTS:
        return "the file exists, and a key is never overwritten";
    case TJ_KEYFILE_DENIED:
        return "permission denied";
    case TJ_KEYFILE_IO:
        return "input or output error";
    case TJ_KEYFILE_FORMAT:
        return "not a private key in PKCS#8 PEM of a type that is used here";
    case TJ_KEYFILE_PASSPHRASE:
        return "the key is encrypted and the passphrase is missing or wrong";
    }
    return "unknown key file status";
}

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

static enum tj_keyfile_status status_of_errno(int error)
{
    if (error == ENOENT || error == ENOTDIR) {
        return TJ_KEYFILE_NOT_FOUND;
    }
    if (error == EEXIST) {
        return TJ_KEYFILE_EXISTS;
    }
    if (error == EACCES || error == EPERM || error == EROFS) {
        return TJ_KEYFILE_DENIED;
    }
    return TJ_KEYFILE_IO;
}

static bool write_all(int file, const char *bytes, size_t size)
{
    while (size > 0) {
        const ssize_t written = write(file, bytes, size);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return false;
        }
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

/* The file's name must be as durable as its content: a key that a crash takes back may already
 * have been registered. */
static bool sync_folder_of(const char *path)
{
    char folder[PATH_SIZE_MAX];
    const char *slash = strrchr(path, '/');
    const size_t size = slash == NULL ? 0 : (size_t)(slash - path);
    if (size >= sizeof folder) {
        return false;
    }
    if (slash == NULL) {
        memcpy(folder, ".", 2);
    } else if (size == 0) {
        memcpy(folder, "/", 2);
    } else {
        memcpy(folder, path, size);
        folder[size] = '\0';
    }
    const int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
        return false;
    }
    const bool done = fsync(descriptor) == 0;
    return close(descriptor) == 0 && done;
}

static enum tj_keyfile_status write_file(const char *path, const char *bytes, size_t size)
{
    const int file =
        open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
    if (file < 0) {
        return status_of_errno(errno);
    }
    /* Not left to the umask: it can take away the owner's bits. */
    bool done =
        fchmod(file, S_IRUSR | S_IWUSR) == 0 && write_all(file, bytes, size) && fsync(file) == 0;
    done = close(file) == 0 && done;
    done = done && sync_folder_of(path);
    if (!done) {
        (void)unlink(path);
        return TJ_KEYFILE_IO;
    }
    return TJ_KEYFILE_OK;
}

enum tj_keyfile_status tj_keyfile_write(const char *path, const struct tj_secret_key *key,
                                        const char *passphrase)
{
    (void)ERR_set_mark();
    BIO *encoded = encode(key, passphrase);
    (void)ERR_pop_to_mark();
    if (encoded == NULL) {
        return TJ_KEYFILE_FORMAT;
    }
    char *bytes = NULL;
    const long size = BIO_get_mem_data(encoded, &bytes);
    TJ_CRYPTO_REQUIRE(size > 0 && size <= FILE_SIZE_MAX);
    const enum tj_keyfile_status status = write_file(path, bytes, (size_t)size);
    (void)BIO_free(encoded);
    return status;
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
static bool read_ec(EVP_PKEY *key, uint8_t secret32[TJ_SECRET_KEY_SIZE])
{
    char group[32];
    size_t size = 0;
    uint8_t point[EC_POINT_SIZE_MAX];
    BIGNUM *scalar = NULL;
    if (EVP_PKEY_get_group_name(key, group, sizeof group, &size) != 1 ||
        strcmp(group, "secp256k1") != 0 ||
        EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) != 1) {
        return false;
    }
    const bool fits = BN_bn2binpad(scalar, secret32, TJ_SECRET_KEY_SIZE) == TJ_SECRET_KEY_SIZE;
    BN_clear_free(scalar);
    struct tj_public_key computed;
    if (!fits || !tj_public_key_of(&computed, TJ_ALGORITHM_ECDSA, secret32) ||
        EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &size) !=
            1 ||
        (size != 33 && size != EC_POINT_SIZE_MAX)) {
        return false;
    }
    /* 02 or 03 says whether y is even; the long form holds y itself. */
    const uint8_t sign = size == 33 ? point[0] : (uint8_t)(2 + (point[EC_POINT_SIZE_MAX - 1] & 1));
    return sign == computed.bytes[0] && memcmp(point + 1, computed.bytes + 1, 32) == 0;
}

static bool read_ed25519(EVP_PKEY *key, uint8_t secret32[TJ_SECRET_KEY_SIZE])
{
    size_t size = TJ_SECRET_KEY_SIZE;
    return EVP_PKEY_get_raw_private_key(key, secret32, &size) == 1 && size == TJ_SECRET_KEY_SIZE;
}

static enum tj_keyfile_status read_info(struct tj_secret_key *out, const PKCS8_PRIV_KEY_INFO *info,
                                        bool bip340)
{
    EVP_PKEY *key = EVP_PKCS82PKEY(info);
    bool done = false;
    if (key != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_EC) {
        out->algorithm = bip340 ? TJ_ALGORITHM_BIP340 : TJ_ALGORITHM_ECDSA;
        done = read_ec(key, out->secret32);
    } else if (key != NULL && EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 && !bip340) {
        out->algorithm = TJ_ALGORITHM_ED25519;
        done = read_ed25519(key, out->secret32);
    }
    EVP_PKEY_free(key);
    return done ? TJ_KEYFILE_OK : TJ_KEYFILE_FORMAT;
}

static enum tj_keyfile_status read_plain(struct tj_secret_key *out, const uint8_t *der, long size,
                                         bool bip340)
{
    const uint8_t *at = der;
    PKCS8_PRIV_KEY_INFO *info = d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, size);
    enum tj_keyfile_status status = TJ_KEYFILE_FORMAT;
    if (info != NULL && at == der + size) {
        status = read_info(out, info, bip340);
    }
    PKCS8_PRIV_KEY_INFO_free(info);
    return status;
}

static enum tj_keyfile_status read_encrypted(struct tj_secret_key *out, const uint8_t *der,
                                             long size, const char *passphrase, bool bip340)
{
    const uint8_t *at = der;
    X509_SIG *sealed = d2i_X509_SIG(NULL, &at, size);
    if (sealed == NULL || at != der + size) {
        X509_SIG_free(sealed);
        return TJ_KEYFILE_FORMAT;
    }
    const X509_ALGOR *algorithm = NULL;
    const ASN1_OBJECT *scheme = NULL;
    X509_SIG_get0(sealed, &algorithm, NULL);
    X509_ALGOR_get0(&scheme, NULL, NULL, algorithm);
    enum tj_keyfile_status status = TJ_KEYFILE_PASSPHRASE;
    if (OBJ_obj2nid(scheme) != NID_pbes2) {
        status = TJ_KEYFILE_FORMAT; /* PBES1 and PKCS#12 stand on DES, RC2 and MD5 */
    } else if (passphrase != NULL && strlen(passphrase) <= INT_MAX) {
        PKCS8_PRIV_KEY_INFO *info = PKCS8_decrypt(sealed, passphrase, (int)strlen(passphrase));
        if (info != NULL) {
            status = read_info(out, info, bip340);
        }
        PKCS8_PRIV_KEY_INFO_free(info);
    }
    X509_SIG_free(sealed);
    return status;
}

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
                                           bool bip340)
{
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
            status = TJ_KEYFILE_FORMAT;
        } else if (strcmp(name, PEM_STRING_PKCS8INF) == 0) {
            status = read_plain(out, der, der_size, bip340);
        } else if (strcmp(name, PEM_STRING_PKCS8) == 0) {
            *encrypted = true;
            status = read_encrypted(out, der, der_size, passphrase, bip340);
        }
        OPENSSL_secure_clear_free(der, (size_t)der_size);
        OPENSSL_secure_free(header);
        OPENSSL_secure_free(name);
    }
    (void)BIO_free(from);
    return status;
}

enum tj_keyfile_status tj_keyfile_decode(struct tj_secret_key *out, bool *encrypted,
                                         const void *pem, size_t size, const char *passphrase)
{
    const char *text = pem;
    bool needs_passphrase = false;
    bool bip340 = false;
    enum tj_keyfile_status status = TJ_KEYFILE_FORMAT;
    memset(out, 0, sizeof *out);
    if (size > 0 && size <= FILE_SIZE_MAX) {
        const char *block = find(text, size, pem_boundary);
        if (block != NULL && (block == text || block[-1] == '\n') &&
            read_preamble(&bip340, text, (size_t)(block - text))) {
            (void)ERR_set_mark();
            status = decode_block(out, &needs_passphrase, block, size - (size_t)(block - text),
                                  passphrase, bip340);
            (void)ERR_pop_to_mark();
        }
    }
    if (status != TJ_KEYFILE_OK) {
        tj_cleanse(out, sizeof *out);
    }
    if (encrypted != NULL) {
        *encrypted = needs_passphrase;
    }
    return status;
}

/* Up to `capacity` bytes; a file that holds more fills it to the last byte. */
static enum tj_keyfile_status read_file(char *bytes, size_t capacity, size_t *size,
                                        const char *path)
{
    *size = 0;
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0) {
        return status_of_errno(errno);
    }
    enum tj_keyfile_status status = TJ_KEYFILE_OK;
    while (*size < capacity) {
        const ssize_t got = read(file, bytes + *size, capacity - *size);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            status = TJ_KEYFILE_IO;
        }
        if (got <= 0) {
            break;
        }
        *size += (size_t)got;
    }
    (void)close(file);
    return status;
}

enum tj_keyfile_status tj_keyfile_read(struct tj_secret_key *out, bool *encrypted, const char *path,
                                       const char *passphrase)
{
    char bytes[FILE_SIZE_MAX + 1];
    size_t size = 0;
    memset(out, 0, sizeof *out);
    if (encrypted != NULL) {
        *encrypted = false;
    }
    enum tj_keyfile_status status = read_file(bytes, sizeof bytes, &size, path);
    if (status == TJ_KEYFILE_OK) {
        status = tj_keyfile_decode(out, encrypted, bytes, size, passphrase);
    }
    tj_cleanse(bytes, sizeof bytes);
    return status;
}
