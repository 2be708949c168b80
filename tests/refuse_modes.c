/* Preloaded into a program, stands for a file system that knows no owners and no modes, such as
 * vfat: nothing can be changed, and with MODE_OF_ALL (octal) every file has that mode. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(void)
{
    errno = EPERM;
    return -1;
}

__attribute__((visibility("default"))) int fchmod(int fd, mode_t mode)
{
    (void)fd;
    (void)mode;
    return refuse();
}

__attribute__((visibility("default"))) int fchown(int fd, uid_t owner, gid_t group)
{
    (void)fd;
    (void)owner;
    (void)group;
    return refuse();
}

__attribute__((visibility("default"))) int fstat(int fd, struct stat *out)
{
    const char *mode = getenv("MODE_OF_ALL");
    if (fstatat(fd, "", out, AT_EMPTY_PATH) != 0) {
        return -1;
    }
    if (mode != NULL && S_ISREG(out->st_mode)) {
        out->st_mode = S_IFREG | (mode_t)strtoul(mode, NULL, 8);
    }
    return 0;
}
