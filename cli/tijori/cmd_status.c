#include "crypto/hex.h"
#include "text/assets.h"
#include "text/json.h"
#include "cli/tijori/commands.h"
#include "cli/tijori/reading.h"
#include "text/table.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

struct facts {
    char ledger_id[2 * TJ_HASH_SIZE + 1];
    char leaf[2 * TJ_HASH_SIZE + 1];
    char root[2 * TJ_HASH_SIZE + 1];
    char name[TJ_NAME_SIZE + 1];
    char received[TEXT_SIZE];
    const struct tj_ledger_object *ledger;
    uint64_t entries;
    uint64_t accounts;
    uint64_t keys;
    uint64_t keys_active;
    uint64_t attachments;
    struct tj_walk walk;
    uint64_t file_bytes;      /* length of data.mdb */
    uint64_t allocated_bytes; /* what it takes on the disk: the file may have holes */
};

static void count_parties(const struct tj_state *state, struct facts *facts)
{
    for (uint32_t p = 0; p < facts->ledger->parties; p++) {
        const struct tj_party_object *party = tj_state_party(state, p);
        if (party != NULL) {
            facts->accounts += party->accounts;
            facts->keys += party->keys;
            for (int role = TJ_INITIATE; role < TJ_ROLE_END; role++) {
                facts->keys_active += party->keys_active[role];
            }
        }
    }
}

static int gather(struct reading *reading, struct facts *facts)
{
    struct tj_hash root;
    struct tj_entry_view last;
    struct tj_hash leaf;
    char path[4096];
    struct stat file;
    memset(facts, 0, sizeof *facts);
    facts->entries = reading->size;
    facts->ledger = tj_state_ledger(reading->state);
    memcpy(facts->name, facts->ledger->name, TJ_NAME_SIZE);
    enum tijori_status status = tj_journal_entry(reading->view.txn, &last, reading->size - 1);
    if (status == TIJORI_OK) {
        status =
            tj_from_storage(tj_count(reading->view.txn, &facts->attachments, TJ_J_ATTACHMENTS));
    }
    if (status == TIJORI_OK) {
        status = tj_walk_read(reading->view.txn, &facts->walk);
    }
    if (status != TIJORI_OK) {
        return fail_status(status, reading->dir, NULL);
    }
    tj_leaf_hash(reading->view.digester->hasher, &leaf, last.bytes, last.size);
    tj_frontier_root(reading->view.digester->hasher, &root, &reading->view.head.frontier);
    tj_hex_encode(facts->ledger_id, reading->state->ledger_id.bytes, TJ_HASH_SIZE);
    tj_hex_encode(facts->leaf, leaf.bytes, TJ_HASH_SIZE);
    tj_hex_encode(facts->root, root.bytes, TJ_HASH_SIZE);
    text_format_time_ns(facts->received, last.received_ns);
    count_parties(reading->state, facts);
    reading_path(reading, path, sizeof path, "data.mdb");
    if (stat(path, &file) == 0) {
        facts->file_bytes = (uint64_t)file.st_size;
        facts->allocated_bytes = (uint64_t)file.st_blocks * 512;
    }
    return EXIT_PASS;
}

/* "2.3 MiB", in tenths, without a floating-point number. */
static void format_bytes(char out[TEXT_SIZE], uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    uint64_t tenths = bytes;
    while (tenths >= 1024 && unit + 1 < sizeof units / sizeof units[0]) {
        tenths = (unit == 0 ? tenths * 10 : tenths) / 1024;
        unit++;
        if (tenths < 10240) {
            break;
        }
    }
    if (unit == 0) {
        snprintf(out, TEXT_SIZE, "%" PRIu64 " bytes", bytes);
    } else {
        snprintf(out, TEXT_SIZE, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10,
                 units[unit]);
    }
}

static void print_log_keys(const struct tj_state *state, uint32_t count)
{
    for (uint32_t number = 0; number < count; number++) {
        const struct tj_log_key_object *key = tj_state_peek(state, TJ_T_LOG_KEY, 0, number);
        if (key != NULL && key->present != 0) {
            char hex[2 * sizeof key->key + 1];
            tj_hex_encode(hex, key->key, sizeof key->key);
            printf("log key        %" PRIu32 "  ed25519  %s  %s", number, hex,
                   key->retired != 0 ? "retired" : "active");
            if (key->last_good_size != 0) {
                printf(", compromised after %" PRIu64 " entries", key->last_good_size);
            }
            printf("\n");
        }
    }
}

static void print_assets(const struct tj_state *state, uint32_t count)
{
    for (uint32_t number = 1; number <= count; number++) {
        struct asset asset;
        if (asset_by_number(state, &asset, number)) {
            char most[TEXT_AMOUNT_SIZE];
            text_format_amount(most, (tj_i128)tj_state_asset(state, number)->amount_max, &asset);
            printf("asset          %" PRIu32 "  %s  %u decimals, at most %s a movement\n", number,
                   asset.code, asset.decimals, most);
        }
    }
}

/* Nothing when no scrub ever began. Where a round stands is said of the entries alone: they are
 * nearly all of it. */
static void print_walk(const struct tj_walk *walk, uint64_t entries)
{
    char finished[TEXT_SIZE];
    if (walk->rounds == 0 && walk->stage == 0 && walk->at == 0 && walk->mended == 0) {
        return;
    }
    printf("scrub          %" PRIu64 " whole rounds", walk->rounds);
    if (walk->finished_s != 0) {
        text_format_time_ns(finished, walk->finished_s * TJ_NS_PER_S);
        printf(", the last %s", finished);
    }
    if (walk->stage == TJ_SCRUB_ENTRIES && walk->at > 0) {
        printf(", now at entry %" PRIu64 " of %" PRIu64, walk->at, entries);
    }
    if (walk->stage > TJ_SCRUB_ENTRIES && walk->stage < TJ_SCRUB_STAGES) {
        printf(", now at %s", tj_scrub_stage_names[walk->stage]);
    }
    printf("; %" PRIu64 " rows mended", walk->mended);
    if (walk->damaged > 0) {
        printf(", %" PRIu64 " rows of the log damaged: run 'tijori scrub'", walk->damaged);
    }
    printf("\n");
}

static void print_text(const struct tj_state *state, const struct facts *facts)
{
    const struct tj_ledger_object *ledger = facts->ledger;
    char name[4 * sizeof facts->name];
    char allocated[TEXT_SIZE];
    text_sanitise(name, sizeof name, facts->name);
    format_bytes(allocated, facts->allocated_bytes);
    printf("ledger id      %s\n", facts->ledger_id);
    printf("name           %s\n", name);
    printf("origin         %s/%s\n", name, facts->ledger_id);
    printf("network        %s\n", name_of(tj_network_names, TJ_NETWORK_END, ledger->network));
    printf("rules          %" PRIu32 "\n", ledger->rules);
    printf("entries        %" PRIu64 "  (0 to %" PRIu64 ")\n", facts->entries, facts->entries - 1);
    printf("last received  %s\n", facts->received);
    printf("head leaf      %s\n", facts->leaf);
    printf("tree root      %s\n", facts->root);
    printf("parties        %" PRIu32 "\n", ledger->parties);
    printf("accounts       %" PRIu64 "\n", facts->accounts);
    printf("keys           %" PRIu64 ", of which %" PRIu64 " active\n", facts->keys,
           facts->keys_active);
    print_assets(state, ledger->assets);
    print_log_keys(state, ledger->log_keys);
    printf("envelopes      live %" PRIu32 " s at most\n", ledger->lifetime_max_s);
    printf("checkpoints    every %" PRIu32 " s at least\n", ledger->checkpoint_delay_max_s);
    printf("attachments    %" PRIu64 "\n", facts->attachments);
    print_walk(&facts->walk, facts->entries);
    printf("on disk        %s (%" PRIu64 " bytes allocated, data.mdb is %" PRIu64 " long)\n",
           allocated, facts->allocated_bytes, facts->file_bytes);
}

static json_t *assets_json(const struct tj_state *state, uint32_t count)
{
    json_t *array = json_array();
    for (uint32_t number = 1; number <= count; number++) {
        struct asset asset;
        if (asset_by_number(state, &asset, number)) {
            json_t *object = json_object();
            member_count(object, "asset", number);
            member_text(object, "code", asset.code);
            member_count(object, "decimals", asset.decimals);
            member_count(object, "amount_max_base", tj_state_asset(state, number)->amount_max);
            element_add(array, object);
        }
    }
    return array;
}

static json_t *log_keys_json(const struct tj_state *state, uint32_t count)
{
    json_t *array = json_array();
    for (uint32_t number = 0; number < count; number++) {
        const struct tj_log_key_object *key = tj_state_peek(state, TJ_T_LOG_KEY, 0, number);
        if (key != NULL && key->present != 0) {
            char hex[2 * sizeof key->key + 1];
            tj_hex_encode(hex, key->key, sizeof key->key);
            json_t *object = json_object();
            member_count(object, "number", number);
            member_text(object, "key", hex);
            member_text(object, "status", key->retired != 0 ? "retired" : "active");
            member_count(object, "last_good_size", key->last_good_size);
            element_add(array, object);
        }
    }
    return array;
}

static int print_json(const struct tj_state *state, const struct facts *facts)
{
    const struct tj_ledger_object *ledger = facts->ledger;
    json_error_t error;
    document_begin();
    json_t *document = json_pack_ex(
        &error, 0,
        "{s:s, s:s, s:s, s:I, s:I, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:o, s:o, s:I, s:I, s:I, "
        "s:I, s:I, s:I, s:I, s:I}",
        "ledger_id", facts->ledger_id, "name", facts->name, "network",
        name_of(tj_network_names, TJ_NETWORK_END, ledger->network), "rules",
        (json_int_t)ledger->rules, "entries", (json_int_t)facts->entries, "received",
        facts->received, "head_leaf", facts->leaf, "tree_root", facts->root, "parties",
        (json_int_t)ledger->parties, "accounts", (json_int_t)facts->accounts, "keys",
        (json_int_t)facts->keys, "keys_active", (json_int_t)facts->keys_active, "assets",
        assets_json(state, ledger->assets), "log_keys", log_keys_json(state, ledger->log_keys),
        "lifetime_max_s", (json_int_t)ledger->lifetime_max_s, "checkpoint_delay_max_s",
        (json_int_t)ledger->checkpoint_delay_max_s, "attachments", (json_int_t)facts->attachments,
        "allocated_bytes", (json_int_t)facts->allocated_bytes, "file_bytes",
        (json_int_t)facts->file_bytes, "scrub_rounds", (json_int_t)facts->walk.rounds,
        "rows_mended", (json_int_t)facts->walk.mended, "rows_damaged",
        (json_int_t)facts->walk.damaged);
    if (document == NULL && json_error_code(&error) == json_error_invalid_utf8) {
        return fail(EXIT_FAIL, "the ledger's name is not valid text: the store is damaged");
    }
    char origin[sizeof facts->name + sizeof facts->ledger_id];
    snprintf(origin, sizeof origin, "%s/%s", facts->name, facts->ledger_id);
    member_set(memory_needed(document), json_string(origin), "origin");
    if (!document_whole() ||
        (json_dumpf(document, stdout, JSON_INDENT(2)) != 0 && !ferror(stdout))) {
        out_of_memory();
    }
    putchar('\n');
    json_decref(document);
    return EXIT_PASS;
}

int cmd_status(const struct arguments *arguments)
{
    struct reading reading;
    struct facts facts;
    int code = reading_open(arguments, &reading);
    if (code == EXIT_PASS) {
        code = gather(&reading, &facts);
    }
    if (code == EXIT_PASS) {
        if (argument_choice(arguments, "format") == 1) {
            code = print_json(reading.state, &facts);
        } else {
            print_text(reading.state, &facts);
        }
    }
    reading_close(&reading);
    return code;
}
