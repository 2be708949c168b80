#include "text/assets.h"
#include "cli/tijori/commands.h"
#include "cli/tijori/repairs_print.h"
#include "cli/tijori/readiness_print.h"
#include "cli/envelope_file.h"
#include "cli/genesis_file.h"
#include "text/input.h"
#include "core/exchange/compose.h"
#include "core/ingest/ledger.h"
#include "core/rules/judge.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

/* Where the envelopes go: what their headers say of the ledger. */
struct place {
    struct tijori *ledger; /* NULL offline */
    struct tj_ledger_view view;
    struct tj_journal_past past;
    struct genesis_file genesis; /* offline */
    struct tj_state *start;      /* offline: after the genesis */
    struct known_keys known;
    struct assets assets;
    uint32_t lifetime_max_s;
    struct tj_header header; /* of the next envelope, but for its records */
};

/* ---- the place ---- */

static bool named_group(void *context, struct tj_hash *group, uint64_t record_id)
{
    struct place *place = context;
    struct tj_named named;
    bool found = place->past.past.record(&place->past, &named, record_id);
    *group = found ? named.group : (struct tj_hash){{0}};
    return found;
}

static int open_ledger(struct place *place, const char *dir)
{
    struct tijori_message why;
    enum tijori_status status = tijori_open(&place->ledger, dir, TIJORI_READ, NULL, &why);
    if (status != TIJORI_OK) {
        place->ledger = NULL;
        return fail(exit_code_of(status), "%s", why.text);
    }
    repairs_say(place->ledger, dir);
    status = tj_ledger_view_begin(place->ledger, &place->view);
    if (status != TIJORI_OK) {
        tijori_close(place->ledger);
        place->ledger = NULL;
        return fail_status(status, dir, NULL);
    }
    tj_journal_past_init(&place->past, place->view.txn, place->view.digester);
    place->known = known_from_ledger(&place->view, &place->past.past);
    place->assets = assets_of_state(place->view.state);
    place->lifetime_max_s = tj_state_ledger(place->view.state)->lifetime_max_s;
    return EXIT_PASS;
}

static int open_genesis(struct place *place, const char *path)
{
    struct tj_digester digester;
    digester_needed(&digester);
    int code = genesis_file_read(&digester, &place->genesis, path);
    tj_digester_clear(&digester);
    if (code == EXIT_PASS) {
        place->start = tj_genesis_state(&place->genesis.built, place->genesis.records);
        place->known.state = place->start;
        if (place->start == NULL) {
            return fail_status(TIJORI_MEMORY, path, NULL);
        }
    }
    place->assets = genesis_file_assets(&place->genesis);
    place->lifetime_max_s = TJ_GET(place->genesis.records, TJ_LEDGER, lifetime_max_s);
    place->header.ledger_id = place->genesis.built.ledger_id;
    return code;
}

static void close_place(struct place *place)
{
    if (place->ledger != NULL) {
        tj_ledger_view_end(place->ledger, &place->view);
        tijori_close(place->ledger);
    }
    if (place->start != NULL) {
        tj_state_destroy(place->start);
    }
}

/* ---- the header ---- */

static int read_sequence(const struct arguments *arguments, struct place *place)
{
    const char *previous = argument_value(arguments, "previous");
    struct tj_header *header = &place->header;
    if (place->ledger != NULL) {
        const struct tj_ledger_view *view = &place->view;
        if (argument_value(arguments, "sequence") != NULL || previous != NULL) {
            return fail(EXIT_USAGE, "--sequence and --previous go with --genesis");
        }
        enum tijori_status status = tj_header_place(view->txn, view->digester, header, view->state,
                                                    view->head.size, header->party, header->lane);
        return status == TIJORI_OK ? EXIT_PASS : fail_status(status, "the newest entry", NULL);
    }
    if (argument_value(arguments, "sequence") == NULL) {
        return fail(EXIT_USAGE, "--genesis needs --sequence");
    }
    if (!argument_number(arguments, &header->sequence, "sequence", 1, UINT64_MAX)) {
        return EXIT_USAGE;
    }
    if ((header->sequence == 1) != (previous == NULL)) {
        return fail(EXIT_USAGE, "--previous: the id of the envelope before, from sequence 2 on");
    }
    return previous == NULL || text_parse_hex(header->previous_id.bytes, TJ_HASH_SIZE, previous)
               ? EXIT_PASS
               : fail(EXIT_USAGE, "--previous: not 64 hex digits");
}

static int read_expiry(const struct arguments *arguments, struct place *place)
{
    const char *text = argument_value(arguments, "expires");
    struct tj_header *header = &place->header;
    uint64_t seconds = place->lifetime_max_s < TJ_LIFETIME_DEFAULT_S
                           ? place->lifetime_max_s
                           : (uint64_t)TJ_LIFETIME_DEFAULT_S;
    header->created_s = (uint64_t)time(NULL);
    if (text != NULL && text_parse_time_s(&header->expires_s, text)) {
        seconds = header->expires_s > header->created_s ? header->expires_s - header->created_s : 0;
    } else if (text != NULL && !text_parse_duration(&seconds, text)) {
        return fail(EXIT_USAGE, "--expires: neither an RFC 3339 time nor a duration such as 1h");
    }
    if (seconds == 0 || seconds > place->lifetime_max_s) {
        return fail(EXIT_USAGE, "--expires: later than now, at most %" PRIu32 " s from now",
                    place->lifetime_max_s);
    }
    header->expires_s = header->created_s + seconds;
    return EXIT_PASS;
}

static bool governs(uint8_t kind)
{
    return !tj_kind_is_movement(kind) && !tj_kind_is_detail(kind) && kind != TJ_OPEN_ACCOUNT &&
           kind != TJ_CLOSE_ACCOUNT && kind != TJ_ENDORSE;
}

static int read_header(const struct arguments *arguments, struct place *place,
                       const struct input *input)
{
    uint64_t party = 0;
    uint64_t lane = 1;
    for (size_t i = 0; i < input->count; i++) {
        lane = governs(input->records[i].bytes[0]) ? 0 : lane;
    }
    if (!argument_number(arguments, &party, "party", 0, UINT32_MAX) ||
        !argument_number(arguments, &lane, "lane", 0, TJ_LANES_MAX - 1)) {
        return EXIT_USAGE;
    }
    place->header.party = (uint32_t)party;
    place->header.lane = (uint16_t)lane;
    place->header.flags = argument_flag(arguments, "restricted") ? TJ_FLAG_RESTRICTED : 0;
    if (place->ledger != NULL && tj_state_party(place->view.state, (uint32_t)party) == NULL) {
        return fail(EXIT_DATA, "--party: the ledger has no party %" PRIu64, party);
    }
    int code = read_sequence(arguments, place);
    return code == EXIT_PASS ? read_expiry(arguments, place) : code;
}

/* ---- records ---- */

/* Directives, movements, and approvals each have envelopes of their own. */
static const char *sort_of(uint8_t kind)
{
    return kind == TJ_APPROVAL         ? "approvals"
           : tj_kind_is_movement(kind) ? "movements"
                                       : "directives";
}

static int read_input(struct place *place, struct input *input, const char *path)
{
    struct buffer bytes = {0};
    struct input_error error;
    char directory[4096];
    char text[512];
    const char *slash = strrchr(path, '/');
    snprintf(directory, sizeof directory, "%.*s", slash == NULL ? 1 : (int)(slash - path + 1),
             slash == NULL ? "." : path);
    struct input_options options = {&place->assets, directory,
                                    place->ledger != NULL ? named_group : NULL, place};
    int code = file_read(&bytes, path, INPUT_SIZE_MAX);
    if (code == EXIT_PASS &&
        !input_parse(input, &error, (const char *)bytes.bytes, bytes.size, &options)) {
        input_error_format(&error, text, sizeof text);
        code = fail(error.no_memory ? EXIT_TRY_AGAIN : EXIT_DATA, "%s: %s", path, text);
    } else if (code == EXIT_PASS && input->count == 0) {
        code = fail(EXIT_DATA, "%s: holds no record", path);
    }
    free(bytes.bytes);
    for (size_t i = 1; code == EXIT_PASS && i < input->count; i++) {
        const char *first = sort_of(input->records[0].bytes[0]);
        const char *other = sort_of(input->records[i].bytes[0]);
        if (!tj_kind_is_detail(input->records[i].bytes[0]) && strcmp(first, other) != 0) {
            code = fail(EXIT_DATA,
                        "%s: line %" PRIu32 ", kind: %s and %s do not share an envelope: propose "
                        "them from two files",
                        path, input->records[i].line, first, other);
        }
    }
    return code;
}

static const struct tj_state *state_of(const struct place *place)
{
    return place->ledger != NULL ? place->view.state : place->start;
}

/* "; BTC allows 21000000.00000000 BTC in one movement" */
static void say_most(char *out, size_t size, const struct place *place, const uint8_t *record)
{
    const struct tj_account_object *from =
        tj_state_account(state_of(place), tj_movement_from(record));
    const struct tj_asset_object *asset = tj_state_asset(state_of(place), from->asset);
    char text[TEXT_AMOUNT_SIZE];
    struct asset unit;
    if (asset_by_number(state_of(place), &unit, from->asset)) {
        text_format_amount(text, (tj_i128)asset->amount_max, &unit);
        snprintf(out, size, ": the most is %s", text);
    }
}

/* What the ledger would refuse whoever signs it is refused before anybody does. */
static int check_records(const struct place *place, const struct input *input, const char *path)
{
    for (size_t i = 0; i < input->count; i++) {
        const uint8_t *record = input->records[i].bytes;
        struct tj_verdict verdict;
        char most[TEXT_AMOUNT_SIZE + 32] = "";
        tj_verdict_init(&verdict);
        if (!tj_kind_is_movement(record[0]) ||
            tj_judge_foreseen(state_of(place), record, &verdict) == TIJORI_OK) {
            continue;
        }
        if (verdict.status == TIJORI_AMOUNT_MAX) {
            say_most(most, sizeof most, place, record);
        }
        return fail(EXIT_DATA, "%s: line %" PRIu32 ", %s: %s%s", path, input->records[i].line,
                    verdict.field,
                    verdict.detail[0] != '\0' ? verdict.detail : tijori_status_text(verdict.status),
                    most);
    }
    return EXIT_PASS;
}

/* What is shown to the public and what is not does not share an envelope. */
static int check_shown(const struct place *place, const struct input *input, const char *path)
{
    for (size_t i = 0; i < input->count; i++) {
        struct tj_verdict verdict;
        tj_verdict_init(&verdict);
        if (tj_record_shown(&place->header, input->records[i].bytes, &verdict) != TIJORI_OK) {
            return fail(EXIT_DATA, "%s: line %" PRIu32 ", %s: %s: %s", path, input->records[i].line,
                        verdict.field, tijori_status_text(verdict.status),
                        tj_header_restricted(&place->header) ? "leave --restricted out"
                                                             : "propose it with --restricted");
        }
    }
    return EXIT_PASS;
}

/* The attachments that records first..first+count name, each once. */
static int find_attachments(const struct input *input, struct tj_document named[TJ_ATTACHMENTS_MAX],
                            size_t *named_count, size_t first, size_t count)
{
    size_t total = 0;
    bool *seen = memory_needed(calloc(input->attachment_count + 1, sizeof *seen));
    int code = EXIT_PASS;
    for (size_t i = first; i < first + count && code == EXIT_PASS; i++) {
        int32_t attachment = input->records[i].attachment;
        if (attachment == INPUT_ATTACHMENT_NONE || seen[attachment]) {
            continue;
        }
        const struct input_attachment *one = &input->attachments[attachment];
        seen[attachment] = true;
        total += one->size;
        if (*named_count == TJ_ATTACHMENTS_MAX || total > TJ_ATTACHMENTS_SIZE_MAX) {
            code = fail(EXIT_DATA,
                        "line %" PRIu32 ", evidence: more than %u attachments or %u bytes of them "
                        "in one envelope: propose fewer records at a time",
                        input->records[i].line, TJ_ATTACHMENTS_MAX, TJ_ATTACHMENTS_SIZE_MAX);
            break;
        }
        named[(*named_count)++] =
            (struct tj_document){.hash = one->hash, .bytes = one->bytes, .size = one->size};
    }
    free(seen);
    return code;
}

static int encode_attachments(const struct input *input, struct buffer *out, size_t first,
                              size_t count)
{
    struct tj_document named[TJ_ATTACHMENTS_MAX];
    size_t named_count = 0;
    int code = find_attachments(input, named, &named_count, first, count);
    if (code != EXIT_PASS) {
        return code;
    }
    size_t size = tj_attachments_size(named, named_count);
    uint8_t *bytes = buffer_reserve(out, size);
    if (bytes == NULL) {
        return fail_errno(ENOMEM, "evidence");
    }
    tj_attachments_encode(bytes, named, named_count);
    out->size += size;
    return EXIT_PASS;
}

/* One envelope of records first..first+count; the header then stands for the next one. */
static int add_envelope(const struct input *input, struct tj_digester *digester,
                        struct tj_header *header, struct buffer *out, size_t first, size_t count)
{
    struct buffer records = {0};
    struct buffer attachments = {0};
    const struct tj_slots unsigned_yet = {.count = 0};
    for (size_t i = first; i < first + count; i++) {
        buffer_add(&records, input->records[i].bytes, TJ_RECORD_SIZE);
    }
    memory_needed_in(&records);
    if (!tj_header_seal(digester, header, records.bytes, count)) {
        out_of_memory();
    }
    int code = encode_attachments(input, &attachments, first, count);
    memory_needed_in(&attachments);
    if (code == EXIT_PASS) {
        envelope_add(out, header, records.bytes, &unsigned_yet, attachments.bytes,
                     attachments.size);
        tj_header_next(digester, header);
    }
    free(records.bytes);
    free(attachments.bytes);
    return code;
}

/* How many records from `first` on one envelope takes: a record is not cut off from its details. */
static size_t envelope_count(const struct input *input, size_t first)
{
    size_t count = TJ_RECORDS_MAX;
    if (input->count - first <= count) {
        return input->count - first;
    }
    while (tj_kind_is_detail(input->records[first + count].bytes[0])) {
        count--;
    }
    return count;
}

/* Details are not counted: people count what they wrote. */
static size_t records_given(const struct input *input)
{
    size_t count = 0;
    for (size_t i = 0; i < input->count; i++) {
        count += !tj_kind_is_detail(input->records[i].bytes[0]);
    }
    return count;
}

static int make_envelopes(const struct input *input, struct tj_header *header, struct buffer *out,
                          size_t *envelopes)
{
    struct tj_digester digester;
    int code = EXIT_PASS;
    digester_needed(&digester);
    for (size_t first = 0; first < input->count && code == EXIT_PASS;) {
        size_t count = envelope_count(input, first);
        code = add_envelope(input, &digester, header, out, first, count);
        first += count;
        *envelopes += 1;
    }
    tj_digester_clear(&digester);
    return code;
}

int cmd_propose(const struct arguments *arguments)
{
    const char *genesis = argument_value(arguments, "genesis");
    const char *path = arguments->operands[arguments->operand_count - 1];
    struct input input = {0};
    struct buffer out = {0};
    size_t envelopes = 0;
    if (arguments->operand_count != (genesis != NULL ? 1u : 2u)) {
        return fail(EXIT_USAGE, "give DIR and FILE, or --genesis and FILE");
    }
    struct place *place = memory_needed(calloc(1, sizeof *place));
    int code =
        genesis != NULL ? open_genesis(place, genesis) : open_ledger(place, arguments->operands[0]);
    if (code == EXIT_PASS) {
        code = read_input(place, &input, path);
    }
    if (code == EXIT_PASS) {
        code = check_records(place, &input, path);
    }
    if (code == EXIT_PASS) {
        code = read_header(arguments, place, &input);
    }
    if (code == EXIT_PASS) {
        code = check_shown(place, &input, path);
    }
    if (code == EXIT_PASS) {
        code = make_envelopes(&input, &place->header, &out, &envelopes);
    }
    if (code == EXIT_PASS) {
        code = file_write(argument_value(arguments, "output"), &out, false);
    }
    if (code == EXIT_PASS) {
        size_t records = records_given(&input);
        message("%zu record%s in %zu envelope%s, to be signed", records, records == 1 ? "" : "s",
                envelopes, envelopes == 1 ? "" : "s");
        readiness_print_all(stderr, argument_value(arguments, "output"), &place->known, &out);
    }
    close_place(place);
    free(place);
    free(out.bytes);
    input_clear(&input);
    return code;
}
