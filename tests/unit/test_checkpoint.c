#include "crypto_support.h"

#include "crypto/base64.h"
#include "crypto/checkpoint.h"

#define ORIGIN "ledger.example/0a1b"
#define ROOT   "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define TEXT   ORIGIN "\n1234\n" ROOT "\n"

static struct tj_checkpoint example(void)
{
    struct tj_checkpoint checkpoint = {.origin = ORIGIN, .size = 1234};
    for (size_t i = 0; i < TJ_HASH_SIZE; i++) {
        checkpoint.root.bytes[i] = (uint8_t)i;
    }
    return checkpoint;
}

static void make_secret(uint8_t secret32[32], uint8_t byte)
{
    memset(secret32, byte, 32);
}

static struct tj_verifier_key key_of(const char *name, uint8_t type, const uint8_t secret32[32])
{
    struct tj_public_key public_key;
    struct tj_verifier_key key = {.type = type};
    assert_true(tj_public_key_of(&public_key, TJ_ALGORITHM_ED25519, secret32));
    (void)snprintf(key.name, sizeof key.name, "%s", name);
    memcpy(key.public32, public_key.bytes, 32);
    key.key_id = tj_note_key_id(key.name, key.type, key.public32);
    return key;
}

/* ---- the text ---- */

static void text_is_three_lines(void **state)
{
    (void)state;
    char text[TJ_CHECKPOINT_TEXT_MAX];
    struct tj_checkpoint checkpoint = example();
    struct tj_checkpoint back;
    const size_t size = tj_checkpoint_encode(text, sizeof text, &checkpoint);
    assert_int_equal(size, strlen(TEXT));
    assert_memory_equal(text, TEXT, size);
    assert_true(tj_checkpoint_decode(&back, text, size));
    assert_string_equal(back.origin, ORIGIN);
    assert_true(back.size == 1234);
    assert_memory_equal(back.root.bytes, checkpoint.root.bytes, TJ_HASH_SIZE);
    static const uint64_t sizes[] = {0, 1, 9, 10, UINT64_C(1) << 63, UINT64_MAX};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        checkpoint.size = sizes[i];
        assert_true(tj_checkpoint_decode(&back, text,
                                         tj_checkpoint_encode(text, sizeof text, &checkpoint)));
        assert_true(back.size == sizes[i]);
    }
}

static void the_longest_text_fills_its_room(void **state)
{
    (void)state;
    char text[TJ_CHECKPOINT_TEXT_MAX + 1];
    struct tj_checkpoint checkpoint = example();
    struct tj_checkpoint back;
    memset(checkpoint.origin, 'o', TJ_NOTE_NAME_MAX);
    checkpoint.origin[TJ_NOTE_NAME_MAX] = '\0';
    checkpoint.size = UINT64_MAX;
    text[TJ_CHECKPOINT_TEXT_MAX] = 'z';
    assert_int_equal(tj_checkpoint_encode(text, TJ_CHECKPOINT_TEXT_MAX, &checkpoint),
                     TJ_CHECKPOINT_TEXT_MAX);
    assert_int_equal(text[TJ_CHECKPOINT_TEXT_MAX], 'z');
    assert_true(tj_checkpoint_decode(&back, text, TJ_CHECKPOINT_TEXT_MAX));
    assert_string_equal(back.origin, checkpoint.origin);
    for (size_t room = 0; room < TJ_CHECKPOINT_TEXT_MAX; room++) {
        assert_int_equal(tj_checkpoint_encode(text, room, &checkpoint), 0);
    }
    char longer[TJ_CHECKPOINT_TEXT_MAX + 1];
    longer[0] = 'o';
    memcpy(longer + 1, text, TJ_CHECKPOINT_TEXT_MAX);
    assert_false(tj_checkpoint_decode(&back, longer, sizeof longer));
}

static void other_texts_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "\n",
        "\n\n\n",
        ORIGIN,
        ORIGIN "\n",
        ORIGIN "\n1234",
        ORIGIN "\n1234\n",
        ORIGIN "\n1234\n" ROOT, /* no final newline */
        TEXT "\n",              /* extension lines */
        TEXT "extension\n",
        TEXT "extension",
        ORIGIN "\n1234\n" ROOT "\r\n", /* CRLF */
        ORIGIN "\n1234\r\n" ROOT "\n",
        ORIGIN "\r\n1234\n" ROOT "\n",
        ORIGIN "\n\n1234\n" ROOT "\n", /* an empty line between */
        "\n1234\n" ROOT "\n",          /* no origin */
        "a b\n1234\n" ROOT "\n",       /* what no name may have */
        "a+b\n1234\n" ROOT "\n",
        "a\xff\n1234\n" ROOT "\n",
        "a\xc2\xa0\n1234\n" ROOT "\n",
        " " TEXT,
        ORIGIN "\n\n" ROOT "\n",      /* no size */
        ORIGIN "\n01234\n" ROOT "\n", /* leading zeros */
        ORIGIN "\n00\n" ROOT "\n",
        ORIGIN "\n-1\n" ROOT "\n",
        ORIGIN "\n+1\n" ROOT "\n",
        ORIGIN "\n 1\n" ROOT "\n",
        ORIGIN "\n1 \n" ROOT "\n",
        ORIGIN "\n1.0\n" ROOT "\n",
        ORIGIN "\n0x1\n" ROOT "\n",
        ORIGIN "\n1e3\n" ROOT "\n",
        ORIGIN "\n1,234\n" ROOT "\n",
        ORIGIN "\n18446744073709551616\n" ROOT "\n",
        ORIGIN "\n18446744073709551620\n" ROOT "\n",
        ORIGIN "\n28446744073709551615\n" ROOT "\n",
        ORIGIN "\n99999999999999999999\n" ROOT "\n",
        ORIGIN "\n100000000000000000000\n" ROOT "\n",
        ORIGIN "\n36893488147419103233\n" ROOT "\n",                     /* 2^65 + 1 */
        ORIGIN "\n1234\n\n",                                             /* no root */
        ORIGIN "\n1234\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=\n", /* unused bits */
        ORIGIN "\n1234\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n",  /* no padding */
        ORIGIN "\n1234\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHg==\n", /* 31 bytes */
        ORIGIN "\n1234\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g\n", /* 33 bytes */
        ORIGIN "\n1234\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=AAAA\n",
        ORIGIN "\n1234\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd_-8=\n", /* of base64url */
        ORIGIN "\n1234\n " ROOT "\n",
        ORIGIN "\n1234\n" ROOT " \n",
    };
    struct tj_checkpoint checkpoint;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (tj_checkpoint_decode(&checkpoint, bad[i], strlen(bad[i]))) {
            fail_msg("accepted text %zu: %s", i, bad[i]);
        }
    }
    for (size_t size = 0; size < strlen(TEXT); size++) {
        assert_false(tj_checkpoint_decode(&checkpoint, TEXT, size));
    }
    assert_false(tj_checkpoint_decode(&checkpoint, TEXT, sizeof TEXT)); /* a NUL behind it */
    assert_true(tj_checkpoint_decode(&checkpoint, TEXT, strlen(TEXT)));
}

/* Whatever one changed byte makes of a text is refused or is the text of another checkpoint. */
static void a_text_has_one_spelling(void **state)
{
    (void)state;
    char text[sizeof TEXT];
    memcpy(text, TEXT, sizeof TEXT);
    for (size_t i = 0; i < strlen(TEXT); i++) {
        for (int byte = 0; byte < 256; byte++) {
            struct tj_checkpoint checkpoint;
            char again[TJ_CHECKPOINT_TEXT_MAX];
            text[i] = (char)byte;
            if (tj_checkpoint_decode(&checkpoint, text, strlen(TEXT))) {
                assert_int_equal(tj_checkpoint_encode(again, sizeof again, &checkpoint),
                                 strlen(TEXT));
                assert_memory_equal(again, text, strlen(TEXT));
            }
        }
        text[i] = TEXT[i];
    }
}

static void a_bad_origin_is_not_written(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "a b", "a+b", "a\nb", "a\tb", "a\xff", "\xe2\x80\xa8"};
    uint8_t secret32[32];
    make_secret(secret32, 1);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char out[1024];
        struct tj_checkpoint checkpoint = example();
        (void)snprintf(checkpoint.origin, sizeof checkpoint.origin, "%s", bad[i]);
        assert_int_equal(tj_checkpoint_encode(out, sizeof out, &checkpoint), 0);
        assert_int_equal(tj_checkpoint_sign(out, sizeof out, &checkpoint, secret32), 0);
        assert_int_equal(tj_cosign(out, sizeof out, TEXT, strlen(TEXT), bad[i], 1, secret32), 0);
    }
}

/* ---- the note ---- */

static void a_signed_checkpoint_verifies(void **state)
{
    (void)state;
    char note[1024];
    uint8_t secret32[32];
    const struct tj_checkpoint checkpoint = example();
    struct tj_checkpoint back;
    struct tj_note_view view;
    make_secret(secret32, 1);
    const struct tj_verifier_key key = key_of(ORIGIN, TJ_NOTE_TYPE_ED25519, secret32);
    const struct tj_verifier_key other = key_of("ledger.example", TJ_NOTE_TYPE_ED25519, secret32);
    const size_t size = tj_checkpoint_sign(note, sizeof note, &checkpoint, secret32);
    assert_true(tj_note_decode(&view, note, size));
    assert_int_equal(view.signature_count, 1);
    assert_int_equal(tj_note_verify(&view, &key), TJ_NOTE_VALID);
    assert_int_equal(tj_note_verify(&view, &other), TJ_NOTE_UNKNOWN);
    assert_true(tj_checkpoint_decode(&back, view.text, view.text_size));
    assert_string_equal(back.origin, ORIGIN);
    assert_true(back.size == checkpoint.size);
    assert_memory_equal(back.root.bytes, checkpoint.root.bytes, TJ_HASH_SIZE);

    assert_int_equal(tj_checkpoint_sign(note, size, &checkpoint, secret32), size);
    for (size_t room = 0; room < size; room++) {
        assert_int_equal(tj_checkpoint_sign(note, room, &checkpoint, secret32), 0);
    }
}

/* ---- cosignatures ---- */

#define WITNESS "witness.example/w1"

/* The text above a blank line, and one cosignature below. */
static size_t cosigned_note(char *out, size_t out_size, uint64_t time_s, const uint8_t secret32[32])
{
    const int size = snprintf(out, out_size, TEXT "\n");
    assert_true(size > 0 && (size_t)size < out_size);
    const size_t line = tj_cosign(out + size, out_size - (size_t)size, TEXT, strlen(TEXT), WITNESS,
                                  time_s, secret32);
    assert_true(line > 0);
    return (size_t)size + line;
}

static void cosignatures_state_their_time(void **state)
{
    (void)state;
    static const uint64_t times[] = {0, 1, 1753000000, UINT64_C(0x0102030405060708), UINT64_MAX};
    uint8_t secret32[32];
    make_secret(secret32, 2);
    const struct tj_verifier_key key = key_of(WITNESS, TJ_NOTE_TYPE_COSIGNATURE, secret32);
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        char note[1024];
        struct tj_note_view view;
        uint64_t time_s = 99;
        const size_t size = cosigned_note(note, sizeof note, times[i], secret32);
        assert_true(tj_note_decode(&view, note, size));
        assert_int_equal(tj_cosignature_verify(&view, &time_s, &key), TJ_NOTE_VALID);
        assert_true(time_s == times[i]);
        assert_int_equal(tj_cosignature_verify(&view, NULL, &key), TJ_NOTE_VALID);
    }
}

/* Taken apart by hand, as tlog-cosignature has it. */
static void a_cosignature_is_what_the_specification_says(void **state)
{
    (void)state;
    char note[1024];
    uint8_t secret32[32];
    uint8_t blob[4 + 8 + 64];
    struct tj_note_view view;
    size_t blob_size = 0;
    make_secret(secret32, 2);
    const struct tj_verifier_key key = key_of(WITNESS, TJ_NOTE_TYPE_COSIGNATURE, secret32);
    assert_true(
        tj_note_decode(&view, note, cosigned_note(note, sizeof note, 1679315147, secret32)));
    assert_int_equal(view.signature_count, 1);
    assert_true(tj_base64_decode(blob, sizeof blob, &blob_size, view.signatures[0].base64,
                                 view.signatures[0].base64_size));
    assert_int_equal(blob_size, sizeof blob);

    /* SHA-256(name || 0x0A || 0x04 || public key) */
    uint8_t named[sizeof WITNESS - 1 + 2 + 32] = WITNESS "\n\x04";
    struct tj_hash hash;
    struct tj_hasher *hasher = tj_hasher_create();
    memcpy(named + sizeof named - 32, key.public32, 32);
    tj_sha256(hasher, &hash, named, sizeof named);
    tj_hasher_destroy(hasher);
    assert_memory_equal(blob, hash.bytes, 4);

    static const uint8_t time_bytes[8] = {0, 0, 0, 0, 0x64, 0x18, 0x50, 0xcb};
    assert_memory_equal(blob + 4, time_bytes, 8);

    const char message[] = "cosignature/v1\ntime 1679315147\n" TEXT;
    assert_true(tj_ed25519_verify(key.public32, message, strlen(message), blob + 12));
    assert_false(tj_ed25519_verify(key.public32, TEXT, strlen(TEXT), blob + 12));
}

static void no_changed_cosigned_note_is_valid(void **state)
{
    (void)state;
    char note[1024];
    uint8_t secret32[32];
    make_secret(secret32, 2);
    const struct tj_verifier_key key = key_of(WITNESS, TJ_NOTE_TYPE_COSIGNATURE, secret32);
    const size_t size = cosigned_note(note, sizeof note, 1753000000, secret32);
    size_t invalid = 0;
    for (size_t i = 0; i < size; i++) {
        for (int bit = 0; bit < 8; bit++) {
            struct tj_note_view view;
            uint64_t time_s = 99;
            note[i] = (char)(note[i] ^ (1 << bit));
            if (tj_note_decode(&view, note, size)) {
                const enum tj_note_verdict verdict = tj_cosignature_verify(&view, &time_s, &key);
                assert_int_not_equal(verdict, TJ_NOTE_VALID);
                assert_true(time_s == 99); /* nothing is said of what does not verify */
                if (i < strlen(TEXT)) {
                    assert_int_equal(verdict, TJ_NOTE_INVALID);
                }
                invalid += verdict == TJ_NOTE_INVALID ? 1 : 0;
            }
            note[i] = (char)(note[i] ^ (1 << bit));
        }
    }
    assert_true(invalid > strlen(TEXT));
}

/* Writes `text`, a blank line and a line of this key id and blob. */
static void make_note(struct tj_note_view *view, char *out, size_t out_size, const char *text,
                      const struct tj_verifier_key *key, const uint8_t *blob, size_t blob_size)
{
    const size_t size = (size_t)snprintf(out, out_size, "%s\n", text);
    assert_true(size < out_size);
    const size_t line =
        tj_note_line_encode(out + size, out_size - size, key->name, key->key_id, blob, blob_size);
    assert_true(line > 0);
    assert_true(tj_note_decode(view, out, size + line));
}

static void a_cosignature_of_another_size_is_invalid(void **state)
{
    (void)state;
    char note[1024];
    uint8_t secret32[32];
    uint8_t blob[4 + 72 + 8] = {0};
    struct tj_note_view view;
    size_t blob_size = 0;
    make_secret(secret32, 2);
    const struct tj_verifier_key key = key_of(WITNESS, TJ_NOTE_TYPE_COSIGNATURE, secret32);
    assert_true(tj_note_decode(&view, note, cosigned_note(note, sizeof note, 7, secret32)));
    assert_true(tj_base64_decode(blob, sizeof blob, &blob_size, view.signatures[0].base64,
                                 view.signatures[0].base64_size));
    for (size_t size = 1; size <= 72 + 8; size++) {
        make_note(&view, note, sizeof note, TEXT, &key, blob + 4, size);
        assert_int_equal(tj_cosignature_verify(&view, NULL, &key),
                         size == 72 ? TJ_NOTE_VALID : TJ_NOTE_INVALID);
    }
}

/* One key pair under both types: neither line passes for the other, even with the other's id. */
static void a_signature_is_no_cosignature_and_the_reverse(void **state)
{
    (void)state;
    char note[1024];
    uint8_t secret32[32];
    uint8_t blob[72] = {0};
    struct tj_note_view view;
    make_secret(secret32, 3);
    struct tj_verifier_key log = key_of(ORIGIN, TJ_NOTE_TYPE_ED25519, secret32);
    struct tj_verifier_key witness = key_of(ORIGIN, TJ_NOTE_TYPE_COSIGNATURE, secret32);
    assert_true(log.key_id != witness.key_id);

    /* A plain signature; and one with a time in front, as a cosignature is laid out. */
    assert_true(tj_ed25519_sign(blob + 8, secret32, TEXT, strlen(TEXT)));
    make_note(&view, note, sizeof note, TEXT, &log, blob + 8, 64);
    assert_int_equal(tj_note_verify(&view, &log), TJ_NOTE_VALID);
    assert_int_equal(tj_cosignature_verify(&view, NULL, &log), TJ_NOTE_UNKNOWN);
    assert_int_equal(tj_cosignature_verify(&view, NULL, &witness), TJ_NOTE_UNKNOWN);
    make_note(&view, note, sizeof note, TEXT, &witness, blob + 8, 64);
    assert_int_equal(tj_cosignature_verify(&view, NULL, &witness), TJ_NOTE_INVALID);
    make_note(&view, note, sizeof note, TEXT, &witness, blob, 72);
    assert_int_equal(tj_cosignature_verify(&view, NULL, &witness), TJ_NOTE_INVALID);

    /* What a cosignature signs, plainly signed, and its signature alone. */
    static const char message[] = "cosignature/v1\ntime 0\n" TEXT;
    assert_true(tj_ed25519_sign(blob + 8, secret32, message, strlen(message)));
    make_note(&view, note, sizeof note, TEXT, &witness, blob, 72);
    assert_int_equal(tj_cosignature_verify(&view, NULL, &witness), TJ_NOTE_VALID);
    assert_int_equal(tj_note_verify(&view, &witness), TJ_NOTE_UNKNOWN);
    assert_int_equal(tj_note_verify(&view, &log), TJ_NOTE_UNKNOWN);
    make_note(&view, note, sizeof note, TEXT, &log, blob, 72);
    assert_int_equal(tj_note_verify(&view, &log), TJ_NOTE_INVALID);
    make_note(&view, note, sizeof note, TEXT, &log, blob + 8, 64);
    assert_int_equal(tj_note_verify(&view, &log), TJ_NOTE_INVALID);
    make_note(&view, note, sizeof note, message, &witness, blob, 72);
    assert_int_equal(tj_cosignature_verify(&view, NULL, &witness), TJ_NOTE_INVALID);
}

static void cosigning_takes_a_text_of_a_checkpoints_size(void **state)
{
    (void)state;
    char line[1024];
    char text[TJ_CHECKPOINT_TEXT_MAX + 2];
    char note[2048];
    uint8_t secret32[32];
    uint8_t blob[72] = {0};
    struct tj_note_view view;
    make_secret(secret32, 2);
    const struct tj_verifier_key key = key_of(WITNESS, TJ_NOTE_TYPE_COSIGNATURE, secret32);
    memset(text, 'a', sizeof text);
    text[TJ_CHECKPOINT_TEXT_MAX] = '\n';
    text[TJ_CHECKPOINT_TEXT_MAX + 1] = '\0';
    assert_true(tj_cosign(line, sizeof line, text, TJ_CHECKPOINT_TEXT_MAX, WITNESS, 1, secret32));
    assert_int_equal(
        tj_cosign(line, sizeof line, text, TJ_CHECKPOINT_TEXT_MAX + 1, WITNESS, 1, secret32), 0);
    make_note(&view, note, sizeof note, text, &key, blob, sizeof blob);
    assert_int_equal(tj_cosignature_verify(&view, NULL, &key), TJ_NOTE_INVALID);

    const size_t size = tj_cosign(line, sizeof line, TEXT, strlen(TEXT), WITNESS, 1, secret32);
    assert_int_equal(tj_cosign(line, size, TEXT, strlen(TEXT), WITNESS, 1, secret32), size);
    assert_int_equal(tj_cosign(line, size - 1, TEXT, strlen(TEXT), WITNESS, 1, secret32), 0);
    assert_int_equal(line[size - 1], '\n');
}

/* ---- merging ---- */

#define DASH "\xe2\x80\x94 "
#define A    DASH "a AAAAAQE=\n" /* key id 1, blob 01 */
#define A2   DASH "a AAAAAQI=\n" /* the same key, another blob */
#define A9   DASH "a AAAACQE=\n" /* the name, another key id */
#define B    DASH "b AAAAAQE=\n" /* the key id, another name */
#define C    DASH "c AAAAAwE=\n"
#define AB   DASH "ab AAAAAQE=\n" /* a name that begins with another */

static void merging_adds_what_is_missing(void **state)
{
    (void)state;
    static const struct {
        const char *mine;
        const char *theirs;
        const char *merged;
    } cases[] = {
        {"t\n\n" A, "t\n\n" A, "t\n\n" A},
        {"t\n\n" A, "t\n\n" B, "t\n\n" A B},
        {"t\n\n" B, "t\n\n" A, "t\n\n" B A},
        {"t\n\n" A, "t\n\n" C B, "t\n\n" A C B},
        {"t\n\n" A B, "t\n\n" C B A, "t\n\n" A B C},
        {"t\n\n" A B C, "t\n\n" B, "t\n\n" A B C},
        {"t\n\n" A, "t\n\n" A2, "t\n\n" A}, /* the first that was stored stays */
        {"t\n\n" A2 C, "t\n\n" A B, "t\n\n" A2 C B},
        {"t\n\n" A, "t\n\n" A9, "t\n\n" A A9},
        {"t\n\n" A, "t\n\n" AB, "t\n\n" A AB},
        {"t\n\n" AB, "t\n\n" A, "t\n\n" AB A},
        {"\n\n" A, "\n\n" B, "\n\n" A B},
        {"t\n\nu\n\n" A, "t\n\nu\n\n" B, "t\n\nu\n\n" A B},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char note[256];
        size_t size = strlen(cases[i].mine);
        memcpy(note, cases[i].mine, size);
        assert_true(tj_note_merge(note, &size, strlen(cases[i].merged), cases[i].theirs,
                                  strlen(cases[i].theirs)));
        assert_int_equal(size, strlen(cases[i].merged));
        assert_memory_equal(note, cases[i].merged, size);
        assert_true(tj_note_merge(note, &size, size, note, size)); /* with itself */
        assert_int_equal(size, strlen(cases[i].merged));
        if (strlen(cases[i].merged) > strlen(cases[i].mine)) {
            size = strlen(cases[i].mine);
            assert_false(tj_note_merge(note, &size, strlen(cases[i].merged) - 1, cases[i].theirs,
                                       strlen(cases[i].theirs)));
            assert_int_equal(size, strlen(cases[i].mine));
        }
    }
}

static void merging_what_does_not_fit_changes_nothing(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"t\n\n" A, "u\n\n" B},        {"t\n\n" A, "tt\n\n" B},  {"t\n\n" A, "t\n\n\n" B},
        {"t\n\n" A, "t\n\n"},          {"t\n\n" A, "t\n"},       {"t\n\n" A, ""},
        {"t\n\n", "t\n\n" A},          {"", "t\n\n" A},          {"t\n\n" A A, "t\n\n" B},
        {"t\n\n" A, "t\n\n" B "rest"}, {"t\n\n" A, "t\n\n" B B}, {"t\n\n" A "\n", "t\n\n" B},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char note[256];
        char before[256];
        size_t size = strlen(cases[i][0]);
        memset(note, 'z', sizeof note);
        memcpy(note, cases[i][0], size);
        memcpy(before, note, sizeof note);
        assert_false(tj_note_merge(note, &size, sizeof note, cases[i][1], strlen(cases[i][1])));
        assert_int_equal(size, strlen(cases[i][0]));
        assert_memory_equal(note, before, sizeof note);
    }
}

/* Lines by names from `first` on. */
static size_t lines_from(char *out, size_t out_size, size_t first, size_t count)
{
    size_t size = (size_t)snprintf(out, out_size, "t\n\n");
    for (size_t i = first; i < first + count; i++) {
        size += (size_t)snprintf(out + size, out_size - size, DASH "n%zu AAAAAQE=\n", i);
    }
    assert_true(size < out_size);
    return size;
}

static void merging_stops_at_the_number_of_lines(void **state)
{
    (void)state;
    static char note[8192];
    static char other[8192];
    struct tj_note_view view;
    for (size_t count = 30; count <= 40; count++) {
        size_t size = lines_from(note, sizeof note, 0, 32);
        const size_t before = size;
        /* Two of the lines are there already. */
        const size_t other_size = lines_from(other, sizeof other, 30, count);
        const bool fits = 32 + count - 2 <= TJ_NOTE_SIGNATURES_MAX;
        assert_true(tj_note_merge(note, &size, sizeof note, other, other_size) == fits);
        assert_true(fits || size == before);
        assert_true(tj_note_decode(&view, note, size));
        assert_int_equal(view.signature_count, fits ? 32 + count - 2 : 32);
    }
}

/* Two notes of the largest size: with one line more it would be a note to nobody. */
static void merging_stops_at_the_size_of_a_note(void **state)
{
    (void)state;
    static char note[TJ_NOTE_SIZE_MAX + 64];
    static char other[TJ_NOTE_SIZE_MAX];
    for (size_t spare = 0; spare < 2; spare++) {
        size_t size = TJ_NOTE_SIZE_MAX - strlen(B) + spare;
        const size_t text_size = size - strlen("\n\n" A);
        memset(note, 'a', text_size);
        memset(other, 'a', text_size);
        memcpy(note + text_size, "\n\n" A, strlen("\n\n" A));
        memcpy(other + text_size, "\n\n" B, strlen("\n\n" B));
        assert_true(tj_note_merge(note, &size, sizeof note, other, size) == (spare == 0));
    }
}

/* The longest names, the largest size, as many lines as a note may have. */
static void the_largest_checkpoint_fits_its_limit(void **state)
{
    (void)state;
    static char note[TJ_CHECKPOINT_NOTE_MAX];
    char name[TJ_NOTE_NAME_MAX + 1];
    uint8_t secret32[32];
    struct tj_checkpoint checkpoint = example();
    struct tj_note_view view;
    make_secret(secret32, 4);
    memset(name, 'w', TJ_NOTE_NAME_MAX);
    name[TJ_NOTE_NAME_MAX] = '\0';
    memcpy(checkpoint.origin, name, sizeof name);
    checkpoint.size = UINT64_MAX;
    size_t size = tj_checkpoint_sign(note, sizeof note, &checkpoint, secret32);
    assert_true(size > 0);
    for (size_t i = 1; i < TJ_NOTE_SIGNATURES_MAX; i++) {
        name[0] = (char)('A' + i / 10);
        name[1] = (char)('0' + i % 10);
        const size_t line = tj_cosign(note + size, sizeof note - size, note, TJ_CHECKPOINT_TEXT_MAX,
                                      name, UINT64_MAX, secret32);
        assert_true(line > 0);
        size += line;
    }
    assert_true(tj_note_decode(&view, note, size));
    assert_int_equal(view.signature_count, TJ_NOTE_SIGNATURES_MAX);
    assert_int_equal(view.text_size, TJ_CHECKPOINT_TEXT_MAX);
    const struct tj_verifier_key key = key_of(name, TJ_NOTE_TYPE_COSIGNATURE, secret32);
    assert_int_equal(tj_cosignature_verify(&view, NULL, &key), TJ_NOTE_VALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_three_lines),
        cmocka_unit_test(the_longest_text_fills_its_room),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(a_text_has_one_spelling),
        cmocka_unit_test(a_bad_origin_is_not_written),
        cmocka_unit_test(a_signed_checkpoint_verifies),
        cmocka_unit_test(cosignatures_state_their_time),
        cmocka_unit_test(a_cosignature_is_what_the_specification_says),
        cmocka_unit_test(no_changed_cosigned_note_is_valid),
        cmocka_unit_test(a_cosignature_of_another_size_is_invalid),
        cmocka_unit_test(a_signature_is_no_cosignature_and_the_reverse),
        cmocka_unit_test(cosigning_takes_a_text_of_a_checkpoints_size),
        cmocka_unit_test(merging_adds_what_is_missing),
        cmocka_unit_test(merging_what_does_not_fit_changes_nothing),
        cmocka_unit_test(merging_stops_at_the_number_of_lines),
        cmocka_unit_test(merging_stops_at_the_size_of_a_note),
        cmocka_unit_test(the_largest_checkpoint_fits_its_limit),
    };
    return cmocka_run_group_tests_name("checkpoint", tests, NULL, NULL);
}
