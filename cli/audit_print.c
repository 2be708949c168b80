#include "cli/audit_verify.h"
#include "cli/table.h"
#include "cli/text.h"

#include <inttypes.h>
#include <string.h>

static const char *const check_names[TJ_CHECK_COUNT] = {
#define CHECK_NAME(name, text) #name,
    TJ_CHECKS(CHECK_NAME)
#undef CHECK_NAME
};

/* docs/THREATS.md says the same at length. */
static const char *const not_proven[] = {
    "That a key was used only by the person it is registered for: a signature shows the key, not "
    "the hand.",
    "That no other wallet exists: coins that were never entered here are not seen.",
    "That the coins are still there: entries are declarations, the chain was not consulted.",
    "That everyone is shown this same log: without a signed checkpoint, another history may have "
    "been shown to others, or the newest entries been cut off.",
    "That what a cited document says is true: only its hash is bound.",
};
enum { NOT_PROVEN_COUNT = sizeof not_proven / sizeof not_proven[0] };

/* ---- the verdict ---- */

/* What the auditor said beforehand not to have does not leave a verification incomplete. */
static bool is_expected(enum tj_check check, const struct audit_style *style)
{
    return (check == TJ_CHECK_ATTACHMENTS && style->without_documents) ||
           (check == TJ_CHECK_WITNESSES && !style->policy) ||
           ((check == TJ_CHECK_BODIES || check == TJ_CHECK_RULES) && style->public_export);
}

static int report_code(const struct tj_replay_report *report, const struct audit_style *style)
{
    bool skipped = false;
    if (report->failed) {
        return report->newer ? EXIT_INCOMPLETE : EXIT_FAIL;
    }
    for (int i = 0; i < TJ_CHECK_COUNT; i++) {
        skipped |= report->checks[i].skipped > 0 && !is_expected((enum tj_check)i, style);
    }
    return skipped ? EXIT_INCOMPLETE : EXIT_PASS;
}

static const char *code_word(int code)
{
    return code == EXIT_PASS         ? "PASS"
           : code == EXIT_FAIL       ? "FAIL"
           : code == EXIT_INCOMPLETE ? "INCOMPLETE"
                                     : "NOT DONE";
}

/* ---- text ---- */

static void print_word(const char *word, bool colour)
{
    const char *code = strcmp(word, "PASS") == 0 ? "32" : strcmp(word, "FAIL") == 0 ? "31" : "33";
    if (colour) {
        printf("\x1b[%sm%s\x1b[0m", code, word);
    } else {
        printf("%s", word);
    }
}

/* One line for what failed, else one for what passed; and one for what was skipped besides. */
static void print_check(enum tj_check check, const struct tj_check_result *result, bool colour)
{
    const char *text = tj_check_text(check);
    if (result->failed > 0 || result->passed > 0) {
        bool failed = result->failed > 0;
        print_word(failed ? "FAIL" : "PASS", colour);
        printf("  %10" PRIu64 "  %s\n", failed ? result->failed : result->passed, text);
    }
    if (result->skipped > 0) {
        print_word("SKIP", colour);
        printf("  %10" PRIu64 "  %s: %s\n", result->skipped, text, result->note);
    }
}

static void print_hash(const char *name, const struct tj_hash *hash)
{
    char hex[2 * TJ_HASH_SIZE + 1];
    text_format_hex(hex, hash->bytes, TJ_HASH_SIZE);
    printf("%-14s %s\n", name, hex);
}

static void print_covered(const struct tj_replay_report *report)
{
    char first[TEXT_SIZE];
    char last[TEXT_SIZE];
    if (report->entries == report->start) {
        printf("covered        nothing new: %s\n\n",
               report->start > 0 ? "all of it was verified before" : "no entry could be verified");
        return;
    }
    text_format_time_s(first, report->first_received_ns / TJ_NS_PER_S);
    text_format_time_s(last, report->last_received_ns / TJ_NS_PER_S);
    print_hash("ledger id", &report->ledger_id);
    printf("covered        entries %" PRIu64 " to %" PRIu64 ", received %s to %s\n", report->start,
           report->entries - 1, first, last);
    printf("               %" PRIu64 " entries, %" PRIu64 " records, %" PRIu64 " signatures\n",
           report->entries - report->start, report->records, report->signatures);
    if (report->start > 0) {
        printf("               entries 0 to %" PRIu64 " were verified in an earlier audit\n",
               report->start - 1);
    }
    print_hash("last leaf", &report->leaf);
    print_hash("tree root", &report->root);
    printf("\n");
}

static bool has_hashes(const struct tj_replay_report *report)
{
    static const struct tj_hash zero;
    return memcmp(&report->found, &zero, sizeof zero) != 0 ||
           memcmp(&report->expected, &zero, sizeof zero) != 0;
}

static void print_finding(const struct tj_finding *finding, bool colour)
{
    print_word("FINDING", colour);
    if (finding->entry != UINT64_MAX) {
        printf("  entry %" PRIu64 ": %s\n", finding->entry, finding->text);
    } else {
        printf("  %s\n", finding->text);
    }
}

static void print_failure(const struct tj_replay_report *report)
{
    char text[800];
    text_sanitise(text, sizeof text, report->failure);
    if (report->first_entry != UINT64_MAX) {
        printf("\nfirst failure  entry %" PRIu64 "\n", report->first_entry);
    } else {
        printf("\nfirst failure  in no entry in particular\n");
    }
    printf("check          %s\n", tj_check_text(report->first_check));
    printf("what           %s\n", text);
    if (has_hashes(report)) {
        print_hash("found", &report->found);
        print_hash("expected", &report->expected);
    }
    if (report->newer) {
        printf("               The bytes are intact, but this program does not know what they "
               "mean: newer software needed.\n");
    }
}

static void print_text(const struct tj_replay_report *report, const struct audit_style *style,
                       int code)
{
    bool colour = text_colour(stdout);
    print_covered(report);
    for (int i = 0; i < TJ_CHECK_COUNT; i++) {
        print_check((enum tj_check)i, &report->checks[i], colour);
    }
    for (uint64_t i = 0; i < report->finding_count && i < TJ_FINDINGS_MAX; i++) {
        print_finding(&report->findings[i], colour);
    }
    if (report->failed) {
        print_failure(report);
    }
    if (style->state_digest) {
        printf("\n");
        print_hash("state digest", &report->state_digest);
    }
    printf("\nWhat this does not prove:\n");
    for (int i = 0; i < NOT_PROVEN_COUNT; i++) {
        printf("- %s\n", not_proven[i]);
    }
    printf("\n");
    print_word(code_word(code), colour);
    printf("%s\n", code == EXIT_INCOMPLETE ? "  what was not covered stands above" : "");
}

/* ---- JSON ---- */

static void json_hash(const char *member, const struct tj_hash *hash)
{
    char hex[2 * TJ_HASH_SIZE + 1];
    text_format_hex(hex, hash->bytes, TJ_HASH_SIZE);
    printf(",\n \"%s\": \"%s\"", member, hex);
}

static void json_checks(const struct tj_replay_report *report)
{
    printf(",\n \"checks\": [");
    for (int i = 0; i < TJ_CHECK_COUNT; i++) {
        const struct tj_check_result *check = &report->checks[i];
        const char *word = check->failed > 0                          ? "FAIL"
                           : check->skipped > 0 && check->passed == 0 ? "SKIP"
                                                                      : "PASS";
        printf("%s\n  {\"check\": \"%s\", \"result\": \"%s\", \"passed\": %" PRIu64
               ", \"failed\": %" PRIu64 ", \"skipped\": %" PRIu64 ", \"text\": ",
               i > 0 ? "," : "", check_names[i], word, check->passed, check->failed,
               check->skipped);
        json_print_string(stdout, tj_check_text((enum tj_check)i));
        printf(", \"note\": ");
        json_print_string(stdout, check->note);
        printf("}");
    }
    printf("]");
}

static void json_failure(const struct tj_replay_report *report)
{
    if (!report->failed) {
        printf(",\n \"first_failure\": null");
        return;
    }
    printf(",\n \"first_failure\": {\"check\": \"%s\", \"entry\": ",
           check_names[report->first_check]);
    if (report->first_entry != UINT64_MAX) {
        printf("%" PRIu64, report->first_entry);
    } else {
        printf("null");
    }
    printf(", \"newer_software_needed\": %s, \"text\": ", report->newer ? "true" : "false");
    json_print_string(stdout, report->failure);
    if (has_hashes(report)) {
        json_hash("found", &report->found);
        json_hash("expected", &report->expected);
    }
    printf("}");
}

static void json_report(const struct tj_replay_report *report, const struct audit_style *style)
{
    char time[TEXT_SIZE];
    printf(",\n \"entries\": %" PRIu64 ", \"records\": %" PRIu64 ", \"signatures\": %" PRIu64,
           report->entries, report->records, report->signatures);
    if (report->entries > 0) {
        text_format_time_ns(time, report->first_received_ns);
        printf(",\n \"first_entry\": %" PRIu64 ", \"last_entry\": %" PRIu64
               ", \"first_received\": \"%s\"",
               report->start, report->entries - 1, time);
        text_format_time_ns(time, report->last_received_ns);
        printf(", \"last_received\": \"%s\"", time);
        json_hash("ledger_id", &report->ledger_id);
        json_hash("last_leaf", &report->leaf);
        json_hash("tree_root", &report->root);
    }
    if (style->state_digest) {
        json_hash("state_digest", &report->state_digest);
    }
    json_checks(report);
    json_failure(report);
    printf(",\n \"not_proven\": [");
    for (int i = 0; i < NOT_PROVEN_COUNT; i++) {
        printf("%s\n  ", i > 0 ? "," : "");
        json_print_string(stdout, not_proven[i]);
    }
    printf("]");
}

int audit_print(const char *path, const struct tj_replay_report *report,
                const struct audit_style *style)
{
    int code = report_code(report, style);
    (void)path;
    if (style->format == AUDIT_JSON) {
        printf("{\"result\": \"%s\", \"exit\": %d", code_word(code), code);
        json_report(report, style);
        printf("}\n");
    } else {
        print_text(report, style, code);
    }
    return code;
}

void audit_print_failure(const char *why, const struct audit_style *style)
{
    char safe[1024];
    text_sanitise(safe, sizeof safe, why);
    if (style->format == AUDIT_JSON) {
        printf("{\"result\": \"FAIL\", \"exit\": %d, \"text\": ", EXIT_FAIL);
        json_print_string(stdout, why);
        printf("}\n");
    } else {
        printf("%s\n", safe);
        print_word("FAIL", text_colour(stdout));
        printf("\n");
    }
}
