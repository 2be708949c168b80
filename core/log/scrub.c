#include "core/log/scrub.h"

#include <inttypes.h>

const char *const tj_scrub_stage_names[TJ_SCRUB_STAGES] = {
    [TJ_SCRUB_ENTRIES] = "entries",
    [TJ_SCRUB_NODES] = "nodes",
    [TJ_SCRUB_STATE] = "state",
    [TJ_SCRUB_ATTACHMENTS] = "attachments",
};

/* ---- its place ---- */

void tj_walk_encode(const struct tj_walk *walk, uint8_t out[TJ_WALK_SIZE])
{
    const uint64_t fields[] = {walk->stage,      walk->at,     walk->rounds,
                               walk->finished_s, walk->mended, walk->damaged};
    static_assert(sizeof fields == TJ_WALK_SIZE, "nothing is left out");
    for (size_t i = 0; i < TJ_WALK_SIZE / sizeof fields[0]; i++) {
        tj_store64(out + sizeof fields[0] * i, fields[i]);
    }
}

/* The place is worth nothing when it is damaged, and a scrub may begin anywhere. */
enum tijori_status tj_walk_read(struct tj_txn *txn, struct tj_walk *out)
{
    struct tj_view value;
    uint64_t *const fields[] = {&out->stage,      &out->at,     &out->rounds,
                                &out->finished_s, &out->mended, &out->damaged};
    memset(out, 0, sizeof *out);
    enum tijori_status status =
        tj_get_checked(txn, &value, TJ_J_META, TJ_META_WALK, strlen(TJ_META_WALK));
    if (status == TIJORI_NOT_FOUND || status == TIJORI_CORRUPT) {
        return TIJORI_OK;
    }
    for (size_t i = 0;
         status == TIJORI_OK && value.size == TJ_WALK_SIZE && i < sizeof fields / sizeof fields[0];
         i++) {
        *fields[i] = tj_load64(value.bytes + sizeof *fields[0] * i);
    }
    if (out->stage >= TJ_SCRUB_STAGES) {
        out->stage = TJ_SCRUB_ENTRIES;
        out->at = 0;
    }
    return status;
}

static void next_stage(struct tj_scrub *scrub)
{
    TJ_VERIFY_CHECK(scrub->walk.stage < TJ_SCRUB_STAGES);
    scrub->walk.stage++;
    scrub->walk.at = 0;
}

/* What was found wrong with a row of the log. Anything else than CORRUPT is no finding. */
static enum tijori_status log_damage(struct tj_scrub *scrub, enum tijori_status status,
                                     const char *what, uint64_t index)
{
    TJ_VERIFY_CHECK(status != TIJORI_OK);
    if (status != TIJORI_CORRUPT) {
        return status;
    }
    tj_repairs_note(&scrub->log, "entry %" PRIu64 ": %s", index, what);
    scrub->walk.damaged++;
    return TIJORI_OK;
}

/* ---- entries ---- */

/* A node's row that is missing or damaged is left to the next stage, which looks at all of them. */
static enum tijori_status check_first_node(struct tj_scrub *scrub, uint64_t number)
{
    struct tj_log_nodes nodes;
    struct tj_hash below;
    struct tj_hash stored;
    tj_log_nodes_init(&nodes, scrub->txn, scrub->digester);
    enum tijori_status status = tj_node_below(&nodes, &below, 1, number);
    if (status == TIJORI_CORRUPT) {
        return TIJORI_OK; /* of an entry: that was said */
    }
    if (status != TIJORI_OK) {
        return status;
    }
    status = tj_node_row_read(scrub->txn, &stored, 1, number);
    if (status == TIJORI_OK && !tj_hash_equal(&below, &stored)) {
        tj_repairs_note(&scrub->derived,
                        "nodes: the row of level 1, number %" PRIu64
                        " is not that of the entries below it",
                        number);
    }
    return status == TIJORI_NOT_FOUND || status == TIJORI_CORRUPT ? TIJORI_OK : status;
}

/* The chain is asked first: an entry whose bytes changed says of its body what it likes. */
static enum tijori_status check_entry(struct tj_scrub *scrub, uint64_t *bytes, uint64_t index)
{
    struct tj_hash leaf;
    struct tj_entry_view entry;
    struct tj_body_view body;
    struct tj_repairs chain = {.count = 0};
    struct tj_verdict verdict;
    enum tijori_status status = tj_journal_hash(scrub->txn, scrub->digester, &leaf, &chain, index);
    *bytes = TJ_ENTRY_FIXED_SIZE;
    if (status == TIJORI_CORRUPT) {
        tj_repairs_note(&scrub->log, "%s", chain.damage);
        scrub->walk.damaged++;
    } else if (status != TIJORI_OK) {
        return status;
    }
    status = tj_journal_counted(scrub->txn, &entry, &body, index);
    if (status != TIJORI_OK) {
        return log_damage(scrub, status, "it or its body is missing, or cannot be read", index);
    }
    scrub->entries++;
    scrub->records += entry.header.record_count;
    *bytes += entry.size + (uint64_t)entry.header.record_count * TJ_RECORD_SIZE;
    tj_verdict_init(&verdict);
    if (tj_body_check(scrub->digester, &entry.header, body.records, &verdict) != TIJORI_OK) {
        return log_damage(scrub, TIJORI_CORRUPT, "its records are not those of its body_root",
                          index);
    }
    return TIJORI_OK;
}

/* A node of level 1 is looked at as soon as its last entry was: that entry's row and those before
 * it are then at hand. */
static enum tijori_status slice_of_entries(struct tj_scrub *scrub, uint64_t bytes)
{
    uint64_t done = 0;
    while (done < bytes && scrub->walk.at < scrub->size) {
        uint64_t index = scrub->walk.at;
        TJ_VERIFY_CHECK(index < scrub->size);
        uint64_t looked = 0;
        enum tijori_status status = check_entry(scrub, &looked, index);
        if (status == TIJORI_OK && (index + 1) % TJ_TILE_WIDTH == 0) {
            status = check_first_node(scrub, index / TJ_TILE_WIDTH);
        }
        if (status != TIJORI_OK) {
            return status;
        }
        done += looked;
        scrub->walk.at++;
    }
    if (scrub->walk.at >= scrub->size) {
        next_stage(scrub);
    }
    return TIJORI_OK;
}

/* ---- nodes ---- */

enum { LEVEL_SHIFT = 56 };

/* Level 1 stands on the entries, and was compared with them in the stage before. */
static enum tijori_status check_node(struct tj_scrub *scrub, unsigned level, uint64_t number)
{
    struct tj_log_nodes nodes;
    struct tj_hash stored;
    struct tj_hash below;
    tj_log_nodes_init(&nodes, scrub->txn, scrub->digester);
    TJ_VERIFY_CHECK(level > 0 && number < scrub->size >> (8 * level));
    scrub->nodes++;
    enum tijori_status status = tj_node_row_read(scrub->txn, &stored, level, number);
    bool unsound = status == TIJORI_NOT_FOUND || status == TIJORI_CORRUPT;
    if (status == TIJORI_OK && level > 1) {
        status = tj_node_below(&nodes, &below, level, number);
        unsound = status == TIJORI_OK && !tj_hash_equal(&stored, &below);
    }
    if (unsound) {
        tj_repairs_note(&scrub->derived,
                        "nodes: the row of level %u, number %" PRIu64 " is missing or damaged",
                        level, number);
    }
    return unsound || status == TIJORI_CORRUPT ? TIJORI_OK : status;
}

/* By their numbers and not by a cursor: what a tree of this size has is known, and a row that is
 * missing is found too. */
static enum tijori_status slice_of_nodes(struct tj_scrub *scrub, uint64_t bytes)
{
    uint64_t done = 0;
    while (done < bytes) {
        unsigned level = (unsigned)(scrub->walk.at >> LEVEL_SHIFT) + 1;
        uint64_t number = scrub->walk.at & ((UINT64_C(1) << LEVEL_SHIFT) - 1);
        if (level == TJ_TILE_LEVELS) {
            next_stage(scrub);
            return TIJORI_OK;
        }
        if (number >= scrub->size >> (8 * level)) {
            scrub->walk.at = (uint64_t)level << LEVEL_SHIFT; /* the next level's first */
            continue;
        }
        enum tijori_status status = check_node(scrub, level, number);
        if (status != TIJORI_OK) {
            return status;
        }
        done += level == 1 ? TJ_NODE_ROW_SIZE : TJ_TILE_WIDTH * TJ_NODE_ROW_SIZE;
        scrub->walk.at++;
    }
    return TIJORI_OK;
}

/* ---- named rows ----
 * A slice ends between two rows whose keys begin with other eight bytes, so that the next one finds
 * its place by these. */

typedef void check_row(struct tj_scrub *scrub, const struct tj_view *key,
                       const struct tj_view *value);

static void check_block(struct tj_scrub *scrub, const struct tj_view *key,
                        const struct tj_view *value)
{
    struct tj_block_row row;
    TJ_VERIFY_CHECK(scrub->walk.stage == TJ_SCRUB_STATE);
    scrub->blocks++;
    if (!tj_block_row_decode(key, &row, value)) {
        char name[TJ_BLOCK_NAME_SIZE];
        tj_block_name(name, key);
        tj_repairs_note(&scrub->derived, "state: %s is not what its check says", name);
    }
}

static void check_attachment(struct tj_scrub *scrub, const struct tj_view *key,
                             const struct tj_view *value)
{
    struct tj_hash hash;
    TJ_VERIFY_CHECK(scrub->walk.stage == TJ_SCRUB_ATTACHMENTS);
    scrub->attachments++;
    tj_sha256(scrub->digester->hasher, &hash, value->bytes, value->size);
    if (key->size != TJ_HASH_SIZE || memcmp(key->bytes, hash.bytes, TJ_HASH_SIZE) != 0) {
        tj_repairs_note(&scrub->log,
                        "attachments: the document of SHA-256 %02x%02x%02x%02x… has another hash",
                        key->bytes[0], key->bytes[1], key->bytes[2], key->bytes[3]);
        scrub->walk.damaged++;
    }
}

static uint64_t beginning(const struct tj_view *key)
{
    uint64_t number = 0;
    for (size_t i = 0; i < 8; i++) {
        number = number << 8 | (i < key->size ? key->bytes[i] : 0);
    }
    return number;
}

/* A key that was changed in its place may send the walk back; it then ends at the table's end. */
static enum tijori_status slice_of_rows(struct tj_scrub *scrub, enum tj_journal_table table,
                                        check_row *check, uint64_t bytes)
{
    struct tj_cursor *cursor;
    struct tj_view key;
    struct tj_view value;
    uint64_t done = 0;
    uint64_t at = scrub->walk.at;
    enum tj_storage_status found = tj_cursor_open(scrub->txn, &cursor, table);
    if (found != TJ_STORAGE_OK) {
        return tj_from_storage(found);
    }
    found = tj_cursor_seek(cursor, at);
    while (found == TJ_STORAGE_OK &&
           (found = tj_cursor_next(cursor, &key, &value)) == TJ_STORAGE_OK) {
        uint64_t begins = beginning(&key);
        if (done >= bytes && begins > at) {
            scrub->walk.at = begins;
            break;
        }
        at = begins > at ? begins : at;
        TJ_VERIFY_CHECK(at >= scrub->walk.at);
        check(scrub, &key, &value);
        done += key.size + value.size;
    }
    tj_cursor_close(cursor);
    if (found == TJ_STORAGE_NOT_FOUND) {
        next_stage(scrub);
        return TIJORI_OK;
    }
    return tj_from_storage(found);
}

/* ---- a slice ---- */

enum tijori_status tj_scrub_slice(struct tj_scrub *scrub, uint64_t bytes)
{
    switch ((enum tj_scrub_stage)scrub->walk.stage) {
    case TJ_SCRUB_ENTRIES:
        return slice_of_entries(scrub, bytes);
    case TJ_SCRUB_NODES:
        return slice_of_nodes(scrub, bytes);
    case TJ_SCRUB_STATE:
        return slice_of_rows(scrub, TJ_J_STATE, check_block, bytes);
    case TJ_SCRUB_ATTACHMENTS:
        return slice_of_rows(scrub, TJ_J_ATTACHMENTS, check_attachment, bytes);
    case TJ_SCRUB_STAGES:
        return TIJORI_OK;
    }
    abort();
}

enum tijori_status tj_scrub_all(struct tj_txn *txn, struct tj_digester *digester,
                                struct tj_scrub *out)
{
    uint64_t last = 0;
    memset(out, 0, sizeof *out);
    out->txn = txn;
    out->digester = digester;
    enum tijori_status status = tj_from_storage(tj_last_number(txn, &last, TJ_J_ENTRIES));
    if (status == TIJORI_OK) {
        out->size = last + 1;
    }
    if (status == TIJORI_NOT_FOUND) {
        status = TIJORI_OK; /* it is empty */
    }
    while (status == TIJORI_OK && out->walk.stage < TJ_SCRUB_STAGES) {
        status = tj_scrub_slice(out, UINT64_MAX);
    }
    TJ_VERIFY_CHECK(status != TIJORI_OK || out->entries <= out->size);
    return status;
}
