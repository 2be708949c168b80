#ifndef TIJORI_CORE_BASE_PIPELINE_H
#define TIJORI_CORE_BASE_PIPELINE_H

/* An ordered queue whose items are worked on by many threads in any order, and decided in theirs.
 * Bounded in items and in bytes; who is too fast waits.
 *
 *     published >= judged >= decided >= released,  published - released <= capacity
 *
 * An item goes through: reserve, publish (a producer) -> work (any thread, any order) -> judged ->
 * decided (one thread at a time, in order) -> release (a receiver). Both the ingest (envelopes) and
 * the replay (entries) run on it.
 *
 * Two threads take turns in deciding, so that one can judge while the other waits for the disk.
 * When a receiver waits for the only item there is, its thread does the work and decides by itself:
 * to wake others would take longer.
 *
 * Who passes an item on takes no lock that the next one needs; locks are for going to sleep and for
 * waking, so that a thread which loses its core in the middle holds nobody up.
 *
 * Memory: taken at creation; nothing is allocated on the way. */

#include "core/base/digester.h"
#include "core/base/limits.h"
#include "core/base/status.h"

struct tj_pipeline;

/* How many items are taken to work on at a time at most, and bytes of them: enough that taking
 * costs nothing beside the signatures, little enough that nobody waits long for the slowest. */
enum { TJ_PIPELINE_BATCH_MAX = 16, TJ_PIPELINE_BATCH_BYTES = 16384 };

/* Works on `count` items (1 to TJ_PIPELINE_BATCH_MAX), whose order is that of the queue. Called by
 * many threads at once; `digester` is that thread's. */
typedef void tj_pipeline_work(void *context, struct tj_digester *digester, void **items,
                              size_t count);

/* Decides the first `ready` items or fewer, at least one: tj_pipeline_at gives them. Calls
 * tj_pipeline_judged with how many as soon as the next ones may be judged (by another thread, in a
 * call that overlaps with the rest of this one), and tj_pipeline_decide when they are decided. */
typedef void tj_pipeline_decide_ready(void *context, struct tj_digester *digester,
                                      struct tj_pipeline *pipeline, size_t ready);

struct tj_pipeline_options {
    uint32_t capacity;  /* items */
    size_t item_size;   /* bytes of one item */
    size_t ring_bytes;  /* for the data of items; 0 when they have none */
    uint32_t threads;   /* that work at once; 0: one a core */
    uint32_t ready_max; /* at most so many items are decided at once */
    tj_pipeline_work *work;
    tj_pipeline_decide_ready *decide;
    void *context;
};

/* Cores that are online, 1 to TJ_THREADS_MAX. */
uint32_t tj_core_count(void);

/* NULL when memory or threads are not to be had. */
struct tj_pipeline *tj_pipeline_create(const struct tj_pipeline_options *options);
/* Stops the threads and frees. Nobody may be inside another call. What is not decided is dropped.
 */
void tj_pipeline_destroy(struct tj_pipeline *pipeline);

/* Producer: waits for room, gives an item as the last one in its place left it and room for `bytes`
 * of data (NULL when bytes is 0). Between reserve and publish the queue is the caller's alone:
 * publish soon. `weight`: bytes that the item is about. */
void *tj_pipeline_reserve(struct tj_pipeline *pipeline, uint8_t **data, size_t bytes);
void tj_pipeline_publish(struct tj_pipeline *pipeline, size_t weight);
/* Instead of publish, where no data was asked for: there is no item after all. */
void tj_pipeline_cancel(struct tj_pipeline *pipeline);

/* For the decider: the i-th item from the first that is not judged; and from the first that is not
 * decided. */
void *tj_pipeline_at(struct tj_pipeline *pipeline, size_t i);
void *tj_pipeline_undecided(struct tj_pipeline *pipeline, size_t i);
void tj_pipeline_judged(struct tj_pipeline *pipeline, size_t count);
void tj_pipeline_decide(struct tj_pipeline *pipeline, size_t count);

/* Receiver: waits for the next decided item; NULL when nothing is outstanding. The item stays until
 * it is released, by the thread that got it, before the next is asked for. */
void *tj_pipeline_receive(struct tj_pipeline *pipeline);
void tj_pipeline_release(struct tj_pipeline *pipeline);
/* The next `count` items, all of them decided, at once, for who wants nothing of them. */
void tj_pipeline_drop(struct tj_pipeline *pipeline, size_t count);

/* Waits until everything published is decided. */
void tj_pipeline_drain(struct tj_pipeline *pipeline);

#endif
