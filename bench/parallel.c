#include "bench/parallel.h"

#include "core/base/limits.h"
#include "core/base/status.h"

#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

struct runner {
    parallel_share *share;
    void *context;
    uint32_t thread;
    uint32_t threads;
    pthread_t id;
};

static void *run_share(void *context)
{
    const struct runner *runner = context;
    runner->share(runner->context, runner->thread, runner->threads);
    return NULL;
}

void run_parallel(parallel_share *share, void *context, uint32_t threads)
{
    struct runner runners[TJ_THREADS_MAX];
    TIJORI_REQUIRE(threads <= TJ_THREADS_MAX);
    for (uint32_t t = 0; t < threads; t++) {
        runners[t] =
            (struct runner){.share = share, .context = context, .thread = t, .threads = threads};
        int failed = pthread_create(&runners[t].id, NULL, run_share, &runners[t]);
        TIJORI_REQUIRE(failed == 0);
    }
    for (uint32_t t = 0; t < threads; t++) {
        pthread_join(runners[t].id, NULL);
    }
}

void *shared_memory(size_t bytes)
{
    void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    TIJORI_REQUIRE(memory != MAP_FAILED);
    memset(memory, 0, bytes);
    return memory;
}

void shared_memory_free(void *memory, size_t bytes)
{
    if (memory != NULL) {
        munmap(memory, bytes);
    }
}
