#include "cli/tijori/commands.h"
#include "cli/envelope_file.h"
#include "core/exchange/proof_file.h"
#include "cli/tijori/reading.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

struct wanted {
    const char *text; /* as it was asked for */
    uint64_t index;
    uint32_t position; /* TJ_NOWHERE: the entry alone */
};

static int parse_wanted(const struct reading *reading, struct wanted *out, const char *text)
{
    uint64_t id;
    *out = (struct wanted){text, 0, TJ_NOWHERE};
    if (text_parse_record_id(&id, text)) {
        out->index = tj_record_entry(id);
        out->position = tj_record_position(id);
    } else if (!text_parse_number(&out->index, text, UINT64_MAX - 1)) {
        return fail(EXIT_USAGE, "'%s' is neither an entry (12) nor a record (12:0)", text);
    }
    return out->index < reading->size
               ? EXIT_PASS
               : fail(EXIT_NO_INPUT, "no entry %" PRIu64 ": the newest is %" PRIu64, out->index,
                      reading->size - 1);
}

static int find_checkpoint(const struct reading *reading, struct tj_stored_checkpoint *out,
                           uint64_t index)
{
    enum tijori_status status = tj_proof_checkpoint(reading->view.txn, out, index);
    if (status == TIJORI_NOT_FOUND) {
        return fail(EXIT_INCOMPLETE,
                    "no checkpoint was signed yet: make one with 'tijori checkpoint %s --log-key "
                    "KEY'",
                    reading->dir);
    }
    if (status != TIJORI_OK) {
        return fail_status(status, reading->dir, "the newest checkpoint");
    }
    if (out->checkpoint.size <= index) {
        return fail(EXIT_INCOMPLETE,
                    "the newest checkpoint covers %" PRIu64 " entries, not yet entry %" PRIu64
                    ": make one with 'tijori checkpoint %s --log-key KEY'",
                    out->checkpoint.size, index, reading->dir);
    }
    return EXIT_PASS;
}

static int write_files(const struct arguments *arguments, char *bytes, size_t size,
                       const struct reading *reading, uint64_t index)
{
    const char *entry_file = argument_value(arguments, "entry-bytes");
    struct tj_entry_view entry;
    int code = EXIT_PASS;
    if (entry_file != NULL) {
        struct buffer buffer = {0};
        enum tijori_status status = tj_journal_entry(reading->view.txn, &entry, index);
        if (status != TIJORI_OK) {
            return fail_status(status, reading->dir, NULL);
        }
        buffer_add(&buffer, entry.bytes, entry.size);
        code = file_write(entry_file, &buffer, false);
        free(buffer.bytes);
    }
    const struct buffer proof = {.bytes = (uint8_t *)bytes, .size = size, .capacity = size};
    if (code != EXIT_PASS) {
        return code;
    }
    code = file_write(argument_value(arguments, "output"), &proof, false);
    if (code != EXIT_PASS && entry_file != NULL && strcmp(entry_file, "-") != 0) {
        (void)unlink(entry_file); /* or the next try would find it in its way */
    }
    return code;
}

static int prove(const struct arguments *arguments, const struct reading *reading,
                 const struct wanted *wanted)
{
    struct tj_stored_checkpoint newest;
    struct tijori_message said;
    char *bytes;
    size_t size;
    int code = find_checkpoint(reading, &newest, wanted->index);
    if (code != EXIT_PASS) {
        return code;
    }
    enum tijori_status status =
        tj_proof_make(reading->view.txn, reading->view.digester, &bytes, &size, reading->state,
                      &newest, wanted->index, wanted->position, &said);
    if (status != TIJORI_OK) {
        return said.text[0] != '\0' ? fail_said(status, &said)
                                    : fail_status(status, reading->dir, NULL);
    }
    code = write_files(arguments, bytes, size, reading, wanted->index);
    free(bytes);
    if (code == EXIT_PASS) {
        message("%s %s, by the checkpoint over %" PRIu64 " entries",
                wanted->position == TJ_NOWHERE ? "entry" : "record", wanted->text,
                newest.checkpoint.size);
    }
    return code;
}

int cmd_prove(const struct arguments *arguments)
{
    struct reading reading;
    struct wanted wanted;
    int code = reading_open(arguments, &reading);
    if (code == EXIT_PASS) {
        code = parse_wanted(&reading, &wanted, arguments->operands[1]);
    }
    if (code == EXIT_PASS) {
        code = prove(arguments, &reading, &wanted);
    }
    reading_close(&reading);
    return code;
}
