/* Rules files and the CSV that they read: docs/FORMAT.md section 11, each message once. */

#include "text/import_csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What was told: "line what: rule\n" each. */
struct told {
    char text[8192];
};

static void tell(void *context, uint32_t line, const char *what, const char *rule)
{
    struct told *told = context;
    size_t size = strlen(told->text);
    snprintf(told->text + size, sizeof told->text - size, "%u %s: %s\n", line, what, rule);
}

#define WHOLE                                                                                      \
    "constant from 1:0\ncolumn to To\ncolumn amount Amount\nconstant purpose purchase\n"           \
    "column reference Ref\n"

/* A rules file, and what is told of it; "" when it is right. */
static void rules_tell(const char *text, const char *wanted)
{
    struct import_rules rules;
    struct told told = {.text = ""};
    const struct import_faults faults = {&told, tell};
    assert_int_equal(import_rules_parse(&rules, text, strlen(text), &faults), wanted[0] == '\0');
    assert_string_equal(told.text, wanted);
    import_rules_clear(&rules);
}

static void a_rules_file_is_read(void **state)
{
    (void)state;
    static const char text[] =
        "\xef\xbb\xbf# ours\r\n  separator tab\r\ndecimal ,\r\ngrouping space\r\n"
        "date DD.MM.YYYY*\nskip 4\nnegative swap\n\ncolumns a \"b \"\"c\"\"\" d\n"
        "lookup to \"b \"\"c\"\"\" \"x y.csv\"\nconstant from 2:r0\n"
        "column amount a\nconstant purpose customer_deposit\n"
        "column reference d\nconstant kind pending\nconstant unit sat\n"
        "constant value_date 2026-02-28\ncolumn evidence d\n"
        "column reference_else a";
    struct import_rules rules;
    struct told told = {.text = ""};
    const struct import_faults faults = {&told, tell};
    assert_true(import_rules_parse(&rules, text, strlen(text), &faults));
    assert_string_equal(told.text, "");
    assert_int_equal(rules.separator, '\t');
    assert_int_equal(rules.decimal, ',');
    assert_int_equal(rules.grouping, ' ');
    assert_string_equal(rules.date, "DD.MM.YYYY*");
    assert_int_equal(rules.skip, 4);
    assert_true(rules.swaps);
    assert_int_equal(rules.column_count, 3);
    assert_string_equal(rules.columns[1], "b \"c\"");
    assert_int_equal(rules.fields[IMPORT_TO].how, IMPORT_LOOKUP);
    assert_string_equal(rules.fields[IMPORT_TO].text, "b \"c\"");
    assert_string_equal(rules.fields[IMPORT_TO].file, "x y.csv");
    assert_int_equal(rules.fields[IMPORT_TO].line, 10);
    import_rules_clear(&rules);
    rules_tell(WHOLE, "");
}

static void what_is_wrong_with_a_rules_file_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        const char *told;
    } rows[] = {
        {"colour red", "6 : 'colour' is no statement: separator, decimal, grouping, date, skip, "
                       "columns, negative, constant, column, lookup\n"},
        {"skip", "6 skip: is written as in: skip 3\n"},
        {"skip 1 2", "6 skip: is written as in: skip 3\n"},
        {"skip x", "6 skip: is to be a number of lines\n"},
        {"skip 4294967296", "6 skip: is to be a number of lines\n"},
        {"skip 1\nskip 1", "7 skip: was given before\n"},
        {"separator ;;", "6 separator: is to be one of , ; | : or the word tab\n"},
        {"separator x", "6 separator: is to be one of , ; | : or the word tab\n"},
        {"decimal ;", "6 decimal: is to be , or .\n"},
        {"grouping x", "6 grouping: is to be one of , . ' _ or the word space\n"},
        {"grouping .", "0 grouping: is the decimal mark as well\n"},
        {"date MM/DD", "6 date: is to have YYYY, MM and DD once each, as in DD.MM.YYYY; a * at its "
                       "end stands for whatever follows\n"},
        {"date YYYY.MM.DD.DD",
         "6 date: is to have YYYY, MM and DD once each, as in DD.MM.YYYY; a * at its "
         "end stands for whatever follows\n"},
        {"columns", "6 columns: is written as in: columns date amount \"Our reference\"\n"},
        {"columns a b a", "6 columns: names 'a' twice\n"},
        {"negative maybe", "6 negative: is to be swap or refuse\n"},
        {"constant value_date",
         "6 constant: is written as in: constant purpose customer_transfer\n"},
        {"constant value_date 30.01.2026", "6 value_date: a constant date is YYYY-MM-DD\n"},
        {"constant kind post", "6 kind: a kind is move or pending\n"},
        {"constant evidence 00", "6 evidence: it is another one in each row: name a column\n"},
        {"constant reference_else x",
         "6 reference_else: it is another one in each row: name a column\n"},
        {"column to Other", "6 to: was given in line 2 already\n"},
        {"column payee Other",
         "6 column: 'payee' is no field: kind, from, to, amount, unit, purpose, value_date, "
         "reference, reference_else, evidence\n"},
        {"column unit", "6 column: is written as in: column amount Betrag\n"},
        {"lookup unit Unit", "6 lookup: is written as in: lookup to Kunde customers.csv\n"},
        {"lookup value_date D dates.csv",
         "6 value_date: is not looked up: kind, from, to, unit and purpose are\n"},
        {"column unit \"Unit", "6 : a quotation mark is not closed, or text follows it\n"},
        {"column unit \"Unit\"x", "6 : a quotation mark is not closed, or text follows it\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[512];
        snprintf(text, sizeof text, WHOLE "%s", rows[i].line);
        rules_tell(text, rows[i].told);
    }
    rules_tell("constant from one\nconstant to 1:x\nconstant amount 1\nconstant purpose gift\n"
               "constant reference r\n",
               "1 from: an account is PARTY:NUMBER, as in 1:0 or 2:r0\n"
               "2 to: an account is PARTY:NUMBER, as in 1:0 or 2:r0\n"
               "3 amount: it is another one in each row: name a column\n"
               "4 purpose: there is no such purpose\n"
               "5 reference: it is another one in each row: name a column\n");
    rules_tell("", "0 from: no statement says where it comes from\n"
                   "0 to: no statement says where it comes from\n"
                   "0 amount: no statement says where it comes from\n"
                   "0 purpose: no statement says where it comes from\n"
                   "0 reference: no statement says where it comes from\n");
}

static void a_zero_byte_is_told(void **state)
{
    (void)state;
    struct import_rules rules;
    struct told told = {.text = ""};
    const struct import_faults faults = {&told, tell};
    assert_false(import_rules_parse(&rules, WHOLE "\0", sizeof WHOLE, &faults));
    assert_string_equal(told.text, "0 : is no text: it has a zero byte, or is too large\n");
    import_rules_clear(&rules);
}

/* 256 columns are named, and 257 are too many words. */
static void columns_have_a_bound(void **state)
{
    (void)state;
    char text[4096] = WHOLE "columns To Amount Ref";
    for (int i = 3; i < IMPORT_COLUMNS_MAX; i++) {
        snprintf(text + strlen(text), sizeof text - strlen(text), " c%d", i);
    }
    rules_tell(text, "");
    strcat(text, " more");
    rules_tell(text, "6 : has more than 257 words\n");
}

static void dates_follow_their_pattern(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *text;
        bool good;
    } rows[] = {
        {"YYYY-MM-DD", "2026-02-28", true},   {"YYYY-MM-DD", "2026-02-29", false},
        {"DD.MM.YYYY", "28.02.2026", true},   {"DD.MM.YYYY", "28.2.2026", false},
        {"DD.MM.YYYY", "28.02.20266", false}, {"DD.MM.YYYY", "28.02.202", false},
        {"MM/DD/YYYY", "02/28/2026", true},   {"YYYYMMDD", "20260228", true},
        {"YYYY-MM-DD*", "2026-02-28", true},  {"YYYY-MM-DD*", "2026-02-28 10:00", true},
        {"YYYY-MM-DD", "2026-02-28 ", false}, {"DD.MM.YYYY", "", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t days = 0;
        assert_int_equal(import_date(&days, rows[i].pattern, rows[i].text), rows[i].good);
        assert_true(!rows[i].good || days == 20512);
    }
}

/* ---- rows ---- */

/* What a CSV tells by rules of three columns, and each amount that it has. */
static void rows_are(const char *more, const char *csv, size_t size, const char *told_wanted,
                     const char *amounts_wanted)
{
    char text[1024];
    char amounts[256] = "";
    struct import_rules rules;
    struct told told = {.text = ""};
    const struct import_faults faults = {&told, tell};
    struct import_reader *reader = malloc(sizeof *reader);
    uint8_t record[TJ_RECORD_SIZE];
    enum import_next next;
    assert_non_null(reader);
    snprintf(text, sizeof text, WHOLE "%s", more);
    assert_true(import_rules_parse(&rules, text, strlen(text), &faults));
    if (import_begin(reader, &rules, &assets_bitcoin, csv, size, &faults)) {
        while ((next = import_next(reader, record)) != IMPORT_END) {
            snprintf(amounts + strlen(amounts), sizeof amounts - strlen(amounts), "%u:%llu ",
                     reader->row_line,
                     next == IMPORT_RECORD ? (unsigned long long)tj_movement_amount(record).base
                                           : 0);
        }
    }
    assert_string_equal(told.text, told_wanted);
    assert_string_equal(amounts, amounts_wanted);
    import_rules_clear(&rules);
    free(reader);
}

#define ROWS(more, csv, told, amounts) rows_are(more, csv, sizeof(csv) - 1, told, amounts)

static void rows_become_records(void **state)
{
    (void)state;
    ROWS(
        "", "To,Amount,Ref\n1:1,1.5 BTC,a\n\n,,\n\"1:1\",\"2 sat\",\" b\"\"\n\"\n1:1,3 sat,c",
        "5 reference: not valid text: UTF-8 without control or hidden characters, or a space at an "
        "end\n",
        "2:150000000 5:0 7:3 ");
    ROWS("constant unit sat\n", "sep=;\r\nTo;Amount;Ref\r\n1:1;7;\"a;b\"\r\n", "", "3:7 ");
    ROWS("skip 2\ncolumns Ref To Amount\nconstant unit sat\n", "x\n\"\nr,1:1,9\n", "", "3:9 ");
    ROWS("constant unit BTC\ndecimal ,\ngrouping .\nseparator ;\n",
         "To;Amount;Ref\n1:1;1.234,5;a\n1:1;1.234;b\n1:1;1234,5;c\n1:1;+1;d\n", "",
         "2:123450000000 3:123400000000 4:123450000000 5:100000000 ");
}

static void what_is_wrong_with_rows_is_told(void **state)
{
    (void)state;
#define IS_NO_NUMBER(line, cell) line " amount: '" cell "' is no number as the rules have them\n"
    ROWS("constant unit BTC\ndecimal ,\ngrouping .\nseparator ;\n",
         "To;Amount;Ref\n1:1;1.5;a\n1:1;12.34,5;b\n1:1;1,5.000;c\n1:1;,5;d\n1:1;5,;e\n1:1;1e3;f\n"
         "1:1;;g\n1:1;1234.567;h\n1:1;0,000000001;i\n1:1;99999999999999999999;j\n1:1;-2;k\n",
         IS_NO_NUMBER("2", "1.5") IS_NO_NUMBER("3", "12.34,5") IS_NO_NUMBER("4", "1,5.000")
             IS_NO_NUMBER("5", ",5") IS_NO_NUMBER("6", "5,") IS_NO_NUMBER("7", "1e3")
                 IS_NO_NUMBER("8", "") IS_NO_NUMBER(
                     "9", "1234.567") "10 amount: '0,000000001' has more digits than BTC\n"
                                      "11 amount: '99999999999999999999' has more digits than BTC\n"
                                      "12 amount: '-2' is below zero: 'negative swap' in the rules "
                                      "turns it round\n",
         "2:0 3:0 4:0 5:0 6:0 7:0 8:0 9:0 10:0 11:0 12:0 ");
    /* All that is wrong with one row. */
    ROWS("column kind To\ncolumn value_date Ref\ncolumn evidence To\n",
         "To,Amount,Ref\nx,5,NOTPROVIDED\n",
         "2 kind: is to be move or pending, not 'x'\n"
         "2 to: 'x' is not an account: PARTY:NUMBER, as in 1:0\n"
         "2 value_date: 'NOTPROVIDED' is no date of the form YYYY-MM-DD\n"
         "2 reference: there is none: without it nobody can tell whether the row is booked "
         "already\n"
         "2 evidence: is to be a SHA-256, 64 hex digits\n"
         "2 unit: '' is no unit: BTC, sat, or the code of an asset\n",
         "2:0 ");
    /* A reference of 15, 16 and 17 bytes. */
    ROWS("constant unit sat\n",
         "To,Amount,Ref\n1:1,1,123456789012345\n1:1,1,1234567890123456\n1:1,1,12345678901234567\n",
         "4 reference: '12345678901234567' is longer than 16 bytes\n", "2:1 3:1 4:0 ");
    /* What cannot be taken apart hides its own row alone. */
    ROWS("constant unit sat\n",
         "To,Amount,Ref\n1:1,1,\"a\n1:1,2,b\n1:1,3,c\"d\n1:1,4,\"e\"f\n1:1,5\n1:1,6,g,\n1:1,7,h\n",
         "2 : text stands behind a cell in quotation marks\n"
         "4 : a quotation mark stands inside a cell that does not begin with one\n"
         "5 : text stands behind a cell in quotation marks\n"
         "6 : has 2 cells, and there are 3 columns\n"
         "7 : has 4 cells, and there are 3 columns\n",
         "2:0 3:2 4:0 5:0 6:0 7:0 8:7 ");
    ROWS("constant unit sat\n", "To,Amount,Ref\n1:1,1,\"a\n1:1,2,b\n",
         "2 : a quotation mark is not closed\n", "2:0 3:2 ");
    ROWS("", "To,Amount\n1:1,1\n", "1 reference: there is no column 'Ref' (line 5 of the rules)\n",
         "");
    ROWS("", "", "1 : there is no row that names the columns\n", "");
    ROWS("", "To,Amount,Ref\n1:1,1 sat,\0\n",
         "1 : is no text in UTF-8: it has a zero byte; save it as UTF-8\n", "");
}

/* A row of 65,536 bytes, and one more. */
static void rows_have_a_bound(void **state)
{
    (void)state;
    static const char head[] = "To,Amount,Ref,Text\n1:1,1 sat,r,";
    const size_t row = strlen(head) - strlen("To,Amount,Ref,Text\n");
    char *csv = malloc(IMPORT_ROW_MAX + sizeof head);
    assert_non_null(csv);
    for (size_t more = 0; more < 2; more++) {
        const size_t size = sizeof head - 1 - row + IMPORT_ROW_MAX + more;
        memset(csv, 'x', size);
        memcpy(csv, head, sizeof head - 1);
        rows_are("", csv, size, more == 0 ? "" : "2 : is longer than 65,536 bytes\n",
                 more == 0 ? "2:1 " : "2:0 ");
    }
    free(csv);
}

/* A row of 256 cells, and one more. */
static void cells_have_a_bound(void **state)
{
    (void)state;
    char csv[2048] = "To,Amount,Ref";
    for (int i = 3; i < IMPORT_COLUMNS_MAX; i++) {
        strcat(csv, ",x");
    }
    rows_are("", csv, strlen(csv), "", "");
    strcat(csv, ",x");
    rows_are("", csv, strlen(csv), "1 : has more than 256 cells\n", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rules_file_is_read),
        cmocka_unit_test(what_is_wrong_with_a_rules_file_is_told),
        cmocka_unit_test(a_zero_byte_is_told),
        cmocka_unit_test(columns_have_a_bound),
        cmocka_unit_test(dates_follow_their_pattern),
        cmocka_unit_test(rows_become_records),
        cmocka_unit_test(what_is_wrong_with_rows_is_told),
        cmocka_unit_test(rows_have_a_bound),
        cmocka_unit_test(cells_have_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
