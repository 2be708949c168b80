#include "core/exchange/value_dates.h"

#include "core/audit/posting.h"
#include "core/base/memory.h"

static uint64_t order_of(uint32_t day, uint32_t asset, uint8_t purpose)
{
    return (uint64_t)day << 32 | asset << 8 | purpose;
}

static uint64_t order_of_row(const struct tj_value_day *row)
{
    return order_of(row->day, row->asset, row->purpose);
}

/* The row, made where there is none; NULL: no memory. Rows are kept in order: they are few, since
 * days are. */
static struct tj_value_day *row_of(struct tj_value_days *days, uint32_t day, uint32_t asset,
                                   uint8_t purpose)
{
    const uint64_t wanted = order_of(day, asset, purpose);
    size_t low = 0;
    size_t high = days->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (order_of_row(&days->rows[middle]) < wanted) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low < days->count && order_of_row(&days->rows[low]) == wanted) {
        return &days->rows[low];
    }
    if (!tj_grow(&days->rows, &days->capacity, days->count + 1, sizeof *days->rows)) {
        return NULL;
    }
    memmove(&days->rows[low + 1], &days->rows[low], (days->count - low) * sizeof *days->rows);
    days->count++;
    days->rows[low] = (struct tj_value_day){.day = day, .asset = asset, .purpose = purpose};
    return &days->rows[low];
}

/* A post says no value date of its own that counts: what it posts said it. */
static bool value_date(const struct tj_past *past, uint32_t *day, const struct tj_posting *posting)
{
    struct tj_named pending = {.absent = true};
    *day = TJ_GET(posting->record, TJ_MOVE, value_date);
    if (tj_record_kind(posting->record) == TJ_POST) {
        if (!past->record(past->context, &pending, tj_movement_refers_to(posting->record))) {
            return false;
        }
        *day = TJ_GET(pending.record, TJ_PENDING, value_date);
    }
    if (*day == 0) {
        *day = posting->day;
    }
    return true;
}

static enum tijori_status add(struct tj_value_days *days, const struct tj_past *past,
                              const struct tj_posting *posting)
{
    uint32_t day;
    if (posting->flow != TJ_FLOW_INTO && posting->flow != TJ_FLOW_OUT) {
        return TIJORI_OK;
    }
    if (!value_date(past, &day, posting)) {
        return TIJORI_CORRUPT;
    }
    const bool opening = tj_movement_opening(posting->record);
    uint8_t purpose = posting->purpose;
    if (opening) {
        purpose = tj_movement_purpose(posting->record);
    }
    struct tj_value_day *row = row_of(days, day, posting->asset, purpose);
    if (row == NULL) {
        return TIJORI_MEMORY;
    }
    tj_u128 in = 0;
    tj_u128 out = 0;
    *(posting->flow == TJ_FLOW_INTO ? &in : &out) = posting->amount;
    row->count++;
    if (opening) {
        row->brought_in += (tj_i128)(in - out);
    } else {
        row->in += in;
        row->out += out;
    }
    return TIJORI_OK;
}

static enum tijori_status add_entry(struct tj_value_days *days, const struct tj_state *state,
                                    const struct tj_past *past, const struct tj_entry_view *entry,
                                    const struct tj_body_view *body)
{
    if (!tj_kind_is_movement(tj_record_kind(body->records))) {
        return TIJORI_OK;
    }
    for (uint32_t i = 0; i < entry->header.record_count; i++) {
        const uint8_t *record = body->records + (size_t)i * TJ_RECORD_SIZE;
        struct tj_posting posting;
        enum tijori_status status = TIJORI_OK;
        if (tj_posting_of(&posting, state, past, tj_record_id(entry->index, i), entry->received_ns,
                          record)) {
            status = add(days, past, &posting);
        }
        if (status != TIJORI_OK) {
            return status;
        }
    }
    return TIJORI_OK;
}

/* A restricted entry moves nothing of the public sector, whose the reserve is. */
enum tijori_status tj_value_days_read(struct tj_txn *txn, struct tj_digester *digester,
                                      struct tj_value_days *out, const struct tj_state *state,
                                      uint64_t size)
{
    struct tj_journal_past past;
    memset(out, 0, sizeof *out);
    tj_journal_past_init(&past, txn, digester);
    for (uint64_t index = 1; index < size; index++) {
        struct tj_entry_view entry;
        struct tj_body_view body;
        enum tijori_status status = tj_journal_counted(txn, &entry, &body, index);
        if (status == TIJORI_OK && !tj_header_restricted(&entry.header)) {
            status = add_entry(out, state, &past.past, &entry, &body);
        }
        if (status != TIJORI_OK) {
            return status;
        }
    }
    return TIJORI_OK;
}

void tj_value_days_free(struct tj_value_days *days)
{
    free(days->rows);
    memset(days, 0, sizeof *days);
}
