#include "cli/tijori/commands.h"
#include "cli/envelope_file.h"
#include "cli/proof_file.h"
#include "cli/tijori/reading.h"
#include "core/log/prove.h"

#include <inttypes.h>
#include <string.h>

struct wanted {
    const char *text; /* as it was asked for */
    uint64_t index;
    uint32_t position; /* TJ_NOWHERE: the entry alone */
};

static int parse_wanted(const struct reading *reading, const char *text, struct wanted *out)
{
    uint64_t id;
    *out = (struct wanted){text, 0, TJ_NOWHERE};
    if (text_parse_record_id(text, &id)) {
        out->index = tj_record_entry(id);
        out->position = tj_record_position(id);
    } else if (!text_parse_number(text, UINT64_MAX - 1, &out->index)) {
        return fail(EXIT_USAGE, "'%s' is neither an entry (12) nor a record (12:0)", text);
    }
    return out->index < reading->size
               ? EXIT_PASS
               : fail(EXIT_NO_INPUT, "no entry %" PRIu64 ": the newest is %" PRIu64, out->index,
                      reading->size - 1);
}

/* A public one, which may be cosigned, before one that only signs a commit. */
static int find_checkpoint(const struct reading *reading, uint64_t index,
                           struct tj_stored_checkpoint *out)
{
    enum tijori_status status = tj_checkpoint_public(reading->view.txn, out);
    if (status == TIJORI_NOT_FOUND || (status == TIJORI_OK && out->checkpoint.size <= index)) {
        status = tj_checkpoint_newest(reading->view.txn, out);
    }
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

/* A key that this log has, active or retired, signed the note. */
static bool signed_by_log(const struct tj_state *state, const struct tj_note_view *note,
                          const char *origin)
{
    uint32_t count = tj_state_ledger(state)->log_keys;
    for (uint32_t i = 0; i < count; i++) {
        struct tj_verifier_key key;
        const struct tj_log_key_object *object = tj_state_peek(state, TJ_T_LOG_KEY, 0, i);
        if (object == NULL || object->present == 0) {
            continue;
        }
        tj_verifier_key_make(&key, origin, TJ_NOTE_TYPE_ED25519, object->key);
        if (tj_note_verify(note, &key) == TJ_NOTE_VALID) {
            return true;
        }
    }
    return false;
}

/* What we would not accept is never given to anyone. */
static int check(const struct reading *reading, const char *bytes, size_t size)
{
    char origin[TJ_ORIGIN_MAX];
    char why[PROOF_WHY_SIZE] = "";
    struct proof_file *file = malloc(sizeof *file);
    TIJORI_REQUIRE(file != NULL);
    tj_origin(reading->state, origin);
    bool right = proof_file_decode(file, bytes, size, why);
    if (right && (strcmp(file->checkpoint.origin, origin) != 0 ||
                  !signed_by_log(reading->state, &file->note, origin))) {
        snprintf(why, sizeof why, "the checkpoint is not signed by a key of this log");
        right = false;
    }
    right = right && proof_file_verify(file, reading->view.digester, why);
    proof_file_clear(file);
    free(file);
    return right ? EXIT_PASS
                 : fail(EXIT_FAIL,
                        "the ledger is damaged: a proof made from it does not verify, and was not "
                        "written: %s",
                        why);
}

static int write_files(const struct arguments *arguments, char *bytes, size_t size,
                       const struct tj_entry_view *entry)
{
    const char *entry_file = argument_value(arguments, "entry-bytes");
    int code = EXIT_PASS;
    if (entry_file != NULL) {
        struct buffer buffer = {0};
        buffer_add(&buffer, entry->bytes, entry->size);
        code = file_write(entry_file, &buffer, false);
        free(buffer.bytes);
    }
    const struct buffer proof = {.bytes = (uint8_t *)bytes, .size = size, .capacity = size};
    return code == EXIT_PASS ? file_write(argument_value(arguments, "output"), &proof, false)
                             : code;
}

static int prove(const struct arguments *arguments, const struct reading *reading,
                 const struct wanted *wanted, struct tj_exhibits *exhibits)
{
    struct tj_stored_checkpoint newest;
    struct tj_tlog_proof proof = {.index = wanted->index};
    int code = find_checkpoint(reading, wanted->index, &newest);
    if (code != EXIT_PASS) {
        return code;
    }
    proof.checkpoint = (const char *)newest.note.bytes;
    proof.checkpoint_size = newest.note.size;
    enum tijori_status status =
        tj_prove(reading->view.txn, reading->state, reading->view.digester, newest.checkpoint.size,
                 wanted->index, wanted->position, exhibits, proof.path, &proof.path_count);
    if (status == TIJORI_NOT_FOUND) {
        return fail(EXIT_NO_INPUT, "entry %" PRIu64 " has records 0 to %" PRIu32, wanted->index,
                    exhibits->list[0].entry.header.record_count - 1);
    }
    if (status != TIJORI_OK) {
        return fail_status(status, reading->dir, NULL);
    }
    size_t size;
    char *bytes = proof_file_encode(&proof, exhibits, &size);
    code = check(reading, bytes, size);
    if (code == EXIT_PASS) {
        code = write_files(arguments, bytes, size, &exhibits->list[0].entry);
    }
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
    struct tj_exhibits *exhibits = calloc(1, sizeof *exhibits);
    TIJORI_REQUIRE(exhibits != NULL);
    int code = reading_open(arguments, &reading);
    if (code == EXIT_PASS) {
        code = parse_wanted(&reading, arguments->operands[1], &wanted);
    }
    if (code == EXIT_PASS) {
        code = prove(arguments, &reading, &wanted, exhibits);
    }
    reading_close(&reading);
    free(exhibits);
    return code;
}
