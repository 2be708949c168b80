#include "cli/options.h"

#include "cli/config.h"
#include "cli/exit.h"
#include "cli/nearest.h"
#include "cli/options_completion.h"
#include "cli/options_print.h"
#include "text/text.h"
#include "tijori_build.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

/* ---- finding rows ---- */

static const struct option_row *row_in(const struct option_row *rows, const char *name, size_t size)
{
    for (const struct option_row *row = rows; row != NULL && row->name != NULL; row++) {
        if (strlen(row->name) == size && memcmp(row->name, name, size) == 0) {
            return row;
        }
    }
    return NULL;
}

static const struct option_row *letter_in(const struct option_row *rows, char letter)
{
    for (const struct option_row *row = rows; row != NULL && row->name != NULL; row++) {
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
    const char **operands;           /* room for argc, and the ledger's directory */
    struct option_value *values;     /* room for argc, and for what is configured */
    const struct option_row *common; /* of every command of the program; may be NULL */
    struct config config;
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

static bool no_option(const struct parser *parser, const char *argument, size_t size)
{
    char text[512];
    struct nearest nearest = nearest_to(argument + 2, size - 2);
    for (const struct option_row *row = parser->out->command->options;
         row != NULL && row->name != NULL; row++) {
        if (row->help != NULL) {
            nearest_offer(&nearest, row->name);
        }
    }
    for (const struct option_row *row = parser->common; row != NULL && row->name != NULL; row++) {
        nearest_offer(&nearest, row->name);
    }
    nearest_offer(&nearest, "help");
    snprintf(text, sizeof text, "there is no option %.300s%s%s%s", argument,
             nearest.best != NULL ? ": did you mean --" : "",
             nearest.best != NULL ? nearest.best : "", nearest.best != NULL ? "?" : "");
    return usage(parser, "%s", text);
}

static bool parse_option(struct parser *parser, const char *argument)
{
    const struct command *command = parser->out->command;
    if (argument[1] != '-') {
        const struct option_row *row = letter_in(command->options, argument[1]);
        row = row != NULL ? row : letter_in(parser->common, argument[1]);
        if (row == NULL || (row->kind == OPTION_FLAG && argument[2] != '\0')) {
            return usage(parser, "there is no option %s", argument);
        }
        return take_option(parser, row, argument[2] != '\0' ? argument + 2 : NULL);
    }
    const char *equals = strchr(argument, '=');
    size_t size = equals != NULL ? (size_t)(equals - argument) : strlen(argument);
    const struct option_row *row = row_in(command->options, argument + 2, size - 2);
    row = row != NULL ? row : row_in(parser->common, argument + 2, size - 2);
    return row != NULL ? take_option(parser, row, equals != NULL ? equals + 1 : NULL)
                       : no_option(parser, argument, size);
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
        *min += (row->kind & OPERAND_OPTIONAL) == 0;
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
        const struct operand_row *first = parser->out->command->operands;
        const bool ledger = name == first->name && (first->kind & OPERAND_LEDGER) != 0;
        return usage(parser,
                     ledger ? "%s is missing, and neither TIJORI_DIR nor a configuration says it"
                            : "%s is missing",
                     name);
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

/* ---- what was left out: from the environment and the configuration ---- */

/* How often, in the first `values` of what was given. */
static size_t count_of(const struct arguments *arguments, const struct option_row *row,
                       size_t values)
{
    size_t count = 0;
    for (size_t i = 0; i < values; i++) {
        count += arguments->values[i].row == row;
    }
    return count;
}

static const char *given_common(const struct parser *parser, const char *name)
{
    for (size_t i = 0; i < parser->out->value_count; i++) {
        const struct option_value *value = &parser->values[i];
        if (row_in(parser->common, name, strlen(name)) == value->row) {
            return value->value != NULL ? value->value : "";
        }
    }
    return NULL;
}

/* Some command takes it, with a value. What a flag decides, such as to sign unseen or to believe a
 * clock, is decided each time. */
static int check_line(const struct parser *parser, const struct config_line *line)
{
    char text[128];
    const struct program *program = parser->out->program;
    struct nearest nearest = nearest_to(line->name, strlen(line->name));
    bool flag = false;
    if (strcmp(line->name, "dir") == 0) {
        return EXIT_PASS;
    }
    for (size_t i = 0; i < program->command_count; i++) {
        for (const struct option_row *row = program->commands[i].options;
             row != NULL && row->name != NULL; row++) {
            if (row->kind != OPTION_FLAG && strcmp(row->name, line->name) == 0) {
                return EXIT_PASS;
            }
            flag = flag || strcmp(row->name, line->name) == 0;
            if (row->help != NULL && row->kind != OPTION_FLAG) {
                nearest_offer(&nearest, row->name);
            }
        }
    }
    if (flag) {
        return config_fail(&parser->config, line, "is given on the command line only");
    }
    snprintf(text, sizeof text, "there is no such option%s%s%s",
             nearest.best != NULL ? ": did you mean '" : "",
             nearest.best != NULL ? nearest.best : "", nearest.best != NULL ? "'?" : "");
    return config_fail(&parser->config, line, text);
}

static bool is_verbose(const struct parser *parser)
{
    return given_common(parser, "verbose") != NULL;
}

/* One line, where the command takes the option and the command line, in its `given` values, does
 * not say it. */
static int take_line(struct parser *parser, const struct config_line *line, size_t given)
{
    unsigned index;
    const struct option_row *row =
        row_in(parser->out->command->options, line->name, strlen(line->name));
    if (row == NULL || count_of(parser->out, row, given) > 0) {
        return EXIT_PASS;
    }
    if (row->kind == OPTION_VALUE && argument_count(parser->out, row->name) > 0) {
        return config_fail(&parser->config, line, "is given twice");
    }
    if (is_choice(row) && !choice_find(&index, row->metavar, line->value)) {
        char text[192];
        snprintf(text, sizeof text, "is one of %s here", row->metavar);
        return config_fail(&parser->config, line, text);
    }
    parser->values[parser->out->value_count++] = (struct option_value){row, line->value};
    if (is_verbose(parser)) {
        message("--%s %s (%s, line %u)", row->name, line->value, parser->config.path, line->number);
    }
    return EXIT_PASS;
}

static int take_configured(struct parser *parser)
{
    const size_t given = parser->out->value_count;
    const char *named = given_common(parser, "config");
    int code = config_read(&parser->config, named);
    for (size_t i = 0; i < parser->config.count && code == EXIT_PASS; i++) {
        code = check_line(parser, &parser->config.lines[i]);
    }
    if (code != EXIT_PASS) {
        return code;
    }
    parser->values = memory_needed(
        realloc(parser->values, (given + parser->config.count + 1) * sizeof *parser->values));
    parser->out->values = parser->values;
    if (is_verbose(parser)) {
        message("the configuration is %s",
                parser->config.path[0] != '\0' ? parser->config.path : "not there");
    }
    for (size_t i = 0; i < parser->config.count && code == EXIT_PASS; i++) {
        code = take_line(parser, &parser->config.lines[i], given);
    }
    return code;
}

/* Where a ledger's directory may be left out, what comes first may be what follows it. */
static bool names_ledger(const struct operand_row *row, const char *operand)
{
    struct stat file;
    if (strcmp(row->name, "DIR") != 0) {
        return strcmp(operand, "-") == 0 || stat(operand, &file) == 0;
    }
    return stat(operand, &file) == 0 && S_ISDIR(file.st_mode);
}

static bool ledger_left_out(const struct parser *parser)
{
    size_t min;
    size_t max;
    const size_t count = parser->out->operand_count;
    const struct operand_row *first = parser->out->command->operands;
    if (first == NULL || (first->kind & OPERAND_LEDGER) == 0) {
        return false;
    }
    operand_range(parser->out->command, &min, &max);
    return count == 0 || count < min || (count < max && !names_ledger(first, parser->operands[0]));
}

/* Another place than DIR, as an option of the command line. */
static bool elsewhere(const struct parser *parser)
{
    const struct command *command = parser->out->command;
    const struct option_row *genesis = row_in(command->options, "genesis", strlen("genesis"));
    return (command->operands->kind & OPERAND_OPTIONAL) != 0 && genesis != NULL &&
           argument_count(parser->out, genesis->name) > 0;
}

static void take_ledger(struct parser *parser)
{
    const char *dir = getenv("TIJORI_DIR");
    const char *from = "TIJORI_DIR";
    if (!ledger_left_out(parser) || elsewhere(parser)) {
        return;
    }
    for (size_t i = 0; i < parser->config.count && (dir == NULL || dir[0] == '\0'); i++) {
        if (strcmp(parser->config.lines[i].name, "dir") == 0) {
            dir = parser->config.lines[i].value;
            from = parser->config.path;
        }
    }
    if (dir == NULL || dir[0] == '\0') {
        return;
    }
    memmove(parser->operands + 1, parser->operands,
            parser->out->operand_count++ * sizeof *parser->operands);
    parser->operands[0] = dir;
    if (is_verbose(parser)) {
        message("%s %s (%s)", parser->out->command->operands->name, dir, from);
    }
}

/* The command line goes before the environment, and that before the configuration. */
static int prepare(struct parser *parser)
{
    int code = EXIT_PASS;
    if (!parse_all(parser)) {
        return EXIT_USAGE;
    }
    if (parser->out->program->configured) {
        code = take_configured(parser);
    }
    if (code == EXIT_PASS && parser->out->program->configured) {
        take_ledger(parser);
    }
    if (code == EXIT_PASS && !check_all(parser)) {
        code = EXIT_USAGE;
    }
    return code;
}

/* ---- what was given ---- */

static const struct option_row *asked_row(const struct arguments *arguments, const char *name)
{
    const struct option_row *row = row_in(arguments->command->options, name, strlen(name));
    TIJORI_REQUIRE(row != NULL);
    return row;
}

size_t argument_count(const struct arguments *arguments, const char *name)
{
    return count_of(arguments, asked_row(arguments, name), arguments->value_count);
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
        .common = program->configured ? config_options : NULL,
    };
    arguments.operands = parser.operands;
    arguments.values = parser.values;
    message_name(program->name, command->name);
    int code = EXIT_PASS;
    if (wants_help(argc, argv)) {
        options_print_command(stdout, program, command);
    } else {
        code = prepare(&parser);
        code = code == EXIT_PASS ? command->run(&arguments) : code;
    }
    free(parser.operands);
    free(parser.values);
    config_clear(&parser.config);
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

/* The command that is meant, most likely, with one word or with two. */
static const char *nearest_command(const struct program *program, const char *one, const char *two)
{
    struct nearest nearest = nearest_to(two, strlen(two));
    struct nearest first = nearest_to(one, strlen(one));
    for (size_t i = 0; i < program->command_count; i++) {
        const char *name = program->commands[i].name;
        const bool group = strchr(name, ' ') != NULL;
        nearest_offer(group ? &nearest : &first, name);
    }
    return nearest.best != NULL ? nearest.best : first.best;
}

/* "there is no command 'key nwe': did you mean 'key new'?", or what there is of the group. */
static int no_command(const struct program *program, char **argv, int argc)
{
    char others[256] = "";
    char two[256] = "";
    size_t used = 0;
    const char *next = argc > 1 && argv[1][0] != '-' ? argv[1] : "";
    snprintf(two, sizeof two, "%.120s%s%.120s", argv[0], next[0] != '\0' ? " " : "", next);
    const char *meant = nearest_command(program, argv[0], two);
    if (meant != NULL) {
        snprintf(others, sizeof others, ": did you mean '%s'?", meant);
    }
    for (size_t i = 0; i < program->command_count && meant == NULL && used < sizeof others; i++) {
        if (is_of_group(&program->commands[i], argv[0])) {
            used += (size_t)snprintf(others + used, sizeof others - used, "%s'%s'",
                                     used == 0 ? ": there are " : ", ", program->commands[i].name);
        }
    }
    return fail(
        EXIT_USAGE, "there is no command '%s'%s (see '%s --help')",
        is_group(program, argv[0]) || (meant != NULL && strchr(meant, ' ') != NULL) ? two : argv[0],
        others, program->name);
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

static int print_completion(const struct program *program, const char *shell)
{
    if (options_print_completion(stdout, program, shell)) {
        return EXIT_PASS;
    }
    return fail(EXIT_USAGE, "completion is for bash or for zsh: '%s completion bash'",
                program->name);
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
    if (strcmp(first, "completion") == 0) {
        return print_completion(program, argc == 2 ? argv[1] : "");
    }
    if (strcmp(first, "help") == 0 && argc == 2 && strcmp(argv[1], "exit") == 0) {
        options_print_exit_codes(stdout);
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
