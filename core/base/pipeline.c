#define _GNU_SOURCE 1 /* pthread_setname_np */

#include "core/base/pipeline.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>

#include <sys/mman.h>
#include <unistd.h>

enum {
    CACHE_LINE = 64,
    /* One waits for the disk, one judges what comes after. */
    DECIDERS = 2,
    /* From so many bytes on it is worth judging the next group while the last is on its way to the
     * disk. With fewer, the next group would only become smaller than it could be. */
    AHEAD_BYTES = 512 << 10,
    /* Behind a ring: a page, of whatever size a machine's are. */
    GUARD_BYTES = 64 << 10,
};

/* A place to sleep until something is true. Who makes it true then takes a sleeper from the count
 * and wakes one. Who goes to sleep puts itself into the count and then looks once more. Both are
 * sequentially consistent, so at least one of the two sees the other.
 *
 * It is a semaphore and not a condition variable: those of glibc 2.27 to 2.40 can lose a wake-up
 * (its bug 25847). */
struct event {
    sem_t wakes;
    atomic_uint sleepers; /* for whom no wake is on its way */
};

struct slot {
    uint64_t ring_end;     /* bytes ever taken from the ring, this item's included */
    _Atomic size_t weight; /* bytes the item is about */
    atomic_bool worked;    /* and not judged */
};

/* One of the pipeline's own. */
struct worker {
    struct tj_pipeline *pipeline;
    struct tj_digester digester;
    pthread_t thread;
};

/* Positions count up for ever. A position's slot is position % capacity. Each position stands in a
 * cache line of its own, since different threads move them. */
struct tj_pipeline {
    struct tj_pipeline_options options;
    uint8_t *items;
    struct slot *slots;
    uint8_t *ring;
    uint32_t thread_count;
    struct worker threads[TJ_THREADS_MAX + DECIDERS];
    pthread_mutex_t producer; /* from reserve to publish */
    pthread_mutex_t receiver; /* from receive to release */
    struct tj_digester receiver_digester;
    struct event has_room;
    struct event has_work;
    struct event has_ready;
    struct event has_decided;
    uint64_t ring_used; /* bytes ever taken; the producer's */
    atomic_bool stopping;
    _Alignas(CACHE_LINE) _Atomic uint64_t published;
    _Alignas(CACHE_LINE) _Atomic uint64_t taken;  /* to be worked on */
    _Alignas(CACHE_LINE) _Atomic uint64_t worked; /* how many, in any order */
    _Atomic uint64_t worked_bytes;                /* their weight */
    _Alignas(CACHE_LINE) atomic_bool judging;     /* somebody is */
    _Atomic uint64_t judged;
    _Atomic uint64_t judged_bytes;
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

/* A late thread may ask for the weight of an item that is gone. What it wanted is then refused. */
static size_t weight_at(struct tj_pipeline *p, uint64_t position)
{
    return atomic_load_explicit(&slot_at(p, position)->weight, memory_order_relaxed);
}

/* ---- sleeping and waking ---- */

static void event_init(struct event *event)
{
    int failed = sem_init(&event->wakes, 0, 0);
    TIJORI_REQUIRE(failed == 0);
    atomic_init(&event->sleepers, 0);
}

static void event_destroy(struct event *event)
{
    sem_destroy(&event->wakes);
}

/* Takes one sleeper off the count. The caller then wakes one, or was that sleeper. False when all
 * are being woken already. */
static bool event_take_sleeper(struct event *event)
{
    unsigned sleepers = atomic_load(&event->sleepers);
    while (sleepers > 0) {
        if (atomic_compare_exchange_weak(&event->sleepers, &sleepers, sleepers - 1)) {
            return true;
        }
    }
    return false;
}

static void event_wake_one(struct event *event)
{
    if (event_take_sleeper(event)) {
        sem_post(&event->wakes);
    }
}

/* Only those that sleep now are woken: one that is woken and sleeps again must not be woken for
 * ever. */
static void event_wake_all(struct event *event)
{
    if (atomic_load(&event->sleepers) > 0) {
        for (unsigned n = atomic_exchange(&event->sleepers, 0); n > 0; n--) {
            sem_post(&event->wakes);
        }
    }
}

typedef bool pipeline_fact(struct tj_pipeline *p, uint64_t value);

static void event_wait(struct event *event, struct tj_pipeline *p, pipeline_fact *holds,
                       uint64_t value)
{
    while (!holds(p, value)) {
        atomic_fetch_add(&event->sleepers, 1);
        if (holds(p, value) && event_take_sleeper(event)) {
            return;
        }
        while (sem_wait(&event->wakes) != 0 && errno == EINTR) {
        }
    }
}

/* ---- deciding ---- */

static size_t worked_in_a_row(struct tj_pipeline *p, uint64_t first)
{
    uint64_t published = atomic_load(&p->published);
    size_t count = 0;
    while (count < p->options.ready_max && first + count < published &&
           atomic_load_explicit(&slot_at(p, first + count)->worked, memory_order_acquire)) {
        count++;
    }
    return count;
}

/* True when five eighths of what is under way have been worked on. So what is decided together
 * grows with the load, and enough is left to work on while the disk has the rest. But never more
 * than TJ_GATHER_MAX is waited for. The answer is a guess, since others move the positions: who has
 * taken the role looks again. */
static bool worth_deciding(struct tj_pipeline *p)
{
    uint64_t judged = atomic_load(&p->judged);
    uint64_t under_way = atomic_load(&p->published) - judged;
    uint64_t wanted = (under_way * 5 + 7) / 8;
    wanted = wanted < TJ_GATHER_MAX ? wanted : TJ_GATHER_MAX;
    if (under_way == 0 || atomic_load(&p->worked) - judged < wanted ||
        !atomic_load_explicit(&slot_at(p, judged)->worked, memory_order_relaxed)) {
        return false;
    }
    return atomic_load(&p->decided) == judged ||
           atomic_load(&p->worked_bytes) - atomic_load(&p->judged_bytes) >= AHEAD_BYTES;
}

/* Called by who passes on something that may make deciding worth it: somebody must look. */
static void call_decider(struct tj_pipeline *p)
{
    if (worth_deciding(p) && !atomic_load(&p->judging)) {
        event_wake_one(&p->has_ready);
    }
}

/* A thread that found somebody judging went to sleep over it. Now that the judging ends, one may be
 * needed. */
static void stop_judging(struct tj_pipeline *p)
{
    atomic_store(&p->judging, false);
    call_decider(p);
}

/* False when there was nothing to decide, or somebody else is at it. */
static bool decide_some(struct tj_pipeline *p, struct tj_digester *digester)
{
    if (!worth_deciding(p) || atomic_exchange(&p->judging, true)) {
        return false;
    }
    size_t ready = worth_deciding(p) ? worked_in_a_row(p, atomic_load(&p->judged)) : 0;
    if (ready == 0) {
        stop_judging(p);
        return false;
    }
    p->options.decide(p->options.context, digester, p, ready);
    return true;
}

static bool decider_is_wanted(struct tj_pipeline *p, uint64_t unused)
{
    (void)unused;
    return (!atomic_load(&p->judging) && worth_deciding(p)) || atomic_load(&p->stopping);
}

static void *decider(void *context)
{
    struct worker *self = context;
    struct tj_pipeline *p = self->pipeline;
    pthread_setname_np(pthread_self(), "tj-decider"); /* as top and perf show it */
    while (!atomic_load(&p->stopping)) {
        if (!decide_some(p, &self->digester)) {
            event_wait(&p->has_ready, p, decider_is_wanted, 0);
        }
    }
    return NULL;
}

void *tj_pipeline_at(struct tj_pipeline *p, size_t i)
{
    /* Only who judges moves `judged`. */
    return item_at(p, atomic_load_explicit(&p->judged, memory_order_relaxed) + i);
}

void *tj_pipeline_undecided(struct tj_pipeline *p, size_t i)
{
    return item_at(p, atomic_load_explicit(&p->decided, memory_order_relaxed) + i);
}

void tj_pipeline_judged(struct tj_pipeline *p, size_t count)
{
    uint64_t judged = atomic_load_explicit(&p->judged, memory_order_relaxed);
    uint64_t bytes = atomic_load_explicit(&p->judged_bytes, memory_order_relaxed);
    for (size_t i = 0; i < count; i++) {
        atomic_store_explicit(&slot_at(p, judged + i)->worked, false, memory_order_relaxed);
        bytes += weight_at(p, judged + i);
    }
    atomic_store(&p->judged_bytes, bytes);
    atomic_store(&p->judged, judged + count);
    stop_judging(p);
}

void tj_pipeline_decide(struct tj_pipeline *p, size_t count)
{
    atomic_fetch_add(&p->decided, count);
    event_wake_all(&p->has_decided);
}

/* ---- working ---- */

/* Takes the next items that nobody has taken: a fair share of them, from *first on. 0 when there
 * are none. */
static size_t take_batch(struct tj_pipeline *p, uint64_t *first)
{
    uint64_t taken = atomic_load(&p->taken);
    for (;;) {
        uint64_t left = atomic_load(&p->published) - taken;
        uint64_t share = (left + p->options.threads - 1) / p->options.threads;
        size_t bytes = 0;
        size_t count = 0;
        while (count < share && count < TJ_PIPELINE_BATCH_MAX && bytes < TJ_PIPELINE_BATCH_BYTES) {
            bytes += weight_at(p, taken + count++);
        }
        if (count == 0 || atomic_compare_exchange_weak(&p->taken, &taken, taken + count)) {
            *first = taken;
            return count;
        }
    }
}

static void work_on(struct tj_pipeline *p, struct tj_digester *digester, uint64_t first,
                    size_t count)
{
    void *items[TJ_PIPELINE_BATCH_MAX];
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        items[i] = item_at(p, first + i);
        bytes += weight_at(p, first + i);
    }
    p->options.work(p->options.context, digester, items, count);
    for (size_t i = 0; i < count; i++) {
        atomic_store_explicit(&slot_at(p, first + i)->worked, true, memory_order_release);
    }
    atomic_fetch_add(&p->worked_bytes, bytes);
    atomic_fetch_add(&p->worked, count);
}

/* False when there was nothing to work on. */
static bool work_some(struct tj_pipeline *p, struct tj_digester *digester)
{
    uint64_t first;
    size_t count = take_batch(p, &first);
    if (count > 0) {
        work_on(p, digester, first, count);
        call_decider(p);
    }
    return count > 0;
}

static bool worker_is_wanted(struct tj_pipeline *p, uint64_t unused)
{
    (void)unused;
    return atomic_load(&p->taken) < atomic_load(&p->published) || atomic_load(&p->stopping);
}

static void *worker(void *context)
{
    struct worker *self = context;
    struct tj_pipeline *p = self->pipeline;
    pthread_setname_np(pthread_self(), "tj-worker");
    while (!atomic_load(&p->stopping)) {
        if (!work_some(p, &self->digester)) {
            event_wait(&p->has_work, p, worker_is_wanted, 0);
        }
    }
    return NULL;
}

/* ---- life ---- */

uint32_t tj_core_count(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (cores < 1) {
        return 1;
    }
    if (cores > (long)TJ_THREADS_MAX) {
        return TJ_THREADS_MAX;
    }
    return (uint32_t)cores;
}

/* What it hashes with is there before it runs: a thread has nobody to tell that it is not. */
static bool start_thread(struct tj_pipeline *p, struct worker *out, void *(*run)(void *context))
{
    out->pipeline = p;
    if (tj_digester_init(&out->digester) && pthread_create(&out->thread, NULL, run, out) == 0) {
        return true;
    }
    tj_digester_clear(&out->digester);
    return false;
}

/* The deciders first; without one worker there is no pipeline. */
static bool start_threads(struct tj_pipeline *p)
{
    uint32_t wanted = DECIDERS + p->options.threads;
    while (p->thread_count < wanted &&
           start_thread(p, &p->threads[p->thread_count],
                        p->thread_count < DECIDERS ? decider : worker)) {
        p->thread_count++;
    }
    return p->thread_count > DECIDERS;
}

/* Pages of their own, and behind them what nobody may touch. What is never used costs nothing: of
 * memory from malloc a sanitizer marks every byte, which is most of what a short log costs there.
 */
static bool map_ring(struct tj_pipeline *p, size_t bytes)
{
    void *ring =
        mmap(NULL, bytes + GUARD_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (ring == MAP_FAILED) {
        return false;
    }
    p->ring = ring;
    return mprotect(p->ring + bytes, GUARD_BYTES, PROT_NONE) == 0;
}

struct tj_pipeline *tj_pipeline_create(const struct tj_pipeline_options *options)
{
    struct tj_pipeline *p = aligned_alloc(CACHE_LINE, sizeof *p);
    if (p == NULL) {
        return NULL;
    }
    memset(p, 0, sizeof *p);
    p->options = *options;
    uint32_t threads = options->threads != 0 ? options->threads : tj_core_count();
    p->options.threads = threads < TJ_THREADS_MAX ? threads : TJ_THREADS_MAX;
    p->items = calloc(options->capacity, options->item_size);
    p->slots = calloc(options->capacity, sizeof *p->slots);
    bool ring = options->ring_bytes == 0 || map_ring(p, options->ring_bytes);
    bool memory = tj_digester_init(&p->receiver_digester);
    pthread_mutex_init(&p->producer, NULL);
    pthread_mutex_init(&p->receiver, NULL);
    event_init(&p->has_room);
    event_init(&p->has_work);
    event_init(&p->has_ready);
    event_init(&p->has_decided);
    memory = memory && ring && p->items != NULL && p->slots != NULL;
    if (!memory || !start_threads(p)) {
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
    event_wake_all(&p->has_work);
    event_wake_all(&p->has_ready);
    for (uint32_t i = 0; i < p->thread_count; i++) {
        pthread_join(p->threads[i].thread, NULL);
        tj_digester_clear(&p->threads[i].digester);
    }
    event_destroy(&p->has_room);
    event_destroy(&p->has_work);
    event_destroy(&p->has_ready);
    event_destroy(&p->has_decided);
    pthread_mutex_destroy(&p->producer);
    pthread_mutex_destroy(&p->receiver);
    tj_digester_clear(&p->receiver_digester);
    free(p->items);
    free(p->slots);
    if (p->ring != NULL) {
        munmap(p->ring, p->options.ring_bytes + GUARD_BYTES);
    }
    free(p);
}

/* ---- producer ---- */

/* Where `bytes` of data would start. Data never wraps, so what is left at the end may be passed
 * over. */
static uint64_t ring_start(const struct tj_pipeline *p, size_t bytes)
{
    uint64_t place = p->ring_used % p->options.ring_bytes;
    bool fits = place + bytes <= p->options.ring_bytes;
    if (fits) {
        return p->ring_used;
    }
    return p->ring_used + (p->options.ring_bytes - place);
}

static bool room_is_there(struct tj_pipeline *p, uint64_t bytes)
{
    uint64_t outstanding =
        atomic_load_explicit(&p->published, memory_order_relaxed) - atomic_load(&p->released);
    return outstanding < p->options.capacity &&
           (bytes == 0 ||
            ring_start(p, bytes) + bytes - atomic_load(&p->ring_released) <= p->options.ring_bytes);
}

void *tj_pipeline_reserve(struct tj_pipeline *p, uint8_t **data, size_t bytes)
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
    return item_at(p, atomic_load_explicit(&p->published, memory_order_relaxed));
}

void tj_pipeline_publish(struct tj_pipeline *p, size_t weight)
{
    uint64_t published = atomic_load_explicit(&p->published, memory_order_relaxed);
    struct slot *slot = slot_at(p, published);
    slot->ring_end = p->ring_used;
    atomic_store_explicit(&slot->weight, weight, memory_order_relaxed);
    atomic_store(&p->published, published + 1);
    event_wake_one(&p->has_work);
    pthread_mutex_unlock(&p->producer);
}

void tj_pipeline_cancel(struct tj_pipeline *p)
{
    pthread_mutex_unlock(&p->producer);
}

/* ---- receiver ---- */

static bool decided_is_there(struct tj_pipeline *p, uint64_t position)
{
    return position < atomic_load(&p->decided) || position >= atomic_load(&p->published);
}

/* For a receiver whose item is the only one there is: to wake others would take longer than the
 * work. */
static bool lend_a_hand(struct tj_pipeline *p, uint64_t released)
{
    return atomic_load(&p->published) - released == 1 &&
           (decide_some(p, &p->receiver_digester) || work_some(p, &p->receiver_digester));
}

void *tj_pipeline_receive(struct tj_pipeline *p)
{
    pthread_mutex_lock(&p->receiver);
    uint64_t released = atomic_load_explicit(&p->released, memory_order_relaxed);
    bool lent = false;
    while (!decided_is_there(p, released)) {
        if (lend_a_hand(p, released)) {
            lent = true;
        } else {
            event_wait(&p->has_decided, p, decided_is_there, released);
        }
    }
    if (lent) {
        call_decider(p); /* this thread leaves with its receipt, and looks no further */
    }
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

void tj_pipeline_drop(struct tj_pipeline *p, size_t count)
{
    pthread_mutex_lock(&p->receiver);
    uint64_t released = atomic_load_explicit(&p->released, memory_order_relaxed) + count;
    TIJORI_REQUIRE(count > 0 && released <= atomic_load(&p->decided));
    atomic_store(&p->ring_released, slot_at(p, released - 1)->ring_end);
    atomic_store(&p->released, released);
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
