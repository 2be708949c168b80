#ifndef TIJORI_BENCH_PEERS_H
#define TIJORI_BENCH_PEERS_H

/* Other stores doing the same double entry: a table of accounts with what went in and out, a table
 * of movements, one transaction a batch, synced. They neither hash nor sign. One thread. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct peer_movement {
    uint32_t from;
    uint32_t to;
    uint64_t amount;
};

struct peer_store; /* a peer's own */

struct peer {
    const char *name;
    /* Makes a store in the empty folder `dir` with accounts 1 to `accounts`, balances 0. NULL with
     * the reason in `why`. `version` gets what is run. */
    struct peer_store *(*open)(char *version, size_t version_size, const char *dir,
                               uint32_t accounts, char *why, size_t why_size);
    /* One transaction: each movement is stored, both its accounts are updated; committed and synced
     * when it answers true. Numbers go on from the movements before. */
    bool (*batch)(struct peer_store *store, const struct peer_movement *movements, uint32_t count);
    /* How many movements there are, the sum of what went in, and of what went out. */
    bool (*totals)(struct peer_store *store, uint64_t *movements, uint64_t *in, uint64_t *out);
    /* Closes and stops what was started; NULL is accepted. */
    void (*close)(struct peer_store *store);
};

/* NULL when this program was built without it. */
extern const struct peer *const peer_sqlite;
extern const struct peer *const peer_postgres;

#endif
