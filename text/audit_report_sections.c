/* What stands where in a report, and how its texts are filled in. */

#include "text/audit_report.h"
#include "text/json.h"

#include <inttypes.h>
#include <string.h>

#define END_OF_FACTS                                                                               \
    {                                                                                              \
        NULL, NULL                                                                                 \
    }
#define END_OF_COLUMNS                                                                             \
    {                                                                                              \
        NULL, NULL, false                                                                          \
    }

const char *const report_title = "Audit of {ledger_name}: {result}";
const char *const report_page_heads[] = {
    "{ledger_name}",
    "ledger id {ledger_id}",
    "checkpoint {checkpoint.sha256}",
    NULL,
};

static const struct report_fact covered[] = {
    {"result", "{result}: {verdict}"},
    {"what", "{text}"},
    {"not read", "{not_read.what}"},
    {"", "and more: {not_read.more} times"},
    {"log", "{log}"},
    {"ledger id", "{ledger_id}"},
    {"covered", "entries {first_entry} to {last_entry}, received {first_received} to "
                "{last_received}"},
    {"covered", "{nothing_new}"},
    {"", "{new_entries} entries, {records} records, {signatures} signatures"},
    {"", "entries 0 to {last_entry_before} were verified in an earlier audit"},
    {"", "the records of {restricted.entries} restricted entries are not here, "
         "{restricted.records} in all; the first is entry {restricted.first_entry}"},
    {"", "{restricted_before}"},
    {"", "{left_open} things that earlier audits could not check stay unchecked"},
    {"last leaf", "{last_leaf}"},
    {"tree root", "{tree_root}"},
    {"state digest", "{state_digest}"},
    END_OF_FACTS,
};

static const struct table_column check_columns[] = {
    {"result", "result", false},
    {"check", "text", false},
    {"passed", "passed", true},
    {"failed", "failed", true},
    {"skipped", "skipped", true},
    {"why, or more about it", "note", false},
    END_OF_COLUMNS,
};

static const struct table_column note_columns[] = {
    {"", "result", false},
    {"what", "text", false},
    END_OF_COLUMNS,
};

static const struct report_fact more_findings[] = {
    {"earlier", "{findings_earlier} of them were found by earlier audits"},
    {"not shown", "{findings_not_shown} more findings"},
    END_OF_FACTS,
};
static const struct table_column finding_columns[] = {
    {"", "result", false},
    {"where", "where", false},
    {"what", "text", false},
    END_OF_COLUMNS,
};

static const struct report_fact failure[] = {
    {"first failure", "{first_failure.where}"},
    {"check", "{first_failure.check_text}"},
    {"what", "{first_failure.text}"},
    {"found", "{first_failure.found}"},
    {"expected", "{first_failure.expected}"},
    {"", "{first_failure.newer_text}"},
    END_OF_FACTS,
};

static const struct report_fact balance_facts[] = {
    {"balances", "{balances_note}"},
    {"attested", "Custody and its counterparts begin without what restricted entries moved: "
                 "{restricted_before}. Their totals are attested by signatures only, and not "
                 "derived here."},
    {"attested", "Custody and its counterparts lack the movements of {restricted.entries} "
                 "restricted entries, from entry {restricted.first_entry} on: their totals are "
                 "attested by signatures only, and not derived here."},
    END_OF_FACTS,
};
static const struct table_column balance_columns[] = {
    {"class", "class", false},    {"accounts", "accounts", true},
    {"opening", "opening", true}, {"brought in", "brought_in", true},
    {"in", "in", true},           {"out", "out", true},
    {"closing", "closing", true}, END_OF_COLUMNS,
};
static const struct table_column movement_columns[] = {
    {"class", "class", false},
    {"purpose", "purpose", false},
    {"movements", "movements", true},
    {"brought in", "brought_in", true},
    {"in", "in", true},
    {"out", "out", true},
    {"net", "net", true},
    END_OF_COLUMNS,
};

static const struct report_fact checkpoint[] = {
    {"checkpoint", "{no_checkpoint}"},
    {"checkpoint", "of {checkpoint.size} entries, signed by {checkpoint.signer}"},
    {"its root", "{checkpoint.root}"},
    {"its SHA-256", "{checkpoint.sha256}"},
    {"checkpoints", "{checkpoints} checked in this audit"},
    END_OF_FACTS,
};

static const struct report_fact witness_facts[] = {
    {"quorum", "{quorum}"},
    END_OF_FACTS,
};
static const struct table_column witness_columns[] = {
    {"name", "name", false},
    {"by its name", "checked", false},
    {"verdict", "verdict", false},
    {"time", "time", false},
    END_OF_COLUMNS,
};

static const struct report_fact about[] = {
    {"made by", "{program}"},
    {"",
     "The report bears no date of its own: two audits of one log by this program, with the same "
     "options and pins, give the same bytes."},
    END_OF_FACTS,
};

const struct report_section report_sections[] = {
    {.title = "What was covered", .facts = covered},
    {.title = "Checks", .rows = "checks", .columns = check_columns, .counts = true},
    {.title = "Findings", .facts = more_findings, .rows = "findings", .columns = finding_columns},
    {.title = "Notes", .rows = "notes", .columns = note_columns},
    {.title = "First failure", .facts = failure},
    {.title = "Balances by class",
     .facts = balance_facts,
     .rows = "balances",
     .columns = balance_columns,
     .sums = "sums",
     .each = "assets",
     .each_is = "{asset}"},
    {.title = "Movements by purpose",
     .rows = "movements",
     .columns = movement_columns,
     .each = "assets",
     .each_is = "{asset}"},
    {.title = "Checkpoint", .facts = checkpoint},
    {.title = "Witnesses", .facts = witness_facts, .rows = "witnesses", .columns = witness_columns},
    {.title = "What this does not prove", .lines = "not_proven"},
    {.title = "About this report", .facts = about},
};
const size_t report_section_count = sizeof report_sections / sizeof report_sections[0];

/* ---- filling in ---- */

/* "a" or "a.b", as they stand in a text up to `size` bytes. */
static const json_t *find_member(const json_t *object, const char *path, size_t size)
{
    char name[64];
    const char *dot = memchr(path, '.', size);
    size_t first = dot != NULL ? (size_t)(dot - path) : size;
    TIJORI_REQUIRE(first < sizeof name);
    memcpy(name, path, first);
    name[first] = '\0';
    const json_t *value = json_object_get(object, name);
    return dot != NULL && value != NULL ? find_member(value, dot + 1, size - first - 1) : value;
}

/* False when there is nothing to print. */
static bool print_value(FILE *out, const json_t *value)
{
    if (json_is_string(value)) {
        fputs(json_string_value(value), out);
    } else if (json_is_integer(value)) {
        fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    } else if (json_is_boolean(value)) {
        fputs(json_is_true(value) ? "yes" : "no", out);
    } else {
        return false;
    }
    return true;
}

char *report_fill(const json_t *report, const json_t *part, const char *text)
{
    char *filled = NULL;
    size_t size;
    bool whole = true;
    FILE *out = open_memstream(&filled, &size);
    if (out == NULL) {
        document_incomplete();
        return NULL;
    }
    while (whole && *text != '\0') {
        size_t plain = strcspn(text, "{");
        fwrite(text, 1, plain, out);
        text += plain;
        if (*text == '{') {
            size_t length = strcspn(++text, "}");
            const json_t *value = find_member(part, text, length);
            whole = print_value(out, value != NULL ? value : find_member(report, text, length));
            text += length + 1;
        }
    }
    const bool written = ferror(out) == 0;
    if (fclose(out) != 0 || !written) {
        document_incomplete();
        whole = false;
    }
    if (!whole) {
        free(filled);
        return NULL;
    }
    return filled;
}

char *report_cell(const json_t *row, const char *member)
{
    char text[64];
    snprintf(text, sizeof text, "{%s}", member);
    char *cell = report_fill(row, NULL, text);
    if (cell == NULL || cell[0] == '\0') {
        free(cell);
        cell = strdup("-");
    }
    if (cell == NULL) {
        document_incomplete();
    }
    return cell;
}

static bool has_rows(const struct report_section *section, const json_t *part)
{
    return section->rows != NULL && json_array_size(json_object_get(part, section->rows)) > 0;
}

bool report_section_shown(const struct report_section *section, const json_t *report)
{
    bool shown =
        has_rows(section, report) ||
        (section->lines != NULL && json_array_size(json_object_get(report, section->lines)) > 0);
    const json_t *part;
    size_t i;
    for (const struct report_fact *fact = section->facts; fact != NULL && fact->label != NULL;
         fact++) {
        char *text = report_fill(report, NULL, fact->text);
        shown = shown || text != NULL;
        free(text);
    }
    if (section->each != NULL) {
        json_array_foreach(json_object_get(report, section->each), i, part)
        {
            shown = shown || has_rows(section, part);
        }
    }
    return shown;
}
