#include "text/receipt_print.h"

#include "crypto/hex.h"
#include "text/json.h"
#include "text/text.h"

#include <inttypes.h>
#include <string.h>

enum { WORDS_SIZE = 1024 };

/* ---- in words ---- */

static void say_overdue(char out[WORDS_SIZE], const struct receipt_result *result)
{
    const struct tj_receipt_finding *finding = &result->finding;
    char due[TEXT_SIZE];
    char seen[TEXT_SIZE];
    text_format_time_ns(due, finding->due_ns);
    text_format_time_s(seen, finding->seen_s);
    int size = snprintf(out, WORDS_SIZE,
                        "missed deadline: a checkpoint that covers entry %" PRIu64
                        " was due by %s, and the newest here covers %" PRIu64 " entries. ",
                        result->receipt->entry, due, finding->size);
    if (finding->seen_s != 0) {
        snprintf(out + size, WORDS_SIZE - (size_t)size,
                 "A witness still saw that one at %s, after the time was over", seen);
    } else {
        snprintf(out + size, WORDS_SIZE - (size_t)size,
                 "That is not proven: this may be an old export. It is, when a witness (--policy) "
                 "saw this checkpoint after that time");
    }
}

/* What the log did with the envelope that it refused. */
static void say_refusal(char out[WORDS_SIZE], const struct receipt_result *result)
{
    const struct tj_receipt_finding *finding = &result->finding;
    const char *status = tijori_status_name(result->receipt->status);
    uint64_t head_size = result->receipt->head_size;
    if (finding->outcome == TJ_RECEIPT_REFUSED) {
        snprintf(out, WORDS_SIZE,
                 "the log refused the envelope (%s), and it is not among the %" PRIu64 " entries",
                 status, finding->size);
    } else if (finding->outcome == TJ_RECEIPT_LATER) {
        snprintf(out, WORDS_SIZE,
                 "the log refused the envelope (%s) when it had %" PRIu64
                 " entries; submitted again, it became entry %" PRIu64,
                 status, head_size, finding->index);
    } else {
        snprintf(out, WORDS_SIZE,
                 "the log signed that it refused the envelope (%s) when it had %" PRIu64
                 " entries, and it is entry %" PRIu64 " of them",
                 status, head_size, finding->index);
    }
}

static void say_fork(char out[WORDS_SIZE], const struct receipt_result *result)
{
    char hex[2 * TJ_HASH_SIZE + 1];
    if (result->finding.outcome == TJ_RECEIPT_FORKED) {
        snprintf(out, WORDS_SIZE,
                 "the log was forked: its first %" PRIu64
                 " entries are others than when it signed the receipt",
                 result->receipt->head_size);
        return;
    }
    tj_hex_encode(hex, result->finding.leaf.bytes, TJ_HASH_SIZE);
    snprintf(out, WORDS_SIZE,
             "the log was forked: another entry stands at index %" PRIu64 ", of leaf hash %s",
             result->receipt->entry, hex);
}

static void say_damage(char out[WORDS_SIZE], const struct receipt_result *result)
{
    if (result->finding.outcome == TJ_RECEIPT_TREE) {
        snprintf(out, WORDS_SIZE, "%s is damaged: its tree is not that of its checkpoint",
                 result->path);
    } else if (result->finding.outcome == TJ_RECEIPT_ENTRIES) {
        snprintf(out, WORDS_SIZE, "%s is damaged: its entries are not those of its checkpoint",
                 result->path);
    } else if (result->finding.outcome == TJ_RECEIPT_GENESIS) {
        snprintf(out, WORDS_SIZE,
                 "%s is damaged: entry 0 is not the genesis of the log that --log-key names",
                 result->path);
    } else {
        snprintf(out, WORDS_SIZE, "%s is damaged: entry %" PRIu64 " %s", result->path,
                 result->finding.index, result->finding.what);
    }
}

static void say(char out[WORDS_SIZE], const struct receipt_result *result)
{
    const struct tj_receipt_finding *finding = &result->finding;
    char due[TEXT_SIZE];
    switch (finding->outcome) {
    case TJ_RECEIPT_KEPT:
        snprintf(out, WORDS_SIZE,
                 "entry %" PRIu64 " stands in the log as promised, under the checkpoint over "
                 "%" PRIu64 " entries",
                 result->receipt->entry, finding->size);
        return;
    case TJ_RECEIPT_REFUSED:
    case TJ_RECEIPT_LATER:
    case TJ_RECEIPT_BROKEN:
        say_refusal(out, result);
        return;
    case TJ_RECEIPT_UNBOUND:
        snprintf(out, WORDS_SIZE,
                 "%s has no checkpoint that --log-key signed: nothing there binds the log",
                 result->path);
        return;
    case TJ_RECEIPT_NOT_DUE:
        text_format_time_ns(due, finding->due_ns);
        snprintf(out, WORDS_SIZE,
                 "entry %" PRIu64 " is not yet under the checkpoint over %" PRIu64
                 " entries; one that covers it is due by %s",
                 result->receipt->entry, finding->size, due);
        return;
    case TJ_RECEIPT_AHEAD:
        snprintf(out, WORDS_SIZE,
                 "the receipt was signed when the log had %" PRIu64
                 " entries, and the newest checkpoint here covers %" PRIu64
                 ": ask for a newer export, to see that the one goes on to the other",
                 result->receipt->head_size, finding->size);
        return;
    case TJ_RECEIPT_FOREIGN:
        snprintf(out, WORDS_SIZE, "the receipt is not signed by --log-key, or of another log");
        return;
    case TJ_RECEIPT_FORGED:
        snprintf(out, WORDS_SIZE, "the signature under the receipt does not verify");
        return;
    case TJ_RECEIPT_DAMAGED:
    case TJ_RECEIPT_GENESIS:
    case TJ_RECEIPT_TREE:
    case TJ_RECEIPT_ENTRIES:
        say_damage(out, result);
        return;
    case TJ_RECEIPT_FORKED:
    case TJ_RECEIPT_OTHER_ENTRY:
        say_fork(out, result);
        return;
    case TJ_RECEIPT_CONTRADICTS:
        snprintf(out, WORDS_SIZE, "the receipt contradicts itself: %s", finding->what);
        return;
    case TJ_RECEIPT_OVERDUE:
        say_overdue(out, result);
        return;
    }
    abort();
}

/* ---- printing ---- */

void receipt_print_text(FILE *out, const struct receipt_result *result)
{
    const struct tj_receipt_finding *finding = &result->finding;
    char words[WORDS_SIZE];
    char safe[2 * sizeof words];
    say(words, result);
    text_sanitise(safe, sizeof safe, words);
    fprintf(out, "%s  %s\n", text_verdict(tj_receipt_judgement(finding->outcome)), safe);
    if (finding->contrary != NULL) {
        /* As they are: whoever is shown them verifies the bytes. */
        fprintf(out, "\nThe log signed both. Its receipt:\n\n%.*s\nand:\n\n%.*s",
                (int)result->note_size, result->note, (int)finding->contrary_size,
                finding->contrary);
    }
}

void receipt_print_json(FILE *out, const struct receipt_result *result, int exit)
{
    const struct tj_receipt_finding *finding = &result->finding;
    const struct tj_receipt *receipt = result->receipt;
    char words[WORDS_SIZE];
    char hex[2 * TJ_HASH_SIZE + 1];
    say(words, result);
    fprintf(out, "{\"result\": \"%s\", \"exit\": %d, \"text\": ",
            text_verdict(tj_receipt_judgement(finding->outcome)), exit);
    json_print_string(out, words);
    tj_hex_encode(hex, receipt->envelope_id.bytes, TJ_HASH_SIZE);
    fprintf(out, ", \"status\": \"%s\", \"envelope_id\": \"%s\"",
            tijori_status_name(receipt->status), hex);
    if (tj_receipt_promises(receipt)) {
        tj_hex_encode(hex, receipt->leaf.bytes, TJ_HASH_SIZE);
        fprintf(out, ", \"entry\": %" PRIu64 ", \"leaf\": \"%s\"", receipt->entry, hex);
    }
    if (finding->contrary != NULL) {
        fprintf(out, ", \"receipt\": ");
        json_print_bytes(out, result->note, result->note_size);
        fprintf(out, ", \"contrary\": ");
        json_print_bytes(out, finding->contrary, finding->contrary_size);
    }
    fprintf(out, "}\n");
}
