#include "crypto_support.h"

#include "crypto/base64.h"
#include "crypto/note.h"

/* ---- base64 ---- */

static void base64_round_trips_every_length(void **state)
{
    (void)state;
    uint8_t data[64];
    uint8_t back[64];
    char text[88];
    uint64_t seed = 3;
    for (size_t size = 0; size <= sizeof data; size++) {
        size_t decoded = 0;
        for (size_t i = 0; i < size; i++) {
            data[i] = (uint8_t)next_random(&seed);
        }
        const size_t encoded = tj_base64_encoded_size(size);
        assert_true(encoded <= sizeof text);
        tj_base64_encode(text, data, size);
        assert_true(tj_base64_decode(back, sizeof back, &decoded, text, encoded));
        assert_int_equal(decoded, size);
        assert_memory_equal(back, data, size);
    }
}

static void base64_gives_the_published_texts(void **state)
{
    (void)state;
    /* RFC 4648, section 10. */
    static const char *const cases[][2] = {{"", ""},
                                           {"f", "Zg=="},
                                           {"fo", "Zm8="},
                                           {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg=="},
                                           {"fooba", "Zm9vYmE="},
                                           {"foobar", "Zm9vYmFy"},
                                           {"\xfb\xff", "+/8="}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[16];
        const size_t size = strlen(cases[i][0]);
        assert_int_equal(tj_base64_encoded_size(size), strlen(cases[i][1]));
        tj_base64_encode(text, cases[i][0], size);
        assert_memory_equal(text, cases[i][1], strlen(cases[i][1]));
    }
}

static void base64_refuses_what_is_not_canonical(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "Z",    "Zg",       "Zg=",      "Zg===", "Zh==", "Zm9=",   "Z===",
        "====", "Zg==Zg==", "Zm8=Zm8=", " Zg=",  "Zm 8", "Zm8\n",  "Zm9v\n",
        "Zm-v", "Zm_v",     "Zm9v====", "=g==",  "Zg=A", "Zm\x80v"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        size_t size = 0;
        uint8_t out[16];
        if (tj_base64_decode(out, sizeof out, &size, bad[i], strlen(bad[i]))) {
            fail_msg("accepted '%s'", bad[i]);
        }
    }
    size_t size = 0;
    assert_false(tj_base64_decode(NULL, 0, &size, "Zm\0v", 4));
    for (size_t part = 5; part < 8; part++) { /* the rest of the group lies beyond the end */
        assert_false(tj_base64_decode(NULL, 0, &size, "Zm9vYmFy", part));
    }
}

static void base64_writes_no_more_than_there_is_room(void **state)
{
    (void)state;
    uint8_t out[4] = {9, 9, 9, 9};
    size_t size = 0;
    assert_true(tj_base64_decode(out, 2, &size, "Zm9vYmFy", 8));
    assert_int_equal(size, 6);
    assert_memory_equal(out, "fo\x09\x09", 4);
    assert_true(tj_base64_decode(NULL, 0, &size, "Zm9vYmFy", 8));
    assert_int_equal(size, 6);
}

/* ---- verifier keys ---- */

#define VKEY "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define TEXT "This is an example message.\n"
#define DASH "\xe2\x80\x94 "
#define LINE                                                                                       \
    DASH "example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFX" \
         "mRKuwHjG1Yu72IneyaQM=\n"

static struct tj_verifier_key example_key(void)
{
    struct tj_verifier_key key;
    assert_true(tj_verifier_key_decode(&key, VKEY, strlen(VKEY)));
    return key;
}

static void verifier_key_round_trips(void **state)
{
    (void)state;
    char text[512];
    struct tj_verifier_key key = example_key();
    assert_string_equal(key.name, "example.com/foo");
    assert_true(key.key_id == 0x530d903a);
    assert_int_equal(key.type, TJ_NOTE_TYPE_ED25519);
    assert_true(tj_verifier_key_encode(&key, text, sizeof text));
    assert_string_equal(text, VKEY);
    assert_true(tj_verifier_key_encode(&key, text, sizeof VKEY));
    assert_false(tj_verifier_key_encode(&key, text, sizeof VKEY - 1));
    assert_false(tj_verifier_key_encode(&key, text, 0));

    key.type = TJ_NOTE_TYPE_COSIGNATURE;
    key.key_id = tj_note_key_id(key.name, key.type, key.public32);
    assert_true(key.key_id != 0x530d903a);
    struct tj_verifier_key back;
    assert_true(tj_verifier_key_encode(&key, text, sizeof text));
    assert_true(tj_verifier_key_decode(&back, text, strlen(text)));
    assert_int_equal(back.type, TJ_NOTE_TYPE_COSIGNATURE);
}

static void verifier_key_of_the_longest_name_fits(void **state)
{
    (void)state;
    char text[512];
    struct tj_verifier_key key = example_key();
    struct tj_verifier_key back;
    memset(key.name, 'n', TJ_NOTE_NAME_MAX);
    key.name[TJ_NOTE_NAME_MAX] = '\0';
    key.key_id = tj_note_key_id(key.name, key.type, key.public32);
    assert_true(tj_verifier_key_encode(&key, text, sizeof text));
    assert_true(tj_verifier_key_decode(&back, text, strlen(text)));
    assert_string_equal(back.name, key.name);

    char longer[600];
    (void)snprintf(longer, sizeof longer, "n%s", text);
    assert_false(tj_verifier_key_decode(&back, longer, strlen(longer)));
}

static void verifier_key_encode_refuses_what_would_not_decode(void **state)
{
    (void)state;
    char text[512];
    struct tj_verifier_key key = example_key();
    key.key_id ^= 1;
    assert_false(tj_verifier_key_encode(&key, text, sizeof text));
    key = example_key();
    key.name[3] = '+';
    assert_false(tj_verifier_key_encode(&key, text, sizeof text));
    key = example_key();
    key.name[0] = '\0';
    assert_false(tj_verifier_key_encode(&key, text, sizeof text));
    key = example_key();
    key.type = 2;
    key.key_id = tj_note_key_id(key.name, key.type, key.public32);
    assert_false(tj_verifier_key_encode(&key, text, sizeof text));
    key = example_key();
    memset(key.public32, 0, sizeof key.public32); /* of order 4 */
    key.key_id = tj_note_key_id(key.name, key.type, key.public32);
    assert_false(tj_verifier_key_encode(&key, text, sizeof text));
    key = example_key();
    memset(key.name, 'n', sizeof key.name); /* no NUL */
    assert_false(tj_verifier_key_encode(&key, text, sizeof text));
}

static void verifier_key_decode_refuses(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "+",
        "++",
        "example.com/foo",
        "example.com/foo+530d903a",
        "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/bar+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+0x0d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+30d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2kA",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2kAAAA",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3Q==",
        "example.com/foo+530d903a+BekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2-",
        "example.com/foo 530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        (VKEY "\n"),
        (" " VKEY),
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct tj_verifier_key key;
        if (tj_verifier_key_decode(&key, bad[i], strlen(bad[i]))) {
            fail_msg("accepted '%s'", bad[i]);
        }
    }
    for (size_t size = 0; size < strlen(VKEY); size++) {
        struct tj_verifier_key key;
        assert_false(tj_verifier_key_decode(&key, VKEY, size));
    }
}

/* A right key id is not enough: type and point are looked at on their own. */
static void verifier_key_decode_refuses_unknown_type_and_bad_point(void **state)
{
    (void)state;
    const struct tj_verifier_key good = example_key();
    for (int which = 0; which < 3; which++) {
        uint8_t blob[33];
        char text[128];
        char base64[45] = {0};
        struct tj_verifier_key key;
        blob[0] = which == 1 ? 6 : 1;
        memcpy(blob + 1, good.public32, 32);
        if (which == 2) {
            memset(blob + 1, 0, 32);
        }
        tj_base64_encode(base64, blob, sizeof blob);
        (void)snprintf(text, sizeof text, "example.com/foo+%08lx+%s",
                       (unsigned long)tj_note_key_id("example.com/foo", blob[0], blob + 1), base64);
        assert_true(tj_verifier_key_decode(&key, text, strlen(text)) == (which == 0));
    }
}

static void names_without_space_plus_or_control_are_valid(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "example.com/log", "\xc3\xa9t\xc3\xa9",
                                       "\xf0\x9f\x94\x91", "a-b_c.d:1"};
    static const char *const bad[] = {"",
                                      "a b",
                                      "a+b",
                                      "a\tb",
                                      "a\nb",
                                      "a\x7f",
                                      "a\x1f",
                                      "\xc2\x85",     /* U+0085 next line */
                                      "\xc2\x9f",     /* U+009F, a C1 control */
                                      "\xc2\xa0",     /* U+00A0 no-break space */
                                      "\xe1\x9a\x80", /* U+1680 */
                                      "\xe2\x80\x80", /* U+2000 */
                                      "\xe2\x80\x8a", /* U+200A */
                                      "\xe2\x80\xa8", /* U+2028 */
                                      "\xe2\x80\xa9", /* U+2029 */
                                      "\xe2\x80\xaf", /* U+202F */
                                      "\xe2\x81\x9f", /* U+205F */
                                      "\xe3\x80\x80", /* U+3000 */
                                      "a\xff",
                                      "a\x80",
                                      "\xc3",
                                      "\xc0\xaf",         /* overlong */
                                      "\xe0\x80\xaf",     /* overlong */
                                      "\xf0\x80\x80\xaf", /* overlong */
                                      "\xed\xa0\x80",     /* a surrogate */
                                      "\xf4\x90\x80\x80", /* above U+10FFFF */
                                      "\xf8\x88\x80\x80\x80"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_true(tj_note_name_valid(good[i], strlen(good[i])));
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (tj_note_name_valid(bad[i], strlen(bad[i]))) {
            fail_msg("accepted name %zu", i);
        }
    }
    assert_false(tj_note_name_valid("a\0b", 3));
    char longest[TJ_NOTE_NAME_MAX + 1];
    memset(longest, 'a', sizeof longest);
    assert_true(tj_note_name_valid(longest, TJ_NOTE_NAME_MAX));
    assert_false(tj_note_name_valid(longest, TJ_NOTE_NAME_MAX + 1));
}

/* ---- notes ---- */

static enum tj_note_verdict verdict_of(const char *note, const struct tj_verifier_key *key)
{
    struct tj_note_view view;
    assert_true(tj_note_decode(&view, note, strlen(note)));
    return tj_note_verify(&view, key);
}

static void published_note_verifies(void **state)
{
    (void)state;
    const char note[] = TEXT "\n" LINE;
    const struct tj_verifier_key key = example_key();
    struct tj_note_view view;
    assert_true(tj_note_decode(&view, note, strlen(note)));
    assert_int_equal(view.text_size, strlen(TEXT));
    assert_memory_equal(view.text, TEXT, view.text_size);
    assert_int_equal(view.signature_count, 1);
    assert_int_equal(view.signatures[0].name_size, strlen("example.com/foo"));
    assert_true(view.signatures[0].key_id == 0x530d903a);
    assert_int_equal(tj_note_verify(&view, &key), TJ_NOTE_VALID);
}

static void a_changed_note_is_invalid_and_an_unknown_key_unknown(void **state)
{
    (void)state;
    struct tj_verifier_key key = example_key();
    assert_int_equal(verdict_of("This is an example message!\n\n" LINE, &key), TJ_NOTE_INVALID);
    assert_int_equal(verdict_of(TEXT "\n\n" LINE, &key), TJ_NOTE_INVALID);
    /* The same key id, then nothing but one byte; and the signature with a byte added. */
    assert_int_equal(verdict_of(TEXT "\n" DASH "example.com/foo Uw2QOgA=\n", &key),
                     TJ_NOTE_INVALID);
    assert_int_equal(
        verdict_of(TEXT "\n" DASH "example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAl"
                        "TgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQMA\n",
                   &key),
        TJ_NOTE_INVALID);
    /* A line of another name or id is nobody's business. */
    assert_int_equal(verdict_of(TEXT "\n" DASH "example.com/bar Uw2QOgA=\n" LINE, &key),
                     TJ_NOTE_VALID);
    assert_int_equal(verdict_of(TEXT "\n" DASH "example.com/foo AAAAAAA=\n" LINE, &key),
                     TJ_NOTE_VALID);
    assert_int_equal(verdict_of(TEXT "\n" DASH "example.com/bar Uw2QOgA=\n", &key),
                     TJ_NOTE_UNKNOWN);
    assert_int_equal(verdict_of(TEXT "\n" DASH "example.com/foo AAAAAAA=\n", &key),
                     TJ_NOTE_UNKNOWN);
    /* A cosignature signs another message: this call does not know it. */
    key.type = TJ_NOTE_TYPE_COSIGNATURE;
    assert_int_equal(verdict_of(TEXT "\n" LINE, &key), TJ_NOTE_UNKNOWN);
}

#define BLOB " Uw2QOgA=\n"

static void malformed_notes_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "\n",
        "\n\n",
        TEXT,
        TEXT "\n",
        TEXT LINE,                             /* no blank line */
        LINE,                                  /* no text */
        "\n" LINE,                             /* no text's newline */
        "no newline" LINE,                     /* nor here */
        TEXT "\n" DASH "n" BLOB "\n",          /* a second blank line, and nothing after it */
        TEXT "\n" DASH "n Uw2QOgA=",           /* no final newline */
        TEXT "\n" DASH "n" BLOB "rest\n",      /* a line that is no signature */
        TEXT "\n- n" BLOB,                     /* hyphen */
        TEXT "\n\xe2\x80\x93 n" BLOB,          /* en dash */
        TEXT "\n\xe2\x80\x94n" BLOB,           /* no space */
        TEXT "\n" DASH " n" BLOB,              /* empty name */
        TEXT "\n" DASH "n\n",                  /* no base64 */
        TEXT "\n" DASH "n \n",                 /* empty base64 */
        TEXT "\n" DASH "n  Uw2QOgA=\n",        /* two spaces */
        TEXT "\n" DASH "n Uw2QOgA= \n",        /* a space at the end */
        TEXT "\n" DASH "n Uw2QOgA=\r\n",       /* a control character */
        TEXT "\n" DASH "n Uw2QOgA\n",          /* padding is missing */
        TEXT "\n" DASH "n Uw2QOgB=\n",         /* unused bits set */
        TEXT "\n" DASH "n Uw2QOg==\n",         /* a key id and no signature */
        TEXT "\n" DASH "n Uw2Q\n",             /* not even a key id */
        TEXT "\n" DASH "n+m" BLOB,             /* plus in a name */
        TEXT "\n" DASH "n\xc2\xa0m" BLOB,      /* no-break space in a name */
        TEXT "\n" DASH "n" BLOB DASH "n" BLOB, /* one (name, id) twice */
        TEXT "\n" DASH "n" BLOB DASH "m" BLOB DASH "n Uw2QOv8=\n",
        "a\tb\n\n" DASH "n" BLOB,
        "a\rb\n\n" DASH "n" BLOB,
        "a\x1f\n\n" DASH "n" BLOB,
        "a\xff\n\n" DASH "n" BLOB,
        "a\xc0\x8a\n\n" DASH "n" BLOB,
        "a\xed\xa0\x80\n\n" DASH "n" BLOB,
        "a\xe2\x80",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct tj_note_view view;
        if (tj_note_decode(&view, bad[i], strlen(bad[i]))) {
            fail_msg("accepted note %zu: %s", i, bad[i]);
        }
    }
    struct tj_note_view view;
    const char nul[] = "a\0b\n\n" DASH "n" BLOB;
    assert_false(tj_note_decode(&view, nul, sizeof nul - 1));
}

static void well_formed_notes_are_accepted(void **state)
{
    (void)state;
    static const struct {
        const char *note;
        size_t text_size;
        size_t signatures;
    } good[] = {
        {"a\n\n" DASH "n" BLOB, 2, 1},
        {"\n\n" DASH "n" BLOB, 1, 1},
        {"a\n\nb\n\n" DASH "n" BLOB, 5, 1}, /* the last blank line */
        {"a\n\n\n" DASH "n" BLOB, 3, 1},
        {"a\n\n" DASH "x" BLOB "\n" DASH "n" BLOB, 18, 1}, /* a signed note as text */
        {"\xc3\xa9\x7f\n\n" DASH "n" BLOB, 4, 1},
        {"a\n\n" DASH "n" BLOB DASH "m" BLOB, 2, 2},
        {"a\n\n" DASH "n" BLOB DASH "n Uw2QOwA=\n", 2, 2},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct tj_note_view view;
        assert_true(tj_note_decode(&view, good[i].note, strlen(good[i].note)));
        assert_int_equal(view.signature_count, good[i].signatures);
        assert_ptr_equal(view.text, good[i].note);
        assert_int_equal(view.text_size, good[i].text_size);
        assert_int_equal(view.text[view.text_size - 1], '\n');
    }
}

static size_t note_of_lines(char *out, size_t out_size, size_t lines)
{
    size_t size = (size_t)snprintf(out, out_size, "a\n\n");
    for (size_t i = 0; i < lines; i++) {
        size += (size_t)snprintf(out + size, out_size - size, DASH "n%zu" BLOB, i);
    }
    return size;
}

static void limits_of_count_blob_and_size(void **state)
{
    (void)state;
    static char note[TJ_NOTE_SIZE_MAX + 64];
    struct tj_note_view view;
    assert_true(
        tj_note_decode(&view, note, note_of_lines(note, sizeof note, TJ_NOTE_SIGNATURES_MAX)));
    assert_int_equal(view.signature_count, TJ_NOTE_SIGNATURES_MAX);
    assert_false(
        tj_note_decode(&view, note, note_of_lines(note, sizeof note, TJ_NOTE_SIGNATURES_MAX + 1)));

    /* Blobs of 8,192 and 8,193 bytes. */
    const int start = snprintf(note, sizeof note, "a\n\n" DASH "n ");
    assert_true(start > 0);
    for (size_t size = TJ_NOTE_BLOB_MAX; size <= TJ_NOTE_BLOB_MAX + 1; size++) {
        static uint8_t blob[TJ_NOTE_BLOB_MAX + 1];
        const size_t encoded = tj_base64_encoded_size(size);
        tj_base64_encode(note + start, blob, size);
        note[(size_t)start + encoded] = '\n';
        assert_true(tj_note_decode(&view, note, (size_t)start + encoded + 1) ==
                    (size == TJ_NOTE_BLOB_MAX));
    }

    /* A text that fills the note to its limit, and one byte more. */
    const char tail[] = "\n\n" DASH "n" BLOB;
    for (size_t size = TJ_NOTE_SIZE_MAX; size <= TJ_NOTE_SIZE_MAX + 1; size++) {
        memset(note, 'a', size);
        memcpy(note + size - (sizeof tail - 1), tail, sizeof tail - 1);
        assert_true(tj_note_decode(&view, note, size) == (size == TJ_NOTE_SIZE_MAX));
    }
}

/* ---- signing ---- */

static struct tj_verifier_key key_of_secret(const char *name, const uint8_t secret32[32])
{
    struct tj_public_key public_key;
    struct tj_verifier_key key = {.type = TJ_NOTE_TYPE_ED25519};
    assert_true(tj_public_key_of(&public_key, TJ_ALGORITHM_ED25519, secret32));
    (void)snprintf(key.name, sizeof key.name, "%s", name);
    memcpy(key.public32, public_key.bytes, 32);
    key.key_id = tj_note_key_id(name, key.type, key.public32);
    return key;
}

static void signed_notes_verify(void **state)
{
    (void)state;
    const char text[] = "ledger.example/one\n12\n\nUTF-8: \xc3\xa9\n";
    uint8_t secret32[32];
    char note[512];
    struct tj_note_view view;
    memset(secret32, 5, sizeof secret32);
    const struct tj_verifier_key key = key_of_secret("ledger.example/one", secret32);
    const size_t size =
        tj_note_sign(note, sizeof note, text, strlen(text), "ledger.example/one", secret32);
    assert_true(size > 0);
    assert_true(tj_note_decode(&view, note, size));
    assert_int_equal(view.text_size, strlen(text));
    assert_int_equal(tj_note_verify(&view, &key), TJ_NOTE_VALID);

    /* Exactly enough room, and one byte less. */
    assert_int_equal(tj_note_sign(note, size, text, strlen(text), key.name, secret32), size);
    assert_int_equal(tj_note_sign(note, size - 1, text, strlen(text), key.name, secret32), 0);

    const struct tj_verifier_key other = key_of_secret("ledger.example/two", secret32);
    assert_int_equal(tj_note_verify(&view, &other), TJ_NOTE_UNKNOWN);
    for (size_t i = 0; i < view.text_size; i += 5) {
        note[i] ^= 1;
        if (tj_note_decode(&view, note, size)) {
            assert_int_equal(tj_note_verify(&view, &key), TJ_NOTE_INVALID);
        }
        note[i] ^= 1;
    }
}

static void signing_refuses_bad_text_and_names(void **state)
{
    (void)state;
    uint8_t secret32[32];
    char note[512];
    memset(secret32, 5, sizeof secret32);
    static const char *const texts[] = {"", "no newline", "a\tb\n", "a\xff\n", "a\r\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        assert_int_equal(tj_note_sign(note, sizeof note, texts[i], strlen(texts[i]), "n", secret32),
                         0);
    }
    assert_int_equal(tj_note_sign(note, sizeof note, "a\n", 2, "", secret32), 0);
    assert_int_equal(tj_note_sign(note, sizeof note, "a\n", 2, "n m", secret32), 0);
    assert_int_equal(tj_note_sign(note, sizeof note, "a\n", 2, "n+m", secret32), 0);
    assert_int_equal(tj_note_sign(note, 0, "a\n", 2, "n", secret32), 0);
    assert_true(tj_note_sign(note, sizeof note, "a\n", 2, "n", secret32) > 0);
}

/* ---- Go's vectors ---- */

static void go_sumdb_note_verifies(void **state)
{
    (void)state;
    char path[TEST_PATH_MAX];
    json_t *file = load_json(shared_path_or_skip(path, "tlog/sumdb_note_vectors.json"));
    struct tj_verifier_key key;
    struct tj_note_view view;
    char text[512];
    const char *vkey = json_text(file, "verifier_key");
    const char *note = json_text(file, "signed_note");
    assert_true(tj_verifier_key_decode(&key, vkey, strlen(vkey)));
    assert_true(tj_verifier_key_encode(&key, text, sizeof text));
    assert_string_equal(text, vkey);
    assert_true(tj_note_decode(&view, note, strlen(note)));
    assert_int_equal(view.text_size, strlen(json_text(file, "text")));
    assert_memory_equal(view.text, json_text(file, "text"), view.text_size);
    assert_int_equal(tj_note_verify(&view, &key), TJ_NOTE_VALID);

    size_t i = 0;
    json_t *bad = NULL;
    json_array_foreach(json_object_get(file, "bad_verifier_keys"), i, bad)
    {
        assert_false(tj_verifier_key_decode(&key, json_string_value(bad), json_string_length(bad)));
    }
    assert_true(i > 0);
    json_decref(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_round_trips_every_length),
        cmocka_unit_test(base64_gives_the_published_texts),
        cmocka_unit_test(base64_refuses_what_is_not_canonical),
        cmocka_unit_test(base64_writes_no_more_than_there_is_room),
        cmocka_unit_test(verifier_key_round_trips),
        cmocka_unit_test(verifier_key_of_the_longest_name_fits),
        cmocka_unit_test(verifier_key_encode_refuses_what_would_not_decode),
        cmocka_unit_test(verifier_key_decode_refuses),
        cmocka_unit_test(verifier_key_decode_refuses_unknown_type_and_bad_point),
        cmocka_unit_test(names_without_space_plus_or_control_are_valid),
        cmocka_unit_test(published_note_verifies),
        cmocka_unit_test(a_changed_note_is_invalid_and_an_unknown_key_unknown),
        cmocka_unit_test(malformed_notes_are_refused),
        cmocka_unit_test(well_formed_notes_are_accepted),
        cmocka_unit_test(limits_of_count_blob_and_size),
        cmocka_unit_test(signed_notes_verify),
        cmocka_unit_test(signing_refuses_bad_text_and_names),
        cmocka_unit_test(go_sumdb_note_verifies),
    };
    return cmocka_run_group_tests_name("note", tests, NULL, NULL);
}
