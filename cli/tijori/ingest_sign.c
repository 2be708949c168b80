#include "cli/tijori/ingest_sign.h"

#include "cli/keys.h"
#include "core/base/cursor.h"
#include "core/ingest/ledger.h"

#include <inttypes.h>
#include <string.h>

int ingest_signer_init(struct ingest_signer *signer, const struct arguments *arguments)
{
    struct tj_secret_key key;
    const char *path = argument_value(arguments, "log-key");
    signer->receipts = argument_flag(arguments, "sign-receipts");
    if (path == NULL) {
        return signer->receipts ? fail(EXIT_USAGE, "--sign-receipts needs --log-key") : EXIT_PASS;
    }
    if (argument_flag(arguments, "dry-run")) {
        return fail(EXIT_USAGE, "--log-key: a dry run changes nothing, so it signs nothing");
    }
    if (signer->receipts && argument_choice(arguments, "format") != 1) {
        return fail(EXIT_USAGE, "--sign-receipts needs --format json, which has room for them");
    }
    int code = key_load(arguments, &key, path);
    if (code == EXIT_PASS && key.algorithm != TJ_ALGORITHM_ED25519) {
        code = fail(EXIT_DATA, "--log-key: %s: a log key is of type ed25519", path);
    }
    if (code == EXIT_PASS) {
        secret_lock(signer->secret32, sizeof signer->secret32);
        memcpy(signer->secret32, key.secret32, sizeof signer->secret32);
        signer->on = true;
    }
    tj_cleanse(&key, sizeof key);
    return code;
}

void ingest_signer_clear(struct ingest_signer *signer)
{
    tj_cleanse(signer->secret32, sizeof signer->secret32);
    if (signer->hasher != NULL) {
        tj_hasher_destroy(signer->hasher);
    }
}

static bool fetch(struct ingest_signer *signer)
{
    struct tj_note_view view;
    size_t size = TIJORI_NOTE_MAX;
    enum tijori_status status = tijori_signed(signer->ledger, signer->note, &size);
    if (status == TIJORI_OK) {
        signer->note[size] = '\0';
        if (!tj_checkpoint_note_decode(&view, &signer->newest, signer->note, size)) {
            status = TIJORI_CORRUPT;
        }
    }
    if (status != TIJORI_OK) {
        signer->newest.size = 0;
        signer->code = fail_status(status, "the newest checkpoint", NULL);
    }
    return status == TIJORI_OK;
}

void ingest_signer_start(struct ingest_signer *signer, struct tijori *ledger)
{
    struct tj_ledger_view view;
    signer->ledger = ledger;
    if (!signer->on || !fetch(signer) || !signer->receipts) {
        return;
    }
    enum tijori_status status = tj_ledger_view_begin(ledger, &view);
    if (status != TIJORI_OK) {
        signer->newest.size = 0;
        signer->code = fail_status(status, "the log's head", NULL);
        return;
    }
    signer->decided = view.head.frontier;
    signer->hasher = tj_hasher_create();
    tj_ledger_view_end(ledger, &view);
    if (signer->hasher == NULL) {
        signer->newest.size = 0;
        signer->code = fail_status(TIJORI_MEMORY, "the log's head", NULL);
    }
}

/* Once: the operator has to know, and has to know it once. */
static void say_retired(struct ingest_signer *signer, uint64_t entry)
{
    if (signer->retired) {
        return;
    }
    signer->retired = true;
    signer->code = fail(EXIT_INCOMPLETE,
                        "--log-key: entry %" PRIu64
                        " retired this key. What it no longer may sign is accepted, "
                        "without a checkpoint or a signed receipt; sign on with an active key",
                        entry);
}

/* Whether the key may sign what is of this size. What is on the disk when a receipt is printed has
 * all entries that the receipt speaks of. */
static bool may_sign(struct ingest_signer *signer, uint64_t size)
{
    const uint64_t until = tj_ledger_signs_until(signer->ledger);
    if (size > until) {
        say_retired(signer, until);
    }
    return size <= until;
}

bool ingest_signer_cover(struct ingest_signer *signer, const struct tijori_receipt *receipt)
{
    bool in = receipt->status == TIJORI_OK || receipt->status == TIJORI_ALREADY;
    if (!signer->on || signer->newest.size == 0) {
        return false;
    }
    if (!in || receipt->entry < signer->newest.size) {
        return true;
    }
    return may_sign(signer, receipt->entry + 1) && fetch(signer) &&
           receipt->entry < signer->newest.size;
}

bool ingest_signer_sign(struct ingest_signer *signer, char out[TJ_RECEIPT_NOTE_MAX + 1],
                        const struct tijori_receipt *receipt)
{
    struct tj_receipt signing = {.status = receipt->status};
    if (signer->hasher == NULL) {
        return false;
    }
    if (receipt->status == TIJORI_OK) { /* entries come in the order of receipts */
        struct tj_hash leaf;
        memcpy(leaf.bytes, receipt->leaf, TJ_HASH_SIZE);
        TIJORI_REQUIRE(receipt->entry == signer->decided.size);
        tj_frontier_append(signer->hasher, &signer->decided, &leaf);
    }
    if (!tj_receipt_decides(receipt->status) || signer->newest.size == 0 ||
        !may_sign(signer, signer->decided.size) ||
        tj_all_zero(receipt->envelope_id, TJ_HASH_SIZE)) {
        return false;
    }
    memcpy(signing.origin, signer->newest.origin, sizeof signing.origin);
    memcpy(signing.envelope_id.bytes, receipt->envelope_id, TJ_HASH_SIZE);
    if (tj_receipt_promises(&signing)) {
        signing.entry = receipt->entry;
        signing.received_ns = receipt->received_ns;
        memcpy(signing.leaf.bytes, receipt->leaf, TJ_HASH_SIZE);
    }
    signing.head_size = signer->decided.size;
    tj_frontier_root(signer->hasher, &signing.head_root, &signer->decided);
    size_t size = tj_receipt_sign(out, TJ_RECEIPT_NOTE_MAX, &signing, signer->secret32);
    TIJORI_REQUIRE(size > 0); /* the ledger signs with the same key and origin */
    out[size] = '\0';
    return true;
}
