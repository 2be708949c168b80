#ifndef TIJORI_TEXT_TEXT_H
#define TIJORI_TEXT_TEXT_H

/* How things read: accounts, record ids, dates, times, hex, amounts; and untrusted text on its way
 * to a terminal or a spreadsheet. Every parser reads the whole string or answers false; what a
 * formatter writes its parser reads back, but for years beyond 9999. No locale, no time zone. */

#include "core/base/amount.h"
#include "core/base/limits.h"
#include "core/base/status.h"

#include <stdio.h>

/* Room for any one of: account, record id, date, time, each with its NUL. */
enum { TEXT_SIZE = 48 };

/* "PASS", "INCOMPLETE", "FINDING", "FAIL". */
const char *text_verdict(enum tijori_verdict verdict);

/* A decimal number without sign or leading zeros ("0" alone is fine), at most `max`. */
bool text_parse_number(uint64_t *out, const char *text, uint64_t max) TJ_MUST_USE;

/* "party:local". */
bool text_parse_account(uint64_t *account, const char *text) TJ_MUST_USE;
void text_format_account(char out[TEXT_SIZE], uint64_t account);

/* A holder: an account, or all of a party, "party:*". */
bool text_parse_holder(uint64_t *holder, const char *text) TJ_MUST_USE;
void text_format_holder(char out[TEXT_SIZE], uint64_t holder);

/* "entry:position"; the id is entry << 13 | position. */
bool text_parse_record_id(uint64_t *id, const char *text) TJ_MUST_USE;
void text_format_record_id(char out[TEXT_SIZE], uint64_t id);

/* "2021-09-06" and days since 1970-01-01. Years that are read have four digits; a record may hold
 * one that takes more to write. */
bool text_parse_date(uint32_t *days, const char *text) TJ_MUST_USE;
/* The first nanosecond of the day; UINT64_MAX where it does not fit. */
uint64_t text_date_ns(uint32_t days);
void text_format_date(char out[TEXT_SIZE], uint32_t days);

/* RFC 3339: "2021-09-06T12:00:00Z", with up to 9 digits of fraction; "+05:30" is read too and
 * turned into UTC. Leap seconds are not read. Written are UTC, and nanoseconds only when asked for.
 */
bool text_parse_time_ns(uint64_t *ns, const char *text) TJ_MUST_USE;
bool text_parse_time_s(uint64_t *seconds, const char *text) TJ_MUST_USE; /* no fraction */
void text_format_time_ns(char out[TEXT_SIZE], uint64_t ns);
void text_format_time_s(char out[TEXT_SIZE], uint64_t seconds);

/* "90s", "15m", "24h", "7d": one number, one unit; in seconds. */
bool text_parse_duration(uint64_t *seconds, const char *text) TJ_MUST_USE;

/* Exactly 2 * size digits, either case. tj_hex_encode() writes them. */
bool text_parse_hex(uint8_t *out, size_t size, const char *text) TJ_MUST_USE;

/* ---- amounts ---- */

struct asset {
    uint32_t number;
    uint8_t decimals;
    char code[TJ_ASSET_CODE_SIZE + 1];
};

/* What assets there are: from a ledger's state, a genesis, or bitcoin alone. The functions answer
 * false when they do not know. */
struct assets {
    const void *context;
    bool (*by_code)(const void *context, struct asset *out, const char *code);
    bool (*by_number)(const void *context, struct asset *out, uint32_t number);
    bool (*of_account)(const void *context, struct asset *out, uint64_t account);
};
/* Knows BTC as asset 1 with 8 decimals (true in every ledger, docs/FORMAT.md section 6), and of no
 * account what it holds. */
extern const struct assets assets_bitcoin;

/* "1.5 BTC", "150000000 sat" (base units of BTC), "2.50 USD": a number, one space, a unit. On false
 * *why is a sentence that says what is wrong. *asset gets what the unit means. */
bool text_parse_amount(struct tj_amount *amount, struct asset *asset, const char *text,
                       const struct assets *assets, const char **why) TJ_MUST_USE;
/* The same for what may be below zero, "-1.5 BTC", and need not fit 64 bits. */
bool text_parse_signed(tj_i128 *value, struct asset *asset, const char *text,
                       const struct assets *assets, const char **why) TJ_MUST_USE;
/* "1.50000000 BTC". */
enum { TEXT_AMOUNT_SIZE = TJ_AMOUNT_TEXT_SIZE + 1 + TJ_ASSET_CODE_SIZE + 1 };
void text_format_amount(char out[TEXT_AMOUNT_SIZE], tj_i128 base, const struct asset *asset);

/* ---- what cannot be seen ---- */

/* Spaces alone, of any kind; the empty text too. */
bool text_is_blank(const char *text) TJ_MUST_USE;

/* What a person cannot see, in a text that is to be ASCII: a sentence without its subject that
 * names the first such character, "holds a no-break space ...". NULL when there is none. */
const char *text_odd_character(const char *text);

/* ---- untrusted text on its way out ---- */

/* Copies text for a terminal: control characters, bytes that are not UTF-8, and the characters that
 * turn the direction of writing become \xNN or \u{NNNN}; a backslash is doubled. Cut to fit. */
void text_sanitise(char *out, size_t out_size, const char *text);

/* Writes one CSV cell: quoted where RFC 4180 wants it; a cell that a spreadsheet would take for a
 * formula (= + - @, tab, carriage return first) gets an apostrophe in front. For untrusted text;
 * numbers are written as they are. */
void text_csv_cell(FILE *out, const char *text);

/* True when colour is welcome: a terminal, and NO_COLOR is not set (https://no-color.org). */
bool text_colour(FILE *out) TJ_MUST_USE;

#endif
