#include "cli/genesis_file.h"

#include "storage/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

int genesis_file_build(struct tj_digester *digester, struct genesis_file *genesis, const char *name)
{
    struct genesis_message why;
    if (!genesis_build(&why, digester, genesis)) {
        return fail(EXIT_DATA, "%s: %s", name, why.text);
    }
    return EXIT_PASS;
}

int genesis_file_read(struct tj_digester *digester, struct genesis_file *out, const char *path)
{
    struct genesis_message why;
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (file == NULL) {
        return fail_errno(errno, path);
    }
    const bool read = genesis_read(&why, out, digester, file);
    if (file != stdin) {
        fclose(file);
    }
    return read ? EXIT_PASS : fail(EXIT_DATA, "%s: %s", path, why.text);
}

/* Memory that is lacking may be there next time; all else is the disk's. */
static int not_written(int error, const char *path)
{
    if (error == ENOMEM) {
        return fail_errno(error, path);
    }
    return fail(EXIT_IO, "%s: %s", path, strerror(error));
}

int genesis_file_write(const char *path, const struct genesis_file *genesis)
{
    struct tj_file_writer file;
    if (strcmp(path, "-") == 0) {
        return genesis_print(stdout, genesis) ? EXIT_PASS : not_written(errno, path);
    }
    int error = tj_file_begin(&file, AT_FDCWD, path, TJ_FILE_NEW, 0644);
    if (error != 0) {
        return fail_errno(error, path);
    }
    if (!genesis_print(file.stream, genesis)) {
        error = errno;
        tj_file_abandon(&file);
        return not_written(error, path);
    }
    error = tj_file_end(&file);
    return error == 0 ? EXIT_PASS : not_written(error, path);
}
