#ifndef TIJORI_CRYPTO_NOTE_H
#define TIJORI_CRYPTO_NOTE_H

/* Signed notes and verifier keys, C2SP signed-note. A note is
 *     text (UTF-8, ends with a newline, no control characters below 0x20 but newline)
 *     a blank line
 *     one or more lines: em dash, space, name, space, base64(u32be key id || signature)
 * The text ends at the *last* blank line. Signed are the bytes of the text with its final
 * newline. */

#include "crypto/must_use.h"
#include "crypto/signature.h"

enum {
    TJ_NOTE_SIGNATURES_MAX = 64,
    TJ_NOTE_NAME_MAX = 255,
    TJ_NOTE_SIZE_MAX = 1 << 20,
    TJ_NOTE_BLOB_MAX = 8192, /* room for post-quantum signatures, which are read and ignored */
    TJ_NOTE_TYPE_ED25519 = 0x01,
    TJ_NOTE_TYPE_COSIGNATURE = 0x04,
};

/* One verifier key `<name>+<8 hex key id>+<base64(type || public key)>`. */
struct tj_verifier_key {
    char name[TJ_NOTE_NAME_MAX + 1];
    uint32_t key_id;
    uint8_t type;
    uint8_t public32[32];
};

/* A parsed note. Everything points into the caller's bytes and lives as long as they do. */
struct tj_note_signature_view {
    const char *name;
    size_t name_size;
    uint32_t key_id;
    const char *base64; /* of key id and signature */
    size_t base64_size;
};
struct tj_note_view {
    const char *text;
    size_t text_size; /* with its final newline */
    size_t signature_count;
    struct tj_note_signature_view signatures[TJ_NOTE_SIGNATURES_MAX];
};

/* key id = first 4 bytes of SHA-256(name || 0x0A || type || public key), big-endian. */
uint32_t tj_note_key_id(const char *name, uint8_t type, const uint8_t public32[32]) TJ_MUST_USE;

/* Makes the verifier key of a public key, of either type, under a name of at most TJ_NOTE_NAME_MAX
 * bytes. */
void tj_verifier_key_make(struct tj_verifier_key *out, const char *name, uint8_t type,
                          const uint8_t public32[32]);

/* True for a valid name: not empty, without Unicode spaces, '+' or control characters. */
bool tj_note_name_valid(const char *name, size_t size) TJ_MUST_USE;

/* Writes or reads a verifier key as text. 512 bytes of `out_size` always suffice. False when the
 * name is not valid or the text does not fit.
 *
 * Either accepts only a key of type 0x01 or 0x04, with the key id that belongs to it in lower-case
 * digits, and a valid point. What was decoded encodes to the same characters. */
bool tj_verifier_key_encode(const struct tj_verifier_key *key, char *out,
                            size_t out_size) TJ_MUST_USE;
bool tj_verifier_key_decode(struct tj_verifier_key *out, const char *text, size_t size) TJ_MUST_USE;

/* Reads a note. False when the bytes are not well formed; two lines of one (name, key id) are
 * not. */
bool tj_note_decode(struct tj_note_view *out, const char *bytes, size_t size) TJ_MUST_USE;

enum tj_note_verdict {
    TJ_NOTE_UNKNOWN, /* no signature by this (name, key id) */
    TJ_NOTE_VALID,
    TJ_NOTE_INVALID,   /* a signature by this key that does not verify: the note is to be refused */
    TJ_NOTE_UNDECIDED, /* this machine could not verify it: neither valid nor invalid */
};
/* Verifies the line of a key of type 0x01. A cosignature's message is tlog-cosignature's and not
 * the bare text, so a key of that type is UNKNOWN here. */
enum tj_note_verdict tj_note_verify(const struct tj_note_view *note,
                                    const struct tj_verifier_key *key) TJ_MUST_USE;

/* Writes text, blank line and one Ed25519 signature line. Returns the size written, 0 when `out`
 * is too small, or the name or the text not valid, or OpenSSL could not sign. */
size_t tj_note_sign(char *out, size_t out_size, const char *text, size_t text_size,
                    const char *name, const uint8_t secret32[32]) TJ_MUST_USE;

/* ---- for the formats that are notes ---- */

/* Finds the line by this key; NULL when there is none. Its signature is not looked at. */
const struct tj_note_signature_view *tj_note_find(const struct tj_note_view *note,
                                                  const struct tj_verifier_key *key);

/* What a verified line says: VALID, INVALID or UNDECIDED. */
enum tj_note_verdict tj_note_verdict_of(enum tj_signature_verdict verdict) TJ_MUST_USE;

/* Writes one signature line, with key id and blob in base64, and returns its size. 0 when `out` is
 * too small, the name is not valid or the blob is longer than 256 bytes. */
size_t tj_note_line_encode(char *out, size_t out_size, const char *name, uint32_t key_id,
                           const uint8_t *blob, size_t blob_size) TJ_MUST_USE;

/* A decoded line as it stands in the note's bytes, with its newline. */
const char *tj_note_line_start(const struct tj_note_signature_view *line);
size_t tj_note_line_size(const struct tj_note_signature_view *line) TJ_MUST_USE;

/* Read numbers and hashes as these formats write them: a decimal without sign or leading zeros, at
 * most 2^64 - 1; and 32 bytes in base64. */
bool tj_parse_decimal64(uint64_t *out, const char *text, size_t size) TJ_MUST_USE;
bool tj_parse_hash64(struct tj_hash *out, const char *text, size_t size) TJ_MUST_USE;

#endif
