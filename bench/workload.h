#ifndef TIJORI_BENCH_WORKLOAD_H
#define TIJORI_BENCH_WORKLOAD_H

/* A seeded ledger and the envelopes to drive it with, made and signed beforehand on all cores. One
 * custodian, its customers' accounts, transfers among them at random. The same seed gives the same
 * movements; times and signatures differ. What was submitted is counted here and compared with what
 * the ledger holds. One thread at a time. */

#include "bench/drive.h"
#include "core/format/envelope.h"
#include "core/rules/genesis.h"

struct workload_options {
    uint32_t accounts; /* opened and funded at the beginning, then touched at random */
    uint32_t lanes;    /* that envelopes take in turn */
    uint32_t threads;  /* of the ledger, that verify; 0: one a core */
    uint8_t algorithm; /* enum tj_algorithm: ecdsa or bip340 */
    uint64_t seed;
};

struct workload {
    struct workload_options options;
    char dir[4096];
    struct tijori *ledger;      /* NULL while it is closed */
    struct envelopes envelopes; /* prepared last */
    size_t room;                /* bytes at envelopes.bytes */
    size_t moved_room;          /* bytes at envelopes.moved */
    uint64_t prepared;          /* envelopes of transfers, ever */
    bool sign;                  /* opens with the log key: every commit signs a checkpoint */
    bool touched;               /* the page cache that its slices will take */
    /* What the ledger must hold. */
    uint64_t entries;
    uint64_t movements; /* transfers; what funded the accounts is not counted */
    uint64_t moved;     /* base units, by transfers */
    /* To make the next envelopes. */
    struct tj_digester digester;
    struct tj_genesis genesis;
    uint64_t created_s;
    uint64_t sequence[TJ_LANES_MAX]; /* of the custodian's lanes; [0]: the authority's lane 0 */
    struct tj_hash previous[TJ_LANES_MAX];
};

/* Makes a ledger in `dir`, opens and funds the accounts, and leaves it open. NULL with a sentence
 * on standard error. */
struct workload *workload_create(const struct workload_options *options, const char *dir);
/* Closes the ledger and removes its files. NULL is accepted. */
void workload_destroy(struct workload *workload);

/* Sets so many limits (on single accounts, spread over all, and on the whole custodian; a tenth of
 * them tiers) and programmes of every type, none of which bars a transfer. Of an open ledger, once.
 * False with a sentence on standard error. */
bool workload_set_rules(struct workload *workload, uint32_t limits, uint32_t programmes);

/* Closes; a closed ledger can be audited and measured. */
void workload_close(struct workload *workload);
bool workload_open(struct workload *workload);

/* Makes the next `count` envelopes of `batch` transfers each; they take the place of those before,
 * and are to be submitted in order, all of them. */
void workload_prepare(struct workload *workload, uint32_t batch, uint32_t count);

/* Submits what was prepared, `in_flight` at a time, and counts it. False when an envelope was
 * refused. `latency` may be NULL. */
bool workload_drive(struct workload *workload, struct drive_result *out, struct histogram *latency,
                    uint32_t in_flight);
/* Counts the first `count` of the envelopes prepared as submitted by other means. */
void workload_count(struct workload *workload, uint32_t count);

/* Compares entries, movements and the sum moved with the state of the open ledger, and looks
 * whether its balances sum to zero. False with a sentence on standard error. */
bool workload_check(const struct workload *workload);

/* Bytes of the closed ledger's journal and snapshot. */
uint64_t workload_stored_bytes(const struct workload *workload);

/* How many envelopes of `batch` to keep in flight when throughput is asked for: 1,024 of one record
 * each, and a few groups' worth of the largest. */
uint32_t in_flight_for(uint32_t batch);

#endif
