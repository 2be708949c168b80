#include "core/audit/resume.h"

#include <inttypes.h>

/* Everything is taken out of the replica. It is put together again when the audit ends well. An
 * audit that fails leaves the files as they were, and nothing of the replica in memory is used
 * again. */
void tj_resume(struct tj_replaying *r)
{
    struct tj_replica *replica = r->replica;
    struct tj_replay_report *report = r->report;
    r->progress.start = replica->size;
    report->start = replica->size;
    report->left_open = replica->left_open;
    report->entries = replica->size;
    report->finding_count = replica->finding_count;
    report->earlier_count = replica->finding_count;
    report->earlier_kept = replica->findings_kept;
    memcpy(report->findings, replica->findings, sizeof report->findings);
    if (replica->size == 0) {
        return;
    }
    TJ_VERIFY_CHECK(replica->frontier.size == replica->size);
    tj_state_destroy(r->state);
    tj_lane_jumps_destroy(r->jumps);
    tj_figures_destroy(r->figures);
    r->state = replica->state;
    r->jumps = replica->jumps;
    r->figures = replica->figures;
    replica->state = NULL;
    replica->jumps = NULL;
    replica->figures = NULL;
    r->past.jumps = r->jumps;
    r->past.start = replica->size;
    if (r->state->partial) {
        r->past.unseen_below = replica->size;
    }
    r->unjudged_before = r->state->unjudged;
    r->frontier = replica->frontier;
    r->recent = replica->recent;
    r->leaf = replica->leaf;
    r->received_ns = replica->received_ns;
    r->term = replica->term;
    r->directives = replica->directives;
    report->ledger_id = r->state->ledger_id;
    report->restricted_before = r->state->partial;
    report->last_received_ns = replica->received_ns;
}

/* What a later audit does not find by itself, so that it tells it all the same. */
static void keep_findings(struct tj_replica *replica, const struct tj_replay_report *report)
{
    replica->finding_count = report->finding_count - report->standing_count;
    replica->findings_kept = 0;
    for (size_t i = 0; i < report->finding_count && i < TJ_FINDINGS_MAX; i++) {
        if (!report->findings[i].standing) {
            replica->findings[replica->findings_kept++] = report->findings[i];
        }
    }
}

/* What no later audit can check any more is added up. A report says how much earlier audits left
 * open. */
void tj_keep_replica(struct tj_replaying *r)
{
    struct tj_replica *replica = r->replica;
    TJ_VERIFY_CHECK(r->report->entries >= replica->size);
    tj_state_destroy(replica->state); /* of a replica that was empty */
    tj_lane_jumps_destroy(replica->jumps);
    tj_figures_destroy(replica->figures);
    replica->size = r->report->entries;
    replica->state = r->state;
    replica->jumps = r->jumps;
    replica->figures = r->figures;
    replica->frontier = r->frontier;
    replica->recent = r->recent;
    replica->leaf = r->leaf;
    replica->received_ns = r->received_ns;
    replica->term = r->term;
    replica->directives = r->directives;
    keep_findings(replica, r->report);
    replica->covered = r->anchor.covered;
    replica->covered_by = r->anchor.covered_by;
    replica->left_open += r->report->checks[TJ_CHECK_BODIES].skipped +
                          r->report->checks[TJ_CHECK_RULES].skipped +
                          r->report->checks[TJ_CHECK_ATTACHMENTS].skipped;
    r->state = NULL;
    r->jumps = NULL;
    r->figures = NULL;
}

/* The log must have at least what was verified before, and end it alike. */
bool tj_check_extends(struct tj_replaying *r)
{
    struct tj_hash leaf;
    struct tj_entry_view entry;
    uint64_t start = r->progress.start;
    if (start == 0) {
        return true;
    }
    if (!tj_source_entry(r->source, &r->digester, &entry, &leaf, 0) ||
        !tj_hash_equal(&leaf, &r->state->ledger_id)) {
        return tj_fail(r->report, TJ_CHECK_LEDGER_ID, 0, NULL, NULL,
                       "entry 0 is not that of the ledger that this auditor verified before");
    }
    if (r->source->size < start) {
        return tj_fail(r->report, TJ_CHECK_EXTENDS, r->source->size, NULL, NULL,
                       "a rollback: this auditor verified %" PRIu64
                       " entries before, now there are %" PRIu64,
                       start, r->source->size);
    }
    if (tj_source_entry(r->source, &r->digester, &entry, &leaf, start - 1) &&
        tj_hash_equal(&leaf, &r->leaf)) {
        return tj_pass(r->report, TJ_CHECK_EXTENDS, 1);
    }
    /* Where they part: leaf hashes are a chain, so the first that differs is where it was forked.
     */
    uint64_t low = 0;
    uint64_t high = start - 1;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        struct tj_hash known;
        bool same = tj_source_entry(r->source, &r->digester, &entry, &leaf, middle) &&
                    tj_replica_leaf(r->replica, &known, middle) && tj_hash_equal(&leaf, &known);
        if (same) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return tj_fail(r->report, TJ_CHECK_EXTENDS, low, NULL, NULL,
                   "a fork: entry %" PRIu64 " is not the one this auditor verified before", low);
}
