#ifndef TIJORI_CORE_INGEST_IDLE_WALK_H
#define TIJORI_CORE_INGEST_IDLE_WALK_H

/* The scrub (core/log/scrub.h) of a ledger that is open for writing, on a thread of its own: a
 * slice at a time, whenever nothing was committed for a moment, once something was. What it finds
 * in derived rows it mends. What it finds in the log nothing can mend; it is counted in the row
 * `walk`.
 *
 * Threads: start and stop by the thread that opens and closes the ledger. */

#include "core/base/told.h"
#include "core/ingest/ingest.h"
#include "core/log/scrub.h"

struct tj_idle_walk {
    struct tj_ingest *ingest;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;
    uint64_t durable_size; /* when it last looked: what grew since then is no idle ledger */
    bool moved;            /* the place is another than the one that is stored */
    struct tj_scrub scrub;
};

/* A ledger works without it too: where there is no memory for a thread, none is started. */
void tj_idle_walk_start(struct tj_idle_walk *walk, struct tj_ingest *ingest);
/* Ends it, and stores how far it came. */
void tj_idle_walk_stop(struct tj_idle_walk *walk);

/* All of it at once, from the beginning, on the caller's thread, while no walk is started. `out`
 * says what was looked at, and what was damaged; derived rows are mended. Not OK: it could not be
 * told, or not be mended. */
enum tijori_status tj_scrub_whole(struct tj_ingest *ingest, struct tj_scrub *out,
                                  const struct tj_told *told) TJ_MUST_USE;

#endif
