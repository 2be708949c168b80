#ifndef TIJORI_BENCH_WORKLOAD_H
#define TIJORI_BENCH_WORKLOAD_H

/* A seeded ledger and the envelopes to drive it with, signed beforehand. One custodian, its
 * customers' accounts, transfers among them at random. The same seed gives the same envelopes, but
 * for the times in their headers. */

#include "core/envelope.h"

struct workload_options {
    uint32_t accounts;
    uint32_t batch;     /* records an envelope */
    uint32_t envelopes; /* in all, after the accounts are open and funded */
    uint32_t lanes;
    uint8_t algorithm; /* enum tj_algorithm: ecdsa or bip340 */
    uint64_t seed;
};

struct workload {
    struct workload_options options;
    const char *dir;
    uint8_t *bytes;  /* the envelopes, one after another */
    size_t *offsets; /* envelopes + 1 of them */
    uint64_t moved;  /* base units, the sum of all amounts */
};

/* Makes a ledger in `dir`, opens and funds the accounts, and signs the envelopes on all cores.
 * False with a sentence on standard error. */
bool workload_create(struct workload *out, const struct workload_options *options, const char *dir);
void workload_destroy(struct workload *workload);

#endif
