#include "bench/memory.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void memory_touch(const char *dir, size_t bytes)
{
    static uint8_t piece[8 << 20]; /* a file that is written in large pieces gets large folios */
    size_t most = (size_t)sysconf(_SC_PHYS_PAGES) / 4 * (size_t)sysconf(_SC_PAGESIZE);
    size_t left = bytes < most ? bytes : most;
    char path[4200];
    snprintf(path, sizeof path, "%s/touched", dir);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) {
        return; /* then it is timed as it is */
    }
    unlink(path);
    memset(piece, 0x5a, sizeof piece);
    while (left > 0) {
        size_t size = left < sizeof piece ? left : sizeof piece;
        ssize_t written = write(file, piece, size);
        if (written <= 0) {
            break;
        }
        left -= (size_t)written;
    }
    close(file);
}
