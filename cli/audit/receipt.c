#include "cli/audit/receipt.h"

#include "cli/audit/receipt_print.h"
#include "cli/log_source.h"

#include "crypto/hex.h"
#include "text/text.h"
#include "core/log/stored_checkpoint.h"
#include "crypto/proof.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdarg.h>
#include <string.h>
#include <time.h>

struct checking {
    const char *path; /* of the source */
    bool json;
    struct tj_verifier_key key;
    struct tj_policy *policy; /* NULL: none */
    uint64_t at_ns;
    char *file; /* the receipt is in it, or it is the receipt */
    json_t *line;
    struct tj_receipt receipt;
    struct tj_digester digester;
    struct tj_source *source;
    /* The newest checkpoint of the source that the key signed. */
    char checkpoint_note[TJ_CHECKPOINT_NOTE_MAX];
    size_t checkpoint_size;
    struct tj_note_view checkpoint_view;
    struct tj_checkpoint checkpoint;
    struct audit_receipt_finding finding;
};

__attribute__((format(printf, 3, 4))) static void found(struct checking *c, int code,
                                                        const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(c->finding.text, sizeof c->finding.text, format, args);
    va_end(args);
    c->finding.code = code;
}

static void damaged(struct checking *c, const char *what, uint64_t index)
{
    found(c, EXIT_FAIL, "%s is damaged: entry %" PRIu64 " %s", c->path, index, what);
}

/* ---- the receipt ---- */

/* A note as it is, or the member `receipt` of a line of tijori ingest. */
static int read_receipt(struct checking *c, const char *path)
{
    size_t size;
    json_error_t error;
    int code = audit_read_file(path, TJ_NOTE_SIZE_MAX, &c->file, &size);
    if (code != EXIT_PASS) {
        return code;
    }
    c->finding.note = c->file;
    c->finding.note_size = size;
    if (c->file[strspn(c->file, " \t\r\n")] != '{') {
        return EXIT_PASS;
    }
    c->line = json_loadb(c->file, size, JSON_REJECT_DUPLICATES, &error);
    if (c->line == NULL) {
        return fail(EXIT_DATA, "%s: not one JSON object (line %d: %s)", path, error.line,
                    error.text);
    }
    const json_t *receipt = json_object_get(c->line, "receipt");
    if (!json_is_string(receipt)) {
        return fail(EXIT_DATA,
                    "%s: has no member 'receipt': it was not ingested with "
                    "--sign-receipts, or nothing was decided",
                    path);
    }
    c->finding.note = json_string_value(receipt);
    c->finding.note_size = json_string_length(receipt);
    return EXIT_PASS;
}

/* The finding is set when the receipt is not the log's. */
static int verify_receipt(struct checking *c, const char *path)
{
    switch (tj_receipt_verify(&c->receipt, c->finding.note, c->finding.note_size, &c->key)) {
    case TJ_RECEIPT_VALID:
        return EXIT_PASS;
    case TJ_RECEIPT_MALFORMED:
        return fail(EXIT_DATA, "%s: not a signed receipt (docs/FORMAT.md section 15)", path);
    case TJ_RECEIPT_UNKNOWN:
        found(c, EXIT_FAIL, "the receipt is not signed by --log-key, or of another log");
        return EXIT_PASS;
    case TJ_RECEIPT_INVALID:
        found(c, EXIT_FAIL, "the signature under the receipt does not verify");
        return EXIT_PASS;
    }
    abort();
}

/* ---- the log ---- */

static bool find_checkpoint(struct checking *c)
{
    struct tj_view note;
    for (size_t i = c->source->ops->checkpoint_count(c->source); i > 0; i--) {
        if (!c->source->ops->checkpoint(c->source, i - 1, &note) ||
            note.size > sizeof c->checkpoint_note) {
            continue;
        }
        memcpy(c->checkpoint_note, note.bytes, note.size);
        c->checkpoint_size = note.size;
        if (tj_note_decode(&c->checkpoint_view, c->checkpoint_note, note.size) &&
            tj_checkpoint_decode(&c->checkpoint, c->checkpoint_view.text,
                                 c->checkpoint_view.text_size) &&
            strcmp(c->checkpoint.origin, c->key.name) == 0 &&
            tj_note_verify(&c->checkpoint_view, &c->key) == TJ_NOTE_VALID) {
            return true;
        }
    }
    found(c, EXIT_INCOMPLETE,
          "%s has no checkpoint that --log-key signed: nothing there binds the log", c->path);
    return false;
}

/* An entry, and the proof that the checkpoint has it; false: the finding is set. */
static bool read_entry(struct checking *c, uint64_t index, struct tj_entry_view *entry,
                       struct tj_hash *leaf, struct tj_tlog_proof *proof)
{
    struct tj_hasher *hasher = c->digester.hasher;
    *proof = (struct tj_tlog_proof){
        .index = index, .checkpoint = c->checkpoint_note, .checkpoint_size = c->checkpoint_size};
    if (!tj_source_entry(c->source, &c->digester, index, entry, leaf) ||
        !tj_prove_inclusion(hasher, &c->source->nodes, index, c->checkpoint.size, proof->path,
                            &proof->path_count)) {
        damaged(c, "or its place in the tree cannot be read", index);
        return false;
    }
    if (!tj_verify_inclusion(hasher, leaf, index, c->checkpoint.size, proof->path,
                             proof->path_count, &c->checkpoint.root)) {
        damaged(c, "is not in the tree of its checkpoint", index);
        return false;
    }
    return true;
}

/* The head that the receipt was signed at is a beginning of the log; else the finding is set. */
static bool check_head(struct checking *c)
{
    struct tj_hasher *hasher = c->digester.hasher;
    struct tj_hash then;
    struct tj_hash now;
    if (c->receipt.head_size == 0 || c->receipt.head_size > c->checkpoint.size) {
        return true; /* the log of the receipt is longer: nothing to compare */
    }
    if (!tj_tile_root(hasher, &c->source->nodes, c->checkpoint.size, &now) ||
        !tj_tile_root(hasher, &c->source->nodes, c->receipt.head_size, &then) ||
        !tj_hash_equal(&now, &c->checkpoint.root)) {
        found(c, EXIT_FAIL, "%s is damaged: its tree is not that of its checkpoint", c->path);
        return false;
    }
    if (tj_hash_equal(&then, &c->receipt.head_root)) {
        return true;
    }
    c->finding.contrary_size = c->checkpoint_size;
    c->finding.contrary = malloc(c->checkpoint_size);
    TIJORI_REQUIRE(c->finding.contrary != NULL);
    memcpy(c->finding.contrary, c->checkpoint_note, c->checkpoint_size);
    found(c, EXIT_FAIL,
          "the log was forked: its first %" PRIu64 " entries are others than when it signed the "
          "receipt",
          c->receipt.head_size);
    return false;
}

/* ---- a promise ---- */

/* The promised entry, or another one in its place. */
static bool check_entry(struct checking *c)
{
    struct tj_entry_view entry;
    struct tj_tlog_proof proof;
    struct tj_hash leaf;
    struct tj_hash id;
    if (!read_entry(c, c->receipt.entry, &entry, &leaf, &proof)) {
        return false;
    }
    if (!tj_hash_equal(&leaf, &c->receipt.leaf)) {
        char hex[2 * TJ_HASH_SIZE + 1];
        tj_hex_encode(hex, leaf.bytes, TJ_HASH_SIZE);
        c->finding.contrary = malloc(TJ_TLOG_PROOF_SIZE_MAX);
        TIJORI_REQUIRE(c->finding.contrary != NULL);
        c->finding.contrary_size =
            tj_tlog_proof_encode(c->finding.contrary, TJ_TLOG_PROOF_SIZE_MAX, &proof);
        found(c, EXIT_FAIL,
              "the log was forked: another entry stands at index %" PRIu64 ", of leaf hash %s",
              c->receipt.entry, hex);
        return false;
    }
    tj_envelope_id(&c->digester, entry.header_bytes, &id);
    if (!tj_hash_equal(&id, &c->receipt.envelope_id) ||
        entry.received_ns != c->receipt.received_ns) {
        found(
            c, EXIT_FAIL,
            "the receipt contradicts itself: the entry of its leaf hash is another envelope's, or "
            "was received at another time");
        return false;
    }
    found(c, EXIT_PASS,
          "entry %" PRIu64 " stands in the log as promised, under the checkpoint over %" PRIu64
          " entries",
          c->receipt.entry, c->checkpoint.size);
    return true;
}

/* From the ledger record, which the ledger id binds. */
static bool read_delay(struct checking *c, uint32_t *delay_s)
{
    struct tj_entry_view entry;
    struct tj_tlog_proof proof;
    struct tj_hash leaf;
    struct tj_hash ledger_id;
    struct tj_view records;
    struct tj_verdict verdict;
    struct tj_record record;
    tj_verdict_init(&verdict);
    if (!read_entry(c, 0, &entry, &leaf, &proof)) {
        return false;
    }
    if (!tj_origin_ledger_id(c->key.name, &ledger_id) || !tj_hash_equal(&leaf, &ledger_id) ||
        !c->source->ops->records(c->source, &entry, &records) ||
        records.size != (size_t)entry.header.record_count * TJ_RECORD_SIZE ||
        tj_body_check(&c->digester, &entry.header, records.bytes, &verdict) != TIJORI_OK ||
        records.bytes[0] != TJ_LEDGER) {
        damaged(c, "is not the genesis of the log that --log-key names", 0);
        return false;
    }
    tj_record_decode(records.bytes, &record);
    *delay_s = record.checkpoint_delay_max_s;
    return true;
}

/* The newest time at which a witness of the policy saw the checkpoint; 0: none did. */
static uint64_t cosigned_s(const struct checking *c)
{
    struct tj_policy_result result;
    uint64_t newest = 0;
    if (c->policy == NULL) {
        return 0;
    }
    tj_policy_check(c->policy, &c->checkpoint_view, &result);
    for (size_t i = 0; i < c->policy->node_count; i++) {
        if (result.verdicts[i] == TJ_NOTE_VALID && result.times_s[i] > newest) {
            newest = result.times_s[i];
        }
    }
    return newest;
}

/* The checkpoint does not reach the promised entry. */
static void check_delay(struct checking *c)
{
    uint32_t delay_s;
    char due[TEXT_SIZE];
    char seen[TEXT_SIZE];
    if (!read_delay(c, &delay_s)) {
        return;
    }
    uint64_t delay_ns = delay_s * TJ_NS_PER_S;
    uint64_t due_ns = c->receipt.received_ns > UINT64_MAX - delay_ns
                          ? UINT64_MAX
                          : c->receipt.received_ns + delay_ns;
    text_format_time_ns(due, due_ns);
    if (c->at_ns <= due_ns) {
        found(c, EXIT_INCOMPLETE,
              "entry %" PRIu64 " is not yet under the checkpoint over %" PRIu64
              " entries; one that covers it is due by %s",
              c->receipt.entry, c->checkpoint.size, due);
        return;
    }
    uint64_t newest_s = cosigned_s(c);
    text_format_time_s(seen, newest_s);
    bool proven = newest_s > due_ns / TJ_NS_PER_S;
    found(
        c, EXIT_FAIL,
        "missed deadline: a checkpoint that covers entry %" PRIu64 " was due by %s, and the newest "
        "here covers %" PRIu64 " entries. %s%s%s",
        c->receipt.entry, due, c->checkpoint.size, proven ? "A witness still saw that one at " : "",
        proven ? seen : "",
        proven ? ", after the time was over"
               : "That is not proven: this may be an old export. It is, when a witness (--policy) "
                 "saw this checkpoint after that time");
}

/* ---- a refusal ---- */

/* Whether the envelope is in the log all the same. Every entry is hashed, so that what is not found
 * is not there. */
static void check_refusal(struct checking *c)
{
    struct tj_frontier frontier;
    struct tj_hash root;
    uint64_t index = UINT64_MAX;
    const char *status = tijori_status_name(c->receipt.status);
    tj_frontier_init(&frontier);
    for (uint64_t i = 0; i < c->checkpoint.size; i++) {
        struct tj_entry_view entry;
        struct tj_hash leaf;
        struct tj_hash id;
        if (!tj_source_entry(c->source, &c->digester, i, &entry, &leaf)) {
            damaged(c, "cannot be read", i);
            return;
        }
        tj_frontier_append(c->digester.hasher, &frontier, &leaf);
        tj_envelope_id(&c->digester, entry.header_bytes, &id);
        if (tj_hash_equal(&id, &c->receipt.envelope_id)) {
            index = i;
        }
    }
    tj_frontier_root(c->digester.hasher, &frontier, &root);
    if (!tj_hash_equal(&root, &c->checkpoint.root)) {
        found(c, EXIT_FAIL, "%s is damaged: its entries are not those of its checkpoint", c->path);
    } else if (index == UINT64_MAX) {
        found(c, EXIT_PASS,
              "the log refused the envelope (%s), and it is not among the %" PRIu64 " entries",
              status, c->checkpoint.size);
    } else if (index >= c->receipt.head_size) {
        found(c, EXIT_PASS,
              "the log refused the envelope (%s) when it had %" PRIu64 " entries; submitted again, "
              "it became entry %" PRIu64,
              status, c->receipt.head_size, index);
    } else {
        found(c, EXIT_FAIL,
              "the log signed that it refused the envelope (%s) when it had %" PRIu64
              " entries, and it is entry %" PRIu64 " of them",
              status, c->receipt.head_size, index);
    }
}

/* ---- the command ---- */

static void check_log(struct checking *c)
{
    if (!find_checkpoint(c)) {
        return;
    }
    /* Another entry in the place of the promised one says more than another root. */
    if (tj_receipt_promises(&c->receipt) && c->receipt.entry < c->checkpoint.size) {
        if (check_entry(c)) {
            check_head(c);
        }
    } else if (check_head(c)) {
        if (tj_receipt_promises(&c->receipt)) {
            check_delay(c);
        } else {
            check_refusal(c);
        }
    }
}

static int check_here(void *context)
{
    struct checking *c = context;
    int code = audit_open_source(c->path, &c->source);
    if (code != EXIT_PASS) {
        return code;
    }
    tj_digester_init(&c->digester);
    check_log(c);
    code = audit_receipt_print(&c->finding, c->json);
    tj_digester_clear(&c->digester);
    tj_source_close(c->source);
    free(c->finding.contrary);
    return code;
}

static int read_options(struct checking *c, const struct arguments *arguments)
{
    const char *at = argument_value(arguments, "at");
    const char *policy = argument_value(arguments, "policy");
    c->path = arguments->operands[1];
    c->json = argument_choice(arguments, "format") == 1;
    c->finding.receipt = &c->receipt;
    c->at_ns = (uint64_t)time(NULL) * TJ_NS_PER_S;
    if (at != NULL && !text_parse_time_ns(at, &c->at_ns)) {
        return fail(EXIT_USAGE, "--at: '%s' is not an RFC 3339 time (2026-01-31T12:00:00Z)", at);
    }
    int code = audit_read_log_key(argument_value(arguments, "log-key"), &c->key);
    return code == EXIT_PASS && policy != NULL ? audit_read_policy(policy, &c->policy) : code;
}

int audit_receipt(const struct arguments *arguments)
{
    int signal;
    struct checking *c = calloc(1, sizeof *c);
    TIJORI_REQUIRE(c != NULL);
    int code = read_options(c, arguments);
    if (code == EXIT_PASS) {
        code = read_receipt(c, arguments->operands[0]);
    }
    if (code == EXIT_PASS) {
        code = verify_receipt(c, arguments->operands[0]);
    }
    if (code == EXIT_PASS && c->finding.code != EXIT_PASS) {
        code = audit_receipt_print(&c->finding, c->json);
    } else if (code == EXIT_PASS) {
        code = audit_guarded(!tj_source_is_folder(c->path), check_here, c, &signal);
        code = code >= 0 ? code : fail(EXIT_FAIL, "reading crashed: %s", strsignal(signal));
    }
    json_decref(c->line);
    free(c->file);
    free(c->policy);
    free(c);
    return code;
}
