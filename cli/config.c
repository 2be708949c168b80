#include "cli/config.h"

#include "cli/file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CONFIG_SIZE_MAX = 1 << 16 };

const struct option_row config_options[] = {
    {"config", 0, OPTION_VALUE, false, "FILE",
     "what is the same every day, 'option = value' a line; default $XDG_CONFIG_HOME/tijori/config, "
     "or ~/.config/tijori/config"},
    {"verbose", 'v', OPTION_FLAG, false, NULL,
     "say what was taken from the configuration and from TIJORI_DIR"},
    END_OF_OPTIONS,
};

int config_fail(const struct config *config, const struct config_line *line, const char *what)
{
    return fail(EXIT_CONFIG, "%s, line %u: '%s': %s", config->path, line->number, line->name, what);
}

/* False when there is no home of the user's own to look in: then there is no configuration. Under
 * sudo the home may still be another's, whose configuration would say what root does. */
static bool own_path(struct config *out)
{
    const char *base;
    const char *below;
    struct stat home;
    if (!xdg_base(&base, &below, "XDG_CONFIG_HOME", "/.config") || stat(base, &home) != 0 ||
        home.st_uid != geteuid()) {
        return false;
    }
    const int size = snprintf(out->path, sizeof out->path, "%s%s/tijori/config", base, below);
    return size > 0 && (size_t)size < sizeof out->path;
}

/* Whoever else can write it could have a program of theirs run. */
static int check_owner(const struct config *config)
{
    struct stat file;
    if (stat(config->path, &file) != 0) {
        return fail_errno(errno, config->path);
    }
    if (!S_ISREG(file.st_mode)) {
        return EXIT_PASS; /* a pipe of the caller's */
    }
    if ((file.st_uid != geteuid() && file.st_uid != 0) ||
        (file.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return fail(EXIT_CONFIG, "%s: not read, for others can write it (chmod go-w)",
                    config->path);
    }
    return EXIT_PASS;
}

/* Cuts blanks off both ends, in place. */
static char *trimmed(char *text)
{
    text += strspn(text, " \t");
    size_t size = strlen(text);
    while (size > 0 && strchr(" \t\r", text[size - 1]) != NULL) {
        size--;
    }
    text[size] = '\0';
    return text;
}

static int add_line(struct config *config, char *text, unsigned number)
{
    char *name = trimmed(text);
    char *equals = strchr(name, '=');
    struct config_line *line = &config->lines[config->count];
    if (name[0] == '\0' || name[0] == '#') {
        return EXIT_PASS;
    }
    *line = (struct config_line){name, "", number};
    if (equals == NULL) {
        return config_fail(config, line, "wants 'option = value'");
    }
    *equals = '\0';
    line->name = trimmed(name);
    line->value = trimmed(equals + 1);
    if (line->value[0] == '\0') {
        return config_fail(config, line, "wants a value");
    }
    config->count++;
    return EXIT_PASS;
}

static int read_lines(struct config *config, size_t size)
{
    size_t ends = 1;
    int code = EXIT_PASS;
    if (strlen(config->text) != size) {
        return fail(EXIT_CONFIG, "%s: is no text", config->path);
    }
    for (size_t i = 0; i < size; i++) {
        ends += config->text[i] == '\n';
    }
    config->lines = memory_needed(calloc(ends, sizeof *config->lines));
    char *at = config->text;
    for (unsigned number = 1; at != NULL && code == EXIT_PASS; number++) {
        char *end = strchr(at, '\n');
        if (end != NULL) {
            *end++ = '\0';
        }
        code = add_line(config, at, number);
        at = end;
    }
    return code;
}

int config_read(struct config *out, const char *named)
{
    uint8_t *bytes;
    size_t size;
    memset(out, 0, sizeof *out);
    if (named == NULL && !own_path(out)) {
        out->path[0] = '\0';
        return EXIT_PASS;
    }
    if (named != NULL && strlen(named) >= sizeof out->path) {
        return fail(EXIT_USAGE, "--config: the name is too long");
    }
    if (named != NULL) {
        memcpy(out->path, named, strlen(named) + 1);
    }
    const int error = file_load(&bytes, &size, out->path, CONFIG_SIZE_MAX);
    if (named == NULL && (error == ENOENT || error == ENOTDIR)) {
        out->path[0] = '\0';
        return EXIT_PASS;
    }
    if (error != 0) {
        return fail_errno(error, out->path);
    }
    out->text = (char *)bytes;
    const int code = check_owner(out);
    return code == EXIT_PASS ? read_lines(out, size) : code;
}

void config_clear(struct config *config)
{
    free(config->lines);
    free(config->text);
}
