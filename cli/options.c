#include "cli/options.h"

#include "cli/exit.h"
#include "cli/options_print.h"
#include "text/text.h"
#include "tijori_build.h"

#include <errno.h>
#include <string.h>

/* ---- finding rows ---- */

static const struct option_row *row_by_name(const struct command *command, const char *name,
                                            size_t size)
{
    for (const struct option_row *row = command->options; row != NULL && row->name != NULL; row++) {
        if (strlen(row->name) == size && memcmp(row->name, name, size) == 0) {
            return row;
        }
    }
    return NULL;
}

static const struct option_row *row_by_letter(const struct command *command, char letter)
{
    for (const struct option_row *row = command->options; row != NULL && row->name != NULL; row++) {
        if (row->letter != 0 && row->letter == letter) {
            return row;
        }
    }
    return NULL;
}

/* The index of `value` in "text|json|csv"; false when it is not there. */
static bool choice_find(unsigned *index, const char *choices, const char *value)
{
    size_t size = strlen(value);
    *index = 0;
    for (const char *at = choices; at != NULL; (*index)++) {
        const char *end = strchr(at, '|');
        size_t length = end != NULL ? (size_t)(end - at) : strlen(at);
        if (length == size && memcmp(at, value, size) == 0) {
            return true;
        }
        at = end != NULL ? end + 1 : NULL;
    }
    return false;
}

static bool is_choice(const struct option_row *row)
{
    return row->metavar != NULL && strchr(row->metavar, '|') != NULL;
}

/* ---- parsing ---- */

struct parser {
    int argc;
    char **argv;
    int at; /* the next argument */
    struct arguments *out;
    const char **operands;       /* room for argc */
    struct option_value *values; /* room for argc */
};

static bool usage(const struct parser *parser, const char *format, const char *what)
{
    char text[2048]; /* a longer one is cut where passwords in it are masked (cli/exit.c) */
    snprintf(text, sizeof text, format, what);
    const char *name = parser->out->command->name;
    fail(EXIT_USAGE, "%s (see '%s%s%s --help')", text, parser->out->program->name,
         name[0] != '\0' ? " " : "", name);
    return false;
}

static bool add_value(struct parser *parser, const struct option_row *row, const char *value)
{
    unsigned index;
    if (row->kind == OPTION_VALUE) {
        for (size_t i = 0; i < parser->out->value_count; i++) {
            if (parser->values[i].row == row) {
                return usage(parser, "--%s is given twice", row->name);
            }
        }
    }
    if (value != NULL && is_choice(row) && !choice_find(&index, row->metavar, value)) {
        char text[192];
        snprintf(text, sizeof text, "--%s is one of %s", row->name, row->metavar);
        return usage(parser, "%s", text);
    }
    parser->values[parser->out->value_count++] = (struct option_value){row, value};
    return true;
}

/* An argument that can be a value of a list: anything but an option. */
static bool list_goes_on(const struct parser *parser)
{
    const char *next = parser->at < parser->argc ? parser->argv[parser->at] : "--";
    return next[0] != '-' || next[1] == '\0';
}

/* `attached` is the value in the same argument, NULL when there is none. */
static bool take_option(struct parser *parser, const struct option_row *row, const char *attached)
{
    if (row->kind == OPTION_FLAG) {
        return attached == NULL ? add_value(parser, row, NULL)
                                : usage(parser, "--%s takes no value", row->name);
    }
    if (attached != NULL) {
        return add_value(parser, row, attached);
    }
    if (row->kind == OPTION_VALUE) {
        if (parser->at == parser->argc) {
            return usage(parser, "--%s wants a value", row->name);
        }
        return add_value(parser, row, parser->argv[parser->at++]);
    }
    if (!list_goes_on(parser)) {
        return usage(parser, "--%s wants a value", row->name);
    }
    while (list_goes_on(parser)) {
        if (!add_value(parser, row, parser->argv[parser->at++])) {
            return false;
        }
    }
    return true;
}

static bool parse_option(struct parser *parser, const char *argument)
{
    const struct command *command = parser->out->command;
    if (argument[1] != '-') {
        const struct option_row *row = row_by_letter(command, argument[1]);
        if (row == NULL || (row->kind == OPTION_FLAG && argument[2] != '\0')) {
            return usage(parser, "there is no option %s", argument);
        }
        return take_option(parser, row, argument[2] != '\0' ? argument + 2 : NULL);
    }
    const char *equals = strchr(argument, '=');
    size_t size = equals != NULL ? (size_t)(equals - argument) : strlen(argument);
    const struct option_row *row = row_by_name(command, argument + 2, size - 2);
    return row != NULL ? take_option(parser, row, equals != NULL ? equals + 1 : NULL)
                       : usage(parser, "there is no option %s", argument);
}

static bool parse_all(struct parser *parser)
{
    bool options = true;
    while (parser->at < parser->argc) {
        const char *argument = parser->argv[parser->at++];
        if (options && strcmp(argument, "--") == 0) {
            options = false;
        } else if (options && argument[0] == '-' && argument[1] != '\0') {
            if (!parse_option(parser, argument)) {
                return false;
            }
        } else {
            parser->operands[parser->out->operand_count++] = argument;
        }
    }
    return true;
}

/* How many operands the command wants, and how many it takes. */
static void operand_range(const struct command *command, size_t *min, size_t *max)
{
    *min = 0;
    *max = 0;
    for (const struct operand_row *row = command->operands; row != NULL && row->name != NULL;
         row++) {
        const size_t size = strlen(row->name);
        *min += !row->optional;
        *max += 1;
        if (size > 3 && strcmp(row->name + size - 3, "...") == 0) {
            *max = SIZE_MAX;
        }
    }
}

/* A list took what was to be an operand, most likely: `tijori sign --key K FILE`. */
static bool refuse_missing(const struct parser *parser, const char *name)
{
    char text[256];
    const struct option_value *last = NULL;
    for (size_t i = 0; i < parser->out->value_count; i++) {
        const struct option_value *value = &parser->values[i];
        last = value->row->kind == OPTION_LIST ? value : last;
    }
    if (last == NULL || argument_count(parser->out, last->row->name) < 2) {
        return usage(parser, "%s is missing", name);
    }
    snprintf(text, sizeof text,
             "%s is missing: '%.100s' was taken as one more --%s. Put %.*s first, or -- before it",
             name, last->value, last->row->name, (int)strcspn(name, "."), name);
    return usage(parser, "%s", text);
}

static bool check_all(const struct parser *parser)
{
    const struct command *command = parser->out->command;
    size_t count = parser->out->operand_count;
    size_t min;
    size_t max;
    operand_range(command, &min, &max);
    if (count < min) {
        return refuse_missing(parser, command->operands[count].name);
    }
    if (count > max) {
        return usage(parser, "'%s' is one argument too many", parser->operands[max]);
    }
    for (const struct option_row *row = command->options; row != NULL && row->name != NULL; row++) {
        if (row->required && argument_count(parser->out, row->name) == 0) {
            return usage(parser, "--%s is missing", row->name);
        }
    }
    return true;
}

/* ---- what was given ---- */

static const struct option_row *asked_row(const struct arguments *arguments, const char *name)
{
    const struct option_row *row = row_by_name(arguments->command, name, strlen(name));
    TIJORI_REQUIRE(row != NULL);
    return row;
}

size_t argument_count(const struct arguments *arguments, const char *name)
{
    const struct option_row *row = asked_row(arguments, name);
    size_t count = 0;
    for (size_t i = 0; i < arguments->value_count; i++) {
        count += arguments->values[i].row == row;
    }
    return count;
}

const char *argument_item(const struct arguments *arguments, const char *name, size_t index)
{
    const struct option_row *row = asked_row(arguments, name);
    for (size_t i = 0; i < arguments->value_count; i++) {
        if (arguments->values[i].row == row && index-- == 0) {
            return arguments->values[i].value;
        }
    }
    return NULL;
}

bool argument_flag(const struct arguments *arguments, const char *name)
{
    return argument_count(arguments, name) > 0;
}

const char *argument_value(const struct arguments *arguments, const char *name)
{
    return argument_item(arguments, name, 0);
}

unsigned argument_choice(const struct arguments *arguments, const char *name)
{
    const struct option_row *row = asked_row(arguments, name);
    const char *value = argument_value(arguments, name);
    unsigned index = 0;
    TIJORI_REQUIRE(is_choice(row));
    if (value != NULL) {
        TIJORI_REQUIRE(choice_find(&index, row->metavar, value));
    }
    return index;
}

bool argument_number(const struct arguments *arguments, uint64_t *out, const char *name,
                     uint64_t min, uint64_t max)
{
    const char *value = argument_value(arguments, name);
    uint64_t number;
    if (value == NULL) {
        return true;
    }
    if (!text_parse_number(&number, value, max) || number < min) {
        fail(EXIT_USAGE, "--%s is a number from %llu to %llu, not '%s'", name,
             (unsigned long long)min, (unsigned long long)max, value);
        return false;
    }
    *out = number;
    return true;
}

/* ---- the program ---- */

/* The command that the first arguments name, and how many they are. */
static const struct command *find_command(const struct program *program, char **argv, int *words,
                                          int argc)
{
    for (size_t i = 0; i < program->command_count; i++) {
        const struct command *command = &program->commands[i];
        const char *rest = command->name;
        *words = 0;
        while (*rest != '\0') {
            size_t size = strcspn(rest, " ");
            bool same = *words < argc && strlen(argv[*words]) == size &&
                        memcmp(argv[*words], rest, size) == 0;
            if (!same) {
                break;
            }
            rest += size + (rest[size] == ' ');
            (*words)++;
        }
        if (*rest == '\0') {
            return command;
        }
    }
    return NULL;
}

static bool wants_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

static int run_command(const struct program *program, char **argv, const struct command *command,
                       int argc)
{
    size_t room = (size_t)argc + 1;
    struct arguments arguments = {.program = program, .command = command};
    struct parser parser = {
        .argc = argc,
        .argv = argv,
        .out = &arguments,
        .operands = memory_needed(calloc(room, sizeof *parser.operands)),
        .values = memory_needed(calloc(room, sizeof *parser.values)),
    };
    arguments.operands = parser.operands;
    arguments.values = parser.values;
    message_name(program->name, command->name);
    int code = EXIT_USAGE;
    if (wants_help(argc, argv)) {
        options_print_command(stdout, program, command);
        code = EXIT_PASS;
    } else if (parse_all(&parser) && check_all(&parser)) {
        code = command->run(&arguments);
    }
    free(parser.operands);
    free(parser.values);
    return code;
}

/* "key" of "key new" and "key show". */
static bool is_of_group(const struct command *command, const char *group)
{
    const size_t size = strlen(group);
    return size > 0 && strncmp(command->name, group, size) == 0 && command->name[size] == ' ';
}

static bool is_group(const struct program *program, const char *word)
{
    for (size_t i = 0; i < program->command_count; i++) {
        if (is_of_group(&program->commands[i], word)) {
            return true;
        }
    }
    return false;
}

/* "there is no command 'key nwe': there are 'key new', 'key show'" */
static int no_command(const struct program *program, char **argv, int argc)
{
    char others[256] = "";
    size_t used = 0;
    const bool more = argc > 1 && argv[1][0] != '-' && is_group(program, argv[0]);
    for (size_t i = 0; i < program->command_count && used < sizeof others; i++) {
        if (is_of_group(&program->commands[i], argv[0])) {
            used += (size_t)snprintf(others + used, sizeof others - used, "%s'%s'",
                                     used == 0 ? ": there are " : ", ", program->commands[i].name);
        }
    }
    return fail(EXIT_USAGE, "there is no command '%s%s%s'%s (see '%s --help')", argv[0],
                more ? " " : "", more ? argv[1] : "", others, program->name);
}

/* Help was asked for, but of no whole command: of the program, or of a group of commands. */
static int help_without_command(const struct program *program, char **argv, int argc)
{
    const bool named = argc > 0 && argv[0][0] != '-';
    const bool more = argc > 1 && argv[1][0] != '-';
    if (!named) {
        options_print_program(stdout, program);
        return EXIT_PASS;
    }
    if (more || !is_group(program, argv[0])) {
        return no_command(program, argv, argc);
    }
    options_print_group(stdout, program, argv[0]);
    return EXIT_PASS;
}

/* What stands in place of a command. */
static int run_program_option(const struct program *program, char **argv, int argc)
{
    const char *first = argc > 0 ? argv[0] : "";
    if (strcmp(first, "--version") == 0 || strcmp(first, "-V") == 0) {
        printf("%s %s (%s, %s)\n", program->name, TIJORI_VERSION, TIJORI_GIT_COMMIT,
               TIJORI_COMPILER);
        return EXIT_PASS;
    }
    if (strcmp(first, "--man") == 0) {
        options_print_man(stdout, program, TIJORI_VERSION);
        return EXIT_PASS;
    }
    if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0 || strcmp(first, "help") == 0) {
        int words;
        const struct command *command = find_command(program, argv + 1, &words, argc - 1);
        if (command == NULL) {
            return help_without_command(program, argv + 1, argc - 1);
        }
        options_print_command(stdout, program, command);
        return EXIT_PASS;
    }
    return -1;
}

static int run_program(const struct program *program, char **argv, int argc)
{
    int words = 0;
    int code = run_program_option(program, argv, argc);
    if (code >= 0) {
        return code;
    }
    const struct command *command = find_command(program, argv, &words, argc);
    if (command != NULL) {
        return run_command(program, argv + words, command, argc - words);
    }
    if (argc == 0) {
        options_print_program(stderr, program);
        return EXIT_USAGE;
    }
    return wants_help(argc, argv) ? help_without_command(program, argv, argc)
                                  : no_command(program, argv, argc);
}

int program_main(const struct program *program, char **argv, int argc)
{
    program_begin();
    message_name(program->name, "");
    return program_end(run_program(program, argv + 1, argc > 0 ? argc - 1 : 0));
}
