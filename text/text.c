#include "text/text.h"

#include "core/format/record.h"

#include "crypto/hex.h"
#include "crypto/utf8.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- numbers and ids ---- */

/* Reads digits at *at up to `max`; at least one, at most `digits_max` of them. */
static bool take_number(const char **at, size_t digits_max, uint64_t *out, uint64_t max)
{
    uint64_t value = 0;
    size_t digits = 0;
    while (**at >= '0' && **at <= '9') {
        uint64_t digit = (uint64_t)(**at - '0');
        if (++digits > digits_max || value > (max - digit) / 10 || digit > max) {
            return false;
        }
        value = value * 10 + digit;
        (*at)++;
    }
    *out = value;
    return digits > 0;
}

/* Without leading zeros, so that a number has one spelling. */
static bool take_plain(const char **at, uint64_t *out, uint64_t max)
{
    bool leading_zero = (*at)[0] == '0' && (*at)[1] >= '0' && (*at)[1] <= '9';
    return !leading_zero && take_number(at, 20, out, max);
}

const char *text_verdict(enum tijori_verdict verdict)
{
    switch (verdict) {
    case TIJORI_PASS:
        return "PASS";
    case TIJORI_FINDING:
        return "FINDING";
    case TIJORI_INCOMPLETE:
        return "INCOMPLETE";
    case TIJORI_FAIL:
        return "FAIL";
    }
    abort();
}

bool text_parse_number(uint64_t *out, const char *text, uint64_t max)
{
    return take_plain(&text, out, max) && *text == '\0';
}

static bool parse_pair(uint64_t *first, uint64_t *second, const char *text, uint64_t first_max,
                       uint64_t second_max)
{
    return take_plain(&text, first, first_max) && *text++ == ':' &&
           take_plain(&text, second, second_max) && *text == '\0';
}

bool text_parse_account(uint64_t *account, const char *text)
{
    uint64_t party;
    uint64_t number;
    if (!take_plain(&text, &party, UINT32_MAX) || *text++ != ':') {
        return false;
    }
    const bool restricted = *text == 'r';
    text += restricted;
    if (!take_plain(&text, &number, TJ_LOCAL_RESTRICTED - 1) || *text != '\0') {
        return false;
    }
    *account = tj_account_id((uint32_t)party, (uint32_t)number);
    if (restricted) {
        *account |= TJ_LOCAL_RESTRICTED;
    }
    return !tj_holder_is_party(*account);
}

void text_format_account(char out[TEXT_SIZE], uint64_t account)
{
    tj_account_format(out, account);
}

bool text_parse_holder(uint64_t *holder, const char *text)
{
    uint64_t party;
    const char *at = text;
    if (take_plain(&at, &party, UINT32_MAX) && strcmp(at, ":*") == 0) {
        *holder = party << 32 | UINT32_MAX;
        return true;
    }
    return text_parse_account(holder, text);
}

void text_format_holder(char out[TEXT_SIZE], uint64_t holder)
{
    tj_account_format(out, holder);
}

bool text_parse_record_id(uint64_t *id, const char *text)
{
    uint64_t entry;
    uint64_t position;
    if (!parse_pair(&entry, &position, text, UINT64_MAX >> TJ_POSITION_BITS,
                    (1u << TJ_POSITION_BITS) - 1)) {
        return false;
    }
    *id = entry << TJ_POSITION_BITS | position;
    return true;
}

void text_format_record_id(char out[TEXT_SIZE], uint64_t id)
{
    snprintf(out, TEXT_SIZE, "%llu:%u", (unsigned long long)(id >> TJ_POSITION_BITS),
             (unsigned)(id & ((1u << TJ_POSITION_BITS) - 1)));
}

/* ---- dates and times ---- */

/* Days since 1970-01-01 of a date of the Gregorian calendar, years from 1 on. Counted from March,
 * so that a leap day is the last of its year: 153 days are the five months March to July, and again
 * August to December. */
static int64_t days_of(uint64_t year, uint64_t month, uint64_t day)
{
    uint64_t y = month <= 2 ? year - 1 : year;
    uint64_t m = month <= 2 ? month + 9 : month - 3;
    return (int64_t)(365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1) - 719468;
}

static void date_of(uint64_t *year, uint64_t *month, uint64_t *day, uint64_t days)
{
    uint64_t z = days + 719468;
    uint64_t era = z / 146097; /* 400 years */
    uint64_t doe = z % 146097;
    uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    uint64_t m = (5 * doy + 2) / 153;
    *day = doy - (153 * m + 2) / 5 + 1;
    *month = m < 10 ? m + 3 : m - 9;
    *year = era * 400 + yoe + (*month <= 2);
}

static unsigned days_in_month(uint64_t year, uint64_t month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

/* Exactly two digits. */
static bool take_two(const char **at, uint64_t *out, uint64_t max)
{
    const char *start = *at;
    return take_number(at, 2, out, max) && *at - start == 2;
}

static bool take_date(const char **at, int64_t *days)
{
    uint64_t year;
    uint64_t month;
    uint64_t day;
    const char *start = *at;
    if (!take_number(at, 4, &year, 9999) || *at - start != 4 || year == 0 || *(*at)++ != '-' ||
        !take_two(at, &month, 12) || month == 0 || *(*at)++ != '-' || !take_two(at, &day, 31) ||
        day == 0 || day > days_in_month(year, month)) {
        return false;
    }
    *days = days_of(year, month, day);
    return true;
}

bool text_parse_date(uint32_t *days, const char *text)
{
    int64_t value;
    if (!take_date(&text, &value) || *text != '\0' || value < 0 || value > UINT32_MAX) {
        return false;
    }
    *days = (uint32_t)value;
    return true;
}

/* Nanoseconds end in 2554. */
uint64_t text_date_ns(uint32_t days)
{
    uint64_t ns;
    return __builtin_mul_overflow((uint64_t)days, 86400 * TJ_NS_PER_S, &ns) ? UINT64_MAX : ns;
}

static void format_date(char out[TEXT_SIZE], uint64_t days)
{
    uint64_t year;
    uint64_t month;
    uint64_t day;
    date_of(&year, &month, &day, days);
    snprintf(out, TEXT_SIZE, "%04llu-%02u-%02u", (unsigned long long)year, (unsigned)month,
             (unsigned)day);
}

void text_format_date(char out[TEXT_SIZE], uint32_t days)
{
    format_date(out, days);
}

/* "Z", "+05:30", "-03:00": what is to be taken off, in seconds. */
static bool take_offset(const char **at, int64_t *offset)
{
    uint64_t hours;
    uint64_t minutes;
    char sign = *(*at)++;
    if (sign == 'Z' || sign == 'z') {
        *offset = 0;
        return true;
    }
    if ((sign != '+' && sign != '-') || !take_two(at, &hours, 23) || *(*at)++ != ':' ||
        !take_two(at, &minutes, 59)) {
        return false;
    }
    *offset = (int64_t)(hours * 3600 + minutes * 60) * (sign == '-' ? -1 : 1);
    return true;
}

static bool take_fraction(const char **at, uint64_t *ns)
{
    const char *start = ++*at;
    if (!take_number(at, 9, ns, 999999999)) {
        return false;
    }
    for (long digits = *at - start; digits < 9; digits++) {
        *ns *= 10;
    }
    return true;
}

static bool take_time(const char **at, uint64_t *seconds, uint64_t *ns)
{
    int64_t days;
    uint64_t hours;
    uint64_t minutes;
    uint64_t s;
    int64_t offset;
    *ns = 0;
    if (!take_date(at, &days) || (**at != 'T' && **at != 't' && **at != ' ')) {
        return false;
    }
    (*at)++;
    if (!take_two(at, &hours, 23) || *(*at)++ != ':' || !take_two(at, &minutes, 59) ||
        *(*at)++ != ':' || !take_two(at, &s, 59) || (**at == '.' && !take_fraction(at, ns)) ||
        !take_offset(at, &offset) || **at != '\0') {
        return false;
    }
    int64_t total = days * 86400 + (int64_t)(hours * 3600 + minutes * 60 + s) - offset;
    *seconds = (uint64_t)total;
    return total >= 0;
}

bool text_parse_time_ns(uint64_t *ns, const char *text)
{
    uint64_t seconds;
    uint64_t rest;
    return take_time(&text, &seconds, &rest) &&
           !__builtin_mul_overflow(seconds, TJ_NS_PER_S, &seconds) &&
           !__builtin_add_overflow(seconds, rest, ns);
}

bool text_parse_time_s(uint64_t *seconds, const char *text)
{
    uint64_t ns;
    return take_time(&text, seconds, &ns) && ns == 0;
}

void text_format_time_s(char out[TEXT_SIZE], uint64_t seconds)
{
    char date[TEXT_SIZE];
    uint64_t in_day = seconds % 86400;
    format_date(date, seconds / 86400);
    snprintf(out, TEXT_SIZE, "%.24sT%02u:%02u:%02uZ", date, (unsigned)(in_day / 3600),
             (unsigned)(in_day / 60 % 60), (unsigned)(in_day % 60));
}

void text_format_time_ns(char out[TEXT_SIZE], uint64_t ns)
{
    char time[TEXT_SIZE];
    text_format_time_s(time, ns / TJ_NS_PER_S);
    snprintf(out, TEXT_SIZE, "%.*s.%09uZ", (int)(strlen(time) - 1), time,
             (unsigned)(ns % TJ_NS_PER_S));
}

bool text_parse_duration(uint64_t *seconds, const char *text)
{
    static const char units[] = "smhd";
    static const uint32_t unit_seconds[] = {1, 60, 3600, 86400};
    if (!take_plain(&text, seconds, UINT32_MAX) || *text == '\0' || text[1] != '\0') {
        return false;
    }
    const char *unit = strchr(units, *text);
    if (unit == NULL) {
        return false;
    }
    *seconds *= unit_seconds[unit - units];
    return true;
}

bool text_parse_hex(uint8_t *out, size_t size, const char *text)
{
    return tj_hex_decode_any_case(out, size, text, strlen(text));
}

/* ---- what cannot be seen ---- */

/* Spaces of Unicode beside the one of ASCII. */
static bool is_odd_space(uint32_t point)
{
    return point == 0xa0 || point == 0x1680 || (point >= 0x2000 && point <= 0x200b) ||
           point == 0x202f || point == 0x205f || point == 0x2060 || point == 0x3000 ||
           point == 0xfeff;
}

static uint32_t next_point(const char **at)
{
    enum { UTF8_MAX = 4 };
    uint32_t point = 0;
    const size_t size = tj_utf8_next(&point, *at, strnlen(*at, UTF8_MAX));
    *at += size > 0 ? size : 1;
    return size > 0 ? point : 0xfffd;
}

bool text_is_blank(const char *text)
{
    while (*text != '\0') {
        const uint32_t point = next_point(&text);
        if (point != ' ' && point != '\t' && !is_odd_space(point)) {
            return false;
        }
    }
    return true;
}

const char *text_odd_character(const char *text)
{
    while (*text != '\0') {
        const uint32_t point = next_point(&text);
        if (point == 0xa0 || point == 0x202f) {
            return "holds a no-break space (U+00A0 or U+202F), which looks like a space and is "
                   "none: "
                   "type it again with the space bar";
        }
        if (is_odd_space(point)) {
            return "holds a space that is not the one of the space bar, or one without width: type "
                   "it again";
        }
        if (point == 0x2212 || (point >= 0x2010 && point <= 0x2015)) {
            return "holds a dash that is not the minus sign of the keyboard (-): type it again";
        }
        if (point >= 0x80) {
            return "holds a character that is not ASCII: type it again";
        }
    }
    return NULL;
}

/* ---- amounts ---- */

static bool bitcoin_by_code(const void *context, struct asset *out, const char *code)
{
    (void)context;
    *out = (struct asset){.number = 1, .decimals = 8, .code = "BTC"};
    return strcmp(code, "BTC") == 0;
}

static bool bitcoin_by_number(const void *context, struct asset *out, uint32_t number)
{
    return number == 1 && bitcoin_by_code(context, out, "BTC");
}

static bool bitcoin_of_account(const void *context, struct asset *out, uint64_t account)
{
    (void)context;
    (void)account;
    (void)out;
    return false;
}

const struct assets assets_bitcoin = {
    .context = NULL,
    .by_code = bitcoin_by_code,
    .by_number = bitcoin_by_number,
    .of_account = bitcoin_of_account,
};

bool text_parse_signed(tj_i128 *value, struct asset *asset, const char *text,
                       const struct assets *assets, const char **why)
{
    *why = text_odd_character(text);
    if (*why != NULL) {
        return false;
    }
    size_t sign = text[0] == '-';
    size_t number = strspn(text + sign, "0123456789.") + sign;
    const char *unit = text + number;
    if (number == sign) {
        *why = "not an amount; write 1.5 BTC or 150000000 sat";
        return false;
    }
    if (unit[0] == ',') {
        *why = "has a comma in its number; write a point before the decimals, and nothing between "
               "thousands: 1234.5 BTC";
        return false;
    }
    if (unit[0] == '\0') {
        *why = "has no unit; write 1.5 BTC or 150000000 sat";
        return false;
    }
    if (unit[0] != ' ' || unit[1] == '\0') {
        *why = "not an amount: a number, one space, and a unit, as in 1.5 BTC or 150000000 sat";
        return false;
    }
    bool base = strcmp(unit + 1, "sat") == 0;
    if (!assets->by_code(assets->context, asset, base ? "BTC" : unit + 1)) {
        *why = "unknown unit; known are BTC, sat, and the codes of the ledger's assets";
        return false;
    }
    if (!tj_amount_parse(value, text, number, base ? 0 : asset->decimals)) {
        *why = "not a number of that unit: digits and at most one point, no more decimals than the "
               "unit has";
        return false;
    }
    return true;
}

bool text_parse_amount(struct tj_amount *amount, struct asset *asset, const char *text,
                       const struct assets *assets, const char **why)
{
    tj_i128 value;
    if (!text_parse_signed(&value, asset, text, assets, why)) {
        return false;
    }
    if (text[0] == '-' || value > (tj_i128)UINT64_MAX) {
        *why = "not an amount: it is below zero or beyond 64 bits of base units";
        return false;
    }
    amount->base = (uint64_t)value;
    return true;
}

void text_format_amount(char out[TEXT_AMOUNT_SIZE], tj_i128 base, const struct asset *asset)
{
    char number[TJ_AMOUNT_TEXT_SIZE];
    tj_amount_format(number, base, asset->decimals);
    snprintf(out, TEXT_AMOUNT_SIZE, "%s %s", number, asset->code);
}

/* ---- untrusted text on its way out ---- */

/* Characters that change how a terminal shows what stands around them. */
static bool is_treacherous(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x61c ||
           (point >= 0x200b && point <= 0x200f) || (point >= 0x2028 && point <= 0x202e) ||
           (point >= 0x2060 && point <= 0x206f) || point == 0xfeff;
}

/* One character as a terminal may see it, and how many bytes of `text` it stands for. */
static size_t sanitise_one(char piece[16], const char *text)
{
    enum { UTF8_MAX = 4 };
    uint32_t point = 0;
    const size_t size = tj_utf8_next(&point, text, strnlen(text, UTF8_MAX));
    if (size == 0) {
        snprintf(piece, 16, "\\x%02x", (uint8_t)text[0]);
        return 1;
    }
    if (point == '\\') {
        snprintf(piece, 16, "\\\\");
    } else if (!is_treacherous(point)) {
        snprintf(piece, 16, "%.*s", (int)size, text);
    } else if (point < 0x80) {
        snprintf(piece, 16, "\\x%02x", (unsigned)point);
    } else {
        snprintf(piece, 16, "\\u{%04x}", (unsigned)point);
    }
    return size;
}

void text_sanitise(char *out, size_t out_size, const char *text)
{
    size_t used = 0;
    out[0] = '\0';
    while (*text != '\0') {
        char piece[16];
        text += sanitise_one(piece, text);
        const size_t length = strlen(piece);
        if (used + length >= out_size) {
            return;
        }
        memcpy(out + used, piece, length + 1);
        used += length;
    }
}

void text_csv_cell(FILE *out, const char *text)
{
    bool formula = text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
    if (strpbrk(text, ",\"\r\n") == NULL) {
        fprintf(out, "%s%s", formula ? "'" : "", text);
        return;
    }
    fputs(formula ? "\"'" : "\"", out);
    for (; *text != '\0'; text++) {
        if (*text == '"') {
            fputc('"', out);
        }
        fputc(*text, out);
    }
    fputc('"', out);
}

bool text_colour(FILE *out)
{
    const char *no_color = getenv("NO_COLOR");
    return (no_color == NULL || no_color[0] == '\0') && isatty(fileno(out)) == 1;
}
