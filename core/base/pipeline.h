#ifndef TIJORI_CORE_BASE_PIPELINE_H
#define TIJORI_CORE_BASE_PIPELINE_H

/* An ordered queue. Many threads work on its items in any order; the items are decided in the order
 * of the queue. It is bounded in items and in bytes, and a producer that is too fast waits.
 *
 *     published >= judged >= decided >= released,  published - released <= capacity
 *
 * An item goes through these steps: reserve and publish (a producer), work (any thread, any order),
 * judged and decided (one thread at a time, in order), release (a receiver). Both the ingest, whose
 * items are envelopes, and the replay, whose items are entries, run on it.
 *
 * Two threads take turns in deciding, so that one can judge while the other waits for the disk.
 * When a receiver waits for the only item there is, its own thread does the work and decides: to
 * wake others would take longer.
 *
 * A thread that passes an item on holds no lock that the next one needs. Locks are for going to
 * sleep and for waking. So a thread that loses its core in the middle holds nobody up.
 *
 * Memory is taken at creation. Nothing is allocated on the way. */

#include "core/base/digester.h"
#include "core/base/limits.h"
#include "core/base/status.h"

struct tj_pipeline;

/* How many items, and bytes of them, a thread takes to work on at a time at most. They are enough
 * that taking costs nothing beside the signatures, and few enough that nobody waits long for the
 * slowest. */
enum { TJ_PIPELINE_BATCH_MAX = 16, TJ_PIPELINE_BATCH_BYTES = 16384 };

/* Works on `count` items (1 to TJ_PIPELINE_BATCH_MAX), which stand in the order of the queue. Many
 * threads call it at once; `digester` is the calling thread's. */
typedef void tj_pipeline_work(void *context, struct tj_digester *digester, void **items,
                              size_t count);

/* Decides the first `ready` items or fewer, but at least one. tj_pipeline_at gives them. It calls
 * tj_pipeline_judged with their number as soon as the next ones may be judged; another thread does
 * that, in a call that overlaps with the rest of this one. It calls tj_pipeline_decide when they
 * are decided. */
typedef void tj_pipeline_decide_ready(void *context, struct tj_digester *digester,
                                      struct tj_pipeline *pipeline, size_t ready);

struct tj_pipeline_options {
    uint32_t capacity;  /* items */
    size_t item_size;   /* bytes of one item */
    size_t ring_bytes;  /* for the data of items; 0 when they have none */
    uint32_t threads;   /* how many work at once; 0: one a core */
    uint32_t ready_max; /* at most so many items are decided at once */
    tj_pipeline_work *work;
    tj_pipeline_decide_ready *decide;
    void *context;
};

/* Cores that are online, 1 to TJ_THREADS_MAX. */
uint32_t tj_core_count(void);

/* NULL when memory or threads cannot be had. */
struct tj_pipeline *tj_pipeline_create(const struct tj_pipeline_options *options);
/* Stops the threads and frees the pipeline. No thread may be inside another call. What is not
 * decided is dropped. */
void tj_pipeline_destroy(struct tj_pipeline *pipeline);

/* For a producer: waits for room and gives an item, which still holds what its place held before.
 * *data gets room for `bytes` of data (NULL when bytes is 0). Between reserve and publish the
 * queue is the caller's alone, so publish soon. `weight` is the number of bytes that the item is
 * about. */
void *tj_pipeline_reserve(struct tj_pipeline *pipeline, uint8_t **data, size_t bytes);
void tj_pipeline_publish(struct tj_pipeline *pipeline, size_t weight);
/* Called instead of publish, where no data was asked for: there is no item after all. */
void tj_pipeline_cancel(struct tj_pipeline *pipeline);

/* For the decider: the i-th item, counted from the first that is not judged, and from the first
 * that is not decided. */
void *tj_pipeline_at(struct tj_pipeline *pipeline, size_t i);
void *tj_pipeline_undecided(struct tj_pipeline *pipeline, size_t i);
void tj_pipeline_judged(struct tj_pipeline *pipeline, size_t count);
void tj_pipeline_decide(struct tj_pipeline *pipeline, size_t count);

/* For a receiver: waits for the next decided item; NULL when nothing is outstanding. The item stays
 * until it is released. The thread that got it releases it before it asks for the next. */
void *tj_pipeline_receive(struct tj_pipeline *pipeline);
void tj_pipeline_release(struct tj_pipeline *pipeline);
/* Releases the next `count` items at once, all of them decided. It is for a receiver that wants
 * nothing of them. */
void tj_pipeline_drop(struct tj_pipeline *pipeline, size_t count);

/* Waits until everything published is decided. */
void tj_pipeline_drain(struct tj_pipeline *pipeline);

#endif
