#ifndef TIJORI_CORE_PIPELINE_H
#define TIJORI_CORE_PIPELINE_H

/* An ordered queue whose items are worked on by many threads in any order and decided by one in
 * theirs. Bounded in items and in bytes; who is too fast waits.
 *
 *     published >= decided >= released,  published - released <= capacity
 *
 * An item goes through: reserve, publish (a producer) -> work (any worker) -> decide (the one
 * decider) -> release (a receiver). Both the ingest (envelopes) and the replay (entries) run on it.
 *
 * Who passes an item on takes no lock that the next one needs; locks are for going to sleep and for
 * waking, so that a thread which loses its core in the middle holds nobody up.
 *
 * Memory: taken at creation; nothing is allocated on the way. */

#include "core/envelope.h"

struct tj_pipeline;

/* How many items a worker takes at a time at most: enough that taking costs nothing beside the
 * signatures, few enough that no worker is left without, and that the decider does not wait long
 * for the slowest. */
enum { TJ_PIPELINE_BATCH_MAX = 16 };

/* Works on `count` items (1 to TJ_PIPELINE_BATCH_MAX), whose order is that of the queue. Called on
 * a worker's thread; `digester` is that thread's. */
typedef void tj_pipeline_work(void *context, struct tj_digester *digester, void **items,
                              size_t count);

struct tj_pipeline_options {
    uint32_t capacity; /* items */
    size_t item_size;  /* bytes of one item */
    size_t ring_bytes; /* for the data of items; 0 when they have none */
    uint32_t threads;  /* workers; 0: one a core */
    tj_pipeline_work *work;
    void *context;
};

/* Cores that are online, 1 to TJ_THREADS_MAX. */
uint32_t tj_core_count(void);

/* NULL when memory or threads are not to be had. */
struct tj_pipeline *tj_pipeline_create(const struct tj_pipeline_options *options);
/* Stops the workers and frees. Nobody may be inside another call. */
void tj_pipeline_destroy(struct tj_pipeline *pipeline);

/* Producer: waits for room, gives an item as the last one in its place left it and room for `bytes`
 * of data (NULL when bytes is 0). Between reserve and publish the queue is the caller's alone:
 * publish soon. */
void *tj_pipeline_reserve(struct tj_pipeline *pipeline, size_t bytes, uint8_t **data);
void tj_pipeline_publish(struct tj_pipeline *pipeline);
/* No more will come: lets the decider run out. */
void tj_pipeline_finish(struct tj_pipeline *pipeline);

/* Decider: waits for items to be worked on; how many are ready in a row from the first undecided on
 * (at most `max`), 0 when finished and all are decided. Waits for half of what is under way, so
 * that what is decided together grows with the load, but for no more than TJ_GATHER_MAX, and never
 * for an item that is not there yet. */
size_t tj_pipeline_ready(struct tj_pipeline *pipeline, size_t max);
/* The i-th item from the first undecided on. */
void *tj_pipeline_at(struct tj_pipeline *pipeline, size_t i);
void tj_pipeline_decide(struct tj_pipeline *pipeline, size_t count);

/* Receiver: waits for the next decided item; NULL when nothing is outstanding. The item stays until
 * it is released, by the thread that got it, before the next is asked for. */
void *tj_pipeline_receive(struct tj_pipeline *pipeline);
void tj_pipeline_release(struct tj_pipeline *pipeline);

/* Waits until everything published is decided. */
void tj_pipeline_drain(struct tj_pipeline *pipeline);

#endif
