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

/* Newest entry first. Each names the entry with directives before it, of the public ones or of the
 * restricted ones, so the numbers fall; that they do is checked, since a damaged chain must not be
 * walked for ever. Both chains end: entry 0 has directives, and is before every restricted one. */
static enum tijori_status walk_chain(struct tj_txn *txn, opening_visitor *visit, void *context,
                                     uint64_t size, bool restricted)
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
        before = tj_directives_of(body.tail.previous, restricted);
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
    enum tijori_status status =
        walk_chain(txn, is_wanted, &wanted, size, tj_account_restricted(account));
    if (status == TIJORI_OK && !wanted.found) {
        return TIJORI_CORRUPT;
    }
    return status;
}

/* ---- all accounts ---- */

struct tj_labels {
    struct tj_txn *txn;
    struct opened {
        uint64_t *ids; /* by number: the record that opened it */
        uint32_t count;
    } * opened[2]; /* by party: accounts that are not restricted, and that are */
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
    if (party < labels->parties) {
        const struct opened *opened = &labels->opened[tj_account_restricted(account)][party];
        if (tj_account_number(account) < opened->count) {
            opened->ids[tj_account_number(account)] = id;
        }
    }
    return true;
}

static bool make_opened(struct opened *opened, uint32_t count)
{
    opened->count = count;
    opened->ids = calloc((size_t)count + 1, sizeof *opened->ids);
    return opened->ids != NULL;
}

static bool make_room(struct tj_labels *labels, const struct tj_state *state)
{
    for (int restricted = 0; restricted < 2; restricted++) {
        labels->opened[restricted] = calloc((size_t)labels->parties + 1, sizeof(struct opened));
        if (labels->opened[restricted] == NULL) {
            return false;
        }
    }
    for (uint32_t p = 0; p < labels->parties; p++) {
        const struct tj_party_object *party = tj_state_party(state, p);
        if (party != NULL && (!make_opened(&labels->opened[false][p], party->accounts) ||
                              !make_opened(&labels->opened[true][p], party->accounts_restricted))) {
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
        status = walk_chain(txn, note_opened, labels, size, false);
    }
    if (status == TIJORI_OK) {
        status = walk_chain(txn, note_opened, labels, size, true);
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
    for (int restricted = 0; restricted < 2; restricted++) {
        struct opened *opened = labels->opened[restricted];
        for (uint32_t p = 0; opened != NULL && p < labels->parties; p++) {
            free(opened[p].ids);
        }
        free(opened);
    }
    free(labels);
}

void tj_labels_get(struct tj_labels *labels, char out[TJ_LABEL_SIZE + 1], uint64_t account)
{
    uint32_t party = tj_account_party(account);
    uint32_t number = tj_account_number(account);
    memset(out, 0, TJ_LABEL_SIZE + 1);
    if (party >= labels->parties) {
        return;
    }
    const struct opened *opened = &labels->opened[tj_account_restricted(account)][party];
    if (number >= opened->count || opened->ids[number] == 0) {
        return;
    }
    uint64_t id = opened->ids[number];
    if (!labels->cached || labels->entry.index != tj_record_entry(id)) {
        labels->cached = tj_journal_counted(labels->txn, &labels->entry, &labels->body,
                                            tj_record_entry(id)) == TIJORI_OK;
    }
    if (labels->cached) {
        copy_label(out, labels->body.records + (size_t)tj_record_position(id) * TJ_RECORD_SIZE);
    }
}
