/* Policies: what is read, what is refused and on which line, and what a quorum is. */

#include "crypto_support.h"

#include "crypto/policy.h"

enum { TEXT_MAX = (1 << 18) + 1 };

/* ---- keys by number ---- */

static void secret_of(uint8_t secret32[32], unsigned number)
{
    memset(secret32, 0x5a, 32);
    secret32[0] = (uint8_t)number;
    secret32[1] = (uint8_t)(number >> 8);
}

static const char *vkey(unsigned number, const char *name, uint8_t type)
{
    static char texts[4][512]; /* several in one printf */
    static unsigned next;
    char *text = texts[next++ % 4];
    uint8_t secret32[32];
    struct tj_public_key public;
    struct tj_verifier_key key = {.type = type};
    secret_of(secret32, number);
    assert_true(tj_public_key_of(&public, TJ_ALGORITHM_ED25519, secret32));
    (void)snprintf(key.name, sizeof key.name, "%s", name);
    memcpy(key.public32, public.bytes, 32);
    key.key_id = tj_note_key_id(name, type, key.public32);
    assert_true(tj_verifier_key_encode(&key, text, 512));
    return text;
}

static const char *log_vkey(unsigned number)
{
    return vkey(number, "log.example/1", TJ_NOTE_TYPE_ED25519);
}

static const char *witness_vkey(unsigned number)
{
    char name[32];
    (void)snprintf(name, sizeof name, "witness.example/%u", number);
    return vkey(number, name, TJ_NOTE_TYPE_COSIGNATURE);
}

/* ---- a policy built line by line ---- */

static char text[TEXT_MAX];
static size_t text_size;
static struct tj_policy policy; /* not for the stack */

static void start(void)
{
    text_size = 0;
}

__attribute__((format(printf, 1, 2))) static void add(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    text_size += (size_t)vsnprintf(text + text_size, sizeof text - text_size, format, args);
    va_end(args);
    assert_true(text_size < sizeof text);
}

static void add_witnesses(unsigned count)
{
    for (unsigned i = 1; i <= count; i++) {
        add("witness w%u %s\n", i, witness_vkey(i));
    }
}

/* Decodes from memory of exactly this size, so that ASan sees a step beyond. */
static bool decode(struct tj_policy_error *error)
{
    char *exact = malloc(text_size > 0 ? text_size : 1);
    assert_non_null(exact);
    memcpy(exact, text, text_size);
    bool read = tj_policy_decode(&policy, error, exact, text_size);
    free(exact);
    return read;
}

static void read_it(void)
{
    struct tj_policy_error error;
    if (!decode(&error)) {
        fail_msg("line %u: %s", error.line, error.text);
    }
}

static void refused(unsigned line, const char *part)
{
    struct tj_policy_error error;
    if (decode(&error)) {
        fail_msg("accepted: %.*s", (int)text_size, text);
    }
    if (error.line != line || strstr(error.text, part) == NULL) {
        fail_msg("line %u: '%s', not line %u: '%s'", error.line, error.text, line, part);
    }
}

/* ---- reading ---- */

static void everything_is_read(void **state)
{
    (void)state;
    start();
    add("# a comment\n\n \t \n  # another\n");
    add("log %s\n", log_vkey(1));
    add("\tlog  %s \t https://log.example/ \n", log_vkey(2));
    add("witness W\xc3\xa4 %s https://w.example/x?y#z\n", witness_vkey(1));
    add("witness b %s\n", witness_vkey(2));
    add("group any any W\xc3\xa4\n");
    add("group g 2 any b\n");
    add("quorum g\n");
    add("witness late %s\n", witness_vkey(3));
    read_it();
    assert_int_equal(policy.log_count, 2);
    assert_string_equal(policy.logs[0].key.name, "log.example/1");
    assert_string_equal(policy.logs[0].url, "");
    assert_string_equal(policy.logs[1].url, "https://log.example/");
    assert_int_equal(policy.node_count, 5);
    assert_string_equal(policy.nodes[0].name, "W\xc3\xa4");
    assert_string_equal(policy.nodes[0].url, "https://w.example/x?y#z");
    assert_int_equal(policy.nodes[0].parent, 2);
    assert_string_equal(policy.nodes[1].key.name, "witness.example/2");
    assert_int_equal(policy.nodes[1].parent, 3);
    assert_true(policy.nodes[2].is_group && policy.nodes[2].needed == 1);
    assert_int_equal(policy.nodes[2].parent, 3);
    assert_true(policy.nodes[3].is_group && policy.nodes[3].needed == 2);
    assert_int_equal(policy.nodes[3].members, 2);
    assert_int_equal(policy.nodes[3].parent, TJ_POLICY_NODE_NONE);
    assert_int_equal(policy.quorum, 3);
    assert_int_equal(policy.nodes[4].parent, TJ_POLICY_NODE_NONE);
}

static void the_least_policy_is_a_quorum(void **state)
{
    (void)state;
    start();
    add("quorum none\n");
    read_it();
    assert_int_equal(policy.log_count + policy.node_count, 0);
    assert_int_equal(policy.quorum, TJ_POLICY_NODE_NONE);
}

static void as_many_as_promised_and_no_more(void **state)
{
    (void)state;
    start();
    for (unsigned i = 0; i < TJ_POLICY_LOGS_MAX; i++) {
        add("log %s\n", log_vkey(1000 + i));
    }
    add_witnesses(TJ_POLICY_WITNESSES_MAX);
    for (unsigned i = 1; i < TJ_POLICY_GROUPS_MAX; i++) {
        add("group g%u any w%u\n", i, i);
    }
    add("group top 63");
    for (unsigned i = 1; i < TJ_POLICY_GROUPS_MAX; i++) {
        add(" g%u", i);
    }
    add(" w%d\nquorum top\n", TJ_POLICY_WITNESSES_MAX);
    read_it();
    assert_int_equal(policy.log_count, TJ_POLICY_LOGS_MAX);
    assert_int_equal(policy.node_count, TJ_POLICY_WITNESSES_MAX + TJ_POLICY_GROUPS_MAX);
    assert_int_equal(policy.nodes[policy.quorum].needed, 63);
    const size_t whole = text_size;
    const unsigned next = TJ_POLICY_LOGS_MAX + TJ_POLICY_WITNESSES_MAX + TJ_POLICY_GROUPS_MAX + 2;
    add("log %s\n", log_vkey(2000));
    refused(next, "more than 64 logs");
    text_size = whole;
    add("witness more %s\n", witness_vkey(2000));
    refused(next, "more than 64 witnesses");
    text_size = whole;
    add("group more any top\n");
    refused(next, "more than 64 groups");
}

static void names_and_urls_have_a_length(void **state)
{
    (void)state;
    char longest[TJ_POLICY_URL_MAX + 2];
    memset(longest, 'x', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    for (int over = 0; over < 2; over++) {
        start();
        add("witness %.*s %s\nquorum none\n", TJ_POLICY_NAME_MAX + over, longest, witness_vkey(1));
        if (over == 0) {
            read_it();
        } else {
            refused(1, "at most 127 bytes");
        }
        start();
        add("log %s %.*s\nquorum none\n", log_vkey(1), TJ_POLICY_URL_MAX + over, longest);
        if (over == 0) {
            read_it();
            assert_int_equal(strlen(policy.logs[0].url), TJ_POLICY_URL_MAX);
        } else {
            refused(1, "at most 511 bytes");
        }
    }
    memset(text, ' ', sizeof text);
    text_size = TJ_POLICY_SIZE_MAX;
    text[text_size - 1] = '\n';
    refused(0, "no quorum");
}

/* ---- refusing ---- */

static void each_rule_names_its_line(void **state)
{
    (void)state;
    /* After `witness w1`, `witness w2`, `group g any w1` on lines 1 to 3. */
    static const struct {
        const char *line;
        const char *part;
    } rows[] = {
        {"Log x\n", "'Log' is not log, witness, group or quorum"},
        {"log\n", "a log line is"},
        {"log x\n", "'x' is not a verifier key"},
        {"witness w\n", "a witness line is"},
        {"witness w x\n", "'x' is not a verifier key"},
        {"group h any\n", "a group line is"},
        {"group h all\n", "a group line is"},
        {"group none any w2\n", "'none' is reserved"},
        {"group w1 any w2\n", "'w1' is defined twice"},
        {"group g any w2\n", "'g' is defined twice"},
        {"group h some w2\n", "'some' is not all, any or a decimal number"},
        {"group h 01 w2\n", "'01' is not all"},
        {"group h -1 w2\n", "'-1' is not all"},
        {"group h 0 w2\n", "1 members cannot need 0"},
        {"group h 2 w2\n", "1 members cannot need 2"},
        {"group h 18446744073709551617 w2\n", "not all, any or a decimal"},
        {"group h 4294967297 w2\n", "cannot need 4294967297"},
        {"group h any w3\n", "'w3' is not defined above"},
        {"group h any h\n", "'h' is not defined above"},
        {"group h any none\n", "'none' is not defined above"},
        {"group h any w1\n", "'w1' is a member of 'g' already"},
        {"group h any w2 w2\n", "'w2' is a member of 'h' already"},
        {"quorum\n", "a quorum line is"},
        {"quorum g g\n", "a quorum line is"},
        {"quorum h\n", "'h' is not defined above"},
        {"quorum g", "has no newline"},
        {"quorum g\r\n", "control character 0x0d"},
        {"# \x1b[31m\n", "control character 0x1b"},
        {"# \x7f\n", "control character 0x7f"},
        {"quorum g # a comment stands alone\n", "a quorum line is"},
        {"\xef\xbb\xbfquorum g\n", "is not log, witness"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        start();
        add_witnesses(2);
        add("group g any w1\n%s", rows[i].line);
        refused(4, rows[i].part);
    }
    start();
    refused(0, "no quorum");
    add_witnesses(1);
    refused(0, "no quorum");
    add("quorum none\n\nquorum w1\n");
    refused(4, "second quorum");
    start();
    add("quorum w1\n");
    add_witnesses(1);
    refused(1, "not defined above");
    start();
    add("# %c\nquorum none\n", 0);
    refused(1, "control character 0x00");
}

static void keys_are_of_the_right_type_and_stand_once(void **state)
{
    (void)state;
    start();
    add("log %s\n", witness_vkey(1));
    refused(1, "the key of a log has type 0x04, not 0x01");
    start();
    add("witness w %s\n", log_vkey(1));
    refused(1, "the key of a witness has type 0x01, not 0x04");
    /* The same public key under another name is the same log, or witness. */
    start();
    add("log %s\n\nlog %s\n", log_vkey(1), vkey(1, "other.example", TJ_NOTE_TYPE_ED25519));
    refused(3, "a log with this public key");
    start();
    add("witness a %s\n", witness_vkey(1));
    add("witness b %s\n", vkey(1, "other.example", TJ_NOTE_TYPE_COSIGNATURE));
    refused(2, "the witness 'a' has the same public key");
    start();
    add("witness a %s\nwitness a %s\n", witness_vkey(1), witness_vkey(2));
    refused(2, "'a' is defined twice");
    start();
    add("witness none %s\n", witness_vkey(1));
    refused(1, "'none' is reserved");
    start();
    add("log %s https://a b\n", log_vkey(1));
    refused(1, "'b' is one item too many");
    /* A log and a witness may be run with one key: each signs another message. */
    start();
    add("log %s\nwitness w %s\nquorum w\n", log_vkey(1), witness_vkey(1));
    read_it();
}

static void a_line_of_too_many_items_is_refused(void **state)
{
    (void)state;
    start();
    add_witnesses(1);
    add("group g any");
    for (int i = 0; i < 200; i++) {
        add(" w1");
    }
    add("\nquorum g\n");
    refused(2, "items");
}

/* ---- the quorum ---- */

/* A checkpoint cosigned by the witnesses of `mask` (bit i: w(i+1)); those of `broken` wrongly. */
static size_t cosigned(char *note, size_t capacity, unsigned mask, unsigned broken)
{
    uint8_t secret32[32];
    struct tj_checkpoint checkpoint = {.origin = "log.example/1", .size = 9};
    secret_of(secret32, 100);
    size_t size = tj_checkpoint_sign(note, capacity, &checkpoint, secret32);
    assert_true(size > 0);
    struct tj_note_view view;
    assert_true(tj_note_decode(&view, note, size));
    const size_t body = view.text_size;
    for (unsigned i = 0; i < 8; i++) {
        char name[32];
        if ((mask | broken) & 1u << i) {
            secret_of(secret32, i + 1);
            (void)snprintf(name, sizeof name, "witness.example/%u", i + 1);
            /* Another text makes a line that does not verify over this one. */
            size_t line = tj_cosign(note + size, capacity - size, note,
                                    broken & 1u << i ? body - 1 : body, name, 1000 + i, secret32);
            assert_true(line > 0);
            size += line;
        }
    }
    return size;
}

static struct tj_policy_result check(unsigned mask, unsigned broken)
{
    static struct tj_policy_result result;
    char note[TJ_CHECKPOINT_NOTE_MAX];
    struct tj_note_view view;
    const size_t size = cosigned(note, sizeof note, mask, broken);
    assert_true(tj_note_decode(&view, note, size));
    tj_policy_check(&policy, &result, &view);
    return result;
}

static unsigned bits(unsigned mask)
{
    unsigned count = 0;
    for (; mask != 0; mask &= mask - 1) {
        count++;
    }
    return count;
}

static void a_quorum_of_groups_is_counted(void **state)
{
    (void)state;
    /* The example of the specification: 2 of X1..X3 and any of Y1..Y3. */
    start();
    add_witnesses(6);
    add("group X 2 w1 w2 w3\ngroup Y any w4 w5 w6\ngroup both all X Y\nquorum both\n");
    read_it();
    for (unsigned mask = 0; mask < 64; mask++) {
        const struct tj_policy_result result = check(mask, 0);
        assert_int_equal(result.quorum, bits(mask & 7) >= 2 && (mask >> 3) != 0);
        assert_int_equal(result.valid, bits(mask));
        assert_int_equal(result.invalid, 0);
        for (unsigned i = 0; i < 6; i++) {
            const bool given = (mask & 1u << i) != 0;
            assert_int_equal(result.verdicts[i], given ? TJ_NOTE_VALID : TJ_NOTE_UNKNOWN);
            assert_true(!given || result.times_s[i] == 1000 + i);
        }
        assert_int_equal(result.verdicts[6], TJ_NOTE_UNKNOWN);
    }
}

static void one_wrong_cosignature_spoils_the_note(void **state)
{
    (void)state;
    start();
    add_witnesses(3);
    add("group g any w1 w2\nquorum g\n");
    read_it();
    assert_true(check(1, 0).quorum);
    struct tj_policy_result result = check(1, 2);
    assert_false(result.quorum);
    assert_int_equal(result.invalid, 1);
    assert_int_equal(result.verdicts[1], TJ_NOTE_INVALID);
    assert_false(check(1, 4).quorum); /* a witness that the quorum does not even need */
    assert_true(check(1, 8).quorum);  /* a key that the policy does not know */
    start();
    add_witnesses(1);
    add("quorum none\n");
    read_it();
    assert_true(check(0, 0).quorum);
    assert_false(check(0, 1).quorum);
}

static void a_quorum_may_be_one_witness(void **state)
{
    (void)state;
    start();
    add_witnesses(2);
    add("group g all w1 w2\nquorum w2\n");
    read_it();
    assert_false(check(1, 0).quorum);
    assert_true(check(2, 0).quorum);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_read),
        cmocka_unit_test(the_least_policy_is_a_quorum),
        cmocka_unit_test(as_many_as_promised_and_no_more),
        cmocka_unit_test(names_and_urls_have_a_length),
        cmocka_unit_test(each_rule_names_its_line),
        cmocka_unit_test(keys_are_of_the_right_type_and_stand_once),
        cmocka_unit_test(a_line_of_too_many_items_is_refused),
        cmocka_unit_test(a_quorum_of_groups_is_counted),
        cmocka_unit_test(one_wrong_cosignature_spoils_the_note),
        cmocka_unit_test(a_quorum_may_be_one_witness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
