#include "core/exchange/labels.h"

/* ---- the walk ---- */

/* A record that opened an account. False ends the walk. */
typedef bool opening_visitor(void *context, const uint8_t record[TJ_RECORD_SIZE], uint64_t id);

static bool visit_openings(opening_visitor *visit, void *context, const struct tj_entry_view *entry,
                           const struct tj_body_view *body)
{
    for (uint32_t i = 0; i < entry->header.record_count; i++) {
        const uint8_t *record = body->records + (size_t)i * TJ_RECORD_SIZE;
        if (tj_record_kind(record) == TJ_OPEN_ACCOUNT &&
            !visit(context, record, tj_record_id(entry->index, i))) {
            return false;
        }
    }
    return true;
}

/* Newest entry first. Each names the entry with directives before it, so the numbers fall; that
 * they do is checked, since a damaged chain must not be walked for ever. */
static enum tijori_status walk_openings(struct tj_txn *txn, opening_visitor *visit, void *context,
                                        uint64_t size)
{
    uint64_t index = size;
    uint64_t before = size - 1;
    while (before < index) {
        struct tj_entry_view entry;
        struct tj_body_view body;
        index = before;
        enum tijori_status status = tj_journal_counted(txn, &entry, &body, index);
        if (status != TIJORI_OK) {
            return status;
        }
        bool more = visit_openings(visit, context, &entry, &body);
        if (!more || index == 0) {
            return TIJORI_OK;
        }
        before = body.tail.directive_previous;
    }
    return TIJORI_CORRUPT;
}

static void copy_label(char out[TJ_LABEL_SIZE + 1], const uint8_t record[TJ_RECORD_SIZE])
{
    struct tj_record fields;
    tj_record_decode(&fields, record);
    memset(out, 0, TJ_LABEL_SIZE + 1);
    memcpy(out, fields.label, TJ_LABEL_SIZE);
}

/* ---- one account ---- */

struct wanted {
    uint64_t account;
    char *label;
    bool found;
};

static bool is_wanted(void *context, const uint8_t record[TJ_RECORD_SIZE], uint64_t id)
{
    struct wanted *wanted = context;
    (void)id;
    wanted->found = TJ_GET(record, TJ_OPEN_ACCOUNT, account) == wanted->account;
    if (wanted->found) {
        copy_label(wanted->label, record);
    }
    return !wanted->found;
}

enum tijori_status tj_label_of(struct tj_txn *txn, char label[TJ_LABEL_SIZE + 1], uint64_t account,
                               uint64_t size)
{
    struct wanted wanted = {.account = account, .label = label};
    enum tijori_status status = walk_openings(txn, is_wanted, &wanted, size);
    if (status == TIJORI_OK && !wanted.found) {
        return TIJORI_CORRUPT;
    }
    return status;
}

/* ---- all accounts ---- */

struct tj_labels {
    struct tj_txn *txn;
    uint64_t **opened; /* by party, then by local number: the record that opened it */
    uint32_t *counts;
    uint32_t parties;
    /* The entry asked for last: accounts that follow each other were mostly opened together. */
    bool cached;
    struct tj_entry_view entry;
    struct tj_body_view body;
};

static bool note_opened(void *context, const uint8_t record[TJ_RECORD_SIZE], uint64_t id)
{
    struct tj_labels *labels = context;
    uint64_t account = TJ_GET(record, TJ_OPEN_ACCOUNT, account);
    uint32_t party = tj_account_party(account);
    if (party < labels->parties && tj_account_local(account) < labels->counts[party]) {
        labels->opened[party][tj_account_local(account)] = id;
    }
    return true;
}

static bool make_room(struct tj_labels *labels, const struct tj_state *state)
{
    labels->opened = calloc((size_t)labels->parties + 1, sizeof *labels->opened);
    labels->counts = calloc((size_t)labels->parties + 1, sizeof *labels->counts);
    if (labels->opened == NULL || labels->counts == NULL) {
        return false;
    }
    for (uint32_t p = 0; p < labels->parties; p++) {
        const struct tj_party_object *party = tj_state_party(state, p);
        labels->counts[p] = party != NULL ? party->accounts : 0;
        labels->opened[p] = calloc((size_t)labels->counts[p] + 1, sizeof **labels->opened);
        if (labels->opened[p] == NULL) {
            return false;
        }
    }
    return true;
}

enum tijori_status tj_labels_create(struct tj_txn *txn, struct tj_labels **out,
                                    const struct tj_state *state, uint64_t size)
{
    struct tj_labels *labels = calloc(1, sizeof *labels);
    enum tijori_status status = TIJORI_MEMORY;
    *out = NULL;
    if (labels == NULL) {
        return status;
    }
    labels->txn = txn;
    labels->parties = tj_state_ledger(state)->parties;
    if (make_room(labels, state)) {
        status = walk_openings(txn, note_opened, labels, size);
    }
    if (status != TIJORI_OK) {
        tj_labels_destroy(labels);
        return status;
    }
    *out = labels;
    return TIJORI_OK;
}

void tj_labels_destroy(struct tj_labels *labels)
{
    if (labels == NULL) {
        return;
    }
    for (uint32_t p = 0; labels->opened != NULL && p < labels->parties; p++) {
        free(labels->opened[p]);
    }
    free(labels->opened);
    free(labels->counts);
    free(labels);
}

void tj_labels_get(struct tj_labels *labels, char out[TJ_LABEL_SIZE + 1], uint64_t account)
{
    uint32_t party = tj_account_party(account);
    uint32_t local = tj_account_local(account);
    memset(out, 0, TJ_LABEL_SIZE + 1);
    if (party >= labels->parties || local >= labels->counts[party] ||
        labels->opened[party][local] == 0) {
        return;
    }
    uint64_t id = labels->opened[party][local];
    if (!labels->cached || labels->entry.index != tj_record_entry(id)) {
        labels->cached = tj_journal_counted(labels->txn, &labels->entry, &labels->body,
                                            tj_record_entry(id)) == TIJORI_OK;
    }
    if (labels->cached) {
        copy_label(out, labels->body.records + (size_t)tj_record_position(id) * TJ_RECORD_SIZE);
    }
}
