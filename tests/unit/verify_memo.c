/* A memory in front of tj_verify_batch, for tests that read one log thousands of times, each time
 * with one byte changed. Verification is a pure function of its items (crypto/signature.h), and
 * nearly all of such a test's time went into signatures that had been verified before. The linker
 * puts __wrap_tj_verify_batch where tj_verify_batch is called (--wrap): what was asked before, byte
 * for byte, is answered as it was then; everything else is verified. */

#include "crypto/signature.h"

#include <pthread.h>
#include <string.h>

void __real_tj_verify_batch(enum tj_signature_verdict *verdicts, const struct tj_verify_item *items,
                            size_t count);
void __wrap_tj_verify_batch(enum tj_signature_verdict *verdicts, const struct tj_verify_item *items,
                            size_t count);

enum {
    SLOTS = 1 << 15,  /* a test asks for a few thousand different signatures */
    FULL = SLOTS / 2, /* nothing more is kept: looking for what is not there stays short */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    bool used;
    enum tj_signature_verdict verdict;
    struct tj_verify_item item;
} memory[SLOTS];
static size_t kept;

_Static_assert(sizeof(struct tj_verify_item) ==
                   2 + TJ_PUBLIC_KEY_SIZE_MAX + TJ_HASH_SIZE + TJ_SIGNATURE_SIZE,
               "no padding: items are compared as bytes");

/* Where the item is, or the free slot where it belongs. Half of s and of the message: a changed
 * signature begins elsewhere or is found to differ. */
static size_t slot_of(const struct tj_verify_item *item)
{
    uint64_t place;
    uint64_t message;
    memcpy(&place, item->signature64 + TJ_SIGNATURE_SIZE - sizeof place, sizeof place);
    memcpy(&message, item->message.bytes, sizeof message);
    size_t slot = (size_t)((place ^ message) % SLOTS);
    while (memory[slot].used && memcmp(&memory[slot].item, item, sizeof *item) != 0) {
        slot = (slot + 1) % SLOTS;
    }
    return slot;
}

static bool recall(const struct tj_verify_item *item, enum tj_signature_verdict *verdict)
{
    pthread_mutex_lock(&lock);
    const size_t slot = slot_of(item);
    const bool known = memory[slot].used;
    *verdict = memory[slot].verdict;
    pthread_mutex_unlock(&lock);
    return known;
}

static void keep(enum tj_signature_verdict verdict, const struct tj_verify_item *item)
{
    pthread_mutex_lock(&lock);
    const size_t slot = slot_of(item);
    if (!memory[slot].used && kept < FULL) {
        memory[slot].used = true;
        memory[slot].verdict = verdict;
        memory[slot].item = *item;
        kept++;
    }
    pthread_mutex_unlock(&lock);
}

void __wrap_tj_verify_batch(enum tj_signature_verdict *verdicts, const struct tj_verify_item *items,
                            size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!recall(&items[i], &verdicts[i])) {
            __real_tj_verify_batch(&verdicts[i], &items[i], 1);
            keep(verdicts[i], &items[i]);
        }
    }
}
