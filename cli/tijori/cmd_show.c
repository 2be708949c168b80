#include "cli/tijori/commands.h"
#include "cli/tijori/envelope_show.h"
#include "cli/tijori/reading.h"
#include "text/entry_json.h"
#include "text/json.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

/* The numbers are those of the choice "text|json|jsonl". */
enum style { STYLE_TEXT, STYLE_JSON, STYLE_JSONL };

/* ---- which ---- */

struct range {
    uint64_t first;
    uint64_t last;
    uint32_t position; /* TJ_NOWHERE: whole entries */
    bool several;      /* a range was asked for, even if of one */
};

static bool parse_range(struct range *range, const char *text, uint64_t newest)
{
    char first[TEXT_SIZE];
    const char *dots = strstr(text, "..");
    uint64_t id;
    *range = (struct range){.position = TJ_NOWHERE};
    if (dots == NULL && text_parse_record_id(&id, text)) {
        range->first = range->last = tj_record_entry(id);
        range->position = tj_record_position(id);
        return true;
    }
    if (dots == NULL) {
        bool right = text_parse_number(&range->first, text, UINT64_MAX);
        range->last = range->first;
        return right;
    }
    size_t size = (size_t)(dots - text);
    if (size >= sizeof first) {
        return false;
    }
    memcpy(first, text, size);
    first[size] = '\0';
    range->several = true;
    range->last = newest;
    return text_parse_number(&range->first, first, UINT64_MAX) &&
           (dots[2] == '\0' || text_parse_number(&range->last, dots + 2, UINT64_MAX)) &&
           range->first <= (dots[2] == '\0' ? UINT64_MAX : range->last);
}

static int check_range(const struct reading *reading, struct range *range, const char *text)
{
    uint64_t newest = reading->size - 1;
    struct tj_entry_view entry;
    if (!parse_range(range, text, newest)) {
        return fail(EXIT_USAGE,
                    "'%s' is neither an entry (12), nor a range (3..12, 3..), nor a record (12:0)",
                    text);
    }
    if (range->first > newest || range->last > newest) {
        return fail(EXIT_NO_INPUT, "no entry %" PRIu64 ": the newest is %" PRIu64,
                    range->first > newest ? range->first : range->last, newest);
    }
    if (range->position != TJ_NOWHERE &&
        tj_journal_entry(reading->view.txn, &entry, range->first) == TIJORI_OK &&
        range->position >= entry.header.record_count) {
        return fail(EXIT_NO_INPUT, "entry %" PRIu64 " has records 0 to %" PRIu32, range->first,
                    entry.header.record_count - 1);
    }
    return EXIT_PASS;
}

/* ---- entries of a ledger ---- */

static bool print_entry(const json_t *entry, const struct range *range, enum style style,
                        bool first)
{
    switch (style) {
    case STYLE_TEXT:
        printf("%s", first ? "" : "\n");
        if (range->position != TJ_NOWHERE && json_object_get(entry, "records") != NULL) {
            entry_print_record(stdout, entry);
        } else {
            entry_print(stdout, entry);
        }
        return true;
    case STYLE_JSON:
        printf("%s", !range->several ? "" : first ? "[\n" : ",\n");
        return json_print(stdout, entry, JSON_INDENT(2));
    case STYLE_JSONL:
        if (!json_print(stdout, entry, JSON_COMPACT)) {
            return false;
        }
        putchar('\n');
        return true;
    }
    abort();
}

/* What is damaged was shown as far as it goes; whoever only looks at the exit status must not miss
 * it. */
static int show_entries(const struct arguments *arguments)
{
    struct reading reading;
    struct range range = {0};
    bool damaged = false;
    enum style style = (enum style)argument_choice(arguments, "format");
    int code = reading_open(arguments, &reading);
    if (code == EXIT_PASS) {
        code = check_range(&reading, &range, arguments->operands[1]);
    }
    bool any = false;
    for (uint64_t index = range.first; code == EXIT_PASS && index <= range.last; index++) {
        enum tijori_status status;
        const struct entry_reader reader = {reading.view.txn,
                                            {reading.view.digester, reading.state, NULL}};
        json_t *entry = entry_to_json(&reader, &status, index, range.position);
        if (status == TIJORI_MEMORY) {
            code = fail_status(status, reading.dir, NULL);
        } else if (entry == NULL) {
            code = fail(EXIT_FAIL, "entry %" PRIu64 " is not stored: the ledger is damaged (%s)",
                        index, tijori_status_text(status));
        } else {
            if (!print_entry(entry, &range, style, !any)) {
                code = fail_errno(errno, reading.dir);
            }
            any = true;
            damaged = damaged || entry_is_damaged(entry);
        }
        json_decref(entry);
    }
    if (style == STYLE_JSON && any) {
        printf("%s", range.several ? "\n]\n" : "\n");
    }
    reading_close(&reading);
    return code == EXIT_PASS && damaged
               ? fail(EXIT_FAIL, "not all could be decoded: the ledger is damaged")
               : code;
}

/* ---- envelopes in a file ---- */

/* `number` counts the envelopes from 1. */
static bool print_envelope(const json_t *envelope, enum style style, size_t number)
{
    switch (style) {
    case STYLE_TEXT:
        printf("%s", number == 1 ? "" : "\n");
        envelope_print(stdout, envelope, false);
        return true;
    case STYLE_JSON:
        printf("%s", number == 1 ? "[\n" : ",\n");
        return json_print(stdout, envelope, JSON_INDENT(2));
    case STYLE_JSONL:
        if (!json_print(stdout, envelope, JSON_COMPACT)) {
            return false;
        }
        putchar('\n');
        return true;
    }
    abort();
}

static int show_all(const struct book *book, const char *path, const struct buffer *in,
                    enum style style)
{
    struct envelopes envelopes;
    int code = EXIT_PASS;
    size_t shown = 0;
    envelopes_begin(&envelopes, path, in);
    while (envelopes_next(&envelopes, &code)) {
        code = book_check_ledger(book, path, envelopes.number, &envelopes.view.header);
        if (code != EXIT_PASS) {
            break;
        }
        json_t *envelope = envelope_to_json(book, &envelopes);
        if (envelope == NULL) {
            code = fail_status(TIJORI_MEMORY, path, NULL);
        } else if (!print_envelope(envelope, style, envelopes.number)) {
            code = fail_errno(errno, path);
        } else {
            shown++;
        }
        json_decref(envelope);
    }
    if (style == STYLE_JSON && shown > 0) {
        printf("\n]\n");
    }
    envelopes_end(&envelopes);
    return code;
}

static int show_file(const struct arguments *arguments)
{
    const char *path = arguments->operands[0];
    struct buffer in = {0};
    struct book book;
    int code = book_open(arguments, &book);
    if (code == EXIT_PASS) {
        code = book_read_labels(&book);
    }
    if (code == EXIT_PASS) {
        code = file_read(&in, path, ENVELOPES_SIZE_MAX);
    }
    if (code == EXIT_PASS) {
        code = show_all(&book, path, &in, (enum style)argument_choice(arguments, "format"));
    }
    free(in.bytes);
    book_close(&book);
    return code;
}

/* ---- the command ---- */

/* A ledger is a directory. With an entry it is asked for as one, whatever is there. */
int cmd_show(const struct arguments *arguments)
{
    struct stat info;
    const char *path = arguments->operands[0];
    const bool offline =
        argument_value(arguments, "ledger") == NULL && argument_value(arguments, "genesis") == NULL;
    const bool is_folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    if (arguments->operand_count == 1 && is_folder) {
        return fail(EXIT_USAGE, "%s is a directory: of a ledger, say which ENTRY is to be shown",
                    path);
    }
    if (arguments->operand_count == 1) {
        return show_file(arguments);
    }
    if (stat(path, &info) == 0 && !is_folder) {
        return fail(EXIT_USAGE, "%s is a file of envelopes: all of them are shown, leave '%s' out",
                    path, arguments->operands[1]);
    }
    if (!offline) {
        return fail(EXIT_USAGE, "--ledger and --genesis go with a FILE of envelopes");
    }
    return show_entries(arguments);
}
