/* Sequences and lanes (I6), keys over time (I7), resubmission (I8), the clock, and the dry run. */

#include "rules_support.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define A(party, local) ((uint64_t)(party) << 32 | (local))
#define S               UINT64_C(1000000000)

static struct fixture *f;

static int setup(void **state)
{
    (void)state;
    f = rules_world(true);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rules_end(f);
    return 0;
}

/* ---- envelopes kept for later ---- */

struct kept {
    uint8_t *bytes;
    size_t size;
    struct tijori_receipt receipt;
};

/* What stands in f: signed when it has no slots yet, encoded, copied. */
static void keep(struct kept *k)
{
    if (f->slots.count == 0) {
        rules_sign(f);
    }
    fixture_encode(f);
    k->bytes = malloc(f->size);
    k->size = f->size;
    assert_non_null(k->bytes);
    memcpy(k->bytes, f->bytes, f->size);
    memset(&k->receipt, 0, sizeof k->receipt);
}

static void begin(uint32_t party, uint16_t lane)
{
    struct tj_record r = party == 4   ? fixture_move(A(4, 2), A(4, 0), 1, TJ_CUSTOMER_DEPOSIT)
                         : party == 2 ? fixture_move(A(2, 2), A(2, 0), 1, TJ_CUSTOMER_DEPOSIT)
                                      : fixture_move(A(1, 2), A(1, 0), 1, TJ_PURCHASE);
    rules_one(f, party, lane, &r);
}

/* The envelope in f is to follow this one, which is not in the ledger. */
static void follow(const struct kept *before)
{
    tj_envelope_id(&f->digester, &f->header.previous_id, before->bytes);
    f->header.sequence = tj_load64(before->bytes + 16) + 1;
}

static enum tijori_status submit(const struct kept *k, struct tijori_receipt *receipt)
{
    assert_int_equal(tijori_submit(f->ledger, k->bytes, k->size, 9), TIJORI_OK);
    assert_int_equal(tijori_receive(f->ledger, receipt), TIJORI_OK);
    assert_int_equal(receipt->tag, 9);
    return receipt->status;
}

static void same_receipt(const struct tijori_receipt *now, const struct tijori_receipt *first)
{
    assert_int_equal(now->status, TIJORI_ALREADY);
    assert_int_equal(now->entry, first->entry);
    assert_int_equal(now->received_ns, first->received_ns);
    assert_memory_equal(now->leaf, first->leaf, 32);
    assert_memory_equal(now->envelope_id, first->envelope_id, 32);
}

static void forget(struct kept *kept, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(kept[i].bytes);
    }
}

/* ---- I6 ---- */

enum { CHAINS = 8 };
static const struct {
    uint32_t party;
    uint16_t lane;
} chains[CHAINS] = {{1, 1}, {1, 2}, {1, 4095}, {2, 1}, {2, 2}, {4, 0}, {4, 1}, {3, 9}};

/* In the stored log, for every (party, lane): sequences rise by one, and each envelope names the
 * one before it. */
static void chains_hold(void)
{
    static struct {
        uint64_t sequence;
        struct tj_hash id;
    } last[5][4096];
    memset(last, 0, sizeof last);
    struct tijori_head head;
    tijori_head(f->ledger, &head);
    uint8_t *body = malloc(tj_body_size(TJ_RECORDS_MAX));
    assert_non_null(body);
    for (uint64_t i = 0; i < head.size; i++) {
        uint8_t bytes[TJ_ENTRY_SIZE_MAX];
        struct tijori_entry out = {bytes, sizeof bytes, body, tj_body_size(TJ_RECORDS_MAX)};
        struct tj_header h;
        struct tj_verdict verdict;
        assert_int_equal(tijori_entry(f->ledger, &out, i), TIJORI_OK);
        assert_int_equal(tj_header_decode(&h, bytes + 64, &verdict), TIJORI_OK);
        assert_int_equal(h.sequence, last[h.party][h.lane].sequence + 1);
        assert_memory_equal(h.previous_id.bytes, last[h.party][h.lane].id.bytes, 32);
        last[h.party][h.lane].sequence = h.sequence;
        tj_envelope_id(&f->digester, &last[h.party][h.lane].id, bytes + 64);
    }
    free(body);
}

static void i6_lanes_are_independent_chains(void **state)
{
    (void)state;
    uint64_t seed = 0x1a9e5;
    uint64_t next[CHAINS] = {0};
    print_message("seed %#llx\n", (unsigned long long)seed);
    for (int round = 0; round < 300; round++) {
        size_t c = rules_random(&seed) % CHAINS;
        struct tj_record r = rules_endorse(f, 1);
        rules_one(f, chains[c].party, chains[c].lane, &r);
        assert_true(next[c] == 0 || f->header.sequence == next[c]);
        next[c] = f->header.sequence + 1;
        switch (rules_random(&seed) % 6) {
        case 0: /* a gap in this lane bars no other */
            f->header.sequence += 1 + rules_random(&seed) % 3;
            rules_refuse(f, TIJORI_SEQUENCE);
            next[c]--;
            break;
        case 1: /* another lane's last envelope is not this lane's */
            f->header.previous_id.bytes[3] ^= 1;
            rules_refuse(f, TIJORI_PREVIOUS_ID);
            next[c]--;
            break;
        default:
            rules_accept(f);
        }
    }
    chains_hold();
    struct tj_replay_report report;
    fixture_close(f);
    fixture_audit(f, &report, 2);
    assert_false(report.failed);
    assert_int_equal(report.checks[TJ_CHECK_LANES].passed, report.entries);
    fixture_open(f);
}

static void i6_the_first_of_a_lane_has_sequence_1_and_no_previous(void **state)
{
    (void)state;
    static const struct {
        uint64_t sequence;
        uint8_t previous;
        enum tijori_status status;
    } rows[] = {{2, 0, TIJORI_SEQUENCE},
                {UINT64_MAX, 0, TIJORI_SEQUENCE},
                {1, 1, TIJORI_PREVIOUS_ID},
                {1, 0, TIJORI_OK}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        begin(1, 77);
        f->header.sequence = rows[i].sequence;
        f->header.previous_id.bytes[0] = rows[i].previous;
        if (rows[i].status == TIJORI_OK) {
            rules_accept(f);
        } else {
            rules_refuse(f, rows[i].status);
        }
    }
}

static void the_successor_of_a_refused_envelope(void **state)
{
    (void)state;
    struct kept chain[3];
    struct tijori_receipt receipt;
    begin(1, 1);
    fixture_sign_as(f, TJ_USE_SIGN, 1, 0); /* one of two signatures */
    keep(&chain[0]);
    for (int i = 1; i < 3; i++) {
        begin(1, 1);
        follow(&chain[i - 1]);
        keep(&chain[i]);
    }
    struct rules_trace before;
    rules_trace(f, &before);
    for (int i = 0; i < 3; i++) { /* all at once, as a stream of them comes */
        assert_int_equal(tijori_submit(f->ledger, chain[i].bytes, chain[i].size, 0), TIJORI_OK);
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(tijori_receive(f->ledger, &receipt), TIJORI_OK);
        assert_int_equal(receipt.status, i == 0 ? TIJORI_THRESHOLD : TIJORI_PREDECESSOR_REFUSED);
    }
    rules_same_trace(f, &before);
    /* Other lanes go on. */
    begin(1, 2);
    rules_accept(f);
    /* Signed by one more, it has the same id and is accepted; then so are the ones after it. */
    free(chain[0].bytes);
    begin(1, 1);
    f->header.known_index = before.head.size - 1;
    memcpy(f->header.known_leaf.bytes, before.head.leaf, 32);
    keep(&chain[0]);
    struct tj_hash id;
    tj_envelope_id(&f->digester, &id, chain[0].bytes);
    assert_memory_equal(id.bytes, chain[1].bytes + 80, 32);
    for (int i = 0; i < 3; i++) {
        if (submit(&chain[i], &receipt) != TIJORI_OK) {
            fail_msg("%d: %s", i, receipt.text);
        }
    }
    forget(chain, 3);
}

/* ---- I7 ---- */

static void sign_two(uint32_t first, uint32_t second)
{
    fixture_sign_as(f, TJ_USE_SIGN, 4, first);
    fixture_sign_as(f, TJ_USE_SIGN, 4, second);
    fixture_encode(f);
}

static void i7_a_revoked_key_counts_no_more_from_the_next_entry_on(void **state)
{
    (void)state;
    struct kept envelopes[3];
    struct tijori_receipt receipt;
    static const enum tijori_status wanted[3] = {TIJORI_OK, TIJORI_OK, TIJORI_KEY_REVOKED};
    /* Made while the key was good: one before the revocation, one after it. */
    begin(4, 1);
    sign_two(2, 3);
    keep(&envelopes[0]);
    struct tj_record revoke = rules_key(TJ_REVOKE_KEY, 4, 2, TJ_INITIATE);
    rules_one(f, 4, 0, &revoke);
    keep(&envelopes[1]);
    begin(4, 2);
    sign_two(2, 3);
    keep(&envelopes[2]);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(tijori_submit(f->ledger, envelopes[i].bytes, envelopes[i].size, 0),
                         TIJORI_OK);
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(tijori_receive(f->ledger, &receipt), TIJORI_OK);
        assert_int_equal(receipt.status, wanted[i]);
    }
    forget(envelopes, 3);
    /* It never comes back: not as a key of another party, not under the other algorithm. */
    for (uint8_t algorithm = TJ_ALGORITHM_ECDSA; algorithm <= TJ_ALGORITHM_BIP340; algorithm++) {
        uint8_t secret32[32];
        struct tj_public_key key;
        struct tj_record add = {.kind = TJ_ADD_KEY, .party = 3, .ordinal = 1};
        fixture_secret(secret32, 4, 2);
        assert_true(tj_public_key_of(&key, algorithm, secret32));
        add.role = TJ_INITIATE;
        add.algorithm = algorithm;
        memcpy(add.key, key.bytes, key.size);
        rules_one(f, 0, 0, &add);
        rules_slot(f, TJ_USE_POSSESSION, 3, 4, 2, algorithm);
        rules_refuse(f, TIJORI_KEY_TAKEN);
    }
    begin(4, 1);
    rules_accept(f);
}

static void i7_a_key_counts_from_the_entry_after_the_one_that_adds_it(void **state)
{
    (void)state;
    struct tijori_receipt receipt;
    struct tj_record add = rules_key(TJ_ADD_KEY, 4, 5, TJ_INITIATE);
    begin(4, 1);
    sign_two(3, 5);
    rules_refuse_bytes(f, &receipt, TIJORI_KEY_UNKNOWN);
    rules_one(f, 4, 0, &add);
    fixture_sign_as(f, TJ_USE_POSSESSION, 4, 5);
    rules_accept(f);
    begin(4, 1);
    sign_two(3, 5);
    rules_accept_signed(f);
    /* An administrator added by the envelope does not sign for it. */
    add = rules_key(TJ_ADD_KEY, 4, 6, TJ_ADMINISTER);
    rules_one(f, 4, 0, &add);
    fixture_sign_as(f, TJ_USE_POSSESSION, 4, 6);
    fixture_sign_as(f, TJ_USE_SIGN, 4, 6);
    fixture_encode(f);
    rules_refuse_bytes(f, &receipt, TIJORI_KEY_UNKNOWN);
}

static void i7_a_threshold_counts_from_the_next_entry_on(void **state)
{
    (void)state;
    struct tijori_receipt receipt;
    struct tj_record set = {.kind = TJ_SET_THRESHOLD, .party = 4, .threshold = 3};
    set.domain = TJ_DOMAIN_MOVE;
    rules_accept_one(f, 4, 0, &set);
    begin(4, 1);
    sign_two(1, 3);
    rules_refuse_bytes(f, &receipt, TIJORI_THRESHOLD);
    assert_non_null(strstr(receipt.text, "2 of 3"));
    begin(4, 1);
    fixture_sign_as(f, TJ_USE_SIGN, 4, 4);
    sign_two(1, 3);
    rules_accept_signed(f);
    set.threshold = 1;
    rules_accept_one(f, 4, 0, &set);
    begin(4, 1);
    fixture_sign_as(f, TJ_USE_SIGN, 4, 2);
    fixture_encode(f);
    rules_accept_signed(f);
    begin(4, 1);
    fixture_sign_as(f, TJ_USE_SIGN, 4, 3); /* approves, and nobody initiated */
    fixture_encode(f);
    rules_refuse_bytes(f, &receipt, TIJORI_THRESHOLD);
    set.threshold = 0;
    rules_accept_one(f, 4, 0, &set);
    begin(4, 1);
    sign_two(1, 3);
    rules_refuse_bytes(f, &receipt, TIJORI_THRESHOLD); /* 0 is never reached */
}

static void i7_keys_change_places_in_one_envelope(void **state)
{
    (void)state;
    /* The custodian has one key; the authority replaces it. Revoked alone it would leave none. */
    struct tj_record revoke = rules_key(TJ_REVOKE_KEY, 2, 0, TJ_INITIATE);
    struct tj_record add = rules_key(TJ_ADD_KEY, 2, 1, TJ_INITIATE);
    rules_refuse_one(f, 0, 0, &revoke, TIJORI_UNREACHABLE);
    rules_one(f, 0, 0, &revoke);
    fixture_add(f, &add);
    fixture_sign_as(f, TJ_USE_POSSESSION, 2, 1);
    rules_accept(f);
    begin(2, 1);
    fixture_sign_as(f, TJ_USE_SIGN, 2, 1);
    fixture_encode(f);
    rules_accept_signed(f);
    struct tijori_receipt receipt;
    begin(2, 1);
    fixture_sign_as(f, TJ_USE_SIGN, 2, 0);
    fixture_encode(f);
    rules_refuse_bytes(f, &receipt, TIJORI_KEY_REVOKED);
}

/* A revocation stands in lane 0, and is never stuck behind what another lane waits for. */
static void i7_a_revocation_goes_through_beside_a_stuck_lane(void **state)
{
    (void)state;
    struct tijori_receipt receipt;
    begin(4, 1);
    f->header.sequence += 7;
    sign_two(1, 3);
    rules_refuse_bytes(f, &receipt, TIJORI_SEQUENCE);
    struct tj_record revoke = rules_key(TJ_REVOKE_KEY, 4, 2, TJ_INITIATE);
    rules_accept_one(f, 4, 0, &revoke);
}

/* By keys 1 and 2. */
static void sign_authority(void)
{
    fixture_sign_as(f, TJ_USE_SIGN, 0, 1);
    fixture_sign_as(f, TJ_USE_SIGN, 0, 2);
    fixture_encode(f);
}

static void i7_thresholds_stay_reachable(void **state)
{
    (void)state;
    struct tj_record r = rules_key(TJ_REVOKE_KEY, 4, 2, TJ_INITIATE);
    rules_accept_one(f, 4, 0, &r);
    r = rules_key(TJ_REVOKE_KEY, 4, 1, TJ_INITIATE); /* two approve; nobody could initiate */
    rules_refuse_one(f, 4, 0, &r, TIJORI_UNREACHABLE);
    r = rules_key(TJ_REVOKE_KEY, 4, 3, TJ_APPROVE);
    rules_accept_one(f, 4, 0, &r);
    r = rules_key(TJ_REVOKE_KEY, 4, 4, TJ_APPROVE); /* one key, two needed */
    rules_refuse_one(f, 4, 0, &r, TIJORI_UNREACHABLE);
    /* Of the authority's keys two must be left, and two of those that are left must sign. */
    r = rules_key(TJ_REVOKE_KEY, 0, 0, TJ_ADMINISTER);
    rules_refuse_one(f, 0, 0, &r, TIJORI_NEW_QUORUM);
    rules_one(f, 0, 0, &r);
    sign_authority();
    rules_accept_signed(f);
    r = rules_key(TJ_REVOKE_KEY, 0, 1, TJ_ADMINISTER);
    rules_one(f, 0, 0, &r);
    sign_authority();
    struct tijori_receipt receipt;
    rules_refuse_bytes(f, &receipt, TIJORI_UNREACHABLE);
}

/* ---- I8 ---- */

enum { DEEP = 260 };

/* A lane of DEEP envelopes, all of them submitted before the first receipt comes; another party's
 * lie between them. */
static void fill_lane(struct kept *kept, uint16_t lane)
{
    struct kept between;
    struct kept before = {NULL, 0, {0}};
    struct tijori_receipt receipt;
    for (int i = 0; i < DEEP; i++) {
        begin(1, lane);
        if (i > 0) {
            follow(&kept[i - 1]);
        }
        keep(&kept[i]);
        begin(2, lane);
        if (i > 0) {
            follow(&before);
        }
        keep(&between);
        assert_int_equal(tijori_submit(f->ledger, kept[i].bytes, kept[i].size, 1), TIJORI_OK);
        assert_int_equal(tijori_submit(f->ledger, between.bytes, between.size, 2), TIJORI_OK);
        free(before.bytes);
        before = between;
    }
    free(before.bytes);
    for (int i = 0; i < DEEP; i++) {
        assert_int_equal(tijori_receive(f->ledger, &kept[i].receipt), TIJORI_OK);
        assert_int_equal(kept[i].receipt.status, TIJORI_OK);
        assert_int_equal(kept[i].receipt.tag, 1);
        assert_int_equal(tijori_receive(f->ledger, &receipt), TIJORI_OK);
        assert_int_equal(receipt.status, TIJORI_OK);
        assert_int_equal(receipt.tag, 2);
    }
}

static void i8_every_old_envelope_gets_its_first_receipt(void **state)
{
    (void)state;
    static struct kept kept[DEEP];
    struct tijori_receipt receipt;
    fill_lane(kept, 1);
    struct rules_trace before;
    rules_trace(f, &before);
    for (int when = 0; when < 3; when++) {
        for (int i = 0; i < DEEP; i++) {
            submit(&kept[i], &receipt);
            same_receipt(&receipt, &kept[i].receipt);
        }
        rules_same_trace(f, &before);
        if (when == 0) { /* after all of them have expired */
            f->now_ns += 3 * 3600 * S;
        } else { /* and in another run of the program */
            fixture_close(f);
            fixture_open(f);
        }
    }
    forget(kept, DEEP);
}

static void i8_another_id_with_a_used_sequence_is_a_conflict(void **state)
{
    (void)state;
    static struct kept kept[DEEP];
    struct tijori_receipt receipt;
    fill_lane(kept, 3);
    struct rules_trace before;
    rules_trace(f, &before);
    for (int i = 0; i < DEEP; i++) {
        char ids[2][16];
        kept[i].bytes[24] ^= 1; /* created a second apart: another id */
        assert_int_equal(submit(&kept[i], &receipt), TIJORI_CONFLICT);
        assert_int_equal(receipt.entry, kept[i].receipt.entry);
        assert_memory_equal(receipt.conflict_id, kept[i].receipt.envelope_id, 32);
        assert_memory_not_equal(receipt.envelope_id, kept[i].receipt.envelope_id, 32);
        for (int id = 0; id < 2; id++) {
            const uint8_t *b = id == 0 ? receipt.conflict_id : receipt.envelope_id;
            snprintf(ids[id], sizeof ids[id], "%02x%02x%02x%02x", b[0], b[1], b[2], b[3]);
            assert_non_null(strstr(receipt.text, ids[id]));
        }
    }
    rules_same_trace(f, &before);
    forget(kept, DEEP);
}

static void i8_the_lookup_comes_before_everything_that_has_changed(void **state)
{
    (void)state;
    struct kept kept;
    struct tijori_receipt receipt;
    begin(4, 1);
    keep(&kept);
    assert_int_equal(submit(&kept, &kept.receipt), TIJORI_OK);
    /* Sent twice before the first receipt came. */
    struct kept twice;
    begin(1, 1);
    keep(&twice);
    assert_int_equal(tijori_submit(f->ledger, twice.bytes, twice.size, 0), TIJORI_OK);
    assert_int_equal(tijori_submit(f->ledger, twice.bytes, twice.size, 0), TIJORI_OK);
    assert_int_equal(tijori_receive(f->ledger, &twice.receipt), TIJORI_OK);
    assert_int_equal(twice.receipt.status, TIJORI_OK);
    assert_int_equal(tijori_receive(f->ledger, &receipt), TIJORI_OK);
    same_receipt(&receipt, &twice.receipt);
    free(twice.bytes);
    /* Its key is revoked, its party suspended, its signature broken, the clock far ahead. */
    struct tj_record r = rules_key(TJ_REVOKE_KEY, 4, 3, TJ_APPROVE);
    rules_accept_one(f, 4, 0, &r);
    r = (struct tj_record){.kind = TJ_SUSPEND_PARTY, .party = 4};
    rules_accept_one(f, 0, 0, &r);
    submit(&kept, &receipt);
    same_receipt(&receipt, &kept.receipt);
    kept.bytes[kept.size - 5] ^= 1;
    f->now_ns += 100 * 3600 * S;
    submit(&kept, &receipt);
    same_receipt(&receipt, &kept.receipt);
    free(kept.bytes);
}

/* Signed by others of the party's keys it is the same envelope. */
static void i8_signed_again_it_is_the_same_envelope(void **state)
{
    (void)state;
    struct kept first;
    struct kept second;
    struct tijori_receipt receipt;
    begin(1, 1);
    keep(&first);
    f->slots.count = 0;
    fixture_sign_as(f, TJ_USE_SIGN, 1, 1);
    fixture_sign_as(f, TJ_USE_SIGN, 1, 2);
    keep(&second);
    assert_memory_not_equal(first.bytes, second.bytes, first.size);
    assert_int_equal(submit(&first, &first.receipt), TIJORI_OK);
    submit(&second, &receipt);
    same_receipt(&receipt, &first.receipt);
    forget(&first, 1);
    forget(&second, 1);
}

/* ---- the clock ---- */

static void a_clock_behind_the_log_gives_the_last_time_plus_1_ns(void **state)
{
    (void)state;
    struct tijori_head head;
    struct tijori_receipt receipt;
    tijori_head(f->ledger, &head);
    uint64_t last_ns = head.received_ns;
    f->now_ns = last_ns; /* neither ahead nor behind */
    for (uint64_t i = 1; i <= 3; i++) {
        begin(1, 1);
        rules_sign(f);
        fixture_encode(f);
        assert_int_equal(fixture_submit(f, &receipt), TIJORI_OK);
        assert_int_equal(receipt.received_ns, last_ns + i);
        f->now_ns -= 20 * S;
    }
    f->now_ns = last_ns + 4; /* ahead again by the least there is */
    begin(1, 1);
    rules_sign(f);
    fixture_encode(f);
    assert_int_equal(fixture_submit(f, &receipt), TIJORI_OK);
    assert_int_equal(receipt.received_ns, last_ns + 4);
}

static uint64_t clock_of_fixture(void *context)
{
    return ((struct fixture *)context)->now_ns;
}

static void a_clock_far_ahead_wants_the_operators_word(void **state)
{
    (void)state;
    struct tijori_head head;
    struct tijori_message message;
    struct tijori_receipt receipt;
    tijori_head(f->ledger, &head);
    begin(1, 1); /* made long before what the clock will say */
    f->now_ns = head.received_ns + 40 * 24 * 3600 * S;
    rules_refuse(f, TIJORI_CLOCK_JUMP);
    rules_refuse_bytes(f, &receipt, TIJORI_CLOCK_JUMP);
    fixture_close(f);
    struct tijori_options options = {.clock = clock_of_fixture, .clock_context = f};
    options.accept_clock_jump = 1;
    assert_int_equal(tijori_open(&f->ledger, f->dir, TIJORI_WRITE, &options, &message), TIJORI_OK);
    rules_refuse_bytes(f, &receipt, TIJORI_EXPIRED); /* the clock is believed */
    begin(1, 1);
    rules_sign(f);
    fixture_encode(f);
    assert_int_equal(fixture_submit(f, &receipt), TIJORI_OK);
    assert_int_equal(receipt.received_ns, f->now_ns);
    fixture_close(f);
    fixture_open(f); /* once there, no word is needed any more */
    begin(1, 1);
    rules_accept(f);
}

/* ---- the dry run ---- */

static void a_dry_run_changes_nothing(void **state)
{
    (void)state;
    struct tijori_receipt dry;
    struct tijori_receipt receipt;
    struct rules_trace before;
    rules_trace(f, &before);
    begin(1, 1);
    rules_sign(f);
    fixture_encode(f);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(tijori_dry_run(f->ledger, &dry, f->bytes, f->size), TIJORI_OK);
        assert_int_equal(dry.status, TIJORI_OK);
        assert_int_equal(dry.entry, before.head.size);
        rules_same_trace(f, &before);
    }
    assert_int_equal(fixture_submit(f, &receipt), TIJORI_OK);
    assert_int_equal(receipt.entry, dry.entry);
    assert_memory_equal(receipt.envelope_id, dry.envelope_id, 32);
    assert_int_equal(tijori_dry_run(f->ledger, &dry, f->bytes, f->size), TIJORI_OK);
    same_receipt(&dry, &receipt);
    /* What a dry run refuses is not remembered as refused. */
    begin(1, 1);
    fixture_sign_as(f, TJ_USE_SIGN, 1, 0);
    fixture_encode(f);
    assert_int_equal(tijori_dry_run(f->ledger, &dry, f->bytes, f->size), TIJORI_OK);
    assert_int_equal(dry.status, TIJORI_THRESHOLD);
    begin(1, 1);
    f->header.sequence++;
    memcpy(f->header.previous_id.bytes, dry.envelope_id, 32);
    rules_refuse(f, TIJORI_SEQUENCE);
}

/* Keys and marks that a dry run or a refused envelope put into an index are not there after it. */
static void nothing_is_left_in_the_indexes(void **state)
{
    (void)state;
    struct tijori_receipt receipt;
    struct tj_record add = rules_key(TJ_ADD_KEY, 4, 5, TJ_INITIATE);
    struct tj_record taken = rules_key(TJ_ADD_KEY, 4, 1, TJ_INITIATE);
    rules_one(f, 4, 0, &add);
    fixture_sign_as(f, TJ_USE_POSSESSION, 4, 5);
    rules_sign(f);
    fixture_encode(f);
    assert_int_equal(tijori_dry_run(f->ledger, &receipt, f->bytes, f->size), TIJORI_OK);
    assert_int_equal(receipt.status, TIJORI_OK);
    begin(4, 1);
    sign_two(3, 5);
    rules_refuse_bytes(f, &receipt, TIJORI_KEY_UNKNOWN);
    taken.ordinal = 6;
    rules_one(f, 4, 0, &add);
    fixture_add(f, &taken);
    fixture_sign_as(f, TJ_USE_POSSESSION, 4, 5);
    fixture_sign_as(f, TJ_USE_POSSESSION, 4, 1);
    rules_refuse(f, TIJORI_KEY_TAKEN);
    begin(4, 1);
    sign_two(3, 5);
    rules_refuse_bytes(f, &receipt, TIJORI_KEY_UNKNOWN);
    rules_one(f, 4, 0, &add);
    fixture_sign_as(f, TJ_USE_POSSESSION, 4, 5);
    rules_accept(f);
    /* A pending that was tried as this entry is not the move that became it. */
    begin(1, 1);
    f->records[0] = TJ_PENDING;
    rules_sign(f);
    fixture_encode(f);
    assert_int_equal(tijori_dry_run(f->ledger, &receipt, f->bytes, f->size), TIJORI_OK);
    assert_int_equal(receipt.status, TIJORI_OK);
    begin(1, 1);
    uint64_t entry = rules_accept(f);
    assert_int_equal(entry, receipt.entry);
    struct tj_record correct = rules_naming(f, TJ_CORRECT, entry, 0);
    rules_accept_one(f, 1, 1, &correct);
    rules_refuse_one(f, 1, 1, &correct, TIJORI_CORRECTION);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(i6_lanes_are_independent_chains),
        TEST(i6_the_first_of_a_lane_has_sequence_1_and_no_previous),
        TEST(the_successor_of_a_refused_envelope),
        TEST(i7_a_revoked_key_counts_no_more_from_the_next_entry_on),
        TEST(i7_a_key_counts_from_the_entry_after_the_one_that_adds_it),
        TEST(i7_a_threshold_counts_from_the_next_entry_on),
        TEST(i7_keys_change_places_in_one_envelope),
        TEST(i7_a_revocation_goes_through_beside_a_stuck_lane),
        TEST(i7_thresholds_stay_reachable),
        TEST(i8_every_old_envelope_gets_its_first_receipt),
        TEST(i8_another_id_with_a_used_sequence_is_a_conflict),
        TEST(i8_the_lookup_comes_before_everything_that_has_changed),
        TEST(i8_signed_again_it_is_the_same_envelope),
        TEST(a_clock_behind_the_log_gives_the_last_time_plus_1_ns),
        TEST(a_clock_far_ahead_wants_the_operators_word),
        TEST(a_dry_run_changes_nothing),
        TEST(nothing_is_left_in_the_indexes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
