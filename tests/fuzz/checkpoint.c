/* Checkpoints and cosigned notes: a checkpoint that decodes encodes to the same bytes; a note that
 * is merged with itself stays as it is, and one that is merged with another (the two parted by a
 * NUL) becomes a note that begins with it. */

#include "crypto/checkpoint.h"

#include <stdlib.h>
#include <string.h>

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void check_text(const char *text, size_t size)
{
    struct tj_checkpoint checkpoint;
    char again[TJ_CHECKPOINT_TEXT_MAX];
    if (tj_checkpoint_decode(&checkpoint, text, size)) {
        require(tj_checkpoint_encode(again, sizeof again, &checkpoint) == size);
        require(memcmp(again, text, size) == 0);
    }
}

/* A witness whose cosignature is in the corpus. */
static void check_cosignature(const struct tj_note_view *note)
{
    static const char vkey[] =
        "witness.example/w1+df1c0a35+BIE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU";
    struct tj_verifier_key key;
    uint64_t time_s = 0;
    require(tj_verifier_key_decode(&key, vkey, sizeof vkey - 1));
    if (tj_cosignature_verify(note, &time_s, &key) != TJ_NOTE_VALID) {
        require(time_s == 0);
    }
    require(tj_note_verify(note, &key) == TJ_NOTE_UNKNOWN);
}

static void check_merge(const char *mine, size_t mine_size, const char *other, size_t other_size)
{
    struct tj_note_view view;
    const size_t capacity = mine_size + other_size;
    size_t size = mine_size;
    char *note = malloc(capacity > 0 ? capacity : 1);
    require(note != NULL);
    memcpy(note, mine, mine_size);
    if (tj_note_merge(note, &size, capacity, other, other_size)) {
        require(size >= mine_size && size <= capacity);
        require(tj_note_decode(&view, note, size));
    } else {
        require(size == mine_size);
    }
    require(memcmp(note, mine, mine_size) == 0);
    free(note);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    const char *nul = size > 0 ? memchr(bytes, '\0', size) : NULL;
    struct tj_note_view view;
    check_text(bytes, size);
    if (nul != NULL) {
        const size_t first = (size_t)(nul - bytes);
        check_merge(bytes, first, nul + 1, size - first - 1);
    } else if (tj_note_decode(&view, bytes, size)) {
        size_t merged = size;
        char *note = malloc(size);
        require(note != NULL);
        memcpy(note, bytes, size);
        require(tj_note_merge(note, &merged, size, bytes, size) && merged == size);
        free(note);
        check_text(view.text, view.text_size);
        check_cosignature(&view);
    }
    return 0;
}
