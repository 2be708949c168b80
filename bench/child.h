#ifndef TIJORI_BENCH_CHILD_H
#define TIJORI_BENCH_CHILD_H

/* Programs run beside this one, without a shell. */

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Who a program runs as. */
struct child_user {
    uid_t uid;
    gid_t gid;
};

/* Starts a program: argv[0] is its path, argv ends with NULL. Both its outputs go to the end of the
 * file `log`. It gets SIGINT when this process dies. Root becomes `user` first; others stay who
 * they are. -1 when it could not be started. */
pid_t child_start(const char *const *argv, const char *log, const struct child_user *user);

/* Waits for it; true when it exited with 0. */
bool child_wait(pid_t child);

/* The first line that a program prints, without the end of the line; false when it fails. */
bool child_line(char *out, size_t size, const char *const *argv);

#endif
