/* Whether a log keeps what it signed: include/tijori.h, "signed receipts". */

#include "core/exchange/receipt_check.h"
#include "core/face/given.h"

#include <time.h>

static_assert(TIJORI_SIGNED_RECEIPT_MAX == TJ_RECEIPT_NOTE_MAX, "one bound");
static_assert(TJ_CHECKPOINT_NOTE_MAX + TJ_PATH_MAX * 45 + 256 <= TIJORI_CONTRARY_MAX,
              "a checkpoint fits, and so does one with an index and a path before it");

static enum tijori_promise promise_of(enum tj_receipt_outcome outcome)
{
    switch (outcome) {
    case TJ_RECEIPT_KEPT:
        return TIJORI_PROMISE_KEPT;
    case TJ_RECEIPT_REFUSED:
        return TIJORI_PROMISE_REFUSED;
    case TJ_RECEIPT_LATER:
        return TIJORI_PROMISE_LATER;
    case TJ_RECEIPT_UNBOUND:
        return TIJORI_PROMISE_UNBOUND;
    case TJ_RECEIPT_NOT_DUE:
        return TIJORI_PROMISE_NOT_DUE;
    case TJ_RECEIPT_AHEAD:
        return TIJORI_PROMISE_AHEAD;
    case TJ_RECEIPT_FOREIGN:
        return TIJORI_PROMISE_FOREIGN;
    case TJ_RECEIPT_FORGED:
        return TIJORI_PROMISE_FORGED;
    case TJ_RECEIPT_DAMAGED:
        return TIJORI_PROMISE_DAMAGED;
    case TJ_RECEIPT_GENESIS:
        return TIJORI_PROMISE_GENESIS;
    case TJ_RECEIPT_TREE:
        return TIJORI_PROMISE_TREE;
    case TJ_RECEIPT_ENTRIES:
        return TIJORI_PROMISE_ENTRIES;
    case TJ_RECEIPT_FORKED:
        return TIJORI_PROMISE_FORKED;
    case TJ_RECEIPT_OTHER_ENTRY:
        return TIJORI_PROMISE_OTHER_ENTRY;
    case TJ_RECEIPT_CONTRADICTS:
        return TIJORI_PROMISE_CONTRADICTS;
    case TJ_RECEIPT_OVERDUE:
        return TIJORI_PROMISE_OVERDUE;
    case TJ_RECEIPT_BROKEN:
        return TIJORI_PROMISE_BROKEN;
    }
    abort();
}

static void fill_receipt(struct tijori_signed_receipt *out, const struct tj_receipt *receipt,
                         const struct tj_receipt_finding *finding)
{
    memset(out, 0, sizeof *out);
    out->verdict = tj_receipt_judgement(finding->outcome);
    out->promise = promise_of(finding->outcome);
    memcpy(out->origin, receipt->origin, sizeof out->origin);
    out->status = receipt->status;
    memcpy(out->envelope_id, receipt->envelope_id.bytes, TJ_HASH_SIZE);
    out->entry = receipt->entry;
    memcpy(out->leaf, receipt->leaf.bytes, TJ_HASH_SIZE);
    out->received_ns = receipt->received_ns;
    out->head_size = receipt->head_size;
    out->size = finding->size;
    out->index = finding->index;
    memcpy(out->found_leaf, finding->leaf.bytes, TJ_HASH_SIZE);
    out->due_ns = finding->due_ns;
    out->seen_s = finding->seen_s;
}

static enum tijori_status hold_against(struct tj_receipt_finding *finding, const char *path,
                                       const struct tj_receipt *receipt, const struct tj_pins *pins,
                                       uint64_t at_ns, struct tijori_message *message)
{
    struct tj_source *source;
    struct tj_digester digester;
    enum tijori_status status = tj_face_source(&source, path, message);
    if (status != TIJORI_OK) {
        return status;
    }
    status = TIJORI_MEMORY;
    if (tj_digester_init(&digester)) {
        status = tj_receipt_check(source, &digester, finding, receipt, pins->log_key, pins->policy,
                                  at_ns != 0 ? at_ns : (uint64_t)time(NULL) * TJ_NS_PER_S);
    }
    tj_digester_clear(&digester);
    tj_source_close(source);
    if (status != TIJORI_OK) {
        return tj_say_status(message, status, path, NULL);
    }
    return status;
}

/* What shows others that the log signed two histories, into the caller's buffer. */
static enum tijori_status give_contrary(char *out, size_t *size,
                                        const struct tj_receipt_finding *finding,
                                        struct tijori_message *message)
{
    if (out == NULL) {
        return TIJORI_OK;
    }
    size_t room = *size;
    *size = finding->contrary_size;
    if (*size > room) {
        return tj_say_status(message, TIJORI_FULL, "the evidence", NULL);
    }
    if (*size > 0) {
        memcpy(out, finding->contrary, *size);
    }
    return TIJORI_OK;
}

static enum tijori_status check(struct tijori_signed_receipt *out,
                                struct tj_receipt_finding *finding, const char *note, size_t size,
                                const char *path, const struct tj_pins *pins, uint64_t at_ns,
                                struct tijori_message *message)
{
    struct tj_receipt receipt;
    if (pins->log_key == NULL) {
        return tj_say(message, TIJORI_VALUE, "a receipt is checked by the log's key: give one");
    }
    enum tijori_status status = tj_receipt_read(&receipt, finding, note, size, pins->log_key);
    if (status == TIJORI_VALUE) {
        return tj_say(message, status, "not a signed receipt (docs/FORMAT.md section 15)");
    }
    if (status != TIJORI_OK) {
        return tj_say_status(message, status, "the receipt", NULL);
    }
    bool is_signed = finding->outcome == TJ_RECEIPT_KEPT;
    if (is_signed && path != NULL) {
        status = hold_against(finding, path, &receipt, pins, at_ns, message);
        if (status != TIJORI_OK) {
            return status;
        }
    }
    fill_receipt(out, &receipt, finding);
    if (is_signed && path == NULL) {
        out->verdict = TIJORI_INCOMPLETE;
        out->promise = TIJORI_PROMISE_SIGNED;
    }
    return TIJORI_OK;
}

enum tijori_status tijori_check_receipt(struct tijori_signed_receipt *out, char *contrary,
                                        size_t *contrary_size, const char *receipt, size_t size,
                                        const char *path, const struct tijori_pins *pins,
                                        uint64_t at_ns, struct tijori_message *message)
{
    struct tj_pinned pinned;
    struct tj_receipt_finding finding = {.contrary = NULL};
    enum tijori_status status = tj_pins_read(&pinned, pins, message);
    if (status == TIJORI_OK) {
        status = check(out, &finding, receipt, size, path, &pinned.pins, at_ns, message);
    }
    if (status == TIJORI_OK) {
        status = give_contrary(contrary, contrary_size, &finding, message);
    }
    free(finding.contrary);
    tj_pins_clear(&pinned);
    return status;
}
