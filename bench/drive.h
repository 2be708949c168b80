#ifndef TIJORI_BENCH_DRIVE_H
#define TIJORI_BENCH_DRIVE_H

/* The client's side: submits envelopes that were made beforehand, one thread, and takes the
 * receipts, another. Both are part of the process whose CPU is counted, so they do little: a wake
 * only when somebody sleeps, and no wake of the submitter before a quarter of the window is free.
 */

#include "bench/sample.h"
#include "include/tijori.h"

/* Envelopes of one size, one after another. */
struct envelopes {
    uint8_t *bytes;
    size_t size; /* of each, bytes */
    uint32_t count;
    uint32_t batch;  /* records in each */
    uint64_t *moved; /* base units, by envelope: the sum of its amounts */
};

struct drive_result {
    double seconds;   /* first submit to last receipt */
    double cpu_s;     /* of the whole process in that time */
    uint32_t refused; /* receipts that were not OK */
};

/* Closed loop: at most `in_flight` envelopes are submitted and not yet answered; 1 takes turns on
 * one thread. `latency` (may be NULL) gets the time from submit to receipt of each. */
void drive_closed(struct tijori *ledger, struct drive_result *out, struct histogram *latency,
                  const struct envelopes *envelopes, uint32_t in_flight);

/* Open loop: envelopes arrive at random (Poisson, by `seed`), `per_s` of them a second on average,
 * whatever the ledger does. `latency` is counted from the time an envelope was meant to arrive, so
 * waiting for a full queue is part of it. */
void drive_open(struct tijori *ledger, struct drive_result *out, struct histogram *latency,
                const struct envelopes *envelopes, double per_s, uint64_t seed);

/* For a process that is about to be killed: as drive_closed, and *received counts the receipts. */
void drive_counted(struct tijori *ledger, _Atomic uint32_t *received,
                   const struct envelopes *envelopes, uint32_t in_flight);

#endif
