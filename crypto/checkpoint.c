#include "crypto/checkpoint.h"

#include "crypto/base64.h"
#include "crypto/require.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    ROOT_BASE64_SIZE = 44,
    COSIGNATURE_SIZE = 8 + TJ_SIGNATURE_SIZE, /* u64be time || signature */
    PREFIX_MAX = 64,                          /* of what a cosignature signs before the text */
};

/* ---- the text ---- */

/* One line up to its newline; NULL when there is none. */
static const char *line_end(const char *at, const char *end)
{
    return at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
}

bool tj_parse_decimal64(uint64_t *out, const char *text, size_t size)
{
    uint64_t value = 0;
    if (size == 0 || size > 20 || (size > 1 && text[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        const uint64_t digit = (uint64_t)(text[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

bool tj_parse_hash64(struct tj_hash *out, const char *text, size_t size)
{
    size_t decoded = 0;
    return size == ROOT_BASE64_SIZE &&
           tj_base64_decode(out->bytes, TJ_HASH_SIZE, &decoded, text, size) &&
           decoded == TJ_HASH_SIZE;
}

bool tj_checkpoint_decode(struct tj_checkpoint *out, const char *text, size_t size)
{
    const char *end = text + size;
    const char *origin_end = line_end(text, end);
    const char *size_end = origin_end != NULL ? line_end(origin_end + 1, end) : NULL;
    const char *root_end = size_end != NULL ? line_end(size_end + 1, end) : NULL;
    if (root_end == NULL || root_end + 1 != end) {
        return false;
    }
    const size_t origin_size = (size_t)(origin_end - text);
    if (!tj_note_name_valid(text, origin_size) ||
        !tj_parse_decimal64(&out->size, origin_end + 1, (size_t)(size_end - origin_end - 1)) ||
        !tj_parse_hash64(&out->root, size_end + 1, (size_t)(root_end - size_end - 1))) {
        return false;
    }
    memcpy(out->origin, text, origin_size);
    out->origin[origin_size] = '\0';
    return true;
}

bool tj_checkpoint_note_decode(struct tj_note_view *view, struct tj_checkpoint *out,
                               const void *note, size_t size)
{
    return tj_note_decode(view, note, size) &&
           tj_checkpoint_decode(out, view->text, view->text_size);
}

size_t tj_checkpoint_encode(char *out, size_t out_size, const struct tj_checkpoint *checkpoint)
{
    char text[TJ_CHECKPOINT_TEXT_MAX + 1];
    char root[ROOT_BASE64_SIZE + 1];
    if (!tj_note_name_valid(checkpoint->origin, strlen(checkpoint->origin))) {
        return 0;
    }
    tj_base64_encode(root, checkpoint->root.bytes, TJ_HASH_SIZE);
    root[ROOT_BASE64_SIZE] = '\0';
    const int size = snprintf(text, sizeof text, "%s\n%" PRIu64 "\n%s\n", checkpoint->origin,
                              checkpoint->size, root);
    TJ_CRYPTO_REQUIRE(size > 0 && (size_t)size < sizeof text);
    if ((size_t)size > out_size) {
        return 0;
    }
    memcpy(out, text, (size_t)size);
    return (size_t)size;
}

size_t tj_checkpoint_sign(char *out, size_t out_size, const struct tj_checkpoint *checkpoint,
                          const uint8_t secret32[32])
{
    char text[TJ_CHECKPOINT_TEXT_MAX];
    size_t size = tj_checkpoint_encode(text, sizeof text, checkpoint);
    return size == 0 ? 0 : tj_note_sign(out, out_size, text, size, checkpoint->origin, secret32);
}

/* ---- cosignatures ---- */

/* What is signed: "cosignature/v1\ntime N\n" and the text. The buffer is the caller's. */
static size_t cosigned_message(char *out, const char *text, size_t text_size, uint64_t time_s)
{
    int prefix = snprintf(out, PREFIX_MAX, "cosignature/v1\ntime %" PRIu64 "\n", time_s);
    TJ_CRYPTO_REQUIRE(prefix > 0 && prefix < PREFIX_MAX);
    memcpy(out + prefix, text, text_size);
    return (size_t)prefix + text_size;
}

size_t tj_cosign(char *out, size_t out_size, const char *text, size_t text_size, const char *name,
                 uint64_t time_s, const uint8_t secret32[32])
{
    char message[PREFIX_MAX + TJ_CHECKPOINT_TEXT_MAX];
    uint8_t blob[COSIGNATURE_SIZE];
    struct tj_public_key key;
    if (text_size > TJ_CHECKPOINT_TEXT_MAX ||
        !tj_public_key_of(&key, TJ_ALGORITHM_ED25519, secret32)) {
        return 0;
    }
    for (int i = 0; i < 8; i++) {
        blob[i] = (uint8_t)(time_s >> (56 - 8 * i));
    }
    size_t size = cosigned_message(message, text, text_size, time_s);
    if (!tj_ed25519_sign(blob + 8, secret32, message, size)) {
        return 0;
    }
    return tj_note_line_encode(out, out_size, name,
                               tj_note_key_id(name, TJ_NOTE_TYPE_COSIGNATURE, key.bytes), blob,
                               sizeof blob);
}

static bool read_blob(const struct tj_note_signature_view *line, uint8_t blob[4 + COSIGNATURE_SIZE],
                      uint64_t *time_s)
{
    size_t size = 0;
    if (!tj_base64_decode(blob, 4 + COSIGNATURE_SIZE, &size, line->base64, line->base64_size) ||
        size != 4 + COSIGNATURE_SIZE) {
        return false;
    }
    *time_s = 0;
    for (int i = 0; i < 8; i++) {
        *time_s = *time_s << 8 | blob[4 + i];
    }
    return true;
}

bool tj_cosignature_time(const struct tj_note_signature_view *line, uint64_t *time_s)
{
    uint8_t blob[4 + COSIGNATURE_SIZE];
    return read_blob(line, blob, time_s);
}

enum tj_note_verdict tj_cosignature_verify(const struct tj_note_view *note, uint64_t *time_s,
                                           const struct tj_verifier_key *key)
{
    uint8_t blob[4 + COSIGNATURE_SIZE];
    char message[PREFIX_MAX + TJ_CHECKPOINT_TEXT_MAX];
    uint64_t time;
    const struct tj_note_signature_view *line = tj_note_find(note, key);
    if (key->type != TJ_NOTE_TYPE_COSIGNATURE || line == NULL) {
        return TJ_NOTE_UNKNOWN;
    }
    if (note->text_size > TJ_CHECKPOINT_TEXT_MAX || !read_blob(line, blob, &time)) {
        return TJ_NOTE_INVALID;
    }
    size_t size = cosigned_message(message, note->text, note->text_size, time);
    const enum tj_note_verdict verdict =
        tj_note_verdict_of(tj_ed25519_verify(key->public32, message, size, blob + 4 + 8));
    if (verdict == TJ_NOTE_VALID && time_s != NULL) {
        *time_s = time;
    }
    return verdict;
}

/* ---- merging ---- */

bool tj_note_has_line(const struct tj_note_view *note, const struct tj_note_signature_view *line)
{
    for (size_t i = 0; i < note->signature_count; i++) {
        const struct tj_note_signature_view *own = &note->signatures[i];
        if (own->key_id == line->key_id && own->name_size == line->name_size &&
            memcmp(own->name, line->name, own->name_size) == 0) {
            return true;
        }
    }
    return false;
}

bool tj_note_merge(char *note, size_t *size, size_t capacity, const char *other, size_t other_size)
{
    struct tj_note_view mine;
    struct tj_note_view theirs;
    if (!tj_note_decode(&mine, note, *size) || !tj_note_decode(&theirs, other, other_size) ||
        mine.text_size != theirs.text_size || memcmp(mine.text, theirs.text, mine.text_size) != 0) {
        return false;
    }
    size_t total = *size;
    size_t lines = mine.signature_count;
    for (size_t i = 0; i < theirs.signature_count; i++) {
        if (!tj_note_has_line(&mine, &theirs.signatures[i])) {
            total += tj_note_line_size(&theirs.signatures[i]);
            lines++;
        }
    }
    if (total > capacity || total > TJ_NOTE_SIZE_MAX || lines > TJ_NOTE_SIGNATURES_MAX) {
        return false;
    }
    for (size_t i = 0; i < theirs.signature_count; i++) {
        const struct tj_note_signature_view *line = &theirs.signatures[i];
        if (!tj_note_has_line(&mine, line)) {
            size_t line_size = tj_note_line_size(line);
            memcpy(note + *size, tj_note_line_start(line), line_size);
            *size += line_size;
        }
    }
    return true;
}
