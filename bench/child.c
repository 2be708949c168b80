#define _GNU_SOURCE /* setgroups */

#include "bench/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static bool become(const struct child_user *user)
{
    return geteuid() != 0 ||
           (setgroups(1, &user->gid) == 0 && setgid(user->gid) == 0 && setuid(user->uid) == 0);
}

static _Noreturn void run(const char *const *argv, const char *log, const struct child_user *user,
                          pid_t parent)
{
    /* exec does not write to its arguments; its type is older than const. */
    union {
        const char *const *in;
        char *const *out;
    } words = {argv};
    int file = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    int nothing = open("/dev/null", O_RDONLY);
    bool ready = file >= 0 && nothing >= 0 && dup2(nothing, 0) >= 0 && dup2(file, 1) >= 0 &&
                 dup2(file, 2) >= 0 && chdir("/") == 0 && become(user);
    /* After becoming another user, which resets it; the parent may be gone already. */
    prctl(PR_SET_PDEATHSIG, SIGINT);
    if (ready && getppid() == parent) {
        execv(argv[0], words.out);
    }
    _exit(127);
}

pid_t child_start(const char *const *argv, const char *log, const struct child_user *user)
{
    pid_t parent = getpid();
    pid_t child = fork();
    if (child == 0) {
        run(argv, log, user, parent);
    }
    return child;
}

bool child_wait(pid_t child)
{
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            return false;
        }
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool child_line(char *out, size_t size, const char *const *argv)
{
    int ends[2];
    if (pipe(ends) != 0) {
        return false;
    }
    pid_t child = fork();
    if (child == 0) {
        union {
            const char *const *in;
            char *const *out;
        } words = {argv};
        dup2(ends[1], 1);
        close(ends[0]);
        close(ends[1]);
        execvp(argv[0], words.out);
        _exit(127);
    }
    close(ends[1]);
    FILE *file = fdopen(ends[0], "r");
    bool read = file != NULL && fgets(out, (int)size, file) != NULL;
    if (read) {
        out[strcspn(out, "\n")] = '\0';
    }
    if (file != NULL) {
        fclose(file);
    } else {
        close(ends[0]);
    }
    return child > 0 && child_wait(child) && read;
}
