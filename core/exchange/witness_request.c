#include "core/exchange/witness_request.h"

#include "crypto/base64.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { HASH_BASE64_SIZE = 44 };

/* The line at *at, which moves on behind its newline. False when there is none. */
static bool next_line(const char **at, const char **line, size_t *size, const char *end)
{
    const char *newline = *at < end ? memchr(*at, '\n', (size_t)(end - *at)) : NULL;
    if (newline == NULL) {
        return false;
    }
    *line = *at;
    *size = (size_t)(newline - *at);
    *at = newline + 1;
    return true;
}

const char *tj_witness_request_decode(struct tj_witness_request *out, const char *bytes,
                                      size_t size)
{
    static const char old[] = "old ";
    const size_t old_length = sizeof old - 1;
    const char *at = bytes;
    const char *end = bytes + size;
    const char *line = NULL;
    size_t length = 0;
    out->proof_count = 0;
    if (size > TJ_WITNESS_REQUEST_MAX) {
        return "the request is too large";
    }
    if (!next_line(&at, &line, &length, end) || length <= old_length ||
        memcmp(line, old, old_length) != 0 ||
        !tj_parse_decimal64(&out->old_size, line + old_length, length - old_length)) {
        return "the first line is not 'old' and a size";
    }
    for (;;) {
        if (!next_line(&at, &line, &length, end)) {
            return "no blank line after the proof";
        }
        if (length == 0) {
            break;
        }
        if (out->proof_count == TJ_PROOF_HASHES_MAX) {
            return "the proof has more than 63 lines";
        }
        if (!tj_parse_hash64(&out->proof[out->proof_count], line, length)) {
            return "a line of the proof is not 32 bytes in base64";
        }
        out->proof_count++;
    }
    if ((size_t)(end - at) > TJ_CHECKPOINT_NOTE_MAX) {
        return "the checkpoint is too large";
    }
    if (!tj_note_decode(&out->note, at, (size_t)(end - at))) {
        return "the checkpoint is not a signed note";
    }
    if (!tj_checkpoint_decode(&out->checkpoint, out->note.text, out->note.text_size)) {
        return "the note is not a checkpoint: origin, size and root, and nothing else";
    }
    return NULL;
}

size_t tj_witness_request_encode(char *out, size_t out_size, uint64_t old_size,
                                 const struct tj_hash *proof, size_t proof_count, const char *note,
                                 size_t note_size)
{
    int head = snprintf(out, out_size, "old %" PRIu64 "\n", old_size);
    if (head < 0 || (size_t)head >= out_size) {
        return 0;
    }
    size_t size = (size_t)head;
    if (proof_count > TJ_PROOF_HASHES_MAX ||
        size + proof_count * (HASH_BASE64_SIZE + 1) + 1 + note_size > out_size) {
        return 0;
    }
    for (size_t i = 0; i < proof_count; i++) {
        tj_base64_encode(out + size, proof[i].bytes, TJ_HASH_SIZE);
        size += HASH_BASE64_SIZE;
        out[size++] = '\n';
    }
    out[size++] = '\n';
    memcpy(out + size, note, note_size);
    return size + note_size;
}
