#include "text/assets.h"
#include "cli/tijori/commands.h"
#include "cli/tijori/reading.h"
#include "text/table.h"
#include "text/words.h"
#include "core/exchange/rule_figures.h"

#include <inttypes.h>
#include <string.h>

/* tijori rules: tiers, limits and programmes in words, and how far each is used, at the time of the
 * newest entry. */

static const struct table_column columns[] = {
    {"rule", "rule", true},
    {"kind", "kind", false},
    {"type", "type", false},
    {"status", "status", false},
    {"holder", "holder", false},
    {"asset", "asset", false},
    {"what", "what", false},
    {"set", "set", false},
    {"ended", "ended", false},
    {"bound", "bound_base", true},
    {"used", "used_base", true},
    {"left", "left_base", true},
    {"today", "today_base", true},
    {"unclassified", "unclassified_base", true},
    {"corrected", "corrected_base", true},
    {"brought in", "brought_in_base", true},
    {"breaches", "breaches", true},
    {"first breach", "breach_first", false},
    {"last breach", "breach_last", false},
};

struct listing {
    const struct reading *reading;
    struct assets assets;
    struct table *table; /* NULL for text */
    uint64_t now_ns;     /* of the newest entry */
    uint64_t party;      /* above UINT32_MAX: all */
    bool all;
    uint64_t shown;
};

static const char *status_of(const struct listing *listing, const struct tj_rule_object *rule)
{
    uint32_t day = tj_day_of(listing->now_ns);
    bool dated = rule->kind == TJ_PROGRAMME;
    bool in_force = tj_rule_in_force(rule, UINT64_MAX, listing->now_ns);
    return rule->ended != 0 && !in_force ? "ended"
           : rule->ended != 0            ? "running out"
           : !in_force                   ? "waiting"
           : dated && day < rule->starts ? "to come"
           : dated && day > rule->ends   ? "over"
                                         : "in force";
}

/* ---- text ---- */

static void add_pair(struct words *words, const struct listing *listing, uint32_t asset,
                     const char *name, tj_i128 amount)
{
    words_add(words, "%s%s ", words->used > 0 ? ", " : "", name);
    words_amount(words, &listing->assets, asset, amount);
}

/* Which word stands for what is used of a rule, and for what is left of it. */
static const char *used_word(const struct tj_rule_object *rule)
{
    bool limit = rule->kind == TJ_SET_LIMIT;
    return limit && rule->type == TJ_LIMIT_OUTFLOW ? "used"
           : limit                                 ? "holds"
           : rule->type == TJ_PROGRAMME_MINIMUM    ? "reserve"
           : rule->type == TJ_PROGRAMME_ALLOCATION ? "recorded income"
                                                   : "net";
}

static void figure_words(struct words *words, const struct listing *listing,
                         const struct tj_rule_object *rule, const struct tj_rule_figures *f)
{
    char first[TEXT_SIZE];
    char last[TEXT_SIZE];
    if (f->daily) {
        add_pair(words, listing, rule->asset, "today", f->today);
    }
    if (f->bounded || f->counts) {
        add_pair(words, listing, rule->asset, used_word(rule), f->used);
    }
    if (f->bounded) {
        bool minimum = rule->kind == TJ_PROGRAMME && rule->type == TJ_PROGRAMME_MINIMUM;
        const char *rest =
            minimum ? (f->left < 0 ? "short by" : "headroom") : (f->left < 0 ? "over by" : "left");
        add_pair(words, listing, rule->asset, rest, f->left < 0 ? -f->left : f->left);
    }
    if (f->counts) {
        add_pair(words, listing, rule->asset, "unclassified", f->unclassified);
        add_pair(words, listing, rule->asset, "corrected", f->corrected);
    }
    if (f->brought_in != 0) {
        add_pair(words, listing, rule->asset, "brought in by openings", f->brought_in);
    }
    if (f->judged) {
        words_add(words, ", %" PRIu64 " breach%s", f->breaches, f->breaches == 1 ? "" : "es");
        text_format_record_id(first, f->breach_first);
        text_format_record_id(last, f->breach_last);
        if (f->breaches == 1) {
            words_add(words, " (record %s)", first);
        } else if (f->breaches > 1) {
            words_add(words, " (records %s to %s)", first, last);
        }
    }
}

/* From when and until when, where its record does not say it. */
static void print_times(const struct tj_rule_object *rule)
{
    char time[TEXT_SIZE];
    if (rule->from_ns != 0) {
        text_format_time_ns(time, rule->from_ns);
        printf("  in force from %s on\n", time);
    }
    if (rule->ended != 0 && rule->notice_days != 0) {
        text_format_time_ns(time, rule->until_ns);
        printf("  in force until %s\n", time);
    }
}

static void print_text(struct listing *listing, const struct tj_rule_object *rule, uint32_t number,
                       const char *type, const char *what, const struct tj_rule_figures *figures)
{
    struct words words = {.used = 0};
    char set[TEXT_SIZE];
    char ended[TEXT_SIZE];
    char safe[4 * sizeof words.text];
    text_format_record_id(set, rule->set);
    text_format_record_id(ended, rule->ended);
    printf("rule %" PRIu32 "  %s, %s, set by record %s%s%s\n", number, type,
           status_of(listing, rule), set, rule->ended != 0 ? ", ended by record " : "",
           rule->ended != 0 ? ended : "");
    print_times(rule);
    text_sanitise(safe, sizeof safe, what);
    printf("  %s\n", safe);
    figure_words(&words, listing, rule, figures);
    if (words.used > 0) {
        printf("  %s\n", words.text);
    }
}

/* ---- rows ---- */

static void add_base(struct table *table, bool there, tj_i128 value)
{
    char text[TJ_AMOUNT_TEXT_SIZE];
    tj_amount_format_base(text, value);
    if (there) {
        table_figure(table, text);
    } else {
        table_none(table);
    }
}

static void add_record(struct table *table, uint64_t id)
{
    char text[TEXT_SIZE];
    text_format_record_id(text, id);
    if (id != 0) {
        table_text(table, text);
    } else {
        table_none(table);
    }
}

static void print_row(struct listing *listing, const struct tj_rule_object *rule, uint32_t number,
                      const char *type, const char *what, const struct tj_rule_figures *f)
{
    struct table *table = listing->table;
    struct asset asset;
    char holder[TEXT_SIZE];
    table_number(table, number);
    table_text(table, tj_record_layout(rule->kind)->name);
    table_text(table, type);
    table_text(table, status_of(listing, rule));
    text_format_holder(holder, rule->holder);
    if (rule->kind != TJ_PROGRAMME) {
        table_text(table, holder);
    } else {
        table_none(table);
    }
    if (asset_by_number(listing->reading->state, &asset, rule->asset)) {
        table_text(table, asset.code);
    } else {
        table_none(table);
    }
    table_text(table, what);
    add_record(table, rule->set);
    add_record(table, rule->ended);
    add_base(table, f->bounded, f->bound);
    add_base(table, f->bounded || f->counts, f->used);
    add_base(table, f->bounded, f->left);
    add_base(table, f->daily, f->today);
    add_base(table, f->counts, f->unclassified);
    add_base(table, f->counts, f->corrected);
    add_base(table, f->counts, f->brought_in);
    if (f->judged) {
        table_number(table, f->breaches);
    } else {
        table_none(table);
    }
    add_record(table, f->breach_first);
    add_record(table, f->breach_last);
}

/* ---- the command ---- */

static const char *type_of(const struct tj_rule_object *rule)
{
    if (rule->kind == TJ_SET_TIER) {
        return "tier";
    }
    if (rule->kind == TJ_SET_LIMIT) {
        return name_of(tj_limit_names, TJ_LIMIT_END, rule->type);
    }
    return name_of(tj_programme_names, TJ_PROGRAMME_END, rule->type);
}

static int print_rule(struct listing *listing, const struct tj_rule_object *rule, uint32_t number)
{
    struct tj_rule_figures figures;
    struct words what = {.used = 0};
    struct tj_record record;
    uint8_t bytes[TJ_RECORD_SIZE];
    if (!reading_record(listing->reading, bytes, rule->set) || bytes[0] != rule->kind) {
        return fail(EXIT_FAIL, "the record that set rule %" PRIu32 " is damaged", number);
    }
    tj_record_decode(&record, bytes);
    words_rule(&what, &record, &listing->assets);
    tj_rule_figures(listing->reading->state, &figures, rule, number, listing->now_ns);
    if (listing->table != NULL) {
        print_row(listing, rule, number, type_of(rule), what.text, &figures);
    } else {
        print_text(listing, rule, number, type_of(rule), what.text, &figures);
    }
    listing->shown++;
    return EXIT_PASS;
}

static bool wanted(const struct listing *listing, const struct tj_rule_object *rule)
{
    bool of_party = rule->kind != TJ_PROGRAMME && tj_account_party(rule->holder) == listing->party;
    bool over = rule->ended != 0 && listing->now_ns >= rule->until_ns;
    return (listing->all || !over) && (listing->party > UINT32_MAX || of_party);
}

static int print_rules(struct listing *listing)
{
    const struct tj_state *state = listing->reading->state;
    uint32_t count = tj_state_ledger(state)->rules_set;
    int code = EXIT_PASS;
    for (uint32_t number = 0; number < count && code == EXIT_PASS; number++) {
        const struct tj_rule_object *rule = tj_state_rule(state, number);
        if (rule != NULL && wanted(listing, rule)) {
            code = print_rule(listing, rule, number);
        }
    }
    if (listing->table == NULL && code == EXIT_PASS) {
        char now[TEXT_SIZE];
        text_format_time_s(now, listing->now_ns / TJ_NS_PER_S);
        printf("%s%" PRIu64 " rule%s, as of %s\n", listing->shown > 0 ? "\n" : "", listing->shown,
               listing->shown == 1 ? "" : "s", now);
    }
    return code;
}

int cmd_rules(const struct arguments *arguments)
{
    struct reading reading;
    enum table_style style = (enum table_style)argument_choice(arguments, "format");
    struct listing listing = {.all = argument_flag(arguments, "all")};
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
        code = lacks_table ? fail_status(TIJORI_MEMORY, reading.dir, NULL) : print_rules(&listing);
        if (listing.table != NULL) {
            int ended = reading_end(&reading, listing.table);
            code = code == EXIT_PASS ? ended : code;
            printf("%s", style == TABLE_JSON ? "\n" : "");
        }
    }
    reading_close(&reading);
    return code;
}
