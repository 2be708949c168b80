#ifndef TIJORI_CRYPTO_KEYFILE_H
#define TIJORI_CRYPTO_KEYFILE_H

/* Key files: PKCS#8 in PEM (RFC 5958, RFC 7468), plain or encrypted with PBES2 (scrypt,
 * AES-256-CBC). `openssl pkey` reads and writes them too.
 *
 * PKCS#8 does not say whether a secp256k1 key signs ECDSA or BIP-340. RFC 7468 section 5.2 allows
 * explanatory text before the first boundary. There a BIP-340 key carries the line
 *     Tijori-Algorithm: bip340
 * A secp256k1 key without that line is an ECDSA key. */

#include "crypto/signature.h"

struct tj_secret_key {
    uint8_t algorithm; /* enum tj_algorithm */
    uint8_t secret32[TJ_SECRET_KEY_SIZE];
};

enum tj_keyfile_status {
    TJ_KEYFILE_OK = 0,
    TJ_KEYFILE_NOT_FOUND,
    TJ_KEYFILE_EXISTS, /* a key is never overwritten */
    TJ_KEYFILE_DENIED, /* permissions */
    TJ_KEYFILE_IO,
    TJ_KEYFILE_FORMAT,     /* not a PEM private key, or of a type Tijori does not use */
    TJ_KEYFILE_PASSPHRASE, /* encrypted, and the passphrase is missing or wrong */
};

const char *tj_keyfile_status_text(enum tj_keyfile_status status);

/* A fresh key from the system's generator. False: no memory, no randomness or no such algorithm. */
bool tj_secret_key_generate(struct tj_secret_key *out, enum tj_algorithm algorithm) TJ_MUST_USE;

/* Writes FILE with mode 0600, created exclusively, and syncs it. When `passphrase` is NULL it is
 * left plain. A failed write leaves no file behind. A key that is not valid is FORMAT. */
enum tj_keyfile_status tj_keyfile_write(const char *path, const struct tj_secret_key *key,
                                        const char *passphrase);

/* Reads FILE. *encrypted (may be NULL) tells whether a passphrase is needed. Call it with
 * `passphrase` NULL first. When PASSPHRASE comes back with *encrypted true, call it again with
 * one. */
enum tj_keyfile_status tj_keyfile_read(struct tj_secret_key *out, bool *encrypted, const char *path,
                                       const char *passphrase);

/* The same from memory, at most 64 KiB. Reading files rests on it, and the fuzzer drives it. */
enum tj_keyfile_status tj_keyfile_decode(struct tj_secret_key *out, bool *encrypted,
                                         const void *pem, size_t size, const char *passphrase);

#endif
