/* What people write: CSV and JSON Lines (docs/FORMAT.md section 11), right and wrong. */

#include "text/input.h"
#include "text/record_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEADER "kind,from,to,amount,purpose,value_date,reference,evidence\n"

static bool parse(const char *text, size_t size, struct input *out, struct input_error *error)
{
    const struct input_options options = {.assets = &assets_bitcoin};
    return input_parse(text, size, &options, out, error);
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
        if (!parse(begin, size, &input, &error)) {
            input_error_format(&error, why, sizeof why);
            fail_msg("%.*s: %s", (int)size, begin, why);
        }
        assert_int_equal(input.count, 1);
        const uint8_t *record = input.records[0].bytes;
        seen[record[0]] = true;
        json_t *again = record_to_json(record, &assets_bitcoin);
        uint8_t back[TJ_RECORD_SIZE];
        struct record_json_error wrong;
        if (!record_from_json(again, &assets_bitcoin, back, &wrong)) {
            fail_msg("%s: %s", wrong.member, wrong.rule);
        }
        assert_memory_equal(back, record, TJ_RECORD_SIZE);
        json_decref(again);
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
    assert_true(parse(text, strlen(text), &input, &error));
    assert_int_equal(input.count, 2);
    tj_record_decode(input.records[0].bytes, &r);
    assert_int_equal(r.kind, TJ_MOVE);
    assert_int_equal(r.from, tj_account_id(1, 0));
    assert_int_equal(r.amount, 150000000);
    assert_int_equal(r.value_date, 18876);
    assert_string_equal(r.reference, "a, b");
    tj_record_decode(input.records[1].bytes, &r);
    assert_int_equal(r.kind, TJ_PENDING);
    assert_int_equal(r.amount, 150000000);
    assert_int_equal(r.value_date, 0);
    input_clear(&input);
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
    {"a long reference", HEADER "move,1:0,1:1,1 BTC,purchase,,seventeen bytes!!,\n", "reference"},
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
        if (parse(wrong[i].text, strlen(wrong[i].text), &input, &error)) {
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
        if (!parse(more[i], strlen(more[i]), &input, &error)) {
            input_error_format(&error, why, sizeof why);
            fail_msg("%s: %s", more[i], why);
        }
        const struct assets *known[] = {&assets_bitcoin, NULL};
        for (size_t k = 0; k < 2; k++) {
            struct record_json_error wrong_member;
            uint8_t back[TJ_RECORD_SIZE];
            json_t *printed = record_to_json(input.records[0].bytes, known[k]);
            json_t *given = json_loads(more[i], 0, NULL);
            if (!record_from_json(printed, &assets_bitcoin, back, &wrong_member)) {
                fail_msg("%s: %s", wrong_member.member, wrong_member.rule);
            }
            assert_memory_equal(back, input.records[0].bytes, TJ_RECORD_SIZE);
            /* Neither more members nor fewer: what is not used is not printed. */
            assert_int_equal(json_object_size(printed), json_object_size(given));
            json_decref(printed);
            json_decref(given);
        }
        input_clear(&input);
    }
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
    assert_false(parse(text, size, &input, &error));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_examples_of_the_document_parse),
        cmocka_unit_test(csv_becomes_records),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(what_is_read_is_printed),
        cmocka_unit_test(a_line_has_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
