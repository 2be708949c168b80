#include "cli/options_completion.h"

#include "cli/config.h"

#include <string.h>

/* Both shells run the same body: by the command it sets `offered`, `only` where no file can
 * follow, and `values` where the option before the cursor names its values. What they have not in
 * common stands around it. Names and choices are letters, digits and dashes: nothing to be quoted.
 */

/* ---- the parts that are the same ---- */

static void print_rows(FILE *out, const struct option_row *rows)
{
    for (const struct option_row *row = rows; row != NULL && row->name != NULL; row++) {
        if (row->help != NULL) {
            fprintf(out, " --%s", row->name);
        }
    }
}

static void print_choices(FILE *out, const struct option_row *rows)
{
    for (const struct option_row *row = rows; row != NULL && row->name != NULL; row++) {
        if (row->help == NULL || row->metavar == NULL || strchr(row->metavar, '|') == NULL) {
            continue;
        }
        fprintf(out, "        [ \"$previous\" = --%s ] && values='", row->name);
        for (const char *at = row->metavar; *at != '\0'; at++) {
            fputc(*at == '|' ? ' ' : *at, out);
        }
        fputs("'\n", out);
    }
}

static void print_case(FILE *out, const struct program *program, const struct command *command)
{
    fprintf(out, "    '%s')\n        offered='--help", command->name);
    print_rows(out, command->options);
    print_rows(out, program->configured ? config_options : NULL);
    fputs("'\n", out);
    print_choices(out, command->options);
    fputs("        ;;\n", out);
}

static size_t first_word(const char *name)
{
    return strcspn(name, " ");
}

/* Commands of one group stand side by side in the table. */
static bool begins_group(const struct program *program, size_t i)
{
    const char *name = program->commands[i].name;
    const size_t size = first_word(name);
    return i == 0 || first_word(program->commands[i - 1].name) != size ||
           strncmp(program->commands[i - 1].name, name, size) != 0;
}

static void print_first_words(FILE *out, const struct program *program)
{
    fputs("    '' | help)\n        only=1\n        offered='help exit completion --help --version",
          out);
    for (size_t i = 0; i < program->command_count; i++) {
        const char *name = program->commands[i].name;
        if (begins_group(program, i)) {
            fprintf(out, " %.*s", (int)first_word(name), name);
        }
    }
    fputs("'\n        ;;\n", out);
}

static void print_group(FILE *out, const struct program *program, size_t i)
{
    const char *name = program->commands[i].name;
    const int size = (int)first_word(name);
    if (name[size] == '\0' || !begins_group(program, i)) {
        return;
    }
    fprintf(out, "    %.*s)\n        only=1\n        offered='--help", size, name);
    for (size_t k = i; k < program->command_count && (k == i || !begins_group(program, k)); k++) {
        fprintf(out, " %s", program->commands[k].name + size + 1);
    }
    fputs("'\n        ;;\n", out);
}

static void print_body(FILE *out, const struct program *program)
{
    fputs("    case $command in\n", out);
    print_first_words(out, program);
    for (size_t i = 0; i < program->command_count; i++) {
        print_group(out, program, i);
        print_case(out, program, &program->commands[i]);
    }
    fputs("    esac\n", out);
}

/* Of "key new" both words are the command, of "status" one: the second is in $second. */
static void print_second_word(FILE *out, const struct program *program)
{
    fputs("    case $command in\n", out);
    for (size_t i = 0; i < program->command_count; i++) {
        const char *name = program->commands[i].name;
        const int size = (int)first_word(name);
        if (name[size] != '\0' && begins_group(program, i)) {
            fprintf(out, "    %.*s) [ -n \"$second\" ] && command=\"$command $second\" ;;\n", size,
                    name);
        }
    }
    fputs("    esac\n", out);
}

/* ---- the shells ---- */

/* A function's name has no dash that every shell takes. */
static void print_name(FILE *out, const struct program *program)
{
    fputc('_', out);
    for (const char *at = program->name; *at != '\0'; at++) {
        fputc(*at == '-' ? '_' : *at, out);
    }
}

static void print_bash(FILE *out, const struct program *program)
{
    print_name(out, program);
    fputs("() {\n"
          "    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
          "    local command= second= offered= only= values=\n"
          "    [ \"$COMP_CWORD\" -gt 1 ] && command=${COMP_WORDS[1]}\n"
          "    [ \"$COMP_CWORD\" -gt 2 ] && second=${COMP_WORDS[2]}\n",
          out);
    print_second_word(out, program);
    print_body(out, program);
    fputs("    COMPREPLY=()\n"
          "    [ -n \"$values\" ] && only=1 offered=$values\n"
          "    if [ -n \"$only\" ] || [ \"${current:0:1}\" = - ]; then\n"
          "        mapfile -t COMPREPLY < <(compgen -W \"$offered\" -- \"$current\")\n"
          "    fi\n"
          "}\n"
          "complete -o default -F ",
          out);
    print_name(out, program);
    fprintf(out, " %s\n", program->name);
}

static void print_zsh(FILE *out, const struct program *program)
{
    fprintf(out, "#compdef %s\n", program->name);
    print_name(out, program);
    fputs("() {\n"
          "    local current=$words[CURRENT] previous=$words[CURRENT-1]\n"
          "    local command= second= offered= only= values=\n"
          "    (( CURRENT > 2 )) && command=$words[2]\n"
          "    (( CURRENT > 3 )) && second=$words[3]\n",
          out);
    print_second_word(out, program);
    print_body(out, program);
    fputs("    [ -n \"$values\" ] && only=1 offered=$values\n"
          "    if [[ -n $only || $current == -* ]]; then\n"
          "        compadd -- ${=offered}\n"
          "    else\n"
          "        _files\n"
          "    fi\n"
          "}\n",
          out);
    print_name(out, program);
    fputs(" \"$@\"\n", out);
}

bool options_print_completion(FILE *out, const struct program *program, const char *shell)
{
    if (strcmp(shell, "bash") == 0) {
        print_bash(out, program);
        return true;
    }
    if (strcmp(shell, "zsh") == 0) {
        print_zsh(out, program);
        return true;
    }
    return false;
}
