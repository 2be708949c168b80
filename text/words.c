#include "text/words.h"

#include "text/table.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

void words_add(struct words *words, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int size = vsnprintf(words->text + words->used, sizeof words->text - words->used, format, args);
    va_end(args);
    words->used += size > 0 ? (size_t)size : 0;
    words->used = words->used < sizeof words->text ? words->used : sizeof words->text - 1;
}

void words_quoted(struct words *words, const char *text)
{
    words_add(words, "\"");
    for (; *text != '\0'; text++) {
        words_add(words, "%c", *text == '"' ? '\'' : *text);
    }
    words_add(words, "\"");
}

void words_amount(struct words *words, const struct assets *assets, uint32_t asset, tj_i128 base)
{
    char number[TJ_AMOUNT_TEXT_SIZE];
    struct asset known;
    if (!assets->by_number(assets->context, &known, asset)) {
        tj_amount_format_base(number, base);
        words_add(words, "%s base units", number);
        return;
    }
    tj_amount_format(number, base, known.decimals);
    size_t size = strlen(number);
    while (known.decimals > 0 && number[size - 1] == '0') {
        size--;
    }
    size -= number[size - 1] == '.';
    words_add(words, "%.*s %s", (int)size, number, known.code);
}

void words_duration(struct words *words, uint64_t seconds)
{
    static const struct {
        uint64_t seconds;
        const char *name;
    } units[] = {{86400, "day"}, {3600, "hour"}, {60, "minute"}, {1, "second"}};
    size_t unit = 0;
    while (seconds % units[unit].seconds != 0) {
        unit++;
    }
    uint64_t count = seconds / units[unit].seconds;
    words_add(words, "%" PRIu64 " %s%s", count, units[unit].name, count == 1 ? "" : "s");
}

void words_approvals(struct words *words, uint32_t approvals, uint32_t groups)
{
    /* A key is of one group, so there are as many approvals as groups at least. */
    uint32_t least = (uint32_t)__builtin_popcount(groups);
    uint32_t count = approvals > least ? approvals : least;
    words_add(words, "%" PRIu32 " approval%s", count, count == 1 ? "" : "s");
    uint32_t left = groups;
    for (uint32_t i = 1; i <= TJ_GROUP_MAX; i++) {
        if ((groups >> i & 1) == 0) {
            continue;
        }
        bool first = left == groups;
        left &= ~(1u << i);
        bool last = left == 0;
        if (first) {
            words_add(words, last ? ", one of group " : ", one each of groups ");
        } else {
            words_add(words, last ? " and " : ", ");
        }
        words_add(words, "%" PRIu32, i);
    }
}

void words_mask(struct words *words, uint64_t mask, const char *const *names)
{
    const char *comma = "";
    for (unsigned bit = 0; bit < 16; bit++) {
        if ((mask >> bit & 1) != 0) {
            words_add(words, "%s%s", comma, names[bit]);
            comma = ", ";
        }
    }
}

void words_holder(struct words *words, uint64_t holder)
{
    char text[TEXT_SIZE];
    text_format_account(text, holder);
    if (tj_holder_is_party(holder)) {
        words_add(words, "party %" PRIu32, tj_account_party(holder));
    } else {
        words_add(words, "account %s", text);
    }
}

const char *words_directions(uint8_t directions)
{
    static const char *const names[4] = {"?", "inwards", "outwards", "both ways"};
    return names[directions & TJ_FREEZE_BOTH];
}

/* ---- rules ---- */

static void words_tier(struct words *words, const struct tj_record *r, const struct assets *assets)
{
    const char *and = "";
    words_add(words, "more than ");
    words_amount(words, assets, r->asset, (tj_i128)r->above);
    words_add(words, " of party %" PRIu32, r->party);
    if (r->approvals != 0 || r->groups != 0) {
        words_add(words, " wants ");
        words_approvals(words, r->approvals, r->groups);
        and = ", and";
    }
    if (r->delay_s != 0) {
        words_add(words, "%s waits ", and);
        words_duration(words, r->delay_s);
    }
}

static void words_limit(struct words *words, const struct tj_record *r, const struct assets *assets)
{
    static const char *const ways[4] = {"?", "receive only from", "send only to",
                                        "send only to and receive only from"};
    static const char *const passes[4] = {"?", "enter", "leave", "leave or enter"};
    switch ((enum tj_limit_type)r->type) {
    case TJ_LIMIT_OUTFLOW:
        words_add(words, "at most ");
        words_amount(words, assets, r->asset, (tj_i128)r->amount);
        words_add(words, " may leave ");
        words_holder(words, r->holder);
        words_add(words, " in ");
        words_duration(words, r->window_s);
        return;
    case TJ_LIMIT_BALANCE:
        words_holder(words, r->holder);
        words_add(words, " may hold at most ");
        words_amount(words, assets, r->asset, (tj_i128)r->amount);
        return;
    case TJ_LIMIT_COUNTERPARTY:
        words_holder(words, r->holder);
        words_add(words, " may %s ", ways[r->directions & TJ_FREEZE_BOTH]);
        words_holder(words, r->counterparty);
        words_add(words, " and whom other rules like this one name");
        return;
    case TJ_LIMIT_PURPOSES:
        words_add(words, "only ");
        words_mask(words, r->purposes, tj_purpose_names);
        words_add(words, " may %s ", passes[r->directions & TJ_FREEZE_BOTH]);
        words_holder(words, r->holder);
        return;
    case TJ_LIMIT_FREEZE:
        words_holder(words, r->holder);
        words_add(words, " is frozen %s", words_directions(r->directions));
        return;
    case TJ_LIMIT_END:
        break;
    }
    words_add(words, "?");
}

static void words_programme_type(struct words *words, const struct tj_record *r,
                                 const struct assets *assets)
{
    switch ((enum tj_programme_type)r->type) {
    case TJ_PROGRAMME_CEILING:
        words_mask(words, r->purposes, tj_purpose_names);
        words_add(words, " may add at most ");
        words_amount(words, assets, r->asset, (tj_i128)r->amount);
        words_add(words, " net to the reserve");
        return;
    case TJ_PROGRAMME_MANDATE:
        words_add(words, "up to ");
        words_amount(words, assets, r->asset, (tj_i128)r->amount);
        words_add(words, " may be acquired by ");
        words_mask(words, r->purposes, tj_purpose_names);
        if (r->amount_day != 0) {
            words_add(words, ", at most ");
            words_amount(words, assets, r->asset, (tj_i128)r->amount_day);
            words_add(words, " a day");
        }
        return;
    case TJ_PROGRAMME_ALLOCATION:
        words_add(words, "%" PRIu32 " MW for ", r->power_mw);
        words_mask(words, r->purposes, tj_purpose_names);
        return;
    case TJ_PROGRAMME_MINIMUM:
        words_add(words, "the reserve holds at least ");
        words_amount(words, assets, r->asset, (tj_i128)r->amount);
        return;
    case TJ_PROGRAMME_END:
        break;
    }
    words_add(words, "?");
}

static void words_programme(struct words *words, const struct tj_record *r,
                            const struct assets *assets)
{
    char starts[TEXT_SIZE];
    char ends[TEXT_SIZE];
    text_format_date(starts, r->starts);
    text_format_date(ends, r->ends);
    words_quoted(words, r->name);
    words_add(words, ", ");
    words_programme_type(words, r, assets);
    words_add(words, ", from %s to %s", starts, ends);
    if (r->type != TJ_PROGRAMME_ALLOCATION) {
        words_add(words, ", %s", r->mode == TJ_MODE_ENFORCE ? "enforced" : "breaches reported");
    }
}

/* What keeps it from being lifted, and from when on it holds, where its record says so. */
static void words_notice(struct words *words, const struct tj_record *r)
{
    if (r->wait_days != 0) {
        words_add(words, ", in force %u day%s after it is set", r->wait_days,
                  r->wait_days == 1 ? "" : "s");
    }
    if (r->notice_days != 0) {
        words_add(words, ", and for %u day%s after its end is given", r->notice_days,
                  r->notice_days == 1 ? "" : "s");
        if (r->named_party != 0) {
            words_add(words, " unless party %" PRIu32 " agrees", r->named_party);
        }
    } else if (r->named_party != 0) {
        words_add(words, ", for party %" PRIu32, r->named_party);
    }
}

void words_rule(struct words *words, const struct tj_record *rule, const struct assets *assets)
{
    if (rule->kind == TJ_SET_TIER) {
        words_tier(words, rule, assets);
    } else if (rule->kind == TJ_SET_LIMIT) {
        words_limit(words, rule, assets);
    } else if (rule->kind == TJ_PROGRAMME) {
        words_programme(words, rule, assets);
    }
    words_notice(words, rule);
}

/* ---- statements ---- */

void words_statement(struct words *words, const struct tj_record *r, const struct assets *assets)
{
    static const char *const of_party[TJ_FIGURE_END] = {
        [TJ_FIGURE_CUSTOMERS] = " of party",
        [TJ_FIGURE_ATTESTED] = " by party",
    };
    char from[TEXT_SIZE];
    char to[TEXT_SIZE];
    tj_i128 value = tj_statement_value(r->value);
    text_format_date(from, r->period_from);
    text_format_date(to, r->as_of);
    words_add(words, "%s", name_of(tj_figure_names, TJ_FIGURE_END, r->figure));
    if (r->purpose != 0) {
        words_add(words, " by %s", name_of(tj_purpose_names, TJ_PURPOSE_END, r->purpose));
    }
    if (r->figure < TJ_FIGURE_END && of_party[r->figure] != NULL) {
        words_add(words, "%s %" PRIu32, of_party[r->figure], r->party);
    }
    if (tj_in_mask(TJ_FIGURES_OF_RULE, r->figure)) {
        words_add(words, " of rule %" PRIu32, r->rule);
    }
    words_add(words, " from %s to %s: ", from, to);
    if (r->figure == TJ_FIGURE_BREACHES) {
        char count[TJ_AMOUNT_TEXT_SIZE];
        tj_amount_format_base(count, value);
        words_add(words, "%s", count);
    } else {
        words_amount(words, assets, r->asset, value);
    }
}
