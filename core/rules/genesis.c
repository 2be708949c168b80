#include "core/rules/genesis.h"

#include "core/rules/judge.h"
#include "core/rules/reapply.h"
#include "crypto/tree.h"

static void genesis_header(struct tj_digester *digester, struct tj_header *header,
                           const uint8_t *records, uint32_t count, uint64_t created_s)
{
    TJ_VERIFY_CHECK(count > 0 && count <= TJ_RECORDS_MAX);
    memset(header, 0, sizeof *header);
    header->record_count = count;
    header->sequence = 1;
    header->created_s = created_s;
    header->expires_s = tj_s_after(created_s, TJ_GET(records, TJ_LEDGER, lifetime_max_s));
    tj_tree_root_of_items(digester->hasher, &header->body_root, records, TJ_RECORD_SIZE, count);
}

/* It reads back as what it was made of. */
TJ_VERIFY_ONLY static bool is_entry_0(const struct tj_genesis *genesis,
                                      const struct tj_header *header)
{
    struct tj_entry_view entry;
    struct tj_verdict verdict;
    tj_verdict_init(&verdict);
    return tj_entry_decode(&entry, genesis->entry, sizeof genesis->entry, &verdict) == TIJORI_OK &&
           entry.index == 0 && entry.slots.count == 0 &&
           tj_hash_equal(&entry.header.body_root, &header->body_root);
}

void tj_genesis_build(struct tj_digester *digester, struct tj_genesis *out, const uint8_t *records,
                      uint32_t count, uint64_t created_s)
{
    struct tj_header header;
    uint8_t header_bytes[TJ_HEADER_SIZE];
    const uint8_t no_slots[2] = {0, 0};
    const struct tj_hash none = {{0}};
    genesis_header(digester, &header, records, count, created_s);
    tj_header_encode(&header, header_bytes);
    tj_envelope_id(digester, &out->envelope_id, header_bytes);
    tj_entry_encode(out->entry, 0, 1, tj_ns_after(0, created_s), &none, header_bytes, no_slots,
                    sizeof no_slots);
    tj_leaf_hash(digester->hasher, &out->ledger_id, out->entry, sizeof out->entry);
    TJ_VERIFY_CHECK(is_entry_0(out, &header));
}

/* What the ledger's creation will judge, before there is a place to create one in: a wrong genesis
 * must not leave a directory behind. It has no signatures to be wrong. */
enum tijori_status tj_genesis_check(struct tj_digester *digester, const uint8_t *records,
                                    uint32_t count, uint64_t created_s, struct tj_verdict *verdict)
{
    struct tj_header header;
    struct tj_slots slots = {.count = 0};
    tj_verdict_init(verdict);
    if (count == 0 || count > TJ_RECORDS_MAX) {
        return tj_refuse(verdict, TIJORI_RECORD_COUNT, "record_count");
    }
    genesis_header(digester, &header, records, count, created_s);
    enum tijori_status status = tj_records_check(&header, records, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    struct tj_case c = {
        .received_ns = tj_ns_after(0, created_s),
        .header = &header,
        .slots = &slots,
        .records = records,
        .signatures_valid = true,
    };
    return tj_judge_genesis(&c, verdict);
}

/* By a redo of entry 0, and so by the same effects as in any ledger: who has only a genesis file
 * must come to the same keys as who has the ledger. */
struct tj_state *tj_genesis_state(const struct tj_genesis *genesis, const uint8_t *records)
{
    const struct tj_past nothing = {.context = NULL}; /* a genesis names no earlier record */
    const struct tj_body_view body = {.records = records};
    struct tj_entry_view entry;
    struct tj_verdict verdict;
    tj_verdict_init(&verdict);
    enum tijori_status status =
        tj_entry_decode(&entry, genesis->entry, sizeof genesis->entry, &verdict);
    TIJORI_REQUIRE(status == TIJORI_OK);
    struct tj_state *state = tj_state_create();
    if (state == NULL) {
        return NULL;
    }
    state->ledger_id = genesis->ledger_id;
    state->redo = true; /* there is nothing to take back */
    bool applied = tj_reapply(state, &nothing, &entry, &genesis->envelope_id, &body, NULL);
    state->redo = false;
    if (state->no_memory) {
        tj_state_destroy(state);
        return NULL;
    }
    TIJORI_REQUIRE(applied);
    TJ_VERIFY_CHECK(tj_state_ledger(state) != NULL && tj_state_mark_undo(state) == 0);
    return state;
}

void tj_genesis_opening(struct tj_digester *digester, struct tj_header *header,
                        uint8_t record[TJ_RECORD_SIZE], const struct tj_genesis *genesis,
                        uint64_t created_s, uint64_t expires_s)
{
    struct tj_record endorse = {
        .kind = TJ_ENDORSE,
        .entry = 0,
        .leaf = genesis->ledger_id,
        .envelope_id = genesis->envelope_id,
    };
    tj_record_encode(&endorse, record);
    memset(header, 0, sizeof *header);
    header->record_count = 1;
    header->sequence = 2;
    header->created_s = created_s;
    header->expires_s = expires_s;
    header->ledger_id = genesis->ledger_id;
    header->previous_id = genesis->envelope_id;
    header->known_leaf = genesis->ledger_id;
    tj_tree_root_of_items(digester->hasher, &header->body_root, record, TJ_RECORD_SIZE, 1);
    TJ_VERIFY_CHECK(tj_record_kind(record) == TJ_ENDORSE && created_s <= expires_s);
}
