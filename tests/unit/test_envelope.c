/* The envelope and the entry as bytes: docs/FORMAT.md sections 4, 5 and 9. Each part cut short,
 * oversized, out of order, twice there; what decodes encodes to the same bytes; noise crashes
 * nothing. Every input lies in a block of exactly its size, so that ASan sees a read past it. */

#include "core/format/entry.h"
#include "crypto/tree.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static uint64_t next_random(uint64_t *seed)
{
    *seed += UINT64_C(0x9e3779b97f4a7c15); /* SplitMix64 */
    uint64_t z = *seed;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* ---- making envelopes ---- */

enum { HEADER = 176, RECORD = 112, ECDSA_SLOT = 107, BIP340_SLOT = 106, BYTES_MAX = 16384 };

struct part {
    uint8_t bytes[BYTES_MAX];
    size_t size;
};

static void put(struct part *p, const void *bytes, size_t size)
{
    assert_true(p->size + size <= BYTES_MAX);
    memcpy(p->bytes + p->size, bytes, size);
    p->size += size;
}

static void put_count(struct part *p, uint16_t count)
{
    uint8_t bytes[2];
    tj_store16(bytes, count);
    put(p, bytes, 2);
}

/* Docs section 4.2, by hand: sizes are what the caller says they are. */
static void put_slot_sized(struct part *p, uint32_t party, uint8_t algorithm, uint8_t use,
                           uint8_t key, uint16_t key_size, uint16_t signature_size)
{
    uint8_t bytes[256] = {0};
    tj_store32(bytes, party);
    bytes[4] = algorithm;
    bytes[5] = use;
    tj_store16(bytes + 6, key_size);
    tj_store16(bytes + 8, signature_size);
    memset(bytes + 10, key, key_size);
    memset(bytes + 10 + key_size, 0x51, signature_size);
    put(p, bytes, 10u + key_size + signature_size);
}

static void put_slot(struct part *p, uint32_t party, uint8_t algorithm, uint8_t use, uint8_t key)
{
    put_slot_sized(p, party, algorithm, use, key, algorithm == TJ_ALGORITHM_ECDSA ? 33 : 32, 64);
}

static void put_attachment(struct part *p, const void *bytes, uint32_t size)
{
    uint8_t count[4];
    tj_store32(count, size);
    put(p, count, 4);
    put(p, bytes, size);
}

static void put_header(struct part *p, uint16_t flags, uint32_t records)
{
    uint8_t bytes[HEADER];
    struct tj_header h = {.flags = flags, .lane = 3, .party = 1, .record_count = records};
    h.sequence = 5;
    h.created_s = 1700000000;
    h.expires_s = 1700003600;
    h.known_index = 9;
    memset(h.ledger_id.bytes, 0x11, 32);
    memset(h.previous_id.bytes, 0x22, 32);
    memset(h.known_leaf.bytes, 0x33, 32);
    memset(h.body_root.bytes, 0x44, 32);
    tj_header_encode(&h, bytes);
    put(p, bytes, HEADER);
}

/* `hash`: the SHA-256 of this text, or nothing. */
static void put_move(struct part *p, const char *text)
{
    uint8_t bytes[RECORD];
    struct tj_record r = {.kind = TJ_MOVE, .purpose = TJ_PURCHASE, .from = 1, .to = 2};
    r.amount = 3;
    if (text != NULL) {
        struct tj_hasher *hasher = tj_hasher_create();
        tj_sha256(hasher, &r.hash, text, strlen(text));
        tj_hasher_destroy(hasher);
    }
    tj_record_encode(&r, bytes);
    put(p, bytes, RECORD);
}

/* Header and two records; slots and attachments follow. */
static void put_front(struct part *p)
{
    p->size = 0;
    put_header(p, 0, 2);
    put_move(p, "deed");
    put_move(p, NULL);
}

/* One of each part. SHA-256("bill") is below SHA-256("deed"). */
static void put_small(struct part *p)
{
    p->size = 0;
    put_header(p, 0, 2);
    put_move(p, "deed");
    put_move(p, "bill");
    put_count(p, 2);
    put_slot(p, 1, TJ_ALGORITHM_ECDSA, TJ_USE_SIGN, 2);
    put_slot(p, 2, TJ_ALGORITHM_BIP340, TJ_USE_COUNTERSIGN, 7);
    put_count(p, 2);
    put_attachment(p, "bill", 4);
    put_attachment(p, "deed", 4);
}

static enum tijori_status decode(struct tj_envelope_view *view, const uint8_t *bytes, size_t size,
                                 struct tj_verdict *verdict)
{
    tj_verdict_init(verdict);
    return tj_envelope_decode(view, bytes, size, verdict);
}

/* Decodes a copy of exactly this size. */
static enum tijori_status decode_copy(const uint8_t *bytes, size_t size, struct tj_verdict *verdict)
{
    struct tj_envelope_view view;
    uint8_t *copy = malloc(size + (size == 0));
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    enum tijori_status status = decode(&view, copy, size, verdict);
    free(copy);
    return status;
}

static void expect(const struct part *p, enum tijori_status wanted, const char *field,
                   const char *what)
{
    struct tj_verdict verdict;
    enum tijori_status status = decode_copy(p->bytes, p->size, &verdict);
    if (status != wanted) {
        fail_msg("%s: wanted %s, got %s", what, tijori_status_name(wanted),
                 tijori_status_name(status));
    }
    if (wanted != TIJORI_OK && field != NULL) {
        assert_non_null(verdict.field);
        assert_string_equal(verdict.field, field);
    }
}

/* ---- header ---- */

static void header_fields_and_their_bounds(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint8_t offset, size;
        uint64_t value;
        enum tijori_status status;
        const char *field;
    } rows[] = {
        {"magic 0", 0, 1, 'X', TIJORI_MAGIC, "magic"},
        {"magic 1", 1, 1, 'j', TIJORI_MAGIC, "magic"},
        {"an entry's magic", 2, 1, 'N', TIJORI_MAGIC, "magic"},
        {"version 0", 3, 1, 0, TIJORI_VERSION_UNKNOWN, "version"},
        {"version 2", 3, 1, 2, TIJORI_VERSION_UNKNOWN, "version"},
        {"version 255", 3, 1, 255, TIJORI_VERSION_UNKNOWN, "version"},
        {"restricted", 4, 2, 1, TIJORI_OK, NULL},
        {"approval", 4, 2, 2, TIJORI_OK, NULL},
        {"approval, restricted", 4, 2, 3, TIJORI_OK, NULL},
        {"flag 2", 4, 2, 4, TIJORI_FLAGS_UNKNOWN, "flags"},
        {"flag 2 and approval", 4, 2, 6, TIJORI_FLAGS_UNKNOWN, "flags"},
        {"flag 15", 4, 2, 0x8000, TIJORI_FLAGS_UNKNOWN, "flags"},
        {"lane 0", 6, 2, 0, TIJORI_OK, NULL},
        {"lane 4095", 6, 2, 4095, TIJORI_OK, NULL},
        {"lane 4096", 6, 2, 4096, TIJORI_VALUE, "lane"},
        {"lane 65535", 6, 2, 65535, TIJORI_VALUE, "lane"},
        {"party 0", 8, 4, 0, TIJORI_OK, NULL},
        {"party 2^32-1", 8, 4, UINT32_MAX, TIJORI_OK, NULL},
        {"no records", 12, 4, 0, TIJORI_RECORD_COUNT, "record_count"},
        {"8190 records", 12, 4, 8190, TIJORI_OK, NULL},
        {"8191 records", 12, 4, 8191, TIJORI_RECORD_COUNT, "record_count"},
        {"2^32-1 records", 12, 4, UINT32_MAX, TIJORI_RECORD_COUNT, "record_count"},
        {"sequence 0", 16, 8, 0, TIJORI_VALUE, "sequence"},
        {"sequence 1", 16, 8, 1, TIJORI_OK, NULL},
        {"sequence 2^64-1", 16, 8, UINT64_MAX, TIJORI_OK, NULL},
        {"known_index 0 with a leaf", 40, 8, 0, TIJORI_OK, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct part p = {.size = 0};
        struct tj_header h;
        struct tj_verdict verdict;
        put_header(&p, 0, 1);
        for (uint8_t b = 0; b < rows[i].size; b++) {
            p.bytes[rows[i].offset + b] = (uint8_t)(rows[i].value >> (8 * b));
        }
        tj_verdict_init(&verdict);
        enum tijori_status status = tj_header_decode(&h, p.bytes, &verdict);
        if (status != rows[i].status) {
            fail_msg("%s: %s", rows[i].what, tijori_status_name(status));
        }
        if (rows[i].field != NULL) {
            assert_string_equal(verdict.field, rows[i].field);
        }
    }
}

static void no_known_entry_is_all_zero(void **state)
{
    (void)state;
    struct part p = {.size = 0};
    struct tj_header h;
    struct tj_verdict verdict;
    put_header(&p, 0, 1);
    memset(p.bytes + 112, 0, 32);
    tj_verdict_init(&verdict);
    assert_int_equal(tj_header_decode(&h, p.bytes, &verdict), TIJORI_VALUE);
    assert_string_equal(verdict.field, "known_index");
    memset(p.bytes + 40, 0, 8);
    assert_int_equal(tj_header_decode(&h, p.bytes, &verdict), TIJORI_OK);
}

/* Whatever decodes encodes to the bytes it came from: there is one encoding. */
static void headers_round_trip(void **state)
{
    (void)state;
    uint64_t seed = 0x4ead;
    unsigned decoded = 0;
    print_message("seed %#llx\n", (unsigned long long)seed);
    for (int round = 0; round < 20000; round++) {
        struct part p = {.size = 0};
        uint8_t again[HEADER];
        struct tj_header h;
        struct tj_verdict verdict;
        put_header(&p, (uint16_t)(round & 1), 1 + (uint32_t)(next_random(&seed) % 8190));
        for (uint64_t left = next_random(&seed) % 8; left > 0; left--) {
            p.bytes[next_random(&seed) % HEADER] = (uint8_t)next_random(&seed);
        }
        tj_verdict_init(&verdict);
        if (tj_header_decode(&h, p.bytes, &verdict) == TIJORI_OK) {
            tj_header_encode(&h, again);
            assert_memory_equal(p.bytes, again, HEADER);
            decoded++;
        }
    }
    assert_true(decoded > 5000);
}

/* ---- cut short, and too long ---- */

static void truncated_at_every_length(void **state)
{
    (void)state;
    struct part p;
    put_small(&p);
    expect(&p, TIJORI_OK, NULL, "whole");
    for (size_t size = 0; size < p.size; size++) {
        struct tj_verdict verdict;
        size_t measured;
        uint8_t *copy = malloc(size + (size == 0));
        assert_non_null(copy);
        memcpy(copy, p.bytes, size);
        if (decode_copy(p.bytes, size, &verdict) != TIJORI_TRUNCATED) {
            fail_msg("%zu of %zu bytes: %s", size, p.size, tijori_status_name(verdict.status));
        }
        assert_int_equal(tj_envelope_measure(&measured, copy, size), TIJORI_TRUNCATED);
        free(copy);
    }
}

static void trailing_bytes(void **state)
{
    (void)state;
    struct part p;
    put_small(&p);
    size_t whole = p.size;
    for (size_t more = 1; more < 40; more++) {
        p.size = whole + more;
        memset(p.bytes + whole, 0, more);
        expect(&p, TIJORI_TRAILING_BYTES, NULL, "zeros after the end");
    }
    p.size = whole;
    put(&p, p.bytes, 200);
    expect(&p, TIJORI_TRAILING_BYTES, NULL, "another envelope's beginning");
}

/* 8,190 records, 16 slots, 256 attachments of 16 MiB in all: allowed to the last byte. */
static void the_largest_envelope(void **state)
{
    (void)state;
    size_t max = TJ_ENVELOPE_SIZE_MAX;
    uint8_t *bytes = calloc(1, max + 1);
    struct part *p = calloc(1, sizeof *p);
    struct tj_envelope_view view;
    struct tj_verdict verdict;
    size_t measured;
    assert_non_null(bytes);
    assert_non_null(p);
    put_header(p, 0, 8190);
    put_move(p, NULL);
    memcpy(bytes, p->bytes, HEADER);
    uint8_t *at = bytes + HEADER;
    for (int i = 0; i < 8190; i++, at += RECORD) {
        memcpy(at, p->bytes + HEADER, RECORD);
    }
    p->size = 0;
    put_count(p, 16);
    for (uint8_t i = 0; i < 16; i++) {
        put_slot(p, 1, TJ_ALGORITHM_ECDSA, TJ_USE_SIGN, i);
    }
    put_count(p, 256);
    memcpy(at, p->bytes, p->size);
    at += p->size;
    for (int i = 0; i < 256; i++, at += 4 + 65536) {
        tj_store32(at, 65536);
    }
    assert_int_equal(at - bytes, max);
    assert_int_equal(decode(&view, bytes, max, &verdict), TIJORI_OK);
    assert_int_equal(view.attachment_count, 256);
    assert_int_equal(tj_envelope_measure(&measured, bytes, max), TIJORI_OK);
    assert_int_equal(measured, max);
    assert_int_equal(decode(&view, bytes, max + 1, &verdict), TIJORI_OVERSIZED);
    /* One that states more than there may be is not waited for. */
    tj_store32(at - 4 - 65536, UINT32_MAX);
    assert_int_equal(tj_envelope_measure(&measured, bytes, max), TIJORI_TRUNCATED);
    assert_int_equal(tj_envelope_measure(&measured, bytes, max + 1), TIJORI_OVERSIZED);
    free(bytes);
    free(p);
}

static void measure_over_a_stream(void **state)
{
    (void)state;
    struct part p;
    size_t starts[4] = {0};
    size_t ends[3];
    p.size = 0;
    for (int i = 0; i < 3; i++) {
        struct part one;
        put_small(&one);
        one.size = i == 1 ? one.size : 0;
        if (i != 1) {
            put_header(&one, 0, 1);
            put_move(&one, NULL);
            put_count(&one, 0);
            put_count(&one, 0);
        }
        starts[i] = p.size;
        put(&p, one.bytes, one.size);
        ends[i] = p.size;
    }
    put(&p, "rubbish", 7);
    for (int i = 0; i < 3; i++) {
        size_t size;
        for (size_t end = starts[i]; end <= p.size; end++) {
            enum tijori_status status =
                tj_envelope_measure(&size, p.bytes + starts[i], end - starts[i]);
            assert_int_equal(status, end < ends[i] ? TIJORI_TRUNCATED : TIJORI_OK);
            if (status == TIJORI_OK) {
                assert_int_equal(size, ends[i] - starts[i]);
            }
        }
    }
    size_t size;
    assert_int_equal(tj_envelope_measure(&size, p.bytes + ends[2], 7), TIJORI_MAGIC);
    assert_int_equal(tj_envelope_measure(&size, (const uint8_t *)"TJX", 3), TIJORI_MAGIC);
    assert_int_equal(tj_envelope_measure(&size, (const uint8_t *)"x", 1), TIJORI_MAGIC);
    assert_int_equal(tj_envelope_measure(&size, (const uint8_t *)"TJ", 2), TIJORI_TRUNCATED);
    tj_store32(p.bytes + 12, 0);
    assert_int_equal(tj_envelope_measure(&size, p.bytes, p.size), TIJORI_RECORD_COUNT);
    tj_store32(p.bytes + 12, 8191);
    assert_int_equal(tj_envelope_measure(&size, p.bytes, p.size), TIJORI_RECORD_COUNT);
}

/* ---- records together ---- */

static void kinds_go_together(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint8_t first, second;
        uint16_t flags;
        uint8_t ledger_id;
        enum tijori_status status;
        uint32_t record;
    } rows[] = {
        {"movements", TJ_MOVE, TJ_MOVE, 0, 1, TIJORI_OK, 0},
        {"a directive after a movement", TJ_MOVE, TJ_CLOSE_ACCOUNT, 0, 1, TIJORI_KIND_MIXED, 1},
        {"a movement after a directive", TJ_CLOSE_ACCOUNT, TJ_MOVE, 0, 1, TIJORI_KIND_MIXED, 1},
        {"unknown after a movement", TJ_MOVE, 200, 0, 1, TIJORI_KIND_UNKNOWN, 1},
        {"reserved before a movement", 67, TJ_MOVE, 0, 1, TIJORI_KIND_RESERVED, 0},
        {"directive, restricted", TJ_CLOSE_ACCOUNT, TJ_CLOSE_ACCOUNT, 1, 1,
         TIJORI_RESTRICTED_DIRECTIVE, 0},
        {"a directive that opens no account, restricted", TJ_END_RULE, TJ_END_RULE, 1, 1,
         TIJORI_RESTRICTED_DIRECTIVE, 0},
        {"ledger record in a later entry", TJ_LEDGER, TJ_CLOSE_ACCOUNT, 0, 1, TIJORI_GENESIS_ONLY,
         0},
        {"predecessor in a later entry", TJ_CLOSE_ACCOUNT, TJ_PREDECESSOR, 0, 1,
         TIJORI_GENESIS_ONLY, 1},
        {"mixed goes before genesis only", TJ_MOVE, TJ_LEDGER, 0, 1, TIJORI_KIND_MIXED, 1},
        {"approvals", TJ_APPROVAL, TJ_APPROVAL, 2, 1, TIJORI_OK, 0},
        {"approvals, restricted", TJ_APPROVAL, TJ_APPROVAL, 3, 1, TIJORI_OK, 0},
        {"approvals without the flag", TJ_APPROVAL, TJ_APPROVAL, 0, 1, TIJORI_KIND_MIXED, 0},
        {"the flag without approvals", TJ_MOVE, TJ_MOVE, 2, 1, TIJORI_KIND_MIXED, 0},
        {"the flag on a directive", TJ_CLOSE_ACCOUNT, TJ_CLOSE_ACCOUNT, 2, 1, TIJORI_KIND_MIXED, 0},
        {"a move after an approval", TJ_APPROVAL, TJ_MOVE, 2, 1, TIJORI_KIND_MIXED, 1},
        {"an approval after a move", TJ_MOVE, TJ_APPROVAL, 0, 1, TIJORI_KIND_MIXED, 1},
        {"a directive after an approval", TJ_APPROVAL, TJ_CLOSE_ACCOUNT, 2, 1, TIJORI_KIND_MIXED,
         1},
        {"unknown where approvals are", 200, TJ_APPROVAL, 2, 1, TIJORI_KIND_UNKNOWN, 0},
        {"a programme where approvals are", TJ_PROGRAMME, TJ_APPROVAL, 2, 1, TIJORI_KIND_MIXED, 0},
        {"predecessor where no ledger is named", TJ_CLOSE_ACCOUNT, TJ_PREDECESSOR, 0, 0, TIJORI_OK,
         0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct part p = {.size = 0};
        struct tj_verdict verdict;
        put_header(&p, rows[i].flags, 2);
        memset(p.bytes + 48, rows[i].ledger_id, 32);
        for (int r = 0; r < 2; r++) {
            uint8_t kind = r == 0 ? rows[i].first : rows[i].second;
            put_move(&p, NULL);
            uint8_t *record = p.bytes + p.size - RECORD;
            if (kind == TJ_APPROVAL) {
                record[0] = kind;
                record[36] = 1;
                memset(record + 96, (rows[i].flags & 1) != 0, 16);
            } else if (kind != TJ_MOVE) {
                memset(record, 0, RECORD);
                record[0] = kind;
                record[8] = 1; /* a predecessor's size */
            }
            if (kind == TJ_CLOSE_ACCOUNT) {
                record[8] = 0;
            }
        }
        put_count(&p, 0);
        put_count(&p, 0);
        if (decode_copy(p.bytes, p.size, &verdict) != rows[i].status) {
            fail_msg("%s: %s", rows[i].what, tijori_status_name(verdict.status));
        }
        assert_true(rows[i].status == TIJORI_OK || verdict.record == rows[i].record);
    }
}

static void body_root_covers_every_byte_of_the_records(void **state)
{
    (void)state;
    struct part p;
    struct tj_digester digester;
    struct tj_header h;
    struct tj_verdict verdict;
    assert_true(tj_digester_init(&digester));
    put_small(&p);
    uint8_t *records = p.bytes + HEADER;
    tj_verdict_init(&verdict);
    assert_int_equal(tj_header_decode(&h, p.bytes, &verdict), TIJORI_OK);
    tj_tree_root_of_items(digester.hasher, &h.body_root, records, RECORD, 2);
    assert_int_equal(tj_body_check(&digester, &h, records, &verdict), TIJORI_OK);
    for (size_t i = 0; i < 2 * RECORD; i++) {
        records[i] ^= 1;
        assert_int_equal(tj_body_check(&digester, &h, records, &verdict), TIJORI_BODY_ROOT);
        assert_string_equal(verdict.field, "body_root");
        records[i] ^= 1;
    }
    for (size_t i = 0; i < 32; i++) {
        h.body_root.bytes[i] ^= 0x80;
        assert_int_equal(tj_body_check(&digester, &h, records, &verdict), TIJORI_BODY_ROOT);
        h.body_root.bytes[i] ^= 0x80;
    }
    uint8_t swapped[2 * RECORD];
    memcpy(swapped, records + RECORD, RECORD);
    memcpy(swapped + RECORD, records, RECORD);
    assert_int_equal(tj_body_check(&digester, &h, swapped, &verdict), TIJORI_BODY_ROOT);
    tj_digester_clear(&digester);
}

/* ---- slots ---- */

struct slot_row {
    const char *what;
    uint32_t party;
    uint8_t algorithm, use;
    uint16_t key_size, signature_size;
    enum tijori_status status;
    const char *field;
};

static void one_slot_of_each_sort(void **state)
{
    (void)state;
    static const struct slot_row rows[] = {
        {"ecdsa", 1, 1, 1, 33, 64, TIJORI_OK, NULL},
        {"bip340", 1, 2, 1, 32, 64, TIJORI_OK, NULL},
        {"algorithm 0", 1, 0, 1, 33, 64, TIJORI_SLOT_ALGORITHM, "algorithm"},
        {"an ed25519 key signs no envelope", 1, 3, 1, 32, 64, TIJORI_SLOT_USE, "use"},
        {"nor does it countersign", 0, 3, 2, 32, 64, TIJORI_SLOT_USE, "use"},
        {"it shows possession, for party 0", 0, 3, 3, 32, 64, TIJORI_OK, NULL},
        {"for no other party", 1, 3, 3, 32, 64, TIJORI_SLOT_USE, "use"},
        {"use 4 of an ed25519 key", 0, 3, 4, 32, 64, TIJORI_SLOT_USE, "use"},
        {"an ed25519 key of 33 bytes", 0, 3, 3, 33, 64, TIJORI_SLOT_SIZE, "size"},
        {"algorithm 4", 1, 4, 1, 33, 64, TIJORI_SLOT_ALGORITHM, "algorithm"},
        {"algorithm 255", 1, 255, 1, 33, 64, TIJORI_SLOT_ALGORITHM, "algorithm"},
        {"use 0", 1, 1, 0, 33, 64, TIJORI_SLOT_USE, "use"},
        {"use 4", 1, 1, 4, 33, 64, TIJORI_SLOT_USE, "use"},
        {"use 255", 1, 1, 255, 33, 64, TIJORI_SLOT_USE, "use"},
        {"sign for another party", 2, 1, 1, 33, 64, TIJORI_SLOT_USE, "use"},
        {"countersign for oneself", 1, 1, 2, 33, 64, TIJORI_SLOT_USE, "use"},
        {"countersign for another", 2, 1, 2, 33, 64, TIJORI_OK, NULL},
        {"possession for oneself", 1, 1, 3, 33, 64, TIJORI_OK, NULL},
        {"possession for another", 2, 1, 3, 33, 64, TIJORI_OK, NULL},
        {"ecdsa key of 32", 1, 1, 1, 32, 64, TIJORI_SLOT_SIZE, "size"},
        {"ecdsa key of 34", 1, 1, 1, 34, 64, TIJORI_SLOT_SIZE, "size"},
        {"ecdsa key of 65", 1, 1, 1, 65, 64, TIJORI_SLOT_SIZE, "size"},
        {"bip340 key of 33", 1, 2, 1, 33, 64, TIJORI_SLOT_SIZE, "size"},
        {"bip340 key of 31", 1, 2, 1, 31, 64, TIJORI_SLOT_SIZE, "size"},
        {"no key", 1, 1, 1, 0, 64, TIJORI_SLOT_SIZE, "size"},
        {"signature of 63", 1, 1, 1, 33, 63, TIJORI_SLOT_SIZE, "size"},
        {"signature of 65", 1, 1, 1, 33, 65, TIJORI_SLOT_SIZE, "size"},
        {"DER signature", 1, 1, 1, 33, 71, TIJORI_SLOT_SIZE, "size"},
        {"no signature", 1, 1, 1, 33, 0, TIJORI_SLOT_SIZE, "size"},
        {"algorithm goes before use", 1, 9, 9, 33, 64, TIJORI_SLOT_ALGORITHM, "algorithm"},
        {"use goes before size", 1, 1, 9, 1, 64, TIJORI_SLOT_USE, "use"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct part p;
        const struct slot_row *r = &rows[i];
        put_front(&p);
        put_count(&p, 1);
        put_slot_sized(&p, r->party, r->algorithm, r->use, 2, r->key_size, r->signature_size);
        put_count(&p, 0);
        expect(&p, r->status, r->field, r->what);
    }
}

static void slots_stand_in_their_order(void **state)
{
    (void)state;
    /* party, use, algorithm, key; each row is above the one before. The header's party is 1. */
    static const uint8_t rows[][4] = {
        {0, 2, 1, 9}, {0, 3, 1, 1}, {1, 1, 1, 2},   {1, 1, 1, 3},
        {1, 1, 2, 0}, {1, 3, 1, 1}, {2, 2, 2, 255}, {200, 2, 1, 0},
    };
    enum { ROWS = sizeof rows / sizeof rows[0] };
    for (size_t a = 0; a < ROWS; a++) {
        for (size_t b = 0; b < ROWS; b++) {
            struct part p;
            put_front(&p);
            put_count(&p, 2);
            put_slot(&p, rows[a][0], rows[a][2], rows[a][1], rows[a][3]);
            put_slot(&p, rows[b][0], rows[b][2], rows[b][1], rows[b][3]);
            put_count(&p, 0);
            expect(&p,
                   a < b    ? TIJORI_OK
                   : a == b ? TIJORI_SLOT_DUPLICATE
                            : TIJORI_SLOT_ORDER,
                   "slots", "two slots");
        }
    }
    /* Parties are compared as numbers, not by their little-endian bytes; the signature is no part
     * of the order: two signatures of one key are a duplicate. */
    struct part p;
    put_front(&p);
    put_count(&p, 2);
    put_slot(&p, 255, TJ_ALGORITHM_ECDSA, TJ_USE_COUNTERSIGN, 2);
    put_slot(&p, 256, TJ_ALGORITHM_ECDSA, TJ_USE_COUNTERSIGN, 2);
    put_count(&p, 0);
    expect(&p, TIJORI_OK, NULL, "255, 256");
    put_front(&p);
    put_count(&p, 2);
    put_slot(&p, 1, TJ_ALGORITHM_ECDSA, TJ_USE_SIGN, 2);
    put_slot(&p, 1, TJ_ALGORITHM_ECDSA, TJ_USE_SIGN, 2);
    p.bytes[p.size - 1] ^= 1;
    put_count(&p, 0);
    expect(&p, TIJORI_SLOT_DUPLICATE, "slots", "two signatures of one key");
}

static void at_most_16_slots(void **state)
{
    (void)state;
    for (uint16_t count = 0; count <= 18; count++) {
        struct part p;
        put_front(&p);
        put_count(&p, count);
        for (uint16_t i = 0; i < count; i++) {
            put_slot(&p, 1, TJ_ALGORITHM_BIP340, TJ_USE_SIGN, (uint8_t)i);
        }
        put_count(&p, 0);
        expect(&p, count <= 16 ? TIJORI_OK : TIJORI_SLOT_COUNT, "slots", "count");
    }
}

static void inserting_makes_the_one_order(void **state)
{
    (void)state;
    uint64_t seed = 0x510f;
    struct tj_slot all[17];
    memset(all, 0, sizeof all);
    for (uint32_t i = 0; i < 17; i++) { /* in order */
        all[i].party = 1;
        all[i].use = i < 12 ? TJ_USE_SIGN : TJ_USE_POSSESSION;
        all[i].key.algorithm = i % 12 < 6 ? TJ_ALGORITHM_ECDSA : TJ_ALGORITHM_BIP340;
        all[i].key.size = all[i].key.algorithm == TJ_ALGORITHM_ECDSA ? 33 : 32;
        memset(all[i].key.bytes, (int)i + 1, all[i].key.size);
    }
    for (int round = 0; round < 200; round++) {
        struct tj_slots slots = {.count = 0};
        uint8_t bytes[TJ_SLOTS_SIZE_MAX];
        struct tj_slots again;
        struct tj_verdict verdict;
        while (slots.count < 16) {
            const struct tj_slot *slot = &all[next_random(&seed) % 16];
            uint32_t before = slots.count;
            enum tijori_status status = tj_slots_insert(&slots, slot);
            assert_true(status == TIJORI_OK || status == TIJORI_SLOT_DUPLICATE);
            assert_int_equal(slots.count, before + (status == TIJORI_OK));
        }
        assert_int_equal(tj_slots_insert(&slots, &all[16]), TIJORI_SLOT_COUNT);
        assert_int_equal(tj_slots_insert(&slots, &all[3]), TIJORI_SLOT_DUPLICATE);
        struct tj_bytes in = {bytes, tj_slots_encode(&slots, bytes)};
        tj_verdict_init(&verdict);
        assert_int_equal(tj_slots_decode(&in, &again, 1, &verdict), TIJORI_OK);
        assert_int_equal(in.left, 0);
        assert_memory_equal(&slots, &again, sizeof slots);
    }
}

/* ---- attachments ---- */

static enum tijori_status check_attachments(struct part *p)
{
    struct tj_digester digester;
    struct tj_envelope_view view;
    struct tj_verdict verdict;
    uint8_t *copy = malloc(p->size);
    assert_non_null(copy);
    memcpy(copy, p->bytes, p->size);
    enum tijori_status status = decode(&view, copy, p->size, &verdict);
    assert_int_equal(status, TIJORI_OK);
    assert_true(tj_digester_init(&digester));
    status = tj_attachments_check(&digester, &view, &verdict);
    tj_digester_clear(&digester);
    free(copy);
    return status;
}

static void attachments_are_named_and_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        const char *first, *second;
        enum tijori_status status;
    } rows[] = {
        {"none", NULL, NULL, TIJORI_OK},
        {"one that is named", "deed", NULL, TIJORI_OK},
        {"the other", "bill", NULL, TIJORI_OK},
        {"both", "bill", "deed", TIJORI_OK},
        {"both, the other way round", "deed", "bill", TIJORI_ATTACHMENT_ORDER},
        {"one twice", "deed", "deed", TIJORI_ATTACHMENT_ORDER},
        {"one that nobody names", "note", NULL, TIJORI_ATTACHMENT_UNNAMED},
        {"a second one that nobody names", "bill", "memo", TIJORI_ATTACHMENT_UNNAMED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct part p;
        put_small(&p);
        p.size = HEADER + 2 * RECORD;
        put_count(&p, 0);
        put_count(&p, (uint16_t)((rows[i].first != NULL) + (rows[i].second != NULL)));
        for (int a = 0; a < 2; a++) {
            const char *text = a == 0 ? rows[i].first : rows[i].second;
            if (text != NULL) {
                put_attachment(&p, text, (uint32_t)strlen(text));
            }
        }
        enum tijori_status status = check_attachments(&p);
        if (status != rows[i].status) {
            fail_msg("%s: %s", rows[i].what, tijori_status_name(status));
        }
    }
}

/* The hash of a post, void or correct is a record's, never a document's. */
static void only_move_and_pending_name_documents(void **state)
{
    (void)state;
    for (uint8_t kind = TJ_MOVE; kind <= TJ_CORRECT; kind++) {
        struct part p = {.size = 0};
        put_header(&p, 0, 1);
        put_move(&p, "deed");
        p.bytes[HEADER] = kind;
        p.bytes[HEADER + 36] = kind >= TJ_POST;
        put_count(&p, 0);
        put_count(&p, 1);
        put_attachment(&p, "deed", 4);
        assert_int_equal(check_attachments(&p),
                         kind <= TJ_PENDING ? TIJORI_OK : TIJORI_ATTACHMENT_UNNAMED);
    }
}

static void attachment_counts_and_sizes(void **state)
{
    (void)state;
    struct part p;
    put_front(&p);
    put_count(&p, 0);
    put_count(&p, 257);
    expect(&p, TIJORI_ATTACHMENT, "attachments", "257");
    put_front(&p);
    put_count(&p, 0);
    put_count(&p, 1);
    put_attachment(&p, "", 0);
    expect(&p, TIJORI_ATTACHMENT, "attachments", "size 0");
    /* Sizes of 4 MiB: one, five (more than all may be together), and one byte more. */
    size_t mib4 = TJ_ATTACHMENT_SIZE_MAX;
    for (uint16_t count = 1; count <= 5; count++) {
        put_front(&p);
        put_count(&p, 0);
        put_count(&p, count);
        size_t size = p.size + count * (4 + mib4 + 1);
        uint8_t *bytes = calloc(1, size);
        struct tj_envelope_view view;
        struct tj_verdict verdict;
        assert_non_null(bytes);
        memcpy(bytes, p.bytes, p.size);
        for (uint16_t i = 0; i < count; i++) {
            tj_store32(bytes + p.size + i * (4 + mib4), (uint32_t)mib4);
        }
        size_t whole = p.size + count * (4 + mib4);
        enum tijori_status status = decode(&view, bytes, whole, &verdict);
        /* Five of them are more bytes than the largest envelope. */
        assert_int_equal(status, count <= 4 ? TIJORI_OK : TIJORI_OVERSIZED);
        tj_store32(bytes + p.size, (uint32_t)mib4 + 1);
        status = decode(&view, bytes, whole + 1, &verdict);
        assert_int_equal(status, count <= 4 ? TIJORI_ATTACHMENT : TIJORI_OVERSIZED);
        free(bytes);
    }
    /* The total is judged by what is stated, before the bytes are there. */
    put_front(&p);
    put_count(&p, 0);
    put_count(&p, 1);
    uint8_t stated[4] = {0xff, 0xff, 0xff, 0xff};
    put(&p, stated, 4);
    expect(&p, TIJORI_ATTACHMENT, "attachments", "2^32-1 bytes stated");
}

static void attachments_of_16_mib_and_a_byte(void **state)
{
    (void)state;
    /* 256 attachments: 255 of 65,536 and the last of one more; the records' room is left unused, so
     * the whole is below the largest envelope. */
    struct part p;
    struct tj_envelope_view view;
    struct tj_verdict verdict;
    put_front(&p);
    put_count(&p, 0);
    put_count(&p, 256);
    size_t size = p.size + 256 * (4 + 65536) + 1;
    uint8_t *bytes = calloc(1, size);
    assert_non_null(bytes);
    memcpy(bytes, p.bytes, p.size);
    for (size_t i = 0; i < 256; i++) {
        tj_store32(bytes + p.size + i * (4 + 65536), 65536);
    }
    assert_int_equal(decode(&view, bytes, size - 1, &verdict), TIJORI_OK);
    tj_store32(bytes + p.size + 255 * (4 + 65536), 65537);
    assert_int_equal(decode(&view, bytes, size, &verdict), TIJORI_ATTACHMENT);
    free(bytes);
}

/* ---- all of it: one encoding, and noise ---- */

/* Header, records and slots of a view, encoded again, and its attachments as they are. */
static void encodes_to(const struct tj_envelope_view *view, const uint8_t *bytes)
{
    uint8_t header[HEADER];
    uint8_t slots[TJ_SLOTS_SIZE_MAX];
    tj_header_encode(&view->header, header);
    assert_memory_equal(header, bytes, HEADER);
    for (uint32_t i = 0; i < view->header.record_count; i++) {
        struct tj_record record;
        uint8_t again[RECORD];
        const uint8_t *at = bytes + HEADER + (size_t)i * RECORD;
        tj_record_decode(&record, at);
        tj_record_encode(&record, again);
        assert_memory_equal(again, at, RECORD);
    }
    size_t size = tj_slots_encode(&view->slots, slots);
    assert_int_equal(size, view->slot_bytes_size);
    assert_memory_equal(slots, view->slot_bytes, size);
    const uint8_t *at = view->attachments;
    for (uint32_t i = 0; i < view->attachment_count; i++) {
        size_t attached;
        tj_attachment_next(&at, &attached);
    }
    assert_ptr_equal(at, view->bytes + view->size);
}

static void noise_crashes_nothing_and_what_decodes_is_canonical(void **state)
{
    (void)state;
    uint64_t seed = 0x0415e;
    unsigned good = 0;
    print_message("seed %#llx\n", (unsigned long long)seed);
    for (int round = 0; round < 60000; round++) {
        struct part p;
        struct tj_envelope_view view;
        struct tj_verdict verdict;
        size_t measured;
        put_small(&p);
        bool pure = round % 8 == 0;
        for (size_t i = 0; pure && i < p.size; i++) {
            p.bytes[i] = (uint8_t)next_random(&seed);
        }
        for (uint64_t left = next_random(&seed) % 4; left > 0; left--) {
            p.bytes[next_random(&seed) % p.size] = (uint8_t)next_random(&seed);
        }
        if (round % 4 == 1) {
            p.size = next_random(&seed) % (p.size + 1);
        }
        uint8_t *copy = malloc(p.size + (p.size == 0));
        assert_non_null(copy);
        memcpy(copy, p.bytes, p.size);
        enum tijori_status status = decode(&view, copy, p.size, &verdict);
        (void)!tj_envelope_measure(&measured, copy, p.size);
        if (status == TIJORI_OK) {
            encodes_to(&view, copy);
            good++;
        } else {
            assert_true(status <= TIJORI_BODY_ROOT);
        }
        free(copy);
    }
    assert_true(good > 1000);
}

/* ---- the entry ---- */

static size_t small_entry(uint8_t out[1024])
{
    struct part p;
    struct tj_hash previous;
    put_small(&p);
    memset(previous.bytes, 0x77, 32);
    size_t slots = HEADER + 2 * RECORD;
    tj_entry_encode(out, 12, 3, UINT64_C(1700000000123456789), &previous, p.bytes, p.bytes + slots,
                    2 + ECDSA_SLOT + BIP340_SLOT);
    return tj_entry_size(2 + ECDSA_SLOT + BIP340_SLOT);
}

static enum tijori_status decode_entry(struct tj_entry_view *out, const uint8_t *bytes, size_t size)
{
    struct tj_verdict verdict;
    tj_verdict_init(&verdict);
    return tj_entry_decode(out, bytes, size, &verdict);
}

static void entries_round_trip(void **state)
{
    (void)state;
    uint8_t bytes[1024];
    uint8_t again[1024];
    uint8_t slots[TJ_SLOTS_SIZE_MAX];
    struct tj_entry_view view;
    size_t size = small_entry(bytes);
    assert_int_equal(size, 240 + 2 + ECDSA_SLOT + BIP340_SLOT);
    assert_int_equal(decode_entry(&view, bytes, size), TIJORI_OK);
    assert_int_equal(view.index, 12);
    assert_int_equal(view.term, 3);
    assert_int_equal(view.received_ns, UINT64_C(1700000000123456789));
    assert_int_equal(view.header.sequence, 5);
    assert_int_equal(view.slots.count, 2);
    tj_entry_encode(again, view.index, view.term, view.received_ns, &view.previous,
                    view.header_bytes, slots, tj_slots_encode(&view.slots, slots));
    assert_memory_equal(bytes, again, size);
}

static void entries_cut_short_or_wrong(void **state)
{
    (void)state;
    uint8_t bytes[1024];
    struct tj_entry_view view;
    size_t size = small_entry(bytes);
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *copy = malloc(cut + (cut == 0));
        assert_non_null(copy);
        memcpy(copy, bytes, cut);
        assert_int_equal(decode_entry(&view, copy, cut), TIJORI_TRUNCATED);
        free(copy);
    }
    bytes[size] = 0;
    assert_int_equal(decode_entry(&view, bytes, size + 1), TIJORI_TRAILING_BYTES);
    for (size_t i = 0; i < 8; i++) {
        bytes[i] ^= 0x10;
        assert_int_equal(decode_entry(&view, bytes, size), i < 3    ? TIJORI_MAGIC
                                                           : i == 3 ? TIJORI_VERSION_UNKNOWN
                                                                    : TIJORI_RESERVED_NOT_ZERO);
        bytes[i] ^= 0x10;
    }
    bytes[64] ^= 1; /* the header inside is checked as in an envelope */
    assert_int_equal(decode_entry(&view, bytes, size), TIJORI_MAGIC);
}

static void bodies_have_one_size(void **state)
{
    (void)state;
    uint8_t bytes[2 * (RECORD + 16) + 40 + 1] = {0};
    uint8_t again[sizeof bytes] = {0};
    struct tj_body_view view;
    for (size_t i = 0; i < sizeof bytes - 1; i++) {
        bytes[i] = (uint8_t)(i * 7);
    }
    for (size_t size = 0; size < sizeof bytes; size++) {
        assert_int_equal(tj_body_decode(&view, bytes, size, 2), size == sizeof bytes - 1);
    }
    assert_true(tj_body_decode(&view, bytes, sizeof bytes - 1, 2));
    tj_body_encode(again, view.records, 2, view.links, &view.tail);
    assert_memory_equal(bytes, again, sizeof bytes);
}

/* ---- the jumps of a lane: docs/FORMAT.md section 9 ---- */

static void lane_jumps_by_their_definition(void **state)
{
    (void)state;
    /* s - J(s) is the last term of s written greedily as a sum of 1, 3, 7, 15, ... */
    static const uint8_t jumps[] = {0, 0, 1, 0, 3, 4, 3, 0, 7, 8, 7, 10, 11, 10, 7, 0, 15};
    for (uint64_t s = 1; s < sizeof jumps; s++) {
        assert_int_equal(tj_lane_jump(s), jumps[s]);
    }
    for (uint64_t s = 1; s < 100000; s++) {
        uint64_t rest = s;
        uint64_t term = 0;
        while (rest > 0) {
            term = 1;
            while (term * 2 + 1 <= rest) {
                term = term * 2 + 1;
            }
            rest -= term;
        }
        assert_int_equal(tj_lane_jump(s), s - term);
    }
    assert_int_equal(tj_lane_jump(UINT64_MAX), 0);
    assert_int_equal(tj_lane_jump(UINT64_MAX - 1), UINT64_MAX / 2);
}

/* What lets an entry find its jump from the one before: J(s) is s - 1 or J(J(s - 1)). */
static void lane_jumps_follow_from_the_one_before(void **state)
{
    (void)state;
    uint64_t seed = 0x1a9e;
    print_message("seed %#llx\n", (unsigned long long)seed);
    for (int round = 0; round < 200000; round++) {
        uint64_t s = round < 100000 ? (uint64_t)round + 2
                                    : (next_random(&seed) >> (next_random(&seed) % 60)) | 2;
        uint64_t jump = tj_lane_jump(s);
        assert_true(jump < s);
        uint64_t before = tj_lane_jump(s - 1);
        uint64_t twice = before == 0 ? 0 : tj_lane_jump(before);
        assert_true(jump == s - 1 || jump == twice);
    }
}

static unsigned steps_between(uint64_t from, uint64_t to)
{
    unsigned steps = 0;
    while (from > to) {
        uint64_t jump = tj_lane_jump(from);
        from = jump >= to ? jump : from - 1;
        steps++;
    }
    assert_int_equal(from, to);
    return steps;
}

/* Myers's bound: 3 floor(log2(n + 1)) - 2. */
static unsigned steps_max(uint64_t n)
{
    unsigned bits = 0;
    while (bits < 63 && (UINT64_C(1) << (bits + 1)) <= n + 1) {
        bits++;
    }
    return 3 * bits - 2;
}

static void any_sequence_is_found_in_logarithmic_steps(void **state)
{
    (void)state;
    uint64_t seed = 0x57e9;
    unsigned worst = 0;
    print_message("seed %#llx\n", (unsigned long long)seed);
    for (uint64_t from = 1; from <= 1022; from++) {
        for (uint64_t to = 1; to <= from; to++) {
            unsigned steps = steps_between(from, to);
            assert_true(steps <= steps_max(from));
            worst = steps > worst ? steps : worst;
        }
    }
    assert_int_equal(worst, steps_max(1022)); /* the bound is met, so it is the right one */
    for (int round = 0; round < 30000; round++) {
        uint64_t from = (next_random(&seed) >> (next_random(&seed) % 60)) | 4;
        uint64_t to = 1 + next_random(&seed) % from;
        assert_true(steps_between(from, to) <= steps_max(from));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(header_fields_and_their_bounds),
        cmocka_unit_test(no_known_entry_is_all_zero),
        cmocka_unit_test(headers_round_trip),
        cmocka_unit_test(truncated_at_every_length),
        cmocka_unit_test(trailing_bytes),
        cmocka_unit_test(the_largest_envelope),
        cmocka_unit_test(measure_over_a_stream),
        cmocka_unit_test(kinds_go_together),
        cmocka_unit_test(body_root_covers_every_byte_of_the_records),
        cmocka_unit_test(one_slot_of_each_sort),
        cmocka_unit_test(slots_stand_in_their_order),
        cmocka_unit_test(at_most_16_slots),
        cmocka_unit_test(inserting_makes_the_one_order),
        cmocka_unit_test(attachments_are_named_and_in_order),
        cmocka_unit_test(only_move_and_pending_name_documents),
        cmocka_unit_test(attachment_counts_and_sizes),
        cmocka_unit_test(attachments_of_16_mib_and_a_byte),
        cmocka_unit_test(noise_crashes_nothing_and_what_decodes_is_canonical),
        cmocka_unit_test(entries_round_trip),
        cmocka_unit_test(entries_cut_short_or_wrong),
        cmocka_unit_test(bodies_have_one_size),
        cmocka_unit_test(lane_jumps_by_their_definition),
        cmocka_unit_test(lane_jumps_follow_from_the_one_before),
        cmocka_unit_test(any_sequence_is_found_in_logarithmic_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
