#ifndef TIJORI_BENCH_RAW_SECP256K1_H
#define TIJORI_BENCH_RAW_SECP256K1_H

/* libsecp256k1 without our code around it: what a verification costs at least, and signatures made
 * fast. The only file outside crypto/ that sees the library's headers: a floor that went through
 * our code would hide what our code costs. `algorithm` is TJ_ALGORITHM_ECDSA or _BIP340. */

#include "crypto/signature.h"

/* Signs with one key. One context for its life, where tj_sign makes one a signature; the keys here
 * are no secrets. One thread at a time. */
struct raw_signer;
struct raw_signer *raw_signer_create(uint8_t algorithm, const uint8_t secret32[TJ_SECRET_KEY_SIZE]);
void raw_sign(const struct raw_signer *signer, uint8_t signature64[TJ_SIGNATURE_SIZE],
              const struct tj_hash *message);
void raw_signer_destroy(struct raw_signer *signer);

/* Signatures by 16 keys over many messages; the keys are parsed, the signatures are not. */
struct raw_verifier;
struct raw_verifier *raw_verifier_create(uint8_t algorithm);
void raw_verifier_destroy(struct raw_verifier *verifier);

struct verify_rate {
    double per_s;  /* of all threads together */
    double cpu_us; /* of one verification, while all threads verify */
};

/* Verifies on `threads` threads at once for `seconds`, by the library called directly. */
struct verify_rate raw_verify_rate(const struct raw_verifier *verifier, uint32_t threads,
                                   double seconds);
/* The same through tj_verify_batch, 16 items a call. */
struct verify_rate batch_verify_rate(const struct raw_verifier *verifier, uint32_t threads,
                                     double seconds);

#endif
