/* Log keys that change (docs/FORMAT.md sections 4.2, 7 and 7.2): a rotation is signed by the key
 * that comes and the key that goes; a key retired after a compromise signs nothing, and the record
 * names the last good size and root. */

#include "rules_support.h"

#include "crypto/checkpoint.h"
#include "crypto/tree.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NO_RECORD UINT32_MAX

/* Log keys 0 (genesis) and 1 are active, the next number is 2; a few entries more. */
static struct fixture *f;

static int setup(void **state)
{
    (void)state;
    struct tj_record r = fixture_log_key(TJ_ADD_LOG_KEY, 1);
    f = rules_world(true);
    rules_one(f, 0, 0, &r);
    fixture_prove_log_key(f, 1);
    rules_accept(f);
    r = fixture_move(fixture_account(T_MARKET), fixture_account(T_RESERVE_A), 5, TJ_PURCHASE);
    rules_accept_one(f, 1, 1, &r);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    rules_end(f);
    return 0;
}

static uint64_t entries(void)
{
    struct tijori_head head;
    tijori_head(f->ledger, &head);
    return head.size;
}

/* The tree root over the first `size` entries, from their bytes. */
static struct tj_hash root_at(uint64_t size)
{
    static uint8_t entry[TJ_ENTRY_SIZE_MAX];
    static uint8_t body[64 * (TJ_RECORD_SIZE + TJ_LINK_SIZE)];
    struct tj_frontier frontier;
    struct tj_hash hash;
    tj_frontier_init(&frontier);
    for (uint64_t i = 0; i < size; i++) {
        struct tijori_entry out = {entry, sizeof entry, body, sizeof body};
        assert_int_equal(tijori_entry(f->ledger, &out, i), TIJORI_OK);
        tj_leaf_hash(f->digester.hasher, &hash, entry, out.entry_size);
        tj_frontier_append(f->digester.hasher, &frontier, &hash);
    }
    tj_frontier_root(f->digester.hasher, &hash, &frontier);
    return hash;
}

/* A retirement after a compromise; the root is that over the first `root_size` entries. */
static struct tj_record compromised(uint32_t number, uint64_t size, uint64_t root_size)
{
    struct tj_record r = fixture_log_key(TJ_RETIRE_LOG_KEY, number);
    r.size = size;
    r.root = root_at(root_size);
    return r;
}

static struct tj_log_key_object log_key(uint32_t number)
{
    struct tj_ledger_view view;
    assert_int_equal(tj_ledger_view_begin(f->ledger, &view), TIJORI_OK);
    const struct tj_log_key_object *found = tj_state_peek(view.state, TJ_T_LOG_KEY, 0, number);
    assert_non_null(found);
    struct tj_log_key_object copy = *found;
    tj_ledger_view_end(f->ledger, &view);
    return copy;
}

/* ---- refused ---- */

/* By the authority: one or two records (kind 0: none), and possession slots by the log keys in
 * `proofs` (bit k: key k). */
struct row {
    const char *name;
    struct {
        uint8_t kind;
        uint32_t number, key;
    } records[2];
    uint32_t proofs;
    enum tijori_status status;
    uint32_t record;
    const char *field;
};
#define ADD(number)                                                                                \
    {                                                                                              \
        TJ_ADD_LOG_KEY, number, number                                                             \
    }
#define RETIRE(number)                                                                             \
    {                                                                                              \
        TJ_RETIRE_LOG_KEY, number, number                                                          \
    }

static const struct row rows[] = {
    {"added without its signature", {ADD(2)}, 0, TIJORI_POSSESSION, 0, "key"},
    {"added, another signs", {ADD(2)}, 1 << 3, TIJORI_POSSESSION, NO_RECORD, "key"},
    {"added, one more signs", {ADD(2)}, 1 << 2 | 1, TIJORI_POSSESSION, NO_RECORD, "key"},
    {"retired without its signature", {RETIRE(0)}, 0, TIJORI_POSSESSION, 0, "key"},
    {"retired, another signs", {RETIRE(0)}, 1 << 1, TIJORI_POSSESSION, NO_RECORD, "key"},
    {"the old key does not sign", {ADD(2), RETIRE(0)}, 1 << 2, TIJORI_POSSESSION, 1, "key"},
    {"the new key does not sign", {RETIRE(0), ADD(2)}, 1, TIJORI_POSSESSION, 1, "key"},
    {"neither signs", {ADD(2), RETIRE(0)}, 0, TIJORI_POSSESSION, 0, "key"},
    {"a number left out", {ADD(3)}, 1 << 3, TIJORI_NUMBER, 0, "number"},
    {"an active key again", {{TJ_ADD_LOG_KEY, 2, 0}}, 1, TIJORI_KEY_TAKEN, 0, "key"},
    {"a key added twice", {ADD(2), {TJ_ADD_LOG_KEY, 3, 2}}, 1 << 2, TIJORI_KEY_TAKEN, 1, "key"},
    {"another key's number", {{TJ_RETIRE_LOG_KEY, 0, 1}}, 1 << 1, TIJORI_KEY_UNKNOWN, 0, "number"},
    {"retired before it is added", {RETIRE(2), ADD(2)}, 1 << 2, TIJORI_KEY_UNKNOWN, 0, "number"},
    {"retired twice", {RETIRE(0), RETIRE(0)}, 1, TIJORI_KEY_REVOKED, 1, "number"},
    {"all retired", {RETIRE(0), RETIRE(1)}, 3, TIJORI_UNREACHABLE, 1, "number"},
};

static void must_refuse(const char *name, enum tijori_status status, uint32_t record,
                        const char *field)
{
    struct tijori_receipt receipt;
    fixture_encode(f);
    rules_refuse_bytes(f, &receipt, status);
    if (receipt.record != record || strcmp(receipt.field, field) != 0) {
        fail_msg("%s: %s", name, receipt.text);
    }
}

static void refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        fixture_begin(f, 0, 0);
        for (int k = 0; k < 2 && row->records[k].kind != 0; k++) {
            struct tj_record r = fixture_log_key(row->records[k].kind, row->records[k].key);
            r.number = row->records[k].number;
            fixture_add(f, &r);
        }
        for (uint32_t key = 0; key < 4; key++) {
            if ((row->proofs >> key & 1) != 0) {
                fixture_prove_log_key(f, key);
            }
        }
        rules_sign(f);
        must_refuse(row->name, row->status, row->record, row->field);
    }
}

static void last_good_refused(void **state)
{
    (void)state;
    uint64_t size = entries();
    const struct {
        const char *name;
        uint64_t size, root_size;
        enum tijori_status status;
        const char *field;
    } bad[] = {
        {"an entry that is not there yet", size + 1, size, TIJORI_VALUE, "last_good_size"},
        {"2^64 - 1 entries", UINT64_MAX, size, TIJORI_VALUE, "last_good_size"},
        {"the root of one entry less", size, size - 1, TIJORI_NAMED_HASH, "last_good_root"},
        {"the root of one entry more", size - 1, size, TIJORI_NAMED_HASH, "last_good_root"},
        {"the root of none", 1, 0, TIJORI_NAMED_HASH, "last_good_root"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct tj_record r = compromised(0, bad[i].size, bad[i].root_size);
        rules_one(f, 0, 0, &r);
        rules_sign(f);
        must_refuse(bad[i].name, bad[i].status, 0, bad[i].field);
    }
    /* Its word counts for nothing any more. */
    struct tj_record r = compromised(0, size, size);
    rules_one(f, 0, 0, &r);
    fixture_prove_log_key(f, 0);
    rules_sign(f);
    must_refuse("a compromised key signs", TIJORI_POSSESSION, NO_RECORD, "key");
    /* By the authority alone. */
    rules_one(f, 4, 0, &r);
    rules_sign(f);
    must_refuse("by a party", TIJORI_NOT_ALLOWED, 0, "kind");
    struct tj_record add = fixture_log_key(TJ_ADD_LOG_KEY, 2);
    rules_one(f, 4, 0, &add);
    fixture_prove_log_key(f, 2);
    rules_sign(f);
    must_refuse("added by a party", TIJORI_NOT_ALLOWED, 0, "kind");
    /* Whether a key is left is asked before the root, which is far to fetch. */
    struct tj_record other = fixture_log_key(TJ_RETIRE_LOG_KEY, 1);
    r.size = UINT64_MAX;
    fixture_begin(f, 0, 0);
    fixture_add(f, &other);
    fixture_add(f, &r);
    fixture_prove_log_key(f, 1);
    rules_sign(f);
    must_refuse("the last key, and a size ahead", TIJORI_UNREACHABLE, 1, "number");
}

/* ---- the slots ---- */

static void slot_by_log_key(uint32_t party, uint8_t use)
{
    fixture_prove_log_key(f, 0);
    for (uint32_t i = 0; i < f->slots.count; i++) {
        struct tj_slot *slot = &f->slots.slots[i];
        if (slot->key.algorithm == TJ_ALGORITHM_ED25519) {
            slot->party = party;
            slot->use = use;
        }
    }
}

static void a_log_key_signs_nothing_else(void **state)
{
    (void)state;
    struct tj_record move =
        fixture_move(fixture_account(T_MARKET), fixture_account(T_RESERVE_A), 5, TJ_PURCHASE);
    struct tj_record retire = fixture_log_key(TJ_RETIRE_LOG_KEY, 0);
    rules_one(f, 1, 1, &move);
    fixture_prove_log_key(f, 0);
    rules_sign(f);
    must_refuse("possession beside a movement", TIJORI_POSSESSION, NO_RECORD, "key");
    rules_one(f, 1, 1, &move);
    slot_by_log_key(1, TJ_USE_SIGN);
    must_refuse("it signs an envelope", TIJORI_SLOT_USE, NO_RECORD, "use");
    rules_one(f, 1, 1, &move);
    slot_by_log_key(0, TJ_USE_COUNTERSIGN);
    must_refuse("it countersigns", TIJORI_SLOT_USE, NO_RECORD, "use");
    rules_one(f, 0, 0, &retire);
    slot_by_log_key(1, TJ_USE_POSSESSION);
    must_refuse("possession for party 1", TIJORI_SLOT_USE, NO_RECORD, "use");
}

static void precedence_of_possession(void **state)
{
    (void)state;
    struct tj_record r = fixture_log_key(TJ_RETIRE_LOG_KEY, 0);
    rules_one(f, 0, 0, &r);
    fixture_sign_as(f, TJ_USE_SIGN, 0, 0);
    must_refuse("a signature short, and no possession", TIJORI_THRESHOLD, NO_RECORD, "slots");
    rules_one(f, 0, 0, &r);
    fixture_prove_log_key(f, 1);
    fixture_sign_as(f, TJ_USE_SIGN, 0, 0);
    must_refuse("a signature short, possession of another", TIJORI_POSSESSION, NO_RECORD, "key");
    rules_one(f, 0, 0, &r);
    fixture_prove_log_key(f, 1);
    rules_sign(f);
    f->slots.slots[f->slots.count - 1].signature64[5] ^= 1; /* possession stands last */
    must_refuse("another key's, and it does not verify", TIJORI_SIGNATURE, NO_RECORD, "signature");
    rules_one(f, 4, 0, &r);
    rules_sign(f);
    must_refuse("by a party, without possession", TIJORI_POSSESSION, 0, "key");
}

/* ---- accepted; each leaves another world, so in this order ---- */

static void audit_passes(void)
{
    struct rules_trace before;
    struct tj_replay_report report;
    rules_trace(f, &before);
    fixture_close(f);
    fixture_audit(f, &report, 2);
    if (report.failed) {
        fail_msg("%s", report.failure);
    }
    assert_memory_equal(report.state_digest.bytes, before.digest.bytes, TJ_HASH_SIZE);
    fixture_open(f);
    rules_same_trace(f, &before);
}

static void a_rotation_is_signed_by_both(void **state)
{
    (void)state;
    struct tj_record add = fixture_log_key(TJ_ADD_LOG_KEY, 2);
    struct tj_record retire = fixture_log_key(TJ_RETIRE_LOG_KEY, 1);
    rules_one(f, 0, 0, &add);
    fixture_add(f, &retire);
    fixture_prove_log_key(f, 1);
    fixture_prove_log_key(f, 2);
    uint64_t entry = rules_accept(f);
    struct tj_log_key_object old = log_key(1);
    struct tj_log_key_object new = log_key(2);
    assert_int_equal(old.retired, tj_record_id(entry, 1));
    assert_int_equal(old.last_good_size, 0);
    assert_true(new.present == 1 && new.added == tj_record_id(entry, 0) && new.retired == 0);
    /* A key that comes and goes in one envelope signs once for both. */
    add = fixture_log_key(TJ_ADD_LOG_KEY, 3);
    retire = fixture_log_key(TJ_RETIRE_LOG_KEY, 3);
    rules_one(f, 0, 0, &add);
    fixture_add(f, &retire);
    fixture_prove_log_key(f, 3);
    rules_accept(f);
    audit_passes();
    rules_one(f, 0, 0, &retire);
    fixture_prove_log_key(f, 3);
    rules_sign(f);
    must_refuse("a retired key again", TIJORI_KEY_REVOKED, 0, "number");
}

static void a_compromised_key_goes_without_its_signature(void **state)
{
    (void)state;
    /* One entry at least: the genesis. */
    struct tj_record r = compromised(0, 1, 1);
    rules_accept_one(f, 0, 0, &r);
    assert_int_equal(log_key(0).last_good_size, 1);
    /* Every entry before this one at most. */
    struct tj_record add = fixture_log_key(TJ_ADD_LOG_KEY, 4);
    uint64_t size = entries();
    r = compromised(2, size, size);
    rules_one(f, 0, 0, &add);
    fixture_add(f, &r);
    fixture_prove_log_key(f, 4);
    assert_int_equal(rules_accept(f), size);
    struct tj_log_key_object object = log_key(2);
    assert_int_equal(object.last_good_size, size);
    assert_int_equal(object.retired, tj_record_id(size, 1));
    audit_passes();
    /* One entry was made since: its root is known now. */
    r = fixture_log_key(TJ_ADD_LOG_KEY, 5);
    rules_one(f, 0, 0, &r);
    fixture_prove_log_key(f, 5);
    rules_accept(f);
    r = compromised(4, size, size);
    rules_accept_one(f, 0, 0, &r);
    audit_passes();
}

/* The size of the newest checkpoint that the ledger has signed. */
static uint64_t signed_size(void)
{
    static char note[TIJORI_NOTE_MAX];
    struct tj_note_view view;
    struct tj_checkpoint checkpoint;
    size_t size = sizeof note;
    assert_int_equal(tijori_signed(f->ledger, note, &size), TIJORI_OK);
    assert_true(tj_note_decode(&view, note, size));
    assert_true(tj_checkpoint_decode(&checkpoint, view.text, view.text_size));
    return checkpoint.size;
}

/* One of several in a group: submitted, not yet received. */
static void submit_sealed(void)
{
    rules_sign(f);
    fixture_encode(f);
    assert_int_equal(tijori_submit(f->ledger, f->bytes, f->size, 0), TIJORI_OK);
}

/* A ledger that signs each commit signs none whose entries retire the key, however they do it, and
 * none after it. */
static void retired_while_it_signs(bool compromise, bool group)
{
    uint8_t secret32[TJ_SECRET_KEY_SIZE];
    struct tijori_receipt receipt;
    struct tj_record r;
    fixture_close(f);
    fixture_log_secret(secret32, 0);
    f->log_key = secret32;
    fixture_open(f);
    assert_int_equal(tj_ledger_signs_until(f->ledger), UINT64_MAX);
    r = fixture_move(fixture_account(T_MARKET), fixture_account(T_RESERVE_A), 5, TJ_PURCHASE);
    rules_accept_one(f, 1, 1, &r);
    const uint64_t active = entries();
    assert_int_equal(signed_size(), active);
    if (group) { /* a movement before and one after it, as one group where they make one */
        rules_one(f, 1, 1, &r);
        submit_sealed();
    }
    r = fixture_log_key(TJ_RETIRE_LOG_KEY, 0);
    r = compromise ? compromised(0, active, active) : r;
    rules_one(f, 0, 0, &r);
    if (!compromise) {
        fixture_prove_log_key(f, 0);
    }
    submit_sealed();
    for (int i = 0; i < (group ? 2 : 1); i++) {
        assert_int_equal(tijori_receive(f->ledger, &receipt), TIJORI_OK);
        assert_int_equal(receipt.status, TIJORI_OK);
    }
    assert_int_equal(tj_ledger_signs_until(f->ledger), receipt.entry);
    assert_true(signed_size() <= receipt.entry);
    r = fixture_move(fixture_account(T_MARKET), fixture_account(T_RESERVE_A), 5, TJ_PURCHASE);
    rules_accept_one(f, 1, 1, &r);
    assert_true(signed_size() <= receipt.entry);
    fixture_close(f);
    f->log_key = NULL;
    fixture_open(f);
    assert_true(signed_size() <= receipt.entry);
}

static void a_retired_key_signs_no_commit(void **state)
{
    for (int way = 0; way < 4; way++) {
        teardown(state); /* what the other tests retired */
        setup(state);
        retired_while_it_signs((way & 1) != 0, (way & 2) != 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused),
        cmocka_unit_test(last_good_refused),
        cmocka_unit_test(a_log_key_signs_nothing_else),
        cmocka_unit_test(precedence_of_possession),
        cmocka_unit_test(a_rotation_is_signed_by_both),
        cmocka_unit_test(a_compromised_key_goes_without_its_signature),
        cmocka_unit_test(a_retired_key_signs_no_commit),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
