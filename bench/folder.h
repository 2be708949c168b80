#ifndef TIJORI_BENCH_FOLDER_H
#define TIJORI_BENCH_FOLDER_H

/* A temporary folder that is removed when the process ends, however it ends: a child waits for
 * that. (A handler of signals would have to know what every thread is doing.) */

#include <stdbool.h>
#include <sys/types.h>

struct folder {
    char path[4000];
    pid_t guardian;
    int alive; /* closed when this process ends; the guardian waits for it */
};

/* Makes a folder in `parent`. False with errno set. */
bool folder_create(struct folder *out, const char *parent);
/* Removes it and what is in it, and waits for that. */
void folder_remove(struct folder *folder);

/* Removes a folder and all in it; what cannot be removed stays. */
void folder_clear(const char *path);

#endif
