#include "text/assets.h"
#include "cli/tijori/commands.h"
#include "cli/tijori/reading.h"
#include "core/rules/readiness.h"
#include "text/table.h"
#include "text/words.h"

#include <inttypes.h>
#include <string.h>

/* tijori pending: movements that were neither posted nor voided, who approved them, and what is
 * missing before they can be posted. */

static const struct table_column columns[] = {
    {"record", "record", false},
    {"since", "since", false},
    {"amount", "amount", true},
    {"asset", "asset", false},
    {"amount (base)", "amount_base", true},
    {"from", "from", false},
    {"to", "to", false},
    {"purpose", "purpose", false},
    {"reference", "reference", false},
    {"timeout", "timeout", false},
    {"approved by", "approved_by", false},
    {"approvals", "approvals", true},
    {"rule", "rule", true},
    {"wants", "wants", false},
    {"missing", "missing", false},
    {"not before", "not_before", false},
};

struct listing {
    const struct reading *reading;
    struct assets assets;
    struct table *table; /* NULL for text */
    uint64_t now_ns;     /* of the newest entry */
    uint64_t party;      /* above UINT32_MAX: all */
    uint64_t shown;
};

/* One pending movement. */
struct item {
    uint64_t id;
    struct tj_record fields;
    char reference[TJ_REFERENCE_TEXT_SIZE];
    uint64_t received_ns;
    struct tj_approvals approvals;
    struct words approvers;
    struct words missing;
    char since[TEXT_SIZE];
    char not_before[TEXT_SIZE]; /* empty: no tier makes it wait */
    char timeout[TEXT_SIZE];    /* empty: none */
    struct words wants;         /* empty: no approvals */
};

static void add_approvers(const struct listing *listing, struct item *item)
{
    uint32_t party = tj_account_party(item->fields.from);
    for (uint32_t i = 0; i < TJ_KEYS_MAX; i++) {
        const struct tj_key_object *key = tj_state_key(listing->reading->state, party, i);
        char label[TJ_KEY_LABEL_SIZE + 1];
        if (!tj_key_in_set(&item->approvals.approved, i) || key == NULL) {
            continue;
        }
        reading_key_label(listing->reading, label, key);
        words_add(&item->approvers, "%s", item->approvers.used > 0 ? ", " : "");
        if (label[0] != '\0') {
            words_quoted(&item->approvers, label);
        } else {
            words_add(&item->approvers, "key %" PRIu32, i);
        }
        if (key->group != 0) {
            words_add(&item->approvers, " (group %u)", key->group);
        }
        if (key->status != TJ_KEY_ACTIVE) {
            words_add(&item->approvers, " (revoked: does not count)");
        }
    }
}

static void add_missing(struct item *item)
{
    const struct tj_approvals *a = &item->approvals;
    if (tj_approvals_complete(a)) {
        return;
    }
    uint32_t wanted = a->wanted.approvals;
    uint32_t more = wanted > a->count ? wanted - a->count : 0;
    words_approvals(&item->missing, more, a->groups_missing);
}

/* A long one stands among the details behind the record. */
static bool read_reference(const struct listing *listing, struct item *item,
                           const struct tj_entry_view *entry)
{
    struct tj_body_view body;
    uint32_t position = tj_record_position(item->id);
    if (tj_journal_body(listing->reading->view.txn, &body, entry) != TIJORI_OK) {
        return false;
    }
    tj_group_reference(item->reference, body.records + (size_t)position * TJ_RECORD_SIZE,
                       tj_details_after(body.records, entry->header.record_count, position));
    return true;
}

/* False when the log does not have it as the state says. */
static bool read_item(const struct listing *listing, struct item *item, uint64_t id)
{
    const struct tj_state *state = listing->reading->state;
    struct tj_entry_view entry;
    uint8_t bytes[TJ_RECORD_SIZE];
    memset(item, 0, sizeof *item);
    item->id = id;
    if (!reading_record(listing->reading, bytes, id) || bytes[0] != TJ_PENDING ||
        tj_journal_entry(listing->reading->view.txn, &entry, tj_record_entry(id)) != TIJORI_OK ||
        tj_state_account(state, tj_movement_from(bytes)) == NULL ||
        tj_state_account(state, tj_movement_to(bytes)) == NULL) {
        return false;
    }
    tj_record_decode(&item->fields, bytes);
    if (!read_reference(listing, item, &entry)) {
        return false;
    }
    item->received_ns = entry.received_ns;
    tj_readiness_of_pending(state, &item->approvals, bytes, id,
                            tj_record_id(listing->reading->size, 0), listing->now_ns);
    add_approvers(listing, item);
    add_missing(item);
    text_format_time_s(item->since, entry.received_ns / TJ_NS_PER_S);
    if (item->fields.timeout_s != 0) {
        text_format_time_s(item->timeout, item->fields.timeout_s);
    }
    const struct tj_demand *wanted = &item->approvals.wanted;
    if (wanted->delay_s != 0) {
        text_format_time_ns(item->not_before, tj_ns_after(entry.received_ns, wanted->delay_s));
    }
    if (wanted->approvals != 0 || wanted->groups != 0) {
        words_approvals(&item->wants, wanted->approvals, wanted->groups);
    }
    return true;
}

/* ---- text ---- */

static void print_tier(const struct item *item)
{
    const struct tj_approvals *a = &item->approvals;
    if (a->wanted.tiers == 0) {
        return;
    }
    printf("  rule %" PRIu32, a->wanted.rule);
    if (item->wants.used > 0) {
        printf(" wants %s: %s%s", item->wants.text, item->missing.used > 0 ? "missing " : "there",
               item->missing.text);
    }
    if (item->not_before[0] != '\0') {
        printf("%s may be posted from %s on", item->wants.used > 0 ? "," : ":", item->not_before);
    }
    putchar('\n');
}

static void print_text(const struct listing *listing, const struct item *item)
{
    struct words words = {.used = 0};
    const struct tj_record *r = &item->fields;
    char id[TEXT_SIZE];
    char from[TEXT_SIZE];
    char to[TEXT_SIZE];
    char safe[4 * sizeof words.text];
    text_format_record_id(id, item->id);
    text_format_account(from, r->from);
    text_format_account(to, r->to);
    words_add(&words, "%s  ", id);
    words_amount(&words, &listing->assets,
                 tj_state_account(listing->reading->state, r->from)->asset, (tj_i128)r->amount);
    words_add(&words, " from %s to %s as %s, since %s", from, to,
              name_of(tj_purpose_names, TJ_PURPOSE_END, r->purpose), item->since);
    if (item->timeout[0] != '\0') {
        words_add(&words, ", times out %s", item->timeout);
    }
    if (item->reference[0] != '\0') {
        words_add(&words, ", reference ");
        words_quoted(&words, item->reference);
    }
    text_sanitise(safe, sizeof safe, words.text);
    printf("%s\n", safe);
    if (item->approvers.used > 0) {
        text_sanitise(safe, sizeof safe, item->approvers.text);
        printf("  approved by %s\n", safe);
    }
    print_tier(item);
}

/* ---- rows ---- */

static void add_text(struct table *table, const char *text)
{
    if (text[0] != '\0') {
        table_text(table, text);
    } else {
        table_none(table);
    }
}

static void print_row(const struct listing *listing, const struct item *item)
{
    struct table *table = listing->table;
    const struct tj_record *r = &item->fields;
    struct asset asset =
        account_asset(listing->reading->state, tj_state_account(listing->reading->state, r->from));
    char text[TEXT_AMOUNT_SIZE];
    text_format_record_id(text, item->id);
    table_text(table, text);
    table_text(table, item->since);
    tj_amount_format(text, (tj_i128)r->amount, asset.decimals);
    table_figure(table, text);
    table_text(table, asset.code);
    tj_amount_format_base(text, (tj_i128)r->amount);
    table_figure(table, text);
    text_format_account(text, r->from);
    table_text(table, text);
    text_format_account(text, r->to);
    table_text(table, text);
    table_text(table, name_of(tj_purpose_names, TJ_PURPOSE_END, r->purpose));
    table_text(table, item->reference);
    add_text(table, item->timeout);
    add_text(table, item->approvers.text);
    table_number(table, item->approvals.count);
    if (item->approvals.wanted.tiers > 0) {
        table_number(table, item->approvals.wanted.rule);
    } else {
        table_none(table);
    }
    add_text(table, item->wants.text);
    add_text(table, item->missing.text);
    add_text(table, item->not_before);
}

/* ---- the command ---- */

static int print_pending(struct listing *listing)
{
    const struct tj_state *state = listing->reading->state;
    uint64_t marks = tj_state_ledger(state)->marks;
    struct item *item = memory_needed(calloc(1, sizeof *item));
    int code = EXIT_PASS;
    for (uint64_t i = 0; i < marks && code == EXIT_PASS; i++) {
        const struct tj_mark_object *mark = tj_state_peek(state, TJ_T_MARK, 0, i);
        char id[TEXT_SIZE];
        if (mark == NULL || mark->value != (TJ_MARK_PENDING | TJ_MARK_OPEN)) {
            continue;
        }
        text_format_record_id(id, mark->record);
        if (!read_item(listing, item, mark->record)) {
            code = fail(EXIT_FAIL, "record %s is damaged", id);
        } else if (listing->party > UINT32_MAX ||
                   listing->party == tj_account_party(item->fields.from)) {
            listing->shown++;
            (listing->table != NULL ? print_row : print_text)(listing, item);
        }
    }
    free(item);
    return code;
}

int cmd_pending(const struct arguments *arguments)
{
    struct reading reading;
    enum table_style style = (enum table_style)argument_choice(arguments, "format");
    struct listing listing = {0};
    int code = reading_open_of(arguments, &reading, &listing.party);
    if (code == EXIT_PASS) {
        code = reading_now(&reading, &listing.now_ns);
    }
    if (code == EXIT_PASS) {
        listing.reading = &reading;
        listing.assets = assets_of_state(reading.state);
        if (style != TABLE_TEXT) {
            listing.table =
                table_create(stdout, style, columns, sizeof columns / sizeof columns[0]);
        }
        bool lacks_table = style != TABLE_TEXT && listing.table == NULL;
        code =
            lacks_table ? fail_status(TIJORI_MEMORY, reading.dir, NULL) : print_pending(&listing);
        if (listing.table != NULL) {
            int ended = reading_end(&reading, listing.table);
            code = code == EXIT_PASS ? ended : code;
            printf("%s", style == TABLE_JSON ? "\n" : "");
        } else if (code == EXIT_PASS) {
            printf("%s%" PRIu64 " pending\n", listing.shown > 0 ? "\n" : "", listing.shown);
        }
    }
    reading_close(&reading);
    return code;
}
