#include "core/audit/replay.h"

#include "core/audit/statement_check.h"

#include "core/rules/apply.h"
#include "core/base/pipeline.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>

/* Entries in flight between reading and judging, and bytes of those that are copied. */
enum { WINDOW = 1024, RING_BYTES = 64 << 20, PROGRESS_EVERY = 64 };

/* One entry as read, and what a worker found: a pure function of the bytes. */
struct item {
    struct tj_source_item source;
    struct tj_entry_view entry;
    struct tj_verdict form;
    struct tj_hash leaf;
    struct tj_hash body_root;
    struct tj_hash envelope_id;
    uint32_t invalid_slot;
    bool entry_formed; /* the entry came apart; the hashes are there, body_root if not absent */
    bool absent;       /* restricted, and its body is not in the source */
    bool body_missing; /* not restricted, and its body is not there all the same */
};

/* A document that the source has. */
struct document {
    uint8_t name[TJ_HASH_SIZE];
    bool cited; /* by a record that was reached */
};

struct replay {
    const struct tj_replay_options *options;
    struct tj_replay_report *report;
    struct tj_source *source;
    pthread_mutex_t reading; /* the source serves one thread at a time */
    struct tj_state *state;
    struct tj_digester digester;
    struct tj_lane_jumps *jumps;
    struct tj_figures *figures;
    struct tj_source_past past;
    struct tj_frontier frontier;
    struct tj_recent_nodes recent;
    struct tj_progress progress;
    struct tj_anchor anchor;
    struct tj_hash leaf; /* of the last entry */
    uint64_t received_ns;
    uint64_t term;
    uint64_t directive;
    struct document *documents; /* in order of their names */
    size_t document_count;
    uint64_t unjudged_before;   /* of state->unjudged, by earlier audits */
    uint64_t documents_missing; /* citations of documents that the source does not have */
    const char *gap;            /* why reading stopped before the end, or NULL */
    atomic_bool broken;         /* something failed */
    uint8_t links[TJ_RECORDS_MAX * TJ_LINK_SIZE];
};

/* ---- the report ---- */

static bool pass(struct replay *r, enum tj_check check, uint64_t count)
{
    return tj_pass(r->report, check, count);
}

static bool fail(struct replay *r, enum tj_check check, uint64_t entry, const struct tj_hash *found,
                 const struct tj_hash *expected, const char *text)
{
    return tj_fail(r->report, check, entry, found, expected, "%s", text);
}

static bool fail_verdict(struct replay *r, enum tj_check check, uint64_t entry,
                         const struct tj_verdict *verdict)
{
    char text[320];
    tj_verdict_format(verdict, text, sizeof text);
    return fail(r, check, entry, NULL, NULL, text);
}

/* ---- workers ---- */

static enum tijori_status check_form(struct tj_digester *digester, struct item *item)
{
    const struct tj_source_item *source = &item->source;
    enum tijori_status status =
        tj_entry_decode(source->entry.bytes, source->entry.size, &item->entry, &item->form);
    if (status != TIJORI_OK) {
        return status;
    }
    const struct tj_header *header = &item->entry.header;
    item->absent = source->records.bytes == NULL && tj_header_restricted(header);
    item->body_missing = source->records.bytes == NULL && !item->absent;
    if (!item->absent && (item->body_missing ||
                          source->records.size != (size_t)header->record_count * TJ_RECORD_SIZE)) {
        return tj_refuse(&item->form, TIJORI_RECORD_COUNT, "record_count");
    }
    if (source->derived.bytes != NULL &&
        source->derived.size != (size_t)header->record_count * TJ_LINK_SIZE + TJ_TAIL_SIZE) {
        return tj_refuse(&item->form, TIJORI_RECORD_COUNT, "record_count");
    }
    item->entry_formed = true;
    tj_envelope_id(digester, item->entry.header_bytes, &item->envelope_id);
    if (item->absent) {
        return TIJORI_OK;
    }
    tj_tree_root_of_items(digester->hasher, &item->body_root, source->records.bytes, TJ_RECORD_SIZE,
                          header->record_count);
    return tj_records_check(header, source->records.bytes, &item->form);
}

static void check_items(void *context, struct tj_digester *digester, void **items, size_t count)
{
    struct tj_signed entries[TJ_PIPELINE_BATCH_MAX];
    size_t formed = 0;
    (void)context;
    TIJORI_REQUIRE(count <= TJ_PIPELINE_BATCH_MAX);
    for (size_t i = 0; i < count; i++) {
        struct item *item = items[i];
        tj_verdict_init(&item->form);
        item->entry_formed = false;
        item->absent = false;
        item->body_missing = false;
        tj_leaf_hash(digester->hasher, &item->leaf, item->source.entry.bytes,
                     item->source.entry.size);
        item->form.status = check_form(digester, item);
        if (item->entry_formed) {
            entries[formed++] =
                (struct tj_signed){&item->entry.slots, &item->envelope_id, &item->invalid_slot};
        }
    }
    tj_slots_verify(entries, formed);
}

/* ---- one entry, in order ---- */

/* The next entry holds this hash: the one before it is as it was written. */
static bool is_followed(struct replay *r, uint64_t index, const struct tj_hash *leaf)
{
    struct tj_view next;
    return r->source->ops->entry(r->source, index + 1, &next) && next.size >= TJ_ENTRY_FIXED_SIZE &&
           memcmp(tj_entry_previous(next.bytes), leaf->bytes, TJ_HASH_SIZE) == 0;
}

/* The chain is broken between entry i - 1 and entry i. Which of them was changed? When the entry
 * after i still holds the hash of i as it stands, i is what it was. */
static uint64_t changed_entry(struct replay *r, uint64_t index, const struct tj_hash *leaf)
{
    struct tj_view next;
    bool follows =
        r->source->ops->entry(r->source, index + 1, &next) && next.size >= TJ_ENTRY_FIXED_SIZE;
    bool intact = follows && memcmp(tj_entry_previous(next.bytes), leaf->bytes, TJ_HASH_SIZE) == 0;
    return intact && index > 0 ? index - 1 : index;
}

static bool judge_chain(struct replay *r, uint64_t index, const struct item *item)
{
    const struct tj_entry_view *entry = &item->entry;
    if (!tj_hash_equal(&entry->previous, &r->leaf)) {
        bool old = r->progress.start > 0 && index == r->progress.start;
        return fail(r, old ? TJ_CHECK_EXTENDS : TJ_CHECK_CHAIN,
                    changed_entry(r, index, &item->leaf), &entry->previous, &r->leaf,
                    old ? "the log does not go on from what this auditor verified before"
                        : "the hash that an entry holds is not that of the entry before it");
    }
    if (entry->index != index) {
        return fail(r, TJ_CHECK_CHAIN, index, NULL, NULL, "the entry says another index");
    }
    if (index == 0 && entry->term != 1) {
        return fail(r, TJ_CHECK_CHAIN, index, NULL, NULL,
                    "GENESIS: entry 0 is of the writer's term 1");
    }
    if (entry->term < r->term || entry->term == 0) {
        return fail(r, TJ_CHECK_CHAIN, index, NULL, NULL, "the writer's term fell");
    }
    if (index > 0 && entry->received_ns <= r->received_ns) {
        return fail(r, TJ_CHECK_CHAIN, index, NULL, NULL, "received_ns did not rise");
    }
    return pass(r, TJ_CHECK_CHAIN, 1);
}

static bool means_newer(enum tijori_status status)
{
    return status == TIJORI_KIND_UNKNOWN || status == TIJORI_KIND_RESERVED ||
           status == TIJORI_RULES || status == TIJORI_VERSION_UNKNOWN ||
           status == TIJORI_SLOT_ALGORITHM;
}

/* Before anything is believed, the bytes must be those that were signed. */
static bool judge_bytes(struct replay *r, uint64_t index, const struct item *item)
{
    if (item->body_missing) {
        return fail(r, TJ_CHECK_BODIES, index, NULL, NULL, "the body of this entry is missing");
    }
    if (!item->entry_formed) {
        r->report->newer = means_newer(item->form.status) && is_followed(r, index, &item->leaf);
        return fail_verdict(r, TJ_CHECK_FORM, index, &item->form);
    }
    if (!item->absent && !tj_hash_equal(&item->body_root, &item->entry.header.body_root)) {
        return fail(r, TJ_CHECK_BODIES, index, &item->body_root, &item->entry.header.body_root,
                    "the records are not those that were signed");
    }
    pass(r, TJ_CHECK_BODIES, item->absent ? 0 : item->entry.header.record_count);
    if (!judge_chain(r, index, item)) {
        return false;
    }
    if (item->form.status != TIJORI_OK) {
        r->report->newer = means_newer(item->form.status) && item->invalid_slot == TJ_NOWHERE;
        return fail_verdict(r, TJ_CHECK_FORM, index, &item->form);
    }
    pass(r, TJ_CHECK_FORM, 1u + (item->absent ? 0 : item->entry.header.record_count));
    if (item->invalid_slot != TJ_NOWHERE) {
        struct tj_verdict verdict;
        tj_verdict_init(&verdict);
        verdict.slot = item->invalid_slot;
        tj_refuse(&verdict, TIJORI_SIGNATURE, "signature");
        return fail_verdict(r, TJ_CHECK_SIGNATURES, index, &verdict);
    }
    r->report->signatures += item->entry.slots.count;
    return pass(r, TJ_CHECK_SIGNATURES, item->entry.slots.count);
}

/* A post that its tier lets wait. */
static void note_post(struct replay *r, uint64_t id, const uint8_t *record)
{
    struct tj_passage p = {.record = record, .id = id};
    uint32_t number;
    p.from = tj_state_account(r->state, tj_movement_from(record));
    const struct tj_rule_object *tier = p.from != NULL ? tj_tier_of(r->state, &p, &number) : NULL;
    if (tier != NULL && tier->window_s != 0) {
        char what[80];
        snprintf(what, sizeof what, "record %" PRIu32 " (post, rule %" PRIu32 ")",
                 tj_record_position(id), number);
        tj_anchor_wait(&r->anchor, &r->progress, tj_record_entry(tj_movement_refers_to(record)),
                       tier->window_s, what);
    }
}

/* A quorum that the authority gives a party whose recovery is open. */
static void note_recovered(struct replay *r, uint64_t id, const uint8_t *record)
{
    uint32_t number = tj_record_party(record);
    const struct tj_party_object *party = tj_state_party(r->state, number);
    struct tj_named named = {.absent = true};
    if (party != NULL && party->recovery != 0 && party->threshold[TJ_DOMAIN_ADMINISTER] != 0 &&
        r->past.past.record(r->past.past.context, party->recovery, &named) && !named.absent) {
        char what[80];
        snprintf(what, sizeof what, "record %" PRIu32 " (recovery of party %" PRIu32 ")",
                 tj_record_position(id), number);
        tj_anchor_wait(&r->anchor, &r->progress, tj_record_entry(party->recovery),
                       TJ_GET(named.record, TJ_RECOVER_PARTY, delay_s), what);
    }
}

/* What had to wait, before it is judged: the state is as it was then. */
static void note_waits(struct replay *r, uint64_t index, const struct item *item)
{
    const struct tj_header *header = &item->entry.header;
    const struct tj_ledger_object *ledger = tj_state_ledger(r->state);
    if (item->absent || ledger == NULL ||
        (tj_kind_is_movement(item->source.records.bytes[0]) && ledger->rules_set == 0)) {
        return;
    }
    for (uint32_t i = 0; i < header->record_count; i++) {
        const uint8_t *record = item->source.records.bytes + (size_t)i * TJ_RECORD_SIZE;
        if (record[0] == TJ_POST) {
            note_post(r, tj_record_id(index, i), record);
        }
        if ((record[0] == TJ_SET_THRESHOLD || record[0] == TJ_ADD_KEY) && header->party == 0) {
            note_recovered(r, tj_record_id(index, i), record);
        }
    }
}

static bool judge_rules(struct replay *r, uint64_t index, const struct item *item,
                        struct tj_tail *tail)
{
    struct tj_verdict verdict;
    const struct tj_case c = {
        .index = index,
        .received_ns = item->entry.received_ns,
        .last_received_ns = r->received_ns,
        .head_leaf = r->leaf,
        .directive_previous = r->directive,
        .header = &item->entry.header,
        .slots = &item->entry.slots,
        .records = item->absent ? NULL : item->source.records.bytes,
        .envelope_id = item->envelope_id,
        .signatures_valid = true,
        .invalid_slot = TJ_NOWHERE,
    };
    r->past.party = item->entry.header.party;
    r->past.lane = item->entry.header.lane;
    enum tijori_status status = tj_apply(r->state, &r->past.past, &c, r->links, tail, &verdict);
    tj_undo_log_settle(r->state->undo);
    bool lane = status == TIJORI_SEQUENCE || status == TIJORI_PREVIOUS_ID;
    if (status != TIJORI_OK) {
        r->report->newer = means_newer(status);
        return fail_verdict(r, lane ? TJ_CHECK_LANES : TJ_CHECK_RULES, index, &verdict);
    }
    pass(r, TJ_CHECK_LANES, 1);
    tj_lane_jumps_push(r->jumps, item->entry.header.party, item->entry.header.lane, index);
    return pass(r, TJ_CHECK_RULES, item->absent ? 0 : item->entry.header.record_count);
}

static bool judge_derived(struct replay *r, uint64_t index, const struct item *item,
                          const struct tj_tail *tail)
{
    uint32_t records = item->entry.header.record_count;
    const uint8_t *links = item->source.derived.bytes;
    if (links == NULL) {
        return true;
    }
    for (uint32_t i = 0; i < records; i++) {
        size_t at = (size_t)i * TJ_LINK_SIZE;
        if (memcmp(r->links + at, links + at, TJ_LINK_SIZE) != 0) {
            char text[96];
            snprintf(text, sizeof text, "the links of record %" PRIu32 " are wrong", i);
            return fail(r, TJ_CHECK_DERIVED, index, NULL, NULL, text);
        }
    }
    uint8_t bytes[TJ_TAIL_SIZE];
    tj_tail_encode(bytes, tail);
    if (memcmp(bytes, links + (size_t)records * TJ_LINK_SIZE, TJ_TAIL_SIZE) != 0) {
        return fail(r, TJ_CHECK_DERIVED, index, NULL, NULL, "the tail is wrong");
    }
    return pass(r, TJ_CHECK_DERIVED, records + 1u);
}

/* ---- documents ---- */

static int by_name(const void *a, const void *b)
{
    return memcmp(((const struct document *)a)->name, ((const struct document *)b)->name,
                  TJ_HASH_SIZE);
}

static struct document *find_document(struct replay *r, const uint8_t name[TJ_HASH_SIZE])
{
    struct document wanted;
    memcpy(wanted.name, name, TJ_HASH_SIZE);
    return r->document_count == 0
               ? NULL
               : bsearch(&wanted, r->documents, r->document_count, sizeof wanted, by_name);
}

static void note_citations(struct replay *r, const struct item *item)
{
    for (uint32_t i = 0; i < item->entry.header.record_count; i++) {
        const uint8_t *record = item->source.records.bytes + (size_t)i * TJ_RECORD_SIZE;
        const uint8_t *hash = tj_movement_document(record);
        if (hash == NULL) {
            continue;
        }
        struct document *document = find_document(r, hash);
        if (document != NULL) {
            document->cited = true;
        } else {
            r->documents_missing++;
        }
    }
}

static void list_document(void *context, const struct tj_view *name)
{
    struct replay *r = context;
    if ((r->document_count & (r->document_count - 1)) == 0) {
        size_t room = r->document_count == 0 ? 1 : 2 * r->document_count;
        r->documents = realloc(r->documents, room * sizeof *r->documents);
        TIJORI_REQUIRE(r->documents != NULL);
    }
    struct document *document = &r->documents[r->document_count++];
    memset(document, 0, sizeof *document);
    memcpy(document->name, name->bytes, name->size < TJ_HASH_SIZE ? name->size : TJ_HASH_SIZE);
    if (name->size != TJ_HASH_SIZE) {
        fail(r, TJ_CHECK_ATTACHMENTS, UINT64_MAX, NULL, NULL,
             "an attachment is not named by a hash");
    }
}

/* The first entry with a record that cites this document. */
static uint64_t citing_entry(struct replay *r, const uint8_t hash[TJ_HASH_SIZE])
{
    for (uint64_t index = 0; index < r->report->entries; index++) {
        struct tj_entry_view entry;
        struct tj_view records;
        if (!tj_source_entry(r->source, &r->digester, index, &entry, NULL) ||
            !r->source->ops->records(r->source, &entry, &records)) {
            continue; /* a restricted body may be missing */
        }
        for (uint32_t i = 0; i < entry.header.record_count; i++) {
            const uint8_t *document = tj_movement_document(records.bytes + i * TJ_RECORD_SIZE);
            if (document != NULL && memcmp(document, hash, TJ_HASH_SIZE) == 0) {
                return index;
            }
        }
    }
    return UINT64_MAX;
}

static void check_document(struct replay *r, const struct document *document)
{
    struct tj_view bytes;
    struct tj_hash hash = {{0}};
    struct tj_hash name;
    memcpy(name.bytes, document->name, TJ_HASH_SIZE);
    if (r->source->ops->document(r->source, document->name, &bytes)) {
        tj_sha256(r->digester.hasher, &hash, bytes.bytes, bytes.size);
    }
    /* One that entries before this audit cite was met there, or is inert: nothing names it. */
    if (!tj_hash_equal(&hash, &name)) {
        /* Either the content or the name was changed; the log knows the other. */
        uint64_t entry = citing_entry(r, name.bytes);
        entry = entry != UINT64_MAX ? entry : citing_entry(r, hash.bytes);
        fail(r, TJ_CHECK_ATTACHMENTS, entry, &hash, &name,
             "an attachment does not hash to its name");
    } else if (document->cited || r->progress.start > 0) {
        pass(r, TJ_CHECK_ATTACHMENTS, 1);
    } else if (r->report->restricted == 0) {
        fail(r, TJ_CHECK_ATTACHMENTS, UINT64_MAX, NULL, NULL, "no record cites an attachment");
    } else {
        tj_skip(r->report, TJ_CHECK_ATTACHMENTS, 1,
                "attachments that no record seen in this audit cites");
    }
}

static void check_documents(struct replay *r)
{
    for (size_t i = 0; i < r->document_count; i++) {
        check_document(r, &r->documents[i]);
    }
    if (r->documents_missing > 0) {
        tj_skip(r->report, TJ_CHECK_ATTACHMENTS, r->documents_missing,
                "citations of documents whose bytes are not here");
    }
}

/* ---- accepted ---- */

static void append_leaf(struct replay *r, const struct tj_hash *leaf)
{
    struct tj_hash nodes[TJ_FRONTIER_NODES_MAX];
    r->recent.nodes[0][r->frontier.size % TJ_TILE_WIDTH] = *leaf;
    r->recent.completed = tj_frontier_append_nodes(r->digester.hasher, &r->frontier, leaf, nodes);
    for (uint32_t level = 1; level <= r->recent.completed; level++) {
        uint64_t number = (r->frontier.size >> (8 * level)) - 1;
        r->recent.nodes[level][number % TJ_TILE_WIDTH] = nodes[level - 1];
    }
    if (r->options->replica != NULL) {
        tj_replica_add_leaf(r->options->replica, leaf);
    }
}

static void count_body(struct replay *r, uint64_t index, const struct item *item)
{
    struct tj_replay_report *report = r->report;
    uint32_t records = item->entry.header.record_count;
    if (item->absent) {
        report->restricted_first = report->restricted == 0 ? index : report->restricted_first;
        report->restricted++;
        report->restricted_records += records;
        tj_figures_miss(r->figures, item->entry.received_ns);
        return;
    }
    report->restricted_seen += tj_header_restricted(&item->entry.header);
    note_citations(r, item);
    for (uint32_t i = 0; i < records && tj_kind_is_movement(item->source.records.bytes[0]); i++) {
        const uint8_t *record = item->source.records.bytes + (size_t)i * TJ_RECORD_SIZE;
        if (!tj_names_absent(r->state, &r->past.past, record)) {
            tj_tally_record(report->tally, r->state, record);
        }
    }
    tj_figures_entry(r->figures, r->state, &r->past.past, item->entry.received_ns,
                     item->source.records.bytes, records);
    tj_audit_statements(report, r->state, r->figures, &r->past.past, index,
                        item->source.records.bytes, records);
    report->records += records;
}

static bool judge_entry(struct replay *r, const struct item *item)
{
    struct tj_replay_report *report = r->report;
    struct tj_tail tail;
    uint64_t index = report->entries;
    if (!judge_bytes(r, index, item)) {
        return false;
    }
    if (index == 0) {
        r->state->ledger_id = item->leaf;
        report->ledger_id = item->leaf;
    }
    if (r->options->period != NULL) {
        tj_period_before(r->options->period, r->state, &r->past.past, item->entry.received_ns,
                         &r->leaf);
    }
    note_waits(r, index, item);
    if (!judge_rules(r, index, item, &tail) || !judge_derived(r, index, item, &tail)) {
        return false;
    }
    if (index == r->progress.start) {
        report->first_received_ns = item->entry.received_ns;
        pass(r, TJ_CHECK_EXTENDS, r->progress.start > 0);
    }
    r->leaf = item->leaf;
    r->received_ns = item->entry.received_ns;
    r->term = item->entry.term;
    if (!item->absent && !tj_kind_is_movement(item->source.records.bytes[0])) {
        r->directive = index;
    }
    append_leaf(r, &item->leaf);
    count_body(r, index, item);
    if (r->options->period != NULL) {
        tj_period_entry(r->options->period, r->state, &r->past.past, index, item->entry.received_ns,
                        item->absent ? NULL : item->source.records.bytes,
                        item->entry.header.record_count);
    }
    report->entries++;
    report->last_received_ns = item->entry.received_ns;
    return r->source->ops->accepted(r->source, &r->progress) &&
           tj_anchor_entry(&r->anchor, &r->progress);
}

/* ---- reading ---- */

/* In order, one thread at a time; after the first failure nothing is judged any more. An entry that
 * is judged is decided: should the thread that judges the next ones come first to say so, the count
 * is the same. */
static void decide_items(void *context, struct tj_digester *digester, struct tj_pipeline *pipeline,
                         size_t ready)
{
    struct replay *r = context;
    (void)digester;
    for (size_t i = 0; i < ready && !atomic_load(&r->broken); i++) {
        pthread_mutex_lock(&r->reading);
        bool sound = judge_entry(r, tj_pipeline_at(pipeline, i));
        pthread_mutex_unlock(&r->reading);
        if (!sound) {
            atomic_store(&r->broken, true);
        }
        if (r->options->progress != NULL && r->report->entries % PROGRESS_EVERY == 0) {
            r->options->progress(r->options->progress_context, r->report->entries, r->source->size);
        }
    }
    tj_pipeline_judged(pipeline, ready);
    tj_pipeline_decide(pipeline, ready);
    tj_pipeline_drop(pipeline, ready);
}

/* Peeks at the next entry, and takes it when there is one. False at the end, and at a gap, which
 * r->gap then tells. */
static bool read_item(struct replay *r, struct tj_pipeline *pipeline, uint64_t index)
{
    size_t memory;
    uint8_t *bytes;
    pthread_mutex_lock(&r->reading);
    enum tj_source_answer answer = r->source->ops->peek(r->source, index, &memory, &r->gap);
    pthread_mutex_unlock(&r->reading);
    if (answer != TJ_SOURCE_ENTRY) {
        return false;
    }
    struct item *item = tj_pipeline_reserve(pipeline, memory, &bytes); /* may wait for the judge */
    pthread_mutex_lock(&r->reading);
    r->source->ops->take(r->source, bytes, &item->source);
    pass(r, TJ_CHECK_NUMBERS, 1);
    r->report->checks[TJ_CHECK_NUMBERS].reached = index + 1; /* ahead of the judgement */
    pthread_mutex_unlock(&r->reading);
    tj_pipeline_publish(pipeline, memory > 0 ? memory
                                             : item->source.entry.size + item->source.records.size +
                                                   item->source.derived.size);
    return true;
}

/* Reads until the end or the first failure, as far ahead as the window goes. What was read before a
 * gap in the numbers is judged first. */
static void replay_entries(struct replay *r, struct tj_pipeline *pipeline)
{
    uint64_t index = r->progress.start;
    r->gap = NULL;
    while (!atomic_load(&r->broken) && read_item(r, pipeline, index)) {
        index++;
    }
    tj_pipeline_drain(pipeline);
    if (!atomic_load(&r->broken) && r->gap != NULL) {
        fail(r, TJ_CHECK_NUMBERS, index, NULL, NULL, r->gap);
    }
}

/* ---- after the last entry ---- */

struct sums {
    tj_i128 balance[TJ_ASSETS_MAX + 1];
    tj_i128 pending[TJ_ASSETS_MAX + 1];
};

static bool add_accounts(void *context, const struct tj_block *block)
{
    struct sums *sums = context;
    if (block->table != TJ_T_ACCOUNT) {
        return true;
    }
    const struct tj_account_object *accounts = (const void *)block->content;
    for (uint32_t i = 0; i < 1u << tj_table_shapes[TJ_T_ACCOUNT].shift; i++) {
        if (accounts[i].class != 0) {
            sums->balance[accounts[i].asset] += tj_account_balance(&accounts[i]);
            sums->pending[accounts[i].asset] +=
                (tj_i128)accounts[i].pending_in - (tj_i128)accounts[i].pending_out;
        }
    }
    return true;
}

static void check_sums(struct replay *r)
{
    struct sums *sums = calloc(1, sizeof *sums);
    TIJORI_REQUIRE(sums != NULL);
    tj_state_visit(r->state, add_accounts, sums);
    const struct tj_ledger_object *ledger = tj_state_ledger(r->state);
    for (uint32_t a = 1; ledger != NULL && a <= ledger->assets; a++) {
        if (sums->balance[a] != 0 || sums->pending[a] != 0) {
            fail(r, TJ_CHECK_ZERO, UINT64_MAX, NULL, NULL,
                 "the balances of an asset do not sum to 0");
        } else {
            pass(r, TJ_CHECK_ZERO, 1);
        }
    }
    free(sums);
}

static void check_tally(struct replay *r)
{
    tj_tally_closing(r->report->tally, r->state);
    for (uint32_t a = 0; a <= TJ_ASSETS_MAX; a++) {
        const struct tj_tally_asset *asset = r->report->tally->assets[a];
        for (int c = 0; asset != NULL && c < TJ_CLASS_END; c++) {
            if (!tj_tally_balances(&asset->classes[c])) {
                tj_fail(r->report, TJ_CHECK_TOTALS, UINT64_MAX, NULL, NULL,
                        "class %s of %s: opening + movements is not closing", tj_class_names[c],
                        asset->code);
            } else {
                pass(r, TJ_CHECK_TOTALS, asset->classes[c].accounts > 0);
            }
        }
    }
}

static void skip_rest(struct replay *r)
{
    static const char why[] = "not reached: the replay stopped at the first failure";
    static const enum tj_check per_entry[] = {
        TJ_CHECK_NUMBERS,    TJ_CHECK_FORM,  TJ_CHECK_CHAIN, TJ_CHECK_BODIES,
        TJ_CHECK_SIGNATURES, TJ_CHECK_LANES, TJ_CHECK_RULES,
    };
    static const enum tj_check at_end[] = {
        TJ_CHECK_ZERO,    TJ_CHECK_TOTALS,    TJ_CHECK_ATTACHMENTS,
        TJ_CHECK_LOG_KEY, TJ_CHECK_WITNESSES, TJ_CHECK_CHECKPOINT,
    };
    static const enum tj_check of_ledger[] = {TJ_CHECK_SNAPSHOT, TJ_CHECK_HEAD};
    static const enum tj_check of_folder[] = {TJ_CHECK_TILES, TJ_CHECK_FILES};
    const enum tj_check *own = r->source->is_ledger ? of_ledger : of_folder;
    for (size_t i = 0; i < sizeof per_entry / sizeof per_entry[0]; i++) {
        uint64_t reached = r->report->checks[per_entry[i]].reached;
        reached = reached > r->progress.start ? reached : r->progress.start;
        if (reached < r->source->size) {
            tj_skip(r->report, per_entry[i], r->source->size - reached, why); /* entries */
        }
    }
    for (size_t i = 0; i < sizeof at_end / sizeof at_end[0]; i++) {
        tj_skip(r->report, at_end[i], 1, why);
    }
    for (size_t i = 0; i < 2; i++) {
        tj_skip(r->report, own[i], 1, why);
    }
    if (r->source->is_ledger) {
        uint64_t reached = r->report->checks[TJ_CHECK_DERIVED].reached;
        tj_skip(r->report, TJ_CHECK_DERIVED,
                r->source->size > reached ? r->source->size - reached : 0, why);
    }
}

/* What was not there to be checked is not called checked. */
static void skip_absent(struct replay *r)
{
    const struct tj_replay_report *report = r->report;
    uint64_t unjudged = r->state->unjudged - r->unjudged_before;
    if (report->restricted > 0) {
        tj_skip(r->report, TJ_CHECK_BODIES, report->restricted_records,
                "records of %" PRIu64 " restricted entries (the first is entry %" PRIu64
                ") whose bodies are not here: attested by their signatures",
                report->restricted, report->restricted_first);
    }
    if (report->restricted_records + unjudged > 0) {
        tj_skip(r->report, TJ_CHECK_RULES, report->restricted_records + unjudged,
                "rules on records that are not here, and %" PRIu64
                " on balances outside the public sector that depend on such",
                unjudged);
    }
}

static void finish(struct replay *r)
{
    struct tj_replay_report *report = r->report;
    report->leaf = r->leaf;
    tj_frontier_root(r->digester.hasher, &r->frontier, &report->root);
    tj_state_digest(r->state, r->digester.hasher, &report->state_digest);
    bool whole = !report->failed;
    if (whole && report->entries == 0) {
        fail(r, TJ_CHECK_NUMBERS, 0, NULL, NULL, "this entry is missing");
    } else if (whole) {
        check_sums(r);
        check_tally(r);
        if (r->options->period != NULL) {
            tj_period_end(r->options->period, r->state, &r->past.past, &r->leaf);
        }
        tj_audit_programmes(report, r->state, r->figures, &r->past.past);
        r->source->ops->finish(r->source, &r->progress, &report->state_digest);
        check_documents(r);
        if (report->restricted > 0 && report->restricted_seen > 0) {
            fail(
                r, TJ_CHECK_BODIES, report->restricted_first, NULL, NULL,
                "the body of a restricted entry is missing where others are there: a public export "
                "has none of them");
        }
    } else {
        skip_rest(r);
    }
    skip_absent(r);
    tj_anchor_finish(&r->anchor, &r->progress, whole);
}

/* ---- life ---- */

/* Where an earlier audit ended. */
static void go_on_from(struct replay *r, struct tj_replica *replica)
{
    struct tj_replay_report *report = r->report;
    r->progress.start = replica->size;
    report->start = replica->size;
    report->left_open = replica->left_open;
    report->entries = replica->size;
    if (replica->size == 0) {
        return;
    }
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
    r->past.leaves = tj_replica_leaf;
    r->past.unseen_below = r->state->partial ? replica->size : 0;
    r->past.leaves_context = replica;
    r->unjudged_before = r->state->unjudged;
    r->frontier = replica->frontier;
    r->leaf = replica->leaf;
    r->received_ns = replica->received_ns;
    r->term = replica->term;
    r->directive = replica->directive;
    report->ledger_id = r->state->ledger_id;
    report->restricted_before = r->state->partial;
    report->last_received_ns = replica->received_ns;
}

/* The replica as of the last entry. It takes the state over. */
static void keep_in(struct replay *r, struct tj_replica *replica)
{
    tj_state_destroy(replica->state); /* of a replica that was empty */
    tj_lane_jumps_destroy(replica->jumps);
    tj_figures_destroy(replica->figures);
    replica->size = r->report->entries;
    replica->state = r->state;
    replica->jumps = r->jumps;
    replica->figures = r->figures;
    replica->frontier = r->frontier;
    replica->leaf = r->leaf;
    replica->received_ns = r->received_ns;
    replica->term = r->term;
    replica->directive = r->directive;
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
static bool check_extends(struct replay *r)
{
    struct tj_hash leaf;
    struct tj_entry_view entry;
    uint64_t start = r->progress.start;
    if (start == 0) {
        return true;
    }
    if (!tj_source_entry(r->source, &r->digester, 0, &entry, &leaf) ||
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
    if (tj_source_entry(r->source, &r->digester, start - 1, &entry, &leaf) &&
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
        bool same = tj_source_entry(r->source, &r->digester, middle, &entry, &leaf) &&
                    tj_replica_leaf(r->options->replica, middle, &known) &&
                    tj_hash_equal(&leaf, &known);
        *(same ? &low : &high) = same ? middle + 1 : middle;
    }
    return tj_fail(r->report, TJ_CHECK_EXTENDS, low, NULL, NULL,
                   "a fork: entry %" PRIu64 " is not the one this auditor verified before", low);
}

static enum tijori_status replay_run(struct replay *r)
{
    struct tj_pipeline_options options = {
        .capacity = WINDOW,
        .item_size = sizeof(struct item),
        .ring_bytes = r->source->is_ledger ? 0 : RING_BYTES,
        .threads = r->options->threads,
        .ready_max = WINDOW,
        .work = check_items,
        .decide = decide_items,
        .context = r,
    };
    struct tj_pipeline *pipeline = tj_pipeline_create(&options);
    if (pipeline == NULL) {
        return TIJORI_MEMORY;
    }
    r->source->ops->documents(r->source, r, list_document);
    /* Sorted again: in a damaged store they may be out of order. */
    if (r->document_count > 0) {
        qsort(r->documents, r->document_count, sizeof *r->documents, by_name);
    }
    tj_tally_opening(r->report->tally, r->state);
    tj_anchor_init(&r->anchor, r->source, &r->options->pins);
    if (check_extends(r) && r->source->ops->begin(r->source, &r->progress)) {
        tj_anchor_begin(&r->anchor, &r->progress, r->options->replica);
    }
    if (!r->report->failed) {
        replay_entries(r, pipeline);
    }
    tj_pipeline_destroy(pipeline);
    finish(r);
    return TIJORI_OK;
}

enum tijori_status tj_replay(struct tj_source *source, const struct tj_replay_options *options,
                             struct tj_replay_report *report, struct tj_state **state)
{
    struct replay *r = calloc(1, sizeof *r);
    if (r == NULL) {
        return TIJORI_MEMORY;
    }
    tj_report_init(report);
    report->tally = tj_tally_create();
    r->options = options;
    r->report = report;
    r->source = source;
    pthread_mutex_init(&r->reading, NULL);
    tj_digester_init(&r->digester);
    r->state = tj_state_create();
    r->jumps = tj_lane_jumps_create();
    r->figures = tj_figures_create();
    tj_source_past_init(&r->past, source, &r->digester, r->jumps);
    if (options->replica != NULL) {
        go_on_from(r, options->replica);
    }
    r->progress.report = report;
    r->progress.state = r->state;
    r->progress.frontier = &r->frontier;
    r->progress.recent = &r->recent;
    r->progress.digester = &r->digester;
    enum tijori_status status = replay_run(r);
    if (options->replica != NULL && status == TIJORI_OK && !report->failed) {
        keep_in(r, options->replica);
    }
    if (state != NULL && status == TIJORI_OK) {
        *state = r->state; /* NULL when the replica keeps it */
    } else {
        tj_state_destroy(r->state);
    }
    tj_lane_jumps_destroy(r->jumps);
    tj_figures_destroy(r->figures);
    tj_digester_clear(&r->digester);
    pthread_mutex_destroy(&r->reading);
    free(r->documents);
    free(r);
    return status;
}

enum tijori_status tj_replay_store(struct tj_store *store, const struct tj_replay_options *options,
                                   struct tj_replay_report *report, struct tj_state **state)
{
    struct tj_source *source;
    tj_report_init(report);
    enum tijori_status status = tj_source_of_store(store, &source);
    if (status == TIJORI_OK) {
        status = tj_replay(source, options, report, state);
        tj_source_close(source);
    }
    return status;
}
