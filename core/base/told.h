#ifndef TIJORI_CORE_BASE_TOLD_H
#define TIJORI_CORE_BASE_TOLD_H

/* Who wants to know how far a long work is. It is told now and then, by the thread that works. */

#include <stdint.h>
#include <stddef.h>

struct tj_told {
    /* `total` is 0 where it is not known. */
    void (*tell)(void *context, uint64_t done, uint64_t total);
    void *context;
};

/* Nobody, where it is NULL. */
static inline void tj_tell(const struct tj_told *told, uint64_t done, uint64_t total)
{
    if (told != NULL) {
        told->tell(told->context, done, total);
    }
}

#endif
