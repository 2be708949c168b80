#include "core/audit/walk.h"

#include "core/audit/statement_check.h"

#include <inttypes.h>

/* ---- what had to wait ---- */

static void note_recovery(struct tj_walk *w, uint64_t id, const uint8_t *record)
{
    uint32_t number = tj_record_party(record);
    const struct tj_party_object *party = tj_state_party(w->state, number);
    struct tj_named named = {.absent = true};
    if (party == NULL || party->recovery == 0 || party->threshold[TJ_DOMAIN_ADMINISTER] == 0) {
        return;
    }
    if (!w->past->record(w->past->context, &named, party->recovery) || named.absent) {
        return;
    }
    char what[80];
    snprintf(what, sizeof what, "record %" PRIu32 " (recovery of party %" PRIu32 ")",
             tj_record_position(id), number);
    tj_anchor_wait(w->anchor, w->progress, tj_record_entry(party->recovery),
                   TJ_GET(named.record, TJ_RECOVER_PARTY, delay_s), what);
}

void tj_walk_recoveries(struct tj_walk *w, uint64_t index, const uint8_t *records, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *record = records + (size_t)i * TJ_RECORD_SIZE;
        if (record[0] == TJ_SET_THRESHOLD || record[0] == TJ_ADD_KEY) {
            note_recovery(w, tj_record_id(index, i), record);
        }
    }
}

/* Notes a post that had to wait because of a tier. Tiers are directives, and no entry has both
 * kinds of records. So the tiers after the entry are those that it was judged by. */
static void note_post(struct tj_walk *w, uint64_t id, uint64_t received_ns, const uint8_t *record)
{
    struct tj_passage p = {.record = record, .id = id, .received_ns = received_ns};
    struct tj_demand wanted;
    if (tj_state_ledger(w->state)->rules_set == 0) {
        return;
    }
    p.from = tj_state_account(w->state, tj_movement_from(record));
    tj_demand_of(w->state, &wanted, &p);
    if (wanted.delay_s == 0) {
        return;
    }
    char what[80];
    snprintf(what, sizeof what, "record %" PRIu32 " (post, rule %" PRIu32 ")",
             tj_record_position(id), wanted.delay_rule);
    tj_anchor_wait(w->anchor, w->progress, tj_record_entry(tj_movement_refers_to(record)),
                   wanted.delay_s, what);
}

/* Whether the notice of a rule ended between the entry before and this one; *next: or will end
 * later.
 */
static void note_rule(struct tj_walk *w, uint64_t index, uint64_t received_ns, uint32_t number,
                      uint64_t *next)
{
    const struct tj_rule_object *rule = tj_state_rule(w->state, number);
    if (rule == NULL || rule->ended == 0 || rule->notice_days == 0) {
        return;
    }
    if (rule->until_ns > received_ns) {
        *next = rule->until_ns < *next ? rule->until_ns : *next;
        return;
    }
    /* Ended in this entry and lifted in it: whom it names agreed. */
    if (rule->until_ns <= w->received_ns || tj_record_entry(rule->ended) == index) {
        return;
    }
    char what[80];
    snprintf(what, sizeof what, "the end of rule %" PRIu32, number);
    tj_anchor_wait(w->anchor, w->progress, tj_record_entry(rule->ended), rule->notice_days * 86400u,
                   what);
}

/* Notes the rules that are not in force any more from this entry on, because their notice is over.
 * By the ledger's clock it is; a ledger whose clock was put forward lifts what it may not. */
static void note_lifted(struct tj_walk *w, uint64_t index, uint64_t received_ns)
{
    if (received_ns >= w->lifted_ns) {
        uint64_t next = UINT64_MAX;
        uint32_t rules = tj_state_ledger(w->state)->rules_set;
        for (uint32_t i = 0; i < rules; i++) {
            note_rule(w, index, received_ns, i, &next);
        }
        w->lifted_ns = next;
    }
    w->received_ns = received_ns;
}

/* ---- a record ---- */

/* A post is looked at before it is known whether the record that it posts is here. Its own record
 * says that it had to wait. */
static bool walk_movement(struct tj_walk *w, uint64_t id, uint64_t received_ns,
                          const uint8_t *record)
{
    struct tj_posting posting;
    if (record[0] == TJ_POST) {
        note_post(w, id, received_ns, record);
    }
    if (!tj_posting_of(&posting, w->state, w->past, id, received_ns, record)) {
        return true;
    }
    if (!tj_tally_post(w->progress->report->tally, &posting)) {
        return false;
    }
    /* Before the figures: what a correction adjusts was stated before it. */
    if (w->period != NULL && !tj_period_post(w->period, w->past, &posting)) {
        return false;
    }
    return tj_figures_post(w->figures, w->state, w->past, &posting);
}

static bool walk_statement(struct tj_walk *w, uint64_t id, uint64_t received_ns,
                           const uint8_t *record)
{
    struct tj_record r;
    tj_record_decode(&r, record);
    tj_audit_statement(w->progress->report, w->state, w->figures, w->past, tj_record_entry(id), &r);
    if (w->period != NULL && !tj_period_state(w->period, id, &r)) {
        return false;
    }
    return tj_figures_state(w->figures, tj_day_of(received_ns), &r);
}

static bool walk_directive(struct tj_walk *w, uint64_t id, uint64_t received_ns,
                           const uint8_t *record)
{
    if (record[0] == TJ_END_RULE) {
        w->lifted_ns = 0; /* its notice may end sooner than all others */
    }
    if (record[0] == TJ_STATEMENT) {
        return walk_statement(w, id, received_ns, record);
    }
    if (record[0] == TJ_OPEN_ACCOUNT && w->period != NULL) {
        struct tj_record r;
        tj_record_decode(&r, record);
        return tj_period_open_account(w->period, &r);
    }
    return true;
}

/* Movements and directives share no entry (docs/FORMAT.md section 4), so the first record says
 * which walk it is. */
bool tj_walk_entry(struct tj_walk *w, uint64_t index, uint64_t received_ns, const uint8_t *records,
                   uint32_t count)
{
    bool movements = tj_kind_is_movement(records[0]);
    note_lifted(w, index, received_ns);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *record = records + (size_t)i * TJ_RECORD_SIZE;
        uint64_t id = tj_record_id(index, i);
        const uint8_t *document = tj_record_attachment(record);
        if (document != NULL) {
            tj_documents_cite(w->documents, document, tj_kind_is_movement(record[0]));
        }
        if (tj_kind_is_detail(record[0])) {
            continue; /* it moves nothing */
        }
        TJ_VERIFY_CHECK(tj_kind_is_movement(record[0]) == movements);
        if (movements && !walk_movement(w, id, received_ns, record)) {
            return false;
        }
        if (!movements && !walk_directive(w, id, received_ns, record)) {
            return false;
        }
    }
    return true;
}
