/* Asking a witness, and being one: include/tijori.h, "witnesses". */

#include "core/exchange/witness.h"
#include "core/face/given.h"
#include "core/ingest/ledger.h"
#include "core/log/stored_checkpoint.h"

static_assert(TIJORI_WITNESS_REQUEST_MAX == TJ_WITNESS_REQUEST_MAX, "one bound");

/* ---- asking ---- */

static enum tijori_status request_in(const struct tj_ledger_view *view, char *request, size_t *size,
                                     uint64_t old_size, struct tijori_message *message)
{
    struct tj_stored_checkpoint newest;
    struct tj_log_nodes nodes;
    struct tj_hash proof[TJ_PROOF_HASHES_MAX];
    size_t count = 0;
    enum tijori_status status = tj_checkpoint_public(view->txn, &newest);
    if (status != TIJORI_OK) {
        return tj_say_status(message, status, "the newest checkpoint", NULL);
    }
    if (old_size > newest.checkpoint.size) {
        return tj_say(message, TIJORI_KNOWN_AHEAD,
                      "the witness cosigned a checkpoint that is larger than the newest one here");
    }
    tj_log_nodes_init(&nodes, view->txn, view->digester);
    if (old_size > 0 && !tj_prove_consistency(view->digester->hasher, proof, &count, &nodes.reader,
                                              old_size, newest.checkpoint.size)) {
        return tj_say_status(message, TIJORI_CORRUPT, "the tree", NULL);
    }
    *size = tj_witness_request_encode(request, *size, old_size, proof, count,
                                      (const char *)newest.note.bytes, newest.note.size);
    if (*size == 0) {
        return tj_say_status(message, TIJORI_FULL, "the request", NULL);
    }
    return TIJORI_OK;
}

enum tijori_status tijori_witness_request(struct tijori *ledger, char *request, size_t *size,
                                          uint64_t old_size, struct tijori_message *message)
{
    struct tj_ledger_view view;
    enum tijori_status status = tj_ledger_view_begin(ledger, &view);
    if (status != TIJORI_OK) {
        return tj_say_status(message, status, "the ledger", NULL);
    }
    status = request_in(&view, request, size, old_size, message);
    tj_ledger_view_end(ledger, &view);
    return status;
}

/* ---- being asked ---- */

struct tijori_witness {
    struct tj_witness *judge;
    tijori_clock *clock;
    void *clock_context;
};

/* Cosignatures have seconds; the clocks of tijori.h nanoseconds. */
static uint64_t given_now_s(void *context)
{
    const struct tijori_witness *witness = context;
    return witness->clock(witness->clock_context) / TJ_NS_PER_S;
}

static enum tijori_status read_logs(struct tj_verifier_key *out,
                                    const struct tijori_witness_options *options,
                                    struct tijori_message *message)
{
    for (size_t i = 0; i < options->log_key_count; i++) {
        if (!tj_log_key_read(&out[i], options->log_keys[i])) {
            return tj_say(message, TIJORI_VALUE, "log key %zu is not the verifier key of a log", i);
        }
    }
    return TIJORI_OK;
}

static enum tijori_status open_judge(struct tijori_witness *witness, const char *dir,
                                     const struct tijori_witness_options *options,
                                     struct tijori_message *message)
{
    struct tj_verifier_key *logs = calloc(options->log_key_count + 1, sizeof *logs);
    if (logs == NULL) {
        return tj_say_status(message, TIJORI_MEMORY, dir, NULL);
    }
    enum tijori_status status = read_logs(logs, options, message);
    if (status == TIJORI_OK) {
        const struct tj_witness_config config = {.dir = dir,
                                                 .name = options->name,
                                                 .secret32 = options->secret32,
                                                 .logs = logs,
                                                 .log_count = options->log_key_count,
                                                 .replays = options->replays != 0,
                                                 .now_s =
                                                     witness->clock != NULL ? given_now_s : NULL,
                                                 .now_context = witness};
        status = tj_witness_open(&witness->judge, &config, message);
    }
    free(logs);
    return status;
}

enum tijori_status tijori_witness_open(struct tijori_witness **out, const char *dir,
                                       const struct tijori_witness_options *options,
                                       struct tijori_message *message)
{
    *out = NULL;
    struct tijori_witness *witness = calloc(1, sizeof *witness);
    if (witness == NULL) {
        return tj_say_status(message, TIJORI_MEMORY, dir, NULL);
    }
    witness->clock = options->clock;
    witness->clock_context = options->clock_context;
    enum tijori_status status = open_judge(witness, dir, options, message);
    if (status != TIJORI_OK) {
        free(witness);
        return status;
    }
    *out = witness;
    return TIJORI_OK;
}

void tijori_witness_close(struct tijori_witness *witness)
{
    if (witness != NULL) {
        tj_witness_close(witness->judge);
        free(witness);
    }
}

void tijori_witness_key(const struct tijori_witness *witness, char key[TIJORI_VERIFIER_KEY_MAX])
{
    /* A name of 255 bytes, which is the longest that opens, leaves room. */
    TIJORI_REQUIRE(
        tj_verifier_key_encode(tj_witness_key(witness->judge), key, TIJORI_VERIFIER_KEY_MAX));
}

void tijori_witness_answer(struct tijori_witness *witness, struct tijori_witness_answer *out,
                           const char *request, size_t size)
{
    struct tj_witness_reply reply;
    tj_witness_add_checkpoint(witness->judge, &reply, request, size);
    memset(out, 0, sizeof *out);
    out->code = reply.code;
    out->last_size = reply.last_size;
    snprintf(out->content_type, sizeof out->content_type, "%s", reply.content_type);
    static_assert(sizeof out->body == sizeof reply.body && sizeof out->log == sizeof reply.log &&
                      sizeof out->trouble == sizeof reply.trouble,
                  "what a witness says fits");
    out->body_size = reply.body_size;
    memcpy(out->body, reply.body, sizeof out->body);
    memcpy(out->log, reply.log, sizeof out->log);
    memcpy(out->trouble, reply.trouble, sizeof out->trouble);
}
