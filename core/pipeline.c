#include "core/pipeline.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { CACHE_LINE = 64 };

/* A place to sleep until something is true. Who makes it true then looks whether anybody sleeps;
 * who goes to sleep says so and then looks once more. Both are sequentially consistent, so at least
 * one of the two sees the other; and the mutex is held from the second look to the sleep, so that a
 * wake between them is not lost. */
struct event {
    pthread_mutex_t mutex;
    pthread_cond_t condition;
    atomic_uint sleepers;
};

struct slot {
    uint64_t ring_end;  /* bytes ever taken from the ring, this item's included */
    atomic_bool worked; /* and not decided */
};

/* Positions count up for ever; a position's slot is position % capacity. Each stands in a cache
 * line of its own: different threads move them. */
struct tj_pipeline {
    struct tj_pipeline_options options;
    uint8_t *items;
    struct slot *slots;
    uint8_t *ring;
    uint32_t thread_count; /* an item in so many is a worker's share */
    uint32_t threads_started;
    pthread_t threads[TJ_THREADS_MAX];
    pthread_mutex_t producer; /* from reserve to publish */
    pthread_mutex_t receiver; /* from receive to release */
    struct event has_room;
    struct event has_work;
    struct event has_ready;
    struct event has_decided;
    uint64_t ring_used; /* bytes ever taken; the producer's */
    atomic_bool finished;
    atomic_bool stopping;
    _Alignas(CACHE_LINE) _Atomic uint64_t published;
    _Alignas(CACHE_LINE) _Atomic uint64_t taken;      /* by workers */
    _Alignas(CACHE_LINE) _Atomic uint64_t worked;     /* how many, in any order */
    _Alignas(CACHE_LINE) _Atomic uint64_t ready_goal; /* `worked` for which the decider sleeps */
    _Alignas(CACHE_LINE) _Atomic uint64_t decided;
    _Alignas(CACHE_LINE) _Atomic uint64_t released;
    _Atomic uint64_t ring_released; /* bytes ever given back */
};

static struct slot *slot_at(struct tj_pipeline *p, uint64_t position)
{
    return &p->slots[position % p->options.capacity];
}

static void *item_at(struct tj_pipeline *p, uint64_t position)
{
    return p->items + (size_t)(position % p->options.capacity) * p->options.item_size;
}

/* ---- sleeping and waking ---- */

static void event_init(struct event *event)
{
    pthread_mutex_init(&event->mutex, NULL);
    pthread_cond_init(&event->condition, NULL);
    atomic_init(&event->sleepers, 0);
}

static void event_destroy(struct event *event)
{
    pthread_mutex_destroy(&event->mutex);
    pthread_cond_destroy(&event->condition);
}

typedef bool pipeline_fact(struct tj_pipeline *p, uint64_t value);

static void event_wait(struct event *event, struct tj_pipeline *p, pipeline_fact *holds,
                       uint64_t value)
{
    if (holds(p, value)) {
        return;
    }
    pthread_mutex_lock(&event->mutex);
    atomic_fetch_add(&event->sleepers, 1);
    while (!holds(p, value)) {
        pthread_cond_wait(&event->condition, &event->mutex);
    }
    atomic_fetch_sub(&event->sleepers, 1);
    pthread_mutex_unlock(&event->mutex);
}

static void event_wake(struct event *event)
{
    if (atomic_load(&event->sleepers) > 0) {
        pthread_mutex_lock(&event->mutex);
        pthread_cond_broadcast(&event->condition);
        pthread_mutex_unlock(&event->mutex);
    }
}

static void event_wake_one(struct event *event)
{
    if (atomic_load(&event->sleepers) > 0) {
        pthread_mutex_lock(&event->mutex);
        pthread_cond_signal(&event->condition);
        pthread_mutex_unlock(&event->mutex);
    }
}

/* ---- workers ---- */

static bool work_is_there(struct tj_pipeline *p, uint64_t unused)
{
    (void)unused;
    return atomic_load(&p->taken) < atomic_load(&p->published) || atomic_load(&p->stopping);
}

/* The next items nobody has taken, *first on: a fair share of them; 0 when there are none. */
static size_t take_batch(struct tj_pipeline *p, uint64_t *first)
{
    uint64_t taken = atomic_load(&p->taken);
    for (;;) {
        uint64_t left = atomic_load(&p->published) - taken;
        if (left == 0) {
            return 0;
        }
        uint64_t share = (left + p->thread_count - 1) / p->thread_count;
        uint64_t count = share < TJ_PIPELINE_BATCH_MAX ? share : TJ_PIPELINE_BATCH_MAX;
        if (atomic_compare_exchange_weak(&p->taken, &taken, taken + count)) {
            *first = taken;
            return (size_t)count;
        }
    }
}

static void work_on(struct tj_pipeline *p, struct tj_digester *digester, uint64_t first,
                    size_t count)
{
    void *items[TJ_PIPELINE_BATCH_MAX];
    for (size_t i = 0; i < count; i++) {
        items[i] = item_at(p, first + i);
    }
    p->options.work(p->options.context, digester, items, count);
    for (size_t i = 0; i < count; i++) {
        atomic_store_explicit(&slot_at(p, first + i)->worked, true, memory_order_release);
    }
    uint64_t worked = atomic_fetch_add(&p->worked, count) + count;
    if (worked >= atomic_load(&p->ready_goal)) {
        event_wake_one(&p->has_ready);
    }
}

static void *worker(void *context)
{
    struct tj_pipeline *p = context;
    struct tj_digester digester;
    uint64_t first;
    tj_digester_init(&digester);
    while (!atomic_load(&p->stopping)) {
        size_t count = take_batch(p, &first);
        if (count > 0) {
            work_on(p, &digester, first, count);
        } else {
            event_wait(&p->has_work, p, work_is_there, 0);
        }
    }
    tj_digester_clear(&digester);
    return NULL;
}

/* ---- life ---- */

uint32_t tj_core_count(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : cores > (long)TJ_THREADS_MAX ? TJ_THREADS_MAX : (uint32_t)cores;
}

static bool start_workers(struct tj_pipeline *p)
{
    uint32_t wanted = p->options.threads != 0 ? p->options.threads : tj_core_count();
    wanted = wanted > TJ_THREADS_MAX ? TJ_THREADS_MAX : wanted;
    /* Workers read the count: it is set before the first of them starts. */
    p->thread_count = wanted;
    uint32_t started = 0;
    while (started < wanted && pthread_create(&p->threads[started], NULL, worker, p) == 0) {
        started++;
    }
    p->threads_started = started;
    return started > 0;
}

struct tj_pipeline *tj_pipeline_create(const struct tj_pipeline_options *options)
{
    struct tj_pipeline *p = aligned_alloc(CACHE_LINE, sizeof *p);
    if (p == NULL) {
        return NULL;
    }
    memset(p, 0, sizeof *p);
    p->options = *options;
    p->items = calloc(options->capacity, options->item_size);
    p->slots = calloc(options->capacity, sizeof *p->slots);
    p->ring = options->ring_bytes != 0 ? malloc(options->ring_bytes) : NULL;
    pthread_mutex_init(&p->producer, NULL);
    pthread_mutex_init(&p->receiver, NULL);
    event_init(&p->has_room);
    event_init(&p->has_work);
    event_init(&p->has_ready);
    event_init(&p->has_decided);
    bool memory =
        p->items != NULL && p->slots != NULL && (options->ring_bytes == 0 || p->ring != NULL);
    if (!memory || !start_workers(p)) {
        tj_pipeline_destroy(p);
        return NULL;
    }
    return p;
}

void tj_pipeline_destroy(struct tj_pipeline *p)
{
    if (p == NULL) {
        return;
    }
    atomic_store(&p->stopping, true);
    event_wake(&p->has_work);
    for (uint32_t i = 0; i < p->threads_started; i++) {
        pthread_join(p->threads[i], NULL);
    }
    event_destroy(&p->has_room);
    event_destroy(&p->has_work);
    event_destroy(&p->has_ready);
    event_destroy(&p->has_decided);
    pthread_mutex_destroy(&p->producer);
    pthread_mutex_destroy(&p->receiver);
    free(p->items);
    free(p->slots);
    free(p->ring);
    free(p);
}

/* ---- producer ---- */

/* Where `bytes` would start: data never wraps, so what is left at the end may be passed over. */
static uint64_t ring_start(const struct tj_pipeline *p, size_t bytes)
{
    uint64_t place = p->ring_used % p->options.ring_bytes;
    bool fits = place + bytes <= p->options.ring_bytes;
    return fits ? p->ring_used : p->ring_used + (p->options.ring_bytes - place);
}

static bool room_is_there(struct tj_pipeline *p, uint64_t bytes)
{
    uint64_t released = atomic_load(&p->released);
    if (atomic_load_explicit(&p->published, memory_order_relaxed) - released ==
        p->options.capacity) {
        return false;
    }
    return bytes == 0 ||
           ring_start(p, bytes) + bytes - atomic_load(&p->ring_released) <= p->options.ring_bytes;
}

void *tj_pipeline_reserve(struct tj_pipeline *p, size_t bytes, uint8_t **data)
{
    TIJORI_REQUIRE(bytes <= p->options.ring_bytes / 2);
    pthread_mutex_lock(&p->producer);
    event_wait(&p->has_room, p, room_is_there, bytes);
    *data = NULL;
    if (bytes != 0) {
        uint64_t start = ring_start(p, bytes);
        *data = p->ring + start % p->options.ring_bytes;
        p->ring_used = start + bytes;
    }
    uint64_t published = atomic_load_explicit(&p->published, memory_order_relaxed);
    slot_at(p, published)->ring_end = p->ring_used;
    return item_at(p, published);
}

void tj_pipeline_publish(struct tj_pipeline *p)
{
    uint64_t published = atomic_load_explicit(&p->published, memory_order_relaxed);
    atomic_store(&p->published, published + 1);
    event_wake_one(&p->has_work);
    pthread_mutex_unlock(&p->producer);
}

void tj_pipeline_finish(struct tj_pipeline *p)
{
    atomic_store(&p->finished, true);
    event_wake(&p->has_ready);
}

/* ---- decider ---- */

static bool run_out(struct tj_pipeline *p)
{
    return atomic_load(&p->finished) && atomic_load(&p->decided) == atomic_load(&p->published);
}

static bool ready_is_worth_it(struct tj_pipeline *p, uint64_t goal)
{
    return atomic_load(&p->worked) >= goal || run_out(p);
}

static size_t worked_in_a_row(struct tj_pipeline *p, uint64_t first, uint64_t published, size_t max)
{
    size_t count = 0;
    while (count < max && first + count < published &&
           atomic_load_explicit(&slot_at(p, first + count)->worked, memory_order_acquire)) {
        count++;
    }
    return count;
}

size_t tj_pipeline_ready(struct tj_pipeline *p, size_t max)
{
    uint64_t decided = atomic_load_explicit(&p->decided, memory_order_relaxed);
    for (;;) {
        /* In this order: what is worked on after it was counted makes the count rise again. */
        uint64_t worked = atomic_load(&p->worked);
        uint64_t published = atomic_load(&p->published);
        size_t count = worked_in_a_row(p, decided, published, max);
        uint64_t wanted = (published - decided + 1) / 2;
        wanted = wanted < TJ_GATHER_MAX ? wanted : TJ_GATHER_MAX;
        bool enough = worked - decided >= wanted || count == max;
        if ((count > 0 && enough) || run_out(p)) {
            return count;
        }
        uint64_t goal = enough ? worked + 1 : decided + wanted;
        atomic_store(&p->ready_goal, goal);
        event_wait(&p->has_ready, p, ready_is_worth_it, goal);
    }
}

void *tj_pipeline_at(struct tj_pipeline *p, size_t i)
{
    /* Only the decider moves `decided`. */
    return item_at(p, atomic_load_explicit(&p->decided, memory_order_relaxed) + i);
}

void tj_pipeline_decide(struct tj_pipeline *p, size_t count)
{
    uint64_t decided = atomic_load_explicit(&p->decided, memory_order_relaxed);
    for (size_t i = 0; i < count; i++) {
        atomic_store_explicit(&slot_at(p, decided + i)->worked, false, memory_order_relaxed);
    }
    atomic_store(&p->decided, decided + count);
    event_wake(&p->has_decided);
}

/* ---- receiver ---- */

static bool decided_is_there(struct tj_pipeline *p, uint64_t position)
{
    return position < atomic_load(&p->decided) || position >= atomic_load(&p->published);
}

void *tj_pipeline_receive(struct tj_pipeline *p)
{
    pthread_mutex_lock(&p->receiver);
    uint64_t released = atomic_load_explicit(&p->released, memory_order_relaxed);
    event_wait(&p->has_decided, p, decided_is_there, released);
    if (released < atomic_load(&p->decided)) {
        return item_at(p, released);
    }
    pthread_mutex_unlock(&p->receiver);
    return NULL;
}

void tj_pipeline_release(struct tj_pipeline *p)
{
    uint64_t released = atomic_load_explicit(&p->released, memory_order_relaxed);
    atomic_store(&p->ring_released, slot_at(p, released)->ring_end);
    atomic_store(&p->released, released + 1);
    event_wake_one(&p->has_room);
    pthread_mutex_unlock(&p->receiver);
}

static bool all_is_decided(struct tj_pipeline *p, uint64_t published)
{
    return atomic_load(&p->decided) >= published;
}

void tj_pipeline_drain(struct tj_pipeline *p)
{
    event_wait(&p->has_decided, p, all_is_decided, atomic_load(&p->published));
}
