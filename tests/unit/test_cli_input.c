/* What people write: CSV and JSON Lines (docs/FORMAT.md section 11), right and wrong. */

#include "text/input.h"
#include "text/detail_json.h"
#include "text/record_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define PENDING                                                                                    \
    "{\"kind\": \"pending\", \"from\": \"1:1\", \"to\": \"1:2\", \"amount\": \"1 BTC\", "          \
    "\"purpose\": "                                                                                \
    "\"internal_transfer\", "
#define HEADER "kind,from,to,amount,purpose,value_date,reference,evidence\n"

#define NINETY                                                                                     \
    "123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 1234567890"
#define ONES "1111111111111111111111111111111111111111111111111111111111111111"
/* Not closed: more members follow. */
#define MOVEMENT(kind)                                                                             \
    "{\"kind\": \"" kind "\", \"from\": \"1:0\", \"to\": \"1:1\", \"amount\": \"1 BTC\", "         \
    "\"purpose\": \"purchase\""
#define MOVE MOVEMENT("move")
#define PRICED(total)                                                                              \
    MOVE ", \"details\": {\"price\": {\"total\": " total ", \"currency\": \"USD\"}}}"

static bool parse(struct input *out, struct input_error *error, const char *text, size_t size)
{
    const struct input_options options = {.assets = &assets_bitcoin};
    return input_parse(out, error, text, size, &options);
}

/* The first record with its details, as it is shown. */
static json_t *printed_group(const struct input *input, const struct assets *assets)
{
    uint8_t details[TJ_DETAILS_MAX * TJ_RECORD_SIZE];
    assert_true(input->count - 1 <= TJ_DETAILS_MAX);
    for (size_t i = 1; i < input->count; i++) {
        memcpy(details + (i - 1) * TJ_RECORD_SIZE, input->records[i].bytes, TJ_RECORD_SIZE);
    }
    json_t *printed = record_to_json(input->records[0].bytes, assets);
    details_to_json(printed, details, (uint32_t)(input->count - 1));
    return printed;
}

/* What is shown is read as the same bytes. */
static void reads_back(const struct input *input, const json_t *printed)
{
    struct input again;
    struct input_error error;
    char why[512];
    char *text = json_dumps(printed, 0);
    assert_non_null(text);
    if (!parse(&again, &error, text, strlen(text))) {
        input_error_format(&error, why, sizeof why);
        fail_msg("%s: %s", text, why);
    }
    assert_int_equal(again.count, input->count);
    for (size_t i = 0; i < input->count; i++) {
        assert_memory_equal(again.records[i].bytes, input->records[i].bytes, TJ_RECORD_SIZE);
    }
    input_clear(&again);
    free(text);
}

/* Every example of the document parses, and is printed back as the same record. */
static void the_examples_of_the_document_parse(void **state)
{
    (void)state;
    char *document = calloc(1, 1 << 20);
    assert_non_null(document);
    FILE *file = fopen(TIJORI_SOURCE_DIR "/docs/FORMAT.md", "rb");
    assert_non_null(file);
    assert_true(fread(document, 1, (1 << 20) - 1, file) > 0);
    fclose(file);
    const char *begin = strstr(document, "```json-lines\n");
    assert_non_null(begin);
    begin += strlen("```json-lines\n");
    const char *end = strstr(begin, "```");
    bool seen[TJ_KIND_END] = {false};
    while (begin < end) {
        size_t size = (size_t)(strchr(begin, '\n') - begin);
        struct input input;
        struct input_error error;
        char why[512];
        if (!parse(&input, &error, begin, size)) {
            input_error_format(&error, why, sizeof why);
            fail_msg("%.*s: %s", (int)size, begin, why);
        }
        seen[input.records[0].bytes[0]] = true;
        json_t *printed = printed_group(&input, &assets_bitcoin);
        reads_back(&input, printed);
        json_decref(printed);
        input_clear(&input);
        begin += size + 1;
    }
    for (uint8_t kind = 1; kind < TJ_KIND_END; kind++) {
        const struct tj_layout *layout = tj_record_layout(kind);
        if (layout != NULL && !seen[kind]) {
            fail_msg("docs/FORMAT.md section 11: no example of %s", layout->name);
        }
    }
    free(document);
}

static void csv_becomes_records(void **state)
{
    (void)state;
    static const char text[] = HEADER "move,1:0,1:1,1.5 BTC,purchase,2021-09-06,\"a, b\",\r\n"
                                      "pending,1:1,1:2,150000000 sat,internal_transfer,,x,\n";
    struct input input;
    struct input_error error;
    struct tj_record r;
    assert_true(parse(&input, &error, text, strlen(text)));
    assert_int_equal(input.count, 2);
    tj_record_decode(&r, input.records[0].bytes);
    assert_int_equal(r.kind, TJ_MOVE);
    assert_int_equal(r.from, tj_account_id(1, 0));
    assert_int_equal(r.amount, 150000000);
    assert_int_equal(r.value_date, 18876);
    assert_string_equal(r.reference, "a, b");
    tj_record_decode(&r, input.records[1].bytes);
    assert_int_equal(r.kind, TJ_PENDING);
    assert_int_equal(r.amount, 150000000);
    assert_int_equal(r.value_date, 0);
    input_clear(&input);
}

/* As spreadsheets write it: what separates the columns, a quoted header, rows that were emptied. */
static void what_spreadsheets_add_is_skipped(void **state)
{
    (void)state;
    static const char text[] =
        "\xef\xbb\xbfsep=,\r\n"
        "\"kind\",from,to,amount,purpose,value_date,reference,evidence\r\n"
        ",,,,,,,\r\nmove,1:0,1:1,1.5 BTC,purchase,9999-12-31,x y,\r\n,,,,,,,\r\n,,,,,,,,,\n , \n\n";
    struct input input;
    struct input_error error;
    assert_true(parse(&input, &error, text, sizeof text - 1));
    assert_int_equal(input.count, 1);
    assert_int_equal(input.records[0].line, 4);
    input_clear(&input);
    /* Free text may hold any character; an empty text and an empty list say "none" in words. */
    static const char *const fine[] = {
        (HEADER "move,1:0,1:1,1 BTC,purchase,,a\xc2\xa0"
                "b,\n"),
        PENDING "\"reference\": \"\"}",
        "{\"kind\": \"set_tier\", \"rule\": 0, \"party\": 1, \"asset\": 1, \"above\": \"5 BTC\", "
        "\"approvals\": 1, \"groups\": []}",
    };
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++) {
        if (!parse(&input, &error, fine[i], strlen(fine[i]))) {
            fail_msg("%s: %s: %s", fine[i], error.member, error.rule);
        }
        input_clear(&input);
    }
}

static const struct {
    const char *name;
    const char *text;
    const char *member; /* part of the message */
} wrong[] = {
    {"wrong columns", "kind,from,to,amount\nmove,1:0,1:1,1 BTC\n", "kind,from,to"},
    {"too few columns", HEADER "move,1:0,1:1,1 BTC,purchase\n", "line 2"},
    {"too many columns", HEADER "move,1:0,1:1,1 BTC,purchase,,,,extra\n", "line 2"},
    {"a bare amount", HEADER "move,1:0,1:1,150,purchase,,,\n", "amount"},
    {"a tenth of a satoshi", HEADER "move,1:0,1:1,0.000000001 BTC,purchase,,,\n", "amount"},
    {"half a satoshi", HEADER "move,1:0,1:1,1.5 sat,purchase,,,\n", "amount"},
    {"a negative amount", HEADER "move,1:0,1:1,-1 BTC,purchase,,,\n", "amount"},
    {"an exponent", HEADER "move,1:0,1:1,1e8 sat,purchase,,,\n", "amount"},
    {"an unknown unit", HEADER "move,1:0,1:1,1 XYZ,purchase,,,\n", "amount"},
    {"amount 0", HEADER "move,1:0,1:1,0 BTC,purchase,,,\n", "amount"},
    {"an amount beyond 64 bits", HEADER "move,1:0,1:1,99999999999999999999 sat,purchase,,,\n",
     "amount"},
    {"an account without party", HEADER "move,7,1:1,1 BTC,purchase,,,\n", "from"},
    {"the same account", HEADER "move,1:1,1:1,1 BTC,purchase,,,\n", "to"},
    {"an unknown purpose", HEADER "move,1:0,1:1,1 BTC,shopping,,,\n", "purpose"},
    {"a day that is not", HEADER "move,1:0,1:1,1 BTC,purchase,2021-02-30,,\n", "value_date"},
    {"a reference of 93 bytes", HEADER "move,1:0,1:1,1 BTC,purchase,," NINETY "123,\n",
     "reference"},
    {"a long reference of an approve",
     MOVEMENT("approve") ", \"refers_to\": \"12:0\", \"hash\": \"" ONES
                         "\", \"reference\": \"seventeen bytes!!\"}",
     "reference"},
    {"two references",
     MOVE ", \"reference\": \"seventeen bytes!!\", \"details\": "
          "{\"long_reference\": \"seventeen bytes!?\"}}",
     "reference"},
    {"a short and a long one",
     MOVE ", \"reference\": \"short\", \"details\": "
          "{\"long_reference\": \"seventeen bytes!?\"}}",
     "long_reference"},
    {"a long reference that is short", MOVE ", \"details\": {\"long_reference\": \"short\"}}",
     "long_reference"},
    {"details that are none", MOVE ", \"details\": {}}", "details"},
    {"details in a list", MOVE ", \"details\": [\"memo\"]}", "details"},
    {"a number of details", MOVE ", \"details\": 1}", "details"},
    {"an unknown detail", MOVE ", \"details\": {\"note\": \"x\"}}", "note"},
    {"a detail of another kind", MOVE ", \"details\": {\"encumbrance\": \"lent\"}}", "type"},
    {"an empty memo", MOVE ", \"details\": {\"memo\": \"\"}}", "memo"},
    {"a memo of spaces", MOVE ", \"details\": {\"memo\": \"  \"}}", "memo"},
    {"a name without a document", MOVE ", \"details\": {\"attachment_name\": \"a\"}}",
     "attachment_name"},
    {"an address with a space", MOVE ", \"details\": {\"address\": \"bc1 q\"}}", "address"},
    {"a transaction that is a text", MOVE ", \"details\": {\"transaction\": \"" ONES "\"}}",
     "transaction"},
    {"a transaction without a txid", MOVE ", \"details\": {\"transaction\": {\"output\": 0}}}",
     "txid"},
    {"a txid of zeros", MOVE ", \"details\": {\"transaction\": {\"txid\": \"" ZEROS "\"}}}",
     "txid"},
    {"an output that means none",
     MOVE ", \"details\": {\"transaction\": {\"txid\": \"" ONES "\", \"output\": 4294967295}}}",
     "output"},
    {"a price as a number", PRICED("1.5"), "total"},
    {"a price of nothing", PRICED("\"0.00\""), "total"},
    {"a price below zero", PRICED("\"-1\""), "total"},
    {"a price with five decimals", PRICED("\"1.23456\""), "total"},
    {"a price that ends in a point", PRICED("\"1.\""), "total"},
    {"a price that begins with a point", PRICED("\".5\""), "total"},
    {"a price beyond 63 bits", PRICED("\"9223372036854775808\""), "total"},
    {"a currency in small letters",
     MOVE ", \"details\": {\"price\": {\"total\": \"1\", "
          "\"currency\": \"usd\"}}}",
     "currency"},
    {"a price in no currency", MOVE ", \"details\": {\"price\": {\"total\": \"1\"}}}", "currency"},
    {"no LEI", MOVE ", \"details\": {\"counterparty\": \"0000TIJORI0EXAMPLE36\"}}", "counterparty"},
    {"an unknown encumbrance",
     "{\"kind\": \"open_account\", \"account\": \"1:0\", \"class\": "
     "\"reserve\", \"asset\": 1, \"details\": {\"encumbrance\": \"sold\"}}",
     "encumbrance"},
    {"an encumbered market",
     "{\"kind\": \"open_account\", \"account\": \"1:0\", \"class\": "
     "\"market\", \"asset\": 1, \"details\": {\"encumbrance\": \"lent\"}}",
     "encumbrance"},
    {"a descriptor in a file that may not be named",
     "{\"kind\": \"open_account\", \"account\": "
     "\"1:0\", \"class\": \"reserve\", \"asset\": 1, \"details\": {\"descriptor\": "
     "\"file:wallet.txt\"}}",
     "descriptor"},
    {"bad UTF-8", HEADER "move,1:0,1:1,1 BTC,purchase,,\xff\xfe,\n", "UTF-8"},
    {"a control character", HEADER "move,1:0,1:1,1 BTC,purchase,,a\x07,\n", "control"},
    {"evidence that is no hash", HEADER "move,1:0,1:1,1 BTC,purchase,,,abcd\n", "evidence"},
    {"a file where none may be named", HEADER "move,1:0,1:1,1 BTC,purchase,,,file:/etc/passwd\n",
     "evidence"},
    {"a directive in CSV", HEADER "open_account,1:0,1:1,1 BTC,purchase,,,\n", "kind"},
    {"an open quote", HEADER "move,1:0,1:1,1 BTC,purchase,,\"x,\n", "line 2"},
    {"post without a record", HEADER "post,1:0,1:1,1 BTC,purchase,,,\n", "evidence"},
    {"JSON cut short", "{\"kind\": \"move\"", "line 1"},
    {"JSON with an unknown member", "{\"kind\": \"suspend_party\", \"party\": 2, \"why\": \"x\"}",
     "why"},
    {"JSON without a member", "{\"kind\": \"set_threshold\", \"party\": 1, \"threshold\": 1}",
     "domain"},
    {"JSON with a member twice", "{\"kind\": \"suspend_party\", \"party\": 2, \"party\": 3}",
     "line 1"},
    {"JSON with a float", "{\"kind\": \"suspend_party\", \"party\": 2.5}", "party"},
    {"JSON with a number for an amount",
     "{\"kind\": \"move\", \"from\": \"1:0\", \"to\": \"1:1\", \"amount\": 150, \"purpose\": "
     "\"purchase\"}",
     "amount"},
    {"JSON of an unknown kind", "{\"kind\": \"mint\"}", "kind"},
    {"JSON of a reserved kind", "{\"kind\": \"watch_script\"}", "kind"},
    {"approve without a record", HEADER "approve,1:0,1:1,1 BTC,purchase,,,\n", "evidence"},
    {"a bound in another asset than the record's",
     "{\"kind\": \"set_tier\", \"rule\": 0, \"party\": 1, \"asset\": 2, \"above\": \"5 BTC\", "
     "\"approvals\": 1}",
     "above: is in BTC, but the record names asset 2"},
    {"a bound below zero",
     "{\"kind\": \"set_tier\", \"rule\": 0, \"party\": 1, \"asset\": 1, \"above\": \"-5 BTC\", "
     "\"approvals\": 1}",
     "above: is to be from 0 to"},
    {"a tier without a bound",
     "{\"kind\": \"set_tier\", \"rule\": 0, \"party\": 1, \"asset\": 1, \"approvals\": 1}",
     "above: is missing"},
    {"a tier that asks for nothing",
     "{\"kind\": \"set_tier\", \"rule\": 0, \"party\": 1, \"asset\": 1, \"above\": \"5 BTC\"}",
     "approvals"},
    {"group 0",
     "{\"kind\": \"set_tier\", \"rule\": 0, \"party\": 1, \"asset\": 1, \"above\": \"5 BTC\", "
     "\"groups\": [0]}",
     "groups: holds numbers from 1 to 15"},
    {"group 2^32 + 1",
     "{\"kind\": \"set_tier\", \"rule\": 0, \"party\": 1, \"asset\": 1, \"above\": \"5 BTC\", "
     "\"groups\": [4294967297]}",
     "groups: holds numbers from 1 to 15"},
    {"a counterparty limit without one",
     "{\"kind\": \"set_limit\", \"rule\": 0, \"type\": \"counterparty\", \"holder\": \"1:3\", "
     "\"directions\": \"out\"}",
     "counterparty: is missing"},
    {"a holder that is none",
     "{\"kind\": \"set_limit\", \"rule\": 0, \"type\": \"freeze\", \"holder\": \"1\", "
     "\"directions\": \"out\"}",
     "holder: is to be an account or all of a party"},
    {"an amount in a limit that does not use one",
     "{\"kind\": \"set_limit\", \"rule\": 0, \"type\": \"freeze\", \"holder\": \"1:*\", "
     "\"directions\": \"out\", \"amount_base\": 1}",
     "amount: is not used by a set_limit of this type"},
    {"a window that sixteen does not divide",
     "{\"kind\": \"set_limit\", \"rule\": 0, \"type\": \"outflow\", \"holder\": \"1:*\", "
     "\"asset\": 1, \"amount\": \"1 BTC\", \"window_s\": 100}",
     "window_s"},
    {"a programme that counts transfers",
     "{\"kind\": \"programme\", \"rule\": 0, \"type\": \"ceiling\", \"mode\": \"report\", "
     "\"asset\": 1, \"purposes\": [\"internal_transfer\"], \"starts\": \"2026-01-01\", "
     "\"ends\": \"2026-12-31\", \"amount\": \"0 BTC\", \"name\": \"x\"}",
     "purposes: is to be one of purchase, mining, seizure, donation, unsolicited_inflow, sale, "},
    {"a programme that ends before it starts",
     "{\"kind\": \"programme\", \"rule\": 0, \"type\": \"minimum\", \"mode\": \"report\", "
     "\"asset\": 1, \"starts\": \"2026-01-02\", \"ends\": \"2026-01-01\", "
     "\"amount\": \"1 BTC\", \"name\": \"x\"}",
     "ends"},
    {"a timeout that means none", PENDING "\"timeout\": \"1970-01-01T00:00:00Z\"}",
     "timeout: 1970-01-01T00:00:00Z is how a record writes that there is none"},
    {"a timeout of the year 10000", PENDING "\"timeout\": \"10000-01-01T00:00:00Z\"}", "timeout"},
    {"a hash that means none", PENDING "\"hash\": \"" ZEROS "\"}", "hash: 00000"},
    {"evidence that means none", HEADER "move,1:0,1:1,1 BTC,purchase,,," ZEROS "\n",
     "evidence: 64"},
    {"a reference of spaces", HEADER "move,1:0,1:1,1 BTC,purchase,,   ,\n",
     "reference: holds nothing"},
    {"a label of no-break spaces",
     "{\"kind\": \"open_account\", \"account\": \"1:0\", \"class\": \"market\", \"asset\": 1, "
     "\"label\": \" \u00a0\"}",
     "label: holds nothing"},
    {"a last good size that means none",
     "{\"kind\": \"retire_log_key\", \"number\": 0, \"algorithm\": \"ed25519\", \"key\": "
     "\"1111111111111111111111111111111111111111111111111111111111111111\", "
     "\"last_good_size\": 0}",
     "last_good_size: 0 is how"},
    {"a daily amount that means none",
     "{\"kind\": \"programme\", \"rule\": 9, \"type\": \"mandate\", \"mode\": \"enforce\", "
     "\"asset\": 1, \"purposes\": [\"purchase\"], \"starts\": \"2026-01-01\", \"ends\": "
     "\"2026-12-31\", \"amount\": \"10 BTC\", \"amount_day\": \"0 BTC\", \"name\": \"x\"}",
     "amount_day: 0 BTC is how"},
    {"a year of five digits", HEADER "move,1:0,1:1,1 BTC,purchase,99999-01-15,,\n",
     "value_date: is to be a date after 1970-01-01 with a year of four digits"},
    {"a no-break space in an amount",
     HEADER "move,1:0,1:1,1\xc2\xa0"
            "BTC,purchase,,,\n",
     "amount: holds a no-break space (U+00A0"},
    {"a no-break space in a purpose", HEADER "move,1:0,1:1,1 BTC,purchase\xe2\x80\xaf,,,\n",
     "purpose: holds a no-break space (U+00A0"},
    {"a minus of typesetters in JSON",
     "{\"kind\": \"statement\", \"figure\": \"closing\", \"asset\": 1, \"period_from\": "
     "\"2026-01-01\", \"as_of\": \"2026-03-31\", \"value\": \"\u22121 BTC\"}",
     "value: holds a dash that is not the minus sign"},
    {"a space without width in a kind", "{\"kind\": \"mo\u200bve\"}", "kind: holds a space"},
    {"a comma before decimals", HEADER "move,1:0,1:1,\"1,5 BTC\",purchase,,,\n",
     "amount: has a comma in its number"},
    {"an amount below zero", HEADER "move,1:0,1:1,-1.5 BTC,purchase,,,\n", "amount: is below zero"},
    {"an amount of no asset", HEADER "move,1:0,1:1,90071992.54740993 BTC,purchase,,,\n",
     "amount: is more than 9007199254740992 base units"},
    {"semicolons", "kind;from;to;amount;purpose;value_date;reference;evidence\n",
     "not 'kind;from;to;amount;purpose;value_date;reference;evidence': columns are separated by "
     "commas, not by semicolons"},
    {"tabs", "kind\tfrom\tto\n", "commas, not by tabs"},
    {"another separator", "sep=;\nkind;from\n", "not 'sep=;'"},
    {"no header", "move,1:0,1:1,1 BTC,purchase,,,\n", "not 'move,1:0,1:1,1 BTC,purchase,,,'"},
    {"nothing but empty rows", HEADER ",,,,,,,\n , ,,\n", "there are no records"},
    {"a JSON array", " [{\"kind\": \"move\"}]\n", "is a JSON array: write JSON Lines"},
    {"an object over two lines", "{\n\"kind\": \"move\"}\n", "One object stands on one line"},
    {"UTF-16", "\xff\xfek", "is UTF-16"},
    {"a purpose in a figure without one",
     "{\"kind\": \"statement\", \"figure\": \"opening\", \"purpose\": \"purchase\", \"asset\": 1, "
     "\"period_from\": \"2026-01-01\", \"as_of\": \"2026-03-31\", \"value\": \"1 BTC\"}",
     "purpose: is not used by a statement of this figure"},
    {"a number of breaches with a unit",
     "{\"kind\": \"statement\", \"figure\": \"breaches\", \"rule\": 0, \"asset\": 1, "
     "\"period_from\": \"2026-01-01\", \"as_of\": \"2026-03-31\", \"value\": \"1 BTC\"}",
     "value: is to be an integer"},
    {"a value without its unit",
     "{\"kind\": \"statement\", \"figure\": \"closing\", \"asset\": 1, "
     "\"period_from\": \"2026-01-01\", \"as_of\": \"2026-03-31\", \"value\": 3}",
     "value: is to be a string with its unit"},
};

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct input input;
        struct input_error error;
        char why[512];
        if (parse(&input, &error, wrong[i].text, strlen(wrong[i].text))) {
            fail_msg("%s: accepted", wrong[i].name);
        }
        input_error_format(&error, why, sizeof why);
        if (strstr(why, wrong[i].member) == NULL) {
            fail_msg("%s: '%s' does not name '%s'", wrong[i].name, why, wrong[i].member);
        }
    }
}

/* What the examples do not show: amounts below zero and beyond 64 bits, with and without a known
 * asset; numbers in place of amounts; holders; each kind of what says "none". */
static const char *const more[] = {
    "{\"kind\": \"statement\", \"figure\": \"adjustments\", \"asset\": 1, \"period_from\": "
    "\"2026-01-01\", \"as_of\": \"2026-03-31\", \"value\": \"-12.5 BTC\"}",
    "{\"kind\": \"statement\", \"figure\": \"closing\", \"asset\": 1, \"period_from\": "
    "\"2026-01-01\", \"as_of\": \"2026-03-31\", \"value\": "
    "\"1701411834604692317316873037158.84105727 BTC\"}",
    "{\"kind\": \"statement\", \"figure\": \"closing\", \"asset\": 7, \"period_from\": "
    "\"2026-01-01\", \"as_of\": \"2026-03-31\", \"value_base\": "
    "\"-170141183460469231731687303715884105728\"}",
    "{\"kind\": \"statement\", \"figure\": \"breaches\", \"rule\": 3, \"asset\": 1, "
    "\"period_from\": \"2026-01-01\", \"as_of\": \"2026-03-31\", \"value\": 2}",
    "{\"kind\": \"statement\", \"figure\": \"customers\", \"party\": 0, \"asset\": 1, "
    "\"period_from\": \"2026-01-01\", \"as_of\": \"2026-03-31\", \"value\": \"0 BTC\"}",
    "{\"kind\": \"set_tier\", \"rule\": 0, \"party\": 0, \"asset\": 9, \"above_base\": 0, "
    "\"delay_s\": 1}",
    "{\"kind\": \"set_limit\", \"rule\": 0, \"type\": \"freeze\", \"holder\": \"0:*\", "
    "\"directions\": \"both\"}",
    "{\"kind\": \"set_limit\", \"rule\": 1, \"type\": \"balance\", \"holder\": \"1:2\", \"asset\": "
    "1, "
    "\"amount\": \"0 sat\"}",
    "{\"kind\": \"set_limit\", \"rule\": 1, \"type\": \"counterparty\", \"holder\": \"1:2\", "
    "\"directions\": \"in\", \"counterparty\": \"0:0\"}",
    "{\"kind\": \"programme\", \"rule\": 9, \"type\": \"mandate\", \"mode\": \"enforce\", "
    "\"asset\": 1, \"purposes\": [\"purchase\"], \"starts\": \"2026-01-01\", \"ends\": "
    "\"2026-12-31\", \"amount\": \"10 BTC\", \"amount_day\": \"1 BTC\", \"name\": \"x\"}",
    "{\"kind\": \"programme\", \"rule\": 9, \"type\": \"allocation\", \"mode\": \"report\", "
    "\"asset\": 1, \"purposes\": [\"mining\"], \"starts\": \"2026-01-01\", \"ends\": "
    "\"2026-12-31\", \"power_mw\": 2000, \"name\": \"x\"}",
    MOVE ", \"reference\": \"seventeen bytes!!\"}",
    MOVE ", \"reference\": \"sixteen bytes !!\", \"details\": {\"memo\": \"" NINETY NINETY "\"}}",
    MOVE ", \"reference\": \"" NINETY "12\", \"details\": {\"memo\": \"a\", \"transaction\": "
         "{\"txid\": \"" ONES "\"}, \"price\": {\"total\": \"9223372036854775807\", \"currency\": "
         "\"JPY\"}, \"address\": \"bc1q\", \"counterparty\": \"0000TIJORI0EXAMPLE35\"}}",
    MOVE ", \"details\": {\"transaction\": {\"txid\": \"00000000000000000000000000000000000000000"
         "00000000000000000000001\", \"output\": 4294967294}, \"price\": {\"total\": \"0.0001\", "
         "\"currency\": \"USD\", \"source\": \"invoice 17\"}}}",
    MOVE ", \"hash\": \"" ONES "\", \"details\": {\"attachment_name\": \"Rechnung \u00a7 17.pdf\", "
         "\"media_type\": \"application/pdf\"}}",
    "{\"kind\": \"open_account\", \"account\": \"1:2\", \"class\": \"reserve\", \"asset\": 1, "
    "\"label\": \"Collateral\", \"details\": {\"descriptor\": \"" ONES
    "\", \"encumbrance\": \"pledged\"}}",
    "{\"kind\": \"suspend_party\", \"party\": 2, \"details\": {\"memo\": \"By order of the "
    "court\"}}",
    "{\"kind\": \"add_key\", \"party\": 1, \"ordinal\": 0, \"algorithm\": \"bip340\", \"role\": "
    "\"approve\", \"group\": 15, \"key\": "
    "\"1111111111111111111111111111111111111111111111111111111111111111\"}",
};

static void what_is_read_is_printed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        struct input input;
        struct input_error error;
        char why[512];
        if (!parse(&input, &error, more[i], strlen(more[i]))) {
            input_error_format(&error, why, sizeof why);
            fail_msg("%s: %s", more[i], why);
        }
        const struct assets *known[] = {&assets_bitcoin, NULL};
        for (size_t k = 0; k < 2; k++) {
            json_t *printed = printed_group(&input, known[k]);
            json_t *given = json_loads(more[i], 0, NULL);
            reads_back(&input, printed);
            /* Neither more members nor fewer: what is not used is not printed. */
            assert_int_equal(json_object_size(printed), json_object_size(given));
            json_decref(printed);
            json_decref(given);
        }
        input_clear(&input);
    }
}

/* A txid is shown reversed: its first byte is the last of what SHA-256 gives. */
static void a_txid_is_written_as_nodes_write_it(void **state)
{
    (void)state;
    static const char text[] =
        MOVE ", \"details\": {\"transaction\": {\"txid\": "
             "\"ab00000000000000000000000000000000000000000000000000000000000001\"}}}";
    struct input input;
    struct input_error error;
    assert_true(parse(&input, &error, text, strlen(text)));
    assert_int_equal(input.count, 2);
    assert_int_equal(input.records[0].bytes[92], 1);
    assert_int_equal(input.records[1].bytes[4], 1);
    assert_int_equal(input.records[1].bytes[35], 0xab);
    assert_int_equal(tj_load32(input.records[1].bytes + 36), UINT32_MAX);
    input_clear(&input);
}

/* In CSV as in JSON: what the record has no room for is a detail. */
static void a_long_reference_is_a_detail(void **state)
{
    (void)state;
    static const char text[] = HEADER "move,1:0,1:1,1 BTC,purchase,,sixteen bytes !!,\n"
                                      "move,1:0,1:1,1 BTC,purchase,,seventeen bytes!!,\n";
    struct input input;
    struct input_error error;
    assert_true(parse(&input, &error, text, strlen(text)));
    assert_int_equal(input.count, 3);
    assert_memory_equal(input.records[0].bytes + 44, "sixteen bytes !!", 16);
    assert_int_equal(input.records[0].bytes[92], 0);
    assert_true(tj_all_zero(input.records[1].bytes + 44, 16));
    assert_int_equal(input.records[1].bytes[92], 1);
    assert_memory_equal(input.records[2].bytes, "\x30\x01\x00\x01seventeen bytes!!", 22);
    input_clear(&input);
}

static void a_line_has_a_bound(void **state)
{
    (void)state;
    struct input input;
    struct input_error error;
    size_t size = INPUT_LINE_MAX + 100;
    char *text = malloc(size);
    assert_non_null(text);
    memset(text, 'x', size);
    text[0] = '{';
    assert_false(parse(&input, &error, text, size));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_document_parse),
        cmocka_unit_test(csv_becomes_records),
        cmocka_unit_test(what_spreadsheets_add_is_skipped),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(what_is_read_is_printed),
        cmocka_unit_test(a_txid_is_written_as_nodes_write_it),
        cmocka_unit_test(a_long_reference_is_a_detail),
        cmocka_unit_test(a_line_has_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
