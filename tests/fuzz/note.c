/* Signed notes and verifier keys: no input may crash, a view stays inside its bytes, and a verifier
 * key that decodes encodes to the same characters. */

#include "crypto/note.h"

#include <stdlib.h>
#include <string.h>

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static void check_note(const char *bytes, size_t size)
{
    static const char vkey[] =
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    struct tj_note_view note;
    if (!tj_note_decode(&note, bytes, size)) {
        return;
    }
    require(note.text == bytes && note.text_size > 0 && note.text_size < size);
    require(note.text[note.text_size - 1] == '\n' && note.text[note.text_size] == '\n');
    require(note.signature_count > 0 && note.signature_count <= TJ_NOTE_SIGNATURES_MAX);
    const char *at = bytes + note.text_size + 1;
    for (size_t i = 0; i < note.signature_count; i++) {
        const struct tj_note_signature_view *signature = &note.signatures[i];
        require(signature->name == at + 4);
        require(signature->base64 == signature->name + signature->name_size + 1);
        at = signature->base64 + signature->base64_size + 1;
    }
    require(at == bytes + size);
    struct tj_verifier_key key;
    require(tj_verifier_key_decode(&key, vkey, sizeof vkey - 1));
    enum tj_note_verdict verdict = tj_note_verify(&note, &key);
    require(verdict <= TJ_NOTE_INVALID);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    struct tj_verifier_key key;
    check_note(bytes, size);
    if (tj_verifier_key_decode(&key, bytes, size)) {
        char text[512];
        require(tj_verifier_key_encode(&key, text, sizeof text));
        require(strlen(text) == size && memcmp(text, bytes, size) == 0);
    }
    return 0;
}
