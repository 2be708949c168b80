/* tijori statement: the statement of a period, and the envelope that puts its figures into the log.
 */

#include "cli/log_source.h"
#include "cli/tijori/commands.h"
#include "cli/tijori/repairs_print.h"
#include "cli/envelope_file.h"
#include "cli/signer.h"
#include "cli/statement_order.h"
#include "core/ingest/ledger.h"
#include "crypto/tree.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

enum { EXPIRY_S = 86400 };

/* ---- the envelope ---- */

/* Lane 0 of the party that states, as the ledger stands now. */
static int make_header(const struct arguments *arguments, struct tj_header *header)
{
    const char *dir = arguments->operands[0];
    uint64_t party = 0;
    struct tijori *ledger;
    struct tijori_head head;
    struct tijori_message why;
    struct tj_ledger_view view;
    if (!argument_number(arguments, &party, "party", 0, UINT32_MAX)) {
        return EXIT_USAGE;
    }
    enum tijori_status status = tijori_open(&ledger, dir, TIJORI_READ, NULL, &why);
    if (status != TIJORI_OK) {
        return fail(exit_code_of(status), "%s", why.text);
    }
    repairs_say(ledger, dir);
    tijori_head(ledger, &head);
    status = tj_ledger_view_begin(ledger, &view);
    TIJORI_REQUIRE(status == TIJORI_OK); /* a reader has its picture since it was opened */
    uint32_t lifetime_max_s = tj_state_ledger(view.state)->lifetime_max_s;
    const struct tj_lane_object *lane = tj_state_lane(view.state, (uint32_t)party, 0);
    bool known = tj_state_party(view.state, (uint32_t)party) != NULL;
    *header = (struct tj_header){.party = (uint32_t)party,
                                 .known_index = head.size - 1,
                                 .created_s = (uint64_t)time(NULL),
                                 .sequence = lane != NULL ? lane->sequence + 1 : 1};
    header->expires_s =
        header->created_s + (lifetime_max_s < EXPIRY_S ? lifetime_max_s : (uint32_t)EXPIRY_S);
    memcpy(header->ledger_id.bytes, head.ledger_id, TJ_HASH_SIZE);
    memcpy(header->known_leaf.bytes, head.leaf, TJ_HASH_SIZE);
    if (lane != NULL) {
        memcpy(header->previous_id.bytes, lane->envelope_id, TJ_HASH_SIZE);
    }
    tj_ledger_view_end(ledger, &view);
    tijori_close(ledger);
    return known ? EXIT_PASS : fail(EXIT_DATA, "--party: the ledger has no party %" PRIu64, party);
}

static int sign(const struct arguments *arguments, struct tj_slots *slots,
                const struct tj_header *header, const struct tj_hash *id)
{
    int code = EXIT_PASS;
    slots->count = 0;
    for (size_t i = 0; i < argument_count(arguments, "sign") && code == EXIT_PASS; i++) {
        struct signer signer;
        code = signer_load(arguments, &signer, argument_item(arguments, "sign", i));
        if (code == EXIT_PASS) {
            code = signer_sign(&signer, slots, header->party, TJ_USE_SIGN, header, id);
        }
        tj_cleanse(&signer, sizeof signer);
    }
    return code;
}

static int write_envelope(const struct arguments *arguments, const struct tj_record *records,
                          size_t count)
{
    static const uint8_t no_attachments[2] = {0};
    struct tj_header header;
    struct tj_digester digester;
    struct tj_slots slots;
    struct tj_hash id;
    struct buffer out = {0};
    struct buffer bytes = {0};
    uint8_t header_bytes[TJ_HEADER_SIZE];
    int code = make_header(arguments, &header);
    if (code != EXIT_PASS) {
        return code;
    }
    for (size_t i = 0; i < count; i++) {
        uint8_t record[TJ_RECORD_SIZE];
        tj_record_encode(&records[i], record);
        buffer_add(&bytes, record, sizeof record);
    }
    digester_needed(&digester);
    header.record_count = (uint32_t)count;
    tj_tree_root_of_items(digester.hasher, &header.body_root, bytes.bytes, TJ_RECORD_SIZE, count);
    tj_header_encode(&header, header_bytes);
    tj_envelope_id(&digester, &id, header_bytes);
    tj_digester_clear(&digester);
    code = sign(arguments, &slots, &header, &id);
    if (code == EXIT_PASS) {
        envelope_add(&out, &header, bytes.bytes, &slots, no_attachments, sizeof no_attachments);
        code = file_write(argument_value(arguments, "envelope"), &out, false);
    }
    free(bytes.bytes);
    free(out.bytes);
    return code;
}

static int put_into_log(const struct arguments *arguments, const struct statement_order *order,
                        const struct tj_period *period, const struct tj_hash *ledger_id)
{
    struct tj_hash document;
    size_t count;
    if (!statement_hash(period, &document, ledger_id, &order->prices)) {
        return fail(EXIT_IO, "the statement could not be hashed: no space for a temporary file");
    }
    struct tj_record *records;
    if (!statement_records(&records, &count, period, &document)) {
        free(records);
        return fail_errno(ENOMEM, "statement");
    }
    int code = count <= TJ_RECORDS_MAX
                   ? write_envelope(arguments, records, count)
                   : fail(EXIT_DATA, "%zu figures do not fit one envelope", count);
    if (code == EXIT_PASS) {
        size_t signatures = argument_count(arguments, "sign");
        message("%zu figures in an envelope, with %zu signature%s: %s%s", count, signatures,
                signatures == 1 ? "" : "s", argument_value(arguments, "envelope"),
                signatures == 0 ? "; 'tijori sign' signs it, on any machine" : "");
    }
    free(records);
    return code;
}

/* ---- the command ---- */

int cmd_statement(const struct arguments *arguments)
{
    struct statement_order order;
    struct tj_source *source;
    struct tj_replay_report report;
    struct tj_period *period = NULL;
    bool states = argument_value(arguments, "envelope") != NULL;
    int code = statement_order_read(arguments, &order);
    code = code == EXIT_PASS ? signer_check(arguments, "sign") : code;
    if (code == EXIT_PASS && !states && argument_count(arguments, "sign") > 0) {
        code = fail(EXIT_USAGE, "--sign: what it signs goes to the file of --envelope, "
                                "which is missing");
    }
    if (code == EXIT_PASS && states && !statement_day_over(&order)) {
        code = fail(EXIT_DATA, "--as-of: that day is not over, so nothing is signed about it");
    }
    if (code == EXIT_PASS) {
        code = audit_open_source(&source, arguments->operands[0]);
    }
    if (code != EXIT_PASS) {
        return code;
    }
    code = statement_collect(source, &report, &period, &order, NULL);
    tj_source_close(source);
    if (code == EXIT_PASS) {
        code = statement_put(&order, period, &report.ledger_id);
    }
    if (code == EXIT_PASS && states) {
        code = put_into_log(arguments, &order, period, &report.ledger_id);
        if (code != EXIT_PASS) {
            statement_take_back(&order); /* or the next try would find it in its way */
        }
    }
    tj_report_clear(&report);
    tj_period_destroy(period);
    return code;
}
