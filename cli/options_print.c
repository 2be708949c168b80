#include "cli/options_print.h"

#include "cli/config.h"
#include "cli/exit.h"

#include <stdarg.h>
#include <string.h>

enum { WIDTH = 80, INDENT = 2, HELP_COLUMN = 26 };

static const struct {
    int number;
    const char *text;
} exit_codes[] = {
#define EXIT_CODE_ROW(name, number, text) {number, text},
    EXIT_CODES(EXIT_CODE_ROW)
#undef EXIT_CODE_ROW
};
enum { EXIT_CODE_COUNT = sizeof exit_codes / sizeof exit_codes[0] };

/* ---- help ---- */

static void spaces(FILE *out, int count)
{
    fprintf(out, "%*s", count > 0 ? count : 0, "");
}

/* Words broken at WIDTH; `column` is where the line stands, further lines start at `indent`. */
static void wrapped(FILE *out, const char *text, int column, int indent)
{
    bool first = true;
    while (*text != '\0') {
        int size = (int)strcspn(text, " ");
        if (!first && column + 1 + size > WIDTH) {
            fputc('\n', out);
            spaces(out, indent);
            column = indent;
        } else if (!first) {
            fputc(' ', out);
            column++;
        }
        fprintf(out, "%.*s", size, text);
        column += size;
        text += size;
        text += *text == ' ';
        first = false;
    }
    fputc('\n', out);
}

/* "  LEFT          text", the text below when LEFT is too long. */
static void row(FILE *out, const char *left, const char *text)
{
    fprintf(out, "%*s%s", INDENT, "", left);
    int column = INDENT + (int)strlen(left);
    if (column + 1 >= HELP_COLUMN) {
        fputc('\n', out);
        column = 0;
    }
    spaces(out, HELP_COLUMN - column);
    wrapped(out, text, HELP_COLUMN, HELP_COLUMN);
}

/* "-o, --output FILE" */
static void option_left(const struct option_row *option, char *out, size_t size)
{
    char letter[8] = "";
    if (option->letter != 0) {
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    }
    bool value = option->kind != OPTION_FLAG;
    snprintf(out, size, "%s--%s%s%s%s", letter, option->name, value ? " " : "",
             value ? option->metavar : "", option->kind == OPTION_LIST ? "..." : "");
}

/* ---- the synopsis ---- */

struct line {
    char *text;
    size_t size;
    size_t used;
};

static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const int size = vsnprintf(line->text + line->used, line->size - line->used, format, arguments);
    va_end(arguments);
    TIJORI_REQUIRE(size >= 0 && (size_t)size < line->size - line->used);
    line->used += (size_t)size;
}

/* "-o FILE", "--key KEY...", "--quiet": the short form where there is one. */
static void add_option(struct line *line, const struct option_row *option)
{
    if (option->letter != 0) {
        add(line, "-%c", option->letter);
    } else {
        add(line, "--%s", option->name);
    }
    if (option->kind != OPTION_FLAG) {
        add(line, " %s", option->metavar);
    }
    if (option->kind == OPTION_LIST) {
        add(line, "...");
    }
}

static void add_options(struct line *line, const struct option_row *options, bool required)
{
    for (const struct option_row *at = options; at != NULL && at->name != NULL; at++) {
        if (at->required != required || at->help == NULL) {
            continue;
        }
        add(line, required ? " " : " [");
        add_option(line, at);
        add(line, required ? "" : "]");
    }
}

void options_synopsis(char out[SYNOPSIS_SIZE], const struct command *command)
{
    struct line line = {out, SYNOPSIS_SIZE, 0};
    out[0] = '\0';
    for (const struct operand_row *at = command->operands; at != NULL && at->name != NULL; at++) {
        add(&line, at->kind != OPERAND_NEEDED ? " [%s]" : " %s", at->name);
    }
    add_options(&line, command->options, true);
    add_options(&line, command->options, false);
}

/* ---- the parts of a command's help ---- */

static void print_paragraphs(FILE *out, const char *const *paragraphs)
{
    for (; paragraphs != NULL && *paragraphs != NULL; paragraphs++) {
        fputc('\n', out);
        wrapped(out, *paragraphs, 0, 0);
    }
}

void options_print_exit_codes(FILE *out)
{
    fputs("Exit status:\n", out);
    for (size_t i = 0; i < EXIT_CODE_COUNT; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", exit_codes[i].number);
        fprintf(out, "%*s%-4s", INDENT, "", number);
        wrapped(out, exit_codes[i].text, INDENT + 4, INDENT + 4);
    }
}

void options_print_program(FILE *out, const struct program *program)
{
    if (program->command_count == 1 && program->commands[0].name[0] == '\0') {
        options_print_command(out, program, &program->commands[0]);
        return;
    }
    fprintf(out, "Usage: %s COMMAND [ARGUMENTS]\n\n", program->name);
    wrapped(out, program->summary, 0, 0);
    print_paragraphs(out, program->paragraphs);
    fputs("\nCommands:\n", out);
    for (size_t i = 0; i < program->command_count; i++) {
        row(out, program->commands[i].name, program->commands[i].summary);
    }
    fprintf(out,
            "\n'%s COMMAND --help' says more, '%s help exit' what the exit statuses mean.\n"
            "--version prints the version, --man the man page, and 'completion bash' or\n"
            "'completion zsh' what completes commands and options in that shell.\n",
            program->name, program->name);
}

void options_print_group(FILE *out, const struct program *program, const char *group)
{
    const size_t size = strlen(group);
    fprintf(out, "Usage: %s %s COMMAND [ARGUMENTS]\n\nCommands:\n", program->name, group);
    for (size_t i = 0; i < program->command_count; i++) {
        const char *name = program->commands[i].name;
        if (strncmp(name, group, size) == 0 && name[size] == ' ') {
            row(out, name, program->commands[i].summary);
        }
    }
    fprintf(out, "\n'%s COMMAND --help' says more.\n", program->name);
}

static void print_operands(FILE *out, const struct command *command)
{
    if (command->operands != NULL && command->operands->name != NULL) {
        fputs("\nArguments:\n", out);
        for (const struct operand_row *at = command->operands; at->name != NULL; at++) {
            row(out, at->name, at->help);
        }
    }
}

static void print_rows(FILE *out, const struct option_row *options)
{
    char left[128];
    for (const struct option_row *at = options; at != NULL && at->name != NULL; at++) {
        if (at->help != NULL) {
            option_left(at, left, sizeof left);
            row(out, left, at->help);
        }
    }
}

static void print_options(FILE *out, const struct program *program, const struct command *command)
{
    fputs("\nOptions:\n", out);
    print_rows(out, command->options);
    print_rows(out, program->configured ? config_options : NULL);
    row(out, "-h, --help", "say this");
}

void options_print_command(FILE *out, const struct program *program, const struct command *command)
{
    char synopsis[SYNOPSIS_SIZE];
    const char *gap = command->name[0] != '\0' ? " " : "";
    options_synopsis(synopsis, command);
    int column = fprintf(out, "Usage: %s%s%s", program->name, gap, command->name);
    wrapped(out, synopsis, column, 8);
    fprintf(out, "\n%c%s.\n", command->summary[0] - ('a' - 'A'), command->summary + 1);
    print_operands(out, command);
    print_options(out, program, command);
    print_paragraphs(out, command->paragraphs);
    if (command->examples != NULL) {
        fputs("\nExamples:\n", out);
        for (const struct example_row *at = command->examples; at->command != NULL; at++) {
            fprintf(out, "%*s%s\n%*s", INDENT, "", at->command, 3 * INDENT, "");
            wrapped(out, at->text, 3 * INDENT, 3 * INDENT);
        }
    }
}

/* ---- the man page ---- */

/* Text for roff: a backslash and a hyphen are escaped, and a line never starts with a control. */
static void roff(FILE *out, const char *text)
{
    if (*text == '.' || *text == '\'') {
        fputs("\\&", out);
    }
    for (; *text != '\0'; text++) {
        if (*text == '\\') {
            fputs("\\e", out);
        } else if (*text == '-') {
            fputs("\\-", out);
        } else {
            fputc(*text, out);
        }
    }
}

static void roff_line(FILE *out, const char *macro, const char *text)
{
    fputs(macro, out);
    roff(out, text);
    fputc('\n', out);
}

static void man_tagged(FILE *out, const char *tag, const char *text)
{
    fputs(".TP\n.B \"", out);
    roff(out, tag);
    fputs("\"\n", out);
    roff_line(out, "", text);
}

static void man_paragraphs(FILE *out, const char *const *paragraphs)
{
    for (; paragraphs != NULL && *paragraphs != NULL; paragraphs++) {
        fputs(".PP\n", out);
        roff_line(out, "", *paragraphs);
    }
}

static void man_options(FILE *out, const struct option_row *options)
{
    char left[128];
    for (const struct option_row *at = options; at != NULL && at->name != NULL; at++) {
        if (at->help != NULL) {
            option_left(at, left, sizeof left);
            man_tagged(out, left, at->help);
        }
    }
}

static void man_command(FILE *out, const struct program *program, const struct command *command)
{
    char synopsis[SYNOPSIS_SIZE];
    const char *gap = command->name[0] != '\0' ? " " : "";
    fprintf(out, ".SS \"%s%s%s\"\n.B %s%s%s\n", program->name, gap, command->name, program->name,
            gap, command->name);
    options_synopsis(synopsis, command);
    roff_line(out, "", synopsis + (synopsis[0] == ' '));
    fprintf(out, ".PP\n%c", command->summary[0] - ('a' - 'A'));
    roff(out, command->summary + 1);
    fputs(".\n", out);
    for (const struct operand_row *at = command->operands; at != NULL && at->name != NULL; at++) {
        man_tagged(out, at->name, at->help);
    }
    man_options(out, command->options);
    man_paragraphs(out, command->paragraphs);
    for (const struct example_row *at = command->examples; at != NULL && at->command != NULL;
         at++) {
        fputs(".PP\n", out);
        roff_line(out, "", at->text);
        fputs(".PP\n.nf\n.RS\n", out);
        roff_line(out, "", at->command);
        fputs(".RE\n.fi\n", out);
    }
}

void options_print_man(FILE *out, const struct program *program, const char *version)
{
    char upper[32];
    size_t size = 0;
    for (; program->name[size] != '\0' && size + 1 < sizeof upper; size++) {
        char c = program->name[size];
        upper[size] = (char)(c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c);
    }
    upper[size] = '\0';
    fprintf(out, ".\\\" Made by '%s --man' from its option table; do not edit.\n", program->name);
    fprintf(out, ".TH %s 1 \"\" \"Tijori %s\" \"User Commands\"\n.SH NAME\n", upper, version);
    roff(out, program->name);
    roff_line(out, " \\- ", program->summary);
    fprintf(out, ".SH SYNOPSIS\n.B %s\n", program->name);
    fputs(".I COMMAND\n[\\fIARGUMENTS\\fR]\n.SH DESCRIPTION\n", out);
    man_paragraphs(out, program->paragraphs);
    fputs(".SH COMMANDS\n", out);
    for (size_t i = 0; i < program->command_count; i++) {
        man_command(out, program, &program->commands[i]);
    }
    if (program->configured) {
        fputs(".SH OPTIONS OF EVERY COMMAND\n", out);
        man_options(out, config_options);
    }
    fputs(".SH EXIT STATUS\n", out);
    for (size_t i = 0; i < EXIT_CODE_COUNT; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", exit_codes[i].number);
        man_tagged(out, number, exit_codes[i].text);
    }
    fputs(".SH SEE ALSO\n", out);
    roff_line(out, ".BR ", program->see_also);
}
