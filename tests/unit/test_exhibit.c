/* Proofs of entries and records: what a ledger makes verifies, and nothing else does. */

#include "ledger_support.h"

#include "core/log/prove.h"
#include "core/rules/exhibit_check.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* One proof under test: the exhibits as made, and the same as bytes. */
struct proof {
    struct fixture *f;
    struct tj_ledger_view view;
    struct tj_checkpoint checkpoint;
    struct tj_exhibits *made;
    struct tj_exhibits *read;
    struct tj_hash path[TJ_PATH_MAX];
    size_t path_count;
    uint8_t *bytes;
    size_t size;
    struct tj_exhibit_fault fault;
};

/* The view of the ledger that is held: after a test that failed it has to be given back, or the
 * next one waits for it. */
static struct tj_ledger_view held;
static bool holds;

/* Makes the proof over all that the ledger has. */
static void proof_make(struct proof *p, struct fixture *f, uint64_t index, uint32_t position)
{
    memset(p, 0, sizeof *p);
    p->f = f;
    p->made = calloc(1, sizeof *p->made);
    p->read = calloc(1, sizeof *p->read);
    p->bytes = malloc(TJ_EXHIBITS_SIZE_MAX);
    assert_true(p->made != NULL && p->read != NULL && p->bytes != NULL);
    assert_int_equal(tj_ledger_view_begin(f->ledger, &p->view), TIJORI_OK);
    held = p->view;
    holds = true;
    tj_origin(p->view.state, p->checkpoint.origin);
    p->checkpoint.size = p->view.head.size;
    tj_frontier_root(p->view.digester->hasher, &p->checkpoint.root, &p->view.head.frontier);
    assert_int_equal(tj_prove(p->view.txn, p->view.digester, p->made, p->path, &p->path_count,
                              p->view.state, p->checkpoint.size, index, position),
                     TIJORI_OK);
    p->size = tj_exhibits_encode(p->made, p->bytes, TJ_EXHIBITS_SIZE_MAX);
    assert_true(p->size > 0);
}

static void proof_clear(struct proof *p)
{
    holds = false;
    tj_ledger_view_end(p->f->ledger, &p->view);
    free(p->made);
    free(p->read);
    free(p->bytes);
}

static bool proof_verify(struct proof *p)
{
    return tj_exhibits_decode(p->read, p->bytes, p->size, &p->fault) &&
           tj_exhibits_verify(p->view.digester, p->read, &p->checkpoint, p->path, p->path_count,
                              &p->fault);
}

static void require_valid(struct proof *p)
{
    if (!proof_verify(p)) {
        fail_msg("exhibit %u, slot %u: %s", p->fault.exhibit, p->fault.slot, p->fault.rule);
    }
}

/* Encodes what was changed in `made`, and wants exactly this refusal. */
static void require_refused(struct proof *p, uint32_t exhibit, const char *rule)
{
    p->size = tj_exhibits_encode(p->made, p->bytes, TJ_EXHIBITS_SIZE_MAX);
    assert_true(p->size > 0);
    assert_false(proof_verify(p));
    assert_string_equal(p->fault.rule, rule);
    assert_int_equal(p->fault.exhibit, exhibit);
}

static void drop(struct tj_exhibits *s, uint32_t i)
{
    memmove(&s->list[i], &s->list[i + 1], (s->count - i - 1) * sizeof s->list[0]);
    s->count--;
}

static uint32_t count_kind(const struct proof *p, uint8_t kind)
{
    uint32_t count = 0;
    for (uint32_t i = 1; i < p->read->count; i++) {
        count += p->read->list[i].fields.kind == kind;
    }
    return count;
}

/* ---- the ledger ---- */

static struct fixture fixture;
static uint64_t purchase;    /* entry: one move, market to reserve */
static uint64_t batch;       /* entry: 333 moves */
static uint64_t countersign; /* entry: from party 1 to party 3, which countersigned; a memo of two
                              * parts and a price */
static uint64_t restricted;  /* entry: among custody accounts */
static uint64_t freeze;      /* entry: freeze_account of 2:0 */
static uint64_t own; /* entry: grant_classes, open_account (lent) and freeze_account of 0:0 */

enum { BATCH = 333, AMOUNT = 1000 };

static uint64_t send(struct fixture *f)
{
    struct tijori_receipt receipt;
    if (fixture_send(f, &receipt) != TIJORI_OK) {
        fail_msg("%s", receipt.text);
    }
    return receipt.entry;
}

static int make_ledger(void **state)
{
    struct fixture *f = &fixture;
    struct tj_record r;
    struct tj_details details = {.present = 1u << TJ_DETAIL_MEMO | 1u << TJ_DETAIL_PRICE};
    memset(details.memo, 'm', 100);
    details.total = 5;
    memcpy(details.currency, "USD", 3);
    (void)state;
    fixture_parties(f);
    r = fixture_move(fixture_account(T_MARKET), fixture_account(T_RESERVE_A), 5 * BATCH * AMOUNT,
                     TJ_PURCHASE);
    fixture_begin(f, 1, 1);
    fixture_add(f, &r);
    purchase = send(f);
    fixture_begin(f, 1, 1);
    for (uint32_t i = 0; i < BATCH; i++) {
        r = fixture_move(fixture_account(T_RESERVE_A), fixture_account(T_RESERVE_B), AMOUNT + i,
                         TJ_INTERNAL_TRANSFER);
        fixture_add(f, &r);
    }
    batch = send(f);
    r = fixture_move(fixture_account(T_RESERVE_A), fixture_account(U_RESERVE), AMOUNT,
                     TJ_INTERNAL_TRANSFER);
    fixture_begin(f, 1, 1);
    fixture_add(f, &r);
    fixture_add_details(f, &details);
    fixture_sign_as(f, TJ_USE_COUNTERSIGN, 3, 0);
    countersign = send(f);
    r = fixture_move(fixture_account(C_EXTERNAL), fixture_account(C_CUSTODY_A), AMOUNT,
                     TJ_CUSTOMER_DEPOSIT);
    fixture_begin(f, 2, 1);
    f->header.flags = TJ_FLAG_RESTRICTED;
    fixture_add(f, &r);
    restricted = send(f);
    r = (struct tj_record){.kind = TJ_FREEZE_ACCOUNT, .directions = TJ_FREEZE_BOTH};
    r.account = fixture_account(C_CUSTODY_A);
    fixture_begin(f, 0, 0);
    fixture_add(f, &r);
    freeze = send(f);
    fixture_begin(f, 0, 0);
    r = (struct tj_record){.kind = TJ_GRANT_CLASSES, .classes = 1u << TJ_CLASS_RESERVE};
    fixture_add(f, &r);
    r = (struct tj_record){.kind = TJ_OPEN_ACCOUNT, .class = TJ_CLASS_RESERVE, .asset = 1};
    fixture_add(f, &r);
    details = (struct tj_details){.present = 1u << TJ_DETAIL_ENCUMBRANCE, .encumbrance = TJ_LENT};
    fixture_add_details(f, &details);
    r = (struct tj_record){.kind = TJ_FREEZE_ACCOUNT, .directions = TJ_FREEZE_IN};
    fixture_add(f, &r);
    own = send(f);
    return 0;
}

static int give_view_back(void **state)
{
    (void)state;
    if (holds) {
        holds = false;
        tj_ledger_view_end(fixture.ledger, &held);
    }
    return 0;
}

static int remove_ledger(void **state)
{
    (void)state;
    fixture_destroy(&fixture);
    return 0;
}

/* ---- tests ---- */

/* A detail has no proof of its own: whoever asks learns the record to ask for. */
static void detail_is_refused(uint64_t index, uint32_t position)
{
    struct proof p;
    struct tj_ledger_view *v = &p.view;
    proof_make(&p, &fixture, index, TJ_NOWHERE);
    const uint32_t record = index == own ? 1 : 0;
    assert_int_equal(tj_prove(v->txn, v->digester, p.made, p.path, &p.path_count, v->state,
                              v->head.size, index, position),
                     TIJORI_DETAIL);
    assert_int_equal(p.made->list[0].position, record);
    proof_clear(&p);
}

static bool is_detail(uint64_t index, uint32_t position)
{
    return (index == countersign && position > 0) || (index == own && position == 2);
}

static void every_record_of_the_ledger_is_proven(void **state)
{
    (void)state;
    for (uint64_t index = 0; index <= own; index++) {
        struct proof p;
        proof_make(&p, &fixture, index, TJ_NOWHERE);
        require_valid(&p);
        uint32_t records = p.read->list[0].entry.header.record_count;
        proof_clear(&p);
        for (uint32_t i = 0; i < records; i++) {
            if (is_detail(index, i)) {
                detail_is_refused(index, i);
                continue;
            }
            proof_make(&p, &fixture, index, i);
            require_valid(&p);
            assert_memory_equal(p.made->list[0].record, p.read->list[0].record, TJ_RECORD_SIZE);
            proof_clear(&p);
        }
    }
}

static void a_proof_rests_on_keys_parties_accounts_and_asset(void **state)
{
    (void)state;
    const struct {
        uint64_t index;
        uint32_t position, keys, parties, accounts, assets;
    } cases[] = {
        {0, 3, 0, 0, 0, 0},
        {1, 0, 3, 1, 0, 0},
        {purchase, 0, 2, 1, 2, 1},
        {purchase, TJ_NOWHERE, 2, 1, 0, 0},
        {batch, 332, 2, 1, 2, 1},
        {countersign, 0, 3, 2, 2, 1},
        {restricted, 0, 1, 1, 2, 1},
        {freeze, 0, 2, 1, 1, 1},
        {purchase - 1, 0, 1, 1, 0, 1}, /* open_account */
        {own, 3, 2, 1, 1, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct proof p;
        proof_make(&p, &fixture, cases[i].index, cases[i].position);
        require_valid(&p);
        assert_int_equal(count_kind(&p, TJ_ADD_KEY), cases[i].keys);
        assert_int_equal(count_kind(&p, TJ_REGISTER_PARTY), cases[i].parties);
        assert_int_equal(count_kind(&p, TJ_OPEN_ACCOUNT), cases[i].accounts);
        assert_int_equal(count_kind(&p, TJ_OPEN_ASSET), cases[i].assets);
        assert_int_equal(p.read->count, 1 + cases[i].keys + cases[i].parties + cases[i].accounts +
                                            cases[i].assets);
        proof_clear(&p);
    }
}

static void details_are_shown_with_their_record(void **state)
{
    (void)state;
    struct proof p;
    struct tj_exhibit *first;
    proof_make(&p, &fixture, countersign, 0);
    require_valid(&p);
    assert_int_equal(p.read->list[0].detail_count, 3);
    first = &p.made->list[0];
    first->detail_count = 2;
    require_refused(&p, 0, "another number of details than the record has");
    first->detail_count = 0;
    require_refused(&p, 0, "another number of details than the record has");
    first->detail_count = 3;
    first->details[4] = 'n';
    require_refused(&p, 0, "a detail is not in the entry's body_root");
    first->details[4] = 'm';
    first->details[TJ_DETAIL_AT_OF] = 4;
    require_refused(&p, 0, "the form of a detail is wrong");
    first->details[TJ_DETAIL_AT_OF] = 3;
    first->details[0] = TJ_MOVE;
    require_refused(&p, 0, "what stands among the details is none");
    first->details[0] = TJ_DETAIL;
    first->detail_path[2][0].bytes[0] ^= 1;
    require_refused(&p, 0, "a detail is not in the entry's body_root");
    first->detail_path[2][0].bytes[0] ^= 1;
    first->record = first->details;
    first->position = 1;
    require_refused(&p, 0, "a detail is shown with its record, and not by itself");
    proof_clear(&p);
    /* Of a directive they say how many they are themselves. */
    proof_make(&p, &fixture, own, 1);
    require_valid(&p);
    assert_int_equal(p.read->list[0].detail_count, 1);
    first = &p.made->list[0];
    first->detail_count = 2;
    memcpy(first->details + TJ_RECORD_SIZE, first->details, TJ_RECORD_SIZE);
    require_refused(&p, 0, "the form of a detail is wrong");
    first->detail_count = 3;
    require_refused(&p, 0, "the entry has no record at the position of a detail");
    proof_clear(&p);
}

static void what_was_read_encodes_to_the_same_bytes(void **state)
{
    (void)state;
    struct proof p;
    proof_make(&p, &fixture, countersign, 0);
    require_valid(&p);
    uint8_t *again = malloc(p.size);
    assert_non_null(again);
    assert_int_equal(tj_exhibits_encode(p.read, again, p.size), p.size);
    assert_memory_equal(again, p.bytes, p.size);
    assert_int_equal(tj_exhibits_encode(p.read, again, p.size - 1), 0);
    free(again);
    proof_clear(&p);
}

static void a_truncated_proof_is_refused(void **state)
{
    (void)state;
    struct proof p;
    proof_make(&p, &fixture, batch, 100);
    require_valid(&p);
    for (size_t size = 0; size < p.size; size++) {
        /* Of its own size, so that a sanitizer sees a read beyond it. */
        uint8_t *part = malloc(size + 1);
        assert_non_null(part);
        memcpy(part, p.bytes, size);
        assert_false(tj_exhibits_decode(p.read, part, size, &p.fault));
        free(part);
    }
    p.bytes[p.size] = 0;
    assert_false(tj_exhibits_decode(p.read, p.bytes, p.size + 1, &p.fault));
    assert_string_equal(p.fault.rule, "bytes after the last exhibit");
    proof_clear(&p);
}

static void every_flipped_byte_is_refused(void **state)
{
    (void)state;
    struct proof p;
    proof_make(&p, &fixture, countersign, 0);
    require_valid(&p);
    for (size_t i = 0; i < p.size; i++) {
        uint8_t was = p.bytes[i];
        p.bytes[i] = (uint8_t)(was ^ (1u << i % 8));
        if (proof_verify(&p)) {
            fail_msg("byte %zu may be another", i);
        }
        p.bytes[i] = was;
    }
    require_valid(&p);
    for (size_t i = 0; i < p.path_count * TJ_HASH_SIZE; i++) {
        p.path[i / TJ_HASH_SIZE].bytes[i % TJ_HASH_SIZE] ^= 1;
        assert_false(proof_verify(&p));
        p.path[i / TJ_HASH_SIZE].bytes[i % TJ_HASH_SIZE] ^= 1;
    }
    proof_clear(&p);
}

static void a_missing_exhibit_is_named(void **state)
{
    (void)state;
    struct proof p;
    proof_make(&p, &fixture, countersign, 0);
    require_valid(&p);
    uint32_t count = p.made->count;
    for (uint32_t i = 1; i < count; i++) {
        struct tj_exhibit kept = p.made->list[i];
        uint8_t kind = kept.fields.kind;
        drop(p.made, i);
        require_refused(&p, 0,
                        kind == TJ_ADD_KEY          ? "no exhibit registers this key for this party"
                        : kind == TJ_REGISTER_PARTY ? "no exhibit registers the party that signed"
                        : kind == TJ_OPEN_ACCOUNT
                            ? "no exhibit opens an account that the record names"
                            : "no exhibit opens the asset");
        memmove(&p.made->list[i + 1], &p.made->list[i],
                (p.made->count - i) * sizeof p.made->list[0]);
        p.made->list[i] = kept;
        p.made->count++;
    }
    proof_clear(&p);
}

static void an_exhibit_too_many_is_refused(void **state)
{
    (void)state;
    struct proof p;
    /* A movement beside a directive: what is not needed is not shown. */
    proof_make(&p, &fixture, freeze, 0);
    struct tj_exhibits *s = p.made;
    uint32_t last = s->count++;
    struct tj_hash path[TJ_PATH_MAX];
    size_t count;
    struct tj_exhibits *more = calloc(1, sizeof *more);
    assert_non_null(more);
    assert_int_equal(tj_prove(p.view.txn, p.view.digester, more, path, &count, p.view.state,
                              p.checkpoint.size, purchase, 0),
                     TIJORI_OK);
    s->list[last] = more->list[0];
    memcpy(s->list[last].entry_path, path, sizeof path);
    s->list[last].entry_path_count = (uint8_t)count;
    require_refused(&p, last, "what is proven does not rest on this");
    /* Twice, and out of order. */
    s->list[last] = s->list[last - 1];
    require_refused(&p, last,
                    "the exhibits are not in the order of their record ids, or one stands twice");
    s->count--;
    struct tj_exhibit kept = s->list[1];
    s->list[1] = s->list[2];
    s->list[2] = kept;
    require_refused(&p, 2,
                    "the exhibits are not in the order of their record ids, or one stands twice");
    free(more);
    proof_clear(&p);
}

static void the_form_of_exhibits_is_strict(void **state)
{
    (void)state;
    struct proof p;
    proof_make(&p, &fixture, purchase, 0);
    struct tj_exhibit *first = &p.made->list[0];
    first->entry_path_count = 1;
    require_refused(&p, 0, "the first exhibit's path is the proof's own");
    first->entry_path_count = 0;
    first->position = 1;
    require_refused(&p, 0, "the entry has no record at this position");
    first->position = 0;
    first->entry.index++;
    require_refused(&p, 0, "the entry has another index");
    first->entry.index--;
    const uint8_t *record = p.made->list[1].record;
    p.made->list[1].record = NULL;
    p.made->list[1].position = TJ_NOWHERE;
    require_refused(&p, 1, "only the first exhibit may be of an entry alone");
    p.made->list[1].record = record;
    proof_clear(&p);
    proof_make(&p, &fixture, purchase, 0);
    tj_store16(p.bytes + 4, 0);
    assert_false(proof_verify(&p));
    assert_string_equal(p.fault.rule, "not 1 to 64 exhibits");
    tj_store16(p.bytes + 4, 65);
    assert_false(proof_verify(&p));
    assert_string_equal(p.fault.rule, "not 1 to 64 exhibits");
    proof_clear(&p);
    /* A path of 65 hashes. */
    proof_make(&p, &fixture, purchase, TJ_NOWHERE);
    p.made->count = 1;
    p.size = tj_exhibits_encode(p.made, p.bytes, TJ_EXHIBITS_SIZE_MAX);
    memset(p.bytes + p.size, 0, 65 * TJ_HASH_SIZE);
    p.bytes[p.size - 1] = 65;
    p.size += 65 * TJ_HASH_SIZE;
    assert_false(proof_verify(&p));
    proof_clear(&p);
}

static void a_proof_holds_for_its_checkpoint_alone(void **state)
{
    (void)state;
    struct proof p;
    proof_make(&p, &fixture, purchase, 0);
    require_valid(&p);
    char *origin = p.checkpoint.origin;
    size_t last = strlen(origin) - 1;
    origin[last] = origin[last] == '0' ? '1' : '0';
    assert_false(proof_verify(&p));
    assert_string_equal(p.fault.rule, "the entry belongs to another ledger than the origin names");
    origin[last] = '\0';
    assert_false(proof_verify(&p));
    assert_string_equal(p.fault.rule, "the checkpoint's origin does not end in a ledger id");
    tj_origin(p.view.state, origin);
    p.checkpoint.size = purchase;
    assert_false(proof_verify(&p));
    assert_string_equal(p.fault.rule, "the checkpoint does not reach this entry");
    p.checkpoint.size = p.view.head.size;
    p.checkpoint.root.bytes[31] ^= 1;
    assert_false(proof_verify(&p));
    assert_string_equal(p.fault.rule, "the entry's leaf hash is not in the checkpoint's tree");
    proof_clear(&p);
}

/* ---- logs that lie: trees of our own making, so that only the rule in question is broken ---- */

/* A log whose entries are those of the proof, the first one changed. */
static void rebuild_tree(struct proof *p, uint8_t *changed)
{
    struct tj_exhibit *list = p->made->list;
    struct tj_hasher *hasher = p->view.digester->hasher;
    struct tj_hash leaves[16];
    size_t count;
    uint64_t size = p->checkpoint.size;
    assert_true(size <= 16);
    list[0].entry.bytes = changed;
    for (uint64_t i = 0; i < size; i++) {
        assert_true(tj_journal_leaf(p->view.txn, p->view.digester, &leaves[i], i));
    }
    tj_leaf_hash(hasher, &leaves[list[0].entry.index], changed, list[0].entry.size);
    struct tj_frontier frontier;
    tj_frontier_init(&frontier);
    for (uint64_t i = 0; i < size; i++) {
        tj_frontier_append(hasher, &frontier, &leaves[i]);
    }
    tj_frontier_root(hasher, &p->checkpoint.root, &frontier);
    tj_prove_inclusion_in(hasher, p->path, &p->path_count, leaves, size, list[0].entry.index);
    for (uint32_t i = 1; i < p->made->count; i++) {
        tj_prove_inclusion_in(hasher, list[i].entry_path, &count, leaves, size,
                              list[i].entry.index);
        list[i].entry_path_count = (uint8_t)count;
    }
    p->size = tj_exhibits_encode(p->made, p->bytes, TJ_EXHIBITS_SIZE_MAX);
}

static void a_log_without_signatures_proves_nothing(void **state)
{
    (void)state;
    struct proof p;
    uint8_t entry[TJ_ENTRY_SIZE_MAX];
    proof_make(&p, &fixture, purchase, 0);
    struct tj_exhibit *first = &p.made->list[0];
    memcpy(entry, first->entry.bytes, first->entry.size);
    rebuild_tree(&p, entry);
    require_valid(&p);
    /* A signature that is none. */
    entry[first->entry.size - 1] ^= 1;
    rebuild_tree(&p, entry);
    assert_false(proof_verify(&p));
    assert_string_equal(p.fault.rule, "the signature does not verify");
    assert_int_equal(p.fault.slot, 1);
    entry[first->entry.size - 1] ^= 1;
    /* Another time of receipt is the log's to say; another header is not. */
    entry[64 + 24] ^= 1;
    rebuild_tree(&p, entry);
    assert_false(proof_verify(&p));
    assert_string_equal(p.fault.rule, "the signature does not verify");
    assert_int_equal(p.fault.slot, 0);
    entry[64 + 24] ^= 1;
    /* Nobody's signature at all. */
    tj_store16(entry + TJ_ENTRY_FIXED_SIZE, 0);
    first->entry.size = TJ_ENTRY_FIXED_SIZE + 2;
    rebuild_tree(&p, entry);
    assert_false(proof_verify(&p));
    assert_string_equal(p.fault.rule, "nobody signed the entry");
    proof_clear(&p);
}

/* The entry, whose slots are all by keys of `party`, signed anew under a header of another lane and
 * with other flags: their role does not count there. */
static void a_role_does_not_count(uint64_t index, uint32_t party, uint16_t lane, uint16_t flags)
{
    struct proof p;
    uint8_t entry[TJ_ENTRY_SIZE_MAX];
    struct tj_hash id;
    proof_make(&p, &fixture, index, TJ_NOWHERE);
    struct tj_exhibit *first = &p.made->list[0];
    struct tj_header header = first->entry.header;
    struct tj_slots slots = first->entry.slots;
    header.lane = lane;
    header.flags = flags;
    memcpy(entry, first->entry.bytes, TJ_ENTRY_FIXED_SIZE);
    tj_header_encode(&header, entry + 64);
    tj_envelope_id(p.view.digester, &id, entry + 64);
    for (uint32_t i = 0; i < slots.count; i++) {
        const uint8_t aux32[32] = {0};
        uint8_t secret32[32];
        for (uint32_t k = 0; k < 3; k++) {
            struct tj_public_key key;
            fixture_public(&key, party, k);
            if (memcmp(key.bytes, slots.slots[i].key.bytes, key.size) == 0) {
                uint8_t algorithm = fixture_secret(secret32, party, k);
                assert_true(tj_sign(slots.slots[i].signature64, algorithm, secret32, &id, aux32));
            }
        }
    }
    tj_slots_encode(&slots, entry + TJ_ENTRY_FIXED_SIZE);
    rebuild_tree(&p, entry);
    assert_false(proof_verify(&p));
    assert_string_equal(p.fault.rule, "the key's role does not count here");
    proof_clear(&p);
}

/* Keys of party 0 administer, and so sign in lane 0 only; those of party 1 initiate, and approve
 * nothing. */
static void a_key_of_another_role_does_not_count(void **state)
{
    (void)state;
    a_role_does_not_count(freeze, 0, 1, 0);
    a_role_does_not_count(purchase, 1, 0, 0);
    a_role_does_not_count(purchase, 1, 1, TJ_FLAG_APPROVAL);
}

/* Whom a slot signs for is not under its signature. */
static void a_key_signs_for_its_own_party(void **state)
{
    (void)state;
    struct proof p;
    uint8_t entry[TJ_ENTRY_SIZE_MAX];
    proof_make(&p, &fixture, countersign, TJ_NOWHERE);
    struct tj_exhibit *first = &p.made->list[0];
    struct tj_slots slots = first->entry.slots;
    memcpy(entry, first->entry.bytes, TJ_ENTRY_FIXED_SIZE);
    assert_int_equal(slots.slots[2].party, 3);
    slots.slots[2].party = 2;
    tj_slots_encode(&slots, entry + TJ_ENTRY_FIXED_SIZE);
    rebuild_tree(&p, entry);
    assert_false(proof_verify(&p));
    assert_string_equal(p.fault.rule, "no exhibit registers this key for this party");
    assert_int_equal(p.fault.slot, 2);
    proof_clear(&p);
}

/* Entry 2 as if party 1 had sent it, signed by a key that the entry itself registers. */
static void a_key_signs_after_it_was_registered(void **state)
{
    (void)state;
    enum { REGISTER = 0, ADD = 1, LATER = 4 };
    struct proof p;
    uint8_t entry[TJ_ENTRY_SIZE_MAX];
    uint8_t secret32[32];
    struct tj_hash id;
    struct tj_slots slots = {.count = 1, .slots = {{.party = 1, .use = TJ_USE_SIGN}}};
    proof_make(&p, &fixture, 2, LATER);
    struct tj_exhibit *list = p.made->list;
    struct tj_header header = list[0].entry.header;
    for (uint32_t i = 1; i <= 2; i++) {
        struct tj_hash path[TJ_PATH_MAX];
        size_t count;
        assert_int_equal(tj_prove(p.view.txn, p.view.digester, p.read, path, &count, p.view.state,
                                  p.checkpoint.size, 2, i == 1 ? REGISTER : ADD),
                         TIJORI_OK);
        list[i] = p.read->list[0];
    }
    p.made->count = 3;
    header.party = 1;
    memcpy(entry, list[0].entry.bytes, TJ_ENTRY_FIXED_SIZE);
    tj_header_encode(&header, entry + 64);
    tj_envelope_id(p.view.digester, &id, entry + 64);
    uint8_t algorithm = fixture_secret(secret32, 1, 0);
    fixture_public(&slots.slots[0].key, 1, 0);
    assert_true(tj_sign(slots.slots[0].signature64, algorithm, secret32, &id, NULL));
    size_t size = TJ_ENTRY_FIXED_SIZE + tj_slots_encode(&slots, entry + TJ_ENTRY_FIXED_SIZE);
    for (uint32_t i = 0; i < 3; i++) {
        list[i].entry.bytes = entry;
        list[i].entry.size = size;
    }
    rebuild_tree(&p, entry);
    assert_false(proof_verify(&p));
    assert_string_equal(p.fault.rule, "the key was not registered before this entry");
    proof_clear(&p);
}

static void what_is_not_there_is_not_proven(void **state)
{
    (void)state;
    struct proof p;
    proof_make(&p, &fixture, purchase, 0);
    struct tj_hash path[TJ_PATH_MAX];
    size_t count;
    struct tj_ledger_view *v = &p.view;
    assert_int_equal(tj_prove(v->txn, v->digester, p.made, path, &count, v->state, v->head.size,
                              v->head.size, 0),
                     TIJORI_NOT_FOUND);
    assert_int_equal(
        tj_prove(v->txn, v->digester, p.made, path, &count, v->state, v->head.size, purchase, 1),
        TIJORI_NOT_FOUND);
    assert_int_equal(
        tj_prove(v->txn, v->digester, p.made, path, &count, v->state, purchase, purchase, 0),
        TIJORI_NOT_FOUND);
    proof_clear(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(every_record_of_the_ledger_is_proven, give_view_back),
        cmocka_unit_test_teardown(a_proof_rests_on_keys_parties_accounts_and_asset, give_view_back),
        cmocka_unit_test_teardown(details_are_shown_with_their_record, give_view_back),
        cmocka_unit_test_teardown(what_was_read_encodes_to_the_same_bytes, give_view_back),
        cmocka_unit_test_teardown(a_truncated_proof_is_refused, give_view_back),
        cmocka_unit_test_teardown(every_flipped_byte_is_refused, give_view_back),
        cmocka_unit_test_teardown(a_missing_exhibit_is_named, give_view_back),
        cmocka_unit_test_teardown(an_exhibit_too_many_is_refused, give_view_back),
        cmocka_unit_test_teardown(the_form_of_exhibits_is_strict, give_view_back),
        cmocka_unit_test_teardown(a_proof_holds_for_its_checkpoint_alone, give_view_back),
        cmocka_unit_test_teardown(a_log_without_signatures_proves_nothing, give_view_back),
        cmocka_unit_test_teardown(a_key_of_another_role_does_not_count, give_view_back),
        cmocka_unit_test_teardown(a_key_signs_for_its_own_party, give_view_back),
        cmocka_unit_test_teardown(a_key_signs_after_it_was_registered, give_view_back),
        cmocka_unit_test_teardown(what_is_not_there_is_not_proven, give_view_back),
    };
    return cmocka_run_group_tests(tests, make_ledger, remove_ledger);
}
