/* A main for fuzz targets without libFuzzer: runs the target over each file named, and over each
 * file of each folder named, so that the corpus is a plain test in every build and a finding is
 * replayed by any compiler. */

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *path, const char *what)
{
    fprintf(stderr, "%s: %s\n", path, what);
    exit(1);
}

static void replay_file(const char *path, size_t size)
{
    /* Allocated to the exact size, so that ASan sees the first byte read past the end. */
    uint8_t *data = malloc(size > 0 ? size : 1);
    if (data == NULL) {
        fail(path, "out of memory");
    }
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        fail(path, strerror(errno));
    }
    if (fread(data, 1, size, file) != size) {
        fail(path, "cannot be read whole");
    }
    fclose(file);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
}

static size_t replay(const char *path);

static size_t replay_folder(const char *path)
{
    struct dirent **names;
    /* Sorted, so that a failure comes at the same place in each run. */
    int count = scandir(path, &names, NULL, alphasort);
    if (count < 0) {
        fail(path, strerror(errno));
    }
    size_t files = 0;
    for (int i = 0; i < count; i++) {
        const char *name = names[i]->d_name;
        if (name[0] != '.') {
            size_t size = strlen(path) + 1 + strlen(name) + 1;
            char *child = malloc(size);
            if (child == NULL) {
                fail(path, "out of memory");
            }
            snprintf(child, size, "%s/%s", path, name);
            files += replay(child);
            free(child);
        }
        free(names[i]);
    }
    free(names);
    return files;
}

static size_t replay(const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0) {
        fail(path, strerror(errno));
    }
    if (S_ISDIR(info.st_mode)) {
        return replay_folder(path);
    }
    /* Named before it runs: when the target aborts, the last line tells the file. */
    printf("%s\n", path);
    fflush(stdout);
    replay_file(path, (size_t)info.st_size);
    return 1;
}

int main(int argc, char **argv)
{
    size_t files = 0;
    for (int i = 1; i < argc; i++) {
        files += replay(argv[i]);
    }
    /* A corpus that went missing must not pass as one that holds. */
    if (files == 0) {
        fprintf(stderr, "usage: %s FILE|FOLDER...: no file replayed\n", argv[0]);
        return 1;
    }
    printf("%zu inputs replayed\n", files);
    return 0;
}
