/* What the documents print out of the code is what the code says: the statuses and the worked
 * example of docs/FORMAT.md, and the purposes of docs/PURPOSES.md. Each block is made here and
 * looked for in the document, letter by letter. With TIJORI_PRINT=1 in the environment the blocks
 * are printed, for pasting. */

#include "ledger_support.h"

#include "core/rules/purpose.h"
#include "crypto/tree.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "tests/unit/read_document.h"

static void must_hold(const char *document, const char *block)
{
    if (getenv("TIJORI_PRINT") != NULL) {
        printf("%s", block);
        return;
    }
    char *text = read_document(document);
    const char *at = strstr(text, block);
    free(text);
    if (at == NULL) {
        fail_msg("docs/%s does not hold this block (TIJORI_PRINT=1 prints it):\n%s", document,
                 block);
    }
}

static void statuses_are_documented(void **state)
{
    (void)state;
    char *block = calloc(1, 1 << 16);
    size_t at = 0;
    assert_non_null(block);
    for (int s = 0; s < TIJORI_STATUS_COUNT; s++) {
        at += (size_t)snprintf(block + at, (1 << 16) - at, "| %s | %s |\n",
                               tijori_status_name((enum tijori_status)s),
                               tijori_status_text((enum tijori_status)s));
    }
    must_hold("FORMAT.md", block);
    free(block);
}

static void purposes_are_documented(void **state)
{
    (void)state;
    char *block = calloc(1, 1 << 16);
    size_t at = 0;
    assert_non_null(block);
    for (size_t i = 0; i < tj_purpose_rule_count; i++) {
        const struct tj_purpose_rule *rule = &tj_purpose_rules[i];
        at += (size_t)snprintf(block + at, (1 << 16) - at, "| %s | %s → %s | %s |\n",
                               tj_purpose_names[rule->purpose], tj_class_names[rule->from],
                               tj_class_names[rule->to], rule->reason);
    }
    must_hold("PURPOSES.md", block);
    free(block);
}

struct text {
    char bytes[1 << 15];
    size_t at;
};

static void line(struct text *out, const char *label, const uint8_t *bytes, size_t size)
{
    out->at += (size_t)snprintf(out->bytes + out->at, sizeof out->bytes - out->at, "%s\n", label);
    for (size_t i = 0; i < size; i++) {
        out->at += (size_t)snprintf(out->bytes + out->at, sizeof out->bytes - out->at, "%s%02x%s",
                                    i % 32 == 0 ? "    " : "", bytes[i],
                                    i % 32 == 31 || i + 1 == size ? "\n" : "");
    }
}

static void example_entry(struct fixture *f, struct text *out, uint64_t index)
{
    uint8_t entry[TJ_ENTRY_SIZE_MAX];
    uint8_t body[32 * 128];
    char label[160];
    struct tijori_entry stored = {entry, sizeof entry, body, sizeof body};
    struct tj_entry_view view;
    struct tj_verdict verdict;
    struct tj_hash hash;
    assert_int_equal(tijori_entry(f->ledger, &stored, index), TIJORI_OK);
    tj_verdict_init(&verdict);
    assert_int_equal(tj_entry_decode(&view, entry, stored.entry_size, &verdict), TIJORI_OK);
    for (uint32_t i = 0; i < view.header.record_count; i++) {
        const uint8_t *record = body + (size_t)i * TJ_RECORD_SIZE;
        snprintf(label, sizeof label, "entry %u, record %u: %s", (unsigned)index, i,
                 tj_record_layout(record[0])->name);
        line(out, label, record, TJ_RECORD_SIZE);
        tj_leaf_hash(f->digester.hasher, &hash, record, TJ_RECORD_SIZE);
        line(out, "  its leaf hash", hash.bytes, TJ_HASH_SIZE);
    }
    line(out, "body_root", view.header.body_root.bytes, TJ_HASH_SIZE);
    line(out, "header", view.header_bytes, TJ_HEADER_SIZE);
    tj_envelope_id(&f->digester, &hash, view.header_bytes);
    line(out, "envelope id", hash.bytes, TJ_HASH_SIZE);
    line(out, "entry", entry, stored.entry_size);
    tj_leaf_hash(f->digester.hasher, &hash, entry, stored.entry_size);
    line(out, index == 0 ? "leaf hash of the entry: the ledger id" : "leaf hash of the entry",
         hash.bytes, TJ_HASH_SIZE);
    size_t links = (size_t)view.header.record_count * TJ_LINK_SIZE;
    line(out, "links", body + (size_t)view.header.record_count * TJ_RECORD_SIZE, links);
    line(out, "tail", body + stored.body_size - TJ_TAIL_SIZE, TJ_TAIL_SIZE);
}

static void the_worked_example_is_what_the_code_makes(void **state)
{
    (void)state;
    struct fixture *f = calloc(1, sizeof *f);
    struct text *out = calloc(1, sizeof *out);
    struct tijori_head head;
    assert_true(f != NULL && out != NULL);
    fixture_create(f);
    example_entry(f, out, 0);
    example_entry(f, out, 1);
    tijori_head(f->ledger, &head);
    line(out, "tree root over both", head.root, TJ_HASH_SIZE);
    must_hold("FORMAT.md", out->bytes);
    fixture_destroy(f);
    free(out);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_are_documented),
        cmocka_unit_test(purposes_are_documented),
        cmocka_unit_test(the_worked_example_is_what_the_code_makes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
