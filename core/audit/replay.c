#include "core/audit/replay.h"

#include "core/audit/conclusion.h"
#include "core/audit/entry_judge.h"
#include "core/audit/resume.h"
#include "core/audit/statement_check.h"

/* Entries in flight between reading and judging, and bytes of those that are copied. */
enum { WINDOW = 1024, RING_BYTES = 64 << 20, TELL_EVERY = 64 };

/* A signature that this machine cannot verify says nothing about the log. */
static void note_undecided(struct tj_replaying *r)
{
    if (r->anchor.undecided) {
        enum tijori_status why = tj_undecided();
        tj_trouble_note(&r->source->trouble, why,
                        "a signature of the log or of a witness could not be verified: %s",
                        tijori_status_text(why));
    }
}

/* After whatever may have met trouble: is the replay to go on? */
static bool goes_on(struct tj_replaying *r)
{
    note_undecided(r);
    if (r->anchor.no_memory) {
        return tj_lack_memory(r);
    }
    if (tj_troubled(r->report)) {
        r->stopped = true;
    }
    return !r->stopped;
}

/* ---- reading ---- */

/* Entries are judged in order, by one thread at a time. After the first failure nothing is judged
 * any more. An entry that is judged is decided. Two threads take turns, and either may come first
 * to say so: the count is the same. */
static void decide_items(void *context, struct tj_digester *digester, struct tj_pipeline *pipeline,
                         size_t ready)
{
    struct tj_replaying *r = context;
    (void)digester;
    for (size_t i = 0; i < ready && !atomic_load(&r->broken); i++) {
        pthread_mutex_lock(&r->reading);
        tj_watch(
            r->report); /* what is read ahead may have met trouble: that is for later entries */
        bool sound = tj_replay_entry(r, tj_pipeline_at(pipeline, i));
        sound = goes_on(r) && sound;
        pthread_mutex_unlock(&r->reading);
        if (!sound) {
            atomic_store(&r->broken, true);
        }
        if (r->report->entries % TELL_EVERY == 0) {
            tj_tell(r->options->told, r->report->entries, r->source->size);
        }
    }
    tj_pipeline_judged(pipeline, ready);
    tj_pipeline_decide(pipeline, ready);
    tj_pipeline_drop(pipeline, ready);
}

/* Peeks at the next entry, and takes it when there is one. False at the end, at a gap, which r->gap
 * then tells, and at what cannot be read. */
static bool read_item(struct tj_replaying *r, struct tj_pipeline *pipeline, uint64_t index,
                      bool *unread)
{
    size_t memory;
    uint8_t *bytes;
    pthread_mutex_lock(&r->reading);
    enum tj_source_answer answer = r->source->ops->peek(r->source, &memory, index, &r->gap);
    pthread_mutex_unlock(&r->reading);
    if (answer != TJ_SOURCE_ENTRY) {
        *unread = answer == TJ_SOURCE_TROUBLE;
        return false;
    }
    struct tj_read_entry *item =
        tj_pipeline_reserve(pipeline, &bytes, memory); /* may wait for the judge */
    pthread_mutex_lock(&r->reading);
    r->source->ops->take(r->source, bytes, &item->source);
    tj_pass(r->report, TJ_CHECK_NUMBERS, 1);
    r->report->checks[TJ_CHECK_NUMBERS].reached = index + 1; /* ahead of the judgement */
    pthread_mutex_unlock(&r->reading);
    if (memory == 0) { /* what the source keeps weighs as much */
        memory = item->source.entry.size + item->source.records.size + item->source.derived.size;
    }
    tj_pipeline_publish(pipeline, memory);
    return true;
}

/* Reads until the end or the first failure, as far ahead as the window goes. Before a gap in the
 * numbers is told, what was read before it is judged. */
static void replay_entries(struct tj_replaying *r, struct tj_pipeline *pipeline)
{
    uint64_t index = r->progress.start;
    bool unread = false;
    r->gap = NULL;
    while (!atomic_load(&r->broken) && read_item(r, pipeline, index, &unread)) {
        index++;
    }
    tj_pipeline_drain(pipeline);
    tj_watch(r->report);
    r->stopped |= unread;
    if (!atomic_load(&r->broken) && r->gap != NULL) {
        tj_fail(r->report, TJ_CHECK_NUMBERS, index, NULL, NULL, "%s", r->gap);
    }
}

/* ---- after the last entry ---- */

/* Each of these looks at the whole, and none of them stops the others. When a whole log is wrong, a
 * complete report is the better one. */
static bool check_whole(struct tj_replaying *r)
{
    struct tj_replay_report *report = r->report;
    if (report->entries == 0) {
        return tj_fail(r->report, TJ_CHECK_NUMBERS, 0, NULL, NULL, "this entry is missing");
    }
    if (!tj_conclude_sums(&r->progress)) {
        return tj_lack_memory(r);
    }
    if (r->period != NULL && !tj_period_end(r->period, r->state, &r->past.past, &r->leaf)) {
        return tj_lack_memory(r);
    }
    tj_audit_programmes(report, r->state, r->figures, &r->past.past);
    (void)!tj_past_holds(r); /* what is wrong is in the report */
    tj_watch(report);
    r->source->ops->finish(r->source, &r->progress, &report->state_digest);
    tj_documents_check(&r->documents, r->source, &r->progress);
    tj_watch(report);
    if (report->restricted > 0 && report->restricted_seen > 0) {
        tj_fail(r->report, TJ_CHECK_BODIES, report->restricted_first, NULL, NULL,
                "the body of a restricted entry is missing where others are there: a public export "
                "has none of them");
    }
    return true;
}

/* Whatever happened, the report says how far this audit came and what it did not look at. */
static void finish(struct tj_replaying *r)
{
    struct tj_replay_report *report = r->report;
    bool whole = !report->failed && !r->stopped;
    TJ_VERIFY_CHECK(r->frontier.size == report->entries);
    report->leaf = r->leaf;
    tj_frontier_root(r->digester.hasher, &report->root, &r->frontier);
    tj_state_digest(r->state, r->digester.hasher, &report->state_digest);
    tj_watch(report);
    if (whole) {
        check_whole(r);
    } else {
        tj_skip_rest(&r->progress, r->source);
    }
    tj_skip_absent(report, r->state->unjudged - r->unjudged_before);
    if (r->state->no_memory) {
        return; /* what it lacks would be taken for another ledger's */
    }
    tj_watch(report);
    tj_anchor_finish(&r->anchor, &r->progress, whole);
}

/* ---- life ---- */

/* What the entries are judged with, as it is when this audit begins. */
static bool begin(struct tj_replaying *r)
{
    const struct tj_source_ops *ops = r->source->ops;
    if (!tj_documents_list(&r->documents, r->source, r->report) ||
        !tj_tally_opening(r->report->tally, r->state)) {
        return tj_lack_memory(r);
    }
    tj_anchor_init(&r->anchor, r->source, &r->options->pins);
    tj_watch(r->report); /* what could not be listed is not cited in vain */
    if (tj_check_extends(r) && (ops->begin == NULL || ops->begin(r->source, &r->progress))) {
        tj_anchor_begin(&r->anchor, &r->progress, r->replica);
    }
    return goes_on(r) && !r->report->failed;
}

/* What the replay comes to. A failure stands, whatever could not be read elsewhere. Only when
 * somebody wrote while it was read, nothing stands. */
static enum tijori_status conclude(struct tj_replaying *r)
{
    struct tj_replay_report *report = r->report;
    note_undecided(r);
    if (!r->source->ops->settled(r->source)) {
        report->failed = false;
        report->trouble = (struct tj_trouble){.status = TIJORI_LOCKED};
        snprintf(report->trouble.what, sizeof report->trouble.what,
                 "a writer came while the ledger was read: nothing was verified");
        return TIJORI_LOCKED;
    }
    report->trouble = r->source->trouble;
    if (report->failed) {
        return TIJORI_OK;
    }
    return report->trouble.status;
}

/* The pipeline is there before anything is listed: when it cannot be had, nothing is to be undone.
 * A ledger's bytes stay where LMDB has them, and are not copied. */
static enum tijori_status replay_run(struct tj_replaying *r)
{
    struct tj_pipeline_options options = {
        .capacity = WINDOW,
        .item_size = sizeof(struct tj_read_entry),
        .threads = r->options->threads,
        .ready_max = WINDOW,
        .work = tj_check_entries,
        .decide = decide_items,
        .context = r,
    };
    if (!r->source->is_ledger) {
        options.ring_bytes = RING_BYTES;
    }
    struct tj_pipeline *pipeline = tj_pipeline_create(&options);
    if (pipeline == NULL) {
        (void)tj_lack_memory(r);
        return conclude(r);
    }
    if (begin(r)) {
        replay_entries(r, pipeline);
    }
    tj_pipeline_destroy(pipeline);
    /* Without memory an entry may be left half counted. Then nothing can be said of the whole. */
    if (r->frontier.size == r->report->entries) {
        finish(r);
    }
    return conclude(r);
}

/* What is read again is held against what was judged. */
static bool leaf_of(void *context, struct tj_hash *leaf, uint64_t index)
{
    struct tj_replaying *r = context;
    if (index >= r->report->entries) {
        return false;
    }
    if (r->replica == NULL) {
        TJ_VERIFY_CHECK(index < r->leaf_count);
        *leaf = r->leaves[index];
        return true;
    }
    if (!tj_replica_leaf(r->replica, leaf, index)) {
        tj_trouble_note(&r->source->trouble, TIJORI_IO,
                        "the leaf hashes of the earlier audit cannot be read");
        return false;
    }
    return true;
}

/* A period is asked about the same figures that statements are checked by. So they are counted
 * once, and the period keeps them when the replay is over. False: no memory. */
static bool create_parts(struct tj_replaying *r)
{
    r->report->tally = tj_tally_create();
    r->jumps = tj_lane_jumps_create();
    if (r->period == NULL) {
        r->figures = tj_figures_create();
    } else {
        r->figures = r->period->figures;
    }
    r->state = tj_state_create();
    return r->report->tally != NULL && r->jumps != NULL && r->figures != NULL && r->state != NULL;
}

static void join_parts(struct tj_replaying *r)
{
    r->progress.report = r->report;
    r->progress.state = r->state;
    r->progress.frontier = &r->frontier;
    r->progress.recent = &r->recent;
    r->progress.digester = &r->digester;
    r->walk = (struct tj_walk){
        .state = r->state,
        .past = &r->past.past,
        .progress = &r->progress,
        .anchor = &r->anchor,
        .documents = &r->documents,
        .figures = r->figures,
        .period = r->period,
        .received_ns = r->received_ns,
    };
}

static enum tijori_status replay(struct tj_replaying *r)
{
    if (!create_parts(r)) {
        (void)tj_lack_memory(r);
        return conclude(r);
    }
    tj_source_past_init(&r->past, r->source, &r->digester, r->jumps);
    r->past.leaves = leaf_of;
    r->past.leaves_context = r;
    if (r->replica != NULL) {
        tj_resume(r);
    }
    join_parts(r);
    enum tijori_status status = replay_run(r);
    if (r->replica != NULL && status == TIJORI_OK && !r->report->failed) {
        tj_keep_replica(r);
    }
    return status;
}

/* It answers for the reading, not for the log: a log that fails is OK here, and the report says so.
 */
enum tijori_status tj_replay(struct tj_source *source, struct tj_replay_report *report,
                             struct tj_state **state, const struct tj_replay_options *options)
{
    tj_report_init(report);
    TIJORI_REQUIRE(options->period == NULL || options->replica == NULL);
    struct tj_replaying *r = calloc(1, sizeof *r);
    if (r == NULL) {
        tj_trouble_note(&report->trouble, TIJORI_MEMORY, "out of memory");
        return TIJORI_MEMORY;
    }
    report->watched = &source->trouble;
    r->options = options;
    r->period = options->period;
    r->replica = options->replica;
    r->report = report;
    r->source = source;
    pthread_mutex_init(&r->reading, NULL);
    enum tijori_status status = TIJORI_MEMORY;
    if (tj_digester_init(&r->digester)) {
        status = replay(r);
    } else {
        tj_trouble_note(&report->trouble, status, "out of memory");
    }
    if (state != NULL && status == TIJORI_OK) {
        *state = r->state; /* NULL when the replica keeps it */
    } else {
        tj_state_destroy(r->state);
    }
    report->watched = NULL; /* the source may be closed before the report is read */
    tj_lane_jumps_destroy(r->jumps);
    if (options->period == NULL) {
        tj_figures_destroy(r->figures);
    }
    tj_documents_clear(&r->documents);
    tj_anchor_clear(&r->anchor);
    tj_source_past_clear(&r->past);
    free(r->leaves);
    tj_digester_clear(&r->digester);
    pthread_mutex_destroy(&r->reading);
    free(r);
    return status;
}

enum tijori_status tj_replay_store(struct tj_store *store, struct tj_replay_report *report,
                                   struct tj_state **state, const struct tj_replay_options *options)
{
    struct tj_source *source;
    tj_report_init(report);
    enum tijori_status status = tj_source_of_store(store, &source);
    if (status != TIJORI_OK) {
        return status;
    }
    status = tj_replay(source, report, state, options);
    tj_source_close(source);
    return status;
}
