#include "bench/machine.h"

#include "core/base/pipeline.h"
#include "tijori_build.h"

#include <malloc.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

static char command_line[1024];

void machine_command(char **argv, int argc)
{
    size_t at = 0;
    for (int i = 0; i < argc && at < sizeof command_line; i++) {
        const char *slash = strrchr(argv[i], '/');
        const char *word = i == 0 && slash != NULL ? slash + 1 : argv[i];
        int size =
            snprintf(command_line + at, sizeof command_line - at, "%s%s", i > 0 ? " " : "", word);
        at += size > 0 ? (size_t)size : 0;
    }
}

static const char *file_system(const char *dir)
{
    struct statfs facts;
    if (statfs(dir, &facts) != 0) {
        return "unknown";
    }
    switch ((unsigned long)facts.f_type) {
    case 0xef53:
        return "ext4";
    case 0x58465342:
        return "xfs";
    case 0x9123683e:
        return "btrfs";
    case 0x01021994:
        return "tmpfs (no disk: syncs cost nothing)";
    case 0x794c7630:
        return "overlayfs";
    }
    return "other";
}

/* The text after "name :" or "name:" in one of the kernel's files; "unknown" when it is not there.
 */
static void kernel_says(char *out, size_t size, const char *path, const char *name)
{
    char line[256];
    FILE *file = fopen(path, "re");
    snprintf(out, size, "unknown");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        char *colon = strchr(line, ':');
        if (strncmp(line, name, strlen(name)) == 0 && colon != NULL) {
            colon += 1 + strspn(colon + 1, " \t");
            snprintf(out, size, "%s", colon);
            out[strcspn(out, "\n")] = '\0';
            break;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
}

json_t *machine_facts(const char *dir)
{
    struct utsname kernel;
    char cpu[256];
    uname(&kernel);
    kernel_says(cpu, sizeof cpu, "/proc/cpuinfo", "model name");
    json_int_t memory_mib = (json_int_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) >> 20;
    return json_pack("{s:s, s:i, s:I, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
                     "cpu", cpu, "cores", (int)tj_core_count(), "memory_mib", memory_mib, "kernel",
                     kernel.release, "file_system", file_system(dir), "sync",
                     "fdatasync before every receipt", "tijori", TIJORI_VERSION, "commit",
                     TIJORI_GIT_COMMIT, "compiler", TIJORI_COMPILER, "libsecp256k1",
                     TIJORI_SECP256K1_VERSION, "lmdb", TIJORI_LMDB_VERSION, "openssl",
                     TIJORI_OPENSSL_VERSION, "jansson", JANSSON_VERSION, "command", command_line);
}

uint64_t anonymous_bytes(void)
{
    char text[256];
    malloc_trim(0);
    kernel_says(text, sizeof text, "/proc/self/status", "RssAnon");
    return strtoull(text, NULL, 10) * 1024; /* "1234 kB" */
}

uint64_t anonymous_since(uint64_t before)
{
    uint64_t now = anonymous_bytes();
    return now > before ? now - before : 0;
}

uint64_t free_bytes(const char *dir)
{
    struct statvfs facts;
    return statvfs(dir, &facts) == 0 ? (uint64_t)facts.f_bavail * facts.f_frsize : 0;
}
