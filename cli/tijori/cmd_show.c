#include "cli/tijori/commands.h"
#include "cli/tijori/show.h"

#include <inttypes.h>
#include <string.h>

/* The numbers are those of the choice "text|json|jsonl". */
enum style { STYLE_TEXT, STYLE_JSON, STYLE_JSONL };

/* ---- as text ---- */

enum { LINE_SIZE = 1024 };

/* A member's value as it reads in text. */
static void value_text(char out[LINE_SIZE], const json_t *value)
{
    size_t index;
    const json_t *item;
    if (json_is_string(value)) {
        text_sanitise(out, LINE_SIZE, json_string_value(value));
    } else if (json_is_integer(value)) {
        snprintf(out, LINE_SIZE, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    } else if (json_is_boolean(value)) {
        snprintf(out, LINE_SIZE, "%s", json_is_true(value) ? "yes" : "no");
    } else {
        size_t at = 0;
        out[0] = '\0';
        json_array_foreach(value, index, item)
        {
            const char *text = json_is_string(item) ? json_string_value(item) : "?";
            at += (size_t)snprintf(out + at, at < LINE_SIZE ? LINE_SIZE - at : 0, "%s%s",
                                   index > 0 ? ", " : "", text);
            at = at < LINE_SIZE ? at : LINE_SIZE;
        }
    }
}

static void print_member(const json_t *object, const char *member, const char *name)
{
    char text[LINE_SIZE];
    const json_t *value = json_object_get(object, member);
    if (value != NULL) {
        value_text(text, value);
        printf("  %-12s %s\n", name, text);
    }
}

static void print_slot(const json_t *slot)
{
    char use[LINE_SIZE];
    char party[LINE_SIZE];
    char name[LINE_SIZE];
    char algorithm[LINE_SIZE];
    char fingerprint[LINE_SIZE];
    char role[LINE_SIZE] = "not registered";
    value_text(use, json_object_get(slot, "use"));
    value_text(party, json_object_get(slot, "party"));
    value_text(name, json_object_get(slot, "party_name"));
    value_text(algorithm, json_object_get(slot, "algorithm"));
    value_text(fingerprint, json_object_get(slot, "fingerprint"));
    if (json_object_get(slot, "role") != NULL) {
        value_text(role, json_object_get(slot, "role"));
    }
    printf("  %-12s party %s (%s)  %s key %s, %s\n", use, party, name, algorithm, fingerprint,
           role);
}

static void print_record(const json_t *record)
{
    static const char *const elsewhere[] = {"id", "kind", "blind", "leaf_hash"};
    const char *member;
    const json_t *value;
    char text[LINE_SIZE];
    const char *comma = "";
    value_text(text, json_object_get(record, "id"));
    printf("  %-12s ", text);
    if (json_object_get(record, "kind") != NULL) {
        value_text(text, json_object_get(record, "kind"));
        printf("%s: ", text);
    }
    json_object_foreach((json_t *)(uintptr_t)record, member, value)
    {
        bool skip = false;
        for (size_t i = 0; i < sizeof elsewhere / sizeof elsewhere[0]; i++) {
            skip = skip || strcmp(member, elsewhere[i]) == 0;
        }
        if (!skip) {
            value_text(text, value);
            printf("%s%s %s", comma, member, text);
            comma = ", ";
        }
    }
    putchar('\n');
}

static void print_header(const json_t *header)
{
    char text[LINE_SIZE];
    char name[LINE_SIZE];
    char lane[LINE_SIZE];
    char sequence[LINE_SIZE];
    value_text(text, json_object_get(header, "party"));
    value_text(name, json_object_get(header, "party_name"));
    value_text(lane, json_object_get(header, "lane"));
    value_text(sequence, json_object_get(header, "sequence"));
    printf("  %-12s %s (%s), lane %s, sequence %s, %s\n", "party", text, name, lane, sequence,
           json_is_true(json_object_get(header, "restricted")) ? "restricted" : "public");
    value_text(text, json_object_get(header, "created"));
    value_text(name, json_object_get(header, "expires"));
    printf("  %-12s %s, expires %s\n", "created", text, name);
    print_member(header, "previous_id", "follows");
    value_text(text, json_object_get(header, "known_index"));
    value_text(name, json_object_get(header, "known_leaf"));
    printf("  %-12s entry %s, leaf %s\n", "knew", text, name);
    print_member(header, "body_root", "body root");
}

static void print_text(const json_t *entry)
{
    size_t index;
    const json_t *item;
    char text[LINE_SIZE];
    value_text(text, json_object_get(json_object_get(entry, "raw"), "index"));
    printf("entry %s\n", text);
    print_member(entry, "damaged", "DAMAGED");
    print_member(entry, "leaf", "leaf");
    print_member(entry, "previous", "previous");
    print_member(entry, "received", "received");
    print_member(entry, "term", "term");
    print_member(entry, "envelope_id", "envelope");
    const json_t *header = json_object_get(entry, "header");
    if (header != NULL) {
        print_header(header);
    }
    json_array_foreach(json_object_get(entry, "slots"), index, item)
    {
        print_slot(item);
    }
    json_array_foreach(json_object_get(entry, "records"), index, item)
    {
        print_record(item);
    }
}

/* One record with its leaf hash, which a post, void or correct of it has to name. */
static void print_one_record(const json_t *entry)
{
    const json_t *record = json_array_get(json_object_get(entry, "records"), 0);
    print_record(record);
    print_member(record, "leaf_hash", "leaf hash");
    print_member(entry, "received", "received");
    print_member(entry, "envelope_id", "envelope");
}

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

/* ---- the command ---- */

static void print_entry(const json_t *entry, const struct range *range, enum style style,
                        bool first)
{
    switch (style) {
    case STYLE_TEXT:
        printf("%s", first ? "" : "\n");
        if (range->position != TJ_NOWHERE && json_object_get(entry, "records") != NULL) {
            print_one_record(entry);
        } else {
            print_text(entry);
        }
        return;
    case STYLE_JSON:
        printf("%s", !range->several ? "" : first ? "[\n" : ",\n");
        json_dumpf(entry, stdout, JSON_INDENT(2));
        return;
    case STYLE_JSONL:
        json_dumpf(entry, stdout, JSON_COMPACT);
        putchar('\n');
        return;
    }
    abort();
}

/* It was shown as far as it goes; whoever only looks at the exit status must not miss it. */
static bool is_damaged(const json_t *entry)
{
    size_t index;
    const json_t *record;
    bool damaged = json_object_get(entry, "damaged") != NULL;
    json_array_foreach(json_object_get(entry, "records"), index, record)
    {
        damaged = damaged || json_object_get(record, "damaged") != NULL;
    }
    return damaged;
}

int cmd_show(const struct arguments *arguments)
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
        json_t *entry = show_entry(&reading, &status, index, range.position);
        if (entry == NULL) {
            code = fail(EXIT_FAIL, "entry %" PRIu64 " is not stored: the ledger is damaged (%s)",
                        index, tijori_status_text(status));
        } else {
            print_entry(entry, &range, style, !any);
            any = true;
            damaged = damaged || is_damaged(entry);
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
