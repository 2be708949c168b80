#include "core/rules/genesis.h"

#include "core/rules/judge.h"
#include "core/rules/reapply.h"
#include "crypto/tree.h"

static void genesis_header(struct tj_digester *digester, const uint8_t *records, uint32_t count,
                           uint64_t created_s, struct tj_header *header)
{
    memset(header, 0, sizeof *header);
    header->record_count = count;
    header->sequence = 1;
    header->created_s = created_s;
    header->expires_s = created_s + TJ_GET(records, TJ_LEDGER, lifetime_max_s);
    tj_tree_root_of_items(digester->hasher, &header->body_root, records, TJ_RECORD_SIZE, count);
}

void tj_genesis_build(struct tj_digester *digester, const uint8_t *records, uint32_t count,
                      uint64_t created_s, struct tj_genesis *out)
{
    struct tj_header header;
    uint8_t header_bytes[TJ_HEADER_SIZE];
    const uint8_t no_slots[2] = {0, 0};
    const struct tj_hash none = {{0}};
    genesis_header(digester, records, count, created_s, &header);
    tj_header_encode(&header, header_bytes);
    tj_envelope_id(digester, header_bytes, &out->envelope_id);
    tj_entry_encode(out->entry, 0, 1, created_s * TJ_NS_PER_S, &none, header_bytes, no_slots,
                    sizeof no_slots);
    tj_leaf_hash(digester->hasher, &out->ledger_id, out->entry, sizeof out->entry);
}

enum tijori_status tj_genesis_check(struct tj_digester *digester, const uint8_t *records,
                                    uint32_t count, uint64_t created_s, struct tj_verdict *verdict)
{
    struct tj_header header;
    struct tj_slots slots = {.count = 0};
    tj_verdict_init(verdict);
    if (count == 0 || count > TJ_RECORDS_MAX) {
        return tj_refuse(verdict, TIJORI_RECORD_COUNT, "record_count");
    }
    genesis_header(digester, records, count, created_s, &header);
    enum tijori_status status = tj_records_check(&header, records, verdict);
    if (status != TIJORI_OK) {
        return status;
    }
    struct tj_case c = {
        .received_ns = created_s * TJ_NS_PER_S,
        .header = &header,
        .slots = &slots,
        .records = records,
        .signatures_valid = true,
    };
    return tj_judge_genesis(&c, verdict);
}

struct tj_state *tj_genesis_state(const struct tj_genesis *genesis, const uint8_t *records)
{
    const struct tj_past nothing = {.context = NULL}; /* a genesis names no earlier record */
    const struct tj_body_view body = {.records = records};
    struct tj_entry_view entry;
    struct tj_verdict verdict;
    tj_verdict_init(&verdict);
    enum tijori_status status =
        tj_entry_decode(genesis->entry, sizeof genesis->entry, &entry, &verdict);
    TIJORI_REQUIRE(status == TIJORI_OK);
    struct tj_state *state = tj_state_create();
    state->ledger_id = genesis->ledger_id;
    state->redo = true; /* there is nothing to take back */
    bool applied = tj_reapply(state, &nothing, &entry, &genesis->envelope_id, &body);
    state->redo = false;
    TIJORI_REQUIRE(applied);
    return state;
}

void tj_genesis_opening(struct tj_digester *digester, const struct tj_genesis *genesis,
                        uint64_t created_s, uint64_t expires_s, struct tj_header *header,
                        uint8_t record[TJ_RECORD_SIZE])
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
}
