#include "cli/proof_file.h"

#include "core/rules/exhibit_check.h"
#include "text/text.h"
#include "crypto/base64.h"

#include <inttypes.h>
#include <string.h>

static bool wrong(char why[PROOF_WHY_SIZE], const char *text)
{
    snprintf(why, PROOF_WHY_SIZE, "%s", text);
    return false;
}

/* "exhibit 3 (record 2:4): the record is not in the entry's body_root". */
static bool wrong_exhibit(char why[PROOF_WHY_SIZE], const struct tj_exhibits *exhibits,
                          const struct tj_exhibit_fault *fault)
{
    char record[TEXT_SIZE] = "";
    char place[2 * TEXT_SIZE] = "";
    char slot[TEXT_SIZE] = "";
    if (fault->exhibit < exhibits->count) { /* else it was not read so far */
        const struct tj_exhibit *s = &exhibits->list[fault->exhibit];
        text_format_record_id(record, tj_record_id(s->entry.index, s->position));
        if (s->record != NULL) {
            snprintf(place, sizeof place, " (record %s)", record);
        } else {
            snprintf(place, sizeof place, " (entry %" PRIu64 ")", s->entry.index);
        }
    }
    if (fault->slot != TJ_NOWHERE) {
        snprintf(slot, sizeof slot, ", signature %" PRIu32, fault->slot);
    }
    snprintf(why, PROOF_WHY_SIZE, "exhibit %" PRIu32 "%s%s: %s", fault->exhibit, place, slot,
             fault->rule);
    return false;
}

bool proof_file_decode(struct proof_file *out, const char *bytes, size_t size,
                       char why[PROOF_WHY_SIZE])
{
    struct tj_exhibit_fault fault;
    size_t extra_size = 0;
    out->extra = NULL;
    out->exhibits.count = 0;
    if (!tj_tlog_proof_decode(&out->proof, bytes, size)) {
        return wrong(why, "not a C2SP tlog-proof");
    }
    if (!tj_note_decode(&out->note, out->proof.checkpoint, out->proof.checkpoint_size) ||
        !tj_checkpoint_decode(&out->checkpoint, out->note.text, out->note.text_size)) {
        return wrong(why, "what follows the path is not a C2SP checkpoint");
    }
    if (out->proof.extra == NULL) {
        return wrong(why, "has no extra line, so it does not say what it proves: a tlog-proof, but "
                          "none that Tijori made");
    }
    out->extra = malloc(TJ_EXHIBITS_SIZE_MAX);
    TIJORI_REQUIRE(out->extra != NULL);
    if (!tj_base64_decode(out->extra, TJ_EXHIBITS_SIZE_MAX, &extra_size, out->proof.extra,
                          out->proof.extra_size) ||
        extra_size > TJ_EXHIBITS_SIZE_MAX) {
        return wrong(why, "the extra line is longer than 64 exhibits are");
    }
    if (!tj_exhibits_decode(&out->exhibits, out->extra, extra_size, &fault)) {
        return wrong_exhibit(why, &out->exhibits, &fault);
    }
    return out->exhibits.list[0].entry.index == out->proof.index ||
           wrong(why, "exhibit 0: of another entry than the proof's index");
}

void proof_file_clear(struct proof_file *file)
{
    free(file->extra);
    file->extra = NULL;
}

bool proof_file_verify(const struct proof_file *file, struct tj_digester *digester,
                       char why[PROOF_WHY_SIZE])
{
    struct tj_exhibit_fault fault;
    return tj_exhibits_verify(digester, &file->exhibits, &file->checkpoint, file->proof.path,
                              file->proof.path_count, &fault) ||
           wrong_exhibit(why, &file->exhibits, &fault);
}

char *proof_file_encode(const struct tj_tlog_proof *proof, const struct tj_exhibits *exhibits,
                        size_t *size)
{
    struct tj_tlog_proof whole = *proof;
    uint8_t *bytes = malloc(TJ_EXHIBITS_SIZE_MAX);
    char *out = malloc(TJ_TLOG_PROOF_SIZE_MAX);
    TIJORI_REQUIRE(bytes != NULL && out != NULL);
    size_t bytes_size = tj_exhibits_encode(exhibits, bytes, TJ_EXHIBITS_SIZE_MAX);
    char *extra = malloc(tj_base64_encoded_size(bytes_size));
    TIJORI_REQUIRE(bytes_size > 0 && extra != NULL);
    tj_base64_encode(extra, bytes, bytes_size);
    whole.extra = extra;
    whole.extra_size = tj_base64_encoded_size(bytes_size);
    *size = tj_tlog_proof_encode(out, TJ_TLOG_PROOF_SIZE_MAX, &whole);
    TIJORI_REQUIRE(*size > 0); /* exhibits and note have their bounds (core/format/exhibit.c) */
    free(extra);
    free(bytes);
    return out;
}
