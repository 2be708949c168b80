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

/* What leaves a passed verification incomplete. That no ledger id was pinned and that there is no
 * checkpoint is said on a line each, but is how this version is used. */
static bool is_incomplete(const struct tj_replay_report *report, const struct audit_style *style)
{
    for (int i = 0; i < TJ_CHECK_COUNT; i++) {
        bool expected = i == TJ_CHECK_LEDGER_ID || i == TJ_CHECK_CHECKPOINT ||
                        (i == TJ_CHECK_ATTACHMENTS && style->without_documents);
        if (report->checks[i].skipped > 0 && !expected) {
            return true;
        }
    }
    return false;
}

static bool any_failed(const struct tj_replay_report *report)
{
    for (int i = 0; i < TJ_CHECK_COUNT; i++) {
        if (report->checks[i].failed > 0) {
            return true;
        }
    }
    return report->failed;
}

static int report_code(const struct tj_replay_report *report, const struct audit_style *style)
{
    if (any_failed(report)) {
        return report->newer ? EXIT_INCOMPLETE : EXIT_FAIL;
    }
    return is_incomplete(report, style) ? EXIT_INCOMPLETE : EXIT_PASS;
}

static int outcome_code(const struct audit_result *result, const struct audit_style *style)
{
    switch (result->outcome) {
    case AUDIT_REPORT:
        return report_code(&result->report, style);
    case AUDIT_NOT_OPENED:
    case AUDIT_NOT_READ:
        return exit_code_of(result->status);
    case AUDIT_CRASHED:
        return EXIT_FAIL;
    case AUDIT_INTERRUPTED:
        return EXIT_INCOMPLETE;
    }
    abort();
}

static const char *code_word(int code)
{
    return code == EXIT_PASS         ? "PASS"
           : code == EXIT_FAIL       ? "FAIL"
           : code == EXIT_INCOMPLETE ? "INCOMPLETE"
                                     : "NOT DONE";
}

/* Why there is no report. */
static void describe(const char *dir, const struct audit_result *result, char *out, size_t size)
{
    const char *text = tijori_status_text(result->status);
    switch (result->outcome) {
    case AUDIT_REPORT:
        out[0] = '\0';
        return;
    case AUDIT_NOT_OPENED:
        if (result->status == TIJORI_NOT_FOUND) {
            snprintf(out, size, "%s: there is no ledger here", dir);
        } else if (result->status == TIJORI_FORMAT_UNKNOWN) {
            snprintf(out, size,
                     "%s: storage format %" PRIu32 ", this program knows %d: newer software needed",
                     dir, result->format_found, (int)TJ_STORE_FORMAT);
        } else if (result->status == TIJORI_CORRUPT) {
            snprintf(out, size, "%s: the storage cannot be opened: damaged, or not a ledger", dir);
        } else {
            snprintf(out, size, "%s: %s", dir, text);
        }
        return;
    case AUDIT_NOT_READ:
        snprintf(out, size, "%s: reading stopped: %s", dir, text);
        return;
    case AUDIT_CRASHED:
        snprintf(out, size, "%s: the storage is damaged so badly that reading it crashed%s%s", dir,
                 result->signal != 0 ? ": " : "",
                 result->signal != 0 ? strsignal(result->signal) : "");
        return;
    case AUDIT_INTERRUPTED:
        snprintf(out, size, "%s: the reading was stopped from outside (%s); nothing was verified",
                 dir, strsignal(result->signal));
        return;
    }
    abort();
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
    if (result->failed > 0 || result->passed > 0 || result->skipped == 0) {
        bool failed = result->failed > 0;
        print_word(failed ? "FAIL" : "PASS", colour);
        printf("  %10" PRIu64 "  %s%s\n", failed ? result->failed : result->passed, text,
               failed                ? ""
               : result->passed == 0 ? ": none stored"
                                     : "");
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
    if (report->entries == 0) {
        printf("covered        nothing: no entry could be verified\n\n");
        return;
    }
    text_format_time_s(first, report->first_received_ns / TJ_NS_PER_S);
    text_format_time_s(last, report->last_received_ns / TJ_NS_PER_S);
    print_hash("ledger id", &report->ledger_id);
    printf("covered        entries 0 to %" PRIu64 ", received %s to %s\n", report->entries - 1,
           first, last);
    printf("               %" PRIu64 " entries, %" PRIu64 " records, %" PRIu64 " signatures\n",
           report->entries, report->records, report->signatures);
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

static void print_failure(const struct tj_replay_report *report)
{
    char text[640];
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

static void print_text(const struct audit_result *result, const struct audit_style *style,
                       const char *why, int code)
{
    const struct tj_replay_report *report = &result->report;
    bool colour = text_colour(stdout);
    if (result->outcome == AUDIT_REPORT) {
        print_covered(report);
        for (int i = 0; i < TJ_CHECK_COUNT; i++) {
            print_check((enum tj_check)i, &report->checks[i], colour);
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
    } else {
        char safe[1024];
        text_sanitise(safe, sizeof safe, why);
        printf("%s\n", safe);
    }
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
        printf(",\n \"first_entry\": 0, \"last_entry\": %" PRIu64 ", \"first_received\": \"%s\"",
               report->entries - 1, time);
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

int audit_print(const char *dir, const struct audit_result *result, const struct audit_style *style)
{
    char why[512];
    int code = outcome_code(result, style);
    describe(dir, result, why, sizeof why);
    if (style->json) {
        printf("{\"result\": \"%s\", \"exit\": %d", code_word(code), code);
        if (result->outcome == AUDIT_REPORT) {
            json_report(&result->report, style);
        } else {
            printf(", \"text\": ");
            json_print_string(stdout, why);
        }
        printf("}\n");
    } else if (result->outcome == AUDIT_REPORT || code == EXIT_FAIL) {
        print_text(result, style, why, code);
    }
    /* Not a finding about the ledger but a reason why there is none. */
    if (result->outcome != AUDIT_REPORT && code != EXIT_FAIL) {
        message("%s", why);
    }
    return code;
}
