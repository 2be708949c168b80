#define _GNU_SOURCE /* nftw */

#include "bench/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int remove_one(const char *path, const struct stat *facts, int kind, struct FTW *place)
{
    (void)facts;
    (void)kind;
    (void)place;
    remove(path);
    return 0;
}

void folder_clear(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Whoever was killed with us may write for a moment still: a few tries. */
static void guard(const char *path, int alive)
{
    char byte;
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    while (read(alive, &byte, 1) < 0 && errno == EINTR) {
    }
    for (int tries = 0; tries < 50 && access(path, F_OK) == 0; tries++) {
        folder_clear(path);
        if (access(path, F_OK) == 0) {
            usleep(100000);
        }
    }
    _exit(0);
}

bool folder_create(struct folder *out, const char *parent)
{
    int ends[2];
    snprintf(out->path, sizeof out->path, "%s/tijori-bench-XXXXXX", parent);
    /* To be passed through, not listed: a server may have to run as another user. */
    if (mkdtemp(out->path) == NULL || chmod(out->path, 0711) != 0 || pipe(ends) != 0) {
        return false;
    }
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    out->alive = ends[1];
    out->guardian = fork();
    if (out->guardian == 0) {
        close(ends[1]);
        guard(out->path, ends[0]);
    }
    close(ends[0]);
    return out->guardian > 0;
}

void folder_remove(struct folder *folder)
{
    close(folder->alive);
    while (waitpid(folder->guardian, NULL, 0) < 0 && errno == EINTR) {
    }
}
