#include "core/audit/anchor.h"

#include "core/base/memory.h"
#include "core/log/stored_checkpoint.h"
#include "core/log/witness_time.h"

#include <inttypes.h>

bool tj_name_replays(const char *name)
{
    size_t size = strlen(name);
    size_t suffix = strlen(TJ_REPLAYED_SUFFIX);
    return size >= suffix && strcmp(name + size - suffix, TJ_REPLAYED_SUFFIX) == 0;
}

void tj_anchor_init(struct tj_anchor *anchor, struct tj_source *source, const struct tj_pins *pins)
{
    *anchor = (struct tj_anchor){.pins = pins, .log_key = pins->log_key, .source = source};
}

/* ---- one checkpoint ---- */

/* Finds the size of the next checkpoint that was not met yet. */
static bool look_ahead(struct tj_anchor *anchor, struct tj_progress *progress)
{
    struct tj_view note;
    struct tj_note_view view;
    struct tj_checkpoint checkpoint;
    if (anchor->next >= anchor->source->ops->checkpoint_count(anchor->source)) {
        anchor->has_next = false;
        return true;
    }
    if (!anchor->source->ops->checkpoint(anchor->source, &note, anchor->next) ||
        !tj_checkpoint_note_decode(&view, &checkpoint, note.bytes, note.size)) {
        return tj_fail(progress->report, TJ_CHECK_CHECKPOINT, UINT64_MAX, NULL, NULL,
                       "stored checkpoint %zu is none, or not the one it is named for",
                       anchor->next);
    }
    anchor->has_next = true;
    anchor->next_size = checkpoint.size;
    return true;
}

/* Finds the active log key that signed a note: UNKNOWN when none did, INVALID when the signature of
 * one is wrong. */
static enum tj_note_verdict signer_of(const struct tj_state *state, uint32_t *number,
                                      const struct tj_note_view *note, const char *origin)
{
    enum tj_note_verdict found = TJ_NOTE_UNKNOWN;
    uint32_t count = tj_state_ledger(state)->log_keys;
    for (uint32_t i = 0; i < count; i++) {
        struct tj_verifier_key key;
        const struct tj_log_key_object *object = tj_log_key_verifier(state, &key, i, origin);
        if (object == NULL || object->retired != 0) {
            continue;
        }
        enum tj_note_verdict verdict = tj_note_verify(note, &key);
        if (verdict == TJ_NOTE_INVALID || verdict == TJ_NOTE_UNDECIDED) {
            return verdict;
        }
        if (verdict == TJ_NOTE_VALID && found == TJ_NOTE_UNKNOWN) {
            *number = i;
            found = verdict;
        }
    }
    return found;
}

/* ---- lines that nobody looks at ---- */

static bool is_line_of(const struct tj_note_view *note, const struct tj_note_signature_view *line,
                       const struct tj_verifier_key *key)
{
    return tj_note_find(note, key) == line;
}

static bool is_of_log(const struct tj_state *state, const struct tj_note_view *note,
                      const struct tj_note_signature_view *line, const char *origin)
{
    uint32_t count = tj_state_ledger(state)->log_keys;
    for (uint32_t i = 0; i < count; i++) {
        struct tj_verifier_key key;
        const struct tj_log_key_object *object = tj_log_key_verifier(state, &key, i, origin);
        if (object == NULL || object->retired != 0) {
            continue;
        }
        if (is_line_of(note, line, &key)) {
            return true;
        }
    }
    return false;
}

static bool is_of_policy(const struct tj_policy *policy, const struct tj_note_view *note,
                         const struct tj_note_signature_view *line)
{
    for (size_t i = 0; policy != NULL && i < policy->node_count; i++) {
        if (!policy->nodes[i].is_group && is_line_of(note, line, &policy->nodes[i].key)) {
            return true;
        }
    }
    return false;
}

/* Each key is named once, as a verifier key begins: name and key id. */
static void note_unknown_line(struct tj_anchor *anchor, const struct tj_note_signature_view *line)
{
    char key[TJ_NOTE_NAME_MAX + 16];
    size_t used = strlen(anchor->lines_text);
    (void)snprintf(key, sizeof key, "%.*s+%08" PRIx32, (int)line->name_size, line->name,
                   line->key_id);
    anchor->lines_unknown++;
    if (strstr(anchor->lines_text, key) == NULL) {
        (void)snprintf(anchor->lines_text + used, sizeof anchor->lines_text - used, "%s%s",
                       used > 0 ? ", " : "", key);
    }
}

/* A line by a key that neither the log has, active, nor the policy names: whether it verifies is
 * nobody's question here, so that it is there must not pass for checked. */
static void note_unknown_lines(struct tj_anchor *anchor, const struct tj_state *state,
                               const struct tj_note_view *note, const char *origin)
{
    for (size_t i = 0; i < note->signature_count; i++) {
        const struct tj_note_signature_view *line = &note->signatures[i];
        if (!is_of_log(state, note, line, origin) &&
            !is_of_policy(anchor->pins->policy, note, line)) {
            note_unknown_line(anchor, line);
        }
    }
}

static void tell_unknown_lines(const struct tj_anchor *anchor, struct tj_replay_report *report)
{
    if (anchor->lines_unknown > 0) {
        tj_skip(report, TJ_CHECK_LINES, anchor->lines_unknown, "not verified: %s",
                anchor->lines_text);
    }
}

/* ---- how long witnesses saw it wait ---- */

/* False: no memory. */
static bool note_seen(struct tj_anchor *anchor, uint64_t size, uint64_t time_s)
{
    TJ_VERIFY_CHECK(anchor->seen_count == 0 || anchor->seen[anchor->seen_count - 1].size <= size);
    if (!tj_grow(&anchor->seen, &anchor->seen_capacity, anchor->seen_count + 1,
                 sizeof *anchor->seen)) {
        anchor->no_memory = true;
        return false;
    }
    anchor->seen[anchor->seen_count++] = (struct tj_seen){size, time_s};
    return true;
}

/* The earliest time at which a witness had seen the entry; UINT64_MAX: none had. All larger
 * checkpoints are looked at, since a smaller one may have been cosigned late. */
static uint64_t seen_from(const struct tj_anchor *anchor, uint64_t entry)
{
    uint64_t first_s = UINT64_MAX;
    for (size_t i = anchor->seen_count; i > 0 && anchor->seen[i - 1].size > entry; i--) {
        if (anchor->seen[i - 1].time_s < first_s) {
            first_s = anchor->seen[i - 1].time_s;
        }
    }
    return first_s;
}

void tj_anchor_wait(struct tj_anchor *anchor, const struct tj_progress *progress, uint64_t since,
                    uint64_t delay_s, const char *what)
{
    if (anchor->pins->policy == NULL) {
        return; /* nobody's clock but the ledger's: CLOCK says so */
    }
    TJ_VERIFY_CHECK(since <= progress->report->entries);
    uint64_t from_s = seen_from(anchor, since);
    uint64_t shown_s = 0;
    if (anchor->not_before_s > from_s) {
        shown_s = anchor->not_before_s - from_s;
    }
    if (shown_s < delay_s && anchor->short_waits++ == 0) {
        anchor->short_entry = progress->report->entries;
        snprintf(anchor->short_wait, sizeof anchor->short_wait,
                 "%s had to wait %" PRIu64 " s from entry %" PRIu64
                 " on: by the ledger's clock it did, by the witnesses' times %" PRIu64
                 " s are shown",
                 what, delay_s, since, shown_s);
    }
}

/* Witnesses saw the log at these times. What comes after what they saw was not received before
 * that, less the skew. */
static void note_not_before(struct tj_anchor *anchor, const struct tj_policy_result *result)
{
    for (size_t i = 0; i < anchor->pins->policy->node_count; i++) {
        if (result->verdicts[i] == TJ_NOTE_VALID && result->times_s[i] > anchor->stated_s[i]) {
            anchor->stated_s[i] = result->times_s[i];
        }
        if (anchor->stated_s[i] > anchor->not_before_s) {
            anchor->not_before_s = anchor->stated_s[i];
        }
    }
}

static void find_waits(const struct tj_anchor *anchor, struct tj_replay_report *report)
{
    if (anchor->short_waits > 1) {
        tj_find(report, anchor->short_entry, "%s; and %" PRIu64 " more like it", anchor->short_wait,
                anchor->short_waits - 1);
    } else if (anchor->short_waits == 1) {
        tj_find(report, anchor->short_entry, "%s", anchor->short_wait);
    }
}

/* ---- witnesses whose time cannot be ---- */

/* Witnesses of the policy, by node. */
struct some {
    size_t count;
    size_t first; /* when there is one */
    bool which[TJ_POLICY_WITNESSES_MAX + TJ_POLICY_GROUPS_MAX];
};

static void add_one(struct some *some, size_t node)
{
    some->first = some->count++ == 0 ? node : some->first;
    some->which[node] = true;
}

/* Two clocks differ, and nobody here knows which is wrong. It is the ledger's when a quorum of the
 * policy says so and no quorum is left without it. Fewer witnesses fail nobody: each is named in a
 * finding, once, and its time counts for nothing. */
static bool doubt(struct tj_anchor *anchor, struct tj_progress *progress, const struct some *wrong,
                  const struct some *sound, const char *what)
{
    struct tj_replay_report *report = progress->report;
    const struct tj_policy *policy = anchor->pins->policy;
    if (tj_policy_holds(policy, wrong->which) && !tj_policy_holds(policy, sound->which)) {
        return tj_fail(report, TJ_CHECK_CLOCK, report->entries - 1, NULL, NULL,
                       "%s, by witness %.120s", what, policy->nodes[wrong->first].key.name);
    }
    for (size_t i = 0; i < policy->node_count; i++) {
        if (wrong->which[i] && !anchor->doubted[i]) {
            anchor->doubted[i] = true;
            tj_find(report, report->entries - 1,
                    "%s, by witness %.120s: its clock or the ledger's is wrong, and its time was "
                    "left out",
                    what, policy->nodes[i].key.name);
        }
    }
    return true;
}

/* Of the checkpoint over all entries so far: takes out who says to have cosigned it before the
 * newest of them was received. */
static bool doubt_early(struct tj_anchor *anchor, struct tj_progress *progress,
                        struct tj_policy_result *result)
{
    const struct tj_policy *policy = anchor->pins->policy;
    struct some early = {.count = 0};
    struct some sound = {.count = 0};
    for (size_t i = 0; i < policy->node_count; i++) {
        if (result->verdicts[i] != TJ_NOTE_VALID) {
            continue;
        }
        const bool is_early =
            tj_witness_early(result->times_s[i], progress->report->last_received_ns);
        add_one(is_early ? &early : &sound, i);
    }
    if (early.count == 0) {
        return true;
    }
    for (size_t i = 0; i < policy->node_count; i++) {
        if (early.which[i]) {
            result->verdicts[i] = TJ_NOTE_UNKNOWN;
        }
    }
    result->valid = (unsigned)sound.count;
    result->quorum = tj_policy_holds(policy, sound.which);
    return doubt(anchor, progress, &early, &sound,
                 "received more than 300 s after it was cosigned");
}

/* The newest entry is one that witnesses had not seen: takes out the times of those who say so of a
 * later time than it was received at. When they are needed for a quorum, nothing vouches for the
 * time of the entry. */
static bool doubt_late(struct tj_anchor *anchor, struct tj_progress *progress)
{
    struct tj_replay_report *report = progress->report;
    const struct tj_policy *policy = anchor->pins->policy;
    struct some late = {.count = 0};
    struct some sound = {.count = 0};
    if (!tj_witness_late(anchor->not_before_s, report->last_received_ns)) {
        return true; /* of most entries */
    }
    anchor->not_before_s = 0;
    for (size_t i = 0; i < policy->node_count; i++) {
        const uint64_t time_s = anchor->stated_s[i];
        if (time_s != 0 && tj_witness_late(time_s, report->last_received_ns)) {
            add_one(&late, i);
            anchor->stated_s[i] = 0;
        } else if (time_s != 0) {
            add_one(&sound, i);
            anchor->not_before_s = time_s > anchor->not_before_s ? time_s : anchor->not_before_s;
        }
    }
    if (!tj_policy_holds(policy, sound.which)) {
        tj_skip(report, TJ_CHECK_CLOCK, 1, "no quorum is left without witness %.120s",
                policy->nodes[late.first].key.name);
    }
    return doubt(anchor, progress, &late, &sound,
                 "received more than 300 s before the log was cosigned without it");
}

/* ---- one checkpoint, by its witnesses ---- */

/* Holds the promise of a checkpoint in time against the first of the witnesses' times. */
static bool judge_times(struct tj_anchor *anchor, struct tj_progress *progress, uint64_t first_s,
                        const struct tj_policy_result *result)
{
    struct tj_replay_report *report = progress->report;
    uint64_t delay_s = tj_state_ledger(progress->state)->checkpoint_delay_max_s;
    uint64_t waited_from_s = anchor->waiting_since_ns / TJ_NS_PER_S;
    if (anchor->cosigned < report->entries &&
        first_s > tj_s_after(waited_from_s, delay_s + TJ_CLOCK_SKEW_S)) {
        tj_find(report, anchor->cosigned,
                "no cosigned checkpoint covered it for %" PRIu64 " s; the ledger promises %" PRIu64
                " s",
                first_s - waited_from_s, delay_s);
    }
    anchor->cosigned = report->entries;
    note_not_before(anchor, result);
    return tj_pass(report, TJ_CHECK_CLOCK, 1);
}

static void show_witnesses(const struct tj_policy *policy, struct tj_replay_report *report,
                           const struct tj_policy_result *result)
{
    if (result->valid == 0 && report->witness_count > 0) {
        return; /* what nobody has cosigned yet says nothing about the witnesses */
    }
    report->quorum = result->quorum;
    report->cosigned_size = report->entries;
    report->witness_count = 0;
    for (size_t i = 0; i < policy->node_count; i++) {
        if (policy->nodes[i].is_group || report->witness_count == TJ_WITNESSES_SHOWN_MAX) {
            continue;
        }
        struct tj_witness_result *shown = &report->witnesses[report->witness_count++];
        snprintf(shown->name, sizeof shown->name, "%s", policy->nodes[i].key.name);
        shown->verdict = result->verdicts[i];
        shown->time_s = result->times_s[i];
    }
}

/* The earliest and the latest of the times that valid cosignatures state. */
static void times_of(const struct tj_policy *policy, uint64_t *first_s, uint64_t *last_s,
                     const struct tj_policy_result *result)
{
    *first_s = UINT64_MAX;
    *last_s = 0;
    for (size_t i = 0; i < policy->node_count; i++) {
        if (result->verdicts[i] != TJ_NOTE_VALID) {
            continue;
        }
        if (result->times_s[i] < *first_s) {
            *first_s = result->times_s[i];
        }
        if (result->times_s[i] > *last_s) {
            *last_s = result->times_s[i];
        }
    }
}

static bool fail_invalid(struct tj_replay_report *report, const struct tj_policy *policy,
                         const struct tj_policy_result *result)
{
    size_t i = 0;
    while (result->verdicts[i] != TJ_NOTE_INVALID) {
        i++;
    }
    return tj_fail(report, TJ_CHECK_WITNESSES, report->entries - 1, NULL, NULL,
                   "the cosignature by witness %.120s of the policy does not verify",
                   policy->nodes[i].key.name);
}

/* Of one checkpoint that the log's key signed. */
static bool judge_witnesses(struct tj_anchor *anchor, struct tj_progress *progress,
                            const struct tj_note_view *note)
{
    const struct tj_policy *policy = anchor->pins->policy;
    struct tj_policy_result result;
    uint64_t first_s;
    uint64_t last_s;
    if (policy == NULL) {
        return true;
    }
    tj_policy_check(policy, &result, note);
    if (result.undecided > 0) {
        anchor->undecided = true;
        return false;
    }
    show_witnesses(policy, progress->report, &result);
    if (result.invalid > 0) {
        return fail_invalid(progress->report, policy, &result);
    }
    if (!doubt_early(anchor, progress, &result)) {
        return false;
    }
    times_of(policy, &first_s, &last_s, &result);
    if (result.quorum) {
        anchor->agreed = progress->report->entries;
    }
    if (result.valid == 0) {
        return true;
    }
    TJ_VERIFY_CHECK(first_s <= last_s);
    tj_pass(progress->report, TJ_CHECK_WITNESSES, result.valid);
    return note_seen(anchor, progress->report->entries, first_s) &&
           judge_times(anchor, progress, first_s, &result);
}

static bool fail_changed(struct tj_replay_report *report)
{
    return tj_fail(report, TJ_CHECK_CHECKPOINT, report->entries - 1, NULL, NULL,
                   "a checkpoint changed while it was read");
}

/* The tree has just the size of the checkpoint. */
static bool judge_checkpoint(struct tj_anchor *anchor, struct tj_progress *progress,
                             const struct tj_view *bytes)
{
    struct tj_replay_report *report = progress->report;
    struct tj_note_view note;
    struct tj_checkpoint checkpoint;
    struct tj_hash root;
    char origin[TJ_ORIGIN_MAX];
    uint64_t last = report->entries - 1;
    if (!tj_checkpoint_note_decode(&note, &checkpoint, bytes->bytes, bytes->size) ||
        checkpoint.size != report->entries) {
        return fail_changed(report); /* it was one when look_ahead saw it */
    }
    tj_origin(progress->state, origin);
    tj_frontier_root(progress->digester->hasher, &root, progress->frontier);
    if (strcmp(checkpoint.origin, origin) != 0) {
        return tj_fail(report, TJ_CHECK_CHECKPOINT, last, NULL, NULL,
                       "a checkpoint of another log (%.120s)", checkpoint.origin);
    }
    if (!tj_hash_equal(&root, &checkpoint.root)) {
        return tj_fail(report, TJ_CHECK_CHECKPOINT, last, &root, &checkpoint.root,
                       "the root over entries 0 to %" PRIu64 " is not the one that was signed",
                       last);
    }
    const enum tj_note_verdict verdict =
        signer_of(progress->state, &report->log_key, &note, origin);
    if (verdict == TJ_NOTE_UNDECIDED) {
        anchor->undecided = true;
        return false;
    }
    if (verdict != TJ_NOTE_VALID) {
        return tj_fail(report, TJ_CHECK_CHECKPOINT, last, NULL, NULL,
                       "no log key that is active after %" PRIu64 " entries signed this checkpoint",
                       report->entries);
    }
    note_unknown_lines(anchor, progress->state, &note, origin);
    report->checkpoint = checkpoint;
    tj_sha256(progress->digester->hasher, &report->checkpoint_hash, bytes->bytes, bytes->size);
    report->checkpoints++;
    anchor->covered = checkpoint.size;
    anchor->covered_by = report->log_key;
    return judge_witnesses(anchor, progress, &note);
}

/* ---- in order ---- */

/* Notes when witnesses of today's policy had seen what an earlier audit covered. */
static void note_seen_before(struct tj_anchor *anchor, const struct tj_note_view *note,
                             uint64_t size)
{
    struct tj_policy_result result;
    uint64_t first_s;
    uint64_t last_s;
    if (anchor->pins->policy == NULL) {
        return;
    }
    tj_policy_check(anchor->pins->policy, &result, note);
    anchor->undecided = anchor->undecided || result.undecided > 0;
    times_of(anchor->pins->policy, &first_s, &last_s, &result);
    if (last_s != 0) {
        note_seen(anchor, size, first_s);
        note_not_before(anchor, &result);
    }
}

/* Judges the checkpoints of sizes that an earlier audit covered. One may have been put there since.
 * So their roots are computed again from the leaves that the earlier audit kept. */
static bool judge_earlier(struct tj_anchor *anchor, struct tj_progress *progress,
                          const struct tj_replica *replica)
{
    struct tj_frontier frontier;
    tj_frontier_init(&frontier);
    while (anchor->has_next && anchor->next_size < progress->start) {
        struct tj_view note;
        struct tj_note_view view;
        struct tj_checkpoint checkpoint;
        struct tj_hash root;
        char origin[TJ_ORIGIN_MAX];
        while (frontier.size < anchor->next_size) {
            struct tj_hash leaf;
            if (!tj_replica_leaf((void *)replica, &leaf, frontier.size)) {
                tj_trouble_note(&anchor->source->trouble, TIJORI_IO,
                                "the leaf hashes of the earlier audit cannot be read");
                return false;
            }
            tj_frontier_append(progress->digester->hasher, &frontier, &leaf);
        }
        tj_origin(progress->state, origin);
        tj_frontier_root(progress->digester->hasher, &root, &frontier);
        if (!anchor->source->ops->checkpoint(anchor->source, &note, anchor->next) ||
            !tj_checkpoint_note_decode(&view, &checkpoint, note.bytes, note.size) ||
            strcmp(checkpoint.origin, origin) != 0 || !tj_hash_equal(&checkpoint.root, &root)) {
            return tj_fail(progress->report, TJ_CHECK_CHECKPOINT,
                           anchor->next_size > 0 ? anchor->next_size - 1 : 0, NULL, NULL,
                           "a checkpoint over %" PRIu64
                           " entries is not of the log that was verified before",
                           anchor->next_size);
        }
        note_unknown_lines(anchor, progress->state, &view, origin);
        note_seen_before(anchor, &view, checkpoint.size);
        anchor->next++;
        if (!look_ahead(anchor, progress)) {
            return false;
        }
    }
    return true;
}

void tj_anchor_begin(struct tj_anchor *anchor, struct tj_progress *progress,
                     const struct tj_replica *replica)
{
    if (replica != NULL) {
        anchor->covered = replica->covered;
        anchor->covered_before = replica->covered;
        anchor->covered_by = replica->covered_by;
        /* Today's policy may trust other witnesses: what they said is asked anew. */
        anchor->cosigned = progress->start;
    }
    bool sound = look_ahead(anchor, progress) && judge_earlier(anchor, progress, replica);
    if (sound && progress->start > 0) {
        (void)!tj_anchor_entry(anchor, progress); /* what fails is in the report */
    }
}

/* The time comes first. When an entry was received before a witness cosigned the log without it, it
 * was put in later, whatever a later checkpoint covers. Then come the checkpoints of just this
 * size. There may be several: one for each set of cosignatures. */
bool tj_anchor_entry(struct tj_anchor *anchor, struct tj_progress *progress)
{
    struct tj_replay_report *report = progress->report;
    if (report->entries > anchor->cosigned && !doubt_late(anchor, progress)) {
        return false;
    }
    if (report->entries == anchor->cosigned + 1) {
        anchor->waiting_since_ns = report->last_received_ns;
    }
    while (anchor->has_next && anchor->next_size == report->entries) {
        struct tj_view note;
        if (!anchor->source->ops->checkpoint(anchor->source, &note, anchor->next)) {
            return fail_changed(report);
        }
        if (!judge_checkpoint(anchor, progress, &note)) {
            return false;
        }
        anchor->next++;
        if (!look_ahead(anchor, progress)) {
            return false;
        }
    }
    return true;
}

/* ---- the pins ---- */

/* Where no log key was given the log lines of a policy are that. A policy may have none, and then
 * pins no log; one that has some says which logs its owner trusts, and this is none of them. */
static bool names_others_only(const struct tj_anchor *anchor)
{
    return anchor->log_key == NULL && anchor->pins->policy != NULL &&
           anchor->pins->policy->log_count > 0;
}

/* The ledger id is pinned by the caller, or remembered: a log that goes on from what was verified
 * before is that of the same ledger. */
static void check_ledger_id(struct tj_anchor *anchor, struct tj_replay_report *report,
                            const char *origin)
{
    const struct tj_hash *pinned = anchor->pins->ledger_id;
    if (pinned != NULL && !tj_hash_equal(pinned, &report->ledger_id)) {
        tj_fail(report, TJ_CHECK_LEDGER_ID, 0, &report->ledger_id, pinned,
                "this is another ledger than the one pinned");
    } else if (anchor->log_key != NULL && strcmp(anchor->log_key->name, origin) != 0) {
        tj_fail(report, TJ_CHECK_LEDGER_ID, 0, NULL, NULL,
                "the log key given is that of another ledger (%.140s)", anchor->log_key->name);
    } else if (names_others_only(anchor)) {
        tj_fail(report, TJ_CHECK_LEDGER_ID, 0, NULL, NULL,
                "the policy names other logs only (%.140s)",
                anchor->pins->policy->logs[0].key.name);
    } else if (pinned != NULL || anchor->log_key != NULL || report->start > 0) {
        tj_pass(report, TJ_CHECK_LEDGER_ID, 1);
    } else {
        tj_skip(report, TJ_CHECK_LEDGER_ID, 1,
                "no ledger id was given to compare with, and no log key");
    }
}

/* It is not known beforehand which number the pinned key has in the log. So all keys are looked at,
 * the retired ones too. */
static void check_log_key(struct tj_anchor *anchor, struct tj_progress *progress)
{
    struct tj_replay_report *report = progress->report;
    if (anchor->log_key == NULL) {
        tj_skip(report, TJ_CHECK_LOG_KEY, 1, "no log key was given to compare with");
        return;
    }
    uint32_t count = tj_state_ledger(progress->state)->log_keys;
    for (uint32_t i = 0; i < count; i++) {
        const struct tj_log_key_object *key = tj_state_peek(progress->state, TJ_T_LOG_KEY, 0, i);
        if (key == NULL || memcmp(key->key, anchor->log_key->public32, sizeof key->key) != 0) {
            continue;
        }
        report->log_key_pinned = i == report->log_key && report->checkpoint.size > 0;
        if (tj_log_key_compromised(key)) {
            tj_skip(report, TJ_CHECK_LOG_KEY, 1,
                    "log key %" PRIu32 " was retired after a compromise: pin a newer one", i);
        } else {
            tj_pass(report, TJ_CHECK_LOG_KEY, 1);
        }
        return;
    }
    tj_fail(report, TJ_CHECK_LOG_KEY, UINT64_MAX, NULL, NULL,
            "the log key given was never a key of this log");
}

/* What a compromised key signed counts up to the size that its retirement names. What it signed
 * after that, before it was retired, is no checkpoint. */
static bool ends_at_last_good(struct tj_anchor *anchor, const struct tj_state *state)
{
    if (anchor->covered == 0) {
        return false;
    }
    const struct tj_log_key_object *key = tj_state_peek(state, TJ_T_LOG_KEY, 0, anchor->covered_by);
    if (key == NULL || !tj_log_key_compromised(key) || anchor->covered <= key->last_good_size) {
        return false;
    }
    anchor->covered = key->last_good_size;
    return true;
}

static const char *why_uncovered(const struct tj_anchor *anchor, bool compromised)
{
    if (anchor->covered == 0) {
        return "this log has no signed checkpoint";
    }
    if (compromised) {
        return "entries after the last good size of a compromised log key";
    }
    return "entries newer than the newest checkpoint";
}

static void check_coverage(struct tj_anchor *anchor, struct tj_progress *progress)
{
    struct tj_replay_report *report = progress->report;
    bool compromised = ends_at_last_good(anchor, progress->state);
    report->covered = anchor->covered;
    if (anchor->has_next) {
        tj_fail(report, TJ_CHECK_CHECKPOINT, report->entries - 1, NULL, NULL,
                "a checkpoint covers %" PRIu64 " entries, the log has %" PRIu64, anchor->next_size,
                report->entries);
        return;
    }
    if (anchor->covered > anchor->covered_before) {
        tj_pass(report, TJ_CHECK_CHECKPOINT, anchor->covered - anchor->covered_before);
    }
    if (anchor->covered < report->entries) {
        tj_skip(report, TJ_CHECK_CHECKPOINT, report->entries - anchor->covered, "%s",
                why_uncovered(anchor, compromised));
    }
}

/* Whose cosignatures were asked for and are there. A policy may ask for none, and then nothing was
 * looked at that could pass. */
static void check_quorum(const struct tj_anchor *anchor, struct tj_replay_report *report)
{
    if (anchor->pins->policy == NULL) {
        tj_skip(report, TJ_CHECK_WITNESSES, 1, "no policy was given that says whom to trust");
        return;
    }
    report->quorum_none = anchor->pins->policy->quorum == TJ_POLICY_NODE_NONE;
    if (report->quorum_none) {
        tj_skip(report, TJ_CHECK_WITNESSES, 1,
                "the policy asks for no witness: its quorum is none");
        return;
    }
    if (report->checkpoint.size == 0 && anchor->agreed == 0) {
        tj_skip(report, TJ_CHECK_WITNESSES, 1, "there is no checkpoint to cosign");
    } else if (anchor->agreed < report->entries) {
        tj_skip(report, TJ_CHECK_WITNESSES, report->entries - anchor->agreed,
                "entries that no checkpoint with the policy's quorum covers");
    } else {
        tj_pass(report, TJ_CHECK_WITNESSES, 1);
    }
}

static const struct tj_verifier_key *policy_key(const struct tj_policy *policy, const char *origin)
{
    for (size_t i = 0; policy != NULL && i < policy->log_count; i++) {
        if (strcmp(policy->logs[i].key.name, origin) == 0) {
            return &policy->logs[i].key;
        }
    }
    return NULL;
}

/* The ledger id is compared even after a failure. When this is another ledger's log, that explains
 * the failure better than anything. */
void tj_anchor_finish(struct tj_anchor *anchor, struct tj_progress *progress, bool whole)
{
    struct tj_replay_report *report = progress->report;
    char origin[TJ_ORIGIN_MAX];
    if (tj_state_ledger(progress->state) == NULL) {
        return; /* not even entry 0 */
    }
    TJ_VERIFY_CHECK(anchor->cosigned <= report->entries && anchor->agreed <= report->entries);
    tj_origin(progress->state, origin);
    snprintf(report->origin, sizeof report->origin, "%s", origin);
    if (anchor->log_key == NULL) {
        anchor->log_key = policy_key(anchor->pins->policy, origin);
    }
    check_ledger_id(anchor, report, origin);
    if (!whole) {
        return;
    }
    find_waits(anchor, report);
    tell_unknown_lines(anchor, report);
    check_log_key(anchor, progress);
    check_coverage(anchor, progress);
    check_quorum(anchor, report);
}

void tj_anchor_clear(struct tj_anchor *anchor)
{
    free(anchor->seen);
    anchor->seen = NULL;
    anchor->seen_count = 0;
    anchor->seen_capacity = 0;
}
