#include "bench/drive.h"

#include "bench/clock.h"
#include "bench/parallel.h"
#include "bench/random.h"
#include "core/base/status.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>

/* Where one thread sleeps until another has moved a counter on. */
struct gate {
    pthread_mutex_t mutex;
    pthread_cond_t moved;
    atomic_bool sleeping;
};

struct drive {
    struct tijori *ledger;
    const struct envelopes *envelopes;
    uint32_t in_flight;
    uint64_t *since_ns; /* what each envelope's latency is counted from */
    struct histogram *latency;
    _Atomic uint32_t submitted;
    _Atomic uint32_t *received;
    _Atomic uint32_t own_received;
    uint32_t refused;
    struct gate submitter;
    struct gate receiver;
};

/* ---- gates ---- */

static void gate_init(struct gate *gate)
{
    pthread_mutex_init(&gate->mutex, NULL);
    pthread_cond_init(&gate->moved, NULL);
    atomic_init(&gate->sleeping, false);
}

static void gate_destroy(struct gate *gate)
{
    pthread_mutex_destroy(&gate->mutex);
    pthread_cond_destroy(&gate->moved);
}

/* The sleeper says that it sleeps, then looks; the other moves the counter, then asks who sleeps:
 * one of the two sees the other, since both are sequentially consistent. */
static void gate_sleep(struct gate *gate, struct drive *drive, bool (*open)(struct drive *))
{
    pthread_mutex_lock(&gate->mutex);
    atomic_store(&gate->sleeping, true);
    while (!open(drive)) {
        pthread_cond_wait(&gate->moved, &gate->mutex);
    }
    atomic_store(&gate->sleeping, false);
    pthread_mutex_unlock(&gate->mutex);
}

static void gate_wake(struct gate *gate)
{
    pthread_mutex_lock(&gate->mutex);
    pthread_cond_signal(&gate->moved);
    pthread_mutex_unlock(&gate->mutex);
}

static uint32_t outstanding(struct drive *drive)
{
    uint32_t received = atomic_load(drive->received);
    return atomic_load(&drive->submitted) - received;
}

static bool has_room(struct drive *drive)
{
    uint32_t quarter = drive->in_flight / 4 > 0 ? drive->in_flight / 4 : 1;
    return outstanding(drive) <= drive->in_flight - quarter;
}

static bool has_submitted(struct drive *drive)
{
    return outstanding(drive) > 0;
}

/* ---- the two threads ---- */

static void submit(struct drive *drive, uint32_t e)
{
    const struct envelopes *envelopes = drive->envelopes;
    enum tijori_status status = tijori_submit(
        drive->ledger, envelopes->bytes + (size_t)e * envelopes->size, envelopes->size, e);
    TIJORI_REQUIRE(status == TIJORI_OK);
    atomic_store(&drive->submitted, e + 1);
    if (atomic_load(&drive->receiver.sleeping)) {
        gate_wake(&drive->receiver);
    }
}

static bool receive(struct drive *drive)
{
    struct tijori_receipt receipt;
    if (tijori_receive(drive->ledger, &receipt) == TIJORI_NOT_FOUND) {
        return false;
    }
    if (drive->latency != NULL) {
        histogram_add(drive->latency, now_ns() - drive->since_ns[receipt.tag]);
    }
    if (receipt.status != TIJORI_OK) {
        if (drive->refused++ == 0) {
            fprintf(stderr, "tijori-bench: refused: %s\n", receipt.text);
        }
    }
    atomic_fetch_add(drive->received, 1);
    if (atomic_load(&drive->submitter.sleeping) && has_room(drive)) {
        gate_wake(&drive->submitter);
    }
    return true;
}

static void *receive_all(void *context)
{
    struct drive *drive = context;
    for (uint32_t left = drive->envelopes->count; left > 0;) {
        if (receive(drive)) {
            left--;
        } else {
            gate_sleep(&drive->receiver, drive, has_submitted);
        }
    }
    return NULL;
}

static void take_turns(struct drive *drive)
{
    for (uint32_t e = 0; e < drive->envelopes->count; e++) {
        drive->since_ns[e] = now_ns();
        submit(drive, e);
        bool received = receive(drive);
        TIJORI_REQUIRE(received);
    }
}

static void submit_closed(struct drive *drive)
{
    for (uint32_t e = 0; e < drive->envelopes->count; e++) {
        if (outstanding(drive) >= drive->in_flight) {
            gate_sleep(&drive->submitter, drive, has_room);
        }
        drive->since_ns[e] = now_ns();
        submit(drive, e);
    }
}

/* The times of arrival are in since_ns already, from the start on. */
static void submit_open(struct drive *drive, uint64_t start)
{
    for (uint32_t e = 0; e < drive->envelopes->count; e++) {
        drive->since_ns[e] += start;
        if (now_ns() < drive->since_ns[e]) {
            sleep_until_ns(drive->since_ns[e]);
        }
        submit(drive, e);
    }
}

/* ---- a run ---- */

static void drive_init(struct drive *drive, struct tijori *ledger, struct histogram *latency,
                       const struct envelopes *envelopes, uint32_t in_flight)
{
    *drive = (struct drive){
        .ledger = ledger, .envelopes = envelopes, .in_flight = in_flight, .latency = latency};
    drive->received = &drive->own_received;
    drive->since_ns = shared_memory((size_t)envelopes->count * sizeof *drive->since_ns);
    gate_init(&drive->submitter);
    gate_init(&drive->receiver);
}

static void drive_destroy(struct drive *drive)
{
    gate_destroy(&drive->submitter);
    gate_destroy(&drive->receiver);
    shared_memory_free(drive->since_ns, (size_t)drive->envelopes->count * sizeof *drive->since_ns);
}

static void run(struct drive *drive, struct drive_result *out, bool open)
{
    pthread_t receiver;
    uint64_t cpu = cpu_ns();
    uint64_t start = now_ns();
    if (!open && drive->in_flight == 1) {
        take_turns(drive);
    } else {
        int failed = pthread_create(&receiver, NULL, receive_all, drive);
        TIJORI_REQUIRE(failed == 0);
        if (open) {
            submit_open(drive, start);
        } else {
            submit_closed(drive);
        }
        pthread_join(receiver, NULL);
    }
    out->seconds = seconds_since(start);
    out->cpu_s = (double)(cpu_ns() - cpu) / 1e9;
    out->refused = drive->refused;
}

void drive_closed(struct tijori *ledger, struct drive_result *out, struct histogram *latency,
                  const struct envelopes *envelopes, uint32_t in_flight)
{
    struct drive drive;
    drive_init(&drive, ledger, latency, envelopes, in_flight);
    run(&drive, out, false);
    drive_destroy(&drive);
}

void drive_open(struct tijori *ledger, struct drive_result *out, struct histogram *latency,
                const struct envelopes *envelopes, double per_s, uint64_t seed)
{
    struct drive drive;
    double at_s = 0;
    drive_init(&drive, ledger, latency, envelopes, 0);
    for (uint32_t e = 0; e < envelopes->count; e++) {
        /* The gaps of a Poisson process are exponential. */
        at_s -= log(random_unit(&seed)) / per_s;
        drive.since_ns[e] = (uint64_t)(at_s * 1e9);
    }
    run(&drive, out, true);
    drive_destroy(&drive);
}

void drive_counted(struct tijori *ledger, _Atomic uint32_t *received,
                   const struct envelopes *envelopes, uint32_t in_flight)
{
    struct drive drive;
    struct drive_result result;
    drive_init(&drive, ledger, NULL, envelopes, in_flight);
    drive.received = received;
    run(&drive, &result, false);
    drive_destroy(&drive);
}
