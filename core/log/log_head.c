#include "core/log/log_head.h"

#include <inttypes.h>

/* How many entries the tables hold: one body for each. */
static enum tijori_status count_entries(struct tj_txn *txn, uint64_t *size,
                                        struct tj_repairs *repairs)
{
    uint64_t entry = 0;
    uint64_t body = 0;
    enum tijori_status status = tj_from_storage(tj_last_number(txn, &entry, TJ_J_ENTRIES));
    if (status == TIJORI_OK) {
        status = tj_from_storage(tj_last_number(txn, &body, TJ_J_BODIES));
    }
    if (status == TIJORI_NOT_FOUND) {
        return tj_repairs_damage(repairs, "entries or bodies: the table is empty");
    }
    if (status == TIJORI_OK && entry != body) {
        return tj_repairs_damage(
            repairs, "entries, bodies: the last entry is %" PRIu64 ", the last body %" PRIu64,
            entry, body);
    }
    *size = entry + 1;
    return status;
}

/* Which blocks lack something only the row could say. So everything is redone. */
static enum tijori_status without_row(struct tj_txn *txn, struct tj_head_row *out, uint64_t size,
                                      struct tj_repairs *repairs)
{
    TJ_VERIFY_CHECK(size > 0);
    tj_repairs_note(repairs, "meta: the row head is missing, or not what its check says");
    memset(out, 0, sizeof *out);
    out->size = size;
    return tj_from_storage(tj_count(txn, &out->blocks, TJ_J_STATE));
}

static enum tijori_status compute_frontier(struct tj_txn *txn, struct tj_digester *digester,
                                           struct tj_frontier *out, uint64_t size,
                                           struct tj_repairs *repairs)
{
    struct tj_log_nodes nodes;
    tj_log_nodes_init(&nodes, txn, digester);
    nodes.compares = true;
    nodes.repairs = repairs;
    if (tj_tile_frontier(digester->hasher, out, &nodes.reader, size)) {
        TJ_VERIFY_CHECK(out->count == (uint32_t)__builtin_popcountll(size));
        return TIJORI_OK;
    }
    return nodes.failed != TIJORI_OK ? nodes.failed : TIJORI_CORRUPT;
}

/* A row with the right check was written by the commit of the newest entry. When the tree over the
 * entries is another now, an entry changed, or a node under a check that is right. */
static enum tijori_status compare(const struct tj_head_row *row, const struct tj_frontier *computed,
                                  uint64_t size, struct tj_repairs *repairs)
{
    TJ_VERIFY_CHECK(computed->size == size);
    if (row->size != size) {
        return tj_repairs_damage(
            repairs, "entries: the newest is %" PRIu64 ", and the head counts %" PRIu64 " of them",
            size - 1, row->size);
    }
    if (row->frontier.count != computed->count ||
        memcmp(row->frontier.nodes, computed->nodes, computed->count * sizeof computed->nodes[0]) !=
            0) {
        return tj_repairs_damage(repairs,
                                 "entries or nodes: the tree over the entries up to %" PRIu64
                                 " is not the head's: one of them was changed",
                                 size - 1);
    }
    return TIJORI_OK;
}

/* The row is read first and believed last: the frontier that is given out is the computed one even
 * where both are the same. */
enum tijori_status tj_log_head(struct tj_txn *txn, struct tj_digester *digester,
                               struct tj_head_row *out, struct tj_repairs *repairs)
{
    uint64_t size = 0;
    struct tj_frontier frontier;
    enum tijori_status row = tj_head_row_read(txn, out);
    bool sound = row == TIJORI_OK;
    if (!sound && row != TIJORI_NOT_FOUND && row != TIJORI_CORRUPT) {
        return row;
    }
    enum tijori_status status = count_entries(txn, &size, repairs);
    if (status == TIJORI_OK && !sound) {
        status = without_row(txn, out, size, repairs);
    }
    if (status == TIJORI_OK) {
        status = compute_frontier(txn, digester, &frontier, size, repairs);
    }
    if (status == TIJORI_OK && sound) {
        status = compare(out, &frontier, size, repairs);
    }
    if (status == TIJORI_OK) {
        out->frontier = frontier;
        TJ_VERIFY_CHECK(frontier.size == out->size);
    }
    return status;
}
