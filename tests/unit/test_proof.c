#include "crypto_support.h"

#include "crypto/base64.h"
#include "crypto/proof.h"

#define FIRST "c2sp.org/tlog-proof@v1\n"
#define H0    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
#define H1    "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n"
#define NOTE                                                                                       \
    "ledger.example\n3\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n\xe2\x80\x94 "             \
    "ledger.example AAAAAQE=\n"

static bool decodes(struct tj_tlog_proof *proof, const char *text)
{
    return tj_tlog_proof_decode(proof, text, strlen(text));
}

/* Encodes to `expected`, in exactly its room and in no less. */
static void check_encoding(const struct tj_tlog_proof *proof, const char *expected, size_t size)
{
    char *out = malloc(size + 1);
    assert_non_null(out);
    out[size] = 'z';
    assert_int_equal(tj_tlog_proof_encode(out, size, proof), size);
    assert_memory_equal(out, expected, size);
    assert_int_equal(out[size], 'z');
    free(out);
    for (size_t room = 0; room < size; room++) {
        char *small = malloc(room > 0 ? room : 1); /* a sanitizer sees what is written past it */
        assert_non_null(small);
        assert_int_equal(tj_tlog_proof_encode(small, room, proof), 0);
        free(small);
    }
}

static void proofs_round_trip(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *extra;
        uint64_t index;
        size_t path_count;
    } cases[] = {
        {FIRST "index 0\n\n" NOTE, NULL, 0, 0},
        {FIRST "index 1\n" H0 "\n" NOTE, NULL, 1, 1},
        {FIRST "index 2\n" H0 H1 "\n" NOTE, NULL, 2, 2},
        {FIRST "extra Zm9v\nindex 2\n" H1 H0 "\n" NOTE, "Zm9v", 2, 2},
        {FIRST "extra Zg==\nindex 18446744073709551615\n" H0 "\n" NOTE, "Zg==", UINT64_MAX, 1},
        {FIRST "extra \nindex 0\n\n" NOTE, "", 0, 0}, /* empty, but there */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct tj_tlog_proof proof;
        assert_true(decodes(&proof, cases[i].text));
        assert_true(proof.index == cases[i].index);
        assert_int_equal(proof.path_count, cases[i].path_count);
        assert_true((proof.extra == NULL) == (cases[i].extra == NULL));
        if (cases[i].extra != NULL) {
            assert_int_equal(proof.extra_size, strlen(cases[i].extra));
            assert_memory_equal(proof.extra, cases[i].extra, proof.extra_size);
        }
        assert_int_equal(proof.checkpoint_size, strlen(NOTE));
        assert_ptr_equal(proof.checkpoint, cases[i].text + strlen(cases[i].text) - strlen(NOTE));
        check_encoding(&proof, cases[i].text, strlen(cases[i].text));
    }
}

static void hashes_stand_in_their_order(void **state)
{
    (void)state;
    struct tj_tlog_proof proof;
    assert_true(decodes(&proof, FIRST "index 2\n" H1 H0 "\n" NOTE));
    for (size_t i = 0; i < TJ_HASH_SIZE; i++) {
        assert_int_equal(proof.path[0].bytes[i], 1);
        assert_int_equal(proof.path[1].bytes[i], 0);
    }
}

/* Up to the checkpoint's first byte it is no proof. From there on it is one, of a shorter
 * checkpoint: that is not looked into here. */
static void a_truncated_proof_is_refused_before_its_checkpoint(void **state)
{
    (void)state;
    static const char text[] = FIRST "extra Zm9v\nindex 2\n" H1 H0 "\n" NOTE;
    const size_t size = strlen(text);
    for (size_t cut = 0; cut <= size; cut++) {
        struct tj_tlog_proof proof;
        char *copy = malloc(cut > 0 ? cut : 1);
        assert_non_null(copy);
        memcpy(copy, text, cut);
        const bool decoded = tj_tlog_proof_decode(&proof, copy, cut);
        assert_true(decoded == (cut > size - strlen(NOTE)));
        if (decoded) {
            assert_int_equal(proof.checkpoint_size, cut - (size - strlen(NOTE)));
            check_encoding(&proof, text, cut);
        }
        free(copy);
    }
}

static void other_texts_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "\n",
        NOTE,
        " " FIRST "index 0\n\n" NOTE,
        "\n" FIRST "index 0\n\n" NOTE,
        "c2sp.org/tlog-proof@v2\nindex 0\n\n" NOTE,
        "c2sp.org/tlog-proof@v1 \nindex 0\n\n" NOTE,
        "c2sp.org/tlog-proof@v\nindex 0\n\n" NOTE,
        "C2sp.org/tlog-proof@v1\nindex 0\n\n" NOTE,
        "c2sp.org/tlog-proof@v1\r\nindex 0\n\n" NOTE, /* CRLF */
        FIRST "index 0\r\n\n" NOTE,
        FIRST "index 0\n\r\n" NOTE,
        FIRST "extra Zm9v\r\nindex 0\n\n" NOTE,
        FIRST "index 0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\n" NOTE,
        FIRST "\n" NOTE, /* no index */
        FIRST "extra Zm9v\n\n" NOTE,
        FIRST H0 "\n" NOTE,
        FIRST "index\n\n" NOTE,
        FIRST "index \n\n" NOTE,
        FIRST "index  0\n\n" NOTE,
        FIRST "index 0 \n\n" NOTE,
        FIRST "Index 0\n\n" NOTE,
        FIRST "index\t0\n\n" NOTE,
        FIRST "index 00\n\n" NOTE, /* leading zeros */
        FIRST "index 01\n\n" NOTE,
        FIRST "index -1\n\n" NOTE,
        FIRST "index +1\n\n" NOTE,
        FIRST "index 0x1\n\n" NOTE,
        FIRST "index 18446744073709551616\n\n" NOTE,
        FIRST "index 100000000000000000000\n\n" NOTE,
        FIRST "index 0\nindex 0\n\n" NOTE,
        FIRST "index 0\nextra Zm9v\n\n" NOTE, /* extra behind index */
        FIRST "extra Zm9v\nextra Zm9v\nindex 0\n\n" NOTE,
        FIRST "extra\nindex 0\n\n" NOTE,
        FIRST "extra  Zm9v\nindex 0\n\n" NOTE,
        FIRST "extra Zm9v \nindex 0\n\n" NOTE,
        FIRST "extra Zh==\nindex 0\n\n" NOTE, /* not canonical */
        FIRST "extra Zg\nindex 0\n\n" NOTE,
        FIRST "extra Zm-_\nindex 0\n\n" NOTE,
        FIRST "\nextra Zm9v\nindex 0\n\n" NOTE,
        FIRST "index 0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n\n" NOTE, /* unused bits */
        FIRST "index 0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n\n" NOTE,  /* no padding */
        FIRST "index 0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n\n" NOTE, /* 31 bytes */
        FIRST "index 0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n\n" NOTE, /* 33 bytes */
        FIRST "index 0\nZm9v\n\n" NOTE,
        FIRST "index 0\n " H0 "\n" NOTE,
        FIRST "index 0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= \n\n" NOTE,
        FIRST "index 0\n" NOTE, /* no blank line: what follows is no hash */
        FIRST "index 0\n" H0 NOTE,
        FIRST "index 0\n" H0, /* no checkpoint */
        FIRST "index 0\n" H0 "\n",
        FIRST "index 0\n\n",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct tj_tlog_proof proof;
        if (decodes(&proof, bad[i])) {
            fail_msg("accepted text %zu: %s", i, bad[i]);
        }
    }
}

static size_t proof_of_hashes(char *out, size_t out_size, size_t count)
{
    size_t size = (size_t)snprintf(out, out_size, FIRST "index 5\n");
    for (size_t i = 0; i < count; i++) {
        struct tj_hash hash = {{(uint8_t)i}};
        tj_base64_encode(out + size, hash.bytes, TJ_HASH_SIZE);
        out[size + 44] = '\n';
        size += 45;
    }
    size += (size_t)snprintf(out + size, out_size - size, "\n" NOTE);
    assert_true(size < out_size);
    return size;
}

static void a_path_has_sixty_four_hashes_at_most(void **state)
{
    (void)state;
    char text[8192];
    for (size_t count = 60; count <= 70; count++) {
        struct tj_tlog_proof proof;
        const size_t size = proof_of_hashes(text, sizeof text, count);
        assert_true(tj_tlog_proof_decode(&proof, text, size) == (count <= 64));
        if (count <= 64) {
            assert_int_equal(proof.path_count, count);
            assert_int_equal(proof.path[count - 1].bytes[0], count - 1);
            check_encoding(&proof, text, size);
        }
    }
}

static void a_proof_has_a_largest_size(void **state)
{
    (void)state;
    const char start[] = FIRST "index 0\n\n";
    char *text = malloc(TJ_TLOG_PROOF_SIZE_MAX + 1);
    struct tj_tlog_proof proof;
    assert_non_null(text);
    memset(text, 'a', TJ_TLOG_PROOF_SIZE_MAX + 1);
    memcpy(text, start, strlen(start));
    assert_true(tj_tlog_proof_decode(&proof, text, TJ_TLOG_PROOF_SIZE_MAX));
    assert_false(tj_tlog_proof_decode(&proof, text, TJ_TLOG_PROOF_SIZE_MAX + 1));
    free(text);
}

/* Whatever one changed byte makes of a proof is refused or encodes to itself. */
static void a_proof_has_one_spelling(void **state)
{
    (void)state;
    static const char good[] = FIRST "extra Zm9v\nindex 21\n" H1 "\n" NOTE;
    const size_t size = strlen(good);
    char text[sizeof good];
    char again[sizeof good];
    size_t accepted = 0;
    memcpy(text, good, sizeof good);
    for (size_t i = 0; i < size; i++) {
        for (int byte = 0; byte < 256; byte++) {
            struct tj_tlog_proof proof;
            text[i] = (char)byte;
            if (tj_tlog_proof_decode(&proof, text, size)) {
                assert_int_equal(tj_tlog_proof_encode(again, size, &proof), size);
                assert_memory_equal(again, text, size);
                accepted++;
            }
        }
        text[i] = good[i];
    }
    assert_true(accepted > 256 * strlen(NOTE)); /* the checkpoint is not looked into */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proofs_round_trip),
        cmocka_unit_test(hashes_stand_in_their_order),
        cmocka_unit_test(a_truncated_proof_is_refused_before_its_checkpoint),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(a_path_has_sixty_four_hashes_at_most),
        cmocka_unit_test(a_proof_has_a_largest_size),
        cmocka_unit_test(a_proof_has_one_spelling),
    };
    return cmocka_run_group_tests_name("proof", tests, NULL, NULL);
}
