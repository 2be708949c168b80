#include "bench/raw_secp256k1.h"

#include "bench/clock.h"
#include "bench/parallel.h"
#include "core/base/limits.h"
#include "core/base/status.h"

#include <secp256k1.h>
#include <secp256k1_extrakeys.h>
#include <secp256k1_schnorrsig.h>

#include <string.h>

/* So many signatures that the processor's branch predictor has forgotten one when it comes again:
 * over 16 of them a verification takes 8 % less than over 1,000 or 8,000. */
enum { KEYS = 16, ITEMS = 2048 };

struct raw_signer {
    secp256k1_context *context;
    uint8_t algorithm;
    uint8_t secret32[TJ_SECRET_KEY_SIZE];
    secp256k1_keypair pair;
};

struct raw_verifier {
    uint8_t algorithm;
    secp256k1_pubkey points[KEYS];
    secp256k1_xonly_pubkey x_only[KEYS];
    struct tj_verify_item items[ITEMS]; /* item i is by key i % KEYS */
};

/* ---- signing ---- */

struct raw_signer *raw_signer_create(uint8_t algorithm, const uint8_t secret32[TJ_SECRET_KEY_SIZE])
{
    struct raw_signer *signer = calloc(1, sizeof *signer);
    TIJORI_REQUIRE(signer != NULL);
    signer->context = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
    signer->algorithm = algorithm;
    memcpy(signer->secret32, secret32, sizeof signer->secret32);
    int made = secp256k1_keypair_create(signer->context, &signer->pair, secret32);
    TIJORI_REQUIRE(made == 1);
    return signer;
}

void raw_sign(const struct raw_signer *signer, uint8_t signature64[TJ_SIGNATURE_SIZE],
              const struct tj_hash *message)
{
    int made;
    if (signer->algorithm == TJ_ALGORITHM_ECDSA) {
        secp256k1_ecdsa_signature signature;
        made = secp256k1_ecdsa_sign(signer->context, &signature, message->bytes, signer->secret32,
                                    NULL, NULL);
        secp256k1_ecdsa_signature_serialize_compact(signer->context, signature64, &signature);
    } else {
        made = secp256k1_schnorrsig_sign32(signer->context, signature64, message->bytes,
                                           &signer->pair, NULL);
    }
    TIJORI_REQUIRE(made == 1);
}

void raw_signer_destroy(struct raw_signer *signer)
{
    secp256k1_context_destroy(signer->context);
    free(signer);
}

/* ---- verifying ---- */

static void parse_key(struct raw_verifier *verifier, size_t k, const struct tj_public_key *key)
{
    const secp256k1_context *context = secp256k1_context_static;
    int parsed =
        verifier->algorithm == TJ_ALGORITHM_ECDSA
            ? secp256k1_ec_pubkey_parse(context, &verifier->points[k], key->bytes, key->size)
            : secp256k1_xonly_pubkey_parse(context, &verifier->x_only[k], key->bytes);
    TIJORI_REQUIRE(parsed == 1);
}

struct raw_verifier *raw_verifier_create(uint8_t algorithm)
{
    struct raw_verifier *verifier = calloc(1, sizeof *verifier);
    TIJORI_REQUIRE(verifier != NULL);
    verifier->algorithm = algorithm;
    for (size_t k = 0; k < KEYS; k++) {
        uint8_t secret32[TJ_SECRET_KEY_SIZE] = {0x33};
        struct tj_public_key key;
        secret32[31] = (uint8_t)(k + 1);
        bool made = tj_public_key_of(&key, algorithm, secret32);
        TIJORI_REQUIRE(made);
        parse_key(verifier, k, &key);
        struct raw_signer *signer = raw_signer_create(algorithm, secret32);
        for (size_t i = k; i < ITEMS; i += KEYS) {
            struct tj_verify_item *item = &verifier->items[i];
            item->key = key;
            memset(item->message.bytes, (int)(i % 251), TJ_HASH_SIZE);
            item->message.bytes[0] = (uint8_t)(i / 251);
            raw_sign(signer, item->signature64, &item->message);
        }
        raw_signer_destroy(signer);
    }
    return verifier;
}

void raw_verifier_destroy(struct raw_verifier *verifier)
{
    free(verifier);
}

static bool verify_ecdsa(const struct raw_verifier *verifier, size_t i)
{
    const struct tj_verify_item *item = &verifier->items[i];
    secp256k1_ecdsa_signature signature;
    return secp256k1_ecdsa_signature_parse_compact(secp256k1_context_static, &signature,
                                                   item->signature64) == 1 &&
           secp256k1_ecdsa_verify(secp256k1_context_static, &signature, item->message.bytes,
                                  &verifier->points[i % KEYS]) == 1;
}

static bool verify_bip340(const struct raw_verifier *verifier, size_t i)
{
    const struct tj_verify_item *item = &verifier->items[i];
    return secp256k1_schnorrsig_verify(secp256k1_context_static, item->signature64,
                                       item->message.bytes, TJ_HASH_SIZE,
                                       &verifier->x_only[i % KEYS]) == 1;
}

/* KEYS verifications from item `first` on; true when all are right. */
typedef bool verify_sixteen(const struct raw_verifier *verifier, size_t first);

static bool sixteen_raw(const struct raw_verifier *verifier, size_t first)
{
    bool valid = true;
    for (size_t i = first; i < first + KEYS && valid; i++) {
        valid = verifier->algorithm == TJ_ALGORITHM_ECDSA ? verify_ecdsa(verifier, i)
                                                          : verify_bip340(verifier, i);
    }
    return valid;
}

static bool sixteen_in_batch(const struct raw_verifier *verifier, size_t first)
{
    enum tj_signature_verdict verdicts[KEYS];
    bool all = true;
    tj_verify_batch(verdicts, verifier->items + first, KEYS);
    for (size_t i = 0; i < KEYS; i++) {
        all = all && verdicts[i] == TJ_SIGNATURE_VALID;
    }
    return all;
}

/* ---- rates ---- */

struct rate_run {
    const struct raw_verifier *verifier;
    verify_sixteen *verify;
    double seconds;
    double per_s[TJ_THREADS_MAX];
    double cpu_us[TJ_THREADS_MAX];
};

static void verify_share(void *context, uint32_t thread, uint32_t threads)
{
    struct rate_run *run = context;
    uint64_t start = now_ns();
    uint64_t cpu = thread_cpu_ns();
    uint64_t done = 0;
    (void)threads;
    do {
        bool valid = run->verify(run->verifier, (done + thread * 5u * KEYS) % ITEMS);
        TIJORI_REQUIRE(valid);
        done += KEYS;
    } while (seconds_since(start) < run->seconds);
    run->per_s[thread] = (double)done / seconds_since(start);
    run->cpu_us[thread] = (double)(thread_cpu_ns() - cpu) / 1e3 / (double)done;
}

static struct verify_rate verify_rate(const struct raw_verifier *verifier, verify_sixteen *verify,
                                      uint32_t threads, double seconds)
{
    struct rate_run run = {.verifier = verifier, .verify = verify, .seconds = seconds};
    struct verify_rate rate = {0, 0};
    run_parallel(verify_share, &run, threads);
    for (uint32_t t = 0; t < threads; t++) {
        rate.per_s += run.per_s[t];
        rate.cpu_us += run.cpu_us[t] / threads;
    }
    return rate;
}

struct verify_rate raw_verify_rate(const struct raw_verifier *verifier, uint32_t threads,
                                   double seconds)
{
    return verify_rate(verifier, sixteen_raw, threads, seconds);
}

struct verify_rate batch_verify_rate(const struct raw_verifier *verifier, uint32_t threads,
                                     double seconds)
{
    return verify_rate(verifier, sixteen_in_batch, threads, seconds);
}
