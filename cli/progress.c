#include "cli/progress.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BAR_WIDTH = 40, LINE_SIZE = 79, QUIET_MS = 2000, EVERY_MS = 200 };

const struct tj_told progress_told = {progress_step, NULL};

/* A program works on one thing at a time, and messages come from anywhere. */
static struct {
    pthread_mutex_t mutex;
    const char *unit; /* NULL: there is nothing to show, or no terminal to show it on */
    int64_t began_ms;
    int64_t shown_ms; /* the last time */
    int line;         /* bytes that stand on the terminal */
} progress = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void wipe(void)
{
    if (progress.line > 0) {
        fprintf(stderr, "\r%*s\r", progress.line, "");
        progress.line = 0;
    }
}

static void show(uint64_t done, uint64_t total, int64_t seconds)
{
    char line[LINE_SIZE + 1];
    char bar[BAR_WIDTH + 1];
    if (total == 0) {
        snprintf(line, sizeof line, "%" PRIu64 " %s, %" PRId64 " s", done, progress.unit, seconds);
    } else {
        const uint64_t percent = done >= total ? 100 : done * 100 / total;
        memset(bar, '.', BAR_WIDTH);
        memset(bar, '#', (size_t)percent * BAR_WIDTH / 100);
        bar[BAR_WIDTH] = '\0';
        snprintf(line, sizeof line, "[%s] %3" PRIu64 " %%, %" PRId64 " s", bar, percent, seconds);
    }
    wipe();
    progress.line = fprintf(stderr, "%s", line);
    fflush(stderr);
}

void progress_begin(const char *unit)
{
    pthread_mutex_lock(&progress.mutex);
    progress.unit = isatty(STDERR_FILENO) == 1 ? unit : NULL;
    progress.began_ms = now_ms();
    progress.shown_ms = 0;
    pthread_mutex_unlock(&progress.mutex);
}

void progress_step(void *context, uint64_t done, uint64_t total)
{
    (void)context;
    pthread_mutex_lock(&progress.mutex);
    if (progress.unit != NULL) {
        const int64_t now = now_ms();
        if (now - progress.began_ms >= QUIET_MS && now - progress.shown_ms >= EVERY_MS) {
            progress.shown_ms = now;
            show(done, total, (now - progress.began_ms) / 1000);
        }
    }
    pthread_mutex_unlock(&progress.mutex);
}

void progress_end(void)
{
    pthread_mutex_lock(&progress.mutex);
    wipe();
    progress.unit = NULL;
    pthread_mutex_unlock(&progress.mutex);
}

void progress_wipe(void)
{
    pthread_mutex_lock(&progress.mutex);
    wipe();
    pthread_mutex_unlock(&progress.mutex);
}
