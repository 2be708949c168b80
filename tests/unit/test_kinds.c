/* What has a number and a name in core/format/record_tables.h has its place everywhere else: a row
 * of rules, words, and its rows in docs/FORMAT.md and docs/PURPOSES.md. What is missing is named.
 * (The compiler finds a kind without a layout, a rule or a sentence; second_tables_test.py what
 * the second verifier lacks of the document; test_cli_input reads the examples.) */

#include "core/format/detail.h"
#include "core/rules/kind.h"
#include "text/log_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/unit/read_document.h"

struct named {
    const char *constant;
    unsigned number;
    const char *name;
};
#define NAMED(constant, number, name, ...) {#constant, number, name},
#define NAMED_3(constant, number, name)    {#constant, number, name},

static const struct named kinds[] = {TJ_KINDS(NAMED)};
static const struct named detail_kinds[] = {TJ_DETAIL_KINDS(NAMED_3)};
static const struct named reserved[] = {TJ_RESERVED_KINDS(NAMED_3)};
static const struct named purposes[] = {TJ_PURPOSES(NAMED_3)};
static const struct named classes[] = {TJ_CLASSES(NAMED_3)};
static const struct named party_types[] = {TJ_PARTY_TYPES(NAMED_3)};
static const struct named roles[] = {TJ_ROLES(NAMED_3)};
static const struct named limits[] = {TJ_LIMIT_TYPES(NAMED_3)};
static const struct named programmes[] = {TJ_PROGRAMME_TYPES(NAMED_3)};
static const struct named figures[] = {TJ_FIGURES(NAMED_3)};
static const struct named detail_types[] = {TJ_DETAIL_TYPES(NAMED)};
static const struct named in_prose[] = {
    TJ_NETWORKS(NAMED_3) TJ_DOMAINS(NAMED_3) TJ_DIRECTIONS(NAMED_3) TJ_LIMIT_TYPES(NAMED_3)
        TJ_PROGRAMME_TYPES(NAMED_3) TJ_MODES(NAMED_3) TJ_FIGURES(NAMED_3) TJ_ENCUMBRANCES(NAMED_3)};
#define COUNT(list) (sizeof(list) / sizeof(list)[0])

/* ---- the documents ---- */

/* A part of a document, from a line that begins so to the next heading; lines joined where they
 * were broken when `prose`. The caller frees it. */
static char *section(const char *document, const char *heading, bool prose)
{
    char *text = read_document(document);
    char start[128];
    snprintf(start, sizeof start, "\n%s", heading);
    char *begin = strstr(text, start);
    if (begin == NULL) {
        fail_msg("docs/%s has no section \"%s\"", document, heading);
    }
    char *end = strstr(begin + strlen(start), "\n#");
    char *part = strndup(begin, end != NULL ? (size_t)(end - begin) : strlen(begin));
    assert_non_null(part);
    for (char *at = part; prose && *at != '\0'; at++) {
        *at = *at == '\n' ? ' ' : *at;
    }
    free(text);
    return part;
}

/* The line of a section that begins so, or NULL. The caller frees it. */
static char *row_of(const char *part, const char *begins)
{
    char start[160];
    snprintf(start, sizeof start, "\n%s", begins);
    const char *row = strstr(part, start);
    return row == NULL ? NULL : strndup(row + 1, strcspn(row + 1, "\n"));
}

__attribute__((format(printf, 4, 5))) static void
must_say(const char *part, const char *where, const struct named *item, const char *format, ...)
{
    char wanted[256];
    va_list args;
    va_start(args, format);
    vsnprintf(wanted, sizeof wanted, format, args);
    va_end(args);
    if (part == NULL || strstr(part, wanted) == NULL) {
        fail_msg("%s (%s): %s does not say \"%s\"", item->name, item->constant, where, wanted);
    }
}

static void list_is_said(const char *part, const char *where, const struct named *list,
                         size_t count, const char *before, const char *between, const char *after)
{
    for (size_t i = 0; i < count; i++) {
        must_say(part, where, &list[i], "%s%s%s%u%s", before, list[i].name, between, list[i].number,
                 after);
    }
}

static void numbers_are_documented(void **state)
{
    (void)state;
    char *part = section("FORMAT.md", "## 1 Numbers", false);
    char *prose = section("FORMAT.md", "## 1 Numbers", true);
    const char *where = "docs/FORMAT.md section 1";
    for (size_t i = 0; i < COUNT(kinds); i++) {
        bool move = kinds[i].number == TJ_MOVE;
        must_say(part, where, &kinds[i], "| %s%s | %u |", kinds[i].name,
                 move ? " (posted at once)" : "", kinds[i].number);
    }
    list_is_said(part, where, detail_kinds, COUNT(detail_kinds), "| ", " | ", " |");
    list_is_said(prose, where, detail_types, COUNT(detail_types), " ", " ", "");
    for (size_t i = 0; i < COUNT(reserved); i++) {
        must_say(prose, where, &reserved[i], "%u %s", reserved[i].number, reserved[i].name);
    }
    list_is_said(part, where, purposes, COUNT(purposes), "| ", " | ", " |");
    list_is_said(part, where, classes, COUNT(classes), "| ", " | ", " |");
    list_is_said(part, where, party_types, COUNT(party_types), "| ", " | ", " |");
    list_is_said(part, where, roles, COUNT(roles), "| ", " | ", " |");
    list_is_said(prose, where, in_prose, COUNT(in_prose), " ", " ", "");
    free(prose);
    free(part);
}

/* ---- layouts ---- */

static void field_is_said(const char *row, const char *where, const struct named *kind,
                          const struct tj_field *field)
{
    char name[64];
    char words[64]; /* "envelope id of that entry" */
    bool movement = tj_kind_is_movement((uint8_t)kind->number);
    const char *format = movement ? "| %u | %u | %s |" : " %u %u %s";
    snprintf(name, sizeof name, format, field->offset, field->size, field->name);
    snprintf(words, sizeof words, "%s", name);
    for (char *at = words; *at != '\0'; at++) {
        *at = *at == '_' ? ' ' : *at;
    }
    if (row == NULL || (strstr(row, name) == NULL && strstr(row, words) == NULL)) {
        fail_msg("%s (%s): %s does not say \"%s\"", kind->name, kind->constant, where, name);
    }
}

static void layouts_are_documented(void **state)
{
    (void)state;
    char *movements = section("FORMAT.md", "### 3.1 Movements", false);
    char *directives = section("FORMAT.md", "### 3.2 Directives", false);
    for (size_t i = 0; i < COUNT(kinds); i++) {
        const struct tj_layout *layout = tj_record_layout((uint8_t)kinds[i].number);
        bool movement = tj_kind_is_movement((uint8_t)kinds[i].number);
        char begins[64];
        assert_non_null(layout);
        assert_string_equal(layout->name, kinds[i].name);
        snprintf(begins, sizeof begins, "| %u %s | ", kinds[i].number, kinds[i].name);
        char *row = movement ? strdup(movements) : row_of(directives, begins);
        for (size_t f = 0; f < layout->count; f++) {
            const struct tj_field *field = &layout->fields[f];
            field_is_said(row, movement ? "docs/FORMAT.md section 3.1" : "docs/FORMAT.md 3.2",
                          &kinds[i], field);
            /* So TJ_GET reads what the layout says. */
            assert_true(field->type != TJ_FIELD_NUMBER || field->size == field->member_size);
        }
        free(row);
    }
    must_say(movements, "docs/FORMAT.md section 3.1", &purposes[COUNT(purposes) - 1],
             "| purpose | 1–%u |", purposes[COUNT(purposes) - 1].number);
    for (size_t i = 0; i < COUNT(limits); i++) {
        must_say(directives, "docs/FORMAT.md section 3.2", &limits[i], "\n| limit: %s |",
                 limits[i].name);
    }
    for (size_t i = 0; i < COUNT(programmes); i++) {
        must_say(directives, "docs/FORMAT.md section 3.2", &programmes[i], "\n| programme: %s |",
                 programmes[i].name);
    }
    const char *of_figures = strstr(directives, "\n| figure: ");
    for (size_t i = 0; i < COUNT(figures); i++) {
        must_say(of_figures, "docs/FORMAT.md section 3.2, the rows of figures", &figures[i], " %s",
                 figures[i].name);
    }
    free(directives);
    free(movements);
}

/* Each field of a type stands in its row as "4 32 txid". A text is not named there again: its row
 * says what it is. */
#define DETAIL_FIELD(type, field, offset, size, ...) {#type, offset, #field " " #size},
#define DETAIL_FIELDS(type, ...)                     type##_FIELDS(DETAIL_FIELD)

static void details_are_documented(void **state)
{
    (void)state;
    static const struct named fields[] = {TJ_DETAIL_TYPES(DETAIL_FIELDS)};
    char *part = section("FORMAT.md", "### 3.3 Details", false);
    for (size_t i = 0; i < COUNT(detail_types); i++) {
        char begins[64];
        unsigned found = 0;
        snprintf(begins, sizeof begins, "| %u %s | ", detail_types[i].number, detail_types[i].name);
        char *row = row_of(part, begins);
        assert_string_equal(tj_detail_names[detail_types[i].number], detail_types[i].name);
        for (size_t k = 0; k < COUNT(fields); k++) {
            char said[64];
            bool of_type = strcmp(fields[k].constant, detail_types[i].constant) == 0;
            snprintf(said, sizeof said, "%u %s ", fields[k].number,
                     strrchr(fields[k].name, ' ') + 1);
            if (of_type) {
                must_say(row, "docs/FORMAT.md section 3.3", &fields[k], "%s", said);
                found++;
            }
        }
        assert_true(found > 0);
        free(row);
    }
    free(part);
}

/* ---- rules ---- */

static const struct {
    tj_who *who;
    const char *said;
} rights[] = {
    {tj_by_authority, "| authority |"},
    {tj_by_authority_of_another, "| authority | party is not 0 (NOT_ALLOWED)"},
    {tj_by_itself_or_authority, "| itself or the authority |"},
    {tj_by_itself_or_guardian, "| itself; or the authority while"},
    {tj_by_itself_or_guardian, "| as add_key |"},
    {tj_by_owner, "| the account's party, any lane |"},
    {tj_by_who_states, "| a party of the public sector, lane 0; attested: itself |"},
    {tj_by_anyone, "| any party, any lane |"},
};

static void directive_is_documented(const char *part, const struct named *kind)
{
    const struct tj_directive_rule *rule = tj_directive_rule((uint8_t)kind->number);
    char begins[64];
    if (rule == NULL) {
        fail_msg("%s (%s): no row in core/rules/kind.c", kind->name, kind->constant);
        return;
    }
    assert_true(rule->since >= TJ_RULES_FIRST && rule->since <= TJ_RULES_LAST);
    assert_true(rule->who != NULL && rule->judge != NULL && rule->effect != NULL);
    if ((tj_record_layout((uint8_t)kind->number)->says & TJ_FOUNDS) != 0) {
        assert_true(rule->who == tj_by_nobody);
        return;
    }
    snprintf(begins, sizeof begins, "| %s | ", kind->name);
    char *row = row_of(part, begins);
    must_say(row, "docs/FORMAT.md section 7.2", kind, "%s", begins);
    bool said = false;
    for (size_t i = 0; i < COUNT(rights); i++) {
        said |= rights[i].who == rule->who && strstr(row, rights[i].said) != NULL;
    }
    if (!said) {
        fail_msg("%s (%s): docs/FORMAT.md section 7.2 lets another give it: %s", kind->name,
                 kind->constant, row);
    }
    free(row);
}

static void rules_are_documented(void **state)
{
    (void)state;
    char *movements = section("FORMAT.md", "### 7.1 Movements", false);
    char *directives = section("FORMAT.md", "### 7.2 Directives", false);
    char *examples = section("FORMAT.md", "## 11 Input files", false);
    for (size_t i = 0; i < COUNT(kinds); i++) {
        uint8_t kind = (uint8_t)kinds[i].number;
        must_say(examples, "docs/FORMAT.md section 11", &kinds[i], "{\"kind\": \"%s\"",
                 kinds[i].name);
        if (!tj_kind_is_movement(kind)) {
            directive_is_documented(directives, &kinds[i]);
            continue;
        }
        const struct tj_movement_rule *rule = tj_movement_rule(kind);
        assert_true(rule != NULL && rule->judge != NULL && rule->effect != NULL);
        assert_true(rule->since >= TJ_RULES_FIRST && rule->since <= TJ_RULES_LAST);
        assert_true(strlen(log_verb(kind)) > 0);
        must_say(movements, "docs/FORMAT.md section 7.1", &kinds[i], "*%s*", kinds[i].name);
    }
    assert_null(tj_movement_rule(0));
    assert_null(tj_movement_rule(TJ_MOVEMENT_END));
    assert_null(tj_directive_rule(TJ_MOVE));
    assert_null(tj_directive_rule(TJ_KIND_END));
    assert_null(tj_directive_rule(255));
    free(examples);
    free(directives);
    free(movements);
}

/* ---- purposes and classes ---- */

static void purposes_have_their_cells(void **state)
{
    (void)state;
    char *pairs = section("FORMAT.md", "### 7.1 Movements", false);
    char *purposes_md = read_document("PURPOSES.md");
    for (size_t i = 0; i < COUNT(purposes); i++) {
        char begins[64];
        size_t cells = 0;
        snprintf(begins, sizeof begins, "| %s | ", purposes[i].name);
        char *row = row_of(pairs, begins);
        must_say(row, "docs/FORMAT.md section 7.1", &purposes[i], "%s", begins);
        for (size_t r = 0; r < tj_purpose_rule_count; r++) {
            const struct tj_purpose_rule *rule = &tj_purpose_rules[r];
            if (rule->purpose == purposes[i].number) {
                must_say(row, "docs/FORMAT.md section 7.1", &purposes[i], "%s → %s",
                         tj_class_names[rule->from], tj_class_names[rule->to]);
                cells++;
            }
        }
        /* A correction repeats the purpose of what it corrects. */
        if (cells == 0 && purposes[i].number != TJ_CORRECTION) {
            fail_msg("%s (%s): core/rules/purpose.c allows no pair of classes", purposes[i].name,
                     purposes[i].constant);
        }
        must_say(purposes_md, "docs/PURPOSES.md", &purposes[i], "%s", purposes[i].name);
        free(row);
    }
    for (size_t i = 0; i < COUNT(classes); i++) {
        must_say(purposes_md, "docs/PURPOSES.md", &classes[i], "\n| %s | ", classes[i].name);
    }
    free(purposes_md);
    free(pairs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_documented),    cmocka_unit_test(layouts_are_documented),
        cmocka_unit_test(details_are_documented),    cmocka_unit_test(rules_are_documented),
        cmocka_unit_test(purposes_have_their_cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
