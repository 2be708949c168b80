/* What a signer remembers: what agrees with it, what contradicts it, what is dropped, and its file,
 * of which every byte that is changed or missing is noticed. */

#include "core/exchange/signer_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct tj_hash hash_of(uint64_t number)
{
    struct tj_hash hash = {{0}};
    memcpy(hash.bytes, &number, sizeof number);
    hash.bytes[31] = 1;
    return hash;
}

/* An envelope of party 1, lane 2, and its id: both follow from two numbers, so that there are
 * several of one sequence. `way` tells one history of the lane from another. */
static struct tj_hash envelope(struct tj_header *out, uint64_t sequence, uint64_t way)
{
    *out = (struct tj_header){.party = 1, .lane = 2, .sequence = sequence};
    out->ledger_id = hash_of(77);
    out->previous_id = hash_of((sequence - 1) * 1000 + way);
    return hash_of(sequence * 1000 + way);
}

static enum tj_signer_objection ask(const struct tj_signer_memory *memory, uint64_t sequence,
                                    uint64_t way)
{
    struct tj_header header;
    const struct tj_hash id = envelope(&header, sequence, way);
    return tj_signer_judge(memory, &header, &id).objection;
}

static void take(struct tj_signer_memory *memory, uint64_t sequence, uint64_t way)
{
    struct tj_header header;
    const struct tj_hash id = envelope(&header, sequence, way);
    assert_true(tj_signer_remember(memory, &header, &id));
}

static struct tj_signer_memory fresh(void)
{
    struct tj_signer_memory memory;
    const struct tj_hash ledger = hash_of(77);
    tj_signer_begin(&memory, &ledger);
    return memory;
}

static void a_lane(void **state)
{
    (void)state;
    struct tj_signer_memory memory = fresh();
    assert_int_equal(ask(&memory, 5, 0), TJ_SIGNER_AGREES);
    take(&memory, 5, 0);
    assert_int_equal(ask(&memory, 5, 0), TJ_SIGNER_AGREES);
    assert_int_equal(ask(&memory, 5, 1), TJ_SIGNER_TAKEN);
    assert_int_equal(ask(&memory, 6, 0), TJ_SIGNER_AGREES);
    assert_int_equal(ask(&memory, 6, 1), TJ_SIGNER_FOLLOWS);
    assert_int_equal(ask(&memory, 4, 0), TJ_SIGNER_AGREES); /* the one that 5 follows */
    assert_int_equal(ask(&memory, 4, 1), TJ_SIGNER_TAKEN);
    assert_int_equal(ask(&memory, 3, 0), TJ_SIGNER_BEHIND);
    assert_int_equal(ask(&memory, 9, 1), TJ_SIGNER_AGREES); /* others signed between */
    /* Another way for the lane: what stood from there on is forgotten. */
    take(&memory, 6, 0);
    take(&memory, 5, 1);
    assert_int_equal(ask(&memory, 5, 0), TJ_SIGNER_TAKEN);
    assert_int_equal(ask(&memory, 6, 1), TJ_SIGNER_AGREES);
    assert_int_equal(ask(&memory, 6, 0), TJ_SIGNER_FOLLOWS);
    tj_signer_clear(&memory);
}

static void lanes_and_ledgers(void **state)
{
    (void)state;
    struct tj_signer_memory memory = fresh();
    struct tj_header header;
    struct tj_hash id = envelope(&header, 5, 0);
    take(&memory, 5, 1);
    header.lane = 3;
    assert_int_equal(tj_signer_judge(&memory, &header, &id).objection, TJ_SIGNER_AGREES);
    header.lane = 2;
    header.party = 2;
    assert_int_equal(tj_signer_judge(&memory, &header, &id).objection, TJ_SIGNER_AGREES);
    header.party = 1;
    header.ledger_id = hash_of(78);
    assert_int_equal(tj_signer_judge(&memory, &header, &id).objection, TJ_SIGNER_LEDGER);
    tj_signer_clear(&memory);
}

static struct tj_hash knowing(struct tj_header *out, uint64_t index, uint64_t leaf)
{
    static uint64_t sequence;
    const struct tj_hash id = envelope(out, 1, 0);
    out->party = (uint32_t)++sequence + 10; /* a lane of its own */
    out->known_index = index;
    out->known_leaf = hash_of(leaf);
    return id;
}

static enum tj_signer_objection ask_known(const struct tj_signer_memory *memory, uint64_t index,
                                          uint64_t leaf)
{
    struct tj_header header;
    const struct tj_hash id = knowing(&header, index, leaf);
    return tj_signer_judge(memory, &header, &id).objection;
}

static void take_known(struct tj_signer_memory *memory, uint64_t index, uint64_t leaf)
{
    struct tj_header header;
    const struct tj_hash id = knowing(&header, index, leaf);
    assert_true(tj_signer_remember(memory, &header, &id));
}

static void known_entries(void **state)
{
    (void)state;
    struct tj_signer_memory memory = fresh();
    struct tj_header header;
    take_known(&memory, 100, 1);
    take_known(&memory, 90, 2); /* lower: allowed, and remembered */
    assert_int_equal(ask_known(&memory, 100, 1), TJ_SIGNER_AGREES);
    assert_int_equal(ask_known(&memory, 100, 2), TJ_SIGNER_FORK);
    assert_int_equal(ask_known(&memory, 90, 1), TJ_SIGNER_FORK);
    assert_int_equal(ask_known(&memory, 95, 9), TJ_SIGNER_AGREES);
    assert_false(tj_signer_may_replace(TJ_SIGNER_FORK));
    /* Who knows no entry contradicts none. */
    const struct tj_hash id = knowing(&header, 0, 1);
    header.known_leaf = (struct tj_hash){{0}};
    take_known(&memory, 0, 3);
    assert_int_equal(tj_signer_judge(&memory, &header, &id).objection, TJ_SIGNER_AGREES);
    tj_signer_clear(&memory);
}

static void bounds(void **state)
{
    (void)state;
    struct tj_signer_memory memory = fresh();
    for (uint64_t i = 0; i < 200; i++) {
        take_known(&memory, 1000 + i, i);
        take(&memory, 1 + i, 0);
    }
    assert_int_equal(memory.known_count, TJ_SIGNER_KNOWN_MAX);
    assert_int_equal(ask_known(&memory, 1199, 0), TJ_SIGNER_FORK);
    assert_int_equal(ask_known(&memory, 1136, 0), TJ_SIGNER_FORK);
    assert_int_equal(ask_known(&memory, 1135, 0), TJ_SIGNER_AGREES);
    take_known(&memory, 1, 0); /* below all that are kept: passed over */
    assert_int_equal(memory.known[0].number, 1136);
    take_known(&memory, 1200, 1);
    assert_int_equal(memory.known[0].number, 1137);
    assert_int_equal(ask(&memory, 200, 1), TJ_SIGNER_TAKEN);
    assert_int_equal(ask(&memory, 137, 0), TJ_SIGNER_AGREES);
    assert_int_equal(ask(&memory, 136, 0), TJ_SIGNER_BEHIND);
    tj_signer_clear(&memory);
}

/* What is written is read back, and nothing else is. */
static void the_file(void **state)
{
    (void)state;
    struct tj_hasher *hasher = tj_hasher_create();
    struct tj_signer_memory memory = fresh();
    struct tj_signer_memory again;
    size_t size = 0;
    size_t size_again = 0;
    take_known(&memory, 100, 1);
    take_known(&memory, 18446744073709551615u, 1);
    take(&memory, 5, 0);
    take(&memory, 6, 0);
    char *text = tj_signer_encode(hasher, &size, &memory);
    assert_non_null(text);
    assert_int_equal(tj_signer_decode(hasher, &again, text, size), TIJORI_OK);
    char *text_again = tj_signer_encode(hasher, &size_again, &again);
    assert_int_equal(size, size_again);
    assert_memory_equal(text, text_again, size);
    tj_signer_clear(&again);
    for (size_t i = 0; i < size; i++) {
        assert_int_not_equal(tj_signer_decode(hasher, &again, text, i), TIJORI_OK);
        text[i] ^= 1;
        assert_int_not_equal(tj_signer_decode(hasher, &again, text, size), TIJORI_OK);
        assert_null(again.lanes);
        text[i] ^= 1;
    }
    text[strlen("tijori/signer/v")] = '2';
    assert_int_equal(tj_signer_decode(hasher, &again, text, size), TIJORI_VERSION_UNKNOWN);
    free(text);
    free(text_again);
    tj_signer_clear(&memory);
    tj_hasher_destroy(hasher);
}

/* Lines that a right sum stands under, and that nobody writes. */
static void wrong_lines(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "known 1 H\nknown 1 H\n",
        "known 2 H\nknown 1 H\n",
        "known 01 H\n",
        "known  1 H\n",
        "known 18446744073709551616 H\n",
        "known 1 h\n",
        "lane 1 4096 1 H\n",
        "lane 4294967296 1 1 H\n",
        "lane 1 1 2 H\nlane 1 1 1 H\n",
        "lane 2 1 1 H\nlane 1 1 1 H\n",
        "lane 1 1 1 H\nknown 1 H\n",
        "more\n",
        "known 1 H\r\n",
        "\n",
    };
    struct tj_hasher *hasher = tj_hasher_create();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char text[1024] = "tijori/signer/v1\nledger ";
        char digits[2 * TJ_HASH_SIZE + 1];
        struct tj_signer_memory memory;
        struct tj_hash hash;
        size_t used = strlen(text);
        used += (size_t)snprintf(text + used, sizeof text - used, "%064d\n", 0);
        for (const char *at = wrong[i]; *at != '\0'; at++) {
            used += (size_t)(*at == 'H' ? snprintf(text + used, sizeof text - used, "%064d", 7)
                                        : snprintf(text + used, sizeof text - used, "%c", *at));
        }
        tj_sha256(hasher, &hash, text, used);
        for (size_t b = 0; b < TJ_HASH_SIZE; b++) {
            snprintf(digits + 2 * b, 3, "%02x", hash.bytes[b]);
        }
        used += (size_t)snprintf(text + used, sizeof text - used, "sha256 %s\n", digits);
        assert_int_equal(tj_signer_decode(hasher, &memory, text, used), TIJORI_CORRUPT);
    }
    tj_hasher_destroy(hasher);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lane),        cmocka_unit_test(lanes_and_ledgers),
        cmocka_unit_test(known_entries), cmocka_unit_test(bounds),
        cmocka_unit_test(the_file),      cmocka_unit_test(wrong_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
