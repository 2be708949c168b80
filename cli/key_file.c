#include "cli/key_file.h"

#include "cli/exit.h"
#include "storage/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { OWNER_ONLY = S_IRUSR | S_IWUSR, OTHERS = S_IRWXG | S_IRWXO };

static enum tj_keyfile_status status_of(int error)
{
    if (error == 0) {
        return TJ_KEYFILE_OK;
    }
    if (error == ENOENT || error == ENOTDIR) {
        return TJ_KEYFILE_NOT_FOUND;
    }
    if (error == EEXIST) {
        return TJ_KEYFILE_EXISTS;
    }
    if (error == EACCES || error == EPERM || error == EROFS) {
        return TJ_KEYFILE_DENIED;
    }
    return TJ_KEYFILE_IO;
}

enum tj_keyfile_status key_file_read(struct key_file *out, const char *path)
{
    struct stat info;
    out->size = 0;
    out->exposed = 0;
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (file < 0) {
        return status_of(errno);
    }
    secrets_begin();
    secret_lock(out, sizeof *out);
    if (fstat(file, &info) == 0 && S_ISREG(info.st_mode)) {
        out->exposed = info.st_mode & OTHERS;
    }
    const int error = tj_descriptor_read(out->bytes, sizeof out->bytes, &out->size, file);
    (void)close(file);
    return status_of(error);
}

void key_file_clear(struct key_file *file)
{
    tj_cleanse(file, sizeof *file);
}

/* The mode is not left to the umask, which can take away the owner's bits. File systems without
 * modes refuse to change them: there the file is what it is. */
static unsigned make_private(int file)
{
    struct stat info;
    if (fstat(file, &info) != 0) {
        return OTHERS;
    }
    if ((info.st_mode & 07777) != OWNER_ONLY && fchmod(file, OWNER_ONLY) == 0) {
        return 0;
    }
    return info.st_mode & OTHERS;
}

static int write_bytes(const char *path, unsigned *exposed, const char *bytes, size_t size)
{
    struct tj_file_writer writer;
    int error = tj_file_begin(&writer, AT_FDCWD, path, TJ_FILE_NEW, OWNER_ONLY);
    if (error != 0) {
        return error;
    }
    *exposed = make_private(fileno(writer.stream));
    return tj_file_fill(&writer, bytes, size);
}

enum tj_keyfile_status key_file_write(const char *path, unsigned *exposed, int *error,
                                      const struct tj_secret_key *key, const char *passphrase)
{
    char bytes[TJ_KEYFILE_SIZE_MAX];
    size_t size = 0;
    secrets_begin();
    secret_lock(bytes, sizeof bytes);
    *exposed = 0;
    *error = 0;
    enum tj_keyfile_status status = tj_keyfile_encode(bytes, &size, key, passphrase);
    if (status == TJ_KEYFILE_OK) {
        *error = write_bytes(path, exposed, bytes, size);
        status = status_of(*error);
    }
    tj_cleanse(bytes, size);
    return status;
}
