#include "core/ingest/idle_walk.h"

#include "core/ingest/mend.h"

#include <time.h>

/* So long nothing must have been committed. A slice takes some milliseconds; so the walk takes at
 * most a few hundredths of one core, and goes through a gigabyte in about a minute. */
enum { IDLE_MS = 250, SLICE_BYTES = 4 << 20, NS_PER_MS = 1000000 };
/* A program that was opened for writing and has not written may be one that only tries something.
 * After so many moments it is one that waits. */
enum { WAITS_MOMENTS = 240 };

/* ---- a slice ---- */

/* Mends what a scrub found, and stores its place; each where there is something to be done. */
static enum tijori_status settle(struct tj_ingest *ingest, struct tj_scrub *scrub)
{
    struct tj_txn *txn;
    enum tijori_status status = TIJORI_OK;
    tj_ingest_hold(ingest);
    if (atomic_load(&ingest->failed)) {
        status = TIJORI_FAILED;
    }
    if (status == TIJORI_OK && scrub->derived.count > 0) {
        struct tj_repairs found = scrub->derived;
        status = tj_mend(ingest, &found, true);
        scrub->walk.mended += scrub->derived.count;
    }
    if (status == TIJORI_OK) {
        status = tj_from_storage(tj_write_begin(ingest->store, &txn));
    }
    if (status == TIJORI_OK) {
        status = tj_from_storage(tj_put_walk(txn, &scrub->walk));
        if (status == TIJORI_OK) {
            status = tj_from_storage(tj_write_commit(txn));
        } else {
            tj_write_abort(txn);
        }
    }
    /* After IO nobody knows what the disk holds. */
    atomic_store(&ingest->failed, ingest->failed || status == TIJORI_IO);
    tj_ingest_let_go(ingest);
    return status;
}

static void begin_round(struct tj_scrub *scrub)
{
    scrub->walk.stage = TJ_SCRUB_ENTRIES;
    scrub->walk.at = 0;
    scrub->walk.damaged = 0;
}

static void end_round(struct tj_scrub *scrub)
{
    scrub->walk.rounds++;
    scrub->walk.finished_s = (uint64_t)time(NULL);
}

/* One reading transaction a slice: one that is kept would make the file grow. */
static enum tijori_status slice(struct tj_ingest *ingest, struct tj_scrub *scrub, uint64_t bytes)
{
    struct tj_head_row head;
    enum tijori_status status = tj_from_storage(tj_read_begin(ingest->store, &scrub->txn));
    if (status != TIJORI_OK) {
        return status;
    }
    status = tj_head_row_read(scrub->txn, &head);
    if (status == TIJORI_OK) {
        scrub->size = head.size;
        status = tj_scrub_slice(scrub, bytes);
    }
    tj_read_end(scrub->txn);
    scrub->txn = NULL;
    return status;
}

/* ---- the thread ---- */

static void walk_on(struct tj_idle_walk *walk)
{
    struct tj_scrub *scrub = &walk->scrub;
    if (scrub->walk.stage >= TJ_SCRUB_STAGES) {
        begin_round(scrub);
    }
    if (slice(walk->ingest, scrub, SLICE_BYTES) != TIJORI_OK) {
        return; /* no slot, no memory: another time */
    }
    walk->moved = true;
    bool ended = scrub->walk.stage == TJ_SCRUB_STAGES;
    if (ended) {
        end_round(scrub);
    }
    if ((ended || scrub->derived.count > 0) && settle(walk->ingest, scrub) == TIJORI_OK) {
        walk->moved = false;
        scrub->derived.count = 0;
    }
}

static bool wait_a_moment(struct tj_idle_walk *walk)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += (long)IDLE_MS * NS_PER_MS;
    until.tv_sec += until.tv_nsec / (1000L * NS_PER_MS);
    until.tv_nsec %= 1000L * NS_PER_MS;
    pthread_mutex_lock(&walk->lock);
    if (!walk->stop) {
        pthread_cond_timedwait(&walk->wake, &walk->lock, &until);
    }
    bool go_on = !walk->stop;
    pthread_mutex_unlock(&walk->lock);
    return go_on;
}

/* A ledger at rest whose last round is over is not walked through again before the day is over: it
 * would only wear the disk. */
static bool is_due(const struct tj_walk *walk)
{
    enum { ROUND_EVERY_S = 86400 };
    bool between = walk->stage >= TJ_SCRUB_STAGES || (walk->stage == 0 && walk->at == 0);
    uint64_t now_s = (uint64_t)time(NULL);
    return !between || now_s >= walk->finished_s + ROUND_EVERY_S || now_s < walk->finished_s;
}

/* The hasher is made only when there is something to hash: most programs that write are over before
 * that. */
static void *run(void *context)
{
    struct tj_idle_walk *walk = context;
    struct tj_digester digester;
    bool hashes = false;
    bool writes = false;
    for (unsigned moments = 0; wait_a_moment(walk); moments++) {
        uint64_t size = atomic_load(&walk->ingest->durable_size);
        bool idle = size == walk->durable_size && (writes || moments >= WAITS_MOMENTS);
        writes = writes || size != walk->durable_size;
        walk->durable_size = size;
        if (!idle || !is_due(&walk->scrub.walk)) {
            continue;
        }
        if (!hashes) {
            hashes = tj_digester_init(&digester);
            walk->scrub.digester = &digester;
        }
        if (hashes) { /* else there is no memory: later, perhaps */
            walk_on(walk);
        }
    }
    if (hashes) {
        tj_digester_clear(&digester);
    }
    return NULL;
}

void tj_idle_walk_start(struct tj_idle_walk *walk, struct tj_ingest *ingest)
{
    struct tj_txn *txn;
    memset(walk, 0, sizeof *walk);
    walk->ingest = ingest;
    walk->durable_size = atomic_load(&ingest->durable_size);
    if (tj_read_begin(ingest->store, &txn) != TJ_STORAGE_OK) {
        return;
    }
    enum tijori_status status = tj_walk_read(txn, &walk->scrub.walk);
    tj_read_end(txn);
    if (status != TIJORI_OK) {
        return;
    }
    pthread_mutex_init(&walk->lock, NULL);
    pthread_cond_init(&walk->wake, NULL);
    walk->started = pthread_create(&walk->thread, NULL, run, walk) == 0;
}

void tj_idle_walk_stop(struct tj_idle_walk *walk)
{
    if (!walk->started) {
        return;
    }
    pthread_mutex_lock(&walk->lock);
    walk->stop = true;
    pthread_cond_signal(&walk->wake);
    pthread_mutex_unlock(&walk->lock);
    pthread_join(walk->thread, NULL);
    pthread_cond_destroy(&walk->wake);
    pthread_mutex_destroy(&walk->lock);
    walk->started = false;
    if (walk->moved) {
        (void)!settle(walk->ingest, &walk->scrub); /* else the next one begins further back */
    }
}

/* ---- at once ---- */

/* A slice at a time, as the walk does: no transaction is kept open for the whole of it. */
enum tijori_status tj_scrub_whole(struct tj_ingest *ingest, struct tj_scrub *out,
                                  const struct tj_told *told)
{
    struct tj_txn *txn;
    memset(out, 0, sizeof *out);
    out->digester = &ingest->digester;
    enum tijori_status status = tj_from_storage(tj_read_begin(ingest->store, &txn));
    if (status == TIJORI_OK) {
        status = tj_walk_read(txn, &out->walk);
        tj_read_end(txn);
    }
    begin_round(out);
    while (status == TIJORI_OK && out->walk.stage < TJ_SCRUB_STAGES) {
        status = slice(ingest, out, SLICE_BYTES);
        tj_tell(told, out->entries + out->nodes + out->blocks + out->attachments, 0);
    }
    if (status != TIJORI_OK) {
        return status;
    }
    end_round(out);
    return settle(ingest, out);
}
