#include "cli/audit/receipt_print.h"

#include "cli/exit.h"
#include "crypto/hex.h"
#include "text/table.h"
#include "text/text.h"

#include <inttypes.h>
#include <string.h>

static const char *word_of(int code)
{
    return code == EXIT_PASS ? "PASS" : code == EXIT_FAIL ? "FAIL" : "INCOMPLETE";
}

static void print_text(const struct audit_receipt_finding *finding)
{
    char safe[2 * sizeof finding->text];
    text_sanitise(safe, sizeof safe, finding->text);
    printf("%s  %s\n", word_of(finding->code), safe);
    if (finding->contrary != NULL) {
        /* As they are: whoever is shown them verifies the bytes. */
        printf("\nThe log signed both. Its receipt:\n\n%.*s\nand:\n\n%.*s", (int)finding->note_size,
               finding->note, (int)finding->contrary_size, finding->contrary);
    }
}

static void print_part(const char *member, const char *bytes, size_t size)
{
    char *text = strndup(bytes, size);
    TIJORI_REQUIRE(text != NULL);
    printf(", \"%s\": ", member);
    json_print_string(stdout, text);
    free(text);
}

static void print_json(const struct audit_receipt_finding *finding)
{
    const struct tj_receipt *receipt = finding->receipt;
    char hex[2 * TJ_HASH_SIZE + 1];
    printf("{\"result\": \"%s\", \"exit\": %d, \"text\": ", word_of(finding->code), finding->code);
    json_print_string(stdout, finding->text);
    tj_hex_encode(hex, receipt->envelope_id.bytes, TJ_HASH_SIZE);
    printf(", \"status\": \"%s\", \"envelope_id\": \"%s\"", tijori_status_name(receipt->status),
           hex);
    if (tj_receipt_promises(receipt)) {
        tj_hex_encode(hex, receipt->leaf.bytes, TJ_HASH_SIZE);
        printf(", \"entry\": %" PRIu64 ", \"leaf\": \"%s\"", receipt->entry, hex);
    }
    if (finding->contrary != NULL) {
        print_part("receipt", finding->note, finding->note_size);
        print_part("contrary", finding->contrary, finding->contrary_size);
    }
    printf("}\n");
}

int audit_receipt_print(const struct audit_receipt_finding *finding, bool json)
{
    (json ? print_json : print_text)(finding);
    return finding->code;
}
