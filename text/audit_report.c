#include "text/audit_report.h"

#include "text/json.h"
#include "text/text.h"
#include "core/audit/anchor.h"
#include "core/exchange/verdict.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

static const char *const check_names[TJ_CHECK_COUNT] = {
#define CHECK_NAME(name, text) #name,
    TJ_CHECKS(CHECK_NAME)
#undef CHECK_NAME
};

/* ---- members ---- */

/* An entry's number, and how a sentence names it. */
static void put_entry(json_t *object, uint64_t entry)
{
    char where[TEXT_SIZE] = "in no entry in particular";
    if (entry != UINT64_MAX) {
        member_count(object, "entry", entry);
        snprintf(where, sizeof where, "entry %" PRIu64, entry);
    } else {
        member_null(object, "entry");
    }
    member_text(object, "where", where);
}

static void put_amount(json_t *object, const char *member, tj_i128 base, unsigned decimals)
{
    char member_of_base[32];
    snprintf(member_of_base, sizeof member_of_base, "%s_base", member);
    member_amount(object, member, base, decimals);
    member_base(object, member_of_base, base);
}

/* ---- the verdict ---- */

static struct tj_expected expected_of(const struct audit_style *style)
{
    return (struct tj_expected){.without_documents = style->without_documents,
                                .public_export = style->public_export,
                                .no_policy = !style->policy};
}

enum tijori_verdict audit_verdict_of(const struct tj_replay_report *report,
                                     const struct audit_style *style)
{
    const struct tj_expected expected = expected_of(style);
    return tj_report_verdict(report, &expected);
}

bool audit_incomplete(const struct tj_replay_report *report, const struct audit_style *style)
{
    const struct tj_expected expected = expected_of(style);
    return tj_report_incomplete(report, &expected);
}

static const char *incomplete_sentence(const struct tj_replay_report *report)
{
    if (report->trouble.status != TIJORI_OK) {
        return "nothing failed, but something could not be read, so that nothing is concluded";
    }
    return report->newer ? "newer software is needed to go on"
                         : "nothing failed, but not everything was checked: see what was skipped";
}

/* Findings are counted whatever else there is: nobody has to read on to learn of them. */
static void verdict_sentence(char out[TEXT_SIZE * 4], enum tijori_verdict verdict,
                             const struct tj_replay_report *report, bool incomplete)
{
    static const char passed[] = "every check that was asked for passed";
    const uint64_t count = report->finding_count;
    char findings[TEXT_SIZE] = "";
    const char *rest = passed;
    if (verdict == TIJORI_FAIL) {
        rest = "a check failed";
    } else if (incomplete) {
        rest = incomplete_sentence(report);
    }
    if (count > 0) {
        snprintf(findings, sizeof findings, "%" PRIu64 " finding%s; ", count,
                 count == 1 ? "" : "s");
    }
    snprintf(out, TEXT_SIZE * 4, "%s%s", findings, rest);
}

static void put_verdict(json_t *root, enum tijori_verdict verdict, const char *sentence,
                        const struct audit_style *style, int exit)
{
    member_text(root, "result", text_verdict(verdict));
    member_text(root, "verdict", sentence);
    member_count(root, "exit", (uint64_t)exit);
    member_text(root, "program", style->program);
}

static void put_trouble(json_t *root, const struct tj_trouble *trouble)
{
    if (trouble->status == TIJORI_OK) {
        return;
    }
    json_t *object = json_object();
    member_text(object, "status", tijori_status_name(trouble->status));
    member_text(object, "what", trouble->what);
    if (trouble->met > 1) {
        member_count(object, "more", trouble->met - 1);
    }
    member_set(root, object, "not_read");
}

/* ---- what was covered ---- */

static void put_log(json_t *root, const struct tj_replay_report *report)
{
    char name[sizeof report->origin];
    snprintf(name, sizeof name, "%s", report->origin);
    char *slash = strrchr(name, '/'); /* the ledger id comes after it */
    if (slash != NULL) {
        *slash = '\0';
        member_text(root, "log", report->origin);
        member_text(root, "ledger_name", name);
    }
}

static void put_covered(json_t *root, const struct tj_replay_report *report,
                        const struct audit_style *style)
{
    put_log(root, report);
    member_count(root, "entries", report->entries);
    member_count(root, "records", report->records);
    member_count(root, "signatures", report->signatures);
    member_count(root, "new_entries", report->entries - report->start);
    if (report->start > 0) {
        member_count(root, "last_entry_before", report->start - 1);
    }
    if (report->entries > report->start) {
        member_count(root, "first_entry", report->start);
        member_count(root, "last_entry", report->entries - 1);
        member_time_ns(root, "first_received", report->first_received_ns);
        member_time_ns(root, "last_received", report->last_received_ns);
    } else {
        member_text(root, "nothing_new",
                    report->start == 0 ? "nothing: no entry could be verified"
                    : report->failed   ? "nothing: no new entry could be verified"
                                       : "nothing new: all of it was verified before");
    }
    if (report->entries > 0) {
        member_hash(root, "ledger_id", &report->ledger_id);
        member_hash(root, "last_leaf", &report->leaf);
        member_hash(root, "tree_root", &report->root);
    }
    if (style->state_digest) {
        member_hash(root, "state_digest", &report->state_digest);
    }
    if (report->restricted > 0) {
        json_t *restricted = json_object();
        member_count(restricted, "entries", report->restricted);
        member_count(restricted, "first_entry", report->restricted_first);
        member_count(restricted, "records", report->restricted_records);
        member_set(root, restricted, "restricted");
    }
    if (report->left_open > 0) {
        member_count(root, "left_open", report->left_open);
    }
    member_text(root, "restricted_before",
                report->restricted_before
                    ? "the records of restricted entries were not there in an "
                      "earlier audit"
                    : NULL);
}

/* ---- checks ---- */

static void put_checks(json_t *root, const struct tj_replay_report *report)
{
    json_t *rows = json_array();
    for (int i = 0; i < TJ_CHECK_COUNT; i++) {
        const struct tj_check_result *check = &report->checks[i];
        bool none = check->failed + check->passed + check->skipped == 0;
        json_t *row = json_object();
        member_text(row, "check", check_names[i]);
        member_text(row, "result",
                    none                 ? "NONE"
                    : check->failed > 0  ? "FAIL"
                    : check->passed == 0 ? "SKIP"
                                         : "PASS");
        member_count(row, "passed", check->passed);
        member_count(row, "failed", check->failed);
        member_count(row, "skipped", check->skipped);
        member_text(row, "text", tj_check_text((enum tj_check)i));
        member_text(row, "note", none ? "nothing of this kind to check" : check->note);
        element_add(rows, row);
    }
    member_set(root, rows, "checks");
}

static void put_findings(json_t *root, const struct tj_replay_report *report)
{
    json_t *rows = json_array();
    for (uint64_t i = 0; i < report->finding_count && i < TJ_FINDINGS_MAX; i++) {
        json_t *row = json_object();
        member_text(row, "result", "FINDING");
        put_entry(row, report->findings[i].entry);
        member_text(row, "text", report->findings[i].text);
        element_add(rows, row);
    }
    member_set(root, rows, "findings");
    if (report->earlier_count > 0) {
        member_count(root, "findings_earlier", report->earlier_count);
    }
    if (report->finding_count > TJ_FINDINGS_MAX) {
        member_count(root, "findings_not_shown", report->finding_count - TJ_FINDINGS_MAX);
    }
}

static void put_notes(json_t *root, const struct tj_replay_report *report)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < report->note_count; i++) {
        json_t *row = json_object();
        member_text(row, "result", "NOTE");
        member_text(row, "text", report->notes[i]);
        element_add(rows, row);
    }
    member_set(root, rows, "notes");
}

static bool has_hashes(const struct tj_replay_report *report)
{
    static const struct tj_hash zero;
    return !tj_hash_equal(&report->found, &zero) || !tj_hash_equal(&report->expected, &zero);
}

static void put_failure(json_t *root, const struct tj_replay_report *report)
{
    if (!report->failed) {
        member_null(root, "first_failure");
        return;
    }
    json_t *failure = json_object();
    member_text(failure, "check", check_names[report->first_check]);
    member_text(failure, "check_text", tj_check_text(report->first_check));
    put_entry(failure, report->first_entry);
    member_bool(failure, "newer_software_needed", report->newer);
    member_text(failure, "newer_text",
                report->newer ? "The bytes are intact, but this program does not know what they "
                                "mean: newer software needed."
                              : NULL);
    member_text(failure, "text", report->failure);
    if (has_hashes(report)) {
        member_hash(failure, "found", &report->found);
        member_hash(failure, "expected", &report->expected);
    }
    member_set(root, failure, "first_failure");
}

/* ---- balances and movements ---- */

/* What one class holds and did; or, summed up, all classes of an asset. */
struct class_sum {
    uint64_t accounts;
    tj_i128 opening;
    tj_i128 brought_in;
    tj_i128 in;
    tj_i128 out;
    tj_i128 closing;
};

static json_t *class_row(const char *name, const struct class_sum *sum, unsigned decimals)
{
    json_t *row = json_object();
    member_text(row, "class", name);
    member_count(row, "accounts", sum->accounts);
    put_amount(row, "opening", sum->opening, decimals);
    put_amount(row, "brought_in", sum->brought_in, decimals);
    put_amount(row, "in", sum->in, decimals);
    put_amount(row, "out", sum->out, decimals);
    put_amount(row, "closing", sum->closing, decimals);
    return row;
}

static struct class_sum sum_class(const struct tj_tally_class *held)
{
    struct class_sum sum = {held->accounts, held->opening, 0, 0, 0, held->closing};
    for (int purpose = 0; purpose < TJ_PURPOSE_END; purpose++) {
        sum.brought_in += held->purposes[purpose].brought_in;
        sum.in += (tj_i128)held->purposes[purpose].in;
        sum.out += (tj_i128)held->purposes[purpose].out;
    }
    return sum;
}

static void add_class(struct class_sum *all, const struct class_sum *one)
{
    all->accounts += one->accounts;
    all->opening += one->opening;
    all->brought_in += one->brought_in;
    all->in += one->in;
    all->out += one->out;
    all->closing += one->closing;
}

static void add_movements(json_t *rows, int c, const struct tj_tally_asset *asset)
{
    for (int purpose = 0; purpose < TJ_PURPOSE_END; purpose++) {
        const struct tj_tally_flow *flow = &asset->classes[c].purposes[purpose];
        if (flow->count == 0 && flow->brought_in == 0) {
            continue;
        }
        json_t *row = json_object();
        member_text(row, "class", name_of(tj_class_names, TJ_CLASS_END, (uint64_t)c));
        member_text(row, "purpose", name_of(tj_purpose_names, TJ_PURPOSE_END, (uint64_t)purpose));
        member_count(row, "movements", flow->count);
        put_amount(row, "brought_in", flow->brought_in, asset->decimals);
        put_amount(row, "in", (tj_i128)flow->in, asset->decimals);
        put_amount(row, "out", (tj_i128)flow->out, asset->decimals);
        put_amount(row, "net", (tj_i128)(flow->in - flow->out), asset->decimals);
        element_add(rows, row);
    }
}

/* By the numbers of the classes: the reserve is the first. */
static json_t *asset_value(uint32_t number, const struct tj_tally_asset *asset)
{
    json_t *value = json_object();
    json_t *balances = json_array();
    json_t *movements = json_array();
    struct class_sum all = {0};
    for (int c = 0; c < TJ_CLASS_END; c++) {
        struct class_sum sum = sum_class(&asset->classes[c]);
        if (sum.accounts > 0) {
            element_add(balances, class_row(name_of(tj_class_names, TJ_CLASS_END, (uint64_t)c),
                                            &sum, asset->decimals));
            add_class(&all, &sum);
        }
        add_movements(movements, c, asset);
    }
    member_count(value, "number", number);
    member_text(value, "asset", asset->code);
    member_count(value, "decimals", asset->decimals);
    member_set(value, balances, "balances");
    member_set(value, class_row("sum", &all, asset->decimals), "sums");
    member_set(value, movements, "movements");
    return value;
}

/* Closing balances are those of the last entry: a replay that stopped has none. */
static void put_assets(json_t *root, const struct tj_replay_report *report)
{
    json_t *assets = json_array();
    bool derived = report->entries > 0 && report->checks[TJ_CHECK_TOTALS].skipped == 0;
    for (uint32_t i = 1; derived && i <= TJ_ASSETS_MAX; i++) {
        if (report->tally->assets[i] != NULL) {
            element_add(assets, asset_value(i, report->tally->assets[i]));
        }
    }
    member_set(root, assets, "assets");
    member_text(root, "balances_note",
                derived
                    ? "Reserve and custody hold coins, the other classes stand for the outside "
                      "world. In and out both count a movement between two accounts of one class."
                    : "Not derived: the replay did not reach the end.");
}

/* ---- checkpoint and witnesses ---- */

/* The key that signed the checkpoint is the pinned one, or stands in the log of the pinned one. */
static bool is_key_vouched(const struct tj_replay_report *report)
{
    const struct tj_check_result *check = &report->checks[TJ_CHECK_LOG_KEY];
    return report->checkpoint.size > 0 && check->passed > 0 && check->failed == 0;
}

static void put_checkpoint(json_t *root, const struct tj_replay_report *report)
{
    member_count(root, "checkpoints", report->checkpoints);
    if (report->checkpoint.size == 0) {
        member_null(root, "checkpoint");
        member_text(root, "no_checkpoint", "none that holds");
        return;
    }
    json_t *checkpoint = json_object();
    char signer[TEXT_SIZE * 3];
    snprintf(signer, sizeof signer, "log key %" PRIu32 ", %s", report->log_key,
             report->log_key_pinned ? "which is the pinned one"
             : is_key_vouched(report)
                 ? "which is not the pinned one, but another key of the same log"
                 : "which no pinned key vouches for");
    member_text(checkpoint, "origin", report->checkpoint.origin);
    member_count(checkpoint, "size", report->checkpoint.size);
    member_hash(checkpoint, "root", &report->checkpoint.root);
    member_hash(checkpoint, "sha256", &report->checkpoint_hash);
    member_count(checkpoint, "log_key", report->log_key);
    member_bool(checkpoint, "log_key_pinned", report->log_key_pinned);
    member_text(checkpoint, "signer", signer);
    member_set(root, checkpoint, "checkpoint");
}

static const char *verdict_word(enum tj_note_verdict verdict)
{
    return verdict == TJ_NOTE_VALID     ? "cosigned"
           : verdict == TJ_NOTE_INVALID ? "does not verify"
                                        : "no cosignature";
}

static bool has_quorum(const struct tj_replay_report *report, const struct audit_style *style)
{
    bool cosigned = false; /* a policy may ask for nobody: then nobody says anything */
    for (size_t i = 0; i < report->witness_count; i++) {
        cosigned |= report->witnesses[i].verdict == TJ_NOTE_VALID;
    }
    return style->policy && report->quorum && cosigned && report->checkpoint.size > 0 &&
           report->cosigned_size == report->checkpoint.size;
}

static void put_witnesses(json_t *root, const struct tj_replay_report *report,
                          const struct audit_style *style)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < report->witness_count; i++) {
        const struct tj_witness_result *witness = &report->witnesses[i];
        char time[TEXT_SIZE];
        json_t *row = json_object();
        text_format_time_s(time, witness->time_s);
        member_text(row, "name", witness->name);
        member_text(row, "checked",
                    tj_name_replays(witness->name) ? "replayed the whole log" : "consistency only");
        member_text(row, "verdict", verdict_word(witness->verdict));
        member_text(row, "time", witness->verdict == TJ_NOTE_VALID ? time : NULL);
        element_add(rows, row);
    }
    member_set(root, rows, "witnesses");
    member_text(root, "quorum",
                !style->policy                ? "not asked for: no policy was given"
                : report->quorum_none         ? "not asked for: the policy's quorum is none"
                : has_quorum(report, style)   ? "reached"
                : report->checkpoint.size > 0 ? "not reached"
                                              : "not reached: there is no checkpoint to cosign");
}

/* ---- what it does not prove; docs/THREATS.md says the same at length ---- */

static void add_line(json_t *lines, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add_line(json_t *lines, const char *format, ...)
{
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    element_add(lines, json_text(line));
}

static const char *same_log(const struct tj_replay_report *report, const struct audit_style *style)
{
    if (report->checkpoint.size == 0) {
        return "without a signed checkpoint, another history may have been shown to others, or the "
               "newest entries been cut off.";
    }
    if (!is_key_vouched(report)) {
        return "no pinned key vouches for the key that signed the checkpoint, so whoever wrote "
               "this log may have signed it, and may show others another one.";
    }
    if (!has_quorum(report, style)) {
        return "its key signed the checkpoint, but no quorum of witnesses did. Another history "
               "signed by that key would convict its holder, once somebody has compared the two.";
    }
    return "a quorum of the policy's witnesses cosigned the checkpoint, so to show others another "
           "one, that many of them would have to lie together with the log. A newer checkpoint "
           "may exist.";
}

static void put_not_proven(json_t *root, const struct tj_replay_report *report,
                           const struct audit_style *style)
{
    json_t *lines = json_array();
    if (report->checks[TJ_CHECK_LEDGER_ID].skipped > 0) {
        add_line(lines, "That this is the ledger you were promised: neither its id nor a key of "
                        "its log was pinned.");
    }
    add_line(lines, "That a key was used only by the person it is registered for: a signature "
                    "shows the key, not the hand.");
    add_line(lines, "That no other wallet exists: coins that were never entered here are not "
                    "seen.");
    add_line(lines, "That the coins are still there: entries are declarations, the chain was not "
                    "consulted.");
    add_line(lines, "That everyone is shown this same log: %s%s", same_log(report, style),
             report->start > 0 && report->checks[TJ_CHECK_EXTENDS].failed == 0
                 ? " It does go on from what this auditor verified before."
                 : "");
    if (report->covered > 0 && report->covered < report->entries) {
        add_line(lines,
                 "That entries from %" PRIu64 " on will stay: no checkpoint that counts covers "
                 "them.",
                 report->covered);
    }
    if (report->restricted_before) {
        add_line(lines, "What restricted entries of earlier audits say: their parties signed for "
                        "records that were not there.");
    }
    if (report->restricted > 0) {
        add_line(lines,
                 "What %" PRIu64 " restricted entries say, from entry %" PRIu64
                 " on: their parties signed for records that are not here.",
                 report->restricted, report->restricted_first);
    }
    add_line(lines, "That what a cited document says is true: only its hash is bound.");
    member_set(root, lines, "not_proven");
}

/* ---- the whole ---- */

static json_t *whole(json_t *root)
{
    if (!document_whole()) {
        json_decref(root);
        return NULL;
    }
    return root;
}

json_t *audit_report(const struct tj_replay_report *report, const struct audit_style *style,
                     int exit)
{
    json_t *root = json_object();
    const enum tijori_verdict verdict = audit_verdict_of(report, style);
    char sentence[TEXT_SIZE * 4];
    document_begin();
    verdict_sentence(sentence, verdict, report, audit_incomplete(report, style));
    put_verdict(root, verdict, sentence, style, exit);
    put_trouble(root, &report->trouble);
    put_covered(root, report, style);
    put_checks(root, report);
    put_findings(root, report);
    put_notes(root, report);
    put_failure(root, report);
    put_assets(root, report);
    put_checkpoint(root, report);
    put_witnesses(root, report, style);
    put_not_proven(root, report, style);
    return whole(root);
}

json_t *audit_report_unread(const char *why, const struct audit_style *style, int exit)
{
    json_t *root = json_object();
    document_begin();
    put_verdict(root, TIJORI_FAIL, "a check failed", style, exit);
    member_text(root, "text", why);
    return whole(root);
}
