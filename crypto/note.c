#include "crypto/note.h"

#include "crypto/base64.h"
#include "crypto/hex.h"
#include "crypto/require.h"
#include "crypto/utf8.h"

#include <string.h>

enum {
    KEY_ID_SIZE = 4,
    KEY_ID_HEX_SIZE = 8,
    PUBLIC_BLOB_SIZE = 1 + 32,    /* type || public key */
    PUBLIC_BLOB_BASE64_SIZE = 44, /* of those */
    SIGNATURE_BLOB_SIZE = KEY_ID_SIZE + TJ_SIGNATURE_SIZE,
    SIGNATURE_BLOB_BASE64_SIZE = 92, /* of those */
    LINE_START_SIZE = 4,             /* em dash and space */
    LINE_BLOB_MAX = 256,             /* of what is written: room for any signature there is */
};

/* U+2014 in UTF-8, and a space. */
static const char line_start[LINE_START_SIZE + 1] = "\xe2\x80\x94 ";

static uint32_t read_u32be(const uint8_t bytes[4])
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void write_u32be(uint8_t bytes[4], uint32_t value)
{
    bytes[0] = (uint8_t)(value >> 24);
    bytes[1] = (uint8_t)(value >> 16);
    bytes[2] = (uint8_t)(value >> 8);
    bytes[3] = (uint8_t)value;
}

static size_t bounded_length(const char *text, size_t max)
{
    const char *end = memchr(text, '\0', max);
    return end != NULL ? (size_t)(end - text) : max;
}

/* UTF-8 without control characters below 0x20 but newline. */
static bool text_valid(const char *text, size_t size)
{
    size_t at = 0;
    while (at < size) {
        uint32_t code_point = 0;
        const size_t length = tj_utf8_next(&code_point, text + at, size - at);
        if (length == 0 || (code_point < 0x20 && code_point != '\n')) {
            return false;
        }
        at += length;
    }
    return true;
}

/* Unicode's White_Space, and the control characters C0, DEL and C1, which hold some of it. */
static bool is_space_or_control(uint32_t c)
{
    return c <= 0x20 || (c >= 0x7f && c <= 0xa0) || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
           c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

void tj_verifier_key_make(struct tj_verifier_key *out, const char *name, uint8_t type,
                          const uint8_t public32[32])
{
    const size_t name_size = strlen(name);
    TJ_CRYPTO_REQUIRE(name_size <= TJ_NOTE_NAME_MAX);
    memset(out, 0, sizeof *out);
    memcpy(out->name, name, name_size);
    out->type = type;
    memcpy(out->public32, public32, sizeof out->public32);
    out->key_id = tj_note_key_id(name, type, public32);
}

bool tj_note_name_valid(const char *name, size_t size)
{
    if (size == 0 || size > TJ_NOTE_NAME_MAX) {
        return false;
    }
    size_t at = 0;
    while (at < size) {
        uint32_t code_point = 0;
        const size_t length = tj_utf8_next(&code_point, name + at, size - at);
        if (length == 0 || code_point == '+' || is_space_or_control(code_point)) {
            return false;
        }
        at += length;
    }
    return true;
}

uint32_t tj_note_key_id(const char *name, uint8_t type, const uint8_t public32[32])
{
    char text[TJ_NOTE_NAME_MAX + 2 + 32];
    struct tj_hash hash;
    const size_t name_size = bounded_length(name, TJ_NOTE_NAME_MAX);
    memcpy(text, name, name_size);
    text[name_size] = '\n';
    text[name_size + 1] = (char)type;
    memcpy(text + name_size + 2, public32, 32);
    TJ_CRYPTO_REQUIRE(tj_sha256_alone(&hash, text, name_size + 2 + 32));
    return read_u32be(hash.bytes);
}

static bool type_known(uint8_t type)
{
    return type == TJ_NOTE_TYPE_ED25519 || type == TJ_NOTE_TYPE_COSIGNATURE;
}

static bool public_key_valid(const uint8_t public32[32])
{
    struct tj_public_key key = {.algorithm = TJ_ALGORITHM_ED25519, .size = 32};
    memcpy(key.bytes, public32, 32);
    return tj_public_key_valid(&key);
}

/* Both ways end here, so that what was encoded decodes. */
static bool verifier_key_consistent(const struct tj_verifier_key *key)
{
    return type_known(key->type) &&
           key->key_id == tj_note_key_id(key->name, key->type, key->public32) &&
           public_key_valid(key->public32);
}

bool tj_verifier_key_encode(const struct tj_verifier_key *key, char *out, size_t out_size)
{
    const size_t name_size = bounded_length(key->name, sizeof key->name);
    const size_t needed = name_size + 1 + KEY_ID_HEX_SIZE + 1 + PUBLIC_BLOB_BASE64_SIZE + 1;
    if (!tj_note_name_valid(key->name, name_size) || needed > out_size ||
        !verifier_key_consistent(key)) {
        return false;
    }
    uint8_t key_id[KEY_ID_SIZE];
    memcpy(out, key->name, name_size);
    char *at = out + name_size;
    *at++ = '+';
    write_u32be(key_id, key->key_id);
    tj_hex_encode(at, key_id, sizeof key_id);
    at += KEY_ID_HEX_SIZE;
    *at++ = '+';
    uint8_t blob[PUBLIC_BLOB_SIZE];
    blob[0] = key->type;
    memcpy(blob + 1, key->public32, 32);
    tj_base64_encode(at, blob, sizeof blob);
    at[PUBLIC_BLOB_BASE64_SIZE] = '\0';
    return true;
}

bool tj_verifier_key_decode(struct tj_verifier_key *out, const char *text, size_t size)
{
    memset(out, 0, sizeof *out);
    /* A name has no '+', base64 may have some: the first two are the separators. */
    const char *plus = size > 0 ? memchr(text, '+', size) : NULL;
    if (plus == NULL) {
        return false;
    }
    const size_t name_size = (size_t)(plus - text);
    if (!tj_note_name_valid(text, name_size) ||
        size - name_size != 1 + KEY_ID_HEX_SIZE + 1 + PUBLIC_BLOB_BASE64_SIZE ||
        plus[1 + KEY_ID_HEX_SIZE] != '+') {
        return false;
    }
    struct tj_verifier_key key = {.type = 0};
    uint8_t blob[PUBLIC_BLOB_SIZE];
    size_t blob_size = 0;
    uint8_t key_id[KEY_ID_SIZE];
    if (!tj_hex_decode(key_id, sizeof key_id, plus + 1, KEY_ID_HEX_SIZE) ||
        !tj_base64_decode(blob, sizeof blob, &blob_size, plus + 1 + KEY_ID_HEX_SIZE + 1,
                          PUBLIC_BLOB_BASE64_SIZE) ||
        blob_size != sizeof blob) {
        return false;
    }
    memcpy(key.name, text, name_size);
    key.type = blob[0];
    key.key_id = read_u32be(key_id);
    memcpy(key.public32, blob + 1, 32);
    if (!verifier_key_consistent(&key)) {
        return false;
    }
    *out = key;
    return true;
}

/* One signature line without its newline. */
static bool decode_line(struct tj_note_signature_view *out, const char *line, size_t size)
{
    if (size <= LINE_START_SIZE || memcmp(line, line_start, LINE_START_SIZE) != 0) {
        return false;
    }
    const char *name = line + LINE_START_SIZE;
    const char *end = line + size;
    const char *space = memchr(name, ' ', (size_t)(end - name));
    if (space == NULL || !tj_note_name_valid(name, (size_t)(space - name))) {
        return false;
    }
    uint8_t key_id[KEY_ID_SIZE];
    size_t blob_size = 0;
    const char *base64 = space + 1;
    const size_t base64_size = (size_t)(end - base64);
    /* An id without a signature says nothing. */
    if (!tj_base64_decode(key_id, sizeof key_id, &blob_size, base64, base64_size) ||
        blob_size <= KEY_ID_SIZE || blob_size > TJ_NOTE_BLOB_MAX) {
        return false;
    }
    out->name = name;
    out->name_size = (size_t)(space - name);
    out->key_id = read_u32be(key_id);
    out->base64 = base64;
    out->base64_size = base64_size;
    return true;
}

static bool signature_is_of(const struct tj_note_signature_view *signature, const char *name,
                            size_t name_size, uint32_t key_id)
{
    return signature->key_id == key_id && signature->name_size == name_size &&
           memcmp(signature->name, name, name_size) == 0;
}

static bool append_signature(struct tj_note_view *note,
                             const struct tj_note_signature_view *signature)
{
    if (note->signature_count == TJ_NOTE_SIGNATURES_MAX) {
        return false;
    }
    for (size_t i = 0; i < note->signature_count; i++) {
        if (signature_is_of(&note->signatures[i], signature->name, signature->name_size,
                            signature->key_id)) {
            return false;
        }
    }
    note->signatures[note->signature_count] = *signature;
    note->signature_count++;
    return true;
}

/* The place of the second newline of the last blank line; NULL when there is none. */
static const char *last_blank_line(const char *bytes, size_t size)
{
    for (size_t i = size; i >= 2; i--) {
        if (bytes[i - 1] == '\n' && bytes[i - 2] == '\n') {
            return bytes + i - 1;
        }
    }
    return NULL;
}

bool tj_note_decode(struct tj_note_view *out, const char *bytes, size_t size)
{
    out->text = NULL;
    out->text_size = 0;
    out->signature_count = 0;
    if (size > TJ_NOTE_SIZE_MAX || !text_valid(bytes, size)) {
        return false;
    }
    const char *blank = last_blank_line(bytes, size);
    if (blank == NULL) {
        return false;
    }
    const char *line = blank + 1;
    const char *end = bytes + size;
    while (line < end) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        struct tj_note_signature_view signature;
        if (newline == NULL || !decode_line(&signature, line, (size_t)(newline - line)) ||
            !append_signature(out, &signature)) {
            return false;
        }
        line = newline + 1;
    }
    if (out->signature_count == 0) {
        return false;
    }
    out->text = bytes;
    out->text_size = (size_t)(blank - bytes);
    return true;
}

const struct tj_note_signature_view *tj_note_find(const struct tj_note_view *note,
                                                  const struct tj_verifier_key *key)
{
    const size_t name_size = bounded_length(key->name, sizeof key->name);
    for (size_t i = 0; i < note->signature_count; i++) {
        /* Decoding refused a second line of one key. */
        if (signature_is_of(&note->signatures[i], key->name, name_size, key->key_id)) {
            return &note->signatures[i];
        }
    }
    return NULL;
}

enum tj_note_verdict tj_note_verify(const struct tj_note_view *note,
                                    const struct tj_verifier_key *key)
{
    const struct tj_note_signature_view *signature = tj_note_find(note, key);
    if (key->type != TJ_NOTE_TYPE_ED25519 || signature == NULL) {
        return TJ_NOTE_UNKNOWN;
    }
    uint8_t blob[SIGNATURE_BLOB_SIZE];
    size_t blob_size = 0;
    if (!tj_base64_decode(blob, sizeof blob, &blob_size, signature->base64,
                          signature->base64_size) ||
        blob_size != sizeof blob) {
        return TJ_NOTE_INVALID;
    }
    return tj_note_verdict_of(
        tj_ed25519_verify(key->public32, note->text, note->text_size, blob + KEY_ID_SIZE));
}

enum tj_note_verdict tj_note_verdict_of(enum tj_signature_verdict verdict)
{
    switch (verdict) {
    case TJ_SIGNATURE_INVALID:
        return TJ_NOTE_INVALID;
    case TJ_SIGNATURE_VALID:
        return TJ_NOTE_VALID;
    case TJ_SIGNATURE_UNDECIDED:
        return TJ_NOTE_UNDECIDED;
    }
    abort();
}

const char *tj_note_line_start(const struct tj_note_signature_view *line)
{
    return line->name - LINE_START_SIZE;
}

size_t tj_note_line_size(const struct tj_note_signature_view *line)
{
    return LINE_START_SIZE + line->name_size + 1 + line->base64_size + 1;
}

size_t tj_note_line_encode(char *out, size_t out_size, const char *name, uint32_t key_id,
                           const uint8_t *blob, size_t blob_size)
{
    uint8_t whole[KEY_ID_SIZE + LINE_BLOB_MAX];
    const size_t name_size = bounded_length(name, TJ_NOTE_NAME_MAX + 1);
    if (!tj_note_name_valid(name, name_size) || blob_size > LINE_BLOB_MAX) {
        return 0;
    }
    const size_t base64_size = tj_base64_encoded_size(KEY_ID_SIZE + blob_size);
    const size_t needed = LINE_START_SIZE + name_size + 1 + base64_size + 1;
    if (needed > out_size) {
        return 0;
    }
    write_u32be(whole, key_id);
    memcpy(whole + KEY_ID_SIZE, blob, blob_size);
    char *at = out;
    memcpy(at, line_start, LINE_START_SIZE);
    at += LINE_START_SIZE;
    memcpy(at, name, name_size);
    at += name_size;
    *at++ = ' ';
    tj_base64_encode(at, whole, KEY_ID_SIZE + blob_size);
    at[base64_size] = '\n';
    return needed;
}

size_t tj_note_sign(char *out, size_t out_size, const char *text, size_t text_size,
                    const char *name, const uint8_t secret32[32])
{
    const size_t name_size = bounded_length(name, TJ_NOTE_NAME_MAX + 1);
    if (!tj_note_name_valid(name, name_size) || text_size == 0 || text_size > TJ_NOTE_SIZE_MAX ||
        text[text_size - 1] != '\n' || !text_valid(text, text_size)) {
        return 0;
    }
    const size_t line_size = LINE_START_SIZE + name_size + 1 + SIGNATURE_BLOB_BASE64_SIZE + 1;
    const size_t needed = text_size + 1 + line_size;
    if (needed > out_size || needed > TJ_NOTE_SIZE_MAX) {
        return 0;
    }
    struct tj_public_key key;
    uint8_t signature[TJ_SIGNATURE_SIZE];
    if (!tj_public_key_of(&key, TJ_ALGORITHM_ED25519, secret32) ||
        !tj_ed25519_sign(signature, secret32, text, text_size)) {
        return 0;
    }
    memmove(out, text, text_size); /* the caller may sign in place */
    out[text_size] = '\n';
    const uint32_t key_id = tj_note_key_id(name, TJ_NOTE_TYPE_ED25519, key.bytes);
    const size_t written = tj_note_line_encode(out + text_size + 1, out_size - text_size - 1, name,
                                               key_id, signature, sizeof signature);
    return written == line_size ? needed : 0;
}
