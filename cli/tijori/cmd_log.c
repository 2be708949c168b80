#include "cli/log_source.h"
#include "cli/tijori/commands.h"
#include "text/log_words.h"
#include "text/table.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* tijori log: what was done, oldest first, one line a record. It walks the log forward from its
 * first entry whatever is asked for, since names and labels are those of their time. */

static const struct table_column columns[] = {
    {"record", "record", false},
    {"received", "received", false},
    {"party", "party", true},
    {"party name", "party_name", false},
    {"kind", "kind", false},
    {"what", "what", false},
    {"purpose", "purpose", false},
    {"from", "from", false},
    {"to", "to", false},
    {"asset", "asset", false},
    {"amount", "amount_base", true},
    {"records", "records", true},
    {"signed by", "signed_by", false},
};

struct filter {
    uint64_t party; /* above UINT32_MAX: any */
    bool by_account;
    uint64_t account;
    bool kinds[TJ_KIND_END];
    bool by_kind;
    uint64_t since_ns;
    uint64_t until_ns;
};

/* Movements of one entry that are told in one line. */
struct run {
    uint32_t count;
    uint32_t first;
    tj_i128 amount;
    const uint8_t *record; /* the first, in its entry */
    uint32_t details;      /* of it */
};

struct listing {
    struct tj_source *source;
    const char *path;
    struct names *names;
    struct filter filter;
    struct table *table; /* NULL for text */
    bool summary;
    bool damaged;
    /* The entry at hand. */
    const struct tj_entry_view *entry;
    const uint8_t *records;
    char subject[TJ_NAME_SIZE + 1];
    struct words signers;
    struct run run;
};

/* ---- what was asked for ---- */

static int read_when(const struct arguments *arguments, uint64_t *out, const char *option, bool end)
{
    const char *text = argument_value(arguments, option);
    uint32_t days;
    if (text == NULL) {
        return EXIT_PASS;
    }
    if (text_parse_date(&days, text)) {
        *out = end ? text_date_ns(days + 1) - 1 : text_date_ns(days);
        return EXIT_PASS;
    }
    return text_parse_time_ns(out, text)
               ? EXIT_PASS
               : fail(EXIT_USAGE,
                      "--%s: '%s' is neither a date (2021-09-06) nor a time (2021-09-06T12:00:00Z)",
                      option, text);
}

static int read_kinds(const struct arguments *arguments, struct filter *filter)
{
    size_t count = argument_count(arguments, "kind");
    filter->by_kind = count > 0;
    for (size_t i = 0; i < count; i++) {
        const char *name = argument_item(arguments, "kind", i);
        uint8_t kind = tj_kind_by_name(name);
        if (kind == 0) {
            return fail(EXIT_USAGE, "--kind: '%s' is not a kind of record", name);
        }
        filter->kinds[kind] = true;
    }
    return EXIT_PASS;
}

static int read_filter(const struct arguments *arguments, struct filter *filter)
{
    const char *account = argument_value(arguments, "account");
    *filter = (struct filter){.party = UINT64_MAX, .until_ns = UINT64_MAX};
    if (!argument_number(arguments, &filter->party, "party", 0, UINT32_MAX)) {
        return EXIT_USAGE;
    }
    filter->by_account = account != NULL;
    if (account != NULL && !text_parse_account(&filter->account, account)) {
        return fail(EXIT_USAGE, "--account: '%s' is not an account: PARTY:NUMBER, as in 1:0",
                    account);
    }
    int code = read_kinds(arguments, filter);
    if (code == EXIT_PASS) {
        code = read_when(arguments, &filter->since_ns, "since", false);
    }
    if (code == EXIT_PASS) {
        code = read_when(arguments, &filter->until_ns, "until", true);
    }
    return code == EXIT_PASS && filter->since_ns > filter->until_ns
               ? fail(EXIT_USAGE, "--since is after --until")
               : code;
}

/* ---- what fits ---- */

/* The record names this party, or an account of it (`account`: just this one). */
static bool names_it(const uint8_t *record, const struct filter *filter)
{
    const struct tj_layout *layout = tj_record_layout(tj_record_kind(record));
    for (size_t i = 0; i < layout->count; i++) {
        const struct tj_field *field = &layout->fields[i];
        bool account = field->unit == TJ_UNIT_ACCOUNT || field->unit == TJ_UNIT_HOLDER;
        bool party = strcmp(field->name, "party") == 0;
        if ((!account && !party) || !tj_record_uses(record, field)) {
            continue;
        }
        uint64_t value = tj_load_number(record + field->offset, field->size);
        uint64_t number = party ? value : tj_account_party(value);
        if (filter->by_account ? account && value == filter->account : number == filter->party) {
            return true;
        }
    }
    return false;
}

static bool fits(const struct listing *listing, const uint8_t *record)
{
    const struct filter *filter = &listing->filter;
    bool any = filter->party > UINT32_MAX && !filter->by_account;
    bool by_it = !filter->by_account && listing->entry->header.party == filter->party;
    bool ends = tj_record_kind(record) == TJ_END_RULE;
    const uint8_t *rule =
        ends ? names_rule(listing->names, TJ_GET(record, TJ_END_RULE, rule)) : NULL;
    return (!filter->by_kind || filter->kinds[tj_record_kind(record)]) &&
           (any || by_it || names_it(record, filter) || (rule != NULL && names_it(rule, filter)));
}

/* ---- a line ---- */

static void print_line(const struct listing *listing, const char *id, const char *received,
                       const char *what)
{
    char line[4 * sizeof listing->signers.text];
    char safe[4 * sizeof line];
    const char *signers = listing->signers.text;
    bool genesis = listing->entry->index == 0;
    snprintf(line, sizeof line, "%s %s%s%s%s", listing->subject, what,
             genesis || signers[0] == '\0' ? "" : " [", signers,
             genesis || signers[0] == '\0' ? "" : "]");
    text_sanitise(safe, sizeof safe, line);
    printf("%-8s %s  %s\n", id, received, safe);
}

static void add_account(struct table *table, uint64_t account, uint32_t count)
{
    char text[TEXT_SIZE];
    if (count == 1) {
        text_format_account(text, account);
        table_text(table, text);
    } else {
        table_none(table); /* each may have its own */
    }
}

static void add_movement(struct table *table, const struct listing *listing, const uint8_t *record,
                         uint32_t count, tj_i128 amount)
{
    struct assets assets = names_assets(listing->names);
    struct asset asset;
    char text[TJ_AMOUNT_TEXT_SIZE];
    table_text(table, name_of(tj_purpose_names, TJ_PURPOSE_END, tj_movement_purpose(record)));
    add_account(table, tj_movement_from(record), count);
    add_account(table, tj_movement_to(record), count);
    if (assets.of_account(assets.context, &asset, tj_movement_from(record))) {
        table_text(table, asset.code);
    } else {
        table_none(table);
    }
    tj_amount_format_base(text, amount);
    table_figure(table, text);
}

/* `record` NULL: one whose kind or form is not known, or that is not there. */
static void print(struct listing *listing, uint32_t position, uint32_t count, const uint8_t *record,
                  tj_i128 amount, const char *what)
{
    struct table *table = listing->table;
    char id[TEXT_SIZE];
    char received[TEXT_SIZE];
    text_format_record_id(id, tj_record_id(listing->entry->index, position));
    text_format_time_s(received, listing->entry->received_ns / TJ_NS_PER_S);
    if (table == NULL) {
        print_line(listing, id, received, what);
        return;
    }
    table_text(table, id);
    table_text(table, received);
    table_number(table, listing->entry->header.party);
    table_text(table, listing->subject);
    if (record != NULL) {
        table_text(table, tj_record_layout(tj_record_kind(record))->name);
    } else {
        table_none(table);
    }
    table_text(table, what);
    if (record != NULL && tj_kind_is_movement(tj_record_kind(record))) {
        add_movement(table, listing, record, count, amount);
    } else {
        for (size_t i = 0; i < 5; i++) {
            table_none(table);
        }
    }
    table_number(table, count);
    table_text(table, listing->signers.text);
}

/* `details` records stand behind it. */
static void print_record(struct listing *listing, uint32_t position, const uint8_t *record,
                         uint32_t details)
{
    struct words words = {.used = 0};
    tj_i128 amount =
        tj_kind_is_movement(tj_record_kind(record)) ? (tj_i128)tj_movement_amount(record).base : 0;
    log_words(&words, record, details, listing->entry->received_ns, listing->names);
    print(listing, position, 1, record, amount, words.text);
}

static void print_run(struct listing *listing)
{
    struct run *run = &listing->run;
    struct assets assets = names_assets(listing->names);
    struct words words = {.used = 0};
    if (run->count == 1) {
        print_record(listing, run->first, run->record, run->details);
    } else if (run->count > 1) {
        words_add(&words, "%s ", log_verb(tj_record_kind(run->record)));
        words_amount(&words, &assets,
                     names_account_asset(listing->names, tj_movement_from(run->record)),
                     run->amount);
        words_add(&words, " in %" PRIu32 " records as %s", run->count,
                  name_of(tj_purpose_names, TJ_PURPOSE_END, tj_movement_purpose(run->record)));
        print(listing, run->first, run->count, run->record, run->amount, words.text);
    }
    run->count = 0;
}

/* ---- the walk ---- */

static bool joins(const struct run *run, const struct names *names, const uint8_t *record)
{
    return run->count > 0 && tj_record_kind(run->record) == tj_record_kind(record) &&
           tj_movement_purpose(run->record) == tj_movement_purpose(record) &&
           names_account_asset(names, tj_movement_from(run->record)) ==
               names_account_asset(names, tj_movement_from(record));
}

static void show_record(struct listing *listing, uint32_t position, const uint8_t *record,
                        uint32_t details)
{
    struct run *run = &listing->run;
    if (!listing->summary || !tj_kind_is_movement(tj_record_kind(record))) {
        print_record(listing, position, record, details);
        return;
    }
    if (!joins(run, listing->names, record)) {
        print_run(listing);
        *run = (struct run){.first = position, .record = record, .details = details};
    }
    run->count++;
    run->amount += (tj_i128)tj_movement_amount(record).base;
}

/* The form of a record with its details. */
static bool record_fits(const struct tj_header *header, const uint8_t *record, uint32_t details,
                        struct tj_verdict *verdict)
{
    bool fits =
        tj_record_check(record, tj_header_restricted(header), verdict) == TIJORI_OK &&
        tj_group_check(header, record, record + TJ_RECORD_SIZE, details, verdict) == TIJORI_OK;
    verdict->record = TJ_NOWHERE; /* the line says which it is */
    return fits;
}

static void walk_records(struct listing *listing, const struct tj_view *records, bool shown)
{
    const struct tj_header *header = &listing->entry->header;
    uint32_t details = 0;
    for (uint32_t i = 0; i < header->record_count; i += 1 + details) {
        const uint8_t *record = records->bytes + (size_t)i * TJ_RECORD_SIZE;
        struct tj_verdict verdict;
        char text[320];
        char what[sizeof text + 32];
        details = tj_details_after(records->bytes, header->record_count, i);
        tj_verdict_init(&verdict);
        if (!shown && tj_kind_is_movement(tj_record_kind(record))) {
            break; /* directives and movements do not share an entry */
        }
        if (!record_fits(header, record, details, &verdict)) {
            tj_verdict_format(&verdict, text, sizeof text);
            snprintf(what, sizeof what, "entered a damaged record: %s", text);
            print(listing, i, 1, NULL, 0, what);
            listing->damaged = true;
            continue;
        }
        if (shown && fits(listing, record)) {
            show_record(listing, i, record, details);
        }
        if (listing->entry->index > 0) {
            names_take(listing->names, record);
        }
    }
    print_run(listing);
}

/* The genesis names its own party, assets and keys: it is told by names that it gives itself. */
static void take_genesis(struct listing *listing, const struct tj_view *records)
{
    for (uint32_t i = 0; i < listing->entry->header.record_count; i++) {
        const uint8_t *record = records->bytes + (size_t)i * TJ_RECORD_SIZE;
        struct tj_verdict verdict;
        tj_verdict_init(&verdict);
        if (tj_record_check(record, false, &verdict) == TIJORI_OK) {
            names_take(listing->names, record);
        }
    }
}

static int walk_entry(struct listing *listing, bool shown)
{
    struct tj_source *source = listing->source;
    const struct tj_header *header = &listing->entry->header;
    struct tj_view records;
    bool there = source->ops->records(source, &records, listing->entry);
    if (!there && (source->is_ledger || !tj_header_restricted(header))) {
        return fail(EXIT_FAIL, "%s: the records of entry %" PRIu64 " are not there, or damaged",
                    listing->path, listing->entry->index);
    }
    if (there && listing->entry->index == 0) {
        take_genesis(listing, &records);
    }
    snprintf(listing->subject, sizeof listing->subject, "%s",
             names_party(listing->names, header->party));
    listing->signers.used = 0;
    listing->signers.text[0] = '\0';
    if (shown) {
        log_signers(&listing->signers, &listing->entry->slots, listing->names);
    }
    if (there) {
        walk_records(listing, &records, shown);
    } else if (shown && !listing->filter.by_kind && !listing->filter.by_account &&
               (listing->filter.party > UINT32_MAX || listing->filter.party == header->party)) {
        char what[96];
        snprintf(what, sizeof what, "entered %" PRIu32 " restricted records, which are not public",
                 header->record_count);
        print(listing, 0, header->record_count, NULL, 0, what);
    }
    return EXIT_PASS;
}

static int walk(struct listing *listing)
{
    struct tj_source *source = listing->source;
    int code = EXIT_PASS;
    for (uint64_t index = 0; index < source->size && code == EXIT_PASS; index++) {
        struct tj_entry_view entry;
        struct tj_view bytes;
        struct tj_verdict verdict;
        tj_verdict_init(&verdict);
        if (!source->ops->entry(source, &bytes, index) ||
            tj_entry_decode(&entry, bytes.bytes, bytes.size, &verdict) != TIJORI_OK) {
            return fail(EXIT_FAIL, "%s: entry %" PRIu64 " is not there, or damaged", listing->path,
                        index);
        }
        if (entry.received_ns > listing->filter.until_ns) {
            break; /* times only rise */
        }
        listing->entry = &entry;
        code = walk_entry(listing, entry.received_ns >= listing->filter.since_ns);
    }
    return code;
}

static int check_found(const struct listing *listing)
{
    const struct filter *filter = &listing->filter;
    const char *where = filter->until_ns == UINT64_MAX ? "in this log" : "in this log until then";
    if (filter->party <= UINT32_MAX &&
        names_party(listing->names, (uint32_t)filter->party)[0] == '\0') {
        return fail(EXIT_NO_INPUT, "no party %" PRIu64 " %s", filter->party, where);
    }
    if (filter->by_account && names_account_asset(listing->names, filter->account) == 0) {
        return fail(EXIT_NO_INPUT, "no account %" PRIu32 ":%" PRIu32 " %s",
                    tj_account_party(filter->account), tj_account_local(filter->account), where);
    }
    return listing->damaged ? fail(EXIT_FAIL, "not all could be decoded: the log is damaged")
                            : EXIT_PASS;
}

/* What was not printed for want of memory is said, whatever else there is to say. */
static int end_listing(struct listing *listing, int code, enum table_style style)
{
    bool whole = style == TABLE_TEXT || table_end(listing->table);
    printf("%s", style == TABLE_JSON ? "\n" : "");
    if (code != EXIT_PASS) {
        return code;
    }
    if (!whole || !names_whole(listing->names)) {
        return fail_errno(ENOMEM, listing->path);
    }
    return check_found(listing);
}

int cmd_log(const struct arguments *arguments)
{
    enum table_style style = (enum table_style)argument_choice(arguments, "format");
    struct listing *listing = memory_needed(calloc(1, sizeof *listing));
    listing->path = arguments->operands[0];
    listing->summary = argument_flag(arguments, "summary");
    int code = read_filter(arguments, &listing->filter);
    if (code == EXIT_PASS) {
        code = audit_open_source(&listing->source, listing->path);
    }
    if (code == EXIT_PASS) {
        listing->names = names_create();
        if (style != TABLE_TEXT) {
            listing->table =
                table_create(stdout, style, columns, sizeof columns / sizeof columns[0]);
        }
        bool begun = listing->names != NULL && (style == TABLE_TEXT || listing->table != NULL);
        code = begun ? walk(listing) : fail_errno(ENOMEM, listing->path);
        code = end_listing(listing, code, style);
        names_destroy(listing->names);
        tj_source_close(listing->source);
    }
    free(listing);
    return code;
}
