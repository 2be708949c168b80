#ifndef TIJORI_BENCH_RANDOM_H
#define TIJORI_BENCH_RANDOM_H

/* SplitMix64: small, seeded, the same everywhere. Not for secrets. */

#include <stdint.h>

static inline uint64_t random_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* In (0, 1]. */
static inline double random_unit(uint64_t *state)
{
    return ((double)(random_next(state) >> 11) + 1) / 9007199254740992.0;
}

#endif
