/* How things read and print: accounts, record ids, dates, times, durations, amounts; untrusted
 * text; and how a command line is taken apart. */

#include "cli/nearest.h"
#include "cli/options.h"
#include "cli/options_print.h"
#include "crypto/hex.h"
#include "text/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- numbers ---- */

static void numbers_have_one_spelling(void **state)
{
    (void)state;
    uint64_t out;
    assert_true(text_parse_number(&out, "0", 10) && out == 0);
    assert_true(text_parse_number(&out, "18446744073709551615", UINT64_MAX) && out == UINT64_MAX);
    const char *const wrong[] = {
        "", "-1", "+1", " 1", "1 ", "01", "1.0", "x", "11", "1e1", "18446744073709551616"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(text_parse_number(&out, wrong[i], 10));
    }
    assert_false(text_parse_number(&out, "18446744073709551616", UINT64_MAX));
    assert_false(text_parse_number(&out, "99999999999999999999999", UINT64_MAX));
}

static void accounts_and_records_read_back(void **state)
{
    (void)state;
    char text[TEXT_SIZE];
    uint64_t out;
    assert_true(text_parse_account(&out, "4294967295:2147483647") &&
                out == UINT64_C(0xFFFFFFFF7FFFFFFF));
    /* A restricted account has numbers of its own, and one spelling. */
    assert_true(text_parse_account(&out, "7:r0") && out == (UINT64_C(7) << 32 | 0x80000000));
    text_format_account(text, out);
    assert_string_equal(text, "7:r0");
    assert_true(text_parse_account(&out, "7:r2147483646") &&
                out == (UINT64_C(7) << 32 | 0xFFFFFFFE));
    text_format_account(text, out);
    assert_string_equal(text, "7:r2147483646");
    text_format_account(text, UINT64_C(7) << 32 | 12);
    assert_string_equal(text, "7:12");
    assert_true(text_parse_account(&out, text) && out == (UINT64_C(7) << 32 | 12));
    assert_true(text_parse_record_id(&out, "12:8191") && out == (12u << 13 | 8191));
    text_format_record_id(text, UINT64_MAX);
    assert_true(text_parse_record_id(&out, text) && out == UINT64_MAX);
    const char *const wrong[] = {
        "",     "1",    "1:",           ":1",           "1:2:3", "1:-2",          "4294967296:0",
        "a:b",  "1 :2", "1:2147483648", "1:4294967295", "1:r",   "1:r2147483647", "1:r01",
        "1:R1", "1:r1 "};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(text_parse_account(&out, wrong[i]));
    }
    assert_false(text_parse_record_id(&out, "1:8192")); /* positions have 13 bits */
    assert_false(text_parse_record_id(&out, "2251799813685248:0"));
}

static void holders_read_back(void **state)
{
    (void)state;
    char text[TEXT_SIZE];
    uint64_t out;
    assert_true(text_parse_holder(&out, "7:12") && out == (UINT64_C(7) << 32 | 12));
    assert_true(text_parse_holder(&out, "7:*") && out == (UINT64_C(7) << 32 | UINT32_MAX));
    text_format_holder(text, out);
    assert_string_equal(text, "7:*");
    text_format_holder(text, 12);
    assert_string_equal(text, "0:12");
    /* All of a party has one spelling. */
    const char *const wrong[] = {"",    "7",   "*",    "7:",   "7:**",         ":*",
                                 "*:7", "*:*", "07:*", "7:* ", "7:4294967295", "4294967296:*"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(text_parse_holder(&out, wrong[i]));
    }
}

/* ---- dates and times ---- */

static void dates_follow_the_calendar(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t days;
    } known[] = {
        {"1970-01-01", 0},     {"1970-12-31", 364},   {"1972-02-29", 789},
        {"2000-02-29", 11016}, {"2000-03-01", 11017}, {"2021-09-07", 18877},
        {"2100-02-28", 47540}, {"2100-03-01", 47541}, {"9999-12-31", 2932896},
    };
    char text[TEXT_SIZE];
    uint32_t days;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        assert_true(text_parse_date(&days, known[i].text));
        assert_int_equal(days, known[i].days);
        text_format_date(text, days);
        assert_string_equal(text, known[i].text);
    }
    const uint32_t far[] = {2932897, 100000000, UINT32_MAX}; /* a hostile value_date */
    for (size_t i = 0; i < sizeof far / sizeof far[0]; i++) {
        text_format_date(text, far[i]);
        assert_true(strlen(text) > strlen("9999-12-31") && strlen(text) < TEXT_SIZE);
        assert_false(text_parse_date(&days, text)); /* nobody writes such a year on purpose */
    }
}

static void each_day_of_four_centuries_reads_back(void **state)
{
    (void)state;
    char text[TEXT_SIZE];
    uint32_t back;
    for (uint32_t days = 0; days <= 146097; days++) {
        text_format_date(text, days);
        assert_true(text_parse_date(&back, text));
        assert_int_equal(back, days);
    }
}

static void what_is_no_date_is_refused(void **state)
{
    (void)state;
    const char *const wrong[] = {
        "",
        "2021",
        "2021-9-7",
        "2021-13-01",
        "2021-00-01",
        "2021-01-00",
        "2021-02-29",
        "2100-02-29",
        "2021-04-31",
        "1969-12-31",
        "0000-01-01",
        "2021-01-01 ",
        "21-01-01",
        "2021/01/01",
        "02021-01-01",
        "-2021-01-01",
        "2021-01-011",
        "99999999-01-01",
        "10000-01-01",
        "99999-01-15",
    };
    uint32_t days;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (text_parse_date(&days, wrong[i])) {
            fail_msg("'%s' was read as a date", wrong[i]);
        }
    }
}

static void times_are_utc(void **state)
{
    (void)state;
    char text[TEXT_SIZE];
    uint64_t out;
    assert_true(text_parse_time_s(&out, "2023-11-14T22:13:20Z") && out == 1700000000);
    assert_true(text_parse_time_s(&out, "2023-11-15T03:43:20+05:30") && out == 1700000000);
    assert_true(text_parse_time_s(&out, "2023-11-14t19:13:20-03:00") && out == 1700000000);
    text_format_time_s(text, 1700000000);
    assert_string_equal(text, "2023-11-14T22:13:20Z");
    text_format_time_ns(text, UINT64_C(1700000000000000001));
    assert_string_equal(text, "2023-11-14T22:13:20.000000001Z");
    assert_true(text_parse_time_ns(&out, text) && out == UINT64_C(1700000000000000001));
    assert_true(text_parse_time_ns(&out, "2023-11-14T22:13:20.5Z") &&
                out == UINT64_C(1700000000500000000));
    text_format_time_ns(text, UINT64_MAX);
    assert_true(text_parse_time_ns(&out, text) && out == UINT64_MAX);
    text_format_time_s(text, UINT64_MAX); /* a hostile created_s: no more than that it ends */
    assert_true(strlen(text) < TEXT_SIZE);
    const char *const wrong[] = {
        "",
        "2023-11-14",
        "2023-11-14T22:13Z",
        "2023-11-14T22:13:20",
        "2023-11-14T24:00:00Z",
        "2023-11-14T22:60:00Z",
        "2023-11-14T22:13:60Z",
        "2023-11-14T22:13:20.Z",
        "2023-11-14T22:13:20.1234567890Z",
        "2023-11-14T22:13:20Zx",
        "2023-11-14T22:13:20+0530",
        "1970-01-01T00:00:00+01:00",
        "99999-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (text_parse_time_ns(&out, wrong[i])) {
            fail_msg("'%s' was read as a time", wrong[i]);
        }
    }
    assert_false(text_parse_time_s(&out, "2023-11-14T22:13:20.5Z"));
}

static void durations_have_a_unit(void **state)
{
    (void)state;
    uint64_t out;
    assert_true(text_parse_duration(&out, "90s") && out == 90);
    assert_true(text_parse_duration(&out, "15m") && out == 900);
    assert_true(text_parse_duration(&out, "24h") && out == 86400);
    assert_true(text_parse_duration(&out, "7d") && out == 604800);
    const char *const wrong[] = {"", "7", "d", "7w", "1.5h", "-1h", "1h30m", "1 h", "4294967296s"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(text_parse_duration(&out, wrong[i]));
    }
}

static void hex_has_its_length(void **state)
{
    (void)state;
    uint8_t bytes[2];
    char text[5];
    assert_true(text_parse_hex(bytes, 2, "00Ff"));
    tj_hex_encode(text, bytes, 2);
    assert_string_equal(text, "00ff");
    assert_false(text_parse_hex(bytes, 2, "00f"));
    assert_false(text_parse_hex(bytes, 2, "00fff"));
    assert_false(text_parse_hex(bytes, 2, "00fg"));
    assert_false(text_parse_hex(bytes, 2, ""));
}

/* ---- amounts ---- */

static bool amount_is(const char *text, uint64_t base)
{
    struct tj_amount amount;
    struct asset asset;
    const char *why = NULL;
    return text_parse_amount(&amount, &asset, text, &assets_bitcoin, &why) && amount.base == base &&
           asset.number == 1;
}

static bool signed_is(const char *text, tj_i128 base)
{
    tj_i128 value;
    struct asset asset;
    const char *why;
    return text_parse_signed(&value, &asset, text, &assets_bitcoin, &why) && value == base;
}

static void amounts_may_be_below_zero_where_that_means_something(void **state)
{
    (void)state;
    char text[64];
    tj_i128 least = (tj_i128)((tj_u128)1 << 127);
    assert_true(signed_is("-1.5 BTC", -150000000) && signed_is("1.5 BTC", 150000000));
    assert_true(signed_is("-0 sat", 0));
    tj_amount_format_base(text, least);
    snprintf(text + strlen(text), sizeof text - strlen(text), " sat");
    assert_true(signed_is(text, least));
    assert_false(signed_is(text + 1, least)); /* 2^127 itself does not fit */
    assert_true(signed_is("170141183460469231731687303715884105727 sat", ~least));
    const char *const wrong[] = {"--1 sat", "- 1 sat", "+1 sat", "-sat",
                                 "-1",      "-.5 BTC", "1-1 sat"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(signed_is(wrong[i], 0));
    }
    assert_false(amount_is("-1 sat", 0) || amount_is("-0 sat", 0));
    assert_false(amount_is("18446744073709551616 sat", 0));
}

static void amounts_carry_their_unit(void **state)
{
    (void)state;
    assert_true(amount_is("1.5 BTC", 150000000));
    assert_true(amount_is("150000000 sat", 150000000));
    assert_true(amount_is("0.00000001 BTC", 1));
    assert_true(amount_is("21000000 BTC", UINT64_C(2100000000000000)));
    const char *const wrong[] = {
        "",
        "1.5",
        "150000000",
        "BTC",
        "1.5BTC",
        "1.5  BTC",
        "1.5 btc",
        "1.5 USD",
        "-1 BTC",
        "+1 BTC",
        "1,5 BTC",
        "1.5 sat",
        "1. BTC",
        ".5 BTC",
        "1e8 sat",
        "1.5 BTC ",
        "0.000000001 BTC",
        "1..5 BTC",
        " 1.5 BTC",
        "1.5 ",
        "99999999999999999999 sat",
        "184467440738 BTC",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct tj_amount amount;
        struct asset asset;
        const char *why = NULL;
        if (text_parse_amount(&amount, &asset, wrong[i], &assets_bitcoin, &why)) {
            fail_msg("'%s' was read as an amount", wrong[i]);
        }
        assert_non_null(why);
    }
}

/* ---- untrusted text ---- */

static void terminals_see_no_controls(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        const char *out;
    } cases[] = {
        {"plain", "plain"},
        {"Banco Central de Reserva, Núñez ₿", "Banco Central de Reserva, Núñez ₿"},
        {"a\x1b[31mb", "a\\x1b[31mb"},
        {"a\nb\tc\rd", "a\\x0ab\\x09c\\x0dd"},
        {"\x7f", "\\x7f"},
        {"\xc2\x9b"
         "31m",
         "\\u{009b}31m"}, /* CSI as one character */
        {"\xe2\x80\xae"
         "fdp.exe",
         "\\u{202e}fdp.exe"}, /* right-to-left override */
        {"\xff\xc3(", "\\xff\\xc3("},
        {"\xc0\xaf", "\\xc0\\xaf"},          /* overlong */
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"}, /* surrogate */
        {"\xe2\x82", "\\xe2\\x82"},          /* cut short */
        {"back\\slash", "back\\\\slash"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[256];
        text_sanitise(out, sizeof out, cases[i].in);
        assert_string_equal(out, cases[i].out);
    }
    char small[8];
    text_sanitise(small, sizeof small, "abcde\x1b"); /* no half an escape */
    assert_string_equal(small, "abcde");
}

static void csv_cells_are_no_formulas(void **state)
{
    (void)state;
    static const struct {
        const char *in;
        const char *out;
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"=1+1", "'=1+1"},
        {"+1", "'+1"},
        {"-1", "'-1"},
        {"@SUM(A1)", "'@SUM(A1)"},
        {"\tx", "'\tx"},
        {"a=b", "a=b"},
        {"a,b", "\"a,b\""},
        {"say \"no\"", "\"say \"\"no\"\"\""},
        {"=cmd,\"x\"", "\"'=cmd,\"\"x\"\"\""},
        {"two\nlines", "\"two\nlines\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *out = NULL;
        size_t size = 0;
        FILE *file = open_memstream(&out, &size);
        assert_non_null(file);
        text_csv_cell(file, cases[i].in);
        fclose(file);
        assert_string_equal(out, cases[i].out);
        free(out);
    }
}

/* ---- the command line ---- */

/* What the command below was called with. */
static char seen[256];

static int run_seen(const struct arguments *arguments)
{
    size_t used = 0;
    uint64_t number = 0;
    if (!argument_number(arguments, &number, "number", 1, 9)) {
        return 2;
    }
    for (size_t i = 0; i < arguments->operand_count; i++) {
        used += (size_t)snprintf(seen + used, sizeof seen - used, "%s ", arguments->operands[i]);
    }
    for (size_t i = 0; i < argument_count(arguments, "key"); i++) {
        used += (size_t)snprintf(seen + used, sizeof seen - used, "k=%s ",
                                 argument_item(arguments, "key", i));
    }
    const char *output = argument_value(arguments, "output");
    snprintf(seen + used, sizeof seen - used, "o=%s f=%u n=%u q=%d", output != NULL ? output : "",
             argument_choice(arguments, "format"), (unsigned)number,
             argument_flag(arguments, "quiet"));
    return 0;
}

static const struct operand_row test_operands[] = {
    {"A", OPERAND_NEEDED, "a"}, {"B", OPERAND_OPTIONAL, "b"}, END_OF_OPERANDS};
static const struct option_row test_options[] = {
    {"key", 0, OPTION_LIST, false, "KEY", "keys"},
    {"output", 'o', OPTION_VALUE, false, "FILE", "file"},
    {"format", 0, OPTION_VALUE, false, "text|json", "format"},
    {"number", 0, OPTION_VALUE, false, "N", "number"},
    {"quiet", 'q', OPTION_FLAG, false, NULL, "quiet"},
    {NULL, 0, 0, false, NULL, NULL},
};
static const struct command test_commands[] = {
    {.name = "do it",
     .summary = "do it",
     .operands = test_operands,
     .options = test_options,
     .run = run_seen},
};
static const struct program test_program = {
    .name = "test",
    .summary = "a test",
    .commands = test_commands,
    .command_count = 1,
    .see_also = "nothing",
};

enum { WORDS_MAX = 16 };

/* Splits at spaces; a word "''" is an empty argument. */
static int run_line(const char *line)
{
    char text[256];
    char *argv[WORDS_MAX + 1] = {NULL};
    int argc = 0;
    snprintf(text, sizeof text, "%s", line);
    for (char *at = text; at != NULL && *at != '\0' && argc < WORDS_MAX;) {
        char *end = strchr(at, ' ');
        if (end != NULL) {
            *end++ = '\0';
        }
        argv[argc++] = strcmp(at, "''") == 0 ? at + 2 : at;
        at = end;
    }
    seen[0] = '\0';
    return program_main(&test_program, argv, argc);
}

static void command_lines_are_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *seen;
    } cases[] = {
        {"test do it a", "a o= f=0 n=0 q=0"},
        {"test do it a b", "a b o= f=0 n=0 q=0"},
        {"test do it --output x a", "a o=x f=0 n=0 q=0"},
        {"test do it a --output=x -q", "a o=x f=0 n=0 q=1"},
        {"test do it a --output=", "a o= f=0 n=0 q=0"},
        {"test do it a -ox", "a o=x f=0 n=0 q=0"},
        {"test do it a -o -", "a o=- f=0 n=0 q=0"},
        {"test do it -", "- o= f=0 n=0 q=0"},
        {"test do it a --key x y z", "a k=x k=y k=z o= f=0 n=0 q=0"},
        {"test do it a --key x --key y", "a k=x k=y o= f=0 n=0 q=0"},
        {"test do it --key=x a --key=y", "a k=x k=y o= f=0 n=0 q=0"},
        {"test do it --key x y -- a b", "a b k=x k=y o= f=0 n=0 q=0"},
        {"test do it --key x --number 9 a", "a k=x o= f=0 n=9 q=0"},
        {"test do it -- --key", "--key o= f=0 n=0 q=0"},
        {"test do it a --format json", "a o= f=1 n=0 q=0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(run_line(cases[i].line), 0);
        assert_string_equal(seen, cases[i].seen);
    }
}

/* Operands, what is required, what may be left out; nothing that is not shown. */
static void the_synopsis_is_made_from_the_table(void **state)
{
    (void)state;
    static const struct operand_row operands[] = {
        {"A", OPERAND_NEEDED, "a"}, {"B...", OPERAND_OPTIONAL, "b"}, END_OF_OPERANDS};
    static const struct option_row options[] = {
        {"quiet", 'q', OPTION_FLAG, false, NULL, "quiet"},
        {"key", 0, OPTION_LIST, true, "KEY", "keys"},
        {"output", 'o', OPTION_VALUE, true, "FILE", "file"},
        {"format", 0, OPTION_VALUE, false, "text|json", "format"},
        {"hidden", 0, OPTION_VALUE, false, "N", NULL},
        {"log", 0, OPTION_LIST, false, "LOG", "logs"},
        END_OF_OPTIONS,
    };
    const struct command command = {.name = "do", .operands = operands, .options = options};
    const struct command bare = {.name = "do"};
    char text[SYNOPSIS_SIZE];
    options_synopsis(text, &command);
    assert_string_equal(text,
                        " A [B...] --key KEY... -o FILE [-q] [--format text|json] [--log LOG...]");
    options_synopsis(text, &bare);
    assert_string_equal(text, "");
}

/* A ledger's directory may come from elsewhere. */
static void a_synopsis_shows_what_may_be_left_out(void **state)
{
    (void)state;
    static const struct operand_row operands[] = {
        {"DIR", OPERAND_LEDGER, "d"}, {"ACCOUNT", OPERAND_NEEDED, "a"}, END_OF_OPERANDS};
    const struct command command = {.name = "do", .operands = operands};
    char text[SYNOPSIS_SIZE];
    options_synopsis(text, &command);
    assert_string_equal(text, " [DIR] ACCOUNT");
}

static void the_nearest_word_is_near(void **state)
{
    (void)state;
    static const struct {
        const char *typed;
        const char *word;
        bool near;
    } cases[] = {
        {"a", "b", true},   /* one letter may always be wrong */
        {"a", "bc", false}, /* two are too many */
        {"ab", "ba", true}, /* a swap is one */
        {"ab", "cd", false},        {"status", "statXY", true}, {"status", "staXYZ", false},
        {"stauts", "status", true}, {"sttu", "status", false},  {"status", "statuses", true},
        {"status", "us", false},    {"format", "format", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct nearest nearest = nearest_to(cases[i].typed, strlen(cases[i].typed));
        nearest_offer(&nearest, cases[i].word);
        if ((nearest.best != NULL) != cases[i].near) {
            fail_msg("'%s' and '%s'", cases[i].typed, cases[i].word);
        }
    }
    struct nearest nearest = nearest_to("statement=x", strlen("statment"));
    nearest_offer(&nearest, "status");
    nearest_offer(&nearest, "statement");
    assert_string_equal(nearest.best, "statement");
    /* Words of up to 48 letters are compared. */
    char long_word[50];
    for (size_t size = 48; size <= 49; size++) {
        memset(long_word, 'x', size);
        long_word[size] = '\0';
        nearest = nearest_to(long_word, size);
        nearest_offer(&nearest, long_word);
        assert_int_equal(nearest.best != NULL, size == 48);
    }
}

static void wrong_command_lines_are_usage(void **state)
{
    (void)state;
    const char *const wrong[] = {
        "test",
        "test do",
        "test undo it a",
        "test undo --help",
        "test do at --help",
        "test help undo",
        "test --help undo",
        "test do it",
        "test do it a b c",
        "test do it a --no-such",
        "test do it a --no-such=1",
        "test do it a -x",
        "test do it a --outpu x",
        "test do it a --output",
        "test do it a --output x --output y",
        "test do it a --key",
        "test do it a --key --quiet",
        "test do it a --quiet=1",
        "test do it a -qx",
        "test do it a --format xml",
        "test do it a --format ''",
        "test do it a --number 0",
        "test do it a --number 10",
        "test do it a --number 1x",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (run_line(wrong[i]) != 2 || seen[0] != '\0') {
            fail_msg("'%s' is not refused", wrong[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_have_one_spelling),
        cmocka_unit_test(accounts_and_records_read_back),
        cmocka_unit_test(holders_read_back),
        cmocka_unit_test(dates_follow_the_calendar),
        cmocka_unit_test(each_day_of_four_centuries_reads_back),
        cmocka_unit_test(what_is_no_date_is_refused),
        cmocka_unit_test(times_are_utc),
        cmocka_unit_test(durations_have_a_unit),
        cmocka_unit_test(hex_has_its_length),
        cmocka_unit_test(amounts_carry_their_unit),
        cmocka_unit_test(amounts_may_be_below_zero_where_that_means_something),
        cmocka_unit_test(terminals_see_no_controls),
        cmocka_unit_test(csv_cells_are_no_formulas),
        cmocka_unit_test(command_lines_are_taken_apart),
        cmocka_unit_test(the_synopsis_is_made_from_the_table),
        cmocka_unit_test(a_synopsis_shows_what_may_be_left_out),
        cmocka_unit_test(the_nearest_word_is_near),
        cmocka_unit_test(wrong_command_lines_are_usage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
