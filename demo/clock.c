/* A clock to play a year with in seconds: preloaded, it gives a program another time of day.
 *
 *     LD_PRELOAD=build/libplayed_clock.so PLAYED_CLOCK=1735812000 build/tijori ingest ...
 *
 * PLAYED_CLOCK is POSIX seconds at the start of the process; from there on the time goes as it
 * does. What the kernel says of its own clock does not hold for this one: it is synchronised when
 * PLAYED_SYNCHRONISED is set. The demo dates its second act with it, and a test shows that an audit's verdicts do not
 * depend on the auditor's clock. No part of the product: who could set the ledger's clock could
 * date its entries, and that is what witnesses are for (docs/THREATS.md). */

#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *out);

static void real_time(struct timespec *out, clockid_t clock)
{
    (void)syscall(SYS_clock_gettime, clock, out);
}

/* Seconds to add to the machine's time. */
static time_t offset_s(void)
{
    static time_t offset;
    static int known;
    const char *played = getenv("PLAYED_CLOCK");
    if (!known && played != NULL) {
        struct timespec now;
        real_time(&now, CLOCK_REALTIME);
        offset = (time_t)strtoll(played, NULL, 10) - now.tv_sec;
    }
    known = 1;
    return offset;
}

/* Before any thread is there. */
__attribute__((constructor)) static void begin(void)
{
    (void)offset_s();
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    real_time(out, clock);
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) {
        out->tv_sec += offset_s();
    }
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL) {
        *out = now.tv_sec;
    }
    return now.tv_sec;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    *out = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

int ntp_adjtime(struct timex *said)
{
    const int synchronised = getenv("PLAYED_SYNCHRONISED") != NULL;
    memset(said, 0, sizeof *said);
    said->status = synchronised ? STA_PLL : STA_UNSYNC;
    return synchronised ? TIME_OK : TIME_ERROR;
}
