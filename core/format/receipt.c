#include "core/format/receipt.h"

#include "core/base/cursor.h"
#include "crypto/base64.h"
#include "crypto/hex.h"

#include <inttypes.h>
#include <string.h>

enum { HEX_SIZE = 2 * TJ_HASH_SIZE, BASE64_SIZE = 44 };

/* ---- encoding ---- */

size_t tj_receipt_encode(char *out, size_t out_size, const struct tj_receipt *receipt)
{
    char id[HEX_SIZE + 1];
    char leaf[HEX_SIZE + 1];
    char root[BASE64_SIZE + 1] = "";
    char promise[3 * 32 + HEX_SIZE] = "";
    if (!tj_note_name_valid(receipt->origin, strlen(receipt->origin))) {
        return 0;
    }
    tj_hex_encode(id, receipt->envelope_id.bytes, TJ_HASH_SIZE);
    if (tj_receipt_promises(receipt)) {
        tj_hex_encode(leaf, receipt->leaf.bytes, TJ_HASH_SIZE);
        snprintf(promise, sizeof promise, "entry %" PRIu64 "\nleaf %s\nreceived %" PRIu64 "\n",
                 receipt->entry, leaf, receipt->received_ns);
    }
    tj_base64_encode(root, receipt->head_root.bytes, TJ_HASH_SIZE);
    int size = snprintf(out, out_size,
                        "tijori/receipt/v1\n%s\nenvelope %s\nstatus %s\n%shead %" PRIu64 " %s\n",
                        receipt->origin, id, tijori_status_name(receipt->status), promise,
                        receipt->head_size, root);
    if (size > 0 && (size_t)size < out_size) {
        return (size_t)size;
    }
    return 0;
}

size_t tj_receipt_sign(char *out, size_t out_size, const struct tj_receipt *receipt,
                       const uint8_t secret32[32])
{
    char text[TJ_RECEIPT_TEXT_MAX];
    size_t size = tj_receipt_encode(text, sizeof text, receipt);
    if (size == 0) {
        return 0;
    }
    return tj_note_sign(out, out_size, text, size, receipt->origin, secret32);
}

/* ---- decoding ---- */

struct lines {
    const char *at;
    const char *end;
};

/* The rest of the next line, which starts with `word`; false when it does not. */
static bool take_line(struct lines *in, const char **text, size_t *size, const char *word)
{
    const char *newline =
        in->at < in->end ? memchr(in->at, '\n', (size_t)(in->end - in->at)) : NULL;
    size_t word_size = strlen(word);
    if (newline == NULL || (size_t)(newline - in->at) < word_size ||
        memcmp(in->at, word, word_size) != 0) {
        return false;
    }
    *text = in->at + word_size;
    *size = (size_t)(newline - *text);
    in->at = newline + 1;
    return true;
}

static bool take_decimal(struct lines *in, uint64_t *out, const char *word)
{
    const char *text;
    size_t size;
    return take_line(in, &text, &size, word) && tj_parse_decimal64(out, text, size);
}

static bool take_hex(struct lines *in, struct tj_hash *out, const char *word)
{
    const char *text;
    size_t size;
    return take_line(in, &text, &size, word) && tj_hex_decode(out->bytes, TJ_HASH_SIZE, text, size);
}

static bool take_origin(struct lines *in, char out[TJ_NOTE_NAME_MAX + 1])
{
    const char *text;
    size_t size;
    if (!take_line(in, &text, &size, "") || !tj_note_name_valid(text, size)) {
        return false;
    }
    memcpy(out, text, size);
    out[size] = '\0';
    return true;
}

static bool take_status(struct lines *in, enum tijori_status *out)
{
    const char *text;
    size_t size;
    if (!take_line(in, &text, &size, "status ")) {
        return false;
    }
    for (int i = 0; i < (int)TIJORI_STATUS_COUNT; i++) {
        const char *name = tijori_status_name((enum tijori_status)i);
        if (strlen(name) == size && memcmp(name, text, size) == 0) {
            *out = (enum tijori_status)i;
            return true;
        }
    }
    return false;
}

static bool take_head(struct lines *in, uint64_t *size, struct tj_hash *root)
{
    const char *text;
    size_t length;
    if (!take_line(in, &text, &length, "head ")) {
        return false;
    }
    const char *space = memchr(text, ' ', length);
    if (space == NULL) {
        return false;
    }
    size_t digits = (size_t)(space - text);
    return tj_parse_decimal64(size, text, digits) &&
           tj_parse_hash64(root, space + 1, length - digits - 1);
}

bool tj_receipt_decode(struct tj_receipt *out, const char *text, size_t size)
{
    struct lines in = {text, text + size};
    const char *rest;
    size_t rest_size;
    memset(out, 0, sizeof *out);
    if (!take_line(&in, &rest, &rest_size, "tijori/receipt/v1") || rest_size != 0 ||
        !take_origin(&in, out->origin) || !take_hex(&in, &out->envelope_id, "envelope ") ||
        !take_status(&in, &out->status)) {
        return false;
    }
    if (tj_receipt_promises(out) &&
        (!take_decimal(&in, &out->entry, "entry ") || !take_hex(&in, &out->leaf, "leaf ") ||
         !take_decimal(&in, &out->received_ns, "received "))) {
        return false;
    }
    return take_head(&in, &out->head_size, &out->head_root) && in.at == in.end;
}

enum tj_receipt_verdict tj_receipt_verify(struct tj_receipt *out, const char *note, size_t size,
                                          const struct tj_verifier_key *key)
{
    struct tj_note_view view;
    if (!tj_note_decode(&view, note, size) || !tj_receipt_decode(out, view.text, view.text_size)) {
        return TJ_RECEIPT_MALFORMED;
    }
    if (strcmp(out->origin, key->name) != 0) {
        return TJ_RECEIPT_UNKNOWN;
    }
    switch (tj_note_verify(&view, key)) {
    case TJ_NOTE_UNKNOWN:
        return TJ_RECEIPT_UNKNOWN;
    case TJ_NOTE_VALID:
        return TJ_RECEIPT_VALID;
    case TJ_NOTE_INVALID:
        return TJ_RECEIPT_INVALID;
    case TJ_NOTE_UNDECIDED:
        return TJ_RECEIPT_UNDECIDED;
    }
    abort();
}
