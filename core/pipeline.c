#include "core/pipeline.h"

#include <pthread.h>
#include <unistd.h>

/* How many items a worker takes at a time at most: enough that the lock costs nothing beside the
 * signatures, few enough that no worker is left without. */
enum { BATCH_MAX = 16 };

enum slot_phase { SLOT_FREE, SLOT_PUBLISHED, SLOT_WORKED };

struct slot {
    uint64_t ring_end; /* bytes ever taken from the ring, this item's included */
    enum slot_phase phase;
};

struct tj_pipeline {
    struct tj_pipeline_options options;
    uint8_t *items;
    struct slot *slots;
    uint8_t *ring;
    pthread_mutex_t mutex;
    pthread_mutex_t producer; /* from reserve to publish */
    pthread_mutex_t receiver; /* from receive to release */
    pthread_cond_t has_room;
    pthread_cond_t has_work;
    pthread_cond_t has_ready;
    pthread_cond_t has_decided;
    /* Positions count up for ever; a position's slot is position % capacity. */
    uint64_t published;
    uint64_t taken; /* by workers */
    uint64_t decided;
    uint64_t released;
    uint64_t ring_used;     /* bytes ever taken */
    uint64_t ring_released; /* bytes ever given back */
    bool finished;
    bool stopping;
    uint32_t thread_count;
    pthread_t threads[TJ_THREADS_MAX];
};

static struct slot *slot_at(struct tj_pipeline *p, uint64_t position)
{
    return &p->slots[position % p->options.capacity];
}

static void *item_at(struct tj_pipeline *p, uint64_t position)
{
    return p->items + (size_t)(position % p->options.capacity) * p->options.item_size;
}

/* ---- workers ---- */

static size_t take_batch(struct tj_pipeline *p, void **items, uint64_t *first)
{
    while (p->taken == p->published && !p->stopping) {
        pthread_cond_wait(&p->has_work, &p->mutex);
    }
    if (p->taken == p->published) {
        return 0;
    }
    uint64_t share = (p->published - p->taken + p->thread_count - 1) / p->thread_count;
    size_t count = share < BATCH_MAX ? (size_t)share : BATCH_MAX;
    *first = p->taken;
    for (size_t i = 0; i < count; i++) {
        items[i] = item_at(p, p->taken + i);
    }
    p->taken += count;
    return count;
}

static void *worker(void *context)
{
    struct tj_pipeline *p = context;
    struct tj_digester digester;
    void *items[BATCH_MAX];
    uint64_t first = 0;
    size_t count;
    tj_digester_init(&digester);
    pthread_mutex_lock(&p->mutex);
    while ((count = take_batch(p, items, &first)) > 0) {
        pthread_mutex_unlock(&p->mutex);
        p->options.work(p->options.context, &digester, items, count);
        pthread_mutex_lock(&p->mutex);
        for (size_t i = 0; i < count; i++) {
            slot_at(p, first + i)->phase = SLOT_WORKED;
        }
        /* Only the first undecided item makes anything ready. */
        if (first <= p->decided && p->decided < first + count) {
            pthread_cond_signal(&p->has_ready);
        }
    }
    pthread_mutex_unlock(&p->mutex);
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
    for (uint32_t i = 0; i < wanted; i++) {
        if (pthread_create(&p->threads[i], NULL, worker, p) != 0) {
            pthread_mutex_lock(&p->mutex);
            p->thread_count = i;
            pthread_mutex_unlock(&p->mutex);
            return i > 0;
        }
    }
    return true;
}

struct tj_pipeline *tj_pipeline_create(const struct tj_pipeline_options *options)
{
    struct tj_pipeline *p = calloc(1, sizeof *p);
    if (p == NULL) {
        return NULL;
    }
    p->options = *options;
    p->items = calloc(options->capacity, options->item_size);
    p->slots = calloc(options->capacity, sizeof *p->slots);
    p->ring = options->ring_bytes != 0 ? malloc(options->ring_bytes) : NULL;
    pthread_mutex_init(&p->mutex, NULL);
    pthread_mutex_init(&p->producer, NULL);
    pthread_mutex_init(&p->receiver, NULL);
    pthread_cond_init(&p->has_room, NULL);
    pthread_cond_init(&p->has_work, NULL);
    pthread_cond_init(&p->has_ready, NULL);
    pthread_cond_init(&p->has_decided, NULL);
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
    pthread_mutex_lock(&p->mutex);
    p->stopping = true;
    pthread_cond_broadcast(&p->has_work);
    pthread_mutex_unlock(&p->mutex);
    for (uint32_t i = 0; i < p->thread_count; i++) {
        pthread_join(p->threads[i], NULL);
    }
    pthread_cond_destroy(&p->has_room);
    pthread_cond_destroy(&p->has_work);
    pthread_cond_destroy(&p->has_ready);
    pthread_cond_destroy(&p->has_decided);
    pthread_mutex_destroy(&p->mutex);
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

static bool has_room(const struct tj_pipeline *p, size_t bytes)
{
    if (p->published - p->released == p->options.capacity) {
        return false;
    }
    return bytes == 0 || ring_start(p, bytes) + bytes - p->ring_released <= p->options.ring_bytes;
}

void *tj_pipeline_reserve(struct tj_pipeline *p, size_t bytes, uint8_t **data)
{
    TIJORI_REQUIRE(bytes <= p->options.ring_bytes / 2);
    pthread_mutex_lock(&p->producer);
    pthread_mutex_lock(&p->mutex);
    while (!has_room(p, bytes)) {
        pthread_cond_wait(&p->has_room, &p->mutex);
    }
    *data = NULL;
    if (bytes != 0) {
        uint64_t start = ring_start(p, bytes);
        *data = p->ring + start % p->options.ring_bytes;
        p->ring_used = start + bytes;
    }
    slot_at(p, p->published)->ring_end = p->ring_used;
    pthread_mutex_unlock(&p->mutex);
    void *item = item_at(p, p->published);
    memset(item, 0, p->options.item_size);
    return item;
}

void tj_pipeline_publish(struct tj_pipeline *p)
{
    pthread_mutex_lock(&p->mutex);
    slot_at(p, p->published)->phase = SLOT_PUBLISHED;
    p->published++;
    pthread_cond_signal(&p->has_work);
    pthread_mutex_unlock(&p->mutex);
    pthread_mutex_unlock(&p->producer);
}

void tj_pipeline_finish(struct tj_pipeline *p)
{
    pthread_mutex_lock(&p->mutex);
    p->finished = true;
    pthread_cond_broadcast(&p->has_ready);
    pthread_mutex_unlock(&p->mutex);
}

/* ---- decider ---- */

size_t tj_pipeline_ready(struct tj_pipeline *p, size_t max)
{
    pthread_mutex_lock(&p->mutex);
    while (!(p->decided < p->published && slot_at(p, p->decided)->phase == SLOT_WORKED) &&
           !(p->finished && p->decided == p->published)) {
        pthread_cond_wait(&p->has_ready, &p->mutex);
    }
    size_t count = 0;
    while (count < max && p->decided + count < p->published &&
           slot_at(p, p->decided + count)->phase == SLOT_WORKED) {
        count++;
    }
    pthread_mutex_unlock(&p->mutex);
    return count;
}

void *tj_pipeline_at(struct tj_pipeline *p, size_t i)
{
    /* Only the decider moves `decided`. */
    return item_at(p, p->decided + i);
}

void tj_pipeline_decide(struct tj_pipeline *p, size_t count)
{
    pthread_mutex_lock(&p->mutex);
    for (size_t i = 0; i < count; i++) {
        slot_at(p, p->decided + i)->phase = SLOT_FREE;
    }
    p->decided += count;
    pthread_cond_broadcast(&p->has_decided);
    pthread_mutex_unlock(&p->mutex);
}

/* ---- receiver ---- */

void *tj_pipeline_receive(struct tj_pipeline *p)
{
    pthread_mutex_lock(&p->receiver);
    pthread_mutex_lock(&p->mutex);
    while (p->released == p->decided && p->released < p->published) {
        pthread_cond_wait(&p->has_decided, &p->mutex);
    }
    void *item = p->released < p->decided ? item_at(p, p->released) : NULL;
    pthread_mutex_unlock(&p->mutex);
    if (item == NULL) {
        pthread_mutex_unlock(&p->receiver);
    }
    return item;
}

void tj_pipeline_release(struct tj_pipeline *p)
{
    pthread_mutex_lock(&p->mutex);
    p->ring_released = slot_at(p, p->released)->ring_end;
    p->released++;
    pthread_cond_signal(&p->has_room);
    pthread_mutex_unlock(&p->mutex);
    pthread_mutex_unlock(&p->receiver);
}

void tj_pipeline_drain(struct tj_pipeline *p)
{
    pthread_mutex_lock(&p->mutex);
    while (p->decided < p->published) {
        pthread_cond_wait(&p->has_decided, &p->mutex);
    }
    pthread_mutex_unlock(&p->mutex);
}
